"""The ASGI application of the control plane: routers, errors, request ids."""

from collections.abc import Iterable

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import OperationalError
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from parcours import __version__
from parcours.access.sessions import COOKIE
from parcours.audit import CALL, Call
from parcours.http import pages
from parcours.http.errors import from_framework, to_response
from parcours.http.openapi import complete
from parcours.kit.errors import Invalid, ParcoursError, Unavailable
from parcours.kit.ids import new_uuid
from parcours.kit.telemetry import get_logger

log = get_logger("http")
_SAFETY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""For every answer: a browser takes it for what it says it is, frames it nowhere, and tells no other site of it."""
_COOKIE = f"{COOKIE}=".encode()


def build_api(routers: Iterable[APIRouter]) -> FastAPI:
    """The control plane over the rooms' routers; OpenAPI at /openapi.json, a reader for it at /docs."""
    app = FastAPI(
        title="Parcours",
        version=__version__,
        description=pages.INTRODUCTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.include_router(pages.router())
    routers = list(routers)
    for router in routers:
        # Not `include_router`, which makes each route a second time: a second of work at the first request.
        app.router.routes.extend(router.routes)
    complete(app, routers)
    app.add_exception_handler(ParcoursError, _answer_typed)
    app.add_exception_handler(RequestValidationError, _answer_framework)
    app.add_exception_handler(HTTPException, _answer_framework)
    app.add_exception_handler(OperationalError, _answer_unavailable)
    app.add_exception_handler(Exception, _answer_fault)
    app.add_middleware(_RequestEdge)
    return app


async def _answer_typed(request: Request, error: Exception) -> Response:
    return to_response(error, request)


async def _answer_framework(request: Request, error: Exception) -> Response:
    return from_framework(error, request)


async def _answer_unavailable(request: Request, error: Exception) -> Response:
    reason = str(error.orig if isinstance(error, OperationalError) else error).splitlines()[0]
    log.error("database.unavailable", method=request.method, path=request.url.path, reason=reason)
    return to_response(Unavailable(f"the state database can't be used now, nothing was changed: {reason}"), request)


async def _answer_fault(request: Request, error: Exception) -> Response:
    log.error("request.failed", method=request.method, path=request.url.path, exc_info=error)
    return to_response(ParcoursError("the request failed inside the server; its log says why"), request)


class _RequestEdge:
    """What holds for every call: `x-request-id` comes back, one trailing slash is ignored without a redirect.

    The audit log learns address and id of the call here.

    HEAD is a GET whose answer has no body.
    Browsers are told to be careful; what a session sees is kept in no cache.
    A NUL in path or query is refused: it names nothing, and PostgreSQL can't even be asked for it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        if len(path) > 1 and path.endswith("/"):
            scope = {**scope, "path": path[:-1]}
        request_id = next((v for k, v in scope["headers"] if k == b"x-request-id"), b"") or new_uuid().encode()
        peer = scope.get("client")
        CALL.set(Call(peer[0] if peer else "", request_id.decode("latin-1")))

        is_head = scope["method"] == "HEAD"
        if is_head:
            scope = {**scope, "method": "GET"}

        has_session = any(k == b"cookie" and _COOKIE in v for k, v in scope["headers"])

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = request_id.decode("latin-1")
                for name, value in _SAFETY.items():
                    headers.setdefault(name, value)
                if has_session:
                    headers.setdefault("Cache-Control", "no-store")
            elif is_head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        if "\0" in path or b"%00" in scope["query_string"]:
            refusal = to_response(Invalid("the URL holds a NUL character"), Request(scope))
            await refusal(scope, receive, send_with_id)
            return
        await self._app(scope, receive, send_with_id)
