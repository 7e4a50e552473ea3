"""Event → profile → condition → action in the outbox, committed: events a second of the worker on one core."""

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp

from bench.definitions import ENVIRONMENT, Bench, order
from bench.figures import Figure, figure, middle
from bench.machine import CLIENT_CORE, SERVER_CORE, python

EVENTS = int(os.environ.get("BENCH_EVENTS", "40000"))
BATCH = 100
ROUNDS = 3


def run() -> list[Figure]:
    """The same log processed again and again from the same state, each time beside bare inserts."""
    folder = Path(tempfile.mkdtemp(prefix="parcours-bench-"))
    try:
        bench = Bench(folder / "data")
        bench.define()
        fill(bench)
        ours: list[float] = []
        bare: list[float] = []
        for n in range(ROUNDS):
            copy = folder / f"run{n}"
            shutil.copytree(bench.data_dir, copy)
            bare.append(EVENTS / float(on_core("bench.pipeline", "bare", str(folder / f"bare{n}.db"))))
            ours.append(EVENTS / float(on_core("bench.pipeline", "ours", str(copy))))
        name = "bare SQLite: five rows an event, a commit for 1 000 events, same core"
        rate = middle(ours)
        return [
            figure(
                "event → profile → condition → action, durable",
                rate,
                "events/s",
                (name, middle(bare)),
                "≥ 10 000/s",
                rate >= 10_000,
            )
        ]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fill(bench: Bench, make: Callable[[Bench, int], dict[str, Any]] = order) -> None:
    """Put EVENTS orders of as many customers into the log, with no worker to process them."""
    os.sched_setaffinity(0, {CLIENT_CORE})
    with bench.serving("--collector-only", core=SERVER_CORE):
        asyncio.run(_post(bench, make))


async def _post(bench: Bench, make: Callable[[Bench, int], dict[str, Any]]) -> None:
    async with aiohttp.ClientSession() as session:
        for first in range(0, EVENTS, BATCH):
            messages = [make(bench, n) for n in range(first, first + BATCH)]
            body = json.dumps({"messages": messages}).encode()
            headers = {"Content-Type": "application/json"}
            async with session.post(bench.batch_url, data=body, headers=headers) as answer:
                responses = (await answer.json())["responses"]
                assert not [r for r in responses if "statusCode" in r], responses[0]


def on_core(module: str, what: str, path: str, *more: str, **environment: str) -> str:
    """Run one half of a comparison in a process of its own on the server's core; the last word it printed."""
    done = subprocess.run(
        python("-m", module, what, path, *more),
        capture_output=True,
        text=True,
        env={**os.environ, **ENVIRONMENT, **environment},
        preexec_fn=lambda: os.sched_setaffinity(0, {SERVER_CORE}),
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return done.stdout.split()[-1]


def process(data_dir: Path, calls: int = EVENTS) -> float:
    """Seconds the pipeline takes for the whole log. calls: how many actions must have been asked for in the end."""
    from parcours.app import build_pipeline, build_platform
    from parcours.kit.memory import settle_memory
    from parcours.kit.settings import Settings

    platform = build_platform(Settings.from_environment(data_dir=data_dir))
    pipeline = build_pipeline(platform)
    settle_memory()
    pipeline.run_records(BATCH)  # the definitions are compiled once, before the clock runs
    started = time.perf_counter()
    while pipeline.run_records(1_000):
        pass
    elapsed = time.perf_counter() - started
    with platform.db.read() as connection:
        queued = connection.exec_driver_sql("SELECT count(*) FROM outbox").scalar()
    assert queued == calls, f"{queued} calls are in the outbox, {calls} must be"
    return elapsed * EVENTS / (EVENTS - BATCH)


def insert_bare(path: Path) -> float:
    """Seconds for five plain rows an event, durably, in transactions of 1 000 events."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    for table in range(5):
        connection.execute(f"CREATE TABLE t{table} (id TEXT PRIMARY KEY, body TEXT)")
    body = "x" * 400
    started = time.perf_counter()
    for first in range(0, EVENTS, 1_000):
        connection.execute("BEGIN IMMEDIATE")
        for table in range(5):
            rows = [(f"{n * 7919 % 1_000_003:032x}", body) for n in range(first, first + 1_000)]
            connection.executemany(f"INSERT INTO t{table} VALUES (?, ?)", rows)
        connection.execute("COMMIT")
    return time.perf_counter() - started


if __name__ == "__main__":
    what, path, *more = sys.argv[1:]
    print(insert_bare(Path(path)) if what == "bare" else process(Path(path), *map(int, more)))
