"""The sender on real sockets: redirects, walls, limits."""

import asyncio
import gzip
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from parcours import __version__
from parcours.actions.model import HttpRequest
from parcours.delivery import sender as senders
from parcours.delivery.sender import GuardedResolver, HttpSender, Received, SendFailed
from parcours.kit import egress

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FixedResolver(AbstractResolver):
    """Every name has the given addresses, in turn."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0)
            for address in found
        ]

    async def close(self) -> None:
        return None


class Receiver:
    """A server on a loopback port that records what it gets."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self.requests: list[tuple[str, str, Mapping[str, str], bytes]] = []

    async def __aenter__(self) -> "Receiver":
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port: int = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.method, request.path_qs, request.headers, await request.read()))
        return await self._handler(request)


def exchange(
    handler: Handler,
    path: str = "/start",
    *,
    method: str = "POST",
    secret: tuple[str, str] | None = None,
    allow_private: bool = True,
    host: str = "",
    resolver: AbstractResolver | None = None,
) -> tuple[Received, Receiver]:
    """Send one request to a handler."""

    async def main() -> tuple[Received, Receiver]:
        async with Receiver(handler) as receiver, HttpSender(allow_private, resolver) as sender:
            base = f"http://{host}:{receiver.port}" if host else receiver.url
            headers = (("Content-Type", "application/json"), ("X-A", "1"))
            bare = HttpRequest(method, base + path, headers, b'{"a":1}' if method != "GET" else None)
            request = bare if secret is None else bare._replace(headers=(*headers, secret))
            return await sender.send(request, bare, {"Idempotency-Key": "k"}), receiver

    return asyncio.run(main())


def redirecting(status: int, location: str) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        if request.path == "/start":
            return web.Response(status=status, headers={"Location": location})
        return web.Response(text="there")

    return handle


async def ok(request: web.Request) -> web.Response:
    return web.json_response({"ok": True})


def test_a_request_arrives_as_it_was_built() -> None:
    received, receiver = exchange(ok, "/a%20b/%C3%A9?x=%2F&y=a+b", secret=("Authorization", "Basic abc"))
    method, path, headers, body = receiver.requests[0]
    assert (method, path, body) == ("POST", "/a%20b/%C3%A9?x=%2F&y=a+b", b'{"a":1}')
    assert headers["Idempotency-Key"] == "k"
    assert headers["User-Agent"] == f"Parcours/{__version__}"
    assert headers["Content-Type"] == "application/json"
    assert headers["Authorization"] == "Basic abc"
    assert (received.status, received.body) == (200, b'{"ok": true}')


@pytest.mark.parametrize(
    ("status", "method", "then", "has_body"),
    [
        (301, "POST", "GET", False),
        (302, "POST", "GET", False),
        (303, "POST", "GET", False),
        (303, "PUT", "GET", False),
        (302, "PUT", "PUT", True),
        (307, "POST", "POST", True),
        (308, "PUT", "PUT", True),
        (302, "GET", "GET", False),
    ],
)
def test_a_redirect_is_followed(status: int, method: str, then: str, has_body: bool) -> None:
    received, receiver = exchange(redirecting(status, "next?q=1"), method=method, secret=("X-Key", "s"))
    assert (received.status, received.body) == (200, b"there")
    found, path, headers, body = receiver.requests[1]
    assert (found, path, bool(body)) == (then, "/next?q=1", has_body)
    assert headers["Idempotency-Key"] == "k"
    assert headers["X-Key"] == "s"
    assert headers.get("Content-Type") == ("application/json" if has_body else None)


def test_a_redirect_to_another_origin_gets_no_secret() -> None:
    async def main() -> None:
        async with Receiver(ok) as other, HttpSender(True) as sender:
            async with Receiver(redirecting(307, f"{other.url}/taken")) as first:
                bare = HttpRequest("POST", f"{first.url}/start", (("X-A", "1"), ("Cookie", "c=1")), b"{}")
                request = bare._replace(headers=(*bare.headers, ("X-Key", "secret"), ("Authorization", "Basic s")))
                received = await sender.send(request, bare, {"Idempotency-Key": "k"})
            headers = other.requests[0][2]
            assert received.status == 200
            assert (headers["X-A"], headers["Idempotency-Key"]) == ("1", "k")
            assert not {"X-Key", "Authorization", "Cookie"} & set(headers)

    asyncio.run(main())


def test_redirects_without_end_or_aim_are_errors() -> None:
    with pytest.raises(SendFailed, match="redirects"):
        exchange(redirecting(302, "/start"))
    received, _ = exchange(redirecting(304, "/x"))
    assert received.status == 304

    async def nowhere(request: web.Request) -> web.Response:
        return web.Response(status=302)

    assert exchange(nowhere)[0].status == 302


@pytest.mark.parametrize("location", ["http://[::1", "ftp://x.example/", "file:///etc/passwd", "http://u:p@x.example/"])
def test_a_redirect_the_server_may_not_follow_ends_the_call(location: str) -> None:
    with pytest.raises(SendFailed) as failed:
        exchange(redirecting(302, location))
    assert failed.value.is_final


@pytest.fixture
def public_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let 127.0.0.1 pass for a public address and its ports for 80, so that the walls stand around the rest."""
    monkeypatch.setattr(senders, "is_public", lambda address: address == "127.0.0.1" or egress.is_public(address))

    def check_url(url: str, allow_private: bool) -> egress.Endpoint:
        if "public.example" in url:
            return egress.check_url(url, True)
        return egress.check_url(url, allow_private)

    monkeypatch.setattr(senders, "check_url", check_url)


@pytest.mark.usefixtures("public_loopback")
@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.2/admin",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://2130706433/",
        "http://localhost/",
        "http://10.0.0.1/",
        "http://example.com:22/",
    ],
)
def test_a_redirect_into_a_private_network_is_refused(location: str) -> None:
    resolver = FixedResolver(["127.0.0.1"])
    with pytest.raises(SendFailed, match="may not call") as failed:
        exchange(redirecting(302, location), host="public.example", resolver=resolver, allow_private=False)
    assert failed.value.is_final
    assert resolver.asked == ["public.example"]


@pytest.mark.usefixtures("public_loopback")
def test_a_name_that_moves_to_a_private_address_is_not_followed_there() -> None:
    """DNS rebinding: the name is public when it is looked at and private when it is connected to."""

    async def main() -> None:
        resolver = FixedResolver(["127.0.0.1"], ["127.0.0.2"])
        async with Receiver(ok) as receiver, HttpSender(False, resolver) as sender:
            request = HttpRequest("GET", f"http://public.example:{receiver.port}/", (), None)
            assert (await sender.send(request, request, {})).status == 200
        async with HttpSender(False, resolver) as sender:
            with pytest.raises(SendFailed, match="address may not be called") as failed:
                await sender.send(request, request, {})
            assert failed.value.is_final

    asyncio.run(main())


def test_private_addresses_are_dropped_from_what_a_name_has() -> None:
    async def main() -> None:
        found = await GuardedResolver(FixedResolver(["10.0.0.1", "93.184.216.34", "::1"])).resolve("x.example", 80)
        assert [result["host"] for result in found] == ["93.184.216.34"]
        with pytest.raises(egress.AddressRefused):
            await GuardedResolver(FixedResolver(["10.0.0.1", "::ffff:127.0.0.1"])).resolve("x.example", 80)

    asyncio.run(main())


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "http://localhost/", "http://0x7f.1/", "http://x.example:8080/", ""]
)
def test_what_a_changed_setting_forbids_is_not_called(url: str) -> None:
    async def main() -> None:
        async with HttpSender(False) as sender:
            request = HttpRequest("GET", url, (), None)
            with pytest.raises(SendFailed) as failed:
                await sender.send(request, request, {})
            assert failed.value.is_final

    asyncio.run(main())


def test_no_socket_is_made_for_a_private_address_whatever_led_there() -> None:
    for address in ("127.0.0.1", "::1", "169.254.169.254"):
        with pytest.raises(egress.AddressRefused):
            senders._guarded_socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, 80)))
    senders._guarded_socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("93.184.216.34", 80))).close()


def test_a_resolver_that_lies_meets_the_last_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    async def trust(self: GuardedResolver, *args: Any, **kwargs: Any) -> list[ResolveResult]:
        return await self._inner.resolve(*args, **kwargs)

    monkeypatch.setattr(GuardedResolver, "resolve", trust)
    with pytest.raises(SendFailed, match="address may not be called"):
        exchange_with_name("x.example", FixedResolver(["127.0.0.1"]))


def exchange_with_name(name: str, resolver: AbstractResolver) -> Received:
    async def main() -> Received:
        async with HttpSender(False, resolver) as sender:
            request = HttpRequest("GET", f"http://{name}/", (), None)
            return await sender.send(request, request, {})

    return asyncio.run(main())


def test_a_long_answer_is_not_read_and_a_packed_one_not_unpacked() -> None:
    async def long(request: web.Request) -> web.StreamResponse:
        if request.path == "/known":
            return web.Response(body=b"x" * (senders.MAX_BODY_BYTES + 1))
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(20):
            await response.write(b"x" * 65_536)
        return response

    async def packed(request: web.Request) -> web.Response:
        assert request.headers["Accept-Encoding"] == "identity"
        return web.Response(body=gzip.compress(b"{}", mtime=0), headers={"Content-Encoding": "gzip"})

    assert exchange(long, "/known")[0].body is None
    assert exchange(long, "/stream")[0].body is None
    assert exchange(packed)[0].body == gzip.compress(b"{}", mtime=0)


def test_a_cookie_of_one_call_is_not_sent_with_the_next() -> None:
    async def main() -> None:
        async def handle(request: web.Request) -> web.Response:
            return web.Response(headers={"Set-Cookie": "tenant=1; Path=/"})

        async with Receiver(handle) as receiver, HttpSender(True) as sender:
            request = HttpRequest("GET", receiver.url, (), None)
            for _ in range(2):
                await sender.send(request, request, {})
            assert "Cookie" not in receiver.requests[1][2]

    asyncio.run(main())


def test_a_receiver_that_fails_is_told_in_words_without_addresses() -> None:
    async def main() -> None:
        async def slam(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            writer.close()

        async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            writer.write(b"SSH-2.0-x\r\n\r\n")
            await writer.drain()
            writer.close()

        async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            await writer.drain()
            writer.close()

        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            closed_port = free.getsockname()[1]
        async with HttpSender(True) as sender:
            urls = {f"http://127.0.0.1:{closed_port}/": "no connection", "http://nowhere.invalid/": "name"}
            servers = []
            for handler, words in ((slam, "closed the connection"), (babble, "HTTP"), (break_off, "broke off")):
                server = await asyncio.start_server(handler, "127.0.0.1", 0)
                servers.append(server)
                urls[f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"] = words
            for url, words in urls.items():
                request = HttpRequest("POST", url, (), b"{}")
                with pytest.raises(SendFailed, match=words) as failed:
                    await sender.send(request, request, {})
                assert not failed.value.is_final
                assert "127.0.0.1" not in str(failed.value)
            for server in servers:
                server.close()
                await server.wait_closed()

    asyncio.run(main())
