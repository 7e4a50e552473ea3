"""The counters of journeys in SQL: by hour and over all time, and the pulses that alerts look at."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Dialect,
    Index,
    Integer,
    String,
    Table,
    delete,
    func,
    select,
)

from parcours.db import metadata
from parcours.db.among import among, texts
from parcours.db.bulk import Bulk, conflict_insert
from parcours.journeys import measure_store
from parcours.journeys.counters import HOUR_US, PULSE_US, Count, Pulse, Row, pulses_of

_MAX_DETAIL = 120
counter_table = Table(
    "journey_counter",
    metadata,
    Column("scope_id", BigInteger, primary_key=True),
    Column("version_uid", String(36), primary_key=True),
    Column("hour", Integer, primary_key=True),
    Column("subject", String(80), primary_key=True),
    Column("what", String(12), primary_key=True),
    Column("detail", String(_MAX_DETAIL), primary_key=True),
    Column("count", BigInteger, nullable=False),
    Index(None, "hour"),
    sqlite_with_rowid=False,
)
"""`hour`: hours since 1970 at which it begins; -1 is the sum over all time. `version_uid`: empty without a version."""
pulse_table = Table(
    "journey_pulse",
    metadata,
    Column("scope_id", BigInteger, primary_key=True),
    Column("version_uid", String(36), primary_key=True),
    Column("node_id", String(80), primary_key=True),
    Column("slot", BigInteger, primary_key=True),
    Column("entered", Integer, nullable=False),
    Column("discarded", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("calls", Integer, nullable=False),
    Column("call_errors", Integer, nullable=False),
    Column("calls_capped", Integer, nullable=False),
    Index(None, "slot"),
    sqlite_with_rowid=False,
)
"""`slot`: tens of seconds since 1970. Rows older than what any alert looks at go."""
ALL_TIME = -1
_PULSE_NUMBERS = Pulse._fields[3:]


def _adding(table: Table, columns: Sequence[str], numbers: Sequence[str]) -> Bulk:
    """Rows that may be there: their numbers are added to."""

    def statement(dialect: Dialect) -> Any:
        made = conflict_insert(dialect)(table)
        return made.on_conflict_do_update(
            index_elements=list(table.primary_key.columns),
            set_={name: table.c[name] + made.excluded[name] for name in numbers},
        )

    return Bulk(columns, statement)


_ADD = _adding(counter_table, [column.name for column in counter_table.c], ["count"])
_ADD_PULSES = _adding(pulse_table, [column.name for column in pulse_table.c], _PULSE_NUMBERS)


def add_counts(connection: Connection, rows: Mapping[Row, int], at_us: int) -> None:
    """Add a tally's rows to the hour, to all time, and to the pulse of the moment.

    Rows are written in the order of their keys, so that two workers never wait for each other in a circle.
    """
    if not rows:
        return
    hour = at_us // HOUR_US
    slot = at_us // PULSE_US
    ordered = sorted(rows.items())
    _ADD.run(
        connection,
        [
            (scope_id, version_uid, when, subject, what, _storable(detail), count)
            for when in (ALL_TIME, hour)
            for (scope_id, version_uid, subject, what, detail), count in ordered
        ],
    )
    pulses = sorted(pulses_of(rows))
    _ADD_PULSES.run(connection, [(*pulse[:3], slot, *pulse[3:]) for pulse in pulses])


def _storable(detail: str) -> str:
    """What both databases take: a path's id may hold anything."""
    return detail.replace("\0", "\ufffd")[:_MAX_DETAIL]


_t = counter_table


def read_counts(connection: Connection, scope_id: int, version_uid: str) -> list[Count]:
    """Every figure of a version over all time."""
    rows = connection.execute(
        select(_t.c.subject, _t.c.what, _t.c.detail, _t.c.count).where(
            _t.c.scope_id == scope_id, _t.c.version_uid == version_uid, _t.c.hour == ALL_TIME
        )
    )
    return [Count(*row) for row in rows]


def count_inside(connection: Connection, scope_id: int, version_uid: str) -> int:
    """How many are inside a version, as its figures have it."""
    total = connection.execute(
        select(func.sum(_t.c.count)).where(
            _t.c.scope_id == scope_id, _t.c.version_uid == version_uid, _t.c.hour == ALL_TIME, _t.c.what == "at"
        )
    ).scalar()
    return int(total or 0)


def read_hours(
    connection: Connection, scope_id: int, version_uid: str, from_hour: int, to_hour: int
) -> dict[int, list[Count]]:
    """Figures of a version by hour, from one hour up to another, which is left out."""
    rows = connection.execute(
        select(_t.c.hour, _t.c.subject, _t.c.what, _t.c.detail, _t.c.count)
        .where(
            _t.c.scope_id == scope_id,
            _t.c.version_uid == version_uid,
            _t.c.hour >= max(from_hour, 0),
            _t.c.hour < to_hour,
        )
        .order_by(_t.c.hour)
    )
    found: dict[int, list[Count]] = {}
    for hour, *figures in rows:
        found.setdefault(hour, []).append(Count(*figures))
    return found


HourCount = tuple[str, int, str, str, int]
"""(version, hour, what, detail, number)."""


def read_hours_of(
    connection: Connection, scope_id: int, version_uids: Sequence[str], from_hour: int, whats: Sequence[str]
) -> list[HourCount]:
    """Some kinds of figures of versions by hour since one, summed over subjects."""
    if not version_uids:
        return []
    rows = connection.execute(
        select(_t.c.version_uid, _t.c.hour, _t.c.what, _t.c.detail, func.sum(_t.c.count))
        .where(
            _t.c.scope_id == scope_id,
            among(_t.c.version_uid),
            _t.c.hour >= max(from_hour, 0),
            _t.c.what.in_(whats),
        )
        .group_by(_t.c.version_uid, _t.c.hour, _t.c.what, _t.c.detail),
        {"texts": texts(version_uids)},
    )
    return [(version_uid, hour, what, detail, int(count)) for version_uid, hour, what, detail, count in rows]


class Total(NamedTuple):
    """A figure of one version, whatever its subject."""

    version_uid: str
    """Empty for events that came to no journey."""
    what: str
    detail: str
    number: int


def read_totals(connection: Connection, scope_id: int, from_hour: int, whats: Sequence[str]) -> list[Total]:
    """Some kinds of figures of every version of a sandbox since an hour, summed over subjects."""
    rows = connection.execute(
        select(_t.c.version_uid, _t.c.what, _t.c.detail, func.sum(_t.c.count))
        .where(_t.c.scope_id == scope_id, _t.c.hour >= max(from_hour, 0), _t.c.what.in_(whats))
        .group_by(_t.c.version_uid, _t.c.what, _t.c.detail)
    )
    return [Total(version_uid, what, detail, int(count)) for version_uid, what, detail, count in rows]


def read_discards(connection: Connection, scope_id: int, event_uid: str) -> list[tuple[int, str, int]]:
    """(hour, reason, count) of an event configuration's events that came to no journey; hour -1 is all time."""
    rows = connection.execute(
        select(_t.c.hour, _t.c.detail, _t.c.count)
        .where(_t.c.scope_id == scope_id, _t.c.version_uid == "", _t.c.subject == event_uid, _t.c.what == "discard")
        .order_by(_t.c.hour, _t.c.detail)
    )
    return [(hour, reason, count) for hour, reason, count in rows]


def read_pulses(connection: Connection, since_us: int) -> list[Pulse]:
    """What every version and action did since a moment, in every sandbox: for alerts, never for answering a caller."""
    p = pulse_table
    sums = [func.sum(p.c[name]) for name in _PULSE_NUMBERS]
    rows = connection.execute(
        select(p.c.scope_id, p.c.version_uid, p.c.node_id, *sums)
        .where(p.c.slot >= -(-since_us // PULSE_US))
        .group_by(p.c.scope_id, p.c.version_uid, p.c.node_id)
    )
    return [Pulse(row[0], row[1], row[2], *(int(number) for number in row[3:])) for row in rows]


def delete_counts(connection: Connection, scope_id: int, version_uids: Sequence[str]) -> None:
    """Forget the figures of versions that are deleted."""
    for table in (counter_table, pulse_table):
        connection.execute(
            delete(table).where(table.c.scope_id == scope_id, table.c.version_uid.in_(list(version_uids)))
        )
    measure_store.delete_measures(connection, scope_id, version_uids)


def trim_counts(connection: Connection, before_us: int) -> int:
    """Forget the figures of the oldest hour that lies before a moment; how many they were, 0 when there is none."""
    oldest = (
        select(_t.c.hour)
        .where(_t.c.hour > ALL_TIME, _t.c.hour < before_us // HOUR_US)
        .order_by(_t.c.hour)
        .limit(1)
        .scalar_subquery()
    )
    return connection.execute(delete(_t).where(_t.c.hour == oldest)).rowcount


def trim_pulses(connection: Connection, before_us: int) -> int:
    """Forget pulses older than a moment; how many went."""
    p = pulse_table
    return connection.execute(delete(p).where(p.c.slot < before_us // PULSE_US)).rowcount
