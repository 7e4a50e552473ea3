"""Journey expression text → syntax."""

from functools import lru_cache
from typing import Any

from lark import Token, Transformer

from parcours.expressions.errors import ExpressionInvalid
from parcours.expressions.parsing import Grammar, at, unquote
from parcours.expressions.syntax import (
    At,
    Call,
    Chain,
    Comparison,
    Conditional,
    Constant,
    Element,
    Field,
    Group,
    ListOf,
    Logical,
    Negative,
    Node,
    Not,
    ReferenceKind,
    ReferenceTo,
    Selector,
    Test,
)
from parcours.expressions.types import Type
from parcours.expressions.values import INTEGER_MAX

MAX_LENGTH = 65_536
"""Longest journey expression, in characters."""
MAX_STEPS = 100
"""Most fields and selectors in one path."""
SELECTORS = ("all", "first", "last", "at", "entry", "firstEntryKey", "keys")

_REFERENCE: dict[str, ReferenceKind] = {
    "@event{": "event",
    "@{": "event",
    "#{": "dataSource",
    "@action{": "action",
    "@decision{": "decision",
    "@datasetLookup{": "datasetLookup",
    "@datasetlookup{": "datasetLookup",
}
_ELEMENT: dict[str, ReferenceKind] = {
    "currentEventField": "event",
    "currentDataPackField": "dataSource",
    "currentActionField": "action",
    "currentDatasetLookupField": "datasetLookup",
}
_WORDS = {
    "$END": "the end of the expression",
    "OPEN_REFERENCE": "a reference such as @event{…}",
    "OPEN_PROPERTY": "",
    "OPEN_LIST": "'['",
    "OPEN_GROUP": "'('",
    "NAME": "a function",
    "ELEMENT": "",
    "SELECTOR": "",
    "SEGMENT": "a name",
    "STRING": "a text",
    "INTEGER": "a number",
    "DECIMAL": "a number",
    "TRUE": "",
    "FALSE": "",
    "NULL": "'null'",
    "NOT": "'not'",
    "KIND": "'numeric', 'integer' or 'decimal'",
    "COMPARE": "a comparison such as '=='",
    "PLUS": "'+'",
    "MINUS": "'-'",
    "TIMES": "'*', '/' or '%'",
    "LPAR": "'('",
    "RPAR": "')'",
    "LSQB": "'['",
    "RSQB": "']'",
    "LBRACE": "'{'",
    "RBRACE": "'}'",
    "COMMA": "','",
    "DOT": "'.'",
    "COLON": "':'",
    "_AND": "'and'",
    "_OR": "'or'",
    "IS": "'is'",
    "HAS": "'has'",
    "_IF": "'if'",
    "_THEN": "'then'",
    "_ELSE": "'else'",
    "_DEFAULTVALUE": "'defaultValue'",
    "_PARAMS": "'params'",
}


class _Syntax(Transformer[Token, Any]):
    """One method per rule of journey.lark; children arrive finished."""

    def conditional(self, parts: list[Node]) -> Node:
        return Conditional(parts[0].at, *parts)

    def disjunction(self, parts: list[Node]) -> Node:
        return Logical(parts[0].at, "or", tuple(parts))

    def conjunction(self, parts: list[Node]) -> Node:
        return Logical(parts[0].at, "and", tuple(parts))

    def negation(self, parts: list[Any]) -> Node:
        place = at(parts[0])
        inner = Not(place, parts[-1])
        return inner if len(parts) % 2 == 0 else Not(place, inner)

    def comparison(self, parts: list[Any]) -> Node:
        left, symbol, right = parts
        return Comparison(at(symbol), str(symbol), left, right)

    def postfix(self, parts: list[Token]) -> list[Token]:
        return parts

    def postfixed(self, parts: list[Any]) -> Node:
        node: Node = parts[0]
        for words in parts[1:]:
            node = Test(at(words[0]), _test_name(words), node)
        return node

    def chain(self, parts: list[Any]) -> Node:
        rest = tuple((at(parts[i]), str(parts[i]), parts[i + 1]) for i in range(1, len(parts), 2))
        return Chain(rest[0][0], parts[0], rest)

    def negative(self, parts: list[Any]) -> Node:
        minus, inner = parts
        if isinstance(inner, Constant) and inner.type in (Type.INTEGER, Type.DECIMAL):
            return Constant(at(minus), -inner.value, inner.type)
        return Negative(at(minus), inner)

    def string(self, parts: list[Token]) -> Node:
        return Constant(at(parts[0]), unquote(parts[0]), Type.STRING)

    def integer(self, parts: list[Token]) -> Node:
        place = at(parts[0])
        digits = place.token.lstrip("0") or "0"
        if len(digits) > 19 or int(digits) > INTEGER_MAX + 1:
            raise _misplaced(place, "an integer has 64 bits")
        return Constant(place, int(digits), Type.INTEGER)

    def decimal(self, parts: list[Token]) -> Node:
        place = at(parts[0])
        if len(place.token) > 300:
            raise _misplaced(place, "a decimal has at most 300 characters")
        return Constant(place, float(place.token), Type.DECIMAL)

    def true(self, parts: list[Token]) -> Node:
        return Constant(at(parts[0]), True, Type.BOOLEAN)

    def false(self, parts: list[Token]) -> Node:
        return Constant(at(parts[0]), False, Type.BOOLEAN)

    def null(self, parts: list[Token]) -> Node:
        return Constant(at(parts[0]), None, Type.NULL)

    def list_of(self, parts: list[Any]) -> Node:
        return ListOf(at(parts[0]), tuple(parts[1:]))

    def call(self, parts: list[Any]) -> Node:
        return Call(at(parts[0]), str(parts[0]), tuple(parts[1:]))

    def group(self, parts: list[Any]) -> Node:
        return Group(at(parts[0]), parts[1])

    def segment(self, parts: list[Token]) -> Field:
        token = parts[0]
        return Field(at(token), unquote(token) if token.type == "STRING" else str(token))

    def selector(self, parts: list[Any]) -> Selector:
        return Selector(at(parts[0]), str(parts[0]), parts[1] if len(parts) > 1 else None)

    def element(self, parts: list[Any]) -> Node:
        _check_steps(at(parts[0]), parts)
        return Element(at(parts[0]), _ELEMENT[str(parts[0])], tuple(parts[1:]))

    def default(self, parts: list[Node]) -> tuple[str, Node]:
        return "defaultValue", parts[0]

    def parameter(self, parts: list[Any]) -> tuple[Field, Node]:
        return parts[0], parts[1]

    def parameters(self, parts: list[Any]) -> tuple[str, tuple[tuple[Field, Node], ...]]:
        return "params", tuple(parts)

    def journey_property(self, parts: list[Any]) -> Node:
        return ReferenceTo(at(parts[0]), "property", (parts[1],), ())

    def reference(self, parts: list[Any]) -> Node:
        place, kind = at(parts[0]), _REFERENCE[str(parts[0])]
        steps = [part for part in parts[1:] if isinstance(part, Field | Selector)]
        _check_steps(place, steps)
        options: dict[str, Any] = {}
        for name, value in (part for part in parts[1:] if isinstance(part, tuple)):
            if name in options:
                raise ExpressionInvalid(f"{name} is given twice", line=place.line, column=place.column, token=name)
            options[name] = value
        roots = 2 if kind == "dataSource" else 1
        root = tuple(step for step in steps[:roots] if isinstance(step, Field))
        if len(root) < roots:
            raise _misplaced(place, "a data source reference reads #{source.fieldGroup.field}")
        if "params" in options and kind != "dataSource":
            raise _misplaced(place, "only a data source takes params")
        return ReferenceTo(
            place, kind, root, tuple(steps[roots:]), options.get("defaultValue"), options.get("params", ())
        )


def _misplaced(place: At, reason: str) -> ExpressionInvalid:
    return ExpressionInvalid(reason, line=place.line, column=place.column, token=place.token)


def _check_steps(place: At, steps: list[Any]) -> None:
    if len(steps) > MAX_STEPS:
        raise _misplaced(place, f"a path has at most {MAX_STEPS} steps")


def _test_name(words: list[Token]) -> str:
    """Such as "is null": the words with single blanks."""
    return " ".join(words)


@lru_cache(maxsize=1)
def _grammar() -> Grammar:
    return Grammar("journey.lark", _Syntax(), _WORDS, MAX_LENGTH, SELECTORS, [*_REFERENCE, "${"])


def parse_journey(text: str) -> Node:
    """The syntax of a journey expression. Raises ExpressionInvalid."""
    node: Node = _grammar().parse(text)
    return node
