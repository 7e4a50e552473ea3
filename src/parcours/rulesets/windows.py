"""Windows of caps: pure, in UTC, on the calendar's own bounds. Source: journeys §11.

A window of several periods begins at a fixed moment, whenever the rule was made: hours and days are counted from
1970-01-01, weeks from Sunday 1970-01-04, months from a January.
"""

from datetime import UTC, datetime
from typing import NamedTuple

from parcours.kit.clock import to_datetime, to_us
from parcours.rulesets.model import Period

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
_FIRST_SUNDAY_US = 3 * DAY_US


class Window(NamedTuple):
    """From a moment up to another, which is no part of it; microseconds."""

    start_us: int
    end_us: int


def window_at(period: Period, every: int, at_us: int) -> Window:
    """The window that holds a moment."""
    if period == "month":
        at = to_datetime(at_us)
        first = (at.year * 12 + at.month - 1) // every * every
        return Window(_month_us(first), _month_us(first + every))
    length_us = every * {"hour": HOUR_US, "day": DAY_US, "week": 7 * DAY_US}[period]
    origin_us = _FIRST_SUNDAY_US if period == "week" else 0
    start_us = (at_us - origin_us) // length_us * length_us + origin_us
    return Window(start_us, start_us + length_us)


def _month_us(month: int) -> int:
    return to_us(datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC))
