"""Data sources as files: what is written, what comes back, the built-in one's field groups."""

from typing import Any

from fastapi.testclient import TestClient

from parcours.ascode import forms
from parcours.ascode.model import Present, Ref, Reply
from parcours.ascode.perform import Performer
from parcours.ascode.remote import read_present

URL = "/journey/orchestration/dataSources"
SOURCE: dict[str, Any] = {
    "name": "Weather",
    "url": "https://w.example.com/v1",
    "authentication": {"type": "basic", "username": "ann", "password": "s3cret-word"},
    "fieldGroups": [
        {"name": "now", "dynamicValues": ["city"], "responsePayload": {"temp": 1}, "types": {"/temp": "decimal"}},
        {
            "name": "route", "method": "POST", "dynamicValues": ["a"], "sentPayload": {"x": {"param": "a"}},
            "responsePayload": {"km": 1.5}, "cacheDuration": {"duration": 5, "timeUnit": "minutes"},
        },
    ],
}  # fmt: skip
ADDED = {"name": "ExperiencePlatform", "fieldGroups": [{"name": "Contact", "fields": ["/person/name"]}]}


class Calls:
    def __init__(self, api: TestClient) -> None:
        self.api = api

    def call(self, method: str, path: str, body: Any = None, headers: Any = None) -> Reply:
        answer = self.api.request(method, path, json=body, headers=headers)
        assert answer.status_code < 300, answer.text
        return Reply(answer.json() if answer.content else None, answer.headers.get("etag"))


def sources(present: Present) -> dict[str, dict[str, Any]]:
    return {ref.key: one.document for ref, one in present.resources.items() if ref.kind == "data-sources"}


def test_a_source_comes_back_as_it_was_written(api: TestClient) -> None:
    calls = Calls(api)
    performer = Performer(calls, read_present(calls))
    performer.create(Ref("data-sources", "Weather"), SOURCE)
    present = read_present(calls)
    found = sources(present)
    masked = {**SOURCE["authentication"], "password": "********"}
    assert found == {"Weather": {**SOURCE, "authentication": masked}}
    changed = {**found["Weather"], "description": "x"}
    Performer(calls, present).update(present.resources[Ref("data-sources", "Weather")], changed)
    present = read_present(calls)
    assert sources(present)["Weather"]["description"] == "x"
    Performer(calls, present).delete(present.resources[Ref("data-sources", "Weather")])
    assert sources(read_present(calls)) == {}


def test_the_built_in_source_is_a_file_when_it_has_field_groups_of_ones_own(api: TestClient) -> None:
    calls = Calls(api)
    assert sources(read_present(calls)) == {}
    Performer(calls, read_present(calls)).create(Ref("data-sources", "ExperiencePlatform"), ADDED)
    present = read_present(calls)
    assert sources(present) == {"ExperiencePlatform": ADDED}
    Performer(calls, present).delete(present.resources[Ref("data-sources", "ExperiencePlatform")])
    assert sources(read_present(calls)) == {}


def test_the_file_is_in_the_order_of_reading() -> None:
    document = forms.tidy("data-sources", {"fieldGroups": [], "url": "u", "name": "n", "description": ""})
    assert list(document.items()) == [("name", "n"), ("url", "u")]
