"""Audiences over HTTP: the platform's calls, and the uploads beside them."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection

from parcours.app import Platform, build_loader
from parcours.audiences.model import Usage

BASE = "/data/core/ups/audiences"
CSV = "email,tier\njane@example.com,gold\njoe@example.com,\n"


def make(api: TestClient, name: str = "VIP", **more: Any) -> dict[str, Any]:
    answer = api.post(BASE, json={"name": name, "identityNamespace": "email", **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def load(platform: Platform) -> None:
    loader = build_loader(platform)
    while loader.work_once():
        pass


def upload(api: TestClient, platform: Platform, audience_id: str, text: str = CSV, **query: Any) -> dict[str, Any]:
    answer = api.post(
        f"{BASE}/{audience_id}/members", content=text, params=query, headers={"Content-Type": "text/csv; charset=utf-8"}
    )
    assert answer.status_code == 202, answer.text
    load(platform)
    told: dict[str, Any] = api.get(answer.headers["Location"]).json()
    return told


def test_a_new_audience_has_the_platforms_members(api: TestClient) -> None:
    answer = api.post(BASE, json={"name": "VIP", "description": "The best", "identityNamespace": "EMAIL"})
    made = answer.json()
    assert (answer.status_code, answer.headers["Location"]) == (201, f"{BASE}/{made['id']}")
    expected = {
        "name": "VIP",
        "description": "The best",
        "identityNamespace": "Email",
        "audienceId": made["id"],
        "type": "ExternalAudience",
        "originName": "CUSTOM_UPLOAD",
        "namespace": "CustomerAudienceUpload",
        "lifecycleState": "published",
        "imsOrgId": "ACME@AdobeOrg",
        "evaluationStatus": "neverEvaluated",
        "lastEvaluatedAt": None,
        "metrics": {"totalProfiles": 0, "totalProfilesByStatus": {"realized": 0, "exited": 0}},
        "usedIn": 0,
    }
    assert expected.items() <= made.items()
    assert made["sandbox"]["sandboxName"] == "prod"
    assert api.get(f"{BASE}/{made['id']}").json() == made


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "name"),
        ({"name": " "}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"name": "x"}, "identityNamespace"),
        ({"name": "x", "identityNamespace": "Nope"}, "Nope"),
        ({"name": "x", "identityNamespace": "Email", "expression": {}}, "expression"),
        ({"name": "x", "identityNamespace": "Email", "originName": "REAL_TIME_CUSTOMER_PROFILE"}, "originName"),
        ({"name": "x", "identityNamespace": "Email", "lifecycleState": "gone"}, "lifecycleState"),
        ({"name": "x", "identityNamespace": "Email", "labels": [1]}, "labels"),
    ],
)
def test_what_no_audience_can_be_is_told_in_the_services_shape(api: TestClient, body: Any, path: str) -> None:
    answer = api.post(BASE, json=body)
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]["400"]
    assert error["code"] == "UPAPI-113434-400"
    assert path in error["message"]


def test_a_namespace_of_things_is_none_of_an_audience(api: TestClient) -> None:
    api.post("/data/core/idnamespace/identities", json={"name": "Sku", "code": "SKU", "idType": "NON_PEOPLE"})
    assert api.post(BASE, json={"name": "x", "identityNamespace": "SKU"}).status_code == 400


def test_a_name_is_taken_once_in_a_sandbox(api: TestClient) -> None:
    first, second = make(api), make(api, "Second")
    assert api.post(BASE, json={"name": "VIP", "identityNamespace": "Email"}).status_code == 422
    rename = [{"op": "replace", "path": "/name", "value": "VIP"}]
    assert api.patch(f"{BASE}/{second['id']}", json=rename).status_code == 422
    assert api.patch(f"{BASE}/{first['id']}", json=rename).status_code == 201


def test_the_list_is_filtered_sorted_and_paged(api: TestClient) -> None:
    made = {name: make(api, name, description=f"of {name}") for name in ("b", "a", "c")}
    page = api.get(BASE, params={"sort": "name:desc", "limit": 2}).json()
    assert [one["name"] for one in page["children"]] == ["c", "b"]
    assert page["_page"] == {"totalCount": 3, "pageSize": 2, "next": "2"}
    following = page["_links"]["next"]["href"].removeprefix("@/audiences")
    rest = api.get(BASE + following).json()
    assert [one["name"] for one in rest["children"]] == ["a"]
    assert rest["_links"] == {"next": {}}
    for query in (
        {"property": f"audienceId=={made['a']['id']}"},
        {"property": "name==a"},
        {"name": "A"},
        {"description": "of a"},
    ):
        assert [one["name"] for one in api.get(BASE, params=query).json()["children"]] == ["a"], query
    assert api.get(BASE, params={"entityType": "_xdm.context.account"}).json()["children"] == []
    assert len(api.get(BASE, params={"entityType": "_xdm.context.profile"}).json()["children"]) == 3
    assert api.get(BASE, params={"limit": "x"}).status_code == 400


def test_several_are_got_at_once(api: TestClient) -> None:
    made = make(api)
    answer = api.post(f"{BASE}/bulk-get", json={"ids": [{"id": made["id"]}, {"id": "gone"}]})
    assert answer.status_code == 207
    results = answer.json()["results"]
    assert results[made["id"]] == {"httpStatus": 200, "audience": made}
    assert results["gone"]["httpStatus"] == 404
    for ids in ([], [{"id": "x"}] * 101, ["x"], None):
        assert api.post(f"{BASE}/bulk-get", json={"ids": ids}).json()["errors"]["400"][0]["code"] == "UPAPI-113015-400"


def test_changes_need_the_etag_that_was_read_and_leave_the_rest(api: TestClient) -> None:
    made = make(api, description="old", labels=["core/C1"])
    patch = [{"op": "ADD", "path": "/description", "value": "new"}]
    changed = api.patch(f"{BASE}/{made['id']}", json=patch, headers={"If-Match": made["_etag"]})
    assert (changed.status_code, changed.json()["description"], changed.json()["labels"]) == (201, "new", ["core/C1"])
    assert api.patch(f"{BASE}/{made['id']}", json=patch, headers={"If-Match": made["_etag"]}).status_code == 412
    put = api.put(f"{BASE}/{made['id']}", json={**changed.json(), "name": "Renamed"})
    assert (put.status_code, put.json()["name"]) == (201, "Renamed")
    for path, value in (("/identityNamespace", "ECID"), ("/name", 7), ("/nowhere/x", 1)):
        refused = api.patch(f"{BASE}/{made['id']}", json=[{"op": "replace", "path": path, "value": value}])
        assert refused.status_code == 400, path
    assert api.patch(f"{BASE}/gone", json=patch).json()["errors"]["404"][0]["code"] == "UPAPI-113430-404"


def test_an_audience_that_a_journey_uses_stays(api: TestClient, platform: Platform) -> None:
    made = make(api)
    used = Usage(draft=1)
    platform.audiences.guard(lambda connection, scope_id, audience_id: used if audience_id == made["id"] else Usage())
    refused = api.delete(f"{BASE}/{made['id']}")
    assert (refused.status_code, refused.json()["errors"]["403"][0]["code"]) == (403, "UPAPI-113631-403")
    assert api.get(f"{BASE}/{made['id']}").json()["usedIn"] == 1
    used = Usage()
    assert api.delete(f"{BASE}/{made['id']}").status_code == 204
    assert api.get(f"{BASE}/{made['id']}").status_code == 404
    assert api.delete(f"{BASE}/{made['id']}").status_code == 404


def test_a_list_in_one_request_becomes_members(api: TestClient, platform: Platform) -> None:
    audience_id = make(api)["id"]
    told = upload(api, platform, audience_id)
    assert (told["status"], told["mode"], told["metrics"]["realized"]) == ("SUCCEEDED", "replace", 2)
    page = api.get(f"{BASE}/{audience_id}/members", params={"limit": 1}).json()
    (jane,) = page["children"]
    assert jane["identity"] == {"namespace": {"code": "Email"}, "id": "jane@example.com"}
    assert (jane["status"], jane["attributes"]) == ("realized", {"tier": "gold"})
    following = page["_links"]["next"]["href"].removeprefix("@/audiences")
    assert [one["identity"]["id"] for one in api.get(BASE + following).json()["children"]] == ["joe@example.com"]
    assert upload(api, platform, audience_id, "id\njane@example.com\n", mode="remove")["metrics"]["exited"] == 1
    exited = api.get(f"{BASE}/{audience_id}/members", params={"status": "exited"}).json()["children"]
    assert [one["identity"]["id"] for one in exited] == ["jane@example.com"]
    shown = api.get(f"{BASE}/{audience_id}").json()
    assert shown["metrics"]["totalProfilesByStatus"] == {"realized": 1, "exited": 1}
    assert shown["lastEvaluatedAt"] is not None
    jobs = api.get(f"{BASE}/{audience_id}/uploads", params={"limit": 1}).json()
    assert (jobs["children"][0]["mode"], jobs["_page"]["totalCount"], jobs["_page"]["next"]) == ("remove", 2, "1")


def test_a_list_in_parts_is_resumed_where_it_broke_off(api: TestClient, platform: Platform) -> None:
    audience_id = make(api)["id"]
    opened = api.post(f"{BASE}/{audience_id}/uploads", json={"format": "jsonl", "mode": "add"})
    assert (opened.status_code, opened.json()["status"]) == (201, "NEW")
    path = opened.headers["Location"]
    assert api.put(f"{path}/parts/2", content=b'ne"}\n').status_code == 204
    assert api.post(f"{path}/complete", json={"parts": 2}).status_code == 409
    assert api.get(path).json()["receivedParts"] == [2]
    assert api.put(f"{path}/parts/1", content=b'{"id":"ja').status_code == 204
    assert api.post(f"{path}/complete", json={"parts": 2}).status_code == 202
    assert api.delete(path).json()["status"] == "CANCELLED"
    assert api.post(f"{path}/complete", json={"parts": 2}).status_code == 409


@pytest.mark.parametrize(
    ("content_type", "query", "told"),
    [
        ("text/plain", {}, "Content-Type"),
        ("text/csv", {"mode": "swap"}, "mode"),
        ("text/csv", {"delimiter": "x"}, "delimiter"),
        ("text/csv", {"maxBadPercent": "101"}, "maxBadPercent"),
        ("text/csv", {"maxBadPercent": "-1"}, "maxBadPercent"),
        ("text/csv", {"identityColumn": ""}, "identityColumn"),
    ],
)
def test_an_upload_that_nobody_can_read_is_refused_at_once(
    api: TestClient, content_type: str, query: dict[str, str], told: str
) -> None:
    path = f"{BASE}/{make(api)['id']}/members"
    answer = api.post(path, content=CSV, params=query, headers={"Content-Type": content_type})
    assert answer.status_code == 400
    assert told in answer.json()["errors"]["400"][0]["message"]


@pytest.mark.parametrize("parts", [None, 0, "2", True, 10**12])
def test_completing_says_how_many_parts_there_are(api: TestClient, parts: Any) -> None:
    path = api.post(f"{BASE}/{make(api)['id']}/uploads", json={}).headers["Location"]
    assert api.post(f"{path}/complete", json={"parts": parts}).status_code == 400
    assert api.put(f"{path}/parts/1", content=b"").status_code == 400
    assert api.put(f"{path}/parts/0", content=b"x").status_code == 400
    assert api.put(f"{path}/parts/10001", content=b"x").status_code == 400


@pytest.mark.parametrize("start", ["x", "[]", '["a"]', '["a",1]', '["a","b","c"]'])
def test_a_page_of_members_begins_at_a_key_that_one_gave(api: TestClient, start: str) -> None:
    assert api.get(f"{BASE}/{make(api)['id']}/members", params={"start": start}).status_code == 400


def test_a_persons_memberships_are_those_of_all_linked_identities(api: TestClient, platform: Platform) -> None:
    from parcours.identity.graph import insert_links

    vip, other = make(api)["id"], make(api, "Other", identityNamespace="ECID")["id"]
    ecid = "1" * 38
    upload(api, platform, vip)
    upload(api, platform, other, f"id\n{ecid}\n")
    upload(api, platform, other, f"id\n{ecid}\n", mode="remove")
    with platform.db.write() as connection:
        scope_id = platform.access.sandboxes("ACME@AdobeOrg")[0].scope_id
        insert_links(connection, [(scope_id, ("Email", "jane@example.com"), ("ECID", ecid))], 1)
    asked = {"entityId": "jane@example.com", "entityIdNS": "email"}
    found = api.get(f"{BASE}/memberships", params=asked).json()["segmentMembership"]["ups"]
    assert {key: (one["status"], one["name"]) for key, one in found.items()} == {
        vip: ("realized", "VIP"),
        other: ("exited", "Other"),
    }
    assert api.get(f"{BASE}/memberships", params={"entityId": "x"}).status_code == 400
    assert api.get(f"{BASE}/memberships", params={**asked, "entityId": "anonymous"}).status_code == 400


def test_another_sandbox_sees_nothing(api: TestClient, platform: Platform) -> None:
    made = make(api)["id"]
    upload(api, platform, made)
    api.post(
        "/data/foundation/sandbox-management/sandboxes", json={"name": "dev", "title": "Dev", "type": "development"}
    )
    other = {"x-sandbox-name": "dev"}
    assert api.get(BASE, headers=other).json()["children"] == []
    for path in ("", "/members", "/uploads"):
        assert api.get(f"{BASE}/{made}{path}", headers=other).status_code == 404
    asked = {"entityId": "jane@example.com", "entityIdNS": "Email"}
    assert api.get(f"{BASE}/memberships", params=asked, headers=other).json() == {"segmentMembership": {"ups": {}}}
    assert api.post(BASE, json={"name": "VIP", "identityNamespace": "Email"}, headers=other).status_code == 201


def test_expressions_find_audiences_by_name_and_by_id(api: TestClient, platform: Platform) -> None:
    made = make(api)["id"]
    scope_id = platform.access.sandboxes("ACME@AdobeOrg")[0].scope_id

    def table(connection: Connection) -> Any:
        return platform.audiences.table.current(connection)

    with platform.db.read() as connection:
        found = table(connection).find(scope_id, "VIP")
        assert found is table(connection).get(scope_id, made)
        assert (found.id, found.namespace, found.origin) == (made, "Email", "CUSTOM_UPLOAD")
        assert table(connection).find(scope_id, "vip") is None
        assert table(connection).of_scope(scope_id + 1) == []
    api.patch(f"{BASE}/{made}", json=[{"op": "replace", "path": "/name", "value": "Gold"}])
    with platform.db.read() as connection:
        assert table(connection).find(scope_id, "VIP") is None
        assert table(connection).find(scope_id, "Gold").id == made
