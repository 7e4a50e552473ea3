"""E-mail over SMTP: connections kept and reused, TLS, authentication, DKIM, attachments by URL."""

import asyncio
import re
import ssl
import time
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import aiosmtplib

from parcours.actions.model import HttpRequest
from parcours.channels.dialing import Unreachable, dial
from parcours.channels.dkim import KeyUnusable, Signer, unused_key
from parcours.channels.errors import ConfigurationInvalid
from parcours.channels.mime import Attachment, Email, build
from parcours.channels.model import Configuration, Message, ProviderKind, SendOutcome, Tools
from parcours.kit.errors import ParcoursError
from parcours.kit.secrets import SecretUnreadable

PORTS = frozenset({25, 465, 587, 2525})
"""What may be connected to unless private networks are allowed."""
GONE = "the mail server closed the connection"
IDLE_S = 30.0
"""How long a connection is kept that nobody uses; mail servers close theirs after some minutes."""
ATTACHMENT_KEPT_S = 300.0
MAX_ATTACHMENT_BYTES = 1_048_576
_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|[0-9a-fA-F:.]{2,45}")


class _Open(NamedTuple):
    client: aiosmtplib.SMTP
    sent: int
    used_at_s: float


class Smtp:
    """A provider over one mail server."""

    def __init__(self, configuration: Configuration, tools: Tools) -> None:
        settings = configuration.settings
        self._sender = configuration.sender
        self._settings = settings
        self._tools = tools
        self._security: str = settings.get("security", "starttls")
        self._timeout_s = float(settings.get("timeoutSeconds", 30))
        self._per_connection: int = settings.get("messagesPerConnection", 100)
        self._slots = asyncio.Semaphore(settings.get("maxConnections", 10))
        self._free: list[_Open] = []
        self._tls: ssl.SSLContext | None = None
        self._signer: Signer | None = None
        self._attachments: dict[str, tuple[float, asyncio.Task[bytes]]] = {}

    async def send(self, message: Message) -> SendOutcome:
        """One attempt."""
        try:
            self._prepare()
            attachments = [Attachment(name, await self._attachment(url)) for url, name in message.attachments]
            email = build(message, self._sender, time.time_ns() // 1000, attachments)
            raw = self._signed(email)
        except (SecretUnreadable, KeyUnusable) as error:
            return _failed("configuration", str(error), is_permanent=True)
        except _AttachmentFailed as error:
            return _failed("attachmentUnavailable", str(error), is_permanent=error.is_permanent)
        async with self._slots:
            outcome = await self._deliver(message, email, raw) if self._free else None
            return outcome or await self._deliver(message, email, raw) or _failed("disconnected", GONE)

    async def close(self) -> None:
        """Say goodbye to the server."""
        free, self._free = self._free, []
        for one in free:
            await _quit(one.client)
        for _, task in self._attachments.values():
            task.cancel()

    # --- the message ---

    def _prepare(self) -> None:
        settings = self._settings
        if self._security != "none" and self._tls is None:
            self._tls = ssl.create_default_context(cadata=settings.get("caCertificate"))
            self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
        if "dkimPrivateKey" in settings and self._signer is None:
            key = self._tools.decrypt(settings["dkimPrivateKey"])
            domain = settings.get("dkimDomain") or self._sender["address"].rpartition("@")[2]
            self._signer = Signer(domain, settings["dkimSelector"], key)

    def _signed(self, email: Email) -> bytes:
        if self._signer is None:
            return email.to_bytes()
        return email.to_bytes([self._signer.sign(email.headers, email.body, int(time.time()))])

    async def _attachment(self, url: str) -> bytes:
        """What a URL holds; fetched once for the many who wait for it, and kept for minutes."""
        now_s = time.monotonic()
        known = self._attachments.get(url)
        if known is None or now_s - known[0] > ATTACHMENT_KEPT_S:
            for other in [u for u, (at_s, _) in self._attachments.items() if now_s - at_s > ATTACHMENT_KEPT_S]:
                del self._attachments[other]
            known = self._attachments[url] = (now_s, asyncio.create_task(self._fetch(url)))
        try:
            return await asyncio.shield(known[1])
        except _AttachmentFailed:
            self._attachments.pop(url, None)
            raise

    async def _fetch(self, url: str) -> bytes:
        request = HttpRequest("GET", url, (), None)
        try:
            async with asyncio.timeout(self._timeout_s):
                received = await self._tools.http.send(request, request, {})
        except (ParcoursError, TimeoutError) as error:
            is_final = bool(getattr(error, "is_final", False))
            raise _AttachmentFailed(f"an attachment can't be fetched: {error or 'no answer'}", is_final) from None
        if received.status != 200:
            raise _AttachmentFailed(f"an attachment can't be fetched: http {received.status}", received.status < 500)
        if received.body is None:
            raise _AttachmentFailed(f"an attachment has more than {MAX_ATTACHMENT_BYTES} bytes", True)
        return bytes(received.body)

    # --- the server ---

    async def _deliver(self, message: Message, email: Email, raw: bytes) -> SendOutcome | None:
        """Over one connection; None when the server had closed one that was kept, which is no failure of an attempt."""
        options = ["BODY=8BITMIME", "SMTPUTF8"] if email.is_utf8 else []
        envelope_from = self._settings.get("returnPath") or self._sender["address"]
        try:
            opened = await self._take()
        except Unreachable as error:
            return _failed("unreachable", f"the mail server: {error}", is_permanent=error.is_permanent)
        except aiosmtplib.SMTPAuthenticationError as error:
            return _failed(
                str(error.code), "the mail server refuses user name or password", is_permanent=error.code >= 500
            )
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            return _failed("unreachable", f"no connection to the mail server: {_told(error)}")
        client, is_usable = opened.client, False
        try:
            _, answer = await client.sendmail(envelope_from, [message.address], raw, mail_options=options)
            is_usable = True
            return SendOutcome("sent", provider_id=_queue_id(answer))
        except aiosmtplib.SMTPRecipientsRefused as error:
            is_usable = True
            refused = error.recipients[0]
            return _refused(refused.code, refused.message, is_recipient=True)
        except aiosmtplib.SMTPNotSupported:
            is_usable = True
            return _failed("smtpUtf8", "the mail server takes no internationalised addresses", is_permanent=True)
        except aiosmtplib.SMTPResponseException as error:
            is_usable = not isinstance(error, aiosmtplib.SMTPHeloError)
            is_recipient = isinstance(error, aiosmtplib.SMTPRecipientRefused)
            return _refused(error.code, error.message, is_recipient=is_recipient)
        except aiosmtplib.SMTPServerDisconnected:
            return None if opened.sent else _failed("disconnected", GONE)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            return _failed("connection", f"the exchange broke off: {_told(error)}")
        except ValueError as error:
            is_usable = True
            return _failed(
                "addressInvalid", f"the mail server can't be told: {type(error).__name__}", is_permanent=True
            )
        finally:
            if is_usable and client.is_connected and opened.sent + 1 < self._per_connection:
                self._free.append(_Open(client, opened.sent + 1, time.monotonic()))
            else:
                client.close()

    async def _take(self) -> _Open:
        now_s = time.monotonic()
        while self._free:
            one = self._free.pop()
            if one.client.is_connected and now_s - one.used_at_s < IDLE_S:
                return one
            one.client.close()
        return _Open(await self._connect(), 0, now_s)

    async def _connect(self) -> aiosmtplib.SMTP:
        settings = self._settings
        host, port = settings["host"], settings.get("port", 465 if self._security == "tls" else 587)
        password = settings.get("password")
        async with asyncio.timeout(self._timeout_s):
            connected = await dial(host, port, self._tools.allow_private)
            helo = settings.get("helo") or self._sender["address"].rpartition("@")[2]
            client = aiosmtplib.SMTP(
                hostname=host, sock=connected, timeout=self._timeout_s,
                use_tls=self._security == "tls", start_tls=self._security == "starttls",
                tls_context=self._tls, local_hostname=helo,
                username=settings.get("username"), password=None if password is None else self._tools.decrypt(password),
            )  # fmt: skip
            try:
                await client.connect()
            except BaseException:
                client.close()
                connected.close()
                raise
            return client


class _AttachmentFailed(Exception):
    def __init__(self, message: str, is_permanent: bool) -> None:
        super().__init__(message)
        self.is_permanent = is_permanent


def _failed(code: str, reason: str, *, is_permanent: bool = False) -> SendOutcome:
    return SendOutcome("failed", code=code, reason=reason, is_permanent=is_permanent)


def _refused(code: int, text: str, *, is_recipient: bool) -> SendOutcome:
    """What an answer of the mail server means. Sources: RFC 5321 §4.2, RFC 3463."""
    found = _ENHANCED.search(text)
    subject, detail = (int(found[2]), int(found[3])) if found else (None, None)
    bounce = bounce_of(code, subject, detail, is_recipient=is_recipient)
    shown = f"{code}" + (f" {found[0]}" if found else "")
    return SendOutcome(
        "failed", code=shown, reason=f"the mail server answered {shown}", is_permanent=code >= 500, bounce=bounce
    )


def bounce_of(
    code: int, subject: int | None, detail: int | None, *, is_recipient: bool = True
) -> Literal["", "soft", "hard"]:
    """Whether an answer says something of the address, and whether for good.

    code: SMTP reply, or 100 times the class of an enhanced status; subject and detail: of the enhanced status, None
    without one. 4.x.x is soft. 5.1.x, 5.2.1 and a bare 550, 551 or 553 to RCPT are hard, as is 5.4.4 (no such host);
    other 5.2.x (a full mailbox) and 5.4.x are soft; 5.3.x, 5.6.x and 5.7.x (policy) say nothing of the address.
    """
    if code < 500:
        return "soft" if subject in (1, 2, 4) or (subject is None and is_recipient) else ""
    if subject is None:
        if not is_recipient:
            return ""
        return "hard" if code in (550, 551, 553) else "soft" if code == 552 else ""
    if subject == 1 or (subject == 2 and detail == 1) or (subject == 4 and detail == 4):
        return "hard"
    return "soft" if subject in (2, 4) else ""


def _queue_id(answer: str) -> str | None:
    """`queued as 4XyZ` and the like."""
    found = re.search(r"queued as ([\w.-]{1,80})|\bid=([\w.-]{1,80})", answer, re.IGNORECASE)
    return None if found is None else found[1] or found[2]


def _told(error: BaseException | None) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return "its certificate can't be trusted"
    if isinstance(error, OSError) and error.errno is not None:
        return type(error).__name__
    return type(error).__name__


async def _quit(client: aiosmtplib.SMTP) -> None:
    try:
        async with asyncio.timeout(2):
            await client.quit()
    except (aiosmtplib.SMTPException, OSError, TimeoutError):
        client.close()


def _check(settings: Mapping[str, Any], allow_private: bool) -> None:
    port = settings.get("port")
    if not _HOST.fullmatch(settings["host"]):
        raise ConfigurationInvalid("host is a name or an address", "$.provider.settings.host")
    if port is not None and port not in PORTS and not allow_private:
        told = ", ".join(str(one) for one in sorted(PORTS))
        raise ConfigurationInvalid(f"port is one of {told}", "$.provider.settings.port")
    if ("username" in settings) != ("password" in settings):
        raise ConfigurationInvalid("username and password come together", "$.provider.settings.username")
    if "username" in settings and settings.get("security") == "none" and not allow_private:
        raise ConfigurationInvalid("a password is not told without TLS", "$.provider.settings.security")
    if len({"bounceHost", "bounceUsername", "bouncePassword"} & settings.keys()) not in (0, 3):
        message = "bounceHost, bounceUsername and bouncePassword come together"
        raise ConfigurationInvalid(message, "$.provider.settings.bounceHost")
    if "bounceHost" in settings and not allow_private and settings.get("bouncePort", 993) != 993:
        raise ConfigurationInvalid("the port of a mailbox is 993", "$.provider.settings.bouncePort")
    if ("dkimSelector" in settings) != ("dkimPrivateKey" in settings):
        raise ConfigurationInvalid("dkimSelector and dkimPrivateKey come together", "$.provider.settings.dkimSelector")
    key = settings.get("dkimPrivateKey", "********")
    if key != "********":
        try:
            Signer("", "", key)
        except KeyUnusable as error:
            raise ConfigurationInvalid(str(error), "$.provider.settings.dkimPrivateKey") from None
    if "caCertificate" in settings:
        try:
            ssl.create_default_context(cadata=settings["caCertificate"])
        except (ssl.SSLError, ValueError):
            message = "caCertificate is certificates in PEM"
            raise ConfigurationInvalid(message, "$.provider.settings.caCertificate") from None


_NAME = {"type": "string", "pattern": r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$"}


def _stand_in(name: str) -> str:
    return unused_key() if name == "dkimPrivateKey" else "stand-in"


KIND = ProviderKind(
    kind="smtp",
    channels=frozenset({"email"}),
    schema={
        "type": "object",
        "required": ["host"],
        "properties": {
            "host": {"type": "string", "minLength": 1, "maxLength": 253},
            "port": {"type": "integer", "minimum": 1, "maximum": 65_535},
            "security": {"enum": ["tls", "starttls", "none"]},
            "caCertificate": {"type": "string", "maxLength": 100_000},
            "username": {"type": "string", "minLength": 1, "maxLength": 255},
            "password": {"type": "string", "minLength": 1, "maxLength": 1_000},
            "returnPath": {"type": "string", "pattern": r"^[!-;=?-~]{1,64}@[A-Za-z0-9.-]{1,253}$"},
            "helo": _NAME,
            "maxConnections": {"type": "integer", "minimum": 1, "maximum": 100},
            "messagesPerConnection": {"type": "integer", "minimum": 1, "maximum": 10_000},
            "timeoutSeconds": {"type": "integer", "minimum": 1, "maximum": 300},
            "dkimDomain": _NAME,
            "dkimSelector": _NAME,
            "dkimPrivateKey": {"type": "string", "minLength": 1, "maxLength": 10_000},
            "bounceHost": {"type": "string", "minLength": 1, "maxLength": 253},
            "bouncePort": {"type": "integer", "minimum": 1, "maximum": 65_535},
            "bounceUsername": {"type": "string", "minLength": 1, "maxLength": 255},
            "bouncePassword": {"type": "string", "minLength": 1, "maxLength": 1_000},
            "bounceFolder": {"type": "string", "pattern": "^[ -~]{1,200}$"},
            "bouncePollSeconds": {"type": "integer", "minimum": 5, "maximum": 86_400},
        },
        "additionalProperties": False,
    },
    open=Smtp,
    secrets=frozenset({"password", "dkimPrivateKey", "bouncePassword"}),
    needs_sender=True,
    destination=lambda settings: (settings.get("host"), settings.get("bounceHost")),
    check=_check,
    stand_in=_stand_in,
)
