"""What a designer asks of documents that are not saved: faults, types of expressions, what may be read, values."""

import sys
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from parcours.expressions.library import JOURNEY
from parcours.expressions.library_help import GROUPS

sys.path.insert(0, str(Path(__file__).parent))
from test_journey_api import BASE, JOURNEYS, VERSIONS, Sandbox

CHECK = f"{BASE}/expressions/check"
SCOPE = f"{BASE}/expressions/scope"
EVALUATE = f"{BASE}/expressions/evaluate"
TOTAL = "@event{Order._acme.order.total}"


@pytest.fixture
def sandbox(api: TestClient) -> Sandbox:
    return Sandbox(api)


def ask(api: TestClient, url: str, **body: Any) -> Any:
    answer = api.post(url, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def roots(found: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {root["reference"]: root for root in found["roots"] if root["kind"] == kind}


def test_every_function_is_told_of_once_for_each_signature() -> None:
    assert {name for group in GROUPS.values() for name in group} == set(JOURNEY.by_name)
    assert sum(len(group) for group in GROUPS.values()) == len(JOURNEY.by_name)


def test_an_expression_has_the_type_that_publication_gives_it(api: TestClient, sandbox: Sandbox) -> None:
    document = sandbox.document()
    for text, expected, kind in (
        (TOTAL, None, "decimal"),
        (f"{TOTAL} > 100", "boolean", "boolean"),
        ("@event{Order._acme.person.birthYear}", "integer", "integer"),
        ("now()", "dateTime", "dateTime"),
    ):
        found = ask(api, CHECK, document=document, nodeId="big", expression=text, expects=expected)
        assert found == {"type": kind, "faults": []}


def test_a_fault_says_where_and_what_was_meant(api: TestClient, sandbox: Sandbox) -> None:
    text = "true and\n  @event{Order._acme.order.totl} > 1"
    found = ask(api, CHECK, document=sandbox.document(), nodeId="big", expression=text, expects="boolean")
    (fault,) = found["faults"]
    assert (found["type"], fault["code"], fault["severity"]) == (None, "reference", "error")
    assert (fault["line"], fault["column"]) == (2, 28)
    assert text[fault["position"] :].startswith("totl")
    assert fault["nearest"] == "total"
    (fault,) = ask(api, CHECK, document=sandbox.document(), nodeId="big", expression=TOTAL, expects="boolean")["faults"]
    assert fault["code"] == "type"
    (fault,) = ask(api, CHECK, document=sandbox.document(), nodeId="big", expression="1 +")["faults"]
    assert (fault["code"], fault["position"]) == ("syntax", 3)


def test_what_comes_later_is_not_in_scope_and_answers_of_actions_before_are(api: TestClient, sandbox: Sandbox) -> None:
    document = sandbox.document()
    text = "@action{SendMail.jo_status_code} == 'http_200'"
    before = ask(api, CHECK, document=document, nodeId="big", expression=text)
    assert [fault["code"] for fault in before["faults"]] == ["reference"]
    assert ask(api, CHECK, document=document, nodeId="wait", expression=text) == {"type": "boolean", "faults": []}
    assert "@action{SendMail" not in roots(ask(api, SCOPE, document=document, nodeId="big"), "action")
    (fields,) = [root["fields"] for root in roots(ask(api, SCOPE, document=document, nodeId="wait"), "action").values()]
    assert fields == [
        {
            "path": "jo_status_code", "expression": "@action{SendMail.jo_status_code}", "type": "string",
            "title": "jo_status_code", "enum": None, "isCollection": False,
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    "document",
    [
        {"name": "x"},
        {"nodes": {"here": {}}},
        {
            "nodes": {"here": {"type": "nothing"}, "other": 3},
            "edges": [{"from": 1}, 7, {"from": "other", "to": "here"}],
        },
        {"nodes": {"here": {"type": "customAction"}}, "edges": "none", "entry": {"node": 7}},
        {"nodes": {"here": {"type": "wait"}, "e": {"type": "event"}}, "entry": {"node": "e"}, "edges": []},
        {"nodes": {"here": {"type": "datasetLookup"}}, "edges": [{"from": "here", "to": "here"}]},
    ],
)
def test_an_unfinished_document_has_a_scope_all_the_same(
    api: TestClient, sandbox: Sandbox, document: dict[str, Any]
) -> None:
    node = {"nodeId": "here"} if "nodes" in document else {}
    assert ask(api, CHECK, document=document, expression="1 + 1", **node)["type"] == "integer"
    found = ask(api, SCOPE, document=document, **node)
    assert {root["kind"] for root in found["roots"]} >= {"profile", "journeyProperties"}
    assert ask(api, f"{BASE}/journeys/check", document=document)["valid"] is False


def test_every_field_of_the_scope_can_be_written_and_has_the_type_told(api: TestClient, sandbox: Sandbox) -> None:
    found = ask(api, SCOPE, document=sandbox.document(), nodeId="wait")
    assert {root["kind"] for root in found["roots"]} == {
        "event",
        "profile",
        "dataSource",
        "action",
        "journeyProperties",
    }
    event = roots(found, "event")["@event{Order"]
    fields = {field["path"]: field for field in event["fields"]}
    assert fields["_acme.order.total"]["expression"] == TOTAL
    assert fields["_acme.order.total"]["type"] == "decimal"
    assert {"_id", "timestamp", "_acme", "_acme.person.email"} <= set(fields)
    for root in found["roots"]:
        for field in root["fields"][:60]:
            text = field["expression"]
            checked = ask(api, CHECK, document=sandbox.document(), nodeId="wait", expression=text)
            if field["type"] in ("object", "map", "listObject"):
                continue  # a step on the way to a value
            assert (checked["type"], checked["faults"]) == (field["type"], []), text
    count = next(one for one in found["functions"] if one["name"] == "count")
    assert (count["type"], count["category"]) == ("integer", "Aggregation")
    assert {one["name"] for one in found["functions"]} == set(JOURNEY.by_name)


def test_an_events_condition_reads_its_payload_only(api: TestClient, sandbox: Sandbox) -> None:
    schema = {"eventSchemaId": sandbox.schema_id, "eventName": "Paid"}
    text = "@event{Paid._acme.order.paid}"
    assert ask(api, CHECK, **schema, expression=text, expects="boolean") == {"type": "boolean", "faults": []}
    event = {"name": "Paid", "schemaRef": {"id": sandbox.schema_id}}
    assert ask(api, CHECK, event=event, expression=text)["type"] == "boolean"
    (fault,) = ask(api, CHECK, **schema, expression="${journeyUID} == 'x'")["faults"]
    assert "only fields of the event" in fault["message"]
    found = ask(api, SCOPE, **schema)
    assert [root["kind"] for root in found["roots"]] == ["event"]
    fields = {field["path"]: field for field in found["roots"][0]["fields"]}
    assert fields["_acme.order.status"]["enum"] == ["open", "closed"]
    assert (fields["_acme.bookings.nights"]["type"], fields["_acme.bookings.nights"]["isCollection"]) == (
        "listInteger",
        True,
    )
    assert fields["_acme.labels"]["type"] == "map"
    criterion = ask(api, CHECK, eventUid=sandbox.event["uid"], expression=f"{TOTAL} > 1", expects="boolean")
    assert criterion == {"type": "boolean", "faults": []}


def test_an_audience_that_is_not_there_is_told(api: TestClient, sandbox: Sandbox) -> None:
    found = ask(api, CHECK, document=sandbox.document(), nodeId="big", expression="inAudience('VIP')")
    assert [(fault["code"], fault["nearest"]) for fault in found["faults"]] == [("ERR_AUDIENCE_UNKNOWN", None)]


def test_the_check_of_a_document_is_that_of_a_version(api: TestClient, sandbox: Sandbox) -> None:
    created = sandbox.draft()
    wrong = sandbox.document("@event{Order._acme.order.totl} > 1")
    api.put(f"{VERSIONS}/{created['versionUid']}", json=wrong)
    of_version = api.post(f"{VERSIONS}/{created['versionUid']}/check").json()
    assert of_version["errors"][0]["nodeId"] == "big"
    assert ask(api, f"{JOURNEYS}/check", **wrong) == of_version
    assert ask(api, f"{JOURNEYS}/check", document=wrong) == of_version
    assert ask(api, f"{JOURNEYS}/check", **sandbox.document())["valid"] is True


def test_a_document_is_checked_as_the_next_version_of_its_journey(api: TestClient, sandbox: Sandbox) -> None:
    created = sandbox.published()
    draft = api.post(f"{JOURNEYS}/{created['uid']}/versions").json()
    changed = {**sandbox.document(), "entry": {"node": "start", "reentrance": {"allowed": False}}}
    found = ask(api, f"{JOURNEYS}/check", document=changed, versionUid=draft["uid"])
    assert [fault["code"] for fault in found["errors"]] == ["ERR_VERSION_REENTRANCE"]
    assert ask(api, f"{JOURNEYS}/check", document=changed)["valid"] is True
    assert api.get(f"{VERSIONS}/{draft['uid']}").json()["document"] == sandbox.document()
    assert api.post(f"{JOURNEYS}/check", json={"document": changed, "versionUid": "none"}).status_code == 404


def test_an_expression_is_evaluated_with_the_types_of_its_place(api: TestClient, sandbox: Sandbox) -> None:
    place = {"document": sandbox.document(), "nodeId": "big"}
    events = {"Order": {"_acme": {"order": {"total": 120}}}}
    found = ask(api, EVALUATE, **place, expression=f"{TOTAL} * 2.0", events=events)
    assert found == {"value": 240.0, "type": "decimal"}
    assert ask(api, EVALUATE, **place, expression=TOTAL, events={}) == {"value": None, "type": "decimal"}
    failed = ask(api, EVALUATE, **place, expression=TOTAL, events={"Order": {"_acme": {"order": {"total": "much"}}}})
    assert failed["error"]["code"] == "runtime"
    wrong = ask(api, EVALUATE, **place, expression="@event{Ordr.x}")
    assert (wrong["error"]["code"], wrong["error"]["position"]["offset"]) == ("reference", 7)
    profile = {"personID": "Ada"}
    text = "#{ExperiencePlatform.ProfileFieldGroup.personID}"
    assert ask(api, EVALUATE, expression=text, profile=profile) == {"value": "Ada", "type": "string"}
    unknown = api.post(EVALUATE, json={"expression": "1", "profile": {"namespace": "Email", "id": "a@example.com"}})
    assert unknown.status_code == 404


@pytest.mark.parametrize(
    ("url", "body", "path"),
    [
        (CHECK, {}, "$.expression"),
        (CHECK, {"expression": 1}, "$.expression"),
        (CHECK, {"expression": "1", "expects": "text"}, "$.expects"),
        (CHECK, {"expression": "1", "document": []}, "$.document"),
        (CHECK, {"expression": "1", "document": {}, "nodeId": "x"}, "$.nodeId"),
        (CHECK, {"expression": "1", "eventSchemaId": "x"}, "$.eventSchemaId"),
        (CHECK, {"expression": "1", "eventUid": "x"}, "$.eventUid"),
        (CHECK, {"expression": "1", "nodeid": "x"}, "$"),
        (SCOPE, {"expression": "1"}, "$"),
        (EVALUATE, {"expression": "1", "events": []}, "$.events"),
        (EVALUATE, {"expression": "1", "profile": 1}, "$.profile"),
    ],
)
def test_a_question_that_is_none_is_refused_with_its_place(
    api: TestClient, url: str, body: dict[str, Any], path: str
) -> None:
    answer = api.post(url, json=body)
    assert answer.status_code == 400
    assert path in answer.text


def test_another_sandbox_has_other_names(api: TestClient, sandbox: Sandbox) -> None:
    body = {"document": sandbox.document(), "nodeId": "big", "expression": TOTAL}
    elsewhere = api.post(CHECK, json=body, headers={"x-sandbox-name": "dev"})
    assert [fault["code"] for fault in elsewhere.json()["faults"]] == ["reference"]


def test_attributes_of_the_audience_read_are_offered_and_checked(api: TestClient, sandbox: Sandbox) -> None:
    audiences = "/data/core/ups/audiences"
    fields = [{"name": "tier", "type": "string"}, {"name": "first name", "type": "string"}]
    body = {"name": "Listed", "identityNamespace": "Email"}
    audience = api.post(audiences, json={**body, "fields": fields}).json()["id"]
    nodes = {
        "start": {"type": "readAudience", "audienceId": audience},
        "c": {"type": "condition", "paths": [{"id": "x", "expression": "true"}]},
    }
    document = {"name": "L", "entry": {"node": "start"}, "nodes": nodes, "edges": [{"from": "start", "to": "c"}]}
    reference = "#{ExperiencePlatform.AudienceEnrichment"
    root = roots(ask(api, SCOPE, document=document, nodeId="c"), "dataSource")[reference]
    assert [(field["path"], field["type"]) for field in root["fields"]] == [
        ("tier", "string"),
        ("first name", "string"),
    ]
    assert root["fields"][1]["expression"] == f"{reference}.'first name'}}"
    assert not root["isOpen"]
    text = f"{reference}.teir}} == 'gold'"
    (fault,) = ask(api, CHECK, document=document, nodeId="c", expression=text)["faults"]
    assert (fault["code"], fault["nearest"]) == ("reference", "tier")
    text = f"{reference}.'first name'}} == 'Jane'"
    assert ask(api, CHECK, document=document, nodeId="c", expression=text)["faults"] == []
    values = {"ExperiencePlatform": {"AudienceEnrichment": {"first name": "Jane"}}}
    found = ask(api, EVALUATE, document=document, nodeId="c", expression=text, dataSources=values)
    assert found == {"value": True, "type": "boolean"}
    assert reference not in roots(ask(api, SCOPE, document=sandbox.document(), nodeId="big"), "dataSource")
    patch = [{"op": "add", "path": "/fields", "value": []}]
    assert api.patch(f"{audiences}/{audience}", json=patch).status_code == 201
    root = roots(ask(api, SCOPE, document=document, nodeId="c"), "dataSource")[reference]
    assert (root["fields"], root["isOpen"]) == ([], True)
