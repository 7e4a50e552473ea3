"""What goes wrong, as the references of actions, channels and data sources tell it, is shown by tests that exist."""

import pytest
from test_journey_statements import _TEST, ROOT, functions_of

from outcome_rows import OutcomeRow, outcome_rows

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
    return [list(row.cells.values()) for row in outcome_rows(page)]


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


@pytest.mark.parametrize("row", outcome_rows("channels.md"), ids=lambda row: row.what)
def test_the_counter_of_a_message_s_row_is_read_by_one_of_its_tests(row: OutcomeRow) -> None:
    """Those of actions and data sources are read row by row by tests/unit/delivery/test_outcome_counters.py."""
    named = {path for path, _ in _TEST.findall(row.cells["shown by"])}
    sources = [(ROOT / path).read_text(encoding="utf-8") for path in named]
    assert any("counted(" in one and f'"{row.what}"' in one for one in sources)
