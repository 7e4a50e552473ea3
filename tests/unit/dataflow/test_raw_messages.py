"""What becomes of raw messages that are no JSON object."""

from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient
from world_of_flows import World, make_world

from parcours.app import Platform
from parcours.dataflow.model import Failed, Valid
from parcours.dataflow.transform import give_up, split
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


def test_each_message_of_a_batch_by_itself_comes_to_the_same(raw: World) -> None:
    body = orjson.dumps({"messages": [{"first": "Jo"}, None, {"first": "Al"}, 7]})
    record = Record(raw.inlet, raw.flow, raw.dataset, "x:1", 1, body, True, 3, (1,))
    parts = split(record)
    assert [(part.body, part.message_count) for part in parts] == [
        (b'[[0,{"first":"Jo"}]]', 1), (b'[[2,{"first":"Al"}]]', 1), (b"[[3,7]]", 1),
    ]  # fmt: skip
    alone = [raw.outcomes(part) for part in parts]
    assert [found for (found,) in alone] == raw.outcomes(record)
    assert [found.origin.xaction_id for (found,) in alone] == ["x:1:0", "x:1:2", "x:1:3"]
    failed = give_up(parts[1], raw.definitions(), "INGEST-1500-500", "The server failed")
    assert (failed.origin.xaction_id, orjson.loads(failed.body)) == ("x:1:2", {"first": "Al"})
