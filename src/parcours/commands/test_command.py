"""`parcours test`."""

import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson
from rich.console import Console

from parcours.journeys.outcome import Coverage
from parcours.kit.errors import ParcoursError
from parcours.kit.terminal import open_console, plain
from parcours.testing.cases import CaseResult, Results, matcher, run_files
from parcours.testing.format import TEST_SCHEMA, find_files
from parcours.testing.junit import to_junit

_STYLES = {"passed": "green", "failed": "red", "error": "red", "skipped": "yellow"}
_MARKS = {"passed": "✓", "failed": "✗", "error": "!", "skipped": "-"}


class NoTestFound(ParcoursError):
    """There is nothing to run."""


class ReportUnwritable(ParcoursError):
    """The file of results can't be written."""


def print_schema() -> None:
    """The JSON Schema of a file of cases."""
    sys.stdout.write(orjson.dumps(TEST_SCHEMA, option=orjson.OPT_INDENT_2).decode() + "\n")


def run(
    paths: Sequence[Path], *, expression: str | None, junit: Path | None, coverage: bool, least: float | None
) -> bool:
    """Run the cases of files and folders; whether all of them hold and enough was reached.

    least: percent of nodes and edges that must be reached in each journey. Raises NoTestFound.
    """
    console = open_console()
    started = time.perf_counter()
    shown: list[str] = []

    def tell(case: CaseResult) -> None:
        if case.file not in shown:
            shown.append(case.file)
            console.print(plain(case.file, "bold"))
        _print_case(console, case)

    files = find_files(paths)
    results = run_files(files, is_chosen=matcher(expression), told=tell)
    if not results.cases:
        where = ", ".join(map(str, paths))
        chosen = f" that fits -k {expression!r}" if expression else ""
        raise NoTestFound(f"no case{chosen} in {where}: files are called *.test.yaml or test_*.yaml")
    if coverage or least is not None:
        for name, seen in sorted(results.coverage.items()):
            _print_coverage(console, name, seen)
    short = _short_of(results.coverage, least)
    _print_sum(console, results, time.perf_counter() - started)
    for line in short:
        console.print(plain(line, "red"))
    if junit is not None:
        _write(junit, to_junit(results))
    return results.is_good and not short


def _print_case(console: Console, case: CaseResult) -> None:
    style = _STYLES[case.verdict]
    told = f"  {_MARKS[case.verdict]} {case.name} ({case.seconds * 1000:.0f} ms)"
    why = f": {case.faults[0]}" if case.verdict == "skipped" else ""
    console.print(plain(told + why, style), soft_wrap=True)
    if case.verdict in ("failed", "error"):
        for fault in case.faults:
            for line in fault.splitlines():
                console.print(plain(f"      {line}"), soft_wrap=True)


def _print_coverage(console: Console, name: str, seen: Coverage) -> None:
    nodes, edges = len(seen.nodes), len(seen.edges)
    console.print(
        plain(
            f"“{name}”: {seen.percent:.0f} % reached ({len(seen.reached_nodes)} of {nodes} nodes, "
            f"{len(seen.reached_edges)} of {edges} edges)"
        )
    )
    for node_id in seen.missed_nodes:
        console.print(plain(f"  never reached: node {node_id}", "yellow"))
    for source, transition, target in seen.missed_edges:
        console.print(plain(f"  never reached: edge {source} → {target} ({transition})", "yellow"))


def _short_of(coverage: Mapping[str, Coverage], least: float | None) -> list[str]:
    if least is None:
        return []
    return [
        f"“{name}”: {seen.percent:.2f} % reached, less than {least:g} %"
        for name, seen in sorted(coverage.items())
        if seen.percent + 1e-9 < least
    ]


def _print_sum(console: Console, results: Results, seconds: float) -> None:
    parts = [f"{count} {verdict}" for verdict in _STYLES if (count := results.count(verdict))]  # type: ignore[arg-type]
    console.print(plain(f"{', '.join(parts)} in {seconds:.2f} s", "green" if results.is_good else "red"))


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}.new")
        draft.write_bytes(content)
        draft.replace(path)
    except OSError as error:
        raise ReportUnwritable(f"{path}: {error.strerror}") from None
