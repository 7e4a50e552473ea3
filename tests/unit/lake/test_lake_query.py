"""What a query sees, what it may do, and how its rows are written."""

import hashlib
import io
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pyarrow as pa
import pytest

from parcours.db import Database
from parcours.lake import DataSetName, LakeWriter, stage
from parcours.lake import query as query_module
from parcours.lake.command import Format, run_sql
from parcours.lake.errors import EngineFailed, QueryInvalid, QueryTimedOut
from parcours.lake.guard import GivenFiles
from parcours.lake.query import Lake

TEXT = {"type": "string"}


def obj(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


STEP = obj(
    nodeID=TEXT,
    nodeName=TEXT,
    nodeType=TEXT,
    profileID=TEXT,
    journeyVersionID=TEXT,
    journeyVersionName=TEXT,
    eventID=TEXT,
    journeyNodeProcessed={"type": "boolean"},
    actionExecutionError=TEXT,
    stepStatus=TEXT,
)
SCHEMA = obj(
    _id=TEXT,
    timestamp={"type": "string", "format": "date-time"},
    identityMap={"type": "object", "additionalProperties": {"type": "array", "items": obj(id=TEXT)}},
    _experience=obj(
        journeyOrchestration=obj(
            stepEvents=STEP, serviceEvents=obj(segmentExportJob=obj(status=TEXT, exportCountTotal={"type": "integer"}))
        )
    ),
)
SETS = [DataSetName("5f3b3cfa6dc4de18ab5fb3e3", "journey_step_events"), DataSetName("e1", "Empty set")]
STEPS = "_experience.journeyOrchestration.stepEvents"


def event(number: int, **step: Any) -> bytes:
    at = f"2024-05-01T10:00:{number:02d}.5Z"
    identities = {"Email": [{"id": f"p{number}@example.com"}]}
    record = {"_id": f"s{number}", "timestamp": at, "identityMap": identities}
    return orjson.dumps({**record, "_experience": {"journeyOrchestration": {"stepEvents": step}}})


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("query") / "lake"


@pytest.fixture(scope="module")
def lake(warehouse: Path) -> Iterator[Lake]:
    """Four step events landed, one staged, and one of another sandbox."""
    from parcours.lake.store import lake_chunk_table

    db = Database(f"sqlite:///{warehouse.parent / 'state.db'}")
    lake_chunk_table.create(db.engine)
    writer = LakeWriter(db, warehouse, lambda _scope_id, _dataset_id: SCHEMA)
    start = {"nodeType": "start", "nodeID": "n0", "journeyVersionID": "v1", "journeyVersionName": "Welcome"}
    landed = [
        event(0, **start, profileID="p1", eventID="createInstance", journeyNodeProcessed=True),
        event(1, **start, profileID="p1", eventID="e", journeyNodeProcessed=True),
        event(
            2,
            nodeID="n1",
            nodeName="Mail",
            journeyVersionID="v1",
            profileID="p1",
            journeyNodeProcessed=True,
            stepStatus="timedout",
        ),
        event(
            3,
            nodeID="n1",
            nodeName="Mail",
            journeyVersionID="v2",
            profileID="p2",
            journeyNodeProcessed=True,
            stepStatus="ended",
        ),
    ]
    with db.write() as connection:
        stage(connection, 1, SETS[0].id, landed)
        stage(connection, 2, SETS[0].id, [event(9, nodeID="foreign")])
    assert writer.commit_due() == 5
    with db.write() as connection:
        stage(
            connection, 1, SETS[0].id, [event(4, nodeID="n2", nodeName="Wait", profileID="p2", stepStatus="timedout")]
        )
    yield Lake(db, warehouse, lambda _scope_id, dataset_id: SCHEMA if dataset_id == SETS[0].id else None)
    writer.close()
    db.close()


def test_other_words_for_what_is_stored_find_it(lake: Lake) -> None:
    spellings = {("stepEvents", "stepStatus"): {"timedOut": "timedout"}}
    also = Lake(lake._db, lake._warehouse, lake._schema_of, spellings=spellings)
    counted = f"SELECT count(*) FROM journey_step_events WHERE {STEPS}.stepStatus"
    assert tuples(lake, f"{counted} = 'timedout'") == tuples(also, f"{counted} = 'timedOut'") == [(2,)]
    assert tuples(also, f"{counted} IN ('timedOut', 'ended')") == [(3,)]
    assert tuples(lake, f"{counted} = 'timedOut'") == [(0,)]


def tuples(lake: Lake, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in lake.query(1, SETS, sql).rows()]


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        (f"SELECT {STEPS}.nodeID, count(*) FROM journey_step_events GROUP BY 1 ORDER BY 1",
         [("n0", 2), ("n1", 2), ("n2", 1)]),
        (f"""SELECT {STEPS}.actionExecutionError, count(distinct _id) FROM journey_step_events
             WHERE {STEPS}.nodeName = 'Mail' AND {STEPS}.actionExecutionError IS NOT NULL
             AND {STEPS}.journeyVersionID = 'v1' GROUP BY 1""",
         []),
        (f"""SELECT count(distinct _id) FROM journey_step_events
             WHERE {STEPS}.journeyVersionID = 'v1' AND {STEPS}.profileID = 'p1'""",
         [(3,)]),
        (f"""SELECT {STEPS}.nodeID, {STEPS}.nodeName, count(1) FROM journey_step_events
             WHERE {STEPS}.journeyVersionID IN ('v1') AND {STEPS}.journeyNodeProcessed = TRUE
             AND {STEPS}.eventID IS DISTINCT FROM 'createInstance' GROUP BY 1, 2 ORDER BY 1""",
         [("n0", None, 1), ("n1", "Mail", 1)]),
        (f"""SELECT {STEPS}.journeyVersionName, count(distinct _id) FROM journey_step_events
             WHERE {STEPS}.nodeType = 'start' AND {STEPS}.profileID = 'p1'
             AND timestamp > (now() - interval '30' day) GROUP BY 1""",
         []),
        ("""SELECT DATEDIFF(second, (SELECT min(timestamp) FROM journey_step_events),
             (SELECT max(timestamp) FROM journey_step_events
              WHERE _experience.journeyOrchestration.serviceEvents.segmentExportJob.status IS NULL))""",
         [(4,)]),
        ("SELECT identityMap['Email'][1].id FROM journey_step_events WHERE _id = 's4'", [("p4@example.com",)]),
        ('SELECT count(*) FROM "5f3b3cfa6dc4de18ab5fb3e3"', [(5,)]),
        ("SELECT count(*) FROM JOURNEY_STEP_EVENTS", [(5,)]),
        ("SELECT count(*) FROM empty_set", [(0,)]),
        ("WITH s AS (SELECT * FROM journey_step_events) FROM s SELECT count(*)", [(5,)]),
        ("SHOW TABLES", [("empty_set",), ("journey_step_events",)]),
        ("SELECT 1 WHERE false", []),
        ("""SELECT i.id, count(*) FROM (SELECT unnest(map_values(identityMap)[1]) AS i FROM journey_step_events)
             GROUP BY 1 ORDER BY 1 LIMIT 1""",
         [("p0@example.com", 1)]),
    ],
)  # fmt: skip
def test_queries_of_the_reporting_chapter_and_others_answer(lake: Lake, sql: str, rows: list[tuple[Any, ...]]) -> None:
    assert tuples(lake, sql) == rows


def test_describe_lists_the_columns_that_hold_something(lake: Lake) -> None:
    assert [row[0] for row in tuples(lake, "DESCRIBE journey_step_events")] == [
        "_id",
        "timestamp",
        "identityMap",
        "_experience",
    ]


def test_a_limit_cuts_and_says_so(lake: Lake) -> None:
    assert lake.query(1, SETS, "SELECT * FROM journey_step_events", limit=5).is_cut is False
    result = lake.query(1, SETS, "SELECT * FROM journey_step_events", limit=4)
    assert (result.table.num_rows, result.is_cut) == (4, True)


@pytest.mark.parametrize(
    "sql",
    [
        "",
        "selec",
        "SELECT 1; SELECT 2",
        "SELECT nonsense FROM journey_step_events",
        "SELECT 1/0::UTINYINT, error('x')",
        "DROP VIEW journey_step_events",
        "INSERT INTO journey_step_events SELECT * FROM journey_step_events",
        "CREATE TABLE t AS SELECT 1",
        "SET threads = 1",
        "ATTACH 'x.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "PRAGMA database_list",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO 'x'",
        "COPY (SELECT 1) TO 'x'",
        "SELECT * FROM 'x.parquet'",
        "CALL enable_logging()",
        "SELECT * FROM lake",
        "SELECT * FROM connection",
    ],
)
def test_what_is_no_sound_select_is_refused(lake: Lake, sql: str) -> None:
    with pytest.raises(QueryInvalid):
        lake.query(1, SETS, sql)


def test_an_unknown_table_is_answered_with_those_there_are(lake: Lake) -> None:
    with pytest.raises(QueryInvalid, match="no table web: there are empty_set, journey_step_events") as caught:
        lake.query(1, SETS, "SELECT * FROM web")
    assert caught.value.tables == ("empty_set", "journey_step_events")
    with pytest.raises(QueryInvalid, match="there are none"):
        lake.query(1, [], "SELECT * FROM web")


def test_sql_can_read_no_other_file_and_write_none(lake: Lake, warehouse: Path, tmp_path: Path) -> None:
    foreign = next((warehouse / "sandbox_2").rglob("*.parquet"))
    own = next((warehouse / "sandbox_1").rglob("*.parquet"))
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    target = tmp_path / "out.csv"
    before = {path: hashlib.sha256(path.read_bytes()).digest() for path in (own, foreign)}
    attacks = [
        f"SELECT * FROM read_text('{secret}')",
        f"SELECT * FROM read_blob('file://{secret}')",
        f"SELECT * FROM read_csv('{secret}')",
        f"SELECT * FROM glob('{tmp_path}/*')",
        f"SELECT * FROM sniff_csv('{secret}')",
        f"SELECT * FROM read_parquet('{foreign}')",
        f"SELECT * FROM parquet_metadata('{own}')",
        "SELECT * FROM read_parquet('lake://1.parquet')",
        "SELECT * FROM glob('lake://*')",
        f"WITH x AS (COPY (SELECT 1) TO '{target}') SELECT * FROM x, journey_step_events",
        f"WITH x AS (COPY (SELECT 1) TO '{own}' (use_tmp_file false)) SELECT * FROM x, journey_step_events",
        "WITH x AS (COPY (SELECT 1) TO 'lake://0.parquet' (use_tmp_file false)) SELECT * FROM x, journey_step_events",
        "WITH x AS (COPY (SELECT 1) TO 'lake://new.parquet') SELECT * FROM x, journey_step_events",
        f"SELECT * FROM query('SELECT * FROM read_text(''{secret}'')')",
        "SELECT * FROM duckdb_secrets()",
        "SELECT getenv('HOME')",
        f"SELECT * FROM enable_logging(storage='file', storage_path='{target}')",
        "SELECT * FROM sqlite_scan('state.db', 'lake_chunk')",
    ]
    for sql in attacks:
        with pytest.raises(QueryInvalid):
            lake.query(1, SETS, sql)
    assert before == {path: hashlib.sha256(path.read_bytes()).digest() for path in (own, foreign)}
    assert list(tmp_path.iterdir()) == [secret]
    assert not tuples(lake, f"SELECT 1 FROM journey_step_events WHERE {STEPS}.nodeID = 'foreign'")


def test_settings_shown_to_a_query_name_no_path(lake: Lake, warehouse: Path) -> None:
    sql = "SELECT current_setting('allowed_paths')::VARCHAR, count(*) FROM journey_step_events"
    [(paths, _)] = tuples(lake, sql)
    assert str(warehouse) not in paths


def test_a_query_that_takes_too_long_is_stopped(lake: Lake) -> None:
    started = time.monotonic()
    with pytest.raises(QueryTimedOut):
        lake.query(
            1, SETS, "SELECT sum(hash(a.range + b.range)) FROM range(10000000) a, range(10000000) b", timeout_s=0.2
        )
    assert time.monotonic() - started < 10


def test_a_query_that_needs_too_much_memory_is_refused(lake: Lake) -> None:
    small = Lake(lake._db, lake._warehouse, lake._schema_of, memory_limit="20MB")
    with pytest.raises(QueryInvalid, match=r"(?i)memory"):
        small.query(1, SETS, "SELECT list(range ORDER BY hash(range)) FROM range(20000000)")


def test_given_files_can_only_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"abc")
    files = GivenFiles()
    name = files.give(path)
    with files.open(name) as file:
        assert file.read() == b"abc"
    assert files.info(name)["size"] == 3
    for mode in ("wb", "ab", "r+b", "xb"):
        with pytest.raises(PermissionError):
            files.open(name, mode)
    with pytest.raises(PermissionError):
        files.open("lake://../a.parquet")
    path.unlink()
    with pytest.raises(FileNotFoundError):
        files.open(name)
    assert files.missing == path


def test_a_given_file_is_read_by_each_thread_from_where_that_thread_wants(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"0123456789")
    files = GivenFiles()
    with files.open(files.give(path)) as file, ThreadPoolExecutor(1) as other:
        file.seek(2)
        assert other.submit(lambda: (file.seek(6), file.read(3))).result() == (6, b"678")
        assert file.read(3) == b"234"
        assert (file.tell(), file.seek(-1, io.SEEK_END), file.read(), file.read()) == (5, 9, b"9", b"")
        assert other.submit(file.read).result() == b"9"


def written(lake: Lake, sql: str, format: Format, **options: Any) -> str:
    out = io.StringIO()
    run_sql(lake, 1, SETS, sql, format=format, out=out, **options)
    return out.getvalue()


ONE = """SELECT _id, timestamp, identityMap, 12::HUGEINT h, 1.5::DECIMAL(5, 2) d, true b, DATE '2020-01-01' born,
    NULL nothing, 'x,"y' t, [1, 2] l FROM journey_step_events WHERE _id = 's1'"""


def test_rows_are_written_as_json_with_instants_in_utc_and_maps_as_objects(lake: Lake) -> None:
    expected = {
        "_id": "s1",
        "timestamp": "2024-05-01T10:00:01.500000Z",
        "identityMap": {"Email": [{"id": "p1@example.com"}]},
        "h": 12,
        "d": 1.5,
        "b": True,
        "born": "2020-01-01",
        "nothing": None,
        "t": 'x,"y',
        "l": [1, 2],
    }
    assert orjson.loads(written(lake, ONE, "json")) == [expected]
    assert [orjson.loads(line) for line in written(lake, ONE, "jsonl").splitlines()] == [expected]
    assert orjson.loads(written(lake, "SELECT 1 WHERE false", "json")) == []
    big = "SELECT 9223372036854775808::HUGEINT h, 18446744073709551615::UBIGINT u, 'nan'::DOUBLE n, '\\x01'::BLOB b"
    assert orjson.loads(written(lake, big, "json")) == [
        {"h": "9223372036854775808", "u": "18446744073709551615", "n": None, "b": "01"}
    ]


def test_rows_are_written_as_csv(lake: Lake) -> None:
    header, row = written(lake, ONE, "csv").splitlines()
    assert header == "_id,timestamp,identityMap,h,d,b,born,nothing,t,l"
    assert row == (
        's1,2024-05-01T10:00:01.500000Z,"{""Email"":[{""id"":""p1@example.com""}]}",12,1.5,true,2020-01-01,,'
        '"x,""y","[1,2]"'
    )
    assert written(lake, "SELECT 1 a, 2 a", "csv") == "a,a\n1,2\n"


def test_columns_with_the_same_name_are_all_in_json(lake: Lake) -> None:
    sql = "SELECT 1 a, 2 a, 3 a_1, 4 a"
    assert orjson.loads(written(lake, sql, "json")) == [{"a": 1, "a_2": 2, "a_1": 3, "a_3": 4}]
    assert orjson.loads(written(lake, sql, "jsonl")) == {"a": 1, "a_2": 2, "a_1": 3, "a_3": 4}


def test_json_that_is_written_row_by_row_is_that_of_the_whole(lake: Lake) -> None:
    sql = "SELECT range n, {'a': [1, 2], 'b': {'c': 'x\ny'}} s FROM range(5000)"
    text = written(lake, sql, "json")
    assert text == orjson.dumps(orjson.loads(text), option=orjson.OPT_INDENT_2).decode() + "\n"
    assert len(orjson.loads(text)) == 5000


@pytest.mark.parametrize("format", ["json", "jsonl", "csv"])
def test_rows_are_written_while_they_are_found(lake: Lake, format: Format) -> None:
    class Reader:
        """Goes away after the first rows, as `head` does."""

        def write(self, text: str) -> int:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):  # billions of rows: they could not be held, nor found in the time of a test
        run_sql(lake, 1, SETS, "SELECT * FROM range(100000000000)", format=format, out=Reader())  # type: ignore[arg-type]


def test_a_fault_in_a_later_row_is_told_after_the_earlier_ones(lake: Lake) -> None:
    out = io.StringIO()
    with pytest.raises(QueryInvalid, match="boom"):
        run_sql(
            lake, 1, SETS, "SELECT CASE WHEN range = 90000 THEN error('boom') ELSE 'x' END t FROM range(100000)",
            format="jsonl", out=out,
        )  # fmt: skip


def test_rows_are_written_as_a_table(lake: Lake) -> None:
    text = written(
        lake, f"SELECT {STEPS}.nodeID node, count(*) n FROM journey_step_events GROUP BY 1 ORDER BY 1", "table"
    )
    lines = [line.split() for line in text.splitlines()]
    assert lines[0] == ["node", "┃", "n"]
    assert lines[2:] == [["n0", "│", "2"], ["n1", "│", "2"], ["n2", "│", "1"], ["3", "rows"]]
    cut = written(lake, "SELECT '[bold]x' t FROM range(3)", "table", limit=1)
    assert "[bold]x" in cut
    assert "1 row, there are more (--limit)" in cut
    assert "[31mx" in written(lake, "SELECT chr(27) || '[31mx' t", "table").replace("\\x1b", "")
    assert "\x1b" not in written(lake, "SELECT chr(27) || '[31mx' t", "table")
    assert "1000 rows, there are more" in written(lake, "SELECT 1 FROM range(1001)", "table")
    assert written(lake, "SELECT 1 FROM range(1001)", "table", limit=0).endswith("1001 rows\n")


STACK = "INTERNAL Error: vectors differ\n\nStack Trace:\n\n/srv/python/_duckdb.so(_ZN6duckdb9Exception)"


@pytest.mark.parametrize("kind", [duckdb.InternalException, duckdb.FatalException])
def test_a_failure_of_the_engine_is_told_without_its_stack(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, kind: type[duckdb.Error]
) -> None:
    def fail(*_: Any) -> Any:
        raise kind(STACK)

    monkeypatch.setattr(query_module, "_bind", fail)
    with pytest.raises(EngineFailed) as failed:
        lake.query(1, SETS, "SELECT 1")
    assert str(failed.value).endswith("Error: vectors differ")
    assert failed.value.reason == STACK


def test_a_failure_of_the_engine_amid_its_rows_is_told_without_its_stack(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing:
        schema = pa.schema([])

        def read_next_batch(self) -> Any:
            raise OSError(STACK)  # as Arrow hands it on

        def close(self) -> None:
            pass

    class Relation:
        def to_arrow_reader(self, _rows: int) -> Any:
            return Failing()

    monkeypatch.setattr(query_module, "_bind", lambda *_: Relation())
    with pytest.raises(EngineFailed, match="vectors differ") as failed:
        lake.query(1, SETS, "SELECT 1")
    assert "Stack" not in str(failed.value)
