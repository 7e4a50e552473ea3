"""Permissions, the sets made of them, and roles: pure."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcours.access.errors import PermissionDenied, RoleInvalid
from parcours.access.model import Caller, Sandbox
from parcours.access.permissions import (
    ADMINISTRATORS,
    EVERY_PERMISSION,
    PERMISSION_SETS,
    READY_MADE,
    RESOURCES,
    expand,
)
from parcours.access.roles import READY_MADE_ROLES, Grants, Role, read_role
from parcours.journeys.rights import check_timeouts, permission_to

SANDBOX = Sandbox(1, "id", "ACME@AdobeOrg", "acme", "prod", "Prod", "production", "active", 0)


def role(role_id: str, permissions: tuple[str, ...], sandboxes: tuple[str, ...], labels: tuple[str, ...] = ()) -> Role:
    return Role(role_id, role_id, "", (), permissions, sandboxes, labels)


def test_every_low_level_permission_is_in_a_set_that_people_can_grant() -> None:
    assert frozenset().union(*(one.permissions for one in PERMISSION_SETS.values())) == EVERY_PERMISSION


def test_sets_hold_known_permissions_and_viewing_never_changes() -> None:
    for one in PERMISSION_SETS.values():
        assert one.permissions <= EVERY_PERMISSION
        if one.id.startswith("view-"):
            assert all(permission.endswith((".read", ".view")) for permission in one.permissions), one.id


def test_the_sets_of_journeys_expand_as_specified() -> None:
    """Source: journeys §2."""
    assert PERMISSION_SETS["manage-journeys"].permissions == {
        "journeys.read", "journeys.write", "journeys.delete", "messages.read", "segments.read", "profiles.read",
        "datasets.read", "schemas.read",
    }  # fmt: skip
    assert PERMISSION_SETS["publish-journeys"].permissions == {"journeys.read", "journeys.publish"}
    assert PERMISSION_SETS["view-journeys-report"].permissions == {"journeys_report.read", "messages_report.read"}
    configuration = PERMISSION_SETS["manage-journeys-events-data-sources-and-actions"].permissions
    for resource in ("journeys_events", "journeys_data_sources", "journeys_actions"):
        assert {f"{resource}.{action}" for action in ("read", "write", "delete")} <= configuration


def test_the_ready_made_roles_are_the_product_profiles() -> None:
    limited, standard = expand(["limited-access-user"]), expand(["standard-user"])
    assert "journeys.read" in limited
    assert "journeys_report.read" in limited
    assert not any(permission.endswith((".write", ".delete", ".publish")) for permission in limited)
    assert {"journeys.write", "journeys.publish", "journeys_events.read", "journeys_actions.read"} <= standard
    assert not {"journeys_events.write", "journeys_actions.write", "journeys.administer"} & standard
    assert expand([ADMINISTRATORS]) == EVERY_PERMISSION
    assert {one.name for one in READY_MADE.values()} == {"Limited Access User", "Standard User", "Administrators"}


def test_unknown_names_grant_nothing() -> None:
    assert expand(["manage-everything"], ["journeys.fly"]) == frozenset()


def test_a_role_holds_in_its_sandboxes_only() -> None:
    roles = {"dev": role("dev", ("journeys.write",), ("dev",)), "all": role("all", ("journeys.read",), ("*",))}
    grants = Grants(["ann", "bob"], roles, [("ann", "dev"), ("ann", "all"), ("bob", "dev"), ("gone", "all")])
    assert grants.held("ann", "dev").permissions == {"journeys.write", "journeys.read"}
    assert grants.held("ann", "prod").permissions == {"journeys.read"}
    assert grants.held("ann", "*").permissions == {"journeys.read"}
    assert grants.held("bob", "prod").permissions == frozenset()
    assert grants.held("gone", "prod").permissions == frozenset()
    assert grants.clients == {"ann", "bob"}


def test_a_ready_made_role_needs_no_row_and_a_lost_one_grants_nothing() -> None:
    grants = Grants(["ann"], {}, [("ann", ADMINISTRATORS), ("ann", "a role that is gone")])
    assert grants.held("ann", "anywhere").permissions == EVERY_PERMISSION
    assert grants.held("ann", "anywhere").labels == {"*"}


@given(
    st.dictionaries(
        st.sampled_from(["r1", "r2", "r3"]),
        st.tuples(
            st.lists(st.sampled_from(sorted(EVERY_PERMISSION)), max_size=4),
            st.lists(st.sampled_from("abc*"), max_size=3),
        ),
    ),
    st.lists(st.tuples(st.sampled_from(["ann", "bob"]), st.sampled_from(["r1", "r2", "r3"]))),
    st.lists(st.tuples(st.sampled_from(["ann", "bob"]), st.sampled_from("abc*")), min_size=1),
)
def test_what_is_held_is_what_some_role_grants_there(
    made: dict[str, tuple[list[str], list[str]]], subjects: list[tuple[str, str]], asked: list[tuple[str, str]]
) -> None:
    roles = {name: role(name, tuple(some), tuple(places)) for name, (some, places) in made.items()}
    grants = Grants(["ann", "bob"], roles, subjects)
    for client, place in [*asked, *asked]:  # twice: the second answer comes from memory
        expected = {
            permission
            for who, name in subjects
            if who == client and name in made and ("*" in made[name][1] or place in made[name][1])
            for permission in made[name][0]
        }
        assert grants.held(client, place).permissions == expected


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "$.name"),
        ({"name": " "}, "$.name"),
        ({"name": 5}, "$.name"),
        ({"name": "a\0"}, "$.name"),
        ({"name": "x" * 256}, "$.name"),
        ({"name": "a", "roleType": "system-defined"}, "$.roleType"),
        ({"name": "a", "permissionSets": "manage-journeys"}, "$.permissionSets"),
        ({"name": "a", "permissionSets": ["manage-journeys", "fly"]}, "$.permissionSets[1]"),
        ({"name": "a", "permissions": ["journeys.fly"]}, "$.permissions[0]"),
        ({"name": "a", "permissions": [["journeys.read"]]}, "$.permissions[0]"),
        ({"name": "a", "sandboxes": ["nowhere"]}, "$.sandboxes[0]"),
        ({"name": "a", "subjectAttributes": []}, "$.subjectAttributes"),
        ({"name": "a", "subjectAttributes": {"labels": [7]}}, "$.subjectAttributes.labels[0]"),
    ],
)
def test_a_role_that_is_none_is_told_where(body: dict[str, Any], path: str) -> None:
    with pytest.raises(RoleInvalid) as refused:
        read_role(body, {}, ["prod", "dev"])
    assert refused.value.path == path


def test_what_a_change_leaves_out_stays() -> None:
    before = read_role(
        {
            "name": "A",
            "permissionSets": ["view-journeys"],
            "sandboxes": ["dev"],
            "subjectAttributes": {"labels": ["S1"]},
        },
        {},
        ["dev"],
    )
    after = read_role({"description": "new"}, before, [])  # dev is gone meanwhile, and may stay
    assert after == {**before, "description": "new"}
    assert read_role({"sandboxes": ["*", "*"]}, before, [])["sandboxes"] == ["*"]


@pytest.mark.parametrize("verb", ["publish", "pause", "resume", "dryRun", "dry-run", "startDryRun"])
def test_verbs_that_publish(verb: str) -> None:
    assert permission_to(verb) == "journeys.publish"


@pytest.mark.parametrize("verb", ["approve", "requestChanges"])
def test_verbs_that_approve(verb: str) -> None:
    assert permission_to(verb) == "journeys.approve"


@pytest.mark.parametrize(
    "verb",
    ["requestApproval", "cancelApproval", "close", "stop", "test", "endTest", "endDryRun", "stop-dry-run", "duplicate"],
)
def test_verbs_that_write(verb: str) -> None:
    assert permission_to(verb) == "journeys.write"


def caller(*permissions: str) -> Caller:
    return Caller("c", "u", SANDBOX, frozenset(permissions))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"timeouts": {"actionSeconds": 5}}),
        ({"timeouts": {"actionSeconds": 5}}, {"timeouts": {"actionSeconds": 6}}),
        ({"timeouts": {"actionSeconds": 5}}, {}),
        ({"timeouts": {"globalDays": 5}}, {"timeouts": {"actionSeconds": 5}}),
        ({}, {"timeouts": "none"}),
    ],
)
def test_timeouts_are_for_administrators(before: dict[str, Any], after: dict[str, Any]) -> None:
    with pytest.raises(PermissionDenied) as denied:
        check_timeouts(caller("journeys.write"), before, after)
    assert denied.value.path == "$.timeouts"
    assert "only administrators" in str(denied.value)
    check_timeouts(caller("journeys.write", "journeys.administer"), before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {}),
        ({}, {"timeouts": {}}),
        ({}, {"timeouts": {"actionSeconds": 30, "globalDays": 91}}),
        ({"timeouts": {"actionSeconds": 5}}, {"name": "x", "timeouts": {"actionSeconds": 5, "globalDays": 91}}),
    ],
)
def test_the_same_timeouts_are_no_change(before: dict[str, Any], after: dict[str, Any]) -> None:
    check_timeouts(caller("journeys.write"), before, after)


def test_a_resource_has_each_action_once() -> None:
    for resource, actions in RESOURCES.items():
        assert len(set(actions)) == len(actions), resource
    assert READY_MADE_ROLES.keys() == READY_MADE.keys()
