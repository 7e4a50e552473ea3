"""Usage labels, marketing actions and policies of a sandbox. Shapes as in Adobe's Policy Service."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection

from parcours.access.model import Caller
from parcours.db import Database
from parcours.governance.document import read_label, read_marketing_action, read_policy
from parcours.governance.errors import (
    GovernanceInUse,
    GovernanceInvalid,
    GovernanceNotFound,
    UsagePolicyExists,
)
from parcours.governance.evaluate import labels_in
from parcours.governance.model import (
    CORE_LABELS,
    CORE_MARKETING_ACTIONS,
    Container,
    short_name,
)
from parcours.governance.table import LABEL_KIND, MARKETING_ACTION_KIND, POLICY_KIND, PolicyTable, ScopePolicies
from parcours.resources.patch import apply_patch
from parcours.resources.store import Compiled, Resource, ResourceNotFound, ResourceStore
from parcours.xdm.descriptors import LABEL, label_names, properties_of
from parcours.xdm.store import DESCRIPTOR_KIND

BASE = "/data/foundation/dulepolicy"
_WORDS = {LABEL_KIND: "usage label", MARKETING_ACTION_KIND: "marketing action", POLICY_KIND: "usage policy"}
Document = dict[str, Any]


class GovernanceService:
    """Authoring, evaluation, and the table that journeys are checked with."""

    def __init__(self, db: Database, resources: ResourceStore) -> None:
        self._db = db
        self._resources = resources
        self.table: Compiled[PolicyTable] = self.compiled()

    def compiled(self) -> Compiled[PolicyTable]:
        """Another table, for a thread that does not share its own."""
        return Compiled(self._resources, [LABEL_KIND, MARKETING_ACTION_KIND, POLICY_KIND], self._build)

    def _build(self, connection: Connection) -> PolicyTable:
        def stored(kind: str) -> list[tuple[int, str, Mapping[str, Any]]]:
            return [(one.scope_id, one.id, one.body) for one in self._resources.in_all_scopes(connection, kind)]

        return PolicyTable(stored(LABEL_KIND), stored(MARKETING_ACTION_KIND), stored(POLICY_KIND))

    def has_label(self, connection: Connection, scope_id: int, name: str) -> bool:
        """Whether a sandbox has a usage label, a core or a custom one."""
        return name in CORE_LABELS or self._resources.find(connection, scope_id, LABEL_KIND, name) is not None

    # --- labels and marketing actions ---

    def labels(self, caller: Caller, container: Container) -> list[Document]:
        """Every label of a container, by name."""
        if container == "core":
            return [_core_label(name) for name in CORE_LABELS]
        return self._custom(caller, LABEL_KIND)

    def marketing_actions(self, caller: Caller, container: Container) -> list[Document]:
        """Every marketing action of a container, by name."""
        if container == "core":
            return [_core_action(name) for name in CORE_MARKETING_ACTIONS]
        return self._custom(caller, MARKETING_ACTION_KIND)

    def label(self, caller: Caller, container: Container, name: str) -> Document:
        """One label. Raises GovernanceNotFound."""
        if container == "core" and name in CORE_LABELS:
            return _core_label(name)
        return self._one(caller, container, LABEL_KIND, name)

    def marketing_action(self, caller: Caller, container: Container, name: str) -> Document:
        """One marketing action. Raises GovernanceNotFound."""
        if container == "core" and name in CORE_MARKETING_ACTIONS:
            return _core_action(name)
        return self._one(caller, container, MARKETING_ACTION_KIND, name)

    def put_label(self, caller: Caller, name: str, body: Mapping[str, Any]) -> tuple[Document, bool]:
        """Make a custom label or change it; whether it is new. Raises GovernanceInvalid."""
        return self._put(caller, LABEL_KIND, name, read_label(body, name))

    def put_marketing_action(self, caller: Caller, name: str, body: Mapping[str, Any]) -> tuple[Document, bool]:
        """Make a custom marketing action or change it; whether it is new. Raises GovernanceInvalid."""
        return self._put(caller, MARKETING_ACTION_KIND, name, read_marketing_action(body, name))

    def delete_label(self, caller: Caller, name: str) -> None:
        """Forget a custom label that no policy and no field names. Raises GovernanceNotFound, GovernanceInUse."""
        with self._db.write() as connection:
            found = self._stored(connection, caller.scope_id, LABEL_KIND, name)
            users = [
                f"policy {one.body['name']!r}"
                for one in self._resources.in_scope(connection, caller.scope_id, POLICY_KIND)
                if name in labels_in(one.body["deny"])
            ]
            for row in self._resources.in_scope(connection, caller.scope_id, DESCRIPTOR_KIND):
                descriptor = row.body["document"]
                if descriptor["@type"] == LABEL and name in label_names(descriptor):
                    users += [f"field {path} of {descriptor['xdm:sourceSchema']}" for path in properties_of(descriptor)]
            if users:
                raise GovernanceInUse("usage label", name, users)
            self._resources.delete(connection, found)

    def delete_marketing_action(self, caller: Caller, name: str) -> None:
        """Forget a custom marketing action that no policy is about. Raises GovernanceNotFound, GovernanceInUse."""
        with self._db.write() as connection:
            found = self._stored(connection, caller.scope_id, MARKETING_ACTION_KIND, name)
            users = [
                f"policy {one.body['name']!r}"
                for one in self._resources.in_scope(connection, caller.scope_id, POLICY_KIND)
                if f"custom/{name}" in one.body["marketingActionRefs"]
            ]
            if users:
                raise GovernanceInUse("marketing action", name, users)
            self._resources.delete(connection, found)

    def _custom(self, caller: Caller, kind: str) -> list[Document]:
        with self._db.read() as connection:
            found = self._resources.in_scope(connection, caller.scope_id, kind)
        return [_show(caller, one) for one in sorted(found, key=lambda one: one.id)]

    def _one(self, caller: Caller, container: Container, kind: str, name: str) -> Document:
        if container == "core":
            raise GovernanceNotFound(_WORDS[kind], name)
        with self._db.read() as connection:
            return _show(caller, self._stored(connection, caller.scope_id, kind, name))

    def _put(self, caller: Caller, kind: str, name: str, document: Document) -> tuple[Document, bool]:
        with self._db.write() as connection:
            before = self._resources.find(connection, caller.scope_id, kind, name)
            if before is None:
                made = self._resources.create(connection, caller.scope_id, caller.author, kind, document, name)
                return _show(caller, made), True
            return _show(caller, self._resources.replace(connection, before, caller.author, document, None)), False

    # --- policies ---

    def policies(self, caller: Caller) -> list[Document]:
        """Every policy of the sandbox, by name."""
        with self._db.read() as connection:
            found = self._resources.in_scope(connection, caller.scope_id, POLICY_KIND)
        return [_show(caller, one) for one in sorted(found, key=lambda one: str(one.body["name"]))]

    def policy(self, caller: Caller, policy_id: str) -> tuple[Document, str]:
        """One policy and its etag. Raises GovernanceNotFound."""
        with self._db.read() as connection:
            stored = self._stored(connection, caller.scope_id, POLICY_KIND, policy_id)
        return _show(caller, stored), stored.etag

    def create_policy(self, caller: Caller, body: Mapping[str, Any]) -> tuple[Document, str]:
        """Store a policy. Raises GovernanceInvalid, UsagePolicyExists."""
        document = read_policy(body)
        with self._db.write() as connection:
            self._check(connection, caller.scope_id, None, document)
            stored = self._resources.create(connection, caller.scope_id, caller.author, POLICY_KIND, document)
        return _show(caller, stored), stored.etag

    def replace_policy(
        self, caller: Caller, policy_id: str, body: Mapping[str, Any], if_match: str | None = None
    ) -> tuple[Document, str]:
        """Store another version; journeys that run are not asked again.

        Raises GovernanceNotFound, GovernanceInvalid, UsagePolicyExists, EtagMismatch.
        """
        return self._change(caller, policy_id, lambda _before: read_policy(body), if_match)

    def patch_policy(
        self, caller: Caller, policy_id: str, operations: Any, if_match: str | None = None
    ) -> tuple[Document, str]:
        """Change the status by JSON Patch, and nothing else. Raises as `replace_policy`, and PatchInvalid."""

        def patched(before: Document) -> Document:
            document = read_policy(apply_patch(before, operations))
            if {**document, "status": before["status"]} != before:
                raise GovernanceInvalid("a patch changes /status alone: replace the policy for anything else", "$[0]")
            return document

        return self._change(caller, policy_id, patched, if_match)

    def delete_policy(self, caller: Caller, policy_id: str) -> None:
        """Forget a policy. Raises GovernanceNotFound."""
        with self._db.write() as connection:
            self._resources.delete(connection, self._stored(connection, caller.scope_id, POLICY_KIND, policy_id))

    def _change(
        self, caller: Caller, policy_id: str, change: Callable[[Document], Document], if_match: str | None
    ) -> tuple[Document, str]:
        with self._db.write() as connection:
            before = self._stored(connection, caller.scope_id, POLICY_KIND, policy_id)
            document = change(before.body)
            self._check(connection, caller.scope_id, policy_id, document)
            stored = self._resources.replace(connection, before, caller.author, document, if_match)
        return _show(caller, stored), stored.etag

    def _check(self, connection: Connection, scope_id: int, policy_id: str | None, document: Document) -> None:
        """Names are unique; labels and marketing actions are there."""
        for other in self._resources.in_scope(connection, scope_id, POLICY_KIND):
            if other.id != policy_id and other.body["name"] == document["name"]:
                raise UsagePolicyExists(document["name"])
        for index, reference in enumerate(document["marketingActionRefs"]):
            container, _, name = reference.partition("/")
            is_there = (
                name in CORE_MARKETING_ACTIONS
                if container == "core"
                else self._resources.find(connection, scope_id, MARKETING_ACTION_KIND, name) is not None
            )
            if not is_there:
                raise GovernanceInvalid(f"no marketing action {reference!r}", f"$.marketingActionRefs[{index}]")
        for label in labels_in(document["deny"]):
            if not self.has_label(connection, scope_id, label):
                raise GovernanceInvalid(f"no usage label {label!r}", "$.deny")

    def _stored(self, connection: Connection, scope_id: int, kind: str, name: str) -> Resource:
        try:
            return self._resources.get(connection, scope_id, kind, name)
        except ResourceNotFound:
            raise GovernanceNotFound(_WORDS[kind], name) from None

    # --- evaluation ---

    def constraints(
        self, caller: Caller, container: Container, name: str, labels: list[str], *, includes_drafts: bool
    ) -> Document:
        """Which policies data of these labels would violate under a marketing action. Raises GovernanceNotFound."""
        self.marketing_action(caller, container, name)
        asked = [short_name(one) for one in labels]
        with self._db.read() as connection:
            scope: ScopePolicies = self.table.current(connection).of(caller.scope_id)
            found = [
                _show(caller, self._stored(connection, caller.scope_id, POLICY_KIND, one.id))
                for one in scope.violated(name, frozenset(asked), includes_drafts=includes_drafts)
            ]
        return {
            "imsOrg": caller.org_id,
            "sandboxName": caller.sandbox.name,
            "marketingActionRef": _address(f"{container}/{name}"),
            "duleLabels": asked,
            "violatedPolicies": found,
        }


def _address(reference: str) -> str:
    return f"{BASE}/marketingActions/{reference}"


def _core_label(name: str) -> Document:
    found = CORE_LABELS[name]
    return {
        "name": name,
        "category": found.category,
        "friendlyName": found.title,
        "description": found.description,
        "_links": {"self": {"href": f"{BASE}/labels/core/{name}"}},
    }


def _core_action(name: str) -> Document:
    found = CORE_MARKETING_ACTIONS[name]
    return {
        "name": name,
        "friendlyName": found.title,
        "description": found.description,
        "_links": {"self": {"href": _address(f"core/{name}")}},
    }


_PLACES = {
    LABEL_KIND: "labels/custom",
    MARKETING_ACTION_KIND: "marketingActions/custom",
    POLICY_KIND: "policies/custom",
}


def _show(caller: Caller, stored: Resource) -> Document:
    shown = dict(stored.body)
    if stored.kind == POLICY_KIND:
        shown = {
            "id": stored.id,
            **shown,
            "marketingActionRefs": [_address(one) for one in shown["marketingActionRefs"]],
        }
    return {
        **shown,
        "imsOrg": caller.org_id,
        "sandboxName": caller.sandbox.name,
        "created": stored.created_at_ms,
        "createdClient": stored.created_client,
        "createdUser": stored.created_by,
        "updated": stored.updated_at_ms,
        "updatedClient": stored.updated_client,
        "updatedUser": stored.updated_by,
        "_links": {"self": {"href": f"{BASE}/{_PLACES[stored.kind]}/{stored.id}"}},
    }
