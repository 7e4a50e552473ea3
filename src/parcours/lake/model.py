"""The nouns of the lake."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LakeSchema = Mapping[str, Any]
"""The resolved JSON Schema of a data set's records: `CompiledSchema.document`, without references."""

UNREADABLE = "_parcours_unreadable"
"""Column that holds the whole record, as JSON, when a part of it fits no column."""


@dataclass(frozen=True, slots=True)
class DataSetName:
    """A data set as SQL may name it: by its id, or by its name made into an identifier."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """Records of one data set that one transaction staged."""

    seq: int
    """Rises in commit order; never used twice."""
    record_count: int
    lines: bytes
    """The records as JSON, one a line."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits to be committed for one data set."""

    scope_id: int
    dataset_id: str
    record_count: int
