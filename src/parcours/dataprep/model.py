"""The nouns of mapping sets."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

SourceType = Literal["ATTRIBUTE", "EXPRESSION", "STATIC"]


@dataclass(frozen=True, slots=True)
class Mapping:
    """One row of a mapping set."""

    source_type: SourceType
    source: Any
    """A path, an expression, or for STATIC the literal itself."""
    destination: str
    """A path in the target schema."""


class Warning(NamedTuple):
    """A destination left empty, and why. Never holds the whole source record."""

    destination: str
    source: str
    source_type: SourceType
    reason: str

    def __str__(self) -> str:
        return f"{self.destination}: {self.reason}"


class MappingResult(NamedTuple):
    """What a source record is mapped to."""

    entity: dict[str, Any]
    warnings: list[Warning]
    appended: tuple[tuple[str, ...], ...] = ()
    """Paths of arrays that a partial update appends (`upsert_array_append`)."""


@dataclass(frozen=True, slots=True)
class MappingFault:
    """Why one mapping of a set can't be used as written."""

    index: int
    """Its place in the set."""
    key: Literal["source", "destination"]
    reason: str
