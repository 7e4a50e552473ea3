"""Expressions evaluated in contexts written as JSON: each is compiled once for the types it meets."""

from collections import OrderedDict
from math import isfinite
from typing import Any, NamedTuple

from parcours.expressions.compiler import JourneyExpression, compile_journey
from parcours.expressions.errors import ContextInvalid, ExpressionFailed, ExpressionInvalid, UnknownReference
from parcours.expressions.json_context import JsonContext, natural_type
from parcours.expressions.parsing import offset_of
from parcours.expressions.references import ReferenceTypes
from parcours.expressions.syntax import ReferenceKind
from parcours.expressions.types import Type
from parcours.expressions.values import to_json, type_of

MAX_KEPT = 2_000
"""Most texts whose compiled form is kept."""
MAX_KEPT_LENGTH = 400_000
"""Most characters of them; a compiled expression takes some hundred bytes for each."""
_MAX_VARIANTS = 8
_MAX_DEPTH = 250
"""Deepest lists and objects in a result."""

_Question = tuple[ReferenceKind, tuple[str, ...], tuple[str, ...]]


class Result(NamedTuple):
    """What an expression yields, as JSON, and the name of its type."""

    value: Any
    type: str


class _Variant(NamedTuple):
    """An expression compiled for certain types of what it reads."""

    types: tuple[tuple[_Question, Type], ...]
    outcome: JourneyExpression | ExpressionInvalid


class Evaluator:
    """Evaluates texts, remembering the compiled ones within bounds."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, list[_Variant]] = OrderedDict()
        self._length = 0

    def evaluate(self, text: str, context: JsonContext) -> Result:
        """The value of an expression. Raises ExpressionInvalid or ExpressionFailed."""
        return result_of(self.compile(text, context), context)

    def compile(self, text: str, context: JsonContext) -> JourneyExpression:
        """The expression, compiled for the types of this context. Raises ExpressionInvalid."""
        variants = self._kept.get(text)
        if variants is not None:
            self._kept.move_to_end(text)
            for variant in variants:
                if _fits(variant, context):
                    return _expression(variant.outcome)
        recorder = _Recorder(context)
        outcome: JourneyExpression | ExpressionInvalid
        try:
            outcome = compile_journey(text, recorder)
        except ExpressionInvalid as error:
            outcome = error
            outcome.__context__ = None  # it would keep the parser's state for as long as the refusal is kept
        if not recorder.has_unknown:
            self._keep(text, _Variant(tuple(recorder.answers.items()), outcome))
        return _expression(outcome)

    def _keep(self, text: str, variant: _Variant) -> None:
        variants = self._kept.get(text)
        if variants is None:
            variants = self._kept[text] = []
            self._length += len(text)
        variants.insert(0, variant)
        del variants[_MAX_VARIANTS:]
        while len(self._kept) > MAX_KEPT or self._length > MAX_KEPT_LENGTH:
            forgotten, _ = self._kept.popitem(last=False)
            self._length -= len(forgotten)


def result_of(expression: JourneyExpression, context: JsonContext) -> Result:
    """The value of a compiled expression. Raises ExpressionFailed."""
    value = expression.evaluate(context.evaluation)
    return Result(_to_json(value), shown_type(expression.type, value))


def describe_error(text: str, error: ExpressionInvalid | ExpressionFailed | ContextInvalid) -> dict[str, Any]:
    """An error as JSON: its code, a message, and where in the text it is, None where that says nothing."""
    if isinstance(error, ExpressionInvalid):
        position = {"line": error.line, "column": error.column, "offset": offset_of(text, error.line, error.column)}
        return {"code": error.fault, "message": error.message, "position": position}
    code = "runtime" if isinstance(error, ExpressionFailed) else "syntax"
    return {"code": code, "message": str(error), "position": None}


def shown_type(static: Type, value: Any) -> Type:
    """The type of a result: the one known when it was compiled, else that of the value."""
    if value is None:
        return {Type.ANY: Type.NULL, Type.NUMBER: Type.DECIMAL}.get(static, static)
    if static not in (Type.ANY, Type.NUMBER, Type.LIST_ANY, Type.NULL):
        return static
    kind = type_of(value)
    return natural_type([value]) if kind in (Type.LIST_ANY, Type.ANY) else kind


def _expression(outcome: JourneyExpression | ExpressionInvalid) -> JourneyExpression:
    if isinstance(outcome, ExpressionInvalid):
        raise outcome.with_traceback(None)
    return outcome


def _fits(variant: _Variant, context: JsonContext) -> bool:
    try:
        return all(context.type_of(*question) is answer for question, answer in variant.types)
    except UnknownReference:
        return False


class _Recorder:
    """Remembers what the compiler asked, and the answers."""

    def __init__(self, types: ReferenceTypes) -> None:
        self._types = types
        self.answers: dict[_Question, Type] = {}
        self.has_unknown = False

    def type_of(self, kind: ReferenceKind, root: tuple[str, ...], path: tuple[str, ...]) -> Type:
        """See `ReferenceTypes`."""
        try:
            found = self.answers[kind, root, path] = self._types.type_of(kind, root, path)
        except UnknownReference:
            self.has_unknown = True
            raise
        return found


def _to_json(value: Any) -> Any:
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return value
    if kind is float:
        if not isfinite(value):
            raise ExpressionFailed("a decimal grew beyond what a double can hold")
        return value
    _check_depth(value, _MAX_DEPTH)
    return to_json(value)


def _check_depth(value: Any, left: int) -> None:
    kind = type(value)
    if kind is list or kind is dict:
        if not left:
            raise ExpressionFailed(f"the value is nested deeper than {_MAX_DEPTH}")
        for item in value if kind is list else value.values():
            _check_depth(item, left - 1)
