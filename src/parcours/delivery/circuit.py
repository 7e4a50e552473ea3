"""A circuit breaker: who answers nobody is asked by one call at a time until it answers again. No clock in here."""

from parcours.delivery.model import Failure

OPENS_AFTER = 20
"""Attempts in a row without an answer of the endpoint itself."""
FIRST_PAUSE_S = 1.0
MAX_PAUSE_S = 30.0
"""Between two probes: doubled at each that fails."""
NO_ANSWERS = frozenset({502, 503, 504})
"""Statuses by which something in front of an endpoint says that it isn't there."""


class Circuit:
    """Closed while an endpoint answers. Open, calls wait; after a pause one of them, the probe, is made."""

    __slots__ = ("_failures", "_is_probing", "_pause_s", "_probe_at_s", "last_failure", "opened_at_us")

    def __init__(self) -> None:
        self._failures = 0
        self._pause_s = FIRST_PAUSE_S
        self._probe_at_s = 0.0
        self._is_probing = False
        self.opened_at_us: int | None = None
        """None while it is closed."""
        self.last_failure: Failure | None = None
        """What the latest failed attempt got."""

    def wait_s(self, now_s: float) -> float:
        """Seconds until a call may begin; endless while a probe is under way."""
        if self.opened_at_us is None:
            return 0.0
        return float("inf") if self._is_probing else max(self._probe_at_s - now_s, 0.0)

    def begin(self) -> bool:
        """A call begins; whether it is a probe."""
        if self.opened_at_us is None:
            return False
        self._is_probing = True
        return True

    def end_probe(self) -> None:
        """The probe is over, perhaps without having told anything: the next one may follow."""
        self._is_probing = False

    def succeeded(self) -> None:
        """The endpoint has answered."""
        self._failures = 0
        if self.opened_at_us is not None:
            self.opened_at_us = None
            self._is_probing = False
            self._pause_s = FIRST_PAUSE_S

    def failed(self, failure: Failure, now_s: float, now_us: int) -> bool:
        """It has not; whether the circuit opened by that."""
        self.last_failure = failure
        self._failures += 1
        if self.opened_at_us is not None:
            if self._is_probing:
                self._is_probing = False
                self._pause_s = min(self._pause_s * 2, MAX_PAUSE_S)
                self._probe_at_s = now_s + self._pause_s
            return False
        if self._failures < OPENS_AFTER:
            return False
        self.opened_at_us = now_us
        self._pause_s = FIRST_PAUSE_S
        self._probe_at_s = now_s + self._pause_s
        return True
