"""Matching records with event configurations, and computing who they are about."""

from collections.abc import Mapping
from typing import Any

import pytest

from parcours.events.errors import EventInvalid
from parcours.events.language import MAX_KEY_BYTES, condition_reader, key_reader, rename_event
from parcours.events.model import EventConfiguration
from parcours.events.table import EventTable
from parcours.kit.clock import ManualClock

CLOCK = ManualClock()


def configuration(uid: str, *, event_id: str | None = None, rule: str | None = None, scope_id: int = 1) -> Any:
    return EventConfiguration(
        uid=uid,
        scope_id=scope_id,
        name="Order",
        schema_id="schema",
        id_type="ruleBased" if rule else "systemGenerated",
        event_id=event_id,
        condition_text=rule,
        namespace="Email",
        condition=condition_reader(rule, "Order", None, CLOCK) if rule else None,
        key=key_reader("@event{Order.email}", "Order", None, None, CLOCK),
        document=None,
    )


def with_id(event_id: Any) -> dict[str, Any]:
    return {"_experience": {"campaign": {"orchestration": {"eventID": event_id}}}}


A = configuration("a", event_id="aaa")
RICH = configuration("rich", rule="@event{Order.total} > 100")
PARIS = configuration("paris", rule='@event{Order.city} == "Paris"')
ELSEWHERE = configuration("elsewhere", event_id="aaa", scope_id=2)
TABLE = EventTable([A, RICH, PARIS, ELSEWHERE])


@pytest.mark.parametrize(
    ("entity", "uids"),
    [
        (with_id("aaa"), ["a"]),
        (with_id("bbb"), []),
        ({**with_id("aaa"), "total": 200, "city": "Paris"}, ["a", "rich", "paris"]),
        ({"total": 100}, []),
        ({"total": "many", "city": "Paris"}, ["paris"]),
        ({}, []),
        ({"_experience": None}, []),
        ({"_experience": "x"}, []),
        ({"_experience": {"campaign": []}}, []),
        (with_id(7), []),
        (with_id(["aaa"]), []),
    ],
)
def test_a_record_is_every_event_that_fits_it(entity: Mapping[str, Any], uids: list[str]) -> None:
    matched = TABLE.match(1, "schema", entity)
    assert [one.uid for one in matched] == uids
    unmatched = TABLE.unmatched(1, "schema", entity, matched)
    assert {one["eventUid"] for one in unmatched} == {"a", "rich", "paris"} - set(uids)
    assert all(one["reason"] for one in unmatched)


def test_rules_are_asked_on_their_own_schema_and_sandbox_only() -> None:
    entity = {**with_id("aaa"), "city": "Paris"}
    assert [one.uid for one in TABLE.match(1, "other", entity)] == ["a"]
    assert [one.uid for one in TABLE.match(2, "schema", entity)] == ["elsewhere"]
    assert TABLE.match(3, "schema", entity) == []
    assert TABLE.unmatched(1, "other", entity, [A]) == []


def test_the_reason_of_a_mismatch_names_the_rule_or_the_id() -> None:
    reasons = {one["eventUid"]: one["reason"] for one in TABLE.unmatched(1, "schema", {}, [])}
    assert "@event{Order.total} > 100" in reasons["rich"]
    assert "has no _experience" in reasons["a"]
    assert "another one" in TABLE.unmatched(1, "schema", with_id("b"), [])[0]["reason"]


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ("j@example.com", "j@example.com"),
        (42, "42"),
        (4.5, "4.5"),
        ("", None),
        (None, None),
        (True, None),
        ([], None),
        ({"a": 1}, None),
        ("a\x00b", None),
        ("x" * MAX_KEY_BYTES, "x" * MAX_KEY_BYTES),
        ("x" * (MAX_KEY_BYTES + 1), None),
        ("é" * (MAX_KEY_BYTES // 2), "é" * (MAX_KEY_BYTES // 2)),
        ("é" * MAX_KEY_BYTES, None),
    ],
)
def test_a_key_is_a_text_that_every_database_can_hold(value: Any, key: str | None) -> None:
    plain = key_reader("@event{Order.email}", "Order", None, ("email",), CLOCK)
    computed = key_reader("@event{Order.email}", "Order", None, ("other",), CLOCK)
    assert plain({"email": value}) == key
    assert computed({"email": value}) == key


def test_a_key_may_be_a_formula() -> None:
    read = key_reader("concat(@event{Order.a}, @{Order.b})", "Order", None, None, CLOCK)
    assert read({"a": "x", "b": "y"}) == "xy"
    assert read({}) is None
    by_map = key_reader("@event{Order.identityMap.entry('Email').first().id}", "Order", None, None, CLOCK)
    assert by_map({"identityMap": {"Email": [{"id": "j"}]}}) == "j"
    assert by_map({"identityMap": {"Email": []}}) is None
    with pytest.raises(EventInvalid):
        key_reader("@event{Order.a", "Order", None, None, CLOCK)


def test_a_condition_that_fails_is_not_met() -> None:
    read = condition_reader("@event{Order.total} > 100", "Order", {"properties": {"total": {"type": "number"}}}, CLOCK)
    assert read({"total": 101})
    assert not read({"total": "x"})
    assert not read({})


@pytest.mark.parametrize(
    ("text", "renamed"),
    [
        ("@event{Old.a} == @{ Old.b}", "@event{New.a} == @{ New.b}"),
        ("@event{Older.a} + @action{Old.a} + #{Old.a.b}", "@event{Older.a} + @action{Old.a} + #{Old.a.b}"),
        ("@event{Old , defaultValue: 1}", "@event{New , defaultValue: 1}"),
        (
            "count(@event{Old.l.all(currentEventField.Old == 1)})",
            "count(@event{New.l.all(currentEventField.Old == 1)})",
        ),
    ],
)
def test_a_new_name_is_followed_in_event_references_only(text: str, renamed: str) -> None:
    assert rename_event(text, "Old", "New") == renamed
