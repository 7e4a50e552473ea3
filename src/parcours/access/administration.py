"""Who may do what, changed: roles, who has them, and the credentials that have them."""

import re
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import Connection

from parcours.access import store, user_store
from parcours.access.errors import (
    CredentialExists,
    CredentialInvalid,
    CredentialNotFound,
    LabelsInvalid,
    LastAdministrator,
    PermissionDenied,
    RoleExists,
    RoleInvalid,
    RoleNotFound,
    RoleReadOnly,
    UserNotFound,
)
from parcours.access.model import Caller
from parcours.access.permissions import ADMINISTRATORS
from parcours.access.roles import EVERY_SANDBOX, READY_MADE_ROLES, Role, read_role
from parcours.access.service import ACCESS_KIND, Access, hash_secret
from parcours.access.store import Credential
from parcours.access.tokens import user_of
from parcours.access.users import keep_an_administrator
from parcours.audit import AuditEvent
from parcours.audit.assets import asset_of, name_of
from parcours.audit.store import record
from parcours.db import Database
from parcours.kit.errors import VersionMismatch
from parcours.kit.ids import new_etag, new_hex, new_uuid
from parcours.resources.labels import EVERY_LABEL, LABELLED, labels_of, set_labels
from parcours.resources.store import ResourceNotFound, ResourceStore

_CLIENT_ID = re.compile(r"[A-Za-z0-9._@-]{1,120}")
_MAX_LABELS = 50
_SUBJECT_TYPES = ("user", "api-integration")


class Subject(NamedTuple):
    """Who has a role."""

    kind: str
    """`api-integration` or `user`."""
    id: str
    """The technical account of a credential, or a user's id."""


class Administration:
    """Roles and credentials of every organisation. What changes here holds from the next call on."""

    def __init__(self, db: Database, resources: ResourceStore, access: Access) -> None:
        self._db = db
        self._resources = resources
        self._access = access

    # --- roles ---

    def roles(self, org_id: str) -> list[Role]:
        """The ready-made roles, then those people made, oldest first."""
        with self._db.read() as connection:
            return [*READY_MADE_ROLES.values(), *store.list_roles(connection, org_id)]

    def role(self, org_id: str, role_id: str) -> Role:
        """One role. Raises RoleNotFound."""
        with self._db.read() as connection:
            return self._role(connection, org_id, role_id)

    def create_role(self, caller: Caller, body: Mapping[str, Any]) -> Role:
        """A new role that nobody has yet. Raises RoleInvalid or RoleExists."""
        now_ms = time.time_ns() // 1_000_000
        with self._db.write() as connection:
            document = read_role(body, {}, self._sandbox_names(connection, caller.org_id))
            role = _with_document(
                Role(new_uuid(), "", "", (), (), (), (), False, now_ms, now_ms, caller.user_id, caller.user_id),
                document,
            )
            self._check_name(connection, caller.org_id, role)
            self._save(connection, caller, role, "Create")
        self._access.refresh()
        return role

    def change_role(self, caller: Caller, role_id: str, edit: Mapping[str, Any], if_match: str | None = None) -> Role:
        """Change the members that `edit` has.

        Raises RoleNotFound, RoleReadOnly, RoleInvalid, RoleExists, VersionMismatch.
        """
        with self._db.write() as connection:
            before = self._role(connection, caller.org_id, role_id)
            if before.is_ready_made:
                raise RoleReadOnly(f"the role {before.name} is ready-made and stays as it is")
            if if_match is not None and _bare(if_match) not in ("*", _bare(before.etag)):
                raise VersionMismatch(f"the role has changed since it was read: its etag is {before.etag}")
            document = read_role(edit, _document(before), self._sandbox_names(connection, caller.org_id))
            now_ms = max(time.time_ns() // 1_000_000, before.updated_at_ms)
            role = replace(_with_document(before, document), updated_at_ms=now_ms, updated_by=caller.user_id)
            self._check_name(connection, caller.org_id, role)
            self._save(connection, caller, role, "Update")
        self._access.refresh()
        return role

    def delete_role(self, caller: Caller, role_id: str) -> None:
        """Remove a role from everybody who has it. Raises RoleNotFound or RoleReadOnly."""
        with self._db.write() as connection:
            role = self._role(connection, caller.org_id, role_id)
            if role.is_ready_made:
                raise RoleReadOnly(f"the role {role.name} is ready-made and can't be deleted")
            store.delete_role(connection, role_id)
            user_store.forget_role(connection, role_id)
            self._record_role(connection, caller, role, "Delete")
        self._access.refresh()

    def subjects(self, org_id: str, role_id: str) -> list[Subject]:
        """Who has a role: credentials, then users. Raises RoleNotFound."""
        with self._db.read() as connection:
            self._role(connection, org_id, role_id)
            return self._subjects(connection, org_id, role_id)

    def change_subjects(self, caller: Caller, role_id: str, operations: Any) -> list[Subject]:
        """Give a role to credentials and users, or take it from them; returns who has it then.

        operations: [{"op": "add" | "replace" | "remove", "path": "/api-integration" | "/user", "value": client id or
        technical account, or a list of them}]; `replace` takes it from everybody else of its kind. `/user` also takes
        ids and addresses of users, and is the credentials where the values are those.
        Raises RoleNotFound, RoleInvalid, CredentialNotFound, UserNotFound, LastAdministrator.
        """
        if not isinstance(operations, list) or not operations:
            raise RoleInvalid("subjects change by a list of operations")
        with self._db.write() as connection:
            role = self._role(connection, caller.org_id, role_id)
            clients = {found.client_id for found in store.list_credentials(connection, caller.org_id)}
            for index, operation in enumerate(operations):
                verb, kind, chosen = _read_operation(operation, f"$[{index}]")
                if kind == "user" and not clients & set(chosen):
                    self._change_users(connection, caller, role, verb, chosen)
                    continue
                if unknown := [client for client in chosen if client not in clients]:
                    raise CredentialNotFound(unknown[0])
                having = set(self._having(connection, caller.org_id, role_id))
                adding = () if verb == "remove" else [client for client in chosen if client not in having]
                removing = {"add": set(), "remove": having & set(chosen), "replace": having - set(chosen)}[verb]
                for client in adding:
                    store.add_subject(connection, client, role_id)
                    self._record_role(connection, caller, role, "Add user", client)
                for client in sorted(removing):
                    store.remove_subject(connection, client, role_id)
                    self._record_role(connection, caller, role, "Remove user", client)
            if role_id == ADMINISTRATORS:
                self._keep_an_administrator(connection, caller.org_id)
            having_now = self._subjects(connection, caller.org_id, role_id)
        self._access.refresh()
        return having_now

    def _change_users(self, connection: Connection, caller: Caller, role: Role, verb: str, chosen: list[str]) -> None:
        self._resources.touch(connection, ACCESS_KIND)  # first: two last administrators can't go at once
        users = user_store.list_users(connection, caller.org_id)
        by_name = {name: user for user in users for name in (user.id, user.email)}
        if unknown := [name for name in chosen if name not in by_name and name.lower() not in by_name]:
            raise UserNotFound(unknown[0])
        named = {(by_name.get(name) or by_name[name.lower()]).id for name in chosen}
        roles = user_store.roles_of_users(connection, caller.org_id)
        adding = [user for user in users if user.id in named and verb != "remove"]
        removing = {"add": [], "remove": [user for user in users if user.id in named]}.get(
            verb, [user for user in users if user.id not in named]
        )
        for user in adding:
            if role.id not in roles.get(user.id, ()):
                user_store.set_roles(connection, user.id, caller.org_id, [*roles.get(user.id, ()), role.id])
                self._record_role(connection, caller, role, "Add user", user.email)
        for user in removing:
            if role.id in roles.get(user.id, ()):
                left = [role_id for role_id in roles[user.id] if role_id != role.id]
                keep_an_administrator(connection, caller.org_id, user, stays=True, roles=left)
                user_store.set_roles(connection, user.id, caller.org_id, left)
                self._record_role(connection, caller, role, "Remove user", user.email)

    # --- access labels ---

    def labels(self, caller: Caller, object_id: str) -> list[str]:
        """The access labels of an object the caller sees. Raises ResourceNotFound."""
        with self._db.read() as connection:
            self._labelled(connection, caller, object_id)
            return labels_of(connection, caller.scope_id, object_id)

    def set_labels(self, caller: Caller, object_id: str, labels: Any) -> list[str]:
        """Put these labels on an object, and no others; who holds not all of them sees it no longer.

        Nobody takes or puts a label they don't hold: raises PermissionDenied. Raises LabelsInvalid, ResourceNotFound.
        """
        if not isinstance(labels, list) or len(labels) > _MAX_LABELS or not all(map(_is_label, labels)):
            raise LabelsInvalid(f"labels is a list of at most {_MAX_LABELS} texts of 1 to 100 characters", "$.labels")
        with self._db.write() as connection:
            kind, name = self._labelled(connection, caller, object_id)
            before = labels_of(connection, caller.scope_id, object_id)
            if EVERY_LABEL not in caller.labels and set(labels) - caller.labels:
                raise PermissionDenied("usage_labels.write", caller.sandbox.name, "putting a label that one lacks")
            if set(labels) != set(before):
                set_labels(connection, caller.scope_id, object_id, labels)
                self._resources.touch(connection, ACCESS_KIND)
                asset = asset_of(kind).type
                record(
                    connection,
                    AuditEvent(caller.scope_id, "Apply labels", asset, object_id, name, "usage_labels"),
                )
        self._access.refresh()
        return sorted(set(labels))

    def _labelled(self, connection: Connection, caller: Caller, object_id: str) -> tuple[str, str]:
        """(kind, name) of an object that can have labels."""
        for kind in LABELLED:
            found = self._resources.find(connection, caller.scope_id, kind, object_id)
            if found is not None:
                return kind, name_of(kind, found.body)
        raise ResourceNotFound("object with access labels", object_id)

    # --- credentials ---

    def credentials(self, org_id: str) -> list[tuple[Credential, list[str]]]:
        """Every credential with the ids of its roles, oldest first."""
        with self._db.read() as connection:
            roles = self._roles_of(connection)
            return [(one, roles.get(one.client_id, [])) for one in store.list_credentials(connection, org_id)]

    def credential(self, org_id: str, client_id: str) -> tuple[Credential, list[str]]:
        """One credential with the ids of its roles. Raises CredentialNotFound."""
        found = [one for one in self.credentials(org_id) if one[0].client_id == client_id]
        if not found:
            raise CredentialNotFound(client_id)
        return found[0]

    def create_credential(self, caller: Caller, body: Mapping[str, Any]) -> tuple[Credential, list[str], str]:
        """A new credential, its roles and its secret, which is told this once.

        body: {"clientId"?, "roles"?}. Raises CredentialInvalid, CredentialExists, RoleNotFound, and PermissionDenied
        where roles are given by somebody who may not give any.
        """
        client_id = body.get("clientId") or new_hex(32)
        if not isinstance(client_id, str) or not _CLIENT_ID.fullmatch(client_id):
            raise CredentialInvalid("clientId is up to 120 letters, digits and . _ @ -", "$.clientId")
        roles = body.get("roles", [])
        if not isinstance(roles, list) or not all(isinstance(one, str) for one in roles):
            raise CredentialInvalid("roles is a list of ids of roles", "$.roles")
        if roles and not caller.may("roles.write"):
            raise PermissionDenied("roles.write", EVERY_SANDBOX, "giving roles", "$.roles")
        secret = f"p8e-{new_hex(40)}"
        secret_hash = hash_secret(secret)
        with self._db.write() as connection:
            if any(one.client_id == client_id for one in store.list_credentials(connection)):
                raise CredentialExists(f"the client id {client_id!r} is taken")
            for role_id in roles:
                self._role(connection, caller.org_id, role_id)
            unique = tuple(dict.fromkeys(roles))
            self._access.insert_client(connection, caller.org_id, client_id, secret_hash, unique)
        self._access.refresh()
        return (*self.credential(caller.org_id, client_id), secret)

    def enable_credential(self, caller: Caller, client_id: str, is_enabled: bool) -> tuple[Credential, list[str]]:
        """Let a credential call, or no longer: its tokens are worthless while it is disabled.

        Raises CredentialNotFound or LastAdministrator.
        """
        self._check_reach(caller, client_id)
        with self._db.write() as connection:
            self._credential(connection, caller.org_id, client_id)
            store.enable_credential(connection, client_id, is_enabled)
            if not is_enabled:
                self._keep_an_administrator(connection, caller.org_id)
            self._resources.touch(connection, ACCESS_KIND)
            verb = "Enable" if is_enabled else "Disable"
            self._access.record(connection, caller.org_id, verb, "credentials", client_id, client_id)
        self._access.refresh()
        return self.credential(caller.org_id, client_id)

    def delete_credential(self, caller: Caller, client_id: str) -> None:
        """Remove a credential; its tokens are worthless. Raises CredentialNotFound or LastAdministrator."""
        self._check_reach(caller, client_id)
        with self._db.write() as connection:
            self._credential(connection, caller.org_id, client_id)
            store.delete_credential(connection, client_id)
            self._keep_an_administrator(connection, caller.org_id)
            self._resources.touch(connection, ACCESS_KIND)
            self._access.record(connection, caller.org_id, "Delete", "credentials", client_id, client_id)
        self._access.refresh()

    def _check_reach(self, caller: Caller, client_id: str) -> None:
        """An administrator is not shut out by somebody who could not give the role: raises PermissionDenied."""
        if ADMINISTRATORS in self.credential(caller.org_id, client_id)[1] and not caller.may("roles.write"):
            raise PermissionDenied("roles.write", EVERY_SANDBOX, "changing an administrator")

    # --- within a transaction ---

    @staticmethod
    def _role(connection: Connection, org_id: str, role_id: str) -> Role:
        if role_id in READY_MADE_ROLES:
            return READY_MADE_ROLES[role_id]
        for role in store.list_roles(connection, org_id):
            if role.id == role_id:
                return role
        raise RoleNotFound(role_id)

    @staticmethod
    def _credential(connection: Connection, org_id: str, client_id: str) -> Credential:
        for found in store.list_credentials(connection, org_id):
            if found.client_id == client_id:
                return found
        raise CredentialNotFound(client_id)

    @staticmethod
    def _roles_of(connection: Connection) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for client, role_id in store.list_subjects(connection):
            found.setdefault(client, []).append(role_id)
        return found

    def _having(self, connection: Connection, org_id: str, role_id: str) -> list[str]:
        clients = [found.client_id for found in store.list_credentials(connection, org_id)]
        roles = self._roles_of(connection)
        return [client for client in clients if role_id in roles.get(client, ())]

    def _subjects(self, connection: Connection, org_id: str, role_id: str) -> list[Subject]:
        roles = user_store.roles_of_users(connection, org_id)
        return [
            *(Subject("api-integration", user_of(client)) for client in self._having(connection, org_id, role_id)),
            *(
                Subject("user", user.id)
                for user in user_store.list_users(connection, org_id)
                if role_id in roles.get(user.id, ())
            ),
        ]

    @staticmethod
    def _sandbox_names(connection: Connection, org_id: str) -> list[str]:
        return [found.name for found in store.list_sandboxes(connection, org_id) if found.state == "active"]

    @staticmethod
    def _check_name(connection: Connection, org_id: str, role: Role) -> None:
        others = [*READY_MADE_ROLES.values(), *store.list_roles(connection, org_id)]
        if any(other.name == role.name and other.id != role.id for other in others):
            raise RoleExists(f"there is a role named {role.name!r} already")

    def _keep_an_administrator(self, connection: Connection, org_id: str) -> None:
        having = set(self._having(connection, org_id, ADMINISTRATORS))
        if not any(one.client_id in having and one.is_enabled for one in store.list_credentials(connection, org_id)):
            raise LastAdministrator

    def _save(self, connection: Connection, caller: Caller, role: Role, verb: str) -> None:
        store.save_role(connection, caller.org_id, role, is_new=verb == "Create")
        self._record_role(connection, caller, role, verb)

    def _record_role(self, connection: Connection, caller: Caller, role: Role, verb: str, client: str = "") -> None:
        self._resources.touch(connection, ACCESS_KIND)
        name = f"{role.name}: {client}" if client else role.name
        self._access.record(connection, caller.org_id, verb, "roles", role.id, name)


def _document(role: Role) -> dict[str, Any]:
    return {
        "name": role.name,
        "description": role.description,
        "permissionSets": list(role.permission_sets),
        "permissions": list(role.permissions),
        "sandboxes": list(role.sandboxes),
        "labels": list(role.labels),
    }


def _with_document(role: Role, document: Mapping[str, Any]) -> Role:
    return replace(
        role,
        name=document["name"],
        description=document["description"],
        permission_sets=tuple(document["permissionSets"]),
        permissions=tuple(document["permissions"]),
        sandboxes=tuple(document["sandboxes"]),
        labels=tuple(document["labels"]),
        etag=new_etag(),
    )


def _is_label(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 100 and value.isprintable() and value != EVERY_LABEL


def _bare(etag: str) -> str:
    return etag.removeprefix("W/").strip('"')


def _read_operation(operation: Any, where: str) -> tuple[str, str, list[str]]:
    """("add" | "remove" | "replace", "api-integration" | "user", client ids or users). Raises RoleInvalid."""
    if not isinstance(operation, Mapping):
        raise RoleInvalid("an operation is an object with op, path and value", where)
    verb, path, value = (operation.get(key) for key in ("op", "path", "value"))
    verb = verb.lower() if isinstance(verb, str) else verb
    if verb not in ("add", "remove", "replace"):
        raise RoleInvalid("op is add, remove or replace", f"{where}.op")
    if not isinstance(path, str) or path.strip("/") not in _SUBJECT_TYPES:
        raise RoleInvalid("path is /api-integration or /user", f"{where}.path")
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(one, str) and one and "\0" not in one for one in values):
        raise RoleInvalid("value is a client id or its technical account, or a list of them", f"{where}.value")
    suffix = user_of("")
    return verb, path.strip("/"), [str(one).removesuffix(suffix) for one in values]
