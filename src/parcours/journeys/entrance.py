"""Who enters a journey and how they leave it early: the entry activity, dates and exit criteria of a document."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from parcours.events.supplemental import supplemental_readers
from parcours.expressions.errors import ExpressionFailed
from parcours.expressions.types import Type
from parcours.journeys.activities.audience_qualification import EVENT_NAMES, MISMATCH, event_uid_of, statuses_of
from parcours.journeys.activities.kind import Explained
from parcours.journeys.activities.read_audience import DEFAULT_RATE
from parcours.journeys.compiled import AudienceRead, ExitCriterion, JourneyType
from parcours.journeys.language import Language, NodeScope
from parcours.journeys.run import Run
from parcours.kit.clock import to_us

if TYPE_CHECKING:
    from parcours.journeys.compile import Compiler, Definitions, EventShape


@dataclass(frozen=True, slots=True)
class Entry:
    """What the first activity says of everyone's entrance."""

    type: JourneyType
    event_uid: str
    """What lets enter: an event configuration, `audience:<id>`, or `read:<id>` for runs of Read audience."""
    event_names: tuple[str, ...]
    namespace: str | None
    admits: Callable[[Mapping[str, Any]], str | None] | None = None
    read: AudienceRead | None = None
    has_supplemental_id: bool = False
    supplemental_namespace: str | None = None


def read_entry(document: Mapping[str, Any], event: "EventShape | None", definitions: "Definitions") -> Entry:
    """The entry of a document of the right shape, however wrong what it refers to."""
    nodes: Mapping[str, Any] = document["nodes"]
    node_id: str = document["entry"]["node"]
    config = nodes[node_id]
    match config["type"]:
        case "audienceQualification":
            statuses = frozenset(statuses_of(config))
            return Entry(
                "audience_qualification",
                event_uid_of(config["audienceId"]),
                EVENT_NAMES,
                _audience_namespace(config, definitions),
                lambda payload: None if payload.get("status") in statuses else MISMATCH,
            )
        case "readAudience":
            read = _read(node_id, config, definitions)
            return Entry(
                "read_audience", f"read:{read.audience_id}", (), read.namespace or None, read=read,
                has_supplemental_id=read.supplemental is not None,
            )  # fmt: skip
        case "businessEvent":
            names = () if event is None else (event.name,)
            found = [
                (edge["to"], nodes[edge["to"]])
                for edge in document.get("edges", ())
                if edge["from"] == node_id and edge["to"] in nodes and nodes[edge["to"]]["type"] == "readAudience"
            ]
            if not found:
                return Entry("business", config["eventUid"], names, None)
            read = _read(*found[0], definitions)
            return Entry(
                "business", config["eventUid"], names, read.namespace or None, read=read,
                has_supplemental_id=read.supplemental is not None,
            )  # fmt: skip
    if event is None:
        return Entry("unitary", config.get("eventUid", ""), (), None)
    return Entry(
        "unitary", event.uid, (event.name,), event.namespace, has_supplemental_id=event.has_supplemental_id,
        supplemental_namespace=event.supplemental_namespace,
    )  # fmt: skip


def _audience_namespace(config: Mapping[str, Any], definitions: "Definitions") -> str | None:
    audience = definitions.audience(config["audienceId"])
    chosen = config.get("identityNamespace")
    return chosen or (None if audience is None else audience.namespace)


def _read(node_id: str, config: Mapping[str, Any], definitions: "Definitions") -> AudienceRead:
    hours = config.get("waitForAudienceHours")
    supplemental = None
    if "supplementalIdentifier" in config:
        supplemental, _ = supplemental_readers(tuple(config["supplementalIdentifier"]["attribute"].split(".")))
    return AudienceRead(
        node_id=node_id,
        audience_id=config["audienceId"],
        namespace=_audience_namespace(config, definitions) or "",
        rate=config.get("throttlingRate", DEFAULT_RATE),
        schedule=config.get("schedule", {}),
        is_incremental=config.get("incremental", False),
        is_reentrance_forced=config.get("forceReentrance", False),
        waves=config.get("waves"),
        wave_bounds=_bounds(config.get("waves", {}).get("percentages", ())),
        wait_for_audience_us=None if hours is None else hours * 3_600_000_000,
        supplemental=supplemental,
    )


def _bounds(percentages: Sequence[float]) -> tuple[int, ...]:
    """See `AudienceRead.wave_bounds`."""
    found, together = [], 0.0
    for percentage in percentages:
        together += percentage
        found.append(round(together * 100))
    return tuple(found)


def read_dates(compiler: "Compiler") -> tuple[int | None, int | None]:
    """(start, end) in microseconds; a date-time without offset is UTC. Source: journeys §9.3."""
    start_us, end_us = (_date(compiler, member) for member in ("startDate", "endDate"))
    if start_us is not None and end_us is not None and end_us <= start_us:
        compiler.fault("ERR_DATES", "the journey ends before it begins", "$.endDate")
    return start_us, end_us


def _date(compiler: "Compiler", member: str) -> int | None:
    text = compiler.document.get(member)
    if text is None:
        return None
    try:
        value = datetime.fromisoformat(text)
        return to_us(value if value.tzinfo is not None else value.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        compiler.fault("ERR_DATES", f"{text!r} is no date-time such as 2026-12-24T18:00:00Z", f"$.{member}")
        return None


def read_exit_criteria(compiler: "Compiler") -> list[ExitCriterion]:
    """The exit criteria of a document, in their order. Source: journeys §9.8."""
    found: list[ExitCriterion] = []
    seen: set[str] = set()
    for index, config in enumerate(compiler.document.get("exitCriteria", ())):
        where = f"$.exitCriteria[{index}]"
        if config["id"] in seen:
            compiler.fault("ERR_EXIT_CRITERIA", f"two exit criteria have the id {config['id']!r}", f"{where}.id")
        seen.add(config["id"])
        name = config.get("label") or config["id"]
        if "audienceId" in config:
            audience = compiler.definitions.audience(config["audienceId"])
            if audience is None:
                compiler.fault("ERR_AUDIENCE_UNKNOWN", f"no audience {config['audienceId']!r}", f"{where}.audienceId")
            statuses = frozenset(statuses_of(config))
            event_uid = event_uid_of(config["audienceId"])
            found.append(ExitCriterion(config["id"], name, event_uid, _has_status(statuses)))
            continue
        event = compiler.definitions.event(config["eventUid"])
        if event is None:
            message = f"no event configuration {config['eventUid']!r}"
            compiler.fault("ERR_EVENT_UNKNOWN", message, f"{where}.eventUid")
            continue
        entry = compiler.entry
        if event.is_business or (event.namespace or "").lower() != (entry.namespace or "").lower():
            message = f"event {event.name!r} is not about {entry.namespace or 'no namespace'}, as the journey is"
            compiler.fault("ERR_EVENT_NAMESPACE", message, f"{where}.eventUid")
        explained = None
        if "expression" in config:
            scope = NodeScope({event.name: event.document}, {})
            explained = compiler.expression(config["expression"], scope, Type.BOOLEAN, f"{where}.expression")
        found.append(ExitCriterion(config["id"], name, event.uid, event_applies(event.name, explained)))
    return found


def _has_status(statuses: frozenset[str]) -> Callable[[Run, Mapping[str, Any]], bool]:
    return lambda _run, payload: payload.get("status") in statuses


def event_applies(name: str | None, explained: Explained | None) -> Callable[[Run, Mapping[str, Any]], bool]:
    """Whether an event takes the individual out: always, or when an expression over it is true."""
    if explained is None:
        return lambda _run, _payload: True
    evaluate = explained.expression.evaluate

    def applies(run: Run, payload: Mapping[str, Any]) -> bool:
        try:
            context = run.context()
            return evaluate(context if name is None else context._replace(events={name: payload})) is True
        except ExpressionFailed:
            return False

    return applies


def way_back(start: str, home: str, definitions: "Definitions") -> Sequence[str] | None:
    """Names or uids of the journeys on a way by jumps from `start` to `home`; None when there is no such way."""
    if start == home:
        return [home]
    ways: list[list[str]] = [[start]]
    seen = {start}
    while ways:
        way = ways.pop()
        for following in definitions.jumps_of(way[-1]):
            if following == home:
                return [*way, home]
            if following not in seen:
                seen.add(following)
                ways.append([*way, following])
    return None


def read_profile_filter(config: Mapping[str, Any], definitions: "Definitions") -> tuple[ExitCriterion, frozenset[str]]:
    """The global filter of a pause, and the names of the audiences it asks for. Raises ExpressionInvalid.

    config: {"id", "label"?, "expression"}, the expression over the profile.
    """
    language = Language(definitions.platform())
    explained = language.compile(config["expression"], NodeScope({}, {}), Type.BOOLEAN)
    criterion = ExitCriterion(config["id"], config.get("label") or config["id"], "", event_applies(None, explained))
    return criterion, frozenset(language.audiences_read)
