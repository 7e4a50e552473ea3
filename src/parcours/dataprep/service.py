"""Data Prep: mapping sets written, checked, tried out and handed to the dataflow compiled."""

import re
from collections.abc import Callable, Sequence
from collections.abc import Mapping as AnyMapping
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection

from parcours.access.model import Caller
from parcours.dataprep.compile import CompiledMapping, faults
from parcours.dataprep.documents import (
    Document,
    mappings_of,
    read_mapping,
    read_mapping_set,
    schema_of,
    show_content,
    show_mapping,
)
from parcours.dataprep.errors import MappingSetInUse, MappingSetInvalid, MappingSetNotFound
from parcours.dataprep.model import MappingFault, MappingResult
from parcours.dataprep.store import MAPPING_SET_KIND, all_versions
from parcours.dataprep.table import Kept, MappingTable, compile_document
from parcours.db import Database
from parcours.expressions.errors import ExpressionFailed, ExpressionInvalid
from parcours.expressions.mapping_compiler import compile_mapping
from parcours.expressions.mapping_library import MAPPING, describe_operators
from parcours.kit.ids import new_hex
from parcours.resources.filtering import matches, sort_by
from parcours.resources.store import Compiled, Resource, ResourceNotFound, ResourceStore
from parcours.xdm.compiled import CompiledSchema
from parcours.xdm.service import XdmService
from parcours.xdm.store import DESCRIPTOR_KIND, RESOURCE_KIND

MAX_PREVIEW = 1_000
"""Most records one preview maps."""
_MAX_VERSION = 2**31 - 1
_ID = re.compile(r"[0-9a-f]{32}")
"""What no id looks like, a NUL or a number beyond the column's, never reaches the database."""
Uses = Callable[[Connection, int, str], Sequence[str]]
"""(connection, scope, mapping set id) → what maps with it, in words; empty when nothing does."""
IsRemembered = Callable[[Connection, int, str], bool]
"""(connection, scope, mapping set id) → whether records that are already accepted may need it."""
_KINDS = (MAPPING_SET_KIND, RESOURCE_KIND, DESCRIPTOR_KIND)


class DataPrepService:
    """The mapping sets of every sandbox of one server."""

    def __init__(self, db: Database, resources: ResourceStore, schemas: XdmService) -> None:
        self._db = db
        self._resources = resources
        self._schemas = schemas
        self.uses: Uses = lambda _connection, _scope_id, _mapping_set_id: ()
        self.is_remembered: IsRemembered = lambda _connection, _scope_id, _mapping_set_id: False
        """Set by what knows of flows, for mapping sets know none."""
        self._kept: Kept = {}
        self.table: Compiled[MappingTable] = self.compiled()
        """Compiled mapping sets, for whoever maps records."""

    def compiled(self) -> Compiled[MappingTable]:
        """A table for a thread of its own; what is compiled in one is used by all."""
        schemas = self._schemas.compiled()
        return Compiled(
            self._resources,
            _KINDS,
            lambda connection: MappingTable(all_versions(connection), schemas.current(connection), self._kept),
        )

    def mapping(self, connection: Connection, scope_id: int, mapping_id: str, version: int) -> CompiledMapping:
        """One version compiled, as of the connection's snapshot. Raises MappingSetNotFound or ExpressionInvalid."""
        document = self._document(connection, scope_id, mapping_id, version)
        return compile_document(document, self._schema(connection, scope_id, schema_of(document)))

    def check(self, connection: Connection, scope_id: int, mapping_id: str, version: int) -> list[MappingFault]:
        """What keeps a version from being used by a flow; [] when nothing does. Raises MappingSetNotFound."""
        return self._faults(connection, scope_id, self._document(connection, scope_id, mapping_id, version))

    def target_schema(self, connection: Connection, scope_id: int, mapping_id: str, version: int) -> str | None:
        """The `$id` of a version's target schema; None when there is no such set or version."""
        try:
            document = self._document(connection, scope_id, mapping_id, version)
        except MappingSetNotFound:
            return None
        schema = self._schema(connection, scope_id, schema_of(document))
        return schema_of(document) if schema is None else schema.schema_id

    # --- mapping sets -----------------------------------------------------------------------------------------------

    def create(self, caller: Caller, body: AnyMapping[str, Any], *, is_validated: bool = False) -> Document:
        """A new mapping set; its id, version and audit fields. Raises MappingSetInvalid.

        is_validated: whether destinations must exist in the target schema.
        """
        document = read_mapping_set(body)
        with self._db.write() as connection:
            self._admit(connection, caller.scope_id, document, is_validated)
            row = self._resources.create(
                connection, caller.scope_id, caller.author, MAPPING_SET_KIND, document, new_hex(32)
            )
        return _audit(row)

    def find_all(self, caller: Caller, query: AnyMapping[str, str]) -> Document:
        """A page of mapping sets. query: limit, start, name, orderBy, property, expandSchema.

        Raises MappingSetInvalid or FilterInvalid.
        """
        limit, start = _whole(query, "limit", 10, 1), _whole(query, "start", 0, 0)
        with self._db.read() as connection:
            rows = self._resources.in_scope(connection, caller.scope_id, MAPPING_SET_KIND)
            documents = [self._show(connection, row, query) for row in rows]
        name = query.get("name")
        filters = [query["property"]] if query.get("property") else []
        chosen = [one for one in documents if (not name or one.get("name") == name) and matches(one, filters)]
        order = (query.get("orderBy") or "-createdDate").replace("updatedDate", "modifiedDate")
        page = sort_by(chosen, order)[start : start + limit]
        links = {}
        if start + limit < len(chosen):
            links["next"] = {"href": f"/mappingSets?limit={limit}&start={start + limit}"}
        return {"data": page, "_links": links, "_page": {"count": len(page), "limit": limit}}

    def find(self, caller: Caller, mapping_set_id: str, query: AnyMapping[str, str]) -> Document:
        """One mapping set. query: version, expandSchema. Raises MappingSetNotFound or MappingSetInvalid."""
        with self._db.read() as connection:
            row = self._row(connection, caller.scope_id, mapping_set_id)
            if query.get("version") in (None, ""):
                return self._show(connection, row, query)
            version = _whole(query, "version", 0, 0)
            document = self._document(connection, caller.scope_id, mapping_set_id, version)
            return {**self._show(connection, row, query, document), "version": version}

    def replace(self, caller: Caller, mapping_set_id: str, body: AnyMapping[str, Any]) -> Document:
        """The next version. Raises MappingSetNotFound or MappingSetInvalid."""
        document = read_mapping_set(body)
        with self._db.write() as connection:
            row = self._row(connection, caller.scope_id, mapping_set_id)
            self._admit(connection, caller.scope_id, document, False)
            row = self._resources.replace(connection, row, caller.author, document)
            return self._show(connection, row, {})

    def delete(self, caller: Caller, mapping_set_id: str) -> None:
        """Remove a mapping set. Raises MappingSetNotFound or MappingSetInUse.

        Its versions go, too, unless records of a deleted flow may still be mapped with one: see `forget`.
        """
        with self._db.write() as connection:
            row = self._row(connection, caller.scope_id, mapping_set_id)
            users = self.uses(connection, caller.scope_id, mapping_set_id)
            if users:
                raise MappingSetInUse(f"the mapping set is still used by {', '.join(users[:5])}")
            is_needed = self.is_remembered(connection, caller.scope_id, mapping_set_id)
            self._resources.delete(connection, row, keeps_versions=is_needed)

    def forget(self, connection: Connection, scope_id: int, mapping_set_id: str) -> None:
        """Remove what `delete` left of a mapping set; one that is not deleted stays as it is."""
        if self._resources.find(connection, scope_id, MAPPING_SET_KIND, mapping_set_id) is None:
            self._resources.forget_versions(connection, scope_id, MAPPING_SET_KIND, mapping_set_id)
            self._resources.touch(connection, MAPPING_SET_KIND)

    # --- mappings of a set ------------------------------------------------------------------------------------------

    def find_mappings(self, caller: Caller, mapping_set_id: str) -> Document:
        """The mappings of a set, in order. Raises MappingSetNotFound."""
        with self._db.read() as connection:
            rows = self._row(connection, caller.scope_id, mapping_set_id).body["mappings"]
        return {
            "data": [show_mapping(row) for row in rows],
            "_links": {},
            "_page": {"count": len(rows), "limit": len(rows)},
        }

    def find_mapping(self, caller: Caller, mapping_set_id: str, mapping_id: str) -> Document:
        """One mapping of a set. Raises MappingSetNotFound."""
        with self._db.read() as connection:
            rows = self._row(connection, caller.scope_id, mapping_set_id).body["mappings"]
        return show_mapping(rows[_place(rows, mapping_set_id, mapping_id)])

    def add_mapping(self, caller: Caller, mapping_set_id: str, body: Any) -> Document:
        """One more mapping at the end of a set, which gets a new version. Raises MappingSetNotFound and Invalid."""
        mapping = read_mapping(body)
        self._change(caller, mapping_set_id, lambda rows: [*rows, mapping])
        return show_mapping(mapping)

    def replace_mapping(self, caller: Caller, mapping_set_id: str, mapping_id: str, body: Any) -> Document:
        """Another mapping in place of one, which keeps its id. Raises MappingSetNotFound or MappingSetInvalid."""
        mapping = {**read_mapping(body), "id": mapping_id}

        def change(rows: list[Document]) -> list[Document]:
            place = _place(rows, mapping_set_id, mapping_id)
            mapping["version"] = rows[place]["version"] + 1
            return [*rows[:place], mapping, *rows[place + 1 :]]

        self._change(caller, mapping_set_id, change)
        return show_mapping(mapping)

    def delete_mapping(self, caller: Caller, mapping_set_id: str, mapping_id: str) -> None:
        """Remove one mapping of a set, which gets a new version. Raises MappingSetNotFound."""

        def change(rows: list[Document]) -> list[Document]:
            place = _place(rows, mapping_set_id, mapping_id)
            return [*rows[:place], *rows[place + 1 :]]

        self._change(caller, mapping_set_id, change)

    def _change(self, caller: Caller, mapping_set_id: str, change: Any) -> None:
        with self._db.write() as connection:
            row = self._row(connection, caller.scope_id, mapping_set_id)
            document = {**row.body, "mappings": change(row.body["mappings"])}
            self._admit(connection, caller.scope_id, document, False)
            self._resources.replace(connection, row, caller.author, document)

    # --- trying out -------------------------------------------------------------------------------------------------

    def validate(self, caller: Caller, body: AnyMapping[str, Any]) -> Document:
        """Each mapping checked against the target schema, in order. Raises MappingSetInvalid for a wrong shape."""
        document = read_mapping_set(body)
        with self._db.read() as connection:
            found = self._faults(connection, caller.scope_id, document)
        answer: list[Document] = []
        for index, row in enumerate(document["mappings"]):
            errors = [
                {"code": f"MAPPING_{fault.key.upper()}_INVALID", "message": fault.reason, "path": row[fault.key]}
                for fault in found
                if fault.index == index
            ]
            answer.append({"status": "FAILURE" if errors else "SUCCESS", "errors": errors or None})
        return {"validationResponse": answer}

    def preview(self, caller: Caller, body: AnyMapping[str, Any]) -> Document | list[Document]:
        """`data`, mapped by `mappingSet`: an object's result, or of a list each one's. Raises MappingSetInvalid."""
        data, mapping_set = body.get("data"), body.get("mappingSet")
        if not isinstance(mapping_set, dict):
            raise MappingSetInvalid("mappingSet is an object with mappings", "$.mappingSet")
        records = data if isinstance(data, list) else [data]
        if len(records) > MAX_PREVIEW or not all(isinstance(record, dict) for record in records):
            raise MappingSetInvalid(f"data is an object, or a list of at most {MAX_PREVIEW} objects", "$.data")
        has_target = not {"outputSchema", "schemaRef", "xdmSchema"}.isdisjoint(mapping_set)
        document = read_mapping_set(mapping_set if has_target else {**mapping_set, "xdmSchema": "none"})
        with self._db.read() as connection:
            self._admit(connection, caller.scope_id, document, False)
            compiled = compile_document(document, self._schema(connection, caller.scope_id, schema_of(document)))
        results = [compiled.apply(record) for record in records]
        if isinstance(data, list):
            return [{"data": one.entity, "errors": _warnings(one) or None} for one in results]
        return {"data": results[0].entity, "errors": _warnings(results[0])}

    def is_expression(self, body: AnyMapping[str, Any]) -> bool:
        """Whether `expression` is well-formed and, with `sampleData`, can be evaluated. Raises MappingSetInvalid."""
        text = body.get("expression")
        while isinstance(text, dict):
            text = text.get("expression")
        if not isinstance(text, str):
            raise MappingSetInvalid("expression is a text", "$.expression")
        sample = body.get("sampleData")
        try:
            expression = compile_mapping(text)
            if isinstance(sample, dict):
                expression.evaluate(sample)
        except (ExpressionInvalid, ExpressionFailed):
            return False
        return True

    def functions(self) -> list[Document]:
        """Every function of the language, by name."""
        return [MAPPING[name].describe() for name in sorted(MAPPING)]

    def operators(self) -> list[Document]:
        """Every operator of the language."""
        return describe_operators()

    # --- inside -----------------------------------------------------------------------------------------------------

    def _row(self, connection: Connection, scope_id: int, mapping_set_id: str) -> Resource:
        found = None
        if _ID.fullmatch(mapping_set_id):
            found = self._resources.find(connection, scope_id, MAPPING_SET_KIND, mapping_set_id)
        if found is None:
            raise MappingSetNotFound(f"no mapping set {mapping_set_id!r}")
        return found

    def _document(self, connection: Connection, scope_id: int, mapping_set_id: str, version: int) -> Document:
        self._row(connection, scope_id, mapping_set_id)  # versions of a deleted set may be left
        if 0 <= version <= _MAX_VERSION:
            with suppress(ResourceNotFound):
                return self._resources.get_version(connection, scope_id, MAPPING_SET_KIND, mapping_set_id, version)
        raise MappingSetNotFound(f"no mapping set {mapping_set_id!r} of version {version}")

    def _schema(self, connection: Connection, scope_id: int, schema_id: str) -> CompiledSchema | None:
        return self._schemas.table.current(connection).get(scope_id, schema_id)

    def _faults(self, connection: Connection, scope_id: int, document: Document) -> list[MappingFault]:
        schema = self._schema(connection, scope_id, schema_of(document))
        return faults(mappings_of(document), None if schema is None else schema.field_at)

    def _admit(self, connection: Connection, scope_id: int, document: Document, is_validated: bool) -> None:
        found: Sequence[MappingFault]
        if is_validated:
            found = self._faults(connection, scope_id, document)
        else:
            found = faults(mappings_of(document), None)
        if found:
            first = found[0]
            raise MappingSetInvalid(first.reason, f"$.mappings[{first.index}].{first.key}")

    def _show(
        self, connection: Connection, row: Resource, query: AnyMapping[str, str], document: Document | None = None
    ) -> Document:
        shown = {**_audit(row), **show_content(document or row.body)}
        if query.get("expandSchema", "").lower() == "true":
            schema = self._schema(connection, row.scope_id, schema_of(shown))
            if schema is not None:
                shown["outputSchema"] = {**shown["outputSchema"], "jsonSchema": schema.document}
        return shown


def _warnings(mapped: MappingResult) -> list[Document]:
    """What failed in a record, as a preview tells it."""
    return [
        {
            "destination": warning.destination,
            "source": warning.source,
            "sourceType": warning.source_type,
            "columnName": warning.destination,
            "exception": warning.reason,
        }
        for warning in mapped.warnings
    ]


def _audit(row: Resource) -> Document:
    return {
        "id": row.id,
        "version": row.version,
        "createdDate": row.created_at_ms,
        "modifiedDate": row.updated_at_ms,
        "createdBy": row.created_by,
        "modifiedBy": row.updated_by,
    }


def _place(rows: list[Document], mapping_set_id: str, mapping_id: str) -> int:
    for index, row in enumerate(rows):
        if row["id"] == mapping_id:
            return index
    raise MappingSetNotFound(f"mapping set {mapping_set_id!r} has no mapping {mapping_id!r}")


def _whole(query: AnyMapping[str, str], name: str, default: int, least: int) -> int:
    text = query.get(name)
    if not text:
        return default
    if not (text.isascii() and text.isdecimal()) or len(text) > 9 or int(text) < least:
        raise MappingSetInvalid(f"{name} is a whole number from {least} on", f"$.{name}")
    return int(text)


__all__ = ["DataPrepService", "MappingTable"]
