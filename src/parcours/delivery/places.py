"""Calls to data sources under way at a time, where caps say how many: those beyond wait in their order."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

CapKey = tuple[str, str]
"""(uid, service) of a cap."""


class Connections(Protocol):
    """Who counts what is under way."""

    def fetch_caps(self, scope_id: int, url: str, method: str) -> tuple[CapKey, ...]:
        """The caps that are about a call to a data source."""
        ...

    def has_place(self, caps: tuple[CapKey, ...]) -> bool:
        """Whether one more call may be under way."""
        ...

    def enter(self, caps: tuple[CapKey, ...]) -> None:
        """A call begins."""
        ...

    def leave(self, caps: tuple[CapKey, ...]) -> None:
        """A call has ended."""
        ...


class Places:
    """Lives in one event loop."""

    def __init__(self, connections: Connections | None) -> None:
        self._connections = connections
        self._waiting: dict[tuple[CapKey, ...], deque[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def of(self, scope_id: int, url: str, method: str) -> AsyncIterator[None]:
        """A place for a call within the block, as soon as there is one; the time limit is the caller's."""
        caps = () if self._connections is None else self._connections.fetch_caps(scope_id, url, method)
        if not caps or self._connections is None:
            yield
            return
        queue = self._waiting.get(caps)
        if queue or not self._connections.has_place(caps):
            await self._wait(caps)  # the place is handed over by whoever leaves
        else:
            self._connections.enter(caps)
        try:
            yield
        finally:
            self._leave(self._connections, caps)

    async def _wait(self, caps: tuple[CapKey, ...]) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(caps, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and self._connections is not None:
                self._leave(self._connections, caps)  # it was given up just as its turn came
            raise

    def _leave(self, connections: Connections, caps: tuple[CapKey, ...]) -> None:
        connections.leave(caps)
        for wanted, queue in list(self._waiting.items()):
            while queue and (queue[0].done() or connections.has_place(wanted)):
                turn = queue.popleft()
                if not turn.done():
                    connections.enter(wanted)
                    turn.set_result(None)
            if not queue:
                del self._waiting[wanted]
