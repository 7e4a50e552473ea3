"""Descriptors through the API."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from registry_client import EVENT, PROFILE, XDM, RegistryClient, identity_body, path

Refused = Callable[..., dict[str, Any]]
Document = dict[str, Any]


@pytest.fixture
def schema(registry: RegistryClient) -> Document:
    """A profile schema with fields of several types."""
    group = registry.field_group(
        loyaltyId={"type": "string"},
        second={"type": "string"},
        number={"type": "number"},
        moment={"type": "string", "format": "date-time"},
        many={"type": "array", "items": {"type": "string"}},
        inner={"type": "object", "properties": {"id": {"type": "string"}}},
    )
    details = XDM + "context/profile-personal-details"
    return registry.schema("S", group["$id"], details, XDM + "context/identitymap")


def test_a_descriptor_is_created_read_replaced_and_deleted(
    api: TestClient, registry: RegistryClient, schema: Document
) -> None:
    body = identity_body(schema["$id"], "/personalEmail/address", is_primary=True)
    made = registry.post("descriptors", body)
    assert body.items() <= made.items()
    assert made["meta:containerId"] == "tenant"
    assert made["version"] == "1"
    assert {"createdUser", "imsOrg", "createdClient", "updatedUser", "created", "updated", "meta:sandboxId"} <= set(
        made
    )
    assert api.get(path("descriptors", made["@id"])).json() == made
    answer = api.put(path("descriptors", made["@id"]), json={**body, "xdm:isPrimary": False})
    assert (answer.status_code, answer.json()) == (201, {"@id": made["@id"]})
    assert api.get(path("descriptors", made["@id"])).json()["xdm:isPrimary"] is False
    assert api.delete(path("descriptors", made["@id"])).status_code == 204
    assert api.get(path("descriptors", made["@id"])).status_code == 404


def test_versions_may_come_as_text_and_a_namespaces_number_as_a_number(
    registry: RegistryClient, schema: Document
) -> None:
    body = identity_body(schema["$id"], "/personalEmail/address", is_primary=True)
    made = registry.post(
        "descriptors", {**body, "xdm:sourceVersion": "1", "xdm:namespace": 6, "xdm:property": "xdm:id"}
    )
    assert (made["xdm:sourceVersion"], made["xdm:namespace"]) == (1, "6")


def test_a_namespace_is_one_of_the_sandbox(
    api: TestClient, registry: RegistryClient, refused: Refused, schema: Document
) -> None:
    body = identity_body(schema["$id"], "/_acme/loyaltyId", is_primary=False)
    reference = {**body, "@type": "xdm:descriptorReferenceIdentity", "xdm:identityNamespace": "Loyalty"}
    for wrong, key in (
        ({**body, "xdm:namespace": "Loyalty"}, "xdm:namespace"),
        ({**body, "xdm:namespace": "1", "xdm:property": "xdm:id"}, "xdm:namespace"),
        (reference, "xdm:identityNamespace"),
    ):
        problem = refused("POST", path("descriptors"), json=wrong)
        assert (problem["status"], problem["report"]["path"]) == (400, f"$.{key}")
        assert "no namespace" in problem["detail"]
    made = registry.post("descriptors", body)
    url = path("descriptors", made["@id"])
    assert refused("PUT", url, json={**body, "xdm:namespace": "Loyalty"})["status"] == 400
    namespace = {"name": "Loyalty", "code": "Loyalty", "idType": "CROSS_DEVICE"}
    assert api.post("/data/core/idnamespace/identities", json=namespace).status_code in (200, 201)
    assert api.put(url, json={**body, "xdm:namespace": "loyalty"}).status_code == 201


def test_a_namespace_of_the_sandbox_given_by_number_is_kept_by_its_code(
    api: TestClient, registry: RegistryClient, schema: Document
) -> None:
    namespace = {"name": "Loyalty", "code": "Loyalty", "idType": "CROSS_DEVICE"}
    number = api.post("/data/core/idnamespace/identities", json=namespace).json()["id"]
    body = identity_body(schema["$id"], "/_acme/loyaltyId", is_primary=False)
    made = registry.post("descriptors", {**body, "xdm:namespace": number, "xdm:property": "xdm:id"})
    assert (made["xdm:namespace"], made["xdm:property"]) == ("Loyalty", "xdm:code")


def test_descriptors_are_listed_by_type_in_each_form(
    api: TestClient, registry: RegistryClient, schema: Document
) -> None:
    identity = registry.identity(schema["$id"])
    info = registry.post(
        "descriptors",
        {
            "@type": "xdm:alternateDisplayInfo",
            "xdm:sourceSchema": schema["$id"],
            "xdm:sourceVersion": 1,
            "xdm:sourceProperty": "/_acme/second",
            "xdm:title": {"en_us": "Second"},
        },
    )

    def listed(form: str, query: str = "") -> Any:
        answer = api.get(path("descriptors") + query, headers={"Accept": f"application/vnd.adobe.{form}+json"})
        assert answer.status_code == 200
        return answer.json()

    assert listed("xdm-link") == {
        "xdm:descriptorIdentity": [f"/tenant/descriptors/{identity['@id']}"],
        "xdm:alternateDisplayInfo": [f"/tenant/descriptors/{info['@id']}"],
    }
    for form in ("xdm-id", "xed-id"):
        assert listed(form)["xdm:descriptorIdentity"] == [identity["@id"]]
    assert listed("xdm")["xdm:alternateDisplayInfo"] == [info]
    both = listed("xdm-v2")
    assert {one["@id"] for one in both["results"]} == {identity["@id"], info["@id"]}
    assert both["_page"]["next"] is None
    query = f"?property=@type==xdm:descriptorIdentity,xdm:sourceSchema=={schema['$id']}"
    assert [one["@id"] for one in listed("xdm-v2", query)["results"]] == [identity["@id"]]
    assert listed("xdm-link", "?property=@type==xdm:descriptorLabel") == {}
    pages = listed("xdm-v2", "?limit=1")
    assert len(pages["results"]) == 1
    rest = listed("xdm-v2", f"?limit=1&start={pages['_page']['next']}")
    assert {pages["results"][0]["@id"], rest["results"][0]["@id"]} == {identity["@id"], info["@id"]}
    assert (
        api.get(
            path("descriptors", container="global"), headers={"Accept": "application/vnd.adobe.xdm-link+json"}
        ).json()
        == {}
    )


@pytest.mark.parametrize(
    ("changes", "at"),
    [
        ({"@type": "xdm:descriptorNothing"}, "$.@type"),
        ({"@type": 3}, "$.@type"),
        ({"xdm:sourceSchema": "https://ns.adobe.com/acme/schemas/gone"}, "$.xdm:sourceSchema"),
        ({"xdm:sourceSchema": None}, "$.xdm:sourceSchema"),
        ({"xdm:sourceVersion": "one"}, "$.xdm:sourceVersion"),
        ({"xdm:namespace": 6}, "$.xdm:namespace"),
        ({"xdm:sourceProperty": "_acme/loyaltyId"}, "$.xdm:sourceProperty"),
        ({"xdm:sourceProperty": "/_acme/loyaltyId/"}, "$.xdm:sourceProperty"),
        ({"xdm:sourceProperty": "/properties/_acme/properties/loyaltyId"}, "$.xdm:sourceProperty"),
        ({"xdm:sourceProperty": "/_acme"}, "$.xdm:sourceProperty"),
        ({"xdm:sourceProperty": "/_acme/gone"}, "$.xdm:sourceProperty"),
        ({"xdm:sourceProperty": "/_acme/number"}, "$.xdm:sourceProperty"),
        ({"xdm:sourceProperty": "/_acme/many"}, "$.xdm:sourceProperty"),
        ({"xdm:sourceProperty": "/_acme/inner"}, "$.xdm:sourceProperty"),
        ({"xdm:sourceProperty": ["/_acme/loyaltyId"]}, "$.xdm:sourceProperty"),
        ({"xdm:sourceProperty": 3}, "$.xdm:sourceProperty"),
        ({"xdm:namespace": ""}, "$.xdm:namespace"),
        ({"xdm:property": "xdm:name"}, "$.xdm:property"),
        ({"xdm:isPrimary": "true"}, "$.xdm:isPrimary"),
        ({"@type": "xdm:descriptorTimestamp"}, "$.xdm:sourceProperty"),
        ({"@type": "xdm:descriptorOneToOne"}, "$.xdm:destinationSchema"),
        (
            {"@type": "xdm:descriptorOneToOne", "xdm:destinationSchema": "gone", "xdm:destinationVersion": 1},
            "$.xdm:destinationSchema",
        ),
        ({"xdm:cardinality": "2:1"}, "$.xdm:cardinality"),
        ({"@type": "xdm:alternateDisplayInfo", "xdm:title": "T"}, "$.xdm:title"),
    ],
)
def test_a_descriptor_that_can_not_hold_is_refused_where(
    refused: Refused, schema: Document, changes: Document, at: str
) -> None:
    body = {**identity_body(schema["$id"], "/_acme/loyaltyId", is_primary=True), **changes}
    problem = refused("POST", path("descriptors"), json=body)
    assert problem["type"].endswith("XDM-1526-400")
    assert problem["report"]["path"] == at


@pytest.mark.parametrize(
    "body",
    [
        {"@type": "xdm:descriptorTimestamp", "xdm:sourceProperty": "/_acme/moment"},
        {"@type": "xdm:descriptorVersion", "xdm:sourceProperty": "/_acme/number"},
        {"@type": "xdm:descriptorPrimaryKey", "xdm:sourceProperty": ["/_acme/loyaltyId", "/_acme/second"]},
        {"@type": "xdm:descriptorDeprecated", "xdm:sourceProperty": "/_acme/second"},
        {
            "@type": "xdm:descriptorReferenceIdentity",
            "xdm:sourceProperty": "/_acme/second",
            "xdm:identityNamespace": "ecid",
        },
        {"@type": "xdm:descriptorTimeSeriesGranularity", "xdm:granularity": "day", "xdm:ianaTimezone": "UTC"},
        {"@type": "xdm:alternateDisplayInfo", "xdm:sourceProperty": "/_acme/second", "xdm:excludeMetaEnum": ""},
        {"@type": "xdm:descriptorLabel", "xdm:sourceProperty": "/_acme/second", "xdm:labels": ["core/C1"]},
        {
            "@type": "xdm:descriptorIdentity",
            "xdm:sourceProperty": "/_acme/many",
            "xdm:namespace": "PHONE",
            "xdm:property": "xdm:code",
        },
        {
            "@type": "xdm:descriptorIdentity",
            "xdm:sourceProperty": "/xdm:personalEmail/xdm:address",
            "xdm:namespace": 6,
            "xdm:property": "xdm:id",
        },
    ],
)
def test_each_kind_of_descriptor_is_kept(
    api: TestClient, registry: RegistryClient, schema: Document, body: Document
) -> None:
    if body.get("xdm:property") == "xdm:id":
        body = {**body, "xdm:namespace": "6"}
    made = registry.post("descriptors", {"xdm:sourceSchema": schema["$id"], "xdm:sourceVersion": 1, **body})
    assert body.items() <= api.get(path("descriptors", made["@id"])).json().items()


def test_a_schema_has_one_primary_identity_and_each_field_one_namespace(
    refused: Refused, registry: RegistryClient, schema: Document
) -> None:
    registry.identity(schema["$id"])
    second = identity_body(schema["$id"], "/_acme/second", is_primary=True)
    assert "primary identity already" in refused("POST", path("descriptors"), json=second)["detail"]
    again = identity_body(schema["$id"], "/_acme/loyaltyId", is_primary=False)
    assert "an identity already" in refused("POST", path("descriptors"), json=again)["detail"]
    registry.identity(schema["$id"], "/_acme/second", is_primary=False)


def test_the_primary_identity_of_an_enabled_schema_stays(
    api: TestClient, refused: Refused, registry: RegistryClient, schema: Document
) -> None:
    primary = registry.identity(schema["$id"])
    other = registry.identity(schema["$id"], "/_acme/second", is_primary=False)
    registry.enable(schema["$id"])
    demoted = identity_body(schema["$id"], "/_acme/loyaltyId", is_primary=False)
    assert refused("PUT", path("descriptors", primary["@id"]), json=demoted)["status"] == 422
    assert refused("DELETE", path("descriptors", primary["@id"]))["status"] == 422
    assert api.delete(path("descriptors", other["@id"])).status_code == 204


def test_a_descriptor_stays_on_its_schema(refused: Refused, registry: RegistryClient, schema: Document) -> None:
    made = registry.identity(schema["$id"])
    other = registry.schema("T", *schema["refs"][1:])
    moved = identity_body(other["$id"], "/_acme/loyaltyId", is_primary=True)
    assert refused("PUT", path("descriptors", made["@id"]), json=moved)["report"]["path"] == "$.xdm:sourceSchema"


def test_friendly_names_and_suggested_values_show_in_the_resolved_schema(registry: RegistryClient) -> None:
    event = registry.schema("Clicks", class_id=EVENT)
    before = registry.full(event["$id"])["properties"]["eventType"]
    assert "web.formFilledOut" in before["meta:enum"]
    standard = before["meta:enum"]["web.formFilledOut"]
    body = {
        "@type": "xdm:alternateDisplayInfo",
        "xdm:sourceSchema": event["$id"],
        "xdm:sourceVersion": 1,
        "xdm:sourceProperty": "/eventType",
        "xdm:title": {"fr_fr": "Genre", "en_us": "Kind of click"},
        "xdm:description": {"en_us": "What was clicked"},
        "meta:enum": {"shop.click": "Click in the shop", "shop.leave": {"en_us": "Way out"}},
        "xdm:excludeMetaEnum": {"web.formFilledOut": standard, "commerce.purchases": "Another label"},
    }
    registry.post("descriptors", body)
    shown = registry.full(event["$id"])["properties"]["eventType"]
    assert (shown["title"], shown["description"]) == ("Kind of click", "What was clicked")
    gone = {key: label for key, label in before["meta:enum"].items() if key != "web.formFilledOut"}
    assert shown["meta:enum"] == {**gone, "shop.click": "Click in the shop", "shop.leave": "Way out"}
    other = registry.schema("Views", class_id=EVENT)
    assert registry.full(other["$id"])["properties"]["eventType"] == before


def test_a_friendly_name_reaches_into_objects_lists_and_the_union(registry: RegistryClient) -> None:
    lines = {"type": "array", "items": {"type": "object", "properties": {"sku": {"type": "string", "title": "SKU"}}}}
    group = registry.field_group(loyaltyId={"type": "string"}, lines=lines)
    schema = registry.schema("Members", group["$id"])
    for at in ("/_acme/loyaltyId", "/_acme/lines[*]/sku"):
        body = {"@type": "xdm:alternateDisplayInfo", "xdm:sourceSchema": schema["$id"], "xdm:sourceProperty": at}
        registry.post("descriptors", {**body, "xdm:title": {"en_us": f"At {at}"}})
    registry.identity(schema["$id"])
    registry.enable(schema["$id"])
    for name, segment in ((schema["$id"], "schemas"), (f"{PROFILE}__union", "unions")):
        fields = registry.full(name, segment)["properties"]["_acme"]["properties"]
        assert fields["loyaltyId"]["title"] == "At /_acme/loyaltyId"
        assert fields["lines"]["items"]["properties"]["sku"]["title"] == "At /_acme/lines[*]/sku"


def test_the_keys_of_a_descriptor_may_lack_their_prefix(registry: RegistryClient) -> None:
    event = registry.schema("Clicks", class_id=EVENT)
    body = {
        "@type": "xdm:alternateDisplayInfo",
        "sourceSchema": event["$id"],
        "sourceProperty": "/eventType",
        "title": {"en_us": "Kind"},
        "description": {"en_us": "Its kind"},
        "meta:enum": {"eventA": {"en_us": "Event A"}},
    }
    made = registry.post("descriptors", body)
    assert made["xdm:sourceSchema"] == event["$id"]
    assert (made["xdm:sourceProperty"], made["xdm:title"]) == ("/eventType", {"en_us": "Kind"})
    assert not {"sourceSchema", "sourceProperty", "title", "description"} & set(made)
    shown = registry.full(event["$id"])["properties"]["eventType"]
    assert (shown["title"], shown["meta:enum"]["eventA"]) == ("Kind", "Event A")


def test_a_deprecated_descriptor_marks_the_field_where_it_is_asked_for(
    api: TestClient, registry: RegistryClient, schema: Document
) -> None:
    registry.post(
        "descriptors",
        {
            "@type": "xdm:descriptorDeprecated",
            "xdm:sourceSchema": schema["$id"],
            "xdm:sourceVersion": 1,
            "xdm:sourceProperty": ["/faxPhone", "/_acme/second"],
        },
    )
    marked = api.get(
        path("schemas", schema["$id"]),
        headers={"Accept": "application/vnd.adobe.xed-deprecatefield+json;version=1"},
    ).json()["properties"]
    assert marked["faxPhone"]["meta:status"] == marked["_acme"]["properties"]["second"]["meta:status"] == "deprecated"
    assert "meta:status" not in registry.full(schema["$id"])["properties"]["faxPhone"]


@pytest.mark.parametrize(
    ("url", "accept", "code"),
    [
        (path("descriptors"), "", "XDM-1005-406"),
        (path("descriptors"), "application/json", "XDM-1005-406"),
        (path("descriptors"), "application/vnd.adobe.xed-full+json", "XDM-1008-400"),
        (path("descriptors", "x"), "application/vnd.adobe.xed-full+json;version=1", "XDM-1009-400"),
        (path("descriptors", "x"), "application/json", "XDM-1012-404"),
    ],
)
def test_the_forms_of_descriptors_are_their_own(refused: Refused, url: str, accept: str, code: str) -> None:
    assert refused("GET", url, headers={"Accept": accept})["type"].endswith(code)


def test_identity_fields_of_a_part_count_for_every_schema_made_of_it(registry: RegistryClient, api: TestClient) -> None:
    group = registry.field_group("Events", intends=EVENT, crm={"type": "string"})
    registry.post("descriptors", identity_body(group["$id"], "/_acme/crm", is_primary=True))
    schema = registry.schema("E", group["$id"], class_id=EVENT)
    desc = api.get(
        path("schemas", schema["$id"]), headers={"Accept": "application/vnd.adobe.xed-full-desc+json;version=1"}
    ).json()
    assert desc["meta:descriptors"] == []
