"""Success metrics and experiments on both databases: what is counted is what a slow model of the rules says."""

import random
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from parcours.db import Database
from parcours.events.feedback import Feedback
from parcours.journeys import counter_store, measure_store, store
from parcours.journeys.activities.optimize import ExperimentNode
from parcours.journeys.allocating import arms_of, recalculate, scaled
from parcours.journeys.compile import compile_version
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.match import LiveJourneys
from parcours.journeys.runner import JourneyWorkspace
from parcours.journeys.workset import Arrival
from parcours.reports.metrics import summarize_metrics

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "journeys"))
from journey_world import DAY_US, IDENTITY, NOW_US, SECOND_US, WORLD, compiled, document

END = {"type": "end"}
DOCUMENT = document(
    {
        "test": {
            "type": "optimize", "optimizeType": "experiment", "experimentType": "bandit", "holdout": 10,
            "successMetric": "paid",
            "paths": [{"id": "a", "percentage": 45}, {"id": "b", "label": "Better", "percentage": 45}],
        },
        "wait": {"type": "wait", "duration": {"value": 2, "unit": "days"}},
        "mail": {"type": "customAction", "actionUid": "a1", "parameters": [{"paramPath": "/to", "expression": '"x"'}]},
        "end_a": END, "end_b": END, "end_c": END,
    },
    ("start", "test"), ("test", "wait", "path", "a"), ("test", "mail", "path", "b"), ("mail", "end_b"),
    ("mail", "end_b", "error"),
    ("test", "end_c", "other"),
    ("wait", "end_a"),
    metrics=[
        "loyalty",
        {
            "id": "paid", "label": "Paid", "type": "event", "eventUid": "e2", "withinDays": 3,
            "expression": "@event{Payment.total} > 10", "value": {"expression": "@event{Payment.total}"},
        },
        {"id": "done", "type": "completed", "withinDays": 5},
        {"id": "opened", "type": "opened", "withinDays": 1},
    ],
)  # fmt: skip
DOCUMENT["entry"]["reentrance"] = {"allowed": True, "waitSeconds": 60}
JOURNEY = compiled(DOCUMENT)
NODE = JOURNEY.nodes["test"]
assert isinstance(NODE, ExperimentNode)


def live(journey: CompiledJourney = JOURNEY) -> LiveJourneys:
    return LiveJourneys(
        {(1, "e1"): (journey,)}, {}, {"version": journey}, scopes=frozenset({1}),
        measuring={(1, "e2"): (journey,)}, measured=frozenset({(1, "journey")}),
        experimenting={(1, "journey"): ("version",)},
    )  # fmt: skip


class Actions:
    def get(self, _scope_id: int, _uid: str) -> None:
        return None  # the call fails at once


class Nobody:
    def data_of(self, *_: Any) -> dict[str, Any]:
        return {}


def workspace(connection: Any, now_us: int, journey: CompiledJourney = JOURNEY) -> JourneyWorkspace:
    return JourneyWorkspace(connection, live(journey), Actions(), Nobody(), now_us)  # type: ignore[arg-type]


def come(db: Database, keys: list[str], now_us: int, journey: CompiledJourney = JOURNEY) -> dict[str, str]:
    """Everybody enters in one transaction; ids of the instances by key."""
    found = {}
    with db.write() as connection:
        space = workspace(connection, now_us, journey)
        for key in keys:
            (told,) = space.receive(Arrival(1, "e1", key, {"_id": key}, f"{now_us}", now_us // 1000, {}))
            assert told["outcome"] == "entered", told
            found[key] = told["instanceId"]
        space.flush()
    return found


def pay(db: Database, payments: list[tuple[str, float]], now_us: int) -> list[list[dict[str, Any]]]:
    with db.write() as connection:
        space = workspace(connection, now_us)
        told = [
            space.receive(Arrival(1, "e2", key, {"_id": "x", "total": total}, f"{now_us}{n}", now_us // 1000, {}))
            for n, (key, total) in enumerate(payments)
        ]
        space.flush()
    return told


def figures(db: Database, states: dict[str, Any] | None = None) -> dict[str, Any]:
    with db.read() as connection:
        counts = counter_store.read_counts(connection, 1, "version")
    return summarize_metrics(counts, DOCUMENT, {"test": "Test"}, states or {})


def metric(found: dict[str, Any], metric_id: str) -> dict[str, Any]:
    (one,) = (one for one in found["metrics"] if one["id"] == metric_id)
    return {name: one.get(name) for name in ("outcomes", "converted", "rate", "value")}


def paths(db: Database, keys: list[str]) -> dict[str, str]:
    with db.read() as connection:
        return {key: path for key, _, path in measure_store.StoredMeasures(connection).assignments("version", keys)}


@pytest.fixture
def world(db: Database) -> Database:
    return db


def test_an_event_counts_for_the_latest_entrance_within_the_window(world: Database) -> None:
    come(world, ["p", "q", "r"], NOW_US)
    (told,) = pay(world, [("p", 19.99)], NOW_US + SECOND_US)
    assert [(one["outcome"], one.get("metrics")) for one in told] == [("measured", ["paid"])]
    pay(world, [("p", 30.01), ("p", 5), ("nobody", 90)], NOW_US + 2 * SECOND_US)  # again, too little, not here
    pay(world, [("q", 100)], NOW_US + 3 * DAY_US)  # the window is over
    assert metric(figures(world), "paid") == {"outcomes": 2, "converted": 1, "rate": 0.3333, "value": 50.0}


def test_the_event_that_lets_enter_is_no_outcome_of_its_own_entrance(world: Database) -> None:
    both = {**DOCUMENT, "metrics": [{"id": "again", "type": "event", "eventUid": "e1"}]}
    both["nodes"] = {**both["nodes"], "test": {**both["nodes"]["test"], "successMetric": "again"}}
    journey = compiled(both)
    now = live(journey)
    again = replace(now, measuring={(1, "e1"): (journey,)})
    with world.write() as connection:
        space = JourneyWorkspace(connection, again, Actions(), Nobody(), NOW_US)  # type: ignore[arg-type]
        arrival = Arrival(1, "e1", "p", {"_id": "1"}, "s", NOW_US // 1000, {})
        assert [one["outcome"] for one in space.receive(arrival)] == ["entered"]
        assert [one["outcome"] for one in space.receive(arrival._replace(seed="t"))] == ["measured", "refused"]
        space.flush()
    with world.read() as connection:
        counts = counter_store.read_counts(connection, 1, "version")
    assert summarize_metrics(counts, both, {}, {})["metrics"][0]["converted"] == 1


def test_an_entrance_into_a_later_version_takes_the_outcomes_from_the_earlier_one(world: Database) -> None:
    everybody = [f"p{n}" for n in range(12)]
    come(world, everybody, NOW_US)
    keys = [key for key, path in paths(world, everybody).items() if path != "a"]  # the others still wait
    assert keys
    words = {**DOCUMENT, "metrics": ["words"]}
    words["nodes"] = {"start": DOCUMENT["nodes"]["start"], "end_a": END}
    words["edges"] = [{"from": "start", "to": "end_a"}]
    later = compile_version(words, WORLD, replace(IDENTITY, version_uid="later", version="2.0"))
    now = replace(live(), entries={(1, "e1"): (later,)}, versions={"version": JOURNEY, "later": later})
    with world.write() as connection:
        space = JourneyWorkspace(connection, now, Actions(), Nobody(), NOW_US + DAY_US)  # type: ignore[arg-type]
        arrival = Arrival(1, "e1", keys[0], {"_id": "1"}, "s", NOW_US // 1000, {})
        assert [one["outcome"] for one in space.receive(arrival)] == ["entered"]
        space.flush()
    with world.write() as connection:
        space = JourneyWorkspace(connection, now, Actions(), Nobody(), NOW_US + DAY_US + 1)  # type: ignore[arg-type]
        assert space.receive(Arrival(1, "e2", keys[0], {"_id": "2", "total": 20}, "t", NOW_US // 1000, {})) == []
        space.flush()
    assert metric(figures(world), "paid")["outcomes"] == 0


def test_completion_and_opens_count_once_for_an_entrance(world: Database) -> None:
    keys = [f"p{n}" for n in range(60)]
    ids = come(world, keys, NOW_US)
    waiting = [key for key, path in paths(world, keys).items() if path == "a"]
    assert 10 < len(waiting) < 50
    assert metric(figures(world), "done")["converted"] == 60 - len(waiting)
    feedback = Feedback(f"{ids[keys[0]]}-1", ids[keys[0]], 1, "interaction", "open", "2026-01-01T00:00:00Z")
    with world.write() as connection:
        space = workspace(connection, NOW_US + SECOND_US)
        space.load([ids[keys[0]]])
        space.react(1, feedback, {})
        space.react(1, feedback, {})
        space.react(2, feedback, {})  # told in another sandbox
        space.react(1, feedback._replace(is_bot=True), {})
        space.flush()
    assert metric(figures(world), "opened") == {"outcomes": 2, "converted": 1, "rate": 0.0167, "value": None}
    with world.write() as connection:
        space = workspace(connection, NOW_US + 2 * DAY_US)
        due = store.find_due(connection, NOW_US + 2 * DAY_US, 100)
        space.load([timer.instance_id for timer in due])
        assert all(space.wake(timer) for timer in due)
        space.flush()
    assert metric(figures(world), "done")["converted"] == 60


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_variants_are_what_a_slow_model_says(world: Database, seed: int) -> None:
    draw = random.Random(seed)
    keys = [f"p{n}" for n in range(40)]
    now_us, entered, converted_ids, by_path = NOW_US, {}, set(), {}
    value = outcomes = entrances = 0
    for _ in range(40):
        now_us += draw.choice((SECOND_US, 3_600 * SECOND_US, DAY_US))
        who = [key for key in draw.sample(keys, 8) if now_us - entered.get(key, ("", 0))[1] > 60 * SECOND_US]
        inside = set()
        with world.read() as connection:
            for key in who:
                rows = store.list_instances(connection, 1, key=key)
                if any(row.node_id is not None for row in rows):
                    inside.add(key)
        ids = come(world, [key for key in who if key not in inside], now_us)
        entrances += len(ids)
        entered |= {key: (instance_id, now_us) for key, instance_id in ids.items()}
        had = paths(world, keys)
        now_us += draw.choice((SECOND_US, 2 * DAY_US))
        payments = [(draw.choice(keys), float(draw.randrange(30))) for _ in range(draw.randrange(12))]
        pay(world, payments, now_us)
        for key, total in payments:
            instance_id, at_us = entered.get(key, ("", 0))
            if instance_id and total > 10 and now_us - at_us < 3 * DAY_US:
                outcomes, value = outcomes + 1, value + total
                converted_ids.add(instance_id)
                by_path.setdefault(had[key], set()).add(key)
    found = figures(world)
    paid = metric(found, "paid")
    assert (paid["outcomes"], paid["converted"], paid["value"]) == (outcomes, len(converted_ids), value)
    assert paid["rate"] == round(len(converted_ids) / entrances, 4)
    (experiment,) = found["experiments"]
    had = paths(world, keys)
    for variant in experiment["variants"]:
        path = variant["path"] or ""
        assert variant["individuals"] == sum(one == path for one in had.values())
        assert variant["metrics"][0]["converted"] == len(by_path.get(path, ()))
    assert [variant["name"] for variant in experiment["variants"]] == ["a", "Better", ""]
    with world.read() as connection:
        hours = counter_store.read_hours(connection, 1, "version", 0, 10**9)
    summed = summarize_metrics([one for counts in hours.values() for one in counts], DOCUMENT, {"test": "Test"}, {})
    assert summed == found  # hour by hour the same as over all time


def test_who_has_a_path_keeps_it_and_the_new_go_by_the_new_shares(world: Database) -> None:
    old, new = [f"p{n}" for n in range(80)], [f"n{n}" for n in range(80)]
    come(world, old, NOW_US)
    before = paths(world, old)
    assert set(before.values()) == {"a", "b", ""}
    with world.read() as connection:
        arms = arms_of(NODE.shares, counter_store.read_counts(connection, 1, "version"), "test", "paid")
    assert sum(arm.individuals for arm in arms) == sum(path != "" for path in before.values())
    state = scaled(NODE, None, "b", arms, NOW_US, {"mode": "manual"})
    journey = replace(JOURNEY, shares={"test": state["shares"]})
    gone = [key for key, path in before.items() if path != "a"]  # the others still wait
    come(world, gone + new, NOW_US + DAY_US, journey)
    assert paths(world, old) == before
    after = paths(world, new)
    assert set(after.values()) == {"b", ""}
    assert sum(path == "" for path in after.values()) < 20
    with world.read() as connection:
        steps = [
            step
            for row in store.list_instances(connection, 1, version_uid="version", key=gone[0])
            for _, step in store.list_steps(connection, [row.id])
        ]
    assert len(steps) >= 2


def test_a_bandit_moves_shares_to_the_path_that_converts(world: Database) -> None:
    keys = [f"p{n}" for n in range(400)]
    come(world, keys, NOW_US)
    pay(world, [(key, 20.0) for key, path in paths(world, keys).items() if path == "b"][:90], NOW_US + SECOND_US)
    with world.read() as connection:
        counts = counter_store.read_counts(connection, 1, "version")
    arms = arms_of(NODE.shares, counts, "test", "paid")
    state = recalculate(NODE, "version", None, arms, NOW_US + 7 * DAY_US)
    assert state["shares"]["b"] > 80
    assert state["shares"]["a"] >= 4.5
    assert sum(state["shares"].values()) == pytest.approx(90)
    assert state == recalculate(NODE, "version", None, arms, NOW_US + 7 * DAY_US)


def test_what_was_measured_goes_with_the_version_and_old_entrances_go_with_time(world: Database) -> None:
    come(world, ["p", "q"], NOW_US)
    pay(world, [("p", 20.0), ("q", 20.0)], NOW_US + SECOND_US)

    def kept() -> tuple[int, int, int]:
        with world.read() as connection:
            rows = connection.exec_driver_sql("SELECT node_id FROM journey_conversion WHERE metric = 'paid'").all()
            assigned = connection.exec_driver_sql("SELECT count(*) FROM journey_assignment").scalar()
        return sum(row[0] == "" for row in rows), sum(row[0] != "" for row in rows), int(assigned or 0)

    assert kept() == (2, 2, 2)
    with world.write() as connection:
        assert not measure_store.trim_conversions(connection, NOW_US)
        assert measure_store.trim_conversions(connection, NOW_US + DAY_US)
        assert not measure_store.trim_conversions(connection, NOW_US + DAY_US)
    assert kept() == (0, 2, 2)
    with world.write() as connection:
        counter_store.delete_counts(connection, 2, ["version"])
    assert kept() == (0, 2, 2)
    with world.write() as connection:
        counter_store.delete_counts(connection, 1, ["version"])
    assert kept() == (0, 0, 0)
