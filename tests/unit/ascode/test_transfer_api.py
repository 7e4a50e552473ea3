"""Export and import of journey versions over the API (journeys §14.4)."""

import sys
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

sys.path.insert(0, str(Path(__file__).parents[1] / "events"))
from event_world import EVENTS, create_schema, event_body

BASE = "/journey/orchestration"
VERSIONS = f"{BASE}/journeyVersions"
IMPORT = f"{VERSIONS}/import"
ACTION: dict[str, Any] = {
    "name": "SendMail",
    "url": "https://mail.example.com/send",
    "method": "POST",
    "authentication": {"type": "basic", "username": "shop", "password": "keep out"},
    "request": {
        "sample": {"to": "x"},
        "fields": [{"path": "/to", "type": "string", "kind": "variable", "label": "To"}],
    },
    "response": {"sample": {"status": "sent"}},
}


def document(event_uid: str, action_uid: str, expression: str = "@event{Order._acme.order.total} > 100") -> Any:
    return {
        "name": "Follow-up",
        "entry": {"node": "start"},
        "nodes": {
            "start": {"type": "event", "eventUid": event_uid},
            "big": {"type": "condition", "paths": [{"id": "yes", "expression": expression}]},
            "mail": {
                "type": "customAction",
                "actionUid": action_uid,
                "parameters": [{"paramPath": "/to", "expression": "@event{Order._acme.person.email}"}],
            },
            "sent": {
                "type": "condition",
                "paths": [{"id": "yes", "expression": '@action{SendMail.status} == "sent"'}],
            },
        },
        "edges": [
            {"from": "start", "to": "big"},
            {"from": "big", "to": "mail", "kind": "path", "path": "yes"},
            {"from": "mail", "to": "sent"},
        ],
    }


@pytest.fixture
def journey(api: TestClient) -> dict[str, Any]:
    """A journey in `prod` over a schema of its own, an event and an action with a secret."""
    schema_id = create_schema(api)
    event = api.post(EVENTS, json=event_body(schema_id, fields=["/_acme"])).json()
    action = api.post(f"{BASE}/actions", json=ACTION).json()
    made = api.post(f"{BASE}/journeys", json=document(event["uid"], action["uid"]))
    assert made.status_code == 201, made.text
    return {**made.json(), "event": event, "action": action, "schemaId": schema_id}


def exported(api: TestClient, journey: dict[str, Any]) -> dict[str, Any]:
    answer = api.get(f"{VERSIONS}/{journey['versionUid']}/export")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def filled(export: dict[str, Any]) -> dict[str, Any]:
    for action in export["dependencies"]["actions"]:
        action["authentication"]["password"] = "written in"
    return export


def counts(api: TestClient, sandbox: str) -> dict[str, int]:
    headers = {"x-sandbox-name": sandbox, "Accept": "application/vnd.adobe.xed+json"}
    registry = "/data/foundation/schemaregistry/tenant"
    paths = [f"{BASE}/{kind}" for kind in ("events", "actions", "journeys")]
    paths += [f"{registry}/{kind}" for kind in ("schemas", "fieldgroups")]
    return {path: len(api.get(path, headers=headers).json()["results"]) for path in paths}


def test_an_export_holds_all_that_the_journey_needs_and_no_secret(api: TestClient, journey: dict[str, Any]) -> None:
    found = exported(api, journey)
    assert found["journeyVersion"]["document"]["name"] == "Follow-up"
    needed = found["dependencies"]
    assert [one["name"] for one in needed["events"]] == ["Order"]
    assert [one["name"] for one in needed["actions"]] == ["SendMail"]
    assert needed["actions"][0]["authentication"]["password"] == "INSERT_SECRET_HERE"
    assert journey["schemaId"] in [
        one["$id"].replace("<XDM_TENANTID_PLACEHOLDER>", "acme") for one in needed["schemas"]
    ]
    assert [one["@type"] for one in needed["descriptors"]] == ["xdm:descriptorIdentity"]
    assert "keep out" not in api.get(f"{VERSIONS}/{journey['versionUid']}/export").text
    for one in (*needed["events"], *needed["actions"]):
        assert not {"metadata", "orgId", "usedIn", "version"} & set(one)


def test_an_import_into_another_sandbox_makes_everything_it_needs(api: TestClient, journey: dict[str, Any]) -> None:
    answer = api.post(IMPORT, json=filled(exported(api, journey)), headers={"x-sandbox-name": "dev"})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["valid"], made["errors"], made["warnings"]) == (True, [], [])
    assert made["journey"]["name"] == "Follow-up"
    assert made["journey"]["sandboxName"] == "dev"
    assert made["created"]["events"][0]["uid"] != journey["event"]["uid"]
    assert made["created"]["events"][0]["eventID"] == journey["event"]["eventID"]
    assert [one["$id"] for one in made["created"]["schemas"]][-1] == journey["schemaId"]
    published = api.post(f"{VERSIONS}/{made['journey']['versionUid']}/publish", headers={"x-sandbox-name": "dev"})
    assert published.status_code == 200, published.text
    assert answer.headers["location"] == f"{BASE}/journeys/{made['journey']['uid']}"


def test_a_rule_set_is_that_of_the_same_name_in_the_other_sandbox(api: TestClient, journey: dict[str, Any]) -> None:
    rule = {"id": "r", "name": "Monthly", "type": "entryCap", "limit": 5, "period": "month"}
    body = {"name": "Few journeys", "domain": "journey", "state": "active", "rules": [rule]}
    uid = api.post(f"{BASE}/ruleSets", json=body).json()["uid"]
    version = f"{VERSIONS}/{journey['versionUid']}"
    document = api.get(version).json()["document"]
    assert api.put(version, json={**document, "ruleSet": uid}).is_success
    export = filled(exported(api, journey))
    assert export["dependencies"]["ruleSets"] == [{"uid": uid, "name": "Few journeys", "domain": "journey"}]
    dev = {"x-sandbox-name": "dev"}
    without = api.post(IMPORT, json=export, headers=dev).json()
    assert [fault["code"] for fault in without["errors"]] == ["ERR_RULE_SET_UNKNOWN"]
    there = api.post(f"{BASE}/ruleSets", json=body, headers=dev).json()["uid"]
    made = api.post(IMPORT, json=export, headers=dev).json()
    assert made["valid"], made["errors"]
    shown = api.get(f"{VERSIONS}/{made['journey']['versionUid']}", headers=dev).json()
    assert shown["document"]["ruleSet"] == there


def test_a_decision_rule_is_made_in_the_other_sandbox_and_taken_where_it_is_there(
    api: TestClient, journey: dict[str, Any]
) -> None:
    body = {
        "name": "At home",
        "tags": ["geo"],
        "expression": "isNotEmpty(#{ExperiencePlatform.ProfileFieldGroup.personID})",
    }
    uid = api.post(f"{BASE}/decisionRules", json=body).json()["uid"]
    version = f"{VERSIONS}/{journey['versionUid']}"
    document = api.get(version).json()["document"]
    document["nodes"]["big"]["paths"] = [{"id": "yes", "rule": uid}]
    assert api.put(version, json=document).is_success
    export = filled(exported(api, journey))
    assert export["dependencies"]["decisionRules"] == [{"uid": uid, "description": "", **body}]
    dev = {"x-sandbox-name": "dev"}
    for _ in range(2):  # the second finds the rule of the first
        made = api.post(IMPORT, json=export, headers=dev).json()
        assert made["valid"], made["errors"]
        (there,) = api.get(f"{BASE}/decisionRules", headers=dev).json()["results"]
        shown = api.get(f"{VERSIONS}/{made['journey']['versionUid']}", headers=dev).json()
        assert shown["document"]["nodes"]["big"]["paths"] == [{"id": "yes", "rule": there["uid"]}]
    assert (there["usedIn"], there["tags"], there["expression"]) == (2, ["geo"], body["expression"])
    export["dependencies"]["decisionRules"][0]["expression"] = "true"  # of this name, but something else
    made = api.post(IMPORT, json=export, headers=dev).json()
    assert "decision rule 'At home' is called 'At home_2' here" in made["warnings"]


def test_names_that_are_taken_give_way_and_expressions_follow(api: TestClient, journey: dict[str, Any]) -> None:
    answer = api.post(IMPORT, json=filled(exported(api, journey)))
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["valid"], made["errors"]
    assert made["created"]["events"][0]["name"] == "Order_2"
    assert made["created"]["events"][0]["eventID"] != journey["event"]["eventID"]
    assert made["created"]["schemas"] == []
    assert made["warnings"] == [
        "event 'Order' is called 'Order_2' here",
        "action 'SendMail' is called 'SendMail_2' here",
    ]
    version = api.get(f"{VERSIONS}/{made['journey']['versionUid']}").json()["document"]
    assert version["name"] == "Follow-up_2"
    assert version["nodes"]["big"]["paths"][0]["expression"] == "@event{Order_2._acme.order.total} > 100"
    assert version["nodes"]["sent"]["paths"][0]["expression"] == '@action{SendMail_2.status} == "sent"'
    event = api.get(f"{EVENTS}/{made['created']['events'][0]['uid']}").json()
    assert "@event{Order_2." in event["profileIdentifier"]


def test_an_export_of_a_journey_that_is_not_valid_is_500_with_every_fault(
    api: TestClient, journey: dict[str, Any]
) -> None:
    broken = document(journey["event"]["uid"], journey["action"]["uid"], "@event{Order._acme.order.totl} > 1")
    broken["edges"].append({"from": "sent", "to": "nowhere"})
    version = api.post(f"{BASE}/journeys", json=broken).json()["versionUid"]
    answer = api.get(f"{VERSIONS}/{version}/export")
    assert answer.status_code == 500
    body = answer.json()
    assert (body["type"], body["title"]) == ("http://ns.adobe.com/aep/errors/PARC-7500-500", "Export failed")
    assert "ERR_EDGE_NODE" in [one["code"] for one in body["report"]["sub-errors"]]


def test_an_import_with_faults_is_400_naming_each_and_makes_nothing(api: TestClient, journey: dict[str, Any]) -> None:
    before = counts(api, "dev")
    found = exported(api, journey)
    answer = api.post(IMPORT, json=found, headers={"x-sandbox-name": "dev"})
    assert answer.status_code == 400
    (fault,) = answer.json()["report"]["sub-errors"]
    assert (fault["code"], fault["path"]) == (
        "ERR_IMPORT_SECRET", "$.dependencies.actions[0].authentication.password",
    )  # fmt: skip
    found = filled(found)
    found["dependencies"]["events"][0]["idType"] = "neither"
    found["dependencies"]["actions"][0]["url"] = "ftp://mail.example.com"
    found["journeyVersion"]["document"]["nodes"]["mail"]["actionUid"] = "unknown"
    answer = api.post(IMPORT, json=found, headers={"x-sandbox-name": "dev"})
    assert answer.status_code == 400
    paths = [one["path"] for one in answer.json()["report"]["sub-errors"]]
    assert paths == [
        "$.dependencies.events[0].idType",
        "$.dependencies.actions[0].url",
        "$.journeyVersion.document.nodes.start.eventUid",
        "$.journeyVersion.document.nodes.mail.actionUid",
    ]
    assert counts(api, "dev") == before


@pytest.mark.parametrize(
    "body",
    [{}, {"formatVersion": "1.0"}, {"formatVersion": "1.0", "journeyVersion": {"document": {}}, "dependencies": 1},
     {"formatVersion": "1.0", "journeyVersion": {"document": {"name": "x"}}, "dependencies": {"events": [1]}},
     {"formatVersion": "1.0", "journeyVersion": {"document": {"name": 1}}, "dependencies": {}},
     {"formatVersion": "1.0", "journeyVersion": {"document": {"name": "x"}}, "dependencies": {"campaigns": [{}]}}],
)  # fmt: skip
def test_what_is_no_export_is_refused(api: TestClient, body: dict[str, Any]) -> None:
    answer = api.post(IMPORT, json=body)
    assert answer.status_code == 400
    assert answer.json()["report"]["sub-errors"]


def test_an_export_of_another_tenant_gets_this_one_s_names(api: TestClient, journey: dict[str, Any]) -> None:
    text = api.get(f"{VERSIONS}/{journey['versionUid']}/export").text
    other = text.replace("_acme", "_globex").replace("/acme/", "/globex/").replace('"acme"', '"globex"')
    other = other.replace("INSERT_SECRET_HERE", "x")
    answer = api.post(IMPORT, content=other, headers={"x-sandbox-name": "dev", "Content-Type": "application/json"})
    assert answer.status_code == 201, answer.text
    assert answer.json()["valid"], answer.json()["errors"]


def test_a_version_is_duplicated_as_the_draft_of_a_new_journey(api: TestClient, journey: dict[str, Any]) -> None:
    api.post(f"{VERSIONS}/{journey['versionUid']}/publish")
    renamed = {**event_body(journey["schemaId"], fields=["/_acme"]), "name": "Purchase"}
    assert api.put(f"{EVENTS}/{journey['event']['uid']}", json=renamed).status_code == 200
    answer = api.post(f"{VERSIONS}/{journey['versionUid']}/duplicate")
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["name"], made["status"]) == ("Follow-up_copy", "Draft")
    copied = api.get(f"{VERSIONS}/{made['versionUid']}").json()["document"]
    assert copied["nodes"]["big"]["paths"][0]["expression"] == "@event{Purchase._acme.order.total} > 100"
    assert api.post(f"{VERSIONS}/{made['versionUid']}/check").json()["valid"]
    named = api.post(f"{VERSIONS}/{journey['versionUid']}/duplicate", json={"name": "Mine"})
    assert named.json()["name"] == "Mine"
    assert api.post(f"{VERSIONS}/{journey['versionUid']}/duplicate", json={"name": " "}).status_code == 400
    assert api.post(f"{VERSIONS}/unknown/duplicate").status_code == 404


def test_the_name_of_a_copy_is_never_too_long(api: TestClient) -> None:
    made = api.post(f"{BASE}/journeys", json={"name": "x" * 255}).json()
    copied = api.post(f"{VERSIONS}/{made['versionUid']}/duplicate").json()
    assert copied["name"] == "x" * 250 + "_copy"


def test_two_events_of_a_sandbox_never_have_one_event_id(api: TestClient, journey: dict[str, Any]) -> None:
    body = {
        **event_body(journey["schemaId"], fields=["/_acme"]),
        "name": "Other",
        "eventID": journey["event"]["eventID"],
    }
    answer = api.post(EVENTS, json=body)
    assert answer.status_code == 400
    assert answer.json()["report"]["path"] == "$.eventID"


def test_data_sources_go_along_and_give_way_to_names_that_are_taken(api: TestClient, journey: dict[str, Any]) -> None:
    group = {"name": "tier", "dynamicValues": "city", "responsePayload": {"level": "x"}}
    secret = {"type": "basic", "username": "shop", "password": "keep out"}
    body = {"name": "Loyalty", "url": "https://l.example.com/", "authentication": secret, "fieldGroups": [group]}
    assert api.post(f"{BASE}/dataSources", json=body).status_code == 201
    text = '#{Loyalty.tier.level} == "gold" and #{Loyalty.tier.level, params: {city: "x"}} == "gold"'
    draft = document(journey["event"]["uid"], journey["action"]["uid"], text)
    values = [{"name": "city", "expression": '"Oslo"'}]
    draft["nodes"]["big"]["dynamicValues"] = [{"dataSource": "Loyalty", "fieldGroup": "tier", "values": values}]
    made = api.post(f"{BASE}/journeys", json=draft).json()
    export = exported(api, made)
    (source,) = export["dependencies"]["dataSources"]
    assert source["authentication"]["password"] == "INSERT_SECRET_HERE"
    refused = api.post(IMPORT, json=filled(export))
    assert "$.dependencies.dataSources[0].authentication.password" in refused.text
    source["authentication"]["password"] = "written in"
    answer = api.post(IMPORT, json=export)
    assert answer.status_code == 201, answer.text
    (created,) = answer.json()["created"]["dataSources"]
    assert created["name"] == "Loyalty_2"
    imported = api.get(f"{VERSIONS}/{answer.json()['journey']['versionUid']}").json()["document"]["nodes"]["big"]
    assert imported["paths"][0]["expression"] == text.replace("Loyalty", "Loyalty_2")
    assert imported["dynamicValues"][0]["dataSource"] == "Loyalty_2"
