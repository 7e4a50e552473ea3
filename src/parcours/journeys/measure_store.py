"""What individuals got in experiments, and which outcomes were counted for them, in SQL."""

from collections.abc import Iterable, Sequence

from sqlalchemy import BigInteger, Column, Connection, Index, String, Table, Text, bindparam, delete, select

from parcours.db import metadata
from parcours.db.among import among, texts
from parcours.db.bulk import bulk_upsert
from parcours.journeys.counters import HOUR_US
from parcours.journeys.measuring import Assignment, Conversion, NewAssignment, NewConversion

assignment_table = Table(
    "journey_assignment",
    metadata,
    Column("version_uid", String(36), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("node_id", String(64), primary_key=True),
    Column("scope_id", BigInteger, nullable=False),
    Column("path", String(64), nullable=False),
    Column("assigned_at_us", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""The path an individual has in an experiment, for as long as the version is there. `path`: empty for the hold-out."""
conversion_table = Table(
    "journey_conversion",
    metadata,
    Column("version_uid", String(36), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("metric", String(40), primary_key=True),
    Column("node_id", String(64), primary_key=True),
    Column("instance_id", String(32), primary_key=True),
    Column("scope_id", BigInteger, nullable=False),
    Column("converted_at_us", BigInteger, nullable=False),
    Index(None, "node_id", "converted_at_us"),
    sqlite_with_rowid=False,
)
"""Counted once: for an entrance, without `node_id`, or for an individual in an experiment, without `instance_id`."""
_INSERT_ASSIGNMENTS = bulk_upsert(assignment_table, [column.name for column in assignment_table.c])
_INSERT_CONVERSIONS = bulk_upsert(conversion_table, [column.name for column in conversion_table.c])
_a, _c = assignment_table.c, conversion_table.c
_ASSIGNMENTS = select(_a.key, _a.node_id, _a.path).where(_a.version_uid == bindparam("version_uid"), among(_a.key))
_CONVERSIONS = select(_c.key, _c.metric, _c.node_id, _c.instance_id).where(
    _c.version_uid == bindparam("version_uid"), among(_c.key)
)


class StoredMeasures:
    """See `measuring.Memory`: the tables, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def assignments(self, version_uid: str, keys: Iterable[str]) -> list[Assignment]:
        """See `Memory`."""
        rows = self._connection.execute(_ASSIGNMENTS, {"version_uid": version_uid, "texts": texts(keys)})
        return [(key, node_id, path) for key, node_id, path in rows]

    def conversions(self, version_uid: str, keys: Iterable[str]) -> set[Conversion]:
        """See `Memory`."""
        rows = self._connection.execute(_CONVERSIONS, {"version_uid": version_uid, "texts": texts(keys)})
        return {(key, metric, node_id, instance_id) for key, metric, node_id, instance_id in rows}

    def assign(self, rows: Sequence[NewAssignment]) -> None:
        """See `Memory`."""
        _INSERT_ASSIGNMENTS.run(self._connection, rows)

    def convert(self, rows: Sequence[NewConversion]) -> None:
        """See `Memory`."""
        _INSERT_CONVERSIONS.run(self._connection, rows)


def delete_measures(connection: Connection, scope_id: int, version_uids: Sequence[str]) -> None:
    """Forget what was measured of versions that are deleted."""
    for table in (assignment_table, conversion_table):
        connection.execute(
            delete(table).where(table.c.scope_id == scope_id, table.c.version_uid.in_(list(version_uids)))
        )


def trim_conversions(connection: Connection, before_us: int) -> bool:
    """Forget an hour of the entrances counted before a moment; whether it had any. Nothing is put down to them now."""
    is_old = (_c.node_id == "", _c.converted_at_us < before_us)
    oldest = select(_c.converted_at_us).where(*is_old).order_by(_c.converted_at_us).limit(1)
    oldest_us = connection.execute(oldest).scalar()
    if oldest_us is None:
        return False
    connection.execute(delete(conversion_table).where(*is_old, _c.converted_at_us < oldest_us + HOUR_US))
    return True
