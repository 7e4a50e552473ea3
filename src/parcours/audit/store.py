"""The audit log in SQL: one row for each change, written in the transaction of the change."""

import time
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    String,
    Table,
    delete,
    func,
    insert,
    select,
)

from parcours.audit.assets import SILENT, Document, asset_of, comment_of, name_of, permission_of, type_of, verb_of
from parcours.audit.model import CALL, SYSTEM_USER, AuditEvent, Call
from parcours.db import Database, metadata

audit_event_table = Table(
    "audit_event",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("scope_id", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("action", String(60), nullable=False),
    Column("asset_type", String(60), nullable=False),
    Column("asset_id", String(255), nullable=False),
    Column("asset_name", String(255), nullable=False),
    Column("resource", String(60), nullable=False),
    Column("permission", String(20), nullable=False),
    Column("status", String(10), nullable=False),
    Column("failure", String(80), nullable=False),
    Column("user_id", String(160), nullable=False),
    Column("client_id", String(120), nullable=False),
    Column("ip", String(60), nullable=False),
    Column("request_id", String(120), nullable=False),
    Column("comment", String(2000), nullable=False, server_default=""),
    Index(None, "scope_id", "id"),
    Index(None, "at_ms"),
    sqlite_autoincrement=True,
)
_LENGTHS = {column.name: column.type.length for column in audit_event_table.c if isinstance(column.type, String)}
_FIELDS = tuple(field.name for field in fields(AuditEvent))


def record(connection: Connection, event: AuditEvent) -> None:
    """Add a line. Its time, and what it does not say of the call under way, are filled in; long texts are cut."""
    call = CALL.get() or Call()
    row: dict[str, Any] = {name: getattr(event, name) for name in _FIELDS if name != "id"}
    row["at_ms"] = event.at_ms or time.time_ns() // 1_000_000
    row["user_id"] = event.user_id or call.user_id or SYSTEM_USER
    row["client_id"] = event.client_id or call.client_id or SYSTEM_USER
    row["ip"], row["request_id"] = event.ip or call.ip, event.request_id or call.request_id
    for name, length in _LENGTHS.items():
        row[name] = row[name].replace("\0", "")[:length]  # PostgreSQL takes no NUL
    connection.execute(insert(audit_event_table), row)


def record_change(
    connection: Connection,
    scope_id: int,
    kind: str,
    asset_id: str,
    before: Document | None,
    after: Document | None,
    who: tuple[str, str] = ("", ""),
) -> None:
    """Add a line for a change of a resource, unless its kind is silent.

    before, after: None for what was not there. who: (user, client); empty: whoever calls, else the system.
    """
    if kind in SILENT:
        return
    document = after if after is not None else before or {}
    verb = verb_of(kind, before, after)
    record(
        connection,
        AuditEvent(
            scope_id, verb, type_of(kind, document), asset_id, name_of(kind, document), asset_of(kind).resource,
            permission=permission_of(verb), user_id=who[0], client_id=who[1], comment=comment_of(kind, before, after),
        ),
    )  # fmt: skip


def find(
    connection: Connection, scope_ids: Sequence[int], conditions: Sequence[ColumnElement[bool]], start: int, limit: int
) -> list[AuditEvent]:
    """Lines of some scopes that meet every condition, newest first, from the `start`th."""
    t = audit_event_table
    rows = connection.execute(
        select(*(t.c[name] for name in _FIELDS))
        .where(t.c.scope_id.in_(scope_ids), *conditions)
        .order_by(t.c.id.desc())
        .offset(start)
        .limit(limit)
    )
    return [AuditEvent(**row._mapping) for row in rows]


def count(connection: Connection, scope_ids: Sequence[int], conditions: Sequence[ColumnElement[bool]]) -> int:
    """How many lines meet every condition."""
    t = audit_event_table
    statement = select(func.count()).select_from(t).where(t.c.scope_id.in_(scope_ids), *conditions)
    return connection.execute(statement).scalar_one()


def last_id(connection: Connection) -> int:
    """The newest line's id; 0 in an empty log."""
    return connection.execute(select(func.max(audit_event_table.c.id))).scalar() or 0


def forget_audit_events(db: Database, before_ms: int, limit: int = 1000) -> bool:
    """Remove at most `limit` lines older than that; True when there may be more.

    A transaction that writes is only begun where there is something to remove.
    """
    t = audit_event_table
    old = select(t.c.id).where(t.c.at_ms < before_ms).order_by(t.c.id).limit(limit)
    with db.read() as connection:
        if connection.execute(old.limit(1)).first() is None:
            return False
    with db.write() as connection:
        return connection.execute(delete(t).where(t.c.id.in_(old))).rowcount == limit
