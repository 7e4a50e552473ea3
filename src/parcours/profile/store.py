"""Profile fragments and profile events in SQL."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import BigInteger, Column, Connection, Index, String, Table, Text, delete, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from parcours.db import metadata
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
    Column("event_id", Text, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("dataset_id", String(60), nullable=False),
    Column("received_at_ms", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "scope_id", "dataset_id"),
)

MAX_EVENTS = 1_000
"""Most events of one person an expression sees, newest first. Source: expression-language §7.6."""


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
    event_id: str
    at_ms: int
    dataset_id: str
    received_at_ms: int
    line: bytes


def put_fragments(connection: Connection, rows: Sequence[FragmentRow]) -> None:
    """Write fragments; the record a data set already held for an identity is replaced whole."""
    if not rows:
        return
    make = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert
    statement = make(profile_fragment_table)
    statement = statement.on_conflict_do_update(
        index_elements=list(profile_fragment_table.primary_key.columns),
        set_={"updated_at_us": statement.excluded.updated_at_us, "body": statement.excluded.body},
    )
    connection.execute(
        statement,
        [
            {
                "scope_id": r.scope_id,
                "namespace": r.identity[0],
                "identity": r.identity[1],
                "dataset_id": r.dataset_id,
                "updated_at_us": r.updated_at_us,
                "body": r.line.decode(),
            }
            for r in rows
        ],
    )


def put_events(connection: Connection, rows: Sequence[EventRow]) -> None:
    """Write events; one that is there already (same person, same `_id`) stays as it was."""
    if not rows:
        return
    make = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert
    connection.execute(
        make(profile_event_table).on_conflict_do_nothing(),
        [
            {
                "scope_id": r.scope_id,
                "namespace": r.identity[0],
                "identity": r.identity[1],
                "event_id": r.event_id,
                "at_ms": r.at_ms,
                "dataset_id": r.dataset_id,
                "received_at_ms": r.received_at_ms,
                "body": r.line.decode(),
            }
            for r in rows
        ],
    )


def find_fragments(
    connection: Connection, scope_id: int, identities: Sequence[Identity]
) -> dict[Identity, list[Fragment]]:
    """The fragments of each identity; those without any are absent."""
    t = profile_fragment_table
    found: dict[Identity, list[Fragment]] = {}
    for start in range(0, len(identities), 400):
        rows = connection.execute(
            select(t.c.namespace, t.c.identity, t.c.dataset_id, t.c.updated_at_us, t.c.body).where(
                t.c.scope_id == scope_id,
                tuple_(t.c.namespace, t.c.identity).in_(list(identities[start : start + 400])),
            )
        )
        for namespace, identity, dataset_id, updated_at_us, body in rows:
            found.setdefault((namespace, identity), []).append(Fragment(dataset_id, updated_at_us, orjson.loads(body)))
    return found


def find_events(
    connection: Connection,
    scope_id: int,
    identities: Sequence[Identity],
    *,
    from_ms: int = 0,
    to_ms: int = 2**62,
    limit: int = MAX_EVENTS,
    newest_first: bool = True,
) -> list[tuple[Identity, str, int, int, dict[str, Any]]]:
    """(identity, event id, time in ms, received in ms, entity) of a person's events between two times."""
    t = profile_event_table
    order = (t.c.at_ms.desc(), t.c.event_id.desc()) if newest_first else (t.c.at_ms, t.c.event_id)
    rows = connection.execute(
        select(t.c.namespace, t.c.identity, t.c.event_id, t.c.at_ms, t.c.received_at_ms, t.c.body)
        .where(
            t.c.scope_id == scope_id,
            tuple_(t.c.namespace, t.c.identity).in_(list(identities)),
            t.c.at_ms >= from_ms,
            t.c.at_ms < to_ms,
        )
        .order_by(*order)
        .limit(limit)
    )
    return [((r[0], r[1]), r[2], r[3], r[4], orjson.loads(r[5])) for r in rows]


def delete_person(connection: Connection, scope_id: int, identities: Iterable[Identity]) -> int:
    """Remove every fragment and event of the identities; how many rows went."""
    gone = 0
    members = list(identities)
    for t in (profile_fragment_table, profile_event_table):
        gone += connection.execute(
            delete(t).where(t.c.scope_id == scope_id, tuple_(t.c.namespace, t.c.identity).in_(members))
        ).rowcount
    return gone


def delete_data_set(connection: Connection, scope_id: int, dataset_id: str) -> int:
    """Remove what a data set gave to profiles; how many rows went."""
    gone = 0
    for t in (profile_fragment_table, profile_event_table):
        gone += connection.execute(delete(t).where(t.c.scope_id == scope_id, t.c.dataset_id == dataset_id)).rowcount
    return gone
