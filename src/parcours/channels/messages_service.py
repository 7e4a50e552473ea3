"""What people ask of messages: the inbox, what left and what became of it, the suppression list."""

import email
import email.policy
import time
from collections.abc import Mapping
from typing import Any

import orjson

from parcours.access.model import Caller
from parcours.channels import store
from parcours.channels.addresses import AddressRefused, normalize
from parcours.channels.errors import MessageInvalid, MessageNotFound
from parcours.channels.service import text_of_ms
from parcours.channels.store import Stored
from parcours.db import Database
from parcours.templates.document import CHANNELS
from parcours.templates.sms_length import shown

REASONS = ("hardBounce", "softBounces", "complaint", "unsubscribe", "manual")


class MessageService:
    """Messages of a sandbox."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # --- the inbox ---

    def inbox(
        self, caller: Caller, filters: Mapping[str, str], before: int | None, limit: int
    ) -> tuple[list[dict[str, Any]], int | None]:
        """Messages the inbox keeps, the latest first, and where the next page begins."""
        with self._db.read() as connection:
            rows = store.list_inbox(connection, caller.scope_id, filters, before, limit + 1)
        shown = [_summary(row) for row in rows[:limit]]
        return shown, rows[limit - 1].id if len(rows) > limit else None

    def kept(self, caller: Caller, uid: str) -> dict[str, Any]:
        """One message of the inbox with its content. Raises MessageNotFound."""
        row = self._kept(caller, uid)
        source, content = _source(row), orjson.loads(row.content)
        headers = []
        if source is not None:
            parsed = email.message_from_bytes(source, policy=email.policy.default)
            headers = [{"name": name, "value": str(value)} for name, value in parsed.items()]
        return {
            **_summary(row),
            "content": content,
            **({"length": shown(content.get("body", ""))} if row.channel == "sms" else {}),
            "headers": headers,
            "source": None if source is None else source.decode("utf-8", "replace"),
        }

    def source(self, caller: Caller, uid: str) -> bytes:
        """An e-mail of the inbox as it would have left. Raises MessageNotFound."""
        found = _source(self._kept(caller, uid))
        if found is None:
            raise MessageNotFound(uid)
        return found

    def clear(self, caller: Caller) -> int:
        """Empty the inbox; how many messages it held."""
        with self._db.write() as connection:
            return store.clear_inbox(connection, caller.scope_id)

    def _kept(self, caller: Caller, uid: str) -> Any:
        with self._db.read() as connection:
            row = store.find_inbox(connection, caller.scope_id, uid)
        if row is None:
            raise MessageNotFound(uid)
        return row

    # --- messages ---

    def messages(self, caller: Caller, filters: Mapping[str, str], page: int, page_size: int) -> list[dict[str, Any]]:
        """Messages whose call was answered, the latest first."""
        with self._db.read() as connection:
            found = store.list_messages(connection, caller.scope_id, filters, page * page_size, page_size)
        return [_shown(one) for one in found]

    def message(self, caller: Caller, key: str) -> dict[str, Any]:
        """One message with what became of it. Raises MessageNotFound."""
        with self._db.read() as connection:
            found = store.find_messages(connection, [key]).get(key)
            if found is None or found.scope_id != caller.scope_id:
                raise MessageNotFound(key)
            events = store.list_events(connection, key)
        told = [{"status": e.status, "count": e.count, "firstAt": text_of_ms(e.first_at_ms)} for e in events]
        return {**_shown(found), "events": told}

    def report(self, caller: Caller, version_uid: str) -> dict[str, Any]:
        """Counts by activity of a journey version: how many messages, and how many events of each kind."""
        with self._db.read() as connection:
            rows = store.counts_of(connection, caller.scope_id, version_uid)
        nodes: dict[str, dict[str, Any]] = {}
        for row in rows:
            nodes.setdefault(row.node_id, {})[row.status] = {"messages": row.messages, "events": row.events}
        return {"journeyVersionUid": version_uid, "nodes": nodes}

    # --- the suppression list ---

    def suppressions(
        self, caller: Caller, channel: str | None, address: str | None, page: int, page_size: int
    ) -> list[dict[str, Any]]:
        """Addresses nothing is sent to, the latest first."""
        with self._db.read() as connection:
            rows = store.list_suppressed(connection, caller.scope_id, channel, address, page * page_size, page_size)
        return [
            {
                "channel": row.channel, "address": row.address, "reason": row.reason, "note": row.note,
                "addedAt": text_of_ms(row.at_ms),
            }
            for row in rows
        ]  # fmt: skip

    def suppress(self, caller: Caller, body: Mapping[str, Any]) -> dict[str, Any]:
        """Put an address onto the list. Raises MessageInvalid."""
        channel, address = body.get("channel"), body.get("address")
        reason, note = body.get("reason", "manual"), body.get("note")
        if channel not in CHANNELS:
            raise MessageInvalid(f"channel is one of {', '.join(CHANNELS)}", "$.channel")
        if reason not in REASONS:
            raise MessageInvalid(f"reason is one of {', '.join(REASONS)}", "$.reason")
        if note is not None and (not isinstance(note, str) or len(note) > 500):
            raise MessageInvalid("note is a text of at most 500 characters", "$.note")
        try:
            told = normalize(channel, address)
        except AddressRefused as refused:
            raise MessageInvalid(str(refused), "$.address") from None
        with self._db.write() as connection:
            store.suppress(connection, caller.scope_id, channel, told, reason, time.time_ns() // 1_000_000, note)
        return {"channel": channel, "address": store.place_of(channel, told), "reason": reason, "note": note}

    def unsuppress(self, caller: Caller, channel: str, address: str) -> None:
        """Take an address off the list. Raises MessageNotFound when it isn't there."""
        with self._db.write() as connection:
            if not store.unsuppress(connection, caller.scope_id, channel, address):
                raise MessageNotFound(address)


def _source(row: Any) -> bytes | None:
    return None if row.source is None else bytes(row.source)


def _summary(row: Any) -> dict[str, Any]:
    content = orjson.loads(row.content)
    return {
        "id": row.id,
        "messageId": row.key,
        "channel": row.channel,
        "address": row.address,
        "title": content.get("subject") or content.get("title") or content.get("body", "")[:100],
        "templateUid": row.template_uid,
        "templateName": row.template_name,
        "journeyUid": row.journey_uid,
        "journeyVersionUid": row.version_uid,
        "nodeId": row.node_id,
        "at": text_of_ms(row.at_ms),
    }


def _shown(one: Stored) -> dict[str, Any]:
    return {
        "messageId": one.key,
        "channel": one.channel,
        "address": one.address,
        "namespace": one.namespace,
        "identity": one.identity,
        "templateUid": one.template_uid,
        "templateName": one.template_name,
        "configurationUid": one.configuration_uid,
        "provider": one.provider,
        "providerId": one.provider_id,
        "journeyUid": one.journey_uid,
        "journeyVersionUid": one.version_uid,
        "nodeId": one.node_id,
        "category": one.category,
        "status": one.status,
        "code": one.code,
        "reason": one.reason,
        "isTest": one.is_test,
        "at": text_of_ms(one.at_ms),
    }
