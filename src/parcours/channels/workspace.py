"""What one transaction of the worker hears of messages: gathered, then written together."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection

from parcours.channels import store
from parcours.channels.feedback import asks_for_more, failure_of, happenings_of_report, word_of
from parcours.channels.model import Report
from parcours.channels.store import Happening
from parcours.events.feedback import Feedback

SOFT_BOUNCES = 5
"""After how many that come later, one after the other, an address is suppressed."""


class _Heard(NamedTuple):
    scope_id: int
    feedback: Feedback
    entity: Mapping[str, Any]


class MessageWorkspace:
    """Reports of answered calls, and feedback that came through the log."""

    def __init__(self) -> None:
        self._reports: list[tuple[int, Report]] = []
        self._heard: list[_Heard] = []

    def report(self, scope_id: int, report: Report) -> None:
        """A message's call was answered."""
        self._reports.append((scope_id, report))

    def hear(self, scope_id: int, feedback: Feedback, entity: Mapping[str, Any]) -> None:
        """An event says something of a message."""
        self._heard.append(_Heard(scope_id, feedback, entity))

    def flush(self, connection: Connection, now_ms: int) -> None:
        """Write messages, counts, and what follows for addresses."""
        if not self._reports and not self._heard:
            return
        happenings: list[Happening] = []
        store.insert_messages(connection, self._reports, now_ms)
        reached: list[tuple[int, str, str]] = []
        for scope_id, report in self._reports:
            happenings += happenings_of_report(scope_id, report, now_ms)
            for dead in report.retired:
                if dead != report.address:
                    store.suppress(connection, scope_id, report.channel, dead, "hardBounce", now_ms)
            if report.status in ("sent", "delivered"):
                reached.append((scope_id, report.channel, report.address))
            elif report.bounce == "hard":
                store.suppress(
                    connection, scope_id, report.channel, report.address, "hardBounce", now_ms, report.reason
                )
            elif report.bounce == "soft":
                store.note_soft_bounce(
                    connection, scope_id, report.channel, report.address, now_ms, report.soft_bounces
                )
        if reached:
            store.forget_soft_bounces(connection, reached)
        known = store.find_messages(connection, [one.feedback.message_id for one in self._heard])
        for scope_id, feedback, entity in self._heard:
            word = word_of(feedback)
            if word is None:
                continue
            message = known.get(feedback.message_id)
            if message is not None and message.scope_id != scope_id:
                continue
            if message is None:  # an action of the user's own sent it: only its counts are ours
                version, node = feedback.journey_version_uid or "", feedback.node_id or ""
                happenings.append(Happening(scope_id, feedback.message_id, version, node, word, now_ms))
                continue
            happenings.append(Happening(scope_id, message.key, message.version_uid, message.node_id, word, now_ms))
            kind, code, reason = failure_of(entity)
            channel, address = message.channel, message.address
            if word == "bounced" and kind != "soft":
                store.suppress(connection, scope_id, channel, address, "hardBounce", now_ms, reason)
            elif word == "bounced":
                store.note_soft_bounce(connection, scope_id, channel, address, now_ms, SOFT_BOUNCES)
            elif word == "complained":
                store.suppress(connection, scope_id, channel, address, "complaint", now_ms)
            elif word == "unsubscribed":
                store.suppress(connection, scope_id, channel, address, "unsubscribe", now_ms)
            elif word == "subscribed" and asks_for_more(entity):
                store.welcome_back(connection, scope_id, channel, address)
            if feedback.kind == "delivery" and word != message.status:
                store.set_status(connection, message.key, feedback.status, code, reason)
        store.count_events(connection, happenings)
