"""The way into the log that Parcours makes for its own records, on each database: made once, whoever comes first."""

import threading
from concurrent.futures import ThreadPoolExecutor

from parcours.db import Database
from parcours.flows.documents import CONNECTION, FLOW, KINDS, SOURCE, TARGET
from parcours.flows.system import SystemFlow, ensure_system_flow, find_system_flow
from parcours.resources.store import Author, ResourceStore

AUTHOR = Author("test", "test")
RESOURCES = ResourceStore()


def ensure(db: Database, dataset_id: str, scope_id: int = 1) -> SystemFlow:
    with db.write() as connection:
        return ensure_system_flow(RESOURCES, connection, scope_id, AUTHOR, "Ours", dataset_id)


def count(db: Database, kind: str, scope_id: int = 1) -> int:
    with db.read() as connection:
        return len(RESOURCES.in_scope(connection, scope_id, kind))


def test_it_is_made_when_it_is_first_needed_and_found_from_then_on(db: Database) -> None:
    with db.read() as connection:
        assert find_system_flow(RESOURCES, connection, 1, "Ours", "d1") is None
    made = ensure(db, "d1")
    assert len(made.inlet_id) == 64
    assert ensure(db, "d1") == made
    with db.read() as connection:
        assert find_system_flow(RESOURCES, connection, 1, "Ours", "d1") == made
        assert find_system_flow(RESOURCES, connection, 1, "Others", "d1") is None
        assert find_system_flow(RESOURCES, connection, 2, "Ours", "d1") is None


def test_data_sets_share_the_inlet_and_sandboxes_do_not(db: Database) -> None:
    first, second, elsewhere = ensure(db, "d1"), ensure(db, "d2"), ensure(db, "d1", 2)
    assert first.inlet_id == second.inlet_id != elsewhere.inlet_id
    assert len({first.flow_id, second.flow_id, elsewhere.flow_id}) == 3
    assert [count(db, kind) for kind in (CONNECTION, SOURCE, TARGET, FLOW)] == [1, 1, 2, 2]


def test_those_who_need_it_at_once_make_it_once(db: Database) -> None:
    barrier = threading.Barrier(4)

    def race() -> SystemFlow:
        barrier.wait()
        return ensure(db, "d1")

    with ThreadPoolExecutor(4) as threads:
        futures = [threads.submit(race) for _ in range(4)]
        assert len({future.result() for future in futures}) == 1
    assert [count(db, kind) for kind in KINDS] == [1, 1, 1, 1]
