"""Calls to data sources under way at a time, where a cap says how many (journeys §14.2)."""

import asyncio
from typing import Any

import orjson
import pytest
from aiohttp import web
from outbox_world import CALLER, World, play, running
from test_fetching import BOX, good, group, row, slow, table
from test_fetching import World as FetchWorld
from test_limits_in_delivery import db
from virtual_time import run_virtual

from parcours.datasources.service import DataSourceService
from parcours.db import Database
from parcours.delivery.places import CapKey, Places
from parcours.delivery.service import Delivery
from parcours.journeys.fetch_request import to_request
from parcours.journeys.model import FetchRequest
from parcours.resources.store import ResourceStore

__all__ = ["db"]
KEY = ("c", "dataSource")


class Counter:
    """At most `most` at a time."""

    def __init__(self, most: int, caps: tuple[CapKey, ...] = (KEY,)) -> None:
        self.most, self.caps, self.now, self.peak = most, caps, 0, 0

    def fetch_caps(self, scope_id: int, url: str, method: str) -> tuple[CapKey, ...]:
        return self.caps if method == "GET" else ()

    def has_place(self, caps: tuple[CapKey, ...]) -> bool:
        return self.now < self.most

    def enter(self, caps: tuple[CapKey, ...]) -> None:
        self.now += 1
        self.peak = max(self.peak, self.now)

    def leave(self, caps: tuple[CapKey, ...]) -> None:
        self.now -= 1


def test_those_beyond_wait_in_their_order_and_none_is_dropped() -> None:
    async def main() -> None:
        counter = Counter(3)
        world = FetchWorld(lambda _n: slow(1), table(group()), connections=counter, capping=lambda *_: True)
        for number in range(10):
            world.fetching.take(row(number, f"c{number}"))
        await asyncio.sleep(10)
        assert world.codes() == [None] * 10
        assert (counter.peak, counter.now) == (3, 0)
        asked = [(request.url.rpartition("=")[2], at_s) for request, at_s in world.sent]
        assert [city for city, _ in asked] == [f"c{number}" for number in range(10)]
        start = asked[0][1]
        assert [round(at_s - start) for _, at_s in asked] == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3]

    run_virtual(main())


def test_one_whose_time_is_over_before_its_turn_is_timed_out_and_its_place_is_the_next_ones() -> None:
    async def main() -> None:
        counter = Counter(1)
        world = FetchWorld(lambda _n: slow(5), table(group()), connections=counter, capping=lambda *_: True)
        world.fetching.take(row(1, "first"))
        world.fetching.take(row(2, "impatient", limit_s=2))
        world.fetching.take(row(3, "patient"))
        await asyncio.sleep(20)
        assert {number: outcomes[0].error for number, (outcomes, _) in world.done.items()} == {
            1: None, 2: "timedout", 3: None,
        }  # fmt: skip
        assert [request.url.rpartition("=")[2] for request, _ in world.sent] == ["first", "patient"]
        assert counter.now == 0

    run_virtual(main())


def test_a_call_that_no_cap_is_about_waits_for_nobody() -> None:
    async def main() -> None:
        counter = Counter(0)
        posting = group(method="POST", sentPayload={"c": {"param": "city"}})
        world = FetchWorld(lambda _n: good(), table(posting), connections=counter)
        world.fetching.take(row(1))
        await asyncio.sleep(1)
        assert world.codes() == [None]

    run_virtual(main())


def test_a_turn_that_comes_as_its_call_is_given_up_goes_to_the_next() -> None:
    async def main() -> None:
        counter = Counter(1)
        places, done = Places(counter), list[str]()

        async def call(name: str, seconds: float) -> None:
            async with places.of(1, "https://a.example/", "GET"):
                await asyncio.sleep(seconds)
                done.append(name)

        first, second, third = (asyncio.create_task(call(name, 1)) for name in ("first", "second", "third"))
        await first
        second.cancel()  # its turn has come, and it has not gone on yet
        with pytest.raises(asyncio.CancelledError):
            await second
        await third
        assert (done, counter.now, places._waiting) == (["first", "third"], 0, {})

    run_virtual(main())


def test_a_cap_limits_connections_to_a_data_source_in_the_delivery(db: Database) -> None:
    now = most = 0

    async def count(request: web.Request) -> web.StreamResponse:
        raise AssertionError("no action is called")

    async def main(world: World) -> None:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal now, most
            await reader.readuntil(b"\r\n\r\n")
            now += 1
            most = max(most, now)
            await asyncio.sleep(0.02)
            now -= 1
            writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\n{"a":1}')
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/in"
        sources = DataSourceService(db, ResourceStore(), BOX, world.settings)
        made: dict[str, Any] = {"name": "now", "dynamicValues": ["n"], "responsePayload": {"a": 1}}
        uid = sources.create(CALLER, {"name": "Slow", "url": url, "fieldGroups": [made]})[0]["uid"]
        service = {"rating": {"maxCallsCount": 1_000, "periodInMs": 1_000}, "maxHttpConnections": 3}
        cap = {"url": url, "methods": ["GET"], "services": {"dataSource": service}}
        capping = world.limits.capping
        capping.deploy(CALLER, capping.create(CALLER, cap)["uid"])
        for number in range(30):
            asked = FetchRequest(uid, "Slow", "now", {"n": number}, (0,))
            world.put(1, limit_s=20, request=to_request([asked]), action_uid=uid)
        delivery = Delivery(db, world.actions, world.limits, world.settings, sources=sources)
        delivery.on_answers = world.take
        task = await running(delivery)
        await world.until(lambda: len(world.answers) == 30)
        await delivery.stop()
        await task
        server.close()
        outcomes = [one for answer in world.answers for one in answer.fetched or ()]
        assert [(one.error, orjson.dumps(one.data)) for one in outcomes] == [(None, b'{"a":1}')] * 30
        assert most == 3

    play(db, count, main)
