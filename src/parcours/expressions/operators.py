"""Operators: which operands they take, what they yield, and how they are computed. Source: expression-language §5."""

import operator
from collections.abc import Callable
from datetime import datetime, timedelta
from math import fmod
from typing import Any

from parcours.expressions.errors import ExpressionFailed
from parcours.expressions.library_lists import bounded
from parcours.expressions.types import Type
from parcours.expressions.values import (
    MAX_TEXT,
    is_equal,
    parse_date_time,
    parse_date_time_only,
    to_text,
    type_of,
)

Operator = Callable[[Any, Any], Any]
_NUMBERS = (int, float)
_MOVABLE = (Type.DATE_TIME, Type.DATE_TIME_ONLY, Type.DURATION)


def concatenate(left: Any, right: Any) -> str:
    """Text forms side by side; null is the empty text. Raises ExpressionFailed when it grows too long."""
    text = (left if type(left) is str else to_text(left)) + (right if type(right) is str else to_text(right))
    if len(text) > MAX_TEXT:
        raise ExpressionFailed(f"a text grew beyond {MAX_TEXT} characters")
    return text


def _add(left: Any, right: Any) -> Any:
    return None if left is None or right is None else bounded(left + right)


def _subtract(left: Any, right: Any) -> Any:
    return None if left is None or right is None else bounded(left - right)


def _multiply(left: Any, right: Any) -> Any:
    return None if left is None or right is None else bounded(left * right)


def _divide(left: Any, right: Any) -> Any:
    if left is None or right is None:
        return None
    if type(left) is int and type(right) is int:
        if right == 0:
            return 0
        quotient, rest = divmod(left, right)
        return bounded(quotient) if rest == 0 else left / right
    return bounded(left / right) if right else 0.0


def _remainder(left: Any, right: Any) -> Any:
    if left is None or right is None:
        return None
    if type(left) is int and type(right) is int:
        if right == 0:
            return 0
        rest = abs(left) % abs(right)
        return -rest if left < 0 else rest
    return fmod(left, right) if right else 0.0


def _move(left: Any, right: Any) -> Any:
    if left is None or right is None:
        return None
    try:
        return right + left if type(left) is timedelta else left + right
    except OverflowError:
        raise ExpressionFailed("a date or duration grew beyond what can be held") from None


def _move_back(left: Any, right: Any) -> Any:
    return None if left is None or right is None else _move(left, -right)


def _dynamic(symbol: str) -> Operator:
    number = _ARITHMETIC[symbol]

    def compute(left: Any, right: Any) -> Any:
        a, b = type(left), type(right)
        if symbol == "+" and (a is str or b is str):
            return concatenate(left, right)
        if left is None or right is None:
            return None
        if a in _NUMBERS and b in _NUMBERS:
            return number(left, right)
        if symbol == "+" and ((a in (datetime, timedelta) and b is timedelta) or (a is timedelta and b is datetime)):
            return _move(left, right)
        if symbol == "-" and a in (datetime, timedelta) and b is timedelta:
            return _move_back(left, right)
        raise ExpressionFailed(f"{symbol} can't be applied to {type_of(left)} and {type_of(right)}")

    return compute


_ARITHMETIC: dict[str, Operator] = {
    "+": _add,
    "-": _subtract,
    "*": _multiply,
    "/": _divide,
    "%": _remainder,
}


def arithmetic(symbol: str, left: Type, right: Type) -> tuple[Type, Operator] | None:
    """What `left symbol right` yields and how; None when the operands don't go together."""
    if symbol == "+" and Type.STRING in (left, right):
        return Type.STRING, concatenate
    if Type.ANY in (left, right):
        other = right if left is Type.ANY else left
        if other.is_list or other in (Type.BOOLEAN, Type.OBJECT, Type.MAP):
            return None
        return Type.ANY, _dynamic(symbol)
    if Type.NULL in (left, right):
        other = right if left is Type.NULL else left
        if other is Type.NULL or other.is_numeric or (symbol in "+-" and other in _MOVABLE):
            return (Type.INTEGER if other is Type.NULL else other), _dynamic(symbol)
        return None
    if left.is_numeric and right.is_numeric:
        both_integer = left is Type.INTEGER and right is Type.INTEGER
        if symbol == "*" and left is not right and Type.NUMBER not in (left, right):
            return None
        if both_integer:
            return (Type.NUMBER if symbol == "/" else Type.INTEGER), _ARITHMETIC[symbol]
        if Type.NUMBER in (left, right) and Type.DECIMAL not in (left, right):
            return Type.NUMBER, _ARITHMETIC[symbol]
        return Type.DECIMAL, _ARITHMETIC[symbol]
    if symbol in "+-" and left in _MOVABLE and right is Type.DURATION:
        return left, _move if symbol == "+" else _move_back
    if symbol == "+" and left is Type.DURATION and right in _MOVABLE:
        return right, _move
    return None


# --- comparison -----------------------------------------------------------------------------------------------------

ORDERINGS: dict[str, Operator] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def orderable(left: Type, right: Type) -> bool:
    """Whether two types can be put in order: numbers with numbers, date-times with their like."""
    if left is Type.NULL or right is Type.NULL:
        other = right if left is Type.NULL else left
        return other in (Type.NULL, Type.ANY, Type.DATE_TIME, Type.DATE_TIME_ONLY) or other.is_numeric
    if left is Type.ANY or right is Type.ANY:
        other = right if left is Type.ANY else left
        return other in (Type.ANY, Type.DATE_TIME, Type.DATE_TIME_ONLY) or other.is_numeric
    if left.is_numeric:
        return right.is_numeric
    return left is right and left in (Type.DATE_TIME, Type.DATE_TIME_ONLY)


def order_unknown(compare: Operator) -> Operator:
    """The ordering of two values whose types were not known: numbers, or date-times, also as JSON text."""

    def ordered(left: Any, right: Any) -> bool:
        if type(left) in _NUMBERS and type(right) in _NUMBERS:
            return bool(compare(left, right))
        a, b = _moment(left), _moment(right)
        if a is None or b is None or (a.tzinfo is None) is not (b.tzinfo is None):
            raise ExpressionFailed(f"{type_of(left)} and {type_of(right)} have no order")
        return bool(compare(a, b))

    return ordered


def _moment(value: Any) -> datetime | None:
    if type(value) is datetime:
        return value
    if type(value) is not str or len(value) < 13:
        return None
    return parse_date_time(value) or parse_date_time_only(value)


def differs(left: Any, right: Any) -> bool:
    """The contrary of is_equal."""
    return not is_equal(left, right)


def has_null(value: Any) -> bool:
    """Whether a list has a null element."""
    return type(value) is list and None in value
