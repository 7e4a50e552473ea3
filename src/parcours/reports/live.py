"""Live counters as server-sent events: each stream is told what its version's counters are whenever they change."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
from sqlalchemy.exc import SQLAlchemyError

from parcours.kit.clock import to_datetime
from parcours.kit.telemetry import Gauge, get_logger
from parcours.reports.errors import TooManyStreams

Read = Callable[[int, str], dict[str, Any] | None]
"""(scope, version uid) → its counters, or None when it is gone; called in a thread."""
MAX_STREAMS = 100
POLL_S = 1.0
"""How often counters are looked at, once for all who watch a version."""
HEARTBEAT_S = 15.0
MAX_LIFE_S = 3_600.0
"""After this a stream ends, and its client asks again with a token that still holds."""

STREAMS = Gauge("parcours_report_streams", "Live reports being streamed.", multiprocess_mode="livesum")
log = get_logger("reports")


class LiveReports:
    """The streams of one process. Lives in its event loop."""

    def __init__(
        self,
        read: Read,
        *,
        max_streams: int = MAX_STREAMS,
        poll_s: float = POLL_S,
        heartbeat_s: float = HEARTBEAT_S,
        max_life_s: float = MAX_LIFE_S,
        event: str = "counters",
    ) -> None:
        """event: what each event is called."""
        self._read = read
        self._event = event.encode()
        self._max_streams = max_streams
        self._poll_s = poll_s
        self._heartbeat_s = heartbeat_s
        self._max_life_s = max_life_s
        self._open = 0
        self._looks: dict[tuple[int, str], tuple[float, asyncio.Task[dict[str, Any] | None]]] = {}
        """The latest look at each version that is watched, and when it began."""

    def stream(self, scope_id: int, version_uid: str) -> AsyncIterator[bytes]:
        """Events until the version is deleted, and a comment while nothing changes. version_uid: empty for a sandbox.

        Raises TooManyStreams at once.
        """
        if self._open >= self._max_streams:
            raise TooManyStreams(f"{self._open} live reports are being streamed already")
        return self._events(scope_id, version_uid)

    async def _events(self, scope_id: int, version_uid: str) -> AsyncIterator[bytes]:
        if self._open >= self._max_streams:  # others were asked for before this one began
            return
        self._open += 1
        STREAMS.set(self._open)
        try:
            yield b"retry: 2000\n\n"
            started = told_at = time.monotonic()
            told: dict[str, Any] | None = None
            number = 0
            while time.monotonic() - started < self._max_life_s:
                try:
                    found = await asyncio.shield(self._look(scope_id, version_uid))
                except SQLAlchemyError as error:
                    log.error("report.unreadable", error=str(error).splitlines()[0])
                    found = told
                else:
                    if found is None:
                        yield b"event: gone\ndata: {}\n\n"
                        return
                if found is not None and found != told:
                    told, told_at, number = found, time.monotonic(), number + 1
                    at = to_datetime(time.time_ns() // 1_000).isoformat(timespec="milliseconds").replace("+00:00", "Z")
                    data = orjson.dumps({**({"versionUid": version_uid} if version_uid else {}), "at": at, **found})
                    yield b"event: %s\nid: %d\ndata: %s\n\n" % (self._event, number, data)
                elif time.monotonic() - told_at >= self._heartbeat_s:
                    told_at = time.monotonic()
                    yield b": heartbeat\n\n"
                await asyncio.sleep(self._poll_s)
        finally:
            self._open -= 1
            STREAMS.set(self._open)
            if not self._open:
                self._looks.clear()

    def _look(self, scope_id: int, version_uid: str) -> "asyncio.Task[dict[str, Any] | None]":
        """The counters as they were less than a poll ago; those who watch the same version share one look."""
        now = time.monotonic()
        found = self._looks.get((scope_id, version_uid))
        if found is None or now - found[0] >= self._poll_s * 0.9:
            task = asyncio.get_running_loop().create_task(asyncio.to_thread(self._read, scope_id, version_uid))
            found = self._looks[scope_id, version_uid] = (now, task)
        return found[1]
