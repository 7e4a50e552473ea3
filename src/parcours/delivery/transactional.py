"""Transactional messages: one message for one call, without a journey. The shape is Campaign Standard's.

Source: Campaign Standard, REST API, managing transactional messages.
"""

import asyncio
import contextlib
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import SQLAlchemyError

from parcours.access.model import Caller
from parcours.actions.model import HttpRequest
from parcours.channels import store as messages
from parcours.channels.addresses import AddressRefused, normalize
from parcours.channels.draft import METHOD, Draft
from parcours.channels.errors import MessageInvalid, MessageNotFound, MessageStateConflict
from parcours.channels.service import text_of_ms
from parcours.db import Database, metadata
from parcours.db.text import held
from parcours.delivery import store
from parcours.delivery.model import idempotency_key
from parcours.kit.ids import new_hex
from parcours.kit.telemetry import get_logger
from parcours.resources.store import Compiled
from parcours.templates.compiled import CompiledTemplate
from parcours.templates.errors import TemplateNotFound
from parcours.templates.service import TemplateService
from parcours.templates.table import TemplateTable
from parcours.templates.values import PreviewValues

MAX_PROOFS = 10
PROOF = "proof"
NODE = "transactional"
"""In place of an activity's id."""
POLL_S = 1.0
KEPT_MS = 91 * 86_400_000
MAX_AHEAD_MS = 366 * 86_400_000
PREFIX = "EVT"
_ADDRESSES: Mapping[str, str] = {"email": "email", "sms": "mobilePhone", "push": "registrationToken"}
_MEMBERS = frozenset({*_ADDRESSES.values(), "pushPlatform", "application", "ctx", "scheduled", "expiration"})
log = get_logger("messages")

event_table = Table(
    "transactional_event",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("scope_id", BigInteger, nullable=False),
    Column("event_id", String(80), nullable=False),
    Column("template_uid", String(36), nullable=False),
    Column("channel", String(10), nullable=False),
    Column("address", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String(10), nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("due_at_ms", BigInteger, nullable=False),
    Column("expires_at_ms", BigInteger),
    Index(None, "state", "due_at_ms"),
    Index(None, "created_at_ms"),
)
"""`state`: scheduled, queued (the outbox has it, or had), cancelled or expired."""


class TransactionalService:
    """Takes events, tells what became of them, cancels those that are scheduled."""

    def __init__(self, db: Database, templates: Compiled[TemplateTable]) -> None:
        self._db = db
        self._templates = templates

    def send(self, caller: Caller, event_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Send, or schedule, the published template that `event_id` names, to the address in `body`.

        Raises TemplateNotFound, MessageInvalid.
        """
        for name in body:
            if name not in _MEMBERS:
                raise MessageInvalid(f"an event has {', '.join(sorted(_MEMBERS))}, not {name!r}", f"$.{name}")
        context = body.get("ctx", {})
        if not isinstance(context, Mapping):
            raise MessageInvalid("ctx is an object", "$.ctx")
        now_ms = time.time_ns() // 1_000_000
        due_ms = _moment(body, "scheduled") or now_ms
        expires_ms = _moment(body, "expiration")
        if due_ms > now_ms + MAX_AHEAD_MS:
            raise MessageInvalid("scheduled is at most a year ahead", "$.scheduled")
        if expires_ms is not None and expires_ms <= max(now_ms, due_ms):
            raise MessageInvalid("expiration is before the message could be sent", "$.expiration")
        with self._db.write() as connection:
            template = self._find(connection, caller.scope_id, event_id)
            address = _address(template, body)
            for parameter in template.parameters:
                if not parameter.is_optional and context.get(parameter.name) is None:
                    raise MessageInvalid(f"the template needs {parameter.name!r}", f"$.ctx.{parameter.name}")
            values = template.pick({"params": context, "event": context})
            platform = body.get("pushPlatform", "")
            draft = Draft(
                channel=template.channel, template_uid=template.uid, template_version=template.version,
                configuration_uid=None, address=address, values=values,
                platform=platform if isinstance(platform, str) else "",
            )  # fmt: skip
            request = draft.request()
            key = idempotency_key(new_hex(32), 0)
            row = {
                "key": key, "scope_id": caller.scope_id, "event_id": event_id, "template_uid": template.uid,
                "channel": template.channel, "address": address, "url": request.url,
                "body": (request.body or b"").decode(), "state": "scheduled", "created_at_ms": now_ms,
                "due_at_ms": due_ms, "expires_at_ms": expires_ms,
            }  # fmt: skip
            connection.execute(insert(event_table), row)
            if due_ms <= now_ms:
                release(connection, now_ms, key)
        return self.status(caller, event_id, key)

    def status(self, caller: Caller, event_id: str, key: str) -> dict[str, Any]:
        """What is known of an event. Raises MessageNotFound."""
        with self._db.read() as connection:
            row = self._row(connection, caller.scope_id, event_id, key)
            message = messages.find_messages(connection, [key]).get(key)
        state = {"queued": "pending"}.get(row.state, row.state)
        reason = None
        if message is not None:
            state, reason = _STATES.get(message.status, "deliveryFailed"), message.reason
        told = {
            "PKey": key, "eventId": row.event_id, _ADDRESSES[row.channel]: row.address, "status": state,
            "createdAt": text_of_ms(row.created_at_ms), "scheduled": text_of_ms(row.due_at_ms), "reason": reason,
        }  # fmt: skip
        return {name: value for name, value in told.items() if value is not None}

    def cancel(self, caller: Caller, event_id: str, key: str) -> None:
        """Take back what is scheduled. Raises MessageNotFound, or MessageStateConflict when it is on its way."""
        with self._db.write() as connection:
            row = self._row(connection, caller.scope_id, event_id, key)
            if row.state != "scheduled":
                raise MessageStateConflict(f"the message is {row.state}; only a scheduled one can be cancelled")
            connection.execute(update(event_table).where(event_table.c.key == key).values(state="cancelled"))

    def _find(self, connection: Connection, scope_id: int, event_id: str) -> CompiledTemplate:
        table = self._templates.current(connection)
        names = (event_id, event_id.removeprefix(PREFIX))
        found = table.get(scope_id, event_id) or next(
            (one for name in names if (one := table.named(scope_id, name)) is not None), None
        )
        if found is None:
            raise TemplateNotFound(event_id)
        return found

    @staticmethod
    def _row(connection: Connection, scope_id: int, event_id: str, key: str) -> Any:
        t = event_table
        row = connection.execute(
            select(*t.c).where(t.c.scope_id == scope_id, t.c.key == held(key), t.c.event_id == held(event_id))
        ).first()
        if row is None:
            raise MessageNotFound(key)
        return row


_STATES: Mapping[str, str] = {"sent": "sent", "delivered": "sent", "exclude": "ignored", "denylist": "ignored"}


def release(connection: Connection, now_ms: int, key: str | None = None, limit: int = 500) -> int:
    """Put due events into the outbox, those past their expiration aside; how many they were. key: only this one."""
    t = event_table
    statement = select(*t.c).where(t.c.state == "scheduled", t.c.due_at_ms <= now_ms)
    if key is not None:
        statement = statement.where(t.c.key == key)
    rows = list(connection.execute(statement.order_by(t.c.due_at_ms).limit(limit)))
    for row in rows:
        is_late = row.expires_at_ms is not None and row.expires_at_ms <= now_ms
        if not is_late:
            request = HttpRequest(METHOD, row.url, (), row.body.encode())
            store.enqueue_message(connection, row.scope_id, row.key, NODE, row.template_uid, request, now_ms * 1000)
        state = "expired" if is_late else "queued"
        connection.execute(update(t).where(t.c.key == row.key).values(state=state))
    return len(rows)


class ProofService:
    """Sends a template's draft to people who are to look at it."""

    def __init__(self, db: Database, templates: TemplateService, values: PreviewValues) -> None:
        self._db = db
        self._templates = templates
        self._values = values

    def send(self, caller: Caller, uid: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Send the draft to each of `addresses`, made with the other members as a preview is.

        Raises TemplateNotFound, TemplateInvalid, MessageInvalid, PermissionDenied, ProfileNotFound.
        """
        addresses = body.get("addresses")
        if not isinstance(addresses, list) or not 1 <= len(addresses) <= MAX_PROOFS:
            raise MessageInvalid(f"addresses is a list of 1 to {MAX_PROOFS}", "$.addresses")
        values = self._values.read(
            caller, {name: value for name, value in body.items() if name not in ("addresses", "configurationUid")}
        )
        configuration_uid = body.get("configurationUid")
        if configuration_uid is not None and not isinstance(configuration_uid, str):
            raise MessageInvalid("configurationUid is a text", "$.configurationUid")
        template = self._templates.draft(caller, uid)
        document = self._templates.draft_document(caller, uid)
        sent = []
        with self._db.write() as connection:
            for index, given in enumerate(addresses):
                try:
                    address = normalize(template.channel, given)
                except AddressRefused as refused:
                    raise MessageInvalid(str(refused), f"$.addresses[{index}]") from None
                draft = Draft(
                    channel=template.channel, template_uid=uid, template_version=template.version,
                    configuration_uid=configuration_uid, address=address, values=template.pick(values),
                    is_test=True, document=document,
                )  # fmt: skip
                key = idempotency_key(new_hex(32), 0)
                now_us = time.time_ns() // 1000
                store.enqueue_message(connection, caller.scope_id, key, PROOF, uid, draft.request(), now_us)
                sent.append({"address": address, "messageId": key})
        return {"sent": sent}


class TransactionalLoop:
    """Releases what was scheduled, in the worker's event loop, and forgets what is old."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set."""
        while not stop.is_set():
            try:
                await asyncio.to_thread(self.look)
            except SQLAlchemyError as error:
                log.error("messages.not_released", error=str(error).splitlines()[0])
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), POLL_S)

    def look(self) -> None:
        """Release what is due; nothing is written when nothing is."""
        now_ms = time.time_ns() // 1_000_000
        t = event_table
        with self._db.read() as connection:
            is_due = connection.execute(
                select(t.c.key).where(t.c.state == "scheduled", t.c.due_at_ms <= now_ms).limit(1)
            ).first()
            is_old = connection.execute(select(t.c.key).where(t.c.created_at_ms < now_ms - KEPT_MS).limit(1)).first()
        if is_due is None and is_old is None:
            return
        with self._db.write() as connection:
            release(connection, now_ms)
            connection.execute(delete(t).where(t.c.created_at_ms < now_ms - KEPT_MS, t.c.state != "scheduled"))


def _address(template: CompiledTemplate, body: Mapping[str, Any]) -> str:
    name = _ADDRESSES[template.channel]
    try:
        return normalize(template.channel, body.get(name))
    except AddressRefused as refused:
        raise MessageInvalid(f"{name}: {refused}", f"$.{name}") from None


def _moment(body: Mapping[str, Any], name: str) -> int | None:
    """Milliseconds; None without one. A blank may stand for the T, as it is documented."""
    text = body.get(name)
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text.strip())
    except (AttributeError, ValueError):
        raise MessageInvalid(f"{name} is a moment such as 2026-06-01 10:00:00.000Z", f"$.{name}") from None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1_000)
