"""One statement for many rows, bound by the driver: Core's own binding costs as much again as the write itself."""

from collections.abc import Callable, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, Insert, Table, insert
from sqlalchemy.dialects import postgresql, sqlite

_ROWS = 100
"""How many rows SQLite takes at a time: a statement for each costs a quarter more."""


class Bulk:
    """A write whose rows are tuples in the order of `columns`; compiled once for each kind of database.

    Values go to the driver as they are: text, integers, bytes, None. No type of ours converts them.
    """

    def __init__(self, columns: Sequence[str], statement: Callable[[Dialect], Any]) -> None:
        """statement: made for a dialect; its parameters are named like the columns."""
        self._columns = tuple(columns)
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def run(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Execute for every row; for none, nothing happens."""
        if not rows:
            return
        found = self._compiled.get(connection.dialect.name)
        if found is None:
            found = self._compiled[connection.dialect.name] = self._compile(connection.dialect)
        one, many, bind = found
        if bind is not None:
            rows = [bind(row) for row in rows]
        if many is not None and len(rows) >= _ROWS:
            whole = len(rows) - len(rows) % _ROWS
            blocks = [tuple(chain.from_iterable(rows[i : i + _ROWS])) for i in range(0, whole, _ROWS)]
            connection.exec_driver_sql(many, blocks)
            rows = rows[whole:]
        if rows:
            connection.exec_driver_sql(one, rows)

    def _compile(self, dialect: Dialect) -> "_Compiled":
        statement = self._statement(dialect)
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(self._columns))
        columns, one = self._columns, str(compiled)
        if not compiled.positional:
            return _Compiled(one, None, lambda row: dict(zip(columns, row, strict=True)))
        order = [columns.index(name) for name in compiled.positiontup]
        bind = None if order == list(range(len(columns))) else itemgetter(*order)
        values = f"VALUES ({', '.join('?' * len(order))})"
        many = one.replace(values, values + f", {values[7:]}" * (_ROWS - 1)) if values in one else None
        return _Compiled(one, many, bind)


class _Compiled(NamedTuple):
    one: str
    """For one row."""
    many: str | None
    """For `_ROWS` rows, where the driver has no faster way for many."""
    bind: Callable[[tuple[Any, ...]], Any] | None
    """What the driver takes for a row, where that is not the row."""


def bulk_insert(table: Table, columns: Sequence[str]) -> Bulk:
    """Rows that are new."""
    return Bulk(columns, lambda _dialect: insert(table))


def bulk_upsert(table: Table, columns: Sequence[str], update: Sequence[str] = ()) -> Bulk:
    """Rows that may be there: of those, the `update` columns are overwritten; without any, they stay as they were."""

    def statement(dialect: Dialect) -> Any:
        made = conflict_insert(dialect)(table)
        if not update:
            return made.on_conflict_do_nothing()
        return made.on_conflict_do_update(
            index_elements=list(table.primary_key.columns), set_={name: made.excluded[name] for name in update}
        )

    return Bulk(columns, statement)


def conflict_insert(dialect: Dialect) -> Callable[[Table], Any]:
    """The dialect's INSERT that knows ON CONFLICT."""
    makers: dict[str, Callable[[Table], Insert]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
    return makers[dialect.name]
