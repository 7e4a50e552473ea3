"""Journey expressions compiled: types checked once, then plain Python closures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from parcours.expressions.allowance import Allowance
from parcours.expressions.calls import Argument, compile_call, date_literal
from parcours.expressions.code import Code, Lint, Run, Scope, constant, converted, read_quietly, refused
from parcours.expressions.compiler_references import ReferenceCompiler, literal
from parcours.expressions.errors import ExpressionFailed, ExpressionInvalid
from parcours.expressions.journey_parser import parse_journey
from parcours.expressions.library import JOURNEY, PATTERN_FUNCTIONS
from parcours.expressions.operators import ORDERINGS, arithmetic, differs, has_null, order_unknown, orderable
from parcours.expressions.references import EvaluationContext, Reference, ReferenceTypes
from parcours.expressions.syntax import (
    At,
    Call,
    Chain,
    Comparison,
    Conditional,
    Constant,
    Element,
    Group,
    ListOf,
    Logical,
    Negative,
    Node,
    Not,
    ReferenceTo,
    Selector,
    Test,
)
from parcours.expressions.types import NUMERIC, Type, accepts, common_type
from parcours.expressions.values import INTEGER_MAX, is_equal

MAX_PATTERNS = 100
"""Most regular expressions in one expression: each may cost some milliseconds."""


@dataclass(frozen=True, slots=True)
class JourneyExpression:
    """A compiled expression: made once, run for every event."""

    text: str
    type: Type
    """What it yields; ANY when only running will tell."""
    evaluate: Callable[[EvaluationContext], Any]
    """Its value for a context (see `values` for the Python types; `values.to_json` makes it JSON).

    Raises ExpressionFailed when a value can't be worked with.
    """
    references: tuple[Reference, ...]
    """Everything it may read, each once, in the order written."""
    warnings: tuple[Lint, ...]

    def holds(self, context: EvaluationContext) -> bool:
        """Whether it yields true; null does not hold. Raises ExpressionFailed."""
        return self.evaluate(context) is True

    @property
    def reads_profile(self) -> bool:
        """Whether the profile must be at hand."""
        return any(reference.is_profile for reference in self.references)

    @property
    def reads_experience_events(self) -> bool:
        """Whether the person's stored events must be at hand."""
        return any(reference.is_experience_events for reference in self.references)


def compile_journey(text: str, references: ReferenceTypes, expected: Type | None = None) -> JourneyExpression:
    """Compile a journey expression.

    expected: the type its place needs; None for any. Raises ExpressionInvalid.
    """
    try:
        compiler = _Compiler(references)
        code = compiler.compile(parse_journey(text), None)
    except RecursionError:
        raise ExpressionInvalid("the expression is nested too deeply") from None
    if expected is not None:
        code = _fit(code, expected)
    run = _watched(code.run) if compiler.is_watched else code.run

    def evaluate(context: EvaluationContext) -> Any:
        try:
            return run(context, None)
        except (TypeError, ValueError, OverflowError, ArithmeticError, RecursionError) as error:
            raise ExpressionFailed(f"the expression can't be evaluated: {error}") from error

    found = tuple(dict.fromkeys(compiler.references))
    warnings = sorted(compiler.warnings, key=lambda warning: (warning.line, warning.column))
    return JourneyExpression(text, code.type, evaluate, found, tuple(warnings))


def _watched(run: Run) -> Run:
    return lambda context, element: run(context._replace(allowance=Allowance()), element)


def lint(text: str, references: ReferenceTypes) -> list[Lint]:
    """What an author should know of an expression that is accepted, in the order written.

    The compiler finds it on its way: `compile_journey(…).warnings` is the same. Raises ExpressionInvalid.
    """
    return list(compile_journey(text, references).warnings)


def _are_numeric(left: Type, right: Type) -> bool:
    return (left in NUMERIC and right in NUMERIC) or {left, right} == {Type.LIST_INTEGER, Type.LIST_DECIMAL}


def _is_selection(node: Node) -> bool:
    """Whether it yields what all() selects, or fields of that."""
    while isinstance(node, Group):
        node = node.inner
    if not isinstance(node, ReferenceTo | Element):
        return False
    selectors = [step.name for step in node.steps if isinstance(step, Selector)]
    return selectors[-1:] == ["all"]


def _fit(code: Code, expected: Type) -> Code:
    if code.type is expected or expected is Type.ANY:
        return code
    if not (accepts(expected, code.type) or (expected is Type.DECIMAL and code.type is Type.INTEGER)):
        hint = ""
        if expected is Type.DATE_TIME_ONLY and code.type is Type.DATE_TIME:
            hint = "; wrap it in toDateTimeOnly(…)"
        raise ExpressionInvalid(f"the expression yields {code.type}, {expected} is needed{hint}", fault="type")
    return converted(code, expected)


class _Compiler(ReferenceCompiler):
    def compile(self, node: Node, scope: Scope | None) -> Code:
        code: Code = getattr(self, _COMPILE[type(node)])(node, scope)
        return code

    def boolean(self, node: Node, scope: Scope | None) -> Run:
        code = self.compile(node, scope)
        if not accepts(Type.BOOLEAN, code.type):
            raise refused(node.at, f"a boolean is needed here, not {code.type}")
        return converted(code, Type.BOOLEAN).run

    # --- literals ---------------------------------------------------------------------------------------------------

    def constant(self, node: Constant, _scope: Scope | None) -> Code:
        if node.type is Type.INTEGER and node.value > INTEGER_MAX:
            raise refused(node.at, "an integer has 64 bits", "syntax")
        if node.type is Type.NULL:
            self.warn(node.at, "null-expression", "null stands only in lists and after is and has elsewhere")
        return constant(node.type, node.value)

    def list_of(self, node: ListOf, scope: Scope | None) -> Code:
        codes: list[Code] = []
        for item in node.items:
            is_null = isinstance(item, Constant) and item.type is Type.NULL
            codes.append(constant(Type.NULL, None) if is_null else self.compile(item, scope))
        kinds = {code.type for code in codes} - {Type.NULL}
        if kinds <= NUMERIC and kinds and kinds != {Type.INTEGER}:
            codes = [converted(code, Type.DECIMAL) for code in codes]
            kinds = {Type.DECIMAL}
        known = kinds - {Type.ANY}
        if len(known) > 1 or any(kind.is_list or kind in (Type.OBJECT, Type.MAP) for kind in known):
            names = ", ".join(sorted(kinds))
            raise refused(node.at, f"the elements of a list have one scalar type, not {names}")
        kind = kinds.pop().list if len(kinds) == 1 else Type.LIST_ANY
        if all(code.is_constant for code in codes):
            return constant(kind, [code.value for code in codes])
        runs = [code.run for code in codes]
        return Code(kind, lambda context, element: [run(context, element) for run in runs])

    def group(self, node: Group, scope: Scope | None) -> Code:
        return self.compile(node.inner, scope)

    # --- logic ------------------------------------------------------------------------------------------------------

    def negation(self, node: Not, scope: Scope | None) -> Code:
        run = self.boolean(node.inner, scope)
        return Code(Type.BOOLEAN, lambda context, element: run(context, element) is not True)

    def logical(self, node: Logical, scope: Scope | None) -> Code:
        mixed = next((operand for operand in node.operands if isinstance(operand, Logical)), None)
        if mixed is not None:
            self.warn(mixed.at, "and-or-parentheses", "'and' is worked before 'or'; parentheses say which is meant")
        runs: list[Run] = []
        for operand in node.operands:
            runs.append(self.boolean(operand, scope))
        is_and = node.symbol == "and"
        if len(runs) == 2:
            first, second = runs
            if is_and:
                return Code(Type.BOOLEAN, lambda c, e: first(c, e) is True and second(c, e) is True)
            return Code(Type.BOOLEAN, lambda c, e: first(c, e) is True or second(c, e) is True)

        def run(context: EvaluationContext, element: Any) -> bool:
            for one in runs:
                if (one(context, element) is True) is not is_and:
                    return not is_and
            return is_and

        return Code(Type.BOOLEAN, run)

    def conditional(self, node: Conditional, scope: Scope | None) -> Code:
        condition = self.boolean(node.condition, scope)
        chosen, otherwise = self.compile(node.chosen, scope), self.compile(node.otherwise, scope)
        kind = common_type(chosen.type, otherwise.type)
        if kind is None:
            raise refused(node.at, f"the branches yield {chosen.type} and {otherwise.type}: one type is needed")
        yes, no = converted(chosen, kind).run, converted(otherwise, kind).run
        return Code(kind, lambda c, e: yes(c, e) if condition(c, e) is True else no(c, e))

    # --- comparison -------------------------------------------------------------------------------------------------

    def comparison(self, node: Comparison, scope: Scope | None) -> Code:
        for side in (node.left, node.right):
            if isinstance(side, Constant) and side.type is Type.NULL:
                raise refused(node.at, "null can't be compared: write 'is null' or 'is not null'", "syntax")
        left, right = self.compile(node.left, scope), self.compile(node.right, scope)
        compare = ORDERINGS.get(node.symbol)
        if compare is None:
            return self.equality(node, left, right)
        if not orderable(left.type, right.type):
            reason = f"{left.type} {node.symbol} {right.type} is not possible: only numbers and date-times are ordered"
            raise refused(node.at, reason)
        if (left.type is Type.ANY and right.type in (Type.ANY, Type.NULL)) or (
            right.type is Type.ANY and left.type in (Type.ANY, Type.NULL)
        ):
            compare = order_unknown(compare)
        elif left.type is Type.ANY:
            left = converted(left, Type.NUMBER if right.type.is_numeric else right.type)
        elif right.type is Type.ANY:
            right = converted(right, Type.NUMBER if left.type.is_numeric else left.type)
        a, b = left.run, right.run
        if right.is_constant and right.value is not None:
            limit = right.value

            def against_constant(context: EvaluationContext, element: Any) -> bool:
                value = a(context, element)
                return value is not None and compare(value, limit)

            return Code(Type.BOOLEAN, against_constant)

        def ordered(context: EvaluationContext, element: Any) -> bool:
            x, y = a(context, element), b(context, element)
            return x is not None and y is not None and compare(x, y)

        return Code(Type.BOOLEAN, ordered)

    def equality(self, node: Comparison, left: Code, right: Code) -> Code:
        kinds = (left.type, right.type)
        if Type.ANY in kinds:
            other = right.type if left.type is Type.ANY else left.type
            if other.is_temporal:
                left, right = read_quietly(left, other), read_quietly(right, other)
        elif not (
            left.type is right.type or {Type.NULL, Type.LIST_ANY} & set(kinds) or _are_numeric(left.type, right.type)
        ):
            self.warn(node.at, "different-types", f"{left.type} and {right.type} are never equal")
        a, b = left.run, right.run
        if node.symbol == "!=":
            return Code(Type.BOOLEAN, lambda c, e: differs(a(c, e), b(c, e)))
        if left.type is right.type and left.type in (Type.STRING, Type.INTEGER, Type.DECIMAL):
            if right.is_constant:
                wanted = right.value
                return Code(Type.BOOLEAN, lambda c, e: bool(a(c, e) == wanted))
            return Code(Type.BOOLEAN, lambda c, e: bool(a(c, e) == b(c, e)))
        return Code(Type.BOOLEAN, lambda c, e: is_equal(a(c, e), b(c, e)))

    def test(self, node: Test, scope: Scope | None) -> Code:
        code = self.compile(node.inner, scope)
        run = code.run
        if node.name in ("is null", "is not null") and _is_selection(node.inner):
            is_asked_null = node.name == "is null"
            return Code(Type.BOOLEAN, lambda c, e: (run(c, e) in (None, [])) is is_asked_null)
        match node.name:
            case "is null":
                return Code(Type.BOOLEAN, lambda c, e: run(c, e) is None)
            case "is not null":
                return Code(Type.BOOLEAN, lambda c, e: run(c, e) is not None)
            case "has null":
                if not (code.type.is_list or code.type in (Type.ANY, Type.NULL)):
                    raise refused(node.at, f"'has null' asks a list, not {code.type}")
                return Code(Type.BOOLEAN, lambda c, e: has_null(run(c, e)))
            case "is numeric":
                return Code(Type.BOOLEAN, lambda c, e: type(run(c, e)) in (int, float))
            case "is integer":
                return Code(Type.BOOLEAN, lambda c, e: type(run(c, e)) is int)
        return Code(Type.BOOLEAN, lambda c, e: type(run(c, e)) is float)

    # --- arithmetic -------------------------------------------------------------------------------------------------

    def chain(self, node: Chain, scope: Scope | None) -> Code:
        first = self.compile(node.first, scope)
        kind, is_constant, operand = first.type, first.is_constant, node.first
        steps: list[tuple[Callable[[Any, Any], Any], Run]] = []
        for at, symbol, right_node in node.rest:
            right = self.compile(right_node, scope)
            found = arithmetic(symbol, kind, right.type)
            if found is None:
                hint = "; both sides of * have the same type" if symbol == "*" else ""
                raise refused(at, f"{kind} {symbol} {right.type} is not possible{hint}")
            if symbol == "+" and (isinstance(operand, Call) or isinstance(right_node, Call)):
                self.warn(at, "plus-operand-parentheses", "a function call beside '+' is put in parentheses elsewhere")
            if symbol == "-" and kind.is_temporal:
                self.warn(at, "date-minus-duration", "add a negative duration instead")
            kind, compute = found
            steps.append((compute, right.run))
            is_constant, operand = is_constant and right.is_constant, right_node
        start = first.run
        if len(steps) == 1:
            compute, second = steps[0]
            code = Code(kind, lambda c, e: compute(start(c, e), second(c, e)))
        else:

            def run(context: EvaluationContext, element: Any) -> Any:
                value = start(context, element)
                for apply, right_run in steps:
                    value = apply(value, right_run(context, element))
                return value

            code = Code(kind, run)
        return self.folded(node.at, code) if is_constant else code

    def folded(self, at: At, code: Code) -> Code:
        """The code of constants alone as a constant; what fails does so when it is evaluated, if it ever is."""
        try:
            value = code.run(EvaluationContext(), None)
        except (ExpressionFailed, TypeError, ValueError, OverflowError) as error:
            self.warn(at, "always-fails", f"this fails whenever it is evaluated: {error}")
            return code
        kind = code.type
        if kind is Type.NUMBER:
            kind = Type.INTEGER if type(value) is int else Type.DECIMAL
        return constant(kind, value)

    def negative(self, node: Negative, scope: Scope | None) -> Code:
        code = self.compile(node.inner, scope)
        if not (code.type.is_numeric or code.type in (Type.ANY, Type.NULL)):
            raise refused(node.at, f"- stands before a number, not before {code.type}")
        found = arithmetic("-", Type.INTEGER, code.type)
        assert found is not None
        compute, run = found[1], code.run
        result = Code(code.type, lambda c, e: compute(0, run(c, e)))
        return self.folded(node.at, result) if code.is_constant and code.value is not None else result

    # --- functions --------------------------------------------------------------------------------------------------

    def call(self, node: Call, scope: Scope | None) -> Code:
        arguments: list[Argument] = []
        for argument in node.arguments:
            arguments.append(Argument(self.compile(argument, scope), literal(argument) is not None))
        if node.name == "date":
            return date_literal(node.at, arguments)
        code = compile_call(JOURNEY, node.at, arguments, lambda code, message: self.warn(node.at, code, message))
        if node.name in ("inAudience", "inSegment"):
            self.references.append(Reference("audience", arguments[0].code.value))
        elif node.name in PATTERN_FUNCTIONS:
            self.patterns += 1
            self.is_watched = self.is_watched or self.patterns > 1
            if self.patterns > MAX_PATTERNS:
                raise refused(node.at, f"an expression has at most {MAX_PATTERNS} regular expressions", "syntax")
        return code


_COMPILE: Mapping[type, str] = {
    Constant: "constant",
    ListOf: "list_of",
    Group: "group",
    Not: "negation",
    Logical: "logical",
    Conditional: "conditional",
    Comparison: "comparison",
    Test: "test",
    Chain: "chain",
    Negative: "negative",
    Call: "call",
    ReferenceTo: "reference",
    Element: "element",
}
