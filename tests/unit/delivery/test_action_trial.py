"""The test request of an action, through the API and over a real socket."""

import base64
import html
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from fastapi.testclient import TestClient

from parcours.app import Platform
from parcours.delivery.blot import Blotter
from parcours.delivery.sender import Received
from parcours.delivery.trial import show_answer

URL = "/journey/orchestration/actions"


class Echo(BaseHTTPRequestHandler):
    """Answers with what it got, secrets included, as receivers under development do."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
        answer = f"{self.path}\n{self.headers}\n{body}".encode()
        if self.path.startswith(("/json", "/token")):
            answer = b'{"id":1,"key":"s3cret-key"}'
        self.send_response(418 if self.path.startswith("/json") else 200)
        self.send_header("X-Echo", self.headers.get("X-Key", ""))
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def receiver() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def make(api: TestClient, url: str, **changes: Any) -> str:
    document = {
        "name": "Echo",
        "url": url,
        "authentication": {"type": "apiKey", "name": "X-Key", "value": "s3cret-key", "location": "header"},
        "request": {"sample": {"to": "x"}, "fields": [{"path": "/to", "kind": "variable"}]},
        **changes,
    }
    answer = api.post(URL, json=document)
    assert answer.status_code == 201, answer.text
    uid: str = answer.json()["uid"]
    return uid


def test_a_test_shows_the_request_and_the_answer_without_secrets(api: TestClient, receiver: str) -> None:
    uid = make(api, f"{receiver}/")
    answer = api.post(f"{URL}/{uid}/test", json={"parameters": {"/to": "ann"}, "path": "send?x=1"})
    assert answer.status_code == 200
    found = answer.json()
    assert found["request"]["url"] == f"{receiver}/send?x=1"
    assert found["request"]["body"] == {"to": "ann"}
    assert found["response"]["status"] == 200
    assert found["response"]["body"].endswith('\n{"to":"ann"}')
    assert found["response"]["headers"]["X-Echo"] == "********"
    assert "s3cret" not in answer.text
    assert found["durationMs"] >= 0
    assert found["reason"] is None


SECRET = 'p/w +"é<&=\\'


@pytest.mark.parametrize(
    "echo",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET).lower(),
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1].replace("/", "\\/"),
        json.dumps(json.dumps(SECRET))[3:-3],
        html.escape(SECRET),
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("="),
        quote(base64.b64encode(SECRET.encode())),
    ],
)
def test_a_secret_is_blotted_however_it_is_written(echo: str) -> None:
    assert Blotter([SECRET]).blot({f"a {echo} b": [f"{echo}{echo}", 5, True]}) == {
        "a ******** b": ["****************", 5, True]
    }


def test_secrets_that_are_numbers_are_blotted_too() -> None:
    assert Blotter(["1234"]).blot({"pin": 1234, "total": 12345}) == {"pin": "********", "total": 12345}


def test_a_secret_that_goes_out_percent_encoded_is_not_shown(api: TestClient, receiver: str) -> None:
    key = {"type": "apiKey", "name": "key", "value": SECRET, "location": "queryParam"}
    answer = api.post(f"{URL}/{make(api, f'{receiver}/', authentication=key)}/test", json={"parameters": {"/to": "a"}})
    assert answer.json()["response"]["body"].startswith("/?key=********\n")


def test_a_basic_password_is_not_shown_whatever_the_receiver_makes_of_it(api: TestClient, receiver: str) -> None:
    basic = {"type": "basic", "username": "ann", "password": "s3cret word"}
    answer = api.post(
        f"{URL}/{make(api, f'{receiver}/', authentication=basic)}/test", json={"parameters": {"/to": "a"}}
    )
    assert "\nAuthorization: Basic ********\n" in answer.json()["response"]["body"]


def test_the_token_that_was_fetched_for_the_test_is_not_shown(api: TestClient, receiver: str) -> None:
    custom = {
        "type": "customAuthorization",
        "authorizationType": "Bearer",
        "endpoint": f"{receiver}/token",
        "method": "POST",
        "headers": {"Authorization": "Basic EncodeBase64(ann:s3cret)"},
        "body": {"bodyType": "json", "bodyParams": {"pin": 123456}},
        "tokenInResponse": "json://key",
    }
    answer = api.post(
        f"{URL}/{make(api, f'{receiver}/', authentication=custom)}/test", json={"parameters": {"/to": "a"}}
    )
    assert "\nAuthorization: Bearer ********\n" in answer.json()["response"]["body"], answer.text
    assert "s3cret-key" not in answer.text


def test_half_a_secret_at_the_end_of_a_long_answer_is_not_shown() -> None:
    body = b"x" * 65_530 + b"s3cret-key" + b"y" * 100
    shown = show_answer(Received(200, {}, body), Blotter(["s3cret-key"]))["body"]
    assert shown == "x" * 65_530 + "******"


def test_an_error_of_the_receiver_is_shown_and_not_tried_again(api: TestClient, receiver: str) -> None:
    found = api.post(f"{URL}/{make(api, f'{receiver}/json')}/test", json={}).json()
    assert found["response"]["status"] == 418
    assert found["response"]["body"] == {"id": 1, "key": "********"}


def test_a_receiver_that_is_not_there_is_a_reason(api: TestClient) -> None:
    found = api.post(f"{URL}/{make(api, 'http://127.0.0.1:9/')}/test", json={}).json()
    assert found["response"] is None
    assert found["reason"] == "no connection: ECONNREFUSED"


def test_a_private_receiver_is_not_reached_when_the_operator_forbids_it(
    api: TestClient, platform: Platform, receiver: str
) -> None:
    from parcours.access.model import Caller
    from parcours.delivery.trial import try_action

    uid = make(api, receiver)
    caller: Caller = platform.access.admit(dict(api.headers))
    found = try_action(platform.actions.compile_one(caller, uid), {}, allow_private=False)
    assert found["response"] is None
    assert "may not be called" in found["reason"]


@pytest.mark.parametrize(
    "body",
    [
        {"parameters": []},
        {"parameters": {"/other": 1}},
        {"parameters": {"/to": 1}},
        {"path": 5},
        {"path": "../x"},
        {"body": {}},
    ],
)
def test_values_that_do_not_fit_are_refused(api: TestClient, receiver: str, body: dict[str, Any]) -> None:
    uid = make(api, f"{receiver}/")
    assert api.post(f"{URL}/{uid}/test", json=body).status_code == 400
    assert api.post(f"{URL}/none/test", json={}).status_code == 404
    assert api.post(f"{URL}/{uid}/test", json={}, headers={"x-sandbox-name": "dev"}).status_code == 404
