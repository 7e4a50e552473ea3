"""When a Read audience activity reads its audience: occurrences, clock changes, months without a day, waves."""

from collections import Counter
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from journey_world import DAY_US, MINUTE_US, NOW_US, SECOND_US, compiled, document

from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.runs_store import AudienceRun
from parcours.journeys.schedule import first_runs, following_run, is_in_wave, next_occurrence, next_read
from parcours.kit.clock import to_datetime, to_us


def reading(schedule: dict[str, Any] | None = None, **members: Any) -> CompiledJourney:
    """A journey that reads the audience `vip`; members of the document begin with a small letter and `of_`."""
    config = {"type": "readAudience", "audienceId": "vip"} | ({} if schedule is None else {"schedule": schedule})
    of_document = {name.removeprefix("of_"): members.pop(name) for name in list(members) if name.startswith("of_")}
    return compiled(document({"start": config | members, "e": {"type": "end"}}, ("start", "e"), **of_document))


def us(text: str, zone: str = "UTC") -> int:
    return to_us(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


def occurrences(schedule: dict[str, Any], number: int, after: str = "2026-01-01T00:00", zone: str = "UTC") -> list[str]:
    """Local date-times of the next occurrences."""
    found: list[str] = []
    at_us: int | None = us(after, zone)
    while len(found) < number:
        assert at_us is not None
        at_us = next_occurrence(schedule, ZoneInfo(zone), at_us)
        if at_us is None:
            break
        found.append(to_datetime(at_us).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M"))
    return found


def due(runs: list[AudienceRun]) -> list[tuple[int, int, int]]:
    """(number, wave, minutes from now) of each run."""
    return [(run.number, run.wave, (run.due_at_us - NOW_US) // MINUTE_US) for run in runs]


# --- once ---------------------------------------------------------------------------------------------------------


def test_as_soon_as_possible_is_at_the_publication_or_at_the_start_of_the_journey() -> None:
    assert due(first_runs(reading(), NOW_US)) == [(1, 0, 0)]
    assert due(first_runs(reading(of_startDate="2026-01-01T02:00:00Z"), NOW_US)) == [(1, 0, 120)]


def test_once_is_at_its_date_in_the_journeys_zone_and_at_once_when_that_is_past() -> None:
    once = {"type": "once", "startDate": "2026-01-01T03:00"}
    assert due(first_runs(reading(once), NOW_US)) == [(1, 0, 180)]
    assert due(first_runs(reading(once, of_timeZone="Europe/Paris"), NOW_US)) == [(1, 0, 120)]
    assert due(first_runs(reading({"type": "once", "startDate": "2025-06-01T00:00"}), NOW_US)) == [(1, 0, 0)]


def test_nothing_follows_what_is_read_once() -> None:
    for schedule in (None, {"type": "once", "startDate": "2026-01-01T03:00"}):
        journey = reading(schedule)
        (run,) = first_runs(journey, NOW_US)
        assert following_run(journey, run, None) is None


# --- waves --------------------------------------------------------------------------------------------------------


def test_waves_are_as_far_apart_as_they_say_and_everyone_is_in_exactly_one() -> None:
    journey = reading(waves={"count": 4, "minutesApart": 45})
    assert due(first_runs(journey, NOW_US)) == [(1, wave, 45 * wave) for wave in range(4)]
    read = journey.audience_read
    assert read is not None
    people = [f"p{number}@example.com" for number in range(8_000)]
    waves = [[wave for wave in range(4) if is_in_wave(journey, read, wave, key)] for key in people]
    assert all(len(found) == 1 for found in waves)
    assert min(Counter(found[0] for found in waves).values()) > 1_800


def test_waves_have_shares_of_their_own_and_everyone_is_in_exactly_one() -> None:
    journey = reading(waves={"count": 4, "minutesApart": 30, "percentages": [10, 15.5, 34.5, 40]})
    read = journey.audience_read
    assert read is not None
    people = [f"p{number}@example.com" for number in range(20_000)]
    waves = [[wave for wave in range(4) if is_in_wave(journey, read, wave, key)] for key in people]
    assert all(len(found) == 1 for found in waves)
    counts = Counter(found[0] for found in waves)
    assert [round(counts[wave] / 200) for wave in range(4)] == pytest.approx([10, 15.5, 34.5, 40], abs=1.5)


def test_each_wave_has_its_date_in_the_journeys_zone_and_none_that_is_past() -> None:
    waves = {"count": 3, "startDates": ["2025-12-31T23:00", "2026-01-01T09:00", "2026-01-01T17:30"]}
    runs = first_runs(reading(waves=waves), NOW_US)
    assert due(runs) == [(1, 0, 0), (1, 1, 540), (1, 2, 1_050)]
    assert due(first_runs(reading(waves=waves, of_timeZone="Europe/Paris"), NOW_US))[1] == (1, 1, 480)
    assert next_read(reading(waves=waves), NOW_US) == runs[1].due_at_us


def test_without_waves_everyone_is_in_the_one_run() -> None:
    journey = reading()
    read = journey.audience_read
    assert read is not None
    assert is_in_wave(journey, read, 0, "jane@example.com")


# --- recurring ----------------------------------------------------------------------------------------------------


def test_daily_is_every_so_many_days_from_the_start_date_however_long_ago_it_was() -> None:
    schedule = {"type": "daily", "interval": 3, "startDate": "2025-12-30T00:00", "time": "08:30"}
    assert occurrences(schedule, 3) == ["2026-01-02T08:30", "2026-01-05T08:30", "2026-01-08T08:30"]
    schedule["startDate"] = "1990-01-01T00:00"
    found = occurrences(schedule, 2)
    first = datetime.fromisoformat("1990-01-01")
    assert [(datetime.fromisoformat(text[:10]) - first).days % 3 for text in found] == [0, 0]
    assert found[0][:10] in ("2026-01-01", "2026-01-02", "2026-01-03")


def test_without_a_time_it_is_that_of_the_start_date_and_without_both_midnight() -> None:
    assert occurrences({"type": "daily", "startDate": "2026-01-01T17:45"}, 1) == ["2026-01-01T17:45"]
    assert occurrences({"type": "daily"}, 1) == ["2026-01-02T00:00"]


def test_an_occurrence_is_after_the_moment_asked_about_and_not_before_the_start_date() -> None:
    schedule = {"type": "daily", "time": "08:00"}
    at = us("2026-01-01T08:00")
    assert next_occurrence(schedule, ZoneInfo("UTC"), at) == at + DAY_US
    assert next_occurrence(schedule, ZoneInfo("UTC"), at - 1) == at
    late = {**schedule, "startDate": "2026-03-01T09:00"}
    assert occurrences(late, 1) == ["2026-03-02T08:00"]  # at 8 of its first day it had not begun


def test_weekly_is_on_its_days_in_their_order_and_intervals_count_weeks_from_the_first() -> None:
    schedule = {"type": "weekly", "days": ["friday", "monday"], "startDate": "2026-01-01T00:00", "time": "09:00"}
    assert occurrences(schedule, 3) == ["2026-01-02T09:00", "2026-01-05T09:00", "2026-01-09T09:00"]
    schedule["interval"] = 2
    assert occurrences(schedule, 4) == ["2026-01-02T09:00", "2026-01-12T09:00", "2026-01-16T09:00", "2026-01-26T09:00"]
    far = occurrences(schedule, 1, after="2031-05-05T00:00")[0]
    monday = datetime.fromisoformat("2025-12-29")
    assert (datetime.fromisoformat(far[:10]) - monday).days // 7 % 2 == 0


def test_monthly_takes_the_last_day_of_a_month_without_the_day_and_takes_it_once() -> None:
    schedule = {"type": "monthly", "daysOfMonth": [31, 30], "startDate": "2026-01-01T00:00", "time": "10:00"}
    assert occurrences(schedule, 6) == [
        "2026-01-30T10:00", "2026-01-31T10:00", "2026-02-28T10:00", "2026-03-30T10:00", "2026-03-31T10:00",
        "2026-04-30T10:00",
    ]  # fmt: skip
    leap = {"type": "monthly", "daysOfMonth": [29], "interval": 12, "startDate": "2027-02-01T00:00"}
    assert [text[:10] for text in occurrences(leap, 2)] == ["2027-02-28", "2028-02-29"]


def test_monthly_intervals_count_from_the_first_month_over_the_year() -> None:
    schedule = {"type": "monthly", "daysOfMonth": [1], "interval": 5, "startDate": "2025-11-01T00:00"}
    assert [text[:7] for text in occurrences(schedule, 3)] == ["2026-04", "2026-09", "2027-02"]


def test_an_occurrence_keeps_its_local_time_over_a_change_of_clocks() -> None:
    schedule = {"type": "daily", "time": "09:00"}
    days = occurrences(schedule, 3, after="2026-03-28T00:00", zone="Europe/Paris")
    assert days == ["2026-03-28T09:00", "2026-03-29T09:00", "2026-03-30T09:00"]
    zone = ZoneInfo("Europe/Paris")
    before = us("2026-03-28T09:00", "Europe/Paris")
    following = next_occurrence(schedule, zone, before)
    assert following is not None
    assert following - before == DAY_US - 3_600 * SECOND_US


def test_an_hour_that_is_left_out_is_taken_as_the_clock_goes_on_and_one_that_comes_twice_is_taken_once() -> None:
    schedule = {"type": "daily", "time": "02:30"}
    spring = occurrences(schedule, 3, after="2026-03-28T00:00", zone="Europe/Paris")
    assert spring == ["2026-03-28T02:30", "2026-03-29T03:30", "2026-03-30T02:30"]
    autumn = occurrences(schedule, 3, after="2026-10-24T00:00", zone="Europe/Paris")
    assert autumn == ["2026-10-24T02:30", "2026-10-25T02:30", "2026-10-26T02:30"]


@pytest.mark.parametrize("schedule", [{"type": "daily"}, {"type": "weekly", "days": ["saturday"]}])
def test_nothing_occurs_from_the_end_date_on(schedule: dict[str, Any]) -> None:
    bounded = {**schedule, "startDate": "2026-01-01T00:00", "time": "06:00", "endDate": "2026-01-10T06:00"}
    found = occurrences(bounded, 50, after="2025-12-31T00:00")
    assert found
    assert found[-1] == ("2026-01-09T06:00" if schedule["type"] == "daily" else "2026-01-03T06:00")


def test_a_schedule_that_is_over_has_no_run() -> None:
    assert first_runs(reading({"type": "daily", "endDate": "2025-12-01T00:00"}), NOW_US) == []


def test_a_run_is_followed_by_the_next_occurrence_with_the_next_number_until_the_journey_ends() -> None:
    journey = reading({"type": "daily", "time": "12:00"}, of_endDate="2026-01-03T12:00:00Z")
    (run,) = first_runs(journey, NOW_US)
    assert due([run]) == [(1, 0, 720)]
    second = following_run(journey, run, since_us=NOW_US)
    assert second is not None
    assert due([second]) == [(2, 0, 720 + 1440)]
    assert second.since_us == NOW_US
    assert following_run(journey, second, None) is None
