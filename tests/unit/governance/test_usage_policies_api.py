"""Labels, marketing actions and policies through the API: what is refused, status, evaluation, the audit log."""

import sys
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

sys.path.insert(0, str(Path(__file__).parents[1] / "events"))
from event_world import REGISTRY, create_schema

DULE = "/data/foundation/dulepolicy"
POLICIES = f"{DULE}/policies/custom"
DENY = {"operator": "AND", "operands": [{"label": "C1"}, {"label": "core/C3"}]}


def policy(api: TestClient, **members: Any) -> dict[str, Any]:
    body = {"name": "No export", "marketingActionRefs": ["core/exportToThirdParty"], "deny": DENY, **members}
    answer = api.post(POLICIES, json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def constraints(api: TestClient, labels: str, action: str = "core/exportToThirdParty", **query: Any) -> list[str]:
    answer = api.get(f"{DULE}/marketingActions/{action}/constraints", params={"duleLabels": labels, **query})
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json()["violatedPolicies"]]


def test_core_labels_and_marketing_actions_are_there_and_can_not_be_changed(api: TestClient) -> None:
    labels = {one["name"]: one for one in api.get(f"{DULE}/labels/core").json()["children"]}
    assert {"C1", "C12", "I1", "I2", "S1", "S2"} <= labels.keys()
    assert labels["I1"]["category"] == "Identity"
    assert api.get(f"{DULE}/labels/core/C2").json() == labels["C2"]
    assert api.get(f"{DULE}/marketingActions/core/emailTargeting").json()["name"] == "emailTargeting"
    for path in ("labels/custom/C1", "marketingActions/custom/analytics"):
        answer = api.put(f"{DULE}/{path}", json={"description": "mine"})
        assert (answer.status_code, answer.json()["report"]["path"]) == (400, "$.name")
    for path in ("labels/core/C99", "labels/custom/C1", "marketingActions/core/x", "policies/custom/x"):
        assert api.get(f"{DULE}/{path}").status_code == 404, path


def test_custom_ones_are_made_by_name_changed_and_deleted(api: TestClient) -> None:
    for collection in ("labels", "marketingActions"):
        path = f"{DULE}/{collection}/custom/offers"
        assert api.put(path, json={"name": "other"}).status_code == 400
        assert api.put(f"{DULE}/{collection}/custom/1st", json={}).status_code == 400
        made = api.put(path, json={"name": "offers"})
        assert made.status_code == 201, made.text
        again = api.put(path, json={**made.json(), "description": "Offers of partners"})
        assert (again.status_code, again.json()["description"]) == (200, "Offers of partners")
        assert [one["name"] for one in api.get(f"{DULE}/{collection}/custom").json()["children"]] == ["offers"]
        assert api.delete(path).status_code == 204
        assert api.get(path).status_code == 404


def test_a_policy_is_made_as_a_draft_enabled_and_evaluated(api: TestClient) -> None:
    draft = policy(api)
    assert draft["status"] == "DRAFT"
    assert draft["marketingActionRefs"] == [f"{DULE}/marketingActions/core/exportToThirdParty"]
    assert draft["deny"]["operands"][1] == {"label": "C3"}
    one = f"{POLICIES}/{draft['id']}"
    assert constraints(api, "C1,C3") == []
    assert constraints(api, "C1,C3", includeDraft=True) == ["No export"]
    enable = [{"op": "replace", "path": "/status", "value": "ENABLED"}]
    assert api.patch(one, json=enable).json()["status"] == "ENABLED"
    assert constraints(api, "core/C1, C3,S1") == ["No export"]
    assert constraints(api, "C1") == []
    assert constraints(api, "C1,C3", "core/analytics") == []
    assert api.get(f"{DULE}/marketingActions/core/nothing/constraints").status_code == 404
    assert [found["id"] for found in api.get(POLICIES, params={"duleLabels": "C3"}).json()["children"]] == [draft["id"]]
    assert api.get(POLICIES, params={"duleLabels": "S1"}).json()["children"] == []
    assert api.delete(one).status_code == 204
    assert constraints(api, "C1,C3") == []


def test_what_was_read_may_be_sent_back_and_a_stale_etag_is_refused(api: TestClient) -> None:
    one = f"{POLICIES}/{policy(api)['id']}"
    read = api.get(one)
    headers = {"If-Match": read.headers["ETag"]}
    assert api.put(one, json={**read.json(), "status": "ENABLED"}, headers=headers).json()["status"] == "ENABLED"
    assert api.put(one, json=read.json(), headers=headers).status_code == 412


@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"marketingActionRefs": ["custom/exportToThirdParty"]}, "$.marketingActionRefs[0]"),
        ({"marketingActionRefs": ["core/analytics", "core/teleport"]}, "$.marketingActionRefs[1]"),
        ({"deny": {"label": "C99"}}, "$.deny"),
    ],
)
def test_labels_and_marketing_actions_of_a_policy_are_there(
    api: TestClient, members: dict[str, Any], path: str
) -> None:
    body = {"name": "x", "marketingActionRefs": ["core/analytics"], "deny": {"label": "C1"}, **members}
    answer = api.post(POLICIES, json=body)
    assert (answer.status_code, answer.json()["report"]["path"]) == (400, path)


def test_a_patch_changes_the_status_alone_and_names_are_unique(api: TestClient) -> None:
    one = f"{POLICIES}/{policy(api)['id']}"
    assert api.patch(one, json=[{"op": "replace", "path": "/name", "value": "x"}]).status_code == 400
    assert api.patch(one, json=[{"op": "replace", "path": "/status", "value": "x"}]).status_code == 400
    body = {"name": "No export", "marketingActionRefs": ["core/analytics"], "deny": {"label": "C1"}}
    assert api.post(POLICIES, json=body).status_code == 409


def test_what_is_named_can_not_be_deleted(api: TestClient) -> None:
    for collection in ("labels", "marketingActions"):
        api.put(f"{DULE}/{collection}/custom/offers", json={})
    one = policy(api, marketingActionRefs=["custom/offers"], deny={"label": "offers"})
    for collection in ("labels", "marketingActions"):
        answer = api.delete(f"{DULE}/{collection}/custom/offers")
        assert answer.status_code == 409
        assert "No export" in answer.json()["detail"]
    api.delete(f"{POLICIES}/{one['id']}")
    body = {
        "@type": "xdm:descriptorLabel",
        "xdm:sourceSchema": create_schema(api),
        "xdm:sourceProperty": "/_acme/store",
        "xdm:labels": ["custom/offers"],
    }
    assert api.post(f"{REGISTRY}/descriptors", json=body).status_code == 201
    assert api.delete(f"{DULE}/labels/custom/offers").status_code == 409
    assert api.delete(f"{DULE}/marketingActions/custom/offers").status_code == 204


@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"xdm:labels": None}, "$.xdm:labels"),
        ({"xdm:labels": []}, "$.xdm:labels"),
        ({"xdm:labels": ["C1", "C99"]}, "$.xdm:labels[1]"),
        ({"xdm:sourceProperty": ["/_acme/store", "/_acme/nothing"]}, "$.xdm:sourceProperty"),
    ],
)
def test_a_label_descriptor_names_labels_and_fields_that_are_there(
    api: TestClient, members: dict[str, Any], path: str
) -> None:
    body = {
        "@type": "xdm:descriptorLabel",
        "xdm:sourceSchema": create_schema(api),
        "xdm:sourceProperty": "/_acme/store",
        "xdm:labels": ["C1"],
    }
    given = {name: value for name, value in {**body, **members}.items() if value is not None}
    answer = api.post(f"{REGISTRY}/descriptors", json=given)
    assert answer.status_code == 400
    assert path in answer.text


def test_a_field_is_labelled_in_one_place(api: TestClient) -> None:
    body = {
        "@type": "xdm:descriptorLabel",
        "xdm:sourceSchema": create_schema(api),
        "xdm:sourceProperty": ["/_acme/store", "/_acme/person"],
        "xdm:labels": ["C1"],
    }
    made = api.post(f"{REGISTRY}/descriptors", json=body).json()
    answer = api.post(f"{REGISTRY}/descriptors", json={**body, "xdm:sourceProperty": "/_acme/person"})
    assert (answer.status_code, made["@id"] in answer.text) == (400, True)
    changed = {**body, "xdm:labels": ["C2"]}
    assert api.put(f"{REGISTRY}/descriptors/{made['@id']}", json=changed).status_code == 201
    assert api.get(f"{REGISTRY}/descriptors/{made['@id']}").json()["xdm:labels"] == ["C2"]


def test_changes_stand_in_the_audit_log(api: TestClient) -> None:
    one = policy(api)
    api.patch(f"{POLICIES}/{one['id']}", json=[{"op": "replace", "path": "/status", "value": "ENABLED"}])
    api.patch(f"{POLICIES}/{one['id']}", json=[{"op": "replace", "path": "/status", "value": "DISABLED"}])
    api.delete(f"{POLICIES}/{one['id']}")
    answer = api.get("/data/foundation/audit/events", params={"property": "assetType==Data usage policy"})
    actions = sorted(entry["action"] for entry in answer.json()["_embedded"]["events"])
    assert actions == ["Create", "Delete", "Disable", "Enable"]
