"""The promises of an event log, on each implementation of it."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from parcours.log import LogUnavailable, LogUnreadable, Record
from parcours.log.sqlite import LogFormatUnknown, SqliteLogReader, SqliteLogWriter


def record(name: str, *, flow: str = "flow", count: int = 1) -> Record:
    return Record("inlet", flow, "dataset", name, 1_700_000_000_000, f'{{"n":"{name}"}}'.encode(), count > 1, count)


def append(path: Path, *groups: list[Record]) -> None:
    async def run() -> None:
        writer = SqliteLogWriter(path)
        await asyncio.gather(*(writer.append(group) for group in groups))
        await writer.close()

    asyncio.run(run())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


def test_what_was_acknowledged_is_read_back_in_order_with_every_field(path: Path) -> None:
    full = Record("i", "f", "d", "x", 5, b'{"messages":[1,2,3]}', True, 2, (1,), 7)
    append(path, [record("a"), record("b")], [full])
    reader = SqliteLogReader(path)
    assert reader.read(0, 100) == [(1, record("a")), (2, record("b")), (3, full)]
    reader.close()


def test_requests_that_wait_together_are_committed_together_and_keep_their_positions(path: Path) -> None:
    append(path, *[[record(str(n))] for n in range(500)])
    append(path, *[[record(str(n))] for n in range(500, 600)])
    reader = SqliteLogReader(path)
    read = reader.read(0, 10_000)
    assert [position for position, _ in read] == list(range(1, 601))
    assert {r.xaction_id for _, r in read} == {str(n) for n in range(600)}
    groups = sqlite3.connect(path).execute("SELECT count(*) FROM record_group").fetchone()[0]
    assert groups < 50
    reader.close()


def test_reading_goes_on_in_the_middle_of_a_group_and_stops_at_the_limit(path: Path) -> None:
    append(path, [record(str(n)) for n in range(10)])
    reader = SqliteLogReader(path)
    assert [r.xaction_id for _, r in reader.read(4, 3)] == ["4", "5", "6"]
    assert reader.read(10, 3) == []
    reader.close()


def test_one_large_batch_is_read_whole_even_above_the_limit(path: Path) -> None:
    append(path, [record("big", count=50_000), record("next")])
    reader = SqliteLogReader(path)
    assert [r.xaction_id for _, r in reader.read(0, 1000)] == ["big"]
    assert [r.xaction_id for _, r in reader.read(1, 1000)] == ["next"]
    reader.close()


def test_pending_counts_messages_of_each_flow_after_a_position(path: Path) -> None:
    append(path, [record("a"), record("b", flow="other", count=7), record("c"), record("d", flow="")])
    reader = SqliteLogReader(path)
    assert reader.pending(1) == {"other": 7, "flow": 1, "dataset": 1}
    reader.close()


def test_positions_go_on_after_everything_was_trimmed(path: Path) -> None:
    append(path, [record("a"), record("b")])
    reader = SqliteLogReader(path)
    assert reader.trim(2, 1_800_000_000_000) == 1
    assert reader.read(0, 10) == []
    append(path, [record("c")])
    assert reader.read(2, 10) == [(3, record("c"))]
    reader.close()


def test_trimming_keeps_what_is_not_processed_or_young(path: Path) -> None:
    append(path, [record("a")])
    append(path, [record("b")])
    reader = SqliteLogReader(path)
    assert reader.trim(1, 1_600_000_000_000) == 0
    assert reader.trim(1, 1_800_000_000_000) == 1
    assert [r.xaction_id for _, r in reader.read(0, 10)] == ["b"]
    reader.close()


def test_a_failing_disk_refuses_the_append_and_the_next_one_works_again(path: Path) -> None:
    async def run() -> list[str]:
        writer = SqliteLogWriter(path)
        await writer.append([record("kept")])
        pages = writer._connection.execute("PRAGMA page_count").fetchone()[0]
        writer._connection.execute(f"PRAGMA max_page_count={pages}")  # the disk is full
        huge = Record("i", "f", "d", "lost", 1, b"x" * 1_000_000)
        with pytest.raises(LogUnavailable):
            await writer.append([huge])
        assert not writer.is_healthy
        writer._connection.execute("PRAGMA max_page_count=1000000")
        writer.probe()
        while not writer.is_healthy:
            await asyncio.sleep(0.001)
        await writer.append([record("after")])
        assert writer.is_healthy
        await writer.close()
        reader = SqliteLogReader(path)
        found = [r.xaction_id for _, r in reader.read(0, 10)]
        reader.close()
        return found

    assert asyncio.run(run()) == ["kept", "after"]


def test_a_request_that_was_given_up_does_not_take_its_neighbours_with_it(path: Path) -> None:
    async def run() -> None:
        writer = SqliteLogWriter(path)
        first, second = writer.append([record("a")]), writer.append([record("b")])
        first.cancel()
        await second
        await writer.close()

    asyncio.run(run())


def test_a_file_of_a_later_release_is_refused_by_name(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version=7")
    connection.close()
    with pytest.raises(LogFormatUnknown, match="format 7"):
        SqliteLogReader(path)


def test_the_write_ahead_log_starts_again_while_records_keep_coming(path: Path) -> None:
    body = b"x" * 200_000

    async def run() -> int:
        writer = SqliteLogWriter(path)
        for first in range(0, 400, 4):
            records = [Record("i", "f", "d", str(n), 1, body) for n in range(first, first + 4)]
            await asyncio.gather(*(writer.append((r,)) for r in records))
        size = path.with_name("log.db-wal").stat().st_size
        await writer.close()
        return size

    assert asyncio.run(run()) < 400 * len(body) / 2
    reader = SqliteLogReader(path)
    first = reader.read(0, 10_000)
    rest = reader.read(len(first), 10_000)
    assert [r.xaction_id for _, r in (*first, *rest)] == [str(n) for n in range(400)]
    reader.close()


def test_a_reader_takes_no_more_bytes_at_once_than_memory_is_there_for(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parcours.log.sqlite.MAX_READ_BYTES", 250)
    append(path, [Record("i", "f", "d", str(n), 1, b"x" * 100) for n in range(3)], [record("next")])
    reader = SqliteLogReader(path)
    assert [r.xaction_id for _, r in reader.read(0, 1000)] == ["0", "1"]
    assert [r.xaction_id for _, r in reader.read(2, 1000)] == ["2", "next"]
    monkeypatch.setattr("parcours.log.sqlite.MAX_READ_BYTES", 10)
    assert [r.xaction_id for _, r in reader.read(1, 1000)] == ["1"]
    reader.close()


def test_a_group_is_no_larger_than_a_row_may_be(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parcours.log.sqlite.MAX_GROUP_BYTES", 1_000)
    append(path, *[[Record("i", "f", "d", str(n), 1, b"x" * 400)] for n in range(20)])
    sizes = [size for (size,) in sqlite3.connect(path).execute("SELECT length(bodies) FROM record_group")]
    assert sum(sizes) == 8_000
    assert max(sizes) <= 1_200


def test_what_waits_is_counted_in_bytes_too(path: Path) -> None:
    async def run() -> tuple[int, int]:
        writer = SqliteLogWriter(path)
        lock = sqlite3.connect(path, isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        first = writer.append((Record("i", "f", "d", "1", 1, b"x" * 700),))
        await asyncio.sleep(0.05)  # the writer has taken it, and waits for the lock
        others = [writer.append((Record("i", "f", "d", "2", 1, b"x" * 300),)) for _ in range(2)]
        waiting = writer.waiting_bytes
        lock.execute("ROLLBACK")
        await asyncio.gather(first, *others)
        after = writer.waiting_bytes
        await writer.close()
        return waiting, after

    assert asyncio.run(run()) == (600, 0)


def test_trimming_goes_in_steps_that_let_others_write(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parcours.log.sqlite.TRIM_BYTES", 250)
    for n in range(5):
        append(path, [Record("i", "f", "d", str(n), n, b"x" * 100)])
    reader = SqliteLogReader(path)
    statements: list[str] = []
    reader._connection.set_trace_callback(statements.append)
    assert reader.trim(4, 4) == 4
    assert sum(one.startswith("DELETE") for one in statements) == 2
    assert [r.xaction_id for _, r in reader.read(0, 10)] == ["4"]
    statements.clear()
    assert reader.trim(5, 4) == 0
    assert not [one for one in statements if one.startswith("BEGIN")]
    reader.close()


def test_records_tried_again_count_as_work(path: Path) -> None:
    append(path, [record(str(n))._replace(message_count=0) for n in range(10)])
    reader = SqliteLogReader(path)
    assert len(reader.read(0, 3)) == 3
    assert reader.pending(0) == {"flow": 0}
    reader.close()


def test_a_log_that_cannot_be_read_says_so(path: Path) -> None:
    append(path, [record("a")])
    reader = SqliteLogReader(path)
    reader.close()
    for call in (lambda: reader.read(0, 1), lambda: reader.pending(0), lambda: reader.trim(1, 1)):
        with pytest.raises(LogUnreadable):
            call()
