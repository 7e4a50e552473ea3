"""Definitions out of files: a journey, and the events and actions it names, without a server.

A configuration document has `events`, `actions`, `dataSources`, `audiences`, `schemas`, `ruleSets`, `decisionRules` and
`profile`, each as the API takes it; nodes and exit criteria of a journey may say `event: Name`, `action: Name` and
`audience: Name` in place of uids, and paths `rule: Name`. An event whose schema isn't given may have any field; an
audience that isn't given is one of e-mail addresses.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from parcours.actions.document import read_document as read_action
from parcours.actions.errors import ActionInvalid
from parcours.actions.table import ActionTable
from parcours.audiences.document import read_document as read_audience
from parcours.audiences.errors import AudienceInvalid
from parcours.audiences.model import CUSTOM_UPLOAD, Audience
from parcours.audiences.table import AudienceTable
from parcours.catalog.model import DataSetTable
from parcours.datasources.document import read_document as read_source
from parcours.datasources.errors import DataSourceInvalid
from parcours.datasources.table import NO_SOURCES, SourceTable
from parcours.events.compile import payload_document
from parcours.events.errors import EventInvalid
from parcours.events.language import condition_reader, key_reader
from parcours.events.model import EventConfiguration
from parcours.events.related import read_related
from parcours.events.related_document import read_given
from parcours.events.supplemental import attribute_path, supplemental_readers
from parcours.events.table import EventTable
from parcours.expressions.errors import ExpressionInvalid
from parcours.expressions.references import EXPERIENCE_EVENTS
from parcours.identity.namespaces import canonical_namespace
from parcours.journeys.activities.kind import (
    ANY_NAMESPACE,
    AudienceShape,
    DataSetShape,
    RuleShape,
    TargetShape,
    TemplateShape,
)
from parcours.journeys.activities.message import MessageNode
from parcours.journeys.check import Fault
from parcours.journeys.compile import VersionIdentity, examine
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.decision_rule_document import read_document as read_decision_rule
from parcours.journeys.decision_rule_table import NO_DECISION_RULES, DecisionRuleTable
from parcours.journeys.definitions import SandboxDefinitions
from parcours.journeys.errors import DecisionRuleInvalid
from parcours.journeys.run import PROFILE_GROUP
from parcours.journeys.shared_rules import SharedRules
from parcours.journeys.targets import TargetTable
from parcours.kit.clock import Clock
from parcours.kit.errors import Invalid
from parcours.kit.secrets import SecretBox
from parcours.kit.yaml_text import Located, Tokens, read_yaml, split_json_path
from parcours.rulesets.document import read_document as read_rule_set
from parcours.rulesets.errors import RuleSetInvalid
from parcours.rulesets.table import NO_RULE_SETS, RuleSetTable
from parcours.xdm.table import SchemaTable

MEMBERS = ("events", "actions", "dataSources", "audiences", "schemas", "ruleSets", "decisionRules", "profile")
_SUFFIXES = frozenset({".yaml", ".yml", ".json"})
_READ_ONLY = ("uid", "orgId", "sandboxName", "metadata", "state", "version", "usedIn")
_NAMED = {"event": "eventUid", "action": "actionUid", "audience": "audienceId"}
"""What a node or exit criterion may name, and the member that holds its uid."""
UNKNOWN_NAMESPACE = "Email"
"""Of an audience that no file describes."""


class BundleInvalid(Invalid):
    """Files that can't be run; the message has a line for each fault, with file, line and column."""

    def __init__(self, lines: Iterable[str]) -> None:
        super().__init__("\n".join(lines))


@dataclass(frozen=True, slots=True)
class Bundle:
    """Events and actions of some files, compiled; the journeys that name them are compiled with it."""

    events: EventTable
    actions: ActionTable
    event_names: Mapping[str, EventConfiguration]
    action_uids: Mapping[str, str]
    """By name."""
    schema_ids: tuple[str, ...]
    """Of every event; an entity that doesn't say which schema it has is compared with all."""
    profile: Mapping[str, Any] | None = None
    """Closed JSON Schema of the profile; None when expressions may read any field."""
    audiences: tuple[Audience, ...] = ()
    rule_sets: RuleSetTable = NO_RULE_SETS
    """Journeys name them by uid, or by name where a file gives none."""
    data_sources: SourceTable = NO_SOURCES
    decision_rules: DecisionRuleTable = NO_DECISION_RULES
    """Journeys name them by uid or name."""
    definitions: "_Definitions" = field(init=False)

    def __post_init__(self) -> None:
        """Make what journeys are compiled with."""
        object.__setattr__(self, "definitions", _Definitions(
            0, self.events, self.actions, SchemaTable({}, {}), DataSetTable({}), TargetTable(()),
            AudienceTable(self.audiences), self.rule_sets, data_sources=self.data_sources,
            decision_rules=self.decision_rules, profile=self.profile,
        ))  # fmt: skip

    def stubbed(self, journeys: Iterable[CompiledJourney]) -> tuple[str, ...]:
        """What stubs may answer for: actions, data sources, their field groups as `Source.group`, and templates.

        Templates are those that the journeys send, as their documents name them.
        """
        sources = self.data_sources.in_scope(0)
        groups = [f"{source.name}.{name}" for source in sources for name in source.groups]
        nodes = [node for journey in journeys for node in journey.nodes.values()]
        templates = dict.fromkeys([node.action_name for node in nodes if isinstance(node, MessageNode)])
        return (*self.action_uids, *(source.name for source in sources), *groups, *templates)

    def schemas_of(self, schema_id: str | None) -> tuple[str, ...]:
        """Whose configurations an entity is compared with: those of its schema, or of all when it names none."""
        return (schema_id,) if schema_id in self.schema_ids and schema_id is not None else self.schema_ids

    def compile(self, source: Located) -> CompiledJourney:
        """A journey ready to run. Raises BundleInvalid with every fault and its place."""
        event_uids = {name: found.uid for name, found in self.event_names.items()}
        audience_ids = {found.name: found.id for found in self.audiences}
        document, name = resolve_names(source, event_uids, self.action_uids, audience_ids), ""
        if isinstance(source.document, Mapping):
            name = str(source.document.get("name", ""))
        identity = VersionIdentity(journey_uid=name, version_uid=f"{name}/draft", version="draft")
        journey, faults = examine(document, self.definitions, identity)
        errors = [fault for fault in faults if fault.severity == "error"]
        if journey is None or errors:
            raise BundleInvalid([_told(source, fault) for fault in errors])
        return journey

    def known_audiences(self, journeys: Iterable[CompiledJourney]) -> dict[str, AudienceShape]:
        """By name and by id: audiences that files describe, and those that journeys are about or ask for."""
        ids = {one.name: one.id for one in self.audiences}
        for journey in journeys:
            ids |= journey.audience_ids
            uids = (journey.entry_event_uid, *journey.listened)
            ids |= {uid.partition(":")[2]: uid.partition(":")[2] for uid in uids if uid.startswith("audience:")}
            if journey.audience_read is not None:
                ids[journey.audience_read.audience_id] = journey.audience_read.audience_id
        found = {name: self.definitions.audience(audience_id) for name, audience_id in ids.items()}
        return {**{shape.id: shape for shape in found.values()}, **found}


def resolve_names(
    source: Located, events: Mapping[str, str], actions: Mapping[str, str], audiences: Mapping[str, str]
) -> Any:
    """The journey document with uids in place of names. events, actions, audiences: uids by name.

    Raises BundleInvalid for a name nobody has.
    """
    document = source.document
    nodes = document.get("nodes") if isinstance(document, Mapping) else None
    if not isinstance(nodes, Mapping):
        return document
    resolver = _Resolver(source, {"event": events, "action": actions, "audience": audiences})
    resolved = {**document}
    resolved["nodes"] = {node_id: resolver.resolve(config, ("nodes", node_id)) for node_id, config in nodes.items()}
    if "exitCriteria" in document:
        resolved["exitCriteria"] = resolver.resolve(document["exitCriteria"], ("exitCriteria",))
    if "metrics" in document:
        resolved["metrics"] = resolver.resolve(document["metrics"], ("metrics",))
    if resolver.faults:
        raise BundleInvalid(resolver.faults)
    return resolved


class _Resolver:
    def __init__(self, source: Located, uids: Mapping[str, Mapping[str, str]]) -> None:
        self._source = source
        self._uids = uids
        self.faults: list[str] = []

    def resolve(self, value: Any, at: Tokens) -> Any:
        if isinstance(value, list):
            return [self.resolve(item, (*at, index)) for index, item in enumerate(value)]
        if not isinstance(value, Mapping):
            return value
        found: dict[str, Any] = {}
        for key, member in value.items():
            if key in _NAMED and isinstance(member, str) and _NAMED[key] not in value:
                known = self._uids[key]
                if member not in known:
                    names = ", ".join(sorted(known)) or "none"
                    place = self._source.place((*at, key))
                    self.faults.append(f"{place}: no {key} is called {member!r}; there are: {names}")
                found[_NAMED[key]] = known.get(member)
            elif key == "audienceId" and isinstance(member, str):
                found[key] = self._uids["audience"].get(member, member)
            else:
                found[key] = self.resolve(member, (*at, key))
        return found


@dataclass(frozen=True)
class _Definitions(SandboxDefinitions):
    """Events and actions as in a sandbox; the profile's schema is given, or unknown.

    What no file describes is taken to be there: an audience, a data set, a journey jumped to.
    """

    profile: Mapping[str, Any] | None = None

    def platform(self) -> Mapping[str, Mapping[str, Any] | None]:
        """The profile's schema, and events that may have any field."""
        return {PROFILE_GROUP: self.profile, EXPERIENCE_EVENTS: None}

    def template(self, uid: str) -> TemplateShape:
        """A template whose uid is its name, of any channel."""
        return TemplateShape(uid, uid, "", None)

    def audience(self, audience_id: str) -> AudienceShape:
        """An audience; one that no file describes has its id for a name."""
        return super().audience(audience_id) or AudienceShape(audience_id, audience_id, UNKNOWN_NAMESPACE)

    def audience_named(self, name: str) -> AudienceShape:
        """See `audience`."""
        return super().audience_named(name) or AudienceShape(name, name, UNKNOWN_NAMESPACE)

    def data_set(self, data_set_id: str) -> DataSetShape:
        """A data set that holds anything."""
        return DataSetShape(data_set_id, data_set_id, None, is_of_profiles=True, is_lookup=True)

    def rule_set(self, uid: str) -> tuple[str, str, str]:
        """A rule set; of one that no file describes nothing is known, and it has no rules."""
        return super().rule_set(uid) or (uid, "", "active")

    def decision_rule(self, uid: str) -> RuleShape | None:
        """A decision rule by uid or name."""
        return super().decision_rule(uid) or self.decision_rules.find(0, uid)

    def policies(self) -> None:
        """Files of a configuration have no labels: a server checks what data is used for."""

    def target(self, journey_uid: str) -> TargetShape:
        """A journey about whomever this one is about."""
        return TargetShape(journey_uid, journey_uid, ANY_NAMESPACE, "", None)


def _told(source: Located, fault: Fault) -> str:
    return f"{source.place(split_json_path(fault.path))}: {fault.code} {fault.message} ({fault.path})"


# --- reading --------------------------------------------------------------------------------------------------------


def read_file(path: Path) -> Located:
    """A YAML or JSON file. Raises YamlInvalid, BundleInvalid when it can't be read."""
    try:
        return read_yaml(path.read_text("utf-8"), str(path))
    except OSError as error:
        raise BundleInvalid([f"{path}: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise BundleInvalid([f"{path}: it is no UTF-8"]) from None


def config_files(paths: Iterable[Path]) -> Iterator[Path]:
    """The files that are meant: of a folder every YAML and JSON file in it and below, in the order of their names."""
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.suffix in _SUFFIXES and file.is_file())
        else:
            yield path


def read_bundle(sources: Iterable[Located], clock: Clock) -> Bundle:
    """The definitions of configuration documents. clock: what conditions of events read the time from.

    Raises BundleInvalid with every fault.
    """
    reader = _Reader(clock)
    for source in sources:
        reader.take(source)
    return reader.finish()


class _Reader:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._faults: list[str] = []
        self._schemas: dict[str, Mapping[str, Any]] = {}
        self._profile: Mapping[str, Any] | None = None
        self._events: dict[str, tuple[Located, Mapping[str, Any]]] = {}
        self._actions: dict[str, tuple[str, Mapping[str, Any]]] = {}
        self._audiences: dict[str, Audience] = {}
        self._rule_sets: dict[str, tuple[str, Mapping[str, Any]]] = {}
        self._sources: dict[str, tuple[str, Mapping[str, Any]]] = {}
        self._decision_rules: dict[str, tuple[Located, RuleShape]] = {}

    def take(self, source: Located) -> None:
        document = source.document
        if document is None:
            return
        if not isinstance(document, Mapping):
            self._faults.append(f"{source.place(())}: a configuration has {', '.join(MEMBERS)}")
            return
        for member, value in document.items():
            if member not in MEMBERS:
                self._faults.append(
                    f"{source.place((member,))}: a configuration has no {member!r}, but {', '.join(MEMBERS)}"
                )
            elif member == "profile":
                self._profile = value if isinstance(value, Mapping) else None
            elif not isinstance(value, list):
                self._faults.append(f"{source.place((member,))}: {member} is a list of documents")
            else:
                for index in range(len(value)):
                    self._take_one(member, source.below(member, index))

    def _take_one(self, member: str, one: Located) -> None:
        document = one.document
        if not isinstance(document, Mapping):
            self._faults.append(f"{one.place(())}: this is an object")
        elif member == "schemas":
            schema_id = document.get("$id")
            if isinstance(schema_id, str) and schema_id:
                self._schemas[schema_id] = document
            else:
                self._faults.append(f"{one.place(())}: a schema has an $id, which events name in schemaRef.id")
        elif member == "audiences":
            self._take_audience(one, document)
        elif member == "ruleSets":
            self._take_rule_set(one, document)
        elif member == "decisionRules":
            self._take_decision_rule(one, document)
        else:
            self._take_named(member, one, document)

    def _take_audience(self, one: Located, document: Mapping[str, Any]) -> None:
        try:
            read = read_audience(document)
        except AudienceInvalid as error:
            self._faults.append(f"{one.place(split_json_path(error.path))}: {error}")
            return
        name = read["name"]
        if name in self._audiences:
            self._faults.append(f"{one.place(('name',))}: {name} is there twice")
        namespace = canonical_namespace(read["identityNamespace"])
        audience_id = str(document.get("id") or read["audienceId"] or name)
        self._audiences[name] = Audience(audience_id, 0, name, namespace, CUSTOM_UPLOAD, tuple(read["fields"]))

    def _take_rule_set(self, one: Located, document: Mapping[str, Any]) -> None:
        name = document.get("name")
        if name in self._rule_sets:
            self._faults.append(f"{one.place(('name',))}: rule set {name} is there twice")
            return
        try:
            read = read_rule_set(document)
            self._rule_sets[read["name"]] = (str(document.get("uid") or read["name"]), read)
        except RuleSetInvalid as error:
            self._faults.append(f"{one.place(split_json_path(error.path))}: rule set {name}: {error}")

    def _take_decision_rule(self, one: Located, document: Mapping[str, Any]) -> None:
        name = document.get("name")
        if name in self._decision_rules:
            self._faults.append(f"{one.place(('name',))}: decision rule {name} is there twice")
            return
        try:
            read = read_decision_rule(document)
        except DecisionRuleInvalid as error:
            self._faults.append(f"{one.place(split_json_path(error.path))}: decision rule {name}: {error}")
            return
        shape = RuleShape(str(document.get("uid") or read["name"]), read["name"], read["expression"])
        self._decision_rules[read["name"]] = (one, shape)

    def _take_named(self, member: str, one: Located, document: Mapping[str, Any]) -> None:
        name = document.get("name")
        known = {"events": self._events, "actions": self._actions, "dataSources": self._sources}
        taken: Mapping[str, Any] = known[member]  # type: ignore[assignment]
        if not isinstance(name, str) or not name.isidentifier():
            self._faults.append(f"{one.place(('name',))}: name is letters, digits and underscores")
        elif name in taken:
            self._faults.append(f"{one.place(('name',))}: {name} is there twice")
        elif member == "events":
            self._events[name] = (one, document)
        else:
            # who calls is the sender's affair, and nothing is sent
            written = {k: v for k, v in document.items() if k not in (*_READ_ONLY, "authentication")}
            try:
                if member == "dataSources":
                    self._sources[name] = (str(document.get("uid") or name), read_source(written, allow_private=True))
                    return
                self._actions[name] = (str(document.get("uid") or name), read_action(written, allow_private=True))
            except (ActionInvalid, DataSourceInvalid) as error:
                what = "data source" if member == "dataSources" else "action"
                self._faults.append(f"{one.place(split_json_path(error.path))}: {what} {name}: {error}")

    def finish(self) -> Bundle:
        configurations = [c for name, (one, body) in self._events.items() if (c := self._event(name, one, body))]
        if self._faults:
            raise BundleInvalid(self._faults)
        actions = ActionTable([(0, uid, 1, body) for uid, body in self._actions.values()], SecretBox(bytes(32)))
        bundle = Bundle(
            EventTable(configurations),
            actions,
            {c.name: c for c in configurations},
            {name: uid for name, (uid, _) in self._actions.items()},
            tuple(dict.fromkeys(c.schema_id for c in configurations)),
            self._profile,
            tuple(self._audiences.values()),
            RuleSetTable((0, uid, document) for uid, document in self._rule_sets.values()),
            SourceTable([(0, uid, 1, body) for uid, body in self._sources.values()], SecretBox(bytes(32))),
            DecisionRuleTable((0, rule) for _, rule in self._decision_rules.values()),
        )
        for one, rule in self._decision_rules.values():
            try:
                SharedRules(bundle.definitions).read(rule)
            except ExpressionInvalid as error:
                self._faults.append(f"{one.place(('expression',))}: decision rule {rule.name}: {error}")
        if self._faults:
            raise BundleInvalid(self._faults)
        return bundle

    def _event(self, name: str, one: Located, body: Mapping[str, Any]) -> EventConfiguration | None:
        try:
            return self._configuration(name, body)
        except EventInvalid as error:
            self._faults.append(f"{one.place(split_json_path(error.path))}: event {name}: {error}")
            return None

    def _configuration(self, name: str, body: Mapping[str, Any]) -> EventConfiguration:
        reference = body.get("schemaRef") or {}
        schema_id = str(reference.get("id", "")) if isinstance(reference, Mapping) else ""
        document = self._schemas.get(schema_id)
        fields = body.get("fields")
        unplaced = [pointer for pointer, data_set in read_given(body.get("related")).items() if not data_set]
        if unplaced:
            raise EventInvalid(f"related says which data set holds the rows that {unplaced[0]} names", "$.related")
        if document is not None and isinstance(fields, list) and fields:
            document = payload_document(body, document, ())
        rule, namespace = body.get("idCondition"), body.get("namespace")
        is_business = body.get("type") == "business"
        if is_business and (namespace is not None or body.get("profileIdentifier")):
            raise EventInvalid("a business event is about nobody: it has no namespace and no profileIdentifier", "$")
        is_rule = body.get("idType", "ruleBased" if rule else "systemGenerated") == "ruleBased"
        if is_rule and not rule:
            raise EventInvalid("a rule-based event has an idCondition", "$.idCondition")
        if namespace is not None and not isinstance(namespace, str):
            raise EventInvalid("namespace is the code of an identity namespace, such as Email", "$.namespace")
        identifier = body.get("profileIdentifier")
        if not identifier and not is_business:
            if namespace is None:
                raise EventInvalid("an event has a profileIdentifier, or a namespace", "$.profileIdentifier")
            identifier = f"@event{{{name}.identityMap.entry('{namespace}').first().id}}"
        payload = self._schemas.get(schema_id)
        supplemental = body.get("supplementalIdentifier")
        read = count = None
        if supplemental is not None:
            text = supplemental.get("expression") if isinstance(supplemental, Mapping) else None
            path = attribute_path(text) if isinstance(text, str) else None
            if path is None:
                message = "a supplemental identifier has an expression that is a path, such as @event{Name.booking}"
                raise EventInvalid(message, "$.supplementalIdentifier")
            read, count = supplemental_readers(path)
        return EventConfiguration(
            uid=str(body.get("uid") or name),
            scope_id=0,
            name=name,
            schema_id=schema_id,
            id_type="ruleBased" if is_rule else "systemGenerated",
            event_id=None if is_rule else str(body.get("eventID") or name),
            condition_text=rule if is_rule else None,
            namespace=namespace,
            condition=condition_reader(rule, name, payload, self._clock) if is_rule else None,  # type: ignore[arg-type]
            key=_nobody if is_business else key_reader(str(identifier), name, payload, None, self._clock),
            document=document,
            type="business" if is_business else "unitary",
            supplemental=read,
            count_supplemental=count,
            supplemental_namespace=None if supplemental is None else supplemental.get("namespace"),
            related=read_related(body),
        )


def _nobody(_entity: Mapping[str, Any]) -> None:
    """The key of a business event."""
