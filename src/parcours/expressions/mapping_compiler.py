"""Mapping expressions compiled straight from the text to closures over a source record."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from lark import Token, Transformer

from parcours.expressions.code import refused
from parcours.expressions.errors import ExpressionFailed, nearest
from parcours.expressions.mapping_functions import Argument, Run, Scope, as_date, as_number, caller
from parcours.expressions.mapping_library import MAPPING
from parcours.expressions.mapping_library_data import is_same, is_true
from parcours.expressions.mapping_paths import EVERY, Path, get_path, getter, unescape
from parcours.expressions.operators import ORDERINGS, arithmetic, concatenate
from parcours.expressions.parsing import Grammar, at, unquote
from parcours.expressions.syntax import At
from parcours.expressions.types import Type
from parcours.expressions.values import INTEGER_MAX, type_of

MAX_LENGTH = 4096
"""Longest calculated field, in characters. Source: platform-apis §6.3."""
MAX_DEPTH = 150
_RESERVED = frozenset(
    {"new", "mod", "or", "break", "var", "lt", "for", "false", "while", "eq", "gt", "div", "not", "null", "continue",
     "else", "and", "ne", "true", "le", "if", "ge", "return", "_errors"}
)  # fmt: skip
_WORDS = {
    "$END": "the end of the expression",
    "NAME": "a field",
    "WRAPPED": "",
    "FUNCTION": "a function",
    "STRING": "a text",
    "INTEGER": "a number",
    "DECIMAL": "a number",
    "TRUE": "",
    "FALSE": "",
    "NULL": "'null'",
    "NOT": "'!'",
    "_AND": "'&&'",
    "_OR": "'||'",
    "EQUAL": "'=='",
    "ORDER": "a comparison such as '<'",
    "PLUS": "'+'",
    "MINUS": "'-'",
    "TILDE": "",
    "STAR": "'*'",
    "DIVIDE": "'/'",
    "_OPEN_INDEX": "'['",
    "LPAR": "'('",
    "RPAR": "')'",
    "RSQB": "']'",
    "LBRACE": "'{'",
    "RBRACE": "'}'",
    "COMMA": "','",
    "DOT": "'.'",
    "COLON": "':'",
    "__ANON_0": "'?'",
    "QMARK": "'?'",
}


@dataclass(frozen=True, slots=True)
class MappingExpression:
    """A compiled mapping expression."""

    text: str
    run: Run
    path: Path | None
    """The source path, when the expression is nothing else."""

    def evaluate(self, record: Any, now_us: int | None = None) -> Any:
        """Its value for a source record, in the Python types of `values`; now_us defaults to the clock.

        Raises ExpressionFailed.
        """
        return evaluate(self.run, Scope(record, time.time_ns() // 1000 if now_us is None else now_us))


def evaluate(run: Run, scope: Scope) -> Any:
    """The value of a compiled expression. Raises ExpressionFailed."""
    try:
        return run(scope)
    except (TypeError, ValueError, OverflowError, ArithmeticError, LookupError, RecursionError) as error:
        raise ExpressionFailed(f"the expression can't be evaluated: {error}") from error


def compile_mapping(text: str) -> MappingExpression:
    """Compile an expression of a mapping set. Raises ExpressionInvalid."""
    part: _Part = _grammar().parse(text)
    return MappingExpression(text, part.run, part.path)


class _Part(NamedTuple):
    run: Run
    depth: int
    at: At
    path: Path | None = None


def _over(place: At, run: Run, *inner: _Part, path: Path | None = None) -> _Part:
    depth = 1 + max((part.depth for part in inner), default=0)
    if depth > MAX_DEPTH:
        raise refused(place, f"the expression is nested deeper than {MAX_DEPTH}", "syntax")
    return _Part(run, depth, place, path)


def _constant(token: Token, value: Any) -> _Part:
    return _Part(lambda _scope: value, 1, at(token))


def _read(path: Path) -> Run:
    get = getter(path)
    return lambda scope: get(scope.record)


class _Compile(Transformer[Token, Any]):
    """One method per rule of mapping.lark; children arrive compiled."""

    def string(self, parts: list[Token]) -> _Part:
        return _constant(parts[0], unquote(parts[0]))

    def integer(self, parts: list[Token]) -> _Part:
        if len(parts[0]) > 19 or int(parts[0]) > INTEGER_MAX:
            raise refused(at(parts[0]), "an integer has 64 bits", "syntax")
        return _constant(parts[0], int(parts[0]))

    def decimal(self, parts: list[Token]) -> _Part:
        value = float(parts[0])
        if value - value != 0:
            raise refused(at(parts[0]), "a decimal is too large", "syntax")
        return _constant(parts[0], value)

    def true(self, parts: list[Token]) -> _Part:
        return _constant(parts[0], True)

    def false(self, parts: list[Token]) -> _Part:
        return _constant(parts[0], False)

    def null(self, parts: list[Token]) -> _Part:
        return _constant(parts[0], None)

    def name(self, parts: list[Token]) -> Token:
        return parts[0]

    def variable(self, parts: list[Token]) -> _Part:
        token = parts[0]
        if str(token) in _RESERVED:
            raise refused(
                at(token), f"{token} is a word of the language; as a field it is written ${{{token}}}", "syntax"
            )
        path: Path = (_field_name(token),)
        return _Part(_read(path), 1, at(token), path)

    def field(self, parts: list[Any]) -> _Part:
        inner, token = parts
        return _step(inner, at(token), _field_name(token))

    def items(self, parts: list[Any]) -> _Part:
        return _step(parts[0], at(parts[1]), EVERY)

    def item(self, parts: list[Any]) -> _Part:
        inner, index = parts
        place: At = index.at
        if index.at.token.isdecimal() and index.depth == 1:
            return _step(inner, place, int(index.at.token))

        def run(scope: Scope) -> Any:
            value, key = inner.run(scope), index.run(scope)
            if type(value) is dict and type(key) is str:
                return value.get(key)
            if type(value) is list and type(key) is int:
                return value[key] if 0 <= key < len(value) else None
            return None

        return _over(place, run, inner, index)

    def call(self, parts: list[Any]) -> _Part:
        return _call(parts[0], parts[1:])

    def method(self, parts: list[Any]) -> _Part:
        receiver, token, *arguments = parts
        if str(token) == "get" and len(arguments) == 1:
            return self.item([receiver, arguments[0]])
        return _call(token, [receiver, *arguments])

    def list_of(self, parts: list[_Part]) -> _Part:
        runs = [part.run for part in parts]
        return _over(At(), lambda scope: [run(scope) for run in runs], *parts)

    def entry(self, parts: list[_Part]) -> tuple[_Part, _Part]:
        return parts[0], parts[1]

    def map_of(self, parts: list[tuple[_Part, _Part]]) -> _Part:
        runs = [(_key(key), value.run) for key, value in parts]
        inner = [part for pair in parts for part in pair]
        return _over(At(), lambda scope: {key(scope): run(scope) for key, run in runs}, *inner)

    def prefixed(self, parts: list[Any]) -> _Part:
        *signs, inner = parts
        part: _Part = inner
        for token in reversed(signs):
            compute = {"-": _negate, "~": _complement}.get(str(token), _not)
            part = _over(at(token), _unary(compute, part.run), part)
        return part

    def chain(self, parts: list[Any]) -> _Part:
        steps = [(_binary(str(parts[i])), parts[i + 1].run) for i in range(1, len(parts), 2)]
        first = parts[0].run

        def run(scope: Scope) -> Any:
            value = first(scope)
            for compute, right in steps:
                value = compute(value, right(scope))
            return value

        return _over(at(parts[1]), run, *parts[::2])

    def conjunction(self, parts: list[_Part]) -> _Part:
        runs = [part.run for part in parts]
        return _over(parts[0].at, lambda scope: all(is_true(run(scope)) for run in runs), *parts)

    def disjunction(self, parts: list[_Part]) -> _Part:
        runs = [part.run for part in parts]
        return _over(parts[0].at, lambda scope: any(is_true(run(scope)) for run in runs), *parts)

    def choice(self, parts: list[_Part]) -> _Part:
        condition, chosen, otherwise = (part.run for part in parts)
        return _over(
            parts[0].at, lambda scope: chosen(scope) if is_true(condition(scope)) else otherwise(scope), *parts
        )


def _field_name(token: Token) -> str:
    text = str(token)
    return unescape(text[2:-1] if text.startswith("${") else text)


def _step(inner: _Part, place: At, step: Any) -> _Part:
    if inner.path is not None:
        path = (*inner.path, step)
        return _over(place, _read(path), path=path)
    run, rest = inner.run, (step,)
    return _over(place, lambda scope: get_path(run(scope), rest), inner)


def _key(part: _Part) -> Run:
    """A bare name as a key of a map literal means itself."""
    if part.path is not None and len(part.path) == 1:
        name = part.path[0]
        return lambda _scope: name
    run = part.run
    return lambda scope: str(run(scope))


def _call(token: Token, arguments: list[_Part]) -> _Part:
    place = at(token)
    function = MAPPING.get(str(token))
    if function is None:
        raise refused(place, f"unknown function {str(token)!r}", "reference", nearest(str(token), MAPPING))
    count, allowed = len(arguments), function.allowed
    if count < function.required or (allowed is not None and count > allowed):
        raise refused(place, f"{count} arguments don't fit {function.syntax}", "type")
    run = caller(function, [Argument(part.run, part.path) for part in arguments])
    return _over(place, run, *arguments)


# --- operators ------------------------------------------------------------------------------------------------------


def _unary(compute: Callable[[Any], Any], run: Run) -> Run:
    return lambda scope: compute(run(scope))


def _negate(value: Any) -> Any:
    return None if value is None else _bounded(-as_number(value))


def _complement(value: Any) -> Any:
    if value is None:
        return None
    if type(value) is not int:
        raise ExpressionFailed("~ stands before a whole number")
    return ~value


def _not(value: Any) -> bool:
    return not is_true(value)


def _bounded(value: Any) -> Any:
    found = arithmetic("+", Type.INTEGER, Type.INTEGER)
    assert found is not None
    return found[1](value, 0)


def _binary(symbol: str) -> Callable[[Any, Any], Any]:
    symbol = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "div": "/", "mod": "%"}.get(
        symbol, symbol
    )
    if symbol == "==":
        return is_same
    if symbol == "!=":
        return lambda left, right: not is_same(left, right)
    if symbol in ORDERINGS:
        return _ordering(symbol)
    found = arithmetic(symbol, Type.NUMBER, Type.NUMBER)
    assert found is not None
    compute = found[1]

    def calculate(left: Any, right: Any) -> Any:
        if symbol == "+" and (type(left) is str or type(right) is str):
            return concatenate(left, right)
        if left is None or right is None:
            return None
        a, b = as_number(left), as_number(right)
        if symbol in "/%" and b == 0:
            raise ExpressionFailed("division by zero")
        return compute(a, b)

    return calculate


def _ordering(symbol: str) -> Callable[[Any, Any], bool]:
    compare = ORDERINGS[symbol]

    def ordered(left: Any, right: Any) -> bool:
        if left is None or right is None:
            return False
        kinds = {type(left), type(right)}
        if kinds == {str}:
            return bool(compare(left, right))
        if datetime in kinds:
            return bool(compare(as_date(left), as_date(right)))
        if kinds & {int, float}:
            return bool(compare(as_number(left), as_number(right)))
        raise ExpressionFailed(f"{type_of(left)} and {type_of(right)} have no order")

    return ordered


@lru_cache(maxsize=1)
def _grammar() -> Grammar:
    return Grammar("mapping.lark", _Compile(), _WORDS, MAX_LENGTH)
