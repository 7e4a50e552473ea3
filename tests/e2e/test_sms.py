"""SMS through a service with Twilio's shape: what it gets, what it says later, and what people answer."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import demo
import pytest
from asking import ask, query
from definitions import JOURNEYS
from journey_tools import instances, publish, transitions
from running import RunningServer, wait_for
from shop import Shop, stop
from sms_service import ACCOUNT, TOKEN, Refusal, SmsService, post_signed
from test_channels import give_consents

from outcome_rows import counted, grown

TEMPLATES = f"{JOURNEYS}/messageTemplates"
CONFIGURATIONS = f"{JOURNEYS}/channelConfigurations"
DOCS = Path(__file__).parents[2] / "docs" / "reference"
SENDER = "+33700000001"


def answers(form: dict[str, str], before: int) -> Refusal | None:
    """What the service says to numbers of the tests."""
    match form.get("To", "")[-4:]:
        case "0404":
            return Refusal(400, 21211)
        case "0610":
            return Refusal(400, 21610)
        case "0408":
            return Refusal(403, 21408)
        case "0429" if not before:
            return Refusal(429, 20429, (("Retry-After", "1"),))
        case "0503" if not before:
            return Refusal(503, 0)
        case "0500":
            return Refusal(500, 0)
    return None


@pytest.fixture(scope="module")
def shop(server: RunningServer) -> Shop:
    return Shop(server)


@pytest.fixture(scope="module")
def service() -> Iterator[SmsService]:
    running = SmsService(answers)
    yield running
    running.stop()
    assert running.faults == []


@pytest.fixture(scope="module")
def configuration(shop: Shop, service: SmsService) -> str:
    settings = {
        "baseUrl": service.url, "accountSid": ACCOUNT, "authToken": TOKEN, "maxSegments": 3, "validitySeconds": 3_600,
        "helpText": "Shop: reply STOP to end", "stopWords": ["ARRET"],
    }  # fmt: skip
    body = {
        "name": "Shop SMS", "channel": "sms", "provider": {"kind": "twilio", "settings": settings},
        "sender": {"from": SENDER}, "retrySeconds": 5,
    }  # fmt: skip
    made = shop.platform.post(CONFIGURATIONS, body)
    assert made["provider"]["settings"]["authToken"] == "********"
    assert TOKEN.encode() not in (shop.server.data_dir / "state.db").read_bytes()
    return str(made["uid"])


def texting(
    shop: Shop, configuration: str, name: str, number: str, *reactions: str, body: str = "Your order is here",
    category: str = "marketing",
) -> str:  # fmt: skip
    """A published journey that texts who orders, at one number; reactions: what it waits for next."""
    made = {"name": name, "channel": "sms", "category": category, "content": {"body": body}}
    uid = shop.platform.post(TEMPLATES, made)["uid"]
    shop.platform.post(f"{TEMPLATES}/{uid}/publish")
    nodes: dict[str, Any] = {
        "sms": {
            "type": "message", "channel": "sms", "templateUid": uid, "configurationUid": configuration,
            "address": f'"{number}"',
        },
        "after": {"type": "end"},
        "bad": {"type": "end"},
    }  # fmt: skip
    edges: list[tuple[str, ...]] = [("order", "sms"), ("sms", "bad", "error")]
    if reactions:
        nodes["heard"] = {"type": "reaction", "actionNodeId": "sms", "reactions": list(reactions)}
        edges += [("sms", "heard"), ("heard", "after")]
    else:
        edges.append(("sms", "after"))
    return publish(shop.platform, name, nodes, edges)


def ended(shop: Shop, version: str, email: str) -> list[str]:
    """The transitions of an instance once it has ended."""
    wait_for(lambda: [i["status"] for i in instances(shop.platform, version, email)] == ["ended"], what="the end")
    return transitions(instances(shop.platform, version, email)[0])


def message_of(shop: Shop, version: str) -> dict[str, Any]:
    (found,) = shop.platform.get(query(f"{JOURNEYS}/messages", journeyVersionUid=version))["results"]
    whole: dict[str, Any] = shop.platform.get(f"{JOURNEYS}/messages/{found['messageId']}")
    return whole


def words_of(message: dict[str, Any]) -> set[str]:
    return {one["status"] for one in message["events"]}


def suppressed(shop: Shop, number: str) -> list[str]:
    found = shop.platform.get(query(f"{JOURNEYS}/suppressions", channel="sms", address=number))["results"]
    return [one["reason"] for one in found]


def test_an_sms_leaves_and_its_receipt_is_a_reaction(shop: Shop, service: SmsService, configuration: str) -> None:
    number = "+33600001001"
    version = texting(shop, configuration, "Text", number, "delivered")
    shop.send(shop.order(920_001, "sms-1"))
    wait_for(lambda: service.to(number), what="the SMS")
    (sms,) = service.to(number)
    assert (sms.form["Body"], sms.form["From"], sms.form["ValidityPeriod"]) == ("Your order is here", SENDER, "3600")
    callback = sms.form["StatusCallback"]
    key = callback.partition("?key=")[2]
    assert sms.headers["Idempotency-Key"] == key
    assert callback == f"{shop.server.url}/m/f/{configuration}?key={key}"
    receipt = {"MessageSid": sms.sid, "MessageStatus": "delivered", "To": number, "From": SENDER, "AccountSid": ACCOUNT}
    path = callback.partition("/m/f/")[2]
    local = f"{shop.server.url}/m/f/{path}"
    assert post_signed(local, receipt, "another token", callback)[0] == 401
    assert post_signed(local, {**receipt, "MessageStatus": "sent"}, signed_url=callback)[0] == 200
    status, body = post_signed(local, receipt, signed_url=callback)
    assert (status, body.startswith(b"<?xml")) == (200, True)
    post_signed(local, receipt, signed_url=callback)  # Twilio may tell twice
    assert ended(shop, version, demo.email(920_001))[:3] == ["order:default", "sms:default", "heard:default"]
    wait_for(lambda: message_of(shop, version)["status"] == "delivered", what="the receipt")
    message = message_of(shop, version)
    assert (message["provider"], message["providerId"], message["messageId"]) == ("twilio", sms.sid, key)
    assert words_of(message) == {"sent", "delivered"}
    stop(shop, version)


@pytest.mark.parametrize(
    ("number", "code", "path", "status", "attempts", "reason"),
    [
        ("+33600000404", "21211", "sms:default", "bounce", 1, ["hardBounce"]),
        ("+33600000610", "21610", "sms:default", "bounce", 1, ["hardBounce"]),
        ("+33600000408", "21408", "sms:error", "error", 1, []),
        ("+33600000429", None, "sms:default", "sent", 2, []),
        ("+33600000503", None, "sms:default", "sent", 2, []),
        ("+33600000500", "500", "sms:error", "error", 3, []),
    ],
)
def test_a_refusal_is_final_or_tried_again(
    shop: Shop, service: SmsService, configuration: str, number: str, code: str | None, path: str, status: str,
    attempts: int, reason: list[str],
) -> None:  # fmt: skip
    version = texting(shop, configuration, f"Text {number}", number)
    order = 921_000 + int(number[-4:])
    before = shop.server.metrics()
    with counted(shop.server.metrics, "sms", "a service answers 500", int(status == "error")):
        shop.send(shop.order(order, f"sms-{number}"))
        assert ended(shop, version, demo.email(order))[1] == path
    found = grown(before, shop.server.metrics(), "parcours_messages_total", "channel", "outcome")
    assert found == {("sms", status): 1}
    sent = service.to(number)
    assert len(sent) == attempts if attempts < 3 else len(sent) >= attempts
    assert len({one.headers["Idempotency-Key"] for one in sent}) == 1
    message = message_of(shop, version)
    assert (message["status"], message["code"]) == (status, code)
    assert suppressed(shop, number) == reason
    stop(shop, version)


def test_a_text_of_too_many_segments_does_not_leave(shop: Shop, service: SmsService, configuration: str) -> None:
    number = "+33600001002"
    version = texting(shop, configuration, "Text at length", number, body="ж" * 202)
    shop.send(shop.order(920_002, "sms-2"))
    assert ended(shop, version, demo.email(920_002))[1] == "sms:error"
    message = message_of(shop, version)
    assert message["code"] == "smsTooLong"
    assert message["reason"] == "4 segments of UCS-2, 3 at most"
    assert service.to(number) == []
    stop(shop, version)


def test_a_late_bounce_suppresses_the_number(shop: Shop, service: SmsService, configuration: str) -> None:
    number = "+33600001003"
    version = texting(shop, configuration, "Text the dead", number, "bounced")
    shop.send(shop.order(920_003, "sms-3"))
    wait_for(lambda: service.to(number), what="the SMS")
    (sms,) = service.to(number)
    receipt = {"MessageSid": sms.sid, "MessageStatus": "undelivered", "ErrorCode": "30005", "To": number}
    callback = sms.form["StatusCallback"]
    local = f"{shop.server.url}/m/f/{callback.partition('/m/f/')[2]}"
    assert post_signed(local, receipt, signed_url=callback)[0] == 200
    assert ended(shop, version, demo.email(920_003))[2] == "heard:default"
    wait_for(lambda: suppressed(shop, number) == ["hardBounce"], what="the suppression")
    message = message_of(shop, version)
    assert (message["status"], message["code"]) == ("bounce", "30005")
    stop(shop, version)


def test_stop_and_start_govern_consent_and_suppression(shop: Shop, service: SmsService, configuration: str) -> None:
    number, email = "+33600001004", demo.email(920_004)
    give_consents(shop, email, {"sms": {"val": "y"}})
    version = texting(shop, configuration, "Text and hear", number, "replied")
    shop.send(shop.order(920_004, "sms-4"))
    wait_for(lambda: service.to(number), what="the SMS")
    wait_for(lambda: message_of(shop, version)["status"] == "sent", what="the note of it")
    hook = f"{shop.server.url}/m/f/{configuration}"
    signed = service.to(number)[0].form["StatusCallback"].partition("?")[0]

    def reply(sid: str, text: str) -> tuple[int, bytes]:
        form = {"MessageSid": sid, "SmsStatus": "received", "From": number, "To": SENDER, "Body": text}
        return post_signed(hook, form, signed_url=signed)

    def consent() -> Any:
        address = f"{shop.server.url}/data/core/ups/access/entities"
        found = ask(
            "GET", query(address, **{"schema.name": "_xdm.context.profile", "entityId": email, "entityIdNS": "Email"}),
            None, shop.platform.headers,
        )  # fmt: skip
        (entity,) = found.body.values()
        return entity["entity"]["consents"]["marketing"]["sms"]["val"]

    status, body = reply("SM-help", "HELP")
    assert status == 200
    assert b"<Message>Shop: reply STOP to end</Message>" in body
    assert ended(shop, version, email)[2] == "heard:default"
    assert reply("SM-stop", "Arret")[0] == 200
    assert suppressed(shop, number) == ["unsubscribe"]  # at once
    wait_for(lambda: consent() == "n", what="the consent withdrawn")
    wait_for(lambda: words_of(message_of(shop, version)) == {"sent", "replied", "unsubscribed"}, what="the counts")
    assert reply("SM-start", "start")[0] == 200
    assert suppressed(shop, number) == []
    wait_for(lambda: consent() == "y", what="the consent given again")
    assert "subscribed" in words_of(message_of(shop, version))
    stop(shop, version)


def test_stop_from_a_number_never_written_to_holds_all_the_same(
    shop: Shop, service: SmsService, configuration: str
) -> None:
    number = "+33600001005"
    hook = f"{shop.server.url}/m/f/{configuration}"
    form = {"MessageSid": "SM-nobody", "SmsStatus": "received", "From": number, "To": SENDER, "Body": "STOP"}
    some = next(iter(service.got)).form["StatusCallback"].partition("?")[0]
    assert post_signed(hook, form, signed_url=some)[0] == 200
    assert suppressed(shop, number) == ["unsubscribe"]
    version = texting(shop, configuration, "Text who left", number)
    shop.send(shop.order(920_005, "sms-5"))
    assert ended(shop, version, demo.email(920_005))[1] == "sms:default"
    assert message_of(shop, version)["code"] == "unsubscribe"
    assert service.to(number) == []
    stop(shop, version)


def test_a_wrong_token_is_told_and_not_tried_again(shop: Shop, service: SmsService) -> None:
    settings = {"baseUrl": service.url, "accountSid": ACCOUNT, "authToken": "wrong", "messagingServiceSid": "MG1"}
    body = {"name": "Wrong", "channel": "sms", "provider": {"kind": "twilio", "settings": settings}}
    uid = shop.platform.post(CONFIGURATIONS, body)["uid"]
    version = texting(shop, uid, "Text wrongly", "+33600001006")
    shop.send(shop.order(920_006, "sms-6"))
    assert ended(shop, version, demo.email(920_006))[1] == "sms:error"
    message = message_of(shop, version)
    assert (message["code"], message["reason"]) == ("20003", "the provider refuses the credentials")
    stop(shop, version)


def test_a_configuration_without_sender_asks_nobody(shop: Shop, service: SmsService) -> None:
    settings = {"baseUrl": service.url, "accountSid": ACCOUNT, "authToken": TOKEN}
    body = {"name": "Nobody", "channel": "sms", "provider": {"kind": "twilio", "settings": settings}}
    uid = shop.platform.post(CONFIGURATIONS, body)["uid"]
    version = texting(shop, uid, "Text from nobody", "+33600001009")
    shop.send(shop.order(920_009, "sms-9"))
    assert ended(shop, version, demo.email(920_009))[1] == "sms:error"
    assert message_of(shop, version)["code"] == "senderMissing"
    assert service.to("+33600001009") == []
    stop(shop, version)


def test_a_secret_is_told_to_its_host_alone(shop: Shop, configuration: str) -> None:
    """A reader who may write can't have a stored token sent to a host of their own."""
    url = f"{shop.server.url}{CONFIGURATIONS}/{configuration}"
    shown = ask("GET", url, None, shop.platform.headers).body
    shown["provider"]["settings"]["baseUrl"] = "http://127.0.0.1:1"
    answer = ask("PUT", url, shown, shop.platform.headers)
    assert answer.status == 400
    assert "$.provider.settings.authToken" in json.dumps(answer.body)
    shown["provider"]["settings"]["baseUrl"] = "https://user:password@127.0.0.1"
    assert ask("PUT", url, shown, shop.platform.headers).status == 400


def test_the_worked_example_of_the_reference(shop: Shop, service: SmsService) -> None:
    """The page's configuration as it stands, but for the host, the account's token and its being the default."""
    page = (DOCS / "sms.md").read_text(encoding="utf-8")
    body = json.loads(page.partition("```json\n")[2].partition("```")[0])
    body["provider"]["settings"] |= {"baseUrl": service.url, "authToken": TOKEN}
    made = shop.platform.post(CONFIGURATIONS, {**body, "name": "Of the page", "isDefault": False})
    number = "+33600001008"
    version = texting(shop, made["uid"], "Text by the page", number)
    shop.send(shop.order(920_008, "sms-8"))
    assert ended(shop, version, demo.email(920_008))[1] == "sms:default"
    (sms,) = service.to(number)
    assert sms.form["From"] == body["sender"]["from"]
    stop(shop, version)


def test_preview_and_inbox_show_how_long_an_sms_is(shop: Shop) -> None:
    body = {
        "name": "Long",
        "channel": "sms",
        "content": {"body": "It’s {{ params.what }}"},
        "parameters": [{"name": "what"}],
    }
    uid = shop.platform.post(TEMPLATES, body)["uid"]
    preview = shop.platform.post(f"{TEMPLATES}/{uid}/preview", {"params": {"what": "here" * 20}})
    assert preview["length"] == {"encoding": "UCS-2", "units": 85, "segments": 2, "left": 49, "notGsm7": "’"}
    version = texting(shop, "inbox", "Text the inbox", "+33600001007")
    shop.send(shop.order(920_007, "sms-7"))
    ended(shop, version, demo.email(920_007))
    (kept,) = shop.platform.get(query(f"{JOURNEYS}/inbox", address="+33600001007"))["results"]
    whole = shop.platform.get(f"{JOURNEYS}/inbox/{kept['id']}")
    assert whole["length"] == {"encoding": "GSM-7", "units": 18, "segments": 1, "left": 142}
    stop(shop, version)
