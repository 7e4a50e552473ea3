"""People who wait, a million of them: the restart, the idle server, and 5 000 timers due each second."""

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.definitions import Bench, order
from bench.figures import Figure, figure
from bench.filling import fill
from bench.machine import SERVER_CORE, cpu_seconds, wait_for_calm, wait_for_port

PEOPLE = 1_000_000
RATE = 5_000
SECONDS = 60
IDLE_S = 30
SETTLE_S = 5
AHEAD_S = 12
"""From setting the timers to the first that is due: long enough for the server to start."""
FIRST_WAIT = "first"


def journey(event_uid: str) -> dict[str, Any]:
    """event → wait → condition → wait: what a due timer sets going is a condition and the next wait."""
    days = {"value": 30, "unit": "days"}
    return {
        "name": "Waiting",
        "entry": {"node": "order", "reentrance": {"allowed": True, "waitSeconds": 0}},
        "nodes": {
            "order": {"type": "event", "eventUid": event_uid},
            FIRST_WAIT: {"type": "wait", "duration": days},
            "worth": {
                "type": "condition",
                "conditionType": "dataSource",
                "paths": [{"id": "yes", "expression": "@event{OrderPlaced.commerce.order.priceTotal} > 100"}],
                "otherPath": True,
            },
            "next": {"type": "wait", "duration": days},
        },
        "edges": [
            {"from": "order", "to": FIRST_WAIT, "kind": "default"},
            {"from": FIRST_WAIT, "to": "worth", "kind": "default"},
            {"from": "worth", "to": "next", "kind": "path", "path": "yes"},
        ],
    }


def run(people: int = PEOPLE) -> list[Figure]:
    """The same server with nobody in it and with everybody. Half as many timers as people are due in the end."""
    folder = Path(tempfile.mkdtemp(prefix="parcours-bench-"))
    try:
        bench = Bench(folder / "data")
        bench.define(journeys=0)
        with bench.serving():
            version = bench.publish(bench.platform(), journey(bench.event_uid))
        body = order(bench, 0)["body"]["xdmEntity"]
        empty_s, _ = restart(bench)
        empty_idle = idle(bench)
        fill(bench.data_dir, version, body, people)
        full_s, first_timer_s = restart(bench)
        full_idle = idle(bench)
        few = due(bench, min(people // 20, 3_000), 100)
        many = due(bench, min(people // 2, RATE * SECONDS), RATE)
        nobody = "the same with nobody waiting"
        slow = "the same at 100 timers a second"
        return [
            figure(
                f"restart with {people:,} waiting → ready", full_s, "s", (nobody, empty_s), "< 10 s", full_s < 10
            ),
            figure(
                f"restart with {people:,} waiting → first due timer",
                first_timer_s, "s", (nobody + ", ready", empty_s), "< 10 s", first_timer_s < 10,
            ),
            figure(
                f"idle with {people:,} waiting, all processes",
                full_idle, "% of a core", (nobody, empty_idle), "< 1 %", full_idle < 1,
            ),
            *(
                figure(f"timer lateness at {RATE:,} due a second, {name}", many[name], "s", (slow, few[name]), *target)
                for name, *target in (("p50", "–", True), ("p99", "< 1 s", many["p99"] < 1), ("max", "–", True))
            ),
            figure("timers that were early", many["early"], "timers", (slow, few["early"]), "0", many["early"] == 0),
        ]  # fmt: skip
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def state(bench: Bench) -> Iterator[sqlite3.Connection]:
    """The state database, beside the server or without it."""
    connection = sqlite3.connect(bench.data_dir / "state.db", isolation_level=None, timeout=30)
    try:
        yield connection
    finally:
        connection.close()


def restart(bench: Bench) -> tuple[float, float]:
    """Seconds from the start of the process until it is ready, and until a timer that was overdue is handled."""
    with state(bench) as connection:
        overdue = connection.execute(
            "SELECT instance_id FROM timer WHERE node_id = ? LIMIT 1", (FIRST_WAIT,)
        ).fetchone()
        if overdue:
            connection.execute(
                "UPDATE timer SET due_at_us = 1 WHERE instance_id = ? AND node_id = ?", (*overdue, FIRST_WAIT)
            )
        started = time.perf_counter()
        with bench.serving(core=SERVER_CORE):
            wait_for_port(bench.port, "/health/ready", 120)
            ready_s = time.perf_counter() - started
            at = FIRST_WAIT
            while overdue and at == FIRST_WAIT:
                time.sleep(0.01)
                (at,) = connection.execute("SELECT node_id FROM journey_instance WHERE id = ?", overdue).fetchone()
            return ready_s, time.perf_counter() - started


def idle(bench: Bench) -> float:
    """Percent of a core that a server with nothing to do takes."""
    with bench.serving(core=SERVER_CORE) as process:
        wait_for_port(bench.port, "/health/ready", 120)
        wait_for_calm(process.pid, SETTLE_S)
        before = cpu_seconds(process.pid)
        time.sleep(IDLE_S)
        return (cpu_seconds(process.pid) - before) / IDLE_S * 100


def due(bench: Bench, count: int, rate: int) -> dict[str, float]:
    """Let timers be due at a steady rate; lateness in seconds to the commit of what each set going."""
    with state(bench) as connection:
        ids = [
            one
            for (one,) in connection.execute(
                "SELECT id FROM journey_instance WHERE node_id = ? ORDER BY id LIMIT ?", (FIRST_WAIT, count)
            )
        ]
        begin_us = time.time_ns() // 1000 + AHEAD_S * 1_000_000
        due_us = {one: begin_us + n * 1_000_000 // rate for n, one in enumerate(ids)}
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "UPDATE timer SET due_at_us = ? WHERE instance_id = ? AND node_id = ?",
            [(at_us, one, FIRST_WAIT) for one, at_us in due_us.items()],
        )
        connection.execute("COMMIT")
        with bench.serving(core=SERVER_CORE):
            assert time.time_ns() // 1000 < begin_us, "the server took too long to start"
            samples = watch(connection, max(due_us.values()))
        began = connection.execute(
            "SELECT instance_id, at_us FROM journey_step WHERE seq = 1 AND instance_id BETWEEN ? AND ?",
            (ids[0], ids[-1]),
        )
        early = sum(at_us < due_us[one] for one, at_us in began)
    late = sorted(lateness(sorted(due_us.values()), samples))
    return {
        "p50": late[len(late) // 2] / 1e6,
        "p99": late[int(len(late) * 0.99)] / 1e6,
        "max": late[-1] / 1e6,
        "early": float(early),
    }


def watch(connection: sqlite3.Connection, last_due_us: int) -> list[tuple[int, int]]:
    """(moment, due time of the oldest timer there is) again and again, until all up to a due time are handled.

    Timers are handled oldest first: one is done by the first moment at which the oldest is a later one.
    """
    samples: list[tuple[int, int]] = []
    until = time.monotonic() + 600
    while time.monotonic() < until:
        (oldest_us,) = connection.execute("SELECT due_at_us FROM timer ORDER BY due_at_us LIMIT 1").fetchone()
        samples.append((time.time_ns() // 1000, oldest_us))
        if oldest_us > last_due_us:
            return samples
        time.sleep(0.005)
    raise AssertionError("timers that are due stay where they are")


def lateness(due_us: list[int], samples: list[tuple[int, int]]) -> Iterator[int]:
    """Microseconds from each due time, in order, to the first moment at which it was seen to be done."""
    seen = iter(samples)
    at_us, oldest_us = next(seen)
    for one in due_us:
        while oldest_us <= one:
            at_us, oldest_us = next(seen)
        yield at_us - one
