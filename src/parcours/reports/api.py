"""Routes of reports, under /journey/orchestration."""

from typing import Any

from fastapi import APIRouter, Depends, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from parcours.access.model import Caller
from parcours.access.routing import Gate, Routes
from parcours.journeys.errors import JourneyNotFound
from parcours.reports.live import LiveReports
from parcours.reports.service import ReportService

BASE = "/journey/orchestration"
EVENT_STREAM = "text/event-stream"


def router(gate: Gate, service: ReportService, live: LiveReports) -> APIRouter:
    """Reads only."""
    routes = Routes(prefix=BASE, tags=["Reports"])

    @routes.get("/journeyVersions/{uid}/report")
    def get_report(
        uid: str,
        caller: Caller = Depends(gate.allow("journeys_report.read")),
        start: str | None = Query(None, alias="from", description="A date-time with offset, or a date."),
        end: str | None = Query(None, alias="to", description="The same; it is left out itself."),
        interval: str | None = Query(None, description="`hour` or `day`: adds a series."),
    ) -> dict[str, Any]:
        """What a version did: in the last 24 hours, over all time, and in a period."""
        return service.report(caller, uid, start, end, interval)

    @routes.get(
        "/journeyVersions/{uid}/report/live",
        response_class=StreamingResponse,
        responses={200: {"content": {EVENT_STREAM: {}}, "description": "Events `counters` as they change."}},
    )
    async def stream_report(
        uid: str, caller: Caller = Depends(gate.allow("journeys_report.read"))
    ) -> StreamingResponse:
        """A version's counters as server-sent events, whenever they change."""
        if await run_in_threadpool(service.counters, caller.scope_id, uid) is None:
            raise JourneyNotFound(uid)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(live.stream(caller.scope_id, uid), media_type=EVENT_STREAM, headers=headers)

    @routes.get("/journeyVersions/{uid}/counters")
    def get_counters(uid: str, caller: Caller = Depends(gate.allow("journeys_report.read"))) -> dict[str, Any]:
        """A version's counters as they are now: what the stream tells whenever they change."""
        found = service.counters(caller.scope_id, uid)
        if found is None:
            raise JourneyNotFound(uid)
        return found

    @routes.get("/overview")
    def get_overview(caller: Caller = Depends(gate.allow("journeys_report.read"))) -> dict[str, Any]:
        """The sandbox's journeys in the last 24 hours."""
        return service.overview(caller)

    @routes.get("/events/{uid}/discards")
    def get_event_discards(uid: str, caller: Caller = Depends(gate.allow("journeys_report.read"))) -> dict[str, Any]:
        """Why events of a configuration came to no journey."""
        return service.event_discards(caller, uid)

    return routes
