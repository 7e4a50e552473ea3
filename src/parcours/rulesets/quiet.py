"""Until when it is quiet: pure. Times are those of a clock on a wall; a change of clocks moves them with it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from parcours.kit.clock import to_datetime, to_us
from parcours.rulesets.model import QuietHours

MAX_QUEUED_US = 7 * 86_400_000_000
"""How long a message is queued at most (journeys §11)."""
_SCANNED_DAYS = 9


def quiet_until(quiet: QuietHours, zone: ZoneInfo, at_us: int) -> int | None:
    """When the quiet that holds a moment ends, in microseconds; None when it is not quiet then.

    Stretches that meet are one. What ends later than nine days from the moment is told to end about then.
    """
    stretches = sorted(_stretches(quiet, zone, at_us))
    end_us = at_us
    for start_us, stretch_end_us in stretches:
        if start_us > end_us:
            break
        end_us = max(end_us, stretch_end_us)
    return end_us if end_us > at_us else None


def _stretches(quiet: QuietHours, zone: ZoneInfo, at_us: int) -> Iterator[tuple[int, int]]:
    """(start, end) of every stretch around a moment that ends after it."""
    today = to_datetime(at_us).astimezone(zone).date()
    for days in range(-1, _SCANNED_DAYS):
        day = today + timedelta(days=days)
        for period in quiet.periods:
            if not period.begins_on(day):
                continue
            start = datetime.combine(day, period.start)
            if period.end is None:
                end = datetime.combine(day + timedelta(days=1), datetime.min.time())
            else:
                is_overnight = period.end <= period.start
                end = datetime.combine(day + timedelta(days=is_overnight), period.end)
            start_us, end_us = _to_us(start, zone), _to_us(end, zone)
            if start_us < end_us and end_us > at_us:
                yield start_us, end_us


def _to_us(local: datetime, zone: ZoneInfo) -> int:
    """Of an hour that comes twice, the first is meant; one that does not come is taken as the clock counts on."""
    return to_us(local.replace(tzinfo=zone).astimezone(UTC))
