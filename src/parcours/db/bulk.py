"""One statement for many rows, bound by the driver: Core's own binding costs as much again as the write itself."""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, Insert, Table, insert
from sqlalchemy.dialects import postgresql, sqlite


class Bulk:
    """A write whose rows are tuples in the order of `columns`; compiled once for each kind of database.

    Values go to the driver as they are: text, integers, bytes, None. No type of ours converts them.
    """

    def __init__(self, columns: Sequence[str], statement: Callable[[Dialect], Any]) -> None:
        """statement: made for a dialect; its parameters are named like the columns."""
        self._columns = tuple(columns)
        self._statement = statement
        self._compiled: dict[str, tuple[str, Callable[[tuple[Any, ...]], Any] | None]] = {}

    def run(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Execute for every row; for none, nothing happens."""
        if not rows:
            return
        found = self._compiled.get(connection.dialect.name)
        if found is None:
            found = self._compiled[connection.dialect.name] = self._compile(connection.dialect)
        sql, bind = found
        connection.exec_driver_sql(sql, rows if bind is None else [bind(row) for row in rows])

    def _compile(self, dialect: Dialect) -> tuple[str, Callable[[tuple[Any, ...]], Any] | None]:
        compiled: Any = self._statement(dialect).compile(dialect=dialect, column_keys=list(self._columns))
        columns = self._columns
        if not compiled.positional:
            return str(compiled), lambda row: dict(zip(columns, row, strict=True))
        order = [columns.index(name) for name in compiled.positiontup]
        return str(compiled), None if order == list(range(len(columns))) else itemgetter(*order)


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
