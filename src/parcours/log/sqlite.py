"""The log in one SQLite file of its own.

Requests that arrive while a commit is under way are committed together by the next one (group commit): one row, one
fsync for all of them. A row holds the facts of its records as JSON and their bodies end to end, so that the cost of
a record is that of copying it.
"""

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path

import orjson

from parcours.kit.errors import ParcoursError
from parcours.kit.telemetry import Counter, Histogram, get_logger
from parcours.log.protocol import LogUnavailable, Record

APPENDED = Counter("parcours_log_records_total", "Records made durable in the event log.")
COMMIT_SECONDS = Histogram(
    "parcours_log_commit_seconds",
    "Time of one group commit of the event log.",
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5),
)
log = get_logger("log")

_CREATE = """CREATE TABLE IF NOT EXISTS record_group (
    last_position INTEGER PRIMARY KEY,
    record_count INTEGER NOT NULL,
    received_at_ms INTEGER NOT NULL,
    facts BLOB NOT NULL,
    bodies BLOB NOT NULL
)"""
# The position goes on from the highest ever used: `high_water` keeps it when trimming empties the table.
_CREATE_HIGH_WATER = (
    "CREATE TABLE IF NOT EXISTS high_water (id INTEGER PRIMARY KEY CHECK (id = 1), position INTEGER NOT NULL)"
)
_INSERT = "INSERT INTO record_group (last_position, record_count, received_at_ms, facts, bodies) VALUES (?, ?, ?, ?, ?)"
_LAST = """SELECT max(
    coalesce((SELECT max(last_position) FROM record_group), 0),
    coalesce((SELECT position FROM high_water), 0))"""
_READ = """SELECT last_position, record_count, facts, bodies FROM record_group
    WHERE last_position > ? ORDER BY last_position LIMIT ?"""
_FACTS = "SELECT last_position, record_count, facts FROM record_group WHERE last_position > ? ORDER BY last_position"

_SET_HIGH_WATER = "INSERT OR REPLACE INTO high_water (id, position) VALUES (1, ?)"

_Waiting = tuple[Sequence[Record], "asyncio.Future[None]"]
_Group = tuple[asyncio.AbstractEventLoop, list[_Waiting]]


class _Probe:
    """Stands in the queue for a try without a record."""


class LogFormatUnknown(ParcoursError):
    """The log file was written by a release this one can't read."""


def open_file(path: Path) -> sqlite3.Connection:
    """The log file, made when absent; commits are on disk when they return."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA wal_autocheckpoint=4000")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version not in (0, 1):
        connection.close()
        raise LogFormatUnknown(f"{path} has log format {version}; this release reads format 1")
    connection.execute(_CREATE)
    connection.execute(_CREATE_HIGH_WATER)
    connection.execute("PRAGMA user_version=1")
    return connection


class SqliteLogWriter:
    """Appends from one event loop; a thread of its own writes and syncs."""

    def __init__(self, path: Path) -> None:
        self._connection = open_file(path)
        self._position: int = self._connection.execute(_LAST).fetchone()[0]
        self._waiting: list[_Waiting] = []
        self._is_writing = False
        self._is_healthy = True
        self._groups: queue.SimpleQueue[_Group | _Probe | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_groups, name="log-writer", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Requests not yet handed to the disk."""
        return len(self._waiting)

    @property
    def is_healthy(self) -> bool:
        """Whether the last commit succeeded."""
        return self._is_healthy

    def probe(self) -> None:
        """See LogWriter."""
        if not self._is_healthy:
            self._groups.put(_Probe())

    def append(self, records: Sequence[Record]) -> "asyncio.Future[None]":
        """A future that is done once the records are on disk; fails with LogUnavailable."""
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        self._waiting.append((records, future))
        if not self._is_writing:
            self._is_writing = True
            loop.call_soon(self._hand_over, loop)
        return future

    async def close(self) -> None:
        """Finish what was appended, then close the file."""
        while self._is_writing:
            await asyncio.sleep(0.001)
        self._groups.put(None)
        await asyncio.to_thread(self._thread.join)
        self._connection.close()

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        group, self._waiting = self._waiting, []
        self._groups.put((loop, group))

    def _write_groups(self) -> None:
        while (item := self._groups.get()) is not None:
            if isinstance(item, _Probe):
                self._is_healthy = self._is_healthy or self._can_write()
                continue
            loop, group = item
            error: LogUnavailable | None = None
            try:
                with COMMIT_SECONDS.time():
                    self._write([record for records, _ in group for record in records])
            except Exception as fault:  # whatever it is: this thread must not end, and who waits must be told
                log.error("log.commit_failed", error=str(fault))
                error = LogUnavailable(f"the event log can't be written: {fault}")
            self._is_healthy = error is None
            loop.call_soon_threadsafe(self._acknowledge, loop, group, error)

    def _can_write(self) -> bool:
        try:
            self._connection.execute(_SET_HIGH_WATER, (self._position,))
        except (sqlite3.Error, OSError):
            return False
        return True

    def _write(self, records: list[Record]) -> None:
        facts = orjson.dumps(
            [
                [
                    r.inlet_id,
                    r.flow_id,
                    r.dataset_id,
                    r.xaction_id,
                    r.received_at_ms,
                    len(r.body),
                    r.is_batch,
                    r.count,
                    r.skip,
                    r.scope_id,
                ]
                for r in records
            ]
        )
        last = self._position + len(records)
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute(
                _INSERT, (last, len(records), records[-1].received_at_ms, facts, b"".join([r.body for r in records]))
            )
            connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        self._position = last
        APPENDED.inc(len(records))

    def _acknowledge(
        self, loop: asyncio.AbstractEventLoop, group: list[_Waiting], error: LogUnavailable | None
    ) -> None:
        for _, future in group:
            if future.done():  # its request was given up
                continue
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(error)
        if self._waiting:
            self._hand_over(loop)
        else:
            self._is_writing = False


class SqliteLogReader:
    """Reads groups back as records, from any process."""

    def __init__(self, path: Path) -> None:
        self._connection = open_file(path)

    def read(self, after: int, max_messages: int) -> list[tuple[int, Record]]:
        """See LogReader. Always gives at least one record when there is one."""
        found: list[tuple[int, Record]] = []
        messages = 0
        # A group never spans two reads' worth of work by much: ask for few rows, each holds many records under load.
        rows = self._connection.execute(_READ, (after, 64)).fetchall()
        for last, count, facts, bodies in rows:
            offset = 0
            position = last - count
            for inlet, flow, dataset, xaction, received, length, is_batch, kept, skip, scope_id in orjson.loads(facts):
                position += 1
                if position > after:
                    if found and messages + kept > max_messages:
                        return found
                    body = bodies[offset : offset + length]
                    record = Record(
                        inlet, flow, dataset, xaction, received, body, is_batch, kept, tuple(skip), scope_id
                    )
                    found.append((position, record))
                    messages += kept
                offset += length
        return found

    def pending(self, after: int) -> dict[str, int]:
        """See LogReader."""
        counts: dict[str, int] = {}
        for last, count, facts in self._connection.execute(_FACTS, (after,)):
            position = last - count
            for fact in orjson.loads(facts):
                position += 1
                if position > after:
                    key = fact[1] or fact[2]
                    counts[key] = counts.get(key, 0) + fact[7]
        return counts

    def trim(self, through: int, received_before_ms: int) -> int:
        """See LogReader."""
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            last = connection.execute(_LAST).fetchone()[0]
            connection.execute(_SET_HIGH_WATER, (last,))
            gone = connection.execute(
                "DELETE FROM record_group WHERE last_position <= ? AND received_at_ms < ?",
                (through, received_before_ms),
            ).rowcount
            connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        return gone

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
