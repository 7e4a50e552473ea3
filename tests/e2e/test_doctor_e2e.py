"""`parcours doctor` as an operator calls it: beside a running server that lost something, and without a server."""

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

import demo
import pytest
from asking import ask
from definitions import Defined, define
from journey_tools import instances, publish
from platform_client import Platform
from receiver import Receiver
from running import RunningServer, wait_for

WAIT = {"type": "wait", "duration": {"value": 2, "unit": "seconds"}}
LONG = {"type": "wait", "duration": {"value": 1, "unit": "hours"}}


@pytest.fixture(scope="module")
def defined(server: RunningServer) -> tuple[Platform, Defined]:
    platform = server.platform()
    return platform, define(platform, Receiver().url, lambda _line: None)


@pytest.fixture
def state(server: RunningServer) -> Iterator[sqlite3.Connection]:
    """The state database, as something that damages it sees it."""
    connection = sqlite3.connect(server.data_dir / "state.db", isolation_level=None, timeout=30)
    yield connection
    connection.close()


def examined(server: RunningServer, *options: str) -> tuple[int, dict[str, Any]]:
    """(exit status, report)."""
    run = server.command("doctor", "--json", *options)
    assert run.returncode in (0, 1), run.stderr
    return run.returncode, json.loads(run.stdout)


def codes(report: dict[str, Any]) -> dict[str, int]:
    return {finding["code"]: finding["count"] for finding in report["findings"] if finding["severity"] == "error"}


def enter(platform: Platform, defined: Defined, version: str, number: int, node: str) -> str:
    """Somebody enters; the instance's id once they stand at a node."""
    assert ask("POST", defined.event_inlet, demo.order(platform, defined, number)).status == 200

    def arrived() -> bool:
        found = instances(platform, version, demo.email(number))
        return bool(found) and found[-1]["nodeId"] == node

    wait_for(arrived, what=f"the arrival at {node}")
    one: str = instances(platform, version, demo.email(number))[-1]["id"]
    return one


def test_a_person_whose_timer_was_lost_goes_on_after_the_repair_while_the_server_runs(
    server: RunningServer, defined: tuple[Platform, Defined], state: sqlite3.Connection
) -> None:
    platform, definitions = defined
    version = publish(platform, "Lost", {"pause": LONG}, [("order", "pause")])
    one = enter(platform, definitions, version, 7001, "pause")
    assert examined(server)[0] == 0
    (due_us,) = state.execute(
        "SELECT due_at_us FROM timer WHERE instance_id = ? AND node_id = 'pause'", (one,)
    ).fetchone()
    state.execute("DELETE FROM timer WHERE instance_id = ?", (one,))
    status, report = examined(server)
    assert (status, codes(report)) == (1, {"timerMissing": 1, "globalTimerMissing": 1})
    assert report["worker"] is True
    assert report["findings"][0]["examples"][0]["instanceId"] == one
    text = server.command("doctor").stdout
    assert one in text
    assert "--repair" in text
    status, report = examined(server, "--repair")
    assert (status, report["ok"]) == (0, True)
    assert all(finding["repaired"] == finding["count"] for finding in report["findings"])
    rows = dict(state.execute("SELECT node_id, due_at_us FROM timer WHERE instance_id = ?", (one,)).fetchall())
    assert set(rows) == {"", "pause"}
    assert rows["pause"] == due_us
    assert examined(server)[0] == 0
    # What was due meanwhile is handled by the running worker, which nobody told.
    state.execute("DELETE FROM timer WHERE instance_id = ? AND node_id = 'pause'", (one,))
    steps = state.execute("SELECT seq, steps FROM journey_step WHERE instance_id = ?", (one,)).fetchall()
    for seq, kept in steps:
        early = kept.replace(str(due_us), str(due_us - 7_200_000_000))
        state.execute("UPDATE journey_step SET steps = ? WHERE instance_id = ? AND seq = ?", (early, one, seq))
    assert examined(server, "--repair")[0] == 0
    wait_for(lambda: instances(platform, version, demo.email(7001))[-1]["status"] == "ended", what="the end")


def test_a_person_whose_state_is_damaged_ends_in_error_and_the_others_go_on(
    server: RunningServer, defined: tuple[Platform, Defined], state: sqlite3.Connection
) -> None:
    platform, definitions = defined
    version = publish(platform, "Damaged", {"pause": LONG}, [("order", "pause")])
    bad, good = (enter(platform, definitions, version, number, "pause") for number in (7101, 7102))
    state.execute("UPDATE journey_instance SET state = '[\"nonsense\"]' WHERE id = ?", (bad,))
    status, report = examined(server)
    assert (status, codes(report)) == (1, {"stateUnreadable": 1})
    assert report["findings"][0]["examples"] == [{"instanceId": bad, "nodeId": "pause", "versionUid": version}]
    state.execute("UPDATE timer SET due_at_us = 1 WHERE node_id = 'pause' AND instance_id IN (?, ?)", (bad, good))

    def standing() -> list[tuple[str, str | None]]:
        found = [instances(platform, version, demo.email(number))[-1] for number in (7101, 7102)]
        return [(one["status"], one["nodeId"]) for one in found]

    wait_for(lambda: standing() == [("error", None), ("ended", None)], what="the end of both")
    status, report = examined(server)
    assert (status, codes(report)) == (0, {})
    told = {finding["code"]: finding["examples"] for finding in report["findings"]}
    assert {"versionUid": version, "nodeId": "pause", "times": 1} in told["setAside"]
    enter(platform, definitions, version, 7103, "pause")  # by the same worker


def test_a_lost_call_takes_its_person_along_the_error_path(
    server: RunningServer, defined: tuple[Platform, Defined], state: sqlite3.Connection
) -> None:
    platform, definitions = defined
    version = publish(
        platform,
        "Unanswered",
        {
            "pause": LONG,
            "call": {"type": "customAction", "actionUid": action_uid(platform), "parameters": parameters(platform)},
            "after": LONG,
        },
        [("order", "pause"), ("pause", "call"), ("call", "after", "error")],
    )
    one = enter(platform, definitions, version, 7002, "pause")
    (pass_no,) = state.execute(
        "SELECT pass_no FROM timer WHERE instance_id = ? AND node_id = 'pause'", (one,)
    ).fetchone()
    state.execute("BEGIN IMMEDIATE")  # as if the call had been decided and its row were lost
    state.execute("DELETE FROM timer WHERE instance_id = ? AND node_id = 'pause'", (one,))
    state.execute("UPDATE journey_instance SET node_id = 'call', waiting_for = 'action' WHERE id = ?", (one,))
    state.execute("COMMIT")
    status, report = examined(server)
    assert (status, codes(report)) == (1, {"callMissing": 1})
    assert report["findings"][0]["examples"][0]["pass"] == pass_no
    assert examined(server, "--repair")[0] == 0
    wait_for(lambda: instances(platform, version, demo.email(7002))[-1]["nodeId"] == "after", what="the error path")
    assert examined(server)[0] == 0


def action_uid(platform: Platform) -> str:
    uid: str = platform.get("/journey/orchestration/actions")["results"][0]["uid"]
    return uid


def parameters(platform: Platform) -> list[dict[str, str]]:
    """Of the demo's action: each gets a text."""
    fields = platform.get("/journey/orchestration/actions")["results"][0]["request"]["fields"]
    found: dict[str, str] = {"string": '"x"', "integer": "1", "decimal": "1.5", "boolean": "true"}
    return [
        {"paramPath": field["path"], "expression": found[field["type"]]}
        for field in fields
        if field["kind"] == "variable"
    ]


def test_without_a_server_it_is_told_what_is_late_and_that_is_no_fault(
    server: RunningServer, defined: tuple[Platform, Defined], state: sqlite3.Connection
) -> None:
    platform, definitions = defined
    version = publish(platform, "Asleep", {"pause": WAIT, "long": LONG}, [("order", "pause"), ("pause", "long")])
    assert server.stop() == 0
    try:
        late_us = state.execute("SELECT count(*) FROM timer WHERE due_at_us < 9e15").fetchone()[0]
        state.execute("UPDATE timer SET due_at_us = 1 WHERE node_id != ''")
        status, report = examined(server)
        assert report["worker"] is False
        assert (status, codes(report)) == (0, {})
        assert late_us == 0 or {f["code"] for f in report["findings"]} >= {"timersOverdue"}
        state.execute("INSERT INTO timer VALUES ('gone', 'n', 1, 0, 5, 'wait')")
        assert server.command("doctor").returncode == 1
        assert server.command("doctor", "--repair").returncode == 0
    finally:
        server.start()
    wait_for(lambda: examined(server)[0] == 0, what="a server that has caught up")
    enter(server.platform(), definitions, version, 7003, "long")


def test_the_metrics_say_how_many_wait(server: RunningServer) -> None:
    def shown() -> dict[str, float]:
        lines = server.get("/metrics")[1].decode().splitlines()
        return {line.split()[0]: float(line.split()[1]) for line in lines if line.startswith("parcours_timers_waiting")}

    wait_for(lambda: any(value > 0 for value in shown().values()), what="the number of timers")
