"""What the worker does beside journeys: a fault of the code there is told, and ends nothing."""

import asyncio
from typing import Any

import pytest
from fastapi.testclient import TestClient

from parcours import worker as module
from parcours.app import Platform, build_worker
from parcours.worker import LOOP_FAULTS, Worker


class Faulty:
    """A loop that the code fails in twice, then runs until it is stopped."""

    def __init__(self) -> None:
        self.begun = 0
        self.is_well = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        self.begun += 1
        if self.begun <= 2:
            raise ZeroDivisionError("a fault of the code")
        self.is_well.set()
        await stop.wait()


@pytest.fixture
def worker(api: TestClient, platform: Platform) -> Worker:
    del api  # it has made the database
    return build_worker(platform)


def test_a_loop_that_the_code_fails_in_is_run_again(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LOOP_AGAIN_S", 0.0)
    loop = Faulty()
    before = LOOP_FAULTS.labels("Faulty")._value.get()

    async def run() -> None:
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            group.create_task(worker._run_loop(loop))
            await loop.is_well.wait()
            worker.stop()

    asyncio.run(run())
    assert loop.begun == 3
    assert LOOP_FAULTS.labels("Faulty")._value.get() - before == 2


def test_a_loop_that_always_fails_ends_with_the_worker(worker: Worker) -> None:
    class Broken:
        async def run(self, stop: asyncio.Event) -> None:
            worker.stop()
            raise ZeroDivisionError("a fault of the code")

    asyncio.run(asyncio.wait_for(worker._run_loop(Broken()), 60))


def test_a_look_at_some_that_fails_is_told(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_now_us: int) -> Any:
        raise ZeroDivisionError("a fault of the code")

    monkeypatch.setattr(worker._sample, "take", fail)
    before = LOOP_FAULTS.labels("Sample")._value.get()
    worker._look_at_some()
    assert LOOP_FAULTS.labels("Sample")._value.get() - before == 1
