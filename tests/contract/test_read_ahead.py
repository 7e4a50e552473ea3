"""The worker reads on in the log while a transaction is committed: nothing is left out, nothing comes twice."""

import asyncio
from collections.abc import Iterable, Iterator

import pytest

from parcours.app import Platform, build_pipeline, log_path
from parcours.batch import Transformed, transform_all
from parcours.catalog.documents import DATA_SET_KIND
from parcours.dataflow.transform import Definitions
from parcours.log import Record
from parcours.log.sqlite import SqliteLogReader, SqliteLogWriter
from parcours.pipeline import _Ahead


class Reader(SqliteLogReader):
    """Tells what was read after which position, and fails when it is told to."""

    reads: list[tuple[int, int]]
    fails = False

    def read(self, after: int, max_messages: int) -> list[tuple[int, Record]]:
        if self.fails:
            self.fails = False
            raise OSError("the disk is away for a moment")
        found = super().read(after, max_messages)
        self.reads.append((after, len(found)))
        return found


@pytest.fixture
def reader(platform: Platform) -> Iterator[Reader]:
    made = Reader(log_path(platform.settings))
    made.reads = []
    yield made
    made.close()


def _append(platform: Platform, *names: str) -> None:
    async def append() -> None:
        writer = SqliteLogWriter(log_path(platform.settings))
        await writer.append([Record("gone", "", "gone", name, 1_700_000_000_000, b"{}") for name in names])
        await writer.close()

    asyncio.run(append())


def _failed(platform: Platform) -> list[str]:
    with platform.db.read() as connection:
        rows = connection.exec_driver_sql("SELECT xaction_id FROM failed_record ORDER BY id")
        return [row[0] for row in rows]


def test_each_record_is_processed_once_and_read_once(platform: Platform, reader: Reader) -> None:
    _append(platform, *"abcdefg")
    pipeline = build_pipeline(platform)
    pipeline._reader = reader
    assert [pipeline.run_records(2) for _ in range(5)] == [2, 2, 2, 1, 0]
    assert _failed(platform) == list("abcdefg")
    # one of two is half of what was asked for: there may be more
    assert reader.reads == [(0, 2), (2, 2), (4, 2), (6, 1), (7, 0), (7, 0)]


def test_what_comes_after_nothing_was_read_ahead_is_found(platform: Platform, reader: Reader) -> None:
    _append(platform, "a", "b")
    pipeline = build_pipeline(platform)
    pipeline._reader = reader
    assert pipeline.run_records(2) == 2
    _append(platform, "c")
    assert pipeline.run_records(2) == 1
    assert _failed(platform) == ["a", "b", "c"]


def test_somebody_alone_is_not_kept_waiting_for_reading_ahead(platform: Platform, reader: Reader) -> None:
    _append(platform, "a")
    pipeline = build_pipeline(platform)
    pipeline._reader = reader
    assert pipeline.run_records(1_000) == 1
    assert reader.reads == [(0, 1)]


def test_reading_ahead_that_fails_is_done_again(platform: Platform, reader: Reader) -> None:
    _append(platform, "a", "b", "c", "d")
    pipeline = build_pipeline(platform)
    pipeline._reader = reader
    first = reader.read(0, 2)
    pipeline._ahead = _Ahead(0, first, None)
    reader.fails = True
    assert pipeline.run_records(2) == 2
    assert not reader.fails
    assert pipeline.run_records(2) == 2
    assert _failed(platform) == ["a", "b", "c", "d"]


def test_what_was_made_ahead_of_a_change_of_definitions_is_made_anew(
    platform: Platform, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []

    def tell(records: Iterable[Record], definitions: Definitions) -> Transformed:
        transformed = transform_all(records, definitions)
        made.append(len(transformed.outcomes))
        return transformed

    for module in ("batch", "pipeline"):
        monkeypatch.setattr(f"parcours.{module}.transform_all", tell)
    _append(platform, *"abcdef")
    pipeline = build_pipeline(platform)
    pipeline._reader = reader
    assert pipeline.run_records(2) == 2
    assert pipeline.run_records(2) == 2
    assert made == [2, 2, 2]
    with platform.db.write() as connection:
        platform.resources.touch(connection, DATA_SET_KIND)
    assert pipeline.run_records(2) == 2
    assert made == [2, 2, 2, 2, 0]
    assert _failed(platform) == list("abcdef")
