"""From records in the log, and from the lake, to the rows that a lookup finds."""

import asyncio
import itertools
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient

from parcours.app import Platform, build_lake_writer, build_loads, build_pipeline, log_path
from parcours.log import Record
from parcours.log.sqlite import SqliteLogWriter
from parcours.lookups import store
from parcours.lookups.loading import RowLoader

REGISTRY = "/data/foundation/schemaregistry/tenant"
DATA_SETS = "/data/foundation/catalog/dataSets"
LOOKUPS = "/data/core/entity/lookup/dataSets"
XDM = {"Accept": "application/vnd.adobe.xed+json"}
HTTP_API = {"id": "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb", "version": "1.0"}
FIELDS = {
    "sku": {"type": "string"},
    "price": {"type": "number"},
    "stock": {"type": "integer"},
    "soldOut": {"type": "boolean"},
    "since": {"type": "string", "format": "date-time"},
    "tags": {"type": "array", "items": {"type": "string"}},
    "sizes": {
        "type": "array",
        "items": {"type": "object", "properties": {"name": {"type": "string"}, "stock": {"type": "integer"}}},
    },
    "names": {"type": "object", "additionalProperties": {"type": "string"}},
    "free": {"type": "object", "additionalProperties": True},
}


def ok(answer: Any) -> Any:
    assert answer.is_success, answer.text
    return answer.json()


class Shop:
    """A data set of products, of a class of their own, and the worker's transactions."""

    def __init__(self, api: TestClient, platform: Platform) -> None:
        self.api, self.platform = api, platform
        self.pipeline = build_pipeline(platform)
        self.numbers = itertools.count()
        made = ok(api.post(f"{REGISTRY}/classes", headers=XDM, json={
            "type": "object",
            "title": "Product",
            "allOf": [{"$ref": "https://ns.adobe.com/xdm/data/record"}, {"$ref": "#/definitions/product"}],
            "definitions": {"product": {"properties": {"_acme": {"type": "object", "properties": FIELDS}}}},
        }))  # fmt: skip
        self.schema_id = ok(api.post(f"{REGISTRY}/schemas", headers=XDM, json={
            "type": "object", "title": "Products", "allOf": [{"$ref": made["$id"]}],
        }))["$id"]  # fmt: skip
        self.dataset_id = self.data_set("Products")
        connection = ok(api.post("/data/foundation/flowservice/connections", json={
            "name": "Inlet",
            "connectionSpec": HTTP_API,
            "auth": {"specName": "Streaming Connection", "params": {"dataType": "xdm"}},
        }))["id"]  # fmt: skip
        item = ok(api.get(f"/data/foundation/flowservice/connections/{connection}"))["items"][0]
        self.inlet_id = item["auth"]["params"]["inletUrl"].rpartition("/")[2]

    def data_set(self, name: str, **tags: list[str]) -> str:
        body = {"name": name, "schemaRef": {"id": self.schema_id}, "tags": tags}
        made: str = ok(self.api.post(DATA_SETS, json=body))[0]
        return made.removeprefix("@/dataSets/")

    def send(self, *products: dict[str, Any], dataset_id: str = "") -> None:
        """Land products in one transaction."""
        records = [
            Record(self.inlet_id, "", dataset_id or self.dataset_id, f"x{next(self.numbers)}", 1_700_000_000_000,
                   orjson.dumps({"_id": f"p{next(self.numbers)}", "_acme": product}))
            for product in products
        ]  # fmt: skip

        async def append() -> None:
            writer = SqliteLogWriter(log_path(self.platform.settings))
            await writer.append(records)
            await writer.close()

        asyncio.run(append())
        assert self.pipeline.run_records(1_000) == len(records)

    def enable(self, action: str = "enable", **body: Any) -> dict[str, Any]:
        told: dict[str, Any] = ok(self.api.patch(f"{LOOKUPS}/{self.dataset_id}/{action}", json=body or None))
        return told

    def new_loader(self, part_rows: int = 3) -> RowLoader:
        loader = next(load for load in build_loads(self.platform) if isinstance(load, RowLoader))
        loader._part_rows, loader._settle_us = part_rows, 0
        return loader

    def load(self) -> None:
        loader = self.new_loader()
        while loader.step() is not None:
            pass

    def commit_lake(self) -> None:
        writer = build_lake_writer(self.platform)
        writer.commit_due()
        writer.close()

    def rows(self, *keys: str, fields: str = "") -> list[dict[str, Any]]:
        path = f"{LOOKUPS}/{self.dataset_id}/rows"
        found = ok(self.api.get(path, params={"key": list(keys), "fields": fields}))["entities"]
        return [row.get("_acme", row) for row in found]

    def state(self) -> dict[str, Any]:
        told: dict[str, Any] = ok(self.api.get(f"{LOOKUPS}/{self.dataset_id}"))
        return told


@pytest.fixture
def shop(api: TestClient, platform: Platform) -> Shop:
    return Shop(api, platform)


def test_rows_that_land_are_found_with_the_next_call(shop: Shop) -> None:
    assert shop.state() == {"dataSetId": shop.dataset_id, "name": "Products", "enabled": False}
    told = shop.enable(key="_acme.sku")
    assert (told["enabled"], told["key"], told["state"]) == (True, "_acme.sku", "loading")
    shop.send({"sku": "a", "price": 1.5}, {"sku": "b"}, {"price": 3.0}, {"sku": "a", "price": 2.5})
    assert shop.rows("b", "gone", "a") == [{"sku": "b"}, {"sku": "a", "price": 2.5}]
    assert shop.rows("a", fields="_acme.price, _acme.gone") == [{"price": 2.5}]
    shop.send({"sku": "a", "stock": 1})
    assert shop.rows("a") == [{"sku": "a", "stock": 1}]
    shop.load()
    assert (shop.state()["state"], shop.state()["rows"]) == ("ready", 2)
    assert shop.rows("a") == [{"sku": "a", "stock": 1}]


WHOLE = {
    "sku": "whole",
    "price": 3.0,
    "stock": 7,
    "soldOut": False,
    "since": "2024-05-01T10:00:00Z",
    "tags": ["a", "b"],
    "sizes": [{"name": "S", "stock": 1}, {"name": "M"}],
    "names": {"de": "Hemd", "fr": "chemise"},
    "free": {"any": [1, {"thing": None}]},
}


@pytest.mark.parametrize("is_committed", [True, False])
def test_rows_that_landed_before_come_from_the_lake_as_they_were(shop: Shop, is_committed: bool) -> None:
    shop.send(WHOLE, *({"sku": f"p{n}", "stock": n} for n in range(7)), {"stock": 9})
    if is_committed:
        shop.commit_lake()
    shop.send({"sku": "p0", "stock": 100})
    told = shop.enable(key="/_acme/sku")
    assert told["rows"] == 0
    shop.load()
    state = shop.state()
    assert (state["state"], state["rows"], state["rowsTakenOver"], state["rowsWithoutKey"]) == ("ready", 8, 9, 1)
    assert shop.rows("whole") == [WHOLE]
    assert [row["stock"] for row in shop.rows("p0", "p6")] == [100, 6]


def test_a_row_that_lands_while_the_lake_is_read_stays(shop: Shop) -> None:
    shop.send(*({"sku": f"p{n}", "stock": n} for n in range(7)))
    shop.commit_lake()
    shop.enable(key="_acme.sku")
    loader = shop.new_loader(part_rows=2)
    while not shop.state()["rows"]:
        loader.step()
    shop.send({"sku": "p0", "stock": 100}, {"sku": "p6", "stock": 100})
    while loader.step() is not None:
        pass
    assert [row["stock"] for row in shop.rows("p0", "p1", "p6")] == [100, 1, 100]
    assert shop.state()["state"] == "ready"


def test_a_load_that_died_begins_anew_and_ends_the_same(shop: Shop) -> None:
    shop.send(*({"sku": f"p{n}", "stock": n} for n in range(9)))
    shop.commit_lake()
    shop.enable(key="_acme.sku")
    dying = shop.new_loader(part_rows=2)
    while shop.state()["rows"] < 4:
        dying.step()
    shop.load()
    assert (shop.state()["rows"], shop.state()["rowsTakenOver"]) == (9, 9)


def test_disabling_lets_the_rows_go_and_enabling_by_another_key_loads_them_by_that(shop: Shop) -> None:
    shop.send(*({"sku": f"p{n}", "stock": n} for n in range(7)))
    shop.enable(key="_acme.sku")
    shop.load()
    assert shop.enable("disable")["enabled"] is False
    refused = shop.api.get(f"{LOOKUPS}/{shop.dataset_id}/rows", params={"key": "p1"})
    assert (refused.status_code, "enabled for lookup" in refused.json()["detail"]) == (404, True)
    shop.send({"sku": "unseen", "stock": 77})
    shop.enable(key="_acme.stock")  # before the rows of the old key are gone
    shop.load()
    assert (shop.state()["state"], shop.state()["rows"]) == ("ready", 8)
    assert shop.rows("p1") == []
    assert [row["sku"] for row in shop.rows("77", "3")] == ["unseen", "p3"]
    shop.enable("disable")
    shop.load()
    with shop.platform.db.read() as connection:
        scope_id = shop.platform.access.sandboxes("ACME@AdobeOrg")[0].scope_id
        assert store.count_rows(connection, scope_id, shop.dataset_id) == 0
        assert store.find_load(connection, scope_id, shop.dataset_id) is None


def test_a_deleted_data_set_leaves_no_row(shop: Shop) -> None:
    shop.enable(key="_acme.sku")
    shop.send({"sku": "a"}, {"sku": "b"})
    assert shop.api.delete(f"{DATA_SETS}/{shop.dataset_id}").is_success
    assert shop.api.get(f"{LOOKUPS}/{shop.dataset_id}").status_code == 404
    shop.load()
    with shop.platform.db.read() as connection:
        assert connection.execute(store.lookup_row_table.select()).all() == []
        assert connection.execute(store.lookup_load_table.select()).all() == []


def test_a_lake_that_can_not_be_read_is_told_and_tried_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.send({"sku": "a"})
    shop.enable(key="_acme.sku")
    loader = shop.new_loader()

    def broken() -> Any:
        raise OSError("no such device")

    with monkeypatch.context() as patch:
        patch.setattr(loader, "_open_lake", broken)
        while loader.step() is not None:
            pass
    assert "no such device" in shop.state()["reason"]
    assert shop.state()["state"] == "loading"
    monkeypatch.setattr(loader, "_not_before", 0.0)
    while loader.step() is not None:
        pass
    assert (shop.state()["state"], shop.state()["reason"], shop.state()["rows"]) == ("ready", None, 1)


def test_the_tag_of_the_catalog_enables_too(shop: Shop) -> None:
    dataset_id = shop.data_set("More", **{"adobe/lookup": ["enabled:true", "key:_acme.sku"]})
    assert ok(shop.api.get(f"{LOOKUPS}/{dataset_id}"))["enabled"] is True
    document = ok(shop.api.get(f"{DATA_SETS}/{dataset_id}"))[dataset_id]
    assert document["tags"]["adobe/lookup"] == ["enabled:true", "key:/_acme/sku"]
    shop.send({"sku": "a"}, dataset_id=dataset_id)
    found = ok(shop.api.get(f"{LOOKUPS}/{dataset_id}/rows", params={"key": "a"}))
    assert [row["_acme"] for row in found["entities"]] == [{"sku": "a"}]


def test_what_can_not_be_asked_is_refused(shop: Shop) -> None:
    path = f"{LOOKUPS}/{shop.dataset_id}"
    assert shop.api.patch(f"{path}/enable").status_code == 422  # no primary identity, no key
    assert shop.api.patch(f"{path}/enable", json={"key": "_acme.price"}).status_code == 422
    assert shop.api.patch(f"{path}/enable", json={"key": 7}).status_code == 400
    assert shop.api.patch(f"{path}/enable", json=[]).status_code == 400
    assert shop.api.patch(f"{path}/toggle").status_code == 400
    assert shop.api.patch(f"{LOOKUPS}/gone/enable").status_code == 404
    assert shop.state()["enabled"] is False
    shop.enable(key="_acme.sku")
    assert shop.api.get(f"{path}/rows").status_code == 400
    many = shop.api.get(f"{path}/rows", params={"key": [str(n) for n in range(51)]})
    assert (many.status_code, many.json()["type"].rpartition("/")[2]) == (400, "PARC-8001-400")
    shop.send({"sku": "long", "names": {"x": "y" * 11_000}})
    large = shop.api.get(f"{path}/rows", params={"key": "long"})
    assert (large.status_code, "more than a lookup keeps" in large.json()["detail"]) == (422, True)


def test_another_sandbox_finds_nothing(shop: Shop) -> None:
    shop.enable(key="_acme.sku")
    shop.send({"sku": "a"})
    shop.api.post(
        "/data/foundation/sandbox-management/sandboxes", json={"name": "dev", "title": "Dev", "type": "development"}
    )
    other = {"x-sandbox-name": "dev"}
    assert shop.api.get(f"{LOOKUPS}/{shop.dataset_id}", headers=other).status_code == 404
    assert shop.api.get(f"{LOOKUPS}/{shop.dataset_id}/rows?key=a", headers=other).status_code == 404
    assert shop.api.patch(f"{LOOKUPS}/{shop.dataset_id}/disable", headers=other).status_code == 404
