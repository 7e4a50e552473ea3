"""What a condition asks of one field whatever else it asks: so that a table finds the conditions that may be true."""

from typing import NamedTuple

from parcours.expressions.journey_parser import parse_journey
from parcours.expressions.syntax import Comparison, Constant, Field, Group, Logical, Node, ReferenceTo
from parcours.expressions.types import Type


class Requirement(NamedTuple):
    """The field must hold one of the texts, or the condition is not true."""

    path: tuple[str, ...]
    """Field names below the event."""
    texts: frozenset[str]


def required_texts(text: str) -> Requirement | None:
    """A field of an event that a condition compares with constant texts, and them; None when it asks no such thing.

    Found are `field == "text"`, alternatives of those about one field, and both beside other conditions that must hold
    too. Raises ExpressionInvalid.
    """
    return _required(parse_journey(text))


def _required(node: Node) -> Requirement | None:
    match node:
        case Group():
            return _required(node.inner)
        case Comparison(symbol="=="):
            return _equality(_bare(node.left), _bare(node.right))
        case Logical(symbol="and"):
            return next((found for operand in node.operands if (found := _required(operand))), None)
        case Logical(symbol="or"):
            return _alternatives([_required(operand) for operand in node.operands])
    return None


def _equality(left: Node, right: Node) -> Requirement | None:
    if isinstance(left, Constant):
        left, right = right, left
    if not (isinstance(right, Constant) and right.type is Type.STRING and isinstance(left, ReferenceTo)):
        return None
    if left.kind != "event" or left.default is not None:
        return None
    path = tuple(step.name for step in left.steps if isinstance(step, Field))
    return Requirement(path, frozenset({right.value})) if len(path) == len(left.steps) else None


def _alternatives(found: list[Requirement | None]) -> Requirement | None:
    first = found[0]
    if first is None:
        return None
    texts: set[str] = set()
    for one in found:
        if one is None or one.path != first.path:
            return None
        texts |= one.texts
    return Requirement(first.path, frozenset(texts))


def _bare(node: Node) -> Node:
    while isinstance(node, Group):
        node = node.inner
    return node
