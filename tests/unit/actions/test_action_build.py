"""From a journey's values to a request."""

import copy
import time
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest
from action_documents import compiled
from hypothesis import given, settings
from hypothesis import strategies as st

from parcours.actions.errors import ActionParameterInvalid
from parcours.actions.model import ActionParameter
from parcours.expressions.types import Type

FULL = {
    "/to/email": "b@example.com",
    "/to/name": "Bo",
    "/points": 7,
    "/ratio": 2,
    "/at": datetime(2024, 5, 6, 7, 8, tzinfo=UTC),
    "/tags": ["a", None, "b"],
    "/items": [{"sku": "s1", "price": 2.5, "size": {"w": 1, "h": 2}, "secret": "x"}, None, {"sku": "s2"}],
    "headers/X-Trace": " t-1 ",
    "queryParameters/lang": "fr",
}


def body_of(parameters: dict[str, Any], **changes: Any) -> Any:
    body = compiled(**changes).build(parameters).body
    assert body is not None
    return orjson.loads(body)


def one_field(type_name: str, sample: Any, value: Any, allow_null: bool = False, **field: Any) -> Any:
    request = {
        "sample": {"v": sample, "fixed": 1},
        "fields": [{"path": "/v", "type": type_name, "kind": "variable", **field}],
        "allowNull": allow_null,
    }
    return body_of(value, request=request)


def test_a_request_holds_constants_and_the_journeys_values() -> None:
    request = compiled().build(FULL)
    assert request.method == "POST"
    assert request.url == "https://api.example.com/messages?source=a%20b%26c&lang=fr"
    assert request.headers == (
        ("Content-Type", "application/json"),
        ("Charset", "UTF-8"),
        ("X-Channel", "email"),
        ("X-Trace", "t-1"),
    )
    assert orjson.loads(request.body or b"") == {
        "to": {"email": "b@example.com", "name": "Bo"},
        "points": 7,
        "ratio": 2,
        "at": "2024-05-06T07:08Z",
        "tags": ["a", "b"],
        "template": "hello",
        "items": [{"sku": "s1", "price": 2.5, "size": {"w": 1}}, {"sku": "s2"}],
    }


def test_fields_without_value_are_left_out() -> None:
    request = compiled().build({"/to/email": "b@example.com"})
    assert orjson.loads(request.body or b"") == {"to": {"email": "b@example.com"}, "template": "hello"}
    assert request.url.endswith("?source=a%20b%26c")
    assert "X-Trace" not in dict(request.headers)


def test_fields_without_value_are_null_when_the_action_allows_null() -> None:
    assert one_field("string", "x", {}, True, optional=True) == {"v": None, "fixed": 1}
    assert one_field("string", "x", {"/v": None}, True) == {"v": None, "fixed": 1}
    assert one_field("string", "x", {"/v": None}, False) == {"fixed": 1}


@pytest.mark.parametrize("allow_null", [True, False])
def test_nulls_in_lists_are_dropped_and_a_null_list_is_empty(allow_null: bool) -> None:
    assert one_field("listInteger", [1], {"/v": [1, None, 2, 3]}, allow_null)["v"] == [1, 2, 3]
    assert one_field("listInteger", [1], {"/v": None}, allow_null)["v"] == []
    assert one_field("listObject", [{"a": 1}], {"/v": None}, allow_null)["v"] == []


def test_a_list_that_is_not_filled_is_left_out_or_null() -> None:
    assert "v" not in one_field("listInteger", [1], {}, False, optional=True)
    assert one_field("listInteger", [1], {}, True, optional=True)["v"] is None
    assert one_field("listObject", [{"a": 1}], {}, True, optional=True)["v"] is None


def test_constants_lose_their_nulls_too() -> None:
    sample = {"a": None, "b": [1, None, [None, 2]], "c": {"d": None}}
    assert body_of({}, request={"sample": sample}) == {"b": [1, [2]], "c": {}}
    assert body_of({}, request={"sample": sample, "allowNull": True}) == {"a": None, "b": [1, [2]], "c": {"d": None}}


def test_items_of_a_fixed_array_are_filled_one_by_one() -> None:
    request = {
        "sample": {"mixed": [1, "x", {"k": "v"}, [True]]},
        "fields": [
            {"path": "/mixed/0", "type": "integer", "kind": "variable"},
            {"path": "/mixed/2/k", "type": "string", "kind": "variable"},
        ],
    }
    assert body_of({"/mixed/0": 5, "/mixed/2/k": "w"}, request=request) == {"mixed": [5, "x", {"k": "w"}, [True]]}
    assert body_of({}, request=request) == {"mixed": ["x", {}, [True]]}


@pytest.mark.parametrize(
    ("type_name", "sample", "value", "sent"),
    [
        ("integer", 1, 4.0, 4),
        ("decimal", 1, 4, 4),
        ("decimal", 1.5, 2.25, 2.25),
        ("boolean", True, False, False),
        ("dateOnly", "x", date(2024, 2, 29), "2024-02-29"),
        ("dateOnly", "x", "2024-02-29", "2024-02-29"),
        ("dateTimeOnly", "x", datetime(2024, 2, 29, 1, 2, 3), "2024-02-29T01:02:03"),
        ("dateTimeOnly", "x", "2024-02-29T01:02:03", "2024-02-29T01:02:03"),
        ("dateTime", "x", datetime(2024, 2, 29, 1, 2, tzinfo=timezone(timedelta(hours=2))), "2024-02-29T01:02+02:00"),
        ("dateTime", "x", "2024-02-29T01:02:03Z", "2024-02-29T01:02:03Z"),
        ("listDateOnly", ["x"], [date(2024, 2, 29), None], ["2024-02-29"]),
        ("listDecimal", [1], [1, 2.5], [1, 2.5]),
        ("string", None, "x", "x"),
    ],
)
def test_a_value_of_the_declared_type_is_sent(type_name: str, sample: Any, value: Any, sent: Any) -> None:
    assert one_field(type_name, sample, {"/v": value})["v"] == sent


@pytest.mark.parametrize(
    ("type_name", "sample", "value"),
    [
        ("string", "x", 1),
        ("string", "x", ["x"]),
        ("integer", 1, "1"),
        ("integer", 1, 1.5),
        ("integer", 1, True),
        ("integer", 1, 2**63),
        ("decimal", 1.5, "1.5"),
        ("decimal", 1.5, float("nan")),
        ("decimal", 1.5, float("inf")),
        ("decimal", 1.5, True),
        ("boolean", True, 1),
        ("boolean", True, "true"),
        ("dateTime", "x", "2024-02-29T01:02:03"),
        ("dateTime", "x", datetime(2024, 2, 29)),
        ("dateTimeOnly", "x", "2024-02-29T01:02:03Z"),
        ("dateTimeOnly", "x", "2024-02-29"),
        ("dateOnly", "x", "2024-02-30"),
        ("dateOnly", "x", "2024-02-29T00:00:00Z"),
        ("dateOnly", "x", datetime(2024, 2, 29)),
        ("listString", ["x"], "x"),
        ("listString", ["x"], ["x", 1]),
        ("listObject", [{"a": 1}], {"a": 1}),
        ("listObject", [{"a": 1}], ["a"]),
        ("listObject", [{"a": 1}], [{"a": "1"}]),
        ("listObject", [{"a": {"b": 1}}], [{"a": 1}]),
        ("string", "x", "\ud800"),
    ],
)
def test_a_value_of_another_type_is_refused_by_name(type_name: str, sample: Any, value: Any) -> None:
    with pytest.raises(ActionParameterInvalid) as refused:
        one_field(type_name, sample, {"/v": value})
    assert refused.value.path.startswith("/v") or value == "\ud800"


def test_attributes_of_an_array_of_objects_keep_their_declared_types() -> None:
    request = {
        "sample": {"v": [{"price": 1, "at": "2024-01-01", "tags": ["x"], "n/a": None}]},
        "fields": [
            {"path": "/v", "kind": "variable"},
            {"path": "/v/[]/price", "type": "decimal"},
            {"path": "/v/[]/at", "type": "dateOnly"},
            {"path": "/v/[]/n~1a", "type": "string"},
        ],
    }
    value = [{"price": 2.5, "at": date(2024, 1, 2), "tags": None, "n/a": "x"}]
    assert body_of({"/v": value}, request=request) == {
        "v": [{"price": 2.5, "at": "2024-01-02", "tags": [], "n/a": "x"}]
    }
    with pytest.raises(ActionParameterInvalid) as refused:
        body_of({"/v": [{"at": "soon"}]}, request=request)
    assert refused.value.path == "/v/[]/at"


def test_a_get_has_no_body_and_no_content_type() -> None:
    request = compiled(method="GET", request=None, headers=[]).build({})
    assert request.body is None
    assert request.headers == ()


@pytest.mark.parametrize(
    ("url", "path", "expected"),
    [
        ("https://h.example", "/a/b", "https://h.example/a/b"),
        ("https://h.example", "", "https://h.example"),
        ("https://h.example", "?a=b", "https://h.example?a=b"),
        ("https://h.example/v1/", "users/a b", "https://h.example/v1/users/a%20b"),
        ("https://h.example/v1/", "é/100%25", "https://h.example/v1/%C3%A9/100%25"),
        ("https://h.example/v1/", "a#b", "https://h.example/v1/a%23b"),
        ("https://h.example/v1", "x\r\ny", "https://h.example/v1x%0D%0Ay"),
        ("https://h.example/v1/", "@x.example/..hidden/...", "https://h.example/v1/@x.example/..hidden/..."),
        ("https://h.example/v1", "/a?next=/../b", "https://h.example/v1/a?next=/../b"),
    ],
)
def test_a_path_is_appended_and_made_safe(url: str, path: str, expected: str) -> None:
    assert compiled(url=url, queryParameters=[], method="GET", request=None).build({}, path).url == expected


def test_a_url_is_sent_as_it_was_written_where_it_can_be() -> None:
    for url, sent in (
        ("https://h.example/a%2Fb?x=%2F&y=a+b%zz", "https://h.example/a%2Fb?x=%2F&y=a+b%zz"),
        ("https://bücher.example:443/é?ü={x}", "https://xn--bcher-kva.example:443/%C3%A9?%C3%BC=%7Bx%7D"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ):
        assert compiled(url=url, queryParameters=[], method="GET", request=None).build({}).url == sent


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://h.example", ".evil.example/"),
        ("https://h.example", "@evil.example/"),
        ("https://h.example", ":8080/"),
        ("https://h.example", "\\@evil.example/"),
        ("https://h.example?x", "@evil.example/"),
        ("https://h.example/v1/", "../admin"),
        ("https://h.example/v1/", "a/../../admin"),
        ("https://h.example/v1", "/.."),
        ("https://h.example/v1", "/%2e%2E/admin"),
        ("https://h.example/v1", "/..%2fadmin"),
        ("https://h.example/v1/.", "./admin"),
        ("https://h.example/v1/", "\ud800"),
    ],
)
def test_a_path_can_neither_change_the_host_nor_climb(url: str, path: str) -> None:
    with pytest.raises(ActionParameterInvalid) as refused:
        compiled(url=url, queryParameters=[], method="GET", request=None).build({}, path)
    assert refused.value.path == "path"


@pytest.mark.parametrize("path", [5, 2.5, True, ["/a"], {"a": "/b"}, b"/a"])
def test_a_path_that_is_no_text_is_refused_by_name(path: Any) -> None:
    with pytest.raises(ActionParameterInvalid, match="the path is a text") as refused:
        compiled(queryParameters=[], method="GET", request=None).build({}, path)
    assert refused.value.path == "path"


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\x00b", "\x7f", "x" * 9_000, "\ud800", 5, ["a"]])
def test_a_header_value_can_inject_nothing(value: Any) -> None:
    with pytest.raises(ActionParameterInvalid) as refused:
        compiled().build({"headers/X-Trace": value})
    assert refused.value.path == "headers/X-Trace"


def test_parameters_are_listed_by_their_path() -> None:
    action = compiled()
    assert action.parameters[0] == ActionParameter("headers/X-Trace", "header", "Trace", Type.STRING, True)
    assert action.parameter("queryParameters/lang") == ActionParameter(
        "queryParameters/lang", "queryParameter", "lang", Type.STRING, True
    )
    email = action.parameter("/to/email")
    assert email is not None
    assert (email.place, email.label, email.is_optional) == ("payload", "Address", False)
    assert action.parameter("/template") is None


def test_an_instance_keeps_only_what_the_action_describes() -> None:
    action = compiled(failureResponse={"sample": {"reason": "x"}})
    assert action.declared_part(False, {"id": 1, "noise": "x" * 1000}) == {"id": 1}
    assert action.declared_part(True, {"reason": "no", "id": 1}) == {"reason": "no"}
    assert action.declared_part(False, [1]) is None
    assert compiled().declared_part(True, {"reason": "no"}) is None
    assert action.response is not None
    assert action.response.types == {"/id": Type.STRING, "/score": Type.DECIMAL}


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([*FULL, "path", "other"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
            max_leaves=5,
        ),
    )
)
def test_any_values_give_a_request_or_a_typed_refusal(parameters: dict[str, Any]) -> None:
    try:
        request = _ACTION.build(parameters, "/x")
    except ActionParameterInvalid:
        return
    assert orjson.loads(request.body or b"")["template"] == "hello"
    assert not any("\n" in value or "\r" in value for _, value in request.headers)


_ACTION = compiled()


def test_a_request_is_built_in_no_more_than_a_few_copies_of_its_parameters() -> None:
    parameters = {**FULL, "/items": []}
    copied = min(_time(lambda: copy.deepcopy(parameters)) for _ in range(5))
    assert min(_time(lambda: _ACTION.build(parameters, None)) for _ in range(5)) < 4 * copied


def _time(call: Any, count: int = 2000) -> float:
    started = time.perf_counter()
    for _ in range(count):
        call()
    return (time.perf_counter() - started) / count
