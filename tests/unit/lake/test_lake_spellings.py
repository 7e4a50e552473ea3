"""Words that a query may use instead of the stored ones."""

import duckdb
import pytest

from parcours.lake.spellings import Spellings, respell

SPELLINGS: Spellings = {("stepEvents", "stepStatus"): {"timedOut": "timedout", "cappingError": "capped"}}
FIELD = "_experience.journeyOrchestration.stepEvents.stepStatus"


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        (f"SELECT * FROM t WHERE {FIELD} = 'timedOut'", f"SELECT * FROM t WHERE {FIELD} = 'timedout'"),
        (f"SELECT * FROM t WHERE 'timedOut' <> x.{FIELD}", f"SELECT * FROM t WHERE 'timedout' <> x.{FIELD}"),
        (
            f"SELECT 'timedOut' AS word, 'Zürich 日本' FROM t -- timedOut\n"
            f"WHERE {FIELD} NOT IN ('ended', 'timedOut','cappingError')",
            f"SELECT 'timedOut' AS word, 'Zürich 日本' FROM t -- timedOut\n"
            f"WHERE {FIELD} NOT IN ('ended', 'timedout','capped')",
        ),
        (
            f"WITH a AS (SELECT CASE {FIELD} WHEN 'cappingError' THEN 1 END AS n FROM t) SELECT n FROM a",
            f"WITH a AS (SELECT CASE {FIELD} WHEN 'capped' THEN 1 END AS n FROM t) SELECT n FROM a",
        ),
        (
            'SELECT count(*) FILTER (WHERE e."stepEvents"."StepStatus" IS DISTINCT FROM \'timedOut\') FROM e',
            'SELECT count(*) FILTER (WHERE e."stepEvents"."StepStatus" IS DISTINCT FROM \'timedout\') FROM e',
        ),
    ],
)
def test_the_stored_word_stands_where_the_field_is_compared(
    connection: duckdb.DuckDBPyConnection, asked: str, meant: str
) -> None:
    assert respell(connection, asked, SPELLINGS) == meant


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM t WHERE note = 'timedOut'",
        "SELECT * FROM t WHERE orders.stepStatus = 'timedOut'",
        f"SELECT * FROM t WHERE {FIELD} = 'TIMEDOUT' AND note = 'timedOut'",
        f"SELECT * FROM t WHERE {FIELD} LIKE 'timedOut'",
        f"SELECT * FROM t WHERE {FIELD} = 'timedOut",
        f"SELEKT {FIELD} = 'timedOut'",
        f"DELETE FROM t WHERE {FIELD} = 'timedOut'",
        "SELECT " + "NOT " * 900 + f"({FIELD} = 'timedOut') FROM t",
    ],
)
def test_everything_else_stays_as_it_was_written(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    assert respell(connection, sql, SPELLINGS) == sql
