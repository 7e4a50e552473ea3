"""What every route makes of bodies that are JSON, but nothing to work with."""

import pytest
from fastapi.testclient import TestClient

ACTIONS = "/journey/orchestration/actions"
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b'{"a":' * 300 + b"1" + b"}" * 300, "deeper than 100 levels"),
        (b"[" * 5_000 + b"]" * 5_000, "not JSON"),
        (b'{"name":"\\ud800"}', "not JSON"),
        (b'{"name":NaN}', "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"null", "no body"),
        (b"  ", "no body"),
    ],
)
def test_a_body_that_nothing_can_be_made_of_is_refused(api: TestClient, text: bytes, says: str) -> None:
    answer = api.post(ACTIONS, content=text, headers=JSON)
    assert (answer.status_code, answer.json()["title"]) == (400, "BodyInvalid")
    assert says in answer.json()["detail"]


def test_what_a_refusal_repeats_is_never_too_deep_to_be_written(api: TestClient) -> None:
    deep = b'{"composite_xids":[{"namespace":"Email","id":' + b"[" * 240 + b"]" * 240 + b"}]}"
    assert api.post("/data/core/identity/v2/graph", content=deep, headers=JSON).status_code == 400


def test_a_call_that_needs_no_body_may_say_it_is_json(api: TestClient) -> None:
    for method, path in (("GET", ACTIONS), ("POST", "/journey/orchestration/list/journeys")):
        assert api.request(method, path, headers=JSON).status_code == 200
    assert api.delete(f"{ACTIONS}/none", headers=JSON).status_code == 404
