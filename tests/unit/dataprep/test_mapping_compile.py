"""Raw records to XDM: paths, types of the target, and failures that stay where they happen."""

import copy
import time
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcours.dataprep.compile import CompiledMapping, faults
from parcours.dataprep.documents import mappings_of, read_mapping_set
from parcours.dataprep.errors import MappingSetInvalid
from parcours.dataprep.model import Mapping
from parcours.expressions.errors import ExpressionInvalid
from parcours.xdm.compiled import CompiledSchema

NOW_US = 1_559_543_400_000_000
TEXT = {"type": "string"}
DOCUMENT = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "_id": TEXT,
        "timestamp": {"type": "string", "format": "date-time"},
        "birthDate": {"type": "string", "format": "date"},
        "age": {"type": "integer"},
        "score": {"type": "number"},
        "isActive": {"type": "boolean"},
        "tags": {"type": "array", "items": TEXT},
        "codes": {"type": "object", "additionalProperties": {"type": "integer"}},
        "person": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "age": {"type": "integer"},
                "name": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {"firstName": TEXT, "lastName": TEXT},
                },
            },
        },
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {"sku": TEXT, "price": {"type": "number"}},
            },
        },
        "identityMap": {
            "type": "object",
            "additionalProperties": {
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {"id": TEXT, "primary": {"type": "boolean"}},
                },
            },
        },
    },
}
SCHEMA = CompiledSchema("s", "c", "t", 0, "adhoc", False, DOCUMENT)


def rows(*mappings: tuple[str, str] | tuple[str, str, str]) -> list[Mapping]:
    """(source, destination[, type]) → mappings."""
    return [Mapping(m[2] if len(m) > 2 else "ATTRIBUTE", m[0], m[1]) for m in mappings]  # type: ignore[misc]


def apply(raw: Any, *mappings: Any, with_schema: bool = True) -> tuple[dict[str, Any], list[str]]:
    compiled = CompiledMapping(rows(*mappings), SCHEMA.field_at if with_schema else None)
    before = copy.deepcopy(raw)
    result = compiled.apply(raw, NOW_US)
    assert raw == before
    orjson.dumps(result.entity)
    return result.entity, [str(warning) for warning in result.warnings]


def test_the_tutorials_mapping_fills_nested_fields() -> None:
    entity, warnings = apply(
        {"firstName": "suman", "lastName": "nolan"},
        ("firstName", "person.name.firstName"),
        ("lastName", "person.name.lastName"),
    )
    assert entity == {"person": {"name": {"firstName": "suman", "lastName": "nolan"}}}
    assert warnings == []


@pytest.mark.parametrize(
    ("value", "destination", "found"),
    [
        (1234, "_id", "1234"),
        (True, "_id", "true"),
        (1.5, "_id", "1.5"),
        ("7", "age", 7),
        (7.0, "age", 7),
        ("2.5", "score", 2.5),
        (3, "score", 3),
        *((text, "isActive", True) for text in ("y", "yes", "Y", "YES", "on", "ON", "true", "TRUE")),
        *((text, "isActive", False) for text in ("n", "no", "N", "NO", "off", "OFF", "false", "FALSE")),
        ("2020-01-02T03:04:05.678+02:00", "timestamp", "2020-01-02T03:04:05.678+02:00"),
        ("2020-01-02 03:04:05.678", "timestamp", "2020-01-02T03:04:05.678000Z"),
        ("2020-01-02", "timestamp", "2020-01-02T00:00:00Z"),
        (1_577_934_245_000, "timestamp", "2020-01-02T03:04:05Z"),
        ("12/31/1999", "birthDate", "1999-12-31"),
        ("1999-12-31", "birthDate", "1999-12-31"),
        (["a", None, 1], "tags", ["a", "1"]),
        ({"a": "1", "b": 2}, "codes", {"a": 1, "b": 2}),
        ([{"sku": 5, "price": "1.5", "more": 1}], "lines", [{"sku": "5", "price": 1.5}]),
    ],
)
def test_values_become_what_the_field_holds(value: Any, destination: str, found: Any) -> None:
    entity, warnings = apply({"v": value}, ("v", destination))
    assert warnings == []
    assert entity == {destination: found}
    assert type(entity[destination]) is type(found)
    assert SCHEMA.is_valid(entity)


@pytest.mark.parametrize(
    ("value", "destination"),
    [
        ("seven", "age"), (7.5, "age"), (True, "age"), (2**63, "age"), ("9" * 30, "age"), ("inf", "score"),
        ("maybe", "isActive"), (1, "isActive"), ("soon", "timestamp"), ([], "_id"), ({}, "_id"), ("a", "tags"),
        ("a", "person"), ([], "codes"), ([[1]], "tags"), (["x"], "lines"), (10**18, "timestamp"),
    ],
)  # fmt: skip
def test_what_does_not_fit_leaves_only_its_own_field_empty(value: Any, destination: str) -> None:
    entity, warnings = apply({"v": value, "id": "1"}, ("v", destination), ("id", "person.name.firstName"))
    assert entity == {"person": {"name": {"firstName": "1"}}}
    assert len(warnings) == 1
    assert warnings[0].startswith(f"{destination}: ")


def test_a_parent_object_copies_its_same_named_children() -> None:
    raw = {"who": {"name": {"firstName": "A", "nick": "x", "lastName": None}, "age": "x", "shoe": 42}}
    entity, warnings = apply(raw, ("who", "person"), ("who.name.firstName", "person.name.lastName"))
    assert entity == {"person": {"name": {"firstName": "A", "lastName": "A"}}}
    assert warnings == ["person: age: 'x' is no number"]


def test_a_child_mapped_before_its_parent_object_is_kept() -> None:
    raw = {"first": "F", "who": {"name": {"lastName": "L"}}}
    for order in (0, 1):
        mappings = [("first", "person.name.firstName"), ("who", "person")]
        entity, _ = apply(raw, *(mappings if order else mappings[::-1]))
        assert entity == {"person": {"name": {"firstName": "F", "lastName": "L"}}}


def test_without_a_schema_values_are_copied_as_they_are() -> None:
    raw = {"a": {"b": [1, {"c": None}]}}
    entity, warnings = apply(raw, ("a", "x.y"), ("a.b[0]", "x.y.z"), with_schema=False)
    assert entity == {"x": {"y": {"b": [1, {"c": None}], "z": 1}}}
    assert warnings == []


def test_a_failing_expression_empties_only_its_destination() -> None:
    entity, warnings = apply(
        {"a": "x", "n": 0},
        ("a", "person.name.firstName"),
        ("1 / n", "age", "EXPRESSION"),
        ("concat(a, '-', a)", "person.name.lastName", "EXPRESSION"),
        ("nullify()", "score", "EXPRESSION"),
        ("now()", "timestamp", "EXPRESSION"),
    )
    assert entity == {"person": {"name": {"firstName": "x", "lastName": "x-x"}}, "timestamp": "2019-06-03T06:30:00Z"}
    assert warnings == ["age: division by zero"]


def test_static_values_are_literals() -> None:
    entity, _ = apply(
        {}, ("web", "_id", "STATIC"), ("'quoted'", "person.name.firstName", "STATIC"), ("12", "age", "STATIC")
    )
    assert entity == {"_id": "web", "person": {"name": {"firstName": "quoted"}}, "age": 12}


def test_arrays_are_read_and_filled_by_position() -> None:
    raw = {"orders": [{"id": "a", "p": "1.5"}, {"id": "b"}], "email": "x@y.fr"}
    entity, warnings = apply(
        raw,
        ("orders[0].id", "lines[0].sku"),
        ("orders[1].p", "lines[1].price"),
        ("orders[1].id", "lines[2].sku"),
        ("orders[*].id", "tags"),
        ("email", "identityMap.Email[0].id"),
        ("true", "identityMap.Email[0].primary", "EXPRESSION"),
    )
    assert entity == {
        "lines": [{"sku": "a"}, {"sku": "b"}],
        "tags": ["a", "b"],
        "identityMap": {"Email": [{"id": "x@y.fr", "primary": True}]},
    }
    assert warnings == []
    assert SCHEMA.is_valid(entity)


def test_an_array_is_spread_over_the_elements_of_another() -> None:
    raw = {"orders": [{"id": "a", "p": 1}, {"id": "b"}, {"p": 3}]}
    entity, warnings = apply(raw, ("orders[*].id", "lines[*].sku"), ("orders[*].p", "lines[*].price"))
    assert entity == {"lines": [{"sku": "a", "price": 1}, {"sku": "b"}, {"price": 3}]}
    assert warnings == []
    entity, warnings = apply({"orders": "a"}, ("orders", "lines[*].sku"))
    assert entity == {}
    assert len(warnings) == 1


@pytest.mark.parametrize("raw", [None, 1, "text", [], [{"a": 1}], {}])
def test_a_record_of_any_shape_is_mapped_to_something(raw: Any) -> None:
    entity, _ = apply(raw, ("a.b", "_id"), ("a[0]", "age"), ("a[*].b", "tags"), ("lower(a)", "score", "EXPRESSION"))
    assert entity == {}


def test_names_with_dots_blanks_and_dashes_are_read() -> None:
    raw = {"First Name": "A", "loyalty-id": 7, "my.field": {"x": "B"}}
    entity, _ = apply(
        raw,
        ("${First Name}", "person.name.firstName"),
        ("loyalty-id", "_id"),
        (r"my\.field.x", "person.name.lastName"),
    )
    assert entity == {"person": {"name": {"firstName": "A", "lastName": "B"}}, "_id": "7"}


def test_null_is_left_out_unless_the_set_allows_it() -> None:
    mapping = rows(("a", "_id"), ("missing", "age"))
    assert CompiledMapping(mapping, SCHEMA.field_at).apply({"a": None}).entity == {}
    assert CompiledMapping(mapping, None, allows_null=True).apply({"a": None}).entity == {"_id": None, "age": None}


def test_faults_name_the_mapping_and_the_side() -> None:
    found = faults(
        rows(
            ("firstName", "person.name.firstName"),
            ("lower(", "_id", "EXPRESSION"),
            ("a", "person.name.nick"),
            ("a", "lines.sku"),
            ("a..b", "a[*].b[*]"),
            ("a", "identityMap.Email[0].id"),
        ),
        SCHEMA.field_at,
    )
    assert [(fault.index, fault.key) for fault in found] == [
        (1, "source"), (2, "destination"), (3, "destination"), (4, "source"), (4, "destination"),
    ]  # fmt: skip
    assert "person.name.nick" in found[1].reason
    assert "lines[0]" in found[2].reason


@pytest.mark.parametrize("destination", ["", "a..b", "[0]", "a[*].b[*].c", "a" + ".a" * 200])
def test_a_destination_that_is_no_path_is_refused(destination: str) -> None:
    with pytest.raises(ExpressionInvalid):
        CompiledMapping(rows(("a", destination)), None)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["a", "b", "firstName", "sku", "id", "name"]), inner, max_size=4
    ),
    max_leaves=10,
)  # fmt: skip
_MAPPING = CompiledMapping(
    rows(
        ("a", "person"), ("a", "lines"), ("b", "timestamp"), ("b", "codes"), ("a.b", "_id"), ("b", "birthDate"),
        ("a[*].sku", "lines[*].sku"), ("b", "lines[1]"), ("a", "identityMap"), ("b", "age"), ("b", "isActive"),
        ("b", "tags"), ("a + b", "score", "EXPRESSION"), ("b.id", "identityMap.X[0].id"),
    ),
    SCHEMA.field_at,
)  # fmt: skip


@given(_JSON)
def test_whatever_comes_in_what_comes_out_is_valid(raw: Any) -> None:
    before = orjson.dumps(raw)
    entity = _MAPPING.apply(raw, NOW_US).entity
    assert SCHEMA.is_valid(orjson.loads(orjson.dumps(entity))), SCHEMA.violations(entity)
    assert orjson.dumps(raw) == before


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "$.mappings"),
        ({"mappings": {}}, "$.mappings"),
        ({"mappings": []}, "$.outputSchema"),
        ({"mappings": [], "outputSchema": []}, "$.outputSchema.schemaRef.id"),
        ({"mappings": [], "outputSchema": {"schemaRef": {"id": 1}}}, "$.outputSchema.schemaRef.id"),
        ({"mappings": [], "xdmSchema": "s", "name": 1}, "$.name"),
        ({"mappings": [], "xdmSchema": "s", "allowNullValues": "yes"}, "$.allowNullValues"),
        ({"mappings": [1], "xdmSchema": "s"}, "$.mappings[0]"),
        ({"mappings": [{}], "xdmSchema": "s"}, "$.mappings[0].destination"),
        ({"mappings": [{"destination": "a"}], "xdmSchema": "s"}, "$.mappings[0].source"),
        ({"mappings": [{"destination": "a", "source": 1}], "xdmSchema": "s"}, "$.mappings[0].source"),
        ({"mappings": [{"destination": "a", "source": "b", "sourceType": "X"}], "xdmSchema": "s"},
         "$.mappings[0].sourceType"),
        ({"mappings": [{"destination": "a", "source": "b", "id": []}], "xdmSchema": "s"}, "$.mappings[0].id"),
    ],
)  # fmt: skip
def test_a_mapping_set_of_a_wrong_shape_is_refused_with_the_place(body: Any, path: str) -> None:
    with pytest.raises(MappingSetInvalid) as refused:
        read_mapping_set(body)
    assert refused.value.path == path


def test_both_forms_and_both_old_source_types_are_read() -> None:
    document = read_mapping_set(
        {
            "xdmSchema": "s",
            "mappings": [
                {"sourceAttribute": "a b", "destinationXdmPath": "x", "identity": False, "namespaceCode": "Email"},
                {"sourceType": "text/x.schema-path", "source": "c", "destination": "x"},
                {"sourceType": "text/x.aep-xl", "source": "lower(c)", "destination": "x"},
                {"source": "c.d", "destination": "x"},
                {"source": "upper(c)", "destination": "x"},
                {"sourceType": "static", "source": 1, "destination": "x"},
            ],
        }
    )
    assert [m.source_type for m in mappings_of(document)] == [
        "ATTRIBUTE", "ATTRIBUTE", "EXPRESSION", "ATTRIBUTE", "EXPRESSION", "STATIC",
    ]  # fmt: skip


def test_five_attributes_cost_no_more_than_a_few_copies_of_the_record() -> None:
    raw = {"firstName": "A", "lastName": "B", "id": 1, "address": {"zip": "7"}, "age": 3}
    compiled = CompiledMapping(
        rows(
            ("firstName", "person.name.firstName"),
            ("lastName", "person.name.lastName"),
            ("id", "_id"),
            ("address.zip", "score"),
            ("age", "age"),
        ),
        SCHEMA.field_at,
    )
    copied = min(_time_of(copy.deepcopy, raw) for _ in range(5))
    assert min(_time_of(compiled.apply, raw) for _ in range(5)) < 4 * copied


def _time_of(call: Any, argument: Any) -> float:
    started = time.perf_counter()
    for _ in range(1_000):
        call(argument)
    return time.perf_counter() - started


def test_an_array_to_append_is_a_plain_one_whose_path_is_told() -> None:
    mapping = CompiledMapping(
        rows(
            ("upsert_array_append(tags)", "tags", "EXPRESSION"),
            ("upsert_array_replace(lines)", "lines", "EXPRESSION"),
            ("first", "person.name.firstName"),
        ),
        SCHEMA.field_at,
    )
    result = mapping.apply({"tags": [1, "b"], "lines": [{"sku": "x"}], "first": "Jane"}, NOW_US)
    assert result.entity == {"tags": ["1", "b"], "lines": [{"sku": "x"}], "person": {"name": {"firstName": "Jane"}}}
    assert type(result.entity["tags"]) is list
    assert result.appended == (("tags",),)
    assert mapping.apply({"tags": None}, NOW_US) == ({}, [], ())
    chosen = rows(("iif(fresh, upsert_array_append(tags), upsert_array_replace(tags))", "tags", "EXPRESSION"))
    either = CompiledMapping(chosen, SCHEMA.field_at)
    assert either.apply({"fresh": True, "tags": ["a"]}, NOW_US).appended == (("tags",),)
    assert either.apply({"fresh": False, "tags": ["a"]}, NOW_US) == ({"tags": ["a"]}, [], ())
    spread = CompiledMapping(rows(("upsert_array_append(skus)", "lines[*].sku", "EXPRESSION")), SCHEMA.field_at)
    assert spread.apply({"skus": ["x"]}, NOW_US) == ({"lines": [{"sku": "x"}]}, [], ())
