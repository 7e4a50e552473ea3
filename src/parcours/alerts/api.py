"""Routes of alerts, under /journey/orchestration."""

from typing import Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from parcours.access.model import Caller
from parcours.access.routing import Gate, Routes, json_object, reads_headers
from parcours.alerts.service import AlertService

BASE = "/journey/orchestration"


def router(gate: Gate, service: AlertService) -> APIRouter:
    """Subscriptions, and what they led to."""
    routes = Routes(prefix=BASE, tags=["Alerts"])

    def answer(response: Response, found: tuple[dict[str, Any], str]) -> dict[str, Any]:
        document, etag = found
        response.headers["ETag"] = etag
        return document

    @routes.post("/alertSubscriptions", status_code=201)
    def create_subscription(
        response: Response,
        caller: Caller = Depends(gate.allow("alerts.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Subscribe to alerts of one journey, or of all."""
        document = answer(response, service.create(caller, body))
        response.headers["Location"] = f"{BASE}/alertSubscriptions/{document['uid']}"
        return document

    @routes.get("/alertSubscriptions")
    def list_subscriptions(caller: Caller = Depends(gate.allow("alerts.read"))) -> dict[str, Any]:
        """Every subscription of the sandbox; secrets are masked."""
        found = service.find_all(caller)
        return {"results": found, "page": 0, "limit": len(found), "pages": 1}

    @routes.get("/alertSubscriptions/{uid}")
    def get_subscription(
        uid: str, response: Response, caller: Caller = Depends(gate.allow("alerts.read"))
    ) -> dict[str, Any]:
        """One subscription."""
        return answer(response, service.get(caller, uid))

    @routes.put("/alertSubscriptions/{uid}", openapi_extra=reads_headers("If-Match"))
    def replace_subscription(
        uid: str,
        request: Request,
        response: Response,
        caller: Caller = Depends(gate.allow("alerts.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Change a subscription; a masked secret stays as it is."""
        return answer(response, service.replace(caller, uid, body, request.headers.get("if-match")))

    @routes.delete("/alertSubscriptions/{uid}", status_code=204)
    def delete_subscription(uid: str, caller: Caller = Depends(gate.allow("alerts.delete"))) -> None:
        """Unsubscribe; open alerts are resolved."""
        service.delete(caller, uid)

    @routes.get("/alerts")
    def list_alerts(
        caller: Caller = Depends(gate.allow("alerts.read")),
        journey_uid: str | None = Query(None, alias="journeyUid", max_length=255),
        kind: str | None = Query(None, max_length=255),
        state: Literal["open", "resolved"] | None = None,
        page: int = Query(default=0, ge=0, le=1_000_000),
        page_size: int = Query(default=100, ge=1, le=100, alias="pageSize"),
    ) -> dict[str, Any]:
        """Alerts, the latest first; what is only told, such as a publication, is resolved."""
        is_open = None if state is None else state == "open"
        found = service.alerts(
            caller, journey_uid=journey_uid, kind=kind, is_open=is_open, page=page, page_size=page_size
        )
        return {"results": found, "page": page, "limit": page_size}

    @routes.get("/alerts/{uid}")
    def get_alert(uid: str, caller: Caller = Depends(gate.allow("alerts.read"))) -> dict[str, Any]:
        """One alert with the notices sent of it."""
        return service.alert(caller, uid)

    return routes
