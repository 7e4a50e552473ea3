"""The outbox: calls that journeys decided, in the order they were committed."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    String,
    Table,
    Text,
    delete,
    func,
    select,
)

from parcours.actions.model import HttpRequest
from parcours.db import metadata
from parcours.db.bulk import bulk_insert
from parcours.delivery.model import OutboxRow, idempotency_key
from parcours.journeys.workset import OutgoingCall

outbox_table = Table(
    "outbox",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("scope_id", BigInteger, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("instance_id", String(64), nullable=False),
    Column("node_id", String(80), nullable=False),
    Column("pass_no", Integer, nullable=False),
    Column("journey_version_uid", String(64), nullable=False),
    Column("action_uid", String(255), nullable=False),
    Column("idempotency_key", String(64), nullable=False, unique=True),
    Column("request", Text, nullable=False),
    Column("body", Text),
    Column("created_at_us", BigInteger, nullable=False),
    Column("deadline_us", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)
"""`id` is never given twice, so that a reader may go on after the last one it saw. A secret is never in `request`.

`request` is method, URL and headers as a JSON list, mostly the same for all calls of an action; the body stands apart.
"""

_ROW = select(
    *(
        outbox_table.c[name]
        for name in (
            "id", "scope_id", "instance_id", "node_id", "pass_no", "journey_version_uid", "action_uid",
            "idempotency_key", "request", "body", "created_at_us", "deadline_us",
        )
    )
)  # fmt: skip
_CHUNK = 500
_ENQUEUE = bulk_insert(outbox_table, [column.name for column in outbox_table.c if column.name != "id"])


def enqueue(connection: Connection, calls: Sequence[OutgoingCall], now_us: int) -> None:
    """Put calls into the outbox. A stay at a node can be there only once: IntegrityError otherwise."""
    rows = [
        (
            scope_id, partition, instance_id, node_id, pass_no, version_uid, action_uid,
            idempotency_key(instance_id, pass_no), _encode_head(request[:3]),
            None if request.body is None else request.body.decode(), now_us, deadline_us,
        )
        for scope_id, partition, instance_id, node_id, pass_no, version_uid, action_uid, request, deadline_us in calls
    ]  # fmt: skip
    _ENQUEUE.run(connection, rows)


def enqueue_message(
    connection: Connection, scope_id: int, key: str, node_id: str, template_uid: str, request: HttpRequest, now_us: int
) -> None:
    """Put a message into the outbox that no journey decided."""
    instance_id, _, pass_no = key.rpartition("-")
    body = None if request.body is None else request.body.decode()
    row = (
        scope_id, 0, instance_id, node_id, int(pass_no), "", template_uid, key, _encode_head(request[:3]), body, now_us,
        now_us + MESSAGE_LIMIT_US,
    )  # fmt: skip
    _ENQUEUE.run(connection, [row])


MESSAGE_LIMIT_US = 30_000_000
"""How long a message is tried for at least that no journey decided."""
_LOST = "null"
"""In place of a request: there is none to be made. Delivery answers it as internalError, as any it can't read."""


def enqueue_lost(
    connection: Connection,
    scope_id: int,
    partition: int,
    instance_id: str,
    node_id: str,
    pass_no: int,
    version_uid: str,
    now_us: int,
) -> None:
    """Have a call answered as internalError that an instance waits for and that is gone."""
    key = idempotency_key(instance_id, pass_no)
    row = (scope_id, partition, instance_id, node_id, pass_no, version_uid, "", key, _LOST, None, now_us, now_us)
    _ENQUEUE.run(connection, [row])


def load_after(connection: Connection, after_id: int, limit: int) -> list[OutboxRow]:
    """The oldest rows after one, in order."""
    c = outbox_table.c
    return [_row(row) for row in connection.execute(_ROW.where(c.id > after_id).order_by(c.id).limit(limit))]


def load(connection: Connection, ids: Iterable[int]) -> list[OutboxRow]:
    """The rows with these ids that are still there, in order."""
    c = outbox_table.c
    found: list[OutboxRow] = []
    for chunk in _chunks(ids):
        found += [_row(row) for row in connection.execute(_ROW.where(c.id.in_(chunk)).order_by(c.id))]
    return found


def find_ids(connection: Connection, up_to_id: int) -> list[int]:
    """The ids of all rows up to one, in order."""
    c = outbox_table.c
    return list(connection.execute(select(c.id).where(c.id <= up_to_id).order_by(c.id)).scalars())


def delete_answered(connection: Connection, ids: Iterable[int]) -> None:
    """Forget calls whose answers are committed in the same transaction."""
    for chunk in _chunks(ids):
        connection.execute(delete(outbox_table).where(outbox_table.c.id.in_(chunk)))


def drop_calls(connection: Connection, scope_id: int, version_uid: str) -> None:
    """Forget the calls of a version that was stopped: nobody waits for their answers."""
    c = outbox_table.c
    connection.execute(delete(outbox_table).where(c.scope_id == scope_id, c.journey_version_uid == version_uid))


def count(connection: Connection) -> int:
    """How many calls are not yet answered."""
    return connection.execute(select(func.count()).select_from(outbox_table)).scalar_one()


@lru_cache(maxsize=1024)
def _encode_head(head: tuple[str, str, tuple[tuple[str, str], ...]]) -> str:
    return orjson.dumps(head).decode()


def _decode_request(head: str, body: str | None) -> HttpRequest | None:
    """None for texts that `enqueue` did not write."""
    try:
        method, url, headers = orjson.loads(head)
        pairs = tuple((str(name), str(value)) for name, value in headers)
        return HttpRequest(str(method), str(url), pairs, None if body is None else body.encode())
    except (orjson.JSONDecodeError, ValueError, TypeError):
        return None


def _row(row: Any) -> OutboxRow:
    *identity, head, body, created_at_us, deadline_us = row
    return OutboxRow._make((*identity, _decode_request(head, body), max(deadline_us - created_at_us, 0), created_at_us))


def _chunks(ids: Iterable[int]) -> Iterable[list[int]]:
    remaining = iter(ids)
    while chunk := list(islice(remaining, _CHUNK)):
        yield chunk
