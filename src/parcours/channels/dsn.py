"""What mail servers report of e-mails after they took them: delivery status notifications, and complaints. Pure.

Sources: RFC 3464 (DSN), RFC 3462 (multipart/report), RFC 5965 (abuse reports).
"""

import email
import email.policy
import re
from collections.abc import Iterator
from email.message import Message

from parcours.channels.hooks import Told
from parcours.channels.mime import KEY_HEADER
from parcours.channels.smtp import bounce_of
from parcours.events.feedback import split_message_id

MAX_BYTES = 1_000_000
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_KEY = re.compile(r"\b([0-9a-f]{32}-\d{1,10})@")


def read_report(raw: bytes) -> list[Told]:
    """What an e-mail to the bounce address says of messages of ours; nothing for any other e-mail. Never raises."""
    if len(raw) > MAX_BYTES:
        return []
    try:
        message = email.message_from_bytes(raw, policy=email.policy.compat32)
        return list(_read(message))
    except (ValueError, LookupError, AttributeError, TypeError):
        return []


def _read(message: Message) -> Iterator[Told]:
    if message.get_content_type() != "multipart/report" or not message.is_multipart():
        return
    key, parts = None, list(message.walk())
    for part in parts:
        if part.get_content_type() in (
            "message/rfc822",
            "text/rfc822-headers",
            "message/global",
            "message/rfc822-headers",
        ):
            key = _key_of(part)
    if key is None:
        return
    event_id = str(message.get("Message-ID", "")).strip()[:200]
    for part in parts:
        kind = part.get_content_type()
        if kind in ("message/delivery-status", "message/global-delivery-status"):
            for index, fields in enumerate(_groups(part)):
                told = _status(key, fields, f"{event_id}-{index}" if event_id else None)
                if told is not None:
                    yield told
        elif kind == "message/feedback-report":
            fields = next(iter(_groups(part)), {})
            if fields.get("feedback-type", "abuse").lower() in ("abuse", "fraud"):
                yield Told("interaction", "spam_complaint", key, event_id=event_id or None)


def _groups(part: Message) -> Iterator[dict[str, str]]:
    """Groups of fields, which the standard library reads as messages of their own."""
    payload = part.get_payload()
    if isinstance(payload, list):
        for group in payload:
            if isinstance(group, Message):
                yield {name.lower(): " ".join(str(value).split()) for name, value in group.items()}
        return
    for block in re.split(r"\r?\n\r?\n", str(payload)):
        parsed = email.message_from_string(block.strip())
        fields = {name.lower(): " ".join(str(value).split()) for name, value in parsed.items()}
        if fields:
            yield fields


def _status(key: str, fields: dict[str, str], event_id: str | None) -> Told | None:
    action = fields.get("action", "").lower()
    found = _STATUS.search(fields.get("status", ""))
    if action == "delivered":
        return Told("delivery", "delivered", key, event_id=event_id)
    if action == "delayed":
        return Told("delivery", "delay", key, event_id=event_id)
    if action != "failed":
        return None  # `relayed` and `expanded` tell nothing, and the group about the message itself has no action
    code, subject, detail = (int(found[1]) * 100, int(found[2]), int(found[3])) if found else (500, None, None)
    bounce = bounce_of(code, subject, detail)
    # one that was given up after many passing refusals is soft, whatever it is called
    failure = {
        "category": "async",
        "code": found[0] if found else "failed",
        "reason": fields.get("diagnostic-code", "")[:300] and f"the mail server answered {found[0] if found else 'no'}",
    }
    if bounce:
        failure["type"] = bounce
    detail_part = {"messageFailure": {name: value for name, value in failure.items() if value}}
    return Told("delivery", "bounce" if bounce else "error", key, detail=detail_part, event_id=event_id)


def _key_of(part: Message) -> str | None:
    """The key of the message that is reported on: its own header, else its Message-ID."""
    payload = part.get_payload()
    first = payload[0] if isinstance(payload, list) and payload else None
    inner = first if isinstance(first, Message) else email.message_from_string(str(payload))
    named = str(inner.get(KEY_HEADER, "")).strip()
    if split_message_id(named) is not None:
        return named
    found = _KEY.search(str(inner.get("Message-ID", "")))
    return found[1] if found is not None and split_message_id(found[1]) is not None else None
