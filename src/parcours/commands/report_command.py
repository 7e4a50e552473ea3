"""`parcours report`."""

from pathlib import Path
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from parcours.commands.client import Client
from parcours.kit.errors import NotFound
from parcours.kit.terminal import open_console, plain, print_json

_JOURNEYS = "/journey/orchestration"


class ReportTargetUnknown(NotFound):
    """No journey of the sandbox is meant by what was typed."""


def run(data_dir: Path, sandbox: str, journey: str, version: str | None, *, as_json: bool) -> None:
    """Print what a version did: totals, each activity and path with those it lost, and why."""
    client = Client(data_dir, sandbox)
    report = client.get(f"{_JOURNEYS}/journeyVersions/{_find(client, journey, version, sandbox)}/report")
    console = open_console()
    if as_json:
        print_json(console, report)
    else:
        console.print(render(report))


def _find(client: Client, journey: str, version: str | None, sandbox: str) -> str:
    """The uid of the version meant: by its own uid, by its journey's, or by its journey's name.

    Without `version` it is the latest that was published; of a journey that never was, the draft.
    """
    known: list[dict[str, Any]] = []
    page, pages = 0, 1
    while page < pages:
        found = client.get(f"{_JOURNEYS}/journeys", page=page, pageSize=100, archived="any")
        known, page, pages = [*known, *found["results"]], page + 1, found["pages"]
    if any(one["uid"] == journey for entry in known for one in entry["versions"]):
        return journey
    meant = [entry for entry in known if entry["uid"] == journey] or [e for e in known if e["name"] == journey]
    if len(meant) != 1:
        if meant:
            uids = ", ".join(entry["uid"] for entry in meant)
            raise ReportTargetUnknown(f"{len(meant)} journeys are called {journey!r}; name one by its uid: {uids}")
        raise ReportTargetUnknown(f"there is no journey {journey!r} in sandbox {sandbox!r}")
    versions = meant[0]["versions"]
    if version is not None:
        versions = [one for one in versions if one["version"] in (version, f"{version}.0")]
        if not versions:
            raise ReportTargetUnknown(f"journey {journey!r} has no version {version!r}")
    published = [one for one in versions if one["status"] not in ("Draft", "In Review")]
    uid: str = (published or versions)[-1]["uid"]
    return uid


def render(report: dict[str, Any]) -> Group:
    """The report for a terminal."""
    found, live = report["allTime"], report["live"]
    parts: list[Any] = [
        Text.assemble(
            plain(f"{report['name']} {report['version']}", "bold"),
            plain(f"  {report['status']}, version {report['versionUid']}"),
        ),
        _totals(found, live),
        _nodes(found),
    ]
    for title, rows in (
        (
            "Why steps failed or people left",
            [(f"{r['nodeName']}: {r['reason']}", r["count"]) for r in found["reasons"]],
        ),
        ("Why events were refused", list(found["discards"].items())),
    ):
        if rows:
            parts.append(_pairs(title, rows))
    if found.get("metrics"):
        parts.append(_metrics(found["metrics"]))
        parts += [_variants(experiment, found["metrics"]) for experiment in found["experiments"]]
    if any(action["executed"] for action in found["actions"]):
        parts.append(_actions(found["actions"]))
    return Group(*parts)


def _totals(found: dict[str, Any], live: dict[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    table.add_column("all time", justify="right")
    table.add_column("last 24 h", justify="right")
    for label, key in (
        ("entered", "entered"),
        ("inside now", "current"),
        ("completed", "completed"),
        ("failed", "failed"),
        ("timed out", "timedOut"),
        ("stopped", "stopped"),
        ("left by exit criteria", "exitedByCriteria"),
        ("discarded in a pause", "discardedInPause"),
        ("refused at the entrance", "discarded"),
    ):
        table.add_row(label, _number(found.get(key)), _number(live.get(key)))
    table.add_row("completion rate", _percent(found["completionRate"]), _percent(live["completionRate"]))
    table.add_row("failed rate", _percent(found["failedRate"]), _percent(live["failedRate"]))
    return table


def _metrics(metrics: list[dict[str, Any]]) -> Table:
    """Success metrics over all time."""
    table = Table(title="Success metrics", title_justify="left")
    table.add_column("metric", overflow="fold")
    for column in ("outcomes", "conversions", "rate", "value"):
        table.add_column(column, justify="right", no_wrap=True)
    for one in metrics:
        value = "" if one.get("value") is None else f"{one['value']:,.2f}"
        figures = (_number(one["outcomes"]), _number(one["converted"]), _percent(one["rate"]), value)
        table.add_row(plain(one["name"], "bold"), *figures)
    return table


def _variants(experiment: dict[str, Any], metrics: list[dict[str, Any]]) -> Table:
    """The paths of an experiment, compared by its success metric, else by the first one."""
    metric = next((one for one in metrics if one["id"] == experiment["successMetric"]), metrics[0])
    told = experiment["winner"]["path"] if experiment["winner"] else experiment["leader"]
    better = "" if told is None else f"; {'scaled' if experiment['winner'] else 'better than each other'}: {told}"
    table = Table(title=plain(f"{experiment['nodeName']} by {metric['name']}{better}"), title_justify="left")
    table.add_column("path", overflow="fold")
    for column in ("share now", "customers", "conversions", "rate", "lift", "difference, 95 %"):
        table.add_column(column, justify="right", no_wrap=True)
    for variant in experiment["variants"]:
        of = next(one for one in variant["metrics"] if one["id"] == metric["id"])
        lift = of["lift"]
        table.add_row(
            plain("hold-out" if variant["path"] is None else variant["name"], "bold"),
            _percent(variant["share"] / 100),
            _number(variant["individuals"]),
            _number(of["converted"]),
            _percent(of["rate"]),
            "" if lift is None else _percent(lift["relative"]),
            "" if lift is None else f"{lift['low']:.1%} to {lift['high']:.1%}",
        )
    return table


def _nodes(found: dict[str, Any]) -> Table:
    """Each activity, and below it the ways out of it with the share that took them."""
    table = Table(title="Activities and paths", title_justify="left")
    table.add_column("activity", overflow="fold")
    for column in ("came", "of all", "here now", "ended", "lost", "errors"):
        table.add_column(column, justify="right", no_wrap=True)
    names = {node["id"]: node["name"] for node in found["nodes"]}
    for node in found["nodes"]:
        table.add_row(
            plain(f"{node['name']} ({node['type']})", "bold"),
            *map(_number, (node["arrived"],)),
            _percent(_share(node["arrived"], found["entered"])),
            *map(_number, (node.get("current"), sum(node["ended"].values()), node["dropOff"], node["errors"])),
        )
        ways = [path for path in found["paths"] if path["from"] == node["id"]]
        told = {path["transition"] for path in ways}
        ways += [{"transition": t, "to": None, "count": n} for t, n in node["left"].items() if t not in told]
        for way in ways:
            target = "" if way["to"] is None else f" → {names.get(way['to'], way['to'])}"
            share = _percent(_share(way["count"], node["arrived"]))
            table.add_row(plain(f"  {way['transition']}{target}"), _number(way["count"]), share)
    return table


def _actions(actions: list[dict[str, Any]]) -> Table:
    table = Table(title="Actions", title_justify="left")
    table.add_column("activity", overflow="fold")
    for column in ("calls", "in error", "rate", "p50 ms", "p95 ms"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("reasons", overflow="fold")
    for action in actions:
        reasons = ", ".join(f"{reason}: {number}" for reason, number in action["reasons"].items())
        table.add_row(
            plain(action["nodeName"]),
            _number(action["executed"]),
            _number(action["inError"]),
            _percent(action["errorRate"]),
            _number(action["p50Ms"]),
            _number(action["p95Ms"]),
            plain(reasons),
        )
    return table


def _pairs(title: str, rows: list[tuple[str, int]]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("reason", overflow="fold")
    table.add_column("count", justify="right", no_wrap=True)
    for reason, number in rows:
        table.add_row(plain(reason), _number(number))
    return table


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _number(value: int | None) -> str:
    return "–" if value is None else f"{value:,}".replace(",", " ")


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"
