"""What is done while a transaction is committed, on both databases."""

import contextlib
import sqlite3
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import insert, text

from parcours.db import Database, engine
from parcours.resources.store import revision_table

_COUNT = text("SELECT count(*) FROM revision")


def _count(db: Database) -> int:
    with db.read() as connection:
        found: int = connection.execute(_COUNT).scalar_one()
    return found


def _write(db: Database, kind: str, did: list[str]) -> None:
    with db.write(lambda: did.append(threading.current_thread().name)) as connection:
        connection.execute(insert(revision_table).values(kind=kind, value=1))
        assert not did


def test_it_is_done_once_in_the_callers_thread_and_what_was_written_is_there(db: Database) -> None:
    for number in range(20):
        did: list[str] = []
        _write(db, f"kind {number}", did)
        assert did == [threading.current_thread().name]
        assert _count(db) == number + 1


def test_what_fails_meanwhile_is_told_and_the_commit_stands(db: Database) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), db.write(fail) as connection:
        connection.execute(insert(revision_table).values(kind="a", value=1))
    assert _count(db) == 1


def test_a_block_that_fails_commits_nothing_and_nothing_is_done_meanwhile(db: Database) -> None:
    did: list[str] = []

    def write_and_fail() -> None:
        with db.write(lambda: did.append("done")) as connection:
            connection.execute(insert(revision_table).values(kind="a", value=1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    assert did == []
    assert _count(db) == 0
    _write(db, "a", did)
    assert _count(db) == 1


def test_at_full_load_checkpoints_run_beside_the_commits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "CHECKPOINT_ROWS", 2_000)
    path = tmp_path / "state.db"
    with contextlib.closing(Database(f"sqlite:///{path}")) as db:
        with db.write() as connection:
            connection.exec_driver_sql("CREATE TABLE much (id INTEGER PRIMARY KEY, what BLOB)")
        for _ in range(25):
            with db.write(lambda: time.sleep(0.02)) as connection:
                connection.exec_driver_sql("INSERT INTO much (what) VALUES (?)", [(b"x" * 1_000,)] * 1_000)
        # a commit alone would copy 32 MB
        assert path.with_name("state.db-wal").stat().st_size < 15_000_000
        assert path.stat().st_size > 10_000_000
    with sqlite3.connect(path) as after:
        assert after.execute("SELECT count(*) FROM much").fetchone() == (25_000,)
    after.close()
