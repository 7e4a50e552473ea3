"""Dates as Data Prep reads and writes them: patterns in the letters of Java's DateTimeFormatter, English names."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache

from parcours.expressions.dates import zone_named
from parcours.expressions.errors import ExpressionFailed

_TOKEN = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|([^A-Za-z'])", re.DOTALL)
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MAX_PATTERN = 100

AUTOMATIC = (
    "yyyy-MM-dd HH:mm:ssZ", "yyyy-MM-dd HH:mm:ss.SSSZ", "yyyy-MM-dd HH:mm:ss.SSS", "yyyy-MM-dd'T'HH:mm:ss.SSSX",
    "yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd", "yyyy/MM/dd", "yyyy.MM.dd", "yyyy-MMM-dd", "yyyyMMdd", "MM-dd-yyyy",
    "MMddyyyy", "M/dd/yyyy", "dd.M.yyyy", "M/dd/yyyy hh:mm:ss a", "dd.M.yyyy hh:mm:ss a", "dd.MMM.yyyy", "dd-MMM-yyyy",
)  # fmt: skip
"""Tried in this order on a date without a pattern. Source: platform-apis §6.4."""


@lru_cache(maxsize=512)
def _parts(pattern: str) -> tuple[tuple[str, int, str], ...]:
    """(letter, count, "") for a field, ("", 0, text) for literal text. Raises ExpressionFailed."""
    if len(pattern) > MAX_PATTERN:
        raise ExpressionFailed(f"a date pattern has at most {MAX_PATTERN} characters")
    parts: list[tuple[str, int, str]] = []
    at = 0
    while at < len(pattern):
        found = _TOKEN.match(pattern, at)
        if found is None:
            raise ExpressionFailed(f"{pattern!r} is no date pattern: a quote is not closed")
        at = found.end()
        quoted, letter, other = found.groups()
        if letter:
            if letter not in _WRITE:
                raise ExpressionFailed(f"{letter!r} in {pattern!r} is no letter of a date pattern")
            parts.append((letter, len(found[0]), ""))
        else:
            parts.append(("", 0, other or (quoted.replace("''", "'") or "'")))
    return tuple(parts)


def format_date(at: datetime, pattern: str) -> str:
    """The date-time written by a pattern. Raises ExpressionFailed for a letter that is not known."""
    return "".join(text if not letter else _WRITE[letter](at, count) for letter, count, text in _parts(pattern))


def _offset(at: datetime, separator: str) -> str:
    minutes = (at.utcoffset() or timedelta(0)) // timedelta(minutes=1)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{separator}{abs(minutes) % 60:02}"


def _write_x(at: datetime, count: int) -> str:
    if not at.utcoffset():
        return "Z"
    text = _offset(at, ":" if count in (3, 5) else "")
    return text[:3] if count == 1 and text.endswith("00") else text


def _write_month(at: datetime, count: int) -> str:
    if count <= 2:
        return f"{at.month:0{count}}"
    return _MONTHS[at.month - 1] if count >= 4 else _MONTHS[at.month - 1][:3]


def _write_year(at: datetime, count: int) -> str:
    return f"{at.year % 100:02}" if count == 2 else f"{at.year:0{count}}"


def _write_zone(at: datetime, count: int) -> str:
    return "UTC" if not at.utcoffset() else f"GMT{_offset(at, ':')}"


_WRITE: dict[str, Callable[[datetime, int], str]] = {
    "y": _write_year,
    "u": _write_year,
    "Y": _write_year,
    "M": _write_month,
    "L": _write_month,
    "d": lambda at, count: f"{at.day:0{count}}",
    "D": lambda at, count: f"{at.timetuple().tm_yday:0{count}}",
    "E": lambda at, count: _DAYS[at.weekday()] if count >= 4 else _DAYS[at.weekday()][:3],
    "a": lambda at, count: "PM" if at.hour >= 12 else "AM",
    "H": lambda at, count: f"{at.hour:0{count}}",
    "k": lambda at, count: f"{at.hour or 24:0{count}}",
    "K": lambda at, count: f"{at.hour % 12:0{count}}",
    "h": lambda at, count: f"{at.hour % 12 or 12:0{count}}",
    "m": lambda at, count: f"{at.minute:0{count}}",
    "s": lambda at, count: f"{at.second:0{count}}",
    "S": lambda at, count: f"{at.microsecond:06}".ljust(count, "0")[:count],
    "n": lambda at, count: f"{at.microsecond * 1000:0{count}}",
    "Q": lambda at, count: f"{(at.month + 2) // 3:0{count}}",
    "w": lambda at, count: f"{at.isocalendar().week:0{count}}",
    "Z": lambda at, count: _offset(at, "" if count <= 3 else ":"),
    "X": _write_x,
    "x": lambda at, count: _offset(at, ":" if count in (3, 5) else ""),
    "z": _write_zone,
    "V": lambda at, count: str(at.tzinfo) if at.utcoffset() else "UTC",
}

_NAMES = "|".join(name for month in _MONTHS for name in (month, month[:3]))
_READ: dict[str, Callable[[int], str]] = {
    "y": lambda count: r"(\d{2})" if count == 2 else rf"(\d{{{count if count > 1 else '1,4'}}})",
    "M": lambda count: rf"(\d{{{'1,2' if count == 1 else 2}}})" if count <= 2 else f"({_NAMES})",
    "E": lambda count: r"([A-Za-z]{3,9})",
    "a": lambda count: r"([AaPp]\.?[Mm]\.?)",
    "S": lambda count: rf"(\d{{1,{max(count, 9)}}})",
    "n": lambda count: r"(\d{1,9})",
    "D": lambda count: r"(\d{1,3})",
    "Z": lambda count: r"(Z|[+-]\d\d:?(?:\d\d)?)",
    "z": lambda count: r"(Z|[+-]\d\d:?\d\d|[A-Za-z][A-Za-z_/+\-0-9:]*)",
} | {letter: (lambda count: rf"(\d{{{'1,2' if count == 1 else count}}})") for letter in "dHkKhms"}
_READ |= {"u": _READ["y"], "L": _READ["M"], "X": _READ["Z"], "x": _READ["Z"], "V": _READ["z"]}


@lru_cache(maxsize=512)
def _reader(pattern: str) -> tuple[re.Pattern[str], tuple[str, ...]]:
    source, letters = "", []
    for letter, count, text in _parts(pattern):
        if not letter:
            source += re.escape(text)
        elif letter in _READ:
            source += _READ[letter](count)
            letters.append(letter)
        else:
            raise ExpressionFailed(f"{letter!r} in {pattern!r} can only be written, not read")
    return re.compile(source, re.ASCII | re.IGNORECASE), tuple(letters)


def parse_pattern_date(text: str, pattern: str) -> datetime | None:
    """The date-time a text holds by a pattern, UTC where no zone is given; None when it doesn't fit.

    Raises ExpressionFailed for a pattern that can't be read.
    """
    reader, letters = _reader(pattern)
    found = reader.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second, micro = 1970, 1, 1, 0, 0, 0, 0
    is_pm: bool | None = None
    day_of_year: int | None = None
    zone: tzinfo = UTC
    try:
        for letter, piece in zip(letters, found.groups(), strict=True):
            match letter:
                case "y" | "u":
                    year = int(piece) + (2000 if len(piece) == 2 else 0)
                case "M" | "L":
                    month = int(piece) if piece.isdigit() else _month_named(piece)
                case "d":
                    day = int(piece)
                case "D":
                    day_of_year = int(piece)
                case "H" | "k" | "K" | "h":
                    hour = int(piece) % (24 if letter == "k" else 12 if letter == "h" else 99)
                case "m":
                    minute = int(piece)
                case "s":
                    second = int(piece)
                case "S":
                    micro = int(piece.ljust(6, "0")[:6])
                case "n":
                    micro = int(piece) // 1000
                case "a":
                    is_pm = piece[0] in "pP"
                case "Z" | "X" | "x" | "z" | "V":
                    zone = _zone(piece)
        if is_pm is not None:
            hour = hour % 12 + (12 if is_pm else 0)
        at = datetime(year, month, day, hour, minute, second, micro, zone)
        if day_of_year is not None:
            at = at.replace(month=1, day=1) + timedelta(days=day_of_year - 1)
    except (ValueError, OverflowError):
        return None
    return at


def _month_named(name: str) -> int:
    return next(index for index, month in enumerate(_MONTHS, 1) if month[:3].lower() == name[:3].lower())


def _zone(text: str) -> tzinfo:
    if text[0] in "+-":
        digits = text[1:].replace(":", "").ljust(4, "0")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        return timezone(-offset if text[0] == "-" else offset)
    return zone_named(text)


def parse_any_date(text: str) -> datetime | None:
    """The date-time of a text in ISO-8601 or in one of the AUTOMATIC patterns; UTC where no zone is given."""
    text = text.strip()
    if not 8 <= len(text) <= 64:
        return None
    if len(text) >= 10 and text[4] == "-" and text[7] == "-":
        try:
            at = datetime.fromisoformat(text)
            return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
        except ValueError:
            pass
    for pattern in AUTOMATIC:
        found = parse_pattern_date(text, pattern)
        if found is not None:
            return found
    return None
