"""Namespace codes and XIDs, without a server."""

import re

from hypothesis import given
from hypothesis import strategies as st

from parcours.identity.namespaces import STANDARD, Namespace, NamespaceTable, canonical_namespace
from parcours.identity.xid import from_xid, xid

codes = st.text("ABCabc019_.-", min_size=1)


def test_standard_codes_are_known_in_any_case() -> None:
    for namespace in STANDARD:
        for spelling in (namespace.code, namespace.code.lower(), namespace.code.upper(), namespace.code.swapcase()):
            assert canonical_namespace(spelling) == namespace.code


@given(codes)
def test_every_spelling_of_a_code_has_one_canonical_form(code: str) -> None:
    once = canonical_namespace(code)
    assert canonical_namespace(code.swapcase()) == once
    assert canonical_namespace(once) == once


@given(codes, st.text())
def test_an_xid_is_url_safe_and_ignores_the_case_of_the_namespace(code: str, value: str) -> None:
    found = xid(code, value)
    assert re.fullmatch(r"[A-Za-z0-9_-]+", found)
    assert xid(code.swapcase(), value) == found
    assert xid(code, value + "x") != found


@given(codes, st.text())
def test_an_xid_leads_back_to_its_identity(code: str, value: str) -> None:
    assert from_xid(xid(code, value)) == (canonical_namespace(code), value)


@given(st.one_of(st.text(), st.text("ABCabc019_-", min_size=4)))
def test_what_is_no_xid_leads_nowhere(text: str) -> None:
    found = from_xid(text)
    assert found is None or xid(*found) == text


def test_a_mistyped_xid_leads_nowhere() -> None:
    right = xid("Email", "jane@example.com")
    for at in range(len(right)):
        wrong = right[:at] + ("A" if right[at] != "A" else "B") + right[at + 1 :]
        assert from_xid(wrong) is None


def test_an_xid_never_changes() -> None:
    assert xid("Email", "jane@example.com") == "tPZLRW1haWwAamFuZUBleGFtcGxlLmNvbQ"


def test_the_table_gives_the_spelling_to_show() -> None:
    loyalty = Namespace(10_000_000, "LoyaltyId", "Loyalty", "PARTNER", is_custom=True)
    table = NamespaceTable({(1, "loyaltyid"): loyalty})
    assert table.get(1, "LOYALTYID") is loyalty
    assert table.get(2, "LoyaltyId") is None
    found = table.get(1, "email")
    assert found is not None
    assert found.code == "Email"
    assert not loyalty.links_people
    assert found.links_people
