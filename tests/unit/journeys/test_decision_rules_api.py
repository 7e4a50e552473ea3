"""Decision rules through the API: what is refused, who may change them, and how live journeys follow (§8.13)."""

from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from journey_world import entered, states
from test_journey_api import BASE, JOURNEYS, VERSIONS, Sandbox, live

from parcours.access.errors import PermissionDenied
from parcours.app import Platform

RULES = f"{BASE}/decisionRules"
TESTER = "#{ExperiencePlatform.ProfileFieldGroup.personID} == 'tester'"
NO_TESTER = f"not({TESTER})"
ASKED = "inAudience('Regulars')"


@pytest.fixture
def sandbox(api: TestClient) -> Sandbox:
    return Sandbox(api)


def made(api: TestClient, expression: str = TESTER, **members: Any) -> dict[str, Any]:
    answer = api.post(RULES, json={"name": "Testers", "expression": expression, **members})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def targeting(sandbox: Sandbox, *rules: str) -> dict[str, Any]:
    """A journey whose first rule leads to `x`, and whose fallback to `z`."""
    paths = [{"id": f"p{number}", "rule": uid} for number, uid in enumerate(rules)]
    return {
        "name": "By rule",
        "entry": {"node": "start"},
        "nodes": {
            "start": {"type": "event", "eventUid": sandbox.event["uid"]},
            "o": {"type": "optimize", "optimizeType": "targeting", "paths": paths},
            "x": {"type": "end"},
            "z": {"type": "end"},
        },
        "edges": [
            {"from": "start", "to": "o"},
            {"from": "o", "to": "x", "kind": "path", "path": "p0"},
            {"from": "o", "to": "z", "kind": "other"},
        ],
    }


def published(sandbox: Sandbox, *rules: str) -> str:
    created = sandbox.api.post(JOURNEYS, json=targeting(sandbox, *rules))
    assert created.status_code == 201, created.text
    uid: str = created.json()["versionUid"]
    answer = sandbox.api.post(f"{VERSIONS}/{uid}/publish")
    assert answer.status_code == 200, answer.text
    return uid


def way(platform: Platform, version_uid: str, is_tester: bool) -> str:
    """Where somebody comes to in a live version."""
    journey = live(platform).get(version_uid)
    assert journey is not None
    profile = {"ProfileFieldGroup": {"personID": "tester" if is_tester else "other"}}
    return states(entered(journey, ExperiencePlatform=profile))[-1][0]


def test_a_rule_is_made_found_changed_and_deleted(api: TestClient) -> None:
    rule = made(api, description="Who tries", tags=["qa"])
    assert (rule["usedIn"], rule["description"], rule["tags"]) == (0, "Who tries", ["qa"])
    assert "audiences" not in rule
    one = f"{RULES}/{rule['uid']}"
    read = api.get(one)
    assert read.json() == rule
    changed = {**rule, "name": "No testers", "expression": NO_TESTER}
    headers = {"If-Match": read.headers["etag"]}
    assert api.put(one, json=changed, headers=headers).json()["expression"] == NO_TESTER
    assert api.put(one, json=changed, headers=headers).status_code == 412
    for query, count in (
        ({"search": "TESTERS who"}, 1),
        ({"search": "other"}, 0),
        ({"tag": "qa"}, 1),
        ({"tag": "x"}, 0),
    ):
        assert api.get(RULES, params=query).json()["total"] == count
    assert api.delete(one).status_code == 204
    for answer in (api.get(one), api.delete(one), api.put(one, json=changed), api.get(f"{one}/journeys")):
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (404, "PARC-7804-404")


@pytest.mark.parametrize(
    ("body", "path", "told"),
    [
        ({"name": "x"}, "$", '"expression" is a required property'),
        ({"name": " ", "expression": TESTER}, "$.name", ""),
        ({"name": "x", "expression": TESTER, "color": "red"}, "$", "color"),
        ({"name": "x", "expression": "1 + 1"}, "$.expression", "boolean"),
        ({"name": "x", "expression": f"{TESTER} and"}, "$.expression", "line 1, column"),
        ({"name": "x", "expression": "@event{Order._acme.order.total} > 1"}, "$.expression", "a decision rule reads"),
        (
            {"name": "x", "expression": "@action{SendMail.jo_status_code} == 'x'"},
            "$.expression",
            "a decision rule reads",
        ),
        ({"name": "x", "expression": "#{Weather.now.sky} == 'blue'"}, "$.expression", "a decision rule reads"),
        ({"name": "x", "expression": "#{ExperiencePlatform.ProfileFieldGroup.gone}"}, "$.expression", ""),
        ({"name": "x", "expression": "inAudience('Nobody')"}, "$.expression", "no audience 'Nobody'"),
    ],
)
def test_what_is_no_rule_is_refused_at_its_fault(
    api: TestClient, sandbox: Sandbox, body: dict[str, Any], path: str, told: str
) -> None:
    answer = api.post(RULES, json=body)
    assert answer.status_code == 400, answer.text
    found = answer.json()
    assert told in found["detail"]
    assert path in answer.text


def test_a_name_is_taken_once(api: TestClient) -> None:
    made(api)
    assert api.post(RULES, json={"name": "Testers", "expression": TESTER}).status_code == 409
    other = made(api, name="Others")
    assert api.put(f"{RULES}/{other['uid']}", json={"name": "Testers", "expression": TESTER}).status_code == 409


def test_a_live_journey_follows_a_changed_rule_at_once(api: TestClient, sandbox: Sandbox, platform: Platform) -> None:
    rule = made(api)
    one = f"{RULES}/{rule['uid']}"
    version = published(sandbox, rule["uid"])
    assert [way(platform, version, tester) for tester in (True, False)] == ["x", "z"]
    before = live(platform).get(version)
    assert api.put(one, json={**rule, "description": "Said otherwise"}).is_success
    assert live(platform).get(version).decision_rules == before.decision_rules  # type: ignore[union-attr]
    assert api.put(one, json={**rule, "expression": NO_TESTER, "name": "The others"}).is_success
    assert [way(platform, version, tester) for tester in (True, False)] == ["z", "x"]


def test_only_what_names_a_changed_rule_is_compiled_anew(api: TestClient, sandbox: Sandbox, platform: Platform) -> None:
    one, other = made(api), made(api, name="Other")
    versions = [published(sandbox, uid) for uid in (one["uid"], other["uid"])]
    before = [live(platform).get(uid) for uid in versions]
    assert api.put(f"{RULES}/{one['uid']}", json={**one, "expression": NO_TESTER}).is_success
    after = [live(platform).get(uid) for uid in versions]
    assert [a is b for a, b in zip(after, before, strict=True)] == [False, True]


def test_a_change_that_a_running_version_can_not_take_is_refused(api: TestClient, sandbox: Sandbox) -> None:
    """Anonymous journeys know nobody who could be in an audience."""
    regulars = api.post("/data/core/ups/audiences", json={"name": "Regulars", "identityNamespace": "Email"})
    assert regulars.is_success
    rule = made(api)
    body = {**sandbox.event, "name": "Anonymous", "namespace": None, "eventID": None}
    body["profileIdentifier"] = body["profileIdentifier"].replace("Order", "Anonymous")
    anonymous = api.post(f"{BASE}/events", json={k: v for k, v in body.items() if k not in _OF_SERVER})
    assert anonymous.status_code == 201, anonymous.text
    document = targeting(sandbox, rule["uid"])
    document["nodes"]["start"]["eventUid"] = anonymous.json()["uid"]
    uid = api.post(JOURNEYS, json=document).json()["versionUid"]
    assert api.post(f"{VERSIONS}/{uid}/publish").is_success
    refused = api.put(f"{RULES}/{rule['uid']}", json={**rule, "expression": ASKED})
    assert refused.status_code == 409, refused.text
    assert "journey 'By rule' can't take the change" in refused.json()["detail"]
    assert api.get(f"{RULES}/{rule['uid']}").json()["expression"] == TESTER


_OF_SERVER = {"uid", "orgId", "sandboxName", "metadata", "state", "version", "usedIn"}


def test_a_rule_that_journeys_use_stays_and_is_told_where(api: TestClient, sandbox: Sandbox) -> None:
    rule = made(api)
    one = f"{RULES}/{rule['uid']}"
    draft = api.post(JOURNEYS, json=targeting(sandbox, rule["uid"])).json()
    refused = api.delete(one)
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "PARC-7810-409")
    assert "'By rule'" in refused.json()["detail"]
    (user,) = api.get(f"{one}/journeys").json()["results"]
    assert (user["name"], user["versions"][0]["status"]) == ("By rule", "Draft")
    assert api.get(one).json()["usedIn"] == 1
    assert [found["uid"] for found in api.get(JOURNEYS, params={"uses": rule["uid"]}).json()["results"]] == [
        draft["uid"]
    ]
    assert api.delete(f"{JOURNEYS}/{draft['uid']}").is_success
    assert api.delete(one).status_code == 204


def test_a_version_that_is_over_can_still_be_looked_at_when_its_rule_went(api: TestClient, sandbox: Sandbox) -> None:
    rule = made(api)
    version = published(sandbox, rule["uid"])
    assert api.post(f"{VERSIONS}/{version}/stop").is_success
    assert api.delete(f"{RULES}/{rule['uid']}").status_code == 204
    checked = api.post(f"{VERSIONS}/{version}/check")
    assert (checked.status_code, checked.json()["errors"]) == (200, [])


def test_an_audience_and_its_name_are_those_of_the_rule(api: TestClient, sandbox: Sandbox, platform: Platform) -> None:
    audiences = "/data/core/ups/audiences"
    regulars = api.post(audiences, json={"name": "Regulars", "identityNamespace": "Email"}).json()
    rule = made(api)
    version = published(sandbox, rule["uid"])
    assert api.put(f"{RULES}/{rule['uid']}", json={**rule, "expression": ASKED}).is_success
    assert live(platform).get(version).audience_ids == {"Regulars": regulars["id"]}  # type: ignore[union-attr]
    assert "is used by" in api.delete(f"{audiences}/{regulars['id']}").text
    renamed = [{"op": "replace", "path": "/name", "value": "Good friends"}]
    assert api.patch(f"{audiences}/{regulars['id']}", json=renamed, headers={"If-Match": "*"}).is_success
    platform.journeys.live = platform.journeys.compiled()  # as after a restart
    assert live(platform).get(version).audience_ids == {"Regulars": regulars["id"]}  # type: ignore[union-attr]


def test_who_may_not_publish_does_not_change_what_live_journeys_do(
    api: TestClient, sandbox: Sandbox, platform: Platform
) -> None:
    rule = made(api)
    admin = platform.access.admit(api.headers)
    writer = replace(admin, permissions=admin.permissions - {"journeys.publish"})
    change = {**rule, "expression": NO_TESTER}
    platform.decision_rules.replace(writer, rule["uid"], {**change, "name": "Not yet live"})
    published(sandbox, rule["uid"])
    platform.decision_rules.replace(writer, rule["uid"], change)  # other words, the same expression
    with pytest.raises(PermissionDenied) as refused:
        platform.decision_rules.replace(writer, rule["uid"], rule)
    assert (refused.value.permission, refused.value.path) == ("journeys.publish", "$.expression")


def test_changes_stand_in_the_audit_log(api: TestClient) -> None:
    rule = made(api)
    api.put(f"{RULES}/{rule['uid']}", json={**rule, "expression": NO_TESTER})
    api.delete(f"{RULES}/{rule['uid']}")
    answer = api.get("/data/foundation/audit/events", params={"property": "assetType==Decision rule"})
    entries = answer.json()["_embedded"]["events"]
    assert sorted(entry["action"] for entry in entries) == ["Create", "Delete", "Update"]
    assert {entry["assetName"] for entry in entries} == {"Testers"}


def test_another_sandbox_sees_none_of_it(api: TestClient) -> None:
    rule = made(api)
    dev = {"x-sandbox-name": "dev"}
    assert api.get(RULES, headers=dev).json()["results"] == []
    assert api.get(f"{RULES}/{rule['uid']}", headers=dev).status_code == 404


def test_a_simulation_takes_the_ways_of_the_rules(api: TestClient, sandbox: Sandbox) -> None:
    rule = made(api)
    found = api.post(
        f"{JOURNEYS}/simulate",
        json={
            "document": targeting(sandbox, rule["uid"]),
            "events": [
                {"event": "Order", "at": at, "payload": {"_id": person, "_acme": {"person": {"email": person}}}}
                for at, person in (("2026-01-01T00:00:00Z", "a@example.com"), ("1h", "b@example.com"))
            ],
            "profiles": [{"namespace": "Email", "id": "a@example.com", "attributes": {"personID": "tester"}}],
        },
    )
    assert found.status_code == 200, found.text
    ways = {(one["from"], one["to"]): one["passed"] for one in found.json()["paths"]}
    assert ways == {("start", "o"): 2, ("o", "x"): 1, ("o", "z"): 1}
    people = {one["key"]: one for one in found.json()["customers"]}
    steps = [step for step in people["a@example.com"]["steps"] if step["nodeId"] == "o"]
    assert steps[0]["detail"]["paths"][0]["rule"] == "Testers"
