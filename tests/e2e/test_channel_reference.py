"""The worked examples of docs/reference/channels.md, as they stand, against providers on loopback."""

from collections.abc import Iterator
from email.utils import parseaddr
from typing import Any

import pytest
from asking import ask, query
from channel_examples import TEMPLATES, configured, examples_of, in_time, outgoing_of, path_of, published, send, sent
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from definitions import JOURNEYS
from mail_server import PASSWORD, USER, Certificate, MailServer
from mailbox_server import Mailbox
from platform_client import Platform
from push_services import Firebase
from rough_mail_server import Files
from running import RunningServer, wait_for
from sms_service import ACCOUNT, TOKEN, SmsService

EXAMPLES = examples_of("channels.md")
OUTGOING = outgoing_of("channels.md")
SECRET = "told by the provider"


def example(member: str) -> dict[str, Any]:
    """The page's example with this member at its top."""
    (found,) = [one for one in EXAMPLES if member in one and "leaves" not in one]
    return found


@pytest.fixture(scope="module")
def platform(server: RunningServer) -> Platform:
    return server.platform()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate(tmp_path_factory.mktemp("reference"))


@pytest.fixture(scope="module")
def mail(certificate: Certificate) -> Iterator[MailServer]:
    running = MailServer(certificate).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def files() -> Iterator[Files]:
    served = Files()
    yield served
    served.stop()


@pytest.fixture(scope="module")
def mailbox(certificate: Certificate) -> Iterator[Mailbox]:
    box = Mailbox(certificate.context(), "bounces", "box")
    yield box
    box.stop()


@pytest.fixture(scope="module")
def mail_configuration(platform: Platform, mail: MailServer, mailbox: Mailbox, certificate: Certificate) -> str:
    """The page's, with places, keys and passwords of the test: every other setting as it stands."""
    pkcs8, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    key = rsa.generate_private_key(65_537, 2_048).private_bytes(serialization.Encoding.PEM, pkcs8, plain).decode()
    ours = {
        "host": "localhost", "port": mail.port, "caCertificate": certificate.pem, "username": USER,
        "password": PASSWORD, "dkimPrivateKey": key, "bounceHost": "localhost", "bouncePort": mailbox.port,
        "bouncePassword": "box",
    }  # fmt: skip
    made = configured(platform, {**OUTGOING["Whole letter"]["configuration"], "feedbackSecret": SECRET}, ours)
    return str(made["uid"])


def test_the_template_and_its_preview(platform: Platform) -> None:
    """The first example of the page: `default` asks for a name, so that none is missing."""
    uid = published(platform, example("content"))
    values = {"params": {"state": "on its way"}, "event": {"commerce": {"order": {"priceTotal": 12.5}}}}
    shown = platform.post(f"{TEMPLATES}/{uid}/preview", values)
    assert shown["subject"] == "Your order is on its way"
    assert shown["html"] == "<p>Hello you, 12.5 EUR</p>"
    assert shown["missing"] == []
    assert platform.post(f"{TEMPLATES}/{uid}/preview", {})["missing"] == [
        "event.commerce.order.priceTotal", "params.state",
    ]  # fmt: skip


def test_the_configurations_of_the_inbox_and_of_a_mail_server(platform: Platform) -> None:
    for number, one in enumerate(one for one in EXAMPLES if "provider" in one):
        kind = one["provider"]["kind"]
        key = rsa.generate_private_key(65_537, 2_048).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        ours = {"smtp": {"password": "secret", "dkimPrivateKey": key.decode(), "host": "localhost"}}.get(kind, {})
        made = configured(platform, {**one, "name": f"{one['name']} {number}", "isDefault": False}, ours)
        assert made["provider"]["kind"] == kind


def test_an_email_with_every_option(
    platform: Platform, mail: MailServer, mail_configuration: str, files: Files
) -> None:
    one = OUTGOING["Whole letter"]
    one["template"]["content"]["attachments"][0]["url"] = f"{files.url}/terms.pdf"
    send(platform, OUTGOING["Whole letter"])
    address = one["message"]["email"]
    ((sender, _, raw),) = [got for got in mail.handler.got if got[1] == address]
    (message,) = mail.handler.to(address)
    leaves = one["leaves"]
    assert sender == "bounces@shop.example"
    assert parseaddr(str(message["From"])) == parseaddr(leaves["From"])
    assert (message["Reply-To"], message["Subject"]) == (leaves["Reply-To"], leaves["Subject"])
    assert b"DKIM-Signature:" in raw
    assert b"d=shop.example" in raw
    assert b"s=s1" in raw
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    html, text = message.get_body(("html",)), message.get_body(("plain",))
    assert html is not None
    assert text is not None
    assert leaves["html"] in html.get_content()  # links aren't tracked …
    assert "/m/o/" in html.get_content()  # … and opens are
    assert "Our terms" in html.get_content()
    assert text.get_content().strip().startswith(leaves["text"])
    (part,) = message.iter_attachments()
    assert part.get_filename() == leaves["attachment"]


def test_an_email_of_mjml(platform: Platform, mail: MailServer, mail_configuration: str) -> None:
    send(platform, OUTGOING["Bill"])
    leaves = OUTGOING["Bill"]["leaves"]
    (message,) = mail.handler.to(OUTGOING["Bill"]["message"]["email"])
    assert parseaddr(str(message["From"])) == parseaddr(leaves["From"])
    assert (message["Reply-To"], message["Subject"]) == (leaves["Reply-To"], leaves["Subject"])
    html, text = message.get_body(("html",)), message.get_body(("plain",))
    assert html is not None
    assert text is not None
    assert leaves["text"] in html.get_content()
    assert text.get_content().strip() == leaves["text"]
    assert message["List-Unsubscribe"] is None


def test_a_bounce_in_the_mailbox_and_feedback_by_call(
    platform: Platform, mail: MailServer, mail_configuration: str, mailbox: Mailbox
) -> None:
    """The mailbox of the page's configuration is read; then the page's feedback is posted, about that message."""
    name, address = "Told later", "late@example.com"
    published(platform, {**OUTGOING["Bill"]["template"], "name": name})
    made = sent(platform, name, {"email": address, "ctx": {"total": 1}})
    original = next(raw for _, to, raw in mail.handler.got if to == address).partition(b"\r\n\r\n")[0]
    mailbox.mails.append(
        b"From: MAILER-DAEMON@mx.example\r\nMessage-ID: <r1@mx.example>\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        b"Action: failed\r\nStatus: 5.1.1\r\n\r\n"
        b"--b\r\nContent-Type: text/rfc822-headers\r\n\r\n" + original + b"\r\n\r\n--b--\r\n"
    )
    asked = query(f"{JOURNEYS}/suppressions", address=address)
    wait_for(lambda: platform.get(asked)["results"], 60, what="the bounce by mail")
    assert [one["reason"] for one in platform.get(asked)["results"]] == ["hardBounce"]
    assert mailbox.folders == {OUTGOING["Whole letter"]["configuration"]["provider"]["settings"]["bounceFolder"]}
    url = f"{platform.url}{JOURNEYS}/suppressions?channel=email&address={address}"
    assert ask("DELETE", url, None, platform.headers).status == 204
    body = example("events")
    body["events"][0] |= {"messageId": made["PKey"]}
    hook = f"{platform.url}/m/f/{mail_configuration}"
    assert ask("POST", hook, body, {"Authorization": "Bearer guessed"}).status == 401
    answer = ask("POST", hook, body, {"Authorization": f"Bearer {SECRET}"})
    assert (answer.status, answer.body) == (200, {"accepted": 1})


def test_connections_are_as_many_as_the_page_allows_and_carry_as_much(
    platform: Platform, mail: MailServer, mail_configuration: str
) -> None:
    """Fifty e-mails at once: two connections at a time, of which none carries more than twenty."""
    settings = OUTGOING["Whole letter"]["configuration"]["provider"]["settings"]
    name = "To many"
    published(platform, {**OUTGOING["Bill"]["template"], "name": name})
    mail.handler.most_at_once, mail.handler.delay_s = 0, 0.02
    before = mail.handler.carried.copy()
    for number in range(50):
        platform.post(path_of(name), {"email": f"many-{number}@example.com", "ctx": {"total": number}})
    wait_for(lambda: all(mail.handler.to(f"many-{n}@example.com") for n in range(50)), what="fifty e-mails")
    mail.handler.delay_s = 0.0
    assert mail.handler.most_at_once == settings["maxConnections"]
    assert max(mail.handler.carried.values()) == settings["messagesPerConnection"]
    assert sum((mail.handler.carried - before).values()) == 50
    assert mail.handler.names == {settings["helo"]}


def test_soft_bounces_in_a_row_suppress_as_the_page_says(
    platform: Platform, mail: MailServer, mail_configuration: str
) -> None:
    limit, address = OUTGOING["Whole letter"]["configuration"]["softBounces"], "full@example.com"
    published(platform, {**OUTGOING["Bill"]["template"], "name": "To a full mailbox"})
    asked = query(f"{JOURNEYS}/suppressions", address=address)
    for number in range(limit):
        assert platform.get(asked)["results"] == []
        made = sent(platform, "To a full mailbox", {"email": address, "ctx": {"total": 1}})
        event = {
            "messageId": made["PKey"],
            "status": "bounced",
            "type": "soft",
            "code": "4.2.2",
            "id": f"full-{number}",
        }
        hook = f"{platform.url}/m/f/{mail_configuration}"
        answer = ask("POST", hook, {"events": [event]}, {"Authorization": f"Bearer {SECRET}"})
        assert answer.body == {"accepted": 1}
        message = f"{JOURNEYS}/messages/{made['PKey']}"
        wait_for(lambda message=message: platform.get(message)["status"] == "bounce", what="the bounce")
    wait_for(lambda: platform.get(asked)["results"], what="the suppression")
    assert [one["reason"] for one in platform.get(asked)["results"]] == ["softBounces"]


def test_a_message_that_is_scheduled(platform: Platform) -> None:
    """The page's call, whose template is that of the beginning: scheduled, and taken back."""
    body = example("scheduled")
    published(platform, {**example("content"), "name": "Later"})
    made = platform.post(path_of("Later"), in_time(body))
    assert (made["status"], made["email"]) == ("scheduled", body["email"])
    url = f"{platform.url}{path_of('Later')}/{made['PKey']}"
    assert ask("DELETE", url, None, platform.headers).status == 204
    assert platform.get(f"{path_of('Later')}/{made['PKey']}")["status"] == "cancelled"


def test_an_sms(platform: Platform) -> None:
    one, service = OUTGOING["Ready"], SmsService(lambda _form, _before: None)
    configured(
        platform, one["configuration"], {"accountSid": ACCOUNT, "authToken": TOKEN, "baseUrl": service.url}
    )  # fmt: skip
    send(platform, OUTGOING["Ready"])
    (sms,) = service.to(one["message"]["mobilePhone"])
    assert {name: sms.form[name] for name in one["leaves"]} == one["leaves"]
    service.stop()
    assert service.faults == []


def test_a_push_notification(platform: Platform) -> None:
    one, firebase = OUTGOING["On its way"], Firebase()
    configured(platform, one["configuration"], {"fcmServiceAccount": firebase.account, "fcmUrl": firebase.url})
    send(platform, OUTGOING["On its way"])
    (got,) = firebase.to(one["message"]["registrationToken"])
    assert {name: got[name] for name in one["leaves"]} == one["leaves"]
    firebase.stop()
    assert firebase.faults == []
