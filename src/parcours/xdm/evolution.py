"""What a change would break, told from the resolved documents before and after.

Once records were written or profiles built with a schema, readers rely on its fields. Source: platform-apis §3.13.
"""

from collections.abc import Iterator, Mapping
from typing import Any

_LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")


def breaking_changes(old: Mapping[str, Any], new: Mapping[str, Any], at: str = "") -> list[str]:
    """Every breaking effect as a sentence with the field's path; [] when the change is safe.

    Safe: more fields, fewer demands, other words. Breaking: a field gone, another type, a tighter constraint,
    an enum with fewer values, a field that was optional and is demanded now.
    """
    return list(_changes(old, new, at))


def _changes(old: Mapping[str, Any], new: Mapping[str, Any], at: str) -> Iterator[str]:
    if old is new:
        return
    where = at or "/"
    before, after = _type(old), _type(new)
    if before != after:
        yield f"{where}: the type changes from {before} to {after}"
        return
    yield from _tightened(old, new, where)
    had = old.get("properties", {})
    has = new.get("properties", {})
    for name, child in had.items():
        if name in has:
            yield from _changes(child, has[name], f"{at}/{name}")
        else:
            yield f"{at}/{name}: the field is removed"
    for name in new.get("required", ()):
        if name in had and name not in old.get("required", ()):
            yield f"{at}/{name}: the field becomes required"
    for key, step in (("items", "*"), ("additionalProperties", "*")):
        if isinstance(old.get(key), Mapping) and isinstance(new.get(key), Mapping):
            yield from _changes(old[key], new[key], f"{at}/{step}")


def _type(schema: Mapping[str, Any]) -> str:
    kind = str(schema.get("meta:xdmType") or schema.get("type"))
    return "object" if kind == "map" and "properties" in schema else kind


def _tightened(old: Mapping[str, Any], new: Mapping[str, Any], where: str) -> Iterator[str]:
    if "enum" in new:
        if "enum" not in old:
            yield f"{where}: an enum is added"
        elif gone := [str(value) for value in old["enum"] if value not in new["enum"]]:
            yield f"{where}: the enum loses {', '.join(gone)}"
    for key in ("pattern", "format", "multipleOf", "const"):
        if key in new and new[key] != old.get(key):
            yield f"{where}: {key} changes"
    for key in _LOWER_BOUNDS:
        if key in new and (key not in old or new[key] > old[key]):
            yield f"{where}: {key} is raised"
    for key in _UPPER_BOUNDS:
        if key in new and (key not in old or new[key] < old[key]):
            yield f"{where}: {key} is lowered"
    if new.get("uniqueItems") and not old.get("uniqueItems"):
        yield f"{where}: items must be unique"
