"""What the journeys of one sandbox may refer to, taken from the tables of the other rooms."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from parcours.actions.model import ActionParameter
from parcours.actions.table import ActionTable
from parcours.audiences.model import Audience
from parcours.audiences.table import AudienceTable
from parcours.catalog.model import DataSetTable
from parcours.datasources.table import NO_SOURCES, SourceTable
from parcours.events.table import EventTable
from parcours.expressions.references import EXPERIENCE_EVENTS
from parcours.governance.table import NO_POLICIES, PolicyTable, ScopePolicies
from parcours.journeys.activities.kind import (
    ActionShape,
    AudienceShape,
    DataSetShape,
    GroupShape,
    ParameterShape,
    RuleShape,
    SourceShape,
    TargetShape,
    TemplateShape,
)
from parcours.journeys.compile import EventShape
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.decision_rule_table import NO_DECISION_RULES, DecisionRuleTable
from parcours.journeys.enrichment import enrichment_in
from parcours.journeys.run import PROFILE_GROUP
from parcours.journeys.targets import TargetTable
from parcours.kit.paths import split_pointer
from parcours.rulesets.table import NO_RULE_SETS, RuleSetTable
from parcours.templates.table import NO_TEMPLATES, TemplateTable
from parcours.xdm.ids import EVENT_CLASS, PROFILE_CLASS
from parcours.xdm.table import SchemaTable
from parcours.xdm.usage_labels import FieldLabels


@dataclass(frozen=True)
class SandboxDefinitions:
    """What one sandbox has at one moment."""

    scope_id: int
    events: EventTable
    actions: ActionTable
    schemas: SchemaTable
    data_sets: DataSetTable
    targets: TargetTable
    audiences: AudienceTable
    rule_sets: RuleSetTable = NO_RULE_SETS
    templates: TemplateTable = NO_TEMPLATES
    data_sources: SourceTable = NO_SOURCES
    decision_rules: DecisionRuleTable = NO_DECISION_RULES
    usage_policies: PolicyTable = NO_POLICIES

    def event(self, uid: str) -> EventShape | None:
        """An event configuration by uid."""
        found = self.events.get(self.scope_id, uid)
        if found is None:
            return None
        return EventShape(
            found.uid, found.name, found.namespace, found.document, found.type == "business",
            found.supplemental is not None, found.schema_id, found.supplemental_namespace, found.event_id,
        )  # fmt: skip

    def action(self, uid: str) -> ActionShape | None:
        """A custom action by uid."""
        found = self.actions.get(self.scope_id, uid)
        if found is None:
            return None
        parameters = {parameter.path: _shape(parameter) for parameter in found.parameters}
        return ActionShape(
            found.uid,
            found.name,
            parameters,
            found.response,
            found.failure_response,
            found.channel,
            found.marketing_action,
        )

    def template(self, uid: str) -> TemplateShape | None:
        """A published message template by uid."""
        found = self.templates.get(self.scope_id, uid)
        if found is None:
            return None
        parameters = {p.name: p.is_optional for p in found.parameters}
        return TemplateShape(found.uid, found.name, found.channel, parameters, found.category, found.paths)

    def audience(self, audience_id: str) -> AudienceShape | None:
        """An audience by id."""
        return _audience(self.audiences.get(self.scope_id, audience_id))

    def audience_named(self, name: str) -> AudienceShape | None:
        """An audience by name."""
        return _audience(self.audiences.find(self.scope_id, name))

    def data_set(self, data_set_id: str) -> DataSetShape | None:
        """A data set by id."""
        found = self.data_sets.get(self.scope_id, data_set_id)
        if found is None:
            return None
        schema = self.schemas.get(self.scope_id, found.schema_id)
        is_record = schema is not None and schema.behaviour == "record"
        return DataSetShape(
            found.id,
            found.name,
            None if schema is None else schema.document,
            is_of_profiles=is_record and found.is_profile_enabled and schema is not None and schema.is_union,
            is_lookup=is_record and "enabled:true" in found.tags.get(LOOKUP_TAG, ()),
            schema_id=found.schema_id,
        )

    def sources(self) -> Mapping[str, SourceShape]:
        """The external data sources by name."""
        return {
            source.name: SourceShape(
                source.uid,
                source.name,
                {
                    name: GroupShape(group.method, group.dynamic_values, group.answer)
                    for name, group in source.groups.items()
                },
            )
            for source in self.data_sources.in_scope(self.scope_id)
        }

    def platform_groups(self) -> Mapping[str, str]:
        """Field groups added to the built-in data source: all of them are parts of the profile."""
        return dict.fromkeys(self.data_sources.platform_groups(self.scope_id), PROFILE_GROUP)

    def target(self, journey_uid: str) -> TargetShape | None:
        """A journey by uid that begins with an event about a person."""
        found = self.targets.get(self.scope_id, journey_uid)
        event = None if found is None or found.entry_event_uid is None else self.event(found.entry_event_uid)
        if found is None or event is None or event.is_business:
            return None
        return TargetShape(journey_uid, found.name, event.namespace, event.uid, event.document)

    def jumps_of(self, journey_uid: str) -> frozenset[str]:
        """Uids of the journeys a journey jumps to."""
        found = self.targets.get(self.scope_id, journey_uid)
        return frozenset() if found is None else found.jumps_to

    def rule_set(self, uid: str) -> tuple[str, str, str] | None:
        """(name, domain, state) of a rule set."""
        return self.rule_sets.describe(self.scope_id, uid)

    def decision_rule(self, uid: str) -> RuleShape | None:
        """A decision rule by uid."""
        return self.decision_rules.get(self.scope_id, uid)

    def policies(self) -> ScopePolicies | None:
        """What data may be used for."""
        return self.usage_policies.of(self.scope_id)

    def labels(self, schema_id: str) -> FieldLabels:
        """The usage labels of a schema's fields; of one that is gone none."""
        found = self.schemas.get(self.scope_id, schema_id)
        return {} if found is None else found.labels

    def platform(self) -> Mapping[str, Mapping[str, Any] | None]:
        """The profile's union schema, and the person's events."""
        profile = self.schemas.union(self.scope_id, PROFILE_CLASS).document
        event = self.schemas.union(self.scope_id, EVENT_CLASS).document
        events = {"type": "object", "properties": {"experienceevent": {"type": "array", "items": event}}}
        added = {
            name: None if profile is None else selected(profile, pointers)
            for name, pointers in self.data_sources.platform_groups(self.scope_id).items()
        }
        return {**added, PROFILE_GROUP: profile, EXPERIENCE_EVENTS: events}


def selected(document: Mapping[str, Any], pointers: Iterable[str]) -> dict[str, Any]:
    """A closed JSON Schema with these fields of another, and what is below them; what isn't there is left out."""
    chosen: dict[str, Any] = {"type": "object", "properties": {}}
    for pointer in pointers:
        _select(document, chosen, split_pointer(pointer))
    return chosen


def _select(document: Mapping[str, Any], chosen: dict[str, Any], path: tuple[str, ...]) -> None:
    found = document.get("properties", {}).get(path[0]) if path else None
    if not isinstance(found, Mapping):
        return
    properties = chosen.setdefault("properties", {})
    if len(path) == 1:
        properties[path[0]] = found
        return
    items = found.get("items")
    if isinstance(items, Mapping):  # fields of the objects in a list
        inner = properties.setdefault(path[0], {**found, "items": {"type": "object", "properties": {}}})
        inner, found = inner["items"], items
    else:
        inner = properties.setdefault(path[0], {"type": "object", "properties": {}})
    if inner is not found:
        _select(found, inner, path[1:])


LOOKUP_TAG = "adobe/lookup"


def _shape(parameter: ActionParameter) -> ParameterShape:
    return ParameterShape(parameter.label, parameter.type, parameter.is_optional)


def _audience(found: Audience | None) -> AudienceShape | None:
    return None if found is None else AudienceShape(found.id, found.name, found.namespace, found.fields)


class FrozenDefinitions:
    """The same as a published version sees it: by the names of its publication, and nothing it needs is gone.

    What was deleted since is met when it is asked for: a jump to a journey that is gone is an error of the action.
    """

    def __init__(self, current: SandboxDefinitions, names: Mapping[str, Mapping[str, Any]]) -> None:
        """names: what `names_in` gave at the publication."""
        self._current = current
        self._names = names

    def _name(self, kind: str, key: str) -> Any:
        return self._names.get(kind, {}).get(key)

    def event(self, uid: str) -> EventShape | None:
        """An event configuration by uid."""
        found = self._current.event(uid)
        name = self._name("events", uid)
        return found if found is None or name is None else replace(found, name=name)

    def action(self, uid: str) -> ActionShape | None:
        """A custom action by uid."""
        found = self._current.action(uid)
        name = self._name("actions", uid)
        return found if found is None or name is None else replace(found, name=name)

    def template(self, uid: str) -> TemplateShape | None:
        """A message template by uid; its parameters were checked at the publication."""
        told = self._name("templates", uid)
        if told is None:
            return self._current.template(uid)
        paths = tuple(tuple(path) for path in told.get("enrichment", ()))
        return TemplateShape(uid, told["name"], told["channel"], None, paths=paths)

    def audience(self, audience_id: str) -> AudienceShape | None:
        """An audience by id."""
        namespace = self._name("audiences", audience_id)
        if namespace is None:
            return self._current.audience(audience_id)
        fields = self._name("audienceFields", audience_id) or ()
        return AudienceShape(audience_id, audience_id, namespace, tuple(fields))

    def audience_named(self, name: str) -> AudienceShape | None:
        """An audience by the name it had."""
        audience_id = self._name("audienceNames", name)
        return self._current.audience_named(name) if audience_id is None else AudienceShape(audience_id, name, "")

    def data_set(self, data_set_id: str) -> DataSetShape | None:
        """A data set by id."""
        found = self._current.data_set(data_set_id)
        if found is None or not (found.is_of_profiles or found.is_lookup):
            return DataSetShape(data_set_id, data_set_id, None, is_of_profiles=True, is_lookup=True)
        return found

    def sources(self) -> Mapping[str, SourceShape]:
        """The external data sources: in use they keep their names, and field groups only grow."""
        return self._current.sources()

    def platform_groups(self) -> Mapping[str, str]:
        """See SandboxDefinitions."""
        return self._current.platform_groups()

    def target(self, journey_uid: str) -> TargetShape | None:
        """A journey to jump to."""
        told = self._name("targets", journey_uid)
        if told is None:
            return self._current.target(journey_uid)
        return TargetShape(journey_uid, told["name"], told["namespace"], told["eventUid"], None)

    def jumps_of(self, journey_uid: str) -> frozenset[str]:
        """Checked at the publication."""
        return frozenset()

    def rule_set(self, uid: str) -> tuple[str, str, str] | None:
        """(name, domain, state) of a rule set; one that is gone no longer applies, and that is all."""
        return self._current.rule_set(uid) or (uid, self._name("ruleSets", uid) or "journey", "active")

    def decision_rule(self, uid: str) -> RuleShape | None:
        """A decision rule as it is now; one that went after the version was over, as it was when it was published."""
        told = self._name("decisionRules", uid)
        kept = None if told is None else RuleShape(uid, told["name"], told["expression"], told["audiences"])
        return self._current.decision_rule(uid) or kept

    def policies(self) -> None:
        """Checked at the publication; one that came later stops no journey."""

    def labels(self, schema_id: str) -> FieldLabels:
        """See SandboxDefinitions."""
        return self._current.labels(schema_id)

    def platform(self) -> Mapping[str, Mapping[str, Any] | None]:
        """See SandboxDefinitions."""
        return self._current.platform()


def names_in(
    document: Mapping[str, Any], definitions: SandboxDefinitions, journey: CompiledJourney | None = None
) -> dict[str, dict[str, Any]]:
    """What a version keeps from its publication on, of everything it names. journey: None for an unfinished draft."""
    kept: dict[str, dict[str, Any]] = {
        "events": {}, "actions": {}, "targets": {}, "audiences": {}, "audienceNames": {}, "ruleSets": {},
    }  # fmt: skip
    if journey is not None:
        kept["audienceNames"] = dict(journey.audience_ids)
    for uid in uids_in(document, "eventUid"):
        event = definitions.event(uid)
        if event is not None:
            kept["events"][uid] = event.name
    for uid in uids_in(document, "actionUid"):
        action = definitions.action(uid)
        if action is not None:
            kept["actions"][uid] = action.name
    for uid in uids_in(document, "templateUid"):
        template = definitions.template(uid)
        if template is not None:
            told = kept.setdefault("templates", {})[uid] = {"name": template.name, "channel": template.channel}
            read = enrichment_in(template.paths)
            if read:
                told["enrichment"] = [list(path) for path in read]
    for uid in uids_in(document, "targetJourneyUid"):
        target = definitions.target(uid)
        if target is not None:
            kept["targets"][uid] = {
                "name": target.name, "namespace": target.namespace, "eventUid": target.event_uid,
            }  # fmt: skip
    for audience_id in uids_in(document, "audienceId"):
        audience = definitions.audience(audience_id)
        if audience is not None:
            kept["audiences"][audience_id] = audience.namespace
            if audience.fields:
                kept.setdefault("audienceFields", {})[audience_id] = list(audience.fields)
    for uid in rules_in(document):
        rule = definitions.decision_rule(uid)
        if rule is not None:
            kept.setdefault("decisionRules", {})[uid] = {
                "name": rule.name, "expression": rule.expression, "audiences": dict(rule.audience_ids),
            }  # fmt: skip
    own = document.get("ruleSet")
    for set_uid in {*uids_in(document, "ruleSet"), *([own] if isinstance(own, str) else ())}:
        rule_set = definitions.rule_set(set_uid)
        if rule_set is not None:
            kept["ruleSets"][set_uid] = rule_set[1]
    return kept


def uids_in(document: Mapping[str, Any], member: str) -> set[str]:
    """Every uid that nodes, exit criteria and metrics name in `eventUid` …, however unfinished the document is."""
    nodes = document.get("nodes")
    criteria, metrics = document.get("exitCriteria"), document.get("metrics")
    places = [
        *(nodes.values() if isinstance(nodes, Mapping) else ()),
        *(criteria if isinstance(criteria, list) else ()),
        *(metrics if isinstance(metrics, list) else ()),
    ]
    named = (place.get(member) for place in places if isinstance(place, Mapping))
    return {uid for uid in named if isinstance(uid, str)}


def rules_in(document: Mapping[str, Any]) -> set[str]:
    """The uid of every decision rule that paths of nodes name, however unfinished the document is."""
    nodes = document.get("nodes")
    found: set[str] = set()
    for node in nodes.values() if isinstance(nodes, Mapping) else ():
        paths = node.get("paths") if isinstance(node, Mapping) else None
        for path in paths if isinstance(paths, list) else ():
            if isinstance(path, Mapping) and isinstance(path.get("rule"), str):
                found.add(path["rule"])
    return found


_EXPRESSIONS: Mapping[str, tuple[str, ...]] = {
    "customAction": ("path",), "datasetLookup": ("keys",), "message": ("address",),
}  # fmt: skip
"""Members of nodes, beside `expression` anywhere, that hold expressions."""


def map_expressions(document: Any, change: Callable[[str], str]) -> Any:
    """The document with `change(text)` in place of every expression."""
    if isinstance(document, Mapping):
        of_node = _EXPRESSIONS.get(str(document.get("type")), ())
        return {
            name: change(value)
            if isinstance(value, str) and (name == "expression" or name in of_node)
            else map_expressions(value, change)
            for name, value in document.items()
        }
    if isinstance(document, list):
        return [map_expressions(value, change) for value in document]
    return document
