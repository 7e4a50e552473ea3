"""What Twilio posts: what became of an SMS, and what people answer. Signed with the account's auth token.

Source: Twilio, Webhook security; Twilio, Track outbound message status; Twilio, Messaging webhooks.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit
from xml.sax.saxutils import escape

from parcours.channels.addresses import AddressRefused, normalize
from parcours.channels.errors import FeedbackRefused, MessageInvalid
from parcours.channels.feedback import KEYWORD, SUBSCRIPTION
from parcours.channels.hooks import Hook, Told
from parcours.channels.sms.codes import meaning_of
from parcours.channels.sms.words import wish_of

MAX_FIELDS = 200
MAX_LABEL = 160
_FORM = "application/x-www-form-urlencoded"


def sign(token: str, url: str, fields: Sequence[tuple[str, str]]) -> str:
    """`X-Twilio-Signature` of a form: HMAC-SHA1 over the URL, then each name and value in the order of the names."""
    text = url + "".join(name + value for name, value in sorted(set(fields)))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def read(hook: Hook, settings: Mapping[str, Any], decrypt: Callable[[str], str], secret: str | None) -> Sequence[Told]:
    """What a receipt or an answer tells. Raises FeedbackRefused, MessageInvalid, SecretUnreadable."""
    fields = _fields(hook)
    token, given = decrypt(settings["authToken"]), hook.headers.get("x-twilio-signature", "").encode()
    signed = [sign(token, url, fields).encode() for url in _with_and_without_port(hook.url)]
    if not any(hmac.compare_digest(given, one) for one in signed):
        raise FeedbackRefused("no X-Twilio-Signature, or one made with another token or for another URL")
    form = dict(fields)
    sid = form.get("MessageSid") or form.get("SmsSid") or ""
    if not sid:
        raise MessageInvalid("a receipt has MessageSid")
    status = (form.get("MessageStatus") or form.get("SmsStatus") or "").lower()
    if status == "received" or ("Body" in form and "MessageStatus" not in form):
        return _answered(form, sid, settings)
    key = next(iter(parse_qs(urlsplit(hook.url).query).get("key", ())), None)
    return _receipt(sid, key, status, form.get("ErrorCode", ""))


def answer(hook: Hook, settings: Mapping[str, Any]) -> tuple[str, bytes]:
    """(content type, body): TwiML, with `helpText` for those who ask for help.

    Only of a hook that `read` took. Advanced opt-out answers by itself, and says so with OptOutType.
    """
    form = dict(_fields(hook))
    text = settings.get("helpText")
    asks = text and "OptOutType" not in form and "Body" in form and wish_of(form["Body"]) == "help"
    inner = f"<Message>{escape(text)}</Message>" if text and asks else ""
    return "text/xml", f'<?xml version="1.0" encoding="UTF-8"?><Response>{inner}</Response>'.encode()


def _fields(hook: Hook) -> list[tuple[str, str]]:
    if hook.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise MessageInvalid(f"the body is {_FORM}")
    try:
        return parse_qsl(hook.body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:
        raise MessageInvalid(f"the body is no form of at most {MAX_FIELDS} fields") from None


def _with_and_without_port(url: str) -> tuple[str, str]:
    """Twilio signs some calls with the port that the scheme implies, and some without a port that is there."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return parts._replace(netloc=host).geturl(), parts._replace(netloc=f"{host}:{port}").geturl()


def _receipt(sid: str, key: str | None, status: str, code: str) -> list[Told]:
    event_id = f"{sid}-{status}"
    if status == "delivered":
        return [Told("delivery", "delivered", key, sid, event_id=event_id, channel="sms")]
    if status == "read":
        return [Told("delivery", "read", key, sid, event_id=event_id, channel="sms")]
    if status in ("undelivered", "failed", "canceled"):
        meaning = meaning_of(code, 400)
        bounce = meaning.bounce
        failure = {"category": "async", "code": code or status, "reason": meaning.reason if code else status}
        if bounce:
            failure["type"] = bounce
        detail = {"messageFailure": failure}
        told = "bounce" if bounce else "error"
        return [Told("delivery", told, key, sid, detail=detail, event_id=event_id, channel="sms")]
    return []  # accepted, queued, sending, sent: known since the provider took it


def _answered(form: Mapping[str, str], sid: str, settings: Mapping[str, Any]) -> list[Told]:
    try:
        address = normalize("sms", form.get("From", ""))
    except AddressRefused:
        return []  # a short code or a name: nobody who could be written to
    text = form.get("Body", "")
    kinds = {"STOP": "stop", "START": "start", "HELP": "help"}
    wish = kinds.get(form.get("OptOutType", "").upper()) or wish_of(text, settings.get("stopWords", ()))
    detail = {"label": text[:MAX_LABEL]} if text else {}
    told = [Told("interaction", "reply", address=address, detail=detail, event_id=f"{sid}-reply", channel="sms")]
    if wish == "stop":
        told.append(Told("interaction", "unsubscribe", address=address, event_id=f"{sid}-unsubscribe", channel="sms"))
    elif wish == "start":
        choice = {"subscription": {"subscriptionChoice": "yes", "source": KEYWORD}}
        told.append(
            Told(
                "interaction", SUBSCRIPTION, address=address, detail=choice, event_id=f"{sid}-subscription",
                channel="sms",
            )
        )  # fmt: skip
    return told
