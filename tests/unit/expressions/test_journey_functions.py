"""Every function of the journey language against its published examples and its null rules."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcours.expressions import AnyReferences, EvaluationContext, ExpressionFailed, compile_journey, to_json
from parcours.expressions.library import JOURNEY
from parcours.expressions.types import Type
from parcours.expressions.values import duration_text, parse_date_time, parse_duration, to_text

NOW_US = 1_559_543_400_000_000  # 2019-06-03T06:30:00Z

DOCUMENTED = {
    "inAudience", "inSegment", "avg", "count", "countOnlyNull", "countWithNull", "distinctCount",
    "distinctCountWithNull", "max", "min", "sum", "toBool", "toDateOnly", "toDateTime", "toDateTimeOnly",
    "toDecimal", "toDuration", "toInteger", "toString", "currentTimeInMillis", "inLastDays", "inLastHours",
    "inLastMonths", "inLastYears", "inNextDays", "inNextHours", "inNextMonths", "inNextYears", "now",
    "nowWithDelta", "setDays", "setHours", "updateTimeZone", "distinct", "distinctWithNull", "filter",
    "getListItem", "in", "intersect", "limit", "list", "listSize", "serializeList", "sort", "random", "round",
    "concat", "contain", "containIgnoreCase", "endWith", "endWithIgnoreCase", "equalIgnoreCase", "indexOf",
    "isEmpty", "isNotEmpty", "lastIndexOf", "length", "lower", "matchRegExp", "notEqualIgnoreCase", "replace",
    "replaceAll", "split", "startWith", "startWithIgnoreCase", "substr", "trim", "upper", "uuid",
}  # fmt: skip


def evaluate(text: str, payload: Any = None, now_us: int = NOW_US) -> Any:
    context = EvaluationContext(events={"E": payload or {}}, now_us=now_us, audiences={"vip"})
    return compile_journey(text, AnyReferences()).evaluate(context)


def test_the_library_holds_exactly_the_documented_functions() -> None:
    assert set(JOURNEY.by_name) == DOCUMENTED


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # aggregation
        ("avg([10, 3, 8])", 7.0),
        ("avg([])", None),
        ("count([10, 2, 10, null])", 3),
        ("countOnlyNull([10, 2, 10, null])", 1),
        ("countWithNull([10, 2, 10, null])", 4),
        ("distinctCount([10, 2, 10, null])", 2),
        ("distinctCountWithNull([10, 2, 10, null])", 3),
        ("max([10, null, 8])", 10),
        ("min([10, null, 8])", 8),
        ("max(1, 2.5)", 2.5),
        ("min([null])", None),
        ("max(toDuration('PT1H'), toDuration('PT2H'))", timedelta(hours=2)),
        ("sum([10, 3, 8])", 21),
        ("sum([])", 0),
        ("sum(@event{E.missing})", 0),
        ("count(@event{E.missing})", 0),
        # conversion
        ("toBool('true')", True),
        ("toBool('TRUE')", False),
        ("toBool('1')", False),
        ("toBool(2)", True),
        ("toBool(0.0)", False),
        ("toInteger('4')", 4),
        ("toInteger('4x')", None),
        ("toInteger(1.5)", 1),
        ("toInteger(-1.5)", -1),
        ("toInteger(true)", 1),
        ("toInteger(toDateTime('1970-01-01T00:00:01Z'))", 1000),
        ("toDecimal('4.0')", 4.0),
        ("toDecimal('nan')", None),
        ("toDecimal(1)", 1.0),
        ("toString(4)", "4"),
        ("toString(1.5)", "1.5"),
        ("toString(true)", "true"),
        ("toString(toDateTime('2019-06-03T08:30:00+02:00'))", "2019-06-03T06:30Z"),
        ("toString(toDateOnly('2023-08-18'))", "2023-08-18"),
        ("toString(toDuration(1520))", "PT1.52S"),
        ("toDateOnly('2023-08-18T00:00:00.000Z')", date(2023, 8, 18)),
        ("toDateOnly(2023, 8, 18)", date(2023, 8, 18)),
        ("toDateOnly(0)", date(1970, 1, 1)),
        ("toDateTime('not a date')", None),
        ("toDateTime('2023-08-18T00:00:00')", None),
        ("toDateTime(1000)", datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
        ("toString(toDateTime('Europe/Paris', toDateOnly('2023-08-18')))", "2023-08-17T22:00Z"),
        ("toDateTimeOnly('2023-08-18')", datetime(2023, 8, 18)),
        ("toDateTimeOnly('2023-08-18T10:00:00+02:00')", datetime(2023, 8, 18, 10)),
        ("toDateTimeOnly('x')", None),
        ("toDuration('P2DT3H4M')", timedelta(days=2, hours=3, minutes=4)),
        # dates
        ("currentTimeInMillis()", 1_559_543_400_000),
        ("now() == toDateTime(currentTimeInMillis())", True),
        ("nowWithDelta(-2, 'hours') == toDateTime('2019-06-03T04:30:00Z')", True),
        ("inLastDays(toDateTime('2019-06-02T06:30:00Z'), 1)", True),
        ("inLastDays(toDateTime('2019-06-02T06:29:59Z'), 1)", False),
        ("inLastHours(now(), 1)", True),
        ("inLastMonths(toDateTime('2019-05-03T06:30:00Z'), 1)", True),
        ("inLastYears(toDateTime('2017-06-03T06:30:00Z'), 1)", False),
        ("inNextHours(toDateTime('2019-06-03T07:30:00Z'), 1)", True),
        ("inNextDays(toDateTime('2019-06-02T06:30:00Z'), 1)", False),
        ("inNextMonths(toDateTime('2019-07-03T06:30:00Z'), 1)", True),
        ("inNextYears(toDateTime('2020-06-03T06:30:01Z'), 1)", False),
        ("inLastDays(@event{E.missing}, 1)", False),
        ("toString(setHours(nowWithDelta(1, 'days'), 20))", "2019-06-04T20:30Z"),
        ("setDays(toDateTime('2023-12-12T01:11:00Z'), 25)", datetime(2023, 12, 25, 1, 11, tzinfo=UTC)),
        # lists
        ("distinct([10, 2, 10, null])", [10, 2]),
        ("distinctWithNull([10, 2, 10, null])", [10, 2, None]),
        ("getListItem([10, 2, 3], 1)", 2),
        ("getListItem([10], 1)", None),
        ("in('a', ['a', 'b'])", True),
        ("in(true, [true])", True),
        ("in(3, [1, 2])", False),
        ("in(@event{E.missing}, ['a'])", False),
        ('intersect(["sports","news","documentary"],["sports","movies","documentary"])', ["sports", "documentary"]),
        ("intersect(['a'], @event{E.missing})", []),
        ("limit([1, 2, 3], 2)", [1, 2]),
        ("limit([1, 2, 3], 2, false)", [2, 3]),
        ("limit([1, 2, 3], 0, false)", []),
        ("listSize([1, null])", 2),
        ("listSize(@event{E.missing})", 0),
        ('serializeList(["Hello","World"], ",", true)', '"Hello","World"'),
        ("serializeList([1, 2], '-', false)", "1-2"),
        ("sort([3, null, 1, 2], true)", [1, 2, 3, None]),
        ("sort(['b', 'a'], false)", ["b", "a"]),
        ("list('a', 'b', 'c')", ["a", "b", "c"]),
        # maths
        ("round(2.5)", 3),
        ("round(-2.5)", -2),
        ("round(-3.14)", -3),
        ("round(0.49999999999999994)", 0),
        ("round(7)", 7),
        # text
        ('concat(["Hello", " ", "World"])', "Hello World"),
        ("concat('a', @event{E.missing})", "a"),
        ("contain('rowing', 'row')", True),
        ("containIgnoreCase('rowing', 'ROW')", True),
        ("startWith('iPad', 'ip')", False),
        ("startWithIgnoreCase('iPad', 'ip')", True),
        ("endWith('iPad', 'Pad')", True),
        ("endWithIgnoreCase('iPad', 'pAD')", True),
        ("equalIgnoreCase('A', 'a')", True),
        ("equalIgnoreCase(@event{E.missing}, 'a')", False),
        ("notEqualIgnoreCase(@event{E.missing}, 'a')", True),
        ("notEqualIgnoreCase('A', 'a')", False),
        ("indexOf('abcab', 'ab')", 0),
        ("lastIndexOf('abcab', 'ab')", 3),
        ("indexOf('abc', 'x')", -1),
        ("isEmpty('')", True),
        ("isEmpty(' ')", False),
        ("isEmpty(@event{E.missing})", False),
        ("isNotEmpty(@event{E.missing})", False),
        ("isNotEmpty('a')", True),
        ("length('é😀')", 2),
        ("length(@event{E.missing})", None),
        ("upper('é')", "É"),
        ("lower('ABC')", "abc"),
        (r'matchRegExp("12345", "\\d+")', True),
        (r'matchRegExp("12345x", "\\d+")', False),
        ("replace('aaa', 'aa', 'b')", "ba"),
        (r'replaceAll("a.b.c", "\\.", "-")', "a-b-c"),
        (r"""replaceAll("2019-06", "(\\d+)-(\\d+)", "$2/$1")""", "06/2019"),
        (r'split("20.45.2.3434", "\\.")', ["20", "45", "2", "3434"]),
        ("split('a,b,,', ',')", ["a", "b"]),
        ("substr('hello', 1, 3)", "el"),
        ("substr('hello', 3)", "lo"),
        ("substr('hello', -5, 99)", "hello"),
        ("substr('hello', 4, 2)", ""),
        ("trim(' a ')", "a"),
        ("inAudience('vip')", True),
        ("inSegment('others')", False),
    ],
)
def test_a_function_yields_what_is_documented(text: str, value: Any) -> None:
    found = evaluate(text)
    assert found == value
    assert type(found) is type(value)


def test_zones_change_the_reading_and_keep_the_instant() -> None:
    paris = evaluate('now("Europe/Paris")')
    assert to_json(paris) == "2019-06-03T08:30+02:00"
    moved = evaluate('updateTimeZone(toDateTime("2023-08-28T08:15:30.123-07:00"), "Europe/Paris")')
    assert to_json(moved) == "2023-08-28T17:15:30.123+02:00"
    assert to_json(evaluate('nowWithDelta(-1, "months", "Europe/Paris")')) == "2019-05-03T08:30+02:00"


def test_calendar_arithmetic_stays_within_the_month() -> None:
    end_of_january = 1_548_900_000_000_000  # 2019-01-31T02:00:00Z
    assert to_json(evaluate("nowWithDelta(1, 'months')", now_us=end_of_january)) == "2019-02-28T02:00Z"
    with pytest.raises(ExpressionFailed):
        evaluate("setDays(@event{E.at}, 31)", {"at": "2019-06-01T00:00:00Z"})


def test_a_day_across_a_clock_change_keeps_the_reading() -> None:
    before = 1_553_936_400_000_000  # 2019-03-30T09:00:00Z, 10:00 in Paris; clocks change in the night
    assert to_json(evaluate("nowWithDelta(1, 'days', 'Europe/Paris')", now_us=before)) == "2019-03-31T10:00+02:00"
    assert to_json(evaluate("nowWithDelta(24, 'hours', 'Europe/Paris')", now_us=before)) == "2019-03-31T11:00+02:00"


def test_objects_are_filtered_sorted_and_told_apart() -> None:
    payload = {"l": [{"k": "b", "n": 2}, {"k": "a", "n": 1}, {"k": "b", "n": 3}, {"n": 9}, {"k": "b", "n": 2}]}
    for text, numbers in (
        ("filter(@event{E.l}, 'k', ['a', 'x'])", [1]),
        ("sort(@event{E.l}, 'k', true)", [1, 2, 3, 2, 9]),
        ("sort(@event{E.l}, 'n', false)", [9, 3, 2, 2, 1]),
        ("distinct(@event{E.l})", [2, 1, 3, 9]),
        ("distinct(@event{E.l}, 'k')", [2, 1, 9]),
        ("limit(@event{E.l}, 2)", [2, 1]),
    ):
        assert [item["n"] for item in evaluate(text, payload)] == numbers
    assert evaluate("distinctCount(@event{E.l}, 'k')", payload) == 3


def test_an_overload_is_chosen_when_it_runs_if_types_are_unknown() -> None:
    for value, found in (("4", 4), (1.5, 1), (7, 7), (True, 1)):
        assert evaluate("toInteger(@event{E.x})", {"x": value}) == found
    assert evaluate("inLastDays(@event{E.x}, 1)", {"x": "2019-06-03T00:00:00Z"}) is True
    assert to_json(evaluate("setHours(@event{E.x}, 9)", {"x": "2019-06-03T00:00:00Z"})) == "2019-06-03T09:00Z"
    with pytest.raises(ExpressionFailed):
        evaluate("length(@event{E.x})", {"x": ["a"]})


def test_results_stay_bounded() -> None:
    with pytest.raises(ExpressionFailed):
        evaluate("@event{E.x} * 9223372036854775807", {"x": 2})
    with pytest.raises(ExpressionFailed):
        evaluate("@event{E.x} * @event{E.x}", {"x": 1e200})
    with pytest.raises(ExpressionFailed):
        evaluate("replaceAll(@event{E.x}, '', @event{E.x})", {"x": "a" * 100_000})


def test_uuid_and_random_are_computed_each_time() -> None:
    compiled = compile_journey("uuid()", AnyReferences())
    first, second = compiled.evaluate(EvaluationContext()), compiled.evaluate(EvaluationContext())
    assert first != second
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", first)
    assert 0 <= evaluate("random()") < 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("PT5S", timedelta(seconds=5)),
        ("PT20.345S", timedelta(seconds=20.345)),
        ("pt15m", timedelta(minutes=15)),
        ("PT10H", timedelta(hours=10)),
        ("P2D", timedelta(days=2)),
        ("P-6H3M", timedelta(hours=-6, minutes=3)),
        ("-P6H3M", timedelta(hours=-6, minutes=-3)),
        ("-P-6H+3M", timedelta(hours=6, minutes=-3)),
        ("PT-0,5S", timedelta(seconds=-0.5)),
        ("P5M", None),
        ("PT", None),
        ("P", None),
        ("", None),
        ("1D", None),
        ("P1Y", None),
        ("PT1H2H", None),
        ("P999999999999D", None),
    ],
)
def test_durations_are_read_as_java_reads_them(text: str, value: timedelta | None) -> None:
    assert parse_duration(text) == value


@given(st.timedeltas(timedelta(days=-100_000), timedelta(days=100_000)))
def test_a_duration_survives_its_text(value: timedelta) -> None:
    assert parse_duration(duration_text(value)) == value


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_date_time_survives_its_text_to_the_microsecond(value: datetime) -> None:
    assert parse_date_time(to_text(value)) == value


def test_every_signature_names_known_types() -> None:
    for rows in JOURNEY.by_name.values():
        for row in rows:
            assert row.result in {*Type, "same", "element"}, row.signature
