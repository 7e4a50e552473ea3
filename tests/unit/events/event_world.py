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
            "number": {"type": "string"},
        },
    },
    "bookings": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "number": {"type": "string"},
                "nights": {"type": "integer"},
                "codes": {"type": "array", "items": {"type": "string"}},
            },
        },
    },
    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
    "at": {"type": "string", "format": "date-time"},
    "store": {"type": "string"},
}
NAMESPACES = "/data/core/idnamespace/identities"


def create_schema(
    api: TestClient,
    *,
    title: str = "Orders",
    with_event_id: bool = True,
    with_identity: bool = True,
    more_fields: dict[str, Any] | None = None,
    **headers: str,
) -> str:
    """An event schema of the tenant `acme`; its `$id`. The primary identity is _acme.person.email, an Email."""
    fields = {**FIELDS, **(more_fields or {})}
    group = api.post(
        f"{REGISTRY}/fieldgroups",
        json={
            "type": "object",
            "title": f"{title} fields",
            "meta:intendedToExtend": [EVENT_CLASS],
            "definitions": {"all": {"properties": {"_acme": {"type": "object", "properties": fields}}}},
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
        identify(api, schema_id, "/_acme/person/email", "Email", is_primary=True, **headers)
    return schema_id


def identify(
    api: TestClient, schema_id: str, path: str, namespace: str, *, is_primary: bool = False, **headers: str
) -> None:
    """Say with a descriptor that a field is an identity."""
    descriptor = {
        "@type": "xdm:descriptorIdentity",
        "xdm:sourceSchema": schema_id,
        "xdm:sourceVersion": 1,
        "xdm:sourceProperty": path,
        "xdm:namespace": namespace,
        "xdm:property": "xdm:code",
        "xdm:isPrimary": is_primary,
    }
    answer = api.post(f"{REGISTRY}/descriptors", json=descriptor, headers=headers)
    assert answer.status_code == 201, answer.text


def create_namespace(api: TestClient, code: str, id_type: str = "NON_PEOPLE") -> None:
    """A namespace of the sandbox `prod`."""
    answer = api.post(NAMESPACES, json={"name": code, "code": code, "idType": id_type})
    assert answer.status_code in (200, 201), answer.text


def connect(api: TestClient, schema_id: str, *, is_authenticated: bool = False, data_type: str = "xdm") -> str:
    """An inlet with a flow into a data set of the schema; the flow's id."""
    base = "/data/foundation/flowservice"
    spec = {"id": "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb", "version": "1.0"}
    dataset = api.post(
        "/data/foundation/catalog/dataSets",
        json={"name": "Orders", "schemaRef": {"id": schema_id, "contentType": "application/vnd.adobe.xed+json"}},
    ).json()[0]
    params = {"dataType": data_type, "authenticationRequired": is_authenticated}
    connection = api.post(
        f"{base}/connections",
        json={
            "name": "Shop's events",
            "connectionSpec": spec,
            "auth": {"specName": "Streaming Connection", "params": params},
        },
    ).json()["id"]
    source = api.post(
        f"{base}/sourceConnections", json={"name": "s", "baseConnectionId": connection, "connectionSpec": spec}
    ).json()["id"]
    target = api.post(
        f"{base}/targetConnections",
        json={
            "name": "t",
            "connectionSpec": {"id": "c604ff05-7f1a-43c0-8e18-33bf874cb11c", "version": "1.0"},
            "params": {"dataSetId": dataset.removeprefix("@/dataSets/")},
        },
    ).json()["id"]
    flow: str = api.post(
        f"{base}/flows",
        json={
            "name": "f",
            "flowSpec": {"id": "d8a6f005-7eaf-4153-983e-e8574508b877", "version": "1.0"},
            "sourceConnectionIds": [source],
            "targetConnectionIds": [target],
        },
    ).json()["id"]
    return flow


def business_body(schema_id: str, **members: Any) -> dict[str, Any]:
    """A business event: a store's stock is low."""
    return {
        "name": "StockLow",
        "type": "business",
        "schemaRef": {"id": schema_id},
        "fields": ["/_acme/store"],
        "idCondition": "@event{StockLow._acme.order.total} < 5",
        **members,
    }


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
