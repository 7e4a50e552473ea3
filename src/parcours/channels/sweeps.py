"""Forgets old messages, in the worker's event loop."""

import asyncio
import contextlib

from sqlalchemy.exc import SQLAlchemyError

from parcours.channels import store
from parcours.channels.send_hours import trim_hours
from parcours.db import Database
from parcours.kit.clock import Clock, SystemClock
from parcours.kit.settings import Settings
from parcours.kit.telemetry import get_logger

EVERY_S = 300.0
_AGAIN_S = 1.0
"""Until the next part, while there is more to forget."""
log = get_logger("messages")


class MessageSweeps:
    """Each look forgets some; the database is asked in a thread."""

    def __init__(self, db: Database, settings: Settings, clock: Clock | None = None) -> None:
        self._db = db
        self._inbox_ms = settings.inbox_retention_hours * 3_600_000
        self._messages_ms = settings.message_retention_hours * 3_600_000
        self._clock = clock or SystemClock()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set."""
        while not stop.is_set():
            wait_s = EVERY_S
            try:
                if await asyncio.to_thread(self.sweep):
                    wait_s = _AGAIN_S
            except SQLAlchemyError as error:
                log.error("messages.sweep_failed", error=str(error).splitlines()[0])
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), wait_s)

    def sweep(self) -> bool:
        """Forget some; whether there may be more."""
        now_ms = self._clock.now_us() // 1000
        with self._db.write() as connection:
            trim_hours(connection, now_ms)
            return store.trim(connection, now_ms - self._inbox_ms, now_ms - self._messages_ms)
