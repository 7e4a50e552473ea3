"""A condition sees what came before its event in the log, its own event, and nothing that came after."""

from typing import Any, NamedTuple

import demo
import pytest
from asking import ask, query
from definitions import JOURNEYS, Defined, define, make_connection, make_flow
from journey_tools import publish, transitions
from platform_client import Platform
from receiver import Receiver
from running import RunningServer, wait_for

COUNT = "count(#{ExperiencePlatform.ExperienceEventFieldGroup.experienceevent.eventType})"


class World(NamedTuple):
    platform: Platform
    defined: Defined
    inlet: str
    """Takes profile records and events in one batch."""
    profile_flow: str
    event_flow: str
    tier_journey: str
    count_journey: str

    def member(self, number: int, tier: str) -> dict[str, Any]:
        message = demo.xdm_member(self.platform, self.defined)
        message["header"] |= {"flowId": self.profile_flow}
        message["body"]["xdmEntity"] = {
            "_id": f"member-{number}",
            "workEmail": {"address": demo.email(number)},
            "loyalty": {"tier": tier},
        }
        return message

    def order(self, number: int, event_id: str = "") -> dict[str, Any]:
        message = demo.order(self.platform, self.defined, number)
        message["header"] |= {"flowId": self.event_flow}
        message["body"]["xdmEntity"]["_id"] = event_id or f"order-{number}"
        return message

    def send(self, *messages: dict[str, Any]) -> None:
        """Post messages as one batch, all of which are accepted."""
        url = self.inlet.replace("/collection/", "/collection/batch/")
        answer = ask("POST", url, {"messages": list(messages)})
        assert answer.status == 207
        assert not [one for one in answer.body["responses"] if "statusCode" in one]

    def path(self, journey: str, event_id: str) -> str:
        """What the journey's condition decided for the entrance that an event caused."""

        def entered() -> list[dict[str, Any]]:
            found = self.platform.get(query(f"{JOURNEYS}/trace", eventId=event_id))["instances"]
            return [one for one in found if one["versionUid"] == journey]

        wait_for(entered, what=f"the entrance of {event_id}")
        (instance,) = entered()
        (path,) = [one for one in transitions(instance) if one.startswith("decide:")]
        return path.removeprefix("decide:")


@pytest.fixture(scope="module")
def world(server: RunningServer) -> World:
    platform = server.platform()
    defined = define(platform, Receiver().url, lambda _line: None)
    connection, inlet = make_connection(platform, "Members and orders", {"dataType": "xdm"})
    flows = [
        make_flow(platform, f"Mixed {name}", connection, schema, dataset)
        for name, schema, dataset in (
            ("members", defined.profile_schema, defined.profile_dataset),
            ("orders", defined.event_schema, defined.event_dataset),
        )
    ]

    def decide(name: str, **paths: str) -> str:
        node = {
            "type": "condition",
            "paths": [{"id": key, "expression": text} for key, text in paths.items()],
            "otherPath": True,
        }
        ends = {key: {"type": "end"} for key in (*paths, "none")}
        edges = [
            ("order", "decide"), ("decide", "none", "other"), *(("decide", key, "path", key) for key in paths)
        ]  # fmt: skip
        return publish(platform, name, {"decide": node, **ends}, edges)

    tier = "#{ExperiencePlatform.ProfileFieldGroup.loyalty.tier}"
    return World(
        platform,
        defined,
        inlet,
        *flows,
        decide("By tier", gold=f'{tier} == "gold"', silver=f'{tier} == "silver"'),
        decide("By count", one=f"{COUNT} == 1", two=f"{COUNT} == 2", three=f"{COUNT} == 3"),
    )


def test_a_condition_sees_the_profile_record_sent_just_before_the_event_in_the_same_request(world: World) -> None:
    world.send(world.member(1, "gold"), world.order(1))
    assert world.path(world.tier_journey, "order-1") == "path:gold"


def test_a_condition_does_not_see_a_record_sent_just_after_the_event_in_the_same_request(world: World) -> None:
    world.send(world.order(2), world.member(2, "gold"))
    assert world.path(world.tier_journey, "order-2") == "other"


def test_each_event_of_a_request_sees_what_stands_before_it_whatever_their_order(world: World) -> None:
    world.send(
        world.member(3, "silver"),
        world.order(3, "first"),
        world.member(3, "gold"),
        world.order(3, "second"),
        world.order(4),
        world.member(4, "gold"),
        world.member(3, "bronze"),
        world.order(3, "third"),
    )
    found = {event_id: world.path(world.tier_journey, event_id) for event_id in ("first", "second", "third", "order-4")}
    assert found == {"first": "path:silver", "second": "path:gold", "third": "other", "order-4": "other"}


def test_an_event_counts_itself_among_the_persons_events(world: World) -> None:
    world.send(world.order(5, "5a"))
    assert world.path(world.count_journey, "5a") == "path:one"
    world.send(world.order(5, "5b"))
    assert world.path(world.count_journey, "5b") == "path:two"


def test_events_of_one_request_count_those_before_them_and_not_those_after(world: World) -> None:
    world.send(world.order(6, "6a"), world.order(6, "6b"), world.order(6, "6c"))
    found = [world.path(world.count_journey, event_id) for event_id in ("6a", "6b", "6c")]
    assert found == ["path:one", "path:two", "path:three"]


def test_records_of_requests_that_follow_each_other_at_once_are_seen_in_that_order(world: World) -> None:
    for number in range(10, 20):
        for message in (world.member(number, "gold"), world.order(number)):
            assert ask("POST", world.inlet, message).status == 200
    for number in range(10, 20):
        assert world.path(world.tier_journey, f"order-{number}") == "path:gold"


def test_messages_of_a_mixed_request_keep_their_places_as_transaction_ids(world: World) -> None:
    broken = [world.order(7, f"broken-{n}") for n in range(3)]
    for message in broken:
        message["body"]["xdmEntity"]["eventType"] = 5
    sent = [broken[0], world.member(7, "gold"), {}, broken[1], world.member(8, "gold"), broken[2]]
    answer = ask("POST", world.inlet.replace("/collection/", "/collection/batch/"), {"messages": sent})

    def failed() -> dict[str, str]:
        items = world.platform.get("/parcours/failedRecords")["items"]
        return {one["body"]["body"]["xdmEntity"]["_id"]: one["xactionId"] for one in items}

    wait_for(lambda: "broken-2" in failed(), what="the failures")
    batch_id = answer.body["batchId"]
    assert failed() == {f"broken-{n}": f"{batch_id}:{place}" for n, place in enumerate((0, 3, 5))}


@pytest.mark.parametrize("indexes", [[0], 5, None, "ab", ["x", {}]])
def test_what_a_sender_writes_beside_the_messages_changes_nothing(world: World, indexes: Any) -> None:
    name = f"beside {indexes}"
    orders = [world.order(9, f"{name} {n}") for n in range(3)]
    before = len(world.platform.get("/parcours/failedRecords")["items"])
    url = world.inlet.replace("/collection/", "/collection/batch/")
    assert ask("POST", url, {"messages": [world.member(9, "gold"), orders[0]], "indexes": indexes}).status == 207
    assert ask("POST", url, {"messages": orders[1:], "indexes": indexes, "count": 7}).status == 207
    for n in range(3):
        assert world.path(world.tier_journey, f"{name} {n}") == "path:gold"
    assert len(world.platform.get("/parcours/failedRecords")["items"]) == before
