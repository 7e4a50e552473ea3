"""Who called through proxies: told by those that are trusted, and by nobody else."""

import pytest

from parcours.kit.proxies import client_address, read_networks

TRUSTED = read_networks("127.0.0.1, 10.0.0.0/8,2001:db8::/32")


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", [""], "127.0.0.1"),
        ("127.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("203.0.113.1", ["203.0.113.9"], "203.0.113.1"),  # anybody may write the header
        ("127.0.0.1", ["1.1.1.1, 203.0.113.9"], "203.0.113.9"),  # what the client wrote itself
        ("127.0.0.1", ["1.1.1.1", "203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", ["203.0.113.9, 10.1.2.3"], "203.0.113.9"),
        ("127.0.0.1", ["10.1.2.4,10.1.2.3"], "10.1.2.4"),
        ("127.0.0.1", ["203.0.113.9, unknown"], "127.0.0.1"),
        ("127.0.0.1", ["203.0.113.9, nonsense, 10.1.2.3"], "10.1.2.3"),
        ("127.0.0.1", ["203.0.113.9:4711"], "203.0.113.9"),
        ("127.0.0.1", ["[2001:db9::1]:4711"], "2001:db9::1"),
        ("127.0.0.1", ["[2001:db9::1]"], "2001:db9::1"),
        ("127.0.0.1", ["2001:db9::1, 2001:db8::5"], "2001:db9::1"),
        ("2001:db8::1", ["203.0.113.9"], "203.0.113.9"),
        ("::ffff:10.0.0.7", ["::ffff:203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", ["[]", ":1"], "127.0.0.1"),
        ("testclient", ["203.0.113.9"], "testclient"),
    ],
)
def test_the_last_hop_that_is_not_trusted_is_the_client(peer: str, forwarded: list[str], client: str) -> None:
    assert client_address(peer, forwarded, TRUSTED) == client


def test_nobody_is_trusted_by_itself() -> None:
    assert read_networks("") == ()
    assert client_address("127.0.0.1", ["203.0.113.9"], ()) == "127.0.0.1"


@pytest.mark.parametrize("text", ["proxy", "10.0.0.0/40", "10.0.0.1/8", "127.0.0.1;10.0.0.1"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"network|bits"):
        read_networks(text)
