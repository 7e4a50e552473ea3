"""The worker puts rows of related schemas into what journeys hear of an event."""

from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from event_world import EVENTS
from fastapi.testclient import TestClient
from related_world import Shop, ok
from test_matching_in_the_pipeline import World

from parcours.app import Platform
from parcours.lookups.store import put_rows
from parcours.lookups.workspace import stored_row


def test_journeys_hear_of_the_row_as_it_is_when_the_event_comes(
    platform: Platform, api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(api)
    rule = {"idType": "ruleBased", "idCondition": "@event{Order._acme.order.total} > 0"}
    ok(api.post(EVENTS, json=shop.event(namespace="Email", **rule)))
    world = World(platform, api, shop.orders)
    heard: list[Mapping[str, Any]] = []

    def put(price: float) -> None:
        line = orjson.dumps({"_id": "p", "_acme": {"sku": "a", "price": price, "name": "A"}})
        with platform.db.write() as connection:
            put_rows(connection, [stored_row(world.inlet.scope_id, shop.data_set, "a", 1, line)])

    def take(event_id: str, **acme: Any) -> Any:
        with platform.db.write() as connection:
            batch = world.pipeline._batch(connection)
            receive = batch._journeys.receive
            monkeypatch.setattr(
                batch._journeys, "receive", lambda arrival: (heard.append(arrival.payload), receive(arrival))[1]
            )
            record = world.record(event_id, _acme={"order": {"total": 3}, "person": {"email": "a@b.c"}, **acme})
            batch.take([record])
            batch.flush()
        return heard[-1]["_acme"].get("sku_related")

    put(1.5)
    assert take("one", sku="a") == {"_acme": {"price": 1.5}}
    put(2.5)
    assert take("two", sku="a") == {"_acme": {"price": 2.5}}
    assert heard[0]["_acme"]["sku_related"] == {"_acme": {"price": 1.5}}
    assert take("three", sku="gone") is None
    assert take("four") is None
