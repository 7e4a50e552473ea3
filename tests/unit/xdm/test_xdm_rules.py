"""What a tenant's resource must look like."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcours.xdm.compose import resolve
from parcours.xdm.errors import SchemaInvalid
from parcours.xdm.rules import check_names, references, template


def group(**fields: Any) -> dict[str, Any]:
    return {"title": "G", "properties": {"_acme": {"type": "object", "properties": fields}}}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "$.title"),
        ({"title": ""}, "$.title"),
        ({"title": 3}, "$.title"),
        ({"title": "x" * 600}, "$.title"),
        ({"title": "G"}, "$.allOf"),
        ({"title": "G", "type": "string"}, "$.type"),
        ({"title": "G", "allOf": {}}, "$.allOf"),
        ({"title": "G", "allOf": [3]}, "$.allOf[0]"),
        ({"title": "G", "allOf": [{"$ref": 3}]}, "$.allOf[0].$ref"),
        ({"title": "G", "properties": []}, "$.properties"),
        ({"title": "G", "definitions": 3, "allOf": []}, "$.definitions"),
        ({"title": "G", "meta:intendedToExtend": "x", "allOf": []}, "$.meta:intendedToExtend"),
        ({"title": "G", "meta:immutableTags": [1], "allOf": []}, "$.meta:immutableTags"),
        (group(a="string"), "$._acme.a"),
        (group(a={}), "$._acme.a.type"),
        (group(a={"type": "text"}), "$._acme.a.type"),
        (group(a={"type": ["string", "null"]}), "$._acme.a.type"),
        (group(a={"type": {"a": 1}}), "$._acme.a.type"),
        (group(a={"type": "string", "meta:xdmType": "decimal"}), "$._acme.a.meta:xdmType"),
        (group(a={"type": "string", "pattern": "("}), "$._acme.a.pattern"),
        (group(a={"type": "string", "enum": []}), "$._acme.a.enum"),
        (group(a={"type": "string", "enum": [None]}), "$._acme.a.enum"),
        (group(a={"type": "string", "minLength": -1}), "$._acme.a.minLength"),
        (group(a={"type": "string", "minLength": "1"}), "$._acme.a.minLength"),
        (group(a={"type": "number", "minimum": "1"}), "$._acme.a.minimum"),
        (group(a={"type": "number", "multipleOf": 0}), "$._acme.a.multipleOf"),
        (group(a={"type": "array"}), "$._acme.a.items"),
        (group(a={"type": "array", "items": [{"type": "string"}]}), "$._acme.a[*]"),
        (group(a={"type": "object", "additionalProperties": 3}), "$._acme.a.additionalProperties"),
        (group(a={"anyOf": [{"type": "string"}]}), "$._acme.a.anyOf"),
        (group(a={"type": "object", "patternProperties": {}}), "$._acme.a.patternProperties"),
        (group(a={"type": "string", "title": 1}), "$._acme.a.title"),
        (group(a={"type": "object", "required": "x"}), "$._acme.a.required"),
    ],
)
def test_what_is_no_xdm_is_refused_where_it_stands(body: dict[str, Any], path: str) -> None:
    with pytest.raises(SchemaInvalid) as refused:
        template("mixins", body)
    assert refused.value.path == path


def test_fields_get_their_xdm_types() -> None:
    made = template(
        "mixins",
        group(
            day={"type": "string", "format": "date"},
            moment={"meta:xdmType": "date-time"},
            count={"type": "integer"},
            small={"type": "integer", "minimum": -128, "maximum": 127},
            short={"meta:xdmType": "short"},
            map={"type": "object", "additionalProperties": {"type": "string"}},
            inner={"properties": {"x": {"type": "boolean"}}},
        ),
    )
    fields = made["properties"]["_acme"]["properties"]
    kinds = {name: field["meta:xdmType"] for name, field in fields.items()}
    assert kinds == {
        "day": "date", "moment": "date-time", "count": "long", "small": "byte", "short": "short", "map": "map",
        "inner": "object",
    }  # fmt: skip
    assert (fields["moment"]["type"], fields["moment"]["format"]) == ("string", "date-time")
    assert (fields["short"]["minimum"], fields["short"]["maximum"]) == (-32_768, 32_767)


def test_a_null_is_as_good_as_nothing() -> None:
    made = template("schemas", {"title": "S", "allOf": [], "properties": {"a": {"type": "string", "minLength": None}},
                                "meta:immutableTags": None})  # fmt: skip
    assert made["meta:immutableTags"] == []
    assert "minLength" not in made["properties"]["a"]


def named(**properties: Any) -> dict[str, Any]:
    return {"properties": properties}


@pytest.mark.parametrize(
    ("kind", "resource"),
    [
        ("mixins", named(_acme={"type": "object", "properties": {"a-b_C1": {"type": "string"}}})),
        ("mixins", named(person={"type": "object", "properties": {"_acme": {"type": "object", "properties": {}}}})),
        ("datatypes", named(street={"type": "string"})),
        (
            "mixins",
            {
                "allOf": [{"$ref": "#/definitions/own"}],
                "definitions": {
                    "own": named(_acme={"type": "object", "properties": {"home": {"$ref": "#/definitions/home"}}}),
                    "home": named(street={"type": "string"}),
                },
            },
        ),
    ],
)
def test_names_in_their_place_are_taken(kind: str, resource: dict[str, Any]) -> None:
    check_names(kind, resource, "acme")


@pytest.mark.parametrize(
    ("kind", "resource", "path"),
    [
        ("mixins", named(street={"type": "string"}), "$.street"),
        ("mixins", named(person={"type": "object", "properties": {"x": {"type": "string"}}}), "$.person.x"),
        ("mixins", named(email={"$ref": "https://ns.adobe.com/xdm/context/emailaddress"}), "$.email"),
        ("mixins", named(_other={"type": "object", "properties": {"a": {"type": "string"}}}), "$._other.a"),
        ("mixins", named(_acme={"type": "string"}), "$._acme"),
        ("mixins", named(_acme={"type": "object", "properties": {"_a": {"type": "string"}}}), "$._acme._a"),
        ("mixins", named(_acme={"type": "object", "properties": {"a b": {"type": "string"}}}), "$._acme.a b"),
        ("mixins", named(_acme={"type": "object", "properties": {"": {"type": "string"}}}), "$._acme."),
        ("datatypes", named(**{"a.b": {"type": "string"}}), "$.a.b"),
        ("mixins", {"allOf": [named(street={"type": "string"})]}, "$.allOf[0].street"),
        (
            "mixins",
            {"allOf": [{"$ref": "#/definitions/own"}], "definitions": {"own": named(street={"type": "string"})}},
            "$.definitions.own.street",
        ),
    ],
)
def test_names_out_of_place_are_told(kind: str, resource: dict[str, Any], path: str) -> None:
    with pytest.raises(SchemaInvalid) as refused:
        check_names(kind, resource, "acme")
    assert refused.value.path == path


def test_direct_references_are_found_at_any_depth_once() -> None:
    resource = {
        "allOf": [{"$ref": "a"}, {"$ref": "#/definitions/d"}],
        "definitions": {"d": named(x={"type": "array", "items": {"$ref": "b#/definitions/z"}}, y={"$ref": "a"})},
    }
    assert references(resource) == ["a", "b"]


KEYS = st.sampled_from(
    ["type", "title", "properties", "items", "allOf", "$ref", "definitions", "enum", "additionalProperties",
     "required", "minimum", "pattern", "format", "meta:xdmType", "_acme", "x"]
)  # fmt: skip
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from(["string", "object", "array", "integer", "#/definitions/x", "s", "(", "map", "date-time"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=25,
)


@given(st.dictionaries(KEYS, VALUES, max_size=6))
def test_any_body_is_taken_whole_or_refused(body: dict[str, Any]) -> None:
    try:
        made = {"$id": "s", **template("mixins", {"title": "G", **body})}
        check_names("mixins", made, "acme")
        resolve(made, lambda uri: None)
    except SchemaInvalid:
        return
    again = template("mixins", made)
    assert {"$id": "s", **again} == made
