"""E-mails as bytes, their signature, addresses and links: pure parts, read back by others' code."""

import base64
from email import message_from_bytes, policy
from email.message import EmailMessage

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from parcours.channels.addresses import AddressRefused, normalize
from parcours.channels.dkim import KeyUnusable, Signer
from parcours.channels.links import Link, LinkInvalid, Links, track
from parcours.channels.mime import Attachment, build
from parcours.channels.model import Message
from parcours.channels.smtp import bounce_of
from parcours.kit.secrets import SecretBox

KEY = "0123456789abcdef0123456789abcdef-3"
SENDER = {"address": "shop@example.com", "name": "Shop"}
RSA = rsa.generate_private_key(public_exponent=65537, key_size=1024)
PEM = RSA.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
LINKS = Links(SecretBox(b"k" * 32), "https://parcours.example.com/")


def message(fields: dict[str, str], **more: object) -> Message:
    made = Message(KEY, 1, "email", "jane@example.com", {"subject": "s", **fields}, (), {}, "marketing")
    return made._replace(**more)  # type: ignore[arg-type]


def parsed(raw: bytes) -> EmailMessage:
    found = message_from_bytes(raw, policy=policy.default.clone(raise_on_defect=True))
    assert isinstance(found, EmailMessage)
    return found


LINES = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=200)


@settings(deadline=None)
@given(subject=LINES, name=LINES, text=LINES, html=LINES, content=st.binary(max_size=500))
def test_what_is_written_is_read_the_same(subject: str, name: str, text: str, html: str, content: bytes) -> None:
    fields = {"subject": subject, "text": text + "x", "html": html + "<p>", "fromName": name}
    raw = build(message(fields), SENDER, 1_700_000_000_000_000, [Attachment("ré sumé.pdf", content)]).to_bytes()
    assert all(len(line) < 998 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    found = parsed(raw)
    assert " ".join(str(found["Subject"]).split()) == " ".join(subject.split())
    plain, rich = found.get_body(("plain",)), found.get_body(("html",))
    assert plain is not None
    assert rich is not None
    assert plain.get_content().splitlines() == (text + "x").splitlines()
    assert rich.get_content().splitlines() == (html + "<p>").splitlines()
    (attached,) = found.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("ré sumé.pdf", content)


@pytest.mark.parametrize(
    "name", ["x\r\nBcc: a@b.c", "x\nBcc: a@b.c", "x\u2028Bcc: a@b.c", 'x" <evil@example.com>, "', "a\\"]
)
def test_no_value_makes_a_header_of_its_own(name: str) -> None:
    raw = build(
        message({"subject": name, "text": "x", "fromName": name, "replyTo": f"a@b.c{name}"}), SENDER, 0
    ).to_bytes()
    found = message_from_bytes(raw, policy=policy.default)
    assert found["Bcc"] is None
    assert [one.addr_spec for one in found["From"].addresses] == ["shop@example.com"]


def test_a_long_unsubscribe_address_stays_readable() -> None:
    url = LINKS.url(Link("u", 1, KEY, "", "email", "a" * 64 + "@" + ".".join(["b" * 60] * 3) + ".example"))
    raw = build(message({"text": "x"}, unsubscribe_url=url), SENDER, 0).to_bytes()
    assert f"List-Unsubscribe: <{url}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n".encode() in raw
    assert all(len(line) < 998 for line in raw.split(b"\r\n"))


@pytest.mark.parametrize("text", ["x", "x\n", "x\n\n\n", " x \t y \n\n", "é" * 200])
def test_a_signature_holds_for_others(text: str) -> None:
    email = build(message({"text": text, "html": f"<p>{text}</p>"}), SENDER, 1_700_000_000_000_000)
    raw = email.to_bytes([Signer("example.com", "s1", PEM).sign(email.headers, email.body, 1_700_000_000)])
    public = base64.b64encode(
        RSA.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    record = b"v=DKIM1; k=rsa; p=" + public
    assert dkim.verify(raw, dnsfunc=lambda name, timeout=5: record, minkey=1024)
    assert not dkim.verify(
        raw.replace(b"Subject: s", b"Subject: t"), dnsfunc=lambda name, timeout=5: record, minkey=1024
    )
    added = b"From: evil@example.com\r\n" + raw
    assert not dkim.verify(added, dnsfunc=lambda name, timeout=5: record, minkey=1024)


def test_a_text_that_is_no_key_is_refused() -> None:
    with pytest.raises(KeyUnusable):
        Signer("example.com", "s1", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")


@pytest.mark.parametrize(
    ("channel", "given", "kept"),
    [
        ("email", " Jane.Doe@EXAMPLE.com ", "Jane.Doe@example.com"),
        ("email", "jane@bücher.example", "jane@xn--bcher-kva.example"),
        ("email", "zoé@example.com", "zoé@example.com"),
        ("sms", "+33 6 12 34 56 78", "+33612345678"),
        ("sms", "0033.612.345.678", "+33612345678"),
        ("push", "abc:DEF_1", "abc:DEF_1"),
    ],
)
def test_an_address_has_one_form(channel: str, given: str, kept: str) -> None:
    assert normalize(channel, given) == kept


@pytest.mark.parametrize(
    ("channel", "given"),
    [
        ("email", "a" * 10_000 + "@example.com"), ("email", "jane"), ("email", "jane@"), ("email", "@example.com"),
        ("email", "a@b@c.com "[:-1] + ",d@e.f"), ("email", "a\r\nRCPT TO:<x@y.z>@example.com"), ("email", "a..b@c.d"),
        ("email", 12), ("email", None), ("email", "a@-b.c"), ("sms", "call me"), ("sms", "12"), ("push", "a b"),
        ("push", ""),
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(channel: str, given: object) -> None:
    with pytest.raises(AddressRefused):
        normalize(channel, given)


def test_links_lead_through_us_and_cannot_be_made_by_others() -> None:
    html = '<a class="x" href="https://a.example/?b=1&amp;c=2">1</a><a href=\'mailto:a@b.c\'>2</a><a href="https://leave/">3</a></body>'
    made = track(html, lambda url: LINKS.url(Link("c", 7, KEY, url)), "https://leave/", "https://pixel/")
    assert "mailto:a@b.c" in made
    assert 'href="https://leave/"' in made
    assert made.endswith('style="display:block"></body>')
    token = made.split("/m/c/")[1].split('"')[0]
    assert LINKS.read("c", token) == Link("c", 7, KEY, "https://a.example/?b=1&c=2")
    for wrong in (token[:-4] + "AAAA", "x", "é", "a" * 9_000, ""):
        with pytest.raises(LinkInvalid):
            LINKS.read("c", wrong)
    with pytest.raises(LinkInvalid):
        LINKS.read("u", token)
    with pytest.raises(LinkInvalid):
        Links(SecretBox(b"o" * 32), "https://x").read("c", token)


@pytest.mark.parametrize(
    ("code", "subject", "detail", "is_recipient", "bounce"),
    [
        (550, 1, 1, True, "hard"), (550, 7, 1, True, ""), (550, None, None, True, "hard"), (550, None, None, False, ""),
        (552, 2, 2, True, "soft"), (450, 2, 0, True, "soft"), (451, None, None, True, "soft"), (421, 3, 2, True, ""),
        (554, None, None, True, ""), (550, 2, 1, True, "hard"), (500, 4, 4, True, "hard"),
    ],
)  # fmt: skip
def test_what_a_refusal_says_of_the_address(
    code: int, subject: int | None, detail: int | None, is_recipient: bool, bounce: str
) -> None:
    assert bounce_of(code, subject, detail, is_recipient=is_recipient) == bounce
