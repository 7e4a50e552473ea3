"""Moments and durations as people write them: `30d`, `1d12h`, `+2d`, `PT5M`, `2026-01-31T09:00:00Z`."""

import re
from datetime import UTC, datetime, timedelta

from parcours.expressions.values import parse_duration
from parcours.kit.clock import to_datetime, to_us
from parcours.kit.errors import Invalid

_UNIT_US = {
    "ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000, "w": 604_800_000_000,
}  # fmt: skip
_PART = re.compile(r"(\d{1,12})(?:\.(\d{1,6}))?\s*(ms|[smhdw])", re.ASCII)
_WHOLE = re.compile(rf"(?:{_PART.pattern}\s*)+", re.ASCII)
MAX_US = 100 * 365 * 86_400_000_000
"""Longest duration: a hundred years."""


class MomentInvalid(Invalid):
    """A text that is no moment, or no duration."""


def read_duration(text: str) -> int:
    """A duration in microseconds: `90s`, `1d12h`, `1.5h`, `250ms` or as ISO 8601 has it. Raises MomentInvalid."""
    text = text.strip()
    found = 0
    if _WHOLE.fullmatch(text):
        for whole, part, unit in _PART.findall(text):
            found += int(whole) * _UNIT_US[unit] + int((part or "0").ljust(6, "0")) * _UNIT_US[unit] // 1_000_000
    else:
        iso = parse_duration(text)
        if iso is None or iso < timedelta(0):
            raise MomentInvalid(f"{text!r} is no duration such as 30d, 1d12h, 90s or PT5M")
        found = iso // timedelta(microseconds=1)
    if found > MAX_US:
        raise MomentInvalid(f"{text!r} is longer than a hundred years")
    return found


def read_moment(text: str, start_us: int) -> int:
    """A moment in microseconds since 1970: an offset from `start_us` such as `+2d`, or what `read_instant` reads."""
    text = text.strip()
    return start_us + read_duration(text[1:]) if text.startswith("+") else read_instant(text)


def read_instant(text: str) -> int:
    """An ISO 8601 date or date-time in microseconds since 1970; without an offset it is UTC. Raises MomentInvalid."""
    try:
        at = datetime.fromisoformat(text.strip())
        return to_us(at if at.tzinfo is not None else at.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise MomentInvalid(f"{text!r} is no moment such as 2026-01-31T09:00:00Z or +2d") from None


def is_instant(text: str) -> bool:
    """Whether a text is meant as an instant rather than as a duration: it begins with a year."""
    return re.match(r"\s*\d{4}-", text, re.ASCII) is not None


def moment_text(at_us: int) -> str:
    """A moment as `2026-01-31T09:00:00Z`, with a fraction where there is one."""
    at = to_datetime(at_us)
    return at.isoformat(timespec="auto" if at.microsecond else "seconds").replace("+00:00", "Z")


def duration_text(length_us: int) -> str:
    """A duration as people read it: `0s`, `90d`, `1d12h`, `2h0.5s`."""
    parts: list[str] = []
    left = length_us
    for unit in ("d", "h", "m"):
        count, left = divmod(left, _UNIT_US[unit])
        if count:
            parts.append(f"{count}{unit}")
    if left:
        seconds, micros = divmod(left, 1_000_000)
        parts.append(f"{seconds}.{micros:06}".rstrip("0") + "s" if micros else f"{seconds}s")
    return "".join(parts) or "0s"
