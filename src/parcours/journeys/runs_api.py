"""Running instances over HTTP: one, those of a version, where they stand, and the trace of a person or event."""

from typing import Any

from fastapi import APIRouter, Depends, Query

from parcours.access import Caller
from parcours.access.routing import Gate
from parcours.db import Database
from parcours.identity.namespaces import canonical_namespace
from parcours.journeys import store, trace
from parcours.journeys.service import JourneyService
from parcours.journeys.trace import TraceUnclear

BASE = "/journey/orchestration"


def router(gate: Gate, db: Database, journeys: JourneyService) -> APIRouter:
    """Reads only; what moves an instance is the pipeline."""
    routes = APIRouter(tags=["Journey instances"])

    @routes.get(BASE + "/instances/{instance_id}")
    def get_instance(instance_id: str, caller: Caller = Depends(gate.allow("journeys.read"))) -> dict[str, Any]:
        """An instance with its step events and timers."""
        with db.read() as connection:
            return trace.trace_instance(connection, caller.scope_id, instance_id, journeys.live.current(connection))

    @routes.get(BASE + "/journeyVersions/{version_uid}/instances")
    def list_instances(
        version_uid: str,
        caller: Caller = Depends(gate.allow("journeys.read")),
        key: str | None = None,
        limit: int = Query(100, ge=1, le=1000),
    ) -> dict[str, Any]:
        """Instances of a version, the latest entrance first."""
        with db.read() as connection:
            journeys.require_version(connection, caller.scope_id, version_uid)
            live = journeys.live.current(connection)
            found = store.list_instances(connection, caller.scope_id, version_uid=version_uid, key=key, limit=limit)
            return {"results": [trace.describe_instance(instance, live, [], []) for instance in found]}

    @routes.get(BASE + "/journeyVersions/{version_uid}/counts")
    def count_instances(version_uid: str, caller: Caller = Depends(gate.allow("journeys.read"))) -> dict[str, Any]:
        """How many instances entered, and how many stand in each status and node now."""
        with db.read() as connection:
            journeys.require_version(connection, caller.scope_id, version_uid)
            counts = store.count_instances(connection, caller.scope_id, version_uid)
        statuses: dict[str, int] = {}
        nodes: dict[str, int] = {}
        for (status, node_id), count in counts.items():
            statuses[status] = statuses.get(status, 0) + count
            if node_id is not None:
                nodes[node_id] = nodes.get(node_id, 0) + count
        return {"entered": sum(counts.values()), "status": statuses, "nodes": nodes}

    @routes.get(BASE + "/trace")
    def get_trace(
        caller: Caller = Depends(gate.allow("journeys.read")),
        identity: str | None = None,
        namespace: str = "Email",
        event_id: str | None = Query(None, alias="eventId"),
        limit: int = Query(100, ge=1, le=1000),
    ) -> dict[str, Any]:
        """Why a customer is where they are: by `identity` and `namespace`, or by `eventId`."""
        with db.read() as connection:
            live = journeys.live.current(connection)
            if event_id is not None:
                return trace.trace_event(connection, caller.scope_id, event_id, live)
            if not identity:
                raise TraceUnclear("give identity and namespace, or eventId", "$.identity")
            person = (canonical_namespace(namespace), identity)
            return trace.trace_person(connection, caller.scope_id, person, live, limit)

    return routes
