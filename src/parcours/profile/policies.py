"""Merge policies as resources. A sandbox has one from the start, which can be changed but never goes."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

from parcours.access import Caller
from parcours.db import Database
from parcours.profile.errors import MergePolicyInvalid, MergePolicyNeeded, MergePolicyNotFound
from parcours.profile.merge import MergePolicy, MergePolicyTable, built_in_id
from parcours.resources.patch import PatchInvalid, apply_patch
from parcours.resources.store import Compiled, Resource, ResourceStore

POLICY_KIND = "merge-policy"
PROFILE_SCHEMA = "_xdm.context.profile"
MAX_POLICIES = 5
"""Source: platform-apis §7.5."""

_GRAPH_TYPES = ("none", "pdg")
_MERGE_TYPES = ("timestampOrdered", "dataSetPrecedence")
_PATCHABLE = ("name", "identityGraph", "attributeMerge", "default", "isActiveOnEdge")
_BUILT_IN: Mapping[str, Any] = {
    "name": "real-time-customer-profile-default",
    "schema": {"name": PROFILE_SCHEMA},
    "version": 1,
    "identityGraph": {"type": "pdg"},
    "attributeMerge": {"type": "timestampOrdered"},
    "isActiveOnEdge": True,
    "default": True,
}


class MergePolicyService:
    """How the profiles of each sandbox are put together."""

    def __init__(self, db: Database, resources: ResourceStore) -> None:
        self._db = db
        self._resources = resources
        self.table: Compiled[MergePolicyTable] = self.compiled()

    def compiled(self) -> Compiled[MergePolicyTable]:
        """Another table over the same policies, for a thread that does not share its own."""
        return Compiled(self._resources, [POLICY_KIND], self._build)

    def policies(self, caller: Caller) -> list[dict[str, Any]]:
        """Every policy of the sandbox, oldest first."""
        with self._db.read() as connection:
            return [_rendered(caller, resource) for resource in self._all(connection, caller)]

    def get(self, caller: Caller, policy_id: str) -> dict[str, Any]:
        """One policy. Raises MergePolicyNotFound."""
        with self._db.read() as connection:
            return _rendered(caller, self._get(connection, caller, policy_id))

    def create(self, caller: Caller, body: Mapping[str, Any]) -> dict[str, Any]:
        """A new policy. Raises MergePolicyInvalid, or MergePolicyNeeded when the sandbox has five."""
        document = _checked({"isActiveOnEdge": False, "default": False, **body})
        with self._locked() as connection:
            if len(self._all(connection, caller)) >= MAX_POLICIES:
                raise MergePolicyNeeded(f"a sandbox has at most {MAX_POLICIES} merge policies")
            made = self._resources.create(connection, caller.scope_id, caller.author, POLICY_KIND, document)
            self._yield_to(connection, caller, made)
            return _rendered(caller, made)

    def replace(self, caller: Caller, policy_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """A policy with a new definition. Raises MergePolicyNotFound, MergePolicyInvalid or MergePolicyNeeded."""
        with self._locked() as connection:
            current = self._get(connection, caller, policy_id)
            return self._store(connection, caller, current, body)

    def patch(self, caller: Caller, policy_id: str, operations: Any) -> dict[str, Any]:
        """A policy with parts of it changed: a JSON Patch whose paths have a dot or a slash inside.

        Raises MergePolicyNotFound, MergePolicyInvalid or MergePolicyNeeded. Source: platform-apis §7.5.
        """
        with self._locked() as connection:
            current = self._get(connection, caller, policy_id)
            try:
                body = apply_patch(current.body, _with_slashes(operations))
            except PatchInvalid as error:
                raise MergePolicyInvalid(str(error), error.path) from None
            return self._store(connection, caller, current, body)

    def delete(self, caller: Caller, policy_id: str) -> None:
        """Remove a policy. Raises MergePolicyNotFound, or MergePolicyNeeded for the default and the built-in one."""
        with self._locked() as connection:
            current = self._get(connection, caller, policy_id)
            if current.body["default"]:
                raise MergePolicyNeeded("the default merge policy can't be deleted; make another the default first")
            if policy_id == built_in_id(caller.scope_id):
                raise MergePolicyNeeded("the merge policy a sandbox has from the start can't be deleted")
            self._resources.delete(connection, current)

    def choose(self, connection: Connection, scope_id: int, policy_id: str) -> MergePolicy:
        """The policy asked for, the default for "". Raises MergePolicyNotFound."""
        table = self.table.current(connection)
        found = table.get(scope_id, policy_id) if policy_id else table.default(scope_id)
        if found is None:
            raise MergePolicyNotFound(f"no merge policy {policy_id!r}")
        return found

    @contextmanager
    def _locked(self) -> Iterator[Connection]:
        """One change of policies at a time: the revision's row is the lock."""
        with self._db.write() as connection:
            self._resources.touch(connection, POLICY_KIND)
            yield connection

    def _store(
        self, connection: Connection, caller: Caller, current: Resource, body: Mapping[str, Any]
    ) -> dict[str, Any]:
        flags = {name: current.body[name] for name in ("default", "isActiveOnEdge")}
        document = _checked({**flags, **body})
        if current.body["default"] and not document["default"]:
            raise MergePolicyNeeded("a sandbox has one default merge policy; make another the default instead")
        stored = self._keep(connection, caller, current)
        changed = self._resources.replace(connection, stored, caller.author, document)
        self._yield_to(connection, caller, changed)
        return _rendered(caller, changed)

    def _keep(self, connection: Connection, caller: Caller, current: Resource) -> Resource:
        """The stored form of a policy; the built-in one is stored when it first changes."""
        if current.version >= 0:
            return current
        return self._resources.create(connection, caller.scope_id, caller.author, POLICY_KIND, current.body, current.id)

    def _yield_to(self, connection: Connection, caller: Caller, winner: Resource) -> None:
        """There is one default and one on the edge: the others give way."""
        taken = [name for name in ("default", "isActiveOnEdge") if winner.body[name]]
        for other in self._all(connection, caller):
            lost = [name for name in taken if other.body[name]]
            if other.id != winner.id and lost:
                stored = self._keep(connection, caller, other)
                document = {**stored.body, **dict.fromkeys(lost, False)}
                self._resources.replace(connection, stored, caller.author, document)

    def _get(self, connection: Connection, caller: Caller, policy_id: str) -> Resource:
        for resource in self._all(connection, caller):
            if resource.id == policy_id:
                return resource
        raise MergePolicyNotFound(f"no merge policy {policy_id!r}")

    def _all(self, connection: Connection, caller: Caller) -> list[Resource]:
        stored = self._resources.in_scope(connection, caller.scope_id, POLICY_KIND)
        policy_id = built_in_id(caller.scope_id)
        if any(resource.id == policy_id for resource in stored):
            return stored
        at_ms = caller.sandbox.created_at_ms
        by = caller.sandbox.created_by
        built_in = Resource(
            caller.scope_id, POLICY_KIND, policy_id, _NOT_STORED, "", dict(_BUILT_IN), at_ms, at_ms, by, by, "", ""
        )
        return [built_in, *stored]

    def _build(self, connection: Connection) -> MergePolicyTable:
        stored = self._resources.in_all_scopes(connection, POLICY_KIND)
        return MergePolicyTable(
            {(resource.scope_id, resource.id): _compiled(resource) for resource in stored},
            {resource.scope_id: resource.id for resource in stored if resource.body["default"]},
        )


_NOT_STORED = -1


def _compiled(resource: Resource) -> MergePolicy:
    merge = resource.body["attributeMerge"]
    return MergePolicy(
        resource.id, resource.body["identityGraph"]["type"], merge["type"], tuple(merge.get("order", ()))
    )


def _rendered(caller: Caller, resource: Resource) -> dict[str, Any]:
    sandbox = caller.sandbox
    return {
        "id": resource.id,
        "imsOrgId": caller.org_id,
        "sandbox": {
            "sandboxId": sandbox.id,
            "sandboxName": sandbox.name,
            "type": sandbox.type,
            "default": sandbox.is_default,
        },
        **resource.body,
        "updateEpoch": resource.updated_at_ms // 1000,
    }


def _checked(body: Mapping[str, Any]) -> dict[str, Any]:
    name, schema = body.get("name"), body.get("schema", {"name": PROFILE_SCHEMA})
    graph, merge = body.get("identityGraph", {"type": "none"}), body.get("attributeMerge")
    if not isinstance(name, str) or not name.strip() or len(name) > 255:
        raise MergePolicyInvalid("name is required: a text of at most 255 characters", "$.name")
    if not isinstance(schema, dict) or schema.get("name") != PROFILE_SCHEMA:
        raise MergePolicyInvalid(f"schema.name is {PROFILE_SCHEMA}", "$.schema.name")
    if not isinstance(graph, dict) or graph.get("type") not in _GRAPH_TYPES:
        raise MergePolicyInvalid("identityGraph.type is none or pdg", "$.identityGraph.type")
    if not isinstance(merge, dict) or merge.get("type") not in _MERGE_TYPES:
        raise MergePolicyInvalid(
            "attributeMerge.type is required: timestampOrdered or dataSetPrecedence", "$.attributeMerge.type"
        )
    attribute_merge: dict[str, Any] = {"type": merge["type"]}
    if merge["type"] == "dataSetPrecedence":
        order = merge.get("order")
        if not isinstance(order, list) or not order or not all(isinstance(one, str) for one in order):
            raise MergePolicyInvalid(
                "attributeMerge.order is required for dataSetPrecedence: data set ids, the strongest first",
                "$.attributeMerge.order",
            )
        attribute_merge["order"] = list(dict.fromkeys(order))
    for flag in ("default", "isActiveOnEdge"):
        if not isinstance(body.get(flag), bool):
            raise MergePolicyInvalid(f"{flag} is true or false", f"$.{flag}")
    return {
        "name": name,
        "schema": {"name": PROFILE_SCHEMA},
        "version": 1,
        "identityGraph": {"type": graph["type"]},
        "attributeMerge": attribute_merge,
        "isActiveOnEdge": body["isActiveOnEdge"],
        "default": body["default"],
    }


def _with_slashes(operations: Any) -> Any:
    """`/identityGraph.type`, as clients write it, as the JSON pointer it stands for; other members are refused."""
    if not isinstance(operations, list):
        return operations
    changed: list[Any] = []
    for index, operation in enumerate(operations):
        path = operation.get("path") if isinstance(operation, dict) else None
        if not isinstance(path, str):
            changed.append(operation)
            continue
        tokens: Sequence[str] = path.removeprefix("/").replace(".", "/").split("/")
        if tokens[0] not in _PATCHABLE:
            raise MergePolicyInvalid(f"only {', '.join(_PATCHABLE)} can be patched, not {path!r}", f"$[{index}].path")
        changed.append({**operation, "path": "/" + "/".join(tokens)})
    return changed
