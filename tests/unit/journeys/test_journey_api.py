"""Journeys through the API: from a draft to a stop, and what publication does to events and actions."""

import sys
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from parcours.app import Platform, build_pipeline
from parcours.delivery import store as outbox
from parcours.journeys.activities import KINDS
from parcours.journeys.engine import advance, new_instance
from parcours.journeys.live import LiveBuilder
from parcours.journeys.match import LiveJourneys
from parcours.journeys.model import CallAction, Entered
from parcours.journeys.runner import JourneyWorkspace
from parcours.journeys.workset import Arrival
from parcours.lake import store as lake_store

sys.path.insert(0, str(Path(__file__).parents[1] / "events"))
from event_world import EVENTS, create_schema, event_body

BASE = "/journey/orchestration"
JOURNEYS = f"{BASE}/journeys"
VERSIONS = f"{BASE}/journeyVersions"


class Nowhere:
    """A world in which nobody has a profile."""

    def data_of(self, *_: Any) -> dict[str, Any]:
        return {}

    look_up = update_profile = data_of


NOWHERE: Any = Nowhere()


class Sandbox:
    """A schema, an event and an action, with a journey over them."""

    def __init__(self, api: TestClient) -> None:
        self.api = api
        self.schema_id = create_schema(api)
        self.event = api.post(EVENTS, json=event_body(self.schema_id, fields=["/_acme"])).json()
        answer = api.post(
            f"{BASE}/actions",
            json={
                "name": "SendMail",
                "url": "https://mail.example.com/send",
                "method": "POST",
                "headers": [],
                "queryParameters": [],
                "authentication": {"type": "none"},
                "request": {
                    "sample": {"to": "x"},
                    "fields": [{"path": "/to", "type": "string", "kind": "variable", "label": "To"}],
                },
            },
        )
        assert answer.status_code == 201, answer.text
        self.action = answer.json()

    def document(self, expression: str = "@event{Order._acme.order.total} > 100") -> dict[str, Any]:
        return {
            "name": "Order follow-up",
            "description": "Thanks those who spend much",
            "entry": {"node": "start"},
            "nodes": {
                "start": {"type": "event", "eventUid": self.event["uid"]},
                "big": {"type": "condition", "paths": [{"id": "yes", "expression": expression}]},
                "wait": {"type": "wait", "duration": {"value": 2, "unit": "seconds"}},
                "mail": {
                    "type": "customAction",
                    "actionUid": self.action["uid"],
                    "parameters": [{"paramPath": "/to", "expression": "@event{Order._acme.person.email}"}],
                },
            },
            "edges": [
                {"from": "start", "to": "big"},
                {"from": "big", "to": "mail", "kind": "path", "path": "yes"},
                {"from": "mail", "to": "wait"},
            ],
            "layout": {"start": {"x": 0, "y": 0}},
        }

    def draft(self) -> dict[str, Any]:
        answer = self.api.post(JOURNEYS, json=self.document())
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        return created

    def published(self) -> dict[str, Any]:
        created = self.draft()
        answer = self.api.post(f"{VERSIONS}/{created['versionUid']}/publish")
        assert answer.status_code == 200, answer.text
        return created


@pytest.fixture
def sandbox(api: TestClient) -> Sandbox:
    return Sandbox(api)


def live(platform: Platform) -> LiveJourneys:
    with platform.db.read() as connection:
        return platform.journeys.live.current(connection)


def scope(platform: Platform) -> int:
    return platform.access.sandbox("ACME@AdobeOrg", "prod").scope_id


def test_a_draft_is_made_read_changed_and_deleted(api: TestClient, sandbox: Sandbox) -> None:
    created = sandbox.draft()
    uid, version_uid = created["uid"], created["versionUid"]
    journey = api.get(f"{JOURNEYS}/{uid}").json()
    assert journey["versions"] == [{"uid": version_uid, "version": "1.0", "status": "Draft"}]
    assert journey["name"] == "Order follow-up"
    assert journey in [{k: v for k, v in one.items() if k != "traffic"} for one in api.get(JOURNEYS).json()["results"]]
    assert api.post(f"{BASE}/list/journeys").json()["results"] == [journey]
    version = api.get(f"{VERSIONS}/{version_uid}")
    assert version.json() == api.get(f"{JOURNEYS}/{uid}/latest").json()
    assert version.json()["document"] == sandbox.document()
    assert version.json()["status"] == "Draft"
    changed = {**sandbox.document(), "name": "Renamed"}
    headers = {"If-Match": version.headers["etag"]}
    assert api.put(f"{VERSIONS}/{version_uid}", json=changed, headers=headers).json()["name"] == "Renamed"
    assert api.put(f"{VERSIONS}/{version_uid}", json=changed, headers=headers).status_code == 412
    read_back = api.get(f"{VERSIONS}/{version_uid}").json()
    assert api.put(f"{VERSIONS}/{version_uid}", json=read_back).json()["document"] == changed
    assert api.delete(f"{JOURNEYS}/{uid}").status_code == 204
    for url in (f"{JOURNEYS}/{uid}", f"{JOURNEYS}/{uid}/latest", f"{VERSIONS}/{version_uid}"):
        assert api.get(url).status_code == 404


def test_a_draft_may_be_unfinished_but_not_without_shape(api: TestClient, sandbox: Sandbox) -> None:
    assert api.post(JOURNEYS, json={"name": "Later"}).status_code == 201
    assert api.post(JOURNEYS, json={"name": "Odd", "nodes": [1], "edges": "x", "entry": None}).status_code == 201
    for bad in ({}, {"name": ""}, {"name": 5}, {"name": "x" * 256}, [], "x"):
        answer = api.post(JOURNEYS, json=bad)
        assert answer.status_code == 400, bad
    deep: Any = 1
    for _ in range(80):
        deep = [deep]
    answer = api.post(JOURNEYS, json={"name": "Deep", "layout": deep})
    assert (answer.status_code, answer.json()["report"]["sub-errors"][0]["code"]) == (400, "ERR_DOCUMENT_DEPTH")
    answer = api.post(JOURNEYS, json={"name": "Big", "layout": {"x": "y" * 2_000_001}})
    assert (answer.status_code, answer.json()["report"]["sub-errors"][0]["code"]) == (413, "ERR_DOCUMENT_SIZE")


def test_a_check_tells_everything_and_changes_nothing(api: TestClient, sandbox: Sandbox) -> None:
    version_uid = sandbox.draft()["versionUid"]
    assert api.post(f"{VERSIONS}/{version_uid}/check").json() == {"valid": True, "errors": [], "warnings": []}
    api.put(f"{VERSIONS}/{version_uid}", json=sandbox.document("@event{Order._acme.order.totla} > 100"))
    answer = api.post(f"{VERSIONS}/{version_uid}/check").json()
    assert not answer["valid"]
    (error,) = answer["errors"]
    assert (error["code"], error["nodeId"], error["path"], error["line"]) == (
        "ERR_EXPRESSION",
        "big",
        "$.nodes.big.paths[0].expression",
        1,
    )
    refused = api.post(f"{VERSIONS}/{version_uid}/publish")
    assert refused.status_code == 400
    assert refused.json()["report"]["sub-errors"] == answer["errors"]
    assert api.get(f"{VERSIONS}/{version_uid}").json()["status"] == "Draft"


def test_a_published_version_is_found_by_its_event_and_runs(
    api: TestClient, platform: Platform, sandbox: Sandbox
) -> None:
    created = sandbox.draft()
    assert live(platform).by_event(scope(platform), sandbox.event["uid"]) == ()
    answer = api.post(f"{VERSIONS}/{created['versionUid']}/publish").json()
    assert (answer["status"], answer["valid"]) == ("Deployed", True)
    assert answer["metadata"]["firstDeployedAt"] == answer["metadata"]["lastDeployedAt"]
    (journey,) = live(platform).by_event(scope(platform), sandbox.event["uid"])
    assert journey is live(platform).get(created["versionUid"])
    assert live(platform).by_event(scope(platform) + 1, sandbox.event["uid"]) == ()
    assert (journey.journey_uid, journey.namespace) == (created["uid"], "Email")
    assert journey.properties["sandboxName"] == "prod"
    assert journey.properties["organizationId"] == "ACME@AdobeOrg"
    payload = {"_acme": {"order": {"total": 200.0}, "person": {"email": "j@example.com"}}}
    transition = advance(journey, new_instance(journey, "i", "j@example.com", 0), Entered(payload), 0)
    call = transition.commands[-1]
    assert isinstance(call, CallAction)
    assert call.parameters == {"/to": "j@example.com"}
    with platform.db.read() as connection:
        action = platform.actions.table.current(connection).get(scope(platform), call.action_uid)
    assert action is not None
    assert action.build(call.parameters, call.path).body == b'{"to":"j@example.com"}'


def test_closing_ends_entrances_and_stopping_ends_everything(
    api: TestClient, platform: Platform, sandbox: Sandbox
) -> None:
    created = sandbox.published()
    url = f"{VERSIONS}/{created['versionUid']}"
    assert api.post(f"{url}/close").json()["status"] == "Closed"
    assert live(platform).by_event(scope(platform), sandbox.event["uid"]) == ()
    assert live(platform).get(created["versionUid"]) is not None
    assert api.post(f"{url}/close").status_code == 409
    assert api.post(f"{url}/publish").status_code == 409
    assert api.post(f"{url}/stop").json()["status"] == "Stopped"
    assert live(platform).get(created["versionUid"]) is None
    assert api.post(f"{url}/stop").status_code == 409
    assert api.put(url, json=sandbox.document()).status_code == 409
    assert api.delete(f"{JOURNEYS}/{created['uid']}").status_code == 409


def put_inside(platform: Platform, version_uid: str, keys: list[str]) -> None:
    """People whose call is under way: each has a call in the outbox and the timer of the whole journey."""
    journey = live(platform).versions[version_uid]
    with platform.db.write() as connection:
        actions = platform.actions.table.current(connection)
        workspace = JourneyWorkspace(connection, live(platform), actions, NOWHERE, 1_000_000)
        for key in keys:
            payload = {"_acme": {"order": {"total": 200.0}, "person": {"email": key}}}
            told = workspace.receive(Arrival(journey.scope_id, journey.entry_event_uid, key, payload, key, 1_000, {}))
            assert [one["outcome"] for one in told] == ["entered"]
        workspace.flush()
        outbox.enqueue(connection, workspace.calls, 1_000_000)
    assert calls(platform) == len(keys)


def calls(platform: Platform) -> int:
    with platform.db.read() as connection:
        return outbox.count(connection)


def test_a_stop_takes_everyone_out_with_a_step_even_if_the_worker_dies_on_the_way(
    api: TestClient, platform: Platform, sandbox: Sandbox
) -> None:
    version_uid = sandbox.published()["versionUid"]
    people = [f"p{number}@example.com" for number in range(5)]
    put_inside(platform, version_uid, people)
    assert api.post(f"{VERSIONS}/{version_uid}/stop").status_code == 200
    assert calls(platform) == 0
    pipeline = build_pipeline(platform)
    assert pipeline.run_stops(2) == 2
    assert api.get(f"{VERSIONS}/{version_uid}/counts").json()["status"] == {"stopped": 2, "active": 3}
    pipeline = build_pipeline(platform)  # as after a crash
    assert [pipeline.run_stops(2) for _ in range(3)] == [2, 1, 0]
    assert api.get(f"{VERSIONS}/{version_uid}/counts").json() == {"entered": 5, "status": {"stopped": 5}, "nodes": {}}
    found = api.get(f"{VERSIONS}/{version_uid}/instances").json()["results"]
    assert {one["key"] for one in found} == set(people)
    for one in found:
        instance = api.get(f"{BASE}/instances/{one['id']}").json()
        assert (instance["journey"], instance["timers"]) == ("Order follow-up", [])
        last = instance["steps"][-1]
        assert (last["nodeId"], last["stepStatus"], last["instanceEnded"]) == ("mail", "ended", True)
        assert last["detail"] == {"reason": "stopped"}
    with platform.db.read() as connection:
        assert lake_store.has_staged(connection)


def test_a_stop_whose_definitions_are_gone_still_takes_everyone_out(
    api: TestClient, platform: Platform, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    version_uid = sandbox.published()["versionUid"]
    put_inside(platform, version_uid, ["jane@example.com"])
    assert api.post(f"{VERSIONS}/{version_uid}/stop").status_code == 200
    monkeypatch.setattr(LiveBuilder, "_compile", lambda *_: None)
    platform.journeys.live = platform.journeys.compiled()  # one that has compiled nothing yet
    assert build_pipeline(platform).run_stops(10) == 1
    assert api.get(f"{VERSIONS}/{version_uid}/counts").json() == {"entered": 1, "status": {"stopped": 1}, "nodes": {}}


def test_publishing_a_new_version_closes_the_one_before(api: TestClient, platform: Platform, sandbox: Sandbox) -> None:
    created = sandbox.published()
    second = api.post(f"{JOURNEYS}/{created['uid']}/versions").json()
    assert (second["version"], second["status"], second["document"]) == ("2.0", "Draft", sandbox.document())
    assert api.post(f"{JOURNEYS}/{created['uid']}/versions").status_code == 409
    other_rule = {**sandbox.document(), "entry": {"node": "start", "reentrance": {"allowed": False}}}
    api.put(f"{VERSIONS}/{second['uid']}", json=other_rule)
    refused = api.post(f"{VERSIONS}/{second['uid']}/publish")
    assert refused.json()["report"]["sub-errors"][0]["code"] == "ERR_VERSION_REENTRANCE"
    assert [j.version for j in live(platform).by_event(scope(platform), sandbox.event["uid"])] == ["1.0"]
    api.put(f"{VERSIONS}/{second['uid']}", json=sandbox.document())
    assert api.post(f"{VERSIONS}/{second['uid']}/publish").status_code == 200
    statuses = [version["status"] for version in api.get(f"{JOURNEYS}/{created['uid']}").json()["versions"]]
    assert statuses == ["Closed", "Deployed"]
    assert [j.version for j in live(platform).by_event(scope(platform), sandbox.event["uid"])] == ["2.0"]


def test_what_a_journey_uses_can_not_be_deleted_nor_changed_where_it_matters(api: TestClient, sandbox: Sandbox) -> None:
    sandbox.draft()
    event_url, action_url = f"{EVENTS}/{sandbox.event['uid']}", f"{BASE}/actions/{sandbox.action['uid']}"
    assert api.get(event_url).json()["usedIn"] == 1
    assert api.delete(event_url).status_code == 409
    assert api.delete(action_url).status_code == 409
    current = api.get(event_url).json()
    for change in (
        {"namespace": "ECID"},
        {"profileIdentifier": "@event{Order._acme.person.firstName}"},
        {"idType": "ruleBased", "idCondition": "true"},
        {"fields": ["/_acme/person"]},
    ):
        refused = api.put(event_url, json={**current, **change})
        assert refused.status_code == 409, change
        assert "used by 1 journey version" in refused.json()["detail"]
    assert api.put(event_url, json={**current, "description": "New"}).status_code == 200
    assert api.put(event_url, json={**current, "fields": [*current["fields"], "/eventType"]}).status_code == 200


def test_what_only_a_stopped_version_uses_can_be_changed_and_deleted(api: TestClient, sandbox: Sandbox) -> None:
    version_uid = sandbox.published()["versionUid"]
    urls = [f"{EVENTS}/{sandbox.event['uid']}", f"{BASE}/actions/{sandbox.action['uid']}"]
    assert [api.get(url).json()["usedIn"] for url in urls] == [1, 1]
    api.post(f"{VERSIONS}/{version_uid}/close")
    assert [api.delete(url).status_code for url in urls] == [409, 409]
    api.post(f"{VERSIONS}/{version_uid}/stop")
    assert [api.get(url).json()["usedIn"] for url in urls] == [0, 0]
    assert [api.delete(url).status_code for url in urls] == [204, 204]
    assert api.get(f"{VERSIONS}/{version_uid}").json()["status"] == "Stopped"


def test_drafts_follow_an_events_new_name_and_published_versions_keep_the_old(
    api: TestClient, platform: Platform, sandbox: Sandbox
) -> None:
    draft_uid = sandbox.draft()["versionUid"]
    published = sandbox.published()
    event_url = f"{EVENTS}/{sandbox.event['uid']}"
    renamed = api.put(event_url, json={**api.get(event_url).json(), "name": "Purchase"})
    assert renamed.status_code == 200, renamed.text
    draft = api.get(f"{VERSIONS}/{draft_uid}").json()["document"]
    assert draft["nodes"]["big"]["paths"][0]["expression"] == "@event{Purchase._acme.order.total} > 100"
    assert draft["nodes"]["mail"]["parameters"][0]["expression"] == "@event{Purchase._acme.person.email}"
    assert api.post(f"{VERSIONS}/{draft_uid}/check").json()["valid"]
    frozen = api.get(f"{VERSIONS}/{published['versionUid']}").json()["document"]
    assert "Order." in frozen["nodes"]["big"]["paths"][0]["expression"]
    with platform.db.read() as connection:
        (journey,) = platform.journeys.compiled().current(connection).by_event(scope(platform), sandbox.event["uid"])
    assert journey.entry_event_names == ("Order",)
    second = api.post(f"{JOURNEYS}/{published['uid']}/versions").json()["document"]
    assert second == draft


def test_a_journey_is_invisible_from_another_sandbox(api: TestClient, sandbox: Sandbox) -> None:
    created = sandbox.published()
    dev = {"x-sandbox-name": "dev"}
    version_url = f"{VERSIONS}/{created['versionUid']}"
    assert api.get(JOURNEYS, headers=dev).json()["results"] == []
    for url in (f"{JOURNEYS}/{created['uid']}", f"{JOURNEYS}/{created['uid']}/latest", version_url):
        assert api.get(url, headers=dev).status_code == 404
    for verb in ("check", "publish", "close", "stop"):
        assert api.post(f"{version_url}/{verb}", headers=dev).status_code == 404
    assert api.put(version_url, json=sandbox.document(), headers=dev).status_code == 404
    assert api.delete(f"{JOURNEYS}/{created['uid']}", headers=dev).status_code == 404
    assert api.post(JOURNEYS, json=sandbox.document(), headers=dev).status_code == 201
    other = api.get(JOURNEYS, headers=dev).json()["results"][0]["latestVersionUid"]
    codes = {e["code"] for e in api.post(f"{VERSIONS}/{other}/check", headers=dev).json()["errors"]}
    assert codes == {"ERR_EVENT_UNKNOWN", "ERR_ACTION_UNKNOWN", "ERR_EXPRESSION"}


def test_the_documents_schema_is_served(api: TestClient) -> None:
    schema = api.get(f"{BASE}/schema/journey").json()
    assert schema["$schema"].endswith("2020-12/schema")
    assert set(schema["$defs"]) == {"node", *KINDS}


def test_a_journey_tells_who_jumps_into_it(api: TestClient, sandbox: Sandbox) -> None:
    target = sandbox.published()
    url = f"{JOURNEYS}/{target['uid']}/jumps"
    assert api.get(url).json() == {"results": []}
    jumps = sandbox.document() | {"name": "From here"}
    jumps["nodes"]["mail"] = {"type": "jump", "targetJourneyUid": target["uid"]}
    origin = api.post(JOURNEYS, json=jumps).json()
    (found,) = api.get(url).json()["results"]
    assert (found["uid"], found["name"]) == (origin["uid"], "From here")
    assert [version["uid"] for version in found["versions"]] == [origin["versionUid"]]
    assert api.get(f"{JOURNEYS}/nothing/jumps").status_code == 404
    api.delete(f"{JOURNEYS}/{origin['uid']}")
    assert api.get(url).json() == {"results": []}
