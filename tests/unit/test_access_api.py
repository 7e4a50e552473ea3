"""Tokens in every form real clients ask for them, and the sandbox API."""

import base64

import orjson
import pytest
from fastapi.testclient import TestClient

from parcours.app import Platform

CREDENTIALS = {
    "grant_type": "client_credentials",
    "client_id": "client",
    "client_secret": "secret",
    "scope": "openid,AdobeID",
}
SANDBOXES = "/data/foundation/sandbox-management"


def _claims(token: str) -> dict[str, str]:
    payload = token.split(".")[1]
    claims: dict[str, str] = orjson.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


@pytest.mark.parametrize("version", ["v1", "v2", "v3"])
@pytest.mark.parametrize("form", ["urlencoded", "query", "multipart"])
def test_a_token_is_issued_for_a_form_a_query_or_multipart(api: TestClient, version: str, form: str) -> None:
    path = f"/ims/token/{version}"
    if form == "urlencoded":
        answer = api.post(path, data=CREDENTIALS)
    elif form == "query":
        answer = api.post(path, params=CREDENTIALS)
    else:
        answer = api.post(path, files={key: (None, value) for key, value in CREDENTIALS.items()})
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"access_token", "token_type", "expires_in"}
    assert body["token_type"] == "bearer"
    assert body["expires_in"] == 86_399
    assert answer.headers["cache-control"] == "no-store"
    claims = _claims(body["access_token"])
    assert (claims["type"], claims["client_id"]) == ("access_token", "client")
    assert claims["created_at"].isdecimal()
    assert claims["expires_in"] == "86400000"


def test_client_credentials_may_come_by_basic_authentication(api: TestClient) -> None:
    basic = base64.b64encode(b"client:secret").decode()
    answer = api.post(
        "/ims/token/v3", data={"grant_type": "client_credentials"}, headers={"Authorization": f"Basic {basic}"}
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_secret": ""}, 401, "invalid_client"),
        ({"client_id": "other"}, 400, "invalid_client"),
        ({"client_id": "a\x00b"}, 400, "invalid_client"),
        ({"client_id": ""}, 400, "invalid_client"),
        ({"grant_type": "authorization_code"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "unsupported_grant_type"),
    ],
)
def test_a_token_request_is_refused_in_rfc_6749_form(
    api: TestClient, change: dict[str, str], status: int, error: str
) -> None:
    answer = api.post("/ims/token/v3", data={**CREDENTIALS, **change})
    assert answer.status_code == status
    assert answer.json()["error"] == error
    assert answer.json()["error_description"]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", ""),
        (b"", "application/json"),
        (b"{}", "application/json"),
        (b"\xff\xfe=1", "application/x-www-form-urlencoded"),
        (b"no parts", "multipart/form-data; boundary=x"),
        (b"no boundary", "multipart/form-data"),
        (
            b'--x\r\nContent-Disposition: form-data; name="client_id"; filename="f"\r\n\r\na\r\n--x--',
            "multipart/form-data; boundary=x",
        ),
        (b"a=" + b"x" * 100_000, "application/x-www-form-urlencoded"),
    ],
)
def test_a_body_that_is_no_form_is_a_bad_request_and_never_a_fault(
    api: TestClient, body: bytes, content_type: str
) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    answer = api.post("/ims/token/v3", content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"] in {"invalid_request", "unsupported_grant_type"}


def test_a_token_is_validated_for_its_own_client_only(api: TestClient, token: str) -> None:
    def valid(client_id: str, bearer: str) -> object:
        answer = api.post(
            "/ims/validate_token/v1",
            files={"type": (None, "access_token"), "client_id": (None, client_id)},
            headers={"Authorization": f"Bearer {bearer}"},
        )
        assert answer.status_code == 200
        return answer.json()["valid"]

    assert valid("client", token) is True
    assert valid("other", token) is False
    assert valid("client", token + "x") is False


def test_an_invalidated_token_is_refused_and_stays_so_for_a_new_process(platform: Platform, api: TestClient) -> None:
    token = api.post("/ims/token/v3", data=CREDENTIALS).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert api.get(f"{SANDBOXES}/sandboxes", headers=headers).status_code == 200
    assert api.post("/ims/invalidate_token/v2", headers=headers).status_code == 200
    answer = api.get(f"{SANDBOXES}/sandboxes", headers=headers)
    assert (answer.status_code, answer.json()["error_code"]) == (401, "401013")
    assert api.post("/ims/invalidate_token/v2", headers={"Authorization": "Bearer nonsense"}).status_code == 200
    other = type(platform.access)(platform.db, platform.resources, platform.settings, platform.secrets)
    other.refresh()
    assert other.read_token(f"Bearer {token}") is None


def test_sandboxes_are_listed_with_the_documented_keys(api: TestClient) -> None:
    for path in (SANDBOXES, f"{SANDBOXES}/", f"{SANDBOXES}/sandboxes"):
        body = api.get(path, headers={"x-sandbox-name": "unknown"}).json()
        assert [s["name"] for s in body["sandboxes"]] == ["prod", "dev"]
        assert body["_page"] == {"limit": 50, "count": 2}
    prod = body["sandboxes"][0]
    assert prod["isDefault"] is True
    assert (prod["state"], prod["type"], prod["region"]) == ("active", "production", "VA7")
    assert len(prod["createdDate"]) == 19


def test_the_sandbox_list_pages_orders_and_filters(api: TestClient) -> None:
    path = f"{SANDBOXES}/sandboxes"
    first = api.get(path, params={"limit": 1, "orderBy": "desc:name"}).json()
    assert [s["name"] for s in first["sandboxes"]] == ["prod"]
    second = api.get(first["_links"]["next"]["href"]).json()
    assert [s["name"] for s in second["sandboxes"]] == ["dev"]
    assert "next" not in second["_links"]
    assert [s["name"] for s in api.get(path, params={"property": "name==dev"}).json()["sandboxes"]] == ["dev"]
    for bad in ({"limit": "0"}, {"limit": "x"}, {"offset": "-1"}, {"limit": "²"}):
        assert api.get(path, params=bad).status_code == 400


def test_a_sandbox_lives_from_creation_to_deletion_and_its_name_is_free_again(api: TestClient) -> None:
    body = {"name": "qa-1", "title": "Quality", "type": "development"}
    created = api.post(f"{SANDBOXES}/sandboxes", json=body)
    assert (created.status_code, created.json()["state"]) == (202, "creating")
    assert api.get(f"{SANDBOXES}/sandboxes/qa-1").json()["state"] == "active"
    assert api.post(f"{SANDBOXES}/sandboxes", json=body).status_code == 409
    renamed = api.patch(f"{SANDBOXES}/sandboxes/qa-1", json={"title": "Test"})
    assert (renamed.status_code, renamed.json()["title"], renamed.json()["eTag"]) == (200, "Test", 1)
    deleted = api.delete(f"{SANDBOXES}/sandboxes/qa-1")
    assert (deleted.status_code, deleted.json()["state"]) == (202, "deleting")
    gone = api.get(f"{SANDBOXES}/sandboxes/qa-1")
    assert (gone.status_code, gone.json()["type"]) == (404, "http://ns.adobe.com/aep/errors/SMS-2100-404")
    again = api.post(f"{SANDBOXES}/sandboxes", json=body)
    assert again.status_code == 202
    assert again.json()["id"] != created.json()["id"]


def test_a_reset_sandbox_starts_over_in_a_scope_of_its_own(platform: Platform, api: TestClient) -> None:
    before = platform.access.sandbox("ACME@AdobeOrg", "dev")
    answer = api.put(f"{SANDBOXES}/sandboxes/dev", json={"action": "reset"})
    assert (answer.status_code, answer.json()["state"]) == (202, "resetting")
    after = platform.access.sandbox("ACME@AdobeOrg", "dev")
    assert (after.id, after.title, after.type) == (before.id, before.title, before.type)
    assert after.scope_id != before.scope_id
    assert after.scope_id in platform.access.active_scopes()
    assert before.scope_id not in platform.access.active_scopes()


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "sandboxes", {"name": "Bad Name", "title": "x", "type": "development"}, 400),
        ("POST", "sandboxes", {"name": "a" * 257, "title": "x"}, 400),
        ("POST", "sandboxes", {"name": "ok", "title": 7}, 400),
        ("POST", "sandboxes", {"name": "ok", "title": "x", "type": "other"}, 400),
        ("POST", "sandboxes", [], 400),
        ("PATCH", "sandboxes/dev", {"title": ""}, 400),
        ("PATCH", "sandboxes/none", {"title": "x"}, 404),
        ("PUT", "sandboxes/dev", {"action": "explode"}, 400),
        ("PUT", "sandboxes/none", {"action": "reset"}, 404),
        ("DELETE", "sandboxes/prod", None, 400),
        ("DELETE", "sandboxes/none", None, 404),
    ],
)
def test_a_bad_sandbox_request_is_told_what_is_wrong(
    api: TestClient, method: str, path: str, body: object, status: int
) -> None:
    answer = api.request(method, f"{SANDBOXES}/{path}", json=body)
    assert answer.status_code == status
    assert answer.json()["detail"]


def test_an_organisation_sees_only_its_own_sandboxes(platform: Platform, api: TestClient) -> None:
    platform.access.add_org("OTHER@AdobeOrg", "other")
    platform.access.create_sandbox("OTHER@AdobeOrg", {"name": "theirs", "title": "Theirs"})
    assert "theirs" not in str(api.get(f"{SANDBOXES}/sandboxes").json())
    assert api.get(f"{SANDBOXES}/sandboxes/theirs").status_code == 404


@pytest.mark.parametrize("path", ["/data/foundation/catalog/dataSets/a%00b", f"{SANDBOXES}?orderBy=a%00b"])
def test_a_nul_in_the_url_is_a_bad_request(api: TestClient, path: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 400
    assert "NUL" in answer.json()["detail"]
    assert answer.headers["x-request-id"]
