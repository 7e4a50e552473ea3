"""The nouns of lookups."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from parcours.lookups.keys import KeyPath

MAX_KEYS = 50
MAX_FIELDS = 20
MAX_ANSWER_BYTES = 10_240
"""Longest answer of one lookup, as JSON. Source: journeys §8.15."""
MAX_ROW_BYTES = 10_240
"""Longest row that is kept."""

LoadState = Literal["loading", "ready", "erasing"]
"""loading: rows that landed earlier are still being taken over; erasing: no longer enabled, its rows go."""


@dataclass(frozen=True, slots=True)
class LookupTable:
    """Every data set of every sandbox that is enabled for lookup."""

    by_id: Mapping[tuple[int, str], KeyPath]
    """(scope, data set) → where its rows hold their keys."""

    def get(self, scope_id: int, dataset_id: str) -> KeyPath | None:
        """Where a data set's rows hold their keys; None when it isn't enabled."""
        return self.by_id.get((scope_id, dataset_id))


class LoadedRow(NamedTuple):
    """A row as it is kept."""

    key: str
    body: dict[str, Any] | None
    """The whole record; None when it is longer than a row may be."""
    byte_count: int
    """Of the record as minified JSON."""


@dataclass(frozen=True, slots=True)
class Load:
    """How far the rows of a data set are that landed before it was enabled."""

    scope_id: int
    dataset_id: str
    state: LoadState
    since_us: int
    """When it was enabled: rows written later are newer than any that is loaded."""
    row_count: int
    """Rows taken over from the lake."""
    left_out_count: int
    """Rows of the lake without a key."""
    reason: str | None
    """Why loading doesn't get on, in words."""
