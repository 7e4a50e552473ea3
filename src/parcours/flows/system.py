"""A way into the log that Parcours itself makes: a connection with its inlet, and a flow for each data set."""

import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection

from parcours.flows.compile import Graph
from parcours.flows.documents import CONNECTION, DISABLED, ENABLED, FLOW, SOURCE, TARGET, check_document
from parcours.flows.specs import DATA_LAKE, FLOW_PLAIN, HTTP_API, STREAMING_AUTH, VERSION
from parcours.kit.ids import new_hex
from parcours.resources.store import Author, Resource, ResourceStore

_NAMES = uuid.UUID("7f0b0d1e-6a0c-5d55-9d1c-0b1f3f0d5a11")
"""What the ids of these objects are derived from, so that two processes make the same."""


class SystemFlow(NamedTuple):
    """Where such records go in."""

    inlet_id: str
    flow_id: str
    is_enabled: bool


def find_system_flow(
    resources: ResourceStore, connection: Connection, scope_id: int, name: str, dataset_id: str
) -> SystemFlow | None:
    """The flow into a data set, or None when a part of it is not there."""
    graph = Graph.load(resources, connection, scope_id)
    base = graph.connections.get(_id(scope_id, name, CONNECTION))
    source_id, target_id = _id(scope_id, name, SOURCE), _id(scope_id, name, TARGET, dataset_id)
    if base is None or source_id not in graph.sources or target_id not in graph.targets:
        return None
    for flow in graph.users_of(TARGET, target_id):
        if flow.body.get("sourceConnectionIds") == [source_id]:
            return SystemFlow(base.body["auth"]["params"]["inletId"], flow.id, flow.body["state"] != DISABLED)
    return None


def ensure_system_flow(
    resources: ResourceStore, connection: Connection, scope_id: int, author: Author, name: str, dataset_id: str
) -> SystemFlow:
    """The flow into a data set, with whatever of it was missing made in the caller's transaction.

    The inlet takes XDM and wants a token. Its connection is shared by every data set of the same name in a sandbox.
    """
    resources.touch(connection, FLOW)  # its row lock makes those who would make it twice wait for each other
    found = find_system_flow(resources, connection, scope_id, name, dataset_id)
    if found is not None:
        return found

    def ensure(kind: str, resource_id: str, body: Mapping[str, Any]) -> Resource:
        there = resources.find(connection, scope_id, kind, resource_id) if resource_id else None
        if there is not None:
            return there
        document = check_document(kind, body)
        if kind == CONNECTION:
            document["auth"]["params"]["inletId"] = new_hex(64)
        document["state"] = ENABLED
        return resources.create(connection, scope_id, author, kind, document, resource_id)

    spec = {"id": HTTP_API, "version": VERSION}
    params = {"sourceId": name, "name": name, "dataType": "xdm", "authenticationRequired": True}
    auth = {"specName": STREAMING_AUTH, "params": params}
    base = ensure(CONNECTION, _id(scope_id, name, CONNECTION), {"name": name, "connectionSpec": spec, "auth": auth})
    source = ensure(
        SOURCE, _id(scope_id, name, SOURCE), {"name": name, "baseConnectionId": base.id, "connectionSpec": spec}
    )
    target = ensure(
        TARGET,
        _id(scope_id, name, TARGET, dataset_id),
        {
            "name": f"{name}: {dataset_id}",
            "connectionSpec": {"id": DATA_LAKE, "version": VERSION},
            "params": {"dataSetId": dataset_id},
        },
    )
    flow = ensure(
        FLOW,
        "",  # the id of a deleted flow is remembered: a new one needs its own
        {
            "name": f"{name}: {dataset_id}",
            "flowSpec": {"id": FLOW_PLAIN, "version": VERSION},
            "sourceConnectionIds": [source.id],
            "targetConnectionIds": [target.id],
        },
    )
    return SystemFlow(base.body["auth"]["params"]["inletId"], flow.id, is_enabled=True)


def _id(scope_id: int, name: str, *parts: str) -> str:
    return str(uuid.uuid5(_NAMES, "\0".join((str(scope_id), name, *parts))))
