"""Approval over the real server: by whom a journey goes live, and by whom not, and kill -9 within."""

import threading
from pathlib import Path
from typing import Any

import pytest
from asking import ask, query
from definitions import JOURNEYS, define
from journey_tools import event_uid
from platform_client import Platform
from receiver import Receiver
from running import RunningServer, wait_for

ADMIN = "/data/foundation/access-control/administration"
VERSIONS = f"{JOURNEYS}/journeyVersions"
COUNT = 20
"""With the journey of the demo, fewer than may listen to one event."""


def credential(server: RunningServer, admin: Platform, name: str) -> Platform:
    made = admin.post(f"{ADMIN}/credentials", {"clientId": name, "roles": ["standard-user"]})
    given = {"client_id": name, "client_secret": made["clientSecret"], "org_id": admin.headers["x-gw-ims-org-id"]}
    platform = Platform(server.url, given)
    platform.sign_in()
    return platform


def refused(platform: Platform, path: str, body: Any = None) -> tuple[int, str]:
    answer = ask("POST", platform.url + path, body, platform.headers)
    return answer.status, answer.body["type"].rpartition("/")[2]


def audit(admin: Platform, uid: str) -> list[str]:
    found = admin.get(query("/data/foundation/audit/events", property=f"assetId=={uid}", limit=100))
    return [one["action"] for one in reversed(found["_embedded"]["events"]) if one["status"] == "Success"]


def draft(platform: Platform, name: str) -> str:
    document = {
        "name": name,
        "entry": {"node": "order", "reentrance": {"allowed": True, "waitSeconds": 0}},
        "nodes": {"order": {"type": "event", "eventUid": event_uid(platform)}, "end": {"type": "end"}},
        "edges": [{"from": "order", "to": "end"}],
    }
    uid: str = platform.post(f"{JOURNEYS}/journeys", document)["versionUid"]
    return uid


@pytest.mark.timeout(600)
def test_an_approval_survives_kill_9_whole_or_not_at_all(tmp_path: Path) -> None:
    server = RunningServer(tmp_path / "data").start()
    admin = server.platform()
    define(admin, Receiver().url, lambda _line: None)
    author, approver = credential(server, admin, "author"), credential(server, admin, "approver")
    role = admin.post(
        f"{ADMIN}/roles", {"name": "Approvers", "permissionSets": ["approve-journeys"], "sandboxes": ["*"]}
    )
    admin.patch(
        f"{ADMIN}/roles/{role['id']}/subjects", [{"op": "add", "path": "/api-integration", "value": "approver"}]
    )
    admin.post(f"{JOURNEYS}/approvalPolicies", {"name": "All", "approvers": {"roles": [role["id"]]}})
    uids = [draft(author, f"Waits {number}") for number in range(COUNT)]
    assert refused(author, f"{VERSIONS}/{uids[0]}/publish") == (409, "PARC-7410-409")
    assert refused(admin, f"{VERSIONS}/{uids[0]}/publish") == (409, "PARC-7410-409")
    requests = {uid: author.post(f"{VERSIONS}/{uid}/requestApproval", {})["approvalRequestUid"] for uid in uids}
    assert refused(author, f"{VERSIONS}/{uids[0]}/approve", {"requestUid": requests[uids[0]]})[0] == 403

    answered: list[str] = []

    def approve_all() -> None:
        for uid in uids:
            try:
                approver.post(f"{VERSIONS}/{uid}/approve", {"requestUid": requests[uid], "comment": "fine"})
            except Exception:  # it was killed
                return
            answered.append(uid)

    working = threading.Thread(target=approve_all)
    working.start()
    wait_for(lambda: len(answered) >= COUNT // 3, what="some approvals")
    server.kill()
    working.join(60)
    assert COUNT // 3 <= len(answered) < COUNT

    server.start()
    author.sign_in()
    approver.sign_in()
    admin = server.platform()
    waiting = []
    for uid in uids:
        status, found = author.get(f"{VERSIONS}/{uid}")["status"], author.get(f"{VERSIONS}/{uid}/approval")
        (request,) = found["requests"]
        told = ["Create", "Request review"]
        if status == "Deployed":
            assert (request["state"], [one["by"] for one in request["decisions"]]) == (
                "approved", [author.get(f"{VERSIONS}/{uid}")["metadata"]["lastDeployedBy"]],
            )  # fmt: skip
            told += ["Approve", "Publish"]
        else:
            assert (status, request["state"], request["decisions"]) == ("In Review", "open", [])
            waiting.append(uid)
        assert audit(admin, uid) == told
    assert not set(answered) & set(waiting)
    found = approver.get(query(f"{JOURNEYS}/approvalRequests", mine="true"))["results"]
    assert {one["versionUid"] for one in found} == set(waiting)
    for uid in waiting:
        approver.post(f"{VERSIONS}/{uid}/approve", {"requestUid": requests[uid]})
    assert {author.get(f"{VERSIONS}/{uid}")["status"] for uid in uids} == {"Deployed"}
    assert server.stop() == 0
