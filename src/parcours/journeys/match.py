"""Which live journeys an event concerns, and whether a key may enter."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from parcours.expressions.references import PLATFORM
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.model import NOTHING
from parcours.journeys.run import PROFILE_GROUP


@dataclass(frozen=True, slots=True)
class Presence:
    """The latest instance of a key across all versions of one journey."""

    entered_at_us: int
    is_active: bool


@dataclass(frozen=True, slots=True)
class LiveJourneys:
    """Every version that runs, in every sandbox."""

    entries: Mapping[tuple[int, str], tuple[CompiledJourney, ...]] = field(default_factory=dict)
    listeners: Mapping[tuple[int, str], tuple[CompiledJourney, ...]] = field(default_factory=dict)
    versions: Mapping[str, CompiledJourney] = field(default_factory=dict)
    open: Mapping[tuple[int, str], CompiledJourney] = field(default_factory=dict)
    """By journey uid, the version that lets enter, if one does."""
    stopping: Mapping[str, CompiledJourney] = field(default_factory=dict)
    """Stopped versions that people still have to be taken out of."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What the journey of every version is called, whatever the version's status."""
    asked: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """By scope, ids of the audiences that expressions ask for."""
    scopes: frozenset[int] = frozenset()
    """Of the sandboxes that are there; what is left of a deleted one does not move any more."""

    modified_ms: Mapping[str, int] = field(default_factory=dict)
    """When each running version was changed last, in milliseconds since 1970."""
    namespaces: Mapping[tuple[int, str], str | None] = field(default_factory=dict)
    """By journey uid, the namespace of the version compiled last."""

    measuring: Mapping[tuple[int, str], tuple[CompiledJourney, ...]] = field(default_factory=dict)
    """By event, the versions with a metric that counts it."""
    measured: frozenset[tuple[int, str]] = frozenset()
    """(scope, journey uid) of the journeys of which some version has metrics: entrances into each version count."""
    experimenting: Mapping[tuple[int, str], tuple[str, ...]] = field(default_factory=dict)
    """By journey uid, its versions that remember who got which path of an experiment."""

    def by_event(self, scope_id: int, event_uid: str) -> tuple[CompiledJourney, ...]:
        """Versions open to entrances whose entry is this event."""
        return self.entries.get((scope_id, event_uid), ())

    def listening(self, scope_id: int, event_uid: str) -> tuple[CompiledJourney, ...]:
        """Versions, closed ones too, with a node after the entry that listens to this event."""
        return self.listeners.get((scope_id, event_uid), ())

    def audience_ids(self, scope_id: int) -> frozenset[str]:
        """Ids of the audiences that expressions of a sandbox's journeys ask for."""
        return self.asked.get(scope_id, frozenset())

    def get(self, version_uid: str) -> CompiledJourney | None:
        """A version whose instances still move: deployed or closed. None for drafts and stopped ones."""
        return self.versions.get(version_uid)


def refuse_entrance(
    journey: CompiledJourney,
    key: str | None,
    presence: Presence | None,
    now_us: int,
    payload: Mapping[str, Any] = NOTHING,
    data: Mapping[str, Any] = NOTHING,
) -> str | None:
    """Why a key may not enter, as a discard reason of journeys §13.1; None when it may.

    Order (§12.1): the version accepts entrances, the payload is one it begins with, key computed, test profile,
    presence, re-entrance. `presence` spans every version of the journey, for a key is never at two places of one
    journey (§9.1). A key present but not waiting for this event gives `notSuitableInitialEvent`.
    payload, data: of the entry event and of the individual.
    """
    reason = refuse_time(journey, now_us)
    if reason is not None:
        return reason
    if journey.admits is not None:
        reason = journey.admits(payload)
        if reason is not None:
            return reason
    if not key:
        return "EXTERNAL_KEY_COMPUTATION_ERROR"
    if journey.mode == "test" and not is_test_profile(data):
        return NOT_A_TEST_PROFILE
    if presence is None:
        return None
    if presence.is_active:
        return "notSuitableInitialEvent"
    if not journey.is_reentrance_allowed:
        return "reentranceNotAllowed"
    if now_us < presence.entered_at_us + journey.reentrance_wait_us:
        return "reentranceNotAllowed"
    return None


def refuse_time(journey: CompiledJourney, now_us: int) -> str | None:
    """Why nobody may enter a version now, whoever it is."""
    if journey.pause is not None:
        return "PAUSED_JOURNEY_VERSION"
    if (journey.start_us is not None and now_us < journey.start_us) or (
        journey.end_us is not None and now_us >= journey.end_us
    ):
        return OUTSIDE_DATES
    return None


NOT_A_TEST_PROFILE = "ERROR_INSTANCE_NOT_A_TEST_PROFILE"
"""Of a version in test mode."""
OUTSIDE_DATES = "outsideJourneyDates"
"""Ours: the reference product says nothing of such events (journeys §4.4)."""


def is_test_profile(data: Mapping[str, Any]) -> bool:
    """Whether the individual's profile has `testProfile: true` (journeys §10.2)."""
    groups = data.get(PLATFORM) or NOTHING
    return (groups.get(PROFILE_GROUP) or NOTHING).get("testProfile") is True
