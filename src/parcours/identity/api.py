"""Namespaces under `/data/core/idnamespace`, and the XID under `/data/core/identity` (platform-apis §7.1, §7.2)."""

from typing import Any

from fastapi import APIRouter, Depends, Request

from parcours.access import Caller
from parcours.access.routing import Gate, Routes, json_object, reads_query
from parcours.identity.namespaces import Namespace
from parcours.identity.service import NamespaceService

_BASES = ("/data/core/idnamespace/identities", "/data/core/idnamespace/orgs/{org_id}/identities")
"""The second form is deprecated; the organisation is the caller's whatever it says."""


def router(gate: Gate, service: NamespaceService) -> APIRouter:
    """The namespace routes under both prefixes, and `GET /data/core/identity/identity`."""
    api = Routes(tags=["Identity"])

    def find_all(caller: Caller = Depends(gate.allow("identity_namespace.read"))) -> list[dict[str, Any]]:
        return [_document(namespace) for namespace in service.namespaces(caller)]

    def find(namespace_id: str, caller: Caller = Depends(gate.allow("identity_namespace.read"))) -> dict[str, Any]:
        return _document(service.get(caller, namespace_id))

    def create(
        caller: Caller = Depends(gate.allow("identity_namespace.write")), body: dict[str, Any] = Depends(json_object)
    ) -> dict[str, Any]:
        return _document(service.create(caller, body))

    def replace(
        namespace_id: str,
        caller: Caller = Depends(gate.allow("identity_namespace.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> list[dict[str, Any]]:
        return [_document(service.replace(caller, namespace_id, body))]

    for base in _BASES:
        is_old = "orgs" in base
        one = f"{base}/{{namespace_id}}"
        api.add_api_route(base, find_all, methods=["GET"], deprecated=is_old, summary="List namespaces")
        api.add_api_route(base, create, methods=["POST"], deprecated=is_old, summary="Create a namespace")
        api.add_api_route(one, find, methods=["GET"], deprecated=is_old, summary="Get a namespace")
        api.add_api_route(one, replace, methods=["PUT"], deprecated=is_old, summary="Replace a namespace")

    @api.get(
        "/data/core/identity/identity",
        summary="The XID of an identity",
        openapi_extra=reads_query("namespace", "nsid", "id"),
    )
    def xid(request: Request, caller: Caller = Depends(gate.allow("identity_graph.read"))) -> dict[str, str]:
        query = request.query_params
        found = service.xid_of(caller, query.get("namespace", ""), query.get("nsid", ""), query.get("id", ""))
        return {"xid": found}

    return api


def _document(namespace: Namespace) -> dict[str, Any]:
    return {
        "id": namespace.id,
        "code": namespace.code,
        "name": namespace.name,
        "description": namespace.description,
        "idType": namespace.id_type,
        "namespaceType": "Custom" if namespace.is_custom else "Standard",
        "status": "ACTIVE",
        "custom": namespace.is_custom,
        "createTime": namespace.created_at_ms,
        "updateTime": namespace.updated_at_ms,
    }
