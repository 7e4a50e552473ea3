"""Moves what SQLite's write-ahead log holds into the database file, beside the writer instead of in its commits.

SQLite's own way is that a commit now and then copies all of it, and who waits for that commit waits for megabytes to be
written. Here a thread copies while commits go on; then the writer copies the little that came meanwhile, and the
write-ahead log starts from its beginning again.
"""

import sqlite3
import threading
from pathlib import Path

from parcours.kit.telemetry import get_logger

log = get_logger("checkpoint")

_CHECKPOINT = "PRAGMA wal_checkpoint(PASSIVE)"


class Checkpointer:
    """One for each writer. `note` and `close` are the writing thread's, everything else is its own."""

    def __init__(self, path: Path, after: int) -> None:
        """after: how much is committed until the next copy, in the unit of `note`."""
        self._path = path
        self._after = after
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._noted = 0
        self._wanted = threading.Event()
        self._is_running = False
        self._is_tail_left = False
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="checkpoint", daemon=True)
        self._thread.start()

    def note(self, amount: int, writer: sqlite3.Connection) -> None:
        """`writer` has committed so much, and has no transaction open now."""
        self._noted += amount
        if self._is_tail_left:
            self._is_tail_left = False
            self._checkpoint(writer)
        elif self._noted >= self._after and not self._is_running:
            self._noted = 0
            self._is_running = True
            self._wanted.set()

    def close(self) -> None:
        """Finish."""
        self._is_closing = True
        self._wanted.set()
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            if self._is_closing:
                return
            self._checkpoint(self._connection)
            self._is_tail_left = True
            self._is_running = False

    def _checkpoint(self, connection: sqlite3.Connection) -> None:
        try:
            connection.execute(_CHECKPOINT).fetchone()
        except sqlite3.Error as error:  # a full disk, say: commits tell their senders, and the next try may go well
            log.error("checkpoint.failed", path=str(self._path), error=str(error))
