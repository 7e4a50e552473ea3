"""Push notifications through Firebase, Apple and browsers' services: what they get, and what retires a token."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import demo
import pytest
from apple_service import KEY_ID, TEAM_ID, TOPIC, AppleService, Push, Say
from asking import ask, query
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from definitions import (
    FOUNDATION,
    JOURNEYS,
    XDM_FULL,
    enable_for_profile,
    make_connection,
    make_dataset,
    make_flow,
    make_identity,
)
from journey_tools import instances, publish, transitions
from mail_server import Certificate
from push_services import BrowserService, Firebase
from running import RunningServer, wait_for
from shop import Shop, stop

TEMPLATES = f"{JOURNEYS}/messageTemplates"
CONFIGURATIONS = f"{JOURNEYS}/channelConfigurations"
DOCS = Path(__file__).parents[2] / "docs" / "reference"
SUBJECT = "mailto:push@shop.example"
CONTENT = {
    "title": "Order {{ event.commerce.order.priceTotal }}", "body": "It is on its way",
    "link": "https://shop.example/orders", "data": {"order": "{{ event._id }}"},
}  # fmt: skip


def pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def apple_token(name: str) -> str:
    """A device token as Apple's look."""
    return name.encode().hex().ljust(64, "0")


def firebase_says(message: dict[str, Any], before: int) -> tuple[int, str] | None:
    token = message["token"]
    if token.startswith("gone"):
        return 404, "UNREGISTERED"
    if token.startswith("busy") and not before:
        return 503, "UNAVAILABLE"
    if token.startswith("other"):
        return 403, "SENDER_ID_MISMATCH"
    return None


def apple_says(push: Push, before: int) -> Say:
    name = bytes.fromhex(push.token).rstrip(b"\0").decode()
    if name.startswith("gone"):
        return Say(410, "Unregistered")
    if name.startswith("bad"):
        return Say(400, "BadDeviceToken")
    if name.startswith("busy") and not before:
        return Say(429, "TooManyRequests", (("retry-after", "1"),))
    if name.startswith("close") and not before:
        return Say(instead="close")
    if name.startswith("away") and not before:
        return Say(instead="goaway")
    return Say()


class Services(NamedTuple):
    firebase: Firebase
    apple: AppleService
    browsers: BrowserService
    settings: dict[str, Any]


@pytest.fixture(scope="module")
def shop(server: RunningServer) -> Shop:
    return Shop(server)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    certificate = Certificate(tmp_path_factory.mktemp("apple"))
    apple_key, vapid_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    firebase, browsers = Firebase(firebase_says), BrowserService(vapid_key, SUBJECT)
    apple = AppleService(certificate.context(), apple_key, apple_says)
    settings = {
        "fcmServiceAccount": firebase.account, "fcmUrl": firebase.url,
        "apnsKey": pem(apple_key), "apnsKeyId": KEY_ID, "apnsTeamId": TEAM_ID, "apnsTopic": TOPIC,
        "apnsUrl": apple.url, "caCertificate": certificate.pem,
        "vapidPrivateKey": pem(vapid_key), "vapidSubject": SUBJECT, "ttlSeconds": 600, "timeoutSeconds": 3,
    }  # fmt: skip
    yield Services(firebase, apple, browsers, settings)
    for one in (firebase, apple, browsers):
        one.stop()
        assert one.faults == []


@pytest.fixture(scope="module")
def configuration(shop: Shop, services: Services) -> str:
    provider = {"kind": "push", "settings": services.settings}
    body = {"name": "Shop app", "channel": "push", "provider": provider, "retrySeconds": 8, "isDefault": True}
    made = shop.platform.post(CONFIGURATIONS, body)
    shown = made["provider"]["settings"]
    assert {shown[name] for name in ("fcmServiceAccount", "apnsKey", "vapidPrivateKey")} == {"********"}
    assert shown["apnsKeyId"] == KEY_ID
    stored = (shop.server.data_dir / "state.db").read_bytes()
    assert b"BEGIN PRIVATE KEY" not in stored
    return str(made["uid"])


@pytest.fixture(scope="module")
def version(shop: Shop, configuration: str) -> Iterator[str]:
    """A journey that notifies who orders, on the devices of their profile."""
    made = {"name": "Order push", "channel": "push", "category": "transactional", "content": CONTENT}
    uid = shop.platform.post(TEMPLATES, made)["uid"]
    shop.platform.post(f"{TEMPLATES}/{uid}/publish")
    nodes = {
        "push": {"type": "message", "channel": "push", "templateUid": uid},
        "good": {"type": "end"}, "bad": {"type": "end"},
    }  # fmt: skip
    edges = [("order", "push"), ("push", "good"), ("push", "bad", "error")]
    found = publish(shop.platform, "Push an order", nodes, edges)
    yield found
    stop(shop, found)


@pytest.fixture(scope="module")
def profiles(shop: Shop) -> Any:
    """Writes a person's devices into their profile."""
    base = "https://ns.adobe.com/xdm/context/"
    names = ("profile", "profile-personal-details", "profile-push-notification-details", "identitymap")
    body = {"type": "object", "title": "Devices", "allOf": [{"$ref": base + name} for name in names]}
    schema = shop.platform.post(f"{FOUNDATION}/schemaregistry/tenant/schemas", body)
    make_identity(shop.platform, schema["$id"], "/personalEmail/address")
    enable_for_profile(shop.platform, schema["meta:altId"])
    dataset = make_dataset(shop.platform, "Devices", schema["$id"])
    connection, inlet = make_connection(shop.platform, "Devices", {"dataType": "xdm"})
    flow = make_flow(shop.platform, "Devices", connection, schema["$id"], dataset)
    reference = {"id": schema["$id"], "contentType": XDM_FULL}

    def write(email: str, *devices: dict[str, Any]) -> None:
        entity = {"_id": email, "personalEmail": {"address": email}, "pushNotificationDetails": list(devices)}
        header = {"schemaRef": reference, "flowId": flow, "datasetId": dataset}
        sent = {"header": header, "body": {"xdmMeta": {"schemaRef": reference}, "xdmEntity": entity}}
        assert ask("POST", inlet, sent).status == 200
        asked = {"schema.name": "_xdm.context.profile", "entityId": email, "entityIdNS": "Email"}
        url = query(f"{shop.server.url}/data/core/ups/access/entities", **asked)
        wait_for(lambda: ask("GET", url, None, shop.platform.headers).status == 200, what="the profile")

    return write


def notify(shop: Shop, version: str, number: int, event_id: str) -> dict[str, Any]:
    """The message that an order led to, once its instance has ended."""
    email = demo.email(number)
    before = {one["id"] for one in instances(shop.platform, version, email)}
    shop.send(shop.order(number, event_id, total=12.5))

    def over() -> list[dict[str, Any]]:
        found = [one for one in instances(shop.platform, version, email) if one["id"] not in before]
        return [one for one in found if one["status"] == "ended"]

    wait_for(over, what="the end")
    (instance,) = over()
    asked = query(f"{JOURNEYS}/messages", journeyVersionUid=version)
    (key,) = [m["messageId"] for m in shop.platform.get(asked)["results"] if m["messageId"].startswith(instance["id"])]
    whole: dict[str, Any] = shop.platform.get(f"{JOURNEYS}/messages/{key}")
    return {**whole, "path": transitions(instance)[1]}


def retired(shop: Shop, token: str) -> list[str]:
    found = shop.platform.get(query(f"{JOURNEYS}/suppressions", channel="push", address=token))["results"]
    return [one["reason"] for one in found]


def test_firebase_gets_what_the_template_says(shop: Shop, services: Services, version: str, profiles: Any) -> None:
    profiles(demo.email(930_001), {"token": "good-1", "platform": "fcm"})
    message = notify(shop, version, 930_001, "push-1")
    (got,) = services.firebase.to("good-1")
    key = message["messageId"]
    assert got["notification"] == {"title": "Order 12.5", "body": "It is on its way"}
    assert got["data"] == {"order": "push-1", "link": "https://shop.example/orders"}
    assert got["android"] == {"priority": "HIGH", "ttl": "600s", "notification": {"tag": key}}
    assert got["webpush"] == {"fcm_options": {"link": "https://shop.example/orders"}}
    assert (message["status"], message["path"]) == ("sent", "push:default")
    assert message["providerId"].startswith("projects/shop-1/messages/")


def test_an_access_token_serves_many_messages_and_is_replaced_when_refused(
    shop: Shop, services: Services, version: str, profiles: Any
) -> None:
    profiles(demo.email(930_002), {"token": "good-2", "platform": "fcm"})
    notify(shop, version, 930_002, "push-2a")
    before = services.firebase.asked
    notify(shop, version, 930_002, "push-2b")
    assert services.firebase.asked == before
    services.firebase.valid.clear()
    assert notify(shop, version, 930_002, "push-2c")["status"] == "sent"
    assert services.firebase.asked == before + 1


@pytest.mark.parametrize(
    ("number", "token", "status", "code", "reasons", "tries"),
    [
        (930_011, "gone-1", "bounce", "UNREGISTERED", ["hardBounce"], 1),
        (930_012, "busy-1", "sent", None, [], 2),
        (930_013, "other-1", "error", "SENDER_ID_MISMATCH", [], 1),
    ],
)
def test_what_firebase_refuses(
    shop: Shop, services: Services, version: str, profiles: Any, number: int, token: str, status: str, code: str | None,
    reasons: list[str], tries: int,
) -> None:  # fmt: skip
    profiles(demo.email(number), {"token": token, "platform": "fcm"})
    message = notify(shop, version, number, f"push-{token}")
    assert (message["status"], message["code"]) == (status, code)
    assert retired(shop, token) == reasons
    assert len(services.firebase.to(token)) == tries


def test_apple_gets_a_signed_request_and_the_same_id_in_every_attempt(
    shop: Shop, services: Services, version: str, profiles: Any
) -> None:
    token = apple_token("busy-1")
    profiles(demo.email(930_021), {"token": token, "platform": "apns"})
    message = notify(shop, version, 930_021, "push-apple-1")
    first, second = services.apple.to(token)
    assert message["status"] == "sent"
    assert first.headers["apns-id"] == second.headers["apns-id"] == message["providerId"]
    assert first.headers["apns-collapse-id"] == message["messageId"]
    assert (first.headers["apns-priority"], first.headers["apns-topic"]) == ("10", TOPIC)
    assert first.payload == {
        "aps": {"alert": {"title": "Order 12.5", "body": "It is on its way"}, "sound": "default"},
        "link": "https://shop.example/orders", "order": "push-apple-1",
    }  # fmt: skip
    assert first.connection == second.connection
    assert len(services.apple.tokens) == 1


@pytest.mark.parametrize(
    ("number", "name", "code"), [(930_022, "gone", "Unregistered"), (930_023, "bad", "BadDeviceToken")]
)
def test_a_dead_apple_token_is_retired_and_not_tried_again(
    shop: Shop, services: Services, version: str, profiles: Any, number: int, name: str, code: str
) -> None:
    token = apple_token(f"{name}-1")
    profiles(demo.email(number), {"token": token, "platform": "apns"})
    message = notify(shop, version, number, f"apple-{name}-1")
    assert (message["status"], message["code"], message["path"]) == ("bounce", code, "push:default")
    assert {one["status"] for one in message["events"]} == {"bounced"}
    assert retired(shop, token) == ["hardBounce"]
    again = notify(shop, version, number, f"apple-{name}-2")
    assert (again["status"], again["code"]) == ("denylist", "hardBounce")
    assert len(services.apple.to(token)) == 1


@pytest.mark.parametrize(("number", "name"), [(930_024, "close"), (930_025, "away")])
def test_a_connection_that_ends_is_opened_again(
    shop: Shop, services: Services, version: str, profiles: Any, number: int, name: str
) -> None:
    token = apple_token(f"{name}-1")
    profiles(demo.email(number), {"token": token, "platform": "apns"})
    assert notify(shop, version, number, f"apple-{name}")["status"] == "sent"
    first, second = services.apple.to(token)
    assert second.connection > first.connection


def test_a_provider_token_that_is_out_of_date_is_replaced(
    shop: Shop, services: Services, version: str, profiles: Any
) -> None:
    token = apple_token("fine-1")
    profiles(demo.email(930_026), {"token": token, "platform": "apns"})
    notify(shop, version, 930_026, "push-fine-1")
    services.apple.expired |= services.apple.tokens
    wait_for(lambda: notify(shop, version, 930_026, "push-fine-2")["status"] == "sent", what="the next")
    assert len(services.apple.tokens) == 2


def test_a_browser_reads_what_nobody_on_the_way_can(
    shop: Shop, services: Services, version: str, profiles: Any
) -> None:
    browser = services.browsers.subscribe("/busy/1")
    profiles(demo.email(930_031), {"token": browser.subscription, "platform": "web"})
    message = notify(shop, version, 930_031, "push-web-1")
    assert message["status"] == "sent"
    first, second = services.browsers.to("/busy/1")  # told to come again, once
    headers, content = second
    assert content == {
        "title": "Order 12.5", "body": "It is on its way", "link": "https://shop.example/orders",
        "tag": message["messageId"], "data": {"order": "push-web-1"},
    }  # fmt: skip
    assert (headers["ttl"], headers["urgency"], len(headers["topic"])) == ("600", "high", 32)
    assert first[0]["topic"] == headers["topic"]


def test_a_subscription_that_is_over_is_retired(shop: Shop, services: Services, version: str, profiles: Any) -> None:
    """Long tokens stand in the suppression list by their digest."""
    browser = services.browsers.subscribe("/gone/" + "x" * 1_200)
    profiles(demo.email(930_032), {"token": browser.subscription, "platform": "web"})
    message = notify(shop, version, 930_032, "push-web-2")
    assert (message["status"], message["code"]) == ("bounce", "410")
    assert notify(shop, version, 930_032, "push-web-3")["status"] == "denylist"
    assert len(services.browsers.to("/gone/" + "x" * 1_200)) == 1


@pytest.mark.parametrize(
    "token",
    ['{"endpoint":"https://push.example/1"}', '{"endpoint":"ftp://push.example/1","keys":{"p256dh":"AA","auth":"AA"}}',
     json.dumps({"endpoint": "https://push.example/1", "keys": {"p256dh": "AA", "auth": "AA"}}, separators=(",", ":"))],
)  # fmt: skip
def test_what_is_no_subscription_is_retired_without_a_call(shop: Shop, version: str, profiles: Any, token: str) -> None:
    number = 930_040 + len(token)
    profiles(demo.email(number), {"token": token, "platform": "web"})
    message = notify(shop, version, number, f"push-none-{len(token)}")
    assert (message["status"], message["code"]) == ("bounce", "addressInvalid")


def test_the_next_device_gets_it_when_a_token_is_dead(
    shop: Shop, services: Services, version: str, profiles: Any
) -> None:
    """One device of a profile gets the notification: the first that takes any. Dead tokens are retired on the way."""
    alive, refused, spare = apple_token("fine-9"), "refused-9", "spare-9"
    dead, buried = ["gone-9", apple_token("gone-9")], services.browsers.subscribe("/gone/9").subscription
    profiles(
        demo.email(930_051),
        {"token": refused, "platform": "fcm", "denylisted": True},
        *({"token": token} for token in (*dead, buried)),
        {"token": alive, "platform": "apns"},
        {"token": spare, "platform": "fcm"},
    )
    message = notify(shop, version, 930_051, "push-two-1")
    assert (message["status"], message["address"]) == ("sent", alive)
    assert {one["status"] for one in message["events"]} == {"sent"}
    assert [retired(shop, token) for token in dead] == [["hardBounce"]] * 2
    assert notify(shop, version, 930_051, "push-two-2")["status"] == "sent"
    assert len(services.apple.to(alive)) == 2
    assert [len(services.firebase.to("gone-9")), len(services.apple.to(dead[1]))] == [1, 1]
    assert len(services.browsers.to("/gone/9")) == 1
    assert services.firebase.to(refused) == services.firebase.to(spare) == []


def test_who_has_dead_tokens_only_is_a_bounce(shop: Shop, services: Services, version: str, profiles: Any) -> None:
    profiles(demo.email(930_054), {"token": "gone-10"}, {"token": "gone-11"})
    message = notify(shop, version, 930_054, "push-none-1")
    assert (message["status"], message["address"], message["path"]) == ("bounce", "gone-11", "push:default")
    assert notify(shop, version, 930_054, "push-none-2")["status"] == "denylist"
    assert [len(services.firebase.to(token)) for token in ("gone-10", "gone-11")] == [1, 1]


def test_a_notification_too_large_for_a_service_does_not_leave(
    shop: Shop, services: Services, configuration: str, version: str, profiles: Any
) -> None:
    made = {"name": "Long", "channel": "push", "content": {"title": "Long", "body": "x" * 4_200}}
    uid = shop.platform.post(TEMPLATES, made)["uid"]
    shop.platform.post(f"{TEMPLATES}/{uid}/publish")
    token = apple_token("long-1")
    node = {"type": "message", "channel": "push", "templateUid": uid, "address": f'"{token}"'}
    edges = [("order", "push"), ("push", "good"), ("push", "bad", "error")]
    long = publish(
        shop.platform, "Push at length", {"push": node, "good": {"type": "end"}, "bad": {"type": "end"}}, edges
    )
    message = notify(shop, long, 930_052, "push-long")
    assert (message["code"], message["path"]) == ("payloadTooLarge", "push:error")
    assert services.apple.to(token) == []
    stop(shop, long)


def test_the_worked_example_of_the_reference(shop: Shop, services: Services) -> None:
    """The page's configuration as it stands, but for keys, hosts and its being the default."""
    page = (DOCS / "push.md").read_text(encoding="utf-8")
    body = json.loads(page.partition("```json\n")[2].partition("```")[0])
    settings = body["provider"]["settings"]
    ours = services.settings
    assert settings.keys() <= ours.keys()
    settings |= {name: ours[name] for name in ours if name not in settings or "…" in str(settings[name])}
    uid = shop.platform.post(CONFIGURATIONS, {**body, "name": "Of the page", "isDefault": False})["uid"]
    browser = services.browsers.subscribe("/page")
    for number, token in ((930_061, "page-1"), (930_062, apple_token("page-1")), (930_063, browser.subscription)):
        made = {"name": f"Page {number}", "channel": "push", "content": {"title": "Hi", "body": "There"}}
        template = shop.platform.post(TEMPLATES, made)["uid"]
        shop.platform.post(f"{TEMPLATES}/{template}/publish")
        address = json.dumps(token)
        node = {
            "type": "message", "channel": "push", "templateUid": template, "configurationUid": uid, "address": address,
        }  # fmt: skip
        nodes = {"push": node, "after": {"type": "end"}}
        version = publish(shop.platform, f"Page {number}", nodes, [("order", "push"), ("push", "after")])
        assert notify(shop, version, number, f"page-{number}")["status"] == "sent"
        stop(shop, version)
    (notification,) = services.apple.to(apple_token("page-1"))
    assert notification.headers["apns-priority"] == "5"
    assert len(services.firebase.to("page-1")) == len(services.browsers.to("/page")) == 1


def test_a_platform_without_a_key_is_told(shop: Shop, services: Services) -> None:
    settings = {name: services.settings[name] for name in ("vapidPrivateKey", "vapidSubject")}
    body = {"name": "Web only", "channel": "push", "provider": {"kind": "push", "settings": settings}}
    uid = shop.platform.post(CONFIGURATIONS, body)["uid"]
    made = {"name": "To nobody", "channel": "push", "content": {"title": "Hi", "body": "There"}}
    template = shop.platform.post(TEMPLATES, made)["uid"]
    shop.platform.post(f"{TEMPLATES}/{template}/publish")
    node = {
        "type": "message", "channel": "push", "templateUid": template, "configurationUid": uid, "address": '"abc:def"',
    }  # fmt: skip
    edges = [("order", "push"), ("push", "good"), ("push", "bad", "error")]
    only = publish(shop.platform, "Web only", {"push": node, "good": {"type": "end"}, "bad": {"type": "end"}}, edges)
    message = notify(shop, only, 930_053, "push-nokey")
    assert (message["code"], message["path"]) == ("platformNotConfigured", "push:error")
    stop(shop, only)
