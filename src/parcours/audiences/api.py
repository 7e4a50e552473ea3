"""Audiences, their members and uploads, under `/data/core/ups/audiences` (platform-apis §7.8).

The platform's own calls are those of audiences; members and uploads are Parcours's.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Depends, Request, Response

from parcours.access import Caller
from parcours.access.routing import Gate, Routes, body_of, json_body, json_object, reads_headers, reads_query
from parcours.audiences.document import text_of_time
from parcours.audiences.errors import AudienceInvalid, AudienceNotFound, TooManyAudiences, UploadInvalid
from parcours.audiences.service import AudienceService
from parcours.audiences.uploads import UploadService
from parcours.resources.filtering import matches, sort_by

BASE = "/data/core/ups/audiences"
_UPLOADS = f"{BASE}/{{audience_id}}/uploads"
_UPLOAD = f"{_UPLOADS}/{{upload_id}}"
MAX_IDS = 100
MAX_PAGE = 500
MAX_MEMBERS = 1_000
_FILTERS = ("name", "description", "entityType")
_PEOPLE = "xdm.context.profile"
"""The one `entityType` there is, with or without an underscore before it."""
_PERSON = ("entityId", "entityIdNS")
_FORMAT_OF: Mapping[str, str] = {
    "text/csv": "csv",
    "application/json": "json",
    "application/jsonl": "jsonl",
    "application/x-ndjson": "jsonl",
    "application/x-jsonlines": "jsonl",
}
_LIST = body_of(["string", "array"], media_types=tuple(_FORMAT_OF))
_PART = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


async def raw_body(request: Request) -> bytes:
    """The body as it came."""
    return await request.body()


def router(gate: Gate, service: AudienceService, uploads: UploadService) -> APIRouter:
    """Every route of audiences."""
    api = Routes(tags=["Audiences"])
    _add_audiences(api, gate, service)
    _add_members(api, gate, service, uploads)
    _add_uploads(api, gate, uploads)
    return api


def _add_audiences(api: APIRouter, gate: Gate, service: AudienceService) -> None:
    @api.get(BASE, openapi_extra=reads_query("start", "limit", "sort", "property", *_FILTERS))
    def list_audiences(request: Request, caller: Caller = Depends(gate.allow("segments.read"))) -> dict[str, Any]:
        """The sandbox's audiences, page by page."""
        query = request.query_params
        found = [one for one in service.find_all(caller) if matches(one, query.getlist("property"))]
        for name in ("name", "description"):
            if query.get(name):
                found = [one for one in found if query[name].lower() in one[name].lower()]
        if query.get("entityType", _PEOPLE).removeprefix("_") != _PEOPLE:
            found = []
        found = sort_by(found, _order(query.get("sort", "")))
        start, limit = _whole(query, "start", 0), min(max(_whole(query, "limit", 20), 1), MAX_PAGE)
        return _page(request, "/audiences", found[start : start + limit], len(found), start, limit)

    @api.post(BASE, status_code=201)
    def create_audience(
        response: Response,
        caller: Caller = Depends(gate.allow("segments.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Make an audience, without members yet."""
        made = service.create(caller, body)
        response.headers["Location"] = f"{BASE}/{made['id']}"
        response.headers["ETag"] = made["_etag"]
        return made

    @api.post(f"{BASE}/bulk-get", status_code=207, summary="Get several audiences")
    def find_some(
        caller: Caller = Depends(gate.allow("segments.read")), body: dict[str, Any] = Depends(json_object)
    ) -> dict[str, Any]:
        """{ids: [{id}]} → each of them, or why it can't be shown."""
        ids = body.get("ids")
        if not isinstance(ids, list) or not 1 <= len(ids) <= MAX_IDS:
            raise TooManyAudiences(f"ids is required: a list of 1 to {MAX_IDS} {{id}}", "$.ids")
        wanted: list[str] = []
        for one in ids:
            if not isinstance(one, dict) or not isinstance(one.get("id"), str):
                raise TooManyAudiences("each of ids is an object with the text id", "$.ids")
            wanted.append(one["id"])
        found = service.find_some(caller, wanted)
        gone = {"code": f"UPAPI-{AudienceNotFound.number}-404", "title": AudienceNotFound.title}
        return {
            "results": {
                key: {"httpStatus": 200, "audience": found[key]}
                if key in found
                else {"httpStatus": 404, "message": "no such audience", "error": gone}
                for key in dict.fromkeys(wanted)
            }
        }

    @api.get(f"{BASE}/memberships", summary="Get the memberships of a person", openapi_extra=reads_query(*_PERSON))
    def find_memberships(request: Request, caller: Caller = Depends(gate.allow("segments.read"))) -> dict[str, Any]:
        """Which audiences a person is or was in, all linked identities together."""
        query = request.query_params
        namespace, identity = query.get("entityIdNS", ""), query.get("entityId", "")
        if not namespace or not identity:
            raise AudienceInvalid("entityId and entityIdNS are required: an identity and its namespace", "$.entityId")
        return {"segmentMembership": service.segment_membership(caller, namespace, identity)}

    @api.get(f"{BASE}/{{audience_id}}")
    def get_audience(
        audience_id: str, response: Response, caller: Caller = Depends(gate.allow("segments.read"))
    ) -> dict[str, Any]:
        """One audience with its counts."""
        found = service.get(caller, audience_id)
        response.headers["ETag"] = found["_etag"]
        return found

    @api.patch(f"{BASE}/{{audience_id}}", status_code=201, openapi_extra=reads_headers("If-Match"))
    def patch_audience(
        audience_id: str,
        request: Request,
        response: Response,
        caller: Caller = Depends(gate.allow("segments.write")),
        body: Any = Depends(json_body),
    ) -> dict[str, Any]:
        """Change an audience by JSON Patch."""
        found = service.patch(caller, audience_id, body, request.headers.get("if-match"))
        response.headers["ETag"] = found["_etag"]
        return found

    @api.put(f"{BASE}/{{audience_id}}", status_code=201, openapi_extra=reads_headers("If-Match"))
    def replace_audience(
        audience_id: str,
        request: Request,
        response: Response,
        caller: Caller = Depends(gate.allow("segments.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Write an audience anew; its members stay."""
        found = service.replace(caller, audience_id, body, request.headers.get("if-match"))
        response.headers["ETag"] = found["_etag"]
        return found

    @api.delete(f"{BASE}/{{audience_id}}", status_code=204)
    def delete_audience(audience_id: str, caller: Caller = Depends(gate.allow("segments.delete"))) -> None:
        """Delete an audience that no journey uses, with its members."""
        service.delete(caller, audience_id)


def _add_members(api: APIRouter, gate: Gate, service: AudienceService, uploads: UploadService) -> None:
    @api.get(
        f"{BASE}/{{audience_id}}/members",
        summary="List members",
        openapi_extra=reads_query("status", "identity", "start", "limit"),
    )
    def list_members(
        audience_id: str, request: Request, caller: Caller = Depends(gate.allow("segments.read"))
    ) -> dict[str, Any]:
        """Members in the order of their identities, page by page.

        `status=exited` are those who were; `identity` is how theirs begin.
        """
        query = request.query_params
        status = query.get("status", "realized")
        if status not in ("realized", "exited"):
            raise AudienceInvalid("status is realized or exited", "$.status")
        limit = min(max(_whole(query, "limit", 100), 1), MAX_MEMBERS)
        begins_with = query.get("identity", "")
        members = service.members(
            caller,
            audience_id,
            status,  # type: ignore[arg-type]
            query.get("start", ""),
            limit,
            begins_with,
        )
        following = members[-1].key if len(members) == limit else ""
        again = [("start", following), ("limit", str(limit)), ("status", status)]
        again += [("identity", begins_with)] if begins_with else []
        href = f"@/audiences/{audience_id}/members?{urlencode(again)}" if following else ""
        return {
            "children": [
                {
                    "identity": {"namespace": {"code": one.identity[0]}, "id": one.identity[1]},
                    "status": status,
                    "lastQualificationTime": text_of_time(one.qualified_at_us),
                    "attributes": {} if one.attributes is None else orjson.loads(one.attributes),
                }
                for one in members
            ],
            "_page": {"pageSize": len(members), "next": following},
            "_links": {"next": {"href": href}},
        }

    @api.post(
        f"{BASE}/{{audience_id}}/members",
        status_code=202,
        summary="Upload members",
        openapi_extra={**reads_query("mode", "identityColumn", "delimiter", "maxBadPercent"), **_LIST},
    )
    def upload_members(
        audience_id: str,
        request: Request,
        response: Response,
        caller: Caller = Depends(gate.allow("segments.write")),
        content: bytes = Depends(raw_body),
    ) -> dict[str, Any]:
        """A whole list in one request: an upload of one part, completed."""
        body: dict[str, Any] = dict(request.query_params)
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type not in _FORMAT_OF:
            raise UploadInvalid(f"Content-Type is one of {', '.join(_FORMAT_OF)}", "$.Content-Type")
        body["format"] = _FORMAT_OF[media_type]
        if "maxBadPercent" in body:
            body["maxBadPercent"] = _whole(request.query_params, "maxBadPercent", 0)
        made = uploads.upload_at_once(caller, audience_id, body, content)
        response.headers["Location"] = f"{BASE}/{audience_id}/uploads/{made['id']}"
        return made


def _add_uploads(api: APIRouter, gate: Gate, uploads: UploadService) -> None:
    @api.get(_UPLOADS, openapi_extra=reads_query("start", "limit"))
    def list_uploads(
        audience_id: str, request: Request, caller: Caller = Depends(gate.allow("segments.read"))
    ) -> dict[str, Any]:
        """The audience's uploads, the latest first."""
        query = request.query_params
        start, limit = _whole(query, "start", 0), min(max(_whole(query, "limit", 20), 1), MAX_PAGE)
        found, total = uploads.uploads(caller, audience_id, start, limit)
        return _page(request, f"/audiences/{audience_id}/uploads", found, total, start, limit)

    @api.post(_UPLOADS, status_code=201)
    def open_upload(
        audience_id: str,
        response: Response,
        caller: Caller = Depends(gate.allow("segments.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Open an upload: {mode, format, identityColumn, delimiter, maxBadPercent}, all of them optional."""
        made = uploads.create(caller, audience_id, body)
        response.headers["Location"] = f"{BASE}/{audience_id}/uploads/{made['id']}"
        return made

    @api.get(_UPLOAD)
    def get_upload(
        audience_id: str, upload_id: str, caller: Caller = Depends(gate.allow("segments.read"))
    ) -> dict[str, Any]:
        """How far an upload is, and what it came to."""
        return uploads.get(caller, audience_id, upload_id)

    @api.put(f"{_UPLOAD}/parts/{{part_no}}", status_code=204, openapi_extra=_PART)
    def put_part(
        audience_id: str,
        upload_id: str,
        part_no: int,
        caller: Caller = Depends(gate.allow("segments.write")),
        content: bytes = Depends(raw_body),
    ) -> None:
        """A part of the list, cut anywhere; numbered from 1. Sent once more, it replaces itself."""
        uploads.put_part(caller, audience_id, upload_id, part_no, content)

    @api.post(f"{_UPLOAD}/complete", status_code=202)
    def complete_upload(
        audience_id: str,
        upload_id: str,
        caller: Caller = Depends(gate.allow("segments.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """{parts}: how many there are. The list is applied after those completed before it."""
        return uploads.complete(caller, audience_id, upload_id, body.get("parts"))

    @api.delete(_UPLOAD)
    def cancel_upload(
        audience_id: str, upload_id: str, caller: Caller = Depends(gate.allow("segments.delete"))
    ) -> dict[str, Any]:
        """Give up an upload that has changed nothing yet."""
        return uploads.cancel(caller, audience_id, upload_id)


def _page(
    request: Request, path: str, children: list[dict[str, Any]], total: int, start: int, limit: int
) -> dict[str, Any]:
    shown: dict[str, Any] = {"totalCount": total, "pageSize": len(children)}
    following: dict[str, Any] = {}
    if start + limit < total:
        shown["next"] = str(start + limit)
        again = [(key, value) for key, value in request.query_params.multi_items() if key not in ("start", "limit")]
        pairs = [("start", str(start + limit)), ("limit", str(limit)), *again]
        following = {"href": f"@{path}?{urlencode(pairs)}"}
    return {"children": children, "_page": shown, "_links": {"next": following}}


def _order(text: str) -> str:
    """`name:desc` in the words of the shared order: `-name`."""
    fields = [field.strip().partition(":") for field in text.split(",") if field.strip()]
    return ",".join(f"-{name}" if direction.lower() == "desc" else name for name, _, direction in fields)


def _whole(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name) or str(default)
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise AudienceInvalid(f"{name} is a whole number", f"$.{name}")
    return int(text)
