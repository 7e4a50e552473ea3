"""Instances during one transaction: loaded once, moved in memory by the pure engine, written together at the end."""

import hashlib
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection

from parcours.actions.errors import ActionParameterInvalid
from parcours.actions.model import HttpRequest
from parcours.actions.table import ActionTable
from parcours.journeys import store
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.counter_store import add_counts
from parcours.journeys.counters import Tally
from parcours.journeys.discards import TOO_MANY_PENDING, Discards
from parcours.journeys.engine import advance, new_instance
from parcours.journeys.match import LiveJourneys, Presence, refuse_entrance
from parcours.journeys.model import (
    ActionAnswered,
    ActionOutcome,
    CallAction,
    Entered,
    EventReceived,
    Instance,
    StartTimer,
    Stimulus,
    Stopped,
    TimerDue,
    Transition,
)
from parcours.journeys.state import instance_from_row, instance_to_state
from parcours.journeys.steps import to_lines, to_stored

PARTITIONS = 64
"""Into how many partitions keys are spread; a worker of a cluster owns some of them."""

PUT_OFF_US = 60_000_000
"""How long until a timer is tried again whose journey can't be run."""

Key = tuple[int, str, str]
"""(scope, journey uid, key)."""


class Interest(NamedTuple):
    """Which live journeys an event configuration concerns."""

    entries: tuple[CompiledJourney, ...]
    """Those it lets enter."""
    listening: tuple[CompiledJourney, ...]
    """Those with a node that waits for it."""
    every: tuple[CompiledJourney, ...]
    journey_uids: tuple[str, ...]
    reads_profile: bool
    """Whether any of them reads the profile."""


class OutgoingCall(NamedTuple):
    """A call of a custom action to be put into the outbox."""

    scope_id: int
    partition: int
    instance_id: str
    node_id: str
    pass_no: int
    version_uid: str
    action_uid: str
    request: HttpRequest
    deadline_us: int


class _Held:
    """An instance in the working set."""

    __slots__ = ("instance", "is_changed", "is_new", "is_reentrance", "journey", "partition")

    def __init__(
        self, journey: CompiledJourney, instance: Instance, *, is_new: bool, is_reentrance: bool = False
    ) -> None:
        self.journey = journey
        self.partition = zlib.crc32(instance.key.encode()) % PARTITIONS
        self.instance = instance
        self.is_new = is_new
        self.is_changed = is_new
        self.is_reentrance = is_reentrance
        """Of a new one: whether its key was in the journey before."""


class JourneyWorkspace:
    """Moves instances; `flush` writes them with their timers and step events."""

    def __init__(self, connection: Connection, live: LiveJourneys, actions: ActionTable, now_us: int) -> None:
        self._connection = connection
        self._live = live
        self._actions = actions
        self._now_us = now_us
        self._interests: dict[tuple[int, str], Interest] = {}
        self._held: dict[str, _Held] = {}
        self._by_key: dict[Key, list[_Held]] = {}
        self._latest_entrance: dict[Key, int] = {}
        self._new_timers: dict[tuple[str, str, int], tuple[Any, ...]] = {}
        self._gone_timers: dict[tuple[str, str, int], None] = {}
        self._unmovable: set[str] = set()
        self._put_off: list[tuple[str, str, int]] = []
        self._steps: list[tuple[Any, ...]] = []
        self._discards = Discards(now_us)
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
        wanted = list(dict.fromkeys([key for key in keys if key not in known]))
        if not wanted:
            return
        found = store.find_by_key(self._connection, wanted)
        for key in wanted:
            held: list[_Held] = []
            for row in found.get(key, ()):
                self._latest_entrance[key] = row.entered_at_us
                if row.node_id is not None:
                    one = self._hold(row)
                    if one is not None:
                        held.append(one)
            known[key] = held

    def interest(self, scope_id: int, event_uid: str) -> Interest:
        """Which journeys an event concerns; looked up once for a batch."""
        found = self._interests.get((scope_id, event_uid))
        if found is None:
            entries = self._live.by_event(scope_id, event_uid)
            listening = self._live.listening(scope_id, event_uid)
            every = tuple(dict.fromkeys((*entries, *listening)))
            found = self._interests[scope_id, event_uid] = Interest(
                entries,
                listening,
                every,
                tuple(dict.fromkeys(journey.journey_uid for journey in every)),
                any(journey.reads_profile for journey in every),
            )
        return found

    def load(self, ids: Iterable[str]) -> None:
        """Read instances by id; those whose journey no longer runs are left out."""
        wanted = [i for i in dict.fromkeys(ids) if i not in self._held]
        for row in store.find_instances(self._connection, wanted).values():
            if row.node_id is not None and self._hold(row) is None and row.scope_id in self._live.scopes:
                self._unmovable.add(row.id)

    def _hold(self, row: store.StoredInstance) -> _Held | None:
        known = self._held.get(row.id)
        if known is not None:
            return known
        journey = self._live.get(row.version_uid)
        if journey is None:
            return None
        held = _Held(journey, instance_from_row(row), is_new=False)
        self._held[row.id] = held
        return held

    # --- moving ---

    def receive(
        self,
        scope_id: int,
        event_uid: str,
        key: str | None,
        payload: Mapping[str, Any],
        seed: str,
        received_at_ms: int,
        data: Mapping[str, Any],
    ) -> list[dict[str, Any]]:
        """Deliver one matched event to every journey it concerns; what each made of it, as `trace` tells it.

        key: the identity value computed from the event; None when that failed.
        seed, received_at_ms: name the event's record: a new instance has the same id whenever this is run.
        data: the data sources of the person; read only when an expression asks.
        """
        told: list[dict[str, Any]] = []
        entries, listening, every, journey_uids, _ = self.interest(scope_id, event_uid)
        if not key:
            reason = "EXTERNAL_KEY_COMPUTATION_ERROR"
            for journey in every:
                self._discard(journey, event_uid, None, reason, payload, seed)
            return [{**_names(journey), "outcome": "refused", "reason": reason} for journey in every]
        places = [(scope_id, journey_uid, key) for journey_uid in journey_uids]
        if not self._by_key.keys() >= set(places):
            self.preload(places)
        moved: set[str] = set()
        for journey in listening:
            for held in self._by_key[scope_id, journey.journey_uid, key]:
                if held.journey is not journey or held.instance.is_ended:
                    continue
                transition = self._advance(held, EventReceived(event_uid, payload, data))
                if transition.ignored is None:
                    moved.add(journey.journey_uid)
                    outcome = {"outcome": "queued" if transition.queued else "movedOn"}
                    self.tally.hear(journey, event_uid, outcome["outcome"])
                else:
                    outcome = {"outcome": "ignored", "reason": transition.ignored}
                    if transition.ignored == TOO_MANY_PENDING:
                        moved.add(journey.journey_uid)  # they listen: the event starts nothing else
                        self._discard(journey, event_uid, key, TOO_MANY_PENDING, payload, seed)
                    elif journey not in entries:
                        self.tally.hear(journey, event_uid, f"ignored {transition.ignored}")
                if journey.journey_uid in moved or journey not in entries:
                    told.append({**_names(journey), **outcome, "instanceId": held.instance.id})
        for journey in entries:
            if journey.journey_uid not in moved:
                told.append(self._enter(scope_id, journey, event_uid, key, payload, seed, received_at_ms, data))
        return told

    def _enter(
        self,
        scope_id: int,
        journey: CompiledJourney,
        event_uid: str,
        key: str,
        payload: Mapping[str, Any],
        seed: str,
        received_at_ms: int,
        data: Mapping[str, Any],
    ) -> dict[str, Any]:
        place = (scope_id, journey.journey_uid, key)
        entered_at_us = self._latest_entrance.get(place)
        presence = None
        if entered_at_us is not None:
            present = any(not held.instance.is_ended for held in self._by_key[place])
            presence = Presence(entered_at_us, present)
        reason = refuse_entrance(journey, key, presence, self._now_us)
        if reason is not None:
            self._discard(journey, event_uid, key, reason, payload, seed)
            return {**_names(journey), "outcome": "refused", "reason": reason}
        instance_id = _instance_id(received_at_ms, f"{journey.version_uid}|{key}|{seed}")
        instance = new_instance(journey, instance_id, key, self._now_us)
        held = _Held(journey, instance, is_new=True, is_reentrance=presence is not None)
        self._held[instance_id] = held
        self._by_key[place].append(held)
        self._latest_entrance[place] = self._now_us
        self.tally.enter(journey, event_uid, is_reentrance=presence is not None)
        self._advance(held, Entered(payload, data))
        return {**_names(journey), "outcome": "entered", "instanceId": instance_id}

    def wake(self, timer: store.DueTimer, data_for: Callable[[Instance], Mapping[str, Any]]) -> bool:
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
        stimulus = TimerDue(timer.node_id, timer.pass_no, data_for(held.instance))
        return self._advance(held, stimulus).ignored is None

    def answer(
        self,
        instance_id: str,
        node_id: str,
        pass_no: int,
        outcome: ActionOutcome,
        data_for: Callable[[Instance], Mapping[str, Any]],
    ) -> bool:
        """An action's answer came back; whether it moved its instance."""
        held = self._held.get(instance_id)
        if held is None:
            return False
        stimulus = ActionAnswered(node_id, pass_no, outcome, data_for(held.instance))
        return self._advance(held, stimulus).ignored is None

    def stop(self, journey: CompiledJourney, rows: Iterable[store.StoredInstance]) -> list[str]:
        """Take people out of a stopped version; the ids of those who are at no node of it, and stay as they are."""
        unmovable: list[str] = []
        for row in rows:
            held = self._held[row.id] = _Held(journey, instance_from_row(row), is_new=False)
            if self._advance(held, Stopped("stopped")).ignored is not None:
                unmovable.append(row.id)
        return unmovable

    def _advance(self, held: _Held, stimulus: Stimulus) -> Transition:
        transition = advance(held.journey, held.instance, stimulus, self._now_us)
        if transition.ignored is not None:
            return transition
        self.tally.move(held.journey, held.instance, transition)
        held.instance = transition.instance
        held.is_changed = True
        if transition.steps:
            self._write_steps(held, transition)
        for command in transition.commands:
            self._perform(held, command, stimulus.data)
        return transition

    def _perform(self, held: _Held, command: Any, data: Mapping[str, Any]) -> None:
        kind = type(command)  # a match of classes costs as much as what is done here
        if kind is CallAction:
            self._call(held, command, data)
            return
        place = (held.instance.id, command.node_id, command.pass_no)
        if kind is StartTimer:
            self._new_timers[place] = (*place, held.partition, command.due_at_us, command.kind)
        elif self._new_timers.pop(place, None) is None:
            self._gone_timers[place] = None

    def _call(self, held: _Held, command: CallAction, data: Mapping[str, Any]) -> None:
        journey = held.journey
        action = self._actions.get(journey.scope_id, command.action_uid)
        problem = f"action {command.action_name!r} is gone" if action is None else None
        if action is not None:
            try:
                request = action.build(command.parameters, command.path)
            except ActionParameterInvalid as error:
                problem = str(error)
            else:
                self.calls.append(
                    OutgoingCall(
                        journey.scope_id,
                        held.partition,
                        held.instance.id,
                        command.node_id,
                        command.pass_no,
                        journey.version_uid,
                        command.action_uid,
                        request,
                        command.deadline_us,
                    )
                )
                return
        outcome = ActionOutcome("internalError", error_message=problem)
        self._advance(held, ActionAnswered(command.node_id, command.pass_no, outcome, data))

    def _write_steps(self, held: _Held, transition: Transition) -> None:
        journey, instance, steps = held.journey, transition.instance, transition.steps
        self._steps.append((instance.id, steps[0].seq, journey.scope_id, steps[0].at_us, to_stored(steps)))
        lines = to_lines(journey, instance, steps, is_reentrance=held.is_reentrance)
        self.step_lines.setdefault(journey.scope_id, []).extend(lines)

    def _discard(
        self,
        journey: CompiledJourney,
        event_uid: str,
        key: str | None,
        reason: str,
        payload: Mapping[str, Any],
        seed: str,
    ) -> None:
        """An event that a journey refused: counted, and told in the lake."""
        self.tally.discard(journey, event_uid, reason)
        line = self._discards.line(journey, event_uid, key, reason, f"{seed}|{payload.get('_id')}")
        if line is not None:
            self.step_lines.setdefault(journey.scope_id, []).append(line)

    # --- writing ---

    def flush(self) -> None:
        """Write instances, timers, step events and counters; `calls` and `step_lines` are the caller's to write."""
        new: list[tuple[Any, ...]] = []
        moved: list[tuple[Any, ...]] = []
        now_us = self._now_us
        for held in self._held.values():
            if not held.is_changed:
                continue
            i = held.instance
            state = orjson.dumps(instance_to_state(i)).decode()
            if held.is_new:
                row = (
                    i.id, held.partition, held.journey.scope_id, i.journey_uid, i.version_uid, i.key, i.namespace,
                    i.status, i.node_id, i.waiting_for, i.entered_at_us, now_us, state,
                )  # fmt: skip
                new.append(row)
            else:
                moved.append((i.status, i.node_id, i.waiting_for, now_us, state, i.id))
        connection = self._connection
        store.insert_instances(connection, new)
        store.update_instances(connection, moved)
        store.delete_timers(connection, self._gone_timers)
        store.put_off_timers(connection, self._put_off, self._now_us + PUT_OFF_US)
        store.insert_timers(connection, list(self._new_timers.values()))
        store.insert_steps(connection, self._steps)
        add_counts(connection, self.tally.rows(), now_us)


def _instance_id(received_at_ms: int, seed: str) -> str:
    """32 hexadecimal characters that rise with time: rows of new instances then stand together on few pages."""
    return f"{received_at_ms:012x}{hashlib.blake2b(seed.encode(), digest_size=10).hexdigest()}"


def _names(journey: CompiledJourney) -> dict[str, Any]:
    return {"journey": journey.name, "journeyUid": journey.journey_uid, "versionUid": journey.version_uid}
