"""What comes when, under a virtual clock: everything due at one moment happens in a fixed order."""

import heapq
from collections.abc import Callable
from typing import Any

from parcours.journeys.moments import moment_text
from parcours.journeys.seen import VirtualClock
from parcours.kit.errors import Invalid

ANSWER, EVENT, END, TIMER, QUALIFICATION, RUN = range(6)
"""Whose turn it is among what is due at one moment: as the worker takes them."""


class MomentPassed(Invalid):
    """Something is to happen at a moment that the virtual clock has left behind."""


class Agenda:
    """Things to do, by moment, then by kind, then first come, first served."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._heap: list[tuple[int, int, int, Callable[[Any], None], Any]] = []
        self._arrival = 0

    @property
    def next_us(self) -> int | None:
        """When something is to be done next; None when nothing is any more."""
        return self._heap[0][0] if self._heap else None

    def add(self, at_us: int, kind: int, do: Callable[[Any], None], what: Any) -> None:
        """`do(what)` at a moment; kind: one of those above. Raises MomentPassed."""
        if at_us < self._clock.at_us:
            raise MomentPassed(f"{moment_text(at_us)} is past: the clock shows {moment_text(self._clock.at_us)}")
        self._arrival += 1
        heapq.heappush(self._heap, (at_us, kind, self._arrival, do, what))

    def run(self, until_us: int | None) -> None:
        """Let time pass up to a moment, that moment included; None: until nothing is left to do."""
        heap, clock = self._heap, self._clock
        while heap and (until_us is None or heap[0][0] <= until_us):
            at_us, _, _, do, what = heapq.heappop(heap)
            clock.at_us = at_us
            do(what)
        if until_us is not None and until_us > clock.at_us:
            clock.at_us = until_us
