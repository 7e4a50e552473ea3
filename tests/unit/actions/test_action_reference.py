"""The examples of docs/reference/actions.md are true."""

import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from action_documents import BOX
from fastapi.testclient import TestClient

from parcours.actions import authentication
from parcours.actions.compiled import CompiledAction
from parcours.actions.document import read_document

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "actions.md"


def examples() -> list[Any]:
    return [orjson.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)]


def test_the_document_of_the_page_is_accepted_and_masked(api: TestClient) -> None:
    answer = api.post("/journey/orchestration/actions", json=examples()[0])
    assert answer.status_code == 201, answer.text
    assert answer.json()["authentication"]["value"] == "********"


def test_the_test_request_of_the_page_fits_the_document(api: TestClient) -> None:
    document, *_, trial = examples()
    document["url"] = "http://127.0.0.1:9/messages"
    uid = api.post("/journey/orchestration/actions", json=document).json()["uid"]
    answer = api.post(f"/journey/orchestration/actions/{uid}/test", json=trial)
    assert answer.status_code == 200, answer.text
    assert answer.json()["request"]["url"] == "http://127.0.0.1:9/messages/preview"
    assert answer.json()["reason"] == "no connection: ECONNREFUSED"


def options() -> list[Any]:
    return [one for one in examples() if "action" in one]


@pytest.mark.parametrize("example", options(), ids=lambda one: one["action"]["name"])
def test_each_option_sends_what_the_page_says(example: dict[str, Any]) -> None:
    stored = read_document(example["action"], False)
    stored["authentication"] = authentication.seal(stored["authentication"], BOX, None)
    action, given, sent = CompiledAction(1, "uid", 0, stored, BOX), example["given"], example["sent"]
    call = action.token_call
    token = None if call is None else call.read(orjson.dumps(given["token"]))[0]
    request = action.authorize(action.build(given.get("parameters", {}), given.get("path")), token)
    assert (request.method, request.url) == (sent["method"], sent["url"])
    headers = dict(request.headers)
    assert {name: headers.get(name) for name in sent["headers"]} == sent["headers"]
    assert (None if request.body is None else orjson.loads(request.body)) == sent.get("body")


def test_every_kind_of_authentication_has_its_example() -> None:
    kinds = {one["action"].get("authentication", {}).get("type", "none") for one in options()}
    assert kinds == {"none", "basic", "apiKey", "customAuthorization"}
