"""Events with fields of related schemas: what is offered, stored, refused, and kept from under them."""

from typing import Any

import pytest
from event_world import EVENTS, REGISTRY
from fastapi.testclient import TestClient
from related_world import DATA_SETS, LOOKUPS, Shop, create_data_set, ok

PRICE = "/_acme/sku_related/_acme/price"


@pytest.fixture
def shop(api: TestClient) -> Shop:
    return Shop(api)


def refused(answer: Any, status: int = 400) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_related_schemas_are_offered_where_their_rows_stand(api: TestClient, shop: Shop) -> None:
    found = ok(api.get(f"{EVENTS}/related", params={"schema": shop.orders}))["results"]
    assert {one["at"] for one in found} == {"/_acme/sku_related", "/_acme/lines/sku_related"}
    one = next(one for one in found if one["property"] == "/_acme/sku")
    assert one["schema"] == {"id": shop.products, "title": "Products"}
    assert one["key"] == "/_acme/sku"
    assert one["dataSets"] == [{"id": shop.data_set, "name": "Products"}]
    assert one["document"]["properties"]["_acme"]["properties"]["price"]["type"] == "number"


def test_a_related_field_brings_its_linking_field_and_data_set(api: TestClient, shop: Shop) -> None:
    made = ok(api.post(EVENTS, json=shop.event()))
    assert PRICE in made["fields"]
    assert "/_acme/sku" in made["fields"]
    assert made["related"] == [{"property": "/_acme/sku", "datasetId": shop.data_set}]
    again = ok(api.put(f"{EVENTS}/{made['uid']}", json=made))
    assert (again["fields"], again["related"]) == (made["fields"], made["related"])
    without = ok(api.put(f"{EVENTS}/{made['uid']}", json={**made, "fields": ["/_acme/sku"]}))
    assert "related" not in without


def test_an_event_without_related_fields_has_no_such_member(api: TestClient, shop: Shop) -> None:
    assert "related" not in ok(api.post(EVENTS, json=shop.event("/_acme/sku")))


def test_senders_are_not_shown_what_they_do_not_send(api: TestClient, shop: Shop) -> None:
    made = ok(api.post(EVENTS, json=shop.event()))
    for values in ("types", "examples"):
        shown = ok(api.get(f"{EVENTS}/{made['uid']}/payload", params={"values": values}))
        assert set(shown["body"]["xdmEntity"]["_acme"]) >= {"order", "sku"}
        assert "sku_related" not in shown["body"]["xdmEntity"]["_acme"]


@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"profileIdentifier": "@event{Order._acme.sku_related._acme.name}"}, "$.profileIdentifier"),
        (
            {
                "idType": "ruleBased",
                "idCondition": "@event{Order._acme.sku_related._acme.price} > 5",
            },
            "$.idCondition",
        ),
        ({"supplementalIdentifier": {"expression": "@event{Order._acme.sku_related._acme.name}"}},
         "$.supplementalIdentifier.expression"),
    ],
)  # fmt: skip
def test_key_and_rule_read_what_senders_send(api: TestClient, shop: Shop, members: dict[str, Any], path: str) -> None:
    told = refused(api.post(EVENTS, json=shop.event(**members)))
    assert "5013" in str(told), told
    assert path in str(told)
    assert "related schema 'Products'" in str(told)
    (place,) = [one for one in _flat(told) if isinstance(one, dict) and "line" in one]
    assert place["line"] == 1
    assert place["column"] >= 1


def test_rows_come_from_a_data_set_enabled_for_lookup(api: TestClient) -> None:
    shop = Shop(api, is_enabled=False)
    told = str(refused(api.post(EVENTS, json=shop.event())))
    assert "enabled for lookup by the key _acme.sku" in told
    ok(api.patch(f"{LOOKUPS}/{shop.data_set}/enable", json={"key": "_acme.sku"}))
    ok(api.post(EVENTS, json=shop.event()))


def test_of_several_data_sets_one_is_named(api: TestClient, shop: Shop) -> None:
    other = create_data_set(api, shop.products, "Other products")
    told = str(refused(api.post(EVENTS, json=shop.event())))
    assert shop.data_set in told
    assert other in told
    named = [{"property": "/_acme/sku", "datasetId": other}]
    made = ok(api.post(EVENTS, json=shop.event(related=named)))
    assert made["related"] == named
    kept = {name: value for name, value in made.items() if name != "related"}
    assert ok(api.put(f"{EVENTS}/{made['uid']}", json=kept))["related"] == named


@pytest.mark.parametrize(
    ("related", "path"),
    [
        ("x", "$.related"),
        ([{"datasetId": "x"}], "$.related[0]"),
        ([{"property": "sku"}], "$.related[0].property"),
        ([{"property": "/_acme/order"}], "$.related[0].property"),
        ([{"property": "/_acme/sku", "datasetId": 5}], "$.related[0].datasetId"),
        ([{"property": "/_acme/sku", "datasetId": "nope"}], "$.related[0].datasetId"),
    ],
)
def test_what_related_can_not_be(api: TestClient, shop: Shop, related: Any, path: str) -> None:
    assert f"'{path}'" in str(refused(api.post(EVENTS, json=shop.event(related=related))))


def test_a_field_that_the_related_schema_lacks_is_refused(api: TestClient, shop: Shop) -> None:
    told = refused(api.post(EVENTS, json=shop.event("/_acme/sku_related/_acme/colour")))
    assert "schema 'Products' has no field" in str(told)


def test_what_an_event_reads_stays(api: TestClient, shop: Shop) -> None:
    made = ok(api.post(EVENTS, json=shop.event()))
    refused(api.delete(f"{DATA_SETS}/{shop.data_set}"), 409)
    told = refused(api.patch(f"{LOOKUPS}/{shop.data_set}/disable"), 409)
    assert "'Order'" in str(told)
    assert "'Order'" in str(refused(api.delete(f"{REGISTRY}/descriptors/{shop.descriptor}"), 422))
    assert api.delete(f"{REGISTRY}/descriptors/{shop.of_lines}").is_success  # no event reads it
    ok(api.delete(f"{EVENTS}/{made['uid']}"))
    assert api.delete(f"{REGISTRY}/descriptors/{shop.descriptor}").is_success
    assert api.delete(f"{DATA_SETS}/{shop.data_set}").is_success


def test_an_event_in_use_reads_its_rows_where_it_did(api: TestClient, shop: Shop) -> None:
    made = ok(api.post(EVENTS, json=shop.event()))
    other = create_data_set(api, shop.products, "Other products")
    order = {"type": "event", "eventUid": made["uid"]}
    journey = {"name": "Thank", "entry": {"node": "order"}, "nodes": {"order": order}, "edges": []}
    ok(api.post("/journey/orchestration/journeys", json=journey))
    url = f"{EVENTS}/{made['uid']}"
    elsewhere = [{"property": "/_acme/sku", "datasetId": other}]
    told = refused(api.put(url, json={**made, "related": elsewhere}), 409)
    assert told["title"] == "EventInUse"
    line = {"property": "/_acme/lines/sku", "datasetId": other}
    fields = [*made["fields"], "/_acme/lines/sku_related/_acme/price"]
    added = ok(api.put(url, json={**made, "fields": fields, "related": [*made["related"], line]}))
    assert added["related"] == [line, *made["related"]]


def _flat(value: Any) -> list[Any]:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value, *(found for child in children for found in _flat(child))]
