"""Profile caps and runs of Read audience in SQL."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

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
    func,
    insert,
    select,
    text,
    update,
)

from parcours.db import metadata
from parcours.db.among import among, texts
from parcours.db.bulk import bulk_upsert

RunStatus = Literal["queued", "started", "finished", "failed", "skipped"]
cap_table = Table(
    "profile_cap",
    metadata,
    Column("version_uid", String(36), primary_key=True),
    Column("node_id", String(80), primary_key=True),
    Column("taken", BigInteger, nullable=False),
)
run_table = Table(
    "audience_run",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("scope_id", BigInteger, nullable=False),
    Column("journey_uid", String(36), nullable=False),
    Column("version_uid", String(36), nullable=False),
    Column("number", Integer, nullable=False),
    Column("wave", Integer, nullable=False),
    Column("status", String(10), nullable=False),
    Column("due_at_us", BigInteger, nullable=False),
    Column("started_at_us", BigInteger),
    Column("finished_at_us", BigInteger),
    Column("since_us", BigInteger),
    Column("after_key", Text, nullable=False),
    Column("read_count", BigInteger, nullable=False),
    Column("entered_count", BigInteger, nullable=False),
    Column("payload", Text, nullable=False),
    Column("reason", Text),
    Column("failed_count", BigInteger, nullable=False, server_default=text("0")),
    Column("member", Text),
    Index(None, "status", "due_at_us"),
    Index(None, "version_uid"),
)


class AudienceRun(NamedTuple):
    """One reading of an audience into a journey version, or one wave of it."""

    id: str
    scope_id: int
    journey_uid: str
    version_uid: str
    number: int
    """The first run of a version is 1 (`recurrenceIndex`). Waves of one run have the same; no two runs have."""
    wave: int
    """0 for the first or only wave."""
    status: RunStatus
    due_at_us: int
    """When it may begin."""
    started_at_us: int | None
    finished_at_us: int | None
    since_us: int | None
    """Only who came into the audience since then is read; None: everyone."""
    after_key: str
    """How far it has come: members are read in the order of their identities."""
    read_count: int
    entered_count: int
    payload: str
    """JSON of the business event; empty without one."""
    reason: str | None
    """Why it failed or was skipped."""
    failed_count: int = 0
    """Members that were left out: without an id in the namespace, read before, no test profiles, or by a fault."""
    member: str | None = None
    """In test mode: the one who enters, whoever is in the audience, as the JSON of [namespace, id, attributes as the
    text of an object]; None: the members of the audience."""


_COLUMNS = [run_table.c[name] for name in AudienceRun._fields]


def insert_run(connection: Connection, run: AudienceRun) -> None:
    """A new run."""
    connection.execute(insert(run_table), run._asdict())


def update_run(connection: Connection, run: AudienceRun) -> None:
    """Write a run back."""
    connection.execute(update(run_table).where(run_table.c.id == run.id).values(run._asdict()))


def find_runs(connection: Connection, now_us: int, limit: int) -> list[AudienceRun]:
    """Runs under way, then those that are due; each by its time."""
    t = run_table
    started = connection.execute(
        select(*_COLUMNS).where(t.c.status == "started").order_by(t.c.due_at_us, t.c.id).limit(limit)
    )
    found = [AudienceRun(*row) for row in started]
    due = connection.execute(
        select(*_COLUMNS)
        .where(t.c.status == "queued", t.c.due_at_us <= now_us)
        .order_by(t.c.due_at_us, t.c.id)
        .limit(limit)
    )
    return [*found, *(AudienceRun(*row) for row in due)]


def find_failed(connection: Connection, since_us: int) -> list[AudienceRun]:
    """Runs that failed since a moment, the latest first."""
    t = run_table
    statement = select(*_COLUMNS).where(t.c.status == "failed", t.c.finished_at_us >= since_us)
    return [AudienceRun(*row) for row in connection.execute(statement.order_by(t.c.finished_at_us.desc(), t.c.id))]


def find_run(connection: Connection, run_id: str) -> AudienceRun | None:
    """A run by id."""
    row = connection.execute(select(*_COLUMNS).where(run_table.c.id == run_id)).first()
    return None if row is None else AudienceRun(*row)


_NEXT_DUE = [
    select(run_table.c.due_at_us).where(run_table.c.status == status).order_by(run_table.c.due_at_us).limit(1)
    for status in ("started", "queued")
]


def find_next_due(connection: Connection) -> int | None:
    """When the next run may begin or go on; None when there is none."""
    moments = [connection.execute(statement).scalar() for statement in _NEXT_DUE]
    return min((at_us for at_us in moments if at_us is not None), default=None)


def find_runs_without_entrance(connection: Connection, since_us: int, until_us: int) -> list[tuple[int, str]]:
    """(scope, version) of versions whose latest run began between these times and let nobody enter.

    Of a run in waves it is the latest wave that began then, and none of them let anybody enter. Tests of one profile
    are none.
    """
    t = run_table
    began = connection.execute(
        select(t.c.scope_id, t.c.version_uid, t.c.number, t.c.wave, t.c.entered_count, t.c.started_at_us)
        .where(t.c.started_at_us > since_us, t.c.member.is_(None))
        .order_by(t.c.number, t.c.wave)
    )
    latest = {(row.scope_id, row.version_uid): row for row in began}
    entered = select(func.sum(t.c.entered_count)).where(
        t.c.version_uid == bindparam("version_uid"), t.c.number == bindparam("number")
    )
    return [
        place
        for place, row in latest.items()
        if not row.entered_count
        and row.started_at_us <= until_us
        and not (row.wave and connection.scalar(entered, {"version_uid": row.version_uid, "number": row.number}))
    ]


def list_runs(connection: Connection, version_uid: str, limit: int = 100) -> list[AudienceRun]:
    """Runs of a version, the latest first."""
    t = run_table
    statement = select(*_COLUMNS).where(t.c.version_uid == version_uid)
    rows = connection.execute(statement.order_by(t.c.number.desc(), t.c.wave.desc(), t.c.id).limit(limit))
    return [AudienceRun(*row) for row in rows]


def find_waves_before(connection: Connection, run: AudienceRun) -> list[AudienceRun]:
    """The waves before one of several, the first first."""
    t = run_table
    statement = select(*_COLUMNS).where(
        t.c.version_uid == run.version_uid, t.c.number == run.number, t.c.wave < run.wave
    )
    return [AudienceRun(*row) for row in connection.execute(statement.order_by(t.c.wave))]


_BETWEEN = (
    select(*_COLUMNS)
    .where(
        among(run_table.c.version_uid),
        run_table.c.due_at_us >= bindparam("from_us"),
        run_table.c.due_at_us < bindparam("to_us"),
    )
    .order_by(run_table.c.due_at_us, run_table.c.id)
    .limit(bindparam("most"))
)


def runs_between(
    connection: Connection, version_uids: Iterable[str], from_us: int, to_us: int, limit: int
) -> list[AudienceRun]:
    """Runs of these versions that are due from one moment up to before another, the earliest first."""
    values = {"texts": texts(version_uids), "from_us": from_us, "to_us": to_us, "most": limit}
    return [AudienceRun(*row) for row in connection.execute(_BETWEEN, values)]


def next_number(connection: Connection, version_uid: str) -> int:
    """The number of a version's next run."""
    t = run_table
    latest = connection.execute(select(func.max(t.c.number)).where(t.c.version_uid == version_uid)).scalar()
    return int(latest or 0) + 1


def drop_queued(connection: Connection, version_uid: str) -> None:
    """Runs that have not begun don't take place; those under way end where they are."""
    t = run_table
    connection.execute(delete(t).where(t.c.version_uid == version_uid, t.c.status == "queued"))
    connection.execute(
        update(t).where(t.c.version_uid == version_uid, t.c.status == "started").values(status="finished")
    )


def delete_runs(connection: Connection, version_uid: str) -> None:
    """Forget all runs of a version, and its profile caps."""
    connection.execute(delete(run_table).where(run_table.c.version_uid == version_uid))
    connection.execute(delete(cap_table).where(cap_table.c.version_uid == version_uid))


def find_caps(connection: Connection, version_uid: str) -> dict[str, int]:
    """How many individuals each profile cap of a version has let through, by node."""
    rows = connection.execute(
        select(cap_table.c.node_id, cap_table.c.taken).where(cap_table.c.version_uid == version_uid)
    )
    return {row.node_id: row.taken for row in rows}


_PUT_CAPS = bulk_upsert(cap_table, ("version_uid", "node_id", "taken"), ("taken",))


def put_caps(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write counters: (version, node, taken)."""
    _PUT_CAPS.run(connection, rows)
