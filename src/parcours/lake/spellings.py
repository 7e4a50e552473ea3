"""Other words for what a field holds: a query that compares it with one of them means the word that is stored."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import duckdb
import orjson

Spellings = Mapping[tuple[str, ...], Mapping[str, str]]
"""By the last names of a field's path: the stored word for each other one."""
_MEMBERSHIPS = frozenset({"COMPARE_IN", "COMPARE_NOT_IN"})


def respell(connection: duckdb.DuckDBPyConnection, sql: str, spellings: Spellings) -> str:
    """The query with the stored words where a field is compared with others.

    That is by `=`, `<>`, `IN`, `IS DISTINCT FROM` or `CASE`. Nothing but those words changes. A query that can't be
    read comes back as it was: running it will tell why.
    """
    if not any(word in sql for words in spellings.values() for word in words):
        return sql
    try:
        ((text,),) = connection.execute("SELECT json_serialize_sql(?)", [sql]).fetchall()
        tree = orjson.loads(text)
    except (duckdb.Error, orjson.JSONDecodeError):  # too much for it, or nested deeper than is read
        return sql
    encoded = bytearray(sql.encode())
    found = set(_places(tree.get("statements", ()), spellings))
    for start, length, word in sorted(found, reverse=True):  # from the end, so that places before stay where they are
        encoded[start : start + length] = f"'{word}'".encode()
    return encoded.decode()


def _places(statements: Sequence[Any], spellings: Spellings) -> Iterator[tuple[int, int, str]]:
    """(byte, number of bytes, stored word) of every word to be replaced, in no order."""
    parts: list[Any] = [*statements]
    while parts:
        part = parts.pop()
        if isinstance(part, list):
            parts += part
        elif isinstance(part, dict):
            parts += part.values()
            operands = _operands(part)
            words = {other: word for operand in operands for other, word in _words_of(operand, spellings).items()}
            for operand in operands:
                literal = operand.get("literal") if operand.get("class") == "CONSTANT" else None
                word = words.get(literal["text"]) if literal and literal.get("kind") == "STRING" else None
                if word is not None and operand["query_location_length"]:
                    yield operand["query_location"], operand["query_location_length"], word


def _operands(part: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What one comparison compares; empty for any other part."""
    if part.get("class") == "COMPARISON":
        return [part["left"], part["right"]]
    if part.get("class") == "OPERATOR" and part["type"] in _MEMBERSHIPS:
        operands: list[dict[str, Any]] = part["children"]
        return operands
    return []


def _words_of(operand: Mapping[str, Any], spellings: Spellings) -> Mapping[str, str]:
    if operand.get("class") != "COLUMN_REF":
        return {}
    path = [name.lower() for name in operand["column_names"]]
    for names, words in spellings.items():
        if path[-len(names) :] == [name.lower() for name in names]:
            return words
    return {}
