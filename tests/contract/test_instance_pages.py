"""Pages of the instances at an activity: each instance once, the latest entrance first, without reading the others."""

from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from parcours.db import Database
from parcours.journeys import store

INDEX = "ix_journey_instance_scope_id_version_uid_entered_at_us_id"


def instance(name: str, at_us: int, node_id: str | None, *, version: str = "v", key: str = "") -> tuple[Any, ...]:
    status = "ended" if node_id is None else "active"
    return (name, 0, 1, "j", version, key or name, "Email", status, node_id, None, at_us, at_us, "[]", None)


def page(connection: Connection, **asked: Any) -> store.InstancePage:
    return store.page_instances(connection, 1, "j", "v", **asked)


def ids(found: store.InstancePage) -> list[str]:
    return [one.id for one in found.instances]


def walk(connection: Connection, limit: int, **asked: Any) -> list[str]:
    names: list[str] = []
    after: store.InstancePlace | None = None
    while True:
        found = page(connection, limit=limit, after=after, **asked)
        assert len(found.instances) <= limit
        names += ids(found)
        after = found.next
        if after is None:
            return names


@pytest.fixture
def filled(db: Database) -> Database:
    """Three people enter at each moment: to a wait, to a race and out again; others are in another version."""
    rows: list[tuple[Any, ...]] = []
    for n in range(40):
        rows += [instance(f"w{n:02}", n, "wait"), instance(f"r{n:02}", n, "race"), instance(f"e{n:02}", n, None)]
        rows.append(instance(f"x{n:02}", n, "wait", version="other"))
    rows += [instance(f"t{n}", 7, "wait", key="jane") for n in range(5)]
    with db.write() as connection:
        store.insert_instances(connection, rows)
    return db


@pytest.mark.parametrize("max_looked_at", [2, 10, 125, 50_000])
@pytest.mark.parametrize("limit", [1, 4, 7, 100])
def test_every_instance_at_an_activity_is_on_one_page(filled: Database, limit: int, max_looked_at: int) -> None:
    most = {"max_looked_at": max_looked_at}
    with filled.read() as connection:
        expected = sorted([(n, f"w{n:02}") for n in range(40)] + [(7, f"t{n}") for n in range(5)], reverse=True)
        assert walk(connection, limit, **most, node_ids=["wait"]) == [name for _, name in expected]
        expected = sorted([*expected, *((n, f"r{n:02}") for n in range(40))], reverse=True)
        assert walk(connection, limit, **most, node_ids=["wait", "race"]) == [name for _, name in expected]
        assert walk(connection, limit, **most, node_ids=["nowhere"]) == []


def test_other_filters_narrow_the_pages(filled: Database) -> None:
    with filled.read() as connection:
        assert walk(connection, 2, node_ids=["wait"], key="jane") == ["t4", "t3", "t2", "t1", "t0"]
        assert walk(connection, 2, node_ids=["race"], key="jane") == []
        assert walk(connection, 3, node_ids=["wait"], statuses=["ended"]) == []
        assert len(walk(connection, 9, statuses=["ended"])) == 40
        assert len(walk(connection, 9)) == 125


def test_one_who_moves_on_is_at_the_next_activity(filled: Database) -> None:
    with filled.write() as connection:
        store.update_instances(connection, [("active", "race", None, 50, "[]", "w39")])
        store.update_instances(connection, [("ended", None, None, 50, "[]", "w38")])
        assert ids(page(connection, limit=2, node_ids=["wait"])) == ["w37", "w36"]
        assert ids(page(connection, limit=2, node_ids=["race"])) == ["w39", "r39"]


def test_one_page_looks_at_so_many_and_says_where_to_go_on(filled: Database) -> None:
    with filled.write() as connection:
        store.insert_instances(connection, [instance("rare", -1, "late")])
        found = page(connection, limit=5, node_ids=["late"], max_looked_at=100)
        assert (ids(found), found.next is not None) == ([], True)
        found = page(connection, limit=5, node_ids=["late"], max_looked_at=100, after=found.next)
        assert (ids(found), found.next) == (["rare"], None)


@pytest.mark.parametrize("after", [None, (20, "w20")])
def test_a_page_is_a_stretch_of_the_index(filled: Database, after: store.InstancePlace | None) -> None:
    said: list[tuple[str, Any]] = []
    with filled.read() as connection:
        listen = lambda _c, _cursor, sql, values, *_: said.append((sql, values))  # noqa: E731
        event.listen(filled.engine, "before_cursor_execute", listen)
        page(connection, limit=3, node_ids=["wait", "race"], after=after, max_looked_at=30)
        event.remove(filled.engine, "before_cursor_execute", listen)
        assert len(said) == 2
        if not filled.is_sqlite:  # which otherwise finds that so small a table is read sooner
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            connection.execute(text("SET LOCAL enable_bitmapscan = off"))
        for sql, values in said:
            explain = "EXPLAIN QUERY PLAN" if filled.is_sqlite else "EXPLAIN"
            plan = " ".join(str(row) for row in connection.exec_driver_sql(f"{explain} {sql}", values))
            assert INDEX in plan
            assert "TEMP B-TREE" not in plan, plan
            assert "Sort" not in plan, plan
