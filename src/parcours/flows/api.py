"""Flow Service, `/data/foundation/flowservice` (platform-apis §2)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

import orjson
from fastapi import APIRouter, Depends, Request, Response

from parcours.access import Caller
from parcours.access.routing import BodyInvalid, Gate, Routes, body_of, described, json_body, reads_headers, reads_query
from parcours.flows.documents import CONNECTION, FLOW, KINDS
from parcours.flows.errors import FlowRefused
from parcours.flows.listing import MAX_LIMIT, ListRequest, page_of, parse_request
from parcours.flows.service import PATHS, FlowService
from parcours.flows.specs import CONNECTION_SPECS, FLOW_SPECS
from parcours.resources.store import Resource

BASE = "/data/foundation/flowservice"


@described(body_of("array"))
async def flow_body(request: Request) -> Any:
    """The body as JSON, None when it is empty. Raises FlowRefused in this service's form."""
    try:
        return await json_body(request)
    except BodyInvalid as error:
        raise FlowRefused("1100-400", str(error)) from None


@described(body_of())
async def flow_object(request: Request) -> dict[str, Any]:
    """The body as a JSON object. Raises FlowRefused."""
    body = await flow_body(request)
    if body is None:
        raise FlowRefused("1405-400", "the body is empty; a JSON object is needed")
    if not isinstance(body, dict):
        raise FlowRefused("1100-400", "the body is a JSON object")
    return body


_LIST_PARAMETERS = frozenset({"limit", "orderby", "property", "count", "continuationtoken"})


@described(reads_query("limit", "orderby", "property", "count", "continuationToken"))
def list_request(request: Request) -> ListRequest:
    """List parameters from the query. Raises FlowRefused."""
    return parse_request(request.query_params.multi_items())


def search_request(body: dict[str, Any] = Depends(flow_object)) -> ListRequest:
    """List parameters from the body of a search: {queryString, limit, orderby, count}. Raises FlowRefused.

    queryString: as in a URL; a part that is no list parameter is a filter, with or without `property=` before it.
    """
    text = body.get("queryString") or ""
    if not isinstance(text, str):
        raise FlowRefused("1100-400", "queryString is a text such as property=name==x", "$.queryString")
    pairs = []
    for part in filter(None, text.split("&")):
        is_parameter = part.partition("=")[0].lower() in _LIST_PARAMETERS
        pairs += parse_qsl(part) if is_parameter else [("property", unquote_plus(part))]
    pairs += [(key, str(body[key])) for key in ("limit", "orderby", "count") if body.get(key) is not None]
    return parse_request(pairs)


def router(gate: Gate, service: FlowService, base_url: str) -> APIRouter:
    """Every route of the service. base_url: where `Location` points to."""
    api = Routes(tags=["Flow Service"])
    _add_specs(api, gate, "/connectionSpecs", CONNECTION_SPECS)
    _add_specs(api, gate, "/flowSpecs", FLOW_SPECS)
    for kind in KINDS:
        _add_collection(api, gate, service, kind, base_url)

    @api.get(f"{BASE}/connections/{{resource_id}}/test", summary="Whether a connection works")
    def test(resource_id: str, caller: Caller = Depends(gate.allow("sources.read"))) -> dict[str, bool]:
        return {"result": service.test(caller, resource_id)}

    @api.get(f"{BASE}/connections/{{resource_id}}/explore")
    @api.get(f"{BASE}/connections/{{resource_id}}/configs")
    def explore(resource_id: str, caller: Caller = Depends(gate.allow("sources.read"))) -> None:
        service.get(caller, CONNECTION, resource_id)
        raise FlowRefused("1100-400", "a streaming connection holds no data that could be explored")

    @api.get(f"{BASE}/runs")
    def list_runs(
        caller: Caller = Depends(gate.allow("sources.read")), request: ListRequest = Depends(list_request)
    ) -> dict[str, Any]:
        return service.runs.runs(caller, request)

    @api.post(f"{BASE}/runs")
    def start_run(
        caller: Caller = Depends(gate.allow("sources.write")), body: dict[str, Any] = Depends(flow_object)
    ) -> None:
        flow_id = str(body.get("flowId") or "")
        if not service.has_flow(caller, flow_id):
            raise FlowRefused("1430-400", f"no flow {flow_id!r} in this sandbox", "$.flowId")
        raise FlowRefused("1100-400", "a streaming flow always runs; only a flow of frequency once can be started")

    @api.get(f"{BASE}/runs/{{run_id}}")
    def get_run(run_id: str, caller: Caller = Depends(gate.allow("sources.read"))) -> dict[str, Any]:
        return {"items": [service.runs.run(caller, run_id)]}

    @api.post(f"{BASE}/runs/{{run_id}}/action")
    def retrigger_run(run_id: str, caller: Caller = Depends(gate.allow("sources.write"))) -> None:
        service.runs.run(caller, run_id)
        raise FlowRefused("1100-400", "a window of a streaming flow can't be run again; retry its failed records")

    return api


def _add_specs(api: APIRouter, gate: Gate, path: str, specs: tuple[dict[str, Any], ...]) -> None:
    def find_all(
        http: Request,
        caller: Caller = Depends(gate.allow("sources.read")),
        request: ListRequest = Depends(list_request),
    ) -> dict[str, Any]:
        has_limit = "limit" in http.query_params or "continuationToken" in http.query_params
        return page_of(specs, request if has_limit else _unlimited(request), path)

    def search(
        caller: Caller = Depends(gate.allow("sources.read")), request: ListRequest = Depends(search_request)
    ) -> dict[str, Any]:
        return page_of(specs, request, path)

    def find(spec_id: str, caller: Caller = Depends(gate.allow("sources.read"))) -> dict[str, Any]:
        found = [spec for spec in specs if spec["id"] == spec_id]
        if not found:
            raise FlowRefused("1101-404", f"no specification {spec_id!r}")
        return {"items": found}

    name = path.strip("/")
    api.add_api_route(BASE + path, find_all, methods=["GET"], summary=f"List {name}")
    api.add_api_route(f"{BASE}{path}/search", search, methods=["POST"], summary=f"Search {name}")
    api.add_api_route(f"{BASE}{path}/{{spec_id}}", find, methods=["GET"], summary=f"Get one of {name}")


def _unlimited(request: ListRequest) -> ListRequest:
    return replace(request, limit=MAX_LIMIT)


def _add_collection(api: APIRouter, gate: Gate, service: FlowService, kind: str, base_url: str) -> None:
    path = BASE + PATHS[kind]
    one = f"{path}/{{resource_id}}"

    def find_all(
        caller: Caller = Depends(gate.allow("sources.read")), request: ListRequest = Depends(list_request)
    ) -> dict[str, Any]:
        return service.find_all(caller, kind, request)

    def search(
        caller: Caller = Depends(gate.allow("sources.read")), request: ListRequest = Depends(search_request)
    ) -> dict[str, Any]:
        return service.find_all(caller, kind, request)

    def create(
        request: Request,
        caller: Caller = Depends(gate.allow("sources.write")),
        body: dict[str, Any] = Depends(flow_object),
    ) -> Response:
        is_draft = request.query_params.get("mode", "").lower() == "draft"
        made = service.create(caller, kind, body, is_draft=is_draft)
        return _receipt(made, 201, {"Location": f"{base_url}{path}/{made.id}"})

    def find(resource_id: str, caller: Caller = Depends(gate.allow("sources.read"))) -> Response:
        item = service.get(caller, kind, resource_id)
        return _json({"items": [item]}, headers={"ETag": item["etag"]})

    def patch(
        request: Request,
        resource_id: str,
        caller: Caller = Depends(gate.allow("sources.write")),
        body: Any = Depends(flow_body),
    ) -> Response:
        return _receipt(service.patch(caller, kind, resource_id, body, request.headers.get("if-match")))

    def delete(resource_id: str, caller: Caller = Depends(gate.allow("sources.delete"))) -> Response:
        service.delete(caller, kind, resource_id)
        return Response(status_code=204)

    def act(request: Request, resource_id: str, caller: Caller = Depends(gate.allow("sources.write"))) -> Response:
        return _receipt(service.act(caller, kind, resource_id, request.query_params.get("op", "")))

    name = PATHS[kind].strip("/")
    routes: tuple[tuple[str, str, Callable[..., Any], int, str, dict[str, Any]], ...] = (
        (path, "GET", find_all, 200, f"List {name}", {}),
        (path, "POST", create, 201, f"Create one of {name}", reads_query("mode")),
        (f"{path}/search", "POST", search, 200, f"Search {name}", {}),
        (one, "GET", find, 200, f"Get one of {name}", {}),
        (one, "PATCH", patch, 200, f"Patch one of {name}", reads_headers("If-Match")),
        (one, "DELETE", delete, 204, f"Delete one of {name}", {}),
        (
            f"{one}/action",
            "POST",
            act,
            200,
            "Enable, disable or publish a flow" if kind == FLOW else f"Publish a draft of {name}",
            reads_query("op"),
        ),
    )
    for route, method, handler, status, summary, extra in routes:
        api.add_api_route(
            route,
            handler,
            methods=[method],
            name=f"{handler.__name__}_{kind}",
            summary=summary,
            status_code=status,
            response_model=None,
            openapi_extra=extra,
        )


def _receipt(resource: Resource, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """What every change answers; the quotes are part of the etag's value."""
    return _json({"id": resource.id, "etag": resource.etag}, status, {"ETag": resource.etag, **(headers or {})})


def _json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, media_type="application/json")
