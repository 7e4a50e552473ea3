"""Comments never change what a file says, and none that has a place is lost."""

from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from parcours.ascode.comments import rewrite
from parcours.kit.yaml_text import read_yaml
from parcours.kit.yaml_writer import yaml_lines

keys = st.sampled_from(["name", "a b", "#x", "nodes", "", "x: y", "$ref"])
texts = st.sampled_from(["plain", "two\nlines\n", "two\nlines", "# none", "a # b", "", 'say "no"', "- x", "tail #"])
values = st.recursive(
    texts | st.integers(-9, 9) | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)
documents = st.dictionaries(keys, values, min_size=1, max_size=4)


def commented(document: dict[str, Any], places: set[int]) -> str:
    """The document with a comment above, and one behind, each chosen line that begins a value."""
    lines: list[str] = []
    for number, (line, path) in enumerate(yaml_lines(document)):
        if path is not None and number in places:
            lines.append(f"# above {number}")
            if not line.endswith(("|", "|-")):
                line = f"{line}  # behind {number}"
        lines.append(line)
    return "".join(f"{line}\n" for line in [*lines, "# end"])


@settings(max_examples=300)
@given(documents, documents, st.sets(st.integers(0, 12)))
def test_a_rewritten_file_says_the_new_document_whatever_its_comments(
    old: dict[str, Any], new: dict[str, Any], places: set[int]
) -> None:
    text = commented(old, places)
    located = read_yaml(text, "a.yaml")
    assert orjson.dumps(located.document) == orjson.dumps(old)
    again = rewrite(text, located, new)
    assert orjson.dumps(read_yaml(again, "a.yaml").document) == orjson.dumps(new), again
    assert again.endswith("# end\n")


@settings(max_examples=200)
@given(documents, st.sets(st.integers(0, 12)))
def test_a_file_rewritten_with_what_it_says_keeps_every_comment(document: dict[str, Any], places: set[int]) -> None:
    text = commented(document, places)
    again = rewrite(text, read_yaml(text, "a.yaml"), document)
    assert sorted(line.strip() for line in again.splitlines()) == sorted(line.strip() for line in text.splitlines())
