"""What is written as YAML is read as the same document by every reader, and written again as the same bytes."""

from typing import Any, ClassVar

import orjson
import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from parcours.kit import yaml_text
from parcours.kit.yaml_text import read_yaml
from parcours.kit.yaml_writer import write_yaml, yaml_lines

ODD = [
    "no", "yes", "on", "off", "y", "N", "null", "Null", "~", "true", "1", "-1", "+1", "1e3", "1_000", "0o17", "0x1F",
    "0b1", ".5", ".inf", ".nan", "1:2:3.4", "12:30", "2026-01-01", "2026-01-01T00:00:00Z", "=", "<<", "", " ", "'",
    '"', "\"a'b", '#{x} == "gold"', "@event{a.b} > 3", "a'", ":", "a: b", "a:", "a: ", "- x", "? y", "{x}", "[", "]",
    "a]", "|", ">", "a\n", "a\n\nb", "a\n\n", "\ta", "a \nb", " a\nb", "a\n  b\n c", "a\n---\nb", "---", "...", "-",
    "\u2028", "\x85", "\ufeff", "\x7f", "\r\n", "a\r", "é", "😀", "*a", "&a", "%x", "!x", "`", "# c", "a #b", "a#",
    "http://x", "/a/b~1c", "\\", "a\\b", "$ref", "_acme", "x" * 200, "é" * 1200, "a\tb", "\0",
]  # fmt: skip
texts = st.text() | st.sampled_from(ODD) | st.text(alphabet="a \n:#-'\"\t\\{}[],&*?|>%@`!x0", max_size=12)
documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


class _Pure(yaml.SafeLoader):
    """The reader's rules on the parser written in Python."""

    yaml_implicit_resolvers: ClassVar[Any] = yaml_text._Loader.yaml_implicit_resolvers


def same(one: Any, other: Any) -> bool:
    """Members in their order; 1 is not 1.0."""
    return orjson.dumps(one) == orjson.dumps(other)


@settings(max_examples=400)
@given(documents)
def test_any_document_is_read_back_and_written_as_the_same_bytes(document: Any) -> None:
    try:
        orjson.dumps(document)
    except TypeError:
        assume(False)
    text = write_yaml(document)
    read = read_yaml(text, "a.yaml").document
    assert same(read, document), text
    assert write_yaml(read) == text


@settings(max_examples=200)
@given(documents)
def test_other_readers_read_the_same(document: Any) -> None:
    try:
        orjson.dumps(document)
    except TypeError:
        assume(False)
    text = write_yaml(document)
    assert same(yaml.load(text, yaml.SafeLoader), document), text  # YAML 1.1, in Python
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml_text, "_Loader", _Pure)
        assert same(read_yaml(text, "a.yaml").document, document), text


@pytest.mark.parametrize("text", ODD)
def test_odd_texts_survive_as_values_and_as_keys(text: str) -> None:
    document = {"a": text, text: [text, {text: text}]}
    assert same(read_yaml(write_yaml(document), "a.yaml").document, document)


def test_a_document_looks_as_a_person_would_write_it() -> None:
    document = {
        "name": "Thank the customer",
        "nodes": {"gold": {"paths": [{"id": "vip", "expression": '#{x} == "gold"'}], "otherPath": True}},
        "description": "Two lines,\nand a second.\n",
        "layout": {},
        "tags": ["no", "enabled:true", "/a/b"],
        "$ref": "#/definitions/x",
    }
    assert write_yaml(document) == (
        "name: Thank the customer\n"
        "nodes:\n"
        "  gold:\n"
        "    paths:\n"
        "      - id: vip\n"
        "        expression: '#{x} == \"gold\"'\n"
        "    otherPath: true\n"
        "description: |\n"
        "  Two lines,\n"
        "  and a second.\n"
        "layout: {}\n"
        "tags:\n"
        '  - "no"\n'
        "  - enabled:true\n"
        "  - /a/b\n"
        '$ref: "#/definitions/x"\n'
    )


def test_each_line_knows_the_value_that_begins_in_it() -> None:
    document = {"a": [{"b": 1, "c": "x\ny\n"}], "d": 2}
    assert [path for _, path in yaml_lines(document)] == [
        ("a",), ("a", 0), ("a", 0, "c"), None, None, ("d",),
    ]  # fmt: skip
