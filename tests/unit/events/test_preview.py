"""What senders post, shown: types and enumerations, or values that pass validation; and the request as curl."""

import json
import subprocess
from typing import Any

import pytest
from event_world import EVENT_CLASS, EVENTS, REGISTRY, business_body, connect, create_schema, event_body
from fastapi.testclient import TestClient

from parcours.access.model import Caller
from parcours.app import Platform
from parcours.events.curl import list_requests
from parcours.events.preview import show_types, show_values, without_orchestration
from parcours.flows.model import Flow, Inlet
from parcours.xdm.close import close
from parcours.xdm.compiled import CompiledSchema
from parcours.xdm.library import library

AWKWARD: dict[str, Any] = {
    "awkward": {
        "type": "object",
        "properties": {
            "status": {"type": "string", "enum": ["open", "closed"]},
            "mail": {"type": "string", "format": "email"},
            "site": {"type": "string", "format": "uri"},
            "ip": {"type": "string", "format": "ipv4"},
            "long": {"type": "string", "minLength": 12},
            "short": {"type": "string", "maxLength": 3},
            "code": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{4}$"},
            "percent": {"type": "integer", "minimum": 50, "maximum": 100},
            "little": {"type": "number", "maximum": 0.5},
            "days": {"type": "array", "items": {"type": "string", "format": "date"}},
            "coded": {"type": "array", "items": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{4}$"}},
            "prices": {"type": "object", "additionalProperties": {"type": "number"}},
            "needs": {
                "type": "object",
                "properties": {"must": {"type": "integer"}, "may": {"type": "string"}},
                "required": ["must"],
            },
        },
    }
}


@pytest.fixture
def schema_id(api: TestClient) -> str:
    return create_schema(api, title="Awkward", more_fields=AWKWARD)


def entity_of(api: TestClient, body: dict[str, Any], values: str) -> dict[str, Any]:
    uid = api.post(EVENTS, json=body).json()["uid"]
    answer = api.get(f"{EVENTS}/{uid}/payload", params={"values": values})
    assert answer.status_code == 200, answer.text
    entity: dict[str, Any] = answer.json()["body"]["xdmEntity"]
    return entity


def test_types_show_arrays_maps_and_every_enumeration(api: TestClient, schema_id: str) -> None:
    body = event_body(schema_id, fields=["/_acme/awkward", "/_acme/labels", "/_acme/bookings"])
    entity = entity_of(api, body, "types")
    assert entity["_acme"]["labels"] == {"key": "string"}
    assert entity["_acme"]["bookings"] == [{"number": "string", "nights": 10, "codes": ["string"]}]
    shown = entity["_acme"]["awkward"]
    assert (shown["status"], shown["percent"], shown["little"]) == ("open | closed", 10, 10.0)
    assert (shown["prices"], shown["days"], shown["code"]) == ({"key": 10.0}, ["2018-05-29"], "string")


def test_examples_pass_validation_and_leave_out_what_nobody_knows_a_value_for(
    api: TestClient, platform: Platform, schema_id: str, token: str
) -> None:
    body = event_body(schema_id, fields=["/_acme", "/identityMap"], namespace="ECID")
    entity = entity_of(api, body, "examples")
    shown = entity["_acme"]["awkward"]
    assert "code" not in shown
    assert "coded" not in shown
    assert set(AWKWARD["awkward"]["properties"]) - set(shown) == {"code", "coded"}
    assert (shown["status"], shown["percent"], shown["little"], shown["short"]) == ("open", 50, 0.5, "str")
    assert entity["_acme"]["person"]["email"] == "jane.doe@example.com"
    assert entity["identityMap"] == {"ECID": [{"id": "1234567890" * 3 + "12345678"}]}
    assert len(entity["_id"]) == 36
    assert entity["timestamp"].startswith("20")
    with platform.db.read() as connection:
        schema = platform.schemas.table.current(connection).get(scope_of(platform), schema_id)
    assert schema is not None
    assert schema.violations(entity) == []


def scope_of(platform: Platform) -> int:
    token = platform.access.issue_token(
        {"grant_type": "client_credentials", "client_id": "client", "client_secret": "secret"}
    )["access_token"]
    headers = {
        "authorization": f"Bearer {token}", "x-api-key": "client", "x-gw-ims-org-id": "ACME@AdobeOrg",
        "x-sandbox-name": "prod",
    }  # fmt: skip
    caller: Caller = platform.access.admit(headers)
    return caller.scope_id


def test_examples_hold_fields_that_an_object_needs_though_they_are_not_selected(
    api: TestClient, schema_id: str
) -> None:
    entity = entity_of(api, event_body(schema_id, fields=["/_acme/awkward/needs/may"]), "examples")
    assert entity["_acme"]["awkward"]["needs"] == {"may": "string", "must": 10}
    types = entity_of(api, event_body(schema_id, name="Types", fields=["/_acme/awkward/needs/may"]), "types")
    assert types["_acme"]["awkward"]["needs"] == {"may": "string"}


def test_other_values_are_not_offered(api: TestClient, schema_id: str) -> None:
    uid = api.post(EVENTS, json=event_body(schema_id)).json()["uid"]
    assert api.get(f"{EVENTS}/{uid}/payload", params={"values": "wishes"}).status_code == 400


def test_a_rule_based_event_has_no_branch_of_the_event_id(api: TestClient, schema_id: str) -> None:
    rule = {"idType": "ruleBased", "idCondition": "true"}
    whole = entity_of(api, event_body(schema_id, fields=["/_experience"], **rule), "types")
    assert "_experience" not in whole
    asked = entity_of(
        api, event_body(schema_id, name="Asked", fields=["/_experience/campaign/orchestration"], **rule), "types"
    )
    assert asked["_experience"]["campaign"]["orchestration"]["eventID"] == "string"


def test_only_the_branch_of_the_event_id_is_taken_out() -> None:
    entity = {"_experience": {"campaign": {"orchestration": {"eventID": "x"}, "other": 1}}}
    without_orchestration(entity)
    assert entity == {"_experience": {"campaign": {"other": 1}}}
    for untouched in ({}, {"_experience": {}}, {"_experience": {"campaign": {"a": 1}}}):
        before = json.loads(json.dumps(untouched))
        without_orchestration(untouched)
        assert untouched == before


OF_EVENTS = [key for key, one in library().items() if EVENT_CLASS in one.get("meta:intendedToExtend", ())]


@pytest.mark.parametrize("resource_id", OF_EVENTS)
def test_examples_of_every_bundled_field_group_pass_validation(api: TestClient, resource_id: str) -> None:
    """Whatever people build schemas of, the preview can be sent as it is."""
    parts = [{"$ref": EVENT_CLASS}, {"$ref": resource_id}]
    made = api.post(f"{REGISTRY}/schemas", json={"type": "object", "title": "One group", "allOf": parts})
    assert made.status_code == 201, made.text
    view = api.get(
        f"{REGISTRY}/schemas/{made.json()['meta:altId']}",
        headers={"Accept": "application/vnd.adobe.xed-full+json;version=1"},
    ).json()
    document = close(view, "time-series", ())
    schema = CompiledSchema("x", EVENT_CLASS, "x", 0, "time-series", False, document)
    last = {"_id": "1", "timestamp": "2026-01-01T00:00:00Z"}
    entity = show_values(document, schema, None, None, last)
    assert schema.violations(entity) == []
    assert len(entity) > 2
    assert show_types(document, None, None).keys() == document["properties"].keys()


def words_of(command: str) -> list[str]:
    """What a shell makes of a curl command's arguments."""
    script = "curl() { printf '%s\\0' \"$@\"; }\n" + command
    run = subprocess.run(["sh", "-c", script], capture_output=True, check=True, env={"ACCESS_TOKEN": "secret"})
    return run.stdout.decode().split("\0")[:-1]


def test_the_requests_of_an_event_are_those_of_the_inlets_that_take_it(api: TestClient, schema_id: str) -> None:
    uid = api.post(EVENTS, json=event_body(schema_id, description="It's an order")).json()["uid"]
    url = f"{EVENTS}/{uid}/requests"
    assert api.get(url).json() == {"results": []}
    flow = connect(api, schema_id)
    connect(api, create_schema(api, title="Elsewhere"))
    connect(api, schema_id, data_type="raw")
    closed = connect(api, schema_id, is_authenticated=True)
    first, second = api.get(url).json()["results"]
    assert (first["flowId"], second["flowId"]) == (flow, closed)
    assert (first["inlet"], first["method"]) == ("Shop's events", "POST")
    assert first["url"].startswith("http://parcours.test/collection/")
    assert first["body"]["header"]["datasetId"] == first["dataSetId"]
    words = words_of(first["curl"])
    assert words[:3] == ["-X", "POST", first["url"]]
    assert words[3:-2] == ["-H", "Content-Type: application/json", "-H", "x-gw-ims-org-id: ACME@AdobeOrg"]
    assert words[-2] == "--data-binary"
    assert json.loads(words[-1]) == first["body"]
    assert second["headers"]["Authorization"] == "Bearer ${ACCESS_TOKEN}"
    assert "Authorization: Bearer secret" in words_of(second["curl"])
    disable = api.post(f"/data/foundation/flowservice/flows/{flow}/action?op=disable")
    assert disable.status_code == 200, disable.text
    assert [one["flowId"] for one in api.get(url).json()["results"]] == [closed]
    assert api.get(f"{EVENTS}/nothing/requests").status_code == 404


def test_a_quote_in_a_value_stays_one_in_the_shell() -> None:
    flow = Flow("f", 1, "f", "d", "s", None, is_enabled=True)
    inlet = Inlet("i", 1, "ORG", "prod", "c", "xdm", False, "s", "n", True, {"f": flow})
    payload = {"header": {}, "body": {"xdmEntity": {"name": 'it\'s "$HOME" `id` \\ end'}}}
    (request,) = list_requests([inlet], 1, "s", payload, "http://here")
    assert json.loads(words_of(request["curl"])[-1])["body"] == payload["body"]
    assert list_requests([inlet], 2, "s", payload, "http://here") == []


def test_a_business_event_is_shown_alike(api: TestClient) -> None:
    schema_id = create_schema(api, title="Stock", with_identity=False, with_event_id=False)
    uid = api.post(EVENTS, json=business_body(schema_id)).json()["uid"]
    connect(api, schema_id)
    (request,) = api.get(f"{EVENTS}/{uid}/requests").json()["results"]
    assert request["body"]["body"]["xdmEntity"]["_acme"] == {"order": {"total": 10.0}, "store": "string"}
