"""What was counted, in memory: read from the database or begun empty, and what was added to it since."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from parcours.rulesets.model import Rule
from parcours.rulesets.windows import Window, window_at


class Place(NamedTuple):
    """Whose count of which rule in which window."""

    scope_id: int
    person: str
    """From `person_of`."""
    rule: str
    """`Rule.key`."""
    start_us: int
    end_us: int


def person_of(namespace: str | None, key: str) -> str:
    """Whom counts are about: an identity of the journey's namespace, in its canonical form.

    Identities that are linked to it have counts of their own: what a journey is about is its key, and a link that
    comes later would otherwise have to bring two counts together, of which nobody knows which messages they share.
    """
    return f"{namespace or ''}:{key}"


class Ledger:
    """Counts of rules."""

    def __init__(self) -> None:
        self._counts: dict[Place, int] = {}
        self._added: dict[Place, int] = {}

    def read(self, counts: Iterable[tuple[Place, int]]) -> None:
        """Take in what is stored."""
        self._counts.update(counts)

    def count(self, place: Place) -> int:
        """How many there were."""
        return self._counts.get(place, 0)

    def add(self, place: Place, number: int = 1) -> None:
        """Count so many more; fewer when it is negative."""
        self._counts[place] = self._counts.get(place, 0) + number
        self._added[place] = self._added.get(place, 0) + number

    @property
    def added(self) -> Mapping[Place, int]:
        """What is to be stored."""
        return {place: number for place, number in self._added.items() if number}


def place_of(rule: Rule, scope_id: int, person: str, at_us: int) -> Place:
    """Where a cap counts what happens at a moment."""
    window: Window = window_at(rule.period, rule.every, at_us)
    return Place(scope_id, person, rule.key, window.start_us, window.end_us)
