"""Counting what journeys do: one transaction's tally, and the figures that are kept of it.

Nothing here touches a database. `JourneyWorkspace` hands every transition over; `counter_store` adds the rows to what
is there, in the transaction that moved the people.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeVar

from parcours.journeys.activities.listener import is_race
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.model import Instance, StepEvent, StepShape, Transition, shape_of

K = TypeVar("K", bound=Hashable)
HOUR_US = 3_600_000_000
PULSE_US = 10_000_000
"""Length of a pulse: what alerts look at in short windows is counted by ten seconds."""

What = Literal[
    "entered", "reentered", "arrived", "left", "ended", "at", "reason", "call", "duration", "fetch", "event", "discard",
    "assigned", "outcome", "converted", "value",
]  # fmt: skip
"""What is counted; `subject` and `detail` say of whom:

entered, reentered  subject: the entry event. Instances that began; reentered: those whose key was there before.
arrived             subject: a node. People who came to it.
left                subject: a node, detail: "<step status> <transition>". People who went on from it.
ended               subject: a node, detail: "<step status> <instance status>". People who left the journey there.
at                  subject: a node. How many more are there than before; over all time: how many are.
reason              subject: a node, detail: why steps failed, or why people left.
call                subject: a node, detail: "ok", or how the call of an action failed.
duration            subject: a node, detail: the bucket (`bucket_of`) of a call's milliseconds.
fetch               subject: a node, detail: "ok", or how a data source failed.
event               subject: an event, detail: movedOn, queued, ignored <why>.
discard             subject: an event, detail: the reason (journeys §13.1). Without version: no journey was interested.
assigned            subject: an experiment, detail: a path, empty for the hold-out. Individuals who got it.
outcome             subject: empty or an experiment, detail: "<metric>" or "<metric> <path>". Outcomes of a metric.
converted           the same. Entrances, or individuals who had the path, for whom it was the first.
value               the same. The sum of their values, in thousandths.
"""
Row = tuple[int, str, str, What, str]
"""(scope, version or "", subject, what, detail)."""
_GOOD = frozenset({"ended", "transitions"})
_MAX_DETAIL = 80


class Count(NamedTuple):
    """One figure of a version."""

    subject: str
    what: str
    detail: str
    number: int


class Pulse(NamedTuple):
    """What one node (or, with an empty `node_id`, the whole version) did in some time, as alerts look at it."""

    scope_id: int
    version_uid: str
    node_id: str
    entered: int
    discarded: int
    failed: int
    calls: int
    call_errors: int
    calls_capped: int


class Tally:
    """What one transaction adds to the counters."""

    def __init__(self) -> None:
        self._moves: dict[tuple[Any, ...], list[int]] = {}
        """How often, by (compiled journey, node before, node after, status after, shape of each step): what they add to
        is worked out once for all who go the same way."""
        self._others: dict[Row, int] = {}

    # --- noting ---

    def move(self, journey: CompiledJourney, before: Instance, transition: Transition) -> None:
        """An instance moved. Of one that is new, `before` has no step yet and stands nowhere."""
        after, _, steps, _, _ = transition
        from_id = before.node_id if before.step_seq else None
        way = (journey, from_id, after.node_id, after.status, *map(shape_of, steps))
        times = self._moves.get(way)
        if times is None:
            self._moves[way] = [1]
        else:
            times[0] += 1
        for step in steps:
            if step.action is not None:
                (self._explain if step.is_processed else self._explain_fetch)(journey, step)
            elif step.is_processed and (step.is_ended or step.step_status not in _GOOD):
                self._explain(journey, step)

    def _explain(self, journey: CompiledJourney, step: StepEvent) -> None:
        """How a call went, and why a step failed or ended early."""
        action = step.action or {}
        error = action.get("actionExecutionError")
        failure = None if error is None else _joined(error, action.get("actionExecutionErrorCode"))
        took_ms = action.get("actionExecutionTime")
        if took_ms is not None:
            self._add(journey, step.node_id, "call", failure or "ok")
            self._add(journey, step.node_id, "duration", str(bucket_of(took_ms)))
        self._explain_fetch(journey, step)
        told = step.detail.get("reason")
        if step.step_status not in _GOOD or told is not None:
            self._add(journey, step.node_id, "reason", failure or _code(told) or step.step_status)

    def _explain_fetch(self, journey: CompiledJourney, step: StepEvent) -> None:
        """How reading external data sources went."""
        action = step.action or {}
        if "fetchCount" in action or "fetchError" in action:
            error, code = action.get("fetchError"), action.get("fetchErrorCode")
            self._add(journey, step.node_id, "fetch", "ok" if error is None else _joined(error, code))

    def enter(self, journey: CompiledJourney, event_uid: str, *, is_reentrance: bool) -> None:
        """An instance began."""
        self._add(journey, event_uid, "entered", "")
        if is_reentrance:
            self._add(journey, event_uid, "reentered", "")

    def hear(self, journey: CompiledJourney, event_uid: str, outcome: str) -> None:
        """What an event did to somebody inside: `movedOn`, `queued` or `ignored <why>`."""
        self._add(journey, event_uid, "event", outcome)

    def discard(self, journey: CompiledJourney, event_uid: str, reason: str) -> None:
        """An event that a version refused."""
        self._add(journey, event_uid, "discard", reason)

    def discard_event(self, scope_id: int, event_uid: str, reason: str) -> None:
        """An event that came to no journey at all."""
        _raise(self._others, (scope_id, "", event_uid, "discard", reason), 1)

    def measure(self, scope_id: int, version_uid: str, node_id: str, what: What, detail: str, number: int = 1) -> None:
        """An outcome of a success metric, or a path that somebody got."""
        _raise(self._others, (scope_id, version_uid, node_id, what, detail), number)

    def take_out(
        self, scope_id: int, version_uid: str, node_id: str | None, status: str = "stopped", reason: str | None = None
    ) -> None:
        """Somebody left without a step, because their journey or they themselves can't be moved any more."""
        place = (scope_id, version_uid, node_id or "")
        _raise(self._others, (*place, "at", ""), -1)
        _raise(self._others, (*place, "ended", f"none {status}"), 1)
        if reason is not None:
            _raise(self._others, (*place, "reason", reason), 1)

    def _add(self, journey: CompiledJourney, subject: str, what: What, detail: str) -> None:
        key = (journey.scope_id, journey.version_uid, subject, what, detail)
        self._others[key] = self._others.get(key, 0) + 1

    # --- reading ---

    def rows(self) -> dict[Row, int]:
        """What to add."""
        found = dict(self._others)
        for (journey, from_id, to_id, outcome, *shapes), (count,) in self._moves.items():
            whose = (journey.scope_id, journey.version_uid)
            for index, shape in enumerate(shapes):
                node_id, _, _, _, status, _, is_processed, _, is_ended, _, _, transition = shape
                if not is_processed:
                    continue
                if is_ended:
                    _raise(found, (*whose, node_id, "ended", f"{status} {outcome}"), count)
                else:
                    _raise(found, (*whose, node_id, "left", f"{status} {transition}"), count)
                    _arrive(found, whose, _following(shapes, index + 1, to_id), count)
            if from_id == to_id:
                continue
            if from_id is not None:
                if shapes and is_race(from_id):
                    _raise(found, (*whose, from_id, "left", "ended won"), count)
                    _arrive(found, whose, shapes[0][0], count)  # the member that won, or whose step tells the end
                _raise(found, (*whose, from_id, "at", ""), -count)
            if to_id is not None:
                _raise(found, (*whose, to_id, "at", ""), count)
        return {key: count for key, count in found.items() if count}


def _arrive(found: dict[Row, int], whose: tuple[int, str], node_id: str | None, count: int) -> None:
    if node_id is not None:
        _raise(found, (*whose, node_id, "arrived", ""), count)


def _following(shapes: Sequence[StepShape], index: int, to_id: str | None) -> str | None:
    """Where people went who left a node: the step at `index` is the next one, `to_id` where they are at the end.

    Several stays that only begin are a race: they are there, unless a member wins within the same transition.
    """
    if index == len(shapes):
        return to_id
    (node_id, *_), is_processed = shapes[index], [shape[6] for shape in shapes[index : index + 2]]
    if len(is_processed) == 1 or any(is_processed):
        return node_id
    return next((shape[0] for shape in shapes[index:] if shape[6]), to_id)


def pulses_of(rows: Mapping[Row, int]) -> list[Pulse]:
    """What alerts need of a tally's rows."""
    found: dict[tuple[int, str, str], list[int]] = {}
    for (scope_id, version_uid, subject, what, detail), count in rows.items():
        if not version_uid:
            continue
        node_id = subject if what == "call" else ""
        for place in _places(what, detail):
            found.setdefault((scope_id, version_uid, node_id), [0] * 6)[place] += count
    return [Pulse(*key, *numbers) for key, numbers in found.items()]


def _places(what: str, detail: str) -> tuple[int, ...]:
    """Which of a pulse's numbers a figure adds to."""
    if what == "entered":
        return (0,)
    if what == "discard":
        return (1,)
    if what == "ended":
        return (2,) if outcome_of(detail) == "failed" else ()
    if what != "call":
        return ()
    if detail == "ok":
        return (3,)
    return (3, 4, 5) if detail.startswith("capp") else (3, 4)


Outcome = Literal["completed", "failed", "timedOut", "stopped", "exited", "discarded"]
_OUTCOMES: Mapping[str, Outcome] = {
    "ended": "completed",
    "error": "failed",
    "timedout": "failed",
    "stopped": "stopped",
    "discarded": "discarded",
}


def outcome_of(detail: str) -> Outcome:
    """How people left whose `ended` has this detail. Source: journeys §12.4, §13.3.

    A call that took too long, without a path for it, is a failure; the global timeout is not.
    """
    step_status, _, instance_status = detail.partition(" ")
    if step_status == "instanceTimedout":
        return "timedOut"
    return _OUTCOMES.get(instance_status, "exited")


def statuses_of(counts: Iterable[Count]) -> dict[str, Any]:
    """How many instances entered, and how many stand in each status and node, over all time."""
    status: dict[str, int] = {}
    nodes: dict[str, int] = {}
    entered = 0
    for subject, what, detail, number in counts:
        if what == "entered":
            entered += number
        elif what == "ended":
            _raise(status, detail.partition(" ")[2], number)
        elif what == "at" and number:
            _raise(status, "active", number)
            _raise(nodes, subject, number)
    return {"entered": entered, "status": {k: n for k, n in status.items() if n}, "nodes": nodes}


# --- times of calls, in buckets ---

_STEPS_AN_OCTAVE = 4


def bucket_of(milliseconds: int) -> int:
    """The bucket a duration falls into: one for each of 0 to 7, then four for each doubling."""
    if milliseconds < 8:
        return max(milliseconds, 0)
    octave = milliseconds.bit_length() - 1
    return 8 + (octave - 3) * _STEPS_AN_OCTAVE + ((milliseconds >> (octave - 2)) & 3)


def bounds_of(bucket: int) -> tuple[int, int]:
    """The durations of a bucket: the first, and the first of the next."""
    if bucket < 8:
        return bucket, bucket + 1
    octave, quarter = divmod(bucket - 8, _STEPS_AN_OCTAVE)
    width = 1 << (octave + 1)
    start = (4 + quarter) * width
    return start, start + width


def percentile(buckets: Mapping[int, int], share: float) -> int | None:
    """The duration (ms) that a share of the calls stayed below, off by an eighth at most; None without calls."""
    total = sum(buckets.values())
    if total <= 0:
        return None
    left = share * total
    for bucket in sorted(buckets):
        left -= buckets[bucket]
        if left <= 0:
            first, end = bounds_of(bucket)
            return (first + end - 1) // 2
    return None


def _joined(error: Any, code: Any) -> str:
    return f"{error} {code}"[:_MAX_DETAIL] if code not in (None, error) else str(error)[:_MAX_DETAIL]


def _code(reason: Any) -> str | None:
    """A reason that is a code; what is a sentence tells of one case, and can't be counted by."""
    if isinstance(reason, str) and reason.isidentifier():
        return reason[:_MAX_DETAIL]
    return None if reason is None else "evaluation"


def _raise(counts: dict[K, int], key: K, by: int) -> None:
    counts[key] = counts.get(key, 0) + by
