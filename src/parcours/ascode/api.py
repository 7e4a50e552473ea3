"""Routes of export and import, under /journey/orchestration. Source: journeys §14.4."""

from typing import Any

from fastapi import APIRouter, Depends, Response

from parcours.access.model import Caller
from parcours.access.routing import Gate, Routes, json_object
from parcours.ascode.transfer import TransferService

BASE = "/journey/orchestration"


def router(gate: Gate, service: TransferService) -> APIRouter:
    """A journey version out of a sandbox with all it depends on, and into another one."""
    routes = Routes(prefix=BASE, tags=["journeys"])

    @routes.get("/journeyVersions/{uid}/export")
    def export_version(
        uid: str,
        caller: Caller = Depends(
            gate.allow("journeys.read", "journeys_events.read", "journeys_actions.read", "schemas.read")
        ),
    ) -> dict[str, Any]:
        """A version with its events, actions and their schemas; 500 with every fault when it is not valid."""
        return service.export(caller, uid)

    @routes.post("/journeyVersions/import", status_code=201)
    def import_version(
        response: Response,
        caller: Caller = Depends(gate.allow("journeys.write", "journeys_events.write", "journeys_actions.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """An exported version as the draft of a new journey; 400 naming all that is wrong, and nothing is made."""
        made = service.import_version(caller, body)
        response.headers["Location"] = f"{BASE}/journeys/{made['journey']['uid']}"
        return made

    return routes
