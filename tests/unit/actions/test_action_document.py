"""What an action's document may hold."""

import contextlib
from typing import Any

import pytest
from action_documents import document
from hypothesis import given, settings
from hypothesis import strategies as st

from parcours.actions.document import check_edit, read_document
from parcours.actions.errors import ActionInUse, ActionInvalid
from parcours.actions.model import Usage
from parcours.expressions.types import Type

HEADER = {"name": "X", "kind": "constant", "value": "v"}


def request(sample: Any, *fields: dict[str, Any]) -> dict[str, Any]:
    return {"request": {"sample": sample, "fields": list(fields)}}


def field(path: str, **rest: Any) -> dict[str, Any]:
    return {"path": path, "kind": "variable", **rest}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"name": ""}, "$.name"),
        ({"name": "a b"}, "$.name"),
        ({"name": "1a"}, "$.name"),
        ({"name": "a" * 31}, "$.name"),
        ({"name": "é"}, "$.name"),
        ({"name": "a\n"}, "$.name"),
        ({"name": 5}, "$.name"),
        ({"description": 5}, "$.description"),
        ({"url": None}, "$.url"),
        ({"url": "ftp://x.example"}, "$.url"),
        ({"url": "https://93.184.216.34/"}, "$.url"),
        ({"url": "http://localhost/"}, "$.url"),
        ({"url": "https://x.example:8443/"}, "$.url"),
        ({"url": "https://u:p@x.example/"}, "$.url"),
        ({"url": "https://x.example/#f"}, "$.url"),
        ({"method": "DELETE"}, "$.method"),
        ({"method": ["POST"]}, "$.method"),
        ({"headers": {}}, "$.headers"),
        ({"headers": ["x"]}, "$.headers[0]"),
        ({"headers": [{"name": "X Y", "value": "v"}]}, "$.headers[0].name"),
        ({"headers": [{"name": "X\r\n", "value": "v"}]}, "$.headers[0].name"),
        ({"headers": [{"name": "Host", "value": "v"}]}, "$.headers[0].name"),
        ({"headers": [{"name": "content-LENGTH", "value": "1"}]}, "$.headers[0].name"),
        ({"headers": [{"name": "Idempotency-Key", "value": "1"}]}, "$.headers[0].name"),
        ({"headers": [{"name": "Authorization", "value": "Bearer x"}]}, "$.headers[0].value"),
        ({"headers": [{"name": "Content-Type", "value": "text/plain"}]}, "$.headers[0].value"),
        ({"headers": [{"name": "Content-Type", "kind": "variable"}]}, "$.headers[0].kind"),
        ({"headers": [{"name": "Charset", "value": "latin-1"}]}, "$.headers[0].value"),
        ({"headers": [{"name": "X", "value": "a\r\nb"}]}, "$.headers[0].value"),
        ({"headers": [{"name": "X", "value": 5}]}, "$.headers[0].value"),
        ({"headers": [{"name": "X", "kind": "other"}]}, "$.headers[0].kind"),
        ({"headers": [{"name": "X", "kind": "variable", "optional": "yes"}]}, "$.headers[0].optional"),
        ({"headers": [{"name": "X", "kind": "variable", "label": 5}]}, "$.headers[0].label"),
        ({"headers": [{**HEADER, "secret": 1}]}, "$.headers[0].secret"),
        ({"headers": [HEADER, {**HEADER, "name": "x"}]}, "$.headers[1].name"),
        ({"headers": [HEADER] * 101}, "$.headers"),
        ({"queryParameters": [{"name": "", "value": "v"}]}, "$.queryParameters[0].name"),
        ({"queryParameters": [{"name": "a\n", "value": "v"}]}, "$.queryParameters[0].name"),
        ({"queryParameters": [{"name": "a"}]}, "$.queryParameters[0].value"),
        ({"request": []}, "$.request"),
        ({"request": {"sample": {}}}, "$.request.sample"),
        ({"request": {"sample": [1]}}, "$.request.sample"),
        ({"request": {"sample": {"a": 1}, "fields": {}}}, "$.request.fields"),
        ({"request": {"sample": {"a": 1}, "fields": [1]}}, "$.request.fields[0]"),
        ({"request": {"sample": {"a": 1}, "allowNull": 1}}, "$.request.allowNull"),
        ({"request": {"sample": {"a": 1}, "x": 1}}, "$.request.x"),
        ({"method": "GET"}, "$.request"),
        (request({"a.b": 1}), "$.request.sample"),
        (request({"x": [{"$a": 1}]}), "$.request.sample.x[0]"),
        (request({"": 1}), "$.request.sample"),
        (request({"a": 1}, field("a")), "$.request.fields[0].path"),
        (request({"a": 1}, field("")), "$.request.fields[0].path"),
        (request({"a": 1}, field("/b")), "$.request.fields[0].path"),
        (request({"a": [1]}, field("/a/1")), "$.request.fields[0].path"),
        (request({"a": [1]}, field("/a/²")), "$.request.fields[0].path"),
        (request({"a": {"b": 1}}, field("/a")), "$.request.fields[0].path"),
        (request({"a": 1}, field("/a"), field("/a")), "$.request.fields[1].path"),
        (request({"a": [{"b": 1}]}, field("/a"), field("/a/0/b")), "$.request.fields[1].path"),
        (request({"a": [{"b": 1}]}, field("/a/[]/b")), "$.request.fields[0].path"),
        (request({"a": 1}, field("/a", type="listInteger")), "$.request.fields[0].type"),
        (request({"a": 1}, field("/a", type="duration")), "$.request.fields[0].type"),
        (request({"a": 1}, field("/a", type=5)), "$.request.fields[0].type"),
        (request({"a": None}, field("/a")), "$.request.fields[0].type"),
        (request({"a": [1, "x"]}, field("/a")), "$.request.fields[0].type"),
        (request({"a": []}, field("/a")), "$.request.fields[0].type"),
        (request({"a": []}, field("/a", type="listObject")), "$.request.fields[0].type"),
        (request({"a": [{"b": [{"c": 1}]}]}, field("/a")), "$.request.fields[0]"),
        (request({"a": [{"b": []}]}, field("/a")), "$.request.fields[0]"),
        (request({"a": [{"b": [{"c": 1}]}]}, field("/a/0/b")), "$.request.fields[0].kind"),
        (request({"a": [{"b": 1}]}, field("/a"), field("/a/[]/b", kind="constant")), "$.request.fields[1].kind"),
        (request({"a": 1}, field("/a", kind="constant", value="x")), "$.request.fields[0].value"),
        (request({"a": [1]}, field("/a", kind="constant", type="listAny", value=5)), "$.request.fields[0].value"),
        ({"response": []}, "$.response"),
        ({"response": {"sample": [1]}}, "$.response.sample"),
        ({"response": {"sample": {"a": 1}, "types": {"/b": "string"}}}, "$.response.types"),
        ({"response": {"sample": {"a": 1}, "types": {"/a": "listString"}}}, "$.response.types./a"),
        ({"failureResponse": {"sample": {"a": 1}, "types": []}}, "$.failureResponse.types"),
        ({"response": {"sample": {"jo_status_code": "x"}}}, "$.response.sample.jo_status_code"),
        ({"response": {"sample": {"errorResponse": {}}}}, "$.response.sample.errorResponse"),
        ({"url": "https://api.example.com:80/"}, "$.url"),
        ({"marketing": {"requiredMarketingAction": "email"}}, "$.marketing.channel"),
        ({"marketing": {"channel": "fax", "requiredMarketingAction": "offers"}}, "$.marketing.channel"),
        ({"marketing": {"channel": "email", "requiredMarketingAction": 5}}, "$.marketing.requiredMarketingAction"),
        ({"marketing": {"channel": 5}}, "$.marketing.channel"),
        ({"timeout": 5}, "$.timeout"),
        ({"authentication": []}, "$.authentication"),
        ({"authentication": {"type": "oauth"}}, "$.authentication.type"),
        ({"authentication": {"type": []}}, "$.authentication.type"),
    ],
)
def test_a_document_that_cannot_work_is_refused_where_it_is_wrong(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(ActionInvalid) as refused:
        read_document(document(**changes), allow_private=False)
    assert refused.value.path == path


def test_a_private_url_on_any_port_is_taken_when_the_operator_allows_it() -> None:
    assert read_document(document(url="http://127.0.0.1:9000/x"), True)["url"] == "http://127.0.0.1:9000/x"


def test_defaults_are_filled_in_and_what_a_reader_got_may_be_sent_back() -> None:
    found = read_document({"name": "A", "url": "https://x.example", "uid": "u", "metadata": {}, "usedIn": 1}, False)
    assert found == {
        "name": "A",
        "description": "",
        "url": "https://x.example",
        "method": "POST",
        "headers": [],
        "queryParameters": [],
        "authentication": {"type": "none"},
        "request": None,
        "response": None,
        "failureResponse": None,
        "marketing": None,
    }
    assert read_document(found, False) == found


def test_types_are_inferred_from_the_sample() -> None:
    sample = {"s": "x", "i": 1, "d": 1.5, "b": True, "li": [1, None], "ld": [1, 2.5], "lo": [{"a": 1}]}
    found = read_document(document(**request(sample, *(field(f"/{key}") for key in sample))), False)
    assert [Type(entry["type"]) for entry in found["request"]["fields"]] == [
        Type.STRING, Type.INTEGER, Type.DECIMAL, Type.BOOLEAN, Type.LIST_INTEGER, Type.LIST_DECIMAL, Type.LIST_OBJECT,
    ]  # fmt: skip


def test_content_type_may_be_another_json_and_charset_is_swallowed() -> None:
    headers = [
        {"name": "Content-Type", "value": "application/vnd.api+json; charset=utf-8"},
        {"name": "Charset", "value": "UTF-8"},
    ]
    assert [h["name"] for h in read_document(document(headers=headers), False)["headers"]] == ["Content-Type"]


@pytest.mark.parametrize(
    ("usage", "changes", "is_refused"),
    [
        (Usage(), {"name": "Other"}, False),
        (Usage(live=1), {"description": "new", "url": "https://y.example", "authentication": {"type": "none"}}, False),
        (Usage(draft=1), {"name": "Other"}, True),
        (Usage(draft=1), {"method": "PUT"}, True),
        (Usage(live=1), {"request": None}, True),
        (Usage(live=1), {"response": None}, True),
        (Usage(draft=1), {"headers": [HEADER, {**HEADER, "name": "Y"}]}, False),
        (Usage(draft=1), {"headers": []}, True),
        (Usage(draft=1), {"headers": [{**HEADER, "value": "w"}]}, True),
        (Usage(live=1), {"headers": [HEADER, {**HEADER, "name": "Y"}]}, True),
        (Usage(draft=1, live=1), {"queryParameters": [HEADER]}, True),
    ],
)
def test_an_action_in_use_changes_only_where_no_journey_breaks(
    usage: Usage, changes: dict[str, Any], is_refused: bool
) -> None:
    before = read_document(document(headers=[HEADER], queryParameters=[]), False)
    after = read_document(document(**{"headers": [HEADER], "queryParameters": [], **changes}), False)
    if is_refused:
        with pytest.raises(ActionInUse):
            check_edit(before, after, usage)
    else:
        check_edit(before, after, usage)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=6) | st.sampled_from(["/a", "string", "X"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["path", "type", "kind", "name", "value", "sample", "fields", "types", "a", "body"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([*document(), "authentication", "failureResponse"]), _JSON))
def test_any_json_is_read_or_refused_with_its_place(changes: dict[str, Any]) -> None:
    with contextlib.suppress(ActionInvalid):
        found = read_document(document(**changes), allow_private=False)
        assert read_document(found, allow_private=False) == found
