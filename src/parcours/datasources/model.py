"""The nouns of data sources."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from parcours.actions.model import AnswerShape

SOURCE_KIND = "dataSource"
NO_CACHE_US = 0


class FieldGroup(NamedTuple):
    """What one way of asking a source gives."""

    name: str
    method: str
    """`GET` or `POST`."""
    dynamic_values: tuple[str, ...]
    """Names of the values that a journey gives."""
    sent_payload: Mapping[str, Any] | None
    """JSON body with `{"param": name}` in the places of dynamic values; None when nothing is sent."""
    answer: AnswerShape
    """What a good answer holds; it has no more than the sample."""
    cache_us: int
    """How long an answer is reused for the same values; 0: not at all."""


class Usage(NamedTuple):
    """How many journey versions use a field group."""

    draft: int = 0
    live: int = 0
    """Versions that run: live, paused or closed."""

    @property
    def total(self) -> int:
        """All of them."""
        return self.draft + self.live
