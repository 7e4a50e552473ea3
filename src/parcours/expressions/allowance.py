"""What one evaluation may cost: selectors inside selectors and regular expressions can ask for a life's work."""

from time import thread_time

from parcours.expressions.errors import ExpressionFailed

MAX_ELEMENTS = 2_000_000
"""Most elements that the conditions of one evaluation look at, all together."""
MAX_CPU_S = 2.0
CHUNK = 64
"""A list up to this long is gone through without looking at the clock."""


class Allowance:
    """What is left for one evaluation."""

    __slots__ = ("_elements", "_until")

    def __init__(self) -> None:
        self._elements = MAX_ELEMENTS
        self._until = thread_time() + MAX_CPU_S

    def spend(self, elements: int) -> None:
        """Look at so many elements more. Raises ExpressionFailed when that is too much, or took too long already."""
        self._elements -= elements
        if self._elements < 0:
            raise ExpressionFailed(f"the conditions look at more than {MAX_ELEMENTS} elements")
        if thread_time() > self._until:
            raise ExpressionFailed(f"the expression takes more than {MAX_CPU_S:g} s")
