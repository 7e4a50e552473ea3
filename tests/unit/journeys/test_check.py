"""What the check says of documents that can't run."""

from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from journey_world import IDENTITY, WORLD, document

from parcours.journeys.activities import KINDS
from parcours.journeys.check import Fault
from parcours.journeys.compile import examine
from parcours.journeys.document import MAX_BYTES, MAX_NODES

WAIT = {"type": "wait", "duration": {"value": 2, "unit": "seconds"}}
END = {"type": "end"}
MAIL = {"type": "customAction", "actionUid": "a1", "parameters": [{"paramPath": "/to", "expression": '"x"'}]}


def faults(doc: Any) -> list[Fault]:
    journey, found = examine(doc, WORLD, IDENTITY)
    assert (journey is None) == any(fault.severity == "error" for fault in found)
    return found


def told(doc: Any) -> list[tuple[str, str, str | None]]:
    return [(fault.code, fault.path, fault.node_id) for fault in faults(doc)]


def test_a_good_document_has_no_faults() -> None:
    assert faults(document({"w": WAIT, "m": MAIL, "e": END}, ("start", "w"), ("w", "m"), ("m", "e", "error"))) == []


def test_an_audience_that_is_not_there_is_refused() -> None:
    condition = {"type": "condition", "paths": [{"id": "x", "expression": 'not inAudience("vip")'}]}
    (fault,) = faults(document({"c": condition, "e": END}, ("start", "c"), ("c", "e", "path", "x")))
    assert (fault.code, fault.severity) == ("ERR_AUDIENCE_UNKNOWN", "error")


@pytest.mark.parametrize("bad", [None, 3, "x", [], {}, {"name": "x"}, {"nodes": []}, {"nodes": {"a": 1}, "edges": 5}])
def test_what_is_no_journey_is_told_by_shape(bad: Any) -> None:
    assert {fault.code for fault in faults(bad)} == {"ERR_DOCUMENT_SHAPE"}


@pytest.mark.parametrize(
    ("nodes", "path"),
    [
        ({"w": {"type": "wait"}}, "$.nodes.w"),
        ({"w": {**WAIT, "duration": {"value": 0, "unit": "seconds"}}}, "$.nodes.w.duration.value"),
        ({"w": {**WAIT, "duration": {"value": 1.5, "unit": "seconds"}}}, "$.nodes.w.duration.value"),
        ({"w": {**WAIT, "duration": {"value": 1, "unit": "fortnights"}}}, "$.nodes.w.duration.unit"),
        ({"w": {"type": "wait", "waitType": "custom"}}, "$.nodes.w"),
        ({"w": {"type": "teleport"}}, "$.nodes.w.type"),
        ({"w": {}}, "$.nodes.w"),
        ({"w": {**WAIT, "speed": 3}}, "$.nodes.w"),
        ({"c": {"type": "condition", "paths": []}}, "$.nodes.c.paths"),
        ({"c": {"type": "condition", "paths": [{"id": "x"}]}}, "$.nodes.c.paths[0]"),
        ({"c": {"type": "condition", "conditionType": "moon", "paths": [{"id": "x"}]}}, "$.nodes.c.conditionType"),
        (
            {"c": {"type": "condition", "conditionType": "split", "paths": [{"id": "x", "percentage": 101}]}},
            "$.nodes.c.paths[0].percentage",
        ),
        ({"a": {"type": "customAction"}}, "$.nodes.a"),
        ({"e": {"type": "event"}}, "$.nodes.e"),
        ({"bad id": END}, "$.nodes"),
    ],
)
def test_a_half_configured_node_is_named(nodes: dict[str, Any], path: str) -> None:
    found = faults(document(nodes))
    assert [(fault.code, fault.severity) for fault in found] == [("ERR_DOCUMENT_SHAPE", "error")] * len(found)
    assert found[0].path == path
    if path != "$.nodes":
        assert found[0].node_id == next(iter(nodes))


def test_the_entry_is_an_event_that_exists_and_nothing_comes_before_it() -> None:
    assert told(document({}, entry="nowhere")) == [("ERR_ENTRY_UNKNOWN", "$.entry.node", None)]
    assert ("ERR_ENTRY_KIND", "$.entry.node", "w") in told(document({"w": WAIT}, ("w", "start"), entry="w"))
    assert ("ERR_EDGE_ENTRY", "$.edges[1].to", "start") in told(document({"w": WAIT}, ("start", "w"), ("w", "start")))


def test_loops_are_shown_as_the_way_they_turn() -> None:
    doc = document({"a": WAIT, "b": WAIT}, ("start", "a"), ("a", "b"), ("b", "a"))
    (fault,) = faults(doc)
    assert (fault.code, fault.message) == ("ERR_GRAPH_LOOP", "the journey turns in a circle: a → b → a")
    assert "ERR_GRAPH_LOOP" in {f.code for f in faults(document({"a": WAIT}, ("start", "a"), ("a", "a")))}


def test_edges_lead_from_and_to_nodes_by_ways_these_have() -> None:
    nodes = {"w": WAIT, "e": END, "c": {"type": "condition", "paths": [{"id": "x", "expression": "true"}]}}
    assert ("ERR_EDGE_NODE", "$.edges[0].to", None) in told(document({}, ("start", "gone")))
    assert ("ERR_EDGE_NODE", "$.edges[0].from", None) in told(document({}, ("gone", "start")))
    base = [("start", "w"), ("w", "c"), ("c", "e", "path", "x")]
    assert told(document(nodes, *base)) == []
    assert told(document(nodes, *base, ("w", "e", "timeout"))) == [("ERR_EDGE_KIND", "$.edges[3].kind", "w")]
    assert told(document(nodes, *base, ("c", "e", "path", "y"))) == [("ERR_EDGE_KIND", "$.edges[3].path", "c")]
    assert told(document(nodes, *base, ("c", "e", "other"))) == [("ERR_EDGE_KIND", "$.edges[3].kind", "c")]
    assert told(document(nodes, *base, ("w", "e"))) == [
        ("ERR_PARALLEL_KIND", "$.edges", "c"),
        ("ERR_PARALLEL_KIND", "$.edges", "e"),
    ]
    assert ("ERR_EDGE_TWICE", "$.edges", "start") in told(document(nodes, *base, ("start", "w")))
    assert "ERR_EDGE_KIND" in {code for code, _, _ in told(document({**nodes, "z": END}, *base, ("e", "z")))}
    assert told(document(nodes, *base, ("w", "e", "default", "x")))[0][:2] == ("ERR_DOCUMENT_SHAPE", "$.edges[3].path")


def test_a_way_out_that_is_not_there_is_told_where_the_edge_says_it() -> None:
    condition = {"type": "condition", "paths": [{"id": "x", "expression": "true"}]}
    doc = document({"c": condition, "e": END}, ("start", "c"), ("c", "e"))
    assert told(doc) == [("ERR_EDGE_KIND", "$.edges[1]", "c")]  # it has no kind, so `$.edges[1].kind` is nowhere


def test_a_wrong_choice_is_told_with_every_choice_there_is() -> None:
    found = faults(document({"w": {"type": "teleport"}}))
    messages = [fault.message for fault in found if fault.path == "$.nodes.w.type"]
    assert messages == ['"teleport" is not one of ' + ", ".join(f'"{kind}"' for kind in KINDS)]
    found = faults(document({"w": WAIT}, ("start", "w", "x" * 300)))
    assert found[0].message == 'this is not one of "default", "path", "timeout", "error", "other"'


def test_at_most_five_attributes_are_updated() -> None:
    def update(count: int) -> list[str]:
        updates = [{"path": f"/p{number}", "expression": "1"} for number in range(count)]
        node = {"type": "updateProfile", "dataSetId": "d1", "updates": updates}
        return [fault.code for fault in faults(document({"u": node, "e": END}, ("start", "u"), ("u", "e")))]

    assert "ERR_DOCUMENT_SHAPE" not in update(5)
    assert update(6) == ["ERR_DOCUMENT_SHAPE"]


def test_nodes_that_no_way_leads_to_are_named() -> None:
    (fault,) = faults(document({"w": WAIT}))
    assert (fault.code, fault.path, fault.node_id) == ("ERR_GRAPH_UNREACHABLE", "$.nodes.w", "w")
    assert fault.severity == "error"


def test_a_journey_has_at_most_fifty_activities() -> None:
    nodes = {f"w{i}": WAIT for i in range(MAX_NODES)}
    assert told(document(nodes)) == [
        ("ERR_GRAPH_SIZE", "$.nodes", None),
        *[("ERR_GRAPH_UNREACHABLE", f"$.nodes.w{i}", f"w{i}") for i in range(MAX_NODES)],
    ]


def test_events_and_actions_must_exist_and_be_about_the_same_namespace() -> None:
    def inside(uid: str) -> dict[str, Any]:
        return document({"x": {"type": "event", "eventUid": uid}}, ("start", "x"))

    assert told(inside("e2")) == []
    assert told(inside("nope")) == [("ERR_EVENT_UNKNOWN", "$.nodes.x.eventUid", "x")]
    assert told(inside("e3")) == [("ERR_EVENT_NAMESPACE", "$.nodes.x.eventUid", "x")]
    assert told(inside("e4")) == [("ERR_EVENT_NAMESPACE", "$.nodes.x.eventUid", "x")]
    doc = document({"m": {"type": "customAction", "actionUid": "nope"}}, ("start", "m"))
    assert told(doc) == [("ERR_ACTION_UNKNOWN", "$.nodes.m.actionUid", "m")]
    doc = document({})
    doc["nodes"]["start"]["eventUid"] = "nope"
    assert told(doc) == [("ERR_EVENT_UNKNOWN", "$.nodes.start.eventUid", "start")]


def test_parameters_of_an_action_must_be_its_own_and_the_needed_ones_filled() -> None:
    def call(*parameters: tuple[str, str]) -> dict[str, Any]:
        mappings = [{"paramPath": path, "expression": text} for path, text in parameters]
        return document({"m": {"type": "customAction", "actionUid": "a1", "parameters": mappings}}, ("start", "m"))

    assert told(call()) == [("ERR_ACTION_PARAMETER_MISSING", "$.nodes.m.parameters", "m")]
    assert told(call(("/to", '"x"'), ("/cc", '"x"'))) == [
        ("ERR_ACTION_PARAMETER", "$.nodes.m.parameters[1].paramPath", "m")
    ]
    assert told(call(("/to", '"x"'), ("/to", '"y"'))) == [
        ("ERR_ACTION_PARAMETER", "$.nodes.m.parameters[1].paramPath", "m")
    ]
    assert told(call(("/to", "true"))) == [("ERR_EXPRESSION", "$.nodes.m.parameters[0].expression", "m")]


def test_an_expression_error_has_line_and_column() -> None:
    text = "@event{Order.total} > 1 and\n@event{Order.citty} == 'x'"
    node = {"type": "condition", "paths": [{"id": "x", "expression": text}]}
    (fault,) = faults(document({"c": node}, ("start", "c")))
    assert (fault.code, fault.path) == ("ERR_EXPRESSION", "$.nodes.c.paths[0].expression")
    assert fault.line == 2
    assert fault.column is not None
    assert "city" in fault.message


def test_an_expression_reads_only_what_lies_before_it() -> None:
    listen = {"type": "event", "eventUid": "e2"}
    check = {"type": "condition", "paths": [{"id": "x", "expression": "@event{Payment.total} > 1"}]}
    after = document({"l": listen, "c": check}, ("start", "l"), ("l", "c"))
    assert told(after) == []
    before = document({"l": listen, "c": check}, ("start", "c"), ("c", "l", "path", "x"))
    assert told(before) == [("ERR_EXPRESSION", "$.nodes.c.paths[0].expression", "c")]
    answer = {"type": "condition", "paths": [{"id": "x", "expression": '@action{SendMail.jo_status_code} == "capped"'}]}
    assert told(document({"m": MAIL, "c": answer}, ("start", "m"), ("m", "c"))) == []
    assert told(document({"m": MAIL, "c": answer}, ("start", "c"), ("c", "m", "path", "x")))[0][0] == "ERR_EXPRESSION"


def test_a_condition_is_boolean_and_a_custom_wait_a_date() -> None:
    number = {"type": "condition", "paths": [{"id": "x", "expression": "1 + 1"}]}
    assert told(document({"c": number}, ("start", "c")))[0][0] == "ERR_EXPRESSION"
    wait = {"type": "wait", "waitType": "custom", "expression": "now()"}
    (fault,) = faults(document({"w": wait}, ("start", "w")))
    assert "toDateTimeOnly" in fault.message


def test_times_and_shares_must_make_sense() -> None:
    def condition(kind: str, *paths: dict[str, Any], **more: Any) -> dict[str, Any]:
        return document({"c": {"type": "condition", "conditionType": kind, "paths": paths, **more}}, ("start", "c"))

    whole = [{"id": "a", "percentage": 50}, {"id": "b", "percentage": 50}]
    assert told(condition("split", *whole)) == []
    assert told(condition("split", *whole, otherPath=True)) == [("ERR_CONDITION_SPLIT", "$.nodes.c.otherPath", "c")]
    assert told(condition("split", whole[0])) == [("ERR_CONDITION_SPLIT", "$.nodes.c.paths", "c")]
    assert told(condition("split", whole[0], {**whole[1], "id": "a"}))[0][:2] == (
        "ERR_CONDITION_PATH",
        "$.nodes.c.paths[1].id",
    )
    same = {"id": "a", "hours": {"from": "09:00", "to": "09:00"}}
    assert told(condition("time", same)) == [("ERR_CONDITION_TIME", "$.nodes.c.paths[0].hours", "c")]
    for bad in ({}, {"from": "yesterday"}, {"from": "2026-02-01", "to": "2026-01-01"}, {"to": "2026-01-01T00:00:00Z"}):
        assert {code for code, _, _ in told(condition("date", {"id": "a", **bad}))} == {"ERR_CONDITION_DATE"}


def test_waits_and_timeouts_have_limits() -> None:
    long = {"type": "wait", "duration": {"value": 92, "unit": "days"}}
    assert told(document({"w": long}, ("start", "w"))) == [("ERR_WAIT_DURATION", "$.nodes.w.duration.value", "w")]
    listen = {"type": "event", "eventUid": "e2", "timeout": {"value": 91, "unit": "days"}}
    assert told(document({"l": listen}, ("start", "l"))) == [("ERR_EVENT_TIMEOUT", "$.nodes.l.timeout.value", "l")]
    doc = document({})
    doc["nodes"]["start"]["timeout"] = {"value": 1, "unit": "days"}
    assert told(doc) == [("ERR_EVENT_ENTRY_TIMEOUT", "$.nodes.start.timeout", "start")]
    assert told(document({}, timeZone="Mars/Olympus")) == [("ERR_TIME_ZONE", "$.timeZone", None)]
    for zone in ("../../etc/passwd", "", "\x00", "Europe"):
        assert "ERR_TIME_ZONE" in {code for code, _, _ in told(document({}, timeZone=zone))}
    assert told(document({}, timeouts={"actionSeconds": 31}))[0][1] == "$.timeouts.actionSeconds"


def test_a_document_too_large_names_its_largest_node() -> None:
    near = document({"w": {**WAIT, "description": "x"}}, ("start", "w"), layout={"note": "x" * int(MAX_BYTES * 0.95)})
    (warning,) = faults(near)
    assert (warning.code, warning.severity) == ("ERR_DOCUMENT_SIZE", "warning")
    big = document({"w": {**WAIT, "description": "x" * (MAX_BYTES + 1)}}, ("start", "w"))
    (fault,) = faults(big)
    assert (fault.code, fault.severity, fault.node_id) == ("ERR_DOCUMENT_SIZE", "error", "w")
    assert "'wait'" in fault.message


def test_a_document_too_deep_is_refused_before_anything_reads_it() -> None:
    deep: Any = 1
    for _ in range(900):
        deep = {"a": [deep]}
    assert told(deep) == [("ERR_DOCUMENT_DEPTH", "$", None)]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def bent_documents(draw: st.DrawFn) -> Any:
    """A good document with arbitrary JSON in some places."""
    nodes = {
        "l": {"type": "event", "eventUid": "e2", "timeout": {"value": 1, "unit": "days", "path": True}},
        "c": {"type": "condition", "paths": [{"id": "x", "expression": "@event{Order.total} > 1"}], "otherPath": True},
        "w": WAIT,
        "m": MAIL,
    }
    doc = orjson.loads(
        orjson.dumps(document(nodes, ("start", "l"), ("l", "c"), ("c", "w", "path", "x"), ("c", "m", "other")))
    )
    for _ in range(draw(st.integers(1, 3))):
        holder: Any = doc
        while isinstance(holder, dict | list) and holder:
            key = draw(st.sampled_from(list(holder) if isinstance(holder, dict) else range(len(holder))))
            if not isinstance(holder[key], dict | list) or draw(st.booleans()):
                holder[key] = draw(json_values)
                break
            holder = holder[key]
    return doc


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(bent_documents() | json_values)
def test_no_json_makes_the_check_fail(doc: Any) -> None:
    for fault in faults(doc):
        assert fault.code.startswith("ERR_")
        assert fault.path.startswith("$")
        assert fault.message
