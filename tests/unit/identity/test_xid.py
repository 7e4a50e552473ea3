"""Namespace codes and XIDs, without a server."""

import re

from hypothesis import given
from hypothesis import strategies as st

from parcours.identity.namespaces import STANDARD, Namespace, NamespaceTable, canonical_namespace
from parcours.identity.xid import xid

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
    assert re.fullmatch(r"[A-Za-z0-9_-]{24}", found)
    assert xid(code.swapcase(), value) == found
    assert xid(code, value + "x") != found


def test_an_xid_never_changes() -> None:
    assert xid("Email", "jane@example.com") == "orzBcttGBMQaKBjVDMlf4PY3"


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
