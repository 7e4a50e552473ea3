"""From stored event configurations to the table that records are matched with."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from parcours.events.errors import EventInvalid
from parcours.events.fields import cut, row_document
from parcours.events.language import condition_reader, key_reader, needs_of
from parcours.events.links import Link, chosen_rows, find_links, row_place, with_rows
from parcours.events.model import EVENT_KIND, EventConfiguration
from parcours.events.related import read_related, sent_fields
from parcours.events.supplemental import attribute_path, supplemental_readers
from parcours.events.table import EventTable
from parcours.kit.clock import Clock
from parcours.kit.paths import split_pointer
from parcours.kit.telemetry import get_logger
from parcours.resources.store import Compiled, Resource, ResourceStore
from parcours.xdm.compiled import CompiledSchema
from parcours.xdm.table import SchemaTable

log = get_logger("events")

_Made = tuple[str, CompiledSchema | None, tuple[Link, ...], EventConfiguration | None]
"""What was compiled, of which etag, over which schema and links; None for what can't be."""


class EventBuilder:
    """Builds the table of events, and remembers what it compiled: only what has changed is compiled again."""

    def __init__(self, resources: ResourceStore, schemas: Compiled[SchemaTable], clock: Clock) -> None:
        self._resources = resources
        self._schemas = schemas
        self._clock = clock
        self._known: dict[tuple[int, str], _Made] = {}
        """By scope and uid."""

    def build(self, connection: Connection) -> EventTable:
        """Every event that can be used."""
        known = self._known
        made: dict[tuple[int, str], _Made] = {}
        schemas = self._schemas.current(connection)
        for stored in self._resources.in_all_scopes(connection, EVENT_KIND):
            place = (stored.scope_id, stored.id)
            schema = schemas.get(stored.scope_id, stored.body["schemaRef"]["id"])
            is_linked = schema is not None and bool(stored.body.get("related"))
            links = find_links(schema, schemas, stored.scope_id) if is_linked and schema is not None else ()
            found = known.get(place)
            if found is None or found[0] != stored.etag or found[1] is not schema or found[2] != links:
                found = (stored.etag, schema, links, self._compile(stored, schema, links))
            made[place] = found
        self._known = made  # when it is whole: another thread may build at the same time
        return EventTable([one for *_, one in made.values() if one is not None])

    def _compile(
        self, stored: Resource, schema: CompiledSchema | None, links: Sequence[Link]
    ) -> EventConfiguration | None:
        try:
            return compile_event(stored, schema, self._clock, links)
        except EventInvalid as error:  # written when it was valid: the schema has changed since
            log.error("event.unusable", event_uid=stored.id, reason=str(error))
            return None


def compile_event(
    stored: Resource, schema: CompiledSchema | None, clock: Clock, links: Sequence[Link] = ()
) -> EventConfiguration:
    """A stored event ready to be matched. schema: None when it is gone; links: of the schema. Raises EventInvalid."""
    body = stored.body
    name = body["name"]
    document = None if schema is None else schema.document
    primary = None if schema is None else schema.primary_identity
    supplemental = body["supplementalIdentifier"]
    path = None if supplemental is None else attribute_path(supplemental["expression"])
    read, count = (None, None) if path is None else supplemental_readers(path)
    max_age_s = body.get("maxAgeSeconds")
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
            None if body["idCondition"] is None else condition_reader(body["idCondition"], name, document, clock)
        ),
        key=(
            _nobody
            if body["profileIdentifier"] is None
            else key_reader(body["profileIdentifier"], name, document, None if primary is None else primary.path, clock)
        ),
        document=None if document is None else payload_document(body, document, links),
        type=body["type"],
        supplemental=read,
        count_supplemental=count,
        supplemental_namespace=None if supplemental is None else supplemental["namespace"],
        max_age_ms=None if max_age_s is None else max_age_s * 1000,
        needs=None if body["idCondition"] is None else needs_of(body["idCondition"], name, document),
        related=read_related(body),
    )


def payload_document(body: Mapping[str, Any], document: Mapping[str, Any], links: Sequence[Link]) -> dict[str, Any]:
    """What journeys may read of an event: the fields chosen of its schema, and of the rows it names.

    body: `fields` and `related` of its document. A relationship that is gone leaves rows that may hold anything.
    """
    fields = [split_pointer(pointer) for pointer in body["fields"]]
    paths = [split_pointer(one["property"]) for one in body.get("related", ())]
    by_path = {link.path: link for link in links}
    rows = {row_place(path): row_document(by_path.get(path), chosen) for path, chosen in chosen_rows(fields, paths)}
    return with_rows(cut(document, sent_fields(body)), rows)


def _nobody(entity: Mapping[str, Any]) -> None:
    """The key of a business event."""
