"""The nouns of flows as the hot path sees them: compiled once per change, then only looked up."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flow:
    """A dataflow of an inlet: where its messages land and what maps them."""

    id: str
    scope_id: int
    name: str
    dataset_id: str
    schema_id: str
    """`$id` of the data set's schema."""
    mapping: tuple[str, int] | None
    """(mapping set id, version) of a flow with transformation."""
    is_enabled: bool


@dataclass(frozen=True, slots=True)
class Inlet:
    """A streaming end-point: a base connection of the HTTP API spec with everything a request to it needs."""

    inlet_id: str
    """64 lower-case hex characters, the last part of `inletUrl`."""
    scope_id: int
    org_id: str
    sandbox_name: str
    connection_id: str
    data_type: str
    """`xdm` or `raw`."""
    is_authenticated: bool
    source_id: str
    name: str
    is_enabled: bool
    flows: Mapping[str, Flow]
    """By flow id; disabled ones are there, flagged."""


@dataclass(frozen=True, slots=True)
class InletTable:
    """Every inlet of every sandbox."""

    by_id: Mapping[str, Inlet]
    remembered: Mapping[str, Inlet]
    """The same with deleted flows, and deleted inlets that had flows: for records accepted before the deletion."""
    scopes: frozenset[int]
    """Every sandbox that is still there."""

    def get(self, inlet_id: str) -> Inlet | None:
        """The inlet, or None."""
        return self.by_id.get(inlet_id)
