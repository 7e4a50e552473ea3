"""Namespaces and XIDs through the API."""

import pytest
from fastapi.testclient import TestClient

BASE = "/data/core/idnamespace/identities"
LOYALTY = {"name": "Loyalty Member", "code": "LoyaltyId", "description": "Loyalty programme", "idType": "Cross_device"}


def test_the_list_is_an_array_that_begins_with_the_standard_namespaces(api: TestClient) -> None:
    answer = api.get(BASE)
    assert answer.status_code == 200
    by_code = {item["code"]: item for item in answer.json()}
    assert {"ECID", "Email", "Phone", "AdCloud", "GAID", "IDFA", "TNTID"} <= set(by_code)
    assert by_code["ECID"]["id"] == 4
    assert by_code["Email"]["idType"] == "EMAIL"
    assert all(item["custom"] is False and item["status"] == "ACTIVE" for item in answer.json())


def test_a_custom_namespace_is_created_read_and_replaced(api: TestClient) -> None:
    created = api.post(BASE, json=LOYALTY)
    assert created.status_code == 200
    body = created.json()
    assert (body["code"], body["idType"], body["custom"]) == ("LoyaltyId", "CROSS_DEVICE", True)
    assert body["id"] >= 10_000_000
    assert api.get(f"{BASE}/{body['id']}").json() == body
    assert body in api.get(BASE).json()
    assert body in api.get("/data/core/idnamespace/orgs/ACME@AdobeOrg/identities").json()
    replaced = api.put(f"{BASE}/{body['id']}", json={**LOYALTY, "name": "Loyalty"})
    assert replaced.status_code == 200
    assert [item["name"] for item in replaced.json()] == ["Loyalty"]
    assert api.get(f"{BASE}/{body['id']}").json()["name"] == "Loyalty"


def test_two_namespaces_get_two_numbers_and_another_sandbox_sees_neither(api: TestClient) -> None:
    first = api.post(BASE, json=LOYALTY).json()["id"]
    second = api.post(BASE, json={**LOYALTY, "code": "Other"}).json()["id"]
    assert second == first + 1
    dev = {"x-sandbox-name": "dev"}
    assert api.get(f"{BASE}/{first}", headers=dev).status_code == 404
    assert not [item for item in api.get(BASE, headers=dev).json() if item["custom"]]
    assert api.post(BASE, json=LOYALTY, headers=dev).status_code == 200


@pytest.mark.parametrize("code", ["LoyaltyId", "loyaltyid", "email", "ECID"])
def test_a_code_is_taken_whatever_its_case(api: TestClient, code: str) -> None:
    api.post(BASE, json=LOYALTY)
    answer = api.post(BASE, json={**LOYALTY, "code": code})
    assert answer.status_code == 409
    body = answer.json()
    assert body["title"] == "NAMESPACE_CODE_CONFLICT"
    assert body["report"]["code"] == "INTEGRATION_CODE_EXISTS"
    assert body["type"] == "http://ns.adobe.com/adobecloud/problem/namespacevalidation"
    assert body["timestamp"].endswith("Z")


@pytest.mark.parametrize(
    "change",
    [{"idType": "NOTHING"}, {"idType": 5}, {"name": ""}, {"name": None}, {"code": "with blank"}, {"code": ["x"]},
     {"description": 5}],
)  # fmt: skip
def test_a_bad_namespace_is_refused_by_name(api: TestClient, change: dict[str, object]) -> None:
    answer = api.post(BASE, json={**LOYALTY, **change})
    assert answer.status_code == 400
    assert answer.json()["title"] == "INVALID_REQUEST_PARAMS"
    assert next(iter(change)) in answer.json()["description"]


def test_code_and_type_are_not_editable_and_neither_is_a_standard_namespace(api: TestClient) -> None:
    number = api.post(BASE, json=LOYALTY).json()["id"]
    changed = api.put(f"{BASE}/{number}", json={**LOYALTY, "code": "Other"})
    assert changed.status_code == 400
    assert changed.json()["description"] == "code and idType are non editable fields"
    assert api.put(f"{BASE}/4", json={**LOYALTY, "code": "ECID", "idType": "COOKIE"}).status_code == 400


@pytest.mark.parametrize("number", ["1", "x", "-4", "99999999999999999999", "²"])
def test_an_unknown_namespace_is_not_found(api: TestClient, number: str) -> None:
    answer = api.get(f"{BASE}/{number}")
    assert answer.status_code == 404
    assert answer.json()["title"] == "NAMESPACE_NOT_FOUND"


def test_the_xid_is_the_same_by_code_in_any_case_and_by_number(api: TestClient) -> None:
    path = "/data/core/identity/identity"
    by_code = api.get(path, params={"namespace": "email", "id": "a@b.example"})
    assert by_code.status_code == 200
    assert by_code.json() == api.get(path, params={"nsid": "6", "id": "a@b.example"}).json()
    assert by_code.json() != api.get(path, params={"namespace": "Phone", "id": "a@b.example"}).json()
    number = api.post(BASE, json=LOYALTY).json()["id"]
    custom = api.get(path, params={"namespace": "LOYALTYID", "id": "7"}).json()
    assert custom == api.get(path, params={"nsid": str(number), "id": "7"}).json()


@pytest.mark.parametrize("query", [{}, {"id": "x"}, {"namespace": "Email"}, {"namespace": "None", "id": "x"},
                                   {"nsid": "x", "id": "x"}])  # fmt: skip
def test_an_xid_of_nothing_is_invalid_input(api: TestClient, query: dict[str, str]) -> None:
    answer = api.get("/data/core/identity/identity", params=query)
    assert answer.status_code == 400
    assert answer.json()["title"] == "InvalidInput"
