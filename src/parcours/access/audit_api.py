"""The audit log over HTTP (`/data/foundation/audit/events`): the caller's sandbox, newest first."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import orjson
from fastapi import APIRouter, Depends, Request

from parcours.access.model import Caller
from parcours.access.routing import Gate, Routes, reads_query
from parcours.access.service import Access
from parcours.audit import AuditEvent, store
from parcours.audit.filters import AuditQueryInvalid, conditions_of
from parcours.audit.store import audit_event_table
from parcours.db import Database
from parcours.kit.clock import to_datetime

PATH = "/data/foundation/audit/events"
_MAX_LIMIT = 1000


def router(gate: Gate, access: Access, db: Database) -> APIRouter:
    """One route: `property=` filters, `limit`, `start`, and the `queryId` of an earlier answer."""
    api = Routes(tags=["Audit"])

    @api.get(PATH, summary="List audit events", openapi_extra=reads_query("limit", "start", "queryId", "property"))
    def list_events(request: Request, caller: Caller = Depends(gate.allow("audit_log.read"))) -> dict[str, Any]:
        query = request.query_params
        limit, start = _whole(query, "limit", 50, 1, _MAX_LIMIT), _whole(query, "start", 0, 0, 999_999_999)
        filters, last_id = _read_query_id(query["queryId"]) if "queryId" in query else (query.getlist("property"), 0)
        scopes = access.scopes_of(caller.sandbox)
        with db.read() as connection:
            last_id = last_id or store.last_id(connection)
            conditions = [*conditions_of(filters), audit_event_table.c.id <= last_id]
            total = store.count(connection, scopes, conditions)
            events = store.find(connection, scopes, conditions, start, limit)
        shown = [show(event, caller.org_id, caller.sandbox.name) for event in events]
        query_id = _query_id(filters, last_id)
        page = f"{PATH}?queryId={quote(query_id)}&limit={limit}"
        links: dict[str, Any] = {
            "self": {"href": f"{page}&start={start}"},
            "page": {"href": f"{page}{{&start}}", "templated": True},
        }
        if start + len(events) < total:
            links["next"] = {"href": f"{page}&start={start + limit}"}
        return {
            "_embedded": {"customerAuditLogList": shown, "events": shown},
            "_links": links,
            "page": {
                "size": limit,
                "totalElements": total,
                "totalPages": -(-total // limit),
                "number": start // limit + 1,
            },
            "queryId": query_id,
        }

    return api


def show(event: AuditEvent, org_id: str, sandbox: str) -> dict[str, Any]:
    """An event as the platform's audit query API has it; `action`s it does not know are told as they are."""
    at = to_datetime(event.at_ms * 1000)
    return {
        "id": str(event.id),
        "requestId": event.request_id,
        "eventType": "Core",
        "permissionResource": event.resource,
        "permissionType": event.permission,
        "assetType": event.asset_type,
        "assetId": event.asset_id,
        "assetName": event.asset_name,
        "action": event.action,
        "status": event.status,
        "failureCode": event.failure,
        "timestamp": f"{at:%Y-%m-%dT%H:%M:%S}.{event.at_ms % 1000:03d}+0000",
        "version": "1.0",
        "imsOrgId": org_id,
        "sandboxName": sandbox,
        "region": "VA7",
        "authId": event.client_id,
        "userEmail": event.user_id,
        "userIpAddresses": [event.ip] if event.ip else [],
        **({"comment": event.comment} if event.comment else {}),
    }


def _query_id(filters: Sequence[str], last_id: int) -> str:
    """The filters, and the newest line when they were first asked: later lines move no page."""
    return base64.urlsafe_b64encode(orjson.dumps([list(filters), last_id])).decode().rstrip("=")


def _read_query_id(text: str) -> tuple[list[str], int]:
    try:
        filters, last_id = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError, TypeError):
        filters, last_id = None, None
    if (
        not isinstance(filters, list)
        or not all(isinstance(one, str) and "\0" not in one for one in filters)
        or isinstance(last_id, bool)
        or not isinstance(last_id, int)
        or not 0 <= last_id < 2**63
    ):
        raise AuditQueryInvalid("queryId is not one that an earlier answer gave", "$.queryId")
    return filters, last_id


def _whole(query: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = query.get(name, str(default))
    if not text.isascii() or not text.isdecimal() or len(text) > 9 or not least <= int(text) <= most:
        raise AuditQueryInvalid(f"{name} is a whole number from {least} to {most}", f"$.{name}")
    return int(text)
