"""Time as a value: one Protocol, a system clock and a manual one."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What tells the time; production reads the system, tests and the simulator set it."""

    def now_us(self) -> int:
        """Microseconds since 1970, UTC."""
        ...


class SystemClock:
    """The machine's wall clock."""

    def now_us(self) -> int:
        """Microseconds since 1970, UTC."""
        return time.time_ns() // 1000


class ManualClock:
    """A clock that stands still until it is told to move."""

    def __init__(self, now_us: int = 0) -> None:
        self._now_us = now_us

    def now_us(self) -> int:
        """Microseconds since 1970, UTC, as last set."""
        return self._now_us

    def advance(self, by: timedelta) -> None:
        """Move forward; a negative step is refused, for no clock of ours runs backwards."""
        if by < timedelta(0):
            raise ValueError("a clock does not run backwards")
        self._now_us += by // timedelta(microseconds=1)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_datetime(at_us: int) -> datetime:
    """Microseconds since 1970 as an aware UTC date-time, exact to the microsecond."""
    return datetime.fromtimestamp(at_us // 1_000_000, UTC) + timedelta(microseconds=at_us % 1_000_000)


def to_us(at: datetime) -> int:
    """An aware date-time as microseconds since 1970."""
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
