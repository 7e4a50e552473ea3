"""The tables "What goes wrong" of the references, and the counters at /metrics that their rows tell of."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"
_SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')


class OutcomeRow(NamedTuple):
    """One row of a table."""

    what: str
    cells: dict[str, str]
    """By the head of the column."""

    def words(self, column: str) -> list[str]:
        """The cell's words in backticks: codes of the trace, labels of counters."""
        return re.findall(r"`([^`]+)`", self.cells[column])


def outcome_rows(page: str) -> list[OutcomeRow]:
    """The rows of a page's table, in its order."""
    text = (REFERENCE / page).read_text(encoding="utf-8")
    section = re.split(r"\n#{2,3} ", text.partition("# What goes wrong\n")[2])[0]
    lines = [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in section.splitlines() if line[:1] == "|"
    ]
    head, _, *rows = lines
    names = [one.replace("`", "") for one in head]
    return [OutcomeRow(cells[0], dict(zip(names, cells, strict=True))) for cells in rows]


def samples(metrics: str, name: str) -> dict[frozenset[tuple[str, str]], float]:
    """Values of a metric in Prometheus' text, by labels."""
    found: dict[frozenset[tuple[str, str]], float] = {}
    for metric, labels, value in _SAMPLE.findall(metrics):
        if metric == name:
            found[frozenset(_LABEL.findall(labels))] = float(value)
    return found


def grown(before: str, after: str, name: str, *labels: str) -> dict[tuple[str, ...], float]:
    """By how much a metric has grown from one text to another, by the values of some labels; what has not is left out.

    Other labels are added up.
    """
    old, new = samples(before, name), samples(after, name)
    found: dict[tuple[str, ...], float] = {}
    for place, value in new.items():
        values = dict(place)
        key = tuple(values[label] for label in labels)
        found[key] = found.get(key, 0.0) + value - old.get(place, 0.0)
    return {key: value for key, value in found.items() if value}


@contextmanager
def counted(
    metrics: Callable[[], str], channel: str, what: str, times: int = 1, *, or_more: bool = False
) -> Iterator[None]:
    """Within it so many messages of a channel count as the row of channels.md says, named by its first cell."""
    (row,) = [one for one in outcome_rows("channels.md") if one.what == what]
    before = metrics()
    yield
    found = grown(before, metrics(), "parcours_messages_total", "channel", "outcome")
    number = sum(found.get((channel, outcome), 0) for outcome in row.words("outcome"))
    assert number >= times if or_more else number == times, (row, found)
