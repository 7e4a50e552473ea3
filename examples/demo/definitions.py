"""What the demo defines, step by step as the platform's tutorials do it, through the public API alone."""

from dataclasses import dataclass
from typing import Any

from platform_client import Platform

FOUNDATION = "/data/foundation"
JOURNEYS = "/journey/orchestration"
XDM_FULL = "application/vnd.adobe.xed-full+json;version=1"
HTTP_API = {"id": "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb", "version": "1.0"}
DATA_LAKE = {"id": "c604ff05-7f1a-43c0-8e18-33bf874cb11c", "version": "1.0"}
WITHOUT_MAPPING = {"id": "d8a6f005-7eaf-4153-983e-e8574508b877", "version": "1.0"}
WITH_MAPPING = {"id": "c1a19761-d2c7-4702-b9fa-fe91f0613e81", "version": "1.0"}


@dataclass
class Defined:
    """Everything the stream needs to know."""

    tenant: str
    profile_schema: str
    event_schema: str
    profile_dataset: str
    event_dataset: str
    raw_inlet: str
    xdm_inlet: str
    event_inlet: str
    raw_flow: str
    xdm_flow: str
    event_flow: str
    event_id: str
    journey: str
    journey_version: str


def define(platform: Platform, receiver_url: str, say: Any) -> Defined:
    """Create every definition; `say` is called with a line for each."""
    tenant = platform.get(FOUNDATION + "/schemaregistry/stats")["tenantId"]
    profile_schema = make_profile_schema(platform)
    event_schema = make_event_schema(platform, tenant)
    say(f"schemas       loyalty profile {profile_schema[-12:]}, order event {event_schema[-12:]}")
    profile_dataset = make_dataset(platform, "Loyalty members", profile_schema)
    event_dataset = make_dataset(platform, "Orders", event_schema)
    say(f"data sets     {profile_dataset}, {event_dataset}")
    raw = make_connection(
        platform,
        "ACME Streaming Connection Raw Data Authenticated",
        {"sourceId": "crm", "dataType": "raw", "name": "Sample connection", "authenticationRequired": True},
    )
    xdm = make_connection(platform, "ACME Streaming Connection XDM Data", {"dataType": "xdm"})
    event = make_connection(platform, "Shop events", {"dataType": "xdm", "sourceId": "shop"})
    say("inlets        raw (authenticated), XDM (open), XDM for events (open)")
    mapping = platform.post(
        FOUNDATION + "/mappingSets",
        {
            "version": 0,
            "xdmSchema": profile_schema,
            "xdmVersion": "1.0",
            "mappings": [
                make_mapping("person.name.firstName", "firstName"),
                make_mapping("person.name.lastName", "upper(lastName)"),
                make_mapping("workEmail.address", "contact.email"),
                make_mapping("loyalty.tier", "tier"),
                make_mapping("loyalty.points", "points"),
            ],
        },
    )
    raw_flow = make_flow(platform, "Loyalty members, raw", raw[0], profile_schema, profile_dataset, mapping)
    xdm_flow = make_flow(platform, "Loyalty members, XDM", xdm[0], profile_schema, profile_dataset)
    event_flow = make_flow(platform, "Orders", event[0], event_schema, event_dataset)
    say("flows         raw → mapping → profile, XDM → profile, XDM → events")
    configuration = platform.post(
        JOURNEYS + "/events",
        {
            "name": "OrderPlaced",
            "description": "A customer placed an order",
            "type": "unitary",
            "idType": "systemGenerated",
            "schemaRef": {"id": event_schema, "contentType": XDM_FULL},
            "datasetId": event_dataset,
            "fields": ["/commerce/order/priceTotal", f"/_{tenant}/person/emailAddress"],
            "namespace": "Email",
        },
    )
    action = platform.post(
        JOURNEYS + "/actions",
        {
            "name": "SendMessage",
            "description": "The shop's message service",
            "url": receiver_url + "/messages",
            "method": "POST",
            "headers": [],
            "queryParameters": [],
            "authentication": {"type": "basic", "username": "shop", "password": "not shown again"},
            "request": {
                "sample": {"to": "jane@example.com", "template": "vip", "firstName": "Jane", "total": 120.5},
                "fields": [
                    {"path": "/to", "type": "string", "kind": "variable", "label": "Recipient"},
                    {"path": "/template", "type": "string", "kind": "variable", "label": "Template"},
                    {"path": "/firstName", "type": "string", "kind": "variable", "label": "First name"},
                    {"path": "/total", "type": "decimal", "kind": "variable", "label": "Order total"},
                ],
            },
            "response": {"sample": {"status": "queued"}},
        },
    )
    journey = platform.post(JOURNEYS + "/journeys", make_journey(configuration["uid"], action["uid"], tenant))
    platform.post(f"{JOURNEYS}/journeyVersions/{journey['versionUid']}/publish")
    say("journey       “Thank the customer”: order → gold member? → wait 2 s → message, published")
    return Defined(
        tenant, profile_schema, event_schema, profile_dataset, event_dataset, raw[1], xdm[1], event[1],
        raw_flow, xdm_flow, event_flow, configuration["eventID"], journey["uid"], journey["versionUid"],
    )  # fmt: skip


def make_profile_schema(platform: Platform) -> str:
    base = "https://ns.adobe.com/xdm/context/"
    schema = platform.post(
        FOUNDATION + "/schemaregistry/tenant/schemas",
        {
            "type": "object",
            "title": "Loyalty members",
            "allOf": [
                {"$ref": base + "profile"},
                {"$ref": base + "profile-person-details"},
                {"$ref": base + "profile-work-details"},
                {"$ref": "https://ns.adobe.com/xdm/mixins/profile/profile-loyalty-details"},
            ],
        },
    )
    make_identity(platform, schema["$id"], "/workEmail/address")
    enable_for_profile(platform, schema["meta:altId"])
    return str(schema["$id"])


def make_event_schema(platform: Platform, tenant: str) -> str:
    group = platform.post(
        FOUNDATION + "/schemaregistry/tenant/fieldgroups",
        {
            "type": "object",
            "title": "Shop customer",
            "meta:intendedToExtend": ["https://ns.adobe.com/xdm/context/experienceevent"],
            "allOf": [{"$ref": "#/definitions/customer"}],
            "definitions": {
                "customer": {
                    "properties": {
                        f"_{tenant}": {
                            "type": "object",
                            "properties": {
                                "person": {
                                    "type": "object",
                                    "properties": {
                                        "firstName": {"type": "string", "title": "First name"},
                                        "emailAddress": {"type": "string", "title": "E-mail address"},
                                    },
                                }
                            },
                        }
                    }
                }
            },
        },
    )
    schema = platform.post(
        FOUNDATION + "/schemaregistry/tenant/schemas",
        {
            "type": "object",
            "title": "Order events",
            "allOf": [
                {"$ref": "https://ns.adobe.com/xdm/context/experienceevent"},
                {"$ref": "https://ns.adobe.com/xdm/context/experienceevent-commerce"},
                {"$ref": "https://ns.adobe.com/experience/campaign/orchestration/eventid"},
                {"$ref": group["$id"]},
            ],
        },
    )
    make_identity(platform, schema["$id"], f"/_{tenant}/person/emailAddress")
    enable_for_profile(platform, schema["meta:altId"])
    return str(schema["$id"])


def make_identity(platform: Platform, schema_id: str, path: str) -> None:
    platform.post(
        FOUNDATION + "/schemaregistry/tenant/descriptors",
        {
            "@type": "xdm:descriptorIdentity",
            "xdm:sourceSchema": schema_id,
            "xdm:sourceVersion": 1,
            "xdm:sourceProperty": path,
            "xdm:namespace": "Email",
            "xdm:property": "xdm:code",
            "xdm:isPrimary": True,
        },
    )


def enable_for_profile(platform: Platform, alt_id: str) -> None:
    platform.patch(
        f"{FOUNDATION}/schemaregistry/tenant/schemas/{alt_id}",
        [{"op": "add", "path": "/meta:immutableTags", "value": ["union"]}],
    )


def make_dataset(platform: Platform, name: str, schema_id: str) -> str:
    answer = platform.post(
        FOUNDATION + "/catalog/dataSets",
        {
            "name": name,
            "schemaRef": {"id": schema_id, "contentType": XDM_FULL},
            "tags": {"unifiedProfile": ["enabled:true"], "unifiedIdentity": ["enabled:true"]},
        },
    )
    return str(answer[0]).removeprefix("@/dataSets/")


def make_connection(platform: Platform, name: str, params: dict[str, Any]) -> tuple[str, str]:
    made = platform.post(
        FOUNDATION + "/flowservice/connections",
        {
            "name": name,
            "description": "ACME streaming connection for customer data",
            "connectionSpec": HTTP_API,
            "auth": {"specName": "Streaming Connection", "params": params},
        },
    )
    item = platform.get(f"{FOUNDATION}/flowservice/connections/{made['id']}")["items"][0]
    return made["id"], item["auth"]["params"]["inletUrl"]


def make_mapping(destination: str, source: str) -> dict[str, Any]:
    return {"destinationXdmPath": destination, "sourceAttribute": source, "identity": False, "version": 0}


def make_flow(platform: Platform, name: str, connection: str, schema_id: str, dataset: str, mapping: Any = None) -> str:
    source = platform.post(
        FOUNDATION + "/flowservice/sourceConnections",
        {"name": f"{name}: source", "baseConnectionId": connection, "connectionSpec": HTTP_API},
    )
    target = platform.post(
        FOUNDATION + "/flowservice/targetConnections",
        {
            "name": f"{name}: target",
            "data": {"schema": {"id": schema_id, "version": "application/vnd.adobe.xed-full+json;version=1.0"}},
            "params": {"dataSetId": dataset},
            "connectionSpec": DATA_LAKE,
        },
    )
    body: dict[str, Any] = {
        "name": name,
        "flowSpec": WITH_MAPPING if mapping else WITHOUT_MAPPING,
        "sourceConnectionIds": [source["id"]],
        "targetConnectionIds": [target["id"]],
    }
    if mapping:
        params = {"mappingId": mapping["id"], "mappingVersion": mapping["version"]}
        body["transformations"] = [{"name": "Mapping", "params": params}]
    return str(platform.post(FOUNDATION + "/flowservice/flows", body)["id"])


def make_journey(event_uid: str, action_uid: str, tenant: str) -> dict[str, Any]:
    total = "@event{OrderPlaced.commerce.order.priceTotal}"
    gold = '#{ExperiencePlatform.ProfileFieldGroup.loyalty.tier} == "gold"'

    def message(template: str) -> dict[str, Any]:
        return {
            "type": "customAction",
            "label": f"Send the {template} message",
            "actionUid": action_uid,
            "parameters": [
                {"paramPath": "/to", "expression": f"@event{{OrderPlaced._{tenant}.person.emailAddress}}"},
                {"paramPath": "/template", "expression": f'"{template}"'},
                {
                    "paramPath": "/firstName",
                    "expression": "#{ExperiencePlatform.ProfileFieldGroup.person.name.firstName}",
                },
                {"paramPath": "/total", "expression": total},
            ],
        }

    return {
        "name": "Thank the customer",
        "entry": {"node": "order", "reentrance": {"allowed": True, "waitSeconds": 0}},
        "nodes": {
            "order": {"type": "event", "eventUid": event_uid},
            "gold": {
                "type": "condition",
                "label": "Gold member?",
                "conditionType": "dataSource",
                "paths": [{"id": "vip", "label": "Gold, or above 500", "expression": f"{gold} or {total} > 500"}],
                "otherPath": True,
            },
            "pause-vip": {"type": "wait", "waitType": "duration", "duration": {"value": 2, "unit": "seconds"}},
            "pause": {"type": "wait", "waitType": "duration", "duration": {"value": 2, "unit": "seconds"}},
            "send-vip": message("vip"),
            "send": message("standard"),
        },
        "edges": [
            {"from": "order", "to": "gold", "kind": "default"},
            {"from": "gold", "to": "pause-vip", "kind": "path", "path": "vip"},
            {"from": "gold", "to": "pause", "kind": "other"},
            {"from": "pause-vip", "to": "send-vip", "kind": "default"},
            {"from": "pause", "to": "send", "kind": "default"},
        ],
    }
