"""Memberships, their pages, counts and qualifications, on both databases."""

import pytest
from sqlalchemy import text

from parcours.audiences import store
from parcours.audiences.model import Change, Counts, Membership
from parcours.db import Database

A, B = "audience-a", "audience-b"


def emails(*values: str) -> dict[tuple[str, str], str | None]:
    return {("Email", value): None for value in values}


def test_a_membership_keeps_its_time_until_its_status_changes(db: Database) -> None:
    with db.write() as connection:
        assert store.realize(connection, 1, A, emails("jane", "joe"), 100, is_listened=False) == Change(realized=2)
        again = {("Email", "jane"): '{"tier":"gold"}'}
        assert store.realize(connection, 1, A, again, 200, is_listened=False) == Change(unchanged=1)
        assert store.leave(connection, 1, A, emails("joe", "nobody"), 300, is_listened=False) == Change(
            exited=1, unchanged=1
        )
        found = store.find_memberships(connection, 1, [("Email", "jane"), ("Email", "joe"), ("ECID", "jane")], [A, B])
        assert found == {
            ("Email", "jane"): {A: Membership("realized", 100)},
            ("Email", "joe"): {A: Membership("exited", 300)},
        }
        assert store.leave(connection, 1, A, emails("joe"), 400, is_listened=False) == Change(unchanged=1)
        store.realize(connection, 1, A, emails("joe"), 500, is_listened=False)
        (jane, joe) = store.members_after(connection, 1, A, "", 10)
        assert (jane.identity, jane.qualified_at_us, jane.attributes) == (("Email", "jane"), 100, '{"tier":"gold"}')
        assert (joe.qualified_at_us, joe.attributes) == (500, None)
        assert store.find_counts(connection, 1) == {A: Counts(2, 0, None)}


def test_counts_follow_every_change_and_remember_the_evaluation(db: Database) -> None:
    with db.write() as connection:
        store.realize(connection, 1, A, emails("a", "b", "c"), 1, is_listened=False)
        store.leave(connection, 1, A, emails("a", "b"), 2, is_listened=False)
        store.realize(connection, 1, A, emails("b", "d"), 3, is_listened=False)
        store.realize(connection, 1, B, emails("a"), 3, is_listened=False)
        store.realize(connection, 2, A, emails("a"), 3, is_listened=False)
        store.note_evaluated(connection, 1, A, 77)
        assert store.find_counts(connection, 1) == {A: Counts(3, 1, 77), B: Counts(1, 0, None)}
        assert store.find_counts(connection, 1, [B]) == {B: Counts(1, 0, None)}


def test_sandboxes_and_audiences_do_not_see_each_other(db: Database) -> None:
    with db.write() as connection:
        store.realize(connection, 1, A, emails("jane"), 1, is_listened=False)
        store.realize(connection, 2, A, emails("joe"), 1, is_listened=False)
        store.realize(connection, 1, B, emails("jim"), 1, is_listened=False)
        assert [one.identity[1] for one in store.members_after(connection, 1, A, "", 10)] == ["jane"]
        assert store.find_memberships(connection, 1, emails("jane", "joe", "jim"), [A]).keys() == {("Email", "jane")}
        assert store.leave(connection, 1, A, emails("joe", "jim"), 2, is_listened=False) == Change(unchanged=2)


KEYS = ["", "B", "a", "ab", "b", "zé", "é", "日本", "𝄞"]
"""In the order of their bytes, which is neither that of a dictionary nor that of UTF-16."""


@pytest.mark.parametrize("size", [1, 2, 100])
def test_pages_follow_each_other_in_the_order_of_bytes(db: Database, size: int) -> None:
    wanted = KEYS[1:]
    with db.write() as connection:
        store.realize(connection, 1, A, emails(*reversed(wanted)), 1, is_listened=False)
        store.realize(connection, 1, A, {("ECID", "0"): None}, 1, is_listened=False)
        store.realize(connection, 1, A, emails("c"), 1, is_listened=False)
        store.leave(connection, 1, A, emails("c"), 2, is_listened=False)
        found, key = [], ""
        while page := store.members_after(connection, 1, A, key, size):
            assert len(page) <= size
            found += [one.identity for one in page]
            key = page[-1].key
        assert store.is_key(key)
        ids = store.identities_after(connection, 1, A, "Email", "ab", size)
        assert [one.identity[1] for one in store.members_after(connection, 1, A, "", 9, status="exited")] == ["c"]
    assert found == [("ECID", "0"), *(("Email", value) for value in wanted)]
    assert ids == wanted[3:][:size]


def test_members_are_found_by_how_their_identity_begins(db: Database) -> None:
    with db.write() as connection:
        store.realize(connection, 1, A, emails("jan", "jane", "jane😀", "janet", "Jane", "jb"), 1, is_listened=False)
        found = [one.identity[1] for one in store.members_after(connection, 1, A, "", 9, begins_with="jane")]
        key = store.members_after(connection, 1, A, "", 2, begins_with="jane")[-1].key
        rest = store.members_after(connection, 1, A, key, 9, begins_with="jane")
    assert found == ["jane", "janet", "jane😀"]
    assert [one.identity[1] for one in rest] == ["jane😀"]


def test_an_incremental_read_gives_those_realized_in_between_in_the_order_of_time(db: Database) -> None:
    with db.write() as connection:
        for at_us, values in ((10, "xy"), (20, "ba"), (30, "c"), (40, "d")):
            store.realize(connection, 1, A, emails(*values), at_us, is_listened=False)
        store.leave(connection, 1, A, emails("y"), 25, is_listened=False)
        store.realize(connection, 1, A, emails("y"), 35, is_listened=False)
        store.leave(connection, 1, A, emails("c"), 36, is_listened=False)
        found, key = [], ""
        while page := store.members_after(connection, 1, A, key, 1, since_us=10, until_us=35):
            found += [(one.qualified_at_us, one.identity[1]) for one in page]
            key = page[-1].key
    assert found == [(20, "a"), (20, "b"), (35, "y")]


def test_qualifications_are_queued_in_order_for_those_who_listen_alone(db: Database) -> None:
    with db.write() as connection:
        assert not store.has_qualifications(connection)
        store.realize(connection, 1, A, emails("silent"), 1, is_listened=False)
        store.realize(connection, 1, A, emails("jane", "joe"), 2, is_listened=True)
        store.leave(connection, 1, A, emails("joe", "nobody"), 3, is_listened=True)
        store.realize(connection, 1, A, emails("jane"), 4, is_listened=True)
        assert store.has_qualifications(connection)
        taken = store.take_qualifications(connection, 2)
        assert [(q.scope_id, q.audience_id, q.namespace, q.identity, q.status, q.at_us) for q in taken] == [
            (1, A, "Email", "jane", "realized", 2),
            (1, A, "Email", "joe", "realized", 2),
        ]
        assert store.take_qualifications(connection, 2) == taken
        store.delete_qualifications(connection, taken)
        rest = store.take_qualifications(connection, 10)
        assert [(q.identity, q.status, q.at_us) for q in rest] == [("joe", "exited", 3)]
        store.delete_qualifications(connection, rest)
        assert not store.has_qualifications(connection)


def test_what_is_rolled_back_leaves_neither_member_nor_count_nor_qualification(db: Database) -> None:
    def fail() -> None:
        with db.write() as connection:
            store.realize(connection, 1, A, emails("jane"), 1, is_listened=True)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with db.read() as connection:
        assert store.members_after(connection, 1, A, "", 10) == []
        assert store.find_counts(connection, 1) == {}
        assert not store.has_qualifications(connection)


def test_members_of_an_audience_that_is_gone_go_some_at_a_time(db: Database) -> None:
    with db.write() as connection:
        store.realize(connection, 1, A, emails(*map(str, range(5))), 1, is_listened=False)
        store.realize(connection, 1, B, emails("0"), 1, is_listened=False)
        assert [store.delete_some(connection, 1, A, 2) for _ in range(4)] == [2, 2, 1, 0]
        store.forget_audience(connection, 1, A)
        assert store.find_counts(connection, 1).keys() == {B}
        assert len(store.members_after(connection, 1, B, "", 10)) == 1


def test_pages_and_look_ups_are_stretches_of_an_index(sqlite_db: Database) -> None:
    """What they cost does not grow with the audience: SQLite searches, it neither scans nor sorts."""
    plans: list[str] = []
    with sqlite_db.write() as connection:
        store.realize(connection, 1, A, emails("jane"), 1, is_listened=False)

        def explain(statement: str, parameters: object) -> None:
            cursor = connection.connection.cursor()
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[arg-type]
            plans.append(" | ".join(row[3] for row in cursor.fetchall()))

        from sqlalchemy import event

        def seen(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
            explain(statement, parameters)

        event.listen(connection, "before_cursor_execute", seen)
        key = store.members_after(connection, 1, A, "", 10)[0].key
        store.members_after(connection, 1, A, key, 10)
        timed = store.members_after(connection, 1, A, "", 10, since_us=0)[0].key
        store.members_after(connection, 1, A, timed, 10, since_us=0, until_us=9)
        store.identities_after(connection, 1, A, "Email", "", 10)
        store.find_memberships(connection, 1, emails("jane", "joe"), [A, B])
        event.remove(connection, "before_cursor_execute", seen)
        connection.execute(text("SELECT 1"))
    assert len(plans) == 6
    for plan in plans:
        assert "SCAN audience_membership" not in plan, plan
        assert "TEMP B-TREE" not in plan, plan
    assert "(namespace,identity)>(?,?)" in plans[1], plans[1]
    assert "ix_audience_membership_time" in plans[3], plans[3]
    assert "identity=?" in plans[5], plans[5]
