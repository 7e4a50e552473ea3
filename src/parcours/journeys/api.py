"""Routes of authoring, under /journey/orchestration: journeys, versions, and the schema of their document."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Depends, Query, Request, Response

from parcours.access.model import Caller
from parcours.access.routing import BodyInvalid, Gate, Routes, json_body, json_object, reads_headers
from parcours.journeys.document import DOCUMENT_SCHEMA
from parcours.journeys.journey_list import Archived, read_wanted
from parcours.journeys.lifecycle import Lifecycle
from parcours.journeys.rights import permission_to
from parcours.journeys.service import JourneyService
from parcours.journeys.starters import list_starters
from parcours.journeys.trigger import Triggers
from parcours.resources.filtering import sort_by

BASE = "/journey/orchestration"
MAX_LISTED = 100_000
"""Most journeys that are put in an order of documents' members."""


def router(gate: Gate, service: JourneyService, lifecycle: Lifecycle, triggers: Triggers) -> APIRouter:
    """Journeys and their versions, from a draft to a stop."""
    routes = Routes(prefix=BASE, tags=["journeys"])

    def answer(response: Response, found: tuple[dict[str, Any], str]) -> dict[str, Any]:
        document, etag = found
        response.headers["ETag"] = etag
        return document

    @routes.get("/schema/journey")
    def get_schema(caller: Caller = Depends(gate.caller)) -> dict[str, Any]:
        """The JSON Schema of a journey document."""
        return DOCUMENT_SCHEMA

    @routes.get("/journeyTemplates", openapi_extra=reads_headers("Accept-Language"))
    def list_templates(request: Request, caller: Caller = Depends(gate.allow("journeys.read"))) -> dict[str, Any]:
        """Ready-made journeys to start from, with what each needs, in English or French."""
        return {"results": list(list_starters(request.headers.get("accept-language", "")))}

    @routes.post("/journeys", status_code=201)
    def create_journey(
        response: Response,
        caller: Caller = Depends(gate.allow("journeys.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Make a journey from its document; `versionUid` is its first draft."""
        document = answer(response, service.create(caller, body))
        response.headers["Location"] = f"{BASE}/journeys/{document['uid']}"
        return document

    @routes.get("/journeys")
    def list_journeys(
        caller: Caller = Depends(gate.allow("journeys.read")),
        filters: list[str] = Query(default=[], alias="property"),
        orderby: str = "",
        page: int = Query(default=0, ge=0, le=1_000_000),
        page_size: int = Query(default=100, ge=1, le=100, alias="pageSize"),
        limit: int | None = Query(default=None, ge=1, le=100, description="In place of `pageSize`."),
        start: int | None = Query(
            default=None, ge=0, le=100_000_000, description="`next` of the answer before, in place of `page`."
        ),
        search: str = Query(default="", description="Words in name, description or tags."),
        statuses: list[str] = Query(default=[], alias="status", description="Of the latest or the live version."),
        entry_types: list[str] = Query(default=[], alias="entryType"),
        tags: list[str] = Query(default=[], alias="tag", description="All of them."),
        created_by: str = Query(default="", alias="createdBy"),
        modified_since: str = Query(default="", alias="modifiedSince"),
        published_by: str = Query(default="", alias="publishedBy", description="The version published last."),
        published_since: str = Query(default="", alias="publishedSince"),
        uses: str = Query(
            default="",
            max_length=255,
            description="Uid of an event, action, message template, decision rule, channel configuration or audience "
            "that a version names which is not over; or a data source, as `Source` or `Source.Group`.",
        ),
        archived: Archived = Query(default="false", description="`true`: those alone; `any`: those, too."),
        sort: str = Query(default="", description="`name`, `status`, `createdAt` or `lastModifiedAt`; `-name`: down."),
    ) -> dict[str, Any]:
        """The sandbox's journeys, page by page, each with its last 24 hours by the hour."""
        wanted = read_wanted(
            search, statuses, entry_types, tags, created_by, modified_since, archived, sort, published_by,
            published_since, uses,
        )  # fmt: skip
        size = page_size if limit is None else limit
        first = page * size if start is None else start
        if orderby:  # the older way to order
            found = sort_by(service.page(caller, wanted, filters, 0, MAX_LISTED)["results"], orderby)
            results, total = found[first : first + size], len(found)
        else:
            answer = service.page(caller, wanted, filters, first, size)
            results, total = answer["results"], answer["total"]
        return {
            "results": results,
            "page": first // size,
            "limit": size,
            "pages": -(-total // size),
            "total": total,
            "next": first + size if first + size < total else None,
        }

    @routes.post("/list/journeys")
    def list_journeys_with_versions(caller: Caller = Depends(gate.allow("journeys.read"))) -> dict[str, Any]:
        """Every journey with its versions (journeys §14.4); a body is not read."""
        found = service.find_all(caller)
        return {"results": found, "page": 0, "limit": len(found), "pages": 1}

    @routes.get("/journeys/{uid}")
    def get_journey(uid: str, caller: Caller = Depends(gate.allow("journeys.read"))) -> dict[str, Any]:
        """One journey with a line for each version."""
        return service.get(caller, uid)

    @routes.get("/journeys/{uid}/jumps")
    def list_jumps(uid: str, caller: Caller = Depends(gate.allow("journeys.read"))) -> dict[str, Any]:
        """The journeys that jump into it, each with the versions that do and are not over."""
        return {"results": service.jumps(caller, uid)}

    @routes.delete("/journeys/{uid}", status_code=204)
    def delete_journey(uid: str, caller: Caller = Depends(gate.allow("journeys.delete"))) -> None:
        """Delete a journey that nobody is in, with all that it did."""
        service.delete(caller, uid)

    @routes.post("/journeys/{uid}/archive")
    def archive_journey(uid: str, caller: Caller = Depends(gate.allow("journeys.write"))) -> dict[str, Any]:
        """Leave a journey in which nothing runs out of lists."""
        return service.archive(caller, uid, is_archived=True)

    @routes.post("/journeys/{uid}/restore")
    def restore_journey(uid: str, caller: Caller = Depends(gate.allow("journeys.write"))) -> dict[str, Any]:
        """Show an archived journey in lists again."""
        return service.archive(caller, uid, is_archived=False)

    @routes.get("/journeys/{uid}/latest")
    def get_latest(
        uid: str, response: Response, caller: Caller = Depends(gate.allow("journeys.read"))
    ) -> dict[str, Any]:
        """The latest version, whatever its status."""
        return answer(response, service.latest(caller, uid))

    @routes.post("/journeys/{uid}/versions", status_code=201)
    def create_version(
        uid: str, response: Response, caller: Caller = Depends(gate.allow("journeys.write"))
    ) -> dict[str, Any]:
        """A new draft from the latest version."""
        return answer(response, service.create_version(caller, uid))

    @routes.get("/journeyVersions/{uid}")
    def get_version(
        uid: str, response: Response, caller: Caller = Depends(gate.allow("journeys.read"))
    ) -> dict[str, Any]:
        """One version with its document."""
        return answer(response, service.get_version(caller, uid))

    @routes.put("/journeyVersions/{uid}", openapi_extra=reads_headers("If-Match"))
    def replace_version(
        uid: str,
        request: Request,
        response: Response,
        caller: Caller = Depends(gate.allow("journeys.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Save a draft: the journey document, or a version as read with `document` in it."""
        return answer(response, service.replace_version(caller, uid, body, request.headers.get("if-match")))

    @routes.post("/journeyVersions/{uid}/check")
    def check_version(uid: str, caller: Caller = Depends(gate.allow("journeys.read"))) -> dict[str, Any]:
        """What is wrong with a version, without publishing it."""
        return service.check(caller, uid)

    @routes.post("/journeyVersions/{uid}/duplicate", status_code=201)
    def duplicate_version(
        uid: str,
        response: Response,
        caller: Caller = Depends(gate.allow("journeys.write")),
        body: Any = Depends(json_body),
    ) -> dict[str, Any]:
        """A version as the draft of a new journey, `[NAME]_copy`, or as `name` in the body says."""
        name = body.get("name") if isinstance(body, dict) else None
        return answer(response, service.duplicate(caller, uid, name))

    def add_verb(verb: str, act: Callable[[Caller, str], tuple[dict[str, Any], str]]) -> None:
        @routes.post(f"/journeyVersions/{{uid}}/{verb}", name=f"{verb}_version", summary=f"{verb.title()} a version")
        def do(
            uid: str, response: Response, caller: Caller = Depends(gate.allow(permission_to(verb)))
        ) -> dict[str, Any]:
            return answer(response, act(caller, uid))

    def add_verb_with_settings(
        path: str, summary: str, act: Callable[[Caller, str, dict[str, Any]], tuple[dict[str, Any], str]]
    ) -> None:
        @routes.post(f"/journeyVersions/{{uid}}/{path}", name=f"{path}_version", summary=summary)
        def do(
            uid: str,
            response: Response,
            caller: Caller = Depends(gate.allow(permission_to(path))),
            settings: Any = Depends(json_body),
        ) -> dict[str, Any]:
            if settings is not None and not isinstance(settings, dict):
                raise BodyInvalid("the body must be a JSON object, or be left out")
            return answer(response, act(caller, uid, settings or {}))

    add_verb("publish", lifecycle.publish)
    add_verb_with_settings("test", "Let test profiles enter a draft", lifecycle.test)
    add_verb("endTest", lifecycle.end_test)

    @routes.post("/journeyVersions/{uid}/trigger")
    def trigger_version(
        uid: str, caller: Caller = Depends(gate.allow("journeys.write")), body: dict[str, Any] = Depends(json_object)
    ) -> dict[str, Any]:
        """Let one test profile enter a version in test that reads an audience, whoever is in it."""
        return triggers.trigger(caller, uid, body)

    add_verb_with_settings("dryRun", "Run a draft on real traffic without contacting anyone", lifecycle.dry_run)
    add_verb("endDryRun", lifecycle.end_dry_run)
    add_verb_with_settings("pause", "Refuse entrances, and hold people at their next action", lifecycle.pause)
    add_verb("resume", lifecycle.resume)
    add_verb("close", lifecycle.close)
    add_verb("stop", lifecycle.stop)

    @routes.put("/journeyVersions/{uid}/filter")
    def set_filter(
        uid: str,
        response: Response,
        caller: Caller = Depends(gate.allow("journeys.publish")),
        config: Any = Depends(json_body),
    ) -> dict[str, Any]:
        """Set the profile filter of a paused version; `null` takes it away."""
        return answer(response, lifecycle.set_filter(caller, uid, config))

    def add_bulk(verb: str) -> None:
        @routes.post(
            f"/list/journeyVersions/{verb}", name=f"{verb}_versions", summary=f"{verb.title()} several versions"
        )
        def do(
            caller: Caller = Depends(gate.allow(permission_to(verb))), body: dict[str, Any] = Depends(json_object)
        ) -> dict[str, Any]:
            settings = {name: value for name, value in body.items() if name != "uids"}
            return {"results": lifecycle.in_bulk(caller, verb, body.get("uids"), settings)}

    add_bulk("pause")
    add_bulk("resume")

    @routes.get("/journeyVersions/{uid}/audienceRuns")
    def list_runs(uid: str, caller: Caller = Depends(gate.allow("journeys.read"))) -> dict[str, Any]:
        """The runs of a version that reads an audience, the latest first."""
        return {"results": lifecycle.list_runs(caller, uid)}

    return routes
