"""The loop that empties the outbox: committed rows in, HTTP calls out, answers handed back."""

import asyncio
import contextlib
import resource
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

from aiohttp.abc import AbstractResolver
from sqlalchemy.exc import SQLAlchemyError

from parcours.actions import ActionService
from parcours.actions.table import ActionTable
from parcours.channels.draft import METHOD as MESSAGE
from parcours.channels.model import Report
from parcours.datasources.service import DataSourceService
from parcours.db import Database
from parcours.delivery import store
from parcours.delivery.backlog import Backlog, Host, Taken, Wait
from parcours.delivery.caller import Caller
from parcours.delivery.fetching import Capping, Fetching
from parcours.delivery.limiter import Limiter
from parcours.delivery.messages import Messenger
from parcours.delivery.model import ActionAnswer, Failure, OutboxRow
from parcours.delivery.sender import HttpSender
from parcours.journeys.fetch_request import METHOD as FETCH
from parcours.journeys.model import ActionOutcome, FetchOutcome
from parcours.journeys.versions import VERSION_KIND
from parcours.kit.clock import Clock, SystemClock
from parcours.kit.settings import Settings
from parcours.kit.telemetry import Gauge, Histogram, get_logger
from parcours.limits.model import CallLimits
from parcours.limits.service import Limits
from parcours.limits.store import load_states, save_states
from parcours.limits.table import LimitTable
from parcours.resources.store import ResourceStore

ACTION_SECONDS = Histogram(
    "parcours_action_duration_seconds",
    "From the first attempt of an action's call to its outcome.",
    ["outcome"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
OUTBOX_PENDING = Gauge(
    "parcours_outbox_pending", "Committed calls that are waiting or in flight.", multiprocess_mode="livesum"
)
THROTTLED = Gauge("parcours_throttled_calls", "Committed calls that wait for a throttle.", multiprocess_mode="livesum")
CIRCUITS_OPEN = Gauge(
    "parcours_circuits_open", "Hosts that answer nobody, so that calls to them wait.", multiprocess_mode="livesum"
)

LOAD_ROWS = 500
POLL_S = 2.0
"""Longest until rows are found that no one announced with `wake`, such as those of `parcours doctor`."""
BUSY_POLL_S = 0.05
"""The same while calls wait or are in flight: how long a stopped version's calls may still begin."""
SWEEP_S = 5.0
"""How often rows are looked for that were committed after later ones, as concurrent writers may do."""
TELL_S = 1.0
"""How often limits write down what they are doing."""
_OTHER_FILES = 512
"""Open files that are no connections of calls, at most."""
_TICK_S = 0.01
"""How exactly calls begin that wait for a moment."""
GRACE_S = 5.0
"""How long a stop waits for calls in flight; the rest is made again at the next start."""
_ERROR_PAUSE_S = 1.0

OnAnswers = Callable[[list[ActionAnswer]], None]
log = get_logger("delivery")


class Delivery:
    """Makes the calls of the outbox. It lives in one event loop; only `wake` may be called by other threads."""

    def __init__(
        self,
        db: Database,
        actions: ActionService,
        limits: Limits,
        settings: Settings,
        *,
        clock: Clock | None = None,
        resolver: AbstractResolver | None = None,
        grace_s: float = GRACE_S,
        messenger: Messenger | None = None,
        sources: DataSourceService | None = None,
        capping: Capping | None = None,
    ) -> None:
        """messenger: sends the outbox's messages; without one they fail.

        sources: what the outbox's fetches read; without them they fail. capping: instead of `limits`, for those calls.
        """
        self.on_answers: OnAnswers = _refuse_answers
        """Called in the loop's thread with the answers of the moment; must return at once."""
        self._db = db
        self._actions = actions.compiled()
        self._sources = None if sources is None else sources.compiled()
        self._capping = capping
        self._messenger = messenger
        self._resources = ResourceStore()
        self._allow_private = settings.allow_private_networks
        self._proxy = settings.egress_proxy
        self._clock = clock or SystemClock()
        self._resolver = resolver
        self._grace_s = grace_s
        self._messenger = messenger
        self._concurrency = settings.delivery_concurrency
        self._backlog = Backlog(self._concurrency)
        self._table: ActionTable | None = None
        self._limits = limits.compiled()
        self._limiter = Limiter(self._clock, self._save_states)
        self._is_limited_yet = False
        self._not_before_s = 0.0
        """Until then nothing is called: the limits of a process before this one may still hold."""
        self._next_tell_s = 0.0
        self._alarm: asyncio.TimerHandle | None = None
        self._last_id = 0
        self._known: set[int] = set()
        """Ids of rows that were loaded and, at the last look, still there."""
        self._stops_seen = 0
        """Revision of journey versions at the last look: a new one may mean that one was stopped."""
        self._next_sweep_s = 0.0
        self._tasks: dict[asyncio.Task[None], int] = {}
        """Calls in flight, and their rows' ids."""
        self._answers: list[ActionAnswer] = []
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._work = asyncio.Event()
        self._ended = asyncio.Event()
        self._is_woken = False
        self._is_stopping = False

    def wake(self) -> None:
        """Look for new rows now: somebody has committed some."""
        if self._is_woken:
            return
        with self._lock:
            if self._loop is not None and not self._is_woken:
                self._is_woken = True
                self._loop.call_soon_threadsafe(self._on_wake)

    async def stop(self) -> None:
        """End `run`: calls in flight are answered, or given up after a few seconds and made again at the next start."""
        self._is_stopping = True
        self._work.set()
        if self._loop is not None:
            await self._ended.wait()

    async def run(self) -> None:
        """Make the calls of the outbox until `stop`. Rows stay until whoever takes the answers deletes them."""
        loop = asyncio.get_running_loop()
        _allow_files(2 * self._concurrency + _OTHER_FILES)
        with self._lock:
            self._loop = loop
        self._next_sweep_s = loop.time() + SWEEP_S
        try:
            async with HttpSender(self._allow_private, self._resolver, self._proxy) as sender:
                self._caller = Caller(sender, self._clock, is_proxied=bool(self._proxy))
                if self._messenger is not None:
                    self._messenger.open(sender)
                self._fetching = Fetching(
                    sender,
                    self._caller.tokens,
                    self._clock,
                    self._on_fetched,
                    capping=self._capping or self._limiter.admit_fetch,
                    connections=self._limiter,
                )
                try:
                    with ThreadPoolExecutor(1, "outbox") as reader:
                        while not self._is_stopping:
                            await self._turn(reader)
                    await self._finish(self._grace_s)
                finally:
                    self._is_stopping = True
                    await self._finish(0)
                    await self._caller.tokens.close()
                    if self._messenger is not None:
                        await self._messenger.close()
                    await self._tell(is_last=True)
        finally:
            with self._lock:
                self._loop = None
            self._ended.set()

    def _on_wake(self) -> None:
        self._is_woken = False
        self._work.set()

    async def _turn(self, reader: ThreadPoolExecutor) -> None:
        self._work.clear()
        is_readable = True
        try:
            is_drained = await self._load(reader)
        except SQLAlchemyError as error:
            log.error("outbox.unreadable", error=type(error).__name__)
            is_drained, is_readable = True, False
        self._backlog.age(asyncio.get_running_loop().time())
        self._start_calls()
        await self._tell()
        is_busy = len(self._backlog) or len(self._fetching)
        pause_s = _ERROR_PAUSE_S if not is_readable else BUSY_POLL_S if is_busy else POLL_S
        if is_drained and not self._is_stopping:
            try:
                async with asyncio.timeout(pause_s):
                    await self._work.wait()
            except TimeoutError:
                pass

    # --- loading ---

    async def _load(self, reader: ThreadPoolExecutor) -> bool:
        """Load what is new, parked or overlooked; whether nothing more is known to be there."""
        loop = asyncio.get_running_loop()
        rows, self._table, limits, stops = await loop.run_in_executor(reader, self._read_new, self._last_id)
        if not self._is_limited_yet:
            self._limiter.use(limits, await loop.run_in_executor(reader, self._read_states))
            self._not_before_s = loop.time() + self._limiter.settles_s
            self._is_limited_yet = True
        self._limiter.use(limits)
        self._add(rows)
        if rows:
            self._last_id = rows[-1].id
        if self._backlog.wants_parked:
            for lane, ids in self._backlog.parked_to_load():
                self._backlog.unpark(lane, ids, await loop.run_in_executor(reader, self._read, ids))
        parked = self._fetching.parked_to_load(LOAD_ROWS)
        if parked:
            self._add(await loop.run_in_executor(reader, self._read, parked))
        if stops != self._stops_seen or loop.time() >= self._next_sweep_s:
            self._next_sweep_s = loop.time() + SWEEP_S
            await self._sweep(reader)
            self._stops_seen = stops
        return len(rows) < LOAD_ROWS

    async def _sweep(self, reader: ThreadPoolExecutor) -> None:
        """Find rows that a slower transaction committed behind `_last_id`, and give up calls whose rows are gone."""
        loop = asyncio.get_running_loop()
        stored = set(await loop.run_in_executor(reader, self._read_ids, self._last_id))
        overlooked = sorted(stored - self._known)
        self._known &= stored
        for task, row_id in self._tasks.items():
            if row_id not in stored:  # its version was stopped: no further attempt
                task.cancel()
        self._fetching.keep(stored)
        for start in range(0, len(overlooked), LOAD_ROWS):
            ids = overlooked[start : start + LOAD_ROWS]
            self._add(await loop.run_in_executor(reader, self._read, ids))

    def _add(self, rows: Iterable[OutboxRow]) -> None:
        """Calls queue by host or throttle; fetches are seen to at once, for many of them want the same."""
        for row in rows:
            self._known.add(row.id)
            if row.request is not None and row.request.method == FETCH:
                self._fetching.take(row)
            else:
                throttle = self._limiter.find(row).throttle
                self._backlog.add(row, None if throttle is None else throttle.uid)

    def _read_new(self, after_id: int) -> tuple[list[OutboxRow], ActionTable, LimitTable, int]:
        with self._db.read() as connection:
            rows = store.load_after(connection, after_id, LOAD_ROWS)
            revisions = self._resources.revisions(connection)
            if self._sources is not None:
                self._fetching.table = self._sources.current(connection, revisions)
            actions, limits = self._actions.current(connection, revisions), self._limits.current(connection, revisions)
            return rows, actions, limits, revisions.get(VERSION_KIND, 0)

    def _read_states(self) -> dict[str, tuple[int, dict[str, Any]]]:
        with self._db.read() as connection:
            return load_states(connection)

    def _save_states(self, states: Mapping[str, Mapping[str, Any]], now_us: int) -> None:
        with self._db.write() as connection:
            save_states(connection, states, now_us)

    async def _tell(self, *, is_last: bool = False) -> None:
        """Let others see what limits are doing, and the next process go on from it."""
        now_s = asyncio.get_running_loop().time()
        if now_s < self._next_tell_s and not is_last:
            return
        self._next_tell_s = now_s + TELL_S
        CIRCUITS_OPEN.set(sum(host.circuit.opened_at_us is not None for host in self._backlog.hosts))
        THROTTLED.set(sum(map(self._backlog.waiting_in, self._limiter.throttles)))
        try:
            await self._limiter.save(self._backlog.waiting_in, is_last=is_last)
        except SQLAlchemyError as error:
            log.error("limits.unwritable", error=type(error).__name__)

    def _read(self, ids: list[int]) -> list[OutboxRow]:
        with self._db.read() as connection:
            return store.load(connection, ids)

    def _read_ids(self, up_to_id: int) -> list[int]:
        with self._db.read() as connection:
            return store.find_ids(connection, up_to_id)

    # --- calling ---

    def _start_calls(self) -> None:
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        backlog = self._backlog
        if now_s < self._not_before_s:
            self._wake_at(self._not_before_s)
            return
        while not self._is_stopping and (taken := backlog.take(now_s, self._judge)) is not None:
            row = taken.row
            is_gone = row.id not in self._known
            if taken.outcome is not None:
                if not is_gone:
                    self._end(row, taken.outcome, self._clock.now_us())
                continue
            if is_gone:
                backlog.done(taken)
                continue
            limits = self._limiter.find(row)
            self._limiter.begin(limits, now_s)
            taken.is_probe = taken.host.circuit.begin()
            task = loop.create_task(self._deliver(taken, limits))
            self._tasks[task] = row.id
            task.add_done_callback(partial(self._on_call_ended, taken, limits))
        OUTBOX_PENDING.set(len(backlog) + len(self._fetching))
        if backlog.next_s < now_s + POLL_S:
            self._wake_at(max(backlog.next_s, now_s + _TICK_S))

    def _wake_at(self, at_s: float) -> None:
        """Start calls again at a moment, unless that is done sooner anyway."""
        if self._alarm is not None:
            if self._alarm.when() <= at_s:
                return
            self._alarm.cancel()
        self._alarm = asyncio.get_running_loop().call_at(at_s, self._on_alarm)

    def _on_alarm(self) -> None:
        self._alarm = None
        if not self._is_stopping:
            self._start_calls()
            if self._backlog.wants_parked:
                self._work.set()

    def _judge(self, host: Host, row: OutboxRow) -> Wait | ActionOutcome | None:
        """Whether a call may begin now: the throttle first, then the circuit, then connections."""
        if row.id not in self._known:
            return None  # its version was stopped
        now_s = asyncio.get_running_loop().time()
        limits = self._limiter.find(row)
        if limits.throttle is not None:
            if self._limiter.is_overdue(limits.throttle, row):
                return _unmade("capped", row, "waited six hours for the throttle")
            wait_s = self._limiter.pace_wait_s(limits.throttle, row, now_s)
            if wait_s:
                return Wait(wait_s)
        opened_at_us = host.circuit.opened_at_us
        if opened_at_us is not None and (wait_s := host.circuit.wait_s(now_s)):
            ends_us = max(row.created_at_us, opened_at_us) + row.time_limit_us
            left_s = (ends_us - self._clock.now_us()) / 1e6
            failure = host.circuit.last_failure
            if left_s <= 0 and failure is not None:
                return _unmade(failure.status_code, row, f"the host answers nobody: {failure.message}")
            return Wait(min(wait_s, max(left_s, _TICK_S)), is_shortened=True)
        if limits.caps and not self._limiter.has_connection(limits):
            return Wait(BUSY_POLL_S, is_shortened=True)
        return None

    def _on_call_ended(self, taken: Taken, limits: CallLimits, task: "asyncio.Task[None]") -> None:
        del self._tasks[task]
        self._limiter.end(limits)
        self._backlog.done(taken)
        self._start_calls()
        if self._backlog.wants_parked:
            self._work.set()

    async def _deliver(self, taken: Taken, limits: CallLimits) -> None:
        row = taken.row
        started_at_us = self._clock.now_us()
        message: Report | None = None
        try:
            if row.request is not None and row.request.method == MESSAGE and self._messenger is not None:
                began_s = asyncio.get_running_loop().time()
                outcome, message = await self._messenger.send(row)
                elapsed_s = asyncio.get_running_loop().time() - began_s
                taken.host.note_attempt(elapsed_s, is_answered=True)
            else:
                outcome = await self._call(taken, limits)
        except Exception as error:
            log.error("action.failed", outbox_id=row.id, instance_id=row.instance_id, exc_info=error)
            outcome = ActionOutcome("internalError", error_message=f"the server failed: {type(error).__name__}")
        if limits.throttle is not None:
            wait_ms = max(started_at_us - row.created_at_us, 0) // 1_000
            outcome = replace(outcome, is_throttled=True, wait_ms=wait_ms)
        self._end(row, outcome, started_at_us, message)

    def _end(self, row: OutboxRow, outcome: ActionOutcome, started_at_us: int, message: Report | None = None) -> None:
        self._note(row, outcome)
        place = (row.id, row.scope_id, row.instance_id, row.node_id, row.pass_no)
        self._answer(ActionAnswer(*place, outcome, started_at_us, message))

    def _on_fetched(self, row: OutboxRow, outcomes: tuple[FetchOutcome, ...], started_at_us: int) -> None:
        outcome = ActionOutcome("internalError")
        place = (row.id, row.scope_id, row.instance_id, row.node_id, row.pass_no)
        self._answer(ActionAnswer(*place, outcome, started_at_us, fetched=outcomes))

    async def _call(self, taken: Taken, limits: CallLimits) -> ActionOutcome:
        row = taken.row
        if row.request is None:
            return ActionOutcome("internalError", error_message="the stored request can't be read")
        action = None if self._table is None else self._table.get(row.scope_id, row.action_uid)
        if action is None:
            return ActionOutcome("internalError", error_message="the action was deleted")
        gate = _CallGate(self._limiter, limits, taken, self._clock)
        return await self._caller.call(
            action, row.request, row.idempotency_key, row.version_uid, row.time_limit_us / 1e6, gate
        )

    def _note(self, row: OutboxRow, outcome: ActionOutcome) -> None:
        code = outcome.status_code
        label = f"{code[5]}xx" if code.startswith("http_") else code
        ACTION_SECONDS.labels(label).observe(outcome.elapsed_ms / 1000)
        if outcome.is_error:
            log.warning(
                "action.error",
                outbox_id=row.id,
                instance_id=row.instance_id,
                node_id=row.node_id,
                action_uid=row.action_uid,
                outcome=code,
                attempts=outcome.attempts,
                elapsed_ms=outcome.elapsed_ms,
                reason=outcome.error_message,
            )

    def _answer(self, answer: ActionAnswer) -> None:
        if not self._answers:
            asyncio.get_running_loop().call_soon(self._hand_over)
        self._answers.append(answer)

    def _hand_over(self) -> None:
        if self._answers:
            answers, self._answers = self._answers, []
            try:
                self.on_answers(answers)
            except Exception as error:  # the rows are still there; nobody else has these answers
                log.error("answers.refused", answers=len(answers), exc_info=error)
                asyncio.get_running_loop().call_later(_ERROR_PAUSE_S, self._give_back, answers)

    def _give_back(self, answers: list[ActionAnswer]) -> None:
        self._answers[:0] = answers
        self._hand_over()

    # --- the end ---

    async def _finish(self, grace_s: float) -> None:
        """Wait for calls in flight, then give up on the rest: their rows stay."""
        await self._fetching.finish(grace_s)
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=grace_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
            if late:
                log.info("delivery.cut_short", calls=len(late))
        self._hand_over()


def _refuse_answers(answers: list[ActionAnswer]) -> None:
    raise RuntimeError("nobody takes the answers of actions")


class _CallGate:
    """Gate of one call: its limits, and what its host learns of its attempts."""

    __slots__ = ("_clock", "_limiter", "_limits", "_taken")

    def __init__(self, limiter: Limiter, limits: CallLimits, taken: Taken, clock: Clock) -> None:
        self._limiter = limiter
        self._limits = limits
        self._taken = taken
        self._clock = clock

    async def admit(self) -> str | None:
        """See Gate."""
        taken = self._taken
        return await self._limiter.admit(self._limits, taken.row.scope_id, taken.host.name, taken.is_slow)

    def note(self, failure: Failure | None, elapsed_s: float) -> None:
        """See Gate."""
        host = self._taken.host
        host.note_attempt(elapsed_s, is_answered=failure is None)
        if failure is None:
            if host.circuit.opened_at_us is not None:
                log.info("circuit.closed", host=host.name)
            host.circuit.succeeded()
        elif host.circuit.failed(failure, asyncio.get_running_loop().time(), self._clock.now_us()):
            log.warning("circuit.opened", host=host.name, reason=failure.message)


def _allow_files(count: int) -> None:
    """Let this process open so many files, as far as the system lets it: every connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _unmade(status_code: str, row: OutboxRow, reason: str) -> ActionOutcome:
    request = row.request
    return ActionOutcome(
        status_code,
        error_message=reason,
        attempts=0,
        endpoint=None if request is None else request.url.partition("?")[0],
        method=None if request is None else request.method,
    )
