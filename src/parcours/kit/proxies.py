"""Who called, where proxies stand between: only those that are trusted are believed."""

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network
_WITH_PORT = re.compile(r"(?:\[([^\]]*)\]|([^:]*))(?::\d+)?")


def read_networks(text: str) -> tuple[Network, ...]:
    """Addresses and networks (`10.0.0.0/8`) separated by commas. Raises ValueError."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def client_address(peer: str, forwarded: Iterable[str], trusted: Sequence[Network]) -> str:
    """The peer, or where it is a trusted proxy, whom it and other trusted ones before it have called for.

    forwarded: values of `X-Forwarded-For`. They are read from their end, for what stands before a hop that isn't
    trusted anybody may have written. A hop that is no address, such as `unknown`, ends the way, too.
    """
    address = _address(peer)
    if address is None or not _is_within(address, trusted):
        return peer
    for hop in reversed(",".join(forwarded).split(",")):
        before = _address(hop.strip())
        if before is None:
            break
        address = before
        if not _is_within(address, trusted):
            break
    return str(address)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """An address as proxies write it: with or without a port, of IPv6 perhaps in brackets."""
    found = _WITH_PORT.fullmatch(text)
    try:
        address = ip_address((found[1] or found[2]) if found is not None else text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _is_within(address: IPv4Address | IPv6Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)
