"""A figure: what was measured, against what, and what it should be."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

OUT = Path(__file__).parent / "out"


@dataclass(frozen=True)
class Figure:
    """One line of the table. `ratio` is value / baseline; `target` is in words, `met` whether it was reached."""

    name: str
    value: float
    unit: str
    baseline: float
    baseline_name: str
    ratio: float
    target: str
    met: bool


def figure(
    name: str,
    value: float,
    unit: str,
    baseline: tuple[str, float],
    target: str,
    met: bool,
) -> Figure:
    """A figure with its ratio to the baseline (name, value)."""
    ratio = value / baseline[1] if baseline[1] else 0.0
    return Figure(name, round(value, 3), unit, round(baseline[1], 3), baseline[0], round(ratio, 3), target, met)


def middle(values: Sequence[float]) -> float:
    """The median of several runs."""
    return statistics.median(values)


def report(figures: Sequence[Figure]) -> None:
    """Print the table and write bench/out/results.json."""
    OUT.mkdir(exist_ok=True)
    (OUT / "results.json").write_text(json.dumps([asdict(f) for f in figures], indent=2) + "\n")
    table = Table(title="Parcours, measured", title_justify="left")
    for column in ("figure", "value", "baseline (same run)", "ratio", "target", "met"):
        table.add_column(column, justify="left" if column in ("figure", "baseline (same run)", "target") else "right")
    for f in figures:
        table.add_row(
            f.name,
            f"{f.value:,.1f} {f.unit}",
            f"{f.baseline:,.1f} {f.unit}: {f.baseline_name}",
            f"{f.ratio:.2f}",
            f.target,
            "[green]yes[/]" if f.met else "[red]no[/]",
        )
    Console().print(table)
