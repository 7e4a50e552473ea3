"""Push notifications: encryption, keys, which service a device is reached through, what refusals mean."""

import asyncio
import base64
import json
import socket
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from parcours.channels.dialing import Unreachable
from parcours.channels.errors import ConfigurationInvalid
from parcours.channels.model import Configuration, Message, Tools
from parcours.channels.push import apns, fcm, provider, webpush
from parcours.channels.push.encryption import SubscriptionUnusable, encrypt
from parcours.channels.push.keys import (
    KeyUnusable,
    TokenMaker,
    from_base64url,
    public_point,
    read_apns_key,
    read_service_account,
    read_vapid_key,
    sign_assertion,
    to_base64url,
)
from parcours.channels.push.provider import KIND, platform_of

RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def pem(key: Any) -> str:
    return str(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


def account(**changes: Any) -> str:
    document = {
        "type": "service_account", "project_id": "shop-1", "private_key_id": "k1", "private_key": pem(RSA_KEY),
        "client_email": "push@shop-1.example", "token_uri": "https://oauth2.example/token", **changes,
    }  # fmt: skip
    return json.dumps(document)


def message(**fields: str) -> Message:
    return Message("0" * 32 + "-1", 1, "push", "token", {"title": "Hi", "body": "There", **fields}, (), {}, "marketing")


def test_the_example_of_rfc_8291_comes_out_bit_for_bit() -> None:
    body = encrypt(
        b"When I grow up, I want to be a watermelon",
        from_base64url("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
        from_base64url("BTBZMqHH6r4Tts7J_aSIgg"),
        read_vapid_key("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"),
        from_base64url("DGv6ra1nlYgDCS1FRnbzlw"),
    )
    assert to_base64url(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml"
        "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
        "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


@pytest.mark.parametrize(("key", "auth"), [(b"", b"0" * 16), (b"\x04" + b"1" * 64, b"0" * 16), (None, b"short")])
def test_a_subscription_with_bad_keys_is_refused(key: bytes | None, auth: bytes) -> None:
    with pytest.raises(SubscriptionUnusable):
        encrypt(b"x", public_point(EC_KEY) if key is None else key, auth)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"endpoint":"https://a"}', '{"endpoint":1,"keys":{"p256dh":"AA","auth":"AA"}}',
     '{"endpoint":"https://a","keys":{"p256dh":"ä","auth":"AA"}}', '{"endpoint":"https://a","keys":[]}'],
)  # fmt: skip
def test_what_is_no_subscription_is_refused(text: str) -> None:
    with pytest.raises(SubscriptionUnusable):
        webpush.read_subscription(text)


def test_keys_are_read_and_refused() -> None:
    assert read_service_account(account()).project_id == "shop-1"
    for bad in ("", "[]", "{}", account(private_key="x"), account(private_key=pem(EC_KEY)), account(token_uri=1)):
        with pytest.raises(KeyUnusable):
            read_service_account(bad)
    assert public_point(read_apns_key(pem(EC_KEY))) == public_point(EC_KEY)
    for bad in ("", "x", pem(RSA_KEY), pem(ec.generate_private_key(ec.SECP384R1()))):
        with pytest.raises(KeyUnusable):
            read_apns_key(bad)
    raw = to_base64url(EC_KEY.private_numbers().private_value.to_bytes(32))
    assert public_point(read_vapid_key(raw)) == public_point(EC_KEY)
    for bad in ("", "AAAA", "ä", to_base64url(b"\xff" * 32), to_base64url(bytes(32))):
        with pytest.raises(KeyUnusable):
            read_vapid_key(bad)


def test_the_assertion_is_signed_by_the_service_account() -> None:
    signed = sign_assertion(read_service_account(account()), fcm.SCOPE, 1_000)
    token = jwt.decode(signed, RSAKey.import_key(pem(RSA_KEY)), algorithms=["RS256"])
    assert token.claims == {
        "iss": "push@shop-1.example", "scope": fcm.SCOPE, "aud": "https://oauth2.example/token", "iat": 1_000,
        "exp": 4_600,
    }  # fmt: skip
    assert token.header["kid"] == "k1"


def test_a_token_is_used_until_it_is_old() -> None:
    now = [1_000.0]
    maker = TokenMaker(EC_KEY, {"kid": "K"}, 100.0, lambda: now[0])
    first = maker.token(lambda at: {"iat": at})
    now[0] = 1_099.0
    assert maker.token(lambda at: {"iat": at}) == first
    now[0] = 1_100.0
    second = maker.token(lambda at: {"iat": at})
    claims = jwt.decode(second, ECKey.import_key(pem(EC_KEY)), algorithms=["ES256"]).claims
    assert claims == {"iat": 1_100}
    maker.drop(first)  # another took its place
    assert maker.token(lambda at: {"iat": at}) == second
    maker.drop(second)
    now[0] = 1_101.0
    assert maker.token(lambda at: {"iat": at}) != second


@pytest.mark.parametrize(
    ("platform", "token", "wanted"),
    [
        ("fcm", "x", "fcm"), ("Android", "x", "fcm"), ("apns", "x", "apns"), ("iOS", "x", "apns"),
        ("apnsSandbox", "x", "apnsSandbox"), ("APNS_SANDBOX", "x", "apnsSandbox"), ("web", "x", "web"),
        ("", "{}", "web"), ("", "a1" * 32, "apns"), ("", "cXyz:APA91b", "fcm"), ("?", "a1" * 31, "fcm"),
    ],
)  # fmt: skip
def test_a_device_is_reached_through(platform: str, token: str, wanted: str) -> None:
    assert platform_of(platform, token) == wanted


def error(status: str, code: str | None = None, field: str | None = None, text: str = "") -> dict[str, Any]:
    details: list[dict[str, Any]] = []
    if code:
        details.append({"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code})
    if field:
        details.append({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [{"field": field}]})
    return {"error": {"status": status, "message": text, "details": details}}


@pytest.mark.parametrize(
    ("status", "told", "code", "is_permanent", "bounce"),
    [
        (404, error("NOT_FOUND", "UNREGISTERED"), "UNREGISTERED", True, "hard"),
        (400, error("INVALID_ARGUMENT", "INVALID_ARGUMENT", "message.token"), "INVALID_ARGUMENT", True, "hard"),
        (400, error("INVALID_ARGUMENT", "INVALID_ARGUMENT", "message.data"), "INVALID_ARGUMENT", True, ""),
        (
            400,
            error("INVALID_ARGUMENT", text="The registration token is not a valid FCM registration token"),
            "INVALID_ARGUMENT",
            True,
            "hard",
        ),
        (403, error("PERMISSION_DENIED", "SENDER_ID_MISMATCH"), "SENDER_ID_MISMATCH", True, ""),
        (401, error("UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR"), "THIRD_PARTY_AUTH_ERROR", True, ""),
        (429, error("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"), "QUOTA_EXCEEDED", False, ""),
        (503, error("UNAVAILABLE", "UNAVAILABLE"), "UNAVAILABLE", False, ""),
        (500, {}, "500", False, ""),
        (400, {"error": [1], "x": 1}, "400", True, ""),
        (400, {"error": {"details": [1, {"fieldViolations": 3}], "status": 7}}, "400", True, ""),
    ],
)
def test_what_firebase_says(status: int, told: dict[str, Any], code: str, is_permanent: bool, bounce: str) -> None:
    found = fcm.outcome_of(status, told, 7.0)
    assert (found.status, found.code, found.is_permanent, found.bounce) == ("failed", code, is_permanent, bounce)
    if not is_permanent:
        assert found.retry_after_s == 7.0


@pytest.mark.parametrize(
    ("status", "reason", "is_permanent", "bounce"),
    [
        (410, "Unregistered", True, "hard"), (410, "ExpiredToken", True, "hard"), (400, "BadDeviceToken", True, "hard"),
        (400, "DeviceTokenNotForTopic", True, ""), (403, "InvalidProviderToken", True, ""),
        (413, "PayloadTooLarge", True, ""), (429, "TooManyRequests", False, ""), (503, "Shutdown", False, ""),
        (500, "InternalServerError", False, ""),
    ],
)  # fmt: skip
def test_what_apple_says(status: int, reason: str, is_permanent: bool, bounce: str) -> None:
    found = apns.outcome_of(status, {"reason": reason}, None)
    assert (found.code, found.is_permanent, found.bounce) == (reason, is_permanent, bounce)
    assert apns.outcome_of(status, {}, None).code == str(status)


@pytest.mark.parametrize(
    ("status", "is_permanent", "bounce"),
    [(404, True, "hard"), (410, True, "hard"), (403, True, ""), (413, True, ""), (429, False, ""), (502, False, "")],
)
def test_what_a_browsers_service_says(status: int, is_permanent: bool, bounce: str) -> None:
    found = webpush.outcome_of(status, None)
    assert (found.is_permanent, found.bounce) == (is_permanent, bounce)


def test_data_takes_nobodys_place() -> None:
    """Neither `aps` nor what Firebase keeps for itself can be set by a template's data."""
    with_data = message(link="https://a.example", image="https://i.example")._replace(
        data={"aps": "mine", "from": "me", "collapse_key": "x", "order": "7"}
    )
    payload = json.loads(apns.payload_of(with_data))
    assert payload["aps"] == {"alert": {"title": "Hi", "body": "There"}, "sound": "default", "mutable-content": 1}
    assert (payload["link"], payload["order"]) == ("https://a.example", "7")
    document = json.loads(fcm.document_of(with_data, "t", 60))["message"]
    assert document["data"] == {
        "aps": "mine", "_from": "me", "_collapse_key": "x", "order": "7", "link": "https://a.example",
    }  # fmt: skip
    assert document["webpush"] == {"fcm_options": {"link": "https://a.example"}}
    assert document["android"]["notification"]["tag"] == with_data.key


def test_names_of_a_message_stay_within_what_services_allow() -> None:
    assert apns.apns_id("a-1") == apns.apns_id("a-1") != apns.apns_id("a-2")
    topic = webpush.topic_of("a-1")
    assert len(topic) == 32
    assert base64.urlsafe_b64decode(topic)


GOOD: dict[str, Any] = {
    "apnsKey": pem(EC_KEY), "apnsKeyId": "ABC123DEFG", "apnsTeamId": "DEF123GHIJ", "apnsTopic": "com.shop.app",
}  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({}, "$.provider.settings"),
        ({"apnsKey": GOOD["apnsKey"]}, "$.provider.settings.apnsKeyId"),
        ({**GOOD, "apnsKey": "x"}, "$.provider.settings.apnsKey"),
        ({**GOOD, "apnsUrl": "http://api.push.apple.com"}, "$.provider.settings.apnsUrl"),
        ({**GOOD, "apnsUrl": "https://127.0.0.1"}, "$.provider.settings.apnsUrl"),
        ({**GOOD, "caCertificate": "x"}, "$.provider.settings.caCertificate"),
        ({"fcmServiceAccount": "{}"}, "$.provider.settings.fcmServiceAccount"),
        ({"fcmServiceAccount": account(token_uri="http://169.254.169.254/")}, "$.provider.settings.fcmServiceAccount"),
        ({"fcmServiceAccount": account(), "fcmUrl": "https://10.0.0.1"}, "$.provider.settings.fcmUrl"),
        ({"vapidPrivateKey": "x", "vapidSubject": "mailto:a@b.example"}, "$.provider.settings.vapidPrivateKey"),
    ],
)
def test_a_faulty_configuration_is_refused_where_it_is_faulty(settings: dict[str, Any], path: str) -> None:
    with pytest.raises(ConfigurationInvalid) as caught:
        KIND.check(settings, False)
    assert caught.value.path == path
    assert "BEGIN" not in str(caught.value)


def test_good_configurations_are_taken() -> None:
    KIND.check(GOOD, False)
    KIND.check({**GOOD, "apnsKey": "********", "fcmServiceAccount": account()}, False)


@pytest.mark.parametrize(
    ("platform", "url", "wanted"),
    [
        ("ios", None, ("api.push.apple.com", 443)),
        ("apnsSandbox", None, ("api.sandbox.push.apple.com", 443)),
        ("ios", "https://apns.example.com:2197", ("apns.example.com", 2197)),
        ("apnsSandbox", "https://apns.example.com:2197", ("apns.example.com", 2197)),
    ],
)
def test_apple_is_reached_where_its_environment_is(
    monkeypatch: pytest.MonkeyPatch, platform: str, url: str | None, wanted: tuple[str, int]
) -> None:
    """`apnsUrl` stands for both environments."""
    dialed: list[tuple[str, int]] = []

    async def dial(host: str, port: int, allow_private: bool) -> socket.socket:
        dialed.append((host, port))
        raise Unreachable("nobody is called in this test")

    monkeypatch.setattr(provider, "dial", dial)
    settings = {**GOOD, **({} if url is None else {"apnsUrl": url})}
    configuration = Configuration(1, "c", 1, "App", "push", "push", settings, {})
    tools = Tools(http=None, allow_private=url is not None, keep=None, decrypt=str)  # type: ignore[arg-type]

    async def story() -> str | None:
        push = KIND.open(configuration, tools)
        outcome = await push.send(message()._replace(address="a1" * 32, platform=platform))
        await push.close()
        return outcome.code

    assert asyncio.run(story()) == "unreachable"
    assert dialed == [wanted]
