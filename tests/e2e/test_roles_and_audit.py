"""Several credentials with roles of their own in two sandboxes of a real server, and the log of what they did."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import demo
import pytest
from asking import JSON, ask
from definitions import JOURNEYS, Defined, define
from platform_client import Platform
from receiver import Receiver
from running import RunningServer, wait_for

ADMIN = "/data/foundation/access-control/administration"
AUDIT = "/data/foundation/audit/events"


class World(NamedTuple):
    server: RunningServer
    admin: Platform
    defined: Defined
    designer: Platform
    """Standard User everywhere."""
    reader: Platform
    """Limited Access User everywhere."""
    guest: Platform
    """Manages journeys, publishes them and sees the audit log, in `dev` only."""


def credential(server: RunningServer, admin: Platform, name: str, *roles: str) -> Platform:
    made = admin.post(f"{ADMIN}/credentials", {"clientId": name, "roles": list(roles)})
    given = {"client_id": name, "client_secret": made["clientSecret"], "org_id": admin.headers["x-gw-ims-org-id"]}
    platform = Platform(server.url, given)
    platform.sign_in()
    return platform


def in_sandbox(platform: Platform, name: str) -> Platform:
    return Platform(platform.url, platform.credentials, {**platform.headers, "x-sandbox-name": name})


@pytest.fixture(scope="module")
def world(server: RunningServer) -> World:
    admin = server.platform()
    defined = define(admin, Receiver().url, lambda _line: None)
    role = {
        "name": "Guests of dev",
        "permissionSets": ["manage-journeys", "publish-journeys", "view-user-activity-log"],
        "sandboxes": ["dev"],
    }
    guests = admin.post(f"{ADMIN}/roles", role)["id"]
    return World(
        server, admin, defined,
        credential(server, admin, "designer", "standard-user"),
        credential(server, admin, "reader", "limited-access-user"),
        credential(server, admin, "guest", guests),
    )  # fmt: skip


def status(platform: Platform, method: str, path: str, body: Any = None) -> int:
    return ask(method, platform.url + path, body, {**platform.headers, **JSON}).status


def events(platform: Platform, *filters: str) -> list[dict[str, Any]]:
    asked = "&".join(f"property={one}" for one in filters)
    found: list[dict[str, Any]] = platform.get(f"{AUDIT}?limit=1000&{asked}")["_embedded"]["customerAuditLogList"]
    return found


def test_each_credential_does_what_its_role_allows(world: World) -> None:
    version = f"{JOURNEYS}/journeyVersions/{world.defined.journey_version}"
    calls: dict[tuple[str, str], tuple[int, int, int]] = {
        # (designer, reader, guest), all in prod
        ("GET", f"{JOURNEYS}/journeys"): (200, 200, 403),
        ("GET", version): (200, 200, 403),
        ("GET", f"{version}/counts"): (200, 200, 403),
        ("POST", f"{version}/check"): (200, 200, 403),
        ("POST", f"{version}/publish"): (409, 403, 403),  # it is live already
        ("POST", f"{JOURNEYS}/journeys"): (400, 403, 403),  # a body without a name
        ("GET", f"{JOURNEYS}/events"): (200, 403, 403),
        ("POST", f"{JOURNEYS}/events"): (403, 403, 403),
        ("POST", f"{JOURNEYS}/actions/x/test"): (403, 403, 403),
        ("GET", "/data/foundation/flowservice/flows"): (403, 403, 403),
        ("DELETE", "/data/foundation/catalog/dataSets/x"): (403, 403, 403),
        ("GET", "/parcours/failedRecords"): (403, 403, 403),
        ("GET", AUDIT): (403, 403, 403),
        ("GET", f"{ADMIN}/roles"): (403, 403, 403),
        ("POST", "/data/foundation/sandbox-management/sandboxes"): (403, 403, 403),
    }
    for (method, path), expected in calls.items():
        body = {} if method == "POST" else None
        found = tuple(status(one, method, path, body) for one in (world.designer, world.reader, world.guest))
        assert found == expected, (method, path)
    assert world.admin.get(version)["status"] == "Deployed"


def test_a_role_of_one_sandbox_works_there_and_nowhere_else(world: World) -> None:
    dev = in_sandbox(world.guest, "dev")
    made = dev.post(f"{JOURNEYS}/journeys", {"name": "Of a guest"})
    assert status(dev, "POST", f"{JOURNEYS}/journeyVersions/{made['versionUid']}/publish") == 400  # it has no nodes
    assert status(world.guest, "GET", f"{JOURNEYS}/journeyVersions/{made['versionUid']}") == 403
    own = dev.get("/data/foundation/sandbox-management")["sandboxes"]
    assert [sandbox["name"] for sandbox in own] == ["dev"]
    found = [(one["action"], one["status"], one["failureCode"]) for one in events(dev, "user==guest@techacct.parcours")]
    assert found[:2] == [("Publish", "Failure", "JourneyInvalid"), ("Create", "Success", "")]
    assert {one["sandboxName"] for one in events(dev)} == {"dev"}
    denied = events(world.admin, "user==guest@techacct.parcours", "status==Deny")
    assert denied
    assert {one["sandboxName"] for one in denied} == {"prod"}


def test_a_role_given_and_taken_back_holds_from_the_next_call_on(world: World) -> None:
    path = f"{ADMIN}/roles/administrators/subjects"
    for verb, expected in (("add", 200), ("remove", 403)) * 3:
        change = [{"op": verb, "path": "/api-integration", "value": "reader"}]
        assert status(world.admin, "PATCH", path, change) == 200
        assert status(world.reader, "GET", "/data/foundation/flowservice/flows") == expected


def test_inlets_ask_for_no_permission(world: World) -> None:
    message = demo.raw_member(1)
    headers = {**JSON, "Authorization": world.reader.headers["Authorization"]}
    answer = ask("POST", world.defined.raw_inlet, message, {**headers, "x-adobe-flow-id": world.defined.raw_flow})
    assert answer.status == 200


def test_what_was_done_and_denied_is_told_over_http_and_by_the_command(world: World) -> None:
    action = world.admin.get(f"{JOURNEYS}/actions")["results"][0]
    assert status(world.designer, "DELETE", f"{JOURNEYS}/actions/{action['uid']}") == 403
    version = world.admin.post(f"{JOURNEYS}/journeys", {"name": "Short-lived"})
    assert status(world.designer, "DELETE", f"{JOURNEYS}/journeys/{version['uid']}") == 204
    newest = events(world.admin, "user==designer@techacct.parcours")
    deletion, denial = newest[0], newest[1]
    assert (deletion["action"], deletion["assetName"], deletion["status"]) == ("Delete", "Short-lived", "Success")
    assert deletion["userIpAddresses"] == ["127.0.0.1"]
    assert (denial["assetType"], denial["assetId"]) == ("Journey custom action", action["uid"])
    assert (denial["status"], denial["permissionResource"]) == ("Deny", "journeys_actions")

    run = world.server.command("audit", "--kind", "journey", "--since", "1h", "--json")
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)[0]["id"] == deletion["id"]
    run = world.server.command("audit", "--limit", "2", "--sandbox", "dev")
    assert run.returncode == 0, run.stderr
    assert "guest@techacct.parcours" in run.stdout
    run = world.server.command("audit", "--kind", "Nothing")
    assert (run.returncode, run.stdout) == (0, "Nothing in the audit log.\n")
    run = world.server.command("audit", "--since", "yesterday")
    assert (run.returncode, run.stderr.count("\n")) == (1, 1)


def test_the_address_of_a_call_is_what_a_trusted_proxy_tells(world: World, tmp_path: Path) -> None:
    trusting = RunningServer(tmp_path / "data", PARCOURS_TRUSTED_PROXIES="10.0.0.0/8,127.0.0.1").start()
    try:
        found = []
        for platform in (world.admin, trusting.platform()):
            forwarded = {**platform.headers, "X-Forwarded-For": "198.51.100.7, 203.0.113.9, 10.0.0.4"}
            made = ask("POST", f"{platform.url}{JOURNEYS}/journeys", {"name": "Forwarded"}, forwarded)
            assert made.status == 201
            found += events(platform, "assetName==Forwarded")
        assert [one["userIpAddresses"] for one in found] == [["127.0.0.1"], ["203.0.113.9"]]
    finally:
        assert trusting.stop() == 0


def test_the_worker_logs_what_it_makes_by_itself(world: World) -> None:
    """The first step event makes the data set of step events."""
    assert ask("POST", world.defined.event_inlet, demo.order(world.admin, world.defined, 1)).status == 200
    made = ("assetType==Dataset", "user==parcours", "assetName==journey_step_events")
    wait_for(lambda: events(world.admin, *made), what="the worker's line")
    (line,) = events(world.admin, *made)
    assert (line["action"], line["userIpAddresses"]) == ("Create", [])


def test_roles_and_log_are_there_after_a_crash(world: World) -> None:
    before = events(world.admin)
    world.server.kill()
    world.server.start()
    assert status(world.reader, "GET", f"{JOURNEYS}/journeys") == 200
    assert status(world.reader, "GET", f"{JOURNEYS}/events") == 403
    after = events(world.admin)
    assert [one["id"] for one in after[-len(before) :]] == [one["id"] for one in before]


def test_a_credential_that_is_gone_gets_nowhere(world: World) -> None:
    assert status(world.admin, "DELETE", f"{ADMIN}/credentials/reader") == 204
    assert status(world.reader, "GET", f"{JOURNEYS}/journeys") == 401
    headers = {
        **JSON,
        "Authorization": world.reader.headers["Authorization"],
        "x-adobe-flow-id": world.defined.raw_flow,
    }
    assert ask("POST", world.defined.raw_inlet, demo.raw_member(2), headers).status == 401
    assert status(world.admin, "DELETE", f"{ADMIN}/credentials/{world.server.credentials['client_id']}") == 409
