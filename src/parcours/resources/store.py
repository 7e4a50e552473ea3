"""Resources in SQL: one row for the current version, one for each earlier one, one counter per kind."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

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
    case,
    delete,
    insert,
    select,
    update,
)

from parcours.audit.store import record_change
from parcours.db import is_writing, metadata
from parcours.db.bulk import conflict_insert
from parcours.kit.depth import MAX_DEPTH, nests_too_deep
from parcours.kit.errors import Conflict, Invalid, NotFound, VersionMismatch
from parcours.kit.ids import new_etag, new_uuid
from parcours.resources.labels import LABELLED, forget_labels, is_hidden

resource_table = Table(
    "resource",
    metadata,
    Column("scope_id", BigInteger, primary_key=True),
    Column("kind", String(40), primary_key=True),
    Column("id", String(255), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("etag", String(60), nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("updated_at_ms", BigInteger, nullable=False),
    Column("created_by", String(120), nullable=False),
    Column("updated_by", String(120), nullable=False),
    Column("created_client", String(120), nullable=False),
    Column("updated_client", String(120), nullable=False),
    Index(None, "kind"),
)
resource_version_table = Table(
    "resource_version",
    metadata,
    Column("scope_id", BigInteger, primary_key=True),
    Column("kind", String(40), primary_key=True),
    Column("id", String(255), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("body", Text, nullable=False),
)
revision_table = Table(
    "revision",
    metadata,
    Column("kind", String(40), primary_key=True),
    Column("value", BigInteger, nullable=False),
)


class ResourceNotFound(NotFound):
    """No resource of this kind has this id in the caller's sandbox."""

    def __init__(self, kind: str, resource_id: str) -> None:
        super().__init__(f"no {kind} {resource_id!r}")
        self.kind = kind
        self.resource_id = resource_id


class ResourceExists(Conflict):
    """The id is taken."""

    def __init__(self, kind: str, resource_id: str) -> None:
        super().__init__(f"{kind} {resource_id!r} exists already")
        self.kind = kind
        self.resource_id = resource_id


class EtagMismatch(VersionMismatch):
    """The stored etag is another one; `current` is what is stored."""

    def __init__(self, kind: str, resource_id: str, current: str) -> None:
        super().__init__(f"{kind} {resource_id!r} has changed since it was read: its etag is {current}")
        self.kind = kind
        self.resource_id = resource_id
        self.current = current


class DocumentTooDeep(Invalid):
    """The document nests deeper than anything else can work with."""

    def __init__(self) -> None:
        super().__init__(f"the document nests deeper than {MAX_DEPTH} levels")


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes a resource: shown in its audit fields."""

    user_id: str
    client_id: str


@dataclass(frozen=True, slots=True)
class Resource:
    """One stored version. `body` is the document as the room gave it; treat it as read-only."""

    scope_id: int
    kind: str
    id: str
    version: int
    """0 at creation, one more at each change."""
    etag: str
    body: dict[str, Any]
    created_at_ms: int
    updated_at_ms: int
    created_by: str
    updated_by: str
    created_client: str
    updated_client: str


_COLUMNS = list(resource_table.c)
_FIND = select(*_COLUMNS).where(
    resource_table.c.scope_id == bindparam("scope_id"),
    resource_table.c.kind == bindparam("kind"),
    resource_table.c.id == bindparam("id"),
)
T = TypeVar("T")


class ResourceStore:
    """Reads and writes resources on a connection the caller opened, so that several can change together.

    Whatever changes here stands in the audit log, in the same transaction. What is hidden from the caller under way by
    its access labels is not there for `get` and `find`, nor in lists that are read in a transaction of their own; a
    writing one sees all, so that names stay unique and renames reach everything.
    """

    def create(
        self,
        connection: Connection,
        scope_id: int,
        author: Author,
        kind: str,
        body: Mapping[str, Any],
        resource_id: str = "",
    ) -> Resource:
        """Store a new document as version 0. Raises ResourceExists when `resource_id` is taken, DocumentTooDeep."""
        resource_id = resource_id or new_uuid()
        now_ms = time.time_ns() // 1_000_000
        row = Resource(
            scope_id, kind, resource_id, 0, new_etag(), dict(body), now_ms, now_ms,
            author.user_id, author.user_id, author.client_id, author.client_id,
        )  # fmt: skip
        if self._find(connection, scope_id, kind, resource_id) is not None:
            raise ResourceExists(kind, resource_id)
        text = _text(row.body)
        connection.execute(insert(resource_table), {**_row(row), "body": text})
        self._remember(connection, row, text)
        self.touch(connection, kind)
        record_change(connection, scope_id, kind, resource_id, None, row.body, (author.user_id, author.client_id))
        return row

    def get(self, connection: Connection, scope_id: int, kind: str, resource_id: str) -> Resource:
        """The current version. Raises ResourceNotFound."""
        found = self.find(connection, scope_id, kind, resource_id)
        if found is None:
            raise ResourceNotFound(kind, resource_id)
        return found

    def find(self, connection: Connection, scope_id: int, kind: str, resource_id: str) -> Resource | None:
        """The current version, or None."""
        found = self._find(connection, scope_id, kind, resource_id)
        return None if found is not None and is_hidden(kind, found.id, found.body) else found

    @staticmethod
    def _find(connection: Connection, scope_id: int, kind: str, resource_id: str) -> Resource | None:
        if "\0" in resource_id:
            return None  # PostgreSQL refuses to look for it
        place = {"scope_id": scope_id, "kind": kind, "id": resource_id}
        row = connection.execute(_FIND, place).first()
        return None if row is None else _resource(row)

    def get_version(
        self, connection: Connection, scope_id: int, kind: str, resource_id: str, version: int
    ) -> dict[str, Any]:
        """The document as it was at `version`. Raises ResourceNotFound."""
        if "\0" in resource_id:
            raise ResourceNotFound(kind, resource_id)
        t = resource_version_table
        body = connection.execute(
            select(t.c.body).where(
                t.c.scope_id == scope_id, t.c.kind == kind, t.c.id == resource_id, t.c.version == version
            )
        ).scalar()
        if body is None:
            raise ResourceNotFound(kind, f"{resource_id} version {version}")
        document: dict[str, Any] = orjson.loads(body)
        return document

    def in_scope(self, connection: Connection, scope_id: int, kind: str) -> list[Resource]:
        """Every resource of a kind in one sandbox, oldest first."""
        t = resource_table
        rows = connection.execute(
            select(*_COLUMNS).where(t.c.scope_id == scope_id, t.c.kind == kind).order_by(t.c.created_at_ms, t.c.id)
        )
        found = [_resource(row) for row in rows]
        if is_writing(connection):
            return found
        return [one for one in found if not is_hidden(kind, one.id, one.body)]

    def in_all_scopes(self, connection: Connection, kind: str) -> list[Resource]:
        """Every resource of a kind in every sandbox: for compiled tables, never for answering a caller."""
        t = resource_table
        rows = connection.execute(select(*_COLUMNS).where(t.c.kind == kind).order_by(t.c.created_at_ms, t.c.id))
        return [_resource(row) for row in rows]

    def replace(
        self,
        connection: Connection,
        current: Resource,
        author: Author,
        body: Mapping[str, Any],
        if_match: str | None = None,
    ) -> Resource:
        """Store `body` as the next version of `current`.

        Raises EtagMismatch when `if_match` is stale, DocumentTooDeep.
        """
        if if_match is not None and not _same_etag(if_match, current.etag):
            raise EtagMismatch(current.kind, current.id, current.etag)
        now_ms = max(time.time_ns() // 1_000_000, current.updated_at_ms)
        row = Resource(
            current.scope_id, current.kind, current.id, current.version + 1, new_etag(), dict(body),
            current.created_at_ms, now_ms,
            current.created_by, author.user_id, current.created_client, author.client_id,
        )  # fmt: skip
        text = _text(row.body)
        t = resource_table
        done = connection.execute(
            update(t)
            .where(t.c.scope_id == row.scope_id, t.c.kind == row.kind, t.c.id == row.id, t.c.etag == current.etag)
            .values({**_row(row), "body": text})
        )
        if done.rowcount != 1:
            raise EtagMismatch(current.kind, current.id, current.etag)
        self._remember(connection, row, text)
        self.touch(connection, row.kind)
        who = (author.user_id, author.client_id)
        record_change(connection, row.scope_id, row.kind, row.id, current.body, row.body, who)
        return row

    def delete(self, connection: Connection, current: Resource, *, keeps_versions: bool = False) -> None:
        """Remove a resource; with its history, unless something that is already on its way still needs a version.

        The audit log takes who did it from the call under way.
        """
        t = resource_table
        connection.execute(
            delete(t).where(t.c.scope_id == current.scope_id, t.c.kind == current.kind, t.c.id == current.id)
        )
        if not keeps_versions:
            self.forget_versions(connection, current.scope_id, current.kind, current.id)
        self.touch(connection, current.kind)
        if current.kind in LABELLED:
            forget_labels(connection, current.scope_id, current.id)
        record_change(connection, current.scope_id, current.kind, current.id, current.body, None)

    def forget_versions(self, connection: Connection, scope_id: int, kind: str, resource_id: str) -> None:
        """Remove the history of a resource that is deleted."""
        t = resource_version_table
        connection.execute(delete(t).where(t.c.scope_id == scope_id, t.c.kind == kind, t.c.id == resource_id))

    def touch(self, connection: Connection, kind: str) -> None:
        """Raise the kind's revision, so that every process rebuilds what it compiled from it.

        A revision follows the clock: one that was seen in a transaction which then rolled back is not used again.
        """
        now_us = time.time_ns() // 1000
        t = revision_table
        statement = conflict_insert(connection.dialect)(t).values(kind=kind, value=now_us)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=[t.c.kind],
                set_={"value": case((t.c.value < now_us, now_us), else_=t.c.value + 1)},
            )
        )

    def revisions(self, connection: Connection) -> dict[str, int]:
        """The revision of every kind ever written."""
        rows = connection.execute(select(revision_table.c.kind, revision_table.c.value))
        return {row.kind: row.value for row in rows}

    def _remember(self, connection: Connection, row: Resource, text: str) -> None:
        connection.execute(
            insert(resource_version_table),
            {"scope_id": row.scope_id, "kind": row.kind, "id": row.id, "version": row.version, "body": text},
        )


class Compiled(Generic[T]):
    """Something built from resources, built again only when one of its kinds has a new revision."""

    def __init__(self, resources: ResourceStore, kinds: Sequence[str], build: Callable[[Connection], T]) -> None:
        self._resources = resources
        self._kinds = tuple(kinds)
        self._build = build
        self._kept: tuple[tuple[int, ...], T] | None = None

    def current(self, connection: Connection, revisions: Mapping[str, int] | None = None) -> T:
        """The value for the connection's snapshot; `revisions` saves the look-up when several are asked for."""
        if revisions is None:
            revisions = self._resources.revisions(connection)
        seen = tuple([revisions.get(kind, 0) for kind in self._kinds])
        kept = self._kept  # value and revision in one: threads that share this never see a new one with an old other
        if kept is None or kept[0] != seen:
            kept = self._kept = (seen, self._build(connection))
        return kept[1]


def _same_etag(sent: str, stored: str) -> bool:
    return sent == "*" or sent.removeprefix("W/").strip('"') == stored.strip('"')


def _text(body: dict[str, Any]) -> str:
    if nests_too_deep(body):
        raise DocumentTooDeep
    return orjson.dumps(body).decode()


def _row(resource: Resource) -> dict[str, Any]:
    return {name: getattr(resource, name) for name in Resource.__dataclass_fields__ if name != "body"}


def _resource(row: Any) -> Resource:
    return Resource(
        row.scope_id, row.kind, row.id, row.version, row.etag, orjson.loads(row.body), row.created_at_ms,
        row.updated_at_ms, row.created_by, row.updated_by, row.created_client, row.updated_client,
    )  # fmt: skip
