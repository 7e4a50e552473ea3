"""SQL that reads Parquet files as one table, whichever columns each of them has."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Literal

import duckdb

from parcours.lake.convert import quoted, sql_type
from parcours.lake.shape import Struct


def select_columns(
    columns: Struct,
    source: str,
    relation: duckdb.DuckDBPyRelation,
    cast: Literal["CAST", "TRY_CAST"],
) -> str:
    """SQL for the columns out of a source that may lack some of them, or parts of them.

    relation: the source's own columns. cast: what becomes of a value that fits no column, an error or NULL.
    """
    have = {name: str(kind) for name, kind in zip(relation.columns, relation.types, strict=True)}
    wanted = {name: str(duckdb.sqltype(sql_type(child))) for name, child in columns.fields.items()}
    selected = ", ".join(
        quoted(name)
        if have.get(name) == kind
        else f"{cast}({quoted(name) if name in have else 'NULL'} AS {kind}) AS {quoted(name)}"
        for name, kind in wanted.items()
    )
    return f"SELECT {selected} FROM {source}"  # noqa: S608


def select_files(
    connection: duckdb.DuckDBPyConnection,
    columns: Struct,
    paths: Sequence[str],
    cast: Literal["CAST", "TRY_CAST"],
) -> Iterator[str]:
    """SQL for the columns out of Parquet files, one SELECT for neighbours of the same columns; in their order.

    Only files of the same columns are read together. Those of different columns could be, with `union_by_name`, but
    DuckDB 2.0.1 then fails ("Operation requires a flat vector") at a file that lacks an object within an object and
    has a record without the outer one.
    """
    described = ((path, connection.sql(_scan([path]))) for path in paths)
    for _, alike in groupby(described, lambda one: (one[1].columns, [str(kind) for kind in one[1].types])):
        files = list(alike)
        yield select_columns(columns, f"({_scan([path for path, _ in files])})", files[0][1], cast)


def _scan(paths: Sequence[str]) -> str:
    files = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
    return f"SELECT * FROM read_parquet([{files}])"  # noqa: S608
