"""JSON records → Arrow."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parcours.lake.convert import Converter, cell_count, key_count, quoted, sql_type
from parcours.lake.model import UNREADABLE
from parcours.lake.shape import Entries, Items, Leaf, Struct

TEXT = {"type": "string"}


def obj(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


@pytest.fixture(scope="module")
def converter() -> Iterator[Converter]:
    made = Converter()
    yield made
    made.close()


def lines(*records: Any) -> list[bytes]:
    return [orjson.dumps(record) for record in records]


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def rows(table: Any) -> list[dict[str, Any]]:
    return [without_nulls(row) for row in table.to_pylist(maps_as_pydicts="strict")]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def _count(value: Any) -> int:
    if isinstance(value, dict):
        return len(value) + sum(map(_count, value.values()))
    return sum(map(_count, value)) if isinstance(value, list) else 0


@given(json_values)
def test_keys_are_never_counted_too_few(value: Any) -> None:
    assert key_count(orjson.dumps(value)) >= _count(value)


@given(st.dictionaries(st.text(alphabet='a"\\', max_size=6), st.text(alphabet='a"\\', max_size=6), max_size=4))
def test_keys_are_counted_exactly_whatever_is_escaped(value: dict[str, str]) -> None:
    assert key_count(orjson.dumps(value)) == len(value)


NAMES = ("alpha", "beta", "gamma_1", "Δ", "with space", 'q"uote', "_x")
LEAVES: list[tuple[dict[str, Any], st.SearchStrategy[Any]]] = [
    (TEXT, texts),
    ({"type": "integer"}, st.integers(-(2**63), 2**63 - 1)),
    ({"type": "number"}, st.floats(allow_nan=False, allow_infinity=False)),
    ({"type": "boolean"}, st.booleans()),
    ({"type": "string", "format": "date"}, st.dates().map(date.isoformat)),
    (
        {"type": "string", "format": "date-time"},
        st.datetimes().map(lambda at: at.isoformat() + "Z"),
    ),
]


def _nodes(depth: int) -> st.SearchStrategy[tuple[dict[str, Any], Any]]:
    """(schema node, a strategy for its values)."""
    leaf = st.sampled_from(LEAVES)
    if depth == 0:
        return leaf
    inner = _nodes(depth - 1)

    def as_object(parts: dict[str, Any]) -> tuple[dict[str, Any], Any]:
        values = st.fixed_dictionaries({}, optional={name: part[1] for name, part in parts.items()})
        return obj(**{name: part[0] for name, part in parts.items()}), values

    return st.one_of(
        leaf,
        inner.map(lambda part: ({"type": "array", "items": part[0]}, st.lists(part[1], max_size=3))),
        inner.map(
            lambda part: (
                {"type": "object", "additionalProperties": part[0]},
                st.dictionaries(texts, part[1], max_size=3),
            )
        ),
        st.dictionaries(st.sampled_from(NAMES), inner, min_size=1, max_size=4).map(as_object),
    )


@st.composite
def documents_and_records(draw: st.DrawFn) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    parts = draw(st.dictionaries(st.sampled_from(NAMES), _nodes(2), min_size=1, max_size=5))
    record = st.fixed_dictionaries({}, optional={name: part[1] for name, part in parts.items()})
    return obj(**{name: part[0] for name, part in parts.items()}), draw(st.lists(record, min_size=1, max_size=6))


def as_python(node: dict[str, Any], value: Any) -> Any:
    """The value as Arrow gives it back."""
    match node:
        case {"format": "date"}:
            return date.fromisoformat(value)
        case {"format": "date-time"}:
            return datetime.fromisoformat(value)
        case {"type": "number"}:
            return float(value)
        case {"type": "array", "items": items}:
            return [as_python(items, item) for item in value]
        case {"properties": properties}:
            return {key: as_python(properties[key], item) for key, item in value.items()}
        case {"additionalProperties": dict() as inner}:
            return {key: as_python(inner, item) for key, item in value.items()}
    return value


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=documents_and_records())
def test_valid_records_come_back_as_they_were(data: tuple[dict[str, Any], list[dict[str, Any]]]) -> None:
    document, records = data
    shape = Struct()
    with closing(Converter()) as converter:
        for _ in range(2):  # once as new fields, once by the columns that are there
            converted = converter.convert(lines(*records), shape, document)
            assert converted.unreadable_count == 0
            assert UNREADABLE not in converted.table.column_names
            assert converted.table.column_names == list(shape.fields)
            got = rows(converted.table)
            wanted = [as_python(document, record) for record in records]
            assert [
                {k: v for k, v in row.items() if k in want} for row, want in zip(got, wanted, strict=True)
            ] == wanted
            assert all(set(row) <= set(want) for row, want in zip(got, wanted, strict=True))


def test_known_fields_are_converted_without_a_look_at_the_records(converter: Converter) -> None:
    document = obj(
        a=TEXT, m={"type": "object", "additionalProperties": TEXT}, l={"type": "array", "items": obj(x=TEXT)}
    )
    batch = lines(*({"a": f'q"{n}":\\', "m": {"k": "v"}, "l": [{"x": "1"}, {}]} for n in range(1_500)))
    shape = Struct()
    first = converter.convert(batch, shape, document)
    assert 0 < first.fitted_count < len(batch)
    again = converter.convert(batch, shape, document)
    assert again.fitted_count == 0
    assert again.table == first.table


def test_a_new_field_anywhere_in_a_batch_gets_a_column(converter: Converter) -> None:
    document = obj(a=TEXT, b=obj(c={"type": "integer"}, d=TEXT))
    records: list[dict[str, Any]] = [{"a": "x"} for _ in range(3_000)]
    records[2_000] = {"a": "y", "b": {"d": "new"}}
    shape = Struct({"a": Leaf.TEXT})
    converted = converter.convert(lines(*records), shape, document)
    assert converted.fitted_count < 1_000
    assert shape == Struct({"a": Leaf.TEXT, "b": Struct({"d": Leaf.TEXT})})
    assert rows(converted.table)[2_000] == {"a": "y", "b": {"d": "new"}}


@pytest.mark.parametrize(
    "bad",
    [
        {"_id": "1", "at": "no instant", "n": 1},
        {"_id": "1", "at": "2024-13-01T00:00:00Z", "n": 1},
        {"_id": "1", "n": 1, "list": ["2024-01-01", "no date"]},
        {"_id": "1", "n": 1, "unknown": {"deep": [1]}},
        {"_id": "1", "n": 1, "big": 2**63},
    ],
)
def test_a_stray_value_is_null_and_its_record_is_kept_whole(converter: Converter, bad: dict[str, Any]) -> None:
    document = obj(
        _id=TEXT,
        at={"type": "string", "format": "date-time"},
        n={"type": "number"},
        big={"type": "integer"},
        list={"type": "array", "items": {"type": "string", "format": "date"}},
    )
    good = {"_id": "0", "at": "2024-01-01T00:00:00Z", "n": 2, "list": ["2024-01-01"], "big": 4}
    shape = Struct()
    converter.convert(lines(good), shape, document)
    converted = converter.convert(lines(good, bad, good), shape, document)
    got = rows(converted.table)
    assert converted.unreadable_count == 1
    assert orjson.loads(got[1].pop(UNREADABLE)) == bad
    assert got[1]["_id"] == "1"
    assert got[1]["n"] == 1.0
    assert got[0] == got[2]
    assert got[0]["at"] == datetime(2024, 1, 1, tzinfo=UTC)
    again = converter.convert(lines(good), shape, document)
    assert again.table.column_names[-1] == UNREADABLE
    assert again.table.column(UNREADABLE).null_count == 1


@pytest.mark.parametrize("line", [b"", b"nonsense", b"[1]", b'"x"', b"null", b'{"a":', b"{}{}", b'{"a":"\xff"}'])
def test_a_line_that_is_no_record_lands_as_text_and_stops_no_other(converter: Converter, line: bytes) -> None:
    shape = Struct({"a": Leaf.TEXT})
    converted = converter.convert([b'{"a":"1"}', line, b'{"a":"2"}'], shape, obj(a=TEXT))
    assert converted.table.column("a").to_pylist() == ["1", None, "2"]
    assert converted.table.column(UNREADABLE).to_pylist() == [None, line.decode(errors="replace"), None]


def test_free_form_objects_are_json_text(converter: Converter) -> None:
    document = obj(free={"type": "object"}, l={"type": "array", "items": {"type": "object"}})
    record = {"free": {"a": {"b": [1, '":']}}, "l": [{"x": 1}, {"y": {"z": None}}]}
    shape = Struct()
    for fitted in (2, 0):
        converted = converter.convert(lines(record, record), shape, document)
        got = rows(converted.table)[0]
        assert orjson.loads(got["free"]) == record["free"]
        assert [orjson.loads(text) for text in got["l"]] == record["l"]
        assert converted.fitted_count == fitted
        assert converted.unreadable_count == 0


def test_columns_of_another_type_than_the_schema_are_looked_at_value_by_value(converter: Converter) -> None:
    shape = Struct({"a": Leaf.LONG, "b": Leaf.TEXT})
    converted = converter.convert(lines({"a": "12", "b": "x"}, {"b": "y"}), shape, obj(a=TEXT, b=TEXT))
    assert rows(converted.table)[0] == {"b": "x", UNREADABLE: '{"a":"12","b":"x"}'}
    assert converted.fitted_count == 2


def test_without_a_schema_text_takes_anything(converter: Converter) -> None:
    shape = Struct()
    converted = converter.convert(lines({"a": "x", "n": 1}, {"a": {"deep": 1}}, {"a": 5, "n": 2.5}), shape, None)
    assert rows(converted.table) == [{"a": "x", "n": 1.0}, {"a": '{"deep":1}'}, {"a": "5", "n": 2.5}]


def test_records_that_are_all_empty_still_have_a_column(converter: Converter) -> None:
    shape = Struct()
    converted = converter.convert([b"{}", b"{}"], shape, obj(a=TEXT))
    assert converted.table.num_rows == 2
    assert converted.table.column_names == ["a"]


def test_cells_are_not_trusted_when_a_list_lost_an_element(converter: Converter) -> None:
    shape = Struct({"l": Items(Leaf.LONG)})
    assert cell_count(converter.to_arrow([b'{"l":[1,null]}'], shape), shape) == -1
    assert cell_count(converter.to_arrow([b'{"l":[1,2]}'], shape), shape) == 1


def test_reshaping_adds_and_reorders_columns_at_every_depth(converter: Converter) -> None:
    shape = Struct({"s": Struct({"a": Leaf.TEXT}), "m": Entries(Struct({"x": Leaf.LONG}))})
    table = converter.to_arrow([b'{"s":{"a":"1"},"m":{"k":{"x":1}}}'], shape)
    columns = Struct(
        {
            "m": Entries(Struct({"y": Leaf.TEXT, "x": Leaf.LONG})),
            "n": Leaf.DATE,
            "s": Struct({"b": Leaf.DOUBLE, "a": Leaf.TEXT}),
        }
    )
    reshaped = converter.reshape(table, columns)
    assert reshaped.column_names == ["m", "n", "s"]
    assert rows(reshaped) == [{"m": {"k": {"x": 1}}, "s": {"a": "1"}}]


def test_names_and_types_are_written_as_sql() -> None:
    assert quoted('a"b') == '"a""b"'
    shape = Struct({"a": Items(Struct({"b c": Leaf.LONG})), "m": Entries(Leaf.TIMESTAMP)})
    assert sql_type(shape) == 'STRUCT("a" STRUCT("b c" BIGINT)[], "m" MAP(VARCHAR, TIMESTAMPTZ))'
