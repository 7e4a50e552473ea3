"""Every event configuration of every sandbox, found by what a record holds."""

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import orjson

from parcours.events.model import EventConfiguration
from parcours.expressions.requirement import RequiredNumber


class Considered:
    """The event configurations of one schema, as a decision about an event names them all at once."""

    def __init__(self, scope_id: int, configurations: Sequence[EventConfiguration]) -> None:
        self.scope_id = scope_id
        self.configurations = tuple(configurations)
        self.text = orjson.dumps([(c.name, c.uid, c.condition_text) for c in configurations]).decode()
        """For `explain`; its digest is the name."""
        self.digest = hashlib.blake2b(self.text.encode(), digest_size=16).hexdigest()

    def has_others(self, matched: Collection[EventConfiguration]) -> bool:
        """Whether any is not among those that matched."""
        if len(self.configurations) > len(matched):
            return True
        return not all(configuration in matched for configuration in self.configurations)


class _Limits:
    """Numbers that conditions need a field to reach, in order, each with the place of its condition."""

    def __init__(self) -> None:
        self._limits: list[float] = []
        self._places: list[int] = []

    def add(self, limit: float, place: int) -> None:
        at = bisect_right(self._limits, limit)
        self._limits.insert(at, limit)
        self._places.insert(at, place)

    def up_to(self, value: float) -> list[int]:
        """The places of those that are not greater."""
        return self._places[: bisect_right(self._limits, value)]

    def from_on(self, value: float) -> list[int]:
        """The places of those that are not smaller."""
        return self._places[bisect_left(self._limits, value) :]


class _Rules:
    """The rule-based configurations of one schema, by the text or the number that each needs in a field."""

    def __init__(self) -> None:
        self._by_text: dict[tuple[str, ...], tuple[Callable[..., str | None], dict[str, list[int]]]] = {}
        self._by_number: dict[tuple[str, ...], tuple[Callable[..., float | None], _Limits, _Limits]] = {}
        self._rest: list[int] = []
        self._configurations: list[EventConfiguration] = []

    def add(self, configuration: EventConfiguration) -> None:
        place = len(self._configurations)
        self._configurations.append(configuration)
        needs = configuration.needs
        if needs is None:
            self._rest.append(place)
            return
        required = needs.requirement
        if isinstance(required, RequiredNumber):
            _, least, most = self._by_number.setdefault(required.path, (needs.read, _Limits(), _Limits()))
            (least if required.is_least else most).add(required.limit, place)
            return
        _, places = self._by_text.setdefault(required.path, (needs.read, {}))
        for text in required.texts:
            places.setdefault(text, []).append(place)

    def match(self, entity: Mapping[str, Any]) -> list[EventConfiguration]:
        """Those whose condition is true, in the order they were added."""
        may_be = self._rest
        for read, places in self._by_text.values():
            text = read(entity)
            if text is not None and text in places:
                may_be = [*may_be, *places[text]]
        for read_number, least, most in self._by_number.values():
            number = read_number(entity)
            if number is not None:
                may_be = [*may_be, *least.up_to(number), *most.from_on(number)]
        if may_be is not self._rest:
            may_be.sort()
        found = [self._configurations[place] for place in may_be]
        return [c for c in found if c.condition(entity)]  # type: ignore[misc]  # rules have one


class EventTable:
    """Flat: one look-up by event id, one by schema, one by the field that rules compare, whatever their number.

    Only conditions that compare no field with a constant text or number are evaluated for each record of their schema.
    """

    def __init__(self, configurations: Iterable[EventConfiguration]) -> None:
        self._by_uid: dict[tuple[int, str], EventConfiguration] = {}
        self._by_event_id: dict[tuple[int, str], list[EventConfiguration]] = {}
        self._rules: dict[tuple[int, str], _Rules] = {}
        of_schema: dict[tuple[int, str], list[EventConfiguration]] = {}
        for configuration in configurations:
            scope_id, schema = configuration.scope_id, (configuration.scope_id, configuration.schema_id)
            self._by_uid[scope_id, configuration.uid] = configuration
            of_schema.setdefault(schema, []).append(configuration)
            if configuration.event_id is not None:
                self._by_event_id.setdefault((scope_id, configuration.event_id), []).append(configuration)
            elif configuration.condition is not None:
                self._rules.setdefault(schema, _Rules()).add(configuration)
        self._considered = {schema: Considered(schema[0], those) for schema, those in of_schema.items()}

    def get(self, scope_id: int, uid: str) -> EventConfiguration | None:
        """A configuration by uid."""
        return self._by_uid.get((scope_id, uid))

    def match(self, scope_id: int, schema_id: str, entity: Mapping[str, Any]) -> list[EventConfiguration]:
        """Every configuration that a streamed record is; an event may be several. Source: journeys §4.4."""
        found: list[EventConfiguration] = []
        event_id = read_event_id(entity)
        if event_id is not None:
            found += self._by_event_id.get((scope_id, event_id), ())
        rules = self._rules.get((scope_id, schema_id))
        if rules is not None:
            found += rules.match(entity)
        return found

    def considered(self, scope_id: int, schema_id: str) -> Considered | None:
        """The configurations that a record of a schema may be; None when there are none."""
        return self._considered.get((scope_id, schema_id))


def explain(considered: str, has_id: bool, matched: Collection[str]) -> list[dict[str, Any]]:
    """The configurations of a schema that a record was not, each with the reason: {"event", "eventUid", "reason"}.

    considered: the `text` of a Considered. has_id: whether the record named an event id. matched: uids of those it was.
    """
    return [
        {"event": name, "eventUid": uid, "reason": _reason(condition, has_id)}
        for name, uid, condition in orjson.loads(considered)
        if uid not in matched
    ]


def _reason(condition: str | None, has_id: bool) -> str:
    if condition is not None:
        return f"its condition is not true: {condition}"
    if has_id:
        return "the record's eventID is another one"
    return "the record has no _experience.campaign.orchestration.eventID"


def read_event_id(entity: Mapping[str, Any]) -> str | None:
    """The id by which a sender says which system-generated event a record is; None when it says none."""
    try:
        event_id = entity["_experience"]["campaign"]["orchestration"]["eventID"]
    except (KeyError, TypeError, IndexError):
        return None
    return event_id if type(event_id) is str else None
