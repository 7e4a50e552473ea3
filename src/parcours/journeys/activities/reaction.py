"""The reaction activity: what became of the message sent just before (journeys §4.7)."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from parcours.events.feedback import FAILED_STATUSES, Feedback
from parcours.journeys.activities.custom_action import ActionNode
from parcours.journeys.activities.event import TIMEOUT_SCHEMA, EventNode, listener_transitions, read_timeout
from parcours.journeys.activities.kind import UNIT_US, Builder, Kind
from parcours.journeys.model import EventReceived
from parcours.journeys.run import Node, Run

EVENT_UID = "reaction"
"""How feedback on messages is called among events; `told_of` makes its payload."""
REACTIONS = ("sent", "delivered", "opened", "clicked", "failed", "bounced", "unsubscribed", "replied")
MIN_TIMEOUT_US = 40 * UNIT_US["seconds"]


_REACTIONS: Mapping[str, tuple[str, ...]] = {
    "sent": ("sent",),
    "delivered": ("delivered",),
    "bounce": ("bounced", "failed"),
    "open": ("opened",),
    "click": ("clicked",),
    "unsubscribe": ("unsubscribed",),
    "reply": ("replied",),
}


STATUSES: Mapping[str, str] = {reactions[0]: status for status, reactions in _REACTIONS.items()} | {"failed": "error"}
"""What feedback says of a message by what it counts as, for those who make feedback up."""


def told_of(status: str, reactions: Sequence[str], pass_no: int, event: Mapping[str, Any]) -> dict[str, Any]:
    """Feedback as journeys hear it. status: in the words of XDM, `open`, `bounce` …; event: the entity it came with."""
    return {"reactions": reactions, "pass": pass_no, "event": event, "status": status}


def reactions_of(feedback: Feedback) -> tuple[str, ...]:
    """What feedback counts as. What a machine did to a message counts as nothing."""
    if feedback.is_bot:
        return ()
    if feedback.kind == "delivery" and feedback.status in FAILED_STATUSES - {"bounce"}:
        return ("failed",)
    return _REACTIONS.get(feedback.status, ())


class ReactionNode(EventNode):
    """Listens for feedback on the message of the node before, which the pass number tells."""

    __slots__ = ("reactions",)
    node_type: ClassVar[str] = "reaction"

    def __init__(
        self, node_id: str, name: str, reactions: Sequence[str], timeout_us: int | None, on_timeout: str
    ) -> None:
        super().__init__(node_id, name, EVENT_UID, (), timeout_us, on_timeout)
        self.reactions = frozenset(reactions)

    def takes(self, run: Run, payload: Mapping[str, Any]) -> bool:
        """Whether it is a reaction listened for, to the message sent last."""
        return payload.get("pass") == run.pass_no - 1 and not self.reactions.isdisjoint(payload.get("reactions", ()))

    def hear(self, run: Run, event: EventReceived) -> Mapping[str, Any] | None:
        """Tell of which message it was, and what became of it."""
        heard = super().hear(run, event)
        message = run.journey.nodes.get(run.parent_node_id or "")
        status = event.payload.get("status")  # None of feedback that was put aside by the release before
        if heard is None or status is None or not isinstance(message, ActionNode):
            return heard
        reaction = {"reactionActionID": message.action_uid, "reactionInteractionType": status}
        if message.channel is not None:
            reaction["reactionChannel"] = message.channel
        return {**heard, **reaction}


def _build(node_id: str, name: str, config: Mapping[str, Any], builder: Builder) -> Node:
    before = builder.sources()
    wrong = next((source for source, kind in before if kind not in ("customAction", "message")), None)
    if wrong is not None or not before:
        message = "a reaction stands immediately after the action it reacts to"
        builder.fault("ERR_REACTION_PLACE", message, ".actionNodeId")
    elif any(source != config["actionNodeId"] for source, _ in before):
        message = f"the reaction comes after node {before[0][0]!r}, not after {config['actionNodeId']!r}"
        builder.fault("ERR_REACTION_PLACE", message, ".actionNodeId")
    timeout_us, on_timeout = read_timeout(config, builder, MIN_TIMEOUT_US)
    return ReactionNode(node_id, name, config["reactions"], timeout_us, on_timeout)


KIND = Kind(
    type="reaction",
    schema={
        "required": ["actionNodeId", "reactions"],
        "properties": {
            "actionNodeId": {"type": "string", "minLength": 1, "maxLength": 64},
            "reactions": {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"enum": list(REACTIONS)}},
            "timeout": TIMEOUT_SCHEMA,
        },
    },
    build=_build,
    transitions=listener_transitions,
    can_be_parallel=True,
)
