"""Many rows in one statement, on each database."""

import pytest
from sqlalchemy import BigInteger, Column, MetaData, Table, Text, select
from sqlalchemy.exc import IntegrityError

from parcours.db import Database
from parcours.db.bulk import bulk_insert, bulk_upsert

_METADATA = MetaData()
ONE_ID = Table(
    "bulk_rows", _METADATA, Column("id", BigInteger, primary_key=True), Column("a", Text), Column("b", BigInteger)
)
INSERT = bulk_insert(ONE_ID, ("id", "a", "b"))
IN_ANOTHER_ORDER = bulk_insert(ONE_ID, ("b", "id", "a"))
KEEP = bulk_upsert(ONE_ID, ("id", "a", "b"))
PUT = bulk_upsert(ONE_ID, ("id", "a", "b"), update=("b",))


@pytest.fixture
def table(db: Database) -> Database:
    with db.write() as connection:
        _METADATA.create_all(connection)
    return db


def rows_of(db: Database) -> list[tuple[int, str | None, int]]:
    with db.read() as connection:
        return [tuple(row) for row in connection.execute(select(ONE_ID).order_by(ONE_ID.c.id))]


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 200, 1_234])
def test_every_row_is_written_whatever_their_number(table: Database, count: int) -> None:
    rows = [(n, None if n % 7 == 0 else f"é{n}", -n) for n in range(count)]
    with table.write() as connection:
        INSERT.run(connection, rows)
    assert rows_of(table) == rows


def test_columns_may_stand_in_any_order(table: Database) -> None:
    with table.write() as connection:
        IN_ANOTHER_ORDER.run(connection, [(-n, n, str(n)) for n in range(220)])
    assert rows_of(table) == [(n, str(n), -n) for n in range(220)]


WIDE = Table("bulk_wide_rows", _METADATA, *(Column(name, BigInteger, primary_key=name == "a") for name in "abcdefg"))


def test_what_rows_have_in_common_is_written_in_every_row_whichever_columns_it_is(table: Database) -> None:
    insert = bulk_insert(WIDE, "gfedcba")
    expected = []
    for shape in range(64):
        # the bits tell in which columns all rows are the same; in one of them nothing is there
        rows = [
            (
                *(None if same == 3 else same if shape >> same & 1 else 10 * n + same for same in range(6)),
                shape * 300 + n,
            )
            for n in range(201)
        ]
        expected += [row[::-1] for row in rows]
        with table.write() as connection:
            insert.run(connection, rows)
    with table.read() as connection:
        assert [tuple(row) for row in connection.execute(select(WIDE).order_by(WIDE.c.a))] == expected


def test_rows_of_which_only_one_in_the_middle_differs_are_not_taken_for_the_same(table: Database) -> None:
    rows = [(n, "other" if n == 37 else "same", 5) for n in range(200)]
    with table.write() as connection:
        INSERT.run(connection, rows)
    assert rows_of(table) == rows


def test_rows_that_are_there_stay_or_change_also_those_of_the_same_statement(table: Database) -> None:
    with table.write() as connection:
        KEEP.run(connection, [(n // 2, str(n), n) for n in range(240)])
    assert rows_of(table) == [(n, str(2 * n), 2 * n) for n in range(120)]
    with table.write() as connection:
        PUT.run(connection, [(n, "new", 7) for n in range(60, 180)])
    kept = [(n, str(2 * n), 2 * n if n < 60 else 7) for n in range(120)]
    assert rows_of(table) == [*kept, *((n, "new", 7) for n in range(120, 180))]


def test_a_row_that_is_refused_leaves_nothing_of_the_transaction(table: Database) -> None:
    with pytest.raises(IntegrityError), table.write() as connection:
        INSERT.run(connection, [*((n, "a", n) for n in range(75)), (3, "again", 3)])
    assert rows_of(table) == []
