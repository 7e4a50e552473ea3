"""The reference page of the document tells the truth."""

import re
from pathlib import Path

import orjson

from parcours.journeys.activities import KINDS
from parcours.journeys.document import shape_faults

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/reference/journey-document.md").read_text("utf-8")


def test_the_example_is_a_document() -> None:
    example = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert example is not None
    assert list(shape_faults(orjson.loads(example[1]))) == []


def test_every_kind_of_activity_has_its_section() -> None:
    assert set(re.findall(r"^### `(\w+)`$", PAGE, re.MULTILINE)) == set(KINDS)


def test_every_fault_code_is_explained_and_no_other() -> None:
    sources = (ROOT / "src/parcours/journeys").rglob("*.py")
    raised = {code for file in sources for code in re.findall(r'"(ERR_[A-Z_]+)"', file.read_text("utf-8"))}
    assert set(re.findall(r"`(ERR_[A-Z_]+)`", PAGE)) == raised
