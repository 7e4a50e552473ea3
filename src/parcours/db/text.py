"""Texts that both kinds of database hold alike."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import String, Table, Text


def held(text: str) -> str:
    """The text with U+FFFD in place of U+0000, which PostgreSQL holds in no text and refuses to look for."""
    return text.replace("\0", "\ufffd") if "\0" in text else text


def holder(table: Table, columns: Sequence[str]) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    """Makes a row in the order of `columns` one that the table holds: texts without U+0000, no longer than they may be.

    SQLite takes any length; PostgreSQL refuses the whole statement for one text that is too long.
    """
    lengths = [_length(table.c[name].type) for name in columns]

    def hold(row: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(
            [
                value if length is None or not isinstance(value, str) else held(value)[:length]
                for value, length in zip(row, lengths, strict=True)
            ]
        )

    return hold


def _length(kind: Any) -> int | None:
    """None of a column that holds no text."""
    if isinstance(kind, Text) or not isinstance(kind, String):
        return 1 << 30 if isinstance(kind, Text) else None
    return kind.length or 1 << 30
