"""Names and values of HTTP fields. Source: RFC 7230 §3.2, §3.2.4; journeys §6.2."""

import re

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
_FORBIDDEN_IN_VALUE = re.compile(r"[^\t\x20-\x7e\xa0-\U0010ffff]|[\ud800-\udfff]")
_JSON_TYPE = re.compile(
    r"application/(?:[a-z0-9!#$&^_.+-]+\+)?json(?:\s*;\s*charset\s*=\s*\"?utf-8\"?)?", re.IGNORECASE
)
_RESERVED = frozenset(
    {
        "connection", "content-encoding", "content-length", "expect", "host", "idempotency-key", "keep-alive",
        "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding",
        "upgrade", "charset",
    }
)  # fmt: skip
"""What the connection, the payload or the delivery decides."""

MAX_VALUE_LENGTH = 8_000
"""Longest value of one header, in characters: receivers commonly refuse more."""


def name_fault(name: object) -> str | None:
    """Why this can't be the name of a header of an action; None when it can."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return "a header name has letters, digits and !#$%&'*+-.^_`|~ only"
    if name.lower() in _RESERVED:
        return f"{name} is set by the server"
    return None


def value_fault(value: str) -> str | None:
    """Why a text can't be the value of a header; None when it can."""
    if _FORBIDDEN_IN_VALUE.search(value):
        return "a header value can't hold line breaks or other control characters"
    if len(value) > MAX_VALUE_LENGTH:
        return f"a header value has at most {MAX_VALUE_LENGTH} characters"
    return None


def is_json_type(value: str) -> bool:
    """Whether a Content-Type is JSON in UTF-8: application/json, application/…+json."""
    return _JSON_TYPE.fullmatch(value.strip()) is not None
