"""Every request of the streaming tutorial's pages, the host replaced, gives the documented status and keys."""

import re
import urllib.parse
from typing import Any, NamedTuple

import pytest
from asking import JSON, Answer, ask, query
from definitions import FOUNDATION, XDM_FULL, enable_for_profile, make_identity
from platform_client import Platform
from running import RunningServer, wait_for

FLOW_SERVICE = f"{FOUNDATION}/flowservice"
HTTP_API = {"id": "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb", "version": "1.0"}
ETAG = re.compile(r'"[0-9a-f]{8}-0000-0200-0000-[0-9a-f]{12}"|"[^"]+"')  # the quotes are part of the value
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

BASE_CONNECTIONS: dict[str, dict[str, Any]] = {
    "open xdm": {
        "name": "ACME Streaming Connection XDM Data",
        "description": "ACME streaming connection for customer data",
        "connectionSpec": HTTP_API,
        "auth": {"specName": "Streaming Connection", "params": {"dataType": "xdm"}},
    },
    "open raw": {
        "name": "ACME Streaming Connection Raw Data",
        "description": "ACME streaming connection for customer data",
        "connectionSpec": HTTP_API,
        "auth": {"specName": "Streaming Connection", "params": {"dataType": "raw"}},
    },
    "authenticated xdm": {
        "name": "ACME Streaming Connection XDM Data Authenticated",
        "description": "ACME streaming connection for customer data",
        "connectionSpec": HTTP_API,
        "auth": {
            "specName": "Streaming Connection",
            "params": {
                "sourceId": "{SOURCE_ID}",
                "dataType": "xdm",
                "name": "Sample connection",
                "authenticationRequired": True,
            },
        },
    },
    "authenticated raw": {
        "name": "ACME Streaming Connection Raw Data Authenticated",
        "description": "ACME streaming connection for customer data",
        "connectionSpec": HTTP_API,
        "auth": {
            "specName": "Streaming Connection",
            "params": {
                "sourceId": "Sample connection",
                "dataType": "raw",
                "name": "Sample connection",
                "authenticationRequired": True,
            },
        },
    },
}
KINDS = list(BASE_CONNECTIONS)
CONNECTION_KEYS = {
    "id", "createdAt", "updatedAt", "createdBy", "updatedBy", "createdClient", "updatedClient", "sandboxId",
    "sandboxName", "imsOrgId", "name", "description", "connectionSpec", "state", "auth", "version", "etag",
}  # fmt: skip
RAW_MESSAGE = {
    "name": "Johnson Smith",
    "location": {"city": "Seattle", "country": "United State of America", "address": "3692 Main Street"},
    "gender": "Male",
    "birthday": {"year": 1984, "month": 6, "day": 9},
}


def source_connection(base_id: str) -> dict[str, Any]:
    return {
        "name": "ACME Streaming Source Connection for Customer Data",
        "description": "A streaming source connection for ACME XDM Customer Data",
        "baseConnectionId": base_id,
        "connectionSpec": HTTP_API,
    }


def target_connection(schema_id: str, dataset_id: str) -> dict[str, Any]:
    return {
        "name": "ACME Streaming Target Connection",
        "description": "ACME Streaming Target Connection",
        "data": {"schema": {"id": schema_id, "version": "application/vnd.adobe.xed-full+json;version=1.0"}},
        "params": {"dataSetId": dataset_id},
        "connectionSpec": {"id": "c604ff05-7f1a-43c0-8e18-33bf874cb11c", "version": "1.0"},
    }


def mapping_set(schema_id: str) -> dict[str, Any]:
    return {
        "version": 0,
        "xdmSchema": schema_id,
        "xdmVersion": "1.0",
        "mappings": [
            {
                "destinationXdmPath": "person.name.firstName",
                "sourceAttribute": "firstName",
                "identity": False,
                "version": 0,
            },
            {
                "destinationXdmPath": "person.name.lastName",
                "sourceAttribute": "lastName",
                "identity": False,
                "version": 0,
            },
        ],
    }


def flow_without_transformation(source_id: str, target_id: str) -> dict[str, Any]:
    return {
        "name": "ACME Streaming Dataflow",
        "description": "ACME streaming dataflow for customer data",
        "flowSpec": {"id": "d8a6f005-7eaf-4153-983e-e8574508b877", "version": "1.0"},
        "sourceConnectionIds": [source_id],
        "targetConnectionIds": [target_id],
    }


def flow_with_transformation(source_id: str, target_id: str, mapping_id: str) -> dict[str, Any]:
    return {
        "name": "<name>",
        "description": "<description>",
        "flowSpec": {"id": "c1a19761-d2c7-4702-b9fa-fe91f0613e81", "version": "1.0"},
        "sourceConnectionIds": [source_id],
        "targetConnectionIds": [target_id],
        "transformations": [{"name": "Mapping", "params": {"mappingId": mapping_id, "mappingVersion": 0}}],
    }


def xdm_message(schema_id: str, dataset_id: str, flow_id: str) -> dict[str, Any]:
    reference = {"id": schema_id, "contentType": "application/vnd.adobe.xed-full-notext+json; version=1.0"}
    return {
        "header": {"schemaRef": reference, "flowId": flow_id, "datasetId": dataset_id},
        "body": {
            "xdmMeta": {"schemaRef": reference},
            "xdmEntity": {
                "_id": "http-source-connector-acme-01",
                "person": {"name": {"firstName": "suman", "lastName": "nolan"}},
                "workEmail": {"primary": True, "address": "suman@acme.com", "type": "work", "status": "active"},
            },
        },
    }


class Pages(NamedTuple):
    """The answers, in the order of the pages; by kind of connection where the pages have tabs."""

    platform: Platform
    schema_id: str
    dataset_id: str
    created: dict[str, Answer]
    shown: dict[str, Answer]
    sources: dict[str, Answer]
    target: Answer
    mapping: Answer
    flows: dict[str, Answer]
    sent: dict[str, Answer]
    without_token: dict[str, Answer]


def inlet_url(shown: Answer) -> str:
    url: str = shown.body["items"][0]["auth"]["params"]["inletUrl"]
    return url


@pytest.fixture(scope="module")
def pages(server: RunningServer) -> Pages:
    platform = server.platform()
    headers = {**platform.headers, **JSON}

    def post(path: str, body: Any) -> Answer:
        return ask("POST", f"{server.url}{FOUNDATION}{path}", body, headers)

    base = "https://ns.adobe.com/xdm/context/"
    schema = platform.post(
        f"{FOUNDATION}/schemaregistry/tenant/schemas",
        {
            "type": "object",
            "title": "ACME customers",
            "allOf": [{"$ref": base + name} for name in ("profile", "profile-person-details", "profile-work-details")],
        },
    )
    schema_id = schema["$id"]
    reference = {"id": schema_id, "contentType": XDM_FULL}
    (link,) = platform.post(f"{FOUNDATION}/catalog/dataSets", {"name": "ACME customers", "schemaRef": reference})
    dataset_id = link.removeprefix("@/dataSets/")

    created = {kind: post("/flowservice/connections", body) for kind, body in BASE_CONNECTIONS.items()}
    shown = {
        kind: ask("GET", f"{server.url}{FLOW_SERVICE}/connections/{made.body['id']}", headers=platform.headers)
        for kind, made in created.items()
    }
    sources = {
        kind: post("/flowservice/sourceConnections", source_connection(made.body["id"]))
        for kind, made in created.items()
    }
    target = post("/flowservice/targetConnections", target_connection(schema_id, dataset_id))
    mapping = post("/mappingSets", mapping_set(schema_id))
    flows = {}
    for kind, source in sources.items():
        ids = source.body["id"], target.body["id"]
        if kind.endswith("raw"):
            flows[kind] = post("/flowservice/flows", flow_with_transformation(*ids, mapping.body["id"]))
        else:
            flows[kind] = post("/flowservice/flows", flow_without_transformation(*ids))
    sent, without_token = {}, {}
    for kind, flow in flows.items():
        flow_id = flow.body["id"]
        message = RAW_MESSAGE if kind.endswith("raw") else xdm_message(schema_id, dataset_id, flow_id)
        named = {**JSON, "x-adobe-flow-id": flow_id}
        url = inlet_url(shown[kind])
        if kind.startswith("authenticated"):
            without_token[kind] = ask("POST", url, message, named)
            named["Authorization"] = platform.headers["Authorization"]
        sent[kind] = ask("POST", url, message, named)
    return Pages(platform, schema_id, dataset_id, created, shown, sources, target, mapping, flows, sent, without_token)


@pytest.mark.parametrize("kind", KINDS)
def test_creating_a_base_connection_answers_201_with_id_and_etag(pages: Pages, kind: str) -> None:
    assert_created(pages.created[kind], "connections")


@pytest.mark.parametrize("kind", KINDS)
def test_showing_a_base_connection_gives_the_documented_keys_and_the_inlet(pages: Pages, kind: str) -> None:
    answer, sent = pages.shown[kind], BASE_CONNECTIONS[kind]
    assert answer.status == 200
    (item,) = answer.body["items"]
    assert item.keys() >= CONNECTION_KEYS
    assert (item["id"], item["etag"]) == (pages.created[kind].body["id"], pages.created[kind].body["etag"])
    assert item["version"] == item["etag"]
    assert (item["name"], item["description"]) == (sent["name"], sent["description"])
    assert (item["state"], item["sandboxName"]) == ("enabled", "prod")
    assert item["imsOrgId"] == pages.platform.credentials["org_id"]
    assert item["connectionSpec"] == HTTP_API
    assert isinstance(item["createdAt"], int)
    assert item["auth"]["specName"] == "Streaming Connection"
    params = item["auth"]["params"]
    assert params.keys() == {"sourceId", "inletUrl", "authenticationRequired", "inletId", "dataType", "name"}
    assert re.fullmatch("[0-9a-f]{64}", params["inletId"])
    assert params["inletUrl"] == f"{pages.platform.url}/collection/{params['inletId']}"
    given = sent["auth"]["params"]
    assert params["dataType"] == given["dataType"]
    assert params["authenticationRequired"] is given.get("authenticationRequired", False)
    assert params["sourceId"] == given.get("sourceId", sent["name"])
    assert params["name"] == given.get("name", sent["name"])


@pytest.mark.parametrize("kind", KINDS)
def test_creating_a_source_connection_answers_201_with_id_and_etag(pages: Pages, kind: str) -> None:
    assert_created(pages.sources[kind], "sourceConnections")


def test_creating_a_target_connection_answers_201_with_id_and_etag(pages: Pages) -> None:
    assert_created(pages.target, "targetConnections")


def test_creating_a_mapping_set_answers_with_the_documented_keys(pages: Pages) -> None:
    assert pages.mapping.status == 200
    assert pages.mapping.body.keys() >= {"id", "version", "createdDate", "modifiedDate", "createdBy", "modifiedBy"}
    assert re.fullmatch("[0-9a-f]{32}", pages.mapping.body["id"])
    assert pages.mapping.body["version"] == 0


@pytest.mark.parametrize("kind", KINDS)
def test_creating_a_dataflow_answers_201_with_id_and_etag(pages: Pages, kind: str) -> None:
    assert_created(pages.flows[kind], "flows")


@pytest.mark.parametrize("kind", KINDS)
def test_sending_a_message_answers_200_with_inlet_transaction_and_time(pages: Pages, kind: str) -> None:
    answer = pages.sent[kind]
    assert answer.status == 200
    assert answer.body.keys() == {"inletId", "xactionId", "receivedTimeMs"}
    assert answer.body["inletId"] == pages.shown[kind].body["items"][0]["auth"]["params"]["inletId"]
    assert isinstance(answer.body["receivedTimeMs"], int)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.startswith("authenticated")])
def test_an_authenticated_connection_without_a_token_answers_401_as_in_the_annex(pages: Pages, kind: str) -> None:
    answer = pages.without_token[kind]
    assert answer.status == 401
    assert answer.body == {
        "type": "https://ns.adobe.com/adobecloud/problem/data-collection-service-authorization",
        "status": "401",
        "title": "Authorization",
        "report": {"message": "[id] Ims service token is empty"},
    }


def test_the_four_messages_land_in_the_data_set(pages: Pages, server: RunningServer) -> None:
    def landed() -> int:
        runs = pages.platform.get(f"{FLOW_SERVICE}/runs")["items"]
        return sum(run["metrics"]["recordSummary"]["outputRecordCount"] for run in runs)

    wait_for(lambda: landed() == 4, what="the landing of all messages")
    rows = server.sql("SELECT person.name.firstName AS name, workEmail.address AS email FROM acme_customers")
    assert sorted(rows, key=str) == sorted(
        [{"name": "suman", "email": "suman@acme.com"}] * 2 + [{"name": None, "email": None}] * 2, key=str
    )


def assert_created(answer: Answer, collection: str) -> None:
    assert answer.status == 201, answer
    assert answer.body.keys() == {"id", "etag"}
    assert UUID.fullmatch(answer.body["id"])
    assert ETAG.fullmatch(answer.body["etag"])
    assert answer.headers["location"].endswith(f"/{collection}/{answer.body['id']}")


def test_the_minimum_call_sequence_works_from_token_to_profile(server: RunningServer) -> None:
    """The nine steps of platform-apis §1.11, with the paths as that page writes them."""
    credentials = server.credentials
    form = {
        "grant_type": "client_credentials",
        "client_id": credentials["client_id"],
        "client_secret": credentials["client_secret"],
        "scope": "openid,AdobeID,read_organizations,additional_info.projectedProductContext,session",
    }
    answer = ask(
        "POST",
        f"{server.url}/ims/token/v3",
        urllib.parse.urlencode(form).encode(),
        {"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.status == 200
    assert answer.body.keys() >= {"access_token", "token_type", "expires_in"}
    assert answer.body["token_type"] == "bearer"
    headers = {
        "Authorization": f"Bearer {answer.body['access_token']}",
        "x-api-key": credentials["client_id"],
        "x-gw-ims-org-id": credentials["org_id"],
        "x-sandbox-name": credentials["sandbox"],
    }
    platform = Platform(server.url, credentials, headers)

    def post(path: str, body: Any, status: int) -> Any:
        made = ask("POST", f"{server.url}{FOUNDATION}{path}", body, {**headers, **JSON})
        assert made.status == status, made
        return made.body

    tenant = platform.get(f"{FOUNDATION}/schemaregistry/stats")["tenantId"]
    group = post(
        "/schemaregistry/tenant/fieldgroups",
        {
            "type": "object",
            "title": "Property details",
            "meta:intendedToExtend": ["https://ns.adobe.com/xdm/context/profile"],
            "allOf": [{"$ref": "#/definitions/property"}],
            "definitions": {
                "property": {
                    "properties": {
                        f"_{tenant}": {"type": "object", "properties": {"email": {"type": "string", "title": "E-mail"}}}
                    }
                }
            },
        },
        201,
    )
    assert group["$id"].startswith(f"https://ns.adobe.com/{tenant}/mixins/")
    schema = post(
        "/schemaregistry/tenant/schemas",
        {
            "type": "object",
            "title": "Guests",
            "allOf": [{"$ref": "https://ns.adobe.com/xdm/context/profile"}, {"$ref": group["$id"]}],
        },
        201,
    )
    assert schema.keys() >= {"$id", "meta:altId", "version", "title", "allOf", "meta:extends", "meta:class"}
    make_identity(platform, schema["$id"], f"/_{tenant}/email")
    enable_for_profile(platform, schema["meta:altId"])
    tags = {"unifiedProfile": ["enabled:true"], "unifiedIdentity": ["enabled:true"]}
    reference = {"id": schema["$id"], "contentType": XDM_FULL}
    (link,) = post("/catalog/dataSets", {"name": "Guests", "schemaRef": reference, "tags": tags}, 201)
    dataset_id = link.removeprefix("@/dataSets/")
    assert link == f"@/dataSets/{dataset_id}"
    base = post("/flowservice/connections", BASE_CONNECTIONS["open raw"], 201)
    url = inlet_url(Answer(200, {}, platform.get(f"{FLOW_SERVICE}/connections/{base['id']}")))
    source = post("/flowservice/sourceConnections", source_connection(base["id"]), 201)
    target = post("/flowservice/targetConnections", target_connection(schema["$id"], dataset_id), 201)
    body = mapping_set(schema["$id"])
    body["mappings"] = [{**body["mappings"][0], "destinationXdmPath": f"_{tenant}.email", "sourceAttribute": "mail"}]
    mapping = post("/conversion/mappingSets", body, 200)
    flow = post("/flowservice/flows", flow_with_transformation(source["id"], target["id"], mapping["id"]), 201)
    sent = ask("POST", url, {"mail": "jo@example.com"}, {**JSON, "x-adobe-flow-id": flow["id"]})
    assert sent.status == 200

    def runs() -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = platform.get(query(f"{FLOW_SERVICE}/runs", property=f"flowId=={flow['id']}"))[
            "items"
        ]
        return items

    wait_for(lambda: runs() and runs()[0]["metrics"]["recordSummary"]["outputRecordCount"] == 1, what="the landing")
    (run,) = runs()
    assert run.keys() >= {
        "id",
        "flowId",
        "imsOrgId",
        "sandboxName",
        "createdAt",
        "etag",
        "flowSpec",
        "metrics",
        "activities",
    }
    assert run["metrics"].keys() >= {
        "durationSummary", "latencySummary", "sizeSummary", "recordSummary", "fileSummary", "statusSummary",
    }  # fmt: skip
    summary = run["metrics"]["recordSummary"]
    assert (summary["inputRecordCount"], summary["outputRecordCount"], summary["failedRecordCount"]) == (1, 1, 0)
    assert run["metrics"]["statusSummary"]["status"] in ("inProgress", "success")  # its quarter of an hour may last
    (batch,) = platform.get(query(f"{FOUNDATION}/catalog/batches", dataSet=dataset_id)).values()
    assert batch["status"] in ("success", "active", "processing")
    profile = platform.get(
        query(
            "/data/core/ups/access/entities",
            **{"schema.name": "_xdm.context.profile", "entityId": "jo@example.com", "entityIdNS": "Email"},
        )
    )
    ((entity_id, found),) = profile.items()
    assert found["entity"][f"_{tenant}"] == {"email": "jo@example.com"}
    assert found["entityId"] == entity_id
