"""Components and descriptors in the resource store: their kinds, what is kept of each, and the writers' lock."""

import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from parcours.access.model import Caller
from parcours.kit.ids import new_uuid
from parcours.resources.store import Resource, ResourceStore, revision_table
from parcours.xdm.ids import alt_id
from parcours.xdm.registry import Registry

RESOURCE_KIND = "xdm"
"""Kind of classes, field groups, data types and schemas."""
DESCRIPTOR_KIND = "xdm-descriptor"


def lock(connection: Connection) -> None:
    """One writer at a time: what is checked about titles and references still holds when it is stored.

    SQLite has one writer anyway, and leaves FOR UPDATE out.
    """
    connection.execute(select(revision_table.c.value).where(revision_table.c.kind == RESOURCE_KIND).with_for_update())


def to_store(document: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
    """A stored body: the document, and who changed it when, in which change; history shows both."""
    return {
        "document": dict(document),
        "change": {
            "id": new_uuid(),
            "user_id": caller.user_id,
            "client_id": caller.client_id,
            "at_ms": time.time_ns() // 1_000_000,
        },
    }


def loaded(document: Mapping[str, Any], version: int) -> dict[str, Any]:
    """A stored document as the registry holds it."""
    return {**document, "meta:altId": alt_id(document["$id"]), "version": f"1.{version}"}


def load_registries(connection: Connection, resources: ResourceStore) -> dict[int, Registry]:
    """Every sandbox's registry as stored."""
    tenants: dict[int, dict[str, dict[str, Any]]] = {}
    descriptors: dict[int, dict[str, dict[str, Any]]] = {}
    rows: dict[int, dict[str, Resource]] = {}
    for row in resources.in_all_scopes(connection, RESOURCE_KIND):
        document = row.body["document"]
        tenants.setdefault(row.scope_id, {})[document["$id"]] = loaded(document, row.version)
        rows.setdefault(row.scope_id, {})[document["$id"]] = row
    for row in resources.in_all_scopes(connection, DESCRIPTOR_KIND):
        descriptor = {**row.body["document"], "@id": row.id}
        descriptors.setdefault(row.scope_id, {})[row.id] = descriptor
        rows.setdefault(row.scope_id, {})[row.id] = row
    return {
        scope_id: Registry(tenants.get(scope_id, {}), descriptors.get(scope_id, {}), rows[scope_id])
        for scope_id in rows
    }
