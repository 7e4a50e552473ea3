"""What happened, and whether all is well."""

from typing import Annotated

import typer

from parcours.cli.root import DataDir, Format, Sandbox, app, chosen_data_dir
from parcours.kit.settings import Settings


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
        trace_command.run_event(chosen_data_dir(data_dir), sandbox, event, as_json=as_json)
        return
    assert identity is not None
    trace_command.run(chosen_data_dir(data_dir), sandbox, identity, namespace, as_json=as_json)


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

    audit_command.run(chosen_data_dir(data_dir), sandbox, since, kind, limit, as_json=as_json)


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

    report_command.run(chosen_data_dir(data_dir), sandbox, journey, version, as_json=as_json)


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
    inbox_command.run(chosen_data_dir(data_dir), sandbox, message, filters, limit, source=source, as_json=as_json)


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
