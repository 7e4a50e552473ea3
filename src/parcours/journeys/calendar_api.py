"""The route of the calendar."""

from typing import Any

from fastapi import APIRouter, Depends, Query

from parcours.access.model import Caller
from parcours.access.routing import Gate, Routes
from parcours.journeys.calendar import Calendar

BASE = "/journey/orchestration"


def router(gate: Gate, calendar: Calendar) -> APIRouter:
    """Reads only."""
    routes = Routes(prefix=BASE, tags=["journeys"])

    @routes.get("/calendar")
    def get_calendar(
        caller: Caller = Depends(gate.allow("journeys.read")),
        start: str = Query(alias="from", description="A date or date-time; UTC without an offset."),
        end: str = Query(alias="to", description="At most 92 days later; not part of the period."),
    ) -> dict[str, Any]:
        """When live journeys start and end and read their audiences, the earliest first."""
        return calendar.between(caller, start, end)

    return routes
