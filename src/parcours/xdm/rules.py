"""The rules a tenant's resource has to keep before it is stored, and the form it is stored in.

Pure. Source: platform-apis §3.5 and §3.7.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from parcours.xdm.compiled import build_validator
from parcours.xdm.compose import Lookup
from parcours.xdm.errors import SchemaInvalid
from parcours.xdm.fieldtypes import JSON_TYPES, XDM_TYPES, complete, json_type
from parcours.xdm.ids import ADHOC, BEHAVIOURS, own_namespace

MAX_JSON_DEPTH = 100
"""Deepest JSON the registry reads: resolved fields are bounded further, in compose."""
MAX_TITLE_CHARACTERS = 512
TEMPLATE_KEYS = (
    "title", "type", "description", "definitions", "allOf", "properties", "required", "meta:intendedToExtend",
    "meta:immutableTags", "meta:status", "meta:extensible", "meta:abstract", "meta:enum", "meta:tags",
)  # fmt: skip
"""What a client decides; everything else on a resource is the registry's."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}")
_NOT_XDM = frozenset(
    {
        "anyOf", "oneOf", "not", "if", "then", "else", "patternProperties", "propertyNames", "dependencies",
        "dependentRequired", "dependentSchemas", "contains", "additionalItems", "unevaluatedProperties",
        "unevaluatedItems", "prefixItems", "$defs", "$dynamicRef", "$recursiveRef",
    }
)  # fmt: skip
_TEXTS = ("title", "description", "format", "pattern", "meta:xdmType", "meta:status")
_COUNTS = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")
_LIMITS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_BRANCHES = ("items", "additionalProperties")


def check_depth(value: Any, limit: int = MAX_JSON_DEPTH) -> None:
    """Refuse JSON nested deeper than anything meant, before a recursive reader meets it. Raises SchemaInvalid."""
    level: list[Any] = [value]
    for _ in range(limit):
        level = [
            child
            for node in level
            if isinstance(node, dict | list)
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, dict | list)
        ]
        if not level:
            return
    raise SchemaInvalid(f"the document is nested deeper than {limit} levels")


def template(kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """What the registry keeps of a body: the client's keys, with every field's XDM type filled in.

    Raises SchemaInvalid on anything that is no XDM.
    """
    check_depth(body)
    title = body.get("title")
    if not isinstance(title, str) or not title.strip():
        raise SchemaInvalid("a resource has a title", "$.title")
    if len(title) > MAX_TITLE_CHARACTERS:
        raise SchemaInvalid(f"a title has at most {MAX_TITLE_CHARACTERS} characters", "$.title")
    if body.get("type") not in (None, "object") and kind != "datatypes":
        raise SchemaInvalid("the type of a resource is object", "$.type")
    for name in ("meta:intendedToExtend", "meta:immutableTags"):
        if body.get(name) is not None:
            _strings(body[name], f"$.{name}")
    kept = {key: body[key] for key in TEMPLATE_KEYS if body.get(key) is not None}
    kept.setdefault("type", "object")
    result = _node(kept, "$", is_root=True)
    if kind == "mixins":
        result.setdefault("meta:intendedToExtend", [])
    if kind == "schemas":
        result.setdefault("meta:immutableTags", [])
    if kind != "datatypes" and not result.get("allOf") and not result.get("properties"):
        raise SchemaInvalid("a resource has fields: 'allOf' or 'properties' is needed", "$.allOf")
    return result


def _strings(value: Any, at: str) -> None:
    if not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
        raise SchemaInvalid("a list of strings is needed here", at)


def _node(node: Any, at: str, *, is_root: bool = False, is_container: bool = False) -> dict[str, Any]:
    """One schema node checked and completed. `is_container`: its type may be left unsaid, as in `definitions`."""
    if not isinstance(node, dict):
        raise SchemaInvalid("a field is described by a JSON object", at)
    node = {key: value for key, value in node.items() if value is not None}
    for key in node:
        if key in _NOT_XDM:
            raise SchemaInvalid(f"{key} is no part of XDM", f"{at}.{key}")
    for key in _TEXTS:
        if key in node and not isinstance(node[key], str):
            raise SchemaInvalid(f"{key} is a string", f"{at}.{key}")
    _check_type(node, at)
    _check_constraints(node, at)
    result = dict(node)
    if "definitions" in node:
        definitions = _object(node["definitions"], f"{at}.definitions")
        result["definitions"] = {
            name: _node(child, f"{at}.definitions.{name}", is_container=True) for name, child in definitions.items()
        }
    if "allOf" in node:
        items = node["allOf"]
        if not isinstance(items, list):
            raise SchemaInvalid("allOf is a list", f"{at}.allOf")
        result["allOf"] = [_all_of_item(item, f"{at}.allOf[{index}]") for index, item in enumerate(items)]
    if "$ref" in node and (not isinstance(node["$ref"], str) or not node["$ref"]):
        raise SchemaInvalid("$ref is a string", f"{at}.$ref")
    if "properties" in node:
        properties = _object(node["properties"], f"{at}.properties")
        result["properties"] = {name: _node(child, f"{at}.{name}") for name, child in properties.items()}
    if "items" in node:
        result["items"] = _node(node["items"], f"{at}[*]")
    more = node.get("additionalProperties")
    if isinstance(more, dict):
        result["additionalProperties"] = _node(more, f"{at}.*")
    elif more is not None and not isinstance(more, bool):
        raise SchemaInvalid("additionalProperties is a field's description or a boolean", f"{at}.additionalProperties")
    if "required" in node:
        _strings(node["required"], f"{at}.required")
    if is_root:
        return {**result, "meta:xdmType": "object"} if result.get("type") == "object" else complete(result)
    if "$ref" in node:
        return {"type": "object", "meta:xdmType": "object", **result}
    if json_type(node) is None:
        if not is_container and "allOf" not in node:
            raise SchemaInvalid("a field has a type: string, number, integer, boolean, object or array", f"{at}.type")
        return result
    if is_container and "type" not in node:
        return result
    if json_type(node) == "array" and "items" not in node:
        raise SchemaInvalid("an array says what its items are", f"{at}.items")
    return complete(result)


def _all_of_item(item: Any, at: str) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise SchemaInvalid("an item of allOf is a JSON object", at)
    return {"type": "object", "meta:xdmType": "object", **_node(item, at, is_container=True)}


def _object(value: Any, at: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SchemaInvalid("a JSON object is needed here", at)
    return value


def _check_type(node: Mapping[str, Any], at: str) -> None:
    named = node.get("type")
    if named is not None and (not isinstance(named, str) or named not in JSON_TYPES):
        raise SchemaInvalid(f"{named!r} is no type; one of {', '.join(sorted(JSON_TYPES))} is", f"{at}.type")
    xdm = node.get("meta:xdmType")
    if xdm is not None and xdm not in XDM_TYPES:
        raise SchemaInvalid(f"{xdm!r} is no XDM type; one of {', '.join(sorted(XDM_TYPES))} is", f"{at}.meta:xdmType")


def _check_constraints(node: Mapping[str, Any], at: str) -> None:
    for key in _COUNTS:
        value = node.get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
            raise SchemaInvalid(f"{key} is a whole number, 0 or more", f"{at}.{key}")
    for key in _LIMITS:
        value = node.get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise SchemaInvalid(f"{key} is a number", f"{at}.{key}")
    if node.get("multipleOf", 1) <= 0:
        raise SchemaInvalid("multipleOf is above 0", f"{at}.multipleOf")
    if "uniqueItems" in node and not isinstance(node["uniqueItems"], bool):
        raise SchemaInvalid("uniqueItems is a boolean", f"{at}.uniqueItems")
    if "enum" in node:
        values = node["enum"]
        if not isinstance(values, list) or not values:
            raise SchemaInvalid("enum is a list with at least one value", f"{at}.enum")
        if any(isinstance(value, dict | list) or value is None for value in values):
            raise SchemaInvalid("the values of an enum are strings, numbers or booleans", f"{at}.enum")
    if "meta:enum" in node and not isinstance(node["meta:enum"], dict):
        raise SchemaInvalid("meta:enum is an object: value to label", f"{at}.meta:enum")
    if "pattern" in node:
        try:
            build_validator({"type": "string", "pattern": node["pattern"]})
        except ValueError:
            raise SchemaInvalid(f"the pattern can't be read: {node['pattern']}", f"{at}.pattern") from None


_SENT_AS = "_adhoc"
"""How a client writes the object that holds the fields of an ad hoc class, whose `$id` it can't know yet."""
_OWN = re.compile(r"_[0-9a-f]{32,48}")
"""That object's name. One made from another's definition keeps that name, as mappings and records have it."""


def with_own_namespace(resource: Mapping[str, Any]) -> dict[str, Any]:
    """An ad hoc class with its fields in an object of its own; any other resource as it is.

    Source: the tutorial on ad hoc schemas.
    """
    if resource["meta:resourceType"] != "classes" or ADHOC not in _composed(resource):
        return dict(resource)
    return _renamed(resource, own_namespace(resource["$id"]))


def dataset_namespace(resource: Mapping[str, Any]) -> str | None:
    """The name of the object that holds the fields of an ad hoc class; None when they lie at the root."""
    parts = [resource, *resource.get("allOf", ()), *resource.get("definitions", {}).values()]
    return next((name for part in parts for name in part.get("properties", ()) if _OWN.fullmatch(name)), None)


def _renamed(node: Mapping[str, Any], name: str) -> dict[str, Any]:
    result = dict(node)
    if "properties" in node:
        result["properties"] = {name if key == _SENT_AS else key: child for key, child in node["properties"].items()}
    if "required" in node:
        result["required"] = [name if key == _SENT_AS else key for key in node["required"]]
    if "allOf" in node:
        result["allOf"] = [_renamed(item, name) for item in node["allOf"]]
    if "definitions" in node:
        result["definitions"] = {key: _renamed(child, name) for key, child in node["definitions"].items()}
    return result


def check_names(kind: str, resource: Mapping[str, Any], tenant: str, *, is_adhoc: bool = False) -> None:
    """Field names, and custom fields in their place: under `_{tenant}`, save in data types and ad hoc classes.

    An ad hoc class has an object of its own. Raises SchemaInvalid.
    """
    own = dataset_namespace(resource) if is_adhoc and kind == "classes" else None
    names = _Names(resource.get("definitions", {}), f"_{tenant}", own)
    names.check(resource, "$", kind != "datatypes" and not is_adhoc)
    for name, node in resource.get("definitions", {}).items():
        if name not in names.reached:
            names.check(node, f"$.definitions.{name}", False)


class _Names:
    """One walk over a resource's own fields, through its local definitions."""

    def __init__(self, definitions: Mapping[str, Any], namespace: str, own: str | None) -> None:
        self._definitions = definitions
        self._namespace = namespace
        self._own = own
        self._seen: set[tuple[str, bool]] = set()
        self.reached: set[str] = set()

    def check(self, node: Mapping[str, Any], at: str, must_be_inside: bool) -> None:
        """Names below `node`; with `must_be_inside`, no leaf may lie outside the tenant's object."""
        for name, child in node.get("properties", {}).items():
            here = f"{at}.{name}"
            is_tenant = name in (self._namespace, self._own)
            if not is_tenant and not _NAME.fullmatch(name) and not (must_be_inside and name.startswith("_")):
                raise SchemaInvalid(
                    f"the field name {name!r} is not allowed: letters, digits, '-' and '_', no '_' at the start", here
                )
            if is_tenant and json_type(child) != "object":
                raise SchemaInvalid(f"{name} is an object", here)
            if must_be_inside and not is_tenant and not self._has_fields(child):
                raise SchemaInvalid(f"a custom field belongs under {self._namespace}", here)
            self.check(child, here, must_be_inside and not is_tenant)
        for key in _BRANCHES:
            if isinstance(node.get(key), Mapping):
                self.check(node[key], f"{at}[*]", must_be_inside)
        for index, item in enumerate(node.get("allOf", ())):
            self.check(item, f"{at}.allOf[{index}]", must_be_inside)
        name = _local(node)
        if name in self._definitions and (name, must_be_inside) not in self._seen:
            self._seen.add((name, must_be_inside))
            self.reached.add(name)
            self.check(self._definitions[name], f"$.definitions.{name}", must_be_inside)

    def _has_fields(self, child: Mapping[str, Any]) -> bool:
        return "properties" in child or _local(child) in self._definitions


def _local(node: Mapping[str, Any]) -> str:
    ref = node.get("$ref", "")
    return str(ref).removeprefix("#/definitions/") if str(ref).startswith("#/definitions/") else ""


def with_full_references(resource: Mapping[str, Any], find: Lookup) -> dict[str, Any]:
    """The resource with `$id`s where a client wrote a `meta:altId` in a `$ref`. `find` takes either name."""
    result = dict(resource)
    ref = resource.get("$ref")
    if isinstance(ref, str) and ref.startswith("_"):
        found = find(ref)
        if found is not None:
            result["$ref"] = found["$id"]
    for key in ("properties", "definitions"):
        if key in resource:
            result[key] = {name: with_full_references(child, find) for name, child in resource[key].items()}
    if "allOf" in resource:
        result["allOf"] = [with_full_references(item, find) for item in resource["allOf"]]
    for key in _BRANCHES:
        if isinstance(resource.get(key), Mapping):
            result[key] = with_full_references(resource[key], find)
    return result


def references(resource: Mapping[str, Any]) -> list[str]:
    """Every `$id` a resource refers to, direct ones only, in order of appearance."""
    found: dict[str, None] = {}
    for node in _walk(resource):
        ref = node.get("$ref")
        if isinstance(ref, str) and not ref.startswith("#"):
            found[ref.partition("#")[0]] = None
    return list(found)


def _walk(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    stack: list[Any] = [node]
    while stack:
        one = stack.pop()
        if not isinstance(one, Mapping):
            continue
        yield one
        children = [*one.get("allOf", ()), *one.get("properties", {}).values(), *one.get("definitions", {}).values()]
        children += [one[key] for key in _BRANCHES if key in one]
        stack.extend(reversed(children))


def compose_class(resource: Mapping[str, Any], lookup: Lookup) -> str:
    """The one behaviour a class extends, by `$id`. Raises SchemaInvalid."""
    found = [uri for uri in _composed(resource) if uri in BEHAVIOURS]
    if len(found) != 1:
        raise SchemaInvalid("a class extends exactly one behaviour: record, time-series or adhoc", "$.allOf")
    for index, uri in enumerate(_composed(resource)):
        if uri not in BEHAVIOURS and _kind(uri, lookup, index) not in ("mixins", "datatypes"):
            raise SchemaInvalid("a class refers to a behaviour, field groups and data types", f"$.allOf[{index}].$ref")
    return found[0]


def compose_schema(resource: Mapping[str, Any], lookup: Lookup, behaviour_of: Callable[[str], str]) -> str:
    """The one class of a schema, by `$id`; its field groups must be meant for it. Raises SchemaInvalid."""
    composed = _composed(resource)
    kinds = [_kind(uri, lookup, index) for index, uri in enumerate(composed)]
    classes = [uri for uri, kind in zip(composed, kinds, strict=True) if kind == "classes"]
    if len(classes) != 1:
        raise SchemaInvalid(f"a schema refers to exactly one class, this one to {len(classes)}", "$.allOf")
    class_id = classes[0]
    for index, (uri, kind) in enumerate(zip(composed, kinds, strict=True)):
        if kind == "classes":
            continue
        if kind != "mixins":
            raise SchemaInvalid("a schema is made of a class and field groups", f"$.allOf[{index}].$ref")
        intended = (lookup(uri) or {}).get("meta:intendedToExtend") or []
        if intended and class_id not in intended and behaviour_of(class_id) not in intended:
            raise SchemaInvalid(
                f"the field group {uri} is not meant for the class {class_id}", f"$.allOf[{index}].$ref"
            )
    return class_id


def compose_part(resource: Mapping[str, Any], lookup: Lookup) -> None:
    """What a field group or a data type refers to exists, and is one of the two. Raises SchemaInvalid."""
    for uri in references(resource):
        found = lookup(uri)
        if found is None:
            raise SchemaInvalid(f"$ref names a resource that does not exist: {uri}", "$.allOf")
        if found["meta:resourceType"] not in ("mixins", "datatypes"):
            raise SchemaInvalid(f"a field can't be a whole {found['meta:resourceType']}: {uri}", "$.allOf")


def _composed(resource: Mapping[str, Any]) -> list[str]:
    return [
        item["$ref"].partition("#")[0]
        for item in resource.get("allOf", ())
        if "$ref" in item and not item["$ref"].startswith("#")
    ]


def _kind(uri: str, lookup: Lookup, index: int) -> str:
    found = lookup(uri)
    if found is None:
        raise SchemaInvalid(f"$ref names a resource that does not exist: {uri}", f"$.allOf[{index}].$ref")
    return str(found["meta:resourceType"])
