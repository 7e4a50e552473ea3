"""The same rules as a metric: the worker looks at a few instances at a time, round after round."""

import time

from parcours.db import Database
from parcours.doctor import store
from parcours.doctor.rules import examine_part
from parcours.journeys.match import LiveJourneys
from parcours.kit.telemetry import Gauge, get_logger
from parcours.resources.store import Compiled

WITHOUT_TIMER = Gauge(
    "parcours_instances_without_timer",
    "Instances that lack what would move them on, found in the last round over all of them or in the present one.",
    multiprocess_mode="livesum",
)
TIMERS_WAITING = Gauge("parcours_timers_waiting", "Timers that are to come.", multiprocess_mode="livesum")
SIZE = 500
"""Instances looked at in one take: a few milliseconds."""
FORGOTTEN = frozenset({"timerMissing", "globalTimerMissing", "callMissing", "waitsForNothing"})
COUNT_SHARE = 1_000
"""Counting all timers may take a thousandth of the time."""
log = get_logger("doctor")


class Sample:
    """Looks at everybody who waits, in turn. For one thread."""

    def __init__(self, db: Database, journeys: Compiled[LiveJourneys], size: int = SIZE) -> None:
        self._db = db
        self._journeys = journeys
        self._size = size
        self._after = ""
        self._found = self._found_before = 0

    def take(self, now_us: int) -> None:
        """Look at the next few, and tell the metric."""
        with self._db.snapshot() as connection:
            live = self._journeys.current(connection)
            part = store.read_part(connection, self._after, self._size)
        for fault in examine_part(part, live, now_us, 0):
            if fault.code in FORGOTTEN:
                self._found += 1
                log.error("instance.forgotten", code=fault.code, **fault.place())
        self._after = part.upto or ""
        if part.upto is None:
            self._found_before, self._found = self._found, 0
        WITHOUT_TIMER.set(max(self._found, self._found_before))


def count_timers(db: Database, least_s: float) -> float:
    """Tell the metric how many timers there are; in how many seconds to count again."""
    started = time.perf_counter()
    with db.read() as connection:
        TIMERS_WAITING.set(store.count_timers(connection))
    return max(least_s, (time.perf_counter() - started) * COUNT_SHARE)
