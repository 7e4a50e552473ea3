"""A query as DuckDB reads it: its parts, and other text in the place of some of them."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import duckdb
import orjson

Part = dict[str, Any]
"""One node of DuckDB's tree: `class`, `query_location` and `query_location_length` in bytes, and what the class has."""


Place = tuple[int, int]
"""Where a part stands in the query, and how long it is, in bytes."""


class Change(NamedTuple):
    """Text that takes the place of a part."""

    start: int
    """In bytes of the query as UTF-8."""
    length: int
    text: str


def tree_of(connection: duckdb.DuckDBPyConnection, sql: str) -> Part:
    """A query as DuckDB reads it: its `statements`; none of one that can't be read."""
    try:
        ((text,),) = connection.execute("SELECT json_serialize_sql(?)", [sql]).fetchall()
        tree: Part = orjson.loads(text)
    except (duckdb.Error, orjson.JSONDecodeError):  # too much for it, or nested deeper than is read
        return {}
    return tree


def parts_of(tree: Part) -> Iterator[Part]:
    """Every part of a query, in no order."""
    waiting: list[Any] = [*tree.get("statements", ())]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict):
            waiting += part.values()
            yield part


def is_column(part: Part) -> bool:
    """Whether a part is a column, or a path into one, that stands in the query."""
    return part.get("class") == "COLUMN_REF" and part["query_location_length"] > 0


def place_of(part: Part) -> Place:
    """Where a part stands."""
    return part["query_location"], part["query_location_length"]


def changed(sql: str, changes: Iterable[Change]) -> str:
    """The query with the changes made; they don't overlap, and one that is told twice is made once."""
    encoded = bytearray(sql.encode())
    for change in sorted(set(changes), reverse=True):  # from the end, so that places before stay where they are
        encoded[change.start : change.start + change.length] = change.text.encode()
    return encoded.decode()
