"""Profile fragments and profile events in SQL."""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    String,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
)

from parcours.db import metadata
from parcours.db.among import among, texts
from parcours.db.bulk import bulk_upsert
from parcours.identity.graph import by_namespace
from parcours.xdm.identities import Identity

profile_fragment_table = Table(
    "profile_fragment",
    metadata,
    Column("scope_id", BigInteger, primary_key=True),
    Column("namespace", String(64), primary_key=True),
    Column("identity", Text, primary_key=True),
    Column("dataset_id", String(60), primary_key=True),
    Column("updated_at_us", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)
profile_event_table = Table(
    "profile_event",
    metadata,
    Column("scope_id", BigInteger, primary_key=True),
    Column("namespace", String(64), primary_key=True),
    Column("identity", Text, primary_key=True),
    Column("at_ms", BigInteger, primary_key=True),
    Column("event_key", Text().with_variant(Text(collation="C"), "postgresql"), primary_key=True),
    Column("dataset_id", String(60), nullable=False),
    Column("received_at_ms", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "scope_id", "dataset_id"),
)
"""The key is in the order of a person's time line, so that a page of it is one stretch of the index."""

test_profile_table = Table(
    "test_profile",
    metadata,
    Column("scope_id", BigInteger, primary_key=True),
    Column("namespace", String(64), primary_key=True),
    Column("identity", Text, primary_key=True),
)
"""Identities of which a record has said `testProfile: true` since they were last deleted: few, among all profiles.

Whether one still says so its fragments tell.
"""

MAX_KEY_CHARACTERS = 256
MAX_EVENTS = 1_000
"""Most events of one person an expression sees, newest first. Source: expression-language §7.6."""
MIN_MS, MAX_MS = -(2**62), 2**62


_TEST_PROFILE = b'"testProfile":true'
"""Part of every record that says so: lines are compact JSON."""


def find_test_profiles(connection: Connection, scope_id: int, namespace: str, search: str, limit: int) -> list[str]:
    """Identities of a namespace whose own records say `testProfile: true`, in order. search: a part, in any case."""
    t, f = test_profile_table, profile_fragment_table
    of_it = and_(f.c.scope_id == t.c.scope_id, f.c.namespace == t.c.namespace, f.c.identity == t.c.identity)
    statement = (
        select(t.c.identity, f.c.body)
        .select_from(t.join(f, of_it))
        .where(t.c.scope_id == scope_id, t.c.namespace == namespace)
        .order_by(t.c.identity)
    )
    if search:
        statement = statement.where(t.c.identity.icontains(search, autoescape=True))
    found: dict[str, None] = {}
    rows = connection.execute(statement.execution_options(yield_per=500))
    for identity, body in rows:
        if identity not in found and orjson.loads(body).get("testProfile") is True:
            found[identity] = None
            if len(found) == limit:
                break
    rows.close()
    return list(found)


class Fragment(NamedTuple):
    """What one data set knows of one identity: its latest record."""

    dataset_id: str
    updated_at_us: int
    body: dict[str, Any]


class FragmentRow(NamedTuple):
    """A fragment to be written."""

    scope_id: int
    identity: Identity
    dataset_id: str
    updated_at_us: int
    line: bytes


class EventRow(NamedTuple):
    """An experience event to be written."""

    scope_id: int
    identity: Identity
    at_ms: int
    event_key: str
    """From `event_key`."""
    dataset_id: str
    received_at_ms: int
    line: bytes


class ProfileEvent(NamedTuple):
    """An experience event as it is stored. Its first four fields are what a person's events are ordered by."""

    at_ms: int
    event_key: str
    namespace: str
    identity: str
    dataset_id: str
    received_at_ms: int
    entity: dict[str, Any]


EventPlace = tuple[int, str, str, str]
"""(at_ms, event key, namespace, identity): where an event stands in a time line."""


def event_key(event_id: str) -> str:
    """An event's `_id` in a form every database can hold in a key: a digest stands for a very long one."""
    if len(event_id) <= MAX_KEY_CHARACTERS and "\0" not in event_id:
        return event_id
    return f"#{blake2b(event_id.encode(), digest_size=32).hexdigest()}"


_PUT_FRAGMENTS = bulk_upsert(
    profile_fragment_table,
    ("scope_id", "namespace", "identity", "dataset_id", "updated_at_us", "body"),
    update=("updated_at_us", "body"),
)
_PUT_TEST_PROFILES = bulk_upsert(test_profile_table, ("scope_id", "namespace", "identity"))
_PUT_EVENTS = bulk_upsert(
    profile_event_table,
    ("scope_id", "namespace", "identity", "at_ms", "event_key", "dataset_id", "received_at_ms", "body"),
)


def put_fragments(connection: Connection, rows: Sequence[FragmentRow]) -> None:
    """Write fragments; the record a data set already held for an identity is replaced whole."""
    _PUT_FRAGMENTS.run(
        connection,
        [(scope_id, *identity, dataset, at_us, line.decode()) for scope_id, identity, dataset, at_us, line in rows],
    )
    _PUT_TEST_PROFILES.run(connection, [(row.scope_id, *row.identity) for row in rows if _TEST_PROFILE in row.line])


def delete_fragments(connection: Connection, places: Iterable[tuple[int, Identity, str]]) -> None:
    """Delete what data sets hold of identities. places: (scope, identity, data set id)."""
    names = ("scope", "of", "who", "dataset")
    rows = [dict(zip(names, (scope_id, *identity, dataset), strict=True)) for scope_id, identity, dataset in places]
    if rows:
        connection.execute(_DELETE_FRAGMENT, rows)


_DELETE_FRAGMENT = delete(profile_fragment_table).where(
    profile_fragment_table.c.scope_id == bindparam("scope"),
    profile_fragment_table.c.namespace == bindparam("of"),
    profile_fragment_table.c.identity == bindparam("who"),
    profile_fragment_table.c.dataset_id == bindparam("dataset"),
)


def put_events(connection: Connection, rows: Sequence[EventRow]) -> None:
    """Write events; one that is there already (same person, time and `_id`) stays as it was."""
    _PUT_EVENTS.run(
        connection,
        [
            (scope_id, *identity, at_ms, key, dataset_id, received_at_ms, line.decode())
            for scope_id, identity, at_ms, key, dataset_id, received_at_ms, line in rows
        ],
    )


_FRAGMENTS = (
    select(
        profile_fragment_table.c.identity,
        profile_fragment_table.c.dataset_id,
        profile_fragment_table.c.updated_at_us,
        profile_fragment_table.c.body,
    )
    .where(
        profile_fragment_table.c.scope_id == bindparam("scope_id"),
        profile_fragment_table.c.namespace == bindparam("namespace"),
        among(profile_fragment_table.c.identity),
    )
    .order_by(profile_fragment_table.c.updated_at_us, profile_fragment_table.c.dataset_id)
)


def find_fragments(
    connection: Connection, scope_id: int, identities: Sequence[Identity]
) -> dict[Identity, list[Fragment]]:
    """The fragments of each identity, the oldest first; those without any are absent."""
    found: dict[Identity, list[Fragment]] = {}
    for namespace, values in by_namespace(identities):
        wanted = {"scope_id": scope_id, "namespace": namespace, "texts": texts(values)}
        for identity, dataset_id, updated_at_us, body in connection.execute(_FRAGMENTS, wanted):
            found.setdefault((namespace, identity), []).append(Fragment(dataset_id, updated_at_us, orjson.loads(body)))
    return found


def find_events(
    connection: Connection,
    scope_id: int,
    identities: Sequence[Identity],
    *,
    from_ms: int = MIN_MS,
    to_ms: int = MAX_MS,
    start: EventPlace | None = None,
    limit: int = MAX_EVENTS,
    newest_first: bool = True,
) -> list[ProfileEvent]:
    """Events of a person from `from_ms` up to before `to_ms`, in the order asked for.

    start: the place to begin at, itself included; None begins at the end of the time line that comes first.
    """
    t = profile_event_table
    place = (t.c.at_ms, t.c.event_key, t.c.namespace, t.c.identity)
    order = [t.c.at_ms.desc(), t.c.event_key.desc()] if newest_first else [t.c.at_ms, t.c.event_key]
    rows: list[Any] = []
    for member in identities:  # one by one: each is then read off the index in order, however many events there are
        statement = select(*place, t.c.dataset_id, t.c.received_at_ms, t.c.body).where(
            t.c.scope_id == scope_id,
            t.c.namespace == member[0],
            t.c.identity == member[1],
            t.c.at_ms >= from_ms,
            t.c.at_ms < to_ms,
        )
        if start is not None:
            statement = statement.where(_not_before(start, member, newest_first))
        rows.extend(connection.execute(statement.order_by(*order).limit(limit)))
    rows.sort(key=lambda row: (row[0], row[1], row[2], row[3]), reverse=newest_first)
    return [ProfileEvent(r[0], r[1], r[2], r[3], r[4], r[5], orjson.loads(r[6])) for r in rows[:limit]]


def _not_before(start: EventPlace, member: Identity, newest_first: bool) -> ColumnElement[bool]:
    """Whether an event of `member` stands at `start` or comes after it."""
    t = profile_event_table
    at_ms, key, *owner = start
    if newest_first:
        rest = t.c.event_key <= key if list(member) <= owner else t.c.event_key < key
        return and_(t.c.at_ms <= at_ms, or_(t.c.at_ms < at_ms, rest))
    rest = t.c.event_key >= key if list(member) >= owner else t.c.event_key > key
    return and_(t.c.at_ms >= at_ms, or_(t.c.at_ms > at_ms, rest))


def find_event_sources(connection: Connection, scope_id: int, identities: Iterable[Identity]) -> dict[str, int]:
    """Data set → when the latest event it gave a person was received, in ms, as far as the last thousand tell."""
    t = profile_event_table
    found: dict[str, int] = {}
    for namespace, identity in identities:
        latest = (
            select(t.c.dataset_id, t.c.received_at_ms)
            .where(t.c.scope_id == scope_id, t.c.namespace == namespace, t.c.identity == identity)
            .order_by(t.c.at_ms.desc())
            .limit(MAX_EVENTS)
            .subquery()
        )
        rows = connection.execute(
            select(latest.c.dataset_id, func.max(latest.c.received_at_ms)).group_by(latest.c.dataset_id)
        )
        for dataset_id, received_at_ms in rows:
            found[dataset_id] = max(received_at_ms, found.get(dataset_id, received_at_ms))
    return found


def is_known(connection: Connection, scope_id: int, identities: Sequence[Identity]) -> bool:
    """Whether any data set holds a fragment or an event of these identities."""
    for t in (profile_fragment_table, profile_event_table):
        for namespace, values in by_namespace(identities):
            found = connection.execute(
                select(t.c.scope_id)
                .where(t.c.scope_id == scope_id, t.c.namespace == namespace, t.c.identity.in_(values))
                .limit(1)
            ).first()
            if found is not None:
                return True
    return False


def delete_person(connection: Connection, scope_id: int, identities: Iterable[Identity]) -> int:
    """Remove every fragment and event of the identities; how many rows went."""
    gone = 0
    for namespace, values in by_namespace(identities):
        for t in (profile_fragment_table, profile_event_table):
            gone += connection.execute(
                delete(t).where(t.c.scope_id == scope_id, t.c.namespace == namespace, t.c.identity.in_(values))
            ).rowcount
        t = test_profile_table
        connection.execute(
            delete(t).where(t.c.scope_id == scope_id, t.c.namespace == namespace, t.c.identity.in_(values))
        )
    return gone


def delete_data_set(connection: Connection, scope_id: int, dataset_id: str) -> int:
    """Remove what a data set gave to profiles; how many rows went."""
    gone = 0
    for t in (profile_fragment_table, profile_event_table):
        gone += connection.execute(delete(t).where(t.c.scope_id == scope_id, t.c.dataset_id == dataset_id)).rowcount
    known, f = test_profile_table, profile_fragment_table
    of_it = and_(f.c.scope_id == scope_id, f.c.namespace == known.c.namespace, f.c.identity == known.c.identity)
    connection.execute(delete(known).where(known.c.scope_id == scope_id, ~exists().where(of_it)))
    return gone
