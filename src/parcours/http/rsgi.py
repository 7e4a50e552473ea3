"""The one port: inlets answered by the bare RSGI application, every other path by the ASGI one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import quote

import orjson
from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined]  # it is there, without being in an __all__
from starlette.types import ASGIApp, Message

from parcours.collection.body import read_body
from parcours.collection.inlet import Collector
from parcours.kit.errors import Unavailable
from parcours.kit.proxies import Network, client_address
from parcours.kit.telemetry import get_logger

log = get_logger("http")
_SAFE = "/:@!$&'()*+,;=-._~%"


_EVENT_STREAM = "text/event-stream"


class Edge:
    """RSGI in, RSGI or ASGI inside.

    Request and answer bodies of the control plane are held whole, but for answers that are server-sent events.
    """

    def __init__(
        self,
        api: ASGIApp,
        collector: Collector | None,
        max_body_bytes: int,
        after_write: Callable[[], Awaitable[None]],
        trusted_proxies: Sequence[Network] = (),
    ) -> None:
        self._api = api
        self._collector = collector
        self._max_body_bytes = max_body_bytes
        self._after_write = after_write
        self._trusted_proxies = trusted_proxies
        self._is_ending = asyncio.Event()

    def end_streams(self) -> None:
        """Tell every answer that is still being streamed that its client is gone: the server stops."""
        self._is_ending.set()

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Granian's entry point."""
        try:
            if self._collector is not None and self._collector.serves(scope.path):
                await self._collector(scope, protocol)
            elif scope.proto == "http":
                await self._answer_asgi(scope, protocol)
            else:
                protocol.close()
        except ProtocolClosed:
            log.debug("request.given_up", path=scope.path)
            _refuse(protocol, 400, "1014", "Request cut off", "the body ended before it was whole")
        except Exception as error:
            log.error("request.failed", path=scope.path, exc_info=error)
            _refuse(protocol, 500, "1000", "Internal error", "the request failed inside the server; its log says why")

    async def _answer_asgi(self, scope: Any, protocol: Any) -> None:
        body = await read_body(protocol, scope.headers.get("content-length"), self._max_body_bytes)
        if isinstance(body, int):
            detail = f"the body has {body} bytes; {self._max_body_bytes} are allowed"
            _refuse(protocol, 413, "1013", "Payload too large", detail)
            return
        asgi_scope = _asgi_scope(scope, self._trusted_proxies)
        status = 500
        headers: list[tuple[str, str]] = []
        chunks: list[bytes] = []
        is_sent = False
        is_streamed = False
        transport: Any = None
        is_head_answered = asyncio.Event()

        async def receive() -> Message:
            nonlocal is_sent
            if is_sent:
                await _first_of(protocol.client_disconnect(), self._is_ending.wait(), is_head_answered.wait())
                return {"type": "http.disconnect"}
            is_sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status, headers, is_streamed, transport
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [(k.decode("latin-1"), v.decode("latin-1")) for k, v in message["headers"]]
                is_streamed = any(k == "content-type" and v.startswith(_EVENT_STREAM) for k, v in headers)
                if is_streamed and scope.method == "HEAD":
                    protocol.response_empty(status, headers)
                    is_head_answered.set()
                elif is_streamed:
                    transport = protocol.response_stream(status, headers)
            elif message["type"] == "http.response.body":
                if not is_streamed:
                    chunks.append(message.get("body", b""))
                elif transport is not None and message.get("body"):
                    await transport.send_bytes(message["body"])

        try:
            await self._api(asgi_scope, receive, send)
        finally:
            transport = None  # the answer ends when nobody holds it: not when the garbage is collected
        if is_streamed:
            return
        if scope.method not in ("GET", "HEAD", "OPTIONS"):
            try:
                await self._after_write()  # before the answer: what a client has just defined, its next event meets
            except Unavailable as error:  # what was written is written; it will be noticed a little later
                log.error("definitions.unreadable", error=str(error))
        protocol.response_bytes(status, headers, b"".join(chunks))


async def _first_of(*waits: Awaitable[Any]) -> None:
    """Wait until one of them is over; the others are given up."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


def _refuse(protocol: Any, status: int, number: str, title: str, detail: str) -> None:
    kind = f"http://ns.adobe.com/aep/errors/PARC-{number}-{status}"
    problem = {"type": kind, "title": title, "status": status, "detail": detail}
    protocol.response_bytes(status, [("content-type", "application/json")], orjson.dumps(problem))


def _headers(given: Any) -> list[tuple[bytes, bytes]]:
    """Every header; Granian has the name alone of one whose value is not ASCII, which mustn't look left out."""
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1", "replace")) for name, value in given.items()]
    readable = {name for name, _ in headers}
    return headers + [(name, b"?") for name in (key.lower().encode() for key in given) if name not in readable]


def _asgi_scope(scope: Any, trusted_proxies: Sequence[Network]) -> dict[str, Any]:
    peer, _, port = scope.client.rpartition(":")
    headers = _headers(scope.headers)
    forwarded = (value.decode("latin-1") for name, value in headers if name == b"x-forwarded-for")
    host = client_address(peer, forwarded, trusted_proxies)
    server_host, _, server_port = scope.server.rpartition(":")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": scope.http_version,
        "method": scope.method,
        "scheme": scope.scheme,
        "path": scope.path,
        "raw_path": quote(scope.path, safe=_SAFE).encode(),
        "root_path": "",
        "query_string": scope.query_string.encode("latin-1", "replace"),
        "headers": headers,
        "client": (host, int(port) if host == peer else 0) if port.isdecimal() else None,
        "server": (server_host, int(server_port)) if server_port.isdecimal() else None,
    }
