"""What goes wrong, as the references of actions, channels and data sources tell it, is shown by tests that exist."""

import re

import pytest
from test_journey_statements import _TEST, ROOT, functions_of

PAGES = {
    "actions.md": (
        "hangs", "breaks the connection off", "answers 500", "169.254.169.254", "10 MB", "wrong JSON", "without end",
        "token server is down",
    ),
    "data-sources.md": (
        "hangs", "resets", "500", "169.254.169.254", "10 MB", "wrong JSON", "endless", "token server is down",
    ),
    "channels.md": (
        "hangs", "breaks off", "500", "10 MB", "loops", "missing field", "10 000 characters", "line break in a subject",
        "1 000 recipients bounce",
    ),
}  # fmt: skip
"""Page → words of the bad input that must have a row."""


def rows(page: str) -> list[list[str]]:
    text = (ROOT / "docs/reference" / page).read_text(encoding="utf-8")
    section = re.split(r"\n#{2,3} ", text.partition("# What goes wrong\n")[2])[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


@pytest.mark.parametrize("page", PAGES)
def test_every_row_names_a_test_that_exists(page: str) -> None:
    found = rows(page)
    assert len(found) >= len(PAGES[page])
    for row in found:
        named = _TEST.findall(row[-1])
        assert named, f"{page}: {row[0]}"
        assert all(row), f"{page}: {row[0]} has an empty cell"
        for path, name in named:
            assert name in functions_of(path), f"{path} has no {name}"


@pytest.mark.parametrize("page", PAGES)
def test_every_bad_input_has_its_row(page: str) -> None:
    what = [row[0] for row in rows(page)]
    for words in PAGES[page]:
        assert any(words in one for one in what), f"{page} has no row for {words!r}"
