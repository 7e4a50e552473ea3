"""One HTTP exchange with a receiver, on addresses that may be reached, redirects followed by hand."""

import errno
import re
import socket
from collections.abc import Mapping
from functools import lru_cache
from ssl import SSLContext
from types import TracebackType
from typing import Any, NamedTuple, Protocol

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from parcours import __version__
from parcours.actions.certificates import client_context
from parcours.actions.model import HttpRequest
from parcours.kit.egress import AddressRefused, Endpoint, UrlRefused, check_url, is_public
from parcours.kit.errors import ParcoursError

MAX_REDIRECTS = 5
MAX_BODY_BYTES = 1_048_576
"""Longest answer that is read; of a longer one only the status counts."""

_KEEP_ALIVE_S = 15.0
_DNS_CACHE_S = 10
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ENCODED = re.compile(r"[A-Za-z0-9\-._~:/?#@!$&'()*+,;=%\[\]]*")
_ORIGIN = re.compile(r"[^/?#]*//[^/?#]*")
_CREDENTIAL_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})
_PAYLOAD_HEADERS = frozenset({"content-type", "charset"})


class SendFailed(ParcoursError):
    """No answer came. The message names no address, path or person."""

    def __init__(self, message: str, is_final: bool = False) -> None:
        super().__init__(message)
        self.is_final = is_final
        """Whether trying again is pointless by our own rules."""


class Received(NamedTuple):
    """An answer after redirects."""

    status: int
    headers: Mapping[str, str]
    body: bytes | None
    """None when it was too long to be read."""


class Sender(Protocol):
    """What makes one exchange: HTTP in production, a script in tests."""

    async def send(self, request: HttpRequest, bare: HttpRequest, headers: Mapping[str, str]) -> Received:
        """Send `request` and read the answer.

        bare: the same without credentials, for redirects to another origin. headers: sent at every hop.
        Raises SendFailed. The time limit is the caller's.
        """
        ...


class HttpSender:
    """Sender over aiohttp: one session, connections kept and reused. Use as an async context manager."""

    def __init__(self, allow_private: bool, resolver: AbstractResolver | None = None, proxy: str = "") -> None:
        """proxy: URL of the HTTP proxy through which everything goes; empty for none.

        Its addresses may be private, for it is the operator's. What is behind it resolves names itself, so those that
        lead to private addresses here are refused, and what a name means there is the proxy's to guard.
        """
        self._allow_private = allow_private
        self._resolver = resolver
        self._proxy = proxy or None
        self._check = lru_cache(maxsize=4096)(self._check_origin)

    async def __aenter__(self) -> "HttpSender":
        resolver = self._resolver or aiohttp.DefaultResolver()
        is_open = self._allow_private or self._proxy is not None
        connector = aiohttp.TCPConnector(
            limit=0,
            ttl_dns_cache=_DNS_CACHE_S,
            keepalive_timeout=_KEEP_ALIVE_S,
            resolver=resolver if is_open else GuardedResolver(resolver),
            socket_factory=None if is_open else _guarded_socket,
            ssl=client_context(),
        )
        self._guard = None if self._allow_private or self._proxy is None else GuardedResolver(resolver)
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            # Answers are asked for unpacked and never unpacked: a small one can't become a large one.
            headers={"User-Agent": f"Parcours/{__version__}", "Accept-Encoding": "identity"},
            auto_decompress=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def send(self, request: HttpRequest, bare: HttpRequest, headers: Mapping[str, str]) -> Received:
        """See Sender."""
        try:
            origin = self._origin(request.url).origin
            url = URL(request.url, encoded=True)
        except UrlRefused as refused:
            raise SendFailed(f"the URL may not be called: {refused.reason}", is_final=True) from None
        except ValueError:
            raise SendFailed("the URL can't be read", is_final=True) from None
        method, body, own, client = request.method, request.body, request.headers, request.client
        for _ in range(MAX_REDIRECTS + 1):
            received, location = await self._exchange(method, url, (*own, *headers.items()), body, client)
            if location is None:
                return received
            url, target = self._resolve_redirect(url, location, has_body=body is not None)
            if target.origin != origin:
                origin, own, client = target.origin, _without(bare.headers, _CREDENTIAL_HEADERS), None
            if received.status == 303 or (received.status in (301, 302) and method == "POST"):
                method, body = "GET", None
            if body is None:
                own = _without(own, _PAYLOAD_HEADERS)
        raise SendFailed(f"more than {MAX_REDIRECTS} redirects")

    async def _exchange(
        self,
        method: str,
        url: URL,
        pairs: tuple[tuple[str, str], ...],
        body: bytes | None,
        client: SSLContext | None,
    ) -> tuple[Received, str | None]:
        """One hop: the answer, and where it redirects to, if it does."""
        try:
            if self._guard is not None:
                await self._check_name(url, self._guard)
            async with self._session.request(
                method, url, headers=pairs, data=body, allow_redirects=False, ssl=client or True, proxy=self._proxy
            ) as response:
                location = response.headers.get("Location") if response.status in _REDIRECTS else None
                content = await _read(response)
                return Received(response.status, response.headers, content), location
        except aiohttp.InvalidURL:
            raise SendFailed("the URL can't be read", is_final=True) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _failure(error) from None

    @staticmethod
    async def _check_name(url: URL, guard: "GuardedResolver") -> None:
        """Refuse a name that leads to private addresses alone; one that only the proxy knows is left to it."""
        try:
            await guard.resolve(url.host or "", url.port or 0)
        except AddressRefused:
            raise
        except OSError:
            return

    def _resolve_redirect(self, url: URL, location: str, has_body: bool) -> tuple[URL, Endpoint]:
        try:
            target = url.join(URL(location, encoded=_ENCODED.fullmatch(location) is not None))
            endpoint = self._origin(str(target))
        except UrlRefused as refused:
            raise SendFailed(f"a redirect leads where the server may not call: {refused.reason}", True) from None
        except ValueError:
            raise SendFailed("a redirect's Location can't be read", True) from None
        if has_body and url.scheme == "https" and endpoint.scheme == "http":
            raise SendFailed("a redirect leads from https to http", True)
        return target, endpoint

    def _origin(self, url: str) -> Endpoint:
        found = _ORIGIN.match(url)
        return self._check(found[0] if found else url)

    def _check_origin(self, url: str) -> Endpoint:
        return check_url(url, self._allow_private)


def _without(pairs: tuple[tuple[str, str], ...], names: frozenset[str]) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in pairs if pair[0].lower() not in names)


async def _read(response: aiohttp.ClientResponse) -> bytes | None:
    """The whole body, or None, its connection given up, when it is too long."""
    length = response.content_length
    if length is not None:
        if length > MAX_BODY_BYTES:
            response.close()
            return None
        return await response.read()
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            response.close()
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _failure(error: Exception) -> SendFailed:
    cause: Any = getattr(error, "os_error", None) or error
    if isinstance(cause, AddressRefused) or isinstance(cause.__cause__, AddressRefused):
        return SendFailed("the host's address may not be called", is_final=True)
    match error:
        case aiohttp.ClientConnectorDNSError():
            return SendFailed("the host's name can't be resolved")
        case aiohttp.ClientConnectorCertificateError():
            return SendFailed("the receiver's certificate can't be trusted")
        case aiohttp.ClientConnectorSSLError() | aiohttp.ClientSSLError():
            return SendFailed("TLS could not be agreed upon")
        case aiohttp.ClientConnectorError():
            code = errno.errorcode.get(cause.errno or 0, type(cause).__name__)
            return SendFailed(f"no connection: {code}")
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientOSError() | OSError():
            return SendFailed("the receiver closed the connection")
        case aiohttp.ClientPayloadError():
            return SendFailed("the answer broke off")
        case aiohttp.ClientResponseError():
            return SendFailed("the answer is not HTTP")
    return SendFailed(f"the exchange failed: {type(error).__name__}")


class GuardedResolver(AbstractResolver):
    """Gives only public addresses of those another resolver finds. What it gives is what is connected to."""

    def __init__(self, inner: AbstractResolver) -> None:
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The public addresses of a host. Raises AddressRefused when it has only others."""
        found = await self._inner.resolve(host, port, family)
        public = [result for result in found if is_public(result["host"])]
        if not public:
            raise AddressRefused("the host has no public address")
        return public

    async def close(self) -> None:
        """Close the other resolver."""
        await self._inner.close()


def _guarded_socket(address: Any) -> socket.socket:
    """The last wall: whatever led here, no socket is made for an address that is not public."""
    family, kind, protocol, _, where = address
    if not is_public(str(where[0])):
        raise AddressRefused("the address is not public")
    return socket.socket(family=family, type=kind, proto=protocol)
