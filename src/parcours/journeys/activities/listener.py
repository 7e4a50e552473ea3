"""Nodes that hold an instance until a moment or an event, alone or side by side (journeys §4.8, §7)."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, ClassVar, NamedTuple

from parcours.expressions.errors import ExpressionFailed
from parcours.journeys.model import CancelTimer, EventReceived, StartTimer, Stimulus, TimerDue, TimerKind
from parcours.journeys.run import Node, Run


class Armed(NamedTuple):
    """What a listener waits for besides events."""

    due_at_us: int | None
    """When it gives up or goes on by itself; None: never."""
    detail: Mapping[str, Any]
    """Told by the step that begins the wait."""


class Listener(Node):
    """A wait or an event. `waiting_for` is what its instances show while it holds them."""

    __slots__ = ("waiting_for",)
    waiting_for: str
    timer_kind: ClassVar[TimerKind] = "eventTimeout"

    def arm(self, run: Run) -> Armed:
        """What is waited for from now on. Raises ExpressionFailed."""
        raise NotImplementedError

    def hear(self, run: Run, event: EventReceived) -> Mapping[str, Any] | None:
        """Take an event it listens to: what the step tells of it; None when it is not for this node."""
        return None

    def due(self, run: Run) -> tuple[str, Mapping[str, Any]]:
        """(transition, detail) when its moment has come."""
        raise NotImplementedError

    def enter(self, run: Run) -> Node | None:
        """Begin to listen, alone."""
        return _begin(run, self, (self,))

    def resume(self, run: Run, stimulus: Stimulus) -> Node | None:
        """The event or the moment."""
        return _go_on(run, self, (self,), stimulus)


RACE = "race"
"""What instances at a race wait for; `race:` and a node's id when that node's moment comes first, if no event does."""


RACE_ID = "~race."
"""What ids of races begin with."""


def race_id(source: str, transition: str) -> str:
    """The id of the race after a transition; stable, and unlike any node id of a document."""
    seed = f"{source}\n{transition}".encode()
    return RACE_ID + blake2b(seed, digest_size=6).hexdigest()


def is_race(node_id: str) -> bool:
    """Whether an id is that of a race, and not of a node of a document."""
    return node_id.startswith(RACE_ID)


class RaceNode(Node):
    """Events and waits after one transition: the first to happen wins, of several at one moment the upper one.

    It is no node of the document: its id is made of the arrows that lead to its members, and step events are theirs.
    """

    __slots__ = ("members",)
    node_type = "race"

    def __init__(self, node_id: str, members: Sequence[Listener]) -> None:
        super().__init__(node_id, " | ".join(member.name for member in members))
        self.members = tuple(members)
        self.fetches = tuple([fetch for member in members for fetch in member.fetches])

    def reader_of(self, numbers: tuple[int, ...]) -> Node:
        """The member that reads it; the upper one when nobody knows."""
        return next((m for m in self.members if any(fetch.number in numbers for fetch in m.fetches)), self.members[0])

    @property
    def shown(self) -> Node:
        """The upper one."""
        return self.members[0]

    def holds_timer(self, run: Run) -> bool:
        """Whether one of the members had a moment."""
        return run.waiting_for is not None and run.waiting_for.startswith(f"{RACE}:")

    def enter(self, run: Run) -> Node | None:
        """Let all of them listen."""
        return _begin(run, self, self.members)

    def resume(self, run: Run, stimulus: Stimulus) -> Node | None:
        """Whoever it is for has won."""
        return _go_on(run, self, self.members, stimulus)


def _begin(run: Run, place: Node, members: Sequence[Listener]) -> Node | None:
    """Hold the instance at `place`. Only the moment that comes first needs a timer: no later one can win."""
    first: tuple[int, Listener] | None = None
    begun: list[tuple[Listener, Mapping[str, Any]]] = []
    too_late: Mapping[str, Any] | None = None
    override_us = run.journey.wait_override_us
    for member in members:
        run.node = member
        try:
            due_at_us, detail = member.arm(run)
        except ExpressionFailed as error:
            return run.fail("evaluation", "error", detail={"reason": str(error)})
        is_overridden = override_us is not None and (run.journey.mode == "test" or member.timer_kind == "wait")
        if due_at_us is not None and override_us is not None and is_overridden and due_at_us > run.now_us:
            due_at_us = run.now_us + override_us
            detail = {**detail, "overriddenUntilUs": due_at_us}
        if due_at_us is not None and due_at_us > run.deadline_us and member.timer_kind == "wait":
            too_late = {**detail, "reason": "notEnoughTimeLeft"}  # an individual can't wait that long (journeys §8.7)
            continue
        begun.append((member, detail))
        if due_at_us is not None and (first is None or due_at_us < first[0]):
            first = (due_at_us, member)
    if not begun:
        assert too_late is not None
        run.end_early("ended", "ended", too_late)
        return None
    if first is not None and first[0] <= run.now_us:
        run.node = first[1]
        transition, more = first[1].due(run)
        detail = next(told for member, told in begun if member is first[1])
        return run.leave(transition, detail={**detail, **more})
    for member, detail in begun:
        run.step(member, "transitions", None, processed=False, detail=detail)
    run.node = place
    waiting_for = members[0].waiting_for if place is members[0] else RACE
    if first is not None:
        due_at_us, member = first
        run.commands.append(StartTimer(place.id, run.pass_no, due_at_us, member.timer_kind))
        if place is not members[0]:
            waiting_for = f"{RACE}:{member.id}"
    run.hold(waiting_for)
    return None


def _go_on(run: Run, place: Node, members: Sequence[Listener], stimulus: Stimulus) -> Node | None:
    if isinstance(stimulus, EventReceived):
        for member in members:
            run.node = member
            heard = member.hear(run, stimulus)
            if heard is not None:
                if place.holds_timer(run):
                    run.commands.append(CancelTimer(place.id, run.pass_no))
                return run.leave("default", detail=heard)
        run.node = place
        run.ignored = "notListening"
        return None
    if isinstance(stimulus, TimerDue) and place.holds_timer(run):
        winner = members[0] if place is members[0] else next(m for m in members if run.waiting_for == f"{RACE}:{m.id}")
        run.node = winner
        transition, detail = winner.due(run)
        return run.leave(transition, detail=detail)
    run.ignored = "stale"
    return None
