"""Every deployed limit of every sandbox, to be looked up for a call."""

from collections.abc import Iterable, Mapping

from parcours.limits.model import UNLIMITED, CallLimits, Cap, Service, Throttle
from parcours.limits.patterns import split_url


class LimitTable:
    """Finds the limits of a call by its sandbox, method and URL."""

    def __init__(self, caps: Iterable[Cap], throttles: Iterable[Throttle], org_of: Mapping[int, str]) -> None:
        """org_of: organisation by scope_id, for throttling holds in every sandbox of one."""
        self.caps = tuple(caps)
        self.throttles = tuple(throttles)
        self._org_of = org_of
        self._caps: dict[tuple[int, str], list[Cap]] = {}
        for cap in self.caps:
            self._caps.setdefault((cap.scope_id, cap.pattern.origin), []).append(cap)
        self._throttles: dict[tuple[str, str], list[Throttle]] = {}
        for throttle in self.throttles:
            self._throttles.setdefault((throttle.org_id, throttle.pattern.origin), []).append(throttle)
        self.is_empty = not self.caps and not self.throttles

    def find(self, scope_id: int, service: Service, method: str, url: str) -> CallLimits:
        """What a call has to respect; every cap that is about it, and the first throttle."""
        if self.is_empty:
            return UNLIMITED
        origin, rest = split_url(url)
        caps = tuple(
            cap
            for cap in self._caps.get((scope_id, origin), ())
            if cap.service == service and method in cap.methods and cap.pattern.matches(rest)
        )
        throttle = None
        if service == "action":
            for one in self._throttles.get((self._org_of.get(scope_id, ""), origin), ()):
                if method in one.methods and one.pattern.matches(rest):
                    throttle = one
                    break
        return CallLimits(caps, throttle) if caps or throttle else UNLIMITED
