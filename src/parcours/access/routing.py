"""What every room's routes share: the caller as a dependency, request bodies as plain JSON, and how both are described.

Routes read bodies and most parameters by hand, so that a bad one gets its service's own error. What they read is
said in fragments of an OpenAPI operation: on a dependency with `described`, on a route with `openapi_extra`.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import orjson
from fastapi import Request

from parcours.access.model import Caller
from parcours.access.service import Access
from parcours.kit.depth import MAX_DEPTH, text_nests_too_deep
from parcours.kit.errors import Invalid

DESCRIPTION = "openapi_operation"
"""The attribute `described` sets."""
F = TypeVar("F", bound=Callable[..., Any])


class BodyInvalid(Invalid):
    """A request body that is not the JSON the endpoint takes."""


def described(operation: Mapping[str, Any]) -> Callable[[F], F]:
    """Says what a dependency reads from a request; every route that depends on it has the fragment in OpenAPI."""

    def mark(dependency: F) -> F:
        setattr(dependency, DESCRIPTION, operation)
        return dependency

    return mark


def body_of(
    kinds: str | list[str] = "object",
    *,
    media_types: tuple[str, ...] = ("application/json",),
    texts: tuple[str, ...] = (),
) -> dict[str, Any]:
    """The fragment for a body that must be there. kinds: JSON types it may have; texts: its fields, as far as told."""
    schema: dict[str, Any] = {"type": kinds}
    if texts:
        schema["properties"] = {name: {"type": "string"} for name in texts}
    content = {media_type: {"schema": schema} for media_type in media_types}
    return {"requestBody": {"required": True, "content": content}}


def reads_query(*names: str) -> dict[str, Any]:
    """The fragment for optional query parameters; `property` may be repeated."""
    text = {"type": "string"}
    return {
        "parameters": [
            {"name": name, "in": "query", "schema": {"type": "array", "items": text} if name == "property" else text}
            for name in names
        ]
    }


def reads_headers(*names: str) -> dict[str, Any]:
    """The fragment for optional headers."""
    return {"parameters": [{"name": name, "in": "header", "schema": {"type": "string"}} for name in names]}


PLATFORM_HEADERS: Mapping[str, list[str]] = {"token": [], "apiKey": [], "organisation": []}
"""The security schemes every call of the control plane needs, all of them."""


class Gate:
    """FastAPI dependencies bound to one Access: `Depends(gate.caller)`, `Depends(json_object)`."""

    def __init__(self, access: Access) -> None:
        self._access = access

    @described({"security": [PLATFORM_HEADERS], **reads_headers("x-sandbox-name")})
    def caller(self, request: Request) -> Caller:
        """The admitted caller in its sandbox. Raises GatewayRefused or SandboxNotFound."""
        return self._access.admit(request.headers)

    @described({"security": [PLATFORM_HEADERS]})
    def caller_of_org(self, request: Request) -> Caller:
        """The admitted caller of a service without sandboxes: `x-sandbox-name` is not read."""
        return self._access.admit(request.headers, needs_sandbox=False)


@described(body_of(["object", "array"]))
async def json_body(request: Request) -> Any:
    """The body as JSON; None when it is empty. Raises BodyInvalid."""
    raw = await request.body()
    if not raw.strip():
        return None
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BodyInvalid(f"the body is not JSON: {error}") from None
    if text_nests_too_deep(raw, body):
        raise BodyInvalid(f"the body nests deeper than {MAX_DEPTH} levels")
    return body


@described(body_of())
async def json_object(request: Request) -> dict[str, Any]:
    """The body as a JSON object. Raises BodyInvalid."""
    body = await json_body(request)
    if body is None:
        raise BodyInvalid("the request has no body; a JSON object is needed")
    if not isinstance(body, dict):
        raise BodyInvalid("the body must be a JSON object")
    return body
