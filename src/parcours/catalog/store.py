"""Batches in SQL: counted up in the transaction that lands or fails their records."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    String,
    Table,
    UniqueConstraint,
    case,
    func,
    select,
)

from parcours.catalog.model import Batch, RunDelta
from parcours.db import metadata
from parcours.db.bulk import conflict_insert
from parcours.kit.ids import new_ulid

batch_table = Table(
    "batch",
    metadata,
    Column("scope_id", BigInteger, primary_key=True),
    Column("id", String(26), primary_key=True),
    Column("dataset_id", String(60), nullable=False),
    Column("flow_id", String(60), nullable=False),
    Column("window_start_ms", BigInteger, nullable=False),
    Column("is_failed", Boolean, nullable=False),
    Column("record_count", BigInteger, nullable=False),
    Column("failed_record_count", BigInteger, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    UniqueConstraint("scope_id", "dataset_id", "flow_id", "window_start_ms", "is_failed"),
    Index(None, "scope_id", "created_ms"),
)
batch_error_table = Table(
    "batch_error",
    metadata,
    Column("scope_id", BigInteger, primary_key=True),
    Column("batch_id", String(26), primary_key=True),
    Column("code", String(40), primary_key=True),
    Column("record_count", BigInteger, nullable=False),
)


class BatchIds(NamedTuple):
    """The batches that one `add_to_batch` counted into; None where there was nothing to count."""

    landed: str | None
    failed: str | None


class BatchError(NamedTuple):
    """Why records of a failed batch failed."""

    code: str
    record_count: int


def add_to_batch(
    connection: Connection, scope_id: int, dataset_id: str, flow_id: str, window_start_ms: int, delta: RunDelta
) -> BatchIds:
    """Add to a window's batches, making them when they are new: one of what landed, one of what failed.

    flow_id: empty for records that named a data set and no flow.
    """
    row = {
        "scope_id": scope_id,
        "dataset_id": dataset_id,
        "flow_id": flow_id,
        "window_start_ms": window_start_ms,
        "created_ms": delta.last_at_ms or window_start_ms,
        "updated_ms": delta.last_at_ms or window_start_ms,
    }
    landed = failed = None
    if delta.landed:
        landed = _add(connection, row, is_failed=False, count=delta.landed, size_bytes=delta.bytes_out)
    if delta.failed or delta.reasons:
        failed = _add(connection, row, is_failed=True, count=delta.failed, size_bytes=0)
        for code, count in delta.reasons.items():
            _add_error(connection, scope_id, failed, code, count)
    return BatchIds(landed, failed)


def _add(connection: Connection, row: Mapping[str, Any], *, is_failed: bool, count: int, size_bytes: int) -> str:
    batch_id: str = connection.execute(
        _adding(conflict_insert(connection.dialect)),
        {
            **row,
            "id": new_ulid(),
            "is_failed": is_failed,
            "record_count": 0 if is_failed else count,
            "failed_record_count": count if is_failed else 0,
            "size_bytes": size_bytes,
        },
    ).scalar_one()
    return batch_id


@cache
def _adding(make: Callable[[Table], Any]) -> Any:
    t = batch_table
    made = make(t)
    new = made.excluded
    return made.on_conflict_do_update(
        index_elements=[t.c.scope_id, t.c.dataset_id, t.c.flow_id, t.c.window_start_ms, t.c.is_failed],
        set_={
            "record_count": t.c.record_count + new.record_count,
            "failed_record_count": t.c.failed_record_count + new.failed_record_count,
            "size_bytes": t.c.size_bytes + new.size_bytes,
            "updated_ms": case((new.updated_ms > t.c.updated_ms, new.updated_ms), else_=t.c.updated_ms),
        },
    ).returning(t.c.id)


def _add_error(connection: Connection, scope_id: int, batch_id: str, code: str, count: int) -> None:
    t = batch_error_table
    make = conflict_insert(connection.dialect)
    statement = make(t).values(scope_id=scope_id, batch_id=batch_id, code=code, record_count=count)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[t.c.scope_id, t.c.batch_id, t.c.code],
            set_={"record_count": t.c.record_count + statement.excluded.record_count},
        )
    )


def find_batch(connection: Connection, scope_id: int, batch_id: str) -> Batch | None:
    """One batch, or None."""
    found = find_batches(connection, scope_id, [batch_table.c.id == batch_id])
    return found[0] if found else None


def find_batches(
    connection: Connection,
    scope_id: int,
    conditions: Iterable[ColumnElement[bool]] = (),
    *,
    is_newest_first: bool = True,
    start: int = 0,
    limit: int | None = None,
) -> list[Batch]:
    """Batches of a sandbox, by the time they were made."""
    t = batch_table
    order = [t.c.created_ms, t.c.id]
    statement = (
        select(t)
        .where(t.c.scope_id == scope_id, *conditions)
        .order_by(*(column.desc() if is_newest_first else column for column in order))
        .offset(start)
        .limit(limit)
    )
    return [
        Batch(
            row.id, row.scope_id, row.dataset_id, row.flow_id, row.window_start_ms, row.is_failed, row.record_count,
            row.failed_record_count, row.size_bytes, row.created_ms, row.updated_ms,
        )
        for row in connection.execute(statement)
    ]  # fmt: skip


def find_errors(connection: Connection, scope_id: int, batch_ids: Sequence[str]) -> dict[str, list[BatchError]]:
    """Reasons by batch, commonest first; batches without one are absent."""
    t = batch_error_table
    found: dict[str, list[BatchError]] = {}
    for start in range(0, len(batch_ids), 500):
        rows = connection.execute(
            select(t)
            .where(t.c.scope_id == scope_id, t.c.batch_id.in_(batch_ids[start : start + 500]), t.c.record_count > 0)
            .order_by(t.c.record_count.desc(), t.c.code)
        )
        for row in rows:
            found.setdefault(row.batch_id, []).append(BatchError(row.code, row.record_count))
    return found


def find_last_batches(
    connection: Connection, scope_id: int, dataset_id: str | None = None
) -> dict[str, dict[bool, Batch]]:
    """By data set, the newest batch that landed (False) and the newest that failed (True)."""
    t = batch_table
    grouped = (
        select(func.max(t.c.window_start_ms).label("window_start_ms"), t.c.dataset_id, t.c.is_failed)
        .where(t.c.scope_id == scope_id, t.c.record_count + t.c.failed_record_count > 0)
        .group_by(t.c.dataset_id, t.c.is_failed)
    )
    if dataset_id is not None:
        grouped = grouped.where(t.c.dataset_id == dataset_id)
    newest = grouped.subquery()
    is_newest = (
        select(newest.c.dataset_id)
        .where(
            newest.c.dataset_id == t.c.dataset_id,
            newest.c.is_failed == t.c.is_failed,
            newest.c.window_start_ms == t.c.window_start_ms,
        )
        .exists()
    )
    found: dict[str, dict[bool, Batch]] = {}
    for batch in find_batches(connection, scope_id, [is_newest], is_newest_first=False):
        found.setdefault(batch.dataset_id, {})[batch.is_failed] = batch
    return found
