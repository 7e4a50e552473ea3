"""When a Read audience activity reads its audience: pure, from the schedule of its document (journeys §8.5)."""

import calendar
import zlib
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from parcours.journeys.activities.condition import WEEKDAYS
from parcours.journeys.compiled import AudienceRead, CompiledJourney
from parcours.journeys.runs_store import AudienceRun
from parcours.kit.clock import to_datetime, to_us
from parcours.kit.ids import new_uuid

_SCANNED = 10_000
"""Candidates looked at for an occurrence: a schedule without one within so many days, weeks or months has none."""


def first_runs(journey: CompiledJourney, now_us: int) -> list[AudienceRun]:
    """The runs a version begins with when it is published; several for one read in waves; none when it is over."""
    read = journey.audience_read
    assert read is not None
    kind = read.schedule.get("type", "asap")
    start_us = max(now_us, journey.start_us or 0)
    if kind == "asap":
        return in_waves(journey, 1, start_us)
    if kind == "once":
        due_us = _to_us(datetime.fromisoformat(read.schedule["startDate"]), journey.time_zone)
        return in_waves(journey, 1, max(due_us, start_us))
    due = next_occurrence(read.schedule, journey.time_zone, start_us - 1)
    return [] if due is None else [new_run(journey, 1, due)]


def next_read(journey: CompiledJourney, now_us: int) -> int | None:
    """When a scheduled journey reads its audience next, after a moment; None when it will not, or is not scheduled."""
    read = journey.audience_read
    if read is None or journey.type != "read_audience":
        return None
    kind = read.schedule.get("type", "asap")
    start_us = journey.start_us or 0
    dates = wave_dates(journey)
    if dates:
        due_at_us: int | None = min((at_us for at_us in dates if at_us > now_us), default=None)
    elif kind == "asap":
        due_at_us = start_us
    elif kind == "once":
        due_at_us = max(start_us, _to_us(datetime.fromisoformat(read.schedule["startDate"]), journey.time_zone))
    else:
        due_at_us = next_occurrence(read.schedule, journey.time_zone, max(now_us, start_us - 1))
    if due_at_us is None or due_at_us <= now_us or (journey.end_us is not None and due_at_us >= journey.end_us):
        return None
    return due_at_us


def following_run(journey: CompiledJourney, run: AudienceRun, since_us: int | None) -> AudienceRun | None:
    """The run after one of a recurring schedule; None for the last one. since_us: see `AudienceRun`."""
    read = journey.audience_read
    if read is None or journey.type != "read_audience" or read.schedule.get("type", "asap") in ("asap", "once"):
        return None
    due = next_occurrence(read.schedule, journey.time_zone, run.due_at_us)
    if due is None or (journey.end_us is not None and due >= journey.end_us):
        return None
    return new_run(journey, run.number + 1, due)._replace(since_us=since_us)


def new_run(
    journey: CompiledJourney,
    number: int,
    due_at_us: int,
    *,
    wave: int = 0,
    payload: str = "",
    run_id: str | None = None,
) -> AudienceRun:
    """A run that has not begun."""
    return AudienceRun(
        run_id or new_uuid(), journey.scope_id, journey.journey_uid, journey.version_uid, number, wave, "queued",
        due_at_us, None, None, None, "", 0, 0, payload, None,
    )  # fmt: skip


def in_waves(journey: CompiledJourney, number: int, due_at_us: int) -> list[AudienceRun]:
    """One run, or one for each wave."""
    read = journey.audience_read
    assert read is not None
    if read.waves is None:
        return [new_run(journey, number, due_at_us)]
    dates = read.waves.get("startDates")
    if dates is not None:
        moments = [max(_to_us(datetime.fromisoformat(text), journey.time_zone), due_at_us) for text in dates]
    else:
        apart_us = read.waves["minutesApart"] * 60_000_000
        moments = [due_at_us + wave * apart_us for wave in range(read.waves["count"])]
    return [new_run(journey, number, at_us, wave=wave) for wave, at_us in enumerate(moments)]


def wave_dates(journey: CompiledJourney) -> list[int]:
    """When each wave begins, in microseconds, where the journey says so for each; else none."""
    read = journey.audience_read
    dates = () if read is None or read.waves is None else read.waves.get("startDates", ())
    return [_to_us(datetime.fromisoformat(text), journey.time_zone) for text in dates]


def is_in_wave(journey: CompiledJourney, read: AudienceRead, wave: int, key: str) -> bool:
    """Whether a member that was read is of a wave: everyone is of exactly one, of about its share; a test has no waves.

    Of waves by numbers of profiles each reads its own members, see `wave_size`.
    """
    if read.waves is None or journey.mode == "test" or "profiles" in read.waves:
        return True
    place = zlib.crc32(key.encode())
    if not read.wave_bounds:
        return place % int(read.waves["count"]) == wave
    return bisect_right(read.wave_bounds, place % 10_000) == wave


def wave_size(journey: CompiledJourney, read: AudienceRead, wave: int) -> int | None:
    """How many members a wave reads, from where the one before it ended; None: all of them, from the first one."""
    if read.waves is None or journey.mode == "test" or "profiles" not in read.waves:
        return None
    return int(read.waves["profiles"][wave])


def next_occurrence(schedule: Mapping[str, Any], zone: ZoneInfo, after_us: int) -> int | None:
    """The first occurrence of a recurring schedule after a moment, in microseconds; None when there is none.

    Times are local; an hour that a change of clocks leaves out is taken as the clock goes on counting.
    """
    try:
        return _next_occurrence(schedule, zone, after_us)
    except OverflowError:  # after the last day of the calendar, 9999-12-31
        return None


def _next_occurrence(schedule: Mapping[str, Any], zone: ZoneInfo, after_us: int) -> int | None:
    local_after = to_datetime(after_us).astimezone(zone)
    start = datetime.fromisoformat(schedule["startDate"]) if "startDate" in schedule else None
    end_us = _to_us(datetime.fromisoformat(schedule["endDate"]), zone) if "endDate" in schedule else None
    at = time.fromisoformat(schedule["time"]) if "time" in schedule else (start.time() if start else time(0, 0))
    start_us = None if start is None else _to_us(start, zone)
    first = start.date() if start is not None else local_after.date()
    # the candidates of long ago needn't be looked at, but the interval counts from the first
    for day in _days(schedule, first, local_after.date()):
        due_us = _to_us(datetime.combine(day, at), zone)
        if end_us is not None and due_us >= end_us:
            return None
        if due_us > after_us and (start_us is None or due_us >= start_us):
            return due_us
    return None


def _days(schedule: Mapping[str, Any], first: date, near: date) -> Iterator[date]:
    """Days of occurrences from about `near` on, in order."""
    interval = schedule.get("interval", 1)
    kind = schedule["type"]
    if kind == "daily":
        skipped = max(0, (near - first).days // interval - 1)
        for number in range(skipped, skipped + _SCANNED):
            yield first + timedelta(days=number * interval)
    elif kind == "weekly":
        monday = first - timedelta(days=first.weekday())
        days = sorted(WEEKDAYS.index(day) for day in schedule["days"])
        skipped = max(0, (near - monday).days // (7 * interval) - 1)
        for number in range(skipped, skipped + _SCANNED):
            for weekday in days:
                day = monday + timedelta(days=number * 7 * interval + weekday)
                if day >= first:
                    yield day
    else:
        months = first.year * 12 + first.month - 1
        skipped = max(0, (near.year * 12 + near.month - 1 - months) // interval - 1)
        for number in range(skipped, skipped + _SCANNED):
            year, month = divmod(months + number * interval, 12)
            if year > 9_998:
                return
            last = calendar.monthrange(year, month + 1)[1]
            for of_month in sorted({min(day, last) for day in schedule["daysOfMonth"]}):
                day = date(year, month + 1, of_month)
                if day >= first:
                    yield day


def _to_us(value: datetime, zone: ZoneInfo) -> int:
    return to_us(value if value.tzinfo is not None else value.replace(tzinfo=zone))
