"""Journey steps, committed: a journey of conditions, waits and an action, each wait and each call ended at once."""

import shutil
import sqlite3
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.definitions import Bench
from bench.figures import Figure, figure, middle
from bench.pipeline import EVENTS, fill, on_core

ROUNDS = 3
WAIT_DAYS = 1
PART = 1_000
STEPS_EACH = 12
"""Step events of one person: the entry, five conditions, two waits with two each, the call, the end."""


def journey(event_uid: str, action_uid: str, tenant: str) -> dict[str, Any]:
    """event → condition → condition → wait → condition → action → condition → wait → condition → end."""
    total = "@event{OrderPlaced.commerce.order.priceTotal}"
    nodes: dict[str, Any] = {"order": {"type": "event", "eventUid": event_uid}}
    edges: list[dict[str, str]] = []
    at: dict[str, str] = {"from": "order", "kind": "default"}

    def then(node_id: str, node: dict[str, Any], path: str = "") -> None:
        nonlocal at
        nodes[node_id] = node
        edges.append({**at, "to": node_id})
        at = {"from": node_id, "kind": "path", "path": path} if path else {"from": node_id, "kind": "default"}

    def condition(number: int) -> None:
        paths = [{"id": "no", "expression": f"{total} < {number}"}, {"id": "yes", "expression": f"{total} > {number}"}]
        then(f"c{number}", {"type": "condition", "conditionType": "dataSource", "paths": paths}, "yes")

    def wait(number: int) -> None:
        then(f"w{number}", {"type": "wait", "duration": {"value": WAIT_DAYS, "unit": "days"}})

    condition(1)
    condition(2)
    wait(1)
    condition(3)
    to = f"@event{{OrderPlaced._{tenant}.person.emailAddress}}"
    parameters = [{"paramPath": "/to", "expression": to}, {"paramPath": "/sent", "expression": total}]
    then("call", {"type": "customAction", "actionUid": action_uid, "parameters": parameters})
    condition(4)
    wait(2)
    condition(5)
    then("end", {"type": "end"})
    return {
        "name": "Steps",
        "entry": {"node": "order", "reentrance": {"allowed": True, "waitSeconds": 0}},
        "nodes": nodes,
        "edges": edges,
    }


def run() -> list[Figure]:
    """The same log and what follows from it, again and again from the same state, each time beside bare inserts."""
    folder = Path(tempfile.mkdtemp(prefix="parcours-bench-"))
    try:
        bench = Bench(folder / "data")
        bench.define(journeys=0)
        with bench.serving():
            bench.publish(bench.platform(), journey(bench.event_uid, bench.action_uid, bench.tenant))
        fill(bench)
        ours: list[float] = []
        bare: list[float] = []
        for n in range(ROUNDS):
            copy = folder / f"run{n}"
            shutil.copytree(bench.data_dir, copy)
            bare.append(float(on_core("bench.steps", "bare", str(folder / f"bare{n}.db"))))
            ours.append(float(on_core("bench.steps", "ours", str(copy))))
            shutil.rmtree(copy)
        name = (
            "bare SQLite: a row a step, an instance updated and two timers changed for four, a commit for 1 000 people"
        )
        rate = middle(ours)
        return [figure("journey steps, durable", rate, "steps/s", (name, middle(bare)), "≥ 10 000/s", rate >= 10_000)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def process(data_dir: Path) -> float:
    """Steps a second, from the log to the end of every journey. Records' own work is in it, delivery's is not."""
    from parcours.app import build_pipeline, build_platform
    from parcours.delivery import store as outbox
    from parcours.delivery.model import ActionAnswer
    from parcours.journeys.model import ActionOutcome
    from parcours.kit.clock import ManualClock
    from parcours.kit.memory import settle_memory
    from parcours.kit.settings import Settings
    from parcours.pipeline import Pipeline

    platform = build_platform(Settings.from_environment(data_dir=data_dir))
    clock = ManualClock(time.time_ns() // 1000)
    pipeline: Pipeline = build_pipeline(platform, clock)
    pipeline.look()
    settle_memory()
    good = ActionOutcome("http_200", elapsed_ms=5)
    started = time.perf_counter()
    while pipeline.run_records(PART):
        pass
    for _ in range(2):
        clock.advance(timedelta(days=WAIT_DAYS))
        while pipeline.run_timers(PART):
            pass
        while True:
            with platform.db.read() as connection:
                rows = outbox.load_after(connection, 0, PART)
            if not rows:
                break
            pipeline.run_answers(
                [ActionAnswer(r.id, r.scope_id, r.instance_id, r.node_id, r.pass_no, good, 0) for r in rows]
            )
    elapsed = time.perf_counter() - started
    with platform.db.read() as connection:
        steps, people = connection.exec_driver_sql(
            "SELECT sum(json_array_length(steps)), count(DISTINCT instance_id) FROM journey_step"
        ).one()
        left = connection.exec_driver_sql("SELECT count(*) FROM timer").scalar()
    assert (people, left) == (EVENTS, 0), f"{people} people entered, {left} timers are left"
    assert steps == EVENTS * STEPS_EACH, f"{steps} steps were written, {EVENTS * STEPS_EACH} must be"
    return float(steps) / elapsed


def insert_bare(path: Path) -> float:
    """Steps a second written as plain rows: a row a step; for each four an update and two changes of timers."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE step (instance TEXT, seq INTEGER, body TEXT, PRIMARY KEY (instance, seq))")
    connection.execute("CREATE TABLE instance (id TEXT PRIMARY KEY, body TEXT)")
    connection.execute("CREATE TABLE timer (id TEXT PRIMARY KEY, due INTEGER)")
    connection.execute("CREATE INDEX due ON timer (due)")
    body, state = "x" * 200, "y" * 1_000
    names = [f"{n:032x}" for n in range(EVENTS)]
    started = time.perf_counter()
    for turn in range(STEPS_EACH // 4):
        for first in range(0, EVENTS, PART):
            part = names[first : first + PART]
            connection.execute("BEGIN IMMEDIATE")
            rows = [(name, seq, body) for name in part for seq in range(turn * 4, turn * 4 + 4)]
            connection.executemany("INSERT INTO step VALUES (?, ?, ?)", rows)
            connection.executemany("REPLACE INTO instance VALUES (?, ?)", [(name, f"{turn}{state}") for name in part])
            connection.executemany("DELETE FROM timer WHERE id = ?", [(name,) for name in part])
            connection.executemany("INSERT INTO timer VALUES (?, ?)", [(name, turn) for name in part])
            connection.execute("COMMIT")
    return EVENTS * STEPS_EACH / (time.perf_counter() - started)


if __name__ == "__main__":
    print({"ours": process, "bare": insert_bare}[sys.argv[1]](Path(sys.argv[2])))
