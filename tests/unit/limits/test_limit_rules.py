"""Patterns, windows and paces: rules without a clock."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcours.limits.patterns import PatternInvalid, read_pattern, split_url
from parcours.limits.windows import Pace, SlidingWindow


@pytest.mark.parametrize(
    ("pattern", "url", "expected"),
    [
        ("https://a.example/data/*", "https://a.example/data/1", True),
        ("https://a.example/data/*", "https://A.example:443/data/1/2?x=1", True),
        ("https://a.example/data/*", "https://a.example/date/1", False),
        ("https://a.example/data/*", "http://a.example/data/1", False),
        ("https://a.example", "https://a.example/", True),
        ("https://a.example", "https://a.example?x", True),
        ("https://a.example", "https://a.example/x", False),
        ("https://a.example/*/b/*/c", "https://a.example/1/b/2/b/3/c", True),
        ("https://a.example/*b*c", "https://a.example/bcb", False),
        ("https://a.example/ab*ba", "https://a.example/aba", False),
        ("https://a.example/x?k=*", "https://a.example/x?k=1", True),
        ("https://a.example/x?k=*", "https://a.example/x", False),
        ("https://a.example/é*", "https://a.example/%C3%A9t", True),
        ("http://[::1]:81/*", "http://[::1]:81/x", True),
    ],
)
def test_a_pattern_means_the_urls_it_says(pattern: str, url: str, expected: bool) -> None:
    found = read_pattern(pattern)
    origin, rest = split_url(url)
    assert (origin == found.origin and found.matches(rest)) is expected


def test_a_pattern_of_many_wildcards_takes_no_time() -> None:
    assert not read_pattern("https://a.example/" + "*a" * 500).matches("/" + "a" * 499)
    assert read_pattern("https://a.example/" + "*a" * 500).matches("/" + "a" * 500)


@pytest.mark.parametrize("text", ["", None, "x", "https://a.example/#x", "https://" + "a" * 3_000, "https://u@a/"])
def test_what_is_no_url_is_no_pattern(text: object) -> None:
    with pytest.raises(PatternInvalid):
        read_pattern(text)


@given(st.integers(1, 20), st.integers(1, 5_000), st.lists(st.integers(0, 2_000), min_size=1, max_size=200))
def test_no_window_ever_holds_more_than_allowed(most: int, period_us: int, gaps: list[int]) -> None:
    window, now_us, begun = SlidingWindow(most, period_us), 1_000, []
    for gap in gaps:
        now_us += gap
        if window.free(now_us):
            window.take(now_us)
            begun.append(now_us)
    for index, at in enumerate(begun):
        assert sum(1 for other in begun[index:] if other < at + period_us) <= most
    # and it isn't stricter than its step demands
    if len(gaps) > most and sum(gaps[1 : most + 1]) == 0:
        assert len([at for at in begun if at == begun[0]]) == most


@given(st.lists(st.integers(0, 500), max_size=50), st.integers(0, 5_000))
def test_a_window_goes_on_where_another_ended(gaps: list[int], elapsed_us: int) -> None:
    before, after, now_us = SlidingWindow(10, 2_000), SlidingWindow(10, 2_000), 10_000
    for gap in gaps:
        now_us += gap
        if before.free(now_us):
            before.take(now_us)
    after.restore(before.state(now_us), 77 - elapsed_us, 0)
    other = SlidingWindow(10, 2_000)
    other.restore(before.state(now_us), 50_000, elapsed_us)
    assert other.used(50_000) == before.used(now_us + elapsed_us)


@pytest.mark.parametrize("per_s", [200, 1_000, 5_000])
def test_a_pace_gives_its_rate_and_no_second_more(per_s: int) -> None:
    pace, random, now_s, begun = Pace(per_s), Random(1), 0.0, []
    while now_s < 10:
        now_s += random.uniform(0.0001, 0.012)  # whoever starts calls looks now and then
        while not pace.wait_s(now_s):
            pace.take(now_s)
            begun.append(now_s)
    assert 0.95 * per_s <= len(begun) / 10 <= per_s
    first = 0
    for index, at in enumerate(begun):
        while begun[first] <= at - 1:
            first += 1
        assert index - first + 1 <= per_s
    assert all(one <= other for one, other in pairwise(begun))
