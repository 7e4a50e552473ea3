"""An organisation whose people sign in, with a journey that one of them designs."""

import sys
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from parcours.app import Platform
from parcours.edge import build_control_plane

sys.path.insert(0, str(Path(__file__).parents[1] / "events"))
sys.path.insert(0, str(Path(__file__).parents[1] / "journeys"))
from test_journey_api import JOURNEYS, VERSIONS, Sandbox

BASE = "/journey/orchestration"
POLICIES = f"{BASE}/approvalPolicies"
PASSWORD = "correct horse battery"


class Somebody:
    """Who is signed in, in a browser of their own; asked as a TestClient is."""

    def __init__(self, platform: Platform) -> None:
        self.client = TestClient(
            build_control_plane(platform), base_url="http://parcours.test", raise_server_exceptions=False
        )
        self.id = ""

    def sign(self, path: str, body: dict[str, Any]) -> "Somebody":
        answer = self.client.post(path, json=body)
        assert answer.status_code == 201, answer.text
        self.client.headers["x-csrf-token"] = answer.json()["csrfToken"]
        self.id = answer.json()["user"]["id"]
        return self

    def get(self, path: str, **more: Any) -> Any:
        return self.client.get(path, **more)

    def post(self, path: str, json: Any = None, **more: Any) -> Any:
        return self.client.post(path, json=json, **more)

    def do(self, uid: str, verb: str, expect: int = 200, /, **body: Any) -> Any:
        """A verb of a version; what is answered."""
        answer = self.client.post(f"{VERSIONS}/{uid}/{verb}", json=body)
        assert answer.status_code == expect, answer.text
        return answer.json()

    def approval(self, uid: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"{VERSIONS}/{uid}/approval").json()
        return found

    def approve(self, uid: str, expect: int = 200, comment: str = "") -> Any:
        """Approve what waits now."""
        request = self.approval(uid)["request"]
        return self.do(uid, "approve", expect, requestUid=request["uid"] if request else "none", comment=comment)

    def status(self, uid: str) -> str:
        found: str = self.client.get(f"{VERSIONS}/{uid}").json()["status"]
        return found

    def audit(self, uid: str) -> list[tuple[str, str, str]]:
        """(action, user, comment) about a version, oldest first, of what was done."""
        found = self.client.get(
            "/data/foundation/audit/events", params={"property": [f"assetId=={uid}", "status==Success"]}
        )
        events = found.json()["_embedded"]["events"]
        return [(one["action"], one["userEmail"], one.get("comment", "")) for one in reversed(events)]


class World:
    """ada administers; dora designs; leo and mia may approve where a policy names them; rob only reads."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        link = platform.users.open_setup()
        assert link is not None
        self.ada = Somebody(platform).sign("/parcours/setup", {**account("ada"), "token": link.url.partition("#")[2]})
        self.dora = self.invite("dora", "standard-user")
        self.leo = self.invite("leo", "standard-user")
        self.mia = self.invite("mia", "standard-user")
        self.rob = self.invite("rob", "limited-access-user")
        self.sandbox = Sandbox(self.ada)  # type: ignore[arg-type]

    def invite(self, name: str, *roles: str) -> Somebody:
        answer = self.ada.post("/parcours/users", {"email": f"{name}@example.com", "name": name, "roles": list(roles)})
        assert answer.status_code == 201, answer.text
        token = answer.json()["invitationUrl"].partition("#")[2]
        return Somebody(self.platform).sign("/parcours/join", {"token": token, "password": PASSWORD})

    def role(self, name: str, *permission_sets: str) -> str:
        path = "/data/foundation/access-control/administration/roles"
        body = {"name": name, "permissionSets": list(permission_sets), "sandboxes": ["*"]}
        answer = self.ada.post(path, body)
        assert answer.status_code == 201, answer.text
        uid: str = answer.json()["id"]
        return uid

    def policy(self, name: str = "Legal", expect: int = 201, **members: Any) -> Any:
        """A policy that leo approves for, unless told otherwise."""
        body = {"name": name, "approvers": {"users": [self.leo.id]}, **members}
        answer = self.ada.post(POLICIES, body)
        assert answer.status_code == expect, answer.text
        return answer.json()

    def draft(self, who: Somebody | None = None, **members: Any) -> str:
        """The version of a new journey that dora wrote."""
        answer = (who or self.dora).post(JOURNEYS, {**self.sandbox.document(), **members})
        assert answer.status_code == 201, answer.text
        uid: str = answer.json()["versionUid"]
        return uid

    def in_review(self, **members: Any) -> str:
        """A version whose approval dora has requested."""
        uid = self.draft(**members)
        self.dora.do(uid, "requestApproval", comment="please")
        return uid


def account(name: str) -> dict[str, str]:
    return {"email": f"{name}@example.com", "name": name, "password": PASSWORD}
