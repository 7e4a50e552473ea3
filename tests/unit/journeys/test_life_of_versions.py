"""What requests in an unlucky order, or of an unlucky shape, do to versions: a refusal, never a half-done change."""

import sys
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from parcours.app import Platform
from parcours.expressions.errors import ExpressionInvalid
from parcours.expressions.references import PLATFORM
from parcours.journeys.engine import advance, new_instance
from parcours.journeys.model import Entered
from parcours.journeys.run import AUDIENCES, PAUSED, PROFILE_GROUP
from parcours.journeys.runner import JourneyWorkspace
from parcours.journeys.workset import Arrival
from parcours.resources.store import Resource

sys.path.insert(0, str(Path(__file__).parent))
from test_journey_api import BASE, JOURNEYS, NOWHERE, VERSIONS, Sandbox, live

PAYLOAD = {"_acme": {"order": {"total": 200.0}, "person": {"email": "jane@example.com"}}}


@pytest.fixture
def sandbox(api: TestClient) -> Sandbox:
    return Sandbox(api)


@pytest.mark.parametrize("body", [{"name": "x"}, {"name": "x", "nodes": None}, {"document": {"name": "x"}}])
def test_a_live_version_refuses_a_document_without_nodes(
    api: TestClient, sandbox: Sandbox, body: dict[str, Any]
) -> None:
    url = f"{VERSIONS}/{sandbox.published()['versionUid']}"
    answer = api.put(url, json=body)
    assert (answer.status_code, answer.json()["title"]) == (409, "JourneyStateConflict")


def test_several_are_paused_though_one_of_them_is_none(api: TestClient, sandbox: Sandbox) -> None:
    uids = [sandbox.published()["versionUid"], sandbox.published()["versionUid"]]
    answer = api.post(f"{BASE}/list/journeyVersions/pause", json={"uids": [uids[0], "nobody", uids[1]]})
    assert answer.status_code == 200, answer.text
    assert answer.json()["results"] == [
        {"uid": uids[0], "status": "Paused"},
        {"uid": "nobody", "error": "no journey or journey version 'nobody'"},
        {"uid": uids[1], "status": "Paused"},
    ]


def test_what_time_does_gives_way_to_what_a_person_did_meanwhile(
    api: TestClient, platform: Platform, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sweep looks in one transaction and changes in another: in between the version may move on, or go."""
    ended, gone = sandbox.draft(), sandbox.draft()
    for one in (ended, gone):
        assert api.post(f"{VERSIONS}/{one['versionUid']}/test").status_code == 200
    monkeypatch.setattr("parcours.journeys.lifecycle.TEST_IDLE_MS", 0)
    find = platform.resources.in_all_scopes

    def then_a_person_acts(connection: Any, kind: str) -> list[Resource]:
        found = list(find(connection, kind))
        monkeypatch.undo()
        monkeypatch.setattr("parcours.journeys.lifecycle.TEST_IDLE_MS", 0)
        for one in (ended, gone):
            assert api.post(f"{VERSIONS}/{one['versionUid']}/endTest").status_code == 200
        with platform.db.write() as other:
            platform.resources.delete(other, next(v for v in find(other, kind) if v.id == gone["versionUid"]))
        return found

    monkeypatch.setattr(platform.resources, "in_all_scopes", then_a_person_acts)
    assert platform.lifecycle.sweep() == 0
    assert api.get(f"{VERSIONS}/{ended['versionUid']}").json()["status"] == "Draft"


def test_a_new_version_is_tested_while_the_one_before_is_live(
    api: TestClient, platform: Platform, sandbox: Sandbox
) -> None:
    created = sandbox.published()
    draft = api.post(f"{JOURNEYS}/{created['uid']}/versions").json()["uid"]
    assert api.post(f"{VERSIONS}/{draft}/test").status_code == 200
    journey = live(platform).versions[created["versionUid"]]
    place = (journey.scope_id, journey.journey_uid)
    assert live(platform).open[place].version_uid == created["versionUid"]  # jumps don't end up in the test

    def receive(number: int) -> list[tuple[str, str, str | None]]:
        with platform.db.write() as connection:
            actions = platform.actions.table.current(connection)
            workspace = JourneyWorkspace(connection, live(platform), actions, NOWHERE, number * 1_000_000)
            data = {PLATFORM: {PROFILE_GROUP: {"testProfile": True}}}
            event = Arrival(journey.scope_id, journey.entry_event_uid, "jane", PAYLOAD, str(number), number, data)
            told = workspace.receive(event)
            workspace.flush()
        return [(one["versionUid"], one["outcome"], one.get("reason")) for one in told]

    assert receive(1) == [(created["versionUid"], "entered", None), (draft, "entered", None)]
    refused = ("refused", "notSuitableInitialEvent")
    assert receive(2) == [(created["versionUid"], *refused), (draft, *refused)]


def test_the_filter_of_a_pause_knows_who_is_in_an_audience(
    api: TestClient, platform: Platform, sandbox: Sandbox
) -> None:
    uid = sandbox.published()["versionUid"]
    asked = {"behavior": "hold", "filter": {"id": "vip", "expression": 'inAudience("VIP")'}}
    refused = api.post(f"{VERSIONS}/{uid}/pause", json=asked)
    assert (refused.status_code, refused.json()["report"]["sub-errors"][0]["code"]) == (400, "ERR_AUDIENCE_UNKNOWN")
    made = api.post("/data/core/ups/audiences", json={"name": "VIP", "identityNamespace": "Email"})
    audience = f"/data/core/ups/audiences/{made.json()['id']}"
    assert api.post(f"{VERSIONS}/{uid}/pause", json=asked).status_code == 200
    renamed = api.patch(audience, json=[{"op": "add", "path": "/name", "value": "Gold"}])
    assert renamed.status_code == 201, renamed.text
    assert api.delete(audience).status_code == 403
    journey = live(platform).versions[uid]
    data = {AUDIENCES: {made.json()["id"]}}
    transition = advance(journey, new_instance(journey, "1", "jane", 0), Entered(PAYLOAD, data), 0)
    assert (transition.instance.status, transition.steps[-1].detail["exitCriteriaID"]) == ("exited", "vip")
    transition = advance(journey, new_instance(journey, "1", "jane", 0), Entered(PAYLOAD, {}), 0)
    assert transition.instance.waiting_for == PAUSED


def test_a_filter_that_can_not_be_read_any_more_stops_its_journey_alone(
    api: TestClient, platform: Platform, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    filtered, other = sandbox.published()["versionUid"], sandbox.published()["versionUid"]
    settings = {"filter": {"expression": "true"}}
    assert api.post(f"{VERSIONS}/{filtered}/pause", json=settings).status_code == 200

    def gone(*_: Any) -> Any:
        raise ExpressionInvalid("unknown field", line=1, column=1)

    monkeypatch.setattr("parcours.journeys.live.read_profile_filter", gone)
    assert set(live(platform).versions) == {other}
