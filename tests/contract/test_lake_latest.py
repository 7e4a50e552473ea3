"""The last rows of a data set: newest first, each once, page by page, whatever is committed and merged meanwhile."""

import itertools
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest

from parcours.db import Database
from parcours.lake import LakeWriter, stage
from parcours.lake import latest as latest_module
from parcours.lake import tables as tables_module
from parcours.lake.compaction import merge_small_files
from parcours.lake.errors import LakeUnreadable
from parcours.lake.latest import LatestRows, read_latest
from parcours.lake.store import lake_chunk_table
from parcours.lake.tables import LakeTable, LakeTables
from parcours.lake.writer import catalog_url

SCHEMA = {
    "type": "object",
    "properties": {
        "_id": {"type": "string"},
        "timestamp": {"type": "string", "format": "date-time"},
        "n": {"type": "integer"},
        "note": {"type": "string"},
        "identityMap": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "object"}}},
    },
}


class Bench:
    """A state database, a warehouse and a writer; rows are numbered as they are staged."""

    def __init__(self, db: Database, warehouse: Path) -> None:
        self.db = db
        self.warehouse = warehouse
        self.writer = LakeWriter(db, warehouse, lambda _scope_id, _dataset_id: SCHEMA)
        self.count = 0
        self._tables: LakeTables | None = None

    def close(self) -> None:
        self.writer.close()
        if self._tables is not None:
            self._tables.close()

    def stage(self, count: int, **fields: Any) -> None:
        rows = [{"n": n, **fields} for n in range(self.count, self.count + count)]
        self.count += count
        with self.db.write() as connection:
            stage(connection, 1, "d1", [orjson.dumps(row) for row in rows])

    def land(self, count: int, **fields: Any) -> None:
        self.stage(count, **fields)
        assert self.writer.commit_due() == count

    def page(self, limit: int = 100, before: int | None = None, scope_id: int = 1) -> LatestRows:
        return read_latest(
            self.db, self.warehouse, lambda _scope_id, _dataset_id: SCHEMA, scope_id, "d1", limit=limit, before=before
        )

    def numbers(self, **asked: Any) -> list[int]:
        return [row["n"] for row in self.page(**asked).rows]

    def walk(self, limit: int) -> Iterator[list[int]]:
        before: int | None = None
        while True:
            page = self.page(limit, before)
            yield [row["n"] for row in page.rows]
            before = page.next
            if before is None:
                return

    def files(self) -> list[Path]:
        table = self.table()
        return [table.path_of(file) for file in table.data_files()]

    def merge(self) -> int:
        return merge_small_files(self.table())

    def table(self) -> LakeTable:
        if self._tables is None:
            self._tables = LakeTables(self.warehouse, catalog_url(self.db))
        found = self._tables.find(1, "d1")
        assert found is not None
        return found


@pytest.fixture
def bench(db: Database, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(db, tmp_path / "lake")
    yield made
    made.close()


def test_a_data_set_without_rows_has_none(bench: Bench) -> None:
    assert bench.page() == LatestRows([], 0, None)
    assert not bench.warehouse.exists()


def test_landed_and_staged_rows_come_newest_first(bench: Bench) -> None:
    bench.land(4)
    bench.land(3)
    bench.stage(2)
    bench.stage(1)
    assert bench.numbers() == list(range(9, -1, -1))
    assert (bench.page(3).total_count, bench.page(3).next) == (10, 7)
    assert list(bench.walk(4)) == [[9, 8, 7, 6], [5, 4, 3, 2], [1, 0]]
    assert bench.page(5, before=0) == LatestRows([], 10, None)
    assert bench.numbers(limit=2, before=99) == [9, 8]
    assert bench.page(scope_id=2) == LatestRows([], 0, None)


def test_rows_come_as_the_entities_they_were(bench: Bench) -> None:
    entity = {
        "_id": "a", "timestamp": "2026-01-02T03:04:05.678Z", "identityMap": {"Email": [{"id": "a@example.com"}]},
        "more": [{"x": 1}, {"y": True}],
    }  # fmt: skip
    bench.land(1, **entity)
    bench.land(1, note="later")
    bench.stage(1, **entity)
    assert bench.page().rows == [{"n": 2, **entity}, {"n": 1, "note": "later"}, {"n": 0, **entity}]


def test_a_walk_meets_each_row_once_though_rows_land_and_files_merge_meanwhile(bench: Bench) -> None:
    for count in (1, 5, 2, 1, 4, 3, 2, 1):
        bench.land(count)
    bench.stage(4)
    last = bench.count - 1
    seen: list[int] = []
    for turn, page in enumerate(bench.walk(3)):
        seen += page
        bench.stage(2)
        if turn % 2:
            bench.writer.commit_due()
            bench.merge()
    assert seen == list(range(last, -1, -1))
    assert len(bench.files()) < 10


def test_a_merge_keeps_the_order_of_landing_across_sizes(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parcours.lake.compaction._SIZE_CLASSES_BYTES", (8_000, 16 * 1024 * 1024))
    monkeypatch.setattr("parcours.lake.compaction._MIN_FILES", 3)
    noise = random.Random(1).randbytes(20_000).hex()
    for note in ("", noise, "", "", noise):
        bench.land(1, **({"note": note} if note else {}))
    assert bench.merge() == 4  # the large one between the small ones goes along; the last stays
    assert len(bench.files()) == 2
    bench.land(1)
    assert bench.numbers() == [5, 4, 3, 2, 1, 0]


def test_files_of_a_time_before_their_names_told_the_order_come_first(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(tables_module, "_LANDED_DIGITS", 0)  # names that don't tell
        bench.land(2)
        bench.land(1)
    bench.land(2)
    assert bench.numbers() == [4, 3, 2, 1, 0]


def test_only_the_row_groups_of_the_page_are_read(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables_module, "ROW_GROUP_ROWS", 10)
    bench.land(95)
    bench.land(5)
    opened: list[tuple[str, int]] = []
    read = pq.ParquetFile.iter_batches

    def told(file: pq.ParquetFile, *args: Any, row_groups: list[int], **more: Any) -> Any:
        opened.extend((Path(file.reader.metadata.row_group(0).column(0).file_path or "").name, g) for g in row_groups)
        return read(file, *args, row_groups=row_groups, **more)

    monkeypatch.setattr(pq.ParquetFile, "iter_batches", told)
    assert bench.numbers(limit=4) == [99, 98, 97, 96]
    assert [group for _, group in opened] == [0]
    opened.clear()
    assert bench.numbers(limit=3, before=92) == [91, 90, 89]
    assert [group for _, group in opened] == [8, 9]


def test_staged_rows_of_other_chunks_are_not_unpacked(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        bench.stage(3)
    unpacked: list[int] = []
    read = latest_module.read_chunk
    monkeypatch.setattr(latest_module, "read_chunk", lambda c, seq: [unpacked.append(seq), read(c, seq)][1])
    assert bench.numbers(limit=4) == [14, 13, 12, 11]
    assert len(unpacked) == 2


def test_a_chunk_that_landed_and_is_not_yet_deleted_counts_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.stage(3)
    with monkeypatch.context() as patch:
        patch.setattr("parcours.lake.writer.delete_chunks", lambda *_: None)
        bench.writer.commit_due()
    with bench.db.read() as connection:
        assert connection.execute(lake_chunk_table.select()).all()
    assert bench.numbers() == [2, 1, 0]


def test_a_file_that_a_merge_removed_is_looked_for_anew(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.land(2)
    tries = itertools.count()
    read = latest_module._read

    def gone(*args: Any) -> Any:
        if next(tries) < 2:
            raise FileNotFoundError("0.parquet")
        return read(*args)

    monkeypatch.setattr(latest_module, "_read", gone)
    assert bench.numbers() == [1, 0]


def test_a_missing_or_damaged_file_says_so(bench: Bench) -> None:
    bench.land(2)
    [file] = bench.files()
    file.write_bytes(b"PAR1 no more")
    with pytest.raises(LakeUnreadable) as damaged:
        bench.page()
    assert str(damaged.value) == f"a file of the lake is damaged: sandbox_1/d1/data/{file.name}"
    file.unlink()
    with pytest.raises(LakeUnreadable) as missing:
        bench.page()
    assert str(missing.value) == f"a file of the lake is missing: sandbox_1/d1/data/{file.name}"
