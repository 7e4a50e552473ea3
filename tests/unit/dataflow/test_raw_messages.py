"""What becomes of raw messages that are no JSON object."""

from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient
from world_of_flows import World, make_world

from parcours.app import Platform
from parcours.dataflow.model import Failed, Valid
from parcours.log import Record


@pytest.fixture
def raw(api: TestClient, platform: Platform) -> World:
    return make_world(api, platform, "raw")


@pytest.mark.parametrize("message", [[], [{"first": "Jo"}], "Jo", 7, 1.5, True, None])
def test_what_the_mapping_finds_nothing_in_fails_with_body_and_reason(raw: World, message: Any) -> None:
    for sent in (message, {"header": {"flowId": raw.flow}, "body": message}):
        failed = raw.outcome(sent)
        assert isinstance(failed, Failed)
        assert failed.code == "MAPPER-3700-400"
        assert failed.errors == [{"message": "The mapping finds nothing in this message, which is no JSON object"}]
        assert orjson.loads(failed.body) == sent


def test_a_batch_may_mix_them(raw: World) -> None:
    body = orjson.dumps({"messages": [[], {"first": "Jo"}, None]})
    record = Record(raw.inlet, raw.flow, raw.dataset, "x:1", 1, body, True, 3)
    assert [type(found) for found in raw.outcomes(record)] == [Failed, Valid, Failed]
