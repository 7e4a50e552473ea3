"""JSON pointers and dotted paths over plain dicts and lists."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_MISSING: Any = object()


def split_pointer(pointer: str) -> tuple[str, ...]:
    """The tokens of an RFC 6901 pointer, unescaped; "" is the whole document."""
    if pointer == "":
        return ()
    if not pointer.startswith("/"):
        raise ValueError(f"a JSON pointer starts with '/': {pointer!r}")
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in pointer[1:].split("/"))


def get_in(document: Any, tokens: Sequence[str], default: Any = None) -> Any:
    """The value at `tokens` (keys, or indexes for lists); `default` when any step is missing."""
    value = document
    for token in tokens:
        if type(value) is dict or isinstance(value, Mapping):  # the abstract class takes its time
            value = value.get(token, _MISSING)
            if value is _MISSING:
                return default
        elif isinstance(value, list) and token.isdecimal() and int(token) < len(value):
            value = value[int(token)]
        else:
            return default
    return value


def item_at(value: Any, names: tuple[str, ...]) -> Any:
    """The value below objects that are all there. Raises KeyError, or TypeError for something else on the way."""
    for name in names:
        value = value[name]
    return value


def set_in(document: dict[str, Any], tokens: Sequence[str], value: Any) -> None:
    """Put `value` at `tokens`, making the objects on the way; a scalar on the way is replaced."""
    target = document
    for token in tokens[:-1]:
        child = target.get(token)
        if not isinstance(child, dict):
            child = {}
            target[token] = child
        target = child
    target[tokens[-1]] = value


def set_paths(body: dict[str, Any], updates: Iterable[tuple[tuple[str, ...], Any]]) -> None:
    """Set (path, JSON value) in attributes; what stands in the way is replaced, and null takes the attribute away."""
    for path, value in updates:
        place = body
        for name in path[:-1]:
            if not isinstance(place.get(name), dict):
                place[name] = {}
            place = place[name]
        if value is None:
            place.pop(path[-1], None)
        else:
            place[path[-1]] = value
