"""The bundled global components: written short in `components/*.json`, spelled out here.

A field reads `"type; option; option"`. The type is an XDM type, a string format or `@name` of a data type; options are
`enum=a|b`, `suggest=a|b`, `default=x`, `min=`, `max=`, `minLength=`, `maxLength=`, `pattern=` and `deprecated`.
A key carries `[]` for an array or `{}` for a map, either repeated, then `*` when required; `name<1..9>` stands for nine
keys; a dotted key nests.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import orjson

from parcours.xdm.fieldtypes import XDM_TYPES, complete
from parcours.xdm.ids import BEHAVIOURS, alt_id

_KEY = re.compile(
    r"(?P<name>[^*\[\]{}<>]+)(?:<(?P<first>\d+)\.\.(?P<last>\d+)>)?(?P<wraps>(?:\[\]|\{\})*)(?P<star>\*?)"
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_NUMBERS = {"min": "minimum", "max": "maximum", "minLength": "minLength", "maxLength": "maxLength"}


@cache
def library() -> Mapping[str, dict[str, Any]]:
    """Every global resource by `$id`, in payload names. Shared: never changed by a reader."""
    shorts = [
        short
        for file in sorted(files("parcours.xdm").joinpath("components").iterdir(), key=lambda f: f.name)
        if file.name.endswith(".json")
        for short in orjson.loads(file.read_bytes())
    ]
    aliases = {short["alias"]: short["$id"] for short in shorts if "alias" in short}
    return {short["$id"]: _Writer(short, aliases).resource() for short in shorts}


class _Writer:
    """Spells out one component."""

    def __init__(self, short: Mapping[str, Any], aliases: Mapping[str, str]) -> None:
        self._short = short
        self._aliases = aliases
        self._types: Mapping[str, Any] = short.get("types", {})

    def resource(self) -> dict[str, Any]:
        """The whole component as a registry resource."""
        short = self._short
        resource_id, kind = short["$id"], short["kind"]
        behaviour = next((uri for uri, name in BEHAVIOURS.items() if name == short.get("behaviour")), None)
        references = [*([behaviour] if behaviour else []), *short.get("extends", ())]
        name = resource_id.rstrip("/").rpartition("/")[2]
        own = self._object(short["fields"]) if "fields" in short else None
        resource: dict[str, Any] = {
            "$id": resource_id,
            "meta:altId": alt_id(resource_id),
            "meta:resourceType": kind,
            "version": "1.0",
            "title": short["title"],
            "type": "object",
            "description": short.get("description", short["title"]),
            "definitions": {}
            if own is None
            else {name: {k: v for k, v in own.items() if k in ("properties", "required")}},
            "allOf": [
                *({"$ref": uri, "type": "object", "meta:xdmType": "object"} for uri in references),
                *(
                    []
                    if own is None
                    else [{"$ref": f"#/definitions/{name}", "type": "object", "meta:xdmType": "object"}]
                ),
            ],
            "meta:extensible": kind in ("behaviors", "classes", "mixins"),
            "meta:abstract": kind != "schemas",
            "meta:xdmType": "object",
            "meta:containerId": "global",
            "meta:tenantNamespace": "_xdm",
            "meta:status": short.get("status", "stable"),
            "imsOrg": "parcours",
        }
        if kind == "mixins":
            resource["meta:intendedToExtend"] = short["intends"]
        return resource

    def _object(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        properties: dict[str, Any] = {}
        required: list[str] = []
        for key, value in fields.items():
            head, dot, rest = key.partition(".") if ".." not in key else (key, "", "")
            if dot:
                properties[head] = {**self._object({rest: value}), "title": title_of(head)}
                continue
            for name, wraps, is_required in _names(key):
                properties[name] = {**self._wrapped(value, wraps), "title": title_of(name)}
                if is_required:
                    required.append(name)
        result: dict[str, Any] = {"type": "object", "meta:xdmType": "object", "properties": properties}
        if required:
            result["required"] = required
        return result

    def _wrapped(self, value: Any, wraps: str) -> dict[str, Any]:
        if wraps.startswith("[]"):
            return {"type": "array", "meta:xdmType": "array", "items": self._wrapped(value, wraps[2:])}
        if wraps.startswith("{}"):
            inner = self._wrapped(value, wraps[2:])
            return {"type": "object", "meta:xdmType": "map", "additionalProperties": inner}
        return self._object(value) if isinstance(value, dict) else self._field(value)

    def _field(self, text: str) -> dict[str, Any]:
        head, *options = text.split("; ")
        schema = self._type(head)
        for option in options:
            name, _, value = option.partition("=")
            if name == "deprecated":
                schema["meta:status"] = "deprecated"
            elif name in ("enum", "suggest"):
                values = value.split("|")
                schema["meta:enum"] = {one: title_of(one) for one in values}
                if name == "enum":
                    schema["enum"] = values
            elif name in _NUMBERS:
                schema[_NUMBERS[name]] = int(value)
            elif name == "default":
                schema["default"] = {"true": True, "false": False}.get(value, value)
            else:
                schema[name] = value
        return schema if "$ref" in schema else complete(schema)

    def _type(self, head: str) -> dict[str, Any]:
        if not head.startswith("@"):
            return {"meta:xdmType": head} if head in XDM_TYPES else {"type": "string", "format": head}
        name = head[1:]
        if name in self._types:
            inner = self._types[name]
            return self._object(inner) if isinstance(inner, dict) else self._field(inner)
        return {"$ref": self._aliases[name], "type": "object", "meta:xdmType": "object"}


def _names(key: str) -> Iterator[tuple[str, str, bool]]:
    match = _KEY.fullmatch(key)
    assert match, f"components: the key {key!r} can't be read"
    name, wraps, is_required = match["name"], match["wraps"], bool(match["star"])
    if match["first"] is None:
        yield name, wraps, is_required
        return
    for number in range(int(match["first"]), int(match["last"]) + 1):
        yield f"{name}{number}", wraps, is_required


def title_of(name: str) -> str:
    """A label for a field or value: "pointsToNextTier" → "Points to next tier"."""
    words = _WORD.findall(name)
    if not words:
        return name
    first, *rest = words
    return " ".join([first[:1].upper() + first[1:], *(w if w.isupper() and len(w) > 1 else w.lower() for w in rest)])
