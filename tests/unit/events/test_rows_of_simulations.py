"""Rows of data sets in a simulation on the server: those it is given, for lookups and for fields of related schemas."""

from typing import Any

import pytest
from event_world import EVENTS
from fastapi.testclient import TestClient
from related_world import Shop, ok

SIMULATE = "/journey/orchestration/journeys/simulate"


@pytest.fixture
def shop(api: TestClient) -> Shop:
    return Shop(api)


def asked(api: TestClient, shop: Shop, **members: Any) -> dict[str, Any]:
    """Orders of two products; who orders a dear one goes to `dear`, and on to `looked` when a lookup says the same."""
    event = ok(api.post(EVENTS, json=shop.event()))["uid"]
    price = "@event{Order._acme.sku_related._acme.price}"
    rows = "@datasetLookup{product.entities}"
    document = {
        "name": "Dear things",
        "entry": {"node": "start"},
        "nodes": {
            "start": {"type": "event", "eventUid": event},
            "dear": {"type": "condition", "paths": [{"id": "yes", "expression": f"{price} > 100"}]},
            "product": {"type": "datasetLookup", "dataSetId": shop.data_set, "keys": "@event{Order._acme.sku}"},
            "looked": {"type": "condition", "paths": [{"id": "yes", "expression": f"listSize({rows}) > 0"}]},
            "end": {"type": "end"},
        },
        "edges": [
            {"from": "start", "to": "dear"},
            {"from": "dear", "to": "product", "kind": "path", "path": "yes"},
            {"from": "product", "to": "looked"},
            {"from": "looked", "to": "end", "kind": "path", "path": "yes"},
        ],
    }
    events = [
        {"event": "Order", "customer": f"{sku}@example.com", "payload": {"_id": sku, "_acme": {"sku": sku}}}
        for sku in ("lamp", "sofa")
    ]
    return {"document": document, "events": events, **members}


def come_to(found: Any, *nodes: str) -> list[int]:
    return [found["counts"][node]["in"] for node in nodes]


def test_rows_that_are_given_are_read_and_no_others(api: TestClient, shop: Shop) -> None:
    without = asked(api, shop)
    assert come_to(ok(api.post(SIMULATE, json=without)), "dear", "product") == [2, 0]
    rows = [
        {"dataSet": data_set, "key": sku, "row": {"_acme": {"sku": sku, "price": price}}}
        for data_set, sku, price in (("Products", "lamp", 12.5), (shop.data_set, "sofa", 900))
    ]
    found = ok(api.post(SIMULATE, json={**without, "lookups": rows}))
    assert come_to(found, "dear", "product", "looked", "end") == [2, 1, 1, 1]
    (sofa,) = [one for one in found["customers"] if one["key"] == "sofa@example.com"]
    assert [step["nodeId"] for step in sofa["steps"]][-1] == "end"


@pytest.mark.parametrize(
    ("lookups", "path"),
    [
        ({}, "$.lookups"),
        ([{"dataSet": "Products", "key": "lamp"}], "$.lookups[0]"),
        (["lamp"], "$.lookups[0]"),
        ([{"dataSet": "Products", "key": "", "row": {}}], "$.lookups[0]"),
        ([{"dataSet": "Produce", "key": "lamp", "row": {}}], "$.lookups[0].dataSet"),
        ([{"dataSet": "Products", "key": str(n), "row": {}} for n in range(10_001)], "$.lookups"),
    ],
)
def test_rows_that_are_none_are_refused_with_their_place(api: TestClient, shop: Shop, lookups: Any, path: str) -> None:
    answer = api.post(SIMULATE, json=asked(api, shop, lookups=lookups))
    assert answer.status_code == 400, answer.text
    assert f'"{path}"' in answer.text
