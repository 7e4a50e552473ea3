"""The request's JSON: from a sample and its variable fields to a function that fills them. Source: journeys §6.2."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from parcours.actions.errors import ActionParameterInvalid
from parcours.actions.model import PARAMETER_TYPES
from parcours.expressions.types import Type
from parcours.expressions.values import (
    INTEGER_MAX,
    INTEGER_MIN,
    date_time_text,
    parse_date,
    parse_date_time,
    parse_date_time_only,
    type_of,
)

MISSING: Any = object()
"""What a reader gives for a place that stays out of the request."""

Reader = Callable[[Mapping[str, Any]], Any]
"""Parameters by path → the JSON value of one place, or MISSING."""
Check = Callable[[Any, str], Any]
"""(value, path) → the value as JSON. Raises ActionParameterInvalid."""


# --- values of a declared type ------------------------------------------------------------------------------------


def _unfit(wanted: Type, value: Any, path: str) -> ActionParameterInvalid:
    return ActionParameterInvalid(f"{path} takes a value of type {wanted}, not {type_of(value)}", path)


def _string(value: Any, path: str) -> Any:
    if type(value) is not str:
        raise _unfit(Type.STRING, value, path)
    return value


def _integer(value: Any, path: str) -> Any:
    kind = type(value)
    if kind is float and value.is_integer():
        value = int(value)
    elif kind is not int:
        raise _unfit(Type.INTEGER, value, path)
    if not INTEGER_MIN <= value <= INTEGER_MAX:
        raise ActionParameterInvalid(f"{path} takes an integer of 64 bits", path)
    return value


def _decimal(value: Any, path: str) -> Any:
    kind = type(value)
    if kind is int:
        return _integer(value, path)
    if kind is not float:
        raise _unfit(Type.DECIMAL, value, path)
    if not math.isfinite(value):
        raise ActionParameterInvalid(f"{path} takes a finite number", path)
    return value


def _boolean(value: Any, path: str) -> Any:
    if type(value) is not bool:
        raise _unfit(Type.BOOLEAN, value, path)
    return value


def _date_time(value: Any, path: str) -> Any:
    if type(value) is datetime and value.tzinfo is not None:
        return date_time_text(value)
    if type(value) is str and parse_date_time(value) is not None:
        return value
    raise _unfit(Type.DATE_TIME, value, path)


def _date_time_only(value: Any, path: str) -> Any:
    if type(value) is datetime and value.tzinfo is None:
        return date_time_text(value)
    if type(value) is str and "T" in value.upper():
        found = parse_date_time_only(value)
        if found is not None and parse_date_time(value) is None:
            return value
    raise _unfit(Type.DATE_TIME_ONLY, value, path)


def _date_only(value: Any, path: str) -> Any:
    if type(value) is date:
        return value.isoformat()
    if type(value) is str and len(value) == 10 and parse_date(value) is not None:
        return value
    raise _unfit(Type.DATE_ONLY, value, path)


_SCALARS: dict[Type, Check] = {
    Type.STRING: _string,
    Type.INTEGER: _integer,
    Type.DECIMAL: _decimal,
    Type.BOOLEAN: _boolean,
    Type.DATE_TIME: _date_time,
    Type.DATE_TIME_ONLY: _date_time_only,
    Type.DATE_ONLY: _date_only,
}
_EXACT: dict[Type, type] = {Type.STRING: str, Type.BOOLEAN: bool}
"""Types whose Python class alone tells that a value fits."""


def check_for(wanted: Type) -> Check:
    """What checks values of a scalar type or of a list of scalars; nulls inside a list are dropped."""
    if wanted in _SCALARS:
        return _SCALARS[wanted]
    item = _SCALARS[wanted.element]

    def check_list(value: Any, path: str) -> Any:
        if type(value) is not list:
            raise _unfit(wanted, value, path)
        return [item(element, path) for element in value if element is not None]

    return check_list


# --- types of a sample --------------------------------------------------------------------------------------------


def infer_type(value: Any) -> Type:
    """The type of a sample's value; NULL for null, whose type must be declared."""
    if isinstance(value, list):
        kinds = {infer_type(item) for item in value if item is not None}
        if kinds == {Type.INTEGER, Type.DECIMAL}:
            return Type.LIST_DECIMAL
        return kinds.pop().list if len(kinds) == 1 else Type.LIST_ANY
    return type_of(value)


def sample_types(sample: Any, declared: Mapping[str, Type], path: str = "") -> dict[str, Type]:
    """The type of every value of a sample by JSON pointer, corrected by `declared`; lists are not entered."""
    if isinstance(sample, dict):
        found: dict[str, Type] = {}
        for key, value in sample.items():
            found |= sample_types(value, declared, f"{path}/{escape(key)}")
        return found
    return {path: declared.get(path, infer_type(sample))} if path else {}


def escape(key: str) -> str:
    """A key as one token of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def fits_sample(wanted: Type, sample: Any) -> bool:
    """Whether a place of the sample may be declared as this type: scalars among scalars, lists among lists."""
    if wanted not in PARAMETER_TYPES:
        return False
    if sample is None:
        return True
    if isinstance(sample, list):
        given = infer_type(sample)
        if given is Type.LIST_OBJECT or wanted is Type.LIST_OBJECT:
            return given is wanted
        return wanted.is_list
    return not isinstance(sample, dict) and not wanted.is_list


# --- the compiler -------------------------------------------------------------------------------------------------


class Field:
    """A declared place of the sample."""

    __slots__ = ("is_optional", "is_variable", "path", "type", "value")

    def __init__(self, path: str, type: Type, is_variable: bool, is_optional: bool, value: Any) -> None:
        self.path = path
        self.type = type
        self.is_variable = is_variable
        self.is_optional = is_optional
        self.value = value


def compile_payload(sample: Any, fields: Mapping[str, Field], allow_null: bool) -> Reader:
    """A function that fills the sample; places without a field keep the sample's value."""
    read, _ = _compile(sample, "", fields, allow_null)
    return read


def _compile(sample: Any, path: str, fields: Mapping[str, Field], allow_null: bool) -> tuple[Reader, bool]:
    """The reader of a place, and whether it gives the same for all parameters."""
    field = fields.get(path)
    if field is not None and field.is_variable:
        if field.type is Type.LIST_OBJECT:
            return _objects(field, _shape(sample[0], path + "/[]", fields, allow_null), allow_null), False
        return _variable(field, allow_null), False
    if field is not None:
        sample = field.value
    if isinstance(sample, dict) and field is None:
        return _object(
            [(key, *_compile(value, f"{path}/{escape(key)}", fields, allow_null)) for key, value in sample.items()]
        )
    if isinstance(sample, list) and field is None:
        return _array([_compile(value, f"{path}/{i}", fields, allow_null) for i, value in enumerate(sample)])
    if sample is None and not allow_null:
        return _constant(MISSING)
    return _constant(without_nulls(sample) if isinstance(sample, list) else sample)


def without_nulls(value: list[Any]) -> list[Any]:
    """A list as it is sent: nulls are dropped, in inner lists too."""
    return [without_nulls(item) if isinstance(item, list) else item for item in value if item is not None]


def _constant(value: Any) -> tuple[Reader, bool]:
    return lambda parameters: value, True


def _variable(field: Field, allow_null: bool) -> Reader:
    path, check, exact = field.path, check_for(field.type), _EXACT.get(field.type)
    absent = None if allow_null else MISSING
    if field.type.is_list:

        def read_list(parameters: Mapping[str, Any]) -> Any:
            value = parameters.get(path, MISSING)
            if value is MISSING:
                return absent
            return [] if value is None else check(value, path)

        return read_list

    def read(parameters: Mapping[str, Any]) -> Any:
        value = parameters.get(path)
        if type(value) is exact:
            return value
        return absent if value is None else check(value, path)

    return read


def _object(entries: Sequence[tuple[str, Reader, bool]]) -> tuple[Reader, bool]:
    if all(is_constant for _, _, is_constant in entries):
        value = {key: found for key, read, _ in entries if (found := read({})) is not MISSING}
        return _constant(value)
    readers = tuple((key, read) for key, read, _ in entries)

    def read_object(parameters: Mapping[str, Any]) -> Any:
        result = {}
        for key, read in readers:
            value = read(parameters)
            if value is not MISSING:
                result[key] = value
        return result

    return read_object, False


def _array(entries: Sequence[tuple[Reader, bool]]) -> tuple[Reader, bool]:
    readers = tuple(read for read, _ in entries)

    def read_array(parameters: Mapping[str, Any]) -> Any:
        values = (read(parameters) for read in readers)
        return [value for value in values if value is not MISSING and value is not None]

    if all(is_constant for _, is_constant in entries):
        return _constant(read_array({}))
    return read_array, False


# --- arrays of objects --------------------------------------------------------------------------------------------

Shape = Callable[[Mapping[str, Any], str], dict[str, Any]]
"""(one object of the journey, path) → the object to send."""


def _objects(field: Field, shape: Shape, allow_null: bool) -> Reader:
    path = field.path
    absent = None if allow_null else MISSING

    def read_objects(parameters: Mapping[str, Any]) -> Any:
        value = parameters.get(path, MISSING)
        if value is MISSING:
            return absent
        if value is None:
            return []
        if type(value) is not list:
            raise _unfit(Type.LIST_OBJECT, value, path)
        result = []
        for item in value:
            if item is None:
                continue
            if not isinstance(item, Mapping):
                raise _unfit(Type.LIST_OBJECT, value, path)
            result.append(shape(item, path))
        return result

    return read_objects


def _shape(sample: Mapping[str, Any], path: str, fields: Mapping[str, Field], allow_null: bool) -> Shape:
    """Attributes are taken by the names of the first object of the sample; others are left behind."""
    absent = None if allow_null else MISSING
    checks: list[tuple[str, Check | None, Shape | None, bool, str]] = []
    for key, value in sample.items():
        where = f"{path}/{escape(key)}"
        if isinstance(value, dict):
            checks.append((key, None, _shape(value, where, fields, allow_null), False, where))
        else:
            declared = fields[where].type if where in fields else infer_type(value)
            checks.append((key, check_for(declared), None, declared.is_list, where))

    def read(item: Mapping[str, Any], base: str) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, check, inner, is_list, where in checks:
            value = item.get(key, MISSING)
            if value is None or value is MISSING:
                value = [] if is_list and value is None else absent
            elif check is not None:
                value = check(value, where)
            elif inner is not None and isinstance(value, Mapping):
                value = inner(value, where)
            else:
                raise _unfit(Type.OBJECT, value, where)
            if value is not MISSING:
                result[key] = value
        return result

    return read
