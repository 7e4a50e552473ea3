"""Fixtures every test may use: databases of both kinds, and the control plane without a socket."""

import gc
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import settings
from sqlalchemy import text

from parcours.app import Platform, build_platform
from parcours.db import Database, metadata
from parcours.edge import build_control_plane
from parcours.kit.settings import Settings

settings.register_profile("quick", max_examples=20)
# As in the Makefile: hundreds of commands are started, and none should compile again what another one has.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
COMPILED = os.environ.get("PARCOURS_COMMANDS")
"""The package as a wheel holds it: the commands that tests start are of it, what they import is the source."""
REQUIRED = set(os.environ.get("PARCOURS_REQUIRE", "").replace(",", " ").split())


def missing(what: str, reason: str) -> None:
    """Skip for a thing this machine can't have, or fail when PARCOURS_REQUIRE names it."""
    if what in REQUIRED:
        pytest.fail(f"PARCOURS_REQUIRE names {what}: {reason}")
    pytest.skip(reason)


def pytest_configure(config: pytest.Config) -> None:
    """In a process that runs tests; one that only starts others would hand it on to what they import."""
    if COMPILED and (hasattr(config, "workerinput") or not config.getoption("numprocesses", None)):
        os.environ["PYTHONPATH"] = str(Path(COMPILED).resolve())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a database or a built platform: `make check` runs the pure rest.

    Files of slow tests come first and short ones last, so that neither of two workers is alone at the end.
    """
    for item in items:
        if _STORED & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.stored)
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.path not in slow, item.path.parent.name != "e2e"))


def pytest_collection_finish() -> None:
    """What was loaded and collected stays; a garbage collection that looks at all of it takes half a second."""
    gc.collect()
    gc.freeze()


_STORED = {"api", "client", "db", "platform", "postgres_tables_url", "postgres_url", "served", "sqlite_db"}


def _postgres_bin() -> Path | None:
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name), reverse=True)
    found = shutil.which("initdb")
    return homes[0] if homes else Path(found).parent if found else None


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL server of the session's own, on a Unix socket; yields the socket's folder."""
    home = _postgres_bin()
    if home is None:
        missing("postgres", "PostgreSQL's server is not installed (Debian: apt-get install postgresql)")
    assert home is not None
    # Not one of pytest's folders: a later run of it may clear those while this one still needs its server.
    folder = Path(tempfile.mkdtemp(prefix="parcours-pg-"))
    owner = "postgres" if os.geteuid() == 0 else None
    prefix = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if owner else []
    if owner:
        shutil.chown(folder, owner, owner)

    def run(*command: str) -> None:
        subprocess.run([*prefix, *command], check=True, capture_output=True, cwd="/")

    run(str(home / "initdb"), "-D", str(folder / "data"), "-U", "parcours", "--auth=trust", "--no-sync")
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off -c max_connections=200"
    run(str(home / "pg_ctl"), "-D", str(folder / "data"), "-l", str(folder / "log"), "-w", "-o", options, "start")
    yield str(folder)
    run(str(home / "pg_ctl"), "-D", str(folder / "data"), "-m", "immediate", "stop")
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _postgres_database(server: str, name: str, template: str = "template1") -> Iterator[str]:
    """The URL of a new database, a copy of `template`; it is dropped after the block."""
    admin = Database(f"postgresql+psycopg://parcours@/postgres?host={server}")
    with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield f"postgresql+psycopg://parcours@/{name}?host={server}"
    with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.close()


def _with_tables(url: str) -> None:
    database = Database(url)
    metadata.create_all(database.engine)
    database.close()


@pytest.fixture
def postgres_url(postgres_server: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a new, empty PostgreSQL database."""
    with _postgres_database(postgres_server, f"t{abs(hash(request.node.nodeid)):x}") as url:
        yield url


@pytest.fixture(scope="session")
def _postgres_template(postgres_server: str) -> Iterator[str]:
    """The name of a database with every table: to copy it takes a quarter of the time to make them."""
    with _postgres_database(postgres_server, "every_table") as url:
        _with_tables(url)
        yield "every_table"


@pytest.fixture
def postgres_tables_url(postgres_server: str, _postgres_template: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a new PostgreSQL database with every table, and nothing in them."""
    with _postgres_database(postgres_server, f"t{abs(hash(request.node.nodeid)):x}", _postgres_template) as url:
        yield url


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with every table, to be copied."""
    path = tmp_path_factory.mktemp("tables") / "state.db"
    _with_tables(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_db(tmp_path: Path, _sqlite_template: Path) -> Iterator[Database]:
    """An empty SQLite state database with every table."""
    shutil.copy(_sqlite_template, tmp_path / "state.db")
    database = Database(f"sqlite:///{tmp_path / 'state.db'}")
    yield database
    database.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def db(request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty state database with every table, of each kind in turn."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_db")
        return
    database = Database(request.getfixturevalue("postgres_tables_url"))
    yield database
    database.close()


def _chosen(data_dir: Path) -> Settings:
    return Settings(
        data_dir=data_dir,
        public_url="http://parcours.test",
        bootstrap_client_id="client",
        bootstrap_client_secret="secret",
        bootstrap_org_id="ACME@AdobeOrg",
        bootstrap_tenant="acme",
        allow_private_networks=True,
    )


@pytest.fixture(scope="session")
def _bootstrapped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A data directory with every table and the first organisation, to be copied, and a token of it.

    To make them takes far longer than to copy: secrets are hashed so that it is slow.
    """
    folder = tmp_path_factory.mktemp("bootstrapped") / "data"
    built = build_platform(_chosen(folder))
    metadata.create_all(built.db.engine)
    built.access.bootstrap()
    form = {"grant_type": "client_credentials", "client_id": "client", "client_secret": "secret"}
    token: str = built.access.issue_token(form)["access_token"]
    built.close()
    return folder, token


@pytest.fixture
def platform(tmp_path: Path, _bootstrapped: tuple[Path, str]) -> Iterator[Platform]:
    """Every service wired over a new data directory, bootstrapped, without a server."""
    shutil.copytree(_bootstrapped[0], tmp_path / "data")
    built = build_platform(_chosen(tmp_path / "data"))
    yield built
    built.close()


@pytest.fixture
def token(_bootstrapped: tuple[Path, str]) -> str:
    """An access token of the bootstrapped organisation."""
    return _bootstrapped[1]


@pytest.fixture
def api(platform: Platform, token: str) -> Iterator[TestClient]:
    """The control plane through HTTP semantics, with the platform headers of sandbox `prod` set."""
    headers = {
        "Authorization": f"Bearer {token}",
        "x-api-key": "client",
        "x-gw-ims-org-id": "ACME@AdobeOrg",
        "x-sandbox-name": "prod",
    }
    with TestClient(build_control_plane(platform), headers=headers, raise_server_exceptions=False) as client:
        yield client
