"""The life of a version through the API: test, dry run, pause, versions, limits, and what time does (journeys §10)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from test_journey_api import BASE, EVENTS, JOURNEYS, VERSIONS, Sandbox, event_body, live, put_inside

from parcours.app import Platform, build_pipeline
from parcours.audiences.store import note_evaluated
from parcours.journeys import lifecycle, runs_store
from parcours.journeys.lifecycle import Lifecycle
from parcours.kit.clock import to_us

DAY_MS = 86_400_000
AUDIENCES = "/data/core/ups/audiences"


@pytest.fixture
def sandbox(api: TestClient) -> Sandbox:
    return Sandbox(api)


class Clock:
    """The clock of the lifecycle."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead_ms = 0
        real = lifecycle._now_ms
        monkeypatch.setattr(lifecycle, "_now_ms", lambda: real() + self.ahead_ms)

    def on(self, days: float) -> None:
        self.ahead_ms += round(days * DAY_MS)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def status(api: TestClient, version_uid: str) -> str:
    found: str = api.get(f"{VERSIONS}/{version_uid}").json()["status"]
    return found


def audience(api: TestClient, name: str = "VIP") -> str:
    answer = api.post(AUDIENCES, json={"name": name, "identityNamespace": "Email"})
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    return made


def draft(api: TestClient, document: dict[str, Any]) -> dict[str, Any]:
    answer = api.post(JOURNEYS, json=document)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def verb(api: TestClient, version_uid: str, name: str, settings: Any = None, expect: int = 200) -> dict[str, Any]:
    answer = api.post(f"{VERSIONS}/{version_uid}/{name}", json=settings)
    assert answer.status_code == expect, answer.text
    told: dict[str, Any] = answer.json()
    return told


def refused(api: TestClient, version_uid: str, name: str, settings: Any = None) -> str:
    """The code of the one fault."""
    code: str = verb(api, version_uid, name, settings, 400)["report"]["sub-errors"][0]["code"]
    return code


def reading(audience_id: str, **config: Any) -> dict[str, Any]:
    return {
        "name": "Reads",
        "entry": {"node": "read"},
        "nodes": {"read": {"type": "readAudience", "audienceId": audience_id, **config}},
    }


def published(api: TestClient, document: dict[str, Any]) -> str:
    uid: str = draft(api, document)["versionUid"]
    verb(api, uid, "publish")
    return uid


# --- test mode and dry run ----------------------------------------------------------------------------------------


def test_a_journey_in_test_is_read_only_and_can_be_published_directly(api: TestClient, sandbox: Sandbox) -> None:
    uid = sandbox.draft()["versionUid"]
    told = verb(api, uid, "test", {"waitSeconds": 5})
    assert (told["status"], told["session"]["waitSeconds"]) == ("Testing", 5)
    assert api.put(f"{VERSIONS}/{uid}", json=sandbox.document()).status_code == 409
    assert verb(api, uid, "publish")["status"] == "Deployed"
    assert "session" not in api.get(f"{VERSIONS}/{uid}").json()


def test_a_wait_in_test_is_ten_seconds_unless_told(api: TestClient, sandbox: Sandbox) -> None:
    uid = sandbox.draft()["versionUid"]
    assert verb(api, uid, "test")["session"]["waitSeconds"] == 10
    verb(api, uid, "endTest")
    assert refused(api, uid, "test", {"waitSeconds": 0}) == "ERR_TEST_WAIT"


def test_the_end_of_a_test_clears_people_and_figures(
    api: TestClient, platform: Platform, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parcours.journeys.match.is_test_profile", lambda _data: True)
    uid = sandbox.draft()["versionUid"]
    verb(api, uid, "test")
    put_inside(platform, uid, ["jane@example.com"])
    assert api.get(f"{VERSIONS}/{uid}/counts").json()["entered"] == 1
    assert verb(api, uid, "endTest")["status"] == "Draft"
    while build_pipeline(platform).run_stops(10):
        pass
    assert api.get(f"{VERSIONS}/{uid}/counts").json() == {"entered": 0, "status": {}, "nodes": {}}
    assert api.get(f"{VERSIONS}/{uid}/instances").json()["results"] == []


@pytest.mark.parametrize(("begin", "end"), [("test", "endTest"), ("dryRun", "endDryRun")])
def test_a_draft_is_opened_as_soon_as_its_test_is_forgotten(
    api: TestClient, platform: Platform, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, begin: str, end: str
) -> None:
    """The worker forgets it, within a second or so; whoever opens the draft at once waits for that."""
    waits: list[float] = []

    def work(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            build_pipeline(platform).run_stops(10)

    monkeypatch.setattr(platform.lifecycle, "_sleep", work)
    uid = sandbox.draft()["versionUid"]
    for following in (begin, "publish"):
        verb(api, uid, begin)
        assert verb(api, uid, end)["status"] == "Draft"
        waits.clear()
        verb(api, uid, following)
        assert len(waits) == 3
        if following == begin:
            verb(api, uid, end)
            build_pipeline(platform).run_stops(10)
    assert status(api, uid) == "Deployed"


def test_a_draft_whose_test_is_not_forgotten_in_time_is_not_opened(
    api: TestClient, platform: Platform, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(platform.lifecycle, "_sleep", waits.append)
    uid = sandbox.draft()["versionUid"]
    verb(api, uid, "test")
    verb(api, uid, "endTest")
    assert "still being taken out" in verb(api, uid, "publish", expect=409)["detail"]
    assert sum(waits) == pytest.approx(lifecycle.FORGET_WAIT_S)


def test_with_reactions_a_wait_in_test_is_forty_seconds_at_least_and_there_is_no_dry_run(
    api: TestClient, sandbox: Sandbox
) -> None:
    document = sandbox.document()
    document["nodes"]["opened"] = {"type": "reaction", "actionNodeId": "mail", "reactions": ["opened"]}
    document["edges"][-1] = {"from": "mail", "to": "opened"}
    del document["nodes"]["wait"]
    uid = draft(api, document)["versionUid"]
    assert refused(api, uid, "test", {"waitSeconds": 39}) == "ERR_TEST_WAIT"
    assert refused(api, uid, "dryRun") == "ERR_DRY_RUN"
    verb(api, uid, "test", {"waitSeconds": 40})


def test_a_journey_without_a_namespace_can_not_be_tested(api: TestClient, sandbox: Sandbox) -> None:
    body = event_body(sandbox.schema_id, name="Anonymous", namespace=None, profileIdentifier="@event{Anonymous._id}")
    event = api.post(EVENTS, json=body)
    assert event.status_code == 201, event.text
    nodes = {"start": {"type": "event", "eventUid": event.json()["uid"]}}
    uid = draft(api, {"name": "A", "entry": {"node": "start"}, "nodes": nodes})["versionUid"]
    assert refused(api, uid, "test") == "ERR_MODEL_RULES_16"
    verb(api, uid, "publish")


def test_a_draft_with_faults_can_neither_be_tested_nor_run_dry_nor_published(api: TestClient, sandbox: Sandbox) -> None:
    uid = draft(api, sandbox.document("@event{Order.nothing} > 1"))["versionUid"]
    assert {refused(api, uid, name) for name in ("test", "dryRun", "publish")} == {"ERR_EXPRESSION"}


def test_a_test_that_is_idle_for_a_week_is_over(
    api: TestClient, platform: Platform, sandbox: Sandbox, clock: Clock
) -> None:
    uid = sandbox.draft()["versionUid"]
    verb(api, uid, "test")
    clock.on(6.9)
    assert platform.lifecycle.sweep() == 0
    clock.on(0.2)
    assert platform.lifecycle.sweep() == 1
    assert status(api, uid) == "Draft"


def test_a_dry_run_is_over_after_fourteen_days_and_is_none_of_a_new_version_of_a_live_one(
    api: TestClient, platform: Platform, sandbox: Sandbox, clock: Clock
) -> None:
    created = sandbox.draft()
    uid = created["versionUid"]
    assert verb(api, uid, "dryRun", {"waits": True})["status"] == "Dry Run"
    journey = live(platform).get(uid)
    assert journey is not None
    assert (journey.mode, journey.wait_override_us) == ("dryRun", None)
    clock.on(13.9)
    assert platform.lifecycle.sweep() == 0
    clock.on(0.2)
    assert platform.lifecycle.sweep() == 1
    assert status(api, uid) == "Draft"
    build_pipeline(platform).run_stops(10)
    verb(api, uid, "publish")
    second = api.post(f"{JOURNEYS}/{created['uid']}/versions").json()["uid"]
    verb(api, second, "dryRun", expect=409)


def test_steps_of_a_test_and_of_a_dry_run_say_so(api: TestClient, platform: Platform, sandbox: Sandbox) -> None:
    uid = sandbox.draft()["versionUid"]
    verb(api, uid, "test")
    journey = live(platform).get(uid)
    assert journey is not None
    assert (journey.mode, journey.wait_override_us, journey.step_fields["inTest"]) == ("test", 10_000_000, True)
    verb(api, uid, "endTest")
    build_pipeline(platform).run_stops(10)
    session = verb(api, uid, "dryRun")["session"]
    journey = live(platform).get(uid)
    assert journey is not None
    assert (journey.mode, journey.wait_override_us, journey.reads_sources) == ("dryRun", 0, False)
    assert (journey.step_fields["inDryRun"], journey.step_fields["dryRunID"]) == (True, session["id"])


# --- pause --------------------------------------------------------------------------------------------------------


def test_a_pause_lasts_fourteen_days_at_most_and_ends_by_itself(
    api: TestClient, platform: Platform, sandbox: Sandbox, clock: Clock
) -> None:
    uid = sandbox.published()["versionUid"]
    assert refused(api, uid, "pause", {"maxDurationInMinutes": 20_161}) == "ERR_PAUSE"
    assert refused(api, uid, "pause", {"behavior": "forget"}) == "ERR_PAUSE"
    told = verb(api, uid, "pause")["pausedJourneySettings"]
    assert (told["pauseBehavior"], told["maxPauseDurationInMinutes"]) == ("hold", 20_160)
    clock.on(13.9)
    assert platform.lifecycle.sweep() == 0
    clock.on(0.2)
    assert platform.lifecycle.sweep() == 1
    shown = api.get(f"{VERSIONS}/{uid}").json()
    assert shown["status"] == "Deployed"
    assert shown["pausedJourneySettings"]["lastResumedBy"] == "parcours"


def test_a_version_that_the_code_fails_on_holds_up_no_other(
    api: TestClient, platform: Platform, sandbox: Sandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, worse, good = (sandbox.published()["versionUid"] for _ in range(3))
    for uid in (bad, worse, good):
        verb(api, uid, "pause")
    clock.on(14.1)
    resume, change_of = Lifecycle._resume, Lifecycle._change_of

    def failing_resume(self: Lifecycle, connection: Any, author: Any, version: Any) -> Any:
        changed = resume(self, connection, author, version)
        if version.id == bad:
            raise ZeroDivisionError("a fault of the code")
        return changed

    def failing_change(self: Lifecycle, connection: Any, version: Any, now_ms: int) -> Any:
        if version.id == worse:
            raise ZeroDivisionError("a fault of the code")
        return change_of(self, connection, version, now_ms)

    monkeypatch.setattr(Lifecycle, "_resume", failing_resume)
    monkeypatch.setattr(Lifecycle, "_change_of", failing_change)
    assert platform.lifecycle.sweep() == 1
    assert [status(api, uid) for uid in (bad, worse, good)] == ["Paused", "Paused", "Deployed"]
    monkeypatch.setattr(Lifecycle, "_resume", resume)
    monkeypatch.setattr(Lifecycle, "_change_of", change_of)
    assert platform.lifecycle.sweep() == 2


def test_only_a_live_version_is_paused_and_a_paused_one_can_be_stopped(api: TestClient, sandbox: Sandbox) -> None:
    uid = sandbox.draft()["versionUid"]
    verb(api, uid, "pause", expect=409)
    verb(api, uid, "publish")
    verb(api, uid, "resume", expect=409)
    verb(api, uid, "pause")
    assert verb(api, uid, "stop")["status"] == "Stopped"
    verb(api, uid, "resume", expect=409)


def test_a_filter_is_one_over_the_profile_and_of_a_paused_version_alone(api: TestClient, sandbox: Sandbox) -> None:
    uid = sandbox.published()["versionUid"]
    audience(api)
    gold = {"id": "gold", "expression": 'inAudience("VIP")'}
    assert api.put(f"{VERSIONS}/{uid}/filter", json=gold).status_code == 409
    verb(api, uid, "pause")
    answer = api.put(f"{VERSIONS}/{uid}/filter", json=gold)
    kept = answer.json()["pausedJourneySettings"]["filter"]
    assert {name: kept[name] for name in gold} == gold
    assert list(kept["audiences"]) == ["VIP"]
    wrong = api.put(f"{VERSIONS}/{uid}/filter", json={"id": "x", "expression": "@event{Order._acme.order.total} > 1"})
    assert wrong.status_code == 400
    assert api.put(f"{VERSIONS}/{uid}/filter", content="null").json()["pausedJourneySettings"]["filter"] is None


def test_ten_journeys_are_paused_and_resumed_at_once_and_no_more(api: TestClient, sandbox: Sandbox) -> None:
    uids = [sandbox.published()["versionUid"] for _ in range(2)]
    untouched = sandbox.draft()["versionUid"]
    url = f"{BASE}/list/journeyVersions"
    told = api.post(f"{url}/pause", json={"uids": [*uids, untouched], "behavior": "discard"}).json()["results"]
    assert [one.get("status") for one in told] == ["Paused", "Paused", None]
    assert "Draft" in told[2]["error"]
    told = api.post(f"{url}/resume", json={"uids": uids}).json()["results"]
    assert [one["status"] for one in told] == ["Deployed", "Deployed"]
    assert api.post(f"{url}/pause", json={"uids": [untouched] * 11}).status_code == 400


# --- versions -----------------------------------------------------------------------------------------------------


def test_of_a_live_version_only_words_change(api: TestClient, sandbox: Sandbox) -> None:
    uid = sandbox.published()["versionUid"]
    worded = {**sandbox.document(), "name": "Better", "description": "Clearer"}
    worded["nodes"]["mail"] |= {"label": "Thank them", "description": "By mail"}
    answer = api.put(f"{VERSIONS}/{uid}", json=worded)
    assert (answer.status_code, answer.json()["name"], answer.json()["status"]) == (200, "Better", "Deployed")
    for change in ({"nodes": {**worded["nodes"], "wait": {"type": "end"}}}, {"endDate": "2030-01-01"}):
        assert api.put(f"{VERSIONS}/{uid}", json=worded | change).status_code == 409


def test_a_new_version_keeps_how_the_journey_begins(api: TestClient, sandbox: Sandbox) -> None:
    first, other = audience(api), audience(api, "Others")
    qualified = {"type": "audienceQualification", "audienceId": first}
    created = draft(api, {"name": "Q", "entry": {"node": "q"}, "nodes": {"q": qualified}})
    verb(api, created["versionUid"], "publish")
    second = api.post(f"{JOURNEYS}/{created['uid']}/versions").json()["uid"]

    def told(node: dict[str, Any]) -> str:
        document = {"name": "Q", "entry": {"node": "q"}, "nodes": {"q": node}}
        assert api.put(f"{VERSIONS}/{second}", json=document).status_code == 200
        return refused(api, second, "publish")

    assert told({"type": "event", "eventUid": sandbox.event["uid"]}) == "ERR_VERSION_ENTRY"
    assert told({**qualified, "audienceId": other}) == "ERR_VERSION_AUDIENCE"


def test_a_read_audience_keeps_its_audience_and_an_incremental_one_has_no_second_version(api: TestClient) -> None:
    first, other = audience(api), audience(api, "Others")
    daily = {"type": "daily", "time": "06:00"}
    for config, code in (
        ({"audienceId": other}, "ERR_VERSION_AUDIENCE"),
        ({"schedule": daily, "incremental": True}, "ERR_VERSION_INCREMENTAL"),
    ):
        kept = {name: value for name, value in config.items() if name != "audienceId"}
        created = draft(api, reading(first, **kept))
        verb(api, created["versionUid"], "publish")
        second = api.post(f"{JOURNEYS}/{created['uid']}/versions").json()["uid"]
        document = reading(first, **kept)
        document["nodes"]["read"] |= config
        assert api.put(f"{VERSIONS}/{second}", json=document).status_code == 200
        assert refused(api, second, "publish") == code


def test_if_the_latest_version_is_stopped_the_one_before_stays_closed(api: TestClient, sandbox: Sandbox) -> None:
    created = sandbox.published()
    second = api.post(f"{JOURNEYS}/{created['uid']}/versions").json()["uid"]
    verb(api, second, "publish")
    verb(api, second, "stop")
    assert (status(api, created["versionUid"]), status(api, second)) == ("Closed", "Stopped")
    for uid in (created["versionUid"], second):
        verb(api, uid, "publish", expect=409)


# --- the end ------------------------------------------------------------------------------------------------------


def test_at_its_end_date_a_journey_is_finished_and_everyone_leaves(
    api: TestClient, platform: Platform, sandbox: Sandbox, clock: Clock
) -> None:
    document = {**sandbox.document(), "endDate": "2100-01-01T00:00:00Z"}
    uid = published(api, document)
    put_inside(platform, uid, ["jane@example.com"])
    assert platform.lifecycle.sweep() == 0
    clock.ahead_ms = 80 * 366 * DAY_MS
    assert platform.lifecycle.sweep() == 1
    assert status(api, uid) == "Finished"
    assert build_pipeline(platform).run_stops(10) == 1
    (one,) = api.get(f"{VERSIONS}/{uid}/instances").json()["results"]
    assert api.get(f"{BASE}/instances/{one['id']}").json()["steps"][-1]["detail"] == {"reason": "endDate"}


def test_a_closed_version_is_finished_after_91_days_and_can_then_be_deleted(
    api: TestClient, platform: Platform, sandbox: Sandbox, clock: Clock
) -> None:
    created = sandbox.published()
    uid = created["versionUid"]
    clock.on(100)
    assert platform.lifecycle.sweep() == 0, "a live version without an end date stays live"
    put_inside(platform, uid, ["jane@example.com"])
    verb(api, uid, "close")
    assert api.delete(f"{JOURNEYS}/{created['uid']}").status_code == 409
    clock.on(90.9)
    assert platform.lifecycle.sweep() == 0
    clock.on(0.2)
    assert platform.lifecycle.sweep() == 1
    assert status(api, uid) == "Finished"
    assert build_pipeline(platform).run_stops(10) == 1
    assert api.delete(f"{JOURNEYS}/{created['uid']}").status_code == 204


def end_runs(platform: Platform, uid: str) -> None:
    with platform.db.write() as connection:
        for run in runs_store.list_runs(connection, uid):
            begun = run._replace(status="finished", started_at_us=run.due_at_us, finished_at_us=run.due_at_us)
            runs_store.update_run(connection, begun)


def test_what_was_read_once_is_finished_after_91_days(api: TestClient, platform: Platform, clock: Clock) -> None:
    uid = published(api, reading(audience(api)))
    end_runs(platform, uid)
    clock.on(90.9)
    assert platform.lifecycle.sweep() == 0
    clock.on(0.2)
    assert platform.lifecycle.sweep() == 1
    assert status(api, uid) == "Finished"


def test_a_recurring_journey_closes_by_itself_after_its_last_occurrence(
    api: TestClient, platform: Platform, clock: Clock
) -> None:
    who = audience(api)
    endless = published(api, reading(who, schedule={"type": "daily", "time": "06:00"}))
    bounded = published(api, reading(who, schedule={"type": "daily", "time": "06:00", "endDate": "2100-01-01T00:00"}))
    assert platform.lifecycle.sweep() == 0
    end_runs(platform, bounded)  # and none followed
    assert platform.lifecycle.sweep() == 1
    assert (status(api, bounded), status(api, endless)) == ("Closed", "Deployed")
    clock.on(91.1)
    platform.lifecycle.sweep()
    assert status(api, bounded) == "Finished"
    over = published(api, reading(who, schedule={"type": "daily", "endDate": "2020-01-01T00:00"}))
    platform.lifecycle.sweep()
    assert status(api, over) == "Closed"


def test_closing_drops_the_runs_that_have_not_begun(api: TestClient, platform: Platform) -> None:
    uid = published(api, reading(audience(api), schedule={"type": "once", "startDate": "2100-01-01T00:00"}))
    (run,) = api.get(f"{VERSIONS}/{uid}/audienceRuns").json()["results"]
    assert (run["status"], run["dueAtUs"]) == ("queued", to_us(datetime(2100, 1, 1, tzinfo=UTC)))
    verb(api, uid, "close")
    assert [r["status"] for r in api.get(f"{VERSIONS}/{uid}/audienceRuns").json()["results"]] != ["queued"]


# --- limits -------------------------------------------------------------------------------------------------------


def test_a_sandbox_has_so_many_active_journeys(
    api: TestClient, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lifecycle.MAX_ACTIVE == {"production": 200, "development": 100}
    monkeypatch.setattr(lifecycle, "MAX_ACTIVE", {"production": 2})
    first = sandbox.published()["versionUid"]
    second = sandbox.published()["versionUid"]
    third = sandbox.draft()["versionUid"]
    verb(api, first, "close")
    verb(api, second, "pause")
    assert refused(api, third, "publish") == "ERR_ACTIVE_JOURNEYS"
    assert refused(api, third, "dryRun") == "ERR_ACTIVE_JOURNEYS"
    verb(api, first, "stop")
    verb(api, third, "publish")


def test_so_many_journeys_listen_to_one_event(
    api: TestClient, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lifecycle.MAX_LISTENING == 25
    monkeypatch.setattr(lifecycle, "MAX_LISTENING", 2)
    created = sandbox.published()
    sandbox.published()
    assert refused(api, sandbox.draft()["versionUid"], "publish") == "ERR_EVENT_JOURNEYS"
    second = api.post(f"{JOURNEYS}/{created['uid']}/versions").json()["uid"]
    verb(api, second, "publish")  # another version of one that listens already


def test_a_sandbox_has_so_many_audience_qualifications_exit_criteria_included(
    api: TestClient, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lifecycle.MAX_QUALIFICATIONS == 300
    monkeypatch.setattr(lifecycle, "MAX_QUALIFICATIONS", 2)
    who = audience(api)
    criteria = [{"id": "c", "audienceId": who}]
    document = {
        "name": "Q",
        "entry": {"node": "q"},
        "nodes": {"q": {"type": "audienceQualification", "audienceId": who}},
    }
    published(api, document | {"exitCriteria": criteria})
    third = draft(api, {**sandbox.document(), "exitCriteria": criteria})["versionUid"]
    assert refused(api, third, "publish") == "ERR_ACTIVE_QUALIFICATIONS"


def test_expressions_of_a_sandbox_ask_for_so_many_audiences(
    api: TestClient, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lifecycle.MAX_AUDIENCES == 100
    monkeypatch.setattr(lifecycle, "MAX_AUDIENCES", 2)
    for name in ("One", "Two", "Three"):
        assert (
            api.post("/data/core/ups/audiences", json={"name": name, "identityNamespace": "Email"}).status_code == 201
        )
    published(api, sandbox.document('inAudience("One") or inAudience("Two")'))
    published(api, sandbox.document('inAudience("Two")'))
    third = draft(api, sandbox.document('inAudience("Three")'))["versionUid"]
    assert refused(api, third, "publish") == "ERR_ACTIVE_AUDIENCES"


def test_an_audience_that_was_never_evaluated_is_warned_of(
    api: TestClient, platform: Platform, sandbox: Sandbox
) -> None:
    who = audience(api)
    nodes = {"q": {"type": "audienceQualification", "audienceId": who}}
    uid = draft(api, {"name": "Q", "entry": {"node": "q"}, "nodes": nodes})["versionUid"]
    checked = api.post(f"{VERSIONS}/{uid}/check").json()
    assert checked["valid"]
    assert [(one["code"], one["nodeId"]) for one in checked["warnings"]] == [("ERR_AUDIENCE_NOT_EVALUATED", "q")]
    scope_id = platform.access.sandbox("ACME@AdobeOrg", "prod").scope_id
    with platform.db.write() as connection:
        note_evaluated(connection, scope_id, who, 1)
    assert api.post(f"{VERSIONS}/{uid}/check").json()["warnings"] == []


def test_a_wave_does_not_begin_in_the_past_nor_before_the_journey(api: TestClient, sandbox: Sandbox) -> None:
    start = {"type": "readAudience", "audienceId": audience(api)}
    for dates, more in (
        (["2020-01-01T09:00", "2990-01-01T09:00"], {}),
        (["2990-01-01T09:00", "2990-01-02T09:00"], {"startDate": "2990-01-01T10:00:00Z"}),
    ):
        waves = {"count": 2, "startDates": dates}
        document = {"name": "W", "entry": {"node": "start"}, "nodes": {"start": {**start, "waves": waves}}, **more}
        uid = draft(api, document)["versionUid"]
        answer = api.post(f"{VERSIONS}/{uid}/publish")
        assert answer.status_code == 400, answer.text
        assert "waves.startDates[0]" in answer.text
