"""Columns from schemas and from records."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcours.lake.fitting import Fitter, fit_leaf
from parcours.lake.shape import (
    MAX_INFERRED_COLUMNS,
    Entries,
    Items,
    Leaf,
    Struct,
    column_count,
    initial,
    merge,
    select_named,
    type_by,
)

TEXT = {"type": "string"}


def obj(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def array(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


EVENT = obj(
    _id=TEXT,
    timestamp={"type": "string", "format": "date-time"},
    born={"type": "string", "format": "date"},
    count={"type": "integer", "meta:xdmType": "long"},
    total={"type": "number"},
    ok={"type": "boolean"},
    identityMap={"type": "object", "additionalProperties": array(obj(id=TEXT, primary={"type": "boolean"}))},
    commerce=obj(order=obj(priceTotal={"type": "number"}, purchaseID=TEXT), purchases=obj(value={"type": "number"})),
    free={"type": "object"},
)


@pytest.mark.parametrize(
    ("node", "shape"),
    [
        ({"type": "string"}, Leaf.TEXT),
        ({"type": "string", "format": "uri"}, Leaf.TEXT),
        ({"type": "string", "format": "date-time"}, Leaf.TIMESTAMP),
        ({"type": "string", "meta:xdmType": "date-time"}, Leaf.TIMESTAMP),
        ({"type": "string", "format": "date", "meta:xdmType": "date"}, Leaf.DATE),
        ({"type": "integer"}, Leaf.LONG),
        ({"type": "number"}, Leaf.DOUBLE),
        ({"type": "number", "meta:xdmType": "int"}, Leaf.LONG),
        ({"type": "boolean"}, Leaf.BOOLEAN),
        ({"type": ["null", "string"]}, Leaf.TEXT),
        ({"type": ["string", "number"]}, Leaf.JSON),
        ({"type": "object"}, Leaf.JSON),
        ({"type": "object", "additionalProperties": TEXT}, Entries(Leaf.TEXT)),
        (array(TEXT), Items(Leaf.TEXT)),
        (array(obj(a=TEXT)), Items(Struct())),
        ({"type": "array"}, Leaf.JSON),
        ({}, Leaf.JSON),
    ],
)
def test_a_schema_node_gives_its_column_type(node: dict[str, Any], shape: object) -> None:
    assert initial(node) == shape


def test_only_fields_that_occur_become_columns_in_the_order_they_occur() -> None:
    fitter = Fitter(Struct(), EVENT)
    assert fitter.fit({"_id": "1", "commerce": {"order": {"priceTotal": 3}}}) == []
    assert fitter.fit({"identityMap": {"Email": [{"id": "a@b.c"}]}}) == []
    fitter.finish()
    assert fitter.shape == Struct(
        {
            "_id": Leaf.TEXT,
            "commerce": Struct({"order": Struct({"priceTotal": Leaf.DOUBLE})}),
            "identityMap": Entries(Items(Struct({"id": Leaf.TEXT}))),
        }
    )
    assert list(fitter.shape.fields) == ["_id", "commerce", "identityMap"]


def test_an_object_seen_only_empty_gets_one_column_of_its_schema() -> None:
    fitter = Fitter(Struct(), EVENT)
    assert fitter.fit({"commerce": {}}) == []
    fitter.finish()
    assert fitter.shape == Struct({"commerce": Struct({"order": Struct({"priceTotal": Leaf.DOUBLE})})})


def test_what_fits_no_column_is_taken_out_and_named() -> None:
    fitter = Fitter(Struct(), EVENT)
    record = {
        "_id": 5,
        "ok": "yes",
        "count": 2.5,
        "unknown": 1,
        "commerce": {"order": "no object", "purchases": {"value": 1}},
        "identityMap": {"Email": [{"id": 7}, "x"], "ECID": "y"},
    }
    faults = fitter.fit(record)
    assert faults == [
        "$._id",
        "$.ok",
        "$.count",
        "$.unknown",
        "$.commerce.order",
        "$.identityMap.Email[0].id",
        "$.identityMap.Email[1]",
        "$.identityMap.ECID",
    ]
    assert record == {"commerce": {"purchases": {"value": 1}}, "identityMap": {"Email": [{}, None]}}


@pytest.mark.parametrize(
    ("leaf", "value", "fitted"),
    [
        (Leaf.LONG, 3.0, 3),
        (Leaf.LONG, 2**63 - 1, 2**63 - 1),
        (Leaf.TIMESTAMP, "2024-01-01t10:00:00z", "2024-01-01T10:00:00Z"),
        (Leaf.TIMESTAMP, "2024-01-01T10:00:00.123456789+02:00", "2024-01-01T08:00:00.123456Z"),
        (Leaf.TIMESTAMP, "2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"),
        (Leaf.TIMESTAMP, "2024-01-01", "2024-01-01T00:00:00Z"),
        (Leaf.DATE, "2024-02-29", "2024-02-29"),
        (Leaf.DATE, "2024-02-29T10:00:00Z", "2024-02-29"),
    ],
)
def test_a_value_written_otherwise_is_put_as_the_column_takes_it(leaf: Leaf, value: object, fitted: object) -> None:
    assert fit_leaf(leaf, value) == fitted


@pytest.mark.parametrize(
    ("leaf", "value"),
    [
        (Leaf.LONG, 2**63),
        (Leaf.LONG, True),
        (Leaf.LONG, "1"),
        (Leaf.DOUBLE, "1"),
        (Leaf.DOUBLE, False),
        (Leaf.BOOLEAN, 1),
        (Leaf.TEXT, 1),
        (Leaf.DATE, "2023-02-29"),
        (Leaf.DATE, 5),
        (Leaf.TIMESTAMP, "yesterday"),
        (Leaf.TIMESTAMP, "0000-01-01T00:00:00Z"),
        (Leaf.TIMESTAMP, "0001-01-01T00:00:00+10:00"),
        (Leaf.TIMESTAMP, 1_700_000_000),
    ],
)
def test_a_value_of_another_type_does_not_fit(leaf: Leaf, value: object) -> None:
    fitter = Fitter(Struct({"a": leaf}), obj(a=TEXT))
    record = {"a": value}
    assert fitter.fit(record) == ["$.a"]
    assert record == {}


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_instant_fits(at: datetime) -> None:
    fitted = fit_leaf(Leaf.TIMESTAMP, at.isoformat())
    assert datetime.fromisoformat(fitted) == at


def test_two_keys_that_differ_by_case_only_can_not_both_be_columns() -> None:
    fitter = Fitter(Struct(), obj(ID=TEXT, id=TEXT))
    record = {"ID": "a", "id": "b"}
    assert fitter.fit(record) == ["$.id"]
    assert record == {"ID": "a"}


def test_without_a_schema_columns_come_from_the_values() -> None:
    fitter = Fitter(Struct(), None)
    assert fitter.fit({"a": 1, "b": "x", "c": {"d": [True]}, "e": [], "f": None, "g": {"": 1}}) == []
    fitter.finish()
    assert fitter.shape == Struct(
        {
            "a": Leaf.DOUBLE,
            "b": Leaf.JSON,
            "c": Struct({"d": Items(Leaf.BOOLEAN)}),
            "e": Leaf.JSON,
            "g": Leaf.JSON,
        }
    )
    assert fitter.fit({"b": {"any": "thing"}}) == []
    assert fitter.fit({"a": "text"}) == ["$.a"]


def test_keys_that_are_really_values_do_not_make_columns_without_end() -> None:
    fitter = Fitter(Struct(), None)
    faults = fitter.fit({f"key{n}": n for n in range(MAX_INFERRED_COLUMNS + 10)})
    assert len(faults) == 10
    assert column_count(fitter.shape) == MAX_INFERRED_COLUMNS


def test_a_shape_read_back_from_a_table_learns_from_the_schema_what_is_json() -> None:
    shape = Struct({"_id": Leaf.TEXT, "free": Leaf.TEXT, "total": Leaf.DOUBLE})
    assert type_by(shape, EVENT)
    assert shape.fields["free"] is Leaf.JSON


@pytest.mark.parametrize(
    "shape",
    [
        Struct({"_id": Leaf.LONG}),
        Struct({"commerce": Leaf.TEXT}),
        Struct({"commerce": Struct({"order": Struct({"purchaseID": Leaf.DOUBLE})})}),
        Struct({"identityMap": Struct({"Email": Leaf.TEXT})}),
    ],
)
def test_columns_of_other_types_than_the_schema_tells_are_noticed(shape: Struct) -> None:
    assert not type_by(shape, EVENT)


def test_a_data_set_without_a_schema_is_never_trusted() -> None:
    assert not type_by(Struct({"a": Leaf.TEXT}), None)


def test_the_part_of_a_schema_that_a_query_names_is_found_without_any_record() -> None:
    names = frozenset({"commerce", "order", "pricetotal", "identitymap", "nothing"})
    assert select_named(EVENT, names) == Struct(
        {
            "identityMap": Entries(Items(Struct({"id": Leaf.TEXT}))),
            "commerce": Struct({"order": Struct({"priceTotal": Leaf.DOUBLE})}),
        }
    )
    assert select_named(None, names) == Struct()


def test_merging_keeps_the_types_that_are_there() -> None:
    shape = Struct({"a": Leaf.LONG, "s": Struct({"x": Leaf.TEXT})})
    merge(shape, Struct({"a": Leaf.TEXT, "A": Leaf.TEXT, "s": Struct({"y": Leaf.DATE}), "n": Items(Leaf.TEXT)}))
    assert shape == Struct({"a": Leaf.LONG, "s": Struct({"x": Leaf.TEXT, "y": Leaf.DATE}), "n": Items(Leaf.TEXT)})
