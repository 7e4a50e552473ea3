"""The functions and operators of the mapping language: the one table. A new function is a new row."""

from typing import Any

from parcours.expressions.mapping_functions import MappingFunction, table
from parcours.expressions.mapping_library_data import AGGREGATION, ARRAYS, CONVERSION, LOGIC, OBJECTS
from parcours.expressions.mapping_library_dates import DATES
from parcours.expressions.mapping_library_text import HASH, REGEX, TEXT, URL

MAPPING: dict[str, MappingFunction] = table(
    (*TEXT, *REGEX, *HASH, *URL, *DATES, *OBJECTS, *ARRAYS, *LOGIC, *AGGREGATION, *CONVERSION),
    {
        "lcase": "lower",
        "ucase": "upper",
        "make_timestamp": "make_date_time",
        "array_to_object": "arrays_to_objects",
        "is_set": "contains_key",
        "guid": "uuid",
    },
)

_OPERATORS = (
    ("+", "add", 2, "Adds numbers; joins texts when one side is a text.", "1 + 2"),
    ("-", "subtract", 2, "Subtracts numbers.", "3 - 1"),
    ("*", "multiply", 2, "Multiplies numbers.", "2 * 3"),
    ("/", "divide", 2, "Divides numbers; div is the same.", "6 / 3"),
    ("%", "mod", 2, "The remainder of a division; mod is the same.", "7 % 2"),
    ("-", "negate", 1, "Turns the sign of a number.", "-3"),
    ("~", "complement", 1, "Turns every bit of a whole number.", "~3"),
    ("!", "not", 1, "Negates a condition; not is the same.", "!true"),
    ("&&", "and", 2, "Whether both conditions hold; and is the same.", "true && false"),
    ("||", "or", 2, "Whether one of the conditions holds; or is the same.", "true || false"),
    ("==", "equals", 2, "Whether two values are equal; eq is the same.", "1 == 1"),
    ("!=", "notEquals", 2, "Whether two values differ; ne is the same.", "1 != 2"),
    ("<", "lessThan", 2, "Whether the left value comes first; lt is the same.", "1 < 2"),
    ("<=", "lessThanOrEqual", 2, "Whether the left value comes first or is equal; le is the same.", "1 <= 1"),
    (">", "greaterThan", 2, "Whether the right value comes first; gt is the same.", "2 > 1"),
    (">=", "greaterThanOrEqual", 2, "Whether the right value comes first or is equal; ge is the same.", "2 >= 2"),
    ("?:", "ternary", 3, "One of two values, chosen by a condition.", 'true ? "a" : "b"'),
)


def describe_operators() -> list[dict[str, Any]]:
    """The answer of `GET /languages/el/operators`. Source: platform-apis §6.2."""
    return [
        {
            "operatorSymbol": symbol,
            "methodName": name,
            "numberOfOperands": operands,
            "description": description,
            "example": example,
        }
        for symbol, name, operands, description, example in _OPERATORS
    ]
