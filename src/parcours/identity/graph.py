"""The private graph: identities seen together in one record belong to one person."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import BigInteger, Column, Connection, String, Table, Text, bindparam, delete, func, select

from parcours.db import metadata
from parcours.db.among import among, texts
from parcours.db.bulk import conflict_insert
from parcours.identity.namespaces import STANDARD
from parcours.resources.store import ResourceStore, revision_table
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

_DELETE_LINK = delete(identity_link_table).where(
    identity_link_table.c.scope_id == bindparam("b_scope"),
    identity_link_table.c.namespace == bindparam("b_ns"),
    identity_link_table.c.identity == bindparam("b_id"),
    identity_link_table.c.other_namespace == bindparam("b_other_ns"),
    identity_link_table.c.other_identity == bindparam("b_other_id"),
)

Link = tuple[int, Identity, Identity]
"""(scope, identity, identity), one direction."""

GRAPH_KIND = "identity-graph"
"""Its revision is raised whenever links are deleted."""

_EVICTION = {"PARTNER": 0, "COOKIE": 1, "DEVICE": 2}
_EVICTION_BY_NAMESPACE = {n.code: _EVICTION.get(n.id_type, 3) for n in STANDARD}


class StoredLink(NamedTuple):
    """One direction of a link as it is stored."""

    one: Identity
    other: Identity
    first_at_ms: int


def insert_links(connection: Connection, links: Iterable[Link], now_ms: int) -> None:
    """Add links that are not there yet, in both directions.

    An identity keeps as many neighbours as a graph has room for. Above that, cookies go first, then devices, then
    the rest, and within each the oldest; a custom namespace counts as the rest. Source: platform-apis §7.3.
    """
    ends = [(scope_id, a, b) for scope_id, one, other in links for a, b in ((one, other), (other, one))]
    rows = [
        {
            "scope_id": scope_id,
            "namespace": a[0],
            "identity": a[1],
            "other_namespace": b[0],
            "other_identity": b[1],
            "first_at_ms": now_ms,
        }
        for scope_id, a, b in ends
    ]
    if rows:
        make = conflict_insert(connection.dialect)
        connection.execute(make(identity_link_table).on_conflict_do_nothing(), rows)
        for scope_id in {scope_id for scope_id, _, _ in ends}:
            _evict(connection, scope_id, (a for scope, a, _ in ends if scope == scope_id))


def _evict(connection: Connection, scope_id: int, identities: Iterable[Identity]) -> None:
    t = identity_link_table
    for namespace, values in by_namespace(identities):
        crowded = connection.execute(
            select(t.c.identity)
            .where(t.c.scope_id == scope_id, t.c.namespace == namespace, among(t.c.identity))
            .group_by(t.c.identity)
            .having(func.count() >= MAX_MEMBERS),
            {"texts": texts(values)},
        ).all()
        for (value,) in crowded:
            links = find_links(connection, scope_id, [(namespace, value)])
            links.sort(key=lambda link: (_EVICTION_BY_NAMESPACE.get(link.other[0], 3), link.first_at_ms, link.other))
            _delete(connection, scope_id, links[: len(links) - MAX_MEMBERS + 1])


def by_namespace(identities: Iterable[Identity]) -> Iterator[tuple[str, list[str]]]:
    """(namespace, ids) groups for one statement each.

    SQLite finds `namespace = ? AND identity IN (…)` in an index, but reads a whole sandbox for
    `(namespace, identity) IN (…)`.
    """
    groups: dict[str, dict[str, None]] = {}
    for namespace, value in identities:
        groups.setdefault(namespace, {})[value] = None
    for namespace, group in groups.items():
        yield namespace, list(group)


_LINKS = select(
    identity_link_table.c.identity,
    identity_link_table.c.other_namespace,
    identity_link_table.c.other_identity,
    identity_link_table.c.first_at_ms,
).where(
    identity_link_table.c.scope_id == bindparam("scope_id"),
    identity_link_table.c.namespace == bindparam("namespace"),
    among(identity_link_table.c.identity),
)


def find_links(connection: Connection, scope_id: int, identities: Iterable[Identity]) -> list[StoredLink]:
    """Every link from the given identities; those of one identity stand with the latest first."""
    found: list[StoredLink] = []
    for namespace, values in by_namespace(identities):
        wanted = {"scope_id": scope_id, "namespace": namespace, "texts": texts(values)}
        rows = connection.execute(_LINKS, wanted)
        found.extend(StoredLink((namespace, r[0]), (r[1], r[2]), r[3]) for r in rows)
    found.sort(key=lambda link: (-link.first_at_ms, link.other))
    return found


def find_neighbours(
    connection: Connection, scope_id: int, identities: Sequence[Identity]
) -> dict[Identity, list[Identity]]:
    """Directly linked identities of each given one, the latest link first; those without links are absent."""
    found: dict[Identity, list[Identity]] = {}
    for link in find_links(connection, scope_id, identities):
        found.setdefault(link.one, []).append(link.other)
    return found


def find_clusters(
    connection: Connection, scope_id: int, identities: Sequence[Identity]
) -> dict[Identity, list[Identity]]:
    """For each identity every one linked to it, directly or through others, itself first; 50 at most."""
    clusters: dict[Identity, dict[Identity, None]] = {identity: {identity: None} for identity in identities}
    frontiers = {identity: [identity] for identity in identities}
    neighbours: dict[Identity, list[Identity]] = {}
    while frontiers:
        wanted = dict.fromkeys(member for frontier in frontiers.values() for member in frontier)
        unread = [member for member in wanted if member not in neighbours]
        found = find_neighbours(connection, scope_id, unread)
        for member in unread:
            neighbours[member] = found.get(member, [])
        frontiers = {
            start: grown
            for start, frontier in frontiers.items()
            if (grown := _grow(clusters[start], frontier, neighbours))
        }
    return {identity: list(cluster) for identity, cluster in clusters.items()}


def _grow(
    cluster: dict[Identity, None], frontier: Sequence[Identity], neighbours: dict[Identity, list[Identity]]
) -> list[Identity]:
    """Take up the neighbours of a frontier while there is room; those taken up."""
    grown: list[Identity] = []
    for member in frontier:
        for other in neighbours[member]:
            if len(cluster) == MAX_MEMBERS:
                return []
            if other not in cluster:
                cluster[other] = None
                grown.append(other)
    return grown


def find_cluster(connection: Connection, scope_id: int, identity: Identity) -> list[Identity]:
    """Every identity linked to this one, directly or through others, itself first; 50 at most."""
    return find_clusters(connection, scope_id, [identity])[identity]


def delete_links(connection: Connection, scope_id: int, identities: Sequence[Identity]) -> int:
    """Remove every link of the identities, from both ends; how many links went."""
    links = find_links(connection, scope_id, identities)
    if links:
        _delete(connection, scope_id, links)
        ResourceStore().touch(connection, GRAPH_KIND)
    return len({frozenset((link.one, link.other)) for link in links})


def graph_revision(connection: Connection) -> int:
    """Changes whenever links were deleted; until then what was once seen linked still is, save what was evicted."""
    t = revision_table
    return connection.execute(select(t.c.value).where(t.c.kind == GRAPH_KIND)).scalar() or 0


def _delete(connection: Connection, scope_id: int, links: Iterable[StoredLink]) -> None:
    ends = dict.fromkeys(end for one, other, _ in links for end in ((*one, *other), (*other, *one)))
    rows = [{"b_scope": scope_id, "b_ns": a, "b_id": b, "b_other_ns": c, "b_other_id": d} for a, b, c, d in ends]
    if rows:
        connection.execute(_DELETE_LINK, rows)
