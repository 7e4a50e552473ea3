"""A context written as one JSON document: the values, and their types as the values show them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from parcours.expressions.errors import ContextInvalid, UnknownReference
from parcours.expressions.references import PLATFORM, PROFILE_STEPS, EvaluationContext, property_type
from parcours.expressions.syntax import ReferenceKind
from parcours.expressions.types import Type
from parcours.expressions.values import INTEGER_MAX, INTEGER_MIN, parse_date_time
from parcours.kit.clock import to_us

_MEMBERS: dict[ReferenceKind, str] = {
    "event": "events",
    "dataSource": "dataSources",
    "action": "actions",
    "decision": "decisions",
    "datasetLookup": "datasetLookups",
}
_WHAT = {
    "event": "event",
    "dataSource": "data source",
    "action": "action",
    "decision": "decision",
    "datasetLookup": "dataset lookup",
}
_DECLARABLE = {kind.value: kind for kind in Type if kind not in (Type.NUMBER, Type.NULL, Type.ANY)}
_MEMBER_STATUSES = ("realized", "existing")
_SEGMENT = re.compile(r"""'([^']*)'|"([^"]*)"|([^.]+)""")
_EMPTY: Mapping[str, Any] = {}


class JsonContext:
    """Values and their types. It is a `ReferenceTypes`: a field that isn't there is null, of a type nobody knows.

    The names of events, data sources, field groups and actions must be there, in the values or in the types.
    """

    def __init__(self, document: Any, now_us: int) -> None:
        """document: None, or an object of `events` {name: payload}, `dataSources` {source: {field group: data}},
        `actions` {name: answer}, `decisions`, `datasetLookups`, `audiences` {name: status}, `supplementalId`,
        `journeyProperties` {name: value}, `now` (ISO-8601 with an offset), `types` {"events.Name.path": type}.

        Other members are ignored. now_us: for a document without `now`. Raises ContextInvalid.
        """
        if document is None:
            document = _EMPTY
        if not isinstance(document, Mapping):
            raise ContextInvalid("a context is a JSON object")
        self._values = {kind: _object(document, member) for kind, member in _MEMBERS.items()}
        self._types = _read_types(_object(document, "types")) if document.get("types") else {}
        sources = self._values["dataSource"]
        properties = _object(document, "journeyProperties")
        if document.get("supplementalId") is not None:
            properties = {**properties, "supplementalId": document["supplementalId"]}
        now = document.get("now")
        self.evaluation = EvaluationContext(
            self._values["event"],
            {name: _Groups(_object(sources, name, "$.dataSources")) for name in sources} if sources else _EMPTY,
            self._values["action"],
            properties,
            now_us if now is None else _instant(now),
            self._values["decision"],
            self._values["datasetLookup"],
            _audiences(document["audiences"]) if document.get("audiences") else (),
        )

    def type_of(self, kind: ReferenceKind, root: tuple[str, ...], path: tuple[str, ...]) -> Type:
        """See `ReferenceTypes`."""
        if kind == "property":
            return property_type(root[0])
        below = self._root(kind, root)
        if not path:
            return Type.OBJECT
        found: list[Any] = []
        try:
            is_through_list = _collect(below, path, found)
        except RecursionError:  # lists in lists in lists
            return Type.ANY
        declared = self._declared(kind, root, path) if self._types else None
        if declared is None:
            return natural_type(found)
        if is_through_list and declared.is_list and not any(type(value) is list for value in found):
            return declared.element
        return declared

    def _declared(self, kind: ReferenceKind, root: tuple[str, ...], path: tuple[str, ...]) -> Type | None:
        found = self._types.get((kind, ".".join((*root, *path))))
        if found is None and kind == "dataSource" and root[0] == PLATFORM:
            others = (self._types.get((kind, ".".join((*root, step, *path)))) for step in PROFILE_STEPS)
            found = next(filter(None, others), None)
        return found

    def _root(self, kind: ReferenceKind, root: tuple[str, ...]) -> Any:
        value: Any = self._values[kind]
        for index, name in enumerate(root):
            known = value if isinstance(value, Mapping) else _EMPTY
            if name not in known and not self._is_declared(kind, root[: index + 1]):
                names = [*known, *self._names_declared(kind, root[:index])]
                raise UnknownReference("field group" if index else _WHAT[kind], name, names)
            value = known.get(name)
        return value

    def _is_declared(self, kind: ReferenceKind, root: tuple[str, ...]) -> bool:
        start = ".".join(root) + "."
        return any(of is kind and path.startswith(start) for of, path in self._types)

    def _names_declared(self, kind: ReferenceKind, root: tuple[str, ...]) -> Iterator[str]:
        start = "".join(f"{name}." for name in root)
        for of, path in self._types:
            if of == kind and path.startswith(start):
                yield path[len(start) :].partition(".")[0]


class _Groups(dict[Any, Any]):
    """The field groups of a source; with parameters they hold the same as without."""

    def __missing__(self, key: Any) -> Any:
        if isinstance(key, tuple):
            return self[key[0]]
        raise KeyError(key)


def _object(document: Mapping[str, Any], name: str, path: str = "$") -> Mapping[str, Any]:
    found = document.get(name)
    if found is None:
        return _EMPTY
    if not isinstance(found, Mapping):
        raise ContextInvalid(f"{name[:80]!r} of a context is an object", f"{path}.{name[:80]}")
    return found


def _instant(text: Any) -> int:
    found = parse_date_time(text) if isinstance(text, str) else None
    if found is None:
        raise ContextInvalid("'now' is an ISO-8601 date-time with an offset, such as 2019-06-03T06:30:00Z", "$.now")
    return to_us(found)


def _audiences(audiences: Any) -> frozenset[str]:
    if not isinstance(audiences, Mapping):
        raise ContextInvalid("'audiences' of a context is an object of names with their status", "$.audiences")
    return frozenset(name for name, status in audiences.items() if status in _MEMBER_STATUSES)


def _read_types(types: Mapping[str, Any]) -> dict[tuple[ReferenceKind, str], Type]:
    kinds = {member: kind for kind, member in _MEMBERS.items()}
    found: dict[tuple[ReferenceKind, str], Type] = {}
    for path, name in types.items():
        member, _, rest = path.partition(".")
        if member not in kinds or not rest:
            raise ContextInvalid(f"{path[:80]!r} is no field such as events.Name.path", "$.types")
        kind = _DECLARABLE.get(name) if isinstance(name, str) else None
        if kind is None:
            raise ContextInvalid(f"{str(name)[:80]!r} is none of {', '.join(_DECLARABLE)}", f"$.types.{path[:80]}")
        found[kinds[member], ".".join("".join(part) for part in _SEGMENT.findall(rest))] = kind
    return found


def _collect(value: Any, path: tuple[str, ...], found: list[Any]) -> bool:
    """Adds what stands at the path, in every element of the lists on the way; whether there was a list."""
    for index, name in enumerate(path):
        kind = type(value)
        if kind is dict and name != "*":
            value = value.get(name)
        elif kind is list or kind is dict:
            rest = path[index:] if kind is list else path[index + 1 :]
            is_through_list = kind is list
            for item in value if kind is list else value.values():
                is_through_list |= _collect(item, rest, found)
            return is_through_list
        else:
            return False
    found.append(value)
    return False


# --- types as values show them --------------------------------------------------------------------------------------


def natural_type(values: Sequence[Any]) -> Type:
    """The one type of JSON values; NUMBER for integers and decimals, ANY when all are null or there is no one type."""
    kinds = {
        _numeric_type(value) if type(value) in (int, float) else type(value) for value in values if value is not None
    }
    if kinds == {Type.INTEGER, Type.DECIMAL}:
        return Type.NUMBER
    if len(kinds) != 1:
        return Type.ANY
    kind = kinds.pop()
    if kind is not list:
        return _NATURAL.get(kind, Type.ANY)
    items = [item for value in values if value is not None for item in value]
    return Type.LIST_ANY if any(type(item) is list for item in items) else natural_type(items).list


def _numeric_type(value: float) -> Type:
    return Type.INTEGER if type(value) is int and INTEGER_MIN <= value <= INTEGER_MAX else Type.DECIMAL


_NATURAL: dict[Any, Type] = {
    str: Type.STRING,
    bool: Type.BOOLEAN,
    dict: Type.OBJECT,
    Type.INTEGER: Type.INTEGER,
    Type.DECIMAL: Type.DECIMAL,
}
