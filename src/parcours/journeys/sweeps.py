"""The worker's part of the life-cycle: now and then, what time does to versions."""

import asyncio
import contextlib

from sqlalchemy.exc import SQLAlchemyError

from parcours.journeys.errors import JourneyNotFound
from parcours.journeys.held import HeldLimit
from parcours.journeys.lifecycle import Lifecycle
from parcours.kit.telemetry import get_logger

EVERY_S = 5.0
log = get_logger("journeys")


class Sweeps:
    """Runs in the worker's event loop; the database is asked in a thread."""

    def __init__(self, lifecycle: Lifecycle, held: HeldLimit) -> None:
        self._lifecycle = lifecycle
        self._held = held

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set. What the database refuses, or somebody deleted meanwhile, is looked at again later."""
        while not stop.is_set():
            try:
                await asyncio.to_thread(self._lifecycle.sweep)
                await asyncio.to_thread(self._held.look)
            except (SQLAlchemyError, JourneyNotFound) as error:
                log.error("journeys.sweep_failed", error=str(error).splitlines()[0])
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), EVERY_S)
