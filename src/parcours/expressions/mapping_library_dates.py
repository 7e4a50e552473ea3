"""Date functions of the mapping language. Source: platform-apis §6.4."""

from datetime import UTC, datetime, tzinfo
from typing import Any

from parcours.expressions.dates import zone_named
from parcours.expressions.errors import ExpressionFailed
from parcours.expressions.java_dates import format_date, parse_any_date, parse_pattern_date
from parcours.expressions.mapping_functions import Argument, Scope, as_date, define, from_epoch_ms
from parcours.expressions.values import fix_offset
from parcours.kit.clock import to_datetime

_COMPONENTS = {
    "year": "year", "yyyy": "year", "yy": "year", "quarter": "quarter", "qq": "quarter", "q": "quarter",
    "month": "month", "mm": "month", "m": "month", "dayofyear": "dayofyear", "dy": "dayofyear", "y": "dayofyear",
    "day": "day", "dd": "day", "d": "day", "week": "week", "ww": "week", "w": "week", "weekday": "weekday",
    "dw": "weekday", "hour": "hour", "hh": "hour", "hh24": "hour", "hh12": "hour12", "minute": "minute",
    "mi": "minute", "n": "minute", "second": "second", "ss": "second", "s": "second", "millisecond": "millisecond",
    "sss": "millisecond",
}  # fmt: skip


def _zone(name: str) -> tzinfo:
    try:
        return zone_named(name)
    except ValueError as error:
        raise ExpressionFailed(str(error)) from None


def _component(name: str) -> str:
    found = _COMPONENTS.get(name.lower())
    if found is None:
        raise ExpressionFailed(f"{name!r} is no part of a date")
    return found


def _date(text: Any, pattern: str | None = None, default: Any = None) -> datetime | None:
    if text is None:
        return None if default is None else as_date(default)
    if pattern is None or type(text) is not str:
        return as_date(text)
    found = parse_pattern_date(text, pattern)
    if found is None:
        found = parse_any_date(text)
    if found is None:
        raise ExpressionFailed(f"{text[:40]!r} is no date of the form {pattern!r}")
    return found


def _part(component: str, at: datetime) -> int:
    match _component(component):
        case "quarter":
            return (at.month + 2) // 3
        case "dayofyear":
            return at.timetuple().tm_yday
        case "week":
            return at.isocalendar().week
        case "weekday":
            return at.isoweekday()
        case "hour12":
            return at.hour % 12 or 12
        case "millisecond":
            return at.microsecond // 1000
        case name:
            return int(getattr(at, name))


def _set_part(component: str, value: int, at: datetime) -> datetime:
    name = _component(component)
    try:
        if name == "millisecond":
            return at.replace(microsecond=value * 1000)
        if name not in ("year", "month", "day", "hour", "minute", "second"):
            raise ExpressionFailed(f"{component!r} can't be set")
        fields: dict[str, Any] = {name: value}
        return at.replace(**fields)
    except (ValueError, OverflowError):
        raise ExpressionFailed(f"{value} is no {name} of this date") from None


def _make(year: int, month: int, day: int, hour: int, minute: int, second: int, nano: int, zone: str) -> datetime:
    try:
        return fix_offset(datetime(year, month, day, hour, minute, second, nano // 1000, _zone(zone)))
    except (ValueError, OverflowError) as error:
        raise ExpressionFailed(f"these make no date: {error}") from None


def _to_zone(at: datetime, zone: str) -> datetime:
    try:
        return fix_offset(at.astimezone(_zone(zone)))
    except OverflowError:
        raise ExpressionFailed("a date lies outside the years 1 to 9999") from None


def _now(scope: Scope, *_arguments: Argument) -> datetime:
    return to_datetime(scope.now_us).astimezone(UTC)


def _timestamp(scope: Scope, *_arguments: Argument) -> int:
    return scope.now_us // 1000


DATES = (
    define("Date and Time", "now() : date", _now, "The instant of mapping, in UTC.", "now()", is_lazy=True),
    define("Date and Time", "timestamp() : integer", _timestamp, "The instant of mapping in epoch milliseconds.",
           "timestamp()", is_lazy=True),
    define("Date and Time", "format(date:date, pattern:string) : string", format_date,
           "A date written by a pattern of Java's DateTimeFormatter.",
           'format(date("2019-10-23T11:24:00+00:00"), "yyyy-MM-dd HH:mm:ss")', '"2019-10-23 11:24:00"'),
    define("Date and Time", "dformat(milliseconds:integer, pattern:string) : string",
           lambda value, pattern: format_date(from_epoch_ms(value), pattern),
           "Epoch milliseconds written by a pattern of Java's DateTimeFormatter, in UTC.",
           'dformat(1571829875000, "yyyy-MM-dd\'T\'HH:mm:ss.SSSX")', '"2019-10-23T11:24:35.000Z"'),
    define("Date and Time", "date(string:any, pattern:string?, default:any?) : date", _date,
           "A text read as a date, by a pattern or in one of the usual forms; the default stands in for null.",
           'date("2019-10-23 11:24", "yyyy-MM-dd HH:mm")', '"2019-10-23T11:24Z"', sees_null=True),
    define("Date and Time", "date_part(component:string, date:date) : integer", _part,
           "A part of a date: year, quarter, month, dayofyear, day, week, weekday (1 is Monday), hour, minute, second "
           "or millisecond.", 'date_part("month", date("2019-10-17T11:55:12Z"))', "10"),
    define("Date and Time", "set_date_part(component:string, value:integer, date:date) : date", _set_part,
           "A date with one part replaced.", 'set_date_part("month", 4, date("2016-11-09T11:44:44Z"))',
           '"2016-04-09T11:44:44Z"'),
    define("Date and Time",
           "make_date_time(year:integer, month:integer, day:integer, hour:integer, minute:integer, second:integer, "
           "nanosecond:integer, zone:string) : date", _make, "A date from its parts.",
           'make_date_time(2019, 10, 17, 11, 55, 12, 999000000, "America/Los_Angeles")',
           '"2019-10-17T11:55:12.999-07:00"'),
    define("Date and Time", "zone_date_to_utc(date:date) : date", lambda at: at.astimezone(UTC),
           "The same instant in UTC.", 'zone_date_to_utc("2019-10-17T11:55:12-07:00")', '"2019-10-17T18:55:12Z"'),
    define("Date and Time", "zone_date_to_zone(date:date, zone:string) : date", _to_zone,
           "The same instant in another zone.", 'zone_date_to_zone("2019-10-17T18:55:12Z", "America/Los_Angeles")',
           '"2019-10-17T11:55:12-07:00"'),
)  # fmt: skip
