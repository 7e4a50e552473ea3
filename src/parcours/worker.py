"""The worker: one thread runs the pipeline's transactions, the event loop runs deliveries."""

import asyncio
import contextlib
import fcntl
import os
import queue
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from parcours.audit.store import forget_audit_events
from parcours.db import Database
from parcours.delivery.model import ActionAnswer
from parcours.delivery.service import Delivery
from parcours.kit.child import Child
from parcours.kit.settings import Settings
from parcours.kit.telemetry import Gauge, get_logger
from parcours.lake.store import has_staged
from parcours.log import LogUnreadable
from parcours.pipeline import Pipeline, PositionMoved

log = get_logger("worker")
POSITION = Gauge("parcours_pipeline_position", "Last record of the event log processed.", multiprocess_mode="max")
_TRIM_EVERY_S = 300.0
_TRIM_ON_S = 1.0
"""Until the next part, while there is more to drop."""
_LAKE_STOP_S = 20.0
_LOADS_POLL_S = 0.25
_WARM_EVERY_S = 0.2
_BACK_OFF_S = 0.5
_LOCK_POLL_S = 0.1
_FAULT_FILE = "worker.fault"


class Worker:
    """Runs until `stop`; a fault of the database is waited out, a fault of the code comes out of `run`."""

    def __init__(
        self,
        settings: Settings,
        db: Database,
        pipeline: Pipeline,
        delivery: Delivery,
        lake: Child,
        loader: Child,
        has_loads: Callable[[Connection], bool],
    ) -> None:
        """lake: the process that commits staged records; started while there are any.

        loader: the process that brings in what comes in bulk; started while `has_loads`.
        """
        self._settings = settings
        self._db = db
        self._pipeline = pipeline
        self._delivery = delivery
        self._lake = lake
        self._loader = loader
        self._has_loads = has_loads
        self._answers: queue.SimpleQueue[ActionAnswer] = queue.SimpleQueue()
        self._wake = threading.Event()
        self._is_told = False
        self._fault: str | None = ""
        """Why the last transaction failed; None when it went well, empty before the first."""
        self._stopping = threading.Event()
        self._stop_requested = asyncio.Event()
        delivery.on_answers = self._take_answers

    async def run(self) -> None:
        """Work until `stop` is called; then finish what is under way and return."""
        pipeline = asyncio.create_task(asyncio.to_thread(self._run_pipeline), name="pipeline")
        lake = asyncio.create_task(
            self._run_child(self._lake, has_staged, self._settings.lake_commit_ms / 1000), name="lake"
        )
        loader = asyncio.create_task(self._run_child(self._loader, self._has_loads, _LOADS_POLL_S), name="loader")
        delivery = asyncio.create_task(self._delivery.run(), name="delivery")
        stop = asyncio.create_task(self._stop_requested.wait(), name="stop")
        try:
            await asyncio.wait({pipeline, lake, loader, delivery, stop}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await self._delivery.stop()  # calls under way are answered before the pipeline goes
            self._stopping.set()
            self._wake.set()
            stop.cancel()
            self._stop_requested.set()
            await asyncio.gather(pipeline, lake, loader, delivery)
            await self._loader.stop(_LAKE_STOP_S)
            await self._lake.stop(_LAKE_STOP_S)

    def wake(self) -> None:
        """Records have come. Whoever calls this at all calls it whenever some have: the log needn't be polled then."""
        self._is_told = True
        self._wake.set()

    def stop(self) -> None:
        """Ask the worker to finish; safe from a signal handler of its event loop."""
        self._stop_requested.set()

    def _take_answers(self, answers: list[ActionAnswer]) -> None:
        for answer in answers:
            self._answers.put(answer)
        self._wake.set()

    def _run_pipeline(self) -> None:
        settings = self._settings
        next_timers = next_trim = next_warm = 0.0
        while True:
            is_last = self._stopping.is_set()
            try:
                done = self._run_answers()
                if not is_last:
                    done += self._pipeline.run_records(settings.batch_records)
                    now = time.monotonic()
                    if now >= next_timers:
                        woken = 0
                        if self._pipeline.has_due():
                            woken = self._pipeline.run_stops(settings.batch_records)
                            woken += self._pipeline.run_timers(settings.batch_records)
                            woken += self._pipeline.run_qualifications(settings.batch_records)
                            woken += self._pipeline.run_audiences(settings.batch_records)
                        done += woken
                        next_timers = now + (0 if woken else settings.timer_poll_ms / 1000)
                    if not done and now >= next_warm:
                        self._pipeline.warm()
                        next_warm = now + _WARM_EVERY_S
                    if now >= next_trim:
                        next_trim = now + (_TRIM_ON_S if self._trim() else _TRIM_EVERY_S)
                self._note_fault(None)
            except (DBAPIError, LogUnreadable, PositionMoved) as error:
                reason = str(error).splitlines()[0]
                log.error("worker.transaction_failed", error=reason)
                self._note_fault(reason)
                self._stopping.wait(_BACK_OFF_S)
                done = 0
            if is_last:
                return
            if done:
                self._delivery.wake()
                POSITION.set(self._pipeline.position)
            else:
                self._wake.wait((settings.timer_poll_ms if self._is_told else settings.poll_ms) / 1000)
                self._wake.clear()

    def _note_fault(self, reason: str | None) -> None:
        """Let the server's readiness tell that transactions fail; None: one went well."""
        if reason == self._fault:
            return
        self._fault = reason
        path = self._settings.data_dir / _FAULT_FILE
        with contextlib.suppress(OSError):  # a full disk, say: then the log can't be written, and readiness tells that
            if reason is None:
                path.unlink(missing_ok=True)
            else:
                path.write_text(reason)

    def _run_answers(self) -> int:
        answers: list[ActionAnswer] = []
        with contextlib.suppress(queue.Empty):
            while len(answers) < self._settings.batch_records:
                answers.append(self._answers.get_nowait())
        if answers:
            try:
                self._pipeline.run_answers(answers)
            except DBAPIError:
                for answer in answers:  # they are still in the outbox, but needn't be asked for again
                    self._answers.put(answer)
                raise
        return len(answers)

    def _trim(self) -> bool:
        now_ms = time.time_ns() // 1_000_000
        settings = self._settings
        has_more = self._pipeline.trim(
            now_ms - settings.log_retention_hours * 3_600_000, now_ms - settings.trace_retention_hours * 3_600_000
        )
        return forget_audit_events(self._db, now_ms - settings.audit_retention_hours * 3_600_000) or has_more

    async def _run_child(self, child: Child, has_work: Callable[[Connection], bool], every_s: float) -> None:
        """See to it that a process runs while there is work for it; it ends by itself."""

        def look() -> bool:
            with self._db.read() as connection:
                return has_work(connection)

        while not self._stop_requested.is_set():
            try:
                if not child.is_alive and await asyncio.to_thread(look):
                    await child.start()
                    child.go()
            except DBAPIError as error:
                log.error("worker.work_unknown", child=child.name, error=str(error).splitlines()[0])
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop_requested.wait(), every_s)


def read_fault(data_dir: Path) -> str | None:
    """Why the worker's last transaction failed; None when it went well."""
    try:
        return (data_dir / _FAULT_FILE).read_text()
    except OSError:
        return None


@contextlib.asynccontextmanager
async def only_worker(data_dir: Path, stop: asyncio.Event) -> AsyncIterator[bool]:
    """Hold the data directory's worker lock; waits for another worker to be gone. False when `stop` came first."""
    descriptor = os.open(data_dir / "worker.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        is_told = False
        while not stop.is_set() and not _try_lock(descriptor):
            if not is_told:
                log.info("worker.waiting_for_another", data_dir=str(data_dir))
                is_told = True
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _LOCK_POLL_S)
        yield not stop.is_set()
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
