"""Custom namespaces as resources, and the table of all of them."""

import re
from typing import Any

from sqlalchemy import Connection

from parcours.access import Caller
from parcours.db import Database
from parcours.identity.errors import IdentityInvalid, NamespaceExists, NamespaceInvalid, NamespaceNotFound
from parcours.identity.namespaces import ID_TYPES, Namespace, NamespaceTable
from parcours.identity.xid import xid
from parcours.resources.store import Compiled, Resource, ResourceStore

NAMESPACE_KIND = "namespace"
FIRST_CUSTOM_ID = 10_000_000
_CODE = re.compile(r"[A-Za-z0-9_.\-]{1,64}")


class NamespaceService:
    """Namespaces of every sandbox, and the XID of an identity."""

    def __init__(self, db: Database, resources: ResourceStore) -> None:
        self._db = db
        self._resources = resources
        self.table: Compiled[NamespaceTable] = Compiled(resources, [NAMESPACE_KIND], self._build)

    def namespaces(self, caller: Caller) -> list[Namespace]:
        """The standard namespaces, then the sandbox's own, oldest first."""
        with self._db.read() as connection:
            return self.table.current(connection).of_scope(caller.scope_id)

    def get(self, caller: Caller, namespace_id: str) -> Namespace:
        """One namespace by its number. Raises NamespaceNotFound."""
        with self._db.read() as connection:
            return self._get(connection, caller.scope_id, namespace_id)

    def create(self, caller: Caller, body: dict[str, Any]) -> Namespace:
        """A custom namespace from {name, code, idType, description?}. Raises NamespaceInvalid or NamespaceExists."""
        with self._db.write() as connection:
            return self.create_in(connection, caller, body)

    def create_in(self, connection: Connection, caller: Caller, body: dict[str, Any]) -> Namespace:
        """The same within the caller's transaction."""
        document = _checked(body)
        # The revision's row is the lock under which a number is taken: two creations can't get the same.
        self._resources.touch(connection, NAMESPACE_KIND)
        table = self._build(connection)
        if table.get(caller.scope_id, document["code"]) is not None:
            raise NamespaceExists("Namespace code already exists. Please use a different code")
        taken = [n.id for n in table.of_scope(caller.scope_id) if n.is_custom]
        namespace_id = max(taken, default=FIRST_CUSTOM_ID - 1) + 1
        return _namespace(
            self._resources.create(
                connection, caller.scope_id, caller.author, NAMESPACE_KIND, document, str(namespace_id)
            )
        )

    def replace(self, caller: Caller, namespace_id: str, body: dict[str, Any]) -> Namespace:
        """New name and description of a custom namespace. Raises NamespaceNotFound or NamespaceInvalid."""
        document = _checked(body)
        with self._db.write() as connection:
            current = self._get(connection, caller.scope_id, namespace_id)
            if not current.is_custom:
                raise NamespaceInvalid(f"{current.code} is a standard namespace and can't be changed", "$")
            if (document["code"], document["idType"]) != (current.code, current.id_type):
                raise NamespaceInvalid("code and idType are non editable fields", "$.code")
            stored = self._resources.get(connection, caller.scope_id, NAMESPACE_KIND, str(current.id))
            return _namespace(self._resources.replace(connection, stored, caller.author, document))

    def xid_of(self, caller: Caller, code: str, number: str, value: str) -> str:
        """The XID of an identity named by namespace code or number. Raises IdentityInvalid."""
        if not value:
            raise IdentityInvalid("Missing required query parameter - id", "$.id")
        if not code and not number:
            raise IdentityInvalid("Missing required query parameter - namespace", "$.namespace")
        with self._db.read() as connection:
            table = self.table.current(connection)
        if code:
            found = table.get(caller.scope_id, code)
        else:
            found = table.get_by_id(caller.scope_id, _number(number))
        if found is None:
            raise IdentityInvalid(f"No namespace {code or number!r} in this sandbox", "$.namespace")
        return xid(found.code, value)

    def find_code(self, connection: Connection, scope_id: int, name: str, is_number: bool) -> str | None:
        """The code of the namespace that a sandbox has by this code, whatever its case, or by this number."""
        table = self.table.current(connection)
        found = table.get_by_id(scope_id, _number(name)) if is_number else table.get(scope_id, name)
        return None if found is None else found.code

    def _get(self, connection: Connection, scope_id: int, namespace_id: str) -> Namespace:
        found = self.table.current(connection).get_by_id(scope_id, _number(namespace_id))
        if found is None:
            raise NamespaceNotFound(f"no namespace {namespace_id!r}")
        return found

    def _build(self, connection: Connection) -> NamespaceTable:
        return NamespaceTable(
            {
                (resource.scope_id, resource.body["code"].lower()): _namespace(resource)
                for resource in self._resources.in_all_scopes(connection, NAMESPACE_KIND)
            }
        )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1


def _checked(body: dict[str, Any]) -> dict[str, str]:
    name, code, id_type = body.get("name"), body.get("code"), body.get("idType")
    description = body.get("description")
    if not isinstance(name, str) or not name.strip() or len(name) > 255:
        raise NamespaceInvalid("name is required: a text of at most 255 characters", "$.name")
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        raise NamespaceInvalid("code is required: letters, digits, '_', '-' and '.', at most 64 of them", "$.code")
    if not isinstance(id_type, str) or id_type.upper() not in ID_TYPES:
        raise NamespaceInvalid(f"idType is one of {', '.join(ID_TYPES)}", "$.idType")
    if description is not None and not isinstance(description, str):
        raise NamespaceInvalid("description is a text", "$.description")
    return {"name": name, "code": code, "idType": id_type.upper(), "description": description or ""}


def _namespace(resource: Resource) -> Namespace:
    body = resource.body
    return Namespace(
        int(resource.id),
        body["code"],
        body["name"],
        body["idType"],
        body["description"],
        is_custom=True,
        created_at_ms=resource.created_at_ms,
        updated_at_ms=resource.updated_at_ms,
    )
