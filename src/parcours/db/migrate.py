"""Brings a database to this release's schema. Forward only; one history for SQLite and PostgreSQL."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from parcours.db.engine import Database
from parcours.kit.errors import ParcoursError
from parcours.kit.telemetry import get_logger

MIGRATIONS = Path(__file__).with_name("migrations")
log = get_logger("db")


class SchemaTooNew(ParcoursError):
    """The database was migrated by a later release."""


def head() -> str:
    """The newest revision, by file name: `0007_pre_….py` is revision 0007."""
    return max(path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def current(connection: Connection) -> str | None:
    """The revision a database stands at; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def migrate(db: Database) -> None:
    """Run every revision the database lacks, in one transaction. Raises SchemaTooNew."""
    with db.read() as connection:
        found = current(connection)
    if found == head():
        return
    if found is not None and found > head():
        raise SchemaTooNew(f"the database is at revision {found}; this release knows up to {head()}")
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with db.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    log.info("db.migrated", revision=head())
