"""The processes: server, worker, and the children that a worker starts."""

import os
from typing import Annotated

import typer

from parcours.cli.root import DataDir, app
from parcours.kit.settings import Settings


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
    from parcours.background import work

    work(settings, lifeline)


@app.command(hidden=True)
def lake(lifeline: Annotated[int, typer.Option()], data_dir: DataDir = None) -> None:
    """Commit staged records to the lake (the worker starts one by itself)."""
    from parcours.background import keep_lake

    keep_lake(Settings.from_environment(data_dir=data_dir), lifeline)


@app.command(hidden=True)
def loader(lifeline: Annotated[int, typer.Option()], data_dir: DataDir = None) -> None:
    """Bring in uploaded members and rows for lookups (the worker starts one by itself)."""
    from parcours.background import load

    load(Settings.from_environment(data_dir=data_dir), lifeline)
