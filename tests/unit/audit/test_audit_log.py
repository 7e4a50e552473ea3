"""The audit log: what is written, in which transaction, and how it is read over HTTP."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, insert, select
from sqlalchemy.exc import OperationalError

from parcours.app import Platform
from parcours.audit import CALL, AuditEvent, Call
from parcours.audit.store import audit_event_table, find, forget_audit_events, record, record_change
from parcours.db import Database
from parcours.edge import build_control_plane
from parcours.resources.store import Author, ResourceStore

sys.path.insert(0, str(Path(__file__).parents[1] / "events"))
from event_world import EVENTS, create_schema, event_body

EVENTS_PATH = "/data/foundation/audit/events"
JOURNEYS = "/journey/orchestration"
ADMIN = "/data/foundation/access-control/administration"
SANDBOXES = "/data/foundation/sandbox-management/sandboxes"
CLIENT = "client@techacct.parcours"


@pytest.fixture(autouse=True)
def no_call() -> Iterator[None]:
    token = CALL.set(None)
    yield
    CALL.reset(token)


def log(api: TestClient, *filters: str, **query: Any) -> list[dict[str, Any]]:
    answer = api.get(EVENTS_PATH, params={"property": list(filters), "limit": 1000, **query})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["_embedded"]["customerAuditLogList"]
    return found


def told(api: TestClient, *filters: str) -> list[tuple[str, str, str, str]]:
    """(asset type, action, name, status), oldest first, without the tests' own token."""
    return [
        (one["assetType"], one["action"], one["assetName"], one["status"])
        for one in reversed(log(api, "assetType!=Token,Credential", *filters))
    ]


# --- the store ---


def lines(db: Database, *scopes: int) -> list[AuditEvent]:
    with db.read() as connection:
        return find(connection, scopes or (1,), [], 0, 100)


def test_a_change_and_its_line_are_one_transaction(db: Database) -> None:
    resources, author = ResourceStore(), Author("ann", "client")
    with db.write() as connection:
        made = resources.create(connection, 1, author, "event", {"name": "Order"}, "e1")

    def fail_after_a_change() -> None:
        with db.write() as connection:
            resources.replace(connection, made, author, {"name": "Changed"})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_a_change()
    (line,) = lines(db)
    assert (line.action, line.asset_type, line.asset_id, line.asset_name) == ("Create", "Journey event", "e1", "Order")
    assert (line.user_id, line.client_id, line.scope_id, line.status) == ("ann", "client", 1, "Success")
    assert line.at_ms > 0


def test_create_replace_and_delete_of_any_kind_are_logged(db: Database) -> None:
    resources, author = ResourceStore(), Author("ann", "client")
    for kind in ("event", "aKindNobodyThoughtOf"):
        with db.write() as connection:
            made = resources.create(connection, 1, author, kind, {"name": "A"}, "x")
            made = resources.replace(connection, made, author, {"name": "B"})
            resources.delete(connection, made)
    assert [(line.asset_type, line.action, line.asset_name) for line in reversed(lines(db))] == [
        ("Journey event", "Create", "A"),
        ("Journey event", "Update", "B"),
        ("Journey event", "Delete", "B"),
        ("A kind nobody thought of", "Create", "A"),
        ("A kind nobody thought of", "Update", "B"),
        ("A kind nobody thought of", "Delete", "B"),
    ]


def test_who_deletes_is_whoever_calls_and_else_the_system(db: Database) -> None:
    resources, author = ResourceStore(), Author("ann", "client")
    for call in (None, Call("192.0.2.7", "r1"), Call("192.0.2.7", "r2", "bob", "client-2")):
        CALL.set(call)
        with db.write() as connection:
            resources.delete(connection, resources.create(connection, 1, author, "event", {}, "x"))
    found = [(line.user_id, line.client_id, line.ip, line.request_id) for line in lines(db) if line.action == "Delete"]
    assert found == [
        ("bob", "client-2", "192.0.2.7", "r2"),
        ("parcours", "parcours", "192.0.2.7", "r1"),
        ("parcours", "parcours", "", ""),
    ]


def test_a_journeys_own_row_is_silent_as_its_versions_tell(db: Database) -> None:
    with db.write() as connection:
        record_change(connection, 1, "journey", "j", None, {"versions": []})
        record_change(connection, 1, "deletedFlow", "f", None, {})
    assert lines(db) == []


def test_long_and_odd_texts_are_cut_and_kept(db: Database) -> None:
    with db.write() as connection:
        record(connection, AuditEvent(1, "x" * 500, "t" * 500, "i" * 500, "n\0" * 500, "r" * 500, request_id="q" * 500))
    (line,) = lines(db)
    assert line.asset_name == "n" * 255
    assert (len(line.action), len(line.asset_id), len(line.request_id)) == (60, 255, 120)


def test_old_lines_go_some_at_a_time(db: Database) -> None:
    with db.write() as connection:
        for at_ms in (1, 2, 3, 100):
            record(connection, AuditEvent(1, "Create", "Role", "r", "r", "roles", at_ms=at_ms))
    assert forget_audit_events(db, 100, limit=2)
    assert [line.at_ms for line in lines(db)] == [100, 3]
    assert not forget_audit_events(db, 100, limit=2)
    assert not forget_audit_events(db, 100, limit=2)
    assert [line.at_ms for line in lines(db)] == [100]


# --- what is logged of calls ---


def test_the_life_of_a_journey_is_logged(api: TestClient) -> None:
    schema = create_schema(api)
    event = api.post(EVENTS, json=event_body(schema, fields=["/_acme"])).json()
    document = {
        "name": "Welcome",
        "entry": {"node": "start"},
        "nodes": {"start": {"type": "event", "eventUid": event["uid"]}, "end": {"type": "end"}},
        "edges": [{"from": "start", "to": "end"}],
    }
    made = api.post(f"{JOURNEYS}/journeys", json=document).json()
    version = f"{JOURNEYS}/journeyVersions/{made['versionUid']}"
    assert api.put(version, json={**document, "description": "new"}).status_code == 200
    for verb in ("check", "publish", "pause", "resume", "close", "stop"):
        answer = api.post(f"{version}/{verb}")
        assert answer.status_code == 200, (verb, answer.text)
    dry = api.post(f"{JOURNEYS}/journeys", json={**document, "name": "Dry"}).json()
    for verb in ("dryRun", "endDryRun"):
        assert api.post(f"{JOURNEYS}/journeyVersions/{dry['versionUid']}/{verb}").status_code == 200, verb
    other = api.post(f"{JOURNEYS}/journeys", json={"name": "Never"}).json()
    assert api.delete(f"{JOURNEYS}/journeys/{other['uid']}").status_code in (200, 204)
    assert told(api, "assetType==Journey") == [
        ("Journey", "Create", "Welcome", "Success"),
        ("Journey", "Update", "Welcome", "Success"),
        ("Journey", "Publish", "Welcome", "Success"),
        ("Journey", "Pause", "Welcome", "Success"),
        ("Journey", "Resume", "Welcome", "Success"),
        ("Journey", "Close", "Welcome", "Success"),
        ("Journey", "Stop", "Welcome", "Success"),
        ("Journey", "Create", "Dry", "Success"),
        ("Journey", "Start dry run", "Dry", "Success"),
        ("Journey", "Stop dry run", "Dry", "Success"),
        ("Journey", "Create", "Never", "Success"),
        ("Journey", "Delete", "Never", "Success"),
    ]
    (event_line,) = log(api, "assetType==Journey event")
    assert (event_line["assetId"], event_line["assetName"]) == (event["uid"], event["name"])
    assert (event_line["permissionResource"], event_line["permissionType"]) == ("journeys_events", "WRITE")


def test_a_line_says_who_when_from_where_and_in_which_call(api: TestClient) -> None:
    api.post(f"{JOURNEYS}/journeys", json={"name": "A"}, headers={"x-request-id": "my-request"})
    (line,) = log(api, "requestId==my-request")
    assert line["userEmail"] == CLIENT
    assert line["authId"] == "client"
    assert line["userIpAddresses"] == ["testclient"]
    assert (line["imsOrgId"], line["sandboxName"]) == ("ACME@AdobeOrg", "prod")
    assert line["timestamp"].endswith("+0000")
    assert (line["status"], line["failureCode"], line["eventType"], line["version"]) == ("Success", "", "Core", "1.0")
    deleted = api.post(f"{JOURNEYS}/journeys", json={"name": "B"}).json()
    api.delete(f"{JOURNEYS}/journeys/{deleted['uid']}", headers={"x-request-id": "deletion"})
    (line,) = log(api, "requestId==deletion")
    assert (line["action"], line["userEmail"], line["userIpAddresses"]) == ("Delete", CLIENT, ["testclient"])


def test_denied_calls_are_logged(api: TestClient, platform: Platform) -> None:
    platform.access.add_client("ACME@AdobeOrg", "reader", "secret", ("limited-access-user",))
    form = {"grant_type": "client_credentials", "client_id": "reader", "client_secret": "secret"}
    token = platform.access.issue_token(form)["access_token"]
    headers = {"Authorization": f"Bearer {token}", "x-api-key": "reader"}
    for method, path in (
        ("POST", f"{JOURNEYS}/journeyVersions/v1/publish"),
        ("DELETE", f"{JOURNEYS}/journeys/j1"),
        ("POST", f"{JOURNEYS}/events"),
        ("GET", f"{JOURNEYS}/actions/a1"),
        ("GET", f"{JOURNEYS}/journeys"),
    ):
        api.request(method, path, json={}, headers=headers)
    found = [
        (one["action"], one["assetType"], one["assetId"], one["permissionResource"], one["permissionType"])
        for one in reversed(log(api, "status==Deny", "user==reader@techacct.parcours"))
    ]
    assert found == [
        ("Publish", "Journey", "v1", "journeys", "PUBLISH"),
        ("Delete", "Journey", "j1", "journeys", "DELETE"),
        ("Create", "Journey event", "", "journeys_events", "WRITE"),
        ("Read", "Journey custom action", "a1", "journeys_actions", "READ"),
    ]
    assert {one["failureCode"] for one in log(api, "status==Deny")} == {"PermissionDenied"}


def test_failed_changes_are_logged_and_failed_questions_are_not(api: TestClient) -> None:
    made = api.post(f"{JOURNEYS}/journeys", json={"name": "Empty"}).json()
    assert api.post(f"{JOURNEYS}/journeyVersions/{made['versionUid']}/publish").status_code == 400
    assert api.post(f"{JOURNEYS}/journeys", content=b"{").status_code == 400
    assert api.get(f"{JOURNEYS}/journeys/nowhere").status_code == 404
    found = [(one["action"], one["assetId"], one["failureCode"]) for one in reversed(log(api, "status==Failure"))]
    assert found == [("Publish", made["versionUid"], "JourneyInvalid"), ("Create", "", "BodyInvalid")]


def test_timeouts_that_somebody_else_changes_are_denied_in_the_log(api: TestClient, platform: Platform) -> None:
    platform.access.add_client("ACME@AdobeOrg", "designer", "secret", ("standard-user",))
    form = {"grant_type": "client_credentials", "client_id": "designer", "client_secret": "secret"}
    headers = {
        "Authorization": f"Bearer {platform.access.issue_token(form)['access_token']}",
        "x-api-key": "designer",
    }
    body = {"name": "A", "timeouts": {"actionSeconds": 5}}
    assert api.post(f"{JOURNEYS}/journeys", json=body, headers=headers).status_code == 403
    (line,) = log(api, "status==Deny")
    assert (line["permissionType"], line["userEmail"]) == ("ADMINISTER", "designer@techacct.parcours")


def test_roles_credentials_tokens_and_sandboxes_are_logged_in_prod(api: TestClient) -> None:
    role_id = api.post(f"{ADMIN}/roles", json={"name": "Helpers"}).json()["id"]
    api.put(f"{ADMIN}/roles/{role_id}", json={"permissionSets": ["view-journeys"]})
    made = api.post(f"{ADMIN}/credentials", json={"clientId": "robot"}).json()
    subjects = f"{ADMIN}/roles/{role_id}/subjects"
    api.patch(subjects, json=[{"op": "add", "path": "/api-integration", "value": "robot"}])
    api.patch(subjects, json=[{"op": "add", "path": "/api-integration", "value": "robot"}])  # no change, no line
    api.patch(subjects, json=[{"op": "remove", "path": "/api-integration", "value": "robot"}])
    api.delete(f"{ADMIN}/roles/{role_id}")
    assert [(action, name) for _, action, name, _ in told(api, "assetType==Role")] == [
        ("Create", "Helpers"),
        ("Update", "Helpers"),
        ("Add user", "Helpers: robot"),
        ("Remove user", "Helpers: robot"),
        ("Delete", "Helpers"),
    ]
    form = {"grant_type": "client_credentials", "client_id": "robot", "client_secret": made["clientSecret"]}
    token = api.post("/ims/token/v3", data=form).json()["access_token"]
    api.post("/ims/token/v3", data={**form, "client_secret": "wrong"})
    api.post("/ims/invalidate_token/v2", data={"token": token})
    api.patch(f"{ADMIN}/credentials/robot", json={"enabled": False})
    api.delete(f"{ADMIN}/credentials/robot")
    found = [
        (one["assetType"], one["action"], one["status"])
        for one in reversed(log(api, "assetId==robot", "assetType==Token,Credential"))
    ]
    assert found == [
        ("Credential", "Create", "Success"),
        ("Token", "Create", "Success"),
        ("Token", "Create", "Failure"),
        ("Token", "Delete", "Success"),
        ("Credential", "Disable", "Success"),
        ("Credential", "Delete", "Success"),
    ]
    api.post(SANDBOXES, json={"name": "trial", "title": "Trial"})
    api.patch(f"{SANDBOXES}/trial", json={"title": "Trial 2"})
    api.put(f"{SANDBOXES}/trial", json={"action": "reset"})
    api.delete(f"{SANDBOXES}/trial")
    assert [(action, name) for _, action, name, _ in told(api, "assetType==Sandbox")] == [
        ("Create", "Trial"),
        ("Update", "Trial 2"),
        ("Reset", "Trial 2"),
        ("Delete", "Trial 2"),
    ]


def test_a_log_that_cannot_be_written_stops_no_token_and_no_denial(
    api: TestClient, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.access.add_client("ACME@AdobeOrg", "nobody", "secret", ())

    def full(*_args: Any) -> None:
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    monkeypatch.setattr("parcours.access.service.record", full)
    form = {"grant_type": "client_credentials", "client_id": "nobody", "client_secret": "secret"}
    token = api.post("/ims/token/v3", data=form).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "x-api-key": "nobody"}
    assert api.get(f"{JOURNEYS}/journeys", headers=headers).status_code == 403


# --- reading it ---


def test_each_sandbox_has_its_own_log(api: TestClient) -> None:
    api.post(f"{JOURNEYS}/journeys", json={"name": "In prod"})
    api.post(f"{JOURNEYS}/journeys", json={"name": "In dev"}, headers={"x-sandbox-name": "dev"})
    assert [name for _, _, name, _ in told(api, "assetType==Journey")] == ["In prod"]
    api.headers["x-sandbox-name"] = "dev"
    (line,) = log(api)
    assert (line["assetName"], line["sandboxName"]) == ("In dev", "dev")


def test_the_log_of_a_sandbox_outlives_its_reset(api: TestClient) -> None:
    api.headers["x-sandbox-name"] = "dev"
    api.post(f"{JOURNEYS}/journeys", json={"name": "Before"})
    assert api.put(f"{SANDBOXES}/dev", json={"action": "reset"}).status_code == 202
    api.post(f"{JOURNEYS}/journeys", json={"name": "After"})
    assert [one["assetName"] for one in log(api)] == ["After", "Before"]
    api.headers["x-sandbox-name"] = "prod"
    assert [name for _, action, name, _ in told(api) if action == "Reset"] == ["Development"]


def test_another_organisation_sees_nothing(api: TestClient, platform: Platform) -> None:
    platform.access.add_org("OTHER@AdobeOrg", "other")
    platform.access.add_client("OTHER@AdobeOrg", "other", "secret")
    api.post(f"{JOURNEYS}/journeys", json={"name": "Ours"})
    form = {"grant_type": "client_credentials", "client_id": "other", "client_secret": "secret"}
    headers = {
        "Authorization": f"Bearer {platform.access.issue_token(form)['access_token']}",
        "x-api-key": "other",
        "x-gw-ims-org-id": "OTHER@AdobeOrg",
    }
    found = api.get(EVENTS_PATH, headers=headers).json()["_embedded"]["customerAuditLogList"]
    assert [(one["assetType"], one["assetName"]) for one in found] == [("Token", "other"), ("Credential", "other")]
    roles = api.get(f"{ADMIN}/roles", headers=headers).json()["roles"]
    assert {role["roleType"] for role in roles} == {"system-defined"}
    mine = api.post(f"{ADMIN}/roles", json={"name": "Ours"}).json()["id"]
    for path in (f"{ADMIN}/roles/{mine}", f"{ADMIN}/credentials/client"):
        assert api.get(path, headers=headers).status_code == 404
        assert api.delete(path, headers=headers).status_code == 404
    given = [{"op": "add", "path": "/user", "value": "client"}]
    answer = api.patch(f"{ADMIN}/roles/administrators/subjects", json=given, headers=headers)
    assert answer.status_code == 404


@pytest.fixture
def filled(platform: Platform, api: TestClient) -> Callable[..., list[str]]:
    """Seven lines in sandbox `dev`, a minute apart; gives the names that a question finds."""
    with platform.db.write() as connection:
        scope = platform.access.sandbox("ACME@AdobeOrg", "dev").scope_id
        for number in range(7):
            record(
                connection,
                AuditEvent(
                    scope, "Create" if number % 2 else "Delete", "Journey", f"id{number}", f"n{number}", "journeys",
                    "Deny" if number == 3 else "Success", user_id="ann" if number < 4 else "bob", client_id="c",
                    at_ms=1_700_000_000_000 + number * 60_000,
                ),
            )  # fmt: skip
    api.headers["x-sandbox-name"] = "dev"
    return lambda *filters: [one["assetName"] for one in log(api, *filters)]


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ([], "n6 n5 n4 n3 n2 n1 n0"),
        (["action==Create"], "n5 n3 n1"),
        (["action==create,delete", "user==ann"], "n3 n2 n1 n0"),
        (["status==Deny"], "n3"),
        (["status==Allow"], "n6 n5 n4 n2 n1 n0"),
        (["status!=Success"], "n3"),
        (["assetId==id2"], "n2"),
        (["assetName=n2"], "n2"),
        (["assetType==journey"], "n6 n5 n4 n3 n2 n1 n0"),
        (["type==core"], "n6 n5 n4 n3 n2 n1 n0"),
        (["type==enhanced"], ""),
        (["type!=core"], ""),
        (["timestamp>=2023-11-14T22:16:20Z"], "n6 n5 n4 n3"),
        (["timestamp>2023-11-14T22:16:20Z", "timestamp<2023-11-14T22:18:20.000Z"], "n4"),
        (["timestamp<=2023-11-14T23:13:20+01:00"], "n0"),
        (["timestamp>2023-11-14"], "n6 n5 n4 n3 n2 n1 n0"),
    ],
)
def test_filters(filled: Callable[..., list[str]], filters: list[str], names: str) -> None:
    assert " ".join(filled(*filters)) == names


@pytest.mark.parametrize(
    "query",
    [
        {"property": "colour==red"},
        {"property": "action>Create"},
        {"property": "action"},
        {"property": "timestamp>yesterday"},
        {"property": "timestamp!=2023-11-14"},
        {"property": ["action==a"] * 21},
        {"limit": "0"},
        {"limit": "1001"},
        {"start": "-1"},
        {"start": "x"},
        {"queryId": "nonsense"},
        {"queryId": "W10"},
        {"queryId": "ünsinn"},
    ],
)
def test_a_question_that_cannot_be_read_is_a_400(api: TestClient, query: dict[str, Any]) -> None:
    answer = api.get(EVENTS_PATH, params=query)
    assert answer.status_code == 400
    assert answer.json()["detail"]


def test_pages_stand_still_while_the_log_grows(api: TestClient, filled: Callable[..., list[str]]) -> None:
    first = api.get(EVENTS_PATH, params={"limit": 3, "property": "user==ann,bob"}).json()
    assert first["page"] == {"size": 3, "totalElements": 7, "totalPages": 3, "number": 1}
    assert first["_embedded"]["events"] == first["_embedded"]["customerAuditLogList"]
    api.post(f"{JOURNEYS}/journeys", json={"name": "Later"})
    names, page = [one["assetName"] for one in first["_embedded"]["events"]], first
    while "next" in page["_links"]:
        page = api.get(page["_links"]["next"]["href"]).json()
        names += [one["assetName"] for one in page["_embedded"]["events"]]
    assert names == ["n6", "n5", "n4", "n3", "n2", "n1", "n0"]
    assert page["page"]["number"] == 3
    again = api.get(EVENTS_PATH, params={"queryId": first["queryId"], "limit": 1}).json()
    assert [one["assetName"] for one in again["_embedded"]["events"]] == ["n6"]


def test_the_log_holds_what_another_process_wrote(platform: Platform, api: TestClient) -> None:
    """The worker writes too: what it does is done by the system."""
    with platform.db.write() as connection:
        scope = platform.access.sandbox("ACME@AdobeOrg", "prod").scope_id
        author = Author("parcours", "parcours")
        body = {"status": "Paused", "document": {"name": "A"}}
        paused = platform.resources.create(connection, scope, author, "journeyVersion", body, "v")
        platform.resources.replace(connection, paused, author, {**body, "status": "Deployed"})
        count = connection.execute(select(func.count()).select_from(audit_event_table)).scalar_one()
        assert count > 0
    newest = log(api, "assetType==Journey")[0]
    assert (newest["action"], newest["userEmail"]) == ("Resume", "parcours")


def test_two_control_planes_over_one_database_agree(platform: Platform, api: TestClient) -> None:
    other = TestClient(build_control_plane(platform), headers=dict(api.headers))
    api.post(f"{JOURNEYS}/journeys", json={"name": "A"})
    assert other.get(EVENTS_PATH).json()["_embedded"]["events"][0]["assetName"] == "A"
    with platform.db.write() as connection:
        connection.execute(
            insert(audit_event_table),
            {column.name: "" for column in audit_event_table.c if column.name not in ("id", "scope_id", "at_ms")}
            | {"scope_id": 99, "at_ms": 1},
        )
    assert len(log(api, "assetType==Journey")) == 1
