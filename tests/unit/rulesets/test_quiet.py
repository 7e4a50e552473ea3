"""Until when it is quiet: weekdays, dates, nights, and clocks that change."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcours.kit.clock import to_datetime, to_us
from parcours.rulesets.model import QuietHours, QuietPeriod
from parcours.rulesets.quiet import quiet_until

UTC_ZONE = ZoneInfo("UTC")
PARIS = ZoneInfo("Europe/Paris")
EVERY_DAY = frozenset(range(7))


def weekly(*days: int, start: str = "00:00", end: str | None = None) -> QuietPeriod:
    return QuietPeriod(
        frozenset(days), None, None, time.fromisoformat(start), None if end is None else time.fromisoformat(end)
    )


def dated(first: str, last: str, start: str = "00:00", end: str | None = None) -> QuietPeriod:
    return QuietPeriod(
        frozenset(), date.fromisoformat(first), date.fromisoformat(last), time.fromisoformat(start),
        None if end is None else time.fromisoformat(end),
    )  # fmt: skip


def until(text: str, *periods: QuietPeriod, zone: ZoneInfo = UTC_ZONE) -> str | None:
    at_us = to_us(datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC))
    end_us = quiet_until(QuietHours(periods, zone, True), zone, at_us)
    return None if end_us is None else to_datetime(end_us).astimezone(zone).strftime("%Y-%m-%dT%H:%M")


@pytest.mark.parametrize(
    ("moment", "end"),
    [
        ("2026-11-23T20:59:59", None),
        ("2026-11-23T21:00:00", "2026-11-24T09:00"),
        ("2026-11-24T08:59:59", "2026-11-24T09:00"),
        ("2026-11-24T09:00:00", None),
        ("2026-11-23T08:00:00", None),  # the night before Monday is no Monday night
    ],
)
def test_a_night_belongs_to_the_day_it_begins(moment: str, end: str | None) -> None:
    assert until(moment, weekly(0, start="21:00", end="09:00")) == end


def test_a_weekend_of_whole_days_ends_on_monday_at_midnight() -> None:
    assert until("2026-11-28T10:00", weekly(5, 6)) == "2026-11-30T00:00"


def test_stretches_that_meet_are_one() -> None:
    nights = weekly(*EVERY_DAY, start="21:00", end="09:00")
    assert until("2026-11-28T10:00", weekly(5, 6), nights) == "2026-11-30T09:00"


def test_dates_are_those_on_which_it_begins_the_last_included() -> None:
    period = dated("2026-12-24", "2026-12-26", "18:00", "10:00")
    assert until("2026-12-24T17:59", period) is None
    assert until("2026-12-26T23:00", period) == "2026-12-27T10:00"
    assert until("2026-12-27T18:00", period) is None


def test_a_change_of_clocks_moves_the_end_with_the_wall() -> None:
    nights = weekly(*EVERY_DAY, start="22:00", end="08:00")
    assert until("2026-03-28T22:30", nights, zone=PARIS) == "2026-03-29T08:00"
    assert until("2026-10-24T22:30", nights, zone=PARIS) == "2026-10-25T08:00"


def test_what_never_ends_is_told_to_end_in_some_days() -> None:
    end = until("2026-11-23T12:00", weekly(*EVERY_DAY))
    assert end is not None
    assert end > "2026-11-30T12:00"


TIMES = st.times().map(lambda t: t.replace(second=0, microsecond=0))
PERIODS = st.builds(
    lambda days, start, end: QuietPeriod(frozenset(days), None, None, start, None if end == start else end),
    st.sets(st.integers(0, 6), min_size=1),
    TIMES,
    TIMES,
)


@given(
    st.lists(PERIODS, min_size=1, max_size=5),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),
    st.sampled_from(["UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
)
def test_the_end_is_later_and_it_is_not_quiet_then_unless_it_lies_days_ahead(
    periods: list[QuietPeriod], moment: datetime, name: str
) -> None:
    zone, at_us = ZoneInfo(name), to_us(moment.replace(tzinfo=UTC))
    quiet = QuietHours(tuple(periods), zone, True)
    end_us = quiet_until(quiet, zone, at_us)
    if end_us is None:
        return
    assert end_us > at_us
    assert quiet_until(quiet, zone, end_us - 1) is not None
    if end_us < at_us + 7 * 86_400_000_000:
        assert quiet_until(quiet, zone, end_us) is None
