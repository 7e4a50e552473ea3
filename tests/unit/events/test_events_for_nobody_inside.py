"""What becomes of an event that live journeys wait for or count, when the individual is in none of them."""

from typing import Any

import pytest
from event_world import EVENTS, create_schema, event_body
from fastapi.testclient import TestClient
from test_matching_in_the_pipeline import World

from parcours.app import Platform
from parcours.commands import trace_command
from parcours.journeys import counter_store

BASE = "/journey/orchestration"
WAITING = {"nodes": {"paid": {"type": "event"}}, "edges": [{"from": "stay", "to": "paid"}]}
COUNTING = {"metrics": [{"id": "paid", "type": "event"}]}


def live(api: TestClient, order_uid: str, paid_uid: str, how: dict[str, Any]) -> None:
    """Publish a journey that begins with one event and hears the other mid-journey, or by a metric."""
    document: dict[str, Any] = {
        "name": "Order follow-up",
        "entry": {"node": "start"},
        "nodes": {
            "start": {"type": "event", "eventUid": order_uid},
            "stay": {"type": "wait", "duration": {"value": 2, "unit": "days"}},
            **{name: {**node, "eventUid": paid_uid} for name, node in how.get("nodes", {}).items()},
        },
        "edges": [{"from": "start", "to": "stay"}, *how.get("edges", ())],
    }
    if "metrics" in how:
        document["metrics"] = [{**one, "eventUid": paid_uid} for one in how["metrics"]]
    made = api.post(f"{BASE}/journeys", json=document)
    assert made.status_code == 201, made.text
    answer = api.post(f"{BASE}/journeyVersions/{made.json()['versionUid']}/publish")
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("how", [WAITING, COUNTING], ids=["waits", "counts"])
def test_it_is_no_event_without_a_journey(platform: Platform, api: TestClient, how: dict[str, Any]) -> None:
    schema_id = create_schema(api, title="Orders")
    order, paid, other = (
        api.post(EVENTS, json=event_body(schema_id, name=name, namespace="Email")).json()
        for name in ("Order", "Paid", "Other")
    )
    live(api, order["uid"], paid["uid"], how)
    world = World(platform, api, schema_id)

    def send(event: dict[str, Any]) -> tuple[str, Any]:
        named = {"_experience": {"campaign": {"orchestration": {"eventID": event["eventID"]}}}}
        entity = {"_acme": {"person": {"email": "jane@example.com"}, "order": {"total": 1}}, **named}
        world.take(world.record(event["name"], **entity))
        (receipt,) = world.decided(event["name"])
        (told,) = [one for one in receipt["decisions"] if one["event"] == event["name"]]
        return told["outcome"], told.get("journeys")

    def counted(event: dict[str, Any]) -> set[str]:
        with platform.db.read() as connection:
            found = counter_store.read_discards(connection, world.inlet.scope_id, event["uid"])
        return {reason for _, reason, _ in found}

    assert send(paid) == ("matched", [])
    assert world.told == []
    assert counted(paid) == set()
    assert send(other) == ("EVENT_WITH_NO_JOURNEY", None)
    assert len(world.told) == 1
    assert counted(other) == {"EVENT_WITH_NO_JOURNEY"}


def test_a_trace_says_that_nobody_was_inside() -> None:
    said = {"event": "Paid", "outcome": "matched"}
    text = trace_command._outcome({**said, "journeys": []})
    assert text == "matched, but they are in no journey that waits for it or counts it"
    assert trace_command._outcome({**said, "journeys": [{"outcome": "movedOn"}]}) == "matched"
    assert trace_command._outcome({**said, "type": "business"}) == "matched"
