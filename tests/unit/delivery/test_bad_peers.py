"""What becomes of a call whose peer misbehaves: each outcome of docs/reference/actions.md, on real sockets.

Every story has a good host beside the bad one, whose calls are done all the same.
"""

import asyncio
import json
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from outbox_world import CALLER, World, ok, play, running
from peers import Authority, Conversation, answering, drip, flood, hang, read_request, reset, serving

from parcours.access.store import insert_org, insert_sandbox
from parcours.actions.certificates import client_context, open_context
from parcours.actions.model import HttpRequest
from parcours.db import Database
from parcours.delivery.sender import HttpSender, SendFailed
from parcours.journeys.model import ActionOutcome
from parcours.kit.secrets import SecretBox

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\nConnection: close\r\n\r\n"
LIMIT_S = 1.0


def outcome_of(db: Database, converse: Conversation, **document: Any) -> ActionOutcome:
    """What became of the bad host's call; ten calls to a good one are done meanwhile."""
    found: list[ActionOutcome] = []

    async def story(world: World) -> None:
        async with serving(converse) as port:
            uid = world.action_uid
            if document:
                made = {"name": "Bad", "url": f"http://127.0.0.1:{port}/in", **document}
                text = json.dumps(made).replace("PORT", str(port))
                uid = world.actions.create(CALLER, json.loads(text))[0]["uid"]
            request = HttpRequest("POST", f"http://127.0.0.1:{port}/in", (("Content-Type", "application/json"),), b"{}")
            world.put(1, limit_s=LIMIT_S, request=request, action_uid=uid)
            world.put(10, limit_s=20)
            delivery = world.delivery()
            task = await running(delivery)
            await world.until(lambda: len(world.answers) == 11)
            await delivery.stop()
            await task
        assert Counter(a.outcome.status_code for a in world.answers if a.outbox_id != 1) == {"http_200": 10}
        assert world.pending() == 0
        found.append(next(a.outcome for a in world.answers if a.outbox_id == 1))

    play(db, ok, story)
    return found[0]


def test_an_endpoint_that_hangs_is_a_timeout(sqlite_db: Database) -> None:
    outcome = outcome_of(sqlite_db, hang)
    assert (outcome.status_code, outcome.attempts, outcome.origin_error) == ("timedout", 1, None)


def test_an_endpoint_that_resets_is_an_error_after_its_retries(sqlite_db: Database) -> None:
    outcome = outcome_of(sqlite_db, reset)
    assert (outcome.status_code, outcome.error) == ("internalError", "error")
    assert outcome.attempts >= 2
    assert outcome.error_message == "the receiver closed the connection"


def test_an_endpoint_that_answers_500_keeps_its_code_and_its_failure_payload(sqlite_db: Database) -> None:
    answer = b'HTTP/1.1 500 No\r\nContent-Length: 16\r\nConnection: close\r\n\r\n{"reason":"full"}'[:-1] + b"}"
    converse = answering(answer.replace(b"16", b"17"))
    outcome = outcome_of(sqlite_db, converse, failureResponse={"sample": {"reason": "x"}})
    assert (outcome.status_code, outcome.response) == ("http_500", {"reason": "full"})


def test_ten_megabytes_are_not_read_and_count_by_their_status(sqlite_db: Database) -> None:
    outcome = outcome_of(sqlite_db, flood)
    assert (outcome.status_code, outcome.response, outcome.attempts) == ("http_200", None, 1)


def test_wrong_json_counts_by_its_status(sqlite_db: Database) -> None:
    outcome = outcome_of(sqlite_db, answering(OK + b"{not: json}"))
    assert (outcome.status_code, outcome.response) == ("http_200", None)


def test_an_endless_body_is_a_timeout(sqlite_db: Database) -> None:
    outcome = outcome_of(sqlite_db, drip)
    assert (outcome.status_code, outcome.attempts) == ("timedout", 1)


def test_what_is_no_http_is_an_error(sqlite_db: Database) -> None:
    outcome = outcome_of(sqlite_db, answering(b"220 mail.example.com ESMTP\r\n"))
    assert (outcome.status_code, outcome.error_message) == ("internalError", "the answer is not HTTP")


def test_a_token_server_that_is_down_is_an_error_and_the_call_is_not_made(sqlite_db: Database) -> None:
    asked: list[bytes] = []

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await read_request(reader))
        writer.transport.abort()

    token = {
        "type": "customAuthorization", "endpoint": "http://127.0.0.1:PORT/token", "method": "GET",
        "tokenInResponse": "response", "authorizationType": "bearer",
    }  # fmt: skip
    outcome = outcome_of(sqlite_db, converse, authentication=token)
    assert (outcome.status_code, outcome.error) == ("internalError", "error")
    assert "token call failed" in (outcome.error_message or "")
    assert asked
    assert all(b"/token" in request for request in asked)


# --- TLS ---


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """Whose certificates this process trusts, as OpenSSL is told."""
    found = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(found.file))
    return found


def send(tls: ssl.SSLContext, client: ssl.SSLContext | None = None) -> int | str:
    """The status of an answer over TLS, or why there was none."""

    async def story() -> int | str:
        async with serving(answering(OK + b'{"id":"m1"}'), tls) as port, HttpSender(True) as sender:
            request = HttpRequest("POST", f"https://localhost:{port}/", (), b"{}", client)
            try:
                return (await sender.send(request, request._replace(client=None), {})).status
            except SendFailed as failed:
                return str(failed)

    return asyncio.run(story())


def test_a_good_certificate_is_trusted(authority: Authority) -> None:
    assert send(authority.server()) == 200


def test_an_expired_certificate_is_not(authority: Authority) -> None:
    assert send(authority.server(days=-1)) == "the receiver's certificate can't be trusted"


def test_a_certificate_of_nobody_known_is_not(tmp_path: Path) -> None:
    assert send(Authority(tmp_path).server()) == "the receiver's certificate can't be trusted"


def test_less_than_tls_1_2_is_not_spoken() -> None:
    assert client_context().minimum_version == ssl.TLSVersion.TLSv1_2


def test_tls_1_3_comes_before_1_2(authority: Authority) -> None:
    versions: list[str | None] = []

    async def story() -> None:
        async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            versions.append(writer.get_extra_info("ssl_object").version())
            await answering(OK + b'{"id":"m1"}')(reader, writer)

        for most in (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2):
            tls = authority.server()
            tls.maximum_version = most
            async with serving(converse, tls) as port, HttpSender(True) as sender:
                request = HttpRequest("POST", f"https://localhost:{port}/", (), b"{}")
                await sender.send(request, request, {})

    asyncio.run(story())
    assert versions == ["TLSv1.3", "TLSv1.2"]


def test_a_server_that_asks_for_a_certificate_gets_the_organisations(authority: Authority) -> None:
    box = SecretBox(b"k" * 32)
    certificate, key = authority.issue("parcours")
    stored = {"certificate": certificate, "key": {"encrypted": box.encrypt(key)}}
    assert send(authority.server(asks_client=True), open_context(stored, box)) == 200
    assert send(authority.server(asks_client=True)) != 200


def test_a_redirect_to_another_origin_gets_no_certificate(authority: Authority) -> None:
    box = SecretBox(b"k" * 32)
    certificate, key = authority.issue("parcours")
    client = open_context({"certificate": certificate, "key": {"encrypted": box.encrypt(key)}}, box)
    seen: list[object] = []

    async def story() -> None:
        async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            seen.append(writer.get_extra_info("peercert"))
            await answering(OK + b'{"id":"m1"}')(reader, writer)

        asking = authority.server(asks_client=True)
        asking.verify_mode = ssl.CERT_OPTIONAL
        async with serving(converse, asking) as other:
            location = f"HTTP/1.1 307 Go\r\nLocation: https://localhost:{other}/\r\nContent-Length: 0\r\n\r\n"
            first = serving(answering(location.encode()), authority.server(asks_client=True))
            async with first as port, HttpSender(True) as sender:
                request = HttpRequest("POST", f"https://localhost:{port}/", (), b"{}", client)
                assert (await sender.send(request, request._replace(client=None), {})).status == 200

    asyncio.run(story())
    assert seen in ([None], [{}])


def test_a_certificate_is_uploaded_and_its_key_never_returned(api: TestClient, tmp_path: Path) -> None:
    url = "/journey/orchestration/clientCertificate"
    authority = Authority(tmp_path)
    certificate, key = authority.issue("parcours")
    assert api.get(url).status_code == 404
    made = api.put(url, json={"certificate": certificate, "privateKey": key})
    assert made.status_code == 200, made.text
    assert made.json()["subject"] == "CN=parcours"
    for answer in (made, api.get(url)):
        assert answer.json()["certificate"] == certificate
        assert "PRIVATE" not in answer.text
    _, other = authority.issue("other")
    expired, expired_key = authority.issue("old", days=-1)
    for body in (
        {"certificate": certificate, "privateKey": other},
        {"certificate": expired, "privateKey": expired_key},
        {"certificate": certificate},
        {"certificate": "x", "privateKey": key},
        {"certificate": certificate, "privateKey": "x"},
        {"certificate": certificate, "privateKey": key, "more": 1},
    ):
        assert api.put(url, json=body).status_code == 400
    assert api.put(url, json={"certificate": certificate, "privateKey": key}).status_code == 200
    assert api.delete(url).status_code == 204
    assert api.get(url).status_code == 404


def test_an_action_presents_the_certificate_of_its_organisation(authority: Authority, sqlite_db: Database) -> None:
    sandbox = CALLER.sandbox
    values = {
        "scope_id": 1, "id": sandbox.id, "org_id": sandbox.org_id, "name": sandbox.name, "title": sandbox.title,
        "type": sandbox.type, "state": "active", "created_at_ms": 0, "updated_at_ms": 0, "created_by": "",
        "updated_by": "", "version": 0,
    }  # fmt: skip
    with sqlite_db.write() as connection:
        insert_org(connection, sandbox.org_id, sandbox.tenant, 0)
        insert_sandbox(connection, values)

    async def story(world: World) -> None:
        certificate, key = authority.issue("parcours")
        tls = authority.server(asks_client=True)
        async with serving(answering(OK + b'{"id":"m1"}'), tls) as port:
            request = HttpRequest("POST", f"https://localhost:{port}/in", (), b"{}")
            world.put(1, request=request, limit_s=1)
            world.actions.certificates.put(CALLER, {"certificate": certificate, "privateKey": key})
            delivery = world.delivery()
            task = await running(delivery)
            await world.until(lambda: len(world.answers) == 1)
            assert (world.answers[0].outcome.status_code, world.answers[0].outcome.is_mtls) == ("http_200", True)
            world.actions.certificates.delete(CALLER)
            world.put(1, request=request, limit_s=1)
            await world.until(lambda: len(world.answers) == 2)
            assert (world.answers[1].outcome.error, world.answers[1].outcome.is_mtls) == ("error", False)
            await delivery.stop()
            await task

    play(sqlite_db, ok, story)


# --- a proxy ---


def through_proxy(allow_private: bool, url: str, story: Callable[[HttpSender, list[bytes]], Awaitable[None]]) -> None:
    async def main() -> None:
        asked: list[bytes] = []

        async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.append(await read_request(reader))
            writer.write(OK + b'{"id":"m1"}')
            await writer.drain()

        async with serving(proxy) as port, HttpSender(allow_private, proxy=f"http://u:p@127.0.0.1:{port}") as sender:
            await story(sender, asked)

    asyncio.run(main())


def test_a_proxy_is_asked_for_what_it_is_to_call() -> None:
    async def story(sender: HttpSender, asked: list[bytes]) -> None:
        request = HttpRequest("POST", "http://never.invalid/x", (), b"{}")
        assert (await sender.send(request, request, {})).status == 200
        head = asked[0].decode().splitlines()
        assert head[0] == "POST http://never.invalid/x HTTP/1.1"
        assert "Proxy-Authorization: Basic dTpw" in head

    through_proxy(False, "", story)


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "http://10.0.0.1/", "http://localhost/"])
def test_a_proxy_is_no_way_around_the_walls(url: str) -> None:
    async def story(sender: HttpSender, asked: list[bytes]) -> None:
        request = HttpRequest("POST", url, (), b"{}")
        with pytest.raises(SendFailed) as failed:
            await sender.send(request, request, {})
        assert failed.value.is_final
        assert asked == []

    through_proxy(False, url, story)
