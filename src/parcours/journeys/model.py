"""The nouns of a running journey: instance, stimuli, commands, step events. All immutable, all JSON-able.

What the hot path makes by the thousand is a NamedTuple: a frozen dataclass of this size takes six times as long.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from parcours.journeys.send_time import Choice
from parcours.rulesets.model import Verdict

NOTHING: Mapping[str, Any] = {}
"""No members; read-only by custom, for it is shared."""
GLOBAL_TIMER = ""
"""`node_id` of the one timer that belongs to the instance and not to a node; its `pass_no` is 0."""

InstanceStatus = Literal["active", "ended", "error", "timedout", "stopped", "exited", "discarded"]
"""`exited`: by an exit criterion; `discarded`: at an action, by a pause or by quiet hours that discard."""
TimerKind = Literal["wait", "eventTimeout", "globalTimeout", "quietHours", "sendTime"]
StepStatus = Literal["ended", "transitions", "error", "capped", "timedout", "instanceTimedout"]
EdgeKind = Literal["default", "path", "timeout", "error", "other"]


class Pending(NamedTuple):
    """An event that came while the instance was busy with a call, kept until it settles."""

    event_uid: str
    payload: Mapping[str, Any]


class Instance(NamedTuple):
    """One individual inside one journey version. Made by `engine.begin`, changed only by `engine.advance`."""

    id: str
    version_uid: str
    journey_uid: str
    key: str
    """The profile identifier computed from the entry event (externalKey)."""
    namespace: str | None
    """Identity namespace of `key`; None for a journey without one."""
    node_id: str | None
    """The one node the instance is at; None when it has left the journey."""
    pass_no: int
    """Counts the nodes entered; with `node_id` it names one stay, so that an old timer or answer is recognised."""
    status: InstanceStatus
    waiting_for: str | None
    """"timer", "sendTime", "event:<eventUid>", "action" or "fetch"; None once ended."""
    entered_at_us: int
    deadline_us: int
    """When the global timeout stops the instance."""
    step_seq: int
    """Step events written so far; the next one has this number."""
    events: Mapping[str, Any]
    """Latest payload of every event received, by the name the version's expressions use for the event."""
    actions: Mapping[str, Any]
    """Answer of every action called, by the name expressions use: {"jo_status_code": …, fields …}."""
    parent_node_id: str | None = None
    """The node left last; None at the entry."""
    parent_transition: str | None = None
    """How it was left: an edge's name, such as "default", "path:gold", "timeout"."""
    held_since_us: int = 0
    """When the present node began to hold the instance."""
    last_error: Mapping[str, Any] | None = None
    """{"nodeId", "nodeName", "nodeType", "kind", "code"} of the latest node in error; kind: `action`, `fetch` or
    `evaluation`. Written by a release before it has "elapsedMs", too."""
    pending: tuple[Pending, ...] = ()
    lookups: Mapping[str, Any] = NOTHING
    """Rows that dataset lookups gave, by the name expressions use: {"entities": [row …]}."""
    supplemental_id: str | None = None
    """Second dimension of the key (journeys §12.3); None in a journey without one."""
    run: Mapping[str, Any] | None = None
    """Of an instance that a Read audience run made: {"id", "index", "attributes"?}; the index of the first run is 1.

    attributes: what the audience's list said of the member at the entrance, where the journey reads it."""
    fetch: Mapping[str, Any] | None = None
    """What was fetched at the present node and no step tells yet: {"count", "ms", "data"}; `data`, the answers by
    number of the fetch, only while further ones are fetched."""
    timed_pass: int | None = None
    """The stay whose message was given its time by send-time optimisation."""
    latest: Mapping[str, Any] | None = None
    """{"actionMs", "actionError", "fetchMs", "fetchError"} of the latest call and fetch, and of the latest of each that
    failed. Only in a journey whose expressions read one of them."""
    jump: Mapping[str, Any] | None = None
    """Of an instance that a jump made, where it came from: {"origin", "previous"}, each a list of journey uid, version
    uid and instance id. The origin is where a chain of jumps began."""

    @property
    def is_ended(self) -> bool:
        """Whether the instance has left the journey, in whichever way."""
        return self.node_id is None


# --- stimuli: what happens to an instance -------------------------------------------------------------------------


class Entered(NamedTuple):
    """The entry event of a new instance. `data` is read only when an expression asks for it."""

    payload: Mapping[str, Any]
    """The XDM entity of the event."""
    data: Mapping[str, Any] = NOTHING
    """Data sources by name, then field group: {"ExperiencePlatform": {"ProfileFieldGroup": {…}}}; may be lazy."""


class EventReceived(NamedTuple):
    """An event with the instance's key that some node of the journey listens to."""

    event_uid: str
    payload: Mapping[str, Any]
    data: Mapping[str, Any] = NOTHING
    is_for_exit_only: bool = False
    """Whether it is about another supplemental id: then it can only be an exit criterion (journeys §12.3)."""


class TimerDue(NamedTuple):
    """A timer started with StartTimer, due now; `node_id` is GLOBAL_TIMER for the global timeout."""

    node_id: str
    pass_no: int
    data: Mapping[str, Any] = NOTHING


SENT = "sent"
"""Status code of a message that has left."""
EXCLUDED = "excluded"
"""Of one that may not be sent, for want of consent or because its address is suppressed: the individual goes on."""
BOUNCED = "bounced"
"""Of one whose address was refused: the individual goes on, for that is a matter of the address; reactions hear it."""
_NO_ERRORS = frozenset({SENT, EXCLUDED, BOUNCED})


@dataclass(frozen=True, slots=True)
class ActionOutcome:
    """How a call ended, after its retries."""

    status_code: str
    """`http_<code>`, `timedout`, `capped` or `internalError` (expression-language §7.3); of messages `sent`,
    `excluded`, `bounced` or a word for what went wrong."""
    response: Any = None
    """The answer's JSON body; None when there was none or it was no JSON."""
    origin_error: str | None = None
    """Error of the previous attempt when a retry hid it: `http`, `timedout`, `error`."""
    origin_code: str | None = None
    error_message: str | None = None
    elapsed_ms: int = 0
    attempts: int = 1
    endpoint: str | None = None
    method: str | None = None
    is_throttled: bool = False
    """Whether a throttle told when it might begin."""
    wait_ms: int = 0
    """How long it waited for that."""
    last_started_at_us: int | None = None
    """When the last attempt went out; None of a call that never did, and of messages."""
    last_elapsed_ms: int = 0
    """How long that attempt took."""
    is_mtls: bool = False
    """Whether a certificate of the caller was presented."""
    is_proxy: bool = False
    """Whether it went through a proxy."""

    @property
    def is_error(self) -> bool:
        """True unless an answer of the 2xx class came (journeys §6.4), or a message has left."""
        return not self.status_code.startswith("http_2") and self.status_code not in _NO_ERRORS

    @property
    def error(self) -> str | None:
        """`actionExecutionError`: `http`, `timedout`, `capped` or `error`; None when the call succeeded."""
        if not self.is_error:
            return None
        if self.status_code.startswith("http_"):
            return "http"
        return self.status_code if self.status_code in ("timedout", "capped") else "error"

    @property
    def error_code(self) -> str | None:
        """`actionExecutionErrorCode`: the HTTP code as text, or what stands for it; None when the call succeeded."""
        return self.status_code.removeprefix("http_") if self.is_error else None


class ActionAnswered(NamedTuple):
    """The answer to a CallAction, by its node and pass."""

    node_id: str
    pass_no: int
    outcome: ActionOutcome
    data: Mapping[str, Any] = NOTHING


@dataclass(frozen=True, slots=True)
class FetchOutcome:
    """How one field group of an external data source was read, after retries or from the cache."""

    source: str
    """Name of the data source."""
    group: str
    numbers: tuple[int, ...]
    """Numbers of the journey's fetches that it answers."""
    data: Any = None
    """The fields that the group declares."""
    error: str | None = None
    """`http`, `capped`, `timedout` or `error`; None when there is data."""
    error_code: str | None = None
    """HTTP status as text, or what stands for it: `capped`, `timedout`, `notJson`, `tooLarge`, `internalError` …"""
    origin_error: str | None = None
    """Error of the previous attempt when a retry hid it."""
    origin_code: str | None = None
    error_message: str | None = None
    elapsed_ms: int = 0
    attempts: int = 1
    is_cached: bool = False


class DataFetched(NamedTuple):
    """The answer to a FetchData, by its node and pass: one outcome for each of its requests."""

    node_id: str
    pass_no: int
    outcomes: tuple[FetchOutcome, ...]
    data: Mapping[str, Any] = NOTHING


class Replied(NamedTuple):
    """The answer to one of `Request`, given in the same transaction."""

    node_id: str
    pass_no: int
    reply: Any
    """What the command says it is answered with."""
    data: Mapping[str, Any] = NOTHING


class Resumed(NamedTuple):
    """The journey goes on after a pause: an instance held at an action carries it out now."""

    data: Mapping[str, Any] = NOTHING


class Stopped(NamedTuple):
    """The instance must leave at once: its version was stopped or is over, or a person took it out."""

    reason: str
    """`stopped`, `endDate`, `forcedReentrance`, `testEnded` …"""
    data: Mapping[str, Any] = NOTHING


Stimulus = Entered | EventReceived | TimerDue | ActionAnswered | DataFetched | Replied | Resumed | Stopped


# --- commands: what the world must do -----------------------------------------------------------------------------


class StartTimer(NamedTuple):
    """Send TimerDue(node_id, pass_no) at `due_at_us`, never earlier."""

    node_id: str
    pass_no: int
    due_at_us: int
    kind: TimerKind


class CancelTimer(NamedTuple):
    """Forget the timer; cancelling one that is gone changes nothing, and a late TimerDue is ignored anyway."""

    node_id: str
    pass_no: int


class CallAction(NamedTuple):
    """Call a custom action and send ActionAnswered(node_id, pass_no, …), once, whatever happens."""

    node_id: str
    pass_no: int
    action_uid: str
    action_name: str
    path: str | None
    """What the dynamic path expression gave; None when the node has none."""
    parameters: Mapping[str, Any]
    """Values by `paramPath`, as JSON; a parameter without value is None."""
    deadline_us: int
    """When the time limit of the call, retries included, is over."""


class SendMessage(NamedTuple):
    """Send a message and send ActionAnswered(node_id, pass_no, …), once. The first seven are those of CallAction."""

    node_id: str
    pass_no: int
    action_uid: str
    """Of the template."""
    action_name: str
    path: str | None
    parameters: Mapping[str, Any]
    """Values by name, as JSON."""
    deadline_us: int
    channel: str
    configuration_uid: str | None
    """None: the channel's default."""
    address: Any
    """As found: whether it is one is looked at when the message is sent."""
    platform: str
    """Of a device: `fcm`, `apns` …; empty when nothing says so."""
    has_consent: bool
    events: Mapping[str, Any]
    """Payloads of the events heard, by name: templates read them."""
    actions: Mapping[str, Any]
    lookups: Mapping[str, Any]
    utc_offset_s: int
    """How far the individual's clock is ahead of UTC."""
    is_time_optimized: bool
    """Whether send-time optimisation chose when."""


class FetchRequest(NamedTuple):
    """One field group to be read for some values."""

    source_uid: str
    source: str
    """Its name."""
    group: str
    parameters: Mapping[str, Any]
    """Dynamic values by name, as JSON; one without value is None."""
    numbers: tuple[int, ...]
    """Numbers of the journey's fetches that want just this."""


class FetchData(NamedTuple):
    """Read field groups of external data sources, side by side, and send DataFetched(node_id, pass_no, …), once."""

    node_id: str
    pass_no: int
    requests: tuple[FetchRequest, ...]
    deadline_us: int
    """When the time limit of each, retries included, is over."""


class TakeSlot(NamedTuple):
    """Count one more passage of a profile cap. Replied: True within the limit, False when it is full."""

    node_id: str
    pass_no: int
    limit: int


Sending = CallAction | SendMessage
"""What sends a message."""


class TakeMessage(NamedTuple):
    """Count one more message for the individual, as far as rule sets let it be sent. Replied: a MessageReply."""

    node_id: str
    pass_no: int
    channel: str
    rule_set: str | None
    """Uid of the set of the channel domain that the node names."""
    queued_since_us: int | None
    """Of a message that quiet hours held; None of one that is asked for the first time."""
    command: Sending
    """What sends it, as the node has worked it out."""


class MessageReply(NamedTuple):
    """What rule sets say of a message, with what was asked."""

    verdict: Verdict
    asked: TakeMessage


class ChooseTime(NamedTuple):
    """Find the best time for a message, by what became of earlier ones. Replied: a TimeReply."""

    node_id: str
    pass_no: int
    channel: str
    success: Literal["opens", "clicks"]
    until_us: int
    """The latest moment."""
    zone: ZoneInfo
    """The individual's."""
    command: SendMessage
    """What sends it now, as the node has worked it out."""


class TimeReply(NamedTuple):
    """When a message is to be sent, with what was asked."""

    choice: Choice
    asked: ChooseTime


class AssignPath(NamedTuple):
    """Give the individual a path of an experiment, unless they have one. Replied: the path they have."""

    node_id: str
    pass_no: int
    path: str
    """The one drawn; empty for the hold-out."""


class LookUp(NamedTuple):
    """Read rows of a lookup data set. Replied: the list of rows found, or a text saying why it failed."""

    node_id: str
    pass_no: int
    data_set_id: str
    keys: tuple[str, ...]
    fields: tuple[str, ...]
    """JSON pointers of the fields wanted; none means all."""


class Jump(NamedTuple):
    """Let the individual enter another journey. Replied: a JumpOutcome."""

    node_id: str
    pass_no: int
    journey_uid: str
    event_uid: str
    """The target's first event as the jump was written; a target that begins otherwise by now is an error."""
    payload: Mapping[str, Any]
    """The fields mapped, as an XDM entity."""


class UpdateProfile(NamedTuple):
    """Write attributes of the individual's profile. Replied: None, or a text saying why it could not be done."""

    node_id: str
    pass_no: int
    data_set_id: str
    updates: tuple[tuple[tuple[str, ...], Any], ...]
    """(path, JSON value) of each attribute."""


class JumpOutcome(NamedTuple):
    """What came of a jump."""

    outcome: Literal["entered", "present", "error"]
    """`present`: the individual was in the target already, which is no error (journeys §8.9)."""
    reason: str | None = None
    """Of an error."""
    instance_id: str | None = None
    """The instance in the target."""


Request = TakeSlot | TakeMessage | ChooseTime | AssignPath | LookUp | Jump | UpdateProfile
"""What is answered with Replied, in the same transaction."""
Command = StartTimer | CancelTimer | CallAction | SendMessage | FetchData | Request


# --- what is written down -----------------------------------------------------------------------------------------


class StepEvent(NamedTuple):
    """One step of one instance, in the words of journeys §13.1. `steps.to_lines` makes the lake's row of it.

    Stored as a list of its values: a new field stands last and has a default.
    """

    seq: int
    """0, 1, 2 … within the instance: (instance id, seq) is unique, and the same on replay."""
    at_us: int
    pass_no: int
    """The stay it belongs to: a node that holds writes two, the first with `is_processed` false."""
    node_id: str
    node_name: str
    node_type: str
    """`start`, `event`, `condition`, `wait`, `action` or `end`."""
    step_type: str | None
    """`Condition`, `Action`, `Timer` or None."""
    step_status: StepStatus
    event_id: str
    """What drove it: `createInstance`, an event's uid, `scheduledNotificationReceived`, `executedAction`."""
    is_processed: bool
    """False when the step only began to wait."""
    is_entrance: bool
    is_ended: bool
    """Whether the instance left the journey with this step."""
    parent_node_id: str | None
    parent_transition: str | None
    transition: str | None
    """How the node was left; None while it holds, or when nothing follows."""
    processing_us: int
    """Time the instance stayed at the node, in microseconds."""
    action: Mapping[str, Any] | None
    """The action fields of §13.1 by their names there (`actionID`, `actionExecutionError` …); None elsewhere."""
    detail: Mapping[str, Any]
    """Why: for a condition {"conditionType", "chosen", "paths": [{"id", "result", "references": {text: value}}]}."""


StepShape = tuple[str, str, str, str | None, StepStatus, str, bool, bool, bool, str | None, str | None, str | None]
shape_of: Callable[[StepEvent], StepShape] = itemgetter(slice(3, 15))
"""Of a step, what all who go the same way share: the fields from `node_id` to `transition`."""


class Transition(NamedTuple):
    """What came of one stimulus."""

    instance: Instance
    commands: tuple[Command, ...] = ()
    steps: tuple[StepEvent, ...] = ()
    ignored: str | None = None
    """Why the stimulus changed nothing: `ended`, `stale`, `notListening`, `queueFull` …; None when it was taken."""
    queued: bool = False
    """Whether an event was put aside until the running call is answered."""
