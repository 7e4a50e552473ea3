"""Limits, circuits and pools at work: a real outbox, real receivers on loopback. Source: journeys §6.5, §6.6, §14."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from outbox_world import CALLER, World, ok, play, running
from sqlalchemy.exc import OperationalError

from parcours.access.store import insert_org, insert_sandbox
from parcours.db import Database
from parcours.delivery import circuit, limiter, service
from parcours.delivery.limiter import Limiter
from parcours.delivery.service import Delivery
from parcours.kit.clock import ManualClock
from parcours.limits.model import CallLimits, Cap
from parcours.limits.patterns import read_pattern
from parcours.limits.table import LimitTable


def deploy(world: World, kind: str, **body: Any) -> str:
    """A deployed configuration about the world's receiver."""
    found = world.limits.throttling if kind == "throttle" else world.limits.capping
    url = f"http://127.0.0.1:{world.port}/*"
    where = {"urlPattern": url} if kind == "throttle" else {"url": url}
    uid: str = found.create(CALLER, {**where, "methods": ["POST"], **body})["uid"]
    found.deploy(CALLER, uid)
    return uid


@pytest.fixture
def db(sqlite_db: Database) -> Database:
    sandbox = CALLER.sandbox
    values = {
        "scope_id": 1, "id": sandbox.id, "org_id": sandbox.org_id, "name": sandbox.name, "title": sandbox.title,
        "type": sandbox.type, "state": "active", "created_at_ms": 0, "updated_at_ms": 0, "created_by": "",
        "updated_by": "", "version": 0,
    }  # fmt: skip
    with sqlite_db.write() as connection:
        insert_org(connection, sandbox.org_id, sandbox.tenant, 0)
        insert_sandbox(connection, values)
    return sqlite_db


async def ended(world: World, delivery: Delivery, count: int, limit_s: float = 30) -> Counter[str]:
    """What became of so many calls."""
    task = await running(delivery)
    await world.until(lambda: len(world.answers) >= count, limit_s)
    await delivery.stop()
    await task
    assert len(world.answers) == count
    assert world.pending() == 0
    return Counter(answer.outcome.status_code for answer in world.answers)


def rating(calls: int, period_ms: int, **more: Any) -> dict[str, Any]:
    return {"action": {"rating": {"maxCallsCount": calls, "periodInMs": period_ms}, **more}}


def test_calls_above_a_cap_are_dropped_and_the_others_made(db: Database) -> None:
    async def story(world: World) -> None:
        uid = deploy(world, "cap", services=rating(7, 60_000))
        world.put(20)
        assert await ended(world, world.delivery(), 20) == {"http_200": 7, "capped": 13}
        assert len(world.requests) == 7
        dropped = next(a.outcome for a in world.answers if a.outcome.status_code == "capped")
        assert (dropped.attempts, dropped.error) == (0, "capped")
        assert uid in (dropped.error_message or "")
        shown = world.limits.capping.state(CALLER, uid)
        assert shown["services"]["action"] == {
            "callsInPeriod": 7, "callsUnderWay": 0, "callsMade": 7, "callsDropped": 13,
        }  # fmt: skip

    play(db, ok, story)


def test_each_retry_is_a_call_of_the_cap(db: Database) -> None:
    async def fail(request: web.Request) -> web.StreamResponse:
        return web.Response(status=500)

    async def story(world: World) -> None:
        deploy(world, "cap", services=rating(3, 60_000))
        world.put(1, limit_s=20)
        assert await ended(world, world.delivery(), 1) == {"capped": 1}
        outcome = world.answers[0].outcome
        assert len(world.requests) == outcome.attempts == 3
        assert (outcome.origin_error, outcome.origin_code) == ("http", "500")

    play(db, fail, story)


def test_a_cap_holds_across_processes(db: Database) -> None:
    async def story(world: World) -> None:
        deploy(world, "cap", services=rating(30, 600_000))
        world.put(20)
        assert await ended(world, world.delivery(), 20) == {"http_200": 20}
        world.answers.clear()
        world.put(20)
        assert await ended(world, world.delivery(), 20) == {"http_200": 10, "capped": 10}

    play(db, ok, story)


def test_a_cap_that_is_deployed_again_holds_as_it_is_now_and_keeps_its_count(db: Database) -> None:
    async def story(world: World) -> None:
        uid = deploy(world, "cap", services=rating(5, 600_000))
        world.put(10)
        assert await ended(world, world.delivery(), 10) == {"http_200": 5, "capped": 5}
        url = f"http://127.0.0.1:{world.port}/*"
        world.limits.capping.replace(CALLER, uid, {"url": url, "methods": ["POST"], "services": rating(12, 600_000)})
        world.limits.capping.deploy(CALLER, uid)
        world.answers.clear()
        world.put(10)
        assert await ended(world, world.delivery(), 10) == {"http_200": 7, "capped": 3}

    play(db, ok, story)


def test_a_short_window_is_waited_out_by_a_new_process(db: Database) -> None:
    begun: list[float] = []

    async def note(request: web.Request) -> web.StreamResponse:
        begun.append(time.monotonic())
        return web.Response()

    async def story(world: World) -> None:
        deploy(world, "cap", services=rating(10, 500))
        world.put(10)
        assert await ended(world, world.delivery(), 10) == {"http_200": 10}
        world.answers.clear()
        world.put(10)
        assert await ended(world, world.delivery(), 10) == {"http_200": 10}
        assert begun[10] - begun[0] >= 0.5

    play(db, note, story)


def test_a_cap_may_limit_connections_and_then_calls_wait(db: Database) -> None:
    now = most = 0

    async def count(request: web.Request) -> web.StreamResponse:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.01)
        now -= 1
        return web.Response()

    async def story(world: World) -> None:
        deploy(world, "cap", services=rating(1_000, 1_000, maxHttpConnections=3))
        world.put(30)
        assert await ended(world, world.delivery(), 30) == {"http_200": 30}
        assert most == 3

    play(db, count, story)


def test_throttled_calls_keep_their_order_and_their_rate(db: Database) -> None:
    async def story(world: World) -> None:
        world.committed_us = time.time_ns() // 1_000
        uid = deploy(world, "throttle", maxThroughput=200)
        for number in range(300):
            world.put(1, version_uid=f"v{number % 3}")  # of several journeys: one queue all the same
        before = time.monotonic()
        assert await ended(world, world.delivery(), 300) == {"http_200": 300}
        assert time.monotonic() - before > (300 - 0.1 * 200) / 200 - 0.05  # it may catch up with a tenth of a second
        begun = sorted(world.answers, key=lambda answer: answer.first_started_at_us)
        assert [answer.outbox_id for answer in begun] == sorted(answer.outbox_id for answer in begun)
        outcome = begun[-1].outcome
        assert outcome.is_throttled
        assert outcome.wait_ms > 1_000
        assert world.limits.throttling.state(CALLER, uid)["callsMade"] == 300

    play(db, ok, story)


def test_a_call_that_waited_six_hours_is_dropped(db: Database) -> None:
    async def story(world: World) -> None:
        deploy(world, "throttle", maxThroughput=200)
        world.put(3)  # committed in 1970
        delivery = world.delivery(clock=ManualClock(1_000_000 + limiter.DROPS_AFTER_US + 1))
        assert await ended(world, delivery, 3) == {"capped": 3}
        assert "six hours" in (world.answers[0].outcome.error_message or "")
        assert world.requests == []

    play(db, ok, story)


def test_the_stricter_of_cap_and_throttle_decides(db: Database) -> None:
    async def story(world: World) -> None:
        deploy(world, "throttle", maxThroughput=200)
        deploy(world, "cap", services=rating(20, 600_000))
        world.put(40)
        assert await ended(world, world.delivery(clock=ManualClock(2_000_000)), 40) == {"http_200": 20, "capped": 20}

    play(db, ok, story)


def test_a_host_has_a_cap_by_default(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "DEFAULT_CAP", (5, 60_000_000))

    async def story(world: World) -> None:
        world.put(8)
        world.put(2, host="localhost")
        world.put(2, scope_id=2)
        found = await ended(world, world.delivery(), 12)
        # the sandbox of scope 2 has no such action: it fails on its own account
        assert found == {"http_200": 7, "capped": 3, "internalError": 2}

    play(db, ok, story)


def test_a_changed_throttle_holds_at_once(db: Database) -> None:
    async def story(world: World) -> None:
        world.committed_us = time.time_ns() // 1_000
        uid = deploy(world, "throttle", maxThroughput=200)
        world.put(6_000)
        delivery = world.delivery()
        task = await running(delivery)
        await world.until(lambda: len(world.answers) > 20)
        assert len(world.answers) < 1_000
        changed = {"urlPattern": f"http://127.0.0.1:{world.port}/*", "methods": ["POST"], "maxThroughput": 5_000}
        world.limits.throttling.replace(CALLER, uid, changed)
        at_the_old_rate_s = 6_000 / 200
        await world.until(lambda: len(world.answers) == 6_000, limit_s=at_the_old_rate_s)
        await delivery.stop()
        await task

    play(db, ok, story)


def test_a_host_that_answers_nobody_is_asked_by_few_and_loses_no_call(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuit, "FIRST_PAUSE_S", 0.1)
    monkeypatch.setattr(circuit, "MAX_PAUSE_S", 0.2)
    is_down = True

    async def flap(request: web.Request) -> web.StreamResponse:
        return web.Response(status=503 if is_down else 200)

    async def story(world: World) -> None:
        nonlocal is_down
        world.put(200, limit_s=20)
        delivery = world.delivery(clock=ManualClock(2_000_000))
        task = await running(delivery)
        await world.until(lambda: any(host.circuit.opened_at_us is not None for host in delivery._backlog.hosts))
        await asyncio.sleep(0.5)
        # 32 calls were under way; what follows are probes
        assert len(world.keys) <= 32 * 4 + 10 * 4
        asked = len(set(world.keys))
        assert asked < 60
        is_down = False
        await world.until(lambda: len(world.answers) == 200)
        await delivery.stop()
        await task
        found = Counter(answer.outcome.status_code for answer in world.answers)
        assert found["http_200"] >= 200 - 60
        assert set(found) <= {"http_200", "http_503"}
        assert world.pending() == 0

    play(db, flap, story)


def test_a_call_whose_limit_passes_while_the_circuit_is_open_gets_what_the_last_one_got(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuit, "OPENS_AFTER", 3)

    async def absent(request: web.Request) -> web.StreamResponse:
        return web.Response(status=504)

    async def story(world: World) -> None:
        clock = ManualClock(2_000_000)
        world.put(60, limit_s=20)
        delivery = world.delivery(clock=clock)
        task = await running(delivery)
        await world.until(lambda: any(host.circuit.opened_at_us is not None for host in delivery._backlog.hosts))
        clock.advance(timedelta(seconds=21))
        await world.until(lambda: len(world.answers) == 60)
        await delivery.stop()
        await task
        assert {answer.outcome.status_code for answer in world.answers} == {"http_504"}
        unasked = [answer.outcome for answer in world.answers if answer.outcome.attempts == 0]
        assert len(unasked) >= 20
        assert "answers nobody" in (unasked[0].error_message or "")

    play(db, absent, story)


def test_a_hanging_host_takes_nothing_from_the_others(db: Database) -> None:
    """One answers in 20 ms beside one that never does: its calls are all done long before any of the other's."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.host.startswith("localhost"):
            await asyncio.sleep(60)
        await asyncio.sleep(0.02)
        return web.Response()

    async def story(world: World) -> None:
        world.put(150, host="localhost", limit_s=15)
        world.put(600)
        delivery = world.delivery()
        task = await running(delivery)
        await world.until(lambda: len(world.answers) >= 600)
        assert {a.outcome.status_code for a in world.answers} == {"http_200"}
        assert len(world.answers) == 600
        hanging = next(host for host in delivery._backlog.hosts if host.name.startswith("localhost"))
        quick = delivery._backlog._quick - hanging.quick
        assert hanging.quick + hanging.slow >= 12
        assert quick <= 64
        await asyncio.sleep(service.BUSY_POLL_S)
        await delivery.stop()
        await task

    play(db, answer, story, delivery_concurrency=64)


# --- the limiter by itself ---

LIMITS = CallLimits(
    (Cap("c", 1, "action", read_pattern("https://a.example/*"), frozenset({"POST"}), 40, 60_000_000, None),), None
)


class Disk:
    """What limiters write down, with faults to order."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[int, Mapping[str, Any]]] = {}
        self.faults = 0

    def save(self, states: Mapping[str, Mapping[str, Any]], now_us: int) -> None:
        if self.faults:
            self.faults -= 1
            raise OperationalError("insert", {}, Exception("disk"))
        self.kept |= {uid: (now_us, state) for uid, state in states.items()}


def open_limiter(disk: Disk, clock: ManualClock) -> Limiter:
    found = Limiter(clock, disk.save, monotonic=lambda: clock.now_us() / 1e6)
    found.use(LimitTable(LIMITS.caps, (), {1: "o"}), disk.kept)
    return found


@pytest.mark.parametrize("calls_before", [0, 1, 3, 19, 40])
@pytest.mark.parametrize("away_s", [0, 10, 59])
def test_a_process_that_dies_at_any_moment_lets_no_window_have_more(calls_before: int, away_s: int) -> None:
    async def story() -> None:
        disk, clock = Disk(), ManualClock(1_000_000_000)
        begun: list[int] = []

        async def call(one: Limiter) -> None:
            if await one.admit(LIMITS, 1, "a.example", False) is None:
                begun.append(clock.now_us())

        first = open_limiter(disk, clock)
        for _ in range(calls_before):
            clock.advance(timedelta(milliseconds=700))
            await call(first)
        clock.advance(timedelta(seconds=away_s))  # first is gone, without a word
        second = open_limiter(disk, clock)
        for _ in range(400):
            clock.advance(timedelta(milliseconds=313))
            await call(second)
        for at in begun:
            assert sum(1 for other in begun if at <= other < at + 60_000_000) <= 40
        assert len(begun) > 40 + calls_before / 2  # and the cap isn't just shut

    asyncio.run(story())


def test_calls_wait_for_the_lease_to_be_written() -> None:
    async def story() -> None:
        disk, clock = Disk(), ManualClock(1_000_000_000)
        disk.faults = 1
        found = open_limiter(disk, clock)
        results = await asyncio.gather(*(found.admit(LIMITS, 1, "a.example", False) for _ in range(50)))
        assert results.count(None) == 40
        assert disk.kept

    asyncio.run(story())


def test_a_cap_on_a_data_source_takes_the_place_of_its_default() -> None:
    cap = LIMITS.caps[0]._replace(service="dataSource", methods=frozenset({"GET"}))
    found = Limiter(ManualClock(), Disk().save, monotonic=lambda: 5.0)
    assert found.admit_fetch(1, "https://a.example/x", "GET") is None
    found.use(LimitTable((cap,), (), {1: "o"}))
    admitted = [found.admit_fetch(1, "https://a.example/x", "GET") for _ in range(50)]
    assert admitted == [True] * 40 + [False] * 10
    assert found.admit_fetch(2, "https://a.example/x", "GET") is None
    assert found.admit_fetch(1, "https://a.example/x", "POST") is None
