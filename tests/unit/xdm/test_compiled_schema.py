"""Validation: what lands, what doesn't, and the words it is refused with."""

from typing import Any

import pytest

from parcours.xdm.compiled import CompiledSchema, IdentityField
from parcours.xdm.errors import SchemaInvalid
from parcours.xdm.registry import Registry
from parcours.xdm.table import compile_schema
from parcours.xdm.violations import tree

NS = "https://ns.adobe.com/"
GROUP = NS + "acme/mixins/1"
OWN_FIELDS = {
    "text": {"type": "string"},
    "whole": {"type": "integer"},
    "positive": {"type": "integer", "minimum": 1},
    "small": {"type": "integer", "meta:xdmType": "short"},
    "number": {"type": "number", "minimum": 0, "exclusiveMaximum": 10},
    "flag": {"type": "boolean"},
    "choice": {"type": "string", "enum": ["a", "b"]},
    "code": {"type": "string", "pattern": "^[A-Z]{2}$", "maxLength": 2},
    "optional": {"type": "string", "pattern": "([A-Z]{2}|)"},
    "day": {"type": "string", "format": "date"},
    "address": {"type": "string", "format": "email"},
    "list": {"type": "array", "items": {"type": "string"}, "maxItems": 2, "uniqueItems": True},
    "map": {"type": "object", "additionalProperties": {"type": "integer"}},
    "open": {"type": "object", "additionalProperties": True},
    "empty": {"type": "object"},
    "group": {"type": "object", "properties": {"x": {"type": "string"}, "y": {"type": "string"}}, "required": ["x"]},
}


def compiled(*groups: str, class_id: str = "xdm/context/experienceevent", primary: str = "") -> CompiledSchema:
    schema = {
        "$id": NS + "acme/schemas/1",
        "title": "A schema",
        "version": "1.3",
        "meta:resourceType": "schemas",
        "meta:immutableTags": ["union"],
        "allOf": [{"$ref": NS + one} for one in (class_id, *groups)] + [{"$ref": GROUP}],
    }
    group = {
        "$id": GROUP,
        "meta:resourceType": "mixins",
        "properties": {"_acme": {"type": "object", "properties": OWN_FIELDS}},
    }
    descriptor = {
        "@id": "d",
        "@type": "xdm:descriptorIdentity",
        "xdm:sourceSchema": schema["$id"],
        "xdm:sourceProperty": primary,
        "xdm:namespace": "Email",
        "xdm:property": "xdm:code",
        "xdm:isPrimary": True,
    }
    registry = Registry({GROUP: group, schema["$id"]: schema}, {"d": descriptor} if primary else {})
    return compile_schema(registry, schema)


EVENT = compiled("xdm/context/experienceevent-web")


def event(**more: Any) -> dict[str, Any]:
    return {"_id": "1", "timestamp": "2026-05-29T00:00:00.000Z", **more}


def test_the_documented_refusal_comes_in_the_documented_words() -> None:
    profile = compiled(class_id="xdm/context/profile")
    found = profile.violations({"_id": 12345, "person": {"name": {}}, "workEmail": {"primary": True}})
    assert {violation["message"] for violation in found} == {
        "extraneous key [workEmail] is not permitted",
        "extraneous key [person] is not permitted",
        "expected type: String, found: Long",
    }
    assert found[-1] == {
        "schemaLocation": "#/properties/_id",
        "pointerToViolation": "#/_id",
        "causingExceptions": [],
        "keyword": "type",
        "message": "expected type: String, found: Long",
    }
    assert found[0]["keyword"] == "additionalProperties"
    assert found[0]["schemaLocation"] == found[0]["pointerToViolation"] == "#"
    whole = tree(found)
    assert whole["message"] == "3 schema violations found"
    assert whole["causingExceptions"] == found


@pytest.mark.parametrize(
    ("own", "keyword", "message"),
    [
        ({"text": 1}, "type", "expected type: String, found: Long"),
        ({"text": 1.5}, "type", "expected type: String, found: Double"),
        ({"text": True}, "type", "expected type: String, found: Boolean"),
        ({"text": None}, "type", "expected type: String, found: Null"),
        ({"text": []}, "type", "expected type: String, found: JSONArray"),
        ({"text": {}}, "type", "expected type: String, found: JSONObject"),
        ({"text": ""}, "minLength", "expected minLength: 1, actual: 0"),
        ({"whole": True}, "type", "expected type: Integer, found: Boolean"),
        ({"whole": 1.5}, "type", "expected type: Integer, found: Double"),
        ({"whole": "1"}, "type", "expected type: Integer, found: String"),
        ({"day": "0000-02-01"}, "format", "[0000-02-01] is not a valid date"),
        ({"whole": 2**53}, "maximum", f"{2**53} is not less or equal to {2**53 - 1}"),
        ({"whole": -(2**53)}, "minimum", f"-{2**53} is not greater or equal to -{2**53 - 1}"),
        ({"map": {"k": 2**53}}, "maximum", f"{2**53} is not less or equal to {2**53 - 1}"),
        ({"positive": 0}, "minimum", "0 is not greater or equal to 1"),
        ({"positive": 2**60}, "maximum", f"{2**60} is not less or equal to {2**53 - 1}"),
        ({"small": 32_768}, "maximum", "32768 is not less or equal to 32767"),
        ({"number": -1}, "minimum", "-1 is not greater or equal to 0"),
        ({"number": 10}, "exclusiveMaximum", "10 is not less than 10"),
        ({"number": True}, "type", "expected type: Number, found: Boolean"),
        ({"flag": 1}, "type", "expected type: Boolean, found: Long"),
        ({"flag": "true"}, "type", "expected type: Boolean, found: String"),
        ({"choice": "c"}, "enum", "c is not a valid enum value"),
        ({"code": "ab"}, "pattern", "string [ab] does not match pattern ^[A-Z]{2}$"),
        ({"day": "2026-02-30"}, "format", "[2026-02-30] is not a valid date"),
        ({"address": "nobody"}, "format", "[nobody] is not a valid email address"),
        ({"list": []}, "minItems", "expected minimum item count: 1, found: 0"),
        ({"list": ["a", "b", "c"]}, "maxItems", "expected maximum item count: 2, found: 3"),
        ({"list": ["a", "a"]}, "uniqueItems", "array items are not unique"),
        ({"list": [1]}, "type", "expected type: String, found: Long"),
        ({"map": {}}, "minProperties", "minimum size: [1], found: [0]"),
        ({"map": {"k": "v"}}, "type", "expected type: Integer, found: String"),
        ({"empty": {"k": 1}}, "additionalProperties", "extraneous key [k] is not permitted"),
        ({"group": {"y": "1"}}, "required", "required key [x] not found"),
        ({"group": "x"}, "type", "expected type: JSONObject, found: String"),
    ],
)
def test_each_violation_is_told_in_the_reference_validators_words(
    own: dict[str, Any], keyword: str, message: str
) -> None:
    record = event(_acme=own)
    assert not EVENT.is_valid(record)
    (found,) = EVENT.violations(record)
    assert (found["keyword"], found["message"]) == (keyword, message)
    assert found["pointerToViolation"].startswith("#/_acme/")


@pytest.mark.parametrize(
    "own",
    [
        {"whole": 10.0},
        {"whole": 1_526_283_801_869},
        {"number": 3},
        {"optional": ""},
        {"map": {"any key": 1}},
        {"open": {"a": {"b": [1, None]}}},
        {"list": ["a"]},
        {"group": {"x": "1"}},
    ],
)
def test_what_is_allowed_lands(own: dict[str, Any]) -> None:
    assert EVENT.violations(event(_acme=own)) == []
    assert EVENT.is_valid(event(_acme=own))


@pytest.mark.parametrize(
    ("text", "is_valid"),
    [
        ("2018-05-29T00:00:00Z", True),
        ("2018-05-29T00:00:00.1Z", True),
        ("2018-05-29T00:00:00.123456789Z", True),
        ("2018-05-29T00:00:00+02:00", True),
        ("2018-05-29T00:00:00.5-11:30", True),
        ("2018-05-29T00:00:00", False),
        ("2018-05-29", False),
        ("2018-05-29 00:00:00Z", False),
        ("2018-05-29T24:00:00Z", False),
        ("1526283801869", False),
        ("2018-00-23T22:07:01Z", False),
        ("0000-05-29T00:00:00Z", False),
        ("0001-05-29T00:00:00Z", True),
        ("9999-12-31T23:59:59Z", True),
        ("2016-12-31T23:59:60Z", False),
        ("2018-05-29t00:00:00Z", False),
        ("2018-05-29T00:00:00z", False),
        ("2018-05-29T00:00:00.Z", False),
        ("2018-05-29T00:00:00.1234567890Z", False),
    ],
)
def test_times_are_taken_in_the_documented_forms_only(text: str, is_valid: bool) -> None:
    assert EVENT.is_valid(event() | {"timestamp": text}) is is_valid


def test_a_time_that_fits_no_column_is_told_once_and_as_any_other_wrong_time() -> None:
    for text in ("0000-05-29T00:00:00Z", "2018-05-29T00:00:00z", "2018-13-29t00:00:00"):
        (found,) = EVENT.violations(event() | {"timestamp": text})
        assert (found["keyword"], found["schemaLocation"]) == ("format", "#/properties/timestamp")
        assert found["message"].startswith(f"[{text}] is not a valid date-time. Expected [")


def test_a_wrong_time_is_answered_with_the_forms_that_are_right() -> None:
    (found,) = EVENT.violations(event() | {"timestamp": "2018-00-23T22:07:01Z"})
    assert found["keyword"] == "format"
    assert found["message"].startswith(
        "[2018-00-23T22:07:01Z] is not a valid date-time. Expected [yyyy-MM-dd'T'HH:mm:ssZ, "
        "yyyy-MM-dd'T'HH:mm:ss.[0-9]{1-9}Z, "
    )
    assert (found["pointerToViolation"], found["schemaLocation"]) == ("#/timestamp", "#/properties/timestamp")


def test_an_event_needs_id_and_time_and_a_record_neither() -> None:
    messages = [violation["message"] for violation in EVENT.violations({"_acme": {"text": "a"}})]
    assert messages == ["required key [_id] not found", "required key [timestamp] not found"]
    assert compiled(class_id="xdm/context/profile").is_valid({"_acme": {"text": "a"}})


def test_a_primary_identity_field_of_a_record_is_demanded_with_all_on_its_way() -> None:
    profile = compiled(class_id="xdm/context/profile", primary="/_acme/text")
    assert profile.primary_identity == IdentityField(("_acme", "text"), "Email", True)
    assert [v["message"] for v in profile.violations({"_id": "1"})] == ["required key [_acme] not found"]
    assert [v["message"] for v in profile.violations({"_acme": {"flag": True}})] == ["required key [text] not found"]
    assert profile.is_valid({"_acme": {"text": "jane@example.com"}})


def test_an_identity_field_of_an_event_is_not_demanded() -> None:
    assert compiled(primary="/_acme/text").is_valid(event())


@pytest.mark.parametrize(
    ("identity_map", "is_valid"),
    [
        ({"Email": [{"id": "a@example.com", "primary": True}], "ECID": [{"id": "1"}]}, True),
        ({"Email": [{"id": "a@example.com", "authenticatedState": "loggedOut"}]}, True),
        ({"Email": [{"id": "a", "primary": True}], "ECID": [{"id": "1", "primary": True}]}, False),
        ({"Email": [{"id": "a", "primary": True}, {"id": "b", "primary": True}]}, False),
        ({"Email": [{"id": "a", "authenticatedState": "perhaps"}]}, False),
        ({"Email": [{"primary": True}]}, False),
        ({"Email": [{"id": "a", "other": 1}]}, False),
        ({"Email": []}, False),
        ({"Email": {"id": "a"}}, False),
        ({}, False),
    ],
)
def test_the_identity_map_has_one_primary_at_most(identity_map: dict[str, Any], is_valid: bool) -> None:
    record = event(identityMap=identity_map)
    assert EVENT.is_valid(record) is is_valid
    assert (EVENT.violations(record) == []) is is_valid


@pytest.mark.parametrize("record", [None, [], "x", 1, True, {}, {"identityMap": 3}, {"identityMap": {"Email": [3]}}])
def test_anything_that_is_no_record_is_refused_not_crashed_on(record: Any) -> None:
    assert not EVENT.is_valid(record)
    assert EVENT.violations(record)


def test_at_most_five_violations_are_told() -> None:
    record = event(**{f"k{n}": n for n in range(20)})
    assert len(EVENT.violations(record)) == 5
    assert len(EVENT.violations(record, limit=50)) == 20


def test_a_record_nested_without_end_is_refused() -> None:
    deep: dict[str, Any] = {}
    node = deep
    for _ in range(100_000):
        node["a"] = {}
        node = node["a"]
    record = event(_acme={"open": deep, "text": 1})
    assert not EVENT.is_valid(record)
    assert len(EVENT.violations(record)) == 1


def test_a_hostile_pattern_costs_a_violation_and_little_time() -> None:
    schema = CompiledSchema(
        "s",
        "c",
        "t",
        0,
        "record",
        False,
        {"type": "object", "properties": {"a": {"type": "string", "pattern": "(a+)+$(?!b)"}}},
    )
    assert not schema.is_valid({"a": "a" * 40 + "!"})


def test_what_a_compiled_schema_says_of_itself() -> None:
    assert (EVENT.version, EVENT.behaviour, EVENT.is_union) == (3, "time-series", True)
    assert EVENT.class_id == NS + "xdm/context/experienceevent"


def test_a_schema_without_a_class_takes_only_its_own_fields() -> None:
    schema = {"$id": "s", "title": "t", "version": "1.0", "properties": {"a": {"type": "string"}}}
    plain = compile_schema(Registry({"s": schema}), schema)
    assert plain.behaviour == "adhoc"
    assert plain.is_valid({"a": "b"})
    assert not plain.is_valid({"b": "b"})


def test_a_pattern_that_can_not_be_read_is_an_error_of_the_schema() -> None:
    schema = {"$id": "s", "title": "t", "version": "1.0", "properties": {"a": {"type": "string", "pattern": "("}}}
    with pytest.raises((SchemaInvalid, ValueError)):
        compile_schema(Registry({"s": schema}), schema)
