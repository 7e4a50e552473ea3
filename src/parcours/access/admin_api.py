"""The access control API (`/data/foundation/access-control`): permissions, roles, who has them, credentials.

The platform documents `/acl/…`, `/administration/roles` and `/administration/products`. [PARCOURS] are a role's
`permissions`, and `/administration/credentials`: elsewhere, credentials come from a console of their own.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import QueryParams
from starlette.responses import JSONResponse

from parcours.access.administration import Administration, Subject
from parcours.access.errors import CredentialInvalid, RoleInvalid, RoleNotFound
from parcours.access.model import Caller
from parcours.access.permissions import PERMISSION_SETS, RESOURCES, PermissionSet
from parcours.access.roles import Role
from parcours.access.routing import Gate, Routes, json_body, json_object, reads_headers, reads_query
from parcours.access.store import Credential
from parcours.access.tokens import user_of
from parcours.resources.filtering import matches, sort_by
from parcours.resources.patch import apply_patch

BASE = "/data/foundation/access-control"
_ADMIN = f"{BASE}/administration"
_PRODUCT = {"id": "parcours", "name": "Parcours", "serviceCode": "parcours"}
_LISTED = reads_query("limit", "start", "orderBy", "property")
_TAG = "Access control"


def router(gate: Gate, administration: Administration) -> APIRouter:
    """Every route of access control. Roles and credentials are the organisation's: `x-sandbox-name` is not read."""
    api = Routes(tags=[_TAG])
    _add_permissions(api, gate)
    _add_roles(api, gate, administration)
    _add_subjects(api, gate, administration)
    _add_labels(api, gate, administration)
    _add_credentials(api, gate, administration)
    return api


def _add_permissions(api: APIRouter, gate: Gate) -> None:
    @api.get(f"{BASE}/acl/reference", summary="List permissions and resource types")
    def reference(caller: Caller = Depends(gate.caller_of_org)) -> dict[str, Any]:
        return {
            "permissions": {one.id: _by_resource(one) for one in PERMISSION_SETS.values()},
            "resource-types": {resource: list(actions) for resource, actions in RESOURCES.items()},
        }

    @api.post(f"{BASE}/acl/effective-policies", summary="What the caller may do in a sandbox")
    def effective_policies(caller: Caller = Depends(gate.caller), body: Any = Depends(json_body)) -> dict[str, Any]:
        """The body lists `/permissions/{id}` and `/resource-types/{resource}`; empty, everything is told."""
        if body is None or body == []:
            body = [f"/permissions/{one}" for one in PERMISSION_SETS]
            body += [f"/resource-types/{one}" for one in RESOURCES]
        if not isinstance(body, list) or len(body) > 1000 or not all(isinstance(one, str) for one in body):
            raise RoleInvalid("the body lists /permissions/… and /resource-types/…")
        policies: dict[str, list[str]] = {}
        for asked in body:
            kind, _, name = asked.strip("/").partition("/")
            if kind == "permissions" and name in PERMISSION_SETS:
                found = ["*"] if PERMISSION_SETS[name].permissions <= caller.permissions else []
            elif kind == "resource-types" and name in RESOURCES:
                found = [action for action in RESOURCES[name] if caller.may(f"{name}.{action}")]
            else:
                raise RoleInvalid(f"there is no {asked[:100]!r}; {BASE}/acl/reference lists what there is")
            if found:
                policies[asked] = found
        return {"policies": policies}

    @api.get(f"{_ADMIN}/products")
    def list_products(caller: Caller = Depends(gate.caller_of_org)) -> dict[str, Any]:
        return {"products": [_PRODUCT]}

    @api.get(f"{_ADMIN}/products/{{product_id}}/categories", summary="List categories of permissions")
    def list_categories(product_id: str, caller: Caller = Depends(gate.caller_of_org)) -> dict[str, Any]:
        _check_product(product_id)
        names = dict.fromkeys(one.category for one in PERMISSION_SETS.values())
        return {"categories": [{"name": name} for name in names]}

    @api.get(f"{_ADMIN}/products/{{product_id}}/permission-sets", summary="List high-level permissions")
    def list_permission_sets(product_id: str, caller: Caller = Depends(gate.caller_of_org)) -> dict[str, Any]:
        _check_product(product_id)
        sets = [
            {
                "id": one.id,
                "name": one.name,
                "category": one.category,
                "permissions": [
                    {"resource": resource, "actions": actions} for resource, actions in _by_resource(one).items()
                ],
            }
            for one in PERMISSION_SETS.values()
        ]
        return {"permission-sets": sets}


def _add_roles(api: APIRouter, gate: Gate, administration: Administration) -> None:
    @api.get(f"{_ADMIN}/roles", openapi_extra=_LISTED)
    def list_roles(request: Request, caller: Caller = Depends(gate.allow_in_org("roles.read"))) -> dict[str, Any]:
        documents = [_document(role) for role in administration.roles(caller.org_id)]
        return _page(request, "roles", documents)

    @api.post(f"{_ADMIN}/roles", status_code=201, summary="Create a role")
    def create_role(
        response: Response,
        caller: Caller = Depends(gate.allow_in_org("roles.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        return _answer(response, administration.create_role(caller, body))

    @api.get(f"{_ADMIN}/roles/{{role_id}}", summary="Get a role")
    def get_role(
        role_id: str, response: Response, caller: Caller = Depends(gate.allow_in_org("roles.read"))
    ) -> dict[str, Any]:
        return _answer(response, administration.role(caller.org_id, role_id))

    @api.put(f"{_ADMIN}/roles/{{role_id}}", summary="Change a role", openapi_extra=reads_headers("If-Match"))
    def replace_role(
        role_id: str,
        request: Request,
        response: Response,
        caller: Caller = Depends(gate.allow_in_org("roles.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """What the body leaves out stays as it was, as the platform has it."""
        return _answer(response, administration.change_role(caller, role_id, body, request.headers.get("if-match")))

    @api.patch(f"{_ADMIN}/roles/{{role_id}}", summary="Patch a role", openapi_extra=reads_headers("If-Match"))
    def patch_role(
        role_id: str,
        request: Request,
        response: Response,
        caller: Caller = Depends(gate.allow_in_org("roles.write")),
        body: Any = Depends(json_body),
    ) -> dict[str, Any]:
        """The body is `{"operations": […]}`, or the JSON Patch alone."""
        role = administration.role(caller.org_id, role_id)
        patched = apply_patch(_editable(role), body.get("operations") if isinstance(body, Mapping) else body)
        missing = {key: None for key in _editable(role) if key not in patched}
        if_match = request.headers.get("if-match") or role.etag or None
        return _answer(response, administration.change_role(caller, role_id, {**missing, **patched}, if_match))

    @api.delete(f"{_ADMIN}/roles/{{role_id}}", status_code=204, summary="Delete a role")
    def delete_role(role_id: str, caller: Caller = Depends(gate.allow_in_org("roles.delete"))) -> Response:
        administration.delete_role(caller, role_id)
        return Response(status_code=204)


def _add_subjects(api: APIRouter, gate: Gate, administration: Administration) -> None:
    path = f"{_ADMIN}/roles/{{role_id}}/subjects"

    @api.get(path, summary="List who has a role", openapi_extra=_LISTED)
    def list_subjects(
        role_id: str, request: Request, caller: Caller = Depends(gate.allow_in_org("roles.read"))
    ) -> dict[str, Any]:
        found = administration.subjects(caller.org_id, role_id)
        return _page(request, "items", [{"roleId": role_id, **_subject(one)} for one in found])

    @api.patch(path, summary="Give a role to credentials and users, or take it from them")
    def change_subjects(
        role_id: str,
        request: Request,
        caller: Caller = Depends(gate.allow_in_org("roles.write")),
        body: Any = Depends(json_body),
    ) -> dict[str, Any]:
        operations = body.get("operations") if isinstance(body, Mapping) else body
        found = administration.change_subjects(caller, role_id, operations)
        return {
            "subjects": [_subject(one) for one in found],
            "_page": {"limit": len(found), "count": len(found)},
            "_links": {"self": {"href": request.url.path, "templated": False}},
        }


def _add_labels(api: APIRouter, gate: Gate, administration: Administration) -> None:
    path = f"{_ADMIN}/labels/{{object_id}}"

    @api.get(path, summary="Get the access labels of an object")
    def get_labels(object_id: str, caller: Caller = Depends(gate.allow("usage_labels.read"))) -> dict[str, Any]:
        return {"objectId": object_id, "labels": administration.labels(caller, object_id)}

    @api.put(path, summary="Put access labels on an object")
    def put_labels(
        object_id: str,
        caller: Caller = Depends(gate.allow("usage_labels.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """`{"labels": […]}` for a journey, event, data source, field group, action or audience, by its uid.

        Who does not hold all of them no longer sees it.
        """
        return {"objectId": object_id, "labels": administration.set_labels(caller, object_id, body.get("labels"))}


def _add_credentials(api: APIRouter, gate: Gate, administration: Administration) -> None:
    @api.get(f"{_ADMIN}/credentials", openapi_extra=_LISTED)
    def list_credentials(
        request: Request, caller: Caller = Depends(gate.allow_in_org("credentials.read"))
    ) -> dict[str, Any]:
        documents = [_credential(*found) for found in administration.credentials(caller.org_id)]
        return _page(request, "credentials", documents)

    @api.post(f"{_ADMIN}/credentials", status_code=201, summary="Create a credential")
    def create_credential(
        caller: Caller = Depends(gate.allow_in_org("credentials.write")), body: dict[str, Any] = Depends(json_object)
    ) -> Response:
        """`{"clientId"?, "roles"?}`; giving roles needs `roles.write` too. The secret is shown this once."""
        found, roles, secret = administration.create_credential(caller, body)
        document = {**_credential(found, roles), "clientSecret": secret}
        return _no_store(document, 201)

    @api.get(f"{_ADMIN}/credentials/{{client_id}}", summary="Get a credential")
    def get_credential(
        client_id: str, caller: Caller = Depends(gate.allow_in_org("credentials.read"))
    ) -> dict[str, Any]:
        return _credential(*administration.credential(caller.org_id, client_id))

    @api.patch(f"{_ADMIN}/credentials/{{client_id}}", summary="Enable or disable a credential")
    def enable_credential(
        client_id: str,
        caller: Caller = Depends(gate.allow_in_org("credentials.write")),
        body: dict[str, Any] = Depends(json_object),
    ) -> dict[str, Any]:
        """`{"enabled": false}`: its tokens are worthless until it is enabled again."""
        if not isinstance(body.get("enabled"), bool) or len(body) != 1:
            raise CredentialInvalid('the body is {"enabled": true} or {"enabled": false}', "$.enabled")
        return _credential(*administration.enable_credential(caller, client_id, body["enabled"]))

    @api.delete(f"{_ADMIN}/credentials/{{client_id}}", status_code=204, summary="Delete a credential")
    def delete_credential(
        client_id: str, caller: Caller = Depends(gate.allow_in_org("credentials.delete"))
    ) -> Response:
        administration.delete_credential(caller, client_id)
        return Response(status_code=204)


def _by_resource(one: PermissionSet) -> dict[str, list[str]]:
    return {
        resource: found
        for resource, actions in RESOURCES.items()
        if (found := [action for action in actions if f"{resource}.{action}" in one.permissions])
    }


def _check_product(product_id: str) -> None:
    if product_id != _PRODUCT["id"]:
        raise RoleNotFound(product_id)


def _document(role: Role) -> dict[str, Any]:
    return {
        "id": role.id,
        "name": role.name,
        "description": role.description,
        "roleType": "system-defined" if role.is_ready_made else "user-defined",
        "permissionSets": list(role.permission_sets),
        "permissions": list(role.permissions),
        "sandboxes": list(role.sandboxes),
        "subjectAttributes": {"labels": list(role.labels)},
        "createdBy": role.created_by,
        "createdAt": role.created_at_ms,
        "modifiedBy": role.updated_by,
        "modifiedAt": role.updated_at_ms,
        "etag": role.etag or None,
    }


def _editable(role: Role) -> dict[str, Any]:
    document = _document(role)
    return {
        key: document[key]
        for key in ("name", "description", "permissionSets", "permissions", "sandboxes", "subjectAttributes")
    }


def _answer(response: Response, role: Role) -> dict[str, Any]:
    if role.etag:
        response.headers["ETag"] = role.etag
    return _document(role)


def _subject(one: Subject) -> dict[str, str]:
    return {"subjectType": one.kind, "subjectId": one.id}


def _credential(found: Credential, roles: list[str]) -> dict[str, Any]:
    return {
        "clientId": found.client_id,
        "technicalAccountId": user_of(found.client_id),
        "enabled": found.is_enabled,
        "roles": roles,
        "createdAt": found.created_at_ms,
    }


def _page(request: Request, key: str, documents: list[dict[str, Any]]) -> dict[str, Any]:
    """One page of documents, filtered and ordered as the query says. Raises RoleInvalid."""
    query: QueryParams = request.query_params
    found = sort_by([one for one in documents if matches(one, query.getlist("property"))], query.get("orderBy", ""))
    limit, start = _whole(query, "limit", 100, 1), _whole(query, "start", 0, 0)
    path = request.url.path
    links: dict[str, Any] = {
        "self": {"href": path, "templated": False},
        "page": {"href": f"{path}?limit={{limit}}&start={{start}}&orderBy={{orderBy}}", "templated": True},
    }
    if start + limit < len(found):
        kept = "".join(
            f"&{name}={quote(value)}" for name, value in query.multi_items() if name in ("orderBy", "property")
        )
        links["next"] = {"href": f"{path}?limit={limit}&start={start + limit}{kept}", "templated": False}
    page = found[start : start + limit]
    return {key: page, "_page": {"limit": limit, "count": len(page)}, "_links": links}


def _whole(query: Mapping[str, str], name: str, default: int, least: int) -> int:
    text = query.get(name, str(default))
    if not text.isascii() or not text.isdecimal() or len(text) > 9 or int(text) < least:
        raise RoleInvalid(f"{name} is a whole number from {least}", f"$.{name}")
    return int(text)


def _no_store(document: dict[str, Any], status: int) -> Response:
    return JSONResponse(document, status, headers={"Cache-Control": "no-store"})
