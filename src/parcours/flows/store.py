"""Flow runs in SQL: one row for each flow and 15-minute window, counted up in the worker's transaction."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from uuid import NAMESPACE_OID, uuid5

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    String,
    Table,
    UniqueConstraint,
    case,
    func,
    select,
    text,
)

from parcours.catalog.model import WINDOW_MS as WINDOW_MS
from parcours.catalog.model import RunDelta as RunDelta
from parcours.db import metadata
from parcours.db.bulk import Bulk, conflict_insert

flow_run_table = Table(
    "flow_run",
    metadata,
    Column("scope_id", BigInteger, primary_key=True),
    Column("flow_id", String(60), primary_key=True),
    Column("window_start_ms", BigInteger, primary_key=True),
    Column("id", String(36), nullable=False),
    Column("landed", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("warnings", BigInteger, nullable=False),
    Column("bytes_in", BigInteger, nullable=False),
    Column("bytes_out", BigInteger, nullable=False),
    Column("first_at_ms", BigInteger, nullable=False),
    Column("last_at_ms", BigInteger, nullable=False),
    Column("measured", BigInteger, nullable=False),
    Column("latency_sum_ms", BigInteger, nullable=False),
    Column("latency_min_ms", BigInteger, nullable=False),
    Column("latency_max_ms", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False, server_default=text("0")),
    Column("deleted", BigInteger, nullable=False, server_default=text("0")),
    UniqueConstraint("scope_id", "id"),
)
flow_run_error_table = Table(
    "flow_run_error",
    metadata,
    Column("scope_id", BigInteger, primary_key=True),
    Column("flow_id", String(60), primary_key=True),
    Column("window_start_ms", BigInteger, primary_key=True),
    Column("code", String(40), primary_key=True),
    Column("record_count", BigInteger, nullable=False),
)


class Run(NamedTuple):
    """One window of a flow."""

    scope_id: int
    flow_id: str
    window_start_ms: int
    id: str
    landed: int = 0
    failed: int = 0
    """Failed records that are still kept or were given up."""
    warnings: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    first_at_ms: int = 0
    """Earliest receipt."""
    last_at_ms: int = 0
    """Latest processing."""
    measured: int = 0
    latency_sum_ms: int = 0
    latency_min_ms: int = 0
    latency_max_ms: int = 0
    updated: int = 0
    deleted: int = 0

    @property
    def processed(self) -> int:
        """Records that came to something: landed, updated or deleted."""
        return self.landed + self.updated + self.deleted


def run_id(scope_id: int, flow_id: str, window_start_ms: int) -> str:
    """The id of a window's run, known before there is one."""
    return str(uuid5(NAMESPACE_OID, f"parcours/run/{scope_id}/{flow_id}/{window_start_ms}"))


def _add_to_run(dialect: Dialect) -> Any:
    t = flow_run_table
    made = conflict_insert(dialect)(t)
    new = made.excluded
    changes: dict[str, Any] = {
        name: t.c[name] + new[name]
        for name in (
            "landed",
            "failed",
            "warnings",
            "bytes_in",
            "bytes_out",
            "measured",
            "latency_sum_ms",
            "updated",
            "deleted",
        )
    }
    for name in ("first_at_ms", "latency_min_ms"):
        changes[name] = case((new[name] < t.c[name], new[name]), else_=t.c[name])
    for name in ("last_at_ms", "latency_max_ms"):
        changes[name] = case((new[name] > t.c[name], new[name]), else_=t.c[name])
    return made.on_conflict_do_update(index_elements=[t.c.scope_id, t.c.flow_id, t.c.window_start_ms], set_=changes)


def _add_reasons(dialect: Dialect) -> Any:
    t = flow_run_error_table
    made = conflict_insert(dialect)(t)
    return made.on_conflict_do_update(
        index_elements=[t.c.scope_id, t.c.flow_id, t.c.window_start_ms, t.c.code],
        set_={"record_count": t.c.record_count + made.excluded.record_count},
    )


_ADD_TO_RUN = Bulk(
    (
        "scope_id", "flow_id", "window_start_ms", "id", "landed", "failed", "warnings", "bytes_in", "bytes_out",
        "first_at_ms", "last_at_ms", "measured", "latency_sum_ms", "latency_min_ms", "latency_max_ms",
        "updated", "deleted",
    ),
    _add_to_run,
)  # fmt: skip
_ADD_REASONS = Bulk(("scope_id", "flow_id", "window_start_ms", "code", "record_count"), _add_reasons)


def add_to_run(connection: Connection, scope_id: int, flow_id: str, window_start_ms: int, delta: RunDelta) -> None:
    """Add to the run of a flow's window, making it when it is new."""
    row = (
        scope_id,
        flow_id,
        window_start_ms,
        run_id(scope_id, flow_id, window_start_ms),
        delta.landed,
        delta.failed,
        delta.warnings,
        delta.bytes_in,
        delta.bytes_out,
        delta.first_at_ms or window_start_ms,
        delta.last_at_ms or window_start_ms,
        delta.measured,
        delta.latency_sum_ms,
        delta.latency_min_ms,
        delta.latency_max_ms,
        delta.updated,
        delta.deleted,
    )
    _ADD_TO_RUN.run(connection, [row])
    reasons = [(scope_id, flow_id, window_start_ms, code, count) for code, count in delta.reasons.items()]
    _ADD_REASONS.run(connection, reasons)


def find_runs(
    connection: Connection,
    scope_id: int,
    conditions: Sequence[ColumnElement[bool]] = (),
    *,
    start: int = 0,
    limit: int | None = None,
) -> list[Run]:
    """Runs of a sandbox, newest window first."""
    t = flow_run_table
    rows = connection.execute(
        select(t)
        .where(t.c.scope_id == scope_id, *conditions)
        .order_by(t.c.window_start_ms.desc(), t.c.flow_id)
        .offset(start)
        .limit(limit)
    )
    return [Run(*row) for row in rows]


def count_runs(connection: Connection, scope_id: int, conditions: Sequence[ColumnElement[bool]] = ()) -> int:
    """How many runs meet the conditions."""
    t = flow_run_table
    return connection.execute(
        select(func.count()).select_from(t).where(t.c.scope_id == scope_id, *conditions)
    ).scalar_one()


def find_last_runs(connection: Connection, scope_id: int, flow_ids: Collection[str]) -> dict[str, Run]:
    """The newest run of each flow that has one."""
    t = flow_run_table
    found: dict[str, Run] = {}
    for flow_id in flow_ids:
        runs = find_runs(connection, scope_id, [t.c.flow_id == flow_id], limit=1)
        if runs:
            found[flow_id] = runs[0]
    return found


def find_reasons(
    connection: Connection, scope_id: int, runs: Sequence[Run]
) -> dict[tuple[str, int], list[tuple[str, int]]]:
    """(code, records) of failures by (flow, window), commonest first."""
    t = flow_run_error_table
    found: dict[tuple[str, int], list[tuple[str, int]]] = {}
    flow_ids = sorted({run.flow_id for run in runs})
    windows = {run.window_start_ms for run in runs}
    for start in range(0, len(flow_ids), 500):
        rows = connection.execute(
            select(t)
            .where(
                t.c.scope_id == scope_id,
                t.c.flow_id.in_(flow_ids[start : start + 500]),
                t.c.window_start_ms >= min(windows),
                t.c.window_start_ms <= max(windows),
                t.c.record_count > 0,
            )
            .order_by(t.c.record_count.desc(), t.c.code)
        )
        for row in rows:
            found.setdefault((row.flow_id, row.window_start_ms), []).append((row.code, row.record_count))
    return found
