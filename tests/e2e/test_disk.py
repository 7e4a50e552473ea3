"""A disk that takes no more: everything is refused with its reason, nothing acknowledged is lost, and it recovers."""

import resource
from pathlib import Path
from typing import Any

import demo
import pytest
from asking import JSON, Answer, ask, query
from definitions import FOUNDATION, define
from receiver import Receiver
from running import RunningServer, wait_for


class World:
    """A server whose files can be kept from growing."""

    def __init__(self, data_dir: Path) -> None:
        self.server = RunningServer(data_dir, PARCOURS_LAKE_COMMIT_MS="300")
        data_dir.parent.mkdir(parents=True, exist_ok=True)
        self.server.log.write_bytes(b"-" * 2_000_000 + b"\n")  # a line for people can't be written either, then
        self.server.start()
        self.platform = self.server.platform()
        self.defined = define(self.platform, Receiver().url, lambda _line: None)

    @property
    def pid(self) -> int:
        assert self.server.process is not None
        return self.server.process.pid

    def stop_disk(self, pid: int) -> None:
        """No file of a process can grow any more, as on a full disk."""
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))

    def free_disk(self, pid: int) -> None:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def order(self, number: int, event_id: str) -> dict[str, Any]:
        message = demo.order(self.platform, self.defined, number)
        message["body"]["xdmEntity"]["_id"] = event_id
        return message

    def post(self, number: int, event_id: str) -> Answer:
        return ask("POST", self.defined.event_inlet, self.order(number, event_id))

    def ready(self) -> Answer:
        return ask("GET", self.server.url + "/health/ready")

    def counts(self) -> tuple[int, int, int]:
        path = query(f"{FOUNDATION}/flowservice/runs", property=f"flowId=={self.defined.event_flow}")
        summaries = [run["metrics"]["recordSummary"] for run in self.platform.get(path)["items"]]
        names = ("inputRecordCount", "outputRecordCount", "failedRecordCount")
        a, b, c = (sum(one[name] for one in summaries) for name in names)
        return a, b, c

    def landed(self, prefix: str) -> set[str]:
        wait_for(lambda: self.counts()[0] == sum(self.counts()[1:]), 60, what="the end of pending records")
        rows = self.server.sql(f"SELECT _id FROM orders WHERE _id LIKE '{prefix}%'")
        assert len(rows) == len({row["_id"] for row in rows})
        return {row["_id"] for row in rows}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Any:
    made = World(tmp_path_factory.mktemp("disk") / "data")
    yield made
    assert made.server.stop() == 0


def test_the_space_of_measurements_is_taken_before_the_disk_can_be_full(world: World) -> None:
    def reserved() -> set[str]:
        """Processes all of whose files have their space."""
        found: dict[str, bool] = {}
        for path in (world.server.data_dir / "metrics").glob("*.db"):
            pid = path.stem.rpartition("_")[2]
            found[pid] = found.get(pid, True) and path.stat().st_blocks * 512 >= path.stat().st_size
        return {pid for pid, is_reserved in found.items() if is_reserved}

    wait_for(lambda: reserved() >= {str(world.pid), str(world.server.worker_pid())}, what="the space of both processes")


def test_with_the_disk_stopped_inlets_refuse_and_say_why_and_keep_what_they_acknowledged(world: World) -> None:
    for number in range(5):
        assert world.post(number, f"before-{number}").status == 200
    world.stop_disk(world.pid)
    try:
        refused = world.post(6, "refused")
        assert refused.status == 503
        assert refused.headers["retry-after"].isdecimal()
        assert refused.body["type"] == "http://ns.adobe.com/adobecloud/problem/data-collection-service/inlet"
        assert (refused.body["status"], refused.body["title"]) == (503, "Service unavailable")
        assert refused.body["report"]["message"].startswith("the event log can't be written: ")
        batch = {"messages": [world.order(7, "refused-batch"), {}]}
        answer = ask("POST", world.defined.event_inlet.replace("/collection/", "/collection/batch/"), batch)
        assert answer.status == 503
        assert answer.headers["retry-after"].isdecimal()
        assert ask("POST", world.defined.event_inlet, {}).status == 400  # what is wrong anyway needs no disk

        ready = world.ready()
        assert (ready.status, ready.body["status"]) == (503, "unavailable")
        assert ready.body["checks"]["log"] == "the last commit failed"
        assert ask("GET", world.server.url + "/health/live").status == 200
        assert world.platform.get(f"{FOUNDATION}/catalog/dataSets")  # reading goes on
    finally:
        world.free_disk(world.pid)
    wait_for(lambda: world.ready().status == 200, 10, what="readiness, though nobody sends a record")
    for number in range(5):
        assert world.post(number, f"after-{number}").status == 200
    assert world.landed("before") == {f"before-{number}" for number in range(5)}
    assert world.landed("after") == {f"after-{number}" for number in range(5)}
    assert world.landed("refused") == set()


def test_a_definition_that_cannot_be_stored_is_refused_with_503_and_can_be_made_again(world: World) -> None:
    url = f"{world.server.url}{FOUNDATION}/flowservice/connections"
    body = {
        "name": "Made on a full disk",
        "connectionSpec": {"id": "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb", "version": "1.0"},
        "auth": {"specName": "Streaming Connection", "params": {"dataType": "xdm"}},
    }
    headers = {**world.platform.headers, **JSON}
    broken = world.order(1, "broken")
    broken["body"]["xdmEntity"]["eventType"] = 5
    assert ask("POST", world.defined.event_inlet, broken).status == 200
    wait_for(lambda: world.platform.get("/parcours/failedRecords")["items"], what="the failed record")
    (item,) = world.platform.get("/parcours/failedRecords")["items"]
    retry = f"{world.server.url}/parcours/failedRecords/{item['id']}/retry"
    world.stop_disk(world.pid)
    try:
        answer = ask("POST", url, body, headers)
        assert answer.status == 503
        assert answer.headers["retry-after"].isdecimal()
        assert answer.body["detail"].startswith("the state database can't be used now, nothing was changed: ")
        assert ask("POST", retry, None, headers).status == 503
        assert world.platform.get(f"/parcours/failedRecords/{item['id']}")["state"] == "failed"
    finally:
        world.free_disk(world.pid)
    listed = world.platform.get(f"{FOUNDATION}/flowservice/connections")["items"]
    assert "Made on a full disk" not in [one["name"] for one in listed]
    assert ask("POST", url, body, headers).status == 201
    assert ask("POST", retry, None, headers).status == 202


def test_while_the_worker_cannot_write_records_wait_in_the_log_and_land_afterwards(world: World) -> None:
    worker = world.server.worker_pid()
    world.stop_disk(worker)
    try:
        for number in range(5):
            assert world.post(number, f"waits-{number}").status == 200
        landed = world.counts()
        wait_for(lambda: world.ready().status == 503, 10, what="readiness that tells of the worker")
        assert world.ready().body["checks"]["worker"].startswith("its transactions fail: ")
        wait_for(lambda: world.server.worker_pid() == worker, 1, what="the same worker")
        assert landed[0] > sum(landed[1:])
    finally:
        world.free_disk(worker)
    assert world.landed("waits") == {f"waits-{number}" for number in range(5)}
    assert world.server.worker_pid() == worker
    wait_for(lambda: world.ready().status == 200, 10, what="readiness")
