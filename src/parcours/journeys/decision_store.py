"""What was decided about each event, and which set of configurations it was not, in SQL."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    String,
    Table,
    Text,
    bindparam,
    delete,
    literal_column,
    select,
    tuple_,
)

from parcours.db import metadata
from parcours.db.among import among, texts
from parcours.db.bulk import Bulk, bulk_insert, conflict_insert
from parcours.events.table import explain

decision_table = Table(
    "event_decision",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("scope_id", BigInteger, nullable=False),
    Column("namespace", String(64)),
    Column("identity", Text),
    Column("event_id", Text, nullable=False),
    Column("inlet_id", String(80), nullable=False),
    Column("xaction_id", String(80), nullable=False),
    Column("received_at_ms", BigInteger, nullable=False),
    Column("decisions", Text, nullable=False),
    Index(None, "scope_id", "identity"),
    Index(None, "scope_id", "event_id"),
)
"""For each event that event configurations look at: what those decided that it is, and which set the others are of.

`decisions` is a JSON list; a last member {"set", "hasId"} stands for the configurations of the set that it is not.
"""
decision_set_table = Table(
    "decision_set",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("configurations", Text, nullable=False),
    Column("used_at_ms", BigInteger, nullable=False),
    Index(None, "used_at_ms"),
)
"""All event configurations that one schema had at some time, once for all events decided about meanwhile.

`id` is the digest of `configurations`; `used_at_ms` is right to the hour.
"""


_INSERT_DECISIONS = bulk_insert(
    decision_table,
    ("scope_id", "namespace", "identity", "event_id", "inlet_id", "xaction_id", "received_at_ms", "decisions"),
)


def insert_decisions(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """What was decided: (scope, namespace, identity, event id, inlet, xaction id, received at, JSON)."""
    _INSERT_DECISIONS.run(connection, rows)


_SET_MARGIN_MS = 3_600_000
_NOTE_SETS = Bulk(
    ("id", "configurations", "used_at_ms"),
    lambda dialect: _note_set(conflict_insert(dialect)(decision_set_table)),
)


def _note_set(made: Any) -> Any:
    """A new set is written; of a known one the time is moved, at most once an hour."""
    return made.on_conflict_do_update(
        index_elements=[decision_set_table.c.id],
        set_={"used_at_ms": made.excluded.used_at_ms},
        where=decision_set_table.c.used_at_ms < made.excluded.used_at_ms - literal_column(str(_SET_MARGIN_MS)),
    )


def note_sets(connection: Connection, sets: Mapping[str, str], now_ms: int) -> None:
    """Keep what decisions name: digest → the configurations of a schema."""
    _NOTE_SETS.run(connection, [(digest, text, now_ms) for digest, text in sets.items()])


_DECIDED = select(decision_table.c.inlet_id, decision_table.c.event_id).where(
    decision_table.c.scope_id == bindparam("scope_id"),
    among(decision_table.c.event_id),
    decision_table.c.received_at_ms > bindparam("since_ms"),
)


def find_duplicates(
    connection: Connection, scope_id: int, event_ids: Sequence[str], since_ms: int
) -> set[tuple[str, str]]:
    """(inlet, event id) pairs already decided about since a time."""
    wanted = {"scope_id": scope_id, "since_ms": since_ms, "texts": texts(event_ids)}
    return {(inlet_id, event_id) for inlet_id, event_id in connection.execute(_DECIDED, wanted)}


def list_qualifications(
    connection: Connection, scope_id: int, inlet_id: str, from_ms: int, to_ms: int
) -> list[tuple[str, str, str, int, dict[str, Any]]]:
    """(namespace, identity, event id, time, what was told) of each decision about a change of an audience, in order.

    inlet_id: what stands in these decisions where those about events name the inlet. to_ms: the first moment after.
    """
    t = decision_table
    rows = connection.execute(
        select(t.c.namespace, t.c.identity, t.c.event_id, t.c.received_at_ms, t.c.decisions)
        .where(t.c.scope_id == scope_id, t.c.inlet_id == inlet_id)
        .where(t.c.received_at_ms >= from_ms, t.c.received_at_ms < to_ms)
        .order_by(t.c.received_at_ms, t.c.id)
    )
    return [(row[0], row[1], row[2], row[3], orjson.loads(row[4])[0]) for row in rows]


def list_decisions(
    connection: Connection,
    scope_id: int,
    *,
    identities: Sequence[tuple[str, str]] = (),
    event_id: str | None = None,
    limit: int = 100,
) -> list[dict[str, Any]]:
    """Decisions about the events of a person, or about one event; newest first."""
    t = decision_table
    statement = select(t).where(t.c.scope_id == scope_id)
    if event_id is not None:
        statement = statement.where(t.c.event_id == event_id)
    else:
        statement = statement.where(
            t.c.identity.in_([identity for _, identity in identities]),
            tuple_(t.c.namespace, t.c.identity).in_(list(identities)),
        )
    rows = connection.execute(statement.order_by(t.c.id.desc()).limit(limit)).all()
    decisions = _with_others(connection, [orjson.loads(row.decisions) for row in rows])
    return [
        {
            "namespace": row.namespace,
            "identity": row.identity,
            "eventId": row.event_id,
            "inletId": row.inlet_id,
            "xactionId": row.xaction_id,
            "receivedTimeMs": row.received_at_ms,
            "decisions": told,
        }
        for row, told in zip(rows, decisions, strict=True)
    ]


def _with_others(connection: Connection, decisions: list[list[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
    """Decisions with the configurations that an event was not written out, each with its reason."""
    named = {told[-1]["set"] for told in decisions if told and "set" in told[-1]}
    t = decision_set_table
    sets = {row.id: row.configurations for row in connection.execute(select(t).where(t.c.id.in_(named)))}
    full: list[list[dict[str, Any]]] = []
    for told in decisions:
        if told and "set" in told[-1]:
            *told, others = told
            matched = {one["eventUid"] for one in told}
            explained = explain(sets.get(others["set"], "[]"), others["hasId"], matched)
            told += [{**one, "outcome": "notMatched"} for one in explained]
        full.append(told)
    return full


def delete_decisions(connection: Connection, before_ms: int, limit: int = 10_000) -> int:
    """Forget the oldest decisions, of events received before a time; how many went, `limit` at most."""
    t = decision_table
    oldest = select(t.c.id).order_by(t.c.id).limit(limit)
    gone = connection.execute(delete(t).where(t.c.id.in_(oldest), t.c.received_at_ms < before_ms)).rowcount
    if gone < limit:
        unused = decision_set_table.c.used_at_ms < before_ms - 2 * _SET_MARGIN_MS
        connection.execute(delete(decision_set_table).where(unused))
    return gone
