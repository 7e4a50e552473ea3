"""The token service (`/ims`) and the sandbox API, as platform-apis §8 has them."""

import base64
import binascii
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import Message

from parcours.access.errors import SandboxInvalid, TokenRefused
from parcours.access.model import Caller, Sandbox
from parcours.access.routing import Gate, Routes, body_of, described, json_object, reads_query
from parcours.access.service import Access
from parcours.resources.filtering import matches, sort_by

_MAX_FORM_BYTES = 65_536
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_CREDENTIALS = body_of(media_types=_FORMS, texts=("grant_type", "client_id", "client_secret"))
_TOKEN = body_of(media_types=_FORMS, texts=("token", "client_id"))
_LISTED = reads_query("limit", "offset", "orderBy", "property")
_REHEARSED = reads_query("validationOnly")
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_SANDBOXES = "/data/foundation/sandbox-management"
_SANDBOX_TYPES = [{"id": "production", "title": "Production"}, {"id": "development", "title": "Development"}]


@described(body_of(media_types=_FORMS))
async def form_fields(request: Request) -> dict[str, str]:
    """Query string and form (urlencoded or multipart) in one; the form wins, then HTTP Basic. Raises TokenRefused."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_FORM_BYTES:
            raise TokenRefused("invalid_request", f"a token request has at most {_MAX_FORM_BYTES} bytes")

    async def replay() -> Message:
        return {"type": "http.request", "body": bytes(body), "more_body": False}

    fields = dict(request.query_params)
    try:
        form: FormData = await Request(request.scope, replay).form(max_files=0, max_fields=50)
    except (HTTPException, ValueError) as error:
        reason = error.detail if isinstance(error, HTTPException) else str(error)
        raise TokenRefused("invalid_request", f"the form can't be read: {reason}") from None
    fields.update({key: value for key, value in form.items() if isinstance(value, str)})
    return {**_basic(request.headers.get("authorization", "")), **fields}


def router(gate: Gate, access: Access) -> APIRouter:
    """`/ims/…` and `/data/foundation/sandbox-management/…`."""
    api = Routes()

    def issue(fields: dict[str, str] = Depends(form_fields)) -> Response:
        return JSONResponse(access.issue_token(fields), headers=_NO_STORE)

    for version in ("v1", "v2", "v3"):
        api.add_api_route(
            f"/ims/token/{version}",
            issue,
            methods=["POST"],
            tags=["Tokens"],
            summary="Issue a token",
            openapi_extra=_CREDENTIALS,
        )

    @api.post("/ims/validate_token/v1", tags=["Tokens"], summary="Whether a token is valid", openapi_extra=_TOKEN)
    def validate(request: Request, fields: dict[str, str] = Depends(form_fields)) -> Response:
        token = access.read_token(f"Bearer {_token_of(request, fields)}")
        client_id = fields.get("client_id")
        if token is None or (client_id and client_id != token.client_id):
            return JSONResponse({"valid": False}, headers=_NO_STORE)
        answer = {
            "valid": True,
            "client_id": token.client_id,
            "user_id": token.user_id,
            "expires_at": token.expires_at_ms,
        }
        return JSONResponse(answer, headers=_NO_STORE)

    @api.post("/ims/invalidate_token/v2", tags=["Tokens"], summary="Let a token go", openapi_extra=_TOKEN)
    def invalidate(request: Request, fields: dict[str, str] = Depends(form_fields)) -> Response:
        text = _token_of(request, fields)
        if not text:
            raise TokenRefused("invalid_request", "token is missing")
        access.revoke_token(text)
        return JSONResponse({}, headers=_NO_STORE)

    @api.get(_SANDBOXES, tags=["Sandboxes"], summary="List the caller's sandboxes", openapi_extra=_LISTED)
    def list_own_sandboxes(request: Request, caller: Caller = Depends(gate.caller_of_org)) -> dict[str, Any]:
        found = access.sandboxes(caller.org_id)
        documents = [_document(sandbox) for sandbox in found if access.held_in(caller, sandbox.name).permissions]
        return _page(documents, request.query_params, request.query_params.getlist("property"), request.url.path)

    @api.get(f"{_SANDBOXES}/sandboxes", tags=["Sandboxes"], openapi_extra=_LISTED)
    def list_sandboxes(
        request: Request, caller: Caller = Depends(gate.allow_in_org("sandboxes.view"))
    ) -> dict[str, Any]:
        documents = [_document(sandbox) for sandbox in access.sandboxes(caller.org_id)]
        return _page(documents, request.query_params, request.query_params.getlist("property"), request.url.path)

    @api.get(f"{_SANDBOXES}/sandboxTypes", tags=["Sandboxes"], summary="List sandbox types")
    def list_types(caller: Caller = Depends(gate.caller_of_org)) -> dict[str, Any]:
        return {"sandboxTypes": _SANDBOX_TYPES}

    @api.post(f"{_SANDBOXES}/sandboxes", status_code=202, tags=["Sandboxes"], summary="Create a sandbox")
    def create(
        caller: Caller = Depends(gate.allow_in_org("sandboxes.write")), body: dict[str, Any] = Depends(json_object)
    ) -> dict[str, Any]:
        return {**_document(access.create_sandbox(caller.org_id, body, caller.user_id)), "state": "creating"}

    @api.get(f"{_SANDBOXES}/sandboxes/{{name}}", tags=["Sandboxes"], summary="Get a sandbox")
    def get(name: str, caller: Caller = Depends(gate.allow_in_path("sandboxes.view"))) -> dict[str, Any]:
        return _document(access.sandbox(caller.org_id, name))

    @api.patch(f"{_SANDBOXES}/sandboxes/{{name}}", tags=["Sandboxes"], summary="Rename a sandbox")
    def rename(
        name: str,
        caller: Caller = Depends(gate.allow_in_path("sandboxes.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        return _document(access.rename_sandbox(caller.org_id, name, body.get("title"), caller.user_id))

    @api.put(
        f"{_SANDBOXES}/sandboxes/{{name}}",
        status_code=202,
        tags=["Sandboxes"],
        summary="Reset a sandbox",
        openapi_extra=_REHEARSED,
    )
    def reset(
        name: str,
        request: Request,
        caller: Caller = Depends(gate.allow_in_path("sandboxes.reset")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        if body.get("action") != "reset":
            raise SandboxInvalid('the only action is {"action": "reset"}', "$.action")
        if request.query_params.get("validationOnly", "").lower() == "true":
            return _document(access.sandbox(caller.org_id, name))
        return {**_document(access.reset_sandbox(caller.org_id, name, caller.user_id)), "state": "resetting"}

    @api.delete(
        f"{_SANDBOXES}/sandboxes/{{name}}",
        status_code=202,
        tags=["Sandboxes"],
        summary="Delete a sandbox",
        openapi_extra=_REHEARSED,
    )
    def delete(
        name: str, request: Request, caller: Caller = Depends(gate.allow_in_path("sandboxes.delete"))
    ) -> dict[str, Any]:
        if request.query_params.get("validationOnly", "").lower() == "true":
            return _document(access.sandbox(caller.org_id, name))
        return _document(access.delete_sandbox(caller.org_id, name, caller.user_id))

    return api


def _basic(authorization: str) -> dict[str, str]:
    """Client credentials from HTTP Basic (RFC 6749 §2.3.1), or nothing."""
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        client_id, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return {}
    return {"client_id": unquote(client_id), "client_secret": unquote(secret)}


def _token_of(request: Request, fields: Mapping[str, str]) -> str:
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    return fields.get("token") or (text.strip() if scheme.lower() == "bearer" else "")


def _page(documents: list[dict[str, Any]], query: Mapping[str, str], filters: list[str], path: str) -> dict[str, Any]:
    found = sort_by([d for d in documents if matches(d, filters)], query.get("orderBy", ""))
    limit, offset = _whole(query, "limit", 50, 1), _whole(query, "offset", 0, 0)
    page = found[offset : offset + limit]
    links: dict[str, Any] = {"page": {"href": f"{path}?limit={{limit}}&offset={{offset}}", "templated": True}}
    if offset + limit < len(found):
        kept = "".join(f"&{key}={quote(query[key])}" for key in ("orderBy", "property") if key in query)
        links["next"] = {"href": f"{path}?limit={limit}&offset={offset + limit}{kept}"}
    return {"sandboxes": page, "_page": {"limit": limit, "count": len(page)}, "_links": links}


def _whole(query: Mapping[str, str], name: str, default: int, least: int) -> int:
    text = query.get(name, str(default))
    if not text.isascii() or not text.isdecimal() or len(text) > 9 or int(text) < least:
        raise SandboxInvalid(f"{name} is a whole number from {least}", f"$.{name}")
    return int(text)


def _document(sandbox: Sandbox) -> dict[str, Any]:
    return {
        "id": sandbox.id,
        "name": sandbox.name,
        "title": sandbox.title,
        "state": sandbox.state,
        "type": sandbox.type,
        "region": "VA7",
        "isDefault": sandbox.is_default,
        "eTag": sandbox.version,
        "createdDate": _date(sandbox.created_at_ms),
        "lastModifiedDate": _date(sandbox.updated_at_ms),
        "createdBy": sandbox.created_by,
        "modifiedBy": sandbox.updated_by,
    }


def _date(at_ms: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at_ms / 1000))
