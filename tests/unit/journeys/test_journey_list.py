"""The list of journeys: searched, narrowed, ordered, page by page; journeys that are archived, and their traffic."""

import sys
import time
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from parcours.app import Platform
from parcours.journeys.counter_store import add_counts
from parcours.journeys.counters import HOUR_US
from parcours.journeys.journey_list import JourneyListInvalid, choose, read_wanted, traffic_of

sys.path.insert(0, str(Path(__file__).parent))
from test_journey_api import JOURNEYS, VERSIONS, Sandbox, scope


@pytest.fixture
def sandbox(api: TestClient) -> Sandbox:
    return Sandbox(api)


def shown(name: str, **members: Any) -> dict[str, Any]:
    """A journey as the list has it, as far as the list looks at it."""
    made = {"createdBy": "ann", "createdAt": "2026-01-01T00:00:00.000Z", "lastModifiedAt": "2026-01-02T00:00:00.000Z"}
    base = {"name": name, "description": "", "tags": [], "entryType": "unitary", "archived": False, "live": None}
    return {**base, "status": "Draft", "metadata": {**made, **members.pop("metadata", {})}, **members}


EVERY = [
    shown("Welcome", tags=["onboarding", "mail"], status="Deployed", live={"status": "Deployed"}),
    shown("Abandoned cart", description="Reminds by MAIL", live={"status": "Paused"}, entryType="read_audience"),
    shown("Old", archived=True, metadata={"createdBy": "bob"}),
    shown("zebra", tags=["mail"], metadata={"lastModifiedAt": "2026-02-01T00:00:00.000Z"}),
]
EVERY[0]["metadata"] |= {"lastDeployedBy": "cleo", "lastDeployedAt": "2026-01-20T00:00:00.000Z"}


def wanted(**parameters: Any) -> list[str]:
    given: dict[str, Any] = {
        "search": "", "statuses": [], "entry_types": [], "tags": [], "created_by": "", "modified_since": "",
        "archived": "false", "sort": "",
    }  # fmt: skip
    return [one["name"] for one in choose(EVERY, read_wanted(**{**given, **parameters}))]


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ({}, ["Welcome", "Abandoned cart", "zebra"]),
        ({"search": "mail"}, ["Welcome", "Abandoned cart", "zebra"]),
        ({"search": " MAIL  cart "}, ["Abandoned cart"]),
        ({"search": "none"}, []),
        ({"statuses": ["live"]}, ["Welcome"]),
        ({"statuses": ["draft,Paused"]}, ["Abandoned cart", "zebra"]),
        ({"statuses": ["paused"]}, ["Abandoned cart"]),
        ({"entry_types": ["read_audience"]}, ["Abandoned cart"]),
        ({"tags": ["mail"]}, ["Welcome", "zebra"]),
        ({"tags": ["mail", "onboarding"]}, ["Welcome"]),
        ({"created_by": "bob"}, []),
        ({"created_by": "bob", "archived": "any"}, ["Old"]),
        ({"archived": "true"}, ["Old"]),
        ({"modified_since": "2026-01-15"}, ["zebra"]),
        ({"modified_since": "2026-02-01T01:00:00+01:00"}, ["zebra"]),
        ({"published_by": "cleo"}, ["Welcome"]),
        ({"published_by": "ann"}, []),
        ({"published_since": "2026-01-20"}, ["Welcome"]),
        ({"published_since": "2026-01-20T00:00:01Z"}, []),
        ({"sort": "name"}, ["Abandoned cart", "Welcome", "zebra"]),
        ({"sort": "-name", "archived": "any"}, ["zebra", "Welcome", "Old", "Abandoned cart"]),
        ({"sort": "-lastModifiedAt"}, ["zebra", "Welcome", "Abandoned cart"]),
    ],
)
def test_a_list_is_narrowed_and_ordered(parameters: dict[str, Any], names: list[str]) -> None:
    assert wanted(**parameters) == names


@pytest.mark.parametrize(
    ("parameters", "path"),
    [
        ({"statuses": ["alive"]}, "$.status"),
        ({"entry_types": ["event"]}, "$.entryType"),
        ({"sort": "traffic"}, "$.sort"),
        ({"modified_since": "yesterday"}, "$.modifiedSince"),
        ({"published_since": "2026-13-01"}, "$.publishedSince"),
        ({"search": "x" * 201}, "$.search"),
    ],
)
def test_parameters_that_can_not_be_read_are_refused(parameters: dict[str, Any], path: str) -> None:
    with pytest.raises(JourneyListInvalid) as refused:
        wanted(**parameters)
    assert refused.value.path == path


def test_traffic_is_told_hour_by_hour() -> None:
    rows = [
        ("v1", 100, "entered", "", 5), ("v2", 100, "entered", "", 2), ("v1", 124, "ended", "ended ended", 3),
        ("v1", 110, "ended", "error error", 1), ("v1", 110, "ended", "none stopped", 9), ("v1", 111, "discard", "x", 4),
        ("v1", 99, "entered", "", 1), ("v1", 125, "entered", "", 1),
    ]  # fmt: skip
    found = traffic_of(rows, 100)
    assert {name: found[name] for name in ("entered", "completed", "failed", "discarded")} == {
        "entered": 7, "completed": 3, "failed": 1, "discarded": 4,
    }  # fmt: skip
    assert [len(series) for series in found["hours"].values()] == [25] * 4
    assert (found["hours"]["entered"][0], found["hours"]["completed"][24]) == (7, 3)


def test_pages_follow_each_other(api: TestClient, sandbox: Sandbox, platform: Platform) -> None:
    made = [api.post(JOURNEYS, json={**sandbox.document(), "name": f"Journey {number}"}).json() for number in range(5)]
    now_us = time.time_ns() // 1_000
    uid = made[3]["versionUid"]
    for at_us, number in ((now_us, 4), (now_us - 2 * HOUR_US, 2), (now_us - 30 * HOUR_US, 9)):
        with platform.db.write() as connection:
            add_counts(connection, {(scope(platform), uid, "e", "entered", ""): number}, at_us)
    names: list[str] = []
    start = 0
    while start is not None:
        page = api.get(JOURNEYS, params={"limit": 2, "start": start, "sort": "-name"}).json()
        names += [one["name"] for one in page["results"]]
        assert (page["total"], page["pages"], page["limit"]) == (5, 3, 2)
        start = page["next"]
    assert names == [f"Journey {number}" for number in (4, 3, 2, 1, 0)]
    (one,) = api.get(JOURNEYS, params={"search": "journey 3"}).json()["results"]
    assert (one["traffic"]["entered"], one["traffic"]["hours"]["entered"][-1]) == (6, 4)
    assert (one["entryType"], one["live"], one["archived"]) == ("unitary", None, False)
    assert [one["name"] for one in api.get(JOURNEYS, params={"orderby": "-name", "pageSize": 1}).json()["results"]] == [
        "Journey 4"
    ]
    assert api.get(JOURNEYS, params={"status": "alive"}).status_code == 400


def test_a_journey_is_archived_and_restored(api: TestClient, sandbox: Sandbox) -> None:
    created = sandbox.published()
    url = f"{JOURNEYS}/{created['uid']}"
    assert api.post(f"{url}/archive").status_code == 409
    assert api.post(f"{VERSIONS}/{created['versionUid']}/stop").status_code == 200
    draft = api.post(f"{url}/versions").json()
    assert api.post(f"{url}/archive").json()["archived"] is True
    assert api.post(f"{url}/archive").json()["archived"] is True
    assert api.get(JOURNEYS).json()["results"] == []
    assert [one["uid"] for one in api.get(JOURNEYS, params={"archived": "true"}).json()["results"]] == [created["uid"]]
    assert api.get(url).json()["archived"] is True
    for refused in (f"{VERSIONS}/{draft['uid']}/publish", f"{VERSIONS}/{draft['uid']}/test"):
        assert api.post(refused).status_code == 409
    assert api.post(f"{url}/restore").json()["archived"] is False
    assert len(api.get(JOURNEYS).json()["results"]) == 1
    assert api.post(f"{VERSIONS}/{draft['uid']}/publish").status_code == 200
    log = api.get("/data/foundation/audit/events", params={"limit": 20}).json()
    actions = [event["action"] for event in log["_embedded"]["events"]]
    assert (actions.count("Archive"), actions.count("Restore")) == (2, 1)  # the one that was refused stands there, too
    for verb in ("archive", "restore"):
        assert api.post(f"{JOURNEYS}/nothing/{verb}").status_code == 404


def test_the_list_is_narrowed_to_journeys_that_use_something(api: TestClient, sandbox: Sandbox) -> None:
    created = sandbox.published()
    other = api.post(JOURNEYS, json={"name": "Empty", "nodes": {}, "edges": []}).json()

    def using(named: str) -> list[str]:
        return [one["uid"] for one in api.get(JOURNEYS, params={"uses": named}).json()["results"]]

    assert using("") == [created["uid"], other["uid"]]
    assert using(sandbox.event["uid"]) == using(sandbox.action["uid"]) == [created["uid"]]
    assert using("nothing") == using("Weather") == []
    api.post(f"{VERSIONS}/{created['versionUid']}/stop")
    assert using(sandbox.event["uid"]) == [], "what is over uses nothing any more"


def test_who_published_last_is_told_though_a_draft_follows(api: TestClient, sandbox: Sandbox) -> None:
    created = sandbox.published()
    api.post(f"{JOURNEYS}/{created['uid']}/versions")
    (shown,) = api.get(JOURNEYS, params={"publishedSince": "2026-01-01"}).json()["results"]
    by = shown["metadata"]["lastDeployedBy"]
    assert shown["status"] == "Draft"
    assert len(api.get(JOURNEYS, params={"publishedBy": by}).json()["results"]) == 1
    assert api.get(JOURNEYS, params={"publishedBy": f"{by}x"}).json()["results"] == []
