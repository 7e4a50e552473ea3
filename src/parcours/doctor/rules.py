"""The rules: what an instance that waits must have. Pure."""

from collections.abc import Collection, Iterator, Sequence

from parcours.doctor.model import Fault, Part, Timer, Waiting
from parcours.journeys.activities.listener import RACE
from parcours.journeys.activities.message import OPTIMIZED, SEND_TIME
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.match import LiveJourneys
from parcours.journeys.model import GLOBAL_TIMER, StepEvent
from parcours.journeys.run import Node
from parcours.journeys.runner import PUT_OFF_US
from parcours.rulesets.model import QUIET_HOURS


def examine_part(part: Part, live: LiveJourneys, now_us: int, threshold_us: int) -> Iterator[Fault]:
    """Everything wrong with a part."""
    for instance in part.instances.values():
        journey = live.versions.get(instance.version_uid)
        has_call = (instance.id, instance.pass_no) in part.calls
        yield from examine(instance, part.timers.get(instance.id, ()), has_call, journey, now_us, threshold_us)
    for unreadable in part.unreadable:
        yield Fault("stateUnreadable", unreadable.id, None, unreadable)
    known = part.instances.keys() | {one.id for one in part.unreadable} if part.unreadable else part.instances
    for instance_id, timers in part.timers.items():
        if instance_id not in known:
            for timer in timers:
                yield Fault("timerOrphan", instance_id, timer)


def examine(
    instance: Waiting,
    timers: Collection[Timer],
    has_call: bool,
    journey: CompiledJourney | None,
    now_us: int,
    threshold_us: int,
) -> Iterator[Fault]:
    """What is wrong with one instance.

    It has one timer for its global timeout, and for its present stay exactly one timer or a named thing that will come:
    an event, the answer of a call in the outbox, the end of a pause. Nothing is left over of stays before.
    journey: None when its version doesn't run; then its nodes are not asked.
    """
    whole = [t for t in timers if t.node_id == GLOBAL_TIMER and t.pass_no == 0]
    present = [t for t in timers if is_present(instance, t)]
    for timer in timers:
        if timer not in whole and timer not in present:
            yield Fault("timerStale", instance.id, timer, instance)
    if not whole:
        yield Fault("globalTimerMissing", instance.id, None, instance)
    elif journey is not None and whole[0].due_at_us > max(instance.deadline_us, now_us + PUT_OFF_US) + threshold_us:
        yield Fault("globalTimerLate", instance.id, whole[0], instance)
    node = None
    if journey is not None:
        node = journey.nodes.get(instance.node_id)
        if node is None:
            yield Fault("nodeUnknown", instance.id, None, instance)
    if instance.waiting_for in _NEVER_STORED:
        yield Fault("waitsForNothing", instance.id, None, instance)
    elif instance.waiting_for in ("action", "fetch"):
        if not has_call:
            yield Fault("callMissing", instance.id, None, instance)
    elif not present and _needs_timer(instance.waiting_for, node):
        yield Fault("timerMissing", instance.id, None, instance)


def is_present(instance: Waiting, timer: Timer) -> bool:
    """Whether a timer is that of the instance's present stay."""
    return timer.node_id == instance.node_id and timer.pass_no == instance.pass_no


_NEVER_STORED = (None, "reply")
"""A reply is given in the transaction that asked for it."""


def _needs_timer(waiting_for: str, node: Node | None) -> bool:
    """A race names the member whose moment comes first, if any has one; an event needs a timer for its timeout."""
    if waiting_for in ("timer", SEND_TIME) or waiting_for.startswith(f"{RACE}:"):
        return True
    return waiting_for.startswith("event:") and getattr(node, "timeout_us", None) is not None


_KINDS = {QUIET_HOURS: QUIET_HOURS, OPTIMIZED: SEND_TIME}
"""Reason of a step that began to wait → kind of the timer."""


def recall_timer(
    instance: Waiting, steps: Sequence[StepEvent], journey: CompiledJourney | None
) -> tuple[int, str] | None:
    """(due time, kind) of the timer that an instance waits for and that is gone; None when nobody can tell.

    The steps that began the stay say until when, in a race one for each member, of which the first moment counts.
    Without them, the node's own duration does.
    """
    found: list[tuple[int, str]] = []
    for step in steps:
        if step.pass_no != instance.pass_no or step.is_processed:
            continue
        for member, kind in (("untilUs", "wait"), ("timeoutAtUs", "eventTimeout")):
            due_at_us = step.detail.get(member)
            if type(due_at_us) is int:
                kind = _KINDS.get(step.detail.get("reason", ""), kind)
                found.append((step.detail.get("overriddenUntilUs", due_at_us), kind))
    if found:
        # members of a race began together, and the first moment counts; else what held last
        return min(found) if (instance.waiting_for or "").startswith(RACE) else found[-1]
    node = None if journey is None else journey.nodes.get(instance.node_id)
    for member, kind in (("duration_us", "wait"), ("timeout_us", "eventTimeout")):
        length_us = getattr(node, member, None)
        if length_us:
            return instance.held_since_us + length_us, kind
    return None
