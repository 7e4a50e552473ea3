"""An organisation's pauses hold so many individuals at most; whoever comes to an action after that is discarded."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from test_faults_of_the_code import WAIT_FIRST, World
from test_journey_api import VERSIONS, Sandbox

from parcours.app import Platform
from parcours.journeys import held, store
from parcours.journeys.held import LOOK_EVERY_S, HeldLimit
from parcours.journeys.lifecycle import SYSTEM

FIRST, MORE, LATE = ["a@example.com", "b@example.com"], ["c@example.com"], ["d@example.com"]


class Clock:
    """Seconds that pass when they are told to."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def world(api: TestClient, platform: Platform) -> World:
    made = World(api, platform, Sandbox(api))
    made.publish(edges=WAIT_FIRST)
    return made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limit(platform: Platform, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> HeldLimit:
    monkeypatch.setattr(held, "MAX_HELD", 3)
    return HeldLimit(platform.db, platform.resources, SYSTEM, clock)


def arrive(world: World, people: list[str]) -> None:
    """They come to the action."""
    world.enter(people)
    world.clock.advance(timedelta(seconds=3))
    world.pipeline.run_timers(100)


def verb(world: World, name: str, **settings: Any) -> None:
    answer = world.api.post(f"{VERSIONS}/{world.version_uid}/{name}", json=settings)
    assert answer.status_code == 200, answer.text


def holds_no_more(world: World) -> bool:
    shown: bool = world.api.get(f"{VERSIONS}/{world.version_uid}").json()["pausedJourneySettings"]["holdsNoMore"]
    return shown


def test_who_comes_when_the_limit_is_reached_is_discarded_and_who_is_held_stays(
    world: World, limit: HeldLimit, clock: Clock
) -> None:
    world.enter(FIRST + MORE + LATE)
    verb(world, "pause")
    world.clock.advance(timedelta(seconds=3))
    assert world.pipeline.run_timers(2) == 2
    assert limit.look() == 0
    assert not holds_no_more(world)
    assert world.pipeline.run_timers(1) == 1
    assert limit.look() == 0, "it was looked at just now"
    clock.now_s += LOOK_EVERY_S
    assert limit.look() == 1
    assert holds_no_more(world)
    assert world.pipeline.run_timers(1) == 1
    standing = sorted(world.standing().values(), key=str)
    assert standing == [("active", "mail")] * 3 + [("discarded", None)]
    (gone,) = [key for key, place in world.standing().items() if place[0] == "discarded"]
    assert world.last_step(gone)["detail"] == {"reason": "JOURNEY_IN_PAUSED_STATE"}
    verb(world, "resume")
    world.pipeline.run_stops(10)
    assert len(world.answers()) == 3
    verb(world, "pause")
    assert not holds_no_more(world), "another pause begins anew"


def test_journeys_of_the_organisation_share_the_limit_and_hold_again_when_there_is_room(
    world: World, limit: HeldLimit, clock: Clock
) -> None:
    first_uid = world.version_uid
    world.enter(FIRST)
    verb(world, "pause")
    second_uid = world.publish(name="Another", edges=WAIT_FIRST)
    world.enter(MORE + LATE)
    verb(world, "pause")
    world.clock.advance(timedelta(seconds=3))
    assert world.pipeline.run_timers(100) == 4
    assert limit.look() == 2
    assert holds_no_more(world)
    world.version_uid = first_uid
    assert holds_no_more(world)
    verb(world, "resume")
    clock.now_s += LOOK_EVERY_S
    assert limit.look() == 1
    world.version_uid = second_uid
    assert not holds_no_more(world)


def test_nobody_is_counted_while_fewer_are_inside_at_all(
    world: World, limit: HeldLimit, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(world, FIRST)
    verb(world, "pause")

    def count(*_: Any, **__: Any) -> int:
        raise AssertionError("the figures say that there are fewer")

    monkeypatch.setattr(store, "count_waiting", count)
    assert limit.look() == 0


def test_a_pause_that_discards_holds_nobody(world: World, limit: HeldLimit) -> None:
    arrive(world, FIRST + MORE + LATE)
    verb(world, "pause", behavior="discard")
    assert limit.look() == 0
