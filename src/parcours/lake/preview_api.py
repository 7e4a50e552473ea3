"""Data Access's preview of a data set (`/data/foundation/export`): its last rows, found in a process of their own."""

import asyncio
from typing import Any

import orjson
from fastapi import APIRouter, Depends, Query, Request

from parcours.access.model import Caller
from parcours.access.routing import Gate, Routes
from parcours.catalog.service import CatalogService
from parcours.kit.errors import Unavailable
from parcours.kit.helper import HelperAbandoned, Helpers, HelperTooLong
from parcours.lake.query_api import log_reason

LIMIT_S = 15.0
"""Longest search for a page, in seconds of computing."""
MAX_ROWS = 100
_BASE = "/data/foundation/export"


class PreviewUnavailable(Unavailable):
    """The rows can't be read now: a file of the lake is missing or damaged, or it takes too long."""


def router(gate: Gate, catalog: CatalogService, helpers: Helpers, base_url: str) -> APIRouter:
    """The last rows of a data set. base_url: where links in answers point to."""
    routes = Routes(tags=["Data"])

    @routes.get(_BASE + "/datasets/{dataset_id}/preview")
    async def preview_data_set(
        request: Request,
        dataset_id: str,
        caller: Caller = Depends(gate.allow("datasets.read")),
        limit: int = Query(MAX_ROWS, ge=1, le=MAX_ROWS, description="Most rows of the page."),
        before: int | None = Query(None, ge=0, le=2**63 - 1, description="`_page.next` of the page before."),
    ) -> dict[str, Any]:
        """The rows that landed last, newest first, page by page; those still staged count."""
        await asyncio.to_thread(catalog.require_data_set, caller, dataset_id)
        question = {"scopeId": caller.scope_id, "datasetId": dataset_id, "limit": limit, "before": before}

        async def gone() -> None:
            while (await request.receive())["type"] != "http.disconnect":
                pass

        try:
            answer = orjson.loads(await helpers.ask("query", orjson.dumps(question), LIMIT_S, gone=gone))
        except HelperTooLong:
            raise PreviewUnavailable(f"the search for the rows computes longer than {LIMIT_S:g} s") from None
        except HelperAbandoned:
            return {}  # nobody reads it
        if "fault" in answer:
            log_reason("lake.unreadable", answer["unreadable"])
            raise PreviewUnavailable(answer["fault"])
        found = answer["result"]
        page = {"limit": limit, "count": len(found["rows"]), "totalCount": found["totalCount"], "next": found["next"]}
        links: dict[str, Any] = {}
        if found["next"] is not None:
            path = f"{base_url}{_BASE}/datasets/{dataset_id}/preview"
            links["next"] = {"href": f"{path}?limit={limit}&before={found['next']}"}
        return {"data": found["rows"], "_page": page, "_links": links}

    return routes
