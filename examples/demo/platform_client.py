"""A small client of the public HTTP API, as the demo uses it: the standard library and nothing of the server's code."""

import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from typing import Any


class Refused(Exception):
    """The server answered with an error."""

    def __init__(self, method: str, url: str, status: int, body: str) -> None:
        super().__init__(f"{method} {url} → {status}\n{body}")
        self.status = status


def call(method: str, url: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
    """The JSON answer of one request. Raises Refused on a status above 299."""
    raw = None if body is None else json.dumps(body).encode()
    sent = {"Content-Type": "application/json", **(headers or {})}
    request = urllib.request.Request(url, raw, sent, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
    except urllib.error.HTTPError as error:
        raise Refused(method, url, error.code, error.read().decode()) from None
    return json.loads(text) if text else None


@dataclass
class Platform:
    """The control plane, called with a token of the bootstrapped client."""

    url: str
    credentials: dict[str, str]
    headers: dict[str, str] = field(default_factory=dict)

    def sign_in(self) -> None:
        """Exchange the client's credentials for a token."""
        form = urllib.parse.urlencode(
            {
                "grant_type": "client_credentials",
                "client_id": self.credentials["client_id"],
                "client_secret": self.credentials["client_secret"],
                "scope": "openid,AdobeID,read_organizations,additional_info.projectedProductContext,session",
            }
        ).encode()
        request = urllib.request.Request(
            self.url + "/ims/token/v3", form, {"Content-Type": "application/x-www-form-urlencoded"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            token = json.loads(answer.read())["access_token"]
        self.headers = {
            "Authorization": f"Bearer {token}",
            "x-api-key": self.credentials["client_id"],
            "x-gw-ims-org-id": self.credentials["org_id"],
            "x-sandbox-name": "prod",
        }

    def get(self, path: str, **headers: str) -> Any:
        return call("GET", self.url + path, headers={**self.headers, **headers})

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return call("POST", self.url + path, body, {**self.headers, **headers})

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return call("PATCH", self.url + path, body, {**self.headers, **headers})
