"""Routes of approval policies, under /journey/orchestration."""

from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from parcours.access.model import Caller
from parcours.access.routing import Gate, Routes, json_object, reads_headers
from parcours.approvals.document import APPROVAL_POLICY_SCHEMA
from parcours.approvals.service import ApprovalPolicies

BASE = "/journey/orchestration"


def router(gate: Gate, policies: ApprovalPolicies) -> APIRouter:
    """Authoring of approval policies."""
    routes = Routes(prefix=BASE, tags=["Approval policies"])

    def answer(response: Response, found: tuple[dict[str, Any], str]) -> dict[str, Any]:
        document, etag = found
        response.headers["ETag"] = etag
        return document

    @routes.get("/schema/approvalPolicy")
    def get_approval_policy_schema(caller: Caller = Depends(gate.caller)) -> dict[str, Any]:
        """The JSON Schema of an approval policy's document."""
        return APPROVAL_POLICY_SCHEMA

    @routes.post("/approvalPolicies", status_code=201)
    def create_approval_policy(
        response: Response,
        caller: Caller = Depends(gate.allow("approval_policies.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Make an approval policy, which holds at once unless its `state` is inactive."""
        document = answer(response, policies.create(caller, body))
        response.headers["Location"] = f"{BASE}/approvalPolicies/{document['uid']}"
        return document

    @routes.get("/approvalPolicies")
    def list_approval_policies(caller: Caller = Depends(gate.allow("approval_policies.read"))) -> dict[str, Any]:
        """Every approval policy of the sandbox, oldest first, each with who could approve now."""
        found = policies.find_all(caller)
        return {"results": found, "page": 0, "limit": len(found), "pages": 1}

    @routes.get("/approvalPolicies/{uid}")
    def get_approval_policy(
        uid: str, response: Response, caller: Caller = Depends(gate.allow("approval_policies.read"))
    ) -> dict[str, Any]:
        """One approval policy."""
        return answer(response, policies.get(caller, uid))

    @routes.put("/approvalPolicies/{uid}", openapi_extra=reads_headers("If-Match"))
    def replace_approval_policy(
        uid: str,
        request: Request,
        response: Response,
        caller: Caller = Depends(gate.allow("approval_policies.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Change an approval policy; requests that wait follow."""
        return answer(response, policies.replace(caller, uid, body, request.headers.get("if-match")))

    @routes.delete("/approvalPolicies/{uid}", status_code=204)
    def delete_approval_policy(uid: str, caller: Caller = Depends(gate.allow("approval_policies.delete"))) -> None:
        """Delete an approval policy; requests that wait need its approval no longer."""
        policies.delete(caller, uid)

    return routes
