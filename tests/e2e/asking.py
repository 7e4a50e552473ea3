"""Requests whose answers are looked at whole, status, headers and body, whatever they say."""

import http.client
import json
import urllib.parse
from collections.abc import Iterator
from typing import Any, NamedTuple

JSON = {"Content-Type": "application/json"}


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    """Names in lower case."""
    body: Any
    """Parsed when it is JSON, else text."""


def ask(method: str, url: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
    """One request on a connection of its own, with the given headers and no others.

    body: bytes go as they are, an iterator of bytes goes in chunks and without a length, all else as JSON.
    headers: None says that the body is JSON.
    """
    parts = urllib.parse.urlsplit(url)
    if not isinstance(body, bytes | Iterator) and body is not None:
        body = json.dumps(body).encode()
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body, JSON if headers is None else headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        found = {name.lower(): value for name, value in answer.getheaders()}
    finally:
        connection.close()
    return Answer(answer.status, found, _parsed(text))


def query(path: str, **parameters: Any) -> str:
    """A path with its query, percent-encoded."""
    return f"{path}?{urllib.parse.urlencode(parameters)}"


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
