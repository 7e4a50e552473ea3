"""The loader process: what comes in bulk is brought in some at a time, beside the worker and without holding it up.

SQLite has one place for writing. So every transaction here is short, and after each the loader stays away for as long
as it took: the worker has the place at least half of the time, whatever is loaded. In a process of its own the reading
of a long list costs no event the interpreter.
"""

import threading
import time
from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from parcours.kit.telemetry import get_logger

IDLE_S = 60.0
"""How long there must be nothing to do before the process ends."""
POLL_S = 0.1
_BACK_OFF_S = 0.5
log = get_logger("loader")


class Load(Protocol):
    """Something to bring in: `audiences.loading.MemberLoader`, `lookups.loading.RowLoader`."""

    def has_work(self, connection: Connection) -> bool:
        """Whether `step` would do something; cheap, for it is asked often."""
        ...

    def step(self) -> float | None:
        """Do some of it; for how many seconds the database was held for writing, None when there was nothing to do.

        Raises DBAPIError or OSError for what may be over a little later.
        """
        ...


class Loader:
    """Runs loads in turn until `stop`, or until none of them has had anything to do for a minute."""

    def __init__(self, loads: Sequence[Load], idle_s: float = IDLE_S) -> None:
        self._loads = loads
        self._idle_s = idle_s
        self._stop = threading.Event()

    def stop(self) -> None:
        """Finish the transaction under way, then end."""
        self._stop.set()

    def run(self) -> None:
        """Work until there is nothing to do for a while."""
        busy_at = time.monotonic()
        while not self._stop.is_set():
            if self.work_once():
                busy_at = time.monotonic()
            elif time.monotonic() - busy_at > self._idle_s:
                return
            else:
                self._stop.wait(POLL_S)

    def work_once(self) -> bool:
        """One step of each load; whether any of them did something."""
        has_done = False
        for load in self._loads:
            try:
                held_s = load.step()
            except (DBAPIError, OSError) as error:
                log.error("loader.step_failed", error=str(error).splitlines()[0])
                self._stop.wait(_BACK_OFF_S)
                held_s = 0.0
            if held_s is not None:
                has_done = True
                self._stop.wait(held_s)
        return has_done
