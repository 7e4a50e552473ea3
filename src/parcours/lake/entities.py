"""Rows of a data set's table as the XDM entities they came from."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson

from parcours.lake.model import UNREADABLE, LakeSchema
from parcours.lake.shape import Leaf, initial, json_type, properties_of

if TYPE_CHECKING:
    from parcours.lake.query import RowStream


def entities(rows: "RowStream", document: LakeSchema | None) -> Iterator[dict[str, Any]]:
    """Each row without what is null in it; a record that fits no column as it came.

    document: the schema: it tells which text is JSON. Not restored is what a column doesn't keep: the offset of an
    instant, and of a number whether it was written 5 or 5.0.
    """
    for batch in rows.batches():
        for row in batch.to_pylist(maps_as_pydicts="lossy"):
            spoilt = row.pop(UNREADABLE, None)
            if spoilt is not None:
                row = orjson.loads(spoilt)
            else:
                row = {key: _restored(value, _child(document, key)) for key, value in row.items() if value is not None}
            if isinstance(row, dict):
                yield row


def to_entity(row: Mapping[str, Any], schema: LakeSchema | None) -> dict[str, Any]:
    """A row of a data set as the entity that landed.

    Instants are written in UTC, whatever offset they came with; what fitted no column comes from the record kept whole.
    """
    whole = row.get(UNREADABLE)
    if isinstance(whole, str):
        found = _parsed(whole)
        if isinstance(found, dict):
            return found
    entity = _value({name: value for name, value in row.items() if name != UNREADABLE}, schema)
    return entity if isinstance(entity, dict) else {}


def plain_value(value: Any) -> Any:
    """The value as JSON has it; sums of whole numbers come as decimals."""
    match value:
        case dict():
            return {key: plain_value(item) for key, item in value.items()}
        case list():
            return [plain_value(item) for item in value]
        case Decimal():
            return plain_value(int(value)) if value == value.to_integral_value() else float(value)
        case None | bool() | int() | float() | str() | datetime():
            return value if not isinstance(value, int) or abs(value) < 2**63 else str(value)
        case bytes():
            return value.hex()
        case _:
            return str(value)


def _restored(value: Any, node: Any) -> Any:
    if isinstance(value, dict):
        return {key: _restored(item, _child(node, key)) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        items = node.get("items") if isinstance(node, Mapping) else None
        return [_restored(item, items) for item in value]
    if isinstance(value, str) and isinstance(node, Mapping) and initial(node) is Leaf.JSON:
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return plain_value(value)


def _child(node: Any, key: str) -> Any:
    """The schema of a member: of an object's, or of a map's."""
    if not isinstance(node, Mapping):
        return None
    found = node.get("properties", {}).get(key)
    return node.get("additionalProperties") if found is None else found


def _value(value: Any, node: Mapping[str, Any] | None) -> Any:
    """A value without its nulls; None when nothing is left."""
    if isinstance(value, dict):
        properties = properties_of(node)
        more = None if node is None else node.get("additionalProperties")
        others = more if isinstance(more, Mapping) else None
        members = {name: _value(member, properties.get(name, others)) for name, member in value.items()}
        return {name: member for name, member in members.items() if member is not None} or None
    if isinstance(value, list):
        items = None if node is None else node.get("items")
        return [_value(item, items if isinstance(items, Mapping) else None) for item in value]
    if isinstance(value, datetime):
        at = value.astimezone(UTC)
        return at.isoformat(timespec="microseconds" if at.microsecond % 1000 else "milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str) and node is not None and json_type(node) not in ("string", None):
        return _parsed(value)  # an object or array without described members is kept as JSON text
    return value


def _parsed(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
