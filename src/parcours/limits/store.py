"""What limits were doing when the worker last wrote it down: it outlives a restart, and other processes show it."""

from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import BigInteger, Column, Connection, String, Table, Text, delete, select

from parcours.db import metadata
from parcours.db.bulk import bulk_upsert

limit_state_table = Table(
    "limit_state",
    metadata,
    Column("uid", String(255), primary_key=True),
    Column("saved_at_us", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
)
_SAVE = bulk_upsert(limit_state_table, ("uid", "saved_at_us", "state"), ("saved_at_us", "state"))


def save_states(connection: Connection, states: Mapping[str, Mapping[str, Any]], now_us: int) -> None:
    """Write down states by the uid of their configuration."""
    _SAVE.run(connection, [(uid, now_us, orjson.dumps(state).decode()) for uid, state in states.items()])


def load_state(connection: Connection, uid: str) -> tuple[int, dict[str, Any]] | None:
    """When it was written, and the state; None when there is none."""
    t = limit_state_table
    row = connection.execute(select(t.c.saved_at_us, t.c.state).where(t.c.uid == uid)).first()
    return None if row is None else (row.saved_at_us, orjson.loads(row.state))


def load_states(connection: Connection) -> dict[str, tuple[int, dict[str, Any]]]:
    """All of them, by uid."""
    t = limit_state_table
    rows = connection.execute(select(t.c.uid, t.c.saved_at_us, t.c.state))
    return {row.uid: (row.saved_at_us, orjson.loads(row.state)) for row in rows}


def forget_state(connection: Connection, uid: str) -> None:
    """Drop the state of a configuration that is deleted."""
    connection.execute(delete(limit_state_table).where(limit_state_table.c.uid == uid))
