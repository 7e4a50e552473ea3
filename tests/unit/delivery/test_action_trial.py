"""The test request of an action, through the API and over a real socket."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from fastapi.testclient import TestClient

from parcours.app import Platform

URL = "/journey/orchestration/actions"


class Echo(BaseHTTPRequestHandler):
    """Answers with what it got, secrets included, as receivers under development do."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
        answer = f"{self.path}\n{self.headers}\n{body}".encode()
        if self.path.startswith("/json"):
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
