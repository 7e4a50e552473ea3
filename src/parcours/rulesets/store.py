"""Counts of rules in SQL: how often something happened to an individual in a window. Without a rule there is no row."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Dialect, Integer, String, Table, Text, bindparam, delete, select

from parcours.db import metadata
from parcours.db.among import among, texts
from parcours.db.bulk import Bulk, conflict_insert
from parcours.rulesets.ledger import Place

count_table = Table(
    "rule_count",
    metadata,
    Column("scope_id", BigInteger, primary_key=True),
    Column("person", Text, primary_key=True),
    Column("rule", String(120), primary_key=True),
    Column("start_us", BigInteger, primary_key=True),
    Column("end_us", BigInteger, primary_key=True, index=True),
    Column("number", Integer, nullable=False),
    sqlite_with_rowid=False,
)
_COLUMNS = ("scope_id", "person", "rule", "start_us", "end_us", "number")
_FIND = select(*count_table.c).where(
    count_table.c.scope_id == bindparam("scope_id"),
    among(count_table.c.person),
    count_table.c.end_us > bindparam("now_us"),
)


def find_counts(connection: Connection, scope_id: int, people: Iterable[str], now_us: int) -> list[tuple[Place, int]]:
    """The counts of individuals in windows that are not over."""
    given = {"scope_id": scope_id, "texts": texts(people), "now_us": now_us}
    return [
        (Place(row.scope_id, row.person, row.rule, row.start_us, row.end_us), row.number)
        for row in connection.execute(_FIND, given)
    ]


def _add(dialect: Dialect) -> Any:
    made = conflict_insert(dialect)(count_table)
    return made.on_conflict_do_update(
        index_elements=list(count_table.primary_key.columns),
        set_={"number": count_table.c.number + made.excluded.number},
    )


_ADD = Bulk(_COLUMNS, _add)


def add_counts(connection: Connection, added: Mapping[Place, int]) -> None:
    """Add to the counts, or begin them."""
    _ADD.run(connection, [(*place, number) for place, number in sorted(added.items())])


def trim_counts(connection: Connection, before_us: int) -> int:
    """Forget windows that ended before a moment; how many counts they were."""
    return connection.execute(delete(count_table).where(count_table.c.end_us <= before_us)).rowcount
