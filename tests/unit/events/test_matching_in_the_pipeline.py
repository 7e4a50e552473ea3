"""What the worker makes of business events, of supplemental ids and of old events, in one transaction."""

import gc
import weakref
from datetime import timedelta
from typing import Any

import orjson
import pytest
from event_world import EVENTS, business_body, connect, create_namespace, create_schema, event_body, identify
from fastapi.testclient import TestClient

from parcours.app import Platform, build_pipeline
from parcours.events.model import MAX_EVENT_BYTES
from parcours.journeys import counter_store, decision_store
from parcours.journeys.discards import MAX_LINES
from parcours.kit.clock import ManualClock
from parcours.log import Record
from parcours.pipeline import Pipeline

NOW_MS = 1_780_000_000_000
AT = "2026-05-28T20:26:40Z"
"""NOW_MS as a timestamp."""


class World:
    """An inlet for one schema, and a worker that stands still in time."""

    def __init__(self, platform: Platform, api: TestClient, schema_id: str) -> None:
        self.platform = platform
        self.schema_id = schema_id
        self.clock = ManualClock(NOW_MS * 1000)
        self.pipeline: Pipeline = build_pipeline(platform)
        self.pipeline._clock = self.clock
        self.told: list[dict[str, Any]] = []
        """What the last transaction told of journeys in the lake."""
        flow_id = connect(api, schema_id)
        with platform.db.read() as connection:
            inlets = platform.flows.inlets.current(connection).by_id.values()
        self.inlet, self.flow = next((i, i.flows[flow_id]) for i in inlets if flow_id in i.flows)

    def record(self, event_id: str, **entity: Any) -> Record:
        message = {
            "header": {"schemaRef": {"id": self.schema_id}},
            "body": {"xdmEntity": {"_id": event_id, "timestamp": AT, **entity}},
        }
        return Record(
            self.inlet.inlet_id, self.flow.id, self.flow.dataset_id, f"x-{event_id}", NOW_MS, orjson.dumps(message),
            scope_id=self.inlet.scope_id,
        )  # fmt: skip

    def take(self, *records: Record) -> tuple[list[str], int, int]:
        """(business events that journeys were looked for, by name; records landed; records failed)."""
        with self.platform.db.write() as connection:
            batch = self.pipeline._batch(connection)
            batch.take(records)
            self.told = [orjson.loads(one) for one in batch._journeys.step_lines.get(self.inlet.scope_id, ())]
            batch.flush()
            decided = [told for row in batch._decisions for told in orjson.loads(row[-1])]
            taken = [
                told["event"]
                for told in decided
                if told.get("type") == "business" and told["outcome"] == "EVENT_WITH_NO_JOURNEY"
            ]
            return taken, batch.landed, batch.failed

    def decided(self, event_id: str) -> list[dict[str, Any]]:
        """The receipts of an event with their decisions, the first one first."""
        with self.platform.db.read() as connection:
            return decision_store.list_decisions(connection, self.inlet.scope_id, event_id=event_id)[::-1]


@pytest.fixture
def stock(platform: Platform, api: TestClient) -> World:
    schema_id = create_schema(api, title="Stock", with_identity=False, with_event_id=False)
    for body in (
        business_body(schema_id),
        business_body(schema_id, name="StockOut", idCondition="@event{StockOut._acme.order.total} == 0"),
    ):
        assert api.post(EVENTS, json=body).status_code == 201
    return World(platform, api, schema_id)


def test_a_business_event_is_handed_over_without_a_person(stock: World) -> None:
    entity = {"_acme": {"store": "Paris", "order": {"total": 3}}}
    events, landed, failed = stock.take(stock.record("low", **entity))
    assert (landed, failed) == (1, 0)
    assert events == ["StockLow"]
    (receipt,) = stock.decided("low")
    assert (receipt["namespace"], receipt["identity"]) == (None, None)
    matched, other = receipt["decisions"]
    assert (matched["event"], matched["type"]) == ("StockLow", "business")
    assert matched["outcome"] == "EVENT_WITH_NO_JOURNEY"
    assert (other["event"], other["outcome"]) == ("StockOut", "notMatched")
    assert "not true" in other["reason"]


def test_each_configuration_that_matches_is_handed_over_and_a_duplicate_is_not(stock: World) -> None:
    out = stock.record("out", _acme={"order": {"total": 0}})
    events, landed, _ = stock.take(out, out)
    assert sorted(events) == ["StockLow", "StockOut"]
    assert landed == 2
    assert stock.take(out) == ([], 1, 0)
    outcomes = [{told["outcome"] for told in receipt["decisions"]} for receipt in stock.decided("out")]
    assert outcomes == [{"EVENT_WITH_NO_JOURNEY"}, {"duplicate"}, {"duplicate"}]
    stock.clock.advance(timedelta(minutes=10))
    assert len(stock.take(out)[0]) == 2


def test_an_event_that_no_journey_wants_is_told_in_the_lake_up_to_a_number(platform: Platform, api: TestClient) -> None:
    schema_id = create_schema(api, title="Orders")
    body = event_body(schema_id, namespace="Email")
    order = api.post(EVENTS, json=body).json()
    rule = {"idType": "ruleBased", "idCondition": "@event{Large._acme.order.total} > 100"}
    large = api.post(EVENTS, json=event_body(schema_id, name="Large", namespace="Email", **rule)).json()
    world = World(platform, api, schema_id)
    named = {"_experience": {"campaign": {"orchestration": {"eventID": order["eventID"]}}}}
    person = {"person": {"email": "jane@example.com"}}
    world.take(world.record("both", _acme={**person, "order": {"total": 200}}, **named))
    found = [one["_experience"]["journeyOrchestration"] for one in world.told]
    reason = "EVENT_WITH_NO_JOURNEY"
    discard = {"eventType": reason, "eventCode": "discard", "eventCodeReason": reason}
    assert [one["serviceEvents"]["dispatcher"] for one in found] == [
        {**discard, "eventID": order["eventID"]}, {**discard, "eventID": large["uid"]},
    ]  # fmt: skip
    assert [one["profile"] for one in found] == [{"ID": "jane@example.com", "namespace": "Email"}] * 2
    assert all(one["serviceType"] == "dispatcher" and "journey" not in one for one in found)
    ids = [one["_id"] for one in world.told]
    assert len(set(ids)) == 2
    world.take(world.record("none", _acme={**person, "order": {"total": 1}}))
    assert world.told == []
    world.take(*(world.record(f"many-{n}", _acme={**person, "order": {"total": 1}}, **named) for n in range(30)))
    assert len(world.told) == MAX_LINES
    with platform.db.read() as connection:
        counted = counter_store.read_discards(connection, world.inlet.scope_id, order["uid"])
    assert {(reason, number) for hour, reason, number in counted if hour < 0} == {(reason, 31)}


def test_a_business_event_that_is_too_large_lands_and_is_refused(stock: World) -> None:
    events, landed, _ = stock.take(stock.record("large", _acme={"store": "x" * MAX_EVENT_BYTES, "order": {"total": 1}}))
    assert (events, landed) == ([], 1)
    (receipt,) = stock.decided("large")
    assert receipt["decisions"][0]["reason"] == "eventTooLarge"


def test_a_record_that_breaks_its_schema_fails_and_is_no_business_event(stock: World) -> None:
    assert stock.take(stock.record("bad", _acme={"order": {"total": "few"}})) == ([], 0, 1)
    assert stock.decided("bad") == []


def test_the_primary_identity_of_a_thing_is_what_the_event_is_traced_by(platform: Platform, api: TestClient) -> None:
    schema_id = create_schema(api, title="Stores", with_identity=False, with_event_id=False)
    create_namespace(api, "StoreId")
    identify(api, schema_id, "/_acme/store", "StoreId", is_primary=True)
    assert api.post(EVENTS, json=business_body(schema_id)).status_code == 201
    stores = World(platform, api, schema_id)
    events, _, _ = stores.take(stores.record("paris", _acme={"store": "Paris", "order": {"total": 1}}))
    assert len(events) == 1
    (receipt,) = stores.decided("paris")
    assert (receipt["namespace"], receipt["identity"]) == ("storeid", "Paris")


def test_what_a_transaction_gathered_goes_with_it_and_not_when_garbage_is_collected(stock: World) -> None:
    record = stock.record("one", _acme={"order": {"total": 0}})
    gc.collect()
    gc.disable()
    try:
        with stock.platform.db.write() as connection:
            batch = stock.pipeline._batch(connection)
            batch.take([record])
            batch.flush()
        seen = weakref.ref(batch)
        del batch
        assert seen() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("kind", ["unitary", "business"])
def test_an_event_older_than_its_maximum_is_refused_and_lands(platform: Platform, api: TestClient, kind: str) -> None:
    schema_id = create_schema(api, title="Aging", with_identity=False, with_event_id=False)
    name, rule = "Aging", {"idType": "ruleBased", "idCondition": "true", "fields": [], "maxAgeSeconds": 3_600}
    body = event_body(schema_id, name=name, **rule, **({"namespace": "Email"} if kind == "unitary" else {"type": kind}))
    answer = api.post(EVENTS, json=body)
    assert answer.status_code == 201, answer.text
    world = World(platform, api, schema_id)
    timestamps = {
        "at the limit": "2026-05-28T19:26:40Z",
        "a millisecond over": "2026-05-28T19:26:39.999Z",
        "elsewhere": "2026-05-28T21:26:39.999+02:00",
        "in the future": "2027-01-01T00:00:00Z",
    }
    people = {"identityMap": {"Email": [{"id": "j@example.com"}]}}
    records = [world.record(event_id, timestamp=at, **people) for event_id, at in timestamps.items()]
    events, landed, _ = world.take(*records)
    assert landed == 4
    told = {event_id: world.decided(event_id)[0]["decisions"][0] for event_id in timestamps}
    reasons = {event_id: one.get("reason") for event_id, one in told.items()}
    assert reasons == {
        "at the limit": None, "a millisecond over": "eventTooOld", "elsewhere": "eventTooOld", "in the future": None,
    }  # fmt: skip
    assert told["a millisecond over"]["outcome"] == "refused"
    assert events == (["Aging", "Aging"] if kind == "business" else [])


def test_the_supplemental_ids_of_an_event_are_told_and_those_left_out_counted(
    platform: Platform, api: TestClient
) -> None:
    schema_id = create_schema(api, title="Bookings")
    create_namespace(api, "BookingNumber")
    identify(api, schema_id, "/_acme/bookings/number", "BookingNumber")
    supplemental = {"expression": "@event{Booked._acme.bookings.number}"}
    body = event_body(
        schema_id, name="Booked", idType="ruleBased", idCondition="true", supplementalIdentifier=supplemental
    )
    assert api.post(EVENTS, json=body).status_code == 201
    plain = event_body(schema_id, name="Plain", idType="ruleBased", idCondition="true")
    assert api.post(EVENTS, json=plain).status_code == 201
    world = World(platform, api, schema_id)

    def told(event_id: str, count: int) -> dict[str, Any]:
        numbers = [{"number": f"B{number}"} for number in range(count)]
        person = {"person": {"email": "j@example.com"}}
        world.take(world.record(event_id, _acme={**person, **({"bookings": numbers} if numbers else {})}))
        decisions = {one["event"]: one for one in world.decided(event_id)[0]["decisions"]}
        assert "supplementalIds" not in decisions["Plain"]
        return decisions["Booked"]

    assert told("two", 2)["supplementalIds"] == ["B0", "B1"]
    assert "supplementalIdsLeftOut" not in told("ten", 10)
    assert told("twelve", 12)["supplementalIds"] == [f"B{number}" for number in range(10)]
    assert world.decided("twelve")[0]["decisions"][0]["supplementalIdsLeftOut"] == 2
    assert told("none", 0)["supplementalIds"] == []
    with platform.db.read() as connection:
        table = platform.events.table.current(connection)
        booked = next(c for c in table.match(world.inlet.scope_id, schema_id, {}) if c.name == "Booked")
    assert (booked.supplemental_namespace, booked.type) == ("BookingNumber", "unitary")
