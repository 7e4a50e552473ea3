"""The HTTP/2 client against a server that limits, refuses, goes away, hangs and closes."""

import asyncio
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from socket import socket

import pytest
from apple_service import KEY_ID, TEAM_ID, TOPIC, AppleService, Push, Say
from cryptography.hazmat.primitives.asymmetric import ec
from mail_server import Certificate

from parcours.channels.dialing import Unreachable, dial
from parcours.channels.model import Message, SendOutcome
from parcours.channels.push.apns import Apns
from parcours.channels.push.http2 import Http2Client, NoAnswer
from parcours.kit.egress import check_url

KEY = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def serve(certificate: Certificate) -> Iterator[Callable[..., AppleService]]:
    running: list[AppleService] = []

    def start(answer: Callable[[Push, int], Say] | None = None, max_streams: int = 100) -> AppleService:
        running.append(AppleService(certificate.context(), KEY, answer, max_streams))
        return running[-1]

    yield start
    for one in running:
        one.stop()


def apns(service: AppleService, ca: str | None, limit_s: float = 5.0, allow_private: bool = True) -> Apns:
    context = ssl.create_default_context(cadata=ca)
    context.set_alpn_protocols(["h2"])

    async def connect(host: str, port: int) -> socket:
        return await dial(host, port, allow_private)

    return Apns(
        check_url(service.url, True), context, connect, KEY, key_id=KEY_ID, team_id=TEAM_ID, topic=TOPIC, ttl_s=60,
        limit_s=limit_s,
    )  # fmt: skip


def message(number: int, body: str = "There") -> Message:
    fields = {"title": "Hi", "body": body}
    return Message(f"{number:032x}-1", 1, "push", f"{number:064x}", fields, (), {}, "marketing")


def send(client: Apns, *messages: Message) -> list[SendOutcome]:
    async def run() -> list[SendOutcome]:
        try:
            return await asyncio.gather(*(client.send(one, one.address) for one in messages))
        finally:
            await client.close()

    return asyncio.run(run())


def test_hundreds_at_once_share_a_connection_within_the_servers_limit(
    serve: Callable[..., AppleService], certificate: Certificate
) -> None:
    """3 KB each: the connection's window of 64 KB is used up many times over."""
    service = serve(max_streams=20)
    outcomes = send(apns(service, certificate.pem), *(message(number, "x" * 3_000) for number in range(400)))
    assert {one.status for one in outcomes} == {"sent"}
    assert len({one.provider_id for one in outcomes}) == 400
    assert len({one.token for one in service.got}) == len(service.got) == 400
    assert service.connections == 1
    assert 10 < service.most_at_once <= 20


@pytest.mark.parametrize("instead", ["refuse", "goaway"])
def test_what_the_server_has_not_touched_is_asked_again_at_once(
    serve: Callable[..., AppleService], certificate: Certificate, instead: str
) -> None:
    service = serve(lambda push, before: Say(instead="" if before else instead))
    (outcome,) = send(apns(service, certificate.pem), message(1))
    assert outcome.status == "sent"
    assert len(service.got) == 2
    assert service.connections == (2 if instead == "goaway" else 1)


def test_a_server_that_always_refuses_is_given_up(serve: Callable[..., AppleService], certificate: Certificate) -> None:
    service = serve(lambda push, before: Say(instead="refuse"))
    (outcome,) = send(apns(service, certificate.pem), message(1))
    assert (outcome.status, outcome.code, outcome.is_permanent) == ("failed", "unreachable", False)
    assert len(service.got) == 3


def test_a_broken_connection_is_no_answer_for_all_that_were_under_way(
    serve: Callable[..., AppleService], certificate: Certificate
) -> None:
    """Whether the server acted isn't known: the caller decides, who has a stable id."""
    service = serve(lambda push, before: Say(instead="close" if push.token.endswith("7") else "hang"))
    outcomes = send(apns(service, certificate.pem), *(message(number) for number in range(1, 8)))
    assert {(one.code, one.is_permanent) for one in outcomes} == {("unreachable", False)}


@pytest.mark.parametrize("instead", ["hang", "ping"])
def test_a_silent_connection_is_not_used_again(
    serve: Callable[..., AppleService], certificate: Certificate, instead: str
) -> None:
    """Neither one on which nothing came, nor one that fell silent soon after the request."""
    service = serve(lambda push, before: Say(instead=instead if push.connection == 1 else ""))
    client = apns(service, certificate.pem, limit_s=8)  # also for a new connection, on a busy machine

    async def run() -> list[SendOutcome]:
        first = await client.send(message(1), "aa")
        second = await client.send(message(1), "aa")
        await client.close()
        return [first, second]

    first, second = asyncio.run(run())
    assert (first.status, first.is_permanent) == ("failed", False)
    assert second.status == "sent"
    assert service.connections == 2


def test_one_that_is_given_up_does_not_disturb_the_others(
    serve: Callable[..., AppleService], certificate: Certificate
) -> None:
    service = serve(lambda push, before: Say(instead="hang" if push.token == "aa" else ""))
    client = apns(service, certificate.pem)

    async def run() -> str:
        hanging = asyncio.create_task(client.send(message(1), "aa"))
        while not service.to("aa"):
            await asyncio.sleep(0.01)
        hanging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging
        outcome = await client.send(message(2), "bb")
        await client.close()
        return outcome.status

    assert asyncio.run(run()) == "sent"
    assert service.connections == 1


def test_who_can_not_be_trusted_or_may_not_be_called_gets_nothing(
    serve: Callable[..., AppleService], certificate: Certificate, tmp_path: Path
) -> None:
    service = serve()
    (stranger,) = send(apns(service, None), message(1))
    assert stranger.reason == "Apple's service: its certificate can't be trusted"
    (other,) = send(apns(service, Certificate(tmp_path).pem), message(1))
    assert other.code == "unreachable"
    (private,) = send(apns(service, certificate.pem, allow_private=False), message(1))
    assert (private.is_permanent, private.reason) == (True, "Apple's service: the host's address may not be called")
    assert service.got == []


def test_a_server_without_http2_is_told(certificate: Certificate) -> None:
    async def run() -> None:
        context = certificate.context()
        context.set_alpn_protocols(["http/1.1"])
        server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        ours = ssl.create_default_context(cadata=certificate.pem)
        ours.set_alpn_protocols(["h2"])
        client = Http2Client("localhost", port, ours, lambda: dial("localhost", port, True), 5.0)
        with pytest.raises((NoAnswer, OSError)):
            await client.post("/", {}, b"")
        await client.close()
        server.close()
        await server.wait_closed()

    asyncio.run(run())


def test_nobody_there_is_told() -> None:
    async def run() -> None:
        with pytest.raises(Unreachable, match="ECONNREFUSED"):
            await dial("127.0.0.1", 1, True)
        with pytest.raises(Unreachable, match="resolved"):
            await dial("nobody.invalid", 1, True)

    asyncio.run(run())
