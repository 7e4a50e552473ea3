"""What providers post back about messages: signed or with a secret; one shape for those without an adapter."""

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

import orjson

from parcours.channels.errors import FeedbackRefused, MessageInvalid

MAX_AT_ONCE = 1_000
MAX_AGE_S = 300
"""How old a signature may be: what was overheard can't be sent again later."""
_STATUSES: Mapping[str, tuple[Literal["delivery", "interaction"], str]] = {
    "sent": ("delivery", "sent"),
    "delivered": ("delivery", "delivered"),
    "bounced": ("delivery", "bounce"),
    "failed": ("delivery", "error"),
    "delayed": ("delivery", "delay"),
    "opened": ("interaction", "open"),
    "clicked": ("interaction", "click"),
    "unsubscribed": ("interaction", "unsubscribe"),
    "complained": ("interaction", "spam_complaint"),
    "replied": ("interaction", "reply"),
}


class Hook(NamedTuple):
    """A request that a provider made."""

    url: str
    """As the provider called it, with its query, which some sign."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    now_us: int


class Told(NamedTuple):
    """What it says of one message."""

    kind: Literal["delivery", "interaction"]
    status: str
    """As the schema of feedback has it: `delivered`, `bounce`, `unsubscribe` …"""
    key: str | None = None
    """Of the message; else `provider_id`, else the latest message to `address`."""
    provider_id: str | None = None
    address: str | None = None
    detail: Mapping[str, Any] = {}
    """More members beside the status."""
    at_us: int | None = None
    event_id: str | None = None
    """Names it, so that what is told twice counts once; None when nothing does."""
    channel: str = "email"
    """Of a message that is not known, or is the latest to `address`."""


ReadFeedback = Callable[[Hook, Mapping[str, Any], Callable[[str], str], str | None], Sequence[Told]]
"""(hook, settings of the configuration, decrypt, its feedback secret in clear) → what is told.

Raises FeedbackRefused for whoever is not the provider, MessageInvalid for what can't be understood.
"""


def read_feedback(
    hook: Hook, settings: Mapping[str, Any], decrypt: Callable[[str], str], secret: str | None
) -> Sequence[Told]:
    """The shape for providers without an adapter: {"events": [{"messageId" | "providerId", "status", …}]}.

    Who posts it knows the secret: as `Authorization: Bearer`, or in `X-Parcours-Signature`, `sha256=` and the HMAC of
    `X-Parcours-Timestamp` (seconds), a dot and the body.
    """
    check_secret(hook, secret)
    try:
        document = orjson.loads(hook.body)
    except orjson.JSONDecodeError:
        raise MessageInvalid("the body is no JSON") from None
    events = document.get("events") if isinstance(document, dict) else None
    if not isinstance(events, list) or len(events) > MAX_AT_ONCE:
        raise MessageInvalid(f"events is a list of at most {MAX_AT_ONCE}", "$.events")
    return [_event(event, f"$.events[{index}]") for index, event in enumerate(events)]


def check_secret(hook: Hook, secret: str | None) -> None:
    """Raises FeedbackRefused unless the request knows the secret."""
    if not secret:
        raise FeedbackRefused("the configuration has no feedbackSecret")
    bearer = hook.headers.get("authorization", "")
    if bearer[:7].lower() == "bearer ":
        if hmac.compare_digest(bearer[7:].strip().encode(), secret.encode()):
            return
        raise FeedbackRefused("another secret")
    at_text = hook.headers.get("x-parcours-timestamp", "")
    given = hook.headers.get("x-parcours-signature", "")
    signed = hmac.new(secret.encode(), at_text.encode() + b"." + hook.body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(given.encode(), f"sha256={signed}".encode()):
        raise FeedbackRefused("no signature, or one made with another secret")
    if not at_text.isdecimal() or abs(int(at_text) - hook.now_us // 1_000_000) > MAX_AGE_S:
        raise FeedbackRefused(f"the signature is older than {MAX_AGE_S} s")


def _event(event: Any, path: str) -> Told:
    if not isinstance(event, dict):
        raise MessageInvalid("an event is an object", path)
    found = _STATUSES.get(event["status"]) if isinstance(event.get("status"), str) else None
    if found is None:
        raise MessageInvalid(f"status is one of {', '.join(_STATUSES)}", f"{path}.status")
    texts: dict[str, str | None] = {}
    for name in ("messageId", "providerId", "address", "type", "code", "reason", "url", "at", "id"):
        value = event.get(name)
        if value is not None and (not isinstance(value, str) or len(value) > 4_096):
            raise MessageInvalid(f"{name} is a text", f"{path}.{name}")
        texts[name] = value
    if not (texts["messageId"] or texts["providerId"] or texts["address"]):
        raise MessageInvalid("an event has messageId, providerId or address", path)
    kind, status = found
    detail: dict[str, Any] = {}
    if status in ("bounce", "error"):
        bounce = texts["type"] or "hard"
        if bounce not in ("hard", "soft"):
            raise MessageInvalid("type is hard or soft", f"{path}.type")
        failure = {"category": "async", "code": texts["code"], "reason": texts["reason"]}
        if status == "bounce":
            failure["type"] = bounce
        detail = {"messageFailure": {name: value for name, value in failure.items() if value}}
    elif texts["url"]:
        detail = {"url": texts["url"]}
    return Told(
        kind, status, texts["messageId"], texts["providerId"], texts["address"], detail, _moment(texts["at"], path),
        texts["id"],
    )  # fmt: skip


def _moment(text: str | None, path: str) -> int | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise MessageInvalid("at is a moment such as 2026-06-01T10:00:00Z", f"{path}.at") from None
    at_us = int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1_000_000)
    return min(max(at_us, 0), time.time_ns() // 1000)
