"""What the doctor looks at, and what it finds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

MAX_EXAMPLES = 20
"""Most places that a finding names; it counts them all."""

Severity = Literal["error", "note"]


class Kind(NamedTuple):
    """A kind of finding."""

    text: str
    """What it means, after the number of them."""
    repair: str | None
    """What `--repair` does about it; None when only people can."""


KINDS: Mapping[str, Kind] = {
    "timerMissing": Kind("instances wait for a timer that isn't there", "start the timer again, due when it was"),
    "globalTimerMissing": Kind("instances have no timer for their global timeout", "start it, due at their deadline"),
    "globalTimerLate": Kind(
        "instances would be timed out after their deadline", "let the timer be due at the deadline"
    ),
    "timerStale": Kind("timers are of a stay that is over", "delete them"),
    "timerOrphan": Kind("timers are of nobody who is in a journey", "delete them"),
    "callMissing": Kind("instances wait for the answer of a call that isn't there", "answer it as internalError"),
    "stateUnreadable": Kind("instances whose stored state can't be read", "end them in error"),
    "waitsForNothing": Kind("instances stand at a node and wait for nothing", None),
    "nodeUnknown": Kind("instances stand at a node that their version doesn't have", None),
    "stopForgotten": Kind("instances are in a stopped version that nobody takes them out of", "take them out"),
    "resumeForgotten": Kind("instances wait for the end of a pause that is over", "let them go on"),
    "versionUnusable": Kind("instances are in a version that can't be run; mend what it uses", None),
    "sandboxGone": Kind("instances are in a sandbox that was deleted", None),
    "stopUnderWay": Kind("instances are in a stopped version and will be taken out", None),
    "timersOverdue": Kind("timers are overdue", None),
    "deadlinesPassed": Kind("instances are past their deadline", None),
    "recordsWaiting": Kind("records of the event log wait to be processed", None),
    "positionBeyondLog": Kind("records more than the event log has ever held are noted as processed", None),
    "callsOverdue": Kind("calls of the outbox are past their time limit", None),
    "lakeBehind": Kind("records wait for the lake", None),
    "setAside": Kind("times the code failed in the last day, on those who ended in error or were left out", None),
    "runsFailed": Kind("runs of Read audience failed in the last day", None),
    "runsHeldUp": Kind("runs of Read audience are of a version that can't be run; mend what it uses", None),
    "workerFails": Kind("worker whose transactions fail", None),
}


@dataclass
class Finding:
    """All there is of one kind."""

    code: str
    severity: Severity
    count: int = 0
    repaired: int = 0
    examples: list[Mapping[str, Any]] = field(default_factory=list)
    """The first of them: ids, and what is wrong."""

    def to_json(self) -> dict[str, Any]:
        """As `parcours doctor --json` prints it."""
        kind = KINDS[self.code]
        return {
            "code": self.code,
            "severity": self.severity,
            "text": kind.text,
            "repair": kind.repair,
            "count": self.count,
            "repaired": self.repaired,
            "examples": self.examples,
        }


class Report:
    """What was checked, and what was found."""

    def __init__(self) -> None:
        self.checked: dict[str, int] = {}
        """How many of each there are: `instances` (those in a journey), `timers`, `calls`, `stops` …"""
        self.measured: dict[str, float | None] = {}
        """Ages and distances, with the unit in the name; None where there is nothing to measure."""
        self._findings: dict[str, Finding] = {}

    def add(
        self, code: str, place: Mapping[str, Any], *, severity: Severity = "error", count: int = 1, repaired: int = 0
    ) -> None:
        """One more of a kind, or `count` of them."""
        finding = self._findings.get(code)
        if finding is None:
            finding = self._findings[code] = Finding(code, severity)
        finding.count += count
        finding.repaired += repaired
        if len(finding.examples) < MAX_EXAMPLES:
            finding.examples.append(place)

    def repaired(self, code: str, count: int) -> None:
        """So many more of a kind are repaired."""
        self._findings[code].repaired += count

    def count(self, what: str, number: int) -> None:
        """So many more of something were checked."""
        self.checked[what] = self.checked.get(what, 0) + number

    @property
    def findings(self) -> list[Finding]:
        """Errors before notes, each group in the order of KINDS."""
        order = list(KINDS)
        return sorted(self._findings.values(), key=lambda f: (f.severity != "error", order.index(f.code)))

    @property
    def is_well(self) -> bool:
        """Whether there is no error that is left."""
        return all(f.severity != "error" or f.repaired == f.count for f in self._findings.values())

    def to_json(self) -> dict[str, Any]:
        """As `parcours doctor --json` prints it."""
        return {
            "ok": self.is_well,
            "checked": self.checked,
            "measured": self.measured,
            "findings": [finding.to_json() for finding in self.findings],
        }


class Timer(NamedTuple):
    """A timer's row."""

    instance_id: str
    node_id: str
    pass_no: int
    due_at_us: int


class Waiting(NamedTuple):
    """An instance inside a journey, with what the rules need of it."""

    id: str
    partition: int
    scope_id: int
    version_uid: str
    node_id: str
    waiting_for: str | None
    deadline_us: int
    pass_no: int
    held_since_us: int


class Unreadable(NamedTuple):
    """An instance inside a journey whose stored state is none."""

    id: str
    scope_id: int
    version_uid: str
    node_id: str


class Fault(NamedTuple):
    """Something wrong with one instance or one timer."""

    code: str
    instance_id: str
    timer: Timer | None = None
    """The timer that is wrong; None when it is the instance."""
    instance: Waiting | Unreadable | None = None

    def place(self) -> dict[str, Any]:
        """As a report names it."""
        told: dict[str, Any] = {"instanceId": self.instance_id}
        if isinstance(self.instance, Unreadable):
            told |= {"nodeId": self.instance.node_id, "versionUid": self.instance.version_uid}
        elif self.instance is not None:
            i = self.instance
            told |= {"nodeId": i.node_id, "pass": i.pass_no, "waitingFor": i.waiting_for, "versionUid": i.version_uid}
        if self.timer is not None:
            told |= {
                "timer": {"nodeId": self.timer.node_id, "pass": self.timer.pass_no, "dueAtUs": self.timer.due_at_us}
            }
        return told


class Part(NamedTuple):
    """Some of the instances, in the order of their ids, and all timers and calls in the same range of ids."""

    instances: dict[str, Waiting]
    timers: dict[str, list[Timer]]
    """By instance id, also of those that are in no journey."""
    calls: frozenset[tuple[str, int]]
    """(instance id, pass) of the calls that instances of the part wait for."""
    upto: str | None
    """The last id of the range; None when nothing follows."""
    unreadable: tuple[Unreadable, ...] = ()
    """Those inside a journey whose state is none; they are not among the instances."""

    def all_timers(self) -> Iterator[Timer]:
        """Every timer of the part."""
        for timers in self.timers.values():
            yield from timers
