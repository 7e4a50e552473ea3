"""[PARCOURS] Users of the organisation (`/parcours/users`), and what all change of themselves (`/parcours/me`)."""

from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.responses import JSONResponse

from parcours.access.model import Caller
from parcours.access.routing import Gate, Routes, SignedIn, json_object
from parcours.access.session_api import browser_of, no_store, slowly
from parcours.access.sessions import Sessions
from parcours.access.user_model import Session, User, iso
from parcours.access.users import Users

_USERS, _USER, _ME = "/parcours/users", "/parcours/users/{user_id}", "/parcours/me"


def router(gate: Gate, sessions: Sessions, users: Users) -> APIRouter:
    """Users are the organisation's: `x-sandbox-name` is not read."""
    api = Routes(tags=["Users"])
    _add_users(api, gate, users)
    _add_me(api, gate, sessions, users)
    return api


def _add_users(api: APIRouter, gate: Gate, users: Users) -> None:
    @api.get(_USERS, summary="List users")
    def list_users(caller: Caller = Depends(gate.allow_in_org("users.read"))) -> dict[str, Any]:
        return {"users": [_document(*found) for found in users.users(caller.org_id)]}

    @api.post(_USERS, status_code=201, summary="Invite a user")
    def invite(
        caller: Caller = Depends(gate.allow_in_org("users.write")), body: dict[str, Any] = Depends(json_object)
    ) -> Response:
        """`{"email", "name"?, "locale"?, "roles"?}`; giving roles needs `roles.write` too.

        The answer has a one-time `invitationUrl`, shown this once; null for a user of another organisation.
        """
        user, roles, link = users.invite(caller, body)
        document = {
            **_document(user, roles),
            "invitationUrl": None if link is None else link.url,
            "invitationExpiresAt": None if link is None else iso(link.expires_at_ms),
        }
        return JSONResponse(document, 201, {"Cache-Control": "no-store", "Location": f"{_USERS}/{user.id}"})

    @api.get(_USER, summary="Get a user")
    def get_user(user_id: str, caller: Caller = Depends(gate.allow_in_org("users.read"))) -> dict[str, Any]:
        return _document(*users.user(caller.org_id, user_id))

    @api.patch(_USER, summary="Change a user")
    def change(
        user_id: str,
        caller: Caller = Depends(gate.allow_in_org("users.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """`name`, `email`, `locale`, `roles`, `enabled`, each if it is there. Who is disabled is signed out at once."""
        return _document(*users.change(caller, user_id, body))

    @api.delete(_USER, status_code=204, summary="Delete a user")
    def delete_user(user_id: str, caller: Caller = Depends(gate.allow_in_org("users.delete"))) -> Response:
        users.delete(caller, user_id)
        return Response(status_code=204)

    @api.post(f"{_USER}/resetLink", summary="Make a one-time link to set a password by")
    def reset_link(user_id: str, caller: Caller = Depends(gate.allow_in_org("users.write"))) -> Response:
        """`{"url", "expiresAt"}`; for somebody who has not joined yet, another invitation."""
        link = users.reset_link(caller, user_id)
        return no_store({"url": link.url, "expiresAt": iso(link.expires_at_ms)})

    @api.post("/parcours/setupLink", summary="Make a new link for the first administrator")
    def setup_link(caller: Caller = Depends(gate.allow_in_org("users.write", "roles.write"))) -> Response:
        """409 when there are users."""
        link = users.renew_setup()
        return no_store({"url": link.url, "expiresAt": iso(link.expires_at_ms)})


def _add_me(api: APIRouter, gate: Gate, sessions: Sessions, users: Users) -> None:
    @api.patch(_ME, summary="Change one's own name or locale")
    def change_own(
        signed_in: SignedIn = Depends(gate.signed_in), body: dict[str, Any] = Depends(json_object)
    ) -> Response:
        user = users.change_own(signed_in[1], body)
        return no_store({"id": user.id, "name": user.name, "email": user.email, "locale": user.locale})

    @api.put(f"{_ME}/password", status_code=204, summary="Change one's own password")
    async def change_password(
        request: Request,
        signed_in: SignedIn = Depends(gate.signed_in),
        body: dict[str, Any] = Depends(json_object),
    ) -> Response:
        """`{"old", "new"}`; the user's other sessions end."""
        session, user = signed_in
        old, new, browser = body.get("old"), body.get("new"), browser_of(request)
        await slowly(lambda: users.change_password(session, user, old, new, browser))
        return Response(status_code=204, headers={"Cache-Control": "no-store"})

    @api.get(f"{_ME}/sessions", summary="List one's own sessions")
    def list_sessions(signed_in: SignedIn = Depends(gate.signed_in)) -> Response:
        current, user = signed_in
        return no_store({"sessions": [_session(one, current) for one in sessions.sessions_of(user.id)]})

    @api.delete(f"{_ME}/sessions", status_code=204, summary="End one's other sessions")
    def end_others(signed_in: SignedIn = Depends(gate.signed_in)) -> Response:
        sessions.end_others(signed_in[0])
        return Response(status_code=204)

    @api.delete(f"{_ME}/sessions/{{session_id}}", status_code=204, summary="End one of one's sessions")
    def end_session(session_id: str, signed_in: SignedIn = Depends(gate.signed_in)) -> Response:
        sessions.end_one(signed_in[0], session_id)
        return Response(status_code=204)


def _document(user: User, roles: list[str]) -> dict[str, Any]:
    status = "active" if user.has_joined else "invited"
    return {
        "id": user.id,
        "name": user.name,
        "email": user.email,
        "locale": user.locale,
        "roles": roles,
        "enabled": user.is_enabled,
        "status": status if user.is_enabled else "disabled",
        "organization": user.org_id,
        "lastSignInAt": None if user.signed_in_at_ms is None else iso(user.signed_in_at_ms),
        "createdAt": iso(user.created_at_ms),
        "createdBy": user.created_by,
        "updatedAt": iso(user.updated_at_ms),
        "updatedBy": user.updated_by,
    }


def _session(one: Session, current: Session) -> dict[str, Any]:
    return {
        "id": one.id,
        "isCurrent": one.digest == current.digest,
        "createdAt": iso(one.created_at_ms),
        "lastSeenAt": iso(one.seen_at_ms),
        "expiresAt": iso(one.expires_at_ms),
        "userAgent": one.user_agent,
        "address": one.address,
    }
