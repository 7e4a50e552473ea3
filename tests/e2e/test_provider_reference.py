"""The worked examples of docs/reference/sms.md and push.md, as they stand, against services on loopback."""

import json
import threading
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from apple_service import AppleService, Push, Say
from asking import ask, query
from channel_examples import CONFIGURATIONS, configured, filled, outgoing_of, path_of, published, send, sent
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from definitions import JOURNEYS
from mail_server import Certificate
from platform_client import Platform
from push_services import BrowserService, Firebase
from running import RunningServer, wait_for
from sms_service import TOKEN, SmsService, post_signed

SMS = outgoing_of("sms.md")
PUSH = outgoing_of("push.md")


@pytest.fixture(scope="module")
def platform(server: RunningServer) -> Platform:
    return server.platform()


# --- SMS ---


class Texting(NamedTuple):
    service: SmsService
    uid: str
    """Of the configuration."""
    settings: dict[str, Any]


@pytest.fixture(scope="module")
def whole_sms(platform: Platform) -> Iterator[Texting]:
    """The page's configuration with every option, at a service that wants the key and not the account's token."""
    document = SMS["Collect"]["configuration"]
    settings = document["provider"]["settings"]
    service = SmsService(path="/gateway", credentials=(settings["apiKeySid"], "a key's secret"))
    ours = {"baseUrl": service.url, "authToken": TOKEN, "apiKeySecret": "a key's secret"}
    yield Texting(service, str(configured(platform, document, ours)["uid"]), settings)
    service.stop()
    assert service.faults == []


def test_an_sms_with_every_option(platform: Platform, whole_sms: Texting) -> None:
    one = SMS["Collect"]
    key = send(platform, one)
    (sms,) = whole_sms.service.to(one["message"]["mobilePhone"])
    leaves = filled(one["leaves"], configuration=whole_sms.uid, message=key)
    leaves["StatusCallback"] = leaves["StatusCallback"].replace("https://parcours.example.com", platform.url)
    assert sms.form == leaves


def test_what_people_answer_is_heard_as_the_page_says(platform: Platform, whole_sms: Texting) -> None:
    """Signed with the account's token, though messages leave with a key."""
    number, hook = "+33612345672", f"{platform.url}/m/f/{whole_sms.uid}"

    def reply(text: str) -> bytes:
        form = {"MessageSid": f"SM-{text}", "SmsStatus": "received", "From": number, "To": "+33700000002", "Body": text}
        status, body = post_signed(hook, form)
        assert status == 200, body
        return body

    assert f"<Message>{whole_sms.settings['helpText']}</Message>".encode() in reply("HELP")
    asked = query(f"{JOURNEYS}/suppressions", channel="sms", address=number)
    assert platform.get(asked)["results"] == []
    (word,) = whole_sms.settings["stopWords"]
    reply(word)
    assert [one["reason"] for one in platform.get(asked)["results"]] == ["unsubscribe"]


def test_a_text_of_more_segments_than_the_page_allows_does_not_leave(platform: Platform, whole_sms: Texting) -> None:
    most, number = whole_sms.settings["maxSegments"], "+33612345673"
    published(platform, {"name": "At length", "channel": "sms", "content": {"body": "x" * (153 * most + 1)}})
    told = sent(platform, "At length", {"mobilePhone": number})
    assert told["status"] == "deliveryFailed"
    assert told["reason"] == f"{most + 1} segments of GSM-7, {most} at most"
    assert whole_sms.service.to(number) == []


def test_an_sms_with_the_least(platform: Platform, whole_sms: Texting) -> None:
    """Signed in with the account's token, and nothing asked for but the message; the default in the other's place."""
    one, service = SMS["Closing"], SmsService()
    url = f"{CONFIGURATIONS}/{whole_sms.uid}"
    before = platform.get(url)
    assert ask("PUT", platform.url + url, {**before, "isDefault": False}, platform.headers).status == 200
    configured(platform, one["configuration"], {"baseUrl": service.url, "authToken": TOKEN})
    send(platform, one)
    (sms,) = service.to(one["message"]["mobilePhone"])
    assert sms.form == one["leaves"]
    service.stop()
    assert service.faults == []


# --- push notifications ---


def pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


class Notifying(NamedTuple):
    firebase: Firebase
    apple: AppleService
    browsers: BrowserService
    settings: dict[str, Any]


@pytest.fixture(scope="module")
def services(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notifying]:
    """The page's configuration with every option; what names a device `hang` is never answered."""
    document = PUSH["Sale"]["configuration"]
    settings = document["provider"]["settings"]
    certificate = Certificate(tmp_path_factory.mktemp("apple"))
    apple_key, vapid_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    over = threading.Event()

    def firebase_says(message: dict[str, Any], _before: int) -> tuple[int, str] | None:
        if message["token"].startswith("hang"):
            over.wait(60)
        return None

    def apple_says(push: Push, _before: int) -> Say:
        return Say(instead="hang" if push.token.startswith("ff") else "")

    firebase, browsers = Firebase(firebase_says), BrowserService(vapid_key, settings["vapidSubject"])
    apple = AppleService(certificate.context(), apple_key, apple_says)
    ours = {
        "fcmServiceAccount": firebase.account, "fcmUrl": firebase.url, "apnsKey": pem(apple_key),
        "apnsUrl": apple.url, "caCertificate": certificate.pem, "vapidPrivateKey": pem(vapid_key),
    }  # fmt: skip
    configured(platform, document, ours)
    yield Notifying(firebase, apple, browsers, settings)
    over.set()
    for one in (firebase, apple, browsers):
        one.stop()
        assert one.faults == []


def test_a_notification_through_firebase(platform: Platform, services: Notifying) -> None:
    one = PUSH["Sale"]
    key = send(platform, one)
    (got,) = services.firebase.to(one["message"]["registrationToken"])
    assert got == filled(one["leaves"], message=key)


def test_a_notification_through_apple(platform: Platform, services: Notifying) -> None:
    """Key, key id, team and topic are looked at by the service itself."""
    one = PUSH["Ready now"]
    before = time.time()
    key = send(platform, one)
    (got,) = services.apple.to(one["message"]["registrationToken"])
    leaves = filled(one["leaves"], message=key)
    assert {name: got.headers[name] for name in leaves["headers"]} == leaves["headers"]
    assert got.payload == leaves["payload"]
    lasts_s = int(got.headers["apns-expiration"]) - services.settings["ttlSeconds"]
    assert int(before) <= lasts_s <= time.time()


def test_a_notification_for_a_browser(platform: Platform, services: Notifying) -> None:
    """The key and whom it belongs to are looked at by the service itself."""
    one = PUSH["Back again"]
    assert json.loads(one["message"]["registrationToken"]).keys() == {"endpoint", "keys"}
    browser = services.browsers.subscribe("/1")
    key = send(platform, {**one, "message": {**one["message"], "registrationToken": browser.subscription}})
    ((headers, content),) = services.browsers.to("/1")
    leaves = filled(one["leaves"], message=key)
    assert content == leaves["content"]
    assert {name: headers[name] for name in leaves["headers"]} == leaves["headers"]


def test_services_are_waited_for_as_long_as_the_page_says(platform: Platform, services: Notifying) -> None:
    """An attempt ends after `timeoutSeconds`; the message is tried again until its time is over."""
    template, limit_s = PUSH["Ready now"]["template"], services.settings["timeoutSeconds"]
    published(platform, {**template, "name": "Hangs"})
    keys = [
        platform.post(path_of("Hangs"), {"registrationToken": token, "pushPlatform": service})["PKey"]
        for token, service in (("hang-1", "fcm"), ("ff" * 32, "ios"))
    ]

    def told() -> list[dict[str, Any]]:
        return [platform.get(f"{path_of('Hangs')}/{key}") for key in keys]

    wait_for(lambda: all(one["status"] == "deliveryFailed" for one in told()), 90, what="the end of both messages")
    assert [one["reason"] for one in told()] == [
        f"no answer in {limit_s} s", f"Apple's service: no answer in {limit_s} s",
    ]  # fmt: skip
    assert len(services.firebase.to("hang-1")) > 1
    assert len(services.apple.to("ff" * 32)) > 1
