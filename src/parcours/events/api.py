"""Routes of event configurations, under /journey/orchestration/events."""

from typing import Any

from fastapi import APIRouter, Depends, Query, Request, Response

from parcours.access.model import Caller
from parcours.access.routing import Gate, Routes, json_object, reads_headers
from parcours.events.sending import EventSender
from parcours.events.service import EventService, Values
from parcours.resources.filtering import matches, sort_by

PREFIX = "/journey/orchestration/events"


def router(gate: Gate, service: EventService) -> APIRouter:
    """POST, GET, PUT and DELETE of events, and the payload preview."""
    routes = Routes(prefix=PREFIX, tags=["events"])

    @routes.post("", status_code=201)
    def create_event(
        response: Response,
        caller: Caller = Depends(gate.allow("journeys_events.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Make an event; a system-generated one gets its eventID here."""
        document, etag = service.create(caller, body)
        response.headers["ETag"] = etag
        response.headers["Location"] = f"{PREFIX}/{document['uid']}"
        return document

    @routes.get("")
    def list_events(
        caller: Caller = Depends(gate.allow("journeys_events.read")),
        filters: list[str] = Query(default=[], alias="property"),
        orderby: str = "",
        page: int = Query(default=0, ge=0, le=1_000_000),
        page_size: int = Query(default=100, ge=1, le=100, alias="pageSize"),
    ) -> dict[str, Any]:
        """The sandbox's events, page by page."""
        found = [document for document in service.find_all(caller) if matches(document, filters)]
        found = sort_by(found, orderby)
        return {
            "results": found[page * page_size : (page + 1) * page_size],
            "page": page,
            "limit": page_size,
            "pages": -(-len(found) // page_size),
        }

    @routes.get("/related")
    def list_related_schemas(
        caller: Caller = Depends(gate.allow("journeys_events.read")), schema: str = Query(min_length=1)
    ) -> dict[str, Any]:
        """The schemas whose fields events of a schema, given by its `$id`, may have, and where these fields stand."""
        return {"results": service.related(caller, schema)}

    @routes.get("/{uid}")
    def get_event(
        uid: str, response: Response, caller: Caller = Depends(gate.allow("journeys_events.read"))
    ) -> dict[str, Any]:
        """One event."""
        document, etag = service.get(caller, uid)
        response.headers["ETag"] = etag
        return document

    @routes.get("/{uid}/payload")
    def preview_payload(
        uid: str, caller: Caller = Depends(gate.allow("journeys_events.read")), values: Values = Query(default="types")
    ) -> dict[str, Any]:
        """A sample of the message that senders post to an inlet.

        `values=types` shows names of types and lists enumerations; `values=examples` shows values that pass validation.
        """
        return service.preview(caller, uid, values)

    @routes.get("/{uid}/requests")
    def list_event_requests(uid: str, caller: Caller = Depends(gate.allow("journeys_events.read"))) -> dict[str, Any]:
        """How to send the event to each inlet that takes it: URL, headers, body, and the whole as a curl command."""
        return {"results": service.requests(caller, uid)}

    @routes.get("/{uid}/journeys")
    def list_journeys_of_event(
        uid: str, caller: Caller = Depends(gate.allow("journeys_events.read", "journeys.read"))
    ) -> dict[str, Any]:
        """The journeys that use the event, each with the versions that do."""
        return {"results": service.journeys(caller, uid)}

    @routes.put("/{uid}", openapi_extra=reads_headers("If-Match"))
    def replace_event(
        uid: str,
        request: Request,
        response: Response,
        caller: Caller = Depends(gate.allow("journeys_events.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Write an event anew; of one in use only name, description and added fields are taken."""
        document, etag = service.replace(caller, uid, body, request.headers.get("if-match"))
        response.headers["ETag"] = etag
        return document

    @routes.delete("/{uid}", status_code=204)
    def delete_event(uid: str, caller: Caller = Depends(gate.allow("journeys_events.delete"))) -> None:
        """Delete an event that no journey uses."""
        service.delete(caller, uid)

    return routes


def sending_router(gate: Gate, sender: EventSender) -> APIRouter:
    """POST of test events: a route of the process that writes the log."""
    routes = Routes(prefix=PREFIX, tags=["events"])

    @routes.post("/{uid}/send")
    def send_event(
        uid: str,
        caller: Caller = Depends(gate.allow("journeys_events.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Send one event that is real: it lands, and every journey hears of it.

        The body is `{"payload": …}`, the whole message or its entity, or `{"fields": {"/pointer": value}}`, with
        `profileIdentifier` for whom it is about. What is refused is refused with every fault and its JSON path.
        """
        return sender.send(caller, uid, body)

    return routes
