"""docs/reference/expressions.md says what is: its examples are evaluated, its lists are those of the code."""

import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from parcours.expressions import allowance, compiler, journey_parser, parsing, values
from parcours.expressions.choices import CHOICES
from parcours.expressions.evaluator import Evaluator
from parcours.expressions.json_context import JsonContext
from parcours.expressions.library import JOURNEY

PAGE = (Path(__file__).parents[3] / "docs/reference/expressions.md").read_text(encoding="utf-8")
_EXAMPLE = re.compile(r"`([^`]+)`\s→\s`([^`]+)`")
EXAMPLES = [tuple(part.replace("\\|", "|") for part in found) for found in _EXAMPLE.findall(PAGE)]
(_CONTEXT,) = re.findall(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
(_SIGNATURES, _) = re.findall(r"^```text\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(("text", "value"), EXAMPLES, ids=[text for text, _ in EXAMPLES])
def test_an_example_of_the_page_holds(text: str, value: str) -> None:
    found: Any = Evaluator().evaluate(text, JsonContext(orjson.loads(_CONTEXT), 0)).value
    assert orjson.dumps(found) == orjson.dumps(orjson.loads(value))


def test_the_page_has_every_function_with_an_example() -> None:
    rows = re.findall(r"^\| `(\w+)` \| .* \| .* \| `(.*?)` → ", PAGE, re.MULTILINE)
    assert sorted(name for name, _ in rows) == sorted(JOURNEY.by_name)
    for name, example in rows:
        assert f"{name}(" in example


def test_the_page_has_every_signature() -> None:
    assert _SIGNATURES.splitlines() == JOURNEY.signatures()


def test_the_page_has_every_choice() -> None:
    listed = re.findall(r"^\| ([\d.]+) \| (.*) \|$", PAGE, re.MULTILINE)
    assert listed == [(choice.section, choice.says) for choice in CHOICES]


def test_the_page_has_every_code() -> None:
    sources = [Path(module.__file__ or "") for module in (compiler, journey_parser)]
    room = sources[0].parent
    used = set(re.findall(r'warn\([^"]*"([a-z-]+)"', "".join(path.read_text() for path in room.glob("*.py"))))
    listed = set(re.findall(r"^\| `([a-z]+(?:-[a-z]+)+)` \|", PAGE, re.MULTILINE))
    assert listed == used
    for code in ("syntax", "reference", "type", "runtime"):
        assert re.search(rf"^\| `{code}` \|", PAGE, re.MULTILINE)


def test_the_page_has_the_bounds_of_the_code() -> None:
    bounds = (
        journey_parser.MAX_LENGTH,
        parsing.MAX_NESTING,
        journey_parser.MAX_STEPS,
        compiler.MAX_PATTERNS,
        values.MAX_TEXT,
        allowance.MAX_ELEMENTS,
        int(allowance.MAX_CPU_S),
    )
    section = PAGE.partition("## Bounds")[2].partition("## Warnings")[0]
    listed = [int(number.replace(" ", "")) for number in re.findall(r"\| (\d[\d ]*\d|\d)(?: \w+)? \|$", section, re.M)]
    assert listed == list(bounds)
