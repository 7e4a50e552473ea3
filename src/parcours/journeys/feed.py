"""Files that feed a virtual world, a JSON object a line: events as they come in, profiles as they are or change."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from parcours.journeys.bundle import Bundle
from parcours.journeys.crowd import Belonging, CrowdInvalid, change_audience, change_fault
from parcours.journeys.moments import MomentInvalid, read_instant, read_moment
from parcours.journeys.people import GivenPeople
from parcours.journeys.simulate import World
from parcours.kit.errors import Invalid

DEFAULT_START_US = 1_767_225_600_000_000
"""2026-01-01T00:00:00Z: where the clock begins when nothing names a moment, so that a run is the same on every day."""


class LineInvalid(Invalid):
    """A line that can't be used; the message begins with file and line."""

    def __init__(self, file: str, line: int, message: str) -> None:
        super().__init__(f"{file}:{line}: {message}")


class Fed(NamedTuple):
    """One line of a file of events."""

    file: str
    line: int
    at: str | None
    """As written: an instant or an offset; None for "at once"."""
    event: str | None
    """Name of the event that `body` is the payload of; None for an entity, or for a change."""
    body: Mapping[str, Any]
    schema_id: str | None = None
    """Of an entity in its envelope."""
    is_profile: bool = False
    """Whether `body` is {"namespace", "id", "attributes"}."""
    is_audience: bool = False
    """Whether `body` says who enters and leaves an audience."""


def read_objects(lines: Iterable[bytes], file: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, object) of every line that isn't blank. Raises LineInvalid."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise LineInvalid(file, number, f"this is no JSON: {error}") from None
        if not isinstance(found, dict):
            raise LineInvalid(file, number, "a line is a JSON object")
        yield number, found


def read_events(lines: Iterable[bytes], file: str) -> Iterator[Fed]:
    """Events, changes of profiles and audiences, plain XDM entities, or messages with header and body, one a line.

    Raises LineInvalid.
    """
    for number, found in read_objects(lines, file):
        at = found.get("at")
        if "profile" in found:
            profile = found["profile"]
            fault = profile_fault(profile)
            if fault is not None:
                raise LineInvalid(file, number, fault)
            if "audiences" in profile:
                raise LineInvalid(file, number, 'a line {"audience", "enter", "leave"} changes who is in an audience')
            yield Fed(file, number, _at(file, number, at), None, profile, is_profile=True)
        elif "audience" in found:
            fault = change_fault(found)
            if fault is not None:
                raise LineInvalid(file, number, fault)
            yield Fed(file, number, _at(file, number, at), None, found, is_audience=True)
        elif "event" in found and isinstance(found.get("payload", {}), dict) and isinstance(found["event"], str):
            unknown = sorted(set(found) - {"at", "event", "payload"})
            if unknown:
                raise LineInvalid(file, number, f"an event has at, event and payload, but no {unknown[0]!r}")
            yield Fed(file, number, _at(file, number, at), found["event"], found.get("payload", {}))
        else:
            yield _entity(file, number, found)


def _at(file: str, number: int, at: Any) -> str | None:
    if at is not None and not isinstance(at, str):
        raise LineInvalid(file, number, "at is a moment such as 2026-01-31T09:00:00Z or +2d")
    return at


def _entity(file: str, number: int, found: dict[str, Any]) -> Fed:
    """A plain entity, or one in its envelope, at its timestamp."""
    entity, schema_id = found, None
    body = found.get("body")
    if isinstance(body, dict) and isinstance(body.get("xdmEntity"), dict):
        entity = body["xdmEntity"]
        reference = (found.get("header") or {}).get("schemaRef") or {}
        schema_id = reference.get("id")
    timestamp = entity.get("timestamp")
    if not isinstance(timestamp, str):
        raise LineInvalid(file, number, "a line has event, profile or audience, or is an entity with a timestamp")
    return Fed(file, number, timestamp, None, entity, schema_id)


def profile_fault(profile: Any) -> str | None:
    """What is wrong with {"namespace", "id", "attributes", "audiences"}."""
    if not isinstance(profile, Mapping) or not set(profile) <= {"namespace", "id", "attributes", "audiences"}:
        return "a profile has namespace, id, attributes and audiences"
    for member in ("namespace", "id"):
        if not isinstance(profile.get(member), str) or not profile[member]:
            return f"a profile has {member}, a text"
    audiences = profile.get("audiences", [])
    if not isinstance(audiences, list) or not all(isinstance(one, str) for one in audiences):
        return "audiences are a list of names or ids"
    return None if isinstance(profile.get("attributes", {}), dict) else "attributes are an object"


def read_profiles(
    lines: Iterable[bytes], file: str, people: GivenPeople, belongings: list[Belonging] | None = None
) -> int:
    """Put every profile of a file; how many. Raises LineInvalid. belongings: takes the audiences they are in."""
    count = 0
    for number, found in read_objects(lines, file):
        fault = profile_fault(found)
        if fault is not None:
            raise LineInvalid(file, number, fault)
        people.put(found["namespace"], found["id"], found.get("attributes", {}))
        if belongings is not None:
            belongings += [Belonging(name, found["namespace"], found["id"]) for name in found.get("audiences", ())]
        count += 1
    return count


def read_lookups(lines: Iterable[bytes], file: str) -> dict[str, dict[str, Any]]:
    """Rows of data sets, {"dataSet", "key", "row"} a line: data set → key → row. Raises LineInvalid."""
    rows: dict[str, dict[str, Any]] = {}
    for number, found in read_objects(lines, file):
        fault = row_fault(found)
        if fault is not None:
            raise LineInvalid(file, number, fault)
        rows.setdefault(found["dataSet"], {})[found["key"]] = found["row"]
    return rows


def row_fault(found: Any) -> str | None:
    """What is wrong with a row of a data set; None when nothing is."""
    is_row = isinstance(found, dict) and set(found) == {"dataSet", "key", "row"} and isinstance(found["row"], dict)
    if is_row and all(isinstance(found[name], str) and found[name] for name in ("dataSet", "key")):
        return None
    return "a row has dataSet and key, which are texts, and row, an object"


def first_moment(fed: Sequence[Fed]) -> int:
    """The earliest instant that lines name, to begin at; DEFAULT_START_US when all are offsets."""
    instants = [_moment(one, 0) for one in fed if one.at is not None and not one.at.strip().startswith("+")]
    return min(instants, default=DEFAULT_START_US)


def _moment(one: Fed, start_us: int) -> int:
    if one.at is None:
        return start_us
    try:
        is_entity = one.event is None and not one.is_profile and not one.is_audience
        return read_instant(one.at) if is_entity else read_moment(one.at, start_us)
    except MomentInvalid as error:
        raise LineInvalid(one.file, one.line, str(error)) from None


def feed(world: World, bundle: Bundle, people: GivenPeople, fed: Iterable[Fed], start_us: int) -> int:
    """Schedule every line; how many. Offsets count from `start_us`. Raises LineInvalid for an unknown name.

    Lines before `start_us` are left out, but the profiles they set, and who is in which audience after them, are there
    from the beginning.
    """
    count = 0
    audiences = bundle.known_audiences(world.journeys)
    changes: list[tuple[int, Fed]] = []
    for one in fed:
        at_us = _moment(one, start_us)
        if at_us < start_us and not one.is_profile and not one.is_audience:
            continue
        count += 1
        if one.is_audience:
            changes.append((at_us, one))
            continue
        at_us = max(at_us, start_us)
        if one.is_profile:
            world.schedule_change(at_us, _changing(people, one.body))
        elif one.event is not None:
            configuration = bundle.event_names.get(one.event)
            if configuration is None:
                known = ", ".join(sorted(bundle.event_names)) or "none"
                raise LineInvalid(one.file, one.line, f"no event is called {one.event!r}; there are: {known}")
            world.schedule_event(at_us, configuration, one.body)
        else:
            world.schedule_entity(at_us, one.body, bundle.schemas_of(one.schema_id))
    for at_us, one in sorted(changes, key=lambda change: change[0]):
        try:
            change_audience(world, audiences, one.body, None if at_us < start_us else at_us)
        except CrowdInvalid as error:
            raise LineInvalid(one.file, one.line, str(error)) from None
    return count


def _changing(people: GivenPeople, profile: Mapping[str, Any]) -> Callable[[], None]:
    return lambda: people.change(profile["namespace"], profile["id"], profile.get("attributes", {}))
