"""Audiences and their runs in a simulated world are those of the worker: the same changes through its transactions."""

from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from journey_world import DAY_US, MINUTE_US, NOW_US, SECOND_US, document
from simulated import ACTIONS, Virtual
from test_simulate_as_run import fetched

from parcours.audiences import store as audience_store
from parcours.audiences.loading import bring_in, next_part
from parcours.audiences.source import UploadedAudiences
from parcours.batch import Batch, Sources
from parcours.db import Database, metadata
from parcours.delivery.model import ActionAnswer
from parcours.events.table import EventTable
from parcours.identity.namespaces import NamespaceTable
from parcours.journeys import runs_store, store
from parcours.journeys.audience_runs import ReadingPace, begin_runs
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.fetch_request import METHOD as FETCH
from parcours.journeys.match import LiveJourneys
from parcours.journeys.model import ActionOutcome, StepEvent
from parcours.journeys.runner import Arrival
from parcours.journeys.schedule import first_runs
from parcours.journeys.steps import from_stored, to_stored
from parcours.journeys.store import instance_table
from parcours.lookups.model import LookupTable
from parcours.lookups.store import put_rows
from parcours.profile.merge import MergePolicyTable
from parcours.profile.workspace import KnownLinks
from parcours.rulesets.table import NO_RULE_SETS
from parcours.templates.table import NO_TEMPLATES

KNOWN = "jane@example.com"
"""The one who has a profile."""
PEOPLE = (KNOWN, "joe@example.com", "mo@example.com")
ATTRIBUTES = {"tier": "gold", "visits": 3}
ROWS = {"x": {"sku": "x", "price": 3.5}, "y": {"sku": "y", "stock": 2}}
DAYS = 12

# --- journeys --------------------------------------------------------------------------------------------------------

IN = 'inAudience("VIP customers")'
GOLD = '#{ExperiencePlatform.ProfileFieldGroup.tier} == "gold"'


durations = st.sampled_from(
    [{"value": value, "unit": unit} for value, unit in ((30, "seconds"), (3, "hours"), (2, "days"), (9, "days"))]
)


def _condition(expression: str) -> dict[str, Any]:
    return {"type": "condition", "paths": [{"id": "a", "expression": expression}], "otherPath": True}


@st.composite
def listening(draw: st.DrawFn) -> dict[str, Any]:
    node: dict[str, Any] = {"type": "event", "eventUid": "e2"}
    if draw(st.booleans()):
        verbs = draw(st.sampled_from([["enter"], ["exit"], ["enter", "exit"]]))
        node = {"type": "audienceQualification", "audienceId": "vip", "verbs": verbs}
    return {**node, "timeout": {**draw(durations), "path": False}}


activities = st.one_of(
    st.builds(lambda length: {"type": "wait", "duration": length}, durations),
    listening(),
    st.sampled_from(
        [
            _condition(IN), _condition(GOLD), _condition('#{ExperiencePlatform.ProfileFieldGroup.visits} == 7'),
            {"type": "customAction", "actionUid": "a2"},
            {"type": "customAction", "actionUid": "a1", "parameters": [{"paramPath": "/to", "expression": '"x"'}]},
            # wide enough for all: of timers due at one moment the worker takes any first
            {"type": "condition", "conditionType": "profileCap", "limit": 99, "paths": [{"id": "a"}, {"id": "b"}]},
            {"type": "updateProfile", "dataSetId": "d1", "updates": [{"path": "/visits", "expression": "7"}]},
            {"type": "datasetLookup", "dataSetId": "d2", "keys": 'list("x", "z", "x", "y")', "fields": ["/price"]},
            {"type": "datasetLookup", "dataSetId": "d2", "keys": 'list("y")'},
            {"type": "optimize", "optimizeType": "targeting", "paths": [{"id": "a", "expression": IN}]},
        ]
    ),
)  # fmt: skip
schedules = st.sampled_from(
    [
        {},
        {"schedule": {"type": "once", "startDate": "2026-01-02T10:00"}, "waves": {"count": 3, "minutesApart": 60}},
        {"schedule": {"type": "daily", "time": "07:00"}},
        {"schedule": {"type": "daily", "time": "07:00", "interval": 2}, "incremental": True},
        {"schedule": {"type": "daily", "time": "07:00"}, "forceReentrance": True},
        {"schedule": {"type": "daily", "time": "00:00"}, "waitForAudienceHours": 2},
        {"schedule": {"type": "weekly", "days": ["monday", "thursday"], "time": "23:30"}, "incremental": True},
    ]
)


@st.composite
def journeys(draw: st.DrawFn) -> dict[str, Any]:
    """A chain after an entry of any kind; conditions go on by their path, and mostly by the other one, too."""
    kind = draw(st.sampled_from(["qualification", "read", "read", "business", "event"]))
    read = {"type": "readAudience", "audienceId": "vip", "throttlingRate": 500}
    nodes: dict[str, Any]
    edges: list[tuple[str, ...]] = []
    match kind:
        case "qualification":
            verbs = draw(st.sampled_from([["enter"], ["exit"], ["enter", "exit"]]))
            nodes = {"start": {"type": "audienceQualification", "audienceId": "vip", "verbs": verbs}}
        case "read":
            nodes = {"start": {**read, **draw(schedules)}}
        case "business":
            nodes, edges = {"start": {"type": "businessEvent", "eventUid": "b1"}, "read": read}, [("start", "read")]
        case _:
            nodes = {"start": {"type": "event", "eventUid": "e1"}}
    waits = [{"type": "wait", "duration": draw(durations)}] * draw(st.integers(0, 1))
    for number, node in enumerate([*waits, *draw(st.lists(activities, max_size=5))]):
        before, name = list(nodes)[-1], f"n{number}"
        ways: list[tuple[str, ...]] = [("default",)]
        if nodes[before]["type"] in ("condition", "optimize"):
            ways = [("path", "a")]
            if nodes[before].get("otherPath") and draw(st.booleans()):
                ways.append(("other",))
        edges += [(before, name, *way) for way in ways]
        nodes[name] = node
    criteria = draw(st.sampled_from([[], [{"id": "out", "audienceId": "vip", "verbs": ["exit"]}]]))
    entry: dict[str, Any] = {"node": "start", "reentrance": {"allowed": draw(st.booleans()), "waitSeconds": 3600}}
    if kind == "business":
        entry["multipleExecutions"] = draw(st.booleans())
    made = document(nodes, *edges, exitCriteria=criteria, timeouts={"globalDays": 91, "actionSeconds": 5})
    end = draw(st.sampled_from([{}, {}, {"endDate": "2026-01-08T12:00:00Z"}]))
    return {**made, "entry": entry, **end}


happenings = st.lists(
    st.tuples(
        st.sampled_from(["enter", "enter", "leave", "replace", "e1", "e2", "b1"]),
        st.sampled_from([1, SECOND_US, 20 * MINUTE_US, 90 * MINUTE_US, 10 * 3600 * SECOND_US, DAY_US, 2 * DAY_US]),
        st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=3, unique=True),
    ),
    min_size=1,
    max_size=10,
)
MODES: Any = {"enter": "add", "leave": "remove", "replace": "replace"}


# --- the worker ------------------------------------------------------------------------------------------------------


class Fixed:
    """Definitions that never change."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def current(self, *_: Any) -> Any:
        return self._value


class Worker:
    """The worker's transactions, at moments of the test's own; calls are answered at once."""

    def __init__(self, db: Database, journey: CompiledJourney, events: Any) -> None:
        self.db = db
        self.journey = journey
        self.events = events
        self.told: list[tuple[int, list[dict[str, Any]]]] = []
        self._is_over = False
        self.pace = ReadingPace()
        data_sets = SimpleNamespace(get=lambda _scope, uid: SimpleNamespace(id=uid, is_profile_enabled=True))
        self.live = LiveJourneys(
            {(1, journey.entry_event_uid): (journey,)},
            {(1, uid): (journey,) for uid in journey.listened},
            {journey.version_uid: journey},
            asked={1: frozenset(journey.audience_ids.values())},
            names={journey.version_uid: journey.name},
            scopes=frozenset({1}),
        )
        nothing = Fixed(None)
        self.sources = Sources(
            resources=SimpleNamespace(revisions=lambda _: {}),  # type: ignore[arg-type]
            inlets=nothing, data_sets=Fixed(data_sets), schemas=nothing, mappings=nothing,  # type: ignore[arg-type]
            namespaces=Fixed(NamespaceTable({})), policies=Fixed(MergePolicyTable({}, {})),  # type: ignore[arg-type]
            events=Fixed(EventTable(())), journeys=Fixed(self.live), actions=Fixed(ACTIONS),  # type: ignore[arg-type]
            lookups=Fixed(LookupTable({})), audience_source=UploadedAudiences(),  # type: ignore[arg-type]
            step_data_set=lambda *_: "steps", feedback_data_set=lambda *_: "feedback",
            rule_sets=Fixed(NO_RULE_SETS), templates=Fixed(NO_TEMPLATES),  # type: ignore[arg-type]
        )  # fmt: skip
        with db.write() as connection:
            put_rows(connection, [(1, "d2", k, 0, 1, orjson.dumps(row).decode()) for k, row in ROWS.items()])
            batch = self._batch(connection, NOW_US)
            profiles = batch._profiles
            profiles._put(1, ("Email", KNOWN), "d1", dict(ATTRIBUTES), orjson.dumps(ATTRIBUTES))
            batch.flush()
            if journey.type == "read_audience":
                for run in first_runs(journey, NOW_US):
                    runs_store.insert_run(connection, run)

    def _batch(self, connection: Any, at_us: int) -> Batch:
        return Batch(connection, self.sources, KnownLinks(), at_us)

    def _write(self, at_us: int, work: Any) -> Any:
        with self.db.write() as connection:
            batch = self._batch(connection, at_us)
            done = work(connection, batch)
            calls = list(batch._journeys.calls)
            batch.flush()
        while calls:
            with self.db.write() as connection:
                batch = self._batch(connection, at_us)
                batch.answer([self._answer(call) for call in calls])
                calls = list(batch._journeys.calls)
                batch.flush()
        return done

    @staticmethod
    def _answer(call: Any) -> ActionAnswer:
        sample = {"points": 1, "level": "gold"} if call.action_uid == "a2" else None
        endpoint = call.request.url.partition("?")[0]
        outcome = ActionOutcome("http_200", sample, endpoint=endpoint, method=call.request.method)
        found = fetched(call.request) if call.request.method == FETCH else None
        return ActionAnswer(0, 1, call.instance_id, call.node_id, call.pass_no, outcome, 0, fetched=found)

    def upload(self, mode: Any, ids: list[str], at_us: int, *, is_heard: bool = True) -> None:
        def work(connection: Any, _batch: Batch) -> None:
            inside = audience_store.identities_after(connection, 1, "vip", "Email", "", 9) if mode == "replace" else []
            part = next_part([(one, None) for one in sorted(ids)], inside, 9)
            heard = is_heard and "audience:vip" in (self.journey.entry_event_uid, *self.journey.listened)
            bring_in(connection, 1, "vip", "Email", mode, part, at_us, is_listened=heard)

        self.wake(at_us - 1)
        self._write(at_us, work)
        self.turn(at_us)

    def receive(self, uid: str, payload: dict[str, Any], at_us: int) -> None:
        def work(connection: Any, batch: Batch) -> list[dict[str, Any]]:
            if uid == "b1":
                return begin_runs(connection, self.live, 1, uid, payload, at_us)
            key = self.events[uid].key(payload)
            data = batch._world.data(1, ("Email", key))
            return batch._journeys.receive(Arrival(1, uid, key, payload, str(at_us), at_us // 1000, data))

        self.wake(at_us - 1)
        self.told.append((at_us, self._write(at_us, work)))
        self.turn(at_us)

    def turn(self, at_us: int) -> None:
        """All there is to do at a moment, each kind of work in its turn."""
        if self.journey.end_us is not None and at_us >= self.journey.end_us and not self._is_over:
            self._is_over = True
            self._write(at_us, lambda c, _: store.request_stop(c, 1, "journey", "version", "endDate"))
        while True:
            with self.db.read() as connection:
                stops = store.find_stops(connection)
                due = store.find_due(connection, at_us, 1)
                changes = audience_store.take_qualifications(connection, 1)
                before = runs_store.find_runs(connection, at_us, 9)
            for stop in stops:
                self._write(at_us, lambda _, batch, stop=stop: batch.go_through(stop, 100))
            if due:
                self._write(at_us, lambda _, batch, due=due: batch.wake(due))
                continue
            if changes:
                self._write(at_us, lambda c, batch, changes=changes: self._qualify(c, batch, changes))
                continue
            self._write(at_us, lambda _, batch: batch.read_audiences(100, self.pace))
            with self.db.read() as connection:
                after = runs_store.find_runs(connection, at_us, 9)
            if not stops and before == after:
                return

    def _qualify(self, connection: Any, batch: Batch, changes: list[Any]) -> None:
        audience_store.delete_qualifications(connection, changes)
        batch.qualify(changes)
        (decision,) = batch._decisions
        self.told.append((changes[0].at_us, orjson.loads(decision[-1])[0]["journeys"]))

    def wake(self, until_us: int) -> None:
        """Every moment at which something is due, in order."""
        at_us = 0
        while (following := self._next_us(at_us)) is not None and following <= until_us:
            at_us = following
            self.turn(at_us)

    def _next_us(self, after_us: int) -> int | None:
        moments = [] if self._is_over or self.journey.end_us is None else [self.journey.end_us]
        with self.db.read() as connection:
            timer_us = store.find_next_due(connection)
            runs = runs_store.list_runs(connection, self.journey.version_uid)
        read = self.journey.audience_read
        for run in (run for run in runs if run.status == "queued"):
            moments.append(run.due_at_us)
            if read is not None and read.wait_for_audience_us is not None:
                moments.append(run.due_at_us + read.wait_for_audience_us)
        moments = [at_us for at_us in moments if at_us > after_us]
        return min([*moments, *([] if timer_us is None else [timer_us])], default=None)

    def steps(self) -> list[tuple[str, int, list[StepEvent]]]:
        found: dict[str, list[StepEvent]] = {}
        with self.db.read() as connection:
            rows = connection.execute(instance_table.select()).all()
            for instance_id, text in store.list_steps(connection, [row.id for row in rows]):
                found.setdefault(instance_id, []).extend(from_stored(text))
        return sorted((row.key, row.entered_at_us, found[row.id]) for row in rows)


def outcomes(told: Any) -> list[tuple[str, str | None]]:
    return [(one["outcome"], one.get("reason")) for one in told]


@pytest.mark.stored
@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(journeys(), st.lists(st.sampled_from(PEOPLE), max_size=3, unique=True), happenings)
def test_audiences_and_runs_are_those_of_the_worker(
    sqlite_db: Database, doc: dict[str, Any], members: list[str], happens: Any
) -> None:
    with sqlite_db.write() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    virtual = Virtual(doc, business=("b1",))
    world, (journey,) = virtual.world, virtual.world.journeys
    virtual.people.put("Email", KNOWN, ATTRIBUTES)
    world.ledger.put_rows("d2", ROWS, NOW_US)
    world.bring_in("vip", "Email", members)
    worker = Worker(sqlite_db, journey, virtual.events)
    worker.upload("add", members, NOW_US, is_heard=False)
    at_us = NOW_US
    for number, (what, after_us, who) in enumerate(happens):
        at_us += after_us
        if what in MODES:
            world.schedule_upload(at_us, "vip", "Email", who, MODES[what])
            worker.upload(MODES[what], who, at_us)
        else:
            payload = {"email": who[0], "total": number}
            world.schedule_event(at_us, virtual.events[what], payload)
            worker.receive(what, payload, at_us)
    until_us = NOW_US + DAYS * DAY_US
    worker.wake(max(until_us, at_us))
    world.run(max(until_us, at_us))

    seen = sorted(
        (r.instance.key, r.instance.entered_at_us, list(from_stored(to_stored(r.steps)))) for r in world.records
    )
    assert seen == worker.steps()
    with sqlite_db.read() as connection:
        runs = runs_store.list_runs(connection, journey.version_uid)[::-1]
    assert [run._replace(id="") for run in world.runs(journey)] == [run._replace(id="") for run in runs]
    assert [(one.at_us, outcomes(one.journeys)) for one in world.received] == [
        (moment, outcomes(told)) for moment, told in worker.told
    ]
    event(f"{journey.type}: {'nobody' if not seen else 'somebody'} entered")
