"""Event configurations through the API."""

import re
from typing import Any

import pytest
from event_world import EVENTS, business_body, create_namespace, create_schema, event_body, identify
from fastapi.testclient import TestClient

from parcours.app import Platform
from parcours.events.model import MAX_PER_SCHEMA


@pytest.fixture
def schema_id(api: TestClient) -> str:
    return create_schema(api)


@pytest.fixture
def created(api: TestClient, schema_id: str) -> dict[str, Any]:
    answer = api.post(EVENTS, json=event_body(schema_id))
    assert answer.status_code == 201, answer.text
    document: dict[str, Any] = answer.json()
    return document


def test_a_system_generated_event_gets_an_id_and_what_the_schema_says(
    api: TestClient, created: dict[str, Any], schema_id: str
) -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", created["eventID"])
    assert created["namespace"] == "Email"
    assert created["profileIdentifier"] == "@event{Order._acme.person.email}"
    assert created["idCondition"] is None
    assert created["schemaRef"]["id"] == schema_id
    assert created["fields"] == [
        "/_acme/person/firstName",
        "/_acme/person/birthYear",
        "/_acme/order/total",
        "/_id",
        "/timestamp",
        "/_acme/person/email",
        "/_experience/campaign/orchestration/eventID",
    ]
    assert created["usedIn"] == 0
    assert created["metadata"]["createdAt"] == created["metadata"]["lastModifiedAt"]
    answer = api.get(f"{EVENTS}/{created['uid']}")
    assert answer.json() == created
    assert answer.headers["etag"]
    assert api.get(EVENTS).json() == {"results": [created], "page": 0, "limit": 100, "pages": 1}


def test_the_preview_has_exactly_the_documented_structure(api: TestClient, created: dict[str, Any]) -> None:
    schema_ref = created["schemaRef"]
    preview = api.get(f"{EVENTS}/{created['uid']}/payload").json()
    header = preview["header"]
    assert list(preview) == ["header", "body"]
    assert list(header) == [
        "msgType",
        "msgId",
        "msgVersion",
        "xactionId",
        "datasetId",
        "imsOrgId",
        "schemaRef",
        "source",
    ]
    assert (header["msgType"], header["msgVersion"]) == ("xdmEntityCreate", "1.0")
    assert header["datasetId"].startswith("string - required if you want the data to land")
    assert header["imsOrgId"] == "ACME@AdobeOrg"
    assert header["schemaRef"] == schema_ref
    assert header["source"] == {"name": "Journeys"}
    assert list(preview["body"]) == ["xdmMeta", "xdmEntity"]
    assert preview["body"]["xdmMeta"] == {"schemaRef": schema_ref}
    assert preview["body"]["xdmEntity"] == {
        "_acme": {
            "person": {"firstName": "string", "birthYear": 10, "email": "string"},
            "order": {"total": 10.0},
        },
        "_id": "string",
        "timestamp": "2018-05-29T00:00:00.000Z",
        "_experience": {"campaign": {"orchestration": {"eventID": created["eventID"]}}},
    }


def test_the_preview_shows_types_enumerations_and_the_identity_map(api: TestClient, schema_id: str) -> None:
    body = event_body(
        schema_id,
        idType="ruleBased",
        idCondition='@event{Order._acme.order.status} == "open"',
        fields=["/_acme/order", "/identityMap"],
        namespace="ECID",
        datasetId=make_data_set(api, schema_id),
    )
    uid = api.post(EVENTS, json=body).json()["uid"]
    preview = api.get(f"{EVENTS}/{uid}/payload").json()
    assert preview["header"]["datasetId"] == body["datasetId"]
    entity = preview["body"]["xdmEntity"]
    assert entity["_acme"]["order"] == {
        "total": 10.0,
        "paid": True,
        "status": "open | closed",
        "day": "2018-05-29",
        "tags": ["string"],
        "number": "string",
    }
    assert entity["identityMap"] == {"ECID": [{"id": "string"}]}
    assert "_experience" not in entity


def make_data_set(api: TestClient, schema_id: str) -> str:
    body = {"name": "Orders", "schemaRef": {"id": schema_id, "contentType": "application/vnd.adobe.xed+json;version=1"}}
    answer = api.post("/data/foundation/catalog/dataSets", json=body)
    assert answer.status_code == 201, answer.text
    name: str = answer.json()[0]
    return name.removeprefix("@/dataSets/")


def test_fields_that_the_rule_or_the_key_reads_are_selected_and_in_the_preview(api: TestClient, schema_id: str) -> None:
    body = event_body(
        schema_id,
        idType="ruleBased",
        idCondition="@event{Order._acme.order.paid} and count(@event{Order._acme.order.tags}) > 0",
        profileIdentifier="concat(@event{Order._acme.person.email}, @event{Order.identityMap.entry('Crm').first().id})",
        fields=["/_acme/order/total"],
    )
    created = api.post(EVENTS, json=body).json()
    assert sorted(created["fields"]) == [
        "/_acme/order/paid", "/_acme/order/tags", "/_acme/order/total", "/_acme/person/email", "/_id", "/identityMap",
        "/timestamp",
    ]  # fmt: skip
    entity = api.get(f"{EVENTS}/{created['uid']}/payload").json()["body"]["xdmEntity"]
    assert entity["_acme"]["order"] == {"total": 10.0, "paid": True, "tags": ["string"]}
    assert entity["_acme"]["person"] == {"email": "string"}


def test_a_namespace_other_than_that_of_the_primary_identity_is_looked_up_in_the_identity_map(
    api: TestClient, schema_id: str
) -> None:
    created = api.post(EVENTS, json=event_body(schema_id, namespace="ECID")).json()
    assert created["profileIdentifier"] == "@event{Order.identityMap.entry('ECID').first().id}"
    assert "/identityMap" in created["fields"]
    same = api.post(EVENTS, json=event_body(schema_id, name="Same", namespace="EMAIL")).json()
    assert same["profileIdentifier"] == "@event{Same._acme.person.email}"
    none = api.post(EVENTS, json=event_body(schema_id, name="None", namespace=None)).json()
    assert none["profileIdentifier"] == "@event{None._acme.person.email}"


def test_without_a_primary_identity_the_key_comes_from_the_identity_map(api: TestClient) -> None:
    schema_id = create_schema(api, with_identity=False)
    refused = api.post(EVENTS, json=event_body(schema_id))
    assert refused.status_code == 400
    assert refused.json()["report"]["path"] == "$.profileIdentifier"
    created = api.post(EVENTS, json=event_body(schema_id, namespace="email")).json()
    assert created["namespace"] == "Email"
    assert created["profileIdentifier"] == "@event{Order.identityMap.entry('Email').first().id}"
    assert "/identityMap" in created["fields"]


BAD: list[tuple[dict[str, Any], str]] = [
    ({"name": "9Order"}, "$.name"),
    ({"name": "Order placed"}, "$.name"),
    ({"name": "x" * 31}, "$.name"),
    ({"name": "Ördër"}, "$.name"),
    ({"name": "Order\n"}, "$.name"),
    ({"name": None}, "$.name"),
    ({"idType": "guess"}, "$.idType"),
    ({"type": "reaction"}, "$.type"),
    ({"type": ["unitary"]}, "$.type"),
    ({"type": "business"}, "$.idType"),
    ({"schemaRef": {"id": "https://ns.adobe.com/acme/schemas/none"}}, "$.schemaRef.id"),
    ({"schemaRef": {"id": 7}}, "$.schemaRef"),
    ({"schemaRef": "x"}, "$.schemaRef"),
    ({"fields": "/person"}, "$.fields"),
    ({"fields": ["/_acme/nothing"]}, "$.fields[0]"),
    ({"fields": ["_acme.person"]}, "$.fields[0]"),
    ({"fields": [{"path": "/x"}]}, "$.fields[0]"),
    ({"namespace": "Nope"}, "$.namespace"),
    ({"namespace": ["Email"]}, "$.namespace"),
    ({"eventID": "0" * 63}, "$.eventID"),
    ({"idCondition": "true"}, "$.idCondition"),
    ({"idType": "ruleBased"}, "$.idCondition"),
    ({"idType": "ruleBased", "idCondition": "@event{Order._acme.order.total}"}, "$.idCondition"),
    ({"idType": "ruleBased", "idCondition": "@event{Other.x} == 1"}, "$.idCondition"),
    ({"idType": "ruleBased", "idCondition": '#{ExperiencePlatform.ProfileFieldGroup.a} == "x"'}, "$.idCondition"),
    ({"idType": "ruleBased", "idCondition": '${externalKey} == "x"'}, "$.idCondition"),
    ({"idType": "ruleBased", "idCondition": {"deep": []}}, "$.idCondition"),
    ({"profileIdentifier": "@event{Order._acme.order.paid}"}, "$.profileIdentifier"),
    ({"profileIdentifier": "@event{Order._acme.person.emial}"}, "$.profileIdentifier"),
    ({"profileIdentifier": 5}, "$.profileIdentifier"),
    ({"description": []}, "$.description"),
    ({"datasetId": 5}, "$.datasetId"),
    ({"datasetId": "5f0000"}, "$.datasetId"),
    ({"maxAgeSeconds": 0}, "$.maxAgeSeconds"),
    ({"maxAgeSeconds": True}, "$.maxAgeSeconds"),
    ({"maxAgeSeconds": 1.5}, "$.maxAgeSeconds"),
    ({"maxAgeSeconds": "60"}, "$.maxAgeSeconds"),
    ({"maxAgeSeconds": 315_360_001}, "$.maxAgeSeconds"),
    ({"colour": "red"}, "$.colour"),
]


def test_a_bad_event_is_refused_at_its_place(api: TestClient, schema_id: str) -> None:
    for change, path in BAD:
        answer = api.post(EVENTS, json=event_body(schema_id, **change))
        assert (answer.status_code, answer.json()["report"]["path"]) == (400, path), (change, answer.text)
    assert api.get(EVENTS).json()["results"] == []


def test_an_expression_fault_has_line_and_column(api: TestClient, schema_id: str) -> None:
    text = "true and\n@event{Order._acme.order.totla} > 1"
    answer = api.post(EVENTS, json=event_body(schema_id, idType="ruleBased", idCondition=text))
    assert answer.json()["report"]["line"] == 2
    assert "total" in answer.json()["detail"]


def test_a_schema_without_event_id_or_of_records_offers_no_system_generated_event(api: TestClient) -> None:
    plain = create_schema(api, title="Plain", with_event_id=False)
    answer = api.post(EVENTS, json=event_body(plain))
    assert (answer.status_code, answer.json()["report"]["path"]) == (400, "$.schemaRef.id")
    assert "eventID" in answer.json()["detail"]
    profile = {"type": "object", "title": "People", "allOf": [{"$ref": "https://ns.adobe.com/xdm/context/profile"}]}
    record = api.post("/data/foundation/schemaregistry/tenant/schemas", json=profile).json()["$id"]
    body = event_body(record, fields=[], idType="ruleBased", idCondition="true")
    assert api.post(EVENTS, json=body).json()["report"]["path"] == "$.schemaRef.id"


def test_a_name_is_taken_once_per_sandbox(api: TestClient, created: dict[str, Any], schema_id: str) -> None:
    assert api.post(EVENTS, json=event_body(schema_id)).status_code == 409
    in_dev = create_schema(api, **{"x-sandbox-name": "dev"})
    assert api.post(EVENTS, json=event_body(in_dev), headers={"x-sandbox-name": "dev"}).status_code == 201
    other = api.post(EVENTS, json=event_body(schema_id, name="Other")).json()
    assert api.put(f"{EVENTS}/{other['uid']}", json={**other, "name": "Order"}).status_code == 409


def test_an_event_is_invisible_from_another_sandbox(api: TestClient, created: dict[str, Any]) -> None:
    dev = {"x-sandbox-name": "dev"}
    url = f"{EVENTS}/{created['uid']}"
    assert api.get(url, headers=dev).status_code == 404
    assert api.get(f"{url}/payload", headers=dev).status_code == 404
    assert api.put(url, json=created, headers=dev).status_code in (400, 404)
    assert api.delete(url, headers=dev).status_code == 404
    assert api.get(EVENTS, headers=dev).json()["results"] == []


def test_an_event_is_written_anew_keeps_its_id_and_its_expressions_follow_its_name(
    api: TestClient, created: dict[str, Any]
) -> None:
    url = f"{EVENTS}/{created['uid']}"
    changed = {**created, "name": "Purchase", "description": "", "fields": ["/_acme/order"]}
    assert api.put(url, json={**changed, "eventID": "0" * 64}).status_code == 400
    answer = api.put(url, json=changed, headers={"If-Match": api.get(url).headers["etag"]})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["eventID"] == created["eventID"]
    assert body["profileIdentifier"] == "@event{Purchase._acme.person.email}"
    assert body["fields"][0] == "/_acme/order"
    assert body["version"] == created["version"] + 1
    stale = api.put(url, json=body, headers={"If-Match": '"stale"'})
    assert stale.status_code == 412


def test_an_event_is_deleted_once(api: TestClient, created: dict[str, Any]) -> None:
    url = f"{EVENTS}/{created['uid']}"
    assert api.delete(url).status_code == 204
    assert api.delete(url).status_code == 404
    assert api.get(url).status_code == 404


def test_a_body_that_is_no_object_is_refused(api: TestClient) -> None:
    for body in ([], "x", None, 5):
        assert api.post(EVENTS, json=body).status_code == 400


def test_only_what_has_changed_is_compiled_again(api: TestClient, platform: Platform, schema_id: str) -> None:
    def compiled() -> dict[str, Any]:
        with platform.db.read() as connection:
            table = platform.events.table.current(connection)
        return {uid: table.get(scope_id, uid) for uid in uids}

    scope_id = platform.access.sandbox("ACME@AdobeOrg", "prod").scope_id
    rule = {"idType": "ruleBased", "idCondition": "@event{Big._acme.order.total} > 100"}
    bodies = [event_body(schema_id), event_body(schema_id, name="Big", **rule)]
    uids = [api.post(EVENTS, json=body).json()["uid"] for body in bodies]
    before = compiled()
    assert None not in before.values()
    uids.append(api.post(EVENTS, json=event_body(schema_id, name="Third")).json()["uid"])
    changed = {**bodies[1], "idCondition": "@event{Big._acme.order.total} > 200"}
    assert api.put(f"{EVENTS}/{uids[1]}", json=changed).status_code == 200
    after = compiled()
    assert after[uids[0]] is before[uids[0]]
    assert after[uids[1]] is not before[uids[1]]
    assert after[uids[1]].condition({"_acme": {"order": {"total": 300}}})
    assert not after[uids[1]].condition({"_acme": {"order": {"total": 150}}})
    create_schema(api, title="Another")  # a schema of its own changes no event, but all may have changed with it
    assert compiled()[uids[2]] is not None
    assert api.delete(f"{EVENTS}/{uids[0]}").status_code == 204
    assert compiled()[uids[0]] is None


def test_a_schema_has_at_most_a_hundred_events(api: TestClient, schema_id: str, created: dict[str, Any]) -> None:
    for number in range(MAX_PER_SCHEMA - 1):
        assert api.post(EVENTS, json=event_body(schema_id, name=f"E{number}")).status_code == 201
    answer = api.post(EVENTS, json=event_body(schema_id, name="TooMany"))
    assert (answer.status_code, answer.json()["title"]) == (409, "TooManyEvents")
    assert "100 events" in answer.json()["detail"]
    other = create_schema(api, title="Others")
    elsewhere = api.post(EVENTS, json=event_body(other, name="Elsewhere")).json()
    moved = api.put(f"{EVENTS}/{elsewhere['uid']}", json={**elsewhere, "schemaRef": created["schemaRef"]})
    assert moved.json()["title"] == "TooManyEvents"
    assert api.put(f"{EVENTS}/{created['uid']}", json={**created, "description": "Still here"}).status_code == 200
    assert api.delete(f"{EVENTS}/{created['uid']}").status_code == 204
    assert api.post(EVENTS, json=event_body(schema_id, name="TooMany")).status_code == 201


def test_the_list_is_filtered_ordered_and_paged(api: TestClient, schema_id: str, created: dict[str, Any]) -> None:
    rule = event_body(schema_id, name="Rule", idType="ruleBased", idCondition="true", maxAgeSeconds=60)
    api.post(EVENTS, json=rule)
    stock = create_schema(api, title="Stock", with_identity=False, with_event_id=False)
    api.post(EVENTS, json=business_body(stock))

    def names(**query: Any) -> list[str]:
        answer = api.get(EVENTS, params=query)
        assert answer.status_code == 200, answer.text
        return [event["name"] for event in answer.json()["results"]]

    assert names() == ["Order", "Rule", "StockLow"]
    assert names(property="type==business") == ["StockLow"]
    assert names(property="type==unitary,business") == ["Order", "Rule", "StockLow"]
    assert names(property="idType==ruleBased", orderby="-name") == ["StockLow", "Rule"]
    assert names(property=f"schemaRef.id=={schema_id}", orderby="desc:name") == ["Rule", "Order"]
    assert names(property=["idType==ruleBased", "namespace==Email"]) == ["Rule"]
    assert names(property="fields==/_acme/store") == ["StockLow"]
    assert names(property="maxAgeSeconds>=60") == ["Rule"]
    assert names(property="!namespace") == ["StockLow"]
    assert names(property="usedIn==0", pageSize=2, page=1) == ["StockLow"]
    assert names(property="name==Nobody") == []
    assert api.get(EVENTS, params={"property": "=="}).status_code == 400
    assert api.get(EVENTS, params={"pageSize": 101}).status_code == 400


def test_a_maximum_age_is_kept_and_taken_back(api: TestClient, schema_id: str) -> None:
    created = api.post(EVENTS, json=event_body(schema_id, maxAgeSeconds=86_400)).json()
    assert created["maxAgeSeconds"] == 86_400
    back = api.put(f"{EVENTS}/{created['uid']}", json={**created, "maxAgeSeconds": None}).json()
    assert back["maxAgeSeconds"] is None


def test_an_event_in_use_keeps_what_its_journeys_rely_on(api: TestClient, schema_id: str) -> None:
    create_namespace(api, "OrderNumber")
    identify(api, schema_id, "/_acme/order/number", "OrderNumber")
    supplemental = {"expression": "@event{Order._acme.order.number}"}
    created = api.post(EVENTS, json=event_body(schema_id, supplementalIdentifier=supplemental)).json()
    journey = {
        "name": "Thank",
        "entry": {"node": "order"},
        "nodes": {"order": {"type": "event", "eventUid": created["uid"]}},
        "edges": [],
    }
    made = api.post("/journey/orchestration/journeys", json=journey).json()
    again = api.post("/journey/orchestration/journeys", json={**journey, "name": "Thank again"}).json()
    url = f"{EVENTS}/{created['uid']}"
    assert api.get(url).json()["usedIn"] == 2
    using = api.get(f"{url}/journeys").json()["results"]
    assert [(one["uid"], one["name"]) for one in using] == [(made["uid"], "Thank"), (again["uid"], "Thank again")]
    version = {"uid": made["versionUid"], "version": "1.0", "status": "Draft"}
    assert using[0]["versions"] == [version]
    changes: list[dict[str, Any]] = [
        {"supplementalIdentifier": None},
        {"maxAgeSeconds": 60},
        {"namespace": "ECID", "profileIdentifier": None},
        {"idType": "ruleBased", "idCondition": "true"},
        {"fields": ["/_acme/person"]},
    ]
    for change in changes:
        answer = api.put(url, json={**created, **change})
        assert (answer.status_code, answer.json()["title"]) == (409, "EventInUse"), change
    renamed = api.put(
        url, json={**created, "name": "Bought", "description": "New", "fields": [*created["fields"], "/_acme/store"]}
    )
    assert renamed.status_code == 200, renamed.text
    assert renamed.json()["supplementalIdentifier"]["expression"] == "@event{Bought._acme.order.number}"
    assert renamed.json()["usedIn"] == 2
    assert api.delete(url).status_code == 409
    for uid in (made["uid"], again["uid"]):
        assert api.delete(f"/journey/orchestration/journeys/{uid}").status_code == 204
    assert api.get(f"{url}/journeys").json() == {"results": []}
    assert api.delete(url).status_code == 204
    assert api.get(f"{url}/journeys").status_code == 404


def test_a_unitary_event_is_about_people(api: TestClient, schema_id: str) -> None:
    create_namespace(api, "Store")
    answer = api.post(EVENTS, json=event_body(schema_id, namespace="Store", profileIdentifier="@event{Order._id}"))
    assert (answer.status_code, answer.json()["report"]["path"]) == (400, "$.namespace")
