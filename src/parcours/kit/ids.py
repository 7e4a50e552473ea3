"""Identifiers in the forms the platform's clients expect."""

import itertools
import secrets
import time
import uuid


def new_uuid() -> str:
    """A random UUID v4 in its 36-character form."""
    return str(uuid.uuid4())


def new_hex(length: int) -> str:
    """`length` random lower-case hexadecimal characters; `length` must be even."""
    return secrets.token_hex(length // 2)


def new_etag() -> str:
    """A fresh entity tag. The quote characters are part of the value, as clients send them back."""
    h = secrets.token_hex(16)
    return f'"{h[:8]}-{h[8:12]}-0000-0000-{h[12:24]}"'


_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_ulid() -> str:
    """A 26-character ULID: 48 bits of milliseconds, then 80 random bits. Used for batch ids."""
    value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    return "".join(_CROCKFORD[(value >> shift) & 31] for shift in range(125, -1, -5))


_counter = itertools.count()
_process = secrets.randbelow(10_000)


def new_xaction_id(now_ms: int) -> str:
    """The id of one accepted request: `{epochMs}:{process}:{n}`, opaque to clients."""
    return f"{now_ms}:{_process}:{next(_counter)}"
