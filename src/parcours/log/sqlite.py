"""The log in one SQLite file of its own.

Requests that arrive while a commit is under way are committed together by the next one (group commit): one row, one
fsync for all of them. A row holds the facts of its records as JSON, a list for each fact, and their bodies end to
end, so that the cost of a record is that of copying it.
"""

import asyncio
import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import orjson

from parcours.kit.checkpoint import Checkpointer
from parcours.kit.errors import ParcoursError
from parcours.kit.tally import TallyHistogram, TallyTotal
from parcours.kit.telemetry import get_logger
from parcours.log.protocol import LogUnavailable, LogUnreadable, Record

APPENDED = TallyTotal("parcours_log_records_total", "Records made durable in the event log.")
COMMIT_SECONDS = TallyHistogram(
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
    WHERE last_position > ? ORDER BY last_position"""
_FACTS = "SELECT last_position, record_count, facts FROM record_group WHERE last_position > ? ORDER BY last_position"

_OLDEST = """SELECT last_position, received_at_ms, length(bodies) FROM record_group
    WHERE last_position <= ? ORDER BY last_position LIMIT 200"""
_SET_HIGH_WATER = "INSERT OR REPLACE INTO high_water (id, position) VALUES (1, ?)"

MAX_GROUP_BYTES = 32_000_000
"""What one commit takes on: SQLite holds no row of a gigabyte, and a reader reads a row whole."""
CHECKPOINT_BYTES = 4_000_000
"""After how many bytes the write-ahead log is copied: few enough for the disk to be done with in milliseconds."""
TRIM_BYTES = 4_000_000
"""What is deleted in one transaction."""
_TRIM_STEPS = 16
BUSY_REQUESTS, GATHER_S = 8, 0.0003
"""After a commit for so many requests the next one waits a moment: it then spares an fsync, for more are coming."""
MAX_READ_BYTES = 64_000_000
"""A reader takes no more at once, unless a single record is larger."""

_Waiting = tuple[Sequence[Record], "asyncio.Future[None]"]


@contextlib.contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as fault:
        raise LogUnreadable(f"the event log can't be read or trimmed: {fault}") from fault


class _Probe:
    """Stands in the queue for a try without a record."""


class LogFormatUnknown(ParcoursError):
    """The log file was written by a release this one can't read."""


def open_file(path: Path) -> sqlite3.Connection:
    """The log file, made when absent; commits are on disk when they return, and never wait for a checkpoint."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    connection.execute("PRAGMA secure_delete=OFF")  # Debian's default writes every deleted page once more, with zeros
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version not in (0, 1):
        connection.close()
        raise LogFormatUnknown(f"{path} has log format {version}; this release reads format 1")
    connection.execute(_CREATE)
    connection.execute(_CREATE_HIGH_WATER)
    connection.execute("PRAGMA user_version=1")
    return connection


class SqliteLogWriter:
    """Appends from one event loop; a thread of its own takes whatever waits, writes and syncs."""

    def __init__(self, path: Path, on_commit: Callable[[], None] | None = None) -> None:
        """on_commit: called in the event loop whenever records have become durable."""
        self._on_commit = on_commit
        self._connection = open_file(path)
        self._checkpointer = Checkpointer(path, CHECKPOINT_BYTES)
        self._position: int = self._connection.execute(_LAST).fetchone()[0]
        self._is_healthy = True
        self._given_bytes = self._taken_bytes = 0  # each is written by one thread
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queue: queue.SimpleQueue[_Waiting | _Probe | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_groups, name="log-writer", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Requests not yet handed to the disk."""
        return self._queue.qsize()

    @property
    def waiting_bytes(self) -> int:
        """Their bodies."""
        return self._given_bytes - self._taken_bytes

    @property
    def is_healthy(self) -> bool:
        """Whether the last commit succeeded."""
        return self._is_healthy

    def probe(self) -> None:
        """See LogWriter."""
        if not self._is_healthy:
            self._queue.put(_Probe())

    def append(self, records: Sequence[Record]) -> "asyncio.Future[None]":
        """A future that is done once the records are on disk; fails with LogUnavailable."""
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.get_running_loop()
        future = loop.create_future()
        for record in records:
            self._given_bytes += len(record.body)
        self._queue.put((records, future))
        return future

    async def close(self) -> None:
        """Finish what was appended, then close the file."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        await asyncio.to_thread(self._checkpointer.close)
        self._connection.close()

    def _write_groups(self) -> None:
        is_open, is_busy = True, False
        while is_open:
            group: list[_Waiting] = []
            size = 0
            item = self._queue.get()
            if is_busy:
                time.sleep(GATHER_S)
            while True:
                if item is None:
                    is_open = False
                elif isinstance(item, _Probe):
                    self._is_healthy = self._is_healthy or self._can_write()
                else:
                    group.append(item)
                    size += sum([len(record.body) for record in item[0]])
                    if size >= MAX_GROUP_BYTES:
                        break
                try:
                    item = self._queue.get_nowait()
                except queue.Empty:
                    break
            self._taken_bytes += size
            is_busy = len(group) >= BUSY_REQUESTS
            if group:
                self._commit(group, size)

    def _commit(self, group: list[_Waiting], size: int) -> None:
        error: LogUnavailable | None = None
        records = [record for records, _ in group for record in records]
        started = time.perf_counter()
        try:
            self._write(records)
            COMMIT_SECONDS.observe(time.perf_counter() - started)
        except Exception as fault:  # whatever it is: this thread must not end, and who waits must be told
            log.error("log.commit_failed", error=str(fault))
            error = LogUnavailable(f"the event log can't be written: {fault}")
        self._is_healthy = error is None
        assert self._loop is not None, "who waits has appended"
        self._loop.call_soon_threadsafe(self._acknowledge, group, error)
        self._checkpointer.note(size, self._connection)

    def _can_write(self) -> bool:
        try:
            self._connection.execute(_SET_HIGH_WATER, (self._position,))
        except (sqlite3.Error, OSError):
            return False
        return True

    def _write(self, records: list[Record]) -> None:
        *before, bodies, is_batch, counts, skips, scopes = zip(*records, strict=True)
        facts = orjson.dumps((*before, [*map(len, bodies)], is_batch, counts, skips, scopes))
        last = self._position + len(records)
        # A statement by itself is a transaction. Each further one would take the interpreter lock, and give it back.
        self._connection.execute(_INSERT, (last, len(records), records[-1].received_at_ms, facts, b"".join(bodies)))
        self._position = last
        APPENDED.count += len(records)

    def _acknowledge(self, group: list[_Waiting], error: LogUnavailable | None) -> None:
        if error is None and self._on_commit is not None:
            self._on_commit()
        for _, future in group:
            if future.done():  # its request was given up
                continue
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(error)


class SqliteLogReader:
    """Reads groups back as records, from any process."""

    def __init__(self, path: Path) -> None:
        self._connection = open_file(path)

    def read(self, after: int, max_messages: int) -> list[tuple[int, Record]]:
        """See LogReader. Always gives at least one record when there is one."""
        found: list[tuple[int, Record]] = []
        messages = size = 0
        # Row by row: a group may hold one record or many megabytes.
        with _readable(), contextlib.closing(self._connection.execute(_READ, (after,))) as rows:
            for last, count, facts, bodies in rows:
                offset = 0
                position = last - count
                for fact in zip(*orjson.loads(facts), strict=True):
                    inlet, flow, dataset, xaction, received, length, is_batch, kept, skip, scope_id = fact
                    position += 1
                    if position > after:
                        work = kept or 1  # a record tried again is counted already, but it is work
                        if found and (messages + work > max_messages or size + length > MAX_READ_BYTES):
                            return found
                        body = bodies[offset : offset + length]
                        record = Record(
                            inlet, flow, dataset, xaction, received, body, is_batch, kept, tuple(skip), scope_id
                        )
                        found.append((position, record))
                        messages += work
                        size += length
                    offset += length
        return found

    def last_position(self) -> int:
        """See LogReader."""
        with _readable():
            last: int = self._connection.execute(_LAST).fetchone()[0]
        return last

    def pending(self, after: int) -> dict[str, int]:
        """See LogReader."""
        counts: dict[str, int] = {}
        with _readable(), contextlib.closing(self._connection.execute(_FACTS, (after,))) as rows:
            for last, count, facts in rows:
                position = last - count
                _, flows, data_sets, _, _, _, _, kept_counts, _, _ = orjson.loads(facts)
                for flow, dataset, kept in zip(flows, data_sets, kept_counts, strict=True):
                    position += 1
                    if position > after:
                        counts[flow or dataset] = counts.get(flow or dataset, 0) + kept
        return counts

    def trim(self, through: int, received_before_ms: int) -> int:
        """See LogReader. In small steps: nobody who waits for an acknowledgement waits for all of it."""
        gone = 0
        with _readable():
            for _ in range(_TRIM_STEPS):
                boundary = self._find_boundary(through, received_before_ms)
                if boundary is None:
                    break
                gone += self._delete(boundary)
        return gone

    def _find_boundary(self, through: int, received_before_ms: int) -> int | None:
        """The last position of the oldest few groups that may go; found without the lock. None: none may."""
        boundary, size = None, 0
        with contextlib.closing(self._connection.execute(_OLDEST, (through,))) as rows:
            for last, received_at_ms, length in rows:
                if received_at_ms >= received_before_ms or (boundary is not None and size + length > TRIM_BYTES):
                    break
                boundary, size = last, size + length
        return boundary

    def _delete(self, boundary: int) -> int:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute(_SET_HIGH_WATER, (connection.execute(_LAST).fetchone()[0],))
            gone = connection.execute("DELETE FROM record_group WHERE last_position <= ?", (boundary,)).rowcount
            connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        return gone

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
