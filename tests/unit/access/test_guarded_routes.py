"""Every route says which permission it needs; the few that need none are listed here."""

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from parcours.access.permissions import EVERY_PERMISSION
from parcours.access.routing import PERMISSIONS, Gate
from parcours.app import Platform
from parcours.edge import build_control_plane, build_process_routers
from parcours.http import static

OPEN_TO_ALL = {
    "GET /",
    "GET /docs",
    "GET /docs/favicon.png",
    "GET /docs/swagger-ui-bundle.js",
    "GET /docs/swagger-ui.css",
    "GET /health/live",
    "GET /health/ready",
    "GET /metrics",
    "POST /ims/token/v1",
    "POST /ims/token/v2",
    "POST /ims/token/v3",
    "POST /ims/validate_token/v1",
    "POST /ims/invalidate_token/v2",
    "GET /m/c/{token}",
    "GET /m/o/{token}",
    "GET /m/u/{token}",
    "POST /m/u/{token}",
    "POST /m/f/{uid}",
    "GET /parcours/session",
    "POST /parcours/session",
    "POST /parcours/setup",
    "POST /parcours/join",
    "GET /parcours/oidc/start",
    "GET /parcours/oidc/callback",
}
"""Without a caller: they tell nothing that is stored. Links of messages are signed, and feedback has its secret.

Whoever signs in has a password or a one-time link; who is signed in is told to the session's own browser.
"""
OPEN_TO_CALLERS = {
    "GET /data/foundation/access-control/acl/reference",
    "POST /data/foundation/access-control/acl/effective-policies",
    "GET /data/foundation/access-control/administration/products",
    "GET /data/foundation/access-control/administration/products/{product_id}/categories",
    "GET /data/foundation/access-control/administration/products/{product_id}/permission-sets",
    "GET /data/foundation/dulepolicy/schema",
    "GET /data/foundation/sandbox-management",
    "GET /data/foundation/sandbox-management/sandboxTypes",
    "POST /data/foundation/conversion/languages/el/validate",
    "GET /data/foundation/conversion/languages/el/functions",
    "GET /data/foundation/conversion/languages/el/operators",
    "GET /journey/orchestration/schema/decisionRule",
    "GET /journey/orchestration/schema/fragment",
    "GET /journey/orchestration/schema/journey",
    "GET /journey/orchestration/schema/ruleSet",
    "GET /journey/orchestration/schema/approvalPolicy",
    "DELETE /parcours/session",
    "PUT /parcours/session/organization",
    "PATCH /parcours/me",
    "PUT /parcours/me/password",
    "GET /parcours/me/sessions",
    "DELETE /parcours/me/sessions",
    "DELETE /parcours/me/sessions/{session_id}",
}
"""A valid caller is enough: what the server knows by itself, and what the caller itself may do and is."""


@pytest.fixture
def app(platform: Platform) -> FastAPI:
    return build_control_plane(platform, build_process_routers(platform, Mock(), Mock(), Mock()))


def needed(dependant: Dependant) -> Iterator[tuple[str, ...]]:
    """What each dependency that lets callers in asks for."""
    found = getattr(dependant.call, PERMISSIONS, None)
    if found is not None:
        yield found
    for one in dependant.dependencies:
        yield from needed(one)


def routes(app: FastAPI) -> dict[str, list[tuple[str, ...]]]:
    """What each route asks for; the designer's pages, which hold nobody's data, are there where it was built."""
    pages = {route.path for route in static.router().routes if isinstance(route, APIRoute) and route.path != "/"}
    return {
        f"{method} {context.path}": list(needed(context.original_route.dependant))
        for context in iter_route_contexts(app.routes)
        if isinstance(context.original_route, APIRoute) and context.path not in pages
        for method in context.methods or ()
    }


def test_every_route_states_a_permission_or_is_listed(app: FastAPI) -> None:
    found = routes(app)
    assert len(found) > 150
    assert {name for name, guards in found.items() if not guards} == OPEN_TO_ALL
    assert {name for name, guards in found.items() if () in guards} == OPEN_TO_CALLERS


def test_a_route_asks_once(app: FastAPI) -> None:
    assert [name for name, guards in routes(app).items() if len(guards) > 1] == []


def test_what_changes_something_needs_more_than_reading(app: FastAPI) -> None:
    """A POST that only asks is one whose path says so."""
    asking = (
        "search",
        "/check",
        "bulk-get",
        "/validate",
        "/preview",
        "/graph",
        "/members",
        "/entities",
        "/list/journeys",
        "/list/endpointConfigs",
        "/list/throttlingConfigs",
        "/canDeploy",
        "/expressions/scope",
        "/expressions/evaluate",
        "/journeys/approval",
        "/simulate",
        "/backtest",
        "/parcours/query",
    )
    for name, guards in routes(app).items():
        method, _, path = name.partition(" ")
        if method == "GET" or name in OPEN_TO_ALL | OPEN_TO_CALLERS:
            continue
        reads = all(permission.endswith((".read", ".view")) for permission in guards[0])
        assert reads == (method == "POST" and any(part in path for part in asking) and "/audiences/{" not in path), name


def test_a_delete_needs_the_permission_to_delete(app: FastAPI) -> None:
    for name, guards in routes(app).items():
        if name in OPEN_TO_CALLERS:
            continue
        if name.startswith("DELETE ") and not name.endswith("/{mapping_id}"):  # that edits its mapping set
            assert guards[0][0].endswith(".delete"), name


@pytest.mark.parametrize(
    ("route", "permission"),
    [
        ("POST /journey/orchestration/journeys", "journeys.write"),
        ("PUT /journey/orchestration/journeyVersions/{uid}", "journeys.write"),
        ("DELETE /journey/orchestration/journeys/{uid}", "journeys.delete"),
        ("POST /journey/orchestration/journeyVersions/{uid}/publish", "journeys.publish"),
        ("POST /journey/orchestration/journeyVersions/{uid}/pause", "journeys.publish"),
        ("POST /journey/orchestration/journeyVersions/{uid}/resume", "journeys.publish"),
        ("POST /journey/orchestration/list/journeyVersions/pause", "journeys.publish"),
        ("POST /journey/orchestration/journeyVersions/{uid}/dryRun", "journeys.publish"),
        ("POST /journey/orchestration/journeyVersions/{uid}/endDryRun", "journeys.write"),
        ("POST /journey/orchestration/journeyVersions/{uid}/test", "journeys.write"),
        ("POST /journey/orchestration/journeyVersions/{uid}/endTest", "journeys.write"),
        ("POST /journey/orchestration/journeyVersions/{uid}/stop", "journeys.write"),
        ("POST /journey/orchestration/journeyVersions/{uid}/close", "journeys.write"),
        ("POST /journey/orchestration/actions/{uid}/test", "journeys_actions.write"),
        ("POST /journey/orchestration/actions/{uid}/testAuthentication", "journeys_actions.write"),
        ("GET /journey/orchestration/trace", "journeys.read"),
        ("DELETE /journey/orchestration/events/{uid}", "journeys_events.delete"),
    ],
)
def test_who_may_do_what_is_as_specified(app: FastAPI, route: str, permission: str) -> None:
    """Source: journeys §2."""
    assert routes(app)[route] == [(permission,)]


def test_openapi_names_the_permissions(app: FastAPI) -> None:
    operation = app.openapi()["paths"]["/journey/orchestration/journeyVersions/{uid}/publish"]["post"]
    assert operation["x-permissions"] == ["journeys.publish"]


def test_a_permission_that_there_is_not_stops_the_start() -> None:
    gate = Gate(Mock())
    with pytest.raises(ValueError, match=r"journeys\.wirte"):
        gate.allow("journeys.wirte")
    with pytest.raises(ValueError):
        gate.allow()


def test_the_page_tells_the_permission_of_every_route(app: FastAPI) -> None:
    text = (Path(__file__).parents[3] / "docs/reference/permissions.md").read_text(encoding="utf-8")
    for permission in {permission for guards in routes(app).values() for guard in guards for permission in guard}:
        assert permission in EVERY_PERMISSION
        assert f"`{permission}`" in text, permission
