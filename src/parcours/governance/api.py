"""Routes of usage labels, marketing actions and policies, under /data/foundation/dulepolicy."""

from typing import Any

from fastapi import APIRouter, Depends, Query, Request, Response

from parcours.access.model import Caller
from parcours.access.routing import Gate, Routes, json_body, json_object, reads_headers
from parcours.governance.document import LABEL_SCHEMA, MARKETING_ACTION_SCHEMA, POLICY_SCHEMA
from parcours.governance.evaluate import labels_in
from parcours.governance.model import Container
from parcours.governance.service import BASE, GovernanceService

_READ = "usage_policies.read"
_SCHEMAS = {"label": LABEL_SCHEMA, "marketingAction": MARKETING_ACTION_SCHEMA, "policy": POLICY_SCHEMA}


def router(gate: Gate, service: GovernanceService) -> APIRouter:
    """Authoring and evaluation."""
    routes = Routes(prefix=BASE, tags=["Usage policies"])
    _add_labels(routes, gate, service)
    _add_marketing_actions(routes, gate, service)
    _add_policies(routes, gate, service)
    return routes


def _page(items: list[dict[str, Any]], path: str) -> dict[str, Any]:
    """Everything on one page."""
    return {
        "_page": {"start": items[0].get("id", items[0]["name"]) if items else "", "count": len(items)},
        "_links": {"self": {"href": f"{BASE}/{path}"}},
        "children": items,
    }


def _add_labels(routes: Routes, gate: Gate, service: GovernanceService) -> None:
    @routes.get("/labels/{container}", summary="List usage labels")
    def list_labels(container: Container, caller: Caller = Depends(gate.allow("usage_labels.read"))) -> dict[str, Any]:
        """Every label: `core` for those that every sandbox has, `custom` for its own."""
        return _page(service.labels(caller, container), f"labels/{container}")

    @routes.get("/labels/{container}/{name}", summary="Get a usage label")
    def get_label(
        container: Container, name: str, caller: Caller = Depends(gate.allow("usage_labels.read"))
    ) -> dict[str, Any]:
        """One label."""
        return service.label(caller, container, name)

    @routes.put("/labels/custom/{name}", summary="Put a usage label")
    def put_label(
        name: str,
        response: Response,
        caller: Caller = Depends(gate.allow("usage_labels.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Make a custom label, or change it."""
        shown, is_new = service.put_label(caller, name, body)
        response.status_code = 201 if is_new else 200
        return shown

    @routes.delete("/labels/custom/{name}", status_code=204, summary="Delete a usage label")
    def delete_label(name: str, caller: Caller = Depends(gate.allow("usage_labels.delete"))) -> None:
        """Delete a custom label that no policy and no field names."""
        service.delete_label(caller, name)


def _add_marketing_actions(routes: Routes, gate: Gate, service: GovernanceService) -> None:
    @routes.get("/marketingActions/{container}", summary="List marketing actions")
    def list_marketing_actions(container: Container, caller: Caller = Depends(gate.allow(_READ))) -> dict[str, Any]:
        """Every marketing action: `core` for those that every sandbox has, `custom` for its own."""
        return _page(service.marketing_actions(caller, container), f"marketingActions/{container}")

    @routes.get("/marketingActions/{container}/{name}", summary="Get a marketing action")
    def get_marketing_action(
        container: Container, name: str, caller: Caller = Depends(gate.allow(_READ))
    ) -> dict[str, Any]:
        """One marketing action."""
        return service.marketing_action(caller, container, name)

    @routes.put("/marketingActions/custom/{name}", summary="Put a marketing action")
    def put_marketing_action(
        name: str,
        response: Response,
        caller: Caller = Depends(gate.allow("usage_policies.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Make a custom marketing action, or change it."""
        shown, is_new = service.put_marketing_action(caller, name, body)
        response.status_code = 201 if is_new else 200
        return shown

    @routes.delete("/marketingActions/custom/{name}", status_code=204, summary="Delete a marketing action")
    def delete_marketing_action(name: str, caller: Caller = Depends(gate.allow("usage_policies.delete"))) -> None:
        """Delete a custom marketing action that no policy is about."""
        service.delete_marketing_action(caller, name)

    @routes.get("/marketingActions/{container}/{name}/constraints", summary="Evaluate policies for labels")
    def get_constraints(
        container: Container,
        name: str,
        caller: Caller = Depends(gate.allow(_READ)),
        duleLabels: str = Query("", description="Names of labels, with commas between them."),
        includeDraft: bool = Query(False, description="Whether drafts are evaluated, too."),
    ) -> dict[str, Any]:
        """Which policies data of these labels, taken together, would violate."""
        labels = [one.strip() for one in duleLabels.split(",") if one.strip()]
        return service.constraints(caller, container, name, labels, includes_drafts=includeDraft)


def _add_policies(routes: Routes, gate: Gate, service: GovernanceService) -> None:
    def answer(response: Response, found: tuple[dict[str, Any], str]) -> dict[str, Any]:
        document, etag = found
        response.headers["ETag"] = etag
        return document

    @routes.get("/schema", summary="Get the shapes of labels, marketing actions and policies")
    def get_schemas(caller: Caller = Depends(gate.caller)) -> dict[str, Any]:
        """The JSON Schemas of the documents: `label`, `marketingAction`, `policy`."""
        return _SCHEMAS

    @routes.get("/policies/custom", summary="List usage policies")
    def list_policies(
        caller: Caller = Depends(gate.allow(_READ)),
        duleLabels: str = Query("", description="Those that name one of these labels."),
    ) -> dict[str, Any]:
        """Every policy of the sandbox."""
        wanted = {one.strip() for one in duleLabels.split(",") if one.strip()}
        found = [one for one in service.policies(caller) if not wanted or wanted & set(labels_in(one["deny"]))]
        return _page(found, "policies/custom")

    @routes.post("/policies/custom", status_code=201, summary="Create a usage policy")
    def create_policy(
        response: Response,
        caller: Caller = Depends(gate.allow("usage_policies.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Make a policy: a draft, unless its `status` says otherwise."""
        document = answer(response, service.create_policy(caller, body))
        response.headers["Location"] = f"{BASE}/policies/custom/{document['id']}"
        return document

    @routes.get("/policies/custom/{id}", summary="Get a usage policy")
    def get_policy(id: str, response: Response, caller: Caller = Depends(gate.allow(_READ))) -> dict[str, Any]:
        """One policy."""
        return answer(response, service.policy(caller, id))

    @routes.put("/policies/custom/{id}", openapi_extra=reads_headers("If-Match"), summary="Replace a usage policy")
    def replace_policy(
        id: str,
        request: Request,
        response: Response,
        caller: Caller = Depends(gate.allow("usage_policies.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """Change a policy; journeys that run are not asked again."""
        return answer(response, service.replace_policy(caller, id, body, request.headers.get("if-match")))

    @routes.patch(
        "/policies/custom/{id}", openapi_extra=reads_headers("If-Match"), summary="Change the status of a usage policy"
    )
    def patch_policy(
        id: str,
        request: Request,
        response: Response,
        caller: Caller = Depends(gate.allow("usage_policies.write")),
        body: Any = Depends(json_body),
    ) -> dict[str, Any]:
        """JSON Patch of `/status`: DRAFT, ENABLED or DISABLED."""
        return answer(response, service.patch_policy(caller, id, body, request.headers.get("if-match")))

    @routes.delete("/policies/custom/{id}", status_code=204, summary="Delete a usage policy")
    def delete_policy(id: str, caller: Caller = Depends(gate.allow("usage_policies.delete"))) -> None:
        """Delete a policy."""
        service.delete_policy(caller, id)
