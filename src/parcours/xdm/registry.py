"""What one sandbox's registry holds at one revision: the global components and the tenant's, joined. Pure reads."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from parcours.resources.store import Resource
from parcours.xdm.compiled import Behaviour, IdentityField
from parcours.xdm.compose import merge_documents, resolve
from parcours.xdm.descriptors import IDENTITY, field_labels, identity_field
from parcours.xdm.ids import ADHOC, BEHAVIOURS, IDENTITY_MAP, PROFILE_CLASS, SEGMENTATION, UNION_SUFFIX, alt_id
from parcours.xdm.library import library
from parcours.xdm.rules import references
from parcours.xdm.usage_labels import FieldLabels


@dataclass(frozen=True)
class Registry:
    """One sandbox's components. Make changes on a copy (`with_resource` …), then store what came out."""

    tenant: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    """`$id` → resource as stored, with `$id`, `meta:altId`, `meta:resourceType` and `version`."""
    descriptors: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    """`@id` → descriptor as stored."""
    rows: Mapping[str, Resource] = field(default_factory=dict)
    """`$id` or `@id` → the row it comes from."""

    def get(self, resource_id: str) -> dict[str, Any] | None:
        """The resource with this `$id`, of either container."""
        return self.tenant.get(resource_id) or library().get(resource_id)

    def find(self, name: str) -> dict[str, Any] | None:
        """The resource with this `$id` or `meta:altId`."""
        resource_id = self._names.get(name) or global_names().get(name, name)
        return self.get(resource_id)

    @cached_property
    def _names(self) -> dict[str, str]:
        return {alt_id(resource_id): resource_id for resource_id in self.tenant}

    def of_kind(self, kind: str, container: str = "tenant") -> list[dict[str, Any]]:
        """Every resource of a kind in a container."""
        held = self.tenant if container == "tenant" else library()
        return [resource for resource in held.values() if resource["meta:resourceType"] == kind]

    def with_resource(self, resource: dict[str, Any]) -> "Registry":
        """A copy in which a resource is added or replaced."""
        return Registry({**self.tenant, resource["$id"]: resource}, self.descriptors, self.rows)

    def without_resource(self, resource_id: str) -> "Registry":
        """A copy without one resource."""
        left = {key: value for key, value in self.tenant.items() if key != resource_id}
        return Registry(left, self.descriptors, self.rows)

    def with_descriptor(self, descriptor: dict[str, Any]) -> "Registry":
        """A copy in which a descriptor is added or replaced."""
        return Registry(self.tenant, {**self.descriptors, descriptor["@id"]: descriptor}, self.rows)

    def without_descriptor(self, descriptor_id: str) -> "Registry":
        """A copy without one descriptor."""
        left = {key: value for key, value in self.descriptors.items() if key != descriptor_id}
        return Registry(self.tenant, left, self.rows)

    def resolved(self, resource: Mapping[str, Any]) -> dict[str, Any]:
        """The resource's fields without references. Raises SchemaInvalid."""
        return resolve(resource, self.get)

    def closure(self, resource: Mapping[str, Any]) -> list[str]:
        """Every `$id` a resource is made of, the resource itself left out, nearest first."""
        found: dict[str, None] = {}
        queue = references(resource)
        while queue:
            uri = queue.pop(0)
            target = self.get(uri)
            if uri not in found:
                found[uri] = None
                queue.extend(references(target) if target else ())
        found.pop(resource.get("$id", ""), None)
        return list(found)

    def extends(self, resource: Mapping[str, Any]) -> list[str]:
        """`meta:extends`: everything composed at the root, transitively; data types of single fields are no part."""
        found: dict[str, None] = {}
        queue = root_references(resource)
        while queue:
            uri = queue.pop(0)
            target = self.get(uri)
            if uri not in found:
                found[uri] = None
                queue.extend(root_references(target) if target else ())
        return list(found)

    def dependents(self, resource_id: str) -> Iterator[dict[str, Any]]:
        """The tenant's resources that are made of this one, directly or not."""
        for resource in self.tenant.values():
            if resource["$id"] != resource_id and resource_id in self.closure(resource):
                yield resource

    def class_of(self, schema: Mapping[str, Any]) -> str:
        """The `$id` of a schema's class; "" when it has none."""
        for uri in root_references(schema):
            target = self.get(uri)
            if target is not None and target["meta:resourceType"] == "classes":
                return uri
        return ""

    def behaviour_id(self, class_id: str) -> str:
        """The `$id` of the behaviour of a class; adhoc when it names none."""
        target = self.get(class_id)
        found = [uri for uri in (self.extends(target) if target else ()) if uri in BEHAVIOURS]
        return found[0] if found else ADHOC

    def behaviour(self, class_id: str) -> Behaviour:
        """The behaviour of a class by its short name."""
        name = BEHAVIOURS[self.behaviour_id(class_id)]
        return "record" if name == "record" else "time-series" if name == "time-series" else "adhoc"

    def descriptors_of(self, schema_id: str) -> list[dict[str, Any]]:
        """Every descriptor whose source is this resource."""
        return self._by_source.get(schema_id, [])

    @cached_property
    def _by_source(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for descriptor in self.descriptors.values():
            found.setdefault(descriptor["xdm:sourceSchema"], []).append(descriptor)
        return found

    def identities(self, schema: Mapping[str, Any]) -> tuple[IdentityField, ...]:
        """The identity fields of a schema, from descriptors on it and on what it is made of; primary first.

        A primary counts only when it sits on the schema itself.
        """
        found: dict[tuple[str, ...], IdentityField] = {}
        for source in (schema["$id"], *self.closure(schema)):
            for descriptor in self.descriptors_of(source):
                if descriptor["@type"] == IDENTITY:
                    one = identity_field(descriptor, is_own=source == schema["$id"])
                    if one is not None:
                        found.setdefault(one.path, one)
        return tuple(sorted(found.values(), key=lambda one: not one.is_primary))

    def labels(self, resource_ids: Iterable[str]) -> FieldLabels:
        """The usage labels that descriptors put on fields of resources composed at one root."""
        return field_labels(one for source in resource_ids for one in self.descriptors_of(source))

    def union_classes(self) -> list[str]:
        """Classes with at least one schema that makes up profiles."""
        return list(dict.fromkeys(self.class_of(schema) for schema in self.of_kind("schemas") if is_union(schema)))

    def union(self, class_id: str) -> dict[str, Any]:
        """The union of a class as a resource: its profile-enabled schemas, by reference."""
        members = [s for s in self.of_kind("schemas") if is_union(s) and self.class_of(s) == class_id]
        parts = [class_id, *(schema["$id"] for schema in members)]
        if class_id == PROFILE_CLASS:
            parts += [IDENTITY_MAP, SEGMENTATION]
        title = (self.get(class_id) or {}).get("title", class_id)
        return {
            "$id": class_id + UNION_SUFFIX,
            "meta:altId": alt_id(class_id) + UNION_SUFFIX,
            "meta:resourceType": "unions",
            "version": "1.0",
            "title": f"{title} Union",
            "type": "object",
            "description": f"Everything profile-enabled of the class {title}",
            "allOf": [{"$ref": uri, "type": "object", "meta:xdmType": "object"} for uri in parts],
            "meta:class": class_id,
            "meta:extensible": False,
            "meta:abstract": False,
            "meta:xdmType": "object",
        }

    def union_document(self, class_id: str) -> dict[str, Any]:
        """The union's fields, resolved. Raises SchemaInvalid where two schemas give one path different types."""
        union = self.union(class_id)
        document = merge_documents([self.resolved(self.get(item["$ref"]) or {}) for item in union["allOf"]])
        if class_id == PROFILE_CLASS:
            document["properties"]["timeSeriesEvents"] = {
                "type": "array",
                "meta:xdmType": "array",
                "title": "Time series events",
                "items": {"type": "object", "meta:xdmType": "object", "additionalProperties": True},
            }
        return {**document, **{key: value for key, value in union.items() if key != "allOf"}}


def is_union(schema: Mapping[str, Any]) -> bool:
    """Whether records of a schema make up profiles."""
    return "union" in schema.get("meta:immutableTags", ())


def root_references(resource: Mapping[str, Any]) -> list[str]:
    """The `$id`s composed at a resource's root."""
    return [
        item["$ref"].partition("#")[0]
        for item in resource.get("allOf", ())
        if isinstance(item.get("$ref"), str) and not item["$ref"].startswith("#")
    ]


def global_names() -> Mapping[str, str]:
    """Other names of global resources → `$id`: the altId, and either without a slash at its end."""
    return _GLOBAL_NAMES


_GLOBAL_NAMES = {
    name.rstrip("/."): resource_id for resource_id in library() for name in (resource_id, alt_id(resource_id))
}
