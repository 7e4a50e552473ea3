"""The closed form of a resolved document: what records are checked against."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from parcours.xdm.compiled import Behaviour, build_validator
from parcours.xdm.fieldtypes import INTEGER_LIMITS, TIME_PATTERNS, xdm_type


def close(document: Mapping[str, Any], behaviour: Behaviour, required_paths: Iterable[Sequence[str]]) -> dict[str, Any]:
    """The document with every object closed, values that can't be kept refused, and what a behaviour demands required.

    required_paths: fields a record must hold, with the objects on their way.
    A null is no value of any type, and an empty text, list or object says nothing: senders leave the key out.
    Whole numbers keep to the limits of their XDM type, and instants to the forms that a column takes.
    Source: platform-apis §1.4, §3.11.
    """
    closed = _Closer().node(document, is_root=True)
    if behaviour == "time-series":
        properties = closed["properties"]
        properties.setdefault("_id", {"type": "string", "minLength": 1, "meta:xdmType": "string"})
        timestamp = {"type": "string", "format": "date-time", "meta:xdmType": "date-time"}
        properties.setdefault("timestamp", {**timestamp, "pattern": TIME_PATTERNS["date-time"]})
        _require(closed, ("_id",))
        _require(closed, ("timestamp",))
    for path in required_paths:
        _require(closed, path)
    return closed


class _Closer:
    def __init__(self) -> None:
        self._done: dict[int, dict[str, Any]] = {}

    def node(self, schema: Mapping[str, Any], *, is_root: bool = False) -> dict[str, Any]:
        """One node and all below it; a part the document uses twice is closed once."""
        known = self._done.get(id(schema))
        if known is not None:
            return known
        result = dict(schema)
        match schema.get("type"):
            case "object":
                if "properties" in schema:
                    result["properties"] = {name: self.node(child) for name, child in schema["properties"].items()}
                more = schema.get("additionalProperties")
                if isinstance(more, dict):
                    result["additionalProperties"] = self.node(more)
                elif more is not True or "properties" in schema:
                    result.setdefault("properties", {})
                    result["additionalProperties"] = False
                if not is_root:
                    result.setdefault("minProperties", 1)
            case "array":
                if isinstance(schema.get("items"), dict):
                    result["items"] = self.node(schema["items"])
                result.setdefault("minItems", 1)
            case "string":
                if not _takes_empty(schema):
                    result.setdefault("minLength", 1)
                if schema.get("format") in TIME_PATTERNS:
                    result.setdefault("pattern", TIME_PATTERNS[schema["format"]])
            case "integer":
                low, high = INTEGER_LIMITS[xdm_type(schema)]
                result["minimum"] = max(low, schema.get("minimum", low))
                result["maximum"] = min(high, schema.get("maximum", high))
        self._done[id(schema)] = result
        return result


def _require(document: dict[str, Any], path: Sequence[str]) -> None:
    """Make a field and the objects on its way required, in copies of the shared parts; an absent field is left out."""
    node = document
    for name in path:
        child = node.get("properties", {}).get(name)
        if child is None:
            return
        node["required"] = list(dict.fromkeys([*node.get("required", ()), name]))
        copied = dict(child)
        node["properties"] = {**node["properties"], name: copied}
        node = copied


def _takes_empty(schema: Mapping[str, Any]) -> bool:
    if "enum" in schema:
        return True  # the list says it all
    pattern = schema.get("pattern")
    return pattern is not None and build_validator({"type": "string", "pattern": pattern}).is_valid("")
