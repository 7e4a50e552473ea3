"""Success metrics, variants, a bandit's weeks and a scaled winner, through the API and the worker's look."""

import io
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from rich.console import Console

from parcours.app import Platform
from parcours.commands.report_command import render
from parcours.journeys.experiment_service import Experiments, published_us
from parcours.journeys.runner import JourneyWorkspace
from parcours.journeys.versions import VERSION_KIND
from parcours.journeys.workset import Arrival
from parcours.kit.clock import ManualClock

sys.path.insert(0, str(Path(__file__).parents[1] / "events"))
from event_world import EVENTS, create_schema, event_body

BASE = "/journey/orchestration"
DAY_US = 86_400_000_000


class Nobody:
    def data_of(self, *_: Any) -> dict[str, Any]:
        return {}


class World:
    """A live experiment that is measured by the orders that follow an entrance; time is what is told."""

    def __init__(self, api: TestClient, platform: Platform, **experiment: Any) -> None:
        self.api, self.platform = api, platform
        body = event_body(create_schema(api), fields=["/_acme"])
        self.order = api.post(EVENTS, json=body).json()["uid"]
        node = {
            "type": "optimize", "label": "Which way", "optimizeType": "experiment", "holdout": 10,
            "successMetric": "bought",
            "paths": [{"id": "a", "percentage": 45}, {"id": "b", "percentage": 45}],
            **experiment,
        }  # fmt: skip
        document = {
            "name": "Measured",
            "entry": {"node": "start", "reentrance": {"allowed": False}},
            "metrics": [
                {
                    "id": "bought", "label": "Bought again", "type": "event", "eventUid": self.order,
                    "value": {"expression": "@event{Order._acme.order.total}"}, "withinDays": 30,
                },
                "a word",
            ],
            "nodes": {
                "start": {"type": "event", "eventUid": self.order}, "which": node,
                "x": {"type": "end"}, "y": {"type": "end"},
            },
            "edges": [
                {"from": "start", "to": "which"}, {"from": "which", "to": "x", "kind": "path", "path": "a"},
                {"from": "which", "to": "y", "kind": "path", "path": "b"},
            ],
        }  # fmt: skip
        self.uid = api.post(f"{BASE}/journeys", json=document).json()["versionUid"]
        published = api.post(f"{BASE}/journeyVersions/{self.uid}/publish")
        assert published.status_code == 200, published.text
        self.clock = ManualClock(time.time_ns() // 1_000)
        self.experiments = Experiments(platform.db, platform.resources, platform.journeys, self.clock)

    def send(self, keys: list[str], total: float = 10.0, at_us: int | None = None) -> None:
        now_us = at_us or time.time_ns() // 1_000
        with self.platform.db.write() as connection:
            live = self.platform.journeys.live.current(connection)
            actions = self.platform.actions.table.current(connection)
            space = JourneyWorkspace(connection, live, actions, Nobody(), now_us)  # type: ignore[arg-type]
            scope_id = live.versions[self.uid].scope_id
            space.preload([(scope_id, live.versions[self.uid].journey_uid, key) for key in keys])
            for key in keys:
                payload = {"_id": key, "_acme": {"order": {"total": total}}}
                space.receive(Arrival(scope_id, self.order, key, payload, f"{now_us}", now_us // 1000, {}))
            space.flush()

    def converts(self, path: str, count: int, total: float = 12.5) -> None:
        """So many of those who have a path buy again."""
        with self.platform.db.read() as connection:
            rows = connection.exec_driver_sql("SELECT key, path FROM journey_assignment ORDER BY key").all()
        self.send([key for key, of in rows if of == path][:count], total)

    def version(self) -> Any:
        return self.api.get(f"{BASE}/journeyVersions/{self.uid}").json()

    def report(self) -> Any:
        answer = self.api.get(f"{BASE}/journeyVersions/{self.uid}/report")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def scale(self, path: Any, node: str = "which") -> Any:
        return self.api.post(f"{BASE}/journeyVersions/{self.uid}/experiments/{node}/winner", json={"path": path})

    def pass_days(self, days: float) -> None:
        self.clock._now_us += int(days * DAY_US)


@pytest.fixture
def world(api: TestClient, platform: Platform) -> World:
    return World(api, platform, experimentType="bandit")


def people(start: int, count: int) -> list[str]:
    return [f"p{number:05d}@example.com" for number in range(start, start + count)]


def shares_of(world: World) -> dict[str, float]:
    found: dict[str, float] = world.version()["experiments"]["which"]["shares"]
    return found


def test_the_report_tells_metrics_and_variants_with_their_lift(world: World) -> None:
    world.send(people(0, 400))
    world.converts("a", 20)
    world.converts("b", 80)
    world.converts("b", 5)
    report = world.report()
    for part in ("live", "allTime"):
        (metric,) = report[part]["metrics"]
        assert metric == {
            "id": "bought", "name": "Bought again", "type": "event", "withinDays": 30, "outcomes": 105,
            "converted": 100, "rate": 0.25, "value": 1312.5,
        }  # fmt: skip
        (experiment,) = report[part]["experiments"]
        assert (experiment["nodeName"], experiment["experimentType"]) == ("Which way", "bandit")
        assert (experiment["successMetric"], experiment["winner"], experiment["leader"]) == ("bought", None, "b")
        first, second, held = experiment["variants"]
        assert (first["path"], second["path"], held["path"]) == ("a", "b", None)
        assert first["individuals"] + second["individuals"] + held["individuals"] == 400
        assert (first["share"], held["share"]) == (45, 10)
        assert first["metrics"][0]["lift"] is None
        (shown,) = second["metrics"]
        assert (shown["converted"], shown["outcomes"], shown["value"]) == (80, 85, 1062.5)
        assert shown["rate"] == round(80 / second["individuals"], 4)
        lift = shown["lift"]
        assert lift["low"] < lift["difference"] < lift["high"]
        assert lift["isSignificant"]
    console = Console(width=160, file=io.StringIO())
    console.print(render(report))
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert "Which way by Bought again; better than each other: b" in printed
    assert "1,312.50" in printed
    assert {node["id"] for node in report["allTime"]["nodes"]} == {"start", "which", "x", "y"}


def test_after_seven_days_the_better_path_gets_more_once_and_the_hold_out_stays(world: World) -> None:
    world.send(people(0, 300))
    world.converts("b", 60)
    assert world.experiments.look() == 0
    assert "experiments" not in world.version()
    world.pass_days(6.9)
    assert world.experiments.look() == 0
    world.pass_days(0.2)
    assert world.experiments.look() == 1
    shares = shares_of(world)
    assert shares["b"] > 80
    assert shares["a"] >= 4.5
    assert sum(shares.values()) == pytest.approx(90)
    assert world.experiments.look() == 0
    world.pass_days(7)
    assert world.experiments.look() == 1
    state = world.version()["experiments"]["which"]
    assert (state["number"], len(state["history"])) == (2, 2)
    world.send(people(1_000, 300))
    (experiment,) = world.report()["allTime"]["experiments"]
    new = {variant["path"]: variant["individuals"] for variant in experiment["variants"]}
    assert new["b"] > new["a"] + 150
    assert new[None] == pytest.approx(60, abs=30)
    told = world.api.get("/data/foundation/audit/events", params={"limit": 100}).json()["_embedded"][
        "customerAuditLogList"
    ]
    assert any(one["userEmail"] == "parcours" or one.get("userId") == "parcours" for one in told)


def test_of_two_processes_that_find_it_due_one_recalculates(world: World) -> None:
    world.send(people(0, 50))
    world.pass_days(8)
    other = Experiments(world.platform.db, world.platform.resources, world.platform.journeys, world.clock)
    done: list[int] = []
    threads = [threading.Thread(target=lambda one=one: done.append(one.look())) for one in (world.experiments, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [0, 1]
    assert world.version()["experiments"]["which"]["number"] == 1


def test_a_recalculation_that_breaks_off_leaves_nothing_and_is_done_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.send(people(0, 50))
    world.pass_days(8)
    resources = world.platform.resources
    replace = type(resources).replace

    def break_off(self: Any, *given: Any, **named: Any) -> Any:
        replace(self, *given, **named)
        raise ZeroDivisionError

    monkeypatch.setattr(type(resources), "replace", break_off)
    assert world.experiments.look() == 0
    monkeypatch.undo()
    assert "experiments" not in world.version()
    assert world.experiments.look() == 1


def test_a_winner_is_scaled_by_hand_and_who_is_new_goes_its_way(world: World) -> None:
    world.send(people(0, 100))
    assert world.scale("z").status_code == 400
    assert "ERR_OPTIMIZE_WINNER" in world.scale(None).text
    assert world.scale("a", "start").status_code == 404
    answer = world.scale("a")
    assert answer.status_code == 200, answer.text
    assert shares_of(world) == {"a": 90, "b": 0}
    winner = world.version()["experiments"]["which"]["winner"]
    assert (winner["path"], winner["mode"]) == ("a", "manual")
    assert winner["by"]
    before = {v["path"]: v["individuals"] for v in world.report()["allTime"]["experiments"][0]["variants"]}
    world.send(people(1_000, 200))
    after = {v["path"]: v["individuals"] for v in world.report()["allTime"]["experiments"][0]["variants"]}
    assert after["b"] == before["b"]
    assert after["a"] + after[None] == before["a"] + before[None] + 200
    assert after[None] > before[None]
    world.pass_days(30)
    assert world.experiments.look() == 0  # a winner stays
    assert world.report()["live"]["experiments"][0]["winner"]["path"] == "a"


def test_a_clear_winner_is_scaled_by_itself(api: TestClient, platform: Platform) -> None:
    world = World(api, platform, scaleWinner={"confidence": 95}, recalculateDays=1)
    world.send(people(0, 300))
    world.pass_days(1.1)
    assert world.experiments.look() == 1
    assert shares_of(world) == {"a": 45, "b": 45}
    world.send(people(1_000, 700))
    world.converts("a", 40)
    world.converts("b", 200)
    world.pass_days(1.1)
    assert world.experiments.look() == 1
    assert shares_of(world) == {"a": 0, "b": 90}
    assert world.version()["experiments"]["which"]["winner"]["mode"] == "automatic"


def test_a_version_that_is_not_live_has_no_winner_to_scale(world: World) -> None:
    world.api.post(f"{BASE}/journeyVersions/{world.uid}/close")
    assert world.scale("a").status_code == 409


def test_what_is_computed_can_not_be_changed_while_live_but_its_label_can(world: World) -> None:
    document = world.version()["document"]
    document["metrics"][0]["label"] = "Other words"
    document["metrics"].append("further word")
    url = f"{BASE}/journeyVersions/{world.uid}"
    answer = world.api.put(url, json=document)
    assert answer.status_code == 200, answer.text
    document["metrics"][0]["withinDays"] = 3
    assert world.api.put(url, json=document).status_code == 409


def test_a_deleted_journey_takes_what_was_measured_along(world: World) -> None:
    world.send(people(0, 10))
    world.send(people(0, 10))
    stored = world.platform.resources
    with world.platform.db.read() as connection:
        versions = stored.in_all_scopes(connection, VERSION_KIND)
        journey_uid = next(one.body["journeyUid"] for one in versions if one.id == world.uid)
        assert published_us(next(one.body for one in versions if one.id == world.uid)) > 0
    world.api.post(f"{BASE}/journeyVersions/{world.uid}/stop")
    with world.platform.db.write() as connection:
        connection.exec_driver_sql("DELETE FROM journey_stop")
    assert world.api.delete(f"{BASE}/journeys/{journey_uid}").status_code in (200, 204)
    with world.platform.db.read() as connection:
        for table in ("journey_assignment", "journey_conversion", "journey_counter"):
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0, table
