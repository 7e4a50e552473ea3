"""Conversion and date functions of the journey language. Source: expression-language §8.3 and §8.4."""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from math import isfinite
from typing import Any

from parcours.expressions.dates import add, settle
from parcours.expressions.errors import ExpressionFailed
from parcours.expressions.functions import row
from parcours.expressions.library_lists import bounded
from parcours.expressions.references import EvaluationContext
from parcours.expressions.values import (
    INTEGER_MAX,
    INTEGER_MIN,
    fix_offset,
    parse_date,
    parse_date_time,
    parse_date_time_only,
    parse_duration,
    to_text,
)
from parcours.kit.clock import to_datetime, to_us

_INTEGER = re.compile(r"[+-]?[0-9]{1,200}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,400}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,4})?")


def _integer_from_text(text: str) -> int | None:
    if not _INTEGER.fullmatch(text):
        return None
    value = int(text)
    return value if INTEGER_MIN <= value <= INTEGER_MAX else None


def _decimal_from_text(text: str) -> float | None:
    value = float(text) if _DECIMAL.fullmatch(text) else None
    return value if value is None or isfinite(value) else None


def _milliseconds(at: datetime) -> int:
    return to_us(at) // 1000


def _date_from_epoch(epoch_ms: int) -> date:
    return _from_epoch(epoch_ms).date()


def _from_epoch(epoch_ms: int) -> datetime:
    try:
        return to_datetime(epoch_ms * 1000)
    except (OverflowError, ValueError, OSError):
        raise ExpressionFailed(f"{epoch_ms} ms lies outside the years 1 to 9999") from None


def _date_from_parts(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except (ValueError, OverflowError):
        raise ExpressionFailed(f"there is no day {year}-{month}-{day}") from None


def _in_zone(zone: tzinfo, reading: datetime) -> datetime:
    try:
        return settle(reading.replace(tzinfo=zone))
    except OverflowError:
        raise ExpressionFailed("a date lies outside the years 1 to 9999") from None


def _midnight_in_zone(zone: tzinfo, day: date) -> datetime:
    return _in_zone(zone, datetime.combine(day, time()))


def _duration_from_ms(milliseconds: int) -> timedelta:
    try:
        return timedelta(milliseconds=milliseconds)
    except OverflowError:
        raise ExpressionFailed(f"{milliseconds} ms is longer than a duration can be") from None


CONVERSION = (
    row("toBool(string) : boolean", lambda text: text == "true"),
    row("toBool(integer) : boolean", lambda value: value != 0),
    row("toBool(decimal) : boolean", lambda value: value != 0),
    row("toBool(boolean) : boolean", lambda value: value),
    row("toInteger(string) : integer", _integer_from_text),
    row("toInteger(decimal) : integer", lambda value: bounded(int(value))),
    row("toInteger(integer) : integer", lambda value: value),
    row("toInteger(boolean) : integer", int),
    row("toInteger(dateTime) : integer", _milliseconds),
    row("toDecimal(string) : decimal", _decimal_from_text),
    row("toDecimal(integer) : decimal", float),
    row("toDecimal(decimal) : decimal", lambda value: value),
    row("toDecimal(boolean) : decimal", float),
    row("toDecimal(dateTime) : decimal", lambda at: float(_milliseconds(at))),
    *(
        row(f"toString({kind}) : string", to_text)
        for kind in (
            "dateTime", "dateTimeOnly", "dateOnly", "duration", "boolean", "integer", "decimal",
        )
    ),
    row("toDateOnly(string) : dateOnly", parse_date),
    row("toDateOnly(dateTime) : dateOnly", lambda at: at.date()),
    row("toDateOnly(dateTimeOnly) : dateOnly", lambda at: at.date()),
    row("toDateOnly(dateOnly) : dateOnly", lambda day: day),
    row("toDateOnly(integer) : dateOnly", _date_from_epoch),
    row("toDateOnly(integer, integer, integer) : dateOnly", _date_from_parts),
    row("toDateTime(string) : dateTime", parse_date_time),
    row("toDateTime(integer) : dateTime", _from_epoch),
    row("toDateTime(zone!, dateTimeOnly) : dateTime", _in_zone),
    row("toDateTime(zone!, dateOnly) : dateTime", _midnight_in_zone),
    row("toDateTimeOnly(string) : dateTimeOnly", parse_date_time_only),
    row("toDateTimeOnly(dateTime) : dateTimeOnly", lambda at: at.replace(tzinfo=None)),
    row("toDateTimeOnly(dateOnly) : dateTimeOnly", lambda day: datetime.combine(day, time())),
    row("toDuration(string) : duration", parse_duration, must_yield=True),
    row("toDuration(integer) : duration", _duration_from_ms),
)  # fmt: skip


# --- dates ----------------------------------------------------------------------------------------------------------


def _now(context: EvaluationContext, zone: tzinfo = UTC) -> datetime:
    now = to_datetime(context.now_us)
    return now if zone is UTC else _update_zone(now, zone)


def _now_with_delta(context: EvaluationContext, delta: int, part: str, zone: tzinfo = UTC) -> datetime:
    return add(to_datetime(context.now_us).astimezone(zone), delta, part)


def _moved(now: datetime, delta: int, part: str) -> datetime:
    """As `add`, but no further than a date can be: what is asked lies between now and there."""
    try:
        return add(now, delta, part)
    except ExpressionFailed:
        return _LATEST if delta > 0 else _EARLIEST


_EARLIEST, _LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def _in_last(part: str) -> Any:
    def is_between(context: EvaluationContext, at: datetime, delta: int) -> bool:
        now = to_datetime(context.now_us)
        return _moved(now, -delta, part) <= at <= now

    return is_between


def _in_next(part: str) -> Any:
    def is_between(context: EvaluationContext, at: datetime, delta: int) -> bool:
        now = to_datetime(context.now_us)
        return now <= at <= _moved(now, delta, part)

    return is_between


def _set_hours(at: datetime, hour: int) -> datetime:
    if not 0 <= hour <= 23:
        raise ExpressionFailed(f"there is no hour {hour}")
    return at.replace(hour=hour)


def _set_days(at: datetime, day: int) -> datetime:
    try:
        return at.replace(day=day)
    except (ValueError, OverflowError):
        raise ExpressionFailed(f"there is no day {day} in {at.year}-{at.month:02}") from None


def _update_zone(at: datetime, zone: tzinfo) -> datetime:
    try:
        return fix_offset(at.astimezone(zone))
    except OverflowError:
        raise ExpressionFailed("a date lies outside the years 1 to 9999") from None


_PARTS = ("Hours", "Days", "Months", "Years")

DATES = (
    row("currentTimeInMillis() : integer", lambda context: context.now_us // 1000, takes_context=True),
    row("now(zone!?) : dateTime", _now, takes_context=True),
    row("nowWithDelta(integer, part, zone!?) : dateTime", _now_with_delta, takes_context=True),
    *(row(f"inLast{part}(dateTime, integer) : boolean", _in_last(part.lower()), takes_context=True) for part in _PARTS),
    *(row(f"inNext{part}(dateTime, integer) : boolean", _in_next(part.lower()), takes_context=True) for part in _PARTS),
    row("setHours(dateTime, integer) : dateTime", _set_hours),
    row("setHours(dateTimeOnly, integer) : dateTimeOnly", _set_hours),
    row("setDays(dateTime, integer) : dateTime", _set_days),
    row("setDays(dateTimeOnly, integer) : dateTimeOnly", _set_days),
    row("updateTimeZone(dateTime, zone!) : dateTime", _update_zone),
)
