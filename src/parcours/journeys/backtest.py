"""A draft over events of the past, beside what the live version did with them: who, what, when, and the differences."""

import copy
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection

from parcours.audiences import store as audience_store
from parcours.audiences.model import REALIZED, Member, Qualification
from parcours.journeys.compiled import CompiledJourney
from parcours.journeys.model import StepEvent
from parcours.journeys.moments import moment_text
from parcours.journeys.node_counts import Stay
from parcours.journeys.outcome import way
from parcours.journeys.people import MAX_EVENTS
from parcours.journeys.seen import InstanceIds, InstanceRecord, VirtualClock, seeded_ids
from parcours.kit.paths import set_paths
from parcours.profile.workspace import ProfileWorkspace, epoch_ms
from parcours.xdm.identities import Identity

Kind = Literal["same", "calls", "end", "onlyDraft", "onlyLive"]
KINDS: Mapping[Kind, str] = {
    "same": "the same calls and the same end",
    "calls": "other calls, or at other times",
    "end": "the same calls, another end",
    "onlyDraft": "would enter the draft, did not enter live",
    "onlyLive": "entered live, would not enter the draft",
}
DEFAULT_TOLERANCE_US = 600_000_000
"""How far apart, from entrance on, calls may be and still be the same: a timestamp is not the time of receipt."""


class RunCall(NamedTuple):
    """A call, made or to be made."""

    at_us: int
    action: str
    status: str | None
    parameters: Mapping[str, Any] | None = None
    """None for a live call: what was sent is not kept."""
    node_id: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One way of one customer through a version."""

    key: str
    entered_at_us: int
    status: str
    path: tuple[str, ...]
    calls: tuple[RunCall, ...]
    version: str = ""
    instance_id: str = ""

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        calls = [
            {"at": moment_text(c.at_us), "action": c.action, "statusCode": c.status, "parameters": c.parameters}
            for c in self.calls
        ]
        return {
            "enteredAt": moment_text(self.entered_at_us),
            "status": self.status,
            "path": list(self.path),
            "calls": [{name: value for name, value in call.items() if value is not None} for call in calls],
            **({"version": self.version} if self.version else {}),
        }


class Pair(NamedTuple):
    """What a customer's entrance comes to in the draft, and what it came to live."""

    key: str
    kind: Kind
    draft: Run | None
    live: Run | None

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        sides = {"draft": self.draft, "live": self.live}
        shown = {name: run.to_json() for name, run in sides.items() if run is not None}
        return {"key": self.key, "kind": self.kind, **shown}


def simulated_run(record: InstanceRecord) -> Run:
    """A run of the draft."""
    calls = tuple(
        RunCall(s.at_us, s.action_name, s.status_code, dict(s.parameters), s.node_id)
        for s in record.sent
        if s.url is not None
    )
    instance = record.instance
    path = way(record.steps, instance.node_id, instance.pass_no)
    return Run(instance.key, instance.entered_at_us, instance.status, path, calls, instance_id=instance.id)


def live_run(
    key: str, entered_at_us: int, version: str, node_id: str | None, status: str, steps: Sequence[StepEvent],
    to_us: int, instance_id: str = "",
) -> Run:  # fmt: skip
    """A run as its steps up to a moment tell it; who ended only later counts as active."""
    kept = [step for step in steps if step.at_us < to_us]
    is_over, at, pass_no = _standing(kept, node_id)
    calls = tuple(
        RunCall(
            step.at_us - step.processing_us,
            str(step.action.get("actionName", step.action.get("actionID"))),
            _status_of(step.action),
            node_id=step.node_id,
        )
        for step in kept
        if step.action is not None and "actionOriginEndpoint" in step.action
    )
    return Run(
        key, entered_at_us, status if is_over else "active", way(kept, at, pass_no), calls, version, instance_id
    )  # fmt: skip


def live_stay(node_id: str | None, steps: Sequence[StepEvent], to_us: int) -> Stay:
    """The same run as what is counted of it."""
    kept = [step for step in steps if step.at_us < to_us]
    _, at, pass_no = _standing(kept, node_id)
    return Stay(kept, at, pass_no)


def _standing(kept: Sequence[StepEvent], node_id: str | None) -> tuple[bool, str | None, int]:
    """(whether it is over, where it stands then, the pass) after steps. node_id: where it stands today."""
    is_over = any(step.is_ended for step in kept) or (not kept and node_id is None)
    last = kept[-1] if kept else None
    return is_over, None if is_over or last is None else last.node_id, 0 if last is None else last.pass_no


def _status_of(action: Mapping[str, Any]) -> str:
    if "actionExecutionError" not in action:
        return "sent"
    return str(action.get("actionExecutionErrorCode") or action["actionExecutionError"])


def compare(drafts: Iterable[Run], lives: Iterable[Run], tolerance_us: int = DEFAULT_TOLERANCE_US) -> Iterator[Pair]:
    """Every entrance in either, paired where it is one of the same customer at about the same time."""
    by_key: dict[str, tuple[list[Run], list[Run]]] = {}
    for side, runs in enumerate((drafts, lives)):
        for run in runs:
            by_key.setdefault(run.key, ([], []))[side].append(run)
    for key in sorted(by_key):
        for draft, live in _paired(*by_key[key], tolerance_us):
            yield Pair(key, _kind(draft, live, tolerance_us), draft, live)


def _paired(drafts: list[Run], lives: list[Run], tolerance_us: int) -> Iterator[tuple[Run | None, Run | None]]:
    """In order of entrance; one too far from the other side's next stands alone."""
    left = sorted(drafts, key=lambda run: run.entered_at_us)
    right = sorted(lives, key=lambda run: run.entered_at_us)
    if len(left) == len(right):
        yield from zip(left, right, strict=True)
        return
    while left or right:
        if left and right and abs(left[0].entered_at_us - right[0].entered_at_us) <= tolerance_us:
            yield left.pop(0), right.pop(0)
        elif left and (not right or left[0].entered_at_us < right[0].entered_at_us):
            yield left.pop(0), None
        else:
            yield None, right.pop(0)


def _kind(draft: Run | None, live: Run | None, tolerance_us: int) -> Kind:
    if draft is None:
        return "onlyLive"
    if live is None:
        return "onlyDraft"
    if not _are_alike(draft, live, tolerance_us):
        return "calls"
    return "same" if draft.status == live.status else "end"


def _are_alike(draft: Run, live: Run, tolerance_us: int) -> bool:
    """Whether the same actions were called as long after entrance, give or take."""
    mine, theirs = (sorted((c.action, c.at_us - run.entered_at_us) for c in run.calls) for run in (draft, live))
    return len(mine) == len(theirs) and all(
        action == other and abs(after_us - other_us) <= tolerance_us
        for (action, after_us), (other, other_us) in zip(mine, theirs, strict=True)
    )


def side_summary(runs: Iterable[Run]) -> dict[str, Any]:
    """Counts of one side."""
    runs = list(runs)
    return {
        "customers": len({run.key for run in runs}),
        "entered": len(runs),
        "ended": dict(Counter(run.status for run in runs).most_common()),
        "calls": dict(Counter(call.action for run in runs for call in run.calls).most_common()),
        "paths": [
            {"path": list(path), "count": count} for path, count in Counter(run.path for run in runs).most_common(20)
        ],
    }


def live_ids(lives: Iterable[tuple[str, str]], seed: str = "") -> InstanceIds:
    """The ids that instances had live, for the same entrance of the same key, and seeded ones for all others.

    lives: (key, instance id) in the order of entrance. Percentage splits draw by the id, so a customer who went by a
    split live draws the same again where node and pass are the same.
    """
    known: dict[str, list[str]] = {}
    for key, instance_id in lives:
        known.setdefault(key, []).append(instance_id)
    otherwise = seeded_ids(seed)

    def make(journey: CompiledJourney, key: str, entrance: int) -> str:
        ids = known.get(key, ())
        return ids[entrance] if entrance < len(ids) else otherwise(journey, key, entrance)

    return make


class StoredPeople:
    """People as profiles are now; of their stored events those up to the virtual moment."""

    def __init__(self, scope_id: int, open_workspace: Callable[[], ProfileWorkspace]) -> None:
        """open_workspace: gives one over a transaction that is open whenever somebody is read."""
        self._scope_id = scope_id
        self._open = open_workspace
        self._profiles: dict[Identity, Mapping[str, Any]] = {}

    def preload(self, identities: Iterable[Identity]) -> None:
        """Read many profiles in few statements."""
        unread = [identity for identity in dict.fromkeys(identities) if identity not in self._profiles]
        if not unread:
            return
        workspace = self._open()
        workspace.preload(self._scope_id, unread)
        for identity in unread:
            self._profiles[identity] = workspace.profile(self._scope_id, identity)

    def profile(self, identity: Identity) -> Mapping[str, Any]:
        """See People."""
        if identity not in self._profiles:
            self._profiles[identity] = self._open().profile(self._scope_id, identity)
        return self._profiles[identity]

    def events(self, identity: Identity, now_us: int) -> list[Mapping[str, Any]]:
        """See People."""
        found = self._open().events(self._scope_id, identity)
        past: list[Mapping[str, Any]] = [e for e in found if epoch_ms(e.get("timestamp", "")) * 1000 <= now_us]
        return past[:MAX_EVENTS]

    def cluster(self, identity: Identity) -> tuple[Identity, ...]:
        """See People."""
        return tuple(dict.fromkeys((identity, *self._open().cluster(self._scope_id, identity))))

    def update(self, identity: Identity, updates: Iterable[tuple[tuple[str, ...], Any]]) -> bool:
        """See People; what is stored stays as it is."""
        known = self.profile(identity)
        if not known:
            return False
        body = copy.deepcopy(dict(known))
        set_paths(body, updates)
        self._profiles[identity] = body
        return True

    def note_event(self, identity: Identity, entity: Mapping[str, Any]) -> None:
        """Nothing: it is stored already, if it is one of those that are."""


class StoredAudiences:
    """Audiences as the last change of each membership tells them: exact after it, and the opposite before it."""

    def __init__(self, scope_id: int, clock: VirtualClock, open_connection: Callable[[], Connection]) -> None:
        """open_connection: gives the one that is open whenever somebody is read."""
        self._scope_id = scope_id
        self._clock = clock
        self._open = open_connection

    def members_after(
        self, _connection: Connection, scope_id: int, audience_id: str, after_key: str, limit: int,
        since_us: int | None, until_us: int | None,
    ) -> list[Member]:  # fmt: skip
        """See AudienceSource: of those who are members now, who was one at the virtual moment, too."""
        now_us = self._clock.at_us
        until_us = now_us if until_us is None else min(until_us, now_us)
        return audience_store.members_after(
            self._open(), self._scope_id, audience_id, after_key, limit, since_us, until_us
        )

    def evaluated_at_us(self, _connection: Connection, _scope_id: int, _audience_id: str) -> int | None:
        """See AudienceSource: always up to date, for when it was is not kept."""
        return self._clock.at_us

    def audiences_of(
        self, _connection: Connection, _scope_id: int, identities: Iterable[Identity], audience_ids: Iterable[str]
    ) -> frozenset[str]:
        """See AudienceSource."""
        now_us = self._clock.at_us
        found = audience_store.find_memberships(self._open(), self._scope_id, identities, audience_ids)
        return frozenset(
            audience_id
            for memberships in found.values()
            for audience_id, membership in memberships.items()
            if (membership.status == REALIZED) == (membership.qualified_at_us <= now_us)
        )


def recorded_qualification(
    scope_id: int, namespace: str, identity: str, event_id: str, at_ms: int, told: Mapping[str, Any]
) -> Qualification:
    """A change of an audience out of the decision about it, as `decision_store.list_qualifications` has it."""
    audience_id = str(told["eventUid"]).partition(":")[2]
    number = event_id.rpartition("-")[2]
    seq = int(number) if number.isdecimal() else 0
    return Qualification(seq, scope_id, audience_id, namespace, identity, told["status"], at_ms * 1000)


def audience_notes(
    journey: CompiledJourney, names: Mapping[str, str], replayed: Mapping[str, int], oldest_us: int | None
) -> list[str]:
    """What to know of a replay that has to do with audiences.

    names: of audiences, by id. replayed: how many recorded changes of each. oldest_us: of the earliest one replayed.
    """
    notes: list[str] = []
    if journey.audience_ids or journey.audience_read is not None:
        notes.append(
            "who was in an audience is told by the last change of each membership: after it as it says, before it the "
            "opposite"
        )
    if journey.audience_read is not None:
        name = names.get(journey.audience_read.audience_id, journey.audience_read.audience_id)
        notes.append(
            f"“{name}” is read by the draft's own schedule, from the beginning of the period on; who has left it since "
            "is not read"
        )
    uids = (journey.entry_event_uid, *sorted(journey.listened))
    for uid in dict.fromkeys(uid for uid in uids if uid.startswith("audience:")):
        audience_id = uid.partition(":")[2]
        name, count = names.get(audience_id, audience_id), replayed.get(audience_id, 0)
        if count:
            since = "" if oldest_us is None else f", the first of {moment_text(oldest_us)}"
            notes.append(f"{count} recorded changes of “{name}” were replayed{since}; they are recorded only while")
            notes[-1] += " a live journey listens to it, and kept as long as decisions"
        else:
            notes.append(
                f"no change of “{name}” is recorded in the period: what begins with it, waits for it or leaves by it "
                "is not replayed"
            )
    return notes
