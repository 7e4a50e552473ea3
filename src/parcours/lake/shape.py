"""The columns of a data set: what its records have held so far, typed by its schema.

A schema of the registry describes thousands of fields and a record fills thirty; a table gets a column for a field
when a record first has it. Everything here is pure: values, schemas and shapes in, shapes out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from parcours.lake.model import LakeSchema

MAX_INFERRED_COLUMNS = 1_000
"""Most columns a data set without a schema may grow: keys that are really values would have no end."""
MAX_INFERRED_DEPTH = 16
"""Objects nested deeper than this, in a data set without a schema, become JSON text."""
_MAX_NAME_LENGTH = 255


class Leaf(Enum):
    """Type of a column or of a part of one that holds a plain value."""

    TEXT = "string"
    LONG = "long"
    DOUBLE = "double"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamptz"
    """Microseconds, UTC."""
    JSON = "json"
    """Anything: text as it is, all else as JSON text. Stored as a string column."""
    NUMERAL = "numeral"
    """A whole number by the schema, in a string column made when the schema said text. Queries read a number."""


@dataclass(slots=True)
class Struct:
    """An object with known keys. Grows in place while records are fitted; no two names differ by case only."""

    fields: dict[str, "Shape"] = field(default_factory=dict)

    def copy(self) -> "Struct":
        """A copy that can grow without changing this one."""
        return Struct({name: _copy(child) for name, child in self.fields.items()})


@dataclass(slots=True)
class Items:
    """An array."""

    element: "Shape"


@dataclass(slots=True)
class Entries:
    """An object whose keys are data, such as the namespaces of `identityMap`."""

    value: "Shape"


Shape = Leaf | Struct | Items | Entries


def _copy(shape: Shape) -> Shape:
    match shape:
        case Struct():
            return shape.copy()
        case Items(element):
            return Items(_copy(element))
        case Entries(value):
            return Entries(_copy(value))
        case _:
            return shape


def stored(shape: Struct) -> Struct:
    """The shape as a table has it, where JSON and numerals are text. Equal shapes may differ in order."""
    return Struct({name: _put(child, _STORED) for name, child in shape.fields.items()})


def as_read(shape: Struct) -> Struct:
    """The shape as queries have it, where numerals are numbers."""
    return Struct({name: _put(child, _READ) for name, child in shape.fields.items()})


_STORED = {Leaf.JSON: Leaf.TEXT, Leaf.NUMERAL: Leaf.TEXT}
_READ = {Leaf.NUMERAL: Leaf.LONG}


def _put(shape: Shape, others: Mapping[Leaf, Leaf]) -> Shape:
    """The shape with other leaves in the place of some."""
    match shape:
        case Struct(fields):
            return Struct({name: _put(child, others) for name, child in fields.items()})
        case Items(element):
            return Items(_put(element, others))
        case Entries(value):
            return Entries(_put(value, others))
        case Leaf():
            return others.get(shape, shape)


def json_type(node: Mapping[str, Any]) -> str | None:
    """The one JSON type a schema node allows beside null; None when there is none or more than one."""
    declared = node.get("type")
    if isinstance(declared, list):
        named = [name for name in declared if name != "null"]
        declared = named[0] if len(named) == 1 else None
    return declared if isinstance(declared, str) else None


def properties_of(node: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The child nodes of an object node by key; empty for any other."""
    found = node.get("properties") if node is not None else None
    return found if isinstance(found, Mapping) else {}


def initial(node: Mapping[str, Any]) -> Shape:
    """The shape of a field before any of its own fields was seen: objects are still empty."""
    kind = json_type(node)
    if kind == "object":
        if properties_of(node):
            return Struct()
        values = node.get("additionalProperties")
        return Entries(initial(values)) if isinstance(values, Mapping) and values else Leaf.JSON
    if kind == "array":
        items = node.get("items")
        return Items(initial(items)) if isinstance(items, Mapping) and items else Leaf.JSON
    if kind == "string":
        named = node.get("format") or node.get("meta:xdmType")
        return {"date": Leaf.DATE, "date-time": Leaf.TIMESTAMP}.get(named or "", Leaf.TEXT)
    if kind == "integer":
        return Leaf.LONG
    if kind == "number":
        return Leaf.LONG if node.get("meta:xdmType") in ("int", "long", "short", "byte") else Leaf.DOUBLE
    return Leaf.BOOLEAN if kind == "boolean" else Leaf.JSON


def child_node(node: Mapping[str, Any] | None, key: str | None) -> Mapping[str, Any] | None:
    """The schema node of one key of an object, or (key None) of an array's items or a map's values."""
    if node is None:
        return None
    found = properties_of(node).get(key) if key is not None else node.get("items", node.get("additionalProperties"))
    return found if isinstance(found, Mapping) else None


def settle(shape: Shape, node: Mapping[str, Any] | None) -> None:
    """Give objects that were only ever seen empty a first column: no column format has an empty object."""
    match shape:
        case Struct(fields):
            if not fields:
                name, child = next(((n, c) for n, c in properties_of(node).items() if is_name(n)), ("_", {}))
                fields[name] = initial(child)
            for name, child_shape in fields.items():
                settle(child_shape, child_node(node, name))
        case Items(inner) | Entries(inner):
            settle(inner, child_node(node, None))


def type_by(shape: Struct, document: LakeSchema | None) -> bool:
    """Mark in place the string columns that hold JSON text or numerals, as the schema tells.

    Returns whether the schema gives every column the type it has. When it does not (the data set has no schema, or
    another one than when the column was made) each record has to be looked at to see whether it fits.
    """
    return _type_struct(shape, document)


def _type_struct(shape: Struct, node: Mapping[str, Any] | None) -> bool:
    agrees = node is not None
    for name, child in shape.fields.items():
        if node is not None and (node_of_child := child_node(node, name)) is not None:
            typed, fits = _typed(child, node_of_child)
            agrees &= fits
        elif node is None:
            typed, _ = _typed(child, None)
        else:
            typed = child  # the schema has lost the field: no valid record holds it any more
        shape.fields[name] = typed
    return agrees


def _typed(shape: Shape, node: Mapping[str, Any] | None) -> tuple[Shape, bool]:
    wanted = initial(node) if node is not None else Leaf.JSON
    match shape, wanted:
        case Struct(), Struct():
            return shape, _type_struct(shape, node)
        case (Items(inner), Items()) | (Entries(inner), Entries()):
            typed, fits = _typed(inner, child_node(node, None))
            return (Items(typed) if isinstance(shape, Items) else Entries(typed)), fits
        case Leaf.TEXT, Leaf.JSON:
            return Leaf.JSON, node is not None
        case ((Leaf.TEXT | Leaf.NUMERAL), Leaf.LONG):
            return Leaf.NUMERAL, True
        case Leaf(), Leaf():
            return shape, shape is wanted
    if node is None:
        match shape:
            case Struct():
                _type_struct(shape, None)
            case Items(inner):
                return Items(_typed(inner, None)[0]), False
            case Entries(inner):
                return Entries(_typed(inner, None)[0]), False
    return shape, False


def is_name(key: str) -> bool:
    """Whether a key can name a column: not empty, no dot (paths are dotted), of bearable length."""
    return 0 < len(key) <= _MAX_NAME_LENGTH and "." not in key and "\x00" not in key


def column_count(shape: Shape) -> int:
    """How many plain columns a shape makes."""
    match shape:
        case Struct(fields):
            return sum(column_count(child) for child in fields.values())
        case Items(inner):
            return column_count(inner)
        case Entries(inner):
            return 1 + column_count(inner)
        case _:
            return 1


def select_named(document: LakeSchema | None, names: frozenset[str]) -> Struct:
    """The part of a schema that lower-cased `names` reach: so that a query finds a field no record has held yet."""
    found = Struct()
    if document is not None:
        for name, child in _named(document, names):
            found.fields[name] = child
    return found


def _named(node: Mapping[str, Any], names: frozenset[str]) -> Iterator[tuple[str, Shape]]:
    taken: set[str] = set()
    for key, child in properties_of(node).items():
        if key.lower() not in names or key.lower() in taken or not is_name(key) or not isinstance(child, Mapping):
            continue
        shape = _reached(child, names)
        settle(shape, child)
        taken.add(key.lower())
        yield key, shape


def _reached(node: Mapping[str, Any], names: frozenset[str]) -> Shape:
    shape = initial(node)
    inner = child_node(node, None)
    match shape:
        case Struct():
            return Struct(dict(_named(node, names)))
        case Items() if inner is not None:
            return Items(_reached(inner, names))
        case Entries() if inner is not None:
            return Entries(_reached(inner, names))
        case _:
            return shape


def merge(into: Struct, other: Struct) -> None:
    """Add in place what `other` has beside `into`; where both have a field of two types, `into` keeps its own."""
    lower = {name.lower(): name for name in into.fields}
    for name, shape in other.fields.items():
        same = lower.get(name.lower())
        if same is None:
            into.fields[name] = _copy(shape)
        elif same == name:
            _merge(into.fields[name], shape)


def _merge(into: Shape, other: Shape) -> None:
    match into, other:
        case Struct(), Struct():
            merge(into, other)
        case (Items(a), Items(b)) | (Entries(a), Entries(b)):
            _merge(a, b)
