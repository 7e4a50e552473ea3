"""A made-up record of a schema, in XDM's own names. Source: platform-apis §3.10."""

from collections.abc import Mapping
from typing import Any

from parcours.xdm.views import source_names

_FORMATS = {
    "date-time": "2018-11-12T20:20:39+00:00",
    "date": "2018-11-12",
    "email": "jane.doe@example.com",
    "uri": "https://example.com/sample",
    "uri-reference": "https://ns.adobe.com/entity/sample",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
}
_MAP_KEY = "key"


def sample(document: Mapping[str, Any]) -> Any:
    """One value a resolved document takes: texts "string", numbers in range, the first value of each enum."""
    if document.get("enum"):
        return document["enum"][0]
    if "default" in document:
        return document["default"]
    match document.get("type"):
        case "object":
            if "properties" in document:
                return {name: sample(child) for name, child in document["properties"].items()}
            inner = document.get("additionalProperties")
            return {_MAP_KEY: sample(inner)} if isinstance(inner, dict) else {}
        case "array":
            return [sample(document["items"])] if isinstance(document.get("items"), dict) else []
        case "integer":
            return int(max(document.get("minimum", 0), min(document.get("maximum", 100), 100)))
        case "number":
            return max(document.get("minimum", 0), min(document.get("maximum", 10), 10))
        case "boolean":
            return True
        case _:
            return _FORMATS.get(str(document.get("format")), "string")


def sample_record(document: Mapping[str, Any]) -> dict[str, Any]:
    """A sample of a whole schema with uncompacted names: `xdm:person`, `@id`, `repo:createDate`."""
    value = sample(document)
    renamed = _renamed(value)
    return renamed if isinstance(renamed, dict) else {"value": renamed}


def _renamed(value: Any) -> Any:
    if isinstance(value, list):
        return [_renamed(item) for item in value]
    if isinstance(value, dict) and set(value) != {_MAP_KEY}:
        return {name: _renamed(child) for name, child in source_names(value).items()}
    if isinstance(value, dict):
        return {_MAP_KEY: _renamed(value[_MAP_KEY])}
    return value
