"""The calls of the streaming tutorial in its order, over the real registry, catalog, mapping sets and flows."""

from typing import Any

from fastapi.testclient import TestClient

from parcours.app import Platform

FOUNDATION = "/data/foundation"
FLOW_SERVICE = f"{FOUNDATION}/flowservice"
HTTP_SPEC = {"id": "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb", "version": "1.0"}


def ok(answer: Any, status: int) -> Any:
    """The answer's body, when its status is the documented one."""
    assert answer.status_code == status, answer.text
    return answer.json()


def make_schema(api: TestClient) -> str:
    """A profile schema with a primary identity, ready for profiles."""
    registry = f"{FOUNDATION}/schemaregistry/tenant"
    body = {
        "type": "object",
        "title": "Streaming customers",
        "allOf": [
            {"$ref": "https://ns.adobe.com/xdm/context/profile"},
            {"$ref": "https://ns.adobe.com/xdm/context/profile-person-details"},
            {"$ref": "https://ns.adobe.com/xdm/context/profile-personal-details"},
        ],
    }
    schema = ok(api.post(f"{registry}/schemas", json=body, headers={"Accept": "application/vnd.adobe.xed+json"}), 201)
    descriptor = {
        "@type": "xdm:descriptorIdentity",
        "xdm:sourceSchema": schema["$id"],
        "xdm:sourceVersion": 1,
        "xdm:sourceProperty": "/personalEmail/address",
        "xdm:namespace": "Email",
        "xdm:property": "xdm:code",
        "xdm:isPrimary": True,
    }
    ok(api.post(f"{registry}/descriptors", json=descriptor), 201)
    patch = [{"op": "add", "path": "/meta:immutableTags", "value": ["union"]}]
    path = f"{registry}/schemas/{schema['meta:altId']}"
    ok(api.patch(path, json=patch, headers={"Accept": "application/vnd.adobe.xed+json;version=1"}), 200)
    return str(schema["$id"])


def make_data_set(api: TestClient, schema_id: str) -> str:
    body = {
        "name": "Streaming customers",
        "schemaRef": {"id": schema_id, "contentType": "application/vnd.adobe.xed-full+json;version=1"},
        "tags": {"unifiedProfile": ["enabled:true"], "unifiedIdentity": ["enabled:true"]},
    }
    (link,) = ok(api.post(f"{FOUNDATION}/catalog/dataSets?requestDataSource=true", json=body), 201)
    return str(link.removeprefix("@/dataSets/"))


def test_the_tutorials_calls_give_the_documented_answers(api: TestClient, platform: Platform) -> None:
    schema_id = make_schema(api)
    dataset_id = make_data_set(api, schema_id)
    connections = {}
    for data_type in ("xdm", "raw"):
        for params in (
            {"dataType": data_type},
            {"sourceId": "ACME", "dataType": data_type, "name": "Sample connection", "authenticationRequired": True},
        ):
            body = {
                "name": f"ACME Streaming Connection {data_type} {len(params)}",
                "description": "ACME streaming connection for customer data",
                "connectionSpec": HTTP_SPEC,
                "auth": {"specName": "Streaming Connection", "params": params},
            }
            made = ok(api.post(f"{FLOW_SERVICE}/connections", json=body), 201)
            assert set(made) == {"id", "etag"}
            connections[data_type] = made["id"]
    (item,) = ok(api.get(f"{FLOW_SERVICE}/connections/{connections['xdm']}"), 200)["items"]
    params = item["auth"]["params"]
    assert params["inletUrl"] == f"http://parcours.test/collection/{params['inletId']}"
    mapping_set = {
        "version": 0,
        "xdmSchema": schema_id,
        "xdmVersion": "1.0",
        "mappings": [
            {
                "destinationXdmPath": f"person.name.{name}",
                "sourceAttribute": name,
                "identity": False,
                "version": 0,
            }
            for name in ("firstName", "lastName")
        ],
    }
    mapping = ok(api.post(f"{FOUNDATION}/mappingSets", json=mapping_set), 200)
    assert {"id", "version", "createdDate", "modifiedDate", "createdBy", "modifiedBy"} <= set(mapping)
    target_body = {
        "name": "ACME Streaming Target Connection",
        "description": "ACME Streaming Target Connection",
        "data": {"schema": {"id": schema_id, "version": "application/vnd.adobe.xed-full+json;version=1.0"}},
        "params": {"dataSetId": dataset_id},
        "connectionSpec": {"id": "c604ff05-7f1a-43c0-8e18-33bf874cb11c", "version": "1.0"},
    }
    target = ok(api.post(f"{FLOW_SERVICE}/targetConnections", json=target_body), 201)
    for data_type, base_id in connections.items():
        source_body = {
            "name": "ACME Streaming Source Connection for Customer Data",
            "description": "A streaming source connection for ACME XDM Customer Data",
            "baseConnectionId": base_id,
            "connectionSpec": HTTP_SPEC,
        }
        source = ok(api.post(f"{FLOW_SERVICE}/sourceConnections", json=source_body), 201)
        flows = {}
        # The pages use one source and one target connection for both of their flows.
        for spec_id, more in (
            ("d8a6f005-7eaf-4153-983e-e8574508b877", {}),
            (
                "c1a19761-d2c7-4702-b9fa-fe91f0613e81",
                {"transformations": [{"name": "Mapping", "params": {"mappingId": mapping["id"], "mappingVersion": 0}}]},
            ),
        ):
            flow_body = {
                "name": f"ACME Streaming Dataflow {data_type} {spec_id[:4]}",
                "description": "ACME streaming dataflow for customer data",
                "flowSpec": {"id": spec_id, "version": "1.0"},
                "sourceConnectionIds": [source["id"]],
                "targetConnectionIds": [target["id"]],
                **more,
            }
            made = ok(api.post(f"{FLOW_SERVICE}/flows", json=flow_body), 201)
            assert set(made) == {"id", "etag"}
            flows[spec_id[:4]] = made["id"]
        with platform.db.read() as connection:
            table = platform.flows.inlets.current(connection)
        (inlet,) = [one for one in table.by_id.values() if one.connection_id == base_id]
        assert inlet.data_type == data_type
        assert inlet.is_authenticated
        assert inlet.flows[flows["d8a6"]].mapping is None
        assert inlet.flows[flows["c1a1"]].mapping == (mapping["id"], 0)
        assert inlet.flows[flows["c1a1"]].schema_id == schema_id
    answer = api.delete(f"{FOUNDATION}/catalog/dataSets/{dataset_id}")
    assert answer.status_code == 409
    assert "ACME Streaming Dataflow" in answer.json()["detail"]


def test_a_flow_is_refused_when_its_mapping_set_is_for_another_schema(api: TestClient) -> None:
    schema_id = make_schema(api)
    body = {"version": 0, "xdmSchema": "https://ns.adobe.com/acme/schemas/other", "mappings": []}
    mapping = ok(api.post(f"{FOUNDATION}/mappingSets", json=body), 200)
    base = {
        "name": "Raw",
        "connectionSpec": HTTP_SPEC,
        "auth": {"specName": "Streaming Connection", "params": {"dataType": "raw"}},
    }
    base_id = ok(api.post(f"{FLOW_SERVICE}/connections", json=base), 201)["id"]
    source = {"name": "Raw", "baseConnectionId": base_id, "connectionSpec": HTTP_SPEC}
    source_id = ok(api.post(f"{FLOW_SERVICE}/sourceConnections", json=source), 201)["id"]
    target = {
        "name": "Lake",
        "data": {"format": "parquet_xdm"},
        "params": {"dataSetId": make_data_set(api, schema_id)},
        "connectionSpec": {"id": "c604ff05-7f1a-43c0-8e18-33bf874cb11c", "version": "1.0"},
    }
    target_id = ok(api.post(f"{FLOW_SERVICE}/targetConnections", json=target), 201)["id"]
    for mapping_id, code in ((mapping["id"], "1425-400"), ("0" * 32, "1412-400")):
        flow = {
            "name": "Raw",
            "flowSpec": {"id": "c1a19761-d2c7-4702-b9fa-fe91f0613e81", "version": "1.0"},
            "sourceConnectionIds": [source_id],
            "targetConnectionIds": [target_id],
            "transformations": [{"name": "Mapping", "params": {"mappingId": mapping_id, "mappingVersion": 0}}],
        }
        assert ok(api.post(f"{FLOW_SERVICE}/flows", json=flow), 400)["errorCode"] == code
