"""Apple's push service on loopback: HTTP/2 over TLS, tokens verified, headers and body looked at."""

import asyncio
import json
import ssl
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from h2 import events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.settings import SettingCodes
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

KEY_ID, TEAM_ID, TOPIC = "ABC123DEFG", "DEF123GHIJ", "com.shop.app"


class Push(NamedTuple):
    """A notification that came."""

    token: str
    headers: dict[str, str]
    payload: Any
    connection: int
    """Number of the connection, from 1."""


class Say(NamedTuple):
    """How one is answered."""

    status: int = 200
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    instead: str = ""
    """`refuse`: REFUSED_STREAM; `goaway`: GOAWAY before it; `close`: the connection ends; `hang`: nothing; `ping`: a
    PING, and then nothing."""


class AppleService:
    """Listens on a free port until `stop`. `answer` gets each notification and how many came to its device before."""

    def __init__(
        self,
        context: ssl.SSLContext,
        key: ec.EllipticCurvePrivateKey,
        answer: Callable[[Push, int], Say] | None = None,
        max_streams: int = 100,
    ) -> None:
        context.set_alpn_protocols(["h2"])
        self._context = context
        self._key = ECKey.import_key(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        self.answer = answer or (lambda push, before: Say())
        self.max_streams = max_streams
        self.got: list[Push] = []
        self.faults: list[str] = []
        self.tokens: set[str] = set()
        """Provider tokens that were seen."""
        self.expired: set[str] = set()
        """Provider tokens that are answered with ExpiredProviderToken from now on."""
        self.connections = 0
        self.open: set[asyncio.Transport] = set()
        self.most_at_once = 0
        self._loop = asyncio.new_event_loop()
        started = threading.Event()

        async def serve() -> None:
            self._server = await self._loop.create_server(lambda: _Connection(self), "127.0.0.1", 0, ssl=context)
            self.port: int = self._server.sockets[0].getsockname()[1]
            started.set()

        def run() -> None:
            asyncio.set_event_loop(self._loop)
            self._loop.run_until_complete(serve())
            self._loop.run_forever()

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        assert started.wait(30)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def to(self, token: str) -> list[Push]:
        return [one for one in list(self.got) if one.token == token]

    def stop(self) -> None:
        def end() -> None:
            self._server.close()
            for transport in self.open:
                transport.abort()
            self._loop.call_later(0.1, self._loop.stop)

        self._loop.call_soon_threadsafe(end)
        self._thread.join(10)
        self._loop.close()

    def judge(self, push: Push) -> Say:
        """What Apple looks at itself comes first: the provider token and the headers."""
        bearer = push.headers.get("authorization", "")
        try:
            token = jwt.decode(bearer.removeprefix("bearer "), self._key, algorithms=["ES256"])
        except (JoseError, ValueError):
            return Say(403, "InvalidProviderToken")
        if token.header.get("kid") != KEY_ID or token.claims.get("iss") != TEAM_ID:
            return Say(403, "InvalidProviderToken")
        if abs(time.time() - token.claims["iat"]) > 3_600 or bearer in self.expired:
            return Say(403, "ExpiredProviderToken")
        self.tokens.add(bearer)
        headers = push.headers
        if headers.get("apns-topic") != TOPIC:
            return Say(400, "BadTopic")
        if headers.get("apns-push-type") != "alert" or headers.get("apns-priority") not in ("5", "10"):
            self.faults.append(f"headers {headers}")
        if len(headers.get("apns-collapse-id", "")) > 64 or not headers.get("apns-expiration", "").isdecimal():
            self.faults.append(f"headers {headers}")
        try:
            uuid.UUID(headers.get("apns-id", ""))
        except ValueError:
            return Say(400, "BadMessageId")
        return self.answer(push, sum(one.token == push.token for one in list(self.got)) - 1)


class _Connection(asyncio.Protocol):
    def __init__(self, service: AppleService) -> None:
        self._service = service
        self._h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._requests: dict[int, tuple[dict[str, str], bytearray]] = {}

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._service.open.add(transport)
        self._service.connections += 1
        self._number = self._service.connections
        self._h2.initiate_connection()
        self._h2.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: self._service.max_streams})
        self._flush()

    def connection_lost(self, problem: Exception | None) -> None:
        self._service.open.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        for event in self._h2.receive_data(data):
            match event:
                case events.RequestReceived(stream_id=int() as stream_id, headers=headers):
                    self._requests[stream_id] = (dict(headers or ()), bytearray())  # type: ignore[arg-type]
                    self._service.most_at_once = max(self._service.most_at_once, len(self._requests))
                case events.DataReceived(stream_id=int() as stream_id, data=data):
                    self._requests[stream_id][1].extend(data or b"")
                    self._h2.acknowledge_received_data(event.flow_controlled_length or 0, stream_id)
                case events.StreamEnded(stream_id=int() as stream_id):
                    asyncio.get_running_loop().call_later(0.005, self._answer, stream_id)
                case events.StreamReset(stream_id=int() as stream_id):
                    self._requests.pop(stream_id, None)
        self._flush()

    def _answer(self, stream_id: int) -> None:
        if stream_id not in self._requests or self._transport.is_closing():
            return
        headers, body = self._requests.pop(stream_id)
        push = Push(headers[":path"].removeprefix("/3/device/"), headers, json.loads(body), self._number)
        self._service.got.append(push)
        say = self._service.judge(push)
        match say.instead:
            case "hang":
                return
            case "ping":
                self._h2.ping(b"12345678")
            case "close":
                self._transport.abort()
                return
            case "refuse":
                self._h2.reset_stream(stream_id, ErrorCodes.REFUSED_STREAM)
            case "goaway":
                self._h2.close_connection(last_stream_id=stream_id - 2 if stream_id > 2 else 0)
                self._flush()
                self._transport.close()
                return
            case _:
                answered = [
                    (":status", str(say.status)), ("apns-id", headers.get("apns-id", "")), *say.headers,
                ]  # fmt: skip
                told = json.dumps({"reason": say.reason}).encode() if say.reason else b""
                self._h2.send_headers(stream_id, answered, end_stream=not told)
                if told:
                    self._h2.send_data(stream_id, told, end_stream=True)
        self._flush()

    def _flush(self) -> None:
        data = self._h2.data_to_send()
        if data and not self._transport.is_closing():
            self._transport.write(data)
