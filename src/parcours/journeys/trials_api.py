"""Routes of simulations and backtests, under /journey/orchestration: nothing is sent, and nothing is stored."""

from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import StreamingResponse

from parcours.access.model import Caller
from parcours.access.routing import Gate, Routes, json_object
from parcours.journeys.backtests import Backtests
from parcours.journeys.trials import Trials

BASE = "/journey/orchestration"
EVENT_STREAM = "text/event-stream"


def router(gate: Gate, trials: Trials, backtests: Backtests) -> APIRouter:
    """Reads only: a simulated world has no doors."""
    routes = Routes(prefix=BASE, tags=["Trying journeys"])

    @routes.post("/journeys/simulate")
    async def simulate_document(
        request: Request,
        caller: Caller = Depends(gate.allow("journeys.read")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Let events and people, given or made up, go through a document under a virtual clock."""
        return await trials.simulate(caller, None, body, lambda: _gone(request))

    @routes.post("/journeyVersions/{uid}/simulate")
    async def simulate_version(
        uid: str,
        request: Request,
        caller: Caller = Depends(gate.allow("journeys.read")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """The same through a version, or through `document` in its place."""
        return await trials.simulate(caller, uid, body, lambda: _gone(request))

    @routes.post(
        "/journeyVersions/{uid}/backtest",
        response_class=StreamingResponse,
        responses={200: {"content": {EVENT_STREAM: {}}, "description": "`progress`, then `result` or `fault`."}},
    )
    async def backtest_version(
        uid: str,
        caller: Caller = Depends(gate.allow("journeys.read", "datasets.read", "profiles.read")),
        body: dict[str, Any] = Depends(json_object),
    ) -> StreamingResponse:
        """Replay landed events through a version, or `document` in its place, beside what the live one did."""
        events = await backtests.begin(caller, uid, body)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(events, media_type=EVENT_STREAM, headers=headers)

    return routes


async def _gone(request: Request) -> None:
    """Return when the client has gone; the body has been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
