"""[PARCOURS] Signing in by an OpenID provider (`/parcours/oidc`)."""

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from parcours.access.errors import OidcFailed, OidcNotConfigured
from parcours.access.oidc import CALLBACK, FLOW_LIFETIME_S, START, Oidc
from parcours.access.routing import Routes, reads_query
from parcours.access.session_api import browser_of, set_cookie
from parcours.access.sessions import COOKIE, Sessions
from parcours.access.users import Users
from parcours.kit.telemetry import get_logger

_FLOW_COOKIE = "parcours_oidc"
_FLOW_PATH = "/parcours/oidc"
log = get_logger("access")


def router(oidc: Oidc, sessions: Sessions, users: Users, role_id: str) -> APIRouter:
    """role_id: what newcomers get; empty: only invited addresses come in."""
    api = Routes(tags=["Sign-in"])

    @api.get(START, status_code=302, summary="Go to the OpenID provider", response_class=Response)
    async def start() -> Response:
        """302 to the provider, with what belongs to this attempt sealed into a cookie of ten minutes."""
        if not oidc.is_configured:
            raise OidcNotConfigured
        url, sealed = await oidc.start()
        answer = RedirectResponse(url, 302, {"Cache-Control": "no-store"})
        answer.set_cookie(
            _FLOW_COOKIE,
            sealed,
            max_age=FLOW_LIFETIME_S,
            path=_FLOW_PATH,
            secure=sessions.is_secure,
            httponly=True,
            samesite="lax",
        )
        return answer

    @api.get(
        CALLBACK,
        status_code=302,
        summary="Come back from the OpenID provider",
        response_class=Response,
        openapi_extra=reads_query("code", "state", "error"),
    )
    async def callback(request: Request) -> Response:
        """302 to `/` with a session; 403 when the answer can't be trusted, or nobody with its address may come in."""
        if not oidc.is_configured:
            raise OidcNotConfigured
        try:
            found = await oidc.finish(request.query_params, request.cookies.get(_FLOW_COOKIE, ""))
            browser = browser_of(request)
            begun = await run_in_threadpool(
                lambda: users.come_in(found.subject, found.email, found.name, role_id, browser)
            )
        except OidcFailed as error:
            log.warning("oidc.refused", reason=str(error))
            raise
        await run_in_threadpool(sessions.drop, request.cookies.get(COOKIE, ""))
        answer = RedirectResponse("/", 302, {"Cache-Control": "no-store"})
        answer.delete_cookie(_FLOW_COOKIE, path=_FLOW_PATH, secure=sessions.is_secure, httponly=True, samesite="lax")
        set_cookie(answer, sessions, begun)
        return answer

    return api
