"""Composition: a resource with its references, as one JSON Schema without any.

Pure: references are answered by a function. Cycles, unknown references, fields that contradict each other, and
documents deeper or larger than the limits raise SchemaInvalid. What is returned shares parts: never change it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from parcours.xdm.errors import SchemaInvalid
from parcours.xdm.fieldtypes import complete, json_type

Lookup = Callable[[str], Mapping[str, Any] | None]
"""`$id` → resource, or None."""

MAX_DEPTH = 32
"""Deepest field of a resolved schema."""
MAX_FIELDS = 20_000
"""Most fields of a resolved schema, each counted as often as it occurs."""

_STRUCTURE = frozenset({"$ref", "allOf", "definitions", "properties", "items", "additionalProperties", "required"})
_KEPT = frozenset(
    {
        "title", "description", "type", "format", "enum", "const", "default", "pattern", "minLength", "maxLength",
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minItems", "maxItems",
        "uniqueItems", "minProperties", "maxProperties", "examples",
    }
)  # fmt: skip
"""What a field says of itself; `meta:` keys are kept too, anything else has no effect."""
_NOT_INHERITED = ("title", "description", "meta:")
"""A field that refers to a data type keeps its own labels."""


class _Part:
    """A resolved node with what it weighs."""

    __slots__ = ("depth", "node", "size")

    def __init__(self, node: dict[str, Any], size: int, depth: int) -> None:
        self.node = node
        self.size = size
        self.depth = depth


def resolve(resource: Mapping[str, Any], lookup: Lookup) -> dict[str, Any]:
    """The resource's fields as one document: `$ref`s followed, `allOf`s merged into `properties`."""
    return _Composer(lookup).resource(resource)


def merge_documents(documents: list[dict[str, Any]]) -> dict[str, Any]:
    """Several resolved documents laid over each other, as a union is. Raises SchemaInvalid where types differ."""
    merged: dict[str, Any] = {"type": "object", "meta:xdmType": "object", "properties": {}}
    for document in documents:
        _merge(merged, document, "$")
    return merged


class _Composer:
    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._done: dict[tuple[str, str], _Part] = {}
        self._open: list[tuple[str, str]] = []

    def resource(self, resource: Mapping[str, Any]) -> dict[str, Any]:
        """Resolve one resource from its root."""
        home = str(resource.get("$id", ""))
        self._open.append((home, ""))
        part = self._expand(resource, resource, home, 0, "$")
        self._open.pop()
        document = complete(part.node)
        if document["type"] == "object" and document["meta:xdmType"] != "map":
            document.setdefault("properties", {})
        return document

    def _expand(self, node: Mapping[str, Any], root: Mapping[str, Any], home: str, level: int, at: str) -> _Part:
        if level > MAX_DEPTH:
            raise SchemaInvalid(f"fields nest deeper than {MAX_DEPTH} levels", at)
        result: dict[str, Any] = {}
        size, depth = 1, 0
        parts: list[_Part] = []
        if "$ref" in node:
            parts.append(self._reference(node["$ref"], root, home, level, at))
        for index, item in enumerate(_list(node.get("allOf"), f"{at}.allOf")):
            parts.append(
                self._expand(_mapping(item, f"{at}.allOf[{index}]"), root, home, level, f"{at}.allOf[{index}]")
            )
        for part in parts:
            _merge(result, part.node, at)
            size += part.size
            depth = max(depth, part.depth)
        for key, value in node.items():
            if key in _KEPT or key.startswith("meta:"):
                if key == "type" and "$ref" in node:
                    continue
                result[key] = value
        if "$ref" in node and not str(node["$ref"]).startswith("#"):
            result["meta:referencedFrom"] = node["$ref"]
        own: dict[str, Any] = {}
        properties: dict[str, Any] = {}
        for name, child in _mapping(node.get("properties", {}), f"{at}.properties").items():
            part = self._expand(_mapping(child, f"{at}.{name}"), root, home, level + 1, f"{at}.{name}")
            properties[name] = complete(part.node)
            size += part.size
            depth = max(depth, part.depth + 1)
        if properties:
            own["properties"] = properties
        for key in ("items", "additionalProperties"):
            child = node.get(key)
            if isinstance(child, Mapping):
                part = self._expand(child, root, home, level + 1, f"{at}[*]" if key == "items" else f"{at}.*")
                own[key] = complete(part.node)
                size += part.size
                depth = max(depth, part.depth + 1)
            elif child is True and key == "additionalProperties":
                own[key] = True
        required = _list(node.get("required"), f"{at}.required")
        if required:
            own["required"] = [name for name in required if isinstance(name, str)]
        _merge(result, own, at)
        if size > MAX_FIELDS:
            raise SchemaInvalid(f"the schema has more than {MAX_FIELDS} fields", at)
        if level + depth > MAX_DEPTH:
            raise SchemaInvalid(f"fields nest deeper than {MAX_DEPTH} levels", at)
        return _Part(result, size, depth)

    def _reference(self, ref: Any, root: Mapping[str, Any], home: str, level: int, at: str) -> _Part:
        if not isinstance(ref, str):
            raise SchemaInvalid("$ref is a string", f"{at}.$ref")
        uri, _, fragment = ref.partition("#")
        target_root: Mapping[str, Any] | None = root
        if uri and uri != home:
            target_root = self._lookup(uri)
            if target_root is None:
                raise SchemaInvalid(f"$ref names a resource that does not exist: {uri}", f"{at}.$ref")
            home = uri
        assert target_root is not None
        key = (home, fragment)
        if key in self._open:
            raise SchemaInvalid(f"the reference {ref} leads back to itself", f"{at}.$ref")
        found = self._done.get(key)
        if found is None:
            target = _pointed(target_root, fragment, ref, at)
            self._open.append(key)
            found = self._done[key] = self._expand(target, target_root, home, level, at)
            self._open.pop()
        if level + found.depth > MAX_DEPTH:
            raise SchemaInvalid(f"fields nest deeper than {MAX_DEPTH} levels", at)
        node = {
            name: value
            for name, value in found.node.items()
            if not name.startswith(_NOT_INHERITED) or name in ("meta:xdmType", "meta:enum")
        }
        return _Part(node, found.size, found.depth)


def _pointed(root: Mapping[str, Any], fragment: str, ref: str, at: str) -> Mapping[str, Any]:
    node: Any = root
    for token in fragment.strip("/").split("/") if fragment.strip("/") else ():
        node = node.get(token.replace("~1", "/").replace("~0", "~")) if isinstance(node, Mapping) else None
    if not isinstance(node, Mapping):
        raise SchemaInvalid(f"$ref points at nothing: {ref}", f"{at}.$ref")
    return node


def _merge(into: dict[str, Any], node: Mapping[str, Any], at: str) -> None:
    """Lay `node` over `into`: properties are joined, requirements added up, anything else is taken from `node`."""
    if "type" in into and "type" in node and into["type"] != node["type"]:
        raise SchemaInvalid(f"{at} is a {into['type']} in one place and a {node['type']} in another", at)
    for key, value in node.items():
        if key == "properties":
            properties = dict(into.get("properties", {}))
            for name, child in value.items():
                old = properties.get(name)
                if old is None or old is child:
                    properties[name] = child
                else:
                    properties[name] = _overlaid(old, child, f"{at}.{name}")
            into["properties"] = properties
        elif key == "required":
            into["required"] = list(dict.fromkeys([*into.get("required", ()), *value]))
        elif key in ("items", "additionalProperties") and isinstance(value, dict) and isinstance(into.get(key), dict):
            into[key] = _overlaid(into[key], value, f"{at}[*]" if key == "items" else f"{at}.*")
        else:
            into[key] = value


def _overlaid(old: dict[str, Any], new: dict[str, Any], at: str) -> dict[str, Any]:
    if json_type(old) != json_type(new) or _shape(old) != _shape(new):
        raise SchemaInvalid(f"{at} is a {_shape(old)} in one place and a {_shape(new)} in another", at)
    merged = dict(old)
    _merge(merged, new, at)
    return merged


def _shape(schema: Mapping[str, Any]) -> str:
    kind = str(schema.get("meta:xdmType", schema.get("type", "object")))
    return "object" if kind == "map" and "properties" in schema else kind


def _mapping(value: Any, at: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise SchemaInvalid("a JSON object is needed here", at)
    return value


def _list(value: Any, at: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise SchemaInvalid("a list is needed here", at)
    return value


def count_fields(document: Mapping[str, Any]) -> int:
    """How many fields a resolved document has, leaves and objects."""
    children = [*document.get("properties", {}).values()]
    children += [document[key] for key in ("items", "additionalProperties") if isinstance(document.get(key), dict)]
    return len(children) + sum(count_fields(child) for child in children)
