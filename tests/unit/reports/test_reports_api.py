"""Reports through the API, and the pure parts they are made of."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from parcours.app import Platform
from parcours.journeys.activities.listener import race_id
from parcours.journeys.counter_store import add_counts
from parcours.journeys.counters import (
    HOUR_US,
    Count,
    Tally,
    bounds_of,
    bucket_of,
    outcome_of,
    percentile,
)
from parcours.journeys.model import StepEvent
from parcours.journeys.runner import JourneyWorkspace
from parcours.journeys.workset import Arrival
from parcours.reports.errors import ReportQueryInvalid, TooManyStreams
from parcours.reports.figures import counters, shape_of, summarize
from parcours.reports.live import LiveReports
from parcours.reports.period import Period, live_period, read_interval, read_period

sys.path.insert(0, str(Path(__file__).parents[1] / "events"))
sys.path.insert(0, str(Path(__file__).parents[1] / "journeys"))
from event_world import EVENTS, create_schema, event_body
from journey_world import NOW_US, compiled, document

BASE = "/journey/orchestration"


class Nobody:
    """A world that knows nobody."""

    def data_of(self, *_: Any) -> dict[str, Any]:
        return {}


NOBODY: Any = Nobody()


class World:
    """A journey with a condition and an end, and people in it at chosen times."""

    def __init__(self, api: TestClient, platform: Platform) -> None:
        self.api, self.platform = api, platform
        body = event_body(create_schema(api), fields=["/_acme"])
        self.event_uid = api.post(EVENTS, json=body).json()["uid"]
        self.journey = self.create()
        self.version_uid = self.journey["versionUid"]
        assert api.post(f"{BASE}/journeyVersions/{self.version_uid}/publish").status_code == 200

    def create(self, name: str = "Spenders") -> Any:
        return self.api.post(
            f"{BASE}/journeys",
            json={
                "name": name,
                "entry": {"node": "start"},
                "nodes": {
                    "start": {"type": "event", "eventUid": self.event_uid},
                    "big": {
                        "type": "condition",
                        "paths": [{"id": "yes", "expression": "@event{Order._acme.order.total} > 100"}],
                    },
                    "pause": {"type": "wait", "label": "Think", "duration": {"value": 1, "unit": "hours"}},
                },
                "edges": [
                    {"from": "start", "to": "big"},
                    {"from": "big", "to": "pause", "kind": "path", "path": "yes"},
                ],
            },
        ).json()

    def send(self, at_us: int, *totals: int, key: str = "") -> None:
        with self.platform.db.write() as connection:
            live = self.platform.journeys.live.current(connection)
            actions = self.platform.actions.table.current(connection)
            workspace = JourneyWorkspace(connection, live, actions, NOBODY, at_us)
            scope_id = live.versions[self.version_uid].scope_id
            for number, total in enumerate(totals):
                who = key or f"{at_us}-{number}@example.com"
                payload = {"_id": f"{at_us}-{number}", "_acme": {"order": {"total": total}}}
                workspace.receive(Arrival(scope_id, self.event_uid, who, payload, f"{at_us}-{number}", 1, {}))
            workspace.flush()

    def report(self, **query: str) -> Any:
        answer = self.api.get(f"{BASE}/journeyVersions/{self.version_uid}/report", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def world(api: TestClient, platform: Platform) -> World:
    return World(api, platform)


def test_a_report_tells_all_time_the_last_day_and_a_period(world: World, platform: Platform) -> None:
    now_us = time.time_ns() // 1_000
    world.send(now_us - 60 * 24 * HOUR_US, 200, 200, 10)
    world.send(now_us, 200, 10)
    world.send(now_us, 200, key=f"{now_us}-0@example.com")
    report = world.report()
    assert (report["name"], report["status"], report["version"]) == ("Spenders", "Deployed", "1.0")
    every, live = report["allTime"], report["live"]
    assert (every["entered"], every["completed"], every["current"], every["discarded"]) == (5, 2, 3, 1)
    assert (live["entered"], live["completed"], live["discarded"]) == (2, 1, 1)
    assert "current" not in live
    assert (every["completionRate"], every["discardRate"]) == (0.4, round(1 / 6, 4))
    assert every["discards"] == {"notSuitableInitialEvent": 1}
    nodes = {node["id"]: node for node in every["nodes"]}
    assert [nodes[i]["arrived"] for i in ("start", "big", "pause")] == [5, 5, 3]
    assert nodes["pause"] | {"left": 0} == {
        "id": "pause", "name": "Think", "type": "wait", "arrived": 3, "current": 3, "executed": 0, "errors": 0,
        "left": 0, "ended": {}, "dropOff": 0, "dropOffRate": 0.0,
    }  # fmt: skip
    assert nodes["big"]["ended"] == {"completed": 2}
    assert every["paths"] == [
        {"from": "start", "transition": "default", "to": "big", "count": 5},
        {"from": "big", "transition": "path:yes", "to": "pause", "count": 3},
    ]
    assert every["executed"] == {"action": 0, "enrichment": 0, "event": 5, "orchestration": 5}
    assert every["events"] == [
        {"eventUid": world.event_uid, "name": "Order", "entered": 5, "movedOn": 0, "queued": 0, "ignored": {},
         "discarded": {"notSuitableInitialEvent": 1}}
    ]  # fmt: skip
    start = Period((now_us - 61 * 24 * HOUR_US) // HOUR_US, 0).to_json()["from"]
    end = Period((now_us - 59 * 24 * HOUR_US) // HOUR_US, 0).to_json()["from"]
    period = world.report(**{"from": start, "to": end, "interval": "hour"})
    assert (period["period"]["entered"], period["period"]["from"], period["period"]["to"]) == (3, start, end)
    points = period["series"]["points"]
    assert len(points) == 48
    assert [point["entered"] for point in points if point["entered"]] == [3]
    by_day = world.report(interval="day", **{"from": start})["series"]["points"]
    assert [point["entered"] for point in by_day if point["entered"]] == [3, 2]
    assert all(point["start"].endswith("T00:00:00Z") for point in by_day)


def test_the_overview_is_of_the_last_day_and_names_the_busiest_first(world: World) -> None:
    now_us = time.time_ns() // 1_000
    quiet = world.create("Quiet")
    world.api.post(f"{BASE}/journeyVersions/{quiet['versionUid']}/close")
    world.send(now_us - 40 * 24 * HOUR_US, 200)
    world.send(now_us, 200, 10)
    world.send(now_us, 200, key=f"{now_us}-0@example.com")
    found = world.api.get(f"{BASE}/overview").json()
    assert (found["profilesProcessed"], found["liveJourneys"], found["liveJourneysWithTraffic"]) == (2, 1, 1)
    assert (found["errorRate"], found["discardRate"]) == (0.0, round(1 / 3, 4))
    assert [journey["name"] for journey in found["journeys"]] == ["Spenders"]


def test_events_that_came_to_no_journey_are_counted_by_reason(world: World, platform: Platform) -> None:
    scope_id = platform.access.sandbox("ACME@AdobeOrg", "prod").scope_id
    tally = Tally()
    tally.discard_event(scope_id, world.event_uid, "EVENT_WITH_NO_JOURNEY")
    with platform.db.write() as connection:
        add_counts(connection, tally.rows(), NOW_US)
    found = world.api.get(f"{BASE}/events/{world.event_uid}/discards").json()
    assert found["allTime"] == {"EVENT_WITH_NO_JOURNEY": 1}
    assert found["live"]["reasons"] == {}
    assert world.api.get(f"{BASE}/events/nothing/discards").status_code == 404


def test_a_deleted_journey_takes_its_figures_along(world: World, platform: Platform) -> None:
    draft = world.create("Never published")
    scope_id = platform.access.sandbox("ACME@AdobeOrg", "prod").scope_id
    with platform.db.write() as connection:
        add_counts(connection, {(scope_id, draft["versionUid"], "e", "entered", ""): 1}, NOW_US)
    assert platform.reports.counters(scope_id, draft["versionUid"]) is not None
    assert world.api.delete(f"{BASE}/journeys/{draft['uid']}").status_code == 204
    assert platform.reports.counters(scope_id, draft["versionUid"]) is None
    with platform.db.read() as connection:
        rows = connection.exec_driver_sql("SELECT count(*) FROM journey_counter").scalar()
    assert rows == 0


def test_nothing_of_another_sandbox_is_seen(world: World) -> None:
    dev = {"x-sandbox-name": "dev"}
    for path in ("report", "report/live", "counts", "counters", "instances"):
        answer = world.api.get(f"{BASE}/journeyVersions/{world.version_uid}/{path}", headers=dev)
        assert answer.status_code == 404, path
    assert world.api.get(f"{BASE}/overview", headers=dev).json()["journeys"] == []


@pytest.mark.parametrize(
    ("start", "end", "interval"),
    [
        ("yesterday", None, None),
        ("2026-01-01T00:00:00", None, None),
        ("2026-01-02", "2026-01-01", None),
        ("2026-01-01", "2026-01-01", None),
        ("1969-12-31", None, None),
        (None, None, "minute"),
        ("2020-01-01", None, "hour"),
        ("0001-01-01T00:00:00+14:00", None, None),
    ],
)
def test_periods_that_can_not_be_are_refused(start: str | None, end: str | None, interval: str | None) -> None:
    with pytest.raises(ReportQueryInvalid):
        read_interval(interval or "hour", read_period(start, end, NOW_US)) if interval else read_period(
            start, end, NOW_US
        )


def test_periods_are_widened_to_whole_hours() -> None:
    period = read_period("2025-12-31T10:20:00+01:00", "2025-12-31T11:00:00.001Z", NOW_US)
    assert period.to_json() == {"from": "2025-12-31T09:00:00Z", "to": "2025-12-31T12:00:00Z"}
    assert live_period(NOW_US + 1).to_json() == {"from": "2025-12-31T00:00:00Z", "to": "2026-01-01T01:00:00Z"}


@given(st.lists(st.integers(0, 400_000), min_size=1, max_size=60), st.floats(0.01, 1.0))
def test_a_percentile_is_off_by_an_eighth_at_most(times: list[int], share: float) -> None:
    buckets: dict[int, int] = {}
    for time_ms in times:
        first, end = bounds_of(bucket_of(time_ms))
        assert first <= time_ms < end
        buckets[bucket_of(time_ms)] = buckets.get(bucket_of(time_ms), 0) + 1
    found = percentile(buckets, share)
    exact = sorted(times)[max(0, -int(-share * len(times) // 1) - 1)]
    assert found is not None
    # a share of a float may fall on either side of a whole number of calls
    near = {exact, *sorted(times)[max(0, round(share * len(times)) - 1) : round(share * len(times)) + 1]}
    assert any(abs(found - one) <= one / 8 for one in near)


def test_ways_to_leave_are_told_apart() -> None:
    assert [
        outcome_of(detail)
        for detail in (
            "ended ended", "transitions ended", "error error", "capped error", "timedout timedout",
            "instanceTimedout timedout", "ended stopped", "none stopped", "ended exited",
        )
    ] == [
        "completed", "completed", "failed", "failed", "failed", "timedOut", "stopped", "stopped", "exited",
    ]  # fmt: skip


def test_data_sources_that_a_step_names_are_counted_as_enrichment() -> None:
    journey = compiled(document({"e": {"type": "end"}}, ("start", "e")))
    step = StepEvent(
        0, NOW_US, 1, "e", "e", "condition", None, "error", "e1", True, False, False, None, None, "error", 0,
        {"fetchCount": 2, "fetchError": "http", "fetchErrorCode": "503"}, {"reason": "it is a sentence"},
    )  # fmt: skip
    tally = Tally()
    tally._explain(journey, step)
    counts = [Count(row[2], row[3], row[4], number) for row, number in tally.rows().items()]
    assert set(counts) == {Count("e", "fetch", "http 503", 1), Count("e", "reason", "evaluation", 1)}
    found = summarize(counts, shape_of({"nodes": {"e": {"type": "end"}}}, {}), is_all_time=True)
    assert (found["executed"]["enrichment"], found["errors"]["enrichment"]) == (1, 1)


RACE = {
    "entry": {"node": "a"},
    "nodes": {one: {"type": "event", "eventUid": one} for one in "abcd"},
    "edges": [
        {"from": "a", "to": "b"},
        {"from": "a", "to": "c"},
        {"from": "b", "to": "d"},
        {"from": "c", "to": "d", "kind": "timeout"},
    ],
}


def test_a_canvas_is_told_who_took_each_arrow_and_who_waits_at_several_activities() -> None:
    race = race_id("a", "default")
    counts = [
        Count("a", "entered", "", 10), Count("a", "left", "ended default", 10), Count(race, "arrived", "", 10),
        Count(race, "left", "ended won", 7), Count(race, "at", "", 3), Count("b", "arrived", "", 5),
        Count("c", "arrived", "", 2), Count("b", "left", "ended default", 4), Count("b", "left", "error default", 1),
        Count("c", "left", "timedout timeout", 2), Count("d", "arrived", "", 7), Count("d", "at", "", 7),
    ]  # fmt: skip
    found = counters(counts, shape_of(RACE, {}))
    assert (found["entered"], found["current"]) == (10, 10)
    assert {node_id: (one["arrived"], one["current"], one["errors"]) for node_id, one in found["nodes"].items()} == {
        "a": (10, 0, 0), "b": (5, 3, 1), "c": (2, 3, 2), "d": (7, 7, 0),
    }  # fmt: skip
    assert [(one["from"], one["to"], one["passed"]) for one in found["edges"]] == [
        ("a", "b", 5), ("a", "c", 2), ("b", "d", 5), ("c", "d", 2),
    ]  # fmt: skip
    assert counters([], shape_of({"nodes": 3, "edges": [{"from": "x", "to": "y"}]}, {}))["edges"] == [
        {"from": "x", "transition": "default", "to": "y", "passed": 0}
    ]


def test_counters_are_told_once_as_the_stream_tells_them(world: World) -> None:
    now_us = time.time_ns() // 1_000
    world.send(now_us, 200, 200, 10)
    found = world.api.get(f"{BASE}/journeyVersions/{world.version_uid}/counters").json()
    assert found["nodes"]["start"] == {"arrived": 3, "current": 0, "errors": 0, "ended": 0, "left": {"default": 3}}
    assert found["nodes"]["pause"]["current"] == 2
    assert [edge["passed"] for edge in found["edges"]] == [3, 2]
    assert world.api.get(f"{BASE}/journeyVersions/nothing/counters").status_code == 404


def test_who_stands_at_an_activity_is_told_page_by_page(world: World) -> None:
    now_us = time.time_ns() // 1_000
    world.send(now_us, 200, 10, 200, 200)
    world.send(now_us + 1, 200)
    url = f"{BASE}/journeyVersions/{world.version_uid}/instances"
    keys: list[str] = []
    start = ""
    while start is not None:
        page = world.api.get(url, params={"nodeId": "pause", "limit": 3, "start": start}).json()
        assert all(one["nodeId"] == "pause" for one in page["results"])
        keys += [one["key"] for one in page["results"]]
        start = page["next"]
    assert keys[0] == f"{now_us + 1}-0@example.com"
    assert sorted(keys[1:]) == [f"{now_us}-{number}@example.com" for number in (0, 2, 3)]
    ended = world.api.get(url, params={"state": ["ended", "error"]}).json()
    assert [one["key"] for one in ended["results"]] == [f"{now_us}-1@example.com"]
    assert ended["next"] is None
    assert world.api.get(url, params={"nodeId": "big"}).json() == {"results": [], "next": None}
    assert len(world.api.get(url).json()["results"]) == 5
    assert world.api.get(url, params={"start": "never"}).status_code == 400


class Watched:
    """Counters that a test sets, and how often they were looked at."""

    def __init__(self) -> None:
        self.now: dict[str, Any] | None = {"entered": 0}
        self.looks = 0

    def read(self, _scope_id: int, _version_uid: str) -> dict[str, Any] | None:
        self.looks += 1
        return self.now


async def chunk(stream: AsyncIterator[bytes]) -> bytes:
    async with asyncio.timeout(10):
        return await anext(stream)


def entered(event: bytes) -> int:
    kind, number, data, *_ = event.split(b"\n")
    assert (kind, number[:4], data[:6]) == (b"event: counters", b"id: ", b"data: ")
    return int(orjson.loads(data[6:])["entered"])


def test_a_stream_tells_changes_alone_and_beats_meanwhile_until_the_version_is_gone() -> None:
    async def scenario() -> None:
        watched = Watched()
        live = LiveReports(watched.read, poll_s=0.001, heartbeat_s=0.02)
        stream = live.stream(1, "v")
        assert await chunk(stream) == b"retry: 2000\n\n"
        assert entered(await chunk(stream)) == 0
        assert await chunk(stream) == b": heartbeat\n\n"
        watched.now = {"entered": 3}
        while (event := await chunk(stream)) == b": heartbeat\n\n":
            pass
        assert entered(event) == 3
        watched.now = None
        while (event := await chunk(stream)) == b": heartbeat\n\n":
            pass
        assert event == b"event: gone\ndata: {}\n\n"
        with pytest.raises(StopAsyncIteration):
            await anext(stream)

    asyncio.run(scenario())


def test_streams_are_bounded_share_their_looks_and_make_room_when_closed() -> None:
    async def scenario() -> None:
        watched = Watched()
        live = LiveReports(watched.read, max_streams=2, poll_s=60)
        streams = [live.stream(1, "v") for _ in range(2)]
        late = live.stream(1, "v")  # asked for before the others began
        for stream in streams:
            await chunk(stream)
            assert entered(await chunk(stream)) == 0
        assert watched.looks == 1
        with pytest.raises(StopAsyncIteration):
            await anext(late)
        with pytest.raises(TooManyStreams):
            live.stream(1, "v")
        await streams[0].aclose()  # type: ignore[attr-defined]
        assert await chunk(live.stream(1, "v")) == b"retry: 2000\n\n"

    asyncio.run(scenario())


def test_a_stream_ends_after_its_time() -> None:
    async def scenario() -> list[bytes]:
        return [event async for event in LiveReports(Watched().read, poll_s=0.001, max_life_s=0.01).stream(1, "v")]

    assert len(asyncio.run(scenario())) == 2
