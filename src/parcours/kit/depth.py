"""How deep JSON may nest: far less than its writer and every recursive walk over a document can do."""

from typing import Any

import orjson

MAX_DEPTH = 100
"""Most levels of objects and lists inside each other in anything a client sends or stores."""
_WRITABLE_DEPTH = 254
"""What orjson writes; found by its tests."""


def nests_too_deep(value: Any) -> bool:
    """Whether a value that JSON can express has more than MAX_DEPTH levels."""
    for _ in range(_WRITABLE_DEPTH - MAX_DEPTH):
        value = [value]  # the writer itself says whether it is too deep, faster than a walk could
    try:
        orjson.dumps(value)
    except TypeError:
        return True
    return False


def text_nests_too_deep(text: bytes, value: Any) -> bool:
    """The same of a value just read from `text`; a text with few brackets needn't be looked into."""
    return text.count(b"{") + text.count(b"[") > MAX_DEPTH and nests_too_deep(value)
