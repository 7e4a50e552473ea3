"""What is accepted and told all the same: stable codes, each with its place."""

import pytest

from parcours.expressions import AnyReferences, ExpressionInvalid, compile_journey, lint

CODES = {
    "plus-operand-parentheses", "and-or-parentheses", "null-expression", "different-types", "default-parentheses",
    "date-minus-duration", "always-fails",
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("(now()) + (toDuration('PT1H'))", []),
        ("'\\|' + #{S.g.a} + 1", []),
        ("1 == 1.0 and [1] == [2.5] or true", [("and-or-parentheses", 3)]),
        ("now() + toDuration('PT1H')", [("plus-operand-parentheses", 7)]),
        ("'a' + length('a')", [("plus-operand-parentheses", 5)]),
        ("toDateTime(currentTimeInMillis() + 1)", [("plus-operand-parentheses", 34)]),
        ("length('a') * 2", []),
        ("true or true and false", [("and-or-parentheses", 9)]),
        ("true or (true and false)", []),
        ("(true or true) and false", []),
        ("not true and not false", []),
        ("null", [("null-expression", 1)]),
        ("if (true) then (null) else (1)", [("null-expression", 17)]),
        ("[1, null]", []),
        ("[1, (null)]", [("null-expression", 6)]),
        ("[null] has null", []),
        ("@event{E.a} is not null", []),
        ("null is null", [("null-expression", 1)]),
        ("length(null)", [("null-expression", 8)]),
        ("1 == '1'", [("different-types", 3)]),
        ("true != 1.5", [("different-types", 6)]),
        ("date('2021-02-19') == now()", [("different-types", 20)]),
        ("[1] == ['a']", [("different-types", 5)]),
        ("[1] == 1", [("different-types", 5)]),
        ("[] == ['a']", []),
        ("@event{E.a} == 1", []),
        ("@event{E.a, defaultValue: now()}", [("default-parentheses", 27)]),
        ("@event{E.a, defaultValue: (now())}", []),
        ("(now()) - (toDuration('PT1H'))", [("date-minus-duration", 9)]),
        ("toDuration('PT2H') - toDuration('PT1H')", [("date-minus-duration", 20)]),
        ("2 - 1", []),
        ("9223372036854775807 + 1", [("always-fails", 21)]),
        ("toDateOnly(2023, 2, 30)", [("always-fails", 1)]),
        ("1 == 'a'\n or null is null", [("different-types", 3), ("null-expression", 5)]),
    ],
)
def test_a_warning_has_its_code_and_its_place(text: str, found: list[tuple[str, int]]) -> None:
    warnings = lint(text, AnyReferences())
    assert [(warning.rule, warning.column) for warning in warnings] == found
    assert {warning.rule for warning in warnings} <= CODES
    assert list(compile_journey(text, AnyReferences()).warnings) == warnings


def test_what_is_no_expression_has_no_warnings() -> None:
    with pytest.raises(ExpressionInvalid):
        lint("1 +", AnyReferences())
