"""Values turned into what a field of the target schema holds. Source: platform-apis §6.5."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from parcours.expressions.errors import ExpressionFailed
from parcours.expressions.mapping_functions import as_date, as_number
from parcours.expressions.values import INTEGER_MAX, INTEGER_MIN, to_json, to_text, type_of

Coerce = Callable[[Any, list[str]], Any]
"""(value that is not null, problems) → value of the field. Raises ExpressionFailed when nothing of it fits;
what doesn't fit inside an object or map is left out and told in `problems`, as "path: reason"."""

_TRUE = frozenset({"y", "yes", "Y", "YES", "on", "ON", "true", "TRUE"})
_FALSE = frozenset({"n", "no", "N", "NO", "off", "OFF", "false", "FALSE"})
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MAX_DEPTH = 100


def coercer(schema: Mapping[str, Any] | None) -> Coerce:
    """The coercion to one field of a resolved JSON Schema; without a schema values stay as they are."""
    kind = schema.get("type") if schema is not None else None
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), None)
    if schema is None:
        return _untyped
    if kind == "string":
        return {"date-time": _date_time, "date": _date}.get(schema.get("format", ""), _string)
    if kind == "array":
        return _array(schema.get("items"))
    if kind == "object" or "properties" in schema:
        return _object(schema)
    return _SCALAR.get(str(kind), _untyped)


def _unfit(value: Any, wanted: str) -> ExpressionFailed:
    shown = repr(value[:40]) if type(value) is str else f"a value of type {type_of(value)}"
    return ExpressionFailed(f"{shown} can't be read as {wanted}")


def _untyped(value: Any, _problems: list[str]) -> Any:
    return to_json(value)


def _string(value: Any, _problems: list[str]) -> Any:
    if type(value) is str:
        return value
    if type(value) in (list, dict):
        raise _unfit(value, "string")
    return iso_text(value) if type(value) is datetime else to_text(value)


def _integer(value: Any, _problems: list[str]) -> Any:
    if type(value) is int:
        number: int | float = value
    elif type(value) in (float, str):
        number = as_number(value)
    else:
        raise _unfit(value, "integer")
    if type(number) is float:
        if not number.is_integer():
            raise _unfit(value, "integer")
        number = int(number)
    if not INTEGER_MIN <= number <= INTEGER_MAX:
        raise _unfit(value, "integer")
    return number


def _number(value: Any, _problems: list[str]) -> Any:
    if type(value) is float or type(value) is int:
        return value
    if type(value) is not str:
        raise _unfit(value, "number")
    number = as_number(value)
    return number if type(number) is float or INTEGER_MIN <= number <= INTEGER_MAX else float(number)


def _boolean(value: Any, _problems: list[str]) -> Any:
    if type(value) is bool:
        return value
    if type(value) is str:
        if value in _TRUE:
            return True
        if value in _FALSE:
            return False
    raise _unfit(value, "boolean")


_SCALAR: dict[str, Coerce] = {"integer": _integer, "number": _number, "boolean": _boolean}


def iso_text(at: datetime) -> str:
    """An instant as XDM takes it: seconds always, Z for UTC."""
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    text = at.isoformat()
    return text[:-6] + "Z" if text.endswith("+00:00") else text


def _date_time(value: Any, _problems: list[str]) -> Any:
    if type(value) is str and _INSTANT.fullmatch(value):
        return value
    if type(value) is date:
        return f"{value.isoformat()}T00:00:00Z"
    return iso_text(as_date(value))


def _date(value: Any, _problems: list[str]) -> Any:
    if type(value) is date or (type(value) is str and _DAY.fullmatch(value)):
        return str(value)
    return as_date(value).date().isoformat()


def _array(items: Any) -> Coerce:
    child: list[Coerce] = []

    def coerce(value: Any, problems: list[str]) -> Any:
        if type(value) is not list:
            raise _unfit(value, "array")
        if not child:
            child.append(coercer(items if isinstance(items, Mapping) else None))
        one = child[0]
        found: list[Any] = []
        for index, item in enumerate(value):
            if item is None:
                continue
            inner: list[str] = []
            found.append(one(item, inner))
            problems.extend(f"[{index}].{text}" for text in inner)
        return found

    return coerce


def _object(schema: Mapping[str, Any]) -> Coerce:
    """Same-named children are copied; a map takes every key. Children are compiled when first met."""
    properties: Mapping[str, Any] = schema.get("properties") or {}
    rest = schema.get("additionalProperties")
    is_open = rest is True or (rest is None and not properties)
    known: dict[str, Coerce] = {}
    every = coercer(rest) if isinstance(rest, Mapping) and not properties else None

    def child(key: str) -> Coerce | None:
        found = known.get(key)
        if found is not None:
            return found
        field = properties.get(key)
        if isinstance(field, Mapping):
            found = known[key] = coercer(field)
            return found
        return coercer(rest) if isinstance(rest, Mapping) else _untyped if is_open else None

    def coerce(value: Any, problems: list[str]) -> Any:
        if type(value) is not dict:
            raise _unfit(value, "object")
        found: dict[str, Any] = {}
        for key, item in value.items():
            one = every or child(key)
            if one is None or item is None:
                continue
            inner: list[str] = []
            try:
                found[key] = one(item, inner)
            except ExpressionFailed as error:
                problems.append(f"{key}: {error}")
            problems.extend(f"{key}.{text}" for text in inner)
        return found

    return coerce
