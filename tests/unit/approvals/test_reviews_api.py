"""In Review through the API: requested, approved or sent back, by whom and by whom not (journeys §3.3, §10.4)."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from approval_world import BASE, JOURNEYS, POLICIES, VERSIONS, World

from parcours.app import Platform, build_platform
from parcours.db import metadata
from parcours.kit.settings import Settings


@pytest.fixture
def world(platform: Platform) -> World:
    return World(platform)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """A world on each kind of database."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres_tables_url")
    built = build_platform(
        Settings(
            data_dir=tmp_path / "data",
            database_url=url,
            public_url="http://parcours.test",
            bootstrap_client_id="client",
            bootstrap_client_secret="secret",
            bootstrap_org_id="ACME@AdobeOrg",
            bootstrap_tenant="acme",
            allow_private_networks=True,
        )
    )
    metadata.create_all(built.db.engine)
    built.access.bootstrap()
    yield World(built)
    built.close()


def number(problem: dict[str, Any]) -> str:
    found: str = problem["type"].rpartition("/")[2]
    return found


# --- the way it goes ----------------------------------------------------------------------------------------------


def test_an_approval_publishes_what_was_requested(served: World) -> None:
    served.policy()
    uid = served.draft()
    refused = served.dora.do(uid, "publish", 409)
    assert number(refused) == "PARC-7410-409"
    assert "'Legal'" in refused["detail"]
    before = served.dora.approval(uid)
    assert (before["needed"], before["request"], before["requests"]) == (True, None, [])
    assert [one["email"] for one in before["policies"][0]["approvers"]] == ["leo@example.com"]

    sent = served.dora.do(uid, "requestApproval", comment="for Monday")
    assert (sent["status"], sent["valid"]) == ("In Review", True)
    waiting = served.leo.get(f"{BASE}/approvalRequests", params={"mine": "true"}).json()["results"]
    assert [(one["versionUid"], one["name"], one["request"]["comment"]) for one in waiting] == [
        (uid, "Order follow-up", "for Monday")
    ]
    assert waiting[0]["request"]["uid"] == sent["approvalRequestUid"]
    assert served.dora.get(f"{BASE}/approvalRequests", params={"mine": "true"}).json()["results"] == []
    assert [one["mayApprove"] for one in served.dora.get(f"{BASE}/approvalRequests").json()["results"]] == [False]

    done = served.leo.approve(uid, comment="fine")
    assert done["status"] == "Deployed"
    assert done["metadata"]["lastDeployedBy"] == "leo@example.com"
    after = served.dora.approval(uid)
    assert (after["needed"], after["request"], after["mayApprove"]) == (False, None, False)
    (request,) = after["requests"]
    assert (request["state"], request["requestedBy"], request["comment"]) == (
        "approved", "dora@example.com", "for Monday",
    )  # fmt: skip
    (decision,) = request["decisions"]
    assert (decision["verdict"], decision["by"], decision["comment"]) == ("approved", "leo@example.com", "fine")
    assert [one["name"] for one in decision["policies"]] == ["Legal"]
    assert served.ada.audit(uid) == [
        ("Create", "dora@example.com", ""),
        ("Request review", "dora@example.com", "for Monday"),
        ("Approve", "leo@example.com", "fine"),
        ("Publish", "leo@example.com", "fine"),
    ]


def test_changes_are_requested_made_and_requested_again(world: World) -> None:
    world.policy()
    uid = world.in_review()
    first = world.leo.approval(uid)["request"]["uid"]
    assert world.leo.do(uid, "requestChanges", 400)["report"]["path"] == "$.comment"
    back = world.leo.do(uid, "requestChanges", comment="shorten the wait", requestUid=first)
    assert (back["status"], "approvalRequestUid" in back) == ("Draft", False)
    assert world.dora.client.put(f"{VERSIONS}/{uid}", json=world.sandbox.document()).status_code == 200
    world.dora.do(uid, "requestApproval", comment="shortened")
    stale = world.leo.do(uid, "approve", 409, requestUid=first)
    assert "another request" in stale["detail"]
    assert "requestUid" in world.leo.do(uid, "approve", 409)["detail"]
    assert world.leo.approve(uid)["status"] == "Deployed"
    assert [(one["state"], one["comment"]) for one in world.dora.approval(uid)["requests"]] == [
        ("approved", "shortened"),
        ("changesRequested", "please"),
    ]
    assert [line[0] for line in world.ada.audit(uid)] == [
        "Create", "Request review", "Request changes", "Update", "Request review", "Approve", "Publish",
    ]  # fmt: skip
    assert ("Request changes", "leo@example.com", "shorten the wait") in world.ada.audit(uid)


def test_a_request_is_taken_back(world: World) -> None:
    world.policy()
    uid = world.in_review()
    assert world.dora.do(uid, "cancelApproval", comment="a typo")["status"] == "Draft"
    assert world.leo.approve(uid, 409)
    assert world.leo.do(uid, "requestChanges", 409, comment="no")
    assert world.dora.do(uid, "cancelApproval", 409)
    assert [one["state"] for one in world.dora.approval(uid)["requests"]] == ["canceled"]
    assert world.ada.audit(uid)[-1] == ("Cancel review", "dora@example.com", "a typo")


def test_where_no_policy_covers_a_journey_it_is_published_as_ever(world: World) -> None:
    world.policy(conditions={"tags": ["sale"]})
    world.policy("Off", state="inactive")
    uid = world.draft()
    assert world.dora.approval(uid)["needed"] is False
    refused = world.dora.do(uid, "requestApproval", 409)
    assert number(refused) == "PARC-7009-409"
    assert world.dora.do(uid, "publish")["status"] == "Deployed"
    tagged = world.draft(name="Sale", tags=["sale"])
    assert number(world.dora.do(tagged, "publish", 409)) == "PARC-7410-409"


def test_each_policy_that_covers_a_journey_gives_its_own_approval(world: World) -> None:
    world.policy()
    world.policy("Brand", approvers={"users": [world.mia.id]})
    uid = world.in_review()
    assert world.leo.approve(uid, comment="law")["status"] == "In Review"
    assert world.leo.approval(uid)["mayApprove"] is False
    assert "already" in world.leo.approve(uid, 409)["detail"]
    told = {one["name"]: one["isApproved"] for one in world.mia.approval(uid)["policies"]}
    assert told == {"Legal": True, "Brand": False}
    waiting = {"params": {"mine": "true"}}
    assert world.leo.get(f"{BASE}/approvalRequests", **waiting).json()["results"] == []
    assert len(world.mia.get(f"{BASE}/approvalRequests", **waiting).json()["results"]) == 1
    assert world.mia.approve(uid, comment="brand")["status"] == "Deployed"
    assert [line[0] for line in world.ada.audit(uid)] == ["Create", "Request review", "Approve", "Approve", "Publish"]


# --- locked -------------------------------------------------------------------------------------------------------


def test_a_version_in_review_is_locked(world: World) -> None:
    world.policy()
    uid = world.in_review()
    journey = world.dora.get(f"{VERSIONS}/{uid}").json()["journeyUid"]
    changed = {**world.sandbox.document(), "description": "other"}
    for who in (world.dora, world.leo, world.ada):
        answer = who.client.put(f"{VERSIONS}/{uid}", json=changed)
        assert (answer.status_code, number(answer.json())) == (409, "PARC-7009-409")
        for verb in ("publish", "test", "dryRun", "pause", "resume", "close", "stop", "endTest", "requestApproval"):
            assert number(who.do(uid, verb, 409)) == "PARC-7009-409"
        assert who.client.post(f"{JOURNEYS}/{journey}/versions").status_code == 409
        assert who.client.delete(f"{JOURNEYS}/{journey}").status_code == 409
        assert who.client.post(f"{JOURNEYS}/{journey}/archive").status_code == 409
    assert world.dora.status(uid) == "In Review"
    assert world.dora.get(f"{VERSIONS}/{uid}").json()["document"] == world.sandbox.document()
    with world.platform.db.read() as connection:
        assert world.platform.journeys.live.current(connection).get(uid) is None


def test_lists_and_the_public_api_know_the_status(world: World) -> None:
    world.policy()
    uid = world.in_review()
    other = world.draft(name="Another")
    listed = world.dora.get(JOURNEYS, params={"status": "In Review"}).json()["results"]
    assert [one["latestVersionUid"] for one in listed] == [uid]
    public = world.dora.get("/ajo/journey", params={"filter": "status=in review"}).json()["results"]
    assert [(one["id"], one["status"]) for one in public] == [(uid, "In Review")]
    drafts = world.dora.get("/ajo/journey", params={"filter": "status=draft"}).json()["results"]
    assert [one["id"] for one in drafts] == [other]


def test_a_test_ends_with_the_request(world: World) -> None:
    world.policy()
    uid = world.draft()
    world.dora.do(uid, "test")
    sent = world.dora.do(uid, "requestApproval")
    assert (sent["status"], "session" in sent) == ("In Review", False)
    assert world.leo.approve(uid)["status"] == "Deployed"


def test_an_approved_version_closes_the_one_before(world: World) -> None:
    first = world.draft()
    world.dora.do(first, "publish")
    world.policy()
    journey = world.dora.get(f"{VERSIONS}/{first}").json()["journeyUid"]
    second = world.dora.post(f"{JOURNEYS}/{journey}/versions").json()["uid"]
    world.dora.do(second, "requestApproval")
    assert world.dora.status(first) == "Deployed"
    world.leo.approve(second)
    assert (world.dora.status(first), world.dora.status(second)) == ("Closed", "Deployed")


# --- who may, and who may not -------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["ada", "mia", "dora"])
def test_others_than_the_approvers_may_neither_approve_nor_send_back(world: World, who: str) -> None:
    world.policy()
    uid = world.in_review()
    somebody = getattr(world, who)
    refused = somebody.approve(uid, 403)
    assert number(refused) == "PARC-1403-403"
    told = "what they wrote or requested" if who == "dora" else "names others"
    assert told in refused["detail"]
    assert number(somebody.do(uid, "requestChanges", 403, comment="no")) == "PARC-1403-403"
    view = somebody.approval(uid)
    assert (view["mayApprove"], view["reason"]) == (False, "author" if who == "dora" else "notNamed")
    assert world.dora.status(uid) == "In Review"
    lines = world.ada.get("/data/foundation/audit/events", params={"property": "status==Deny"}).json()
    assert {one["action"] for one in lines["_embedded"]["events"]} == {"Approve", "Request changes"}


def test_who_reads_only_may_not_even_ask(world: World) -> None:
    world.policy(approvers={"users": [world.leo.id, world.rob.id]})
    uid = world.draft()
    assert number(world.rob.do(uid, "requestApproval", 403)) == "PARC-1403-403"
    world.dora.do(uid, "requestApproval")
    assert number(world.rob.approve(uid, 403)) == "PARC-1403-403"
    assert world.rob.approval(uid)["reason"] == "notAllowed"
    assert number(world.rob.do(uid, "cancelApproval", 403)) == "PARC-1403-403"


def test_nobody_approves_their_own_even_when_a_colleague_requests_it(world: World) -> None:
    world.policy(approvers={"users": [world.dora.id, world.leo.id]})
    uid = world.draft()
    world.mia.do(uid, "requestApproval")  # dora wrote it
    assert "what they wrote" in world.dora.approve(uid, 403)["detail"]
    world.mia.do(uid, "cancelApproval")
    assert world.leo.client.put(f"{VERSIONS}/{uid}", json=world.sandbox.document()).status_code == 200
    world.mia.do(uid, "requestApproval")  # leo saved it last
    assert "what they wrote" in world.leo.approve(uid, 403)["detail"]
    assert world.dora.approve(uid)["status"] == "Deployed"


def test_a_request_that_only_its_authors_could_approve_is_refused(world: World) -> None:
    world.policy(approvers={"users": [world.dora.id]})
    uid = world.draft()
    refused = world.dora.do(uid, "requestApproval", 409)
    assert (number(refused), "'Legal'" in refused["detail"]) == ("PARC-7411-409", True)
    assert world.dora.status(uid) == "Draft"


def test_what_publishing_would_need_is_told_of_a_document_that_is_not_saved(world: World) -> None:
    asked, document = "/journey/orchestration/journeys/approval", world.sandbox.document()
    assert world.dora.post(asked, document).json() == {"needed": False, "policies": []}
    uid = world.policy()["uid"]
    told = {"uid": uid, "name": "Legal", "isApprovable": True}
    assert world.dora.post(asked, document).json() == {"needed": True, "policies": [told]}
    assert world.leo.post(asked, document).json()["policies"] == [{**told, "isApprovable": False}]
    for odd in ({}, {"nodes": {"a": 1}}, {"nodes": {}, "tags": [1]}, {**document, "name": 5}):
        assert world.dora.post(asked, odd).json() == {"needed": False, "policies": []}


def test_a_policy_for_some_requesters_lets_others_publish(world: World) -> None:
    juniors = world.role("Juniors", "manage-journeys", "publish-journeys")
    world.ada.client.patch(f"/parcours/users/{world.mia.id}", json={"roles": [juniors]})
    world.policy(conditions={"requesters": {"roles": [juniors]}})
    uid = world.draft()
    assert number(world.mia.do(uid, "publish", 409)) == "PARC-7410-409"
    assert world.mia.approval(uid)["needed"] is True
    assert world.dora.approval(uid)["needed"] is False
    assert world.dora.do(uid, "publish")["status"] == "Deployed"


# --- what changes while a request waits ---------------------------------------------------------------------------


def test_an_approver_who_is_taken_from_the_policy_may_no_longer(world: World) -> None:
    policy = world.policy()
    uid = world.in_review()
    put = world.ada.client.put(f"{POLICIES}/{policy['uid']}", json={**policy, "approvers": {"users": [world.mia.id]}})
    assert put.status_code == 200, put.text
    assert "names others" in world.leo.approve(uid, 403)["detail"]
    assert world.mia.approve(uid)["status"] == "Deployed"


def test_an_approval_in_part_counts_while_the_policy_names_who_gave_it(world: World) -> None:
    policy = world.policy()
    world.policy("Brand", approvers={"users": [world.mia.id]})
    uid = world.in_review()
    world.leo.approve(uid)
    rest = {**policy, "approvers": {"users": [world.ada.id]}}
    assert world.ada.client.put(f"{POLICIES}/{policy['uid']}", json=rest).status_code == 200
    assert world.mia.approve(uid)["status"] == "In Review"
    assert world.ada.approve(uid)["status"] == "Deployed"


def test_an_approver_who_leaves_takes_the_approval_along(world: World) -> None:
    world.policy(approvers={"users": [world.leo.id, world.ada.id]})
    world.policy("Brand", approvers={"users": [world.mia.id]})
    uid = world.in_review()
    world.leo.approve(uid)
    world.ada.client.patch(f"/parcours/users/{world.leo.id}", json={"enabled": False})
    assert world.mia.approve(uid)["status"] == "In Review"
    assert world.ada.approve(uid)["status"] == "Deployed"


def test_when_every_approver_is_gone_the_request_says_so_and_can_be_taken_back(world: World) -> None:
    world.policy()
    uid = world.in_review()
    assert world.ada.client.delete(f"/parcours/users/{world.leo.id}").status_code == 204
    assert world.dora.approval(uid)["policies"][0]["approvers"] == []
    assert world.ada.approve(uid, 403)
    assert world.dora.do(uid, "cancelApproval")["status"] == "Draft"
    assert number(world.dora.do(uid, "requestApproval", 409)) == "PARC-7411-409"


def test_of_a_policy_deleted_in_review_no_approval_is_needed(world: World) -> None:
    policy = world.policy()
    uid = world.in_review()
    world.ada.client.delete(f"{POLICIES}/{policy['uid']}")
    lawyers = world.role("Lawyers", "approve-journeys")
    world.ada.client.patch(f"/parcours/users/{world.leo.id}", json={"roles": [lawyers]})
    assert "whoever may publish" in world.leo.approve(uid, 403)["detail"]
    assert world.leo.approval(uid)["reason"] == "uncovered"
    assert world.dora.approve(uid)["status"] == "Deployed"  # as dora could have published


def test_a_policy_made_in_review_holds_for_what_waits(world: World) -> None:
    world.policy()
    uid = world.in_review()
    world.policy("Brand", approvers={"users": [world.mia.id]})
    assert world.leo.approve(uid)["status"] == "In Review"
    assert world.mia.approve(uid)["status"] == "Deployed"


def test_what_the_version_names_is_examined_again(world: World) -> None:
    world.policy()
    uid = world.in_review()
    action = f"{BASE}/actions/{world.sandbox.action['uid']}"
    body = world.ada.get(action).json()
    body["headers"] = [{"name": "X-Reason", "kind": "variable", "label": "Reason"}]  # drafts may have to follow
    answer = world.ada.client.put(action, json=body)
    assert answer.status_code == 200, answer.text
    refused = world.leo.approve(uid, 400)
    assert number(refused) == "PARC-7001-400"
    assert refused["report"]["sub-errors"][0]["nodeId"] == "mail"
    assert world.dora.status(uid) == "In Review"
    assert world.leo.do(uid, "requestChanges", comment="the action has changed")["status"] == "Draft"


def test_an_event_that_is_renamed_in_review_is_followed(world: World) -> None:
    world.policy()
    uid = world.in_review()
    event = f"{BASE}/events/{world.sandbox.event['uid']}"
    renamed = world.ada.client.put(event, json={**world.ada.get(event).json(), "name": "Purchase"})
    assert renamed.status_code == 200, renamed.text
    assert world.ada.client.delete(event).status_code == 409
    assert world.leo.approve(uid)["status"] == "Deployed"
    document = world.dora.get(f"{VERSIONS}/{uid}").json()["document"]
    assert "@event{Purchase." in document["nodes"]["big"]["paths"][0]["expression"]


def test_a_version_with_faults_is_not_sent_for_approval(world: World) -> None:
    world.policy()
    document = world.sandbox.document()
    document["nodes"]["mail"]["actionUid"] = "gone"
    uid = world.draft(nodes=document["nodes"])
    refused = world.dora.do(uid, "requestApproval", 400)
    assert refused["report"]["sub-errors"][0]["nodeId"] == "mail"
    unfinished = world.dora.post(JOURNEYS, {"name": "Later"}).json()["versionUid"]
    assert world.dora.approval(unfinished)["needed"] is False
    assert world.dora.do(unfinished, "requestApproval", 400)


# --- at once, and killed ------------------------------------------------------------------------------------------


def test_of_two_approvers_at_once_one_publishes(served: World) -> None:
    served.policy(approvers={"users": [served.leo.id, served.mia.id]})
    uid = served.in_review()
    request = served.leo.approval(uid)["request"]["uid"]

    def approve(who: Any) -> int:
        status: int = who.client.post(f"{VERSIONS}/{uid}/approve", json={"requestUid": request}).status_code
        return status

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(approve, (served.leo, served.mia))) == [200, 409]
    assert served.dora.status(uid) == "Deployed"
    assert [line[0] for line in served.ada.audit(uid)].count("Publish") == 1
    assert len(served.dora.approval(uid)["requests"][0]["decisions"]) == 1


def test_an_approval_that_can_not_be_written_whole_is_not_written_at_all(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.policy()
    uid = world.in_review()

    def killed(*_: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(world.platform.lifecycle, "on_publish", killed)  # the last step of the publication
        assert world.leo.approve(uid, 500)
    assert world.dora.status(uid) == "In Review"
    assert world.dora.approval(uid)["request"]["decisions"] == []
    assert [line[0] for line in world.ada.audit(uid)] == ["Create", "Request review"]
    assert world.leo.approve(uid)["status"] == "Deployed"
