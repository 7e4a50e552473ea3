"""The event activity: the entry of a journey, or a place inside it that listens (journeys §4.8, §8.1)."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from parcours.journeys.activities.kind import DAY_US, DURATION_SCHEMA, Builder, Kind, duration_us
from parcours.journeys.model import CancelTimer, EventReceived, StartTimer, Stimulus, TimerDue
from parcours.journeys.run import Node, Run

MAX_TIMEOUT_DAYS = 90


class EntryNode(Node):
    """The first activity. The engine itself leaves it, once the entry event is there."""

    __slots__ = ("event_uid",)
    node_type: ClassVar[str] = "start"

    def __init__(self, node_id: str, name: str, event_uid: str) -> None:
        super().__init__(node_id, name)
        self.event_uid = event_uid


class EventNode(Node):
    """Listens until the event comes, or until its timeout."""

    __slots__ = ("event_name", "event_uid", "on_timeout", "timeout_us", "waiting_for")
    node_type: ClassVar[str] = "event"

    def __init__(
        self, node_id: str, name: str, event_uid: str, event_name: str, timeout_us: int | None, on_timeout: str
    ) -> None:
        super().__init__(node_id, name)
        self.event_uid = event_uid
        self.event_name = event_name
        self.timeout_us = timeout_us
        """None: listens until the global timeout."""
        self.on_timeout = on_timeout
        """`timeout` with a timeout path; else `default`, and the timeout works as an interruptible wait."""
        self.waiting_for = f"event:{event_uid}"

    @property
    def has_timer(self) -> bool:
        """When the node has a timeout."""
        return self.timeout_us is not None

    def enter(self, run: Run) -> Node | None:
        """Begin to listen."""
        detail: dict[str, Any] = {"eventUid": self.event_uid}
        if self.timeout_us is not None:
            due_at_us = run.now_us + self.timeout_us
            run.commands.append(StartTimer(self.id, run.pass_no, due_at_us, "eventTimeout"))
            detail["timeoutAtUs"] = due_at_us
        run.step(self, "transitions", None, processed=False, detail=detail)
        run.hold(self.waiting_for)
        return None

    def resume(self, run: Run, stimulus: Stimulus) -> Node | None:
        """The event, or the timeout."""
        if isinstance(stimulus, EventReceived):
            if stimulus.event_uid != self.event_uid:
                run.ignored = "notListening"
                return None
            run.events = {**run.events, self.event_name: stimulus.payload}
            if self.timeout_us is not None:
                run.commands.append(CancelTimer(self.id, run.pass_no))
            return run.leave("default", detail={"eventUid": self.event_uid, "outcome": "received"})
        if isinstance(stimulus, TimerDue) and self.timeout_us is not None:
            return run.leave(self.on_timeout, detail={"eventUid": self.event_uid, "outcome": "timeout"})
        run.ignored = "stale"
        return None


def _build(node_id: str, name: str, config: Mapping[str, Any], builder: Builder) -> Node:
    event_uid = config["eventUid"]
    event_name = builder.event_name(event_uid, ".eventUid")
    timeout = config.get("timeout")
    if builder.is_entry:
        if timeout is not None:
            builder.fault("ERR_EVENT_ENTRY_TIMEOUT", "the entry event can't have a timeout", ".timeout")
        return EntryNode(node_id, name, event_uid)
    timeout_us = None
    if timeout is not None:
        timeout_us = duration_us(timeout)
        if timeout_us > MAX_TIMEOUT_DAYS * DAY_US:
            builder.fault("ERR_EVENT_TIMEOUT", f"an event timeout is at most {MAX_TIMEOUT_DAYS} days", ".timeout.value")
    has_path = timeout is not None and timeout.get("path", False)
    return EventNode(node_id, name, event_uid, event_name or "", timeout_us, "timeout" if has_path else "default")


def _transitions(config: Mapping[str, Any]) -> Sequence[str]:
    timeout = config.get("timeout")
    return ("default", "timeout") if timeout and timeout.get("path") else ("default",)


KIND = Kind(
    type="event",
    schema={
        "required": ["eventUid"],
        "properties": {
            "eventUid": {"type": "string", "minLength": 1, "maxLength": 255},
            "timeout": {
                **DURATION_SCHEMA,
                "properties": {**DURATION_SCHEMA["properties"], "path": {"type": "boolean"}},
            },
        },
    },
    build=_build,
    transitions=_transitions,
    can_be_entry=True,
)
