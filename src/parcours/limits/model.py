"""The nouns of limits."""

from typing import Literal, NamedTuple

from parcours.limits.patterns import UrlPattern

Service = Literal["action", "dataSource"]
DROPS_AFTER_US = 6 * 3_600 * 1_000_000
"""How long a call may wait for its turn. Source: journeys §14.3."""
OUTLIVES_US = 24 * 3_600 * 1_000_000
"""How long calls that wait are still paced after the configuration was undeployed."""


class Cap(NamedTuple):
    """A deployed capping configuration, for one of its services."""

    uid: str
    scope_id: int
    service: Service
    pattern: UrlPattern
    methods: frozenset[str]
    max_calls: int
    """In any `period_us`; a retry is a call."""
    period_us: int
    max_connections: int | None
    """Most calls under way at a time; None for any number."""


class Throttle(NamedTuple):
    """A deployed throttling configuration."""

    uid: str
    org_id: str
    pattern: UrlPattern
    methods: frozenset[str]
    max_per_s: int
    ramp_from_per_s: int
    """Rate at which a warm-up begins; `max_per_s` without one."""
    ramp_us: int
    """How long the warm-up takes; 0 without one."""
    ramp_began_us: int
    undeployed_us: int | None
    """When it was undeployed: from then on it is only about calls that waited already."""

    def rate(self, now_us: int) -> float:
        """Calls a second that are allowed now: in a warm-up, between its first rate and the last in equal steps."""
        done_us = now_us - self.ramp_began_us
        if not self.ramp_us or done_us >= self.ramp_us:
            return float(self.max_per_s)
        share = max(done_us, 0) / self.ramp_us
        return self.ramp_from_per_s + (self.max_per_s - self.ramp_from_per_s) * share

    def holds_for(self, created_us: int, now_us: int) -> bool:
        """Whether a call that was committed at `created_us` is paced by it now."""
        ended_us = self.undeployed_us
        return ended_us is None or (created_us <= ended_us and now_us < ended_us + OUTLIVES_US)


class CallLimits(NamedTuple):
    """What a call has to respect."""

    caps: tuple[Cap, ...]
    throttle: Throttle | None


UNLIMITED = CallLimits((), None)
