"""The identity graph under `/data/core/identity` (platform-apis §7.2)."""

from typing import Any

from fastapi import APIRouter, Depends, Request

from parcours.access import Caller
from parcours.access.routing import Gate, Routes, json_object, reads_query
from parcours.identity.graph_service import IdentityGraphService

_BASE = "/data/core/identity"


def router(gate: Gate, service: IdentityGraphService) -> APIRouter:
    """`POST /v2/graph`, and the two deprecated calls for clusters."""
    api = Routes(tags=["Identity"])

    @api.post(f"{_BASE}/v2/graph", summary="Linked identities")
    def graph(
        caller: Caller = Depends(gate.allow("identity_graph.read")), body: dict[str, Any] = Depends(json_object)
    ) -> dict[str, Any]:
        """Who is linked with each identity."""
        return service.graph(caller, body)

    @api.get(
        f"{_BASE}/cluster/members",
        deprecated=True,
        summary="Members of a cluster",
        openapi_extra=reads_query("xid", "id", "nsid", "namespace"),
    )
    def members(request: Request, caller: Caller = Depends(gate.allow("identity_graph.read"))) -> dict[str, Any]:
        return service.members(caller, request.query_params)

    @api.post(f"{_BASE}/clusters/members", deprecated=True, summary="Members of several clusters")
    def clusters(
        caller: Caller = Depends(gate.allow("identity_graph.read")), body: dict[str, Any] = Depends(json_object)
    ) -> dict[str, Any]:
        return service.clusters(caller, body)

    return api
