"""Samples, export, import and history."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from registry_client import BASE, FULL, LIST, PROFILE, XDM, RegistryClient, identity_body, other_sandbox, path

from parcours.access.model import Sandbox
from parcours.app import Platform

Refused = Callable[..., dict[str, Any]]


def test_a_sample_has_the_names_of_the_standard(api: TestClient, registry: RegistryClient) -> None:
    details = XDM + "context/profile-person-details"
    schema = registry.schema("S", registry.field_group()["$id"], details, XDM + "context/identitymap")
    sample = api.get(f"{BASE}/rpc/sampledata/{schema['meta:altId']}").json()
    assert sample["@id"]
    assert sample["repo:createDate"]
    assert sample["xdm:person"]["xdm:name"]["xdm:firstName"] == "string"
    assert sample["xdm:person"]["xdm:gender"] == "male"
    assert sample["xdm:person"]["xdm:birthDate"] == "2018-11-12"
    assert sample["_acme"]["xdm:loyaltyId"] == "string"
    assert list(sample["xdm:identityMap"]) == ["key"]


def test_a_global_resource_has_a_sample_too(api: TestClient) -> None:
    sample = api.get(f"{BASE}/rpc/sampledata/_experience.campaign.orchestration.eventid").json()
    assert sample == {
        "https://ns.adobe.com/experience/campaign/orchestration": {
            "xdm:eventID": "string",
            "xdm:originJourneyID": "string",
        }
    }


def exported(api: TestClient, registry: RegistryClient) -> list[dict[str, Any]]:
    color = registry.post("datatypes", {"title": "Color", "properties": {"name": {"type": "string"}}})
    group = registry.field_group(color={"$ref": color["$id"]})
    schema = registry.schema("S", group["$id"])
    answer = api.get(f"{BASE}/rpc/export/{schema['meta:altId']}")
    assert answer.status_code == 200
    documents: list[dict[str, Any]] = answer.json()
    return documents


def test_an_export_brings_what_is_needed_first_and_names_no_tenant(api: TestClient, registry: RegistryClient) -> None:
    documents = exported(api, registry)
    assert [one["meta:resourceType"] for one in documents] == ["datatypes", "mixins", "schemas"]
    text = str(documents)
    assert "acme" not in text
    assert "https://ns.adobe.com/<XDM_TENANTID_PLACEHOLDER>/mixins/" in text
    assert "_<XDM_TENANTID_PLACEHOLDER>" in str(documents[1]["definitions"])
    assert "meta:registryMetadata" not in text


def test_an_import_into_another_sandbox_makes_the_same_resources(
    api: TestClient, platform: Platform, sandbox: Sandbox, registry: RegistryClient
) -> None:
    documents = exported(api, registry)
    dev = {"x-sandbox-name": other_sandbox(platform, sandbox)}
    answer = api.post(f"{BASE}/rpc/import", json=documents, headers=dev)
    assert answer.status_code == 200
    assert [one["title"] for one in answer.json()] == ["Color", "Loyalty", "S"]
    schema_id = answer.json()[-1]["$id"]
    fields = api.get(path("schemas", schema_id), headers=FULL | dev).json()["properties"]
    assert fields["_acme"]["properties"]["color"]["properties"]["name"]


def test_an_import_that_conflicts_stores_nothing(api: TestClient, refused: Refused, registry: RegistryClient) -> None:
    documents = exported(api, registry)
    problem = refused("POST", f"{BASE}/rpc/import", json=documents)
    assert problem["type"].endswith("XDM-3005-400")
    assert problem["title"] == "Import Resource Failed"
    assert problem["detail"].startswith("Failed to import resources. Error: Title must be unique. An object ")
    fresh = {**documents[0], "$id": documents[0]["$id"][:-4] + "0000", "title": "Fresh"}
    refused("POST", f"{BASE}/rpc/import", json=[fresh, *documents])
    titles = [one["title"] for one in api.get(path("datatypes"), headers=LIST).json()["results"]]
    assert titles == ["Color"]


@pytest.mark.parametrize(
    "body",
    [None, {}, "x", [3], [{}], [{"meta:resourceType": "unions"}], [{"meta:resourceType": "schemas", "$id": 3}],
     [{"meta:resourceType": "schemas", "$id": "https://ns.adobe.com/other/schemas/1", "title": "x"}],
     [{"meta:resourceType": {"a": 1}}]],
)  # fmt: skip
def test_what_is_no_export_is_refused(refused: Refused, body: Any) -> None:
    assert refused("POST", f"{BASE}/rpc/import", json=body)["type"].endswith("XDM-3005-400")


def test_the_history_tells_each_change_newest_first(api: TestClient, registry: RegistryClient) -> None:
    schema = registry.schema("S", registry.field_group()["$id"])
    registry.identity(schema["$id"])
    registry.enable(schema["$id"])
    newest, oldest = api.get(f"{BASE}/rpc/auditlog/{schema['meta:altId']}").json()
    assert newest["updates"] == [
        {"id": schema["$id"], "xdmType": "schemas", "action": "add", "path": "/meta:immutableTags/0", "value": "union"}
    ]
    assert {"id", "updatedUser", "imsOrg", "updatedTime", "requestId", "clientId", "sandboxId"} <= set(oldest)
    assert {update["path"] for update in oldest["updates"]} >= {"/title", "/allOf"}


def test_the_audit_log_of_a_schema_tells_changes_of_what_it_is_made_of(
    api: TestClient, registry: RegistryClient
) -> None:
    money = registry.post("datatypes", {"title": "Money", "type": "object", "properties": {"sum": {"type": "number"}}})
    group = registry.field_group(cost={"$ref": money["$id"]})
    at = "/definitions/property/properties/_acme/properties"
    registry.patch("fieldgroups", group["$id"], {"op": "add", "path": f"{at}/old", "value": {"type": "string"}})
    schema = registry.schema("S", group["$id"])
    other = registry.field_group("Another")
    registry.patch("schemas", schema["$id"], {"op": "add", "path": "/allOf/-", "value": {"$ref": other["$id"]}})
    registry.patch("fieldgroups", group["$id"], {"op": "add", "path": f"{at}/new", "value": {"type": "string"}})
    added = {"op": "add", "path": "/properties/currency", "value": {"type": "string"}}
    registry.patch("datatypes", money["$id"], added)
    log = api.get(f"{BASE}/rpc/auditlog/{schema['meta:altId']}").json()
    assert {entry["id"] for entry in log} == {schema["$id"]}
    told = [[(one["id"], one["xdmType"], one["path"]) for one in entry["updates"]] for entry in log[:3]]
    assert told == [
        [(money["$id"], "datatypes", "/properties/currency")],
        [(group["$id"], "mixins", f"{at}/new")],
        [(schema["$id"], "schemas", "/allOf/2")],
    ]
    assert [one["path"] for one in log[3]["updates"]][:1] == ["/$id"]
    assert len(log) == 4


@pytest.mark.parametrize("call", ["sampledata", "export", "auditlog"])
def test_calls_about_nothing_are_404(refused: Refused, call: str) -> None:
    assert refused("GET", f"{BASE}/rpc/{call}/_acme.schemas.nothing")["status"] == 404


KEYS = st.sampled_from(
    ["title", "type", "allOf", "$ref", "properties", "definitions", "_acme", "x", "enum", "items", "meta:immutableTags",
     "meta:intendedToExtend", "@type", "xdm:sourceSchema", "xdm:sourceProperty", "xdm:namespace", "xdm:isPrimary",
     "meta:resourceType", "$id", "op", "path", "value"]
)  # fmt: skip
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["S", "object", "string", PROFILE, "#/definitions/x", "/_acme", "/", "", "add", "union", "\0"])
    | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=5),
    max_leaves=20,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(segment=st.sampled_from(["schemas", "classes", "fieldgroups", "datatypes", "descriptors"]), body=JSON)
def test_no_body_makes_the_registry_fail(api: TestClient, segment: str, body: Any) -> None:
    assert api.post(path(segment), json=body).status_code < 500
    assert api.patch(path("schemas", "x"), json=body).status_code < 500
    assert api.post(f"{BASE}/rpc/import", json=body).status_code < 500


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@example(changes=None, replaced="/meta:immutableTags")
@given(
    changes=JSON, replaced=st.sampled_from(["/allOf", "/meta:immutableTags", "/title", "/definitions", "/properties"])
)
def test_no_patch_makes_the_registry_fail(api: TestClient, changes: Any, replaced: str) -> None:
    registry = RegistryClient(api)
    found = api.get(path("schemas"), headers=LIST).json()["results"]
    schema = found[0] if found else registry.schema("Patched", XDM + "context/identitymap")
    operation = {"op": "add", "path": replaced, "value": changes}
    assert api.patch(path("schemas", schema["$id"]), json=[operation]).status_code < 500
    body = {**identity_body(schema["$id"], "/personID", is_primary=False), "xdm:sourceProperty": changes}
    assert api.post(path("descriptors"), json=body).status_code < 500
