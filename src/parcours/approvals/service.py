"""Approval policies of a sandbox, and who they are about. Source: journeys §10.4."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection

from parcours.access import Access, store, user_store
from parcours.access.model import Caller
from parcours.access.permissions import READY_MADE
from parcours.access.user_model import subject_of
from parcours.approvals.document import read_document
from parcours.approvals.errors import ApprovalPolicyExists, ApprovalPolicyInvalid, ApprovalPolicyNotFound
from parcours.approvals.model import Facts, Person, Policy, read_policy
from parcours.db import Database
from parcours.kit.clock import to_datetime
from parcours.resources.store import Resource, ResourceNotFound, ResourceStore

POLICY_KIND = "approvalPolicy"
APPROVE = "journeys.approve"
MAX_POLICIES = 100
"""In a sandbox."""


class Approver(NamedTuple):
    """Somebody who could approve now."""

    person: Person
    name: str
    """What a user is called; a credential by its id."""
    email: str
    """Empty for a credential."""

    def to_json(self) -> dict[str, Any]:
        """{"id", "type", "name", "email"?}."""
        if not self.person.user_id:
            return {"id": self.person.subject, "type": "credential", "name": self.name}
        return {"id": self.person.user_id, "type": "user", "name": self.name, "email": self.email}


class ApprovalPolicies:
    """Authoring, and what the publication of a journey asks."""

    def __init__(self, db: Database, resources: ResourceStore, access: Access) -> None:
        self._db = db
        self._resources = resources
        self._access = access

    # --- authoring ---

    def create(self, caller: Caller, body: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """Store a policy. Raises ApprovalPolicyInvalid or ApprovalPolicyExists."""
        with self._db.write() as connection:
            document = self._read(connection, caller, body, None)
            self._check_others(connection, caller.scope_id, None, document)
            stored = self._resources.create(connection, caller.scope_id, caller.author, POLICY_KIND, document)
            return self._show(connection, caller, stored), stored.etag

    def find_all(self, caller: Caller) -> list[dict[str, Any]]:
        """Every policy of the sandbox, oldest first."""
        with self._db.read() as connection:
            found = self._resources.in_scope(connection, caller.scope_id, POLICY_KIND)
            return [self._show(connection, caller, one) for one in found]

    def get(self, caller: Caller, uid: str) -> tuple[dict[str, Any], str]:
        """One and its etag. Raises ApprovalPolicyNotFound."""
        with self._db.read() as connection:
            stored = self._stored(connection, caller.scope_id, uid)
            return self._show(connection, caller, stored), stored.etag

    def replace(
        self, caller: Caller, uid: str, body: Mapping[str, Any], if_match: str | None = None
    ) -> tuple[dict[str, Any], str]:
        """Store a new version, which holds for requests that wait, too.

        Raises ApprovalPolicyNotFound, ApprovalPolicyInvalid, ApprovalPolicyExists, EtagMismatch.
        """
        with self._db.write() as connection:
            before = self._stored(connection, caller.scope_id, uid)
            document = self._read(connection, caller, body, before)
            self._check_others(connection, caller.scope_id, uid, document)
            stored = self._resources.replace(connection, before, caller.author, document, if_match)
            return self._show(connection, caller, stored), stored.etag

    def delete(self, caller: Caller, uid: str) -> None:
        """Forget a policy; requests that wait need its approval no longer. Raises ApprovalPolicyNotFound."""
        with self._db.write() as connection:
            self._resources.delete(connection, self._stored(connection, caller.scope_id, uid))

    # --- what publication asks ---

    def covering(self, connection: Connection, scope_id: int, journey: Facts, requester: Person) -> list[Policy]:
        """The active policies whose approval a journey needs, oldest first."""
        stored = self._resources.in_scope(connection, scope_id, POLICY_KIND)
        policies = [read_policy(one.id, one.body) for one in stored]
        return [policy for policy in policies if policy.covers(journey, requester)]

    @staticmethod
    def person(connection: Connection, subject: str) -> Person:
        """Somebody as of now, by whom roles name; who is gone or disabled has no user id and no roles."""
        user_id = _user_id(subject)
        if user_id:
            if subject not in user_store.enabled_subjects(connection):
                return Person(subject)
            held = user_store.list_user_subjects(connection)
        else:
            if not any(one.client_id == subject and one.is_enabled for one in store.list_credentials(connection)):
                return Person(subject)
            held = store.list_subjects(connection)
        return Person(subject, user_id, frozenset(role for one, role in held if one == subject))

    def approvers(self, connection: Connection, caller: Caller, policy: Policy) -> list[Approver]:
        """Who could approve under a policy now: named, enabled, and with the permission in the caller's sandbox."""
        found: list[Approver] = []
        roles = user_store.roles_of_users(connection, caller.org_id)
        for user in user_store.list_users(connection, caller.org_id):
            if user.is_enabled and user.has_joined:
                held = frozenset(roles.get(user.id, ()))
                found.append(Approver(Person(subject_of(user.id, caller.org_id), user.id, held), user.name, user.email))
        of_clients: dict[str, set[str]] = {}
        for client_id, role_id in store.list_subjects(connection):
            of_clients.setdefault(client_id, set()).add(role_id)
        for credential in store.list_credentials(connection, caller.org_id):
            if credential.is_enabled:
                held = frozenset(of_clients.get(credential.client_id, ()))
                found.append(Approver(Person(credential.client_id, "", held), credential.client_id, ""))
        return [
            one
            for one in found
            if policy.approvers.has(one.person)
            and APPROVE in self._access.held(one.person.subject, caller.sandbox.name).permissions
        ]

    # --- helpers ---

    def _stored(self, connection: Connection, scope_id: int, uid: str) -> Resource:
        try:
            return self._resources.get(connection, scope_id, POLICY_KIND, uid)
        except ResourceNotFound:
            raise ApprovalPolicyNotFound(uid) from None

    @staticmethod
    def _read(
        connection: Connection, caller: Caller, body: Mapping[str, Any], before: Resource | None
    ) -> dict[str, Any]:
        """The body with e-mail addresses as ids; whom the policy named before may be gone by now."""
        users = {
            key: user.id for user in user_store.list_users(connection, caller.org_id) for key in (user.id, user.email)
        }
        roles = {one: one for one in READY_MADE} | {
            one.id: one.id for one in store.list_roles(connection, caller.org_id)
        }
        if before is not None:
            for people in (before.body["approvers"], before.body["conditions"]["requesters"]):
                users = {one: one for one in people["users"]} | users
                roles = {one: one for one in people["roles"]} | roles

        def resolve(kind: str, text: str, path: str) -> str:
            found = roles.get(text) if kind == "roles" else users.get(text) or users.get(text.strip().lower())
            if found is None:
                raise ApprovalPolicyInvalid(f"the organisation has no {kind[:-1]} {text!r}", path)
            return found

        return read_document(body, resolve)

    def _check_others(
        self, connection: Connection, scope_id: int, uid: str | None, document: Mapping[str, Any]
    ) -> None:
        others = [one for one in self._resources.in_scope(connection, scope_id, POLICY_KIND) if one.id != uid]
        if any(one.body["name"] == document["name"] for one in others):
            raise ApprovalPolicyExists(f"an approval policy is called {document['name']!r} already")
        if len(others) >= MAX_POLICIES:
            raise ApprovalPolicyExists(f"a sandbox has at most {MAX_POLICIES} approval policies")

    def _show(self, connection: Connection, caller: Caller, stored: Resource) -> dict[str, Any]:
        policy = read_policy(stored.id, stored.body)
        return {
            "uid": stored.id,
            **stored.body,
            "mayApprove": [one.to_json() for one in self.approvers(connection, caller, policy)],
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


def _user_id(subject: str) -> str:
    """The id of the user that a subject is; empty for a client, whose id has no colon."""
    kind, _, rest = subject.partition(":")
    return rest.partition(":")[0] if kind == "user" else ""


def _text_of(at_ms: int) -> str:
    return to_datetime(at_ms * 1_000).isoformat(timespec="milliseconds").replace("+00:00", "Z")
