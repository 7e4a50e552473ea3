"""Schemas, field groups, classes and data types through the API: the tutorials, then what is refused."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from registry_client import (
    BASE,
    EVENT,
    FULL,
    IDS,
    LIST,
    PROFILE,
    RAW,
    XDM,
    RegistryClient,
    other_sandbox,
    path,
)

from parcours.access.model import Sandbox
from parcours.app import Platform

Refused = Callable[..., dict[str, Any]]
DETAILS = XDM + "context/profile-person-details"
WORK = XDM + "context/profile-work-details"
TAG = {"op": "add", "path": "/meta:immutableTags", "value": ["union"]}


def test_the_tutorial_from_a_field_group_to_an_enabled_schema(
    registry: RegistryClient, platform: Platform, sandbox: Sandbox
) -> None:
    group = registry.field_group()
    assert group["$id"].startswith("https://ns.adobe.com/acme/mixins/")
    assert group["meta:altId"] == "_acme.mixins." + group["$id"].rpartition("/")[2]
    assert group["meta:resourceType"] == "mixins"
    assert group["version"] == "1.0"

    schema = registry.schema("Loyalty Members", DETAILS, WORK)
    assert schema["version"] == "1.0"
    assert schema["meta:class"] == PROFILE
    assert all(item["type"] == item["meta:xdmType"] == "object" for item in schema["allOf"])
    assert schema["refs"] == [PROFILE, DETAILS, WORK]
    assert {PROFILE, DETAILS, WORK, XDM + "data/record", XDM + "common/auditable"} <= set(schema["meta:extends"])
    assert schema["meta:tenantNamespace"] == "_acme"
    assert schema["meta:containerId"] == "tenant"
    assert schema["meta:sandboxType"] == "production"
    assert {"repo:createdDate", "repo:lastModifiedDate", "eTag", "xdm:createdClientId"} <= set(
        schema["meta:registryMetadata"]
    )

    patched = registry.patch(
        "schemas",
        schema["$id"],
        {"op": "add", "path": "/meta:extends/-", "value": group["$id"]},
        {"op": "add", "path": "/allOf/-", "value": {"$ref": group["$id"]}},
    )
    assert patched["version"] == "1.1"
    assert group["$id"] in patched["meta:extends"]
    resolved = registry.full(schema["$id"])
    assert resolved["properties"]["_acme"]["properties"]["loyaltyId"]["title"] == "Loyalty id"
    assert resolved["properties"]["workEmail"]["properties"]["address"]["format"] == "email"
    assert "allOf" not in resolved

    descriptor = registry.identity(schema["$id"])
    assert descriptor["@id"]
    enabled = registry.enable(schema["$id"])
    assert enabled["meta:immutableTags"] == ["union"]
    assert enabled["version"] == "1.2"

    with platform.db.read() as connection:
        compiled = platform.schemas.table.current(connection).get(sandbox.scope_id, schema["$id"])
    assert compiled is not None
    assert compiled.is_union
    assert compiled.primary_identity is not None
    assert compiled.primary_identity.path == ("_acme", "loyaltyId")
    record = {
        "_id": "http-source-connector-acme-01",
        "_acme": {"loyaltyId": "a@example.com"},
        "person": {"name": {"firstName": "suman", "lastName": "nolan"}},
        "workEmail": {"primary": True, "address": "suman@acme.com", "type": "work", "status": "active"},
    }
    assert compiled.violations(record) == []


def test_a_schema_may_be_created_enabled_before_its_descriptor(registry: RegistryClient) -> None:
    schema = registry.schema("Early", registry.field_group()["$id"], **{"meta:immutableTags": ["union"]})
    assert schema["meta:immutableTags"] == ["union"]
    assert registry.identity(schema["$id"])["xdm:isPrimary"] is True


@pytest.mark.parametrize("name", ["$id", "meta:altId"])
def test_a_resource_is_found_by_either_name(api: TestClient, registry: RegistryClient, name: str) -> None:
    schema = registry.schema("S")
    answer = api.get(path("schemas", schema[name]), headers=RAW)
    assert answer.status_code == 200
    assert answer.json()["$id"] == schema["$id"]
    assert answer.json()["allOf"] == schema["allOf"]


def test_the_global_container_holds_nothing_of_a_tenant(
    api: TestClient, refused: Refused, registry: RegistryClient
) -> None:
    schema = registry.schema("S")
    assert refused("GET", path("schemas", schema["$id"], "global"), headers=RAW)["status"] == 404
    assert api.get(path("classes", PROFILE), headers=RAW).json()["meta:containerId"] == "global"
    assert refused("DELETE", path("classes", PROFILE))["status"] == 404
    assert refused("PATCH", path("classes", PROFILE), json=[TAG])["status"] == 404
    assert refused("GET", path("mixins", schema["$id"]), headers=RAW)["status"] == 404


def test_field_groups_answer_under_both_of_their_names(api: TestClient, registry: RegistryClient) -> None:
    group = registry.field_group()
    for segment in ("fieldgroups", "mixins"):
        assert api.get(path(segment, group["meta:altId"]), headers=RAW).json()["title"] == "Loyalty"
        assert [one["$id"] for one in api.get(path(segment), headers=IDS).json()["results"]] == [group["$id"]]
        assert api.get(path(segment, DETAILS, "global"), headers=RAW).json()["title"] == "Demographic Details"


@pytest.mark.parametrize(
    "accept",
    [
        "application/vnd.adobe.xed-full+json;version=1",
        "application/vnd.adobe.xed-full+json; version=1",
        "application/vnd.adobe.xed-full+json; version=1.0",
        "application/vnd.adobe.xed-full-notext+json; version=1.0",
        "application/vnd.adobe.xed-full-desc+json; version=1",
        "application/vnd.adobe.xed-deprecatefield+json; version=1",
        "application/vnd.adobe.xdm-full+json; version=1",
        "text/html, application/vnd.adobe.xed-full+json;version=1",
        "Application/VND.Adobe.XED-Full+JSON; Version=1",
    ],
)
def test_each_resolved_view_is_given(api: TestClient, accept: str) -> None:
    answer = api.get(path("fieldgroups", DETAILS, "global"), headers={"Accept": accept})
    assert answer.status_code == 200
    fields = answer.json()["properties"]
    person = fields.get("person") or fields["xdm:person"]
    assert person["properties"]


def test_views_differ_as_they_should(api: TestClient, registry: RegistryClient) -> None:
    schema = registry.schema("S", registry.field_group()["$id"], DETAILS)
    registry.identity(schema["$id"])

    def view(form: str) -> dict[str, Any]:
        document: dict[str, Any] = api.get(
            path("schemas", schema["$id"]), headers={"Accept": f"application/vnd.adobe.{form}+json;version=1"}
        ).json()
        return document

    assert "title" not in view("xed-notext")
    assert view("xed-notext")["allOf"]
    assert "title" not in str(view("xed-full-notext"))
    assert [one["@type"] for one in view("xed-full-desc")["meta:descriptors"]] == ["xdm:descriptorIdentity"]
    prefixed = view("xdm-full")["properties"]
    assert {"@id", "xdm:person", "repo:createDate", "_acme"} <= set(prefixed)
    flat = view("xed-full-flat")["properties"]
    assert flat["person/name/firstName"]["type"] == "string"
    assert "person" not in flat
    assert set(view("xed-id")) == {"title", "$id", "meta:altId", "version"}
    resolved = view("xed-full")["properties"]
    assert resolved["person"]["meta:xdmField"] == "xdm:person"
    assert resolved["person"]["meta:referencedFrom"] == XDM + "context/person"
    assert resolved["_id"]["meta:xdmField"] == "@id"
    assert resolved["_repo"]["properties"]["createDate"]["meta:xdmField"] == "repo:createDate"


def test_fields_named_like_labels_survive_the_view_without_text(api: TestClient, registry: RegistryClient) -> None:
    labels = {"title": {"type": "string"}, "description": {"type": "string"}}
    group = registry.field_group("G", inner={"type": "object", "properties": labels})
    answer = api.get(
        path("fieldgroups", group["$id"]),
        headers={"Accept": "application/vnd.adobe.xed-full-notext+json;version=1"},
    )
    assert set(answer.json()["properties"]["_acme"]["properties"]["inner"]["properties"]) == set(labels)


@pytest.mark.parametrize(
    ("url", "accept", "code", "detail"),
    [
        (path("schemas"), "", "XDM-1005-406", "Accept header parameter is required"),
        (path("schemas"), "*/*", "XDM-1005-406", "Unknown Accept media supplied"),
        (path("schemas"), "application/json", "XDM-1005-406", "Unknown Accept media supplied"),
        (path("schemas"), FULL["Accept"], "XDM-1006-400", "version"),
        (path("classes", PROFILE, "global"), LIST["Accept"], "XDM-1007-400", "version"),
        (path("classes", PROFILE, "global"), "application/vnd.adobe.xed+json;version=2", "XDM-1012-404", "version 2"),
        (path("classes", PROFILE, "global"), "application/vnd.adobe.xed+json;version=1.7", "XDM-1012-404", "1.7"),
        (path("classes", "_xdm.nowhere", "global"), RAW["Accept"], "XDM-1012-404", "_xdm.nowhere"),
        (path("nothing"), LIST["Accept"], "XDM-1012-404", "tenant/nothing"),
        (path("unions", container="global"), LIST["Accept"], "XDM-1012-404", "global/unions"),
        (path("schemas", container="other"), LIST["Accept"], "XDM-1012-404", "other"),
        (path("schemas") + "?limit=many", LIST["Accept"], "XDM-1004-400", "limit"),
        (path("schemas") + "?limit=501", LIST["Accept"], "XDM-1004-400", "from 0 to 500"),
        (path("schemas") + "?property===", LIST["Accept"], "XDM-1004-400", "filter"),
    ],
)
def test_a_read_that_can_not_be_answered_says_why(
    refused: Refused, url: str, accept: str, code: str, detail: str
) -> None:
    problem = refused("GET", url, headers={"Accept": accept})
    assert problem["type"].endswith(code)
    assert detail in problem["detail"]


def test_a_resolved_view_of_events_says_that_id_and_time_are_required(
    api: TestClient, registry: RegistryClient
) -> None:
    schema = registry.schema("Visits", class_id=EVENT)
    for url in (
        path("classes", EVENT, "global"),
        path("behaviors", XDM + "data/time-series", "global"),
        path("schemas", schema["$id"]),
    ):
        assert sorted(api.get(url, headers=FULL).json()["required"]) == ["_id", "timestamp"], url
    assert "required" not in api.get(path("classes", PROFILE, "global"), headers=FULL).json()


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "/$id", "value": "https://ns.adobe.com/acme/schemas/1"},
        {"op": "replace", "path": "/version", "value": "2.0"},
        {"op": "remove", "path": "/version"},
        {"op": "replace", "path": "/meta:resourceType", "value": "classes"},
    ],
)
def test_a_patch_of_what_the_registry_sets_is_refused_and_makes_no_version(
    registry: RegistryClient, refused: Refused, api: TestClient, operation: dict[str, Any]
) -> None:
    schema = registry.schema("Fixed", DETAILS)
    problem = refused("PATCH", path("schemas", schema["$id"]), json=[operation])
    assert problem["status"] == 400
    assert problem["report"]["path"] == "$." + operation["path"][1:]
    assert api.get(path("schemas", schema["$id"]), headers=RAW).json()["version"] == "1.0"


@pytest.mark.parametrize("container", ["tenant", "global"])
@pytest.mark.parametrize("kind", ["schemas", "classes", "fieldgroups", "mixins", "datatypes", "behaviors", "unions"])
def test_a_list_links_to_what_there_is(api: TestClient, container: str, kind: str) -> None:
    answer = api.get(path(kind, container=container) + "?limit=500", headers=LIST)
    links = answer.json().get("_links", {})
    assert answer.status_code == (404 if (container, kind) == ("global", "unions") else 200)
    assert ("global_unions" in links) is False
    for link in filter(None, links.values()):
        assert api.get(link["href"], headers=LIST).status_code == 200, link


def test_lists_take_any_family_without_a_version(api: TestClient) -> None:
    for form in ("xed-id", "xed", "xdm-id", "xdm", "xed-full"):
        answer = api.get(path("classes", container="global"), headers={"Accept": f"application/vnd.adobe.{form}+json"})
        assert answer.status_code == 200
        page = answer.json()["_page"]
        assert page == {"orderby": "title", "next": None, "count": len(answer.json()["results"])}
        assert answer.json()["_links"]["next"] is None
        assert answer.json()["_links"]["tenant_classes"]["href"].endswith(path("classes"))


def test_lists_are_read_page_by_page(api: TestClient) -> None:
    whole = api.get(path("datatypes", container="global"), headers=IDS).json()["results"]
    seen: list[str] = []
    start: str | None = None
    while True:
        query = {"orderby": "title", "limit": "7"} | ({"start": start} if start else {})
        answer = api.get(path("datatypes", container="global"), headers=IDS, params=query).json()
        seen += [one["$id"] for one in answer["results"]]
        start = answer["_page"]["next"]
        if start is None:
            break
        assert "start=" in answer["_links"]["next"]["href"]
    assert seen == [one["$id"] for one in whole]
    backwards = api.get(path("datatypes", container="global"), headers=IDS, params={"orderby": "-title"}).json()
    assert [one["$id"] for one in backwards["results"]] == seen[::-1]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ({"property": "title==Second"}, ["Second"]),
        ({"property": "title!=Second"}, ["First"]),
        ({"property": f"meta:extends=={DETAILS}"}, ["Second"]),
        ({"property": "meta:extends!=https://ns.adobe.com/xdm/data/adhoc"}, ["First", "Second"]),
        ({"property": f"meta:class=={PROFILE},title==First"}, ["First"]),
        ({"property": [f"meta:class=={PROFILE}", "title==First"]}, ["First"]),
        ({"property": "meta:immutableTags==union"}, []),
        ({"property": "meta:class"}, ["First", "Second"]),
        ({"property": "version>1.0"}, []),
        ({"property": "nowhere"}, []),
        ({"start": "First", "orderby": "title"}, ["Second"]),
        ({"orderby": "-updated"}, ["Second", "First"]),
    ],
)
def test_lists_are_filtered(
    api: TestClient, registry: RegistryClient, query: dict[str, Any], titles: list[str]
) -> None:
    first = registry.schema("First")
    registry.schema("Second", DETAILS)
    assert first
    answer = api.get(path("schemas"), headers=LIST, params=query)
    assert answer.status_code == 200
    assert sorted(one["title"] for one in answer.json()["results"]) == sorted(titles)


def test_a_list_shows_only_the_fields_asked_for(api: TestClient, registry: RegistryClient) -> None:
    schema = registry.schema("First")
    answer = api.get(path("schemas"), headers=LIST, params={"property": "title,meta:class"}).json()
    assert answer["results"] == [{"title": "First", "meta:class": PROFILE, "$id": schema["$id"]}]


def test_stats_count_what_there_is(api: TestClient, registry: RegistryClient) -> None:
    group = registry.field_group()
    schema = registry.schema("S", group["$id"])
    answer = api.get(f"{BASE}/stats/", headers=LIST).json()
    assert answer["tenantId"] == "acme"
    assert answer["imsOrg"] == "ACME@AdobeOrg"
    assert answer["counts"] == {"schemas": 1, "mixins": 1, "datatypes": 0, "classes": 0, "unions": 0}
    assert [one["title"] for one in answer["recentlyCreatedResources"]] == ["S", "Loyalty"]
    newest = answer["recentlyCreatedResources"][0]
    assert (newest["$id"], newest["description"], newest["version"]) == (schema["$id"], "", "1.0")
    assert re.fullmatch(
        r"[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d{4} \d\d:\d\d:\d\d GMT\+0000 \(UTC\)", newest["meta:created"]
    )
    assert "meta:updated" not in newest
    updated = answer["recentlyUpdatedResources"][0]
    assert (updated["meta:class"], updated["meta:classTitle"]) == (PROFILE, "XDM Individual Profile")
    assert updated["meta:updated"] == newest["meta:created"]
    assert "meta:class" not in answer["recentlyUpdatedResources"][1]
    assert answer["classUsage"] == [
        {
            "$id": PROFILE,
            "title": "XDM Individual Profile",
            "numberOfSchemas": 1,
            "schemas": [{"$id": schema["$id"], "title": "S"}],
        }
    ]


def test_an_ad_hoc_class_has_its_fields_under_a_name_of_its_own(
    api: TestClient, registry: RegistryClient, refused: Refused
) -> None:
    def body(title: str, **more: dict[str, Any]) -> dict[str, Any]:
        fields = {"field1": {"type": "string"}, "field2": {"type": "integer"}, **more}
        own = {"properties": {"_adhoc": {"type": "object", "properties": fields}}}
        return {"title": title, "type": "object", "allOf": [{"$ref": XDM + "data/adhoc"}, own]}

    made = registry.post("classes", body("New ad-hoc class"))
    name = made["$id"].rpartition("/")[2]
    assert made["meta:datasetNamespace"] == f"_{name}"
    assert list(made["allOf"][1]["properties"]) == [f"_{name}"]
    schema = registry.schema("New Schema", class_id=made["$id"])
    assert schema["meta:datasetNamespace"] == f"_{name}"
    fields = registry.full(schema["$id"])["properties"][f"_{name}"]["properties"]
    assert [(key, one["meta:xdmType"]) for key, one in fields.items()] == [("field1", "string"), ("field2", "long")]
    assert (
        api.get(f"{BASE}/rpc/sampledata/{quote(schema['$id'], safe='')}").json()[f"_{name}"]["xdm:field1"] == "string"
    )
    data_set = {"name": "Rows", "schemaRef": {"id": schema["$id"]}}
    assert api.post("/data/foundation/catalog/dataSets", json=data_set).status_code == 201
    more = api.put(path("classes", made["$id"]), json=body("New ad-hoc class", field3={"type": "string"}))
    assert more.status_code == 200, more.text
    assert list(more.json()["allOf"][1]["properties"][f"_{name}"]["properties"]) == ["field1", "field2", "field3"]
    assert "meta:datasetNamespace" not in registry.schema("Another")
    other = body("Record")
    other["allOf"][0]["$ref"] = XDM + "data/record"
    assert refused("POST", path("classes"), json=other)["report"]["path"] == "$.allOf[1]._adhoc.field1"
    copy = registry.post("classes", {**more.json(), "title": "A copy"})
    assert copy["$id"] != made["$id"]
    assert copy["meta:datasetNamespace"] == f"_{name}"


def test_a_class_a_data_type_and_fields_inline(api: TestClient, registry: RegistryClient) -> None:
    color = registry.post("datatypes", {"title": "Color", "type": "object", "properties": {"name": {"type": "string"}}})
    own = registry.post(
        "classes",
        {
            "title": "Property",
            "type": "object",
            "allOf": [{"$ref": XDM + "data/record"}, {"$ref": "#/definitions/property"}],
            "definitions": {
                "property": {
                    "properties": {
                        "_acme": {
                            "type": "object",
                            "properties": {
                                "id": {"type": "string"},
                                "colors": {"type": "array", "items": {"$ref": color["$id"]}},
                            },
                        }
                    }
                }
            },
        },
    )
    inline = registry.post(
        "fieldgroups",
        {
            "title": "Inline",
            "type": "object",
            "meta:intendedToExtend": [own["$id"]],
            "allOf": [{"properties": {"_acme": {"type": "object", "properties": {"built": {"type": "integer"}}}}}],
        },
    )
    schema = registry.schema("Properties", inline["$id"], class_id=own["$id"])
    fields = registry.full(schema["$id"])["properties"]["_acme"]["properties"]
    assert set(fields) == {"id", "colors", "built"}
    assert fields["colors"]["items"]["properties"]["name"]["meta:xdmType"] == "string"
    assert schema["meta:class"] == own["$id"]
    assert api.get(path("behaviors", XDM + "data/record", "global"), headers=FULL).json()["properties"]["_id"]


def test_a_put_replaces_and_keeps_what_can_not_be_taken_back(api: TestClient, registry: RegistryClient) -> None:
    schema = registry.schema("S", registry.field_group()["$id"])
    registry.identity(schema["$id"])
    registry.enable(schema["$id"])
    body = {"title": "T", "type": "object", "allOf": [*schema["allOf"], {"$ref": DETAILS}]}
    answer = api.put(path("schemas", schema["$id"]), json=body, headers=LIST)
    assert answer.status_code == 200
    assert (answer.json()["title"], answer.json()["version"]) == ("T", "1.2")
    assert answer.json()["meta:immutableTags"] == ["union"]


def test_a_reference_may_be_written_with_dots(registry: RegistryClient) -> None:
    group = registry.field_group()
    schema = registry.schema("S", group["meta:altId"], class_id="_xdm.context.profile")
    assert schema["refs"] == [PROFILE, group["$id"]]


def test_a_tenant_has_no_behaviours_of_its_own(api: TestClient) -> None:
    assert api.get(path("behaviors"), headers=LIST).json()["results"] == []


def test_earlier_versions_stay_readable(api: TestClient, registry: RegistryClient) -> None:
    schema = registry.schema("S")
    registry.patch("schemas", schema["$id"], {"op": "replace", "path": "/title", "value": "T"})
    for version, title in (("1", "T"), ("1.0", "S"), ("1.1", "T")):
        accept = {"Accept": f"application/vnd.adobe.xed+json;version={version}"}
        assert api.get(path("schemas", schema["$id"]), headers=accept).json()["title"] == title


def test_an_operation_in_upper_case_is_taken_and_nothing_else_is_stored(
    api: TestClient, registry: RegistryClient
) -> None:
    schema = registry.schema("S")
    registry.patch("schemas", schema["$id"], {"op": "REPLACE", "path": "/title", "value": "T"})
    (newest, _) = api.get(f"{BASE}/rpc/auditlog/{schema['meta:altId']}").json()
    assert newest["updates"] == [
        {"id": schema["$id"], "xdmType": "schemas", "action": "update", "path": "/title", "value": "T"}
    ]


def test_a_deleted_resource_is_gone_with_its_descriptors(api: TestClient, registry: RegistryClient) -> None:
    group = registry.field_group()
    schema = registry.schema("S", group["$id"])
    descriptor = registry.identity(schema["$id"])
    assert api.delete(path("fieldgroups", group["$id"])).status_code == 422
    assert api.delete(path("schemas", schema["$id"])).status_code == 204
    assert api.get(path("schemas", schema["$id"]), headers=RAW).status_code == 404
    assert api.get(path("descriptors", descriptor["@id"])).status_code == 404
    assert api.delete(path("fieldgroups", group["$id"])).status_code == 204
    assert api.get(path("fieldgroups"), headers=IDS).json()["results"] == []


SCHEMA = {"title": "S", "type": "object"}


@pytest.mark.parametrize(
    ("segment", "body", "detail"),
    [
        ("schemas", {**SCHEMA, "allOf": []}, "has fields"),
        ("schemas", {**SCHEMA, "allOf": [{"$ref": DETAILS}]}, "exactly one class"),
        ("schemas", {**SCHEMA, "allOf": [{"$ref": PROFILE}, {"$ref": EVENT}]}, "exactly one class"),
        ("schemas", {**SCHEMA, "allOf": [{"$ref": EVENT}, {"$ref": WORK}]}, "is not meant for the class"),
        ("schemas", {**SCHEMA, "allOf": [{"$ref": PROFILE}, {"$ref": XDM + "common/address"}]}, "field groups"),
        ("schemas", {**SCHEMA, "allOf": [{"$ref": PROFILE}, {"$ref": XDM + "nowhere"}]}, "does not exist"),
        ("schemas", {**SCHEMA, "allOf": [{"$ref": PROFILE}], "properties": {"x": {"type": "string"}}}, "under _acme"),
        ("schemas", {"allOf": [{"$ref": PROFILE}]}, "title"),
        ("classes", {**SCHEMA, "allOf": [{"$ref": PROFILE}]}, "exactly one behaviour"),
        ("classes", {**SCHEMA, "allOf": [{"$ref": XDM + "data/record"}, {"$ref": XDM + "data/time-series"}]}, "one"),
        ("fieldgroups", {**SCHEMA, "properties": {"x": {"type": "string"}}}, "under _acme"),
        ("fieldgroups", {**SCHEMA, "allOf": [{"$ref": PROFILE}]}, "can't be a whole"),
        (
            "fieldgroups",
            {**SCHEMA, "meta:intendedToExtend": ["x"], "properties": {"_acme": {"type": "object"}}},
            "names no class",
        ),
        ("datatypes", {**SCHEMA, "properties": {"a": {"$ref": "#/definitions/gone"}}}, "points at nothing"),
        ("datatypes", {**SCHEMA, "properties": {"_a": {"type": "string"}}}, "not allowed"),
        ("datatypes", {**SCHEMA, "properties": {"a": {"type": "nothing"}}}, "is no type"),
    ],
)
def test_a_resource_that_breaks_a_rule_is_refused(
    refused: Refused, segment: str, body: dict[str, Any], detail: str
) -> None:
    problem = refused("POST", path(segment), json=body)
    assert problem["type"].endswith("XDM-1521-400")
    assert detail in problem["detail"]


def test_titles_are_unique_over_all_kinds(refused: Refused, registry: RegistryClient) -> None:
    group = registry.field_group("Taken")
    problem = refused("POST", path("schemas"), json={"title": "Taken", "type": "object", "allOf": [{"$ref": PROFILE}]})
    assert problem["status"] == 400
    assert problem["detail"] == (f"Title must be unique. An object {group['$id']} already exists with the same title.")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_the_global_container_is_read_only(refused: Refused, method: str) -> None:
    url = path("classes", "" if method == "POST" else PROFILE, "global")
    body: Any = [] if method == "PATCH" else {"title": "x"}
    assert refused(method, url, json=body)["type"].endswith("XDM-1018-400")


@pytest.mark.parametrize(
    "operations",
    [
        {},
        [],
        None,
        "add",
        [3],
        [{"op": "add"}],
        [{"op": "add", "path": "/nowhere/deep", "value": 1}],
        [{"op": "replace", "path": "", "value": []}],
        [{"op": "remove", "path": "/title"}],
        [{"op": "replace", "path": "/allOf", "value": "x"}],
        [{"op": "replace", "path": "/allOf/0", "value": {"$ref": 3}}],
        [{"op": "add", "path": "/allOf/-", "value": {"$ref": "https://ns.adobe.com/xdm/nowhere"}}],
        [{"op": "test", "path": "/title", "value": "other"}],
    ],
)
def test_a_patch_that_does_not_apply_is_refused(refused: Refused, registry: RegistryClient, operations: Any) -> None:
    schema = registry.schema("S")
    assert refused("PATCH", path("schemas", schema["$id"]), json=operations)["status"] == 400
    assert registry.full(schema["$id"])["version"] == "1.0"


def test_a_cycle_made_by_a_change_is_refused(refused: Refused, registry: RegistryClient) -> None:
    first = registry.post("datatypes", {"title": "A", "properties": {"x": {"type": "string"}}})
    second = registry.post("datatypes", {"title": "B", "properties": {"a": {"$ref": first["$id"]}}})
    operation = {"op": "add", "path": "/properties/b", "value": {"$ref": second["$id"]}}
    problem = refused("PATCH", path("datatypes", first["$id"]), json=[operation])
    assert "leads back to itself" in problem["detail"]


def test_a_document_nested_too_deep_is_refused(refused: Refused, registry: RegistryClient) -> None:
    node: dict[str, Any] = {"type": "string"}
    for _ in range(40):
        node = {"type": "object", "properties": {"a": node}}
    body = {"title": "Deep", "properties": {"_acme": node}}
    assert "deeper than" in refused("POST", path("fieldgroups"), json=body)["detail"]
    schema = registry.schema("S")
    operation = {"op": "add", "path": "/properties", "value": {"_acme": node}}
    assert "deeper than" in refused("PATCH", path("schemas", schema["$id"]), json=[operation])["detail"]


def test_a_change_that_would_break_another_schema_is_refused(refused: Refused, registry: RegistryClient) -> None:
    text = registry.field_group("Text", shared={"type": "string"})
    number = registry.field_group("Number", other={"type": "number"})
    registry.schema("Both", text["$id"], number["$id"])
    operation = {
        "op": "add",
        "path": "/definitions/property/properties/_acme/properties/shared",
        "value": {"type": "number"},
    }
    problem = refused("PATCH", path("fieldgroups", number["$id"]), json=[operation])
    assert "is a string in one place and a number in another" in problem["detail"]


def enabled_schema(registry: RegistryClient) -> tuple[dict[str, Any], dict[str, Any]]:
    group = registry.field_group(loyaltyId={"type": "string"}, tier={"type": "string", "enum": ["gold", "silver"]})
    schema = registry.schema("Members", group["$id"])
    registry.identity(schema["$id"])
    registry.enable(schema["$id"])
    return group, schema


FIELDS = "/definitions/property/properties/_acme/properties"


@pytest.mark.parametrize(
    ("operation", "detail"),
    [
        ({"op": "remove", "path": f"{FIELDS}/tier"}, "/_acme/tier: the field is removed"),
        ({"op": "replace", "path": f"{FIELDS}/tier", "value": {"type": "number"}}, "type changes"),
        ({"op": "replace", "path": f"{FIELDS}/tier/enum", "value": ["gold"]}, "the enum loses silver"),
        ({"op": "move", "from": f"{FIELDS}/tier", "path": f"{FIELDS}/level"}, "/_acme/tier: the field is removed"),
        ({"op": "add", "path": "/definitions/property/properties/_acme/required", "value": ["tier"]}, "required"),
    ],
)
def test_a_breaking_change_of_a_part_is_refused_once_profiles_rely_on_it(
    refused: Refused, registry: RegistryClient, operation: dict[str, Any], detail: str
) -> None:
    group, _ = enabled_schema(registry)
    problem = refused("PATCH", path("fieldgroups", group["$id"]), json=[operation])
    assert problem["type"].endswith("XDM-1406-422")
    assert detail in problem["detail"]


def test_a_part_of_an_enabled_schema_may_grow(registry: RegistryClient) -> None:
    group, schema = enabled_schema(registry)
    registry.patch(
        "fieldgroups",
        group["$id"],
        {"op": "add", "path": f"{FIELDS}/points", "value": {"type": "integer"}},
        {"op": "add", "path": f"{FIELDS}/tier/enum/-", "value": "bronze"},
        {"op": "replace", "path": "/title", "value": "Renamed"},
    )
    assert "points" in registry.full(schema["$id"])["properties"]["_acme"]["properties"]


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "/meta:immutableTags"},
        {"op": "replace", "path": "/meta:immutableTags", "value": []},
        {"op": "remove", "path": "/allOf/1"},
    ],
)
def test_an_enabled_schema_stays_enabled_and_whole(
    refused: Refused, registry: RegistryClient, operation: dict[str, Any]
) -> None:
    _, schema = enabled_schema(registry)
    assert refused("PATCH", path("schemas", schema["$id"]), json=[operation])["status"] == 422
    assert refused("DELETE", path("schemas", schema["$id"]))["status"] == 422


def test_a_schema_that_a_data_set_uses_is_kept_from_breaking(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, refused: Refused, registry: RegistryClient
) -> None:
    group = registry.field_group(a={"type": "string"})
    schema = registry.schema("S", group["$id"])
    monkeypatch.setattr(platform.schemas, "is_in_use", lambda *call: call[2] == schema["$id"])
    operation = {"op": "remove", "path": f"{FIELDS}/a"}
    assert refused("PATCH", path("fieldgroups", group["$id"]), json=[operation])["status"] == 422
    assert refused("DELETE", path("schemas", schema["$id"]))["status"] == 422
    monkeypatch.setattr(platform.schemas, "is_in_use", lambda *call: False)
    registry.patch(
        "fieldgroups", group["$id"], operation, {"op": "add", "path": f"{FIELDS}/b", "value": {"type": "string"}}
    )


def test_without_an_identity_a_schema_is_not_enabled(refused: Refused, registry: RegistryClient) -> None:
    schema = registry.schema("S", registry.field_group()["$id"])
    registry.identity(schema["$id"], is_primary=False)
    assert "primary identity" in refused("PATCH", path("schemas", schema["$id"]), json=[TAG])["detail"]
    mapped = registry.schema("Mapped", XDM + "context/identitymap")
    assert registry.enable(mapped["$id"])["meta:immutableTags"] == ["union"]
    event = registry.schema("Events", class_id=EVENT)
    assert registry.enable(event["$id"])["meta:immutableTags"] == ["union"]


def test_a_relationship_needs_its_reference_before_profiles(refused: Refused, registry: RegistryClient) -> None:
    group = registry.field_group(loyaltyId={"type": "string"}, hotel={"type": "string"})
    hotels = registry.schema("Hotels", group["$id"])
    registry.identity(hotels["$id"])
    members = registry.schema("Members", group["$id"])
    registry.identity(members["$id"])
    relation = {
        "@type": "xdm:descriptorOneToOne",
        "xdm:sourceSchema": members["$id"],
        "xdm:sourceVersion": 1,
        "xdm:sourceProperty": "/_acme/hotel",
        "xdm:destinationSchema": hotels["$id"],
        "xdm:destinationVersion": 1,
    }
    registry.post("descriptors", relation)
    assert "reference identity" in refused("PATCH", path("schemas", members["$id"]), json=[TAG])["detail"]
    reference = {
        "@type": "xdm:descriptorReferenceIdentity",
        "xdm:sourceSchema": members["$id"],
        "xdm:sourceVersion": 1,
        "xdm:sourceProperty": "/_acme/hotel",
        "xdm:identityNamespace": "CORE",
    }
    made = registry.post("descriptors", reference)
    assert "same namespace" in refused("PATCH", path("schemas", members["$id"]), json=[TAG])["detail"]
    answer = registry.api.put(path("descriptors", made["@id"]), json={**reference, "xdm:identityNamespace": "email"})
    assert answer.status_code == 201
    assert registry.enable(members["$id"])["meta:immutableTags"] == ["union"]


def test_the_union_holds_every_enabled_schema(api: TestClient, registry: RegistryClient) -> None:
    _, schema = enabled_schema(registry)
    registry.schema("Not enabled", DETAILS)
    (union,) = api.get(path("unions"), headers=LIST).json()["results"]
    assert union["$id"] == PROFILE + "__union"
    assert union["meta:altId"] == "_xdm.context.profile__union"
    assert (union["meta:resourceType"], union["meta:class"]) == ("unions", PROFILE)
    assert schema["$id"] in [item["$ref"] for item in union["allOf"]]
    for segment, name in (("unions", union["$id"]), ("unions", union["meta:altId"]), ("schemas", union["$id"])):
        fields = registry.full(name, segment)["properties"]
        assert {"_acme", "identityMap", "timeSeriesEvents", "segmentMembership"} <= set(fields)
        assert "person" not in fields
    assert api.get(f"{BASE}/rpc/sampledata/{union['meta:altId']}").json()["_acme"]


def test_two_enabled_schemas_agree_on_a_field(refused: Refused, registry: RegistryClient) -> None:
    enabled_schema(registry)
    group = registry.field_group("Other", loyaltyId={"type": "string"}, tier={"type": "number"})
    schema = registry.schema("Others", group["$id"])
    registry.identity(schema["$id"])
    problem = refused("PATCH", path("schemas", schema["$id"]), json=[TAG])
    assert "in one place and a" in problem["detail"]


def test_nothing_of_one_sandbox_is_seen_from_another(
    api: TestClient, platform: Platform, sandbox: Sandbox, registry: RegistryClient
) -> None:
    schema = registry.schema("S")
    dev = {"x-sandbox-name": other_sandbox(platform, sandbox)}
    assert api.get(path("schemas"), headers=IDS | dev).json()["results"] == []
    assert api.get(path("schemas", schema["$id"]), headers=RAW | dev).status_code == 404
    assert api.delete(path("schemas", schema["$id"]), headers=dev).status_code == 404
    same = {"title": "S", "type": "object", "allOf": [{"$ref": PROFILE}]}
    assert api.post(path("schemas"), json=same, headers=dev).status_code == 201
