"""Profile access, merge policies and profile jobs under `/data/core/ups` (platform-apis §7.4 to §7.6)."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response

from parcours.access import Caller
from parcours.access.routing import Gate, Routes, json_body, json_object, reads_query
from parcours.profile.errors import JobInvalid, MergePolicyInvalid, MergePolicyNotFound, ProfileQueryInvalid
from parcours.profile.projection import read_fields
from parcours.profile.query import (
    check_related,
    read_body_fields,
    read_event_query,
    read_event_query_of_body,
    read_kind,
    read_people,
    read_person,
    read_person_of_events,
    read_policy_id,
    write_place,
)
from parcours.profile.service import EventPage, EventQuery, ProfileService
from parcours.resources.filtering import sort_by

_BASE = "/data/core/ups"
_ENTITIES = f"{_BASE}/access/entities"
_POLICIES = f"{_BASE}/config/mergePolicies"
_JOBS = f"{_BASE}/system/jobs"
_PERSON = ("schema.name", "entityId", "entityIdNS", "mergePolicyId")
_EVENTS = (
    "relatedSchema.name", "relatedEntityId", "relatedEntityIdNS", "fields", "startTime", "endTime", "limit", "orderby",
    "start", "offsets", "property",
)  # fmt: skip


def router(gate: Gate, service: ProfileService) -> APIRouter:
    """Every route of profiles."""
    api = Routes(tags=["Profiles"])
    _add_access(api, gate, service)
    _add_test_profiles(api, gate, service)
    _add_policies(api, gate, service)
    _add_jobs(api, gate, service)
    return api


def _add_access(api: APIRouter, gate: Gate, service: ProfileService) -> None:
    @api.get(_ENTITIES, summary="Get a profile, or events", openapi_extra=reads_query(*_PERSON, *_EVENTS))
    def find(request: Request, caller: Caller = Depends(gate.allow("profiles.read"))) -> dict[str, Any]:
        """A profile, or a page of a person's events."""
        query = request.query_params
        policy_id = query.get("mergePolicyId", "")
        if read_kind(query.get("schema.name")) == "profile":
            return service.profile(caller, read_person(query), policy_id, read_fields([query.get("fields", "")]))
        person, event_id = read_person_of_events(query)
        wanted = read_event_query(query, query.getlist("property"), event_id)
        page = service.events(caller, person, wanted, policy_id)
        place = write_place(page.next)
        again = [(key, value) for key, value in query.multi_items() if key not in ("start", "offsets")]
        href = f"/entities?{urlencode([('start', place), *again, ('offsets', place)])}" if place else ""
        return {**_events(page, wanted), "_links": {"next": {"href": href}}}

    @api.post(_ENTITIES, summary="Get several profiles, or events of several people")
    def find_many(
        caller: Caller = Depends(gate.allow("profiles.read")), body: dict[str, Any] = Depends(json_object)
    ) -> dict[str, Any]:
        """Profiles of up to 50 people, or a page of each one's events, keyed by XID."""
        policy_id = read_policy_id(body.get("mergePolicyId"))
        kind = read_kind(_name(body.get("schema")))
        people = read_people(body)
        if kind == "profile":
            return service.profiles(caller, people, policy_id, read_body_fields(body))
        if body.get("relatedSchema") is not None:
            check_related(_name(body["relatedSchema"]))
        wanted = read_event_query_of_body(body)
        answer: dict[str, Any] = {}
        for place, (_, page) in enumerate(service.events_of(caller, people, wanted, policy_id)):
            following: dict[str, Any] = {"href": ""}
            if page.next is not None:
                only = {"identities": [body["identities"][place]], "start": write_place(page.next)}
                following = {"href": "/entities", "payload": {**body, **only}}
            answer[page.xid] = {**_events(page, wanted), "_links": {"next": following}}
        return answer

    @api.delete(_ENTITIES, status_code=202, summary="Delete a profile", openapi_extra=reads_query(*_PERSON))
    def delete(request: Request, caller: Caller = Depends(gate.allow("profiles.delete"))) -> Response:
        """Everything profiles hold of a person: attributes, events, identity links."""
        query = request.query_params
        if read_kind(query.get("schema.name")) != "profile":
            raise ProfileQueryInvalid(
                "only a profile can be deleted: schema.name=_xdm.context.profile", "$.schema.name"
            )
        service.delete(caller, read_person(query), query.get("mergePolicyId", ""))
        return Response(status_code=202)


def _add_test_profiles(api: APIRouter, gate: Gate, service: ProfileService) -> None:
    @api.get(
        "/parcours/testProfiles",
        summary="List test profiles",
        openapi_extra=reads_query("namespace", "search", "limit"),
    )
    def find_test_profiles(request: Request, caller: Caller = Depends(gate.allow("profiles.read"))) -> dict[str, Any]:
        """Who may enter a journey in test mode: identities of a namespace whose records say `testProfile: true`."""
        query = request.query_params
        namespace, limit = query.get("namespace", ""), query.get("limit") or "20"
        if not namespace:
            raise ProfileQueryInvalid("namespace is needed", "$.namespace")
        if not limit.isascii() or not limit.isdecimal() or not 1 <= int(limit[:4]) <= 100:
            raise ProfileQueryInvalid("limit is a whole number from 1 to 100", "$.limit")
        return {"results": service.test_profiles(caller, namespace, query.get("search", ""), int(limit[:4]))}


def _add_policies(api: APIRouter, gate: Gate, service: ProfileService) -> None:
    policies = service.policies

    @api.get(
        _POLICIES,
        summary="List merge policies",
        openapi_extra=reads_query("default", "schema.name", "orderby", "start", "limit"),
    )
    def find_policies(request: Request, caller: Caller = Depends(gate.allow("merge_policies.read"))) -> dict[str, Any]:
        """The sandbox's merge policies; one is there from the start."""
        query = request.query_params
        found = policies.policies(caller)
        if query.get("default"):
            is_default = query["default"].lower() == "true"
            found = [policy for policy in found if policy["default"] is is_default]
        if query.get("schema.name"):
            name = f"_{query['schema.name'].removeprefix('_')}"
            found = [policy for policy in found if policy["schema"]["name"] == name]
        found = sort_by(found, query.get("orderby", ""))
        start, limit = _whole(query, "start", 0), max(_whole(query, "limit", 20), 1)
        page = found[start : start + limit]
        shown: dict[str, Any] = {"totalCount": len(found), "pageSize": len(page), "count": len(page)}
        following: dict[str, Any] = {}
        if start + limit < len(found):
            shown["next"] = str(start + limit)
            again = [(key, value) for key, value in query.multi_items() if key not in ("start", "limit")]
            pairs = [("start", str(start + limit)), ("limit", str(limit)), *again]
            following = {"href": f"@/mergePolicies?{urlencode(pairs)}"}
        return {"_page": shown, "children": page, "_links": {"next": following}}

    @api.post(_POLICIES, summary="Create a merge policy")
    def create_policy(
        caller: Caller = Depends(gate.allow("merge_policies.write")), body: dict[str, Any] = Depends(json_object)
    ) -> dict[str, Any]:
        return policies.create(caller, body)

    @api.post(f"{_POLICIES}/bulk-get", status_code=207, summary="Get several merge policies")
    def find_some_policies(
        caller: Caller = Depends(gate.allow("merge_policies.read")), body: dict[str, Any] = Depends(json_object)
    ) -> dict[str, Any]:
        """{ids: [{id}]} → the policies among them, by id, and the ids without one."""
        ids = body.get("ids")
        if not isinstance(ids, list) or not all(
            isinstance(one, dict) and isinstance(one.get("id"), str) for one in ids
        ):
            raise MergePolicyInvalid("ids is required: a list of {id}", "$.ids")
        results: dict[str, Any] = {}
        missing: list[str] = []
        for policy_id in dict.fromkeys(one["id"] for one in ids):
            try:
                results[policy_id] = policies.get(caller, policy_id)
            except MergePolicyNotFound:
                missing.append(policy_id)
        return {"results": results, "notFound": missing}

    @api.get(f"{_POLICIES}/{{policy_id}}", summary="Get a merge policy")
    def find_policy(policy_id: str, caller: Caller = Depends(gate.allow("merge_policies.read"))) -> dict[str, Any]:
        return policies.get(caller, policy_id)

    @api.put(f"{_POLICIES}/{{policy_id}}", summary="Replace a merge policy")
    def replace_policy(
        policy_id: str,
        caller: Caller = Depends(gate.allow("merge_policies.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        return policies.replace(caller, policy_id, body)

    @api.patch(f"{_POLICIES}/{{policy_id}}", summary="Patch a merge policy")
    def patch_policy(
        policy_id: str, caller: Caller = Depends(gate.allow("merge_policies.write")), body: Any = Depends(json_body)
    ) -> dict[str, Any]:
        return policies.patch(caller, policy_id, body)

    @api.delete(f"{_POLICIES}/{{policy_id}}", summary="Delete a merge policy")
    def delete_policy(policy_id: str, caller: Caller = Depends(gate.allow("merge_policies.delete"))) -> dict[str, Any]:
        policies.delete(caller, policy_id)
        return {}


def _add_jobs(api: APIRouter, gate: Gate, service: ProfileService) -> None:
    jobs = service.jobs

    @api.get(_JOBS, summary="List jobs", openapi_extra=reads_query("limit", "page", "start"))
    def find_jobs(request: Request, caller: Caller = Depends(gate.allow("profiles.read"))) -> dict[str, Any]:
        """Jobs of the sandbox, the latest first; `page` counts from 0."""
        query = request.query_params
        found = jobs.jobs(caller)
        limit = max(_whole(query, "limit", 100, JobInvalid), 1)
        page = _whole(query, "page", 0, JobInvalid)
        start = _whole(query, "start", page * limit, JobInvalid)
        following = str(start + limit) if start + limit < len(found) else ""
        children = found[start : start + limit]
        return {"_page": {"count": len(children), "totalCount": len(found), "next": following}, "children": children}

    @api.post(_JOBS)
    def create_job(
        caller: Caller = Depends(gate.allow("profiles.delete")), body: dict[str, Any] = Depends(json_object)
    ) -> dict[str, Any]:
        return jobs.create(caller, body)

    @api.get(f"{_JOBS}/{{job_id}}")
    def find_job(job_id: str, caller: Caller = Depends(gate.allow("profiles.read"))) -> dict[str, Any]:
        return jobs.get(caller, job_id)

    @api.delete(f"{_JOBS}/{{job_id}}")
    def delete_job(job_id: str, caller: Caller = Depends(gate.allow("profiles.delete"))) -> dict[str, Any]:
        jobs.delete(caller, job_id)
        return {}


def _events(page: EventPage, wanted: EventQuery) -> dict[str, Any]:
    first = page.children[0]["entityId"] if page.children else ""
    return {
        "_page": {
            "orderby": "-timestamp" if wanted.newest_first else "timestamp",
            "start": write_place(wanted.start) or first,
            "count": len(page.children),
            "next": write_place(page.next),
        },
        "children": page.children,
    }


def _name(schema: Any) -> Any:
    return schema.get("name") if isinstance(schema, dict) else None


def _whole(
    query: Mapping[str, str],
    name: str,
    default: int,
    error: type[MergePolicyInvalid] | type[JobInvalid] = MergePolicyInvalid,
) -> int:
    text = query.get(name) or str(default)
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise error(f"{name} is a whole number", f"$.{name}")
    return int(text)
