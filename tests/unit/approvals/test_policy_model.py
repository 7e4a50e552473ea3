"""Which journeys a policy covers, and whom it names."""

from typing import Any

import pytest

from parcours.approvals.document import read_document
from parcours.approvals.errors import ApprovalPolicyInvalid
from parcours.approvals.model import Facts, Person, Policy, read_policy

JOURNEY = Facts("Summer sale", frozenset({"sale", "eu"}), "unitary", frozenset({"email"}))
EVE = Person("user:eve:ACME", "eve", frozenset({"designers"}))


def policy(state: str = "active", **conditions: Any) -> Policy:
    body = {"name": "P", "state": state, "conditions": conditions, "approvers": {"roles": ["lawyers"]}}
    return read_policy("p", read_document(body, lambda _kind, text, _path: text))


@pytest.mark.parametrize(
    ("conditions", "covers"),
    [
        ({}, True),
        ({"tags": ["eu", "us"]}, True),
        ({"tags": ["us"]}, False),
        ({"entryTypes": ["business", "unitary"]}, True),
        ({"entryTypes": ["read_audience"]}, False),
        ({"actions": ["sms", "email"]}, True),
        ({"actions": ["customAction"]}, False),
        ({"nameContains": ["SALE"]}, True),
        ({"nameContains": ["winter"]}, False),
        ({"requesters": {"users": ["eve"]}}, True),
        ({"requesters": {"roles": ["designers"]}}, True),
        ({"requesters": {"users": ["ada"], "roles": ["admins"]}}, False),
        ({"requesters": {}}, True),
        ({"tags": ["eu"], "actions": ["sms"]}, False),
        ({"tags": ["eu"], "actions": ["email"]}, True),
    ],
)
def test_every_condition_holds_and_of_its_values_one_is_enough(conditions: dict[str, Any], covers: bool) -> None:
    assert policy(**conditions).covers(JOURNEY, EVE) is covers


def test_an_inactive_policy_covers_nothing() -> None:
    assert policy().covers(JOURNEY, EVE)
    assert not policy("inactive").covers(JOURNEY, EVE)


def test_somebody_without_a_user_id_is_not_a_user_whom_a_policy_names() -> None:
    approvers = policy().approvers
    assert not approvers.has(Person("robot"))
    assert not approvers.has(Person("lawyers"))
    assert approvers.has(Person("robot", "", frozenset({"lawyers"})))


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"name": "P"}, "$"),
        ({"name": " ", "approvers": {"roles": ["r"]}}, "$.name"),
        ({"name": "P", "approvers": {}}, "$.approvers"),
        ({"name": "P", "approvers": {"users": [], "roles": []}}, "$.approvers"),
        ({"name": "P", "approvers": {"groups": ["r"]}}, "$.approvers"),
        ({"name": "P", "approvers": {"roles": ["r"]}, "state": "draft"}, "$.state"),
        ({"name": "P", "approvers": {"roles": ["r"]}, "conditions": {"actions": ["fax"]}}, "$.conditions.actions[0]"),
        ({"name": "P", "approvers": {"roles": ["r"]}, "conditions": {"colour": ["red"]}}, "$.conditions"),
        ({"name": "P", "approvers": {"roles": ["ghosts"]}}, "$.approvers.roles[0]"),
        ({"name": "P", "approvers": {"users": [1]}}, "$.approvers.users[0]"),
    ],
)
def test_what_is_no_policy_is_refused_at_its_fault(body: dict[str, Any], path: str) -> None:
    def resolve(_kind: str, text: str, where: str) -> str:
        if text == "ghosts":
            raise ApprovalPolicyInvalid("no such role", where)
        return text

    with pytest.raises(ApprovalPolicyInvalid) as refused:
        read_document(body, resolve)
    assert refused.value.path == path
