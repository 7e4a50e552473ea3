"""Where definitions go: an empty server, and a folder with those of the module's own `server`."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from code_world import export

from parcours.commands.scratch import Scratch, open_scratch


@pytest.fixture
def empty() -> Iterator[Scratch]:
    """A server with nothing in it."""
    with open_scratch("parcours") as calls:
        yield calls


@pytest.fixture
def folder(server: Scratch, tmp_path: Path) -> Path:
    """What is defined on the server, as files."""
    export(server, tmp_path / "code")
    return tmp_path / "code"
