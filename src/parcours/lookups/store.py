"""Rows of data sets by key, and how far those that landed earlier are, in SQL."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Dialect,
    Integer,
    String,
    Table,
    Text,
    bindparam,
    delete,
    func,
    select,
    update,
)

from parcours.db import metadata
from parcours.db.among import among, texts
from parcours.db.bulk import Bulk, bulk_upsert, conflict_insert
from parcours.lookups.errors import LookupInvalid, LookupTooLarge
from parcours.lookups.model import MAX_ANSWER_BYTES, MAX_FIELDS, MAX_KEYS, Load, LoadedRow, LoadState
from parcours.profile.projection import project

lookup_row_table = Table(
    "lookup_row",
    metadata,
    Column("scope_id", BigInteger, primary_key=True),
    Column("dataset_id", String(60), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("updated_at_us", BigInteger, nullable=False),
    Column("byte_count", Integer, nullable=False),
    Column("body", Text),  # NULL: longer than a row may be
    sqlite_with_rowid=False,
)
lookup_load_table = Table(
    "lookup_load",
    metadata,
    Column("scope_id", BigInteger, primary_key=True),
    Column("dataset_id", String(60), primary_key=True),
    Column("state", String(8), nullable=False),
    Column("since_us", BigInteger, nullable=False),
    Column("row_count", BigInteger, nullable=False),
    Column("left_out_count", BigInteger, nullable=False),
    Column("reason", Text),
)
"""One row for each data set that is enabled, and for one whose rows are still to go."""
_r = lookup_row_table
_l = lookup_load_table
_COLUMNS = ("scope_id", "dataset_id", "key", "updated_at_us", "byte_count", "body")

_PUT = bulk_upsert(_r, _COLUMNS, update=("updated_at_us", "byte_count", "body"))


def _take_over(dialect: Dialect) -> Any:
    made = conflict_insert(dialect)(_r)
    return made.on_conflict_do_update(
        index_elements=list(_r.primary_key.columns),
        set_={name: made.excluded[name] for name in ("updated_at_us", "byte_count", "body")},
        where=_r.c.updated_at_us <= made.excluded.updated_at_us,
    )


_TAKE_OVER = Bulk(_COLUMNS, _take_over)
_OF = (_r.c.scope_id == bindparam("of_scope"), _r.c.dataset_id == bindparam("of_data_set"))
_FIND = select(_r.c.key, _r.c.body, _r.c.byte_count).where(*_OF, among(_r.c.key))
_DELETE = delete(_r).where(*_OF, among(_r.c.key))

Row = tuple[int, str, str, int, int, str | None]
"""(scope, data set, key, updated_at_us, byte count, body)."""


def put_rows(connection: Connection, rows: Sequence[Row]) -> None:
    """Write rows; of one that is there the later takes the place, whole."""
    _PUT.run(connection, rows)


def take_over_rows(connection: Connection, rows: Sequence[Row]) -> None:
    """Write rows that landed earlier: one that was written after their `updated_at_us` stays as it is."""
    _TAKE_OVER.run(connection, rows)


def find_loaded(connection: Connection, scope_id: int, dataset_id: str, keys: Iterable[str]) -> dict[str, LoadedRow]:
    """key → row, of those that are there."""
    wanted = {"of_scope": scope_id, "of_data_set": dataset_id, "texts": texts(keys)}
    return {
        key: LoadedRow(key, None if body is None else orjson.loads(body), byte_count)
        for key, body, byte_count in connection.execute(_FIND, wanted)
    }


def find_rows(
    connection: Connection, scope_id: int, dataset_id: str, keys: Sequence[str], fields: Sequence[str]
) -> list[dict[str, Any]]:
    """The rows of the keys, in their order, with the chosen fields alone; keys that no row has are passed over.

    A key that is named twice counts once. fields: dotted paths, as `profile.projection.project` takes them; none
    means the whole row. Raises LookupInvalid above 50 keys or 20 fields, LookupTooLarge when a row is longer than
    one may be, or the answer above 10 KB. Source: journeys §8.15.
    """
    if len(keys) > MAX_KEYS:
        raise LookupInvalid(f"a lookup has at most {MAX_KEYS} keys; these are {len(keys)}", "$.keys")
    if len(fields) > MAX_FIELDS:
        raise LookupInvalid(f"a lookup has at most {MAX_FIELDS} fields; these are {len(fields)}", "$.fields")
    wanted = list(dict.fromkeys(key for key in keys if "\0" not in key))
    found = find_loaded(connection, scope_id, dataset_id, wanted)
    rows: list[dict[str, Any]] = []
    for key in wanted:
        row = found.get(key)
        if row is None:
            continue
        if row.body is None:
            raise LookupTooLarge(f"the row has {row.byte_count} bytes, more than a lookup keeps of one", "$.keys")
        rows.append(project(row.body, fields))
    size = len(orjson.dumps(rows))
    if size > MAX_ANSWER_BYTES:
        raise LookupTooLarge(
            f"the answer has {size} bytes, more than {MAX_ANSWER_BYTES}: ask for fewer fields or keys", "$.fields"
        )
    return rows


def count_rows(connection: Connection, scope_id: int, dataset_id: str) -> int:
    """How many rows a data set has."""
    statement = select(func.count()).select_from(_r).where(*_OF)
    return connection.execute(statement, {"of_scope": scope_id, "of_data_set": dataset_id}).scalar() or 0


def delete_older(
    connection: Connection, scope_id: int, dataset_id: str, before_us: int, after_key: str, limit: int
) -> str | None:
    """Remove rows written before a time, among the next `limit`; the key to go on after, None at the end."""
    of = {"of_scope": scope_id, "of_data_set": dataset_id}
    page = connection.execute(
        select(_r.c.key, _r.c.updated_at_us).where(*_OF, _r.c.key > after_key).order_by(_r.c.key).limit(limit), of
    ).all()
    old = [key for key, at_us in page if at_us < before_us]
    if old:
        connection.execute(_DELETE, {**of, "texts": texts(old)})
    return page[-1][0] if len(page) == limit else None


# --- loads ---


def set_load(connection: Connection, scope_id: int, dataset_id: str, state: LoadState, since_us: int) -> None:
    """Begin to load a data set's rows, or to remove them; what was under way before is forgotten."""
    values = {"state": state, "since_us": since_us, "row_count": 0, "left_out_count": 0, "reason": None}
    statement = conflict_insert(connection.dialect)(_l).values(scope_id=scope_id, dataset_id=dataset_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=[_l.c.scope_id, _l.c.dataset_id], set_=values))


def find_load(connection: Connection, scope_id: int, dataset_id: str) -> Load | None:
    """How far a data set is."""
    row = connection.execute(select(_l).where(_l.c.scope_id == scope_id, _l.c.dataset_id == dataset_id)).first()
    return None if row is None else Load(*row)


def find_loads(connection: Connection, limit: int | None = None) -> list[Load]:
    """Data sets whose rows are still to be loaded, or to go."""
    statement = select(_l).where(_l.c.state != "ready").order_by(_l.c.since_us, _l.c.dataset_id)
    return [Load(*row) for row in connection.execute(statement if limit is None else statement.limit(limit))]


def move_load(
    connection: Connection,
    load: Load,
    *,
    state: LoadState = "loading",
    row_count: int = 0,
    left_out_count: int = 0,
    reason: str | None = None,
) -> bool:
    """Note how far a load is; False when it was begun anew or given up meanwhile, and nothing is written."""
    done = connection.execute(
        update(_l)
        .where(
            _l.c.scope_id == load.scope_id,
            _l.c.dataset_id == load.dataset_id,
            _l.c.state == load.state,
            _l.c.since_us == load.since_us,
        )
        .values(state=state, row_count=row_count, left_out_count=left_out_count, reason=reason)
    )
    return done.rowcount == 1


def delete_load(connection: Connection, load: Load) -> None:
    """Nothing of a data set is left, unless it was enabled anew meanwhile."""
    connection.execute(
        delete(_l).where(
            _l.c.scope_id == load.scope_id,
            _l.c.dataset_id == load.dataset_id,
            _l.c.state == load.state,
            _l.c.since_us == load.since_us,
        )
    )
