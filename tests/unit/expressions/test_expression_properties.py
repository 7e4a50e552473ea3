"""What holds for every expression, whatever it is made of: typed refusals, JSON results, one answer."""

import contextlib
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcours.expressions import allowance
from parcours.expressions.errors import ContextInvalid, ExpressionFailed, ExpressionInvalid
from parcours.expressions.evaluator import Evaluator, describe_error
from parcours.expressions.json_context import JsonContext
from parcours.expressions.library import JOURNEY
from parcours.expressions.types import Type

NOW_US = 1_559_543_400_000_000
_NAMES = sorted(set(JOURNEY.by_name) - {"uuid", "random"})
_LEAVES = st.sampled_from(
    ["0", "1", "-3", "2.5", "9223372036854775807", "'a'", "''", r"'\\d+'", "'2019-06-03T06:30:00Z'", "'Europe/Paris'",
     "'days'", "true", "false", "null", "[]", "[1, null, 2]", "['a', 'b']", "[1.5]", "@event{E.a}", "@event{E.b}",
     "@event{E.l}", "@event{E.l.b}", "@event{E.l.first().a}", "@event{E.a.entry('b')}", "@event{E.a.keys()}",
     "#{S.g.a}", "${supplementalId}", "now()", "date('2021-02-19')", "date('2021-02-19T10:00:00')",
     "toDuration('PT1H')", "@event{E.l.all(currentEventField.a == 1)}", "@event{E.b, defaultValue: 1}"]
)  # fmt: skip
_JOINTS = st.sampled_from(["+", "-", "*", "/", "%", "==", "!=", ">", ">=", "<", "<=", "and", "or"])
_TESTS = st.sampled_from(["is null", "is not null", "has null", "is numeric", "is integer", "is decimal"])


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} {} {})".format, inner, _JOINTS, inner),
        st.builds("({} {})".format, inner, _TESTS),
        st.builds("(not {})".format, inner),
        st.builds("(-{})".format, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("(if ({}) then ({}) else ({}))".format, inner, inner, inner),
        st.builds(
            lambda name, args: f"{name}({', '.join(args)})", st.sampled_from(_NAMES), st.lists(inner, max_size=3)
        ),
        st.builds("@event{{E.l.all({})}}".format, inner),
        st.builds("@event{{E.l.at({}).a}}".format, inner),
        st.builds("@event{{E.a, defaultValue: ({})}}".format, inner),
    )


EXPRESSIONS = st.recursive(_LEAVES, _grown, max_leaves=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3) | st.sampled_from(["2019-06-03T06:30:00Z", "2019-06-03", "P1D"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abl"), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
KINDS = st.sampled_from(["string", "integer", "decimal", "dateTime", "listString", "listObject", "duration", "map"])


@given(EXPRESSIONS, VALUES, st.dictionaries(st.sampled_from(["events.E.a", "events.E.l.a", "events.E.l"]), KINDS))
def test_an_expression_yields_json_or_a_typed_error(text: str, payload: Any, types: dict[str, str]) -> None:
    document = {"events": {"E": payload}, "dataSources": {"S": {"g": {"a": payload}}}, "types": types}
    context = JsonContext(document, NOW_US)
    evaluator = Evaluator()
    try:
        result = evaluator.evaluate(text, context)
    except (ExpressionInvalid, ExpressionFailed) as error:
        found = describe_error(text, error)
        assert found["code"] in ("syntax", "reference", "type", "runtime")
        assert (found["position"] is None) == (found["code"] == "runtime")
        if found["position"]:
            assert 0 <= found["position"]["offset"] <= len(text)
        return
    written = orjson.dumps(result.value)
    assert orjson.dumps(orjson.loads(written)) == written
    assert b"NaN" not in written
    assert result.type in set(Type) - {Type.ANY, Type.NUMBER}
    assert evaluator.evaluate(text, context) == result


@given(st.text(max_size=40), VALUES)
def test_any_text_and_any_context_are_answered_or_refused(text: str, document: Any) -> None:
    with contextlib.suppress(ExpressionInvalid, ExpressionFailed, ContextInvalid):
        Evaluator().evaluate(text, JsonContext(document, NOW_US))


_OFFSETS = st.integers(-18 * 60, 18 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_MOMENTS = st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=_OFFSETS)


def _value(text: str, **payload: Any) -> Any:
    types = {f"events.E.{name}": payload.pop(f"{name}_type") for name in list(payload) if f"{name}_type" in payload}
    return Evaluator().evaluate(text, JsonContext({"events": {"E": payload}, "types": types}, NOW_US)).value


@given(_MOMENTS)
def test_a_date_time_survives_every_text_form(at: datetime) -> None:
    text = at.isoformat()
    printed = _value("@event{E.a}", a=text, a_type="dateTime")
    assert _value("@event{E.a} == @event{E.b}", a=text, a_type="dateTime", b=printed, b_type="dateTime") is True
    assert _value("@event{E.a}", a=printed, a_type="dateTime") == printed
    assert _value("toDateTime(toString(@event{E.a})) == @event{E.a}", a=text, a_type="dateTime") is True
    assert _value("'' + @event{E.a} == toString(@event{E.a})", a=text, a_type="dateTime") is True


@given(st.dates())
def test_a_day_survives_its_text(day: date) -> None:
    assert _value("toDateOnly(toString(@event{E.a})) == @event{E.a}", a=day.isoformat(), a_type="dateOnly") is True


@given(st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_survives_its_text(number: float) -> None:
    back = "toInteger" if type(number) is int else "toDecimal"
    assert _value(f"{back}(toString(@event{{E.a}})) == @event{{E.a}}", a=number) is True


_NUMBERS = st.integers(-(2**62), 2**62) | st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(("values", "kind"), [(_NUMBERS, None), (_MOMENTS.map(datetime.isoformat), "dateTime")])
def test_of_two_values_one_is_before_or_they_are_equal(values: st.SearchStrategy[Any], kind: str | None) -> None:
    types = {"a_type": kind, "b_type": kind} if kind else {}

    @given(values, values)
    def check(a: Any, b: Any) -> None:
        holds = {sign: _value(f"@event{{E.a}} {sign} @event{{E.b}}", a=a, b=b, **types) for sign in _SIGNS}
        assert [holds["<"], holds["=="], holds[">"]].count(True) == 1
        assert holds["<="] is (holds["<"] or holds["=="])
        assert holds[">="] is (holds[">"] or holds["=="])
        assert holds["!="] is not holds["=="]

    check()


_SIGNS = ("<", "==", ">", "<=", ">=", "!=")


@given(VALUES)
def test_nothing_is_before_or_after_null(value: Any) -> None:
    for sign in ("<", ">", "<=", ">="):
        try:
            assert _value(f"@event{{E.none}} {sign} @event{{E.a}}", a=value) is False
        except (ExpressionInvalid, ExpressionFailed):  # what has no order at all is refused
            assert type(value) not in (int, float)


# --- hostile texts --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", autouse=True)
def _ready() -> None:
    """The grammar is read, so that no example pays for it."""
    _value("1")


@pytest.fixture(scope="module")
def usual_s() -> float:
    """What an ordinary text of the same length costs until it is refused."""
    usual = "[" + ", ".join(["@event{E.a} + 1"] * 3_600) + ", 'a' * 2]"
    return _cost(lambda: _value(usual))


@pytest.fixture
def short_allowance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allowance, "MAX_CPU_S", 0.2)


def _cost(run: Callable[[], Any]) -> float:
    started = time.process_time()
    with pytest.raises((ExpressionInvalid, ExpressionFailed)):
        run()
    return time.process_time() - started


@pytest.mark.parametrize(
    "text",
    [
        '"' + '\\"' * 32_000,
        "'" + "\\\\'\"" * 15_000 + "x",
        "@event{E" + ".a" * 32_000 + "}",
        "@event{E.a" + ".all(" * 10_000,
        "currentEventField" + ".a" * 20_000,
        "@event{E.a}" + " is null" * 8_000,
        "a" + " " * 65_000,
        "@event{E" + ".all  " * 10_000,
        "((((((" * 10_000,
        "[" + "1," * 32_000,
        "if (true) then (" * 4_000,
        "'a' + " * 10_000,
        "#{S.g.a, params: {" + "a: 1, " * 9_000 + "a: 1}}",
    ],
    ids=lambda text: text[:24],
)
def test_a_hostile_text_costs_no_more_than_a_long_one(text: str, usual_s: float) -> None:
    assert _cost(lambda: _value(text)) < 5 * usual_s + 0.5


@pytest.mark.usefixtures("short_allowance")
def test_selectors_in_selectors_come_to_an_end() -> None:
    inner = "currentEventField > 3"
    for _ in range(5):
        inner = f"count(@event{{E.l.all({inner})}}) > 1"
    with pytest.raises(ExpressionFailed, match=r"conditions look at|takes more than"):
        _value(inner, l=list(range(300)))


@pytest.mark.usefixtures("short_allowance")
def test_a_condition_over_a_long_list_comes_to_an_end() -> None:
    with pytest.raises(ExpressionFailed, match="takes more than"):
        _value("count(@event{E.l.all(count(@event{E.l}) > 1)})", l=list(range(30_000)))


def test_a_join_of_usual_lists_is_no_hostile_text() -> None:
    text = "count(@event{E.a.all(count(@event{E.b.all(currentEventField > 3)}) > 1)})"
    assert _value(text, a=list(range(1_000)), b=list(range(1_000))) == 1_000


@pytest.mark.usefixtures("short_allowance")
def test_many_regular_expressions_share_one_allowance() -> None:
    hard = "matchRegExp(@event{E.x}, '(.*){0,800}b')"
    with pytest.raises(ExpressionFailed, match="takes more than"):
        _value(" or ".join([hard] * 30), x="a" * 20_000)
    with pytest.raises(ExpressionInvalid, match="at most 100"):
        _value(" or ".join([hard] * 101), x="a")


@pytest.mark.parametrize(
    "text",
    [
        "serializeList(@event{E.l}, '" + "x" * 60_000 + "', true)",
        "concat([" + ", ".join(["@event{E.s}"] * 3_000) + "])",
        "replaceAll(@event{E.s}, '', @event{E.s})",
        "@event{E.s} + @event{E.s} + @event{E.s}",
    ],
    ids=lambda text: text[:24],
)
def test_a_text_does_not_grow_beyond_bounds(text: str) -> None:
    with pytest.raises(ExpressionFailed):
        _value(text, s="a" * 500_000, l=list(range(2_000)))


def test_a_long_text_of_the_context_is_worked_with() -> None:
    assert _value("length(@event{E.s})", s="a" * 1_000_000) == 1_000_000
    assert _value("matchRegExp(@event{E.s}, 'a+')", s="a" * 1_000_000) is True
