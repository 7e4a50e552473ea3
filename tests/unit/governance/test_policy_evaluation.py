"""Expressions over labels, and which labels hold for what is read."""

from typing import Any

import pytest

from parcours.governance.document import read_policy
from parcours.governance.errors import GovernanceInvalid
from parcours.governance.evaluate import holds, labels_in, words_of
from parcours.governance.table import PolicyTable
from parcours.xdm.descriptors import field_labels
from parcours.xdm.usage_labels import labels_read


def all_of(*operands: Any) -> dict[str, Any]:
    return {"operator": "AND", "operands": [one if isinstance(one, dict) else {"label": one} for one in operands]}


def any_of(*operands: Any) -> dict[str, Any]:
    return {**all_of(*operands), "operator": "OR"}


NESTED = all_of("C3", any_of("I1", "S1"))


@pytest.mark.parametrize(
    ("labels", "is_true"),
    [
        (set(), False),
        ({"C3"}, False),
        ({"I1", "S1"}, False),
        ({"C3", "S1"}, True),
        ({"C3", "I1", "C9"}, True),
    ],
)
def test_an_expression_is_evaluated_over_all_labels_together(labels: set[str], is_true: bool) -> None:
    assert holds(NESTED, labels) is is_true


def test_an_expression_is_told_in_words() -> None:
    assert words_of(NESTED) == "C3 AND (I1 OR S1)"
    assert words_of({"label": "C1"}) == "C1"
    assert words_of(any_of(all_of("C1"), "C2")) == "C1 OR C2"
    assert sorted(labels_in(NESTED)) == ["C3", "I1", "S1"]


def policy(**members: Any) -> dict[str, Any]:
    return {"name": "P", "marketingActionRefs": ["core/analytics"], "deny": {"label": "C1"}, **members}


@pytest.mark.parametrize(
    "reference",
    [
        "core/analytics",
        "../marketingActions/core/analytics",
        "https://platform.adobe.io/data/foundation/dulepolicy/marketingActions/core/analytics",
    ],
)
def test_a_marketing_action_is_named_short_or_by_its_address(reference: str) -> None:
    assert read_policy(policy(marketingActionRefs=[reference]))["marketingActionRefs"] == ["core/analytics"]


def deep(levels: int) -> dict[str, Any]:
    found: dict[str, Any] = {"label": "C1"}
    for _ in range(levels - 1):
        found = all_of(found)
    return found


@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"name": ""}, "$.name"),
        ({"status": "ON"}, "$.status"),
        ({"marketingActionRefs": []}, "$.marketingActionRefs"),
        ({"marketingActionRefs": ["analytics"]}, "$.marketingActionRefs[0]"),
        ({"deny": {"operator": "NOT", "operands": [{"label": "C1"}]}}, "$.deny"),
        ({"deny": {"operator": "AND", "operands": []}}, "$.deny"),
        ({"deny": deep(11)}, "$.deny"),
        ({"deny": any_of(*["C1"] * 60, all_of(*["C2"] * 60))}, "$.deny"),
        ({"severity": 3}, "$"),
    ],
)
def test_what_is_no_policy_is_refused_with_its_place(members: dict[str, Any], path: str) -> None:
    with pytest.raises(GovernanceInvalid) as refused:
        read_policy(policy(**members))
    assert refused.value.path == path


def test_only_enabled_policies_are_evaluated_and_drafts_if_asked_for() -> None:
    stored = [
        (1, status, read_policy(policy(name=status, status=status))) for status in ("ENABLED", "DISABLED", "DRAFT")
    ]
    scope = PolicyTable(policies=stored).of(1)
    assert [one.name for one in scope.violated("analytics", {"C1"})] == ["ENABLED"]
    assert [one.name for one in scope.violated("analytics", {"C1"}, includes_drafts=True)] == ["ENABLED", "DRAFT"]
    assert scope.violated("dataScience", {"C1"}) == []
    assert scope.violated("analytics", {"C2"}) == []
    assert PolicyTable(policies=stored).of(2).violated("analytics", {"C1"}) == []


def labelled(path: str | list[str], *labels: str) -> dict[str, Any]:
    return {"@type": "xdm:descriptorLabel", "xdm:sourceProperty": path, "xdm:labels": list(labels)}


def test_a_label_on_an_object_holds_for_what_is_below_it_and_reading_it_reads_what_is_below() -> None:
    labels = field_labels(
        [
            labelled("/_acme/person", "core/I1"),
            labelled(["/_acme/person/email", "/_acme/store"], "C2"),
            labelled("/_acme/stays/*/room", "S1"),
            {"@type": "xdm:descriptorIdentity", "xdm:sourceProperty": "/_acme/person/email"},
        ]
    )
    read = {path: "".join(sorted(labels_read(labels, tuple(path.split("."))))) for path in (
        "_acme.person.email", "_acme.person.name", "_acme.person", "_acme.store", "_acme.storey", "_acme.stays.x.room",
        "_acme.stays.*.floor",
    )}  # fmt: skip
    assert read == {
        "_acme.person.email": "C2I1",
        "_acme.person.name": "I1",
        "_acme.person": "C2I1",
        "_acme.store": "C2",
        "_acme.storey": "",
        "_acme.stays.x.room": "S1",
        "_acme.stays.*.floor": "",
    }
    assert labels_read(labels, ("_acme",)) == {"I1", "C2", "S1"}
