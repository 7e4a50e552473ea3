"""Encoding and segments of an SMS."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcours.templates.sms_length import measure, shown


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments", "left"),
    [
        ("", "GSM-7", 0, 1, 160),
        ("a" * 160, "GSM-7", 160, 1, 0),
        ("a" * 161, "GSM-7", 161, 2, 145),
        ("a" * 306, "GSM-7", 306, 2, 0),
        ("a" * 307, "GSM-7", 307, 3, 152),
        ("é@£ÆΔ", "GSM-7", 5, 1, 155),
        ("€" * 80, "GSM-7", 160, 1, 0),
        ("€" * 81, "GSM-7", 162, 2, 143),  # 76 of them fill 152 of 153: none is torn
        ("ç", "UCS-2", 1, 1, 69),  # only its capital is in the default alphabet
        ("ж" * 70, "UCS-2", 70, 1, 0),
        ("ж" * 71, "UCS-2", 71, 2, 63),
        ("ж" * 134, "UCS-2", 134, 2, 0),
        ("ж" * 135, "UCS-2", 135, 3, 66),
        ("😀" * 35, "UCS-2", 70, 1, 0),
        ("😀" * 36, "UCS-2", 72, 2, 61),  # 33 pairs fill 66 of 67
        ("’", "UCS-2", 1, 1, 69),
    ],
)
def test_a_text_comes_to(text: str, encoding: str, units: int, segments: int, left: int) -> None:
    length = measure(text)
    assert (length.encoding, length.units, length.segments, length.left) == (encoding, units, segments, left)


def test_what_makes_it_ucs2_is_named_once() -> None:
    assert measure("It’s “his” — don’t").not_gsm7 == "’“”—"
    assert shown("It’s")["notGsm7"] == "’"
    assert "notGsm7" not in shown("Its")


@given(st.text(max_size=1_600))
def test_segments_hold_the_text(text: str) -> None:
    """No segment is over-full, and no shorter number of segments would do by count alone."""
    length = measure(text)
    alone, each = (160, 153) if length.encoding == "GSM-7" else (70, 67)
    assert length.left >= 0
    if length.segments == 1:
        assert length.units <= alone
    else:
        assert alone < length.units <= length.segments * each - length.left
        assert length.units > (length.segments - 1) * (each - 1)
