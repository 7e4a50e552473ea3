"""Instances during one transaction: loaded once, moved in memory by the pure engine, written together at the end."""

import collections
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import orjson
from sqlalchemy import Connection

from parcours.actions.table import ActionTable
from parcours.events.feedback import Feedback
from parcours.events.model import EventConfiguration
from parcours.journeys import runs_store, store
from parcours.journeys.activities.jump import first_event, provenance
from parcours.journeys.activities.reaction import EVENT_UID as REACTION
from parcours.journeys.activities.reaction import reactions_of, told_of
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.counter_store import add_counts
from parcours.journeys.counters import Tally
from parcours.journeys.discards import DUPLICATION, IN_PAUSE, NO_JOURNEY, TOO_MANY_PENDING, Discards
from parcours.journeys.engine import INTERNAL_ERROR, advance, new_instance
from parcours.journeys.enrichment import ATTRIBUTES
from parcours.journeys.match import NOT_A_TEST_PROFILE, LiveJourneys, Presence, is_test_profile, refuse_entrance
from parcours.journeys.measure_store import StoredMeasures
from parcours.journeys.measuring import Measures
from parcours.journeys.model import (
    ActionAnswered,
    ActionOutcome,
    AssignPath,
    CallAction,
    CancelTimer,
    ChooseTime,
    DataFetched,
    Entered,
    EventReceived,
    FetchData,
    FetchOutcome,
    Jump,
    JumpOutcome,
    LookUp,
    MessageReply,
    Replied,
    Request,
    Resumed,
    SendMessage,
    StartTimer,
    StepEvent,
    Stimulus,
    Stopped,
    TakeMessage,
    TakeSlot,
    TimerDue,
    Transition,
)
from parcours.journeys.outgoing import action_call, fetch_call, message_call
from parcours.journeys.rulebook import RuleBook
from parcours.journeys.run import make
from parcours.journeys.send_times import SendTimes
from parcours.journeys.state import Texts, instance_from_row, instance_to_state
from parcours.journeys.steps import to_lines, to_stored
from parcours.journeys.workset import (
    Arrival,
    Held,
    Interest,
    Key,
    OutgoingCall,
    World,
    instance_id_of,
    is_about,
    names_of,
)
from parcours.rulesets import store as rule_counts
from parcours.rulesets.model import SEND, Refusal, RuleSet, Verdict
from parcours.templates.table import NO_TEMPLATES, TemplateTable
from parcours.xdm.identities import Identity

PUT_OFF_US = 60_000_000
"""How long until a timer is tried again whose journey can't be run."""
MAX_TEST_PROFILES = 100
"""Individuals in one session of test mode (journeys §10.2)."""
MAX_SUPPLEMENTAL = 10
"""Instances of one individual at a time in a journey with supplemental ids (journeys §12.3)."""


class JourneyWorkspace:
    """Moves instances; `flush` writes them with their timers and step events."""

    def __init__(
        self, connection: Connection, live: LiveJourneys, actions: ActionTable, world: World, now_us: int,
        rules: RuleBook | None = None, templates: TemplateTable = NO_TEMPLATES,
    ) -> None:  # fmt: skip
        """rules: None where no rule sets are asked."""
        self._connection = connection
        self._templates = templates
        self._live = live
        self._actions = actions
        self._world = world
        self._now_us = now_us
        self._rules = rules
        self._interests: dict[tuple[int, str], Interest] = {}
        self._held: dict[str, Held] = {}
        self._by_key: dict[Key, list[Held]] = {}
        self._latest_entrance: dict[tuple[int, str, str, str | None], int] = {}
        """By (scope, `presence_uid`, key, supplemental id)."""
        self._new_timers: dict[tuple[str, str, int], tuple[Any, ...]] = {}
        self._gone_timers: dict[tuple[str, str, int], None] = {}
        self._unmovable: set[str] = set()
        self._put_off: list[tuple[str, str, int]] = []
        self._steps: list[tuple[Any, ...]] = []
        self._requests: collections.deque[tuple[Held, Request]] = collections.deque()
        self._is_settling = False
        self._caps: dict[str, dict[str, int]] = {}
        self._changed_caps: set[tuple[str, str]] = set()
        self._test_profiles: dict[str, int] = {}
        self._discards = Discards(now_us)
        self._send_times = SendTimes(connection, now_us)
        self._measures = Measures(StoredMeasures(connection), now_us)
        self.texts: Texts = {}
        """Payloads received that are at hand as JSON, so that they needn't be made JSON again."""
        self.tally = Tally()
        """What is counted of this transaction."""
        self.calls: list[OutgoingCall] = []
        """Calls the instances want made."""
        self.step_lines: dict[int, list[bytes]] = {}
        """Step events as XDM records, by scope."""

    # --- loading ---

    def preload(self, keys: Iterable[Key]) -> None:
        """Read the instances of many keys in few statements."""
        known = self._by_key
        wanted = [key for key in keys if key not in known]
        if not wanted:
            return
        wanted = list(dict.fromkeys(wanted))
        found = store.find_by_key(self._connection, wanted)
        if self._rules is not None:
            self._know(wanted)
        for key in wanted:
            held: list[Held] = []
            for row in found.get(key, ()):
                scope_id, journey_uid, of = key
                journey = self._live.get(row.version_uid)
                presence_uid = journey_uid if journey is None else journey.presence_uid
                self._latest_entrance[scope_id, presence_uid, of, row.supplemental_id] = row.entered_at_us
                if journey is not None and (scope_id, journey_uid) in self._live.measured:
                    self._measures.know(journey, row.id, row.key, row.supplemental_id, row.entered_at_us)
                if row.node_id is not None:
                    one = self._hold(row)
                    if one is not None:
                        held.append(one)
            known[key] = held
        if self._live.experimenting:
            self._know_paths(wanted)

    def _know_paths(self, keys: Iterable[Key]) -> None:
        """Have read what individuals got in experiments, of journeys that remember it."""
        people: dict[str, list[str]] = {}
        for scope_id, journey_uid, key in keys:
            for version_uid in self._live.experimenting.get((scope_id, journey_uid), ()):
                people.setdefault(version_uid, []).append(key)
        for version_uid, of_version in people.items():
            self._measures.preload(version_uid, of_version)

    def _know(self, keys: Iterable[Key]) -> None:
        """Have the counts of rules read of those who may enter or get messages."""
        assert self._rules is not None
        people: dict[int, list[tuple[str, str]]] = {}
        for scope_id, journey_uid, key in keys:
            people.setdefault(scope_id, []).append((journey_uid, key))
        for scope_id, of_scope in people.items():
            self._rules.preload(scope_id, of_scope)

    def interest(self, scope_id: int, event_uid: str) -> Interest:
        """Which journeys an event concerns; looked up once for a batch."""
        found = self._interests.get((scope_id, event_uid))
        if found is None:
            entries = self._live.by_event(scope_id, event_uid)
            listening = self._live.listening(scope_id, event_uid)
            measuring = self._live.measuring.get((scope_id, event_uid), ())
            every = tuple(dict.fromkeys((*entries, *listening, *measuring)))
            uids = dict.fromkeys(journey.journey_uid for journey in every)
            reads_profile = any(journey.reads_profile or journey.mode == "test" for journey in every)
            rules = self._rules
            is_ruled = False
            if rules is not None and rules.rules(scope_id):
                is_ruled = any(rules.entry_sets(journey) for journey in entries)
                uids.update(dict.fromkeys(uid for journey in entries for uid in rules.peers(journey)))
                reads_profile = reads_profile or any(rules.looks_at_time_zones(journey) for journey in every)
                if is_ruled:
                    entries = tuple(sorted(entries, key=rules.rank))
            found = self._interests[scope_id, event_uid] = Interest(
                entries, listening, every, tuple(uids), reads_profile, is_ruled, measuring
            )
        return found

    def load(self, ids: Iterable[str]) -> None:
        """Read instances by id; those whose journey no longer runs are left out."""
        wanted = [i for i in dict.fromkeys(ids) if i not in self._held]
        rows = store.find_instances(self._connection, wanted)
        if self._rules is not None:
            self._know((row.scope_id, row.journey_uid, row.key) for row in rows.values())
        if self._live.experimenting:
            self._know_paths((row.scope_id, row.journey_uid, row.key) for row in rows.values())
        for row in rows.values():
            journey = self._live.get(row.version_uid)
            if journey is not None and journey.metrics:
                self._measures.know(journey, row.id, row.key, row.supplemental_id, row.entered_at_us)
            if row.node_id is not None and self._hold(row) is None and row.scope_id in self._live.scopes:
                self._unmovable.add(row.id)

    def _hold(self, row: store.StoredInstance) -> Held | None:
        known = self._held.get(row.id)
        if known is not None:
            return known
        journey = self._live.get(row.version_uid)
        if journey is None:
            return None
        held = Held(journey, instance_from_row(row), is_new=False)
        self._held[row.id] = held
        return held

    # --- moving ---

    def receive(self, arrival: Arrival) -> list[dict[str, Any]]:
        """Deliver one matched event to every journey it concerns; what each made of it, as `trace` tells it."""
        told: list[dict[str, Any]] = []
        scope_id, event_uid, key, payload, _, _, data, supplemental_ids, namespace = arrival
        entries, listening, every, journey_uids, _, is_ruled, measuring = self.interest(scope_id, event_uid)
        if not key:
            reason = "EXTERNAL_KEY_COMPUTATION_ERROR"
            return [
                self._refuse(journey, None, reason, arrival)
                for journey in every
                if not measuring or journey in entries or journey in listening
            ]
        for journey_uid in journey_uids:
            if (scope_id, journey_uid, key) not in self._by_key:
                self.preload([(scope_id, one, key) for one in journey_uids])
                break
        if measuring:
            told += self._measure(arrival, key, measuring)
        moved: set[tuple[str, str | None]] = set()
        if namespace is not None:
            listening = tuple([journey for journey in listening if is_about(journey, namespace)])
            entries = tuple([journey for journey in entries if is_about(journey, namespace)])
        for journey in listening:
            for held in list(self._by_key[scope_id, journey.journey_uid, key]):
                if held.journey is not journey or held.instance.is_ended:
                    continue
                instance = held.instance
                is_other = (
                    supplemental_ids is not None
                    and instance.supplemental_id is not None
                    and instance.supplemental_id not in supplemental_ids
                )
                stimulus = EventReceived(event_uid, payload, data, is_for_exit_only=is_other)
                transition = self._move(held, stimulus)
                if transition.ignored is None:
                    moved.add((journey.presence_uid, instance.supplemental_id))
                    outcome = {"outcome": "queued" if transition.queued else "movedOn"}
                    self.tally.hear(journey, event_uid, outcome["outcome"])
                else:
                    outcome = {"outcome": "ignored", "reason": transition.ignored}
                    if transition.ignored == TOO_MANY_PENDING:
                        moved.add(
                            (journey.presence_uid, instance.supplemental_id)
                        )  # they listen: it starts nothing else
                        self._refuse(journey, key, TOO_MANY_PENDING, arrival, supplemental_id=instance.supplemental_id)
                    elif journey not in entries:
                        self.tally.hear(journey, event_uid, f"ignored {transition.ignored}")
                        if transition.ignored == IN_PAUSE:
                            seed = f"{_seed(arrival)}|{instance.id}"
                            self._tell(scope_id, self._discards.line(journey, event_uid, key, IN_PAUSE, seed))
                if (journey.presence_uid, instance.supplemental_id) in moved or journey not in entries:
                    told.append({**names_of(journey), **outcome, "instanceId": instance.id})
        arbitrated: dict[str, int] | None = {} if is_ruled else None
        for journey in entries:
            wanted: Sequence[str | None] = (None,)
            if journey.uses_supplemental_id:
                wanted = supplemental_ids or ()
                if not wanted:
                    told.append(self._refuse(journey, key, "EXTERNAL_KEY_COMPUTATION_ERROR", arrival))
            before = len(told)
            for supplemental_id in wanted:
                if (journey.presence_uid, supplemental_id) not in moved:
                    told.append(self._enter(journey, key, supplemental_id, arrival, arbitrated=arbitrated))
            if arbitrated is not None and self._rules is not None:
                entered = sum(one["outcome"] == "entered" for one in told[before:])
                for rule_set in self._rules.entry_sets(journey):
                    arbitrated[rule_set.uid] = arbitrated.get(rule_set.uid, 0) + entered
        return told

    def _measure(self, arrival: Arrival, key: str, journeys: Iterable[CompiledJourney]) -> list[dict[str, Any]]:
        """Count an event as the outcome of entrances before it; of which metrics, as `trace` tells it."""
        told: list[dict[str, Any]] = []
        for journey in journeys:
            counted = self._measures.hear(
                journey, arrival.event_uid, key, arrival.payload, arrival.data, arrival.supplemental_ids
            )
            if counted:
                told.append({**names_of(journey), "outcome": "measured", "metrics": counted})
        return told

    def _refuse(
        self, journey: CompiledJourney, key: str | None, reason: str, arrival: Arrival,
        refusal: Refusal | None = None, supplemental_id: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """An event that a journey refused is counted, and told in the lake; what `trace` tells of it.

        supplemental_id: of the instance, where one event is refused for each.
        """
        self.tally.discard(journey, arrival.event_uid, reason)
        seed = _seed(arrival) if supplemental_id is None else f"{_seed(arrival)}|{supplemental_id}"
        line = self._discards.line(journey, arrival.event_uid, key, reason, seed, refusal)
        self._tell(journey.scope_id, line)
        told = {**names_of(journey), "outcome": "refused", "reason": reason}
        return told if refusal is None else {**told, "rejectedRuleset": refusal.to_json()}

    def turn_away(self, configuration: EventConfiguration, key: str | None, seed: str) -> None:
        """An event that concerns no journey is counted, and told in the lake. seed: as in `Arrival`, and its `_id`."""
        scope_id, uid = configuration.scope_id, configuration.uid
        self.tally.discard_event(scope_id, uid, NO_JOURNEY)
        line = self._discards.unheard(scope_id, uid, configuration.event_id, configuration.namespace, key or None, seed)
        self._tell(scope_id, line)

    def leave_out(self, journey: CompiledJourney, run: runs_store.AudienceRun, identity: Identity, reason: str) -> None:
        """See `audience_runs.Entering`."""
        assert journey.audience_read is not None
        self.tally.discard(journey, journey.entry_event_uid, reason)
        self._tell(journey.scope_id, self._discards.member(journey, journey.audience_read, run, identity, reason))

    def _tell(self, scope_id: int, line: bytes | None) -> None:
        """A record of a refusal; None: enough were told."""
        if line is not None:
            self.step_lines.setdefault(scope_id, []).append(line)

    def _enter(
        self, journey: CompiledJourney, key: str, supplemental_id: str | None, arrival: Arrival,
        *, run: Mapping[str, Any] | None = None, life_us: int | None = None,
        arbitrated: Mapping[str, int] | None = None, jump: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """arbitrated: by rule set, how many other journeys the same event let the key enter. jump: `Instance.jump`."""
        _, event_uid, _, payload, from_seed, received_at_ms, data, _, _ = arrival
        scope_id, now_us = journey.scope_id, self._now_us
        place = (scope_id, journey.journey_uid, key)
        entrance = (scope_id, journey.presence_uid, key, supplemental_id)
        entered_at_us = self._latest_entrance.get(entrance)
        presence = None
        if entered_at_us is not None and not (run is not None and journey.allows_multiple_executions):
            present = any(held.instance.supplemental_id == supplemental_id for held in self._inside(journey, place))
            if present or run is None:  # who has left may come again with each run (journeys §9.2)
                presence = Presence(entered_at_us, present)
        names = names_of(journey)
        if supplemental_id is not None:
            names["supplementalId"] = supplemental_id
        reason = refuse_entrance(journey, key, presence, now_us, payload, data)
        if reason is None:
            reason = self._refuse_number(journey, place, supplemental_id)
        refusal = None
        if reason is None and self._rules is not None:
            inside = partial(self._count_inside, scope_id, key)
            refusal = self._rules.refuse_entry(journey, key, inside, arbitrated or {})
            reason = None if refusal is None else refusal.reason
        if reason is not None:
            return {**self._refuse(journey, key, reason, arrival, refusal, supplemental_id), **names}
        instance_id = _instance_id(journey, key, supplemental_id, from_seed, received_at_ms)
        instance = new_instance(
            journey, instance_id, key, now_us, supplemental_id=supplemental_id, run=run, life_us=life_us,
            jump=jump,
        )  # fmt: skip
        held = Held(journey, instance, is_new=True, is_reentrance=entered_at_us is not None)
        self._held[instance_id] = held
        self._by_key[place].append(held)
        self._latest_entrance[entrance] = now_us
        self.tally.enter(journey, event_uid, is_reentrance=held.is_reentrance)
        if (scope_id, journey.journey_uid) in self._live.measured:
            self._measures.know(journey, instance_id, key, supplemental_id, now_us)
        if self._rules is not None:
            self._rules.count_entry(journey, key)
        self._move(held, make(Entered, (payload, data)))
        return {**names, "outcome": "entered", "instanceId": instance_id}

    def _inside(self, journey: CompiledJourney, place: Key) -> list[Held]:
        """Who of a key is where an entrance into this version looks for them."""
        uid = journey.presence_uid
        return [one for one in self._by_key[place] if not one.instance.is_ended and one.journey.presence_uid == uid]

    def _count_inside(self, scope_id: int, key: str, journey_uids: Iterable[str], rule_set: RuleSet) -> int:
        """How many instances of a key are in journeys that are under a rule set."""
        assert self._rules is not None
        places = [(scope_id, journey_uid, key) for journey_uid in journey_uids]
        self.preload(places)
        return sum(
            not held.instance.is_ended and rule_set in self._rules.entry_sets(held.journey)
            for place in places
            for held in self._by_key[place]
        )

    def _refuse_number(self, journey: CompiledJourney, place: Key, supplemental_id: str | None) -> str | None:
        """Limits on how many there may be at a time."""
        if supplemental_id is not None and len(self._inside(journey, place)) >= MAX_SUPPLEMENTAL:
            return "JOURNEY_INSTANCE_ID_NOT_CREATED"
        if journey.mode == "test":
            known = self._test_profiles.get(journey.version_uid)
            if known is None:
                known = store.count_keys(self._connection, journey.scope_id, journey.journey_uid, journey.version_uid)
            if known >= MAX_TEST_PROFILES:
                return "JOURNEY_INSTANCE_ID_NOT_CREATED"
            self._test_profiles[journey.version_uid] = known + 1
        return None

    def enter_run(
        self, journey: CompiledJourney, keys: Sequence[str], run: runs_store.AudienceRun, life_us: int | None = None,
        ids: Mapping[str, Sequence[str]] | None = None,
        attributes: Mapping[tuple[str, str | None], Mapping[str, Any]] | None = None,
        before: Sequence[runs_store.AudienceRun] = (),
    ) -> tuple[int, int]:  # fmt: skip
        """See `audience_runs.Entering`. Those who may not enter are left out (journeys §8.5)."""
        uids = [journey.journey_uid] if self._rules is None else [journey.journey_uid, *self._rules.peers(journey)]
        self.preload([(journey.scope_id, uid, key) for key in keys for uid in uids])
        assert journey.audience_read is not None
        namespace, names = journey.audience_read.namespace, journey.audience_read.attributes_read
        payload = orjson.loads(run.payload) if run.payload else {}
        told: dict[str, Any] = {"id": run.id, "index": run.number}
        met = self._met(journey, keys, [*before, run], ids)
        entered = left_out = 0
        for key in keys:
            data = self._world.data_of(journey, key)
            if journey.mode == "test" and not is_test_profile(data):
                self.leave_out(journey, run, (namespace, key), NOT_A_TEST_PROFILE)
                left_out += 1
                continue
            arrival = Arrival(
                journey.scope_id, journey.entry_event_uid, key, payload, run.id, (run.started_at_us or 0) // 1000, data
            )
            wanted: Sequence[str | None] = (None,) if ids is None else ids[key]
            if not wanted:
                self._refuse(journey, key, "EXTERNAL_KEY_COMPUTATION_ERROR", arrival)
            for one in wanted:
                if (key, one) in met:
                    self.leave_out(journey, run, (namespace, key), DUPLICATION)
                    left_out += 1
                    continue
                if attributes is not None:
                    carried = attributes[key, one]
                    if names is not None:
                        carried = {name: value for name, value in carried.items() if name in names}
                    told = {**told, ATTRIBUTES: carried}
                outcome = self._enter(journey, key, one, arrival, run=told, life_us=life_us)
                entered += outcome["outcome"] == "entered"
        return entered, left_out

    def _met(
        self, journey: CompiledJourney, keys: Sequence[str], waves: Sequence[runs_store.AudienceRun],
        ids: Mapping[str, Sequence[str]] | None,
    ) -> set[tuple[str, str | None]]:  # fmt: skip
        """Which keys and supplemental ids these waves of a run met before, in other members.

        Their instances may have left since. Only those who entered since the first wave began are looked for.
        """
        began_us = waves[0].started_at_us or 0
        entered: dict[str, tuple[str, str | None]] = {}
        for key in keys:
            for one in (None,) if ids is None else ids[key]:
                entered_at_us = self._latest_entrance.get((journey.scope_id, journey.presence_uid, key, one))
                if entered_at_us is not None and entered_at_us >= began_us:
                    for wave in waves:
                        at_ms = (wave.started_at_us or 0) // 1000
                        entered[_instance_id(journey, key, one, wave.id, at_ms)] = (key, one)
        stored = store.find_instances(self._connection, [one for one in entered if one not in self._held])
        return {place for one, place in entered.items() if one in self._held or one in stored}

    def key_in(self, scope_id: int, identity: Identity, namespace: str) -> str | None:
        """See `World`."""
        return self._world.key_in(scope_id, identity, namespace)

    def wake(self, timer: store.DueTimer) -> bool:
        """A timer is due; whether it moved its instance.

        The timer is gone then, unless the instance's journey can't be run as its definitions are now: it is put off,
        so that nobody is lost who waits when they are mended.
        """
        place = (timer.instance_id, timer.node_id, timer.pass_no)
        held = self._held.get(timer.instance_id)
        if held is None:
            if timer.instance_id in self._unmovable:
                self._put_off.append(place)
            else:
                self._gone_timers[place] = None
            return False
        self._gone_timers[place] = None
        stimulus = TimerDue(timer.node_id, timer.pass_no, self._data(held))
        return self._move(held, stimulus).ignored is None

    def answer(self, instance_id: str, node_id: str, pass_no: int, outcome: ActionOutcome) -> bool:
        """An action's answer came back; whether it moved its instance."""
        held = self._held.get(instance_id)
        if held is None:
            return False
        return self._move(held, ActionAnswered(node_id, pass_no, outcome, self._data(held))).ignored is None

    def take_data(
        self, instance_id: str, node_id: str, pass_no: int, outcomes: tuple[FetchOutcome, ...]
    ) -> bool:  # fmt: skip
        """What an instance had fetched has come; whether it moved the instance."""
        held = self._held.get(instance_id)
        if held is None:
            return False
        return self._move(held, DataFetched(node_id, pass_no, outcomes, self._data(held))).ignored is None

    def react(self, scope_id: int, feedback: Feedback, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Feedback on a message of an instance, which is loaded; what came of it, as `trace` tells it."""
        self._measures.react(scope_id, feedback.instance_id, reactions_of(feedback))
        held = self._held.get(feedback.instance_id)
        if held is None or held.instance.is_ended or held.journey.scope_id != scope_id:
            return {"outcome": "ignored", "reason": "ended"}
        told = told_of(feedback.status, reactions_of(feedback), feedback.pass_no, payload)
        transition = self._move(held, EventReceived(REACTION, told, self._data(held)))
        outcome = {"outcome": "movedOn"} if transition.ignored is None else {"outcome": "ignored"}
        if transition.ignored is not None:
            outcome["reason"] = transition.ignored
        return {"journeys": [{**names_of(held.journey), **outcome, "instanceId": feedback.instance_id}], **outcome}

    def stop(self, journey: CompiledJourney, rows: Iterable[store.StoredInstance], reason: str) -> list[str]:
        """Take people out of a version; the ids of those who are at no node of it, and stay as they are."""
        return self._each(journey, rows, lambda _held: Stopped(reason))

    def fail(self, instance_id: str) -> bool:
        """End somebody whom the code can't move, in error where they are; whether there was anybody to end."""
        self.load([instance_id])
        held = self._held.get(instance_id)
        return held is not None and self._advance(held, Stopped(INTERNAL_ERROR)).ignored is None

    def resume(self, journey: CompiledJourney, rows: Iterable[store.StoredInstance]) -> None:
        """Let people go on whom a pause held."""
        self._each(journey, rows, lambda held: Resumed(self._data(held)))

    def _each(
        self, journey: CompiledJourney, rows: Iterable[store.StoredInstance], make: Callable[[Held], Stimulus]
    ) -> list[str]:
        ignored: list[str] = []
        rows = list(rows)
        if self._rules is not None:
            self._know((row.scope_id, row.journey_uid, row.key) for row in rows)
        if journey.experiments:
            self._know_paths((row.scope_id, row.journey_uid, row.key) for row in rows)
        for row in rows:
            held = self._held[row.id] = Held(journey, instance_from_row(row), is_new=False)
            if journey.metrics:
                self._measures.know(journey, row.id, row.key, row.supplemental_id, row.entered_at_us)
            if self._move(held, make(held)).ignored is not None:
                ignored.append(row.id)
        return ignored

    def _data(self, held: Held) -> Mapping[str, Any]:
        return self._world.data_of(held.journey, held.instance.key)

    def _move(self, held: Held, stimulus: Stimulus) -> Transition:
        """Advance, then do what instances ask for, until none asks any more: jumps may chain to any depth."""
        transition = self._advance(held, stimulus)
        if self._requests and not self._is_settling:
            self._is_settling = True
            while self._requests:
                asking, command = self._requests.popleft()
                reply = self._reply(asking, command)
                self._advance(asking, Replied(command.node_id, command.pass_no, reply, self._data(asking)))
            self._is_settling = False
        return transition

    def _reply(self, held: Held, command: Request) -> Any:
        journey = held.journey
        if isinstance(command, TakeSlot):
            return self._take_slot(journey.version_uid, command)
        if isinstance(command, AssignPath):
            return self._measures.assign(journey, held.instance, command)
        if isinstance(command, TakeMessage):
            return MessageReply(self._judge(held, command), command)
        if isinstance(command, ChooseTime):
            return self._send_times.reply(journey, held.instance, command)
        if isinstance(command, Jump):
            return self._jump(held, command)
        if isinstance(command, LookUp):
            return self._world.look_up(journey.scope_id, command.data_set_id, command.keys, command.fields)
        return self._world.update_profile(journey, held.instance.key, command)

    def _take_slot(self, version_uid: str, command: TakeSlot) -> bool:
        caps = self._caps.get(version_uid)
        if caps is None:
            caps = self._caps[version_uid] = runs_store.find_caps(self._connection, version_uid)
        taken = caps.get(command.node_id, 0)
        if taken >= command.limit:
            return False
        caps[command.node_id] = taken + 1
        self._changed_caps.add((version_uid, command.node_id))
        return True

    def _judge(self, held: Held, command: TakeMessage) -> Verdict:
        if self._rules is None:
            return SEND
        return self._rules.judge(held.journey, held.instance.id, held.instance.key, command, self._data(held))

    def _jump(self, held: Held, command: Jump) -> JumpOutcome:
        """Into the version of the target that lets enter now. Source: journeys §8.9."""
        origin, instance = held.journey, held.instance
        target = self._live.open.get((origin.scope_id, command.journey_uid))
        if target is None:
            return JumpOutcome("error", "targetNotLive")
        if target.entry_event_uid != command.event_uid:
            return JumpOutcome("error", "targetEventChanged")
        place = (origin.scope_id, command.journey_uid, instance.key)
        self.preload([place])
        if self._inside(target, place):
            return JumpOutcome("present")
        seed, payload = first_event(instance, command, self._now_us)
        arrival = Arrival(
            origin.scope_id, target.entry_event_uid, instance.key, payload, seed, self._now_us // 1000, self._data(held)
        )
        told = self._enter(target, instance.key, None, arrival, jump=provenance(instance))
        if told["outcome"] != "entered":
            return JumpOutcome("error", told["reason"])
        return JumpOutcome("entered", None, told["instanceId"])

    def _advance(self, held: Held, stimulus: Stimulus) -> Transition:
        journey = held.journey
        transition = advance(journey, held.instance, stimulus, self._now_us)
        after, commands, steps, ignored, _ = transition
        if ignored is not None:
            return transition
        self.tally.move(journey, held.instance, transition)
        held.instance = after
        held.is_changed = True
        if journey.measures_completion and after.status == "ended":
            self._measures.complete(after.id)
        if steps:
            self._write_steps(held, steps)
        data = stimulus.data
        for command in commands:
            self._perform(held, command, data)
        return transition

    def _perform(self, held: Held, command: Any, data: Mapping[str, Any]) -> None:
        kind = type(command)  # a match of classes costs as much as what is done here
        made: OutgoingCall | str
        if kind is CallAction:
            made = action_call(self._actions, held, command)
        elif kind is SendMessage:
            made = message_call(self._templates, held, command, data)
        elif kind is FetchData:
            made = fetch_call(held, command)
        elif kind is not StartTimer and kind is not CancelTimer:
            self._requests.append((held, command))
            return
        else:
            place = (held.instance.id, command.node_id, command.pass_no)
            if kind is StartTimer:
                _, _, due_at_us, what = command
                self._new_timers[place] = (*place, held.partition, due_at_us, what)
            elif self._new_timers.pop(place, None) is None:
                self._gone_timers[place] = None
            return
        if not isinstance(made, str):
            self.calls.append(made)
            return
        if self._rules is not None:
            self._rules.take_back(held.instance.id, command.node_id, command.pass_no)
        outcome = ActionOutcome("internalError", error_message=made)
        self._advance(held, ActionAnswered(command.node_id, command.pass_no, outcome, data))

    def _write_steps(self, held: Held, steps: Sequence[StepEvent]) -> None:
        journey, instance = held.journey, held.instance
        scope_id, (seq, at_us, *_) = journey.scope_id, steps[0]
        self._steps.append((instance.id, seq, scope_id, at_us, to_stored(steps)))
        lines = to_lines(journey, instance, steps, is_reentrance=held.is_reentrance)
        known = self.step_lines.get(scope_id)
        if known is None:
            self.step_lines[scope_id] = lines
        else:
            known += lines

    # --- writing ---

    def flush(self) -> None:
        """At the end: write instances, timers, caps, steps, counters; the caller writes `calls` and `step_lines`."""
        new: list[tuple[Any, ...]] = []
        moved: list[tuple[Any, ...]] = []
        now_us = self._now_us
        for held in self._held.values():
            if not held.is_changed:
                continue
            instance = held.instance
            state = orjson.dumps(instance_to_state(instance, self.texts)).decode()
            id_, version_uid, journey_uid, key, namespace, node_id, _, status, waiting_for, entered_at_us, *_ = instance
            if held.is_new:
                row = (
                    id_, held.partition, held.journey.scope_id, journey_uid, version_uid, key, namespace, status,
                    node_id, waiting_for, entered_at_us, now_us, state, instance.supplemental_id,
                )  # fmt: skip
                new.append(row)
            else:
                moved.append((status, node_id, waiting_for, now_us, state, id_))
        connection = self._connection
        store.insert_instances(connection, new)
        store.update_instances(connection, moved)
        store.delete_timers(connection, self._gone_timers)
        store.put_off_timers(connection, self._put_off, self._now_us + PUT_OFF_US)
        store.insert_timers(connection, list(self._new_timers.values()))
        store.insert_steps(connection, self._steps)
        caps = [(version, node, self._caps[version][node]) for version, node in self._changed_caps]
        runs_store.put_caps(connection, caps)
        self._measures.flush(self.tally)
        add_counts(connection, self.tally.rows(), now_us)
        if self._rules is not None:
            rule_counts.add_counts(connection, self._rules.added)


def _seed(arrival: Arrival) -> str:
    """Names the receipt of an event in the record of its refusal."""
    return f"{arrival.seed}|{arrival.payload.get('_id')}"


def _instance_id(
    journey: CompiledJourney, key: str, supplemental_id: str | None, seed: str, received_at_ms: int
) -> str:  # fmt: skip
    """The id of the instance that an arrival makes. seed, received_at_ms: as in `Arrival`."""
    seed = f"{journey.version_uid}|{key}|{seed}"
    if supplemental_id is not None:
        seed += f"|{supplemental_id}"
    return instance_id_of(received_at_ms, seed)
