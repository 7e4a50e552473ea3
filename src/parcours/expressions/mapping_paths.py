"""Source and destination paths of mappings: `a.b`, `a[0].b`, `a[*].b`, `a\\.b`, `${First Name}`."""

import re
from collections.abc import Callable
from enum import Enum
from typing import Any

from parcours.expressions.errors import ExpressionInvalid


class Every(Enum):
    """The step `[*]`."""

    ITEM = "[*]"


EVERY = Every.ITEM
Path = tuple[str | int | Every, ...]
MAX_STEPS = 100
MAX_INDEX = 10_000
"""Highest list index a path may name: a destination list is filled up to it."""

_STEP = re.compile(r"\$\{([^{}]*)\}|((?:[^.\[\]\\]|\\.)+)|\[(\d{1,9}|\*)\]|(\.)", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def unescape(name: str) -> str:
    """A name without the backslashes before its dots."""
    return _ESCAPED.sub(r"\1", name)


def parse_path(text: str) -> Path:
    """The steps of a path. Raises ExpressionInvalid."""
    text = text.strip()
    steps: list[str | int | Every] = []
    at, wants_name = 0, True
    while at < len(text):
        found = _STEP.match(text, at)
        if found is None:
            raise _invalid(text, at)
        wrapped, plain, index, dot = found.groups()
        if dot:
            if wants_name:
                raise _invalid(text, at)
            wants_name = True
        elif index is not None:
            if wants_name or (index != "*" and int(index) > MAX_INDEX):
                raise _invalid(text, at)
            steps.append(EVERY if index == "*" else int(index))
        else:
            if not wants_name:
                raise _invalid(text, at)
            name = unescape(wrapped if wrapped is not None else plain.strip())
            if not name:
                raise _invalid(text, at)
            steps.append(name)
            wants_name = False
        at = found.end()
    if wants_name:
        raise _invalid(text, at)
    if len(steps) > MAX_STEPS:
        raise ExpressionInvalid(f"a path has at most {MAX_STEPS} steps")
    return tuple(steps)


def _invalid(text: str, at: int) -> ExpressionInvalid:
    return ExpressionInvalid(
        f"{text[:80]!r} is no path", column=at + 1, token=text[at : at + 1], expected=["a field name"]
    )


def get_path(value: Any, path: Path) -> Any:
    """The value at a path, None where a step is missing; after [*] a list, one value per element."""
    for index, step in enumerate(path):
        if type(step) is str:
            if type(value) is not dict:
                return None
            value = value.get(step)
        elif type(value) is not list:
            return None
        elif type(step) is int:
            value = value[step] if step < len(value) else None
        else:
            rest = path[index + 1 :]
            found = [get_path(item, rest) for item in value]
            if EVERY in rest:
                return [one for many in found if type(many) is list for one in many]
            return found
        if value is None:
            return None
    return value


def has_path(value: Any, path: Path) -> bool:
    """Whether the path exists, even with a null at its end."""
    parent = get_path(value, path[:-1]) if len(path) > 1 else value
    last = path[-1]
    if type(last) is str:
        items = parent if type(parent) is list else [parent]
        return any(type(item) is dict and last in item for item in items)
    return type(parent) is list and (last is EVERY or (type(last) is int and last < len(parent)))


def getter(path: Path) -> Callable[[Any], Any]:
    """`get_path` for one path, short for the paths that most mappings have."""
    if len(path) == 1 and type(path[0]) is str:
        name = path[0]
        return lambda record: record.get(name) if type(record) is dict else None
    if all(type(step) is str for step in path):

        def get(record: Any) -> Any:
            for step in path:
                if type(record) is not dict:
                    return None
                record = record.get(step)
            return record

        return get
    return lambda record: get_path(record, path)
