"""The loop over the outbox: a real database, a real receiver, crashes and slow hosts included."""

import asyncio
import threading
import time
from collections import Counter
from typing import Any

import pytest
from aiohttp import web
from outbox_world import CALLER, World, ok, play, running
from sqlalchemy.exc import OperationalError

from parcours.db import Database
from parcours.delivery import service as services
from parcours.delivery import store
from parcours.delivery.service import Delivery
from parcours.journeys.versions import VERSION_KIND
from parcours.resources.store import ResourceStore


def test_a_committed_call_is_made_and_its_answer_handed_back(sqlite_db: Database) -> None:
    async def story(world: World) -> None:
        world.put()
        delivery = world.delivery()
        task = await running(delivery)
        await world.until(lambda: len(world.answers) == 1)
        world.put()
        delivery.wake()
        await world.until(lambda: len(world.answers) == 2)
        await delivery.stop()
        await task
        answer = world.answers[0]
        assert (answer.instance_id, answer.node_id, answer.pass_no, answer.scope_id) == ("i1", "n", 1, 1)
        assert answer.outcome.status_code == "http_200"
        assert answer.outcome.response == {"id": "m1"}
        assert abs(answer.first_started_at_us / 1e6 - time.time()) < 20
        assert world.requests[0].headers["Authorization"] == "Basic YW5uOnB3"
        assert world.pending() == 0
        assert len(set(world.keys)) == 2

    play(sqlite_db, ok, story)


def test_no_secret_waits_in_the_outbox(sqlite_db: Database) -> None:
    async def story(world: World) -> None:
        with world.db.read() as connection:
            action = world.actions.table.current(connection).get(1, world.action_uid)
        assert action is not None
        world.put(request=action.build({}))
        with world.db.read() as connection:
            (row,) = store.load_after(connection, 0, 1)
            assert row.request is not None
        assert "Authorization" not in dict(row.request.headers)

    play(sqlite_db, ok, story)


def test_a_call_that_fails_first_is_retried_under_the_same_key(sqlite_db: Database) -> None:
    async def fail_twice(request: web.Request) -> web.StreamResponse:
        return await ok(request) if len(world_of[0].requests) > 2 else web.Response(status=503)

    world_of: list[World] = []

    async def story(world: World) -> None:
        world_of.append(world)
        world.put()
        delivery = world.delivery()
        task = await running(delivery)
        await world.until(lambda: bool(world.answers))
        await delivery.stop()
        await task
        assert (world.answers[0].outcome.status_code, world.answers[0].outcome.attempts) == ("http_200", 3)
        assert len(world.keys) == 3
        assert len(set(world.keys)) == 1

    play(sqlite_db, fail_twice, story)


def test_a_silent_receiver_is_a_timeout(sqlite_db: Database) -> None:
    async def silent(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.Response()

    async def story(world: World) -> None:
        world.put(limit_s=0.1)
        delivery = world.delivery()
        task = await running(delivery)
        await world.until(lambda: bool(world.answers))
        await delivery.stop()
        await task
        assert (world.answers[0].outcome.status_code, world.answers[0].outcome.attempts) == ("timedout", 1)

    play(sqlite_db, silent, story)


def test_after_a_crash_the_call_is_made_again_under_the_same_key(sqlite_db: Database) -> None:
    async def story(world: World) -> None:
        world.put(3)
        world.is_deleting = False  # the worker dies before it commits the answers
        for _ in range(2):
            task = await running(world.delivery())
            seen = len(world.answers)
            await world.until(lambda seen=seen: len(world.answers) == seen + 3)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert Counter(Counter(world.keys).values()) == {2: 3}
        assert world.pending() == 3
        world.is_deleting = True
        delivery = world.delivery()
        task = await running(delivery)
        await world.until(lambda: world.pending() == 0)
        await delivery.stop()
        await task

    play(sqlite_db, ok, story)


def test_a_cancelled_loop_answers_nothing_for_calls_in_flight(sqlite_db: Database) -> None:
    async def slow(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.Response()

    async def story(world: World) -> None:
        world.put(5)
        task = await running(world.delivery())
        await world.until(lambda: len(world.requests) == 5)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert world.answers == []
        assert world.pending() == 5

    play(sqlite_db, slow, story)


def test_a_stop_lets_calls_in_flight_finish_and_leaves_the_late_ones(sqlite_db: Database) -> None:
    async def paced(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(30 if request.path.endswith("/late") else 0.1)
        return web.Response()

    async def story(world: World) -> None:
        world.put(2, "/soon")
        world.put(1, "/late")
        delivery = world.delivery(grace_s=0.4)
        task = await running(delivery)
        await world.until(lambda: len(world.requests) == 3)
        await delivery.stop()
        await task
        assert [answer.outcome.status_code for answer in world.answers] == ["http_200", "http_200"]
        assert world.pending() == 1

    play(sqlite_db, paced, story)


def test_a_stop_before_the_start_ends_at_once(sqlite_db: Database) -> None:
    async def story(world: World) -> None:
        world.put()
        delivery = world.delivery()
        await delivery.stop()
        await delivery.run()
        assert world.requests == []

    play(sqlite_db, ok, story)


def test_a_slow_host_does_not_starve_the_others(sqlite_db: Database) -> None:
    others_are_done = asyncio.Event()

    async def by_host(request: web.Request) -> web.StreamResponse:
        if request.host.startswith("localhost"):
            await others_are_done.wait()
        return web.Response()

    async def story(world: World) -> None:
        world.put(200, host="localhost", limit_s=30)
        delivery = world.delivery(grace_s=0)
        task = await running(delivery)
        await world.until(lambda: len(world.requests) >= 12)
        world.put(100, host="127.0.0.1")
        delivery.wake()
        await world.until(lambda: len(world.answers) >= 100)
        assert all(answer.outcome.status_code == "http_200" for answer in world.answers)
        assert {answer.instance_id for answer in world.answers} == {f"i{n}" for n in range(201, 301)}
        others_are_done.set()
        await delivery.stop()
        await task

    play(sqlite_db, by_host, story, delivery_concurrency=16)


def test_no_more_calls_are_in_flight_than_allowed(sqlite_db: Database) -> None:
    high = [0, 0]

    async def count(request: web.Request) -> web.StreamResponse:
        high[0] += 1
        high[1] = max(high)
        await asyncio.sleep(0.01)
        high[0] -= 1
        return web.Response()

    async def story(world: World) -> None:
        world.put(60)
        delivery = world.delivery()
        task = await running(delivery)
        await world.until(lambda: len(world.answers) == 60)
        await delivery.stop()
        await task
        assert high[1] == 6  # three quarters of eight places, for there is one host

    play(sqlite_db, count, story, delivery_concurrency=8)


def test_a_row_committed_behind_the_last_one_seen_is_found(
    sqlite_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "SWEEP_S", 0.05)
    monkeypatch.setattr(services, "POLL_S", 0.02)

    async def story(world: World) -> None:
        world.is_deleting = False
        with world.db.write() as connection:
            connection.exec_driver_sql("INSERT INTO sqlite_sequence (name, seq) VALUES ('outbox', 100)")
        world.put()
        delivery = world.delivery()
        task = await running(delivery)
        await world.until(lambda: len(world.answers) == 1)
        world.put()
        with world.db.write() as connection:  # a slower transaction with an earlier id commits only now
            connection.exec_driver_sql("UPDATE outbox SET id = 50 WHERE id = 102")
        await world.until(lambda: len(world.answers) == 2)
        await asyncio.sleep(0.2)
        assert len(world.requests) == 2
        await delivery.stop()
        await task

    play(sqlite_db, ok, story)


def test_a_long_outbox_is_emptied_in_order_of_commit(sqlite_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    from parcours.delivery import backlog

    monkeypatch.setattr(backlog, "MAX_ROWS_PER_LANE", 50)
    monkeypatch.setattr(backlog, "LOW_ROWS", 10)
    monkeypatch.setattr(services, "LOAD_ROWS", 100)

    async def story(world: World) -> None:
        world.put(730)
        delivery = world.delivery()
        task = await running(delivery)
        await world.until(lambda: world.pending() == 0)
        await delivery.stop()
        await task
        assert len(world.keys) == len(set(world.keys)) == 730
        assert sorted(answer.outbox_id for answer in world.answers) == list(range(1, 731))

    play(sqlite_db, ok, story)


def test_a_call_that_cannot_be_made_is_answered_as_an_internal_error(sqlite_db: Database) -> None:
    async def story(world: World) -> None:
        world.put(action_uid="gone")
        world.put(scope_id=2)
        world.put()
        with world.db.write() as connection:
            connection.exec_driver_sql("UPDATE outbox SET request = '{}' WHERE id = 3")
        delivery = world.delivery()
        task = await running(delivery)
        await world.until(lambda: len(world.answers) == 3)
        await delivery.stop()
        await task
        assert {answer.outcome.status_code for answer in world.answers} == {"internalError"}
        reasons = {answer.outbox_id: answer.outcome.error_message for answer in world.answers}
        assert reasons[1] == reasons[2] == "the action was deleted"
        assert reasons[3] == "the stored request can't be read"
        assert world.requests == []

    play(sqlite_db, ok, story)


def test_answers_nobody_takes_are_offered_again(sqlite_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "_ERROR_PAUSE_S", 0.01)

    async def story(world: World) -> None:
        world.put(2)
        delivery = Delivery(world.db, world.actions, world.limits, world.settings)
        task = await running(delivery)
        await world.until(lambda: len(world.requests) == 2)
        await asyncio.sleep(0.05)
        delivery.on_answers = world.take
        await world.until(lambda: len(world.answers) == 2)
        await delivery.stop()
        await task
        assert world.pending() == 0
        assert len(world.requests) == 2

    play(sqlite_db, ok, story)


def test_a_database_that_fails_for_a_while_is_waited_for(sqlite_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "_ERROR_PAUSE_S", 0.01)
    faults = [OperationalError("select", {}, Exception("disk")) for _ in range(3)]
    real = store.load_after

    def flaky(*args: Any) -> Any:
        if faults:
            raise faults.pop()
        return real(*args)

    monkeypatch.setattr(store, "load_after", flaky)

    async def story(world: World) -> None:
        world.put()
        delivery = world.delivery()
        task = await running(delivery)
        await world.until(lambda: bool(world.answers))
        await delivery.stop()
        await task

    play(sqlite_db, ok, story)


def test_calls_of_a_stopped_version_do_not_begin_and_are_not_tried_again(sqlite_db: Database) -> None:
    seen: Counter[str] = Counter()

    async def refuse(request: web.Request) -> web.StreamResponse:
        seen[request.path] += 1
        return web.Response(status=503, headers={"Retry-After": "1"})

    async def story(world: World) -> None:
        world.put(4, "/stopped", limit_s=20)  # three go out, for there is one host and four places; one waits
        delivery = world.delivery()
        task = await running(delivery)
        await world.until(lambda: seen["/in/stopped"] == 3)
        with world.db.write() as connection:
            store.drop_calls(connection, 1, "v")
            ResourceStore().touch(connection, VERSION_KIND)
        world.put(1, "/other", limit_s=20, version_uid="w")
        await world.until(lambda: seen["/in/other"] == 2)  # its retry comes a second after its first attempt
        assert seen["/in/stopped"] == 3
        assert world.answers == []
        with world.db.write() as connection:
            store.drop_calls(connection, 1, "w")
            ResourceStore().touch(connection, VERSION_KIND)
        await world.until(lambda: len(delivery._tasks) == 0)
        await delivery.stop()
        await task

    play(sqlite_db, refuse, story, delivery_concurrency=4)


def test_another_thread_may_wake_the_loop(sqlite_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "POLL_S", 30)

    async def story(world: World) -> None:
        delivery = world.delivery()
        delivery.wake()  # before it runs there is nobody to wake
        task = await running(delivery)
        await asyncio.sleep(0.1)

        def work() -> None:
            for _ in range(20):
                world.put()
                delivery.wake()

        thread = threading.Thread(target=work)
        thread.start()
        await world.until(lambda: len(world.answers) == 20)
        thread.join()
        await delivery.stop()
        await task
        delivery.wake()

    play(sqlite_db, ok, story)


def test_a_changed_credential_is_used_by_the_next_call(sqlite_db: Database) -> None:
    async def story(world: World) -> None:
        world.put()
        delivery = world.delivery()
        task = await running(delivery)
        await world.until(lambda: len(world.answers) == 1)
        document, _ = world.actions.get(CALLER, world.action_uid)
        document["authentication"]["password"] = "new"
        world.actions.replace(CALLER, world.action_uid, document)
        world.put()
        delivery.wake()
        await world.until(lambda: len(world.answers) == 2)
        await delivery.stop()
        await task
        assert [request.headers["Authorization"] for request in world.requests] == [
            "Basic YW5uOnB3",
            "Basic YW5uOm5ldw==",
        ]

    play(sqlite_db, ok, story)
