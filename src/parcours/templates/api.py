"""Routes of message templates, under /journey/orchestration/messageTemplates."""

from typing import Any

from fastapi import APIRouter, Depends, Query, Request, Response

from parcours.access.model import Caller
from parcours.access.routing import Gate, Routes, json_object, reads_headers
from parcours.resources.filtering import matches, sort_by
from parcours.templates.service import TemplateService
from parcours.templates.values import PreviewValues

PREFIX = "/journey/orchestration/messageTemplates"


def router(gate: Gate, service: TemplateService, values: PreviewValues) -> APIRouter:
    """Templates: drafts, publication, history, preview."""
    routes = Routes(prefix=PREFIX, tags=["message templates"])

    def answer(response: Response, found: tuple[dict[str, Any], str]) -> dict[str, Any]:
        document, etag = found
        response.headers["ETag"] = etag
        return document

    @routes.post("", status_code=201)
    def create_template(
        response: Response,
        caller: Caller = Depends(gate.allow("messages.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Make a draft."""
        document = answer(response, service.create(caller, body))
        response.headers["Location"] = f"{PREFIX}/{document['uid']}"
        return document

    @routes.get("")
    def list_templates(
        caller: Caller = Depends(gate.allow("messages.read")),
        filters: list[str] = Query(default=[], alias="property"),
        orderby: str = "",
        page: int = Query(default=0, ge=0, le=1_000_000),
        page_size: int = Query(default=100, ge=1, le=100, alias="pageSize"),
    ) -> dict[str, Any]:
        """The sandbox's templates, page by page."""
        found = sort_by([document for document in service.find_all(caller) if matches(document, filters)], orderby)
        return {
            "results": found[page * page_size : (page + 1) * page_size],
            "page": page,
            "limit": page_size,
            "pages": -(-len(found) // page_size),
        }

    @routes.post("/preview")
    def preview_unsaved(
        caller: Caller = Depends(gate.allow("messages.read")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """The message of a `template` that is not saved, for the values given."""
        given = {name: value for name, value in body.items() if name != "template"}
        return service.preview_unsaved(body.get("template"), values.read(caller, given))

    @routes.get("/{uid}")
    def get_template(
        uid: str, response: Response, caller: Caller = Depends(gate.allow("messages.read"))
    ) -> dict[str, Any]:
        """One template with its draft."""
        return answer(response, service.get(caller, uid))

    @routes.put("/{uid}", openapi_extra=reads_headers("If-Match"))
    def replace_template(
        uid: str,
        request: Request,
        response: Response,
        caller: Caller = Depends(gate.allow("messages.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Write the draft anew; what is sent changes when it is published."""
        return answer(response, service.replace(caller, uid, body, request.headers.get("if-match")))

    @routes.delete("/{uid}", status_code=204)
    def delete_template(uid: str, caller: Caller = Depends(gate.allow("messages.delete"))) -> None:
        """Delete a template that no journey sends."""
        service.delete(caller, uid)

    @routes.post("/{uid}/publish", openapi_extra=reads_headers("If-Match"))
    def publish_template(
        uid: str, request: Request, response: Response, caller: Caller = Depends(gate.allow("messages.publish"))
    ) -> dict[str, Any]:
        """Send what the draft says from now on."""
        return answer(response, service.publish(caller, uid, request.headers.get("if-match")))

    @routes.get("/{uid}/versions")
    def list_versions(uid: str, caller: Caller = Depends(gate.allow("messages.read"))) -> dict[str, Any]:
        """Its history, the latest first."""
        found = service.versions(caller, uid)
        return {"results": found, "page": 0, "limit": len(found), "pages": 1}

    @routes.get("/{uid}/versions/{version}")
    def get_version(uid: str, version: int, caller: Caller = Depends(gate.allow("messages.read"))) -> dict[str, Any]:
        """The draft as it was at a version."""
        return service.version(caller, uid, version)

    @routes.post("/{uid}/versions/{version}/restore")
    def restore_version(
        uid: str, version: int, response: Response, caller: Caller = Depends(gate.allow("messages.write"))
    ) -> dict[str, Any]:
        """Make the draft what it was at a version."""
        return answer(response, service.restore(caller, uid, version))

    @routes.post("/{uid}/preview")
    def preview_template(
        uid: str,
        caller: Caller = Depends(gate.allow("messages.read")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """The draft's message for the values given, and the fields that have none."""
        return service.preview(caller, uid, values.read(caller, body))

    return routes
