"""`parcours backtest`."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from parcours.access.errors import SandboxNotFound
from parcours.app import build_platform
from parcours.commands.client import ServerUnreachable
from parcours.commands.replay import Asked, Replay
from parcours.journeys.backtest import KINDS, Pair, Run
from parcours.journeys.moments import moment_text
from parcours.kit.settings import Settings
from parcours.kit.terminal import open_console, plain

__all__ = ["Asked", "run"]


def run(settings: Settings, asked: Asked, *, as_json: bool, limit: int) -> None:
    """Replay landed events through a draft, and print it beside what the live version did."""
    path = settings.data_dir / "credentials.json"
    if not path.exists():
        raise ServerUnreachable(f"{settings.data_dir} holds no data: start `parcours serve` over it first")
    org_id = orjson.loads(path.read_bytes())["org_id"]
    platform = build_platform(settings)
    try:
        sandbox = next((s for s in platform.access.sandboxes(org_id) if s.name == asked.sandbox), None)
        if sandbox is None:
            raise SandboxNotFound(asked.sandbox)
        replayed = Replay(platform, sandbox, asked).run()
    finally:
        platform.close()
    report, pairs = replayed.report, replayed.pairs
    if as_json:
        report["customers"] = [pair.to_json() for pair in pairs]
        sys.stdout.write(orjson.dumps(report, option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        _print(open_console(), report, pairs, limit)


# --- showing --------------------------------------------------------------------------------------------------------


def _print(console: Console, report: Mapping[str, Any], pairs: Sequence[Pair], limit: int) -> None:
    draft = report["draft"]
    which = draft["file"] if "file" in draft else f"version {draft['version']} ({draft['status']})"
    console.print(plain(f"“{report['journey']}”, {which}, over {', '.join(report['datasets'])}", "bold"))
    console.print(
        plain(
            f"{report['from']} to {report['to']}: {report['records']} records, {report['recognised']} recognised, "
            f"in {report['seconds']:.2f} s"
        )
    )
    for note in report["notes"]:
        console.print(plain(f"  {note}", "dim"))
    console.print()
    console.print(_sides(report["summary"]))
    if report["refused"]:
        reasons = ", ".join(f"{count} {reason}" for reason, count in report["refused"].items())
        console.print(plain(f"refused by the draft: {reasons}"))
    console.print()
    for kind, words in KINDS.items():
        console.print(plain(f"{report['summary']['differences'][kind]:>8}  {words}"))
    different = [pair for pair in pairs if pair.kind != "same"]
    if not different:
        return
    console.print()
    table = Table(show_edge=False, pad_edge=False)
    for name in ("customer", "entered", "difference", "draft", "live"):
        table.add_column(name, overflow="fold")
    for pair in different[:limit] if limit else different:
        table.add_row(*map(plain, _cells(pair)))
    console.print(table)
    if limit and len(different) > limit:
        console.print(plain(f"… {len(different) - limit} more (--limit 0 shows all, --json has all)", "dim"))


def _sides(summary: Mapping[str, Any]) -> Table:
    table = Table(show_edge=False, pad_edge=False)
    table.add_column("")
    table.add_column("draft: would", justify="right")
    table.add_column("live: did", justify="right")
    draft, live = summary["draft"], summary["live"]
    table.add_row("customers", str(draft["customers"]), str(live["customers"]))
    table.add_row("entrances", str(draft["entered"]), str(live["entered"]))
    for group, word in (("ended", ""), ("calls", "calls of ")):
        for name in dict.fromkeys((*draft[group], *live[group])):
            table.add_row(plain(word + name), str(draft[group].get(name, 0)), str(live[group].get(name, 0)))
    return table


def _cells(pair: Pair) -> tuple[str, str, str, str, str]:
    first = pair.draft or pair.live
    assert first is not None
    return pair.key, moment_text(first.entered_at_us), KINDS[pair.kind], _told(pair.draft), _told(pair.live)


def _told(run: Run | None) -> str:
    if run is None:
        return "–"
    calls = ", ".join(f"{call.action} {moment_text(call.at_us)}" for call in run.calls) or "nothing sent"
    return f"{' → '.join(run.path)} ({run.status}); {calls}"
