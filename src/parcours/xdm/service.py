"""The Schema Registry: reads, checks and stores components, and hands out compiled schemas."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from parcours.access.model import Caller
from parcours.db import Database
from parcours.kit.clock import to_datetime
from parcours.resources.patch import PatchInvalid, apply_patch
from parcours.resources.store import Compiled, Resource, ResourceStore
from parcours.xdm import views
from parcours.xdm.admission import admit
from parcours.xdm.audit import Revision, audit_log
from parcours.xdm.errors import (
    ChangeBreaking,
    ImportFailed,
    ReadOnly,
    SchemaInvalid,
    TitleTaken,
    XdmInvalid,
    XdmNotFound,
)
from parcours.xdm.ids import EVENT_CLASS, KINDS, PROFILE_CLASS, UNION_SUFFIX, alt_id, kind_of, new_resource_id
from parcours.xdm.listing import Page, Query, page, project
from parcours.xdm.registry import Registry, is_union
from parcours.xdm.rules import check_depth, template, with_full_references, with_own_namespace
from parcours.xdm.sample import sample_record
from parcours.xdm.store import DESCRIPTOR_KIND, RESOURCE_KIND, load_registries, loaded, lock, to_store
from parcours.xdm.table import SchemaTable, minor_version
from parcours.xdm.transfer import export, localise

InUse = Callable[[Connection, int, str], bool]
"""(connection, scope, schema `$id`) → whether records may exist that were written with the schema."""

Document = dict[str, Any]

_KINDS = (RESOURCE_KIND, DESCRIPTOR_KIND)
_MAX_IMPORT = 500
_MAX_AUDITED = 100
_NEWEST = 10


class XdmService:
    """The registry of every sandbox of one server."""

    def __init__(self, db: Database, resources: ResourceStore) -> None:
        self._db = db
        self._resources = resources
        self._kept: dict[Any, Any] = {}
        self._registries: Compiled[dict[int, Registry]] = Compiled(
            resources, _KINDS, lambda connection: load_registries(connection, resources)
        )
        self.table: Compiled[SchemaTable] = self.compiled()
        """Compiled schemas, for whoever checks records."""
        self.is_in_use: InUse = lambda connection, scope_id, schema_id: False
        """Set by what builds the platform, for the registry knows no data sets."""

    def compiled(self) -> Compiled[SchemaTable]:
        """A table for a thread of its own; what is compiled in one is used by all."""
        return Compiled(
            self._resources,
            _KINDS,
            lambda connection: SchemaTable(load_registries(connection, self._resources), self._kept),
        )

    def registry(self, connection: Connection, scope_id: int) -> Registry:
        """A sandbox's components as of the connection's snapshot."""
        return self._registries.current(connection).get(scope_id) or Registry()

    def read(self, caller: Caller) -> Registry:
        """The caller's components as of now."""
        with self._db.read() as connection:
            return self.registry(connection, caller.scope_id)

    def find_all(self, caller: Caller, container: str, segment: str, view: views.View, query: Query) -> Page:
        """The resources of a kind in a container, in the form asked for. Raises XdmNotFound or QueryInvalid."""
        registry = self.read(caller)
        kind = _known_kind(container, segment)
        if kind == "unions":
            found = [registry.union(class_id) for class_id in registry.union_classes()]
        else:
            found = registry.of_kind(kind, container)
        by_id = {one["$id"]: one for one in found}
        chosen = page([views.describe(one, registry, caller) for one in found], query)
        if query.fields:
            items = [project(one, query.fields) for one in chosen.items]
        else:
            items = [views.render(by_id[one["$id"]], registry, view, caller) for one in chosen.items]
        return Page(items, chosen.next_start, chosen.orderby)

    def get(self, caller: Caller, container: str, segment: str, name: str, view: views.View) -> Document:
        """One resource in the form and version asked for. Raises XdmNotFound."""
        kind = _known_kind(container, segment)
        with self._db.read() as connection:
            registry = self.registry(connection, caller.scope_id)
            resource = _find(registry, container, kind, name)
            if view.major not in (None, 1):
                raise XdmNotFound(kind, f"{name} version {view.major}")
            if view.minor is not None and view.minor != minor_version(resource):
                resource = self._earlier(connection, registry, resource, view.minor)
                registry = registry.with_resource(resource)
        return views.render(resource, registry, view, caller)

    def _earlier(self, connection: Connection, registry: Registry, resource: Document, minor: int) -> Document:
        row = registry.rows.get(resource["$id"])
        if row is None or minor > row.version:
            raise XdmNotFound(resource["meta:resourceType"], f"{resource['$id']} version 1.{minor}")
        body = self._resources.get_version(connection, row.scope_id, RESOURCE_KIND, row.id, minor)
        return loaded(body["document"], minor)

    def stats(self, caller: Caller) -> Document:
        """Counts, the newest resources, and which classes have which schemas."""
        registry = self.read(caller)
        described = [views.describe(one, registry, caller) for one in registry.tenant.values()]
        by_class: dict[str, list[Document]] = {}
        for schema in registry.of_kind("schemas"):
            by_class.setdefault(registry.class_of(schema), []).append(schema)
        return {
            "imsOrg": caller.org_id,
            "tenantId": caller.sandbox.tenant,
            "counts": {
                **{kind: len(registry.of_kind(kind)) for kind in ("schemas", "mixins", "datatypes", "classes")},
                "unions": len(registry.union_classes()),
            },
            "recentlyCreatedResources": _newest(described, registry, _CREATED),
            "recentlyUpdatedResources": _newest(described, registry, _UPDATED),
            "classUsage": [
                {
                    "$id": class_id,
                    "title": (registry.get(class_id) or {}).get("title", class_id),
                    "numberOfSchemas": len(schemas),
                    "schemas": [{"$id": one["$id"], "title": one["title"]} for one in schemas],
                }
                for class_id, schemas in by_class.items()
            ],
        }

    def sample(self, caller: Caller, name: str) -> Document:
        """A made-up record of a schema, or a value of any other resource. Raises XdmNotFound."""
        registry = self.read(caller)
        union = _union(registry, name)
        if union is not None:
            return sample_record(registry.union_document(union["meta:class"]))
        resource = registry.find(name)
        if resource is None:
            raise XdmNotFound("resource", name)
        return sample_record(registry.resolved(resource))

    def export(self, caller: Caller, name: str) -> list[Document]:
        """A tenant's resource with all it is made of, ready for another tenant. Raises XdmNotFound."""
        registry = self.read(caller)
        return export(registry, _find_tenant(registry, name), caller.sandbox.tenant)

    def audit(self, caller: Caller, name: str) -> list[Document]:
        """What changed in a tenant's resource and what it is made of, by whom, newest first. Raises XdmNotFound."""
        with self._db.read() as connection:
            registry = self.registry(connection, caller.scope_id)
            resource = _find_tenant(registry, name)
            revisions = self._revisions(connection, registry.rows[resource["$id"]])
            own = [registry.rows[uri] for uri in registry.closure(resource) if uri in registry.tenant]
            parts = [self._revisions(connection, row) for row in own if row.version > 0]
        return audit_log(revisions, parts, caller.org_id, caller.sandbox.id)

    def _revisions(self, connection: Connection, row: Resource) -> list[Revision]:
        """The last versions of a resource, oldest first."""
        bodies = [
            self._resources.get_version(connection, row.scope_id, RESOURCE_KIND, row.id, version)
            for version in range(max(0, row.version - _MAX_AUDITED), row.version + 1)
        ]
        told = [(body["document"], body["change"]) for body in bodies]
        return [Revision(document, c["user_id"], c["client_id"], c["at_ms"], c["id"]) for document, c in told]

    def create(self, caller: Caller, segment: str, body: Mapping[str, Any]) -> Document:
        """Store a new resource. Raises SchemaInvalid or TitleTaken."""
        kind = _writable_kind(segment)
        resource = _made(kind, body, new_resource_id(caller.sandbox.tenant, kind))
        with self._db.write() as connection:
            lock(connection)
            self._store(connection, caller, self.registry(connection, caller.scope_id), resource)
        return self._answer(caller, resource["$id"])

    def replace(self, caller: Caller, segment: str, name: str, body: Mapping[str, Any]) -> Document:
        """Store a whole new version; tags stay, for they can't be taken back. Raises XdmNotFound, SchemaInvalid …"""
        kind = _writable_kind(segment)
        with self._db.write() as connection:
            lock(connection)
            before = self.registry(connection, caller.scope_id)
            old = _find_own(before, kind, name)
            resource = _made(kind, body, old["$id"])
            if old.get("meta:immutableTags"):
                tags = [*old["meta:immutableTags"], *resource["meta:immutableTags"]]
                resource["meta:immutableTags"] = list(dict.fromkeys(tags))
            self._store(connection, caller, before, resource)
        return self._answer(caller, resource["$id"])

    def patch(self, caller: Caller, segment: str, name: str, operations: Any) -> Document:
        """Change a resource by a JSON Patch. Raises XdmNotFound, SchemaInvalid, ChangeBreaking …"""
        kind = _writable_kind(segment)
        check_depth(operations)
        with self._db.write() as connection:
            lock(connection)
            before = self.registry(connection, caller.scope_id)
            old = _find_own(before, kind, name)
            shown = views.describe(old, before, caller)
            try:
                patched = apply_patch(shown, operations)
            except PatchInvalid as error:
                raise SchemaInvalid(str(error), error.path) from None
            for key in _FIXED:
                if patched.get(key) != shown.get(key):
                    raise SchemaInvalid(f"{key} is the registry's own and can't be changed", f"$.{key}")
            meant = {key: value for key, value in patched.items() if key in old or value != shown.get(key)}
            resource = _made(kind, meant, old["$id"])
            self._store(connection, caller, before, resource)
        return self._answer(caller, resource["$id"])

    def delete(self, caller: Caller, segment: str, name: str) -> None:
        """Remove a resource nothing needs, with its descriptors. Raises XdmNotFound or ChangeBreaking."""
        kind = _writable_kind(segment)
        with self._db.write() as connection:
            lock(connection)
            before = self.registry(connection, caller.scope_id)
            old = _find_own(before, kind, name)
            needed_by = sorted(one["title"] for one in before.dependents(old["$id"]))
            if needed_by:
                raise ChangeBreaking(f"{old['title']} is part of: {', '.join(needed_by)}")
            if self.is_protected(connection, caller.scope_id, old):
                raise ChangeBreaking(f"{old['title']} is in use or enabled for profile and can't be deleted")
            for descriptor in before.descriptors_of(old["$id"]):
                self._resources.delete(connection, before.rows[descriptor["@id"]])
            self._resources.delete(connection, before.rows[old["$id"]])

    def is_protected(self, connection: Connection, scope_id: int, resource: Mapping[str, Any]) -> bool:
        """Whether records or profiles rely on a schema: it changes only where nothing breaks."""
        return resource["meta:resourceType"] == "schemas" and (
            is_union(resource) or self.is_in_use(connection, scope_id, resource["$id"])
        )

    def import_all(self, caller: Caller, exported: Any) -> list[Document]:
        """Store exported resources, all or none. Raises ImportFailed."""
        if not isinstance(exported, list) or not all(isinstance(one, dict) for one in exported):
            raise ImportFailed("an import is a list of exported resources")
        if len(exported) > _MAX_IMPORT:
            raise ImportFailed(f"an import holds at most {_MAX_IMPORT} resources")
        with self._db.write() as connection:
            ids = self.import_in(connection, caller, exported)
        return [self._answer(caller, resource_id) for resource_id in ids]

    def import_in(
        self, connection: Connection, caller: Caller, exported: list[Document], *, is_lenient: bool = False
    ) -> list[str]:
        """Store exported resources in the caller's transaction; their `$id`s. Raises ImportFailed.

        is_lenient: resources whose `$id` is there already stay as they are, and are left out of the answer.
        """
        ids: list[str] = []
        lock(connection)
        registry = self.registry(connection, caller.scope_id)
        for index, one in enumerate(exported):
            try:
                resource = _imported(one, caller.sandbox.tenant)
                taken = registry.get(resource["$id"])
                if taken is not None and is_lenient:
                    continue
                if taken is not None and taken["title"] == resource["title"]:
                    raise TitleTaken(resource["$id"])
                if taken is not None:
                    raise SchemaInvalid(f"An object {resource['$id']} already exists", "$.$id")
                registry = self._store(connection, caller, registry, resource)
            except XdmInvalid as error:
                raise ImportFailed(
                    f"Failed to import resources. Error: {error}", f"$[{index}]{error.path[1:]}"
                ) from None
            ids.append(resource["$id"])
        return ids

    def _store(self, connection: Connection, caller: Caller, before: Registry, resource: Document) -> Registry:
        """Check a resource in its company and store it; returns the registry with it."""
        resource = with_full_references(resource, before.find)
        row = before.rows.get(resource["$id"])
        after = before.with_resource(loaded(resource, 0 if row is None else row.version + 1))
        scope_id = caller.scope_id
        admit(
            resource, before, after, caller.sandbox.tenant,
            lambda schema_id: self.is_in_use(connection, scope_id, schema_id),
        )  # fmt: skip
        body = to_store(resource, caller)
        if row is None:
            row = self._resources.create(
                connection, scope_id, caller.author, RESOURCE_KIND, body, alt_id(resource["$id"])
            )
        else:
            row = self._resources.replace(connection, row, caller.author, body)
        return Registry(after.tenant, after.descriptors, {**before.rows, resource["$id"]: row})

    def _answer(self, caller: Caller, resource_id: str) -> Document:
        registry = self.read(caller)
        return views.render(registry.tenant[resource_id], registry, views.RAW, caller)


def _made(kind: str, body: Mapping[str, Any], resource_id: str) -> Document:
    return with_own_namespace({"$id": resource_id, "meta:resourceType": kind, **template(kind, body)})


def _imported(exported: Mapping[str, Any], tenant: str) -> Document:
    check_depth(exported)
    body = localise(exported, tenant)
    kind = body.get("meta:resourceType")
    if kind not in KINDS:
        raise SchemaInvalid(f"meta:resourceType is one of {', '.join(KINDS)}", "$.meta:resourceType")
    resource_id = body.get("$id")
    if resource_id is None:
        resource_id = new_resource_id(tenant, kind)
    if not isinstance(resource_id, str) or not resource_id.startswith(f"https://ns.adobe.com/{tenant}/{kind}/"):
        raise SchemaInvalid(
            f"the $id of an imported resource begins with https://ns.adobe.com/{tenant}/{kind}/", "$.$id"
        )
    if len(resource_id) > 200:
        raise SchemaInvalid("a $id has at most 200 characters", "$.$id")
    return _made(kind, body, resource_id)


_FIXED = ("$id", "meta:altId", "meta:resourceType", "version", "imsOrg", "meta:registryMetadata")
"""What a patch leaves as it is."""
_COLLECTIONS = {"global": (*KINDS, "behaviors"), "tenant": (*KINDS, "behaviors", "unions")}


def has_collection(container: str, segment: str) -> bool:
    """Whether a container has resources of a kind, as paths name it."""
    return kind_of(segment) in _COLLECTIONS.get(container, ())


def _known_kind(container: str, segment: str) -> str:
    if not has_collection(container, segment):
        raise XdmNotFound("collection", f"{container}/{segment}")
    return kind_of(segment)


def _writable_kind(segment: str) -> str:
    kind = kind_of(segment)
    if kind in ("behaviors", "unions"):
        raise ReadOnly(f"{kind} can't be written")
    if kind not in KINDS:
        raise XdmNotFound("collection", f"tenant/{segment}")
    return kind


def _find(registry: Registry, container: str, kind: str, name: str) -> Document:
    """A resource to read. Clients look global resources up in the tenant's container too, and find them."""
    if kind in ("unions", "schemas") and container == "tenant":
        union = _union(registry, name)
        if union is not None:
            return union
    resource = registry.find(name)
    if resource is None or resource["meta:resourceType"] != kind:
        raise XdmNotFound(kind, name)
    if container == "global" and resource["$id"] in registry.tenant:
        raise XdmNotFound(kind, name)
    return resource


def _find_own(registry: Registry, kind: str, name: str) -> Document:
    """A resource to change."""
    resource = registry.find(name)
    if resource is None or resource["meta:resourceType"] != kind or resource["$id"] not in registry.tenant:
        raise XdmNotFound(kind, name)
    return resource


def _find_tenant(registry: Registry, name: str) -> Document:
    resource = registry.find(name)
    if resource is None or resource["$id"] not in registry.tenant:
        raise XdmNotFound("resource", name)
    return resource


def _union(registry: Registry, name: str) -> Document | None:
    """The union of this name; a class without profile-enabled schemas has none, save the two standard ones."""
    if not name.endswith(UNION_SUFFIX):
        return None
    found = registry.find(name.removesuffix(UNION_SUFFIX))
    if found is None or found["meta:resourceType"] != "classes":
        return None
    class_id = found["$id"]
    if class_id not in registry.union_classes() and class_id not in (PROFILE_CLASS, EVENT_CLASS):
        return None
    return registry.union(class_id)


_CREATED, _UPDATED = "repo:createdDate", "repo:lastModifiedDate"


def _newest(described: Sequence[Document], registry: Registry, key: str) -> list[Document]:
    """The last resources that were made or changed, with the time in words, as `/stats` tells it."""
    newest = sorted(described, key=lambda one: one["meta:registryMetadata"][key], reverse=True)[:_NEWEST]
    return [_in_brief(one, registry, key) for one in newest]


def _in_brief(one: Document, registry: Registry, key: str) -> Document:
    keys = ("title", "description", "$id", "meta:altId", "version", "meta:resourceType", "meta:class")
    at = to_datetime(one["meta:registryMetadata"][key] * 1000).strftime("%a %b %d %Y %H:%M:%S GMT+0000 (UTC)")
    brief = {name: one[name] for name in keys if name in one}
    if "meta:class" in one:
        brief["meta:classTitle"] = (registry.get(one["meta:class"]) or {}).get("title", one["meta:class"])
    return {**brief, "meta:created" if key == _CREATED else "meta:updated": at}
