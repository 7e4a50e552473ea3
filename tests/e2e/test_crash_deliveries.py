"""kill -9 at 50 moments while 20 000 actions go out: what the receiver counts."""

import asyncio
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import demo
import pytest
from aiohttp import web
from asking import ask
from definitions import define
from journey_tools import publish
from running import RunningServer, wait_for
from shop import VERSIONS

KILLS = 50
CUSTOMERS = 20_000
IN_FLIGHT = 50
ANSWER_S = 0.06
"""With IN_FLIGHT calls at a time this paces the calls, so that the kills fall among them."""


class CountingReceiver:
    """Answers each call a little later; counts calls by recipient and Idempotency-Key."""

    def __init__(self) -> None:
        self.calls: Counter[tuple[str, str]] = Counter()
        self._loop = asyncio.new_event_loop()
        self._is_up = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._is_up.wait(10)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._is_up.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self._runner.cleanup())
        self._loop.close()

    async def _serve(self) -> None:
        async def take(request: web.Request) -> web.Response:
            body = await request.json()
            self.calls[body["to"], request.headers["Idempotency-Key"]] += 1
            await asyncio.sleep(ANSWER_S)
            return web.json_response({"status": "queued"})

        application = web.Application()
        application.router.add_post("/messages", take)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, backlog=512)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_kills_among_twenty_thousand_actions_lose_none_and_rename_none(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    chance = random.Random(20_261_128)
    receiver = CountingReceiver()
    server = RunningServer(
        tmp_path / "data", PARCOURS_DELIVERY_CONCURRENCY=str(IN_FLIGHT), PARCOURS_LAKE_COMMIT_MS="5000"
    ).start()
    try:
        platform = server.platform()
        defined = define(platform, receiver.url, lambda _line: None)
        platform.post(f"{VERSIONS}/{defined.journey_version}/stop")
        uid = next(a["uid"] for a in platform.get("/journey/orchestration/actions")["results"])
        values = {
            "to": f"@event{{OrderPlaced._{defined.tenant}.person.emailAddress}}",
            "template": '"x"', "firstName": '"x"', "total": "1.0",
        }  # fmt: skip
        parameters = [{"paramPath": f"/{name}", "expression": text} for name, text in values.items()]
        message = {"type": "customAction", "actionUid": uid, "parameters": parameters}
        version = publish(platform, "Deliveries", {"send": message}, [("order", "send")])
        inlet = defined.event_inlet.replace("/collection/", "/collection/batch/")
        for first in range(0, CUSTOMERS, 500):
            orders = [demo.order(platform, defined, number) for number in range(first, first + 500)]
            answer = ask("POST", inlet, {"messages": orders})
            assert answer.status == 207
            assert not [one for one in answer.body["responses"] if "statusCode" in one]
        wait_for(lambda: len(receiver.calls) > 100, what="the first calls")
        among = 0
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.1, 0.5))
            among += len(receiver.calls) < CUSTOMERS
            server.kill()
            server.start()
        platform.sign_in()

        def is_settled() -> bool:
            status = platform.get(f"{VERSIONS}/{version}/counts")["status"]
            return bool(status == {"ended": CUSTOMERS})

        wait_for(is_settled, 300, what="the end of every journey")
        assert server.stop() == 0
    finally:
        server.kill()
        receiver.close()
    keys: defaultdict[str, set[str]] = defaultdict(set)
    for to, key in receiver.calls:
        keys[to].add(key)
    calls = sum(receiver.calls.values())
    record_property("kills among calls", among)
    record_property("calls made twice", f"{(calls - CUSTOMERS) / CUSTOMERS:.2%}")
    print(f"{among} kills among {calls} calls; made twice: {(calls - CUSTOMERS) / CUSTOMERS:.2%}")
    assert among == KILLS
    assert set(keys) == {demo.email(number) for number in range(CUSTOMERS)}
    assert {len(found) for found in keys.values()} == {1}
    assert CUSTOMERS <= calls <= CUSTOMERS + KILLS * IN_FLIGHT * 10
