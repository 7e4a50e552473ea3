"""Sessions, users and one-time links through the control plane, on both databases."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.responses import Response

from parcours.access import user_store
from parcours.access.attempts import ACCOUNT_FREE, ADDRESS_FREE
from parcours.access.errors import TooManyAttempts
from parcours.access.sessions import COOKIE
from parcours.app import Platform, build_platform
from parcours.db import metadata
from parcours.edge import build_control_plane
from parcours.kit.settings import Settings

ADA = {"email": "ada@example.com", "password": "correct horse battery"}
BEN = {"email": "ben@example.com", "password": "staple staple staple"}


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def signing(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Platform]:
    """A bootstrapped server without users, on each kind of database."""
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
        )
    )
    metadata.create_all(built.db.engine)
    built.access.bootstrap()
    yield built
    built.close()


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """No lock runs out during the test, however slow the machine is."""
    now_ms = time.time_ns() // 1_000_000
    monkeypatch.setattr("parcours.access.attempts._now_ms", lambda: now_ms)


class Browser:
    """One browser: its cookie jar, and the page's CSRF token."""

    def __init__(self, platform: Platform) -> None:
        self.client = TestClient(
            build_control_plane(platform), base_url="http://parcours.test", raise_server_exceptions=False
        )
        self.csrf = ""

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        given = {"x-csrf-token": self.csrf, **{name.replace("_", "-"): value for name, value in headers.items()}}
        answer = self.client.request(method, path, json=body, headers={k: v for k, v in given.items() if v})
        if answer.headers.get("content-type") == "application/json" and "csrfToken" in answer.json():
            self.csrf = answer.json()["csrfToken"]
        return answer


def token_of(url: str) -> str:
    return url.partition("#")[2]


def set_up(platform: Platform) -> Browser:
    """The first administrator, signed in."""
    link = platform.users.open_setup()
    assert link is not None
    browser = Browser(platform)
    answer = browser.ask("POST", "/parcours/setup", {**ADA, "name": "Ada", "token": token_of(link.url)})
    assert answer.status_code == 201, answer.text
    return browser


def invited(admin: Browser, platform: Platform, roles: list[str], who: dict[str, str] = BEN) -> tuple[str, Browser]:
    """(id, browser) of somebody who has joined with these roles."""
    answer = admin.ask("POST", "/parcours/users", {"email": who["email"], "name": "Ben", "roles": roles})
    assert answer.status_code == 201, answer.text
    browser = Browser(platform)
    token = token_of(answer.json()["invitationUrl"])
    joined = browser.ask("POST", "/parcours/join", {"token": token, "password": who["password"]})
    assert joined.status_code == 201, joined.text
    return answer.json()["id"], browser


def error_code(answer: Response) -> str:
    code: str = answer.json()["error_code"]  # type: ignore[attr-defined]
    return code


def test_a_setup_link_makes_one_administrator_once(signing: Platform) -> None:
    link = signing.users.open_setup()
    assert link is not None
    browser = Browser(signing)
    nobody = browser.ask("GET", "/parcours/session")
    assert (nobody.status_code, nobody.json()["setupNeeded"], nobody.json()["oidc"]) == (401, True, None)
    assert nobody.json()["status"] == 401
    assert nobody.json()["detail"]
    body = {**ADA, "name": "Ada", "token": token_of(link.url)}
    assert browser.ask("POST", "/parcours/setup", {**body, "token": "another"}).status_code == 410
    short = browser.ask("POST", "/parcours/setup", {**body, "password": "short"})
    assert (short.status_code, short.json()["report"]["path"]) == (400, "$.password")
    made = browser.ask("POST", "/parcours/setup", body)
    assert made.status_code == 201
    cookie = made.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= {part.strip() for part in cookie.split(";")}
    assert "Secure" not in cookie
    assert made.headers["cache-control"] == "no-store"
    session = made.json()
    assert session["user"]["email"] == ADA["email"]
    assert session["organizations"] == [{"id": "ACME@AdobeOrg", "name": "acme", "tenantId": "acme"}]
    assert session["organization"] == "ACME@AdobeOrg"
    assert [one["name"] for one in session["sandboxes"]] == ["prod", "dev"]
    assert "journeys.publish" in session["permissions"]["dev"]
    assert "users.write" in session["organizationPermissions"]
    again = Browser(signing).ask("POST", "/parcours/setup", {**body, "email": "eve@example.com"})
    assert again.status_code == 410
    assert "parcours user invite" in again.json()["detail"]
    assert signing.users.open_setup() is None
    assert browser.ask("GET", "/parcours/session").json() == session | {
        "expiresAt": browser.ask("GET", "/parcours/session").json()["expiresAt"]
    }


def test_a_later_setup_link_makes_the_earlier_one_worthless(signing: Platform) -> None:
    first, second = signing.users.open_setup(), signing.users.open_setup()
    assert first is not None
    assert second is not None
    browser = Browser(signing)
    body = {**ADA, "name": "Ada"}
    assert browser.ask("POST", "/parcours/setup", {**body, "token": token_of(first.url)}).status_code == 410
    assert browser.ask("POST", "/parcours/setup", {**body, "token": token_of(second.url)}).status_code == 201


def test_a_cookie_goes_over_https_alone_where_the_server_is_reached_so(signing: Platform) -> None:
    link = signing.users.open_setup()
    assert link is not None
    signing.sessions.is_secure = True
    answer = Browser(signing).ask("POST", "/parcours/setup", {**ADA, "name": "Ada", "token": token_of(link.url)})
    assert "Secure" in answer.headers["set-cookie"]


def test_signing_in_and_out(signing: Platform) -> None:
    set_up(signing)
    browser = Browser(signing)
    assert browser.ask("GET", "/parcours/session").json()["setupNeeded"] is False
    unknown = browser.ask("POST", "/parcours/session", {**ADA, "email": "eve@example.com"})
    wrong = browser.ask("POST", "/parcours/session", {**ADA, "password": "wrong horse battery"})
    assert (unknown.status_code, wrong.status_code) == (401, 401)
    assert unknown.json()["detail"] == wrong.json()["detail"]
    right = browser.ask("POST", "/parcours/session", {**ADA, "email": " ADA@example.com "})
    assert right.status_code == 200
    stolen = browser.client.cookies[COOKIE]
    assert browser.ask("GET", "/journey/orchestration/journeys").status_code == 200
    out = browser.ask("DELETE", "/parcours/session")
    assert out.status_code == 204
    assert COOKIE not in browser.client.cookies
    browser.client.cookies.set(COOKIE, stolen)
    gone = browser.ask("GET", "/journey/orchestration/journeys")
    assert (gone.status_code, error_code(gone)) == (401, "401013")


def test_what_is_stored_of_a_session_opens_nothing(signing: Platform) -> None:
    browser = set_up(signing)
    cookie = browser.client.cookies[COOKIE]
    with signing.db.read() as connection:
        (row,) = connection.execute(user_store.session_table.select()).all()
        hashes = connection.execute(user_store.user_table.select()).one()
    assert cookie not in str(row)
    assert hashes.password_hash.startswith("$argon2id$")
    browser.client.cookies.clear()
    browser.client.cookies.set(COOKIE, row.digest)
    assert browser.ask("GET", "/parcours/me/sessions").status_code == 401


@pytest.mark.parametrize("token", ["", "0" * 64, "é"])
def test_a_change_needs_the_sessions_csrf_token(signing: Platform, token: str) -> None:
    browser = set_up(signing)
    browser.csrf = ""
    refused = browser.client.patch("/parcours/me", json={"name": "Eve"}, headers={"x-csrf-token": token.encode()})
    assert (refused.status_code, error_code(refused)) == (403, "403110")
    assert set(refused.json()) == {"error_code", "message"}
    made = browser.client.post("/journey/orchestration/ruleSets", json={}, headers={"x-csrf-token": token.encode()})
    assert made.status_code == 403


def test_the_csrf_token_of_another_session_is_worth_nothing(signing: Platform) -> None:
    first = set_up(signing)
    second = Browser(signing)
    second.ask("POST", "/parcours/session", ADA)
    assert first.csrf != second.csrf
    second.csrf = first.csrf
    assert second.ask("PATCH", "/parcours/me", {"name": "Eve"}).status_code == 403
    assert first.ask("PATCH", "/parcours/me", {"name": "Ada L."}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "same-origin", "origin": "http://localhost:5173"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": "http://parcours.test"}, 403),
        ({"origin": "http://parcours.test"}, 200),
        ({"origin": "http://parcours.test:81"}, 403),
        ({"origin": "http://evil.test"}, 403),
        ({"origin": "http://parcours.test.evil.test"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://["}, 403),
        ({}, 200),
    ],
)
def test_a_page_of_another_site_changes_nothing(signing: Platform, headers: dict[str, str], status: int) -> None:
    browser = set_up(signing)
    assert browser.ask("PATCH", "/parcours/me", {"name": "Ada L."}, **headers).status_code == status
    assert browser.ask("POST", "/parcours/session", ADA, **headers).status_code == status


def test_a_session_calls_without_the_platforms_headers(signing: Platform) -> None:
    browser = set_up(signing)
    path = "/journey/orchestration/journeys"
    assert browser.ask("GET", path).status_code == 200
    assert browser.ask("GET", path, x_sandbox_name="dev").status_code == 200
    assert browser.ask("GET", path, x_sandbox_name="nowhere").status_code == 404
    assert browser.ask("GET", path, x_gw_ims_org_id="ACME@AdobeOrg").status_code == 200
    other = browser.ask("GET", path, x_gw_ims_org_id="OTHER@AdobeOrg")
    assert (other.status_code, error_code(other)) == (403, "403025")
    token = browser.ask("GET", path, authorization="Bearer nonsense")
    assert (token.status_code, error_code(token)) == (401, "401013")


def test_a_user_does_what_its_roles_allow(signing: Platform) -> None:
    admin = set_up(signing)
    role = admin.ask(
        "POST",
        "/data/foundation/access-control/administration/roles",
        {"name": "Dev readers", "permissions": ["journeys.read"], "sandboxes": ["dev"]},
    ).json()["id"]
    user_id, reader = invited(admin, signing, [role])
    session = reader.ask("GET", "/parcours/session").json()
    assert session["sandboxes"] == [{"name": "dev", "title": "Development", "type": "development"}]
    assert session["permissions"] == {"dev": ["journeys.read"]}
    assert session["organizationPermissions"] == []
    path = "/journey/orchestration/journeys"
    assert reader.ask("GET", path, x_sandbox_name="dev").status_code == 200
    assert reader.ask("GET", path, x_sandbox_name="prod").status_code == 403
    assert reader.ask("POST", path, {}, x_sandbox_name="dev").status_code == 403
    assert reader.ask("GET", "/parcours/users").status_code == 403
    assert admin.ask("PATCH", f"/parcours/users/{user_id}", {"roles": ["standard-user"]}).status_code == 200
    assert reader.ask("GET", path, x_sandbox_name="prod").status_code == 200


def test_the_audit_log_names_the_user(signing: Platform) -> None:
    browser = set_up(signing)
    browser.ask("POST", "/parcours/session", {**ADA, "password": "wrong horse battery"})
    role = {"name": "Readers", "permissions": ["journeys.read"]}
    made = browser.ask("POST", "/data/foundation/access-control/administration/roles", role)
    assert made.json()["createdBy"] == ADA["email"]
    lines = browser.ask("GET", "/data/foundation/audit/events").json()["_embedded"]["events"]
    shown = {(line["assetType"], line["action"], line["status"], line["userEmail"]) for line in lines}
    assert ("Role", "Create", "Success", ADA["email"]) in shown
    assert ("User", "Sign in", "Failure", ADA["email"]) in shown
    assert ("User", "Sign in", "Success", ADA["email"]) in shown
    assert ("User", "Create", "Success", ADA["email"]) in shown


def test_failures_in_a_row_lock_the_account(signing: Platform, still: None) -> None:
    browser = set_up(signing)
    wrong = {**ADA, "password": "wrong horse battery"}
    assert [browser.ask("POST", "/parcours/session", wrong).status_code for _ in range(5)] == [401] * 5
    locked = browser.ask("POST", "/parcours/session", ADA)
    assert locked.status_code == 429
    assert 0 < int(locked.headers["retry-after"]) <= 15
    unknown = {**wrong, "email": "eve@example.com"}
    statuses = [browser.ask("POST", "/parcours/session", unknown).status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]
    with signing.db.write() as connection:
        connection.execute(user_store.attempt_table.update().values(locked_until_ms=1))
    assert browser.ask("POST", "/parcours/session", ADA).status_code == 200
    assert browser.ask("POST", "/parcours/session", wrong).status_code == 401


def test_disabling_a_user_ends_its_sessions(signing: Platform) -> None:
    admin = set_up(signing)
    user_id, ben = invited(admin, signing, ["standard-user"])
    assert ben.ask("GET", "/parcours/session").status_code == 200
    disabled = admin.ask("PATCH", f"/parcours/users/{user_id}", {"enabled": False})
    assert (disabled.status_code, disabled.json()["status"]) == (200, "disabled")
    assert ben.ask("GET", "/journey/orchestration/journeys").status_code == 401
    assert ben.ask("POST", "/parcours/session", BEN).status_code == 401
    assert admin.ask("POST", f"/parcours/users/{user_id}/resetLink").status_code == 400
    assert admin.ask("PATCH", f"/parcours/users/{user_id}", {"enabled": True}).status_code == 200
    assert ben.ask("GET", "/parcours/session").status_code == 401
    assert ben.ask("POST", "/parcours/session", BEN).status_code == 200


def test_the_last_administrator_stays(signing: Platform) -> None:
    admin = set_up(signing)
    (me,) = admin.ask("GET", "/parcours/users").json()["users"]
    path = f"/parcours/users/{me['id']}"
    invitation = admin.ask("POST", "/parcours/users", {"email": BEN["email"], "roles": ["administrators"]}).json()
    for method, body in (("PATCH", {"enabled": False}), ("PATCH", {"roles": []}), ("DELETE", None)):
        refused = admin.ask(method, path, body)
        assert (refused.status_code, refused.json()["title"]) == (409, "LastAdministrator")
    ben = Browser(signing)
    body = {"token": token_of(invitation["invitationUrl"]), "password": BEN["password"]}
    assert ben.ask("POST", "/parcours/join", body).status_code == 201
    assert ben.ask("DELETE", path).status_code == 204
    assert admin.ask("GET", "/parcours/session").status_code == 401


def test_a_link_is_used_once_and_replaced_by_the_next(signing: Platform) -> None:
    admin = set_up(signing)
    made = admin.ask("POST", "/parcours/users", {"email": BEN["email"], "roles": ["standard-user"]}).json()
    assert (made["status"], made["roles"], made["name"]) == ("invited", ["standard-user"], "ben")
    renewed = admin.ask("POST", f"/parcours/users/{made['id']}/resetLink").json()
    ben = Browser(signing)
    old = {"token": token_of(made["invitationUrl"]), "password": BEN["password"]}
    assert ben.ask("POST", "/parcours/join", old).status_code == 410
    new = {"token": token_of(renewed["url"]), "password": BEN["password"], "name": "Ben B."}
    assert ben.ask("POST", "/parcours/join", {**new, "password": "Ben@example.com"}).status_code == 400
    assert ben.ask("POST", "/parcours/join", new).json()["user"]["name"] == "Ben B."
    assert ben.ask("POST", "/parcours/join", new).status_code == 410
    reset = admin.ask("POST", f"/parcours/users/{made['id']}/resetLink").json()
    assert ben.ask("GET", "/parcours/session").status_code == 200
    third = Browser(signing)
    body = {"token": token_of(reset["url"]), "password": "another password"}
    assert third.ask("POST", "/parcours/join", body).status_code == 201
    assert ben.ask("GET", "/parcours/session").status_code == 401
    assert ben.ask("POST", "/parcours/session", BEN).status_code == 401


def test_changing_the_password_ends_the_other_sessions(signing: Platform) -> None:
    first = set_up(signing)
    second = Browser(signing)
    second.ask("POST", "/parcours/session", ADA)
    listed = first.ask("GET", "/parcours/me/sessions").json()["sessions"]
    assert sorted(one["isCurrent"] for one in listed) == [False, True]
    new = "a new and longer one"
    wrong = first.ask("PUT", "/parcours/me/password", {"old": "wrong", "new": new})
    assert (wrong.status_code, wrong.json()["report"]["path"]) == (400, "$.old")
    assert first.ask("PUT", "/parcours/me/password", {"old": ADA["password"], "new": "short"}).status_code == 400
    assert first.ask("PUT", "/parcours/me/password", {"old": ADA["password"], "new": new}).status_code == 204
    assert first.ask("GET", "/parcours/session").status_code == 200
    assert second.ask("GET", "/parcours/session").status_code == 401
    assert second.ask("POST", "/parcours/session", ADA).status_code == 401
    assert second.ask("POST", "/parcours/session", {**ADA, "password": new}).status_code == 200


def test_sessions_are_ended_one_by_one_or_all_others(signing: Platform) -> None:
    first = set_up(signing)
    others = [Browser(signing) for _ in range(3)]
    for one in others:
        one.ask("POST", "/parcours/session", ADA)
    listed = others[0].ask("GET", "/parcours/me/sessions").json()["sessions"]
    current = next(one["id"] for one in listed if one["isCurrent"])
    assert first.ask("DELETE", f"/parcours/me/sessions/{current}").status_code == 204
    assert first.ask("DELETE", f"/parcours/me/sessions/{current}").status_code == 404
    assert others[0].ask("GET", "/parcours/session").status_code == 401
    assert first.ask("DELETE", "/parcours/me/sessions").status_code == 204
    assert [one.ask("GET", "/parcours/session").status_code for one in [first, *others]] == [200, 401, 401, 401]


def test_a_session_ends_when_idle_and_at_last(signing: Platform) -> None:
    browser = set_up(signing)
    t = user_store.session_table

    def put(**values: int) -> None:
        with signing.db.write() as connection:
            connection.execute(t.update().values(**values))

    with signing.db.read() as connection:
        before = connection.execute(t.select()).one()
    put(seen_at_ms=before.seen_at_ms - 120_000, idle_ends_at_ms=before.idle_ends_at_ms - 120_000)
    assert browser.ask("GET", "/journey/orchestration/journeys").status_code == 200
    with signing.db.read() as connection:
        after = connection.execute(t.select()).one()
    assert after.idle_ends_at_ms >= before.idle_ends_at_ms
    assert after.ends_at_ms == before.ends_at_ms
    put(idle_ends_at_ms=1)
    assert browser.ask("GET", "/parcours/session").status_code == 401
    put(idle_ends_at_ms=after.idle_ends_at_ms)
    assert browser.ask("GET", "/parcours/session").status_code == 200
    put(ends_at_ms=1)
    assert browser.ask("GET", "/parcours/session").status_code == 401


def test_who_may_not_give_roles_becomes_nobody_who_may_more(signing: Platform) -> None:
    admin = set_up(signing)
    (me,) = admin.ask("GET", "/parcours/users").json()["users"]
    role = {"name": "Reception", "permissions": ["users.read", "users.write", "users.delete"], "sandboxes": ["*"]}
    made = admin.ask("POST", "/data/foundation/access-control/administration/roles", role)
    _, ben = invited(admin, signing, [made.json()["id"]])
    path = f"/parcours/users/{me['id']}"
    for method, at, body in (
        ("POST", f"{path}/resetLink", None),
        ("PATCH", path, {"email": "eve@example.com"}),
        ("PATCH", path, {"enabled": False}),
        ("DELETE", path, None),
        ("POST", "/parcours/users", {"email": "eve@example.com", "roles": ["administrators"]}),
    ):
        refused = ben.ask(method, at, body)
        assert refused.status_code == 403, (method, at)
    guest = ben.ask("POST", "/parcours/users", {"email": "eve@example.com"})
    assert guest.status_code == 201
    own = f"/parcours/users/{guest.json()['id']}"
    assert ben.ask("PATCH", own, {"roles": ["administrators"]}).status_code == 403
    assert ben.ask("PATCH", own, {"name": "Eve"}).status_code == 200


def test_another_organisation_has_a_user_as_a_guest(signing: Platform) -> None:
    admin = set_up(signing)
    user_id, ben = invited(admin, signing, ["standard-user"])
    signing.access.add_org("OTHER@AdobeOrg", "other")
    signing.access.add_client("OTHER@AdobeOrg", "other-client", "secret")
    form = {"grant_type": "client_credentials", "client_id": "other-client", "client_secret": "secret"}
    token = signing.access.issue_token(form)["access_token"]
    them = TestClient(
        build_control_plane(signing),
        headers={
            "Authorization": f"Bearer {token}",
            "x-api-key": "other-client",
            "x-gw-ims-org-id": "OTHER@AdobeOrg",
        },
    )
    assert them.get("/parcours/users").json() == {"users": []}
    assert them.get(f"/parcours/users/{user_id}").status_code == 404
    let_in = them.post("/parcours/users", json={"email": BEN["email"], "roles": ["limited-access-user"]})
    assert (let_in.status_code, let_in.json()["invitationUrl"]) == (201, None)
    for answer in (
        them.post(f"/parcours/users/{user_id}/resetLink"),
        them.patch(f"/parcours/users/{user_id}", json={"email": "eve@example.com"}),
        them.patch(f"/parcours/users/{user_id}", json={"enabled": False}),
    ):
        assert answer.status_code == 409
    assert len(ben.ask("GET", "/parcours/session").json()["organizations"]) == 2
    assert ben.ask("PUT", "/parcours/session/organization", {"id": "NOWHERE@AdobeOrg"}).status_code == 400
    moved = ben.ask("PUT", "/parcours/session/organization", {"id": "OTHER@AdobeOrg"}).json()
    assert moved["organization"] == "OTHER@AdobeOrg"
    assert "journeys.write" not in moved["permissions"]["prod"]
    assert ben.ask("GET", "/journey/orchestration/journeys", x_gw_ims_org_id="ACME@AdobeOrg").status_code == 403
    assert them.delete(f"/parcours/users/{user_id}").status_code == 204
    assert ben.ask("GET", "/parcours/session").status_code == 401
    assert ben.ask("POST", "/parcours/session", BEN).json()["organization"] == "ACME@AdobeOrg"


def test_addresses_are_unique_and_documents_checked(signing: Platform) -> None:
    admin = set_up(signing)
    for body, path in (
        ({"email": "nobody"}, "$.email"),
        ({"email": f"{'a' * 120}@example.com"}, "$.email"),
        ({"email": "a\u0000@example.com"}, "$.email"),
        ({"email": "a@example.com", "name": ""}, "$.name"),
        ({"email": "a@example.com", "locale": "not a tag"}, "$.locale"),
        ({"email": "a@example.com", "roles": "administrators"}, "$.roles"),
        ({"email": "a@example.com", "password": "x"}, "$.password"),
    ):
        refused = admin.ask("POST", "/parcours/users", body)
        assert (refused.status_code, refused.json()["report"]["path"]) == (400, path)
    assert admin.ask("POST", "/parcours/users", {"email": "ADA@example.com"}).status_code == 409
    assert admin.ask("POST", "/parcours/users", {"email": "a@example.com", "roles": ["none"]}).status_code == 404
    user_id, _ = invited(admin, signing, [])
    taken = admin.ask("PATCH", f"/parcours/users/{user_id}", {"email": ADA["email"]})
    assert taken.status_code == 409
    assert admin.ask("PATCH", f"/parcours/users/{user_id}", {"locale": "fr"}).json()["locale"] == "fr"
    assert admin.ask("DELETE", f"/parcours/users/{user_id}").status_code == 204
    assert admin.ask("GET", f"/parcours/users/{user_id}").status_code == 404


def test_every_answer_tells_browsers_to_be_careful(signing: Platform) -> None:
    browser = set_up(signing)
    seen = browser.ask("GET", "/journey/orchestration/journeys")
    assert seen.headers["cache-control"] == "no-store"
    for answer in (seen, Browser(signing).ask("GET", "/docs"), Browser(signing).ask("GET", "/parcours/session")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "same-origin"


def test_sessions_outlive_the_process(signing: Platform) -> None:
    browser = set_up(signing)
    again = build_platform(replace(signing.settings))
    try:
        later = Browser(again)
        later.client.cookies.set(COOKIE, browser.client.cookies[COOKIE])
        assert later.ask("GET", "/parcours/session").json()["csrfToken"] == browser.csrf
    finally:
        again.close()


def test_a_role_is_given_to_users_and_taken_from_them(signing: Platform) -> None:
    admin = set_up(signing)
    user_id, ben = invited(admin, signing, [])
    path = "/data/foundation/access-control/administration/roles/{}/subjects"
    standard, administrators = path.format("standard-user"), path.format("administrators")

    def change(at: str, op: str, value: Any) -> Any:
        return admin.ask("PATCH", at, [{"op": op, "path": "/user", "value": value}])

    assert ben.ask("GET", "/journey/orchestration/journeys").status_code == 403
    given = change(standard, "add", BEN["email"].upper())
    assert given.json()["subjects"] == [{"subjectType": "user", "subjectId": user_id}]
    assert ben.ask("GET", "/journey/orchestration/journeys").status_code == 200
    assert admin.ask("GET", f"/parcours/users/{user_id}").json()["roles"] == ["standard-user"]
    assert change(standard, "remove", user_id).json()["subjects"] == []
    assert ben.ask("GET", "/journey/orchestration/journeys").status_code == 403
    assert change(standard, "add", "eve@example.com").status_code == 404

    (ada,) = [one["id"] for one in admin.ask("GET", "/parcours/users").json()["users"] if one["id"] != user_id]
    assert change(administrators, "remove", ada).status_code == 409
    kinds = [one["subjectType"] for one in change(administrators, "replace", [user_id]).json()["subjects"]]
    assert kinds == ["api-integration", "user"]
    assert admin.ask("GET", "/parcours/users").status_code == 403
    assert ben.ask("GET", "/parcours/users").status_code == 200


def test_a_deleted_role_is_nobodys(signing: Platform) -> None:
    admin = set_up(signing)
    roles = "/data/foundation/access-control/administration/roles"
    role = admin.ask("POST", roles, {"name": "Readers", "permissions": ["journeys.read"], "sandboxes": ["*"]}).json()
    user_id, _ = invited(admin, signing, [role["id"]])
    assert admin.ask("DELETE", f"{roles}/{role['id']}").status_code == 204
    assert admin.ask("GET", f"/parcours/users/{user_id}").json()["roles"] == []


def test_an_address_that_fails_for_many_accounts_is_locked_too(signing: Platform, still: None) -> None:
    attempts = signing.sessions.attempts
    for number in range(ADDRESS_FREE):
        attempts.take(f"user{number}@example.com", "2001:db8::1")
    with pytest.raises(TooManyAttempts) as refused:
        attempts.take("ada@example.com", "2001:db8::ffff")
    assert 0 < refused.value.retry_after_s <= 15
    attempts.take("ada@example.com", "2001:db8:0:1::1")
    attempts.take("ada@example.com", "203.0.113.5")


def test_attempts_at_once_are_all_counted(signing: Platform, still: None) -> None:
    attempts = signing.sessions.attempts

    def attempt(number: int) -> bool:
        try:
            attempts.take("ada@example.com", f"203.0.113.{number}")
        except TooManyAttempts:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(attempt, range(32))) == ACCOUNT_FREE


def test_one_setup_link_used_at_once_makes_one_user(signing: Platform) -> None:
    link = signing.users.open_setup()
    assert link is not None
    token = token_of(link.url)

    browsers = [Browser(signing) for _ in range(4)]

    def set_one_up(number: int) -> int:
        body = {"token": token, "name": "N", "email": f"n{number}@example.com", "password": ADA["password"]}
        status: int = browsers[number].ask("POST", "/parcours/setup", body).status_code
        return status

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(set_one_up, range(4))) == [201, 410, 410, 410]


def test_what_is_over_is_forgotten(signing: Platform) -> None:
    browser = set_up(signing)
    invited_id = browser.ask("POST", "/parcours/users", {"email": BEN["email"]}).json()["id"]
    Browser(signing).ask("POST", "/parcours/session", {**ADA, "password": "wrong horse battery"})
    with signing.db.write() as connection:
        connection.execute(user_store.session_table.update().values(ends_at_ms=1))
        connection.execute(user_store.link_table.update().values(expires_at_ms=1))
        connection.execute(user_store.attempt_table.update().values(last_at_ms=1))
    assert Browser(signing).ask("POST", "/parcours/session", ADA).status_code == 200
    with signing.db.read() as connection:
        assert len(connection.execute(user_store.session_table.select()).all()) == 1
        assert connection.execute(user_store.link_table.select()).all() == []
        assert connection.execute(user_store.attempt_table.select()).all() == []
        assert user_store.find_user(connection, invited_id) is not None


def test_two_last_administrators_cant_go_at_once(signing: Platform) -> None:
    ada = set_up(signing)
    ben_id, ben = invited(ada, signing, ["administrators"])
    (ada_id,) = [one["id"] for one in ada.ask("GET", "/parcours/users").json()["users"] if one["id"] != ben_id]
    calls = [(ada, f"/parcours/users/{ben_id}"), (ben, f"/parcours/users/{ada_id}")]
    with ThreadPoolExecutor(2) as pool:
        statuses = list(pool.map(lambda call: call[0].ask("PATCH", call[1], {"enabled": False}).status_code, calls))
    assert statuses.count(200) == 1, statuses
    assert signing.sessions.has_users()


def test_an_address_invited_twice_at_once_is_one_user(signing: Platform) -> None:
    admin = set_up(signing)
    with ThreadPoolExecutor(4) as pool:
        body = {"email": BEN["email"]}
        answers = list(pool.map(lambda _: admin.ask("POST", "/parcours/users", body).status_code, range(4)))
    assert sorted(answers) == [201, 409, 409, 409]
