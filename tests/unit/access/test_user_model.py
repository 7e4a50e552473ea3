"""What may be in a user, and how long failures lock."""

from typing import Any

import pytest

from parcours.access.attempts import network_of
from parcours.access.errors import UserInvalid
from parcours.access.user_model import lock_s, normalized, read_email, read_locale, read_name, read_password


@pytest.mark.parametrize("text", ["ada@example.com", "a.b+c@sub.example.co.uk", "ada@localhost", "zoë@example.com"])
def test_an_address_is_kept_in_lower_case(text: str) -> None:
    assert read_email(f" {text.upper()} ") == text


@pytest.mark.parametrize(
    "value", [None, 1, "", "ada", "@example.com", "ada@", "a b@example.com", "a@b@c", "a\0@example.com", "a" * 121]
)
def test_what_is_no_address_is_refused(value: Any) -> None:
    with pytest.raises(UserInvalid) as refused:
        read_email(value)
    assert refused.value.path == "$.email"


@pytest.mark.parametrize("value", [None, "", "  ", "a\nb", "a" * 256, 7])
def test_a_name_is_one_line(value: Any) -> None:
    with pytest.raises(UserInvalid):
        read_name(value)


def test_a_locale_is_a_language_tag_or_none() -> None:
    assert [read_locale(one) for one in ("fr", "en-GB", "zh-Hant-TW", None)] == ["fr", "en-GB", "zh-Hant-TW", None]
    for value in ("", "x", "en_GB", 7):
        with pytest.raises(UserInvalid):
            read_locale(value)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "elevenchars",
        "é" * 501,
        "ada.lovelace@example.com",
        " ADA.lovelace@example.com",
        "lone \ud800 surrogate",
    ],
)
def test_a_password_that_may_not_be_chosen(value: Any) -> None:
    with pytest.raises(UserInvalid) as refused:
        read_password(value, "ada.lovelace@example.com")
    assert refused.value.path == "$.password"


def test_a_password_may_be_anything_long_enough() -> None:
    for value in ("twelve chars", "            ", "é" * 500, "🔑" * 12):
        assert read_password(value, "ada@example.com") == value


def test_a_password_is_the_same_however_a_keyboard_composes_it() -> None:
    assert normalized("e\u0301e\u0301") == normalized("\u00e9\u00e9")


def test_each_failure_locks_for_twice_as_long_up_to_fifteen_minutes() -> None:
    assert [lock_s(failures, 5) for failures in (0, 1, 4, 5, 6, 7, 8)] == [0, 0, 0, 15, 30, 60, 120]
    assert lock_s(1000, 5) == 900


def test_an_address_counts_as_the_network_that_somebody_has() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::2%eth0") != network_of("2001:db8:0:1::1")
    assert network_of("::ffff:203.0.113.5") == "203.0.113.5"
    assert network_of("203.0.113.5") != network_of("203.0.113.6")
    assert network_of("testclient") == "testclient"
