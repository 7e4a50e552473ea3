"""Journey instances, timers and step events in SQL, all written in the runner's transaction."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    Select,
    String,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    tuple_,
    update,
)

from parcours.db import metadata
from parcours.db.among import among, texts
from parcours.db.bulk import Bulk, bulk_insert
from parcours.journeys.model import InstanceStatus

instance_table = Table(
    "journey_instance",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("partition", Integer, nullable=False),
    Column("scope_id", BigInteger, nullable=False),
    Column("journey_uid", String(36), nullable=False),
    Column("version_uid", String(36), nullable=False),
    Column("key", Text, nullable=False),
    Column("namespace", String(64)),
    Column("status", String(10), nullable=False),
    Column("node_id", String(80)),
    Column("waiting_for", String(80)),
    Column("entered_at_us", BigInteger, nullable=False),
    Column("updated_at_us", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("supplemental_id", Text),
    Index(None, "scope_id", "journey_uid", "key"),
    Index(None, "scope_id", "version_uid", "entered_at_us", "id"),
)
"""No index has a column that changes while people move on: keeping one in order took 20 µs for each move."""
timer_table = Table(
    "timer",
    metadata,
    Column("instance_id", String(32), primary_key=True),
    Column("node_id", String(80), primary_key=True),
    Column("pass_no", Integer, primary_key=True),
    Column("partition", Integer, nullable=False),
    Column("due_at_us", BigInteger, nullable=False),
    Column("kind", String(20), nullable=False),
    Index(None, "due_at_us"),
    sqlite_with_rowid=False,
)
step_table = Table(
    "journey_step",
    metadata,
    Column("instance_id", String(32), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("scope_id", BigInteger, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("steps", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""One row for the steps one stimulus made; `seq` is that of the first."""
stop_table = Table(
    "journey_stop",
    metadata,
    Column("version_uid", String(36), primary_key=True),
    Column("scope_id", BigInteger, nullable=False),
    Column("journey_uid", String(36), nullable=False),
    Column("after_key", Text, nullable=False),
    Column("reason", String(20), nullable=False, server_default="stopped"),
)
"""Versions whose people inside are gone through, one after the other: they are taken out, or let go on after a pause.

`reason` says which: `resumed` lets them go on, `forgotten` deletes them, every other one takes them out; a row goes
when everyone had their turn.
"""
consumer_table = Table(
    "consumer",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("position", BigInteger, nullable=False),
)
"""How far into the event log each consumer has come; moves in the transaction of the work itself."""


_ERASED = "[0,0,0,null,null,null,0]"
"""The state of somebody who was ended by SQL alone; see `state.instance_to_state`."""
RESUMED = "resumed"
FORGET = "forgotten"
"""The reason of going through a version whose people, with everything they did, are deleted: a test is over."""


class StoredInstance(NamedTuple):
    """An instance's row: its keys beside its state as the engine wrote it."""

    id: str
    scope_id: int
    journey_uid: str
    version_uid: str
    key: str
    namespace: str | None
    status: InstanceStatus
    node_id: str | None
    waiting_for: str | None
    entered_at_us: int
    updated_at_us: int
    state: list[Any]
    """From `state.instance_to_state`."""
    supplemental_id: str | None = None


class Stop(NamedTuple):
    """A version whose people are gone through, and how far this has come."""

    version_uid: str
    scope_id: int
    journey_uid: str
    after_key: str
    """Everyone with a lower key had their turn. Of those to be forgotten: in microseconds, who entered until then."""
    reason: str = "stopped"


class DueTimer(NamedTuple):
    """A timer whose time has come."""

    instance_id: str
    node_id: str
    pass_no: int
    due_at_us: int


_INSTANCE_COLUMNS = [instance_table.c[name] for name in StoredInstance._fields]


INSTANCE_COLUMNS = (
    "id", "partition", "scope_id", "journey_uid", "version_uid", "key", "namespace", "status", "node_id",
    "waiting_for", "entered_at_us", "updated_at_us", "state", "supplemental_id",
)  # fmt: skip
_INSERT_INSTANCES = bulk_insert(instance_table, INSTANCE_COLUMNS)
_MOVED_COLUMNS = ("b_status", "b_node_id", "b_waiting_for", "b_updated_at_us", "b_state", "b_id")
_UPDATE_INSTANCES = Bulk(
    _MOVED_COLUMNS,
    lambda _dialect: (
        update(instance_table)
        .where(instance_table.c.id == bindparam("b_id"))
        .values(
            status=bindparam("b_status"),
            node_id=bindparam("b_node_id"),
            waiting_for=bindparam("b_waiting_for"),
            updated_at_us=bindparam("b_updated_at_us"),
            state=bindparam("b_state"),
        )
    ),
)


def insert_instances(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """New instances, in the order of INSTANCE_COLUMNS."""
    _INSERT_INSTANCES.run(connection, rows)


def update_instances(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Instances that moved: (status, node, waiting for, updated at, state, id)."""
    _UPDATE_INSTANCES.run(connection, rows)


_BY_ID = select(*_INSTANCE_COLUMNS).where(among(instance_table.c.id))


def find_instances(connection: Connection, ids: Sequence[str]) -> dict[str, StoredInstance]:
    """Instances by id; those that don't exist are absent."""
    if not ids:
        return {}
    return {row.id: _instance(row) for row in connection.execute(_BY_ID, {"texts": texts(ids)})}


_BY_KEY = (
    select(*_INSTANCE_COLUMNS)
    .where(
        instance_table.c.scope_id == bindparam("scope_id"),
        instance_table.c.journey_uid == bindparam("journey_uid"),
        among(instance_table.c.key),
    )
    .order_by(instance_table.c.entered_at_us)
)


def find_by_key(
    connection: Connection, wanted: Iterable[tuple[int, str, str]]
) -> dict[tuple[int, str, str], list[StoredInstance]]:
    """Instances by (scope, journey, key), across all versions; oldest entrance first."""
    keys: dict[tuple[int, str], list[str]] = {}
    for scope_id, journey_uid, key in wanted:
        keys.setdefault((scope_id, journey_uid), []).append(key)
    found: dict[tuple[int, str, str], list[StoredInstance]] = {}
    for (scope_id, journey_uid), of_journey in keys.items():
        # One IN over one column: SQLite finds no index for an IN over several.
        wanted_of = {"scope_id": scope_id, "journey_uid": journey_uid, "texts": texts(of_journey)}
        for row in connection.execute(_BY_KEY, wanted_of):
            found.setdefault((scope_id, journey_uid, row.key), []).append(_instance(row))
    return found


def list_instances(
    connection: Connection, scope_id: int, *, version_uid: str | None = None, key: str | None = None, limit: int = 100
) -> list[StoredInstance]:
    """Latest entrances of a version, of a key, or of both."""
    t = instance_table
    statement = select(*_INSTANCE_COLUMNS).where(t.c.scope_id == scope_id)
    if version_uid is not None:
        statement = statement.where(t.c.version_uid == version_uid)
    if key is not None:
        statement = statement.where(t.c.key == key)
    return [_instance(row) for row in connection.execute(statement.order_by(t.c.entered_at_us.desc()).limit(limit))]


InstancePlace = tuple[int, str]
"""(entered at, id) of the last instance of a page: the next one begins after it."""


class InstancePage(NamedTuple):
    """A page of instances."""

    instances: list[StoredInstance]
    next: InstancePlace | None
    """After which the next page begins; None when there is none."""


MAX_LOOKED_AT = 50_000
"""Most instances looked at for one page."""


def page_instances(
    connection: Connection, scope_id: int, journey_uid: str, version_uid: str, *, limit: int,
    node_ids: Sequence[str] = (), statuses: Sequence[str] = (), key: str | None = None,
    after: InstancePlace | None = None, max_looked_at: int = MAX_LOOKED_AT,
) -> InstancePage:  # fmt: skip
    """Instances of a version, the latest entrance first; node_ids, statuses: where they are one of these, if given.

    Read is a stretch of an index, in its order: to the end of the page, or as far as `max_looked_at` instances. So a
    page may hold fewer than `limit`, even none, and still have a next one.
    """
    t = instance_table
    place = tuple_(t.c.entered_at_us, t.c.id)
    latest_first = t.c.entered_at_us.desc(), t.c.id.desc()
    within = [t.c.scope_id == scope_id]
    # A person's instances are few; the others are found in the order of their entrance.
    within += [t.c.version_uid == version_uid] if key is None else [t.c.journey_uid == journey_uid, t.c.key == key]
    if after is not None:
        within.append(place < tuple_(*map(literal, after)))
    edge: InstancePlace | None = None
    if key is None and (node_ids or statuses):
        ahead = select(t.c.entered_at_us, t.c.id).where(*within).order_by(*latest_first)
        row = connection.execute(ahead.offset(max_looked_at - 1).limit(1)).first()
        edge = None if row is None else (row[0], row[1])
    statement = select(*_INSTANCE_COLUMNS).where(*within).order_by(*latest_first).limit(limit + 1)
    if key is not None:
        statement = statement.where(t.c.version_uid == version_uid)
    if edge is not None:
        statement = statement.where(place >= tuple_(*map(literal, edge)))
    if node_ids:
        statement = statement.where(t.c.node_id.in_(list(node_ids)))
    if statuses:
        statement = statement.where(t.c.status.in_(list(statuses)))
    found = [_instance(row) for row in connection.execute(statement)]
    if len(found) > limit:
        return InstancePage(found[:limit], (found[limit - 1].entered_at_us, found[limit - 1].id))
    return InstancePage(found, edge)


def list_entrances(
    connection: Connection, scope_id: int, journey_uid: str, from_us: int, to_us: int
) -> list[StoredInstance]:
    """Instances of a journey, of whichever version, that entered from one moment up to another; oldest first."""
    t = instance_table
    statement = select(*_INSTANCE_COLUMNS).where(
        t.c.scope_id == scope_id,
        t.c.journey_uid == journey_uid,
        t.c.entered_at_us >= from_us,
        t.c.entered_at_us < to_us,
    )
    return [_instance(row) for row in connection.execute(statement.order_by(t.c.entered_at_us, t.c.id))]


def count_inside_at(connection: Connection, scope_id: int, journey_uid: str, at_us: int) -> int:
    """How many instances of a journey that entered before a moment had not left it by then."""
    t = instance_table
    statement = select(func.count()).where(
        t.c.scope_id == scope_id,
        t.c.journey_uid == journey_uid,
        t.c.entered_at_us < at_us,
        t.c.node_id.is_not(None) | (t.c.updated_at_us >= at_us),
    )
    return int(connection.execute(statement).scalar_one())


def count_waiting(
    connection: Connection, scope_id: int, journey_uid: str, version_uid: str, *, waiting_for: str
) -> int:
    """How many instances of a version wait for something."""
    t = instance_table
    statement = select(func.count()).where(
        t.c.scope_id == scope_id,
        t.c.journey_uid == journey_uid,
        t.c.version_uid == version_uid,
        t.c.waiting_for == waiting_for,
    )
    return int(connection.execute(statement).scalar_one())


def request_stop(
    connection: Connection, scope_id: int, journey_uid: str, version_uid: str, reason: str = "stopped",
    after_key: str = "",
) -> None:  # fmt: skip
    """Note that everyone inside a version has to leave, or to go on; whoever runs the pipeline sees to it.

    A request before it that is not complete is given up for this one. after_key: see `Stop`.
    """
    connection.execute(delete(stop_table).where(stop_table.c.version_uid == version_uid))
    row = {
        "version_uid": version_uid, "scope_id": scope_id, "journey_uid": journey_uid, "after_key": after_key,
        "reason": reason,
    }  # fmt: skip
    connection.execute(insert(stop_table), row)


_STOPS = (
    select(*(stop_table.c[name] for name in Stop._fields)).order_by(stop_table.c.version_uid).limit(bindparam("most"))
)

_STOP_OF = select(stop_table.c.version_uid).where(stop_table.c.version_uid == bindparam("version_uid"))


def find_stops(connection: Connection, limit: int = 1_000) -> list[Stop]:
    """Stops that are not complete."""
    return [Stop(*row) for row in connection.execute(_STOPS, {"most": limit})]


def has_stop(connection: Connection, version_uid: str) -> bool:
    """Whether people of a version are still gone through."""
    return connection.execute(_STOP_OF, {"version_uid": version_uid}).first() is not None


def list_inside(connection: Connection, stop: Stop, limit: int, waiting_for: str | None = None) -> list[StoredInstance]:
    """Who is still inside such a version, in the order of keys, from where it has come to.

    waiting_for: only those who wait for this.
    """
    return [_instance(row) for row in connection.execute(_inside(stop, limit, waiting_for))]


def list_ids_inside(
    connection: Connection, stop: Stop, limit: int, waiting_for: str | None = None
) -> list[tuple[str, str]]:
    """As `list_inside`: (id, key) alone, whatever their state is."""
    found = connection.execute(
        _inside(stop, limit, waiting_for).with_only_columns(instance_table.c.id, instance_table.c.key)
    )
    return [(row.id, row.key) for row in found]


def _inside(stop: Stop, limit: int, waiting_for: str | None) -> Select[Any]:
    t = instance_table
    statement = select(*_INSTANCE_COLUMNS).where(
        t.c.scope_id == stop.scope_id,
        t.c.journey_uid == stop.journey_uid,
        t.c.key >= stop.after_key,
        t.c.version_uid == stop.version_uid,
        t.c.node_id.is_not(None),
    )
    if waiting_for is not None:
        statement = statement.where(t.c.waiting_for == waiting_for)
    return statement.order_by(t.c.key).limit(limit)


def find_place(connection: Connection, instance_id: str) -> tuple[int, str, str] | None:
    """(scope, version, node) of somebody who is inside; None for nobody."""
    t = instance_table
    row = connection.execute(
        select(t.c.scope_id, t.c.version_uid, t.c.node_id).where(t.c.id == instance_id, t.c.node_id.is_not(None))
    ).first()
    return None if row is None else (row.scope_id, row.version_uid, row.node_id)


def forget_version(connection: Connection, version_uid: str, limit: int, until_us: int | None = None) -> int:
    """Delete instances of a version with their timers and steps, some at a time; how many there were.

    until_us: only of those who entered until then.
    """
    t = instance_table
    statement = select(t.c.id).where(t.c.version_uid == version_uid)
    if until_us is not None:
        statement = statement.where(t.c.entered_at_us <= until_us)
    ids = [row.id for row in connection.execute(statement.limit(limit))]
    for start in range(0, len(ids), 500):
        chunk = ids[start : start + 500]
        connection.execute(delete(timer_table).where(timer_table.c.instance_id.in_(chunk)))
        connection.execute(delete(step_table).where(step_table.c.instance_id.in_(chunk)))
        connection.execute(delete(t).where(t.c.id.in_(chunk)))
    return len(ids)


def latest_move(connection: Connection, version_uid: str) -> int:
    """When an instance of a version moved last, in microseconds; 0 when none has entered."""
    t = instance_table
    return int(
        connection.execute(select(func.max(t.c.updated_at_us)).where(t.c.version_uid == version_uid)).scalar() or 0
    )


def count_keys(connection: Connection, scope_id: int, journey_uid: str, version_uid: str) -> int:
    """How many individuals have entered a version."""
    t = instance_table
    counted = select(func.count(t.c.key.distinct())).where(
        t.c.scope_id == scope_id, t.c.journey_uid == journey_uid, t.c.version_uid == version_uid
    )
    return int(connection.execute(counted).scalar() or 0)


def move_stop(connection: Connection, stop: Stop, after_key: str) -> None:
    """Everyone before this key is out."""
    connection.execute(
        update(stop_table).where(stop_table.c.version_uid == stop.version_uid).values(after_key=after_key)
    )


def finish_stop(connection: Connection, stop: Stop) -> None:
    """Nobody is inside any more."""
    connection.execute(delete(stop_table).where(stop_table.c.version_uid == stop.version_uid))


def end_instances(connection: Connection, ids: Sequence[str], now_us: int, status: InstanceStatus = "stopped") -> None:
    """Instances that no journey can move leave where they are, without a step; their timers and their data go."""
    t = instance_table
    for start in range(0, len(ids), 500):
        chunk = list(ids[start : start + 500])
        connection.execute(delete(timer_table).where(timer_table.c.instance_id.in_(chunk)))
        connection.execute(
            update(t)
            .where(t.c.id.in_(chunk))
            .values(status=status, node_id=None, waiting_for=None, updated_at_us=now_us, state=_ERASED)
        )


_INSERT_TIMERS = bulk_insert(timer_table, ("instance_id", "node_id", "pass_no", "partition", "due_at_us", "kind"))
_DELETE_TIMERS = Bulk(
    ("b_instance_id", "b_node_id", "b_pass_no"),
    lambda _dialect: delete(timer_table).where(
        timer_table.c.instance_id == bindparam("b_instance_id"),
        timer_table.c.node_id == bindparam("b_node_id"),
        timer_table.c.pass_no == bindparam("b_pass_no"),
    ),
)


def insert_timers(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """New timers: (instance, node, pass, partition, due, kind); (instance, node, pass) is unique."""
    _INSERT_TIMERS.run(connection, rows)


def delete_timers(connection: Connection, keys: Iterable[tuple[str, str, int]]) -> None:
    """Forget timers by (instance, node, pass); one that is gone already changes nothing."""
    _DELETE_TIMERS.run(connection, list(keys))


_PUT_OFF_TIMERS = Bulk(
    ("b_due_at_us", "b_instance_id", "b_node_id", "b_pass_no"),
    lambda _dialect: (
        update(timer_table)
        .where(
            timer_table.c.instance_id == bindparam("b_instance_id"),
            timer_table.c.node_id == bindparam("b_node_id"),
            timer_table.c.pass_no == bindparam("b_pass_no"),
        )
        .values(due_at_us=bindparam("b_due_at_us"))
    ),
)


def put_off_timers(connection: Connection, keys: Iterable[tuple[str, str, int]], due_at_us: int) -> None:
    """Let timers be due later."""
    _PUT_OFF_TIMERS.run(connection, [(due_at_us, *key) for key in keys])


_DUE = (
    select(timer_table.c.instance_id, timer_table.c.node_id, timer_table.c.pass_no, timer_table.c.due_at_us)
    .where(timer_table.c.due_at_us <= bindparam("now_us"))
    .order_by(timer_table.c.due_at_us)
    .limit(bindparam("most"))
)


def find_due(connection: Connection, now_us: int, limit: int) -> list[DueTimer]:
    """Timers whose time has come, the longest overdue first. Never one that is early."""
    return [DueTimer(*row) for row in connection.execute(_DUE, {"now_us": now_us, "most": limit})]


_NEXT_DUE = select(timer_table.c.due_at_us).order_by(timer_table.c.due_at_us).limit(1)


def find_next_due(connection: Connection) -> int | None:
    """When the next timer is due; None when there is none. One step into an index, whatever the number of timers."""
    found: int | None = connection.execute(_NEXT_DUE).scalar()
    return found


def list_timers(connection: Connection, instance_id: str) -> list[dict[str, Any]]:
    """The timers an instance waits for, as its page shows them."""
    t = timer_table
    rows = connection.execute(select(t).where(t.c.instance_id == instance_id).order_by(t.c.due_at_us))
    return [{"nodeId": r.node_id, "pass": r.pass_no, "dueAtUs": r.due_at_us, "kind": r.kind} for r in rows]


_INSERT_STEPS = bulk_insert(step_table, ("instance_id", "seq", "scope_id", "at_us", "steps"))


def insert_steps(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Step events: (instance, number of the first, scope, at, JSON list)."""
    _INSERT_STEPS.run(connection, rows)


_STEPS = (
    select(step_table.c.instance_id, step_table.c.steps)
    .where(among(step_table.c.instance_id))
    .order_by(step_table.c.instance_id, step_table.c.seq)
)


def list_steps(connection: Connection, instance_ids: Sequence[str]) -> list[tuple[str, str]]:
    """(instance, steps as stored) of instances, in order."""
    return [(one, steps) for one, steps in connection.execute(_STEPS, {"texts": texts(instance_ids)})]


def get_position(connection: Connection, name: str) -> int:
    """How far a consumer has come; 0 for a new one, which is entered."""
    t = consumer_table
    position = connection.execute(select(t.c.position).where(t.c.name == name)).scalar()
    return 0 if position is None else int(position)


_MOVE = (
    update(consumer_table)
    .where(consumer_table.c.name == bindparam("consumer"), consumer_table.c.position == bindparam("old"))
    .values(position=bindparam("new"))
)


def move_position(connection: Connection, name: str, old: int, new: int) -> bool:
    """Move a consumer on; False when another worker moved it first, and this transaction must not commit."""
    t = consumer_table
    if connection.execute(_MOVE, {"consumer": name, "old": old, "new": new}).rowcount:
        return True
    if old == 0 and connection.execute(select(t.c.name).where(t.c.name == name)).first() is None:
        connection.execute(insert(t), {"name": name, "position": new})
        return True
    return False


def _instance(row: Any) -> StoredInstance:
    *columns, state, supplemental_id = row
    return StoredInstance._make((*columns, orjson.loads(state), supplemental_id))
