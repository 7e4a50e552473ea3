"""The event activity: the entry of a journey, or a place inside it that listens (journeys §4.8, §8.1)."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from parcours.journeys.activities.kind import DAY_US, DURATION_SCHEMA, Builder, Kind, duration_us
from parcours.journeys.activities.listener import Armed, Listener
from parcours.journeys.model import EventReceived
from parcours.journeys.run import Node, Run

MAX_TIMEOUT_DAYS = 90


class EntryNode(Node):
    """The first activity. The engine itself leaves it, once the entry event is there."""

    __slots__ = ("event_uid",)
    node_type: ClassVar[str] = "start"

    def __init__(self, node_id: str, name: str, event_uid: str) -> None:
        super().__init__(node_id, name)
        self.event_uid = event_uid


class EventNode(Listener):
    """Listens until the event comes, or until its timeout."""

    __slots__ = ("event_names", "event_uid", "on_timeout", "timeout_us")
    node_type: ClassVar[str] = "event"

    def __init__(
        self, node_id: str, name: str, event_uid: str, event_names: Sequence[str], timeout_us: int | None,
        on_timeout: str,
    ) -> None:  # fmt: skip
        super().__init__(node_id, name)
        self.event_uid = event_uid
        self.event_names = tuple(event_names)
        """What expressions call the payload."""
        self.timeout_us = timeout_us
        """None: listens until the global timeout."""
        self.on_timeout = on_timeout
        """`timeout` with a timeout path; else `default`, and the timeout works as an interruptible wait."""
        self.waiting_for = f"event:{event_uid}"

    def holds_timer(self, run: Run) -> bool:
        """When the node has a timeout."""
        return self.timeout_us is not None

    def arm(self, run: Run) -> Armed:
        """The timeout, if there is one."""
        detail: dict[str, Any] = {"eventUid": self.event_uid}
        if self.timeout_us is None:
            return Armed(None, detail)
        due_at_us = run.now_us + self.timeout_us
        return Armed(due_at_us, {**detail, "timeoutAtUs": due_at_us})

    def hear(self, run: Run, event: EventReceived) -> Mapping[str, Any] | None:
        """Keep the payload for expressions."""
        if event.event_uid != self.event_uid or not self.takes(run, event.payload):
            return None
        if self.event_names:
            run.events = {**run.events, **dict.fromkeys(self.event_names, event.payload)}
        return {"eventUid": self.event_uid, "outcome": "received"}

    def takes(self, run: Run, payload: Mapping[str, Any]) -> bool:
        """Whether an event of the right configuration is meant."""
        return True

    def due(self, run: Run) -> tuple[str, Mapping[str, Any]]:
        """The timeout is over. An earlier payload of the event stays: the latest received counts."""
        return self.on_timeout, {"eventUid": self.event_uid, "outcome": "timeout"}


def read_timeout(config: Mapping[str, Any], builder: Builder, min_us: int = 0) -> tuple[int | None, str]:
    """(timeout in microseconds or None, transition taken then) of a node that listens. Source: journeys §4.8."""
    timeout = config.get("timeout")
    if timeout is None:
        return None, "default"
    timeout_us = duration_us(timeout)
    if timeout_us > MAX_TIMEOUT_DAYS * DAY_US:
        builder.fault("ERR_EVENT_TIMEOUT", f"an event timeout is at most {MAX_TIMEOUT_DAYS} days", ".timeout.value")
    if timeout_us < min_us:
        message = f"the timeout is at least {min_us // 1_000_000} seconds"
        builder.fault("ERR_EVENT_TIMEOUT", message, ".timeout.value")
    return timeout_us, "timeout" if timeout.get("path", False) else "default"


def _build(node_id: str, name: str, config: Mapping[str, Any], builder: Builder) -> Node:
    event_uid = config["eventUid"]
    event_name = builder.event_name(event_uid, ".eventUid")
    if builder.is_entry:
        if "timeout" in config:
            builder.fault("ERR_EVENT_ENTRY_TIMEOUT", "the entry event can't have a timeout", ".timeout")
        return EntryNode(node_id, name, event_uid)
    timeout_us, on_timeout = read_timeout(config, builder)
    return EventNode(node_id, name, event_uid, [event_name or ""], timeout_us, on_timeout)


def listener_transitions(config: Mapping[str, Any]) -> Sequence[str]:
    """The ways out of a node that listens: with a timeout path or without."""
    timeout = config.get("timeout")
    return ("default", "timeout") if timeout and timeout.get("path") else ("default",)


TIMEOUT_SCHEMA: Mapping[str, Any] = {
    **DURATION_SCHEMA,
    "properties": {**DURATION_SCHEMA["properties"], "path": {"type": "boolean"}},
}
KIND = Kind(
    type="event",
    schema={
        "required": ["eventUid"],
        "properties": {"eventUid": {"type": "string", "minLength": 1, "maxLength": 255}, "timeout": TIMEOUT_SCHEMA},
    },
    build=_build,
    transitions=listener_transitions,
    can_be_entry=True,
    can_be_parallel=True,
)
