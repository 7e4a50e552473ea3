"""What one transaction of the worker hears of messages: gathered, then written together."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection

from parcours.channels import store
from parcours.channels.document import CONFIGURATION_KIND
from parcours.channels.feedback import asks_for_more, failure_of, happenings_of_report, word_of
from parcours.channels.model import Report
from parcours.channels.send_hours import SendHour, SendHours, hour_of, person_named
from parcours.channels.store import Happening, Stored
from parcours.events.feedback import Feedback
from parcours.resources.store import ResourceStore

SOFT_BOUNCES = 5
"""After how many in a row an address is suppressed when the message's configuration is gone."""
ARRIVED = frozenset({"delivered", "opened", "clicked", "replied"})
Place = tuple[int, str, str]
"""(scope, channel, address)."""


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
        sent_in: dict[str, tuple[SendHour, Collection[str]]] = {}
        """By key of a message that counts: whose it is, when it left, and what can be known of it."""
        store.insert_messages(connection, self._reports, now_ms)
        rows = _Rows()
        for scope_id, report in self._reports:
            happenings += happenings_of_report(scope_id, report, now_ms)
            hour = hour_of(report, now_ms)
            if hour is not None:
                person = person_named(report.namespace, report.identity or "")
                sent_in[report.key] = (SendHour(scope_id, report.channel, person, hour), report.tracked)
            for dead in report.retired:
                if dead != report.address:
                    store.suppress(connection, scope_id, report.channel, dead, "hardBounce", now_ms)
            if report.status in ("sent", "delivered"):
                rows.end((scope_id, report.channel, report.address), is_certain=report.status == "delivered")
            elif report.bounce == "hard":
                store.suppress(
                    connection, scope_id, report.channel, report.address, "hardBounce", now_ms, report.reason
                )
            elif report.bounce == "soft":
                rows.bounce((scope_id, report.channel, report.address), report.soft_bounces, is_late=False)
        limits: dict[tuple[int, str], int] = {}
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
            if message.local_hour is not None:
                person = person_named(message.namespace, message.identity or "")
                place = SendHour(scope_id, message.channel, person, message.local_hour)
                sent_in[message.key] = (place, (message.tracked or "").split())
            kind, code, reason = failure_of(entity)
            channel, address = message.channel, message.address
            if word == "bounced" and kind != "soft":
                store.suppress(connection, scope_id, channel, address, "hardBounce", now_ms, reason)
            elif word == "bounced":
                rows.bounce((scope_id, channel, address), _limit_of(connection, message, limits), is_late=True)
            elif word in ARRIVED:
                rows.end((scope_id, channel, address), is_certain=True)
            elif word == "complained":
                store.suppress(connection, scope_id, channel, address, "complaint", now_ms)
            elif word == "unsubscribed":
                store.suppress(connection, scope_id, channel, address, "unsubscribe", now_ms)
            elif word == "subscribed" and asks_for_more(entity):
                store.welcome_back(connection, scope_id, channel, address)
            if feedback.kind == "delivery" and word != message.status:
                store.set_status(connection, message.key, feedback.status, code, reason)
        rows.write(connection, now_ms)
        hours = SendHours()
        for key, status in store.count_events(connection, happenings):
            if key in sent_in:
                hours.add(*sent_in[key], status)
        hours.flush(connection)


class _Rows:
    """Passing bounces of one transaction, and what ends a row of them, in the order they were heard in."""

    def __init__(self) -> None:
        self._ended: dict[Place, bool] = {}
        """Place → whether a message has arrived there for certain; False: a provider has taken one."""
        self._bounces: dict[Place, list[tuple[int, bool]]] = {}
        """Place → (limit, is_late) of those that came since."""

    def bounce(self, place: Place, limit: int, *, is_late: bool) -> None:
        """One more; the address is suppressed after `limit` of them."""
        self._bounces.setdefault(place, []).append((limit, is_late))

    def end(self, place: Place, *, is_certain: bool) -> None:
        """A message was taken, or is certain to have arrived."""
        self._ended[place] = is_certain or self._ended.get(place, False)
        if place in self._bounces:
            self._bounces[place] = [] if is_certain else [one for one in self._bounces[place] if one[1]]

    def write(self, connection: Connection, now_ms: int) -> None:
        """One statement for what ended, one for each bounce."""
        for is_certain in (True, False):
            ended = [place for place, was_certain in self._ended.items() if was_certain is is_certain]
            if ended:
                store.forget_soft_bounces(connection, ended, is_certain=is_certain)
        for (scope_id, channel, address), bounces in self._bounces.items():
            for limit, is_late in bounces:
                store.note_soft_bounce(connection, scope_id, channel, address, now_ms, limit, is_late=is_late)


def _limit_of(connection: Connection, message: Stored, known: dict[tuple[int, str], int]) -> int:
    """After how many the configuration that a message left by has its address suppressed."""
    place = (message.scope_id, message.configuration_uid)
    if place not in known:
        found = ResourceStore().find(connection, message.scope_id, CONFIGURATION_KIND, message.configuration_uid)
        known[place] = SOFT_BOUNCES if found is None else found.body["softBounces"]
    return known[place]
