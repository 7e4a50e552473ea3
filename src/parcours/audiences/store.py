"""Memberships, their counts, and the qualifications that journeys hear of, in SQL.

Whoever decides who is in an audience writes through `realize` and `leave`: the membership, the counts and, where
somebody listens, the qualification change in one transaction, the caller's.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    String,
    Table,
    Text,
    bindparam,
    delete,
    select,
    tuple_,
    update,
)

from parcours.audiences.model import EXITED, REALIZED, Change, Counts, Member, Membership, Qualification, Status
from parcours.db import metadata
from parcours.db.among import among, texts
from parcours.db.bulk import Bulk, bulk_insert, bulk_upsert, conflict_insert
from parcours.identity.graph import by_namespace
from parcours.xdm.identities import Identity

# Keys are compared byte by byte on both databases, so that pages follow each other in the same order.
_KEY = Text().with_variant(Text(collation="C"), "postgresql")

membership_table = Table(
    "audience_membership",
    metadata,
    Column("scope_id", BigInteger, primary_key=True),
    Column("audience_id", String(36), primary_key=True),
    Column("namespace", String(64).with_variant(String(64, collation="C"), "postgresql"), primary_key=True),
    Column("identity", _KEY, primary_key=True),
    Column("status", String(8), nullable=False),
    Column("qualified_at_us", BigInteger, nullable=False),
    Column("attributes", Text),
    Index("ix_audience_membership_status", "scope_id", "audience_id", "status", "namespace", "identity"),
    Index(
        "ix_audience_membership_time",
        "scope_id", "audience_id", "status", "qualified_at_us", "namespace", "identity",
    ),
    sqlite_with_rowid=False,
)  # fmt: skip
"""Who is or was in an audience. The indexes give pages of members in the order of keys, and in that of time."""
count_table = Table(
    "audience_count",
    metadata,
    Column("scope_id", BigInteger, primary_key=True),
    Column("audience_id", String(36), primary_key=True),
    Column("realized", BigInteger, nullable=False),
    Column("exited", BigInteger, nullable=False),
    Column("evaluated_at_us", BigInteger),
)
qualification_table = Table(
    "audience_qualification",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("scope_id", BigInteger, nullable=False),
    Column("audience_id", String(36), nullable=False),
    Column("namespace", String(64), nullable=False),
    Column("identity", Text, nullable=False),
    Column("status", String(8), nullable=False),
    Column("at_us", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)
"""A queue: taken in the order of `seq`, deleted when it was handled."""
_m = membership_table
_q = qualification_table

_PUT = bulk_upsert(
    _m,
    ("scope_id", "audience_id", "namespace", "identity", "status", "qualified_at_us", "attributes"),
    update=("status", "qualified_at_us", "attributes"),
)
_QUEUE = bulk_insert(_q, ("scope_id", "audience_id", "namespace", "identity", "status", "at_us"))
_UNQUEUE = Bulk(("seq",), lambda _dialect: delete(_q).where(_q.c.seq == bindparam("seq")))


def _of(scope_id: Any, audience_id: Any) -> list[ColumnElement[bool]]:
    return [_m.c.scope_id == scope_id, _m.c.audience_id == audience_id]


_THESE = (
    *_of(bindparam("of_scope"), bindparam("of_audience")),
    _m.c.namespace == bindparam("of_namespace"),
    among(_m.c.identity),
)
_FIND_THESE = select(_m.c.identity, _m.c.status, _m.c.attributes).where(*_THESE)
_DELETE_THESE = delete(_m).where(*_THESE)
_LEAVE = update(_m).where(*_THESE).values(status=EXITED, qualified_at_us=bindparam("at_us"))
_DESCRIBE = Bulk(
    ("to_attributes", "of_scope", "of_audience", "of_namespace", "of_identity"),
    lambda _dialect: (
        update(_m)
        .where(
            *_of(bindparam("of_scope"), bindparam("of_audience")),
            _m.c.namespace == bindparam("of_namespace"),
            _m.c.identity == bindparam("of_identity"),
        )
        .values({_m.c.attributes: bindparam("to_attributes")})
    ),
)


# --- writing ---


def realize(
    connection: Connection,
    scope_id: int,
    audience_id: str,
    members: Mapping[Identity, str | None],
    at_us: int,
    *,
    is_listened: bool,
) -> Change:
    """Let identities be in an audience from `at_us` on; of those that are in already only the attributes change.

    members: identity → the text of a JSON object, or None; it replaces what was kept.
    """
    rows: list[tuple[Any, ...]] = []
    described: list[tuple[Any, ...]] = []
    entered: list[Identity] = []
    came_back = 0
    for namespace, values in by_namespace(members):
        wanted = _parameters(scope_id, audience_id, namespace, values)
        known = {row[0]: (row[1], row[2]) for row in connection.execute(_FIND_THESE, wanted)}
        for value in values:
            attributes = members[namespace, value]
            found = known.get(value)
            if found is None or found[0] != REALIZED:
                came_back += found is not None
                entered.append((namespace, value))
                rows.append((scope_id, audience_id, namespace, value, REALIZED, at_us, attributes))
            elif found[1] != attributes:
                described.append((attributes, scope_id, audience_id, namespace, value))
    _PUT.run(connection, rows)
    _DESCRIBE.run(connection, described)
    if is_listened:
        _queue(connection, scope_id, audience_id, entered, REALIZED, at_us)
    _count(connection, scope_id, audience_id, realized=len(entered), exited=-came_back)
    return Change(realized=len(entered), unchanged=len(members) - len(entered))


def leave(
    connection: Connection,
    scope_id: int,
    audience_id: str,
    identities: Iterable[Identity],
    at_us: int,
    *,
    is_listened: bool,
) -> Change:
    """Let identities that are in an audience exit it at `at_us`; their memberships stay, as exited ones."""
    left: list[Identity] = []
    unchanged = 0
    for namespace, values in by_namespace(identities):
        wanted = _parameters(scope_id, audience_id, namespace, values)
        known = {row[0] for row in connection.execute(_FIND_THESE, wanted) if row[1] == REALIZED}
        leaving = [value for value in values if value in known]
        unchanged += len(values) - len(leaving)
        if leaving:
            parameters = _parameters(scope_id, audience_id, namespace, leaving)
            connection.execute(_LEAVE, {**parameters, "at_us": at_us})
            left += [(namespace, value) for value in leaving]
    if is_listened:
        _queue(connection, scope_id, audience_id, left, EXITED, at_us)
    _count(connection, scope_id, audience_id, realized=-len(left), exited=len(left))
    return Change(exited=len(left), unchanged=unchanged)


def note_evaluated(connection: Connection, scope_id: int, audience_id: str, at_us: int) -> None:
    """The audience is up to date as of `at_us`."""
    _count(connection, scope_id, audience_id, realized=0, exited=0)
    t = count_table
    connection.execute(
        update(t).where(t.c.scope_id == scope_id, t.c.audience_id == audience_id).values(evaluated_at_us=at_us)
    )


def _parameters(scope_id: int, audience_id: str, namespace: str, values: Iterable[str]) -> dict[str, Any]:
    return {"of_scope": scope_id, "of_audience": audience_id, "of_namespace": namespace, "texts": texts(values)}


def _queue(
    connection: Connection, scope_id: int, audience_id: str, identities: Sequence[Identity], status: Status, at_us: int
) -> None:
    _QUEUE.run(connection, [(scope_id, audience_id, *identity, status, at_us) for identity in identities])


def _count(connection: Connection, scope_id: int, audience_id: str, realized: int, exited: int) -> None:
    t = count_table
    statement = conflict_insert(connection.dialect)(t).values(
        scope_id=scope_id, audience_id=audience_id, realized=realized, exited=exited
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[t.c.scope_id, t.c.audience_id],
            set_={"realized": t.c.realized + realized, "exited": t.c.exited + exited},
        )
    )


# --- reading ---

_MEMBERSHIPS = select(_m.c.identity, _m.c.audience_id, _m.c.status, _m.c.qualified_at_us).where(
    _m.c.scope_id == bindparam("of_scope"),
    among(_m.c.audience_id, "audiences"),
    _m.c.namespace == bindparam("of_namespace"),
    among(_m.c.identity),
)


def find_memberships(
    connection: Connection, scope_id: int, identities: Iterable[Identity], audience_ids: Iterable[str]
) -> dict[Identity, dict[str, Membership]]:
    """identity → audience → membership, of those that are or were in one of the audiences.

    One statement for each namespace among the identities; each pair of identity and audience is one look-up of the
    key. A person's other identities are the caller's business (`identity.graph.find_clusters`).
    """
    found: dict[Identity, dict[str, Membership]] = {}
    audiences = texts(audience_ids)
    for namespace, values in by_namespace(identities):
        wanted = {
            "of_scope": scope_id,
            "audiences": audiences,
            "of_namespace": namespace,
            "texts": texts(values),
        }
        for identity, audience_id, status, at_us in connection.execute(_MEMBERSHIPS, wanted):
            found.setdefault((namespace, identity), {})[audience_id] = Membership(status, at_us)
    return found


_LAST = "\U0010ffff"
"""Comes after every other character, in bytes as well."""


def members_after(
    connection: Connection,
    scope_id: int,
    audience_id: str,
    after_key: str,
    limit: int,
    since_us: int | None = None,
    until_us: int | None = None,
    *,
    status: Status = REALIZED,
    begins_with: str = "",
) -> list[Member]:
    """The next members of an audience; a page is one stretch of an index, however large the audience is.

    begins_with: how the identities begin, letter for letter.
    after_key: the `key` of the last member of the page before; "" begins. A key is opaque, and goes with its call:
    with or without `since_us`.

    Without `since_us` pages are in the order of identities: each member comes once, whatever changes meanwhile.
    With it only members realized after that time come, in the order of time; give `until_us`, the beginning of the
    run, and who is realized during the run is left to the next one, whose `since_us` it is. On PostgreSQL a
    transaction that is about to commit may hold somebody realized a moment before `until_us`: begin the next run's
    `since_us` a few seconds earlier, and expect that somebody comes twice.
    """
    place = [_m.c.namespace, _m.c.identity]
    conditions = [*_of(scope_id, audience_id), _m.c.status == status]
    if since_us is not None:
        place = [_m.c.qualified_at_us, *place]
        conditions.append(_m.c.qualified_at_us > since_us)
    if until_us is not None:
        conditions.append(_m.c.qualified_at_us <= until_us)
    if begins_with:
        conditions += [_m.c.identity >= begins_with, _m.c.identity < begins_with + _LAST]
    if after_key:
        conditions.append(tuple_(*place) > tuple_(*orjson.loads(after_key)))
    rows = connection.execute(
        select(_m.c.namespace, _m.c.identity, _m.c.qualified_at_us, _m.c.attributes)
        .where(*conditions)
        .order_by(*place)
        .limit(limit)
    )
    is_timed = since_us is not None
    return [
        Member(
            (namespace, identity),
            at_us,
            attributes,
            orjson.dumps([at_us, namespace, identity] if is_timed else [namespace, identity]).decode(),
        )
        for namespace, identity, at_us, attributes in rows
    ]


def find_attributes(
    connection: Connection, scope_id: int, audience_id: str, identities: Iterable[Identity]
) -> str | None:
    """What the list says of a member, as the text of a JSON object; None when it says nothing, or has none of them.

    identities: of one individual. Of several that are in the list the first one counts, as in a run.
    """
    m = membership_table.c
    for namespace, values in by_namespace(identities):
        found = connection.execute(
            select(m.attributes)
            .where(
                m.scope_id == scope_id, m.audience_id == audience_id, m.namespace == namespace, m.identity.in_(values),
                m.status == REALIZED,
            )
            .order_by(m.identity)
            .limit(1)
        ).one_or_none()  # fmt: skip
        if found is not None:
            return None if found.attributes is None else str(found.attributes)
    return None


def is_key(text: str) -> bool:
    """Whether a text can be the `after_key` of a page in the order of identities."""
    try:
        key = orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return isinstance(key, list) and len(key) == 2 and all(isinstance(one, str) and "\0" not in one for one in key)


def identities_after(
    connection: Connection, scope_id: int, audience_id: str, namespace: str, after: str, limit: int
) -> list[str]:
    """The next members in one namespace, in order, as ids alone."""
    rows = connection.execute(
        select(_m.c.identity)
        .where(
            *_of(scope_id, audience_id),
            _m.c.status == REALIZED,
            _m.c.namespace == namespace,
            _m.c.identity > after,
        )
        .order_by(_m.c.identity)
        .limit(limit)
    )
    return [row[0] for row in rows]


def find_counts(connection: Connection, scope_id: int, audience_ids: Sequence[str] | None = None) -> dict[str, Counts]:
    """Audience → counts, of those of the sandbox that ever had any."""
    t = count_table
    statement = select(t.c.audience_id, t.c.realized, t.c.exited, t.c.evaluated_at_us).where(t.c.scope_id == scope_id)
    if audience_ids is not None:
        statement = statement.where(t.c.audience_id.in_(audience_ids))
    return {row[0]: Counts(row[1], row[2], row[3]) for row in connection.execute(statement)}


# --- qualifications ---


def has_qualifications(connection: Connection) -> bool:
    """Whether any qualification waits to be heard of: cheap enough to be asked often."""
    return connection.execute(select(_q.c.seq).limit(1)).first() is not None


def take_qualifications(connection: Connection, limit: int) -> list[Qualification]:
    """The oldest qualifications, in their order; they stay until `delete_qualifications`."""
    rows = connection.execute(select(_q).order_by(_q.c.seq).limit(limit))
    return [Qualification(r.seq, r.scope_id, r.audience_id, r.namespace, r.identity, r.status, r.at_us) for r in rows]


def delete_qualifications(connection: Connection, taken: Sequence[Qualification]) -> None:
    """Forget qualifications that were handled. Others, taken or not, stay."""
    _UNQUEUE.run(connection, [(qualification.seq,) for qualification in taken])


# --- the end ---


def delete_some(connection: Connection, scope_id: int, audience_id: str, limit: int) -> int:
    """Remove memberships of an audience that is gone, some at a time; how many went, fewer than `limit` at the end."""
    rows = connection.execute(
        select(_m.c.namespace, _m.c.identity).where(*_of(scope_id, audience_id)).limit(limit)
    ).all()
    for namespace, values in by_namespace([(row[0], row[1]) for row in rows]):
        connection.execute(_DELETE_THESE, _parameters(scope_id, audience_id, namespace, values))
    return len(rows)


def forget_audience(connection: Connection, scope_id: int, audience_id: str) -> None:
    """Remove the counts of an audience that is gone; qualifications that wait are heard of, and concern nobody."""
    t = count_table
    connection.execute(delete(t).where(t.c.scope_id == scope_id, t.c.audience_id == audience_id))
