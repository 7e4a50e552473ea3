"""Catalog (`/data/foundation/catalog`) and the failed files of Data Access (`/data/foundation/export`)."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import orjson
from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute
from sqlalchemy import Connection
from starlette.responses import StreamingResponse

from parcours.access import Caller
from parcours.access.routing import Gate, Routes, described, json_body, json_object, reads_headers, reads_query
from parcours.catalog import export
from parcours.catalog.errors import CatalogInvalid, ExportFileNotFound
from parcours.catalog.listing import MAX_LIMIT, PAGING, ListQuery, parse_query
from parcours.catalog.model import Batch, FailedRow
from parcours.catalog.service import CatalogService
from parcours.db import Database

BASE = "/data/foundation/catalog"
EXPORT = "/data/foundation/export/batches/{batch_id}"

_REHEARSED = reads_headers("Pragma")
_CHANGED = reads_headers("If-Match", "If-None-Match", "Pragma")
_FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The list of files, or with `path` the file",
        "content": {"application/json": {"schema": {"type": "object"}}, "application/octet-stream": {}},
    }
}

FailedRows = Callable[[Connection, Batch], Iterable[FailedRow]]
"""(connection, failed batch) → its records."""


@described(
    reads_query("limit", "start", "orderBy", "properties", "property", "tags", "name", "createdAfter", "createdBefore")
)
def list_query(request: Request) -> ListQuery:
    """List parameters from the query and, for paging, from headers too. Raises CatalogInvalid."""
    pairs = request.query_params.multi_items()
    named = {key for key, _ in pairs}
    pairs += [(key, request.headers[key]) for key in PAGING if key not in named and key in request.headers]
    return parse_query(pairs)


def router(gate: Gate, service: CatalogService, db: Database, base_url: str, failed_rows: FailedRows) -> APIRouter:
    """Data sets, batches and what failed in them. base_url: where links in answers point to."""
    api = Routes(tags=["Catalog"])

    @api.get(f"{BASE}/dataSets")
    def list_data_sets(
        caller: Caller = Depends(gate.allow("datasets.read")), query: ListQuery = Depends(list_query)
    ) -> dict[str, Any]:
        return service.data_sets(caller, query)

    @api.post(f"{BASE}/dataSets", status_code=201, openapi_extra=_REHEARSED)
    def create_data_set(
        request: Request,
        caller: Caller = Depends(gate.allow("datasets.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> Response:
        if _is_rehearsal(request):
            service.create(caller, body, is_rehearsal=True)
            return Response(b"[]", media_type="application/json")
        dataset_id = service.create(caller, body)
        return _links(dataset_id, 201, {"Location": f"{base_url}{BASE}/dataSets/{dataset_id}"})

    @api.get(f"{BASE}/dataSets/{{dataset_id}}", openapi_extra=reads_query("properties"))
    def get_data_set(
        request: Request, dataset_id: str, caller: Caller = Depends(gate.allow("datasets.read"))
    ) -> Response:
        ids, properties = _ids(dataset_id), _properties(request)
        if len(ids) > 1:
            found = service.data_sets_of(caller, ids, properties)
            return Response(orjson.dumps(found), media_type="application/json")
        document, version = service.data_set(caller, dataset_id, properties)
        return Response(
            orjson.dumps({dataset_id: document}), media_type="application/json", headers={"ETag": f'"{version}"'}
        )

    @api.patch(f"{BASE}/dataSets/{{dataset_id}}", openapi_extra=_CHANGED)
    def patch_data_set(
        request: Request,
        dataset_id: str,
        caller: Caller = Depends(gate.allow("datasets.write")),
        body: Any = Depends(json_body),
    ) -> Response:
        if not isinstance(body, dict | list):
            raise CatalogInvalid("the body is an object of new values or a list of JSON Patch operations")
        service.patch(caller, dataset_id, body, *_preconditions(request), is_rehearsal=_is_rehearsal(request))
        return _links(dataset_id)

    @api.patch(f"{BASE}/v2/dataSets/{{dataset_id}}", openapi_extra=_CHANGED)
    def merge_data_set(
        request: Request,
        dataset_id: str,
        caller: Caller = Depends(gate.allow("datasets.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> Response:
        service.merge(caller, dataset_id, body, *_preconditions(request), is_rehearsal=_is_rehearsal(request))
        return _links(dataset_id)

    @api.put(f"{BASE}/dataSets/{{dataset_id}}", openapi_extra=_CHANGED)
    def replace_data_set(
        request: Request,
        dataset_id: str,
        caller: Caller = Depends(gate.allow("datasets.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> Response:
        service.replace(caller, dataset_id, body, *_preconditions(request), is_rehearsal=_is_rehearsal(request))
        return _links(dataset_id)

    @api.delete(f"{BASE}/dataSets/{{dataset_id}}")
    def delete_data_set(dataset_id: str, caller: Caller = Depends(gate.allow("datasets.delete"))) -> Response:
        service.delete(caller, dataset_id)
        return _links(dataset_id)

    @api.get(f"{BASE}/lastBatches")
    def last_batches(caller: Caller = Depends(gate.allow("datasets.read"))) -> dict[str, Any]:
        return service.last_batches(caller)

    @api.get(f"{BASE}/batches")
    def list_batches(
        caller: Caller = Depends(gate.allow("datasets.read")), query: ListQuery = Depends(list_query)
    ) -> dict[str, Any]:
        return service.batches(caller, query)

    @api.get(f"{BASE}/batches/{{batch_id}}", openapi_extra=reads_query("properties"))
    def get_batch(
        request: Request, batch_id: str, caller: Caller = Depends(gate.allow("datasets.read"))
    ) -> dict[str, Any]:
        return service.batches_of(caller, _ids(batch_id), _properties(request))

    def rows_of(batch: Batch) -> Iterator[FailedRow]:
        if batch.is_failed:
            with db.read() as connection:
                yield from failed_rows(connection, batch)

    @api.get(f"{EXPORT}/failed", response_model=None, responses=_FILES)
    def failed_files(batch_id: str, path: str = "", caller: Caller = Depends(gate.allow("datasets.read"))) -> Any:
        batch = service.require_batch(caller, batch_id)
        folder = EXPORT.format(batch_id=batch_id) + "/failed"
        if path == export.SUCCESS_MARK:
            return _stream(())
        if path == export.part_name(batch) and batch.is_failed:
            return _stream(export.failed_lines(rows_of(batch)))
        if path:
            raise ExportFileNotFound(f"batch {batch_id} has no failed file {path!r}")
        files = [(export.SUCCESS_MARK, 0)]
        if batch.is_failed:
            files.append((export.part_name(batch), export.size_of(export.failed_lines(rows_of(batch)))))
        return export.file_list(base_url, folder, files)

    @api.get(f"{EXPORT}/meta", response_model=None, responses=_FILES)
    def meta_files(batch_id: str, path: str = "", caller: Caller = Depends(gate.allow("datasets.read"))) -> Any:
        batch = service.require_batch(caller, batch_id)
        folder = EXPORT.format(batch_id=batch_id) + "/meta"
        part = f"{export.ROW_ERRORS}/{export.part_name(batch)}"
        if path in export.SAMPLE_NAMES:
            return _stream(export.row_errors(export.sample(rows_of(batch)), batch))
        if path == part and batch.is_failed:
            return _stream(export.row_errors(rows_of(batch), batch))
        if path == export.ROW_ERRORS:
            files = [(part, export.size_of(export.row_errors(rows_of(batch), batch)))] if batch.is_failed else []
        elif path == export.INPUT_FILES:
            files = []  # streamed records come in requests, not in files
        elif path:
            raise ExportFileNotFound(f"batch {batch_id} has no file {path!r}")
        else:
            sample = export.row_errors(export.sample(rows_of(batch)), batch)
            files = [
                (export.ROW_ERRORS, 0),
                (export.SAMPLE_NAMES[0], export.size_of(sample)),
                (export.INPUT_FILES, 0),
            ]
        return export.file_list(base_url, folder, files)

    _add_lower_case(api)
    return api


def _add_lower_case(api: APIRouter) -> None:
    """Every path in lower case, too: `/datasets` is in circulation (platform-apis §5.1)."""
    for route in list(api.routes):
        if isinstance(route, APIRoute) and route.path != route.path.lower():
            api.add_api_route(
                route.path.lower(),
                route.endpoint,
                methods=route.methods,
                status_code=route.status_code,
                include_in_schema=False,
            )


def _ids(text: str) -> list[str]:
    """The ids of a look-up: one, or several with commas between. Raises CatalogInvalid."""
    ids = [part for part in text.split(",") if part] or [text]
    if len(ids) > MAX_LIMIT:
        raise CatalogInvalid(f"at most {MAX_LIMIT} objects are looked up at once", "$.id")
    return ids


def _properties(request: Request) -> tuple[str, ...]:
    """The keys a look-up asks for; none means all."""
    return parse_query(pair for pair in request.query_params.multi_items() if pair[0] == "properties").properties


def _preconditions(request: Request) -> tuple[str | None, str | None]:
    return request.headers.get("if-match"), request.headers.get("if-none-match")


def _is_rehearsal(request: Request) -> bool:
    """Whether `Pragma: validate-only` asks for the check alone. Source: Catalog's developer guide, appendix."""
    return "validate-only" in (part.strip().lower() for part in request.headers.get("pragma", "").split(","))


def _links(dataset_id: str, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """What every change of a data set answers."""
    return Response(orjson.dumps([f"@/dataSets/{dataset_id}"]), status, headers, media_type="application/json")


def _stream(lines: Iterable[bytes]) -> StreamingResponse:
    return StreamingResponse((line + b"\n" for line in lines), media_type="application/octet-stream")
