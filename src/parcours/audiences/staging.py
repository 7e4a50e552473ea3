"""A list that was read, as identities in order: in a file of its own, so that memory stays bounded.

Order is what makes an upload cheap. Members of one part then stand side by side in the audience's table and indexes,
and a list that replaces another is compared with it as two decks of cards are. A list in the order it came in wrote
a page of each index for every member.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


class StagedList:
    """Identities of one namespace with their attributes; of one named twice, the last counts.

    Everything raises OSError when the file can't be written or read.
    """

    def __init__(self, folder: Path, name: str) -> None:
        """Begin an empty list. The file has no name any more when this returns: it is gone with the process."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.staged"
        path.unlink(missing_ok=True)
        with _told():
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            for pragma in ("journal_mode=OFF", "synchronous=OFF", "locking_mode=EXCLUSIVE", "cache_size=-32768"):
                self._connection.execute(f"PRAGMA {pragma}").fetchall()
            self._connection.execute("CREATE TABLE member (identity TEXT PRIMARY KEY, attributes TEXT) WITHOUT ROWID")
            self._connection.execute("BEGIN")
            path.unlink()

    def add(self, members: Iterable[tuple[str, str | None]]) -> None:
        """Take in further rows, (identity, attributes)."""
        with _told():
            self._connection.executemany(
                "INSERT INTO member VALUES (?, ?) ON CONFLICT DO UPDATE SET attributes = excluded.attributes", members
            )

    def count(self) -> int:
        """How many identities there are."""
        with _told():
            found: int = self._connection.execute("SELECT count(*) FROM member").fetchone()[0]
            return found

    def after(self, identity: str, limit: int) -> list[tuple[str, str | None]]:
        """The next identities in order, with their attributes."""
        with _told():
            return self._connection.execute(
                "SELECT identity, attributes FROM member WHERE identity > ? ORDER BY identity LIMIT ?",
                (identity, limit),
            ).fetchall()

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise OSError(f"a list can't be put in order: {error}") from error
