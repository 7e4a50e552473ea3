"""The `property=` filter and the `orderby=` order that several services share."""

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from parcours.kit.errors import Invalid

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}
_FILTER = re.compile(r"^\s*(?P<path>[^=!<>~]+?)\s*(?:(?P<op>==|!=|<=|>=|<|>|=)(?P<values>.*))?$", re.DOTALL)


class FilterInvalid(Invalid):
    """A `property` or `orderby` parameter that can't be read."""


def matches(document: Any, filters: Iterable[str]) -> bool:
    """Whether a document meets every filter.

    A filter is `path`, `!path` (presence, absence) or `path OP value[,value]`; several values after == mean any
    of them, and each may stand in double quotes. Paths are dotted; `name[]` steps into each element of a list; keys
    may hold ":" and "$".
    Raises FilterInvalid.
    """
    return all(_matches_one(document, text) for text in filters)


def _matches_one(document: Any, text: str) -> bool:
    if text.startswith("!") and not any(op in text[1:] for op in ("=", "<", ">")):
        return not _values(document, text[1:].strip())
    found = _FILTER.match(text)
    if not found:
        raise FilterInvalid(f"a filter reads path, operator, value: {text!r}", "$.property")
    values = _values(document, found["path"])
    symbol = found["op"]
    if symbol is None:
        return bool(values)
    wanted = [_unquoted(text.strip()) for text in found["values"].split(",")]
    if symbol in ("==", "="):
        return any(_compare(operator.eq, value, want) for value in values for want in wanted)
    if symbol == "!=":
        return not any(_compare(operator.eq, value, want) for value in values for want in wanted)
    if len(wanted) != 1:
        raise FilterInvalid(f"{symbol} takes one value: {text!r}", "$.property")
    return any(_compare(_OPERATORS[symbol], value, wanted[0]) for value in values)


def _unquoted(text: str) -> str:
    """A value without the double quotes that may stand around it."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def _values(document: Any, path: str) -> list[Any]:
    """Every non-null value a dotted path reaches; a key that holds dots is tried whole first."""
    if isinstance(document, dict) and path in document:
        value = document[path]
        if value is None:
            return []
        return list(value) if isinstance(value, list) and not any(isinstance(v, dict) for v in value) else [value]
    head, _, rest = path.partition(".")
    key, is_list = (head[:-2], True) if head.endswith("[]") else (head, False)
    if not isinstance(document, dict) or document.get(key) is None:
        return []
    value = document[key]
    items = value if is_list and isinstance(value, list) else [value]
    if not rest:
        return [item for item in items if item is not None]
    return [found for item in items for found in _values(item, rest)]


def _compare(op: Callable[[Any, Any], bool], value: Any, text: str) -> bool:
    if isinstance(value, bool):
        return op(str(value).lower(), text.lower())
    if isinstance(value, int | float):
        try:
            return op(float(value), float(text))
        except ValueError:
            return op is operator.ne
    return isinstance(value, str) and op(value, text)


def sort_by(documents: Sequence[dict[str, Any]], orderby: str) -> list[dict[str, Any]]:
    """Ordered by comma-separated fields, each with an optional + or - before it or asc:/desc: ahead of it."""
    result = list(documents)
    for field in reversed([part.strip() for part in orderby.split(",") if part.strip()]):
        descending = field.startswith(("-", "desc:"))
        name = re.sub(r"^(?:[+-]|asc:|desc:)", "", field).strip()
        result.sort(key=lambda document: _sort_key(document, name), reverse=descending)
    return result


def _sort_key(document: dict[str, Any], name: str) -> tuple[int, float, str]:
    found = _values(document, name)
    if not found:
        return (0, 0.0, "")
    value = found[0]
    return (1, float(value), "") if isinstance(value, int | float) else (2, 0.0, str(value))
