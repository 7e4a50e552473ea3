"""The `fields` parameter, as values."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcours.profile.projection import project, read_fields

ENTITY = {
    "person": {"name": {"firstName": "Jane", "lastName": "Doe"}, "birthYear": 1980},
    "orders": [{"sku": "a", "price": 1}, {"price": 2}, {"sku": "b"}],
    "workEmail": {"address": "jane@example.com"},
}


@pytest.mark.parametrize(
    ("paths", "wanted"),
    [
        ([], ENTITY),
        (["person.name.firstName"], {"person": {"name": {"firstName": "Jane"}}}),
        (["workEmail", "person.birthYear"], {"person": {"birthYear": 1980}, "workEmail": ENTITY["workEmail"]}),
        (["person.name", "person"], {"person": ENTITY["person"]}),
        (["person", "person.name"], {"person": ENTITY["person"]}),
        (["person.*"], {"person": ENTITY["person"]}),
        (["orders.sku"], {"orders": [{"sku": "a"}, {"sku": "b"}]}),
        (["orders"], {"orders": ENTITY["orders"]}),
        (["nothing", "person.name.firstName.deeper", "orders.nothing"], {}),
    ],
)
def test_only_what_the_paths_reach_is_taken(paths: list[str], wanted: dict[str, Any]) -> None:
    assert project(ENTITY, paths) == wanted


def test_fields_are_parted_by_commas() -> None:
    assert read_fields(["a.b, c,,", " d "]) == ["a.b", "c", "d"]


@given(st.lists(st.text("ab.*", max_size=5), max_size=4))
def test_no_path_breaks_it_and_projecting_twice_is_projecting_once(texts: list[str]) -> None:
    entity = {"a": {"b": [1, {"a": 2}], "a": "x"}, "b": {"b": {}}}
    paths = read_fields(texts)
    once = project(entity, paths)
    assert project(once, paths) == once
