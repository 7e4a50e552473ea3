"""Schemas for event tests, made through the API."""

from typing import Any

from fastapi.testclient import TestClient

REGISTRY = "/data/foundation/schemaregistry/tenant"
EVENT_CLASS = "https://ns.adobe.com/xdm/context/experienceevent"
EVENT_ID_GROUP = "https://ns.adobe.com/experience/campaign/orchestration/eventid"
EVENTS = "/journey/orchestration/events"
FIELDS = {
    "person": {
        "type": "object",
        "properties": {
            "firstName": {"type": "string"},
            "birthYear": {"type": "integer"},
            "email": {"type": "string"},
        },
    },
    "order": {
        "type": "object",
        "properties": {
            "total": {"type": "number"},
            "paid": {"type": "boolean"},
            "status": {"type": "string", "enum": ["open", "closed"]},
            "day": {"type": "string", "format": "date"},
            "tags": {"type": "array", "items": {"type": "string"}},
        },
    },
}


def create_schema(
    api: TestClient, *, title: str = "Orders", with_event_id: bool = True, with_identity: bool = True, **headers: str
) -> str:
    """An event schema of the tenant `acme`; its `$id`. The primary identity is _acme.person.email, an Email."""
    group = api.post(
        f"{REGISTRY}/fieldgroups",
        json={
            "type": "object",
            "title": f"{title} fields",
            "meta:intendedToExtend": [EVENT_CLASS],
            "definitions": {"all": {"properties": {"_acme": {"type": "object", "properties": FIELDS}}}},
            "allOf": [{"$ref": "#/definitions/all"}],
        },
        headers=headers,
    )
    assert group.status_code == 201, group.text
    parts = [EVENT_CLASS, group.json()["$id"], "https://ns.adobe.com/xdm/context/identitymap"]
    if with_event_id:
        parts.append(EVENT_ID_GROUP)
    schema = api.post(
        f"{REGISTRY}/schemas",
        json={"type": "object", "title": title, "allOf": [{"$ref": part} for part in parts]},
        headers=headers,
    )
    assert schema.status_code == 201, schema.text
    schema_id: str = schema.json()["$id"]
    if with_identity:
        descriptor = api.post(
            f"{REGISTRY}/descriptors",
            json={
                "@type": "xdm:descriptorIdentity",
                "xdm:sourceSchema": schema_id,
                "xdm:sourceVersion": 1,
                "xdm:sourceProperty": "/_acme/person/email",
                "xdm:namespace": "Email",
                "xdm:property": "xdm:code",
                "xdm:isPrimary": True,
            },
            headers=headers,
        )
        assert descriptor.status_code == 201, descriptor.text
    return schema_id


def event_body(schema_id: str, **members: Any) -> dict[str, Any]:
    """A system-generated event with three fields."""
    return {
        "name": "Order",
        "description": "An order was placed",
        "type": "unitary",
        "idType": "systemGenerated",
        "schemaRef": {"id": schema_id, "contentType": "application/vnd.adobe.xed-full+json;version=1"},
        "fields": ["/_acme/person/firstName", "/_acme/person/birthYear", "/_acme/order/total"],
        **members,
    }
