"""The real command over a data directory of its own: started, asked over HTTP, stopped or killed."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

DEMO = Path(__file__).parents[2] / "examples" / "demo"
sys.path.insert(0, str(DEMO))  # the demo's client and definitions are what any user would write

from platform_client import Platform  # noqa: E402


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class RunningServer:
    """`parcours serve` as a user starts it, in a process group of its own."""

    def __init__(self, data_dir: Path, port: int = 0, *, arguments: tuple[str, ...] = (), **environment: str) -> None:
        self.data_dir = data_dir
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._arguments = arguments
        self._environment = environment
        self.process: subprocess.Popen[bytes] | None = None
        self.log = data_dir.parent / f"{data_dir.name}.log"

    def start(self, timeout_s: float = 60.0) -> "RunningServer":
        """Start and wait until it is ready."""
        command = [
            sys.executable, "-m", "parcours", "serve", "--data-dir", str(self.data_dir), "--port", str(self.port),
            *self._arguments,
        ]  # fmt: skip
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("PARCOURS_")},
            "PARCOURS_ALLOW_PRIVATE_NETWORKS": "true",
            "PARCOURS_LOG_LEVEL": "warning",
            **self._environment,
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, env=environment, stdout=log, stderr=log, start_new_session=True, cwd=self.data_dir.parent
            )
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            if self.process.poll() is not None:
                break
            try:
                if self.get("/health/ready")[0] == 200:
                    return self
            except OSError:
                pass
            time.sleep(0.02)
        self.kill()
        raise AssertionError(f"the server did not become ready:\n{self.log.read_text()[-4000:]}")

    def get(self, path: str) -> tuple[int, bytes]:
        """(status, body) of a GET without credentials."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def metrics(self) -> str:
        """What is measured, as Prometheus reads it."""
        status, body = self.get("/metrics")
        assert status == 200
        return body.decode()

    @property
    def credentials(self) -> dict[str, str]:
        found: dict[str, str] = json.loads((self.data_dir / "credentials.json").read_text())
        return found

    def platform(self) -> Platform:
        """A signed-in client of the control plane."""
        platform = Platform(self.url, self.credentials)
        platform.sign_in()
        return platform

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """A `parcours` command over this data directory."""
        return subprocess.run(
            [sys.executable, "-m", "parcours", *arguments, "--data-dir", str(self.data_dir)],
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, "COLUMNS": "160"},
        )

    def sql(self, query: str) -> list[dict[str, Any]]:
        """Rows of `parcours sql`."""
        answer = self.command("sql", query, "--format", "json")
        assert answer.returncode == 0, answer.stderr
        rows: list[dict[str, Any]] = json.loads(answer.stdout)
        return rows

    def worker_pid(self) -> int:
        """The process that works, a child of the one that answers."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        (pid,) = [int(child) for child in children if b"\0worker\0" in Path(f"/proc/{child}/cmdline").read_bytes()]
        return pid

    def stop(self) -> int:
        """SIGTERM, and the exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def kill(self) -> None:
        """kill -9 of every process of the server at once, as a crash of the machine is for them."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=30)


def wait_for(condition: Any, timeout_s: float = 30.0, *, what: str = "the condition") -> None:
    """Wait until `condition()` is true; fail with `what` after the time."""
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"{what} did not come about in {timeout_s} s")
