"""Connections, source and target connections and flows as resources, and the inlets compiled from them."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection

from parcours.access import Caller
from parcours.access.service import SANDBOX_KIND
from parcours.access.store import list_sandboxes
from parcours.catalog.documents import DATA_SET_KIND
from parcours.catalog.model import DataSetTable
from parcours.db import Database
from parcours.flows.compile import Graph, compile_inlets
from parcours.flows.documents import (
    CONNECTION,
    DELETED_FLOW,
    DISABLED,
    DRAFT,
    ENABLED,
    FLOW,
    KINDS,
    SOURCE,
    TARGET,
    check_document,
    check_draft,
    mapping_of,
    remember,
)
from parcours.flows.errors import FlowRefused
from parcours.flows.listing import ListRequest, page_of
from parcours.flows.model import InletTable
from parcours.flows.render import render
from parcours.flows.runs import RunService
from parcours.flows.specs import CONNECTION_SPEC_BY_ID, FLOW_SPEC_BY_ID
from parcours.kit.ids import new_hex
from parcours.resources.patch import OPERATIONS, PatchInvalid, apply_patch
from parcours.resources.store import Compiled, EtagMismatch, Resource, ResourceStore

MappingSchema = Callable[[Connection, int, str, int], str | None]
"""(connection, scope, mapping set id, version) → the `$id` of its target schema ("" when it names none); None when
there is no such set or version."""

PATHS: Mapping[str, str] = {
    CONNECTION: "/connections",
    SOURCE: "/sourceConnections",
    TARGET: "/targetConnections",
    FLOW: "/flows",
}
_PATCHABLE: Mapping[str, frozenset[str]] = {
    CONNECTION: frozenset({"name", "description", "auth", "connectionSpec", "params", "tags", "labels"}),
    SOURCE: frozenset({"name", "description", "data", "params", "connectionSpec", "tags", "labels"}),
    TARGET: frozenset({"name", "description", "data", "params", "connectionSpec", "tags", "labels"}),
    FLOW: frozenset(
        {
            "name", "description", "scheduleParams", "transformations", "options", "policy", "state", "tags",
            "labels", "catalogProperties",
        }
    ),
}  # fmt: skip
"""First steps of the paths a patch may change; a draft may change in any place."""


class FlowService:
    """Flow Service of every sandbox."""

    def __init__(
        self,
        db: Database,
        resources: ResourceStore,
        data_sets: Compiled[DataSetTable],
        mapping_schema: MappingSchema,
        base_url: str,
    ) -> None:
        self._db = db
        self._resources = resources
        self._data_sets = data_sets
        self._mapping_schema = mapping_schema
        self._base_url = base_url
        self.runs = RunService(db, resources, base_url)
        self.inlets: Compiled[InletTable] = Compiled(
            resources, [*KINDS, DELETED_FLOW, DATA_SET_KIND, SANDBOX_KIND], self._compile_inlets
        )

    def find_all(self, caller: Caller, kind: str, request: ListRequest) -> dict[str, Any]:
        """A page of one collection, oldest first unless ordered otherwise, or its size. Raises FlowRefused."""
        with self._db.read() as connection:
            graph = Graph.load(self._resources, connection, caller.scope_id)
            found = _of_kind(graph, kind)
            last = self.runs.last_runs(connection, caller, found) if kind == FLOW else {}
        items = [
            render(resource, kind, caller, graph, self._base_url, last.get(resource.id)) for resource in found.values()
        ]
        return page_of(items, request, PATHS[kind])

    def get(self, caller: Caller, kind: str, resource_id: str) -> dict[str, Any]:
        """One object as the API shows it. Raises FlowRefused 1439."""
        with self._db.read() as connection:
            found = self._find(connection, caller, kind, resource_id)
            graph = Graph.load(self._resources, connection, caller.scope_id)
            last = self.runs.last_runs(connection, caller, {found.id: found}) if kind == FLOW else {}
        return render(found, kind, caller, graph, self._base_url, last.get(found.id))

    def has_flow(self, caller: Caller, flow_id: str) -> bool:
        """Whether the sandbox has this flow."""
        with self._db.read() as connection:
            return self._resources.find(connection, caller.scope_id, FLOW, flow_id) is not None

    def create(self, caller: Caller, kind: str, body: Mapping[str, Any], *, is_draft: bool = False) -> Resource:
        """A new object; a draft may be incomplete. Raises FlowRefused."""
        if kind == FLOW and body.get("state") is not None and not is_draft:
            raise FlowRefused("1410-400", "state is not set at creation: a flow begins enabled", "$.state")
        document = check_draft(body) if is_draft else check_document(kind, body)
        with self._db.write() as connection:
            if is_draft:
                document["state"] = DRAFT
            else:
                self._complete(connection, caller, kind, document)
            return self._resources.create(connection, caller.scope_id, caller.author, kind, document)

    def patch(self, caller: Caller, kind: str, resource_id: str, operations: Any, if_match: str | None) -> Resource:
        """Change an object by a JSON Patch. Raises FlowRefused 1403–1405, 1414, 1434, 1455 or as creation does."""
        if not if_match:
            raise FlowRefused("1403-400", "the header If-Match is needed: the etag that was read")
        if not operations:
            raise FlowRefused("1405-400", "the body is empty; a JSON Patch is needed")
        _check_operations(operations)
        with self._db.write() as connection:
            current = self._find(connection, caller, kind, resource_id)
            if current.body["state"] != DRAFT:
                _check_paths(kind, operations)
            try:
                changed = apply_patch(current.body, operations)
            except PatchInvalid as error:
                raise FlowRefused("1455-400", str(error), error.path) from None
            if current.body["state"] == DRAFT:
                document = check_draft(changed)
                document["state"] = DRAFT
            else:
                document = self._changed(connection, caller, kind, current, changed)
            return self._replace(connection, caller, current, document, if_match)

    def delete(self, caller: Caller, kind: str, resource_id: str) -> None:
        """Remove an object that no flow needs. Raises FlowRefused 1418, 1439 or 1447.

        A flow is remembered for the records it has accepted, until its data set goes.
        """
        with self._db.write() as connection:
            current = self._find(connection, caller, kind, resource_id)
            if kind == FLOW:
                for inlet in self.inlets.current(connection).by_id.values():
                    flow = inlet.flows.get(resource_id)
                    if flow is not None:
                        document = remember(inlet, flow)
                        self._resources.create(
                            connection, caller.scope_id, caller.author, DELETED_FLOW, document, resource_id
                        )
            else:
                graph = Graph.load(self._resources, connection, caller.scope_id)
                users = [str(flow.body.get("name", flow.id)) for flow in graph.users_of(kind, resource_id)]
                if users:
                    code = "1418-400" if kind == CONNECTION else "1447-400"
                    raise FlowRefused(code, f"flows still use it: {', '.join(users[:5])}")
            self._resources.delete(connection, current)

    def forget(self, connection: Connection, scope_id: int, dataset_id: str) -> set[str]:
        """Let go of deleted flows into a data set that is being deleted; the ids of mapping sets only they used."""
        deleted = self._resources.in_scope(connection, scope_id, DELETED_FLOW)
        gone = [flow for flow in deleted if flow.body["dataSetId"] == dataset_id]
        for flow in gone:
            self._resources.delete(connection, flow)
        kept = {flow.body["mapping"][0] for flow in deleted if flow not in gone and flow.body["mapping"]}
        return {flow.body["mapping"][0] for flow in gone if flow.body["mapping"]} - kept

    def act(self, caller: Caller, kind: str, resource_id: str, operation: str) -> Resource:
        """Enable, disable or publish. Raises FlowRefused 1409, 1422, 1434 and what creation does."""
        verb = operation.lower()
        if verb in ("finalize", "finalize_update"):
            raise FlowRefused("1409-400", "there is no update in progress that could be finalized")
        if verb != "publish" and (kind != FLOW or verb not in ("enable", "disable")):
            verbs = "enable, disable or publish" if kind == FLOW else "publish"
            raise FlowRefused("1434-400", f"op is {verbs}, not {operation[:40]!r}")
        with self._db.write() as connection:
            current = self._find(connection, caller, kind, resource_id)
            state = current.body["state"]
            if verb == "publish":
                if state != DRAFT:
                    raise FlowRefused("1422-400", "it is published already")
                document = check_document(kind, current.body)
                self._complete(connection, caller, kind, document)
            else:
                wanted = ENABLED if verb == "enable" else DISABLED
                _check_transition(state, wanted)
                document = {**current.body, "state": wanted}
            return self._replace(connection, caller, current, document)

    def test(self, caller: Caller, resource_id: str) -> bool:
        """Whether a connection can be used: it is there, and it is no draft. Raises FlowRefused 1439."""
        with self._db.read() as connection:
            return bool(self._find(connection, caller, CONNECTION, resource_id).body["state"] == ENABLED)

    def _complete(self, connection: Connection, caller: Caller, kind: str, document: dict[str, Any]) -> None:
        """Check a complete document against what it refers to, and begin its life."""
        self._check_references(connection, caller.scope_id, kind, document)
        if kind == CONNECTION and isinstance(document.get("auth"), dict):
            document["auth"]["params"]["inletId"] = new_hex(64)
        document["state"] = ENABLED

    def _changed(
        self, connection: Connection, caller: Caller, kind: str, current: Resource, changed: dict[str, Any]
    ) -> dict[str, Any]:
        before = current.body
        if kind != FLOW and changed.get("connectionSpec") != before["connectionSpec"]:
            raise FlowRefused("1414-400", "the connection specification can't be changed", "$.connectionSpec")
        wanted = changed.get("state")
        if kind == CONNECTION:
            _keep_authentication(before, changed)
        document = check_document(kind, changed)
        self._check_references(connection, caller.scope_id, kind, document)
        document["state"] = before["state"]
        if kind == FLOW and wanted != before["state"]:
            if wanted not in (ENABLED, DISABLED):
                raise FlowRefused("1456-400", f"state is {ENABLED} or {DISABLED}", "$.state")
            document["state"] = wanted
        if kind == CONNECTION and isinstance(before.get("auth"), dict):
            params = before["auth"]["params"]
            if (
                not isinstance(document.get("auth"), dict)
                or document["auth"]["params"]["dataType"] != params["dataType"]
            ):
                raise FlowRefused(
                    "1455-400", "the data type of a connection can't be changed", "$.auth.params.dataType"
                )
            document["auth"]["params"]["inletId"] = params["inletId"]
        if kind == TARGET and document["params"]["dataSetId"] != before["params"]["dataSetId"]:
            graph = Graph.load(self._resources, connection, caller.scope_id)
            if graph.users_of(TARGET, current.id):
                raise FlowRefused(
                    "1447-400",
                    "flows write through this connection: its data set can't be changed",
                    "$.params.dataSetId",
                )
        return document

    def _check_references(self, connection: Connection, scope_id: int, kind: str, document: Mapping[str, Any]) -> None:
        if kind in (SOURCE, TARGET) and document.get("baseConnectionId") is not None:
            base = self._refer(connection, scope_id, CONNECTION, document["baseConnectionId"], "$.baseConnectionId")
            if base.body["connectionSpec"]["id"] != document["connectionSpec"]["id"]:
                raise FlowRefused(
                    "1100-400", "the base connection has another connection specification", "$.connectionSpec.id"
                )
            self._check_data_type(document, base)
        if kind == TARGET:
            self._check_target(connection, scope_id, document)
        if kind == FLOW:
            self._check_flow(connection, scope_id, document)

    def _check_data_type(self, document: Mapping[str, Any], base: Resource) -> None:
        data_type = (document.get("params") or {}).get("dataType")
        auth = base.body.get("auth")
        if data_type is not None and isinstance(auth, dict) and data_type != auth["params"]["dataType"]:
            raise FlowRefused(
                "1100-400", f"the base connection takes {auth['params']['dataType']} messages", "$.params.dataType"
            )

    def _check_target(self, connection: Connection, scope_id: int, document: Mapping[str, Any]) -> None:
        dataset_id = document["params"]["dataSetId"]
        data_set = self._data_sets.current(connection).get(scope_id, dataset_id)
        if data_set is None:
            raise FlowRefused("1439-400", f"no data set {dataset_id!r} in this sandbox", "$.params.dataSetId")
        if data_set.is_kept:
            raise FlowRefused("1439-400", f"the system alone writes to {data_set.name}", "$.params.dataSetId")
        schema_id = ((document.get("data") or {}).get("schema") or {}).get("id")
        if schema_id and schema_id != data_set.schema_id:
            raise FlowRefused("1425-400", f"data set {dataset_id} has schema {data_set.schema_id}", "$.data.schema.id")

    def _check_flow(self, connection: Connection, scope_id: int, document: Mapping[str, Any]) -> None:
        spec = FLOW_SPEC_BY_ID[document["flowSpec"]["id"]]
        source = self._refer(
            connection, scope_id, SOURCE, document["sourceConnectionIds"][0], "$.sourceConnectionIds[0]"
        )
        target = self._refer(
            connection, scope_id, TARGET, document["targetConnectionIds"][0], "$.targetConnectionIds[0]"
        )
        for found, key in ((source, "sourceConnection"), (target, "targetConnection")):
            spec_id = found.body["connectionSpec"]["id"]
            if spec_id not in spec[f"{key}SpecIds"]:
                name = CONNECTION_SPEC_BY_ID[spec_id]["name"]
                raise FlowRefused(
                    "1100-400", f"flow specification {spec['name']!r} does not take {name!r}", f"$.{key}Ids[0]"
                )
        base_id = source.body["baseConnectionId"]
        self._refer(connection, scope_id, CONNECTION, base_id, "$.sourceConnectionIds[0]")
        dataset_id = target.body["params"]["dataSetId"]
        data_set = self._data_sets.current(connection).get(scope_id, dataset_id)
        if data_set is None:
            raise FlowRefused(
                "1439-400", f"data set {dataset_id!r} of the target connection is gone", "$.targetConnectionIds[0]"
            )
        mapping = mapping_of(document)
        if mapping is None:
            return
        schema_id = self._mapping_schema(connection, scope_id, *mapping)
        path = "$.transformations[0].params"
        if schema_id is None:
            raise FlowRefused(
                "1412-400", f"no mapping set {mapping[0]!r} with version {mapping[1]}", f"{path}.mappingId"
            )
        if schema_id and schema_id != data_set.schema_id:
            raise FlowRefused(
                "1425-400",
                f"the mapping set is for schema {schema_id}, the data set has {data_set.schema_id}",
                f"{path}.mappingId",
            )

    def _refer(self, connection: Connection, scope_id: int, kind: str, resource_id: str, path: str) -> Resource:
        found = self._resources.find(connection, scope_id, kind, resource_id)
        if found is None:
            raise FlowRefused("1439-400", f"no {kind} {resource_id!r} in this sandbox", path)
        if found.body["state"] == DRAFT:
            raise FlowRefused("1421-400", f"{kind} {resource_id!r} is a draft: publish it first", path)
        return found

    def _find(self, connection: Connection, caller: Caller, kind: str, resource_id: str) -> Resource:
        found = self._resources.find(connection, caller.scope_id, kind, resource_id)
        if found is None:
            about = {"id": resource_id, "type": PATHS[kind].strip("/")}
            raise FlowRefused("1439-404", f"no {kind} {resource_id!r} in this sandbox", about=about)
        return found

    def _replace(
        self,
        connection: Connection,
        caller: Caller,
        current: Resource,
        document: Mapping[str, Any],
        if_match: str | None = None,
    ) -> Resource:
        try:
            return self._resources.replace(connection, current, caller.author, document, if_match)
        except EtagMismatch as error:
            raise FlowRefused("1404-412", f"it has changed since it was read: its etag is {error.current}") from None

    def _compile_inlets(self, connection: Connection) -> InletTable:
        connections, sources, targets, flows, deleted = (
            self._resources.in_all_scopes(connection, kind) for kind in (CONNECTION, SOURCE, TARGET, FLOW, DELETED_FLOW)
        )
        data_sets = self._data_sets.current(connection)
        return compile_inlets(list_sandboxes(connection), connections, sources, targets, flows, deleted, data_sets)


def _of_kind(graph: Graph, kind: str) -> Mapping[str, Resource]:
    return {CONNECTION: graph.connections, SOURCE: graph.sources, TARGET: graph.targets, FLOW: graph.flows}[kind]


def _keep_authentication(before: Mapping[str, Any], changed: Mapping[str, Any]) -> None:
    """A change that doesn't say so never opens an inlet that wants a token."""
    auth = changed.get("auth")
    params = auth.get("params") if isinstance(auth, dict) else None
    if isinstance(params, dict) and isinstance(before.get("auth"), dict):
        params.setdefault("authenticationRequired", before["auth"]["params"]["authenticationRequired"])


def _check_transition(state: str, wanted: str) -> None:
    if state == DRAFT:
        raise FlowRefused("1422-400", "a draft is published before it is enabled or disabled")
    if state == wanted:
        raise FlowRefused("1422-400", f"it is {wanted} already")


def _check_operations(operations: Any) -> None:
    for index, operation in enumerate(operations if isinstance(operations, list) else ()):
        name = operation.get("op") if isinstance(operation, dict) else None
        if isinstance(name, str) and name.lower() not in OPERATIONS:
            raise FlowRefused("1434-400", f"{name[:40]!r} is no operation of a JSON Patch", f"$[{index}].op")


def _check_paths(kind: str, operations: Any) -> None:
    """Refuse operations outside of what a client may change."""
    for index, operation in enumerate(operations if isinstance(operations, list) else ()):
        if not isinstance(operation, dict):
            continue  # apply_patch says so
        moved = operation.get("from") if str(operation.get("op")).lower() == "move" else None
        for pointer in (operation.get("path"), moved):
            if pointer is None:
                continue
            root = pointer.split("/")[1] if isinstance(pointer, str) and pointer.startswith("/") else ""
            if root not in _PATCHABLE[kind]:
                allowed = ", ".join(f"/{name}" for name in sorted(_PATCHABLE[kind]))
                raise FlowRefused("1455-400", f"{pointer!r} can't be changed; these can: {allowed}", f"$[{index}].path")
