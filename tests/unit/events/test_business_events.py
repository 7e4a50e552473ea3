"""Business events: about no person, always rule-based."""

from typing import Any

import pytest
from event_world import EVENTS, business_body, create_namespace, create_schema, event_body, identify
from fastapi.testclient import TestClient


@pytest.fixture
def schema_id(api: TestClient) -> str:
    return create_schema(api, title="Stock", with_event_id=False, with_identity=False)


def test_a_business_event_selects_id_and_timestamp_and_is_about_nobody(api: TestClient, schema_id: str) -> None:
    answer = api.post(EVENTS, json=business_body(schema_id))
    assert answer.status_code == 201, answer.text
    created = answer.json()
    assert (created["type"], created["idType"], created["eventID"]) == ("business", "ruleBased", None)
    assert (created["namespace"], created["profileIdentifier"], created["supplementalIdentifier"]) == (None, None, None)
    assert created["fields"] == ["/_acme/store", "/_id", "/timestamp", "/_acme/order/total"]
    again = api.put(f"{EVENTS}/{created['uid']}", json={**created, "description": "Few are left"})
    assert again.status_code == 200, again.text
    preview = api.get(f"{EVENTS}/{created['uid']}/payload").json()["body"]["xdmEntity"]
    assert preview == {
        "_acme": {"order": {"total": 10.0}, "store": "string"},
        "_id": "string",
        "timestamp": "2018-05-29T00:00:00.000Z",
    }


@pytest.mark.parametrize(
    ("change", "path", "reason"),
    [
        ({"idType": "systemGenerated"}, "$.idType", "always rule-based"),
        ({"namespace": "Email"}, "$.namespace", "about no person"),
        ({"profileIdentifier": "@event{StockLow._acme.store}"}, "$.profileIdentifier", "about no person"),
        (
            {"supplementalIdentifier": {"expression": "@event{StockLow._acme.store}"}},
            "$.supplementalIdentifier",
            "about no person",
        ),
        ({"idCondition": None}, "$.idCondition", "a boolean expression"),
        ({"idCondition": "@event{StockLow._acme.store}"}, "$.idCondition", "boolean"),
    ],
)
def test_what_a_business_event_can_not_have_is_refused_with_the_reason(
    api: TestClient, schema_id: str, change: dict[str, Any], path: str, reason: str
) -> None:
    answer = api.post(EVENTS, json=business_body(schema_id, **change))
    assert (answer.status_code, answer.json()["report"]["path"]) == (400, path)
    assert reason in answer.json()["detail"]


def test_a_schema_about_people_or_of_records_or_of_step_events_has_no_business_events(api: TestClient) -> None:
    people = create_schema(api, title="People's orders")
    record = {"type": "object", "title": "People", "allOf": [{"$ref": "https://ns.adobe.com/xdm/context/profile"}]}
    records = api.post("/data/foundation/schemaregistry/tenant/schemas", json=record).json()["$id"]
    steps = "https://ns.adobe.com/experience/journeyOrchestration/stepEvents/journeyStepEventSchema"
    for schema_id, reason in ((people, "one of people"), (records, "no schema of events"), (steps, "step events")):
        body = business_body(schema_id, fields=[], idCondition="true")
        answer = api.post(EVENTS, json=body)
        assert (answer.status_code, answer.json()["report"]["path"]) == (400, "$.schemaRef.id")
        assert reason in answer.json()["detail"]


def test_a_schema_about_things_has_business_events(api: TestClient, schema_id: str) -> None:
    create_namespace(api, "StoreId")
    identify(api, schema_id, "/_acme/store", "StoreId", is_primary=True)
    assert api.post(EVENTS, json=business_body(schema_id)).status_code == 201
    create_namespace(api, "Crm", "CROSS_DEVICE")
    of_people = create_schema(api, title="Members", with_identity=False)
    identify(api, of_people, "/_acme/store", "Crm", is_primary=True)
    answer = api.post(EVENTS, json=business_body(of_people, name="Other", idCondition="true"))
    assert answer.json()["report"]["path"] == "$.schemaRef.id"
    assert "Crm" in answer.json()["detail"]


def test_an_event_that_no_journey_uses_may_become_another_kind(api: TestClient, schema_id: str) -> None:
    created = api.post(
        EVENTS, json=event_body(schema_id, idType="ruleBased", idCondition="true", namespace="Email")
    ).json()
    url = f"{EVENTS}/{created['uid']}"
    refused = api.put(url, json={**created, "type": "business"})
    assert refused.json()["report"]["path"] == "$.namespace"
    nobody = {"type": "business", "namespace": None, "profileIdentifier": None}
    changed = api.put(url, json={**created, **nobody})
    assert (changed.status_code, changed.json()["type"]) == (200, "business")
