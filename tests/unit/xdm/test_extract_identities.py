"""Who a record is about."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcours.xdm.compiled import CompiledSchema, IdentityField
from parcours.xdm.identities import MAX_IDENTITIES, extract_identities

ECID = "1" * 38


def schema(*identities: IdentityField) -> CompiledSchema:
    return CompiledSchema("s", "c", "t", 0, "time-series", True, {"type": "object"}, identities)


BARE = schema()
EMAIL = IdentityField(("_acme", "email"), "Email", True)
LOYALTY = IdentityField(("_acme", "loyalty", "id"), "Loyalty", False)


def test_the_entry_marked_primary_leads() -> None:
    record = {"identityMap": {"ECID": [{"id": ECID}], "Email": [{"id": "a@example.com", "primary": True}]}}
    assert extract_identities(BARE, record) == (
        ("Email", "a@example.com"),
        [("Email", "a@example.com"), ("ECID", ECID)],
        [],
    )


def test_a_primary_field_wins_over_the_map() -> None:
    record = {
        "_acme": {"email": "field@example.com", "loyalty": {"id": "L1"}},
        "identityMap": {"Email": [{"id": "map@example.com", "primary": True}]},
    }
    primary, found, _ = extract_identities(schema(EMAIL, LOYALTY), record)
    assert primary == ("Email", "field@example.com")
    assert found == [primary, ("loyalty", "L1"), ("Email", "map@example.com")]


def test_without_a_mark_nobody_is_primary_but_all_are_named() -> None:
    record = {"identityMap": {"ECID": [{"id": ECID}]}, "_acme": {"loyalty": {"id": "L1"}}}
    assert extract_identities(schema(LOYALTY), record) == (None, [("loyalty", "L1"), ("ECID", ECID)], [])


@pytest.mark.parametrize("spelling", ["Email", "email", "EMAIL", "eMail"])
def test_a_namespace_is_the_same_in_any_spelling(spelling: str) -> None:
    record = {"identityMap": {spelling: [{"id": "a@example.com"}]}}
    assert extract_identities(BARE, record)[1] == [("Email", "a@example.com")]


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "null",
        "NULL",
        " Anonymous ",
        "invalid",
        "undefined",
        "x" * 1025,
        "é" * 600,
        " " * 40,
        "a\0b",
        None,
        True,
        1.5,
        {},
    ],
)
def test_a_value_that_names_nobody_is_left_out(value: Any) -> None:
    record = {"_acme": {"email": value}, "identityMap": {"CRM": [{"id": value, "primary": True}]}}
    primary, found, left_out = extract_identities(schema(EMAIL), record)
    assert (primary, found) == (None, [])
    assert [reason.partition(":")[0] for reason in left_out] == ["_acme.email", "identityMap.CRM"][value is None :]


@pytest.mark.parametrize("value", ["1" * 37, "1" * 39, "a" * 38, "١" * 38])
def test_an_ecid_has_38_digits(value: str) -> None:
    found = extract_identities(BARE, {"identityMap": {"ecid": [{"id": value, "primary": True}]}})
    assert found == (None, [], ["identityMap.ecid: an ECID has 38 digits"])


@pytest.mark.parametrize(
    ("namespace", "value", "reason"),
    [
        ("CRM", "x" * 1025, "identityMap.CRM: the id is longer than 1024 bytes"),
        ("CRM", "null", "identityMap.CRM: the id names nobody"),
        ("CRM", None, "identityMap.CRM: an id is a text"),
        ("x" * 65, "1", f"identityMap.{'x' * 64}: a namespace has at most 64 characters, and no NUL"),
    ],
)
def test_what_is_left_out_has_a_reason_that_does_not_hold_the_value(namespace: str, value: Any, reason: str) -> None:
    assert extract_identities(BARE, {"identityMap": {namespace: [{"id": value}]}})[2] == [reason]


def test_an_identity_named_twice_counts_once() -> None:
    record = {
        "_acme": {"email": "a@example.com"},
        "identityMap": {"email": [{"id": "a@example.com"}, {"id": "a@example.com", "primary": True}]},
    }
    assert extract_identities(schema(EMAIL), record)[1] == [("Email", "a@example.com")]


def test_at_most_twenty_are_taken_and_the_primary_is_one_of_them() -> None:
    entries: list[dict[str, Any]] = [{"id": f"i{n}"} for n in range(50)]
    entries.append({"id": "me", "primary": True})
    primary, found, left_out = extract_identities(BARE, {"identityMap": {"CRM": entries}})
    assert left_out == ["only the first 20 of 51 identities are taken"]
    assert primary == ("crm", "me")
    assert found[0] == primary
    assert len(found) == MAX_IDENTITIES


def test_a_whole_number_names_someone_too() -> None:
    assert extract_identities(schema(EMAIL), {"_acme": {"email": 42}})[0] == ("Email", "42")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, JSON)
def test_no_record_makes_it_fail(own: Any, identity_map: Any) -> None:
    primary, found, _ = extract_identities(schema(EMAIL, LOYALTY), {"_acme": own, "identityMap": identity_map})
    assert primary is None or found[0] == primary
    assert all(value for _, value in found)
