"""What operators look at, in SQL: each statement reads few rows, or stops counting."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Column, Connection, func, select

from parcours.channels.store import message_table
from parcours.dataflow.store import failed_record_table
from parcours.delivery.store import outbox_table
from parcours.flows.store import flow_run_table
from parcours.journeys.counter_store import counter_table
from parcours.journeys.counters import Pulse
from parcours.journeys.store import timer_table
from parcours.lake.store import lake_chunk_table

MAX_COUNTED = 100_000
"""What is more is told as so many."""


class Backlog(NamedTuple):
    """Something that waits."""

    number: int
    """At most MAX_COUNTED."""
    oldest: int | None
    """Since when the first of it waits, in the unit of its table."""


def _capped(connection: Connection, column: Column[int], *conditions: object) -> int:
    some = select(column).where(*conditions).limit(MAX_COUNTED).subquery()  # type: ignore[arg-type]
    return int(connection.execute(select(func.count()).select_from(some)).scalar_one())


def read_outbox(connection: Connection) -> Backlog:
    """Calls without an answer, of every sandbox; since when in microseconds."""
    c = outbox_table.c
    oldest = connection.execute(select(c.created_at_us).order_by(c.id).limit(1)).scalar()
    return Backlog(_capped(connection, c.id), oldest)


def read_due(connection: Connection, now_us: int) -> Backlog:
    """Timers whose moment has come, of every sandbox; the earliest moment in microseconds."""
    c = timer_table.c
    count = _capped(connection, c.due_at_us, c.due_at_us <= now_us)
    oldest = connection.execute(select(func.min(c.due_at_us))).scalar() if count else None
    return Backlog(count, oldest)


def read_staged(connection: Connection, scope_id: int) -> Backlog:
    """Records that wait for the lake; since when in milliseconds."""
    c = lake_chunk_table.c
    statement = select(func.sum(c.record_count), func.min(c.staged_at_ms)).where(c.scope_id == scope_id)
    count, oldest = connection.execute(statement).one()
    return Backlog(int(count or 0), oldest)


def count_failed(connection: Connection, scope_id: int) -> int:
    """Failed records at rest or being tried again."""
    c = failed_record_table.c
    return _capped(connection, c.received_at_ms, c.scope_id == scope_id)


def read_flows(connection: Connection, scope_id: int, since_ms: int) -> tuple[int, int]:
    """(processed, failed) records of flows in the windows since a moment."""
    c = flow_run_table.c
    statement = select(func.sum(c.landed + c.updated + c.deleted), func.sum(c.failed)).where(
        c.scope_id == scope_id, c.window_start_ms >= since_ms
    )
    processed, failed = connection.execute(statement).one()
    return int(processed or 0), int(failed or 0)


def read_calls(connection: Connection, scope_id: int, from_hour: int) -> list[tuple[str, str, str, str, int]]:
    """(version, node, "call" | "duration", detail, number) since an hour."""
    c = counter_table.c
    rows = connection.execute(
        select(c.version_uid, c.subject, c.what, c.detail, func.sum(c.count))
        .where(c.scope_id == scope_id, c.hour >= from_hour, c.what.in_(("call", "duration")))
        .group_by(c.version_uid, c.subject, c.what, c.detail)
    )
    return [(version, node, what, detail, int(number)) for version, node, what, detail, number in rows]


def read_messages(connection: Connection, scope_id: int, since_ms: int) -> list[tuple[str, str, int]]:
    """(channel, status, number) of messages since a moment."""
    c = message_table.c
    rows = connection.execute(
        select(c.channel, c.status, func.count())
        .where(c.scope_id == scope_id, c.at_ms >= since_ms)
        .group_by(c.channel, c.status)
        .order_by(c.channel, c.status)
    )
    return [(channel, status, int(number)) for channel, status, number in rows]


def rates_of(pulses: Sequence[Pulse], scope_id: int, seconds: float) -> dict[str, float]:
    """What a sandbox's journeys did a second, from the pulses of so many seconds."""
    mine = [pulse for pulse in pulses if pulse.scope_id == scope_id]
    names = {"entered": "entered", "discarded": "discarded", "failed": "failed", "calls": "calls",
             "callErrors": "call_errors"}  # fmt: skip
    return {shown: round(sum(getattr(pulse, name) for pulse in mine) / seconds, 3) for shown, name in names.items()}
