"""A server for each test module that asks for one."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from browsing import started_browser
from playwright.sync_api import Browser
from running import RunningServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for the tests of a module."""
    running = RunningServer(tmp_path_factory.mktemp("server") / "data").start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium for the tests of a module."""
    with started_browser() as browser:
        yield browser
