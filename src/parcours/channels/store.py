"""Messages in SQL: those the inbox keeps, those that left, what became of them, and addresses nothing is sent to."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    case,
    delete,
    false,
    func,
    or_,
    select,
    tuple_,
    update,
)

from parcours.channels.addresses import comparable
from parcours.channels.model import Report
from parcours.channels.send_hours import hour_of
from parcours.db import metadata
from parcours.db.bulk import bulk_upsert, conflict_insert
from parcours.db.text import held, holder

LATE = "lateBounces"
"""Reason of a row that is not active yet and counts bounces of messages that a provider had taken."""
ROW_MS = 30 * 86_400_000
"""After so long without one, passing bounces are counted anew."""

inbox_table = Table(
    "inbox_message",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("key", String(64), nullable=False, unique=True),
    Column("scope_id", BigInteger, nullable=False),
    Column("channel", String(10), nullable=False),
    Column("address", Text, nullable=False),
    Column("template_uid", String(36), nullable=False),
    Column("template_name", String(60), nullable=False),
    Column("journey_uid", String(36), nullable=False),
    Column("version_uid", String(64), nullable=False),
    Column("node_id", String(80), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("content", Text, nullable=False),
    Column("source", LargeBinary),
    Index(None, "scope_id", "id"),
    Index(None, "at_ms"),
    sqlite_autoincrement=True,
)
"""`content` is the rendered message as JSON; `source` that of an e-mail as it would have left."""

suppression_table = Table(
    "suppression",
    metadata,
    Column("scope_id", BigInteger, primary_key=True),
    Column("channel", String(10), primary_key=True),
    Column("address", String(320), primary_key=True),
    Column("reason", String(20), nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("bounces", Integer, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("note", Text),
)
"""Addresses in their comparable form; a long token by its digest. One that is not active only bounced now and then:
`bounces` counts its passing ones in a row."""

message_table = Table(
    "message",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("scope_id", BigInteger, nullable=False),
    Column("channel", String(10), nullable=False),
    Column("address", Text, nullable=False),
    Column("namespace", String(60)),
    Column("identity", Text),
    Column("template_uid", String(36), nullable=False),
    Column("template_name", String(60), nullable=False),
    Column("configuration_uid", String(36), nullable=False),
    Column("journey_uid", String(36), nullable=False),
    Column("version_uid", String(64), nullable=False),
    Column("node_id", String(80), nullable=False),
    Column("category", String(20), nullable=False),
    Column("provider", String(40), nullable=False),
    Column("provider_id", String(255)),
    Column("status", String(20), nullable=False),
    Column("code", String(60)),
    Column("reason", Text),
    Column("is_test", Boolean, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("local_hour", Integer),
    Column("tracked", String(20)),
    Column("is_time_optimized", Boolean, nullable=False, server_default=false()),
    Index(None, "scope_id", "provider_id"),
    Index(None, "scope_id", "at_ms"),
    Index(None, "at_ms"),
)
"""Messages whose call was answered, sent or not. `local_hour` and `tracked`: see `send_hours`; the hour only of
those that it counts."""

message_event_table = Table(
    "message_event",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("status", String(20), primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("first_at_ms", BigInteger, nullable=False),
)
"""What became of each message, and how often."""

message_count_table = Table(
    "message_count",
    metadata,
    Column("scope_id", BigInteger, primary_key=True),
    Column("version_uid", String(64), primary_key=True),
    Column("node_id", String(80), primary_key=True),
    Column("status", String(20), primary_key=True),
    Column("messages", BigInteger, nullable=False),
    Column("events", BigInteger, nullable=False),
)
"""By journey version and activity: `messages` that something became of, and how often it did (`events`)."""

_INBOX_COLUMNS = (
    "key", "scope_id", "channel", "address", "template_uid", "template_name", "journey_uid", "version_uid", "node_id",
    "at_ms", "content", "source",
)  # fmt: skip
_MESSAGE_COLUMNS = [column.name for column in message_table.c]
_INSERT_MESSAGES = bulk_upsert(message_table, _MESSAGE_COLUMNS)
_hold_kept = holder(inbox_table, _INBOX_COLUMNS)
_hold_message = holder(message_table, _MESSAGE_COLUMNS)
_hold_status = holder(message_table, ("status", "code", "reason"))
_hold_place = holder(message_count_table, ("version_uid", "node_id", "status"))


class Stored(NamedTuple):
    """A message that left, or did not."""

    key: str
    scope_id: int
    channel: str
    address: str
    namespace: str | None
    identity: str | None
    template_uid: str
    template_name: str
    configuration_uid: str
    journey_uid: str
    version_uid: str
    node_id: str
    category: str
    provider: str
    provider_id: str | None
    status: str
    code: str | None
    reason: str | None
    is_test: bool
    at_ms: int
    local_hour: int | None = None
    tracked: str | None = None
    is_time_optimized: bool = False


# --- the inbox ---


def keep(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Put messages into the inbox; those that are there already stay. Rows in the order of `_INBOX_COLUMNS`."""
    if rows:
        statement = conflict_insert(connection.dialect)(inbox_table).on_conflict_do_nothing()
        connection.execute(statement, [dict(zip(_INBOX_COLUMNS, _hold_kept(row), strict=True)) for row in rows])


def list_inbox(
    connection: Connection, scope_id: int, filters: Mapping[str, str], before_id: int | None, limit: int
) -> list[Any]:
    """Messages of the inbox, the latest first. filters: by column; `address` without regard to case."""
    t = inbox_table
    statement = select(*(c for c in t.c if c.name != "source")).where(t.c.scope_id == scope_id)
    for name, value in filters.items():
        statement = statement.where(_is(t.c[name], value))
    if before_id is not None:
        statement = statement.where(t.c.id < before_id)
    return list(connection.execute(statement.order_by(t.c.id.desc()).limit(limit)))


def find_inbox(connection: Connection, scope_id: int, uid: str) -> Any | None:
    """A message of the inbox by its number or its key, with its source."""
    t = inbox_table
    is_number = uid.isascii() and uid.isdecimal() and len(uid) < 19
    wanted = t.c.id == int(uid) if is_number else t.c.key == held(uid)
    return connection.execute(select(*t.c).where(t.c.scope_id == scope_id, wanted)).first()


def clear_inbox(connection: Connection, scope_id: int) -> int:
    """Empty a sandbox's inbox; how many messages it held."""
    return connection.execute(delete(inbox_table).where(inbox_table.c.scope_id == scope_id)).rowcount


def trim(connection: Connection, inbox_before_ms: int, messages_before_ms: int, limit: int = 5_000) -> bool:
    """Forget what is old, some at a time; whether there may be more."""
    gone = 0
    for table, before_ms in ((inbox_table, inbox_before_ms), (message_table, messages_before_ms)):
        id_column = table.primary_key.columns[0]
        old = list(connection.execute(select(id_column).where(table.c.at_ms < before_ms).limit(limit)).scalars())
        for start in range(0, len(old), 500):
            chunk = old[start : start + 500]
            connection.execute(delete(table).where(id_column.in_(chunk)))
            if table is message_table:
                connection.execute(delete(message_event_table).where(message_event_table.c.key.in_(chunk)))
        gone = max(gone, len(old))
    return gone == limit


# --- the suppression list ---


def place_of(channel: str, address: str) -> str:
    """How an address stands in the list."""
    text = held(comparable(channel, address))
    if len(text) <= 320:
        return text
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def suppressed(connection: Connection, scope_id: int, channel: str, address: str) -> str | None:
    """Why nothing is sent to an address; None when it may be."""
    t = suppression_table
    statement = select(t.c.reason).where(
        t.c.scope_id == scope_id, t.c.channel == channel, t.c.address == place_of(channel, address),
        t.c.is_active.is_(True),
    )  # fmt: skip
    return connection.execute(statement).scalar()


def suppressed_among(connection: Connection, scope_id: int, channel: str, addresses: Sequence[str]) -> set[str]:
    """Those of some addresses that nothing is sent to."""
    by_place = {place_of(channel, address): address for address in addresses}
    t = suppression_table
    statement = select(t.c.address).where(
        t.c.scope_id == scope_id, t.c.channel == channel, t.c.address.in_(list(by_place)), t.c.is_active.is_(True)
    )  # fmt: skip
    return {by_place[place] for place in connection.execute(statement).scalars()}


def suppress(
    connection: Connection, scope_id: int, channel: str, address: str, reason: str, at_ms: int, note: str | None = None
) -> None:
    """Send nothing to an address any more; the first reason stays."""
    t = suppression_table
    note = None if note is None else held(note)
    statement = conflict_insert(connection.dialect)(t).values(
        scope_id=scope_id, channel=channel, address=place_of(channel, address), reason=reason, is_active=True,
        bounces=0, at_ms=at_ms, note=note,
    )  # fmt: skip
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=list(t.primary_key.columns),
            set_={"reason": reason, "is_active": True, "at_ms": at_ms, "note": note},
            where=t.c.is_active.is_(False),
        )
    )


def note_soft_bounce(
    connection: Connection, scope_id: int, channel: str, address: str, at_ms: int, limit: int, *, is_late: bool = False
) -> None:
    """Count a passing bounce; at `limit` in a row the address is suppressed. is_late: the provider had taken it."""
    t = suppression_table
    place = place_of(channel, address)
    statement = conflict_insert(connection.dialect)(t).values(
        scope_id=scope_id, channel=channel, address=place, reason=LATE if is_late and limit > 1 else "softBounces",
        is_active=limit <= 1, bounces=1, at_ms=at_ms, note=None,
    )  # fmt: skip
    bounces = case((t.c.at_ms < at_ms - ROW_MS, 1), else_=t.c.bounces + 1)
    reason = case((t.c.is_active, t.c.reason), (bounces >= limit, "softBounces"), else_=LATE if is_late else t.c.reason)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=list(t.primary_key.columns),
            set_={
                "bounces": bounces,
                "is_active": or_(t.c.is_active, bounces >= limit),
                "reason": reason,
                "at_ms": at_ms,
            },
        )
    )


def forget_soft_bounces(
    connection: Connection, places: Iterable[tuple[int, str, str]], *, is_certain: bool = True
) -> None:
    """(scope, channel, address) that a message has reached: bounces before it count no more.

    is_certain: not only has a provider taken it, which says nothing against bounces that come later.
    """
    t = suppression_table
    wanted = [(scope_id, channel, place_of(channel, address)) for scope_id, channel, address in places]
    for start in range(0, len(wanted), 300):
        statement = delete(t).where(
            tuple_(t.c.scope_id, t.c.channel, t.c.address).in_(wanted[start : start + 300]), t.c.is_active.is_(False)
        )
        connection.execute(statement if is_certain else statement.where(t.c.reason != LATE))


def unsuppress(connection: Connection, scope_id: int, channel: str, address: str) -> bool:
    """Send to an address again; whether it was in the list."""
    t = suppression_table
    gone = connection.execute(
        delete(t).where(t.c.scope_id == scope_id, t.c.channel == channel, t.c.address == place_of(channel, address))
    )
    return gone.rowcount > 0


def welcome_back(connection: Connection, scope_id: int, channel: str, address: str) -> None:
    """Send again to somebody who asks for it from that address: it is alive. Complaints and manual entries stay."""
    t = suppression_table
    connection.execute(
        delete(t).where(
            t.c.scope_id == scope_id, t.c.channel == channel, t.c.address == place_of(channel, address),
            t.c.reason.in_(("unsubscribe", "hardBounce", "softBounces", LATE)),
        )
    )  # fmt: skip


def list_suppressed(
    connection: Connection, scope_id: int, channel: str | None, address: str | None, start: int, limit: int
) -> list[Any]:
    """The list, the latest first."""
    t = suppression_table
    statement = select(*t.c).where(t.c.scope_id == scope_id, t.c.is_active.is_(True))
    if channel is not None:
        statement = statement.where(t.c.channel == held(channel))
    if address is not None:
        places = [place_of(one, address) for one in ("email", "sms")]
        statement = statement.where(t.c.address.in_(places))
    return list(
        connection.execute(statement.order_by(t.c.at_ms.desc(), t.c.channel, t.c.address).offset(start).limit(limit))
    )


# --- messages and what became of them ---


def insert_messages(connection: Connection, reports: Sequence[tuple[int, Report]], at_ms: int) -> None:
    """Note messages whose calls were answered, by scope; one that is noted already stays."""
    rows = [
        _hold_message(
            (
                r.key, scope_id, r.channel, r.address, r.namespace, r.identity, r.template_uid, r.template_name,
                r.configuration_uid, r.journey_uid, r.version_uid, r.node_id, r.category, r.provider, r.provider_id,
                r.status, r.code, r.reason, r.is_test, at_ms, hour_of(r, at_ms), " ".join(r.tracked),
                r.is_time_optimized,
            )
        )
        for scope_id, r in reports
    ]  # fmt: skip
    _INSERT_MESSAGES.run(connection, rows)


_STORED = select(*(message_table.c[name] for name in Stored._fields))


def find_messages(connection: Connection, keys: Iterable[str]) -> dict[str, Stored]:
    """Messages by key."""
    found: dict[str, Stored] = {}
    wanted = list(dict.fromkeys(map(held, keys)))
    for start in range(0, len(wanted), 500):
        rows = connection.execute(_STORED.where(message_table.c.key.in_(wanted[start : start + 500])))
        found.update((row.key, Stored(*row)) for row in rows)
    return found


def find_by_provider_id(
    connection: Connection, scope_id: int, configuration_uid: str | None, provider_id: str
) -> Stored | None:
    """The message that the provider of a configuration calls by this id; None: of any configuration."""
    c = message_table.c
    statement = _STORED.where(c.scope_id == scope_id, c.provider_id == held(provider_id)[:255])
    if configuration_uid is not None:
        statement = statement.where(c.configuration_uid == configuration_uid)
    row = connection.execute(statement).first()
    return None if row is None else Stored(*row)


def list_messages(
    connection: Connection, scope_id: int, filters: Mapping[str, str], start: int, limit: int
) -> list[Stored]:
    """Messages, the latest first."""
    c = message_table.c
    statement = _STORED.where(c.scope_id == scope_id)
    for name, value in filters.items():
        statement = statement.where(_is(c[name], value))
    statement = statement.order_by(c.at_ms.desc(), c.key).offset(start).limit(limit)
    return [Stored(*row) for row in connection.execute(statement)]


def list_events(connection: Connection, key: str) -> list[Any]:
    """What became of a message, in the order of its first happening."""
    t = message_event_table
    return list(connection.execute(select(*t.c).where(t.c.key == key).order_by(t.c.first_at_ms, t.c.status)))


def set_status(connection: Connection, key: str, status: str, code: str | None, reason: str | None) -> None:
    """What is known of a message by now."""
    values = dict(zip(("status", "code", "reason"), _hold_status((status, code, reason)), strict=True))
    connection.execute(update(message_table).where(message_table.c.key == key).values(values))


class Happening(NamedTuple):
    """Something that became of a message."""

    scope_id: int
    key: str
    version_uid: str
    node_id: str
    status: str
    at_ms: int


def count_events(connection: Connection, happenings: Sequence[Happening]) -> set[tuple[str, str]]:
    """Count what became of messages, each message once for each status beside every time.

    Rows are written in one order, so that two who count at a time wait for each other, and never in a circle.
    Returns (key, status) of what had become of no message before.
    """
    if not happenings:
        return set()
    totals: dict[tuple[str, str], list[Any]] = {}
    for one in happenings:
        entry = totals.setdefault((one.key, one.status), [0, one])
        entry[0] += 1
    e = message_event_table
    known: set[tuple[str, str]] = set()
    pairs = list(totals)
    for start in range(0, len(pairs), 300):
        rows = connection.execute(
            select(e.c.key, e.c.status).where(tuple_(e.c.key, e.c.status).in_(pairs[start : start + 300]))
        )
        known |= {(row.key, row.status) for row in rows}
    counts: dict[tuple[int, str, str, str], list[int]] = {}
    for pair, (number, one) in totals.items():
        version_uid, node_id, status = _hold_place((one.version_uid, one.node_id, one.status))
        place = counts.setdefault((one.scope_id, version_uid, node_id, status), [0, 0])
        place[0] += pair not in known
        place[1] += number
    insert_event = conflict_insert(connection.dialect)(e)
    connection.execute(
        insert_event.on_conflict_do_update(
            index_elements=list(e.primary_key.columns), set_={"count": e.c.count + insert_event.excluded["count"]}
        ),
        [
            {"key": key, "status": status, "count": number, "first_at_ms": one.at_ms}
            for (key, status), (number, one) in sorted(totals.items())
        ],
    )
    t = message_count_table
    insert_count = conflict_insert(connection.dialect)(t)
    connection.execute(
        insert_count.on_conflict_do_update(
            index_elements=list(t.primary_key.columns),
            set_={
                "messages": t.c.messages + insert_count.excluded["messages"],
                "events": t.c.events + insert_count.excluded["events"],
            },
        ),
        [
            {
                "scope_id": scope_id,
                "version_uid": version,
                "node_id": node,
                "status": status,
                "messages": m,
                "events": n,
            }
            for (scope_id, version, node, status), (m, n) in sorted(counts.items())
        ],
    )
    return totals.keys() - known


def counts_of(connection: Connection, scope_id: int, version_uid: str) -> list[Any]:
    """(node_id, status, messages, events) of a version."""
    t = message_count_table
    return list(
        connection.execute(
            select(t.c.node_id, t.c.status, t.c.messages, t.c.events)
            .where(t.c.scope_id == scope_id, t.c.version_uid == held(version_uid))
            .order_by(t.c.node_id, t.c.status)
        )
    )


def _is(column: Column[Any], value: str) -> Any:
    """Whether a column has a value; an address without regard to case."""
    value = held(value)
    if column.name != "address":
        return column == value
    return or_(column == value, func.lower(column) == value.lower())  # SQLite's lower() knows ASCII only


def content_text(content: Mapping[str, Any]) -> str:
    """A rendered message as the inbox stores it."""
    return orjson.dumps(content).decode()
