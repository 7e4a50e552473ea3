"""Function calls: choosing the overload, and making the call. Source: expression-language §8."""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, NamedTuple

from parcours.expressions.code import Code, Run, constant, refused
from parcours.expressions.errors import ExpressionFailed, nearest
from parcours.expressions.functions import Function, Library, Parameter
from parcours.expressions.references import EvaluationContext
from parcours.expressions.syntax import At
from parcours.expressions.types import NUMERIC, Type
from parcours.expressions.values import parse_date, parse_date_time, parse_date_time_only, type_of

_DOTTED = re.compile(r"(\d\d)\.(\d\d)(?:\.(\d\d)(?!\d))?(\.\d{3,9})?(\D.*|)", re.ASCII)
_UNSURE = (Type.ANY, Type.NULL, Type.NUMBER, Type.LIST_ANY)
_NOTHING = EvaluationContext()
LITERALS = ("date",)
"""What is written as a call, and is none."""
_SHOWN = 4
"""Most signatures shown in a refusal."""


class Argument(NamedTuple):
    """One argument of a call, compiled."""

    code: Code
    is_literal: bool
    """Whether it is written as a literal, perhaps in parentheses."""


def compile_call(library: Library, at: At, arguments: list[Argument], warn: Callable[[str, str], None]) -> Code:
    """The call of the function named by `at.token`.

    warn: told (code, message) of what the author should know. Raises ExpressionInvalid.
    """
    name = at.token
    rows = library.by_name.get(name)
    if rows is None:
        raise refused(at, f"unknown function {name!r}", "syntax", nearest(name, [*library.by_name, *LITERALS]))
    kinds = [argument.code.type for argument in arguments]
    fitting = [row for row in rows if row.takes(len(kinds)) and _accepts(row, kinds)]
    if not fitting:
        given = ", ".join(kinds)
        known = "; ".join(row.signature for row in rows[:_SHOWN])
        more = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
        raise refused(at, f"{name}({given}) does not exist, there is {known}{more}")
    chosen = fitting[0]
    for index, argument in enumerate(arguments):
        if chosen.parameter(index).is_constant and not (argument.is_literal and argument.code.value is not None):
            raise refused(at, f"argument {index + 1} of {name} must be written as a literal")
    codes = [argument.code for argument in arguments]
    if _is_open(fitting, kinds):
        return _dispatch(at, fitting, kinds, codes)
    prepared = [_prepare(at, chosen.parameter(i), code) for i, code in enumerate(codes)]
    result = _common_result(fitting, kinds)
    run = _caller(chosen, [code.run for code in prepared])
    if chosen.is_pure and prepared and all(code.is_constant for code in prepared):
        try:
            value = run(_NOTHING, None)
        except (ExpressionFailed, TypeError, ValueError, OverflowError) as error:
            warn("always-fails", f"this fails whenever it is evaluated: {error}")
            return Code(result, run)
        if value is None and chosen.must_yield and codes[0].value is not None:
            raise refused(at, f"{name} can't read {str(codes[0].value)[:40]!r}")
        return constant(result, value)
    return Code(result, run)


def _accepts(row: Function, kinds: list[Type]) -> bool:
    return all(row.parameter(index).accepts(kind) for index, kind in enumerate(kinds))


def _is_open(fitting: list[Function], kinds: list[Type]) -> bool:
    """Whether only the values will tell which of the overloads is meant."""
    return any(
        kind in _UNSURE and len({row.parameter(index).name for row in fitting}) > 1 for index, kind in enumerate(kinds)
    )


def _common_result(rows: list[Function], kinds: list[Type]) -> Type:
    results = {row.result_type(kinds) for row in rows}
    if len(results) == 1:
        return results.pop()
    return Type.NUMBER if results <= NUMERIC else Type.ANY


def _prepare(at: At, parameter: Parameter, argument: Code) -> Code:
    kind = parameter.kind
    if argument.is_constant:
        if kind is None or argument.value is None:
            return argument
        try:
            return constant(argument.type, kind.prepare(argument.value))
        except ValueError as error:
            raise refused(at, str(error)) from None
    run = argument.run
    if argument.type in _UNSURE:
        convert = parameter.converter()
        if convert is not None:
            run = _then(convert, run)
        elif parameter.type is None:
            run = _then(_as_list, run)
    if kind is not None:
        run = _then(_unless_null(kind.prepare_late), run)
    return Code(argument.type, run)


def _then(convert: Callable[[Any], Any], run: Run) -> Run:
    return lambda context, element: convert(run(context, element))


def _unless_null(prepare: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else prepare(value)


def _as_list(value: Any) -> Any:
    if value is not None and type(value) is not list:
        raise ExpressionFailed(f"a list is needed, not a value of type {type_of(value)}")
    return value


def _caller(row: Function, runs: list[Run]) -> Run:
    call, keeps_null = row.call, row.nulls == "keep"
    on_null = False if row.nulls == "false" else None
    if row.takes_context and len(runs) == 2:
        left, right = runs

        def with_context_and_two(context: EvaluationContext, element: Any) -> Any:
            a, b = left(context, element), right(context, element)
            return on_null if (a is None or b is None) and not keeps_null else call(context, a, b)

        return with_context_and_two
    if row.takes_context:

        def with_context(context: EvaluationContext, element: Any) -> Any:
            values = [run(context, element) for run in runs]
            return on_null if any(v is None for v in values) and not keeps_null else call(context, *values)

        return with_context
    if len(runs) == 1:
        only = runs[0]

        def with_one(context: EvaluationContext, element: Any) -> Any:
            value = only(context, element)
            return on_null if value is None and not keeps_null else call(value)

        return with_one
    if len(runs) == 2:
        first, second = runs

        def with_two(context: EvaluationContext, element: Any) -> Any:
            a, b = first(context, element), second(context, element)
            return on_null if (a is None or b is None) and not keeps_null else call(a, b)

        return with_two

    def with_many(context: EvaluationContext, element: Any) -> Any:
        values = [run(context, element) for run in runs]
        return on_null if any(value is None for value in values) and not keeps_null else call(*values)

    return with_many


def _dispatch(at: At, rows: list[Function], kinds: list[Type], arguments: list[Code]) -> Code:
    """Chooses the overload when it runs, by the types of the values; JSON text may stand for a date."""
    for index, argument in enumerate(arguments):
        if rows[0].parameter(index).kind is not None:
            _prepare(at, rows[0].parameter(index), argument)  # a constant that can't be used is told now
    runs = [argument.run for argument in arguments]

    def run(context: EvaluationContext, element: Any) -> Any:
        values = [one(context, element) for one in runs]
        actual = [type_of(value) for value in values]
        for row in rows:
            if _accepts(row, actual):
                return _call_with(row, context, values)
        for row in rows:
            try:
                return _call_with(row, context, values)
            except ExpressionFailed:
                continue
        raise ExpressionFailed(f"{rows[0].name} can't be applied to {', '.join(actual)}")

    return Code(_common_result(rows, kinds), run)


def _call_with(row: Function, context: EvaluationContext, values: list[Any]) -> Any:
    ready: list[Any] = []
    for index, value in enumerate(values):
        parameter = row.parameter(index)
        convert = parameter.converter()
        if convert is not None:
            value = convert(value)
        if parameter.kind is not None and value is not None:
            try:
                value = (parameter.kind.prepare if parameter.is_constant else parameter.kind.prepare_late)(value)
            except ValueError as error:
                raise ExpressionFailed(str(error)) from None
        ready.append(value)
    if row.nulls != "keep" and any(value is None for value in ready):
        return False if row.nulls == "false" else None
    return row.call(context, *ready) if row.takes_context else row.call(*ready)


def date_literal(at: At, arguments: list[Argument]) -> Code:
    """date("…"): its type is that of the text's shape. Source: expression-language §3."""
    if len(arguments) != 1 or not arguments[0].is_literal or arguments[0].code.type is not Type.STRING:
        raise refused(at, "date takes one literal text")
    text: str = arguments[0].code.value
    day, t, clock = text.partition("T")
    dotted = _DOTTED.fullmatch(clock)
    if dotted:
        clock = f"{dotted[1]}:{dotted[2]}:{dotted[3] or '00'}{dotted[4] or ''}{dotted[5]}"
    value: date | datetime | None
    for kind, value in (
        (Type.DATE_ONLY, parse_date(day) if not t else None),
        (Type.DATE_TIME, parse_date_time(f"{day}T{clock}") if t else None),
        (Type.DATE_TIME_ONLY, parse_date_time_only(f"{day}T{clock}") if t else None),
    ):
        if value is not None:
            return constant(kind, value)
    raise refused(at, f"{text!r} is no date: write YYYY-MM-DD, or with a time, or with a time and an offset")
