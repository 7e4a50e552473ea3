"""The doctor's SQL: instances, timers and calls in parts, in the order of ids; what repairs write."""

from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, func, select

from parcours.db.among import among, texts
from parcours.delivery.model import idempotency_key
from parcours.delivery.store import outbox_table
from parcours.doctor.model import Part, Timer, Unreadable, Waiting
from parcours.journeys.counter_store import counter_table
from parcours.journeys.counters import HOUR_US
from parcours.journeys.engine import INTERNAL_ERROR
from parcours.journeys.store import instance_table, timer_table
from parcours.lake.store import lake_chunk_table

_i, _t, _o, _l, _c = instance_table.c, timer_table.c, outbox_table.c, lake_chunk_table.c, counter_table.c
_BOUNDARY = select(_i.id).where(_i.id > bindparam("after")).order_by(_i.id).offset(bindparam("skip")).limit(1)
_INSTANCES = (
    select(_i.id, _i.partition, _i.scope_id, _i.version_uid, _i.node_id, _i.waiting_for, _i.state)
    .where(_i.id > bindparam("after"), _i.node_id.is_not(None))
    .order_by(_i.id)
)
_INSTANCES_UPTO = _INSTANCES.where(_i.id <= bindparam("upto"))
_TIMERS = select(_t.instance_id, _t.node_id, _t.pass_no, _t.due_at_us).where(_t.instance_id > bindparam("after"))
_TIMERS_UPTO = _TIMERS.where(_t.instance_id <= bindparam("upto"))
_CALLS = select(_o.instance_id, _o.pass_no).where(among(_o.idempotency_key))


def read_part(connection: Connection, after: str, size: int, upto: str | None = "") -> Part:
    """The next `size` instances after an id, those in no journey counted; with `upto` given, the range that ends there.

    The range of the last part is open, so that it takes in timers after the last instance.
    """
    if upto == "":
        upto = connection.execute(_BOUNDARY, {"after": after, "skip": size - 1}).scalar()
    bounds = {"after": after} if upto is None else {"after": after, "upto": upto}
    rows = connection.execute(_INSTANCES if upto is None else _INSTANCES_UPTO, bounds)
    instances: dict[str, Waiting] = {}
    unreadable: list[Unreadable] = []
    for row_id, partition, scope_id, version_uid, node_id, waiting_for, state in rows:
        try:
            # state: deadline, pass, steps, parent node, parent transition, last error, held since … (journeys/state.py)
            deadline_us, pass_no, _, _, _, _, held_since_us, *_ = orjson.loads(state)
        except (ValueError, TypeError):  # no JSON, too short, or no list at all
            unreadable.append(Unreadable(row_id, scope_id, version_uid, node_id))
            continue
        instances[row_id] = Waiting(
            row_id, partition, scope_id, version_uid, node_id, waiting_for, deadline_us, pass_no, held_since_us
        )
    timers: dict[str, list[Timer]] = {}
    for row in connection.execute(_TIMERS if upto is None else _TIMERS_UPTO, bounds):
        timers.setdefault(row[0], []).append(Timer._make(row))
    keys = [idempotency_key(i.id, i.pass_no) for i in instances.values() if i.waiting_for in ("action", "fetch")]
    calls: frozenset[tuple[str, int]] = frozenset()
    if keys:
        calls = frozenset((one, pass_no) for one, pass_no in connection.execute(_CALLS, {"texts": texts(keys)}))
    return Part(instances, timers, calls, upto, tuple(unreadable))


def count_overdue(connection: Connection, before_us: int) -> tuple[int, int | None]:
    """How many timers are due before a time, and when the first is due of all there are."""
    count = connection.execute(select(func.count()).where(_t.due_at_us < before_us)).scalar_one()
    return count, connection.execute(select(func.min(_t.due_at_us))).scalar()


def count_timers(connection: Connection) -> int:
    """How many timers there are."""
    return connection.execute(select(func.count()).select_from(timer_table)).scalar_one()


def count_calls(connection: Connection, before_us: int) -> tuple[int, int, int | None]:
    """(calls of the outbox, those whose time limit was over before a time, when the oldest was put there)."""
    count, oldest_us = connection.execute(select(func.count(), func.min(_o.created_at_us))).one()
    late = connection.execute(select(func.count()).where(_o.deadline_us < before_us)).scalar_one()
    return count, late, oldest_us


def count_staged(connection: Connection) -> tuple[int, int | None]:
    """(records that wait for the lake, since when the oldest does, in milliseconds since 1970)."""
    records, oldest_ms = connection.execute(select(func.sum(_l.record_count), func.min(_l.staged_at_ms))).one()
    return int(records or 0), oldest_ms


def count_set_aside(connection: Connection, since_us: int) -> list[tuple[str, str, str, int]]:
    """What the code failed on since the hour of a moment: (version, or empty; node or event; what, how often).

    what: `reason` for instances that ended in error, `discard` for events and members that journeys didn't take.
    """
    total = func.sum(_c.count)
    rows = connection.execute(
        select(_c.version_uid, _c.subject, _c.what, total)
        .where(_c.hour >= since_us // HOUR_US, _c.what.in_(("reason", "discard")), _c.detail == INTERNAL_ERROR)
        .group_by(_c.scope_id, _c.version_uid, _c.subject, _c.what)
        .order_by(total.desc(), _c.version_uid, _c.subject)
    )
    return [(version_uid, subject, what, int(count)) for version_uid, subject, what, count in rows]


def count_inside(connection: Connection, scope_id: int, version_uid: str) -> int:
    """How many are inside a version."""
    statement = select(func.count()).where(
        _i.scope_id == scope_id, _i.version_uid == version_uid, _i.node_id.is_not(None)
    )
    found: int = connection.execute(statement).scalar_one()
    return found


def as_timer_row(instance: Waiting, node_id: str, pass_no: int, due_at_us: int, kind: str) -> tuple[Any, ...]:
    """A row for `journeys.store.insert_timers`."""
    return instance.id, node_id, pass_no, instance.partition, due_at_us, kind
