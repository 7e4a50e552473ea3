"""The worker: one thread runs the pipeline's transactions, the event loop runs deliveries."""

import asyncio
import contextlib
import fcntl
import os
import queue
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from parcours.audit.store import forget_audit_events
from parcours.db import Database
from parcours.db.faults import is_fault_of_the_code
from parcours.delivery.model import ActionAnswer
from parcours.delivery.service import Delivery
from parcours.doctor.sample import Sample, count_timers
from parcours.kit.child import Child
from parcours.kit.clock import Clock, SystemClock
from parcours.kit.settings import Settings
from parcours.kit.telemetry import Counter, Gauge, get_logger
from parcours.lake.store import has_staged
from parcours.log import LogUnreadable
from parcours.pipeline import Pipeline, PositionMoved

log = get_logger("worker")
POSITION = Gauge("parcours_pipeline_position", "Last record of the event log processed.", multiprocess_mode="max")
LOOP_FAULTS = Counter(
    "parcours_worker_loop_faults_total",
    "Faults of the code in what the worker does beside journeys, by loop.",
    ["loop"],
)
_TRIM_EVERY_S = 300.0
_TRIM_ON_S = 1.0
"""Until the next part, while there is more to drop."""
_SAMPLE_EVERY_S = 10.0
_COUNT_EVERY_S = 60.0
_LAKE_STOP_S = 20.0
_LOOK_SOONEST_S = 0.1
_LOOK_ANYWAY_S = 30.0
"""How often a child's work is looked for though nobody has committed: some of it is a matter of time."""
_LOADS_POLL_S = 0.25
_BACK_OFF_S = 0.5
_LOOP_AGAIN_S = 5.0
_LOCK_POLL_S = 0.1
_FAULT_FILE = "worker.fault"


class Turns:
    """What the pipeline does next. Each kind of work takes its turn, a transaction long, while others wait.

    So a burst of one kind holds the others up by a transaction, never by the burst. Who has nothing to do knows for how
    long: until the next timer is due, or until it is time to look for what others wrote.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        run_answers: Callable[[], int],
        max_work: int,
        look_every_s: float,
        *,
        clock: Clock | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """run_answers: hands on some answers of actions; how many. max_work: most of a kind in one transaction.

        clock: tells when a timer is due; monotonic: seconds, tells when to look.
        """
        self._pipeline = pipeline
        self._run_answers = run_answers
        self._max_work = max_work
        self._look_every_s = look_every_s
        self._clock = clock or SystemClock()
        self._monotonic = monotonic
        self._looked_s = self._next_look_s = float("-inf")
        self._is_held_up = False

    def take(self, *, is_told: bool) -> int:
        """One turn of each kind; how much was done.

        is_told: something has happened. When it was no record, then perhaps a stop or a new definition.
        """
        pipeline, most = self._pipeline, self._max_work
        done = self._run_answers()
        records = pipeline.run_records(most)
        done += records
        if is_told and not records:
            self._next_look_s = min(self._next_look_s, self._looked_s + _LOOK_SOONEST_S)
        now_s = self._monotonic()
        if now_s >= self._next_look_s:
            pipeline.look()
            self._looked_s, self._next_look_s = now_s, now_s + self._look_every_s
        others = 0
        if pipeline.has_stops:
            others += pipeline.run_stops(most)
        if pipeline.has_due:
            others += pipeline.run_timers(most)
        if pipeline.has_qualifications:
            others += pipeline.run_qualifications(most)
        if pipeline.has_runs:
            others += pipeline.run_audiences(most)
        self._is_held_up = not others
        return done + others

    def wait_s(self) -> float:
        """How long nothing is to be done, unless someone tells."""
        wait_s = self._next_look_s - self._monotonic()
        next_due_us = self._pipeline.next_due_us
        if next_due_us is None:
            return max(wait_s, 0.0)
        due_s = (next_due_us - self._clock.now_us()) / 1e6
        if due_s <= -_LOOK_SOONEST_S and self._is_held_up:
            due_s = _LOOK_SOONEST_S  # it was due before the turn that found nothing to be done about it
        return max(min(wait_s, due_s), 0.0)


class Loop(Protocol):
    """Something that is looked at now and then, in the worker's event loop."""

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set."""
        ...


class Worker:
    """Runs until `stop`; a fault of the database is waited out, a fault of the code comes out of `run`."""

    def __init__(
        self,
        settings: Settings,
        db: Database,
        pipeline: Pipeline,
        delivery: Delivery,
        loops: Sequence[Loop],
        lake: Child,
        loader: Child,
        has_loads: Callable[[Connection], bool],
        sample: Sample,
    ) -> None:
        """loops: what else runs in the event loop, such as alerts.

        lake: the process that commits staged records; started while there are any.

        loader: the process that brings in what comes in bulk; started while `has_loads`.
        sample: looks in turn whether everybody who waits has what will move them on.
        """
        self._settings = settings
        self._db = db
        self._pipeline = pipeline
        self._delivery = delivery
        self._loops = loops
        self._lake = lake
        self._sample = sample
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
        count = asyncio.create_task(self._count_timers(), name="count")
        delivery = asyncio.create_task(self._delivery.run(), name="delivery")
        loops = [asyncio.create_task(self._run_loop(loop)) for loop in self._loops]
        stop = asyncio.create_task(self._stop_requested.wait(), name="stop")
        try:
            tasks = {pipeline, lake, loader, delivery, stop, *loops}
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await self._delivery.stop()  # calls under way are answered before the pipeline goes
            self._stopping.set()
            self._wake.set()
            stop.cancel()
            self._stop_requested.set()
            await asyncio.gather(pipeline, lake, loader, delivery, count, *loops)
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
        turns = Turns(self._pipeline, self._run_answers, settings.batch_records, settings.timer_poll_ms / 1000)
        next_trim = 0.0
        next_sample = time.monotonic() + _SAMPLE_EVERY_S
        is_told = True
        while True:
            is_last = self._stopping.is_set()
            try:
                done = self._run_answers() if is_last else turns.take(is_told=is_told)
                if not is_last and time.monotonic() >= next_trim:
                    next_trim = time.monotonic() + (_TRIM_ON_S if self._trim() else _TRIM_EVERY_S)
                if not is_last and time.monotonic() >= next_sample:
                    next_sample = time.monotonic() + _SAMPLE_EVERY_S
                    self._look_at_some()
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
                is_told = False
            else:
                wait_s = turns.wait_s()
                is_told = self._wake.wait(wait_s if self._is_told else min(wait_s, settings.poll_ms / 1000))
                self._wake.clear()

    def _look_at_some(self) -> None:
        """Who looks whether others are forgotten must not be what holds them up."""
        try:
            self._sample.take(time.time_ns() // 1000)
        except Exception as fault:
            if not is_fault_of_the_code(fault):
                raise
            LOOP_FAULTS.labels("Sample").inc()
            log.error("worker.sample_failed", exc_info=fault)

    async def _run_loop(self, loop: Loop) -> None:
        """Run a loop; when the code fails in it, run it again a while later: journeys go on meanwhile."""
        name = type(loop).__name__
        while not self._stop_requested.is_set():
            try:
                await loop.run(self._stop_requested)
            except Exception as fault:
                LOOP_FAULTS.labels(name).inc()
                log.error("worker.loop_failed", loop=name, exc_info=fault)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop_requested.wait(), _LOOP_AGAIN_S)

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
            now_ms - settings.log_retention_hours * 3_600_000,
            now_ms - settings.trace_retention_hours * 3_600_000,
            now_ms - settings.report_retention_hours * 3_600_000,
        )
        return forget_audit_events(self._db, now_ms - settings.audit_retention_hours * 3_600_000) or has_more

    async def _run_child(self, child: Child, has_work: Callable[[Connection], bool], every_s: float) -> None:
        """See to it that a process runs while there is work for it; it ends by itself."""

        def look() -> bool:
            with self._db.read() as connection:
                return has_work(connection)

        changes = self._db.changes()
        looked_at: int | None = None
        look_anyway_s = 0.0
        while not self._stop_requested.is_set():
            try:
                version = changes.version()
                is_same = version is not None and version == looked_at and time.monotonic() < look_anyway_s
                if child.is_alive:
                    looked_at = None  # nobody knows what it will leave
                elif not is_same:
                    is_wanted = await asyncio.to_thread(look)
                    looked_at, look_anyway_s = version, time.monotonic() + _LOOK_ANYWAY_S
                    if is_wanted:
                        await child.start()
                        child.go()
            except DBAPIError as error:
                log.error("worker.work_unknown", child=child.name, error=str(error).splitlines()[0])
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop_requested.wait(), every_s)

    async def _count_timers(self) -> None:
        """Keep the metric of waiting timers."""
        while not self._stop_requested.is_set():
            wait_s = _COUNT_EVERY_S
            try:
                wait_s = await asyncio.to_thread(count_timers, self._db, _COUNT_EVERY_S)
            except DBAPIError as error:
                log.error("worker.timers_uncounted", error=str(error).splitlines()[0])
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop_requested.wait(), wait_s)


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
