"""Alerts and the notices of them in SQL."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)

from parcours.db import metadata

alert_table = Table(
    "alert",
    metadata,
    Column("uid", String(36), primary_key=True),
    Column("scope_id", BigInteger, nullable=False),
    Column("subscription_uid", String(36), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("journey_uid", String(36), nullable=False),
    Column("version_uid", String(36), nullable=False),
    Column("node_id", String(80), nullable=False),
    Column("threshold", Float, nullable=False),
    Column("part", BigInteger, nullable=False),
    Column("whole", BigInteger, nullable=False),
    Column("worst", Float, nullable=False),
    Column("opened_at_ms", BigInteger, nullable=False),
    Column("last_above_at_ms", BigInteger, nullable=False),
    Column("resolved_at_ms", BigInteger),
    Index(None, "scope_id", "opened_at_ms"),
    Index(None, "resolved_at_ms"),
)
"""`part` and `whole` are what the window held when the alert opened. One that is information is resolved at once."""
notice_table = Table(
    "alert_notice",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("uid", String(36), nullable=False),
    Column("scope_id", BigInteger, nullable=False),
    Column("alert_uid", String(36), nullable=False),
    Column("subscription_uid", String(36), nullable=False),
    Column("event", String(12), nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String(10), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at_ms", BigInteger, nullable=False),
    Column("error", Text),
    Index(None, "state", "next_at_ms"),
    Index(None, "alert_uid"),
)
"""What a webhook is to be told, or was: `state` is pending, delivered or failed."""


class Alert(NamedTuple):
    """One alert of one subscription."""

    uid: str
    scope_id: int
    subscription_uid: str
    kind: str
    journey_uid: str
    version_uid: str
    node_id: str
    """The activity, or empty for the whole journey; of kinds about approvals the request's uid."""
    threshold: float
    part: int
    whole: int
    worst: float
    opened_at_ms: int
    last_above_at_ms: int
    resolved_at_ms: int | None

    @property
    def place(self) -> tuple[str, str, str, str]:
        """What it is about; two of one place are never open at once."""
        return (self.subscription_uid, self.kind, self.version_uid, self.node_id)


class Notice(NamedTuple):
    """One message to a webhook."""

    id: int
    uid: str
    scope_id: int
    alert_uid: str
    subscription_uid: str
    event: str
    body: str
    state: str
    attempts: int
    next_at_ms: int
    error: str | None


_a = alert_table
_n = notice_table
_ALERT = select(*(_a.c[name] for name in Alert._fields))
_NOTICE = select(*(_n.c[name] for name in Notice._fields))


def insert_alerts(connection: Connection, alerts: Sequence[Alert]) -> None:
    """New ones."""
    if alerts:
        connection.execute(insert(_a), [alert._asdict() for alert in alerts])


def find_open(connection: Connection) -> list[Alert]:
    """Alerts that are not resolved, of every sandbox."""
    return [Alert(*row) for row in connection.execute(_ALERT.where(_a.c.resolved_at_ms.is_(None)))]


def find_told(connection: Connection, kinds: Sequence[str]) -> set[tuple[str, str, str, str]]:
    """(subscription, kind, version, node) of alerts of some kinds: what was told once."""
    statement = select(_a.c.subscription_uid, _a.c.kind, _a.c.version_uid, _a.c.node_id)
    return {(row[0], row[1], row[2], row[3]) for row in connection.execute(statement.where(_a.c.kind.in_(kinds)))}


def note_above(connection: Connection, uid: str, at_ms: int, worst: float) -> None:
    """An open alert is still above its threshold."""
    connection.execute(update(_a).where(_a.c.uid == uid).values(last_above_at_ms=at_ms, worst=worst))


def resolve(connection: Connection, uids: Sequence[str], at_ms: int) -> None:
    """Alerts have been calm for long enough."""
    if uids:
        connection.execute(update(_a).where(_a.c.uid.in_(list(uids))).values(resolved_at_ms=at_ms))


def resolve_subscription(connection: Connection, scope_id: int, subscription_uid: str, at_ms: int) -> None:
    """Nobody wants to hear of a subscription's alerts any more; what was not told is not told."""
    connection.execute(
        update(_a)
        .where(_a.c.scope_id == scope_id, _a.c.subscription_uid == subscription_uid, _a.c.resolved_at_ms.is_(None))
        .values(resolved_at_ms=at_ms)
    )
    connection.execute(
        delete(_n).where(_n.c.scope_id == scope_id, _n.c.subscription_uid == subscription_uid, _n.c.state == "pending")
    )


def list_alerts(
    connection: Connection,
    scope_id: int,
    *,
    uid: str | None = None,
    journey_uid: str | None = None,
    kind: str | None = None,
    is_open: bool | None = None,
    start: int = 0,
    limit: int = 100,
) -> list[Alert]:
    """Alerts of a sandbox, the latest first."""
    statement = _ALERT.where(_a.c.scope_id == scope_id)
    if uid is not None:
        statement = statement.where(_a.c.uid == uid)
    if journey_uid is not None:
        statement = statement.where(_a.c.journey_uid == journey_uid)
    if kind is not None:
        statement = statement.where(_a.c.kind == kind)
    if is_open is not None:
        statement = statement.where(_a.c.resolved_at_ms.is_(None) if is_open else _a.c.resolved_at_ms.is_not(None))
    rows = connection.execute(statement.order_by(_a.c.opened_at_ms.desc(), _a.c.uid).offset(start).limit(limit))
    return [Alert(*row) for row in rows]


def delete_alerts(connection: Connection, uids: Sequence[str]) -> None:
    """Forget alerts with their notices."""
    for start in range(0, len(uids), 500):
        chunk = list(uids[start : start + 500])
        connection.execute(delete(_n).where(_n.c.alert_uid.in_(chunk)))
        connection.execute(delete(_a).where(_a.c.uid.in_(chunk)))


def find_old(connection: Connection, before_ms: int, limit: int = 500) -> list[str]:
    """Uids of alerts resolved before a time."""
    return [uid for (uid,) in connection.execute(select(_a.c.uid).where(_a.c.resolved_at_ms < before_ms).limit(limit))]


def find_versions(connection: Connection) -> set[tuple[int, str]]:
    """(scope, version) that any alert is about."""
    return {(row[0], row[1]) for row in connection.execute(select(_a.c.scope_id, _a.c.version_uid).distinct())}


def find_of_version(connection: Connection, scope_id: int, version_uid: str) -> list[str]:
    """Uids of the alerts about a version."""
    rows = connection.execute(select(_a.c.uid).where(_a.c.scope_id == scope_id, _a.c.version_uid == version_uid))
    return [uid for (uid,) in rows]


# --- notices ---


def insert_notices(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """New ones, pending: {uid, scope_id, alert_uid, subscription_uid, event, body, next_at_ms}."""
    if rows:
        connection.execute(insert(_n), [{**row, "state": "pending", "attempts": 0, "error": None} for row in rows])


def find_due(connection: Connection, now_ms: int, limit: int) -> list[Notice]:
    """Notices to be sent now, the longest due first."""
    due = _NOTICE.where(_n.c.state == "pending", _n.c.next_at_ms <= now_ms).order_by(_n.c.next_at_ms, _n.c.id)
    return [Notice(*row) for row in connection.execute(due.limit(limit))]


def note_attempt(connection: Connection, notice_id: int, state: str, next_at_ms: int, error: str | None) -> None:
    """One more attempt was made."""
    connection.execute(
        update(_n)
        .where(_n.c.id == notice_id)
        .values(state=state, attempts=_n.c.attempts + 1, next_at_ms=next_at_ms, error=error)
    )


def list_notices(connection: Connection, alert_uids: Sequence[str]) -> dict[str, list[Notice]]:
    """Notices by alert, oldest first."""
    found: dict[str, list[Notice]] = {}
    for row in connection.execute(_NOTICE.where(_n.c.alert_uid.in_(list(alert_uids))).order_by(_n.c.id)):
        notice = Notice(*row)
        found.setdefault(notice.alert_uid, []).append(notice)
    return found
