"""Routes of approval, under /journey/orchestration: requests, and what is decided about them."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Depends, Query, Response

from parcours.access.model import Caller
from parcours.access.routing import BodyInvalid, Gate, Routes, json_body, json_object
from parcours.journeys.lifecycle import Shown
from parcours.journeys.reviews import Reviews
from parcours.journeys.rights import permission_to

BASE = "/journey/orchestration"


def router(gate: Gate, reviews: Reviews) -> APIRouter:
    """In Review, from the request to the publication."""
    routes = Routes(prefix=BASE, tags=["journeys"])

    def add_verb(path: str, summary: str, act: Callable[[Caller, str, dict[str, Any]], Shown]) -> None:
        @routes.post(f"/journeyVersions/{{uid}}/{path}", name=f"{path}_version", summary=summary)
        def do(
            uid: str,
            response: Response,
            caller: Caller = Depends(gate.allow(permission_to(path))),
            settings: Any = Depends(json_body),
        ) -> dict[str, Any]:
            if settings is not None and not isinstance(settings, dict):
                raise BodyInvalid("the body must be a JSON object, or be left out")
            document, response.headers["ETag"] = act(caller, uid, settings or {})
            return document

    add_verb("requestApproval", "Send a draft for approval", reviews.request)
    add_verb("approve", "Approve a version, and publish it with the last approval it needs", reviews.approve)
    add_verb("requestChanges", "Send a version back to its authors", reviews.request_changes)
    add_verb("cancelApproval", "Take a request for approval back", reviews.cancel)

    @routes.get("/journeyVersions/{uid}/approval")
    def get_approval(uid: str, caller: Caller = Depends(gate.allow("journeys.read"))) -> dict[str, Any]:
        """Which approvals a version needs, what was requested and decided, and whether the caller may approve."""
        return reviews.get(caller, uid)

    @routes.post("/journeys/approval")
    def foresee_approval(
        caller: Caller = Depends(gate.allow("journeys.read")), body: dict[str, Any] = Depends(json_object)
    ) -> dict[str, Any]:
        """Which approvals the caller would need to publish a document that need not be saved."""
        return reviews.foresee(caller, body)

    @routes.get("/approvalRequests")
    def list_approval_requests(
        caller: Caller = Depends(gate.allow("journeys.read")),
        is_mine: bool = Query(default=False, alias="mine", description="Those alone that wait for the caller."),
    ) -> dict[str, Any]:
        """Versions that wait for an approval, the longest first."""
        found = reviews.list_waiting(caller, is_mine=is_mine)
        return {"results": found, "page": 0, "limit": len(found), "pages": 1}

    return routes
