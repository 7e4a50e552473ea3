"""The route of the conflict viewer."""

from typing import Any

from fastapi import APIRouter, Depends

from parcours.access.model import Caller
from parcours.access.routing import Gate, Routes
from parcours.journeys.conflicts import ConflictViewer

BASE = "/journey/orchestration"


def router(gate: Gate, viewer: ConflictViewer) -> APIRouter:
    """Reads only."""
    routes = Routes(prefix=BASE, tags=["journeys"])

    @routes.get("/journeyVersions/{uid}/conflicts")
    def find_conflicts(uid: str, caller: Caller = Depends(gate.allow("journeys.read"))) -> dict[str, Any]:
        """Live and scheduled journeys that may meet the same people, the highest priority first."""
        return viewer.find(caller, uid)

    return routes
