"""The worker's look at the pulses: which alerts open, go on, and are resolved."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection

from parcours.alerts import store
from parcours.alerts.rules import (
    APPROVALS,
    CALM_US,
    FINISHED,
    INFORMATION,
    PUBLISHED,
    REQUESTED,
    UNREAD_AFTER_US,
    UNREAD_WITHIN_US,
    WINDOW_US,
    Reading,
    readings,
    unread,
)
from parcours.alerts.store import Alert
from parcours.alerts.subscription import SUBSCRIPTION_KIND, Subscription, compile_subscription
from parcours.alerts.view import show_alert
from parcours.db import Database
from parcours.journeys.counter_store import read_pulses
from parcours.journeys.runs_store import find_runs_without_entrance
from parcours.journeys.versions import VERSION_KIND, at_text
from parcours.kit.clock import Clock
from parcours.kit.ids import new_uuid
from parcours.kit.telemetry import Counter, get_logger
from parcours.resources.store import Compiled, ResourceStore

NOTE_EVERY_MS = 60_000
"""How often an alert that stays above its threshold is written down again."""
RETENTION_MS = 91 * 86_400_000
"""How long resolved alerts are kept."""

ALERTS = Counter("parcours_alerts_total", "Alerts opened, by kind.", ["kind"])
log = get_logger("alerts")


class Version(NamedTuple):
    """What alerts need of a journey version."""

    scope_id: int
    journey_uid: str
    name: str
    status: str
    deployed_at: str | None
    """When it was published first, as `versions.at_text` writes it."""
    changed_at_ms: int
    review: Mapping[str, Any] | None
    """The latest request for approval, as `journeys.review` keeps it."""


class _Known(NamedTuple):
    subscriptions: Mapping[int, tuple[Subscription, ...]]
    """By scope."""
    versions: Mapping[str, Version]


class Evaluator:
    """Compares pulses with subscriptions. One worker at a time does."""

    def __init__(self, db: Database, resources: ResourceStore, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._known = Compiled(resources, [SUBSCRIPTION_KIND, VERSION_KIND], lambda c: _read_known(c, resources))
        self._seen: _Known | None = None
        """The definitions of the last look: what is told once is looked for when they change."""

    def look(self) -> int:
        """Open, note and resolve; how many notices there are to be sent of it."""
        now_us = self._clock.now_us()
        with self._db.read() as connection:
            known = self._known.current(connection)
            has_news = known is not self._seen
            if not has_news and not known.subscriptions:
                return 0
            still_open = {alert.place: alert for alert in store.find_open(connection)}
            found: list[Reading] = []
            if known.subscriptions:
                found = readings(read_pulses(connection, now_us - WINDOW_US))
                since_us, until_us = now_us - UNREAD_WITHIN_US, now_us - UNREAD_AFTER_US
                found += unread(find_runs_without_entrance(connection, since_us, until_us))
            told = store.find_told(connection, INFORMATION) if has_news else set()
            gone = [p for p in store.find_versions(connection) if p[1] not in known.versions] if has_news else []
        opened, above = _judge(known, found, still_open, now_us)
        if has_news:
            opened += _news(known, told, now_us)
        calm = [
            alert
            for alert in still_open.values()
            if alert.place not in above and now_us - alert.last_above_at_ms * 1_000 >= CALM_US
        ]
        noted = [
            (still_open[place], reading)
            for place, reading in above.items()
            if now_us // 1_000 - still_open[place].last_above_at_ms >= NOTE_EVERY_MS
            or reading.value > still_open[place].worst
        ]
        notices = [self._notice(known, alert, "opened", now_us) for alert in opened]
        notices += [self._notice(known, a._replace(resolved_at_ms=now_us // 1_000), "resolved", now_us) for a in calm]
        due = [notice for notice in notices if notice is not None]
        if opened or calm or noted or gone:
            with self._db.write() as connection:
                store.insert_alerts(connection, opened)
                for alert, reading in noted:
                    worst = max(alert.worst, reading.value)
                    store.note_above(connection, alert.uid, now_us // 1_000, worst)
                store.resolve(connection, [alert.uid for alert in calm], now_us // 1_000)
                store.insert_notices(connection, due)
                for scope_id, version_uid in gone:
                    store.delete_alerts(connection, store.find_of_version(connection, scope_id, version_uid))
        self._seen = known
        for alert in opened:
            ALERTS.labels(alert.kind).inc()
            log.info("alert.opened", kind=alert.kind, version_uid=alert.version_uid, node_id=alert.node_id)
        for alert in calm:
            log.info("alert.resolved", kind=alert.kind, version_uid=alert.version_uid, node_id=alert.node_id)
        return len(due)

    def trim(self) -> None:
        """Forget alerts that were resolved long ago."""
        with self._db.write() as connection:
            store.delete_alerts(connection, store.find_old(connection, self._clock.now_us() // 1_000 - RETENTION_MS))

    def _notice(self, known: _Known, alert: Alert, event: str, now_us: int) -> dict[str, object] | None:
        """A row for the webhook of the alert's subscription; None when there is no webhook, or no subscription."""
        version = known.versions.get(alert.version_uid)
        wanted = known.subscriptions.get(alert.scope_id, ())
        subscription = next((one for one in wanted if one.uid == alert.subscription_uid), None)
        if subscription is None or not subscription.has_webhook:
            return None
        if alert.kind in INFORMATION:
            event = "information"
        body = {"event": event, "alert": show_alert(alert, None if version is None else version.name)}
        return {
            "uid": new_uuid(),
            "scope_id": alert.scope_id,
            "alert_uid": alert.uid,
            "subscription_uid": alert.subscription_uid,
            "event": event,
            "body": orjson.dumps(body).decode(),
            "next_at_ms": now_us // 1_000,
        }


def _judge(
    known: _Known, found: list[Reading], still_open: Mapping[tuple[str, str, str, str], Alert], now_us: int
) -> tuple[list[Alert], dict[tuple[str, str, str, str], Reading]]:
    """Alerts to open, and the places of open ones that are above their threshold still."""
    opened: list[Alert] = []
    above: dict[tuple[str, str, str, str], Reading] = {}
    for reading in found:
        version = known.versions.get(reading.version_uid)
        if version is None:
            continue
        for subscription in known.subscriptions.get(reading.scope_id, ()):
            limits = subscription.limits.get(reading.kind)
            if limits is None or subscription.journey_uid not in (None, version.journey_uid):
                continue
            if not reading.is_above(limits):
                continue
            place = (subscription.uid, reading.kind, reading.version_uid, reading.node_id)
            if place in still_open:
                above[place] = reading
                continue
            opened.append(
                Alert(
                    new_uuid(), reading.scope_id, subscription.uid, reading.kind, version.journey_uid,
                    reading.version_uid, reading.node_id, limits.threshold, reading.part, reading.whole,
                    reading.value, now_us // 1_000, now_us // 1_000, None,
                )
            )  # fmt: skip
    return opened, above


def _news(known: _Known, told: set[tuple[str, str, str, str]], now_us: int) -> list[Alert]:
    """Publications, ends and requests for approval since a subscription was made, each once."""
    now_ms = now_us // 1_000
    found: list[Alert] = []
    for version_uid, version in known.versions.items():
        for subscription in known.subscriptions.get(version.scope_id, ()):
            if subscription.journey_uid not in (None, version.journey_uid):
                continue
            for kind in INFORMATION:
                about = version.review["uid"] if kind in APPROVALS and version.review is not None else ""
                if kind not in subscription.limits or (subscription.uid, kind, version_uid, about) in told:
                    continue
                if not _is_news(kind, version, subscription):
                    continue
                found.append(
                    Alert(
                        new_uuid(), version.scope_id, subscription.uid, kind, version.journey_uid, version_uid, about,
                        0.0, 0, 0, 0.0, now_ms, now_ms, now_ms,
                    )
                )  # fmt: skip
    return found


def _is_news(kind: str, version: Version, subscription: Subscription) -> bool:
    if kind == PUBLISHED:
        return version.deployed_at is not None and version.deployed_at >= at_text(subscription.created_at_ms)
    if kind in APPROVALS:
        review = version.review
        if review is None or review["state"] != ("open" if kind == REQUESTED else "changesRequested"):
            return False
        at_ms: int = review["atMs"] if kind == REQUESTED else review["decisions"][-1]["atMs"]
        return at_ms >= subscription.created_at_ms
    return kind == FINISHED and version.status == "Finished" and version.changed_at_ms >= subscription.created_at_ms


def _read_known(connection: Connection, resources: ResourceStore) -> _Known:
    subscriptions: dict[int, tuple[Subscription, ...]] = {}
    for stored in resources.in_all_scopes(connection, SUBSCRIPTION_KIND):
        one = compile_subscription(stored)
        subscriptions[one.scope_id] = (*subscriptions.get(one.scope_id, ()), one)
    versions = {
        stored.id: Version(
            stored.scope_id,
            stored.body["journeyUid"],
            stored.body["document"]["name"],
            stored.body["status"],
            stored.body.get("deployments", {}).get("firstDeployedAt"),
            stored.updated_at_ms,
            next(reversed(stored.body.get("reviews", ())), None),
        )
        for stored in resources.in_all_scopes(connection, VERSION_KIND)
    }
    return _Known(subscriptions, versions)
