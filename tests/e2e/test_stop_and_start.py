"""Stopping, dying and starting again: nothing acknowledged is lost, nothing is early, and the server says how it is."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import demo
import pytest
from answering import Arrived, Reply, ScriptedReceiver
from asking import ask, query
from definitions import FOUNDATION, JOURNEYS, Defined, define
from journey_tools import publish
from platform_client import Platform
from running import RunningServer, wait_for

STOPS_WITHIN_S = 15
"""A few seconds on a machine of its own."""
SLOW = "slow@example.com"


def answer(request: Arrived, before: int) -> Reply:
    return Reply(delay_s=1.5 if request.body["to"] == SLOW else 0.0)


class World:
    def __init__(self, data_dir: Path) -> None:
        self.server = RunningServer(data_dir, PARCOURS_LAKE_COMMIT_MS="300", PARCOURS_LOG_LEVEL="info").start()
        self.receiver = ScriptedReceiver(answer)
        self.platform: Platform = self.server.platform()
        self.defined: Defined = define(self.platform, self.receiver.url, lambda _line: None)
        (action,) = self.platform.get(f"{JOURNEYS}/actions")["results"]
        self.action_uid = action["uid"]

    def order(self, number: int, event_id: str, email: str = "") -> dict[str, Any]:
        message = demo.order(self.platform, self.defined, number)
        entity = message["body"]["xdmEntity"]
        entity["_id"] = event_id
        if email:
            entity[f"_{self.defined.tenant}"]["person"]["emailAddress"] = email
        return message

    def stop(self) -> None:
        """SIGTERM; ends well and soon."""
        started = time.monotonic()
        assert self.server.stop() == 0
        assert time.monotonic() - started < STOPS_WITHIN_S

    def landed(self, prefix: str) -> Counter[str]:
        """How often each order whose id begins so is in the data set."""
        rows = self.server.sql(f"SELECT _id, count(*) AS n FROM orders WHERE _id LIKE '{prefix}%' GROUP BY 1")
        return Counter({row["_id"]: row["n"] for row in rows})

    def counts(self) -> tuple[int, int, int]:
        path = f"{FOUNDATION}/flowservice/runs"
        runs = self.platform.get(query(path, property=f"flowId=={self.defined.event_flow}"))["items"]
        names = ("inputRecordCount", "outputRecordCount", "failedRecordCount")
        a, b, c = (sum(run["metrics"]["recordSummary"][name] for run in runs) for name in names)
        return a, b, c

    def settle(self) -> None:
        wait_for(lambda: self.counts()[0] == sum(self.counts()[1:]), 60, what="the end of pending records")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Any:
    made = World(tmp_path_factory.mktemp("server") / "data")
    yield made
    assert made.server.stop() == 0
    log = made.server.log.read_text()
    assert "Traceback" not in log, log[-3000:]
    assert "nanobind" not in log


class Poster:
    """Posts orders until told to stop; keeps the ids of those acknowledged."""

    def __init__(self, world: World, prefix: str, size: int) -> None:
        self.acknowledged: set[str] = set()
        self._world, self._prefix, self._size = world, prefix, size
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def join(self) -> set[str]:
        self._is_over.set()
        self._thread.join()
        return self.acknowledged

    def _run(self) -> None:
        url, number = self._world.defined.event_inlet, 0
        while not self._is_over.is_set():
            ids = [f"{self._prefix}-{number + place}" for place in range(self._size)]
            messages = [self._world.order(number % 300, event_id) for event_id in ids]
            number += self._size
            try:
                if self._size == 1:
                    reply = ask("POST", url, messages[0])
                else:
                    reply = ask("POST", url.replace("/collection/", "/collection/batch/"), {"messages": messages})
            except OSError:
                time.sleep(0.01)
                continue
            assert reply.status in (200, 207, 503), reply
            if reply.status != 503:
                self.acknowledged.update(ids)


def test_a_stop_while_records_come_in_is_clean_and_soon_and_keeps_what_was_acknowledged(world: World) -> None:
    posters = [Poster(world, f"posted{size}", size) for size in (1, 20)]
    wait_for(lambda: all(len(poster.acknowledged) > 40 for poster in posters), what="some load")
    world.stop()
    acknowledged = set.union(*(poster.join() for poster in posters))
    world.server.start()
    world.settle()
    landed = world.landed("posted")
    assert acknowledged <= set(landed)
    assert set(landed.values()) == {1}


def test_an_interrupt_from_the_terminal_stops_as_cleanly(world: World) -> None:
    process = world.server.process
    assert process is not None
    os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does: every process of the group gets it
    assert process.wait(STOPS_WITHIN_S) == 0
    world.server.start()


def test_a_token_and_credentials_outlive_a_restart(world: World) -> None:
    before = world.server.credentials
    world.stop()
    world.server.start()
    assert world.server.credentials == before
    assert world.platform.get(f"{FOUNDATION}/catalog/dataSets")


def test_a_call_under_way_at_the_stop_is_finished_or_made_again_under_its_key(world: World) -> None:
    assert ask("POST", world.defined.event_inlet, world.order(2, "slow call", SLOW)).status == 200
    wait_for(lambda: world.receiver.to(SLOW), what="the beginning of the call")
    world.stop()
    world.server.start()

    def status() -> str:
        (instance,) = world.platform.get(query(f"{JOURNEYS}/trace", eventId="slow call"))["instances"]
        text: str = instance["status"]
        return text

    wait_for(lambda: status() == "ended", what="the end of the instance")
    assert len({one.key for one in world.receiver.to(SLOW)}) == 1
    assert len(world.receiver.to(SLOW)) == 1  # it had the time to finish


def test_waits_that_ended_while_the_server_was_down_are_over_after_the_start_and_none_is_early(world: World) -> None:
    tenant = world.defined.tenant
    to = {"paramPath": "/to", "expression": f"@event{{OrderPlaced._{tenant}.person.emailAddress}}"}
    journeys = {}
    for seconds in (5, 16):
        journeys[seconds] = publish(
            world.platform,
            f"Wait {seconds}",
            {
                "pause": {"type": "wait", "duration": {"value": seconds, "unit": "seconds"}},
                "send": {
                    "type": "customAction",
                    "actionUid": world.action_uid,
                    "parameters": [
                        to,
                        {"paramPath": "/template", "expression": f'"wait {seconds}"'},
                        {"paramPath": "/firstName", "expression": '"x"'},
                        {"paramPath": "/total", "expression": "1.0"},
                    ],
                },
            },
            [("order", "pause"), ("pause", "send")],
        )
    email = "waits@example.com"
    sent_at = time.time()
    assert ask("POST", world.defined.event_inlet, world.order(2, "waits", email)).status == 200

    def waiting() -> int:
        trace = world.platform.get(query(f"{JOURNEYS}/trace", eventId="waits"))
        ours = [one for one in trace["instances"] if one["versionUid"] in journeys.values()]
        return sum(len([t for t in one["timers"] if t["nodeId"]]) for one in ours)

    wait_for(lambda: waiting() == 2, 4.5, what="the two waits")
    world.stop()
    down_until = sent_at + 7  # the wait of 5 s and the demo's of 2 s end meanwhile, if that has not ended before
    wait_for(lambda: time.time() > down_until, what="the end of two waits")
    before_start = time.time()
    world.server.start()

    def templates() -> dict[str, float]:
        return {one.body["template"]: one.at for one in world.receiver.to(email)}

    wait_for(lambda: {"wait 5", "standard"} <= set(templates()), what="the messages of the waits that were over")
    wait_for(lambda: "wait 16" in templates(), what="the message of the long wait")
    found = templates()
    assert found["wait 16"] >= sent_at + 16
    assert len(world.receiver.to(email)) == 3
    for text, seconds in (("wait 5", 5), ("standard", 2)):
        assert found[text] >= sent_at + seconds
    trace = world.platform.get(query(f"{JOURNEYS}/trace", eventId="waits"))
    for instance in trace["instances"]:
        steps = [step for step in instance["steps"] if step["nodeType"] == "wait" and step["processed"]]
        (over,) = steps
        seconds = next((s for s, uid in journeys.items() if uid == instance["versionUid"]), 2)
        assert over["atUs"] >= instance["enteredAtUs"] + seconds * 1_000_000
    assert before_start > sent_at + 5


def test_a_worker_that_dies_alone_is_told_replaced_and_its_work_goes_on(world: World) -> None:
    seen: list[tuple[int, Any]] = []

    def watch() -> None:
        until = time.monotonic() + 20
        while time.monotonic() < until and (not seen or seen[-1][0] == 200):
            found = ask("GET", world.server.url + "/health/ready")
            seen.append((found.status, found.body))

    watcher = threading.Thread(target=watch)
    watcher.start()
    wait_for(lambda: seen, what="the first look")
    os.kill(world.server.worker_pid(), signal.SIGKILL)
    acknowledged = {f"orphan-{number}" for number in range(5)}
    for number, event_id in enumerate(sorted(acknowledged)):
        assert ask("POST", world.defined.event_inlet, world.order(number, event_id)).status == 200
    watcher.join()
    status, body = seen[-1]
    assert (status, body["status"]) == (503, "unavailable")
    assert body["checks"] == {"log": "ok", "database": "ok", "worker": "not running"}
    wait_for(lambda: world.server.get("/health/ready")[0] == 200, what="readiness")
    world.settle()
    assert world.landed("orphan") == Counter(acknowledged)
    assert "worker.died" in world.server.log.read_text()
    text = world.server.get("/metrics")[1].decode()
    assert re.findall(r"^parcours_outbox_pending (\S+)$", text, re.MULTILINE) == ["0.0"], "of the dead one, too"


def test_when_the_answering_process_alone_is_killed_its_worker_goes_and_the_next_start_takes_over(
    world: World,
) -> None:
    process, worker = world.server.process, world.server.worker_pid()
    assert process is not None
    assert ask("POST", world.defined.event_inlet, world.order(1, "left-1")).status == 200
    process.kill()
    process.wait(30)
    world.server.start()
    wait_for(lambda: not Path(f"/proc/{worker}").exists(), what="the end of the old worker")
    assert ask("POST", world.defined.event_inlet, world.order(2, "left-2")).status == 200
    world.settle()
    assert world.landed("left") == Counter(["left-1", "left-2"])


def test_a_collector_alone_accepts_and_a_worker_started_apart_processes(world: World, tmp_path: Path) -> None:
    world.stop()
    alone = RunningServer(world.server.data_dir, world.server.port, arguments=("--collector-only",)).start()
    for number in range(3):
        assert ask("POST", world.defined.event_inlet, world.order(number, f"apart-{number}")).status == 200
    before = world.counts()
    assert before[0] - sum(before[1:]) == 3
    command = [sys.executable, "-m", "parcours", "worker", "--data-dir", str(world.server.data_dir)]
    with (tmp_path / "worker.log").open("wb") as log:
        worker = subprocess.Popen(command, stderr=log, env={**os.environ, "PARCOURS_LAKE_COMMIT_MS": "300"})
    world.settle()
    assert world.landed("apart") == Counter(f"apart-{number}" for number in range(3))
    metrics = alone.get("/metrics")[1].decode()
    assert re.search(r"^parcours_pipeline_position [1-9]", metrics, re.MULTILINE), "what the other worker measures"
    assert alone.stop() == 0

    # a server with a worker of its own: that one waits for the other, and goes with its server
    world.server.start()
    process, waiting = world.server.process, world.server.worker_pid()
    assert process is not None
    process.kill()
    process.wait(30)
    wait_for(lambda: not Path(f"/proc/{waiting}").exists(), what="the end of the worker that waits")
    assert worker.poll() is None
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(STOPS_WITHIN_S) == 0
    assert "Traceback" not in (tmp_path / "worker.log").read_text()
    world.server.start()


def test_health_says_what_is_well(world: World) -> None:
    live, ready = (ask("GET", f"{world.server.url}/health/{name}") for name in ("live", "ready"))
    assert (live.status, live.body["status"]) == (200, "ok")
    assert re.fullmatch(r"\d+\.\d+\.\d+", live.body["version"])
    assert (ready.status, ready.body) == (
        200,
        {"status": "ok", "checks": {"log": "ok", "database": "ok", "worker": "ok"}},
    )


def test_metrics_count_what_both_processes_do(world: World) -> None:
    def value(name: str) -> float:
        text = world.server.get("/metrics")[1].decode()
        return sum(float(found) for found in re.findall(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE))

    names = (
        'parcours_collection_messages_total{outcome="accepted"}',
        "parcours_log_records_total",
        'parcours_pipeline_messages_total{outcome="landed"}',
    )
    before = {name: value(name) for name in names}
    for number in range(3):
        assert ask("POST", world.defined.event_inlet, world.order(number, f"measured-{number}")).status == 200
    world.settle()
    for name in names:
        wait_for(lambda n=name: value(n) - before[n] == 3, 10, what=name)
    status, text = world.server.get("/metrics")
    assert status == 200
    assert b"parcours_collection_ack_seconds_bucket" in text
    assert b"parcours_timer_lateness_seconds_bucket" in text
