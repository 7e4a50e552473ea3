"""Access labels: what somebody who lacks one does not see, and what goes on regardless."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from parcours.app import Platform
from parcours.edge import build_control_plane
from parcours.resources.labels import hidden_from

sys.path.insert(0, str(Path(__file__).parents[1] / "events"))
from event_world import EVENTS, create_schema, event_body

ADMIN = "/data/foundation/access-control/administration"
JOURNEYS = "/journey/orchestration/journeys"
VERSIONS = "/journey/orchestration/journeyVersions"
Signed = Callable[..., TestClient]


@pytest.fixture
def someone(platform: Platform, api: TestClient) -> Signed:
    """A client that may do everything but administer access, and sees what these labels show."""
    app = build_control_plane(platform)

    def make(name: str, *labels: str) -> TestClient:
        sets = [
            "manage-journeys", "publish-journeys", "manage-journeys-events-data-sources-and-actions",
            "apply-data-usage-labels",
        ]  # fmt: skip
        role = {"name": name, "permissionSets": sets, "sandboxes": ["*"], "subjectAttributes": {"labels": list(labels)}}
        role_id = api.post(f"{ADMIN}/roles", json=role).json()["id"]
        platform.access.add_client("ACME@AdobeOrg", name, "secret", (role_id,))
        form = {"grant_type": "client_credentials", "client_id": name, "client_secret": "secret"}
        headers = {
            "Authorization": f"Bearer {platform.access.issue_token(form)['access_token']}",
            "x-api-key": name,
            "x-gw-ims-org-id": "ACME@AdobeOrg",
        }
        return TestClient(app, headers=headers, raise_server_exceptions=False)

    return make


def label(api: TestClient, uid: str, *labels: str) -> int:
    return api.put(f"{ADMIN}/labels/{uid}", json={"labels": list(labels)}).status_code


def test_an_object_is_hidden_from_who_lacks_one_of_its_labels() -> None:
    labels = {1: {"a": frozenset({"x"}), "b": frozenset({"x", "y"}), "c": frozenset({"y"})}, 2: {"d": frozenset({"x"})}}
    assert hidden_from(labels, 1, frozenset()) == {"a", "b", "c"}
    assert hidden_from(labels, 1, frozenset({"x"})) == {"b", "c"}
    assert hidden_from(labels, 1, frozenset({"x", "y"})) == frozenset()
    assert hidden_from(labels, 1, frozenset({"*"})) == frozenset()
    assert hidden_from(labels, 3, frozenset()) == frozenset()


def test_a_labelled_journey_is_not_there_for_who_lacks_the_label(api: TestClient, someone: Signed) -> None:
    secret = api.post(JOURNEYS, json={"name": "Secret"}).json()
    plain = api.post(JOURNEYS, json={"name": "Plain"}).json()
    holder, other = someone("holder", "core/S1"), someone("other", "core/S2")
    assert {one["name"] for one in other.get(JOURNEYS).json()["results"]} == {"Secret", "Plain"}
    assert label(api, secret["uid"], "core/S1") == 200

    def names(client: TestClient) -> set[str]:
        return {one["name"] for one in client.get(JOURNEYS).json()["results"]}

    assert names(api) == names(holder) == {"Secret", "Plain"}
    assert names(other) == {"Plain"}
    version = f"{VERSIONS}/{secret['versionUid']}"
    for method, path in (
        ("GET", f"{JOURNEYS}/{secret['uid']}"), ("GET", f"{JOURNEYS}/{secret['uid']}/latest"), ("GET", version),
        ("PUT", version), ("POST", f"{version}/check"), ("POST", f"{version}/publish"), ("POST", f"{version}/stop"),
        ("GET", f"{version}/instances"), ("GET", f"{version}/counts"), ("DELETE", f"{JOURNEYS}/{secret['uid']}"),
        ("GET", f"{ADMIN}/labels/{secret['uid']}"),
    ):  # fmt: skip
        body = {"name": "Changed"} if method == "PUT" else None
        assert other.request(method, path, json=body).status_code == 404, (method, path)
        if method in ("GET", "PUT"):
            assert holder.request(method, path, json=body).status_code == 200, (method, path)
    assert other.get(f"{JOURNEYS}/{plain['uid']}").status_code == 200
    assert label(api, secret["uid"]) == 200
    assert other.get(version).json()["name"] == "Changed"


def test_a_labelled_event_is_hidden_and_its_name_stays_taken(api: TestClient, someone: Signed) -> None:
    schema = create_schema(api)
    event = api.post(EVENTS, json=event_body(schema, fields=["/_acme"])).json()
    document = {
        "name": "Welcome",
        "entry": {"node": "start"},
        "nodes": {"start": {"type": "event", "eventUid": event["uid"]}, "end": {"type": "end"}},
        "edges": [{"from": "start", "to": "end"}],
    }
    other = someone("other")
    assert label(api, event["uid"], "core/S1") == 200
    assert other.get(EVENTS).json()["results"] == []
    assert other.get(f"{EVENTS}/{event['uid']}").status_code == 404
    assert other.delete(f"{EVENTS}/{event['uid']}").status_code == 404
    assert other.post(EVENTS, json=event_body(schema, fields=["/_acme"])).status_code == 409
    made = other.post(JOURNEYS, json=document).json()
    assert other.post(f"{VERSIONS}/{made['versionUid']}/publish").status_code == 200


def test_a_rename_reaches_a_journey_that_the_caller_does_not_see(api: TestClient, someone: Signed) -> None:
    schema = create_schema(api)
    body = event_body(schema, fields=["/_acme"])
    event = api.post(EVENTS, json=body).json()
    expression = f"@event{{{event['name']}._acme.order.total}} > 100"
    document = {
        "name": "Hidden",
        "entry": {"node": "start"},
        "nodes": {
            "start": {"type": "event", "eventUid": event["uid"]},
            "big": {"type": "condition", "paths": [{"id": "yes", "expression": expression}]},
        },
        "edges": [{"from": "start", "to": "big"}],
    }
    made = api.post(JOURNEYS, json=document).json()
    label(api, made["uid"], "core/S1")
    other = someone("other")
    answer = other.put(f"{EVENTS}/{event['uid']}", json={**body, "name": "Renamed"}, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text
    stored = api.get(f"{VERSIONS}/{made['versionUid']}").json()["document"]
    assert stored["nodes"]["big"]["paths"][0]["expression"].startswith("@event{Renamed.")


def test_nobody_puts_a_label_that_they_lack(api: TestClient, someone: Signed) -> None:
    made = api.post(JOURNEYS, json={"name": "A"}).json()
    holder = someone("holder", "core/S1")
    assert label(holder, made["uid"], "core/S1") == 200
    assert label(holder, made["uid"], "core/S1", "core/S2") == 403
    assert label(someone("other"), made["uid"]) == 404
    assert api.get(f"{ADMIN}/labels/{made['uid']}").json() == {"objectId": made["uid"], "labels": ["core/S1"]}


@pytest.mark.parametrize("labels", ["x", [5], [""], ["*"], ["a" * 101], ["a\0"], [f"l{n}" for n in range(51)], None])
def test_labels_that_are_none_are_refused(api: TestClient, labels: object) -> None:
    made = api.post(JOURNEYS, json={"name": "A"}).json()
    assert api.put(f"{ADMIN}/labels/{made['uid']}", json={"labels": labels}).status_code == 400


def test_labels_end_with_their_object_and_are_logged(api: TestClient) -> None:
    made = api.post(JOURNEYS, json={"name": "A"}).json()
    assert label(api, made["uid"], "core/S1") == 200
    assert label(api, made["uid"], "core/S1") == 200  # no change, no line
    events = api.get("/data/foundation/audit/events", params={"property": "action==apply labels"}).json()
    assert [one["assetId"] for one in events["_embedded"]["events"]] == [made["uid"]]
    assert api.delete(f"{JOURNEYS}/{made['uid']}").status_code in (200, 204)
    assert api.get(f"{ADMIN}/labels/{made['uid']}").status_code == 404
    assert label(api, "nowhere", "core/S1") == 404


def test_labels_hold_in_their_sandbox(api: TestClient, someone: Signed) -> None:
    made = api.post(JOURNEYS, json={"name": "A"}).json()
    label(api, made["uid"], "core/S1")
    assert (
        api.put(f"{ADMIN}/labels/{made['uid']}", json={"labels": []}, headers={"x-sandbox-name": "dev"}).status_code
        == 404
    )
    assert someone("other").get(JOURNEYS).json()["results"] == []
