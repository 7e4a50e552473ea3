"""Routes of the Schema Registry. Source: platform-apis §3.2."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response

from parcours.access.model import Caller
from parcours.access.routing import Gate, Routes, json_body, json_object, reads_query
from parcours.xdm import views
from parcours.xdm.descriptor_service import DescriptorService
from parcours.xdm.errors import ReadOnly, XdmNotFound
from parcours.xdm.listing import Page, read_query
from parcours.xdm.service import XdmService, has_collection

BASE = "/data/foundation/schemaregistry"
Container = Annotated[str, Path(json_schema_extra={"enum": ["tenant", "global"]})]
Kind = Annotated[
    str,
    Path(
        json_schema_extra={"enum": ["schemas", "fieldgroups", "mixins", "classes", "datatypes", "behaviors", "unions"]}
    ),
]
_LISTED = reads_query("property", "orderby", "start", "limit")


def router(gate: Gate, schemas: XdmService, descriptors: DescriptorService) -> APIRouter:
    """Stats, descriptors, rpc calls, and the resources of both containers; fixed paths before open ones."""
    routes = Routes(prefix=BASE, tags=["Schema Registry"])
    _add_rpc(routes, gate, schemas)
    _add_descriptors(routes, gate, descriptors)
    _add_resources(routes, gate, schemas)
    return routes


def _add_rpc(routes: APIRouter, gate: Gate, schemas: XdmService) -> None:
    @routes.get("/stats")
    def stats(caller: Caller = Depends(gate.allow("schemas.read"))) -> dict[str, Any]:
        return schemas.stats(caller)

    @routes.get("/rpc/sampledata/{id:path}", summary="A sample record of a schema")
    def sample(id: str, caller: Caller = Depends(gate.allow("schemas.read"))) -> dict[str, Any]:
        return schemas.sample(caller, _uri(id))

    @routes.get("/rpc/export/{id:path}", summary="A resource with all it refers to")
    def export(id: str, caller: Caller = Depends(gate.allow("schemas.read"))) -> list[dict[str, Any]]:
        return schemas.export(caller, _uri(id))

    @routes.post("/rpc/import", summary="Import what was exported")
    def import_all(
        caller: Caller = Depends(gate.allow("schemas.write")), body: Any = Depends(json_body)
    ) -> list[dict[str, Any]]:
        return schemas.import_all(caller, body)

    @routes.get("/rpc/auditlog/{id:path}", summary="Changes of a resource")
    def audit(id: str, caller: Caller = Depends(gate.allow("schemas.read"))) -> list[dict[str, Any]]:
        return schemas.audit(caller, _uri(id))


def _add_descriptors(routes: APIRouter, gate: Gate, descriptors: DescriptorService) -> None:
    @routes.get("/{container}/descriptors", summary="List descriptors", openapi_extra=_LISTED)
    def descriptor_list(
        container: Container, request: Request, caller: Caller = Depends(gate.allow("schemas.read"))
    ) -> dict[str, Any]:
        _check_container(container)
        view = views.for_descriptors(request.headers.get("accept"))
        query = read_query(request.query_params.multi_items(), "@id")
        if "v2" in view.forms:
            found = descriptors.find_all(caller, query) if container == "tenant" else Page([], None, query.orderby)
            return _listed(found, request, {})
        return dict(descriptors.grouped(caller, view, query)) if container == "tenant" else {}

    @routes.get("/tenant/descriptors/{id}")
    def descriptor(id: str, request: Request, caller: Caller = Depends(gate.allow("schemas.read"))) -> dict[str, Any]:
        views.for_descriptor(request.headers.get("accept"))
        return descriptors.get(caller, id)

    @routes.post("/tenant/descriptors", status_code=201)
    def create_descriptor(
        caller: Caller = Depends(gate.allow("schemas.write")), body: dict[str, Any] = Depends(json_object)
    ) -> dict[str, Any]:
        return descriptors.create(caller, body)

    @routes.put("/tenant/descriptors/{id}", status_code=201)
    def replace_descriptor(
        id: str, caller: Caller = Depends(gate.allow("schemas.write")), body: dict[str, Any] = Depends(json_object)
    ) -> dict[str, Any]:
        descriptors.replace(caller, id, body)
        return {"@id": id}

    @routes.delete("/tenant/descriptors/{id}", status_code=204)
    def delete_descriptor(id: str, caller: Caller = Depends(gate.allow("schemas.delete"))) -> Response:
        descriptors.delete(caller, id)
        return Response(status_code=204)


def _add_resources(routes: APIRouter, gate: Gate, schemas: XdmService) -> None:
    @routes.get("/{container}/{kind}", summary="List resources", openapi_extra=_LISTED)
    def resource_list(
        container: Container, kind: Kind, request: Request, caller: Caller = Depends(gate.allow("schemas.read"))
    ) -> dict[str, Any]:
        _check_container(container)
        view = views.for_list(request.headers.get("accept"))
        query = read_query(request.query_params.multi_items())
        found = schemas.find_all(caller, container, kind, view, query)
        other = "global" if container == "tenant" else "tenant"
        is_there = has_collection(other, kind)
        return _listed(found, request, {f"{other}_{kind}": f"{BASE}/{other}/{kind}"} if is_there else {})

    @routes.get("/{container}/{kind}/{id:path}", summary="Get a resource")
    def resource(
        container: Container,
        kind: Kind,
        id: str,
        request: Request,
        caller: Caller = Depends(gate.allow("schemas.read")),
    ) -> dict[str, Any]:
        _check_container(container)
        view = views.for_lookup(request.headers.get("accept"))
        return schemas.get(caller, container, kind, _uri(id), view)

    @routes.post("/{container}/{kind}", status_code=201, summary="Create a resource")
    def create(
        container: Container,
        kind: Kind,
        caller: Caller = Depends(gate.allow("schemas.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        _check_writable(container)
        return schemas.create(caller, kind, body)

    @routes.put("/{container}/{kind}/{id:path}", summary="Replace a resource")
    def replace(
        container: Container,
        kind: Kind,
        id: str,
        caller: Caller = Depends(gate.allow("schemas.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        _check_writable(container)
        return schemas.replace(caller, kind, _uri(id), body)

    @routes.patch("/{container}/{kind}/{id:path}", summary="Patch a resource")
    def patch(
        container: Container,
        kind: Kind,
        id: str,
        caller: Caller = Depends(gate.allow("schemas.write")),
        body: Any = Depends(json_body),
    ) -> dict[str, Any]:
        _check_writable(container)
        return schemas.patch(caller, kind, _uri(id), body)

    @routes.delete("/{container}/{kind}/{id:path}", status_code=204, summary="Delete a resource")
    def delete(
        container: Container, kind: Kind, id: str, caller: Caller = Depends(gate.allow("schemas.delete"))
    ) -> Response:
        _check_writable(container)
        schemas.delete(caller, kind, _uri(id))
        return Response(status_code=204)


def _uri(text: str) -> str:
    """A path id as clients mean it; proxies on the way may have joined the slashes of `https://`."""
    if text.startswith("https:/") and not text.startswith("https://"):
        return "https://" + text.removeprefix("https:/")
    return text


def _check_container(container: str) -> None:
    if container not in ("global", "tenant"):
        raise XdmNotFound("container", container)


def _check_writable(container: str) -> None:
    _check_container(container)
    if container == "global":
        raise ReadOnly("the global container can't be written")


def _listed(found: Page, request: Request, links: dict[str, str]) -> dict[str, Any]:
    following = None
    if found.next_start is not None:
        following = {"href": str(request.url.include_query_params(start=found.next_start))}
    base = str(request.base_url).rstrip("/")
    return {
        "results": found.items,
        "_page": {"orderby": found.orderby, "next": found.next_start, "count": len(found.items)},
        "_links": {"next": following, **{name: {"href": base + path} for name, path in links.items()}},
    }
