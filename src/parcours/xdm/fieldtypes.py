"""XDM types and their JSON Schema. Source: platform-apis §3.11."""

from collections.abc import Mapping
from typing import Any

JSON_TYPES = frozenset({"string", "number", "integer", "boolean", "object", "array"})
INTEGER_LIMITS: Mapping[str, tuple[int, int]] = {
    "byte": (-128, 127),
    "short": (-32_768, 32_767),
    "int": (-2_147_483_648, 2_147_483_647),
    "long": (-9_007_199_254_740_991, 9_007_199_254_740_991),
}
"""Narrowest first."""
_YEAR = "^([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
TIME_PATTERNS: Mapping[str, str] = {
    "date": _YEAR,
    "date-time": _YEAR + r"-[0-9-]{5}T[0-9:]{6}[0-5][0-9](\.[0-9]{1,9})?(Z|[+-][0-9:]{5})$",
}
"""Beside `format`: what RFC 3339 allows and no column takes, which is the year 0, leap seconds, lower-case letters.

Without look-around, for which the validator has a slower engine.
"""
_FROM_XDM: Mapping[str, Mapping[str, Any]] = {
    "string": {"type": "string"},
    "number": {"type": "number"},
    "double": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "date-time": {"type": "string", "format": "date-time"},
    "object": {"type": "object"},
    "array": {"type": "array"},
    "map": {"type": "object"},
    **{name: {"type": "integer"} for name in INTEGER_LIMITS},
}
XDM_TYPES = frozenset(_FROM_XDM)


def json_type(schema: Mapping[str, Any]) -> str | None:
    """The JSON type a field has: named, or told by what else the field says; None when nothing tells."""
    named = schema.get("type")
    if isinstance(named, str):
        return named
    if "properties" in schema or "additionalProperties" in schema:
        return "object"
    if "items" in schema:
        return "array"
    told = _FROM_XDM.get(str(schema.get("meta:xdmType")))
    return None if told is None else str(told["type"])


def xdm_type(schema: Mapping[str, Any]) -> str:
    """`meta:xdmType` of a field. An integer without limits is a long: nothing a sender holds is then too big."""
    given = schema.get("meta:xdmType")
    kind = json_type(schema)
    if isinstance(given, str) and given in XDM_TYPES and _FROM_XDM[given]["type"] == kind:
        return given
    if kind == "integer":
        low, high = schema.get("minimum"), schema.get("maximum")
        for name, limits in INTEGER_LIMITS.items():
            if _is_at_least(low, limits[0]) and _is_at_least(limits[1], high):
                return name
        return "long"
    if kind == "string" and schema.get("format") in ("date", "date-time"):
        return str(schema["format"])
    if kind == "object" and "properties" not in schema and isinstance(schema.get("additionalProperties"), Mapping):
        return "map"
    return kind or "object"


def complete(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A field with `type`, `meta:xdmType`, and what the XDM type implies: format, limits."""
    kind = xdm_type(schema)
    result = {**_FROM_XDM[kind], **schema, "meta:xdmType": kind}
    result["type"] = _FROM_XDM[kind]["type"]
    if kind in ("byte", "short", "int") and schema.get("meta:xdmType") == kind:
        low, high = INTEGER_LIMITS[kind]
        result.setdefault("minimum", low)
        result.setdefault("maximum", high)
    return result


def _is_at_least(value: Any, other: Any) -> bool:
    return all(isinstance(v, int | float) and not isinstance(v, bool) for v in (value, other)) and bool(value >= other)
