"""A world with a virtual clock: events come, timers are due, calls are answered, and ninety days take milliseconds.

Instances are moved by `engine.advance` and admitted by `match.refuse_entrance`, as in production; what is the world's
there (a database, a sender, the clock on the wall) is values here. Audiences and their runs are in the world's
`ledger`, what is to come is in its agenda. At one moment answers come before events, events before timers, then changes
of audiences and runs, as the worker takes them; among their like, first come, first served.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from parcours.actions.table import ActionTable
from parcours.datasources.table import NO_SOURCES, SourceTable
from parcours.events.model import MAX_EVENT_BYTES, MAX_SUPPLEMENTAL_IDS, EventConfiguration
from parcours.events.related import with_related
from parcours.events.table import EventTable
from parcours.expressions.references import EvaluationContext
from parcours.identity.namespaces import canonical_namespace
from parcours.journeys.activities.audience_qualification import event_uid_of, payload_of
from parcours.journeys.activities.jump import first_event, provenance
from parcours.journeys.activities.message import reply_to
from parcours.journeys.activities.reaction import EVENT_UID as REACTION
from parcours.journeys.activities.reaction import STATUSES, told_of
from parcours.journeys.activities.read_audience import RECURRING
from parcours.journeys.agenda import ANSWER, END, EVENT, QUALIFICATION, RUN, TIMER, Agenda
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.discards import DUPLICATION, NO_JOURNEY, TOO_MANY_PENDING
from parcours.journeys.engine import advance, new_instance
from parcours.journeys.enrichment import ATTRIBUTES, EnrichedSources, attributes_of
from parcours.journeys.match import LiveJourneys, Presence, refuse_entrance
from parcours.journeys.model import (
    NOTHING,
    ActionAnswered,
    AssignPath,
    CallAction,
    CancelTimer,
    ChooseTime,
    DataFetched,
    Entered,
    EventReceived,
    FetchData,
    Jump,
    JumpOutcome,
    LookUp,
    MessageReply,
    Replied,
    Request,
    SendMessage,
    StartTimer,
    Stimulus,
    Stopped,
    TakeMessage,
    TakeSlot,
    TimerDue,
    TimeReply,
    Transition,
    UpdateProfile,
)
from parcours.journeys.people import GivenPeople, Listed, People, PersonData
from parcours.journeys.rulebook import RuleBook
from parcours.journeys.seen import InstanceIds, InstanceRecord, Received, VirtualClock, seeded_ids
from parcours.journeys.stubbed_calls import Ended, StubbedCalls
from parcours.journeys.stubs import Stub
from parcours.journeys.virtual_measures import VirtualMeasures
from parcours.kit.errors import Invalid, ParcoursError
from parcours.kit.paths import split_pointer
from parcours.lookups.errors import LookupInvalid, LookupTooLarge
from parcours.rulesets.ledger import Place
from parcours.rulesets.model import RuleSet
from parcours.rulesets.table import NO_RULE_SETS, RuleSetTable
from parcours.xdm.identities import Identity

if TYPE_CHECKING:  # what is only needed with audiences takes longer to load than a small simulation to run
    from parcours.audiences.model import Qualification
    from parcours.audiences.upload_store import Mode
    from parcours.journeys.audience_runs import AudienceSource
    from parcours.journeys.ledger import Ledger
    from parcours.journeys.runs_store import AudienceRun
    from parcours.journeys.store import Stop

DUPLICATE_WINDOW_US = 600_000_000
"""How long an entity with the same `_id` is not taken again: the pipeline's window (journeys §4.4)."""
NO_AUDIENCE = "NO_INTERESTED_JOURNEYS_FOR_SEGMENTMEMBERSHIP_EVENT"


class Endless(Invalid):
    """The world is to run until nothing is left to happen, and there always is something left."""


class CommandUnknown(ParcoursError):
    """The engine asks for something that the simulated world can't do."""


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
        audiences: "AudienceSource | None" = None,
        rule_sets: RuleSetTable = NO_RULE_SETS,
        data_sources: SourceTable = NO_SOURCES,
    ) -> None:
        """clock: the one the event configurations were compiled with. stubs: by the name of the action, or of the data
        source, or of its field group as `Source.group`.

        audiences: who is in them; None: whom uploads brought in. Every journey is open to entrances; others than the
        one looked at are targets of jumps, or run beside it.
        """
        self.clock = clock
        self.journeys = tuple(journeys)
        self.measured: VirtualMeasures | None = None
        """Success metrics and experiments; None where no journey has metrics."""
        if any(journey.metrics for journey in self.journeys):
            self.measured = VirtualMeasures(self.journeys, clock.at_us)
            self.journeys = self.measured.journeys
        self.people: People = GivenPeople() if people is None else people
        self.stubs: dict[str, Stub] = dict(stubs or {})
        self.records: list[InstanceRecord] = []
        """Every instance, in the order of entrance."""
        self.received: list[Received] = []
        """Every event that a configuration recognised, in order."""
        self.unmatched = 0
        """Entities that were no configured event."""
        self.turned_away: list[Received] = []
        """Members that runs did not let enter, each as an event of its own."""
        self.find_rows: Callable[[str, Sequence[str], Sequence[str]], list[dict[str, Any]]] | None = None
        """(data set, keys, dotted paths) → rows for lookups; None: those of the ledger."""
        self.step_lines: dict[int, list[bytes]] = {}
        """Step events of runs, as XDM records."""
        self._scope_id = scope_id
        self._events = events
        self._ids = seeded_ids("") if instance_ids is None else instance_ids
        self._source = audiences
        self._ledger: Ledger | None = None
        self._asked = frozenset(one for journey in self.journeys for one in journey.audience_ids.values())
        self._memberships: dict[tuple[Identity, ...], Collection[str]] = {}
        self._requests: deque[tuple[InstanceRecord, Request]] = deque()
        self._is_settling = False
        self._ends: set[str] = set()
        self._look_us: int | None = None
        """When runs are looked at next."""
        self._agenda = Agenda(clock)
        self._by_key: dict[tuple[str, str], list[InstanceRecord]] = {}
        self._calls = StubbedCalls(self.stubs, actions, data_sources, scope_id, clock, self._context)
        self._caps: dict[tuple[str, str], int] = {}
        live = LiveJourneys(versions={journey.version_uid: journey for journey in self.journeys})
        self._rules = RuleBook(rule_sets, live, clock.at_us, self._audiences_now, _nothing_counted)
        self._by_uid = {journey.journey_uid: journey for journey in self.journeys}
        self._seen: dict[str, int] = {}
        self._entries: dict[str, tuple[CompiledJourney, ...]] = {}
        self._listeners: dict[str, tuple[CompiledJourney, ...]] = {}
        for journey in self.journeys:
            uid = journey.entry_event_uid
            self._entries[uid] = (*self._entries.get(uid, ()), journey)
            for uid in journey.listened:
                self._listeners[uid] = (*self._listeners.get(uid, ()), journey)
        reading = [journey for journey in self.journeys if journey.type == "read_audience"]
        for journey in reading:
            self.ledger.publish(journey, clock.at_us)
        if reading:
            self._look_at_runs(clock.at_us)

    @property
    def ledger(self) -> "Ledger":
        """Audiences, their runs, rows of data sets."""
        if self._ledger is None:
            from parcours.journeys.ledger import Ledger

            self._ledger = Ledger(self.journeys, self._scope_id, self._source)
        return self._ledger

    # --- what is to come ---

    def schedule_event(self, at_us: int, configuration: EventConfiguration, payload: Mapping[str, Any]) -> None:
        """An event that is this configuration, whatever its conditions say. Raises MomentPassed."""
        self._agenda.add(at_us, EVENT, self._take_event, (configuration, payload))

    def schedule_entity(self, at_us: int, entity: Mapping[str, Any], schema_ids: Sequence[str]) -> None:
        """A streamed entity; the configurations of these schemas say which events it is. Raises MomentPassed."""
        self._agenda.add(at_us, EVENT, self._take_entity, (entity, schema_ids))

    def schedule_upload(
        self, at_us: int, audience_id: str, namespace: str, ids: Iterable[str | Listed], mode: "Mode" = "add"
    ) -> None:
        """An upload changes who is in an audience; ids: in the namespace of the audience. Raises MomentPassed."""
        self._agenda.add(at_us, EVENT, self._take_upload, (audience_id, namespace, ids, mode))

    def schedule_qualification(self, at_us: int, change: "Qualification") -> None:
        """Somebody has entered or left an audience that is not the ledger's. Raises MomentPassed."""
        self._agenda.add(at_us, QUALIFICATION, self._qualify, (change,))

    def schedule_change(self, at_us: int, change: Callable[[], None]) -> None:
        """Something about people that changes at a moment, such as an attribute. Raises MomentPassed."""
        self._agenda.add(at_us, EVENT, lambda do: do(), change)

    # --- time ---

    @property
    def next_us(self) -> int | None:
        """When something happens next; None when nothing will any more. It may turn out to be nothing."""
        return self._agenda.next_us

    def run(self, until_us: int | None = None) -> None:
        """Let everything happen up to a moment, that moment included; None: until nothing is left to happen.

        Raises Endless for None when an audience is read again and again, without an end.
        """
        if until_us is None:
            for journey in self.journeys:
                if _is_endless(journey):
                    raise Endless(f"“{journey.name}” reads its audience again and again without end: say until when")
        self._agenda.run(until_us)

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
        """Give an event to every journey it concerns."""
        if len(orjson.dumps(payload)) > MAX_EVENT_BYTES:
            self._note(configuration, key, payload, "refused", reason="eventTooLarge")
            return
        if configuration.related:
            payload = with_related(payload, configuration.related, self._row_of)
        uid = configuration.uid
        entries, listening = self._entries.get(uid, ()), self._listeners.get(uid, ())
        told: list[dict[str, Any]]
        if configuration.type == "business":
            told = self.ledger.begin(uid, payload, self.clock.at_us) if entries else []
            if told:
                self._look_at_runs(self.clock.at_us)
        else:
            supplemental = configuration.supplemental
            ids = None if supplemental is None else supplemental(payload)
            told = self._receive(uid, key, identity, payload, ids, entries, listening)
        is_heard = told or entries or listening or (self.measured is not None and self.measured.measuring(uid))
        self._note(configuration, key, payload, "matched" if is_heard else NO_JOURNEY, told)

    def _receive(
        self, event_uid: str, key: str | None, identity: Identity | None, payload: Mapping[str, Any],
        supplemental_ids: Sequence[str] | None, entries: Sequence[CompiledJourney],
        listening: Sequence[CompiledJourney],
    ) -> list[dict[str, Any]]:  # fmt: skip
        """To those who listen, then to the journeys it lets enter; what each made of it. As the worker's `receive`."""
        told: list[dict[str, Any]] = []
        if not key:
            for journey in dict.fromkeys((*entries, *listening)):
                told.append({**_names(journey), "outcome": "refused", "reason": "EXTERNAL_KEY_COMPUTATION_ERROR"})
            return told
        measured = self.measured
        measuring = () if measured is None else measured.measuring(event_uid)
        reads = any(journey.reads_profile for journey in (*entries, *listening, *measuring))
        data = self._person(identity) if reads else NOTHING
        if measured is not None and measuring:
            measured.pass_time(self.clock.at_us)
            for journey, metrics in measured.hear(event_uid, key, payload, data, supplemental_ids):
                told.append({**_names(journey), "outcome": "measured", "metrics": metrics})
        moved: set[tuple[str, str | None]] = set()
        for journey in listening:
            for record in tuple(self._by_key.get((journey.journey_uid, key), ())):
                instance = record.instance
                if record.journey is not journey or instance.node_id is None:
                    continue
                supplemental_id = instance.supplemental_id
                is_other = supplemental_ids is not None and supplemental_id not in (None, *supplemental_ids)
                transition = self._move(record, EventReceived(event_uid, payload, data, is_for_exit_only=is_other))
                place = (journey.journey_uid, supplemental_id)
                if transition.ignored is None:
                    moved.add(place)
                    outcome = {"outcome": "queued" if transition.queued else "movedOn"}
                else:
                    outcome = {"outcome": "ignored", "reason": transition.ignored}
                    if transition.ignored == TOO_MANY_PENDING:
                        moved.add(place)
                if place in moved or journey not in entries:
                    told.append({**_names(journey), **outcome, "instanceId": instance.id})
        arbitrated: dict[str, int] = {}
        is_ruled = any(self._rules.entry_sets(journey) for journey in entries)
        for journey in sorted(entries, key=self._rules.rank) if is_ruled else entries:
            wanted: Sequence[str | None] = (None,)
            if journey.uses_supplemental_id:
                wanted = supplemental_ids or ()
                if not wanted:
                    reason = "EXTERNAL_KEY_COMPUTATION_ERROR"
                    told.append({**_names(journey), "outcome": "refused", "reason": reason})
            before = len(told)
            for one in wanted:
                if (journey.journey_uid, one) not in moved:
                    told.append(self._enter(journey, key, payload, data, one, arbitrated=arbitrated))
            if is_ruled:
                entered = sum(one["outcome"] == "entered" for one in told[before:])
                for rule_set in self._rules.entry_sets(journey):
                    arbitrated[rule_set.uid] = arbitrated.get(rule_set.uid, 0) + entered
        return told

    def _count_inside(self, key: str, journey_uids: Iterable[str], rule_set: RuleSet) -> int:
        return sum(
            record.instance.node_id is not None and rule_set in self._rules.entry_sets(record.journey)
            for uid in journey_uids
            for record in self._by_key.get((uid, key), ())
        )

    def _audiences_now(self, _scope_id: int, identity: Identity, ids: Collection[str]) -> Collection[str]:
        return self.audiences_of(identity, ids)

    def _enter(
        self, journey: CompiledJourney, key: str, payload: Mapping[str, Any], data: Mapping[str, Any],
        supplemental_id: str | None = None, *, run: Mapping[str, Any] | None = None, life_us: int | None = None,
        arbitrated: Mapping[str, int] = NOTHING, jump: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Let a key in, or say why not. As `JourneyWorkspace._enter`."""
        now_us = self.clock.at_us
        every = self._by_key.setdefault((journey.journey_uid, key), [])
        before = every
        if journey.uses_supplemental_id:
            before = [record for record in every if record.instance.supplemental_id == supplemental_id]
        presence = None
        if before and not (run is not None and journey.allows_multiple_executions):
            is_active = any(record.instance.node_id is not None for record in before)
            if is_active or run is None:  # who has left may come again with each run (journeys §9.2)
                presence = Presence(before[-1].instance.entered_at_us, is_active)
        names = _names(journey)
        if supplemental_id is not None:
            names["supplementalId"] = supplemental_id
        reason = refuse_entrance(journey, key, presence, now_us, payload, data)
        if reason is None and supplemental_id is not None:
            inside = sum(record.instance.node_id is not None for record in every)
            reason = "JOURNEY_INSTANCE_ID_NOT_CREATED" if inside >= MAX_SUPPLEMENTAL_IDS else None
        if reason is not None:
            return {**names, "outcome": "refused", "reason": reason}
        self._rules.now_us = now_us
        refusal = self._rules.refuse_entry(journey, key, partial(self._count_inside, key), arbitrated)
        if refusal is not None:
            return {**names, "outcome": "refused", "reason": refusal.reason, "rejectedRuleset": refusal.to_json()}
        self._rules.count_entry(journey, key)
        instance = new_instance(
            journey, self._ids(journey, key, len(every)), key, now_us, supplemental_id=supplemental_id, run=run,
            life_us=life_us, jump=jump,
        )  # fmt: skip
        record = InstanceRecord(journey, instance, bool(before))
        self.records.append(record)
        every.append(record)
        if self.measured is not None:
            self.measured.measures.know(journey, instance.id, key, supplemental_id, now_us)
        if journey.end_us is not None and journey.version_uid not in self._ends:
            self._ends.add(journey.version_uid)
            self._agenda.add(journey.end_us, END, self._take_end, journey)
        self._move(record, Entered(payload, data))
        return {**names, "outcome": "entered", "instanceId": instance.id}

    # --- audiences and their runs ---

    def bring_in(self, audience_id: str, namespace: str, ids: Iterable[str | Listed], mode: "Mode" = "add") -> None:
        """Let people be in an audience, or not, from the beginning: no journey hears of it."""
        namespace = canonical_namespace(namespace)
        self.ledger.bring_in(audience_id, namespace, ids, self.clock.at_us, mode, is_told=False)
        self._memberships.clear()

    def audiences_of(self, identity: Identity, audience_ids: Iterable[str] | None = None) -> Collection[str]:
        """Ids of the audiences a person is in, of those that expressions of the journeys ask for, or of these."""
        if self._ledger is None and self._source is None:
            return ()
        cluster = self.people.cluster(identity)
        if audience_ids is not None:
            return self.ledger.audiences_of(cluster, audience_ids)
        found = self._memberships.get(cluster)
        if found is None:
            found = self._memberships[cluster] = self.ledger.audiences_of(cluster, self._asked)
        return found

    def runs(self, journey: CompiledJourney) -> "list[AudienceRun]":
        """Runs of a journey that begins with Read audience, or with a business event; the first one first."""
        return [] if self._ledger is None else self._ledger.runs(journey.version_uid)

    def _take_upload(self, what: "tuple[str, str, Iterable[str | Listed], Mode]") -> None:
        audience_id, namespace, ids, mode = what
        now_us = self.clock.at_us
        changes = self.ledger.bring_in(audience_id, canonical_namespace(namespace), ids, now_us, mode)
        self._memberships.clear()
        uid = event_uid_of(audience_id)
        if changes and (uid in self._entries or uid in self._listeners):
            self._agenda.add(now_us, QUALIFICATION, self._qualify, changes)
        self._look_at_runs(now_us)  # one of them may wait for this

    def _qualify(self, changes: "Iterable[Qualification]") -> None:
        """Changes of memberships, each to the journeys about a namespace the person is known in: as `Batch.qualify`."""
        for change in changes:
            uid = event_uid_of(change.audience_id)
            entries, listening = self._entries.get(uid, ()), self._listeners.get(uid, ())
            payload = payload_of(change.audience_id, change.status, change.at_us)
            identity = (change.namespace, change.identity)
            spaces = {canonical_namespace(j.namespace) for j in (*entries, *listening) if j.namespace}
            found = [
                (namespace, key)
                for namespace in sorted(spaces)
                if (key := self.key_in(self._scope_id, identity, namespace)) is not None
            ]
            for namespace, key in found or [identity]:
                mine, theirs = (
                    [j for j in journeys if j.namespace and canonical_namespace(j.namespace) == namespace]
                    for journeys in (entries, listening)
                )
                told = self._receive(uid, key, (namespace, key), payload, None, mine, theirs)
                self.received.append(
                    Received(
                        self.clock.at_us, "AudienceQualification", uid, f"{change.audience_id}-{change.seq}", key,
                        namespace, "matched" if told else NO_AUDIENCE, told,
                    )
                )  # fmt: skip

    def _look_at_runs(self, at_us: int | None) -> None:
        """Look at a moment whether a run of an audience has something to do."""
        is_sooner = at_us is not None and (self._look_us is None or at_us < self._look_us)
        if at_us is not None and is_sooner and any(journey.audience_read is not None for journey in self.journeys):
            self._look_us = at_us
            self._agenda.add(at_us, RUN, self._take_runs, at_us)

    def _take_runs(self, at_us: int) -> None:
        if at_us != self._look_us:
            return  # an earlier look came before it
        self._look_us = None
        self._look_at_runs(self.ledger.take(self, self.clock.at_us, self._take_stop))

    def key_in(self, _scope_id: int, identity: Identity, namespace: str) -> str | None:
        """See `audience_runs.Entering`."""
        wanted = canonical_namespace(namespace)
        return next((value for code, value in self.people.cluster(identity) if code == wanted), None)

    def enter_run(
        self, journey: CompiledJourney, keys: Sequence[str], run: "AudienceRun", life_us: int | None = None,
        ids: Mapping[str, Sequence[str]] | None = None,
        attributes: Mapping[tuple[str, str | None], Mapping[str, Any]] | None = None,
        before: Sequence["AudienceRun"] = (),
    ) -> tuple[int, int]:  # fmt: skip
        """See `audience_runs.Entering`."""
        payload = orjson.loads(run.payload) if run.payload else {}
        index: dict[str, Any] = {"id": run.id, "index": run.number}
        waves = {run.id, *(wave.id for wave in before)}
        entered = left_out = 0
        for key in keys:
            data = self._data(journey, journey.namespace, key)
            every = self._by_key.get((journey.journey_uid, key), ())
            runs = ((r.instance.run, r.instance.supplemental_id) for r in every)
            met = {one for told, one in runs if told is not None and told["id"] in waves}
            wanted: Sequence[str | None] = (None,) if ids is None else ids[key]
            outcomes = [
                {**_names(journey), "outcome": "refused", "reason": DUPLICATION}
                if one in met
                else self._enter(
                    journey, key, payload, data, one, life_us=life_us,
                    run=index if attributes is None else {**index, ATTRIBUTES: attributes[key, one]},
                )
                for one in wanted
            ]  # fmt: skip
            if not wanted:
                outcomes = [{**_names(journey), "outcome": "refused", "reason": "EXTERNAL_KEY_COMPUTATION_ERROR"}]
            entered += sum(told["outcome"] == "entered" for told in outcomes)
            left_out += sum(told.get("reason") == DUPLICATION for told in outcomes)
            for told in outcomes:
                if told["outcome"] != "entered":
                    self._turn_away(journey, run, journey.namespace, key, told)
        return entered, left_out

    def leave_out(self, journey: CompiledJourney, run: "AudienceRun", identity: Identity, reason: str) -> None:
        """See `audience_runs.Entering`."""
        self._turn_away(journey, run, *identity, {**_names(journey), "outcome": "refused", "reason": reason})

    def _turn_away(
        self, journey: CompiledJourney, run: "AudienceRun", namespace: str | None, key: str, told: dict[str, Any]
    ) -> None:
        self.turned_away.append(
            Received(
                self.clock.at_us, "ReadAudience", journey.entry_event_uid, run.id, key, namespace, "matched", (told,),
            )
        )  # fmt: skip

    def _take_stop(self, stop: "Stop") -> None:
        self._take_out(stop.version_uid, stop.reason)

    def _take_end(self, journey: CompiledJourney) -> None:
        """The end date: who is still inside leaves."""
        self._take_out(journey.version_uid, "endDate")

    def _take_out(self, version_uid: str, reason: str) -> None:
        inside = [r for r in self.records if r.journey.version_uid == version_uid and r.instance.node_id is not None]
        for record in sorted(inside, key=lambda one: one.instance.key):
            self._move(record, Stopped(reason))

    # --- instances ---

    def _move(self, record: InstanceRecord, stimulus: Stimulus) -> Transition:
        """Advance, then do what instances ask for, until none asks any more: as `JourneyWorkspace._move`."""
        if self.measured is not None:
            self.measured.pass_time(self.clock.at_us)
        transition = self._advance(record, stimulus)
        if self._requests and not self._is_settling:
            self._is_settling = True
            while self._requests:
                asking, command = self._requests.popleft()
                reply = _REPLY[type(command)](self, asking, command)
                self._advance(asking, Replied(command.node_id, command.pass_no, reply, self._data_of(asking)))
            self._is_settling = False
        return transition

    def _advance(self, record: InstanceRecord, stimulus: Stimulus) -> Transition:
        transition = advance(record.journey, record.instance, stimulus, self.clock.at_us)
        if transition.ignored is not None:
            return transition
        record.instance = transition.instance
        record.steps += transition.steps
        if record.journey.measures_completion and record.instance.status == "ended" and self.measured is not None:
            self.measured.measures.complete(record.instance.id)
        for command in transition.commands:
            kind = type(command)
            perform = _PERFORM.get(kind)
            if perform is not None:
                perform(self, record, command, stimulus.data)
            elif kind in _REPLY:
                self._requests.append((record, command))  # type: ignore[arg-type]  # it is one of its keys
            else:
                raise CommandUnknown(f"a simulated world can't {kind.__name__}")
        return transition

    def _data_of(self, record: InstanceRecord) -> Mapping[str, Any]:
        return self._data(record.journey, record.instance.namespace, record.instance.key)

    def _data(self, journey: CompiledJourney, namespace: str | None, key: str) -> Mapping[str, Any]:
        """What expressions of a journey read of a person now."""
        return self._person(_identity(namespace, key)) if journey.reads_profile else NOTHING

    def _person(self, identity: Identity | None) -> Mapping[str, Any]:
        if identity is None:
            return NOTHING
        return PersonData(self.people, identity, self.clock.at_us, self.audiences_of if self._asked else None)

    def _start_timer(self, record: InstanceRecord, command: StartTimer, _data: Mapping[str, Any]) -> None:
        record.timers[command.node_id, command.pass_no] = command.due_at_us
        self._agenda.add(command.due_at_us, TIMER, self._take_timer, (record, command))

    def _cancel_timer(self, record: InstanceRecord, command: CancelTimer, _data: Mapping[str, Any]) -> None:
        record.timers.pop((command.node_id, command.pass_no), None)

    def _take_timer(self, what: tuple[InstanceRecord, StartTimer]) -> None:
        record, timer = what
        place = (timer.node_id, timer.pass_no)
        if record.timers.get(place) != timer.due_at_us:
            return  # cancelled, or put off
        del record.timers[place]
        self._move(record, TimerDue(timer.node_id, timer.pass_no, self._data_of(record)))

    def _call(self, record: InstanceRecord, command: CallAction, data: Mapping[str, Any]) -> None:
        self._end_call(record, self._calls.call(record, command, data), data)

    def _send(self, record: InstanceRecord, command: SendMessage, data: Mapping[str, Any]) -> None:
        self._end_call(record, self._calls.send(record, command, data), data)

    def _end_call(self, record: InstanceRecord, ended: Ended, data: Mapping[str, Any]) -> None:
        """Give a call its answer when it comes; one that can't be made fails within the moment, as for the worker."""
        sent, at_us, outcome, is_made, reactions = ended
        record.sent.append(sent)

        def answer(data: Mapping[str, Any]) -> Stimulus:
            sent.answered_us, sent.status_code = self.clock.at_us, outcome.status_code
            return ActionAnswered(sent.node_id, sent.pass_no, outcome, data)

        if not is_made:
            self._advance(record, answer(data))
            return
        self._agenda.add(at_us, ANSWER, self._take_answer, (record, answer))
        for name, after_us in reactions:
            self._agenda.add(at_us + after_us, EVENT, self._react, (record, sent.pass_no, name))

    def _react(self, what: tuple[InstanceRecord, int, str]) -> None:
        record, pass_no, name = what
        told = told_of(STATUSES[name], (name,), pass_no, NOTHING)
        if self.measured is not None:
            self.measured.pass_time(self.clock.at_us)
            self.measured.measures.react(record.journey.scope_id, record.instance.id, (name,))
        self._move(record, EventReceived(REACTION, told, self._data_of(record)))

    def _fetch(self, record: InstanceRecord, command: FetchData, data: Mapping[str, Any]) -> None:
        at_us, outcomes = self._calls.fetch(record, command, data)

        def answer(now: Mapping[str, Any]) -> Stimulus:
            return DataFetched(command.node_id, command.pass_no, outcomes, now)

        self._agenda.add(at_us, ANSWER, self._take_answer, (record, answer))

    def _context(self, record: InstanceRecord, data: Mapping[str, Any]) -> EvaluationContext:
        """What a stub's rules read."""
        instance = record.instance
        properties = {
            **record.journey.properties, "externalKey": instance.key, "profileId": instance.key,
            "namespace": instance.namespace, "instanceUID": instance.id,
        }  # fmt: skip
        if not data:
            data = self._person(_identity(instance.namespace, instance.key))
        if record.journey.carries_attributes:
            data = EnrichedSources(data, attributes_of(instance.run))
        return EvaluationContext(instance.events, data, instance.actions, properties, self.clock.at_us)

    def _take_answer(self, what: tuple[InstanceRecord, Callable[[Mapping[str, Any]], Stimulus]]) -> None:
        record, make = what
        self._move(record, make(self._data_of(record)))

    # --- what is asked for within a moment ---

    def _take_slot(self, record: InstanceRecord, command: TakeSlot) -> bool:
        place = (record.journey.version_uid, command.node_id)
        taken = self._caps.get(place, 0)
        if taken < command.limit:
            self._caps[place] = taken + 1
        return taken < command.limit

    def _assign_path(self, record: InstanceRecord, command: AssignPath) -> str:
        if self.measured is None:
            return command.path
        return self.measured.measures.assign(record.journey, record.instance, command)

    def _take_message(self, record: InstanceRecord, command: TakeMessage) -> MessageReply:
        instance = record.instance
        # read for a time zone only, whether or not the journey reads the profile
        data = self._person(_identity(instance.namespace, instance.key))
        self._rules.now_us = self.clock.at_us
        return MessageReply(self._rules.judge(record.journey, instance.id, instance.key, command, data), command)

    def _choose_time(self, record: InstanceRecord, command: ChooseTime) -> TimeReply:
        """Nothing is known of earlier messages: all but those whose hour is drawn are sent at once."""
        return reply_to(command, self.clock.at_us, record.instance)

    def _look_up(self, _record: InstanceRecord, command: LookUp) -> Any:
        paths = [".".join(split_pointer(pointer)) for pointer in command.fields]
        try:
            return (self.find_rows or self.ledger.look_up)(command.data_set_id, command.keys, paths)
        except (LookupInvalid, LookupTooLarge) as error:
            return str(error)

    def _row_of(self, data_set_id: str, key: str) -> Mapping[str, Any] | None:
        """The row that an event names; one that is too long to be kept is none."""
        try:
            rows = (self.find_rows or self.ledger.look_up)(data_set_id, [key], ())
        except LookupTooLarge:
            return None
        return rows[0] if rows else None

    def _jump(self, record: InstanceRecord, command: Jump) -> JumpOutcome:
        """Into a journey of this world; one that is not in it is taken to let enter, and nothing more is known."""
        target = self._by_uid.get(command.journey_uid)
        if target is None:
            return JumpOutcome("entered")
        if command.event_uid and target.entry_event_uid != command.event_uid:
            return JumpOutcome("error", "targetEventChanged")
        instance = record.instance
        before = self._by_key.get((target.journey_uid, instance.key), ())
        if any(other.instance.node_id is not None for other in before):
            return JumpOutcome("present")
        _, payload = first_event(instance, command, self.clock.at_us)
        data = self._data(target, instance.namespace, instance.key)
        told = self._enter(target, instance.key, payload, data, jump=provenance(instance))
        if told["outcome"] != "entered":
            return JumpOutcome("error", told["reason"])
        return JumpOutcome("entered", None, told["instanceId"])

    def _update_profile(self, record: InstanceRecord, command: UpdateProfile) -> str | None:
        identity = _identity(record.instance.namespace, record.instance.key)
        if identity is None:
            return "dataSetNotUsable"
        return None if self.people.update(identity, command.updates) else "profileNotFound"


_PERFORM: dict[type, Callable[[World, InstanceRecord, Any, Mapping[str, Any]], None]] = {
    StartTimer: World._start_timer,
    CancelTimer: World._cancel_timer,
    CallAction: World._call,
    FetchData: World._fetch,
    SendMessage: World._send,
}
"""What the world does for each command of the engine."""
_REPLY: dict[type, Callable[[World, InstanceRecord, Any], Any]] = {
    TakeSlot: World._take_slot,
    AssignPath: World._assign_path,
    TakeMessage: World._take_message,
    ChooseTime: World._choose_time,
    LookUp: World._look_up,
    Jump: World._jump,
    UpdateProfile: World._update_profile,
}
"""What it replies, within the moment, to those that ask for something."""


def _nothing_counted(_scope_id: int, _people: Sequence[str], _now_us: int) -> Iterable[tuple[Place, int]]:
    """A simulated world begins without any count."""
    return ()


def _is_endless(journey: CompiledJourney) -> bool:
    """Whether a journey reads its audience again and again, without an end."""
    read = journey.audience_read
    if read is None or journey.type != "read_audience" or journey.end_us is not None:
        return False
    return read.schedule.get("type") in RECURRING and "endDate" not in read.schedule


def _identity(namespace: str | None, key: str | None) -> Identity | None:
    return None if namespace is None or not key else (canonical_namespace(namespace), key)


def _names(journey: CompiledJourney) -> dict[str, Any]:
    return {"journey": journey.name, "journeyUid": journey.journey_uid, "versionUid": journey.version_uid}
