"""What is wrong with a journey document: its size, shape and graph. What nodes mean is checked by building them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from parcours.journeys import graph
from parcours.journeys.activities import KINDS
from parcours.journeys.activities.dataset_lookup import MAX_PER_JOURNEY
from parcours.journeys.document import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_NODES,
    is_too_deep,
    json_path,
    shape_faults,
    transition_of,
)

MAX_FAULTS = 100
Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a document."""

    code: str
    """`ERR_…`; stable, for programs."""
    message: str
    path: str
    """JSON path, e.g. "$.nodes.check.paths[0].expression"."""
    node_id: str | None = None
    severity: Severity = "error"
    """Errors block publication; warnings don't."""
    line: int | None = None
    column: int | None = None
    """Place inside an expression, from 1."""

    def to_json(self) -> dict[str, Any]:
        """The fault as the API shows it; absent members are left out."""
        shown = {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "path": self.path,
            "nodeId": self.node_id,
            "line": self.line,
            "column": self.column,
        }
        return {name: value for name, value in shown.items() if value is not None}


def check_size(document: Any) -> Fault | None:
    """A document that is too deep or too large; a warning from 90 % of the limit. Source: journeys §10.1."""
    if is_too_deep(document):
        return Fault("ERR_DOCUMENT_DEPTH", f"the document nests more than {MAX_DEPTH} levels", "$")
    size = len(orjson.dumps(document))
    if size < MAX_BYTES * 0.9:
        return None
    largest, its_size, its_type = _largest_node(document)
    message = f"the document has {size} bytes of at most {MAX_BYTES}"
    if largest is not None:
        message += f"; its largest node is {largest!r} of type {its_type!r} with {its_size} bytes"
    severity: Severity = "error" if size > MAX_BYTES else "warning"
    return Fault("ERR_DOCUMENT_SIZE", message, "$", largest, severity)


def _largest_node(document: Any) -> tuple[str | None, int, Any]:
    nodes = document.get("nodes") if isinstance(document, dict) else None
    if not isinstance(nodes, dict) or not nodes:
        return None, 0, None
    size, node_id = max((len(orjson.dumps(node)), node_id) for node_id, node in nodes.items())
    node = nodes[node_id]
    return node_id, size, node.get("type") if isinstance(node, dict) else None


def check_shape(document: Any) -> list[Fault]:
    """Where the document is not as its JSON Schema says."""
    faults: list[Fault] = []
    for tokens, message in shape_faults(document, MAX_FAULTS):
        node_id = tokens[1] if len(tokens) > 1 and tokens[0] == "nodes" else None
        if len(tokens) == 3 and tokens[0] == "edges" and tokens[2] == "path" and "False schema" in message:
            message = "`path` belongs to edges of kind `path` only"
        faults.append(
            Fault("ERR_DOCUMENT_SHAPE", message, json_path(tokens), node_id if isinstance(node_id, str) else None)
        )
    return faults


def check_graph(document: Mapping[str, Any]) -> list[Fault]:
    """Entry, arrows, loops and reach of a document of the right shape."""
    return list(_graph_faults(document))


def _graph_faults(document: Mapping[str, Any]) -> Iterator[Fault]:
    nodes: Mapping[str, Any] = document["nodes"]
    entry: str = document["entry"]["node"]
    if len(nodes) > MAX_NODES:
        yield Fault("ERR_GRAPH_SIZE", f"a journey has at most {MAX_NODES} activities, not {len(nodes)}", "$.nodes")
    lookups = [node_id for node_id, node in nodes.items() if node["type"] == "datasetLookup"]
    if len(lookups) > MAX_PER_JOURNEY:
        message = f"a journey has at most {MAX_PER_JOURNEY} dataset lookups, not {len(lookups)}"
        yield Fault("ERR_LOOKUP_COUNT", message, f"$.nodes.{lookups[MAX_PER_JOURNEY]}", lookups[MAX_PER_JOURNEY])
    if entry not in nodes:
        yield Fault("ERR_ENTRY_UNKNOWN", f"there is no node {entry!r} to enter by", "$.entry.node")
    elif not KINDS[nodes[entry]["type"]].can_be_entry:
        yield Fault(
            "ERR_ENTRY_KIND",
            f"a journey begins with an event or Read audience, not with an activity of type {nodes[entry]['type']!r}",
            "$.entry.node",
            entry,
        )
    targets: dict[str, list[str]] = {}
    taken: dict[tuple[str, str], list[str]] = {}
    for index, edge in enumerate(document.get("edges", ())):
        where = f"$.edges[{index}]"
        source, target, transition = edge["from"], edge["to"], transition_of(edge)
        for side, node_id in (("from", source), ("to", target)):
            if node_id not in nodes:
                yield Fault("ERR_EDGE_NODE", f"there is no node {node_id!r}", f"{where}.{side}")
        if target == entry:
            yield Fault("ERR_EDGE_ENTRY", "nothing can come before the entry", f"{where}.to", entry)
        if source not in nodes or target not in nodes:
            continue
        offered = KINDS[nodes[source]["type"]].transitions(nodes[source])
        if transition not in offered:
            names = ", ".join(offered) or "none, for it ends the journey"
            member = ".path" if transition.startswith("path:") else ".kind" if "kind" in edge else ""
            yield Fault(
                "ERR_EDGE_KIND",
                f"node {source!r} has no way out {transition!r}; it has: {names}",
                f"{where}{member}",
                source,
            )
        taken.setdefault((source, transition), []).append(target)
        targets.setdefault(source, []).append(target)
    for (source, transition), followers in taken.items():
        if len(followers) > 1:
            yield from _race_faults(nodes, source, transition, followers)
    loop = graph.find_loop(nodes, targets)
    if loop is not None:
        yield Fault("ERR_GRAPH_LOOP", "the journey turns in a circle: " + " → ".join(loop), "$.edges", loop[0])
    if entry in nodes:
        reached = graph.reachable(entry, targets)
        for node_id in nodes:
            if node_id not in reached:
                yield Fault(
                    "ERR_GRAPH_UNREACHABLE",
                    f"no way leads from the entry to node {node_id!r}",
                    f"$.nodes.{node_id}",
                    node_id,
                )


def _race_faults(nodes: Mapping[str, Any], source: str, transition: str, followers: Sequence[str]) -> Iterator[Fault]:
    """What must hold of activities in parallel. Source: journeys §4.8, §7."""
    listening: dict[str, str] = {}
    with_timeout: list[str] = []
    for node_id in dict.fromkeys(followers):
        config = nodes[node_id]
        if not KINDS[config["type"]].can_be_parallel:
            message = (
                f"{transition!r} of node {source!r} leads to {len(followers)} activities, "
                f"but only events and waits can be put in parallel, not one of type {config['type']!r}"
            )
            yield Fault("ERR_PARALLEL_KIND", message, "$.edges", node_id)
        event = config.get("eventUid") or config.get("audienceId")
        if event is not None:
            if event in listening:
                message = f"nodes {listening[event]!r} and {node_id!r} in parallel listen to the same event"
                yield Fault("ERR_PARALLEL_EVENT", message, f"$.nodes.{node_id}", node_id)
            listening[event] = node_id
        if "timeout" in config:
            with_timeout.append(node_id)
    if len(set(followers)) < len(followers):
        yield Fault(
            "ERR_EDGE_TWICE", f"{transition!r} of node {source!r} leads twice to the same node", "$.edges", source
        )
    if len(with_timeout) > 1:
        message = "of events in parallel one defines the timeout, which applies to all"
        yield Fault("ERR_PARALLEL_TIMEOUT", message, f"$.nodes.{with_timeout[1]}.timeout", with_timeout[1])
