"""The real server for tests: started as a user starts it, asked over HTTP, stopped at the end."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from parcours.kit.errors import ParcoursError

_T = TypeVar("_T")
JOURNEYS = "/journey/orchestration"
AUDIENCES = "/data/core/ups/audiences"
_ATTEMPTS = 3
"""Tries to start: another process may take the port that was free a moment ago."""


class ServerFailed(ParcoursError):
    """The server didn't start, or stopped by itself; the message ends with its log."""


class CallFailed(ParcoursError):
    """The server answered with an error."""

    def __init__(self, method: str, url: str, status: int, body: str) -> None:
        super().__init__(f"{method} {url} → {status}\n{body}")
        self.status = status
        self.body = body


class UploadRefused(ParcoursError):
    """A list of members was not applied."""


class NotInTime(ParcoursError, AssertionError):
    """What was waited for did not come about."""


class ServerUnderTest:
    """`parcours serve` over a data directory of its own."""

    def __init__(self, data_dir: Path, *, settings: Mapping[str, str] | None = None) -> None:
        """settings: PARCOURS_ variables without that prefix. Calls to private addresses are allowed, as receivers
        of tests run on this machine; nothing else of the environment's settings is taken over.
        """
        self.data_dir = data_dir
        self.log_path = data_dir.parent / f"{data_dir.name}.log"
        self.base_url = ""
        self._settings = {"ALLOW_PRIVATE_NETWORKS": "true", "LOG_LEVEL": "warning", **(settings or {})}
        self._process: subprocess.Popen[bytes] | None = None
        # The server is on this machine: a proxy that the environment names can't reach it.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    # --- running ---

    def start(self, timeout_s: float = 60.0) -> "ServerUnderTest":
        """Start, and wait until it is ready. Raises ServerFailed."""
        for attempt in range(_ATTEMPTS):
            if self._start(timeout_s):
                return self
            if attempt < _ATTEMPTS - 1 and not self._is_port_taken():
                break
        raise ServerFailed(f"the server did not become ready:\n{self.log()}")

    def _start(self, timeout_s: float) -> bool:
        port = _free_port()
        self.base_url = f"http://127.0.0.1:{port}"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PARCOURS_")}
        environment |= {f"PARCOURS_{name.upper()}": value for name, value in self._settings.items()}
        command = [sys.executable, "-m", "parcours", "serve", "--data-dir", str(self.data_dir), "--port", str(port)]
        self.data_dir.parent.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603
                command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        until = time.monotonic() + timeout_s
        while time.monotonic() < until and self._process.poll() is None:
            try:
                with self._opener.open(f"{self.base_url}/health/ready", timeout=5):
                    return True
            except (OSError, urllib.error.HTTPError):
                time.sleep(0.02)
        self._kill()
        return False

    def _is_port_taken(self) -> bool:
        return "taken" in self.log() or "in use" in self.log()

    def log(self) -> str:
        """The end of what the server wrote."""
        return self.log_path.read_text("utf-8", "replace")[-4000:] if self.log_path.exists() else ""

    def stop(self, timeout_s: float = 60.0) -> None:
        """Stop it cleanly; one that doesn't go is killed."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._kill()

    def _kill(self) -> None:
        process = self._process
        if process is None or process.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
        process.wait(30)

    # --- asking ---

    @cached_property
    def credentials(self) -> dict[str, str]:
        """`client_id`, `client_secret`, `org_id` of the first client."""
        found: dict[str, str] = json.loads((self.data_dir / "credentials.json").read_text("utf-8"))
        return found

    @cached_property
    def token(self) -> str:
        """An access token, good for a day."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.credentials["client_id"],
            "client_secret": self.credentials["client_secret"],
        }
        body = urllib.parse.urlencode(form).encode()
        token: str = self._send("POST", "/ims/token/v3", body, {})["access_token"]
        return token

    @cached_property
    def headers(self) -> dict[str, str]:
        """What every call of the control plane carries, for sandbox `prod`."""
        return {
            "Authorization": f"Bearer {self.token}",
            "x-api-key": self.credentials["client_id"],
            "x-gw-ims-org-id": self.credentials["org_id"],
            "x-sandbox-name": "prod",
        }

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The JSON answer of a call of the control plane. Raises CallFailed."""
        raw = None if body is None else json.dumps(body).encode()
        content = {} if raw is None else {"Content-Type": "application/json"}
        return self._send(method, path, raw, {**self.headers, **content, **headers})

    def get(self, path: str, **query: Any) -> Any:
        """The JSON answer of a GET."""
        return self.request("GET", f"{path}?{urllib.parse.urlencode(query)}" if query else path)

    def post(self, path: str, body: Any = None) -> Any:
        """The JSON answer of a POST."""
        return self.request("POST", path, body)

    def put(self, path: str, body: Any) -> Any:
        """The JSON answer of a PUT."""
        return self.request("PUT", path, body)

    def delete(self, path: str) -> Any:
        """The JSON answer of a DELETE; None when it has no body."""
        return self.request("DELETE", path)

    def _send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Any:
        url = path if path.startswith("http") else self.base_url + path
        request = urllib.request.Request(url, body, dict(headers), method=method)
        try:
            with self._opener.open(request, timeout=30) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise CallFailed(method, url, error.code, error.read().decode("utf-8", "replace")) from None
        return json.loads(text) if text else None

    # --- events and journeys ---

    def send(self, inlet: str, message: Mapping[str, Any]) -> Any:
        """Post one message to an inlet, by its URL or id; the answer. It is durable when this returns."""
        url = inlet if inlet.startswith("http") else f"/collection/{inlet}"
        headers = {"Content-Type": "application/json", "x-gw-ims-org-id": self.credentials["org_id"]}
        return self._send("POST", url, json.dumps(message).encode(), headers)

    def instances(self, version_uid: str, key: str) -> list[dict[str, Any]]:
        """Every instance of a key in a version of a journey, with its steps; the first entrance first."""
        path = f"{JOURNEYS}/journeyVersions/{version_uid}/instances"
        found = self.get(path, key=key)["results"]
        return [self.get(f"{JOURNEYS}/instances/{one['id']}") for one in reversed(found)]

    def wait_for_instance(
        self, version_uid: str, key: str, *, node: str | None = None, status: str | None = None,
        timeout_s: float = 30.0,
    ) -> dict[str, Any]:  # fmt: skip
        """Wait until a key's latest instance is at a node, or has a status (`active`, `ended`, `error` …).

        Raises NotInTime, which says where it is instead.
        """
        seen = "nobody of this key entered"

        def look() -> dict[str, Any] | None:
            nonlocal seen
            found = self.instances(version_uid, key)
            if not found:
                return None
            latest = found[-1]
            seen = f"it is {latest['status']}" + (f" at {latest['nodeId']!r}" if latest["nodeId"] else "")
            is_there = (node is None or latest["nodeId"] == node) and (status is None or latest["status"] == status)
            return latest if is_there else None

        wanted = " and ".join([f"at {node!r}"] * (node is not None) + [f"{status}"] * (status is not None)) or "there"
        return self.wait_for(look, what=lambda: f"{key} was to be {wanted}, but {seen}", timeout_s=timeout_s)

    # --- audiences and their runs ---

    def upload_audience(
        self, name: str, ids: Iterable[str], *, mode: str = "replace", namespace: str = "Email",
        timeout_s: float = 60.0,
    ) -> str:  # fmt: skip
        """Upload a list of members, and wait until it is applied; the audience's id. It is made if there is none.

        mode: `replace`, `add` or `remove`. Raises CallFailed, UploadRefused, NotInTime.
        """
        every = self.get(AUDIENCES, name=name, limit=500)["children"]
        found = next((one for one in every if one["name"] == name), None)
        audience = found or self.post(AUDIENCES, {"name": name, "identityNamespace": namespace})
        uploads = f"{AUDIENCES}/{audience['id']}"
        made = self.request("POST", f"{uploads}/members?mode={mode}", [{"id": one} for one in ids])
        job = made

        def look() -> bool:
            nonlocal job
            job = self.get(f"{uploads}/uploads/{made['id']}")
            return job["status"] not in ("NEW", "QUEUED", "PROCESSING")

        self.wait_for(
            look, what=lambda: f"the list of {name!r} was to be applied: {job['status']}", timeout_s=timeout_s
        )
        if job["status"] != "SUCCEEDED":
            raise UploadRefused(f"the list of {name!r} was not applied: {job['reason'] or job['status']}")
        audience_id: str = audience["id"]
        return audience_id

    def runs(self, version_uid: str) -> list[dict[str, Any]]:
        """Readings of an audience into a version of a journey, the first one first."""
        found: list[dict[str, Any]] = self.get(f"{JOURNEYS}/journeyVersions/{version_uid}/audienceRuns")["results"]
        return found[::-1]

    def wait_for_run(
        self, version_uid: str, *, number: int = 1, wave: int = 0, status: str = "finished", timeout_s: float = 60.0
    ) -> dict[str, Any]:
        """Wait until a reading of an audience has a status (`finished`, `started`, `skipped` …).

        wave: 0 for the first or only one. Raises NotInTime, which tells the runs there are.
        """
        seen: list[dict[str, Any]] = []

        def look() -> dict[str, Any] | None:
            nonlocal seen
            seen = self.runs(version_uid)
            fitting = (one for one in seen if (one["number"], one["wave"], one["status"]) == (number, wave, status))
            return next(fitting, None)

        def what() -> str:
            told = ", ".join(f"{one['number']} {one['status']}" for one in seen) or "none"
            return f"run {number} was to be {status}, but the runs are: {told}"

        return self.wait_for(look, what=what, timeout_s=timeout_s)

    def wait_for(
        self, look: Callable[[], _T | None], *, what: str | Callable[[], str] = "it", timeout_s: float = 30.0
    ) -> _T:
        """Ask again and again until there is something; that. Raises NotInTime, ServerFailed."""
        until = time.monotonic() + timeout_s
        while True:
            found = look()
            if found:
                return found
            if self._process is not None and self._process.poll() is not None:
                raise ServerFailed(f"the server stopped:\n{self.log()}")
            if time.monotonic() > until:
                told = what if isinstance(what, str) else what()
                raise NotInTime(f"{told} (waited {timeout_s:g} s)")
            time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
