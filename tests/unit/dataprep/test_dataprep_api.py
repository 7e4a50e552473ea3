"""Data Prep over HTTP: both base paths, versions, previews, and refusals that name the place."""

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from parcours.app import Platform
from parcours.dataprep.errors import MappingSetNotFound

BASES = ("/data/foundation/conversion/mappingSets", "/data/foundation/mappingSets")
SETS = BASES[0]
FIELD_GROUPS = "/data/foundation/schemaregistry/tenant/fieldgroups"
SCHEMAS = "/data/foundation/schemaregistry/tenant/schemas"
ACCEPT = {"Accept": "application/vnd.adobe.xed+json"}
PROFILE = "https://ns.adobe.com/xdm/context/profile"


@pytest.fixture
def schema_id(api: TestClient) -> str:
    """A profile schema with person.name and _acme.visits."""
    group = api.post(
        FIELD_GROUPS,
        headers=ACCEPT,
        json={
            "title": "Visits",
            "type": "object",
            "meta:intendedToExtend": [PROFILE],
            "definitions": {
                "visits": {"properties": {"_acme": {"type": "object", "properties": {"visits": {"type": "integer"}}}}}
            },
            "allOf": [{"$ref": "#/definitions/visits"}],
        },
    )
    assert group.status_code == 201, group.text
    schema = api.post(
        SCHEMAS,
        headers=ACCEPT,
        json={
            "title": "Customers",
            "type": "object",
            "allOf": [
                {"$ref": PROFILE},
                {"$ref": "https://ns.adobe.com/xdm/context/profile-person-details"},
                {"$ref": group.json()["$id"]},
            ],
        },
    )
    assert schema.status_code == 201, schema.text
    found: str = schema.json()["$id"]
    return found


def tutorial(schema_id: str) -> dict[str, Any]:
    """The body of the tutorial, in the legacy form."""
    return {
        "version": 0,
        "xdmSchema": schema_id,
        "xdmVersion": "1.0",
        "mappings": [
            {
                "destinationXdmPath": "person.name.firstName",
                "sourceAttribute": "firstName",
                "identity": False,
                "version": 0,
            },
            {
                "destinationXdmPath": "person.name.lastName",
                "sourceAttribute": "lastName",
                "identity": False,
                "version": 0,
            },
        ],
    }


def modern(schema_id: str, *mappings: tuple[str, str, str]) -> dict[str, Any]:
    """(sourceType, source, destination) → a body of the new form."""
    return {
        "name": "Customers",
        "outputSchema": {
            "schemaRef": {"id": schema_id, "contentType": "application/vnd.adobe.xed-full+json;version=1"}
        },
        "mappings": [{"sourceType": m[0], "source": m[1], "destination": m[2]} for m in mappings],
    }


@pytest.mark.parametrize("base", BASES)
def test_the_tutorials_mapping_set_is_created_and_read_back(api: TestClient, schema_id: str, base: str) -> None:
    made = api.post(base, json=tutorial(schema_id))
    assert made.status_code == 200
    body = made.json()
    assert set(body) == {"id", "version", "createdDate", "modifiedDate", "createdBy", "modifiedBy"}
    assert re.fullmatch(r"[0-9a-f]{32}", body["id"])
    assert body["version"] == 0
    assert body["createdDate"] == body["modifiedDate"] > 1_600_000_000_000
    for other in BASES:
        found = api.get(f"{other}/{body['id']}").json()
        assert found["xdmSchema"] == found["outputSchema"]["schemaRef"]["id"] == schema_id
        first = found["mappings"][0]
        assert re.fullmatch(r"[0-9a-f]{32}", first.pop("id"))
        assert first == {
            "version": 0,
            "sourceType": "text/x.schema-path",
            "source": "firstName",
            "destination": "person.name.firstName",
            "identity": False,
            "primaryIdentity": False,
            "matchScore": 0.0,
            "functionVersion": 1,
            "sourceAttribute": "firstName",
            "destinationXdmPath": "person.name.firstName",
        }


def test_a_change_is_a_new_version_and_the_old_one_stays(api: TestClient, platform: Platform, schema_id: str) -> None:
    made = api.post(SETS, json=tutorial(schema_id)).json()
    one = f"{SETS}/{made['id']}"
    changed = api.put(one, json=modern(schema_id, ("EXPRESSION", "upper(firstName)", "person.name.firstName")))
    assert changed.status_code == 200
    assert changed.json()["version"] == 1
    assert changed.json()["mappings"][0]["sourceType"] == "EXPRESSION"
    assert api.get(one).json()["version"] == 1
    assert api.get(one, params={"version": 0}).json()["version"] == 0
    assert len(api.get(one, params={"version": 0}).json()["mappings"]) == 2
    assert api.get(one, params={"version": 7}).status_code == 404
    assert api.get(one, params={"version": "x"}).status_code == 400

    scope_id = platform.access.sandbox("ACME@AdobeOrg", "prod").scope_id
    with platform.db.read() as connection:
        table = platform.mappings.table.current(connection)
        for version, first_name in ((0, "ada"), (1, "ADA")):
            for mapping in (
                table.get(scope_id, made["id"], version),
                platform.mappings.mapping(connection, scope_id, made["id"], version),
            ):
                assert mapping is not None
                assert mapping.apply({"firstName": "ada"}).entity == {"person": {"name": {"firstName": first_name}}}
        assert table.get(scope_id, made["id"], 2) is None
        assert table.get(scope_id + 1, made["id"], 0) is None
        assert platform.mappings.target_schema(connection, scope_id, made["id"], 1) == schema_id
        assert platform.mappings.target_schema(connection, scope_id, "nothing", 0) is None
        with pytest.raises(MappingSetNotFound):
            platform.mappings.mapping(connection, scope_id, made["id"], 2)


def test_the_compiled_table_follows_changes_of_sets_and_schemas(
    api: TestClient, platform: Platform, schema_id: str
) -> None:
    scope_id = platform.access.sandbox("ACME@AdobeOrg", "prod").scope_id
    made = api.post(SETS, json=modern(schema_id, ("ATTRIBUTE", "visits", "_acme.visits"))).json()
    with platform.db.read() as connection:
        first = platform.mappings.table.current(connection).get(scope_id, made["id"], 0)
    assert first is not None
    assert first.apply({"visits": "3"}).entity == {"_acme": {"visits": 3}}
    api.post(SETS, json=tutorial(schema_id))
    with platform.db.read() as connection:
        assert platform.mappings.table.current(connection).get(scope_id, made["id"], 0) is first
    assert api.delete(f"{SETS}/{made['id']}").status_code == 204
    with platform.db.read() as connection:
        assert platform.mappings.table.current(connection).get(scope_id, made["id"], 0) is None


def test_lists_are_paged_filtered_and_ordered(api: TestClient, schema_id: str) -> None:
    made = [api.post(SETS, json={**tutorial(schema_id), "name": f"set {n % 2}"}).json()["id"] for n in range(12)]
    page = api.get(SETS).json()
    assert page["_page"] == {"count": 10, "limit": 10}
    assert "start=10" in page["_links"]["next"]["href"]
    rest = api.get(SETS, params={"limit": 10, "start": 10}).json()
    assert rest["_links"] == {}
    assert {one["id"] for one in page["data"] + rest["data"]} == set(made)
    assert len(api.get(SETS, params={"name": "set 1", "limit": 100}).json()["data"]) == 6
    dates = [
        one["createdDate"] for one in api.get(SETS, params={"limit": 100, "orderBy": "createdDate"}).json()["data"]
    ]
    assert dates == sorted(dates)
    assert api.get(SETS, params={"property": f"xdmSchema=={schema_id}", "limit": 100}).json()["_page"]["count"] == 12
    for wrong in ({"limit": "0"}, {"limit": "x"}, {"start": "-1"}, {"limit": "9" * 40}, {"property": "a<1,2"}):
        assert api.get(SETS, params=wrong).status_code == 400


def test_the_schema_is_shown_when_asked_for(api: TestClient, schema_id: str) -> None:
    made = api.post(SETS, json=tutorial(schema_id)).json()["id"]
    shown = api.get(f"{SETS}/{made}", params={"expandSchema": "True"}).json()
    assert "person" in shown["outputSchema"]["jsonSchema"]["properties"]
    assert "jsonSchema" not in api.get(f"{SETS}/{made}").json()["outputSchema"]


def test_mappings_of_a_set_are_resources_of_their_own(api: TestClient, schema_id: str) -> None:
    made = api.post(SETS, json=tutorial(schema_id)).json()["id"]
    mappings = f"{SETS}/{made}/mappings"
    first = api.get(mappings).json()["data"][0]
    assert api.get(f"{mappings}/{first['id']}").json() == first
    added = api.post(mappings, json={"sourceType": "ATTRIBUTE", "source": "n", "destination": "_acme.visits"})
    assert added.status_code == 200
    changed = api.put(f"{mappings}/{first['id']}", json={"source": "given", "destination": "person.name.firstName"})
    assert changed.json()["id"] == first["id"]
    assert changed.json()["version"] == 1
    assert api.delete(f"{mappings}/{added.json()['id']}").status_code == 204
    whole = api.get(f"{SETS}/{made}").json()
    assert whole["version"] == 3
    assert [m["source"] for m in whole["mappings"]] == ["given", "lastName"]
    assert api.get(f"{mappings}/nothing").status_code == 404
    assert api.delete(f"{mappings}/nothing").status_code == 404
    assert api.post(mappings, json={"source": "a("}).status_code == 400
    assert (
        api.post(mappings, json={"source": "lower(", "destination": "a", "sourceType": "EXPRESSION"}).status_code == 400
    )


def test_validation_answers_for_every_mapping(api: TestClient, schema_id: str) -> None:
    body = modern(
        schema_id,
        ("ATTRIBUTE", "firstName", "person.name.firstName"),
        ("ATTRIBUTE", "firstName", "person.name.frstName"),
        ("EXPRESSION", "lowr(a)", "_acme.visits"),
    )
    answer = api.post(f"{SETS}/validate", json=body)
    assert answer.status_code == 200
    found = answer.json()["validationResponse"]
    assert found[0] == {"status": "SUCCESS", "errors": None}
    assert found[1]["errors"][0]["path"] == "person.name.frstName"
    assert "did you mean 'lower'" in found[2]["errors"][0]["message"]


def test_creation_checks_destinations_only_when_asked_to(api: TestClient, platform: Platform, schema_id: str) -> None:
    body = modern(schema_id, ("ATTRIBUTE", "a", "person.nothing"))
    refused = api.post(SETS, params={"validate": "True"}, json=body)
    assert refused.status_code == 400
    assert refused.json()["report"]["path"] == "$.mappings[0].destination"
    made = api.post(SETS, params={"validate": "False"}, json=body)
    assert made.status_code == 200
    scope_id = platform.access.sandbox("ACME@AdobeOrg", "prod").scope_id
    with platform.db.read() as connection:
        found = platform.mappings.check(connection, scope_id, made.json()["id"], 0)
    assert [(fault.index, fault.key) for fault in found] == [(0, "destination")]


def test_a_preview_maps_and_tells_what_failed(api: TestClient, schema_id: str) -> None:
    mapping_set = modern(
        schema_id,
        ("ATTRIBUTE", "id", "_id"),
        ("ATTRIBUTE", "firstName", "person.name.firstName"),
        ("EXPRESSION", "1 / visits", "_acme.visits"),
    )
    data = {"id": 1234, "firstName": "Jim", "visits": 0}
    answer = api.post(f"{SETS}/preview", json={"data": data, "mappingSet": mapping_set}).json()
    assert answer["data"] == {"_id": "1234", "person": {"name": {"firstName": "Jim"}}}
    assert answer["errors"] == [
        {
            "destination": "_acme.visits",
            "source": "1 / visits",
            "sourceType": "EXPRESSION",
            "columnName": "_acme.visits",
            "exception": "division by zero",
        }
    ]
    several = api.post(f"{SETS}/preview", json={"data": [data, {"id": 5}], "mappingSet": mapping_set}).json()
    assert several[0] == answer
    good = api.post(f"{SETS}/preview", json={"data": [{"id": 5, "visits": 1}], "mappingSet": mapping_set}).json()
    assert good == [{"data": {"_id": "5", "_acme": {"visits": 1}}, "errors": None}]
    for wrong in (
        {},
        {"data": 1, "mappingSet": mapping_set},
        {"data": {}, "mappingSet": []},
        {"data": [1], "mappingSet": mapping_set},
    ):
        assert api.post(f"{SETS}/preview", json=wrong).status_code == 400


def test_the_target_may_be_named_by_schema_ref_alone(api: TestClient, schema_id: str) -> None:
    reference = {"id": schema_id, "contentType": "application/vnd.adobe.xed-full+json;version=1"}
    mapping = {"destinationXdmPath": "person.name.firstName", "sourceAttribute": "firstName", "identity": False}
    body = {"name": "Legacy", "schemaRef": reference, "mappings": [mapping], "status": "DRAFT", "version": 0}
    made = api.post(SETS, json=body)
    assert made.status_code == 200, made.text
    shown = api.get(f"{SETS}/{made.json()['id']}").json()
    assert shown["schemaRef"] == shown["outputSchema"]["schemaRef"] == reference
    assert (shown["xdmSchema"], shown["status"]) == (schema_id, "DRAFT")
    preview = api.post(f"{SETS}/preview", json={"data": {"firstName": "Jim"}, "mappingSet": body}).json()
    assert preview["data"] == {"person": {"name": {"firstName": "Jim"}}}
    for wrong in ({"id": 5}, {}, "x"):
        refused = api.post(SETS, json={**body, "schemaRef": wrong})
        assert (refused.status_code, refused.json()["report"]["path"]) == (400, "$.schemaRef.id")


def test_the_language_can_be_asked(api: TestClient) -> None:
    language = "/data/foundation/conversion/languages/el"
    for body, is_valid in (
        ({"expression": "lower(a)"}, True),
        ({"expression": {"expression": "lower(a)"}}, True),
        ({"expression": "lower("}, False),
        ({"expression": "1 / n", "sampleData": {"n": 0}}, False),
    ):
        answer = api.post(f"{language}/validate", json=body)
        assert (answer.status_code, answer.json()) == (200, is_valid)
    assert api.post(f"{language}/validate", json={"expression": 1}).status_code == 400
    functions = api.get(f"{language}/functions").json()
    assert {"concat", "sha256", "iif", "coalesce", "date", "uuid"} <= {one["function"] for one in functions}
    assert set(functions[0]) == {
        "category", "function", "description", "syntax", "returns", "returnType", "example", "result", "params",
        "since",
    }  # fmt: skip
    assert api.get(f"{language}/operators").json()[0]["operatorSymbol"] == "+"


@pytest.mark.parametrize(
    "body",
    [b"", b"not json", b"[]", b"1", b'{"mappings": 1}', b'{"xdmSchema": "s", "mappings": [[]]}',
     b'{"xdmSchema": "s", "mappings": [{"source": "a", "destination": "a[*].b[*].c"}]}',
     b'{"xdmSchema": "s", "mappings": [{"source": "a[", "destination": "b", "sourceType": "ATTRIBUTE"}]}',
     b'{"xdmSchema": "s", "mappings": [{"source": "\xff", "destination": "b"}]}'],
)  # fmt: skip
def test_bad_bodies_are_refused_in_problem_form(api: TestClient, body: bytes) -> None:
    for method, path in (("POST", SETS), ("POST", f"{SETS}/validate"), ("POST", f"{SETS}/preview")):
        answer = api.request(method, path, content=body, headers={"Content-Type": "application/json"})
        if path.endswith("/validate") and answer.status_code == 200:
            assert answer.json()["validationResponse"][0]["status"] == "FAILURE"
            continue
        assert answer.status_code == 400, (path, body)
        assert {"type", "title", "status", "detail", "report"} <= set(answer.json())


def test_nothing_of_another_sandbox_is_visible(api: TestClient, schema_id: str) -> None:
    made = api.post(SETS, json=tutorial(schema_id)).json()["id"]
    dev = {"x-sandbox-name": "dev"}
    assert api.get(f"{SETS}/{made}", headers=dev).status_code == 404
    assert api.delete(f"{SETS}/{made}", headers=dev).status_code == 404
    assert api.put(f"{SETS}/{made}", headers=dev, json=tutorial(schema_id)).status_code == 404
    assert api.get(SETS, headers=dev).json()["data"] == []
    missing = api.get(f"{SETS}/{made}x")
    assert missing.status_code == 404
    assert missing.json()["type"].endswith("-404")


def test_an_id_no_set_can_have_is_not_found(api: TestClient, platform: Platform) -> None:
    assert api.get(f"{SETS}/%00").status_code == 400  # refused by the edge
    for strange in ("a%2Fb", "é", "x" * 3000, "'; drop table resource; --"):
        assert api.get(f"{SETS}/{strange}").status_code == 404
        assert api.delete(f"{SETS}/{strange}").status_code == 404
    with platform.db.read() as connection:
        assert platform.mappings.target_schema(connection, 1, "0" * 32, 2**80) is None
        assert platform.mappings.target_schema(connection, 1, "\x00", 0) is None
