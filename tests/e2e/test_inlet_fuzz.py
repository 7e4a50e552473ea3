"""Whatever an inlet accepts is landed or failed: no message, however odd, stops the pipeline or gets lost in it."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from fuzz_values import ODD_TEXTS, changed, values, written
from fuzz_world import JOURNEYS, UPS, World, world
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from test_api_fuzz import bounded

from parcours.app import build_lake_writer, build_pipeline, log_path
from parcours.batch import INTERNAL
from parcours.dataflow.store import failed_record_table
from parcours.edge import build_collector
from parcours.lake.store import lake_chunk_table
from parcours.log.sqlite import SqliteLogWriter

_numbers = itertools.count()


class Request:
    """A POST to an inlet, and what it is answered; both faces of Granian's protocol."""

    method = "POST"

    def __init__(self, path: str, body: bytes, headers: dict[str, str], query: str) -> None:
        self.path = path
        self.query_string = query
        self.headers = {"content-type": "application/json", "content-length": str(len(body)), **headers}
        self._body = body
        self.status = 0
        self.answer: Any = None

    async def __call__(self) -> bytes:
        return self._body

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.answer = status, orjson.loads(body)


class Stream:
    """Inlets, log, pipeline and lake of a world, without a server."""

    def __init__(self, asked: World, runner: asyncio.Runner) -> None:
        platform = asked.platform
        self.world = asked
        self._runner = runner
        self._log = runner.run(self._open_log(log_path(platform.settings)))
        self._collector = build_collector(platform, self._log)
        runner.run(self._collector.refresh())
        self._pipeline = build_pipeline(platform)
        self._lake = build_lake_writer(platform)
        self._db = platform.db
        self._failed_before = 0
        self.accepted = 0
        self.outcomes: Counter[int] = Counter()

    @staticmethod
    async def _open_log(path: Path) -> SqliteLogWriter:
        return SqliteLogWriter(path)

    def close(self) -> None:
        self._runner.run(self._log.close())
        self._lake.close()

    def post(self, url: str, body: bytes, *, flow: str = "", query: str = "", is_batch: bool = False) -> Request:
        """Send to an inlet, and count what it accepts."""
        path = url.removeprefix("http://parcours.test")
        if is_batch:
            path = path.replace("/collection/", "/collection/batch/")
        headers = {"authorization": self.world.headers["Authorization"], **({"x-adobe-flow-id": flow} if flow else {})}
        request = Request(path, body, headers, query)
        self._runner.run(self._collector(request, request))
        self.outcomes[request.status] += 1
        assert request.status in (200, 207, 400, 413), request.answer
        if request.status == 200:
            self.accepted += 1
        elif request.status == 207:
            self.accepted += sum("statusCode" not in response for response in request.answer["responses"])
        return request

    def work(self) -> None:
        """Let the pipeline take everything; what was accepted since is then landed or failed, by its own doing."""
        before = self._counts()
        while self._pipeline.run_records(1_000):
            pass
        while self._pipeline.run_timers(1_000):
            pass
        landed, failed, internal = (after - was for after, was in zip(self._counts(), before, strict=True))
        assert internal == 0
        assert landed + failed == self.accepted
        self.accepted = 0

    def _counts(self) -> tuple[int, int, int]:
        """(staged for the lake, failed, failed inside the server)."""
        made = self.world.defined
        chunks, records = lake_chunk_table, failed_record_table
        sets = (made.profile_dataset, made.event_dataset)
        with self._db.read() as connection:
            staged = connection.execute(select(chunks.c.record_count).where(chunks.c.dataset_id.in_(sets))).scalars()
            codes = list(connection.execute(select(records.c.code)).scalars())
            return sum(staged), len(codes), codes.count(INTERNAL)

    def land(self) -> None:
        """Commit to the lake what was staged: all of it."""
        staged = self._counts()[0]
        assert self._lake.commit_due() >= staged
        self._lake.commit_due()
        assert self._counts()[0] == 0


@contextmanager
def streaming(folder: Path, database_url: str = "") -> Iterator[Stream]:
    with world(folder, database_url) as asked, asyncio.Runner() as runner:
        stream = Stream(asked, runner)
        yield stream
        stream.close()


def raw_member() -> dict[str, Any]:
    return {
        "firstName": "Ada",
        "lastName": "Lovelace",
        "contact": {"email": f"{next(_numbers)}@example.com"},
        "tier": "gold",
        "points": 12,
    }


def xdm_member(stream: Stream) -> dict[str, Any]:
    made = stream.world.defined
    reference = {"id": made.profile_schema, "contentType": "application/vnd.adobe.xed-full+json;version=1"}
    return {
        "header": {"schemaRef": reference, "flowId": made.xdm_flow, "datasetId": made.profile_dataset},
        "body": {
            "xdmMeta": {"schemaRef": reference},
            "xdmEntity": {
                "_id": "1",
                "_repo": {"createDate": "2026-01-01T00:00:00Z"},
                "person": {"name": {"firstName": "Grace"}, "birthYear": 1906},
                "workEmail": {"primary": True, "address": f"{next(_numbers)}@example.com"},
                "loyalty": {"points": 1.5, "tier": "gold", "joinDate": "2026-01-01T00:00:00Z"},
            },
        },
    }


def order(stream: Stream) -> dict[str, Any]:
    made = stream.world.defined
    reference = {"id": made.event_schema, "contentType": "application/vnd.adobe.xed-full+json;version=1"}
    number = next(_numbers)
    return {
        "header": {"msgType": "xdmEntityCreate", "imsOrgId": "ACME@AdobeOrg", "schemaRef": reference},
        "body": {
            "xdmMeta": {"schemaRef": reference},
            "xdmEntity": {
                "_id": f"order-{number}",
                "timestamp": "2026-01-01T00:00:00.000Z",
                "eventType": "commerce.purchases",
                "commerce": {
                    "order": {"purchaseID": f"P{number}", "priceTotal": 700.5, "currencyCode": "EUR"},
                    "purchases": {"value": 1},
                },
                f"_{made.tenant}": {"person": {"firstName": "Ada", "emailAddress": f"{number}@example.com"}},
                "identityMap": {"Email": [{"id": f"{number}@example.com", "primary": True}], "ECID": [{"id": "1"}]},
                "_experience": {"campaign": {"orchestration": {"eventID": made.event_id}}},
            },
        },
    }


def stream_odd_messages(stream: Stream, examples: int) -> None:
    """Valid messages changed in places, alone and in batches, and documents that are no messages at all."""
    made = stream.world.defined
    kinds = (
        (made.raw_inlet, made.raw_flow, raw_member),
        (made.xdm_inlet, "", lambda: xdm_member(stream)),
        (made.event_inlet, "", lambda: order(stream)),
        (made.event_inlet, made.event_flow, lambda: order(stream)["body"]["xdmEntity"]),
    )

    @bounded(examples)
    @given(data=st.data())
    def send(data: st.DataObject) -> None:
        inlet, flow, make = data.draw(st.sampled_from(kinds))
        message = st.just(make()) | changed(make()) | changed(make()) | values
        if data.draw(st.integers(0, 3)) == 0:
            body = {"messages": data.draw(st.lists(message, max_size=5))}
            stream.post(inlet, written(body), flow=flow, is_batch=True)
        else:
            query = data.draw(st.sampled_from(["", "", "syncValidation=true"]))
            stream.post(inlet, written(data.draw(message)), flow=flow, query=query)
        if data.draw(st.integers(0, 7)) == 0:
            stream.work()

    send()
    stream.work()
    stream.land()


def look_at_everything(asked: World) -> None:
    """Read what the messages have become, in every way there is."""
    asked.look("/data/foundation/flowservice/runs")
    asked.look("/data/foundation/catalog/batches?limit=100")
    batches = asked.client.get("/data/foundation/catalog/batches?limit=100").json()
    for batch in batches:
        for part in ("failed", "meta"):
            asked.look(f"/data/foundation/export/batches/{batch}/{part}")
        asked.look(f"/data/foundation/export/batches/{batch}/meta?path=row_errors")
    version = asked.defined.journey_version
    asked.look(f"{JOURNEYS}/journeyVersions/{version}/counts")
    instances = asked.client.get(f"{JOURNEYS}/journeyVersions/{version}/instances?limit=1000").json()["results"]
    for instance in instances[:50]:
        asked.look(f"{JOURNEYS}/instances/{instance['id']}")
        person = instance["key"]
        for path, parameters in (
            (f"{JOURNEYS}/trace", {"identity": person}),
            (f"{UPS}/access/entities", {"schema.name": "_xdm.context.profile", "entityId": person}),
            (f"{UPS}/access/entities", {"schema.name": "_xdm.context.experienceevent", "relatedEntityId": person}),
        ):
            named = {**parameters, "entityIdNS": "Email", "relatedEntityIdNS": "Email"}
            asked.check("GET", path, asked.client.get(path, params=named))


@pytest.fixture(scope="module")
def sqlite_stream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stream]:
    with streaming(tmp_path_factory.mktemp("stream")) as made:
        yield made


def test_every_accepted_message_is_landed_or_failed(sqlite_stream: Stream) -> None:
    stream_odd_messages(sqlite_stream, 400)
    look_at_everything(sqlite_stream.world)


def name_everything(stream: Stream, text: str) -> None:
    """Send events and records that have a text wherever a name, an id or a key can stand."""
    made = stream.world.defined
    for change in (
        lambda entity: entity.update(_id=text),
        lambda entity: entity.update(eventType=text),
        lambda entity: entity[f"_{made.tenant}"]["person"].update(emailAddress=text),
        lambda entity: entity["identityMap"].update({text: [{"id": "1"}]}),
        lambda entity: entity["identityMap"].update({"ECID": [{"id": text, "primary": True}]}),
        lambda entity: entity["commerce"]["order"].update(purchaseID=text),
    ):
        message = order(stream)
        change(message["body"]["xdmEntity"])
        stream.post(made.event_inlet, written(message))
    for member in ({"contact": {"email": text}}, {"lastName": text}, {"tier": text}, {text: 1}):
        stream.post(made.raw_inlet, written({**raw_member(), **member}), flow=made.raw_flow)
    record = xdm_member(stream)
    record["body"]["xdmEntity"]["workEmail"]["address"] = text
    stream.post(made.xdm_inlet, written(record))
    stream.work()
    if len(text) > 10_000:
        return  # the client itself refuses such a URL
    for path, parameters in (
        (f"{JOURNEYS}/trace", {"identity": text}),
        (f"{JOURNEYS}/trace", {"eventId": text}),
        (f"{UPS}/access/entities", {"schema.name": "_xdm.context.profile", "entityId": text, "entityIdNS": "Email"}),
        ("/data/core/identity/cluster/members", {"namespace": "Email", "id": text}),
        ("/data/core/identity/cluster/members", {"namespace": text, "id": "1"}),
        ("/data/core/identity/cluster/members", {"xid": text}),
    ):
        stream.world.check("GET", path, stream.world.client.get(path, params=parameters))


def test_anything_may_be_named_by_any_text(sqlite_stream: Stream) -> None:
    for text in ODD_TEXTS:
        name_everything(sqlite_stream, text)


@pytest.mark.postgres
def test_postgresql_takes_the_same_messages(tmp_path: Path, postgres_url: str) -> None:
    with streaming(tmp_path, postgres_url) as stream:
        stream_odd_messages(stream, 100)
        for text in ODD_TEXTS[:20]:
            name_everything(stream, text)
        look_at_everything(stream.world)
