"""The files of the lake: written through to the disk, found again wherever the data directory is moved to."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedWriter
from io import FileIO as RawFile
from pathlib import Path
from urllib.parse import unquote, urlparse

from pyiceberg.io import FileIO, InputFile, InputStream, OutputFile, OutputStream
from pyiceberg.typedef import EMPTY_DICT, Properties

ROOT_PROPERTY = "parcours.warehouse"
"""Catalog property that names the folder of the lake."""
_BUFFER_BYTES = 1024 * 1024


def resolve(root: Path, location: str) -> Path:
    """Where a file lies now: its last four steps (sandbox, data set, kind, name) below the folder of the lake.

    Iceberg stores absolute locations; taking only their end lets a data directory be moved, copied or mounted
    elsewhere. Raises ValueError for a location of another form.
    """
    path = urlparse(location).path if location.startswith("file:") else location
    steps = unquote(path).split("/")[-4:]
    if len(steps) < 4 or any(step in ("", ".", "..") for step in steps):
        raise ValueError(f"no location of this lake: {location!r}")
    return root.joinpath(*steps)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, durably."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


class DurableFile(BufferedWriter):
    """A new file whose bytes and name are on disk once it is closed."""

    def __init__(self, path: Path) -> None:
        make_folder(path.parent)
        super().__init__(RawFile(path, "xb"), _BUFFER_BYTES)
        self._folder = path.parent

    def close(self) -> None:
        """Flush, sync, close."""
        if not self.closed:
            self.flush()
            os.fsync(self.fileno())
            super().close()
            sync_folder(self._folder)


@contextmanager
def new_file(path: Path) -> Iterator[DurableFile]:
    """A durable file, removed again when the block fails."""
    file = DurableFile(path)
    try:
        yield file
        file.close()
    except BaseException:
        path.unlink(missing_ok=True)
        file.raw.close()
        raise


class _Input(InputFile):
    def __init__(self, location: str, path: Path) -> None:
        super().__init__(location)
        self._path = path

    def __len__(self) -> int:
        return self._path.stat().st_size

    def exists(self) -> bool:
        return self._path.exists()

    def open(self, seekable: bool = True) -> InputStream:
        return open(self._path, "rb")


class _Output(OutputFile):
    def __init__(self, location: str, path: Path) -> None:
        super().__init__(location)
        self._path = path

    def __len__(self) -> int:
        return self._path.stat().st_size

    def exists(self) -> bool:
        return self._path.exists()

    def to_input_file(self) -> InputFile:
        return _Input(self.location, self._path)

    def create(self, overwrite: bool = False) -> OutputStream:
        if overwrite:
            self._path.unlink(missing_ok=True)
        return DurableFile(self._path)


class LakeFiles(FileIO):
    """PyIceberg's way to files, over the local disk; made by PyIceberg from the catalog's properties."""

    def __init__(self, properties: Properties = EMPTY_DICT) -> None:
        super().__init__(properties)
        self.root = Path(properties[ROOT_PROPERTY])

    def new_input(self, location: str) -> InputFile:
        """A file to read."""
        return _Input(location, resolve(self.root, location))

    def new_output(self, location: str) -> OutputFile:
        """A file to write, durable once closed."""
        return _Output(location, resolve(self.root, location))

    def delete(self, location: str | InputFile | OutputFile) -> None:
        """Remove a file; a missing one is no error."""
        where = location if isinstance(location, str) else location.location
        resolve(self.root, where).unlink(missing_ok=True)


def within(root: Path, path: str | Path) -> str:
    """The name of a file below the lake's folder; where that lies concerns nobody."""
    path = Path(path)
    for folder in (root, root.resolve()):
        if path.is_relative_to(folder):
            return str(path.relative_to(folder))
    return path.name
