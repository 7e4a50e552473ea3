"""Queries as they are written for the reference platform, in Spark's SQL."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import orjson
import pytest

from parcours.db import Database
from parcours.lake import DataSetName, LakeWriter, stage
from parcours.lake.dialect import date_format_of
from parcours.lake.errors import QueryInvalid
from parcours.lake.query import Lake

TEXT = {"type": "string"}
MOMENT = {"type": "string", "format": "date-time"}


def obj(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def items(**properties: Any) -> dict[str, Any]:
    return {"type": "array", "items": obj(**properties)}


RULE_SETS = items(ID=TEXT, rules=items(ID=TEXT))
SCHEMA = obj(_id=TEXT, timestamp=MOMENT, waited=TEXT, note=TEXT, sets=RULE_SETS, best=obj(sets=RULE_SETS, waited=TEXT))
SETS = [DataSetName("d1", "Events")]
REJECTED = [{"ID": "s1", "rules": [{"ID": "r1"}, {"ID": "r2"}]}, {"ID": "s2"}]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """One event that landed, and one that is staged."""
    from parcours.lake.store import lake_chunk_table

    folder = tmp_path_factory.mktemp("dialect")
    db = Database(f"sqlite:///{folder / 'state.db'}")
    lake_chunk_table.create(db.engine)
    writer = LakeWriter(db, folder / "lake", lambda _scope_id, _dataset_id: SCHEMA)
    first = {"waited": "7", "sets": REJECTED, "best": {"sets": REJECTED[:1], "waited": "x"}, "note": '{"a":[{"b":5}]}'}
    for record in (
        {"_id": "e1", "timestamp": "2024-05-07T09:08:07.065Z", **first},
        {"_id": "e2", "timestamp": "2024-12-31T23:00:00Z", "waited": "8", "note": "it's 'sets.ID'"},
    ):
        with db.write() as connection:
            stage(connection, 1, "d1", [orjson.dumps(record)])
        if record["_id"] == "e1":
            writer.commit_due()
    writer.close()
    yield Lake(db, folder / "lake", lambda _scope_id, _dataset_id: SCHEMA)
    db.close()


def values(lake: Lake, selected: str, rest: str = "WHERE _id = 'e1'") -> Any:
    (row,) = lake.query(1, SETS, f"SELECT {selected} AS found FROM events {rest}").rows()
    return row["found"]


@pytest.mark.parametrize(
    ("selected", "found"),
    [
        ("DATE_FORMAT(timestamp, 'yyyy/MM/dd HH:mm')", "2024/05/07 09:08"),
        ("date_format(timestamp, 'yyyy-MM-dd''T''HH:mm:ss.SSSXXX')", "2024-05-07T09:08:07.065Z"),
        ("date_format(timestamp, 'EEE, d MMMM yy ''o''''clock 5%'' h:m a')", "Tue, 7 May 24 o'clock 5% 9:8 AM"),
        ("date_format('2024-05-01', 'dd.MM.')", "01.05."),
        ("date_format(COALESCE(NULL, timestamp), 'ééé')", "ééé"),
        ("to_date('2025-05-16')", date(2025, 5, 16)),
        ("to_date('2025-05-16T23:30:00Z')", date(2025, 5, 16)),
        ("to_date('16.05.2025', 'dd.MM.yyyy')", date(2025, 5, 16)),
        ("to_date(timestamp)", date(2024, 5, 7)),
        ("to_date('<YYYY-MM-DD>')", None),
        ("timestamp >= to_date('2024-05-07')", True),
        ("timestamp >= to_date('2024-05-08')", False),
        ("datediff('2024-05-03', DATE '2024-05-01')", 2),
        ("DATEDIFF(minute, timestamp, timestamp + interval '90' minute)", 90),
        ("DATE_DIFF('hour', timestamp, timestamp + interval '90 minute')", 1),
        ("from_unixtime(86400)", "1970-01-02 00:00:00"),
        ("from_unixtime(86400, 'yyyyMMdd')", "19700102"),
        ("get_json_object(note, '$.a[0].b')", "5"),
        ("get_json_object('no JSON', '$.a')", None),
        ("get_json_object(waited || '}', '$.a')", None),
        ("nvl(NULL, waited)", "7"),
        ("sum(waited) OVER (PARTITION BY _id ORDER BY timestamp)", 7.0),
        ("(SELECT count(*) FROM (SELECT explode(sets)))", 2),
        ("count_if(waited = '7')", 1),
        ("sets.ID", ["s1", "s2"]),
        ("e.sets.rules.ID", [["r1", "r2"], None]),
        ("best.sets.id", ["s1"]),
    ],
)
def test_what_spark_understands_is_understood(lake: Lake, selected: str, found: Any) -> None:
    assert values(lake, selected, "AS e WHERE _id = 'e1'") == found


def test_a_path_into_a_list_keeps_its_name_and_groups(lake: Lake) -> None:
    sql = (
        "SELECT sets.ID, count(*) AS n FROM events WHERE note <> 'sets.ID' GROUP BY sets.ID ORDER BY sets.ID NULLS LAST"
    )
    assert lake.query(1, SETS, sql).rows() == [{"ID": ["s1", "s2"], "n": 1}, {"ID": None, "n": 1}]
    sql = "SELECT sets.ID AS \"it's é\" FROM events WHERE best.sets.ID IS NOT NULL AND note <> 'é'"
    assert lake.query(1, SETS, sql).rows() == [{"it's é": ["s1", "s2"]}]


def test_numbers_that_stand_in_text_are_numbers_to_aggregates(lake: Lake) -> None:
    median = "ROUND(PERCENTILE_CONT(0.50) WITHIN GROUP (ORDER BY e.waited), 1)"
    assert values(lake, median, "AS e") == 7.5
    assert values(lake, "sum(waited)", "") == 15.0
    assert values(lake, "avg(best.waited)", "") is None


def test_what_duckdb_understands_is_never_changed(lake: Lake) -> None:
    sql = "SELECT sets.ID FROM (SELECT unnest(sets) AS sets FROM events) ORDER BY 1"
    assert lake.query(1, SETS, sql).rows() == [{"ID": "s1"}, {"ID": "s2"}]
    assert values(lake, "[one.ID FOR one IN sets]") == ["s1", "s2"]


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        (
            "WITH x AS (SELECT explode(sets) AS sets, waited FROM events) "
            "SELECT sets.ID, sum(waited) FROM x GROUP BY 1 ORDER BY 1",
            [("s1", 7.0), ("s2", 7.0)],
        ),
        (
            "SELECT avg(n), sum(waited), max(sets.ID) FROM "
            "(SELECT count(*) AS n, sum(waited) AS waited, any_value(sets) AS sets FROM events GROUP BY _id)",
            [(1.0, 15.0, ["s1", "s2"])],
        ),
        (
            "WITH x AS (SELECT CAST(9007199254740993 AS BIGINT) AS waited) "
            "SELECT sum(x.waited)::VARCHAR, sum(e.waited) FROM x, events e",
            [("18014398509481986", 15.0)],
        ),
        (
            "WITH x AS (SELECT CAST(9007199254740993 AS BIGINT) AS waited UNION ALL SELECT 0), y AS (SELECT * FROM x) "
            "SELECT sum(waited)::VARCHAR, (SELECT sum(waited) FROM events) FROM y",
            [("9007199254740993", 15.0)],
        ),
        ("SELECT sum(waited)::VARCHAR, (SELECT sum(waited) FROM events) FROM (VALUES (9007199254740993)) v(waited)",
         [("9007199254740993", 15.0)]),
        ("SELECT sum(waited)::VARCHAR, (SELECT sum(waited) FROM events) FROM "
         "(SELECT * REPLACE (9007199254740993 AS waited) FROM events LIMIT 1)", [("9007199254740993", 15.0)]),
        ("SELECT sum(waited) FROM (SELECT waited FROM events) x", [(15.0,)]),
        ("SELECT sum(x.waited) FROM (SELECT * FROM events) x", [(15.0,)]),
        ("SELECT sum(waited) FROM (SELECT waited FROM events UNION ALL SELECT waited FROM events)", [(30.0,)]),
        ("WITH RECURSIVE r(n, waited) AS (SELECT 1, 2 UNION ALL SELECT n + 1, waited FROM r WHERE n < 3) "
         "SELECT sum(waited)::VARCHAR, (SELECT sum(waited) FROM events) FROM r", [("6", 15.0)]),
    ],
)  # fmt: skip
def test_what_a_query_makes_itself_stays_as_it_is(lake: Lake, sql: str, rows: list[tuple[Any, ...]]) -> None:
    assert [tuple(row.values()) for row in lake.query(1, SETS, sql).rows()] == rows


@pytest.mark.parametrize(
    ("selected", "said"),
    [
        ("date_format(timestamp, 'yyyy-QQ')", "a date pattern has no 'QQ': 'yyyy-QQ'"),
        ("to_date(note, note)", "the date pattern of to_date is written in quotes"),
        ("sets.nothing", "Cannot extract field 'nothing'"),
        ("date_format(timestamp)", "date_format"),
        ("date_format(timestamp, 'yyyy'", "syntax error"),
    ],
)
def test_what_neither_understands_is_refused(lake: Lake, selected: str, said: str) -> None:
    with pytest.raises(QueryInvalid, match=said):
        values(lake, selected)


def test_a_pattern_is_translated_letter_by_letter() -> None:
    assert date_format_of("yyyy/MM/dd HH:mm:ss") == "%Y/%m/%d %H:%M:%S"
    assert date_format_of("''yy''''''") == "'%y''"
