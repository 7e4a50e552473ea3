"""Counting calls: how many there were in a sliding window, and when the next one may begin. No clock in here."""

from collections import deque
from collections.abc import Iterable

_PARTS = 1_000
"""Steps in which a window slides: a call leaves it at most this part of the period late, never early."""
_SLACK_S = 0.1
"""How late a paced call may begin without its successors losing time."""


class SlidingWindow:
    """At most so many calls in any period of so long, wherever it begins."""

    def __init__(self, max_calls: int, period_us: int) -> None:
        self.max_calls = max_calls
        self.period_us = period_us
        self._step_us = max(period_us // _PARTS, 1)
        self._steps: deque[tuple[int, int]] = deque()
        """(end of a step, calls in it), oldest first."""
        self._count = 0

    def used(self, now_us: int) -> int:
        """How many calls the window that ends now holds."""
        steps = self._steps
        oldest = now_us - self.period_us
        while steps and steps[0][0] <= oldest:
            self._count -= steps.popleft()[1]
        return self._count

    def free(self, now_us: int) -> int:
        """How many calls may begin now."""
        return max(self.max_calls - self.used(now_us), 0)

    def take(self, now_us: int, calls: int = 1) -> None:
        """Count calls that begin now. Whoever takes has asked `free`."""
        end_us = (now_us // self._step_us + 1) * self._step_us
        steps = self._steps
        if steps and steps[-1][0] >= end_us:
            end_us, before = steps.pop()
            steps.append((end_us, before + calls))
        else:
            steps.append((end_us, calls))
        self._count += calls

    def state(self, now_us: int) -> list[list[int]]:
        """What `restore` wants: [age in microseconds, calls], oldest first."""
        self.used(now_us)
        return [[now_us - end_us, calls] for end_us, calls in self._steps]

    def restore(self, state: Iterable[Iterable[int]], now_us: int, elapsed_us: int) -> None:
        """Count what another window held `elapsed_us` ago."""
        self._steps = deque((now_us - age_us - elapsed_us, calls) for age_us, calls in state)
        self._count = sum(calls for _, calls in self._steps)


class Pace:
    """Calls evenly spaced, so many a second (the generic cell rate algorithm), and in no second more.

    Who looks late may catch up with what was missed of the last tenth of a second.
    """

    def __init__(self, per_s: float) -> None:
        self._next_s = float("-inf")
        self._last_second = SlidingWindow(1, 1_000_000)
        self.per_s = 0.0
        self.set(per_s)

    def set(self, per_s: float) -> None:
        """Change the rate; what was begun stays counted."""
        if per_s != self.per_s:
            self.per_s = per_s
            self._gap_s = 1 / per_s
            self._last_second.max_calls = max(int(per_s), 1)

    def wait_s(self, now_s: float) -> float:
        """How long until the next call may begin; 0 for now."""
        if self._next_s > now_s:
            return self._next_s - now_s
        return 0.0 if self._last_second.free(int(now_s * 1e6)) else self._gap_s

    def take(self, now_s: float) -> None:
        """A call begins now."""
        self._next_s = max(self._next_s, now_s - _SLACK_S) + self._gap_s
        self._last_second.take(int(now_s * 1e6))
