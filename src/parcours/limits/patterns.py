"""The URL patterns of limits: which calls one is about. Source: journeys §14.2, §14.3."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote

from parcours.kit.egress import UrlRefused, check_url
from parcours.kit.errors import Invalid

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_PUBLISHED = {"OPTION": "OPTIONS"}
"""Methods that the published API spells otherwise than HTTP."""
MAX_LENGTH = 2_048
_SAFE = "-._~:/?@!$&'()*+,;=%[]"
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class PatternInvalid(Invalid):
    """A text that is no pattern; `reason` says why."""

    def __init__(self, reason: Literal["malformed", "wildcard"], message: str) -> None:
        super().__init__(message, "$.url")
        self.reason: Literal["malformed", "wildcard"] = reason


def read_methods(written: Iterable[str]) -> frozenset[str]:
    """The methods of HTTP that a person wrote, in either spelling; what is none stays as it is."""
    return frozenset(_PUBLISHED.get(method, method) for method in written)


@dataclass(frozen=True, slots=True)
class UrlPattern:
    """A URL whose path and query may hold `*`, which stands for any characters, none and slashes included."""

    text: str
    origin: str
    """Scheme, host and port as `split_url` gives them."""
    _parts: tuple[str, ...] = field(repr=False)
    _has_query: bool = field(repr=False)

    def matches(self, rest: str) -> bool:
        """Whether a URL of the same origin is meant, by what follows its host.

        A pattern without `?` doesn't look at the query.
        """
        if not self._has_query:
            rest = rest.partition("?")[0]
        if not rest.startswith("/"):
            rest = f"/{rest}"
        first, *middle = self._parts
        if not middle:
            return rest == first
        last = middle.pop()
        if len(rest) < len(first) + len(last) or not (rest.startswith(first) and rest.endswith(last)):
            return False
        at, end = len(first), len(rest) - len(last)
        for part in middle:
            found = rest.find(part, at, end)
            if found < 0:
                return False
            at = found + len(part)
        return True


def read_pattern(text: object) -> UrlPattern:
    """The pattern a person wrote. Raises PatternInvalid."""
    if not isinstance(text, str) or not text:
        raise PatternInvalid("malformed", "the URL is missing")
    if len(text) > MAX_LENGTH:
        raise PatternInvalid("malformed", f"the URL has more than {MAX_LENGTH} characters")
    scheme, mark, after = text.partition("://")
    authority = after.partition("/")[0].partition("?")[0]
    if "*" in scheme or "*" in authority:
        raise PatternInvalid("wildcard", "host and port can't hold a wildcard")
    try:
        found = check_url(text.replace("*", "x"), allow_private=True)
    except UrlRefused as refused:
        raise PatternInvalid("malformed", str(refused)) from None
    if "#" in text:
        raise PatternInvalid("malformed", "a fragment is never sent")
    host = f"[{found.host}]" if ":" in found.host else found.host
    try:
        rest = quote(after[len(authority) :], safe=_SAFE)
    except UnicodeEncodeError:
        raise PatternInvalid("malformed", "the URL holds half a character") from None
    if not rest.startswith("/"):
        rest = f"/{rest}"
    origin, _ = split_url(f"{scheme}{mark}{host}:{found.port}/")
    parts = tuple(rest.split("*"))
    return UrlPattern(text, origin, (parts[0], *(part for part in parts[1:-1] if part), *parts[1:][-1:]), "?" in rest)


def split_url(url: str) -> tuple[str, str]:
    """Origin and rest of a URL as it is sent: scheme and host in lower case, the port left out when it is usual."""
    scheme, _, after = url.partition("://")
    scheme = scheme.lower()
    authority = after.partition("/")[0].partition("?")[0]
    return f"{scheme}://{authority.lower().removesuffix(_DEFAULT_PORTS.get(scheme, ' '))}", after[len(authority) :]
