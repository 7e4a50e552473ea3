"""Merge policies and profile jobs through the API."""

import json
from typing import Any

from fastapi.testclient import TestClient

from conftest import People

PATH = "/data/core/ups/config/mergePolicies"
JOBS = "/data/core/ups/system/jobs"
POLICY = {"name": "mine", "schema": {"name": "_xdm.context.profile"}, "identityGraph": {"type": "pdg"},
          "attributeMerge": {"type": "timestampOrdered"}}  # fmt: skip


def created(api: TestClient, **change: Any) -> dict[str, Any]:
    answer = api.post(PATH, json={**POLICY, **change})
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def defaults(api: TestClient) -> list[str]:
    return [policy["name"] for policy in api.get(PATH).json()["children"] if policy["default"]]


def test_a_new_sandbox_has_one_policy_over_the_private_graph(api: TestClient) -> None:
    body = api.get(PATH, params={"limit": 100}).json()
    assert body["_page"]["totalCount"] == 1
    assert body["_links"] == {"next": {}}
    only = body["children"][0]
    assert only["identityGraph"] == {"type": "pdg"}
    assert only["attributeMerge"] == {"type": "timestampOrdered"}
    assert (only["default"], only["version"], only["imsOrgId"]) == (True, 1, "ACME@AdobeOrg")
    assert api.get(f"{PATH}/{only['id']}").json() == only
    other = api.get(PATH, headers={"x-sandbox-name": "dev"}).json()["children"][0]
    assert other["id"] != only["id"]
    assert api.get(f"{PATH}/{only['id']}", headers={"x-sandbox-name": "dev"}).status_code == 404


def test_a_policy_is_created_read_replaced_patched_and_deleted(api: TestClient) -> None:
    made = created(api)
    where = f"{PATH}/{made['id']}"
    assert api.get(where).json() == made
    merge = {"type": "dataSetPrecedence", "order": ["b", "a", "b"]}
    replaced = api.put(where, json={**POLICY, "name": "ours", "attributeMerge": merge}).json()
    assert (replaced["name"], replaced["attributeMerge"]["order"]) == ("ours", ["b", "a"])
    patched = api.patch(
        where,
        json=[
            {"op": "add", "path": "/identityGraph.type", "value": "none"},
            {"op": "add", "path": "/attributeMerge.type", "value": "timestampOrdered"},
            {"op": "add", "path": "/name", "value": "theirs"},
        ],
    )
    assert patched.status_code == 200
    assert (patched.json()["identityGraph"], patched.json()["name"]) == ({"type": "none"}, "theirs")
    assert api.get(where).json() == patched.json()
    assert api.delete(where).status_code == 200
    assert api.get(where).status_code == 404


def test_there_is_one_default_and_one_policy_on_the_edge(api: TestClient) -> None:
    assert defaults(api) == ["real-time-customer-profile-default"]
    created(api, name="first", default=True, isActiveOnEdge=True)
    assert defaults(api) == ["first"]
    second = created(api, name="second")
    api.patch(f"{PATH}/{second['id']}", json=[{"op": "add", "path": "/default", "value": True}])
    assert defaults(api) == ["second"]
    on_edge = [policy["name"] for policy in api.get(PATH).json()["children"] if policy["isActiveOnEdge"]]
    assert on_edge == ["first"]
    assert [p["name"] for p in api.get(PATH, params={"default": "True"}).json()["children"]] == ["second"]


def test_the_default_stays_and_so_does_the_built_in_one(api: TestClient) -> None:
    built_in = api.get(PATH).json()["children"][0]["id"]
    assert api.delete(f"{PATH}/{built_in}").status_code == 422
    assert api.put(f"{PATH}/{built_in}", json={**POLICY, "default": False}).status_code == 422
    made = created(api, default=True)
    assert api.delete(f"{PATH}/{made['id']}").status_code == 422
    refused = api.delete(f"{PATH}/{built_in}")
    assert refused.status_code == 422
    assert refused.json()["errors"]["422"][0]["code"] == "UPAPI-110422-422"


def test_the_built_in_policy_can_be_changed_and_keeps_its_id(api: TestClient) -> None:
    built_in = api.get(PATH).json()["children"][0]["id"]
    changed = api.patch(f"{PATH}/{built_in}", json=[{"op": "add", "path": "/identityGraph.type", "value": "none"}])
    assert changed.status_code == 200
    body = api.get(PATH).json()
    assert body["children"] == [changed.json()]
    assert (changed.json()["id"], changed.json()["default"]) == (built_in, True)


def test_a_sandbox_has_at_most_five(api: TestClient) -> None:
    for number in range(4):
        created(api, name=f"p{number}")
    assert api.post(PATH, json=POLICY).status_code == 422
    first = api.get(PATH, params={"limit": 3}).json()
    assert (first["_page"]["totalCount"], len(first["children"])) == (5, 3)
    following = first["_links"]["next"]["href"].split("?")[1]
    second = api.get(f"{PATH}?{following}&limit=3").json()
    assert second["_links"]["next"] == {}
    names = [policy["name"] for policy in first["children"] + second["children"]]
    assert names == ["real-time-customer-profile-default", "p0", "p1", "p2", "p3"]
    assert api.get(PATH, params={"orderby": "name", "limit": 1}).json()["children"][0]["name"] == "p0"


BAD_POLICIES: list[dict[str, Any]] = [
    {"name": ""},
    {"name": 5},
    {"schema": "x"},
    {"schema": {"name": "_xdm.context.account"}},
    {"identityGraph": {"type": "other"}},
    {"identityGraph": "pdg"},
    {"attributeMerge": None},
    {"attributeMerge": {"type": ["x"]}},
    {"attributeMerge": {"type": "dataSetPrecedence"}},
    {"attributeMerge": {"type": "dataSetPrecedence", "order": [1]}},
    {"default": "yes"},
    {"isActiveOnEdge": None},
]


def test_a_bad_policy_is_refused(api: TestClient) -> None:
    for change in BAD_POLICIES:
        answer = api.post(PATH, json={**POLICY, **change})
        assert answer.status_code == 400
        body = answer.json()
        assert body["type"] == "https://ns.adobe.com/aep/errors/UPAPI-110400-400"
        assert next(iter(change)) in body["errors"]["400"][0]["message"]


BAD_PATCHES: list[Any] = [
    None,
    {},
    [],
    [5],
    [{"op": "add"}],
    [{"op": "add", "path": "/id", "value": "x"}],
    [{"op": "add", "path": "", "value": "x"}],
    [{"op": "add", "path": "/identityGraph.type", "value": "other"}],
    [{"op": "remove", "path": "/name"}],
    [{"op": "add", "path": "/name.first", "value": "x"}],
]


def test_a_bad_patch_is_refused_and_changes_nothing(api: TestClient) -> None:
    made = created(api)
    for patch in BAD_PATCHES:
        assert api.patch(f"{PATH}/{made['id']}", json=patch).status_code == 400, patch
        assert api.get(f"{PATH}/{made['id']}").json() == made


def test_a_bad_page_is_refused(api: TestClient) -> None:
    for name, value in [("limit", "x"), ("start", "-1"), ("start", "²"), ("limit", "9" * 20)]:
        assert api.get(PATH, params={name: value}).status_code == 400


def test_several_policies_are_read_at_once(api: TestClient) -> None:
    made = created(api)
    answer = api.post(f"{PATH}/bulk-get", json={"ids": [{"id": made["id"]}, {"id": "nothing"}]})
    assert answer.status_code == 207
    assert answer.json() == {"results": {made["id"]: made}, "notFound": ["nothing"]}
    assert api.post(f"{PATH}/bulk-get", json={"ids": ["x"]}).status_code == 400


def test_a_job_deletes_what_a_data_set_gave_and_tells_how_much(api: TestClient, people: People) -> None:
    people.record(("Email", "a@example.com"), "crm", 1, {"a": 1})
    people.record(("Email", "a@example.com"), "web", 1, {"b": 1})
    people.event(("Email", "a@example.com"), "e", 1, "crm")
    answer = api.post(JOBS, json={"dataSetId": "crm"})
    assert answer.status_code == 200
    job = answer.json()
    assert (job["dataSetId"], job["jobType"], job["status"]) == ("crm", "DELETE", "COMPLETED")
    assert json.loads(job["metrics"]) == {"recordsProcessed": 2, "timeTakenInSec": 0}
    query = {"schema.name": "_xdm.context.profile", "entityId": "a@example.com", "entityIdNS": "Email"}
    (profile,) = api.get("/data/core/ups/access/entities", params=query).json().values()
    assert profile["sources"] == ["web"]
    assert "a" not in profile["entity"]
    assert api.get(f"{JOBS}/{job['id']}").json() == job
    assert api.get(f"{JOBS}/{job['id']}", headers={"x-sandbox-name": "dev"}).status_code == 404
    assert api.delete(f"{JOBS}/{job['id']}").status_code == 200
    assert api.get(f"{JOBS}/{job['id']}").status_code == 404
    assert api.delete(f"{JOBS}/{job['id']}").status_code == 404


def test_jobs_are_listed_by_page_the_latest_first(api: TestClient) -> None:
    made = [api.post(JOBS, json={"dataSetId": f"d{number}"}).json() for number in range(5)]
    assert api.get(JOBS).json()["_page"] == {"count": 5, "totalCount": 5, "next": ""}
    pages = [api.get(JOBS, params={"page": page, "limit": 2}).json() for page in range(3)]
    found = [job["id"] for page in pages for job in page["children"]]
    assert sorted(found) == sorted(job["id"] for job in made)
    assert [page["_page"]["next"] for page in pages] == ["2", "4", ""]


def test_a_job_that_names_no_data_set_is_refused(api: TestClient) -> None:
    bodies: list[dict[str, Any]] = [{}, {"dataSetId": 5}, {"dataSetId": ""}, {"dataSetId": "a\0b"}, {"batchId": "b"}]
    for body in bodies:
        answer = api.post(JOBS, json=body)
        assert answer.status_code == 400
        assert answer.json()["title"] == "System job invalid"
