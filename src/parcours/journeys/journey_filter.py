"""The grammar of `GET /ajo/journey`: filter, sort and fields over read models (journeys §14.1). Pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import unquote

from parcours.journeys.readmodel import JOURNEY_FIELDS
from parcours.kit.errors import Invalid

STATUSES: Mapping[str, tuple[str, ...]] = {
    "draft": ("Draft",),
    "draft (test)": ("Testing",),
    "test": ("Testing",),
    "testing": ("Testing",),
    "in review": ("In Review",),
    "live": ("Deployed", "Redeployed"),
    "deployed": ("Deployed",),
    "redeployed": ("Redeployed",),
    "paused": ("Paused",),
    "closed": ("Closed",),
    "stopped": ("Stopped",),
    "finished": ("Finished",),
    "dry run": ("Dry Run",),
    "dryrun": ("Dry Run",),
    "unknown": ("Unknown",),
}
"""A status in a filter, in the words of the screens or of the API, in any case (journeys §3.3)."""
EXTRA = ("search", "latest", "usesEvent", "usesAction", "tags")
"""Names that are no fields of a Journey [PARCOURS]: a text in name or description, the latest version of its journey,
the uid or name of an event configuration or action that some activity names, a tag."""

_CONDITION = re.compile(r"\s*(?P<name>[A-Za-z][\w.]*)\s*(?P<op>>=|<=|=|>|<)(?P<values>.*)", re.DOTALL)
_DIRECTIONS = {"asc": False, "desc": True}


class JourneyQueryInvalid(Invalid):
    """A filter, sort or fields parameter that can't be read."""


class Condition(NamedTuple):
    """One part of a filter."""

    name: str
    op: str
    values: tuple[str, ...]


class Facts(NamedTuple):
    """What a filter may ask of a version beside its read model."""

    is_latest: bool
    events: frozenset[str]
    """Uids and names of the event configurations its activities name."""
    actions: frozenset[str]
    tags: frozenset[str] = frozenset()


def read_filter(text: str) -> list[Condition]:
    """`status=draft,live&metadata.lastModifiedAt>2024-12-25`, as it stands after the URL was decoded.

    A value that holds `&` or `,` is percent-encoded once more. Raises JourneyQueryInvalid.
    """
    found: list[Condition] = []
    for part in text.split("&"):
        if not part.strip():
            continue
        match = _CONDITION.fullmatch(part)
        if match is None:
            raise JourneyQueryInvalid(f"a condition reads name, operator, value: {part!r}", "$.filter")
        name, op = match["name"], match["op"]
        _check_name(name, "filter", EXTRA)
        values = tuple(unquote(value.strip()) for value in match["values"].split(","))
        if op != "=" and len(values) > 1:
            raise JourneyQueryInvalid(f"{op} takes one value: {part!r}", "$.filter")
        if op != "=" and name in EXTRA:
            raise JourneyQueryInvalid(f"{name} takes =, not {op}", "$.filter")
        if name == "status":
            values = _statuses(values, op)
        found.append(Condition(name, op, values))
    return found


def matches(journey: Mapping[str, Any], facts: Facts, conditions: Sequence[Condition]) -> bool:
    """Whether a version meets every condition."""
    return all(_meets(journey, facts, condition) for condition in conditions)


def read_sort(text: str) -> list[tuple[str, bool]]:
    """`name=asc,metadata.createdAt=desc` as (field, is descending). Raises JourneyQueryInvalid."""
    found: list[tuple[str, bool]] = []
    for part in text.split(","):
        if not part.strip():
            continue
        name, _, direction = part.strip().partition("=")
        _check_name(name, "sort")
        descending = _DIRECTIONS.get(direction.lower() or "asc")
        if descending is None:
            raise JourneyQueryInvalid(f"a field is sorted =asc or =desc: {part!r}", "$.sort")
        found.append((name, descending))
    return found


def sort(journeys: list[dict[str, Any]], order: Sequence[tuple[str, bool]]) -> list[dict[str, Any]]:
    """Ordered by the first field, then the next; what lacks a field stands last either way."""
    result = list(journeys)
    for name, descending in reversed(order):
        have = [journey for journey in result if values_at(journey, name)]
        lack = [journey for journey in result if not values_at(journey, name)]
        have.sort(key=lambda journey: _sort_key(values_at(journey, name)[0]), reverse=descending)
        result = [*have, *lack]
    return result


def read_fields(text: str) -> list[str]:
    """`id,name,metadata.createdAt`. Raises JourneyQueryInvalid."""
    fields = [part.strip() for part in text.split(",") if part.strip()]
    for field in fields:
        _check_name(field, "fields")
    return fields


def project(journey: Mapping[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    """The journey with these fields alone; all of it without any."""
    if not fields:
        return dict(journey)
    shown: dict[str, Any] = {}
    for field in fields:
        _copy(journey, shown, field.split("."))
    return shown


def values_at(value: Any, path: str) -> list[Any]:
    """Every value a dotted path reaches; it steps into each element of a list. None is no value."""
    if isinstance(value, list):
        return [found for one in value for found in values_at(one, path)]
    head, _, rest = path.partition(".")
    if not isinstance(value, Mapping) or value.get(head) is None:
        return []
    found = value[head]
    if rest:
        return values_at(found, rest)
    return list(found) if isinstance(found, list) else [found]


def _copy(source: Any, target: dict[str, Any], path: Sequence[str]) -> None:
    head, *rest = path
    if not isinstance(source, Mapping) or head not in source:
        return
    value = source[head]
    if not rest or not isinstance(value, Mapping | list):
        target[head] = value
    elif isinstance(value, Mapping):
        _copy(value, target.setdefault(head, {}), rest)
    else:
        kept = target.setdefault(head, [{} for _ in value])
        for one, into in zip(value, kept, strict=True):
            if isinstance(into, dict):
                _copy(one, into, rest)


def _check_name(name: str, parameter: str, more: Sequence[str] = ()) -> None:
    head = name.partition(".")[0]
    if head not in JOURNEY_FIELDS and name not in more:
        known = ", ".join((*JOURNEY_FIELDS, *more))
        raise JourneyQueryInvalid(f"{parameter}: a journey has no {name!r}; it has: {known}", f"$.{parameter}")


def _statuses(values: Sequence[str], op: str) -> tuple[str, ...]:
    if op != "=":
        raise JourneyQueryInvalid(f"status takes =, not {op}", "$.filter")
    found: list[str] = []
    for value in values:
        known = STATUSES.get(value.lower())
        if known is None:
            raise JourneyQueryInvalid(f"no status {value!r}; there are: {', '.join(STATUSES)}", "$.filter")
        found += known
    return tuple(found)


def _meets(journey: Mapping[str, Any], facts: Facts, condition: Condition) -> bool:
    name, op, wanted = condition
    match name:
        case "search":
            text = f"{journey['name']}\n{journey['description']}".casefold()
            return any(value.casefold() in text for value in wanted)
        case "latest":
            return str(facts.is_latest).lower() in (value.lower() for value in wanted)
        case "usesEvent":
            return any(value in facts.events for value in wanted)
        case "usesAction":
            return any(value in facts.actions for value in wanted)
        case "tags":
            return any(value in facts.tags for value in wanted)
    return any(_compare(value, op, want) for value in values_at(journey, name) for want in wanted)


def _compare(value: Any, op: str, text: str) -> bool:
    if isinstance(value, Mapping):
        return False
    if isinstance(value, bool):
        return op == "=" and str(value).lower() == text.lower()
    if isinstance(value, int | float):
        try:
            return _holds(float(value), op, float(text))
        except ValueError:
            return False
    value = str(value)
    at, wanted_at = _instant(value), _instant(text)
    if at is not None and wanted_at is not None:
        return _holds(at, op, wanted_at)
    return _holds(value, op, text)


def _holds(value: Any, op: str, wanted: Any) -> bool:
    match op:
        case "=":
            return bool(value == wanted)
        case ">":
            return bool(value > wanted)
        case "<":
            return bool(value < wanted)
        case ">=":
            return bool(value >= wanted)
    return bool(value <= wanted)


def _instant(text: str) -> datetime | None:
    """A date-time, or a date, which begins in UTC."""
    if not text[:4].isdigit() or text[4:5] != "-":
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def _sort_key(value: Any) -> tuple[int, float, str]:
    if isinstance(value, bool | int | float):
        return (0, float(value), "")
    return (1, 0.0, str(value).casefold())
