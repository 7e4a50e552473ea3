"""The journeys that run, compiled from stored versions."""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Connection

from parcours.access.model import Sandbox
from parcours.access.store import list_sandboxes
from parcours.actions.table import ActionTable
from parcours.events.table import EventTable
from parcours.journeys.compile import VersionIdentity, compile_version
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.definitions import FrozenDefinitions, SandboxDefinitions
from parcours.journeys.errors import JourneyInvalid
from parcours.journeys.match import LiveJourneys
from parcours.journeys.store import find_stops
from parcours.journeys.versions import RUNNING, VERSION_KIND
from parcours.kit.telemetry import get_logger
from parcours.resources.store import Compiled, Resource, ResourceStore
from parcours.xdm.table import SchemaTable

log = get_logger("journeys")
Place = tuple[int, str]
"""(scope, event uid)."""


class Tables(NamedTuple):
    """What journeys are compiled from. A thread that does not share its tables has its own."""

    events: Compiled[EventTable]
    actions: Compiled[ActionTable]
    schemas: Compiled[SchemaTable]

    def definitions(self, connection: Connection, scope_id: int) -> SandboxDefinitions:
        """Of one sandbox, as the connection sees it."""
        return SandboxDefinitions(
            scope_id,
            self.events.current(connection),
            self.actions.current(connection),
            self.schemas.current(connection),
        )


class LiveBuilder:
    """Builds the table of live journeys, and remembers what it compiled: what is published never changes."""

    def __init__(self, resources: ResourceStore, tables: Tables) -> None:
        self._resources = resources
        self._tables = tables
        self._known: dict[str, CompiledJourney] = {}

    def build(self, connection: Connection) -> LiveJourneys:
        """Every version that is open to entrances, closed, or stopped with people still inside."""
        versions: dict[str, CompiledJourney] = {}
        stopping: dict[str, CompiledJourney] = {}
        names: dict[str, str] = {}
        stops = {stop.version_uid for stop in find_stops(connection)}
        entries: dict[Place, list[CompiledJourney]] = {}
        listeners: dict[Place, list[CompiledJourney]] = {}
        sandboxes = {s.scope_id: s for s in list_sandboxes(connection) if s.state == "active"}
        for stored in self._resources.in_all_scopes(connection, VERSION_KIND):
            status = stored.body["status"]
            names[stored.id] = stored.body["document"]["name"]
            if (status not in RUNNING and stored.id not in stops) or stored.scope_id not in sandboxes:
                continue
            journey = self._known.get(stored.id) or self._compile(connection, stored, sandboxes[stored.scope_id])
            if journey is None:
                continue
            if status not in RUNNING:
                stopping[stored.id] = journey
                continue
            versions[stored.id] = journey
            if status == "Deployed":
                entries.setdefault((journey.scope_id, journey.entry_event_uid), []).append(journey)
            for uid in journey.listened:
                listeners.setdefault((journey.scope_id, uid), []).append(journey)
        self._known = {**versions, **stopping}
        return LiveJourneys(_fixed(entries), _fixed(listeners), versions, stopping, names, frozenset(sandboxes))

    def _compile(self, connection: Connection, stored: Resource, sandbox: Sandbox | None) -> CompiledJourney | None:
        current = self._tables.definitions(connection, stored.scope_id)
        definitions = FrozenDefinitions(current, stored.body["names"])
        try:
            return compile_version(stored.body["document"], definitions, identity_of(stored, sandbox))
        except JourneyInvalid as error:  # it was valid when it was published: something it needs is gone
            log.error("journey.unusable", version_uid=stored.id, reason=str(error))
            return None


def _fixed(found: Mapping[Place, list[CompiledJourney]]) -> dict[Place, tuple[CompiledJourney, ...]]:
    return {place: tuple(journeys) for place, journeys in found.items()}


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
