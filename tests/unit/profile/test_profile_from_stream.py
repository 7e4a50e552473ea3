"""From records in the log to what profile access answers, with the worker's own transactions."""

import asyncio
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient

from parcours.app import Platform, build_pipeline, log_path
from parcours.log import Record
from parcours.log.sqlite import SqliteLogWriter

REGISTRY = "/data/foundation/schemaregistry/tenant/schemas"
ENTITIES = "/data/core/ups/access/entities"
XDM_FULL = "application/vnd.adobe.xed-full+json;version=1"
HTTP_API = {"id": "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb", "version": "1.0"}
CONTEXT = "https://ns.adobe.com/xdm/context/"
COOKIE = "1" * 38


class Stream:
    """A data set of people, one of events, and an inlet that takes both."""

    def __init__(self, api: TestClient, platform: Platform) -> None:
        self.api = api
        self.platform = platform
        self.pipeline = build_pipeline(platform)
        groups = [f"{CONTEXT}profile", f"{CONTEXT}identitymap", f"{CONTEXT}profile-person-details"]
        self.people = self._data_set("People", groups)
        self.events = self._data_set("Events", [f"{CONTEXT}experienceevent", f"{CONTEXT}identitymap"])
        connection = {
            "name": "Inlet",
            "connectionSpec": HTTP_API,
            "auth": {"specName": "Streaming Connection", "params": {"dataType": "xdm"}},
        }
        made = self._ok(api.post("/data/foundation/flowservice/connections", json=connection))["id"]
        item = api.get(f"/data/foundation/flowservice/connections/{made}").json()["items"][0]
        self.inlet_id = item["auth"]["params"]["inletUrl"].rpartition("/")[2]

    def _data_set(self, name: str, groups: list[str]) -> str:
        schema = {
            "type": "object",
            "title": name,
            "allOf": [{"$ref": group} for group in groups],
            "meta:immutableTags": ["union"],
        }
        made = self._ok(self.api.post(REGISTRY, json=schema, headers={"Accept": "application/vnd.adobe.xed+json"}))
        body = {
            "name": name,
            "schemaRef": {"id": made["$id"], "contentType": XDM_FULL},
            "tags": {"unifiedProfile": ["enabled:true"], "unifiedIdentity": ["enabled:true"]},
        }
        data_set: str = self._ok(self.api.post("/data/foundation/catalog/dataSets", json=body))[0]
        return data_set.removeprefix("@/dataSets/")

    @staticmethod
    def _ok(answer: Any) -> Any:
        assert answer.is_success, answer.text
        return answer.json()

    def send(self, *messages: tuple[str, dict[str, Any]]) -> None:
        """Put messages in the log and process all of them in one transaction."""
        records = [
            Record(self.inlet_id, "", dataset_id, f"x{n}", 1_700_000_000_000, orjson.dumps(entity))
            for n, (dataset_id, entity) in enumerate(messages)
        ]

        async def append() -> None:
            writer = SqliteLogWriter(log_path(self.platform.settings))
            await writer.append(records)
            await writer.close()

        asyncio.run(append())
        assert self.pipeline.run_records(1_000) == len(records)

    def person(self, code: str, value: str) -> Any:
        query = {"schema.name": "_xdm.context.profile", "entityId": value, "entityIdNS": code}
        answer = self.api.get(ENTITIES, params=query)
        return None if answer.status_code == 404 else next(iter(self._ok(answer).values()))


@pytest.fixture
def stream(api: TestClient, platform: Platform) -> Stream:
    return Stream(api, platform)


def named(code: str, value: str, **others: str) -> dict[str, Any]:
    identities = {other: [{"id": one}] for other, one in others.items()}
    return {"identityMap": {code: [{"id": value, "primary": True}], **identities}}


def test_streamed_people_are_read_back_by_every_identity_they_were_seen_with(stream: Stream) -> None:
    stream.send(
        (stream.people, {**named("Email", "jane@example.com"), "person": {"name": {"firstName": "Jane"}}}),
        (stream.events, {**named("ECID", COOKIE, email="jane@example.com"), "_id": "e1",
                         "timestamp": "2026-01-01T00:00:00Z", "eventType": "web.webpagedetails.pageViews"}),
    )  # fmt: skip
    jane = stream.person("ecid", COOKIE)
    assert jane["entity"]["person"] == {"name": {"firstName": "Jane"}}
    assert {code: [e["id"] for e in entries] for code, entries in jane["entity"]["identityMap"].items()} == {
        "Email": ["jane@example.com"],
        "ECID": [COOKIE],
    }
    assert jane["sources"] == [stream.people]
    query = {"schema.name": "_xdm.context.experienceevent", "entityId": "jane@example.com", "entityIdNS": "Email"}
    (event,) = stream.api.get(ENTITIES, params=query).json()["children"]
    assert (event["entityId"], event["timestamp"]) == ("e1", 1_767_225_600_000)


def test_an_identity_of_a_partner_namespace_links_nobody(stream: Stream) -> None:
    namespace = {"name": "Partner", "code": "PartnerId", "idType": "PARTNER"}
    assert stream.api.post("/data/core/idnamespace/identities", json=namespace).status_code == 200
    stream.send(
        (stream.people, {**named("Email", "a@example.com", PARTNERID="p"), "person": {"name": {"firstName": "A"}}}),
        (stream.people, {**named("Email", "b@example.com", PartnerId="p"), "person": {"name": {"firstName": "B"}}}),
    )
    assert stream.person("Email", "a@example.com")["entity"]["person"]["name"]["firstName"] == "A"
    assert len(stream.person("Email", "b@example.com")["identityGraph"]) == 1
    assert stream.person("PartnerId", "p") is None


def test_a_deleted_person_can_come_back_and_is_linked_anew(stream: Stream) -> None:
    message = (stream.people, {**named("Email", "jane@example.com", ECID=COOKIE), "person": {"birthYear": 1980}})
    stream.send(message)
    assert len(stream.person("ECID", COOKIE)["identityGraph"]) == 2
    query = {"schema.name": "_xdm.context.profile", "entityId": COOKIE, "entityIdNS": "ECID"}
    assert stream.api.delete(ENTITIES, params=query).status_code == 202
    assert stream.person("Email", "jane@example.com") is None
    stream.send(message)
    assert len(stream.person("ECID", COOKIE)["identityGraph"]) == 2
