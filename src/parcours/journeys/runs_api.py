"""Running instances over HTTP: one, those of a version, where they stand, and the trace of a person or event."""

from typing import Any

from fastapi import APIRouter, Depends, Query

from parcours.access import Caller
from parcours.access.routing import Gate
from parcours.db import Database
from parcours.identity.namespaces import canonical_namespace
from parcours.journeys import store, trace
from parcours.journeys.counter_store import read_counts
from parcours.journeys.counters import statuses_of
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

    @routes.get(BASE + "/journeyVersions/{version_uid}/testLog")
    def get_test_log(
        version_uid: str,
        caller: Caller = Depends(gate.allow("journeys.read")),
        limit: int = Query(100, ge=1, le=1000),
    ) -> dict[str, Any]:
        """What became of each test profile: where it is, its way, events, answers and errors."""
        with db.read() as connection:
            journeys.require_version(connection, caller.scope_id, version_uid)
            return {"results": trace.read_test_log(connection, caller.scope_id, version_uid, limit)}

    @routes.get(BASE + "/journeyVersions/{version_uid}/counts")
    def count_instances(version_uid: str, caller: Caller = Depends(gate.allow("journeys.read"))) -> dict[str, Any]:
        """How many instances entered, and how many stand in each status and node now."""
        with db.read() as connection:
            journeys.require_version(connection, caller.scope_id, version_uid)
            return statuses_of(read_counts(connection, caller.scope_id, version_uid))

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
