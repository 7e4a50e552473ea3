"""Start to the first accepted event, and the memory of a server that has nothing to do."""

import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from bench.definitions import ENVIRONMENT, Bench, order
from bench.figures import Figure, figure, middle
from bench.machine import children, free_port, python, wait_for_calm

ROUNDS = 5
IDLE_S = 6


def run() -> list[Figure]:
    """Starts over a data directory that has definitions, beside starts of a bare hello."""
    folder = Path(tempfile.mkdtemp(prefix="parcours-bench-"))
    try:
        bench = Bench(folder / "data")
        bench.define()
        body = json.dumps(order(bench, 1)).encode()
        ours: list[float] = []
        bare: list[float] = []
        memory: list[float] = []
        bare_memory: list[float] = []
        for n in range(ROUNDS):
            port = free_port()
            seconds, megabytes = start(
                python("-m", "bench.hello", str(port)), f"http://127.0.0.1:{port}/", body, n == 0
            )
            bare.append(seconds)
            bare_memory += megabytes
            serve = python("-m", "parcours", "serve", "--data-dir", str(bench.data_dir), "--port", str(bench.port))
            seconds, megabytes = start(serve, bench.inlet_url, body, n == 0)
            ours.append(seconds)
            memory += megabytes
        hello = "bare Granian RSGI hello"
        return [
            figure("start → first accepted event", middle(ours), "s", (hello, middle(bare)), "< 2 s", middle(ours) < 2),
            figure(
                "resident memory, idle, all processes",
                memory[0],
                "MB",
                (hello, bare_memory[0]),
                "< 250 MB",
                memory[0] < 250,
            ),
        ]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def start(command: list[str], url: str, body: bytes, with_memory: bool) -> tuple[float, list[float]]:
    """Seconds from the start of the process to its first 200, and its resident memory once idle."""
    started = time.perf_counter()
    process = subprocess.Popen(command, env={**os.environ, **ENVIRONMENT})
    try:
        while True:
            request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
            try:
                with urllib.request.urlopen(request, timeout=5) as answer:
                    assert answer.status == 200
                    break
            except OSError:
                if time.perf_counter() - started > 60:
                    raise
                time.sleep(0.005)
        seconds = time.perf_counter() - started
        if not with_memory:
            return seconds, []
        wait_for_calm(process.pid, IDLE_S)
        return seconds, [resident_mb(process.pid)]
    finally:
        process.terminate()
        process.wait(timeout=60)


def resident_mb(pid: int) -> float:
    """Resident memory of a process and its children; shared pages count once for each."""
    status = Path(f"/proc/{pid}/status").read_text()
    own = int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024
    return own + sum(resident_mb(int(child)) for child in children(pid))
