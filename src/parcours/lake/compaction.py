"""Few files of good size instead of many small ones, without touching the same record too often."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from parcours.lake.convert import DUCKDB_CONFIG
from parcours.lake.scan import select_files
from parcours.lake.shape import Struct
from parcours.lake.tables import ROW_GROUP_ROWS, LakeTable

_SIZE_CLASSES_BYTES = (1024 * 1024, 16 * 1024 * 1024, 256 * 1024 * 1024)
"""Merges go by class: old files are large and new ones small, so a record is rewritten about once for each class."""
_MIN_FILES = 10
_MAX_FILES = 200


def merge_small_files(table: LakeTable) -> int:
    """Merge the files of each size class that has grown too many into one; returns how many were merged.

    Each merge is one snapshot that changes no record, keeps the order in which they landed, and carries
    `parcours.through` on.
    """
    merged = 0
    lower = 0
    for upper in _SIZE_CLASSES_BYTES:
        files = table.data_files()
        run = find_run([file.file_size_in_bytes for file in files], lower, upper)
        if run is not None:
            chosen = files[run]
            transaction = table.table.transaction()
            paths = [table.path_of(file) for file in chosen]
            table.replace(transaction, chosen, _read(paths, table.shape()), table.through())
            merged += len(chosen)
        lower = upper
    return merged


def find_run(sizes: Sequence[int], lower: int, upper: int) -> slice | None:
    """Neighbours to merge for the sake of those with lower ≤ size < upper: from the first of them to the last.

    sizes: in bytes, in the order of landing. What stands between comes along, so that the order stays; only a file
    too large for every class is never rewritten. None when no run holds enough of the class.
    """
    members: list[int] = []
    for index, size in enumerate([*sizes, _SIZE_CLASSES_BYTES[-1]]):
        if size >= _SIZE_CLASSES_BYTES[-1]:
            if len(members) >= _MIN_FILES:
                break
            members = []
        elif lower <= size < upper and (not members or index - members[0] < _MAX_FILES):
            members.append(index)
    return slice(members[0], members[-1] + 1) if len(members) >= _MIN_FILES else None


def _read(paths: Sequence[Path], columns: Struct) -> Iterator[pa.Table]:
    connection = duckdb.connect(":memory:", config={**DUCKDB_CONFIG, "threads": 1, "memory_limit": "1GB"})
    try:
        connection.execute("SET TimeZone='UTC'")
        selects = select_files(connection, columns, [str(path) for path in paths], "CAST")
        relation = connection.sql(" UNION ALL ".join(selects))
        for batch in relation.to_arrow_reader(ROW_GROUP_ROWS):
            yield pa.Table.from_batches([batch])
    finally:
        connection.close()
