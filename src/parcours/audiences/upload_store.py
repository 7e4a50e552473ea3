"""Uploads of members and their parts, and audiences whose rows are still to go, in SQL."""

from dataclasses import dataclass, field
from typing import Any, Literal

import orjson
import zstandard
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from parcours.db import metadata
from parcours.db.bulk import conflict_insert

Mode = Literal["replace", "add", "remove"]
UploadStatus = Literal["NEW", "QUEUED", "PROCESSING", "SUCCEEDED", "FAILED", "CANCELLED"]
"""As segment jobs have them (platform-apis §7.8). NEW: its parts are still being sent."""
Phase = Literal["checking", "applying"]
"""Of an upload that is PROCESSING: read whole, without a change; then brought into the audience."""
FINAL = ("SUCCEEDED", "FAILED", "CANCELLED")
MAX_KEPT_FAULTS = 100
_LEVEL = 1
"""Of zstd: a part stands there for seconds."""

upload_table = Table(
    "audience_upload",
    metadata,
    Column("no", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("scope_id", BigInteger, nullable=False),
    Column("audience_id", String(36), nullable=False),
    Column("mode", String(8), nullable=False),
    Column("format", String(8), nullable=False),
    Column("options", Text, nullable=False),
    Column("status", String(10), nullable=False),
    Column("phase", String(8)),
    Column("progress", Text, nullable=False),
    Column("reason", Text),
    Column("created_at_us", BigInteger, nullable=False),
    Column("queued_at_us", BigInteger),
    Column("started_at_us", BigInteger),
    Column("ended_at_us", BigInteger),
    Column("created_by", String(120), nullable=False),
    Index(None, "status", "queued_at_us"),
    Index(None, "scope_id", "audience_id", "no"),
    sqlite_autoincrement=True,
)
part_table = Table(
    "audience_upload_part",
    metadata,
    Column("upload_no", BigInteger, primary_key=True),
    Column("part_no", Integer, primary_key=True),
    Column("byte_count", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),  # zstd
)
"""Pieces of one list, cut anywhere: put together in their order, they are the file."""
erasure_table = Table(
    "audience_erasure",
    metadata,
    Column("audience_id", String(36), primary_key=True),
    Column("scope_id", BigInteger, nullable=False),
)
"""Audiences that are deleted and whose rows are still there: they go some at a time."""
_u, _p, _e = upload_table, part_table, erasure_table


@dataclass(frozen=True, slots=True)
class Options:
    """How to read a list."""

    identity_column: str | None = None
    """The column (of JSON: the member) that holds the identity; None means the one that looks like it."""
    delimiter: str = ","
    """Between the cells of CSV."""
    max_bad_percent: int = 100
    """More bad rows than this, and the upload fails before it changes anything."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that names nobody."""

    line: int
    """Of the file, from 1; of a JSON list, the element's number."""
    reason: str


@dataclass(slots=True)
class Progress:
    """How far an upload is, and what it came to."""

    part_count: int = 0
    byte_count: int = 0
    rows: int = 0
    """Rows read, good and bad."""
    bad_rows: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    """Bad rows by reason."""
    faults: list[Fault] = field(default_factory=list)
    """The first hundred bad rows."""
    repeated_rows: int = 0
    """Rows that name somebody whom a later row of the list names, too: the last counts."""
    applied: int = 0
    """Identities of the list that have been brought into the audience, or out of it."""
    after: str = ""
    """The last of them: they go in order."""
    realized: int = 0
    exited: int = 0
    unchanged: int = 0
    """Identities of the list that were in the audience already; when removing, that weren't."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A list of members on its way into an audience."""

    no: int
    id: str
    scope_id: int
    audience_id: str
    mode: Mode
    format: str
    options: Options
    status: UploadStatus
    phase: Phase | None
    progress: Progress
    reason: str | None
    """Why it failed, in words."""
    created_at_us: int
    queued_at_us: int | None
    started_at_us: int | None
    ended_at_us: int | None
    created_by: str


def insert_upload(
    connection: Connection,
    scope_id: int,
    audience_id: str,
    upload_id: str,
    mode: Mode,
    list_format: str,
    options: Options,
    at_us: int,
    created_by: str,
) -> None:
    """A new upload that waits for its parts."""
    connection.execute(
        insert(_u).inline(),
        {
            "id": upload_id,
            "scope_id": scope_id,
            "audience_id": audience_id,
            "mode": mode,
            "format": list_format,
            "options": orjson.dumps(options).decode(),
            "status": "NEW",
            "progress": orjson.dumps(Progress()).decode(),
            "created_at_us": at_us,
            "created_by": created_by,
        },
    )


def find_upload(connection: Connection, scope_id: int, audience_id: str, upload_id: str) -> Upload | None:
    """One upload of an audience."""
    row = connection.execute(
        select(_u).where(_u.c.scope_id == scope_id, _u.c.audience_id == audience_id, _u.c.id == upload_id)
    ).first()
    return None if row is None else _upload(row)


def list_uploads(
    connection: Connection, scope_id: int, audience_id: str, start: int, limit: int
) -> tuple[list[Upload], int]:
    """(a page of an audience's uploads, the latest first; how many there are)."""
    of = (_u.c.scope_id == scope_id, _u.c.audience_id == audience_id)
    total = connection.execute(select(func.count()).where(*of)).scalar() or 0
    rows = connection.execute(select(_u).where(*of).order_by(_u.c.no.desc()).offset(start).limit(limit))
    return [_upload(row) for row in rows], total


def find_evaluating(connection: Connection, scope_id: int) -> set[str]:
    """The audiences of a sandbox that an upload is changing now."""
    rows = connection.execute(
        select(_u.c.audience_id).where(_u.c.scope_id == scope_id, _u.c.status == "PROCESSING", _u.c.phase == "applying")
    )
    return {row[0] for row in rows}


def find_running(connection: Connection) -> list[Upload]:
    """Of each audience the upload whose turn it is, in the order they were completed in."""
    rows = connection.execute(
        select(_u).where(_u.c.status.in_(("PROCESSING", "QUEUED"))).order_by(_u.c.queued_at_us, _u.c.no)
    )
    first: dict[tuple[int, str], Upload] = {}
    for row in rows:
        first.setdefault((row.scope_id, row.audience_id), _upload(row))
    return list(first.values())


def save_upload(
    connection: Connection,
    upload: Upload,
    *,
    status: UploadStatus,
    phase: Phase | None = None,
    progress: Progress | None = None,
    reason: str | None = None,
    **times: int,
) -> bool:
    """Move an upload on from how it was read; False when it has changed or gone since, and nothing is written.

    times: `queued_at_us`, `started_at_us`, `ended_at_us`, those that are to be set.
    """
    before = orjson.dumps(upload.progress).decode()
    done = connection.execute(
        update(_u)
        .where(
            _u.c.no == upload.no,
            _u.c.status == upload.status,
            _u.c.phase.is_not_distinct_from(upload.phase),
            _u.c.progress == before,
        )
        .values(
            status=status,
            phase=phase,
            progress=before if progress is None else orjson.dumps(progress).decode(),
            reason=reason,
            **times,
        )
    )
    return done.rowcount == 1


def _upload(row: Any) -> Upload:
    progress = orjson.loads(row.progress)
    progress["faults"] = [Fault(**fault) for fault in progress["faults"]]
    return Upload(
        no=row.no,
        id=row.id,
        scope_id=row.scope_id,
        audience_id=row.audience_id,
        mode=row.mode,
        format=row.format,
        options=Options(**orjson.loads(row.options)),
        status=row.status,
        phase=row.phase,
        progress=Progress(**progress),
        reason=row.reason,
        created_at_us=row.created_at_us,
        queued_at_us=row.queued_at_us,
        started_at_us=row.started_at_us,
        ended_at_us=row.ended_at_us,
        created_by=row.created_by,
    )


# --- parts ---


def pack(body: bytes) -> bytes:
    """A part as it is stored; made before the transaction that stores it."""
    return zstandard.compress(body, _LEVEL)


def put_part(connection: Connection, upload_no: int, part_no: int, byte_count: int, packed: bytes) -> None:
    """Keep a part; one with the same number is replaced."""
    statement = conflict_insert(connection.dialect)(_p).values(
        upload_no=upload_no, part_no=part_no, byte_count=byte_count, body=packed
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[_p.c.upload_no, _p.c.part_no],
            set_={"byte_count": statement.excluded.byte_count, "body": statement.excluded.body},
        )
    )


def list_parts(connection: Connection, upload_no: int) -> dict[int, int]:
    """Part number → bytes, in order."""
    rows = connection.execute(
        select(_p.c.part_no, _p.c.byte_count).where(_p.c.upload_no == upload_no).order_by(_p.c.part_no)
    )
    return {row[0]: row[1] for row in rows}


def read_part(connection: Connection, upload_no: int, part_no: int) -> bytes | None:
    """A part as it was sent; None when it is gone."""
    row = connection.execute(
        select(_p.c.byte_count, _p.c.body).where(_p.c.upload_no == upload_no, _p.c.part_no == part_no)
    ).first()
    return None if row is None else zstandard.decompress(row[1], max_output_size=row[0])


def delete_unneeded_part(connection: Connection) -> bool:
    """Remove one part of an upload that is over or gone; whether there was one."""
    found = connection.execute(_UNNEEDED).first()
    if found is None:
        return False
    connection.execute(delete(_p).where(_p.c.upload_no == found[0], _p.c.part_no == found[1]))
    return True


_UNNEEDED = (
    select(_p.c.upload_no, _p.c.part_no)
    .select_from(_p.outerjoin(_u, _u.c.no == _p.c.upload_no))
    .where(or_(_u.c.no.is_(None), _u.c.status.in_(FINAL)))
    .order_by(_p.c.upload_no, _p.c.part_no)
    .limit(1)
)


# --- what is left to do ---


def has_work(connection: Connection, created_before_us: int) -> bool:
    """Whether the loader has something to do; of uploads nobody completed, those that were begun before that time."""
    for wanted in (
        select(_u.c.no).where(or_(_u.c.status.in_(("QUEUED", "PROCESSING")), _is_forgotten(created_before_us))),
        select(_e.c.audience_id),
        _UNNEEDED,
    ):
        if connection.execute(wanted.limit(1)).first() is not None:
            return True
    return False


def fail_forgotten(connection: Connection, created_before_us: int, reason: str, at_us: int) -> int:
    """Give up uploads that were begun before a time and never completed; how many."""
    return connection.execute(
        update(_u).where(_is_forgotten(created_before_us)).values(status="FAILED", reason=reason, ended_at_us=at_us)
    ).rowcount


def _is_forgotten(created_before_us: int) -> ColumnElement[bool]:
    return (_u.c.status == "NEW") & (_u.c.created_at_us < created_before_us)


def request_erasure(connection: Connection, scope_id: int, audience_id: str) -> None:
    """The audience is deleted: its uploads go now, its memberships and their parts some at a time."""
    connection.execute(delete(_u).where(_u.c.scope_id == scope_id, _u.c.audience_id == audience_id))
    connection.execute(insert(_e), {"scope_id": scope_id, "audience_id": audience_id})


def find_erasure(connection: Connection) -> tuple[int, str] | None:
    """(scope, audience) whose rows are still to go."""
    row = connection.execute(select(_e.c.scope_id, _e.c.audience_id).limit(1)).first()
    return None if row is None else (row[0], row[1])


def finish_erasure(connection: Connection, audience_id: str) -> None:
    """Nothing of the audience is left."""
    connection.execute(delete(_e).where(_e.c.audience_id == audience_id))
