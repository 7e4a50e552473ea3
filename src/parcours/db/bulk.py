"""One statement for many rows, bound by the driver: Core's own binding costs as much again as the write itself."""

from collections.abc import Callable, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, Insert, Table, insert
from sqlalchemy.dialects import postgresql, sqlite

_ROWS = 100
"""How many rows SQLite takes at a time: a statement for each costs a quarter more."""
_OWN = 2
"""Values that a row has for itself, at least."""
_STATEMENTS = 16
"""Most statements for one write, each with other values shared."""


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
        if found.bind is not None:
            rows = list(map(found.bind, rows))
        if found.many is not None and len(rows) >= _ROWS:
            whole = len(rows) - len(rows) % _ROWS
            connection.exec_driver_sql(*found.many.fill(rows[:whole]))
            rows = rows[whole:]
        if rows:
            connection.exec_driver_sql(found.one, rows)

    def _compile(self, dialect: Dialect) -> "_Compiled":
        statement = self._statement(dialect)
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(self._columns))
        columns, one = self._columns, str(compiled)
        if not compiled.positional:
            return _Compiled(one, None, lambda row: dict(zip(columns, row, strict=True)))
        order = [columns.index(name) for name in compiled.positiontup]
        bind = None if order == list(range(len(columns))) else itemgetter(*order)
        values = f"VALUES ({', '.join('?' * len(order))})"
        return _Compiled(one, _Many(one, values, len(order)) if values in one and len(order) >= _OWN else None, bind)


class _Compiled(NamedTuple):
    one: str
    """For one row."""
    many: "_Many | None"
    """For `_ROWS` rows, where the driver has no faster way for many."""
    bind: Callable[[tuple[Any, ...]], Any] | None
    """What the driver takes for a row, where that is not the row."""


class _Many:
    """A statement for `_ROWS` rows at a time. What all rows have in common is bound once: to bind costs as much as half
    of a write.
    """

    def __init__(self, one: str, values: str, width: int) -> None:
        """one: the statement for one row; values: what stands in it for the row; width: how many values that is."""
        self._before, self._after = one.split(values)
        self._width = width
        self._known: dict[int, tuple[str, Callable[[tuple[Any, ...]], Any]]] = {}
        """By bits of the places whose value is shared."""

    def fill(self, rows: Sequence[tuple[Any, ...]]) -> tuple[str, list[tuple[Any, ...]]]:
        """The statement for rows, and its parameters for each `_ROWS` of them. Their number is a multiple of that."""
        text, own = self._find(self._shared(rows))
        blocks = [
            (*rows[i], *chain.from_iterable(map(own, rows[i + 1 : i + _ROWS]))) for i in range(0, len(rows), _ROWS)
        ]
        return text, blocks

    def _shared(self, rows: Sequence[tuple[Any, ...]]) -> int:
        columns = zip(*rows, strict=True)
        found = [
            n for n, column in enumerate(columns) if column[0] == column[-1] and column.count(column[0]) == len(rows)
        ]
        return sum(1 << n for n in found[: self._width - _OWN])

    def _find(self, shared: int) -> tuple[str, Callable[[tuple[Any, ...]], Any]]:
        """The statement in which these places are shared; or fewer, when there are too many statements already."""
        known = self._known
        if shared not in known:
            if len(known) >= _STATEMENTS:
                return known[max((one for one in known if one & ~shared == 0), key=int.bit_count)]
            known.setdefault(0, self._make(0))
            known[shared] = self._make(shared)
        return known[shared]

    def _make(self, shared: int) -> tuple[str, Callable[[tuple[Any, ...]], Any]]:
        # A "?" takes the number after the highest one so far: in the first row all are in order, and with few of them
        # numbered no driver needs long to ask what a parameter is called.
        is_shared = [bool(shared >> n & 1) for n in range(self._width)]
        first = ", ".join(f"?{n + 1}" if is_one else "?" for n, is_one in enumerate(is_shared))
        own = itemgetter(*[n for n, is_one in enumerate(is_shared) if not is_one])
        return f"{self._before}VALUES {', '.join([f'({first})'] * _ROWS)}{self._after}", own


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
