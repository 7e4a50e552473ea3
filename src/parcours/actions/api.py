"""Routes of custom actions, under /journey/orchestration/actions."""

from typing import Any

from fastapi import APIRouter, Depends, Query, Request, Response

from parcours.access.model import Caller
from parcours.access.routing import Gate, Routes, json_object, reads_headers
from parcours.actions.certificates import CertificateService
from parcours.actions.service import ActionService
from parcours.resources.filtering import matches, sort_by

PREFIX = "/journey/orchestration/actions"


def router(gate: Gate, service: ActionService) -> APIRouter:
    """POST, GET, PUT and DELETE of actions."""
    routes = Routes(prefix=PREFIX, tags=["actions"])

    @routes.post("", status_code=201)
    def create_action(
        response: Response,
        caller: Caller = Depends(gate.allow("journeys_actions.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Make an action; its secrets are never returned."""
        document, etag = service.create(caller, body)
        response.headers["ETag"] = etag
        response.headers["Location"] = f"{PREFIX}/{document['uid']}"
        return document

    @routes.get("")
    def list_actions(
        caller: Caller = Depends(gate.allow("journeys_actions.read")),
        filters: list[str] = Query(default=[], alias="property"),
        orderby: str = "",
        page: int = Query(default=0, ge=0, le=1_000_000),
        page_size: int = Query(default=100, ge=1, le=100, alias="pageSize"),
    ) -> dict[str, Any]:
        """The sandbox's actions, page by page."""
        found = [document for document in service.find_all(caller) if matches(document, filters)]
        found = sort_by(found, orderby)
        return {
            "results": found[page * page_size : (page + 1) * page_size],
            "page": page,
            "limit": page_size,
            "pages": -(-len(found) // page_size),
        }

    @routes.get("/{uid}")
    def get_action(
        uid: str, response: Response, caller: Caller = Depends(gate.allow("journeys_actions.read"))
    ) -> dict[str, Any]:
        """One action."""
        document, etag = service.get(caller, uid)
        response.headers["ETag"] = etag
        return document

    @routes.get("/{uid}/journeys")
    def list_journeys_of_action(
        uid: str, caller: Caller = Depends(gate.allow("journeys_actions.read", "journeys.read"))
    ) -> dict[str, Any]:
        """The journeys that use the action, each with the versions that do."""
        return {"results": service.journeys(caller, uid)}

    @routes.put("/{uid}", openapi_extra=reads_headers("If-Match"))
    def replace_action(
        uid: str,
        request: Request,
        response: Response,
        caller: Caller = Depends(gate.allow("journeys_actions.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Write an action anew; `********` keeps a stored secret."""
        document, etag = service.replace(caller, uid, body, request.headers.get("if-match"))
        response.headers["ETag"] = etag
        return document

    @routes.delete("/{uid}", status_code=204)
    def delete_action(uid: str, caller: Caller = Depends(gate.allow("journeys_actions.delete"))) -> None:
        """Delete an action that no journey uses."""
        service.delete(caller, uid)

    return routes


CERTIFICATE_PATH = "/journey/orchestration/clientCertificate"


def certificate_router(gate: Gate, service: CertificateService) -> APIRouter:
    """PUT, GET and DELETE of the organisation's client certificate."""
    routes = Routes(prefix=CERTIFICATE_PATH, tags=["actions"])

    @routes.put("")
    def put_certificate(
        caller: Caller = Depends(gate.allow_in_org("journeys_actions.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Present this certificate to receivers that ask for one; its key is never returned."""
        return service.put(caller, body)

    @routes.get("")
    def get_certificate(caller: Caller = Depends(gate.allow_in_org("journeys_actions.read"))) -> dict[str, Any]:
        """The certificate, whose it is and how long it is valid."""
        return service.get(caller)

    @routes.delete("", status_code=204)
    def delete_certificate(caller: Caller = Depends(gate.allow_in_org("journeys_actions.delete"))) -> None:
        """Present none any more."""
        service.delete(caller)

    return routes
