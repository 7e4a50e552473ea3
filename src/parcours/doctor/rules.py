"""The rules: what an instance that waits must have. Pure."""

from collections.abc import Collection, Iterator, Sequence

from parcours.doctor.model import Fault, Part, Timer, Waiting
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.match import LiveJourneys
from parcours.journeys.model import GLOBAL_TIMER, StepEvent
from parcours.journeys.run import Node
from parcours.journeys.runner import PUT_OFF_US

RACE = "~race."
"""How the node of a race of several members begins; its one timer is that of a member."""


def examine_part(part: Part, live: LiveJourneys, now_us: int, threshold_us: int) -> Iterator[Fault]:
    """Everything wrong with a part."""
    for instance in part.instances.values():
        journey = live.versions.get(instance.version_uid)
        has_call = (instance.id, instance.pass_no) in part.calls
        yield from examine(instance, part.timers.get(instance.id, ()), has_call, journey, now_us, threshold_us)
    for instance_id, timers in part.timers.items():
        if instance_id not in part.instances:
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
    an event, the answer of a call in the outbox, a resume. Nothing is left over of stays before.
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
    if journey is not None and not instance.node_id.startswith(RACE):
        node = journey.nodes.get(instance.node_id)
        if node is None:
            yield Fault("nodeUnknown", instance.id, None, instance)
    earliest = min(present, key=lambda t: t.due_at_us, default=None)
    for timer in present:
        if timer is not earliest:
            yield Fault("timerSurplus", instance.id, timer, instance)
    if instance.waiting_for is None:
        yield Fault("waitsForNothing", instance.id, None, instance)
    elif instance.waiting_for == "action":
        if not has_call:
            yield Fault("callMissing", instance.id, None, instance)
    elif earliest is None and _needs_timer(instance.waiting_for, node):
        yield Fault("timerMissing", instance.id, None, instance)


def is_present(instance: Waiting, timer: Timer) -> bool:
    """Whether a timer is that of the instance's present stay; in a race it is the timer of one of the members."""
    if timer.pass_no != instance.pass_no or timer.node_id == GLOBAL_TIMER:
        return False
    return timer.node_id == instance.node_id or instance.node_id.startswith(RACE)


def _needs_timer(waiting_for: str, node: Node | None) -> bool:
    if waiting_for == "timer":
        return True
    return waiting_for.startswith("event:") and node is not None and node.has_timer


def recall_timer(
    instance: Waiting, steps: Sequence[StepEvent], journey: CompiledJourney | None
) -> tuple[str, int, str] | None:
    """(node, due time, kind) of the timer that an instance waits for and that is gone; None when nobody can tell.

    The step that began the wait says until when; without it, the node's own duration does.
    """
    found: list[tuple[int, str, str]] = []
    for step in steps:
        if step.pass_no != instance.pass_no or step.is_processed:
            continue
        node_id = instance.node_id if step.node_id.startswith(RACE) else step.node_id
        for member, kind in (("untilUs", "wait"), ("timeoutAtUs", "eventTimeout")):
            due_at_us = step.detail.get(member)
            if type(due_at_us) is int:
                found.append((due_at_us, node_id, kind))
    if found:
        due_at_us, node_id, kind = min(found)
        return node_id, due_at_us, kind
    node = None if journey is None else journey.nodes.get(instance.node_id)
    for member, kind in (("duration_us", "wait"), ("timeout_us", "eventTimeout")):
        length_us = getattr(node, member, None)
        if length_us:
            return instance.node_id, instance.held_since_us + length_us, kind
    return None
