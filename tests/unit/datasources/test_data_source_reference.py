"""The examples of docs/reference/data-sources.md are true."""

import re
from pathlib import Path
from typing import Any

import orjson
from fastapi.testclient import TestClient

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "data-sources.md").read_text(encoding="utf-8")
URL = "/journey/orchestration/dataSources"


def examples() -> list[Any]:
    """Those that are no options: tests/unit/delivery/test_source_examples.py uses the latter."""
    found = [orjson.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
    return [one for one in found if "source" not in one]


def expressions() -> list[str]:
    return [text.strip() for text in re.findall(r"```\n(#\{.*?)```", PAGE, re.DOTALL)]


def check(api: TestClient, node: dict[str, Any]) -> list[dict[str, Any]]:
    """Faults of a draft whose event is unknown, without those about that."""
    document = {
        "name": "Reader", "entry": {"node": "start"}, "nodes": {"start": {"type": "event", "eventUid": "e"}, "n": node},
        "edges": [{"from": "start", "to": "n"}],
    }  # fmt: skip
    uid = api.post("/journey/orchestration/journeys", json=document).json()["versionUid"]
    answer = api.post(f"/journey/orchestration/journeyVersions/{uid}/check")
    assert answer.status_code == 200, answer.text
    found = [*answer.json()["errors"], *answer.json()["warnings"]]
    return [fault for fault in found if fault["path"].startswith("$.nodes.n.")]


def condition(text: str) -> dict[str, Any]:
    return {"type": "condition", "paths": [{"id": "a", "expression": text}], "otherPath": True}


def test_the_document_of_the_page_is_accepted_and_masked(api: TestClient) -> None:
    answer = api.post(URL, json=examples()[0])
    assert answer.status_code == 201, answer.text
    assert answer.json()["authentication"]["value"] == "********"
    assert answer.json()["fieldGroups"][1]["dynamicValues"] == ["from", "to"]


def test_the_expressions_of_the_page_pass_the_check(api: TestClient) -> None:
    api.post(URL, json=examples()[0])
    external, built_in = expressions()
    in_place = external.replace("@event{OrderPlaced.city}", '"Oslo"')
    assert check(api, condition(in_place)) == []
    assert check(api, condition(in_place.replace("city", "town")))[0]["code"] == "ERR_DATA_SOURCE_PARAMETER"
    node = orjson.loads(orjson.dumps(examples()[1]).replace(b"@event{OrderPlaced.city}", b'\\"Oslo\\"'))
    assert check(api, node) == []
    assert api.put(f"{URL}/ExperiencePlatform", json=examples()[3]).status_code == 200
    faults = check(api, condition(built_in))
    assert all("Contact" not in fault["message"] for fault in faults), faults


def test_the_test_request_of_the_page_fits_the_document(api: TestClient) -> None:
    document, _, trial, _ = examples()
    document["url"] = "http://127.0.0.1:9/weather?units=metric"
    uid = api.post(URL, json=document).json()["uid"]
    answer = api.post(f"{URL}/{uid}/fieldGroups/current/test", json=trial)
    assert answer.status_code == 200, answer.text
    assert answer.json()["request"]["url"] == "http://127.0.0.1:9/weather?units=metric&city=S%C3%A3o%20Paulo"
    assert answer.json()["reason"] == "no connection: ECONNREFUSED"
    assert answer.json()["data"] is None
