"""Synchronous validation of what the schema has nothing to say about."""

import pytest
from fastapi.testclient import TestClient
from world_of_flows import World, make_world

from parcours.app import Platform
from parcours.dataflow.validate import find_violations


@pytest.fixture
def xdm(api: TestClient, platform: Platform) -> World:
    return make_world(api, platform, "xdm")


@pytest.fixture
def raw(api: TestClient, platform: Platform) -> World:
    return make_world(api, platform, "raw")


def test_a_body_without_an_entity_is_told_in_the_documented_tree(xdm: World) -> None:
    message = {"header": {}, "body": {}}
    (tree,) = find_violations(xdm.inlet, xdm.flow, xdm.dataset, message, xdm.definitions())
    assert tree == {
        "schemaLocation": "#",
        "pointerToViolation": "#",
        "causingExceptions": [
            {
                "schemaLocation": "#",
                "pointerToViolation": "#",
                "causingExceptions": [],
                "keyword": "INGEST-1401-400",
                "message": "Payload body is missing xdmEntity",
            }
        ],
        "message": "1 schema violation found",
    }


def test_what_a_mapping_says_has_the_keys_of_a_violation(raw: World) -> None:
    for message in (7, {"first": {"not": "a text"}}):
        for tree in find_violations(raw.inlet, raw.flow, raw.dataset, message, raw.definitions()):
            for one in (tree, *tree["causingExceptions"]):
                assert {"schemaLocation", "pointerToViolation", "causingExceptions", "message"} <= set(one)


def test_a_valid_message_has_none(xdm: World) -> None:
    assert find_violations(xdm.inlet, xdm.flow, xdm.dataset, {"_id": "1"}, xdm.definitions()) == []
