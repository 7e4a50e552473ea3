"""The reaction activity: what became of the message sent just before (journeys §4.7)."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from parcours.events.feedback import FAILED_STATUSES, Feedback
from parcours.journeys.activities.event import TIMEOUT_SCHEMA, EventNode, listener_transitions, read_timeout
from parcours.journeys.activities.kind import UNIT_US, Builder, Kind
from parcours.journeys.run import Node, Run

EVENT_UID = "reaction"
"""How feedback on messages is called among events. Its payload: {"reactions": […], "pass", "event"}."""
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
