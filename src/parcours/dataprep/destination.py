"""Where a mapped value is put: nested objects, and elements of arrays, made on the way."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from parcours.expressions.errors import ExpressionFailed, ExpressionInvalid
from parcours.expressions.mapping_paths import EVERY, Path, parse_path

FieldAt = Callable[[Sequence[str]], Mapping[str, Any] | None]
"""The JSON Schema of a field of the target by its tokens: names, and "*" for the elements of an array."""
Put = Callable[[dict[str, Any], Any], None]


class _Elements(dict[int, Any]):
    """An array while it is being filled: position → element."""


def parse_destination(text: str) -> Path:
    """The steps of a destination; at most one of them is [*], and a last [*] means the array itself.

    Raises ExpressionInvalid.
    """
    path = parse_path(text)
    if type(path[0]) is not str:
        raise ExpressionInvalid("a destination begins with a field name")
    if path[-1] is EVERY:
        path = path[:-1]
    if sum(step is EVERY for step in path) > 1:
        raise ExpressionInvalid("a destination has at most one [*]")
    return path


def tokens(path: Path) -> list[str]:
    """The path as FieldAt takes it."""
    return [step if isinstance(step, str) else "*" for step in path]


def fault_of(path: Path, field_at: FieldAt) -> str:
    """Why a destination does not exist in the schema; "" when it does."""
    for length in range(1, len(path) + 1):
        field = field_at(tokens(path[:length]))
        shown = ".".join(tokens(path[:length])).replace(".*", "[*]")
        if field is None:
            return f"the schema has no field {shown!r}"
        if length < len(path) and isinstance(path[length], str) and field.get("type") == "array":
            return f"{shown!r} is an array: an element of it is written {shown}[0] or {shown}[*]"
    return ""


def putter(path: Path) -> Put:
    """Puts a value at a path; objects that meet are merged. Raises ExpressionFailed for [*] without an array."""
    if EVERY in path:
        at = path.index(EVERY)
        head, tail = path[:at], path[at + 1 :]

        def spread(entity: dict[str, Any], value: Any) -> None:
            if type(value) is not list:
                raise ExpressionFailed("only an array can be spread over the elements of an array")
            for index, item in enumerate(value):
                if item is not None:
                    _put(entity, (*head, index, *tail), item)

        return spread
    if any(type(step) is int for step in path):
        return lambda entity, value: _put(entity, path, value)
    if len(path) == 1:
        only = path[0]

        def put_here(entity: dict[Any, Any], value: Any) -> None:
            _set(entity, only, value)

        return put_here
    parents, last = path[:-1], path[-1]

    def put(entity: dict[Any, Any], value: Any) -> None:
        for name in parents:
            child = entity.get(name)
            if type(child) is not dict:
                child = entity[name] = {}
            entity = child
        if type(value) is dict:
            _set(entity, last, value)
        else:
            entity[last] = value

    return put


def _set(target: dict[Any, Any], key: Any, value: Any) -> None:
    present = target.get(key)
    if type(present) is dict and type(value) is dict:
        for name, item in value.items():
            _set(present, name, item)
    else:
        target[key] = value


def _put(entity: dict[Any, Any], path: Path, value: Any) -> None:
    target: dict[Any, Any] = entity
    for step, following in pairwise(path):
        child = target.get(step)
        if type(following) is int:
            if type(child) is list:
                child = target[step] = _Elements(enumerate(child))
            elif type(child) is not _Elements:
                child = target[step] = _Elements()
        elif type(child) is not dict:
            child = target[step] = {}
        assert isinstance(child, dict)
        target = child
    _set(target, path[-1], value)


def settle(value: Any) -> Any:
    """The value with its arrays in final form: the elements that were given something, in order."""
    if type(value) is _Elements:
        return [settle(value[index]) for index in sorted(value)]
    if type(value) is dict:
        for key, item in value.items():
            if type(item) is dict or type(item) is _Elements:
                value[key] = settle(item)
    return value
