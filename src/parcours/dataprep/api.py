"""Data Prep under `/data/foundation/conversion`; mapping sets also under `/data/foundation` (platform-apis §6.1)."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from parcours.access import Caller
from parcours.access.routing import Gate, Routes, json_object, reads_query
from parcours.dataprep.service import DataPrepService

_BASES = ("/data/foundation/conversion", "/data/foundation")
_LISTED = reads_query("limit", "start", "name", "orderBy", "property", "expandSchema")


def router(gate: Gate, service: DataPrepService) -> APIRouter:
    """The routes of mapping sets and of their expression language."""
    api = Routes(tags=["Data Prep"])

    def find_all(request: Request, caller: Caller = Depends(gate.allow("sources.read"))) -> dict[str, Any]:
        return service.find_all(caller, request.query_params)

    def create(
        request: Request,
        caller: Caller = Depends(gate.allow("sources.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        is_validated = request.query_params.get("validate", "").lower() == "true"
        return service.create(caller, body, is_validated=is_validated)

    def validate(
        caller: Caller = Depends(gate.allow("sources.read")), body: dict[str, Any] = Depends(json_object)
    ) -> dict[str, Any]:
        return service.validate(caller, body)

    def preview(
        caller: Caller = Depends(gate.allow("sources.read")), body: dict[str, Any] = Depends(json_object)
    ) -> dict[str, Any] | list[dict[str, Any]]:
        return service.preview(caller, body)

    def find(
        mapping_set_id: str, request: Request, caller: Caller = Depends(gate.allow("sources.read"))
    ) -> dict[str, Any]:
        return service.find(caller, mapping_set_id, request.query_params)

    def replace(
        mapping_set_id: str,
        caller: Caller = Depends(gate.allow("sources.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        return service.replace(caller, mapping_set_id, body)

    def delete(mapping_set_id: str, caller: Caller = Depends(gate.allow("sources.delete"))) -> Response:
        service.delete(caller, mapping_set_id)
        return Response(status_code=204)

    def find_mappings(mapping_set_id: str, caller: Caller = Depends(gate.allow("sources.read"))) -> dict[str, Any]:
        return service.find_mappings(caller, mapping_set_id)

    def add_mapping(
        mapping_set_id: str,
        caller: Caller = Depends(gate.allow("sources.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        return service.add_mapping(caller, mapping_set_id, body)

    def find_mapping(
        mapping_set_id: str, mapping_id: str, caller: Caller = Depends(gate.allow("sources.read"))
    ) -> dict[str, Any]:
        return service.find_mapping(caller, mapping_set_id, mapping_id)

    def replace_mapping(
        mapping_set_id: str,
        mapping_id: str,
        caller: Caller = Depends(gate.allow("sources.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        return service.replace_mapping(caller, mapping_set_id, mapping_id, body)

    def delete_mapping(
        mapping_set_id: str, mapping_id: str, caller: Caller = Depends(gate.allow("sources.write"))
    ) -> Response:
        service.delete_mapping(caller, mapping_set_id, mapping_id)
        return Response(status_code=204)

    for base in _BASES:
        sets = f"{base}/mappingSets"
        one = f"{sets}/{{mapping_set_id}}"
        mapping = f"{one}/mappings/{{mapping_id}}"
        routes: tuple[tuple[str, str, Callable[..., Any], str, dict[str, Any]], ...] = (
            (sets, "GET", find_all, "List mapping sets", _LISTED),
            (sets, "POST", create, "Create a mapping set", reads_query("validate")),
            (f"{sets}/validate", "POST", validate, "Validate a mapping set", {}),
            (f"{sets}/preview", "POST", preview, "Run a mapping set over a record", {}),
            (one, "GET", find, "Get a mapping set", reads_query("version", "expandSchema")),
            (one, "PUT", replace, "Replace a mapping set", {}),
            (one, "DELETE", delete, "Delete a mapping set", {}),
            (f"{one}/mappings", "GET", find_mappings, "List the mappings of a set", {}),
            (f"{one}/mappings", "POST", add_mapping, "Add a mapping to a set", {}),
            (mapping, "GET", find_mapping, "Get a mapping", {}),
            (mapping, "PUT", replace_mapping, "Replace a mapping", {}),
            (mapping, "DELETE", delete_mapping, "Delete a mapping", {}),
        )
        for path, method, handler, summary, extra in routes:
            status = 204 if method == "DELETE" else 200
            api.add_api_route(path, handler, methods=[method], status_code=status, summary=summary, openapi_extra=extra)

    language = f"{_BASES[0]}/languages/el"

    @api.post(f"{language}/validate")
    def validate_expression(
        _caller: Caller = Depends(gate.caller), body: dict[str, Any] = Depends(json_object)
    ) -> bool:
        return service.is_expression(body)

    @api.get(f"{language}/functions")
    def functions(_caller: Caller = Depends(gate.caller)) -> list[dict[str, Any]]:
        return service.functions()

    @api.get(f"{language}/operators")
    def operators(_caller: Caller = Depends(gate.caller)) -> list[dict[str, Any]]:
        return service.operators()

    return api
