"""Events whose orders name products, through the real server: journeys branch on the price in the product's row."""

from typing import Any

import pytest
from asking import ask
from definitions import FOUNDATION, JOURNEYS
from journey_tools import event_uid, instances, publish, transitions
from related_shop import REGISTRY, Till
from running import RunningServer, wait_for
from shop import VERSIONS
from test_bulk_loads import LOOKUPS

END = {"type": "end"}
Edges = list[tuple[str, ...]]


@pytest.fixture(scope="module")
def till(server: RunningServer) -> Till:
    till = Till(server)
    till.event("OrderPlaced", "placed")
    till.event("OrderPaid", "paid", "sku_related/{0}/price")
    return till


def branches(till: Till) -> tuple[dict[str, Any], Edges]:
    """Whether what was ordered is dear, else whether a line of it is."""
    any_line = f"@event{{OrderPlaced.{till.field}.lines.all(currentEventField.sku_related.{till.field}.price > 100)}}"
    paths = [
        {"id": "dear", "expression": f"{till.price_of('OrderPlaced')} > 100"},
        {"id": "line", "expression": f"listSize({any_line}) > 0"},
    ]
    nodes = {"price": {"type": "condition", "paths": paths, "otherPath": True}, "a": END, "b": END, "c": END}
    return nodes, [
        ("order", "price"), ("price", "a", "path", "dear"), ("price", "b", "path", "line"), ("price", "c", "other"),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def version(till: Till) -> str:
    return publish(till.platform, "Dear orders", *branches(till))


def taken(till: Till, version: str, person: str) -> list[str]:
    """The way that each of a person's instances took at the price, the first one first."""
    found = instances(till.platform, version, person)
    return [one for instance in found for one in transitions(instance) if one.startswith("price:")]


def price_read(instance: dict[str, Any]) -> Any:
    """What the first path of the condition read."""
    step = next(one for one in instance["steps"] if one["nodeId"] == "price")
    (value,) = step["detail"]["paths"][0]["references"].values()
    return value


@pytest.mark.parametrize(
    ("person", "order", "way"),
    [
        ("dear", {"sku": "dear"}, "path:dear"),
        ("cheap", {"sku": "cheap"}, "other"),
        ("gone", {"sku": "no such product"}, "other"),
        ("nothing", {}, "other"),
        ("line", {"sku": "cheap", "lines": [{"sku": "cheap"}, {"count": 2}, {"sku": "dear"}]}, "path:line"),
        ("lines", {"lines": [{"sku": "cheap"}, {"sku": "no such product"}]}, "other"),
    ],
)
def test_a_condition_reads_the_row_that_the_event_names(
    till: Till, version: str, person: str, order: dict[str, Any], way: str
) -> None:
    till.price(dear=150.0, cheap=9.5)
    till.wait_until_decided(till.send("placed", f"{person}@example.com", **order))
    assert taken(till, version, f"{person}@example.com") == [f"price:{way}"]
    (instance,) = instances(till.platform, version, f"{person}@example.com")
    expected = {"dear": 150.0, "cheap": 9.5}.get(order.get("sku", ""))
    assert price_read(instance) == expected


def test_each_event_reads_the_row_that_came_last_before_it(till: Till, version: str) -> None:
    """Nothing is waited for in between: rows and events are taken as they come."""
    prices = [50.0, 500.0, 60.0, 600.0, 70.0]
    events = []
    for number, price in enumerate(prices):
        till.price(often=price)
        events.append(till.send("placed", f"often-{number}@example.com", sku="often"))
    for event_id in events:
        till.wait_until_decided(event_id)
    found = [instances(till.platform, version, f"often-{number}@example.com") for number in range(len(prices))]
    assert [price_read(one) for (one,) in found] == prices
    ways = [way for number in range(len(prices)) for way in taken(till, version, f"often-{number}@example.com")]
    assert ways == [f"price:{'path:dear' if price > 100 else 'other'}" for price in prices]


def test_who_is_on_the_way_keeps_the_row_of_then(till: Till) -> None:
    person = "patient@example.com"
    was = f"{till.price_of('OrderPlaced')} == 20.0 and {till.price_of('OrderPaid')} == 200.0"
    nodes = {
        "paid": {"type": "event", "eventUid": event_uid(till.platform, "OrderPaid")},
        "price": {"type": "condition", "paths": [{"id": "kept", "expression": was}], "otherPath": True},
        "a": END, "b": END,
    }  # fmt: skip
    edges = [("order", "paid"), ("paid", "price"), ("price", "a", "path", "kept"), ("price", "b", "other")]
    version = publish(till.platform, "Until it is paid", nodes, edges)
    till.price(changing=20.0)
    till.wait_until_decided(till.send("placed", person, sku="changing"))
    till.price(changing=200.0)
    till.wait_until_decided(till.send("paid", person, sku="changing"))
    assert taken(till, version, person) == ["price:path:kept"]
    till.platform.post(f"{VERSIONS}/{version}/stop")


def test_what_landed_is_what_was_sent(till: Till, version: str) -> None:
    till.price(dear=150.0)
    event_id = till.send("placed", "landed@example.com", sku="dear")
    rows = f"SELECT {till.field} AS own FROM till_orders WHERE _id = '{event_id}'"
    wait_for(lambda: till.server.sql(rows), what="the landing")
    (row,) = till.server.sql(rows)
    assert row["own"] == {"sku": "dear", "total": 1.0, "lines": None}


def test_what_events_read_is_kept_and_they_read_on(till: Till, version: str) -> None:
    for method, path, status, told in (
        ("DELETE", f"{FOUNDATION}/catalog/dataSets/{till.products.dataset_id}", 409, "'OrderPaid', 'OrderPlaced'"),
        ("PATCH", f"{LOOKUPS}/{till.products.dataset_id}/disable", 409, "'OrderPaid', 'OrderPlaced'"),
        ("DELETE", f"{REGISTRY}/descriptors/{till.descriptor}", 422, "reads what"),
        ("DELETE", f"{JOURNEYS}/events/{event_uid(till.platform)}", 409, "is used by"),
    ):
        answer = ask(method, till.server.url + path, None, till.platform.headers)
        assert (answer.status, told in str(answer.body)) == (status, True), answer.body
    till.price(after=300.0)
    till.wait_until_decided(till.send("placed", "after@example.com", sku="after"))
    assert taken(till, version, "after@example.com") == ["price:path:dear"]


def test_a_dry_run_reads_rows(till: Till) -> None:
    nodes, edges = branches(till)
    version = till.platform.post(f"{JOURNEYS}/journeys", document(till, "Dry", nodes, edges))["versionUid"]
    assert till.platform.post(f"{VERSIONS}/{version}/dryRun")["status"] == "Dry Run"
    till.price(dear=150.0, cheap=9.5)
    for sku in ("dear", "cheap"):
        till.wait_until_decided(till.send("placed", f"dry-{sku}@example.com", sku=sku))
    assert taken(till, version, "dry-dear@example.com") == ["price:path:dear"]
    assert taken(till, version, "dry-cheap@example.com") == ["price:other"]
    assert till.platform.post(f"{VERSIONS}/{version}/endDryRun")["status"] == "Draft"


def test_a_simulation_makes_rows_up_or_takes_those_given(till: Till) -> None:
    nodes, edges = branches(till)
    asked = {"document": document(till, "Unsaved", nodes, edges), "start": "2026-01-01", "until": "5d"}

    def simulate(**more: Any) -> dict[str, int]:
        answer = ask("POST", f"{till.server.url}{JOURNEYS}/journeys/simulate", {**asked, **more}, till.platform.headers)
        assert answer.status == 200, answer.body
        return {node: answer.body["counts"][node]["in"] for node in ("order", "a", "b", "c")}

    made_up = simulate(customers=60)
    assert made_up["order"] == 60
    assert min(made_up.values()) > 0, "some of them take each way"
    for price, expected in ((150.0, {"order": 1, "a": 1, "b": 0, "c": 0}), (9.5, {"order": 1, "a": 0, "b": 0, "c": 1})):
        row = {till.field: {"price": price}}
        payload = till.entity("given", "placed", "given@example.com", sku="any", sku_related=row)
        assert simulate(events=[{"event": "OrderPlaced", "payload": payload}]) == expected


def document(till: Till, name: str, nodes: dict[str, Any], edges: Edges) -> dict[str, Any]:
    return {
        "name": name,
        "entry": {"node": "order", "reentrance": {"allowed": True, "waitSeconds": 0}},
        "nodes": {"order": {"type": "event", "eventUid": event_uid(till.platform)}, **nodes},
        "edges": [dict(zip(("from", "to", "kind", "path"), edge, strict=False)) for edge in edges],
    }


def test_after_a_crash_rows_are_read_as_before(till: Till, version: str) -> None:
    till.price(crash=400.0)
    wait_for(lambda: till.products.prices("crash") == [400.0], what="the row")
    till.server.kill()
    till.server.start()
    till.wait_until_decided(till.send("placed", "crash@example.com", sku="crash"))
    assert taken(till, version, "crash@example.com") == ["price:path:dear"]
