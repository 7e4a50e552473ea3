"""E-mail to a real mail server with TLS and a password: what arrives, what is refused, and what readers do with it."""

import base64
import re
import urllib.request
from collections.abc import Iterator
from typing import Any

import demo
import dkim
import pytest
from asking import ask, query
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from definitions import JOURNEYS
from journey_tools import instances, publish, transitions
from mail_server import PASSWORD, USER, Certificate, MailServer
from mailbox_server import Mailbox
from running import RunningServer, wait_for
from shop import VERSIONS, Shop, stop

TEMPLATES = f"{JOURNEYS}/messageTemplates"
CONFIGURATIONS = f"{JOURNEYS}/channelConfigurations"
HTML = """<html><body><h1>Hello {{ profile.person.name.firstName | default: "you" }} é</h1>
<a href="https://shop.example/offer?a=1&amp;b=2">Offer</a> <a href="{{ links.unsubscribe }}">Leave</a></body></html>"""
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def shop(server: RunningServer) -> Shop:
    return Shop(server)


@pytest.fixture(scope="module")
def mail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[MailServer, Certificate]]:
    certificate = Certificate(tmp_path_factory.mktemp("mail"))
    server = MailServer(certificate).start()
    yield server, certificate
    server.stop()


@pytest.fixture(scope="module")
def configuration(shop: Shop, mail: tuple[MailServer, Certificate]) -> str:
    server, certificate = mail
    pem = KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    settings = {
        "host": "localhost", "port": server.port, "security": "starttls", "caCertificate": certificate.pem,
        "username": USER, "password": PASSWORD, "returnPath": "bounces@shop.example",
        "dkimSelector": "s1", "dkimDomain": "shop.example", "dkimPrivateKey": pem,
    }  # fmt: skip
    body = {
        "name": "Shop mail", "channel": "email", "provider": {"kind": "smtp", "settings": settings},
        "sender": {"address": "orders@shop.example", "name": "Crème Shop", "replyTo": "help@shop.example"},
        "feedbackSecret": "told by the provider", "retrySeconds": 5,
    }  # fmt: skip
    made = shop.platform.post(CONFIGURATIONS, body)
    shown = made["provider"]["settings"]
    assert (shown["password"], shown["dkimPrivateKey"], made["feedbackSecret"]) == ("********",) * 3
    return str(made["uid"])


def template(shop: Shop, name: str, **changes: Any) -> str:
    body = {"name": name, "channel": "email", "content": {"subject": "Bonjour à vous", "html": HTML}, **changes}
    uid: str = shop.platform.post(TEMPLATES, body)["uid"]
    shop.platform.post(f"{TEMPLATES}/{uid}/publish")
    return uid


def mailing(shop: Shop, configuration: str, name: str, *more: str, **changes: Any) -> str:
    """A published journey that mails who orders; more: reactions that it waits for, one after the other."""
    uid = template(shop, name, **changes)
    nodes: dict[str, Any] = {
        "mail": {"type": "message", "channel": "email", "templateUid": uid, "configurationUid": configuration},
        "after": {"type": "end"},
    }
    edges = [("order", "mail")]
    if more:
        nodes["heard"] = {"type": "reaction", "actionNodeId": "mail", "reactions": list(more)}
        edges += [("mail", "heard"), ("heard", "after")]
    else:
        edges.append(("mail", "after"))
    return publish(shop.platform, name, nodes, edges)


def key_of(shop: Shop, version: str, email: str) -> str:
    url = query(f"{JOURNEYS}/messages", journeyVersionUid=version, address=email)
    wait_for(lambda: shop.platform.get(url)["results"], what="the message")  # it is noted just after it was sent
    return str(shop.platform.get(url)["results"][0]["messageId"])


def events_of(shop: Shop, key: str) -> dict[str, int]:
    return {one["status"]: one["count"] for one in shop.platform.get(f"{JOURNEYS}/messages/{key}")["events"]}


def test_an_email_arrives_whole_signed_and_with_one_click_to_leave(
    shop: Shop, mail: tuple[MailServer, Certificate], configuration: str
) -> None:
    version = mailing(shop, configuration, "Mail whole")
    email = demo.email(910_001)
    shop.send(shop.order(910_001, "whole-1"))
    wait_for(lambda: mail[0].handler.to(email), what="the e-mail")
    ((sender, _, raw),) = [one for one in mail[0].handler.got if one[1] == email]
    (message,) = mail[0].handler.to(email)
    assert sender == "bounces@shop.example"
    assert str(message["From"]) == "Crème Shop <orders@shop.example>"
    assert (message["Subject"], message["Reply-To"]) == ("Bonjour à vous", "help@shop.example")
    key = key_of(shop, version, email)
    assert message["Message-ID"] == f"<{key}@shop.example>"
    html, text = message.get_body(("html",)), message.get_body(("plain",))
    assert html is not None
    assert text is not None
    assert "Hello you é" in html.get_content()
    assert text.get_content().startswith("Hello you é")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    public = KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)
    assert dkim.verify(raw, dnsfunc=lambda name, timeout=5: record)
    assert b"List-Unsubscribe: <http" in raw
    stop(shop, version)


def test_opens_and_clicks_come_back_as_reactions_and_events(
    shop: Shop, mail: tuple[MailServer, Certificate], configuration: str
) -> None:
    version = mailing(shop, configuration, "Mail and hear a click", "clicked")
    email = demo.email(910_002)
    shop.send(shop.order(910_002, "click-1"))
    wait_for(lambda: mail[0].handler.to(email), what="the e-mail")
    body = mail[0].handler.to(email)[0].get_body(("html",))
    assert body is not None
    html = body.get_content()
    click = re.findall(r'href="([^"]*/m/c/[^"]*)"', html)
    pixel = re.findall(r'src="([^"]*/m/o/[^"]*)"', html)
    assert (len(click), len(pixel)) == (1, 1)
    wait_for(lambda: shop.is_at(version, 910_002, "heard"), what="the reaction")
    reader = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"}
    with urllib.request.urlopen(urllib.request.Request(pixel[0], headers=reader), timeout=30) as opened:
        assert (opened.headers["Content-Type"], opened.read()[:6]) == ("image/gif", b"GIF89a")
    machine = ask("GET", click[0], None, {"User-Agent": "Barracuda Sentinel"})
    assert machine.headers["location"] == "https://shop.example/offer?a=1&b=2"
    key = key_of(shop, version, email)
    wait_for(lambda: events_of(shop, key).get("opened") == 1, what="the open")
    assert shop.is_at(version, 910_002, "heard")  # what a machine does is no click
    followed = ask("GET", click[0], None, reader)
    assert (followed.status, followed.headers["location"]) == (302, "https://shop.example/offer?a=1&b=2")
    wait_for(lambda: instances(shop.platform, version, email)[0]["status"] == "ended", what="the end")
    assert "heard:default" in transitions(instances(shop.platform, version, email)[0])
    assert events_of(shop, key) == {"sent": 1, "opened": 1, "clicked": 1}
    steps = "_experience.journeyOrchestration.stepEvents"
    reacted = shop.server.sql(
        f"SELECT {steps}.reactionChannel AS channel, {steps}.reactionInteractionType AS kind, "
        f"{steps}.reactionActionID IS NOT NULL AS is_known FROM journey_step_events "
        f"WHERE {steps}.journeyVersionID = '{version}' AND {steps}.reactionInteractionType IS NOT NULL"
    )
    assert reacted == [{"channel": "email", "kind": "click", "is_known": True}]
    forged = click[0][:-8] + ("A" * 8)
    assert ask("GET", forged, None, reader).status == 404
    dataset = "ajo_email_tracking_experience_event_dataset"
    path = "_experience.customerJourneyManagement.messageInteraction.interactionType"
    wait_for(
        lambda: {row["kind"] for row in shop.server.sql(f"SELECT {path} AS kind FROM {dataset}")} >= {"open", "click"},
        timeout_s=60, what="the events in the lake",
    )  # fmt: skip
    stop(shop, version)


def test_one_click_unsubscribes_from_marketing_and_not_from_the_rest(
    shop: Shop, mail: tuple[MailServer, Certificate], configuration: str
) -> None:
    version = mailing(shop, configuration, "Mail and leave", "unsubscribed")
    email = demo.email(910_003)
    shop.send(shop.order(910_003, "leave-1"))
    wait_for(lambda: mail[0].handler.to(email), what="the e-mail")
    wait_for(lambda: shop.is_at(version, 910_003, "heard"), what="the reaction")
    url = str(mail[0].handler.to(email)[0]["List-Unsubscribe"]).strip("<>")
    page = ask("GET", url, None, {})
    assert (page.status, "Unsubscribe" in page.body) == (200, True)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert ask("POST", url, b"List-Unsubscribe=One-Click", form).status == 200
    wait_for(lambda: instances(shop.platform, version, email)[0]["status"] == "ended", what="the reaction's end")
    found = shop.platform.get(query(f"{JOURNEYS}/suppressions", address=email))["results"]
    assert [one["reason"] for one in found] == ["unsubscribe"]
    shop.send(shop.order(910_003, "leave-2"))
    wait_for(lambda: len(instances(shop.platform, version, email)) == 2, what="the second entrance")
    key = lambda: [  # noqa: E731
        one["status"]
        for one in shop.platform.get(query(f"{JOURNEYS}/messages", journeyVersionUid=version, address=email))["results"]
    ]
    wait_for(lambda: sorted(key()) == ["denylist", "sent"], what="the second message, which is kept back")
    invoice = mailing(shop, configuration, "Mail an invoice", category="transactional")
    shop.send(shop.order(910_003, "leave-3"))
    wait_for(lambda: len(mail[0].handler.to(email)) == 2, what="the transactional e-mail")
    assert mail[0].handler.to(email)[1]["List-Unsubscribe"] is None
    stop(shop, version)
    stop(shop, invoice)


def test_a_refused_address_is_a_bounce_and_suppressed(
    shop: Shop, mail: tuple[MailServer, Certificate], configuration: str
) -> None:
    version = mailing(shop, configuration, "Mail to a dead one", "bounced")
    email = demo.email(910_004)
    mail[0].handler.answers[email] = lambda: "550 5.1.1 No such user"
    shop.send(shop.order(910_004, "dead-1"))
    wait_for(
        lambda: [i["status"] for i in instances(shop.platform, version, email)] == ["ended"], what="the end"
    )  # fmt: skip
    assert transitions(instances(shop.platform, version, email)[0])[:3] == [
        "order:default", "mail:default", "heard:default",
    ]  # fmt: skip
    found = shop.platform.get(query(f"{JOURNEYS}/suppressions", address=email))["results"]
    assert [one["reason"] for one in found] == ["hardBounce"]
    told = shop.platform.get(f"{JOURNEYS}/messages/{key_of(shop, version, email)}")
    assert (told["status"], told["code"]) == ("bounce", "550 5.1.1")
    stop(shop, version)


def test_a_passing_refusal_is_tried_again(shop: Shop, mail: tuple[MailServer, Certificate], configuration: str) -> None:
    version = mailing(shop, configuration, "Mail to a grey one")
    email = demo.email(910_005)
    answers = iter(["450 4.2.0 Greylisted"])
    mail[0].handler.answers[email] = lambda: next(answers, None)
    shop.send(shop.order(910_005, "grey-1"))
    wait_for(lambda: mail[0].handler.to(email), what="the e-mail at the second attempt")
    wait_for(lambda: [i["status"] for i in instances(shop.platform, version, email)] == ["ended"], what="the end")
    (step,) = [s for s in instances(shop.platform, version, email)[0]["steps"] if s["nodeId"] == "mail" and s["action"]]
    assert step["action"]["actionSchedulerCount"] == 2
    stop(shop, version)


def test_a_provider_posts_a_complaint_with_its_secret(
    shop: Shop, mail: tuple[MailServer, Certificate], configuration: str
) -> None:
    version = mailing(shop, configuration, "Mail and annoy")
    email = demo.email(910_006)
    shop.send(shop.order(910_006, "annoy-1"))
    wait_for(
        lambda: shop.platform.get(query(f"{JOURNEYS}/messages", journeyVersionUid=version))["results"],
        what="the message",
    )
    key = key_of(shop, version, email)
    url = f"{shop.server.url}/m/f/{configuration}"
    body = {"events": [{"messageId": key, "status": "complained", "id": "c1"}]}
    assert ask("POST", url, body, {"Authorization": "Bearer nobody"}).status == 401
    assert ask("POST", url, body, {}).status == 401
    wrong = {"events": [{"messageId": key, "status": "eaten"}]}
    secret = {"Authorization": "Bearer told by the provider"}
    assert ask("POST", url, wrong, secret).status == 400
    answer = ask("POST", url, body, secret)
    assert (answer.status, answer.body) == (200, {"accepted": 1})
    wait_for(
        lambda: [
            one["reason"] for one in shop.platform.get(query(f"{JOURNEYS}/suppressions", address=email))["results"]
        ] == ["complaint"],
        what="the suppression",
    )  # fmt: skip
    report = shop.platform.get(f"{VERSIONS}/{version}/messages/report")["nodes"]["mail"]
    assert report["complained"] == {"messages": 1, "events": 1}
    stop(shop, version)


def test_a_bounce_that_comes_by_mail_is_read_from_the_mailbox(shop: Shop, mail: tuple[MailServer, Certificate]) -> None:
    """The mail server takes the e-mail, and writes to the return path when it can't deliver it."""
    mailbox = Mailbox(mail[1].context(), "bounces", "box")
    settings = {
        "host": "localhost", "port": mail[0].port, "caCertificate": mail[1].pem, "username": USER,
        "password": PASSWORD, "bounceHost": "localhost", "bouncePort": mailbox.port, "bounceUsername": "bounces",
        "bouncePassword": "box", "bouncePollSeconds": 5,
    }  # fmt: skip
    body = {
        "name": "With a mailbox", "channel": "email", "provider": {"kind": "smtp", "settings": settings},
        "sender": {"address": "orders@shop.example"},
    }  # fmt: skip
    uid = shop.platform.post(CONFIGURATIONS, body)["uid"]
    version = mailing(shop, uid, "Mail and hear later", "bounced")
    email = demo.email(910_008)
    shop.send(shop.order(910_008, "later-1"))
    wait_for(lambda: shop.is_at(version, 910_008, "heard"), what="the reaction")
    original = mail[0].handler.got[-1][2].partition(b"\r\n\r\n")[0]
    report = (
        b"From: MAILER-DAEMON@mx.example\r\nMessage-ID: <d9@mx.example>\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        b"Action: failed\r\nStatus: 5.1.1\r\n\r\n"
        b"--b\r\nContent-Type: text/rfc822-headers\r\n\r\n" + original + b"\r\n\r\n--b--\r\n"
    )
    mailbox.mails += [b"Subject: out of office\r\n\r\nBack soon", report]
    wait_for(
        lambda: [i["status"] for i in instances(shop.platform, version, email)] == ["ended"],
        timeout_s=60, what="the reaction to the bounce",
    )  # fmt: skip
    found = shop.platform.get(query(f"{JOURNEYS}/suppressions", address=email))["results"]
    assert [one["reason"] for one in found] == ["hardBounce"]
    wait_for(lambda: mailbox.seen == {1, 2}, what="both e-mails marked as seen")
    stop(shop, version)
    mailbox.stop()


def test_a_server_that_cannot_be_trusted_gets_no_password(
    shop: Shop, mail: tuple[MailServer, Certificate], tmp_path: Any
) -> None:
    """Another authority signed its certificate: the message is in error, and nothing but a greeting was said."""
    settings = {
        "host": "localhost", "port": mail[0].port, "caCertificate": Certificate(tmp_path, "other").pem,
        "username": USER, "password": PASSWORD,
    }  # fmt: skip
    body = {
        "name": "Distrusted", "channel": "email", "provider": {"kind": "smtp", "settings": settings},
        "sender": {"address": "orders@shop.example"}, "retrySeconds": 1,
    }  # fmt: skip
    uid = shop.platform.post(CONFIGURATIONS, body)["uid"]
    document = mailing(shop, uid, "Mail nobody trusts")
    email = demo.email(910_007)
    shop.send(shop.order(910_007, "distrust-1"))
    wait_for(lambda: [i["status"] for i in instances(shop.platform, document, email)] == ["error"], what="the error")
    step = instances(shop.platform, document, email)[0]["steps"][-1]
    assert step["detail"]["statusCode"] == "unreachable"
    assert "certificate" in step["detail"]["reason"]
    stop(shop, document)
