"""The engine: pragmas, transactions, and the rare difference between the two databases."""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url

from parcours.kit.checkpoint import Checkpointer

CHECKPOINT_ROWS = 80_000
"""After how many rows written at full load the write-ahead log is copied: some 16 MB, half of what a commit leaves."""


class Database:
    """One state database. Every statement runs inside `read()` or `write()`.

    SQLite runs in WAL mode with synchronous=FULL: a commit is on disk when `write()` returns.
    """

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self._path = Path(parsed.database) if self.is_sqlite and parsed.database not in (None, "", ":memory:") else None
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        self.engine: Engine = (
            create_engine(parsed, connect_args={"timeout": 30, "check_same_thread": False})
            if self.is_sqlite
            else create_engine(parsed, pool_pre_ping=True)
        )
        self._signs: list[Changes] = []
        self._commits: ThreadPoolExecutor | None = None
        self._checkpointer: Checkpointer | None = None
        if self.is_sqlite:
            event.listen(self.engine, "connect", _configure_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads; on SQLite it sees one consistent snapshot."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self, meanwhile: Callable[[], None] | None = None) -> Iterator[Connection]:
        """A transaction that commits on leaving the block, and rolls back on an exception.

        On SQLite it takes the write lock at once, so that it never fails half-way for want of it.
        meanwhile: done while the disk writes what is committed; it uses no connection. One thread at a time gives it,
        for what it writes at full load: checkpoints run beside its commits then.
        """
        opened = self.engine.connect().execution_options(parcours_write=True)
        with opened as connection, connection.begin() as transaction:
            driver = connection.connection.driver_connection
            rows = driver.total_changes if isinstance(driver, sqlite3.Connection) else 0
            yield connection
            if meanwhile is not None:
                committed = self._committer().submit(transaction.commit)
                try:
                    meanwhile()
                finally:
                    committed.result()
                if isinstance(driver, sqlite3.Connection) and self._path is not None:
                    if self._checkpointer is None:
                        self._checkpointer = Checkpointer(self._path, CHECKPOINT_ROWS)
                    self._checkpointer.note(driver.total_changes - rows, driver)

    @contextmanager
    def snapshot(self, *, writes: bool = False) -> Iterator[Connection]:
        """As `read` or `write`, and every statement sees the same moment: on PostgreSQL those see one each.

        There a write fails (OperationalError) that meets what somebody else has changed since that moment.
        """
        with self.write() if writes else self.read() as connection:
            if not self.is_sqlite:
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield connection

    def changes(self) -> "Changes":
        """A sign of what other connections commit, for one thread; closed with the database."""
        made = Changes(self)
        self._signs.append(made)
        return made

    def _committer(self) -> ThreadPoolExecutor:
        if self._commits is None:
            self._commits = ThreadPoolExecutor(1, thread_name_prefix="commit")
        return self._commits

    def close(self) -> None:
        """Close every connection."""
        if self._commits is not None:
            self._commits.shutdown()
        if self._checkpointer is not None:
            self._checkpointer.close()
        for sign in self._signs:
            sign.close()
        self.engine.dispose()


class Changes:
    """Tells whether somebody else has committed, for a hundredth of what a transaction costs that looks."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._connection: Any = None
        self._cursor: Any = None

    def version(self) -> int | None:
        """A number that stays the same while no other connection commits; None when only looking can tell.

        SQLite keeps it in memory that its processes share. PostgreSQL has nothing like it.
        """
        if not self._db.is_sqlite:
            return None
        try:
            if self._connection is None:
                self._connection = self._db.engine.raw_connection()
                self._connection.detach()
                self._cursor = self._connection.cursor()
            version: int = self._cursor.execute("PRAGMA data_version").fetchone()[0]
        except sqlite3.Error:
            return None  # whoever looks then will meet the fault
        return version

    def close(self) -> None:
        """Close the connection it keeps."""
        if self._connection is not None:
            self._cursor.close()
            self._connection.close()
            self._connection = None


def is_writing(connection: Connection) -> bool:
    """Whether the connection's transaction was begun by `write()`."""
    return bool(connection.get_execution_options().get("parcours_write", False))


def _configure_sqlite(connection: object, _record: object) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]  # we send BEGIN ourselves
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=30000",
        "cache_size=-65536",
        "temp_store=MEMORY",
        "secure_delete=OFF",  # as SQLite has it; Debian's default writes zeros over what is deleted or moved
        "wal_autocheckpoint=8000",  # 32 MB: pages that every batch changes are copied once for several of them
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing(connection) else "BEGIN")
