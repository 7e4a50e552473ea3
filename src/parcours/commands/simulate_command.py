"""`parcours simulate`."""

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import orjson
from rich.console import Console
from rich.table import Table

from parcours.commands import trace_command
from parcours.journeys import outcome
from parcours.journeys.bundle import BundleInvalid, config_files, read_bundle, read_file
from parcours.journeys.crowd import Belonging, CrowdInvalid, Known, find_audience, read_members, settle
from parcours.journeys.feed import Fed, feed, first_moment, read_events, read_lookups, read_profiles
from parcours.journeys.moments import duration_text, is_instant, moment_text, read_duration, read_instant
from parcours.journeys.people import GivenPeople
from parcours.journeys.seen import VirtualClock, seeded_ids
from parcours.journeys.simulate import World
from parcours.journeys.stubs import Stub, StubInvalid, read_stub
from parcours.kit.errors import NotFound
from parcours.kit.memory import settle_memory
from parcours.kit.terminal import open_console, plain, print_json
from parcours.kit.yaml_text import split_json_path

Output = Literal["table", "json", "jsonl"]
_MAX_PATHS = 20
_MAX_REFUSALS = 10
_MAX_RUNS = 40


class CustomerNotFound(NotFound):
    """No event of the run was about this key."""


def run(
    journeys: Sequence[Path],
    *,
    config: Sequence[Path],
    events: Sequence[Path],
    profiles: Sequence[Path],
    audiences: Sequence[str],
    lookups: Sequence[Path],
    stubs: Path | None,
    start: str | None,
    until: str | None,
    seed: str,
    customer: str | None,
    output: Output,
) -> None:
    """Run journeys over files of events, and print what came of it."""
    settle_memory()
    fed = [one for path in events for one in _read_lines(path, read_events)]
    start_us = first_moment(fed) if start is None else read_instant(start)
    clock = VirtualClock(start_us)
    bundle = read_bundle(map(read_file, config_files(config)), clock)
    people = GivenPeople()
    belongings: list[Belonging] = []
    for path in profiles:
        with _opened(path) as file:
            read_profiles(file, str(path), people, belongings)
    compiled = [bundle.compile(read_file(path)) for path in journeys]
    world = World(
        compiled,
        bundle.events,
        bundle.actions,
        clock,
        people=people,
        stubs={} if stubs is None else read_stubs(stubs, bundle.stubbed(compiled)),
        data_sources=bundle.data_sources,
        instance_ids=seeded_ids(seed),
        rule_sets=bundle.rule_sets,
    )
    known = bundle.known_audiences(world.journeys)
    for text in audiences:
        _bring_in(world, known, text)
    settle(world, known, belongings)
    for path in lookups:
        with _opened(path) as file:
            for data_set_id, rows in read_lookups(file, str(path)).items():
                world.ledger.put_rows(data_set_id, rows, start_us)
    feed(world, bundle, people, fed, start_us)
    world.run(None if until is None else read_until(until, start_us))
    _print(world, start_us, customer, output)


def _bring_in(world: World, known: Known, text: str) -> None:
    """NAME=FILE: who is in an audience from the beginning. Raises CrowdInvalid."""
    name, equals, path = text.rpartition("=")
    if not equals or not name or not path:
        raise CrowdInvalid(f"--audience has NAME=FILE, not {text!r}")
    audience = find_audience(known, name)
    world.bring_in(audience.id, audience.namespace, read_members(Path(path), audience.namespace))


def read_until(text: str, start_us: int) -> int:
    """`30d` from the beginning, with or without a plus, or an instant."""
    return read_instant(text) if is_instant(text) else start_us + read_duration(text.lstrip("+"))


def read_stubs(path: Path, known: Collection[str]) -> dict[str, Stub]:
    """Stubs by the name of their action or data source, one of those known.

    Raises BundleInvalid with the place of the fault.
    """
    source = read_file(path)
    if not isinstance(source.document, Mapping):
        raise BundleInvalid([f"{source.place(())}: stubs are an object by the name of the action"])
    found: dict[str, Stub] = {}
    for name, document in source.document.items():
        if name not in known:
            names = ", ".join(sorted(known)) or "none"
            what = "action or data source" if any("." in one for one in known) else "action"
            told = f"no {what} is called {name!r}; there are: {names}"
            raise BundleInvalid([f"{source.place((name,))}: {told}"])
        try:
            found[name] = read_stub(document)
        except StubInvalid as error:
            raise BundleInvalid([f"{source.place((name, *split_json_path(error.path)))}: {error}"]) from None
    return found


def _opened(path: Path) -> Any:
    if str(path) == "-":
        return sys.stdin.buffer
    try:
        return path.open("rb")
    except OSError as error:
        raise BundleInvalid([f"{path}: {error.strerror}"]) from None


def _read_lines(path: Path, read: Any) -> Iterator[Fed]:
    with _opened(path) as file:
        yield from read(file, str(path))


# --- showing --------------------------------------------------------------------------------------------------------


def _print(world: World, start_us: int, customer: str | None, output: Output) -> None:
    if customer is not None and not outcome.trace_of(world, customer)["identities"]:
        raise CustomerNotFound(f"no event was about {customer!r}, and no run read it")
    if output == "jsonl":
        for record in world.records:
            if customer is None or record.instance.key == customer:
                sys.stdout.write(orjson.dumps(outcome.show_record(record)).decode() + "\n")
        return
    console = open_console()
    if customer is not None:
        found = outcome.trace_of(world, customer)
        if output == "json":
            print_json(console, found)
        else:
            namespace = found["identities"][0]["namespace"] or "no namespace"
            console.print(trace_command.render(customer, namespace, found))
            _print_calls(console, world, customer)
    elif output == "json":
        _print_whole(outcome.report(world, start_us))
    else:
        print_tables(console, outcome.report(world, start_us, details=False), world.clock.at_us - start_us)
        _print_refusals(console, world)


def _print_whole(document: Any) -> None:
    """A report may be large: it is written as it is, for programs."""
    sys.stdout.write(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n")


def _print_calls(console: Console, world: World, customer: str) -> None:
    calls = [sent for record in world.records if record.instance.key == customer for sent in record.sent]
    if not calls:
        console.print("nothing was sent")
        return
    table = Table(show_edge=False, pad_edge=False)
    for column in ("sent at", "action", "answer"):
        table.add_column(column, no_wrap=True)
    table.add_column("parameters", overflow="fold", ratio=1)
    for sent in sorted(calls, key=lambda one: one.at_us):
        parameters = orjson.dumps(dict(sent.parameters)).decode()
        cells = (moment_text(sent.at_us), sent.action_name, sent.status_code or "pending", parameters)
        table.add_row(*map(plain, cells))
    console.print(table)


def print_tables(console: Console, report: Mapping[str, Any], length_us: int) -> None:
    """The counts for people."""
    events = ", ".join(f"{count} {_WORDS.get(name, name)}" for name, count in report["events"].items() if count)
    console.print(
        plain(f"{report['start']} to {report['end']} ({duration_text(length_us)}); events: {events or 'none'}")
    )
    for journey in report["journeys"]:
        console.print()
        ends = ", ".join(f"{count} {status}" for status, count in journey["ended"].items())
        console.print(plain(f"“{journey['journey']}”: {_people(journey)}" + (f"; {ends}" if ends else ""), "bold"))
        console.print(_nodes(journey["nodes"]))
        console.print()
        if journey.get("runs"):
            console.print(_runs(journey["runs"]))
            console.print()
        console.print(_paths(journey["paths"]))
        if journey["calls"]:
            console.print()
            console.print(_calls(journey["calls"]))
        missed = journey["coverage"]
        lines = [f"node {node_id}" for node_id in missed["missedNodes"]]
        lines += [f"edge {e['from']} → {e['to']} ({e['transition']})" for e in missed["missedEdges"]]
        console.print()
        if lines:
            console.print(plain(f"never reached ({missed['percent']:g} % was): {', '.join(lines)}", "yellow"))
        else:
            console.print(plain("every node and edge was reached", "green"))


_WORDS = {"EVENT_WITH_NO_JOURNEY": "that no journey hears", "notMatched": "not recognised"}


def _people(journey: Mapping[str, Any]) -> str:
    customers, entered = journey["customers"], journey["entered"]
    return f"{customers} customer{'' if customers == 1 else 's'}, {entered} entrance{'' if entered == 1 else 's'}"


def _table(columns: Iterable[tuple[str, bool]]) -> Table:
    """Columns by name; True for numbers."""
    table = Table(show_edge=False, pad_edge=False)
    for name, is_number in columns:
        table.add_column(name, justify="right" if is_number else "left", overflow="fold")
    return table


def _nodes(nodes: Sequence[Mapping[str, Any]]) -> Table:
    table = _table((("node", False), ("type", False), ("entered", True), ("now", True), ("left by", False)))
    for node in nodes:
        ways = ", ".join(f"{by} {count}" for by, count in node["left"].items())
        name = node["id"] if node["name"] == node["id"] else f"{node['id']} ({node['name']})"
        table.add_row(*map(plain, (name, node["type"], node["entered"], node["now"] or "", ways)))
    return table


def _runs(runs: Sequence[Mapping[str, Any]]) -> Table:
    columns = (("run", False), ("due", False), ("status", False), ("read", True), ("entered", True), ("reason", False))
    table = _table(columns)
    for run in runs[:_MAX_RUNS]:
        number = f"{run['number']}, wave {run['wave']}" if run["wave"] else str(run["number"])
        cells = (number, run["dueAt"], run["status"], run["read"], run["entered"], run.get("reason", ""))
        table.add_row(*map(plain, cells))
    if len(runs) > _MAX_RUNS:
        table.add_row("", plain(f"… {len(runs) - _MAX_RUNS} more (--json has all)", "dim"))
    return table


def _paths(paths: Sequence[Mapping[str, Any]]) -> Table:
    table = _table((("customers", True), ("ends", False), ("path", False)))
    for path in paths[:_MAX_PATHS]:
        table.add_row(*map(plain, (path["count"], path["status"], " → ".join(path["path"]))))
    if len(paths) > _MAX_PATHS:
        table.add_row("", "", plain(f"… {len(paths) - _MAX_PATHS} more (--json has all)", "dim"))
    return table


def _calls(calls: Sequence[Mapping[str, Any]]) -> Table:
    table = _table((("calls", True), ("action", False), ("answer", False)))
    for call in calls:
        table.add_row(*map(plain, (call["count"], call["action"], call["statusCode"])))
    return table


def _print_refusals(console: Console, world: World) -> None:
    refused = [(one, j, reason) for j in world.journeys for one, reason in outcome.refusals(world, j)]
    if not refused:
        return
    console.print()
    table = _table((("refused at", False), ("customer", False), ("journey", False), ("reason", False)))
    for one, journey, reason in refused[:_MAX_REFUSALS]:
        table.add_row(*map(plain, (moment_text(one.at_us), one.key or "?", journey.name, reason)))
    if len(refused) > _MAX_REFUSALS:
        table.add_row(plain(f"… {len(refused) - _MAX_REFUSALS} more", "dim"))
    console.print(table)
