"""The "test request" of an action: one call with values typed by a person, shown with its answer (journeys §6.7)."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import orjson

from parcours.actions.compiled import CompiledAction
from parcours.actions.errors import ActionParameterInvalid, TokenUnavailable
from parcours.actions.model import HttpRequest
from parcours.delivery.blot import Blotter
from parcours.delivery.sender import HttpSender, Received, SendFailed
from parcours.delivery.tokens import TokenCache
from parcours.kit.clock import SystemClock
from parcours.kit.ids import new_hex
from parcours.kit.secrets import SecretUnreadable

LIMIT_S = 30.0
_MAX_SHOWN = 65_536
_KEYS = frozenset({"parameters", "path"})


def try_action(action: CompiledAction, body: Mapping[str, Any], allow_private: bool, proxy: str = "") -> dict[str, Any]:
    """Make the call once, without retries, and show what went over the wire; secrets are blotted out.

    body: {"parameters": {paramPath: value}, "path": the dynamic path}. Raises ActionParameterInvalid.
    """
    for key in body:
        if key not in _KEYS:
            raise ActionParameterInvalid(f"a test has parameters and path, not {key!r}", f"$.{key}")
    parameters = {} if body.get("parameters") is None else body["parameters"]
    if not isinstance(parameters, dict):
        raise ActionParameterInvalid("parameters maps paths to values", "$.parameters")
    for path in parameters:
        if action.parameter(path) is None:
            raise ActionParameterInvalid(f"the action has no parameter {path!r}", "$.parameters")
    request = action.build(parameters, body.get("path"))
    started = time.perf_counter()
    tokens: list[str] = []
    try:
        received, reason = asyncio.run(_exchange(action, request, HttpSender(allow_private, proxy=proxy), tokens)), None
    except TimeoutError:
        received, reason = None, f"no answer within {LIMIT_S:g} s"
    except (SendFailed, TokenUnavailable, SecretUnreadable) as failed:
        received, reason = None, str(failed)
    blotter = Blotter((*_secrets(action), *tokens))
    shown: dict[str, Any] = {
        "request": {
            "method": request.method,
            "url": request.url,
            "headers": dict(request.headers),
            "body": readable(request.body),
        },
        "response": None if received is None else show_answer(received, blotter),
        "durationMs": round((time.perf_counter() - started) * 1000),
        "reason": reason,
    }
    return {key: blotter.blot(value) for key, value in shown.items()}


async def _exchange(action: CompiledAction, request: HttpRequest, http: HttpSender, used: list[str]) -> Received:
    """The answer; a token that was fetched for the call is added to `used`, whatever comes of the call."""
    async with asyncio.timeout(LIMIT_S), http as sender:
        tokens = TokenCache(sender, SystemClock())
        try:
            call = action.token_call
            token = None if call is None else await tokens.get(action, call, "")
            if token is not None:
                used.append(token)
            headers = {"Idempotency-Key": new_hex(32)}
            return await sender.send(action.authorize(request, token), request, headers)
        finally:
            await tokens.close()


def show_answer(received: Received, blotter: Blotter) -> dict[str, Any]:
    """Status, headers and body of an answer for people to see."""
    body = received.body
    shown: Any = "the answer is too long to be shown"
    if body is not None:
        # Blotted before it is cut: the half of a secret is one too.
        shown = (
            readable(body) if len(body) <= _MAX_SHOWN else blotter.blot(body.decode("utf-8", "replace"))[:_MAX_SHOWN]
        )
    return {"status": received.status, "headers": dict(received.headers), "body": shown}


def readable(body: bytes | None) -> Any:
    """A body as JSON where it is some, else as text."""
    if not body:
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return body.decode("utf-8", "replace")


def _secrets(action: CompiledAction) -> tuple[str, ...]:
    try:
        return action.secret_texts()
    except SecretUnreadable:
        return ()
