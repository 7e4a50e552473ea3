"""Roles, who has them, and what they then may do: over HTTP, with several credentials and two sandboxes."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from parcours.access.errors import PermissionDenied
from parcours.app import Platform
from parcours.edge import build_control_plane

ADMIN = "/data/foundation/access-control/administration"
ACL = "/data/foundation/access-control/acl"
JOURNEYS = "/journey/orchestration"
SANDBOXES = "/data/foundation/sandbox-management"
Client = Callable[..., TestClient]


def sign_in(api: TestClient, client_id: str, secret: str, sandbox: str = "prod") -> dict[str, str]:
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    token = api.post("/ims/token/v3", data=form).json()["access_token"]
    return {
        "Authorization": f"Bearer {token}",
        "x-api-key": client_id,
        "x-gw-ims-org-id": "ACME@AdobeOrg",
        "x-sandbox-name": sandbox,
    }


@pytest.fixture
def someone(platform: Platform, api: TestClient) -> Client:
    """A client of a new credential with these roles, calling in a sandbox."""
    app = build_control_plane(platform)

    def make(*roles: str, name: str = "", sandbox: str = "prod") -> TestClient:
        body = {"roles": list(roles), **({"clientId": name} if name else {})}
        answer = api.post(f"{ADMIN}/credentials", json=body)
        assert answer.status_code == 201, answer.text
        made = answer.json()
        headers = sign_in(api, made["clientId"], made["clientSecret"], sandbox)
        return TestClient(app, headers=headers, raise_server_exceptions=False)

    return make


def make_role(api: TestClient, **body: Any) -> str:
    answer = api.post(f"{ADMIN}/roles", json={"name": "Some role", **body})
    assert answer.status_code == 201, answer.text
    role_id: str = answer.json()["id"]
    return role_id


def in_sandbox(client: TestClient, name: str) -> TestClient:
    client.headers["x-sandbox-name"] = name
    return client


# --- what roles let people do ---


def test_without_a_role_nothing_is_allowed_and_the_answer_names_what_is_missing(someone: Client) -> None:
    nobody = someone(name="nobody")
    answer = nobody.get(f"{JOURNEYS}/journeys")
    assert answer.status_code == 403
    body = answer.json()
    assert body["status"] == 403
    assert body["title"] == "Permission denied"
    assert body["type"].endswith("-403")
    assert body["detail"] == "the permission journeys.read is needed in sandbox 'prod'"
    assert nobody.get(f"{JOURNEYS}/schema/journey").status_code == 200  # a valid caller is enough
    assert nobody.get(SANDBOXES).json()["sandboxes"] == []


def test_a_denial_has_the_envelope_of_its_service(someone: Client) -> None:
    nobody = someone()
    flow = nobody.get("/data/foundation/flowservice/flows")
    assert (flow.status_code, flow.json()["errorCode"]) == (403, "2118-403")
    assert flow.json()["title"] == "Missing permission"
    assert "sources.read" in flow.json()["errorMessage"]
    ups = nobody.get("/data/core/ups/config/mergePolicies")
    assert (ups.status_code, ups.json()["status"]) == (403, 403)
    assert "merge_policies.read" in ups.json()["errors"]["403"][0]["message"]


def test_a_limited_access_user_reads(someone: Client) -> None:
    reader = someone("limited-access-user")
    assert reader.get(f"{JOURNEYS}/journeys").status_code == 200
    for method, path in (
        ("POST", f"{JOURNEYS}/journeys"), ("GET", f"{JOURNEYS}/events"), ("POST", f"{JOURNEYS}/events"),
        ("POST", f"{JOURNEYS}/journeyVersions/x/publish"), ("POST", f"{JOURNEYS}/journeyVersions/x/stop"),
        ("DELETE", f"{JOURNEYS}/journeys/x"), ("GET", "/data/foundation/flowservice/flows"), ("GET", f"{ADMIN}/roles"),
        ("GET", "/data/foundation/audit/events"),
    ):  # fmt: skip
        assert reader.request(method, path, json={}).status_code == 403, (method, path)


def test_a_standard_user_designs_and_publishes_but_does_not_configure(someone: Client) -> None:
    designer = someone("standard-user")
    assert designer.post(f"{JOURNEYS}/journeys", json={"name": "Welcome"}).status_code == 201
    assert designer.post(f"{JOURNEYS}/journeyVersions/x/publish").status_code == 404
    assert designer.get(f"{JOURNEYS}/actions").status_code == 200
    assert designer.post(f"{JOURNEYS}/actions", json={}).status_code == 403
    assert designer.post(f"{JOURNEYS}/actions/x/test", json={}).status_code == 403


def test_a_role_is_granted_for_its_sandboxes(api: TestClient, someone: Client) -> None:
    role_id = make_role(api, permissionSets=["manage-journeys"], sandboxes=["dev"])
    designer = someone(role_id, sandbox="dev")
    assert designer.post(f"{JOURNEYS}/journeys", json={"name": "In dev"}).status_code == 201
    denied = in_sandbox(designer, "prod").post(f"{JOURNEYS}/journeys", json={"name": "In prod"})
    assert denied.status_code == 403
    assert "'prod'" in denied.json()["detail"]
    own = designer.get(SANDBOXES).json()["sandboxes"]
    assert [sandbox["name"] for sandbox in own] == ["dev"]
    assert designer.get(f"{SANDBOXES}/sandboxes").status_code == 403


def test_who_may_change_schemas_needs_more_to_put_usage_labels_on_fields(api: TestClient, someone: Client) -> None:
    registry = "/data/foundation/schemaregistry/tenant"
    profile = "https://ns.adobe.com/xdm/context/profile"
    body = {"type": "object", "title": "People", "allOf": [{"$ref": profile}]}
    schema_id = api.post(f"{registry}/schemas", json=body).json()["$id"]
    label = {"@type": "xdm:descriptorLabel", "xdm:sourceSchema": schema_id, "xdm:sourceProperty": "/_id"}
    labelled = {**label, "xdm:labels": ["C2"]}
    modeller = someone(make_role(api, permissionSets=["manage-schemas"], sandboxes=["*"]))
    denied = modeller.post(f"{registry}/descriptors", json=labelled)
    assert (denied.status_code, "usage_labels.write" in denied.text) == (403, True)
    made = api.post(f"{registry}/descriptors", json=labelled).json()["@id"]
    assert modeller.put(f"{registry}/descriptors/{made}", json={**label, "xdm:labels": ["C1"]}).status_code == 403
    assert modeller.delete(f"{registry}/descriptors/{made}").status_code == 403
    sets = ["manage-schemas", "apply-data-usage-labels"]
    steward = someone(make_role(api, name="Steward", permissionSets=sets, sandboxes=["*"]))
    assert steward.put(f"{registry}/descriptors/{made}", json={**label, "xdm:labels": ["C1"]}).status_code == 201
    assert steward.put("/data/foundation/dulepolicy/labels/custom/mine", json={}).status_code == 201
    assert steward.get("/data/foundation/dulepolicy/policies/custom").status_code == 403
    designer = someone("standard-user")
    assert designer.get("/data/foundation/dulepolicy/marketingActions/core").status_code == 200
    assert designer.put("/data/foundation/dulepolicy/marketingActions/custom/mine", json={}).status_code == 403


def test_an_administrator_of_one_sandbox_is_none_of_the_organisation(api: TestClient, someone: Client) -> None:
    role_id = make_role(api, permissionSets=["administrators"], sandboxes=["dev"])
    local = someone(role_id, sandbox="dev")
    assert local.get("/data/foundation/catalog/dataSets").status_code == 200
    everything = {"name": "Mine", "permissionSets": ["administrators"], "sandboxes": ["*"]}
    assert local.post(f"{ADMIN}/roles", json=everything).status_code == 403
    operations = [{"op": "add", "path": "/api-integration", "value": "x"}]
    assert local.patch(f"{ADMIN}/roles/administrators/subjects", json=operations).status_code == 403
    assert local.post(f"{ADMIN}/credentials", json={}).status_code == 403
    assert local.post(f"{SANDBOXES}/sandboxes", json={"name": "new", "title": "New"}).status_code == 403
    assert local.put(f"{SANDBOXES}/sandboxes/prod", json={"action": "reset"}).status_code == 403
    assert local.put(f"{SANDBOXES}/sandboxes/dev", json={"action": "reset"}).status_code == 202
    assert local.get(f"{SANDBOXES}/sandboxes/nowhere").status_code == 403


def test_a_change_of_a_role_holds_from_the_next_call_on(api: TestClient, someone: Client) -> None:
    role_id = make_role(api, permissionSets=["view-journeys"], sandboxes=["*"])
    client = someone(role_id)
    assert client.post(f"{JOURNEYS}/journeys", json={"name": "A"}).status_code == 403
    patch = {"operations": [{"op": "add", "path": "/permissionSets/-", "value": "manage-journeys"}]}
    assert api.patch(f"{ADMIN}/roles/{role_id}", json=patch).status_code == 200
    assert client.post(f"{JOURNEYS}/journeys", json={"name": "A"}).status_code == 201
    assert api.put(f"{ADMIN}/roles/{role_id}", json={"sandboxes": ["dev"]}).status_code == 200
    assert client.get(f"{JOURNEYS}/journeys").status_code == 403
    assert api.delete(f"{ADMIN}/roles/{role_id}").status_code == 204
    assert in_sandbox(client, "dev").get(f"{JOURNEYS}/journeys").status_code == 403


def test_a_single_low_level_permission_can_be_granted(api: TestClient, someone: Client) -> None:
    client = someone(make_role(api, permissions=["monitoring.read"], sandboxes=["*"]))
    assert client.get("/data/foundation/catalog/batches").status_code == 403
    policies = client.post(
        f"{ACL}/effective-policies", json=["/resource-types/monitoring", "/permissions/view-sources"]
    )
    assert policies.json() == {"policies": {"/resource-types/monitoring": ["read"]}}


def test_permissions_of_several_roles_add_up(api: TestClient, someone: Client) -> None:
    one = make_role(api, name="One", permissionSets=["view-schemas"], sandboxes=["*"])
    two = make_role(api, name="Two", permissionSets=["view-sources"], sandboxes=["*"])
    client = someone(one, two)
    assert client.get("/data/foundation/flowservice/flows").status_code == 200
    assert client.get("/data/foundation/schemaregistry/stats").status_code == 200


# --- timeouts ---


def test_only_an_administrator_changes_the_timeouts_of_a_journey(api: TestClient, someone: Client) -> None:
    designer = someone("standard-user")
    refused = designer.post(f"{JOURNEYS}/journeys", json={"name": "A", "timeouts": {"actionSeconds": 5}})
    assert refused.status_code == 403
    assert "only administrators change the timeouts" in refused.json()["detail"]
    assert refused.json()["report"]["path"] == "$.timeouts"
    made = designer.post(f"{JOURNEYS}/journeys", json={"name": "A"}).json()
    path = f"{JOURNEYS}/journeyVersions/{made['versionUid']}"
    changed = {"name": "A", "timeouts": {"actionSeconds": 5}}
    assert designer.put(path, json=changed).status_code == 403
    assert api.put(path, json=changed).status_code == 200
    assert designer.put(path, json={**changed, "description": "same timeouts"}).status_code == 200
    assert designer.put(path, json={"name": "A"}).status_code == 403  # leaving them out changes them, too


# --- the API of roles ---


def test_roles_are_listed_with_the_ready_made_first(api: TestClient) -> None:
    role_id = make_role(api, name="Mine", description="d", permissionSets=["view-journeys"], sandboxes=["dev"])
    listed = api.get(f"{ADMIN}/roles").json()
    assert [one["id"] for one in listed["roles"]] == ["limited-access-user", "standard-user", "administrators", role_id]
    assert listed["_page"] == {"limit": 100, "count": 4}
    mine = listed["roles"][3]
    assert api.get(f"{ADMIN}/roles/{role_id}").json() == mine
    assert mine["roleType"] == "user-defined"
    assert (mine["permissionSets"], mine["sandboxes"]) == (["view-journeys"], ["dev"])
    assert mine["subjectAttributes"] == {"labels": []}
    assert mine["createdBy"] == "client@techacct.parcours"
    assert isinstance(mine["createdAt"], int)
    ready_made = api.get(f"{ADMIN}/roles", params={"property": "roleType==system-defined", "limit": 1}).json()
    assert len(ready_made["roles"]) == 1
    following = api.get(ready_made["_links"]["next"]["href"]).json()
    assert [one["id"] for one in following["roles"]] == ["standard-user"]


def test_a_role_is_changed_in_both_ways_and_an_old_etag_is_refused(api: TestClient) -> None:
    role_id = make_role(api, permissionSets=["view-journeys"])
    path = f"{ADMIN}/roles/{role_id}"
    etag = api.get(path).headers["etag"]
    put = api.put(path, json={"name": "Renamed", "roleType": "user-defined"})
    assert put.json()["permissionSets"] == ["view-journeys"]  # left out: it stays, as the platform has it
    operations = [{"op": "add", "path": "/description", "value": "d"}, {"op": "remove", "path": "/permissionSets"}]
    patched = api.patch(path, json=operations).json()
    assert (patched["name"], patched["description"], patched["permissionSets"]) == ("Renamed", "d", [])
    assert api.put(path, json={"name": "X"}, headers={"If-Match": etag}).status_code == 412
    assert api.patch(path, json=[{"op": "remove", "path": "/name"}]).status_code == 400
    assert api.patch(path, json={}).status_code == 400


@pytest.mark.parametrize("role_id", ["limited-access-user", "standard-user", "administrators"])
def test_a_ready_made_role_stays_as_it_is(api: TestClient, role_id: str) -> None:
    path = f"{ADMIN}/roles/{role_id}"
    assert api.put(path, json={"name": "X"}).status_code == 409
    assert api.patch(path, json=[{"op": "replace", "path": "/name", "value": "X"}]).status_code == 409
    assert api.delete(path).status_code == 409


def test_bad_roles_are_refused(api: TestClient) -> None:
    make_role(api, name="Taken")
    for body, status in (
        ({"name": "Taken"}, 409), ({"name": "Administrators"}, 409), ({"name": "A", "sandboxes": ["nowhere"]}, 400),
        ({}, 400), ({"name": "A", "permissionSets": ["fly"]}, 400),
    ):  # fmt: skip
        assert api.post(f"{ADMIN}/roles", json=body).status_code == status, body
    assert api.get(f"{ADMIN}/roles/nowhere").status_code == 404
    assert api.get(f"{ADMIN}/roles", params={"limit": "0"}).status_code == 400


def test_subjects_are_added_replaced_and_removed(api: TestClient, someone: Client) -> None:
    role_id = make_role(api, permissionSets=["view-journeys"], sandboxes=["*"])
    path = f"{ADMIN}/roles/{role_id}/subjects"
    ann, bob = someone(name="ann"), someone(name="bob")
    change = [{"op": "add", "path": "/api-integration", "value": "ann@techacct.parcours"}]
    answer = api.patch(path, json=change)
    assert answer.json()["subjects"] == [{"subjectType": "api-integration", "subjectId": "ann@techacct.parcours"}]
    assert ann.get(f"{JOURNEYS}/journeys").status_code == 200
    assert api.patch(path, json=change).status_code == 200  # again changes nothing
    api.patch(path, json=[{"op": "replace", "path": "/user", "value": ["bob"]}])
    assert ann.get(f"{JOURNEYS}/journeys").status_code == 403
    assert bob.get(f"{JOURNEYS}/journeys").status_code == 200
    items = api.get(path).json()["items"]
    assert items == [{"roleId": role_id, "subjectType": "api-integration", "subjectId": "bob@techacct.parcours"}]
    api.patch(path, json={"operations": [{"op": "remove", "path": "/api-integration", "value": "bob"}]})
    assert bob.get(f"{JOURNEYS}/journeys").status_code == 403
    for operations, status in (
        ([], 400), ("x", 400), ([7], 400), ([{"op": "move", "path": "/user", "value": "ann"}], 400),
        ([{"op": "add", "path": "/group", "value": "ann"}], 400), ([{"op": "add", "path": "/user", "value": 7}], 400),
        ([{"op": "add", "path": "/user", "value": "nobody"}], 404),
    ):  # fmt: skip
        assert api.patch(path, json=operations).status_code == status, operations


def test_the_last_administrator_stays(api: TestClient, someone: Client) -> None:
    path = f"{ADMIN}/roles/administrators/subjects"
    removal = [{"op": "remove", "path": "/api-integration", "value": "client"}]
    assert api.patch(path, json=removal).status_code == 409
    assert api.delete(f"{ADMIN}/credentials/client").status_code == 409
    assert api.patch(f"{ADMIN}/credentials/client", json={"enabled": False}).status_code == 409
    assert api.get(f"{JOURNEYS}/journeys").status_code == 200
    other = someone("administrators", name="other")
    assert other.patch(path, json=removal).status_code == 200
    assert api.get(f"{JOURNEYS}/journeys").status_code == 403


# --- credentials ---


def test_a_credential_shows_its_secret_once(api: TestClient) -> None:
    made = api.post(f"{ADMIN}/credentials", json={"clientId": "robot", "roles": ["standard-user"]})
    assert made.headers["cache-control"] == "no-store"
    assert made.json()["clientSecret"]
    shown = api.get(f"{ADMIN}/credentials/robot").json()
    assert "clientSecret" not in shown
    assert shown["technicalAccountId"] == "robot@techacct.parcours"
    assert (shown["enabled"], shown["roles"]) == (True, ["standard-user"])
    listed = api.get(f"{ADMIN}/credentials").json()["credentials"]
    assert [one["clientId"] for one in listed] == ["client", "robot"]
    assert listed[0]["roles"] == ["administrators"]
    for body, status in (
        ({"clientId": "robot"}, 409), ({"clientId": "a b"}, 400), ({"clientId": 5}, 400), ({"roles": "x"}, 400),
        ({"roles": ["nowhere"]}, 404),
    ):  # fmt: skip
        assert api.post(f"{ADMIN}/credentials", json=body).status_code == status, body


def test_tokens_of_a_disabled_or_deleted_credential_are_worthless(
    api: TestClient, someone: Client, platform: Platform
) -> None:
    robot = someone("standard-user", name="robot")
    token = robot.headers["Authorization"]
    assert robot.get(f"{JOURNEYS}/journeys").status_code == 200
    assert platform.access.read_token(token) is not None  # what an authenticated inlet asks
    api.patch(f"{ADMIN}/credentials/robot", json={"enabled": False})
    assert robot.get(f"{JOURNEYS}/journeys").status_code == 401
    assert platform.access.read_token(token) is None
    api.patch(f"{ADMIN}/credentials/robot", json={"enabled": True})
    assert robot.get(f"{JOURNEYS}/journeys").status_code == 200
    assert api.delete(f"{ADMIN}/credentials/robot").status_code == 204
    assert robot.get(f"{JOURNEYS}/journeys").status_code == 401
    assert api.get(f"{ADMIN}/credentials/robot").status_code == 404
    assert api.patch(f"{ADMIN}/credentials/robot", json={"enabled": 1}).status_code == 400


def test_who_keeps_credentials_can_neither_give_roles_nor_shut_out_an_administrator(
    api: TestClient, someone: Client
) -> None:
    role_id = make_role(
        api, permissions=["credentials.read", "credentials.write", "credentials.delete"], sandboxes=["*"]
    )
    keeper = someone(role_id)
    someone("administrators", name="second")
    assert keeper.post(f"{ADMIN}/credentials", json={"clientId": "plain"}).status_code == 201
    denied = keeper.post(f"{ADMIN}/credentials", json={"clientId": "mine", "roles": ["administrators"]})
    assert (denied.status_code, "roles.write" in denied.json()["detail"]) == (403, True)
    assert keeper.patch(f"{ADMIN}/credentials/second", json={"enabled": False}).status_code == 403
    assert keeper.delete(f"{ADMIN}/credentials/second").status_code == 403
    assert keeper.delete(f"{ADMIN}/credentials/plain").status_code == 204


# --- permissions told ---


def test_the_reference_lists_permissions_and_resource_types(api: TestClient) -> None:
    reference = api.get(f"{ACL}/reference").json()
    assert reference["permissions"]["manage-datasets"] == {
        "schemas": ["read"],
        "datasets": ["read", "write", "delete"],
    }
    assert reference["resource-types"]["journeys"] == ["read", "write", "delete", "publish", "approve", "administer"]
    sets = api.get(f"{ADMIN}/products/parcours/permission-sets").json()["permission-sets"]
    assert {"id", "name", "category", "permissions"} == set(sets[0])
    categories = api.get(f"{ADMIN}/products/parcours/categories").json()["categories"]
    assert {one["category"] for one in sets} == {one["name"] for one in categories}
    assert api.get(f"{ADMIN}/products").json()["products"][0]["id"] == "parcours"
    assert api.get(f"{ADMIN}/products/other/categories").status_code == 404


def test_effective_policies_are_those_of_the_sandbox(api: TestClient, someone: Client) -> None:
    client = someone(make_role(api, permissionSets=["manage-datasets"], sandboxes=["dev"]), sandbox="dev")
    asked = ["/permissions/manage-datasets", "/resource-types/schemas", "/permissions/manage-schemas"]
    expected = {"/permissions/manage-datasets": ["*"], "/resource-types/schemas": ["read"]}
    assert client.post(f"{ACL}/effective-policies", json=asked).json() == {"policies": expected}
    assert in_sandbox(client, "prod").post(f"{ACL}/effective-policies", json=asked).json() == {"policies": {}}
    everything = api.post(f"{ACL}/effective-policies", json=[]).json()["policies"]
    assert everything["/permissions/manage-access-control"] == ["*"]
    for body in (["/permissions/fly"], {"a": 1}, [5]):
        assert api.post(f"{ACL}/effective-policies", json=body).status_code == 400


# --- the cost of a call ---


def test_a_call_asks_the_database_nothing_about_its_permissions(
    platform: Platform, api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.get(f"{JOURNEYS}/schema/journey")
    monkeypatch.setattr(platform.access, "_refreshed_s", float("inf"))  # its two seconds never pass
    monkeypatch.setattr(platform.db.engine, "connect", lambda: pytest.fail("a statement was run"))
    assert api.get(f"{JOURNEYS}/schema/journey").status_code == 200
    caller = platform.access.admit(api.headers)
    assert caller.may("journeys.publish")


def test_a_denial_has_its_reason_and_place() -> None:
    assert str(PermissionDenied("roles.write", "*")) == "the permission roles.write is needed in every sandbox"
