"""Event posted → HTTP request arriving at a receiver, through the whole server, at a steady 500 events a second."""

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import aiohttp
from aiohttp import web

from bench.definitions import Bench, order
from bench.figures import Figure, figure
from bench.machine import free_port, python

RATE = 500
SECONDS = 15
WARM_UP_S = 3


def run() -> list[Figure]:
    """The receiver notes when each call came; its body says when the event was sent."""
    folder = Path(tempfile.mkdtemp(prefix="parcours-bench-"))
    port = free_port()
    receiver = subprocess.Popen(python("-m", "bench.latency", str(port), str(folder / "arrivals")))
    try:
        url = f"http://127.0.0.1:{port}/"
        bench = Bench(folder / "data")
        bench.define(url)
        direct = asyncio.run(send_direct(url))
        with bench.serving():
            asyncio.run(send_events(bench, url))
        receiver.terminate()
        receiver.wait(timeout=30)
        arrived = [json.loads(line) for line in (folder / "arrivals").read_text().splitlines()]
        through = latencies([a for a in arrived if a["to"] != "direct"])
        base = latencies([a for a in arrived if a["to"] == "direct"])
        assert len(through) >= RATE * SECONDS * 0.99, f"{len(through)} calls of {RATE * SECONDS} arrived"
        assert direct == len(base) or direct > 0
        name = "the same generator posting to the receiver directly"
        return [
            figure(
                f"event → HTTP request at {RATE}/s, p50",
                at(through, 0.5),
                "ms",
                (name, at(base, 0.5)),
                "< 100 ms",
                at(through, 0.5) < 100,
            ),
            figure(
                f"event → HTTP request at {RATE}/s, p99",
                at(through, 0.99),
                "ms",
                (name, at(base, 0.99)),
                "< 500 ms",
                at(through, 0.99) < 500,
            ),
        ]
    finally:
        receiver.kill()
        shutil.rmtree(folder, ignore_errors=True)


def latencies(arrivals: list[dict[str, float]]) -> list[float]:
    """Milliseconds from sending to arrival, sorted."""
    return sorted((a["at"] - a["sent"]) * 1000 for a in arrivals)


def at(values: list[float], part: float) -> float:
    """A quantile of sorted values."""
    return values[min(len(values) - 1, int(len(values) * part))]


async def _paced(session: aiohttp.ClientSession, make: object, seconds: float, rate: int) -> int:
    tasks: set[asyncio.Task[None]] = set()
    started = time.perf_counter()
    for n in range(int(rate * seconds)):
        delay = started + n / rate - time.perf_counter()
        if delay > 0:
            await asyncio.sleep(delay)
        tasks.add(asyncio.create_task(make(session, n)))  # type: ignore[operator]
    await asyncio.gather(*tasks)
    return len(tasks)


async def send_direct(url: str) -> int:
    """The baseline's calls."""

    async def one(session: aiohttp.ClientSession, _n: int) -> None:
        async with session.post(url, json={"to": "direct", "sent": time.time()}) as answer:
            await answer.read()

    for _ in range(100):
        try:
            async with aiohttp.ClientSession() as session:
                return await _paced(session, one, 3, RATE)
        except aiohttp.ClientConnectorError:
            await asyncio.sleep(0.1)
    raise RuntimeError("the receiver did not start")


async def send_events(bench: Bench, url: str) -> None:
    """The events, after a warm-up whose calls the receiver is told to forget."""

    async def one(session: aiohttp.ClientSession, n: int) -> None:
        body = json.dumps(order(bench, n, time.time())).encode()
        async with session.post(bench.inlet_url, data=body, headers={"Content-Type": "application/json"}) as answer:
            assert answer.status == 200, await answer.text()

    async with aiohttp.ClientSession() as session:
        warm = await _paced(session, lambda s, n: one(s, 10_000_000 + n), WARM_UP_S, RATE // 5)
        await asyncio.sleep(2)
        async with session.post(url + "forget", json={}) as answer:
            assert (await answer.json())["forgotten"] >= warm
        sent = await _paced(session, one, SECONDS, RATE)
        until = time.perf_counter() + 60
        while time.perf_counter() < until:  # a slow machine's calls arrive late; they count all the same
            async with session.get(url + "count") as answer:
                if (await answer.json())["arrived"] >= sent:
                    return
            await asyncio.sleep(0.2)


def receive(port: int, path: Path) -> None:
    """The receiver: keeps arrivals in memory, writes them at the end."""
    direct: list[dict[str, object]] = []
    through: list[dict[str, object]] = []

    async def take(request: web.Request) -> web.Response:
        at_s = time.time()
        body = await request.json()
        (direct if body["to"] == "direct" else through).append({**body, "at": at_s})
        return web.json_response({"status": "ok"})

    async def forget(_request: web.Request) -> web.Response:
        count = len(through)
        through.clear()
        return web.json_response({"forgotten": count})

    async def count(_request: web.Request) -> web.Response:
        return web.json_response({"arrived": len(through)})

    async def write(_app: web.Application) -> None:
        path.write_text("".join(json.dumps(a) + "\n" for a in (*direct, *through)))

    app = web.Application()
    app.add_routes([web.post("/", take), web.post("/forget", forget), web.get("/count", count)])
    app.on_shutdown.append(write)
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


if __name__ == "__main__":
    receive(int(sys.argv[1]), Path(sys.argv[2]))
