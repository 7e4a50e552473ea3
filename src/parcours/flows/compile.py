"""The stored definitions, compiled for the hot path and for whoever asks what belongs together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from parcours.access.model import Sandbox
from parcours.catalog.model import DataSetTable
from parcours.flows.documents import CONNECTION, DELETED_FLOW, DRAFT, ENABLED, FLOW, SOURCE, TARGET, mapping_of
from parcours.flows.errors import FlowRefused
from parcours.flows.model import Flow, Inlet, InletTable
from parcours.flows.specs import HTTP_API
from parcours.resources.store import Resource, ResourceStore


def compile_inlets(
    sandboxes: Iterable[Sandbox],
    connections: Iterable[Resource],
    sources: Iterable[Resource],
    targets: Iterable[Resource],
    flows: Iterable[Resource],
    deleted_flows: Iterable[Resource],
    data_sets: DataSetTable,
) -> InletTable:
    """Every inlet of an active sandbox with its flows. Drafts, and flows whose data set is gone, are left out."""
    by_scope = {sandbox.scope_id: sandbox for sandbox in sandboxes if sandbox.state == "active"}
    base_of = {(s.scope_id, s.id): s.body.get("baseConnectionId") for s in sources if s.body["state"] != DRAFT}
    target_of = {(t.scope_id, t.id): t for t in targets if t.body["state"] != DRAFT}
    flows_of: dict[tuple[int, str], dict[str, Flow]] = {}
    for resource in flows:
        body, scope_id = resource.body, resource.scope_id
        if body["state"] == DRAFT:
            continue
        base_id = base_of.get((scope_id, body["sourceConnectionIds"][0]))
        target = target_of.get((scope_id, body["targetConnectionIds"][0]))
        data_set = data_sets.get(scope_id, target.body["params"]["dataSetId"]) if target is not None else None
        if base_id is None or data_set is None:
            continue
        flows_of.setdefault((scope_id, base_id), {})[resource.id] = Flow(
            resource.id,
            scope_id,
            body["name"],
            data_set.id,
            data_set.schema_id,
            mapping_of(body),
            body["state"] == ENABLED,
        )
    inlets: dict[str, Inlet] = {}
    for resource in connections:
        body, sandbox = resource.body, by_scope.get(resource.scope_id)
        if sandbox is None or body["state"] == DRAFT or body["connectionSpec"]["id"] != HTTP_API:
            continue
        params = body["auth"]["params"]
        inlets[params["inletId"]] = Inlet(
            params["inletId"],
            resource.scope_id,
            sandbox.org_id,
            sandbox.name,
            resource.id,
            params["dataType"],
            params["authenticationRequired"],
            params["sourceId"],
            params["name"],
            body["state"] == ENABLED,
            flows_of.get((resource.scope_id, resource.id), {}),
        )
    return InletTable(inlets, _remembered(inlets, by_scope, deleted_flows), frozenset(by_scope))


def _remembered(
    inlets: Mapping[str, Inlet], by_scope: Mapping[int, Sandbox], deleted_flows: Iterable[Resource]
) -> dict[str, Inlet]:
    found = dict(inlets)
    for resource in deleted_flows:
        body, sandbox = resource.body, by_scope.get(resource.scope_id)
        if sandbox is None:
            continue
        inlet = found.get(body["inletId"]) or Inlet(
            body["inletId"],
            resource.scope_id,
            sandbox.org_id,
            sandbox.name,
            body["connectionId"],
            body["dataType"],
            is_authenticated=True,
            source_id="",
            name="",
            is_enabled=False,
            flows={},
        )
        mapping = body["mapping"]
        flow = Flow(
            resource.id,
            resource.scope_id,
            body["name"],
            body["dataSetId"],
            body["schemaId"],
            None if mapping is None else (mapping[0], mapping[1]),
            is_enabled=False,
        )
        found[inlet.inlet_id] = replace(inlet, flows={**inlet.flows, flow.id: flow})
    return found


@dataclass(frozen=True, slots=True)
class Graph:
    """The Flow Service objects of one sandbox, each by id."""

    connections: Mapping[str, Resource]
    sources: Mapping[str, Resource]
    targets: Mapping[str, Resource]
    flows: Mapping[str, Resource]

    @classmethod
    def load(cls, resources: ResourceStore, connection: Connection, scope_id: int) -> "Graph":
        """Everything of a sandbox."""
        return cls(
            *(
                {resource.id: resource for resource in resources.in_scope(connection, scope_id, kind)}
                for kind in (CONNECTION, SOURCE, TARGET, FLOW)
            )
        )

    def users_of(self, kind: str, resource_id: str) -> list[Resource]:
        """The flows that need an object: a base connection, a source or a target connection."""
        if kind == CONNECTION:
            wanted = {s.id for s in self.sources.values() if s.body.get("baseConnectionId") == resource_id}
        else:
            wanted = {resource_id}
        key = "targetConnectionIds" if kind == TARGET else "sourceConnectionIds"
        return [flow for flow in self.flows.values() if wanted & set(_ids(flow.body.get(key)))]

    def inherited(self, kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """`inheritedAttributes`: what an object refers to, with the specs of it."""
        if kind == FLOW:
            return {
                "sourceConnections": [self._reference(self.sources, i) for i in _ids(body.get("sourceConnectionIds"))],
                "targetConnections": [self._reference(self.targets, i) for i in _ids(body.get("targetConnectionIds"))],
            }
        base = self.connections.get(str(body.get("baseConnectionId")))
        if kind == CONNECTION or base is None:
            return {}
        return {"baseConnection": {"id": base.id, "connectionSpec": base.body.get("connectionSpec", {})}}

    def _reference(self, resources: Mapping[str, Resource], resource_id: str) -> dict[str, Any]:
        found = resources.get(resource_id)
        if found is None:
            return {"id": resource_id}
        return {
            "id": resource_id,
            "connectionSpec": found.body.get("connectionSpec", {}),
            **self.inherited(SOURCE, found.body),
        }


def _ids(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def flows_with(resources: ResourceStore, connection: Connection, scope_id: int, mapping_set_id: str) -> list[str]:
    """What maps with a mapping set, in words; empty when nothing does."""
    found = []
    for flow in resources.in_scope(connection, scope_id, FLOW):
        try:
            mapping = mapping_of(flow.body)
        except FlowRefused:  # a draft may hold anything
            continue
        if mapping is not None and mapping[0] == mapping_set_id:
            found.append(f"flow {flow.body.get('name', flow.id)!r}")
    return found


def is_remembered(resources: ResourceStore, connection: Connection, scope_id: int, mapping_set_id: str) -> bool:
    """Whether a deleted flow, whose records may still be on their way, maps with a mapping set."""
    deleted = resources.in_scope(connection, scope_id, DELETED_FLOW)
    return any(flow.body["mapping"] is not None and flow.body["mapping"][0] == mapping_set_id for flow in deleted)


def flows_into(resources: ResourceStore, connection: Connection, scope_id: int, dataset_id: str) -> list[str]:
    """What writes to a data set, in words; empty when nothing does."""
    graph = Graph.load(resources, connection, scope_id)
    found = []
    for target in graph.targets.values():
        params = target.body.get("params")
        if isinstance(params, dict) and params.get("dataSetId") == dataset_id:
            found += [f"flow {flow.body.get('name', flow.id)!r}" for flow in graph.users_of(TARGET, target.id)]
    return found
