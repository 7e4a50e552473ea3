"""An HTTP/2 client for one host: many requests at once over one connection, opened again when it ends.

h2 speaks the protocol; what is here moves its bytes. A client of our own because addresses are looked at before they
are connected to, and because a request that the server says it has not touched (GOAWAY, REFUSED_STREAM) may be made
again. Source: RFC 9113.
"""

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from socket import socket
from typing import cast

from h2 import events as h2_events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.exceptions import H2Error

MAX_STREAMS = 1_000
"""Requests at once over a connection, when the server allows more."""
GOODBYE_S = 1.0
MAX_ANSWER_BYTES = 65_536
MAX_UNTOUCHED = 3
"""How often a request is made that no server has touched."""


class NoAnswer(Exception):
    """The exchange broke off; whether the server acted is not known."""


class NotTouched(NoAnswer):
    """The server says it has not acted on the request."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(slots=True)
class _Stream:
    done: "asyncio.Future[Answer]"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)


class _Connection(asyncio.Protocol):
    """One connection. Everything happens in its event loop."""

    def __init__(self) -> None:
        self._h2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self._streams: dict[int, _Stream] = {}
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._transport: asyncio.Transport | None = None
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done once the server has said what it allows."""
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done once it has ended."""
        self.is_closing = False
        """Whether no new request may begin."""
        self.heard_at_s = 0.0
        """When anything came last, by the loop's clock."""

    # --- asyncio's side ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._h2.initiate_connection()
        self._flush()

    def data_received(self, data: bytes) -> None:
        self.heard_at_s = asyncio.get_running_loop().time()
        try:
            for event in self._h2.receive_data(data):
                self._take(event)
        except H2Error as error:
            self._end(NoAnswer(f"the server breaks HTTP/2: {type(error).__name__}"))
        self._flush()
        if self.is_closing and not self._streams:
            self.close()

    def connection_lost(self, problem: Exception | None) -> None:
        self._transport = None
        if not self.lost.done():
            self.lost.set_result(None)
        self._end(NoAnswer("the server closed the connection"))

    def close(self) -> None:
        """End it; requests under way break off."""
        self.is_closing = True
        if self._transport is not None:
            with contextlib.suppress(H2Error):
                self._h2.close_connection()
                self._flush()
            self._transport.close()

    async def end(self) -> None:
        """The same, and wait until it has ended; a server that does not answer the goodbye is not waited for."""
        self.close()
        await asyncio.wait([self.lost], timeout=GOODBYE_S)
        if self._transport is not None:
            self._transport.abort()
            await self.lost

    # --- the caller's side ---

    async def request(self, head: Sequence[tuple[str, str]], body: bytes) -> Answer:
        """One exchange. Raises NotTouched or NoAnswer. Cancelled, it resets its stream."""
        await self._turn()
        try:
            stream_id = self._h2.get_next_available_stream_id()
            self._h2.send_headers(stream_id, head, end_stream=not body)
        except H2Error as error:
            self.is_closing = True
            raise NotTouched(f"no further request on this connection: {type(error).__name__}") from None
        stream = _Stream(asyncio.get_running_loop().create_future())
        self._streams[stream_id] = stream
        try:
            await self._write(stream_id, stream, body)
            return await stream.done
        except H2Error as error:
            raise NoAnswer(f"the exchange broke off: {type(error).__name__}") from None
        finally:
            if self._streams.pop(stream_id, None) is not None and not stream.done.done():
                with contextlib.suppress(H2Error):
                    self._h2.reset_stream(stream_id, ErrorCodes.CANCEL)
                    self._flush()
            if stream.done.done() and not stream.done.cancelled():
                stream.done.exception()  # somebody has it, or nobody waits any more
            self._wake()
            if self.is_closing and not self._streams:
                self.close()

    async def _turn(self) -> None:
        """Wait until the server allows one more stream, in order."""
        while not self.is_closing and len(self._streams) >= min(
            self._h2.remote_settings.max_concurrent_streams, MAX_STREAMS
        ):
            await self._changed()
        if self.is_closing:
            self._wake()
            raise NotTouched("the connection ends")

    async def _write(self, stream_id: int, stream: _Stream, body: bytes) -> None:
        """The body, as the windows of stream and connection allow."""
        at = 0
        while at < len(body) and not stream.done.done():
            room = min(self._h2.local_flow_control_window(stream_id), self._h2.max_outbound_frame_size)
            if room <= 0:
                self._flush()
                await self._changed()
                continue
            end = min(at + room, len(body))
            self._h2.send_data(stream_id, body[at:end], end_stream=end == len(body))
            at = end
        self._flush()

    async def _changed(self) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._wake()  # its turn is another's
            raise

    def _wake(self, everybody: bool = False) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                if not everybody:
                    return

    # --- what the server says ---

    def _take(self, event: h2_events.Event) -> None:
        match event:
            case h2_events.RemoteSettingsChanged():
                if not self.ready.done():
                    self.ready.set_result(None)
                self._wake(everybody=True)
            case h2_events.WindowUpdated():
                self._wake(everybody=True)
            case h2_events.ResponseReceived(stream_id=int() as stream_id, headers=headers):
                if stream_id in self._streams:
                    self._streams[stream_id].headers.update(
                        (str(name).lower(), str(value)) for name, value in headers or ()
                    )
            case h2_events.DataReceived(stream_id=int() as stream_id, data=data, flow_controlled_length=length):
                if length:
                    self._h2.acknowledge_received_data(length, stream_id)
                found = self._streams.get(stream_id)
                if found is not None:
                    found.body += data or b""
                    if len(found.body) > MAX_ANSWER_BYTES:
                        self._finish(stream_id, NoAnswer(f"an answer of more than {MAX_ANSWER_BYTES} bytes"))
                        with contextlib.suppress(H2Error):
                            self._h2.reset_stream(stream_id, ErrorCodes.CANCEL)
            case h2_events.StreamEnded(stream_id=int() as stream_id):
                self._finish(stream_id, None)
            case h2_events.StreamReset(stream_id=int() as stream_id, error_code=code):
                is_refused = code == ErrorCodes.REFUSED_STREAM
                self._finish(stream_id, NotTouched("refused") if is_refused else NoAnswer("the server reset it"))
            case h2_events.ConnectionTerminated(last_stream_id=last):
                self.is_closing = True
                for stream_id in [one for one in self._streams if last is not None and one > last]:
                    self._finish(stream_id, NotTouched("the server goes away"))
                self._wake(everybody=True)

    def _finish(self, stream_id: int, problem: NoAnswer | None) -> None:
        stream = self._streams.get(stream_id)
        if stream is None or stream.done.done():
            return
        status = stream.headers.get(":status", "")
        if problem is not None:
            stream.done.set_exception(problem)
        elif not status.isdecimal():
            stream.done.set_exception(NoAnswer("an answer without status"))
        else:
            stream.done.set_result(Answer(int(status), stream.headers, bytes(stream.body)))

    def _end(self, problem: NoAnswer) -> None:
        self.is_closing = True
        if not self.ready.done():
            self.ready.set_exception(problem)
            self.ready.exception()
        for stream_id in list(self._streams):
            self._finish(stream_id, problem)
        self._wake(everybody=True)

    def _flush(self) -> None:
        data = self._h2.data_to_send()
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)


class Http2Client:
    """Requests to one host. Lives in one event loop."""

    def __init__(
        self, host: str, port: int, context: ssl.SSLContext, dial: Callable[[], Awaitable[socket]], limit_s: float
    ) -> None:
        """context: offers `h2` by ALPN. dial: a connected socket. limit_s: of opening, and of one request."""
        self._host = host
        self._authority = host if port == 443 else f"{host}:{port}"
        self._context = context
        self._dial = dial
        self._limit_s = limit_s
        self._connection: _Connection | None = None
        self._connections: set[_Connection] = set()
        """Those that have not ended, with what is still under way on them."""
        self._opening: asyncio.Task[_Connection] | None = None

    async def post(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """One exchange; headers: names in lower case. Raises NoAnswer, what `dial` raises, or an OSError of TLS."""
        head = [
            (":method", "POST"), (":scheme", "https"), (":authority", self._authority), (":path", path),
            *headers.items(), ("content-length", str(len(body))),
        ]  # fmt: skip
        for attempt in range(1, MAX_UNTOUCHED + 1):
            connection = await self._open()
            try:
                async with asyncio.timeout(self._limit_s):
                    return await connection.request(head, body)
            except NotTouched:
                if attempt == MAX_UNTOUCHED:
                    raise
            except TimeoutError:
                silent_s = asyncio.get_running_loop().time() - connection.heard_at_s
                if silent_s >= self._limit_s / 2:  # it may be dead and not know it
                    connection.is_closing = True
                raise NoAnswer(f"no answer in {self._limit_s:g} s") from None
        raise NotTouched("no server took it")

    async def close(self) -> None:
        """Break off what is under way."""
        if self._opening is not None:
            self._opening.cancel()
        await asyncio.gather(*(one.end() for one in self._connections))

    async def _open(self) -> _Connection:
        """The connection, opened once for the many who wait for it."""
        if self._connection is not None and not self._connection.is_closing:
            return self._connection
        if self._opening is None:
            self._opening = asyncio.create_task(self._connect())
            self._opening.add_done_callback(self._opened)
        return await asyncio.shield(self._opening)

    def _opened(self, task: "asyncio.Task[_Connection]") -> None:
        self._opening = None
        if not task.cancelled():
            task.exception()  # whoever waits has it too

    async def _connect(self) -> _Connection:
        try:
            async with asyncio.timeout(self._limit_s):
                connected = await self._dial()
                try:
                    transport, connection = await asyncio.get_running_loop().create_connection(
                        _Connection, sock=connected, ssl=self._context, server_hostname=self._host
                    )
                except BaseException:
                    connected.close()
                    raise
                self._connections.add(connection)
                connection.lost.add_done_callback(lambda _: self._connections.discard(connection))
                try:
                    tls = transport.get_extra_info("ssl_object")
                    if tls is None or tls.selected_alpn_protocol() != "h2":
                        raise NoAnswer("the server does not speak HTTP/2")
                    await connection.ready
                except BaseException:
                    connection.close()
                    raise
        except TimeoutError:
            raise NoAnswer(f"no connection in {self._limit_s:g} s") from None
        self._connection = connection
        return connection
