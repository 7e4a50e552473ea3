"""Test requests of data sources, against a server on loopback."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from parcours.actions import authentication
from parcours.actions.compiled import CompiledAction
from parcours.actions.document import read_document as read_action
from parcours.datasources.compiled import CompiledSource
from parcours.datasources.document import read_document
from parcours.delivery.source_trial import check_authentication, try_group
from parcours.kit.secrets import SecretBox

BOX = SecretBox(b"k" * 32)


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/token"):
            status, body = 200, {"access_token": "t0ken-of-the-day"}
        elif self.path.startswith("/down"):
            status, body = 503, {}
        else:
            status = 200
            body = {"temp": 3, "more": 1, "seen": self.headers.get("Authorization")}
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def source(url: str, token_path: str = "/token") -> CompiledSource:
    custom = {
        "type": "customAuthorization", "endpoint": url + token_path, "method": "GET",
        "tokenInResponse": "json://access_token", "authorizationType": "bearer",
    }  # fmt: skip
    group = {"name": "now", "dynamicValues": "city", "responsePayload": {"temp": 1}}
    document = {"name": "W", "url": f"{url}/w", "authentication": custom, "fieldGroups": [group]}
    stored = read_document(document, allow_private=True)
    stored["authentication"] = authentication.seal(stored["authentication"], BOX, None)
    return CompiledSource(1, "uid", 0, stored, BOX)


def test_a_test_request_shows_what_went_over_the_wire_and_what_is_read_of_it(url: str) -> None:
    one = source(url)
    shown = try_group(one, one.groups["now"], {"parameters": {"city": "Oslo"}}, allow_private=True)
    assert shown["request"]["url"] == f"{url}/w?city=Oslo"
    assert shown["response"]["status"] == 200
    assert shown["data"] == {"temp": 3}
    assert shown["reason"] is None
    assert "t0ken" not in json.dumps(shown), "the source echoed it"


def test_the_token_call_is_checked_alone(url: str) -> None:
    told = check_authentication(source(url), allow_private=True)
    assert (told["ok"], told["reason"], told["durationMs"] >= 0) == (True, None, True)
    failed = check_authentication(source(url, "/down"), allow_private=True)
    assert (failed["ok"], failed["reason"]) == (False, "the token call was answered with 503")


def action(url: str, token_path: str) -> CompiledAction:
    custom = {
        "type": "customAuthorization", "endpoint": url + token_path, "method": "GET",
        "headers": {"X-Key": "s3cret-key"},
        "tokenInResponse": "json://access_token", "authorizationType": "bearer",
    }  # fmt: skip
    stored = read_action({"name": "A", "url": f"{url}/a", "authentication": custom}, allow_private=True)
    stored["authentication"] = authentication.seal(stored["authentication"], BOX, None)
    return CompiledAction(1, "uid", 0, stored, BOX)


def test_the_token_call_of_an_action_is_checked_alone(url: str) -> None:
    told = check_authentication(action(url, "/token"), allow_private=True)
    assert (told["ok"], told["reason"], told["durationMs"] >= 0) == (True, None, True)
    failed = check_authentication(action(url, "/down"), allow_private=True)
    assert (failed["ok"], failed["reason"]) == (False, "the token call was answered with 503")
    refused = check_authentication(action(url, "/token"), allow_private=False)
    assert (refused["ok"], "may not be called" in refused["reason"]) == (False, True)


def test_a_private_address_is_not_asked(url: str) -> None:
    shown = try_group(source(url), source(url).groups["now"], {}, allow_private=False)
    assert shown["response"] is None
    assert "may not be called" in shown["reason"]
