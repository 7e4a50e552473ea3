"""The tag that enables a data set for lookup, and the key of a row. Pure."""

from collections.abc import Mapping
from typing import Any

from parcours.catalog.errors import DataSetRefused
from parcours.catalog.tags import LOOKUP, Tags, is_enabled
from parcours.kit.paths import get_in, split_pointer
from parcours.lake.shape import json_type
from parcours.xdm.compiled import CompiledSchema

_KEY = "key:"
MAX_KEY_BYTES = 1_024
"""Longest key, in UTF-8."""

KeyPath = tuple[str, ...]
"""Where a record holds its key: names from its root."""


def admit(tags: Tags, before: Mapping[str, list[str]], schema: CompiledSchema) -> None:
    """Check the tag of a data set that is being written, and give it its key where it names none.

    The key is a field named by `key:`, dotted or as a JSON pointer, else the schema's primary identity. It is written
    down as a pointer. Raises DataSetRefused.
    """
    if not is_enabled(tags, LOOKUP):
        return
    path = f"$.tags.{LOOKUP}"
    if schema.behaviour != "record":
        raise DataSetRefused("only a data set of records can be enabled for lookup, not one of events", path)
    named = _named(tags)
    if len(named) > 1:
        raise DataSetRefused("a data set has one lookup key", path)
    if named:
        tokens = _tokens(named[0], path)
        field = schema.field_at(tokens)
        if field is None:
            raise DataSetRefused(f"the schema has no field {named[0]!r}", path)
        if json_type(field) not in ("string", "integer"):
            raise DataSetRefused(f"a lookup key is a text or a whole number; {named[0]!r} is neither", path)
    elif is_enabled(before, LOOKUP):
        tokens = key_path(before) or ()
    else:
        if schema.primary_identity is None:
            raise DataSetRefused(
                "the schema has no primary identity: name the lookup key in the tag, such as key:_acme.sku", path
            )
        tokens = schema.primary_identity.path
    pointer = "".join("/" + token.replace("~", "~0").replace("/", "~1") for token in tokens)
    tags[LOOKUP] = [*(value for value in tags[LOOKUP] if not value.startswith(_KEY)), _KEY + pointer]


def key_path(tags: Mapping[str, list[str]]) -> KeyPath | None:
    """Where the rows of a data set hold their keys; None for one that isn't enabled."""
    if not is_enabled(tags, LOOKUP):
        return None
    named = _named(tags)
    return _tokens(named[0], "$") if named else None


def key_of(entity: Mapping[str, Any], path: KeyPath) -> str | None:
    """The key of a record; None when it has none that can be one."""
    value = get_in(entity, path)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value or "\0" in value or len(value.encode()) > MAX_KEY_BYTES:
        return None
    return value


def _named(tags: Mapping[str, list[str]]) -> list[str]:
    return [value.removeprefix(_KEY) for value in tags.get(LOOKUP, ()) if value.startswith(_KEY)]


def _tokens(text: str, path: str) -> KeyPath:
    tokens = split_pointer(text) if text.startswith("/") else tuple(text.split("."))
    if not tokens or not all(tokens):
        raise DataSetRefused(f"a lookup key is the path of a field, not {text!r}", path)
    return tokens
