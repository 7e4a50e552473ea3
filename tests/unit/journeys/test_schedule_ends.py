"""Schedules of Read audience at the ends of the calendar and across changes of clocks; incremental runs."""

import time
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient

from parcours.app import Platform
from parcours.journeys.audience_runs import AudienceRuns, ReadingPace
from parcours.journeys.runs_store import list_runs
from parcours.journeys.schedule import is_in_wave, next_occurrence
from parcours.kit.clock import to_datetime, to_us

NOW_US = to_us(datetime(2026, 11, 28, tzinfo=UTC))
PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    "schedule",
    [
        {"type": "weekly", "startDate": "9999-12-30T00:00", "interval": 366, "days": ["sunday"]},
        {"type": "monthly", "startDate": "9999-12-31T23:00", "daysOfMonth": [1]},
        {"type": "daily", "startDate": "9999-12-31T12:00", "time": "11:00"},
    ],
)
def test_a_schedule_that_runs_off_the_calendar_has_no_occurrence(schedule: dict[str, Any]) -> None:
    assert next_occurrence(schedule, PARIS, NOW_US) is None


def test_every_day_has_one_occurrence_whatever_the_clocks_do() -> None:
    schedule = {"type": "daily", "time": "02:30", "startDate": "2026-01-01T00:00"}
    at_us, found = to_us(datetime(2026, 3, 28, tzinfo=UTC)), []
    for _ in range(3):
        following = next_occurrence(schedule, PARIS, at_us)
        assert following is not None
        at_us = following
        found.append(to_datetime(at_us).isoformat())
    # 29 March has no 02:30: the clock that was right before the change says when
    assert found == ["2026-03-28T01:30:00+00:00", "2026-03-29T01:30:00+00:00", "2026-03-30T00:30:00+00:00"]
    at_us, days = to_us(datetime(2026, 10, 24, tzinfo=UTC)), []
    for _ in range(3):
        following = next_occurrence(schedule, PARIS, at_us)
        assert following is not None
        at_us = following
        days.append(to_datetime(at_us).isoformat())
    # 25 October has it twice: the first counts
    assert days == ["2026-10-24T00:30:00+00:00", "2026-10-25T00:30:00+00:00", "2026-10-26T01:30:00+00:00"]


class _Source:
    """Members realized at given moments, as the store gives them."""

    def __init__(self, realized_at_us: dict[str, int]) -> None:
        self.realized_at_us = realized_at_us

    def members_after(
        self, _c: Any, _s: int, _a: str, after_key: str, limit: int, since_us: int | None, until_us: int | None
    ) -> list[SimpleNamespace]:
        return [
            SimpleNamespace(identity=("email", name), key=name)
            for name, at_us in sorted(self.realized_at_us.items())
            if name > after_key and (since_us is None or at_us > since_us) and (until_us is None or at_us <= until_us)
        ][:limit]


def draft(api: TestClient, audience: str = "VIP", **members: Any) -> str:
    """A draft that reads an audience; its version's uid."""
    made = api.post("/data/core/ups/audiences", json={"name": audience, "identityNamespace": "Email"}).json()
    document = {
        "name": "Daily",
        "entry": {"node": "read"},
        "nodes": {"read": {"type": "readAudience", "audienceId": made["id"], **members}, "end": {"type": "end"}},
        "edges": [{"from": "read", "to": "end"}],
    }
    answer = api.post("/journey/orchestration/journeys", json=document)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["versionUid"])


def test_who_comes_in_during_an_incremental_run_is_read_once_by_the_next(platform: Platform, api: TestClient) -> None:
    uid = draft(api, incremental=True, schedule={"type": "daily", "time": "10:00"})
    published = api.post(f"/journey/orchestration/journeyVersions/{uid}/publish")
    assert published.status_code == 200, published.text
    source = _Source({})
    read: list[list[str]] = []

    def run(at_us: int) -> int:
        with platform.db.write() as connection:
            live = platform.journeys.live.current(connection)
            entered: list[str] = []
            workspace: Any = SimpleNamespace(
                key_in=lambda _scope, identity, _namespace: identity[1],
                enter_run=lambda _j, keys, *_: (entered.extend(keys) or len(keys), 0),
                step_lines={},
            )
            AudienceRuns(connection, live, workspace, source, at_us, ReadingPace()).take(100)  # type: ignore[arg-type]
            read.append(entered)
            return min(run.due_at_us for run in list_runs(connection, uid) if run.status == "queued")

    with platform.db.read() as connection:
        (first,) = list_runs(connection, uid)
    source.realized_at_us = {"ann": first.due_at_us - 1, "bob": first.due_at_us + 1}  # bob, while it is under way
    second_us = run(first.due_at_us)
    run(second_us)
    assert read == [["ann"], ["bob"]]


def test_a_test_reads_its_audience_at_once_and_without_waves(platform: Platform, api: TestClient) -> None:
    uid = draft(
        api, schedule={"type": "once", "startDate": "2999-01-01T00:00"}, waves={"count": 10, "minutesApart": 30}
    )
    answer = api.post(f"/journey/orchestration/journeyVersions/{uid}/test")
    assert answer.status_code == 200, answer.text
    with platform.db.read() as connection:
        (run,) = list_runs(connection, uid)
        journey = platform.journeys.live.current(connection).versions[uid]
    assert (run.status, run.due_at_us <= time.time_ns() // 1000) == ("queued", True)
    assert journey.audience_read is not None
    assert all(is_in_wave(journey, journey.audience_read, run.wave, f"{number}") for number in range(100))


@pytest.mark.parametrize(("end", "is_fault"), [("2030-01-01T00:00", True), ("2030-01-02T00:00", False)])
def test_a_schedule_that_ends_before_it_begins_is_a_fault(api: TestClient, end: str, is_fault: bool) -> None:
    uid = draft(api, schedule={"type": "daily", "startDate": "2030-01-01T10:00", "endDate": end})
    faults = api.post(f"/journey/orchestration/journeyVersions/{uid}/check").json()["errors"]
    told = [("ERR_READ_SCHEDULE", "$.nodes.read.schedule.endDate", "read")] if is_fault else []
    assert [(fault["code"], fault["path"], fault["nodeId"]) for fault in faults] == told


def test_a_recurring_read_closes_after_its_last_occurrence(platform: Platform, api: TestClient) -> None:
    past = {"type": "daily", "startDate": "2020-01-01T10:00", "endDate": "2020-02-01T00:00"}
    over, ongoing = draft(api, schedule=past), draft(api, "Gold", schedule={"type": "daily"})
    for uid in (over, ongoing):
        answer = api.post(f"/journey/orchestration/journeyVersions/{uid}/publish")
        assert answer.status_code == 200, answer.text
    assert platform.lifecycle.sweep() == 1
    found = [api.get(f"/journey/orchestration/journeyVersions/{uid}").json()["status"] for uid in (over, ongoing)]
    assert found == ["Closed", "Deployed"]
    assert platform.lifecycle.sweep() == 0
