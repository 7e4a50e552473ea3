"""Rows of data sets by key, on both databases."""

from typing import Any

import orjson
import pytest
from sqlalchemy import func, select

from parcours.db import Database
from parcours.lookups import store
from parcours.lookups.errors import LookupInvalid, LookupTooLarge
from parcours.lookups.model import MAX_ANSWER_BYTES, MAX_ROW_BYTES, LookupTable
from parcours.lookups.workspace import LookupWorkspace


def row(key: str, at_us: int = 10, *, dataset: str = "d", scope_id: int = 1, **body: Any) -> store.Row:
    text = orjson.dumps({"key": key, **body}).decode()
    return scope_id, dataset, key, at_us, len(text), text


def found(db: Database, keys: list[str], fields: list[str] | None = None) -> list[dict[str, Any]]:
    with db.read() as connection:
        return store.find_rows(connection, 1, "d", keys, fields or [])


def test_rows_come_in_the_order_of_the_keys_each_once_and_missing_ones_are_passed_over(db: Database) -> None:
    with db.write() as connection:
        store.put_rows(connection, [row("a"), row("b"), row("c"), row("a", dataset="e"), row("z", scope_id=2)])
    assert [one["key"] for one in found(db, ["c", "z", "a", "c", "no\0ne", "b"])] == ["c", "a", "b"]
    assert found(db, []) == []


def test_the_latest_row_of_a_key_takes_the_place_of_the_one_before_whole(db: Database) -> None:
    with db.write() as connection:
        store.put_rows(connection, [row("a", old=1, kept=1)])
        store.put_rows(connection, [row("a", kept=2)])
    assert found(db, ["a"]) == [{"key": "a", "kept": 2}]


def test_only_the_chosen_fields_come(db: Database) -> None:
    with db.write() as connection:
        store.put_rows(connection, [row("a", _acme={"price": 3, "name": "x"}, tags=[{"t": 1, "u": 2}, {"u": 3}])])
    assert found(db, ["a"], ["_acme.price", "tags.t", "absent.x"]) == [{"_acme": {"price": 3}, "tags": [{"t": 1}]}]


def test_more_keys_or_fields_than_allowed_are_refused(db: Database) -> None:
    with db.write() as connection:
        store.put_rows(connection, [row(str(n)) for n in range(60)])
    keys = [str(n) for n in range(51)]
    assert len(found(db, keys[:50], [f"f{n}" for n in range(19)] + ["key"])) == 50
    with pytest.raises(LookupInvalid, match="50 keys"):
        found(db, keys)
    with pytest.raises(LookupInvalid, match="20 fields"):
        found(db, ["1"], [f"f{n}" for n in range(21)])


def test_an_answer_above_ten_kilobytes_is_refused_and_one_just_below_is_not(db: Database) -> None:
    with db.write() as connection:
        store.put_rows(connection, [row("a", x="y" * 5_000), row("b", x="y" * 5_000)])
        short = MAX_ANSWER_BYTES - len(orjson.dumps([{"key": "c", "x": ""}]))
        store.put_rows(connection, [row("c", x="y" * short), row("d", x="y" * (short + 1))])
    assert len(found(db, ["c"])) == 1
    with pytest.raises(LookupTooLarge, match=f"{MAX_ANSWER_BYTES + 1} bytes"):
        found(db, ["d"])
    with pytest.raises(LookupTooLarge, match="fewer fields or keys"):
        found(db, ["a", "b", "a", "c"])
    assert found(db, ["a", "b"], ["key"]) == [{"key": "a"}, {"key": "b"}]


def test_records_of_one_transaction_are_kept_by_key_the_last_counts(db: Database) -> None:
    table = LookupTable({(1, "d"): ("_acme", "sku"), (1, "e"): ("sku",)})
    long = orjson.dumps({"sku": "long", "x": "y" * MAX_ROW_BYTES})
    with db.write() as connection:
        workspace = LookupWorkspace(table)
        for dataset, entity in (
            ("d", {"_acme": {"sku": "a"}, "n": 1}),
            ("d", {"_acme": {"sku": 7}, "n": 2}),
            ("d", {"_acme": {"sku": "a"}, "n": 3}),
            ("d", {"_acme": {}, "n": 4}),
            ("d", {"_acme": {"sku": True}}),
            ("d", {"_acme": {"sku": "x" * 1_025}}),
            ("other", {"_acme": {"sku": "a"}, "n": 5}),
        ):
            workspace.take((1, dataset), entity, orjson.dumps(entity))
        workspace.take((1, "e"), {"sku": "long"}, long)
        workspace.flush(connection, 10)
        assert store.count_rows(connection, 1, "d") == 2
        workspace.flush(connection, 11)  # nothing is written twice
        assert connection.execute(select(func.max(store.lookup_row_table.c.updated_at_us))).scalar() == 10
        assert store.count_rows(connection, 1, "other") == 0
    assert [one["n"] for one in found(db, ["a", "7"])] == [3, 2]
    with pytest.raises(LookupTooLarge, match=f"{len(long)} bytes"), db.read() as connection:
        store.find_rows(connection, 1, "e", ["long"], ["sku"])


def test_rows_of_the_lake_take_the_place_of_each_other_and_never_of_a_later_one(db: Database) -> None:
    with db.write() as connection:
        store.put_rows(connection, [row("new", 100, n="worker")])
        store.take_over_rows(connection, [row("new", 99, n="lake"), row("old", 99, n="first")])
        store.take_over_rows(connection, [row("old", 99, n="second")])
    assert [one["n"] for one in found(db, ["new", "old"])] == ["worker", "second"]


def test_rows_of_before_a_time_go_some_at_a_time(db: Database) -> None:
    with db.write() as connection:
        store.put_rows(connection, [row(str(n), at_us=n) for n in range(5)] + [row("x", 0, dataset="e")])
        places = [""]
        while places[-1] is not None:
            places.append(store.delete_older(connection, 1, "d", 3, places[-1], 2))  # type: ignore[arg-type]
        assert places == ["", "1", "3", None]
        assert store.count_rows(connection, 1, "e") == 1
    assert [one["key"] for one in found(db, list("01234"))] == ["3", "4"]


def test_a_load_that_was_begun_anew_is_not_moved_by_the_one_before(db: Database) -> None:
    with db.write() as connection:
        store.set_load(connection, 1, "d", "loading", 5)
        (before,) = store.find_loads(connection)
        store.set_load(connection, 1, "d", "loading", 6)
        assert not store.move_load(connection, before, state="ready")
        store.delete_load(connection, before)
        (load,) = store.find_loads(connection)
        assert store.move_load(connection, load, state="ready", row_count=3)
        assert store.find_loads(connection) == []
        found = store.find_load(connection, 1, "d")
        assert found is not None
        assert (found.state, found.since_us, found.row_count) == ("ready", 6, 3)
