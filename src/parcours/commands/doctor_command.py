"""`parcours doctor`."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from parcours.app import build_platform, log_path
from parcours.commands.client import ServerUnreachable
from parcours.db import migrate
from parcours.doctor.audit import Doctor, is_worker_running
from parcours.doctor.model import KINDS, Finding, Report
from parcours.kit.errors import ParcoursError
from parcours.kit.settings import Settings
from parcours.kit.telemetry import configure_logging
from parcours.kit.terminal import open_console, plain, print_json
from parcours.log.sqlite import SqliteLogReader
from parcours.pipeline import CONSUMER
from parcours.worker import read_fault

SHOWN = 5
"""Examples of a finding in the table; `--json` has more."""


class DatabaseNotMigrated(ParcoursError):
    """The database is of another release."""


def run(settings: Settings, *, repairs: bool, threshold_s: float, as_json: bool) -> bool:
    """Check, repair when asked, and print; whether all is well."""
    if not (settings.data_dir / "credentials.json").exists():
        raise ServerUnreachable(f"{settings.data_dir} holds no data: start `parcours serve` over it first")
    configure_logging(settings.log_level)
    platform = build_platform(settings)
    try:
        with platform.db.read() as connection:
            found = migrate.current(connection)
        if found != migrate.head():
            raise DatabaseNotMigrated(
                f"the database is at revision {found}, this release works with {migrate.head()}: "
                "start its server over the data directory once"
            )
        is_working = is_worker_running(settings.data_dir)
        doctor = Doctor(platform.db, platform.resources, platform.journeys.live, threshold_s=threshold_s)
        reader = SqliteLogReader(log_path(settings))
        try:
            report = doctor.examine(reader, consumer=CONSUMER, is_working=is_working, repairs=repairs)
        finally:
            reader.close()
        fault = read_fault(settings.data_dir) if is_working else None
        if fault is not None:
            report.add("workerFails", {"reason": fault})
    finally:
        platform.close()
    console = open_console()
    if as_json:
        print_json(console, {"worker": is_working, **report.to_json()})
    else:
        show(console, report, is_working=is_working, repairs=repairs)
    return report.is_well


def show(console: Console, report: Report, *, is_working: bool, repairs: bool) -> None:
    """The report for people."""
    checked = report.checked
    console.print(
        plain(
            f"checked {checked.get('instances', 0):,} instances inside journeys, {checked.get('timers', 0):,} timers, "
            f"{checked.get('calls', 0):,} calls, {checked.get('stops', 0):,} stops under way; "
            + ("a worker runs" if is_working else "no worker runs")
        )
    )
    for name, text in _MEASURED.items():
        value = report.measured.get(name)
        if value is not None:
            console.print(plain(f"  {text}: {value:,.0f}" + (" s" if name.endswith("S") else "")))
    if not report.findings:
        console.print(plain("all is well: everybody who waits has what will move them on", "green"))
        return
    table = Table(show_edge=False)
    for column in ("", "number", "what", "where", "repair"):
        table.add_column(column, justify="right" if column == "number" else "left", overflow="fold")
    for finding in report.findings:
        is_fault = finding.severity == "error"
        is_left = finding.repaired < finding.count
        table.add_row(
            plain(finding.severity, "red" if is_fault and is_left else ""),
            f"{finding.count:,}",
            plain(f"{KINDS[finding.code].text} ({finding.code})"),
            _where(finding),
            plain(_repair(finding, repairs=repairs)),
        )
    console.print(table)
    if not repairs and any(KINDS[f.code].repair for f in report.findings if f.severity == "error"):
        console.print(plain("`parcours doctor --repair` does what stands under repair"))


_MEASURED = {
    "timerLatenessS": "the oldest timer is late by",
    "recordsBehind": "records still to be processed",
    "oldestRecordS": "the oldest of them waits for",
    "oldestCallS": "the oldest call waits for",
    "oldestStagedS": "the oldest record on its way to the lake waits for",
}


def _repair(finding: Finding, *, repairs: bool) -> str:
    repair = KINDS[finding.code].repair
    if repair is None:
        return "–"
    if not repairs:
        return repair
    if finding.repaired == finding.count:
        return f"done: {repair}"
    return f"{finding.repaired:,} done, {finding.count - finding.repaired:,} could not be: {repair}"


def _where(finding: Finding) -> Text:
    lines = [_place(place) for place in finding.examples[:SHOWN] if place]
    if finding.count > len(lines) and lines and "instanceId" in finding.examples[0]:
        lines.append(f"… {finding.count - len(lines):,} more")
    return Text("\n").join(plain(line) for line in lines)


def _place(place: Mapping[str, Any]) -> str:
    parts = []
    for name, value in place.items():
        if isinstance(value, Mapping):
            value = f"{value['nodeId'] or 'the whole journey'}, pass {value['pass']}"
        parts.append(f"{name} {value:,.0f}" if isinstance(value, float) else f"{name} {value}")
    return ", ".join(parts)
