"""Data sets, batches and failed files through the API, over a registry of two schemas."""

import re
import time
from collections.abc import Iterable, Iterator
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection

from parcours.access.routing import Gate
from parcours.app import Platform
from parcours.catalog import api as catalog_api
from parcours.catalog import export
from parcours.catalog.model import WINDOW_MS, Batch, FailedRow, RunDelta, window_of
from parcours.catalog.service import CatalogService
from parcours.catalog.store import BatchIds, add_to_batch
from parcours.http.app import build_api
from parcours.xdm.compiled import CompiledSchema

BASE = "/data/foundation/catalog"
EXPORT = "/data/foundation/export/batches"
PLAIN = "https://ns.adobe.com/acme/schemas/7f682c29f887512a897791e7161b90a1ae7ed3dd07a177b1"
UNION = "https://ns.adobe.com/acme/schemas/0238be93d3e7a06aec5e0655955901ec"
SCHEMAS = {
    schema_id: CompiledSchema(
        schema_id,
        "https://ns.adobe.com/xdm/context/profile",
        "A schema",
        0,
        "record",
        schema_id == UNION,
        {"type": "object"},
    )
    for schema_id in (PLAIN, UNION)
}
FAILED_ROWS = [
    FailedRow({"n": n}, "INGEST-1212-400", [{"keyword": "type", "pointerToViolation": "#/n", "message": "is bad"}])
    for n in range(150)
]
LOYALTY = {
    "name": "LoyaltyMembersDataset",
    "schemaRef": {"id": UNION, "contentType": "application/vnd.adobe.xed-full+json;version=1"},
    "fileDescription": {"persisted": True, "containerFormat": "parquet", "format": "parquet"},
}


@pytest.fixture
def used() -> list[str]:
    """What still writes to any data set; a test may add to it."""
    return []


@pytest.fixture
def catalog(platform: Platform, used: list[str]) -> CatalogService:
    """The service over the platform's database."""

    def find_schema(connection: Connection, scope_id: int, schema_id: str) -> CompiledSchema | None:
        return SCHEMAS.get(schema_id)

    return CatalogService(platform.db, platform.resources, find_schema, lambda *_: used)


@pytest.fixture
def client(platform: Platform, catalog: CatalogService, token: str) -> Iterator[TestClient]:
    """The catalog's routes alone, with the platform headers set."""

    def failed_rows(connection: Connection, batch: Batch) -> Iterable[FailedRow]:
        return FAILED_ROWS

    router = catalog_api.router(Gate(platform.access), catalog, platform.db, "http://parcours.test", failed_rows)
    headers = {"Authorization": f"Bearer {token}", "x-api-key": "client", "x-gw-ims-org-id": "ACME@AdobeOrg"}
    with TestClient(build_api([router]), headers=headers, raise_server_exceptions=False) as found:
        yield found


def make(client: TestClient, **changes: Any) -> str:
    """A new data set's id."""
    answer = client.post(f"{BASE}/dataSets?requestDataSource=true", json={**LOYALTY, **changes})
    assert answer.status_code == 201, answer.text
    (link,) = answer.json()
    assert answer.headers["location"] == f"http://parcours.test{BASE}/dataSets/{link[11:]}"
    assert re.fullmatch(r"@/dataSets/[0-9a-f]{24}", link)
    return str(link[11:])


def read(client: TestClient, dataset_id: str) -> dict[str, Any]:
    """A data set's document."""
    answer = client.get(f"{BASE}/dataSets/{dataset_id}")
    assert answer.status_code == 200
    assert list(answer.json()) == [dataset_id]
    document: dict[str, Any] = answer.json()[dataset_id]
    return document


def test_a_data_set_is_created_and_read_with_every_key_clients_need(client: TestClient) -> None:
    document = read(client, make(client))
    assert document["name"] == "LoyaltyMembersDataset"
    assert document["imsOrg"] == "ACME@AdobeOrg"
    assert document["schemaRef"] == LOYALTY["schemaRef"]
    assert document["classification"] == {"dataBehavior": "record", "managedBy": "CUSTOMER"}
    assert document["tags"] == {"adobe/pqs/table": ["loyaltymembersdataset"]}
    assert (document["version"], document["state"], document["namespace"]) == ("1.0.0", "DRAFT", "ACP")
    assert re.fullmatch(r"[0-9a-f]{24}", document["viewId"])
    assert document["files"].endswith(f"views/{document['viewId']}/files")
    assert document["created"] == document["updated"]
    assert document["createdClient"] == "client"
    assert {"sandboxId", "observableSchema", "statsCache", "dule", "basePath", "description"} <= set(document)


@pytest.mark.parametrize(
    "tags",
    [
        {"unifiedProfile": ["enabled:true"], "unifiedIdentity": ["enabled:true"]},
        {"profile": ["enabled:true"], "identity": ["enabled:true"]},
        {"unifiedProfile": ["enabled: true"], "unifiedIdentity": ["enabled: true"]},
    ],
)
def test_every_spelling_of_the_profile_tags_is_stored_in_the_long_form(
    client: TestClient, catalog: CatalogService, platform: Platform, tags: dict[str, list[str]]
) -> None:
    dataset_id = make(client, tags=tags)
    stored = read(client, dataset_id)["tags"]
    assert stored["unifiedProfile"] == ["enabled:true"]
    assert stored["unifiedIdentity"] == ["enabled:true"]
    with platform.db.read() as connection:
        found = catalog.table.current(connection).get(
            platform.access.sandbox("ACME@AdobeOrg", "prod").scope_id, dataset_id
        )
    assert found is not None
    assert (found.is_profile_enabled, found.is_upsert, found.schema_id) == (True, False, UNION)
    assert found.table_name == "loyaltymembersdataset"


def test_profile_needs_a_schema_with_the_union_tag(client: TestClient) -> None:
    tags = {"unifiedProfile": ["enabled:true"]}
    plain = {"schemaRef": {"id": PLAIN, "contentType": "application/vnd.adobe.xed+json;version=1"}}
    refused = client.post(f"{BASE}/dataSets", json={**LOYALTY, **plain, "tags": tags})
    assert refused.status_code == 422
    assert "union" in refused.json()["detail"]
    dataset_id = make(client, **plain)
    assert client.patch(f"{BASE}/dataSets/{dataset_id}", json={"tags": tags}).status_code == 422


@pytest.mark.parametrize(
    ("change", "status", "path"),
    [
        ({"name": ""}, 400, "$.name"),
        ({"name": 5}, 400, "$.name"),
        ({"name": None}, 400, "$.name"),
        ({"schemaRef": None}, 400, "$.schemaRef"),
        ({"schemaRef": {"contentType": "x"}}, 400, "$.schemaRef.id"),
        ({"schemaRef": {"id": UNION, "contentType": "text/plain"}}, 400, "$.schemaRef.contentType"),
        ({"schemaRef": {"id": UNION, "contentType": 1}}, 400, "$.schemaRef.contentType"),
        ({"schemaRef": {"id": "https://ns.adobe.com/acme/schemas/none"}}, 422, "$.schemaRef.id"),
        ({"tags": []}, 400, "$.tags"),
        ({"tags": {"unifiedProfile": "enabled:true"}}, 400, "$.tags.unifiedProfile"),
        ({"tags": {"x": [1]}}, 400, "$.tags.x"),
        ({"tags": {"adobe/pqs/table": ["Not A Name"]}}, 400, "$.tags.adobe/pqs/table"),
        ({"fileDescription": "parquet"}, 400, "$.fileDescription"),
        ({"enableErrorDiagnostics": "yes"}, 400, "$.enableErrorDiagnostics"),
        ({"description": {}}, 400, "$.description"),
    ],
)
def test_a_bad_data_set_is_told_where_it_is_wrong(
    client: TestClient, change: dict[str, Any], status: int, path: str
) -> None:
    answer = client.post(f"{BASE}/dataSets", json={**LOYALTY, **change})
    assert answer.status_code == status
    body = answer.json()
    assert body["report"]["path"] == path
    assert body["type"].startswith("http://ns.adobe.com/aep/errors/CTLG-")
    assert client.get(f"{BASE}/dataSets").json() == {}


def test_a_patch_is_json_patch_or_new_values_whatever_its_content_type(client: TestClient) -> None:
    dataset_id = make(client)
    operations = [{"op": "add", "path": "/tags/unifiedProfile", "value": ["enabled:true", "isUpsert:true"]}]
    for content_type in ("application/json-patch+json", "application/json"):
        answer = client.patch(
            f"{BASE}/dataSets/{dataset_id}", content=orjson.dumps(operations), headers={"Content-Type": content_type}
        )
        assert (answer.status_code, answer.json()) == (200, [f"@/dataSets/{dataset_id}"])
    assert read(client, dataset_id)["tags"]["unifiedProfile"] == ["enabled:true", "isUpsert:true"]
    answer = client.patch(f"{BASE}/dataSets/{dataset_id}", json={"description": "new", "imsOrg": "forged"})
    assert answer.status_code == 200
    document = read(client, dataset_id)
    assert (document["description"], document["imsOrg"]) == ("new", "ACME@AdobeOrg")
    assert document["version"] == "1.0.2"  # the patch that came twice changed something once
    assert document["tags"]["adobe/pqs/table"] == ["loyaltymembersdataset"]


def test_a_v2_patch_merges_deeply_and_makes_what_is_missing(client: TestClient) -> None:
    dataset_id = make(client)
    for expiration in ({"ttlValue": "P3Y"}, {"x": 1}):
        body = {"extensions": {"adobe_lakeHouse": {"rowExpiration": expiration}}}
        assert client.patch(f"{BASE}/v2/dataSets/{dataset_id}", json=body).status_code == 200
    assert read(client, dataset_id)["extensions"] == {"adobe_lakeHouse": {"rowExpiration": {"ttlValue": "P3Y", "x": 1}}}


def test_a_put_replaces_what_clients_own_and_keeps_what_the_server_owns(client: TestClient) -> None:
    dataset_id = make(client, description="old", tags={"mine": ["x"]})
    before = read(client, dataset_id)
    answer = client.put(f"{BASE}/dataSets/{dataset_id}", json={**LOYALTY, "name": "Renamed", "viewId": "forged"})
    assert (answer.status_code, answer.json()) == (200, [f"@/dataSets/{dataset_id}"])
    after = read(client, dataset_id)
    assert (after["name"], after["description"]) == ("Renamed", "")
    assert after["viewId"] == before["viewId"]
    assert after["tags"] == {"adobe/pqs/table": ["loyaltymembersdataset"]}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ([], 400),
        ([{"op": "replace"}], 400),
        ([{"op": "replace", "path": "/none/deep", "value": 1}], 400),
        ([{"op": "replace", "path": "", "value": 1}], 400),
        ([{"op": "remove", "path": "/name"}], 400),
        ([{"op": "replace", "path": "/tags", "value": 5}], 400),
        ({"name": []}, 400),
        ({"schemaRef": {"id": PLAIN}}, 422),
        (None, 400),
        ("text", 400),
    ],
)
def test_a_bad_patch_changes_nothing(client: TestClient, body: Any, status: int) -> None:
    dataset_id = make(client)
    before = read(client, dataset_id)
    assert client.patch(f"{BASE}/dataSets/{dataset_id}", json=body).status_code == status
    assert read(client, dataset_id) == before


@pytest.mark.parametrize("value", ["validate-only", "no-cache, Validate-Only"])
def test_a_call_that_is_only_to_be_validated_changes_nothing(client: TestClient, value: str) -> None:
    dry = {"Pragma": value}
    one = make(client)
    before = client.get(f"{BASE}/dataSets").json()
    url = f"{BASE}/dataSets/{one}"
    made = client.post(f"{BASE}/dataSets", json={**LOYALTY, "name": "Another"}, headers=dry)
    assert (made.status_code, made.json()) == (200, [])
    assert "location" not in made.headers
    lookup = {"tags": {"unifiedProfile": ["enabled:true"]}, "name": "Changed"}
    for method, path in (("PUT", url), ("PATCH", url), ("PATCH", f"{BASE}/v2/dataSets/{one}")):
        answer = client.request(method, path, json={**LOYALTY, **lookup}, headers=dry)
        assert (answer.status_code, answer.json()) == (200, [f"@/dataSets/{one}"])
    assert client.get(f"{BASE}/dataSets").json() == before
    assert client.post(f"{BASE}/dataSets", json={**LOYALTY, "name": ""}, headers=dry).status_code == 400
    assert client.put(url, json=LOYALTY, headers={**dry, "If-Match": "0.0.1"}).status_code == 412
    assert client.patch(url, json={"name": "Changed"}, headers={"Pragma": "no-cache"}).status_code == 200
    assert read(client, one)["name"] == "Changed"


def test_a_data_set_without_a_name_has_that_of_its_schema(client: TestClient) -> None:
    answer = client.post(f"{BASE}/dataSets", json={"schemaRef": LOYALTY["schemaRef"]})
    assert answer.status_code == 201, answer.text
    document = read(client, answer.json()[0][11:])
    assert (document["name"], document["tags"]) == ("A schema", {"adobe/pqs/table": ["a_schema"]})
    one = make(client)
    put = client.put(f"{BASE}/dataSets/{one}", json={"schemaRef": LOYALTY["schemaRef"], "description": "New"})
    assert put.status_code == 200, put.text
    assert (read(client, one)["name"], read(client, one)["description"]) == ("LoyaltyMembersDataset", "New")


def test_several_data_sets_and_batches_are_looked_up_in_one_call(client: TestClient, platform: Platform) -> None:
    one, two = make(client, name="One"), make(client, name="Two")
    url = f"{BASE}/dataSets/{two},{one},{'0' * 24}"
    found = client.get(url, params={"properties": "name"})
    assert found.status_code == 200, found.text
    assert found.json() == {two: {"name": "Two"}, one: {"name": "One"}}
    assert client.get(f"{BASE}/dataSets/{one},{two}").json() == {one: read(client, one), two: read(client, two)}
    assert client.get(f"{BASE}/dataSets/{'0' * 24},{'1' * 24}").status_code == 404
    ids = land(platform, one, landed=1, failed=2, reasons={"X-1": 2})
    found = client.get(f"{BASE}/batches/{ids.failed},{ids.landed},none", params={"properties": "recordCount"})
    assert found.json() == {ids.failed: {"recordCount": 0}, ids.landed: {"recordCount": 1}}
    assert client.get(f"{BASE}/batches/{ids.failed}", params={"properties": "status"}).json() == {
        ids.failed: {"status": "failed"}
    }
    assert client.get(f"{BASE}/batches/none,nothing").status_code == 404


def test_if_match_compares_with_the_version_or_the_update_time(client: TestClient) -> None:
    dataset_id = make(client)
    path, body = f"{BASE}/dataSets/{dataset_id}", {"description": "x"}
    assert client.patch(path, json=body, headers={"If-Match": "1.0.7"}).status_code == 412
    assert client.patch(path, json=body, headers={"If-None-Match": '"1.0.0"'}).status_code == 412
    etag = client.get(path).headers["etag"]
    assert client.patch(path, json=body, headers={"If-Match": etag}).status_code == 200
    updated = str(read(client, dataset_id)["updated"])
    assert client.put(path, json=LOYALTY, headers={"If-Match": updated}).status_code == 200
    assert client.put(path, json=LOYALTY, headers={"If-Match": "*"}).status_code == 200


def test_a_data_set_is_deleted_once_nothing_writes_to_it(client: TestClient, used: list[str]) -> None:
    dataset_id = make(client)
    used.append("flow 'ACME'")
    answer = client.delete(f"{BASE}/dataSets/{dataset_id}")
    assert answer.status_code == 409
    assert "ACME" in answer.json()["detail"]
    used.clear()
    answer = client.delete(f"{BASE}/dataSets/{dataset_id}")
    assert (answer.status_code, answer.json()) == (200, [f"@/dataSets/{dataset_id}"])
    for method in ("GET", "DELETE"):
        assert client.request(method, f"{BASE}/dataSets/{dataset_id}").status_code == 404


def test_nothing_of_a_sandbox_is_visible_from_another(client: TestClient) -> None:
    dataset_id = make(client)
    dev = {"x-sandbox-name": "dev"}
    assert client.get(f"{BASE}/dataSets", headers=dev).json() == {}
    for method, body in (("GET", None), ("PATCH", {"name": "x"}), ("PUT", LOYALTY), ("DELETE", None)):
        assert client.request(method, f"{BASE}/dataSets/{dataset_id}", headers=dev, json=body).status_code == 404


def test_table_names_are_unique_and_may_be_chosen(client: TestClient) -> None:
    names = [
        read(client, make(client, name=name))["tags"]["adobe/pqs/table"][0] for name in ("A b", "a-B", "9 lives", "…")
    ]
    assert names == ["a_b", "a_b_2", "_9_lives", "dataset"]
    chosen = make(client, tags={"adobe/pqs/table": ["mine"]})
    assert read(client, chosen)["tags"]["adobe/pqs/table"] == ["mine"]
    again = client.post(f"{BASE}/dataSets", json={**LOYALTY, "tags": {"adobe/pqs/table": ["mine"]}})
    assert again.status_code == 422


def test_the_list_is_keyed_by_id_pages_orders_and_projects(client: TestClient) -> None:
    ids = [make(client, name=f"n{n:02}") for n in range(25)]
    assert list(client.get(f"{BASE}/dataSets").json()) == ids[:20]
    page = client.get(f"{BASE}/dataSets", params={"start": 20, "limit": 100}).json()
    assert list(page) == ids[20:]
    assert all(document["tags"] and document["classification"] for document in page.values())
    ordered = client.get(f"{BASE}/dataSets", params={"orderBy": "desc:name", "limit": 2, "properties": "name,none"})
    assert ordered.json() == {ids[24]: {"name": "n24"}, ids[23]: {"name": "n23"}}
    empty = client.get(f"{BASE}/dataSets", params={"limit": 1, "properties": "none"}).json()
    assert empty == {ids[0]: {}}
    assert len(client.get(f"{BASE}/dataSets", headers={"limit": "3"}).json()) == 3
    assert len(client.get(f"{BASE}/dataSets", headers={"limit": "3"}, params={"limit": "4"}).json()) == 4


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"limit": "-1"}, {"start": "-1"}, {"start": "1.5"},
        {"limit": "50", "properties": "observableSchema"}, {"tags": "nocolon"}, {"property": "name~("},
        {"property": "name~" + "(a+)+" * 20 + "(?=b)"}, {"property": "="}, {"createdAfter": "yesterday"},
    ],
)  # fmt: skip
def test_a_bad_list_parameter_is_refused(client: TestClient, query: dict[str, str]) -> None:
    make(client)
    answer = client.get(f"{BASE}/dataSets", params=query)
    assert answer.status_code == 400
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"name": "Alpha"}, ["Alpha"]),
        ({"name": "Al*"}, ["Alpha", "Al*"]),
        ({"name": "Al**"}, ["Al*"]),
        ({"name": "*a"}, ["Alpha", "Beta"]),
        ({"name": "!Alpha,Beta"}, ["Al*"]),
        ({"name": "Alpha,Beta"}, ["Alpha", "Beta"]),
        ({"name": "Alpha", "state": "DRAFT"}, ["Alpha"]),
        ({"name": "Alpha", "state": "!DRAFT"}, []),
        ({"property": "name~^A"}, ["Alpha", "Al*"]),
        ({"property": "name==Alpha,Beta"}, ["Alpha", "Beta"]),
        ({"property": "description"}, ["Alpha", "Beta", "Al*"]),
        ({"property": "!enableErrorDiagnostics"}, ["Alpha", "Al*"]),
        ({"enableErrorDiagnostics": "True"}, ["Beta"]),
        ({"property": "created>5"}, ["Alpha", "Beta", "Al*"]),
        ({"createdBefore": "5"}, []),
        ({"createdAfter": "5", "requestDataSource": "True"}, ["Alpha", "Beta", "Al*"]),
        ({"tags": "colour:red"}, ["Alpha"]),
        ({"tags": "colour:*"}, ["Alpha", "Beta"]),
        ({"tags": "colour:re*,size:*"}, ["Alpha"]),
        ({"tags": "a:b:c"}, ["Beta"]),
    ],
)
def test_filters_combine_as_documented(client: TestClient, query: dict[str, str], found: list[str]) -> None:
    make(client, name="Alpha", tags={"colour": ["red"], "size": ["1"]})
    make(client, name="Beta", tags={"colour": ["blue"], "a": ["b:c"]}, enableErrorDiagnostics=True)
    make(client, name="Al*")
    answer = client.get(f"{BASE}/dataSets", params=query)
    assert answer.status_code == 200
    assert [document["name"] for document in answer.json().values()] == found


def test_a_system_data_set_is_made_once_and_can_not_be_deleted(
    client: TestClient, catalog: CatalogService, platform: Platform
) -> None:
    scope_id = platform.access.sandbox("ACME@AdobeOrg", "prod").scope_id
    for _ in range(2):
        with platform.db.write() as connection:
            dataset_id = catalog.ensure_system_data_set(connection, scope_id, "journey_step_events", PLAIN)
    assert list(client.get(f"{BASE}/dataSets").json()) == [dataset_id]
    document = read(client, dataset_id)
    assert document["tags"]["adobe/pqs/table"] == ["journey_step_events"]
    assert document["classification"]["managedBy"] == "SYSTEM"
    assert client.delete(f"{BASE}/dataSets/{dataset_id}").status_code == 409


def land(platform: Platform, dataset_id: str, at_ms: int = 0, **values: Any) -> BatchIds:
    """Count into the batches of the window of `at_ms`, or of now."""
    at_ms = at_ms or time.time_ns() // 1_000_000
    scope_id = platform.access.sandbox("ACME@AdobeOrg", "prod").scope_id
    delta = RunDelta(**values)
    delta.note_received(at_ms, at_ms)
    with platform.db.write() as connection:
        return add_to_batch(connection, scope_id, dataset_id, "flow-1", window_of(at_ms), delta)


def test_what_landed_and_what_failed_are_two_batches_with_the_documented_keys(
    client: TestClient, platform: Platform
) -> None:
    dataset_id = make(client)
    ids = land(platform, dataset_id, landed=3, bytes_out=30, failed=2, reasons={"INGEST-1212-400": 2})
    assert land(platform, dataset_id, landed=4, bytes_out=40).landed == ids.landed
    batches = client.get(f"{BASE}/batches", params={"dataSet": dataset_id, "orderBy": "desc:created"}).json()
    assert set(batches) == {ids.landed, ids.failed}
    landed, failed = batches[ids.landed], batches[ids.failed]
    assert (landed["status"], landed["recordCount"], landed["size"]) == ("success", 7, 70)
    assert landed["errors"] == []
    assert "completed" not in landed
    assert (failed["status"], failed["recordCount"], failed["failedRecordCount"]) == ("failed", 0, 2)
    assert failed["errors"] == [
        {
            "code": "INGEST-1212-400",
            "description": "The record does not conform to its schema",
            "recordCount": 2,
            "rows": [],
        }
    ]
    for batch in (landed, failed):
        assert batch["relatedObjects"][0] == {"type": "dataSet", "id": dataset_id}
        assert batch["tags"] == {"flowId": ["flow-1"]}
        assert batch["imsOrg"] == "ACME@AdobeOrg"
    assert client.get(f"{BASE}/batches/{ids.failed}").json() == {ids.failed: failed}
    document = read(client, dataset_id)
    assert document["lastSuccessfulBatch"] == ids.landed
    assert document["lastBatchStatus"] in ("success", "failed")
    assert client.get(f"{BASE}/lastBatches").json()[dataset_id]["lastFailedBatchId"] == ids.failed


def test_a_failed_record_that_lands_at_last_moves_from_one_batch_to_the_other(
    client: TestClient, platform: Platform
) -> None:
    dataset_id = make(client)
    ids = land(platform, dataset_id, failed=1, reasons={"X-1": 1})
    again = land(platform, dataset_id, landed=1, failed=-1, reasons={"X-1": -1})
    assert again.failed == ids.failed
    failed = client.get(f"{BASE}/batches/{ids.failed}").json()[ids.failed]
    assert (failed["status"], failed["failedRecordCount"], failed["errors"]) == ("inactive", 0, [])
    assert client.get(f"{BASE}/batches", params={"status": "failed"}).json() == {}
    assert client.get(f"{BASE}/batches", params={"status": "inactive"}).json().keys() == {ids.failed}


def test_batches_are_filtered_ordered_and_paged(client: TestClient, platform: Platform) -> None:
    one, other = make(client, name="one"), make(client, name="other")
    old_ms = 1_700_000_000_000
    old = [land(platform, one, landed=n + 1, at_ms=old_ms + n * WINDOW_MS).landed for n in range(5)]
    new = land(platform, other, landed=9).landed

    def found(**query: Any) -> list[str]:
        answer = client.get(f"{BASE}/batches", params=query)
        assert answer.status_code == 200
        return list(answer.json())

    assert found() == [new, *reversed(old)]
    assert found(orderBy="asc:created", limit=2) == old[:2]
    assert found(orderBy="desc:recordCount", limit=2) == [new, old[4]]
    assert found(dataSet=f"{one},none", start=1, limit=2) == [old[3], old[2]]
    assert found(dataSet=f"!{one}") == [new]
    assert found(batch=old[2]) == [old[2]]
    assert found(status="success,failed", createdBefore=str(old_ms + WINDOW_MS)) == [old[0]]
    assert found(createdAfter=str(old_ms), createdBefore=str(old_ms + 2 * WINDOW_MS)) == [old[1]]
    assert found(endAfter="1", dataSet=one) == list(reversed(old))
    assert found(recordCount="9") == [new]
    assert found(status="loading") == []
    assert client.get(f"{BASE}/batches/none").status_code == 404
    completed = client.get(f"{BASE}/batches/{old[0]}").json()[old[0]]["completed"]
    assert completed == window_of(old_ms) + WINDOW_MS


def test_failed_records_are_listed_and_downloaded(client: TestClient, platform: Platform) -> None:
    ids = land(platform, make(client), landed=1, failed=150)
    listing = client.get(f"{EXPORT}/{ids.failed}/failed")
    assert listing.status_code == 200
    success, part = listing.json()["data"]
    assert listing.json()["_page"] == {"limit": 100, "count": 2}
    assert (success["name"], success["length"]) == ("_SUCCESS", "0")
    assert re.fullmatch(r"part-00000-[0-9a-f-]{36}-c000\.json", part["name"])
    file = client.get(part["_links"]["self"]["href"].removeprefix("http://parcours.test"))
    assert file.status_code == 200
    assert str(len(file.content)) == part["length"]
    assert [orjson.loads(line)["n"] for line in file.content.splitlines()] == list(range(150))
    assert client.get(f"{EXPORT}/{ids.failed}/failed?path=_SUCCESS").content == b""
    assert [f["name"] for f in client.get(f"{EXPORT}/{ids.landed}/failed").json()["data"]] == ["_SUCCESS"]
    for path in (f"{ids.failed}/failed?path=../secret", "none/failed", f"{ids.failed}/meta?path=x", "none/meta"):
        assert client.get(f"{EXPORT}/{path}").status_code == 404


def test_row_errors_have_their_own_form_and_a_sample(client: TestClient, platform: Platform) -> None:
    ids = land(platform, make(client), failed=150)
    names = [f["name"] for f in client.get(f"{EXPORT}/{ids.failed}/meta").json()["data"]]
    assert names == ["row_errors", "row_errors_sample.json", "input_files"]
    (file,) = client.get(f"{EXPORT}/{ids.failed}/meta?path=row_errors").json()["data"]
    lines = client.get(file["_links"]["self"]["href"].removeprefix("http://parcours.test")).content.splitlines()
    assert len(lines) == 150
    first = orjson.loads(lines[0])
    assert first["_corrupt_record"] == '{"n":0}'
    assert first["_errors"] == [{"code": "INGEST-1212-400", "message": "#/n is bad"}]
    for name in ("row_errors_sample.json", "row_error_samples.json"):
        assert len(client.get(f"{EXPORT}/{ids.failed}/meta?path={name}").content.splitlines()) == 100
    assert client.get(f"{EXPORT}/{ids.failed}/meta?path=input_files").json()["data"] == []


@pytest.mark.parametrize(
    ("code", "error", "keys"),
    [
        (
            "INGEST-1212-400",
            {"keyword": "type", "message": "m"},
            {"_validationErrors": [{"keyword": "type", "message": "m"}]},
        ),
        ("INGEST-1401-400", {"message": "m"}, {"_validationErrors": [{"message": "m"}]}),
        ("MAPPER-3700-400", {"message": "m"}, {"_errors": {"_streamingValidation": [{"message": "m"}]}}),
    ],
)
def test_a_failed_line_has_the_documented_error_keys_and_no_other(
    code: str, error: dict[str, str], keys: dict[str, Any]
) -> None:
    rows = [FailedRow({"_id": "1"}, code, [error]), FailedRow([7], code, [error])]
    lines = [orjson.loads(line) for line in export.failed_lines(rows)]
    assert lines == [{"_id": "1", **keys}, {"_corrupt_record": [7], **keys}]


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("name==E*", {"Eins", "Elf"}),
        ("name==E*,Zw*", {"Eins", "Elf", "Zwei"}),
        ("name=*i*", {"Eins", "Zwei"}),
        ("name!=E*", {"Zwei", "A*b"}),
        ("name==A**b", {"A*b"}),
        ("name==!Elf", set()),
        ("name==Elf", {"Elf"}),
        ("description==E*", set()),
    ],
)
def test_a_property_filter_on_the_name_knows_wildcards(client: TestClient, condition: str, names: set[str]) -> None:
    for name in ("Eins", "Elf", "Zwei", "A*b"):
        make(client, name=name, description=name)
    found = client.get(f"{BASE}/dataSets", params={"property": condition}).json()
    assert {one["name"] for one in found.values()} == names


def test_a_change_that_changes_nothing_makes_no_version(client: TestClient) -> None:
    dataset_id = make(client, description="same")
    before = read(client, dataset_id)
    same = [{"op": "replace", "path": "/description", "value": "same"}]
    assert client.patch(f"{BASE}/dataSets/{dataset_id}", json=same).json() == [f"@/dataSets/{dataset_id}"]
    assert client.patch(f"{BASE}/dataSets/{dataset_id}", json={"description": "same"}).status_code == 200
    assert read(client, dataset_id) == before
    assert client.patch(f"{BASE}/dataSets/{dataset_id}", json={"description": "new"}).status_code == 200
    assert read(client, dataset_id)["version"] != before["version"]


def test_paths_are_known_in_lower_case_too(client: TestClient) -> None:
    answer = client.post(f"{BASE}/datasets", json=LOYALTY)
    assert answer.status_code == 201
    (dataset_id,) = (link.removeprefix("@/dataSets/") for link in answer.json())
    assert list(client.get(f"{BASE}/datasets").json()) == [dataset_id]
    assert list(client.get(f"{BASE}/datasets/{dataset_id}").json()) == [dataset_id]
    assert client.get(f"{BASE}/lastbatches").status_code == 200
    assert client.patch(f"{BASE}/v2/datasets/{dataset_id}", json={"description": "new"}).status_code == 200


def test_another_sandbox_sees_no_batch(client: TestClient, platform: Platform) -> None:
    ids = land(platform, make(client), landed=1, failed=1)
    dev = {"x-sandbox-name": "dev"}
    assert client.get(f"{BASE}/batches", headers=dev).json() == {}
    assert client.get(f"{BASE}/lastBatches", headers=dev).json() == {}
    for path in (f"{BASE}/batches/{ids.failed}", f"{EXPORT}/{ids.failed}/failed", f"{EXPORT}/{ids.failed}/meta"):
        assert client.get(path, headers=dev).status_code == 404
