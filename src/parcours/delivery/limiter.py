"""The limits that hold, counted: what may begin now, what is dropped, what the worker tells of it.

A cap's window outlives the process: before calls are made, a part of the cap is written down as taken (a lease), and
what is left of it when a process dies counts as made. So no restart, however it comes, lets more through than the cap.
"""

import asyncio
import math
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from parcours.delivery.model import OutboxRow
from parcours.delivery.places import CapKey
from parcours.kit.clock import Clock
from parcours.kit.telemetry import Counter, get_logger
from parcours.limits.model import DROPS_AFTER_US, UNLIMITED, CallLimits, Cap, Throttle
from parcours.limits.table import LimitTable
from parcours.limits.windows import Pace, SlidingWindow

DEFAULT_CAP = (300_000, 60_000_000)
"""Calls, and their period in microseconds, of a host in a sandbox that has no cap for it. Source: journeys §6.6."""
SLOW_CAP = (150_000, 30_000_000)
"""The same for a slow host."""
SHORT_US = 1_000_000
"""Windows up to this long are over before a new process makes its first call; they aren't written down."""
_LEASE_SHARE = 20
_RETRY_S = 0.5
_MAX_WINDOWS = 10_000

DROPPED = Counter("parcours_calls_dropped_total", "Calls of actions that a limit let no attempt of begin.", ["limit"])
log = get_logger("delivery")
"""(uid, service)."""
Save = Callable[[Mapping[str, Mapping[str, Any]], int], None]
"""(states by uid, moment in microseconds since 1970): writes them down; raises SQLAlchemyError."""


class _Counted:
    """A cap with its window."""

    def __init__(self, cap: Cap) -> None:
        self.cap = cap
        self.window = SlidingWindow(cap.max_calls, cap.period_us)
        self.is_kept = cap.period_us > SHORT_US
        self.lease = 0
        """Calls that are written down as taken and not made yet; they are not in the window, which is kept."""
        self.asked = 0
        """Calls of a lease that is being written down."""
        self.connections = 0
        self.made = 0
        self.dropped = 0

    def free(self, now_us: int) -> int:
        """Calls that may still be made or leased."""
        return self.window.free(now_us) - self.lease - self.asked


class _Paced:
    """A throttle with its pace."""

    def __init__(self, throttle: Throttle, now_us: int) -> None:
        self.throttle = throttle
        self.pace = Pace(throttle.rate(now_us))
        self.made = 0
        self.dropped = 0


class Limiter:
    """Lives in one event loop. `use` gives it what is deployed; until then nothing is limited but by default."""

    def __init__(self, clock: Clock, save: Save, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._save = save
        self._monotonic = monotonic
        self._table = LimitTable((), (), {})
        self._counted: dict[CapKey, _Counted] = {}
        self._paced: dict[str, _Paced] = {}
        self._default: dict[tuple[int, str, bool], SlidingWindow] = {}
        self._leasing: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()
        self._told: dict[str, dict[str, Any]] = {}

    def use(self, table: LimitTable, kept: Mapping[str, tuple[int, Mapping[str, Any]]] | None = None) -> None:
        """Hold to what is deployed now. kept: at the start, states that an earlier process wrote down."""
        if table is self._table:
            return
        self._table = table
        counted: dict[CapKey, _Counted] = {}
        paced: dict[str, _Paced] = {}
        for cap in table.caps:
            key = (cap.uid, cap.service)
            one = counted[key] = _Counted(cap)
            before = self._counted.get(key)
            if before is not None:
                now_us = self._now_us()
                one.window.restore(before.window.state(now_us), now_us, 0)
                if one.is_kept and before.is_kept:
                    one.lease = min(before.lease, one.window.free(now_us))
                one.connections, one.made, one.dropped = before.connections, before.made, before.dropped
            elif kept is not None and cap.uid in kept and one.is_kept:
                self._restore(one, *kept[cap.uid])
        now_us = self._clock.now_us()
        for throttle in table.throttles:
            if throttle.uid in paced:
                continue  # what was undeployed stands behind what is deployed
            found = self._paced.get(throttle.uid) or _Paced(throttle, now_us)
            found.throttle = throttle
            paced[throttle.uid] = found
        self._counted, self._paced = counted, paced

    @property
    def settles_s(self) -> float:
        """How long a new process has to wait until windows that are not kept are empty whatever came before it."""
        short = [one.cap.period_us for one in self._counted.values() if not one.is_kept]
        return max(short, default=0) / 1e6

    def find(self, row: OutboxRow) -> CallLimits:
        """What a call has to respect."""
        if self._table.is_empty or row.request is None:
            return UNLIMITED
        return self._table.find(row.scope_id, "action", row.request.method, row.request.url)

    # --- throttling ---

    @property
    def throttles(self) -> Iterable[str]:
        """Uids of those that hold, or still hold for calls that wait."""
        return self._paced

    def is_overdue(self, throttle: Throttle, row: OutboxRow) -> bool:
        """Whether a call has waited longer than any may; counts it as dropped."""
        if self._clock.now_us() - row.created_at_us <= DROPS_AFTER_US:
            return False
        self._paced[throttle.uid].dropped += 1
        DROPPED.labels("throttling").inc()
        return True

    def pace_wait_s(self, throttle: Throttle, row: OutboxRow, now_s: float) -> float:
        """How long a call has to wait for its turn; 0 for now, and for a throttle that is no longer about it."""
        paced = self._paced.get(throttle.uid)
        now_us = self._clock.now_us()
        if paced is None or not throttle.holds_for(row.created_at_us, now_us):
            return 0.0
        paced.pace.set(throttle.rate(now_us))
        return paced.pace.wait_s(now_s)

    def begin(self, limits: CallLimits, now_s: float) -> None:
        """A call begins that `pace_wait_s` and `has_connection` have let through."""
        if limits.throttle is not None and limits.throttle.uid in self._paced:
            paced = self._paced[limits.throttle.uid]
            paced.pace.take(now_s)
            paced.made += 1
        for cap in limits.caps:
            one = self._counted.get((cap.uid, cap.service))
            if one is not None:
                one.connections += 1

    # --- capping ---

    def has_connection(self, limits: CallLimits) -> bool:
        """Whether one more call may be under way."""
        for cap in limits.caps:
            one = self._counted.get((cap.uid, cap.service))
            most = cap.max_connections
            if one is not None and most is not None and one.connections >= most:
                return False
        return True

    def end(self, limits: CallLimits) -> None:
        """A call has ended."""
        for cap in limits.caps:
            one = self._counted.get((cap.uid, cap.service))
            if one is not None:
                one.connections = max(one.connections - 1, 0)

    async def admit(self, limits: CallLimits, scope_id: int, host: str, is_slow: bool) -> str | None:
        """Count an attempt, or say which limit drops it. All caps about it need room; the default one if none is."""
        if not limits.caps:
            window = self._default_window(scope_id, host, is_slow)
            now_us = self._now_us()
            if not window.free(now_us):
                DROPPED.labels("default").inc()
                return f"more than {window.max_calls} calls in {window.period_us // 1_000_000} s to this host"
            window.take(now_us)
            return None
        while True:
            now_us = self._now_us()
            counted = [one for cap in limits.caps if (one := self._counted.get((cap.uid, cap.service))) is not None]
            for one in counted:
                if not one.lease and one.free(now_us) <= 0:
                    one.dropped += 1
                    DROPPED.labels("capping").inc()
                    return f"capped by {one.cap.uid}: {one.cap.max_calls} calls in {one.cap.period_us // 1_000} ms"
            if all(one.lease or not one.is_kept for one in counted):
                break
            await self._lease()
        for one in counted:
            one.made += 1
            one.window.take(now_us)
            if one.is_kept:
                one.lease -= 1
        return None

    def fetch_caps(self, scope_id: int, url: str, method: str) -> tuple[CapKey, ...]:
        """The caps that are about a call to a data source."""
        if self._table.is_empty:
            return ()
        caps = self._table.find(scope_id, "dataSource", method, url).caps
        return tuple([(cap.uid, cap.service) for cap in caps])

    def has_place(self, caps: tuple[CapKey, ...]) -> bool:
        """Whether one more call to a data source may be under way."""
        for key in caps:
            one = self._counted.get(key)
            if one is not None and one.cap.max_connections is not None and one.connections >= one.cap.max_connections:
                return False
        return True

    def enter(self, caps: tuple[CapKey, ...]) -> None:
        """A call to a data source begins."""
        for key in caps:
            if key in self._counted:
                self._counted[key].connections += 1

    def leave(self, caps: tuple[CapKey, ...]) -> None:
        """A call to a data source has ended."""
        for key in caps:
            if key in self._counted:
                self._counted[key].connections = max(self._counted[key].connections - 1, 0)

    def admit_fetch(self, scope_id: int, url: str, method: str) -> bool | None:
        """Count a call to a data source, or refuse it; None when no cap is about it.

        It can't wait for a lease: a process that is killed forgets the calls of its last second.
        """
        if self._table.is_empty:
            return None
        caps = self._table.find(scope_id, "dataSource", method, url).caps
        counted = [one for cap in caps if (one := self._counted.get((cap.uid, cap.service))) is not None]
        if not counted:
            return None
        now_us = self._now_us()
        for one in counted:
            if not one.window.free(now_us):
                one.dropped += 1
                DROPPED.labels("capping").inc()
                return False
        for one in counted:
            one.window.take(now_us)
            one.made += 1
        return True

    # --- what outlives the process ---

    async def save(self, waiting: Callable[[str], int], *, is_last: bool = False) -> None:
        """Write down what has changed. waiting: how many calls wait for a throttle."""
        if not self._counted and not self._paced:
            return
        if is_last:
            for one in self._counted.values():
                one.lease = 0
        async with self._writing:  # what is newer is written later
            states = {uid: state for uid, state in self._states(waiting).items() if self._told.get(uid) != state}
            if states:
                await asyncio.to_thread(self._save, states, self._clock.now_us())
                self._told |= states

    async def _lease(self) -> None:
        """Take a part of every cap that has nothing left of its last one, and write it down first."""
        if self._leasing is None or self._leasing.done():
            self._leasing = asyncio.get_running_loop().create_task(self._lease_more())
        await asyncio.shield(self._leasing)

    async def _lease_more(self) -> None:
        async with self._writing:
            now_us = self._now_us()
            for one in self._counted.values():
                if one.is_kept and not one.lease and one.cap.service == "action":
                    one.asked = min(max(one.free(now_us), 0), math.ceil(one.cap.max_calls / _LEASE_SHARE))
            asked = [one for one in self._counted.values() if one.asked]
            states = self._states(None)
            try:
                while True:
                    try:
                        await asyncio.to_thread(self._save, states, self._clock.now_us())
                        break
                    except SQLAlchemyError as error:
                        log.error("limits.unwritable", error=type(error).__name__)
                        await asyncio.sleep(_RETRY_S)
                for one in asked:
                    one.lease += one.asked
            finally:
                for one in asked:
                    one.asked = 0

    def _states(self, waiting: Callable[[str], int] | None) -> dict[str, dict[str, Any]]:
        states: dict[str, dict[str, Any]] = {}
        now_us = self._now_us()
        for (uid, service), one in self._counted.items():
            state = states.setdefault(uid, {"windows": {}, "shown": {"services": {}}})
            if one.is_kept:
                state["windows"][service] = {"steps": one.window.state(now_us), "lease": one.lease + one.asked}
            state["shown"]["services"][service] = {
                "callsInPeriod": one.window.used(now_us),
                "callsUnderWay": one.connections,
                "callsMade": one.made,
                "callsDropped": one.dropped,
            }
        for uid, paced in self._paced.items():
            rate = round(paced.throttle.rate(self._clock.now_us()), 1)
            shown = {"throughput": rate, "callsMade": paced.made, "callsDropped": paced.dropped}
            if waiting is None:
                continue
            states[uid] = {"shown": {"callsWaiting": waiting(uid), **shown}}
        return states

    def _restore(self, one: _Counted, saved_at_us: int, state: Mapping[str, Any]) -> None:
        window = state.get("windows", {}).get(one.cap.service)
        if window is None:
            return
        now_us = self._now_us()
        one.window.restore(window["steps"], now_us, max(self._clock.now_us() - saved_at_us, 0))
        if window["lease"]:  # perhaps made, perhaps in the last moment
            one.window.take(now_us, window["lease"])

    def _default_window(self, scope_id: int, host: str, is_slow: bool) -> SlidingWindow:
        key = (scope_id, host, is_slow)
        found = self._default.get(key)
        if found is None:
            if len(self._default) >= _MAX_WINDOWS:
                now_us = self._now_us()
                self._default = {k: window for k, window in self._default.items() if window.used(now_us)}
            found = self._default[key] = SlidingWindow(*(SLOW_CAP if is_slow else DEFAULT_CAP))
        return found

    def _now_us(self) -> int:
        return int(self._monotonic() * 1e6)
