"""Other words for what a field holds: a query that compares it with one of them means the word that is stored."""

from collections.abc import Iterator, Mapping

import duckdb

from parcours.lake.syntax import Change, Part, changed, parts_of, tree_of

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
    return changed(sql, (change for part in parts_of(tree_of(connection, sql)) for change in _changes(part, spellings)))


def _changes(part: Part, spellings: Spellings) -> Iterator[Change]:
    """The stored words for those that a part compares with."""
    operands = _operands(part)
    words = {other: word for operand in operands for other, word in _words_of(operand, spellings).items()}
    for operand in operands:
        literal = operand.get("literal") if operand.get("class") == "CONSTANT" else None
        word = words.get(literal["text"]) if literal and literal.get("kind") == "STRING" else None
        if word is not None and operand["query_location_length"]:
            yield Change(operand["query_location"], operand["query_location_length"], f"'{word}'")


def _operands(part: Part) -> list[Part]:
    """What one comparison compares; empty for any other part."""
    if part.get("class") == "COMPARISON":
        return [part["left"], part["right"]]
    if part.get("class") == "OPERATOR" and part["type"] in _MEMBERSHIPS:
        operands: list[Part] = part["children"]
        return operands
    return []


def _words_of(operand: Part, spellings: Spellings) -> Mapping[str, str]:
    if operand.get("class") != "COLUMN_REF":
        return {}
    path = [name.lower() for name in operand["column_names"]]
    for names, words in spellings.items():
        if path[-len(names) :] == [name.lower() for name in names]:
            return words
    return {}
