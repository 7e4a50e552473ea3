"""`GET /ajo/journey`: journeys as other tools read them (journeys §14.1)."""

from typing import Any

from fastapi import APIRouter, Depends, Query

from parcours.access.model import Caller
from parcours.access.routing import Gate, Routes
from parcours.journeys.journey_filter import JourneyQueryInvalid
from parcours.journeys.reading import JourneyReader

BASE = "/ajo/journey"
INCLUDABLE = frozenset({"campaigns", "surfaces", "rulesets"})


def router(gate: Gate, reader: JourneyReader) -> APIRouter:
    """Reads only. An id is that of a version; that of a journey means its latest version."""
    routes = Routes(prefix=BASE, tags=["Journeys as others read them"])

    @routes.get("")
    def list_journeys(
        caller: Caller = Depends(gate.allow("journeys.read")),
        filters: str = Query("", alias="filter", description="`status=draft,live&metadata.lastModifiedAt>2024-12-25`"),
        page: int = Query(default=0, ge=0, le=1_000_000),
        page_size: int = Query(default=100, ge=1, le=100, alias="pageSize"),
        fields: str = Query("", description="Properties to show, comma-separated; all when left out."),
        order: str = Query("", alias="sort", description="`name=asc,metadata.createdAt=desc`"),
    ) -> dict[str, Any]:
        """Every version of the sandbox that meets the filter, page by page."""
        return reader.find(caller, filters, order, fields, page, page_size)

    @routes.get("/{uid}")
    def get_journey(
        uid: str,
        caller: Caller = Depends(gate.allow("journeys.read")),
        include: str = Query(
            "", description="`rulesets` adds those that apply; of `campaigns` and `surfaces` there are none."
        ),
    ) -> dict[str, Any]:
        """One version whole."""
        wanted = {name.strip() for name in include.split(",")} - {""}
        for name in sorted(wanted):
            if name not in INCLUDABLE:
                raise JourneyQueryInvalid(f"include takes {', '.join(sorted(INCLUDABLE))}, not {name!r}", "$.include")
        return reader.get(caller, uid, with_rule_sets="rulesets" in wanted)

    return routes
