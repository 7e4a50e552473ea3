"""Actions over HTTP."""

from typing import Any

import pytest
from action_documents import document
from fastapi.testclient import TestClient

from parcours.actions.model import Usage
from parcours.app import Platform

URL = "/journey/orchestration/actions"
SECRET = {"type": "basic", "username": "ann", "password": "s3cret-word"}


@pytest.fixture
def created(api: TestClient) -> dict[str, Any]:
    answer = api.post(URL, json=document(authentication=SECRET))
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"{URL}/{answer.json()['uid']}"
    found: dict[str, Any] = answer.json()
    return found


def test_an_action_is_made_read_changed_and_deleted(api: TestClient, created: dict[str, Any]) -> None:
    uid = created["uid"]
    read = api.get(f"{URL}/{uid}/")
    assert read.json() == created
    assert created["orgId"] == "ACME@AdobeOrg"
    assert created["sandboxName"] == "prod"
    assert created["metadata"]["createdAt"].endswith("Z")
    assert created["usedIn"] == 0
    changed = api.put(
        f"{URL}/{uid}", json={**created, "description": "new"}, headers={"If-Match": read.headers["etag"]}
    )
    assert changed.status_code == 200
    assert (changed.json()["description"], changed.json()["version"]) == ("new", 1)
    assert api.put(f"{URL}/{uid}", json=created, headers={"If-Match": read.headers["etag"]}).status_code == 412
    assert api.delete(f"{URL}/{uid}").status_code == 204
    assert api.get(f"{URL}/{uid}").status_code == 404
    assert api.delete(f"{URL}/{uid}").status_code == 404
    assert api.put(f"{URL}/{uid}", json=created).status_code == 404


def test_a_secret_is_never_returned_and_outlives_a_change(
    api: TestClient, platform: Platform, created: dict[str, Any]
) -> None:
    uid = created["uid"]
    assert created["authentication"] == {**SECRET, "password": "********"}
    for answer in (api.get(URL), api.get(f"{URL}/{uid}"), api.put(f"{URL}/{uid}", json=created)):
        assert "s3cret" not in answer.text
    with platform.db.read() as connection:
        scope_id = platform.access.admit(dict(api.headers)).scope_id
        action = platform.actions.table.current(connection).get(scope_id, uid)
    assert action is not None
    assert "s3cret-word" in action.secret_texts()


def test_a_kept_secret_is_not_sent_to_another_host(api: TestClient, created: dict[str, Any]) -> None:
    moved = {**created, "url": "https://evil.example.com/messages"}
    answer = api.put(f"{URL}/{created['uid']}", json=moved)
    assert answer.status_code == 400
    assert answer.json()["report"]["path"] == "$.authentication.password"
    assert api.put(f"{URL}/{created['uid']}", json={**moved, "authentication": SECRET}).status_code == 200


def test_a_name_is_taken_once_per_sandbox(api: TestClient, created: dict[str, Any]) -> None:
    assert api.post(URL, json=document()).status_code == 409
    assert api.post(URL, json=document(), headers={"x-sandbox-name": "dev"}).status_code == 201
    other = api.post(URL, json=document(name="Other")).json()
    assert api.put(f"{URL}/{other['uid']}", json={**other, "name": "SendWelcome"}).status_code == 409


def test_an_action_is_invisible_from_another_sandbox(api: TestClient, created: dict[str, Any]) -> None:
    uid = created["uid"]
    elsewhere = {"x-sandbox-name": "dev"}
    assert api.get(f"{URL}/{uid}", headers=elsewhere).status_code == 404
    assert api.put(f"{URL}/{uid}", json=created, headers=elsewhere).status_code == 404
    assert api.delete(f"{URL}/{uid}", headers=elsewhere).status_code == 404
    assert api.get(URL, headers=elsewhere).json()["results"] == []


def test_actions_are_listed_in_pages(api: TestClient, created: dict[str, Any]) -> None:
    for name in ("B", "A", "C"):
        api.post(URL, json=document(name=name))
    answer = api.get(URL, params={"pageSize": 2, "page": 1, "orderby": "name"})
    assert [document["name"] for document in answer.json()["results"]] == ["C", "SendWelcome"]
    assert (answer.json()["page"], answer.json()["limit"], answer.json()["pages"]) == (1, 2, 2)
    assert [d["name"] for d in api.get(URL, params={"property": "name==B"}).json()["results"]] == ["B"]
    assert api.get(URL, params={"pageSize": 0}).status_code == 400
    assert api.get(URL, params={"page": "x"}).status_code == 400


def test_an_action_in_use_is_guarded(api: TestClient, platform: Platform, created: dict[str, Any]) -> None:
    journeys = [{"uid": "j", "name": "Welcome", "versions": []}]
    platform.actions.guard(
        lambda connection, scope_id, uid: Usage(draft=1, live=2), lambda connection, scope_id, uid: journeys
    )
    uid = created["uid"]
    assert api.get(f"{URL}/{uid}").json()["usedIn"] == 3
    assert api.get(f"{URL}/{uid}/journeys").json() == {"results": journeys}
    assert api.get(f"{URL}/unknown/journeys").status_code == 404
    assert api.delete(f"{URL}/{uid}").status_code == 409
    assert api.put(f"{URL}/{uid}", json={**created, "method": "PUT"}).status_code == 409
    assert api.put(f"{URL}/{uid}", json={**created, "description": "fine"}).status_code == 200


@pytest.mark.parametrize("body", [b"", b"[]", b"nope", b'"x"', b'{"name":"\\ud800"}', b"{" * 3000])
def test_a_body_that_is_no_document_is_a_400(api: TestClient, body: bytes) -> None:
    assert api.post(URL, content=body).status_code == 400


def test_a_refusal_says_where(api: TestClient) -> None:
    answer = api.post(URL, json=document(headers=[{"name": "a b", "value": "c"}]))
    assert answer.status_code == 400
    assert answer.json()["report"]["path"] == "$.headers[0].name"
    assert answer.json()["type"].endswith("PARC-6001-400")


def test_http_is_allowed_and_warned_of(api: TestClient) -> None:
    made = api.post(URL, json=document(name="Plain", url="http://api.example.com/x"))
    assert made.status_code == 201
    assert [(one["code"], one["path"]) for one in made.json()["warnings"]] == [("ACTION_NOT_HTTPS", "$.url")]
    uid = made.json()["uid"]
    assert "warnings" not in api.get(f"{URL}/{uid}").json()
    assert api.put(f"{URL}/{uid}", json=made.json()).json()["warnings"] == made.json()["warnings"]
    assert "warnings" not in api.put(f"{URL}/{uid}", json=document(name="Plain")).json()


def test_the_token_call_is_tried_by_who_may_write(api: TestClient, created: dict[str, Any]) -> None:
    """One that needs no token has all it needs."""
    place = f"{URL}/{created['uid']}/testAuthentication"
    tried = api.post(place).json()
    assert (tried.pop("durationMs") >= 0, tried) == (True, {"ok": True, "reason": None})
    assert api.post(f"{URL}/none/testAuthentication").status_code == 404
    token = {
        "type": "customAuthorization", "endpoint": "http://127.0.0.1:9/token", "method": "GET",
        "headers": {"X-Key": "s3cret-word"}, "tokenInResponse": "response", "authorizationType": "bearer",
    }  # fmt: skip
    uid = api.post(URL, json=document(name="WithToken", authentication=token)).json()["uid"]
    told = api.post(f"{URL}/{uid}/testAuthentication").json()
    assert (told["ok"], "ECONNREFUSED" in told["reason"], told["durationMs"] >= 0) == (False, True, True)
    assert "s3cret" not in told["reason"]
