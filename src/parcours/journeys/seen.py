"""What is seen of a simulated world: instances with their steps and calls, events and what became of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NamedTuple

from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.model import Instance, StepEvent


class VirtualClock:
    """The time of a world. Expressions of event configurations read it, too."""

    __slots__ = ("at_us",)

    def __init__(self, at_us: int) -> None:
        self.at_us = at_us

    def now_us(self) -> int:
        """Microseconds since 1970, UTC."""
        return self.at_us


@dataclass(slots=True)
class SentCall:
    """A call of an action."""

    at_us: int
    node_id: str
    pass_no: int
    action_uid: str
    action_name: str
    parameters: Mapping[str, Any]
    """By `paramPath`."""
    path: str | None
    """The dynamic end of the URL."""
    method: str | None
    url: str | None
    """None for a call that could not be built."""
    answered_us: int | None = None
    """None while the answer is still to come."""
    status_code: str | None = None


class InstanceRecord:
    """One instance and everything that happened to it."""

    __slots__ = ("instance", "is_reentrance", "journey", "sent", "steps", "timers")

    def __init__(self, journey: CompiledJourney, instance: Instance, is_reentrance: bool) -> None:
        self.journey = journey
        self.instance = instance
        self.is_reentrance = is_reentrance
        self.steps: list[StepEvent] = []
        self.sent: list[SentCall] = []
        self.timers: dict[tuple[str, int], int] = {}
        """Those that run, by node and pass: when they are due."""


class Received(NamedTuple):
    """One event, or change of an audience, and what became of it."""

    at_us: int
    event: str
    event_uid: str
    event_id: str | None
    """The entity's `_id`."""
    key: str | None
    namespace: str | None
    outcome: str
    """`matched`, `duplicate`, `refused` or `EVENT_WITH_NO_JOURNEY`, as decisions of the pipeline."""
    journeys: Sequence[Mapping[str, Any]] = ()
    """{"journey", "journeyUid", "versionUid", "outcome", "reason"?, "instanceId"?} of each that it concerns."""
    reason: str | None = None


InstanceIds = Callable[[CompiledJourney, str, int], str]
"""(journey, key, entrance of this key: 0, 1 …) → 32 hexadecimal characters."""


def seeded_ids(seed: str) -> InstanceIds:
    """Ids that follow from the seed: percentage splits draw from them, so the same seed takes the same paths."""

    def make(journey: CompiledJourney, key: str, entrance: int) -> str:
        text = f"{seed}\n{journey.version_uid}\n{key}\n{entrance}"
        return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    return make
