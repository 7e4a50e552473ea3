"""Puts messages into the inbox: many at once in one transaction, each answered when it is durable."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from parcours.channels import store
from parcours.channels.model import Message
from parcours.db import Database
from parcours.kit.clock import Clock

MAX_AT_ONCE = 500


class Keeper:
    """Lives in one event loop."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._waiting: list[tuple[tuple[Any, ...], asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None
        self._writer = ThreadPoolExecutor(1, "inbox")

    async def keep(self, message: Message, source: bytes | None) -> None:
        """Keep one message; returns when it is written. Raises what the database raises."""
        about = message.about
        content = {
            **message.fields,
            **({"data": dict(message.data)} if message.data else {}),
            **({"attachments": [{"url": u, "name": n} for u, n in message.attachments]} if message.attachments else {}),
        }
        row = (
            message.key, message.scope_id, message.channel, message.address, about.get("templateUid", ""),
            about.get("templateName", ""), about.get("journeyUid", ""), about.get("versionUid", ""),
            about.get("nodeId", ""), self._clock.now_us() // 1000, store.content_text(content),
            source,
        )  # fmt: skip
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((row, done))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write())
        await done

    def close(self) -> None:
        """Let go of the thread."""
        self._writer.shutdown(wait=False)

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            taken, self._waiting = self._waiting[:MAX_AT_ONCE], self._waiting[MAX_AT_ONCE:]
            try:
                await loop.run_in_executor(self._writer, self._insert, [row for row, _ in taken])
            except Exception as error:
                for _, done in taken:
                    if not done.done():
                        done.set_exception(error)
            else:
                for _, done in taken:
                    if not done.done():
                        done.set_result(None)

    def _insert(self, rows: list[tuple[Any, ...]]) -> None:
        with self._db.write() as connection:
            store.keep(connection, rows)
