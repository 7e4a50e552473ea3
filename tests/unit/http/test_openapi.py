"""The generated OpenAPI says of every route what it reads and what it answers."""

import re
from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock

import orjson
import pytest
from fastapi import APIRouter, Depends
from fastapi.testclient import TestClient
from jsonschema_rs import Draft202012Validator

from parcours.access.routing import json_object, reads_query
from parcours.app import Platform
from parcours.edge import build_control_plane, build_process_routers
from parcours.http.app import build_api

WITHOUT_BODY = re.compile(
    r"/(action|retry|versions|(?<!journeys/)(?<!expressions/)check|publish|close|stop|activate|deactivate|endTest|endDryRun|(un)?archive|testAuthentication|deploy|undeploy|canDeploy"
    r"|(?<!list/journeyVersions/)resume|restore|resetLink|setupLink)$|^/m/u/|^/journey/orchestration/list/(journeys|endpointConfigs|throttlingConfigs)$"
)


@pytest.fixture
def document(platform: Platform) -> dict[str, Any]:
    found: dict[str, Any] = build_control_plane(
        platform, build_process_routers(platform, Mock(), Mock(), Mock())
    ).openapi()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def test_every_operation_has_a_summary_a_tag_its_path_parameters_and_the_error_shapes(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        where = f"{method} {path}"
        assert operation["summary"], where
        assert operation["tags"], where
        named = {p["name"] for p in operation["parameters"] if p["in"] == "path" and p["required"]}
        assert named == set(re.findall(r"\{([^}]+)\}", path)), where
        assert "422" not in operation["responses"], where
        assert operation["responses"]["default"]["content"]["application/json"]["schema"]["$ref"].endswith("/Error")


def test_every_operation_that_takes_a_body_says_so(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        takes_body = method in ("POST", "PUT", "PATCH") and not WITHOUT_BODY.search(path)
        assert ("requestBody" in operation) is takes_body, f"{method} {path}"


def test_only_tokens_sign_in_health_metrics_and_links_of_messages_are_open_to_anyone(document: dict[str, Any]) -> None:
    anonymous = {path for _, path, operation in operations(document) if "security" not in operation}
    signing_in = {path for path in anonymous if path.startswith("/parcours/")}
    assert signing_in == {
        "/parcours/session",
        "/parcours/setup",
        "/parcours/join",
        "/parcours/oidc/start",
        "/parcours/oidc/callback",
    }
    assert {path.split("/")[1] for path in anonymous - signing_in} == {"ims", "health", "metrics", "m"}


def test_what_a_route_and_its_dependencies_read_is_put_together() -> None:
    router = APIRouter()

    @router.post("/things", openapi_extra=reads_query("limit", "property"))
    def make(body: dict[str, Any] = Depends(json_object)) -> None: ...

    operation = build_api([router]).openapi()["paths"]["/things"]["post"]
    assert [(p["name"], p["schema"]["type"]) for p in operation["parameters"]] == [
        ("limit", "string"),
        ("property", "array"),
    ]
    assert operation["requestBody"]["content"] == {"application/json": {"schema": {"type": "object"}}}


def test_names_of_operations_are_sentences(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        first, *others = operation["summary"].split()
        assert first[0].isupper(), f"{method} {path}"
        assert not [word for word in others if word.istitle()], f"{method} {path}: {operation['summary']}"


def test_a_reader_is_told_how_to_get_a_token_and_where_events_go(document: dict[str, Any]) -> None:
    for word in ("/ims/token/v3", "credentials.json", "inletUrl"):
        assert word in document["info"]["description"]
    for media in document["paths"]["/ims/token/v3"]["post"]["requestBody"]["content"].values():
        assert list(media["schema"]["properties"]) == ["grant_type", "client_id", "client_secret"]


def test_the_document_is_valid_json_and_served(api: TestClient) -> None:
    assert orjson.loads(api.get("/openapi.json").content)["info"]["title"] == "Parcours"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/nowhere", None),
        ("DELETE", "/data/foundation/catalog/batches", None),
        ("GET", "/journey/orchestration/actions?page=x", None),
        ("POST", "/journey/orchestration/actions", []),
        ("POST", "/journey/orchestration/actions", {}),
        ("POST", "/ims/token/v3", None),
        ("GET", "/data/foundation/flowservice/flows?limit=x", None),
        ("POST", "/data/core/idnamespace/identities", {}),
        ("GET", "/data/core/identity/identity", None),
        ("POST", "/data/core/identity/v2/graph", {}),
        ("GET", "/data/core/ups/access/entities", None),
        ("POST", "/data/core/ups/config/mergePolicies", {}),
    ],
)
def test_refusals_have_one_of_the_described_shapes(
    api: TestClient, document: dict[str, Any], method: str, path: str, body: Any
) -> None:
    answer = api.request(method, path, json=body)
    assert 400 <= answer.status_code < 500
    schema = {"$ref": "#/components/schemas/Error", "components": document["components"]}
    assert Draft202012Validator(schema).is_valid(answer.json()), answer.json()


def test_a_refusal_of_the_gateway_has_a_described_shape(api: TestClient, document: dict[str, Any]) -> None:
    answer = api.get("/data/foundation/catalog/dataSets", headers={"Authorization": ""})
    schema = {"$ref": "#/components/schemas/GatewayError", "components": document["components"]}
    assert Draft202012Validator(schema).is_valid(answer.json())
