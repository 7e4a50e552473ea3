"""What a journey expression is made of, as written: no types, no values looked up."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from parcours.expressions.types import Type

ReferenceKind = Literal["event", "dataSource", "action", "decision", "datasetLookup", "property", "audience"]


class At(NamedTuple):
    """Where something was written: line and column from 1, and the token itself."""

    line: int = 1
    column: int = 1
    token: str = ""


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal; `value` is None for null."""

    at: At
    value: Any
    type: Type


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list literal."""

    at: At
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Something in parentheses."""

    at: At
    inner: "Node"


@dataclass(frozen=True, slots=True)
class Not:
    """Logical negation."""

    at: At
    inner: "Node"


@dataclass(frozen=True, slots=True)
class Logical:
    """Operands joined by `and`, or by `or`."""

    at: At
    symbol: str
    operands: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """== != > >= < <=."""

    at: At
    symbol: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Test:
    """`is null`, `is not null`, `has null`, `is numeric`, `is integer` or `is decimal`."""

    at: At
    name: str
    inner: "Node"


@dataclass(frozen=True, slots=True)
class Chain:
    """Arithmetic of one precedence, to be worked from the left."""

    at: At
    first: "Node"
    rest: tuple[tuple[At, str, "Node"], ...]


@dataclass(frozen=True, slots=True)
class Negative:
    """Unary minus."""

    at: At
    inner: "Node"


@dataclass(frozen=True, slots=True)
class Conditional:
    """if (condition) then (chosen) else (otherwise)."""

    at: At
    condition: "Node"
    chosen: "Node"
    otherwise: "Node"


@dataclass(frozen=True, slots=True)
class Call:
    """A function call."""

    at: At
    name: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Field:
    """A step into a field."""

    at: At
    name: str


@dataclass(frozen=True, slots=True)
class Selector:
    """A step such as all(…), first(), at(0), entry('Email')."""

    at: At
    name: str
    argument: "Node | None"


@dataclass(frozen=True, slots=True)
class Element:
    """The element a selector is looking at: currentEventField and its kin."""

    at: At
    kind: ReferenceKind
    steps: tuple[Field | Selector, ...]


@dataclass(frozen=True, slots=True)
class ReferenceTo:
    """@event{…}, #{…}, @action{…}, @decision{…}, @datasetLookup{…} or ${…}, with its options."""

    at: At
    kind: ReferenceKind
    root: tuple[Field, ...]
    """The event, action or property; for a data source the source and the field group."""
    steps: tuple[Field | Selector, ...]
    default: "Node | None" = None
    parameters: tuple[tuple[Field, "Node"], ...] = ()


Node = (
    Constant | ListOf | Group | Not | Logical | Comparison | Test | Chain | Negative | Conditional | Call | Element
    | ReferenceTo
)  # fmt: skip
