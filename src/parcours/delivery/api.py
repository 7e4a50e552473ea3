"""The route that tests an action; it is here because it sends."""

from typing import Any

from fastapi import APIRouter, Depends

from parcours.access.model import Caller
from parcours.access.routing import Gate, json_object
from parcours.actions import ActionService
from parcours.delivery.trial import try_action


def router(gate: Gate, actions: ActionService, allow_private: bool) -> APIRouter:
    """POST /journey/orchestration/actions/{uid}/test."""
    routes = APIRouter(prefix="/journey/orchestration/actions", tags=["actions"])

    @routes.post("/{uid}/test")
    def test_action(
        uid: str,
        caller: Caller = Depends(gate.allow("journeys_actions.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Call the action once with the given values, and show the request and its answer."""
        return try_action(actions.compile_one(caller, uid), body, allow_private)

    return routes
