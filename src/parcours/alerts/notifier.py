"""Tells webhooks of alerts: each notice until the receiver has taken it, with growing pauses, for about a day."""

import asyncio
import hashlib
import hmac
from typing import Any

from aiohttp.abc import AbstractResolver
from sqlalchemy import Connection

from parcours.actions.model import HttpRequest
from parcours.alerts import store
from parcours.alerts.store import Notice
from parcours.alerts.subscription import SUBSCRIPTION_KIND
from parcours.db import Database
from parcours.delivery.retry import is_success
from parcours.delivery.sender import HttpSender, Sender, SendFailed
from parcours.kit.clock import Clock
from parcours.kit.secrets import SecretBox, SecretUnreadable
from parcours.kit.telemetry import Counter, get_logger
from parcours.resources.store import ResourceStore

TIME_LIMIT_S = 10.0
PAUSES_S = (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800)
"""After each attempt that failed; after the last of them the notice is given up."""
MAX_AT_ONCE = 16
GONE = 410
"""The receiver wants nothing more of this kind: the notice is given up."""

NOTICES = Counter("parcours_alert_notices_total", "Attempts to tell a webhook of an alert.", ["outcome"])
log = get_logger("alerts")


class Notifier:
    """Sends what is due. No transaction is open while it waits for a receiver."""

    def __init__(
        self,
        db: Database,
        resources: ResourceStore,
        secrets: SecretBox,
        clock: Clock,
        *,
        allow_private: bool,
        proxy: str = "",
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._db = db
        self._resources = resources
        self._secrets = secrets
        self._clock = clock
        self._allow_private = allow_private
        self._proxy = proxy
        self._resolver = resolver

    async def send_due(self) -> int:
        """Try each notice that is due once; how many they were."""
        due = await asyncio.to_thread(self._find_due)
        if not due:
            return 0
        async with HttpSender(self._allow_private, self._resolver, self._proxy) as sender:
            await asyncio.gather(*(self._send(sender, notice, webhook) for notice, webhook in due))
        return len(due)

    async def _send(self, sender: Sender, notice: Notice, webhook: dict[str, Any] | None) -> None:
        error: str | None
        is_final = False
        if webhook is None:
            error, is_final = "the subscription has no webhook any more", True
        else:
            try:
                request = self._request(notice, webhook)
                async with asyncio.timeout(TIME_LIMIT_S):
                    received = await sender.send(request, request, {})
                error = None if is_success(received.status) else f"http {received.status}"
                is_final = received.status == GONE
            except TimeoutError:
                error = f"no answer within {TIME_LIMIT_S:g} s"
            except SendFailed as failed:
                error, is_final = str(failed), failed.is_final
            except SecretUnreadable as failed:
                error, is_final = str(failed), True
        state = "delivered" if error is None else "failed" if is_final else "pending"
        pause_s = 0
        if state == "pending":
            if notice.attempts < len(PAUSES_S):
                pause_s = PAUSES_S[notice.attempts]
            else:
                state = "failed"
        NOTICES.labels(state if state != "pending" else "retried").inc()
        if error is not None:
            log.warning("alert.not_told", notice_uid=notice.uid, alert_uid=notice.alert_uid, state=state, reason=error)
        await asyncio.to_thread(self._note, notice, state, pause_s, error)

    def _request(self, notice: Notice, webhook: dict[str, Any]) -> HttpRequest:
        body = notice.body.encode()
        at_s = str(self._clock.now_us() // 1_000_000)
        headers = [
            ("Content-Type", "application/json"),
            ("Idempotency-Key", notice.uid),
            ("X-Parcours-Timestamp", at_s),
        ]
        if webhook["secret"] is not None:
            secret = self._secrets.decrypt(webhook["secret"])
            headers.append(("X-Parcours-Signature", sign(secret, at_s, body)))
        return HttpRequest("POST", webhook["url"], tuple(headers), body)

    def _find_due(self) -> list[tuple[Notice, dict[str, Any] | None]]:
        with self._db.read() as connection:
            due = store.find_due(connection, self._clock.now_us() // 1_000, MAX_AT_ONCE)
            return [(notice, self._webhook(connection, notice)) for notice in due]

    def _webhook(self, connection: Connection, notice: Notice) -> dict[str, Any] | None:
        found = self._resources.find(connection, notice.scope_id, SUBSCRIPTION_KIND, notice.subscription_uid)
        webhook: dict[str, Any] | None = None if found is None else found.body["webhook"]
        return webhook

    def _note(self, notice: Notice, state: str, pause_s: int, error: str | None) -> None:
        with self._db.write() as connection:
            next_at_ms = self._clock.now_us() // 1_000 + pause_s * 1_000
            store.note_attempt(connection, notice.id, state, next_at_ms, error)


def sign(secret: str, at_s: str, body: bytes) -> str:
    """`sha256=` and the HMAC of timestamp, a dot and the body: a receiver that checks both refuses what is replayed."""
    return "sha256=" + hmac.new(secret.encode(), at_s.encode() + b"." + body, hashlib.sha256).hexdigest()
