"""Tests of a data source: one request with values typed by a person; and of its or an action's token call alone.

Source: journeys §5.3, §6.7.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from parcours.actions.compiled import CompiledAction
from parcours.actions.errors import TokenUnavailable
from parcours.actions.model import HttpRequest
from parcours.datasources.compiled import CompiledSource
from parcours.datasources.errors import DataSourceInvalid
from parcours.datasources.model import FieldGroup
from parcours.delivery.blot import Blotter
from parcours.delivery.fetching import read_answer
from parcours.delivery.retry import is_success
from parcours.delivery.sender import HttpSender, Received, SendFailed
from parcours.delivery.tokens import TokenCache
from parcours.delivery.trial import LIMIT_S, readable, show_answer
from parcours.kit.clock import SystemClock
from parcours.kit.secrets import SecretUnreadable


def try_group(
    source: CompiledSource, group: FieldGroup, body: Mapping[str, Any], allow_private: bool, proxy: str = ""
) -> dict[str, Any]:  # fmt: skip
    """Ask once, without cache and retries, and show what went over the wire; secrets are blotted out.

    body: {"parameters": {dynamic value: JSON value}}. Raises DataSourceInvalid.
    """
    for key in body:
        if key != "parameters":
            raise DataSourceInvalid(f"a test has parameters, not {key!r}", f"$.{key}")
    parameters = {} if body.get("parameters") is None else body["parameters"]
    if not isinstance(parameters, dict):
        raise DataSourceInvalid("parameters maps dynamic values to values", "$.parameters")
    for name in parameters:
        if name not in group.dynamic_values:
            raise DataSourceInvalid(f"the field group has no dynamic value {name!r}", "$.parameters")
    request = source.build(group, parameters)
    started = time.perf_counter()
    tokens: list[str] = []
    received: Received | None = None
    data: Any = None
    try:
        received, reason = asyncio.run(_exchange(source, request, HttpSender(allow_private, proxy=proxy), tokens)), None
    except TimeoutError:
        reason = f"no answer within {LIMIT_S:g} s"
    except (SendFailed, TokenUnavailable, SecretUnreadable) as failed:
        reason = str(failed)
    if received is not None and is_success(received.status):
        found = read_answer(received.body, group)
        data, reason = found.data, found.message
    blotter = Blotter((*_secrets(source), *tokens))
    shown: dict[str, Any] = {
        "request": {
            "method": request.method,
            "url": request.url,
            "headers": dict(request.headers),
            "body": readable(request.body),
        },
        "response": None if received is None else show_answer(received, blotter),
        "data": data,
        "durationMs": round((time.perf_counter() - started) * 1000),
        "reason": reason,
    }
    return {key: blotter.blot(value) for key, value in shown.items()}


def check_authentication(
    source: CompiledSource | CompiledAction, allow_private: bool, proxy: str = ""
) -> dict[str, Any]:
    """Whether what a source or an action needs to be called with can be had.

    {"ok", "reason", "durationMs"}: why it can't be had, or None; how long that took.
    """
    began = time.monotonic_ns()

    def told(reason: str | None) -> dict[str, Any]:
        return {"ok": reason is None, "reason": reason, "durationMs": (time.monotonic_ns() - began) // 1_000_000}

    try:
        asyncio.run(_exchange(source, None, HttpSender(allow_private, proxy=proxy), []))
    except TimeoutError:
        return told(f"no token within {LIMIT_S:g} s")
    except (SendFailed, TokenUnavailable, SecretUnreadable) as failed:
        return told(Blotter(_secrets(source)).blot(str(failed)))
    return told(None)


async def _exchange(
    source: CompiledSource | CompiledAction, request: HttpRequest | None, http: HttpSender, used: list[str]
) -> Received:
    """The answer; of no request, what stands for a token that came. Tokens that were fetched are added to `used`."""
    async with asyncio.timeout(LIMIT_S), http as sender:
        tokens = TokenCache(sender, SystemClock())
        try:
            call = source.token_call
            token = None if call is None else await tokens.get(source, call, "")
            if token is not None:
                used.append(token)
            if request is None:
                return Received(200, {}, None)
            return await sender.send(source.authorize(request, token), request, {})
        finally:
            await tokens.close()


def _secrets(source: CompiledSource | CompiledAction) -> tuple[str, ...]:
    try:
        return source.secret_texts()
    except SecretUnreadable:
        return ()
