"""The journey language: what it reads, what it refuses and where, and what operators yield."""

import contextlib
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcours.expressions import (
    AnyReferences,
    EvaluationContext,
    ExpressionFailed,
    ExpressionInvalid,
    SchemaReferences,
    Type,
    compile_journey,
    to_json,
    to_text,
)
from parcours.expressions.json_context import JsonContext

NOW_US = 1_559_543_400_000_000  # 2019-06-03T06:30:00Z


def evaluate(text: str, context: EvaluationContext | None = None) -> Any:
    return compile_journey(text, AnyReferences()).evaluate(context or EvaluationContext(now_us=NOW_US))


def refusal(text: str, references: Any = None, expected: Type | None = None) -> ExpressionInvalid:
    with pytest.raises(ExpressionInvalid) as refused:
        compile_journey(text, references or AnyReferences(), expected)
    return refused.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4 + 2 * 10", 24),
        ("(4 + 2) * 10", 60),
        ("1 + 2 + 'a'", "3a"),
        ("'a' + 'b' + 'c' + 1234", "abc1234"),
        ("'a' + null", "a"),
        ("3.0 * 4.0", 12.0),
        ("4 / 2", 2),
        ("5 / 2", 2.5),
        ("4 / 0", 0),
        ("3 % 2", 1),
        ("-3 % 2", -1),
        ("3 % 0", 0),
        ("1 + null", None),
        ("-9223372036854775808", -(2**63)),
        ("not 3.15 < 1", True),
        ("3.14 > 2 and 3.15 < 1", False),
        ("not not true", True),
        ("true or false and false", True),
        ("3.14 == 42", False),
        ("1 == 1.0", True),
        ("1 != '1'", True),
        ("[1, 2] == [1, 2]", True),
        ("[true] == [1]", False),
        ("[1, null] has null", True),
        ("null has null", False),
        ("'' is null", False),
        ("null is null", True),
        ("'' is not null", True),
        ("1 is numeric", True),
        ("1 is decimal", False),
        ("1.5 is decimal", True),
        ("null is numeric", False),
        ("[]", []),
        ("[1, 2.5]", [1.0, 2.5]),
        ("if (1 == 1) then ('apns') else ('fcm')", "apns"),
        ("if (false) then (1) else (2.5)", 2.5),
        ("if (null) then (1) else (2)", 2),
        (r'"a\"b\\c\nd\u00e9\d"', 'a"b\\c\ndé\\d'),
        (r"'\ud83d\ude00'", "😀"),
    ],
)
def test_an_expression_yields_what_is_documented(text: str, value: Any) -> None:
    found = evaluate(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('date("2021-02-19")', date(2021, 2, 19)),
        ('date("2021-02-19T00:00:00")', datetime(2021, 2, 19)),
        ('date("2021-02-19T00:00:00Z")', datetime(2021, 2, 19, tzinfo=UTC)),
        ('date("2021-02-19T01.30")', datetime(2021, 2, 19, 1, 30)),
        ('date("2021-02-19T01.30.000")', datetime(2021, 2, 19, 1, 30)),
        ('date("2021-02-19T01.30.05.250Z")', datetime(2021, 2, 19, 1, 30, 5, 250_000, UTC)),
        ('(now()) + (toDuration("PT1H"))', datetime(2019, 6, 3, 7, 30, tzinfo=UTC)),
        ('toDuration("PT1H") + now()', datetime(2019, 6, 3, 7, 30, tzinfo=UTC)),
        ('toDuration("PT1H") + toDuration("PT30M")', timedelta(minutes=90)),
        ('now() - toDuration("P1D")', datetime(2019, 6, 2, 6, 30, tzinfo=UTC)),
        ('toDateTime("2019-06-03T08:30:00+02:00") == now()', True),
        ('toDateTime("2019-06-03T08:30:00+02:00") >= now()', True),
    ],
)
def test_dates_move_and_compare_as_instants(text: str, value: Any) -> None:
    assert evaluate(text) == value


@pytest.mark.parametrize(
    ("text", "fault", "column", "says"),
    [
        ("true AND false", "syntax", 6, "lower case"),
        ("(1 + 2", "syntax", 7, "ends too early"),
        ("if true then 1 else 2", "syntax", 4, "'('"),
        ("'abc", "syntax", 1, "not closed"),
        ("// note", "syntax", 1, "unexpected '/'"),
        ("1 == null", "syntax", 3, "is null"),
        ("9223372036854775808", "syntax", 1, "64 bits"),
        (r"'\ud83d'", "syntax", 1, "surrogate"),
        ("3 * 4.0", "type", 3, "same type"),
        ("'x' > 'y'", "type", 5, "only numbers and date-times"),
        ("true and 1", "type", 10, "boolean"),
        ("[1, 'a']", "type", 1, "one scalar type"),
        ("'a' has null", "type", 5, "list"),
        ("if (true) then (1) else ('a')", "type", 5, "branches"),
        ("-'a'", "type", 1, "number"),
        ("length(1)", "type", 1, "length(string) : integer"),
        ("indexof('a', 'b')", "syntax", 1, "'indexOf'"),
        ("INAUDIENCE('x')", "syntax", 1, "'inAudience'"),
        ("${journeyVersionUid}", "reference", 3, "'journeyVersionUID'"),
        ("currentEventField.a == 1", "reference", 1, "only inside"),
        ("@event{E.l.all(currentDataPackField.a == 1)}", "reference", 16, "currentEventField"),
        ("toDuration('soon')", "type", 1, "can't read"),
        ("date('yesterday')", "type", 1, "YYYY-MM-DD"),
        ("now(@event{E.zone})", "type", 1, "literal"),
        ("now('Europe/Pari')", "type", 1, "time zone"),
        ("matchRegExp('a', '(')", "type", 1, "not closed"),
        ("date('2021-02-31')", "type", 1, "no date"),
        ("@event{E.x, defaultValue: 1, defaultValue: 2}", "syntax", 1, "twice"),
        ("@event{E.x, params: {a: 1}}", "syntax", 1, "params"),
        ("#{Source}", "syntax", 1, "fieldGroup"),
    ],
)
def test_a_refusal_says_what_and_where(text: str, fault: str, column: int, says: str) -> None:
    error = refusal(text)
    assert error.fault == fault
    assert (error.line, error.column) == (1, column)
    assert says in str(error)


def test_a_refusal_counts_lines() -> None:
    error = refusal("1 +\n  2 +\n   x")
    assert (error.line, error.column, error.token) == (3, 4, "x")


@pytest.mark.parametrize(
    "text",
    [
        "(" * 1000 + "1" + ")" * 1000,
        "[" * 1000,
        "@event{a.all(" * 1000,
        "not " * 300_000 + "true",
        "1 + " * 300_000 + "1",
        "'" + "a" * 1_000_000 + "'",
        "@event{E" + ".a" * 500_000 + "}",
        "((((",
        "",
        " \n ",
        "\x00",
    ],
)
def test_a_hostile_text_is_refused_quickly(text: str) -> None:
    started = time.monotonic()
    refusal(text)
    assert time.monotonic() - started < 2


def test_deep_but_allowed_nesting_compiles_and_runs() -> None:
    text = "(true or true and not 1 + 2 * " * 0 + "1"
    for _ in range(48):
        text = f"(0 + 1 * {text})"
    assert evaluate(text) == 1
    condition = "true"
    for _ in range(48):
        condition = f"(false or true and not not 1 == 1 and {condition})"
    assert evaluate(condition) is True


def test_chains_of_any_length_run_without_recursion() -> None:
    assert evaluate(" + ".join(["1"] * 10_000)) == 10_000
    assert evaluate(" and ".join(["true"] * 7_000)) is True


@given(st.text(max_size=60))
def test_any_text_compiles_or_is_refused(text: str) -> None:
    try:
        compiled = compile_journey(text, AnyReferences())
    except ExpressionInvalid as error:
        found = (error.line, error.column)
    else:
        found = (1, 1)
        assert compiled.text == text
    assert min(found) >= 1


_PIECES = st.sampled_from(
    ["@event{E.a}", "@event{E.l.b}", "1", "2.5", "'x'", "null", "true", "[1, null]", "now()", "toDuration('PT1H')",
     "date('2021-02-19')", "@event{E.l.all(currentEventField.b > 1)}", "#{S.g.a}", "${supplementalId}"]
)  # fmt: skip
_JOINTS = st.sampled_from(["+", "-", "*", "/", "%", "==", "!=", ">", "<=", "and", "or"])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64) | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abl"), inner, max_size=3),
    max_leaves=6,
)


@given(_PIECES, _JOINTS, _PIECES, _JOINTS, _PIECES, _VALUES)
def test_whatever_compiles_runs_on_any_payload_or_fails_typed(
    a: str, x: str, b: str, y: str, c: str, payload: Any
) -> None:
    try:
        compiled = compile_journey(f"({a}) {x} (({b}) {y} ({c}))", AnyReferences())
    except ExpressionInvalid:
        return
    context = EvaluationContext(events={"E": payload}, data_sources={"S": {"g": payload}}, now_us=NOW_US)
    with contextlib.suppress(ExpressionFailed):
        to_json(compiled.evaluate(context))


# --- references -----------------------------------------------------------------------------------------------------

ORDER = {
    "type": "object",
    "properties": {
        "orderId": {"type": "string"},
        "total": {"type": "number"},
        "count": {"type": "integer"},
        "placed": {"type": "string", "format": "date-time"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "identityMap": {
            "type": "object",
            "additionalProperties": {
                "type": "array",
                "items": {"type": "object", "properties": {"id": {"type": "string"}}},
            },
        },
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "sku": {"type": "string"},
                    "price": {"type": "number"},
                    "parts": {
                        "type": "array",
                        "items": {"type": "object", "properties": {"name": {"type": "string"}}},
                    },
                },
            },
        },
        "weather": {"type": "object", "properties": {"3h": {"type": "number"}, "if-then": {"type": "string"}}},
    },
}
PAYLOAD = {
    "orderId": "12345",
    "total": 120,
    "count": 4.0,
    "placed": "2019-06-01T00:00:00Z",
    "tags": ["a", None, "b"],
    "identityMap": {"Email": [{"id": "a@b.fr"}], "ECID": [{"id": "1"}]},
    "lines": [
        {"sku": "x", "price": 1.5, "parts": [{"name": "p"}, {"name": "q"}]},
        {"sku": "y", "parts": [{"name": "r"}]},
        {"sku": "z", "price": 9},
    ],
    "weather": {"3h": 2.5, "if-then": "s"},
}
TYPES = SchemaReferences(
    events={"Order": ORDER, "Loose": None},
    data_sources={"ExperiencePlatform": {"ProfileFieldGroup": ORDER}},
    actions={"Send": {"type": "object", "properties": {"id": {"type": "string"}}}},
)


def of_order(text: str) -> Any:
    return compile_journey(text, TYPES).evaluate(EvaluationContext(events={"Order": PAYLOAD}, now_us=NOW_US))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("@event{Order.orderId}", "12345"),
        ("@{Order.orderId}", "12345"),
        ("@event{ Order . orderId }", "12345"),
        ("@event{Order.total}", 120.0),
        ("@event{Order.count}", 4),
        ("@event{Order.weather.'3h'} > 0", True),
        ("@event{Order.weather.if-then}", "s"),
        ("@event{Order.placed} < now()", True),
        ("@event{Order.tags}", ["a", None, "b"]),
        ("count(@event{Order.tags})", 2),
        ("@event{Order.lines.sku}", ["x", "y", "z"]),
        ("@event{Order.lines.parts.name}", ["p", "q", "r", None]),
        ("@event{Order.lines.all().price}", [1.5, None, 9.0]),
        ("countWithNull(@event{Order.lines.all(currentEventField.sku != 'x').price})", 2),
        ("@event{Order.lines.first(currentEventField.price > 2).sku}", "z"),
        ("@event{Order.lines.last().sku}", "z"),
        ("@event{Order.lines.at(1).sku}", "y"),
        ("@event{Order.lines.at(7).sku}", None),
        ("@event{Order.lines.at(-1).sku}", None),
        ("@event{Order.lines.first(currentEventField.sku == 'none').sku}", None),
        ("@event{Order.lines.all(currentEventField.parts.last(currentEventField.name == 'q').name == 'q').sku}", ["x"]),
        ("@event{Order.tags.first(currentEventField == 'b')}", "b"),
        ("@event{Order.identityMap.entry('Email').first().id}", "a@b.fr"),
        ("@event{Order.identityMap.entry('Phone').first().id}", None),
        ("@event{Order.identityMap.keys()}", ["Email", "ECID"]),
        ("@event{Order.identityMap.firstEntryKey()}", "Email"),
        ("distinctCount(@event{Order.lines}, 'sku')", 3),
        ("count(sort(@event{Order.lines}, 'price', true))", 3),
    ],
)
def test_a_reference_reads_through_lists_selectors_and_maps(text: str, value: Any) -> None:
    found = of_order(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("@event{E.l.all(currentEventField.n > 9)} is null", True),
        ("@event{E.l.all(currentEventField.n > 9)} is not null", False),
        ("(@event{E.l.all(currentEventField.n > 9)}) is null", True),
        ("@event{E.l.all(currentEventField.n > 9).n} is null", True),
        ("@event{E.l.all(currentEventField.n > 1)} is null", False),
        ("@event{E.l.all(currentEventField.n > 1)} is not null", True),
        ("@event{E.l.all(currentEventField.n > 9).first().n} is null", True),
        ("@event{E.l.all(currentEventField.n > 1).first().none} is null", True),
        ("@event{E.none.all()} is null", True),
        ("@event{E.l.first(currentEventField.p.all(currentEventField > 9) is null).n}", 1),
        ("@event{E.empty} is null", False),
        ("@event{E.empty.all()} is null", True),
        ("count(@event{E.l.all(currentEventField.n > 9)}) is null", False),
        ("@event{E.l.all(currentEventField.n > 9)}", []),
    ],
)
def test_a_selection_of_nothing_passes_for_null_where_null_is_asked(text: str, value: Any) -> None:
    payload = {"l": [{"n": 1, "p": [1]}, {"n": 2, "p": [10]}], "empty": []}
    assert compile_journey(text, AnyReferences()).evaluate(EvaluationContext(events={"E": payload})) == value


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("@event{E.s} == \u2018a\u2019", 16, "a text stands between straight quotes, ' or \""),
        ("\u201ca\u201d", 1, "a text stands between straight quotes"),
        ("1 \u200b+ 1", 3, "an invisible character, U+200B, stands here"),
        ("\ufeff1", 1, "an invisible character, U+FEFF, stands here"),
        ("@event{E.l.last\u200b(true)}", 16, "an invisible character, U+200B, stands here"),
        ("@Event{E.a}", 1, "did you mean '@event{'?"),
        ("@event {E.a}", 1, "did you mean '@event{'?"),
        ("@actions{A.b}", 1, "did you mean '@action{'"),
        ("#@action{A.b}", 1, "did you mean '@action{'?"),
        ("1 + @DatasetLookup{A.entities}", 5, "did you mean '@datasetLookup{'"),
        ("@", 1, "a reference such as @event{…}"),
        ("Date('2024-02-29')", 1, "did you mean 'date'?"),
        ("matchRegExp('a', '*a')", 1, "'*a' is no usable pattern: nothing to repeat"),
        ("replaceAll('a', '[', '')", 1, "'[' is no usable pattern: a '[' is not closed"),
        ("1 + ", 5, "or a text"),
    ],
)
def test_a_refusal_names_what_is_to_blame(text: str, column: int, says: str) -> None:
    error = refusal(text)
    assert error.column == column
    assert says in error.message


def test_a_missing_field_is_null_and_a_default_stands_in() -> None:
    context = EvaluationContext(events={"Order": {"lines": None}})
    for text, value in (
        ("@event{Order.orderId}", None),
        ("@event{Order.weather.'3h'}", None),
        ('@event{Order.orderId, defaultValue : "not specified"}', "not specified"),
        ("@event{Order.total, defaultValue : -1}", -1.0),
        ("@event{Order.lines.first().sku}", None),
        ("@event{Order.placed, defaultValue: (toDateTime('2020-01-01T00:00:00Z'))}", datetime(2020, 1, 1, tzinfo=UTC)),
        ("@event{Order.orderId, defaultValue: 'no ' + 'order'}", "no order"),
        ("@event{Order.total, defaultValue: 1.5 * 2.0} + 1", 4.0),
        ("@event{Order.orderId, defaultValue: if (1 > 2) then ('a') else ('b')}", "b"),
        ("@event{Order.orderId, defaultValue: @event{Order.orderId, defaultValue: 'x'} + 'y'}", "xy"),
    ):
        assert compile_journey(text, TYPES).evaluate(context) == value


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("@event{Ordr.total} > 1", 8, "unknown event 'Ordr'; did you mean 'Order'"),
        ("@event{Order.totl} > 1", 14, "unknown field 'totl'; did you mean 'total'"),
        ("@event{Order.lines.pric}", 20, "'price'"),
        ("@action{Sent.id}", 9, "'Send'"),
        ("#{ExperiencePlatform.ProfileFeldGroup.orderId}", 22, "'ProfileFieldGroup'"),
        ("@event{Order.total.x}", 20, "has no fields"),
        ("@event{Order.total.first()}", 20, "asks a list"),
        ("@event{Order.lines.entry('a')}", 20, "asks a map"),
        ("@event{Order.orderId, defaultValue : 2}", 38, "default"),
        ("@event{Order.lines.at('a')}", 23, "integer"),
        ("@event{Order.orderId} > 1", 23, "not possible"),
        ("@event{Order.total} * @event{Order.count}", 21, "same type"),
    ],
)
def test_types_come_from_the_schema(text: str, column: int, says: str) -> None:
    error = refusal(text, TYPES)
    assert error.column == column
    assert says in str(error)


def test_a_value_of_another_type_than_declared_fails_the_evaluation() -> None:
    compiled = compile_journey("@event{Order.total} > 100", TYPES)
    for wrong in ("120", True, [1], {"a": 1}):
        with pytest.raises(ExpressionFailed):
            compiled.evaluate(EvaluationContext(events={"Order": {"total": wrong}}))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("@event{E.a.n} + 1", "@event{E.a.n}: a value of type string can't be read as integer"),
        ("1 + @{E.l.first().n}", "@{E.l.first().n}: a value"),
        ("count(@event{E.l.all(currentEventField.n > 1)})", "currentEventField.n: a value"),
        ("@event{E.none, defaultValue: @event{E.a.'2 n'}}", "@event{E.a.'2 n'}: a value"),
    ],
)
def test_a_value_that_does_not_fit_is_told_with_its_field(text: str, says: str) -> None:
    document = {
        "events": {"E": {"a": {"n": "x", "2 n": "x"}, "l": [{"n": "x"}]}},
        "types": {"events.E.a.n": "integer", "events.E.l.n": "integer", "events.E.a.2 n": "integer"},
    }
    context = JsonContext(document, 0)
    with pytest.raises(ExpressionFailed) as failure:
        compile_journey(text, context).evaluate(context.evaluation)
    assert str(failure.value).startswith(says)


def test_the_place_decides_the_type() -> None:
    assert "toDateTimeOnly" in str(refusal("now()", expected=Type.DATE_TIME_ONLY))
    assert "boolean is needed" in str(refusal("1 + 1", expected=Type.BOOLEAN))
    assert compile_journey("1", AnyReferences(), Type.DECIMAL).evaluate(EvaluationContext()) == 1.0
    maybe = compile_journey("@event{E.flag}", AnyReferences(), Type.BOOLEAN)
    assert maybe.holds(EvaluationContext(events={"E": {"flag": True}}))
    assert not maybe.holds(EvaluationContext(events={"E": {}}))
    with pytest.raises(ExpressionFailed):
        maybe.evaluate(EvaluationContext(events={"E": {"flag": "yes"}}))


def test_the_profile_is_read_with_and_without_its_leading_step() -> None:
    context = EvaluationContext(data_sources={"ExperiencePlatform": {"ProfileFieldGroup": {"orderId": "7"}}})
    for text in (
        "#{ExperiencePlatform.ProfileFieldGroup.profile.orderId}",
        "#{ExperiencePlatform.ProfileFieldGroup.Profile.orderId}",
        "#{ExperiencePlatform.ProfileFieldGroup.orderId}",
    ):
        for references in (TYPES, AnyReferences()):
            compiled = compile_journey(text, references)
            assert compiled.evaluate(context) == "7"
            assert compiled.reads_profile
            assert not compiled.reads_experience_events


@pytest.mark.parametrize("name", ["profile", "Profile"])
def test_a_field_that_is_called_profile_is_read(name: str) -> None:
    document = {"dataSources": {"ExperiencePlatform": {"G": {name: {"a": 1}, "a": 2}}}}
    context = JsonContext(document, 0)
    assert compile_journey(f"#{{ExperiencePlatform.G.{name}.a}}", context).evaluate(context.evaluation) == 1


def test_an_expression_tells_everything_it_reads() -> None:
    compiled = compile_journey(
        "#{ExperiencePlatform.ExperienceEventFieldGroup.experienceevent.first(currentDataPackField.a == "
        "@event{E.b}).c} == ${instanceUID} and inAudience('vip') and #{W.main.t, params: {city: @action{A.d}}} > 1",
        AnyReferences(),
    )
    assert compiled.reads_experience_events
    assert compiled.reads_profile  # for the audience
    assert {(r.kind, r.name, r.group, r.path, r.has_parameters) for r in compiled.references} == {
        ("event", "E", "", ("b",), False),
        ("dataSource", "ExperiencePlatform", "ExperienceEventFieldGroup", ("experienceevent", "c"), False),
        ("property", "instanceUID", "", (), False),
        ("audience", "vip", "", (), False),
        ("action", "A", "", ("d",), False),
        ("dataSource", "W", "main", ("t",), True),
    }


def test_an_event_may_be_called_as_the_built_in_source() -> None:
    context = EvaluationContext(events={"ExperiencePlatform": {"profile": {"x": 1}, "x": 2}})
    assert evaluate("@event{ExperiencePlatform.profile.x}", context) == 1


def test_parameters_choose_what_a_source_yields() -> None:
    compiled = compile_journey("#{W.main.t, params: {z: 1, city: @event{E.city}}}", AnyReferences())
    sources = {"W": {("main", (("city", "Paris"), ("z", 1))): {"t": 21}}}
    assert compiled.evaluate(EvaluationContext(events={"E": {"city": "Paris"}}, data_sources=sources)) == 21
    assert compiled.evaluate(EvaluationContext(events={"E": {"city": "Rome"}}, data_sources=sources)) is None


def test_a_lazy_source_may_interrupt_the_evaluation() -> None:
    class NotFetched(Exception):
        pass

    class Lazy(dict[str, Any]):
        def __missing__(self, key: str) -> Any:
            raise NotFetched(key)

    compiled = compile_journey("#{W.main.t} == 1", AnyReferences())
    with pytest.raises(NotFetched):
        compiled.evaluate(EvaluationContext(data_sources={"W": Lazy()}))


def test_lints_tell_what_would_be_refused_elsewhere() -> None:
    def rules(text: str) -> list[str]:
        return [warning.rule for warning in compile_journey(text, AnyReferences()).warnings]

    assert rules("now() + toDuration('PT1H')") == ["plus-operand-parentheses"]
    assert rules("(now()) + (toDuration('PT1H'))") == []
    assert rules("true or true and false") == ["and-or-parentheses"]
    assert rules("1 == '1'") == ["different-types"]
    assert rules("@event{E.a, defaultValue: now()}") == ["default-parentheses"]


def test_text_forms_are_those_of_java() -> None:
    for value, text in (
        (datetime(2019, 6, 3, 6, 30, tzinfo=UTC), "2019-06-03T06:30Z"),
        (datetime(2019, 6, 3, 6, 30, 5, tzinfo=UTC), "2019-06-03T06:30:05Z"),
        (datetime(2019, 6, 3, 6, 30, 59, 123_000, tzinfo=UTC), "2019-06-03T06:30:59.123Z"),
        (datetime(2019, 6, 3, 6, 30, 59, 123_456), "2019-06-03T06:30:59.123456"),
        (timedelta(days=2), "PT48H"),
        (timedelta(milliseconds=1520), "PT1.52S"),
        (-timedelta(hours=5, minutes=57), "PT-5H-57M"),
        (timedelta(0), "PT0S"),
        (timedelta(milliseconds=-500), "PT-0.5S"),
        (1e21, "1000000000000000000000.0"),
        (4.0, "4.0"),
        (True, "true"),
        (None, ""),
    ):
        assert to_text(value) == text


def test_a_condition_costs_little_more_than_the_same_in_python() -> None:
    types = SchemaReferences(events={"Order": {"type": "object", "properties": {"commerce": {
        "type": "object", "properties": {"order": {"type": "object", "properties": {
            "priceTotal": {"type": "number"}}}}}}}})  # fmt: skip
    compiled = compile_journey("@event{Order.commerce.order.priceTotal} > 100", types)
    context = EvaluationContext(events={"Order": {"commerce": {"order": {"priceTotal": 120.0}}}})
    by_hand = min(_time_of(_is_dear, context) for _ in range(5))
    assert min(_time_of(compiled.evaluate, context) for _ in range(5)) < 20 * by_hand  # four times, as a rule


def _is_dear(context: EvaluationContext) -> bool:
    found: bool = context.events["Order"]["commerce"]["order"]["priceTotal"] > 100
    return found


def _time_of(call: Any, argument: Any) -> float:
    started = time.perf_counter()
    for _ in range(2_000):
        call(argument)
    return (time.perf_counter() - started) / 2_000
