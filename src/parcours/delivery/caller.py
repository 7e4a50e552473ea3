"""One call from its first attempt to its outcome: time limit, retries, token. Source: journeys §6.4, §6.5."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, Protocol

import orjson

from parcours.actions.compiled import CompiledAction
from parcours.actions.errors import TokenUnavailable
from parcours.actions.model import HttpRequest
from parcours.delivery.circuit import NO_ANSWERS
from parcours.delivery.model import Failure
from parcours.delivery.retry import FINAL_STATUSES, delay_s, is_success, read_retry_after
from parcours.delivery.sender import Received, Sender, SendFailed
from parcours.delivery.tokens import TokenCache
from parcours.journeys.model import ActionOutcome
from parcours.kit.clock import Clock
from parcours.kit.secrets import SecretUnreadable

_HANGS_S = 0.5
"""An attempt that was cut off after less than this says nothing of the endpoint."""


class Gate(Protocol):
    """Who is asked before each attempt of a call, and told how it went."""

    async def admit(self) -> str | None:
        """Whether an attempt may be made now: None, or the limit that it would break. Counts it if it may."""
        ...

    def note(self, failure: Failure | None, elapsed_s: float) -> None:
        """An attempt is over. failure: None when the endpoint itself answered."""
        ...


class Open:
    """The gate of a call that nothing limits."""

    async def admit(self) -> str | None:
        """See Gate."""
        return None

    def note(self, failure: Failure | None, elapsed_s: float) -> None:
        """See Gate."""


class _Attempt(NamedTuple):
    received: Received | None
    message: str | None
    """Why no answer came."""
    is_final: bool

    @property
    def code(self) -> str:
        return "internalError" if self.received is None else f"http_{self.received.status}"


class _Exchange:
    """When the latest attempt of a call went out to its receiver, and when it was over."""

    __slots__ = ("ended_s", "started_at_us", "started_s")

    def __init__(self) -> None:
        self.started_at_us: int | None = None
        """None until one has gone out."""
        self.started_s = self.ended_s = 0.0

    def elapsed_ms(self) -> int:
        return round((self.ended_s - self.started_s) * 1000)


class Caller:
    """Makes calls through a sender."""

    def __init__(
        self,
        sender: Sender,
        clock: Clock,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        *,
        is_proxied: bool = False,
    ) -> None:
        self._is_proxied = is_proxied
        self._sender = sender
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self.tokens = TokenCache(sender, clock)

    async def call(
        self,
        action: CompiledAction,
        request: HttpRequest,
        key: str,
        version_uid: str,
        limit_s: float,
        gate: Gate | None = None,
    ) -> ActionOutcome:
        """The outcome of a call; whatever goes wrong is one too.

        key: the `Idempotency-Key` of every attempt. version_uid: whose tokens are used. limit_s: for all attempts,
        counted from when the gate has let the first one through.
        """
        gate = gate or Open()
        endpoint, method = request.url.partition("?")[0], request.method
        limit = await gate.admit()
        if limit is not None:
            return ActionOutcome("capped", error_message=limit, attempts=0, endpoint=endpoint, method=method)
        loop = asyncio.get_running_loop()
        started = loop.time()
        attempts = 0
        exchange = _Exchange()
        last: _Attempt | None = None
        """The latest attempt that ended."""
        is_late = False
        headers = {"Idempotency-Key": key}
        has_fresh_token = False
        try:
            async with asyncio.timeout_at(started + limit_s):
                while True:
                    attempts += 1
                    last_token, current = await self._attempt(action, request, headers, version_uid, gate, exchange)
                    last = current
                    if current.received is not None and is_success(current.received.status):
                        break
                    if last_token is not None and current.code == "http_401" and not has_fresh_token:
                        self.tokens.drop(action, version_uid, last_token)
                        has_fresh_token = True
                    else:
                        delay = (
                            None
                            if current.is_final
                            else self._delay(current, attempts, started + limit_s - loop.time())
                        )
                        if delay is None:
                            break
                        await self._sleep(delay)
                    limit = await gate.admit()
                    if limit is not None:
                        break
        except TimeoutError:
            is_late = True
        elapsed_ms = round((loop.time() - started) * 1000)
        is_mtls = action.presents_certificate and request.url[:8].lower() == "https://"
        if limit is None and not is_late and last is not None:
            return ActionOutcome(
                last.code,
                response=_declared(action, last.received),
                error_message=last.message,
                elapsed_ms=elapsed_ms,
                attempts=attempts,
                endpoint=endpoint,
                method=method,
                last_started_at_us=exchange.started_at_us,
                last_elapsed_ms=exchange.elapsed_ms(),
                is_mtls=is_mtls,
                is_proxy=self._is_proxied,
            )
        reason = limit or f"no answer within {limit_s:g} s"
        return ActionOutcome(
            "timedout" if limit is None else "capped",
            origin_error=None if last is None else "error" if last.received is None else "http",
            origin_code=None if last is None else last.code.removeprefix("http_"),
            error_message=reason if last is None else f"{reason}; before: {last.code}",
            elapsed_ms=elapsed_ms,
            attempts=attempts,
            endpoint=endpoint,
            method=method,
            last_started_at_us=exchange.started_at_us,
            last_elapsed_ms=exchange.elapsed_ms(),
            is_mtls=is_mtls,
            is_proxy=self._is_proxied,
        )

    async def _attempt(
        self, action: CompiledAction, request: HttpRequest, headers: dict[str, str], version_uid: str, gate: Gate,
        exchange: _Exchange,
    ) -> tuple[str | None, _Attempt]:  # fmt: skip
        """One attempt, and the token it used."""
        token: str | None = None
        loop = asyncio.get_running_loop()
        try:
            token_call = action.token_call
            if token_call is not None:
                token = await self.tokens.get(action, token_call, version_uid)
            authorized = action.authorize(request, token)
        except TokenUnavailable as error:
            return token, _Attempt(None, str(error), False)
        except SecretUnreadable as error:
            return token, _Attempt(None, str(error), True)
        exchange.started_at_us = self._clock.now_us()
        exchange.started_s = started = loop.time()
        try:
            received = await self._sender.send(authorized, request, headers)
        except SendFailed as failed:
            if not failed.is_final:
                gate.note(Failure("internalError", str(failed)), loop.time() - started)
            return token, _Attempt(None, str(failed), failed.is_final)
        except asyncio.CancelledError:
            if asyncio.current_task().cancelling() and loop.time() - started > _HANGS_S:  # type: ignore[union-attr]
                gate.note(Failure("timedout", "no answer in time"), loop.time() - started)
            raise
        finally:
            exchange.ended_s = loop.time()
        status = received.status
        is_absent = status in NO_ANSWERS
        gate.note(Failure(f"http_{status}", f"answered with {status}") if is_absent else None, loop.time() - started)
        return token, _Attempt(received, None, status in FINAL_STATUSES)

    def _delay(self, attempt: _Attempt, attempts: int, remaining_s: float) -> float | None:
        asked = None
        if attempt.received is not None:
            asked = read_retry_after(attempt.received.headers.get("Retry-After"), self._clock.now_us())
        return delay_s(attempts, remaining_s, asked, self._jitter())


def _declared(action: CompiledAction, received: Received | None) -> Any:
    """The part of the answer an instance keeps; the body is parsed only when the action describes one."""
    if received is None or not received.body:
        return None
    is_error = not is_success(received.status)
    if (action.failure_response if is_error else action.response) is None:
        return None
    try:
        return action.declared_part(is_error, orjson.loads(received.body))
    except orjson.JSONDecodeError:
        return None
