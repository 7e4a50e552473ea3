"""Routes of journey fragments, under /journey/orchestration."""

from typing import Any

from fastapi import APIRouter, Depends, Query, Request, Response

from parcours.access.model import Caller
from parcours.access.routing import Gate, Routes, json_object, reads_headers
from parcours.journeys.fragment_document import FRAGMENT_SCHEMA
from parcours.journeys.fragments import FragmentService, State

BASE = "/journey/orchestration"


def router(gate: Gate, service: FragmentService) -> APIRouter:
    """Authoring of fragments."""
    routes = Routes(prefix=BASE, tags=["Journey fragments"])

    def answer(response: Response, found: tuple[dict[str, Any], str]) -> dict[str, Any]:
        document, etag = found
        response.headers["ETag"] = etag
        return document

    @routes.get("/schema/fragment")
    def get_fragment_schema(caller: Caller = Depends(gate.caller)) -> dict[str, Any]:
        """The JSON Schema of a fragment's document."""
        return FRAGMENT_SCHEMA

    @routes.get("/fragments")
    def list_fragments(
        caller: Caller = Depends(gate.allow("journeys.read")),
        search: str = Query(default="", max_length=200, description="Words in name, description or tags."),
        state: State | None = None,
        tags: list[str] = Query(default=[], alias="tag", description="All of them."),
        page: int = Query(default=0, ge=0, le=1_000_000),
        page_size: int = Query(default=100, ge=1, le=100, alias="pageSize"),
    ) -> dict[str, Any]:
        """The sandbox's fragments by name, page by page."""
        found = service.find_all(caller, search, state, tags)
        shown = found[page * page_size : (page + 1) * page_size]
        pages = -(-len(found) // page_size)
        return {"results": shown, "page": page, "limit": page_size, "pages": pages, "total": len(found)}

    @routes.post("/fragments", status_code=201)
    def create_fragment(
        response: Response,
        caller: Caller = Depends(gate.allow("journeys.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Make a draft of a fragment."""
        document = answer(response, service.create(caller, body))
        response.headers["Location"] = f"{BASE}/fragments/{document['uid']}"
        return document

    @routes.get("/fragments/{uid}")
    def get_fragment(
        uid: str, response: Response, caller: Caller = Depends(gate.allow("journeys.read"))
    ) -> dict[str, Any]:
        """One fragment."""
        return answer(response, service.get(caller, uid))

    @routes.put("/fragments/{uid}", openapi_extra=reads_headers("If-Match"))
    def replace_fragment(
        uid: str,
        request: Request,
        response: Response,
        caller: Caller = Depends(gate.allow("journeys.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Change a draft; journeys that it was put into keep what they have."""
        return answer(response, service.replace(caller, uid, body, request.headers.get("if-match")))

    @routes.post("/fragments/{uid}/activate", openapi_extra=reads_headers("If-Match"))
    def activate_fragment(
        uid: str, request: Request, response: Response, caller: Caller = Depends(gate.allow("journeys.publish"))
    ) -> dict[str, Any]:
        """Let designers put it into journeys."""
        return answer(response, service.activate(caller, uid, request.headers.get("if-match")))

    @routes.post("/fragments/{uid}/deactivate", openapi_extra=reads_headers("If-Match"))
    def deactivate_fragment(
        uid: str, request: Request, response: Response, caller: Caller = Depends(gate.allow("journeys.publish"))
    ) -> dict[str, Any]:
        """Make it a draft again."""
        return answer(response, service.deactivate(caller, uid, request.headers.get("if-match")))

    @routes.post("/fragments/{uid}/archive", openapi_extra=reads_headers("If-Match"))
    def archive_fragment(
        uid: str, request: Request, response: Response, caller: Caller = Depends(gate.allow("journeys.write"))
    ) -> dict[str, Any]:
        """Put an active one away: designers don't find it any more."""
        return answer(response, service.archive(caller, uid, request.headers.get("if-match")))

    @routes.post("/fragments/{uid}/unarchive", openapi_extra=reads_headers("If-Match"))
    def unarchive_fragment(
        uid: str, request: Request, response: Response, caller: Caller = Depends(gate.allow("journeys.write"))
    ) -> dict[str, Any]:
        """Take an archived one back, as a draft."""
        return answer(response, service.unarchive(caller, uid, request.headers.get("if-match")))

    @routes.delete("/fragments/{uid}", status_code=204)
    def delete_fragment(uid: str, caller: Caller = Depends(gate.allow("journeys.delete"))) -> None:
        """Forget a draft; journeys keep what they have."""
        service.delete(caller, uid)

    return routes
