"""`parcours backtest`."""

import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection

from parcours.access.errors import SandboxNotFound
from parcours.access.model import Sandbox
from parcours.actions.service import ACTION_KIND
from parcours.app import Platform, build_lake, build_platform
from parcours.audiences.document import AUDIENCE_KIND
from parcours.batch import AUDIENCES
from parcours.catalog.model import DataSet
from parcours.commands.client import ServerUnreachable
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
from parcours.journeys.moments import is_instant, moment_text, read_duration, read_instant
from parcours.journeys.seen import VirtualClock
from parcours.journeys.simulate import World
from parcours.journeys.steps import from_stored
from parcours.journeys.versions import JOURNEY_KIND, VERSION_KIND
from parcours.kit.clock import SystemClock
from parcours.kit.errors import Invalid, NotFound
from parcours.kit.settings import Settings
from parcours.kit.terminal import open_console, plain
from parcours.lake.landed import Landed
from parcours.lake.model import DataSetName
from parcours.lookups.store import find_rows
from parcours.profile.workspace import KnownLinks, ProfileWorkspace
from parcours.resources.store import Resource

_CHUNK = 500
_MAX_SHOWN = 20
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
    stubs: Path | None
    seed: str
    tolerance: str
    sandbox: str


def run(settings: Settings, asked: Asked, *, as_json: bool, limit: int) -> None:
    """Replay landed events through a draft, and print it beside what the live version did."""
    path = settings.data_dir / "credentials.json"
    if not path.exists():
        raise ServerUnreachable(f"{settings.data_dir} holds no data: start `parcours serve` over it first")
    org_id = orjson.loads(path.read_bytes())["org_id"]
    platform = build_platform(settings)
    try:
        sandbox = next((s for s in platform.access.sandboxes(org_id) if s.name == asked.sandbox), None)
        if sandbox is None:
            raise SandboxNotFound(asked.sandbox)
        report, pairs = _Replay(platform, sandbox, asked).run()
    finally:
        platform.close()
    if as_json:
        report["customers"] = [pair.to_json() for pair in pairs]
        sys.stdout.write(orjson.dumps(report, option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        _print(open_console(), report, pairs, limit)


class _Replay:
    """One backtest over one sandbox."""

    def __init__(self, platform: Platform, sandbox: Sandbox, asked: Asked) -> None:
        self._platform = platform
        self._sandbox = sandbox
        self._asked = asked
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

    def run(self) -> tuple[dict[str, Any], list[Pair]]:
        started = time.perf_counter()
        platform, scope_id = self._platform, self._sandbox.scope_id
        with platform.db.read() as connection:
            parent = self._find_journey(connection)
            draft, told = self._compile(connection, parent)
            chosen = self._find_data_sets(connection)
            lives, ids, inside = self._live(connection, parent, told)
            table, actions = self._events.table.current(connection), platform.actions.table.current(connection)
            action_uids = self._uids(connection, ACTION_KIND)
            names = {uid: name for name, uid in self._uids(connection, AUDIENCE_KIND).items()}
            rule_sets = platform.rule_sets.table.current(connection)
            sources = platform.data_sources.table.current(connection)
        if not chosen and draft.type not in ("read_audience", "audience_qualification"):
            raise BacktestInvalid("say which data sets hold the events: --dataset")
        people = StoredPeople(scope_id, self._open_workspace)
        landed = self._landed(chosen)
        stubs = (
            {}
            if self._asked.stubs is None
            else read_stubs(self._asked.stubs, [*action_uids, *(s.name for s in sources.in_scope(scope_id))])
        )
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
        records = 0
        for part in landed.slices(self._from_us, self._to_us) if chosen else ():
            with self._read():
                identities = []
                for at_us, dataset_id, entity in landed.read(part):
                    records += 1
                    schema_ids = (chosen[dataset_id].schema_id,)
                    world.schedule_entity(max(at_us, self._from_us), entity, schema_ids)
                    if draft.reads_profile:
                        for configuration in table.match(scope_id, *schema_ids, entity):
                            key = configuration.key(entity)
                            if key and configuration.namespace is not None:
                                identities.append((canonical_namespace(configuration.namespace), key))
                people.preload(identities)
                world.run(part.to_us - 1)
        with self._read():
            world.run(self._to_us)
        drafts = [backtest.simulated_run(record) for record in world.records]
        pairs = list(backtest.compare(drafts, lives, self._tolerance_us))
        refused: dict[str, int] = {}
        for one in world.received:
            for told_of in one.journeys:
                if told_of["outcome"] == "refused":
                    refused[told_of["reason"]] = refused.get(told_of["reason"], 0) + 1
        notes = [*NOTES, *backtest.audience_notes(draft, names, replayed, oldest_us)]
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
        return report, pairs

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

    def _compile(self, connection: Connection, parent: Resource | None) -> tuple[CompiledJourney, dict[str, Any]]:
        """The version to replay, and what it is called. Raises JourneyInvalid, BundleInvalid."""
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
            return _made(compile_version, document, definitions, identity), {"file": str(self._asked.file)}
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
        journey = _made(compile_version, chosen.body["document"], used, identity_of(chosen, self._sandbox))
        told = {"uid": chosen.id, "version": chosen.body["version"], "status": chosen.body["status"]}
        return journey, told

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
        self, connection: Connection, parent: Resource | None, told: Mapping[str, Any]
    ) -> tuple[list[Run], list[tuple[str, str]], int]:
        """(runs of the live versions, (key, instance id) of each, how many were inside when the period began)."""
        if parent is None:
            return [], [], 0
        scope_id = self._sandbox.scope_id
        entered = store.list_entrances(connection, scope_id, parent.id, self._from_us, self._to_us)
        versions = {uid: self._version_of(connection, uid).body["version"] for uid in parent.body["versions"]}
        runs: list[Run] = []
        for start in range(0, len(entered), _CHUNK):
            chunk = entered[start : start + _CHUNK]
            steps: dict[str, list[Any]] = {}
            for instance_id, text in store.list_steps(connection, [one.id for one in chunk]):
                steps.setdefault(instance_id, []).extend(from_stored(text))
            runs += [
                backtest.live_run(
                    one.key, one.entered_at_us, versions.get(one.version_uid, one.version_uid), one.node_id,
                    one.status, steps.get(one.id, []), self._to_us,
                )
                for one in chunk
            ]  # fmt: skip
        ids = [(one.key, one.id) for one in entered]
        return runs, ids, store.count_inside_at(connection, scope_id, parent.id, self._from_us)


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


# --- showing --------------------------------------------------------------------------------------------------------


def _print(console: Console, report: Mapping[str, Any], pairs: Sequence[Pair], limit: int) -> None:
    draft = report["draft"]
    which = draft["file"] if "file" in draft else f"version {draft['version']} ({draft['status']})"
    console.print(plain(f"“{report['journey']}”, {which}, over {', '.join(report['datasets'])}", "bold"))
    console.print(
        plain(
            f"{report['from']} to {report['to']}: {report['records']} records, {report['recognised']} recognised, "
            f"in {report['seconds']:.2f} s"
        )
    )
    for note in report["notes"]:
        console.print(plain(f"  {note}", "dim"))
    console.print()
    console.print(_sides(report["summary"]))
    if report["refused"]:
        reasons = ", ".join(f"{count} {reason}" for reason, count in report["refused"].items())
        console.print(plain(f"refused by the draft: {reasons}"))
    console.print()
    for kind, words in KINDS.items():
        console.print(plain(f"{report['summary']['differences'][kind]:>8}  {words}"))
    different = [pair for pair in pairs if pair.kind != "same"]
    if not different:
        return
    console.print()
    table = Table(show_edge=False, pad_edge=False)
    for name in ("customer", "entered", "difference", "draft", "live"):
        table.add_column(name, overflow="fold")
    for pair in different[:limit] if limit else different:
        table.add_row(*map(plain, _cells(pair)))
    console.print(table)
    if limit and len(different) > limit:
        console.print(plain(f"… {len(different) - limit} more (--limit 0 shows all, --json has all)", "dim"))


def _sides(summary: Mapping[str, Any]) -> Table:
    table = Table(show_edge=False, pad_edge=False)
    table.add_column("")
    table.add_column("draft: would", justify="right")
    table.add_column("live: did", justify="right")
    draft, live = summary["draft"], summary["live"]
    table.add_row("customers", str(draft["customers"]), str(live["customers"]))
    table.add_row("entrances", str(draft["entered"]), str(live["entered"]))
    for group, word in (("ended", ""), ("calls", "calls of ")):
        for name in dict.fromkeys((*draft[group], *live[group])):
            table.add_row(plain(word + name), str(draft[group].get(name, 0)), str(live[group].get(name, 0)))
    return table


def _cells(pair: Pair) -> tuple[str, str, str, str, str]:
    first = pair.draft or pair.live
    assert first is not None
    return pair.key, moment_text(first.entered_at_us), KINDS[pair.kind], _told(pair.draft), _told(pair.live)


def _told(run: Run | None) -> str:
    if run is None:
        return "–"
    calls = ", ".join(f"{call.action} {moment_text(call.at_us)}" for call in run.calls) or "nothing sent"
    return f"{' → '.join(run.path)} ({run.status}); {calls}"
