"""Routes of data sources, under /journey/orchestration/dataSources."""

from typing import Any

from fastapi import APIRouter, Depends, Query, Request, Response

from parcours.access.model import Caller
from parcours.access.routing import Gate, Routes, json_object, reads_headers
from parcours.datasources.service import DataSourceService
from parcours.resources.filtering import matches, sort_by

PREFIX = "/journey/orchestration/dataSources"


def router(gate: Gate, service: DataSourceService) -> APIRouter:
    """POST, GET, PUT and DELETE of data sources; field groups are part of their source."""
    routes = Routes(prefix=PREFIX, tags=["data sources"])

    @routes.post("", status_code=201)
    def create_data_source(
        response: Response,
        caller: Caller = Depends(gate.allow("journeys_data_sources.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Make a data source with its field groups; its secrets are never returned."""
        document, etag = service.create(caller, body)
        response.headers["ETag"] = etag
        response.headers["Location"] = f"{PREFIX}/{document['uid']}"
        return document

    @routes.get("")
    def list_data_sources(
        caller: Caller = Depends(gate.allow("journeys_data_sources.read")),
        filters: list[str] = Query(default=[], alias="property"),
        orderby: str = "",
        page: int = Query(default=0, ge=0, le=1_000_000),
        page_size: int = Query(default=100, ge=1, le=100, alias="pageSize"),
    ) -> dict[str, Any]:
        """The sandbox's data sources, the built-in one among them, page by page."""
        found = [document for document in service.find_all(caller) if matches(document, filters)]
        found = sort_by(found, orderby)
        return {
            "results": found[page * page_size : (page + 1) * page_size],
            "page": page,
            "limit": page_size,
            "pages": -(-len(found) // page_size),
        }

    @routes.get("/{uid}")
    def get_data_source(
        uid: str, response: Response, caller: Caller = Depends(gate.allow("journeys_data_sources.read"))
    ) -> dict[str, Any]:
        """One data source; the built-in one's uid is `ExperiencePlatform`."""
        document, etag = service.get(caller, uid)
        response.headers["ETag"] = etag
        return document

    @routes.get("/{uid}/journeys")
    def list_journeys_of_data_source(
        uid: str, caller: Caller = Depends(gate.allow("journeys_data_sources.read", "journeys.read"))
    ) -> dict[str, Any]:
        """The journeys whose expressions read it, each with those of its versions that do."""
        return {"results": service.journeys_of(caller, uid)}

    @routes.put("/{uid}", openapi_extra=reads_headers("If-Match"))
    def replace_data_source(
        uid: str,
        request: Request,
        response: Response,
        caller: Caller = Depends(gate.allow("journeys_data_sources.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Write a data source anew; `********` keeps a stored secret. Field groups in use only grow."""
        document, etag = service.replace(caller, uid, body, request.headers.get("if-match"))
        response.headers["ETag"] = etag
        return document

    @routes.delete("/{uid}", status_code=204)
    def delete_data_source(uid: str, caller: Caller = Depends(gate.allow("journeys_data_sources.delete"))) -> None:
        """Delete a data source that no journey uses; the built-in one stays."""
        service.delete(caller, uid)

    return routes
