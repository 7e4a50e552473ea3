"""The doctor on both databases: after any history there is nothing to find, and every damage is found and mended."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert, select, update

from parcours.actions.model import HttpRequest
from parcours.db import Database, metadata
from parcours.delivery import store as outbox
from parcours.doctor.audit import Doctor
from parcours.doctor.model import Report
from parcours.doctor.sample import WITHOUT_TIMER, Sample
from parcours.journeys import store
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.match import LiveJourneys
from parcours.journeys.model import NOTHING, ActionOutcome
from parcours.journeys.runner import JourneyWorkspace
from parcours.journeys.versions import VERSION_KIND
from parcours.journeys.workset import Arrival
from parcours.kit.clock import ManualClock
from parcours.resources.store import Author, ResourceStore

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "journeys"))
from journey_world import NOW_US, compiled, document

HOUR = {"value": 1, "unit": "hours"}
JOURNEY = compiled(
    document(
        {
            "pay": {"type": "event", "eventUid": "e2", "timeout": {**HOUR, "path": True}},
            "listen": {"type": "event", "eventUid": "e2"},
            "rest": {"type": "wait", "duration": HOUR},
            "mail": {
                "type": "customAction",
                "actionUid": "a1",
                "parameters": [{"paramPath": "/to", "expression": "@event{Order.email}"}],
            },
            "later": {"type": "wait", "duration": {"value": 2, "unit": "days"}},
            "again": {"type": "event", "eventUid": "e2"},
        },
        ("start", "rest"),
        ("rest", "pay"),
        ("pay", "mail"),
        ("pay", "listen", "timeout"),
        ("mail", "later"),
        ("mail", "again"),
    )
)
RACE = next(node_id for node_id in JOURNEY.nodes if node_id.startswith("~race."))
"""Of `later` and `again`: its timer is that of `later`."""
KEYS = [f"p{n}@example.com" for n in range(6)]


class Actions:
    """Every action there is calls one place."""

    def get(self, _scope_id: int, _uid: str) -> "Actions":
        return self

    def build(self, _parameters: Mapping[str, Any], _path: str | None) -> HttpRequest:
        return HttpRequest("POST", "https://mail.example.com/", (), b"{}")


class Nobody:
    """Nobody of whom anything is known."""

    def data_of(self, _journey: CompiledJourney, _key: str) -> Mapping[str, Any]:
        return NOTHING

    def key_in(self, *_asked: Any) -> None:
        return None

    def look_up(self, *_asked: Any) -> Any:
        return []

    def update_profile(self, *_asked: Any) -> None:
        return None


class Fixed:
    """Definitions that don't change."""

    def __init__(self, live: LiveJourneys) -> None:
        self.live = live

    def current(self, _connection: Connection, _revisions: Any = None) -> LiveJourneys:
        return self.live


class World:
    """The worker's transactions over a database, on a clock that is moved by hand."""

    def __init__(self, db: Database, part: int = 3) -> None:
        self.db = db
        self.clock = ManualClock(NOW_US)
        self.live = Fixed(
            LiveJourneys(
                entries={(1, "e1"): (JOURNEY,)}, listeners={(1, "e2"): (JOURNEY,)}, versions={"version": JOURNEY}
            )
        )
        self.part = part
        self._events = 0

    def transact(self, work: Callable[[JourneyWorkspace], None]) -> None:
        with self.db.write() as connection:
            actions: Any = Actions()
            workspace = JourneyWorkspace(connection, self.live.live, actions, Nobody(), self.clock.now_us())
            work(workspace)
            workspace.flush()
            outbox.enqueue(connection, workspace.calls, self.clock.now_us())

    def send(self, event: str, key: str) -> None:
        self._events += 1
        arrival = Arrival(1, event, key, {"email": key}, f"x{self._events}", NOW_US // 1000, NOTHING)
        self.transact(lambda workspace: workspace.receive(arrival) and None)

    def run_timers(self) -> int:
        with self.db.read() as connection:
            due = store.find_due(connection, self.clock.now_us(), 1_000)

        def wake(workspace: JourneyWorkspace) -> None:
            workspace.load(timer.instance_id for timer in due)
            for timer in due:
                workspace.wake(timer)

        self.transact(wake)
        return len(due)

    def answer(self, count: int) -> int:
        with self.db.read() as connection:
            rows = outbox.load_after(connection, 0, count)

        def hand_on(workspace: JourneyWorkspace) -> None:
            workspace.load(row.instance_id for row in rows)
            for row in rows:
                code = "http_200" if row.request is not None else "internalError"
                workspace.answer(row.instance_id, row.node_id, row.pass_no, ActionOutcome(code))

        self.transact(hand_on)
        with self.db.write() as connection:
            outbox.delete_answered(connection, [row.id for row in rows])
        return len(rows)

    def pass_time(self, **delta: float) -> None:
        self.clock.advance(timedelta(**delta))
        while self.run_timers():
            pass

    def examine(self, *, repairs: bool = False, is_working: bool = True) -> Report:
        doctor = Doctor(self.db, ResourceStore(), self.live, clock=self.clock, part=self.part)  # type: ignore[arg-type]
        return doctor.examine(is_working=is_working, repairs=repairs)

    def found(self) -> dict[str, int]:
        return {finding.code: finding.count for finding in self.examine().findings}

    def inside(self) -> list[Any]:
        t = store.instance_table.c
        with self.db.read() as connection:
            return list(
                connection.execute(select(t.id, t.key, t.node_id).where(t.node_id.is_not(None)).order_by(t.key))
            )

    def execute(self, statement: Any) -> None:
        with self.db.write() as connection:
            assert connection.execute(statement).rowcount

    def bring_everybody_out(self) -> None:
        """Let all the time pass that a journey may take."""
        for _ in range(10):
            self.pass_time(days=20)
            while self.answer(100):
                pass
        assert self.inside() == []


def people_everywhere(world: World) -> dict[str, str]:
    """Somebody at every kind of node; key by node."""
    for key in (KEYS[0], KEYS[2], KEYS[3]):
        world.send("e1", key)
    world.pass_time(hours=1)  # all at "pay"
    world.send("e2", KEYS[0])
    world.answer(1)
    world.pass_time(minutes=59)
    world.send("e1", KEYS[1])
    world.send("e1", KEYS[4])
    world.pass_time(minutes=2)  # those who are still at "pay" go to "listen"
    world.send("e1", KEYS[5])
    world.pass_time(minutes=59)
    world.send("e2", KEYS[1])
    return {node: key for _, key, node in world.inside()}


def test_nothing_is_found_where_nothing_is_wrong(db: Database) -> None:
    world = World(db)
    at = people_everywhere(world)
    assert set(at) == {"mail", RACE, "listen", "pay", "rest"}
    report = world.examine()
    assert (report.findings, report.is_well) == ([], True)
    assert report.checked["instances"] == 6
    assert report.checked["calls"] == report.checked["waitingForCalls"] == 1
    world.bring_everybody_out()
    assert world.examine().checked["timers"] == 0


TIMER, CALL, INSTANCE = store.timer_table, outbox.outbox_table, store.instance_table


def node_timer(node: str) -> Any:
    return TIMER.c.node_id == node


def timer_row(instance_id: str, node_id: str, pass_no: int) -> dict[str, Any]:
    return {
        "instance_id": instance_id, "node_id": node_id, "pass_no": pass_no, "partition": 0,
        "due_at_us": NOW_US + 30 * 86_400_000_000, "kind": "wait",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("code", "count", "damage"),
    [
        ("timerMissing", 1, lambda _ids: delete(TIMER).where(node_timer("rest"))),
        ("timerMissing", 1, lambda _ids: delete(TIMER).where(node_timer("pay"))),
        ("timerMissing", 1, lambda _ids: delete(TIMER).where(node_timer(RACE))),
        ("globalTimerMissing", 6, lambda _ids: delete(TIMER).where(node_timer(""))),
        (
            "globalTimerLate",
            6,
            lambda _ids: update(TIMER).where(node_timer("")).values(due_at_us=NOW_US + 300 * 86_400_000_000),
        ),
        ("timerStale", 1, lambda ids: insert(TIMER).values(timer_row(ids[RACE], "rest", 1))),
        ("timerStale", 1, lambda ids: insert(TIMER).values(timer_row(ids["rest"], "pay", 1))),
        ("timerOrphan", 1, lambda _ids: insert(TIMER).values(timer_row("0", "rest", 1))),
        ("timerOrphan", 1, lambda _ids: insert(TIMER).values(timer_row("zz", "rest", 1))),
        ("callMissing", 1, lambda _ids: delete(CALL)),
    ],
)
def test_every_damage_is_found_and_mended_and_nobody_is_lost(
    db: Database, code: str, count: int, damage: Callable[[Mapping[str, str]], Any]
) -> None:
    world = World(db)
    people_everywhere(world)
    ids = {node: instance_id for instance_id, _, node in world.inside()}
    before = timers(db)
    world.execute(damage(ids))
    assert world.found() == {code: count}
    assert not world.examine().is_well
    report = world.examine(repairs=True)
    assert report.is_well
    assert [(f.code, f.count, f.repaired) for f in report.findings] == [(code, count, count)]
    assert world.found() == {}
    assert timers(db) == before
    world.bring_everybody_out()


def timers(db: Database) -> list[Any]:
    with db.read() as connection:
        return sorted(map(tuple, connection.execute(select(TIMER))))


def test_a_lost_call_is_answered_as_an_error_of_the_server(db: Database) -> None:
    world = World(db)
    people_everywhere(world)
    world.execute(delete(CALL))
    world.examine(repairs=True)
    with db.read() as connection:
        (row,) = outbox.load_after(connection, 0, 10)
    assert row.request is None  # what Delivery answers as internalError
    assert (row.node_id, row.version_uid, row.scope_id) == ("mail", "version", 1)
    world.answer(1)
    assert "mail" not in {node for _, _, node in world.inside()}


def test_a_timer_whose_step_is_gone_too_is_due_when_the_node_says(db: Database) -> None:
    world = World(db)
    people_everywhere(world)
    before = timers(db)
    world.execute(delete(TIMER).where(node_timer("rest")))
    world.execute(delete(store.step_table))
    assert world.examine(repairs=True).is_well
    assert timers(db) == before


def test_what_only_people_can_mend_is_told_and_left(db: Database) -> None:
    world = World(db)
    people_everywhere(world)
    world.execute(update(INSTANCE).where(INSTANCE.c.node_id == "listen").values(waiting_for=None))
    world.execute(update(INSTANCE).where(INSTANCE.c.node_id == "rest").values(node_id="nowhere"))
    report = world.examine(repairs=True)
    assert not report.is_well
    left = {f.code: f.count - f.repaired for f in report.findings}
    assert left["waitsForNothing"] >= 1
    assert left["nodeUnknown"] == 1


@pytest.mark.parametrize("state", ['["nonsense"]', "{}", "7", "no JSON", "null"])
def test_somebody_whose_state_can_not_be_read_hides_nobody_and_is_ended(db: Database, state: str) -> None:
    world = World(db)
    for key in KEYS:
        world.send("e1", key)
    (bad_id, _, _), *others = world.inside()
    t = store.instance_table
    with db.write() as connection:
        connection.execute(update(t).where(t.c.id == bad_id).values(state=state))
    assert world.found() == {"stateUnreadable": 1}
    Sample(db, world.live).take(world.clock.now_us())  # type: ignore[arg-type]
    report = world.examine(repairs=True)
    assert [(f.code, f.count, f.repaired) for f in report.findings] == [("stateUnreadable", 1, 1)]
    assert report.findings[0].examples == [{"instanceId": bad_id, "nodeId": "rest", "versionUid": "version"}]
    assert world.inside() == others
    assert world.found() == {"setAside": 1}
    world.pass_time(hours=1.1)
    assert {node_id for _, _, node_id in world.inside()} == {"pay"}


def test_people_in_versions_that_do_not_run_are_told_by_the_reason(db: Database) -> None:
    world = World(db)
    people_everywhere(world)
    world.live.live = LiveJourneys(scopes=frozenset({1}))
    assert world.found() == {"sandboxGone": 6}  # no such version at all
    resources = ResourceStore()
    body = {"journeyUid": "journey", "version": "1.0", "status": "Deployed", "document": {}}
    with db.write() as connection:
        stored = resources.create(connection, 1, Author("u", "c"), VERSION_KIND, body, "version")
    assert world.found() == {"versionUnusable": 6}
    with db.write() as connection:
        resources.replace(connection, stored, Author("u", "c"), {**body, "status": "Stopped"})
    assert world.found() == {"stopForgotten": 6}
    report = world.examine(repairs=True)
    assert report.is_well
    with db.read() as connection:
        assert [stop.version_uid for stop in store.find_stops(connection)] == ["version"]
    assert world.found() == {"stopUnderWay": 6}
    assert world.examine().is_well


def test_what_is_late_is_wrong_only_while_a_worker_runs(db: Database) -> None:
    world = World(db)
    people_everywhere(world)
    world.clock.advance(timedelta(days=100))
    report = world.examine()
    assert {f.code for f in report.findings} == {"timersOverdue", "deadlinesPassed", "callsOverdue"}
    assert not report.is_well
    lateness_s = report.measured["timerLatenessS"]
    assert lateness_s is not None
    assert lateness_s > 90 * 86_400
    assert world.examine(is_working=False).is_well


def test_people_who_wait_for_the_end_of_a_pause_that_is_over_are_let_go_on(db: Database) -> None:
    world = World(db)
    people_everywhere(world)
    world.execute(update(INSTANCE).where(INSTANCE.c.node_id == "mail").values(waiting_for="resume"))
    world.execute(delete(CALL))
    open_live = world.live.live
    world.live.live = replace(open_live, versions={"version": replace(JOURNEY, pause="hold")})
    assert world.found() == {}
    world.live.live = open_live
    assert world.found() == {"resumeForgotten": 1}
    assert world.examine(repairs=True).is_well
    with db.read() as connection:
        (stop,) = store.find_stops(connection)
    assert (stop.version_uid, stop.reason) == ("version", store.RESUMED)
    assert world.examine().is_well


def test_the_sample_comes_round_to_everybody_and_forgets_what_was_mended(db: Database) -> None:
    world = World(db)
    people_everywhere(world)
    sample = Sample(db, world.live, size=2)  # type: ignore[arg-type]

    def go_round() -> float:
        for _ in range(4):
            sample.take(world.clock.now_us())
        return float(WITHOUT_TIMER._value.get())

    assert go_round() == 0
    world.execute(delete(TIMER).where(node_timer("rest")))
    world.execute(delete(CALL))
    go_round()
    assert go_round() == 2
    assert world.examine(repairs=True).is_well
    go_round()
    go_round()
    assert go_round() == 0


STEPS = st.one_of(
    st.tuples(st.sampled_from(["e1", "e2"]), st.sampled_from(KEYS)),
    st.tuples(st.just("answer"), st.integers(1, 3)),
    st.tuples(st.just("minutes"), st.sampled_from([1, 30, 61, 3_000, 140_000])),
)
DAMAGES = [delete(TIMER), delete(CALL), delete(TIMER).where(node_timer("")), delete(TIMER).where(TIMER.c.pass_no > 0)]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, max_size=30), st.sampled_from([1, 2, 50]), st.sampled_from(DAMAGES))
def test_after_any_history_there_is_nothing_to_find_and_all_that_is_taken_away_comes_back(
    sqlite_db: Database, history: list[tuple[str, Any]], part: int, damage: Any
) -> None:
    with sqlite_db.write() as connection:
        for table in metadata.sorted_tables:
            connection.execute(delete(table))
    world = World(sqlite_db, part)
    for what, argument in history:
        if what == "minutes":
            world.pass_time(minutes=argument)
        elif what == "answer":
            world.answer(argument)
        else:
            world.send(what, argument)
    before = timers(sqlite_db)
    assert [f for f in world.examine(is_working=False).findings if f.severity == "error"] == []
    with sqlite_db.write() as connection:
        connection.execute(damage)
    assert world.examine(repairs=True, is_working=False).is_well
    assert timers(sqlite_db) == before
    assert [f for f in world.examine(is_working=False).findings if f.severity == "error"] == []
    world.bring_everybody_out()
