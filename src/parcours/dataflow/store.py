"""Failed records in SQL: body, reason and flow stay until the record lands or is given up."""

import time
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)

from parcours.catalog.model import FailedRow
from parcours.dataflow.model import Failed
from parcours.db import metadata
from parcours.kit.errors import NotFound

failed_record_table = Table(
    "failed_record",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("scope_id", BigInteger, nullable=False),
    Column("dataset_id", String(60), nullable=False),
    Column("flow_id", String(60), nullable=False),
    Column("inlet_id", String(80), nullable=False),
    Column("xaction_id", String(80), nullable=False),
    Column("received_at_ms", BigInteger, nullable=False),
    Column("failed_at_ms", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("state", String(10), nullable=False),  # failed: at rest · retrying: its next try is in the log
    Column("code", String(40), nullable=False),
    Column("errors", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index(None, "scope_id", "dataset_id", "received_at_ms"),
    sqlite_autoincrement=True,
)


class FailedRecordNotFound(NotFound):
    """No failed record has this id in the caller's sandbox; it may have landed since."""

    def __init__(self, record_id: int) -> None:
        super().__init__(f"no failed record {record_id}")
        self.record_id = record_id


def insert_failed(connection: Connection, failures: Sequence[Failed]) -> None:
    """Keep messages that failed their first try."""
    now_ms = time.time_ns() // 1_000_000
    if failures:
        connection.execute(
            insert(failed_record_table),
            [
                {
                    "scope_id": f.scope_id,
                    "dataset_id": f.dataset_id,
                    "flow_id": f.origin.flow_id,
                    "inlet_id": f.origin.inlet_id,
                    "xaction_id": f.origin.xaction_id,
                    "received_at_ms": f.origin.received_at_ms,
                    "failed_at_ms": now_ms,
                    "attempts": 1,
                    "state": "failed",
                    "code": f.code,
                    "errors": orjson.dumps(f.errors).decode(),
                    "body": f.body,
                }
                for f in failures
            ],
        )


class FirstTry(NamedTuple):
    """How a failed record first came in, and why it failed last."""

    xaction_id: str
    received_at_ms: int
    code: str


def find_first_tries(connection: Connection, ids: Iterable[int]) -> dict[int, FirstTry]:
    """The first try of each failed record that is still kept, by its id."""
    t = failed_record_table
    columns = select(t.c.id, t.c.xaction_id, t.c.received_at_ms, t.c.code)
    wanted = list(ids)
    found: dict[int, FirstTry] = {}
    for start in range(0, len(wanted), 500):
        rows = connection.execute(columns.where(t.c.id.in_(wanted[start : start + 500])))
        found.update({row.id: FirstTry(row.xaction_id, row.received_at_ms, row.code) for row in rows})
    return found


def fail_again(connection: Connection, failure: Failed) -> None:
    """Write down why another try failed."""
    t = failed_record_table
    connection.execute(
        update(t)
        .where(t.c.id == failure.origin.retry_of)
        .values(
            state="failed",
            attempts=t.c.attempts + 1,
            failed_at_ms=time.time_ns() // 1_000_000,
            code=failure.code,
            errors=orjson.dumps(failure.errors).decode(),
        )
    )


def delete_failed(connection: Connection, record_id: int) -> None:
    """Forget a failed record, because it landed or was given up."""
    connection.execute(delete(failed_record_table).where(failed_record_table.c.id == record_id))


def mark_retrying(connection: Connection, scope_id: int, record_id: int) -> Any:
    """Claim a failed record for another try; its row. Raises FailedRecordNotFound."""
    t = failed_record_table
    row = connection.execute(
        update(t)
        .where(t.c.id == record_id, t.c.scope_id == scope_id)
        .values(state="retrying")
        .returning(t.c.inlet_id, t.c.flow_id, t.c.dataset_id, t.c.received_at_ms, t.c.body)
    ).first()
    if row is None:
        raise FailedRecordNotFound(record_id)
    return row


def unmark_retrying(connection: Connection, record_id: int) -> None:
    """The try didn't come about: it is a failed record as before."""
    t = failed_record_table
    connection.execute(update(t).where(t.c.id == record_id, t.c.state == "retrying").values(state="failed"))


def list_failed(
    connection: Connection,
    scope_id: int,
    *,
    flow_id: str | None = None,
    dataset_id: str | None = None,
    after_id: int = 0,
    limit: int = 100,
) -> list[dict[str, Any]]:
    """Failed records of a sandbox, oldest first, as the endpoint shows them."""
    t = failed_record_table
    statement = select(t).where(t.c.scope_id == scope_id, t.c.id > after_id).order_by(t.c.id).limit(limit)
    if flow_id:
        statement = statement.where(t.c.flow_id == flow_id)
    if dataset_id:
        statement = statement.where(t.c.dataset_id == dataset_id)
    return [_document(row) for row in connection.execute(statement)]


def get_failed(connection: Connection, scope_id: int, record_id: int) -> dict[str, Any]:
    """One failed record. Raises FailedRecordNotFound."""
    t = failed_record_table
    row = connection.execute(select(t).where(t.c.scope_id == scope_id, t.c.id == record_id)).first()
    if row is None:
        raise FailedRecordNotFound(record_id)
    return _document(row)


def count_failed(connection: Connection) -> int:
    """How many failed records are kept, in every sandbox."""
    return connection.execute(select(func.count()).select_from(failed_record_table)).scalar_one()


def failed_in_window(
    connection: Connection, scope_id: int, dataset_id: str, flow_id: str, from_ms: int, to_ms: int
) -> Iterable[FailedRow]:
    """The records of a failed batch, in the order they failed."""
    t = failed_record_table
    rows = connection.execute(
        select(t.c.body, t.c.code, t.c.errors)
        .where(
            t.c.scope_id == scope_id,
            t.c.dataset_id == dataset_id,
            t.c.flow_id == flow_id,
            t.c.received_at_ms >= from_ms,
            t.c.received_at_ms < to_ms,
        )
        .order_by(t.c.id)
    )
    return (FailedRow(orjson.loads(row.body), row.code, orjson.loads(row.errors)) for row in rows)


def _document(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "datasetId": row.dataset_id,
        "flowId": row.flow_id or None,
        "inletId": row.inlet_id,
        "xactionId": row.xaction_id,
        "receivedTimeMs": row.received_at_ms,
        "failedTimeMs": row.failed_at_ms,
        "attempts": row.attempts,
        "state": row.state,
        "code": row.code,
        "errors": orjson.loads(row.errors),
        "body": orjson.loads(row.body),
    }
