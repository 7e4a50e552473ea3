"""The last rows of a data set without reading the rest of it: newest first, a page at a time.

Rows are numbered in the order in which they landed, from 0; rows only ever come on top, so a number stays a row's own
through commits and merges of files, and a page before one that was shown never repeats or leaves out a row.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection

from parcours.db import Database
from parcours.lake.entities import to_entity
from parcours.lake.errors import LakeUnreadable
from parcours.lake.files import within
from parcours.lake.model import LakeSchema
from parcours.lake.store import read_chunk, read_sizes
from parcours.lake.tables import find_tables
from parcours.lake.writer import SchemaOf

_ATTEMPTS = 5
_BATCH_ROWS = 4_096


@dataclass(frozen=True, slots=True)
class LatestRows:
    """A page of rows."""

    rows: list[dict[str, Any]]
    """As the entities they were, newest first."""
    total_count: int
    """Of all rows there are now."""
    next: int | None
    """`before` of the next page; None when there is none."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Rows that lie together: a file of the table, or a chunk that is still staged."""

    row_count: int
    at: Path | int
    """The file, or the chunk's number."""


def read_latest(
    db: Database,
    warehouse: Path,
    schema_of: SchemaOf,
    scope_id: int,
    dataset_id: str,
    *,
    limit: int,
    before: int | None = None,
) -> LatestRows:
    """The last rows, or the last of those numbered below `before`; landed and staged, each once.

    Read are the row groups and chunks that hold them: at most two row groups for a page. While a transaction that
    staged rows earlier commits later (PostgreSQL only), the numbers above it move on. Raises LakeUnreadable.
    """
    document = schema_of(scope_id, dataset_id)
    for attempt in range(_ATTEMPTS):
        reading: Path | None = None
        try:
            with db.snapshot() as connection:
                parts = list(_parts(db, connection, warehouse, scope_id, dataset_id))
                total = sum(part.row_count for part in parts)
                stop = total if before is None else min(before, total)
                start = max(stop - limit, 0)
                rows: list[dict[str, Any]] = []
                first = 0
                for part in parts:
                    here = slice(max(start - first, 0), min(stop - first, part.row_count))
                    if here.start < here.stop:
                        reading = part.at if isinstance(part.at, Path) else None
                        rows += _read(connection, part, here, document)
                    first += part.row_count
            rows.reverse()
            return LatestRows(rows, total, start or None)
        except FileNotFoundError as error:  # a merge has removed it: look for the new one
            if attempt == _ATTEMPTS - 1:
                name = within(warehouse, reading or error.filename or "")
                raise LakeUnreadable("missing", name, str(error)) from error
        except (pa.ArrowException, OSError) as error:
            raise LakeUnreadable("damaged", within(warehouse, reading or ""), str(error)) from error
    raise AssertionError


def _parts(db: Database, connection: Connection, warehouse: Path, scope_id: int, dataset_id: str) -> Iterator[_Part]:
    """All rows in the order in which they landed. The staged ones are looked for first, as `query` explains."""
    staged = read_sizes(connection, scope_id, dataset_id)
    table = find_tables(db, warehouse, scope_id, [dataset_id]).get(dataset_id)
    if table is not None:
        for file in table.data_files():
            yield _Part(file.record_count, table.path_of(file))
    through = 0 if table is None else table.through()
    for seq, count in staged:
        if seq > through:
            yield _Part(count, seq)


def _read(connection: Connection, part: _Part, here: slice, document: LakeSchema | None) -> Iterator[dict[str, Any]]:
    if isinstance(part.at, int):
        chunk = read_chunk(connection, part.at)
        assert chunk is not None  # it was there in this snapshot
        for line in chunk.lines.split(b"\n")[here]:
            yield orjson.loads(line)
        return
    first = 0
    with pq.ParquetFile(part.at) as file:
        for number in range(file.num_row_groups):
            row_count = file.metadata.row_group(number).num_rows
            if first < here.stop and first + row_count > here.start:
                rows = _rows_of_group(file, number, slice(max(here.start - first, 0), here.stop - first))
                yield from (to_entity(row, document) for row in rows)
            first += row_count


def _rows_of_group(file: pq.ParquetFile, number: int, here: slice) -> Iterator[dict[str, Any]]:
    first = 0
    for batch in file.iter_batches(_BATCH_ROWS, row_groups=[number], use_threads=False):
        start, stop = max(here.start - first, 0), min(here.stop - first, batch.num_rows)
        if start < stop:
            yield from batch.slice(start, stop - start).to_pylist(maps_as_pydicts="lossy")
        first += batch.num_rows
        if first >= here.stop:
            return
