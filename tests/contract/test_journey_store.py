"""Instances, timers, decisions and the consumer's position, on both databases."""

from typing import Any

import pytest
from sqlalchemy import Connection, select

from parcours.db import Database
from parcours.journeys import decision_store, store

HOUR_MS = 3_600_000


def instance(name: str, *, key: str = "jane", journey: str = "j", scope_id: int = 1, at_us: int = 5) -> tuple[Any, ...]:
    return (
        name, 0, scope_id, journey, "v", key, "Email", "active", "wait", "timer", at_us, at_us, f'{{"i":"{name}"}}',
        None,
    )  # fmt: skip


def test_instances_are_found_by_key_oldest_entrance_first(db: Database) -> None:
    with db.write() as connection:
        rows = [instance("late", at_us=9), instance("early", at_us=3), instance("other", key="joe")]
        store.insert_instances(connection, [*rows, instance("foreign", scope_id=2)])
        found = store.find_by_key(connection, [(1, "j", "jane"), (1, "j", "nobody"), (2, "j", "jane")])
    assert [i.id for i in found[1, "j", "jane"]] == ["early", "late"]
    assert [i.id for i in found[2, "j", "jane"]] == ["foreign"]
    assert (1, "j", "nobody") not in found


def test_a_moved_instance_is_read_back_as_it_was_written(db: Database) -> None:
    with db.write() as connection:
        store.insert_instances(connection, [instance("a")])
        store.update_instances(connection, [("ended", None, None, 77, "[1,2,3]", "a")])
        found = store.find_instances(connection, ["a", "absent"])
    assert set(found) == {"a"}
    assert (found["a"].status, found["a"].node_id, found["a"].updated_at_us, found["a"].state) == (
        "ended", None, 77, [1, 2, 3],
    )  # fmt: skip


def test_a_due_timer_is_found_never_early_and_the_longest_overdue_first(db: Database) -> None:
    with db.write() as connection:
        store.insert_timers(connection, [("a", "n", 1, 0, 200, "wait"), ("b", "n", 1, 0, 100, "wait")])
        assert store.find_due(connection, 99, 10) == []
        assert [t.instance_id for t in store.find_due(connection, 100, 10)] == ["b"]
        assert [t.instance_id for t in store.find_due(connection, 500, 10)] == ["b", "a"]
        store.delete_timers(connection, [("b", "n", 1), ("gone", "n", 1)])
        store.put_off_timers(connection, [("a", "n", 1)], 900)
        assert store.find_due(connection, 899, 10) == []
        assert [t.due_at_us for t in store.find_due(connection, 900, 10)] == [900]


def test_stopping_a_version_takes_everyone_out_with_their_timers(db: Database) -> None:
    with db.write() as connection:
        store.insert_instances(connection, [instance("in"), instance("foreign", scope_id=2)])
        store.insert_timers(connection, [("in", "n", 1, 0, 5, "wait"), ("foreign", "n", 1, 0, 5, "wait")])
        store.request_stop(connection, 1, "j", "v")
        (stop,) = store.find_stops(connection)
        inside = [one.id for one in store.list_inside(connection, stop, 10)]
        assert inside == ["in"]
        store.end_instances(connection, inside, 9)
        assert store.list_inside(connection, stop, 10) == []
        found = store.find_instances(connection, ["in", "foreign"])
        assert (found["in"].status, found["in"].node_id) == ("stopped", None)
        assert found["foreign"].node_id == "wait"
        assert [t.instance_id for t in store.find_due(connection, 10, 10)] == ["foreign"]


def test_a_stop_goes_on_after_the_key_it_came_to_until_it_is_finished(db: Database) -> None:
    with db.write() as connection:
        keys = ["c", "a", "b", "b"]
        store.insert_instances(connection, [instance(f"i{n}", key=key) for n, key in enumerate(keys)])
        store.request_stop(connection, 1, "j", "v")
        (stop,) = store.find_stops(connection)
        assert [store.has_stop(connection, uid) for uid in ("v", "j")] == [True, False]
        assert [one.key for one in store.list_inside(connection, stop, 3)] == ["a", "b", "b"]
        store.move_stop(connection, stop, "b")
        (stop,) = store.find_stops(connection)
        assert [one.key for one in store.list_inside(connection, stop, 9)] == ["b", "b", "c"]
        store.finish_stop(connection, stop)
        assert store.find_stops(connection) == []
        assert not store.has_stop(connection, "v")


def test_the_position_moves_only_from_where_it_is(db: Database) -> None:
    with db.write() as connection:
        assert store.get_position(connection, "pipeline") == 0
        assert store.move_position(connection, "pipeline", 0, 5)
        assert not store.move_position(connection, "pipeline", 0, 6)
        assert not store.move_position(connection, "pipeline", 4, 6)
        assert store.move_position(connection, "pipeline", 5, 6)
        assert store.get_position(connection, "pipeline") == 6


def test_decisions_are_found_by_person_and_by_event_and_go_when_they_are_old(db: Database) -> None:
    rows = [
        (1, "Email", "jane", "e1", "i", "x1", 100, '[{"event":"A"}]'),
        (1, "Email", "jane", "e2", "i", "x2", 200, "[]"),
        (1, "ECID", "jane", "e3", "i", "x3", 300, "[]"),
        (2, "Email", "jane", "e1", "i", "x4", 400, "[]"),
    ]
    with db.write() as connection:
        decision_store.insert_decisions(connection, rows)
        of_jane = decision_store.list_decisions(connection, 1, identities=[("Email", "jane")])
        assert [d["eventId"] for d in of_jane] == ["e2", "e1"]
        assert decision_store.list_decisions(connection, 1, event_id="e1")[0]["decisions"] == [{"event": "A"}]
        assert decision_store.find_duplicates(connection, 1, ["e1", "e2", "e9"], 150) == {("i", "e2")}
        assert decision_store.delete_decisions(connection, 250) == 2
        assert [
            d["eventId"] for d in decision_store.list_decisions(connection, 1, identities=[("Email", "jane")])
        ] == []


@pytest.mark.parametrize("count", [0, 1, 1200])
def test_steps_of_many_instances_come_back_in_order(db: Database, count: int) -> None:
    names = [f"i{n}" for n in range(count)]
    with db.write() as connection:
        rows = [(name, seq, 1, seq, f"[[{seq}]]") for name in names for seq in (2, 0)]
        store.insert_steps(connection, rows)
        found = store.list_steps(connection, names)
    assert found == [(name, f"[[{seq}]]") for name in sorted(names) for seq in (0, 2)]


def test_a_decision_tells_what_it_was_not_from_the_set_it_names(db: Database) -> None:
    of_then = '[["A","a",null],["B","b","x > 1"],["C","c",null]]'
    told = '[{"event":"A","eventUid":"a","outcome":"matched"},{"set":"then","hasId":true}]'
    with db.write() as connection:
        decision_store.note_sets(connection, {"then": of_then}, 5 * HOUR_MS)
        decision_store.insert_decisions(connection, [(1, "Email", "jane", "e1", "i", "x1", 5 * HOUR_MS, told)])
        (decision,) = decision_store.list_decisions(connection, 1, event_id="e1")
    assert [(one["event"], one["outcome"], one.get("reason")) for one in decision["decisions"]] == [
        ("A", "matched", None),
        ("B", "notMatched", "its condition is not true: x > 1"),
        ("C", "notMatched", "the record's eventID is another one"),
    ]


def test_a_set_stays_as_long_as_a_decision_may_name_it(db: Database) -> None:
    with db.write() as connection:
        decision_store.note_sets(connection, {"early": "[]", "late": "[]"}, HOUR_MS)
        decision_store.note_sets(connection, {"late": "[]"}, HOUR_MS + 1)  # within the hour: not written again
        decision_store.note_sets(connection, {"late": "[]"}, 9 * HOUR_MS)
        decision_store.delete_decisions(connection, 2 * HOUR_MS)
        assert _sets(connection) == {"early": HOUR_MS, "late": 9 * HOUR_MS}
        decision_store.delete_decisions(connection, 4 * HOUR_MS)
        assert _sets(connection) == {"late": 9 * HOUR_MS}


def _sets(connection: Connection) -> dict[str, int]:
    t = decision_store.decision_set_table
    return {row.id: row.used_at_ms for row in connection.execute(select(t.c.id, t.c.used_at_ms))}


def test_the_next_due_time_is_that_of_the_earliest_timer(db: Database) -> None:
    with db.write() as connection:
        assert store.find_next_due(connection) is None
        store.insert_timers(connection, [("a", "n", 1, 0, 200, "wait"), ("b", "n", 1, 0, 100, "wait")])
        assert store.find_next_due(connection) == 100
        store.delete_timers(connection, [("b", "n", 1)])
        assert store.find_next_due(connection) == 200


def test_entrances_of_a_period_and_who_was_inside_when_it_began(db: Database) -> None:
    with db.write() as connection:
        rows = [instance("before", at_us=4), instance("gone", at_us=4), instance("first", at_us=5)]
        rows += [instance("last", key="joe", at_us=9), instance("after", at_us=10), instance("else", journey="k")]
        store.insert_instances(connection, [*rows, instance("foreign", scope_id=2)])
        store.update_instances(connection, [("ended", None, None, 4, "[]", "gone")])
        assert [one.id for one in store.list_entrances(connection, 1, "j", 5, 10)] == ["first", "last"]
        assert store.count_inside_at(connection, 1, "j", 5) == 1
        store.update_instances(connection, [("ended", None, None, 7, "[]", "before")])
        assert store.count_inside_at(connection, 1, "j", 5) == 1, "it left only later"
        assert store.count_inside_at(connection, 1, "j", 8) == 1
