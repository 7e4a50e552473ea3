"""A fault of the code met by one customer: the others go on, the worker lives, and what happened to the one is told."""

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update
from sqlalchemy.exc import OperationalError
from test_journey_api import JOURNEYS, VERSIONS, Sandbox, calls, live, scope

from parcours import pipeline
from parcours.app import Platform, build_pipeline
from parcours.audiences import store as audience_store
from parcours.batch import Batch
from parcours.delivery import store as outbox
from parcours.delivery.model import ActionAnswer
from parcours.doctor.audit import Doctor
from parcours.journeys import audience_runs, runner, runs_store, store
from parcours.journeys.activities.custom_action import ActionNode
from parcours.journeys.activities.wait import WaitNode
from parcours.journeys.model import ActionOutcome, Instance
from parcours.journeys.run import Run
from parcours.journeys.runner import Arrival, JourneyWorkspace
from parcours.journeys.state import Texts, instance_from_row
from parcours.journeys.steps import from_stored
from parcours.kit.clock import ManualClock
from parcours.pipeline import SET_ASIDE, Pipeline

BAD = "a.bad.one@example.com"
PEOPLE = [BAD, "b@example.com", "c@example.com", "d@example.com"]
"""The one whom the code fails on comes first wherever they are taken in order."""
GOOD = [key for key in PEOPLE if key != BAD]
ENDED_IN_ERROR = ("error", None)


class World:
    """A published journey, people in it, and a worker that stands still in time."""

    def __init__(self, api: TestClient, platform: Platform, sandbox: Sandbox) -> None:
        self.api, self.platform, self.sandbox = api, platform, sandbox
        self.clock = ManualClock(time.time_ns() // 1_000 + 60_000_000)
        self.pipeline: Pipeline = build_pipeline(platform)
        self.pipeline._clock = self.clock
        self.before = {kind: self.set_aside(kind) for kind in ("timers", "answers", "stops", "audiences")}
        self.version_uid = ""

    def publish(self, **change: Any) -> str:
        document = {**self.sandbox.document(), **change}
        created = self.api.post(JOURNEYS, json=document).json()
        answer = self.api.post(f"{VERSIONS}/{created['versionUid']}/publish")
        assert answer.status_code == 200, answer.text
        self.version_uid = created["versionUid"]
        return self.version_uid

    def enter(self, people: Sequence[str] = PEOPLE) -> None:
        journey = live(self.platform).versions[self.version_uid]
        with self.platform.db.write() as connection:
            actions = self.platform.actions.table.current(connection)
            workspace = JourneyWorkspace(connection, live(self.platform), actions, NOBODY, self.clock.now_us())
            for key in people:
                payload = {"_acme": {"order": {"total": 200.0}, "person": {"email": key}}}
                workspace.receive(Arrival(journey.scope_id, journey.entry_event_uid, key, payload, key, 1_000, {}))
            workspace.flush()
            outbox.enqueue(connection, workspace.calls, self.clock.now_us())

    def instances(self) -> dict[str, store.StoredInstance]:
        with self.platform.db.read() as connection:
            found = store.list_instances(connection, scope(self.platform), version_uid=self.version_uid)
        return {one.key: one for one in found}

    def standing(self) -> dict[str, tuple[str, str | None]]:
        """Status and node of everybody."""
        return {key: (one.status, one.node_id) for key, one in self.instances().items()}

    def last_step(self, key: str) -> dict[str, Any]:
        answer = self.api.get(f"/journey/orchestration/instances/{self.instances()[key].id}").json()
        assert answer["timers"] == []
        step: dict[str, Any] = answer["steps"][-1]
        return step

    def answers(self) -> list[ActionAnswer]:
        with self.platform.db.read() as connection:
            rows = outbox.load_after(connection, 0, 100)
        outcome = ActionOutcome("http_200", response={})
        return [
            ActionAnswer(row.id, row.scope_id, row.instance_id, row.node_id, row.pass_no, outcome, 0) for row in rows
        ]

    def set_aside(self, kind: str) -> float:
        return SET_ASIDE.labels(kind)._value.get()  # type: ignore[no-any-return]

    def newly_set_aside(self, kind: str) -> float:
        return self.set_aside(kind) - self.before[kind]


class Nobody:
    def data_of(self, *_: Any) -> dict[str, Any]:
        return {}


NOBODY: Any = Nobody()
WAIT_FIRST = [
    {"from": "start", "to": "wait"},
    {"from": "wait", "to": "big"},
    {"from": "big", "to": "mail", "kind": "path", "path": "yes"},
]  # fmt: skip


@pytest.fixture
def world(api: TestClient, platform: Platform) -> World:
    return World(api, platform, Sandbox(api))


def failing_for_bad(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method of a node, with a fault that one customer meets."""

    def failing(self: Any, run: Run, *arguments: Any) -> Any:
        if run.instance.key == BAD:
            raise ZeroDivisionError("a fault of the code")
        return method(self, run, *arguments)

    return failing


def test_a_timer_that_the_code_fails_on_ends_its_own_customer_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publish(edges=WAIT_FIRST)
    world.enter()
    world.clock.advance(timedelta(seconds=3))
    monkeypatch.setattr(WaitNode, "resume", failing_for_bad(WaitNode.resume))
    assert world.pipeline.run_timers(100) == 4
    assert world.standing() == {**dict.fromkeys(GOOD, ("active", "mail")), BAD: ENDED_IN_ERROR}
    assert calls(world.platform) == 3
    step = world.last_step(BAD)
    assert (step["nodeId"], step["stepStatus"], step["detail"]) == ("wait", "error", {"reason": "internalError"})
    assert world.newly_set_aside("timers") == 1
    assert world.pipeline.run_timers(100) == 0
    counts = world.api.get(f"{VERSIONS}/{world.version_uid}/report").json()["allTime"]
    assert (counts["entered"], counts["failed"], counts["current"]) == (4, 1, 3)


def test_an_answer_that_the_code_fails_on_ends_its_own_customer_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publish()
    world.enter()
    monkeypatch.setattr(ActionNode, "resume", failing_for_bad(ActionNode.resume))
    world.pipeline.run_answers(world.answers())
    assert world.standing() == {**dict.fromkeys(GOOD, ("active", "wait")), BAD: ENDED_IN_ERROR}
    assert calls(world.platform) == 0
    assert world.last_step(BAD)["nodeId"] == "mail"
    assert world.newly_set_aside("answers") == 1


@pytest.mark.parametrize("at", range(1, 5))
@pytest.mark.parametrize("kind", ["timers", "answers"])
def test_a_database_that_is_away_meanwhile_is_nobodys_fault(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: str, at: int
) -> None:
    """It goes away at whichever transaction of taking things apart: each is done once, when it is back."""
    world.publish(**({"edges": WAIT_FIRST} if kind == "timers" else {}))
    world.enter()
    world.clock.advance(timedelta(seconds=3))
    node = WaitNode if kind == "timers" else ActionNode
    monkeypatch.setattr(node, "resume", failing_for_bad(node.resume))
    answers = world.answers()
    flush, flushed = Batch.flush, 0

    def away(self: Batch) -> Any:
        nonlocal flushed
        flushed += 1
        if flushed == at:
            raise OperationalError("COMMIT", {}, OSError("the disk is full"))
        return flush(self)

    monkeypatch.setattr(Batch, "flush", away)

    def run() -> None:
        if kind == "timers":
            world.pipeline.run_timers(100)
        else:
            world.pipeline.run_answers(answers)

    for _ in range(2):
        with contextlib.suppress(OperationalError):
            run()
    assert flushed > at
    where = "mail" if kind == "timers" else "wait"
    assert world.standing() == {**dict.fromkeys(GOOD, ("active", where)), BAD: ENDED_IN_ERROR}
    assert calls(world.platform) == (3 if kind == "timers" else 0)
    for key in GOOD:
        with world.platform.db.read() as connection:
            steps = [
                s for _, text in store.list_steps(connection, [world.instances()[key].id]) for s in from_stored(text)
            ]
        assert len({step.seq for step in steps}) == len(steps)
        assert (
            sum(step.is_processed and step.node_id == ("wait" if kind == "timers" else "mail") for step in steps) == 1
        )


def test_a_customer_whose_state_can_not_be_read_is_ended_without_a_step(world: World) -> None:
    world.publish(edges=WAIT_FIRST)
    world.enter()
    world.clock.advance(timedelta(seconds=3))
    with world.platform.db.write() as connection:
        t = store.instance_table
        connection.execute(update(t).where(t.c.key == BAD).values(state='["nonsense"]'))
    world.pipeline.run_timers(100)
    with world.platform.db.read() as connection:
        rows = dict(connection.execute(store.instance_table.select().with_only_columns(t.c.key, t.c.status)).all())
        timers = connection.execute(store.timer_table.select()).all()
    assert rows == {**dict.fromkeys(GOOD, "active"), BAD: "error"}
    assert instance_from_row(world.instances()[BAD]).status == "error", "its state can be read again"
    assert {timer.instance_id for timer in timers} == {world.instances()[key].id for key in GOOD}
    counts = world.api.get(f"{VERSIONS}/{world.version_uid}/report").json()["allTime"]
    assert (counts["entered"], counts["failed"], counts["current"]) == (4, 1, 3)


def test_a_stop_that_the_code_fails_on_still_takes_everybody_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    version_uid = world.publish()
    world.enter()
    assert world.api.post(f"{VERSIONS}/{version_uid}/stop").status_code == 200
    original = Run.step

    def step(self: Run, *arguments: Any, **named: Any) -> None:
        if self.instance.key == BAD:
            raise ZeroDivisionError("a fault of the code")
        original(self, *arguments, **named)

    monkeypatch.setattr(Run, "step", step)
    for _ in range(10):
        world.pipeline.run_stops(100)
    assert not world.pipeline.has_stops
    assert world.standing() == {**dict.fromkeys(GOOD, ("stopped", None)), BAD: ENDED_IN_ERROR}
    assert world.newly_set_aside("stops") == 1


def test_a_customer_whose_end_the_code_can_not_write_either_is_ended_without_a_step(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publish(edges=WAIT_FIRST)
    world.enter()
    world.clock.advance(timedelta(seconds=3))
    original = runner.instance_to_state

    def to_state(instance: Instance, texts: Texts) -> list[Any]:
        if instance.key == BAD:
            raise ZeroDivisionError("a fault of the code")
        return original(instance, texts)

    monkeypatch.setattr(runner, "instance_to_state", to_state)
    assert world.pipeline.run_timers(100) == 4
    assert world.standing() == {**dict.fromkeys(GOOD, ("active", "mail")), BAD: ENDED_IN_ERROR}
    assert calls(world.platform) == 3
    assert world.newly_set_aside("timers") == 1
    assert world.pipeline.run_timers(100) == 0
    with world.platform.db.read() as connection:
        bad_id = world.instances()[BAD].id
        steps = "".join(text for _, text in store.list_steps(connection, [bad_id]))
    assert "internalError" not in steps
    assert instance_from_row(world.instances()[BAD]).events == {}, "what an instance carried is erased at its end"
    assert instance_from_row(world.instances()[GOOD[0]]).events != {}
    assert places(world, "setAside") == [{"versionUid": world.version_uid, "nodeId": "wait", "times": 1}]


def test_the_doctor_tells_whom_the_code_failed_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.publish(edges=WAIT_FIRST)
    world.enter()
    world.clock.advance(timedelta(seconds=3))
    assert places(world, "setAside") == []
    monkeypatch.setattr(WaitNode, "resume", failing_for_bad(WaitNode.resume))
    world.pipeline.run_timers(100)
    assert places(world, "setAside") == [{"versionUid": world.version_uid, "nodeId": "wait", "times": 1}]
    world.clock.advance(timedelta(hours=26))
    assert places(world, "setAside") == []


def places(world: World, code: str) -> list[Any]:
    """Where the doctor finds something."""
    platform = world.platform
    doctor = Doctor(platform.db, platform.resources, platform.journeys.live, clock=world.clock)
    findings = doctor.examine(is_working=True).findings
    return [place for finding in findings if finding.code == code for place in finding.examples]


def reading(world: World, people: Sequence[str]) -> str:
    """A journey that reads an audience of these people; its version."""
    audience = world.api.post("/data/core/ups/audiences", json={"name": "VIP", "identityNamespace": "Email"}).json()[
        "id"
    ]
    with world.platform.db.write() as connection:
        members = dict.fromkeys([("Email", key) for key in people])
        audience_store.realize(
            connection, scope(world.platform), audience, members, world.clock.now_us(), is_listened=False
        )
    world.publish(
        nodes={
            "start": {
                "type": "readAudience",
                "audienceId": audience,
                "identityNamespace": "Email",
                "throttlingRate": 500,
            },
            "wait": {"type": "wait", "duration": {"value": 2, "unit": "hours"}},
        },
        edges=[{"from": "start", "to": "wait"}],
    )
    return world.version_uid


def fail_to_enter(monkeypatch: pytest.MonkeyPatch, is_bad: Callable[[str], bool]) -> None:
    original = JourneyWorkspace._enter

    def enter(self: JourneyWorkspace, journey: Any, key: str, *arguments: Any, **named: Any) -> Any:
        if is_bad(key):
            raise ZeroDivisionError("a fault of the code")
        return original(self, journey, key, *arguments, **named)

    monkeypatch.setattr(JourneyWorkspace, "_enter", enter)


def last_run(world: World) -> runs_store.AudienceRun:
    with world.platform.db.read() as connection:
        return runs_store.list_runs(connection, world.version_uid)[0]


def test_a_member_that_the_code_fails_on_is_left_out_of_the_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    reading(world, PEOPLE)
    fail_to_enter(monkeypatch, lambda key: key == BAD)
    for _ in range(10):
        world.pipeline.run_audiences(100)
    run = last_run(world)
    assert (run.status, run.read_count, run.entered_count, run.reason) == ("finished", 4, 3, None)
    assert set(world.standing()) == set(GOOD)
    assert world.newly_set_aside("audiences") == 1
    assert run.number == 1
    report = world.api.get(f"{VERSIONS}/{world.version_uid}/report").json()["allTime"]
    assert report["discarded"] == 1


def test_a_run_that_the_code_always_fails_on_has_failed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "MAX_PASSED_OVER", 5)
    reading(world, [f"p{number}@example.com" for number in range(9)])
    fail_to_enter(monkeypatch, lambda _key: True)
    for _ in range(10):
        world.pipeline.run_audiences(1_000)
    run = last_run(world)
    assert (run.status, run.read_count, run.reason) == ("failed", 5, "internalError")
    assert world.pipeline.run_audiences(1_000) == 0
    failed = {"versionUid": world.version_uid, "runId": run.id, "reason": "internalError", "read": 5}
    assert places(world, "runsFailed") == [failed]
    assert places(world, "setAside") == [{"versionUid": world.version_uid, "eventUid": entry_of(world), "times": 5}]


def test_a_run_whose_failure_the_code_can_not_tell_has_failed_nevertheless(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading(world, PEOPLE)

    def fail(*_: Any) -> None:
        raise ZeroDivisionError("a fault of the code")

    monkeypatch.setattr(audience_runs, "run_line", fail)
    for _ in range(3):
        world.pipeline.run_audiences(1_000)
    run = last_run(world)
    assert (run.status, run.read_count, run.reason) == ("failed", 0, "internalError")
    assert world.newly_set_aside("audiences") == 1
    assert not world.pipeline.has_runs


def test_a_run_of_a_version_that_can_not_be_run_is_told_while_it_waits(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading(world, PEOPLE)
    world.pipeline.run_audiences(1)
    known = live(world.platform)
    without = replace(known, versions={k: v for k, v in known.versions.items() if k != world.version_uid})
    monkeypatch.setattr(world.platform.journeys.live, "current", lambda *_: without)
    world.pipeline.run_audiences(100)
    run = last_run(world)
    assert run.status == "started"
    held_up = {"versionUid": world.version_uid, "runId": run.id, "reason": "journeyNotRunnable", "read": 1}
    assert places(world, "runsHeldUp") == [held_up]
    monkeypatch.undo()
    world.clock.advance(timedelta(seconds=1))
    world.pipeline.run_audiences(100)
    assert last_run(world).status == "finished"
    assert places(world, "runsHeldUp") == []


def entry_of(world: World) -> str:
    return live(world.platform).versions[world.version_uid].entry_event_uid


def test_a_change_of_an_audience_that_the_code_fails_on_is_told_and_forgotten(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    audience = world.api.post("/data/core/ups/audiences", json={"name": "VIP", "identityNamespace": "Email"}).json()[
        "id"
    ]
    world.publish(
        nodes={
            "start": {"type": "audienceQualification", "audienceId": audience, "identityNamespace": "Email"},
            "wait": {"type": "wait", "duration": {"value": 2, "unit": "hours"}},
        },
        edges=[{"from": "start", "to": "wait"}],
    )
    with world.platform.db.write() as connection:
        members = dict.fromkeys([("Email", key) for key in PEOPLE])
        audience_store.realize(
            connection, scope(world.platform), audience, members, world.clock.now_us(), is_listened=True
        )
    fail_to_enter(monkeypatch, lambda key: key == BAD)
    assert world.pipeline.run_qualifications(100) == 4
    assert set(world.standing()) == set(GOOD)
    assert world.pipeline.run_qualifications(100) == 0
    told = world.api.get("/journey/orchestration/trace", params={"identity": BAD, "namespace": "Email"}).json()
    (decision,) = told["events"][0]["decisions"]
    assert (decision["outcome"], decision["fault"]) == ("error", "ZeroDivisionError")
    assert [place["times"] for place in places(world, "setAside")] == [1]
