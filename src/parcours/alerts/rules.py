"""When an alert is due: pure, from what a window of five minutes held. Source: journeys §13.4."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from parcours.journeys.counters import Pulse

WINDOW_US = 300_000_000
CALM_US = 3_600_000_000
"""An alert is resolved when its value has not been above the threshold for so long."""
DEFAULT_THRESHOLD = 0.2
UNREAD = "readAudienceUnsuccessful"
UNREAD_AFTER_US = 600_000_000
"""A run that began so long ago and let nobody enter was without success."""
UNREAD_WITHIN_US = 86_400_000_000
"""Runs that began earlier are not looked at any more."""
PUBLISHED = "journeyPublished"
FINISHED = "journeyFinished"


class Rule(NamedTuple):
    """One kind of alert with a threshold."""

    part: Callable[[Pulse], int]
    whole: Callable[[Pulse], int]
    is_of_node: bool
    """Whether it is about one action of a journey, not about the whole."""
    threshold: float


RULES: Mapping[str, Rule] = {
    "customActionErrorRate": Rule(lambda p: p.call_errors, lambda p: p.calls, True, DEFAULT_THRESHOLD),
    "customActionCapping": Rule(lambda p: p.calls_capped, lambda p: p.calls, True, 0.0),
    "profileDiscardRate": Rule(lambda p: p.discarded, lambda p: p.entered + p.discarded, False, DEFAULT_THRESHOLD),
    "profileErrorRate": Rule(lambda p: p.failed, lambda p: p.entered, False, DEFAULT_THRESHOLD),
    UNREAD: Rule(lambda _: 0, lambda _: 0, False, 0.0),
}
"""Kinds that open when a share of the window is above a threshold. Capping opens with the first call it drops.

UNREAD is no share, and is read of runs (`unread`), not of pulses.
"""
REQUESTED = "journeyApprovalRequested"
SENT_BACK = "journeyChangesRequested"
APPROVALS = (REQUESTED, SENT_BACK)
"""Kinds that are told once for each request for approval: to who may approve, and to who requested it."""
INFORMATION = (PUBLISHED, FINISHED, *APPROVALS)
"""Kinds that are told once and need no resolving."""
KINDS = (*RULES, *INFORMATION)


class Limits(NamedTuple):
    """What one subscription wants of one kind."""

    threshold: float
    minimum: int
    """Least number of errors, discards or dropped calls in the window."""


class Reading(NamedTuple):
    """What a window held."""

    kind: str
    scope_id: int
    version_uid: str
    node_id: str
    part: int
    whole: int

    @property
    def value(self) -> float:
        """The share; of people who fail while nobody enters, each counts as a whole."""
        return self.part / max(self.whole, 1)

    def is_above(self, limits: Limits) -> bool:
        """Whether it is more than somebody wants to bear."""
        return self.part >= limits.minimum and self.value > limits.threshold


def readings(pulses: Iterable[Pulse]) -> list[Reading]:
    """What every rule reads of the window's pulses, where there is anything to read."""
    return [
        Reading(kind, pulse.scope_id, pulse.version_uid, pulse.node_id, part, rule.whole(pulse))
        for pulse in pulses
        for kind, rule in RULES.items()
        if rule.is_of_node == bool(pulse.node_id) and (part := rule.part(pulse)) > 0
    ]


def unread(runs: Iterable[tuple[int, str]]) -> list[Reading]:
    """Runs of Read audience without success, by (scope, version)."""
    return [Reading(UNREAD, scope_id, version_uid, "", 1, 1) for scope_id, version_uid in runs]
