"""Staged records → snapshots. Whatever moment a crash picks, each record lands once.

A commit writes a Parquet file and the table's metadata, syncs them, moves the catalog's pointer, and only then deletes
the chunks from the state database. The snapshot says up to which chunk it goes (`parcours.through`): chunks at or
below are in the table, whether or not they were deleted yet; all above are not.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING

from parcours.db import Database
from parcours.kit.telemetry import Counter, Gauge, Histogram, get_logger
from parcours.lake.errors import CommitOvertaken
from parcours.lake.model import Backlog, LakeSchema
from parcours.lake.store import (
    delete_chunks,
    read_backlogs,
    read_chunks,
    read_horizon,
    read_landed,
)

if TYPE_CHECKING:
    from parcours.lake.convert import Converter
    from parcours.lake.tables import LakeTable, LakeTables

log = get_logger("lake")

ROWS = Counter("parcours_lake_rows_total", "Records committed to the lake.")
UNREADABLE_ROWS = Counter(
    "parcours_lake_unreadable_total", "Records of which a part fitted no column and was kept as text."
)
FAILURES = Counter("parcours_lake_failures_total", "Lake commits and compactions that failed, to be tried again.")
COMMIT_SECONDS = Histogram(
    "parcours_lake_commit_seconds",
    "Time of one snapshot: conversion, files and catalog.",
    buckets=(0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
STAGED = Gauge("parcours_lake_staged_records", "Records that waited when the lake was last committed.")

_MAX_OVERTAKEN = 5
"""Tries at one commit while other processes commit to the same table first."""
KEPT_SNAPSHOTS = 10
"""Newest snapshots of a table that maintenance keeps."""
_MAX_SNAPSHOTS = 24
"""Snapshots at which a table is maintained at once: each commit reads and writes the list of them."""

SchemaOf = Callable[[int, str], LakeSchema | None]
"""(scope_id, dataset_id) → the schema its records hold to; None when it has none."""


def catalog_url(db: Database) -> str:
    """Where the catalog is: beside the state on PostgreSQL, else ("") in a file of its own in the lake's folder.

    The file keeps the catalog's commits off the write lock that the pipeline needs.
    """
    return "" if db.is_sqlite else db.engine.url.render_as_string(hide_password=False)


class LakeWriter:
    """Commits what was staged. One thread at a time does the work; others that call meanwhile wait.

    Several processes may run one over the same lake: a commit that another one overtook lands nothing and is tried
    again from what is then the state.
    """

    def __init__(
        self,
        db: Database,
        warehouse: Path,
        schema_of: SchemaOf,
        *,
        max_commit_records: int = 25_000,
        max_commit_bytes: int = 24 * 1024 * 1024,
        grace_s: float = 600.0,
    ) -> None:
        """Nothing is opened or made before the first record has to land.

        grace_s: how long a file that no snapshot needs any more stays for queries that may still read it.
        """
        self._db = db
        self._warehouse = warehouse
        self._schema_of = schema_of
        self._max_commit_records = max_commit_records
        self._max_commit_bytes = max_commit_bytes
        self._grace_s = grace_s
        self._lock = threading.Lock()
        self._tables: LakeTables | None = None
        self._converter: Converter | None = None
        self._open: dict[tuple[int, str], LakeTable] = {}
        self._unneeded_since: dict[Path, float] = {}

    def commit_due(self) -> int:
        """Commit everything staged so far; returns how many records landed.

        A data set that fails (a full disk, a damaged table) is logged and counted, keeps its records staged, and does
        not stop the others; what was to be done is done at a later call. Raises nothing.
        """
        landed = 0
        with self._lock, self._guarded("lake.commit_failed"):
            with self._db.read() if self._db.is_sqlite else self._db.write() as connection:
                horizon = read_horizon(connection)
            backlogs: list[Backlog] = []
            if horizon:
                with self._db.read() as connection:
                    backlogs = read_backlogs(connection, horizon)
            STAGED.set(sum(backlog.record_count for backlog in backlogs))
            for backlog in backlogs:
                landed += self._commit_data_set(backlog, horizon)
        return landed

    def maintain(self) -> None:
        """Merge small files, forget old snapshots, remove files nothing needs. Raises nothing.

        A table that is written to often is maintained between its commits too; this one sees to all the others.
        """
        with self._lock, self._guarded("lake.maintenance_failed"):
            if self._tables is None and not any(self._warehouse.glob("*/*/metadata")):
                return
            self._open.clear()  # what is loaded there would be overtaken
            for table in self._lake().every():
                with self._guarded("lake.maintenance_failed", table=".".join(table.table.name())):
                    self._maintain_table(table)

    def drop(self, scope_id: int, dataset_id: str) -> None:
        """Remove a data set from the lake: its staged records, its table and its files."""
        with self._lock:
            key = scope_id, dataset_id
            self._open.pop(key, None)
            self._delete_landed(scope_id, dataset_id, through=2**62)
            if self._tables is None and not self._warehouse.exists():
                return
            if self._lake().drop(scope_id, dataset_id):
                rmtree(self._lake().folder(scope_id, dataset_id), ignore_errors=True)

    def close(self) -> None:
        """Let go of the catalog; staged records stay for the next start."""
        with self._lock:
            self._open.clear()
            if self._tables is not None:
                self._tables.close()
                self._tables = None
            if self._converter is not None:
                self._converter.close()
                self._converter = None

    def _commit_data_set(self, backlog: Backlog, horizon: int) -> int:
        key = backlog.scope_id, backlog.dataset_id
        landed = 0
        with self._guarded("lake.commit_failed", scope_id=key[0], dataset_id=key[1]):
            overtaken_count = 0
            while True:
                through = self._through(key)
                self._delete_landed(*key, through)
                with self._db.read() as connection:
                    chunks = read_chunks(
                        connection, *key, through, horizon, self._max_commit_records, self._max_commit_bytes
                    )
                if not chunks:
                    break
                lines = [line for chunk in chunks for line in chunk.lines.split(b"\n")]
                try:
                    self._land(key, lines, chunks[-1].seq)
                except CommitOvertaken:
                    overtaken_count += 1
                    if overtaken_count == _MAX_OVERTAKEN:
                        raise
                    self._open.pop(key, None)
                else:
                    landed += len(lines)
        with self._guarded("lake.maintenance_failed", scope_id=key[0], dataset_id=key[1]):
            table = self._open.get(key)
            if table is not None and len(table.table.snapshots()) >= _MAX_SNAPSHOTS:
                self._maintain_table(table)
        return landed

    def _land(self, key: tuple[int, str], lines: Sequence[bytes], through: int) -> None:
        from parcours.lake.convert import Converter, sql_type
        from parcours.lake.shape import Struct, stored

        started = time.perf_counter()
        if self._converter is None:
            self._converter = Converter()
        table = self._table(key)
        shape = Struct() if table is None else table.shape()
        converted = self._converter.convert(lines, shape, self._schema_of(*key))
        if table is None:
            table = self._open[key] = self._lake().make(*key, shape)
            if table.through():
                raise CommitOvertaken("another process has made the table and landed records in it")
        columns = table.shape()
        transaction = table.table.transaction()
        if columns != stored(shape):
            columns = table.grow(transaction, shape)
        records = converted.table
        if sql_type(columns) != sql_type(shape):
            records = self._converter.reshape(records, columns)
        table.append(transaction, records, through)
        COMMIT_SECONDS.observe(time.perf_counter() - started)
        ROWS.inc(len(lines))
        if converted.unreadable_count:
            UNREADABLE_ROWS.inc(converted.unreadable_count)
            log.warning("lake.records_unreadable", scope_id=key[0], dataset_id=key[1], count=converted.unreadable_count)

    def _maintain_table(self, table: "LakeTable") -> None:
        from parcours.lake.compaction import merge_small_files

        merge_small_files(table)
        table.expire(KEPT_SNAPSHOTS)
        now = time.monotonic()
        unneeded = table.unreferenced()
        ours = {path for path in self._unneeded_since if path.is_relative_to(table.folder)}
        for path in ours - unneeded:
            del self._unneeded_since[path]
        for path in unneeded:
            if now - self._unneeded_since.setdefault(path, now) >= self._grace_s:
                path.unlink(missing_ok=True)
                del self._unneeded_since[path]

    @contextmanager
    def _guarded(self, event: str, **fields: object) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            FAILURES.inc()
            log.warning(event, error=f"{type(error).__name__}: {error}", **fields)
            self._open.clear()  # the tables may be in another state than we believe: load them again

    def _through(self, key: tuple[int, str]) -> int:
        table = self._table(key)
        return 0 if table is None else table.through()

    def _table(self, key: tuple[int, str]) -> "LakeTable | None":
        known = self._open.get(key)
        if known is None:
            known = self._lake().find(*key)
            if known is not None:
                self._open[key] = known
        return known

    def _delete_landed(self, scope_id: int, dataset_id: str, through: int) -> None:
        if not through:
            return
        with self._db.read() as connection:
            batches = list(read_landed(connection, scope_id, dataset_id, through))
        for batch in batches:
            with self._db.write() as connection:
                delete_chunks(connection, batch)

    def _lake(self) -> "LakeTables":
        if self._tables is None:
            from parcours.lake.tables import LakeTables

            self._tables = LakeTables(self._warehouse, catalog_url(self._db))
        return self._tables
