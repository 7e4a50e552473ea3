"""Records that did not land."""

from pathlib import Path
from typing import Annotated, Any

import typer

from parcours.cli.root import DataDir, Sandbox, app, chosen_data_dir

failed_app = typer.Typer(invoke_without_command=True)
app.add_typer(failed_app, name="failed")


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
    context.obj = {"data_dir": chosen_data_dir(data_dir), "sandbox": sandbox}
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


def _place(context: typer.Context, sandbox: str | None, data_dir: Path | None) -> dict[str, Any]:
    """Where to ask: what stands after a subcommand wins over what stands before it."""
    found: dict[str, Any] = dict(context.obj)
    if sandbox is not None:
        found["sandbox"] = sandbox
    if data_dir is not None:
        found["data_dir"] = chosen_data_dir(data_dir)
    return found
