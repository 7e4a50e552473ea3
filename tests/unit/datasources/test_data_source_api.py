"""Data sources over HTTP: made, changed within bounds, guarded while journeys use them (journeys §3.2, §5)."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from parcours.app import Platform
from parcours.datasources.document import read_document
from parcours.datasources.errors import DataSourceInvalid

URL = "/journey/orchestration/dataSources"
JOURNEYS = "/journey/orchestration/journeys"
SECRET = {"type": "basic", "username": "ann", "password": "s3cret-word"}
SAMPLE = {"temp": 1.5, "sky": {"clouds": 1}, "days": [{"max": 1}], "none": None}


def group(**changes: Any) -> dict[str, Any]:
    return {"name": "now", "method": "GET", "dynamicValues": "city", "responsePayload": SAMPLE, **changes}


def document(*groups: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "name": "Weather", "url": "https://w.example.com/v1", "fieldGroups": list(groups) or [group()], **changes,
    }  # fmt: skip


def journey(text: str, **members: Any) -> dict[str, Any]:
    """A draft that need not be complete: what it names is used all the same."""
    paths = [{"id": "a", "expression": text}]
    return {
        "name": "Reader",
        "entry": {"node": "start"},
        "nodes": {"start": {"type": "event", "eventUid": "e"}, "n": {"type": "condition", "paths": paths, **members}},
        "edges": [{"from": "start", "to": "n"}],
    }


def create(api: TestClient, *groups: dict[str, Any], **changes: Any) -> dict[str, Any]:
    answer = api.post(URL, json=document(*groups, **changes))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_source_is_made_read_listed_changed_and_deleted(api: TestClient) -> None:
    made = create(api, authentication=SECRET)
    place = f"{URL}/{made['uid']}"
    assert made["authentication"] == {"type": "basic", "username": "ann", "password": "********"}
    assert made["fieldGroups"] == [
        {
            "name": "now", "description": "", "method": "GET", "dynamicValues": ["city"], "sentPayload": None,
            "responsePayload": SAMPLE, "types": {}, "cacheDuration": {"duration": 0, "timeUnit": "minutes"},
            "usedIn": 0,
        }
    ]  # fmt: skip
    got = api.get(place)
    assert got.json() == made
    assert "s3cret" not in got.text
    listed = api.get(URL).json()["results"]
    assert [one["name"] for one in listed] == ["ExperiencePlatform", "Weather"]
    changed = api.put(place, json={**made, "description": "new"}, headers={"If-Match": got.headers["etag"]})
    assert changed.status_code == 200, changed.text
    assert (changed.json()["description"], changed.json()["version"]) == ("new", 1)
    assert api.put(place, json=made, headers={"If-Match": got.headers["etag"]}).status_code == 412
    moved = api.put(place, json={**made, "url": "https://other.example.com/"})
    assert moved.status_code == 400, "a kept secret goes to no other host"
    assert api.delete(place).status_code == 204
    assert api.get(place).status_code == 404


def test_a_name_is_taken_once_per_sandbox_and_the_built_in_one_never(api: TestClient) -> None:
    create(api)
    assert api.post(URL, json=document()).status_code == 409
    assert api.post(URL, json=document(name="ExperiencePlatform")).status_code == 400


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"name": "1x"}, "$.name"),
        ({"name": "x" * 31}, "$.name"),
        ({"name": "a-b"}, "$.name"),
        ({"url": "ftp://w.example.com"}, "$.url"),
        ({"url": None}, "$.url"),
        ({"other": 1}, "$.other"),
        ({"authentication": {"type": "magic"}}, "$.authentication.type"),
        ({"authentication": {"type": "basic", "username": "u"}}, "$.authentication.password"),
        ({"fieldGroups": [group(), group()]}, "$.fieldGroups[1].name"),
        ({"fieldGroups": [group(method="PUT")]}, "$.fieldGroups[0].method"),
        ({"fieldGroups": [group(dynamicValues="a,,b")]}, "$.fieldGroups[0].dynamicValues[1]"),
        ({"fieldGroups": [group(dynamicValues=["a", "a"])]}, "$.fieldGroups[0].dynamicValues"),
        ({"fieldGroups": [group(sentPayload={"a": 1})]}, "$.fieldGroups[0].sentPayload"),
        ({"fieldGroups": [group(method="POST", sentPayload={"a": 1})]}, "$.fieldGroups[0].sentPayload"),
        ({"fieldGroups": [group(method="POST", sentPayload={"a": {"param": "x"}})]}, "$.fieldGroups[0].sentPayload"),
        ({"fieldGroups": [group(responsePayload=[1])]}, "$.fieldGroups[0].responsePayload"),
        ({"fieldGroups": [group(types={"/sky": "string"})]}, "$.fieldGroups[0].types"),
        ({"fieldGroups": [group(types={"/temp": "listString"})]}, "$.fieldGroups[0].types./temp"),
        ({"fieldGroups": [group(types={"/gone": "string"})]}, "$.fieldGroups[0].types"),
        ({"fieldGroups": [group(cacheDuration={"duration": 31, "timeUnit": "days"})]}, "cacheDuration.duration"),
        ({"fieldGroups": [group(cacheDuration={"duration": 1, "timeUnit": "weeks"})]}, "cacheDuration.timeUnit"),
        ({"fieldGroups": [group(cacheDuration={"duration": 1})]}, "$.fieldGroups[0].cacheDuration"),
    ],
)  # fmt: skip
def test_a_document_that_cannot_work_is_refused_where_it_is_wrong(
    api: TestClient, body: dict[str, Any], path: str
) -> None:
    answer = api.post(URL, json={**document(), **body})
    assert answer.status_code == 400, answer.text
    assert path in answer.text, answer.text


@pytest.mark.parametrize(
    "url", ["https://10.0.0.1/x", "https://localhost/x", "https://8.8.8.8/x", "https://w.example.com:8443"]
)
def test_a_private_or_bare_address_needs_the_operators_leave(url: str) -> None:
    with pytest.raises(DataSourceInvalid) as refused:
        read_document(document(url=url), allow_private=False)
    assert refused.value.path == "$.url"
    assert read_document(document(url=url), allow_private=True)["url"] == url


def test_a_field_group_in_use_only_grows(api: TestClient) -> None:
    made = create(api, group(), group(name="free"))
    place = f"{URL}/{made['uid']}"
    text = '#{Weather.now.temp, params: {city: "x"}} > 1'
    assert api.post(JOURNEYS, json=journey(text)).status_code == 201
    used = api.get(place).json()
    assert (used["usedIn"], [one["usedIn"] for one in used["fieldGroups"]]) == (1, [1, 0])
    (user,) = api.get(f"{place}/journeys").json()["results"]
    assert (user["name"], len(user["versions"])) == ("Reader", 1)
    refused: list[dict[str, Any]] = [
        {"name": "Wetter"},
        {"fieldGroups": [group(name="free")]},
        {"fieldGroups": [group(dynamicValues="city,more"), group(name="free")]},
        {"fieldGroups": [group(responsePayload={"temp": 1.5}), group(name="free")]},
        {"fieldGroups": [group(types={"/temp": "string"}), group(name="free")]},
        {"fieldGroups": [group(responsePayload={**SAMPLE, "days": [{"min": 1}]}), group(name="free")]},
    ]
    for change in refused:
        answer = api.put(place, json={**document(), **change})
        assert answer.status_code == 409, (change, answer.text)
    assert api.delete(place).status_code == 409
    grown = group(responsePayload={**SAMPLE, "more": 1}, cacheDuration={"duration": 1, "timeUnit": "hours"})
    answer = api.put(place, json=document(grown, url="https://other.example.com/", description="x"))
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["fieldGroups"]) == 1, "what nobody uses may go"


def test_values_given_beside_expressions_count_as_use(api: TestClient) -> None:
    made = create(api)
    entry = {"dataSource": "Weather", "fieldGroup": "now", "values": [{"name": "city", "expression": '"x"'}]}
    api.post(JOURNEYS, json=journey("true", dynamicValues=[entry]))
    assert api.get(f"{URL}/{made['uid']}").json()["usedIn"] == 1


def test_the_built_in_source_takes_field_groups_and_stays(api: TestClient) -> None:
    place = f"{URL}/ExperiencePlatform"
    shown = api.get(place)
    assert shown.json()["builtIn"] is True
    assert [one["name"] for one in shown.json()["fieldGroups"]] == [
        "ProfileFieldGroup", "ExperienceEventFieldGroup", "AudienceEnrichment",
    ]  # fmt: skip
    assert api.delete(place).status_code == 409
    loyalty = {"name": "Loyalty", "fields": ["/loyalty/points"]}
    added = {**shown.json(), "fieldGroups": [*shown.json()["fieldGroups"], loyalty]}
    answer = api.put(place, json=added, headers={"If-Match": shown.headers["etag"]})
    assert answer.status_code == 200, answer.text
    assert answer.json()["fieldGroups"][3] == {**loyalty, "description": "", "usedIn": 0}
    api.post(JOURNEYS, json=journey("#{ExperiencePlatform.Loyalty.loyalty.points} > 1"))
    assert api.get(place).json()["fieldGroups"][3]["usedIn"] == 1
    assert api.put(place, json={"fieldGroups": []}).status_code == 409
    more = {"name": "Loyalty", "fields": ["/loyalty/points", "/person/name"]}
    assert api.put(place, json={"fieldGroups": [more]}).status_code == 200
    assert api.put(place, json={"url": "https://x.example.com"}).status_code == 400
    assert api.put(place, json={"fieldGroups": [{"name": "B", "fields": ["x"]}]}).status_code == 400


def test_what_changes_is_in_the_audit_log(api: TestClient, platform: Platform) -> None:
    made = create(api, authentication=SECRET)
    api.delete(f"{URL}/{made['uid']}")
    lines = api.get("/data/foundation/audit/events").text
    assert lines.count("Journey datasource") >= 2
    assert "s3cret" not in lines


def test_a_test_request_of_values_the_group_does_not_have_is_refused(api: TestClient) -> None:
    place = f"{URL}/{create(api)['uid']}"
    answer = api.post(f"{place}/fieldGroups/now/test", json={"parameters": {"town": "x"}})
    assert answer.status_code == 400
    assert api.post(f"{place}/fieldGroups/other/test", json={}).status_code == 404
    tried = api.post(f"{place}/testAuthentication").json()
    assert (tried.pop("durationMs") >= 0, tried) == (True, {"ok": True, "reason": None})
