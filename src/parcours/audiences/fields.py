"""What the list of an audience says of its members, field by field, as the audience declares it (journeys §8.5). Pure.

The words for types are those of the platform's external audiences.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import orjson

from parcours.audiences.errors import AudienceInvalid
from parcours.expressions.values import parse_date_time

Fields = Sequence[Mapping[str, str]]
"""{"name", "type"} of each."""
Attributes = Mapping[str, Any]
_INTEGER: Mapping[str, str] = {"type": "integer"}
FIELD_TYPES: Mapping[str, Mapping[str, str]] = {
    "string": {"type": "string"},
    "number": {"type": "number"},
    "integer": _INTEGER,
    "long": _INTEGER,
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
}
"""Each type with its JSON Schema."""
MAX_FIELDS = 200
"""Declared fields of an audience; a list has no more columns."""
MAX_FIELD_NAME = 200
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_MAX_WHOLE = 10**18
_PARTS = frozenset({"name", "type"})


def read_fields(value: Any) -> list[dict[str, str]]:
    """The declared fields, checked. Raises AudienceInvalid."""
    if not isinstance(value, list) or len(value) > MAX_FIELDS:
        raise AudienceInvalid(f"fields is a list of at most {MAX_FIELDS} fields", "$.fields")
    found: dict[str, dict[str, str]] = {}
    for index, one in enumerate(value):
        where = f"$.fields[{index}]"
        if not isinstance(one, Mapping) or set(one) != _PARTS:
            raise AudienceInvalid("a field is an object of name and type", where)
        name, kind = one["name"], one["type"]
        if not isinstance(name, str) or not 0 < len(name) <= MAX_FIELD_NAME or "\0" in name:
            raise AudienceInvalid(f"name is a text of at most {MAX_FIELD_NAME} characters", f"{where}.name")
        if name in found:
            raise AudienceInvalid(f"two fields have the name {name!r}", f"{where}.name")
        if not isinstance(kind, str) or kind not in FIELD_TYPES:
            raise AudienceInvalid(f"type is one of {', '.join(FIELD_TYPES)}", f"{where}.type")
        found[name] = {"name": name, "type": kind}
    return list(found.values())


def document_of(fields: Fields) -> dict[str, Any] | None:
    """Closed JSON Schema of a member's attributes; None when none are declared and any may be there."""
    if not fields:
        return None
    return {"type": "object", "properties": {field["name"]: dict(FIELD_TYPES[field["type"]]) for field in fields}}


def attributes_reader(fields: Fields) -> Callable[[str | None], Attributes]:
    """What gives a member's attributes, of the text that is kept of them.

    Declared fields alone, each of its type, and none whose value is of another; without any, all of them as they came.
    """
    if not fields:
        return lambda text: orjson.loads(text) if text else {}
    readers = [(field["name"], _READERS[field["type"]]) for field in fields]

    def read(text: str | None) -> Attributes:
        row = orjson.loads(text) if text else {}
        found = {name: reader(row[name]) for name, reader in readers if row.get(name) is not None}
        return {name: value for name, value in found.items() if value is not None}

    return read


def _text(value: Any) -> str | None:
    if type(value) is str:
        return value
    return orjson.dumps(value).decode() if type(value) in (int, float, bool) else None


def _whole(value: Any) -> int | None:
    if type(value) is str:
        text = value.strip()
        return int(text) if _WHOLE.fullmatch(text) else None
    if type(value) is float:
        return int(value) if value.is_integer() and abs(value) < _MAX_WHOLE else None
    return value if type(value) is int else None


def _number(value: Any) -> float | None:
    if type(value) is str:
        text = value.strip()
        value = float(text) if _DECIMAL.fullmatch(text) else None
    if type(value) is float:
        return value if math.isfinite(value) else None
    return value if type(value) is int else None


def _truth(value: Any) -> bool | None:
    if type(value) is str:
        return {"true": True, "false": False}.get(value.strip().lower())
    return value if type(value) is bool else None


def _day(value: Any) -> str | None:
    try:
        return date.fromisoformat(value.strip()).isoformat() if type(value) is str else None
    except ValueError:
        return None


def _moment(value: Any) -> str | None:
    return value.strip() if type(value) is str and parse_date_time(value.strip()) is not None else None


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "string": _text,
    "number": _number,
    "integer": _whole,
    "long": _whole,
    "boolean": _truth,
    "date": _day,
    "datetime": _moment,
}
