"""Feedback into the log, by a way of its own: what readers, mail servers and providers tell later."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from parcours.catalog.service import SYSTEM_AUTHOR, CatalogService
from parcours.channels import store
from parcours.channels.feedback import DATA_SETS, SUBSCRIPTION, later_event
from parcours.channels.hooks import Told
from parcours.channels.links import Link
from parcours.channels.store import Stored
from parcours.db import Database
from parcours.events.feedback import split_message_id
from parcours.flows.documents import FLOW
from parcours.flows.system import SystemFlow, ensure_system_flow, find_system_flow
from parcours.kit.ids import new_uuid, new_xaction_id
from parcours.kit.telemetry import Counter
from parcours.log import Record
from parcours.resources.store import ResourceStore

SOURCE = "Parcours messages"
FULL = "application/vnd.adobe.xed-full+json;version=1"
FEEDBACK = Counter("parcours_message_feedback_total", "What became of messages, as told afterwards.", ["status"])

Append = Callable[[Sequence[Record]], None]
"""Makes records durable before it returns. Raises LogUnavailable, then none was kept."""


class FeedbackSender:
    """Turns what is told of messages into events of the log."""

    def __init__(self, db: Database, resources: ResourceStore, catalog: CatalogService, append: Append) -> None:
        self._db = db
        self._resources = resources
        self._catalog = catalog
        self._append = append
        self._ways: dict[tuple[int, str], tuple[str, SystemFlow]] = {}

    def hear(self, scope_id: int, told: Sequence[Told], configuration_uid: str | None = None) -> int:
        """Log what is told; how much of it is about a message that is known. Raises LogUnavailable.

        configuration_uid: only of messages sent with it.
        """
        with self._db.read() as connection:
            by_key = store.find_messages(connection, [one.key for one in told if one.key is not None])
            messages: list[Stored | None] = []
            for one in told:
                if one.key is not None:
                    messages.append(by_key.get(one.key) or _unknown(scope_id, one))
                elif one.provider_id is not None:
                    messages.append(store.find_by_provider_id(connection, scope_id, configuration_uid, one.provider_id))
                else:
                    messages.append(_latest(connection, scope_id, one, configuration_uid))
        self._obey(scope_id, told)
        records = []
        for one, message in zip(told, messages, strict=True):
            if message is None or message.scope_id != scope_id:
                continue
            if configuration_uid is not None and message.configuration_uid not in ("", configuration_uid):
                continue
            records.append(self._record(scope_id, message, one))
            FEEDBACK.labels(one.status).inc()
        if records:
            self._append(records)
        return len(records)

    def _obey(self, scope_id: int, told: Sequence[Told]) -> None:
        """What people ask for by an answer holds at once, whether or not a message to them is known."""
        wishes = [one for one in told if one.address and one.status in ("unsubscribe", SUBSCRIPTION)]
        if not wishes:
            return
        with self._db.write() as connection:
            for one in wishes:
                if one.status == SUBSCRIPTION:
                    store.welcome_back(connection, scope_id, one.channel, one.address or "")
                else:
                    now_ms = time.time_ns() // 1_000_000
                    store.suppress(connection, scope_id, one.channel, one.address or "", "unsubscribe", now_ms)

    def click(self, link: Link, *, is_bot: bool) -> None:
        """Somebody followed a link. Raises LogUnavailable."""
        detail = {"url": link.url, "urlID": link.url[:255], **({"isBot": True} if is_bot else {})}
        self.hear(link.scope_id, [Told("interaction", "click", link.key, detail=detail)])

    def open(self, link: Link, *, is_bot: bool) -> None:
        """Somebody opened an e-mail. Raises LogUnavailable."""
        detail: Mapping[str, Any] = {"isBot": True} if is_bot else {}
        self.hear(link.scope_id, [Told("interaction", "open", link.key, detail=detail)])

    def unsubscribe(self, link: Link) -> None:
        """Somebody wants no more: suppressed at once; the event withdraws consent. Raises LogUnavailable."""
        told = Told(
            "interaction", "unsubscribe", link.key, address=link.address, event_id=f"{link.key}-unsubscribe",
            channel=link.channel,
        )  # fmt: skip
        self.hear(link.scope_id, [told])

    def _record(self, scope_id: int, message: Stored, told: Told) -> Record:
        now_us = time.time_ns() // 1000
        event_id = told.event_id or new_uuid()
        schema_id, event = later_event(event_id, told.at_us or now_us, message, told.kind, told.status, told.detail)
        dataset_id, flow = self._way(scope_id, schema_id)
        reference = {"id": schema_id, "contentType": FULL}
        xaction_id = new_xaction_id(now_us // 1000)
        body = {
            "header": {
                "msgType": "xdmEntityCreate", "msgId": new_uuid(), "msgVersion": "1.0", "xactionId": xaction_id,
                "datasetId": dataset_id, "flowId": flow.flow_id, "schemaRef": reference, "source": {"name": SOURCE},
            },
            "body": {"xdmMeta": {"schemaRef": reference}, "xdmEntity": event},
        }  # fmt: skip
        return Record(
            flow.inlet_id, flow.flow_id, dataset_id, xaction_id, now_us // 1000, orjson.dumps(body), scope_id=scope_id
        )

    def _way(self, scope_id: int, schema_id: str) -> tuple[str, SystemFlow]:
        """(data set, the flow into it), made when they are first needed."""
        known = self._ways.get((scope_id, schema_id))
        if known is not None:
            return known
        name = DATA_SETS[schema_id]
        dataset_id = self._catalog.system_data_set_id(scope_id, name)
        with self._db.read() as connection:
            flow = find_system_flow(self._resources, connection, scope_id, SOURCE, dataset_id)
        if flow is None:
            with self._db.write() as connection:
                self._resources.touch(connection, FLOW)  # its row lock makes two first senders wait for each other
                self._catalog.ensure_system_data_set(connection, scope_id, name, schema_id)
                flow = ensure_system_flow(self._resources, connection, scope_id, SYSTEM_AUTHOR, SOURCE, dataset_id)
        self._ways[scope_id, schema_id] = (dataset_id, flow)
        return dataset_id, flow


def _unknown(scope_id: int, told: Told) -> Stored | None:
    """A message of a journey that is not noted yet, or no more: what is told of it counts all the same."""
    if told.key is None or split_message_id(told.key) is None:
        return None
    return Stored(
        told.key, scope_id, told.channel, told.address or "", None, None, "", "", "", "", "", "", "marketing", "", None,
        "sent", None, None, False, 0,
    )  # fmt: skip


def _latest(connection: Any, scope_id: int, told: Told, configuration_uid: str | None) -> Stored | None:
    filters = {"address": told.address or "", "channel": told.channel}
    if configuration_uid is not None:
        filters["configuration_uid"] = configuration_uid
    found = store.list_messages(connection, scope_id, filters, 0, 1)
    return found[0] if found else None
