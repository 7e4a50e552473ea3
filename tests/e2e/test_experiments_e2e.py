"""An experiment of 2 000 customers on the real server: conversions, a week, kill -9 while shares are recalculated."""

import json
import random
import sqlite3
import time
from collections import Counter
from pathlib import Path
from typing import Any

import demo
import pytest
from definitions import JOURNEYS
from journey_tools import publish
from running import RunningServer, wait_for
from shop import TOTAL, Shop

CUSTOMERS = 2_000
NEWCOMERS = 600
KILLS = 6
WEEK_MS = 7 * 86_400_000
RATES = {"a": 0.05, "b": 0.25, "": 0.02}
END = {"type": "end"}
TEST = {
    "type": "optimize", "label": "Which mail", "optimizeType": "experiment", "experimentType": "bandit", "holdout": 10,
    "successMetric": "paid",
    "paths": [{"id": "a", "percentage": 45}, {"id": "b", "percentage": 45}],
}  # fmt: skip


def assignments(server: RunningServer) -> dict[str, str]:
    """Who got which path."""
    with sqlite3.connect(server.data_dir / "state.db") as state:
        return dict(state.execute("SELECT key, path FROM journey_assignment").fetchall())


def pass_a_week(server: RunningServer, version: str) -> None:
    """What the version knows of time becomes a week older; the server is down."""
    with sqlite3.connect(server.data_dir / "state.db") as state:
        ((text,),) = state.execute("SELECT body FROM resource WHERE id = ?", (version,)).fetchall()
        body = json.loads(text)
        at_ms = time.time() * 1_000 - WEEK_MS - 60_000
        then = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(at_ms / 1_000))
        body["deployments"]["lastDeployedAt"] = then
        state.execute("UPDATE resource SET body = ? WHERE id = ?", (json.dumps(body), version))


@pytest.mark.slow
def test_a_week_later_the_better_path_gets_more_whatever_is_killed(tmp_path: Path) -> None:
    server = RunningServer(tmp_path / "data").start()
    shop = Shop(server)
    paid = shop.rule("Paid", "commerce.checkouts")
    version = publish(
        shop.platform,
        "Which mail sells",
        {"test": TEST, "x": END, "y": END, "z": END},
        [("order", "test"), ("test", "x", "path", "a"), ("test", "y", "path", "b"), ("test", "z", "other")],
        metrics=[
            {
                "id": "paid", "label": "Paid", "type": "event", "eventUid": paid,
                "value": {"expression": TOTAL.replace("OrderPlaced", "Paid")},
            },
            {"id": "done", "type": "completed"},
        ],
    )  # fmt: skip

    def report() -> Any:
        return shop.platform.get(f"{JOURNEYS}/journeyVersions/{version}/report")["allTime"]

    def measured() -> dict[str, Any]:
        return {one["id"]: one for one in report()["metrics"]}

    shop.send(*(shop.order(number, f"o{number}") for number in range(CUSTOMERS)))
    wait_for(lambda: report()["entered"] == CUSTOMERS, 120, what="entrances")
    paths = assignments(server)
    assert len(paths) == CUSTOMERS
    draw = random.Random(7)
    buyers = [n for n in range(CUSTOMERS) if draw.random() < RATES[paths[demo.email(n)]]]
    checkouts = [shop.order(n, f"c{n}", "commerce.checkouts", 12.5) for n in buyers]
    again = [shop.order(n, f"d{n}", "commerce.checkouts", 2.25) for n in buyers[:50]]
    strangers = [shop.order(CUSTOMERS + n, f"s{n}", "commerce.checkouts") for n in range(30)]
    shop.send(*checkouts, *again, *strangers, *checkouts[:20])  # the last ones are told twice
    wait_for(lambda: measured()["paid"]["outcomes"] == len(buyers) + 50, 120, what="outcomes")
    found = measured()
    assert (found["paid"]["converted"], found["paid"]["value"]) == (len(buyers), len(buyers) * 12.5 + 50 * 2.25)
    assert found["done"]["converted"] == CUSTOMERS
    of_path = Counter(paths[demo.email(n)] for n in buyers)
    (experiment,) = report()["experiments"]
    for variant in experiment["variants"]:
        path = variant["path"] or ""
        assert variant["individuals"] == sum(one == path for one in paths.values())
        assert variant["metrics"][0]["converted"] == of_path[path]
    assert experiment["leader"] == "b"

    server.stop()
    pass_a_week(server, version)
    for _ in range(KILLS):
        server.start()
        time.sleep(draw.random() * 1.5)
        server.kill()
    server.start()

    def state() -> Any:
        return shop.platform.get(f"{JOURNEYS}/journeyVersions/{version}").get("experiments", {}).get("test")

    wait_for(lambda: state() is not None, 90, what="the recalculation")
    shares = state()["shares"]
    assert (state()["number"], len(state()["history"])) == (1, 1)
    assert shares["b"] > 80
    assert shares["a"] >= 4.5
    assert sum(shares.values()) == pytest.approx(90)
    assert (report()["entered"], measured()["paid"]["converted"]) == (CUSTOMERS, len(buyers))

    start = 100_000
    shop.send(*(shop.order(n, f"o{n}") for n in range(start, start + NEWCOMERS)))
    wait_for(lambda: report()["entered"] == CUSTOMERS + NEWCOMERS, 120, what="newcomers")
    after = assignments(server)
    assert {key: after[key] for key in paths} == paths
    new = Counter(path for key, path in after.items() if key not in paths)
    assert new["b"] > 0.75 * NEWCOMERS
    assert 0.05 * NEWCOMERS < new[""] < 0.16 * NEWCOMERS

    edges = shop.platform.get(f"{JOURNEYS}/journeyVersions/{version}/counters")["edges"]
    assert {edge["transition"]: edge.get("share") for edge in edges if edge["from"] == "test"} == {
        "path:a": shares["a"], "path:b": shares["b"], "other": None,
    }  # fmt: skip
    shop.platform.post(f"{JOURNEYS}/journeyVersions/{version}/experiments/test/winner", {"path": "a"})
    wait_for(lambda: state()["winner"]["path"] == "a", what="the winner")
    shop.send(*(shop.order(n, f"o{n}") for n in range(2 * start, 2 * start + 200)))
    wait_for(lambda: report()["entered"] == CUSTOMERS + NEWCOMERS + 200, 120, what="those after the winner")
    last = Counter(path for key, path in assignments(server).items() if key not in after)
    assert last["b"] == 0
    assert last["a"] > 150
    assert server.stop() == 0
