"""The pure journey engine: an instance and a stimulus in; the next instance, commands and step events out.

Nothing here waits, reads a clock or touches a database, so the same code runs journeys, replays them and tests them.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.fetches import DataNeeded
from parcours.journeys.model import (
    GLOBAL_TIMER,
    ActionAnswered,
    CancelTimer,
    DataFetched,
    Entered,
    EventReceived,
    FetchOutcome,
    Instance,
    InstanceStatus,
    Pending,
    Replied,
    Resumed,
    StartTimer,
    StepStatus,
    Stimulus,
    Stopped,
    TimerDue,
    Transition,
)
from parcours.journeys.run import FETCH, MAX_CONTEXT_BYTES, PAUSED, Run, make

MAX_PENDING = 10
"""Events kept while an instance is busy with a call; further ones are discarded (journeys §4.4)."""
BUSY = frozenset({"action", "reply", FETCH})
"""What an instance waits for while events are put aside."""
INTERNAL_ERROR = "internalError"
"""Why somebody leaves whom the code can't move."""
_OUTCOMES: Mapping[str, InstanceStatus] = {"endDate": "ended", "forcedReentrance": "ended", INTERNAL_ERROR: "error"}
"""Reasons to leave that are no stop (journeys §8.5, §9.3)."""
_EMPTY: dict[str, Any] = {}


def new_instance(
    journey: CompiledJourney, instance_id: str, key: str, now_us: int, *, supplemental_id: str | None = None,
    run: Mapping[str, Any] | None = None, life_us: int | None = None, jump: Mapping[str, Any] | None = None,
) -> Instance:  # fmt: skip
    """An instance at the entry, which `advance` with Entered sets going.

    Whether the key may enter is asked before, with `match.refuse_entrance`. life_us: how long it stays at most;
    None: until the journey's global timeout. jump: what `jump.provenance` gave, of one who was jumped in.
    """
    return make(Instance, (
        instance_id, journey.version_uid, journey.journey_uid, key, journey.namespace, journey.entry_node_id, 0,
        "active", journey.entry_waiting_for, now_us, now_us + (life_us or journey.global_timeout_us), 0, _EMPTY, _EMPTY,
        None, None, now_us, None, (), _EMPTY, supplemental_id, run, None, None, None, jump,
    ))  # fmt: skip


def advance(journey: CompiledJourney, instance: Instance, stimulus: Stimulus, now_us: int) -> Transition:
    """What a stimulus does to an instance. Never raises: what does not fit is ignored with its reason.

    Reasons: `ended`, `stale` (an old timer or answer, a second entry), `notListening` (an event for which the
    instance does not wait), `maxInstanceStackEventsReached`, `unknownNode` (the instance is of another journey).
    """
    if instance.node_id is None:
        return Transition(instance, ignored="ended")
    if instance.node_id not in journey.nodes or instance.version_uid != journey.version_uid:
        return Transition(instance, ignored="unknownNode")
    match stimulus:
        case Entered():
            return _enter(journey, instance, stimulus, now_us)
        case EventReceived():
            return _receive(journey, instance, stimulus, now_us)
        case TimerDue():
            return _wake(journey, instance, stimulus, now_us)
        case ActionAnswered():
            return _answer(journey, instance, stimulus, now_us)
        case DataFetched():
            return _take_data(journey, instance, stimulus, now_us)
        case Replied():
            return _reply(journey, instance, stimulus, now_us)
        case Resumed():
            return _resume_paused(journey, instance, stimulus, now_us)
        case Stopped():
            return _stop(journey, instance, stimulus, now_us)


def _enter(journey: CompiledJourney, instance: Instance, stimulus: Entered, now_us: int) -> Transition:
    if instance.step_seq or instance.node_id != journey.entry_node_id:
        return Transition(instance, ignored="stale")
    run = Run(journey, instance, stimulus.data, journey.entry_event_uid, now_us)
    run.events = dict.fromkeys(journey.entry_event_names, stimulus.payload)
    run.walk(run.leave("default"))
    if run.node is not None:
        # before the other commands: a call that fails at once may end the instance, and cancels this timer
        run.commands.insert(0, make(StartTimer, (GLOBAL_TIMER, 0, run.deadline_us, "globalTimeout")))
    return run.finish(is_new=True)


def _receive(journey: CompiledJourney, instance: Instance, stimulus: EventReceived, now_us: int) -> Transition:
    for criterion in journey.exit_criteria:
        if criterion.event_uid == stimulus.event_uid:
            run = Run(journey, instance, stimulus.data, stimulus.event_uid, now_us)
            if criterion.applies(run, stimulus.payload):
                _cancel_timer(run)
                run.exit(criterion.id, criterion.name, {"eventUid": stimulus.event_uid})
                return run.finish()
    if stimulus.is_for_exit_only:
        return Transition(instance, ignored="notListening")
    if instance.waiting_for == PAUSED:
        return Transition(instance, ignored="JOURNEY_IN_PAUSED_STATE")
    if instance.waiting_for in BUSY:
        if stimulus.event_uid not in journey.listened:
            return Transition(instance, ignored="notListening")
        if len(instance.pending) >= MAX_PENDING:
            return Transition(instance, ignored="maxInstanceStackEventsReached")
        kept = instance._replace(pending=(*instance.pending, Pending(stimulus.event_uid, stimulus.payload)))
        return Transition(kept, queued=True)
    run = Run(journey, instance, stimulus.data, stimulus.event_uid, now_us)
    return _resume(run, stimulus)


def _wake(journey: CompiledJourney, instance: Instance, stimulus: TimerDue, now_us: int) -> Transition:
    if stimulus.node_id == GLOBAL_TIMER:
        if not instance.step_seq or stimulus.pass_no != 0:
            return Transition(instance, ignored="stale")
        run = Run(journey, instance, stimulus.data, "instanceTimedout", now_us)
        _cancel_timer(run)
        run.end_early("instanceTimedout", "timedout", {"reason": "globalTimeout"})
        return run.finish(is_new=True)
    if not _is_of_stay(instance, stimulus) or instance.waiting_for == FETCH:
        return Transition(instance, ignored="stale")
    return _resume(Run(journey, instance, stimulus.data, "scheduledNotificationReceived", now_us), stimulus)


def _answer(journey: CompiledJourney, instance: Instance, stimulus: ActionAnswered, now_us: int) -> Transition:
    if not _is_of_stay(instance, stimulus):
        return Transition(instance, ignored="stale")
    if instance.waiting_for == FETCH:  # what is answered in place of a fetch that was lost
        outcome = stimulus.outcome
        if not outcome.is_error:
            return Transition(instance, ignored="stale")
        lost = FetchOutcome(
            "", "", (), None, outcome.error, outcome.error_code, error_message=outcome.error_message,
            elapsed_ms=outcome.elapsed_ms,
        )  # fmt: skip
        fetched = DataFetched(stimulus.node_id, stimulus.pass_no, (lost,), stimulus.data)
        return _take_data(journey, instance, fetched, now_us)
    return _resume(Run(journey, instance, stimulus.data, "executedAction", now_us), stimulus)


def _take_data(journey: CompiledJourney, instance: Instance, stimulus: DataFetched, now_us: int) -> Transition:
    if not _is_of_stay(instance, stimulus) or instance.waiting_for != FETCH:
        return Transition(instance, ignored="stale")
    return _resume(Run(journey, instance, stimulus.data, "dataFetched", now_us), stimulus)


def _is_of_stay(instance: Instance, stimulus: TimerDue | ActionAnswered | DataFetched | Replied) -> bool:
    """Whether it is about where the instance is now, and not about a stay that is over."""
    return stimulus.node_id == instance.node_id and stimulus.pass_no == instance.pass_no


def _reply(journey: CompiledJourney, instance: Instance, stimulus: Replied, now_us: int) -> Transition:
    if not _is_of_stay(instance, stimulus) or instance.waiting_for == FETCH:
        return Transition(instance, ignored="stale")
    return _resume(Run(journey, instance, stimulus.data, "internalReply", now_us), stimulus)


def _resume_paused(journey: CompiledJourney, instance: Instance, stimulus: Resumed, now_us: int) -> Transition:
    if instance.waiting_for != PAUSED:
        return Transition(instance, ignored="stale")
    return _resume(Run(journey, instance, stimulus.data, "resumed", now_us), stimulus)


def _stop(journey: CompiledJourney, instance: Instance, stimulus: Stopped, now_us: int) -> Transition:
    run = Run(journey, instance, {}, "stopped", now_us)
    _cancel_timer(run)
    status: StepStatus = "error" if stimulus.reason == INTERNAL_ERROR else "ended"
    run.end_early(status, _OUTCOMES.get(stimulus.reason, "stopped"), {"reason": stimulus.reason})
    return run.finish()


def _cancel_timer(run: Run) -> None:
    """Cancel the timer of the node that holds the instance, if one runs."""
    if run.node is not None and run.waiting_for != FETCH and run.node.holds_timer(run):
        run.commands.append(CancelTimer(run.node.id, run.pass_no))


def _resume(run: Run, stimulus: Stimulus) -> Transition:
    """Hand the stimulus to the node that holds the instance, then whatever events were put aside meanwhile."""
    node = run.node
    assert node is not None
    _give(run, stimulus)
    if run.ignored is not None:
        return Transition(run.instance, ignored=run.ignored)
    while run.pending and run.waiting_for not in BUSY:
        first, *rest = run.pending
        run.pending = tuple(rest)
        run.event_id = first.event_uid
        _give(run, EventReceived(first.event_uid, first.payload, run.data))
        run.ignored = None  # not heard here: an event is not kept for a later node
    return run.finish()


def _give(run: Run, stimulus: Stimulus) -> None:
    node = run.node
    assert node is not None
    try:
        following = run.take_data(stimulus) if type(stimulus) is DataFetched else node.resume(run, stimulus)
    except DataNeeded:
        following = run.fetch(node)
    if following is None:
        return
    if not isinstance(stimulus, TimerDue) and not _fits(run):
        run.node = following
        run.pass_no += 1
        run.held_since_us = run.now_us
        run.end_early("error", "error", {"reason": "instanceTooLarge", "maxBytes": MAX_CONTEXT_BYTES})
        return
    run.walk(following)


def _fits(run: Run) -> bool:
    """Whether what the instance carries is still within the limit."""
    try:
        return len(orjson.dumps([run.events, run.actions, run.lookups])) <= MAX_CONTEXT_BYTES
    except TypeError:  # nested deeper than what can be stored
        return False
