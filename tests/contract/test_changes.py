"""What tells that somebody else has committed, on both databases."""

from sqlalchemy import insert, text

from parcours.db import Database
from parcours.resources.store import revision_table


def test_the_version_moves_with_every_commit_of_another_and_with_nothing_else(db: Database) -> None:
    changes = db.changes()
    if not db.is_sqlite:
        assert changes.version() is None  # only looking can tell
        return
    first = changes.version()
    assert first is not None
    assert changes.version() == first
    with db.read() as connection:
        connection.execute(text("SELECT 1"))
    assert changes.version() == first
    with db.write() as connection:
        connection.execute(insert(revision_table).values(kind="a", value=1))
        assert changes.version() == first
    second = changes.version()
    assert second != first
    assert changes.version() == second


def test_a_snapshot_sees_one_moment_and_a_write_of_it_commits(db: Database) -> None:
    count = text("SELECT count(*) FROM revision")
    with db.snapshot() as one:
        assert one.execute(count).scalar() == 0
        with db.snapshot(writes=True) as other:
            other.execute(insert(revision_table).values(kind="a", value=1))
        assert one.execute(count).scalar() == 0
    with db.snapshot() as connection:
        assert connection.execute(count).scalar() == 1
