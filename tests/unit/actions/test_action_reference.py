"""The examples of docs/reference/actions.md are true."""

import re
from pathlib import Path
from typing import Any

import orjson
from fastapi.testclient import TestClient

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "actions.md"


def examples() -> list[Any]:
    return [orjson.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)]


def test_the_document_of_the_page_is_accepted_and_masked(api: TestClient) -> None:
    answer = api.post("/journey/orchestration/actions", json=examples()[0])
    assert answer.status_code == 201, answer.text
    assert answer.json()["authentication"]["value"] == "********"


def test_the_test_request_of_the_page_fits_the_document(api: TestClient) -> None:
    document, trial = examples()
    document["url"] = "http://127.0.0.1:9/messages"
    uid = api.post("/journey/orchestration/actions", json=document).json()["uid"]
    answer = api.post(f"/journey/orchestration/actions/{uid}/test", json=trial)
    assert answer.status_code == 200, answer.text
    assert answer.json()["request"]["url"] == "http://127.0.0.1:9/messages/preview"
    assert answer.json()["reason"] == "no connection: ECONNREFUSED"
