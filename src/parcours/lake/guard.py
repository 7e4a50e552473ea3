"""What a user's SQL can reach: the files it was given, to read them, and nothing else.

DuckDB is told to leave the file system alone but for paths of a scheme of our own, and what serves that scheme can't
write. (Allowing the files by their real paths is not enough: DuckDB 2.0 runs `WITH x AS (COPY … TO 'an allowed
path')` as part of a SELECT.)
"""

import os
import re
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from io import RawIOBase
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from fsspec import AbstractFileSystem  # type: ignore[import-untyped]

from parcours.lake.convert import DUCKDB_CONFIG

_SCHEME = "lake"


_NAMED = re.compile(rf"{_SCHEME}://(\d+\.parquet)")
_KIND = re.compile(r"[A-Za-z /-]+ Error: ")


def _is_damaged(path: Path) -> bool:
    """Whether a Parquet file can't be read to its end."""
    try:
        with pq.ParquetFile(path) as file:
            for _ in file.iter_batches():
                pass
    except (pa.ArrowException, OSError):
        return True
    return False


class _OpenFile(RawIOBase):
    """A file to read, at a position of each thread's own: DuckDB's threads share it, and seek before they read.

    Closes when DuckDB lets go of it, for it never closes what it opens.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._own = threading.local()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self.tell(), os.SEEK_END: self._size()}[whence]
        self._own.position = start + offset
        return start + offset

    def tell(self) -> int:
        position: int = getattr(self._own, "position", 0)
        return position

    def read(self, size: int = -1) -> bytes:
        position = self.tell()
        found = os.pread(self._descriptor, self._size() - position if size < 0 else size, position)
        self._own.position = position + len(found)
        return found

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()

    def _size(self) -> int:
        return os.fstat(self._descriptor).st_size


class GivenFiles(AbstractFileSystem):  # type: ignore[misc]
    """A read-only file system that holds the files it was made with, under numbers."""

    protocol = (_SCHEME,)
    cachable = False

    def __init__(self) -> None:
        super().__init__()
        self._paths: dict[str, Path] = {}
        self.missing: Path | None = None
        """A file that was gone when it was to be read: a compaction has removed it, look for the new ones."""

    def give(self, path: Path) -> str:
        """Make a file readable; returns its path for SQL."""
        name = f"{len(self._paths)}.parquet"
        self._paths[name] = path
        return f"{_SCHEME}://{name}"

    @property
    def names(self) -> list[str]:
        """The paths for SQL of all files."""
        return [f"{_SCHEME}://{name}" for name in self._paths]

    def open(self, path: str, mode: str = "rb", **_: Any) -> RawIOBase:
        """A file to read; anything else is refused."""
        if mode != "rb":
            raise PermissionError("the lake is read-only")
        file = self._path(path)
        try:
            return _OpenFile(os.open(file, os.O_RDONLY | os.O_CLOEXEC))
        except FileNotFoundError:
            self.missing = file
            raise

    def find_damaged(self, message: str) -> Path | None:
        """The file that DuckDB could not read, by what it said; None when it was not for a file.

        It names the file, or says what it stumbled upon without the kind of error that all others begin with.
        """
        named = _NAMED.search(message)
        if named is not None:
            suspects = [path for name, path in self._paths.items() if name == named[1]]
        elif _KIND.match(message) is None:
            suspects = list(self._paths.values())
        else:
            return None
        return next((path for path in suspects if _is_damaged(path)), None)

    def glob(self, path: str, **_: Any) -> list[str]:
        """The path itself when it is one of the files."""
        return [path] if self.exists(path) else []

    def exists(self, path: str, **_: Any) -> bool:
        """Whether the path is one of the files."""
        return self._strip_protocol(path) in self._paths

    def isdir(self, path: str) -> bool:
        """There are no folders."""
        return False

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """Name and size."""
        return {"name": path, "size": self.size(path), "type": "file"}

    def size(self, path: str) -> int:
        """In bytes."""
        return self._stat(path).st_size

    def modified(self, path: str) -> datetime:
        """When the file was written; files of the lake never change."""
        return datetime.fromtimestamp(self._stat(path).st_mtime, UTC)

    def _stat(self, path: str) -> os.stat_result:
        file = self._path(path)
        try:
            return file.stat()
        except FileNotFoundError:
            self.missing = file
            raise

    def _path(self, path: str) -> Path:
        found = self._paths.get(self._strip_protocol(path))
        if found is None:
            raise PermissionError(f"no file of this query: {path}")
        return found


def open_guarded(files: GivenFiles, memory_limit: str, threads: int) -> duckdb.DuckDBPyConnection:
    """An empty in-memory database that can read the files given so far, before `lock` is called."""
    connection = duckdb.connect(
        ":memory:",
        config={**DUCKDB_CONFIG, "memory_limit": memory_limit, "threads": threads, "temp_directory": ""},
    )
    connection.register_filesystem(files)
    connection.execute("SET TimeZone='UTC'")
    return connection


def lock(connection: duckdb.DuckDBPyConnection, names: Sequence[str]) -> None:
    """From now on nothing but the named files can be read, nothing written, no setting changed."""
    quoted = ", ".join("'" + name.replace("'", "''") + "'" for name in names)
    connection.execute(f"SET allowed_paths = [{quoted}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def close_guarded(connection: duckdb.DuckDBPyConnection) -> None:
    """Close, and break the circle between the connection and the files."""
    connection.unregister_filesystem(_SCHEME)
    connection.close()
