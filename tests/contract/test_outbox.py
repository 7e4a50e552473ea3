"""The outbox on each database."""

from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from parcours.actions.model import HttpRequest
from parcours.db import Database
from parcours.delivery import store
from parcours.delivery.model import idempotency_key
from parcours.journeys.workset import OutgoingCall

REQUEST = HttpRequest("POST", "https://é.example/x?a=b", (("X-A", "ü"), ("X-A", "2")), '{"a":"é\\u0000"}'.encode())


def call(number: int, **changes: Any) -> OutgoingCall:
    one = OutgoingCall(7, 3, f"instance-{number}", "node", 1, "version", "action", REQUEST, 31_000_000)
    return one._replace(**changes)


def test_calls_are_loaded_in_the_order_they_were_put_in(db: Database) -> None:
    with db.write() as connection:
        store.enqueue(connection, [call(n) for n in range(5)], 1_000_000)
        store.enqueue(connection, [], 1_000_000)
    with db.read() as connection:
        first = store.load_after(connection, 0, 3)
        rest = store.load_after(connection, first[-1].id, 10)
        assert store.count(connection) == 5
    assert [row.instance_id for row in (*first, *rest)] == [f"instance-{n}" for n in range(5)]
    row = first[0]
    assert (row.scope_id, row.node_id, row.pass_no, row.version_uid, row.action_uid) == (
        7,
        "node",
        1,
        "version",
        "action",
    )
    assert row.request == REQUEST
    assert row.time_limit_us == 30_000_000
    assert row.idempotency_key == idempotency_key("instance-0", 1)


def test_an_answered_call_is_gone_and_its_id_is_not_given_again(db: Database) -> None:
    with db.write() as connection:
        store.enqueue(connection, [call(n) for n in range(3)], 0)
    with db.write() as connection:
        ids = [row.id for row in store.load_after(connection, 0, 10)]
        store.delete_answered(connection, ids)
        store.delete_answered(connection, [*ids, 999])
        store.delete_answered(connection, [])
    with db.write() as connection:
        assert store.count(connection) == 0
        store.enqueue(connection, [call(9)], 0)
        assert store.load_after(connection, 0, 10)[0].id > max(ids)


def test_rows_are_found_by_id_in_any_number(db: Database) -> None:
    with db.write() as connection:
        store.enqueue(connection, [call(n) for n in range(1_200)], 0)
        ids = store.find_ids(connection, 10**9)
        assert len(ids) == 1_200
        assert ids == sorted(ids)
        assert store.find_ids(connection, ids[10]) == ids[:11]
        assert [row.id for row in store.load(connection, [*ids[:700], 10**9])] == ids[:700]
        store.delete_answered(connection, ids[:1_100])
        assert store.find_ids(connection, 10**9) == ids[1_100:]


def test_one_stay_at_one_node_is_called_once(db: Database) -> None:
    with db.write() as connection:
        store.enqueue(connection, [call(1)], 0)
        store.enqueue(connection, [call(1, pass_no=2), call(1, node_id="other", pass_no=3), call(2)], 0)
    with pytest.raises(IntegrityError), db.write() as connection:
        store.enqueue(connection, [call(3), call(1)], 0)
    with db.read() as connection:
        assert store.count(connection) == 4


def test_a_rolled_back_call_is_not_there(db: Database) -> None:
    with db.engine.connect() as connection:
        store.enqueue(connection, [call(1)], 0)
        connection.rollback()
    with db.read() as connection:
        assert store.count(connection) == 0


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "null", '["GET","u"]', '["GET","u",[["a"]],null]', '["GET","u",[],5]']
)
def test_a_text_that_is_no_request_is_loaded_without_one(sqlite_db: Database, text: str) -> None:
    with sqlite_db.write() as connection:
        store.enqueue(connection, [call(1)], 0)
        connection.execute(update(store.outbox_table).values(request=text))
        assert store.load_after(connection, 0, 1)[0].request is None


def test_a_request_without_body_comes_back_without_body(sqlite_db: Database) -> None:
    with sqlite_db.write() as connection:
        store.enqueue(connection, [call(1, request=HttpRequest("GET", "https://x.example", (), None))], 0)
        row = store.load_after(connection, 0, 1)[0]
    assert row.request == HttpRequest("GET", "https://x.example", (), None)
