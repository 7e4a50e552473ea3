"""The lake's own process: commits while records are staged, tidies up and ends when none are for a while.

What writes Iceberg tables takes a second to load, a hundred megabytes, and the interpreter for a tenth of a second a
commit. In a process of its own that costs no event its latency, and an idle server nothing.
"""

import threading
import time

from sqlalchemy.exc import DBAPIError

from parcours.kit.errors import ParcoursError
from parcours.kit.telemetry import get_logger
from parcours.lake.writer import LakeWriter

IDLE_S = 60.0
"""How long nothing must be staged before the process ends."""
MAINTAIN_EVERY_S = 3600.0
log = get_logger("lake")


class LakeKeeper:
    """Runs a writer until `stop`, or until it has had nothing to do for a minute."""

    def __init__(self, writer: LakeWriter, every_s: float, idle_s: float = IDLE_S) -> None:
        self._writer = writer
        self._every_s = every_s
        self._idle_s = idle_s
        self._stop = threading.Event()

    def stop(self) -> None:
        """Commit what is staged once more, then end."""
        self._stop.set()

    def run(self) -> None:
        """Commit every so often; tidy the tables hourly and before an idle end."""
        busy_at = maintained_at = time.monotonic()
        while True:
            is_last = self._stop.is_set()
            if self._commit():
                busy_at = time.monotonic()
            is_idle = time.monotonic() - busy_at > self._idle_s
            if not is_last and (is_idle or time.monotonic() - maintained_at > MAINTAIN_EVERY_S):
                self._writer.maintain()
                maintained_at = time.monotonic()
            if is_last or is_idle:
                break
            self._stop.wait(self._every_s)
        self._writer.close()

    def _commit(self) -> int:
        try:
            return self._writer.commit_due()
        except (DBAPIError, ParcoursError, OSError) as error:
            log.error("lake.commit_failed", error=str(error))
            return 1  # there is something left to do
