"""Every row of "What goes wrong" in docs/reference/actions.md and data-sources.md, with the counter that it names.

Real peers on loopback, the real delivery, and the text that /metrics answers.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from outbox_world import CALLER, World, ok, play, running
from peers import Authority, Conversation, answering, drip, flood, hang, read_request, reset, serving
from sqlalchemy import delete
from test_sender import FixedResolver

from outcome_rows import OutcomeRow, grown, outcome_rows
from parcours.actions.model import HttpRequest
from parcours.datasources.service import DataSourceService
from parcours.db import Database
from parcours.delivery import sender as senders
from parcours.delivery.service import Delivery
from parcours.http import health
from parcours.journeys.fetch_request import to_request
from parcours.journeys.model import ActionOutcome, FetchOutcome, FetchRequest
from parcours.kit import egress
from parcours.kit.secrets import SecretBox
from parcours.kit.settings import Settings
from parcours.resources.store import ResourceStore, resource_table

GOOD = 5
"""Calls to a host that answers, beside the bad one."""
ACTION = "parcours_action_duration_seconds_count"
FETCHES, FETCH = "parcours_fetches_total", "parcours_fetch_duration_seconds_count"


@pytest.fixture(scope="module")
def metrics() -> Callable[[], str]:
    """What /metrics answers now."""
    app = FastAPI()
    app.include_router(health.router(health.Health(None, None, None)))  # type: ignore[arg-type]
    client = TestClient(app)
    return lambda: client.get("/metrics").text


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    found = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(found.file))
    return found


@pytest.fixture
def public_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let 127.0.0.1 pass for a public address, so that the walls stand around the rest."""
    monkeypatch.setattr(senders, "is_public", lambda address: address == "127.0.0.1" or egress.is_public(address))

    def check_url(url: str, allow_private: bool) -> egress.Endpoint:
        return egress.check_url(url, allow_private or "public.example" in url)

    monkeypatch.setattr(senders, "check_url", check_url)


class Peer(NamedTuple):
    """Who is called, and how."""

    converse: Conversation
    tls: Callable[[Authority], ssl.SSLContext] | None = None
    is_walled: bool = False
    """Whether private addresses may not be called."""
    document: dict[str, Any] = {}  # noqa: RUF012
    """More of the action or data source; PORT stands for the peer's port."""


def says(status: str, *headers: str, body: bytes = b"{}") -> Conversation:
    head = "\r\n".join([f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "Connection: close", "", ""])
    return answering(head.encode() + body)


def token(converse: Conversation) -> Peer:
    """One whose token server is the peer."""
    authentication = {
        "type": "customAuthorization", "endpoint": "http://127.0.0.1:PORT/token", "method": "GET",
        "tokenInResponse": "response", "authorizationType": "bearer",
    }  # fmt: skip
    return Peer(converse, document={"authentication": authentication})


async def is_no_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(b"220 mail.example.com ESMTP\r\n")
    await writer.drain()


def stranger(folder: Path) -> Callable[[Authority], ssl.SSLContext]:
    """TLS with a certificate that nobody known signed."""

    def server(_known: Authority) -> ssl.SSLContext:
        other = folder / "stranger"
        other.mkdir(exist_ok=True)
        return Authority(other).server()

    return server


INWARD = says("302 Found", "Location: http://169.254.169.254/latest/meta-data/")
PEERS: dict[str, Callable[[Path], list[Peer]]] = {
    "hangs": lambda _: [Peer(hang)],
    "sends an answer without end": lambda _: [Peer(drip)],
    "refuses, or breaks the connection off": lambda _: [Peer(reset)],
    "answers 500, 429 …": lambda _: [Peer(says("500 No")), Peer(says("429 Slowly"))],
    "answers 401, 403, 404": lambda _: [Peer(says(one)) for one in ("401 Who", "403 No", "404 None")],
    "answers 302 to 169.254.169.254 or another private address": lambda _: [
        Peer(INWARD, is_walled=True),
        Peer(says("302 Found", "Location: http://10.0.0.1/"), is_walled=True),
    ],
    "redirects without end": lambda _: [Peer(says("302 Found", "Location: /again"))],
    "redirects nowhere: without `Location`": lambda _: [Peer(says("302 Found"))],
    "answers with 10 MB (more than 1 MB)": lambda _: [Peer(flood)],
    "answers with wrong JSON": lambda _: [Peer(says("200 OK", "Content-Type: application/json", body=b"{not: json}"))],
    "is no HTTP": lambda _: [Peer(is_no_http)],
    "has a certificate that expired": lambda _: [Peer(says("200 OK"), lambda known: known.server(days=-1))],
    "has a certificate that nobody known signed": lambda folder: [Peer(says("200 OK"), stranger(folder))],
    "needs a client certificate, and there is none": lambda _: [
        Peer(says("200 OK"), lambda known: known.server(asks_client=True))
    ],
    "needs a token, and the token server is down": lambda _: [token(reset)],
}
"""Row of the table of actions → peers that do so."""


def put_port(value: Any, port: int) -> Any:
    if isinstance(value, dict):
        return {key: put_port(one, port) for key, one in value.items()}
    return value.replace("PORT", str(port)) if isinstance(value, str) else value


def with_peer(
    db: Database, peer: Peer, authority: Authority, story: Callable[[World, str, Delivery], Awaitable[None]],
    **options: Any,
) -> None:  # fmt: skip
    """Run a story over the delivery and the URL of the peer."""

    async def main(world: World) -> None:
        async with AsyncExitStack() as stack:
            port = await stack.enter_async_context(serving(peer.converse, peer.tls and peer.tls(authority)))
            host = "public.example" if peer.is_walled else "localhost" if peer.tls else "127.0.0.1"
            settings = Settings(allow_private_networks=not peer.is_walled)
            resolver = FixedResolver(["127.0.0.1"]) if peer.is_walled else None
            sources = options["sources"](world) if "sources" in options else None
            delivery = Delivery(db, world.actions, world.limits, settings, resolver=resolver, sources=sources)
            delivery.on_answers = world.take
            task = await running(delivery)
            await story(world, f"{'https' if peer.tls else 'http'}://{host}:{port}/in", delivery)
            await delivery.stop()
            await task

    play(db, ok, main)
    with db.write() as connection:  # names are free for the next
        connection.execute(delete(resource_table))


@pytest.mark.usefixtures("public_loopback")
@pytest.mark.parametrize("row", outcome_rows("actions.md"), ids=lambda row: row.what)
def test_a_bad_endpoint_counts_as_the_page_says(
    sqlite_db: Database, authority: Authority, metrics: Callable[[], str], tmp_path: Path, row: OutcomeRow
) -> None:
    codes, seen = [], set()
    for number, peer in enumerate(PEERS[row.what](tmp_path)):
        before = metrics()
        outcome = outcome_of_action(sqlite_db, peer, authority, f"Bad{number}")
        counted = grown(before, metrics(), ACTION, "outcome")
        good = counted.pop(("2xx",)) - GOOD
        if good:
            counted["2xx",] = good
        assert list(counted.values()) == [1.0], counted
        ((label,),) = counted
        assert label == (f"{outcome.status_code[5]}xx" if outcome.status_code[:5] == "http_" else outcome.status_code)
        codes.append(outcome.status_code)
        seen.add(label)
    assert seen == set(row.words("outcome"))
    assert set(row.words("trace")) <= set(codes)
    if "…" not in row.cells["trace"]:
        assert set(codes) == set(row.words("trace"))


def outcome_of_action(db: Database, peer: Peer, authority: Authority, name: str) -> ActionOutcome:
    """What became of one call to the peer; those to a good host beside it are done."""
    found: list[ActionOutcome] = []

    async def story(world: World, url: str, _delivery: Delivery) -> None:
        port = int(url.rsplit(":", 1)[1].partition("/")[0])
        made = {"name": name, "url": f"http://127.0.0.1:{port}/in", **put_port(peer.document, port)}
        uid = world.actions.create(CALLER, made)[0]["uid"]
        request = HttpRequest("POST", url, (("Content-Type", "application/json"),), b"{}")
        world.put(1, limit_s=1, request=request, action_uid=uid)
        world.put(GOOD, limit_s=20, host="public.example" if peer.is_walled else "127.0.0.1")
        await world.until(lambda: len(world.answers) == 1 + GOOD)
        first = min(one.outbox_id for one in world.answers)
        assert {one.outcome.status_code for one in world.answers if one.outbox_id != first} == {"http_200"}
        found.append(next(one.outcome for one in world.answers if one.outbox_id == first))

    with_peer(db, peer, authority, story)
    return found[0]


SOURCES: dict[str, Callable[[], list[Peer]]] = {
    "answers outside 2xx, 500 for instance, redirects followed; retries": lambda: [Peer(says("500 No"))],
    "hangs, or takes too long with its retries": lambda: [Peer(hang)],
    "sends an endless body": lambda: [Peer(drip)],
    "resets the connection, or can't be reached": lambda: [Peer(reset)],
    "redirects to an address that may not be called, 169.254.169.254 for instance": lambda: [
        Peer(INWARD, is_walled=True)
    ],
    "answers with 10 MB (more than 1 MB)": lambda: [Peer(flood)],
    "answers with wrong JSON, with what is none, or with nothing": lambda: [
        Peer(says("200 OK", body=one)) for one in (b"{not: json}", b"<html>", b"")
    ],
    "answers with JSON that is no object": lambda: [Peer(says("200 OK", body=b"[1]"))],
    "needs a token, and its token server is down": lambda: [token(reset)],
    "is asked more often than allowed": lambda: [Peer(says("200 OK", body=b'{"a": 1}'))],
    "was deleted meanwhile": lambda: [Peer(says("200 OK", body=b'{"a": 1}'))],
}
"""Row of the table of data sources → peers that do so."""
OFTEN, ALLOWED = 18, 15


@pytest.mark.usefixtures("public_loopback")
@pytest.mark.parametrize("row", outcome_rows("data-sources.md"), ids=lambda row: row.what)
def test_a_bad_source_counts_as_the_page_says(
    sqlite_db: Database, authority: Authority, metrics: Callable[[], str], row: OutcomeRow
) -> None:
    outcome, how = row.words("outcome, how")
    times = OFTEN if "more often" in row.what else 1
    for number, peer in enumerate(SOURCES[row.what]()):
        before = metrics()
        fetched = outcomes_of_source(sqlite_db, peer, authority, f"Bad{number}", times, is_gone="deleted" in row.what)
        after = metrics()
        bad = [one for one in fetched if one.error is not None]
        if times > 1:
            assert len(bad) == OFTEN - ALLOWED
        (error,) = {one.error for one in bad}
        (code,) = {one.error_code for one in bad}
        counted = grown(before, after, FETCHES, "outcome", "how")
        assert counted.pop((outcome, how)) == len(bad)
        assert counted == ({("ok", "called"): ALLOWED} if times > 1 else {})
        seconds = grown(before, after, FETCH, "outcome")
        wanted = {(outcome,): 1.0} if how == "called" else {("ok",): float(ALLOWED)} if times > 1 else {}
        assert seconds == wanted
        assert error == ("capped" if row.words("fetchError") == ["capping"] else row.words("fetchError")[0])
        assert code == (row.words("fetchErrorCode") or ["500"])[0]


def outcomes_of_source(
    db: Database, peer: Peer, authority: Authority, name: str, times: int, *, is_gone: bool
) -> list[FetchOutcome]:
    """What became of so many fetches of different values, one call each."""
    found: list[FetchOutcome] = []

    def sources_of(world: World) -> DataSourceService:
        world.sources = DataSourceService(db, ResourceStore(), SecretBox(b"k" * 32), world.settings)  # type: ignore[attr-defined]
        return world.sources  # type: ignore[attr-defined, no-any-return]

    async def story(world: World, url: str, _delivery: Delivery) -> None:
        port = int(url.rsplit(":", 1)[1].partition("/")[0])
        group = {"name": "now", "dynamicValues": ["n"], "responsePayload": {"a": 1}}
        made = {"name": name, "url": url, "fieldGroups": [group], **put_port(peer.document, port)}
        uid = world.sources.create(CALLER, made)[0]["uid"]  # type: ignore[attr-defined]
        for number in range(times):
            asked = FetchRequest("gone" if is_gone else uid, name, "now", {"n": number}, (0,))
            world.put(1, limit_s=1 if times == 1 else 20, request=to_request([asked]), action_uid=uid)
        await world.until(lambda: len(world.answers) == times)
        found.extend(outcome for one in world.answers for outcome in one.fetched or ())

    with_peer(db, peer, authority, story, sources=sources_of)
    return found
