"""A column among many texts, as one parameter: the statement stays the same however many there are.

An ordinary IN has a parameter for each value, so each length is a statement of its own, which Core renders and the
database plans anew. On the worker's way that cost more than finding the rows.
"""

from collections.abc import Iterable
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Text, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class _Texts(FunctionElement[str]):
    """The texts of a JSON list, one a row."""

    inherit_cache = True
    type = Text()


@compiles(_Texts, "sqlite")
def _sqlite(element: _Texts, compiler: Any, **more: Any) -> str:
    return f"(SELECT value FROM json_each({compiler.process(element.clauses, **more)}))"  # noqa: S608 - a parameter


@compiles(_Texts, "postgresql")
def _postgresql(element: _Texts, compiler: Any, **more: Any) -> str:
    return f"(SELECT json_array_elements_text(CAST({compiler.process(element.clauses, **more)} AS json)))"


def among(column: ColumnElement[Any], name: str = "texts") -> ColumnElement[bool]:
    """Whether a text column holds one of the texts of the parameter `name`, which `texts` makes."""
    return column.op("IN", is_comparison=True)(_Texts(bindparam(name, type_=Text)))


def texts(values: Iterable[str]) -> str:
    """The parameter's value."""
    return orjson.dumps(list(values)).decode()
