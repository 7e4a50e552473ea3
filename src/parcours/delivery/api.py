"""The routes that test actions and data sources; they are here because they send."""

from typing import Any

from fastapi import APIRouter, Depends

from parcours.access.model import Caller
from parcours.access.routing import Gate, Routes, json_object
from parcours.actions import ActionService
from parcours.datasources import DataSourceService
from parcours.delivery.source_trial import check_authentication, try_group
from parcours.delivery.trial import try_action
from parcours.kit.settings import Settings


def router(gate: Gate, actions: ActionService, sources: DataSourceService, settings: Settings) -> APIRouter:
    """POST of test requests: …/actions/{uid}/test, …/dataSources/{uid}/fieldGroups/{name}/test, and of token calls."""
    way = (settings.allow_private_networks, settings.egress_proxy)
    routes = Routes(prefix="/journey/orchestration", tags=["actions", "data sources"])

    @routes.post("/actions/{uid}/test")
    def test_action(
        uid: str,
        caller: Caller = Depends(gate.allow("journeys_actions.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Call the action once with the given values, and show the request and its answer."""
        return try_action(actions.compile_one(caller, uid), body, *way)

    @routes.post("/actions/{uid}/testAuthentication")
    def test_action_authentication(
        uid: str, caller: Caller = Depends(gate.allow("journeys_actions.write"))
    ) -> dict[str, Any]:
        """Make the token call, if the action needs one, and say whether a token came."""
        return check_authentication(actions.compile_one(caller, uid), *way)

    @routes.post("/dataSources/{uid}/fieldGroups/{name}/test")
    def test_field_group(
        uid: str,
        name: str,
        caller: Caller = Depends(gate.allow("journeys_data_sources.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Ask the source once with the given values, and show the request, its answer and what is read of it."""
        source, group = sources.compile_group(caller, uid, name)
        return try_group(source, group, body, *way)

    @routes.post("/dataSources/{uid}/testAuthentication")
    def test_data_source_authentication(
        uid: str, caller: Caller = Depends(gate.allow("journeys_data_sources.write"))
    ) -> dict[str, Any]:
        """Make the token call, if the source needs one, and say whether a token came."""
        return check_authentication(sources.compile_one(caller, uid), *way)

    return routes
