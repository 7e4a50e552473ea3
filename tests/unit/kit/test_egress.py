"""The guard that keeps user-set URLs off private networks."""

import contextlib
import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parcours.kit.egress import Endpoint, UrlRefused, check_url, is_public


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("https://api.example.com/a/b?c=d#e", Endpoint("https", "api.example.com", 443, False)),
        ("HTTP://API.Example.com:80", Endpoint("http", "api.example.com", 80, False)),
        ("http://example.com:80/", Endpoint("http", "example.com", 80, False)),
        ("https://my_host.example.com./x", Endpoint("https", "my_host.example.com.", 443, False)),
        ("https://bücher.example/x", Endpoint("https", "xn--bcher-kva.example", 443, False)),
        ("https://93.184.216.34/", Endpoint("https", "93.184.216.34", 443, True)),
        ("https://[2606:2800:220:1::1946]/", Endpoint("https", "2606:2800:220:1::1946", 443, True)),
    ],
)
def test_a_public_url_leads_to_its_endpoint(url: str, endpoint: Endpoint) -> None:
    assert check_url(url) == endpoint


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "malformed"),
        ("https://exa mple.com", "malformed"),
        ("https://example.com\r\nX: y", "malformed"),
        ("https://example.com\\@10.0.0.1/", "malformed"),
        ("https://[::1", "malformed"),
        ("https://example.com:99999/", "malformed"),
        ("https://example.com:x/", "malformed"),
        ("ftp://example.com", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("gopher://example.com", "scheme"),
        ("//example.com/x", "scheme"),
        ("example.com", "scheme"),
        ("https:/example.com", "scheme"),
        ("https://user:pw@example.com", "credentials"),
        ("https://user@example.com", "credentials"),
        ("https://@example.com", "credentials"),
        ("https://", "host"),
        ("https:///path", "host"),
        ("https://?x", "host"),
        ("https://:443/", "host"),
        ("https://..", "host"),
        ("https://a..b", "host"),
        ("https://-a.example", "host"),
        ("https://%31%32%37.0.0.1/", "host"),
        ("https://" + "a" * 64 + ".com", "host"),
        ("http://example.com:0/", "port"),
        ("http://2130706433/", "notation"),
        ("http://0x7f000001/", "notation"),
        ("http://0x7f.0.0.1/", "notation"),
        ("http://0177.0.0.1/", "notation"),
        ("http://127.1/", "notation"),
        ("http://127.0.0.1./", "notation"),
        ("http://999.0.0.1/", "notation"),
        ("http://example.0x10/", "notation"),
        ("http://[fe80::1%25eth0]/", "notation"),
    ],
)
@pytest.mark.parametrize("allow_private", [True, False])
def test_a_url_no_server_should_call_is_refused_everywhere(url: str, reason: str, allow_private: bool) -> None:
    with pytest.raises(UrlRefused) as refused:
        check_url(url, allow_private)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://10.1.2.3/",
        "http://172.16.0.1/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://100.100.100.200/",
        "http://168.63.129.16/",
        "http://0.0.0.0/",
        "http://255.255.255.255/",
        "http://224.0.0.1/",
        "http://[::1]/",
        "http://[::]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:a00:1]/",
        "http://[::127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[fe80::1]/",
        "http://[fc00::1]/",
        "http://[fd00:ec2::254]/",
        "http://[ff02::1]/",
        "http://①②⑦.⓪.⓪.①/",
        "http://localhost/",
        "http://LOCALHOST./",
        "http://x.localhost/",
        "http://printer.local/",
        "http://metadata.google.internal/",
    ],
)
def test_a_private_destination_needs_the_operators_leave(url: str) -> None:
    with pytest.raises(UrlRefused) as refused:
        check_url(url)
    assert refused.value.reason == "private"
    assert check_url(url, allow_private=True).port == 80


def test_other_ports_need_the_operators_leave() -> None:
    with pytest.raises(UrlRefused) as refused:
        check_url("https://example.com:8443/")
    for url, port in (("https://example.com:80/", 443), ("http://example.com:443/", 80)):
        with pytest.raises(UrlRefused, match=f"only port {port} can be called"):
            check_url(url)
    assert refused.value.reason == "port"
    assert check_url("https://example.com:8443/", allow_private=True).port == 8443


@pytest.mark.parametrize("text", ["", "example.com", "127.0.0.1x", "1.2.3", "fe80::1%eth0", "::ffff:10.0.0.1"])
def test_what_is_no_public_address_is_not_public(text: str) -> None:
    assert not is_public(text)


@settings(deadline=None)
@given(st.ip_addresses())
def test_no_address_python_calls_special_is_public(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if ip.is_private or ip.is_loopback or ip.is_link_local or ip.is_multicast or ip.is_reserved or ip.is_unspecified:
        mapped = getattr(ip, "ipv4_mapped", None)
        nat64 = ip in ipaddress.ip_network("64:ff9b::/96")
        assert not is_public(str(ip)) or mapped is not None or nat64


@settings(deadline=None)
@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_the_same_inside_ipv6(ip: ipaddress.IPv4Address) -> None:
    assert is_public(f"::ffff:{ip}") == is_public(str(ip)) == is_public(f"64:ff9b::{ip}")


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_either_an_endpoint_or_refused(text: str) -> None:
    for url in (text, f"https://{text}", f"https://[{text}]"):
        with contextlib.suppress(UrlRefused):
            assert check_url(url).port == (443 if check_url(url).scheme == "https" else 80)
