"""The command `parcours` itself, and the options that its commands share."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from parcours import __version__
from parcours.kit.settings import Settings

app = typer.Typer(
    help="Parcours: real-time customer journeys on one machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Format = Literal["table", "json", "jsonl", "csv"]
DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="Folder of the server's data [default: PARCOURS_DATA_DIR, else ./data]."),
]
Sandbox = Annotated[str, typer.Option("--sandbox", help="The sandbox to ask in.")]


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


def chosen_data_dir(option: Path | None) -> Path:
    """The folder of `--data-dir`, else that of the environment."""
    return Settings.from_environment(data_dir=option).data_dir
