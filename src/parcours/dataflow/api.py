"""Failed records: listed, read, tried again, given up."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from parcours.access import Caller
from parcours.access.routing import Gate, Routes
from parcours.dataflow import store
from parcours.db import Database

BASE = "/parcours/failedRecords"


def router(gate: Gate, db: Database, retry: Callable[[Caller, int], None]) -> APIRouter:
    """retry: puts a failed record back into the log; raises FailedRecordNotFound or LogUnavailable."""
    routes = Routes(tags=["Failed records"])

    @routes.get(BASE)
    def list_failed(
        caller: Caller = Depends(gate.allow("monitoring.read")),
        flow_id: str | None = Query(None, alias="flowId"),
        dataset_id: str | None = Query(None, alias="dataSetId"),
        start: int = Query(0, ge=0, lt=2**63),
        limit: int = Query(100, ge=1, le=1000),
    ) -> dict[str, Any]:
        """Oldest first; `start` is the id after which to go on."""
        with db.read() as connection:
            items = store.list_failed(
                connection, caller.scope_id, flow_id=flow_id, dataset_id=dataset_id, after_id=start, limit=limit
            )
        return {
            "items": items,
            "_page": {"count": len(items), "next": items[-1]["id"] if len(items) == limit else None},
        }

    @routes.get(BASE + "/{record_id}")
    def get_failed(record_id: int, caller: Caller = Depends(gate.allow("monitoring.read"))) -> dict[str, Any]:
        with db.read() as connection:
            return store.get_failed(connection, caller.scope_id, _bounded(record_id))

    @routes.post(BASE + "/{record_id}/retry", status_code=202)
    def retry_failed(record_id: int, caller: Caller = Depends(gate.allow("sources.write"))) -> dict[str, Any]:
        """Send the kept body through its flow once more, as the definitions are now."""
        retry(caller, _bounded(record_id))
        return {"id": record_id, "state": "retrying"}

    @routes.delete(BASE + "/{record_id}", status_code=204)
    def give_up(record_id: int, caller: Caller = Depends(gate.allow("sources.delete"))) -> Response:
        """Forget the body for good; it stays counted as failed."""
        with db.write() as connection:
            store.get_failed(connection, caller.scope_id, _bounded(record_id))
            store.delete_failed(connection, record_id)
        return Response(status_code=204)

    return routes


def _bounded(record_id: int) -> int:
    if not 0 < record_id < 2**63:
        raise store.FailedRecordNotFound(record_id)
    return record_id
