"""Makes the generated OpenAPI say what routes read by hand, who may call, and which shapes errors have."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from parcours.access.routing import DESCRIPTION

_PATH_PARAMETER = re.compile(r"\{([^}]+)\}")
_TEXT = {"type": "string"}
_STATUS = {"type": "integer"}


def _shape(description: str, /, **properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "description": description, "properties": properties, "required": list(properties)}


ERROR_SHAPES: dict[str, dict[str, Any]] = {
    "GatewayError": _shape("The gateway refused the caller.", error_code=_TEXT, message=_TEXT),
    "TokenError": _shape("The token service (RFC 6749 §5.2).", error=_TEXT, error_description=_TEXT),
    "SignInNeeded": _shape(
        "Nobody is signed in (`GET /parcours/session`).",
        type=_TEXT,
        title=_TEXT,
        status=_STATUS,
        detail=_TEXT,
        setupNeeded={"type": "boolean"},
        oidc={"type": ["object", "null"]},
    ),
    "Problem": _shape("Most services.", type=_TEXT, title=_TEXT, status=_STATUS, detail=_TEXT),
    "ProfileDefinitionError": _shape(
        "Merge policies, profile jobs and audiences.",
        type=_TEXT,
        title=_TEXT,
        status=_STATUS,
        errors={"type": "object"},
    ),
    "NamespaceError": _shape(
        "Namespaces.", type=_TEXT, title=_TEXT, status=_STATUS, description=_TEXT, report={"type": "object"}
    ),
    "IdentityError": _shape("The identity service.", title=_TEXT, status=_STATUS, detail=_TEXT),
    "IdentityGraphError": _shape("The identity graph.", reason=_TEXT, message=_TEXT, status=_STATUS),
    "LimitError": _shape(
        "Capping and throttling; `error` is a JSON document in a text.", status=_STATUS, error=_TEXT, requestId=_TEXT
    ),
    "ProfileAccessError": _shape("Profile access.", message=_TEXT, cause=_TEXT, statusCode=_TEXT, title=_TEXT),
}
"""What `http/errors.py` makes of typed errors."""

SECURITY_SCHEMES = {
    "token": {"type": "http", "scheme": "bearer", "description": "From `POST /ims/token/v3`."},
    "apiKey": {"type": "apiKey", "in": "header", "name": "x-api-key", "description": "The client id."},
    "organisation": {"type": "apiKey", "in": "header", "name": "x-gw-ims-org-id", "description": "The organisation."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "parcours_session",
        "description": "From `POST /parcours/session`; changes also need its `csrfToken` in `x-csrf-token`.",
    },
}

_REFUSED = {
    "description": "Refused; the shape is the service's.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
}


def describe_routes(router: APIRouter) -> None:
    """Put what each route's dependencies were `described` with into its operation, and a name in sentence case."""
    for route in router.routes:
        if isinstance(route, APIRoute):
            route.summary = route.summary or route.name.replace("_", " ").capitalize()
            route.openapi_extra = _merged([*_fragments(route.dependant), route.openapi_extra or {}])


def complete(app: FastAPI, routers: Iterable[APIRouter]) -> None:
    """Give the application's document what holds for every operation: who may call, and the shapes of errors."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            for router in routers:
                describe_routes(router)
            document = generate()
            components = document.setdefault("components", {})
            components["schemas"] = {
                **ERROR_SHAPES,
                "Error": {"anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in ERROR_SHAPES]},
            }
            components["securitySchemes"] = SECURITY_SCHEMES
            for path, item in document["paths"].items():
                for operation in item.values():
                    operation["parameters"] = [*_unread(path, operation), *operation.get("parameters", [])]
                    responses = operation["responses"]
                    responses.pop("422", None)  # FastAPI's own; a parameter it refuses is a 400 of ours
                    responses.setdefault("default", _REFUSED)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _unread(path: str, operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Path parameters no handler takes, such as the organisation of a deprecated path."""
    known = {parameter["name"] for parameter in operation.get("parameters", ()) if parameter["in"] == "path"}
    for name in _PATH_PARAMETER.findall(path):
        if name not in known:
            yield {"name": name, "in": "path", "required": True, "schema": _TEXT}


def _fragments(dependant: Dependant) -> Iterator[dict[str, Any]]:
    for one in dependant.dependencies:
        fragment = getattr(one.call, DESCRIPTION, None)
        if fragment is not None:
            yield fragment
        yield from _fragments(one)


def _merged(fragments: Iterable[dict[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for fragment in fragments:
        for key, value in fragment.items():
            result[key] = [*result.get(key, []), *value] if isinstance(value, list) else value
    return result
