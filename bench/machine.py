"""Processes pinned to cores, and the load generator."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

LAKE_S = 120
"""Longest until the lake's process has committed what there was and ended."""
SERVER_CORE, CLIENT_CORE = 0, min(1, (os.cpu_count() or 1) - 1)


class NotMeasured(Exception):
    """The machine lacks what a figure needs."""


@dataclass(frozen=True)
class Load:
    """What wrk measured."""

    requests_per_s: float
    p50_ms: float
    p99_ms: float
    not_ok: int


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def pinned(command: list[str], core: int, **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A process, with all its children, on one core; ended on leaving."""
    process = subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=60)


def wait_for_port(port: int, path: str = "/health/live", timeout_s: float = 90) -> None:
    """Wait until something answers HTTP on the port, whatever it says."""
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2).read()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise NotMeasured(f"nothing answers on port {port}")


def wrk(url: str, body: bytes, connections: int, seconds: float) -> Load:
    """POST the body as often as the server allows. The generator has a core of its own."""
    if shutil.which("wrk") is None:
        raise NotMeasured("wrk is not installed (Debian: apt-get install wrk)")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "body").write_bytes(body)
        script = Path(folder) / "post.lua"
        script.write_text(
            'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\n'
            f'local f = io.open("{folder}/body", "rb")\nwrk.body = f:read("*a")\nf:close()\n'
        )
        text = subprocess.run(
            ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script), url],
            capture_output=True,
            text=True,
            check=True,
            preexec_fn=lambda: os.sched_setaffinity(0, {CLIENT_CORE}),
        ).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    not_ok = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    if rate is None:
        raise NotMeasured(f"wrk said: {text[:300]}")
    return Load(float(rate[1]), _latency(text, "50"), _latency(text, "99"), int(not_ok[1]) if not_ok else 0)


def _latency(text: str, percent: str) -> float:
    found = re.search(rf"\s{percent}%\s+([\d.]+)(us|ms|s)", text)
    return float(found[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found[2]] if found else float("nan")


def cpu_seconds(pid: int) -> float:
    """CPU time of a process, all its threads and all its children so far."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    own = sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
    return own + sum(cpu_seconds(int(child)) for child in children(pid))


def children(pid: int) -> list[str]:
    """The processes that a process has started and that still run."""
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def wait_for_calm(pid: int, least_s: float) -> None:
    """Wait until a server's start is over, and the lake's process has committed what there was and ended."""
    until = time.monotonic() + LAKE_S
    time.sleep(least_s)
    while any(children(int(child)) for child in children(pid)) and time.monotonic() < until:
        time.sleep(1)


def python(*arguments: str) -> list[str]:
    """A command of this very Python."""
    return [sys.executable, *arguments]
