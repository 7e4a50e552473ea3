"""Routes of rule sets, under /journey/orchestration."""

from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from parcours.access.model import Caller
from parcours.access.routing import Gate, Routes, json_object, reads_headers
from parcours.rulesets.document import RULE_SET_SCHEMA
from parcours.rulesets.model import Domain, State
from parcours.rulesets.service import RuleSetService

BASE = "/journey/orchestration"


def router(gate: Gate, service: RuleSetService) -> APIRouter:
    """Authoring of rule sets."""
    routes = Routes(prefix=BASE, tags=["Rule sets"])

    def answer(response: Response, found: tuple[dict[str, Any], str]) -> dict[str, Any]:
        document, etag = found
        response.headers["ETag"] = etag
        return document

    @routes.get("/schema/ruleSet")
    def get_rule_set_schema(caller: Caller = Depends(gate.caller)) -> dict[str, Any]:
        """The JSON Schema of a rule set's document."""
        return RULE_SET_SCHEMA

    @routes.post("/ruleSets", status_code=201)
    def create_rule_set(
        response: Response,
        caller: Caller = Depends(gate.allow("frequency_rules.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Make a rule set: a draft, unless its `state` is active."""
        document = answer(response, service.create(caller, body))
        response.headers["Location"] = f"{BASE}/ruleSets/{document['uid']}"
        return document

    @routes.get("/ruleSets")
    def list_rule_sets(
        caller: Caller = Depends(gate.allow("frequency_rules.read")),
        domain: Domain | None = None,
        state: State | None = None,
    ) -> dict[str, Any]:
        """Every rule set of the sandbox, the one changed last first."""
        found = service.find_all(caller, domain, state)
        return {"results": found, "page": 0, "limit": len(found), "pages": 1}

    @routes.get("/ruleSets/{uid}")
    def get_rule_set(
        uid: str, response: Response, caller: Caller = Depends(gate.allow("frequency_rules.read"))
    ) -> dict[str, Any]:
        """One rule set."""
        return answer(response, service.get(caller, uid))

    @routes.put("/ruleSets/{uid}", openapi_extra=reads_headers("If-Match"))
    def replace_rule_set(
        uid: str,
        request: Request,
        response: Response,
        caller: Caller = Depends(gate.allow("frequency_rules.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Change a rule set; what it has counted stays."""
        return answer(response, service.replace(caller, uid, body, request.headers.get("if-match")))

    @routes.post("/ruleSets/{uid}/activate", openapi_extra=reads_headers("If-Match"))
    def activate_rule_set(
        uid: str, request: Request, response: Response, caller: Caller = Depends(gate.allow("frequency_rules.write"))
    ) -> dict[str, Any]:
        """Apply the set from now on."""
        return answer(response, service.set_state(caller, uid, "active", request.headers.get("if-match")))

    @routes.post("/ruleSets/{uid}/deactivate", openapi_extra=reads_headers("If-Match"))
    def deactivate_rule_set(
        uid: str, request: Request, response: Response, caller: Caller = Depends(gate.allow("frequency_rules.write"))
    ) -> dict[str, Any]:
        """Apply the set no longer; what it has counted stays."""
        return answer(response, service.set_state(caller, uid, "inactive", request.headers.get("if-match")))

    @routes.delete("/ruleSets/{uid}", status_code=204)
    def delete_rule_set(uid: str, caller: Caller = Depends(gate.allow("frequency_rules.delete"))) -> None:
        """Delete a set that no journey names."""
        service.delete(caller, uid)

    return routes
