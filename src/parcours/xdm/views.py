"""Which form of a resource an `Accept` header asks for, and that form. Source: platform-apis §3.3, §3.5, §3.12."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from parcours.access.model import Caller
from parcours.kit.clock import to_datetime
from parcours.xdm.descriptors import DEPRECATED, DISPLAY, displayed, path_of, properties_of
from parcours.xdm.errors import AcceptInvalid, AcceptRefused
from parcours.xdm.registry import Registry
from parcours.xdm.rules import dataset_namespace, references

_MEDIA = re.compile(
    r"application/vnd\.adobe\.(?P<family>xed|xdm)(?P<forms>(?:-(?:id|link|full|notext|desc|flat|deprecated|deprecatefield|v2))*)"
    r"\+json(?P<parameters>(?:\s*;.*)?)"
)
_VERSION = re.compile(r"(?:^|;)\s*version\s*=\s*\"?(?P<major>\d+)(?:\.(?P<minor>\d+))?\"?\s*(?:;|$)")
_IDENTIFYING = ("title", "$id", "meta:altId", "version")


@dataclass(frozen=True, slots=True)
class View:
    """A form of answer."""

    family: str
    """`xed` for payload names, `xdm` for prefixed names."""
    forms: frozenset[str]
    """Among id, link, full, notext, desc, flat, deprecated, deprecatefield, v2; empty means as stored."""
    major: int | None = None
    minor: int | None = None

    @property
    def is_resolved(self) -> bool:
        """Whether references are followed and `allOf` is merged."""
        return bool(self.forms & {"full", "desc", "flat", "deprecated", "deprecatefield"})

    @property
    def is_id(self) -> bool:
        """Whether only what names a resource is wanted."""
        return "id" in self.forms


RAW = View("xed", frozenset())


def parse_accept(header: str | None) -> View:
    """The first media type of the registry in an `Accept` header. Raises AcceptRefused."""
    if header is None or not header.strip():
        raise AcceptRefused("Accept header parameter is required")
    for part in header.split(","):
        found = _MEDIA.fullmatch(part.strip().lower())
        if found:
            version = _VERSION.search(found["parameters"])
            forms = frozenset(found["forms"].split("-")) - {""}
            if version is None:
                return View(found["family"], forms)
            minor = version["minor"]
            return View(found["family"], forms, int(version["major"]), None if minor is None else int(minor))
    raise AcceptRefused("Unknown Accept media supplied")


def for_list(header: str | None) -> View:
    """The form of a list's items. Raises AcceptRefused, or AcceptInvalid when a version is asked for."""
    view = parse_accept(header)
    if view.major is not None:
        raise AcceptInvalid("1006", "Accept header with a version can't be used for a list")
    return view


def for_lookup(header: str | None) -> View:
    """The form of one resource. Raises AcceptRefused, or AcceptInvalid when no version is asked for."""
    view = parse_accept(header)
    if view.major is None:
        raise AcceptInvalid("1007", "Accept header needs a version for a lookup, e.g. ;version=1")
    return view


def for_descriptors(header: str | None) -> View:
    """The form of a list of descriptors. Raises AcceptRefused or AcceptInvalid."""
    view = parse_accept(header)
    if view.family == "xed" and not view.forms <= {"id", "link"}:
        raise AcceptInvalid("1008", "descriptors are listed as xdm, xdm-id, xdm-link or xdm-v2")
    return view


def for_descriptor(header: str | None) -> None:
    """A single descriptor has one form. Raises AcceptInvalid when the header asks for a schema's."""
    found = _MEDIA.fullmatch((header or "").strip().lower())
    if found and found["family"] == "xed" and "full" in found["forms"]:
        raise AcceptInvalid("1009", "a descriptor is looked up as xdm")


def render(resource: Mapping[str, Any], registry: Registry, view: View, caller: Caller) -> dict[str, Any]:
    """A resource in the form asked for. Raises SchemaInvalid when it can't be resolved."""
    if view.is_id:
        return {key: resource[key] for key in _IDENTIFYING}
    whole = describe(resource, registry, caller)
    if view.is_resolved:
        document = _with_display(_resolved(resource, registry), _descriptors_shown(resource, registry))
        if view.forms & {"deprecated", "deprecatefield"}:
            document = _with_deprecations(document, registry.descriptors_of(resource["$id"]))
        whole = {key: value for key, value in whole.items() if key not in ("allOf", "definitions")}
        whole |= {key: value for key, value in document.items() if key in ("properties", "required", "type")}
        if "desc" in view.forms:
            whole["meta:descriptors"] = registry.descriptors_of(resource["$id"])
    if "notext" in view.forms:
        whole = _without_text(whole)
    if view.family == "xdm":
        whole = _prefixed(whole)
    if "flat" in view.forms:
        whole["properties"] = dict(_flat(whole.get("properties", {}), ""))
    return whole


def _flat(fields: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field that is no object under its whole path: `person/name/firstName`; items of a list after `[*]`."""
    for name, child in fields.items():
        inner = child.get("items", {}).get("properties") if child.get("type") == "array" else child.get("properties")
        if inner:
            yield from _flat(inner, f"{prefix}{name}{'[*]' if child.get('type') == 'array' else ''}/")
        else:
            yield prefix + name, child


def _resolved(resource: Mapping[str, Any], registry: Registry) -> dict[str, Any]:
    if resource["meta:resourceType"] == "unions":
        return _with_origins(registry.union_document(resource["meta:class"]))
    return _with_origins(registry.resolved(resource))


def describe(resource: Mapping[str, Any], registry: Registry, caller: Caller) -> dict[str, Any]:
    """A resource as stored, with what the registry knows of it."""
    sandbox = caller.sandbox
    result = dict(resource)
    result.setdefault("description", "")
    kind = resource["meta:resourceType"]
    result["refs"] = references(resource)
    result["meta:extends"] = registry.extends(resource)
    if kind == "schemas":
        result["meta:class"] = registry.class_of(resource)
    class_id = result["meta:class"] if kind == "schemas" else resource["$id"] if kind == "classes" else ""
    if class_id in registry.tenant and registry.behaviour(class_id) == "adhoc":
        namespace = dataset_namespace(registry.tenant[class_id])
        result |= {} if namespace is None else {"meta:datasetNamespace": namespace}
    row = registry.rows.get(resource["$id"])
    if row is None and kind != "unions":
        result["meta:registryMetadata"] = _GLOBAL_METADATA
        return result
    result.setdefault("meta:extensible", kind != "schemas")
    result.setdefault("meta:abstract", kind not in ("schemas", "datatypes"))
    result |= {
        "imsOrg": sandbox.org_id,
        "meta:containerId": "tenant",
        "meta:sandboxId": sandbox.id,
        "meta:sandboxType": sandbox.type,
        "meta:tenantNamespace": f"_{sandbox.tenant}",
    }
    if row is not None:
        result["meta:registryMetadata"] = {
            "repo:createdDate": row.created_at_ms,
            "repo:lastModifiedDate": row.updated_at_ms,
            "xdm:createdClientId": row.created_client,
            "xdm:lastModifiedClientId": row.updated_client,
            "xdm:createdUserId": row.created_by,
            "xdm:lastModifiedUserId": row.updated_by,
            "eTag": row.etag.strip('"'),
            "meta:globalLibVersion": LIBRARY_VERSION,
        }
    return result


LIBRARY_VERSION = "1.0.0"
"""Version of the bundled components."""
_GLOBAL_METADATA = {"eTag": LIBRARY_VERSION, "meta:globalLibVersion": LIBRARY_VERSION}


def describe_descriptor(descriptor: Mapping[str, Any], registry: Registry, caller: Caller) -> dict[str, Any]:
    """A descriptor with what the registry knows of it."""
    row = registry.rows[descriptor["@id"]]
    sandbox = caller.sandbox
    return {
        **descriptor,
        "createdUser": row.created_by,
        "imsOrg": sandbox.org_id,
        "createdClient": row.created_client,
        "updatedUser": row.updated_by,
        "created": _date(row.created_at_ms),
        "updated": _date(row.updated_at_ms),
        "version": "1",
        "meta:containerId": "tenant",
        "meta:sandboxId": sandbox.id,
        "meta:sandboxType": sandbox.type,
    }


def _date(at_ms: int) -> str:
    return to_datetime(at_ms * 1000).strftime("%m-%d-%Y %H:%M:%S")


def _without_text(node: Any) -> Any:
    """A schema without titles and descriptions; fields named so stay."""
    if not isinstance(node, dict):
        return node
    result: dict[str, Any] = {}
    for key, value in node.items():
        if key in ("title", "description"):
            continue
        if key in ("properties", "definitions") and isinstance(value, dict):
            result[key] = {name: _without_text(child) for name, child in value.items()}
        elif key in ("items", "additionalProperties"):
            result[key] = _without_text(value)
        elif key == "allOf":
            result[key] = [_without_text(item) for item in value]
        else:
            result[key] = value
    return result


Descriptors = Iterable[Mapping[str, Any]]


def _with_deprecations(document: dict[str, Any], descriptors: Descriptors) -> dict[str, Any]:
    return _with_fields(document, DEPRECATED, descriptors, lambda field, _: {**field, "meta:status": "deprecated"})


def _with_display(document: dict[str, Any], descriptors: Descriptors) -> dict[str, Any]:
    return _with_fields(document, DISPLAY, descriptors, displayed)


def _descriptors_shown(resource: Mapping[str, Any], registry: Registry) -> Descriptors:
    """The descriptors of a resource; of a union those of its members."""
    parts = references(resource) if resource["meta:resourceType"] == "unions" else ()
    return [one for source in (resource["$id"], *parts) for one in registry.descriptors_of(source)]


Change = Callable[[dict[str, Any], Mapping[str, Any]], dict[str, Any]]
"""(field, descriptor of it) → the field as it is shown."""


def _with_fields(document: dict[str, Any], kind: str, descriptors: Descriptors, change: Change) -> dict[str, Any]:
    """The document with every field that a descriptor of the kind speaks of put through `change`."""
    for descriptor in descriptors:
        if descriptor["@type"] == kind:
            for text in properties_of(descriptor):
                document = _with_field(document, path_of(text), descriptor, change)
    return document


def _with_field(
    node: dict[str, Any], path: tuple[str, ...], descriptor: Mapping[str, Any], change: Change
) -> dict[str, Any]:
    if not path:
        return change(node, descriptor)
    items = node.get("items")
    if isinstance(items, dict):
        rest = path[1:] if path[0] == "*" else path
        return {**node, "items": _with_field(items, rest, descriptor, change)}
    child = node.get("properties", {}).get(path[0])
    if child is None:
        return node
    return {**node, "properties": {**node["properties"], path[0]: _with_field(child, path[1:], descriptor, change)}}


_VOCABULARIES = {"_repo": "repo:", "_schema": "schema:", "_dc": "dc:"}
"""Objects of the payload form that stand for a prefix."""
_EXPERIENCE = "https://ns.adobe.com/experience/"


def source_names(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Keys of one object in XDM's own, prefixed names: `person` → `xdm:person`, `_id` → `@id`.

    An object that only stands for a namespace disappears, and its keys carry the namespace. Values stay as they are.
    Source: platform-apis §3.12, read backwards.
    """
    result: dict[str, Any] = {}
    for name, value in fields.items():
        inner = value.get("properties", value) if isinstance(value, dict) else None
        if name in _VOCABULARIES and isinstance(inner, dict):
            result |= {_VOCABULARIES[name] + key: child for key, child in inner.items()}
        elif name == "_channels" and isinstance(inner, dict):
            result |= {f"https://ns.adobe.com/xdm/channels/{key}": child for key, child in inner.items()}
        elif name == "_experience" and isinstance(inner, dict):
            for solution, child in inner.items():
                parts = child.get("properties", child) if isinstance(child, dict) else None
                if isinstance(parts, dict) and not isinstance(parts.get("type"), str):
                    result |= {f"{_EXPERIENCE}{solution}/{key}": part for key, part in parts.items()}
                else:
                    result[_EXPERIENCE + solution] = child
        elif name in ("_id", "_type"):
            result["@" + name[1:]] = value
        else:
            result[name if name.startswith("_") else f"xdm:{name}"] = value
    return result


def _with_origins(node: dict[str, Any], container: str = "") -> dict[str, Any]:
    """Each field with its own XDM name in `meta:xdmField`. container: the vocabulary the fields stand in, if any."""
    result = dict(node)
    if isinstance(node.get("properties"), dict):
        prefix = _VOCABULARIES.get(container, "xdm:")
        result["properties"] = {
            name: {**_with_origins(child, name), "meta:xdmField": _origin(name, prefix)}
            for name, child in node["properties"].items()
        }
    for key in ("items", "additionalProperties"):
        if isinstance(node.get(key), dict):
            result[key] = _with_origins(node[key])
    return result


def _origin(name: str, prefix: str) -> str:
    if name in ("_id", "_type"):
        return "@" + name[1:]
    return name if name.startswith("_") else prefix + name


def _prefixed(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    result = dict(node)
    if isinstance(node.get("properties"), dict):
        result["properties"] = {name: _prefixed(child) for name, child in source_names(node["properties"]).items()}
        if isinstance(node.get("required"), list):
            result["required"] = list(source_names(dict.fromkeys(node["required"])))
    if isinstance(node.get("definitions"), dict):
        result["definitions"] = {name: _prefixed(child) for name, child in node["definitions"].items()}
    for key in ("items", "additionalProperties"):
        if key in node:
            result[key] = _prefixed(node[key])
    if isinstance(node.get("allOf"), list):
        result["allOf"] = [_prefixed(item) for item in node["allOf"]]
    return result
