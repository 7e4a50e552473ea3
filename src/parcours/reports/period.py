"""The hours a report is about."""

from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

from parcours.journeys.counters import HOUR_US
from parcours.kit.clock import to_datetime, to_us
from parcours.reports.errors import ReportQueryInvalid

LIVE_HOURS = 24
MAX_POINTS = 800
"""Most points of a series: 33 days by hour, two years by day."""
DEFAULT_DAYS = 30
"""How far back a series by day goes that names no beginning."""
INTERVAL_HOURS = {"hour": 1, "day": 24}


class Period(NamedTuple):
    """Whole hours since 1970: the first, and the one after the last."""

    start: int
    end: int

    def to_json(self) -> dict[str, str]:
        """{"from", "to"} as date-times."""
        return {"from": hour_text(self.start), "to": hour_text(self.end)}


def live_period(now_us: int) -> Period:
    """The last 24 hours, and what has gone by of the present one: counters are kept by the hour."""
    hour = now_us // HOUR_US
    return Period(hour - LIVE_HOURS, hour + 1)


def read_period(start: str | None, end: str | None, now_us: int, default_hours: int = LIVE_HOURS) -> Period:
    """The hours that touch [start, end). Each is an ISO date-time with an offset, or a date, which begins in UTC.

    Without an end it is now; without a start, `default_hours` earlier. Raises ReportQueryInvalid.
    """
    last = -(-_read(end, "to") // HOUR_US) if end else now_us // HOUR_US + 1
    first = _read(start, "from") // HOUR_US if start else last - default_hours
    if first >= last:
        raise ReportQueryInvalid("`from` lies before `to`", "$.from")
    return Period(max(first, 0), last)


def read_interval(text: str, period: Period) -> int:
    """The hours of one point of a series. Raises ReportQueryInvalid."""
    hours = INTERVAL_HOURS.get(text)
    if hours is None:
        raise ReportQueryInvalid(f"an interval is one of {', '.join(INTERVAL_HOURS)}, not {text!r}", "$.interval")
    if (period.end - period.start) / hours > MAX_POINTS:
        raise ReportQueryInvalid(f"a series has at most {MAX_POINTS} points; ask for less, or by day", "$.interval")
    return hours


def hour_text(hour: int) -> str:
    """When an hour begins."""
    return to_datetime(hour * HOUR_US).isoformat(timespec="seconds").replace("+00:00", "Z")


def _read(text: str, name: str) -> int:
    try:
        at = datetime.fromisoformat(text)
        if len(text) <= 10:
            at = datetime.combine(at.date(), time(), UTC)
        if at.tzinfo is None:
            raise ReportQueryInvalid(f"`{name}` needs an offset, such as Z: {text!r}", f"$.{name}")
        at_us = to_us(at)
    except (ValueError, OverflowError):
        raise ReportQueryInvalid(
            f"`{name}` is a date-time such as 2026-01-31T12:00:00Z: {text!r}", f"$.{name}"
        ) from None
    if not timedelta(0) <= at - datetime(1970, 1, 1, tzinfo=UTC):
        raise ReportQueryInvalid(f"`{name}` lies before 1970", f"$.{name}")
    return at_us
