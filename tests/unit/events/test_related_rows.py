"""Rows put beside the fields that name them. Pure."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcours.events.related import RelatedRows, keys_in, read_related, with_related
from parcours.lookups.model import MAX_KEYS

ROWS: dict[str, Any] = {"a": {"p": {"price": 1, "name": "A"}}, "7": {"p": {"price": 7}}}
SKU = RelatedRows("d", ("o", "sku"), ("p.price",))
LINES = RelatedRows("d", ("lines", "sku"), ())


def row_of(data_set: str, key: str) -> Any:
    assert data_set == "d"
    return ROWS.get(key)


@pytest.mark.parametrize(
    ("entity", "expected"),
    [
        ({"o": {"sku": "a"}}, {"o": {"sku": "a", "sku_related": {"p": {"price": 1}}}}),
        ({"o": {"sku": 7}}, {"o": {"sku": 7, "sku_related": {"p": {"price": 7}}}}),
        ({"o": {"sku": "gone"}}, {"o": {"sku": "gone"}}),
        ({"o": {"sku": None}}, {"o": {"sku": None}}),
        ({"o": {}}, {"o": {}}),
        ({"o": None}, {"o": None}),
        ({}, {}),
    ],
)
def test_a_row_stands_beside_its_key_or_nothing_does(entity: dict[str, Any], expected: dict[str, Any]) -> None:
    before = copy.deepcopy(entity)
    assert with_related(entity, [SKU], row_of) == expected
    assert entity == before


def test_each_element_of_a_list_has_its_own_row() -> None:
    entity = {"lines": [{"sku": "a", "n": 1}, {"sku": "gone"}, {"n": 2}, {"sku": 7}]}
    assert with_related(entity, [LINES], row_of) == {
        "lines": [
            {"sku": "a", "n": 1, "sku_related": ROWS["a"]},
            {"sku": "gone"},
            {"n": 2},
            {"sku": 7, "sku_related": ROWS["7"]},
        ]
    }


def test_keys_above_the_limit_name_no_row() -> None:
    entity = {"lines": [{"sku": f"k{n}"} for n in range(MAX_KEYS + 5)] + [{"sku": "k0"}]}
    assert keys_in(entity, LINES) == [f"k{n}" for n in range(MAX_KEYS)]


def test_a_stored_event_says_what_it_reads() -> None:
    body = {
        "fields": ["/o/sku", "/o/sku_related/p/price", "/lines/sku_related"],
        "related": [{"property": "/o/sku", "datasetId": "d"}, {"property": "/lines/sku", "datasetId": "d"}],
    }
    assert read_related(body) == (SKU, LINES)
    assert read_related({"fields": ["/o/sku"]}) == ()


KEYS = st.sampled_from(["a", "7", "gone", "", 7, None, True, 1.5])
JUNK = st.recursive(KEYS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
    st.sampled_from(["o", "sku", "lines", "x"]), inner, max_size=3
))  # fmt: skip


@given(st.dictionaries(st.sampled_from(["o", "lines", "x"]), JUNK))
def test_whatever_an_event_holds_only_rows_are_added(entity: dict[str, Any]) -> None:
    assert _without(with_related(entity, [SKU, LINES], row_of)) == entity


def _without(value: Any) -> Any:
    if isinstance(value, list):
        return [_without(item) for item in value]
    if isinstance(value, dict):
        return {name: _without(child) for name, child in value.items() if name != "sku_related"}
    return value
