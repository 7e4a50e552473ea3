"""The guard between URLs that users set and the network the server stands in.

Two walls: `check_url` refuses what can be seen in the text of a URL, `is_public` judges an address at the moment of
connecting. Only the second one holds against a name that resolves to another address later (DNS rebinding).
"""

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from urllib.parse import urlsplit

from parcours.kit.errors import Invalid

Reason = Literal["malformed", "scheme", "host", "credentials", "port", "private", "notation"]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_FORBIDDEN_CHARACTERS = re.compile(r"[\x00-\x20\x7f\\]")
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_NUMERIC_LABEL = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
_LOCAL_SUFFIXES = ("localhost", "local", "localdomain", "internal", "intranet", "lan", "home.arpa")
_LOCAL_NAMES = {"localhost", "ip6-localhost", "ip6-loopback", "broadcasthost"}
_DEFAULT_PORTS = {"http": 80, "https": 443}

# Networks that `ipaddress` calls global, or whose answer differs between Python's patch releases.
_REFUSED_V4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",
        "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",
        "240.0.0.0/4",
    )
)  # fmt: skip
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    ipaddress.IPv6Network(text)
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "2620:4f:8000::/48")
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class UrlRefused(Invalid):
    """A URL the server does not call; `reason` is one word for programs, the message is for people."""

    def __init__(self, reason: Reason, message: str, path: str = "$.url") -> None:
        super().__init__(message, path)
        self.reason: Reason = reason


class AddressRefused(OSError):
    """A host name led to an address on a private network. An OSError, because it is raised while connecting."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a URL leads."""

    scheme: str
    host: str
    """ASCII and lower case; an IPv6 address stands without brackets."""
    port: int
    is_address: bool
    """Whether the host is an IP address rather than a name."""

    @property
    def origin(self) -> tuple[str, str, int]:
        """What two URLs must share for one to be trusted with the other's credentials."""
        return (self.scheme, self.host, self.port)


@lru_cache(maxsize=4096)
def is_public(address: str) -> bool:
    """Whether an IP address (text, perhaps with an IPv6 zone) is a unicast address of the public Internet.

    IPv4 inside IPv6 (mapped and NAT64) is judged by the inner address; 6to4, Teredo and the other transition
    forms are refused. A text that is no address is not public.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is None:
            return ip in _GLOBAL_V6 and not any(ip in network for network in _REFUSED_V6)
        ip = inner
    return not any(ip in network for network in _REFUSED_V4)


def check_url(url: str, allow_private: bool = False) -> Endpoint:
    """Where a URL leads, when it may be called as far as its text tells. Nothing is resolved.

    Always refused: schemes other than http and https, user names and passwords, hosts that are empty, malformed or
    addresses in a form other than dotted decimal or bracketed IPv6 (decimal, octal, hexadecimal, shortened).
    Unless `allow_private`: addresses that are not public, names of the local network, ports other than 80 of http and
    443 of https.
    Raises UrlRefused.
    """
    if not isinstance(url, str) or not url:
        raise UrlRefused("malformed", "the URL is empty")
    if _FORBIDDEN_CHARACTERS.search(url):
        raise UrlRefused("malformed", "the URL holds a space, a backslash or a control character")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UrlRefused("malformed", f"the URL can't be read: {error}") from None
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not url[len(scheme) :].startswith("://"):
        raise UrlRefused("scheme", "the URL must start with https:// or http://")
    if "@" in parts.netloc:
        raise UrlRefused("credentials", "the URL holds a user name or a password; use the authentication instead")
    if port == 0:
        raise UrlRefused("port", "port 0 can't be called")
    host, address = _read_host(parts.hostname or "", is_bracketed=parts.netloc.startswith("["))
    port = _DEFAULT_PORTS[scheme] if port is None else port
    if not allow_private:
        _refuse_private(host, address)
        if port != _DEFAULT_PORTS[scheme]:
            raise UrlRefused("port", f"with {scheme} only port {_DEFAULT_PORTS[scheme]} can be called, not {port}")
    return Endpoint(scheme, host, port, address is not None)


def _read_host(text: str, is_bracketed: bool) -> tuple[str, Address | None]:
    if not text:
        raise UrlRefused("host", "the URL names no host")
    if is_bracketed:
        if "%" in text:
            raise UrlRefused("notation", "an IPv6 address in a URL can't name a zone")
        try:
            ip = ipaddress.IPv6Address(text)
        except ValueError:
            raise UrlRefused("host", f"{text!r} is no IPv6 address") from None
        return str(ip), ip
    host = text if text.isascii() else _to_ascii(text)
    host = host.lower()
    labels = host.removesuffix(".").split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise UrlRefused("host", f"{text!r} is no host name")
    if not _NUMERIC_LABEL.fullmatch(labels[-1]):
        return host, None
    try:
        ip4 = ipaddress.IPv4Address(host)
    except ValueError:
        raise UrlRefused("notation", f"{text!r} is neither a host name nor an address in dotted decimal form") from None
    return host, ip4


def _to_ascii(text: str) -> str:
    try:
        return text.encode("idna").decode("ascii")
    except UnicodeError:
        raise UrlRefused("host", f"{text!r} is no host name") from None


def _refuse_private(host: str, address: Address | None) -> None:
    if address is not None:
        if not is_public(str(address)):
            raise UrlRefused("private", f"{host} is not an address of the public Internet")
        return
    name = host.removesuffix(".")
    if name in _LOCAL_NAMES or any(name == suffix or name.endswith(f".{suffix}") for suffix in _LOCAL_SUFFIXES):
        raise UrlRefused("private", f"{host} is a name of the local network")
