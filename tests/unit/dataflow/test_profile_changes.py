"""What becomes of raw messages that merge and delete."""

from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from world_of_flows import FOUNDATION, World, make_world

from parcours.app import Platform
from parcours.dataflow.model import Change, Failed, Valid

PERSON = {"first": "Jo", "id": "jo@example.com"}


@pytest.fixture
def raw(api: TestClient, platform: Platform) -> World:
    """An inlet whose mapping names the person by e-mail; data set and schema are enabled for profiles."""
    world = make_world(api, platform, "raw")
    rows = [
        {"sourceType": "ATTRIBUTE", "source": source, "destination": destination}
        for source, destination in (
            ("first", "person.name.firstName"),
            ("id", "identityMap.Email[0].id"),
            ("device", "identityMap.ECID[0].id"),
            ("birth", "person.birthDate"),
        )
    ]
    reference = {"id": world.schema, "contentType": "application/vnd.adobe.xed-full+json;version=1"}
    body = {"name": "People", "outputSchema": {"schemaRef": reference}, "mappings": rows}
    assert api.put(f"{FOUNDATION}/conversion/mappingSets/{world.mapping}", json=body).status_code == 200
    path = f"{FOUNDATION}/flowservice/flows/{world.flow}"
    (flow,) = api.get(path).json()["items"]
    patch = [{"op": "replace", "path": "/transformations/0/params/mappingVersion", "value": 1}]
    assert api.patch(path, json=patch, headers={"If-Match": flow["etag"]}).status_code == 200
    return world


def enable(world: World) -> None:
    union = [{"op": "add", "path": "/meta:immutableTags", "value": ["union"]}]
    path = f"{FOUNDATION}/schemaregistry/tenant/schemas/{quote(world.schema, safe='')}"
    answer = world.api.patch(path, json=union, headers={"Accept": "application/vnd.adobe.xed+json;version=1"})
    assert answer.status_code == 200, answer.text
    tags = {"tags": {"unifiedProfile": ["enabled:true"], "unifiedIdentity": ["enabled:true"]}}
    answer = world.api.patch(f"{FOUNDATION}/catalog/dataSets/{world.dataset}", json=tags)
    assert answer.status_code == 200, answer.text


def sent(operations: Any, **body: Any) -> dict[str, Any]:
    return {"header": {"operations": operations}, "body": body}


def test_a_message_that_merges_is_a_change_with_the_fields_it_has(raw: World) -> None:
    enable(raw)
    assert isinstance(raw.outcome(sent({"data": "create"}, **PERSON)), Valid)
    assert isinstance(raw.outcome(sent([], **PERSON)), Valid)  # as releases before took it
    merged = raw.outcome(sent({"data": "merge"}, **PERSON, device="1" * 38))
    assert isinstance(merged, Change)
    assert merged.entity["person"] == {"name": {"firstName": "Jo"}}
    assert (merged.primary, merged.identities, merged.is_removal) == (("Email", "jo@example.com"), [], False)
    linked = raw.outcome(sent({"data": "merge", "identity": "create"}, **PERSON, device="1" * 38))
    assert isinstance(linked, Change)
    assert linked.identities == [("Email", "jo@example.com"), ("ECID", "1" * 38)]
    removed = raw.outcome(sent({"data": "delete"}, id="jo@example.com"))
    assert isinstance(removed, Change)
    assert removed.is_removal


def test_a_change_needs_somebody_and_obeys_its_schema_in_what_it_has(raw: World) -> None:
    enable(raw)
    nobody = raw.outcome(sent({"data": "merge"}, first="Jo"))
    assert isinstance(nobody, Failed)
    assert nobody.errors == [{"message": "The message names nobody: the primary identity is missing"}]
    wrong = raw.outcome(sent({"data": "merge"}, **PERSON, birth="never"))
    assert isinstance(wrong, Change)
    assert wrong.warnings


def test_a_change_is_for_profiles_alone(raw: World) -> None:
    failed = raw.outcome(sent({"data": "merge"}, **PERSON))
    assert isinstance(failed, Failed)
    assert "enabled for profiles" in failed.errors[0]["message"]
