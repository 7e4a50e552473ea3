"""`parcours sql`: a query's rows as a table for people, or as JSON, JSON lines or CSV for programs."""

import csv
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain, count
from typing import IO, TYPE_CHECKING, Any, Literal

import orjson

from parcours.lake.entities import plain_value
from parcours.lake.model import DataSetName

if TYPE_CHECKING:
    from parcours.lake.query import Lake, RowStream

Format = Literal["table", "json", "jsonl", "csv"]
_JSON_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS
_MAX_CELL = 120
"""Characters of a nested value that a table shows."""


def run_sql(
    lake: "Lake",
    scope_id: int,
    data_sets: Sequence[DataSetName],
    sql: str,
    *,
    format: Format = "table",
    limit: int | None = None,
    out: IO[str] | None = None,
) -> int:
    """Run a query and write its rows to `out` (standard output); returns how many were written.

    limit: most rows; 0 means all, None means 1 000 for a table and all for the others. Raises what `Lake.query` raises.
    """
    out = sys.stdout if out is None else out
    if limit is None and format == "table":
        limit = 1_000
    write = {"table": _write_table, "json": _write_json, "jsonl": _write_lines, "csv": _write_csv}[format]
    with lake.stream(scope_id, data_sets, sql, limit=limit or None) as rows:
        return write(rows, out)


def _write_table(rows: "RowStream", out: IO[str]) -> int:
    from rich.table import Table

    from parcours.kit.terminal import open_console, plain

    shown = Table(show_edge=False, pad_edge=False)
    for field in rows.schema:
        shown.add_column(plain(field.name), overflow="fold", justify="right" if _is_number(field.type) else "left")
    for row in _rows(rows):
        shown.add_row(*(plain(_cell(value)) for value in row))
    console = open_console(out)
    console.print(shown)
    shown_rows = shown.row_count
    more = ", there are more (--limit)" if rows.is_cut else ""
    console.print(plain(f"{shown_rows} row{'' if shown_rows == 1 else 's'}{more}", "dim"))
    return shown_rows


def _write_json(rows: "RowStream", out: IO[str]) -> int:
    """One list, as if written whole."""
    names = _unique(rows.schema.names)
    written = 0
    for written, row in enumerate(_rows(rows), 1):
        text = orjson.dumps(dict(zip(names, row, strict=True)), option=_JSON_OPTIONS | orjson.OPT_INDENT_2).decode()
        out.write(("[\n  " if written == 1 else ",\n  ") + text.replace("\n", "\n  "))
    out.write("\n]\n" if written else "[]\n")
    return written


def _write_lines(rows: "RowStream", out: IO[str]) -> int:
    names = _unique(rows.schema.names)
    written = 0
    for row in _rows(rows):
        out.write(orjson.dumps(dict(zip(names, row, strict=True)), option=_JSON_OPTIONS).decode() + "\n")
        written += 1
    return written


def _write_csv(rows: "RowStream", out: IO[str]) -> int:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(rows.schema.names)
    written = 0
    for row in _rows(rows):
        writer.writerow(["" if value is None else value if isinstance(value, str) else _text(value) for value in row])
        written += 1
    return written


def _rows(rows: "RowStream") -> Iterator[list[Any]]:
    """Rows as lists: two columns of a result may have the same name."""
    for batch in rows.batches():
        columns = [column.to_pylist(maps_as_pydicts="lossy") for column in batch.columns]
        yield from ([plain_value(value) for value in row] for row in zip(*columns, strict=True))


def _unique(names: Sequence[str]) -> list[str]:
    """Names for the members of an object: of columns with the same name, the later ones are a_1, a_2 …"""
    given: list[str] = []
    for name in names:
        candidates = chain((name,), (f"{name}_{number}" for number in count(1)))
        taken = {*given, *(other for other in names if other != name)}
        given.append(next(candidate for candidate in candidates if candidate not in taken))
    return given


def _text(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return orjson.dumps(value, option=_JSON_OPTIONS).decode()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return orjson.dumps(value, option=_JSON_OPTIONS).decode().strip('"')
    return str(value)


def _cell(value: Any) -> str:
    text = "" if value is None else _text(value)
    return text if len(text) <= _MAX_CELL or isinstance(value, str) else text[: _MAX_CELL - 1] + "…"


def _is_number(kind: Any) -> bool:
    return str(kind).startswith(("int", "uint", "float", "double", "decimal", "halffloat"))
