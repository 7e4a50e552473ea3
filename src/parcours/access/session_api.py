"""[PARCOURS] Signing in and out (`/parcours/session`), first start (`/parcours/setup`), links (`/parcours/join`)."""

from collections.abc import Callable
from typing import Any, TypeVar

import anyio
from anyio import to_thread
from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from parcours.access.errors import SignInNeeded
from parcours.access.routing import Gate, Routes, SignedIn, json_object
from parcours.access.sessions import COOKIE, Begun, Browser, Sessions
from parcours.access.user_model import Session, User, iso
from parcours.access.users import Users

T = TypeVar("T")
_TAG = "Sign-in"
_HASHING = anyio.CapacityLimiter(4)
"""Passwords hashed at once, each with 19 MB: who floods sign-in fills neither memory nor the threads of others."""


async def slowly(work: Callable[[], T]) -> T:
    """What hashes a password, in one of few threads."""
    return await to_thread.run_sync(work, limiter=_HASHING)


def router(gate: Gate, sessions: Sessions, users: Users, oidc: dict[str, str] | None = None) -> APIRouter:
    """oidc: {"name", "url"} of the provider that users may sign in with."""
    api = Routes(tags=[_TAG])

    @api.get("/parcours/session", summary="Who is signed in, and where they may do what")
    def get_session(request: Request) -> Response:
        """401 tells whether there is any user yet (`setupNeeded`), and which identity provider there is (`oidc`)."""
        found = sessions.find(request.cookies.get(COOKIE, ""))
        if found is None:
            raise SignInNeeded("nobody is signed in", not sessions.has_users(), oidc)
        return no_store(session_document(sessions, *found))

    @api.post("/parcours/session", summary="Sign in")
    async def sign_in(request: Request, body: dict[str, Any] = Depends(json_object)) -> Response:
        """`{"email", "password"}`. 401 for a wrong pair; 429 after failures in a row, with `Retry-After`."""
        sessions.check_site(request.headers)
        email, password = (value if isinstance(value, str) else "" for value in map(body.get, ("email", "password")))
        begun = await slowly(lambda: sessions.sign_in(email, password, browser_of(request)))
        return await answer_begun(sessions, begun, request=request)

    @api.delete("/parcours/session", status_code=204, summary="Sign out")
    def sign_out(signed_in: SignedIn = Depends(gate.signed_in)) -> Response:
        sessions.end(*signed_in)
        answer = Response(status_code=204, headers={"Cache-Control": "no-store"})
        answer.delete_cookie(COOKIE, path="/", secure=sessions.is_secure, httponly=True, samesite="lax")
        return answer

    @api.put("/parcours/session/organization", summary="Work in another organisation")
    def move(signed_in: SignedIn = Depends(gate.signed_in), body: dict[str, Any] = Depends(json_object)) -> Response:
        """`{"id"}` of one of the user's."""
        session, user = signed_in
        return no_store(session_document(sessions, sessions.move(session, body.get("id")), user))

    @api.post("/parcours/setup", status_code=201, summary="Make the first administrator")
    async def setup(request: Request, body: dict[str, Any] = Depends(json_object)) -> Response:
        """`{"token", "name", "email", "password"}`, with the token of the link that the server printed."""
        sessions.check_site(request.headers)
        begun = await slowly(lambda: users.setup(body, browser_of(request)))
        return await answer_begun(sessions, begun, 201, request=request)

    @api.post("/parcours/join", status_code=201, summary="Join, or set another password, by a one-time link")
    async def join(request: Request, body: dict[str, Any] = Depends(json_object)) -> Response:
        """`{"token", "password", "name"?}`; the user's other sessions end."""
        sessions.check_site(request.headers)
        begun = await slowly(lambda: users.join(body, browser_of(request)))
        return await answer_begun(sessions, begun, 201, request=request)

    return api


def session_document(sessions: Sessions, session: Session, user: User) -> dict[str, Any]:
    """What a page needs to know of its session."""
    orgs, sandboxes = sessions.places(user, session)
    return {
        "user": {"id": user.id, "name": user.name, "email": user.email, "locale": user.locale},
        "csrfToken": sessions.csrf_token(session),
        "organizations": [{"id": org_id, "name": tenant, "tenantId": tenant} for org_id, tenant in orgs],
        "organization": session.org_id,
        "sandboxes": [{"name": one.name, "title": one.title, "type": one.type} for one, _ in sandboxes],
        "permissions": {one.name: permissions for one, permissions in sandboxes},
        "organizationPermissions": sessions.held_in_org(user, session),
        "expiresAt": iso(session.expires_at_ms),
    }


async def answer_begun(sessions: Sessions, begun: Begun, status: int = 200, *, request: Request) -> Response:
    """The session that has begun, and its cookie; the one that the browser had before ends."""
    before = request.cookies.get(COOKIE, "")
    document = await run_in_threadpool(_replace, sessions, begun, before)
    answer = no_store(document, status)
    set_cookie(answer, sessions, begun)
    return answer


def set_cookie(answer: Response, sessions: Sessions, begun: Begun) -> None:
    """Give the browser its session."""
    life_s = (begun.session.ends_at_ms - begun.session.created_at_ms) // 1000
    answer.set_cookie(
        COOKIE, begun.cookie, max_age=life_s, path="/", secure=sessions.is_secure, httponly=True, samesite="lax"
    )


def _replace(sessions: Sessions, begun: Begun, before: str) -> dict[str, Any]:
    sessions.drop(before)
    return session_document(sessions, begun.session, begun.user)


def no_store(document: Any, status: int = 200) -> Response:
    """An answer that no cache keeps."""
    return JSONResponse(document, status, {"Cache-Control": "no-store"})


def browser_of(request: Request) -> Browser:
    """Where a call comes from; of a proxy, where one stands in front."""
    return Browser(request.headers.get("user-agent", ""), request.client.host if request.client else "")
