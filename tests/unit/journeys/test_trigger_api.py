"""One test profile enters a version in test that reads an audience, whoever is in it (journeys §10.2)."""

import sys
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from test_journey_api import EVENTS, VERSIONS, Sandbox
from test_lifecycle_api import AUDIENCES, audience, draft

from parcours.app import Platform, build_pipeline
from parcours.audiences.store import realize
from parcours.identity.namespaces import canonical_namespace
from parcours.journeys import runs_store

sys.path.insert(0, str(Path(__file__).parents[1] / "profile"))
from profile_people import People

sys.path.insert(0, str(Path(__file__).parents[1] / "events"))
from event_world import business_body, create_schema

TIER = "#{ExperiencePlatform.AudienceEnrichment.tier}"


@pytest.fixture
def sandbox(api: TestClient) -> Sandbox:
    return Sandbox(api)


def in_test(api: TestClient, document: dict[str, Any]) -> str:
    uid: str = draft(api, document)["versionUid"]
    answer = api.post(f"{VERSIONS}/{uid}/test", json={"waitSeconds": 1})
    assert answer.status_code == 200, answer.text
    return uid


def reading(audience_id: str, **more: Any) -> dict[str, Any]:
    checks = {"type": "condition", "otherPath": True, "paths": [{"id": "gold", "expression": f"{TIER} == 'gold'"}]}
    nodes = {"start": {"type": "readAudience", "audienceId": audience_id, **more}, "c": checks}
    return {"name": "L", "entry": {"node": "start"}, "nodes": nodes, "edges": [{"from": "start", "to": "c"}]}


def refused(api: TestClient, uid: str, body: Any, status: int = 400) -> str:
    answer = api.post(f"{VERSIONS}/{uid}/trigger", json=body)
    assert answer.status_code == status, answer.text
    return answer.text


def log_of(api: TestClient, platform: Platform, uid: str) -> dict[str, str]:
    """Which path each test profile took, once the worker has gone through the runs."""
    pipeline = build_pipeline(platform)
    while pipeline.run_audiences(1_000):
        pass
    found = api.get(f"{VERSIONS}/{uid}/instances").json()["results"]
    steps = {one["key"]: api.get(f"/journey/orchestration/instances/{one['id']}").json()["steps"] for one in found}
    return {key: next(s["detail"]["chosen"] for s in of_one if s["nodeId"] == "c") for key, of_one in steps.items()}


@pytest.fixture
def testers(platform: Platform) -> None:
    people = People(platform)
    for name in ("ann@example.com", "ben@example.com"):
        people.record(("Email", name), "crm", 1_000, {"testProfile": True})
    people.record(("Email", "cid@example.com"), "crm", 1_000, {"tier": "gold"})


@pytest.mark.usefixtures("testers", "sandbox")
@pytest.mark.parametrize(
    "more",
    [{}, {"schedule": {"type": "daily", "time": "09:00"}, "forceReentrance": True, "waitForAudienceHours": 2},
     {"waves": {"count": 3, "minutesApart": 60}}],
)  # fmt: skip
def test_a_test_profile_enters_without_being_a_member(api: TestClient, platform: Platform, more: Any) -> None:
    uid = in_test(api, reading(audience(api), **more))
    assert log_of(api, platform, uid) == {}
    told = api.post(f"{VERSIONS}/{uid}/trigger", json={"profileIdentifier": "ann@example.com"})
    assert told.status_code == 200, told.text
    gold = {"profileIdentifier": "ben@example.com", "attributes": {"tier": "gold"}}
    assert api.post(f"{VERSIONS}/{uid}/trigger", json=gold).status_code == 200
    assert log_of(api, platform, uid) == {"ann@example.com": "other", "ben@example.com": "path:gold"}
    runs = {run["id"]: run for run in api.get(f"{VERSIONS}/{uid}/audienceRuns").json()["results"]}
    mine = runs[told.json()["runId"]]
    assert (mine["status"], mine["readCount"], mine["enteredCount"]) == ("finished", 1, 1)
    assert mine["profileIdentifier"] == "ann@example.com"


@pytest.mark.usefixtures("testers", "sandbox")
def test_who_is_in_the_list_has_what_it_says_of_them(api: TestClient, platform: Platform) -> None:
    listed = audience(api)
    uid = in_test(api, reading(listed))
    log_of(api, platform, uid)
    with platform.db.write() as connection:
        scope_id = platform.audiences.table.current(connection)._by_id.popitem()[0][0]
        members = {(canonical_namespace("Email"), "ann@example.com"): '{"tier":"gold"}'}
        realize(connection, scope_id, listed, members, 1, is_listened=False)
    assert api.post(f"{VERSIONS}/{uid}/trigger", json={"profileIdentifier": "ann@example.com"}).status_code == 200
    assert log_of(api, platform, uid) == {"ann@example.com": "path:gold"}


@pytest.mark.usefixtures("testers", "sandbox")
def test_a_list_by_another_namespace_says_it_of_a_linked_id(api: TestClient, platform: Platform) -> None:
    made = api.post(AUDIENCES, json={"name": "ByPhone", "identityNamespace": "Phone"})
    listed = made.json()["id"]
    people = People(platform)
    people.link(("Phone", "+331"), ("Email", "ann@example.com"))
    people.link(("Phone", "+332"), ("Email", "ann@example.com"))
    people.link(("Phone", "+333"), ("Email", "ben@example.com"))
    with platform.db.write() as connection:
        members = {
            (canonical_namespace("Phone"), "+332"): '{"tier":"silver"}',
            (canonical_namespace("Phone"), "+331"): '{"tier":"gold"}',
        }
        realize(connection, people.scope_id, listed, members, 1, is_listened=False)
    uid = in_test(api, reading(listed, identityNamespace="Email"))
    with platform.db.write() as connection:
        runs_store.delete_runs(connection, uid)  # that of the test's beginning
    for name in ("ann@example.com", "ben@example.com"):
        assert api.post(f"{VERSIONS}/{uid}/trigger", json={"profileIdentifier": name}).status_code == 200
    assert log_of(api, platform, uid) == {"ann@example.com": "path:gold", "ben@example.com": "other"}


@pytest.mark.usefixtures("testers", "sandbox")
def test_a_business_event_lets_one_test_profile_enter_with_its_payload(api: TestClient, platform: Platform) -> None:
    stock = create_schema(api, title="Stock", with_event_id=False, with_identity=False)
    event = api.post(EVENTS, json=business_body(stock, fields=["/_acme/order/total"]))
    assert event.status_code == 201, event.text
    checks = {"type": "condition", "otherPath": True,
              "paths": [{"id": "few", "expression": "@event{StockLow._acme.order.total} < 4"}]}  # fmt: skip
    nodes = {
        "start": {"type": "businessEvent", "eventUid": event.json()["uid"]},
        "all": {"type": "readAudience", "audienceId": audience(api)},
        "c": checks,
    }
    edges = [{"from": "start", "to": "all"}, {"from": "all", "to": "c"}]
    uid = in_test(api, {"name": "Few", "entry": {"node": "start"}, "nodes": nodes, "edges": edges})
    given = {"profileIdentifier": "ann@example.com", "fields": {"/_acme/order/total": 3.0}}
    told = api.post(f"{VERSIONS}/{uid}/trigger", json=given)
    assert told.status_code == 200, told.text
    assert log_of(api, platform, uid) == {"ann@example.com": "path:few"}
    many = {**given, "fields": {"/_acme/order/total": 30.0}}
    assert "StockLow" in refused(api, uid, many)  # it is not the event
    assert "give either payload" in refused(api, uid, {"profileIdentifier": "ann@example.com"})


@pytest.mark.usefixtures("testers")
def test_what_can_not_be_triggered_is_refused(api: TestClient, sandbox: Sandbox) -> None:
    uid = in_test(api, reading(audience(api)))
    assert "is no test profile" in refused(api, uid, {"profileIdentifier": "cid@example.com"})
    assert "is no test profile" in refused(api, uid, {"profileIdentifier": "nobody@example.com"})
    for body in ({}, {"profileIdentifier": 1}, {"profileIdentifier": "ann@example.com", "attributes": []},
                 {"profileIdentifier": "ann@example.com", "attributes": {"a": "x" * 9_000}},
                 {"profileIdentifier": "ann@example.com", "fields": {}},
                 {"profileIdentifier": "ann@example.com", "more": 1}):  # fmt: skip
        assert "ERR_TEST_TRIGGER" in refused(api, uid, body)
    ann = {"profileIdentifier": "ann@example.com"}
    assert api.post(f"{VERSIONS}/{uid}/endTest").status_code == 200
    refused(api, uid, ann, 409)
    other = in_test(api, sandbox.document())
    assert "reads no audience" in refused(api, other, ann)
