"""What journeys do on which day (journeys §3.3, the list screen's calendar)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from journey_world import DAY_US, NOW_US, compiled, document
from test_journey_api import BASE, JOURNEYS, VERSIONS, Sandbox

from parcours.app import Platform
from parcours.journeys import calendar, runs_store
from parcours.journeys.calendar import planned
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.moments import moment_text
from parcours.journeys.schedule import first_runs, new_run

CALENDAR = f"{BASE}/calendar"


@pytest.fixture
def sandbox(api: TestClient) -> Sandbox:
    return Sandbox(api)


def reading(schedule: dict[str, Any] | None = None, **members: Any) -> CompiledJourney:
    node = {"type": "readAudience", "audienceId": "vip"} | ({} if schedule is None else {"schedule": schedule})
    return compiled(document({"start": node, "e": {"type": "end"}}, ("start", "e"), **members))


def told(journey: CompiledJourney, from_day: int, to_day: int, **more: Any) -> list[tuple[str, str]]:
    """(day and time, kind) between two days, counted from NOW_US, at which the version was published."""
    start_us, end_us = NOW_US + from_day * DAY_US, NOW_US + to_day * DAY_US
    runs = more.get("runs", ())
    found = planned(journey, NOW_US, runs, start_us, end_us, more.get("now_us", NOW_US))
    return [(moment_text(one.at_us)[5:16], one.kind) for one in sorted(found, key=lambda one: one.at_us)]


def test_a_journey_starts_with_its_publication_or_at_its_date_and_ends_at_the_other() -> None:
    plain = compiled(document({"e": {"type": "end"}}, ("start", "e")))
    assert told(plain, 0, 7) == [("01-01T00:00", "start")]
    assert told(plain, 1, 7) == told(plain, -7, 0) == []
    dated = reading(startDate="2026-01-03T08:00:00Z", endDate="2026-01-05T20:00:00Z")
    assert told(dated, 0, 7) == [("01-03T08:00", "start"), ("01-05T20:00", "end")]
    assert told(dated, 3, 4) == []


def test_readings_to_come_are_those_of_the_schedule_up_to_the_end_of_the_journey() -> None:
    weekly = {"type": "weekly", "days": ["monday", "thursday"], "time": "09:00"}
    mine = reading(weekly, endDate="2026-01-12T09:00:00Z")  # 1 January 2026 is a Thursday
    assert told(mine, 0, 30) == [
        ("01-01T00:00", "start"), ("01-01T09:00", "read"), ("01-05T09:00", "read"), ("01-08T09:00", "read"),
        ("01-12T09:00", "end"),
    ]  # fmt: skip
    assert told(mine, 4, 5) == [("01-05T09:00", "read")]


def test_past_readings_are_those_that_there_were_and_one_that_waits_is_told_once() -> None:
    daily = reading({"type": "daily", "time": "06:00"})
    (queued,) = first_runs(daily, NOW_US + 3 * DAY_US)
    runs = [new_run(daily, 1, NOW_US + DAY_US // 4)._replace(status="finished", entered_count=9), queued]
    assert told(daily, 0, 5, now_us=NOW_US + 3 * DAY_US, runs=runs) == [
        ("01-01T00:00", "start"), ("01-01T06:00", "read"), ("01-04T06:00", "read"), ("01-05T06:00", "read"),
    ]  # fmt: skip


def test_a_week_is_told_over_http_with_what_became_of_runs(
    api: TestClient, sandbox: Sandbox, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = sandbox.published()
    api.post(JOURNEYS, json={"name": "A draft"})
    today = datetime.now(UTC).date().isoformat()
    week = {"from": today, "to": f"{today}T23:59:59.999999Z"}
    (entry,) = api.get(CALENDAR, params=week).json()["entries"]
    assert (entry["kind"], entry["name"], entry["entryType"]) == ("start", "Order follow-up", "unitary")
    assert (entry["versionUid"], entry["status"]) == (created["versionUid"], "Deployed")
    with platform.db.write() as connection:
        version = platform.journeys.live.current(connection).versions[created["versionUid"]]
        run = new_run(version, 1, platform_now_us())._replace(status="finished", read_count=12, entered_count=9)
        runs_store.insert_run(connection, run)
    entries = api.get(CALENDAR, params=week).json()["entries"]
    assert [one["kind"] for one in entries] == ["start", "read"]
    assert entries[1]["run"] == {"status": "finished", "readCount": 12, "enteredCount": 9}
    monkeypatch.setattr(calendar, "MAX_ENTRIES", 1)
    cut = api.get(CALENDAR, params=week).json()
    assert (len(cut["entries"]), cut["isCut"]) == (1, True)
    api.post(f"{VERSIONS}/{created['versionUid']}/close")
    assert api.get(CALENDAR, params=week).json()["entries"] == []


def platform_now_us() -> int:
    return int(datetime.now(UTC).timestamp() * 1_000_000)


@pytest.mark.parametrize(
    ("start", "end"),
    [("2026-01-08", "2026-01-01"), ("2026-01-01", "2026-01-01"), ("2026-01-01", "2026-05-01"), ("x", "2026-01-01")],
)
def test_a_period_that_can_not_be_shown_is_refused(api: TestClient, start: str, end: str) -> None:
    answer = api.get(CALENDAR, params={"from": start, "to": end})
    assert answer.status_code == 400, answer.text
