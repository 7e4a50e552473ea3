"""What Twilio posts, and what words in an answer ask for."""

from typing import Any
from urllib.parse import urlencode

import pytest

from parcours.channels.errors import FeedbackRefused, MessageInvalid
from parcours.channels.hooks import Hook
from parcours.channels.sms.codes import meaning_of
from parcours.channels.sms.hooks import answer, read, sign
from parcours.channels.sms.words import wish_of

URL = "https://shop.example/m/f/1"
SETTINGS: dict[str, Any] = {"accountSid": "AC1", "authToken": "sealed", "stopWords": ["arrêt"]}


def hook(form: dict[str, str], url: str = URL, token: str = "secret", signed_url: str | None = None) -> Hook:
    headers = {
        "content-type": "application/x-www-form-urlencoded; charset=utf-8",
        "x-twilio-signature": sign(token, signed_url or url, list(form.items())),
    }
    return Hook(url, headers, urlencode(form).encode(), 0)


def told(form: dict[str, str], **more: Any) -> list[tuple[str, str]]:
    return [(one.kind, one.status) for one in read(hook(form, **more), SETTINGS, lambda _: "secret", None)]


def test_the_signature_is_that_of_twilios_own_example() -> None:
    fields = [
        ("CallSid", "CA1234567890ABCDE"), ("Caller", "+14158675309"), ("Digits", "1234"),
        ("From", "+14158675309"), ("To", "+18005551212"),
    ]  # fmt: skip
    assert sign("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", fields) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_only_twilio_is_believed() -> None:
    form = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    with pytest.raises(FeedbackRefused):
        told(form, token="another")
    with pytest.raises(FeedbackRefused):
        told(form, signed_url="https://else.example/m/f/1")
    good = hook(form)
    with pytest.raises(FeedbackRefused):
        read(good._replace(body=good.body + b"&ErrorCode=30005"), SETTINGS, lambda _: "secret", None)
    with pytest.raises(FeedbackRefused):
        read(good._replace(headers={**good.headers, "x-twilio-signature": ""}), SETTINGS, lambda _: "secret", None)
    assert told(form, signed_url="https://shop.example:443/m/f/1") == [("delivery", "delivered")]


@pytest.mark.parametrize("body", [b"a", b"%ff=\xff", b"&".join(b"a=1" for _ in range(300)), b""])
def test_what_is_no_receipt_is_refused(body: bytes) -> None:
    good = hook({"MessageSid": "SM1"})
    with pytest.raises((MessageInvalid, FeedbackRefused)):
        read(good._replace(body=body), SETTINGS, lambda _: "secret", None)
    with pytest.raises(MessageInvalid):
        read(hook({"MessageStatus": "delivered"}), SETTINGS, lambda _: "secret", None)
    json = good._replace(headers={**good.headers, "content-type": "application/json"})
    with pytest.raises(MessageInvalid):
        read(json, SETTINGS, lambda _: "secret", None)


@pytest.mark.parametrize(
    ("status", "code", "wanted"),
    [
        ("queued", "", []),
        ("sent", "", []),
        ("delivered", "", [("delivery", "delivered")]),
        ("read", "", [("delivery", "read")]),
        ("undelivered", "30005", [("delivery", "bounce")]),
        ("undelivered", "30003", [("delivery", "bounce")]),
        ("undelivered", "30007", [("delivery", "error")]),
        ("failed", "", [("delivery", "error")]),
        ("canceled", "", [("delivery", "error")]),
    ],
)
def test_a_receipt_tells(status: str, code: str, wanted: list[tuple[str, str]]) -> None:
    form = {"MessageSid": "SM1", "MessageStatus": status, "ErrorCode": code, "To": "+33612345678"}
    assert told(form) == wanted


def test_a_receipt_names_the_message_and_counts_once() -> None:
    form = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30005"}
    (one,) = read(hook(form, f"{URL}?key=abc-1"), SETTINGS, lambda _: "secret", None)
    assert (one.key, one.provider_id, one.event_id) == ("abc-1", "SM1", "SM1-undelivered")
    assert one.detail["messageFailure"]["type"] == "hard"
    assert one.detail["messageFailure"]["code"] == "30005"


@pytest.mark.parametrize(
    ("text", "statuses"),
    [
        ("Stop", ["reply", "unsubscribe"]),
        (" “ARRÊT.” ", ["reply", "unsubscribe"]),
        ("START", ["reply", "subscription"]),
        ("help!", ["reply"]),
        ("Please stop by tomorrow", ["reply"]),
        ("", ["reply"]),
    ],
)
def test_an_answer_tells(text: str, statuses: list[str]) -> None:
    form = {"MessageSid": "SM9", "From": "+33612345678", "To": "+33700000000", "Body": text, "SmsStatus": "received"}
    found = read(hook(form), SETTINGS, lambda _: "secret", None)
    assert [one.status for one in found] == statuses
    assert {one.address for one in found} == {"+33612345678"}
    assert len({one.event_id for one in found}) == len(found)


def test_an_answer_of_no_number_concerns_nobody() -> None:
    assert told({"MessageSid": "SM9", "From": "BANK", "Body": "STOP"}) == []


def test_advanced_opt_out_says_what_was_asked() -> None:
    form = {"MessageSid": "SM9", "From": "+33612345678", "Body": "alto", "OptOutType": "STOP"}
    assert told(form) == [("interaction", "reply"), ("interaction", "unsubscribe")]


def test_help_is_answered_once_by_whoever_is_set_up_to() -> None:
    form = {"MessageSid": "SM9", "From": "+33612345678", "Body": "Help"}
    settings = {**SETTINGS, "helpText": "Shop & Co: call <us>"}
    kind, body = answer(hook(form), settings)
    assert kind == "text/xml"
    assert b"<Response><Message>Shop &amp; Co: call &lt;us&gt;</Message></Response>" in body
    assert b"<Message>" not in answer(hook({**form, "OptOutType": "HELP"}), settings)[1]
    assert b"<Message>" not in answer(hook({**form, "Body": "hi"}), settings)[1]
    assert b"<Message>" not in answer(hook(form), SETTINGS)[1]


@pytest.mark.parametrize(
    ("code", "status", "is_permanent", "bounce"),
    [
        ("21211", 400, True, "hard"), ("21610", 400, True, "hard"), ("21408", 403, True, ""),
        ("20429", 429, False, ""), ("99999", 400, True, ""), ("99999", 503, False, ""), ("503", 503, False, ""),
    ],
)  # fmt: skip
def test_a_code_means(code: str, status: int, is_permanent: bool, bounce: str) -> None:
    found = meaning_of(code, status)
    assert (found.is_permanent, found.bounce) == (is_permanent, bounce)


def test_a_word_within_a_sentence_asks_for_nothing() -> None:
    assert wish_of("stop") == "stop"
    assert wish_of("don't stop") == ""
    assert wish_of("Yes.") == "start"
