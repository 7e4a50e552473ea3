"""The private graph: identities seen together in one record belong to one person."""

from collections.abc import Iterable, Sequence

from sqlalchemy import BigInteger, Column, Connection, String, Table, Text, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from parcours.db import metadata
from parcours.xdm.identities import Identity

MAX_MEMBERS = 50
"""Most identities of one graph. Source: platform-apis §7.3."""

identity_link_table = Table(
    "identity_link",
    metadata,
    Column("scope_id", BigInteger, primary_key=True),
    Column("namespace", String(64), primary_key=True),
    Column("identity", Text, primary_key=True),
    Column("other_namespace", String(64), primary_key=True),
    Column("other_identity", Text, primary_key=True),
    Column("first_at_ms", BigInteger, nullable=False),
)
"""Each link stands twice, once from either end, so that neighbours are one look-up."""

Link = tuple[int, Identity, Identity]
"""(scope, identity, identity), one direction."""


def insert_links(connection: Connection, links: Iterable[Link], now_ms: int) -> None:
    """Add links that are not there yet, in both directions."""
    rows = [
        {
            "scope_id": scope_id,
            "namespace": a[0],
            "identity": a[1],
            "other_namespace": b[0],
            "other_identity": b[1],
            "first_at_ms": now_ms,
        }
        for scope_id, one, other in links
        for a, b in ((one, other), (other, one))
    ]
    if rows:
        make = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert
        connection.execute(make(identity_link_table).on_conflict_do_nothing(), rows)


def find_neighbours(
    connection: Connection, scope_id: int, identities: Sequence[Identity]
) -> dict[Identity, list[Identity]]:
    """Directly linked identities of each given one; those without links are absent."""
    t = identity_link_table
    found: dict[Identity, list[Identity]] = {}
    for start in range(0, len(identities), 400):
        rows = connection.execute(
            select(t.c.namespace, t.c.identity, t.c.other_namespace, t.c.other_identity)
            .where(
                t.c.scope_id == scope_id,
                tuple_(t.c.namespace, t.c.identity).in_(list(identities[start : start + 400])),
            )
            .order_by(t.c.first_at_ms)
        )
        for namespace, identity, other_namespace, other_identity in rows:
            found.setdefault((namespace, identity), []).append((other_namespace, other_identity))
    return found


def find_cluster(connection: Connection, scope_id: int, identity: Identity) -> list[Identity]:
    """Every identity linked to this one, directly or through others, itself first; 50 at most."""
    members: dict[Identity, None] = {identity: None}
    frontier = [identity]
    while frontier and len(members) < MAX_MEMBERS:
        neighbours = find_neighbours(connection, scope_id, frontier)
        frontier = []
        for near in neighbours.values():
            for other in near:
                if other not in members and len(members) < MAX_MEMBERS:
                    members[other] = None
                    frontier.append(other)
    return list(members)
