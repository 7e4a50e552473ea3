"""The command line's client: finds the server of a data directory and calls it with that directory's credentials."""

import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import orjson

from parcours.kit.errors import ParcoursError


class ServerUnreachable(ParcoursError):
    """No server of this data directory answers."""


class CallRefused(ParcoursError):
    """The server answered with an error."""


class Client:
    """Calls the control plane as the bootstrapped client."""

    def __init__(self, data_dir: Path, sandbox: str) -> None:
        try:
            credentials = orjson.loads((data_dir / "credentials.json").read_bytes())
            self._url: str = orjson.loads((data_dir / "server.json").read_bytes())["url"]
        except FileNotFoundError as error:
            raise ServerUnreachable(
                f"{error.filename} is missing: start `parcours serve --data-dir {data_dir}` first"
            ) from None
        # The server is on this machine: a proxy, as the environment may name one, can't reach it.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self._headers = {
            "x-api-key": credentials["client_id"],
            "x-gw-ims-org-id": credentials["org_id"],
            "x-sandbox-name": sandbox,
        }
        form = {
            "grant_type": "client_credentials",
            "client_id": credentials["client_id"],
            "client_secret": credentials["client_secret"],
        }
        token = self._send("POST", "/ims/token/v3", urllib.parse.urlencode(form).encode())
        self._headers["Authorization"] = f"Bearer {token['access_token']}"

    def get(self, path: str, **query: Any) -> Any:
        """The JSON answer of a GET; parameters that are None are left out, those that are lists repeated."""
        given = {key: value for key, value in query.items() if value is not None}
        return self._send("GET", f"{path}?{urllib.parse.urlencode(given, doseq=True)}" if given else path, None)

    def post(self, path: str, body: Any = None) -> Any:
        """The JSON answer of a POST with a JSON body, or without any."""
        if body is None:
            return self._send("POST", path, b"")
        return self._send("POST", path, orjson.dumps(body), "application/json")

    def put(self, path: str, content: bytes) -> Any:
        """The JSON answer of a PUT of plain bytes; None when there is none."""
        return self._send("PUT", path, content, "application/octet-stream")

    def _send(self, method: str, path: str, body: bytes | None, content_type: str = "") -> Any:
        headers = {**self._headers, "Content-Type": content_type} if content_type else self._headers
        request = urllib.request.Request(self._url + path, body, headers, method=method)
        try:
            with self._opener.open(request, timeout=30) as answer:
                text = answer.read()
                return orjson.loads(text) if text else None
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")
            try:
                document = orjson.loads(text)
                for errors in document.get("errors", {}).values():  # of audiences and profiles
                    document = errors[0]
                text = document.get("detail") or document.get("message") or document.get("error_description") or text
            except orjson.JSONDecodeError:
                pass
            raise CallRefused(f"{error.code}: {text}") from None
        except urllib.error.URLError as error:
            raise ServerUnreachable(f"no server answers at {self._url}: {error.reason}") from None
