"""The data sets of steps and of versions are the server's: nobody else changes or writes to them."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from test_journey_api import Sandbox

from parcours.app import JOURNEY_DATA_SET, STEP_EVENT_DATA_SET, STEP_EVENT_SCHEMA, Platform

DATA_SETS = "/data/foundation/catalog/dataSets"
TARGETS = "/data/foundation/flowservice/targetConnections"
LAKE_SPEC = {"id": "c604ff05-7f1a-43c0-8e18-33bf874cb11c", "version": "1.0"}


@pytest.fixture
def made(api: TestClient, platform: Platform) -> dict[str, str]:
    """The data sets by name, as the server makes them: when a version is published, and when a first step is taken."""
    Sandbox(api).published()
    with platform.db.write() as connection:
        scope_id = platform.access.sandbox("ACME@AdobeOrg", "prod").scope_id
        platform.catalog.ensure_system_data_set(connection, scope_id, STEP_EVENT_DATA_SET, STEP_EVENT_SCHEMA)
    return {body["name"]: uid for uid, body in api.get(DATA_SETS).json().items()}


@pytest.mark.parametrize("name", [STEP_EVENT_DATA_SET, JOURNEY_DATA_SET])
def test_they_are_read_only_and_not_of_profiles(api: TestClient, made: dict[str, str], name: str) -> None:
    url = f"{DATA_SETS}/{made[name]}"
    before: dict[str, Any] = api.get(url).json()
    document = next(iter(before.values()))
    assert document["classification"]["managedBy"] == "SYSTEM"
    assert "unifiedProfile" not in document["tags"]
    enabled = {"unifiedProfile": ["enabled:true"], "unifiedIdentity": ["enabled:true"]}
    body = {"name": "Mine", "schemaRef": document["schemaRef"], "tags": {**document["tags"], **enabled}}
    patch = [{"op": "add", "path": "/tags/unifiedProfile", "value": ["enabled:true"]}]
    answers = [
        api.patch(url, json=patch),
        api.patch(url, json={"description": "Mine"}),
        api.put(url, json=body),
        api.patch(url.replace("dataSets", "v2/dataSets"), json={"tags": enabled}),
        api.delete(url),
    ]
    assert [answer.status_code for answer in answers] == [409] * len(answers)
    assert api.get(url).json() == before
    target = {"name": "Into it", "params": {"dataSetId": made[name]}, "connectionSpec": LAKE_SPEC}
    refused = api.post(TARGETS, json=target)
    assert refused.status_code == 400
    assert f"the system alone writes to {name}" in refused.text


def test_a_data_set_of_ones_own_with_the_same_schema_is_ones_own(api: TestClient, made: dict[str, str]) -> None:
    document = next(iter(api.get(f"{DATA_SETS}/{made[STEP_EVENT_DATA_SET]}").json().values()))
    body = {"name": STEP_EVENT_DATA_SET, "schemaRef": document["schemaRef"]}
    answer = api.post(DATA_SETS, json=body)
    assert answer.status_code == 201, answer.text
    own = answer.json()[0].rpartition("/")[2]
    assert api.patch(f"{DATA_SETS}/{own}", json={"description": "Mine"}).status_code == 200
    assert (
        api.post(
            TARGETS, json={"name": "Into it", "params": {"dataSetId": own}, "connectionSpec": LAKE_SPEC}
        ).status_code
        == 201
    )
