"""A journey version made ready to run: nothing in it is parsed or looked up by name again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from parcours.journeys.run import Node


@dataclass(frozen=True, slots=True, eq=False)
class CompiledJourney:
    """One version of a journey. Shared by every instance in it."""

    scope_id: int
    journey_uid: str
    version_uid: str
    version: str
    """`major.minor`."""
    name: str
    description: str
    namespace: str | None
    entry_node_id: str
    entry_event_uid: str
    entry_event_name: str
    entry_waiting_for: str
    """`event:<entry_event_uid>`, made once."""
    listened: frozenset[str]
    """Uids of the events some node after the entry listens to."""
    nodes: Mapping[str, Node]
    time_zone: ZoneInfo
    global_timeout_us: int
    action_timeout_us: int
    is_reentrance_allowed: bool
    reentrance_wait_us: int
    """Least time between two entrances of one key."""
    step_fields: dict[str, Any] = field(default_factory=dict)
    """What all step events of the version share, by the names of journeys §13.1."""
    step_texts: dict[tuple[str, str | None, str | None], str] = field(default_factory=dict)
    """Of step events at (node, parent node, transition), what is the same in all; `steps.to_lines` fills it."""
    reads_profile: bool = False
    """Whether an expression reads the profile or the stored events of the person."""
    properties: Mapping[str, Any] = field(default_factory=dict)
    """Journey properties that never change: `journeyUID`, `organizationId`, … (expression-language §9)."""
