"""Descriptors: kept beside the components they speak of."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection

from parcours.access.errors import PermissionDenied
from parcours.access.model import Caller
from parcours.db import Database
from parcours.kit.ids import new_hex
from parcours.resources.store import ResourceStore
from parcours.xdm import views
from parcours.xdm.compiled import field_at
from parcours.xdm.descriptors import (
    IDENTITY,
    LABEL,
    LINKS,
    MAX_DESCRIPTORS,
    REFERENCE,
    check,
    label_names,
    namespace_of,
    path_of,
    properties_of,
)
from parcours.xdm.errors import ChangeBreaking, DescriptorInvalid, XdmNotFound
from parcours.xdm.listing import Page, Query, page, project
from parcours.xdm.registry import Registry
from parcours.xdm.service import XdmService
from parcours.xdm.store import DESCRIPTOR_KIND, lock, to_store
from parcours.xdm.table import SchemaTable

FindNamespace = Callable[[Connection, int, str, bool], str | None]
"""(connection, scope, code or number, whether it is a number) → the code of the sandbox's namespace, if it has one."""
HasLabel = Callable[[Connection, int, str], bool]
"""(connection, scope, name of a usage label) → whether the sandbox has it."""
Keep = Callable[[Connection, int, SchemaTable], None]
"""(connection, scope, the schemas with a change of descriptors): raises ChangeBreaking where something relies on it."""
_PATH = "/tenant/descriptors/"


class DescriptorService:
    """Reads, checks and stores descriptors of every sandbox."""

    def __init__(
        self,
        db: Database,
        resources: ResourceStore,
        schemas: XdmService,
        find_namespace: FindNamespace = lambda _connection, _scope_id, name, _is_number: name,
        has_label: HasLabel = lambda _connection, _scope_id, _name: True,
        keep: Keep = lambda _connection, _scope_id, _schemas: None,
    ) -> None:
        self._db = db
        self._resources = resources
        self._schemas = schemas
        self._find_namespace = find_namespace
        self._has_label = has_label
        self._keep = keep

    def grouped(self, caller: Caller, view: views.View, query: Query) -> dict[str, list[Any]]:
        """Every matching descriptor under its `@type`, as path, id or object. Raises QueryInvalid."""
        groups: dict[str, list[Any]] = {}
        unlimited = Query(query.filters, (), query.orderby, query.start, MAX_DESCRIPTORS + 1)
        for one in self._page(caller, unlimited).items:
            shown: Any
            if view.is_id:
                shown = one["@id"]
            elif "link" in view.forms:
                shown = _PATH + one["@id"]
            else:
                shown = project(one, query.fields)
            groups.setdefault(one["@type"], []).append(shown)
        return groups

    def find_all(self, caller: Caller, query: Query) -> Page:
        """Matching descriptors as objects, page by page. Raises QueryInvalid."""
        found = self._page(caller, query)
        return Page([project(one, query.fields) for one in found.items], found.next_start, found.orderby)

    def _page(self, caller: Caller, query: Query) -> Page:
        registry = self._schemas.read(caller)
        described = [views.describe_descriptor(one, registry, caller) for one in registry.descriptors.values()]
        return page(described, query)

    def get(self, caller: Caller, descriptor_id: str) -> dict[str, Any]:
        """One descriptor. Raises XdmNotFound."""
        registry = self._schemas.read(caller)
        return views.describe_descriptor(_find(registry, descriptor_id), registry, caller)

    def create(self, caller: Caller, body: Mapping[str, Any]) -> dict[str, Any]:
        """Store a new descriptor. Raises DescriptorInvalid."""
        with self._db.write() as connection:
            descriptor_id = self.create_in(connection, caller, body)
        return self.get(caller, descriptor_id)

    def create_in(self, connection: Connection, caller: Caller, body: Mapping[str, Any]) -> str:
        """The same within the caller's transaction; the `@id`."""
        descriptor_id = new_hex(48)
        lock(connection)
        registry = self._schemas.registry(connection, caller.scope_id)
        if len(registry.descriptors) >= MAX_DESCRIPTORS:
            raise DescriptorInvalid(f"a sandbox has at most {MAX_DESCRIPTORS} descriptors")
        checked = _checked(body, registry, caller, descriptor_id)
        checked = self._with_namespace(connection, caller, checked)
        self._check_labels(connection, caller, checked)
        self._resources.create(
            connection, caller.scope_id, caller.author, DESCRIPTOR_KIND, to_store(checked, caller), descriptor_id
        )
        return descriptor_id

    def replace(self, caller: Caller, descriptor_id: str, body: Mapping[str, Any]) -> None:
        """Store a whole new descriptor under the same id. Raises XdmNotFound, DescriptorInvalid, ChangeBreaking."""
        with self._db.write() as connection:
            lock(connection)
            registry = self._schemas.registry(connection, caller.scope_id)
            old = _find(registry, descriptor_id)
            checked = _checked(body, registry, caller, descriptor_id)
            for key in ("@type", "xdm:sourceSchema"):
                if checked[key] != old[key]:
                    raise DescriptorInvalid(f"{key} of a descriptor can't change", f"$.{key}")
            if any(checked.get(key) != old.get(key) for key in ("xdm:namespace", "xdm:identityNamespace")):
                checked = self._with_namespace(connection, caller, checked)
            self._check_labels(connection, caller, checked)
            keys = ("xdm:sourceProperty", "xdm:namespace", "xdm:isPrimary")
            if any(checked.get(key) != old.get(key) for key in keys):
                self._keep_primary(connection, caller, registry, old)
            row = registry.rows[descriptor_id]
            self._keep_others(connection, caller, registry.with_descriptor({**checked, "@id": descriptor_id}), old)
            self._resources.replace(connection, row, caller.author, to_store(checked, caller))

    def delete(self, caller: Caller, descriptor_id: str) -> None:
        """Remove a descriptor. Raises XdmNotFound, or ChangeBreaking for a primary identity profiles rely on."""
        with self._db.write() as connection:
            lock(connection)
            registry = self._schemas.registry(connection, caller.scope_id)
            found = _find(registry, descriptor_id)
            _check_may_label(caller, found)
            self._keep_primary(connection, caller, registry, found)
            self._keep_others(connection, caller, registry.without_descriptor(descriptor_id), found)
            self._resources.delete(connection, registry.rows[descriptor_id])

    def _keep_others(self, connection: Connection, caller: Caller, after: Registry, old: Mapping[str, Any]) -> None:
        if old["@type"] in (*LINKS, IDENTITY):
            self._keep(connection, caller.scope_id, SchemaTable({caller.scope_id: after}, {}))

    def _with_namespace(self, connection: Connection, caller: Caller, checked: dict[str, Any]) -> dict[str, Any]:
        """The descriptor, when its namespace is there; a number that is not a standard one gives way to the code."""
        key = {IDENTITY: "xdm:namespace", REFERENCE: "xdm:identityNamespace"}.get(checked["@type"])
        if key is None:
            return checked
        is_number = checked.get("xdm:property") == "xdm:id"
        code = self._find_namespace(connection, caller.scope_id, checked[key], is_number)
        if code is None:
            raise DescriptorInvalid(f"the sandbox has no namespace {checked[key][:80]!r}", f"$.{key}")
        if not is_number or namespace_of(checked) == code:
            return checked
        return {**checked, key: code, "xdm:property": "xdm:code"}

    def _check_labels(self, connection: Connection, caller: Caller, checked: Mapping[str, Any]) -> None:
        """Usage labels are put on fields by who may, and are there."""
        _check_may_label(caller, checked)
        for index, label in enumerate(label_names(checked) if checked["@type"] == LABEL else ()):
            if not self._has_label(connection, caller.scope_id, label):
                raise DescriptorInvalid(f"the sandbox has no usage label {label[:80]!r}", f"$.xdm:labels[{index}]")

    def _keep_primary(self, connection: Connection, caller: Caller, registry: Registry, old: Mapping[str, Any]) -> None:
        schema = registry.get(old["xdm:sourceSchema"])
        if schema is None or old.get("xdm:isPrimary") is not True:
            return
        if self._schemas.is_protected(connection, caller.scope_id, schema):
            raise ChangeBreaking(
                f"{schema['title']} is in use or enabled for profile: its primary identity can't change"
            )


def _checked(body: Mapping[str, Any], registry: Registry, caller: Caller, descriptor_id: str) -> dict[str, Any]:
    documents: dict[str, dict[str, Any]] = {}

    def lookup(resource_id: str, path: tuple[str, ...]) -> dict[str, Any] | None:
        resource = registry.get(resource_id)
        if resource is None:
            return None
        if resource_id not in documents:
            documents[resource_id] = registry.resolved(resource)
        return field_at(documents[resource_id], path)

    checked = check(body, lookup, caller.sandbox.tenant)
    if checked["@type"] == LABEL:
        _check_labelled_once(checked, registry, descriptor_id)
    if checked["@type"] != IDENTITY:
        return checked
    for other in registry.descriptors_of(checked["xdm:sourceSchema"]):
        if other["@type"] != IDENTITY or other["@id"] == descriptor_id:
            continue
        if path_of(other["xdm:sourceProperty"]) == path_of(checked["xdm:sourceProperty"]):
            raise DescriptorInvalid(
                f"the field is an identity already, by descriptor {other['@id']}", "$.xdm:sourceProperty"
            )
        if checked["xdm:isPrimary"] and other.get("xdm:isPrimary") is True:
            raise DescriptorInvalid(
                f"the schema has a primary identity already, by descriptor {other['@id']}", "$.xdm:isPrimary"
            )
    return checked


def _check_labelled_once(checked: Mapping[str, Any], registry: Registry, descriptor_id: str) -> None:
    """One descriptor says all labels of a field, so that they are changed in one place."""
    paths = set(map(path_of, properties_of(checked)))
    for other in registry.descriptors_of(checked["xdm:sourceSchema"]):
        if other["@type"] != LABEL or other["@id"] == descriptor_id:
            continue
        if paths & set(map(path_of, properties_of(other))):
            raise DescriptorInvalid(
                f"the field has labels already, by descriptor {other['@id']}", "$.xdm:sourceProperty"
            )


def _check_may_label(caller: Caller, descriptor: Mapping[str, Any]) -> None:
    if descriptor["@type"] == LABEL and not caller.may("usage_labels.write"):
        raise PermissionDenied("usage_labels.write", caller.sandbox.name, "usage labels say what data may be used for")


def _find(registry: Registry, descriptor_id: str) -> dict[str, Any]:
    found = registry.descriptors.get(descriptor_id)
    if found is None:
        raise XdmNotFound("descriptor", descriptor_id)
    return found
