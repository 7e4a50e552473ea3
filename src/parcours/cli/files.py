"""Definitions as files."""

from pathlib import Path
from typing import Annotated

import typer

from parcours.cli.root import DataDir, Sandbox, app, chosen_data_dir

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
        chosen_data_dir(data_dir),
        sandbox,
        folder,
        kind or [],
        name or [],
        with_dependencies=with_dependencies,
        prune=prune,
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
        chosen_data_dir(data_dir), sandbox, folder, wishes, as_json=as_json, detailed_exitcode=detailed_exitcode
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
    code_command.apply(chosen_data_dir(data_dir), sandbox, folder, wishes, secrets, is_agreed=yes)


@app.command()
def schema(
    kind: Annotated[str | None, typer.Argument(help="Such as journeys; left out, the kinds are listed.")] = None,
) -> None:
    """Print the JSON Schema of a kind of files, for editors."""
    from parcours.commands import code_command

    code_command.schema(kind)
