"""Journey fragments as documents: activities with the arrows between them, to be put into journeys. Source: §17."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jsonschema_rs import Draft202012Validator

from parcours.journeys.activities import KINDS
from parcours.journeys.check import MAX_FAULTS, Fault, check_graph, check_size
from parcours.journeys.document import build_schema, json_path, shape_faults
from parcours.journeys.errors import JourneyInvalid

FRAGMENT_KIND = "journeyFragment"
MAX_FRAGMENT_NODES = 20
_KINDS = {name: kind for name, kind in KINDS.items() if name != "jump"}
"""Activities a fragment may hold."""
_OF_A_WHOLE = frozenset({"ERR_ENTRY_KIND", "ERR_ENTRY_UNKNOWN", "ERR_EDGE_ENTRY", "ERR_GRAPH_UNREACHABLE"})
"""Faults of the graph that only a whole journey has."""


def _build_schema(*, is_finished: bool) -> dict[str, Any]:
    journey = build_schema(_KINDS)
    members = journey["properties"]
    nodes = {**members["nodes"], "maxProperties": MAX_FRAGMENT_NODES}
    if not is_finished:  # the kind alone must be known
        node = {"type": "object", "required": ["type"], "properties": {"type": {"enum": list(_KINDS)}}}
        nodes["additionalProperties"] = node
    return {
        "$schema": journey["$schema"],
        "title": "Journey fragment",
        "description": "Activities with the arrows between them, to be put into journeys as copies.",
        "type": "object",
        "required": ["name", "nodes"],
        "additionalProperties": False,
        "properties": {
            **{name: members[name] for name in ("name", "description", "tags", "edges", "layout")},
            "nodes": nodes,
        },
        "$defs": journey["$defs"] if is_finished else {},
    }


FRAGMENT_SCHEMA = _build_schema(is_finished=True)
DRAFT_FRAGMENT_SCHEMA = _build_schema(is_finished=False)
"""What a draft keeps to: its activities may be unfinished."""
_FINISHED = Draft202012Validator(FRAGMENT_SCHEMA)
_DRAFT = Draft202012Validator(DRAFT_FRAGMENT_SCHEMA)


def read_fragment(body: Any) -> dict[str, Any]:
    """What may be stored as a draft: its activities may be unfinished. Raises JourneyInvalid."""
    size = check_size(body)
    faults = [size] if size is not None and size.severity == "error" else _shape(_DRAFT, body)
    if faults:
        raise JourneyInvalid(faults)
    name = body["name"].strip()
    if not name:
        raise JourneyInvalid([Fault("ERR_DOCUMENT_SHAPE", "a fragment has a name", "$.name")])
    return {"description": "", "tags": [], "edges": [], "layout": {}, **body, "name": name}


def check_fragment(document: Mapping[str, Any]) -> list[Fault]:
    """What keeps a fragment from being used: activities that aren't finished, arrows that can't be, several entries."""
    faults = _shape(_FINISHED, document)
    if faults:
        return faults
    roots = roots_of(document)
    journey = {**document, "entry": {"node": roots[0] if roots else next(iter(document["nodes"]))}}
    faults = [fault for fault in check_graph(journey) if fault.code not in _OF_A_WHOLE]
    return faults or list(_parts_apart(document)) or list(_more_entries(roots))


def roots_of(document: Mapping[str, Any]) -> list[str]:
    """The activities that no arrow leads to."""
    followed = {edge["to"] for edge in document["edges"]}
    return [node_id for node_id in document["nodes"] if node_id not in followed]


def _parts_apart(document: Mapping[str, Any]) -> Iterator[Fault]:
    beside: dict[str, set[str]] = {node_id: set() for node_id in document["nodes"]}
    for edge in document["edges"]:
        beside[edge["from"]].add(edge["to"])
        beside[edge["to"]].add(edge["from"])
    first = next(iter(beside))
    found, left = {first}, [first]
    while left:
        for node_id in beside[left.pop()] - found:
            found.add(node_id)
            left.append(node_id)
    for node_id in beside:
        if node_id not in found:
            message = f"no arrow connects node {node_id!r} with {first!r}: a fragment is of one piece"
            yield Fault("ERR_FRAGMENT_APART", message, f"$.nodes.{node_id}", node_id)


def _more_entries(roots: Iterable[str]) -> Iterator[Fault]:
    first, *others = roots
    for node_id in others:
        message = f"nothing leads to node {node_id!r}, nor to {first!r}: a fragment has one entry"
        yield Fault("ERR_FRAGMENT_ENTRIES", message, f"$.nodes.{node_id}", node_id)


def _shape(validator: Draft202012Validator, body: Any) -> list[Fault]:
    return [
        Fault(
            "ERR_DOCUMENT_SHAPE",
            message,
            json_path(tokens),
            str(tokens[1]) if len(tokens) > 1 and tokens[0] == "nodes" else None,
        )
        for tokens, message in shape_faults(body, MAX_FAULTS, validator)
    ]
