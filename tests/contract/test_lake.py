"""Records staged in either database land in Iceberg once, whatever happens, and SQL sees each of them once."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import func, select

from parcours.db import Database
from parcours.lake import DataSetName, LakeWriter, stage
from parcours.lake import query as query_module
from parcours.lake import writer as writer_module
from parcours.lake.errors import CommitOvertaken, LakeUnreadable, QueryInvalid
from parcours.lake.query import Lake
from parcours.lake.store import lake_chunk_table, read_horizon
from parcours.lake.tables import LakeTable, LakeTables, find_tables
from parcours.lake.writer import catalog_url

TEXT = {"type": "string"}
SCHEMA = {
    "type": "object",
    "properties": {
        "_id": TEXT,
        "timestamp": {"type": "string", "format": "date-time"},
        "n": {"type": "integer"},
        "late": {"type": "object", "properties": {"field": TEXT, "other": TEXT}},
    },
}
SETS = [DataSetName("d1", "Web events"), DataSetName("d2", "Other")]


class Bench:
    """A state database, a warehouse, a writer, and shorthands."""

    def __init__(self, db: Database, warehouse: Path) -> None:
        self.db = db
        self.warehouse = warehouse
        self.schema: dict[str, Any] | None = SCHEMA
        self.writer = self.new_writer()
        self.lake = Lake(db, warehouse, lambda _scope_id, _dataset_id: self.schema)
        self._next = 0
        self._tables: LakeTables | None = None

    def close(self) -> None:
        self.writer.close()
        if self._tables is not None:
            self._tables.close()

    def new_writer(self, **settings: Any) -> LakeWriter:
        return LakeWriter(self.db, self.warehouse, lambda _scope_id, _dataset_id: self.schema, **settings)

    def stage(self, count: int, dataset_id: str = "d1", scope_id: int = 1, **fields: Any) -> None:
        records = [{"_id": f"r{self._next + i}", "n": self._next + i, **fields} for i in range(count)]
        self._next += count
        with self.db.write() as connection:
            stage(connection, scope_id, dataset_id, [orjson.dumps(record) for record in records])

    def value(self, sql: str, scope_id: int = 1) -> Any:
        rows = self.lake.query(scope_id, SETS, sql).rows()
        assert len(rows) == 1
        return next(iter(rows[0].values()))

    def ids(self, table: str = "web_events") -> list[str]:
        rows = self.lake.query(1, SETS, f"SELECT _id FROM {table} ORDER BY CAST(_id[2:] AS INT)").rows()
        return [row["_id"] for row in rows]

    def chunk_count(self) -> int:
        with self.db.read() as connection:
            return connection.execute(select(func.count()).select_from(lake_chunk_table)).scalar_one()

    def table(self, dataset_id: str = "d1") -> LakeTable:
        if self._tables is None:
            self._tables = LakeTables(self.warehouse, catalog_url(self.db))
        found = self._tables.find(1, dataset_id)
        assert found is not None
        return found


@pytest.fixture
def bench(db: Database, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(db, tmp_path / "lake")
    yield made
    made.close()


def test_staged_records_land_as_one_snapshot_of_each_data_set(bench: Bench) -> None:
    bench.stage(3)
    bench.stage(2)
    bench.stage(4, "d2")
    assert bench.writer.commit_due() == 9
    assert bench.chunk_count() == 0
    assert bench.ids() == ["r0", "r1", "r2", "r3", "r4"]
    assert bench.value("SELECT count(*) FROM other") == 4
    assert len(bench.table().table.snapshots()) == 1
    assert bench.writer.commit_due() == 0


def test_what_is_staged_is_seen_before_it_is_committed(bench: Bench) -> None:
    bench.stage(2)
    assert bench.ids() == ["r0", "r1"]
    bench.writer.commit_due()
    bench.stage(1, late={"field": "new"})
    assert bench.ids() == ["r0", "r1", "r2"]
    assert bench.value("SELECT _id FROM web_events WHERE late.field = 'new'") == "r2"


def test_a_rolled_back_transaction_stages_nothing(bench: Bench) -> None:
    with bench.db.engine.connect() as connection, connection.begin() as transaction:
        stage(connection, 1, "d1", [b'{"_id":"x"}'])
        transaction.rollback()
    bench.stage(1)
    assert bench.writer.commit_due() == 1
    assert bench.ids() == ["r0"]


def test_staging_nothing_leaves_no_chunk(bench: Bench) -> None:
    with bench.db.write() as connection:
        stage(connection, 1, "d1", [])
    assert bench.chunk_count() == 0


def test_numbers_of_chunks_are_never_used_again(bench: Bench) -> None:
    bench.stage(1)
    bench.writer.commit_due()
    first = bench.table().through()
    bench.stage(1)
    bench.writer.commit_due()
    assert bench.table().through() > first > 0


def test_a_crash_between_snapshot_and_delete_lands_nothing_twice(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.stage(3)
    with monkeypatch.context() as patch:
        patch.setattr(writer_module, "delete_chunks", _crash)
        bench.writer.commit_due()
    assert bench.chunk_count() == 1
    assert bench.ids() == ["r0", "r1", "r2"]
    bench.stage(2)
    restarted = bench.new_writer()
    assert restarted.commit_due() == 2
    assert bench.chunk_count() == 0
    assert bench.ids() == ["r0", "r1", "r2", "r3", "r4"]
    restarted.close()


@pytest.mark.parametrize("step", ["write_parquet", "parquet_file_to_data_file"])
def test_a_crash_before_the_snapshot_lands_everything_at_the_next_try(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    bench.stage(1)
    bench.writer.commit_due()
    bench.stage(3)
    with monkeypatch.context() as patch:
        patch.setattr(f"parcours.lake.tables.{step}", _crash)
        assert bench.writer.commit_due() == 0
    assert bench.ids() == ["r0", "r1", "r2", "r3"]
    assert bench.writer.commit_due() == 3
    assert bench.ids() == ["r0", "r1", "r2", "r3"]


def test_a_crash_between_metadata_and_catalog_lands_once_and_leaves_no_file_behind(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.stage(1)
    bench.writer.commit_due()
    bench.stage(2)
    with monkeypatch.context() as patch:
        patch.setattr("pyiceberg.catalog.sql.CommitTableResponse", _crash)
        bench.writer.commit_due()
    # The pointer had moved: what looked like a failure has landed.
    assert bench.writer.commit_due() == 0
    assert bench.ids() == ["r0", "r1", "r2"]
    bench.stage(1)
    with monkeypatch.context() as patch:
        patch.setattr("pyiceberg.catalog.sql.update", _crash)
        assert bench.writer.commit_due() == 0
    assert bench.writer.commit_due() == 1
    assert bench.ids() == ["r0", "r1", "r2", "r3"]
    table = bench.table()
    assert table.unreferenced()
    tidy = bench.new_writer(grace_s=0)
    tidy.maintain()
    assert not bench.table().unreferenced()
    assert bench.ids() == ["r0", "r1", "r2", "r3"]
    tidy.close()


def test_two_writers_land_each_record_once(bench: Bench) -> None:
    other = bench.new_writer()
    bench.stage(1)
    bench.writer.commit_due()
    assert other.commit_due() == 0
    for _ in range(3):
        bench.stage(2)
        assert other.commit_due() == 2
        bench.stage(1)
        assert bench.writer.commit_due() == 1  # after a second look: its first state was gone
    assert bench.ids() == [f"r{n}" for n in range(10)]
    other.close()


def test_a_commit_overtaken_lands_nothing(bench: Bench) -> None:
    bench.stage(1)
    bench.writer.commit_due()
    stale = bench.table()
    bench.stage(1)
    bench.writer.commit_due()
    records = bench.lake.query(1, SETS, "SELECT * FROM web_events").table
    with pytest.raises(CommitOvertaken):
        stale.append(stale.table.transaction(), records, 99)
    assert bench.ids() == ["r0", "r1"]
    assert bench.table().through() < 99


def test_columns_are_added_when_records_first_hold_them(bench: Bench) -> None:
    bench.stage(1)
    bench.writer.commit_due()
    bench.stage(1, late={"field": "a"})
    bench.writer.commit_due()
    bench.stage(1, late={"other": "b"}, timestamp="2024-05-01T10:00:00+02:00")
    bench.writer.commit_due()
    sql = "SELECT late.field f, late.other o, epoch(timestamp)::BIGINT t FROM web_events ORDER BY n"
    assert [tuple(row.values()) for row in bench.lake.query(1, SETS, sql).rows()] == [
        (None, None, None),
        ("a", None, None),
        (None, "b", 1714550400),
    ]


def test_a_schema_that_gains_fields_gains_columns(bench: Bench) -> None:
    bench.schema = {"type": "object", "properties": {"_id": TEXT, "n": {"type": "integer"}}}
    bench.stage(1)
    bench.writer.commit_due()
    bench.schema = SCHEMA
    bench.stage(1, late={"field": "x"})
    assert bench.writer.commit_due() == 1
    assert bench.value("SELECT late.field FROM web_events WHERE late IS NOT NULL") == "x"


def test_a_stray_value_stops_no_record(bench: Bench) -> None:
    bench.stage(2)
    bench.stage(1, timestamp="no instant")
    bench.stage(2)
    assert bench.writer.commit_due() == 5
    sql = "SELECT _id, _parcours_unreadable u FROM web_events WHERE _parcours_unreadable IS NOT NULL"
    [row] = bench.lake.query(1, SETS, sql).rows()
    assert row["_id"] == "r2"
    assert orjson.loads(row["u"])["timestamp"] == "no instant"
    bench.stage(3)
    assert bench.writer.commit_due() == 3
    assert bench.value("SELECT count(*) FROM web_events") == 8


def test_a_data_set_without_a_schema_lands_too(bench: Bench) -> None:
    bench.schema = None
    bench.stage(2, tags=["a"])
    bench.stage(1, tags="no list")
    assert bench.writer.commit_due() == 3
    assert bench.value("SELECT sum(n)::INT FROM web_events") == 3


def test_a_data_set_that_fails_does_not_stop_the_others(bench: Bench) -> None:
    bench.stage(1, "d1")
    bench.writer.commit_due()
    bench.writer.close()
    shutil.move(bench.warehouse / "sandbox_1" / "d1", bench.warehouse / "gone")
    bench.stage(1, "d1")
    bench.stage(1, "d2")
    assert bench.writer.commit_due() == 1
    assert bench.value("SELECT count(*) FROM other") == 1
    assert bench.chunk_count() == 1
    shutil.move(bench.warehouse / "gone", bench.warehouse / "sandbox_1" / "d1")
    assert bench.writer.commit_due() == 1
    assert bench.ids() == ["r0", "r1"]


def test_a_backlog_larger_than_a_commit_lands_in_several(bench: Bench) -> None:
    writer = bench.new_writer(max_commit_records=4)
    for _ in range(5):
        bench.stage(3)
    bench.stage(9)
    assert writer.commit_due() == 24
    assert bench.ids() == [f"r{n}" for n in range(24)]
    assert len(bench.table().table.snapshots()) == 6
    writer.close()


def test_many_small_files_become_few_and_no_record_changes(bench: Bench) -> None:
    for n in range(12):
        bench.stage(2, **({"late": {"field": "x"}} if n == 5 else {}))
        bench.writer.commit_due()
    before = bench.lake.query(1, SETS, "SELECT * FROM web_events ORDER BY _id").table
    through = bench.table().through()
    tidy = bench.new_writer(grace_s=0)
    tidy.maintain()
    table = bench.table()
    assert len(table.data_files()) == 1
    assert table.through() == through
    assert len(table.table.snapshots()) <= 10
    assert bench.lake.query(1, SETS, "SELECT * FROM web_events ORDER BY _id").table == before
    bench.stage(1)
    assert bench.writer.commit_due() == 1  # after it was overtaken by the merge
    assert len(bench.ids()) == 25
    for _ in range(12):
        bench.stage(1)
        tidy.commit_due()
        tidy.maintain()
    files = [path for path in table.folder.rglob("*") if path.is_file()]
    assert len(files) < 60
    assert bench.value("SELECT count(*) FROM web_events") == 37
    tidy.close()


def test_a_table_that_is_written_to_often_tidies_itself(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "_MAX_SNAPSHOTS", 12)
    for _ in range(30):
        bench.stage(1)
        assert bench.writer.commit_due() == 1
    assert len(bench.table().table.snapshots()) <= 12
    assert len(bench.table().data_files()) < 20
    assert len(bench.ids()) == 30


def test_a_file_nothing_needs_stays_for_the_time_of_grace(bench: Bench) -> None:
    bench.stage(1)
    bench.writer.commit_due()
    orphan = bench.table().folder / "data" / "orphan.parquet"
    orphan.write_bytes(b"half a file")
    bench.writer.maintain()
    bench.writer.maintain()
    assert orphan.exists()
    tidy = bench.new_writer(grace_s=0)
    tidy.maintain()
    assert not orphan.exists()
    assert bench.ids() == ["r0"]
    tidy.close()


def test_maintaining_a_lake_that_does_not_exist_makes_none(bench: Bench) -> None:
    bench.writer.maintain()
    assert not bench.warehouse.exists()


def test_a_moved_data_directory_is_read_and_written_where_it_is(bench: Bench, tmp_path: Path) -> None:
    bench.stage(2)
    bench.writer.commit_due()
    bench.writer.close()
    moved = tmp_path / "elsewhere" / "lake ü"
    moved.parent.mkdir()
    shutil.move(bench.warehouse, moved)
    there = Bench(bench.db, moved)
    there._next = 2
    there.stage(1)
    assert there.ids() == ["r0", "r1", "r2"]
    assert there.writer.commit_due() == 1
    assert there.ids() == ["r0", "r1", "r2"]
    assert not bench.warehouse.exists()
    there.close()


def test_a_dropped_data_set_is_gone_and_the_others_stay(bench: Bench) -> None:
    bench.stage(1)
    bench.stage(1, "d2")
    bench.writer.commit_due()
    bench.stage(1)
    bench.writer.drop(1, "d1")
    assert bench.value("SELECT count(*) FROM web_events") == 0
    assert bench.value("SELECT count(*) FROM other") == 1
    assert not (bench.warehouse / "sandbox_1" / "d1").exists()
    bench.writer.drop(1, "never there")


def test_sandboxes_do_not_see_each_other(bench: Bench) -> None:
    bench.stage(1)
    bench.stage(5, scope_id=2)
    bench.writer.commit_due()
    bench.stage(2, scope_id=2)
    assert bench.value("SELECT count(*) FROM web_events", scope_id=1) == 1
    assert bench.value("SELECT count(*) FROM web_events", scope_id=2) == 7
    assert bench.value("SELECT count(*) FROM web_events", scope_id=3) == 0


def test_a_missing_file_is_told_after_looking_again(bench: Bench) -> None:
    bench.stage(1)
    bench.writer.commit_due()
    path = only_file(bench)
    path.unlink()
    with pytest.raises(LakeUnreadable) as told:
        bench.ids()
    assert str(told.value) == f"a file of the lake is missing: sandbox_1/d1/data/{path.name}"
    assert "Traceback" in told.value.reason


def only_file(bench: Bench) -> Path:
    [file] = bench.table().data_files()
    return bench.table().path_of(file)


def cut(whole: bytes) -> bytes:
    return whole[: len(whole) // 2]


def spoil_footer(whole: bytes) -> bytes:
    return whole[:8] + b"\xff" * (len(whole) - 16) + whole[-8:]


def spoil_page(whole: bytes) -> bytes:
    footer = 8 + int.from_bytes(whole[-8:-4], "little")
    return whole[:4] + b"\0" * (len(whole) - 4 - footer) + whole[-footer:]


def empty(_: bytes) -> bytes:
    return b""


@pytest.mark.parametrize("damage", [cut, spoil_footer, spoil_page, empty])
def test_a_damaged_file_is_told_as_such_and_no_fault_of_the_query(
    bench: Bench, damage: Callable[[bytes], bytes]
) -> None:
    bench.stage(1)
    bench.writer.commit_due()
    path = only_file(bench)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(LakeUnreadable) as told:
        bench.ids()
    assert str(told.value) == f"a file of the lake is damaged: sandbox_1/d1/data/{path.name}"


def test_an_error_of_a_query_that_names_a_file_is_no_damage(bench: Bench) -> None:
    bench.stage(1)
    bench.writer.commit_due()
    with pytest.raises(QueryInvalid, match=r"lake://0\.parquet"):
        bench.value("SELECT error('lake://0.parquet') FROM web_events")


def test_a_query_whose_file_was_merged_away_looks_for_the_new_one(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(11):
        bench.stage(1)
        bench.writer.commit_due()
    calls = 0

    def tables_then_merge(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        found = find_tables(*args)
        if calls == 1:
            tidy = bench.new_writer(grace_s=0)
            tidy.maintain()
            for path in bench.table().folder.glob("data/*"):
                if path not in {bench.table().path_of(file) for file in bench.table().data_files()}:
                    path.unlink()
            tidy.close()
        return found

    monkeypatch.setattr(query_module, "find_tables", tables_then_merge)
    assert len(bench.ids()) == 11
    assert calls == 2


def test_queries_while_committing_count_each_record_once(bench: Bench) -> None:
    """One thread stages, one commits and merges, one counts: a count is never below or above what was staged."""
    staged = [0, 0]  # before and after the transaction of the moment
    stop = threading.Event()
    errors: list[BaseException] = []

    def writing() -> None:
        while not stop.is_set():
            staged[1] += 5
            bench.stage(5)
            staged[0] += 5
            time.sleep(0.002)

    def committing() -> None:
        while not stop.is_set():
            bench.writer.commit_due()
            bench.writer.maintain()

    def guarded(work: Any) -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)
            stop.set()

    threads = [threading.Thread(target=guarded, args=(work,)) for work in (writing, committing)]
    for thread in threads:
        thread.start()
    try:
        deadline = time.monotonic() + 4
        counted = 0
        while time.monotonic() < deadline and not stop.is_set():
            least = staged[0]
            [row] = bench.lake.query(1, SETS, "SELECT count(*) n, count(DISTINCT _id) d FROM web_events").rows()
            most = staged[1]
            assert least <= row["n"] <= most
            assert row["d"] == row["n"]
            counted += 1
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not errors
    assert counted > 3
    bench.writer.commit_due()
    assert bench.value("SELECT count(DISTINCT _id) FROM web_events") == staged[0]


@pytest.mark.postgres
def test_a_number_taken_but_not_committed_holds_the_horizon_back(postgres_url: str) -> None:
    db = Database(postgres_url)
    lake_chunk_table.metadata.create_all(db.engine)
    with db.engine.connect() as slow, slow.begin() as transaction:
        stage(slow, 1, "d1", [b'{"_id":"slow"}'])
        with db.write() as quick:
            stage(quick, 1, "d1", [b'{"_id":"quick"}'])
        seen: list[int] = []

        def look() -> None:
            with db.write() as connection:
                seen.append(read_horizon(connection))

        looking = threading.Thread(target=look)
        looking.start()
        looking.join(0.3)
        assert looking.is_alive()
        transaction.commit()
        looking.join(5)
    assert seen == [2]
    db.close()


def test_a_column_of_the_schema_that_no_record_has_held_is_null(bench: Bench) -> None:
    assert bench.value("SELECT count(late.field) FROM web_events") == 0
    bench.stage(1)
    bench.writer.commit_due()
    assert bench.value("SELECT count(late.field) FROM web_events WHERE late.other IS NULL") == 0
    with pytest.raises(QueryInvalid, match="nonsense"):
        bench.value("SELECT nonsense FROM web_events")


def _crash(*_: Any, **__: Any) -> Any:
    raise OSError("simulated crash")


def test_several_may_open_a_new_lake_at_once(tmp_path: Path) -> None:
    faults: list[Exception] = []

    def open_it(root: Path, together: threading.Barrier) -> None:
        together.wait()
        try:
            LakeTables(root)
        except Exception as fault:
            faults.append(fault)

    for turn in range(15):
        together = threading.Barrier(4)
        threads = [threading.Thread(target=open_it, args=(tmp_path / str(turn), together)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert faults == []
