"""Moments and durations as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcours.journeys.moments import (
    MAX_US,
    MomentInvalid,
    duration_text,
    is_instant,
    moment_text,
    read_duration,
    read_instant,
    read_moment,
)

DAY_US = 86_400_000_000


@pytest.mark.parametrize(
    ("text", "us"),
    [
        ("30d", 30 * DAY_US),
        ("1d12h", 36 * 3_600_000_000),
        ("1d 12h", 36 * 3_600_000_000),
        ("90s", 90_000_000),
        ("250ms", 250_000),
        ("1.5h", 5_400_000_000),
        ("2w", 14 * DAY_US),
        ("0s", 0),
        ("PT5M", 300_000_000),
        ("P1DT1H", 25 * 3_600_000_000),
    ],
)
def test_durations(text: str, us: int) -> None:
    assert read_duration(text) == us


@pytest.mark.parametrize("text", ["", "5", "d", "-1d", "1x", "P-1D", "1d!", "200000d", "٣d"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(MomentInvalid):
        read_duration(text)


def test_moments_are_offsets_or_instants() -> None:
    start = read_instant("2026-01-01")
    assert read_moment("+1d", start) == start + DAY_US
    assert read_moment("2026-01-02T01:00:00+01:00", 0) == start + DAY_US
    assert moment_text(start + 1_500_000) == "2026-01-01T00:00:01.500000Z"
    for text in ("tomorrow", "2026-13-01", "+", "2d", "0001-01-01T00:00:00+14:00 "):
        if text.startswith("0001"):
            read_moment(text, 0)  # the earliest there is
            continue
        with pytest.raises(MomentInvalid):
            read_moment(text, 0)


def test_an_instant_begins_with_a_year() -> None:
    assert is_instant("2026-01-01")
    assert is_instant(" 2026-01-01T00:00:00Z")
    assert not is_instant("2026h")
    assert not is_instant("30d")


@given(st.integers(0, MAX_US))
def test_a_duration_is_read_as_it_is_written(us: int) -> None:
    assert read_duration(duration_text(us)) == us


@given(st.integers(-62_000_000_000_000_000, 250_000_000_000_000_000))
def test_an_instant_is_read_as_it_is_written(us: int) -> None:
    assert read_instant(moment_text(us)) == us
