"""The text of URLs: what people write made fit for a request line, paths and parameters added to it."""

import re
from urllib.parse import quote

from parcours.kit.egress import check_url

_UNSAFE = re.compile(r"[^A-Za-z0-9\-._~:/?@!$&'()*+,;=%\[\]]")
_SAFE = "-._~:/?@!$&'()*+,;=%[]"
_DOT_SEGMENT = re.compile(r"/(?:\.|%2e){1,2}(?:[/\\?]|%2f|%5c|$)", re.IGNORECASE)
_ORIGIN = re.compile(r"([^/?]*//)([^/?]*)(.*)", re.DOTALL)


def encode_url(url: str) -> str:
    """A checked URL in ASCII: the host as IDNA, other characters percent-encoded, what is encoded left alone."""
    if url.isascii() and _UNSAFE.search(url) is None:
        return url
    found = _ORIGIN.fullmatch(url)
    assert found is not None
    scheme, authority, rest = found.groups()
    if not authority.isascii():
        _, colon, port = authority.partition(":")
        authority = check_url(url, allow_private=True).host + colon + port
    return scheme + authority + encode_part(rest)


def encode_part(text: str) -> str:
    """The end of a URL, percent-encoded where it must be. Raises UnicodeEncodeError for half a character."""
    return text if _UNSAFE.search(text) is None else quote(text, safe=_SAFE)


def has_path(url: str) -> bool:
    """Whether something stands between the host and whatever is appended."""
    return "/" in url.partition("://")[2].partition("?")[0]


def climbs(url: str) -> bool:
    """Whether the path has a segment `.` or `..`, encoded or not."""
    return _DOT_SEGMENT.search(url.partition("?")[0], url.find("://") + 3) is not None


def add_query(url: str, pairs: tuple[tuple[str, str], ...]) -> str:
    """The URL with more query parameters, percent-encoded."""
    if not pairs:
        return url
    text = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
    if "?" not in url:
        return f"{url}?{text}"
    return f"{url}{text}" if url[-1] in "?&" else f"{url}&{text}"
