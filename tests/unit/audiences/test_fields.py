"""What the lists of an audience say of its members: declared fields, their types, and values read by them."""

import orjson
import pytest

from parcours.audiences.document import read_document
from parcours.audiences.errors import AudienceInvalid
from parcours.audiences.fields import attributes_reader, document_of, read_fields

FIELDS = [
    {"name": "tier", "type": "string"},
    {"name": "points", "type": "integer"},
    {"name": "visits", "type": "long"},
    {"name": "spent", "type": "number"},
    {"name": "active", "type": "boolean"},
    {"name": "born", "type": "date"},
    {"name": "seen", "type": "datetime"},
]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({}, "$.fields"),
        ([{"name": "a"}], "$.fields[0]"),
        ([{"name": "a", "type": "string", "label": "A"}], "$.fields[0]"),
        ([{"name": "", "type": "string"}], "$.fields[0].name"),
        ([{"name": "a", "type": "text"}], "$.fields[0].type"),
        ([{"name": "a", "type": ["string"]}], "$.fields[0].type"),
        ([{"name": "a", "type": {}}], "$.fields[0].type"),
        ([{"name": "a", "type": "string"}, {"name": "a", "type": "date"}], "$.fields[1].name"),
        ([{"name": f"a{n}", "type": "string"} for n in range(201)], "$.fields"),
    ],
)
def test_fields_that_can_not_be_are_told_where(fields: object, path: str) -> None:
    with pytest.raises(AudienceInvalid) as refused:
        read_fields(fields)
    assert refused.value.path == path


def test_an_audience_keeps_its_fields_and_has_none_by_default() -> None:
    body = {"name": "VIP", "identityNamespace": "Email"}
    assert read_document(body)["fields"] == []
    assert read_document({**body, "fields": FIELDS})["fields"] == FIELDS


def test_a_value_of_another_type_than_its_field_is_none_and_what_is_not_declared_is_left_out() -> None:
    read = attributes_reader(FIELDS)
    csv = '{"tier":"gold","points":" 12","visits":"3","spent":"1.5","active":"TRUE","born":"1990-02-03","x":"y"}'
    assert read(csv) == {
        "tier": "gold", "points": 12, "visits": 3, "spent": 1.5, "active": True, "born": "1990-02-03",
    }  # fmt: skip
    assert read('{"tier":7,"points":12,"spent":3,"active":false,"seen":"2026-01-01T00:00:00Z"}') == {
        "tier": "7", "points": 12, "spent": 3, "active": False, "seen": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    bad = '{"tier":[1],"points":"1.5","visits":true,"spent":"nan","active":"yes","born":"soon","seen":"2026"}'
    assert read(bad) == {}
    assert read(None) == {}


@pytest.mark.parametrize(
    ("value", "number", "whole"),
    [
        ("1_000", None, None),
        ("\uff11\uff12", None, None),
        ("infinity", None, None),
        ("1e400", None, None),
        (" -.5 ", -0.5, None),
        ("1e3", 1000.0, None),
        ("5.", 5.0, None),
        (5.0, 5.0, 5),
        (-5.0, -5.0, -5),
        (5.5, 5.5, None),
        (1e300, 1e300, None),
    ],
)
def test_numbers_are_read_as_they_are_written(value: object, number: float | None, whole: int | None) -> None:
    read = attributes_reader([{"name": "n", "type": "number"}, {"name": "w", "type": "integer"}])
    found = read(orjson.dumps({"n": value, "w": value}).decode())
    assert (found.get("n"), found.get("w")) == (number, whole)
    assert type(found.get("w")) in (int, type(None))


def test_without_fields_a_member_has_what_the_list_says() -> None:
    assert document_of([]) is None
    assert attributes_reader([])('{"tier":"gold","n":{"a":[1]}}') == {"tier": "gold", "n": {"a": [1]}}
    assert attributes_reader([])(None) == {}
