"""Flow Service through the API, with the very bodies of the streaming tutorial."""

import re
import time
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection

from parcours.access.routing import Gate
from parcours.app import Platform
from parcours.catalog.documents import DATA_SET_KIND
from parcours.catalog.model import WINDOW_MS, RunDelta, window_of
from parcours.catalog.service import CatalogService
from parcours.catalog.store import add_to_batch
from parcours.flows import api as flows_api
from parcours.flows.compile import flows_into
from parcours.flows.model import Inlet
from parcours.flows.service import FlowService
from parcours.flows.store import add_to_run
from parcours.http.app import build_api
from parcours.resources.store import Author

BASE = "/data/foundation/flowservice"
SCHEMA = "https://ns.adobe.com/acme/schemas/7f682c29f887512a897791e7161b90a1ae7ed3dd07a177b1"
OTHER_SCHEMA = "https://ns.adobe.com/acme/schemas/0238be93d3e7a06aec5e0655955901ec"
DATA_SET = "637eb7fadc8a211b6312b65b"
OTHER_DATA_SET = "604a18a3bae67d18db6d258c"
MAPPING = "79a623960d3f4969835c9e00dc90c8df"
HTTP_SPEC = {"id": "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb", "version": "1.0"}
LAKE_SPEC = {"id": "c604ff05-7f1a-43c0-8e18-33bf874cb11c", "version": "1.0"}
XDM = {
    "name": "ACME Streaming Connection XDM Data",
    "description": "ACME streaming connection for customer data",
    "connectionSpec": HTTP_SPEC,
    "auth": {"specName": "Streaming Connection", "params": {"dataType": "xdm"}},
}
RAW = {**XDM, "name": "ACME Raw", "auth": {"specName": "Streaming Connection", "params": {"dataType": "raw"}}}
AUTHENTICATED = {
    "name": "ACME Streaming Connection XDM Data Authenticated",
    "description": "ACME streaming connection for customer data",
    "connectionSpec": HTTP_SPEC,
    "auth": {
        "specName": "Streaming Connection",
        "params": {
            "sourceId": "Sample connection",
            "dataType": "raw",
            "name": "Sample connection",
            "authenticationRequired": True,
        },
    },
}
TARGET = {
    "name": "ACME Streaming Target Connection",
    "description": "ACME Streaming Target Connection",
    "data": {"schema": {"id": SCHEMA, "version": "application/vnd.adobe.xed-full+json;version=1.0"}},
    "params": {"dataSetId": DATA_SET},
    "connectionSpec": LAKE_SPEC,
}
PLAIN_FLOW = {"id": "d8a6f005-7eaf-4153-983e-e8574508b877", "version": "1.0"}
MAPPED_FLOW = {"id": "c1a19761-d2c7-4702-b9fa-fe91f0613e81", "version": "1.0"}
MAPPING_STEP = [{"name": "Mapping", "params": {"mappingId": MAPPING, "mappingVersion": 0}}]


def mapping_schema(connection: Connection, scope_id: int, mapping_id: str, version: int) -> str | None:
    if mapping_id == MAPPING and version in (0, 1):
        return SCHEMA
    return {"other": OTHER_SCHEMA, "open": ""}.get(mapping_id)


@pytest.fixture
def service(platform: Platform) -> FlowService:
    """Flow Service over two data sets and one mapping set."""
    catalog = CatalogService(platform.db, platform.resources, lambda *_: None)
    with platform.db.write() as connection:
        for dataset_id, schema_id in ((DATA_SET, SCHEMA), (OTHER_DATA_SET, OTHER_SCHEMA)):
            platform.resources.create(
                connection,
                scope_of(platform),
                Author("test", "test"),
                DATA_SET_KIND,
                {"name": dataset_id, "schemaRef": {"id": schema_id}, "tags": {"adobe/pqs/table": [dataset_id]}},
                dataset_id,
            )
    return FlowService(platform.db, platform.resources, catalog.table, mapping_schema, "http://parcours.test")


@pytest.fixture
def client(platform: Platform, service: FlowService, token: str) -> Iterator[TestClient]:
    """Flow Service's routes alone, with the platform headers set."""
    router = flows_api.router(Gate(platform.access), service, "http://parcours.test")
    headers = {"Authorization": f"Bearer {token}", "x-api-key": "client", "x-gw-ims-org-id": "ACME@AdobeOrg"}
    with TestClient(build_api([router]), headers=headers, raise_server_exceptions=False) as found:
        yield found


def scope_of(platform: Platform, name: str = "prod") -> int:
    return platform.access.sandbox("ACME@AdobeOrg", name).scope_id


def post(client: TestClient, path: str, body: Any) -> dict[str, str]:
    """What a creation answers: exactly id and etag."""
    answer = client.post(f"{BASE}/{path}", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, str] = answer.json()
    assert set(made) == {"id", "etag"}
    assert made["etag"].startswith('"')
    assert made["etag"].endswith('"')
    assert answer.headers["location"] == f"http://parcours.test{BASE}/{path.partition('?')[0]}/{made['id']}"
    return made


def get(client: TestClient, path: str) -> dict[str, Any]:
    """The one item of a look-up."""
    answer = client.get(f"{BASE}/{path}")
    assert answer.status_code == 200, answer.text
    assert list(answer.json()) == ["items"]
    (item,) = answer.json()["items"]
    return dict(item)


def refused(answer: Any) -> str:
    """The code of a refusal, in its documented envelope."""
    body = answer.json()
    code = str(body["errorCode"])
    assert answer.status_code == int(code[-3:]) == body["status"]
    assert body["type"] == f"https://ns.adobe.com/aep/errors/FLOW-{code}"
    assert body["title"]
    report = body["report"]
    assert report["request-id"] == answer.headers["x-request-id"]
    assert report["detailed-message"] == body["detail"] == body["errorMessage"] == body["errorDetails"] != ""
    return code


def make_flow(
    client: TestClient, base: dict[str, Any] = XDM, spec: dict[str, str] = PLAIN_FLOW, **more: Any
) -> dict[str, str]:
    """A flow with everything it needs; the ids of all four objects, and the flow's etag."""
    connection = post(client, "connections", base)["id"]
    source = post(
        client,
        "sourceConnections",
        {
            "name": "ACME Streaming Source Connection for Customer Data",
            "description": "A streaming source connection for ACME XDM Customer Data",
            "baseConnectionId": connection,
            "connectionSpec": HTTP_SPEC,
        },
    )["id"]
    target = post(client, "targetConnections", TARGET)["id"]
    body = {
        "name": "ACME Streaming Dataflow",
        "description": "ACME streaming dataflow for customer data",
        "flowSpec": spec,
        "sourceConnectionIds": [source],
        "targetConnectionIds": [target],
        **more,
    }
    flow = post(client, "flows", body)
    return {"connection": connection, "source": source, "target": target, "flow": flow["id"], "etag": flow["etag"]}


def inlet_of(platform: Platform, service: FlowService, client: TestClient, connection_id: str) -> Inlet | None:
    params = get(client, f"connections/{connection_id}")["auth"]["params"]
    with platform.db.read() as connection:
        return service.inlets.current(connection).get(params["inletId"])


# --- base connections ---


def test_an_open_connection_has_an_inlet_with_a_url(client: TestClient) -> None:
    made = post(client, "connections", XDM)
    item = get(client, f"connections/{made['id']}")
    params = item["auth"]["params"]
    assert re.fullmatch(r"[0-9a-f]{64}", params["inletId"])
    assert params == {
        "dataType": "xdm",
        "sourceId": XDM["name"],
        "name": XDM["name"],
        "authenticationRequired": False,
        "inletId": params["inletId"],
        "inletUrl": f"http://parcours.test/collection/{params['inletId']}",
    }
    assert item["version"] == item["etag"] == made["etag"]
    assert (item["state"], item["sandboxName"], item["imsOrgId"]) == ("enabled", "prod", "ACME@AdobeOrg")
    assert {
        "createdAt", "updatedAt", "createdBy", "updatedBy", "createdClient", "updatedClient", "sandboxId",
        "name", "description", "connectionSpec",
    } <= set(item)  # fmt: skip


def test_an_authenticated_connection_keeps_its_source_and_is_compiled_so(
    platform: Platform, service: FlowService, client: TestClient
) -> None:
    made = post(client, "connections", AUTHENTICATED)
    inlet = inlet_of(platform, service, client, made["id"])
    assert inlet is not None
    assert (inlet.is_authenticated, inlet.data_type, inlet.source_id) == (True, "raw", "Sample connection")
    assert (inlet.org_id, inlet.sandbox_name, inlet.is_enabled) == ("ACME@AdobeOrg", "prod", True)
    assert inlet.scope_id == scope_of(platform)
    assert dict(inlet.flows) == {}


def test_a_client_can_not_choose_or_move_an_inlet(client: TestClient) -> None:
    forged = {"dataType": "xdm", "inletId": "f" * 64, "inletUrl": "http://evil.example"}
    made = post(client, "connections", {**XDM, "auth": {"specName": "Streaming Connection", "params": forged}})
    before = get(client, f"connections/{made['id']}")["auth"]["params"]
    assert before["inletId"] != "f" * 64
    patch = [{"op": "replace", "path": "/auth/params", "value": {**forged, "authenticationRequired": True}}]
    answer = client.patch(f"{BASE}/connections/{made['id']}/", json=patch, headers={"If-Match": made["etag"]})
    assert answer.status_code == 200
    after = get(client, f"connections/{made['id']}")["auth"]["params"]
    assert after["inletId"] == before["inletId"]
    assert after["inletUrl"] == before["inletUrl"]
    assert after["authenticationRequired"] is True


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "/auth/params", "value": {"dataType": "raw", "sourceId": "New"}},
        {"op": "remove", "path": "/auth/params/authenticationRequired"},
        {
            "op": "replace",
            "path": "/auth",
            "value": {"specName": "Streaming Connection", "params": {"dataType": "raw"}},
        },
    ],
)
def test_an_authenticated_inlet_opens_only_when_a_change_says_so(
    platform: Platform, service: FlowService, client: TestClient, operation: dict[str, Any]
) -> None:
    made = post(client, "connections", AUTHENTICATED)
    path = f"{BASE}/connections/{made['id']}"
    answer = client.patch(path, json=[operation], headers={"If-Match": made["etag"]})
    assert answer.status_code == 200
    inlet = inlet_of(platform, service, client, made["id"])
    assert inlet is not None
    assert inlet.is_authenticated
    opened = [{"op": "replace", "path": "/auth/params/authenticationRequired", "value": False}]
    assert client.patch(path, json=opened, headers={"If-Match": answer.json()["etag"]}).status_code == 200
    inlet = inlet_of(platform, service, client, made["id"])
    assert inlet is not None
    assert not inlet.is_authenticated


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": None}, "1100-400"),
        ({"name": "  "}, "1100-400"),
        ({"name": 7}, "1100-400"),
        ({"name": "x" * 1001}, "1100-400"),
        ({"description": []}, "1100-400"),
        ({"connectionSpec": None}, "1100-400"),
        ({"connectionSpec": {"id": "none", "version": "1.0"}}, "1413-400"),
        ({"connectionSpec": {"id": []}}, "1413-400"),
        ({"connectionSpec": {**HTTP_SPEC, "version": "9.0"}}, "1413-400"),
        ({"connectionSpec": {"id": "ecadc60c-7455-4d87-84dc-2a0e293d997b", "version": "1.0"}}, "1413-400"),
        ({"auth": None}, "1100-400"),
        ({"auth": "x"}, "1100-400"),
        ({"auth": {"specName": "Other", "params": {"dataType": "xdm"}}}, "1415-400"),
        ({"auth": {"params": {"dataType": "xdm"}}}, "1415-400"),
        ({"auth": {"specName": "Streaming Connection"}}, "1100-400"),
        ({"auth": {"specName": "Streaming Connection", "params": {}}}, "1100-400"),
        ({"auth": {"specName": "Streaming Connection", "params": {"dataType": "csv"}}}, "1100-400"),
        ({"auth": {"specName": "Streaming Connection", "params": {"dataType": ["xdm"]}}}, "1100-400"),
        ({"auth": {"specName": "Streaming Connection", "params": {"dataType": "xdm", "name": 1}}}, "1100-400"),
        (
            {"auth": {"specName": "Streaming Connection", "params": {"dataType": "xdm", "authenticationRequired": 1}}},
            "1100-400",
        ),
    ],
)
def test_a_bad_connection_is_refused_with_its_code(client: TestClient, change: dict[str, Any], code: str) -> None:
    assert refused(client.post(f"{BASE}/connections", json={**XDM, **change})) == code
    assert client.get(f"{BASE}/connections").json()["items"] == []


@pytest.mark.parametrize(
    ("content", "code"), [(b"", "1405-400"), (b"{", "1100-400"), (b"[]", "1100-400"), (b"null", "1100-400")]
)
@pytest.mark.parametrize("path", ["connections", "flows", "connections/search", "runs"])
def test_a_body_that_is_no_object_is_refused_in_the_services_own_form(
    client: TestClient, path: str, content: bytes, code: str
) -> None:
    code = "1405-400" if content == b"null" else code
    assert refused(client.post(f"{BASE}/{path}", content=content)) == code


def test_a_connection_is_tested_and_has_nothing_to_explore(client: TestClient) -> None:
    made = post(client, "connections", XDM)
    assert client.get(f"{BASE}/connections/{made['id']}/test").json() == {"result": True}
    assert refused(client.get(f"{BASE}/connections/{made['id']}/explore?objectType=ROOT")) == "1100-400"
    assert refused(client.get(f"{BASE}/connections/none/test")) == "1439-404"


# --- source and target connections ---


def test_source_and_target_connections_read_back_with_what_they_inherit(client: TestClient) -> None:
    ids = make_flow(client)
    source = get(client, f"sourceConnections/{ids['source']}")
    assert source["inheritedAttributes"] == {"baseConnection": {"id": ids["connection"], "connectionSpec": HTTP_SPEC}}
    assert source["baseConnectionId"] == ids["connection"]
    target = get(client, f"targetConnections/{ids['target']}")
    assert target["params"] == {"dataSetId": DATA_SET}
    assert target["data"]["schema"]["id"] == SCHEMA


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"baseConnectionId": None}, "1100-400"),
        ({"baseConnectionId": {}}, "1100-400"),
        ({"baseConnectionId": "none"}, "1439-400"),
        ({"connectionSpec": LAKE_SPEC}, "1413-400"),
        ({"params": {"dataType": "raw"}}, "1100-400"),
        ({"params": []}, "1100-400"),
        ({"name": ""}, "1100-400"),
    ],
)
def test_a_bad_source_connection_is_refused(client: TestClient, change: dict[str, Any], code: str) -> None:
    base_id = post(client, "connections", XDM)["id"]
    body = {"name": "s", "baseConnectionId": base_id, "connectionSpec": HTTP_SPEC, **change}
    assert refused(client.post(f"{BASE}/sourceConnections", json=body)) == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"params": None}, "1100-400"),
        ({"params": {"dataSetId": 5}}, "1100-400"),
        ({"params": {"dataSetId": "000000000000000000000000"}}, "1439-400"),
        ({"params": {"dataSetId": OTHER_DATA_SET}}, "1425-400"),
        ({"data": {"schema": {"id": OTHER_SCHEMA}}}, "1425-400"),
        ({"data": {"schema": []}, "name": 3}, "1100-400"),
        ({"data": {"schema": "x"}}, "1100-400"),
        ({"data": {"schema": {"id": 4}}}, "1100-400"),
        ({"connectionSpec": HTTP_SPEC}, "1413-400"),
        ({"baseConnectionId": "none"}, "1439-400"),
    ],
)
def test_a_bad_target_connection_is_refused(client: TestClient, change: dict[str, Any], code: str) -> None:
    assert refused(client.post(f"{BASE}/targetConnections", json={**TARGET, **change})) == code


def test_a_target_connection_needs_no_schema_of_its_own(client: TestClient) -> None:
    body = {**TARGET, "data": {"format": "parquet_xdm"}, "description": ""}
    assert post(client, "targetConnections", body)["id"]


# --- flows ---


@pytest.mark.parametrize("base", [XDM, RAW])
def test_a_flow_without_transformation_is_compiled_for_the_hot_path(
    platform: Platform, service: FlowService, client: TestClient, base: dict[str, Any]
) -> None:
    ids = make_flow(client, base)
    inlet = inlet_of(platform, service, client, ids["connection"])
    assert inlet is not None
    assert list(inlet.flows) == [ids["flow"]]
    flow = inlet.flows[ids["flow"]]
    assert (flow.dataset_id, flow.schema_id, flow.mapping, flow.is_enabled) == (DATA_SET, SCHEMA, None, True)
    assert (flow.id, flow.name, flow.scope_id) == (ids["flow"], "ACME Streaming Dataflow", scope_of(platform))


@pytest.mark.parametrize("version", [0, "0", 1])
def test_a_flow_with_transformation_pins_the_version_of_its_mapping_set(
    platform: Platform, service: FlowService, client: TestClient, version: int | str
) -> None:
    steps = [{"name": "Mapping", "params": {"mappingId": MAPPING, "mappingVersion": version}}]
    ids = make_flow(client, RAW, MAPPED_FLOW, transformations=steps)
    inlet = inlet_of(platform, service, client, ids["connection"])
    assert inlet is not None
    assert inlet.flows[ids["flow"]].mapping == (MAPPING, int(version))


def test_a_flow_reads_back_with_everything_it_refers_to(client: TestClient) -> None:
    ids = make_flow(client, RAW, MAPPED_FLOW, transformations=MAPPING_STEP)
    item = get(client, f"flows/{ids['flow']}")
    assert item["inheritedAttributes"] == {
        "sourceConnections": [
            {
                "id": ids["source"],
                "connectionSpec": HTTP_SPEC,
                "baseConnection": {"id": ids["connection"], "connectionSpec": HTTP_SPEC},
            }
        ],
        "targetConnections": [{"id": ids["target"], "connectionSpec": LAKE_SPEC}],
    }
    assert item["runs"] == f"/runs?property=flowId=={ids['flow']}"
    assert item["lastOperation"]["operation"] == "create"
    assert item["transformations"] == MAPPING_STEP
    assert item["state"] == "enabled"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"state": "enabled"}, "1410-400"),
        ({"name": ""}, "1100-400"),
        ({"flowSpec": None}, "1100-400"),
        ({"flowSpec": {"id": "none"}}, "1413-400"),
        ({"flowSpec": {"id": "9753525b-82c7-4dce-8a9b-5ccfce2b9876", "version": "1.0"}}, "1413-400"),
        ({"sourceConnectionIds": []}, "1100-400"),
        ({"sourceConnectionIds": "x"}, "1100-400"),
        ({"sourceConnectionIds": [{}]}, "1100-400"),
        ({"sourceConnectionIds": ["none"]}, "1439-400"),
        ({"targetConnectionIds": ["none"]}, "1439-400"),
        ({"targetConnectionIds": ["a", "b"]}, "1100-400"),
        ({"transformations": []}, "1419-400"),
        ({"transformations": None}, "1419-400"),
        ({"transformations": {}}, "1419-400"),
        ({"transformations": ["x"]}, "1419-400"),
        ({"transformations": [{"params": {}}]}, "1419-400"),
        ({"transformations": MAPPING_STEP * 2}, "1419-400"),
        ({"transformations": [{"params": {"mappingId": "none"}}]}, "1412-400"),
        ({"transformations": [{"params": {"mappingId": MAPPING, "mappingVersion": 7}}]}, "1412-400"),
        ({"transformations": [{"params": {"mappingId": MAPPING, "mappingVersion": "x"}}]}, "1412-400"),
        ({"transformations": [{"params": {"mappingId": MAPPING, "mappingVersion": True}}]}, "1412-400"),
        ({"transformations": [{"params": {"mappingId": "other"}}]}, "1425-400"),
        ({"flowSpec": PLAIN_FLOW}, "1419-400"),
        ({"scheduleParams": {"frequency": "yearly"}}, "1100-400"),
        ({"scheduleParams": 5}, "1100-400"),
        ({"options": []}, "1100-400"),
    ],
)
def test_a_bad_flow_is_refused_with_its_code(client: TestClient, change: dict[str, Any], code: str) -> None:
    ids = make_flow(client, RAW)
    body = {
        "name": "second",
        "flowSpec": MAPPED_FLOW,
        "sourceConnectionIds": [ids["source"]],
        "targetConnectionIds": [ids["target"]],
        "transformations": MAPPING_STEP,
    }
    assert refused(client.post(f"{BASE}/flows", json={**body, **change})) == code


def test_empty_transformations_and_a_schedule_do_no_harm(client: TestClient) -> None:
    """A widely used client sends both with every flow."""
    schedule = {"startTime": 1590091157, "frequency": "minute", "interval": "15"}
    assert make_flow(client, XDM, PLAIN_FLOW, transformations=[], scheduleParams=schedule)["flow"]
    step = [{"name": None, "params": {"mappingId": "open", "mappingVersion": 0}}]
    optional = {"id": "d69717ba-71b4-4313-b654-49f9cf126d7a", "version": "1.0"}
    assert make_flow(client, RAW, optional, transformations=step)["flow"]


def test_a_flow_is_disabled_and_enabled_and_the_inlet_knows(
    platform: Platform, service: FlowService, client: TestClient
) -> None:
    ids = make_flow(client)
    path = f"{BASE}/flows/{ids['flow']}/action"
    answer = client.post(f"{path}?op=disable")
    assert answer.status_code == 200
    assert answer.json()["etag"] != ids["etag"]
    assert get(client, f"flows/{ids['flow']}")["state"] == "disabled"
    inlet = inlet_of(platform, service, client, ids["connection"])
    assert inlet is not None
    assert not inlet.flows[ids["flow"]].is_enabled
    assert refused(client.post(f"{path}?op=DISABLE")) == "1422-400"
    assert client.post(f"{path}?op=ENABLE", headers={"Content-Type": "application/json"}).status_code == 200
    assert refused(client.post(f"{path}?op=publish")) == "1422-400"
    assert refused(client.post(f"{path}?op=explode")) == "1434-400"
    assert refused(client.post(path)) == "1434-400"
    assert refused(client.post(f"{path}?op=FINALIZE")) == "1409-400"
    assert refused(client.post(f"{BASE}/connections/{ids['connection']}/action?op=disable")) == "1434-400"


def test_a_draft_is_completed_by_patches_and_published(
    platform: Platform, service: FlowService, client: TestClient
) -> None:
    ids = make_flow(client)
    draft = post(client, "flows?mode=draft", {"name": "later", "flowSpec": MAPPED_FLOW})
    path = f"{BASE}/flows/{draft['id']}"
    assert get(client, f"flows/{draft['id']}")["state"] == "draft"
    assert refused(client.post(f"{path}/action?op=publish")) == "1100-400"
    assert refused(client.post(f"{path}/action?op=enable")) == "1422-400"
    etag = draft["etag"]
    for key, value in (
        ("sourceConnectionIds", [ids["source"]]),
        ("targetConnectionIds", [ids["target"]]),
        ("transformations", MAPPING_STEP),
    ):
        patch = [{"op": "add", "path": f"/{key}", "value": value}]
        answer = client.patch(path, json=patch, headers={"If-Match": etag})
        assert answer.status_code == 200
        etag = answer.json()["etag"]
    inlet = inlet_of(platform, service, client, ids["connection"])
    assert inlet is not None
    assert draft["id"] not in inlet.flows
    assert client.post(f"{path}/action?op=publish").status_code == 200
    assert get(client, f"flows/{draft['id']}")["state"] == "enabled"
    inlet = inlet_of(platform, service, client, ids["connection"])
    assert inlet is not None
    assert inlet.flows[draft["id"]].mapping == (MAPPING, 0)


def test_a_draft_connection_gets_its_inlet_when_it_is_published(client: TestClient) -> None:
    draft = post(client, "connections?mode=draft", XDM)
    assert "inletId" not in get(client, f"connections/{draft['id']}")["auth"]["params"]
    assert client.get(f"{BASE}/connections/{draft['id']}/test").json() == {"result": False}
    body = {"name": "s", "baseConnectionId": draft["id"], "connectionSpec": HTTP_SPEC}
    assert refused(client.post(f"{BASE}/sourceConnections", json=body)) == "1421-400"
    assert client.post(f"{BASE}/connections/{draft['id']}/action?op=PUBLISH").status_code == 200
    assert get(client, f"connections/{draft['id']}")["auth"]["params"]["inletUrl"]
    assert post(client, "sourceConnections", body)["id"]


@pytest.mark.parametrize("kind", ["connections", "sourceConnections", "targetConnections", "flows"])
def test_drafts_may_hold_anything_and_nothing_breaks(
    platform: Platform, service: FlowService, client: TestClient, kind: str
) -> None:
    weird = {
        "auth": 5, "connectionSpec": [], "flowSpec": "x", "sourceConnectionIds": {"a": 1},
        "targetConnectionIds": [[]], "baseConnectionId": {}, "params": 7, "transformations": 1, "data": "x",
    }  # fmt: skip
    draft = post(client, f"{kind}?mode=draft", weird)
    assert get(client, f"{kind}/{draft['id']}")["state"] == "draft"
    assert len(client.get(f"{BASE}/{kind}").json()["items"]) == 1
    assert refused(client.post(f"{BASE}/{kind}/{draft['id']}/action?op=publish")).endswith("-400")
    with platform.db.read() as connection:
        assert not service.inlets.current(connection).by_id
        assert flows_into(platform.resources, connection, scope_of(platform), DATA_SET) == []
    assert client.delete(f"{BASE}/{kind}/{draft['id']}").status_code == 204
    assert refused(client.post(f"{BASE}/{kind}?mode=draft", json={"name": 5})) == "1100-400"


# --- patch, delete ---


def test_an_object_that_is_not_there_is_told_with_its_id_and_kind(client: TestClient) -> None:
    for kind in ("connections", "sourceConnections", "targetConnections", "flows"):
        answer = client.get(f"{BASE}/{kind}/84224def", headers={"x-request-id": "mine"})
        assert refused(answer) == "1439-404"
        body = answer.json()
        assert body["title"] == "Resource not found"
        assert body["report"] | {"detailed-message": ""} == {
            "detailed-message": "", "request-id": "mine", "id": "84224def", "type": kind,
        }  # fmt: skip


def test_a_refusal_has_the_published_title_of_its_code(client: TestClient) -> None:
    ids = make_flow(client)
    path = f"{BASE}/flows/{ids['flow']}"
    for patch_path, headers, title in (
        ("/name", {}, "Header is missing"),
        ("/name", {"If-Match": '"stale"'}, "Version not matching"),
        ("/options/none", {"If-Match": ids["etag"]}, "Invalid request"),
    ):
        patch = [{"op": "replace", "path": patch_path, "value": "x"}]
        assert client.patch(path, json=patch, headers=headers).json()["title"] == title


def test_a_patch_needs_the_etag_that_was_read_and_answers_a_new_one(client: TestClient) -> None:
    ids = make_flow(client, RAW, MAPPED_FLOW, transformations=MAPPING_STEP)
    path = f"{BASE}/flows/{ids['flow']}"
    patch = [{"op": "Replace", "path": "/transformations/0/params/mappingVersion", "value": 1}]
    assert refused(client.patch(path, json=patch)) == "1403-400"
    assert refused(client.patch(path, json=patch, headers={"If-Match": '"stale"'})) == "1404-412"
    for empty in (b"", b"[]", b"{}"):
        assert refused(client.patch(path, content=empty, headers={"If-Match": ids["etag"]})) == "1405-400"
    answer = client.patch(path, json=patch, headers={"if-match": ids["etag"]})
    assert answer.status_code == 200
    assert set(answer.json()) == {"id", "etag"}
    assert answer.json()["etag"] != ids["etag"]
    assert get(client, f"flows/{ids['flow']}")["transformations"][0]["params"]["mappingVersion"] == 1
    assert refused(client.patch(path, json=patch, headers={"If-Match": ids["etag"]})) == "1404-412"


@pytest.mark.parametrize(
    ("kind", "patch", "code"),
    [
        ("flow", [{"op": "replace", "path": "/sourceConnectionIds", "value": ["x"]}], "1455-400"),
        ("flow", [{"op": "replace", "path": "/id", "value": "x"}], "1455-400"),
        ("flow", [{"op": "move", "from": "/flowSpec", "path": "/options"}], "1455-400"),
        ("flow", [{"op": "replace", "path": "", "value": {}}], "1455-400"),
        ("flow", [{"op": "replace", "path": 5, "value": {}}], "1455-400"),
        ("flow", [{"op": "remove", "path": "/options/none"}], "1455-400"),
        ("flow", [{"op": "explode", "path": "/name"}], "1434-400"),
        ("flow", [{"path": "/name"}], "1455-400"),
        ("flow", ["x"], "1455-400"),
        ("flow", {"name": "x"}, "1455-400"),
        ("flow", [{"op": "replace", "path": "/name", "value": 5}], "1100-400"),
        ("flow", [{"op": "replace", "path": "/state", "value": "exploded"}], "1456-400"),
        ("flow", [{"op": "add", "path": "/transformations", "value": MAPPING_STEP}], "1419-400"),
        ("connection", [{"op": "replace", "path": "/connectionSpec/id", "value": "x"}], "1414-400"),
        ("connection", [{"op": "replace", "path": "/auth/params/dataType", "value": "raw"}], "1455-400"),
        ("connection", [{"op": "remove", "path": "/auth"}], "1100-400"),
        ("source", [{"op": "replace", "path": "/baseConnectionId", "value": "x"}], "1455-400"),
        ("target", [{"op": "replace", "path": "/params/dataSetId", "value": OTHER_DATA_SET}], "1425-400"),
        ("target", [{"op": "remove", "path": "/data"},
                    {"op": "replace", "path": "/params/dataSetId", "value": OTHER_DATA_SET}], "1447-400"),
    ],
)  # fmt: skip
def test_a_patch_can_not_break_what_flows_rely_on(client: TestClient, kind: str, patch: Any, code: str) -> None:
    ids = make_flow(client)
    collection = {"flow": "flows"}.get(kind, f"{kind}Connections" if kind != "connection" else "connections")
    before = get(client, f"{collection}/{ids[kind]}")
    answer = client.patch(f"{BASE}/{collection}/{ids[kind]}", json=patch, headers={"If-Match": before["etag"]})
    assert refused(answer) == code
    assert get(client, f"{collection}/{ids[kind]}") == before


def test_a_patch_of_the_state_disables_a_flow(client: TestClient) -> None:
    ids = make_flow(client)
    patch = [{"op": "replace", "path": "/state", "value": "disabled"}]
    answer = client.patch(f"{BASE}/flows/{ids['flow']}", json=patch, headers={"If-Match": ids["etag"]})
    assert answer.status_code == 200
    assert get(client, f"flows/{ids['flow']}")["state"] == "disabled"


def test_what_flows_need_can_not_be_deleted(platform: Platform, client: TestClient) -> None:
    ids = make_flow(client)
    assert refused(client.delete(f"{BASE}/connections/{ids['connection']}")) == "1418-400"
    assert refused(client.delete(f"{BASE}/sourceConnections/{ids['source']}")) == "1447-400"
    assert refused(client.delete(f"{BASE}/targetConnections/{ids['target']}")) == "1447-400"
    with platform.db.read() as connection:
        users = flows_into(platform.resources, connection, scope_of(platform), DATA_SET)
    assert users == ["flow 'ACME Streaming Dataflow'"]
    for path in (
        f"flows/{ids['flow']}",
        f"sourceConnections/{ids['source']}",
        f"targetConnections/{ids['target']}",
        f"connections/{ids['connection']}/",
    ):
        answer = client.delete(f"{BASE}/{path}")
        assert (answer.status_code, answer.content) == (204, b"")
        assert refused(client.delete(f"{BASE}/{path}")) == "1439-404"
        assert refused(client.get(f"{BASE}/{path}")) == "1439-404"


def test_nothing_of_a_sandbox_is_visible_from_another(client: TestClient) -> None:
    ids = make_flow(client)
    dev = {"x-sandbox-name": "dev"}
    for kind in ("connections", "sourceConnections", "targetConnections", "flows"):
        assert client.get(f"{BASE}/{kind}", headers=dev).json()["items"] == []
    path = f"{BASE}/flows/{ids['flow']}"
    patch = [{"op": "replace", "path": "/name", "value": "x"}]
    assert refused(client.get(path, headers=dev)) == "1439-404"
    assert refused(client.delete(path, headers=dev)) == "1439-404"
    assert refused(client.patch(path, json=patch, headers={**dev, "If-Match": ids["etag"]})) == "1439-404"
    body = {"name": "s", "baseConnectionId": ids["connection"], "connectionSpec": HTTP_SPEC}
    assert refused(client.post(f"{BASE}/sourceConnections", json=body, headers=dev)) == "1439-400"
    assert refused(client.post(f"{BASE}/targetConnections", json=TARGET, headers=dev)) == "1439-400"


def test_the_inlets_of_a_deleted_sandbox_are_gone(platform: Platform, service: FlowService, client: TestClient) -> None:
    client.headers["x-sandbox-name"] = "dev"
    made = post(client, "connections", XDM)
    inlet_id = get(client, f"connections/{made['id']}")["auth"]["params"]["inletId"]
    for is_there in (True, False):
        with platform.db.read() as connection:
            assert (service.inlets.current(connection).get(inlet_id) is not None) is is_there
        if is_there:
            platform.access.delete_sandbox("ACME@AdobeOrg", "dev")


# --- lists ---


def test_lists_page_by_a_token_that_clients_cut_out_of_the_link(client: TestClient) -> None:
    names = [f"c{n}" for n in range(7)]
    for name in names:
        post(client, "connections", {**XDM, "name": name})
    # As one client does: the text after the first "=" is the token, sent with the same parameters.
    found, token = [], ""
    while True:
        params = {"limit": 3, "count": "False", "orderby": "-name"} | ({"continuationToken": token} if token else {})
        page = client.get(f"{BASE}/connections", params=params).json()
        found += [item["name"] for item in page["items"]]
        href = page["_links"].get("next", {}).get("href", "")
        if not href:
            break
        token = href.split("=")[1]
    assert found == names[::-1]
    # As another does: the link is appended to the base path.
    found, href = [], "/connections?limit=2&orderby=name&property=name!=c3"
    while href:
        page = client.get(BASE + href).json()
        found += [item["name"] for item in page["items"]]
        href = page["_links"].get("next", {}).get("href", "")
        assert not href or href.startswith("/connections?continuationToken=")
    assert found == [name for name in names if name != "c3"]


def test_count_answers_the_number_alone(client: TestClient) -> None:
    for name in ("a", "b"):
        post(client, "connections", {**XDM, "name": name})
    assert client.get(f"{BASE}/connections?count=True").json() == {"count": 2}
    assert client.get(f"{BASE}/connections?count=true&property=name==a").json() == {"count": 1}
    assert refused(client.get(f"{BASE}/connections?count=true&limit=1")) == "1401-400"
    for text in ("property=name==a", "name==a", "name%3D%3Da", "Property=name==a", "name==a&state==enabled"):
        answer = client.post(f"{BASE}/connections/search", json={"queryString": text, "count": True})
        assert answer.json() == {"count": 1}, text
    answer = client.post(f"{BASE}/connections/search", json={"queryString": "name!=a&orderby=-name&limit=1"})
    assert [item["name"] for item in answer.json()["items"]] == ["b"]
    assert refused(client.post(f"{BASE}/connections/search", json={"queryString": "name~a"})) == "1440-400"


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"property": "state==enabled"}, 2),
        ({"property": "state=disabled"}, 0),
        ({"property": "name==ACME Streaming Dataflow"}, 2),
        ({"property": "flowSpec.id==c1a19761-d2c7-4702-b9fa-fe91f0613e81"}, 1),
        ({"property": f"flowSpec.id=={MAPPED_FLOW['id']},{PLAIN_FLOW['id']}"}, 2),
        ({"property": f"inheritedAttributes.sourceConnections[].connectionSpec.id=={HTTP_SPEC['id']}"}, 2),
        ({"property": "inheritedAttributes.properties.isDestinationFlow==true"}, 0),
        ({"property": ["state==enabled", "transformations"]}, 1),
        ({"property": "sourceConnectionIds[]==none"}, 0),
        ({"property": "state==Enabled"}, 2),
        ({"property": "state!=ENABLED"}, 0),
        ({"property": 'name=="ACME Streaming Dataflow"'}, 2),
        ({"property": 'name!="ACME Streaming Dataflow"'}, 0),
    ],
)
def test_filters_reach_into_what_is_inherited(client: TestClient, query: dict[str, Any], count: int) -> None:
    make_flow(client)
    make_flow(client, RAW, MAPPED_FLOW, transformations=MAPPING_STEP)
    assert len(client.get(f"{BASE}/flows", params=query).json()["items"]) == count


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"limit": "0"}, "1100-400"), ({"limit": "x"}, "1100-400"), ({"orderby": "nothing"}, "1433-400"),
        ({"orderby": "#id"}, "1433-400"), ({"orderby": "name;drop"}, "1433-400"),
        ({"orderby": "desc:name"}, "1432-400"), ({"orderby": "name desc"}, "1432-400"),
        ({"property": "name~x"}, "1440-400"), ({"property": "createdAt>1,2"}, "1443-400"),
        ({"property": "="}, "1453-400"), ({"property": "createdAt=="}, "1453-400"),
        ({"property": "name!>5"}, "1450-400"),
        ({"continuationToken": "nonsense"}, "1100-400"), ({"continuationToken": "e30"}, "1100-400"),
        ({"continuationToken": "ü"}, "1100-400"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["connections", "flows", "runs", "connectionSpecs"])
def test_a_bad_list_parameter_has_its_code(client: TestClient, path: str, query: dict[str, str], code: str) -> None:
    assert refused(client.get(f"{BASE}/{path}", params=query)) == code


def test_specs_are_found_by_the_names_clients_look_up(client: TestClient) -> None:
    connection_specs = client.get(f"{BASE}/connectionSpecs").json()["items"]
    ids = {spec["name"]: spec["id"] for spec in connection_specs}
    assert len(ids) == len(connection_specs)
    assert ids["Streaming Connection"] == HTTP_SPEC["id"]
    assert ids["datalake"] == LAKE_SPEC["id"]
    assert ids["landing-zone"] == "26f526f2-58f4-4712-961d-e41bf1ccc0e8"
    spec = get(client, f"connectionSpecs/{HTTP_SPEC['id']}")
    assert spec["authSpec"][0]["name"] == "Streaming Connection"
    flow_specs = client.get(f"{BASE}/flowSpecs", params={"property": "name==CloudStorageToAEP"}).json()["items"]
    (found,) = [s for s in flow_specs if ids["landing-zone"] in s["sourceConnectionSpecIds"]]
    assert ids["datalake"] in found["targetConnectionSpecIds"]
    assert get(client, f"flowSpecs/{MAPPED_FLOW['id']}")["transformationSpecs"][0]["name"] == "Mapping"
    assert refused(client.get(f"{BASE}/flowSpecs/none")) == "1101-404"
    assert client.post(f"{BASE}/flowSpecs/search", json={"limit": 1}).json()["_links"]["next"]["href"]


def test_a_list_of_properties_is_what_is_shown_of_each_item(platform: Platform, client: TestClient) -> None:
    flow_id = make_flow(client)["flow"]
    post(client, "connections", {**XDM, "name": "b"})
    shown = {"property": ["id,name,nothing", "state==enabled"], "orderby": "-name", "limit": 1}
    page = client.get(f"{BASE}/connections", params=shown).json()
    assert [list(item) for item in page["items"]] == [["id", "name"]]
    assert page["items"][0]["name"] == "b"
    rest = client.get(BASE + page["_links"]["next"]["href"]).json()["items"]
    assert [list(item) for item in rest] == [["id", "name"]]
    count_in(platform, flow_id, 1_700_000_000_000, landed=1)
    for query in ({"property": "flowId,state"}, {"property": ["flowId,state", "state==success"]}):
        assert client.get(f"{BASE}/runs", params=query).json()["items"] == [{"flowId": flow_id, "state": "success"}]
    specs = client.get(f"{BASE}/flowSpecs", params={"property": "id,name"}).json()["items"]
    assert len(specs) > 3
    assert all(set(spec) == {"id", "name"} for spec in specs)
    search = {"queryString": "id,name&state==enabled", "limit": 1}
    (found,) = client.post(f"{BASE}/connections/search", json=search).json()["items"]
    assert set(found) == {"id", "name"}


# --- runs ---


def count_in(platform: Platform, flow_id: str, at_ms: int, **values: Any) -> None:
    """What the worker does at the end of a transaction."""
    delta = RunDelta(**values)
    delta.note_received(at_ms, at_ms + 40)
    with platform.db.write() as connection:
        add_to_run(connection, scope_of(platform), flow_id, window_of(at_ms), delta)
        add_to_batch(connection, scope_of(platform), DATA_SET, flow_id, window_of(at_ms), delta)


def test_a_run_counts_what_landed_failed_and_is_pending(
    platform: Platform, service: FlowService, client: TestClient
) -> None:
    flow_id = make_flow(client)["flow"]
    now_ms = time.time_ns() // 1_000_000
    count_in(platform, flow_id, now_ms, landed=5, bytes_out=500, bytes_in=600, warnings=1)
    count_in(platform, flow_id, now_ms, landed=1, failed=2, reasons={"INGEST-1212-400": 2})
    service.runs.pending = lambda connection: {flow_id: 3, "another": 9}
    answer = client.get(f"{BASE}/runs", params={"limit": 10, "count": "False", "property": f"flowId=={flow_id}"})
    assert answer.status_code == 200
    assert answer.json()["_links"] == {}
    (run,) = answer.json()["items"]
    records = run["metrics"]["recordSummary"]
    assert records["inputRecordCount"] == 11
    assert records["outputRecordCount"] == records["createdRecordCount"] == 6
    assert records["failedRecordCount"] == 2
    assert records["pendingRecordCount"] == 3
    assert records["warningRecordCount"] == 1
    assert records["failedInfo"][0]["code"] == "INGEST-1212-400"
    assert records["failedInfo"][0]["details"] == {"recordCount": 2}
    assert run["metrics"]["sizeSummary"] == {"inputBytes": 600, "outputBytes": 500}
    assert run["metrics"]["latencySummary"] == {"minMs": 40, "maxMs": 40, "avgMs": 40}
    assert run["metrics"]["statusSummary"]["status"] == run["state"] == "inProgress"
    assert "completedAtUTC" not in run["metrics"]["durationSummary"]
    assert run["flowId"] == flow_id
    assert run["activities"][0]["targetInfo"][0]["reference"]["type"] == "Batch"
    assert len(run["activities"][0]["targetInfo"][0]["reference"]["ids"]) == 2
    assert get(client, f"runs/{run['id']}") == run
    assert get(client, f"flows/{flow_id}")["lastRunDetails"]["id"] == run["id"]


def test_pending_records_have_a_run_before_anything_is_processed(service: FlowService, client: TestClient) -> None:
    flow_id = make_flow(client)["flow"]
    assert client.get(f"{BASE}/runs").json()["items"] == []
    service.runs.pending = lambda connection: {flow_id: 4}
    (run,) = client.get(f"{BASE}/runs").json()["items"]
    assert run["metrics"]["recordSummary"]["inputRecordCount"] == 4
    assert run["state"] == "inProgress"
    assert get(client, f"runs/{run['id']}")["flowId"] == flow_id
    assert client.get(f"{BASE}/runs?count=true").json() == {"count": 1}
    assert client.delete(f"{BASE}/flows/{flow_id}").status_code == 204
    (run,) = client.get(f"{BASE}/runs").json()["items"]
    assert run["metrics"]["recordSummary"]["inputRecordCount"] == 4


@pytest.mark.parametrize(
    ("counts", "status"),
    [({"landed": 2}, "success"), ({"landed": 1, "failed": 1}, "partialSuccess"), ({"failed": 1}, "failed")],
)
def test_a_closed_window_says_how_it_went(
    platform: Platform, client: TestClient, counts: dict[str, int], status: str
) -> None:
    flow_id = make_flow(client)["flow"]
    count_in(platform, flow_id, 1_700_000_000_000, **counts)
    (run,) = client.get(f"{BASE}/runs", params={"property": f"metrics.statusSummary.status=={status}"}).json()["items"]
    assert run["state"] == status
    assert run["metrics"]["durationSummary"]["startedAtUTC"] == 1_700_000_000_000
    assert run["metrics"]["durationSummary"]["completedAtUTC"] == window_of(1_700_000_000_000) + WINDOW_MS
    has_errors = "extensions" in run["metrics"]["statusSummary"]
    assert has_errors is bool(counts.get("failed"))


def test_runs_page_newest_first_and_filter(platform: Platform, service: FlowService, client: TestClient) -> None:
    one, two = make_flow(client)["flow"], make_flow(client)["flow"]
    start_ms = 1_700_000_000_000
    for n in range(5):
        count_in(platform, one, start_ms + n * WINDOW_MS, landed=n + 1)
    count_in(platform, two, start_ms, landed=9)
    service.runs.pending = lambda connection: {one: 1}

    def found(**query: Any) -> list[int]:
        counts, token = [], ""
        while True:
            page = client.get(
                f"{BASE}/runs", params={**query, **({"continuationToken": token} if token else {})}
            ).json()
            counts += [run["metrics"]["recordSummary"]["inputRecordCount"] for run in page["items"]]
            if "next" not in page["_links"]:
                return counts
            token = page["_links"]["next"]["href"].split("=")[1]

    assert found(property=f"flowId=={one}", limit=2) == [1, 5, 4, 3, 2, 1]
    assert found(property=f"flowId=={one}", limit=1, orderby="createdAt") == [1, 2, 3, 4, 5, 1]
    assert found(property=f"flowId=={two}") == [9]
    assert found(property=[f"flowId=={one}", "state==inProgress"]) == [1]
    assert found(property=[f"flowId=={one}", "metrics.statusSummary.status==IN_PROGRESS"]) == [1]
    assert found(property=[f"flowId=={one}", "metrics.statusSummary.status==Success"], limit=2) == [5, 4, 3, 2, 1]
    assert found(property=[f"flowId=={one}", f"flowId=={two}"]) == []
    assert sorted(found(limit=4)) == [1, 1, 2, 3, 4, 5, 9]
    assert found(property=f"metrics.durationSummary.startedAtUTC>={start_ms + 4 * WINDOW_MS}") == [1, 5]
    assert client.get(f"{BASE}/runs?count=true&property=flowId=={one}").json() == {"count": 6}
    assert client.get(f"{BASE}/runs", headers={"x-sandbox-name": "dev"}).json()["items"] == []


def test_streaming_flows_are_not_run_on_demand(platform: Platform, client: TestClient) -> None:
    flow_id = make_flow(client)["flow"]
    count_in(platform, flow_id, 1_700_000_000_000, landed=1)
    assert refused(client.post(f"{BASE}/runs", json={"flowId": flow_id, "status": "active"})) == "1100-400"
    assert refused(client.post(f"{BASE}/runs", json={"flowId": ["x"]})) == "1430-400"
    (run,) = client.get(f"{BASE}/runs").json()["items"]
    assert refused(client.post(f"{BASE}/runs/{run['id']}/action?op=RE_TRIGGER")) == "1100-400"
    assert refused(client.get(f"{BASE}/runs/none")) == "1439-404"


def test_a_failed_record_that_lands_moves_from_one_count_to_the_other(platform: Platform, client: TestClient) -> None:
    flow_id = make_flow(client)["flow"]
    at_ms = 1_700_000_000_000
    count_in(platform, flow_id, at_ms, landed=1, failed=1, reasons={"X-1": 1})
    count_in(platform, flow_id, at_ms, landed=1, failed=-1, reasons={"X-1": -1})
    (run,) = client.get(f"{BASE}/runs").json()["items"]
    records = run["metrics"]["recordSummary"]
    assert (records["inputRecordCount"], records["outputRecordCount"], records["failedRecordCount"]) == (2, 2, 0)
    assert records["failedInfo"] == []
    assert run["state"] == "success"


def test_a_continuation_token_survives_items_that_come_and_go(client: TestClient) -> None:
    made = [post(client, "connections", {**XDM, "name": f"c{n}"}) for n in range(4)]
    page = client.get(f"{BASE}/connections?limit=2&orderby=name").json()
    assert client.delete(f"{BASE}/connections/{made[0]['id']}").status_code == 204
    rest = client.get(BASE + page["_links"]["next"]["href"]).json()
    assert [item["name"] for item in rest["items"]] == ["c2", "c3"]
    assert orjson.dumps(rest["_links"]) == b"{}"
