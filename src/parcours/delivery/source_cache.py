"""Answers of data sources that may be used again, within bounds. Source: journeys §5.2, cache duration."""

from collections import OrderedDict
from typing import Any, NamedTuple

MAX_ENTRIES = 20_000
MAX_BYTES = 64 * 1_048_576
"""Of the answers as they came; in memory they take some times as much."""

Key = tuple[int, str, int, str, bytes]
"""(scope, source uid, its version, field group, dynamic values as JSON): a changed source has no old answers."""


class _Kept(NamedTuple):
    data: Any
    until_us: int
    size: int


class AnswerCache:
    """The answers used last; the others go when there are too many."""

    def __init__(self, max_entries: int = MAX_ENTRIES, max_bytes: int = MAX_BYTES) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Key, now_us: int) -> Any:
        """The answer, or None when there is none that is still good."""
        found = self._kept.get(key)
        if found is None:
            return None
        if found.until_us <= now_us:
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return found.data

    def put(self, key: Key, data: Any, until_us: int, size: int) -> None:
        """Keep an answer of `size` bytes until a moment."""
        self._drop(key)
        if size > self._max_bytes:
            return
        self._kept[key] = _Kept(data, until_us, size)
        self.size_bytes += size
        while len(self._kept) > self._max_entries or self.size_bytes > self._max_bytes:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: Key) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self.size_bytes -= gone.size
