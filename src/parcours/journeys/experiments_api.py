"""The route that scales the winner of an experiment."""

from typing import Any

from fastapi import APIRouter, Depends, Response

from parcours.access.model import Caller
from parcours.access.routing import Gate, Routes, json_object
from parcours.journeys.experiment_service import Experiments

BASE = "/journey/orchestration"


def router(gate: Gate, experiments: Experiments) -> APIRouter:
    """Changes what is live, as a publication does."""
    routes = Routes(prefix=BASE, tags=["journeys"])

    @routes.post("/journeyVersions/{uid}/experiments/{node_id}/winner")
    def scale_winner(
        uid: str,
        node_id: str,
        response: Response,
        caller: Caller = Depends(gate.allow("journeys.publish")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Send everybody who is new, but for the hold-out, the way of `path`."""
        shown, etag = experiments.scale(caller, uid, node_id, body)
        response.headers["ETag"] = etag
        return shown

    return routes
