"""Alerts: when they open and are resolved, who is told, how a webhook is told, and what subscriptions refuse."""

import asyncio
import hashlib
import hmac
import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from parcours.alerts import store
from parcours.alerts.evaluator import Evaluator
from parcours.alerts.notifier import PAUSES_S, Notifier, sign
from parcours.alerts.rules import KINDS, RULES, Limits, Reading, readings
from parcours.alerts.subscription import SUBSCRIPTION_KIND
from parcours.app import Platform
from parcours.journeys import counter_store
from parcours.journeys.counters import Pulse
from parcours.journeys.runs_store import AudienceRun, insert_run
from parcours.journeys.versions import VERSION_KIND
from parcours.kit.clock import ManualClock
from parcours.resources.store import Author, ResourceStore

sys.path.insert(0, str(Path(__file__).parents[2] / "e2e"))
from answering import Arrived, Reply, ScriptedReceiver

BASE = "/journey/orchestration"
SUBSCRIPTIONS = f"{BASE}/alertSubscriptions"
AUTHOR = Author("u", "c")


class World:
    """A sandbox with two journeys that need no events, counters that a test writes, and a clock that it moves."""

    def __init__(self, api: TestClient, platform: Platform) -> None:
        self.api, self.platform = api, platform
        self.scope_id = platform.access.sandbox("ACME@AdobeOrg", "prod").scope_id
        self.clock = ManualClock(1_900_000_000_000_000)
        self.evaluator = Evaluator(platform.db, platform.resources, self.clock)
        self.ours, self.other = (self.create(name) for name in ("Ours", "Other"))

    def create(self, name: str) -> dict[str, Any]:
        body = {"name": name, "entry": {"node": "a"}, "nodes": {}}
        made: dict[str, Any] = self.api.post(f"{BASE}/journeys", json=body).json()
        return made

    def subscribe(self, **body: Any) -> dict[str, Any]:
        answer = self.api.post(SUBSCRIPTIONS, json=body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def count(self, journey: dict[str, Any], **numbers: int) -> None:
        """entered, discarded, failed; ok and failing calls of node `mail`, of which some were capped."""
        version = journey["versionUid"]
        rows: dict[Any, int] = {
            (self.scope_id, version, "e", "entered", ""): numbers.get("entered", 0),
            (self.scope_id, version, "e", "discard", "reentranceNotAllowed"): numbers.get("discarded", 0),
            (self.scope_id, version, "mail", "ended", "error error"): numbers.get("failed", 0),
            (self.scope_id, version, "mail", "call", "ok"): numbers.get("ok", 0),
            (self.scope_id, version, "mail", "call", "http 500"): numbers.get("bad", 0),
            (self.scope_id, version, "mail", "call", "capped"): numbers.get("capped", 0),
        }
        with self.platform.db.write() as connection:
            counter_store.add_counts(connection, {k: n for k, n in rows.items() if n}, self.clock.now_us())

    def wait(self, **duration: float) -> None:
        self.clock.advance(timedelta(**duration))

    def alerts(self, **query: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.api.get(f"{BASE}/alerts", params=query).json()["results"]
        return found

    def states(self) -> list[tuple[str, str, str]]:
        return sorted((one["kind"], one["journeyName"], one["state"]) for one in self.alerts())

    def notifier(self) -> Notifier:
        platform = self.platform
        return Notifier(platform.db, platform.resources, platform.secrets, self.clock, allow_private=True)

    def notices(self) -> list[tuple[str, str, int]]:
        with self.platform.db.read() as connection:
            rows = connection.execute(text("SELECT event, state, attempts FROM alert_notice ORDER BY id")).all()
        return [(row[0], row[1], row[2]) for row in rows]


@pytest.fixture
def world(api: TestClient, platform: Platform) -> World:
    return World(api, platform)


def test_a_rule_reads_its_own_part_of_a_pulse() -> None:
    whole = Pulse(1, "v", "", entered=8, discarded=2, failed=3, calls=0, call_errors=0, calls_capped=0)
    node = Pulse(1, "v", "mail", entered=0, discarded=0, failed=0, calls=10, call_errors=4, calls_capped=1)
    found = {(r.kind, r.node_id): (r.part, r.whole) for r in readings([whole, node])}
    assert found == {
        ("profileDiscardRate", ""): (2, 10),
        ("profileErrorRate", ""): (3, 8),
        ("customActionErrorRate", "mail"): (4, 10),
        ("customActionCapping", "mail"): (1, 10),
    }
    assert readings([Pulse(1, "v", "", 9, 0, 0, 0, 0, 0)]) == []


def test_a_run_that_lets_nobody_enter_is_told_after_ten_minutes_and_resolved_by_one_that_does(world: World) -> None:
    world.subscribe(alerts=["readAudienceUnsuccessful"])

    def run(number: int, entered: int) -> None:
        now_us = world.clock.now_us()
        made = AudienceRun(
            f"run{number}", world.scope_id, world.ours["uid"], world.ours["versionUid"], number, 0, "finished", now_us,
            now_us, now_us, None, "", entered, entered, "", None,
        )  # fmt: skip
        with world.platform.db.write() as connection:
            insert_run(connection, made)

    run(1, entered=0)
    world.wait(minutes=9)
    world.evaluator.look()
    assert world.states() == []
    world.wait(minutes=2)
    world.evaluator.look()
    assert world.states() == [("readAudienceUnsuccessful", "Ours", "open")]
    run(2, entered=3)
    world.wait(minutes=61)
    world.evaluator.look()
    assert world.states() == [("readAudienceUnsuccessful", "Ours", "resolved")]


def test_a_threshold_is_passed_not_touched_and_needs_its_minimum() -> None:
    def above(part: int, whole: int, limits: Limits) -> bool:
        return Reading("profileErrorRate", 1, "v", "", part, whole).is_above(limits)

    assert not above(2, 10, Limits(0.2, 1))
    assert above(3, 10, Limits(0.2, 1))
    assert not above(3, 10, Limits(0.2, 4))
    assert above(1, 100, Limits(0.0, 1))
    assert above(1, 0, Limits(0.2, 1))  # who fails while nobody enters


def test_an_alert_opens_once_goes_on_and_is_resolved_after_a_calm_hour(world: World) -> None:
    world.subscribe(journeyUid=world.ours["uid"], alerts=["profileErrorRate", "profileDiscardRate"])
    world.count(world.ours, entered=10, failed=2)
    world.count(world.other, entered=10, failed=9)
    assert world.evaluator.look() == 0
    assert world.alerts() == []
    world.count(world.ours, failed=1)
    world.evaluator.look()
    (alert,) = world.alerts(state="open", journeyUid=world.ours["uid"])
    assert alert["state"] == "open"
    assert (alert["kind"], alert["percent"], alert["count"], alert["of"]) == ("profileErrorRate", 30.0, 3, 10)
    world.count(world.ours, failed=3)
    world.evaluator.look()
    (alert,) = world.alerts()
    assert (alert["percent"], alert["worstPercent"]) == (30.0, 60.0)
    world.wait(minutes=4)
    world.evaluator.look()
    last_above = world.alerts()[0]["lastAboveAt"]
    assert last_above > alert["openedAt"]
    world.wait(minutes=2)  # the window has passed
    world.evaluator.look()
    assert world.alerts()[0]["lastAboveAt"] == last_above
    world.wait(minutes=57)
    world.evaluator.look()
    assert world.states() == [("profileErrorRate", "Ours", "open")]
    world.wait(minutes=2)
    world.evaluator.look()
    assert world.states() == [("profileErrorRate", "Ours", "resolved")]
    assert world.alerts(state="open") == []
    world.count(world.ours, entered=1, failed=1)
    world.evaluator.look()
    assert world.states() == [("profileErrorRate", "Ours", "open"), ("profileErrorRate", "Ours", "resolved")]


def test_the_window_slides(world: World) -> None:
    """Two parts of ten, four minutes apart, are one window; seven minutes apart they are two."""
    world.subscribe(alerts=["profileDiscardRate"], thresholds={"profileDiscardRate": {"percent": 50, "minimum": 15}})
    world.count(world.ours, discarded=10)
    world.wait(minutes=7)
    world.count(world.ours, discarded=10)
    world.evaluator.look()
    assert world.alerts() == []
    world.wait(minutes=4)
    world.count(world.ours, discarded=10)
    world.evaluator.look()
    assert world.states() == [("profileDiscardRate", "Ours", "open")]


def test_a_subscription_hears_of_its_journey_its_kinds_and_its_thresholds(world: World) -> None:
    everything = world.subscribe(name="all")["uid"]
    strict = world.subscribe(
        alerts=["customActionErrorRate"],
        thresholds={"customActionErrorRate": {"percent": 1}},
        journeyUid=world.other["uid"],
    )["uid"]
    for journey in (world.ours, world.other):
        world.count(journey, entered=100, ok=90, bad=9, capped=1)
    world.evaluator.look()
    found = {(one["subscriptionUid"], one["kind"], one["journeyName"], one["nodeId"]) for one in world.alerts()}
    assert found == {
        (everything, "customActionCapping", "Ours", "mail"),
        (everything, "customActionCapping", "Other", "mail"),
        (strict, "customActionErrorRate", "Other", "mail"),
    }
    assert world.api.get(f"{BASE}/alerts/{world.alerts()[0]['uid']}").json() == world.alerts()[0]
    assert world.alerts(kind="customActionErrorRate")[0]["journeyName"] == "Other"
    assert len(world.alerts(pageSize=2, page=1)) == 1


def test_publication_and_end_are_told_once_to_those_who_were_there_before(world: World) -> None:
    def change(journey: dict[str, Any], **members: Any) -> None:
        with world.platform.db.write() as connection:
            version = world.platform.resources.get(connection, world.scope_id, VERSION_KIND, journey["versionUid"])
            world.platform.resources.replace(connection, version, AUTHOR, {**version.body, **members})

    change(world.other, status="Deployed", deployments={"firstDeployedAt": "2020-01-01T00:00:00.000Z"})
    world.subscribe()
    change(world.ours, status="Deployed", deployments={"firstDeployedAt": "2099-01-01T00:00:00.000Z"})
    for _ in range(3):
        world.evaluator.look()
    assert world.states() == [("journeyPublished", "Ours", "information")]
    change(world.ours, status="Closed")
    world.evaluator.look()
    change(world.ours, status="Finished")
    world.evaluator.look()
    Evaluator(world.platform.db, world.platform.resources, world.clock).look()  # as after a restart
    assert world.states() == [
        ("journeyFinished", "Ours", "information"),
        ("journeyPublished", "Ours", "information"),
    ]


def test_each_request_for_approval_is_told_once_and_so_is_what_is_wanted_of_it(world: World) -> None:
    def change(status: str, *reviews: dict[str, Any]) -> None:
        with world.platform.db.write() as connection:
            version = world.platform.resources.get(connection, world.scope_id, VERSION_KIND, world.ours["versionUid"])
            body = {**version.body, "status": status, "reviews": list(reviews)}
            world.platform.resources.replace(connection, version, AUTHOR, body)
        for _ in range(2):
            world.evaluator.look()

    def request(uid: str, state: str, at_ms: int = 4_000_000_000_000) -> dict[str, Any]:
        decisions = [] if state == "open" else [{"verdict": state, "comment": "", "atMs": at_ms}]
        return {"uid": uid, "state": state, "comment": "", "atMs": at_ms, "decisions": decisions}

    def told() -> list[tuple[str, str]]:
        return [(one["kind"], one["requestUid"]) for one in reversed(world.alerts())]

    change("In Review", request("r0", "open", 1_000))
    world.subscribe(alerts=["journeyApprovalRequested", "journeyChangesRequested"])
    assert told() == []  # it was requested before anybody subscribed
    change("In Review", request("r1", "open"))
    assert told() == [("journeyApprovalRequested", "r1")]
    change("Draft", request("r1", "changesRequested"))
    first = [("journeyApprovalRequested", "r1"), ("journeyChangesRequested", "r1")]
    assert sorted(told()) == first
    change("In Review", request("r1", "changesRequested"), request("r2", "open"))
    change("Draft", request("r1", "changesRequested"), request("r2", "canceled"))
    assert sorted(told()) == [first[0], ("journeyApprovalRequested", "r2"), first[1]]
    assert world.states()[0][2] == "information"


def test_alerts_of_a_deleted_journey_go_and_those_of_a_deleted_subscription_are_resolved(world: World) -> None:
    kept = world.subscribe(journeyUid=world.ours["uid"], webhook={"url": "https://hooks.example.com/"})
    world.subscribe(journeyUid=world.other["uid"])
    for journey in (world.ours, world.other):
        world.count(journey, entered=1, failed=1)
    world.evaluator.look()
    assert len(world.alerts(state="open")) == 2
    assert world.notices() == [("opened", "pending", 0)]
    assert world.api.delete(f"{SUBSCRIPTIONS}/{kept['uid']}").status_code == 204
    assert world.notices() == []
    assert world.api.delete(f"{BASE}/journeys/{world.other['uid']}").status_code == 204
    world.evaluator.look()
    assert world.states() == [("profileErrorRate", "Ours", "resolved")]
    assert world.api.get(f"{SUBSCRIPTIONS}/{kept['uid']}").status_code == 404
    assert world.api.get(f"{BASE}/alerts/nothing").status_code == 404


def test_old_alerts_are_forgotten(world: World) -> None:
    world.subscribe(journeyUid=world.ours["uid"])
    world.count(world.ours, entered=1, failed=1)
    world.evaluator.look()
    world.wait(hours=2)
    world.evaluator.look()
    world.wait(days=90)
    world.evaluator.trim()
    assert len(world.alerts()) == 1
    world.wait(days=2)
    world.evaluator.trim()
    assert world.alerts() == []


def test_a_webhook_is_told_signed_and_again_until_it_has_taken_the_notice(world: World) -> None:
    receiver = ScriptedReceiver(lambda _request, before: Reply(500 if before == 0 else 204))
    world.subscribe(journeyUid=world.ours["uid"], webhook={"url": f"{receiver.url}/hook", "secret": "s3cret"})
    world.count(world.ours, entered=10, failed=5)
    assert world.evaluator.look() == 1
    notifier = world.notifier()
    assert asyncio.run(notifier.send_due()) == 1
    assert world.notices() == [("opened", "pending", 1)]
    assert asyncio.run(notifier.send_due()) == 0  # not yet
    world.wait(seconds=PAUSES_S[0])
    assert asyncio.run(notifier.send_due()) == 1
    assert world.notices() == [("opened", "delivered", 2)]
    first, second = receiver.arrived
    assert first.key == second.key
    assert first.path == "/hook"
    assert first.body == second.body
    assert first.body["event"] == "opened"
    assert first.body["alert"]["journeyName"] == "Ours"
    assert first.headers["x-parcours-timestamp"] != second.headers["x-parcours-timestamp"]
    for request in (first, second):
        signed = (
            f"{request.headers['x-parcours-timestamp']}.".encode()
            + json.dumps(request.body, separators=(",", ":"), ensure_ascii=False).encode()
        )
        expected = hmac.new(b"s3cret", signed, hashlib.sha256).hexdigest()
        assert request.headers["x-parcours-signature"] == f"sha256={expected}"
    world.wait(hours=2)
    world.evaluator.look()
    asyncio.run(notifier.send_due())
    assert [request.body["event"] for request in receiver.arrived] == ["opened", "opened", "resolved"]
    assert receiver.arrived[-1].body["alert"]["state"] == "resolved"
    (alert,) = world.alerts()
    assert [notice["state"] for notice in alert["notices"]] == ["delivered", "pending"]


@pytest.mark.parametrize(
    ("status", "attempts", "state"), [(410, 1, "failed"), (404, len(PAUSES_S) + 1, "failed"), (200, 1, "delivered")]
)
def test_a_notice_is_given_up_when_there_is_no_hope(world: World, status: int, attempts: int, state: str) -> None:
    def answer(_request: Arrived, _before: int) -> Reply:
        return Reply(status)

    receiver = ScriptedReceiver(answer)
    world.subscribe(journeyUid=world.ours["uid"], webhook={"url": receiver.url})
    world.count(world.ours, entered=1, failed=1)
    world.evaluator.look()
    for _ in range(len(PAUSES_S) + 3):
        asyncio.run(world.notifier().send_due())
        world.wait(hours=9)
    assert world.notices() == [("opened", state, attempts)]
    assert len(receiver.arrived) == attempts
    assert "x-parcours-signature" not in receiver.arrived[0].headers


def test_a_private_address_is_not_called_even_if_it_was_stored(world: World) -> None:
    receiver = ScriptedReceiver(lambda _request, _before: Reply())
    world.subscribe(journeyUid=world.ours["uid"], webhook={"url": receiver.url})
    world.count(world.ours, entered=1, failed=1)
    world.evaluator.look()
    platform = world.platform
    guarded = Notifier(platform.db, platform.resources, platform.secrets, world.clock, allow_private=False)
    asyncio.run(guarded.send_due())
    assert world.notices() == [("opened", "failed", 1)]
    assert receiver.arrived == []


def test_a_secret_is_sealed_masked_and_kept_for_the_same_host_alone(world: World) -> None:
    made = world.subscribe(webhook={"url": "https://a.example.com/x", "secret": "s3cret"})
    url = f"{SUBSCRIPTIONS}/{made['uid']}"
    assert made["webhook"] == {"url": "https://a.example.com/x", "secret": "********"}
    stored = ResourceStore()
    with world.platform.db.read() as connection:
        kept = stored.get(connection, world.scope_id, SUBSCRIPTION_KIND, made["uid"]).body["webhook"]["secret"]
    assert "s3cret" not in kept
    assert world.platform.secrets.decrypt(kept) == "s3cret"
    moved = {**made, "webhook": {"url": "https://a.example.com/y", "secret": "********"}}
    assert world.api.put(url, json=moved).status_code == 200
    with world.platform.db.read() as connection:
        assert stored.get(connection, world.scope_id, SUBSCRIPTION_KIND, made["uid"]).body["webhook"]["secret"] == kept
    elsewhere = {**made, "webhook": {"url": "https://b.example.com/", "secret": "********"}}
    refused = world.api.put(url, json=elsewhere)
    assert (refused.status_code, refused.json()["report"]["path"]) == (400, "$.webhook.secret")
    assert world.api.put(url, json={**made, "webhook": None}).json()["webhook"] is None
    stale = world.api.put(url, json=made | {"webhook": None}, headers={"If-Match": '"old"'})
    assert stale.status_code == 412
    assert world.api.get(SUBSCRIPTIONS, headers={"x-sandbox-name": "dev"}).json()["results"] == []
    assert world.api.get(url, headers={"x-sandbox-name": "dev"}).status_code == 404


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"color": 1}, "$.color"),
        ({"name": 5}, "$.name"),
        ({"journeyUid": "nothing"}, "$.journeyUid"),
        ({"journeyUid": 5}, "$.journeyUid"),
        ({"alerts": []}, "$.alerts"),
        ({"alerts": ["readAudience"]}, "$.alerts"),
        ({"alerts": [["x"]]}, "$.alerts"),
        ({"thresholds": []}, "$.thresholds"),
        ({"thresholds": {"journeyPublished": {}}}, "$.thresholds.journeyPublished"),
        ({"thresholds": {"profileErrorRate": {"percent": 101}}}, "$.thresholds.profileErrorRate.percent"),
        ({"thresholds": {"profileErrorRate": {"percent": True}}}, "$.thresholds.profileErrorRate.percent"),
        ({"thresholds": {"profileErrorRate": {"minimum": 0}}}, "$.thresholds.profileErrorRate.minimum"),
        ({"webhook": "https://a.example.com"}, "$.webhook"),
        ({"webhook": {"url": "ftp://a.example.com"}}, "$.webhook.url"),
        ({"webhook": {"url": "https://a.example.com/ü"}}, "$.webhook.url"),
        ({"webhook": {"url": "https://a.example.com", "secret": ""}}, "$.webhook.secret"),
        ({"webhook": {"url": "https://a.example.com", "secret": "********"}}, "$.webhook.secret"),
    ],
)
def test_a_subscription_that_can_not_be_is_told_where(api: TestClient, body: dict[str, Any], path: str) -> None:
    refused = api.post(SUBSCRIPTIONS, json=body)
    assert refused.status_code == 400, refused.text
    assert refused.json()["report"]["path"] == path


def test_every_kind_is_documented_with_its_threshold() -> None:
    page = (Path(__file__).parents[3] / "docs/reference/reports.md").read_text(encoding="utf-8")
    for kind in KINDS:
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `{kind}` |")]
        if kind in RULES:
            assert f"{RULES[kind].threshold:.0%}".replace("%", " %") in row, kind


def test_a_signature_is_of_time_and_body() -> None:
    assert sign("k", "1", b"{}") == "sha256=" + hmac.new(b"k", b"1.{}", hashlib.sha256).hexdigest()
    assert sign("k", "2", b"{}") != sign("k", "1", b"{}")


def test_alerts_of_one_place_are_never_open_twice(world: World) -> None:
    world.subscribe(alerts=["profileErrorRate"])
    world.count(world.ours, entered=1, failed=1)
    for _ in range(3):
        world.evaluator.look()
        world.wait(seconds=10)
    with world.platform.db.read() as connection:
        places = [alert.place for alert in store.find_open(connection)]
    assert len(places) == len(set(places)) == 1
