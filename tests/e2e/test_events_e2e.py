"""Business events, supplemental ids, test events and old events, posted to the real server."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest
from asking import ask, query
from definitions import FOUNDATION, JOURNEYS, XDM_FULL, make_connection, make_flow
from journey_tools import instances, publish
from platform_client import Platform
from running import RunningServer, wait_for

from parcours.events.feedback import TRACKING_SCHEMA, read_feedback

EVENTS = f"{JOURNEYS}/events"
BASE = "https://ns.adobe.com/xdm/context/"


def make_schema(platform: Platform, title: str, fields: dict[str, Any]) -> str:
    """An event schema with fields of the tenant, an identity map, and no primary identity."""
    tenant = f"_{platform.get(FOUNDATION + '/schemaregistry/stats')['tenantId']}"
    group = platform.post(
        f"{FOUNDATION}/schemaregistry/tenant/fieldgroups",
        {
            "type": "object",
            "title": f"{title} fields",
            "meta:intendedToExtend": [BASE + "experienceevent"],
            "allOf": [{"$ref": "#/definitions/own"}],
            "definitions": {"own": {"properties": {tenant: {"type": "object", "properties": fields}}}},
        },
    )
    parts = [BASE + "experienceevent", BASE + "identitymap", group["$id"]]
    body = {"type": "object", "title": title, "allOf": [{"$ref": part} for part in parts]}
    return str(platform.post(f"{FOUNDATION}/schemaregistry/tenant/schemas", body)["$id"])


class World(NamedTuple):
    server: RunningServer
    platform: Platform
    tenant: str
    stock_inlet: str
    booking_inlet: str
    stock_schema: str
    booking_schema: str
    stock: dict[str, Any]
    booked: dict[str, Any]
    version: str
    """A journey that begins with Booked and lasts an hour."""

    def send(self, inlet: str, schema: str, entity: dict[str, Any]) -> None:
        """Post an entity; it is decided about when this returns."""
        before = len(self.receipts(entity["_id"]))
        reference = {"id": schema, "contentType": XDM_FULL}
        body = {"xdmMeta": {"schemaRef": reference}, "xdmEntity": entity}
        answer = ask("POST", inlet, {"header": {"schemaRef": reference}, "body": body})
        assert answer.status == 200, answer.body
        wait_for(lambda: len(self.receipts(entity["_id"])) > before, what="the decision")

    def receipts(self, event_id: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.platform.get(query(f"{JOURNEYS}/trace", eventId=event_id))["events"]
        return found

    def decided(self, event_id: str) -> dict[str, Any]:
        """The decision of the latest receipt of an event, which one configuration looked at."""
        (told,) = self.receipts(event_id)[0]["decisions"]
        found: dict[str, Any] = told
        return found

    def stock_event(self, event_id: str, left: int, **members: Any) -> dict[str, Any]:
        return {"_id": event_id, "timestamp": now(), self.tenant: {"store": "Paris", "left": left}, **members}

    def booking(self, event_id: str, person: str, *numbers: str, at: str = "") -> dict[str, Any]:
        return {
            "_id": event_id,
            "timestamp": at or now(),
            "identityMap": {"Email": [{"id": person, "primary": True}]},
            self.tenant: {"paid": True, **({"bookings": [{"number": one} for one in numbers]} if numbers else {})},
        }


def now(seconds_ago: int = 0) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - seconds_ago))


@pytest.fixture(scope="module")
def world(server: RunningServer) -> World:
    platform = server.platform()
    tenant = f"_{platform.get(FOUNDATION + '/schemaregistry/stats')['tenantId']}"
    stock_schema = make_schema(platform, "Stock", {"store": {"type": "string"}, "left": {"type": "integer"}})
    number = {"type": "array", "items": {"type": "object", "properties": {"number": {"type": "string"}}}}
    booking_schema = make_schema(platform, "Bookings", {"bookings": number, "paid": {"type": "boolean"}})
    platform.post(
        "/data/core/idnamespace/identities", {"name": "Booking", "code": "BookingNumber", "idType": "NON_PEOPLE"}
    )
    make_identity_of(platform, booking_schema, f"/{tenant}/bookings/number", "BookingNumber")
    inlets = {}
    for name, schema in (("Stock", stock_schema), ("Bookings", booking_schema)):
        body = {"name": name, "schemaRef": {"id": schema, "contentType": XDM_FULL}}
        dataset = str(platform.post(f"{FOUNDATION}/catalog/dataSets", body)[0]).removeprefix("@/dataSets/")
        connection, inlets[name] = make_connection(platform, name, {"dataType": "xdm"})
        make_flow(platform, name, connection, schema, dataset)
    stock = platform.post(
        EVENTS,
        {
            "name": "StockLow",
            "type": "business",
            "schemaRef": {"id": stock_schema},
            "fields": [],
            "idCondition": f"@event{{StockLow.{tenant}.left}} < 5",
        },
    )
    booked = platform.post(
        EVENTS,
        {
            "name": "OrderPlaced",
            "idType": "ruleBased",
            "idCondition": f"@event{{OrderPlaced.{tenant}.paid}}",
            "schemaRef": {"id": booking_schema},
            "fields": [],
            "namespace": "Email",
            "supplementalIdentifier": {"expression": f"@event{{OrderPlaced.{tenant}.bookings.number}}"},
            "maxAgeSeconds": 3_600,
        },
    )
    hour = {"type": "wait", "duration": {"value": 1, "unit": "hours"}}
    version = publish(platform, "An hour", {"hour": hour}, [("order", "hour")])
    return World(
        server, platform, tenant, inlets["Stock"], inlets["Bookings"], stock_schema, booking_schema, stock, booked,
        version,
    )  # fmt: skip


def make_identity_of(platform: Platform, schema_id: str, path: str, namespace: str) -> None:
    platform.post(
        f"{FOUNDATION}/schemaregistry/tenant/descriptors",
        {
            "@type": "xdm:descriptorIdentity",
            "xdm:sourceSchema": schema_id,
            "xdm:sourceVersion": 1,
            "xdm:sourceProperty": path,
            "xdm:namespace": namespace,
            "xdm:property": "xdm:code",
            "xdm:isPrimary": False,
        },
    )


def test_a_business_event_lands_and_is_explained_though_it_is_about_nobody(world: World) -> None:
    world.send(world.stock_inlet, world.stock_schema, world.stock_event("low", 3))
    assert world.decided("low") == {
        "event": "StockLow", "eventUid": world.stock["uid"], "type": "business", "outcome": "EVENT_WITH_NO_JOURNEY",
    }  # fmt: skip
    (receipt,) = world.receipts("low")
    assert (receipt["namespace"], receipt["identity"]) == (None, None)
    wait_for(lambda: world.server.sql("SELECT _id FROM stock WHERE _id = 'low'"), what="the landing")
    run = world.server.command("trace", "--event", "low")
    assert (run.returncode, run.stderr) == (0, "")
    assert "event low" in run.stdout
    assert "about no person" in run.stdout
    assert "StockLow: matched, but no live journey begins with it" in run.stdout
    assert "(business event)" in run.stdout


def test_a_business_event_sent_again_is_a_duplicate_and_one_that_does_not_fit_says_why(world: World) -> None:
    for _ in range(2):
        world.send(world.stock_inlet, world.stock_schema, world.stock_event("again", 1))
    assert [receipt["decisions"][0]["outcome"] for receipt in world.receipts("again")] == [
        "duplicate",
        "EVENT_WITH_NO_JOURNEY",
    ]
    world.send(world.stock_inlet, world.stock_schema, world.stock_event("plenty", 50))
    assert world.decided("plenty")["outcome"] == "notMatched"
    printed = world.server.command("trace", "--event", "plenty").stdout
    assert "StockLow: not matched, its condition is not true" in printed
    assert "no event with this _id" in world.server.command("trace", "--event", "unheard of").stdout
    for arguments in ((), ("jane@example.com", "--event", "low")):
        assert world.server.command("trace", *arguments).returncode == 2


def test_each_supplemental_id_of_an_event_is_told_and_has_an_instance(world: World) -> None:
    many = [f"B{number}" for number in range(12)]
    world.send(world.booking_inlet, world.booking_schema, world.booking("two", "two@example.com", "A", "B", "A"))
    world.send(world.booking_inlet, world.booking_schema, world.booking("many", "many@example.com", *many))
    assert world.decided("two")["supplementalIds"] == ["A", "B"]
    told = world.decided("many")
    assert (told["supplementalIds"], told["supplementalIdsLeftOut"]) == (many[:10], 2)
    assert len(instances(world.platform, world.version, "two@example.com")) == 2
    assert len(instances(world.platform, world.version, "many@example.com")) == 10
    entered = {one["supplementalId"] for one in world.decided("two")["journeys"]}
    assert entered == {"A", "B"}
    world.send(world.booking_inlet, world.booking_schema, world.booking("none", "none@example.com"))
    assert world.decided("none")["supplementalIds"] == []
    assert instances(world.platform, world.version, "none@example.com") == []
    steps = "_experience.journeyOrchestration.stepEvents"
    landed = world.server.sql(
        f"SELECT DISTINCT {steps}.supplementalID AS id, {steps}.supplementalNamespace AS namespace "
        f"FROM journey_step_events WHERE {steps}.profileID = 'two@example.com' ORDER BY 1"
    )
    assert landed == [{"id": id_, "namespace": "BookingNumber"} for id_ in ("A", "B")]
    assert "(supplemental ids: A, B)" in world.server.command("trace", "two@example.com").stdout
    assert "and 2 more that are left out" in world.server.command("trace", "--event", "many").stdout


def test_an_old_event_lands_and_moves_nobody(world: World) -> None:
    old, fresh = "old@example.com", "fresh@example.com"
    send = world.booking("old", old, "A", at=now(3_700))
    world.send(world.booking_inlet, world.booking_schema, send)
    world.send(world.booking_inlet, world.booking_schema, world.booking("fresh", fresh, "A", at=now(3_000)))
    assert (world.decided("old")["outcome"], world.decided("old")["reason"]) == ("refused", "eventTooOld")
    assert world.decided("fresh")["outcome"] == "matched"
    assert instances(world.platform, world.version, old) == []
    assert len(instances(world.platform, world.version, fresh)) == 1
    wait_for(lambda: world.server.sql("SELECT _id FROM bookings WHERE _id = 'old'"), what="the landing")
    assert "older than the event's maximum age" in world.server.command("trace", old).stdout


def test_a_test_event_is_real(world: World) -> None:
    person = "tested@example.com"
    told = world.platform.post(
        f"{EVENTS}/{world.booked['uid']}/send",
        {
            "fields": {f"/{world.tenant}/paid": True, f"/{world.tenant}/bookings": [{"number": "A"}]},
            "profileIdentifier": person,
        },
    )
    assert told.keys() == {"xactionId", "receivedTimeMs", "_id"}
    wait_for(lambda: world.receipts(told["_id"]), what="the decision")
    (receipt,) = world.receipts(told["_id"])
    assert (receipt["xactionId"], receipt["receivedTimeMs"]) == (told["xactionId"], told["receivedTimeMs"])
    assert world.decided(told["_id"])["outcome"] == "matched"
    assert len(instances(world.platform, world.version, person)) == 1
    table = "journey_orchestration_test_events_bookings"
    wait_for(lambda: world.server.sql(f"SELECT _id FROM {table}"), what="the landing")
    assert world.server.sql(f"SELECT _id FROM {table}") == [{"_id": told["_id"]}]
    (connection,) = [
        item
        for item in world.platform.get(f"{FOUNDATION}/flowservice/connections")["items"]
        if item["name"] == "Journey Orchestration Test Events"
    ]
    inlet = connection["auth"]["params"]["inletUrl"]
    reference = {"id": world.booking_schema, "contentType": XDM_FULL}
    body = {"xdmMeta": {"schemaRef": reference}, "xdmEntity": world.booking("x", person, "A")}
    assert ask("POST", inlet, {"header": {"schemaRef": reference}, "body": body}).status == 401


def test_the_preview_of_a_business_event_can_be_sent_as_it_is(world: World) -> None:
    url = f"{EVENTS}/{world.stock['uid']}"
    payload = world.platform.get(f"{url}/payload?values=examples")
    payload["body"]["xdmEntity"][world.tenant]["left"] = 2
    told = world.platform.post(f"{url}/send", {"payload": payload})
    assert told["_id"] == payload["body"]["xdmEntity"]["_id"]
    wait_for(lambda: world.receipts(told["_id"]), what="the decision")
    assert world.decided(told["_id"])["outcome"] == "EVENT_WITH_NO_JOURNEY"


def test_a_test_event_that_would_fail_is_refused_and_nothing_is_logged(world: World) -> None:
    for body, path in (
        ({"payload": {"_id": "refused", world.tenant: {"left": "few"}}}, f"$.{world.tenant}.left"),
        ({"payload": {"_id": "refused", world.tenant: {"left": 9}}}, "$"),
    ):
        answer = ask("POST", f"{world.platform.url}{EVENTS}/{world.stock['uid']}/send", body, world.platform.headers)
        assert (answer.status, answer.body["report"]["sub-errors"][0]["path"]) == (400, path), answer.body
    world.send(world.stock_inlet, world.stock_schema, world.stock_event("after", 1))
    assert world.receipts("refused") == []


def test_the_request_of_the_preview_is_taken_by_its_inlet(world: World) -> None:
    (request,) = [
        one
        for one in world.platform.get(f"{EVENTS}/{world.booked['uid']}/requests")["results"]
        if one["url"] == world.booking_inlet
    ]
    answer = ask(request["method"], request["url"], request["body"], request["headers"])
    assert answer.status == 200, answer.body
    event_id = request["body"]["body"]["xdmEntity"]["_id"]
    wait_for(lambda: world.receipts(event_id), what="the decision")
    assert world.decided(event_id)["outcome"] == "matched"
    assert world.decided(event_id)["key"] == "jane.doe@example.com"


def test_feedback_about_a_message_is_posted_and_lands(world: World) -> None:
    platform = world.platform
    body = {"name": "Message tracking", "schemaRef": {"id": TRACKING_SCHEMA, "contentType": XDM_FULL}}
    dataset = str(platform.post(f"{FOUNDATION}/catalog/dataSets", body)[0]).removeprefix("@/dataSets/")
    connection, inlet = make_connection(platform, "Messages", {"dataType": "xdm"})
    make_flow(platform, "Messages", connection, TRACKING_SCHEMA, dataset)
    instance_id = "019e7b1c0a3f6f2e3b7a1c9d4e5f6071"
    message = {
        "messageExecution": {"messageExecutionID": "mail", "journeyVersionID": world.version},
        "messageProfile": {"messageProfileID": f"{instance_id}-2"},
        "messageInteraction": {"interactionType": "click", "label": "See more"},
    }
    entity = {
        "_id": "clicked",
        "timestamp": now(),
        "eventType": "message.tracking",
        "_experience": {"customerJourneyManagement": message},
    }
    reference = {"id": TRACKING_SCHEMA, "contentType": XDM_FULL}
    envelope = {"header": {"schemaRef": reference}, "body": {"xdmMeta": {"schemaRef": reference}, "xdmEntity": entity}}
    assert ask("POST", inlet + "?syncValidation=true", envelope).status == 200
    wait_for(lambda: world.server.sql("SELECT _id FROM message_tracking"), what="the landing")
    found = read_feedback(entity)
    assert found is not None
    assert (found.instance_id, found.pass_no, found.status) == (instance_id, 2, "click")


def test_first_test_events_sent_at_once_make_one_way(world: World) -> None:
    schema = make_schema(world.platform, "Race", {"left": {"type": "integer"}})
    event = world.platform.post(
        EVENTS,
        {"name": "Race", "type": "business", "schemaRef": {"id": schema}, "fields": [], "idCondition": "true"},
    )
    url = f"{world.platform.url}{EVENTS}/{event['uid']}/send"
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _: ask("POST", url, {"fields": {}}, world.platform.headers), range(6)))
    assert [answer.status for answer in answers] == [200] * 6, answers
    flows = world.platform.get(f"{FOUNDATION}/flowservice/flows?limit=100")["items"]
    data_sets = world.platform.get(f"{FOUNDATION}/catalog/dataSets?limit=100")
    (dataset_id,) = [i for i, one in data_sets.items() if one["name"] == "Journey Orchestration Test Events: Race"]
    assert len([flow for flow in flows if flow["name"].endswith(dataset_id)]) == 1
    for answer in answers:
        wait_for(lambda told=answer.body["_id"]: world.receipts(told), what="the decision")
