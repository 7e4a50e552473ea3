"""The static types of expressions."""

from enum import StrEnum


class Type(StrEnum):
    """What an expression yields. Source: expression-language §3."""

    STRING = "string"
    INTEGER = "integer"
    DECIMAL = "decimal"
    NUMBER = "number"
    """A quotient of integers, an integer when exact, otherwise a decimal; or a field that holds both."""
    BOOLEAN = "boolean"
    DATE_ONLY = "dateOnly"
    DATE_TIME_ONLY = "dateTimeOnly"
    DATE_TIME = "dateTime"
    DURATION = "duration"
    LIST_STRING = "listString"
    LIST_INTEGER = "listInteger"
    LIST_DECIMAL = "listDecimal"
    LIST_BOOLEAN = "listBoolean"
    LIST_DATE_ONLY = "listDateOnly"
    LIST_DATE_TIME_ONLY = "listDateTimeOnly"
    LIST_DATE_TIME = "listDateTime"
    LIST_DURATION = "listDuration"
    LIST_OBJECT = "listObject"
    LIST_ANY = "listAny"
    """A list whose elements have no one known type: `[]`, arrays of arrays."""
    OBJECT = "object"
    """A JSON object: a step on the way to a value, not a value."""
    MAP = "map"
    NULL = "null"
    ANY = "any"
    """Known only when it runs: a field of a source without a schema."""

    @property
    def is_numeric(self) -> bool:
        """Integer, decimal, or a quotient of the two."""
        return self in NUMERIC

    @property
    def is_list(self) -> bool:
        """Whether a value is a list, of objects included."""
        return self in _ELEMENT

    @property
    def is_temporal(self) -> bool:
        """Whether a value is a date of any kind or a duration: text in JSON, something else here."""
        return self in _TEMPORAL

    @property
    def element(self) -> "Type":
        """The type of a list's elements; ANY for what is no list."""
        return _ELEMENT.get(self, Type.ANY)

    @property
    def list(self) -> "Type":
        """The type of a list of these; LIST_ANY when there is no such type."""
        return _LIST.get(self, Type.LIST_ANY)


NUMERIC = frozenset({Type.INTEGER, Type.DECIMAL, Type.NUMBER})
_TEMPORAL = frozenset({Type.DATE_ONLY, Type.DATE_TIME_ONLY, Type.DATE_TIME, Type.DURATION})
_LIST = {
    Type.STRING: Type.LIST_STRING,
    Type.INTEGER: Type.LIST_INTEGER,
    Type.DECIMAL: Type.LIST_DECIMAL,
    Type.BOOLEAN: Type.LIST_BOOLEAN,
    Type.DATE_ONLY: Type.LIST_DATE_ONLY,
    Type.DATE_TIME_ONLY: Type.LIST_DATE_TIME_ONLY,
    Type.DATE_TIME: Type.LIST_DATE_TIME,
    Type.DURATION: Type.LIST_DURATION,
    Type.OBJECT: Type.LIST_OBJECT,
}
_ELEMENT = {many: one for one, many in _LIST.items()} | {Type.LIST_ANY: Type.ANY}
_LIST[Type.NUMBER] = Type.LIST_DECIMAL


def accepts(wanted: Type, given: Type) -> bool:
    """Whether a value of type `given` may stand where `wanted` is asked for, perhaps after a check when it runs."""
    if given is wanted or given in (Type.ANY, Type.NULL) or wanted is Type.ANY:
        return True
    if given is Type.NUMBER:
        return wanted in NUMERIC
    return given is Type.LIST_ANY and wanted.is_list and wanted is not Type.LIST_OBJECT


def common_type(left: Type, right: Type) -> Type | None:
    """The type of two branches together. Source: expression-language §6."""
    if left is right or right is Type.NULL:
        return left
    if left is Type.NULL:
        return right
    if Type.ANY in (left, right):
        return Type.ANY
    if left.is_numeric and right.is_numeric:
        return Type.NUMBER if Type.NUMBER in (left, right) else Type.DECIMAL
    if Type.LIST_ANY in (left, right) and left.is_list and right.is_list:
        return right if left is Type.LIST_ANY else left
    return None
