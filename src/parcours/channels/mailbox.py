"""Reads the mailbox that bounces go to, over IMAP: what a mail server reports after it took an e-mail."""

import asyncio
import contextlib
import imaplib
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from parcours.channels.document import CONFIGURATION_KIND
from parcours.channels.dsn import read_report
from parcours.channels.hooks import Told
from parcours.db import Database
from parcours.kit.egress import is_public
from parcours.kit.errors import ParcoursError
from parcours.kit.secrets import SecretBox, SecretUnreadable
from parcours.kit.telemetry import get_logger
from parcours.resources.store import ResourceStore

EVERY_S = 5.0
"""How often is looked whose mailbox is due."""
MAX_AT_ONCE = 200
TIMEOUT_S = 30.0
log = get_logger("messages")

Hear = Callable[[int, Sequence[Told], str], int]
"""(scope, what is told, configuration): logs it. Raises ParcoursError, then the mails stay where they are."""


class Mailboxes:
    """Every configuration's mailbox in turn. An e-mail that was read is marked as seen once it is logged."""

    def __init__(
        self, db: Database, resources: ResourceStore, secrets: SecretBox, hear: Hear, *, allow_private: bool
    ) -> None:
        self._db = db
        self._resources = resources
        self._secrets = secrets
        self._hear = hear
        self._allow_private = allow_private
        self._due_s: dict[tuple[int, str], float] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set."""
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), EVERY_S)
            if not stop.is_set():
                await asyncio.to_thread(self.look)

    def look(self) -> int:
        """Read the mailboxes that are due; how many reports were heard. A mailbox that can't be read waits its turn."""
        heard = 0
        try:
            with self._db.read() as connection:
                stored = self._resources.in_all_scopes(connection, CONFIGURATION_KIND)
        except SQLAlchemyError:
            return 0
        now_s = time.monotonic()
        for one in stored:
            settings = one.body["provider"]["settings"]
            if "bounceHost" not in settings or self._due_s.get((one.scope_id, one.id), 0.0) > now_s:
                continue
            self._due_s[one.scope_id, one.id] = now_s + settings.get("bouncePollSeconds", 60)
            try:
                heard += self._read(one.scope_id, one.id, settings)
            except (OSError, imaplib.IMAP4.error, ParcoursError, SecretUnreadable) as error:
                log.warning("mailbox.unreadable", configuration_uid=one.id, reason=type(error).__name__)
        return heard

    def _read(self, scope_id: int, uid: str, settings: Mapping[str, Any]) -> int:
        with _open(settings, self._secrets.decrypt(settings["bouncePassword"]), self._allow_private) as box:
            box.select(_quoted(settings.get("bounceFolder", "INBOX")))
            _, found = box.uid("SEARCH", "UNSEEN")
            numbers = (found[0] or b"").split()[:MAX_AT_ONCE]
            heard = 0
            for number in numbers:
                _, parts = box.uid("FETCH", number.decode(), "(BODY.PEEK[])")
                raw = next((part[1] for part in parts if isinstance(part, tuple)), b"")
                told = read_report(raw)
                if told:
                    heard += self._hear(scope_id, told, uid)
                box.uid("STORE", number.decode(), "+FLAGS", r"(\Seen)")
            return heard


@contextlib.contextmanager
def _open(settings: Mapping[str, Any], password: str, allow_private: bool) -> Any:
    host, port = settings["bounceHost"], settings.get("bouncePort", 993)
    addresses = {str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    allowed = [one for one in sorted(addresses) if allow_private or is_public(one)]
    if not allowed:
        raise OSError("the mailbox's address may not be reached")
    context = ssl.create_default_context(cadata=settings.get("caCertificate"))
    box = _Imap(host, port, allowed[0], context)
    try:
        box.login(settings["bounceUsername"], password)
        yield box
    finally:
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            box.logout()


class _Imap(imaplib.IMAP4_SSL):
    """Connects to the address that was looked at, under the name that the certificate must have."""

    def __init__(self, host: str, port: int, address: str, context: ssl.SSLContext) -> None:
        self._address = address
        super().__init__(host, port, ssl_context=context, timeout=TIMEOUT_S)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        plain = socket.create_connection((self._address, self.port), timeout)
        return self.ssl_context.wrap_socket(plain, server_hostname=self.host)  # type: ignore[no-any-return]


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
