"""Landed events through a version under the virtual clock, beside what the live versions did: the core of backtests."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection

from parcours.access.model import Sandbox
from parcours.actions.service import ACTION_KIND
from parcours.app import Platform, build_lake
from parcours.audiences.document import AUDIENCE_KIND
from parcours.batch import AUDIENCES
from parcours.catalog.model import DataSet
from parcours.commands.simulate_command import read_stubs
from parcours.events.model import EVENT_KIND
from parcours.events.service import EventService
from parcours.identity.namespaces import canonical_namespace
from parcours.journeys import backtest, store
from parcours.journeys.backtest import KINDS, Pair, Run, StoredPeople
from parcours.journeys.bundle import read_file, resolve_names
from parcours.journeys.check import Fault
from parcours.journeys.compile import VersionIdentity, compile_version
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.decision_store import list_qualifications
from parcours.journeys.definitions import FrozenDefinitions
from parcours.journeys.errors import JourneyInvalid
from parcours.journeys.live import identity_of
from parcours.journeys.model import StepEvent
from parcours.journeys.moments import is_instant, moment_text, read_duration, read_instant
from parcours.journeys.node_counts import NodeCounts
from parcours.journeys.seen import VirtualClock
from parcours.journeys.simulate import World
from parcours.journeys.steps import from_stored
from parcours.journeys.stubs import Stub
from parcours.journeys.versions import DRAFTS, JOURNEY_KIND, VERSION_KIND
from parcours.kit.clock import SystemClock
from parcours.kit.errors import Invalid, NotFound
from parcours.lake.landed import Landed
from parcours.lake.model import DataSetName
from parcours.lookups.store import find_rows
from parcours.profile.workspace import KnownLinks, ProfileWorkspace
from parcours.resources.store import Resource

_CHUNK = 500
_TELL_S = 0.25
"""How often it is told how far a replay has come, in seconds at least."""
NOTES = (
    "profiles are read as they are now; stored events of a person only up to the virtual moment",
    "events come at their timestamps; live times are those of receipt",
    "calls succeed with the action's declared sample, unless stubs say otherwise",
    "nobody is inside when the period begins",
)


class BacktestInvalid(Invalid):
    """What is asked for can't be replayed."""


class JourneyUnknown(NotFound):
    """No journey of the sandbox has this name or uid, or no version is called so."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What to replay."""

    journey: str
    """Name or uid."""
    data_sets: Sequence[str]
    """Names, SQL names or ids."""
    start: str
    end: str | None
    version: str | None
    file: Path | None
    stubs: "Path | Mapping[str, Stub] | None"
    """A file, or read already."""
    seed: str
    tolerance: str
    sandbox: str
    document: Mapping[str, Any] | None = None
    """In place of the version's."""
    max_records: int | None = None
    """Refused when more landed in the period, or entered live; None: however many."""


class Far(NamedTuple):
    """How far a replay has come."""

    records: int
    total: int
    at_us: int
    """The virtual moment."""


class Replayed(NamedTuple):
    """What came of it."""

    report: dict[str, Any]
    pairs: list[Pair]
    world: World
    document: Mapping[str, Any]
    """The one replayed."""
    live_counts: NodeCounts | None
    """What the live versions did, over the activities of the document; None when none ever ran."""
    inside: int
    """How many were inside when the period began."""
    audience_notes: list[str]
    data_sets: Sequence[DataSet]


def _nobody(_far: Far) -> None:
    """Nobody asks how far it has come."""


class Replay:
    """One backtest over one sandbox."""

    def __init__(
        self, platform: Platform, sandbox: Sandbox, asked: Asked, tell: Callable[[Far], None] = _nobody
    ) -> None:
        """tell: is called a few times a second. Raises BacktestInvalid or MomentInvalid."""
        self._platform = platform
        self._sandbox = sandbox
        self._asked = asked
        self._tell = tell
        self._told_at = 0.0
        now_us = SystemClock().now_us()
        self._from_us = _read_moment(asked.start, now_us)
        self._to_us = now_us if asked.end is None else _read_moment(asked.end, now_us)
        if self._to_us <= self._from_us:
            raise BacktestInvalid(f"the period is empty: it ends at {moment_text(self._to_us)}")
        self._tolerance_us = read_duration(asked.tolerance)
        self._clock = VirtualClock(self._from_us)
        self._reading: Connection | None = None
        self._workspace: ProfileWorkspace | None = None
        # conditions of events may ask for the time: here it is the virtual one
        self._events = EventService(
            platform.db, platform.resources, platform.schemas, platform.namespaces, platform.catalog.table,
            platform.flows.inlets, platform.settings.base_url, self._clock,
        )  # fmt: skip

    def run(self) -> Replayed:
        """Replay, and compare. Raises BacktestInvalid, JourneyUnknown, BundleInvalid or QueryInvalid."""
        started = time.perf_counter()
        platform, scope_id = self._platform, self._sandbox.scope_id
        with platform.db.read() as connection:
            parent = self._find_journey(connection)
            draft, told, document = self._compile(connection, parent)
            chosen = self._find_data_sets(connection)
            lives, ids, inside, live_counts = self._live(connection, parent, document)
            table, actions = self._events.table.current(connection), platform.actions.table.current(connection)
            action_uids = self._uids(connection, ACTION_KIND)
            names = {uid: name for name, uid in self._uids(connection, AUDIENCE_KIND).items()}
            rule_sets = platform.rule_sets.table.current(connection)
            sources = platform.data_sources.table.current(connection)
        if not chosen and draft.type not in ("read_audience", "audience_qualification"):
            raise BacktestInvalid("say which data sets hold the events: --dataset")
        people = StoredPeople(scope_id, self._open_workspace)
        landed = self._landed(chosen)
        stubs = self._stubs([*action_uids, *(s.name for s in sources.in_scope(scope_id))])
        world = World(
            [draft], table, actions, self._clock, people=people, stubs=stubs,
            instance_ids=backtest.live_ids(ids, self._asked.seed), scope_id=scope_id,
            audiences=backtest.StoredAudiences(scope_id, self._clock, self._opened),
            rule_sets=rule_sets,
            data_sources=sources,
        )  # fmt: skip
        world.find_rows = lambda data_set_id, keys, paths: find_rows(
            self._opened(), scope_id, data_set_id, keys, paths
        )  # fmt: skip
        replayed, oldest_us = self._schedule_qualifications(world, draft)
        parts = landed.slices(self._from_us, self._to_us) if chosen else []
        records, total = 0, sum(part.record_count for part in parts)
        self._bound(total, "records landed")
        self._say(Far(0, total, self._from_us), is_due=True)
        for part in parts:
            with self._read():
                identities = []
                for at_us, dataset_id, entity in landed.read(part):
                    records += 1
                    self._say(Far(records, total, part.from_us))
                    schema_ids = (chosen[dataset_id].schema_id,)
                    world.schedule_entity(max(at_us, self._from_us), entity, schema_ids)
                    if draft.reads_profile:
                        for configuration in table.match(scope_id, *schema_ids, entity):
                            key = configuration.key(entity)
                            if key and configuration.namespace is not None:
                                identities.append((canonical_namespace(configuration.namespace), key))
                people.preload(identities)
                world.run(part.to_us - 1)
                self._say(Far(records, total, part.to_us))
        self._say(Far(records, total, self._to_us), is_due=True)
        with self._read():
            world.run(self._to_us)
        drafts = [backtest.simulated_run(record) for record in world.records]
        pairs = list(backtest.compare(drafts, lives, self._tolerance_us))
        refused: dict[str, int] = {}
        for one in world.received:
            for told_of in one.journeys:
                if told_of["outcome"] == "refused":
                    refused[told_of["reason"]] = refused.get(told_of["reason"], 0) + 1
        audience_notes = backtest.audience_notes(draft, names, replayed, oldest_us)
        notes = [*NOTES, *audience_notes]
        if inside:
            notes.append(f"{inside} were inside the live version when the period began: they could not enter it then")
        report = {
            "journey": draft.name,
            "draft": told,
            "datasets": [data_set.name for data_set in chosen.values()],
            "from": moment_text(self._from_us),
            "to": moment_text(self._to_us),
            "notes": notes,
            "records": records,
            "recognised": len(world.received),
            "refused": refused,
            "summary": {
                "draft": backtest.side_summary(drafts),
                "live": backtest.side_summary(lives),
                "differences": {kind: sum(pair.kind == kind for pair in pairs) for kind in KINDS},
            },
            "seconds": round(time.perf_counter() - started, 3),
        }
        return Replayed(
            report, pairs, world, document, live_counts, inside, audience_notes, list(chosen.values())
        )  # fmt: skip

    def live_steps(self, instance_ids: Sequence[str]) -> dict[str, list[StepEvent]]:
        """Steps of live instances up to the end of the period."""
        found: dict[str, list[StepEvent]] = {}
        with self._platform.db.read() as connection:
            for start in range(0, len(instance_ids), _CHUNK):
                for instance_id, text in store.list_steps(connection, instance_ids[start : start + _CHUNK]):
                    kept = (step for step in from_stored(text) if step.at_us < self._to_us)
                    found.setdefault(instance_id, []).extend(kept)
        return found

    def _stubs(self, known: Sequence[str]) -> Mapping[str, Stub]:
        """By name. Raises BundleInvalid, or BacktestInvalid for one of nothing that is called."""
        stubs = self._asked.stubs
        if stubs is None:
            return {}
        if isinstance(stubs, Path):
            return read_stubs(stubs, known)
        for name in stubs:
            if name not in known:
                names = ", ".join(sorted(known)) or "none"
                raise BacktestInvalid(
                    f"nothing that is called is named {name!r}; there are: {names}", f"$.stubs.{name}"
                )
        return stubs

    def _say(self, far: Far, *, is_due: bool = False) -> None:
        now = time.monotonic()
        if is_due or now - self._told_at >= _TELL_S:
            self._told_at = now
            self._tell(far)

    def _bound(self, count: int, what: str) -> None:
        most = self._asked.max_records
        if most is not None and count > most:
            raise BacktestInvalid(
                f"{count} {what} in the period, and {most} is the most: choose a shorter one", "$.from"
            )

    def _schedule_qualifications(self, world: World, draft: CompiledJourney) -> tuple[Counter[str], int | None]:
        """(how many recorded changes of each audience the draft listens to, when the first of them was)."""
        scope_id, from_ms, to_ms = self._sandbox.scope_id, -(-self._from_us // 1000), -(-self._to_us // 1000)
        found: Counter[str] = Counter()
        oldest_us: int | None = None
        wanted = {draft.entry_event_uid, *draft.listened}
        if not any(uid.startswith("audience:") for uid in wanted):
            return found, oldest_us
        with self._platform.db.read() as connection:
            for decision in list_qualifications(connection, scope_id, AUDIENCES, from_ms, to_ms):
                if decision[-1]["eventUid"] in wanted:
                    change = backtest.recorded_qualification(scope_id, *decision)
                    world.schedule_qualification(change.at_us, change)
                    found[change.audience_id] += 1
                    oldest_us = change.at_us if oldest_us is None else oldest_us
        return found, oldest_us

    def _opened(self) -> Connection:
        """The transaction of the slice at hand."""
        assert self._reading is not None
        return self._reading

    @contextmanager
    def _read(self) -> Iterator[None]:
        """A transaction for the profiles of one slice: a longer one would keep the database from tidying up."""
        with self._platform.db.read() as connection:
            self._reading, self._workspace = connection, None
            yield

    def _open_workspace(self) -> ProfileWorkspace:
        """Over the transaction of the slice at hand."""
        if self._workspace is None:
            platform, connection = self._platform, self._opened()
            self._workspace = ProfileWorkspace(
                connection,
                KnownLinks(),
                platform.namespaces.table.current(connection),
                platform.profiles.policies.table.current(connection),
            )
        return self._workspace

    def _landed(self, chosen: Mapping[str, DataSet]) -> Landed:
        platform, scope_id = self._platform, self._sandbox.scope_id
        with platform.db.read() as connection:
            every = platform.catalog.table.current(connection).of_scope(scope_id)
            schemas = platform.schemas.table.current(connection)
            found = {i: schemas.get(scope_id, data_set.schema_id) for i, data_set in chosen.items()}
        names = [DataSetName(data_set.id, data_set.name) for data_set in every]
        documents = {i: None if schema is None else schema.document for i, schema in found.items()}
        return Landed(build_lake(platform), scope_id, names, documents)

    # --- looking up ---

    def _find_journey(self, connection: Connection) -> Resource | None:
        """The journey by uid, or by the name of its latest version; None when a file stands for a new one."""
        wanted = self._asked.journey
        named: list[Resource] = []
        for parent in self._platform.resources.in_scope(connection, self._sandbox.scope_id, JOURNEY_KIND):
            if parent.id == wanted:
                return parent
            latest = self._version_of(connection, parent.body["versions"][-1])
            if latest.body["document"].get("name") == wanted:
                named.append(parent)
        if len(named) > 1:
            uids = ", ".join(parent.id for parent in named)
            raise BacktestInvalid(f"{len(named)} journeys are called {wanted!r}: give a uid, {uids}")
        if not named and self._asked.file is None:
            raise JourneyUnknown(f"no journey {wanted!r} in sandbox {self._sandbox.name!r}")
        return named[0] if named else None

    def _version_of(self, connection: Connection, uid: str) -> Resource:
        return self._platform.resources.get(connection, self._sandbox.scope_id, VERSION_KIND, uid)

    def _compile(
        self, connection: Connection, parent: Resource | None
    ) -> tuple[CompiledJourney, dict[str, Any], Mapping[str, Any]]:
        """The version to replay, what it is called, and its document. Raises JourneyInvalid, BundleInvalid."""
        platform, scope_id = self._platform, self._sandbox.scope_id
        definitions = replace(
            platform.journeys.definitions(connection, scope_id), events=self._events.table.current(connection)
        )
        if self._asked.file is not None:
            source = read_file(self._asked.file)
            uids = [self._uids(connection, kind) for kind in (EVENT_KIND, ACTION_KIND, AUDIENCE_KIND)]
            document = resolve_names(source, *uids)
            identity = VersionIdentity(
                scope_id=scope_id, org_id=self._sandbox.org_id, sandbox_name=self._sandbox.name,
                journey_uid=self._asked.journey if parent is None else parent.id, version_uid="file", version="file",
            )  # fmt: skip
            return _made(compile_version, document, definitions, identity), {"file": str(self._asked.file)}, document
        assert parent is not None
        versions = [self._version_of(connection, uid) for uid in parent.body["versions"]]
        chosen = versions[-1]
        if self._asked.version is not None:
            found = [v for v in versions if self._asked.version in (v.id, v.body["version"])]
            if not found:
                known = ", ".join(version.body["version"] for version in versions)
                raise JourneyUnknown(f"the journey has no version {self._asked.version!r}; there are: {known}")
            chosen = found[0]
        names = chosen.body["names"]
        used = definitions if names is None else FrozenDefinitions(definitions, names)
        document = chosen.body["document"]
        if self._asked.document is not None:
            document, used = self._asked.document, definitions
        journey = _made(compile_version, document, used, identity_of(chosen, self._sandbox))
        told = {"uid": chosen.id, "version": chosen.body["version"], "status": chosen.body["status"]}
        return journey, told, document

    def _uids(self, connection: Connection, kind: str) -> dict[str, str]:
        found = self._platform.resources.in_scope(connection, self._sandbox.scope_id, kind)
        return {one.body["name"]: one.id for one in found}

    def _find_data_sets(self, connection: Connection) -> dict[str, DataSet]:
        platform, scope_id = self._platform, self._sandbox.scope_id
        every = platform.catalog.table.current(connection).of_scope(scope_id)
        schemas = platform.schemas.table.current(connection)
        chosen: dict[str, DataSet] = {}
        for name in self._asked.data_sets:
            found = [d for d in every if name in (d.id, d.name, d.table_name)]
            if len(found) != 1:
                known = ", ".join(sorted(data_set.name for data_set in every)) or "none"
                raise BacktestInvalid(
                    f"{len(found)} data sets are called {name!r}: give an id" if found
                    else f"no data set {name!r}; there are: {known}"
                )  # fmt: skip
            schema = schemas.get(scope_id, found[0].schema_id)
            if schema is None or schema.behaviour != "time-series":
                raise BacktestInvalid(f"data set {name!r} holds no events")
            chosen[found[0].id] = found[0]
        return chosen

    def _live(
        self, connection: Connection, parent: Resource | None, document: Mapping[str, Any]
    ) -> tuple[list[Run], list[tuple[str, str]], int, NodeCounts | None]:
        """(runs of the live versions, (key, instance id) of each, how many were inside when the period began, counts).

        Counts are over the activities of the document, None when no version ever ran.
        """
        if parent is None:
            return [], [], 0, None
        scope_id = self._sandbox.scope_id
        entered = store.list_entrances(connection, scope_id, parent.id, self._from_us, self._to_us)
        self._bound(len(entered), "entrances were made")
        bodies = {uid: self._version_of(connection, uid).body for uid in parent.body["versions"]}
        versions = {uid: body["version"] for uid, body in bodies.items()}
        has_run = bool(entered) or any(body["status"] not in DRAFTS for body in bodies.values())
        counts = NodeCounts(document)
        runs: list[Run] = []
        for start in range(0, len(entered), _CHUNK):
            chunk = entered[start : start + _CHUNK]
            steps: dict[str, list[Any]] = {}
            for instance_id, text in store.list_steps(connection, [one.id for one in chunk]):
                steps.setdefault(instance_id, []).extend(from_stored(text))
            runs += [
                backtest.live_run(
                    one.key, one.entered_at_us, versions.get(one.version_uid, one.version_uid), one.node_id,
                    one.status, steps.get(one.id, []), self._to_us, one.id,
                )
                for one in chunk
            ]  # fmt: skip
            for one in chunk:
                counts.add(backtest.live_stay(one.node_id, steps.get(one.id, []), self._to_us))
        ids = [(one.key, one.id) for one in entered]
        inside = store.count_inside_at(connection, scope_id, parent.id, self._from_us)
        return runs, ids, inside, counts if has_run else None


def _made(make: Any, document: Any, definitions: Any, identity: VersionIdentity) -> CompiledJourney:
    """A compiled journey; its faults, if any, in full: there is no page that would show them."""
    try:
        journey: CompiledJourney = make(document, definitions, identity)
    except JourneyInvalid as error:
        raise BacktestInvalid("\n".join(_line(fault) for fault in error.faults) or str(error)) from None
    return journey


def _line(fault: Fault) -> str:
    return f"{fault.code} {fault.message} ({fault.path})"


def _read_moment(text: str, now_us: int) -> int:
    """`30d` ago, with or without a minus, or an instant."""
    return read_instant(text) if is_instant(text) else now_us - read_duration(text.lstrip("-"))
