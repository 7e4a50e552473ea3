"""The actions of a sandbox: made, read, changed and deleted; compiled for those who call them."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection

from parcours.access.model import Caller
from parcours.access.service import SANDBOX_KIND
from parcours.access.store import list_sandboxes
from parcours.actions import authentication
from parcours.actions.certificates import CERTIFICATE_KIND, CertificateService
from parcours.actions.compiled import CompiledAction
from parcours.actions.document import check_edit, endpoint, read_document
from parcours.actions.errors import ActionExists, ActionInUse, ActionNotFound
from parcours.actions.model import Usage
from parcours.actions.table import ActionTable
from parcours.db import Database
from parcours.kit.clock import to_datetime
from parcours.kit.secrets import SecretBox
from parcours.kit.settings import Settings
from parcours.resources.store import Compiled, Resource, ResourceNotFound, ResourceStore

ACTION_KIND = "action"

UsageOf = Callable[[Connection, int, str], Usage]
"""(connection, scope_id, action_uid) → how many journeys use the action."""
JourneysOf = Callable[[Connection, int, str], list[dict[str, Any]]]
"""(connection, scope_id, action_uid) → the journeys that use the action: uid, name, versions."""


class ActionService:
    """Configuration of custom actions. Secrets go in and never come out."""

    def __init__(self, db: Database, resources: ResourceStore, secrets: SecretBox, settings: Settings) -> None:
        self._db = db
        self._resources = resources
        self._secrets = secrets
        self._allow_private = settings.allow_private_networks
        self.certificates = CertificateService(db, resources, secrets)
        self._usage_of: UsageOf = lambda connection, scope_id, action_uid: Usage()
        self._journeys_of: JourneysOf = lambda connection, scope_id, action_uid: []
        self.table: Compiled[ActionTable] = self.compiled()

    def compiled(self) -> Compiled[ActionTable]:
        """Another table over the same actions, for a thread that does not share its own."""
        return Compiled(self._resources, [ACTION_KIND, CERTIFICATE_KIND, SANDBOX_KIND], self._build)

    def guard(self, usage_of: UsageOf, journeys_of: JourneysOf) -> None:
        """Let the room that knows journeys tell which actions they use."""
        self._usage_of, self._journeys_of = usage_of, journeys_of

    def create(self, caller: Caller, body: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """Store a new action. Returns what a reader sees, and its etag. Raises ActionInvalid or ActionExists."""
        with self._db.write() as connection:
            return self.create_in(connection, caller, body)

    def create_in(self, connection: Connection, caller: Caller, body: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """The same within the caller's transaction."""
        document = read_document(body, self._allow_private)
        document["authentication"] = authentication.seal(document["authentication"], self._secrets, None)
        self._check_name(connection, caller.scope_id, document["name"])
        stored = self._resources.create(connection, caller.scope_id, caller.author, ACTION_KIND, document)
        return {**self._view(caller, stored, Usage()), **_warnings(document)}, stored.etag

    def find_all(self, caller: Caller) -> list[dict[str, Any]]:
        """Every action of the sandbox, oldest first."""
        with self._db.read() as connection:
            return self.find_in(connection, caller)

    def find_in(self, connection: Connection, caller: Caller) -> list[dict[str, Any]]:
        """The same within the caller's transaction."""
        return [
            self._view(caller, stored, self._usage_of(connection, caller.scope_id, stored.id))
            for stored in self._resources.in_scope(connection, caller.scope_id, ACTION_KIND)
        ]

    def get(self, caller: Caller, uid: str) -> tuple[dict[str, Any], str]:
        """One action and its etag. Raises ActionNotFound."""
        with self._db.read() as connection:
            stored = self._stored(connection, caller.scope_id, uid)
            return self._view(caller, stored, self._usage_of(connection, caller.scope_id, uid)), stored.etag

    def journeys(self, caller: Caller, uid: str) -> list[dict[str, Any]]:
        """The journeys that use an action, each with the versions that do. Raises ActionNotFound."""
        with self._db.read() as connection:
            self._stored(connection, caller.scope_id, uid)
            return self._journeys_of(connection, caller.scope_id, uid)

    def replace(
        self, caller: Caller, uid: str, body: Mapping[str, Any], if_match: str | None = None
    ) -> tuple[dict[str, Any], str]:
        """Store a new version; a masked secret keeps the stored one as long as the hosts stay the same.

        Raises ActionNotFound, ActionInvalid, ActionExists, ActionInUse, EtagMismatch.
        """
        document = read_document(body, self._allow_private)
        with self._db.write() as connection:
            before = self._stored(connection, caller.scope_id, uid)
            usage = self._usage_of(connection, caller.scope_id, uid)
            check_edit(before.body, document, usage)
            if document["name"] != before.body["name"]:
                self._check_name(connection, caller.scope_id, document["name"])
            is_same_host = _destinations(before.body) == _destinations(document)
            previous = before.body["authentication"] if is_same_host else None
            document["authentication"] = authentication.seal(document["authentication"], self._secrets, previous)
            stored = self._resources.replace(connection, before, caller.author, document, if_match)
        return {**self._view(caller, stored, usage), **_warnings(document)}, stored.etag

    def delete(self, caller: Caller, uid: str) -> None:
        """Delete an action no journey uses. Raises ActionNotFound or ActionInUse."""
        with self._db.write() as connection:
            stored = self._stored(connection, caller.scope_id, uid)
            usage = self._usage_of(connection, caller.scope_id, uid)
            if usage.draft or usage.live:
                count = usage.draft + usage.live
                raise ActionInUse(
                    f"{count} journey{' uses' if count == 1 else 's use'} the action; it can't be deleted"
                )
            self._resources.delete(connection, stored)

    def compile_one(self, caller: Caller, uid: str) -> CompiledAction:
        """One action as it would be called now. Raises ActionNotFound."""
        with self._db.read() as connection:
            stored = self._stored(connection, caller.scope_id, uid)
            certificates = self._certificates(connection)
        documents = [(stored.scope_id, stored.id, stored.version, stored.body)]
        found = ActionTable(documents, self._secrets, certificates).get(stored.scope_id, stored.id)
        assert found is not None
        return found

    def _build(self, connection: Connection) -> ActionTable:
        stored = self._resources.in_all_scopes(connection, ACTION_KIND)
        documents = [(r.scope_id, r.id, r.version, r.body) for r in stored]
        return ActionTable(documents, self._secrets, self._certificates(connection))

    def _certificates(self, connection: Connection) -> dict[int, dict[str, Any]]:
        """The client certificate of each scope's organisation."""
        stored = {r.scope_id: r.body for r in self._resources.in_all_scopes(connection, CERTIFICATE_KIND)}
        if not stored:
            return {}
        sandboxes = [one for one in list_sandboxes(connection) if one.state == "active"]
        of_org = {one.org_id: stored[one.scope_id] for one in sandboxes if one.scope_id in stored}
        return {one.scope_id: of_org[one.org_id] for one in sandboxes if one.org_id in of_org}

    def _stored(self, connection: Connection, scope_id: int, uid: str) -> Resource:
        try:
            return self._resources.get(connection, scope_id, ACTION_KIND, uid)
        except ResourceNotFound:
            raise ActionNotFound(uid) from None

    def _check_name(self, connection: Connection, scope_id: int, name: str) -> None:
        self._resources.touch(connection, ACTION_KIND)  # its row lock makes those who take a name wait for each other
        if any(r.body["name"] == name for r in self._resources.in_scope(connection, scope_id, ACTION_KIND)):
            raise ActionExists(name)

    def _view(self, caller: Caller, stored: Resource, usage: Usage) -> dict[str, Any]:
        return {
            "uid": stored.id,
            **stored.body,
            "authentication": authentication.mask(stored.body["authentication"]),
            "orgId": caller.org_id,
            "sandboxName": caller.sandbox.name,
            "state": "active",
            "version": stored.version,
            "usedIn": usage.draft + usage.live,
            "metadata": {
                "createdBy": stored.created_by,
                "createdById": stored.created_by,
                "createdAt": _text(stored.created_at_ms),
                "lastModifiedBy": stored.updated_by,
                "lastModifiedById": stored.updated_by,
                "lastModifiedAt": _text(stored.updated_at_ms),
            },
        }


def _destinations(document: Mapping[str, Any]) -> tuple[object, str]:
    return endpoint(document).origin, authentication.destination(document["authentication"])


def _warnings(document: Mapping[str, Any]) -> dict[str, Any]:
    """What is allowed and not advised, for the answer to who wrote it."""
    places = {"$.url": document["url"], "$.authentication.endpoint": document["authentication"].get("endpoint", "")}
    message = "http sends everything in clear, secrets too; use https"
    found = [
        {"code": "ACTION_NOT_HTTPS", "message": message, "path": path}
        for path, url in places.items()
        if url[:7].lower() == "http://"
    ]
    return {"warnings": found} if found else {}


def _text(at_ms: int) -> str:
    return to_datetime(at_ms * 1_000).isoformat(timespec="milliseconds").replace("+00:00", "Z")
