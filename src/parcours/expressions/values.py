"""The values of expressions: how they are read from JSON, compared, and written as text.

string → str, integer → int, decimal → float, boolean → bool, dateOnly → date, dateTimeOnly → naive datetime,
dateTime → aware datetime, duration → timedelta, lists → list, objects and maps → dict, null → None.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import orjson

from parcours.expressions.errors import ExpressionFailed
from parcours.expressions.types import Type

INTEGER_MIN, INTEGER_MAX = -(2**63), 2**63 - 1
MAX_TEXT = 1_048_576
"""Longest text an expression may make, in characters."""

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_ISO = re.compile(
    r"\d{4}-\d\d-\d\d[Tt][012]\d:[0-5]\d(?::[0-5]\d(?:[.,]\d{1,9})?)?"
    r"([Zz]|[+-](?:0\d|1[0-8])(?::?[0-5]\d(?::?[0-5]\d)?)?)?",
    re.ASCII,
)
_DURATION = re.compile(
    r"([+-]?)P(?:([+-]?\d{1,12})D)?(?:(T?)(?:([+-]?\d{1,15})H)?(?:([+-]?\d{1,15})M)?"
    r"(?:([+-]?)(\d{1,15})(?:[.,](\d{0,9}))?S)?)?",
    re.ASCII | re.IGNORECASE,
)


# --- reading text ---------------------------------------------------------------------------------------------------


def parse_date(text: str) -> date | None:
    """`YYYY-MM-DD`, or the date part of an ISO date-time; None when malformed."""
    if not _DATE.match(text) or not (len(text) == 10 or _iso(text) is not None):
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def parse_date_time(text: str) -> datetime | None:
    """An ISO-8601 date-time with an offset; None when malformed or without one."""
    found = _iso(text)
    return found if found is not None and found.tzinfo is not None else None


def parse_date_time_only(text: str) -> datetime | None:
    """An ISO-8601 date-time, its offset dropped, or `YYYY-MM-DD` for midnight; None when malformed."""
    if len(text) == 10:
        day = parse_date(text)
        return None if day is None else datetime(day.year, day.month, day.day)
    found = _iso(text)
    return None if found is None else found.replace(tzinfo=None)


def _iso(text: str) -> datetime | None:
    """Extended ISO-8601 with at least hours and minutes: the same on every Python, whose own reader takes more."""
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    try:
        return datetime.fromisoformat(text.upper() if found[1] == "z" else text)
    except ValueError:
        return None


def parse_duration(text: str) -> timedelta | None:
    """`PnDTnHnMn.nS` with signs; the T may be missing when H or S comes first. None when malformed.

    Digits beyond microseconds are cut.

    Source: expression-language §8.3.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        return None
    sign, days, t, hours, minutes, second_sign, seconds, fraction = found.groups()
    has_time = hours is not None or minutes is not None or seconds is not None
    if (t and not has_time) or not (has_time or days is not None):
        return None
    if has_time and not t and (days is not None or (minutes is not None and hours is None)):
        return None
    micros = int((fraction or "").ljust(6, "0")[:6]) + int(seconds or 0) * 1_000_000
    if second_sign == "-":
        micros = -micros
    try:
        total = timedelta(days=int(days or 0), hours=int(hours or 0), minutes=int(minutes or 0), microseconds=micros)
        return -total if sign == "-" else total
    except OverflowError:
        return None


# --- writing text ---------------------------------------------------------------------------------------------------


def date_time_text(at: datetime) -> str:
    """ISO text as Java prints it: no zero seconds, fraction of 3 or 6 digits, Z for UTC."""
    text = f"{at.year:04}-{at.month:02}-{at.day:02}T{at.hour:02}:{at.minute:02}"
    if at.second or at.microsecond:
        text += f":{at.second:02}"
        if at.microsecond:
            text += f".{at.microsecond // 1000:03}" if at.microsecond % 1000 == 0 else f".{at.microsecond:06}"
    offset = at.utcoffset()
    if offset is None:
        return text
    if not offset:
        return text + "Z"
    sign = "-" if offset < timedelta(0) else "+"
    minutes, seconds = divmod(abs(offset) // timedelta(seconds=1), 60)
    return f"{text}{sign}{minutes // 60:02}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")


def duration_text(value: timedelta) -> str:
    """ISO text as Java prints it: days are folded into hours, zero is PT0S."""
    total = value // timedelta(microseconds=1)
    if not total:
        return "PT0S"
    sign, total = ("-", -total) if total < 0 else ("", total)
    seconds, micros = divmod(total, 1_000_000)
    hours, minutes, seconds = seconds // 3600, seconds % 3600 // 60, seconds % 60
    text = "PT"
    if hours:
        text += f"{sign}{hours}H"
    if minutes:
        text += f"{sign}{minutes}M"
    if seconds or micros:
        text += f"{sign}{seconds}" + (f".{micros:06}".rstrip("0") if micros else "") + "S"
    return text


def decimal_text(value: float) -> str:
    """Plain digits, never an exponent; a whole decimal keeps its `.0`."""
    text = repr(value)
    if "e" not in text:
        return text
    text = format(Decimal(text), "f")
    return text if "." in text else text + ".0"


def to_text(value: Any) -> str:
    """What `toString` and concatenation give; null is the empty text, a dateTime is turned to UTC.

    Source: expression-language §3, §5.5 and §8.3.
    """
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    if value is None:
        return ""
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return str(value)
    if kind is float:
        return decimal_text(value)
    if kind is datetime:
        return date_time_text(value if value.tzinfo is None else in_utc(value))
    if kind is date:
        return value.isoformat()  # type: ignore[no-any-return]
    if kind is timedelta:
        return duration_text(value)
    if kind is list:
        return "[" + ", ".join("null" if item is None else to_text(item) for item in value) + "]"
    return orjson.dumps(to_json(value)).decode()


def joined(parts: Iterable[str], separator: str = "") -> str:
    """The texts one after the other. Raises ExpressionFailed, before anything is built, when that grows too long."""
    texts = list(parts)
    if sum(map(len, texts)) + len(separator) * (len(texts) - 1) > MAX_TEXT:
        raise ExpressionFailed(f"a text grew beyond {MAX_TEXT} characters")
    return separator.join(texts)


_PLAIN = frozenset({str, int, float, bool, type(None)})


def to_json(value: Any) -> Any:
    """The value as plain JSON: dates keep their own offset, lists and objects are converted all through."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is datetime:
        return date_time_text(value)
    if kind is date:
        return value.isoformat()
    if kind is timedelta:
        return duration_text(value)
    if kind is list:
        return [to_json(item) for item in value]
    if kind is dict:
        return {key: to_json(item) for key, item in value.items()}
    return value


def in_utc(at: datetime) -> datetime:
    """The same instant at offset zero."""
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ExpressionFailed("a date lies outside the years 1 to 9999") from None


def fix_offset(at: datetime) -> datetime:
    """The same reading with its offset of that moment, so that later changes of the hour keep the offset."""
    offset = at.utcoffset()
    assert offset is not None
    return at.replace(tzinfo=UTC if not offset else timezone(offset), fold=0)


# --- comparing ------------------------------------------------------------------------------------------------------


def is_equal(left: Any, right: Any) -> bool:
    """Numbers by value, instants by instant, lists element by element; other types are never equal."""
    a, b = type(left), type(right)
    if a is list and b is list:
        return len(left) == len(right) and all(map(is_equal, left, right))
    if a is dict and b is dict:
        return left.keys() == right.keys() and all(is_equal(value, right[key]) for key, value in left.items())
    if a is not b and not (a in (int, float) and b in (int, float)):
        return False
    return bool(left == right)


def distinct_key(value: Any) -> Any:
    """Something hashable that is the same exactly for equal values."""
    kind = type(value)
    if kind is bool:
        return (bool, value)
    if kind is list:
        return (list, tuple(distinct_key(item) for item in value))
    if kind is dict:
        return (dict, frozenset((key, distinct_key(item)) for key, item in value.items()))
    return value


def type_of(value: Any) -> Type:
    """The type of a value at hand."""
    if type(value) is datetime:
        return Type.DATE_TIME_ONLY if value.tzinfo is None else Type.DATE_TIME
    if type(value) is list:
        kinds = {type_of(item) for item in value if item is not None}
        return kinds.pop().list if len(kinds) == 1 else Type.LIST_ANY
    return _KIND.get(type(value), Type.ANY)


_KIND = {
    type(None): Type.NULL,
    str: Type.STRING,
    bool: Type.BOOLEAN,
    int: Type.INTEGER,
    float: Type.DECIMAL,
    date: Type.DATE_ONLY,
    timedelta: Type.DURATION,
    dict: Type.OBJECT,
}


# --- converting JSON to a declared type -----------------------------------------------------------------------------


def converter(wanted: Type) -> Callable[[Any], Any] | None:
    """What turns a JSON value into a value of the declared type; None when nothing has to be done.

    Null stays null. The function raises ExpressionFailed for a value that can't be converted.
    Source: expression-language §3.1.
    """
    if wanted.is_list and wanted not in (Type.LIST_ANY, Type.LIST_OBJECT):
        convert_item = _CONVERT[wanted.element]

        def convert_list(value: Any) -> Any:
            if value is None:
                return None
            if type(value) is not list:
                raise _unfit(wanted, value)
            return [convert_item(item) for item in value]

        return convert_list
    return _CONVERT.get(wanted)


def reader_of_json(wanted: Type) -> Callable[[Any], Any]:
    """Reads a JSON text as a date of the wanted type; everything else, and what is no such date, stays as it is."""
    convert = converter(wanted)
    if convert is None or not wanted.is_temporal:
        return lambda value: value

    def read(value: Any) -> Any:
        try:
            return convert(value)
        except ExpressionFailed:
            return value

    return read


def _unfit(wanted: Type, value: Any) -> ExpressionFailed:
    return ExpressionFailed(f"a value of type {type_of(value)} can't be read as {wanted}")


def _as_string(value: Any) -> Any:
    if value is None or type(value) is str:
        return value
    if type(value) in (list, dict):
        raise _unfit(Type.STRING, value)
    return to_text(value)


def only_text(value: Any) -> Any:
    """A text or null, as it is. Raises ExpressionFailed for anything else."""
    if value is None or type(value) is str:
        return value
    raise _unfit(Type.STRING, value)


def only_texts(value: Any) -> Any:
    """A list of texts and nulls, or null. Raises ExpressionFailed for anything else."""
    if value is None:
        return None
    if type(value) is not list:
        raise _unfit(Type.LIST_STRING, value)
    return [only_text(item) for item in value]


def _as_integer(value: Any) -> Any:
    if value is None or (type(value) is int and -0x8000000000000000 <= value <= 0x7FFFFFFFFFFFFFFF):
        return value
    if type(value) is float and value.is_integer() and INTEGER_MIN <= value <= INTEGER_MAX:
        return _as_integer(int(value))
    if type(value) in (int, float):
        raise ExpressionFailed(f"the number {value} is no integer of 64 bits")
    raise _unfit(Type.INTEGER, value)


def _as_decimal(value: Any) -> Any:
    if value is None or type(value) is float:
        return value
    if type(value) is int:
        return float(value)
    raise _unfit(Type.DECIMAL, value)


def _as_number(value: Any) -> Any:
    if value is None or type(value) is float:
        return value
    if type(value) is int:
        return value if INTEGER_MIN <= value <= INTEGER_MAX else float(value)
    raise _unfit(Type.NUMBER, value)


def _as_boolean(value: Any) -> Any:
    if value is None or type(value) is bool:
        return value
    raise _unfit(Type.BOOLEAN, value)


def _as_list(value: Any) -> Any:
    if value is None or type(value) is list:
        return value
    raise _unfit(Type.LIST_ANY, value)


def _temporal(wanted: Type, parse: Callable[[str], Any], done: Callable[[Any], bool]) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        if value is None or done(value):
            return value
        found = parse(value) if type(value) is str else None
        if found is None:
            raise _unfit(wanted, value)
        return found

    return convert


_CONVERT: dict[Type, Callable[[Any], Any]] = {
    Type.STRING: _as_string,
    Type.INTEGER: _as_integer,
    Type.DECIMAL: _as_decimal,
    Type.NUMBER: _as_number,
    Type.BOOLEAN: _as_boolean,
    Type.DATE_ONLY: _temporal(Type.DATE_ONLY, parse_date, lambda v: type(v) is date),
    Type.DATE_TIME_ONLY: _temporal(
        Type.DATE_TIME_ONLY, parse_date_time_only, lambda v: type(v) is datetime and v.tzinfo is None
    ),
    Type.DATE_TIME: _temporal(Type.DATE_TIME, parse_date_time, lambda v: type(v) is datetime and v.tzinfo is not None),
    Type.DURATION: _temporal(Type.DURATION, parse_duration, lambda v: type(v) is timedelta),
    Type.LIST_OBJECT: _as_list,
    Type.LIST_ANY: _as_list,
}
