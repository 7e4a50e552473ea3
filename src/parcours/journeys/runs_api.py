"""Running instances over HTTP: one, those of a version, where they stand, and the trace of a person or event."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Depends, Query

from parcours.access import Caller
from parcours.access.routing import Gate, Routes
from parcours.db import Database
from parcours.identity.namespaces import canonical_namespace
from parcours.journeys import store, trace
from parcours.journeys.counter_store import read_counts
from parcours.journeys.counters import statuses_of
from parcours.journeys.errors import DraftQueryInvalid
from parcours.journeys.service import JourneyService
from parcours.journeys.surroundings import arrows_of, races_of
from parcours.journeys.trace import TraceUnclear

BASE = "/journey/orchestration"


def router(gate: Gate, db: Database, journeys: JourneyService) -> APIRouter:
    """Reads only; what moves an instance is the pipeline."""
    routes = Routes(tags=["Journey instances"])

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
        node_id: str | None = Query(None, alias="nodeId", description="The activity that they are at."),
        states: list[str] = Query(default=[], alias="state", description="`active`, `ended` …; several mean any."),
        start: str = Query("", description="`next` of the page before."),
        limit: int = Query(100, ge=1, le=1000),
    ) -> dict[str, Any]:
        """Instances of a version, the latest entrance first; a page may hold fewer than `limit` and have a `next`."""
        after = _read_place(start)
        with db.read() as connection:
            version = journeys.require_version(connection, caller.scope_id, version_uid)
            live = journeys.live.current(connection)
            page = store.page_instances(
                connection, caller.scope_id, version.body["journeyUid"], version_uid, limit=limit,
                node_ids=() if node_id is None else _places_of(version.body["document"], node_id),
                statuses=states, key=key, after=after,
            )  # fmt: skip
        return {
            "results": [trace.describe_instance(instance, live, [], []) for instance in page.instances],
            "next": None if page.next is None else f"{page.next[0]}-{page.next[1]}",
        }

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


def _places_of(document: Mapping[str, Any], node_id: str) -> list[str]:
    """Ids that instances at an activity may have: its own, and those of the races that it is in."""
    races = races_of(arrows_of(document))
    return [node_id, *(race for race, members in races.items() if node_id in members)]


def _read_place(text: str) -> store.InstancePlace | None:
    if not text:
        return None
    at, _, instance_id = text.partition("-")
    if not at.isascii() or not at.isdecimal() or len(at) > 18 or not instance_id:
        raise DraftQueryInvalid("start is `next` of the page before", "$.start")
    return int(at), instance_id
