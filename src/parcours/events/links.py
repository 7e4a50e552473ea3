"""Fields of schemas that a relationship links to an event's: which there are, and where expressions find them.

A descriptor says that a field of the event holds the key of a row of another schema. The row stands beside that field,
as `<field>_related`: `@event{Order._acme.sku_related._acme.price}`. Source: journeys §4.2, item 4; ADR 0028.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from parcours.lake.shape import json_type
from parcours.xdm.compiled import CompiledSchema
from parcours.xdm.descriptors import LINKS, path_of
from parcours.xdm.table import SchemaTable

SUFFIX = "_related"
_KEY_TYPES = ("string", "integer")
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """A field of an event that names a row of another schema."""

    path: Path
    """The linking field; lists on the way are passed through silently."""
    schema: CompiledSchema
    """The related schema, one of records."""
    key: Path
    """Its field that holds what the linking field does."""

    @property
    def at(self) -> Path:
        """Where the row stands."""
        return row_place(self.path)


def row_place(path: Sequence[str]) -> Path:
    """Where the row stands that a linking field names."""
    return (*path[:-1], path[-1] + SUFFIX)


def find_links(schema: CompiledSchema, schemas: SchemaTable, scope_id: int) -> tuple[Link, ...]:
    """The links of an event schema, each field's first: of descriptors on the schema itself, then on its parts.

    In the order of their fields, which is the same on every server.

    Only a field with one text or whole number can be one, and only where the schema has no field in the row's place.
    """
    registry = schemas.registry(scope_id)
    resource = registry.get(schema.schema_id)
    found: dict[Path, Link] = {}
    for source in () if resource is None else (schema.schema_id, *registry.extends(resource)):
        for descriptor in sorted(registry.descriptors_of(source), key=lambda one: str(one["@id"])):
            link = _link(descriptor, schema, schemas, scope_id)
            if link is not None:
                found.setdefault(link.path, link)
    return tuple(found[path] for path in sorted(found))


def _link(descriptor: Mapping[str, Any], schema: CompiledSchema, schemas: SchemaTable, scope_id: int) -> Link | None:
    if descriptor["@type"] not in LINKS:
        return None
    related = schemas.get(scope_id, descriptor["xdm:destinationSchema"])
    path = path_of(descriptor["xdm:sourceProperty"])
    field = schema.field_at(path) if path else None
    if related is None or related.behaviour != "record" or field is None or json_type(field) not in _KEY_TYPES:
        return None
    named = descriptor.get("xdm:destinationProperty")
    primary = related.primary_identity
    key = path_of(named) if named else () if primary is None else primary.path
    target = related.field_at(key) if key else None
    if target is None or json_type(target) not in _KEY_TYPES or schema.field_at(row_place(path)) is not None:
        return None
    return Link(path, related, key)


def link_of(links: Iterable[Link], tokens: Sequence[str]) -> Link | None:
    """The link in whose row a field is, or whose row it is; None for a field of the event's own."""
    return next((link for link in links if _is_within(link.at, tokens)), None)


def _is_within(place: Path, tokens: Sequence[str]) -> bool:
    return tuple(tokens[: len(place)]) == place


def with_rows(document: Mapping[str, Any], rows: Mapping[Path, Mapping[str, Any]]) -> dict[str, Any]:
    """A resolved schema in which rows, by their places, have the given schemas. What has no place is left out."""
    result = dict(document)
    for place, row in rows.items():
        result = _with_row(result, place, row)
    return result


def _with_row(node: Mapping[str, Any], place: Path, row: Mapping[str, Any]) -> dict[str, Any]:
    if node.get("type") == "array" and isinstance(node.get("items"), Mapping):
        return {**node, "items": _with_row(node["items"], place, row)}
    properties = node.get("properties")
    if not isinstance(properties, Mapping):
        return dict(node)
    if len(place) == 1:
        return {**node, "properties": {**properties, place[0]: row}}
    child = properties.get(place[0])
    if not isinstance(child, Mapping):
        return dict(node)
    return {**node, "properties": {**properties, place[0]: _with_row(child, place[1:], row)}}


def chosen_rows(fields: Iterable[Sequence[str]], paths: Iterable[Path]) -> Iterator[tuple[Path, list[Path]]]:
    """(linking field, fields chosen of its row) of those linking fields of which any is. `()` is the whole row."""
    listed = [tuple(field) for field in fields]
    for path in paths:
        place = row_place(path)
        chosen = [field[len(place) :] for field in listed if _is_within(place, field)]
        if chosen:
            yield path, chosen


def without_rows(fields: Iterable[Sequence[str]], paths: Iterable[Path]) -> list[Path]:
    """The fields that senders send."""
    places = [row_place(path) for path in paths]
    return [tuple(field) for field in fields if not any(_is_within(place, field) for place in places)]
