"""One stimulus being worked out: what the engine and the activities share while an instance moves."""

from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo

import orjson

from parcours.expressions.errors import ExpressionFailed
from parcours.expressions.references import PLATFORM, EvaluationContext
from parcours.journeys.enrichment import EnrichedSources, attributes_of
from parcours.journeys.fetches import Answers, DataNeeded, Fetch, FetchedSources, requests_of, told
from parcours.journeys.model import (
    GLOBAL_TIMER,
    NOTHING,
    CancelTimer,
    Command,
    DataFetched,
    FetchData,
    FetchOutcome,
    Instance,
    InstanceStatus,
    Pending,
    Replied,
    Request,
    StepEvent,
    StepStatus,
    Stimulus,
    Transition,
)
from parcours.kit.named import make as make

if TYPE_CHECKING:
    from parcours.journeys.compiled import CompiledJourney

PAUSED = "resume"
"""What an instance waits for that a pause holds at an action."""
FETCH = "fetch"
"""What an instance waits for while data of external sources is fetched for its node."""
PROFILE_GROUP = "ProfileFieldGroup"
"""The field group of the built-in data source that holds the profile's attributes."""
AUDIENCES = "$audiences"
"""The member of a stimulus's `data` that holds the ids of the audiences the individual is in; read when asked."""
NO_AUDIENCES: Collection[str] = frozenset()
MAX_CONTEXT_BYTES = 1_048_576
"""Largest instance context: events received and answers of actions (journeys §15)."""


class Node:
    """A compiled activity. Subclasses say what happens on arrival and on a stimulus; both leave or hold."""

    __slots__ = ("exits", "fetches", "id", "name")

    node_type: ClassVar[str]
    step_type: ClassVar[str | None] = None

    def __init__(self, node_id: str, name: str) -> None:
        self.id = node_id
        self.name = name
        self.exits: dict[str, Node] = {}
        """The next node by transition: `default`, `path:<id>`, `timeout`, `error`, `other`. Filled when linked."""
        self.fetches: tuple[Fetch, ...] = ()
        """What its expressions may read of external data sources. Filled when compiled."""

    def holds_timer(self, run: "Run") -> bool:
        """Whether a timer runs, under the node's id, while the node holds this instance."""
        return False

    def reader_of(self, numbers: tuple[int, ...]) -> "Node":
        """The node of the document whose expressions read one of these fetches."""
        return self

    @property
    def shown(self) -> "Node":
        """The node of the document that step events name for this one."""
        return self

    def enter(self, run: "Run") -> "Node | None":
        """Act on arrival. Returns the node that follows; None when the instance holds here or has ended.

        It is called again when data that its expressions read has come (DataNeeded): it evaluates all of them before
        it asks for anything or writes a step.
        """
        raise NotImplementedError

    def resume(self, run: "Run", stimulus: Stimulus) -> "Node | None":
        """Act on what came while the instance was held here. A stimulus that does not fit sets `run.ignored`."""
        if isinstance(stimulus, Replied):
            return self.take(run, stimulus.reply)
        run.ignored = "stale"
        return None

    def take(self, run: "Run", reply: Any) -> "Node | None":
        """Go on with the reply to what `enter` asked for by `Run.ask`."""
        run.ignored = "stale"
        return None


class Run:
    """The mutable half of `advance`: begins as the given instance, ends as the Transition."""

    __slots__ = (
        "_context",
        "actions",
        "commands",
        "data",
        "deadline_us",
        "event_id",
        "events",
        "fetch_state",
        "held_since_us",
        "ignored",
        "instance",
        "journey",
        "last_error",
        "latest",
        "lookups",
        "node",
        "now_us",
        "parent_node_id",
        "parent_transition",
        "pass_no",
        "pending",
        "status",
        "step_seq",
        "steps",
        "timed_pass",
        "waiting_for",
    )

    def __init__(
        self, journey: "CompiledJourney", instance: Instance, data: Mapping[str, Any], event_id: str, now_us: int
    ) -> None:
        self.journey = journey
        self.instance = instance
        self.data = data
        self.event_id = event_id
        self.now_us = now_us
        node_id: str | None
        self.status: InstanceStatus
        self.pending: tuple[Pending, ...]
        self.fetch_state: Mapping[str, Any] | None
        self.timed_pass: int | None
        self.latest: Mapping[str, Any] | None
        (
            _, _, _, _, _, node_id, self.pass_no, self.status, self.waiting_for, _, self.deadline_us, self.step_seq,
            self.events, self.actions, self.parent_node_id, self.parent_transition, self.held_since_us,
            self.last_error, self.pending, self.lookups, _, _, self.fetch_state, self.timed_pass, self.latest, _,
        ) = instance  # fmt: skip
        self.node: Node | None = None if node_id is None else journey.nodes.get(node_id)
        self.commands: list[Command] = []
        self.steps: list[StepEvent] = []
        self.ignored: str | None = None
        self._context: EvaluationContext | None = None

    # --- moving ---

    def walk(self, node: Node | None) -> None:
        """Go from node to node until one holds the instance or it ends."""
        left = len(self.journey.nodes) + 1
        while node is not None:
            place = self.node = node
            self.pass_no += 1
            self.held_since_us = self.now_us
            left -= 1
            if left < 0:  # a journey that passed the check has no loop; one that did not must still stop
                self.step(node, "error", None, ended=True, detail={"reason": "loop"})
                self._end("error")
                return
            try:
                node = node.enter(self)
            except DataNeeded:
                node = self.fetch(place)

    def leave(
        self, transition: str, *, status: StepStatus = "ended", action: Mapping[str, Any] | None = None,
        detail: Mapping[str, Any] = NOTHING,
    ) -> Node | None:  # fmt: skip
        """Leave the present node. Returns the next one; None, with the instance ended, when nothing follows."""
        node = self.node
        assert node is not None
        target = node.exits.get(transition)
        if target is None:
            self.step(node, status, None, ended=True, action=action, detail=detail)
            self._end("ended")
            return None
        self.step(node, status, transition, action=action, detail=detail)
        self.parent_node_id = node.id
        self.parent_transition = transition
        self.waiting_for = None
        return target

    def fail(
        self, kind: str, code: str, *, status: StepStatus = "error", action: Mapping[str, Any] | None = None,
        detail: Mapping[str, Any] = NOTHING,
    ) -> Node | None:  # fmt: skip
        """The present node is in error: go on by its alternative path, or end the instance in error.

        kind: `action`, `fetch` or `evaluation`; code: what it failed with.
        """
        node = self.node
        assert node is not None
        if self.journey.reads_latest:
            self.latest = {**_latest(self), f"{kind}Error": code}
        self.last_error = {
            "nodeId": node.id, "nodeName": node.name, "nodeType": node.node_type, "kind": kind, "code": code,
        }  # fmt: skip
        if "error" in node.exits:
            return self.leave("error", status=status, action=action, detail=detail)
        self.step(node, status, None, ended=True, action=action, detail=detail)
        self._end("timedout" if status == "timedout" else "error")
        return None

    def note_time(self, kind: str, elapsed_ms: int) -> None:
        """Keep how long the latest call (`action`) or fetch (`fetch`) took, for a journey that reads it."""
        self.latest = {**_latest(self), f"{kind}Ms": elapsed_ms}

    # --- external data ---

    @property
    def answers(self) -> Answers:
        """What was fetched for the present stay."""
        state = self.fetch_state
        return NOTHING if state is None else state.get("data", NOTHING)

    def fetch(self, node: Node) -> Node | None:
        """Ask for all that the node may read of external sources, and hold there until it has come.

        What depends on another answer is asked for when that is there, and what has come by then stays.
        """
        self.node = node
        answers = self.answers
        try:
            requests = requests_of(node.fetches, answers, self.context())
        except ExpressionFailed as error:
            return self.fail("evaluation", "error", detail={"reason": str(error)})
        if not requests:
            return self.fail("fetch", "internalError", detail={"reason": "what is to be fetched depends on itself"})
        if answers and not _is_small(answers):
            detail = {"reason": "tooLarge", "maxBytes": MAX_CONTEXT_BYTES}
            return self.fail("fetch", "tooLarge", detail=detail)
        deadline_us = self.now_us + self.journey.action_timeout_us
        self.commands.append(FetchData(node.id, self.pass_no, tuple(requests), deadline_us))
        self.hold(FETCH)
        return None

    def take_data(self, fetched: DataFetched) -> Node | None:
        """What was asked for has come: the node begins anew; or it has not, and the node is in error.

        Raises DataNeeded when the node reads more now.
        """
        node = self.node
        assert node is not None
        outcomes = fetched.outcomes
        before = self.fetch_state or NOTHING
        failed = next((outcome for outcome in outcomes if outcome.error is not None), None)
        waited_ms = max((outcome.elapsed_ms for outcome in outcomes), default=0)
        state: dict[str, Any] = {
            "count": before.get("count", 0) + len(outcomes), "ms": before.get("ms", 0) + waited_ms,
        }  # fmt: skip
        self.fetch_state = state
        if self.journey.reads_latest:
            self.note_time("fetch", waited_ms)
        if failed is not None:
            return self._fail_fetch(failed)
        answers = {str(number): outcome.data for outcome in outcomes for number in outcome.numbers}
        state["data"] = {**before.get("data", NOTHING), **answers}
        self._context = None
        return node.enter(self)

    def _fail_fetch(self, failed: FetchOutcome) -> Node | None:
        assert self.node is not None
        self.node = self.node.reader_of(failed.numbers)
        status: StepStatus = failed.error if failed.error in ("capped", "timedout") else "error"  # type: ignore[assignment]
        detail: dict[str, Any] = {"dataSource": failed.source, "fieldGroup": failed.group, "reason": _reason(failed)}
        if failed.error_message:
            detail["message"] = failed.error_message
        fields = told(self.fetch_state["count"], self.fetch_state["ms"], failed)  # type: ignore[index]
        self.fetch_state = None
        code = failed.error_code or "error"
        return self.fail("fetch", code, status=status, action=fields, detail=detail)

    def ask(self, request: Request) -> None:
        """Have something asked of the world, and hold until the reply is there, in the same transaction."""
        self.commands.append(request)
        self.hold("reply")

    def hold(self, waiting_for: str) -> None:
        """Stay at the present node until something named comes."""
        self.waiting_for = waiting_for

    def end_early(
        self, status: StepStatus, outcome: InstanceStatus, detail: Mapping[str, Any],
        *, action: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """Stop the instance where it stands, whatever follows."""
        node = self.node
        assert node is not None
        self.step(node.shown, status, None, ended=True, action=action, detail=detail)
        self._end(outcome)

    def exit(self, criterion_id: str, name: str, detail: Mapping[str, Any] = NOTHING) -> None:
        """Leave the journey by an exit criterion (journeys §9.8)."""
        told = {"reason": "exitCriteria", "exitCriteriaID": criterion_id, "exitCriteriaName": name, **detail}
        self.end_early("ended", "exited", told)

    def _end(self, status: InstanceStatus) -> None:
        self.node = None
        self.status = status
        self.waiting_for = None
        self.pending = ()

    # --- writing down ---

    def step(
        self, node: Node, status: StepStatus, transition: str | None, *, processed: bool = True, ended: bool = False,
        action: Mapping[str, Any] | None = None, detail: Mapping[str, Any] = NOTHING,
    ) -> None:  # fmt: skip
        """Write one step event."""
        if self.fetch_state is not None:
            action = {**(action or NOTHING), **told(self.fetch_state["count"], self.fetch_state["ms"], None)}
            self.fetch_state = None
        seq = self.step_seq
        self.step_seq = seq + 1
        self.steps.append(
            make(StepEvent, (
                seq, self.now_us, self.pass_no, node.id, node.name, node.node_type, node.step_type, status,
                self.event_id, processed, seq == 0, ended, self.parent_node_id, self.parent_transition, transition,
                self.now_us - self.held_since_us, action, detail,
            ))
        )  # fmt: skip

    # --- evaluating ---

    def context(self) -> EvaluationContext:
        """What expressions at the present node are evaluated against."""
        context = self._context
        if (
            context is None
            or context.events is not self.events
            or context.actions is not self.actions
            or context.lookups is not self.lookups
        ):
            journey = self.journey
            data = self.data if journey.reads_sources else NOTHING
            if journey.has_sources and journey.reads_sources:
                data = FetchedSources(self, data)
            if journey.carries_attributes:
                data = EnrichedSources(data, attributes_of(self.instance.run))
            ids = journey.audience_ids
            audiences = Audiences(self.data, ids) if ids else NO_AUDIENCES
            context = self._context = make(EvaluationContext, (
                self.events, data, self.actions, Properties(self), self.now_us, NOTHING, self.lookups, audiences, None,
            ))  # fmt: skip
        return context

    def time_zone(self) -> ZoneInfo:
        """The zone that times and dates are read in: the profile's own where the journey says so (journeys §9.4)."""
        journey = self.journey
        return self.own_time_zone() if journey.uses_profile_time_zone else journey.time_zone

    def own_time_zone(self) -> ZoneInfo:
        """The zone of the individual's profile; the journey's for who has none that is known."""
        group = (self.data.get(PLATFORM) or NOTHING).get(PROFILE_GROUP) or NOTHING
        return zone_named(group.get("timeZone")) or self.journey.time_zone

    def finish(self, *, is_new: bool = False) -> Transition:
        """The instance as it is now, with everything that must be done and written."""
        node = self.node
        before = self.instance
        if node is None and not is_new:
            self.commands.append(CancelTimer(GLOBAL_TIMER, 0))
        fetched = self.fetch_state
        if fetched is not None and self.waiting_for != FETCH:  # the next step tells of it, nobody reads it any more
            fetched = {"count": fetched["count"], "ms": fetched["ms"]} if node is not None else None
        self._context = None  # it refers to this run: apart, both go at once, without the garbage collector
        after = make(Instance, (
            before.id, before.version_uid, before.journey_uid, before.key, before.namespace,
            None if node is None else node.id, self.pass_no, self.status, self.waiting_for, before.entered_at_us,
            self.deadline_us, self.step_seq, self.events, self.actions, self.parent_node_id, self.parent_transition,
            self.held_since_us, self.last_error, self.pending, self.lookups, before.supplemental_id, before.run,
            fetched, self.timed_pass, self.latest, before.jump,
        ))  # fmt: skip
        return make(Transition, (after, tuple(self.commands), tuple(self.steps), None, False))


def _is_small(answers: Answers) -> bool:
    """Whether they can be kept while others are fetched."""
    try:
        return len(orjson.dumps(answers)) <= MAX_CONTEXT_BYTES
    except TypeError:
        return False


def _reason(failed: FetchOutcome) -> str:
    """A code that can be counted by."""
    return f"http_{failed.error_code}" if failed.error == "http" else failed.error_code or "error"


class Audiences(Collection[str]):
    """Names of the audiences an individual is in, looked for when an expression asks."""

    __slots__ = ("_data", "_ids")

    def __init__(self, data: Mapping[str, Any], ids: Mapping[str, str]) -> None:
        self._data = data
        self._ids = ids

    def __contains__(self, name: object) -> bool:
        found = self._data.get(AUDIENCES) or NO_AUDIENCES
        return self._ids.get(str(name)) in found

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._ids if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def zone_named(name: Any) -> ZoneInfo | None:
    """An IANA zone by name; None when there is no such zone, or it is no name at all."""
    return _zone(name) if type(name) is str else None


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        return None


class Properties(Mapping[str, Any]):
    """Journey properties (expression-language §9) of a run, worked out when an expression asks for one."""

    __slots__ = ("_run",)

    def __init__(self, run: Run) -> None:
        self._run = run

    def __getitem__(self, name: str) -> Any:
        fixed = self._run.journey.properties
        return fixed[name] if name in fixed else _PROPERTIES[name](self._run)

    def __iter__(self) -> Iterator[str]:
        yield from self._run.journey.properties
        yield from _PROPERTIES

    def __len__(self) -> int:
        return len(self._run.journey.properties) + len(_PROPERTIES)


def _error(run: Run, field: str) -> Any:
    error = run.last_error
    return None if error is None else error[field]


def _latest(run: Run) -> Mapping[str, Any]:
    """See `Instance.latest`. Of somebody whom the release before moved last: what their last error tells."""
    error = run.last_error
    if run.latest is not None or error is None:
        return run.latest or NOTHING
    kind = error["kind"]
    return {f"{kind}Error": error["code"], f"{kind}Ms": error.get("elapsedMs")}


_SPELLINGS = {"timedout": "timedOut"}


def _spelled(code: str | None) -> str | None:
    """A code as journey properties spell it (expression-language §9)."""
    return None if code is None else _SPELLINGS.get(code, code)


def _node_name(run: Run, node_id: str | None) -> str | None:
    node = run.journey.nodes.get(node_id) if node_id else None
    return node.name if node else None


_PROPERTIES: dict[str, Any] = {
    "instanceUID": lambda run: run.instance.id,
    "externalKey": lambda run: run.instance.key,
    "profileId": lambda run: run.instance.key,
    "namespace": lambda run: run.instance.namespace,
    "currentNodeId": lambda run: run.node.id if run.node else None,
    "currentNodeName": lambda run: run.node.name if run.node else None,
    "previousNodeId": lambda run: run.parent_node_id,
    "previousNodeName": lambda run: _node_name(run, run.parent_node_id),
    "lastNodeUIDInError": lambda run: _error(run, "nodeId"),
    "lastNodeNameInError": lambda run: _error(run, "nodeName"),
    "lastNodeTypeInError": lambda run: _error(run, "nodeType"),
    "lastErrorCode": lambda run: _spelled(_error(run, "code")),
    "lastExecutedActionErrorCode": lambda run: _spelled(_latest(run).get("actionError")),
    "lastDataFetchErrorCode": lambda run: _spelled(_latest(run).get("fetchError")),
    "lastActionExecutionElapsedTime": lambda run: _latest(run).get("actionMs"),
    "lastDataFetchElapsedTime": lambda run: _latest(run).get("fetchMs"),
    "supplementalId": lambda run: run.instance.supplemental_id,
}
PROPERTY_NAMES = tuple(_PROPERTIES)
LATEST_PROPERTIES = frozenset({
    "lastExecutedActionErrorCode", "lastDataFetchErrorCode", "lastActionExecutionElapsedTime",
    "lastDataFetchElapsedTime",
})  # fmt: skip
"""Those that need `Instance.latest`."""
