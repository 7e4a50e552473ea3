"""kill -9 at 50 random moments under load: nothing acknowledged is lost, nothing is done twice."""

import json
import random
import sqlite3
import threading
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import demo
import pytest
from definitions import Defined, define
from platform_client import Platform
from receiver import Receiver
from running import RunningServer, wait_for

from parcours.journeys.model import StepEvent
from parcours.journeys.steps import from_stored

KILLS = 50
BATCH = 5


class Load:
    """Posts orders, singly and in batches, until told to stop; notes which were acknowledged."""

    def __init__(self, platform: Platform, defined: Defined) -> None:
        self.acknowledged: set[str] = set()
        self.sent = 0
        self._platform, self._defined = platform, defined
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(2)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _next(self, count: int) -> list[dict[str, Any]]:
        with self._lock:
            first, self.sent = self.sent, self.sent + count
        return [demo.order(self._platform, self._defined, number) for number in range(first, first + count)]

    def _run(self, kind: int) -> None:
        inlet = self._defined.event_inlet
        while not self._stop.is_set():
            messages = self._next(BATCH if kind else 1)
            body: Any = {"messages": messages} if kind else messages[0]
            url = inlet.replace("/collection/", "/collection/batch/") if kind else inlet
            request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    assert answer.status in (200, 207)
            except OSError:
                time.sleep(0.02)  # killed, or not yet there again: these were not acknowledged
                continue
            self.acknowledged.update(m["body"]["xdmEntity"]["_id"] for m in messages)
            time.sleep(0.1)  # as much as the receiver, a small Python server, can take in the end


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_fifty_kills_lose_nothing_and_do_nothing_twice(tmp_path: Path) -> None:
    chance = random.Random(20_240_611)
    receiver = Receiver()
    server = RunningServer(tmp_path / "data", PARCOURS_LAKE_COMMIT_MS="300").start()
    platform = server.platform()
    defined = define(platform, receiver.url, lambda _line: None)
    load = Load(platform, defined)
    load.start()
    try:
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.05, 1.2))
            server.kill()
            server.start()
    finally:
        load.stop()
    platform.sign_in()

    def is_settled() -> bool:
        counts = demo.counts_of(platform, defined)
        return bool(counts["entered"]) and counts["status"] == {"ended": counts["entered"]}

    wait_for(is_settled, 400, what="the end of every journey")
    assert len(load.acknowledged) > 500
    state = sqlite3.connect(server.data_dir / "state.db")
    log = sqlite3.connect(server.data_dir / "log.db")

    # the log: every position once, everything processed
    last = log.execute("SELECT max(last_position), sum(record_count) FROM record_group").fetchone()
    assert last[0] == last[1] == state.execute("SELECT position FROM consumer").fetchone()[0]

    # the data set: every acknowledged record exactly once, no record twice
    landed = Counter({row["_id"]: row["n"] for row in server.sql("SELECT _id, count(*) AS n FROM orders GROUP BY 1")})
    assert load.acknowledged - set(landed) == set()
    assert set(landed.values()) == {1}

    # the counts add up
    query = f"?property=flowId=={defined.event_flow}"
    runs = platform.get("/data/foundation/flowservice/runs" + query)["items"]
    assert sum(run["metrics"]["recordSummary"]["outputRecordCount"] for run in runs) == len(landed)

    # journeys: one instance for each landed order, each ended, every step once, no timer left behind
    instances = state.execute("SELECT id, node_id FROM journey_instance").fetchall()
    assert len(instances) == len(landed)
    assert all(node is None for _, node in instances)
    assert state.execute("SELECT count(*) FROM timer").fetchone()[0] == 0
    assert state.execute("SELECT count(*) FROM outbox").fetchone()[0] == 0
    paths: Counter[tuple[str, ...]] = Counter()
    steps: dict[str, list[StepEvent]] = {}
    for instance_id, text in state.execute("SELECT instance_id, steps FROM journey_step ORDER BY instance_id, seq"):
        steps.setdefault(instance_id, []).extend(from_stored(text))
    for made in steps.values():
        assert [step.seq for step in made] == list(range(len(made)))
        paths[tuple(step.node_id for step in made if step.is_processed)] += 1
    assert set(steps) == {instance_id for instance_id, _ in instances}
    assert all(path[:2] == ("order", "gold") and path[3].startswith("send") for path in paths)
    recorded = server.sql("SELECT count(*) AS n, count(DISTINCT _id) AS d FROM journey_step_events")[0]
    assert recorded["n"] == recorded["d"] == sum(len(made) for made in steps.values())

    # actions: every one delivered, at least once, and never under two keys
    keys: dict[str, set[str]] = {}
    for _, key, message in receiver.messages:
        keys.setdefault(message["to"], set()).add(key)
    assert len(keys) == len(landed)
    assert {len(found) for found in keys.values()} == {1}
    assert server.stop() == 0
