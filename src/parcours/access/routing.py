"""What every room's routes share: the caller as a dependency, and request bodies as plain JSON."""

from typing import Any

import orjson
from fastapi import Request

from parcours.access.model import Caller
from parcours.access.service import Access
from parcours.kit.errors import Invalid


class BodyInvalid(Invalid):
    """A request body that is not the JSON the endpoint takes."""


class Gate:
    """FastAPI dependencies bound to one Access: `Depends(gate.caller)`, `Depends(json_object)`."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def caller(self, request: Request) -> Caller:
        """The admitted caller in its sandbox. Raises GatewayRefused or SandboxNotFound."""
        return self._access.admit(request.headers)

    def caller_of_org(self, request: Request) -> Caller:
        """The admitted caller of a service without sandboxes: `x-sandbox-name` is not read."""
        return self._access.admit(request.headers, needs_sandbox=False)


async def json_body(request: Request) -> Any:
    """The body as JSON; None when it is empty. Raises BodyInvalid."""
    raw = await request.body()
    if not raw.strip():
        return None
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BodyInvalid(f"the body is not JSON: {error}") from None


async def json_object(request: Request) -> dict[str, Any]:
    """The body as a JSON object. Raises BodyInvalid."""
    body = await json_body(request)
    if body is None:
        raise BodyInvalid("the request has no body; a JSON object is needed")
    if not isinstance(body, dict):
        raise BodyInvalid("the body must be a JSON object")
    return body
