"""Matching records with event configurations, and computing who they are about."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parcours.events.errors import EventInvalid
from parcours.events.language import MAX_KEY_BYTES, condition_reader, key_reader, needs_of, rename_event
from parcours.events.model import EventConfiguration
from parcours.events.table import EventTable, explain, read_event_id
from parcours.kit.clock import ManualClock

CLOCK = ManualClock()


def configuration(
    uid: str, *, event_id: str | None = None, rule: str | None = None, scope_id: int = 1, schema: Any = None
) -> Any:
    return EventConfiguration(
        uid=uid,
        scope_id=scope_id,
        name="Order",
        schema_id="schema",
        id_type="ruleBased" if rule else "systemGenerated",
        event_id=event_id,
        condition_text=rule,
        namespace="Email",
        condition=condition_reader(rule, "Order", schema, CLOCK) if rule else None,
        needs=needs_of(rule, "Order", schema) if rule else None,
        key=key_reader("@event{Order.email}", "Order", None, None, CLOCK),
        document=None,
    )


def others(table: EventTable, schema_id: str, entity: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a trace tells of the configurations that a record is not."""
    matched = table.match(1, schema_id, entity)
    considered = table.considered(1, schema_id)
    if considered is None or not considered.has_others(matched):
        return []
    return explain(considered.text, read_event_id(entity) is not None, {one.uid for one in matched})


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
    unmatched = others(TABLE, "schema", entity)
    assert {one["eventUid"] for one in unmatched} == {"a", "rich", "paris"} - set(uids)
    assert all(one["reason"] for one in unmatched)


def test_rules_are_asked_on_their_own_schema_and_sandbox_only() -> None:
    entity = {**with_id("aaa"), "city": "Paris"}
    assert [one.uid for one in TABLE.match(1, "other", entity)] == ["a"]
    assert [one.uid for one in TABLE.match(2, "schema", entity)] == ["elsewhere"]
    assert TABLE.match(3, "schema", entity) == []
    assert TABLE.considered(1, "other") is None


def test_the_reason_of_a_mismatch_names_the_rule_or_the_id() -> None:
    reasons = {one["eventUid"]: one["reason"] for one in others(TABLE, "schema", {})}
    assert "@event{Order.total} > 100" in reasons["rich"]
    assert "has no _experience" in reasons["a"]
    assert "another one" in others(TABLE, "schema", with_id("b"))[0]["reason"]


TYPED = {"properties": {"city": {"type": "string"}, "total": {"type": "number"}, "tags": {"type": "array"}}}
FIELD_TESTS = st.one_of(
    st.tuples(st.sampled_from(["city", "kind", "tags", "at.place"]), st.sampled_from(["a", "b", ""])).map(
        lambda pair: f'@event{{Order.{pair[0]}}} == "{pair[1]}"'
    ),
    st.sampled_from(["a", "b"]).map(lambda text: f'"{text}" == @event{{Order.city}}'),
    st.tuples(
        st.sampled_from(["total", "kind", "at.place"]),
        st.sampled_from([">", ">=", "<", "<=", "==", "!="]),
        st.sampled_from(["5", "101", "5.5", "-1"]),
        st.booleans(),
    ).map(lambda t: f"{t[2]} {t[1]} @event{{Order.{t[0]}}}" if t[3] else f"@event{{Order.{t[0]}}} {t[1]} {t[2]}"),
    st.sampled_from(
        ["@event{Order.total} > 100", "@event{Order.kind} != \"a\"", "not (@event{Order.city} == \"a\")",
         "@event{Order.city, defaultValue: \"a\"} == \"a\"", "@event{Order.kind} > 5", "@event{Order.city} is null"]
    ),
)  # fmt: skip
CONDITIONS = st.recursive(
    FIELD_TESTS,
    lambda inner: st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
    max_leaves=5,
)
VALUES = st.sampled_from(
    ["a", "b", "", None, 5, 5.5, -1, 0, 101, 1e300, True, ["a"], [], {"place": "a"}, [{"place": "b"}]]
)
ENTITIES = st.dictionaries(st.sampled_from(["city", "kind", "tags", "at", "total"]), VALUES)


@settings(deadline=None)
@given(st.lists(CONDITIONS, max_size=12), st.lists(ENTITIES, min_size=1, max_size=8), st.sampled_from([None, TYPED]))
def test_rules_are_found_as_if_each_were_evaluated(rules: list[str], entities: list[Any], schema: Any) -> None:
    if schema is not None:
        rules = [rule for rule in rules if not ({"kind", "at", "tags"} & set(re.findall(r"Order\.(\w+)", rule)))]
    made = [configuration(str(n), rule=rule, schema=schema) for n, rule in enumerate(rules)]
    table = EventTable(made)
    for entity in entities:
        matched = table.match(1, "schema", entity)
        assert [one.uid for one in matched] == [one.uid for one in made if one.condition(entity)]
        assert [one["eventUid"] for one in others(table, "schema", entity)] == [
            one.uid for one in made if not one.condition(entity)
        ]


def test_conditions_that_compare_one_field_with_texts_are_not_evaluated_for_other_texts() -> None:
    asked: list[str] = []

    def counting(uid: str, rule: str) -> Any:
        made = configuration(uid, rule=rule)
        return replace(made, condition=lambda entity: asked.append(uid) or made.condition(entity))

    rules = {f"r{n}": f'@event{{Order.kind}} == "k{n}" and @event{{Order.total}} > 1' for n in range(100)}
    either = '(@event{Order.kind} == "k7") or ("k8" == @event{Order.kind})'
    table = EventTable([*(counting(uid, rule) for uid, rule in rules.items()), counting("either", either)])
    assert [one.uid for one in table.match(1, "schema", {"kind": "k7", "total": 2})] == ["r7", "either"]
    assert asked == ["r7", "either"]
    assert table.match(1, "schema", {"kind": "none"}) == []
    assert asked == ["r7", "either"]


def test_conditions_that_compare_one_field_with_a_number_are_not_evaluated_beyond_it() -> None:
    asked: list[str] = []

    def counting(uid: str, rule: str) -> Any:
        made = configuration(uid, rule=rule)
        return replace(made, condition=lambda entity: asked.append(uid) or made.condition(entity))

    rules = [(f"over{n}", f"@event{{Order.total}} > {n}") for n in range(100)]
    rules += [(f"under{n}", f"{n} > @event{{Order.total}}") for n in range(100)]
    table = EventTable([counting(uid, rule) for uid, rule in rules])
    assert [one.uid for one in table.match(1, "schema", {"total": 2})] == [
        "over0", "over1", *(f"under{n}" for n in range(3, 100))
    ]  # fmt: skip
    assert asked == ["over0", "over1", "over2", *(f"under{n}" for n in range(2, 100))]  # and those at the limit
    assert table.match(1, "schema", {"total": "2"}) == []
    assert len(asked) == 3 + 98


def test_a_set_has_a_name_of_its_own_for_every_content() -> None:
    def digest(*configurations: Any) -> str:
        found = EventTable(configurations).considered(1, "schema")
        assert found is not None
        return found.digest

    assert digest(A, RICH) == digest(A, RICH)
    assert len({digest(A), digest(A, RICH), digest(A, PARIS), digest(replace(A, name="Other"))}) == 4


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
