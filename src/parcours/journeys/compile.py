"""From a document to a journey that runs. What is checked here is what will run: there is no second reading."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from parcours.audiences.fields import attributes_reader
from parcours.expressions.errors import ExpressionInvalid, nearest
from parcours.expressions.references import Reference
from parcours.expressions.types import Type
from parcours.governance.table import ScopePolicies
from parcours.journeys import entrance
from parcours.journeys.activities import KINDS
from parcours.journeys.activities.custom_action import ActionNode
from parcours.journeys.activities.event import EventNode
from parcours.journeys.activities.kind import (
    ANY_NAMESPACE,
    DAY_US,
    ActionShape,
    AudienceShape,
    DataSetShape,
    Explained,
    RuleShape,
    SourceShape,
    TargetShape,
    TemplateShape,
)
from parcours.journeys.activities.listener import Listener, RaceNode, race_id
from parcours.journeys.activities.optimize import ExperimentNode
from parcours.journeys.activities.sending import SendingNode
from parcours.journeys.check import MAX_FAULTS, Fault, Severity, check_graph, check_shape, check_size
from parcours.journeys.compiled import AudienceRead, CompiledJourney
from parcours.journeys.document import (
    DEFAULT_ACTION_S,
    DEFAULT_GLOBAL_DAYS,
    DEFAULT_REENTRANCE_WAIT_S,
    transition_of,
    with_whole_numbers,
)
from parcours.journeys.enrichment import enrichment_in
from parcours.journeys.errors import JourneyInvalid
from parcours.journeys.experiment_check import check_experiments
from parcours.journeys.fetch_plan import build_fetches
from parcours.journeys.language import Language, NodeScope
from parcours.journeys.metrics import read_metrics
from parcours.journeys.paths_check import check_ways
from parcours.journeys.run import LATEST_PROPERTIES, Node, zone_named
from parcours.journeys.shared_rules import SharedRules
from parcours.journeys.surroundings import Surroundings
from parcours.journeys.usage_check import check_usage, fields_of_template, fields_read, uses_of
from parcours.journeys.usage_labels import SandboxLabels
from parcours.xdm.usage_labels import FieldLabels


@dataclass(frozen=True, slots=True)
class EventShape:
    """What a journey must know of an event configuration."""

    uid: str
    name: str
    namespace: str | None
    document: Mapping[str, Any] | None
    """Closed JSON Schema of the payload; None when any field may be read."""
    is_business: bool = False
    """Whether it is about no person."""
    has_supplemental_id: bool = False
    schema_id: str = ""
    supplemental_namespace: str | None = None
    """Namespace of its supplemental ids; None when it has none."""
    event_id: str | None = None
    """What a payload names it by; None for an event that a rule recognises."""


class Definitions(Protocol):
    """What a journey of one sandbox may refer to."""

    def event(self, uid: str) -> EventShape | None:
        """An event configuration by uid."""
        ...

    def action(self, uid: str) -> ActionShape | None:
        """A custom action by uid."""
        ...

    def template(self, uid: str) -> TemplateShape | None:
        """A published message template by uid."""
        ...

    def audience(self, audience_id: str) -> AudienceShape | None:
        """An audience by id."""
        ...

    def audience_named(self, name: str) -> AudienceShape | None:
        """An audience by the name that `inAudience` calls it."""
        ...

    def data_set(self, data_set_id: str) -> DataSetShape | None:
        """A data set by id."""
        ...

    def sources(self) -> Mapping[str, SourceShape]:
        """The external data sources by name."""
        ...

    def platform_groups(self) -> Mapping[str, str]:
        """Field groups added to the built-in data source, each with the shipped one it is a part of."""
        ...

    def target(self, journey_uid: str) -> TargetShape | None:
        """A journey that begins with an event, as others jump to it; None for any other."""
        ...

    def jumps_of(self, journey_uid: str) -> frozenset[str]:
        """Uids of the journeys that the latest version of a journey jumps to."""
        ...

    def rule_set(self, uid: str) -> tuple[str, str, str] | None:
        """(name, domain, state) of a rule set by uid."""
        ...

    def decision_rule(self, uid: str) -> RuleShape | None:
        """A decision rule by uid."""
        ...

    def policies(self) -> ScopePolicies | None:
        """What data may be used for; None where that is not looked at, for it was at the publication."""
        ...

    def labels(self, schema_id: str) -> FieldLabels:
        """The usage labels of a schema's fields, or of a class's union."""
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
    if not any(fault.severity == "error" for fault in faults):
        faults += check_ways(document)
    compiler = Compiler(document, definitions, identity or VersionIdentity())
    journey = compiler.compile()
    faults = [*faults, *compiler.faults][:MAX_FAULTS]
    if any(fault.severity == "error" for fault in faults):
        return None, faults
    return journey, faults


class Compiler:
    """Builds every node of one document, collecting faults."""

    def __init__(self, document: Mapping[str, Any], definitions: Definitions, identity: VersionIdentity) -> None:
        self.document = document = with_whole_numbers(document)
        self.definitions = definitions
        self.identity = identity
        self.faults: list[Fault] = []
        around = Surroundings(document, definitions)
        self.nodes: Mapping[str, Any] = document["nodes"]
        self.entry_id = around.entry_id
        self.events = around.events
        self.actions = around.actions
        self.targets = around.targets
        self.back = around.back
        self.scope_of = around.scope_of
        self._default_name = around.default_name
        self.time_zone = ZoneInfo("UTC")
        timeouts = document.get("timeouts", {})
        self.global_timeout_us: int = timeouts.get("globalDays", DEFAULT_GLOBAL_DAYS) * DAY_US
        self.action_timeout_us: int = timeouts.get("actionSeconds", DEFAULT_ACTION_S) * 1_000_000
        self.language = Language(around.platform, definitions.sources())
        self.reads_enrichment = False
        """Whether a template reads attributes of the member of an audience."""
        self.rules = SharedRules(definitions)
        self.fetches = 0
        """How many fetches the journey has so far; each has its number."""
        self.entry = entrance.read_entry(document, self.events.get(self.entry_id), definitions)

    def compile(self) -> CompiledJourney | None:
        document, identity, entry = self.document, self.identity, self.entry
        zone = zone_named(document.get("timeZone", "UTC"))
        if zone is None:
            self.fault("ERR_TIME_ZONE", f"no time zone {document['timeZone']!r}", "$.timeZone")
        else:
            self.time_zone = zone
        if document.get("useProfileTimeZone") and entry.namespace is None:
            message = "a journey without a namespace has no profile to take the time zone from"
            self.fault("ERR_TIME_ZONE", message, "$.useProfileTimeZone")
        if document["entry"].get("multipleExecutions") and entry.type != "business":
            message = "multipleExecutions is for journeys that begin with a business event"
            self.fault("ERR_ENTRY_EXECUTIONS", message, "$.entry.multipleExecutions")
        built = {node_id: self._build(node_id, config) for node_id, config in self.nodes.items()}
        exit_criteria = entrance.read_exit_criteria(self)
        start_us, end_us = entrance.read_dates(self)
        metrics = read_metrics(self)
        check_experiments(self, built, metrics)
        audience_ids = self._audience_ids()
        if "ruleSet" in document:
            self.rule_set(document["ruleSet"], "journey", "$.ruleSet")
        if any(fault.severity == "error" for fault in self.faults):
            return None
        for node in built.values():
            if isinstance(node, ActionNode):
                node.link(self._alias(node), self.language.actions_read)
        races = self._link(built)
        added_groups = self.language.added_groups | self.rules.language.added_groups
        reentrance = document["entry"].get("reentrance", {})
        listened = {node.event_uid for node in built.values() if isinstance(node, EventNode)}
        listened |= {criterion.event_uid for criterion in exit_criteria}
        read = self._with_attributes(entry.read)
        return CompiledJourney(
            scope_id=identity.scope_id,
            journey_uid=identity.journey_uid,
            version_uid=identity.version_uid,
            version=identity.version,
            name=document["name"],
            description=document.get("description", ""),
            namespace=entry.namespace,
            entry_node_id=self.entry_id,
            entry_event_uid=entry.event_uid,
            entry_event_names=entry.event_names,
            entry_waiting_for=f"event:{entry.event_uid}",
            admits=entry.admits,
            listened=frozenset(listened),
            nodes={**built, **races},
            time_zone=self.time_zone,
            global_timeout_us=self.global_timeout_us,
            action_timeout_us=self.action_timeout_us,
            is_reentrance_allowed=reentrance.get("allowed", True),
            reentrance_wait_us=reentrance.get("waitSeconds", DEFAULT_REENTRANCE_WAIT_S) * 1_000_000,
            event_ids=self._event_ids({entry.event_uid, *listened}),
            step_fields={
                "journeyID": identity.journey_uid,
                "journeyVersionID": identity.version_uid,
                "journeyVersionName": document["name"],
                "journeyVersion": identity.version,
                "instanceType": "unitary" if entry.read is None else "batch",
                **({} if entry.namespace is None else {"profileNamespace": entry.namespace}),
            },
            reads_profile=(
                self.language.reads_profile
                or self.rules.language.reads_profile
                or bool(audience_ids)
                or bool(document.get("useProfileTimeZone"))
            ),
            reads_latest=not LATEST_PROPERTIES.isdisjoint(
                self.language.properties_read | self.rules.language.properties_read
            ),
            has_sources=self.fetches > 0 or bool(added_groups),
            platform_groups={
                name: whole for name, whole in self.definitions.platform_groups().items() if name in added_groups
            },
            decision_rules=self.rules.used,
            audience_ids=audience_ids,
            uses_profile_time_zone=bool(document.get("useProfileTimeZone")),
            exit_criteria=tuple(exit_criteria),
            audience_read=read,
            carries_attributes=read is not None and read.attributes is not None,
            allows_multiple_executions=document["entry"].get("multipleExecutions", False),
            type=entry.type,
            start_us=start_us,
            end_us=end_us,
            uses_supplemental_id=entry.has_supplemental_id,
            supplemental_namespace=entry.supplemental_namespace,
            priority=document.get("priority", 0),
            rule_set_uid=document.get("ruleSet"),
            message_rule_sets=frozenset(
                node.rule_set for node in built.values() if isinstance(node, SendingNode) and node.channel is not None
            ),
            jumps_to=frozenset(
                config["targetJourneyUid"] for config in self.nodes.values() if config["type"] == "jump"
            ),
            metrics=metrics,
            measures_completion=any(metric.type == "completed" for metric in metrics),
            experiments=tuple(
                node_id for node_id, node in built.items() if metrics and isinstance(node, ExperimentNode)
            ),
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

    def _with_attributes(self, read: AudienceRead | None) -> AudienceRead | None:
        """With what members' attributes are read by, where an expression or a template reads them."""
        if read is None or not (self.reads_enrichment or self.language.reads_enrichment):
            return read
        audience = self.definitions.audience(read.audience_id)
        names = frozenset(self.language.attributes_read | self.rules.language.attributes_read)
        is_open = "*" in names or any(config["type"] == "message" for config in self.nodes.values())
        return replace(
            read,
            attributes=attributes_reader(() if audience is None else audience.fields),
            attributes_read=None if is_open else names,
        )

    # --- nodes and arrows ---

    def _build(self, node_id: str, config: Mapping[str, Any]) -> Node:
        name = config.get("label") or self._default_name(node_id)
        builder = _NodeBuilder(self, node_id)
        node = KINDS[config["type"]].build(node_id, name, config, builder)
        self._check_usage(node_id, config, builder)
        if config["type"] == "message":
            self._check_enrichment(config, builder)
        node.fetches = build_fetches(builder, config.get("dynamicValues", ()), self.fetches)
        self.fetches += len(node.fetches)
        return node

    def _check_usage(self, node_id: str, config: Mapping[str, Any], builder: "_NodeBuilder") -> None:
        """Whether an activity may send what it sends: before its dynamic values, which go to a data source."""
        policies = self.definitions.policies()
        if policies is None:
            return
        template = self.definitions.template(config["templateUid"]) if config["type"] == "message" else None
        uses = uses_of(config, self.actions.get(node_id), template)
        if not uses:
            return
        labelled = SandboxLabels(self.definitions, self.events.values(), self.nodes)
        fields = fields_read(builder.reads, labelled)
        if template is not None:
            entry = self.events.get(self.entry_id)
            fields = chain(fields, fields_of_template(template, labelled, entry.name if entry else ""))
        for one in check_usage(policies, uses, fields):
            report = builder.fault if one.is_error else builder.warn
            report(one.code, one.message, one.path)

    def _check_enrichment(self, config: Mapping[str, Any], builder: "_NodeBuilder") -> None:
        """What a template reads of the member of an audience; it may be written for other journeys, too."""
        template = self.definitions.template(config["templateUid"])
        read = () if template is None else enrichment_in(template.paths)
        if self.entry.read is None:
            wanted = [path for path in read if len(path) > 1]
            if template is not None and wanted:
                message = f"template {template.name!r} reads {'.'.join(wanted[0])}, and the journey reads no audience"
                builder.warn("ERR_TEMPLATE_ENRICHMENT", message, ".templateUid")
            return
        self.reads_enrichment |= bool(read)
        audience = self.definitions.audience(self.entry.read.audience_id)
        known = [field["name"] for field in (() if audience is None else audience.fields)]
        for path in read:
            if template is not None and known and len(path) > 2 and path[2] not in known:
                names = ", ".join(nearest(path[2], known) or known[:10])
                told = f"template {template.name!r} reads {'.'.join(path)}"
                message = f"{told}, which is no field of the audience; did you mean {names}?"
                builder.warn("ERR_TEMPLATE_ENRICHMENT", message, ".templateUid")

    def _link(self, built: Mapping[str, Node]) -> dict[str, Node]:
        """Set the exits; events and waits after one transition become a race. The races by their ids."""
        ways: dict[tuple[str, str], list[Node]] = {}
        for edge in self.document.get("edges", ()):
            if edge["from"] in built and edge["to"] in built:
                ways.setdefault((edge["from"], transition_of(edge)), []).append(built[edge["to"]])
        races: dict[str, Node] = {}
        for (source, transition), followers in ways.items():
            following = followers[0]
            if len(followers) > 1:
                members = [node for node in followers if isinstance(node, Listener)]
                following = RaceNode(race_id(source, transition), members)
                races[following.id] = following
            built[source].exits[transition] = following
        return races

    def _alias(self, node: ActionNode) -> str | None:
        """A name of its own for a node whose action is used by several (expression-language §7.3)."""
        shared = sum(action.uid == node.action_uid for action in self.actions.values()) > 1
        return node.name if shared and node.name != node.action_name and node.name.isidentifier() else None

    # --- what is meant ---

    def fault(
        self, code: str, message: str, path: str, node_id: str | None = None, severity: Severity = "error",
        line: int | None = None, column: int | None = None,
    ) -> None:  # fmt: skip
        """Note something wrong."""
        self.faults.append(Fault(code, message, path, node_id, severity, line, column))

    def expression(
        self, text: str, scope: NodeScope, expected: Type | None, path: str, node_id: str | None = None
    ) -> Explained | None:
        """Compile a text; None, with a fault, when it can't be. Warnings of the language become warnings here."""
        try:
            explained = self.language.compile(text, scope, expected)
        except ExpressionInvalid as problem:
            self.fault(
                "ERR_EXPRESSION", str(problem), path, node_id, line=problem.line, column=problem.column
            )  # fmt: skip
            return None
        if node_id is None and explained.external:
            message = "external data sources can be read by activities only, not here"
            self.fault("ERR_DATA_SOURCE_PLACE", message, path)
        for lint in explained.warnings:
            message = f"{lint.rule}: {lint.message}"
            self.fault("ERR_EXPRESSION_STYLE", message, path, node_id, "warning", lint.line, lint.column)
        return explained

    def rule_set(self, uid: str, domain: str, path: str, node_id: str | None = None) -> None:
        """Make sure that a rule set is there and of the domain; one that is not active is worth a warning."""
        found = self.definitions.rule_set(uid)
        if found is None:
            self.fault("ERR_RULE_SET_UNKNOWN", f"no rule set {uid!r}", path, node_id)
            return
        name, its_domain, state = found
        if its_domain not in (domain, ""):  # "": of a set that no file describes
            message = f"rule set {name!r} is of the {its_domain} domain, not of the {domain} domain"
            self.fault("ERR_RULE_SET_DOMAIN", message, path, node_id)
        elif state != "active":
            message = f"rule set {name!r} is {state}: it applies once it is active"
            self.fault("ERR_RULE_SET_INACTIVE", message, path, node_id, "warning")

    def _event_ids(self, event_uids: Iterable[str]) -> dict[str, str]:
        shapes = [shape for uid in event_uids if (shape := self.definitions.event(uid)) is not None]
        return {shape.uid: shape.event_id for shape in shapes if shape.event_id is not None}

    def _audience_ids(self) -> dict[str, str]:
        """Ids of the audiences that expressions ask for, by the names they use."""
        found: dict[str, str] = {}
        own, kept = self.language.audiences_read, self.rules.audience_ids()
        for name in sorted(own | self.rules.language.audiences_read):
            audience = (
                self.definitions.audience_named(name)
                if name in own or name not in kept
                else self.definitions.audience(kept[name])
            )
            if audience is None:
                self.fault("ERR_AUDIENCE_UNKNOWN", f"no audience {name!r}", "$.nodes")
            else:
                found[name] = audience.id
        if found and self.entry.namespace is None:
            message = "a journey without a namespace can't know who is in an audience"
            self.fault("ERR_AUDIENCE_NAMESPACE", message, "$.entry.node", self.entry_id)
        return found


class _NodeBuilder:
    """The Builder of one node."""

    def __init__(self, compiler: Compiler, node_id: str) -> None:
        self._compiler = compiler
        self._node_id = node_id
        self._scope: NodeScope | None = None
        self.external: list[tuple[str, Reference]] = []
        """What the node's expressions read of external data sources, each with the place of the expression."""
        self.reads: list[tuple[str, Reference]] = []
        """Everything that they read, in the same way."""

    @property
    def time_zone(self) -> ZoneInfo:
        return self._compiler.time_zone

    @property
    def global_timeout_us(self) -> int:
        return self._compiler.global_timeout_us

    @property
    def is_entry(self) -> bool:
        return self._node_id == self._compiler.entry_id

    def fault(self, code: str, message: str, path: str) -> None:
        self._compiler.fault(code, message, f"$.nodes.{self._node_id}{path}", self._node_id)

    def warn(self, code: str, message: str, path: str) -> None:
        self._compiler.fault(code, message, f"$.nodes.{self._node_id}{path}", self._node_id, "warning")

    def expression(self, text: str, path: str, expected: Type | None) -> Explained | None:
        if self._scope is None:
            self._scope = self._compiler.scope_of(self._node_id)
        where = f"$.nodes.{self._node_id}{path}"
        explained = self._compiler.expression(text, self._scope, expected, where, self._node_id)
        if explained is not None:
            self.external += [(path, reference) for reference in explained.external]
            self.reads += [(path, reference) for reference in explained.reads]
        return explained

    @property
    def external_sources(self) -> Mapping[str, SourceShape]:
        return self._compiler.language.sources

    def event_name(self, uid: str, path: str) -> str | None:
        compiler = self._compiler
        event = compiler.events.get(self._node_id)
        if event is None:
            self.fault("ERR_EVENT_UNKNOWN", f"no event configuration {uid!r}", path)
            return None
        kind = compiler.nodes[self._node_id]["type"]
        if event.is_business != (kind == "businessEvent"):
            told = (
                "a business event: it begins a journey as a businessEvent activity" if event.is_business else "unitary"
            )
            self.fault("ERR_EVENT_KIND", f"event {event.name!r} is {told}", path)
        elif kind == "event" and _code(event.namespace) != _code(compiler.entry.namespace):
            self.fault(
                "ERR_EVENT_NAMESPACE",
                f"event {event.name!r} is about {event.namespace or 'no namespace'}, "
                f"the journey about {compiler.entry.namespace or 'no namespace'}",
                path,
            )
        return event.name

    def action(self, uid: str, path: str) -> ActionShape | None:
        found = self._compiler.actions.get(self._node_id)
        if found is None:
            self.fault("ERR_ACTION_UNKNOWN", f"no custom action {uid!r}", path)
        return found

    def template(self, uid: str, path: str) -> TemplateShape | None:
        found = self._compiler.definitions.template(uid)
        if found is None:
            self.fault("ERR_TEMPLATE_UNKNOWN", f"no published message template {uid!r}", path)
        return found

    def read_profile(self) -> None:
        self._compiler.language.reads_profile = True

    def audience(self, audience_id: str, path: str) -> AudienceShape | None:
        found = self._compiler.definitions.audience(audience_id)
        if found is None:
            self.fault("ERR_AUDIENCE_UNKNOWN", f"no audience {audience_id!r}", path)
        return found

    def data_set(self, data_set_id: str, path: str) -> DataSetShape | None:
        found = self._compiler.definitions.data_set(data_set_id)
        if found is None:
            self.fault("ERR_DATA_SET_UNKNOWN", f"no data set {data_set_id!r}", path)
        return found

    def rule_set(self, uid: str, path: str) -> None:
        self._compiler.rule_set(uid, "channel", f"$.nodes.{self._node_id}{path}", self._node_id)

    def target(self, journey_uid: str, path: str) -> TargetShape | None:
        compiler = self._compiler
        found = compiler.definitions.target(journey_uid)
        if found is None:
            message = f"no journey {journey_uid!r} that begins with an event about a person"
            self.fault("ERR_JUMP_TARGET", message, path)
            return None
        if found.namespace is None or (
            found.namespace != ANY_NAMESPACE and _code(found.namespace) != _code(compiler.entry.namespace)
        ):
            self.fault(
                "ERR_JUMP_NAMESPACE",
                f"journey {found.name!r} is about {found.namespace or 'no namespace'}, "
                f"this one about {compiler.entry.namespace or 'no namespace'}",
                path,
            )
        way = entrance.way_back(journey_uid, compiler.identity.journey_uid, compiler.definitions)
        if way is not None:
            self.fault("ERR_JUMP_LOOP", "the jump comes back to this journey: " + " → ".join(way), path)
        return found

    def decision_rule(self, uid: str, path: str) -> tuple[str, Explained] | None:
        found = self._compiler.definitions.decision_rule(uid)
        if found is None:
            self.fault("ERR_DECISION_RULE_UNKNOWN", f"no decision rule {uid!r}", path)
            return None
        try:
            return found.name, self._compiler.rules.read(found)
        except ExpressionInvalid as problem:
            self.fault("ERR_DECISION_RULE", f"decision rule {found.name!r}: {problem}", path)
            return None

    def namespace(self) -> str | None:
        return self._compiler.entry.namespace

    def sources(self) -> Sequence[tuple[str, str]]:
        nodes = self._compiler.nodes
        return [(other, nodes[other]["type"]) for other in self._compiler.back.get(self._node_id, ()) if other in nodes]

    def followers(self) -> Sequence[str]:
        nodes = self._compiler.nodes
        return [nodes[other]["type"] for other in self._compiler.targets.get(self._node_id, ()) if other in nodes]


def _code(namespace: str | None) -> str | None:
    """Namespace codes are compared without regard to case."""
    return None if namespace is None else namespace.lower()
