"""What differs is told by path and in words that mean something to who drew the journey."""

from typing import Any

from parcours.ascode.diff import differences, is_same


def told(kind: str, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    return [f"{one.path}: {one.text}" for one in differences(kind, old, new)]


JOURNEY: dict[str, Any] = {
    "name": "Thank",
    "entry": {"node": "order"},
    "nodes": {
        "order": {"type": "event", "eventUid": "OrderPlaced"},
        "gold": {
            "type": "condition",
            "paths": [{"id": "vip", "expression": "@event{OrderPlaced.total} > 100"}],
        },
        "pause": {"type": "wait", "label": "A while"},
    },
    "edges": [{"from": "order", "to": "gold"}, {"from": "gold", "to": "pause", "kind": "path", "path": "vip"}],
    "layout": {"order": {"x": 0, "y": 0}},
}


def changed(**members: Any) -> dict[str, Any]:
    return {**JOURNEY, **members}


def test_the_same_is_no_difference_whatever_the_order_of_members() -> None:
    assert told("journeys", JOURNEY, dict(reversed(JOURNEY.items()))) == []


def test_one_is_neither_true_nor_a_float() -> None:
    assert not is_same({"a": 1}, {"a": 1.0})
    assert not is_same({"a": 1}, {"a": True})


def test_an_expression_is_told_old_and_new() -> None:
    paths = [{"id": "vip", "expression": "@event{OrderPlaced.total} > 200"}]
    nodes = {**JOURNEY["nodes"], "gold": {"type": "condition", "paths": paths}}
    assert told("journeys", JOURNEY, changed(nodes=nodes)) == [
        'nodes.gold.paths[vip].expression: "@event{OrderPlaced.total} > 100" → "@event{OrderPlaced.total} > 200"'
    ]


def test_nodes_come_and_go() -> None:
    nodes = {**JOURNEY["nodes"], "end": {"type": "end", "label": "Done"}}
    del nodes["pause"]
    assert told("journeys", JOURNEY, changed(nodes=nodes)) == [
        'nodes.end: end "Done" added',
        'nodes.pause: wait "A while" removed',
    ]


def test_arrows_are_re_routed_added_and_removed() -> None:
    edges = [{"from": "order", "to": "pause"}, {"from": "gold", "to": "pause", "kind": "other"}]
    assert told("journeys", JOURNEY, changed(edges=edges)) == [
        "edges[order]: re-routed: gold → pause",
        "edges[gold other]: arrow to pause added",
        "edges[gold path vip]: arrow to pause removed",
    ]


def test_moved_boxes_are_layout_only() -> None:
    (one,) = differences("journeys", JOURNEY, changed(layout={"order": {"x": 9, "y": 0}}))
    assert one.is_layout
    assert one.path == "layout"


def test_an_unfinished_draft_may_hold_anything() -> None:
    assert told("journeys", {"name": "a", "nodes": 1, "edges": "x"}, {"name": "a", "edges": [{"from": 1}]}) == [
        'edges: "x" → [{from: 1}]'
    ]


def test_rows_of_a_mapping_are_known_by_their_destination() -> None:
    old = {"mappings": [{"destination": "a", "source": "x"}, {"destination": "b", "source": "y"}]}
    new = {"mappings": [{"destination": "b", "source": "upper(y)"}, {"destination": "a", "source": "x"}]}
    assert told("mappings", old, new) == [
        'mappings[b].source: "y" → "upper(y)"',
        "mappings: in another order: b, a",
    ]


def test_lists_of_texts_tell_what_came_and_went() -> None:
    assert told("events", {"fields": ["/a", "/b"]}, {"fields": ["/b", "/c"]}) == [
        "fields[/c]: added",
        "fields[/a]: removed",
    ]


def test_lists_whose_items_nothing_tells_apart_go_by_place() -> None:
    assert told("actions", {"x": [1, {"a": 1}]}, {"x": [1, {"a": 2}, 3]}) == ["x[1].a: 1 → 2", "x[2]: added: 3"]


def test_long_values_are_cut() -> None:
    (one,) = differences("events", {"description": "a" * 900}, {"description": "b" * 900})
    assert len(one.text) < 500
