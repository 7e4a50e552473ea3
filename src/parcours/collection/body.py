"""Reads a request's body without ever holding more of it than is allowed."""

from collections.abc import AsyncIterator, Awaitable
from typing import Protocol

MAX_DRAINED_BYTES = 33_554_432
"""Of a body that is too long, so much is read and dropped: a client that is still sending doesn't hear an answer."""


class RequestBody(Protocol):
    """The part of Granian's RSGI HTTP protocol that reads."""

    def __call__(self) -> Awaitable[bytes]:
        """The whole body."""
        ...

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The body in pieces."""
        ...


def read_body(protocol: RequestBody, content_length: str | None, max_bytes: int) -> Awaitable[bytes | int]:
    """The body, or, when it is longer than `max_bytes`, how many bytes it has as far as that is known.

    content_length: the header's value; None for a body sent in chunks. One of those that was cut off looks whole;
    JSON that was cut off doesn't.
    """
    announced = int(content_length) if content_length is not None and content_length.isdecimal() else None
    if announced is not None and announced <= max_bytes:
        return protocol()  # the server reads no further than what was announced
    return _read_pieces(protocol, announced, max_bytes)


async def _read_pieces(protocol: RequestBody, announced: int | None, max_bytes: int) -> bytes | int:
    chunks: list[bytes] = []
    size = 0
    async for chunk in protocol:
        size += len(chunk)
        if size <= max_bytes:
            chunks.append(chunk)
        elif size > MAX_DRAINED_BYTES:
            break
        else:
            chunks.clear()
    if size <= max_bytes and announced is None:
        return b"".join(chunks)
    return max(size, announced or 0)
