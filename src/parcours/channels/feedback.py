"""What became of a message, as an experience event of the platform's shape, and what follows from such an event."""

from collections.abc import Mapping
from typing import Any

from parcours.channels.model import Report
from parcours.channels.store import Happening, Stored
from parcours.events.feedback import FEEDBACK_SCHEMA, TRACKING_SCHEMA, Feedback
from parcours.kit.clock import to_datetime

FEEDBACK_DATA_SET = "ajo_message_feedback_event_dataset"
TRACKING_DATA_SET = "ajo_email_tracking_experience_event_dataset"
DATA_SETS: Mapping[str, str] = {FEEDBACK_SCHEMA: FEEDBACK_DATA_SET, TRACKING_SCHEMA: TRACKING_DATA_SET}
"""Schema → name of the data set of a sandbox that its events land in."""

SUBSCRIPTION = "subscription"
"""Interaction of somebody who asks for messages again."""
KEYWORD = "smsKeyword"
"""Source of a subscription that an answer to an SMS asked for: it gives consent. Others are to other things."""

_CHANNELS: Mapping[str, str] = {
    "email": "https://ns.adobe.com/xdm/channels/email",
    "sms": "https://ns.adobe.com/xdm/channels/sms",
    "push": "https://ns.adobe.com/xdm/channels/push",
}
_HAPPENED: Mapping[tuple[str, str], str] = {
    ("delivery", "sent"): "sent",
    ("delivery", "delivered"): "delivered",
    ("delivery", "read"): "opened",
    ("delivery", "bounce"): "bounced",
    ("delivery", "error"): "failed",
    ("delivery", "exclude"): "excluded",
    ("delivery", "denylist"): "excluded",
    ("interaction", "open"): "opened",
    ("interaction", "click"): "clicked",
    ("interaction", "unsubscribe"): "unsubscribed",
    ("interaction", "spam_complaint"): "complained",
    ("interaction", "reply"): "replied",
    ("interaction", SUBSCRIPTION): "subscribed",
}
_EMAIL_NAMESPACE: Mapping[str, str] = {"email": "Email", "sms": "Phone"}


def delivery_event(report: Report, at_us: int) -> dict[str, Any]:
    """An event of FEEDBACK_SCHEMA; its `_id` is the same however often it is made."""
    feedback: dict[str, Any] = {"feedbackStatus": report.status}
    if report.status in ("bounce", "error"):
        failure = {"category": "sync", "code": report.code, "reason": report.reason, "type": report.bounce or None}
        feedback["messageFailure"] = {name: value for name, value in failure.items() if value}
    elif report.status in ("exclude", "denylist"):
        feedback["messageExclusion"] = {"code": report.code or report.status, "reason": report.reason or report.status}
    if report.attempts > 1:
        feedback["retryCount"] = report.attempts - 1
    return _event(
        f"{report.key}-{report.status}", at_us, "message.feedback", report.key, report.channel, report.address,
        report.namespace, report.identity, report.category, report.version_uid, report.node_id, report.template_uid,
        report.is_test, {"messageDeliveryfeedback": feedback}, is_time_optimized=report.is_time_optimized,
    )  # fmt: skip


def later_event(
    event_id: str, at_us: int, message: Stored, kind: str, status: str, detail: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """(schema, event) of what a provider, a mail server or a reader told afterwards.

    kind: `delivery` or `interaction`; status: in the words of the schema. detail: more members beside the status,
    such as messageFailure or url.
    """
    if kind == "delivery":
        schema, event_type = FEEDBACK_SCHEMA, "message.feedback"
        part = {"messageDeliveryfeedback": {"feedbackStatus": status, **detail}}
    else:
        schema, event_type = TRACKING_SCHEMA, "message.tracking"
        part = {"messageInteraction": {"interactionType": status, **detail}}
    return schema, _event(
        event_id, at_us, event_type, message.key, message.channel, message.address, message.namespace,
        message.identity, message.category, message.version_uid, message.node_id, message.template_uid,
        message.is_test, part, is_time_optimized=message.is_time_optimized,
    )  # fmt: skip


def _event(
    event_id: str, at_us: int, event_type: str, key: str, channel: str, address: str, namespace: str | None,
    identity: str | None, category: str, version_uid: str, node_id: str, template_uid: str, is_test: bool,
    part: Mapping[str, Any], *, is_time_optimized: bool = False,
) -> dict[str, Any]:  # fmt: skip
    execution = {
        "messageExecutionID": key,
        "messageID": template_uid,
        "journeyVersionID": version_uid,
        "journeyVersionInstanceID": key.rpartition("-")[0] if version_uid else "",
        "journeyVersionNodeID": node_id,
        "messageType": category,
    }
    profile: dict[str, Any] = {"messageProfileID": key, "channel": {"_id": _CHANNELS[channel]}}
    if is_test:
        profile["isTestExecution"] = True
    if is_time_optimized:
        profile["isSendTimeOptimized"] = True
    message: dict[str, Any] = {
        "messageExecution": {name: value for name, value in execution.items() if value},
        "messageProfile": profile,
        **part,
    }
    if channel == "email" and address:
        message["emailChannelContext"] = {"address": address}
    event: dict[str, Any] = {
        "_id": event_id,
        "timestamp": to_datetime(at_us).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "eventType": event_type,
        "_experience": {"customerJourneyManagement": message},
    }
    if namespace and identity:
        event["identityMap"] = {namespace: [{"id": identity, "primary": True}]}
    elif address and channel in _EMAIL_NAMESPACE:
        event["identityMap"] = {_EMAIL_NAMESPACE[channel]: [{"id": address, "primary": True}]}
    return event


def happenings_of_report(scope_id: int, report: Report, at_ms: int) -> list[Happening]:
    """What a message is counted as when its call is answered; what has arrived was sent, too."""
    status = _HAPPENED["delivery", report.status]
    words = ["sent", "delivered"] if status == "delivered" else [status]
    return [Happening(scope_id, report.key, report.version_uid, report.node_id, word, at_ms) for word in words]


def word_of(feedback: Feedback) -> str | None:
    """What feedback is counted as; None for what is not counted, such as what a machine did."""
    return None if feedback.is_bot else _HAPPENED.get((feedback.kind, feedback.status))


def failure_of(entity: Mapping[str, Any]) -> tuple[str | None, str | None, str | None]:
    """(type, code, reason) of what an event says went wrong."""
    part: Any = entity
    for name in ("_experience", "customerJourneyManagement", "messageDeliveryfeedback", "messageFailure"):
        part = part.get(name) if isinstance(part, Mapping) else None
    if not isinstance(part, Mapping):
        return None, None, None
    found = [part.get(name) for name in ("type", "code", "reason")]
    kind, code, reason = (value if isinstance(value, str) else None for value in found)
    return kind, code, reason


def consent_update(feedback: Feedback, entity: Mapping[str, Any]) -> tuple[tuple[str, ...], str] | None:
    """(path, value) of the profile's consent that an unsubscription or its contrary writes; None for anything else."""
    if feedback.kind != "interaction" or feedback.status not in ("unsubscribe", SUBSCRIPTION):
        return None
    if feedback.status == SUBSCRIPTION and not asks_for_more(entity):
        return None
    part: Any = entity
    for name in ("_experience", "customerJourneyManagement", "messageProfile", "channel", "_id"):
        part = part.get(name) if isinstance(part, Mapping) else None
    channel = next((name for name, uri in _CHANNELS.items() if uri == part), "email")
    return ("consents", "marketing", channel, "val"), "n" if feedback.status == "unsubscribe" else "y"


def asks_for_more(entity: Mapping[str, Any]) -> bool:
    """Whether a subscription is one that an answer to an SMS asked for."""
    part: Any = entity
    for name in ("_experience", "customerJourneyManagement", "messageInteraction", "subscription"):
        part = part.get(name) if isinstance(part, Mapping) else None
    return isinstance(part, Mapping) and part.get("source") == KEYWORD and part.get("subscriptionChoice") == "yes"
