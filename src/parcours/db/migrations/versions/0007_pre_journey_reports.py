"""Counters of journeys, filled from the steps that are there; pulses, alerts and their notices."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

HOUR_US = 3_600_000_000
ALL_TIME = -1


def upgrade() -> None:
    """Make the tables, and count what journeys have done so far."""
    counter = op.create_table(
        "journey_counter",
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("version_uid", sa.String(length=36), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("what", sa.String(length=12), nullable=False),
        sa.Column("detail", sa.String(length=120), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "scope_id", "version_uid", "hour", "subject", "what", "detail", name=op.f("pk_journey_counter")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_journey_counter_hour"), "journey_counter", ["hour"], unique=False)
    op.create_table(
        "journey_pulse",
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("version_uid", sa.String(length=36), nullable=False),
        sa.Column("node_id", sa.String(length=80), nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.Column("entered", sa.Integer(), nullable=False),
        sa.Column("discarded", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("call_errors", sa.Integer(), nullable=False),
        sa.Column("calls_capped", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("scope_id", "version_uid", "node_id", "slot", name=op.f("pk_journey_pulse")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_journey_pulse_slot"), "journey_pulse", ["slot"], unique=False)
    op.create_table(
        "alert",
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("subscription_uid", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("journey_uid", sa.String(length=36), nullable=False),
        sa.Column("version_uid", sa.String(length=36), nullable=False),
        sa.Column("node_id", sa.String(length=80), nullable=False),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.Column("part", sa.BigInteger(), nullable=False),
        sa.Column("whole", sa.BigInteger(), nullable=False),
        sa.Column("worst", sa.Float(), nullable=False),
        sa.Column("opened_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_above_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("uid", name=op.f("pk_alert")),
    )
    op.create_index(op.f("ix_alert_scope_id_opened_at_ms"), "alert", ["scope_id", "opened_at_ms"], unique=False)
    op.create_index(op.f("ix_alert_resolved_at_ms"), "alert", ["resolved_at_ms"], unique=False)
    op.create_table(
        "alert_notice",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("alert_uid", sa.String(length=36), nullable=False),
        sa.Column("subscription_uid", sa.String(length=36), nullable=False),
        sa.Column("event", sa.String(length=12), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_notice")),
    )
    op.create_index(op.f("ix_alert_notice_state_next_at_ms"), "alert_notice", ["state", "next_at_ms"], unique=False)
    op.create_index(op.f("ix_alert_notice_alert_uid"), "alert_notice", ["alert_uid"], unique=False)
    rows = _count(op.get_bind())
    for start in range(0, len(rows), 1_000):
        op.bulk_insert(counter, rows[start : start + 1_000])


def _count(connection: sa.Connection) -> list[dict[str, Any]]:
    """The rows that `journeys/counters.py` would have written, but for refused events and times of calls."""
    counts: Counter[tuple[int, str, int, str, str, str]] = Counter()
    for scope_id, version_uid, status, node_id, steps in _instances(connection):
        for at_us, subject, what, detail in _figures(status, node_id, steps):
            counts[scope_id, version_uid, ALL_TIME, subject, what, detail] += 1
            if at_us:
                counts[scope_id, version_uid, at_us // HOUR_US, subject, what, detail] += 1
    names = ("scope_id", "version_uid", "hour", "subject", "what", "detail", "count")
    return [dict(zip(names, (*key, count), strict=True)) for key, count in sorted(counts.items())]


def _figures(status: str, node_id: str | None, steps: list[list[Any]]) -> Iterator[tuple[int, str, str, str]]:
    """(when, or 0 for all time alone; subject; what; detail) of one instance."""
    is_over = False
    for index, step in enumerate(steps):
        _, at_us, _, where, _, _, _, step_status, event_uid, is_processed, is_entrance, is_ended, *more = step
        if is_entrance:
            yield at_us, event_uid, "entered", ""
        if is_ended:
            yield at_us, where, "ended", f"{step_status} {status}"
            is_over = True
        elif is_processed:
            yield at_us, where, "left", f"{step_status} {more[2]}"
            following = steps[index + 1][3] if index + 1 < len(steps) else node_id
            if following is not None:
                yield at_us, following, "arrived", ""
    if node_id is not None:
        yield 0, node_id, "at", ""
    elif not is_over:
        yield 0, "", "ended", f"none {status}"


def _instances(connection: sa.Connection) -> Iterator[tuple[int, str, str, str | None, list[list[Any]]]]:
    """(scope, version, status, node, steps in order) of every instance."""
    statement = sa.text(
        "SELECT i.id, i.scope_id, i.version_uid, i.status, i.node_id, s.steps FROM journey_instance i "
        "LEFT JOIN journey_step s ON s.instance_id = i.id ORDER BY i.id, s.seq"
    )
    rows = connection.execute(statement.execution_options(yield_per=1_000))
    last: tuple[Any, ...] | None = None
    steps: list[list[Any]] = []
    for instance_id, *of_instance, text in rows:
        if last is not None and last[0] != instance_id:
            yield (*last[1:], steps)
            steps = []
        last = (instance_id, *of_instance)
        steps += json.loads(text) if text else []
    if last is not None:
        yield (*last[1:], steps)
