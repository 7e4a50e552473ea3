"""The event configurations of a sandbox: made, read, changed, deleted, previewed; compiled for the worker."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection

from parcours.access.model import Caller
from parcours.catalog.model import DataSetTable
from parcours.db import Database
from parcours.events.document import check_edit, namespace_of, read_document, schema_id_of, with_name
from parcours.events.errors import EventExists, EventInUse, EventInvalid, EventNotFound
from parcours.events.fields import cut, sample
from parcours.events.language import condition_reader, key_reader, needed_texts
from parcours.events.model import EventConfiguration, Usage
from parcours.events.table import EventTable
from parcours.identity.service import NamespaceService
from parcours.kit.clock import Clock, SystemClock, to_datetime
from parcours.kit.ids import new_uuid
from parcours.kit.paths import split_pointer
from parcours.kit.telemetry import get_logger
from parcours.resources.store import Author, Compiled, Resource, ResourceNotFound, ResourceStore
from parcours.xdm.compiled import CompiledSchema
from parcours.xdm.service import XdmService
from parcours.xdm.table import SchemaTable

EVENT_KIND = "event"
MAX_PER_SCHEMA = 100

UsageOf = Callable[[Connection, int, str], Usage]
"""(connection, scope_id, event_uid) → how many journeys use the event."""
Renamed = Callable[[Connection, int, Author, str, str, str], None]
"""(connection, scope_id, author, event_uid, old name, new name): journeys in draft follow the new name."""

log = get_logger("events")


class EventService:
    """Configuration of events."""

    def __init__(
        self,
        db: Database,
        resources: ResourceStore,
        xdm: XdmService,
        namespaces: NamespaceService,
        data_sets: Compiled[DataSetTable],
        clock: Clock | None = None,
    ) -> None:
        self._db = db
        self._resources = resources
        self._xdm = xdm
        self._namespaces = namespaces
        self._data_sets = data_sets
        self._clock = clock or SystemClock()
        self._usage_of: UsageOf = lambda connection, scope_id, uid: Usage()
        self._renamed: Renamed = lambda connection, scope_id, author, uid, old, new: None
        self.table: Compiled[EventTable] = self.compiled()

    def compiled(self) -> Compiled[EventTable]:
        """Another table over the same events, for a thread that does not share its own."""
        return Compiled(self._resources, [EVENT_KIND], _Builder(self._resources, self._xdm.table, self._clock).build)

    def guard(self, usage_of: UsageOf, renamed: Renamed) -> None:
        """Let the room that knows journeys tell which events they use, and follow a new name."""
        self._usage_of = usage_of
        self._renamed = renamed

    def create(self, caller: Caller, body: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """Store a new event. Returns what a reader sees, and its etag. Raises EventInvalid or EventExists."""
        with self._db.write() as connection:
            document = self._read(connection, caller.scope_id, body, None)
            self._check_place(connection, caller.scope_id, document)
            stored = self._resources.create(connection, caller.scope_id, caller.author, EVENT_KIND, document)
        return self._view(caller, stored, Usage()), stored.etag

    def find_all(self, caller: Caller) -> list[dict[str, Any]]:
        """Every event of the sandbox, oldest first."""
        with self._db.read() as connection:
            return [
                self._view(caller, stored, self._usage_of(connection, caller.scope_id, stored.id))
                for stored in self._resources.in_scope(connection, caller.scope_id, EVENT_KIND)
            ]

    def get(self, caller: Caller, uid: str) -> tuple[dict[str, Any], str]:
        """One event and its etag. Raises EventNotFound."""
        with self._db.read() as connection:
            stored = self._stored(connection, caller.scope_id, uid)
            return self._view(caller, stored, self._usage_of(connection, caller.scope_id, uid)), stored.etag

    def replace(
        self, caller: Caller, uid: str, body: Mapping[str, Any], if_match: str | None = None
    ) -> tuple[dict[str, Any], str]:
        """Store a new version; expressions follow a new name.

        Raises EventNotFound, EventInvalid, EventExists, EventInUse, EtagMismatch.
        """
        with self._db.write() as connection:
            before = self._stored(connection, caller.scope_id, uid)
            old_name = before.body["name"]
            document = self._read(connection, caller.scope_id, with_name(body, old_name), before.body)
            usage = self._usage_of(connection, caller.scope_id, uid)
            check_edit(before.body, document, usage)
            self._check_place(connection, caller.scope_id, document, before)
            stored = self._resources.replace(connection, before, caller.author, document, if_match)
            if document["name"] != old_name:
                self._renamed(connection, caller.scope_id, caller.author, uid, old_name, document["name"])
        return self._view(caller, stored, usage), stored.etag

    def delete(self, caller: Caller, uid: str) -> None:
        """Delete an event no journey uses. Raises EventNotFound or EventInUse."""
        with self._db.write() as connection:
            self._resources.touch(connection, EVENT_KIND)  # whoever publishes a journey now waits, or is seen
            stored = self._stored(connection, caller.scope_id, uid)
            usage = self._usage_of(connection, caller.scope_id, uid)
            if usage.total:
                raise EventInUse(f"the event is used by {usage}: it can't be deleted")
            self._resources.delete(connection, stored)

    def preview(self, caller: Caller, uid: str) -> dict[str, Any]:
        """A sample of what senders post to an inlet. Source: journeys §4.3. Raises EventNotFound or EventInvalid."""
        with self._db.read() as connection:
            stored = self._stored(connection, caller.scope_id, uid)
            schema = self._schema(connection, caller.scope_id, stored.body["schemaRef"]["id"])
        document = stored.body
        dataset_id = "string - required if you want the data to land in a specific dataset - not mandatory"
        selected = cut(schema.document, [split_pointer(pointer) for pointer in document["fields"]])
        return {
            "header": {
                "msgType": "xdmEntityCreate",
                "msgId": new_uuid(),
                "msgVersion": "1.0",
                "xactionId": new_uuid(),
                "datasetId": document["datasetId"] or dataset_id,
                "imsOrgId": caller.org_id,
                "schemaRef": document["schemaRef"],
                "source": {"name": "Journeys"},
            },
            "body": {
                "xdmMeta": {"schemaRef": document["schemaRef"]},
                "xdmEntity": sample(selected, document["namespace"], document["eventID"]),
            },
        }

    # --- looking up ---

    def _read(
        self, connection: Connection, scope_id: int, body: Mapping[str, Any], before: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        schema = self._schema(connection, scope_id, schema_id_of(body))
        code = namespace_of(body, schema)
        namespace = None if code is None else self._namespaces.table.current(connection).get(scope_id, code)
        if code is not None and namespace is None:
            raise EventInvalid(f"no identity namespace {code!r} in this sandbox", "$.namespace")
        document = read_document(body, schema, namespace, before)
        dataset_id = document["datasetId"]
        is_kept = before is not None and before["datasetId"] == dataset_id
        if dataset_id and not is_kept and self._data_sets.current(connection).get(scope_id, dataset_id) is None:
            raise EventInvalid(f"no data set {dataset_id!r} in this sandbox", "$.datasetId")
        return document

    def _schema(self, connection: Connection, scope_id: int, schema_id: str) -> CompiledSchema:
        found = self._xdm.table.current(connection).get(scope_id, schema_id)
        if found is None:
            raise EventInvalid(f"no schema {schema_id!r} in this sandbox", "$.schemaRef.id")
        return found

    def _stored(self, connection: Connection, scope_id: int, uid: str) -> Resource:
        try:
            return self._resources.get(connection, scope_id, EVENT_KIND, uid)
        except ResourceNotFound:
            raise EventNotFound(uid) from None

    def _check_place(
        self, connection: Connection, scope_id: int, document: Mapping[str, Any], before: Resource | None = None
    ) -> None:
        """Whether the name is free and the schema has room for one more."""
        self._resources.touch(connection, EVENT_KIND)  # its row lock makes those who take a name wait for each other
        others = [
            other
            for other in self._resources.in_scope(connection, scope_id, EVENT_KIND)
            if before is None or other.id != before.id
        ]
        if any(other.body["name"] == document["name"] for other in others):
            raise EventExists(document["name"])
        schema_id = document["schemaRef"]["id"]
        if sum(other.body["schemaRef"]["id"] == schema_id for other in others) >= MAX_PER_SCHEMA:
            raise EventInvalid(f"a schema has at most {MAX_PER_SCHEMA} events", "$.schemaRef.id")

    def _view(self, caller: Caller, stored: Resource, usage: Usage) -> dict[str, Any]:
        return {
            "uid": stored.id,
            **stored.body,
            "orgId": caller.org_id,
            "sandboxName": caller.sandbox.name,
            "state": "active",
            "version": stored.version,
            "usedIn": usage.total,
            "metadata": {
                "createdBy": stored.created_by,
                "createdById": stored.created_by,
                "createdAt": _text(stored.created_at_ms),
                "lastModifiedBy": stored.updated_by,
                "lastModifiedById": stored.updated_by,
                "lastModifiedAt": _text(stored.updated_at_ms),
            },
        }


def _text(at_ms: int) -> str:
    return to_datetime(at_ms * 1_000).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _Builder:
    """Builds the table of events, and remembers what it compiled: only what has changed is compiled again."""

    def __init__(self, resources: ResourceStore, schemas: Compiled[SchemaTable], clock: Clock) -> None:
        self._resources = resources
        self._schemas = schemas
        self._clock = clock
        self._known: dict[tuple[int, str], tuple[str, CompiledSchema | None, EventConfiguration | None]] = {}
        """By scope and uid: what was compiled, of which etag and over which schema; None for what can't be."""

    def build(self, connection: Connection) -> EventTable:
        """Every event that can be used."""
        known = self._known
        self._known = {}
        schemas = self._schemas.current(connection)
        for stored in self._resources.in_all_scopes(connection, EVENT_KIND):
            place = (stored.scope_id, stored.id)
            schema = schemas.get(stored.scope_id, stored.body["schemaRef"]["id"])
            found = known.get(place)
            if found is None or found[0] != stored.etag or found[1] is not schema:
                found = (stored.etag, schema, self._compile(stored, schema))
            self._known[place] = found
        return EventTable([made for _, _, made in self._known.values() if made is not None])

    def _compile(self, stored: Resource, schema: CompiledSchema | None) -> EventConfiguration | None:
        try:
            return self._configuration(stored, schema)
        except EventInvalid as error:  # written when it was valid: the schema has changed since
            log.error("event.unusable", event_uid=stored.id, reason=str(error))
            return None

    def _configuration(self, stored: Resource, schema: CompiledSchema | None) -> EventConfiguration:
        body = stored.body
        name = body["name"]
        document = None if schema is None else schema.document
        primary = None if schema is None else schema.primary_identity
        return EventConfiguration(
            uid=stored.id,
            scope_id=stored.scope_id,
            name=name,
            schema_id=body["schemaRef"]["id"],
            id_type=body["idType"],
            event_id=body["eventID"],
            condition_text=body["idCondition"],
            namespace=body["namespace"],
            condition=(
                None
                if body["idCondition"] is None
                else condition_reader(body["idCondition"], name, document, self._clock)
            ),
            key=key_reader(
                body["profileIdentifier"], name, document, None if primary is None else primary.path, self._clock
            ),
            document=(
                None if document is None else cut(document, [split_pointer(pointer) for pointer in body["fields"]])
            ),
            needs=None if body["idCondition"] is None else needed_texts(body["idCondition"], name, document),
        )
