"""Audiences and their members."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from parcours.cli.root import DataDir, Sandbox, app, chosen_data_dir

audience_app = typer.Typer(help="Upload members of audiences, list audiences.", no_args_is_help=True)
app.add_typer(audience_app, name="audience")


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
        chosen_data_dir(data_dir),
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

    audience_command.list_audiences(chosen_data_dir(data_dir), sandbox, as_json=as_json)
