"""A mail server on loopback that answers as it is told to, with TLS and passwords as real ones have."""

import asyncio
import datetime
import ipaddress
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "shop", "correct horse"


class Certificate:
    """A certificate for localhost that signs itself, in files."""

    def __init__(self, folder: Path, name: str = "localhost", days: int = 30) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.datetime.now(datetime.UTC)
        names: list[x509.GeneralName] = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=60))
            .not_valid_after(now + datetime.timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.pem = made.public_bytes(serialization.Encoding.PEM).decode()
        self.files = (folder / f"{name}.pem", folder / f"{name}.key")
        self.files[0].write_text(self.pem)
        self.files[1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )

    def context(self) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(*self.files)
        return made


class Handler:
    """Keeps what it gets; `answers` may say something else to a recipient, once or always."""

    def __init__(self) -> None:
        self.got: list[tuple[str, str, bytes]] = []
        """(sender, recipient, message)."""
        self.answers: dict[str, Callable[[], str | None]] = {}
        self.connections: set[Any] = set()
        """Every connection over which a recipient was named."""
        self.carried: Counter[Any] = Counter()
        """By connection: how many recipients were named over it."""
        self.names: set[str | None] = set()
        """How those who connected called themselves."""
        self.delay_s = 0.0
        """How long it takes to think about a recipient."""
        self.most_at_once = 0
        """How many recipients were thought about at a time, at most."""
        self._at_once = 0

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.connections.add(server.transport)
        self.carried[server.transport] += 1
        self.names.add(session.host_name)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        await asyncio.sleep(self.delay_s)
        self._at_once -= 1
        answer = self.answers.get(address, lambda: None)()
        if answer is not None:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        for recipient in envelope.rcpt_tos:
            self.got.append((envelope.mail_from or "", recipient, content))
        return f"250 2.0.0 Ok: queued as Q{len(self.got)}"

    def to(self, address: str) -> list[EmailMessage]:
        """Messages to an address, parsed."""
        return [
            message_from_bytes(content, policy=policy.default)  # type: ignore[misc]
            for _, recipient, content in list(self.got)
            if recipient == address
        ]


class MailServer:
    """Listens on a free port until `stop`."""

    def __init__(
        self, certificate: Certificate | None = None, *, security: str = "starttls", auth: bool = True
    ) -> None:
        self.handler = Handler()
        self.logins: list[bool] = []
        """Whether user name and password were right, each time they were told."""

        def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
            is_good = isinstance(data, LoginPassword) and (data.login, data.password) == (
                USER.encode(), PASSWORD.encode(),
            )  # fmt: skip
            self.logins.append(is_good)
            return AuthResult(success=is_good, handled=False)

        options: dict[str, Any] = {"enable_SMTPUTF8": True}
        if auth:
            # aiosmtpd knows nothing of TLS that was there before its first word
            is_upgraded = certificate is not None and security == "starttls"
            is_required = security != "tls"
            options |= {"authenticator": check, "auth_required": is_required, "auth_require_tls": is_upgraded}
        if certificate is not None and security == "starttls":
            options |= {"tls_context": certificate.context(), "require_starttls": True}
        context = certificate.context() if certificate is not None and security == "tls" else None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._controller = Controller(
            self.handler, hostname="127.0.0.1", port=self.port, ssl_context=context, ready_timeout=30, **options
        )

    def start(self) -> "MailServer":
        self._controller.start()
        return self

    def stop(self) -> None:
        closed = threading.Event()

        def close() -> None:
            for transport in self.handler.connections:
                transport.close()
            self._controller.loop.call_later(0.05, closed.set)

        self._controller.loop.call_soon_threadsafe(close)
        closed.wait(10)
        self._controller.stop()
