"""Data of external sources for instances that wait for it: from the cache, or by one call for all who want the same.

A row of the outbox may want several field groups; it is answered when all of them are settled. Its time limit counts
from when it is taken up. Calls take no place from those of actions. Source: journeys §5.2, §6.5.
"""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import Any, NamedTuple

import orjson

from parcours.actions.errors import TokenUnavailable
from parcours.actions.model import HttpRequest
from parcours.datasources.compiled import CompiledSource, declared_part
from parcours.datasources.model import FieldGroup
from parcours.datasources.table import NO_SOURCES, SourceTable
from parcours.delivery.model import OutboxRow
from parcours.delivery.places import Connections, Places
from parcours.delivery.retry import FINAL_STATUSES, delay_s, is_success, read_retry_after
from parcours.delivery.sender import Sender, SendFailed
from parcours.delivery.source_cache import AnswerCache, Key
from parcours.delivery.tokens import TokenCache
from parcours.journeys.fetch_request import from_request
from parcours.journeys.model import FetchOutcome, FetchRequest
from parcours.kit.clock import Clock
from parcours.kit.secrets import SecretUnreadable
from parcours.kit.telemetry import Counter, Histogram, get_logger

CALLS_A_SECOND = 15
"""Default protection of a data source (journeys §5.2); what exceeds it is `capped`."""
MAX_WAITING = 20_000
"""Rows that wait at a time; of more only the ids are kept, and they are read again when there is room."""
MAX_CALLS = 1_000
"""Calls to one source at a time, whatever a capping configuration lets through."""

FETCHES = Counter(
    "parcours_fetches_total", "Field groups that instances asked for, by how they were answered.", ["outcome", "how"]
)
FETCH_SECONDS = Histogram(
    "parcours_fetch_duration_seconds",
    "From the first attempt of a data source's call to its outcome.",
    ["outcome"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
Capping = Callable[[int, str, str], bool | None]
"""(scope, URL, method) → whether a call may be made now, which counts it; None when no configuration is about it."""
log = get_logger("fetching")


class _Result(NamedTuple):
    """How a call ended."""

    data: Any = None
    error: str | None = None
    code: str | None = None
    message: str | None = None
    origin_error: str | None = None
    origin_code: str | None = None
    size: int = 0


class _Waiter:
    """A row of the outbox whose instance waits."""

    __slots__ = ("flights", "left", "limit_s", "outcomes", "requests", "row", "started_at_us", "started_s", "timer")

    def __init__(self, row: OutboxRow, requests: list[FetchRequest], started_s: float, started_at_us: int) -> None:
        self.row = row
        self.requests = requests
        self.outcomes: list[FetchOutcome | None] = [None] * len(requests)
        self.left = len(requests)
        self.limit_s = row.time_limit_us / 1e6
        self.started_s = started_s
        self.started_at_us = started_at_us
        self.timer: asyncio.TimerHandle | None = None
        self.flights: dict[int, _Flight] = {}
        """What it waits for, by the place of the request."""

    @property
    def until_s(self) -> float:
        return self.started_s + self.limit_s


class _Flight:
    """One call, and who waits for what it brings."""

    __slots__ = (
        "attempts", "group", "is_given_up", "key", "last", "parameters", "source", "started_s", "task", "until_s",
        "waiting",
    )  # fmt: skip

    def __init__(
        self, key: Key, source: CompiledSource, group: FieldGroup, parameters: Any, until_s: float
    ) -> None:  # fmt: skip
        self.key = key
        self.source = source
        self.group = group
        self.parameters = parameters
        self.until_s = until_s
        self.waiting: dict[tuple[int, int], tuple[_Waiter, int]] = {}
        """By row id and place of the request in it."""

    def join(self, waiter: _Waiter, place: int) -> None:
        """One more waits."""
        self.waiting[waiter.row.id, place] = waiter, place
        waiter.flights[place] = self

        self.attempts = 0
        self.last: _Result | None = None
        """The latest attempt that failed."""
        self.started_s = 0.0
        self.is_given_up = False
        """Whether it was broken off because nobody waited for it any more."""
        self.task: asyncio.Task[None] | None = None


OnFetched = Callable[[OutboxRow, tuple[FetchOutcome, ...], int], None]
"""(row, one outcome for each of its requests, when it was taken up in microseconds)."""


class Fetching:
    """Settles the fetches of the outbox. It lives in one event loop."""

    def __init__(
        self,
        sender: Sender,
        tokens: TokenCache,
        clock: Clock,
        on_fetched: OnFetched,
        *,
        capping: Capping | None = None,
        connections: Connections | None = None,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        max_waiting: int = MAX_WAITING,
    ) -> None:
        self.table: SourceTable = NO_SOURCES
        """The sources as they are now; whoever loads rows keeps it up to date."""
        self.cache = AnswerCache()
        self._sender = sender
        self._tokens = tokens
        self._clock = clock
        self._on_fetched = on_fetched
        self._capping = capping
        self._places = Places(connections)
        self._sleep = sleep
        self._jitter = jitter
        self._max_waiting = max_waiting
        self._waiters: dict[int, _Waiter] = {}
        self._flights: dict[Key, _Flight] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._in_flight: dict[tuple[int, str], int] = {}
        self._calls: dict[tuple[int, str], deque[float]] = {}
        """When each source was called in the last second."""
        self._parked: deque[int] = deque()

    def __len__(self) -> int:
        return len(self._waiters) + len(self._parked)

    # --- rows ---

    def take(self, row: OutboxRow) -> None:
        """See to a row. It is answered once, soon or when its time is over."""
        if row.id in self._waiters:
            return
        if len(self._waiters) >= self._max_waiting:
            self._parked.append(row.id)
            return
        loop = asyncio.get_running_loop()
        try:
            requests = [] if row.request is None else from_request(row.request)
        except ValueError as error:
            failed = FetchOutcome("", "", (), error="error", error_code="internalError", error_message=str(error))
            self._on_fetched(row, (failed,), self._clock.now_us())
            return
        waiter = _Waiter(row, requests, loop.time(), self._clock.now_us())
        self._waiters[row.id] = waiter
        for place, request in enumerate(requests):
            self._begin(waiter, place, request)
        if waiter.left:
            waiter.timer = loop.call_at(waiter.until_s, self._end_late, waiter)
        else:
            self._answer(waiter)

    def keep(self, ids: Collection[int]) -> None:
        """Forget rows that are not among these: nobody waits for them any more."""
        for row_id in [row_id for row_id in self._waiters if row_id not in ids]:
            waiter = self._waiters.pop(row_id)
            if waiter.timer is not None:
                waiter.timer.cancel()
            self._leave(waiter)
        self._parked = deque(row_id for row_id in self._parked if row_id in ids)

    def parked_to_load(self, limit: int) -> list[int]:
        """Ids of rows to give to `take` again, for which there is room now."""
        room = min(self._max_waiting - len(self._waiters), limit, len(self._parked))
        return [self._parked.popleft() for _ in range(max(room, 0))]

    async def finish(self, grace_s: float) -> None:
        """Wait for calls under way, then give them up: their rows stay, and are fetched at the next start."""
        tasks = set(self._tasks)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for waiter in self._waiters.values():
            if waiter.timer is not None:
                waiter.timer.cancel()

    def _begin(self, waiter: _Waiter, place: int, request: FetchRequest) -> None:
        """Settle one request at once, join a call that is under way, or begin one."""
        source = self.table.get(waiter.row.scope_id, request.source_uid)
        group = None if source is None else source.groups.get(request.group)
        if source is None or group is None:
            gone = _Result(error="error", code="internalError", message="the data source or field group was deleted")
            self._settle(waiter, place, gone, "refused", 0)
            return
        values = orjson.dumps(request.parameters, option=orjson.OPT_SORT_KEYS)
        key = (source.scope_id, source.uid, source.version, group.name, values)
        cached = self.cache.get(key, self._clock.now_us()) if group.cache_us else None
        if cached is not None:
            self._settle(waiter, place, _Result(cached), "cached", 0)
            return
        flight = self._flights.get(key)
        if flight is not None:
            flight.join(waiter, place)
            return
        self._start(_Flight(key, source, group, request.parameters, waiter.until_s), [(waiter, place)])

    def _settle(self, waiter: _Waiter, place: int, result: _Result, how: str, attempts: int) -> None:
        """One request of a row is done."""
        request = waiter.requests[place]
        elapsed_s = asyncio.get_running_loop().time() - waiter.started_s
        FETCHES.labels(result.error or "ok", how).inc()
        waiter.outcomes[place] = FetchOutcome(
            request.source, request.group, request.numbers, result.data, result.error, result.code,
            result.origin_error, result.origin_code, result.message, round(elapsed_s * 1000), attempts,
            how == "cached",
        )  # fmt: skip
        waiter.left -= 1
        waiter.flights.pop(place, None)

    def _answer(self, waiter: _Waiter) -> None:
        if self._waiters.pop(waiter.row.id, None) is None:
            return
        if waiter.timer is not None:
            waiter.timer.cancel()
        outcomes = tuple([outcome for outcome in waiter.outcomes if outcome is not None])
        self._on_fetched(waiter.row, outcomes, waiter.started_at_us)

    def _end_late(self, waiter: _Waiter) -> None:
        """The time limit of a row is over: what is not there by now is timed out."""
        now_s = asyncio.get_running_loop().time()
        for place, flight in self._leave(waiter).items():
            if flight.is_given_up:
                FETCH_SECONDS.labels("timedout").observe(now_s - flight.started_s)
            self._settle(waiter, place, _late(flight, waiter.limit_s), "called", flight.attempts)
        self._answer(waiter)

    def _leave(self, waiter: _Waiter) -> dict[int, _Flight]:
        """A row waits no longer: for what it did, by place. A call nobody waits for is given up."""
        left, waiter.flights = waiter.flights, {}
        for place, flight in left.items():
            flight.waiting.pop((waiter.row.id, place), None)
            if not flight.waiting and self._flights.get(flight.key) is flight:
                del self._flights[flight.key]
                if flight.task is not None:
                    flight.is_given_up = flight.task.cancel()
        return left

    # --- calls ---

    def _start(self, flight: _Flight, waiting: list[tuple[_Waiter, int]]) -> None:
        if not self._admit(flight):
            capped = _Result(error="capped", code="capped", message=f"more than {CALLS_A_SECOND} calls a second")
            for waiter, place in waiting:
                self._settle(waiter, place, capped, "refused", 0)
            return
        for waiter, place in waiting:
            flight.join(waiter, place)
        self._flights[flight.key] = flight
        whose = (flight.source.scope_id, flight.source.uid)
        self._in_flight[whose] = self._in_flight.get(whose, 0) + 1
        loop = asyncio.get_running_loop()
        flight.started_s = loop.time()
        task = loop.create_task(self._fly(flight))
        flight.task = task
        self._tasks.add(task)
        task.add_done_callback(partial(self._landed, whose))

    def _landed(self, whose: tuple[int, str], task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        self._in_flight[whose] -= 1
        if not self._in_flight[whose]:
            del self._in_flight[whose]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("fetch.failed", exc_info=error)

    def _admit(self, flight: _Flight) -> bool:
        """Whether a call may be made now, which counts it."""
        source = flight.source
        place = (source.scope_id, source.uid)
        if self._in_flight.get(place, 0) >= MAX_CALLS:
            return False
        if self._capping is not None:
            admitted = self._capping(source.scope_id, source.url, flight.group.method)
            if admitted is not None:
                return admitted
        now_s = asyncio.get_running_loop().time()
        calls = self._calls.setdefault(place, deque())
        while calls and calls[0] <= now_s - 1:
            calls.popleft()
        if len(calls) >= CALLS_A_SECOND:
            return False
        calls.append(now_s)
        return True

    async def _fly(self, flight: _Flight) -> None:
        """Make the call, and give everybody who waits what it brought."""
        loop = asyncio.get_running_loop()
        result: _Result | None = None
        try:
            async with (
                asyncio.timeout_at(flight.until_s),
                self._places.of(flight.source.scope_id, flight.source.url, flight.group.method),
            ):
                result = await self._call(flight)
        except TimeoutError:
            pass
        except Exception as error:
            log.error("fetch.failed", source_uid=flight.source.uid, exc_info=error)
            message = f"the server failed: {type(error).__name__}"
            result = _Result(error="error", code="internalError", message=message)
        if self._flights.get(flight.key) is flight:
            del self._flights[flight.key]
        FETCH_SECONDS.labels("timedout" if result is None else result.error or "ok").observe(
            loop.time() - flight.started_s
        )
        waiting, flight.waiting = list(flight.waiting.values()), {}
        if result is None:
            self._go_on(flight, waiting)
            return
        if result.error is None and flight.group.cache_us:
            until_us = self._clock.now_us() + flight.group.cache_us
            self.cache.put(flight.key, result.data, until_us, result.size)
        if result.error is not None:
            log.warning(
                "fetch.error", source_uid=flight.source.uid, field_group=flight.group.name, outcome=result.code,
                attempts=flight.attempts, waiting=len(waiting), reason=result.message,
            )  # fmt: skip
        for index, (waiter, place) in enumerate(waiting):
            self._settle(waiter, place, result, "joined" if index else "called", flight.attempts)
            if not waiter.left:
                self._answer(waiter)

    def _go_on(self, flight: _Flight, waiting: list[tuple[_Waiter, int]]) -> None:
        """A call took too long for who began it; those who came later have time left for another one."""
        now_s = asyncio.get_running_loop().time()
        rest: list[tuple[_Waiter, int]] = []
        for waiter, place in waiting:
            if waiter.until_s > now_s:
                rest.append((waiter, place))
                continue
            self._settle(waiter, place, _late(flight, waiter.limit_s), "called", flight.attempts)
            if not waiter.left:
                self._answer(waiter)
        if rest:
            until_s = min(waiter.until_s for waiter, _ in rest)
            self._start(_Flight(flight.key, flight.source, flight.group, flight.parameters, until_s), rest)
            for waiter, _ in rest:
                if not waiter.left:
                    self._answer(waiter)

    async def _call(self, flight: _Flight) -> _Result:
        """Attempts until one succeeds or there are no more; the time limit is the caller's."""
        loop = asyncio.get_running_loop()
        request = flight.source.build(flight.group, flight.parameters)
        version_uid = next(iter(flight.waiting.values()))[0].row.version_uid
        has_fresh_token = False
        while True:
            flight.attempts += 1
            token, result, is_final, asked_s = await self._attempt(flight, request, version_uid)
            if result.error is None:
                return result
            if token is not None and result.code == "401" and not has_fresh_token:
                self._tokens.drop(flight.source, version_uid, token)
                has_fresh_token = True
                flight.last = result
            else:
                remaining_s = flight.until_s - loop.time()
                delay = None if is_final else delay_s(flight.attempts, remaining_s, asked_s, self._jitter())
                if delay is None:
                    return result
                flight.last = result
                await self._sleep(delay)
            if not self._admit(flight):
                return _Result(
                    error="capped", code="capped", message="a retry exceeds the calls that may be made",
                    origin_error=result.error, origin_code=result.code,
                )  # fmt: skip

    async def _attempt(
        self, flight: _Flight, request: HttpRequest, version_uid: str
    ) -> tuple[str | None, _Result, bool, float | None]:
        """(token used, what came of it, whether trying again is pointless, seconds the receiver asks to wait)."""
        source = flight.source
        token: str | None = None
        try:
            token_call = source.token_call
            if token_call is not None:
                token = await self._tokens.get(source, token_call, version_uid)
            received = await self._sender.send(source.authorize(request, token), request, {})
        except SendFailed as failed:
            return token, _Result(error="error", code="internalError", message=str(failed)), failed.is_final, None
        except TokenUnavailable as error:
            return token, _Result(error="error", code="tokenUnavailable", message=str(error)), False, None
        except SecretUnreadable as error:
            return token, _Result(error="error", code="internalError", message=str(error)), True, None
        status = received.status
        if not is_success(status):
            asked_s = read_retry_after(received.headers.get("Retry-After"), self._clock.now_us())
            failed_result = _Result(error="http", code=str(status), message=f"answered with {status}")
            return token, failed_result, status in FINAL_STATUSES, asked_s
        return token, read_answer(received.body, flight.group), True, None


def read_answer(body: bytes | None, group: FieldGroup) -> _Result:
    """What a good answer holds of the fields that the group declares. body: None when it was too long."""
    if body is None:
        return _Result(error="error", code="tooLarge", message="the answer is longer than 1 MB")
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _Result(error="error", code="notJson", message="the answer is not JSON")
    if not isinstance(document, dict):
        return _Result(error="error", code="notAnObject", message="the answer is JSON, but no object")
    return _Result(declared_part(group.answer.sample, document), size=len(body))


def _late(flight: _Flight, limit_s: float) -> _Result:
    """No answer in time; what an attempt before said is the origin (journeys §6.5)."""
    last = flight.last
    message = f"no answer within {limit_s:g} s" + ("" if last is None else f"; before: {last.code}")
    origin = (None, None) if last is None else (last.error, last.code)
    return _Result(error="timedout", code="timedout", message=message, origin_error=origin[0], origin_code=origin[1])
