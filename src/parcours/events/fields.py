"""The selected fields of an event: checked against the schema, and cut out of it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from parcours.events.errors import EventInvalid
from parcours.events.links import Link, link_of
from parcours.kit.paths import split_pointer
from parcours.xdm.compiled import CompiledSchema

MAX_FIELDS = 1_000
OPEN: Mapping[str, Any] = {}
"""A row of which nothing is known: whatever is read of it may have any type."""
ALWAYS = (("_id",), ("timestamp",))
"""Selected in every event."""
_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def read_fields(
    value: Any, schema: CompiledSchema, required: Iterable[Sequence[str]], links: Sequence[Link] = ()
) -> list[str]:
    """The pointers to store: those given, in their order, then those required and not yet covered.

    links: of the schema; the field that names a row is required with it. Raises EventInvalid for what is no list of
    pointers to fields of the schema, or of such a row.
    """
    if not isinstance(value, list):
        raise EventInvalid('fields is a list of JSON pointers such as "/person/name"', "$.fields")
    if len(value) > MAX_FIELDS:
        raise EventInvalid(f"an event has at most {MAX_FIELDS} fields", "$.fields")
    chosen: dict[tuple[str, ...], None] = {}
    demanded = list(required)
    for index, pointer in enumerate(value):
        path = f"$.fields[{index}]"
        if not isinstance(pointer, str) or not pointer.startswith("/"):
            raise EventInvalid('a field is a JSON pointer such as "/person/name"', path)
        tokens = split_pointer(pointer)
        link = link_of(links, tokens)
        found = schema if link is None else link.schema
        if found.field_at(tokens if link is None else tokens[len(link.at) :]) is None:
            raise EventInvalid(f"schema {found.title!r} has no field {pointer!r}", path)
        if link is not None:
            demanded.append(link.path)
        chosen[tokens] = None
    for tokens in map(tuple, demanded):
        if schema.field_at(tokens) is not None and not covers(chosen, tokens):
            chosen[tokens] = None
    return [to_pointer(tokens) for tokens in chosen]


def covers(chosen: Iterable[Sequence[str]], tokens: Sequence[str]) -> bool:
    """Whether a field, or an object it is in, is among the chosen."""
    return any(tuple(tokens[: len(field)]) == tuple(field) for field in chosen)


def to_pointer(tokens: Sequence[str]) -> str:
    """Tokens as an RFC 6901 pointer."""
    return "".join("/" + token.replace("~", "~0").replace("/", "~1") for token in tokens)


def to_reference(name: str, tokens: Sequence[str]) -> str:
    """The expression that reads a field of an event: @event{name.path}, segments quoted where they must be."""
    return f"@event{{{name}{to_steps(tokens)}}}"


def to_steps(tokens: Sequence[str]) -> str:
    """A path as it stands in a reference after its root: .person.'first name'."""
    return "".join("." + (token if _BARE.fullmatch(token) else _quoted(token)) for token in tokens)


def _quoted(token: str) -> str:
    text = token.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{text}'"


def cut(document: Mapping[str, Any], chosen: Iterable[Sequence[str]]) -> dict[str, Any]:
    """The part of a closed schema that the chosen fields make up."""
    return _cut(document, [tuple(field) for field in chosen])


def _cut(node: Mapping[str, Any], chosen: Sequence[tuple[str, ...]]) -> dict[str, Any]:
    if () in chosen:
        return dict(node)
    if node.get("type") == "array" and isinstance(node.get("items"), Mapping):
        inner = [
            field[1:] if field[0].isdecimal() or field[0] in ("*", "[*]", "[]", "-") else field for field in chosen
        ]
        return {**node, "items": _cut(node["items"], inner)}
    properties = node.get("properties")
    if not isinstance(properties, Mapping):
        return dict(node)
    kept: dict[str, Any] = {}
    for name, child in properties.items():
        inner = [field[1:] for field in chosen if field[0] == name]
        if inner and isinstance(child, Mapping):
            kept[name] = _cut(child, inner)
    return {**node, "properties": kept, "required": [name for name in node.get("required", ()) if name in kept]}


def row_document(link: Link | None, chosen: Iterable[Sequence[str]]) -> dict[str, Any]:
    """The schema of the chosen fields of a row. link: None when the relationship is gone."""
    if link is None:
        return dict(OPEN)
    shown = cut(link.schema.document, chosen)
    return {"type": "object", "title": link.schema.title, "properties": shown.get("properties", {})}
