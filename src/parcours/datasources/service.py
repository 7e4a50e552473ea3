"""The data sources of a sandbox: made, read, changed and deleted; compiled for those who ask them."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection

from parcours.access.model import Caller
from parcours.actions import authentication
from parcours.actions.errors import ActionInvalid
from parcours.datasources.compiled import CompiledSource
from parcours.datasources.document import SHIPPED, check_edit, endpoint, read_built_in, read_document
from parcours.datasources.errors import (
    BuiltInSourceKept,
    DataSourceExists,
    DataSourceInUse,
    DataSourceInvalid,
    DataSourceNotFound,
    FieldGroupNotFound,
)
from parcours.datasources.model import SOURCE_KIND, FieldGroup, Usage
from parcours.datasources.table import SourceTable
from parcours.db import Database
from parcours.expressions.references import PLATFORM
from parcours.kit.clock import to_datetime
from parcours.kit.secrets import SecretBox
from parcours.kit.settings import Settings
from parcours.resources.store import Compiled, Resource, ResourceNotFound, ResourceStore

Usages = Mapping[str, Usage]
"""By name of the field group; under "" those of the source, each version counted once."""
UsagesOf = Callable[[Connection, int, str], Usages]
"""(connection, scope_id, name of the source) → which of its field groups journeys use."""
JourneysOf = Callable[[Connection, int, str], list[dict[str, Any]]]
"""(connection, scope_id, name of the source) → the journeys that use it: {uid, name, versions}."""


class DataSourceService:
    """Configuration of data sources. Secrets go in and never come out."""

    def __init__(self, db: Database, resources: ResourceStore, secrets: SecretBox, settings: Settings) -> None:
        self._db = db
        self._resources = resources
        self._secrets = secrets
        self._allow_private = settings.allow_private_networks
        self._usages_of: UsagesOf = lambda connection, scope_id, name: {}
        self._journeys_of: JourneysOf = lambda connection, scope_id, name: []
        self.table: Compiled[SourceTable] = self.compiled()

    def compiled(self) -> Compiled[SourceTable]:
        """Another table over the same sources, for a thread that does not share its own."""
        return Compiled(self._resources, [SOURCE_KIND], self._build)

    def guard(self, usages_of: UsagesOf, journeys_of: JourneysOf) -> None:
        """Let the room that knows journeys tell what they use."""
        self._usages_of, self._journeys_of = usages_of, journeys_of

    def create(self, caller: Caller, body: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """Store a new source. Returns what a reader sees, and its etag. Raises DataSourceInvalid, DataSourceExists."""
        with self._db.write() as connection:
            return self.create_in(connection, caller, body)

    def create_in(self, connection: Connection, caller: Caller, body: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """The same within the caller's transaction."""
        document = read_document(body, self._allow_private)
        document["authentication"] = self._seal(document, None)
        self._check_name(connection, caller.scope_id, document["name"])
        stored = self._resources.create(connection, caller.scope_id, caller.author, SOURCE_KIND, document)
        return self._view(caller, stored, {}), stored.etag

    def find_all(self, caller: Caller) -> list[dict[str, Any]]:
        """Every source of the sandbox, the built-in one first, then the oldest."""
        with self._db.read() as connection:
            return self.find_in(connection, caller)

    def find_in(self, connection: Connection, caller: Caller) -> list[dict[str, Any]]:
        """The same within the caller's transaction."""
        found = self._resources.in_scope(connection, caller.scope_id, SOURCE_KIND)
        built_in = next((stored for stored in found if stored.body["name"] == PLATFORM), None)
        shown = [self._view_built_in(connection, caller, built_in)]
        return shown + [
            self._view(caller, stored, self._usages_of(connection, caller.scope_id, stored.body["name"]))
            for stored in found
            if stored.body["name"] != PLATFORM
        ]

    def get(self, caller: Caller, uid: str) -> tuple[dict[str, Any], str]:
        """One source and its etag; the built-in one's uid is its name. Raises DataSourceNotFound."""
        with self._db.read() as connection:
            if uid == PLATFORM:
                built_in = self._built_in(connection, caller.scope_id)
                etag = '"built-in"' if built_in is None else built_in.etag
                return self._view_built_in(connection, caller, built_in), etag
            stored = self._stored(connection, caller.scope_id, uid)
            usages = self._usages_of(connection, caller.scope_id, stored.body["name"])
            return self._view(caller, stored, usages), stored.etag

    def journeys_of(self, caller: Caller, uid: str) -> list[dict[str, Any]]:
        """The journeys that use a source. Raises DataSourceNotFound."""
        with self._db.read() as connection:
            name = uid if uid == PLATFORM else self._stored(connection, caller.scope_id, uid).body["name"]
            return self._journeys_of(connection, caller.scope_id, name)

    def replace(
        self, caller: Caller, uid: str, body: Mapping[str, Any], if_match: str | None = None
    ) -> tuple[dict[str, Any], str]:
        """Store a new version; a masked secret keeps the stored one as long as the hosts stay the same.

        Raises DataSourceNotFound, DataSourceInvalid, DataSourceExists, DataSourceInUse, EtagMismatch.
        """
        if uid == PLATFORM:
            return self._replace_built_in(caller, body, if_match)
        document = read_document(body, self._allow_private)
        with self._db.write() as connection:
            before = self._stored(connection, caller.scope_id, uid)
            usages = self._usages_of(connection, caller.scope_id, before.body["name"])
            check_edit(before.body, document, usages)
            if document["name"] != before.body["name"]:
                self._check_name(connection, caller.scope_id, document["name"])
            is_same_host = _destinations(before.body) == _destinations(document)
            document["authentication"] = self._seal(document, before.body["authentication"] if is_same_host else None)
            stored = self._resources.replace(connection, before, caller.author, document, if_match)
        return self._view(caller, stored, usages), stored.etag

    def _replace_built_in(
        self, caller: Caller, body: Mapping[str, Any], if_match: str | None
    ) -> tuple[dict[str, Any], str]:
        document = read_built_in(body)
        with self._db.write() as connection:
            self._resources.touch(connection, SOURCE_KIND)
            before = self._built_in(connection, caller.scope_id)
            usages = self._usages_of(connection, caller.scope_id, PLATFORM)
            if before is None:
                stored = self._resources.create(connection, caller.scope_id, caller.author, SOURCE_KIND, document)
            else:
                check_edit(before.body, document, usages)
                match = None if if_match == '"built-in"' else if_match
                stored = self._resources.replace(connection, before, caller.author, document, match)
            return self._view_built_in(connection, caller, stored), stored.etag

    def delete(self, caller: Caller, uid: str) -> None:
        """Delete a source no journey uses. Raises DataSourceNotFound, DataSourceInUse or BuiltInSourceKept."""
        if uid == PLATFORM:
            raise BuiltInSourceKept
        with self._db.write() as connection:
            stored = self._stored(connection, caller.scope_id, uid)
            usages = self._usages_of(connection, caller.scope_id, stored.body["name"])
            used = [name for name, usage in usages.items() if name and usage.total]
            if used:
                raise DataSourceInUse(f"journeys use its field groups {', '.join(used)}; it can't be deleted")
            self._resources.delete(connection, stored)

    def compile_one(self, caller: Caller, uid: str) -> CompiledSource:
        """One external source as it would be asked now. Raises DataSourceNotFound."""
        with self._db.read() as connection:
            stored = self._stored(connection, caller.scope_id, uid)
        return CompiledSource(stored.scope_id, stored.id, stored.version, stored.body, self._secrets)

    def compile_group(self, caller: Caller, uid: str, group: str) -> tuple[CompiledSource, FieldGroup]:
        """The same, and one of its field groups. Raises FieldGroupNotFound, too."""
        source = self.compile_one(caller, uid)
        found = source.groups.get(group)
        if found is None:
            raise FieldGroupNotFound(source.name, group)
        return source, found

    def _build(self, connection: Connection) -> SourceTable:
        stored = self._resources.in_all_scopes(connection, SOURCE_KIND)
        return SourceTable([(r.scope_id, r.id, r.version, r.body) for r in stored], self._secrets)

    def _stored(self, connection: Connection, scope_id: int, uid: str) -> Resource:
        try:
            stored = self._resources.get(connection, scope_id, SOURCE_KIND, uid)
        except ResourceNotFound:
            raise DataSourceNotFound(uid) from None
        if stored.body["name"] == PLATFORM:  # it goes by its name
            raise DataSourceNotFound(uid)
        return stored

    def _built_in(self, connection: Connection, scope_id: int) -> Resource | None:
        found = self._resources.in_scope(connection, scope_id, SOURCE_KIND)
        return next((stored for stored in found if stored.body["name"] == PLATFORM), None)

    def _check_name(self, connection: Connection, scope_id: int, name: str) -> None:
        self._resources.touch(connection, SOURCE_KIND)  # its row lock makes those who take a name wait for each other
        if any(r.body["name"] == name for r in self._resources.in_scope(connection, scope_id, SOURCE_KIND)):
            raise DataSourceExists(name)

    def _seal(self, document: Mapping[str, Any], previous: Mapping[str, Any] | None) -> dict[str, Any]:
        try:
            return authentication.seal(document["authentication"], self._secrets, previous)
        except ActionInvalid as error:
            raise DataSourceInvalid(str(error), error.path) from None

    def _view(self, caller: Caller, stored: Resource, usages: Usages) -> dict[str, Any]:
        body = stored.body
        groups = [{**group, "usedIn": usages.get(group["name"], Usage()).total} for group in body["fieldGroups"]]
        return {
            "uid": stored.id,
            **body,
            "fieldGroups": groups,
            "authentication": authentication.mask(body["authentication"]),
            **_common(caller, stored, usages),
        }

    def _view_built_in(self, connection: Connection, caller: Caller, stored: Resource | None) -> dict[str, Any]:
        usages = self._usages_of(connection, caller.scope_id, PLATFORM)
        added = [] if stored is None else stored.body["fieldGroups"]
        groups: list[dict[str, Any]] = [{"name": name, "builtIn": True} for name in SHIPPED]
        groups += [dict(group) for group in added]
        return {
            "uid": PLATFORM,
            "name": PLATFORM,
            "description": "" if stored is None else stored.body["description"],
            "builtIn": True,
            "fieldGroups": [{**group, "usedIn": usages.get(group["name"], Usage()).total} for group in groups],
            **_common(caller, stored, usages),
        }


def _common(caller: Caller, stored: Resource | None, usages: Usages) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "orgId": caller.org_id,
        "sandboxName": caller.sandbox.name,
        "state": "active",
        "version": 0 if stored is None else stored.version,
        "usedIn": usages[""].total if "" in usages else sum(usage.total for usage in usages.values()),
    }
    if stored is not None:
        shown["metadata"] = {
            "createdBy": stored.created_by,
            "createdById": stored.created_by,
            "createdAt": _text(stored.created_at_ms),
            "lastModifiedBy": stored.updated_by,
            "lastModifiedById": stored.updated_by,
            "lastModifiedAt": _text(stored.updated_at_ms),
        }
    return shown


def _destinations(document: Mapping[str, Any]) -> tuple[object, str]:
    return endpoint(document).origin, authentication.destination(document["authentication"])


def _text(at_ms: int) -> str:
    return to_datetime(at_ms * 1_000).isoformat(timespec="milliseconds").replace("+00:00", "Z")
