"""What the nodes of a document name, and what expressions at each may read; true of unfinished documents too."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from parcours.audiences.fields import document_of
from parcours.expressions.references import AUDIENCE_ENRICHMENT
from parcours.journeys import graph
from parcours.journeys.activities.dataset_lookup import result_name_of
from parcours.journeys.activities.kind import ActionShape
from parcours.journeys.activities.listener import race_id
from parcours.journeys.document import transition_of
from parcours.journeys.language import NodeScope

if TYPE_CHECKING:
    from parcours.journeys.compile import Definitions, EventShape

_EVENTS = ("event", "businessEvent")


Arrow = tuple[str, str, str]
"""(from, transition, to)."""


def arrows_of(document: Mapping[str, Any]) -> list[Arrow]:
    """The arrows of a document in its order; of an unfinished one those that have the shape of one."""
    edges = document.get("edges")
    return [
        (edge["from"], transition_of(edge), edge["to"])
        for edge in (edges if isinstance(edges, list) else ())
        if isinstance(edge, Mapping)
        and isinstance(edge.get("from"), str)
        and isinstance(edge.get("to"), str)
        and (edge.get("kind") != "path" or "path" in edge)
    ]


def races_of(arrows: Iterable[Arrow]) -> dict[str, list[str]]:
    """Activities in parallel, where people wait for the first of them to happen, by the id of their race."""
    ways: dict[tuple[str, str], list[str]] = {}
    for source, transition, target in arrows:
        ways.setdefault((source, transition), []).append(target)
    return {race_id(*way): targets for way, targets in ways.items() if len(targets) > 1}


class Surroundings:
    """The nodes and arrows of a document, with the events and actions that they name."""

    def __init__(self, document: Mapping[str, Any], definitions: "Definitions") -> None:
        """What has not the shape of a node or an arrow is left out, and so is what names nothing that is there."""
        self._definitions = definitions
        nodes, entry, edges = document.get("nodes"), document.get("entry"), document.get("edges")
        self.nodes: dict[str, Mapping[str, Any]] = {
            node_id: config
            for node_id, config in (nodes.items() if isinstance(nodes, Mapping) else ())
            if isinstance(config, Mapping)
        }
        first = entry.get("node") if isinstance(entry, Mapping) else None
        self.entry_id: str = first if isinstance(first, str) else ""
        self.events: dict[str, EventShape] = {}
        self.actions: dict[str, ActionShape] = {}
        self.targets: dict[str, list[str]] = {}
        for edge in edges if isinstance(edges, list) else ():
            source, target = (edge.get("from"), edge.get("to")) if isinstance(edge, Mapping) else (None, None)
            if isinstance(source, str) and isinstance(target, str):
                self.targets.setdefault(source, []).append(target)
        self.back = graph.reversed_edges(self.targets)
        self.audience_id: str | None = None
        """The audience that the journey reads; None for a journey that reads none."""
        for node_id, config in self.nodes.items():
            if config.get("type") in _EVENTS:
                event = definitions.event(str(config.get("eventUid")))
                if event is not None:
                    self.events[node_id] = event
            elif config.get("type") == "readAudience" and self.audience_id is None:
                self.audience_id = str(config.get("audienceId"))
            elif config.get("type") == "customAction":
                action = definitions.action(str(config.get("actionUid")))
                if action is not None:
                    self.actions[node_id] = action

    @property
    def platform(self) -> dict[str, Mapping[str, Any] | None]:
        """The field groups of the built-in data source, with the attributes of members where the journey reads some."""
        groups = dict(self._definitions.platform())
        groups.pop(AUDIENCE_ENRICHMENT, None)
        if self.audience_id is not None:
            audience = self._definitions.audience(self.audience_id)
            groups[AUDIENCE_ENRICHMENT] = None if audience is None else document_of(audience.fields)
        return groups

    def default_name(self, node_id: str) -> str:
        """The configuration's name, with a number when it is used again (journeys §7)."""
        found = self.events.get(node_id) or self.actions.get(node_id)
        if found is None:
            return node_id
        group = self.events if node_id in self.events else self.actions
        same = [other for other, shape in group.items() if shape.uid == found.uid]
        position = same.index(node_id)
        return found.name if position == 0 else f"{found.name}{position + 1}"

    def before(self, node_id: str) -> set[str]:
        """The entry, and every node on some way to a node."""
        return graph.ancestors(node_id, self.back) - {node_id} | {self.entry_id}

    def scope_of(self, node_id: str) -> NodeScope:
        """What expressions at a node may read: the entry event, and what lies on some way to the node."""
        before = self.before(node_id)
        events = {self.events[other].name: self.events[other] for other in before if other in self.events}
        if node_id in self.events:
            events.setdefault(self.events[node_id].name, self.events[node_id])
        actions: dict[str, ActionShape] = {}
        lookups: dict[str, Mapping[str, Any] | None] = {}
        for other in before:
            config = self.nodes.get(other)
            if other in self.actions:
                shape = self.actions[other]
                actions[shape.name] = shape
                name = str(self.nodes[other].get("label") or self.default_name(other))
                if name.isidentifier():
                    actions.setdefault(name, shape)
            elif config is not None and config.get("type") == "datasetLookup":
                data_set = self._definitions.data_set(str(config.get("dataSetId")))
                lookups[result_name_of(other, config)] = None if data_set is None else data_set.document
        return NodeScope({name: event.document for name, event in events.items()}, actions, lookups)
