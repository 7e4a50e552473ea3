"""The pytest plugin: `parcours_clock`, a journey under a virtual clock, and `parcours_server`, the real server.

pytest loads this module in every run of whoever has Parcours installed, so it imports nothing of Parcours: what a
fixture needs is imported when a test asks for it.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from parcours.testing.clock import JourneyClock
    from parcours.testing.server import ServerUnderTest

SCOPES = ("session", "package", "module", "class", "function")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Settings for pytest.ini, or pyproject.toml."""
    parser.addini(
        "parcours_server_scope",
        f"How long one parcours_server runs: {', '.join(SCOPES)} (default: session).",
        default="session",
    )
    parser.addini(
        "parcours_server_settings",
        "PARCOURS_ settings of parcours_server, such as LOG_LEVEL=debug, one a line.",
        type="linelist",
        default=[],
    )


def _scope(fixture_name: str, config: pytest.Config) -> Any:
    scope = config.getini("parcours_server_scope")
    if scope not in SCOPES:
        raise pytest.UsageError(f"parcours_server_scope is one of {', '.join(SCOPES)}, not {scope!r}")
    return scope


@pytest.fixture
def parcours_clock() -> "JourneyClock":
    """A journey under a virtual clock: load it, send events, let time pass, expect."""
    from parcours.testing.clock import JourneyClock

    return JourneyClock()


@pytest.fixture(scope=_scope)
def parcours_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> "Iterator[ServerUnderTest]":
    """`parcours serve` on a free port, its data in a temporary folder; stopped at the end."""
    from parcours.testing.server import ServerUnderTest

    settings: dict[str, str] = {}
    for line in request.config.getini("parcours_server_settings"):
        name, equals, value = line.partition("=")
        if not equals:
            raise pytest.UsageError(f"parcours_server_settings has NAME=value, not {line!r}")
        settings[name.strip().removeprefix("PARCOURS_")] = value.strip()
    server = ServerUnderTest(tmp_path_factory.mktemp("parcours") / "data", settings=settings)
    server.start()
    try:
        yield server
    finally:
        server.stop()
