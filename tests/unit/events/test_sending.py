"""Test events: put together, checked with a path for each fault, and put into the log."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from event_world import EVENTS, business_body, create_schema, event_body
from fastapi.testclient import TestClient

from parcours.access.routing import Gate
from parcours.app import Platform
from parcours.dataflow.model import Valid
from parcours.dataflow.transform import Definitions, transform
from parcours.edge import build_control_plane
from parcours.events.api import sending_router
from parcours.events.sending import EventSender
from parcours.events.trial import SOURCE
from parcours.log import LogUnavailable, Record

FLOWS = "/data/foundation/flowservice"


class Log:
    """What was appended; full when told so."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.is_full = False

    def append(self, record: Record) -> None:
        if self.is_full:
            raise LogUnavailable("the disk is full")
        self.records.append(record)


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def sending(platform: Platform, api: TestClient, log: Log) -> Iterator[TestClient]:
    sender = EventSender(platform.db, platform.resources, platform.catalog, platform.events, log.append)
    app = build_control_plane(platform, [sending_router(Gate(platform.access), sender)])
    with TestClient(app, headers=api.headers, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def schema_id(api: TestClient) -> str:
    return create_schema(api)


@pytest.fixture
def order(api: TestClient, schema_id: str) -> dict[str, Any]:
    created: dict[str, Any] = api.post(EVENTS, json=event_body(schema_id)).json()
    return created


def send(sending: TestClient, event: dict[str, Any], **body: Any) -> dict[str, Any]:
    answer = sending.post(f"{EVENTS}/{event['uid']}/send", json=body)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def refused(sending: TestClient, event: dict[str, Any], body: Any) -> dict[str, str]:
    """JSON path → message of each fault."""
    answer = sending.post(f"{EVENTS}/{event['uid']}/send", json=body)
    assert (answer.status_code, answer.json()["title"]) == (400, "TrialInvalid"), answer.text
    faults = answer.json()["report"]["sub-errors"]
    assert answer.json()["report"]["path"] == faults[0]["path"]
    return {fault["path"]: fault["message"] for fault in faults}


def landed(platform: Platform, record: Record) -> Valid:
    """What the worker makes of a record."""
    with platform.db.read() as connection:
        definitions = Definitions(
            inlets=platform.flows.inlets.current(connection),
            data_sets=platform.catalog.table.current(connection),
            schemas=platform.schemas.table.current(connection),
            mappings=platform.mappings.table.current(connection),
        )
    (outcome,) = transform(record, definitions)
    assert isinstance(outcome, Valid), outcome
    return outcome


def test_a_form_becomes_an_event_that_lands(
    platform: Platform, sending: TestClient, order: dict[str, Any], log: Log
) -> None:
    fields = {"/_acme/person/firstName": "Jane", "/_acme/order/total": 12.5, "/_acme/person/birthYear": ""}
    told = send(sending, order, fields=fields, profileIdentifier="jane@example.com")
    assert list(told) == ["xactionId", "receivedTimeMs", "_id"]
    (record,) = log.records
    assert (record.xaction_id, record.received_at_ms) == (told["xactionId"], told["receivedTimeMs"])
    header = orjson.loads(record.body)["header"]
    assert header["source"] == {"name": SOURCE} == {"name": "Journey Orchestration Test Events"}
    assert header["schemaRef"] == order["schemaRef"]
    valid = landed(platform, record)
    assert valid.entity["_id"] == told["_id"]
    assert valid.entity["_acme"] == {
        "person": {"firstName": "Jane", "email": "jane@example.com"},
        "order": {"total": 12.5},
    }
    assert valid.entity["_experience"]["campaign"]["orchestration"]["eventID"] == order["eventID"]
    assert valid.primary == ("Email", "jane@example.com")
    assert valid.dataset.name == f"{SOURCE}: Orders"
    assert not valid.dataset.is_profile_enabled
    with platform.db.read() as connection:
        (matched,) = platform.events.table.current(connection).match(
            valid.scope_id, valid.schema.schema_id, valid.entity
        )
    assert matched.uid == order["uid"]


def test_the_examples_of_the_preview_can_be_sent_as_they_are(
    platform: Platform, sending: TestClient, order: dict[str, Any], log: Log
) -> None:
    payload = sending.get(f"{EVENTS}/{order['uid']}/payload", params={"values": "examples"}).json()
    told = send(sending, order, payload=payload)
    assert told["_id"] == payload["body"]["xdmEntity"]["_id"]
    send(sending, order, payload=payload["body"]["xdmEntity"])
    assert [landed(platform, record).entity for record in log.records] == [payload["body"]["xdmEntity"]] * 2


def test_one_connection_one_data_set_for_each_schema_and_one_flow_for_each_data_set(
    api: TestClient, sending: TestClient, order: dict[str, Any], log: Log
) -> None:
    fields = {"/_acme/person/firstName": "Jane"}
    for _ in range(2):
        send(sending, order, fields=fields, profileIdentifier="j@example.com")
    second = api.post(EVENTS, json=event_body(create_schema(api, title="Orders too"), name="Second")).json()
    send(sending, second, fields=fields, profileIdentifier="j@example.com")
    first, again, other = log.records
    assert (first.inlet_id, first.flow_id, first.dataset_id) == (again.inlet_id, again.flow_id, again.dataset_id)
    assert first.inlet_id == other.inlet_id
    assert first.dataset_id != other.dataset_id
    assert first.flow_id != other.flow_id
    assert [one["name"] for one in api.get(f"{FLOWS}/connections").json()["items"]] == [SOURCE]
    assert len(api.get(f"{FLOWS}/flows").json()["items"]) == 2
    (connection,) = api.get(f"{FLOWS}/connections").json()["items"]
    assert connection["auth"]["params"]["authenticationRequired"] is True


def test_what_people_delete_is_made_anew_and_what_they_disable_stays_so(
    platform: Platform, api: TestClient, sending: TestClient, order: dict[str, Any], log: Log
) -> None:
    body = {"fields": {"/_acme/order/total": 1}, "profileIdentifier": "j@example.com"}
    for _ in range(3):
        send(sending, order, **body)
        assert api.delete(f"{FLOWS}/flows/{log.records[-1].flow_id}").status_code == 204
    assert len({record.flow_id for record in log.records}) == 3
    for record in log.records:
        assert landed(platform, record)
    send(sending, order, **body)
    for kind in ("flows", "sourceConnections", "targetConnections", "connections"):
        for item in api.get(f"{FLOWS}/{kind}").json()["items"]:
            assert api.delete(f"{FLOWS}/{kind}/{item['id']}").status_code == 204
    send(sending, order, **body)
    assert log.records[-1].dataset_id == log.records[0].dataset_id
    flow = log.records[-1].flow_id
    api.post(f"{FLOWS}/flows/{flow}/action?op=disable")
    answer = sending.post(f"{EVENTS}/{order['uid']}/send", json=body)
    assert (answer.status_code, answer.json()["title"]) == (409, "TrialsDisabled")
    assert flow in answer.json()["detail"]
    assert len(log.records) == 5


def test_each_fault_has_its_path_and_nothing_is_sent(sending: TestClient, order: dict[str, Any], log: Log) -> None:
    entity = {
        "_id": "1",
        "timestamp": "yesterday",
        "_acme": {
            "person": {"email": "j@example.com", "birthYear": "old", "nick name": 1},
            "bookings": [{"nights": 1}, {"nights": "two"}],
            "order": {"status": "lost"},
        },
    }
    found = refused(sending, order, {"payload": entity})
    assert set(found) == {
        "$.timestamp",
        "$._acme.person.birthYear",
        "$._acme.person['nick name']",
        "$._acme.bookings[1].nights",
        "$._acme.order.status",
    }
    assert found["$._acme.person.birthYear"] == "expected type: Integer, found: String"
    assert log.records == []


BAD: list[tuple[Any, str, str]] = [
    ({}, "$", "either payload"),
    ({"payload": {}, "fields": {}}, "$", "either payload"),
    ({"fields": {}, "colour": 1}, "$.colour", "no member"),
    ({"payload": []}, "$.payload", "JSON object"),
    ({"payload": {"header": {}}}, "$.payload.body.xdmEntity", "holds its entity"),
    ({"payload": {"header": {"schemaRef": {"id": "x"}}, "body": {}}}, "$.payload.header.schemaRef.id", "of schema"),
    (
        {"payload": {"header": {}, "body": {"xdmMeta": {"schemaRef": {"id": "x"}}}}},
        "$.payload.body.xdmMeta.schemaRef.id",
        "of schema",
    ),
    ({"payload": {"a": 1}, "profileIdentifier": "x"}, "$.profileIdentifier", "says itself"),
    ({"fields": []}, "$.fields", "an object"),
    ({"fields": {"total": 1}}, "$.fields['total']", "JSON pointer"),
    ({"fields": {"/_acme/nothing": 1}}, "$.fields['/_acme/nothing']", "no such field"),
    ({"fields": {"/_acme/store": "x"}}, "$.fields['/_acme/store']", "does not select"),
    ({"fields": {"/_acme/bookings/0/number": "x"}}, "$.fields['/_acme/bookings/0/number']", "given whole"),
    ({"fields": {"/_acme/order/total": 1}}, "$", "says of nobody"),
    ({"fields": {}, "profileIdentifier": 5}, "$._acme.person.email", "expected type: String"),
    (
        {
            "fields": {"/_experience/campaign/orchestration/eventID": "0" * 64},
            "profileIdentifier": "j",
        },
        "$._experience.campaign.orchestration.eventID",
        "the id of this event",
    ),
    ({"fields": {"/_acme/person/firstName": "x" * 65_536}, "profileIdentifier": "j"}, "$", "longer than"),
]


@pytest.mark.parametrize(("body", "path", "message"), BAD)
def test_a_bad_request_is_refused_at_its_place(
    sending: TestClient, order: dict[str, Any], log: Log, body: Any, path: str, message: str
) -> None:
    found = refused(sending, order, body)
    assert list(found) == [path]
    assert message in found[path]
    assert log.records == []


def test_a_list_is_given_whole(
    platform: Platform, api: TestClient, sending: TestClient, schema_id: str, log: Log
) -> None:
    event = api.post(EVENTS, json=event_body(schema_id, name="Booked", fields=["/_acme/bookings/number"])).json()
    bookings = [{"number": "A"}, {"number": "B"}]
    send(sending, event, fields={"/_acme/bookings": bookings}, profileIdentifier="j@example.com")
    assert landed(platform, log.records[0]).entity["_acme"]["bookings"] == bookings


def test_a_rule_must_hold(api: TestClient, sending: TestClient, schema_id: str, log: Log) -> None:
    rule = "@event{Rich._acme.order.total} > 100"
    event = api.post(EVENTS, json=event_body(schema_id, name="Rich", idType="ruleBased", idCondition=rule)).json()
    body = {"fields": {"/_acme/order/total": 100}, "profileIdentifier": "j@example.com"}
    assert rule in refused(sending, event, body)["$"]
    send(sending, event, fields={"/_acme/order/total": 101}, profileIdentifier="j@example.com")
    assert "_experience" not in orjson.loads(log.records[0].body)["body"]["xdmEntity"]


def test_the_profile_identifier_goes_where_the_event_looks_for_it(
    api: TestClient, platform: Platform, sending: TestClient, schema_id: str, log: Log
) -> None:
    mapped = api.post(EVENTS, json=event_body(schema_id, name="Mapped", namespace="ECID")).json()
    ecid = "1" * 38
    send(sending, mapped, fields={}, profileIdentifier=ecid)
    assert landed(platform, log.records[0]).entity["identityMap"] == {"ECID": [{"id": ecid}]}
    others = {"ECID": [{"id": "2" * 38}], "Email": [{"id": "j@example.com"}]}
    send(sending, mapped, fields={"/identityMap": others}, profileIdentifier=ecid)
    assert landed(platform, log.records[1]).entity["identityMap"] == {**others, "ECID": [{"id": ecid}]}
    formula = "concat(@event{Made._acme.person.email}, @event{Made._acme.person.firstName})"
    made = api.post(EVENTS, json=event_body(schema_id, name="Made", profileIdentifier=formula)).json()
    found = refused(sending, made, {"fields": {}, "profileIdentifier": "j"})
    assert "give the fields" in found["$.profileIdentifier"]
    fields = {"/_acme/person/email": "j@example.com", "/_acme/person/firstName": "J"}
    send(sending, made, fields=fields)


def test_a_business_event_is_sent_without_a_person(
    api: TestClient, platform: Platform, sending: TestClient, log: Log
) -> None:
    schema_id = create_schema(api, title="Stock", with_identity=False, with_event_id=False)
    event = api.post(EVENTS, json=business_body(schema_id)).json()
    send(sending, event, fields={"/_acme/order/total": 3, "/_acme/store": "Paris"})
    valid = landed(platform, log.records[0])
    assert (valid.primary, valid.identities) == (None, [])
    found = refused(sending, event, {"fields": {"/_acme/order/total": 3}, "profileIdentifier": "j"})
    assert "no person" in found["$.profileIdentifier"]


def test_a_log_that_can_not_be_written_is_told(sending: TestClient, order: dict[str, Any], log: Log) -> None:
    log.is_full = True
    body = {"fields": {}, "profileIdentifier": "j@example.com"}
    assert sending.post(f"{EVENTS}/{order['uid']}/send", json=body).status_code == 503


def test_an_event_of_another_sandbox_can_not_be_sent(sending: TestClient, order: dict[str, Any], log: Log) -> None:
    body = {"fields": {}, "profileIdentifier": "j@example.com"}
    url = f"{EVENTS}/{order['uid']}/send"
    assert sending.post(url, json=body, headers={"x-sandbox-name": "dev"}).status_code == 404
    assert sending.post(url, json=body, headers={"Authorization": "Bearer x"}).status_code == 401
    assert log.records == []
