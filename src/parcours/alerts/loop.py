"""The worker's part of alerts: a look every few seconds, then the notices."""

import asyncio
import contextlib
import time
from collections.abc import Coroutine
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from parcours.alerts.evaluator import Evaluator
from parcours.alerts.notifier import Notifier
from parcours.kit.telemetry import get_logger

LOOK_EVERY_S = 10.0
SEND_EVERY_S = 2.0
_TRIM_EVERY_S = 3_600.0
log = get_logger("alerts")


class Alerts:
    """Runs in the worker's event loop; whatever touches the database does so in a thread."""

    def __init__(self, evaluator: Evaluator, notifier: Notifier) -> None:
        self._evaluator = evaluator
        self._notifier = notifier

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set. A fault of the database is waited out; notices that are not sent stay."""
        next_look_s = 0.0
        next_trim_s = time.monotonic() + _TRIM_EVERY_S
        while not stop.is_set():
            now_s = time.monotonic()
            try:
                if now_s >= next_look_s:
                    next_look_s = now_s + LOOK_EVERY_S
                    await asyncio.to_thread(self._evaluator.look)
                if now_s >= next_trim_s:
                    next_trim_s = now_s + _TRIM_EVERY_S
                    await asyncio.to_thread(self._evaluator.trim)
                await self._until(stop, self._notifier.send_due())
            except SQLAlchemyError as error:
                log.error("alerts.unreadable", error=str(error).splitlines()[0])
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), SEND_EVERY_S)

    @staticmethod
    async def _until(stop: asyncio.Event, work: Coroutine[Any, Any, int]) -> None:
        """Wait for the work, or give it up when the worker stops: a slow receiver holds up nothing."""
        task = asyncio.ensure_future(work)
        stopping = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            if not task.done():
                task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
