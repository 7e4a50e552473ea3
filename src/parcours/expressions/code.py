"""What a piece of an expression is compiled to."""

from collections.abc import Callable
from typing import Any, NamedTuple

from parcours.expressions.errors import ExpressionFailed, ExpressionInvalid, Fault
from parcours.expressions.references import EvaluationContext
from parcours.expressions.syntax import At, ReferenceKind
from parcours.expressions.types import Type
from parcours.expressions.values import converter, reader_of_json

Run = Callable[[EvaluationContext, Any], Any]
"""(context, element of the innermost selector) → value."""


class Code(NamedTuple):
    """A typed callable, or a constant known beforehand."""

    type: Type
    run: Run
    is_constant: bool = False
    value: Any = None


class Scope(NamedTuple):
    """What a selector's condition sees: the element in hand."""

    kind: ReferenceKind
    root: tuple[str, ...]
    path: tuple[str, ...]
    type: Type


class Lint(NamedTuple):
    """Something that is accepted here and that the author should know of."""

    rule: str
    """Stable code, e.g. "plus-operand-parentheses"."""
    message: str
    line: int
    column: int


def constant(kind: Type, value: Any) -> Code:
    """A value known when the expression is written."""
    return Code(kind, lambda _context, _element: value, True, value)


def refused(at: At, reason: str, fault: Fault = "type", candidates: list[str] | None = None) -> ExpressionInvalid:
    """The error for something written at `at`."""
    return ExpressionInvalid(
        reason, fault=fault, line=at.line, column=at.column, token=at.token, candidates=candidates or ()
    )


def converted(code: Code, wanted: Type) -> Code:
    """`code` with its value checked when it runs and turned into the wanted type."""
    convert = converter(wanted)
    if convert is None or code.type is wanted or code.type is Type.NULL:
        return code
    if code.is_constant:
        return constant(wanted, convert(code.value))
    run = code.run
    return Code(wanted, lambda context, element: convert(run(context, element)))


def checked(run: Run, kind: Type, what: str) -> Code:
    """A reader whose values are checked against the declared type when it runs; a failure tells `what` it read."""
    convert = converter(kind)
    if convert is None:
        return Code(kind, run)

    def read(context: EvaluationContext, element: Any) -> Any:
        value = run(context, element)
        try:
            return convert(value)
        except ExpressionFailed as error:
            raise ExpressionFailed(f"{what}: {error}") from None

    return Code(kind, read)


def read_quietly(code: Code, kind: Type) -> Code:
    """A JSON text as a date of the other side's type; what isn't one stays as it is, and is not equal."""
    if code.type is not Type.ANY:
        return code
    read, run = reader_of_json(kind), code.run
    return Code(kind, lambda context, element: read(run(context, element)))
