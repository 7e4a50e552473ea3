"""Journeys under a virtual clock, and expressions."""

from pathlib import Path
from typing import Annotated

import typer

from parcours.cli.root import DataDir, Sandbox, app
from parcours.kit.settings import Settings

Paths = list[Path]


@app.command()
def simulate(
    journeys: Annotated[Paths, typer.Argument(help="Journey documents, YAML or JSON; they run in one world.")],
    events: Annotated[
        Paths | None, typer.Option("--events", help="Events, a JSON object a line; - is standard input.")
    ] = None,
    config: Annotated[
        Paths | None, typer.Option("--config", help="File or folder with the events and actions that journeys name.")
    ] = None,
    profiles: Annotated[Paths | None, typer.Option("--profiles", help="Profiles, a JSON object a line.")] = None,
    audiences: Annotated[
        list[str] | None, typer.Option("--audience", help="NAME=FILE: its members, a list as it is uploaded.")
    ] = None,
    lookups: Annotated[Paths | None, typer.Option("--lookups", help="Rows of data sets, a JSON object a line.")] = None,
    stubs: Annotated[
        Path | None, typer.Option(help="How calls end, by the action's name [default: with the declared sample].")
    ] = None,
    start: Annotated[
        str | None, typer.Option(help="When the clock begins [default: at the first moment that events name].")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="How long, such as 30d, or until when [default: until everybody has left].")
    ] = None,
    seed: Annotated[str, typer.Option(help="Decides what percentage splits draw.")] = "",
    customer: Annotated[str | None, typer.Option(help="Show the way of the customer with this key.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as one JSON document.")] = False,
    as_lines: Annotated[bool, typer.Option("--jsonl", help="Print an instance a line, as JSON.")] = False,
) -> None:
    """Run journeys under a virtual clock, actions stubbed, and show paths and counts.

    Needs no server. Formats of the files: docs/reference/testing.md.
    """
    from parcours.commands import simulate_command

    if as_json and as_lines:
        raise typer.BadParameter("give --json or --jsonl, not both")
    simulate_command.run(
        journeys,
        config=config or [],
        events=events or [],
        profiles=profiles or [],
        audiences=audiences or [],
        lookups=lookups or [],
        stubs=stubs,
        start=start,
        until=until,
        seed=seed,
        customer=customer,
        output="json" if as_json else "jsonl" if as_lines else "table",
    )


@app.command("test")
def run_cases(
    paths: Annotated[Paths | None, typer.Argument(help="Folders and files of cases [default: this folder].")] = None,
    expression: Annotated[
        str | None, typer.Option("-k", "--only", help="Only cases whose file::name fits: words, not, or.")
    ] = None,
    junit: Annotated[Path | None, typer.Option(help="Write the results as JUnit XML.")] = None,
    coverage: Annotated[bool, typer.Option("--coverage", help="Show nodes and edges that no case reached.")] = False,
    fail_under_coverage: Annotated[
        float | None, typer.Option(min=0, max=100, help="Fail when less percent of a journey was reached.")
    ] = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of a file of cases.")] = False,
) -> None:
    """Run test cases of journeys, written in YAML, under a virtual clock.

    Status 1 when one fails. Needs no server. The format: docs/reference/testing.md.
    """
    from parcours.commands import test_command

    if schema:
        test_command.print_schema()
    elif not test_command.run(
        paths or [Path()], expression=expression, junit=junit, coverage=coverage, least=fail_under_coverage
    ):
        raise typer.Exit(1)


@app.command()
def backtest(
    journey: Annotated[str, typer.Argument(help="Name or uid of the journey.")],
    start: Annotated[str, typer.Option("--from", help="An instant, or how long ago, such as 30d.")],
    datasets: Annotated[
        list[str] | None, typer.Option("--dataset", help="Data set of the events; may be given again.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="An instant, or how long ago [default: now].")] = None,
    version: Annotated[
        str | None, typer.Option(help="Version to replay, by uid or number [default: the latest].")
    ] = None,
    file: Annotated[Path | None, typer.Option(help="Replay this document instead of a stored version.")] = None,
    stubs: Annotated[
        Path | None, typer.Option(help="How calls end, by the action's name [default: with the declared sample].")
    ] = None,
    seed: Annotated[str, typer.Option(help="Decides what splits draw for those who did not enter live.")] = "",
    tolerance: Annotated[str, typer.Option(help="How far apart two calls may be and still be the same.")] = "10m",
    limit: Annotated[int, typer.Option(min=0, help="Most differences shown; 0 means all.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as one JSON document.")] = False,
    sandbox: Sandbox = "prod",
    data_dir: DataDir = None,
) -> None:
    """Replay landed events through a draft: who would enter, what would be sent, beside what the live version did.

    Needs no running server; changes nothing and sends nothing. More: docs/reference/testing.md.
    """
    from parcours.commands import backtest_command

    asked = backtest_command.Asked(journey, datasets or [], start, end, version, file, stubs, seed, tolerance, sandbox)
    backtest_command.run(Settings.from_environment(data_dir=data_dir), asked, as_json=as_json, limit=limit)


@app.command("eval")
def evaluate(
    expression: Annotated[str | None, typer.Argument(metavar="EXPR", help="A journey expression.")] = None,
    context: Annotated[
        Path | None, typer.Option("--context", help="JSON file with what the expression reads; - is standard input.")
    ] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help='Answer each line of standard input, {"expr": …, "context": …}.')
    ] = False,
) -> None:
    """Evaluate a journey expression and print its value and type.

    Needs no running server. Language, contexts and answers: docs/reference/expressions.md.
    """
    from parcours.commands import eval_command

    if jsonl is (expression is not None):
        raise typer.BadParameter("give an expression, or --jsonl")
    if expression is None:
        if context is not None and str(context) == "-":
            raise typer.BadParameter("with --jsonl, standard input has the lines; give --context a file")
        eval_command.run_lines(context)
    else:
        eval_command.run(expression, context)


@app.command(hidden=True)
def trial(limit: Annotated[float, typer.Option()], data_dir: DataDir = None) -> None:
    """Answer one simulation that a server asks for on standard input."""
    from parcours.commands import trial_command

    trial_command.run(Settings.from_environment(data_dir=data_dir), limit)


@app.command(hidden=True)
def query(limit: Annotated[float, typer.Option()], data_dir: DataDir = None) -> None:
    """Answer one SELECT, or find the last rows, that a server asks for on standard input."""
    from parcours.commands import query_command

    query_command.run(Settings.from_environment(data_dir=data_dir), limit)


@app.command(hidden=True)
def replay(limit: Annotated[float, typer.Option()], data_dir: DataDir = None) -> None:
    """Answer one backtest that a server asks for on standard input."""
    from parcours.commands import replay_command

    replay_command.run(Settings.from_environment(data_dir=data_dir), limit)
