"""What a test can't be run for, and what it finds."""

from collections.abc import Iterable

from parcours.kit.errors import Invalid, NotFound, ParcoursError


class TestFileInvalid(Invalid):
    """A file of cases that isn't as its schema says; a line for each fault, with file, line and column."""

    __test__ = False

    def __init__(self, faults: Iterable[str]) -> None:
        super().__init__("\n".join(faults))


class NothingLoaded(ParcoursError):
    """The clock has no journey yet."""


class UnknownName(NotFound):
    """No event, action or journey is called so, or nobody of that key was in the journey."""


class ExpectationFailed(AssertionError):
    """Something else was seen than what was expected; the message says what."""
