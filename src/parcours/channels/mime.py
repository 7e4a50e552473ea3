"""An e-mail as bytes. Written by hand, for the standard library's writer costs more than all the rest of sending one,
and encodes a long `List-Unsubscribe` so that nobody can read it. Source: RFC 5322, 2045 to 2047, 2231, 8058."""

import base64
import binascii
import hashlib
import mimetypes
import re
from collections.abc import Mapping, Sequence
from email.header import Header
from email.utils import format_datetime
from typing import NamedTuple
from urllib.parse import quote

from parcours.channels.model import Message
from parcours.kit.clock import to_datetime

_SAFE_NAME = re.compile(r"[A-Za-z0-9 !#$%&'*+\-/=?^_`{|}~]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
KEY_HEADER = "X-Parcours-Message"


class Attachment(NamedTuple):
    """A file that goes along."""

    name: str
    content: bytes


class Email(NamedTuple):
    """An e-mail ready to be signed and sent."""

    headers: tuple[tuple[str, str], ...]
    """Folded where needed, ASCII, or UTF-8 when an address is."""
    body: bytes
    """Lines end with CRLF."""
    is_utf8: bool
    """Whether the server must know SMTPUTF8: an address is not ASCII."""

    def to_bytes(self, more: Sequence[tuple[str, str]] = ()) -> bytes:
        """The whole; `more` stands before the other headers."""
        head = "".join(f"{name}: {value}\r\n" for name, value in (*more, *self.headers))
        return head.encode() + b"\r\n" + self.body


def build(message: Message, sender: Mapping[str, str], at_us: int, attachments: Sequence[Attachment] = ()) -> Email:
    """The e-mail of a message. sender: `address`, and perhaps `name` and `replyTo`. at_us: what `Date` says.

    The same message gives the same bytes, `Date` and `Message-ID` included, when `at_us` is the same.
    """
    fields = message.fields
    address = sender["address"]
    headers = [
        ("From", _mailbox(fields.get("fromName") or sender.get("name", ""), address, "From")),
        ("To", _mailbox("", message.address, "To")),
        ("Subject", _text(fields["subject"], "Subject")),
        ("Date", format_datetime(to_datetime(at_us))),
        ("Message-ID", message_id(message.key, address)),
        ("MIME-Version", "1.0"),
    ]
    reply_to = fields.get("replyTo") or sender.get("replyTo")
    if reply_to:
        headers.insert(2, ("Reply-To", _line(reply_to)))
    if message.unsubscribe_url is not None:
        headers.append(("List-Unsubscribe", f"<{_line(message.unsubscribe_url)}>"))
        headers.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    headers.append((KEY_HEADER, message.key))
    content_headers, body = _content(message.key, fields, attachments)
    headers += content_headers
    is_utf8 = not (address + message.address + (reply_to or "")).isascii()
    return Email(tuple(headers), body, is_utf8)


def message_id(key: str, address: str) -> str:
    """The Message-ID of a message, the same in every attempt."""
    return f"<{key}@{address.rpartition('@')[2]}>"


def _content(
    key: str, fields: Mapping[str, str], attachments: Sequence[Attachment]
) -> tuple[list[tuple[str, str]], bytes]:
    parts = []
    if fields.get("text"):
        parts.append(_text_part("plain", fields["text"]))
    if fields.get("html"):
        parts.append(_text_part("html", fields["html"]))
    headers, body = parts[0] if len(parts) == 1 else _multipart("alternative", key, parts)
    if attachments:
        headers, body = _multipart("mixed", f"{key}|", [(headers, body), *(_file_part(one) for one in attachments)])
    return headers, body


_Part = tuple[list[tuple[str, str]], bytes]


def _text_part(kind: str, text: str) -> _Part:
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    if not lines.endswith("\n"):
        lines += "\n"
    encoded = binascii.b2a_qp(lines.encode("utf-8", "replace"), istext=True).replace(b"\n", b"\r\n")
    headers = [("Content-Type", f"text/{kind}; charset=utf-8"), ("Content-Transfer-Encoding", "quoted-printable")]
    return headers, encoded


def _file_part(attachment: Attachment) -> _Part:
    name = _line(attachment.name) or "attachment"
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if name.isascii():
        escaped = name.replace("\\", "_").replace('"', "_")
        disposition = f'attachment; filename="{escaped}"'
    else:
        disposition = f"attachment; filename*=utf-8''{quote(name, safe='')}"
    headers = [
        ("Content-Type", kind), ("Content-Transfer-Encoding", "base64"), ("Content-Disposition", disposition),
    ]  # fmt: skip
    return headers, base64.encodebytes(attachment.content).replace(b"\n", b"\r\n")


def _multipart(kind: str, seed: str, parts: Sequence[_Part]) -> _Part:
    """quoted-printable and base64 never hold `=_`, with which a boundary begins."""
    boundary = "=_" + hashlib.sha256(f"{kind}|{seed}".encode()).hexdigest()[:32]
    mark = boundary.encode()
    written = []
    for headers, body in parts:
        head = "".join(f"{name}: {value}\r\n" for name, value in headers).encode()
        written.append(b"--" + mark + b"\r\n" + head + b"\r\n" + body + b"\r\n")
    return [("Content-Type", f'multipart/{kind}; boundary="{boundary}"')], b"".join(written) + b"--" + mark + b"--\r\n"


def _mailbox(name: str, address: str, header: str) -> str:
    name = _line(name)
    if not name:
        return address
    if _SAFE_NAME.fullmatch(name) or name.isascii():
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{address}>'
    return f"{_encoded(name, header)} <{address}>"


def _text(value: str, header: str) -> str:
    value = _line(value)
    if value.isascii() and len(value) < 900 and "=?" not in value:
        return value
    return _encoded(value, header)


def _encoded(value: str, header: str) -> str:
    return Header(value, "utf-8", header_name=header, maxlinelen=76).encode(linesep="\r\n")


def _line(value: str) -> str:
    """One line: nothing that is put into a header can end it."""
    return _CONTROL.sub(" ", value.replace("\u2028", " ").replace("\u2029", " ")).strip()
