"""What a condition asks of one field whatever else it asks: so that a table finds the conditions that may be true."""

from typing import NamedTuple

from parcours.expressions.journey_parser import parse_journey
from parcours.expressions.syntax import Comparison, Constant, Field, Group, Logical, Node, ReferenceTo
from parcours.expressions.types import Type


class RequiredTexts(NamedTuple):
    """The field must hold one of the texts, or the condition is not true."""

    path: tuple[str, ...]
    """Field names below the event."""
    texts: frozenset[str]


class RequiredNumber(NamedTuple):
    """The field must hold a number on one side of the limit, or at it; or the condition is not true."""

    path: tuple[str, ...]
    limit: float
    is_least: bool
    """Whether no smaller number will do; else no greater one."""


Requirement = RequiredTexts | RequiredNumber
_IS_LEAST = {">": True, ">=": True, "<": False, "<=": False}


def required_of_field(text: str) -> Requirement | None:
    """What a condition asks of one field of an event by comparing it with constants; None when it asks no such thing.

    Found are `field == "text"`, alternatives of those about one field, `field > 5` with any order, and all of these
    beside other conditions that must hold too, a text before a number. Raises ExpressionInvalid.
    """
    return _required(parse_journey(text))


def _required(node: Node) -> Requirement | None:
    match node:
        case Group():
            return _required(node.inner)
        case Comparison():
            return _comparison(node)
        case Logical(symbol="and"):
            found = [one for operand in node.operands if (one := _required(operand))]
            return next((one for one in found if isinstance(one, RequiredTexts)), found[0] if found else None)
        case Logical(symbol="or"):
            return _alternatives([_required(operand) for operand in node.operands])
    return None


def _comparison(node: Comparison) -> Requirement | None:
    left, right = _bare(node.left), _bare(node.right)
    is_turned = isinstance(left, Constant)
    if is_turned:
        left, right = right, left
    if not (isinstance(right, Constant) and isinstance(left, ReferenceTo)):
        return None
    if left.kind != "event" or left.default is not None:
        return None
    path = tuple(step.name for step in left.steps if isinstance(step, Field))
    if len(path) != len(left.steps):
        return None
    if node.symbol == "==" and right.type is Type.STRING:
        return RequiredTexts(path, frozenset({right.value}))
    if node.symbol in _IS_LEAST and right.type in (Type.INTEGER, Type.DECIMAL):
        return RequiredNumber(path, right.value, _IS_LEAST[node.symbol] is not is_turned)
    return None


def _alternatives(found: list[Requirement | None]) -> Requirement | None:
    path = None if found[0] is None else found[0].path
    texts: set[str] = set()
    for one in found:
        if not isinstance(one, RequiredTexts) or one.path != path:
            return None
        texts |= one.texts
    return None if path is None else RequiredTexts(path, frozenset(texts))


def _bare(node: Node) -> Node:
    while isinstance(node, Group):
        node = node.inner
    return node
