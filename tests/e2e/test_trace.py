"""For each event of a customer, `parcours trace` and its endpoint say which journeys it met, and why not the others."""

import json
import re
from typing import Any, NamedTuple

import demo
import pytest
from asking import ask, query
from definitions import JOURNEYS, XDM_FULL, Defined, define
from journey_tools import instances, publish, transitions
from platform_client import Platform
from receiver import Receiver
from running import RunningServer, wait_for

TOTAL = "@event{OrderPlaced.commerce.order.priceTotal}"
TIER = "#{ExperiencePlatform.ProfileFieldGroup.loyalty.tier}"


class World(NamedTuple):
    server: RunningServer
    platform: Platform
    defined: Defined
    once: str
    """A journey without re-entrance."""
    long: str
    """A journey whose people stay for an hour."""

    def order(self, number: int, event_id: str, **entity: Any) -> dict[str, Any]:
        message = demo.order(self.platform, self.defined, number)
        merged = message["body"]["xdmEntity"] | {"_id": event_id, **entity}
        message["body"]["xdmEntity"] = {key: value for key, value in merged.items() if value is not None}
        return message

    def send(self, number: int, event_id: str, **entity: Any) -> None:
        """Post an order; it is decided about when this returns."""
        before = len(self.trace(eventId=event_id)["events"])
        assert ask("POST", self.defined.event_inlet, self.order(number, event_id, **entity)).status == 200
        wait_for(lambda: len(self.trace(eventId=event_id)["events"]) > before, what="the decision")

    def trace(self, **parameters: str) -> Any:
        return self.platform.get(query(f"{JOURNEYS}/trace", **parameters))

    def decisions(self, event_id: str, receipt: int = 0) -> dict[str, dict[str, Any]]:
        """What each event configuration made of a receipt of an event, by the configuration's name."""
        return {told["event"]: told for told in self.trace(eventId=event_id)["events"][receipt]["decisions"]}

    def journeys(self, event_id: str) -> dict[str, tuple[str, str | None]]:
        """What each journey made of an order: (outcome, reason)."""
        told = self.decisions(event_id)["OrderPlaced"]["journeys"]
        return {one["journey"]: (one["outcome"], one.get("reason")) for one in told}

    def printed(self, number: int) -> str:
        """`parcours trace` of a customer."""
        run = self.server.command("trace", demo.email(number))
        assert (run.returncode, run.stderr) == (0, "")
        return run.stdout


@pytest.fixture(scope="module")
def world(server: RunningServer) -> World:
    platform = server.platform()
    defined = define(platform, Receiver().url, lambda _line: None)
    reference = {"id": defined.event_schema, "contentType": XDM_FULL}
    for name, kind in (
        ("BigOrder", {"idType": "ruleBased", "idCondition": "@event{BigOrder.commerce.order.priceTotal} > 500"}),
        ("OrderReturned", {"idType": "systemGenerated"}),
    ):
        platform.post(
            f"{JOURNEYS}/events",
            {
                "name": name,
                "type": "unitary",
                "schemaRef": reference,
                "datasetId": defined.event_dataset,
                "fields": ["/commerce/order/priceTotal"],
                "namespace": "Email",
                **kind,
            },
        )
    never = {"node": "order", "reentrance": {"allowed": False}}
    once = publish(platform, "Only once", {}, [], entry=never)
    hour = {"type": "wait", "duration": {"value": 1, "unit": "hours"}}
    long = publish(platform, "An hour", {"hour": hour}, [("order", "hour")])
    return World(server, platform, defined, once, long)


def test_a_matched_event_names_the_journeys_entered_and_their_instances(world: World) -> None:
    world.send(10, "matched")
    told = world.decisions("matched")["OrderPlaced"]
    assert (told["outcome"], told["key"]) == ("matched", demo.email(10))
    assert world.journeys("matched") == dict.fromkeys(("Thank the customer", "Only once", "An hour"), ("entered", None))
    entered = {one["instanceId"] for one in told["journeys"]}
    assert entered == {one["id"] for one in world.trace(eventId="matched")["instances"]}
    (event,) = world.trace(identity=demo.email(10), namespace="Email")["events"]
    assert event.keys() == {
        "namespace", "identity", "eventId", "inletId", "xactionId", "receivedTimeMs", "decisions",
    }  # fmt: skip
    text = world.printed(10)
    assert "event matched" in text
    for name in ("Thank the customer", "Only once", "An hour"):
        assert f"journey “{name}”: entered" in text


def test_a_condition_that_is_not_true_is_told_with_its_text(world: World) -> None:
    world.send(11, "small")
    reason = "its condition is not true: @event{BigOrder.commerce.order.priceTotal} > 500"
    assert world.decisions("small")["BigOrder"]["outcome"] == "notMatched"
    assert world.decisions("small")["BigOrder"]["reason"] == reason
    assert f"BigOrder: not matched, {reason}" in world.printed(11)


def test_another_event_id_and_a_missing_one_are_told(world: World) -> None:
    world.send(12, "with id")
    assert world.decisions("with id")["OrderReturned"]["reason"] == "the record's eventID is another one"
    world.send(12, "without id", _experience=None)
    reason = "the record has no _experience.campaign.orchestration.eventID"
    assert {name: told["reason"] for name, told in world.decisions("without id").items() if name != "BigOrder"} == {
        "OrderPlaced": reason, "OrderReturned": reason,
    }  # fmt: skip
    assert reason in world.printed(12)


def test_an_event_above_64_kb_lands_and_moves_nobody(world: World) -> None:
    world.send(20, "large", eventType="x" * 65_536)
    told = world.decisions("large")["OrderPlaced"]
    assert (told["outcome"], told["reason"]) == ("refused", "eventTooLarge")
    assert "OrderPlaced: refused, it is longer than the 64 KB that journeys take" in world.printed(20)
    wait_for(lambda: world.server.sql("SELECT _id FROM orders WHERE _id = 'large'"), what="the landing")


def test_an_event_that_no_journey_wants_says_so(world: World) -> None:
    commerce = {"order": {"purchaseID": "P", "priceTotal": 700.0, "currencyCode": "EUR"}}
    world.send(13, "big", commerce=commerce)
    assert world.decisions("big")["BigOrder"]["outcome"] == "EVENT_WITH_NO_JOURNEY"
    assert "BigOrder: matched, but no live journey begins with it, waits for it or counts it" in world.printed(13)


def test_an_event_sent_again_is_told_as_a_duplicate_and_starts_nothing(world: World) -> None:
    world.send(14, "twice")
    world.send(14, "twice")
    outcomes = [world.decisions("twice", receipt)["OrderPlaced"]["outcome"] for receipt in (0, 1)]
    assert sorted(outcomes) == ["duplicate", "matched"]
    assert len(instances(world.platform, world.long, demo.email(14))) == 1
    assert "OrderPlaced: duplicate, an event with this _id came within the last ten minutes" in world.printed(14)


def test_a_refused_entrance_says_whether_they_are_inside_or_may_not_come_again(world: World) -> None:
    world.send(15, "first visit")
    wait_for(lambda: transitions(instances(world.platform, world.long, demo.email(15))[0]), what="the first entrance")
    world.send(15, "second visit")
    assert world.journeys("second visit")["Only once"] == ("refused", "reentranceNotAllowed")
    assert world.journeys("second visit")["An hour"] == ("refused", "notSuitableInitialEvent")
    for version in (world.once, world.long):
        assert len(instances(world.platform, version, demo.email(15))) == 1
    text = world.printed(15)
    assert "journey “Only once”: refused, they were in it before, and may not enter again, or not yet" in text
    assert "journey “An hour”: refused, they are in it, and it doesn't wait for this event where they stand" in text


def test_an_instance_shows_its_steps_with_the_values_conditions_saw(world: World) -> None:
    world.send(16, "steps")
    version = world.defined.journey_version

    def is_over() -> bool:
        return instances(world.platform, version, demo.email(16))[0]["status"] == "ended"

    wait_for(is_over, what="the end")
    (instance,) = instances(world.platform, version, demo.email(16))
    assert (instance["journey"], instance["key"], instance["namespace"]) == (
        "Thank the customer", demo.email(16), "Email",
    )  # fmt: skip
    assert (instance["nodeId"], instance["waitingFor"], instance["timers"]) == (None, None, [])
    assert transitions(instance) == ["order:default", "gold:other", "pause:default"]
    assert [step["seq"] for step in instance["steps"]] == list(range(len(instance["steps"])))
    (condition,) = [step for step in instance["steps"] if step["nodeId"] == "gold"]
    assert condition["detail"]["paths"] == [
        {"id": "vip", "result": False, "references": {TIER: None, TOTAL: demo.total(16)}}
    ]
    sent = instance["steps"][-1]
    assert (sent["nodeName"], sent["instanceEnded"]) == ("Send the standard message", True)
    assert sent["action"]["actionName"] == "SendMessage"
    assert sent["action"]["actionOriginEndpoint"].endswith("/messages")
    text = world.printed(16)
    assert f"{TOTAL} = {demo.total(16)}" in text
    assert re.search(r"Send the standard message \(action\).*sent in \d+ ms.*left the journey", text)


def test_an_instance_that_waits_shows_until_when(world: World) -> None:
    world.send(17, "waits")
    (instance,) = instances(world.platform, world.long, demo.email(17))
    assert (instance["status"], instance["nodeId"]) == ("active", "hour")
    due = {timer["nodeId"]: timer["dueAtUs"] for timer in instance["timers"]}
    assert due["hour"] == instance["enteredAtUs"] + 3_600_000_000
    assert re.search(r"An hour”, at hour .*\n(.*\n)*.*timer of hour due \d{4}-\d\d-\d\d", world.printed(17))


def test_a_customer_nobody_knows_has_an_empty_trace_that_says_so(world: World) -> None:
    found = world.trace(identity="nobody@example.com", namespace="Email")
    assert (found["events"], found["instances"]) == ([], [])
    run = world.server.command("trace", "nobody@example.com")
    assert run.returncode == 0
    assert "no event of this customer was looked at by an event configuration" in run.stdout


def test_a_trace_needs_to_know_of_whom(world: World) -> None:
    answer = ask("GET", f"{world.platform.url}{JOURNEYS}/trace", headers=world.platform.headers)
    assert answer.status == 400
    assert "identity" in answer.body["detail"]
    assert "eventId" in answer.body["detail"]
    missing = ask("GET", f"{world.platform.url}{JOURNEYS}/instances/nothing", headers=world.platform.headers)
    assert missing.status == 404
    assert "no journey instance 'nothing'" in missing.body["detail"]


def test_the_trace_as_json_is_the_endpoints_answer(world: World) -> None:
    world.send(18, "json")
    run = world.server.command("trace", demo.email(18), "--json")
    assert run.returncode == 0
    assert json.loads(run.stdout)["events"] == world.trace(identity=demo.email(18), namespace="Email")["events"]


def test_a_stopped_journey_ends_in_the_trace_and_makes_no_call(world: World) -> None:
    world.send(19, "before the stop")
    wait_for(lambda: instances(world.platform, world.long, demo.email(19))[0]["status"] == "active", what="the wait")
    world.platform.post(f"{JOURNEYS}/journeyVersions/{world.long}/stop")
    wait_for(lambda: instances(world.platform, world.long, demo.email(19))[0]["status"] == "stopped", what="the stop")
    (instance,) = instances(world.platform, world.long, demo.email(19))
    assert instance["timers"] == []
    assert (instance["steps"][-1]["nodeId"], instance["steps"][-1]["detail"]) == ("hour", {"reason": "stopped"})
    assert "journey “An hour”, stopped" in world.printed(19)
    assert re.search(r"hour \(wait\) +the version was stopped +left the journey", world.printed(19))
