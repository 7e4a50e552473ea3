"""The `fields` parameter: the part of an entity that was asked for."""

from collections.abc import Iterable, Sequence
from typing import Any

_WHOLE: dict[str, Any] = {}


def read_fields(texts: Iterable[str]) -> list[str]:
    """Dotted paths of comma-separated lists; blanks around them go, empty ones too."""
    return [path for text in texts for path in (part.strip() for part in text.split(",")) if path]


def project(entity: dict[str, Any], paths: Sequence[str]) -> dict[str, Any]:
    """What the dotted paths reach, in the entity's own order; everything when there are none.

    A path that ends at an object takes all of it; one that goes through a list takes the field of each element that
    has it. A path that reaches nothing adds nothing.
    """
    if not paths:
        return entity
    wanted: dict[str, Any] = {}
    for path in paths:
        node = wanted
        tokens = path.removesuffix(".*").split(".")
        for token in tokens[:-1]:
            child = node.setdefault(token, {})
            if child is _WHOLE:
                break
            node = child
        else:
            node[tokens[-1]] = _WHOLE
    found = _cut(entity, wanted)
    return found if isinstance(found, dict) else {}


def _cut(value: Any, wanted: dict[str, Any]) -> Any:
    """The wanted part of a value; None when there is none of it."""
    if wanted is _WHOLE:
        return value
    if isinstance(value, list):
        parts = [part for part in (_cut(item, wanted) for item in value) if part is not None]
        return parts or None
    if not isinstance(value, dict):
        return None
    cut = {
        key: part for key, child in value.items() if key in wanted and (part := _cut(child, wanted[key])) is not None
    }
    return cut or None
