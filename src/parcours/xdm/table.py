"""Compiled schemas by sandbox: compiled when first asked for, kept while what they are made of stays the same."""

from collections.abc import Iterator, Mapping
from typing import Any

from parcours.kit.telemetry import get_logger
from parcours.xdm.close import close
from parcours.xdm.compiled import CompiledSchema
from parcours.xdm.errors import SchemaInvalid
from parcours.xdm.ids import UNION_SUFFIX
from parcours.xdm.registry import Registry, is_union

log = get_logger("xdm")

_Made = tuple[str, ...]
"""What a compiled schema is made of: the etags of all its parts and descriptors."""


class SchemaTable:
    """Every schema of every sandbox at one revision of the registry."""

    def __init__(
        self, registries: Mapping[int, Registry], kept: dict[tuple[int, str], tuple[_Made, CompiledSchema]]
    ) -> None:
        self._registries = registries
        self._kept = kept
        for key in [key for key in list(kept) if self.registry(key[0]).get(key[1]) is None]:
            kept.pop(key, None)
        self._ready: dict[tuple[int, str], CompiledSchema | None] = {}

    def get(self, scope_id: int, schema_id: str) -> CompiledSchema | None:
        """The schema with this `$id` (or `meta:altId`), compiled; None when the sandbox has none.

        `{class $id}__union` gives the union of a class: the shape of the profiles, or of all events.
        """
        key = (scope_id, schema_id)
        try:
            return self._ready[key]
        except KeyError:
            made = self._ready[key] = self._make(scope_id, schema_id)
            return made

    def union(self, scope_id: int, class_id: str) -> CompiledSchema:
        """The union of a class; without any profile-enabled schema it holds the class's own fields."""
        found = self.get(scope_id, class_id + UNION_SUFFIX)
        assert found is not None
        return found

    def __contains__(self, key: object) -> bool:
        return isinstance(key, tuple) and len(key) == 2 and self.get(*key) is not None

    def ids(self, scope_id: int) -> Iterator[str]:
        """The `$id` of each of a sandbox's schemas."""
        return (schema["$id"] for schema in self.registry(scope_id).of_kind("schemas"))

    def registry(self, scope_id: int) -> Registry:
        """The sandbox's components; an empty tenant's for a sandbox without any."""
        return self._registries.get(scope_id) or Registry()

    def _make(self, scope_id: int, schema_id: str) -> CompiledSchema | None:
        registry = self.registry(scope_id)
        if schema_id.endswith(UNION_SUFFIX):
            resource = registry.find(schema_id.removesuffix(UNION_SUFFIX))
            if resource is None or resource["meta:resourceType"] != "classes":
                return None
            return self._compiled_union(registry, resource["$id"])
        resource = registry.find(schema_id)
        if resource is None or resource["meta:resourceType"] != "schemas":
            return None
        made = _made_of(registry, resource)
        known = self._kept.get((scope_id, resource["$id"]))
        if known is not None and known[0] == made:
            return known[1]
        try:
            compiled = compile_schema(registry, resource)
        except SchemaInvalid as error:  # the rules at writing should have kept this out
            log.error("schema.unusable", schema_id=schema_id, reason=str(error))
            return None
        self._kept[scope_id, resource["$id"]] = (made, compiled)
        return compiled

    def _compiled_union(self, registry: Registry, class_id: str) -> CompiledSchema:
        try:
            document = registry.union_document(class_id)
        except SchemaInvalid as error:
            log.error("schema.unusable", schema_id=class_id + UNION_SUFFIX, reason=str(error))
            document = {**registry.resolved(registry.get(class_id) or {}), "title": class_id}
        behaviour = registry.behaviour(class_id)
        return CompiledSchema(
            class_id + UNION_SUFFIX,
            class_id,
            document["title"],
            0,
            behaviour,
            True,
            close(document, "adhoc", ()),
            labels=registry.labels(registry.extends(registry.union(class_id))),
        )


def compile_schema(registry: Registry, schema: Mapping[str, Any]) -> CompiledSchema:
    """One schema, resolved, closed and compiled. Raises SchemaInvalid."""
    class_id = registry.class_of(schema)
    behaviour = registry.behaviour(class_id)
    identities = registry.identities(schema)
    demanded = [one.path for one in identities if one.is_primary] if behaviour == "record" else []
    document = close(registry.resolved(schema), behaviour, demanded)
    try:
        return CompiledSchema(
            schema_id=schema["$id"],
            class_id=class_id,
            title=schema["title"],
            version=minor_version(schema),
            behaviour=behaviour,
            is_union=is_union(schema),
            document=document,
            identities=identities,
            labels=registry.labels([schema["$id"], *registry.extends(schema)]),
        )
    except ValueError as error:
        raise SchemaInvalid(f"the schema can't be compiled: {error}") from None


def minor_version(resource: Mapping[str, Any]) -> int:
    """N of a version "1.N"."""
    return int(str(resource["version"]).partition(".")[2])


def _made_of(registry: Registry, schema: Mapping[str, Any]) -> _Made:
    parts = [schema["$id"], *registry.closure(schema)]
    etags = [registry.rows[part].etag for part in parts if part in registry.rows]
    for part in parts:
        etags += [registry.rows[descriptor["@id"]].etag for descriptor in registry.descriptors_of(part)]
    return tuple(etags)
