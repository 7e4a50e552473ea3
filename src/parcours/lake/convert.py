"""JSON records → Arrow, through DuckDB: its reader knows maps, instants and missing fields, and leaves the GIL.

The reader is lenient: what it has no column for, and an instant it can't read, is dropped in silence. So its work is
checked by counting. Every key of a record has to come back as one cell that isn't null; when the keys in a run of
lines and the cells made of them are as many, nothing was lost, and nobody had to look at a single record. When they
are not, `fitting` looks. That a text stands where the schema wants one is the validator's promise.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from parcours.lake.fitting import Fitter
from parcours.lake.model import UNREADABLE, LakeSchema
from parcours.lake.shape import Entries, Items, Leaf, Shape, Struct, settle, type_by

DUCKDB_CONFIG = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
}
"""No extension is ever fetched, and no table name means a Python variable."""
_BLOCK_LINES = 512
"""Lines looked at one by one when a count among them is off."""

SQL_TYPE = {
    Leaf.TEXT: "VARCHAR",
    Leaf.JSON: "VARCHAR",
    Leaf.NUMERAL: "VARCHAR",
    Leaf.LONG: "BIGINT",
    Leaf.DOUBLE: "DOUBLE",
    Leaf.BOOLEAN: "BOOLEAN",
    Leaf.DATE: "DATE",
    Leaf.TIMESTAMP: "TIMESTAMPTZ",
}


@dataclass(frozen=True, slots=True)
class Converted:
    """Records as columns."""

    table: pa.Table
    """One column for each field of the shape, in its order; `_parcours_unreadable` last where there is any."""
    fitted_count: int
    """Records that had to be looked at one by one."""
    unreadable_count: int
    """Records of which a part fits no column; whole in `_parcours_unreadable`."""


class Converter:
    """One DuckDB instance of its own, on one core, for one thread at a time."""

    def __init__(self) -> None:
        self._connection = duckdb.connect(":memory:", config={**DUCKDB_CONFIG, "threads": 1, "memory_limit": "1GB"})
        self._connection.execute("SET TimeZone='UTC'")
        self._lock = threading.Lock()

    def convert(self, lines: Sequence[bytes], shape: Struct, document: LakeSchema | None) -> Converted:
        """Lines of JSON as columns of `shape`, which grows in place by the fields that are new.

        The shape may hold the string columns of a table as plain text; `document` tells which of them are JSON.
        Never raises for what a line holds: a line that isn't a JSON object lands in `_parcours_unreadable`.
        """
        unreadable = shape.fields.pop(UNREADABLE, None)
        agrees = type_by(shape, document)
        kept = list(lines)
        spoilt: dict[int, bytes] = {}
        fitted_count = 0
        table = self._checked(kept, shape) if agrees and shape.fields else None
        if table is None:
            fitter = Fitter(shape, document)
            for start in range(0, len(kept), _BLOCK_LINES):
                block = kept[start : start + _BLOCK_LINES]
                if agrees and shape.fields and self._checked(block, shape) is not None:
                    continue
                fitted_count += len(block)
                for index, line in enumerate(block, start):
                    fitted = _fit_line(fitter, line)
                    if fitted is not line:
                        kept[index] = fitted[0]
                        if fitted[1]:
                            spoilt[index] = line
                if fitter.grew:
                    fitter.finish()
            if not shape.fields:
                settle(shape, document)
            table = self.to_arrow(kept, shape)
        if spoilt or unreadable is not None:
            shape.fields[UNREADABLE] = Leaf.TEXT
            column = [spoilt[i].decode(errors="replace") if i in spoilt else None for i in range(len(kept))]
            table = table.append_column(UNREADABLE, pa.array(column, pa.string()))
        return Converted(table, fitted_count, len(spoilt))

    def to_arrow(self, lines: Sequence[bytes], shape: Struct) -> pa.Table:
        """Lines as columns of the shape, which must have some; whatever doesn't fit is null."""
        staged = pa.table({"line": pa.array(lines, pa.binary()).cast(pa.string())})
        structure = orjson.dumps({name: sql_type(child) for name, child in shape.fields.items()}).decode()
        with self._lock:
            self._connection.register("staged", staged)
            try:
                return self._connection.sql(
                    "SELECT unnest(json_transform(line, $structure)) FROM staged", params={"structure": structure}
                ).to_arrow_table()
            finally:
                self._connection.unregister("staged")

    def reshape(self, table: pa.Table, columns: Struct) -> pa.Table:
        """The same records in the columns given, which hold at least the fields of the table, in any order."""
        have = set(table.column_names)
        selected = ", ".join(
            f"CAST({quoted(name) if name in have else 'NULL'} AS {sql_type(child)}) AS {quoted(name)}"
            for name, child in columns.fields.items()
        )
        with self._lock:
            self._connection.register("staged", table)
            try:
                return self._connection.sql(f"SELECT {selected} FROM staged").to_arrow_table()  # noqa: S608
            finally:
                self._connection.unregister("staged")

    def close(self) -> None:
        """Let go of DuckDB."""
        self._connection.close()

    def _checked(self, lines: Sequence[bytes], shape: Struct) -> pa.Table | None:
        try:
            table = self.to_arrow(lines, shape)
        except (duckdb.Error, pa.ArrowException):  # a line that is no JSON
            return None
        joined = b"\n".join(lines)
        are_objects = joined.startswith(b"{") and joined.count(b"\n{") == len(lines) - 1
        return table if are_objects and cell_count(table, shape) == key_count(joined) else None


def _fit_line(fitter: Fitter, line: bytes) -> Any:
    """The same line when it fits as it is; else (the line that fits, whether something was lost)."""
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        return b"{}", True
    if not isinstance(record, dict):
        return b"{}", True
    faults = fitter.fit(record)
    fitted = orjson.dumps(record)
    return line if fitted == line else (fitted, bool(faults))


def sql_type(shape: Shape) -> str:
    """The shape as a DuckDB type, such as STRUCT("a" BIGINT)[]."""
    match shape:
        case Struct(fields):
            return f"STRUCT({', '.join(f'{quoted(name)} {sql_type(child)}' for name, child in fields.items())})"
        case Items(element):
            return f"{sql_type(element)}[]"
        case Entries(value):
            return f"MAP(VARCHAR, {sql_type(value)})"
        case Leaf():
            return SQL_TYPE[shape]


def quoted(name: str) -> str:
    """A name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def key_count(text: bytes) -> int:
    """How many object keys compact JSON holds.

    Each key ends in `":`; within a string the quote would be escaped, that is follow an odd number of backslashes.
    Only a string that begins with a colon counts as a key too many: such records are looked at one by one.
    """
    total, sign, pattern = 0, 1, b'":'
    while found := text.count(pattern):
        total += sign * found
        sign = -sign
        pattern = b"\\" + pattern
    return total


def cell_count(table: pa.Table, shape: Struct) -> int:
    """How many keys the columns stand for; -1 when an array holds a null, which no record of ours has."""
    total = 0
    for column, child in zip(table.columns, shape.fields.values(), strict=True):
        cells = _cells(column, child)
        if cells < 0:
            return -1
        total += len(column) - column.null_count + cells
    return total


def _cells(column: pa.ChunkedArray, shape: Shape) -> int:
    total = 0
    for array in column.chunks:
        cells = _array_cells(array, shape)
        if cells < 0:
            return -1
        total += cells
    return total


def _array_cells(array: pa.Array, shape: Shape) -> int:
    match shape:
        case Struct(fields):
            total = 0
            for child, inner in zip(array.flatten(), fields.values(), strict=True):
                cells = _array_cells(child, inner)
                if cells < 0:
                    return -1
                total += len(child) - child.null_count + cells
            return total
        case Items(element):
            values = array.flatten()
            return -1 if values.null_count else _array_cells(values, element)
        case Entries(inner):
            first, last = array.offsets[0].as_py(), array.offsets[-1].as_py()
            values = array.items.slice(first, last - first)
            cells = _array_cells(values, inner)
            return -1 if values.null_count or cells < 0 else len(values) + cells
        case Leaf.JSON:
            texts = array.filter(pc.match_substring_regex(array, r"^[\[{]")).to_pylist()
            return sum(key_count(text.encode()) for text in texts)
        case _:
            return 0
