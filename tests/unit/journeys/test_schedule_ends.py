"""Schedules of Read audience at the ends of the calendar, and across changes of clocks."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from parcours.journeys.schedule import next_occurrence
from parcours.kit.clock import to_datetime, to_us

NOW_US = to_us(datetime(2026, 11, 28, tzinfo=UTC))
PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    "schedule",
    [
        {"type": "weekly", "startDate": "9999-12-30T00:00", "interval": 366, "days": ["sunday"]},
        {"type": "monthly", "startDate": "9999-12-31T23:00", "daysOfMonth": [1]},
        {"type": "daily", "startDate": "9999-12-31T12:00", "time": "11:00"},
    ],
)
def test_a_schedule_that_runs_off_the_calendar_has_no_occurrence(schedule: dict[str, Any]) -> None:
    assert next_occurrence(schedule, PARIS, NOW_US) is None


def test_every_day_has_one_occurrence_whatever_the_clocks_do() -> None:
    schedule = {"type": "daily", "time": "02:30", "startDate": "2026-01-01T00:00"}
    at_us, found = to_us(datetime(2026, 3, 28, tzinfo=UTC)), []
    for _ in range(3):
        following = next_occurrence(schedule, PARIS, at_us)
        assert following is not None
        at_us = following
        found.append(to_datetime(at_us).isoformat())
    # 29 March has no 02:30: the clock that was right before the change says when
    assert found == ["2026-03-28T01:30:00+00:00", "2026-03-29T01:30:00+00:00", "2026-03-30T00:30:00+00:00"]
    at_us, days = to_us(datetime(2026, 10, 24, tzinfo=UTC)), []
    for _ in range(3):
        following = next_occurrence(schedule, PARIS, at_us)
        assert following is not None
        at_us = following
        days.append(to_datetime(at_us).isoformat())
    # 25 October has it twice: the first counts
    assert days == ["2026-10-24T00:30:00+00:00", "2026-10-25T00:30:00+00:00", "2026-10-26T01:30:00+00:00"]
