"""Lists as people have them: what is read of them, what is told of their faults, where they break."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcours.audiences.rows import MAX_ATTRIBUTES_BYTES, MAX_ROW_BYTES, ListUnreadable, Row, read_rows
from parcours.audiences.upload_store import Fault, Options

CSV = (
    b"\xef\xbb\xbfName;E-mail;City\r\n"
    b'Jane;jane@example.com;"Rome; Lazio"\r\n'
    b"\r\n"
    b'"Joe\nJunior"; joe@example.com ;\r\n'
    b"Nobody;anonymous;Bern\r\n"
    b"Zo\xeb;zoe@example.com;\r\n"
    b"short;row\r\n"
    b"Z\xc3\xa9;z\xc3\xa9@example.com;Lyon"
)


def rows_of(
    text: bytes, list_format: str = "csv", cut_at: list[int] | None = None, **options: Any
) -> list[Row | Fault]:
    ends = [*sorted(cut_at or []), len(text)]
    pieces = [text[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]
    return list(read_rows(pieces, list_format, "Email", Options(**options)))


def plain(rows: list[Row | Fault]) -> list[Any]:
    return [
        (row.identity[1], None if row.attributes is None else json.loads(row.attributes))
        if isinstance(row, Row)
        else (row.line, row.reason)
        for row in rows
    ]


def test_csv_gives_identities_with_the_other_columns_and_tells_the_line_of_a_bad_row() -> None:
    found = plain(rows_of(CSV, delimiter=";", identity_column="E-mail"))
    assert found == [
        ("jane@example.com", {"Name": "Jane", "City": "Rome; Lazio"}),
        ("joe@example.com", {"Name": "Joe\nJunior"}),
        (6, "the id names nobody"),
        (7, "its attributes are not UTF-8, or hold a number beyond 64 bits"),
        (8, "the row has another number of cells than the first one, which has 3"),
        ("zé@example.com", {"Name": "Zé", "City": "Lyon"}),
    ]


@given(st.lists(st.integers(3, len(CSV)), max_size=8))
def test_where_csv_is_cut_into_pieces_makes_no_difference(cut_at: list[int]) -> None:
    whole = rows_of(CSV, delimiter=";", identity_column="E-mail")
    assert rows_of(CSV, cut_at=cut_at, delimiter=";", identity_column="E-mail") == whole


@pytest.mark.parametrize(
    ("header", "wanted", "found"),
    [
        ("a,EMAIL,id", None, "2"),
        ("a,Id,b", None, "2"),
        ("a,b,Identity", None, "3"),
        ("whatever", None, "1"),
        ("a,id,b", "b", "3"),
    ],
)
def test_the_identity_is_the_column_that_looks_like_it(header: str, wanted: str | None, found: str) -> None:
    cells = ",".join(str(n) for n in range(1, header.count(",") + 2))
    (row,) = rows_of(f"{header}\n{cells}\n".encode(), identity_column=wanted)
    assert isinstance(row, Row)
    assert row.identity == ("Email", found)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "empty"),
        (b"a,b\n1,2\n", "which column holds the identity"),
        (b"id,id\n1,2\n", "the same name"),
        (b'id,a\nx,"open\ny,2\nz,3\n', "the list breaks"),
        (b'id,a\nx,"quoted" badly\n', "line 2: the list breaks"),
        (b"\xff\xfei\x00d\x00", "UTF-16"),
        (b"id\n" + b"x" * (MAX_ROW_BYTES + 1), "line 2 is longer"),
    ],
)
def test_a_list_that_breaks_says_where(text: bytes, told: str) -> None:
    with pytest.raises(ListUnreadable, match=told):
        rows_of(text)


def test_attributes_of_more_than_is_kept_make_a_bad_row() -> None:
    found = rows_of(b"id,a\nx," + b"y" * MAX_ATTRIBUTES_BYTES + b"\nz,1\n")
    assert [type(row) for row in found] == [Fault, Row]


def test_json_lines_are_objects_or_texts() -> None:
    text = b'{"id":"jane","tier":{"now":"gold"},"n":[1,2.5,null]}\n"joe"\n\n{"id":7}\n{"ID":""}\nnot json\n[1]\n{"a":1}'
    assert plain(rows_of(text, "jsonl")) == [
        ("jane", {"tier": {"now": "gold"}, "n": [1, 2.5, None]}),
        ("joe", None),
        ("7", None),
        (5, "the id names nobody"),
        (6, "it is not JSON: invalid literal, expected 'null'"),
        (7, "a member is an object, or the text of an identity"),
        ("1", None),
    ]


MEMBERS = [
    {"id": "jane", "n": -1.5e3, "nested": {"a": ["]", "}", '"']}},
    "joe",
    {"id": 12},
    12,
    None,
    True,
    ["x"],
    7.25,
]


@given(st.lists(st.integers(0, 300), max_size=8), st.sampled_from([None, 1, 4]), st.booleans())
def test_a_json_list_is_read_element_by_element_wherever_it_is_cut(
    cut_at: list[int], indent: int | None, is_padded: bool
) -> None:
    text = json.dumps(MEMBERS, indent=indent).encode() + (b" \n" if is_padded else b"")
    assert plain(rows_of(text, "json", [at for at in cut_at if at < len(text)])) == [
        ("jane", {"n": -1500, "nested": {"a": ["]", "}", '"']}}),
        ("joe", None),
        ("12", None),
        *((number, "a member is an object, or the text of an identity") for number in (4, 5, 6, 7, 8)),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "ends before"),
        (b'{"id":1}', "begins with a bracket"),
        (b'["a" "b"]', "comma is missing"),
        (b'["a",]', "element 2 is not JSON"),
        (b'["a","b"', "ends before"),
        (b'["a"] x', "behind the list"),
        (b'["a",{"id":"b"]', "element 2 is not JSON"),
        (b'["a","' + b"y" * 3 * MAX_ROW_BYTES, "element 2 is not JSON, or longer"),
        (b"[" + b"[" * 50_000, "element 1 is not JSON"),
    ],
)
def test_a_json_list_that_breaks_says_at_which_element(text: bytes, told: str) -> None:
    with pytest.raises(ListUnreadable, match=told):
        rows_of(text, "json")


def test_an_empty_json_list_has_no_rows() -> None:
    assert rows_of(b" [ ] ", "json") == []


def test_what_nests_too_deep_is_a_bad_row() -> None:
    deep = b'{"id":"x","a":' + b"[" * 150 + b"]" * 150 + b"}"
    assert plain(rows_of(deep + b"\n", "jsonl")) == [(1, "it nests too deep")]
    assert plain(rows_of(b"[" + deep + b"]", "json")) == [(1, "it nests too deep")]
