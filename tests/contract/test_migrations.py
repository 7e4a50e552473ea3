"""One migration history for both databases, and the metadata is what it leads to."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

import parcours.app  # noqa: F401  # every room's tables
from parcours.access.store import list_subjects
from parcours.db import Database, metadata
from parcours.db.migrate import MIGRATIONS, SchemaTooNew, current, head, migrate
from parcours.profile.store import find_test_profiles


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path / 's.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    database = Database(url)
    yield database
    database.close()


def test_an_empty_database_migrated_is_what_the_metadata_says(empty: Database) -> None:
    migrate(empty)
    with empty.read() as connection:
        assert current(connection) == head()
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_migrating_twice_changes_nothing(empty: Database) -> None:
    migrate(empty)
    migrate(empty)
    with empty.read() as connection:
        assert current(connection) == head()


def test_a_database_of_a_later_release_is_refused(empty: Database) -> None:
    migrate(empty)
    with empty.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaTooNew):
        migrate(empty)


def test_whoever_could_call_before_there_were_roles_is_an_administrator(empty: Database) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    roles = next(path for path in (MIGRATIONS / "versions").glob("*_roles_and_audit.py"))
    before = ScriptDirectory(str(MIGRATIONS)).get_revision(roles.name.split("_")[0]).down_revision
    with empty.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, str(before))
        connection.execute(text("INSERT INTO org (id, tenant, created_at_ms) VALUES ('A@AdobeOrg', 'a', 1)"))
        connection.execute(
            text(
                "INSERT INTO credential (client_id, org_id, secret_hash, is_enabled, created_at_ms)"
                " VALUES ('old', 'A@AdobeOrg', 'x', true, 1)"
            )
        )
    migrate(empty)
    with empty.read() as connection:
        assert list_subjects(connection) == [("old", "administrators")]


def test_the_newest_file_is_alembics_head() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == head()


def test_test_profiles_of_before_are_noted(empty: Database) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    places = next(path for path in (MIGRATIONS / "versions").glob("*_places.py"))
    before = ScriptDirectory(str(MIGRATIONS)).get_revision(places.name.split("_")[0]).down_revision
    with empty.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, str(before))
        for identity, body in (("ann", '{"testProfile":true}'), ("ben", '{"testProfile":false}'), ("cid", "{}")):
            connection.execute(
                text(
                    "INSERT INTO profile_fragment (scope_id, namespace, identity, dataset_id, updated_at_us, body)"
                    " VALUES (1, 'Email', :identity, 'crm', 1, :body)"
                ),
                {"identity": identity, "body": body},
            )
    migrate(empty)
    with empty.read() as connection:
        assert find_test_profiles(connection, 1, "Email", "", 10) == ["ann"]
