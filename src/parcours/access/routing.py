"""What every room's routes share: the gate, which permission a route needs, bodies as JSON, how both are described.

Routes read bodies and most parameters by hand, so that a bad one gets its service's own error. What they read is
said in fragments of an OpenAPI operation: on a dependency with `described`, on a route with `openapi_extra`.
"""

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, Literal, TypeVar

import orjson
from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.routing import compile_path, get_name

from parcours.access.errors import PermissionDenied
from parcours.access.model import Caller
from parcours.access.permissions import EVERY_PERMISSION, READING
from parcours.access.roles import EVERY_SANDBOX
from parcours.access.service import Access
from parcours.access.sessions import COOKIE, Sessions
from parcours.access.user_model import WEB_CLIENT, Session, User
from parcours.audit import CALL, AuditEvent, Call
from parcours.audit.assets import type_of_resource, verb_of_path
from parcours.kit.depth import MAX_DEPTH, text_nests_too_deep
from parcours.kit.errors import Invalid, ParcoursError

DESCRIPTION = "openapi_operation"
"""The attribute `described` sets."""
PERMISSIONS = "permissions"
"""The attribute of a dependency that lets callers in: the permissions it asks for; none of a valid caller."""
Guard = Callable[[Request], AsyncIterator[Caller]]
_Place = Literal["sandbox", "organisation", "path"]
F = TypeVar("F", bound=Callable[..., Any])


class LateRoute(APIRoute):
    """A route that FastAPI examines when it is first asked for what it does not know from its path and methods.

    To examine all four hundred takes a quarter of a second, at every start; a request needs one.
    """

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        name: str | None = None,
        methods: Collection[str] | None = None,
        status_code: int | None = None,
        include_in_schema: bool = True,
        **more: Any,
    ) -> None:
        known = {"name": name, "methods": methods, "status_code": status_code, "include_in_schema": include_in_schema}
        self._given = {**known, **more}
        self.path, self.endpoint, self.name = path, endpoint, name or get_name(endpoint)
        self.methods = {method.upper() for method in methods or ("GET",)}
        self.status_code, self.include_in_schema = status_code, include_in_schema
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)

    def __getattr__(self, attribute: str) -> Any:
        given = self.__dict__.pop("_given", None)
        if given is None:
            raise AttributeError(f"a route has no {attribute!r}")
        super().__init__(self.path, self.endpoint, **given)
        return getattr(self, attribute)


class Routes(APIRouter):
    """Routes of a room."""

    def __init__(self, **options: Any) -> None:
        """options: those of APIRouter."""
        super().__init__(route_class=LateRoute, **options)


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
"""The security schemes every call of the control plane needs, all of them; or else `SESSION_COOKIE`."""
SESSION_COOKIE: Mapping[str, list[str]] = {"session": []}
SignedIn = tuple[Session, User]


class Gate:
    """FastAPI dependencies bound to one Access. A route says what it needs: `Depends(gate.allow("journeys.write"))`.

    `Depends(gate.caller)` asks for a valid caller alone; tests/unit/access lists the routes that may.
    """

    def __init__(self, access: Access, sessions: Sessions | None = None) -> None:
        """sessions: None where nobody signs in in a browser."""
        self._access = access
        self._sessions = sessions
        self._guards: dict[tuple[_Place, tuple[str, ...]], Guard] = {}

    def allow(self, *permissions: str) -> Guard:
        """The caller, who holds every one of these in the sandbox of the call. Raises PermissionDenied and as `caller`.

        Who is denied stands in the audit log; so does a change that fails.
        """
        return self._guard("sandbox", permissions)

    def allow_in_org(self, *permissions: str) -> Guard:
        """The same for a service without sandboxes: held in every one, by a role that names `*`."""
        return self._guard("organisation", permissions)

    def allow_in_path(self, *permissions: str) -> Guard:
        """The same for a route about a sandbox: held in the one that the path parameter `name` names."""
        return self._guard("path", permissions)

    @described({"security": [PLATFORM_HEADERS, SESSION_COOKIE], **reads_headers("x-sandbox-name")})
    async def caller(self, request: Request) -> Caller:
        """The admitted caller in its sandbox. Raises GatewayRefused or SandboxNotFound."""
        return await self._admit(request, needs_sandbox=True)

    @described({"security": [PLATFORM_HEADERS, SESSION_COOKIE]})
    async def caller_of_org(self, request: Request) -> Caller:
        """The admitted caller of a service without sandboxes: `x-sandbox-name` is not read."""
        return await self._admit(request, needs_sandbox=False)

    @described({"security": [SESSION_COOKIE]})
    async def signed_in(self, request: Request) -> SignedIn:
        """The session of the cookie and its user, for what concerns nobody else. Raises GatewayRefused."""
        assert self._sessions is not None
        cookie = request.cookies.get(COOKIE, "")
        found = await run_in_threadpool(self._sessions.signed_in, cookie, request.method, request.headers)
        CALL.set(replace(CALL.get() or Call(), user_id=found[1].email, client_id=WEB_CLIENT))
        return found

    setattr(signed_in, PERMISSIONS, ())
    setattr(caller, PERMISSIONS, ())
    setattr(caller_of_org, PERMISSIONS, ())

    def _guard(self, place: _Place, permissions: tuple[str, ...]) -> Guard:
        unknown = set(permissions) - EVERY_PERMISSION
        if unknown or not permissions:
            raise ValueError(f"no such permission: {sorted(unknown)}")
        known = self._guards.get((place, permissions))
        if known is not None:
            return known
        is_change = any(permission.partition(".")[2] not in READING for permission in permissions)

        async def guard(request: Request) -> AsyncIterator[Caller]:
            caller = await self._admit(request, needs_sandbox=place == "sandbox")
            held, where = caller.permissions, caller.sandbox.name if place == "sandbox" else EVERY_SANDBOX
            if place == "path":
                where = str(request.path_params["name"])
                held |= self._access.held_in(caller, where).permissions
            missing = [permission for permission in permissions if permission not in held]
            if missing:
                error = PermissionDenied(missing[0], where)
                await self._note(request, caller, missing[0], error)
                raise error
            try:
                yield caller
            except ParcoursError as error:
                if is_change:
                    await self._note(request, caller, permissions[0], error)
                raise

        headers = reads_headers("x-sandbox-name") if place == "sandbox" else {}
        described({"security": [PLATFORM_HEADERS, SESSION_COOKIE], **headers, "x-permissions": list(permissions)})(
            guard
        )
        setattr(guard, PERMISSIONS, permissions)
        self._guards[place, permissions] = guard
        return guard

    async def _admit(self, request: Request, *, needs_sandbox: bool) -> Caller:
        headers, cookie = request.headers, request.cookies.get(COOKIE, "")
        if self._sessions is not None and cookie and "authorization" not in headers:
            caller = await run_in_threadpool(
                self._sessions.admit, cookie, request.method, headers, needs_sandbox=needs_sandbox
            )
        else:
            caller = await run_in_threadpool(self._access.admit, headers, needs_sandbox=needs_sandbox)
        hidden = self._access.hidden_from(caller)
        CALL.set(replace(CALL.get() or Call(), user_id=caller.user_id, client_id=caller.client_id, hidden=hidden))
        return caller

    async def _note(self, request: Request, caller: Caller, permission: str, error: ParcoursError) -> None:
        """Log a call that changed nothing: denied, or failed."""
        if isinstance(error, PermissionDenied):
            permission = error.permission
        resource, _, action = permission.partition(".")
        parameters = list(request.path_params.values())
        event = AuditEvent(
            caller.scope_id, _verb(request), type_of_resource(resource), str(parameters[-1]) if parameters else "", "",
            resource, "Deny" if isinstance(error, PermissionDenied) else "Failure",
            permission=action.upper(), failure=type(error).__name__,
        )  # fmt: skip
        await run_in_threadpool(self._access.note, event)


def _verb(request: Request) -> str:
    """What the call would have done."""
    if request.method in ("GET", "HEAD"):
        return "Read"
    if request.method == "POST":
        operation = request.query_params.get("op", "")
        return operation.capitalize()[:60] or verb_of_path(getattr(request.scope.get("route"), "path", ""))
    return "Delete" if request.method == "DELETE" else "Update"


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
