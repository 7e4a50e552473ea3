"""Objects, arrays, logic, numbers, JSON and ids in the mapping language. Source: platform-apis §6.4."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import orjson

from parcours.expressions.errors import ExpressionFailed
from parcours.expressions.mapping_functions import (
    Appended,
    Argument,
    Scope,
    as_array,
    as_number,
    as_object,
    as_string,
    define,
    finite,
)
from parcours.expressions.mapping_paths import has_path
from parcours.expressions.values import INTEGER_MAX, INTEGER_MIN, is_equal


def _is_empty(value: Any) -> bool:
    return value is None or (type(value) in (str, list, dict) and not value)


def _pairs(values: tuple[Any, ...]) -> list[tuple[str, Any]]:
    if len(values) % 2 or not values:
        raise ExpressionFailed("keys and values come in pairs")
    return [(as_string(values[i]), values[i + 1]) for i in range(0, len(values), 2)]


def _to_object(*values: Any) -> dict[str, Any]:
    return dict(_pairs(values))


def _arrays_to_objects(*values: Any) -> list[dict[str, Any]]:
    columns = [(key, as_array(array) if array is not None else []) for key, array in _pairs(values)]
    rows = max(len(array) for _, array in columns)
    return [{key: array[i] for key, array in columns if i < len(array)} for i in range(rows)]


def _str_to_object(text: str, value_delimiter: str = ":", field_delimiter: str = ",") -> dict[str, str]:
    found: dict[str, str] = {}
    for part in filter(None, text.split(field_delimiter or ",")):
        key, delimiter, value = part.partition(value_delimiter or ":")
        if delimiter:
            found[key.strip()] = value.strip()
    return found


def _contains_key(scope: Scope, argument: Argument) -> bool:
    if argument.path is None:
        return argument.run(scope) is not None
    return has_path(scope.record, argument.path)


def _get_values(text: str, key: str, value_delimiter: str, field_delimiter: str | None = None) -> str | None:
    return _str_to_object(text, value_delimiter, field_delimiter or ",").get(key)


def _keys(keys: Any) -> list[str]:
    return [as_string(key) for key in (keys if type(keys) is list else [keys])]


def _map_get_values(source: dict[str, Any], keys: Any) -> Any:
    if type(keys) is not list:
        return source.get(as_string(keys))
    return [source.get(key) for key in _keys(keys)]


def _add_to_map(*maps: dict[str, Any] | None) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for one in maps:
        for key, value in (one or {}).items():
            merged.setdefault(key, value)
    return merged


def _array_to_map(items: Any, key: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in as_array(items):
        value = as_object(item).get(key)
        if value is not None:
            found[as_string(value)] = item
    return found


def _object_to_map(*values: Any) -> dict[str, Any] | None:
    if len(values) == 1:
        return None if values[0] is None else as_object(values[0])
    if len(values) == 2 and type(values[0]) is list:
        return _array_to_map(values[0], as_string(values[1]))
    return _to_object(*values)


_O = "Hierarchies - Objects"

OBJECTS = (
    define(_O, "is_empty(input:any) : boolean", _is_empty, "Whether an object, array or text has no content.",
           "is_empty([1, null, 3])", "false", sees_null=True),
    define(_O, "arrays_to_objects(key:string..., values:array...) : array", _arrays_to_objects,
           "Arrays of equal length side by side as an array of objects.",
           "arrays_to_objects('sku', [\"id1\", \"id2\"], 'price', [22.5, 14.35])",
           '[{"sku":"id1","price":22.5},{"sku":"id2","price":14.35}]', sees_null=True),
    define(_O, "to_object(key:string..., value:any...) : object", _to_object, "An object from keys and values.",
           'to_object("firstName", "John", "lastName", "Doe")', '{"firstName":"John","lastName":"Doe"}',
           sees_null=True),
    define(_O, "str_to_object(string:string, valueDelimiter:string?, fieldDelimiter:string?) : object",
           _str_to_object, "An object from a delimited text; \":\" and \",\" by default.",
           'str_to_object("firstName=John|lastName=Doe", "=", "|").get("firstName")', '"John"'),
    define(_O, "contains_key(path:path) : boolean", _contains_key, "Whether the path exists in the source.",
           "contains_key(evar.evar1)", "false", is_lazy=True),
    define(_O, "nullify() : any", lambda: None, "Makes the target null.", "nullify()", "null"),
    define(_O, "get_keys(object:object) : array", list, "The keys of an object.",
           'get_keys({"name": "ash", "age": 3})', '["name","age"]'),
    define(_O, "get_values(string:string, key:string, valueDelimiter:string, fieldDelimiter:string?) : string",
           _get_values, "The value of a key in a delimited text.",
           'get_values("first - brand:blue|size - 10", "first - brand", ":", "|")', '"blue"'),
    define(_O, "map_get_values(map:object, keys:any) : any", _map_get_values,
           "The value of a key of a map, or the values of an array of keys.",
           'map_get_values({"a": 1, "b": 2}, ["b", "a"])', "[2,1]"),
    define(_O, "map_has_keys(map:object, keys:any) : boolean",
           lambda source, keys: all(key in source for key in _keys(keys)), "Whether a map has every key.",
           'map_has_keys({"a": 1}, ["a", "b"])', "false"),
    define(_O, "add_to_map(map:object...) : object", _add_to_map, "Maps merged; the first value of a key wins.",
           'add_to_map({"a": 1}, {"a": 2, "b": 3})', '{"a":1,"b":3}', sees_null=True),
    define(_O, "object_to_map(input:any...) : object", _object_to_map,
           "A map from keys and values, from an object, or from an array of objects and the attribute to key them by.",
           'object_to_map([{"id": "x", "n": 1}], "id")', '{"x":{"id":"x","n":1}}', sees_null=True),
    define(_O, "array_to_map(objects:array, key:string) : object", _array_to_map,
           "A map of objects by one of their attributes.", 'array_to_map([{"id": "x", "n": 1}], "id")',
           '{"x":{"id":"x","n":1}}'),
    define(_O, "to_map(key:string..., value:any...) : object", _to_object, "A map from keys and values.",
           'to_map("a", 1)', '{"a":1}', sees_null=True),
)  # fmt: skip


def _coalesce(scope: Scope, *arguments: Argument) -> Any:
    for argument in arguments:
        value = argument.run(scope)
        if value is not None:
            return value
    return None


def _add_to_array(items: Any, *values: Any) -> list[Any]:
    return [*(as_array(items) if items is not None else []), *values]


def _join_arrays(*arrays: Any) -> list[Any]:
    return [item for array in arrays if array is not None for item in as_array(array)]


def _to_array(includes_null: Any, *values: Any) -> list[Any]:
    return [value for value in values if includes_null is True or value is not None]


def _size(value: Any) -> int:
    if type(value) not in (list, dict, str):
        raise ExpressionFailed("only arrays, objects and texts have a size")
    return len(value)


def _elements(values: Sequence[Any]) -> Sequence[Any]:
    """What is chosen from: the elements of one array, or else the arguments themselves."""
    if len(values) != 1:
        return values
    return () if values[0] is None else as_array(values[0])


def _first(*values: Any) -> Any:
    return next(iter(_elements(values)), None)


def _last(*values: Any) -> Any:
    return next(reversed(_elements(values)), None)


_A = "Hierarchies - Arrays"

ARRAYS = (
    define(_A, "coalesce(value:any...) : any", _coalesce, "The first value that is not null.",
           'coalesce(null, null, "first", null)', '"first"', is_lazy=True),
    define(_A, "first(value:any...) : any", _first, "The first element of an array, or of several values.",
           'first(["1", "2", "3"])', '"1"', sees_null=True),
    define(_A, "last(value:any...) : any", _last, "The last element of an array, or of several values.",
           'last("1", "2", "3")', '"3"', sees_null=True),
    define(_A, "add_to_array(array:any, value:any...) : array", _add_to_array, "An array with values put at its end.",
           'add_to_array(["a", "b"], "c", "d")', '["a","b","c","d"]', sees_null=True),
    define(_A, "join_arrays(array:any...) : array", _join_arrays, "Arrays one after the other.",
           'join_arrays(["a", "b"], ["c"], ["d"])', '["a","b","c","d"]', sees_null=True),
    define(_A, "to_array(includeNulls:any, value:any...) : array", _to_array,
           "An array of values, with or without null.",
           'to_array(false, 1, null, 2, 3)', "[1,2,3]", sees_null=True),
    define(_A, "size_of(input:any) : integer", _size, "The number of elements.", "size_of([1, 2, 3, 4])", "4"),
    define(_A, "upsert_array_append(array:array) : array", Appended,
           "The array itself; an update appends it to what is stored.", "upsert_array_append([123, 456])",
           "[123,456]"),
    define(_A, "upsert_array_replace(array:array, position:integer?) : array", lambda items, _position=None: items,
           "The array itself; an update replaces what is stored by it.", "upsert_array_replace([123, 456])",
           "[123,456]"),
)  # fmt: skip


def is_true(value: Any) -> bool:
    """What counts as true: true itself, a number that is not 0, and the text "true"."""
    if type(value) is str:
        return value.lower() == "true"
    return value is True or (type(value) in (int, float) and value != 0)


def _iif(scope: Scope, condition: Argument, chosen: Argument, otherwise: Argument) -> Any:
    return (chosen if is_true(condition.run(scope)) else otherwise).run(scope)


def _decode(scope: Scope, key: Argument, *options: Argument) -> Any:
    value = key.run(scope)
    for index in range(0, len(options) - 1, 2):
        if is_same(value, options[index].run(scope)):
            return options[index + 1].run(scope)
    return options[-1].run(scope) if len(options) % 2 else None


def is_same(left: Any, right: Any) -> bool:
    """Equality of mappings: a number equals the text that holds it."""
    kinds = {type(left), type(right)}
    if str in kinds and kinds & {int, float}:
        try:
            return as_number(left) == as_number(right)
        except ExpressionFailed:
            return False
    return is_equal(left, right)


LOGIC = (
    define("Logical", "decode(key:any, option:any, value:any, more:any...) : any", _decode,
           "The value after the option that equals the key; an odd last argument is the default.",
           'decode("k2", "k1", "v1", "k2", "v2", "default")', '"v2"', is_lazy=True),
    define("Logical", "iif(condition:any, whenTrue:any, whenFalse:any) : any", _iif,
           "One of two values; only the chosen one is evaluated.", 'iif("s".equalsIgnoreCase("S"), "True", "False")',
           '"True"', is_lazy=True),
)  # fmt: skip


def _extreme(choose: Any) -> Any:
    def extreme(*values: Any) -> Any:
        present = [one for value in values for one in (value if type(value) is list else [value]) if one is not None]
        if not present:
            return None
        try:
            return choose(present)
        except TypeError:
            raise ExpressionFailed("values of different types have no order") from None

    return extreme


AGGREGATION = (
    define("Aggregation", "min(value:any...) : any", _extreme(min), "The smallest value.", "min(3, 1, 4)", "1",
           sees_null=True),
    define("Aggregation", "max(value:any...) : any", _extreme(max), "The largest value.", "max(3, 1, 4)", "4",
           sees_null=True),
)  # fmt: skip


def _integer(value: int | float) -> int:
    whole = int(value)
    if not INTEGER_MIN <= whole <= INTEGER_MAX:
        raise ExpressionFailed("the number has more than 64 bits")
    return whole


def _decimal(value: int | float) -> float:
    try:
        return finite(float(value))
    except OverflowError:
        raise ExpressionFailed("the number is too large for a decimal") from None


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ExpressionFailed(f"the text is not JSON: {error}") from None


CONVERSION = (
    define("Type conversion", "to_bigint(value:number) : integer", _integer, "A text or number as a whole number.",
           'to_bigint("1000000.34")', "1000000"),
    define("Type conversion", "to_decimal(value:number) : number", _decimal, "A text or number as a decimal.",
           'to_decimal("20.5")', "20.5"),
    define("Type conversion", "to_float(value:number) : number", _decimal, "A text or number as a decimal.",
           'to_float("12.3456")', "12.3456"),
    define("Type conversion", "to_integer(value:number) : integer", _integer, "A text or number as a whole number.",
           'to_integer("12")', "12"),
    define("JSON", "json_to_object(string:string) : any", _json, "What a JSON text holds.",
           'json_to_object("{\\"info\\":{\\"firstName\\":\\"John\\"}}")', '{"info":{"firstName":"John"}}'),
    define("Special operations", "uuid() : string", lambda: str(uuid4()), "A random UUID.", "uuid()"),
)  # fmt: skip
