"""YAML as JSON has it, with the place of everything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcours.kit.yaml_text import MAX_DEPTH, YamlInvalid, read_all, read_yaml, split_json_path

TEXT = """\
a: yes
b: [1, 2.5, 2026-01-01, ~, !!str 3, "4", 1e3, true, 0x1F, '', -5, .5]
c: &x {d: 1}
e: *x
g:
"f g": on
"""


def test_plain_values_are_those_of_json_and_all_else_is_text() -> None:
    assert read_yaml(TEXT, "t").document == {
        "a": "yes",
        "b": [1, 2.5, "2026-01-01", None, "3", "4", 1000.0, True, 31, "", -5, 0.5],
        "c": {"d": 1},
        "e": {"d": 1},
        "g": None,
        "f g": "on",
    }


def test_everything_has_its_place_and_what_is_missing_that_of_what_is_around_it() -> None:
    found = read_yaml(TEXT, "t")
    assert str(found.place(("b", 1))) == "t:2:8"
    assert str(found.place(("c", "missing", 3))) == "t:3:1"
    assert str(found.below("c").place(("d",))) == "t:3:8"
    assert str(read_yaml("", "t").place(("x",))) == "t:1:1"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\na: 2", "t:2:1: 'a' is there twice"),
        ("a: [", "t:2:1: "),
        ("? [a]\n: 1", "t:1:3: a key is a text"),
        ("x: !python/object 1", "t:1:4: tags"),
        ("x: !!binary aGk=", "t:1:4: tags"),
        ("a: 1e999", "t:1:4: 1e999 is no number"),
        ("---\na: 1\n---\nb: 2", "t:4:1: one document is expected here, not 2"),
        ("a: \x07", "t"),
        ("&a [*a]", "more than"),
        ("[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2), "nests more than"),
    ],
)
def test_a_fault_is_told_with_its_place(text: str, said: str) -> None:
    with pytest.raises(YamlInvalid) as caught:
        read_yaml(text, "t")
    assert said in str(caught.value)


def test_aliases_cant_make_a_small_file_large() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(YamlInvalid, match="more than 500000 values"):
        read_yaml("\n".join(lines), "t")


def test_json_is_yaml_and_documents_stand_one_after_the_other() -> None:
    assert read_yaml('{"a": [1, "b", null]}', "t").document == {"a": [1, "b", None]}
    assert [one.document for one in read_all("---\na: 1\n---\nb: 2\n", "t")] == [{"a": 1}, {"b": 2}]


@given(st.lists(st.one_of(st.from_regex(r"[A-Za-z0-9_-]{1,8}", fullmatch=True), st.integers(0, 99)), max_size=5))
def test_a_json_path_is_split_as_it_was_written(tokens: list[str | int]) -> None:
    from parcours.journeys.document import json_path

    assert split_json_path(json_path(tokens)) == tuple(tokens)


def test_quoted_keys_of_a_json_path() -> None:
    assert split_json_path("$.nodes['a b'][0]") == ("nodes", "a b", 0)
