"""Calls of actions from a full outbox to endpoints that answer after 50 ms; beside bare aiohttp to the same ones.

`python -m bench.delivery serve PORT` listens at ten ports from PORT on, on the other core; a path `/hang` is never
answered. `… bare PORT N` and `… ours PORT N plain|nine|hanging|paced` are the sides, each a process on one core.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

from bench.figures import Figure, figure, middle
from bench.machine import CLIENT_CORE, free_port, pinned
from bench.simulate import on_core

CALLS = 30_000
ROUNDS = 3
TARGET = 3_000.0
HOSTS = 10
ANSWERS_AFTER_S = 0.05
IN_FLIGHT = 512
PACE = 1_000
"""Calls a second that the throttle lets through."""
SCOPE = 1
BODY = b'{"to":{"email":"jane.smith@example.com"},"points":120,"template":"welcome","trace":"0123456789abcdef"}'


def run() -> list[Figure]:
    """Each round every side, one after the other, at the same endpoints."""
    calls = int(os.environ.get("BENCH_CALLS", CALLS))
    port = free_ports()
    sides: dict[str, list[float]] = {"bare": [], "plain": [], "nine": [], "hanging": []}
    paced: list[float] = []
    swapped = 0
    with pinned([sys.executable, "-m", "bench.delivery", "serve", str(port)], CLIENT_CORE):
        time.sleep(1)
        for _ in range(ROUNDS):
            sides["bare"].append(float(measure("bare", port, calls)[0]))
            for side in ("plain", "nine", "hanging"):
                sides[side].append(float(measure("ours", port, calls, side)[0]))
            rate, out_of_order = measure("ours", port, min(calls, 5 * PACE), "paced")
            paced.append(float(rate))
            swapped += int(out_of_order)
    plain, beside, pace = middle(sides["plain"]), middle(sides["hanging"]), middle(paced)
    nine = middle(sides["nine"])
    return [
        figure(
            "calls of actions, ten endpoints of 50 ms", plain, "calls/s", ("bare aiohttp", middle(sides["bare"])),
            f"≥ {TARGET:.0f} calls/s", plain >= TARGET,
        ),
        figure(
            "nine of them while the tenth hangs", beside, "calls/s", ("the nine alone", nine),
            "≥ 0.95 of it", beside >= 0.95 * nine,
        ),
        figure(
            f"throttled to {PACE} a second, in order", pace, "calls/s", ("allowed", float(PACE)),
            "within 5 %, none out of order", abs(pace - PACE) <= 0.05 * PACE and not swapped,
        ),
    ]  # fmt: skip


def measure(*what: Any) -> list[str]:
    return on_core("-m", "bench.delivery", *map(str, what)).splitlines()[-1].split()


def free_ports() -> int:
    """The first of ten ports in a row that nobody listens at."""
    import socket

    while True:
        first = free_port()
        try:
            for port in range(first, first + HOSTS):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            continue
        return first


class Endpoint(asyncio.Protocol):
    """Answers each request 50 ms after it has come; one at a time on a connection, as HTTP clients do."""

    def connection_made(self, transport: Any) -> None:
        self.transport, self.rest = transport, b""

    def data_received(self, data: bytes) -> None:
        self.rest += data
        head, end, body = self.rest.partition(b"\r\n\r\n")
        if not end:
            return
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or b"0")
        if len(body) < length:
            return
        self.rest = body[length:]
        if b" /hang" not in head.partition(b"\r\n")[0]:
            asyncio.get_running_loop().call_later(ANSWERS_AFTER_S, self.answer)

    def answer(self) -> None:
        self.transport.write(
            b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n{"id":"m-001"}'
        )


async def serve(port: int) -> None:
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(Endpoint, "127.0.0.1", port + n, backlog=4_096) for n in range(HOSTS)]
    await asyncio.gather(*(server.serve_forever() for server in servers))


async def bare(port: int, calls: int) -> float:
    """The same number of requests of the same size with as many in flight as the endpoints can use."""
    import aiohttp

    waiting = iter(range(calls))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def work() -> None:
            for number in waiting:
                url = f"http://127.0.0.1:{port + number % HOSTS}/in"
                async with session.post(url, data=BODY, headers={"Content-Type": "application/json"}) as response:
                    await response.read()

        started = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
        return calls / (time.perf_counter() - started)


async def ours(port: int, calls: int, side: str) -> tuple[float, int]:
    """The delivery's own loop until the last answer that is measured has come: calls a second, calls out of order."""
    from parcours.access.model import Caller
    from parcours.access.store import list_sandboxes
    from parcours.actions.model import HttpRequest
    from parcours.app import build_platform
    from parcours.delivery import store
    from parcours.delivery.service import Delivery
    from parcours.journeys.workset import OutgoingCall
    from parcours.kit.settings import Settings

    with tempfile.TemporaryDirectory(prefix="parcours-bench-") as name:
        platform = build_platform(Settings(data_dir=Path(name), allow_private_networks=True))
        platform.migrate()
        platform.access.bootstrap()
        with platform.db.read() as connection:
            sandbox = next(one for one in list_sandboxes(connection) if one.is_default)
        caller = Caller("bench", "bench", sandbox)
        action = platform.actions.create(
            caller,
            {
                "name": "Send", "url": f"http://127.0.0.1:{port}/in", "response": {"sample": {"id": "x"}},
                "authentication": {"type": "apiKey", "name": "X-Key", "value": "secret", "location": "header"},
            },
        )[0]["uid"]  # fmt: skip
        now_us = time.time_ns() // 1_000
        hosts = range(HOSTS)
        if side == "nine":  # as many as the nine get beside the tenth: what a start costs weighs the same
            hosts, calls = hosts[1:], calls - calls // HOSTS
        waiting = []
        for number in range(calls):
            host = hosts[number % len(hosts)]
            path = "hang" if side == "hanging" and host == 0 else "in"
            request = HttpRequest(
                "POST", f"http://127.0.0.1:{port + (0 if side == 'paced' else host)}/{path}",
                (("Content-Type", "application/json"), ("Charset", "UTF-8")), BODY,
            )  # fmt: skip
            waiting.append(
                OutgoingCall(
                    sandbox.scope_id, 0, f"{number:032x}", "n", 1, f"v{number % 3}", action, request,
                    now_us + 30_000_000,
                )
            )  # fmt: skip
        with platform.db.write() as connection:
            store.enqueue(connection, waiting, now_us)
        if side == "paced":
            service = platform.limits.throttling
            config = {"urlPattern": f"http://127.0.0.1:{port}/*", "methods": ["POST"], "maxThroughput": PACE}
            service.deploy(caller, service.create(caller, config)["uid"])
        measured = calls - sum(call.request.url.endswith("/hang") for call in waiting)
        delivery = Delivery(platform.db, platform.actions, platform.limits, platform.settings, grace_s=0)
        done = asyncio.Event()
        codes: Counter[str] = Counter()
        begun: list[tuple[int, int]] = []
        answered: list[int] = []

        def take(answers: list[Any]) -> None:
            codes.update(answer.outcome.status_code for answer in answers)
            begun.extend((answer.first_started_at_us, answer.outbox_id) for answer in answers)
            answered.extend(answer.outbox_id for answer in answers)
            if codes["http_200"] >= measured:
                done.set()

        async def forget() -> None:
            """What the pipeline's thread does meanwhile: rows with an answer go."""
            while not done.is_set():
                await asyncio.sleep(0.02)
                ids, answered[:] = list(answered), []
                await asyncio.to_thread(_delete, platform.db, ids)

        delivery.on_answers = take
        started = time.perf_counter()
        running, forgetting = asyncio.create_task(delivery.run()), asyncio.create_task(forget())
        await done.wait()
        elapsed_s = time.perf_counter() - started
        await forgetting
        await delivery.stop()
        await running
        platform.close()
        assert set(codes) == {"http_200"}, codes
        begun.sort()
        if side == "paced":
            elapsed_s = (begun[-1][0] - begun[0][0]) / 1e6
        return measured / elapsed_s, sum(later[1] < earlier[1] for earlier, later in pairwise(begun))


def _delete(db: Any, ids: list[int]) -> None:
    from parcours.delivery import store

    with db.write() as connection:
        store.delete_answered(connection, ids)


def main() -> None:
    import uvloop

    from parcours.kit.memory import settle_memory

    settle_memory()  # as the worker does
    what, port, *more = sys.argv[1:]
    if what == "serve":
        uvloop.run(serve(int(port)))
    elif what == "bare":
        print(uvloop.run(bare(int(port), int(more[0]))))
    else:
        print(*uvloop.run(ours(int(port), int(more[0]), more[1])))


if __name__ == "__main__":
    main()
