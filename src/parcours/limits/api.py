"""Routes of capping and throttling, under /journey/orchestration."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Depends, Query, Request, Response

from parcours.access.model import Caller
from parcours.access.routing import BodyInvalid, Gate, Routes, body_of, described, json_object
from parcours.limits.errors import LimitRefused
from parcours.limits.service import Limits, LimitService

PREFIX = "/journey/orchestration"


def routers(gate: Gate, limits: Limits) -> list[APIRouter]:
    """One for each kind."""
    return [_router(gate, service) for service in (limits.capping, limits.throttling)]


def _router(gate: Gate, service: LimitService) -> APIRouter:
    path = service.kind.path
    routes = Routes(prefix=PREFIX, tags=[service.kind.label.partition(" ")[0]])
    document = _body_reader(service)

    @routes.post(f"/list/{path}")
    def list_configs(
        caller: Caller = Depends(gate.allow("journeys_actions.read")),
        page: int = Query(default=0, ge=0, le=1_000_000),
        page_size: int = Query(default=100, ge=1, le=100, alias="pageSize"),
    ) -> dict[str, Any]:
        """The sandbox's configurations, page by page."""
        found = service.find_all(caller)
        return {
            "results": found[page * page_size : (page + 1) * page_size],
            "page": page,
            "limit": page_size,
            "pages": -(-len(found) // page_size),
        }

    @routes.post(f"/{path}")
    def create_config(
        caller: Caller = Depends(gate.allow("journeys_actions.write")), body: dict[str, Any] = Depends(document)
    ) -> dict[str, Any]:
        """Make a configuration; `canDeploy` tells whether it could be deployed as it is."""
        return service.create(caller, body)

    @routes.get(f"/{path}/{{uid}}")
    def get_config(uid: str, caller: Caller = Depends(gate.allow("journeys_actions.read"))) -> dict[str, Any]:
        """One configuration."""
        return {"result": service.get(caller, uid)}

    @routes.put(f"/{path}/{{uid}}")
    def replace_config(
        uid: str,
        caller: Caller = Depends(gate.allow("journeys_actions.write")),
        body: dict[str, Any] = Depends(document),
    ) -> dict[str, Any]:
        """Write a configuration anew."""
        return service.replace(caller, uid, body)

    @routes.delete(f"/{path}/{{uid}}")
    def delete_config(
        uid: str,
        caller: Caller = Depends(gate.allow("journeys_actions.delete")),
        force: bool = Query(default=False, alias="forceDelete"),
    ) -> dict[str, Any]:
        """Delete a configuration; `forceDelete=true` undeploys it first."""
        service.delete(caller, uid, force)
        return {}

    @routes.get(f"/{path}/{{uid}}/canDeploy")
    @routes.post(f"/{path}/{{uid}}/canDeploy")
    def can_deploy_config(uid: str, caller: Caller = Depends(gate.allow("journeys_actions.read"))) -> dict[str, Any]:
        """What stands in the way of deploying."""
        return {"canDeploy": service.can_deploy(caller, uid)}

    @routes.post(f"/{path}/{{uid}}/deploy", status_code=204)
    def deploy_config(uid: str, caller: Caller = Depends(gate.allow("journeys_actions.write"))) -> Response:
        """Let the configuration hold, as it is written now."""
        service.deploy(caller, uid)
        return Response(status_code=204)

    @routes.post(f"/{path}/{{uid}}/undeploy", status_code=204)
    def undeploy_config(uid: str, caller: Caller = Depends(gate.allow("journeys_actions.write"))) -> Response:
        """Let it hold no longer."""
        service.undeploy(caller, uid)
        return Response(status_code=204)

    @routes.get(f"/{path}/{{uid}}/state")
    def get_state(uid: str, caller: Caller = Depends(gate.allow("journeys_actions.read"))) -> dict[str, Any]:
        """What it does at the moment: calls that wait, that were made, that were dropped."""
        return service.state(caller, uid)

    return routes


def _body_reader(service: LimitService) -> Callable[[Request], Any]:
    @described(body_of())
    async def document(request: Request) -> dict[str, Any]:
        try:
            return await json_object(request)
        except BodyInvalid as invalid:
            sandbox = request.headers.get("x-sandbox-name", "prod")
            raise LimitRefused(
                service.kind.refusals.not_json,
                f"Can't create {service.kind.label}: JSON expected: {invalid}",
                f"{service.kind.path}${sandbox}",
            ) from None

    return document
