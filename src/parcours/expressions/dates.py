"""Calendar arithmetic as Java does it, and time zones by name."""

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from parcours.expressions.errors import ExpressionFailed
from parcours.expressions.values import fix_offset

DATE_PARTS = ("years", "months", "days", "hours", "minutes", "seconds")
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d\d?)(?::?([0-5]\d))?", re.ASCII)
_UNIT_S = {"hours": 3600, "minutes": 60, "seconds": 1}
_LARGEST = 10**12


@lru_cache(maxsize=1024)
def zone_named(name: str) -> tzinfo:
    """A zone from an offset (`Z`, `+02:00`) or an IANA id (`Europe/Paris`). Raises ValueError."""
    if name in ("Z", "z", "UTC", "GMT"):
        return UTC
    found = _OFFSET.fullmatch(name)
    if found:
        offset = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
        if offset <= timedelta(hours=18):
            return timezone(-offset if found[1] == "-" else offset)
    else:
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            pass
    raise ValueError(f"{name!r} is no time zone; write an offset such as +02:00 or an id such as Europe/Paris")


def settle(reading: datetime, offset: timedelta | None = None) -> datetime:
    """A wall-clock reading in a zone, with its offset then.

    As Java does it: a reading that clocks skip moves on by what they skip; of one that they show twice the first is
    meant, unless `offset` is that of the second. Raises OverflowError.
    """
    if reading.tzinfo is UTC:
        return reading
    if type(reading.tzinfo) is timezone:
        return fix_offset(reading)
    first, second = reading.replace(fold=0), reading.replace(fold=1)
    early, late = first.utcoffset(), second.utcoffset()
    assert early is not None
    assert late is not None
    if early < late:
        return fix_offset(first.astimezone(UTC).astimezone(reading.tzinfo))
    return fix_offset(second if early > late and offset == late else first)


def add_months(at: datetime, months: int) -> datetime:
    """The same day of another month, or its last day when it is shorter. Raises ExpressionFailed."""
    index = at.year * 12 + at.month - 1 + months
    year, month = index // 12, index % 12 + 1
    if not 1 <= year <= 9999:
        raise _outside()
    return at.replace(year=year, month=month, day=min(at.day, monthrange(year, month)[1]))


def add(at: datetime, delta: int, part: str) -> datetime:
    """`at` moved by `delta` of one of DATE_PARTS, an offset date-time.

    Years, months and days keep the wall-clock reading in at's zone, the others count real seconds.
    Raises ExpressionFailed.
    """
    if not -_LARGEST <= delta <= _LARGEST:
        raise _outside()
    try:
        match part:
            case "years":
                return settle(add_months(at, delta * 12), at.utcoffset())
            case "months":
                return settle(add_months(at, delta), at.utcoffset())
            case "days":
                return settle(at + timedelta(days=delta), at.utcoffset())
            case "hours" | "minutes" | "seconds":
                moved = (at.astimezone(UTC) + timedelta(seconds=delta * _UNIT_S[part])).astimezone(at.tzinfo)
            case _:
                raise ExpressionFailed(f"{part!r} is none of {', '.join(DATE_PARTS)}")
        return fix_offset(moved)
    except (OverflowError, ValueError):
        raise _outside() from None


def _outside() -> ExpressionFailed:
    return ExpressionFailed("a date lies outside the years 1 to 9999")
