"""Composition: references, merging, and the limits that keep hostile documents from costing anything."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcours.xdm.close import close
from parcours.xdm.compiled import build_validator
from parcours.xdm.compose import MAX_DEPTH, merge_documents, resolve
from parcours.xdm.errors import SchemaInvalid


def datatype(name: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"$id": name, "type": "object", "properties": properties, **more}


def resolve_in(resources: list[dict[str, Any]]) -> dict[str, Any]:
    return resolve(resources[0], {one["$id"]: one for one in resources}.get)


def test_references_are_followed_and_joined() -> None:
    schema = {
        "$id": "s",
        "allOf": [{"$ref": "a"}, {"$ref": "#/definitions/own"}],
        "definitions": {"own": {"properties": {"o": {"type": "object", "properties": {"y": {"type": "number"}}}}}},
    }
    part = datatype("a", {"o": {"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"]}})
    document = resolve_in([schema, part])
    assert set(document["properties"]["o"]["properties"]) == {"x", "y"}
    assert document["properties"]["o"]["required"] == ["x"]


def test_a_field_keeps_its_own_label_and_names_its_data_type() -> None:
    schema = datatype("s", {"home": {"$ref": "address", "title": "Home"}})
    document = resolve_in([schema, datatype("address", {"city": {"type": "string"}}, title="Address")])
    home = document["properties"]["home"]
    assert home["title"] == "Home"
    assert home["meta:referencedFrom"] == "address"
    assert home["properties"]["city"]["meta:xdmType"] == "string"


def test_a_reference_to_a_text_is_a_text() -> None:
    schema = datatype("s", {"code": {"$ref": "code", "type": "object", "meta:xdmType": "object"}})
    document = resolve_in([schema, {"$id": "code", "type": "string", "pattern": "^[A-Z]+$"}])
    assert document["properties"]["code"]["type"] == "string"
    assert document["properties"]["code"]["meta:xdmType"] == "string"


BOTH = {"$id": "s", "allOf": [{"$ref": "t"}, {"$ref": "u"}]}


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        ([datatype("s", {"a": {"$ref": "gone"}})], "does not exist"),
        ([datatype("s", {"a": {"$ref": "#/definitions/gone"}})], "points at nothing"),
        ([datatype("s", {"a": {"$ref": "s"}})], "leads back to itself"),
        ([datatype("s", {"a": {"$ref": "t"}}), datatype("t", {"b": {"$ref": "s"}})], "leads back to itself"),
        (
            [{"$id": "s", "allOf": [{"$ref": "#/definitions/a"}], "definitions": {"a": {"$ref": "#/definitions/a"}}}],
            "leads back to itself",
        ),
        (
            [BOTH, datatype("t", {"n": {"type": "string"}}), datatype("u", {"n": {"type": "number"}})],
            "is a string in one place and a number in another",
        ),
        (
            [
                BOTH,
                datatype("t", {"n": {"type": "string"}}),
                datatype("u", {"n": {"type": "string", "format": "date"}}),
            ],
            "is a string in one place and a date in another",
        ),
        ([{"$id": "s", "allOf": "t"}], "a list is needed"),
        ([{"$id": "s", "allOf": ["t"]}], "a JSON object is needed"),
        ([{"$id": "s", "properties": []}], "a JSON object is needed"),
    ],
)
def test_what_can_not_be_composed_is_told(resources: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(SchemaInvalid, match=message):
        resolve_in(resources)


def test_a_schema_that_multiplies_itself_is_refused_by_its_size() -> None:
    types = [datatype(f"t{level}", {f"f{n}": {"$ref": f"t{level + 1}"} for n in range(10)}) for level in range(12)]
    types.append(datatype("t12", {"x": {"type": "string"}}))
    with pytest.raises(SchemaInvalid, match="more than"):
        resolve_in(types)


def test_fields_nested_too_deep_are_refused() -> None:
    node: dict[str, Any] = {"type": "string"}
    for _ in range(MAX_DEPTH + 1):
        node = {"type": "object", "properties": {"a": node}}
    with pytest.raises(SchemaInvalid, match="nest deeper"):
        resolve_in([{"$id": "s", **node}])
    chain = [datatype(f"t{n}", {"a": {"$ref": f"t{n + 1}"}}) for n in range(MAX_DEPTH + 1)]
    with pytest.raises(SchemaInvalid, match="nest deeper"):
        resolve_in([*chain, datatype(f"t{MAX_DEPTH + 1}", {"x": {"type": "string"}})])


def test_a_data_type_used_twice_is_no_cycle() -> None:
    schema = datatype("s", {"a": {"$ref": "t"}, "b": {"$ref": "t"}})
    document = resolve_in([schema, datatype("t", {"x": {"type": "string"}})])
    assert document["properties"]["a"]["properties"] == document["properties"]["b"]["properties"]


def test_documents_laid_over_each_other_keep_every_field() -> None:
    merged = merge_documents(
        [resolve_in([datatype("a", {"x": {"type": "string"}})]), resolve_in([datatype("b", {"y": {"type": "string"}})])]
    )
    assert set(merged["properties"]) == {"x", "y"}


NAMES = st.sampled_from("abcde")
LEAVES = st.sampled_from(
    [{"type": "string"}, {"type": "integer"}, {"type": "number"}, {"type": "boolean"}, {"$ref": "leaf"}]
)
NODES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda p: {"type": "object", "properties": p}, st.dictionaries(NAMES, inner, max_size=4)),
        st.builds(lambda i: {"type": "array", "items": i}, inner),
        st.builds(lambda i: {"type": "object", "additionalProperties": i}, inner),
        st.builds(lambda parts: {"allOf": parts}, st.lists(inner, max_size=2)),
    ),
    max_leaves=12,
)


@given(NODES)
def test_anything_composes_to_a_validator_or_is_refused(node: dict[str, Any]) -> None:
    leaf = {"$id": "leaf", "type": "object", "properties": {"z": {"type": "string"}}}
    try:
        document = resolve_in([{"$id": "s", "type": "object", "properties": {"root": node}}, leaf])
    except SchemaInvalid:
        return
    closed = close(document, "adhoc", ())
    assert "$ref" not in str(closed)
    assert not build_validator(closed).is_valid({"unknown": 1})
