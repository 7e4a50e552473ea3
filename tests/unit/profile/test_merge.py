"""Merging fragments, as values."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcours.profile.merge import MergePolicy, MergePolicyTable, built_in_id, lay_over, merge_fragments

scalars = st.one_of(st.integers(0, 9), st.text("ab", max_size=2), st.booleans())
leaves = st.one_of(scalars, st.lists(scalars, max_size=3))
entries = st.lists(st.fixed_dictionaries({"id": st.sampled_from("xyz")}), max_size=3, unique_by=lambda e: e["id"])
attributes = st.recursive(
    leaves, lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3), max_leaves=8
)
bodies = st.builds(
    lambda fields, identity_map: {**fields, **({"identityMap": identity_map} if identity_map else {})},
    st.dictionaries(st.sampled_from("abc"), attributes, max_size=3),
    st.dictionaries(st.sampled_from(["Email", "ECID"]), entries, max_size=2),
)
fragments = st.lists(st.tuples(st.integers(0, 5), bodies), max_size=5)


def leaf_paths(value: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    if isinstance(value, dict):
        return {found: leaf for key, child in value.items() for found, leaf in leaf_paths(child, (*path, key)).items()}
    return {path: value}


@given(fragments)
def test_merging_twice_is_merging_once(found: list[tuple[int, dict[str, Any]]]) -> None:
    merged = merge_fragments(found)
    assert merge_fragments([(0, merged), (0, merged)]) == merged
    assert merge_fragments([*found, *found]) == merged


@given(st.lists(bodies, max_size=5), st.randoms())
def test_only_the_times_decide_and_not_the_order_given(found: list[dict[str, Any]], random: Any) -> None:
    timed = list(enumerate(found))
    merged = merge_fragments(timed)
    random.shuffle(timed)
    assert merge_fragments(timed) == merged


@given(st.lists(bodies, min_size=1, max_size=5))
def test_every_value_of_the_latest_fragment_is_in_the_profile(found: list[dict[str, Any]]) -> None:
    merged = leaf_paths(merge_fragments(list(enumerate(found))))
    for path, leaf in leaf_paths(found[-1]).items():
        if path[:1] != ("identityMap",):
            assert merged[path] == leaf


@given(fragments)
def test_merging_changes_none_of_the_fragments(found: list[tuple[int, dict[str, Any]]]) -> None:
    before = deepcopy(found)
    merge_fragments(found)
    assert found == before


@given(fragments)
def test_no_identity_is_lost_or_doubled(found: list[tuple[int, dict[str, Any]]]) -> None:
    merged = merge_fragments(found).get("identityMap", {})
    wanted = {(ns, e["id"]) for _, body in found for ns, es in body.get("identityMap", {}).items() for e in es}
    got = [(ns, e["id"]) for ns, es in merged.items() for e in es]
    assert set(got) == wanted
    assert len(got) == len(wanted)


def test_objects_merge_and_lists_and_values_are_replaced() -> None:
    old = {"person": {"name": {"firstName": "Jane", "lastName": "Roe"}}, "tags": ["a", "b"], "tier": "gold"}
    new = {"person": {"name": {"lastName": "Doe"}}, "tags": ["c"], "tier": {"level": 2}}
    assert lay_over([old, new]) == {
        "person": {"name": {"firstName": "Jane", "lastName": "Doe"}},
        "tags": ["c"],
        "tier": {"level": 2},
    }


def test_nothing_merges_to_nothing() -> None:
    assert merge_fragments([]) == {}


def test_a_stronger_data_set_wins_whatever_its_time_and_an_unnamed_one_loses() -> None:
    policy = MergePolicy("p", "pdg", "dataSetPrecedence", ("crm", "web"))
    found = [("other", 9, {"a": "other", "b": "other", "c": "other"}), ("crm", 1, {"a": "crm"}),
             ("web", 5, {"a": "web", "b": "web"})]  # fmt: skip
    assert policy.merge(found) == {"a": "crm", "b": "web", "c": "other"}
    assert MergePolicy("p").merge(found) == {"a": "other", "b": "other", "c": "other"}


@given(st.lists(st.tuples(st.just("only"), st.integers(0, 5), bodies), max_size=5))
def test_within_one_data_set_precedence_is_by_time(found: list[tuple[str, int, dict[str, Any]]]) -> None:
    by_rank = MergePolicy("p", "pdg", "dataSetPrecedence", ("only",))
    assert by_rank.merge(found) == MergePolicy("p").merge(found)


def test_a_sandbox_without_a_policy_of_its_own_has_the_built_in_one() -> None:
    table = MergePolicyTable({(1, "mine"): MergePolicy("mine", "none")}, {1: "mine"})
    assert table.default(1) == MergePolicy("mine", "none")
    assert table.default(2) == MergePolicy(built_in_id(2), "pdg", "timestampOrdered")
    assert table.get(2, built_in_id(2)) == table.default(2)
    assert table.get(2, "mine") is None
    assert built_in_id(1) != built_in_id(2)


@pytest.mark.parametrize("entries_of", [None, "text", [], [{"id": "x"}], [None, {}, {"id": []}]])
def test_what_is_no_identity_entry_does_no_harm(entries_of: Any) -> None:
    body = {"identityMap": {"Email": entries_of}}
    assert merge_fragments([(1, body)]) == body
    known = {"identityMap": {"Email": [{"id": "x", "primary": True}]}}
    assert merge_fragments([(1, known), (2, body)]) == known
