"""Inlets on one core: single messages and batches, acknowledged durably, beside a bare hello on the same core."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.definitions import Bench, order
from bench.figures import Figure, figure, middle
from bench.machine import SERVER_CORE, Load, free_port, pinned, python, wait_for_port, wrk

ROUNDS = 3
SECONDS = 4
BATCH = 100


@contextmanager
def hello() -> Iterator[str]:
    """A bare RSGI hello on the server's core; its URL."""
    port = free_port()
    with pinned(python("-m", "bench.hello", str(port)), SERVER_CORE):
        wait_for_port(port)
        yield f"http://127.0.0.1:{port}/"


def run() -> list[Figure]:
    """Rounds of hello and ours in turn, so that both meet the same noise."""
    folder = Path(tempfile.mkdtemp(prefix="parcours-bench-"))
    try:
        bench = Bench(folder / "data")
        bench.define()
        body = json.dumps(order(bench, 1)).encode()
        batch = json.dumps({"messages": [order(bench, n) for n in range(BATCH)]}).encode()
        bare: list[Load] = []
        single: list[Load] = []
        batches: list[Load] = []
        with bench.serving("--collector-only", core=SERVER_CORE):
            for _ in range(ROUNDS):
                with hello() as url:
                    bare.append(wrk(url, body, 64, SECONDS))
                single.append(wrk(bench.inlet_url, body, 64, SECONDS))
                batches.append(wrk(bench.batch_url, batch, 8, SECONDS))
        assert not any(load.not_ok for load in (*single, *batches)), "some requests were refused"
        name = "bare Granian RSGI hello, same core"
        rate, base = middle([load.requests_per_s for load in single]), middle([load.requests_per_s for load in bare])
        p99, base_p99 = middle([load.p99_ms for load in single]), middle([load.p99_ms for load in bare])
        messages = middle([load.requests_per_s for load in batches]) * BATCH
        return [
            figure("single POST, durable", rate, "requests/s", (name, base), "≥ 0.5 × hello", rate >= 0.5 * base),
            figure("single POST, p99 at 64 connections", p99, "ms", (name, base_p99), "< 50 ms", p99 < 50),
            figure(
                f"batch POST of {BATCH} × {len(body)} B",
                messages,
                "messages/s",
                (name + ", requests", base),
                "≥ 50 000/s",
                messages >= 50_000,
            ),
        ]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
