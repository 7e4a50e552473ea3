"""Checks over every way through a journey."""

from typing import Any

from journey_world import WORLD, document

from parcours.journeys.compile import examine


def wait(days: int) -> dict[str, Any]:
    return {"type": "wait", "duration": {"value": days, "unit": "days"}}


def told(doc: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    return [(fault.code, fault.severity, fault.node_id) for fault in examine(doc, WORLD)[1]]


MAIL = {"type": "customAction", "actionUid": "a2"}
SPLIT = {
    "type": "condition", "conditionType": "split",
    "paths": [{"id": "a", "percentage": 50}, {"id": "b", "percentage": 50}],
}  # fmt: skip


def test_a_node_that_nobody_lives_to_see_is_refused() -> None:
    nodes = {"w1": wait(60), "w2": wait(60), "m": MAIL}
    found = told(document(nodes, ("start", "w1"), ("w1", "w2"), ("w2", "m")))
    assert ("ERR_WAIT_BEYOND_LIFE", "error", "m") in found
    assert ("ERR_WAIT_BEYOND_LIFE", "warning", "w2") in found
    assert len(found) == 2


def test_a_wait_that_only_some_live_to_see_the_end_of_is_warned_of() -> None:
    nodes = {"c": SPLIT, "long": wait(60), "w": wait(60), "m": MAIL}
    edges = [("start", "c"), ("c", "long", "path", "a"), ("c", "w", "path", "b"), ("long", "w"), ("w", "m")]
    assert told(document(nodes, *edges)) == [("ERR_WAIT_BEYOND_LIFE", "warning", "w")]


def test_an_event_that_comes_at_once_shortens_a_way_and_its_timeout_does_not() -> None:
    listening = {"type": "event", "eventUid": "e2", "timeout": {"value": 80, "unit": "days", "path": True}}
    nodes = {"e": listening, "w": wait(20), "m": MAIL}
    by_event = document(nodes, ("start", "e"), ("e", "w"), ("w", "m"))
    assert told(by_event) == [("ERR_WAIT_BEYOND_LIFE", "warning", "w")]
    by_timeout = document(nodes, ("start", "e"), ("e", "w", "timeout"), ("w", "m"))
    assert ("ERR_WAIT_BEYOND_LIFE", "error", "m") in told(by_timeout)


def test_more_messages_on_one_way_than_allowed_are_refused_at_the_first_too_many() -> None:
    nodes = {"c": SPLIT, "m1": MAIL, "m2": MAIL, "m3": MAIL}
    edges = [("start", "c"), ("c", "m1", "path", "a"), ("c", "m2", "path", "b"), ("m1", "m2"), ("m2", "m3")]
    assert told(document(nodes, *edges)) == []
    assert told(document(nodes, *edges, maxMessagesPerPath=3)) == []
    (fault,) = examine(document(nodes, *edges, maxMessagesPerPath=2), WORLD)[1]
    assert (fault.code, fault.node_id) == ("ERR_TOO_MANY_MESSAGES", "m3")
    assert fault.message == "one way sends 3 messages, 2 at most: m1 → m2 → m3"
