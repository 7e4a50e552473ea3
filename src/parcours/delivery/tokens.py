"""Tokens of custom authorizations: fetched once, shared by the calls of one journey, kept in memory only.

Source: journeys §5.3.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from parcours.actions.authentication import TokenCall
from parcours.actions.errors import TokenUnavailable
from parcours.delivery.retry import is_success
from parcours.delivery.sender import Sender, SendFailed
from parcours.kit.clock import Clock

MAX_TOKENS = 10_000
FETCH_LIMIT_S = 30.0

Key = tuple[int, str, int, str]
"""scope, action, its version, journey version: two journeys have two tokens, a changed action a new one."""


class TokenOwner(Protocol):
    """An action or a data source."""

    @property
    def scope_id(self) -> int:
        """Its sandbox."""
        ...

    @property
    def uid(self) -> str:
        """Unique among actions and data sources."""
        ...

    @property
    def version(self) -> int:
        """One more at each change."""
        ...


class TokenCache:
    """Asks for a token when none is valid; those who need the same one meanwhile wait for the same answer."""

    def __init__(self, sender: Sender, clock: Clock) -> None:
        self._sender = sender
        self._clock = clock
        self._tokens: dict[Key, tuple[str, int]] = {}
        self._fetching: dict[Key, asyncio.Task[str]] = {}

    async def get(self, action: TokenOwner, call: TokenCall, version_uid: str) -> str:
        """A valid token. Raises TokenUnavailable."""
        key = (action.scope_id, action.uid, action.version, version_uid)
        held = self._tokens.get(key)
        if held is not None and held[1] > self._clock.now_us():
            return held[0]
        task = self._fetching.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._fetch(key, call))
            self._fetching[key] = task
            task.add_done_callback(self._fetched(key))
        return await asyncio.shield(task)

    def drop(self, action: TokenOwner, version_uid: str, token: str) -> None:
        """Forget a token the receiver refused, unless another one took its place."""
        key = (action.scope_id, action.uid, action.version, version_uid)
        held = self._tokens.get(key)
        if held is not None and held[0] == token:
            del self._tokens[key]

    async def close(self) -> None:
        """Give up running fetches."""
        tasks = list(self._fetching.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _fetched(self, key: Key) -> Callable[["asyncio.Task[str]"], None]:
        def done(task: "asyncio.Task[str]") -> None:
            self._fetching.pop(key, None)
            if not task.cancelled():
                task.exception()  # whoever still waits gets it too

        return done

    async def _fetch(self, key: Key, call: TokenCall) -> str:
        try:
            async with asyncio.timeout(FETCH_LIMIT_S):
                received = await self._sender.send(call.request, call.request._replace(headers=()), {})
        except TimeoutError:
            raise TokenUnavailable("the token call took too long") from None
        except SendFailed as failed:
            raise TokenUnavailable(f"the token call failed: {failed}") from None
        if not is_success(received.status):
            raise TokenUnavailable(f"the token call was answered with {received.status}")
        token, lifetime_ms = call.read(received.body or b"")
        now_us = self._clock.now_us()
        if len(self._tokens) >= MAX_TOKENS:
            self._tokens = {k: held for k, held in self._tokens.items() if held[1] > now_us}
        if lifetime_ms > 0 and len(self._tokens) < MAX_TOKENS:
            self._tokens[key] = (token, now_us + lifetime_ms * 1_000)
        return token
