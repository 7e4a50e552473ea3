"""Rule sets of a sandbox, from a draft to one that is no longer applied. Source: journeys §11."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from parcours.access.model import Caller
from parcours.db import Database
from parcours.kit.clock import to_datetime
from parcours.resources.store import Compiled, Resource, ResourceNotFound, ResourceStore
from parcours.rulesets.document import read_document
from parcours.rulesets.errors import RuleSetExists, RuleSetInUse, RuleSetNotFound, RuleSetStateConflict
from parcours.rulesets.model import Domain, State
from parcours.rulesets.table import RULE_SET_KIND, RuleSetTable

MAX_ACTIVE = 10
"""Active sets of a domain in a sandbox, the global one apart."""
Users = Callable[[Connection, int, str], Sequence[str]]
"""(connection, scope, uid of a set) → names of the journeys that name it."""


class RuleSetService:
    """Authoring, and the table that the worker asks."""

    def __init__(self, db: Database, resources: ResourceStore) -> None:
        self._db = db
        self._resources = resources
        self.table: Compiled[RuleSetTable] = self.compiled()
        self.users: Users = lambda _connection, _scope_id, _uid: ()
        """Journeys stand below this room; whoever builds both says how they are asked."""

    def compiled(self) -> Compiled[RuleSetTable]:
        """Another table, for a thread that does not share its own."""
        return Compiled(self._resources, [RULE_SET_KIND], self._build)

    def _build(self, connection: Connection) -> RuleSetTable:
        stored = self._resources.in_all_scopes(connection, RULE_SET_KIND)
        return RuleSetTable((one.scope_id, one.id, one.body) for one in stored)

    def create(self, caller: Caller, body: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """Store a set. Raises RuleSetInvalid, RuleSetExists, RuleSetStateConflict."""
        document = read_document(body)
        if document["state"] == "inactive":
            raise RuleSetStateConflict("a new rule set is a draft, or active at once")
        with self._db.write() as connection:
            self._check_others(connection, caller.scope_id, None, document)
            stored = self._resources.create(connection, caller.scope_id, caller.author, RULE_SET_KIND, document)
        return self._show(caller, stored, ()), stored.etag

    def find_all(
        self, caller: Caller, domain: Domain | None = None, state: State | None = None
    ) -> list[dict[str, Any]]:
        """The sets of the sandbox, the one changed last first."""
        with self._db.read() as connection:
            found = self._resources.in_scope(connection, caller.scope_id, RULE_SET_KIND)
            return [
                self._show(caller, one, self.users(connection, caller.scope_id, one.id))
                for one in sorted(found, key=lambda one: one.updated_at_ms, reverse=True)
                if domain in (None, one.body["domain"]) and state in (None, one.body["state"])
            ]

    def get(self, caller: Caller, uid: str) -> tuple[dict[str, Any], str]:
        """One and its etag. Raises RuleSetNotFound."""
        with self._db.read() as connection:
            stored = self._stored(connection, caller.scope_id, uid)
            return self._show(caller, stored, self.users(connection, caller.scope_id, uid)), stored.etag

    def replace(
        self, caller: Caller, uid: str, body: Mapping[str, Any], if_match: str | None = None
    ) -> tuple[dict[str, Any], str]:
        """Store a new version; what is active applies to what comes next, and no count is forgotten.

        Raises RuleSetNotFound, RuleSetInvalid, RuleSetExists, RuleSetStateConflict, EtagMismatch.
        """
        document = read_document(body)
        with self._db.write() as connection:
            return self._replace(connection, caller, self._stored(connection, caller.scope_id, uid), document, if_match)

    def set_state(
        self, caller: Caller, uid: str, state: State, if_match: str | None = None
    ) -> tuple[dict[str, Any], str]:
        """Activate a set or deactivate it; one that is so already stays. Raises as `replace`."""
        with self._db.write() as connection:
            before = self._stored(connection, caller.scope_id, uid)
            document = read_document({**before.body, "state": state})
            return self._replace(connection, caller, before, document, if_match)

    def _replace(
        self,
        connection: Connection,
        caller: Caller,
        before: Resource,
        document: dict[str, Any],
        if_match: str | None,
    ) -> tuple[dict[str, Any], str]:
        for member in ("domain", "isGlobal"):
            if document[member] != before.body[member]:
                raise RuleSetStateConflict(f"the {member} of a rule set can't be changed: make another one")
        was, is_now = before.body["state"], document["state"]
        if was != is_now and (is_now == "draft" or (was, is_now) == ("draft", "inactive")):
            raise RuleSetStateConflict(f"a rule set that is {was} does not become {is_now}")
        self._check_others(connection, caller.scope_id, before.id, document)
        stored = self._resources.replace(connection, before, caller.author, document, if_match)
        return self._show(caller, stored, self.users(connection, caller.scope_id, stored.id)), stored.etag

    def delete(self, caller: Caller, uid: str) -> None:
        """Forget a set that no journey names. Raises RuleSetNotFound, RuleSetInUse."""
        with self._db.write() as connection:
            stored = self._stored(connection, caller.scope_id, uid)
            named_by = self.users(connection, caller.scope_id, uid)
            if named_by:
                raise RuleSetInUse(stored.body["name"], named_by)
            self._resources.delete(connection, stored)

    def _stored(self, connection: Connection, scope_id: int, uid: str) -> Resource:
        try:
            return self._resources.get(connection, scope_id, RULE_SET_KIND, uid)
        except ResourceNotFound:
            raise RuleSetNotFound(uid) from None

    def _check_others(
        self, connection: Connection, scope_id: int, uid: str | None, document: Mapping[str, Any]
    ) -> None:
        """Names are unique, a domain has one global set, and so many active ones."""
        active = 0
        for other in self._resources.in_scope(connection, scope_id, RULE_SET_KIND):
            if other.id == uid:
                continue
            if other.body["name"] == document["name"]:
                raise RuleSetExists(document["name"])
            if other.body["domain"] != document["domain"]:
                continue
            if document["isGlobal"] and other.body["isGlobal"]:
                raise RuleSetStateConflict(f"the {document['domain']} domain has a global set: {other.body['name']!r}")
            active += other.body["state"] == "active" and not other.body["isGlobal"]
        if document["state"] == "active" and not document["isGlobal"] and active >= MAX_ACTIVE:
            raise RuleSetStateConflict(
                f"the {document['domain']} domain has {MAX_ACTIVE} active sets already: deactivate one first"
            )

    def _show(self, caller: Caller, stored: Resource, used_in: Sequence[str]) -> dict[str, Any]:
        return {
            "uid": stored.id,
            **stored.body,
            "usedIn": len(used_in),
            "orgId": caller.org_id,
            "sandboxName": caller.sandbox.name,
            "metadata": {
                "createdBy": stored.created_by,
                "createdById": stored.created_by,
                "createdAt": _text_of(stored.created_at_ms),
                "lastModifiedBy": stored.updated_by,
                "lastModifiedById": stored.updated_by,
                "lastModifiedAt": _text_of(stored.updated_at_ms),
            },
        }


def _text_of(at_ms: int) -> str:
    return to_datetime(at_ms * 1_000).isoformat(timespec="milliseconds").replace("+00:00", "Z")
