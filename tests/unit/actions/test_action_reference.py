"""The examples of docs/reference/actions.md are true."""

import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from action_documents import BOX
from fastapi.testclient import TestClient

from parcours.actions import authentication, document
from parcours.actions.compiled import CompiledAction

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "actions.md"


def examples() -> list[Any]:
    return [orjson.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)]


def test_the_document_of_the_page_is_accepted_and_masked(api: TestClient) -> None:
    answer = api.post("/journey/orchestration/actions", json=examples()[0])
    assert answer.status_code == 201, answer.text
    assert answer.json()["authentication"]["value"] == "********"


def test_the_test_request_of_the_page_fits_the_document(api: TestClient) -> None:
    whole, *_, trial = examples()
    whole["url"] = "http://127.0.0.1:9/messages"
    uid = api.post("/journey/orchestration/actions", json=whole).json()["uid"]
    answer = api.post(f"/journey/orchestration/actions/{uid}/test", json=trial)
    assert answer.status_code == 200, answer.text
    assert answer.json()["request"]["url"] == "http://127.0.0.1:9/messages/preview"
    assert answer.json()["reason"] == "no connection: ECONNREFUSED"


def options() -> list[Any]:
    return [one for one in examples() if "action" in one]


@pytest.mark.parametrize("example", options(), ids=lambda one: one["action"]["name"])
def test_each_option_sends_what_the_page_says(example: dict[str, Any]) -> None:
    stored = document.read_document(example["action"], False)
    stored["authentication"] = authentication.seal(stored["authentication"], BOX, None)
    action, given, sent = CompiledAction(1, "uid", 0, stored, BOX), example["given"], example["sent"]
    call, token = action.token_call, None
    if call is not None:
        answered = given["token"]
        token, lifetime_ms = call.read(answered.encode() if isinstance(answered, str) else orjson.dumps(answered))
        body = None if call.request.body is None else call.request.body.decode()
        told = {"method": call.request.method, "url": call.request.url, "headers": dict(call.request.headers)}
        assert {**told, "body": body} == example["asks"]
        assert lifetime_ms == example["keptSeconds"] * 1_000
    request = action.authorize(action.build(given.get("parameters", {}), given.get("path")), token)
    assert (request.method, request.url) == (sent["method"], sent["url"])
    headers = dict(request.headers)
    assert {name: headers.get(name) for name in sent["headers"]} == sent["headers"]
    assert (None if request.body is None else orjson.loads(request.body)) == sent.get("body")


def shown(*path: str) -> list[dict[str, Any]]:
    """The objects at a place of the documents of the examples that send something; `*` is each of a list."""
    found: list[Any] = [one["action"] for one in options()]
    for step in path:
        if step == "*":
            found = [item for one in found for item in one]
        else:
            found = [one[step] for one in found if step in one]
    return found


def names(*path: str) -> set[str]:
    return {name for one in shown(*path) for name in one}


def test_every_member_of_the_model_is_used_in_an_example() -> None:
    """tests/e2e/test_action_reference_e2e.py uses those about answers and consent."""
    assert names() == set(document._WRITTEN)
    assert names("headers", "*") | names("queryParameters", "*") == document._OF_ENTRY
    assert names("request") == document._OF_REQUEST
    assert names("request", "fields", "*") == document._OF_FIELD
    assert names("response") == names("failureResponse") == document._OF_ANSWER
    assert names("marketing") == document._OF_MARKETING
    assert {one["method"] for one in shown() if "method" in one} == set(document.METHODS)


def test_every_kind_of_authentication_and_all_it_may_say_has_its_example() -> None:
    given = [{"type": "none"}, *shown("authentication")]
    for kind, members in authentication._KEYS.items():
        used = {name for one in given if one["type"] == kind for name in one}
        assert used == members - {"subType"}, kind  # which is refused: certificate credentials are not supported
    assert {one["location"] for one in given if "location" in one} == set(authentication._LOCATIONS.values())
    assert {one["authorizationType"] for one in given if "authorizationType" in one} == {
        "bearer", "header", "queryParam",
    }  # fmt: skip
    assert {one["bodyType"] for one in shown("authentication", "body")} == {"form", "json"}
    assert names("authentication", "cacheDuration") == {"duration", "expiryInResponse", "timeUnit"}


def test_every_member_is_in_a_table_or_named_in_the_rules() -> None:
    told = PAGE.read_text(encoding="utf-8").partition("## How a call is made")[0]
    keys = {
        *document._WRITTEN, *document._OF_ENTRY, *document._OF_REQUEST, *document._OF_FIELD, *document._OF_ANSWER,
        *document._OF_MARKETING, *(name for one in authentication._KEYS.values() for name in one),
    } - {"subType"}  # fmt: skip
    prose = re.sub(r"```.*?```", "", told, flags=re.DOTALL)
    missing = {name for name in keys if not re.search(rf"`{name}\b", prose)}
    assert missing == set()


def test_labels_are_what_a_journey_is_asked_by(api: TestClient) -> None:
    """The label of the page's header and the name of one without."""
    made = {one["action"]["name"]: one["action"] for one in options()}
    answer = api.post("/journey/orchestration/actions", json=made["Paths"])
    assert answer.status_code == 201, answer.text
    labels = {one["name"]: one.get("label") for one in answer.json()["headers"] + answer.json()["queryParameters"]}
    assert labels == {"X-Trace": "Trace id", "X-App": None, "q": "q", "lang": None}
