"""The event configurations of a sandbox: made, read, changed, deleted, previewed; compiled for the worker."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from sqlalchemy import Connection

from parcours.access.model import Caller
from parcours.catalog.errors import DataSetInUse
from parcours.catalog.model import DataSet, DataSetTable
from parcours.db import Database
from parcours.events.compile import EventBuilder, compile_event
from parcours.events.curl import list_requests
from parcours.events.document import read_document, schema_id_of
from parcours.events.edit import check_edit, with_name
from parcours.events.errors import EventExists, EventInUse, EventInvalid, EventNotFound, TooManyEvents
from parcours.events.fields import cut, to_pointer
from parcours.events.links import Link, find_links
from parcours.events.model import EVENT_ID_PATH, EVENT_KIND, MAX_PER_SCHEMA, EventConfiguration, Usage
from parcours.events.preview import show_types, show_values, without_orchestration
from parcours.events.related import sent_fields
from parcours.events.table import EventTable
from parcours.flows.model import InletTable
from parcours.identity.service import NamespaceService
from parcours.kit.clock import Clock, SystemClock, to_datetime
from parcours.kit.ids import new_uuid
from parcours.kit.telemetry import get_logger
from parcours.lookups.keys import key_path
from parcours.resources.store import Author, Compiled, Resource, ResourceNotFound, ResourceStore
from parcours.xdm.compiled import CompiledSchema
from parcours.xdm.errors import ChangeBreaking
from parcours.xdm.service import XdmService
from parcours.xdm.table import SchemaTable

Values = Literal["types", "examples"]
"""What a preview shows in its fields: names of types, or values that pass validation."""

UsageOf = Callable[[Connection, int, str], Usage]
"""(connection, scope_id, event_uid) → how many journeys use the event."""
Renamed = Callable[[Connection, int, Author, str, str, str], None]
"""(connection, scope_id, author, event_uid, old name, new name): journeys in draft follow the new name."""
JourneysOf = Callable[[Connection, int, str], list[dict[str, Any]]]
"""(connection, scope_id, event_uid) → the journeys that use the event, each with the versions that do."""

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
        inlets: Compiled[InletTable],
        base_url: str,
        clock: Clock | None = None,
    ) -> None:
        self._db = db
        self._resources = resources
        self._xdm = xdm
        self._namespaces = namespaces
        self._data_sets = data_sets
        self._inlets = inlets
        self._base_url = base_url
        self._clock = clock or SystemClock()
        self._usage_of: UsageOf = lambda connection, scope_id, uid: Usage()
        self._renamed: Renamed = lambda connection, scope_id, author, uid, old, new: None
        self._journeys_of: JourneysOf = lambda connection, scope_id, uid: []
        self.table: Compiled[EventTable] = self.compiled()

    def compiled(self) -> Compiled[EventTable]:
        """Another table over the same events, for a thread that does not share its own."""
        return Compiled(
            self._resources, [EVENT_KIND], EventBuilder(self._resources, self._xdm.table, self._clock).build
        )

    def guard(self, usage_of: UsageOf, renamed: Renamed, journeys_of: JourneysOf) -> None:
        """Let the room that knows journeys tell which events they use, and follow a new name."""
        self._usage_of = usage_of
        self._renamed = renamed
        self._journeys_of = journeys_of

    def create(self, caller: Caller, body: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """Store a new event. Returns what a reader sees, and its etag.

        Raises EventInvalid, EventExists, TooManyEvents.
        """
        with self._db.write() as connection:
            return self.create_in(connection, caller, body)

    def create_in(self, connection: Connection, caller: Caller, body: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """The same within the caller's transaction."""
        document = self._read(connection, caller.scope_id, body, None)
        self._check_place(connection, caller.scope_id, document)
        stored = self._resources.create(connection, caller.scope_id, caller.author, EVENT_KIND, document)
        return self._view(caller, stored, 0), stored.etag

    def find_all(self, caller: Caller) -> list[dict[str, Any]]:
        """Every event of the sandbox, oldest first."""
        with self._db.read() as connection:
            return self.find_in(connection, caller)

    def find_in(self, connection: Connection, caller: Caller) -> list[dict[str, Any]]:
        """The same within the caller's transaction."""
        return [
            self._view(caller, stored, self._used_in(connection, caller.scope_id, stored.id))
            for stored in self._resources.in_scope(connection, caller.scope_id, EVENT_KIND)
        ]

    def get(self, caller: Caller, uid: str) -> tuple[dict[str, Any], str]:
        """One event and its etag. Raises EventNotFound."""
        with self._db.read() as connection:
            stored = self._stored(connection, caller.scope_id, uid)
            return self._view(caller, stored, self._used_in(connection, caller.scope_id, uid)), stored.etag

    def replace(
        self, caller: Caller, uid: str, body: Mapping[str, Any], if_match: str | None = None
    ) -> tuple[dict[str, Any], str]:
        """Store a new version; expressions follow a new name.

        Raises EventNotFound, EventInvalid, EventExists, EventInUse, TooManyEvents, EtagMismatch.
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
            used_in = self._used_in(connection, caller.scope_id, uid)
        return self._view(caller, stored, used_in), stored.etag

    def delete(self, caller: Caller, uid: str) -> None:
        """Delete an event no journey uses. Raises EventNotFound or EventInUse."""
        with self._db.write() as connection:
            self._resources.touch(connection, EVENT_KIND)  # whoever publishes a journey now waits, or is seen
            stored = self._stored(connection, caller.scope_id, uid)
            usage = self._usage_of(connection, caller.scope_id, uid)
            if usage.total:
                raise EventInUse(f"the event is used by {usage}: it can't be deleted")
            self._resources.delete(connection, stored)

    def journeys(self, caller: Caller, uid: str) -> list[dict[str, Any]]:
        """The journeys that use an event, each with the versions that do. Raises EventNotFound."""
        with self._db.read() as connection:
            self._stored(connection, caller.scope_id, uid)
            return self._journeys_of(connection, caller.scope_id, uid)

    def preview(self, caller: Caller, uid: str, values: Values = "types") -> dict[str, Any]:
        """A sample of what senders post to an inlet. Source: journeys §4.3. Raises EventNotFound or EventInvalid."""
        with self._db.read() as connection:
            stored = self._stored(connection, caller.scope_id, uid)
            schema = self._schema(connection, caller.scope_id, stored.body["schemaRef"]["id"])
        return self._message(caller, stored.body, schema, values)

    def requests(self, caller: Caller, uid: str) -> list[dict[str, Any]]:
        """How to send an event, for each flow that takes it: see `list_requests`. Raises as `preview` does."""
        with self._db.read() as connection:
            stored = self._stored(connection, caller.scope_id, uid)
            schema = self._schema(connection, caller.scope_id, stored.body["schemaRef"]["id"])
            inlets = self._inlets.current(connection)
        payload = self._message(caller, stored.body, schema, "examples")
        return list_requests(inlets.by_id.values(), caller.scope_id, schema.schema_id, payload, self._base_url)

    def related(self, caller: Caller, schema_id: str) -> list[dict[str, Any]]:
        """The schemas that an event of a schema may read rows of. Raises EventInvalid when there is no such schema.

        Each: {"property", "at", "schema": {"id", "title"}, "key", "dataSets": [{"id", "name"}], "document"}, where
        `at` is the pointer at which fields begin, and `document` the resolved schema of a row.
        """
        with self._db.read() as connection:
            schema = self._schema(connection, caller.scope_id, schema_id)
            return [
                {
                    "property": to_pointer(link.path),
                    "at": to_pointer(link.at),
                    "schema": {"id": link.schema.schema_id, "title": link.schema.title},
                    "key": to_pointer(link.key),
                    "dataSets": [
                        {"id": one.id, "name": one.name} for one in self._sources_of(connection, caller.scope_id, link)
                    ],
                    "document": link.schema.document,
                }
                for link in self._links(connection, caller.scope_id, schema)
            ]

    def keep_rows(self, connection: Connection, scope_id: int, dataset_id: str) -> None:
        """A data set goes, or can't be looked up any more by its key. Raises DataSetInUse when events read its rows."""
        users = [
            stored.body["name"]
            for stored in self._resources.in_scope(connection, scope_id, EVENT_KIND)
            if any(one["datasetId"] == dataset_id for one in stored.body.get("related", ()))
        ]
        if users:
            named = ", ".join(repr(name) for name in sorted(users)[:5])
            raise DataSetInUse(f"its rows are read by event {named}, by this lookup key: take the fields from it first")

    def keep_links(self, connection: Connection, scope_id: int, schemas: SchemaTable) -> None:
        """Descriptors are being changed: every row that events read must still be named by a field.

        schemas: as they are with the change. Raises ChangeBreaking.
        """
        for stored in self._resources.in_scope(connection, scope_id, EVENT_KIND):
            if not stored.body.get("related"):
                continue
            schema = schemas.get(scope_id, stored.body["schemaRef"]["id"])
            links = () if schema is None else find_links(schema, schemas, scope_id)
            found = {to_pointer(link.path): link for link in links}
            for one in stored.body["related"]:
                link = found.get(one["property"])
                sources = () if link is None else self._sources_of(connection, scope_id, link)
                if all(source.id != one["datasetId"] for source in sources):
                    raise ChangeBreaking(
                        f"event {stored.body['name']!r} reads what {one['property']} names by this relationship: "
                        "take the fields from it first"
                    )

    def definition(self, caller: Caller, uid: str) -> tuple[dict[str, Any], EventConfiguration, CompiledSchema]:
        """An event as stored and as compiled, and its schema. Raises EventNotFound or EventInvalid."""
        with self._db.read() as connection:
            stored = self._stored(connection, caller.scope_id, uid)
            schema = self._schema(connection, caller.scope_id, stored.body["schemaRef"]["id"])
            links = self._links(connection, caller.scope_id, schema)
            return stored.body, compile_event(stored, schema, self._clock, links), schema

    def _message(
        self, caller: Caller, document: Mapping[str, Any], schema: CompiledSchema, values: Values
    ) -> dict[str, Any]:
        dataset_id = "string - required if you want the data to land in a specific dataset - not mandatory"
        chosen = sent_fields(document)
        selected = cut(schema.document, chosen)
        namespace, event_id = document["namespace"], document["eventID"]
        if values == "examples":
            now = _text(self._clock.now_us() // 1000)
            entity = show_values(selected, schema, namespace, event_id, {"_id": new_uuid(), "timestamp": now})
        else:
            entity = show_types(selected, namespace, event_id)
        if event_id is None and not any(field[:3] == EVENT_ID_PATH[:3] for field in chosen):
            without_orchestration(entity)
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
            "body": {"xdmMeta": {"schemaRef": document["schemaRef"]}, "xdmEntity": entity},
        }

    # --- looking up ---

    def _read(
        self, connection: Connection, scope_id: int, body: Mapping[str, Any], before: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        schema = self._schema(connection, scope_id, schema_id_of(body))
        namespaces = self._namespaces.table.current(connection)
        document = read_document(
            body, schema, lambda code: namespaces.get(scope_id, code), before,
            self._links(connection, scope_id, schema), lambda link: self._sources_of(connection, scope_id, link),
        )  # fmt: skip
        dataset_id = document["datasetId"]
        is_kept = before is not None and before["datasetId"] == dataset_id
        if dataset_id and not is_kept and self._data_sets.current(connection).get(scope_id, dataset_id) is None:
            raise EventInvalid(f"no data set {dataset_id!r} in this sandbox", "$.datasetId")
        return document

    def _links(self, connection: Connection, scope_id: int, schema: CompiledSchema) -> tuple[Link, ...]:
        return find_links(schema, self._xdm.table.current(connection), scope_id)

    def _sources_of(self, connection: Connection, scope_id: int, link: Link) -> list[DataSet]:
        """The data sets that hold what a link names: of its schema, enabled for lookup by its key."""
        return [
            data_set
            for data_set in self._data_sets.current(connection).of_scope(scope_id)
            if data_set.schema_id == link.schema.schema_id and key_path(data_set.tags) == link.key
        ]

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
        event_id = document["eventID"]
        if event_id is not None and any(other.body["eventID"] == event_id for other in others):
            raise EventInvalid("another event of the sandbox has this eventID", "$.eventID")
        schema_id = document["schemaRef"]["id"]
        if sum(other.body["schemaRef"]["id"] == schema_id for other in others) >= MAX_PER_SCHEMA:
            raise TooManyEvents(schema_id, MAX_PER_SCHEMA)

    def _used_in(self, connection: Connection, scope_id: int, uid: str) -> int:
        """How many journeys use an event."""
        return len(self._journeys_of(connection, scope_id, uid))

    def _view(self, caller: Caller, stored: Resource, used_in: int) -> dict[str, Any]:
        return {
            "uid": stored.id,
            **stored.body,
            "maxAgeSeconds": stored.body.get("maxAgeSeconds"),
            "orgId": caller.org_id,
            "sandboxName": caller.sandbox.name,
            "state": "active",
            "version": stored.version,
            "usedIn": used_in,
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
