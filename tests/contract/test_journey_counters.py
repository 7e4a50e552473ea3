"""Counters of journeys on both databases: exact for a random population, after a migration too."""

import importlib.util
import random
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from parcours.actions.model import HttpRequest
from parcours.db import Database
from parcours.db.migrate import MIGRATIONS, migrate
from parcours.journeys import counter_store, store
from parcours.journeys.counters import HOUR_US, Pulse, Tally, statuses_of
from parcours.journeys.match import LiveJourneys
from parcours.journeys.model import ActionOutcome
from parcours.journeys.runner import JourneyWorkspace
from parcours.journeys.steps import from_stored
from parcours.journeys.workset import Arrival
from parcours.reports.figures import shape_of, summarize

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "journeys"))
from journey_world import DAY_US, NOW_US, SECOND_US, compiled, document

DOCUMENT = document(
    {
        "big": {
            "type": "condition",
            "paths": [
                {"id": "big", "expression": "@event{Order.total} > 60"},
                {"id": "odd", "expression": "toInteger(@event{Order.city}) > 5"},
            ],
        },
        "mail": {
            "type": "customAction",
            "actionUid": "a1",
            "parameters": [{"paramPath": "/to", "expression": '"x"'}],
        },
        "points": {"type": "customAction", "actionUid": "a2"},
        "paid": {"type": "event", "eventUid": "e2", "timeout": {"value": 30, "unit": "minutes", "path": True}},
        "pause": {"type": "wait", "duration": {"value": 20, "unit": "minutes"}},
        "done": {"type": "end", "label": "Done"},
    },
    ("start", "big"),
    ("big", "mail", "path", "big"),
    ("big", "points", "path", "odd"),
    ("mail", "paid"),
    ("mail", "pause", "error"),
    ("paid", "done"),
    ("paid", "pause", "timeout"),
    ("pause", "points"),
    timeouts={"globalDays": 1},
)
DOCUMENT["entry"]["reentrance"] = {"allowed": True, "waitSeconds": 3600}
JOURNEY = compiled(DOCUMENT)
LIVE = LiveJourneys(
    {(1, "e1"): (JOURNEY,)},
    {(1, "e2"): (JOURNEY,)},
    {"version": JOURNEY},
    stopping={"version": JOURNEY},
    scopes=frozenset({1}),
)
NAMES = {"events": {"e1": "Order", "e2": "Payment"}, "actions": {"a1": "SendMail", "a2": "Loyalty"}}
OUTCOMES = (
    ActionOutcome("http_200", elapsed_ms=40),
    ActionOutcome("http_500", elapsed_ms=900, origin_error="http"),
    ActionOutcome("timedout", elapsed_ms=30_000),
    ActionOutcome("capped"),
)


class Actions:
    """Every action can be called, but now and then one can't be built."""

    def get(self, _scope_id: int, uid: str) -> Any:
        return self

    def build(self, _parameters: Any, _path: str | None) -> HttpRequest:
        return HttpRequest("POST", "https://example.com/", (), None)


class Nobody:
    """A world that knows nobody."""

    def data_of(self, *_: Any) -> dict[str, Any]:
        return {}


NOBODY: Any = Nobody()


class Population:
    """People who come, pay, are answered and wait at random, in one transaction after another."""

    def __init__(self, db: Database, seed: int) -> None:
        self.db = db
        self.draw = random.Random(seed)
        self.now_us = NOW_US
        self.calls: list[Any] = []
        self.told: list[tuple[str, str | None]] = []

    def transact(self) -> None:
        draw = self.draw
        self.now_us += draw.choice((1, 10, 900, 7_000)) * SECOND_US
        with self.db.write() as connection:
            workspace = JourneyWorkspace(connection, LIVE, Actions(), NOBODY, self.now_us)  # type: ignore[arg-type]
            for _ in range(draw.randrange(1, 30)):
                key = f"p{draw.randrange(40)}" if draw.random() > 0.03 else None
                event = "e1" if draw.random() < 0.6 else "e2"
                payload = {
                    "_id": f"x{draw.random()}",
                    "total": draw.randrange(100),
                    "city": draw.choice(("3", "9", "?")),
                }
                for one in workspace.receive(Arrival(1, event, key, payload, f"s{draw.random()}", 1, {})):
                    self.told.append((one["outcome"], one.get("reason")))
            due = store.find_due(connection, self.now_us, 100)
            workspace.load([timer.instance_id for timer in due])
            for timer in due:
                workspace.wake(timer)
            answered = draw.sample(self.calls, len(self.calls) // 2)
            workspace.load([call.instance_id for call in answered])
            for call in answered:
                self.calls.remove(call)
                workspace.answer(call.instance_id, call.node_id, call.pass_no, draw.choice(OUTCOMES))
            self.calls += [call for call in workspace.calls if draw.random() < 0.9]  # some never come back
            workspace.flush()

    def stop_some(self, *, without_step: bool) -> None:
        """Some leave because their version is stopped; one whose journey can't be run leaves without a step."""
        with self.db.write() as connection:
            store.request_stop(connection, 1, "journey", "version")
            (stop,) = store.find_stops(connection)
            inside = store.list_inside(connection, stop, 6)
            workspace = JourneyWorkspace(connection, LIVE, Actions(), NOBODY, self.now_us)  # type: ignore[arg-type]
            if without_step:
                gone = inside.pop()
                store.end_instances(connection, [gone.id], self.now_us)
                workspace.tally.take_out(1, "version", gone.node_id)
            assert workspace.stop(JOURNEY, inside, "stopped") == []
            workspace.flush()
            store.finish_stop(connection, stop)


def populate(db: Database, seed: int, *, without_step: bool = True) -> Population:
    made = Population(db, seed)
    for _ in range(40):
        made.transact()
    made.stop_some(without_step=without_step)
    made.now_us += DAY_US
    for _ in range(10):
        made.transact()
    return made


@pytest.fixture(params=[1, 2])
def population(db: Database, request: pytest.FixtureRequest) -> Population:
    return populate(db, request.param)


def test_counters_are_what_the_instances_and_their_steps_say(population: Population) -> None:
    with population.db.read() as connection:
        counts = counter_store.read_counts(connection, 1, "version")
        stored = connection.execute(text("SELECT status, node_id, count(*) FROM journey_instance GROUP BY 1, 2")).all()
        ids = [row[0] for row in connection.execute(text("SELECT id FROM journey_instance"))]
        steps = [step for _, line in store.list_steps(connection, ids) for step in from_stored(line)]
    found = summarize(counts, shape_of(DOCUMENT, NAMES), is_all_time=True)
    # nothing of the population is trivial: each way out was taken by somebody
    assert min(found[key] for key in ("completed", "failed", "timedOut", "stopped", "current", "discarded")) > 0
    assert found["entered"] == len(ids) == (
        found["completed"] + found["failed"] + found["timedOut"] + found["stopped"] + found["exitedByCriteria"]
        + found["discardedInPause"]
        + found["current"]
    )  # fmt: skip
    by_status: dict[str, int] = {}
    by_node: dict[str, int] = {}
    for status, node_id, number in stored:
        by_status[status] = by_status.get(status, 0) + number
        if node_id is not None:
            by_node[node_id] = by_node.get(node_id, 0) + number
    assert statuses_of(counts) == {"entered": len(ids), "status": by_status, "nodes": by_node}
    nodes = {node["id"]: node for node in found["nodes"]}
    for node_id, node in nodes.items():
        done = [step for step in steps if step.node_id == node_id and step.is_processed]
        lost_without_step = node["ended"].get("stopped", 0) - sum(s.event_id == "stopped" for s in done)
        assert node["arrived"] == len(done) + node["current"] + lost_without_step, node_id
        for path in (p for p in found["paths"] if p["from"] == node_id):
            assert path["count"] == sum(step.transition == path["transition"] for step in done), path
        came = sum(path["count"] for path in found["paths"] if path["to"] == node_id)
        assert node["arrived"] == (found["entered"] if node_id == "start" else came), node_id
    executed = [step for step in steps if step.is_processed and step.event_id != "stopped"]
    executed = [step for step in executed if step.step_status != "instanceTimedout"]
    assert sum(found["executed"].values()) == len(executed)
    assert sum(found["errors"].values()) == sum(s.step_status not in ("ended", "transitions") for s in executed)


def test_every_answer_and_every_refusal_is_counted_with_its_reason(population: Population) -> None:
    with population.db.read() as connection:
        counts = counter_store.read_counts(connection, 1, "version")
    found = summarize(counts, shape_of(DOCUMENT, NAMES), is_all_time=True)
    told = population.told
    refused = [reason for outcome, reason in told if outcome == "refused" or reason == "maxInstanceStackEventsReached"]
    assert found["discards"] == {reason: refused.count(reason) for reason in set(refused)}
    assert {"EXTERNAL_KEY_COMPUTATION_ERROR", "reentranceNotAllowed", "notSuitableInitialEvent"} <= set(refused)
    events = {event["eventUid"]: event for event in found["events"]}
    assert events["e1"]["entered"] == found["entered"] == told.count(("entered", None))
    assert events["e2"]["movedOn"] == told.count(("movedOn", None)) > 0
    ignored = [reason for outcome, reason in told if outcome == "ignored" and reason not in refused]
    assert events["e2"]["ignored"] == {reason: ignored.count(reason) for reason in set(ignored)} != {}
    mail = next(action for action in found["actions"] if action["nodeId"] == "mail")
    assert mail["reasons"].keys() == {"http 500", "timedout", "capped"}
    assert mail["inError"] == sum(mail["reasons"].values()) < mail["executed"]
    assert mail["p95Ms"] > mail["p50Ms"]


def test_hours_add_up_to_all_time(population: Population) -> None:
    with population.db.read() as connection:
        counts = counter_store.read_counts(connection, 1, "version")
        hours = counter_store.read_hours(connection, 1, "version", 0, population.now_us // HOUR_US + 1)
    assert len(hours) > 2
    sums: dict[tuple[str, str, str], int] = {}
    for count in (count for of_hour in hours.values() for count in of_hour):
        sums[count[:3]] = sums.get(count[:3], 0) + count.number
    assert {key: number for key, number in sums.items() if number} == {c[:3]: c.number for c in counts if c.number}


def test_a_detail_may_be_any_text(db: Database) -> None:
    with db.write() as connection:
        for text_of_path in ("a\0b", "x" * 500):
            counter_store.add_counts(connection, {(1, "version", "n", "left", text_of_path): 1}, NOW_US)
        found = {count.detail for count in counter_store.read_counts(connection, 1, "version")}
    assert found == {"a\ufffdb", "x" * 120}


def test_pulses_are_of_the_window_and_go(db: Database) -> None:
    tally = Tally()
    tally.enter(JOURNEY, "e1", is_reentrance=False)
    tally.discard(JOURNEY, "e1", "reentranceNotAllowed")
    with db.write() as connection:
        for at_us in (NOW_US, NOW_US + 5 * SECOND_US, NOW_US + 20 * SECOND_US):
            counter_store.add_counts(connection, tally.rows(), at_us)
        assert counter_store.read_pulses(connection, NOW_US) == [Pulse(1, "version", "", 3, 3, 0, 0, 0, 0)]
        assert counter_store.read_pulses(connection, NOW_US + 1) == [Pulse(1, "version", "", 1, 1, 0, 0, 0, 0)]
        assert counter_store.trim_pulses(connection, NOW_US + 20 * SECOND_US) == 1
        assert counter_store.read_pulses(connection, 0) == [Pulse(1, "version", "", 1, 1, 0, 0, 0, 0)]


def test_old_hours_go_one_by_one_and_all_time_stays(db: Database) -> None:
    tally = Tally()
    tally.discard_event(1, "e9", "EVENT_WITH_NO_JOURNEY")
    with db.write() as connection:
        for hours in (0, 1, 2):
            counter_store.add_counts(connection, tally.rows(), NOW_US + hours * HOUR_US)
        gone = [counter_store.trim_counts(connection, NOW_US + 2 * HOUR_US) for _ in range(3)]
        assert gone == [1, 1, 0]
        left = counter_store.read_discards(connection, 1, "e9")
    assert left == [(-1, "EVENT_WITH_NO_JOURNEY", 3), (NOW_US // HOUR_US + 2, "EVENT_WITH_NO_JOURNEY", 1)]


def test_what_one_version_did_goes_with_it(db: Database) -> None:
    tally = Tally()
    tally.enter(JOURNEY, "e1", is_reentrance=True)
    with db.write() as connection:
        counter_store.add_counts(connection, tally.rows(), NOW_US)
        counter_store.delete_counts(connection, 2, ["version"])
        assert len(counter_store.read_counts(connection, 1, "version")) == 2
        counter_store.delete_counts(connection, 1, ["version"])
        assert counter_store.read_counts(connection, 1, "version") == []
        assert counter_store.read_pulses(connection, 0) == []


def test_the_migration_counts_what_was_there_as_the_code_would_have(sqlite_db: Database, tmp_path: Path) -> None:
    """Rows are copied into a database of the release before, which is then migrated."""
    population = populate(sqlite_db, 3, without_step=False)
    old = Database(f"sqlite:///{tmp_path / 'old.db'}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with old.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, _revision_before())
        with population.db.read() as source:
            for table in ("journey_instance", "journey_step"):
                rows = [dict(row._mapping) for row in source.execute(text(f"SELECT * FROM {table}"))]
                columns = ", ".join(f'"{name}"' for name in rows[0])
                values = ", ".join(f":{name}" for name in rows[0])
                connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({values})"), rows)
    migrate(old)
    with population.db.read() as source, old.read() as migrated:
        expected = {c for c in counter_store.read_counts(source, 1, "version") if c.what in _FROM_STEPS and c.number}
        found = set(counter_store.read_counts(migrated, 1, "version"))
    old.close()
    assert found == expected


_FROM_STEPS = ("entered", "arrived", "left", "ended", "at")


def _revision_before() -> str:
    (path,) = (MIGRATIONS / "versions").glob("*_pre_journey_reports.py")
    spec = importlib.util.spec_from_file_location("reports_revision", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return str(module.down_revision)
