"""A simulated world does what the worker does: the same events through its workspace and a database, step by step."""

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from journey_world import NOW_US
from simulated import ACTIONS, Virtual
from test_engine_properties import journeys
from test_simulate import fill, sendings

from parcours.db import Database
from parcours.journeys import store
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.match import LiveJourneys
from parcours.journeys.model import ActionOutcome, StepEvent
from parcours.journeys.runner import Arrival, JourneyWorkspace, _instance_id
from parcours.journeys.runs_store import cap_table
from parcours.journeys.simulate import World
from parcours.journeys.steps import from_stored
from parcours.journeys.store import instance_table, step_table, timer_table


class Nobody:
    """A world that knows nobody and has no rows."""

    def data_of(self, *_: Any) -> dict[str, Any]:
        return {}

    def look_up(self, *_: Any) -> list[Any]:
        return []

    def update_profile(self, *_: Any) -> str:
        return "profileNotFound"


NOBODY: Any = Nobody()


class Worker:
    """The worker's part: one transaction for each moment, timers one by one, calls answered at once."""

    def __init__(self, db: Database, virtual: Virtual) -> None:
        (journey,) = virtual.world.journeys
        self.db = db
        self.virtual = virtual
        entries = {(1, journey.entry_event_uid): (journey,)}
        listeners = {(1, uid): (journey,) for uid in journey.listened}
        versions = {journey.version_uid: journey}
        self.live = LiveJourneys(entries, listeners, versions, scopes=frozenset({1}))
        self.told: list[list[dict[str, Any]]] = []

    def receive(self, uid: str, payload: dict[str, Any], at_us: int) -> None:
        self.wake(at_us - 1)
        with self.db.write() as connection:
            workspace = JourneyWorkspace(connection, self.live, ACTIONS, NOBODY, at_us)
            key = self.virtual.events[uid].key(payload)
            data = {"ExperiencePlatform": {"ProfileFieldGroup": {}}}
            told = workspace.receive(Arrival(1, uid, key, payload, str(at_us), 0, data))
            self.told.append(told)
            workspace.flush()
        self.answer(workspace, at_us)

    def answer(self, workspace: JourneyWorkspace, at_us: int) -> None:
        while workspace.calls:
            calls = workspace.calls
            with self.db.write() as connection:
                workspace = JourneyWorkspace(connection, self.live, ACTIONS, NOBODY, at_us)
                workspace.load(call.instance_id for call in calls)
                for call in calls:
                    sample = {"points": 1, "level": "gold"} if call.action_uid == "a2" else None
                    endpoint = call.request.url.partition("?")[0]
                    outcome = ActionOutcome("http_200", sample, endpoint=endpoint, method=call.request.method)
                    workspace.answer(call.instance_id, call.node_id, call.pass_no, outcome)
                workspace.flush()

    def wake(self, until_us: int) -> None:
        while True:
            with self.db.read() as connection:
                due = store.find_due(connection, until_us, 1)
            if not due:
                return
            at_us = due[0].due_at_us
            with self.db.write() as connection:
                workspace = JourneyWorkspace(connection, self.live, ACTIONS, NOBODY, at_us)
                workspace.load(timer.instance_id for timer in due)
                for timer in due:
                    workspace.wake(timer)
                workspace.flush()
            self.answer(workspace, at_us)

    def steps(self) -> dict[str, list[StepEvent]]:
        found: dict[str, list[StepEvent]] = {}
        with self.db.read() as connection:
            ids = list(connection.execute(instance_table.select().with_only_columns(instance_table.c.id)).scalars())
            for instance_id, text in store.list_steps(connection, ids):
                found.setdefault(instance_id, []).extend(from_stored(text))
        return found


def plain(steps: list[StepEvent]) -> list[StepEvent]:
    """As they are read back: tuples in details become lists."""
    from parcours.journeys.steps import to_stored

    return list(from_stored(to_stored(steps)))


@pytest.mark.stored
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(journeys(), sendings)
def test_every_step_is_that_of_the_worker(sqlite_db: Database, doc: dict[str, Any], sent: list[Any]) -> None:
    # a journey that is not there is an error for the worker, and nothing at all for a simulation without it
    assume(all(node["type"] != "jump" for node in doc["nodes"].values()))
    with sqlite_db.write() as connection:
        for table in (instance_table, step_table, timer_table, cap_table):
            connection.execute(table.delete())
    world: list[World] = []

    def instance_id(journey: CompiledJourney, key: str, _entrance: int) -> str:
        return _instance_id(0, f"{journey.version_uid}|{key}|{world[0].clock.at_us}")

    virtual = Virtual(doc, instance_ids=instance_id)
    world.append(virtual.world)
    # events at one moment would be one batch of the worker, and share the seed of their instances' ids
    apart = [(uid, email, after_us + 1, payload) for uid, email, after_us, payload in sent]
    fill(virtual, apart)
    worker = Worker(sqlite_db, virtual)
    at_us = NOW_US
    for uid, email, after_us, payload in apart:
        at_us += after_us
        worker.receive(uid, {**payload, "email": email}, at_us)
    worker.wake(at_us + 200 * 86_400_000_000)
    virtual.world.run()
    assert {record.instance.id: plain(record.steps) for record in virtual.world.records} == worker.steps()
    assert [list(one.journeys) for one in virtual.world.received] == worker.told
