"""Data sets as resources, and the reading side of batches."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from sqlalchemy import ColumnElement, Connection, false, or_

from parcours.access import Caller
from parcours.catalog import store
from parcours.catalog.documents import (
    DATA_SET_KIND,
    DEFAULT_CONTENT_TYPE,
    MAX_NAME,
    SYSTEM,
    checked,
    compile_data_set,
    merged,
    render_batch,
    render_data_set,
    render_last_batches,
    version_of,
)
from parcours.catalog.errors import (
    CatalogInvalid,
    CatalogNotFound,
    CatalogVersionMismatch,
    DataSetInUse,
    DataSetRefused,
)
from parcours.catalog.listing import ListQuery, project, select
from parcours.catalog.model import Batch, DataSetTable
from parcours.catalog.tags import PROFILE, TABLE, Tags, is_enabled, table_name
from parcours.db import Database
from parcours.kit.ids import new_hex
from parcours.resources.patch import PatchInvalid, apply_patch
from parcours.resources.store import Author, Compiled, Resource, ResourceStore
from parcours.xdm.compiled import CompiledSchema

FindSchema = Callable[[Connection, int, str], CompiledSchema | None]
"""(connection, scope, `$id`) → the schema, or None."""
Uses = Callable[[Connection, int, str], Sequence[str]]
"""(connection, scope, data set id) → what writes to it, in words; empty when nothing does."""
SYSTEM_AUTHOR = Author("parcours", "parcours")


OnDelete = Callable[[Connection, int, str], object]
"""(connection, scope, data set id): the data set is being deleted."""


Admit = Callable[[Tags, Tags, CompiledSchema], None]
"""(tags, tags before, schema): a data set is about to be written; may add to its tags. Raises DataSetRefused."""
OnWrite = Callable[[Connection, int, str, Tags, Tags], None]
"""(connection, scope, data set id, tags, tags before): the data set was written."""


class CatalogService:
    """Data sets and batches of every sandbox."""

    def __init__(
        self,
        db: Database,
        resources: ResourceStore,
        find_schema: FindSchema,
        uses: Uses = lambda _connection, _scope_id, _dataset_id: (),
        kept: Collection[str] = (),
    ) -> None:
        """kept: names of data sets made by the system that nobody changes, and nobody else writes to."""
        self._db = db
        self._resources = resources
        self._find_schema = find_schema
        self._uses = uses
        self._kept = kept
        self.on_delete: OnDelete = lambda _connection, _scope_id, _dataset_id: None
        """Called in the transaction that deletes a data set, for rooms that keep something of it."""
        self.admit: Admit = lambda _tags, _before, _schema: None
        self.on_write: OnWrite = lambda _connection, _scope_id, _dataset_id, _tags, _before: None
        """Both are called in the transaction that writes a data set, for rooms that have tags of their own."""
        self.table: Compiled[DataSetTable] = Compiled(resources, [DATA_SET_KIND], self.build_table)

    def data_sets(self, caller: Caller, query: ListQuery) -> dict[str, dict[str, Any]]:
        """A page of data sets keyed by id, oldest first. Raises CatalogInvalid."""
        with self._db.read() as connection:
            last = store.find_last_batches(connection, caller.scope_id)
            found = self._resources.in_scope(connection, caller.scope_id, DATA_SET_KIND)
        documents = {resource.id: render_data_set(resource, caller, last.get(resource.id)) for resource in found}
        aliases = {"schemaRef.id": lambda _id, document: document["schemaRef"]["id"]}
        return select(documents, query, aliases)

    def data_set(self, caller: Caller, dataset_id: str, properties: Sequence[str] = ()) -> tuple[dict[str, Any], str]:
        """One data set and its version. Raises CatalogNotFound."""
        with self._db.read() as connection:
            found = self._find(connection, caller.scope_id, dataset_id)
            last = store.find_last_batches(connection, caller.scope_id, dataset_id)
        return project(render_data_set(found, caller, last.get(dataset_id)), properties), version_of(found)

    def data_sets_of(
        self, caller: Caller, dataset_ids: Sequence[str], properties: Sequence[str] = ()
    ) -> dict[str, dict[str, Any]]:
        """The data sets of these ids that are there, in this order. Raises CatalogNotFound when none is."""
        with self._db.read() as connection:
            last = store.find_last_batches(connection, caller.scope_id)
            there = {one.id: one for one in self._resources.in_scope(connection, caller.scope_id, DATA_SET_KIND)}
        found = [there[dataset_id] for dataset_id in dict.fromkeys(dataset_ids) if dataset_id in there]
        if not found:
            raise CatalogNotFound("data set", ",".join(dataset_ids))
        return {one.id: project(render_data_set(one, caller, last.get(one.id)), properties) for one in found}

    def require_data_set(self, caller: Caller, dataset_id: str) -> None:
        """Raises CatalogNotFound when the sandbox has no such data set."""
        with self._db.read() as connection:
            self._find(connection, caller.scope_id, dataset_id)

    def create(self, caller: Caller, body: Mapping[str, Any], *, is_rehearsal: bool = False) -> str:
        """A new data set, called like its schema when it has no name; its id. Raises CatalogInvalid or DataSetRefused.

        is_rehearsal: refuse what can't be, and make nothing.
        """
        document = checked(body, may_be_unnamed=True)
        with self._writing(is_rehearsal) as connection:
            schema = self._schema(connection, caller.scope_id, document["schemaRef"]["id"])
            document.setdefault("name", schema.title[:MAX_NAME])
            self._admit_profile(document["tags"], {}, schema)
            self.admit(document["tags"], {}, schema)
            self._name_table(connection, caller.scope_id, document)
            dataset_id = self._insert(connection, caller.scope_id, caller.author, document, schema)
            self.on_write(connection, caller.scope_id, dataset_id, document["tags"], {})
        return dataset_id

    def patch(
        self,
        caller: Caller,
        dataset_id: str,
        body: Any,
        if_match: str | None = None,
        if_none_match: str | None = None,
        *,
        is_rehearsal: bool = False,
    ) -> None:
        """Change a data set by a JSON Patch (a list) or by new values for top-level keys (an object)."""

        def edit(document: dict[str, Any]) -> dict[str, Any]:
            if isinstance(body, dict):
                return {**document, **body}
            try:
                return apply_patch(document, body)
            except PatchInvalid as error:
                raise CatalogInvalid(str(error), error.path) from None

        self._change(caller, dataset_id, edit, if_match, if_none_match, is_rehearsal)

    def merge(
        self,
        caller: Caller,
        dataset_id: str,
        body: Mapping[str, Any],
        if_match: str | None = None,
        if_none_match: str | None = None,
        *,
        is_rehearsal: bool = False,
    ) -> None:
        """Change a data set by a deep merge."""
        self._change(caller, dataset_id, lambda document: merged(document, body), if_match, if_none_match, is_rehearsal)

    def replace(
        self,
        caller: Caller,
        dataset_id: str,
        body: Mapping[str, Any],
        if_match: str | None = None,
        if_none_match: str | None = None,
        *,
        is_rehearsal: bool = False,
    ) -> None:
        """Give a data set a whole new document; what only the server sets stays, and its name where there is none."""
        self._change(
            caller, dataset_id, lambda old: {"name": old["name"], **body}, if_match, if_none_match, is_rehearsal
        )

    def delete(self, caller: Caller, dataset_id: str) -> None:
        """Remove a data set that nothing writes to. Raises CatalogNotFound or DataSetInUse."""
        with self._db.write() as connection:
            current = self._find(connection, caller.scope_id, dataset_id)
            if current.body["classification"]["managedBy"] == SYSTEM:
                raise DataSetInUse(f"{current.body['name']} is kept by the system")
            users = list(self._uses(connection, caller.scope_id, dataset_id))
            if users:
                raise DataSetInUse(f"the data set is still written to by {', '.join(users[:5])}")
            self._resources.delete(connection, current)
            self.on_delete(connection, caller.scope_id, dataset_id)

    @staticmethod
    def system_data_set_id(scope_id: int, key: str) -> str:
        """The id of a data set that Parcours itself writes to, whether it was made already or not."""
        return blake2b(f"{scope_id}\0{key}".encode(), digest_size=12).hexdigest()

    def ensure_system_data_set(
        self, connection: Connection, scope_id: int, name: str, schema_id: str, *, key: str = ""
    ) -> str:
        """The id of a data set that Parcours itself writes to, made in the caller's transaction when it is new.

        key: what it is known by, when that is not its name.
        """
        dataset_id = self.system_data_set_id(scope_id, key or name)
        if self._resources.find(connection, scope_id, DATA_SET_KIND, dataset_id) is not None:
            return dataset_id
        schema = self._schema(connection, scope_id, schema_id)
        body = {
            "name": name,
            "description": "Written by the system",
            "schemaRef": {"id": schema_id, "contentType": DEFAULT_CONTENT_TYPE},
        }
        document = checked(body)
        self._name_table(connection, scope_id, document)
        return self._insert(connection, scope_id, SYSTEM_AUTHOR, document, schema, dataset_id)

    def last_batches(self, caller: Caller) -> dict[str, dict[str, Any]]:
        """The newest batches of every data set that has one."""
        with self._db.read() as connection:
            last = store.find_last_batches(connection, caller.scope_id)
        return {dataset_id: render_last_batches(batches) for dataset_id, batches in last.items()}

    def batches(self, caller: Caller, query: ListQuery) -> dict[str, dict[str, Any]]:
        """A page of batches keyed by id, newest first unless ordered otherwise. Raises CatalogInvalid."""
        conditions, rest = _in_sql(query)
        is_newest_first = _CREATED_ORDERS.get(query.order_by.replace(" ", ""))
        has_rest = bool(rest.equals or rest.ranges or rest.tags or rest.conditions) or is_newest_first is None
        with self._db.read() as connection:
            found = store.find_batches(
                connection,
                caller.scope_id,
                conditions,
                is_newest_first=is_newest_first is not False,
                start=0 if has_rest else query.start,
                limit=None if has_rest else query.limit,
            )
            errors = store.find_errors(connection, caller.scope_id, [batch.id for batch in found if batch.is_failed])
        now_ms = time.time_ns() // 1_000_000
        documents = {batch.id: render_batch(batch, caller, errors.get(batch.id, ()), now_ms) for batch in found}
        if not has_rest:
            return {batch_id: project(document, query.properties) for batch_id, document in documents.items()}
        aliases = {"dataSet": _data_set_of, "batch": lambda batch_id, _: batch_id}
        return select(documents, rest, aliases)

    def batches_of(
        self, caller: Caller, batch_ids: Sequence[str], properties: Sequence[str] = ()
    ) -> dict[str, dict[str, Any]]:
        """The batches of these ids that are there, in this order. Raises CatalogNotFound when none is."""
        with self._db.read() as connection:
            named = (store.find_batch(connection, caller.scope_id, batch_id) for batch_id in dict.fromkeys(batch_ids))
            found = [batch for batch in named if batch is not None]
            errors = store.find_errors(connection, caller.scope_id, [batch.id for batch in found if batch.is_failed])
        if not found:
            raise CatalogNotFound("batch", ",".join(batch_ids))
        now_ms = time.time_ns() // 1_000_000
        return {
            batch.id: project(render_batch(batch, caller, errors.get(batch.id, ()), now_ms), properties)
            for batch in found
        }

    def require_batch(self, caller: Caller, batch_id: str) -> Batch:
        """One batch as stored. Raises CatalogNotFound."""
        with self._db.read() as connection:
            return self._find_batch(connection, caller.scope_id, batch_id)

    def is_schema_in_use(self, connection: Connection, scope_id: int, schema_id: str) -> bool:
        """Whether a data set has this schema, so that records written with it may exist."""
        found = self.table.current(connection).by_id.values()
        return any(one.scope_id == scope_id and one.schema_id == schema_id for one in found)

    @contextmanager
    def _writing(self, is_rehearsal: bool) -> Iterator[Connection]:
        """A transaction that commits on leaving the block; that of a rehearsal is rolled back."""
        with self._db.write() as connection:
            yield connection
            if is_rehearsal:
                connection.rollback()

    def _change(
        self,
        caller: Caller,
        dataset_id: str,
        edit: Callable[[dict[str, Any]], dict[str, Any]],
        if_match: str | None,
        if_none_match: str | None,
        is_rehearsal: bool,
    ) -> None:
        with self._writing(is_rehearsal) as connection:
            current = self._find(connection, caller.scope_id, dataset_id)
            _check_preconditions(current, if_match, if_none_match)
            if self._is_kept(current):
                raise DataSetInUse(f"{current.body['name']} is kept by the system, and can't be changed")
            document = checked(edit(current.body))
            schema = self._schema(connection, caller.scope_id, document["schemaRef"]["id"])
            if schema.schema_id != current.body["schemaRef"]["id"]:
                raise DataSetRefused("the schema of a data set can't be changed", "$.schemaRef.id")
            self._admit_profile(document["tags"], current.body["tags"], schema)
            self.admit(document["tags"], current.body["tags"], schema)
            document["tags"].setdefault(TABLE, current.body["tags"][TABLE])
            self._name_table(connection, caller.scope_id, document, dataset_id)
            for key in ("viewId", "classification"):
                document[key] = current.body[key]
            if document != current.body:
                self._resources.replace(connection, current, caller.author, document)
                self.on_write(connection, caller.scope_id, dataset_id, document["tags"], current.body["tags"])

    def _insert(
        self,
        connection: Connection,
        scope_id: int,
        author: Author,
        document: dict[str, Any],
        schema: CompiledSchema,
        dataset_id: str = "",
    ) -> str:
        document["schemaRef"]["id"] = schema.schema_id
        document["viewId"] = new_hex(24)
        document["classification"] = {
            "dataBehavior": schema.behaviour,
            "managedBy": SYSTEM if dataset_id else "CUSTOMER",
        }
        created = self._resources.create(
            connection, scope_id, author, DATA_SET_KIND, document, dataset_id or new_hex(24)
        )
        return created.id

    def _schema(self, connection: Connection, scope_id: int, schema_id: str) -> CompiledSchema:
        found = self._find_schema(connection, scope_id, schema_id)
        if found is None:
            raise DataSetRefused(f"the registry has no schema {schema_id!r}", "$.schemaRef.id")
        return found

    def _admit_profile(self, tags: Tags, before: Tags, schema: CompiledSchema) -> None:
        if is_enabled(tags, PROFILE) and not is_enabled(before, PROFILE) and not schema.is_union:
            raise DataSetRefused(
                f"schema {schema.schema_id} is not enabled for profiles: add union to its meta:immutableTags first",
                f"$.tags.{PROFILE}",
            )

    def _name_table(
        self, connection: Connection, scope_id: int, document: dict[str, Any], dataset_id: str = ""
    ) -> None:
        taken = {
            resource.body["tags"][TABLE][0]
            for resource in self._resources.in_scope(connection, scope_id, DATA_SET_KIND)
            if resource.id != dataset_id
        }
        wanted = document["tags"].get(TABLE)
        if wanted is None:
            document["tags"][TABLE] = [table_name(document["name"], taken)]
        elif wanted[0] in taken:
            raise DataSetRefused(f"another data set has the table name {wanted[0]!r}", f"$.tags.{TABLE}")

    def _find(self, connection: Connection, scope_id: int, dataset_id: str) -> Resource:
        found = self._resources.find(connection, scope_id, DATA_SET_KIND, dataset_id)
        if found is None:
            raise CatalogNotFound("data set", dataset_id)
        return found

    def _find_batch(self, connection: Connection, scope_id: int, batch_id: str) -> Batch:
        found = store.find_batch(connection, scope_id, batch_id)
        if found is None:
            raise CatalogNotFound("batch", batch_id)
        return found

    def build_table(self, connection: Connection) -> DataSetTable:
        """Every data set as it is stored now."""
        found: Iterable[Resource] = self._resources.in_all_scopes(connection, DATA_SET_KIND)
        return DataSetTable(
            {
                (resource.scope_id, resource.id): compile_data_set(resource, is_kept=self._is_kept(resource))
                for resource in found
            }
        )

    def _is_kept(self, resource: Resource) -> bool:
        return any(resource.id == self.system_data_set_id(resource.scope_id, name) for name in self._kept)


def _check_preconditions(current: Resource, if_match: str | None, if_none_match: str | None) -> None:
    """The headers hold a version ("1.0.3"), an update time in epoch milliseconds, or "*"."""
    known = {version_of(current), str(current.updated_at_ms), current.etag.strip('"'), "*"}

    def names_current(header: str) -> bool:
        return any(part.strip().removeprefix("W/").strip('"') in known for part in header.split(","))

    if if_match and not names_current(if_match):
        raise CatalogVersionMismatch(f"If-Match: the data set's version is {version_of(current)}")
    if if_none_match and names_current(if_none_match):
        raise CatalogVersionMismatch(f"If-None-Match: the data set's version is {version_of(current)}")


_CREATED_ORDERS: Mapping[str, bool] = {
    "": True,
    "desc:created": True,
    "-created": True,
    "asc:created": False,
    "created": False,
    "+created": False,
}
"""Orders the database gives; True is newest first."""
_TIME_COLUMNS = {
    "created": store.batch_table.c.created_ms,
    "started": store.batch_table.c.created_ms,
    "updated": store.batch_table.c.updated_ms,
}
_FAILED_LEFT = store.batch_table.c.failed_record_count > 0
_STATUS_CONDITIONS: Mapping[str, ColumnElement[bool]] = {
    "success": store.batch_table.c.is_failed.is_(False),
    "failed": store.batch_table.c.is_failed.is_(True) & _FAILED_LEFT,
    "failure": store.batch_table.c.is_failed.is_(True) & _FAILED_LEFT,
    "inactive": store.batch_table.c.is_failed.is_(True) & ~_FAILED_LEFT,
}


def _in_sql(query: ListQuery) -> tuple[list[ColumnElement[bool]], ListQuery]:
    """What the database can filter, and the query that is left to do in memory."""
    t = store.batch_table
    conditions: list[ColumnElement[bool]] = []
    equals = []
    for key, text in query.equals:
        wanted = [part.strip() for part in text.split(",")]
        if text.startswith("!") or key not in ("dataSet", "batch", "status"):
            equals.append((key, text))
        elif key == "status":
            conditions.append(or_(*(_STATUS_CONDITIONS.get(part, false()) for part in wanted)))
        else:
            conditions.append((t.c.dataset_id if key == "dataSet" else t.c.id).in_(wanted))
    ranges = []
    for key, is_after, bound in query.ranges:
        column = _TIME_COLUMNS.get(key)
        if column is None:
            ranges.append((key, is_after, bound))
        else:
            conditions.append(column > bound if is_after else column < bound)
    return conditions, replace(query, equals=tuple(equals), ranges=tuple(ranges))


def _data_set_of(_batch_id: str, document: dict[str, Any]) -> Any:
    return document["relatedObjects"][0]["id"]
