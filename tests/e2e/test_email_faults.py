"""Mail servers, attachments and values that misbehave: each is an outcome in the trace and in the counters."""

from collections.abc import Callable, Iterator
from typing import Any

import demo
import pytest
from asking import query
from definitions import JOURNEYS
from journey_tools import instances, publish, transitions
from mail_server import PASSWORD, USER, Certificate, MailServer
from rough_mail_server import Files, RoughMailServer
from running import RunningServer, wait_for
from shop import VERSIONS, Shop, stop

from outcome_rows import counted

TEMPLATES = f"{JOURNEYS}/messageTemplates"
CONFIGURATIONS = f"{JOURNEYS}/channelConfigurations"


@pytest.fixture(scope="module")
def shop(server: RunningServer) -> Shop:
    return Shop(server)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate(tmp_path_factory.mktemp("faults"))


@pytest.fixture(scope="module")
def good(shop: Shop, certificate: Certificate) -> Iterator[tuple[MailServer, str]]:
    """A mail server that speaks TLS from the first byte and takes everything; its configuration."""
    mail = MailServer(certificate, security="tls").start()
    settings = {"security": "tls", "caCertificate": certificate.pem, "username": USER, "password": PASSWORD}
    yield mail, configuration(shop, "Good", mail.port, settings, timeoutSeconds=2)
    mail.stop()


@pytest.fixture(scope="module")
def files() -> Iterator[Files]:
    served = Files()
    yield served
    served.stop()


def configuration(
    shop: Shop, name: str, port: int, more: dict[str, Any], retry_s: int = 3, **settings: Any
) -> str:  # fmt: skip
    provider = {"kind": "smtp", "settings": {"host": "localhost", "port": port, **more, **settings}}
    body = {
        "name": name, "channel": "email", "provider": provider, "sender": {"address": "orders@shop.example"},
        "retrySeconds": retry_s,
    }  # fmt: skip
    return str(shop.platform.post(CONFIGURATIONS, body)["uid"])


def mailing(shop: Shop, configuration_uid: str, name: str, **content: Any) -> str:
    """A published journey that mails who orders, with a way out for errors."""
    whole = {"subject": "Your order", "html": "<p>Thank you</p>", **content}
    body: dict[str, Any] = {"name": name, "channel": "email", "category": "transactional", "content": whole}
    if "params.subject" in whole["subject"]:
        body["parameters"] = [{"name": "subject"}]
    uid: str = shop.platform.post(TEMPLATES, body)["uid"]
    shop.platform.post(f"{TEMPLATES}/{uid}/publish")
    node = {"type": "message", "channel": "email", "templateUid": uid, "configurationUid": configuration_uid}
    if "parameters" in body:
        node["parameters"] = [{"paramPath": "subject", "expression": '"Order' + r"\r\nBcc: all@shop.example" + '"'}]  # type: ignore[assignment]
    nodes: dict[str, Any] = {"mail": node, "good": {"type": "end"}, "bad": {"type": "end"}}
    edges = [("order", "mail"), ("mail", "good"), ("mail", "bad", "error")]
    return publish(shop.platform, name, nodes, edges, timeouts={"actionSeconds": 1})  # retrySeconds are longer


def outcome(shop: Shop, version: str, number: int) -> tuple[str, dict[str, Any]]:
    """(way out, what the trace says of the message) of one who has ended."""
    email = demo.email(number)
    wait_for(
        lambda: [one["status"] for one in instances(shop.platform, version, email)] == ["ended"],
        60, what="the individual's end",
    )  # fmt: skip
    (instance,) = instances(shop.platform, version, email)
    (way,) = [one for one in transitions(instance) if one.startswith("mail:")]
    told = [one["detail"] for one in instance["steps"] if one["nodeId"] == "mail" and one.get("detail")]
    return way, told[-1] if told else {}


def report(shop: Shop, version: str) -> dict[str, int]:
    """Status → messages, as the version's report counts them."""
    nodes = shop.platform.get(f"{VERSIONS}/{version}/messages/report")["nodes"]
    return {status: counted["messages"] for status, counted in nodes.get("mail", {}).items()}


def check_failure(shop: Shop, version: str, number: int, what: str, code: str, reason: str) -> None:
    """Sent to one, it ends in this error: in the trace, the list of messages, the report and, by its row, /metrics."""
    with counted(shop.server.metrics, "email", what):
        shop.send(shop.order(number, f"fault-{number}"))
        way, detail = outcome(shop, version, number)
    assert way == "mail:error"
    assert detail["statusCode"] == code, detail
    assert reason in detail["reason"]
    url = query(f"{JOURNEYS}/messages", journeyVersionUid=version)
    wait_for(lambda: shop.platform.get(url)["results"], what="the message's row")
    (row,) = shop.platform.get(url)["results"]
    assert (row["status"], row["code"]) == ("error", code)
    wait_for(lambda: report(shop, version) == {"failed": 1}, what="the report")
    stop(shop, version)


def test_tls_from_the_first_byte_carries_an_attachment_and_a_password(
    shop: Shop, good: tuple[MailServer, str], files: Files
) -> None:
    attachments = [{"url": f"{files.url}/terms.pdf", "name": "Terms é.pdf"}]
    version = mailing(shop, good[1], "With terms", attachments=attachments)
    numbers = (920_001, 920_002)
    for number in numbers:
        shop.send(shop.order(number, f"terms-{number}"))
    for number in numbers:
        way, detail = outcome(shop, version, number)
        assert way == "mail:default", detail
        (message,) = good[0].handler.to(demo.email(number))
        (part,) = message.iter_attachments()
        assert part.get_filename() == "Terms é.pdf"
        content = part.get_content()
        assert (content[:4], len(content)) == (b"%PDF", 5_000)
    assert files.asked["/terms.pdf"] == 1  # fetched once for both
    assert good[0].logins
    assert all(good[0].logins)
    stop(shop, version)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/none.pdf", "http 404"),
        ("/large.pdf", "more than 1048576 bytes"),
        ("/hangs.pdf", "can't be fetched"),
        ("/endless.pdf", "can't be fetched"),
        ("/inward.pdf", "can't be fetched"),
    ],
)
def test_an_attachment_that_cannot_be_fetched_keeps_the_message_back(
    shop: Shop, good: tuple[MailServer, str], files: Files, path: str, reason: str
) -> None:
    number = 920_010 + len(path) * 10 + ord(path[1]) % 10
    version = mailing(shop, good[1], f"With {path}", attachments=[{"url": files.url + path, "name": "a.pdf"}])
    what = "an attachment hangs, has no end or 10 MB, is a 404 or redirects to a private address"
    check_failure(shop, version, number, what, "attachmentUnavailable", reason)
    assert good[0].handler.to(demo.email(number)) == []


def test_a_wrong_password_is_an_error_and_says_no_more(shop: Shop, certificate: Certificate) -> None:
    mail = MailServer(certificate).start()
    settings = {"caCertificate": certificate.pem, "username": USER, "password": "wrong guess"}
    version = mailing(shop, configuration(shop, "Wrong", mail.port, settings), "Mail with a wrong password")
    what = "a mail server refuses user name or password"
    check_failure(shop, version, 920_201, what, "535", "refuses user name or password")
    assert (mail.handler.got, any(mail.logins)) == ([], False)
    mail.stop()


def test_a_server_without_starttls_gets_nothing(shop: Shop) -> None:
    rough = RoughMailServer(lambda number: "good")
    uid = configuration(shop, "Without TLS", rough.port, {"security": "starttls"})
    what = "a mail server can't be trusted, or speaks no TLS"
    check_failure(shop, mailing(shop, uid, "Mail in clear"), 920_202, what, "unreachable", "mail server")
    assert rough.taken == []
    rough.stop()


def test_a_connection_that_breaks_off_in_mid_message_is_tried_again_under_the_same_id(shop: Shop) -> None:
    rough = RoughMailServer(lambda number: "drop" if number == 0 else "good")
    uid = configuration(shop, "Breaking once", rough.port, {"security": "none"}, retry_s=20)
    version = mailing(shop, uid, "Mail twice")
    shop.send(shop.order(920_203, "torn-1"))
    assert outcome(shop, version, 920_203)[0] == "mail:default"
    assert (len(rough.torn), len(rough.taken)) == (1, 1)

    def message_id(raw: bytes) -> bytes:
        return next(line for line in raw.splitlines() if line.startswith(b"Message-ID:"))

    whole = rough.taken[0]
    assert whole.startswith(rough.torn[0][: rough.torn[0].find(b"Date:")])
    assert message_id(whole).count(b"@shop.example>") == 1
    wait_for(lambda: report(shop, version) == {"sent": 1}, what="the report")
    stop(shop, version)
    rough.stop()


def test_connections_that_always_break_off_are_an_error_in_the_end(shop: Shop) -> None:
    rough = RoughMailServer(lambda number: "drop")
    uid = configuration(shop, "Always breaking", rough.port, {"security": "none"})
    version = mailing(shop, uid, "Mail in pieces")
    with counted(shop.server.metrics, "email", "a mail server breaks off"):
        shop.send(shop.order(920_204, "torn-2"))
        way, detail = outcome(shop, version, 920_204)
    assert (way, detail["statusCode"] in ("disconnected", "connection")) == ("mail:error", True), detail
    assert len(rough.torn) > 1
    stop(shop, version)
    rough.stop()


def test_a_server_that_never_speaks_delays_nobody_else(shop: Shop, good: tuple[MailServer, str]) -> None:
    """Three hundred wait for it; who is mailed by another server meanwhile gets the mail before any of them ends."""
    rough = RoughMailServer(lambda number: "mute")
    uid = configuration(shop, "Mute", rough.port, {"security": "none"}, retry_s=20, timeoutSeconds=30)
    mute = mailing(shop, uid, "Mail to a mute one")
    shop.send(*(shop.order(921_000 + number, f"mute-{number}") for number in range(300)))
    wait_for(lambda: rough.connections, what="the first connection")
    # who orders now enters both journeys
    fine = mailing(shop, good[1], "Mail beside a mute one")
    shop.send(shop.order(921_900, "beside-1"))
    assert outcome(shop, fine, 921_900)[0] == "mail:default"
    (waiting,) = instances(shop.platform, mute, demo.email(921_900))
    assert waiting["status"] != "ended"
    assert [one["status"] for one in instances(shop.platform, mute, demo.email(921_000))] != ["ended"]
    with counted(shop.server.metrics, "email", "a mail server hangs", or_more=True):
        way, detail = outcome(shop, mute, 921_900)
    assert (way, detail["statusCode"]) == ("mail:error", "timedout"), detail
    stop(shop, mute, fine)
    rough.stop()


def test_a_thousand_bounces_are_counted_suppressed_and_delay_nobody(
    shop: Shop, good: tuple[MailServer, str], certificate: Certificate
) -> None:
    mail = MailServer(certificate).start()
    settings = {"caCertificate": certificate.pem, "username": USER, "password": PASSWORD}
    bouncing = mailing(shop, configuration(shop, "Bouncing", mail.port, settings, 30), "Mail to the dead")
    refused: list[str] = []

    def refuse(address: str) -> Callable[[], str]:
        def answer() -> str:
            refused.append(address)
            return "550 5.1.1 No such user"

        return answer

    numbers = range(930_000, 931_000)
    mail.handler.answers = {demo.email(number): refuse(demo.email(number)) for number in numbers}
    with counted(shop.server.metrics, "email", "1 000 recipients bounce", 1_000):
        shop.send(*(shop.order(number, f"dead-{number}") for number in numbers))
        wait_for(lambda: refused, what="the first bounce")
        fine = mailing(shop, good[1], "Mail to the living")
        shop.send(shop.order(931_500, "living-1"))
        wait_for(lambda: good[0].handler.to(demo.email(931_500)), what="the e-mail beside the bounces")
        wait_for(lambda: report(shop, bouncing).get("bounced") == 1_000, 120, what="the thousand bounces")
    assert sorted(refused) == sorted(map(demo.email, numbers))  # each once: a hard bounce is not tried again
    for number in (numbers[0], numbers[-1]):
        assert outcome(shop, bouncing, number)[0] == "mail:default"  # who bounced goes on
    found: set[str] = set()
    for page in range(3):
        url = query(f"{JOURNEYS}/suppressions", channel="email", page=page, pageSize=500)
        found |= {one["address"] for one in shop.platform.get(url)["results"] if one["reason"] == "hardBounce"}
    assert found >= set(map(demo.email, numbers))
    shop.send(shop.order(numbers[0], "dead-again"))
    wait_for(lambda: report(shop, bouncing).get("excluded") == 1, what="the second message, which is kept back")
    assert len(refused) == 1_000
    stop(shop, bouncing, fine)
    mail.stop()


def test_a_line_break_in_a_subject_makes_no_header(shop: Shop, good: tuple[MailServer, str]) -> None:
    version = mailing(shop, good[1], "Inject", subject="{{ params.subject }} for you")
    with counted(shop.server.metrics, "email", "a line break in a subject, to make a header"):
        shop.send(shop.order(920_205, "inject-1"))
        assert outcome(shop, version, 920_205)[0] == "mail:default"
    (message,) = good[0].handler.to(demo.email(920_205))
    assert message["Bcc"] is None
    assert "Bcc: all@shop.example for you" in message["Subject"]
    assert [to for _, to, _ in good[0].handler.got if to == "all@shop.example"] == []
    stop(shop, version)
