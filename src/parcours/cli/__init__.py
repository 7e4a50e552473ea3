"""The commands. Each builds what it needs and hands over; none holds logic of its own.

Rooms are imported inside the commands: that keeps `--help` quick, and lets `serve` say where to measure into before
anything that measures is loaded.
"""

import errno
import gc
import os
import sys

import typer

from parcours.cli.root import app

from parcours.cli import serving, looking, trying, failed, files, audiences, users  # isort: skip  # noqa: F401  # as in --help
from parcours.kit.errors import ParcoursError

_OUTPUT_FAULTS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EPIPE})


def main() -> None:
    """The `parcours` command; what a person can mend becomes one line and exit status 1, not a traceback."""
    gc.set_threshold(50_000, 20, 20)  # to load the rooms makes many objects, all of them to stay
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
