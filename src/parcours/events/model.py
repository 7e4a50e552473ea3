"""The nouns of event configurations."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from parcours.events.related import RelatedRows
from parcours.expressions.requirement import Requirement

EVENT_KIND = "event"
IdType = Literal["systemGenerated", "ruleBased"]
EventType = Literal["unitary", "business"]
"""About one person, or about none (journeys §4.1)."""
EVENT_ID_PATH = ("_experience", "campaign", "orchestration", "eventID")
"""Where a sender puts the id of a system-generated event."""

MAX_EVENT_BYTES = 65_536
"""Longest event that journeys hear of, as minified JSON (journeys §4.4, §15); a longer one lands all the same."""

MAX_SUPPLEMENTAL_IDS = 10
"""Most supplemental ids taken from one event: a profile has no more instances at once (journeys §12.3, §15)."""
MAX_PER_SCHEMA = 100
"""Most event configurations of one schema (journeys §15)."""


class Usage(NamedTuple):
    """How many journey versions use an event."""

    draft: int = 0
    live: int = 0
    """Versions that run: live or closed."""

    @property
    def total(self) -> int:
        """All of them."""
        return self.draft + self.live

    def __str__(self) -> str:
        return f"{self.total} journey version" + ("" if self.total == 1 else "s")


class Needs(NamedTuple):
    """What a condition asks of one field of a record, whatever else it asks."""

    requirement: Requirement
    read: Callable[[Mapping[str, Any]], Any]
    """The field's text or number in a record of the schema; None when it holds none. Never raises."""


@dataclass(frozen=True, slots=True, eq=False)
class EventConfiguration:
    """Which streamed records are this event, and who they are about. Nothing in it is parsed again."""

    uid: str
    scope_id: int
    name: str
    """As expressions call it: @event{name.path}."""
    schema_id: str
    id_type: IdType
    event_id: str | None
    """64 hexadecimal characters; None for a rule-based event."""
    condition_text: str | None
    namespace: str | None
    """Identity namespace of the key; None for an event without one."""
    condition: Callable[[Mapping[str, Any]], bool] | None
    """Whether a record of the schema is this event; None for a system-generated one. Never raises."""
    key: Callable[[Mapping[str, Any]], str | None]
    """The profile identifier of a record; None when it can't be computed. Never raises."""
    document: Mapping[str, Any] | None
    """Closed JSON Schema of what journeys may read: the selected fields. None when the schema is gone."""
    type: EventType = "unitary"
    """A business event has no namespace, and no record gives it a key."""
    supplemental: Callable[[Mapping[str, Any]], tuple[str, ...]] | None = None
    """The supplemental ids of a record: distinct, in its order, MAX_SUPPLEMENTAL_IDS at most; () when it has none.

    None: the event has no supplemental identifier. Never raises.
    """
    count_supplemental: Callable[[Mapping[str, Any]], int] | None = None
    """How many distinct ones a record has, those above the limit too; None with `supplemental`. Never raises."""
    supplemental_namespace: str | None = None
    """Identity namespace of the supplemental ids, one of things."""
    max_age_ms: int | None = None
    """How old an event may be by its `timestamp` when journeys hear of it; None: any age will do."""
    needs: Needs | None = None
    """Of a rule-based event: what finds it without evaluating its condition; None when only that will tell."""
    related: tuple[RelatedRows, ...] = ()
    """Rows of related schemas that journeys see of it; read when they hear of it."""
