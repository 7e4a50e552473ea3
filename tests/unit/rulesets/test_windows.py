"""Windows of caps: the calendar's bounds in UTC, whatever their length."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcours.kit.clock import to_datetime, to_us
from parcours.rulesets.model import MAX_EVERY, Period
from parcours.rulesets.windows import window_at

MOMENTS = st.integers(min_value=0, max_value=to_us(datetime(2200, 1, 1, tzinfo=UTC)))


def at(text: str) -> int:
    return to_us(datetime.fromisoformat(text).replace(tzinfo=UTC))


@st.composite
def lengths(draw: st.DrawFn) -> tuple[Period, int]:
    period = draw(st.sampled_from(list(MAX_EVERY)))
    return period, draw(st.integers(1, MAX_EVERY[period]))


@pytest.mark.parametrize(
    ("period", "every", "moment", "start", "end"),
    [
        ("hour", 1, "2026-11-28T10:59:59.999999", "2026-11-28T10:00", "2026-11-28T11:00"),
        ("hour", 1, "2026-11-28T11:00:00", "2026-11-28T11:00", "2026-11-28T12:00"),
        ("day", 1, "2026-11-28T23:59:59.999999", "2026-11-28", "2026-11-29"),
        # 28 November 2026 is a Saturday: the week ends with its last microsecond
        ("week", 1, "2026-11-28T23:59:59.999999", "2026-11-22", "2026-11-29"),
        ("week", 1, "2026-11-29T00:00:00", "2026-11-29", "2026-12-06"),
        ("month", 1, "2026-01-31T23:59:59.999999", "2026-01-01", "2026-02-01"),
        ("month", 1, "2024-02-29T12:00:00", "2024-02-01", "2024-03-01"),
        ("month", 2, "2026-04-01T00:00:00", "2026-03-01", "2026-05-01"),
        ("month", 3, "2026-12-31T23:59:59", "2026-10-01", "2027-01-01"),
        ("week", 4, "1970-01-04T00:00:00", "1970-01-04", "1970-02-01"),
    ],
)
def test_a_window_has_the_bounds_of_the_calendar(period: Period, every: int, moment: str, start: str, end: str) -> None:
    assert window_at(period, every, at(moment)) == (at(start), at(end))


@given(MOMENTS, lengths())
def test_windows_hold_their_moment_and_follow_each_other_without_a_gap(at_us: int, length: tuple[Period, int]) -> None:
    window = window_at(*length, at_us)
    assert window.start_us <= at_us < window.end_us
    assert window_at(*length, window.start_us) == window == window_at(*length, window.end_us - 1)
    assert window_at(*length, window.end_us).start_us == window.end_us


@given(MOMENTS, st.integers(1, 4))
def test_weeks_begin_on_sunday_at_midnight(at_us: int, every: int) -> None:
    start = to_datetime(window_at("week", every, at_us).start_us)
    assert start.weekday() == 6
    assert start.time() == datetime.min.time()
    assert window_at("week", every, at_us).end_us - to_us(start) == timedelta(weeks=every) / timedelta(microseconds=1)
