"""Routes for operators, under /parcours: how the server is doing, and with which settings."""

from typing import Any

from fastapi import APIRouter, Depends
from starlette.responses import StreamingResponse

from parcours.access.model import Caller
from parcours.access.routing import Gate, Routes
from parcours.doctor.operations import Operations
from parcours.kit.settings import Settings
from parcours.reports.live import LiveReports

EVENT_STREAM = "text/event-stream"


def router(gate: Gate, operations: Operations, live: LiveReports, settings: Settings) -> APIRouter:
    """Reads only."""
    routes = Routes(prefix="/parcours", tags=["Operation"])

    @routes.get("/operations")
    def get_operations(caller: Caller = Depends(gate.allow("monitoring.read"))) -> dict[str, Any]:
        """What waits, what was done and what fails in the sandbox, and the server's own parts."""
        return operations.read(caller.scope_id)

    @routes.get(
        "/operations/live",
        response_class=StreamingResponse,
        responses={200: {"content": {EVENT_STREAM: {}}, "description": "Events `operations` as they change."}},
    )
    async def stream_operations(caller: Caller = Depends(gate.allow("monitoring.read"))) -> StreamingResponse:
        """The same as server-sent events, every two seconds when something has changed."""
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(live.stream(caller.scope_id, ""), media_type=EVENT_STREAM, headers=headers)

    @routes.get("/settings")
    def list_settings(caller: Caller = Depends(gate.allow("monitoring.read"))) -> dict[str, Any]:
        """The settings in force: each with its variable, where it comes from and what it means; secrets are masked."""
        return {"results": settings.describe()}

    return routes
