"""A simulation as a designer asks for it: a journey, events and people in JSON, and what became of everyone.

The world is that of `simulate.py`; here is only how it is asked for and what is told of it.
"""

import copy
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

from parcours.actions.table import ActionTable
from parcours.datasources.table import SourceTable
from parcours.events.errors import TrialInvalid
from parcours.events.model import EventConfiguration
from parcours.events.table import EventTable
from parcours.events.trial import build_entity, set_key
from parcours.journeys.activities.message import MessageNode
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.crowd import Belonging, Known, change_audience, settle
from parcours.journeys.errors import SimulationInvalid
from parcours.journeys.feed import profile_fault, row_fault
from parcours.journeys.model import StepEvent
from parcours.journeys.moments import MomentInvalid, is_instant, moment_text, read_duration, read_instant
from parcours.journeys.node_counts import NodeCounts, stay_of
from parcours.journeys.outcome import refusals, show_call, show_run
from parcours.journeys.people import GivenPeople
from parcours.journeys.seen import InstanceRecord, VirtualClock, seeded_ids
from parcours.journeys.simulate import World
from parcours.journeys.steps import to_document
from parcours.journeys.stubs import Stub, read_stub
from parcours.journeys.trial_values import Constants, made_up_keys, varied
from parcours.kit.clock import to_datetime
from parcours.rulesets.table import RuleSetTable
from parcours.xdm.compiled import CompiledSchema

MAX_CUSTOMERS = 10_000
MAX_EVENTS = 10_000
MAX_ROWS = 10_000
MAX_SHOWN = 1_000
"""Most customers whose steps are told."""
_MAX_STEPS = 200
"""Most steps told of one customer."""
_SPREAD_US = 86_400_000_000
"""Made-up customers enter within a day."""
_MEMBERS = frozenset(
    {"document", "events", "profiles", "lookups", "audiences", "stubs", "start", "until", "customers", "seed", "show"}
)
_EVERYBODY = "*"


class EventKind(NamedTuple):
    """An event configuration as a trial needs it."""

    configuration: EventConfiguration
    body: Mapping[str, Any]
    """As stored."""
    schema: CompiledSchema
    sample: Callable[[], dict[str, Any]]
    """An entity that passes validation, and rows beside the fields that name one."""
    document: Mapping[str, Any]
    """Closed JSON Schema of such an entity with its rows."""


class Setting(NamedTuple):
    """What a sandbox has for a trial."""

    document: Mapping[str, Any]
    journey: CompiledJourney
    events: EventTable
    actions: ActionTable
    data_sources: SourceTable
    rule_sets: RuleSetTable
    scope_id: int
    kinds: Mapping[str, EventKind]
    """By uid and by name."""
    audiences: Known
    data_sets: Mapping[str, str]
    """Their ids, by id and by name."""
    stubbed: Sequence[str]
    """Names that stubs may answer for, beside those of templates."""


def check_members(asked: Mapping[str, Any]) -> None:
    """Whether what is asked for has the members of a trial. Raises SimulationInvalid."""
    unknown = sorted(set(asked) - _MEMBERS)
    if unknown:
        raise SimulationInvalid(f"a simulation has no {unknown[0][:80]!r}; it has {', '.join(sorted(_MEMBERS))}")
    for name, kind, told in (
        ("events", list, "a list"), ("profiles", list, "a list"), ("audiences", list, "a list"),
        ("lookups", list, "a list"),
        ("stubs", dict, "an object"), ("start", str, "a text"), ("until", str, "a text"), ("seed", str, "a text"),
    ):  # fmt: skip
        if asked.get(name) is not None and not isinstance(asked[name], kind):
            raise SimulationInvalid(f"{name} is {told}", f"$.{name}")
    for name, most in (
        ("events", MAX_EVENTS), ("profiles", MAX_CUSTOMERS), ("audiences", MAX_EVENTS), ("lookups", MAX_ROWS),
    ):  # fmt: skip
        if len(asked.get(name) or ()) > most:
            raise SimulationInvalid(f"{name} has {most} elements at most", f"$.{name}")
    for name, most in (("customers", MAX_CUSTOMERS), ("show", MAX_SHOWN)):
        count = asked.get(name, 0)
        if type(count) is not int or not 0 <= count <= most:
            raise SimulationInvalid(f"{name} is a whole number from 0 to {most}", f"$.{name}")


def start_of(asked: Mapping[str, Any], now_us: int) -> int:
    """When the clock begins: `start`, else the first instant an event names, else now. Raises SimulationInvalid."""
    if asked.get("start"):
        return _instant(asked["start"], "$.start")
    every = [one for one in asked.get("events") or () if isinstance(one, Mapping)]
    named = [
        _instant(one["at"], f"$.events[{index}].at")
        for index, one in enumerate(every)
        if isinstance(one.get("at"), str) and is_instant(one["at"])
    ]
    return min(named, default=now_us)


def run_trial(setting: Setting, asked: Mapping[str, Any], clock: VirtualClock) -> dict[str, Any]:
    """{"start", "end", "counts", "paths", "customers" …}. clock: at the start, and what events were compiled with.

    Raises SimulationInvalid, or what the parts of the request raise, an Invalid with its JSON path.
    """
    check_members(asked)
    start_us = clock.at_us
    until = asked.get("until") or "30d"
    until_us = _instant(until, "$.until") if is_instant(until) else start_us + _duration(until, "$.until")
    people = GivenPeople()
    belongings = _put_profiles(asked.get("profiles") or (), people)
    world = World(
        [setting.journey], setting.events, setting.actions, clock, people=people, stubs=_stubs(setting, asked),
        instance_ids=seeded_ids(str(asked.get("seed", ""))), scope_id=setting.scope_id, rule_sets=setting.rule_sets,
        data_sources=setting.data_sources,
    )  # fmt: skip
    settle(world, setting.audiences, belongings)
    for data_set_id, rows in _rows(setting, asked.get("lookups") or ()).items():
        world.ledger.put_rows(data_set_id, rows, start_us)
    keys = list(made_up_keys(setting.journey.namespace, asked.get("customers", 0)))
    random = Random(f"{asked.get('seed', '')}\n{setting.journey.name}")
    _bring(world, setting, keys, random, start_us, until_us)
    for index, change in enumerate(asked.get("audiences") or ()):
        if not isinstance(change, Mapping):
            raise SimulationInvalid("a change of an audience is an object", f"$.audiences[{index}]")
        at = change.get("at")
        change_audience(
            world, setting.audiences, change,
            None if at is None else _moment(at, start_us, f"$.audiences[{index}].at"),
        )  # fmt: skip
    for index, event in enumerate(asked.get("events") or ()):
        _schedule(world, setting, event, f"$.events[{index}]", keys, start_us)
    world.run(until_us)
    return {
        "start": moment_text(start_us),
        "end": moment_text(clock.at_us),
        **told(world, setting, asked.get("show", MAX_SHOWN)),
    }


# --- what comes ---


def _put_profiles(profiles: Iterable[Any], people: GivenPeople) -> list[Belonging]:
    belongings: list[Belonging] = []
    for index, profile in enumerate(profiles):
        fault = profile_fault(profile)
        if fault is not None:
            raise SimulationInvalid(fault, f"$.profiles[{index}]")
        people.put(profile["namespace"], profile["id"], profile.get("attributes", {}))
        belongings += [Belonging(name, profile["namespace"], profile["id"]) for name in profile.get("audiences", ())]
    return belongings


def _rows(setting: Setting, lookups: Iterable[Any]) -> dict[str, dict[str, Any]]:
    """Data set → key → row."""
    found: dict[str, dict[str, Any]] = {}
    for index, one in enumerate(lookups):
        path = f"$.lookups[{index}]"
        fault = row_fault(one)
        if fault is not None:
            raise SimulationInvalid(fault, path)
        data_set_id = setting.data_sets.get(one["dataSet"])
        if data_set_id is None:
            raise SimulationInvalid(f"no data set is called {one['dataSet'][:80]!r}", f"{path}.dataSet")
        found.setdefault(data_set_id, {})[one["key"]] = one["row"]
    return found


def _stubs(setting: Setting, asked: Mapping[str, Any]) -> dict[str, Stub]:
    templates = [node.action_name for node in setting.journey.nodes.values() if isinstance(node, MessageNode)]
    known = {*setting.stubbed, *templates}
    found: dict[str, Stub] = {}
    for name, document in (asked.get("stubs") or {}).items():
        if name not in known:
            names = ", ".join(sorted(known)) or "none"
            raise SimulationInvalid(f"nothing that is called is named {name!r}; there are: {names}", f"$.stubs.{name}")
        found[name] = read_stub(document, f"$.stubs.{name}")
    return found


def _schedule(
    world: World, setting: Setting, event: Any, path: str, keys: Sequence[str], start_us: int
) -> None:  # fmt: skip
    """One event of the request: {"event", "at", "payload" | "fields", "customer"}; customer `*`: everybody made up."""
    if not isinstance(event, Mapping) or not set(event) <= {"event", "at", "payload", "fields", "customer"}:
        raise SimulationInvalid("an event has event, at, payload or fields, and customer", path)
    kind = setting.kinds.get(str(event.get("event")))
    if kind is None:
        names = ", ".join(sorted({one.configuration.name for one in setting.kinds.values()})) or "none"
        raise SimulationInvalid(f"no event is called {event.get('event')!r}; there are: {names}", f"{path}.event")
    at_us = start_us if event.get("at") is None else _moment(event["at"], start_us, f"{path}.at")
    customer = event.get("customer")
    if customer is not None and not isinstance(customer, str):
        raise SimulationInvalid("customer is a text: the id of whom it is about", f"{path}.customer")
    for key in keys if customer == _EVERYBODY else (customer,):
        world.schedule_event(at_us, kind.configuration, _payload(kind, event, key, at_us, path))


def _payload(
    kind: EventKind, event: Mapping[str, Any], key: str | None, at_us: int, path: str
) -> dict[str, Any]:  # fmt: skip
    """The entity of an event; without payload and fields a sample of it."""
    try:
        if "fields" in event:
            body = {"fields": event["fields"], **({} if key is None else {"profileIdentifier": key})}
            last = {"_id": f"{path}-{key}", "timestamp": _timestamp(at_us)}
            return build_entity(body, kind.body, kind.configuration, kind.schema, last)
        payload = event.get("payload")
        if payload is not None and not isinstance(payload, Mapping):
            raise SimulationInvalid("a payload is an object", f"{path}.payload")
        entity = kind.sample() if payload is None else copy.deepcopy(dict(payload))  # of each customer one
        if key is not None:
            set_key(entity, key, kind.body, kind.schema)
        return entity
    except TrialInvalid as error:
        fault = error.faults[0]
        raise SimulationInvalid(fault.message, path + fault.path.removeprefix("$")) from None


def _bring(
    world: World, setting: Setting, keys: Sequence[str], random: Random, start_us: int, until_us: int
) -> None:  # fmt: skip
    """Let made-up customers enter within a day, and half of them cause each event that the journey waits for."""
    if not keys:
        return
    journey, constants = setting.journey, Constants(setting.document)
    spread_us = max(min(_SPREAD_US, until_us - start_us), 1)
    entry = setting.kinds.get(journey.entry_event_uid)
    if journey.audience_read is not None:
        audience = setting.audiences[journey.audience_read.audience_id]
        world.bring_in(audience.id, audience.namespace, keys)
        if entry is not None:  # a business event
            world.schedule_event(start_us, entry.configuration, entry.sample())
    elif journey.entry_event_uid.startswith("audience:"):
        audience = setting.audiences[journey.entry_event_uid.partition(":")[2]]
        for key in keys:
            at_us = start_us + random.randrange(spread_us)
            world.schedule_upload(at_us, audience.id, audience.namespace, [key])
    elif entry is not None:
        _let_cause(world, entry, keys, constants, random, (start_us, spread_us))
    for uid in sorted(journey.listened):
        kind = setting.kinds.get(uid)
        if kind is not None and kind.configuration.type == "unitary" and uid != journey.entry_event_uid:
            some = [key for key in keys if random.random() < 0.5]
            later_us = start_us + spread_us
            if later_us < until_us:
                _let_cause(world, kind, some, constants, random, (later_us, until_us - later_us))


def _let_cause(
    world: World, kind: EventKind, keys: Sequence[str], constants: Constants, random: Random, when: tuple[int, int]
) -> None:  # fmt: skip
    """Each of these people causes an event at some moment of a period, (from, length)."""
    sample = kind.sample()
    for number, key in enumerate(keys):
        at_us = when[0] + random.randrange(when[1])
        entity = varied(sample, kind.document, constants, random)
        entity["_id"], entity["timestamp"] = f"{kind.configuration.uid}-{number}", _timestamp(at_us)
        try:
            set_key(entity, key, kind.body, kind.schema)
        except TrialInvalid as error:
            name = kind.configuration.name
            raise SimulationInvalid(f"customers can't be made up for {name!r}: {error.faults[0].message}") from None
        world.schedule_event(at_us, kind.configuration, entity)


# --- what is told ---


def told(world: World, setting: Setting, show: int) -> dict[str, Any]:
    """Counts by node, who took each arrow, every customer with steps, calls and refusals."""
    journey = setting.journey
    people: dict[str, list[InstanceRecord]] = {}
    for record in world.records:
        people.setdefault(record.instance.key, []).append(record)
    refused: dict[str, list[dict[str, Any]]] = {}
    reasons: Counter[str] = Counter()
    for one, reason in refusals(world, journey):
        reasons[reason] += 1
        refused.setdefault(one.key or "", []).append(
            {"at": moment_text(one.at_us), "event": one.event, "reason": reason}
        )
    everybody = list(dict.fromkeys((*people, *refused)))
    counts = NodeCounts(setting.document)
    for record in world.records:
        counts.add(stay_of(record))
    return {
        "entered": len(world.records),
        "ended": dict(Counter(record.instance.status for record in world.records).most_common()),
        "refused": dict(reasons.most_common()),
        **counts.to_json(),
        "calls": [
            {"action": name, "statusCode": status, "count": count}
            for (name, status), count in sorted(
                Counter((s.action_name, s.status_code or "pending") for r in world.records for s in r.sent).items()
            )
        ],
        **({} if journey.audience_read is None else {"runs": [show_run(run) for run in world.runs(journey)]}),
        "customerCount": len(everybody),
        "customers": [_customer(key, people.get(key, ()), refused.get(key, ())) for key in everybody[:show]],
    }  # fmt: skip


def shown_steps(steps: Sequence[StepEvent]) -> list[dict[str, Any]]:
    """Steps of one customer, as a designer reads them."""
    return [
        {
            "nodeId": step.node_id,
            "at": moment_text(step.at_us),
            "kind": step.node_type,
            "status": step.step_status,
            **{
                name: value
                for name, value in to_document(step).items()
                if name in ("nodeName", "transition", "detail", "action", "processed", "instanceEnded")
            },
        }
        for step in steps[:_MAX_STEPS]
    ]


def _customer(
    key: str, records: Sequence[InstanceRecord], refused: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:  # fmt: skip
    steps = [step for record in records for step in record.steps]
    last = records[-1].instance if records else None
    return {
        "key": key,
        "state": "refused" if last is None else last.status,
        "nodeId": None if last is None else last.node_id,
        "entrances": len(records),
        "steps": shown_steps(steps),
        "sent": [show_call(sent) for record in records for sent in record.sent],
        "refused": list(refused),
    }


def _timestamp(at_us: int) -> str:
    return to_datetime(at_us).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _instant(text: str, path: str) -> int:
    return _read(read_instant, text, path)


def _duration(text: str, path: str) -> int:
    return _read(read_duration, text.lstrip("+"), path)


def _moment(text: Any, start_us: int, path: str) -> int:
    if not isinstance(text, str):
        raise SimulationInvalid("at is a moment such as 2026-01-31T09:00:00Z or 2h", path)
    return _instant(text, path) if is_instant(text) else start_us + _duration(text, path)


def _read(read: Callable[[str], int], text: str, path: str) -> int:
    try:
        return read(text)
    except MomentInvalid as error:
        raise SimulationInvalid(str(error), path) from None
