"""Contexts written as JSON: types as values show them or as they are declared, and what is kept of the compiled."""

from typing import Any

import pytest

from parcours.expressions import evaluator as evaluator_module
from parcours.expressions.errors import ContextInvalid, ExpressionFailed, ExpressionInvalid
from parcours.expressions.evaluator import Evaluator, describe_error
from parcours.expressions.json_context import JsonContext, natural_type


def answer(text: str, document: Any = None) -> tuple[Any, str]:
    return tuple(Evaluator().evaluate(text, JsonContext(document, 1_559_543_400_000_000)))  # type: ignore[return-value]


def refusal(text: str, document: Any = None) -> dict[str, Any]:
    with pytest.raises((ExpressionInvalid, ExpressionFailed, ContextInvalid)) as raised:
        answer(text, document)
    return describe_error(text, raised.value)


def of_event(payload: Any, **types: str) -> dict[str, Any]:
    return {"events": {"E": payload}, "types": {f"events.E.{path}": kind for path, kind in types.items()}}


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["a"], "string"), ([1], "integer"), ([1, 2.5], "number"), ([4.0], "decimal"), ([True], "boolean"),
        ([None], "any"), ([], "any"), ([1, True], "any"), ([1, "a"], "any"), ([{}], "object"), ([[1]], "listInteger"),
        ([[1, 2.5]], "listDecimal"), ([[1, None]], "listInteger"), ([[]], "listAny"), ([[None]], "listAny"),
        ([[], ["a"]], "listString"), ([[{}], [{"a": 1}]], "listObject"), ([[[1]]], "listAny"), ([["a", 1]], "listAny"),
        ([2**63 - 1], "integer"), ([2**63], "decimal"), ([-(2**63)], "integer"), ([2**64 - 1, 1], "number"),
    ],
)  # fmt: skip
def test_values_show_their_type(values: list[Any], kind: str) -> None:
    assert natural_type(values) == kind


@pytest.mark.parametrize(
    ("text", "payload", "types", "value", "kind"),
    [
        ("@event{E.a}", {"a": 4.0}, {"a": "integer"}, 4, "integer"),
        ("@event{E.a}", {"a": 4}, {"a": "decimal"}, 4.0, "decimal"),
        ("@event{E.a}", {"a": 4}, {}, 4, "integer"),
        ("@event{E.a}", {"a": 4.0}, {}, 4.0, "decimal"),
        ("@event{E.a}", {"a": 2**63}, {}, 2.0**63, "decimal"),
        ("@event{E.a}", {"a": -0.0}, {}, -0.0, "decimal"),
        ("@event{E.a}", {"a": "2021-02-19T01:02:03.5Z"}, {}, "2021-02-19T01:02:03.5Z", "string"),
        ("@event{E.a}", {"a": "2021-02-19T01:02:03.5Z"}, {"a": "dateTime"}, "2021-02-19T01:02:03.500Z", "dateTime"),
        ("@event{E.a}", {"a": "2021-02-19T01:02"}, {"a": "dateTimeOnly"}, "2021-02-19T01:02", "dateTimeOnly"),
        ("@event{E.a}", {"a": "2021-02-19"}, {"a": "dateOnly"}, "2021-02-19", "dateOnly"),
        ("@event{E.a}", {"a": "P1D"}, {"a": "duration"}, "PT24H", "duration"),
        ("@event{E.a}", {"a": ["2021-02-19", None]}, {"a": "listDateOnly"}, ["2021-02-19", None], "listDateOnly"),
        ("@event{E.a}", {}, {"a": "dateTime"}, None, "dateTime"),
        ("@event{E.a}", {"a": None}, {"a": "listObject"}, None, "listObject"),
        ("@event{E.a}", {}, {}, None, "null"),
        ("@event{E.a.b.c}", {"a": {}}, {"a.b.c": "integer"}, None, "integer"),
        ("@event{E.a.b}", {"a": "text"}, {}, None, "null"),
        ("@event{E.a.first().b}", {}, {"a.b": "integer"}, None, "integer"),
        ("@event{E.a.b}", {"a": [{"b": "2021-02-19"}, {}]}, {"a.b": "dateOnly"}, ["2021-02-19", None], "listDateOnly"),
        ("@event{E.a.b}", {"a": [{"b": "2021-02-19"}]}, {"a.b": "listDateOnly"}, ["2021-02-19"], "listDateOnly"),
        ("@event{E.a.b}", {"a": [{"b": 1}, {"b": 2.5}, {}]}, {}, [1.0, 2.5, None], "listDecimal"),
        ("@event{E.a.last(currentEventField.b > 1).b}", {"a": [{"b": 2}, {"b": 1}]}, {}, 2, "integer"),
        ("@event{E.a.at(1).b}", {"a": [{"b": 2}, {"b": 1}]}, {}, 1, "integer"),
        ("@event{E.a.at(1).b} * 2", {"a": [{"b": 2.5}, {"b": 1}]}, {}, 2, "integer"),
        ("@event{E.a.first().b}", {"a": [{"b": 2**63}, {"b": 1}]}, {}, 2.0**63, "decimal"),
        ("@event{E.a.first().b, defaultValue: 7}", {"a": [{}, {"b": 1}, {"b": 2.5}]}, {}, 7, "integer"),
        ("sum(@event{E.a.b})", {"a": [{"b": 2.5}, {"b": 1}]}, {}, 3.5, "decimal"),
        ("round(@event{E.a.first().b})", {"a": [{"b": 2.5}, {"b": 1}]}, {}, 3, "integer"),
        ("@event{E.a.'3h'} > 0", {"a": {"3h": 2.5}}, {}, True, "boolean"),
        ("@event{E.a.'3h'}", {"a": {}}, {"a.'3h'": "decimal"}, None, "decimal"),
        ("@event{E.m.keys()}", {"m": {"b": 1, "a": 2}}, {}, ["b", "a"], "listString"),
        ("@event{E.m.firstEntryKey()}", {"m": {"b": 1, "a": 2}}, {}, "b", "string"),
        ("@event{E.m.entry('a')}", {"m": {"b": 1, "a": 2}}, {}, 2, "integer"),
        ("@event{E.m.entry('c')}", {"m": {"b": 1}}, {}, None, "null"),
        ("@event{E.m.entry('x').first().id}", {"m": {"x": [{"id": "1"}]}}, {}, "1", "string"),
        ("@event{E.m.entry('x')}", {"m": {"x": "P1D"}}, {"m": "map", "m.*": "duration"}, "PT24H", "duration"),
        ("@event{E.a}", {"a": [{"b": 1}]}, {}, [{"b": 1}], "listObject"),
        ("@event{E.a}", {"a": {"b": 1}}, {}, {"b": 1}, "object"),
        ("@event{E.a}", {"a": ["a", 1]}, {}, ["a", 1], "listAny"),
        ("@event{E.a, defaultValue: 'x'}", {}, {}, "x", "string"),
        ("@event{E.a} + 1", {"a": None}, {}, None, "null"),
        ("5 / 2", {}, {}, 2.5, "decimal"),
        ("@event{E.a} / 2", {"a": 4}, {}, 2, "integer"),
        ("[]", {}, {}, [], "listAny"),
        ("[@event{E.none}, 'a']", {}, {}, [None, "a"], "listString"),
    ],
)  # fmt: skip
def test_a_field_has_the_type_of_its_value_or_the_declared_one(
    text: str, payload: Any, types: dict[str, str], value: Any, kind: str
) -> None:
    document = {"events": {"E": payload}, "types": {f"events.E.{path}": name for path, name in types.items()}}
    found = answer(text, document)
    assert found == (value, kind)
    assert type(found[0]) is type(value)


@pytest.mark.parametrize(
    ("text", "document", "code", "offset"),
    [
        ("@event{E.a}", of_event({"a": "x"}, a="integer"), "runtime", None),
        ("@event{E.a}", of_event({"a": 4.5}, a="integer"), "runtime", None),
        ("@event{E.a}", of_event({"a": "4"}, a="integer"), "runtime", None),
        ("@event{E.a}", of_event({"a": 1e300}, a="integer"), "runtime", None),
        ("@event{E.a}", of_event({"a": 2**63}, a="integer"), "runtime", None),
        ("@event{E.a}", of_event({"a": "true"}, a="boolean"), "runtime", None),
        ("@event{E.a}", of_event({"a": "2021-02-19"}, a="dateTime"), "runtime", None),
        ("@event{E.a}", of_event({"a": 1}, a="dateTime"), "runtime", None),
        ("@event{E.a}", of_event({"a": "x"}, a="listString"), "runtime", None),
        ("@event{E.a}", of_event({"a": "x"}, a="listObject"), "runtime", None),
        ("length(@event{E.a})", of_event({"a": 12}), "type", 0),
        ("@event{E.a, defaultValue : 2}", of_event({"a": "x"}), "type", 27),
        ("1 +\n @event{F.a}", of_event({}), "reference", 12),
        ("#{Wether.main.t}", {"dataSources": {"Weather": {"main": {}}}}, "reference", 2),
        ("#{Weather.mian.t}", {"dataSources": {"Weather": {"main": {}}}}, "reference", 10),
        ("@action{Send.id}", None, "reference", 8),
        ("${journeyId}", None, "reference", 2),
        ("nothing(1)", None, "syntax", 0),
        ("", None, "syntax", 0),
        ("1 + ", None, "syntax", 4),
        ("(1", None, "syntax", 2),
        ("1", {"now": "2019-06-03T06:30:00"}, "syntax", None),
        ("1", [], "syntax", None),
        ("1", {"events": []}, "syntax", None),
        ("1", {"types": {"events.E.a": "date"}}, "syntax", None),
        ("1", {"types": {"a": "string"}}, "syntax", None),
        ("1", {"dataSources": {"S": 3}}, "syntax", None),
    ],
)
def test_an_error_has_its_code_and_its_place(text: str, document: Any, code: str, offset: int | None) -> None:
    found = refusal(text, document)
    assert found["code"] == code
    assert (found["position"] and found["position"]["offset"]) == offset
    assert found["message"]


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    document = {"events": {"Order": {}}, "dataSources": {"Weather": {"main": {}}}, "actions": {"Send": {}}}
    for text, name in (
        ("@event{Ordre.a}", "'Order'"),
        ("#{Wether.main.t}", "'Weather'"),
        ("#{Weather.mian.t}", "'main'"),
        ("@action{Sned.a}", "'Send'"),
        ("${instanceUid}", "'instanceUID'"),
        ("lenght('a')", "'length'"),
        ("true adn false", "'and'"),
        ("true AND false", "'and'"),
        ("Null is null", "'null'"),
        ("IF (true) then (1) else (2)", "'if'"),
        ("1 = 1", "'=='"),
        ("true && true", "'and'"),
        ("true || true", "'or'"),
        ("1 <> 1", "'!='"),
        ("@event{Order.l.frist()}", "'first'"),
        ("@event{Order.l, defaultvalue: 1}", "'defaultValue'"),
    ):
        assert f"did you mean {name}" in refusal(text, document)["message"], text


def test_the_whole_context_is_read() -> None:
    document = {
        "dataSources": {
            "Weather": {"main": {"temperature": 21}},
            "ExperiencePlatform": {"ProfileFieldGroup": {"person": {"birthDate": "2000-01-01"}}},
        },
        "actions": {"Send": {"jo_status_code": "http_200", "items": [{"n": 1}, {"n": 2}]}},
        "decisions": {"Offer": {"items": [{"id": "o1"}]}},
        "datasetLookups": {"Rows": {"entities": [{"sku": "a", "price": 1.5}]}},
        "audiences": {"VIP": "realized"},
        "supplementalId": "b-1",
        "journeyProperties": {"journeyVersion": "2", "lastActionExecutionElapsedTime": 12},
        "now": "2019-06-03T08:30:00+02:00",
        "types": {"dataSources.ExperiencePlatform.ProfileFieldGroup.profile.person.birthDate": "dateOnly"},
    }
    for text, value in (
        ("#{Weather.main.temperature, params: {city: 'Paris'}}", 21),
        ("#{Weather.main.temperature, params: {city: #{Weather.main.temperature, params: {a: 1}}}}", 21),
        ("@action{Send.jo_status_code} == 'http_200'", True),
        ("@action{Send.items.all(currentActionField.n > 1).n}", [2]),
        ("listSize(@decision{Offer.items}) > 0", True),
        ("@datasetLookup{Rows.entities.first(currentDatasetLookupField.sku == 'a').price}", 1.5),
        ("@datasetlookup{Rows.entities.first().price}", 1.5),
        ("inAudience('VIP')", True),
        ("${supplementalId}", "b-1"),
        ("${journeyVersion} + ${lastActionExecutionElapsedTime}", "212"),
        ("${lastErrorCode}", None),
        ("now()", "2019-06-03T06:30Z"),
    ):
        assert answer(text, document)[0] == value, text
    for text in (
        "#{ExperiencePlatform.ProfileFieldGroup.profile.person.birthDate}",
        "#{ExperiencePlatform.ProfileFieldGroup.person.birthDate}",
    ):
        assert answer(text, document) == ("2000-01-01", "dateOnly")


def test_an_index_sees_the_element_around_it() -> None:
    payload = {"l": [{"i": 1, "p": ["a", "b"]}, {"i": 0, "p": ["c", "d"]}]}
    text = "@event{E.l.all(currentEventField.p.at(currentEventField.i) == 'b').i}"
    assert answer(text, {"events": {"E": payload}})[0] == [1]


def test_an_expression_is_compiled_once_for_the_types_it_meets(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    original = evaluator_module.compile_journey

    def watched(text: str, *rest: Any) -> Any:
        compiled.append(text)
        return original(text, *rest)

    monkeypatch.setattr(evaluator_module, "compile_journey", watched)
    evaluator = Evaluator()

    def run(value: Any) -> Any:
        return evaluator.evaluate("@event{E.a} + 1", JsonContext({"events": {"E": {"a": value}}}, 0)).value

    assert [run(value) for value in (1, 2, 3, 4.5, 5, 6.5)] == [2, 3, 4, 5.5, 6, 7.5]
    assert len(compiled) == 2  # for an integer, for a decimal
    for _ in range(3):
        with pytest.raises(ExpressionInvalid):
            run(True)
    assert len(compiled) == 3  # a refusal is remembered, too
    with pytest.raises(ExpressionInvalid):
        evaluator.evaluate("@event{E.a} + 1", JsonContext({"events": {"F": {}}}, 0))
    assert run(1) == 2


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluator_module, "MAX_KEPT", 10)
    monkeypatch.setattr(evaluator_module, "MAX_KEPT_LENGTH", 200)
    evaluator = Evaluator()
    for number in range(100):
        evaluator.evaluate(f"{number} + 1", JsonContext(None, 0))
    assert len(evaluator._kept) == 10
    evaluator.evaluate("'" + "a" * 198 + "'", JsonContext(None, 0))
    assert len(evaluator._kept) == 1
    for kind in (1, 1.5, "a", True, [1], ["a"], [1.5], [True], {"b": 1}, None, [{}], [[]]):
        evaluator.evaluate("@event{E.a}", JsonContext({"events": {"E": {"a": kind}}}, 0))
    assert len(evaluator._kept["@event{E.a}"]) == 8
    assert evaluator._length == sum(map(len, evaluator._kept))


def test_a_result_is_always_json() -> None:
    deep: Any = 1
    for _ in range(900):
        deep = [deep]
    document = {"events": {"E": {"deep": deep, "big": 1.7e308}}}
    assert refusal("@event{E.deep}", document)["code"] == "runtime"
    assert refusal("@event{E.deep} == @event{E.deep}", document)["code"] == "runtime"
    assert refusal("@event{E.big} + @event{E.big}", document)["code"] == "runtime"
    assert refusal("avg([@event{E.big}, @event{E.big}])", document)["code"] == "runtime"
    assert refusal("'\\ud83d'")["code"] == refusal("'\udcff'")["code"] == "syntax"
