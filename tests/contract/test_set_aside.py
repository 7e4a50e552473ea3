"""When the code fails on a message: it is kept as failed by itself, its neighbours land, nothing is tried for ever."""

import asyncio
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
import structlog
from fastapi.testclient import TestClient
from sqlalchemy.exc import DataError, OperationalError

from parcours import pipeline
from parcours.app import Platform, build_pipeline, log_path
from parcours.dataflow.model import Valid
from parcours.dataflow.store import list_failed, mark_retrying
from parcours.dataflow.transform import RETRY_PREFIX
from parcours.kit.telemetry import get_logger
from parcours.log import Record
from parcours.log.sqlite import SqliteLogWriter
from parcours.profile.workspace import ProfileWorkspace

FOUNDATION = "/data/foundation"


class Stream:
    """A data set of events with an inlet, and a pipeline that fails on events whose type is `poison`."""

    def __init__(self, api: TestClient, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
        self.api, self.platform = api, platform
        self.is_poisonous = True
        self.fault: Exception = ZeroDivisionError("a fault of the code")
        apply = ProfileWorkspace.apply

        def fail(workspace: ProfileWorkspace, valid: Valid) -> None:
            if self.is_poisonous and valid.entity.get("eventType") == "poison":
                raise self.fault
            apply(workspace, valid)

        monkeypatch.setattr(ProfileWorkspace, "apply", fail)
        schema = {
            "type": "object",
            "title": "Events",
            "allOf": [{"$ref": "https://ns.adobe.com/xdm/context/experienceevent"}],
        }
        accept = {"Accept": "application/vnd.adobe.xed+json"}
        made = api.post(f"{FOUNDATION}/schemaregistry/tenant/schemas", json=schema, headers=accept).json()
        reference = {"id": made["$id"], "contentType": "application/vnd.adobe.xed-full+json;version=1"}
        body = {"name": "Events", "schemaRef": reference}
        self.dataset_id = api.post(f"{FOUNDATION}/catalog/dataSets", json=body).json()[0].rpartition("/")[2]
        connection = {
            "name": "Inlet",
            "connectionSpec": {"id": "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb", "version": "1.0"},
            "auth": {"specName": "Streaming Connection", "params": {"dataType": "xdm"}},
        }
        connection_id = api.post(f"{FOUNDATION}/flowservice/connections", json=connection).json()["id"]
        item = api.get(f"{FOUNDATION}/flowservice/connections/{connection_id}").json()["items"][0]
        self.inlet_id = item["auth"]["params"]["inletId"]
        self.scope_id = platform.access.sandbox("ACME@AdobeOrg", "prod").scope_id
        self.pipeline = build_pipeline(platform)

    def batch(self, name: str, kinds: str) -> Record:
        """A batch of events: `.` is a good one, `x` a poisonous one, `-` one refused by the inlet, `5` no valid one."""
        types: dict[str, Any] = {".": "good", "x": "poison", "-": "refused", "5": 5}
        messages = [
            {"_id": f"{name}{place}", "timestamp": "2026-01-01T00:00:00Z", "eventType": types[kind]}
            for place, kind in enumerate(kinds)
        ]
        skip = tuple(place for place, kind in enumerate(kinds) if kind == "-")
        body = orjson.dumps({"messages": messages})
        return Record(self.inlet_id, "", self.dataset_id, name, 1_800_000_000_000, body, True, len(kinds), skip)

    def single(self, name: str, kind: str) -> Record:
        body = orjson.dumps(orjson.loads(self.batch(name, kind).body)["messages"][0])
        return Record(self.inlet_id, "", self.dataset_id, name, 1_800_000_000_000, body)

    def retry(self, record_id: int) -> Record:
        with self.platform.db.write() as connection:
            row = mark_retrying(connection, self.scope_id, record_id)
        name = f"{RETRY_PREFIX}{record_id}"
        return Record(row.inlet_id, row.flow_id, row.dataset_id, name, row.received_at_ms, row.body, message_count=0)

    def process(self, *records: Record) -> None:
        async def append() -> None:
            writer = SqliteLogWriter(log_path(self.platform.settings))
            await writer.append(records)
            await writer.close()

        asyncio.run(append())
        while self.pipeline.run_records(1_000):
            pass

    def items(self) -> dict[str, dict[str, Any]]:
        """Failed records by transaction id."""
        with self.platform.db.read() as connection:
            return {item["xactionId"]: item for item in list_failed(connection, self.scope_id)}

    def failed(self) -> dict[str, tuple[str, str, int]]:
        """Transaction id → (code, first reason, tries)."""
        return {x: (i["code"], i["errors"][0]["message"], i["attempts"]) for x, i in self.items().items()}

    def counts(self) -> tuple[int, int]:
        """(landed, failed) of the data set."""
        batches = self.api.get(f"{FOUNDATION}/catalog/batches", params={"dataSet": self.dataset_id}).json().values()
        metrics = [batch["metrics"] for batch in batches]
        return sum(m.get("outputRecordCount", 0) for m in metrics), sum(m.get("failedRecordCount", 0) for m in metrics)


@pytest.fixture
def stream(api: TestClient, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stream]:
    # A logger keeps the settings it was first used with; one never used yet tells what is captured here.
    monkeypatch.setattr(pipeline, "log", get_logger("pipeline"))
    with structlog.testing.capture_logs() as logged:
        yield Stream(api, platform, monkeypatch)
    assert "pipeline.record_failed" in {line["event"] for line in logged}


FAULT = ("INGEST-1500-500", "The server failed on this record: ZeroDivisionError", 1)
NOT_VALID = ("INGEST-1212-400", "expected type: String, found: Long", 1)


def test_one_message_the_code_fails_on_is_kept_and_its_batch_lands(stream: Stream) -> None:
    stream.process(stream.batch("a", ".x.-5."), stream.single("b", "."), stream.single("c", "x"))
    assert stream.failed() == {"a:1": FAULT, "a:4": NOT_VALID, "c": FAULT}
    assert stream.counts() == (4, 3)
    assert stream.items()["a:1"]["body"]["_id"] == "a1"
    assert stream.items()["c"]["body"]["_id"] == "c0"


def test_a_part_of_a_batch_is_taken_apart_too(stream: Stream) -> None:
    whole = orjson.loads(stream.batch("a", ".x.").body)["messages"]
    part = Record(
        stream.inlet_id, "", stream.dataset_id, "a", 1_800_000_000_000,
        orjson.dumps([[3, whole[0]], [7, whole[1]], [9, whole[2]]]), True, 3,
    )  # fmt: skip
    stream.process(part)
    assert stream.failed() == {"a:7": FAULT}
    assert stream.counts() == (2, 1)


def test_it_lands_by_a_retry_when_the_code_is_mended_and_counts_a_try_until_then(stream: Stream) -> None:
    stream.process(stream.batch("a", ".x"))
    record_id = stream.items()["a:1"]["id"]
    stream.process(stream.retry(record_id))
    assert stream.failed() == {"a:1": (*FAULT[:2], 2)}
    assert stream.items()["a:1"]["state"] == "failed"
    assert stream.counts() == (1, 1)
    stream.is_poisonous = False
    stream.process(stream.retry(record_id))
    assert stream.failed() == {}
    assert stream.counts() == (2, 0)


def test_a_value_the_database_refuses_is_set_aside_like_one_the_code_fails_on(stream: Stream) -> None:
    stream.fault = DataError("INSERT", {}, ValueError("a text may not hold NUL"))
    stream.process(stream.batch("a", ".x."))
    assert stream.failed() == {"a:1": ("INGEST-1500-500", "The server failed on this record: DataError", 1)}


def test_nothing_is_set_aside_while_the_database_is_away(stream: Stream) -> None:
    stream.fault = OperationalError("BEGIN", {}, OSError("disk full"))
    with pytest.raises(OperationalError):
        stream.process(stream.batch("a", ".x."))
    assert stream.failed() == {}
    assert stream.counts() == (0, 0)
    stream.fault = ZeroDivisionError()
    stream.process(stream.single("b", "."))
    assert stream.failed() == {"a:1": FAULT}
    assert stream.counts() == (3, 1)
