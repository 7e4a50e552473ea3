"""Approval policies through the API: authored, shown with who may approve, guarded."""

from typing import Any

import pytest
from approval_world import BASE, POLICIES, World

from parcours.app import Platform


@pytest.fixture
def world(platform: Platform) -> World:
    return World(platform)


def names(policy: dict[str, Any]) -> list[str]:
    return sorted(one["name"] for one in policy["mayApprove"])


def test_a_policy_is_made_read_changed_and_deleted(world: World) -> None:
    made = world.policy(description="All of them", conditions={"tags": ["sale"]})
    uid = made["uid"]
    assert made["state"] == "active"
    assert made["conditions"]["tags"] == ["sale"]
    assert made["conditions"]["requesters"] == {"users": [], "roles": []}
    assert made["approvers"] == {"users": [world.leo.id], "roles": []}
    assert names(made) == ["leo"]
    read = world.ada.get(f"{POLICIES}/{uid}")
    assert read.json() == made
    assert world.ada.get(POLICIES).json()["results"] == [made]
    changed = {**read.json(), "state": "inactive"}
    put = world.ada.client.put(f"{POLICIES}/{uid}", json=changed, headers={"If-Match": read.headers["etag"]})
    assert put.status_code == 200, put.text
    assert put.json()["state"] == "inactive"
    stale = world.ada.client.put(f"{POLICIES}/{uid}", json=changed, headers={"If-Match": read.headers["etag"]})
    assert stale.status_code == 412
    assert world.ada.client.delete(f"{POLICIES}/{uid}").status_code == 204
    gone = world.ada.get(f"{POLICIES}/{uid}")
    assert (gone.status_code, gone.json()["type"].rpartition("/")[2]) == (404, "PARC-7404-404")
    assert [one[0] for one in world.ada.audit(uid)] == ["Create", "Disable", "Delete"]


def test_people_are_named_by_address_or_id_and_roles_that_are_there(world: World) -> None:
    by_address = world.policy("A", approvers={"users": ["LEO@example.com", world.mia.id], "roles": []})
    assert by_address["approvers"]["users"] == [world.leo.id, world.mia.id]
    refused = world.policy("B", 400, approvers={"users": ["nobody@example.com"]})
    assert refused["report"]["path"] == "$.approvers.users[0]"
    assert world.policy("B", 400, approvers={"roles": ["ghosts"]})["report"]["path"] == "$.approvers.roles[0]"
    assert world.policy("A", 409)["type"].endswith("PARC-7409-409")


def test_who_may_approve_is_who_is_named_enabled_and_let_by_a_role(world: World) -> None:
    lawyers = world.role("Lawyers", "approve-journeys")
    world.ada.client.patch(f"/parcours/users/{world.mia.id}", json={"roles": [lawyers]})
    made = world.policy(approvers={"users": [world.leo.id, world.rob.id], "roles": [lawyers]})
    assert names(made) == ["leo", "mia"]  # rob only reads
    world.ada.client.patch(f"/parcours/users/{world.leo.id}", json={"enabled": False})
    assert names(world.ada.get(f"{POLICIES}/{made['uid']}").json()) == ["mia"]
    world.ada.client.delete(f"/data/foundation/access-control/administration/roles/{lawyers}")
    found = world.ada.get(f"{POLICIES}/{made['uid']}").json()
    assert names(found) == []
    renamed = world.ada.client.put(f"{POLICIES}/{made['uid']}", json={**found, "name": "Legal again"})
    assert renamed.status_code == 200, renamed.text  # what it names may be gone by now


def test_designers_read_policies_and_change_none(world: World) -> None:
    made = world.policy()
    assert world.dora.get(f"{POLICIES}/{made['uid']}").status_code == 200
    for answer in (
        world.dora.post(POLICIES, {"name": "Mine", "approvers": {"users": [world.dora.id]}}),
        world.dora.client.put(f"{POLICIES}/{made['uid']}", json={**made, "state": "inactive"}),
        world.dora.client.delete(f"{POLICIES}/{made['uid']}"),
        world.rob.get(POLICIES),
    ):
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (403, "PARC-1403-403")


def test_a_policy_is_that_of_its_sandbox(world: World) -> None:
    made = world.policy()
    dev = {"x-sandbox-name": "dev"}
    assert world.ada.get(POLICIES, headers=dev).json()["results"] == []
    assert world.ada.get(f"{POLICIES}/{made['uid']}", headers=dev).status_code == 404
    assert world.ada.get(f"{BASE}/schema/approvalPolicy").json()["title"] == "Approval policy"
