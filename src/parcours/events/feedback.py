"""What became of a message that a journey sent, read from the events that message services post back.

The shape is that of AEP's message feedback and tracking events: `eventType` message.feedback or message.tracking, and
below `_experience.customerJourneyManagement` the groups messageExecution, messageProfile, messageDeliveryfeedback and
messageInteraction. Schemas for them are in the registry: FEEDBACK_SCHEMA and TRACKING_SCHEMA.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

_SCHEMAS = "https://ns.adobe.com/experience/customerJourneyManagement"
FEEDBACK_SCHEMA = f"{_SCHEMAS}/messageFeedbackEventSchema"
TRACKING_SCHEMA = f"{_SCHEMAS}/messageTrackingEventSchema"

FAILED_STATUSES = frozenset({"error", "bounce", "exclude", "denylist"})
"""Delivery statuses after which the message is not going to arrive."""
MAX_PASS_DIGITS = 9


class Feedback(NamedTuple):
    """One thing that became of one message."""

    message_id: str
    """`{instance_id}-{pass_no}`: the `Idempotency-Key` of the call that sent the message."""
    instance_id: str
    pass_no: int
    kind: Literal["delivery", "interaction"]
    status: str
    """Of a delivery: sent, delivered, bounce, error … Of an interaction: open, click, unsubscribe …"""
    at: str
    """The event's timestamp, as sent: when it became of it."""
    is_bot: bool = False
    """Whether a machine opened or clicked: `isBot`, or one of bot_open and bot_click."""
    label: str | None = None
    """Of a click: the label of the link, else its URL. Of a failure: its reason."""
    journey_version_uid: str | None = None
    node_id: str | None = None
    """As the sender has them; the message id alone says which instance it is."""


def read_feedback(entity: Mapping[str, Any]) -> Feedback | None:
    """What an event says of a message of a journey; None when it says nothing of one. Never raises.

    The message id is `messageProfile.messageProfileID`, which names one message to one person, or, for senders that
    have one id only, `messageExecution.messageExecutionID`: the first that has the form of an `Idempotency-Key`.
    """
    experience = entity.get("_experience")
    if type(experience) is not dict:
        return None
    message = experience.get("customerJourneyManagement")
    if not isinstance(message, dict):
        return None
    execution = _part(message, "messageExecution") or {}
    profile = _part(message, "messageProfile") or {}
    found = split_message_id(profile.get("messageProfileID")) or split_message_id(execution.get("messageExecutionID"))
    told = _interaction(message) or _delivery(message)
    at = entity.get("timestamp")
    if found is None or told is None or not isinstance(at, str):
        return None
    kind, status, is_bot, label = told
    instance_id, pass_no = found
    return Feedback(
        f"{instance_id}-{pass_no}",
        instance_id,
        pass_no,
        kind,
        status,
        at,
        is_bot,
        label,
        _text(execution, "journeyVersionID"),
        _text(execution, "journeyVersionNodeID"),
    )


def split_message_id(value: Any) -> tuple[str, int] | None:
    """(instance id, pass) of a message id; None for what is none."""
    if not isinstance(value, str):
        return None
    instance_id, dash, number = value.rpartition("-")
    is_number = number.isascii() and number.isdecimal() and len(number) <= MAX_PASS_DIGITS
    if not dash or not is_number or (number[0] == "0" and number != "0"):
        return None
    is_id = len(instance_id) == 32 and all(letter in "0123456789abcdef" for letter in instance_id)
    return (instance_id, int(number)) if is_id else None


_Told = tuple[Literal["delivery", "interaction"], str, bool, str | None]


def _interaction(message: Mapping[str, Any]) -> _Told | None:
    interaction = _part(message, "messageInteraction")
    status = None if interaction is None else _text(interaction, "interactionType")
    if interaction is None or status is None:
        return None
    is_bot = interaction.get("isBot") is True or status.startswith("bot_")
    return "interaction", status, is_bot, _text(interaction, "label") or _text(interaction, "url")


def _delivery(message: Mapping[str, Any]) -> _Told | None:
    delivery = _part(message, "messageDeliveryfeedback")
    status = None if delivery is None else _text(delivery, "feedbackStatus")
    if delivery is None or status is None:
        return None
    why = _part(delivery, "messageFailure") or _part(delivery, "messageExclusion") or {}
    return "delivery", status, False, _text(why, "reason") or _text(why, "code")


def _part(holder: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    value = holder.get(name)
    return value if isinstance(value, dict) else None


def _text(holder: Mapping[str, Any], name: str) -> str | None:
    value = holder.get(name)
    return value if isinstance(value, str) and value else None
