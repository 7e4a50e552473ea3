"""`GET /ajo/journey`: the read model of every kind of node, the grammar of its parameters, its errors."""

import sys
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from journey_world import WORLD, compiled, document

from parcours.journeys.journey_filter import (
    Facts,
    JourneyQueryInvalid,
    matches,
    project,
    read_fields,
    read_filter,
    read_sort,
    sort,
)
from parcours.journeys.naming import names_of_nodes
from parcours.journeys.readmodel import JOURNEY_FIELDS

sys.path.insert(0, str(Path(__file__).parents[1] / "events"))
from event_world import EVENTS, create_schema, event_body

BASE = "/journey/orchestration"
AJO = "/ajo/journey"
UNTIL = 'toDateTimeOnly("2030-01-01T00:00:00")'
NAMES = {
    "events": {uid: event.name for uid, event in WORLD.events.items()},
    "actions": {uid: action.name for uid, action in WORLD.actions.items()},
}


@pytest.fixture
def event_uid(api: TestClient) -> str:
    body = event_body(create_schema(api), fields=["/_acme"])
    uid: str = api.post(EVENTS, json=body).json()["uid"]
    return uid


def make(api: TestClient, event_uid: str, name: str, **members: Any) -> dict[str, Any]:
    nodes = {
        "start": {"type": "event", "eventUid": event_uid, "description": "Begins it"},
        "big": {
            "type": "condition",
            "label": "Big?",
            "paths": [{"id": "yes", "label": "Yes!", "expression": "@event{Order._acme.order.total} > 100"}],
            "otherPath": True,
        },
        "when": {
            "type": "condition",
            "conditionType": "time",
            "paths": [{"id": "day", "hours": {"from": "09:00", "to": "17:00"}, "days": ["monday"]}],
        },
        "draw": {
            "type": "condition",
            "conditionType": "split",
            "paths": [{"id": "a", "percentage": 30}, {"id": "b", "percentage": 70}],
        },
        "dated": {"type": "condition", "conditionType": "date", "paths": [{"id": "d", "from": "2026-01-01"}]},
        "pause": {"type": "wait", "duration": {"value": 3, "unit": "hours"}},
        "until": {"type": "wait", "waitType": "custom", "expression": UNTIL},
        "again": {"type": "event", "eventUid": event_uid, "timeout": {"value": 5, "unit": "minutes", "path": True}},
        "done": {"type": "end", "label": "Done"},
    }  # fmt: skip
    edges = [
        {"from": "start", "to": "big"},
        {"from": "big", "to": "pause", "kind": "path", "path": "yes"},
        {"from": "big", "to": "when", "kind": "other"},
        {"from": "when", "to": "draw", "kind": "path", "path": "day"},
        {"from": "draw", "to": "dated", "kind": "path", "path": "a"},
        {"from": "draw", "to": "until", "kind": "path", "path": "b"},
        {"from": "dated", "to": "until", "kind": "path", "path": "d"},
        {"from": "pause", "to": "again"},
        {"from": "again", "to": "done", "kind": "timeout"},
    ]
    body = {"name": name, "entry": {"node": "start"}, "nodes": nodes, "edges": edges, **members}
    answer = api.post(f"{BASE}/journeys", json=body)
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


def test_a_journey_has_the_public_fields_and_its_nodes_those_of_their_kind(api: TestClient, event_uid: str) -> None:
    created = make(api, event_uid, "Read me", description="Who reads", timeZone="Europe/Paris")
    answer = api.post(f"{BASE}/journeyVersions/{created['versionUid']}/publish")
    assert answer.status_code == 200, answer.text
    found = api.get(f"{AJO}/{created['versionUid']}").json()
    assert tuple(found) == JOURNEY_FIELDS
    included = api.get(f"{AJO}/{created['uid']}", params={"include": "campaigns,surfaces,rulesets"}).json()
    assert included == {**found, "rulesets": []}
    nodes = found.pop("nodes")
    metadata = found.pop("metadata")
    assert found == {
        "id": created["versionUid"],
        "name": "Read me",
        "description": "Who reads",
        "version": "1.0",
        "type": "unitary",
        "status": "Deployed",
        "imsOrgId": "ACME@AdobeOrg",
        "sandboxName": "prod",
        "timeouts": {"actionExecution": 30, "entityEnrichment": 30},
        "priority": 0,
        "schedule": {
            "startDate": None, "endDate": None, "timezone": "Europe/Paris", "useProfileTimezone": False,
            "recurring": False, "type": None,
        },
        "reentrance": {"policy": "allowed", "durationInSecs": 300},
        "labels": [],
        "metrics": [],
        "ruleset": None,
        "profileMergePolicyId": None,
        "startNodeId": "start",
    }  # fmt: skip
    assert metadata.keys() == {
        f"{what}{suffix}"
        for what in ("created", "lastModified", "lastDeployed", "firstDeployed")
        for suffix in ("By", "ById", "At")
    }
    by_id = {node["id"]: node for node in nodes}
    common = {"id", "type", "name", "correlationId", "description", "transitions"}
    assert all(common <= node.keys() for node in nodes)
    assert by_id["start"] | {"transitions": 0} == {
        "id": "start", "type": "event", "name": "Order", "correlationId": "start", "description": "Begins it",
        "transitions": 0, "fallbackOnTimeoutOrError": False,
    }  # fmt: skip
    assert (by_id["again"]["name"], by_id["again"]["delay"]) == ("Order2", "PT5M")
    assert by_id["again"]["fallbackOnTimeoutOrError"] is True
    assert by_id["pause"]["delay"] == "PT3H"
    assert by_id["until"]["expression"] == UNTIL
    assert by_id["done"].keys() == common
    yes, other = by_id["big"]["transitions"]
    assert yes == {
        "targetNodeId": "pause", "targetName": "pause", "name": "Yes!", "conditionType": "dataSource",
        "expression": "@event{Order._acme.order.total} > 100",
    }  # fmt: skip
    assert other == {"targetNodeId": "when", "targetName": "when", "name": "other"}
    assert by_id["when"]["transitions"][0]["times"] == ["09:00-17:00"]
    assert by_id["when"]["transitions"][0]["days"] == ["monday"]
    assert [t["counterValue"] for t in by_id["draw"]["transitions"]] == ["30", "70"]
    assert by_id["dated"]["transitions"][0]["dates"] == ["2026-01-01"]


def test_kinds_without_an_event_and_unknown_ones_show_what_they_have(api: TestClient, event_uid: str) -> None:
    nodes = {
        "start": {"type": "readAudience", "audienceId": "s", "incremental": True, "schedule": {"type": "daily"},
                  "identityNamespace": "Email", "throttlingRate": 500},
        "in": {"type": "audienceQualification", "audienceId": "q", "verbs": ["enter"]},
        "jump": {"type": "jump", "parameters": [{"label": "L", "paramPath": "/a", "expression": "1"}]},
        "odd": {"type": "somethingNew", "whatever": 1},
        "broken": 5,
    }  # fmt: skip
    edges: list[Any] = [{"from": "jump", "to": "odd", "kind": "error"}, {"from": [], "to": 3}, "x"]
    created = make(api, event_uid, "Odd", nodes=nodes, edges=edges, entry={"node": "start"})
    found = api.get(f"{AJO}/{created['versionUid']}").json()
    by_id = {node["id"]: node for node in found["nodes"]}
    assert (found["type"], found["schedule"]["recurring"]) == ("read_audience", True)
    assert by_id.keys() == {"start", "in", "jump", "odd"}
    assert by_id["start"]["audiences"][0] == {
        "id": "s", "name": None, "forcedReentrance": False, "incrementalRead": True, "waitForAudience": False,
        "waitTime": None,
    }  # fmt: skip
    assert (by_id["start"]["throttlingRate"], by_id["start"]["useDelta"]) == (500, True)
    assert by_id["in"]["verbs"] == ["enter"]
    assert by_id["jump"]["paramMappings"] == [{"label": "L", "paramPath": "/a", "expression": "1"}]
    assert by_id["jump"]["fallbackOnTimeoutOrError"] is True
    assert by_id["odd"].keys() == {"id", "type", "name", "correlationId", "description", "transitions"}
    report = api.get(f"{BASE}/journeyVersions/{created['versionUid']}/report")
    assert report.status_code == 200, report.text


def test_audiences_have_their_names_and_the_namespace_that_people_are_known_by(api: TestClient) -> None:
    audiences = "/data/core/ups/audiences"
    made = api.post(audiences, json={"name": "VIP", "identityNamespace": "Email"}).json()["id"]
    nodes: dict[str, Any] = {"read": {"type": "readAudience", "audienceId": made}}
    body = {"name": "Reads", "entry": {"node": "read"}, "nodes": nodes}
    uid = api.post(f"{BASE}/journeys", json=body).json()["versionUid"]
    other = {"type": "audienceQualification", "audienceId": made, "identityNamespace": "Phone"}
    body = {"name": "Hears", "entry": {"node": "hear"}, "nodes": {"hear": other}}
    heard = api.get(f"{AJO}/{api.post(f'{BASE}/journeys', json=body).json()['versionUid']}").json()
    (node,) = heard["nodes"]
    assert (node["audiences"][0]["name"], node["identityNamespace"], heard["schedule"]["type"]) == (
        "VIP",
        "Phone",
        None,
    )

    def read() -> tuple[str, str, str]:
        found = api.get(f"{AJO}/{uid}").json()
        assert found in api.get(AJO, params={"filter": "schedule.type=asap"}).json()["results"]
        (node,) = found["nodes"]
        (audience,) = node["audiences"]
        return audience["name"], node["identityNamespace"], found["schedule"]["type"]

    assert read() == ("VIP", "Email", "asap")
    published = api.post(f"{BASE}/journeyVersions/{uid}/publish")
    assert published.status_code == 200, published.text
    renamed = api.patch(f"{audiences}/{made}", json=[{"op": "add", "path": "/name", "value": "Gold"}])
    assert renamed.status_code == 201, renamed.text
    assert read() == ("Gold", "Email", "asap")


def test_the_list_is_filtered_sorted_paged_and_projected(api: TestClient, event_uid: str) -> None:
    beta = make(api, event_uid, "Beta", description="the SECOND one")
    alpha = make(api, event_uid, "Alpha")
    api.post(f"{BASE}/journeyVersions/{alpha['versionUid']}/publish")
    second = api.post(f"{BASE}/journeys/{alpha['uid']}/versions").json()["uid"]

    def names(**query: Any) -> list[str]:
        answer = api.get(AJO, params=query)
        assert answer.status_code == 200, answer.text
        return [f"{one['name']} {one['version']}" for one in answer.json()["results"]]

    every = ["Beta 1.0", "Alpha 1.0", "Alpha 2.0"]
    assert names() == every
    assert names(filter="status=live") == ["Alpha 1.0"]
    assert names(filter="status=draft,live&metadata.lastModifiedAt>2024-12-25") == every
    assert names(filter="status=Draft & metadata.createdAt<2024-12-25T00:00:00+01:00") == []
    assert names(filter="metadata.lastDeployedAt>=2024-12-25") == ["Alpha 1.0"]
    assert names(filter="type=business,unitary&name=Beta") == ["Beta 1.0"]
    assert names(filter="nodes.type=wait&nodes.transitions.targetName=Done&timeouts.actionExecution<=30") == every
    assert names(filter="search=second") == ["Beta 1.0"]
    assert names(filter="latest=true") == ["Beta 1.0", "Alpha 2.0"]
    assert names(filter=f"usesEvent={event_uid}&latest=false") == ["Alpha 1.0"]
    assert names(filter="usesEvent=Order") == every
    assert names(filter="usesAction=Order") == []
    assert names(filter="name=B%2565ta") == []
    assert names(filter="name=B%65ta") == ["Beta 1.0"]
    assert names(sort="name=asc,version=desc") == ["Alpha 2.0", "Alpha 1.0", "Beta 1.0"]
    assert names(sort="metadata.lastDeployedAt=asc") == ["Alpha 1.0", "Beta 1.0", "Alpha 2.0"]
    page = api.get(AJO, params={"pageSize": 2, "page": 1, "fields": "id,metadata.createdBy,nodes.id"}).json()
    assert {key: page[key] for key in ("page", "limit", "pages")} == {"page": 1, "limit": 2, "pages": 2}
    (only,) = page["results"]
    assert only.keys() == {"id", "metadata", "nodes"}
    assert only["id"] == second
    assert only["nodes"][0] == {"id": "start"}
    assert only["metadata"].keys() == {"createdBy"}
    assert beta["versionUid"] == api.get(AJO, params={"filter": "name=Beta"}).json()["results"][0]["id"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"filter": "status=nothing"}, "no status 'nothing'"),
        ({"filter": "status>draft"}, "status takes ="),
        ({"filter": "colour=red"}, "a journey has no 'colour'"),
        ({"filter": "name"}, "reads name, operator, value"),
        ({"filter": "version>1,2"}, "> takes one value"),
        ({"filter": "search>1"}, "search takes ="),
        ({"sort": "colour=asc"}, "a journey has no 'colour'"),
        ({"sort": "name=up"}, "=asc or =desc"),
        ({"fields": "name,search"}, "a journey has no 'search'"),
        ({"page": -1}, "page"),
        ({"pageSize": 101}, "pageSize"),
        ({"pageSize": 0}, "pageSize"),
    ],
)
def test_a_question_that_can_not_be_read_is_told_where(api: TestClient, query: dict[str, Any], said: str) -> None:
    answer = api.get(AJO, params=query)
    assert answer.status_code == 400
    assert said in answer.json()["detail"]
    assert answer.json()["report"]["path"].endswith(next(iter(query)))


def test_journeys_are_found_by_tags_that_a_live_version_may_change(api: TestClient, event_uid: str) -> None:
    made = make(api, event_uid, "Tagged", tags=["summer", "loyalty"], metrics=["purchases"])
    make(api, event_uid, "Plain")

    def found(tags: str) -> list[tuple[str, list[str]]]:
        results = api.get(AJO, params={"filter": f"tags={tags}"}).json()["results"]
        return [(one["name"], one["metrics"]) for one in results]

    assert found("winter,loyalty") == [("Tagged", ["purchases"])]
    assert found("winter") == []
    url = f"{BASE}/journeyVersions/{made['versionUid']}"
    assert api.post(f"{url}/publish").status_code == 200
    document = api.get(url).json()["document"]
    assert api.put(url, json={**document, "tags": ["winter"]}).status_code == 200
    assert found("winter") == [("Tagged", ["purchases"])]
    assert api.put(url, json={**document, "tags": ["x" * 65]}).status_code == 400


def test_unknown_journeys_foreign_sandboxes_and_strangers_are_refused(api: TestClient, event_uid: str) -> None:
    created = make(api, event_uid, "Mine")
    assert api.get(f"{AJO}/nothing").status_code == 404
    assert api.get(f"{AJO}/{created['uid']}", params={"include": "everything"}).status_code == 400
    dev = {"x-sandbox-name": "dev"}
    assert api.get(AJO, headers=dev).json()["results"] == []
    assert api.get(f"{AJO}/{created['versionUid']}", headers=dev).status_code == 404
    assert api.get(AJO, headers={"Authorization": "Bearer nobody"}).status_code == 401


def test_nodes_are_named_as_step_events_name_them() -> None:
    doc = document(
        {
            "again": {"type": "event", "eventUid": "e1"},
            "named": {"type": "event", "eventUid": "e1", "label": "Third"},
            "last": {"type": "event", "eventUid": "e1"},
            "m": {"type": "customAction", "actionUid": "a2"},
            "n": {"type": "customAction", "actionUid": "a2", "label": ""},
            "w": {"type": "wait", "duration": {"value": 1, "unit": "days"}},
        },
        ("start", "again"), ("again", "named"), ("named", "last"), ("last", "m"), ("m", "n"), ("n", "w"),
    )  # fmt: skip
    assert names_of_nodes(doc["nodes"], NAMES) == {i: node.name for i, node in compiled(doc).nodes.items()}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(JOURNEY_FIELDS), inner, max_size=3),
    max_leaves=8,
)


@given(
    journeys=st.lists(st.dictionaries(st.sampled_from(JOURNEY_FIELDS), JSON, max_size=6), max_size=5),
    name=st.sampled_from([*JOURNEY_FIELDS, "metadata.createdAt", "nodes.nodes.id", "schedule.name"]),
    op=st.sampled_from(["=", ">", "<", ">=", "<="]),
    value=st.text(max_size=6) | st.sampled_from(["2024-01-01", "true", "3"]),
)
def test_whatever_a_journey_holds_it_is_compared_sorted_and_projected(
    journeys: list[dict[str, Any]], name: str, op: str, value: str
) -> None:
    try:
        conditions = read_filter(f"{name}{op}{value}")
    except JourneyQueryInvalid:
        return
    for journey in journeys:
        matches(journey, Facts(True, frozenset(), frozenset()), conditions)
        project(journey, read_fields(name))
    kept = sort(journeys, read_sort(f"{name}=desc"))
    assert sorted(map(repr, kept)) == sorted(map(repr, journeys))
