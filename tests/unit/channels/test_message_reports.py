"""What mail servers report and providers post: bounces, complaints, and what is neither."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from parcours.channels.dsn import read_report
from parcours.channels.errors import FeedbackRefused, MessageInvalid
from parcours.channels.hooks import Hook, Told, read_feedback

KEY = "0123456789abcdef0123456789abcdef-3"
NOW_US = 1_800_000_000_000_000


def dsn(
    fields: str, original: str = f"Message-ID: <{KEY}@shop.example>\r\n", part: str = "text/rfc822-headers"
) -> bytes:
    return (
        "From: MAILER-DAEMON@mx.example\r\nTo: bounces@shop.example\r\nMessage-ID: <d1@mx.example>\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; jane@example.com\r\n{fields}\r\n"
        f"--b\r\nContent-Type: {part}\r\n\r\nFrom: shop@shop.example\r\n{original}\r\n--b--\r\n"
    ).encode()


@pytest.mark.parametrize(
    ("fields", "kind", "status", "bounce"),
    [
        ("Action: failed\r\nStatus: 5.1.1\r\n", "delivery", "bounce", "hard"),
        ("Action: failed\r\nStatus: 5.2.2\r\n", "delivery", "bounce", "soft"),
        ("Action: failed\r\nStatus: 4.4.7\r\nDiagnostic-Code: smtp; too long\r\n", "delivery", "bounce", "soft"),
        ("Action: failed\r\nStatus: 5.7.1\r\n", "delivery", "error", None),
        ("Action: delayed\r\nStatus: 4.4.1\r\n", "delivery", "delay", None),
        ("Action: delivered\r\nStatus: 2.1.5\r\n", "delivery", "delivered", None),
    ],
)
def test_a_status_notification_is_feedback(fields: str, kind: str, status: str, bounce: str | None) -> None:
    (told,) = read_report(dsn(fields))
    assert (told.kind, told.status, told.key, told.event_id) == (kind, status, KEY, "<d1@mx.example>-1")
    assert told.detail.get("messageFailure", {}).get("type") == bounce


def test_the_original_is_known_by_its_header_or_its_id_whole_or_not() -> None:
    fields = "Action: failed\r\nStatus: 5.1.1\r\n"
    (by_header,) = read_report(dsn(fields, f"X-Parcours-Message: {KEY}\r\nMessage-ID: <other@x>\r\n"))
    (whole,) = read_report(dsn(fields, f"Message-ID: <{KEY}@shop.example>\r\n\r\nThe text.\r\n", "message/rfc822"))
    assert (by_header.key, whole.key) == (KEY, KEY)
    assert read_report(dsn(fields, "Message-ID: <somebody@else>\r\n")) == []


@pytest.mark.parametrize(
    "raw", [b"", b"\xff\x00", b"Subject: out of office\r\n\r\nBack on Monday", b"x" * 1_100_000,
            dsn("Action: relayed\r\n"), dsn("")[:300]]
)  # fmt: skip
def test_other_mail_says_nothing(raw: bytes) -> None:
    assert read_report(raw) == []


def test_a_complaint_is_one() -> None:
    raw = dsn("Action: failed\r\n").replace(b"report-type=delivery-status", b"report-type=feedback-report")
    raw = raw.replace(b"message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example",
                      b"message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nVersion: 1")  # fmt: skip
    assert [(one.kind, one.status, one.key) for one in read_report(raw)] == [("interaction", "spam_complaint", KEY)]


def hook(body: Any, **headers: str) -> Hook:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Hook("https://x/m/f/1", {name.replace("_", "-"): value for name, value in headers.items()}, raw, NOW_US)


def read(body: Any, secret: str | None = "s", **headers: str) -> list[Told]:
    return list(read_feedback(hook(body, **headers), {}, lambda text: text, secret))


def signature(body: bytes, at_s: int, secret: str = "s") -> dict[str, str]:
    made = hmac.new(secret.encode(), f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()
    return {"x_parcours_timestamp": str(at_s), "x_parcours_signature": f"sha256={made}"}


def test_a_provider_shows_its_secret_or_signs() -> None:
    body = b'{"events": []}'
    now_s = NOW_US // 1_000_000
    assert read(body, authorization="Bearer s") == []
    assert read(body, **signature(body, now_s)) == []
    for headers in (
        {}, {"authorization": "Bearer t"}, {"authorization": "Basic s"}, signature(body, now_s, "t"),
        signature(body, now_s - 301), signature(b"{}", now_s), {**signature(body, now_s), "x_parcours_timestamp": "1"},
    ):  # fmt: skip
        with pytest.raises(FeedbackRefused):
            read(body, **headers)
    with pytest.raises(FeedbackRefused):
        read(body, None, authorization="Bearer ")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"{", "$"), ([], "$.events"), ({"events": [1]}, "$.events[0]"), ({"events": [{}]}, "$.events[0].status"),
        ({"events": [{"status": "sent"}]}, "$.events[0]"),
        ({"events": [{"status": "bounced", "messageId": "x", "type": "odd"}]}, "$.events[0].type"),
        ({"events": [{"status": "sent", "messageId": "x", "at": "yesterday"}]}, "$.events[0].at"),
        ({"events": [{"status": "sent", "messageId": 1}]}, "$.events[0].messageId"),
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_told_where(body: Any, path: str) -> None:
    with pytest.raises(MessageInvalid) as caught:
        read(body, authorization="Bearer s")
    assert caught.value.path == path
