"""The journeys that run, compiled from stored versions."""

from dataclasses import replace
from typing import NamedTuple

from sqlalchemy import Connection

from parcours.access.model import Sandbox
from parcours.access.store import list_sandboxes
from parcours.actions.table import ActionTable
from parcours.audiences.table import AudienceTable
from parcours.catalog.model import DataSetTable
from parcours.datasources.table import SourceTable
from parcours.events.table import EventTable
from parcours.expressions.errors import ExpressionInvalid
from parcours.governance.table import PolicyTable
from parcours.journeys.compile import VersionIdentity, compile_version
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.decision_rule_table import DecisionRuleTable
from parcours.journeys.definitions import FrozenDefinitions, SandboxDefinitions
from parcours.journeys.entrance import read_profile_filter
from parcours.journeys.errors import JourneyInvalid
from parcours.journeys.match import LiveJourneys
from parcours.journeys.store import find_stops
from parcours.journeys.targets import TargetTable
from parcours.journeys.versions import OPEN, RUNNING, VERSION_KIND
from parcours.kit.telemetry import get_logger
from parcours.resources.store import Compiled, Resource, ResourceStore
from parcours.rulesets.table import RuleSetTable
from parcours.templates.table import TemplateTable
from parcours.xdm.table import SchemaTable

log = get_logger("journeys")


class Tables(NamedTuple):
    """What journeys are compiled from. A thread that does not share its tables has its own."""

    events: Compiled[EventTable]
    actions: Compiled[ActionTable]
    schemas: Compiled[SchemaTable]
    data_sets: Compiled[DataSetTable]
    targets: Compiled[TargetTable]
    audiences: Compiled[AudienceTable]
    rule_sets: Compiled[RuleSetTable]
    templates: Compiled[TemplateTable]
    data_sources: Compiled[SourceTable]
    decision_rules: Compiled[DecisionRuleTable]
    policies: Compiled[PolicyTable]

    def definitions(self, connection: Connection, scope_id: int) -> SandboxDefinitions:
        """Of one sandbox, as the connection sees it."""
        return SandboxDefinitions(
            scope_id,
            self.events.current(connection),
            self.actions.current(connection),
            self.schemas.current(connection),
            self.data_sets.current(connection),
            self.targets.current(connection),
            self.audiences.current(connection),
            self.rule_sets.current(connection),
            self.templates.current(connection),
            self.data_sources.current(connection),
            self.decision_rules.current(connection),
            self.policies.current(connection),
        )


class LiveBuilder:
    """Builds the table of live journeys, and remembers what it compiled.

    What is published never changes, but for the decision rules it names: with another one it is compiled anew.
    """

    def __init__(self, resources: ResourceStore, tables: Tables) -> None:
        self._resources = resources
        self._tables = tables
        self._known: dict[str, CompiledJourney] = {}

    def build(self, connection: Connection) -> LiveJourneys:
        """Every version whose people move, or that people have to be taken out of."""
        versions: dict[str, CompiledJourney] = {}
        stopping: dict[str, CompiledJourney] = {}
        names: dict[str, str] = {}
        stops = {stop.version_uid for stop in find_stops(connection)}
        entries: dict[tuple[int, str], list[CompiledJourney]] = {}
        listeners: dict[tuple[int, str], list[CompiledJourney]] = {}
        is_open: dict[tuple[int, str], CompiledJourney] = {}
        measuring: dict[tuple[int, str], list[CompiledJourney]] = {}
        experimenting: dict[tuple[int, str], list[str]] = {}
        known: dict[str, CompiledJourney] = {}
        asked: dict[int, set[str]] = {}
        modified_ms: dict[str, int] = {}
        sandboxes = {s.scope_id: s for s in list_sandboxes(connection) if s.state == "active"}
        for stored in self._resources.in_all_scopes(connection, VERSION_KIND):
            body = stored.body
            status = body["status"]
            names[stored.id] = body["document"]["name"]
            if (status not in RUNNING and stored.id not in stops) or stored.scope_id not in sandboxes:
                continue
            as_published = None if status == "Testing" else self._known.get(stored.id)
            journey = as_published
            if as_published is None or self._has_other_rules(connection, as_published):
                journey = self._compile(connection, stored, sandboxes[stored.scope_id]) or as_published
            if journey is None:
                continue
            known[stored.id] = journey
            try:
                journey = self._in_status(connection, journey, stored)
            except ExpressionInvalid as error:  # a field that the filter of its pause reads is gone
                log.error("journey.unusable", version_uid=stored.id, reason=str(error))
                continue
            if status not in RUNNING:
                stopping[stored.id] = journey
                continue
            versions[stored.id] = journey
            modified_ms[stored.id] = stored.updated_at_ms
            asked.setdefault(journey.scope_id, set()).update(journey.audience_ids.values())
            if status in OPEN:
                if journey.mode != "test" or (journey.scope_id, journey.journey_uid) not in is_open:
                    is_open[journey.scope_id, journey.journey_uid] = journey  # a test takes nothing from the live one
                entries.setdefault((journey.scope_id, journey.entry_event_uid), []).append(journey)
            for uid in journey.listened:
                listeners.setdefault((journey.scope_id, uid), []).append(journey)
            for uid in dict.fromkeys(metric.event_uid for metric in journey.metrics if metric.event_uid):
                measuring.setdefault((journey.scope_id, uid), []).append(journey)
            if journey.experiments:
                experimenting.setdefault((journey.scope_id, journey.journey_uid), []).append(journey.version_uid)
        self._known = known
        return LiveJourneys(
            {place: tuple(found) for place, found in entries.items()},
            {place: tuple(found) for place, found in listeners.items()},
            versions,
            is_open,
            stopping,
            names,
            {scope_id: frozenset(ids) for scope_id, ids in asked.items()},
            frozenset(sandboxes),
            modified_ms,
            {(j.scope_id, j.journey_uid): j.namespace for j in versions.values()},
            {place: tuple(found) for place, found in measuring.items()},
            frozenset((j.scope_id, j.journey_uid) for j in versions.values() if j.metrics),
            {place: tuple(found) for place, found in experimenting.items()},
        )

    def _has_other_rules(self, connection: Connection, journey: CompiledJourney) -> bool:
        """Whether a decision rule says something else than when the journey was compiled."""
        if not journey.decision_rules:
            return False
        current = self._tables.decision_rules.current(connection)
        return any(
            current.get(journey.scope_id, uid) not in (None, rule) for uid, rule in journey.decision_rules.items()
        )

    def _in_status(self, connection: Connection, journey: CompiledJourney, stored: Resource) -> CompiledJourney:
        """The journey as its status lets it run."""
        body = stored.body
        states = body.get("experiments")
        if states:
            journey = replace(journey, shares={node_id: state["shares"] for node_id, state in states.items()})
        status, session = body["status"], body.get("session") or {}
        if status == "Testing":
            fields = {**journey.step_fields, "inTest": True}
            wait_us = session["waitSeconds"] * 1_000_000
            return replace(journey, mode="test", wait_override_us=wait_us, step_fields=fields, step_texts={})
        if status == "Dry Run":
            fields = {**journey.step_fields, "inDryRun": True, "dryRunID": session["id"]}
            return replace(
                journey,
                mode="dryRun",
                wait_override_us=None if session["waits"] else 0,
                reads_sources=session["dataSources"],
                step_fields=fields,
                step_texts={},
            )
        pause = body.get("pause")
        if pause is None:
            return journey
        if pause.get("filter"):
            definitions = self._tables.definitions(connection, stored.scope_id)
            profile_filter, _ = read_profile_filter(pause["filter"], definitions)
            asked = {**pause["filter"].get("audiences", {}), **journey.audience_ids}
            journey = replace(journey, profile_filter=profile_filter, reads_profile=True, audience_ids=asked)
        if status != "Paused":
            return journey
        return replace(journey, pause="discard" if pause.get("isFull") else pause["behavior"])

    def _compile(self, connection: Connection, stored: Resource, sandbox: Sandbox | None) -> CompiledJourney | None:
        current = self._tables.definitions(connection, stored.scope_id)
        definitions = current if stored.body["names"] is None else FrozenDefinitions(current, stored.body["names"])
        try:
            return compile_version(stored.body["document"], definitions, identity_of(stored, sandbox))
        except JourneyInvalid as error:  # it was valid when it was published: something it needs is gone
            log.error("journey.unusable", version_uid=stored.id, reason=str(error))
            return None


def identity_of(version: Resource, sandbox: Sandbox | None) -> VersionIdentity:
    """Whose version a stored body is."""
    return VersionIdentity(
        scope_id=version.scope_id,
        org_id=sandbox.org_id if sandbox else "",
        sandbox_name=sandbox.name if sandbox else "",
        journey_uid=version.body["journeyUid"],
        version_uid=version.id,
        version=version.body["version"],
    )
