"""From a document to a journey that runs. What is checked here is what will run: there is no second reading."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from parcours.expressions.errors import ExpressionInvalid
from parcours.expressions.types import Type
from parcours.journeys import graph
from parcours.journeys.activities import KINDS
from parcours.journeys.activities.custom_action import ActionNode
from parcours.journeys.activities.kind import DAY_US, ActionShape, Explained
from parcours.journeys.check import MAX_FAULTS, Fault, check_graph, check_shape, check_size, read_time_zone
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.document import (
    DEFAULT_ACTION_S,
    DEFAULT_GLOBAL_DAYS,
    DEFAULT_REENTRANCE_WAIT_S,
    transition_of,
)
from parcours.journeys.errors import JourneyInvalid
from parcours.journeys.language import Language, NodeScope
from parcours.journeys.run import Node


@dataclass(frozen=True, slots=True)
class EventShape:
    """What a journey must know of an event configuration."""

    uid: str
    name: str
    namespace: str | None
    document: Mapping[str, Any] | None
    """Closed JSON Schema of the payload; None when any field may be read."""


class Definitions(Protocol):
    """What a journey of one sandbox may refer to."""

    def event(self, uid: str) -> EventShape | None:
        """An event configuration by uid."""
        ...

    def action(self, uid: str) -> ActionShape | None:
        """A custom action by uid."""
        ...

    def platform(self) -> Mapping[str, Mapping[str, Any] | None]:
        """Closed JSON Schema of each field group of `ExperiencePlatform`; None where any field may be read."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionIdentity:
    """Whose version a document is; everything a compiled journey knows that the document does not say."""

    scope_id: int = 0
    org_id: str = ""
    sandbox_name: str = ""
    journey_uid: str = ""
    version_uid: str = ""
    version: str = "1.0"


def compile_version(
    document: Mapping[str, Any], definitions: Definitions, identity: VersionIdentity
) -> CompiledJourney:
    """The journey ready to run. Raises JourneyInvalid with every fault."""
    journey, faults = examine(document, definitions, identity)
    errors = [fault for fault in faults if fault.severity == "error"]
    if errors or journey is None:
        raise JourneyInvalid(errors)
    return journey


def examine(
    document: Any, definitions: Definitions, identity: VersionIdentity | None = None
) -> tuple[CompiledJourney | None, list[Fault]]:
    """The journey, and everything that is wrong with its document; None when it can't be built."""
    size = check_size(document)
    if size is not None and size.severity == "error":
        return None, [size]
    faults = [] if size is None else [size]
    shape = check_shape(document)
    if shape:
        return None, [*faults, *shape]
    faults += check_graph(document)
    if any(fault.code in ("ERR_GRAPH_SIZE", "ERR_ENTRY_UNKNOWN") for fault in faults):
        return None, faults[:MAX_FAULTS]
    compiler = _Compiler(document, definitions, identity or VersionIdentity())
    journey = compiler.compile()
    faults = [*faults, *compiler.faults][:MAX_FAULTS]
    if any(fault.severity == "error" for fault in faults):
        return None, faults
    return journey, faults


class _Compiler:
    """Builds every node of one document, collecting faults."""

    def __init__(self, document: Mapping[str, Any], definitions: Definitions, identity: VersionIdentity) -> None:
        self.document = document
        self.definitions = definitions
        self.identity = identity
        self.faults: list[Fault] = []
        self.nodes: Mapping[str, Any] = document["nodes"]
        self.entry_id: str = document["entry"]["node"]
        self.events: dict[str, EventShape] = {}
        self.actions: dict[str, ActionShape] = {}
        self.time_zone = ZoneInfo("UTC")
        timeouts = document.get("timeouts", {})
        self.global_timeout_us: int = timeouts.get("globalDays", DEFAULT_GLOBAL_DAYS) * DAY_US
        self.action_timeout_us: int = timeouts.get("actionSeconds", DEFAULT_ACTION_S) * 1_000_000
        self.language = Language(definitions.platform())
        targets: dict[str, list[str]] = {}
        for edge in document.get("edges", ()):
            targets.setdefault(edge["from"], []).append(edge["to"])
        self.back = graph.reversed_edges(targets)

    def compile(self) -> CompiledJourney | None:
        document, identity = self.document, self.identity
        zone = read_time_zone(document.get("timeZone", "UTC"))
        if zone is None:
            self.faults.append(Fault("ERR_TIME_ZONE", f"no time zone {document['timeZone']!r}", "$.timeZone"))
        else:
            self.time_zone = zone
        for node_id, config in self.nodes.items():
            if config["type"] == "event":
                event = self.definitions.event(config["eventUid"])
                if event is not None:
                    self.events[node_id] = event
            elif config["type"] == "customAction":
                action = self.definitions.action(config["actionUid"])
                if action is not None:
                    self.actions[node_id] = action
        built = {node_id: self._build(node_id, config) for node_id, config in self.nodes.items()}
        if any(fault.severity == "error" for fault in self.faults):
            return None
        for node in built.values():
            if isinstance(node, ActionNode):
                node.link(self._alias(node), self.language.actions_read)
        for edge in document.get("edges", ()):
            if edge["from"] in built and edge["to"] in built:
                built[edge["from"]].exits[transition_of(edge)] = built[edge["to"]]
        entry = self.events.get(self.entry_id)
        if entry is None:
            return None
        reentrance = document["entry"].get("reentrance", {})
        return CompiledJourney(
            scope_id=identity.scope_id,
            journey_uid=identity.journey_uid,
            version_uid=identity.version_uid,
            version=identity.version,
            name=document["name"],
            description=document.get("description", ""),
            namespace=entry.namespace,
            entry_node_id=self.entry_id,
            entry_event_uid=entry.uid,
            entry_event_name=entry.name,
            entry_waiting_for=f"event:{entry.uid}",
            listened=frozenset(event.uid for node_id, event in self.events.items() if node_id != self.entry_id),
            nodes=built,
            time_zone=self.time_zone,
            global_timeout_us=self.global_timeout_us,
            action_timeout_us=self.action_timeout_us,
            is_reentrance_allowed=reentrance.get("allowed", True),
            reentrance_wait_us=reentrance.get("waitSeconds", DEFAULT_REENTRANCE_WAIT_S) * 1_000_000,
            step_fields={
                "journeyID": identity.journey_uid,
                "journeyVersionID": identity.version_uid,
                "journeyVersionName": document["name"],
                "journeyVersion": identity.version,
                "instanceType": "unitary",
                **({} if entry.namespace is None else {"profileNamespace": entry.namespace}),
            },
            reads_profile=self.language.reads_profile,
            properties={
                "journeyUID": identity.journey_uid,
                "journeyVersionUID": identity.version_uid,
                "journeyVersionName": document["name"],
                "journeyVersionDescription": document.get("description", ""),
                "journeyVersion": identity.version,
                "organizationId": identity.org_id,
                "sandboxName": identity.sandbox_name,
            },
        )

    def _build(self, node_id: str, config: Mapping[str, Any]) -> Node:
        name = config.get("label") or self._default_name(node_id, config)
        return KINDS[config["type"]].build(node_id, name, config, _NodeBuilder(self, node_id))

    def _default_name(self, node_id: str, config: Mapping[str, Any]) -> str:
        """The configuration's name, with a number when it is used again (journeys §7)."""
        found = self.events.get(node_id) or self.actions.get(node_id)
        if found is None:
            return node_id
        group = self.events if node_id in self.events else self.actions
        same = [other for other, shape in group.items() if shape.uid == found.uid]
        position = same.index(node_id)
        return found.name if position == 0 else f"{found.name}{position + 1}"

    def _alias(self, node: ActionNode) -> str | None:
        """A name of its own for a node whose action is used by several (expression-language §7.3)."""
        shared = sum(action.uid == node.action_uid for action in self.actions.values()) > 1
        return node.name if shared and node.name != node.action_name and node.name.isidentifier() else None

    def scope_of(self, node_id: str) -> NodeScope:
        """What expressions at a node may read: the entry event, and events and actions on some way to it."""
        before = graph.ancestors(node_id, self.back) - {node_id} | {self.entry_id}
        events = {self.events[other].name: self.events[other] for other in before if other in self.events}
        if node_id in self.events:
            events.setdefault(self.events[node_id].name, self.events[node_id])
        actions: dict[str, ActionShape] = {}
        for other in before:
            if other in self.actions:
                shape = self.actions[other]
                actions[shape.name] = shape
                name = self.nodes[other].get("label") or self._default_name(other, self.nodes[other])
                if name.isidentifier():
                    actions.setdefault(name, shape)
        return NodeScope({name: event.document for name, event in events.items()}, actions)


class _NodeBuilder:
    """The Builder of one node."""

    def __init__(self, compiler: _Compiler, node_id: str) -> None:
        self._compiler = compiler
        self._node_id = node_id
        self._scope: NodeScope | None = None

    @property
    def time_zone(self) -> ZoneInfo:
        return self._compiler.time_zone

    @property
    def global_timeout_us(self) -> int:
        return self._compiler.global_timeout_us

    @property
    def is_entry(self) -> bool:
        return self._node_id == self._compiler.entry_id

    def fault(self, code: str, message: str, path: str, *, line: int | None = None, column: int | None = None) -> None:
        where = f"$.nodes.{self._node_id}{path}"
        self._compiler.faults.append(Fault(code, message, where, self._node_id, "error", line, column))

    def expression(self, text: str, path: str, expected: Type | None) -> Explained | None:
        if self._scope is None:
            self._scope = self._compiler.scope_of(self._node_id)
        try:
            explained = self._compiler.language.compile(text, self._scope, expected)
        except ExpressionInvalid as problem:
            self.fault("ERR_EXPRESSION", str(problem), path, line=problem.line, column=problem.column)
            return None
        if any(read.startswith("inAudience(") for read, _ in explained.references):
            message = "inAudience is false for everybody: this server has no audiences"
            where = f"$.nodes.{self._node_id}{path}"
            self._compiler.faults.append(Fault("ERR_EXPRESSION_AUDIENCE", message, where, self._node_id, "warning"))
        return explained

    def event_name(self, uid: str, path: str) -> str | None:
        compiler = self._compiler
        event = compiler.events.get(self._node_id)
        if event is None:
            self.fault("ERR_EVENT_UNKNOWN", f"no event configuration {uid!r}", path)
            return None
        entry = compiler.events.get(compiler.entry_id)
        if entry is not None and _code(event.namespace) != _code(entry.namespace):
            self.fault(
                "ERR_EVENT_NAMESPACE",
                f"event {event.name!r} is about {event.namespace or 'no namespace'}, "
                f"the journey's entry {entry.name!r} about {entry.namespace or 'no namespace'}",
                path,
            )
        return event.name

    def action(self, uid: str, path: str) -> ActionShape | None:
        found = self._compiler.actions.get(self._node_id)
        if found is None:
            self.fault("ERR_ACTION_UNKNOWN", f"no custom action {uid!r}", path)
        return found


def _code(namespace: str | None) -> str | None:
    """Namespace codes are compared without regard to case."""
    return None if namespace is None else namespace.lower()
