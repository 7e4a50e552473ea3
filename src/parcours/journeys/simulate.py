"""A world with a virtual clock: events come, timers are due, calls are answered, and ninety days take milliseconds.

Instances are moved by `engine.advance` and admitted by `match.refuse_entrance`, as in production; what is the world's
there (a database, a sender, the clock on the wall) is values here. At one moment answers come before events and events
before timers, as the worker takes them; among their like, first come, first served.
"""

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

from parcours.actions.errors import ActionParameterInvalid
from parcours.actions.table import ActionTable
from parcours.datasources.table import NO_SOURCES, SourceTable
from parcours.events.model import MAX_EVENT_BYTES, EventConfiguration
from parcours.events.table import EventTable
from parcours.expressions.references import EvaluationContext
from parcours.identity.namespaces import canonical_namespace
from parcours.journeys.activities.jump import put
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.engine import advance, new_instance
from parcours.journeys.match import Presence, refuse_entrance
from parcours.journeys.model import (
    NOTHING,
    ActionAnswered,
    ActionOutcome,
    CallAction,
    CancelTimer,
    DataFetched,
    Entered,
    EventReceived,
    FetchData,
    FetchOutcome,
    Instance,
    Jump,
    JumpOutcome,
    LookUp,
    Replied,
    Request,
    StartTimer,
    StepEvent,
    Stimulus,
    TakeSlot,
    TimerDue,
    Transition,
    UpdateProfile,
)
from parcours.journeys.moments import moment_text
from parcours.journeys.people import GivenPeople, People, PersonData
from parcours.journeys.stubs import GOOD, Call, Stub, fetched_of, outcome_of
from parcours.kit.errors import Invalid, ParcoursError
from parcours.kit.paths import get_in, split_pointer
from parcours.xdm.identities import Identity

DUPLICATE_WINDOW_US = 600_000_000
"""How long an entity with the same `_id` is not taken again: the pipeline's window (journeys §4.4)."""
_ANSWER, _EVENT, _TIMER = range(3)
"""Whose turn it is among what is due at one moment."""


class MomentPassed(Invalid):
    """Something is to happen at a moment that the virtual clock has left behind."""


class CommandUnknown(ParcoursError):
    """The engine asks for something that the simulated world can't do."""


class VirtualClock:
    """The time of a world. Expressions of event configurations read it, too."""

    __slots__ = ("at_us",)

    def __init__(self, at_us: int) -> None:
        self.at_us = at_us

    def now_us(self) -> int:
        """Microseconds since 1970, UTC."""
        return self.at_us


@dataclass(slots=True)
class SentCall:
    """A call of an action."""

    at_us: int
    node_id: str
    pass_no: int
    action_uid: str
    action_name: str
    parameters: Mapping[str, Any]
    """By `paramPath`."""
    path: str | None
    """The dynamic end of the URL."""
    method: str | None
    url: str | None
    """None for a call that could not be built."""
    answered_us: int | None = None
    """None while the answer is still to come."""
    status_code: str | None = None


class InstanceRecord:
    """One instance and everything that happened to it."""

    __slots__ = ("instance", "is_reentrance", "journey", "sent", "steps", "timers")

    def __init__(self, journey: CompiledJourney, instance: Instance, is_reentrance: bool) -> None:
        self.journey = journey
        self.instance = instance
        self.is_reentrance = is_reentrance
        self.steps: list[StepEvent] = []
        self.sent: list[SentCall] = []
        self.timers: dict[tuple[str, int], int] = {}
        """Those that run, by node and pass: when they are due."""


class Received(NamedTuple):
    """One event and what became of it."""

    at_us: int
    event: str
    event_uid: str
    event_id: str | None
    """The entity's `_id`."""
    key: str | None
    namespace: str | None
    outcome: str
    """`matched`, `duplicate`, `refused` or `EVENT_WITH_NO_JOURNEY`, as decisions of the pipeline."""
    journeys: Sequence[Mapping[str, Any]] = ()
    """{"journey", "journeyUid", "versionUid", "outcome", "reason"?, "instanceId"?} of each that it concerns."""
    reason: str | None = None


InstanceIds = Callable[[CompiledJourney, str, int], str]
"""(journey, key, entrance of this key: 0, 1 …) → 32 hexadecimal characters."""


def seeded_ids(seed: str) -> InstanceIds:
    """Ids that follow from the seed: percentage splits draw from them, so the same seed takes the same paths."""

    def make(journey: CompiledJourney, key: str, entrance: int) -> str:
        text = f"{seed}\n{journey.version_uid}\n{key}\n{entrance}"
        return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    return make


class World:
    """Journeys, people and a clock. `schedule…` says what comes when, `run` lets time pass."""

    def __init__(
        self,
        journeys: Iterable[CompiledJourney],
        events: EventTable,
        actions: ActionTable,
        clock: VirtualClock,
        *,
        people: People | None = None,
        stubs: Mapping[str, Stub] | None = None,
        instance_ids: InstanceIds | None = None,
        scope_id: int = 0,
        data_sources: SourceTable = NO_SOURCES,
    ) -> None:
        """clock: the one the event configurations were compiled with. stubs: by the name of the action, or of the data
        source, or of its field group as `Source.group`.

        Every journey is open to entrances; others than the one looked at are targets of jumps, or run beside it.
        """
        self.clock = clock
        self.journeys = tuple(journeys)
        self.people: People = GivenPeople() if people is None else people
        self.stubs: dict[str, Stub] = dict(stubs or {})
        self.records: list[InstanceRecord] = []
        """Every instance, in the order of entrance."""
        self.received: list[Received] = []
        """Every event that a configuration recognised, in order."""
        self.unmatched = 0
        """Entities that were no configured event."""
        self._scope_id = scope_id
        self._events = events
        self._actions = actions
        self._data_sources = data_sources
        self._ids = seeded_ids("") if instance_ids is None else instance_ids
        self._heap: list[tuple[int, int, int, Callable[[Any], None], Any]] = []
        self._arrival = 0
        self._by_key: dict[tuple[str, str], list[InstanceRecord]] = {}
        self._calls: dict[tuple[str, str], int] = {}
        self._caps: dict[tuple[str, str], int] = {}
        self._by_uid = {journey.journey_uid: journey for journey in self.journeys}
        self.lookups: dict[str, Mapping[str, Any]] = {}
        """Rows of lookup data sets: data set → key → row."""
        self._seen: dict[str, int] = {}
        self._entries: dict[str, tuple[CompiledJourney, ...]] = {}
        self._listeners: dict[str, tuple[CompiledJourney, ...]] = {}
        for journey in self.journeys:
            uid = journey.entry_event_uid
            self._entries[uid] = (*self._entries.get(uid, ()), journey)
            for uid in journey.listened:
                self._listeners[uid] = (*self._listeners.get(uid, ()), journey)

    # --- what is to come ---

    def schedule_event(self, at_us: int, configuration: EventConfiguration, payload: Mapping[str, Any]) -> None:
        """An event that is this configuration, whatever its conditions say. Raises MomentPassed."""
        self._schedule(at_us, _EVENT, self._take_event, (configuration, payload))

    def schedule_entity(self, at_us: int, entity: Mapping[str, Any], schema_ids: Sequence[str]) -> None:
        """A streamed entity; the configurations of these schemas say which events it is. Raises MomentPassed."""
        self._schedule(at_us, _EVENT, self._take_entity, (entity, schema_ids))

    def schedule_change(self, at_us: int, change: Callable[[], None]) -> None:
        """Something about people that changes at a moment, such as an attribute. Raises MomentPassed."""
        self._schedule(at_us, _EVENT, lambda do: do(), change)

    def _schedule(self, at_us: int, rank: int, do: Callable[[Any], None], what: Any) -> None:
        if at_us < self.clock.at_us:
            raise MomentPassed(f"{moment_text(at_us)} is past: the clock shows {moment_text(self.clock.at_us)}")
        self._arrival += 1
        heapq.heappush(self._heap, (at_us, rank, self._arrival, do, what))

    # --- time ---

    @property
    def next_us(self) -> int | None:
        """When something happens next; None when nothing will any more. It may turn out to be nothing."""
        return self._heap[0][0] if self._heap else None

    def run(self, until_us: int | None = None) -> None:
        """Let everything happen up to a moment, that moment included; None: until nothing is left to happen."""
        heap, clock = self._heap, self.clock
        while heap and (until_us is None or heap[0][0] <= until_us):
            at_us, _, _, do, what = heapq.heappop(heap)
            clock.at_us = at_us
            do(what)
        if until_us is not None and until_us > clock.at_us:
            clock.at_us = until_us

    # --- events ---

    def _take_event(self, what: tuple[EventConfiguration, Mapping[str, Any]]) -> None:
        configuration, payload = what
        key = configuration.key(payload)
        identity = _identity(configuration.namespace, key)
        if identity is not None:
            self.people.note_event(identity, payload)
        self._deliver(configuration, key, identity, payload)

    def _take_entity(self, what: tuple[Mapping[str, Any], Sequence[str]]) -> None:
        entity, schema_ids = what
        found = dict.fromkeys(c for schema in schema_ids for c in self._events.match(self._scope_id, schema, entity))
        if not found:
            self.unmatched += 1
            return
        event_id, now_us = entity.get("_id"), self.clock.at_us
        if isinstance(event_id, str):
            before_us = self._seen.get(event_id)
            self._seen[event_id] = now_us
            if before_us is not None and now_us - before_us < DUPLICATE_WINDOW_US:
                for configuration in found:
                    self._note(configuration, configuration.key(entity), entity, "duplicate")
                return
        looked = [(c, key, _identity(c.namespace, key)) for c in found for key in (c.key(entity),)]
        for person in dict.fromkeys(identity for _, _, identity in looked if identity is not None):
            self.people.note_event(person, entity)
        for configuration, key, identity in looked:
            self._deliver(configuration, key, identity, entity)

    def _note(
        self, configuration: EventConfiguration, key: str | None, payload: Mapping[str, Any], outcome: str,
        journeys: Sequence[Mapping[str, Any]] = (), reason: str | None = None,
    ) -> None:  # fmt: skip
        event_id = payload.get("_id")
        self.received.append(
            Received(
                self.clock.at_us, configuration.name, configuration.uid, event_id if type(event_id) is str else None,
                key, configuration.namespace, outcome, journeys, reason,
            )
        )  # fmt: skip

    def _deliver(
        self, configuration: EventConfiguration, key: str | None, identity: Identity | None, payload: Mapping[str, Any]
    ) -> None:
        """Give an event to every journey it concerns, in the order of `JourneyWorkspace.receive`."""
        if len(orjson.dumps(payload)) > MAX_EVENT_BYTES:
            self._note(configuration, key, payload, "refused", reason="eventTooLarge")
            return
        uid = configuration.uid
        entries, listening = self._entries.get(uid, ()), self._listeners.get(uid, ())
        told_all: list[Mapping[str, Any]] = []
        if not key:
            for journey in dict.fromkeys((*entries, *listening)):
                told_all.append({**_names(journey), "outcome": "refused", "reason": "EXTERNAL_KEY_COMPUTATION_ERROR"})
        else:
            reads = any(journey.reads_profile for journey in (*entries, *listening))
            data = PersonData(self.people, identity, self.clock.at_us) if reads and identity is not None else NOTHING
            moved: set[str] = set()
            for journey in listening:
                for record in self._by_key.get((journey.journey_uid, key), ()):
                    if record.journey is not journey or record.instance.node_id is None:
                        continue
                    transition = self._advance(record, EventReceived(uid, payload, data))
                    if transition.ignored is None:
                        moved.add(journey.journey_uid)
                        outcome = {"outcome": "queued" if transition.queued else "movedOn"}
                    else:
                        outcome = {"outcome": "ignored", "reason": transition.ignored}
                    if transition.ignored is None or journey not in entries:
                        told_all.append({**_names(journey), **outcome, "instanceId": record.instance.id})
            for journey in entries:
                if journey.journey_uid not in moved:
                    told_all.append(self._enter(journey, key, payload, data))
        self._note(configuration, key, payload, "matched" if told_all else "EVENT_WITH_NO_JOURNEY", told_all)

    def _enter(
        self, journey: CompiledJourney, key: str, payload: Mapping[str, Any], data: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Let a key in, or say why not."""
        now_us = self.clock.at_us
        before = self._by_key.setdefault((journey.journey_uid, key), [])
        presence = None
        if before:
            is_active = any(record.instance.node_id is not None for record in before)
            presence = Presence(before[-1].instance.entered_at_us, is_active)
        reason = refuse_entrance(journey, key, presence, now_us, payload, data)
        if reason is not None:
            return {**_names(journey), "outcome": "refused", "reason": reason}
        instance = new_instance(journey, self._ids(journey, key, len(before)), key, now_us)
        record = InstanceRecord(journey, instance, bool(before))
        self.records.append(record)
        before.append(record)
        self._advance(record, Entered(payload, data))
        return {**_names(journey), "outcome": "entered", "instanceId": instance.id}

    # --- instances ---

    def _advance(self, record: InstanceRecord, stimulus: Stimulus) -> Transition:
        transition = advance(record.journey, record.instance, stimulus, self.clock.at_us)
        if transition.ignored is not None:
            return transition
        record.instance = transition.instance
        record.steps += transition.steps
        for command in transition.commands:
            perform = _PERFORM.get(type(command))
            if perform is None:
                raise CommandUnknown(f"a simulated world can't {type(command).__name__}")
            perform(self, record, command, stimulus.data)
        return transition

    def _data_of(self, record: InstanceRecord) -> Mapping[str, Any]:
        if not record.journey.reads_profile:
            return NOTHING
        identity = _identity(record.instance.namespace, record.instance.key)
        return NOTHING if identity is None else PersonData(self.people, identity, self.clock.at_us)

    def _start_timer(self, record: InstanceRecord, command: StartTimer, _data: Mapping[str, Any]) -> None:
        record.timers[command.node_id, command.pass_no] = command.due_at_us
        self._schedule(command.due_at_us, _TIMER, self._take_timer, (record, command))

    def _cancel_timer(self, record: InstanceRecord, command: CancelTimer, _data: Mapping[str, Any]) -> None:
        record.timers.pop((command.node_id, command.pass_no), None)

    def _take_timer(self, what: tuple[InstanceRecord, StartTimer]) -> None:
        record, timer = what
        place = (timer.node_id, timer.pass_no)
        if record.timers.get(place) != timer.due_at_us:
            return  # cancelled, or put off
        del record.timers[place]
        self._advance(record, TimerDue(timer.node_id, timer.pass_no, self._data_of(record)))

    def _call(self, record: InstanceRecord, command: CallAction, data: Mapping[str, Any]) -> None:
        """Build the request as for a real call, then let the stub answer in its place."""
        now_us, instance = self.clock.at_us, record.instance
        sent = SentCall(
            now_us, command.node_id, command.pass_no, command.action_uid, command.action_name, command.parameters,
            command.path, None, None,
        )  # fmt: skip
        record.sent.append(sent)
        action = self._actions.get(self._scope_id, command.action_uid)
        if action is None:
            self._answer_call(now_us, record, sent, _problem(f"action {command.action_name!r} is gone"))
            return
        try:
            request = action.build(command.parameters, command.path)
        except ActionParameterInvalid as error:
            self._answer_call(now_us, record, sent, _problem(str(error)))
            return
        sent.method, sent.url = request.method, request.url
        place = (instance.key, command.action_uid)
        number = self._calls[place] = self._calls.get(place, 0) + 1
        stub = self.stubs.get(action.name) or self.stubs.get(command.action_name) or GOOD
        context = EvaluationContext() if stub.is_plain else self._context(record, data)
        answer = stub.answer(Call(command, number, context))
        shapes = (action.response, action.failure_response)
        answered_us, outcome = outcome_of(answer, command, now_us, shapes)
        endpoint = request.url.partition("?")[0]
        self._answer_call(answered_us, record, sent, replace(outcome, endpoint=endpoint, method=request.method))

    def _fetch(self, record: InstanceRecord, command: FetchData, data: Mapping[str, Any]) -> None:
        """Let stubs answer in place of data sources; without one a source gives its sample."""
        now_us = answered_us = self.clock.at_us
        found: list[FetchOutcome] = []
        for request in command.requests:
            name = f"{request.source}.{request.group}"
            place = (record.instance.key, name)
            number = self._calls[place] = self._calls.get(place, 0) + 1
            stub = self.stubs.get(name) or self.stubs.get(request.source) or GOOD
            context = EvaluationContext() if stub.is_plain else self._context(record, data)
            asked = CallAction(
                command.node_id, command.pass_no, request.source_uid, name, None, request.parameters,
                command.deadline_us,
            )  # fmt: skip
            source = self._data_sources.get(self._scope_id, request.source_uid)
            group = None if source is None else source.groups.get(request.group)
            shape = None if group is None else group.answer
            at_us, outcome = outcome_of(stub.answer(Call(asked, number, context)), asked, now_us, (shape, None))
            found.append(fetched_of(request, outcome, shape))
            answered_us = max(answered_us, at_us)
        outcomes = tuple(found)
        self._answer(
            answered_us, record, lambda now: DataFetched(command.node_id, command.pass_no, outcomes, now)
        )  # fmt: skip

    def _context(self, record: InstanceRecord, data: Mapping[str, Any]) -> EvaluationContext:
        """What a stub's rules read."""
        instance = record.instance
        properties = {
            **record.journey.properties, "externalKey": instance.key, "profileId": instance.key,
            "namespace": instance.namespace, "instanceUID": instance.id,
        }  # fmt: skip
        if not data:
            identity = _identity(instance.namespace, instance.key)
            data = NOTHING if identity is None else PersonData(self.people, identity, self.clock.at_us)
        return EvaluationContext(instance.events, data, instance.actions, properties, self.clock.at_us)

    def _answer_call(self, at_us: int, record: InstanceRecord, sent: SentCall, outcome: ActionOutcome) -> None:
        def answer(data: Mapping[str, Any]) -> Stimulus:
            sent.answered_us, sent.status_code = self.clock.at_us, outcome.status_code
            return ActionAnswered(sent.node_id, sent.pass_no, outcome, data)

        self._answer(at_us, record, answer)

    def _answer(self, at_us: int, record: InstanceRecord, make: Callable[[Mapping[str, Any]], Stimulus]) -> None:
        """Answer a command: at a moment, `make(data)` is given to the instance."""
        self._schedule(at_us, _ANSWER, self._take_answer, (record, make))

    def _take_answer(self, what: tuple[InstanceRecord, Callable[[Mapping[str, Any]], Stimulus]]) -> None:
        record, make = what
        self._advance(record, make(self._data_of(record)))

    # --- what is asked for within a moment ---

    def _reply(self, record: InstanceRecord, command: Request, reply: Any) -> None:
        place = (command.node_id, command.pass_no)
        self._answer(self.clock.at_us, record, lambda data: Replied(*place, reply, data))

    def _take_slot(self, record: InstanceRecord, command: TakeSlot, _data: Mapping[str, Any]) -> None:
        place = (record.journey.version_uid, command.node_id)
        taken = self._caps.get(place, 0)
        if taken < command.limit:
            self._caps[place] = taken + 1
        self._reply(record, command, taken < command.limit)

    def _look_up(self, record: InstanceRecord, command: LookUp, _data: Mapping[str, Any]) -> None:
        rows = self.lookups.get(command.data_set_id, {})
        found = [rows[key] for key in command.keys if key in rows]
        fields = [split_pointer(pointer) for pointer in command.fields]
        self._reply(record, command, [_only(row, fields) for row in found] if fields else found)

    def _jump(self, record: InstanceRecord, command: Jump, data: Mapping[str, Any]) -> None:
        """Into a journey of this world; one that is not in it is taken to let enter, and nothing more is known."""
        target = self._by_uid.get(command.journey_uid)
        if target is None:
            self._reply(record, command, JumpOutcome("entered"))
            return
        key = record.instance.key
        before = self._by_key.get((target.journey_uid, key), ())
        if any(other.instance.node_id is not None for other in before):
            self._reply(record, command, JumpOutcome("present"))
            return
        told = self._enter(target, key, command.payload, data)
        entered = told["outcome"] == "entered"
        outcome = JumpOutcome("entered", None, told["instanceId"]) if entered else JumpOutcome("error", told["reason"])
        self._reply(record, command, outcome)

    def _update_profile(self, record: InstanceRecord, command: UpdateProfile, _data: Mapping[str, Any]) -> None:
        identity = _identity(record.instance.namespace, record.instance.key)
        is_known = identity is not None and bool(self.people.profile(identity))
        if is_known and identity is not None:
            attributes: dict[str, Any] = {}
            for path, value in command.updates:
                put(attributes, path, value)
            self.people.change(*identity, attributes)
        self._reply(record, command, None if is_known else "profileNotFound")


_PERFORM: dict[type, Callable[[World, InstanceRecord, Any, Mapping[str, Any]], None]] = {
    StartTimer: World._start_timer,
    CancelTimer: World._cancel_timer,
    CallAction: World._call,
    FetchData: World._fetch,
    TakeSlot: World._take_slot,
    LookUp: World._look_up,
    Jump: World._jump,
    UpdateProfile: World._update_profile,
}
"""What the world does for each command of the engine. One that is answered at once calls `_answer` with this moment."""


def _only(row: Any, fields: Sequence[tuple[str, ...]]) -> dict[str, Any]:
    """A row with some of its fields."""
    found: dict[str, Any] = {}
    for path in fields:
        value = get_in(row, path)
        if value is not None:
            put(found, path, value)
    return found


def _problem(text: str) -> ActionOutcome:
    return ActionOutcome("internalError", error_message=text)


def _identity(namespace: str | None, key: str | None) -> Identity | None:
    return None if namespace is None or not key else (canonical_namespace(namespace), key)


def _names(journey: CompiledJourney) -> dict[str, Any]:
    return {"journey": journey.name, "journeyUid": journey.journey_uid, "versionUid": journey.version_uid}
