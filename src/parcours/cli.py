"""The commands. Each builds what it needs and hands over; none holds logic of its own.

Rooms are imported inside the commands: that keeps `--help` quick, and lets `serve` say where to measure into before
anything that measures is loaded.
"""

import errno
import os
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from parcours import __version__
from parcours.kit.errors import ParcoursError
from parcours.kit.settings import Settings

app = typer.Typer(
    help="Parcours: real-time customer journeys on one machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
failed_app = typer.Typer(invoke_without_command=True)
app.add_typer(failed_app, name="failed")
audience_app = typer.Typer(help="Upload members of audiences, list audiences.", no_args_is_help=True)
app.add_typer(audience_app, name="audience")

_OUTPUT_FAULTS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EPIPE})
Format = Literal["table", "json", "jsonl", "csv"]
DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="Folder of the server's data [default: PARCOURS_DATA_DIR, else ./data]."),
]
Sandbox = Annotated[str, typer.Option("--sandbox", help="The sandbox to ask in.")]


def main() -> None:
    """The `parcours` command; what a person can mend becomes one line and exit status 1, not a traceback."""
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except Exception as error:
        told = _tell(error)
        if told is None:
            raise
        from parcours.kit.terminal import visible

        lines = (visible(line) for line in told.splitlines())
        typer.echo("parcours: " + "\n".join(lines), err=True)
        if isinstance(error, OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is still to be flushed can't be written either
        sys.exit(1)


def _tell(error: Exception) -> str | None:
    """What to say of an error; None for a fault of the code, which needs its traceback."""
    if isinstance(error, ParcoursError):
        return str(error)
    if isinstance(error, OSError) and error.errno in _OUTPUT_FAULTS:
        return f"can't write: {error.strerror}"
    if "sqlalchemy.exc" in sys.modules:
        from sqlalchemy.exc import DatabaseError, OperationalError

        if isinstance(error, OperationalError) or type(error) is DatabaseError:
            # the driver's own words: SQLAlchemy adds the statement and a link
            return f"the state database can't be used: {str(error.orig).strip().splitlines()[0]}"
    return None


def _show_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"parcours {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and stop.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    """Options of the command itself."""


@app.command()
def serve(
    data_dir: DataDir = None,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on [default: PARCOURS_HOST, else 127.0.0.1].")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on [default: PARCOURS_PORT, else 8080].")] = None,
    collector_only: Annotated[
        bool, typer.Option("--collector-only", help="Accept and log records, without a worker to process them.")
    ] = False,
) -> None:
    """Run everything: inlets, control plane and worker, on one port.

    Ctrl-C or SIGTERM stops it cleanly. Further settings are PARCOURS_ variables: docs/reference/settings.md.
    """
    settings = Settings.from_environment(data_dir=data_dir, host=host, port=port)
    # Both processes measure into files that /metrics adds up; the library reads the variable when it is imported.
    folder = settings.data_dir / "metrics"
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    from parcours.server_files import check_address, clear_folder, hold_data_dir

    if not settings.data_dir.exists():
        check_address(settings.host, settings.port)  # before anything is made that would be left behind
    hold_data_dir(settings.data_dir)
    check_address(settings.host, settings.port)
    clear_folder(folder)
    from parcours.server import serve as run

    run(settings, with_worker=not collector_only)


@app.command()
def worker(
    data_dir: DataDir = None,
    public_url: Annotated[str | None, typer.Option(hidden=True)] = None,
    lifeline: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Process what a server started with --collector-only accepts.

    A server without that option starts a worker by itself. One worker at a time owns a data directory.
    """
    settings = Settings.from_environment(data_dir=data_dir, public_url=public_url)
    folder = settings.data_dir / "metrics"
    if folder.is_dir():  # the server's: its /metrics shows what is measured here
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(folder))
    from parcours.server import work

    work(settings, lifeline)


@app.command(hidden=True)
def lake(lifeline: Annotated[int, typer.Option()], data_dir: DataDir = None) -> None:
    """Commit staged records to the lake (the worker starts one by itself)."""
    from parcours.server import keep_lake

    keep_lake(Settings.from_environment(data_dir=data_dir), lifeline)


@app.command(hidden=True)
def loader(lifeline: Annotated[int, typer.Option()], data_dir: DataDir = None) -> None:
    """Bring in uploaded members and rows for lookups (the worker starts one by itself)."""
    from parcours.server import load

    load(Settings.from_environment(data_dir=data_dir), lifeline)


@app.command()
def trace(
    identity: Annotated[
        str | None, typer.Argument(help="The customer's identity, such as jane@example.com.", show_default=False)
    ] = None,
    namespace: Annotated[str, typer.Option(help="The namespace of the identity, such as Email or ECID.")] = "Email",
    event: Annotated[
        str | None, typer.Option(help="The _id of one event, in place of a customer.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the server's answer as it is.")] = False,
    sandbox: Sandbox = "prod",
    data_dir: DataDir = None,
) -> None:
    """Tell which journeys a customer's events matched or not, and why.

    Then what became of the customer in them, step by step. Asks the running server. Times are UTC.
    With --event the same of one event, whoever it is about, if anybody.
    """
    from parcours.commands import trace_command

    if (identity is None) == (event is None):
        raise typer.BadParameter("give either a customer's identity or --event")
    if event is not None:
        trace_command.run_event(_data_dir(data_dir), sandbox, event, as_json=as_json)
        return
    assert identity is not None
    trace_command.run(_data_dir(data_dir), sandbox, identity, namespace, as_json=as_json)


@app.command()
def audit(
    since: Annotated[
        str | None, typer.Option(help="Only from then on: a date or time (UTC), or an age such as 24h or 7d.")
    ] = None,
    kind: Annotated[
        str | None, typer.Option(help="Only of this type of asset, such as Journey, 'Journey event' or Role.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Most events shown.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print the server's events as they are.")] = False,
    sandbox: Sandbox = "prod",
    data_dir: DataDir = None,
) -> None:
    """List who changed what, and who was denied, newest first.

    What concerns the whole organisation stands in sandbox prod. Asks the running server. Times are UTC.
    """
    from parcours.commands import audit_command

    audit_command.run(_data_dir(data_dir), sandbox, since, kind, limit, as_json=as_json)


@app.command()
def report(
    journey: Annotated[str, typer.Argument(help="The journey's name, its uid, or the uid of one of its versions.")],
    version: Annotated[
        str | None, typer.Option("--version", help="Which version, such as 2 [default: the latest published].")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the server's answer as it is.")] = False,
    sandbox: Sandbox = "prod",
    data_dir: DataDir = None,
) -> None:
    """Show what a journey did: totals, each activity and path with those it lost, and why.

    Asks the running server. Figures are of all time and of the last 24 hours.
    """
    from parcours.commands import report_command

    report_command.run(_data_dir(data_dir), sandbox, journey, version, as_json=as_json)


@app.command()
def inbox(
    message: Annotated[str | None, typer.Argument(help="Show one message, by its id.")] = None,
    address: Annotated[str | None, typer.Option(help="Only messages to this address.")] = None,
    channel: Annotated[str | None, typer.Option(help="Only of this channel: email, sms or push.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="Most messages listed.")] = 50,
    source: Annotated[bool, typer.Option("--source", help="Print an e-mail as it would have left.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the server's answer as it is.")] = False,
    sandbox: Sandbox = "prod",
    data_dir: DataDir = None,
) -> None:
    """Show messages that the built-in inbox keeps, the latest first.

    Asks the running server. Channels without a provider deliver there.
    """
    from parcours.commands import inbox_command

    filters = {name: value for name, value in (("address", address), ("channel", channel)) if value is not None}
    inbox_command.run(_data_dir(data_dir), sandbox, message, filters, limit, source=source, as_json=as_json)


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="One SELECT over data sets, by name; SHOW TABLES lists them.")],
    sandbox: Sandbox = "prod",
    output: Annotated[Format, typer.Option("--format", help="How rows are printed.")] = "table",
    limit: Annotated[
        int | None, typer.Option(min=0, help="Most rows printed; 0 means all [default: 1000 in a table, else all].")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Query landed records with SQL (DuckDB).

    Needs no running server. Names, types and nested fields: docs/reference/lake.md.
    """
    from parcours.commands import sql_command

    sql_command.run(Settings.from_environment(data_dir=data_dir), query, sandbox, output, limit)


@app.command()
def doctor(
    repair: Annotated[bool, typer.Option("--repair", help="Mend what can be mended; safe beside a server.")] = False,
    late: Annotated[float, typer.Option(min=0, help="Seconds from which on something is called late.")] = 60,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Prove that everybody who waits in a journey will move on, and that nothing is late.

    Reads the database itself, beside a running server or without one. Exit status 1 when something wrong is left.
    """
    from parcours.commands import doctor_command

    settings = Settings.from_environment(data_dir=data_dir)
    if not doctor_command.run(settings, repairs=repair, threshold_s=late, as_json=as_json):
        raise typer.Exit(1)


Paths = list[Path]


@app.command()
def simulate(
    journeys: Annotated[Paths, typer.Argument(help="Journey documents, YAML or JSON; they run in one world.")],
    events: Annotated[Paths, typer.Option("--events", help="Events, a JSON object a line; - is standard input.")],
    config: Annotated[
        Paths | None, typer.Option("--config", help="File or folder with the events and actions that journeys name.")
    ] = None,
    profiles: Annotated[Paths | None, typer.Option("--profiles", help="Profiles, a JSON object a line.")] = None,
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
        events=events,
        profiles=profiles or [],
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
    datasets: Annotated[list[str], typer.Option("--dataset", help="Data set of the events; may be given again.")],
    start: Annotated[str, typer.Option("--from", help="An instant, or how long ago, such as 30d.")],
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

    asked = backtest_command.Asked(journey, datasets, start, end, version, file, stubs, seed, tolerance, sandbox)
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


@failed_app.callback()
def failed(
    context: typer.Context,
    flow: Annotated[str | None, typer.Option(help="Only those of the flow with this id.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Most records shown.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print the server's answer as it is.")] = False,
    sandbox: Sandbox = "prod",
    data_dir: DataDir = None,
) -> None:
    """List the records that did not land, show one, try them again.

    Without a command: list them with their reasons, oldest first. Asks the running server. Times are UTC.
    """
    context.obj = {"data_dir": _data_dir(data_dir), "sandbox": sandbox}
    if context.invoked_subcommand is None:
        from parcours.commands import failed_command

        failed_command.list_records(**context.obj, flow=flow, limit=limit, as_json=as_json)
    elif flow is not None:
        raise typer.BadParameter(f"--flow is for the list; give it after {context.invoked_subcommand}, if that has one")


SubSandbox = Annotated[str | None, typer.Option("--sandbox", help="The sandbox to ask in [default: prod].")]


@failed_app.command("show")
def failed_show(
    context: typer.Context,
    record_id: Annotated[int, typer.Argument(help="Id as listed.")],
    sandbox: SubSandbox = None,
    data_dir: DataDir = None,
) -> None:
    """Show one failed record whole: its reasons and its body."""
    from parcours.commands import failed_command

    failed_command.show_record(**_place(context, sandbox, data_dir), record_id=record_id)


@failed_app.command("retry")
def failed_retry(
    context: typer.Context,
    record_ids: Annotated[list[int] | None, typer.Argument(help="Ids as listed.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every failed record of the sandbox, or of --flow.")] = False,
    flow: Annotated[str | None, typer.Option(help="With --all: only those of the flow with this id.")] = None,
    sandbox: SubSandbox = None,
    data_dir: DataDir = None,
) -> None:
    """Send failed records through their flows once more.

    The definitions count as they are now; the mapping set in the version that the flow names. The outcome isn't waited
    for: what fails again is on the list again, with one more try counted.
    """
    from parcours.commands import failed_command

    if bool(record_ids) == every or (record_ids and flow is not None):
        raise typer.BadParameter("give ids of failed records, or --all and perhaps a --flow")
    failed_command.retry_records(
        **_place(context, sandbox, data_dir), record_ids=record_ids or [], every=every, flow=flow
    )


Folder = Annotated[Path, typer.Argument(help="The folder of definitions.")]
Prune = Annotated[bool, typer.Option("--prune", help="Delete what the folder lacks, of the kinds it has folders for.")]
Publish = Annotated[
    bool, typer.Option("--publish", help="Publish the folder's journeys whose latest version is a draft.")
]
Renew = Annotated[bool, typer.Option("--renew-secrets", help="Send every secret that files name again.")]


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="Where the files go; made when it isn't there.")] = Path("."),
    kind: Annotated[list[str] | None, typer.Option(help="Only this kind, such as journeys; may be repeated.")] = None,
    name: Annotated[list[str] | None, typer.Option(help="Only what has this name; may be repeated.")] = None,
    with_dependencies: Annotated[
        bool, typer.Option("--with-dependencies", help="With everything that the chosen ones name.")
    ] = False,
    prune: Annotated[bool, typer.Option("--prune", help="Delete files of what the server doesn't have.")] = False,
    sandbox: Sandbox = "prod",
    data_dir: DataDir = None,
) -> None:
    """Write definitions into a folder of YAML files.

    A file that says the same already stays as it is. Asks the running server.
    """
    from parcours.commands import code_command

    code_command.export(
        _data_dir(data_dir), sandbox, folder, kind or [], name or [], with_dependencies=with_dependencies, prune=prune
    )


@app.command()
def plan(
    folder: Folder,
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON.")] = False,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Status 2 when there is something to do.")
    ] = False,
    prune: Prune = False,
    publish: Publish = False,
    renew_secrets: Renew = False,
    sandbox: Sandbox = "prod",
    data_dir: DataDir = None,
) -> None:
    """Tell what an apply of a folder would change, and change nothing.

    Asks the running server; the folder is rehearsed on a server made for the moment.
    """
    from parcours.ascode.plan import Wishes
    from parcours.commands import code_command

    wishes = Wishes(prune=prune, publish=publish, renew_secrets=renew_secrets)
    code_command.plan(
        _data_dir(data_dir), sandbox, folder, wishes, as_json=as_json, detailed_exitcode=detailed_exitcode
    )


@app.command("apply")
def apply_folder(
    folder: Folder,
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    prune: Prune = False,
    publish: Publish = False,
    secrets: Annotated[Path | None, typer.Option(help="A file of NAME=value lines with the secrets.")] = None,
    renew_secrets: Renew = False,
    sandbox: Sandbox = "prod",
    data_dir: DataDir = None,
) -> None:
    """Bring a folder of definitions to the server.

    Prints the plan, asks, then does it. Secrets come from the environment or from the file of --secrets.
    """
    from parcours.ascode.plan import Wishes
    from parcours.commands import code_command

    wishes = Wishes(prune=prune, publish=publish, renew_secrets=renew_secrets)
    code_command.apply(_data_dir(data_dir), sandbox, folder, wishes, secrets, is_agreed=yes)


@app.command()
def schema(
    kind: Annotated[str | None, typer.Argument(help="Such as journeys; left out, the kinds are listed.")] = None,
) -> None:
    """Print the JSON Schema of a kind of files, for editors."""
    from parcours.commands import code_command

    code_command.schema(kind)


@audience_app.command("upload")
def audience_upload(
    name: Annotated[str, typer.Argument(help="The audience; it is made when there is none of this name.")],
    file: Annotated[Path, typer.Argument(help="The list: CSV with a header row, JSON lines or a JSON list, in UTF-8.")],
    namespace: Annotated[
        str | None, typer.Option(help="The namespace of its members, such as ECID [default: Email, of a new one].")
    ] = None,
    identity_column: Annotated[
        str | None,
        typer.Option(help="The column of the identity [default: one named like the namespace, id, or the only one]."),
    ] = None,
    list_format: Annotated[
        Literal["csv", "jsonl", "json"] | None, typer.Option("--format", help="[default: by the file's ending].")
    ] = None,
    delimiter: Annotated[str, typer.Option(help="Between the cells of CSV; tab means a tabulator.")] = ",",
    replace: Annotated[bool, typer.Option("--replace", help="Members who are not in the list exit (default).")] = False,
    add: Annotated[bool, typer.Option("--add", help="The list comes to those who are in.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Who is in the list exits.")] = False,
    max_bad_percent: Annotated[
        int | None,
        typer.Option(min=0, max=100, help="Bad rows from which on nothing is changed [default: 10 with --replace]."),
    ] = None,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Don't wait until the list is applied.")] = False,
    sandbox: Sandbox = "prod",
    data_dir: DataDir = None,
) -> None:
    """Upload the members of an audience from a file of any size.

    Asks the running server. Bad rows are told with their lines; the status is 1 when the list was not applied.
    """
    from parcours.commands import audience_command

    if replace + add + remove > 1:
        raise typer.BadParameter("give one of --replace, --add and --remove")
    audience_command.upload(
        _data_dir(data_dir),
        sandbox,
        name,
        file,
        namespace=namespace,
        identity_column=identity_column,
        list_format=list_format,
        delimiter="\t" if delimiter == "tab" else delimiter,
        mode="add" if add else "remove" if remove else "replace",
        max_bad_percent=max_bad_percent,
        wait=not no_wait,
    )


@audience_app.command("list")
def audience_list(
    as_json: Annotated[bool, typer.Option("--json", help="Print the server's answer as it is.")] = False,
    sandbox: Sandbox = "prod",
    data_dir: DataDir = None,
) -> None:
    """List the audiences with how many people are in them. Asks the running server. Times are UTC."""
    from parcours.commands import audience_command

    audience_command.list_audiences(_data_dir(data_dir), sandbox, as_json=as_json)


def _place(context: typer.Context, sandbox: str | None, data_dir: Path | None) -> dict[str, Any]:
    """Where to ask: what stands after a subcommand wins over what stands before it."""
    found: dict[str, Any] = dict(context.obj)
    if sandbox is not None:
        found["sandbox"] = sandbox
    if data_dir is not None:
        found["data_dir"] = _data_dir(data_dir)
    return found


def _data_dir(option: Path | None) -> Path:
    return Settings.from_environment(data_dir=option).data_dir
