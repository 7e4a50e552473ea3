"""Routes of decision rules, under /journey/orchestration."""

from typing import Any

from fastapi import APIRouter, Depends, Query, Request, Response

from parcours.access.model import Caller
from parcours.access.routing import Gate, Routes, json_object, reads_headers
from parcours.journeys.decision_rule_document import DECISION_RULE_SCHEMA
from parcours.journeys.decision_rules import DecisionRuleService

BASE = "/journey/orchestration"


def router(gate: Gate, service: DecisionRuleService) -> APIRouter:
    """Authoring of decision rules."""
    routes = Routes(prefix=BASE, tags=["Decision rules"])

    def answer(response: Response, found: tuple[dict[str, Any], str]) -> dict[str, Any]:
        document, etag = found
        response.headers["ETag"] = etag
        return document

    @routes.get("/schema/decisionRule")
    def get_decision_rule_schema(caller: Caller = Depends(gate.caller)) -> dict[str, Any]:
        """The JSON Schema of a decision rule's document."""
        return DECISION_RULE_SCHEMA

    @routes.get("/decisionRules")
    def list_decision_rules(
        caller: Caller = Depends(gate.allow("journeys.read")),
        search: str = Query(default="", max_length=200, description="Words in name, description or tags."),
        tags: list[str] = Query(default=[], alias="tag", description="All of them."),
        page: int = Query(default=0, ge=0, le=1_000_000),
        page_size: int = Query(default=100, ge=1, le=100, alias="pageSize"),
    ) -> dict[str, Any]:
        """The sandbox's decision rules by name, page by page."""
        found = service.find_all(caller, search, tags)
        shown = found[page * page_size : (page + 1) * page_size]
        pages = -(-len(found) // page_size)
        return {"results": shown, "page": page, "limit": page_size, "pages": pages, "total": len(found)}

    @routes.post("/decisionRules", status_code=201)
    def create_decision_rule(
        response: Response,
        caller: Caller = Depends(gate.allow("journeys.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Make a decision rule."""
        document = answer(response, service.create(caller, body))
        response.headers["Location"] = f"{BASE}/decisionRules/{document['uid']}"
        return document

    @routes.get("/decisionRules/{uid}")
    def get_decision_rule(
        uid: str, response: Response, caller: Caller = Depends(gate.allow("journeys.read"))
    ) -> dict[str, Any]:
        """One decision rule."""
        return answer(response, service.get(caller, uid))

    @routes.get("/decisionRules/{uid}/journeys")
    def list_journeys_of_decision_rule(
        uid: str, caller: Caller = Depends(gate.allow("journeys.read"))
    ) -> dict[str, Any]:
        """The journeys that use the rule, each with the versions that do."""
        return {"results": service.journeys(caller, uid)}

    @routes.put("/decisionRules/{uid}", openapi_extra=reads_headers("If-Match"))
    def replace_decision_rule(
        uid: str,
        request: Request,
        response: Response,
        caller: Caller = Depends(gate.allow("journeys.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Change a rule, which live journeys follow from now on; then `journeys.publish` is needed, too."""
        return answer(response, service.replace(caller, uid, body, request.headers.get("if-match")))

    @routes.delete("/decisionRules/{uid}", status_code=204)
    def delete_decision_rule(uid: str, caller: Caller = Depends(gate.allow("journeys.delete"))) -> None:
        """Delete a rule that no journey uses."""
        service.delete(caller, uid)

    return routes
