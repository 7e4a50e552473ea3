"""Runs, batches, sandboxes and namespaces keep their promises on every database."""

import pytest
from sqlalchemy import Connection

from parcours.access.service import Access
from parcours.catalog import store as batches
from parcours.catalog.model import WINDOW_MS, RunDelta
from parcours.catalog.service import CatalogService
from parcours.db import Database
from parcours.flows import store as runs
from parcours.identity.service import NamespaceService
from parcours.kit.secrets import SecretBox
from parcours.kit.settings import Settings
from parcours.resources.store import ResourceNotFound, ResourceStore
from parcours.xdm.compiled import CompiledSchema

WINDOW = 1_700_000_100_000 - 1_700_000_100_000 % WINDOW_MS
SCHEMA = CompiledSchema(
    "https://ns.adobe.com/acme/schemas/a", "https://ns.adobe.com/xdm/context/profile", "A", 0, "record", True, {}
)


def noted(received_at_ms: int, latency_ms: int, **values: int) -> RunDelta:
    delta = RunDelta(**values)
    delta.note_received(received_at_ms, received_at_ms + latency_ms)
    return delta


def test_a_run_adds_up_over_transactions(db: Database) -> None:
    deltas = [noted(WINDOW + 50, 10, landed=3, bytes_out=30), noted(WINDOW + 20, 500, failed=2)]
    deltas[1].reasons = {"B-1": 1, "A-1": 1}
    deltas.append(noted(WINDOW + 90, 5, landed=1, failed=-1))
    deltas[2].reasons = {"B-1": -1}
    for delta in deltas:
        with db.write() as connection:
            runs.add_to_run(connection, 1, "flow", WINDOW, delta)
    with db.read() as connection:
        (run,) = runs.find_runs(connection, 1)
        assert (run.landed, run.failed, run.bytes_out, run.measured) == (4, 1, 30, 3)
        assert (run.first_at_ms, run.last_at_ms) == (WINDOW + 20, WINDOW + 520)
        assert (run.latency_min_ms, run.latency_max_ms, run.latency_sum_ms) == (5, 500, 515)
        assert run.id == runs.run_id(1, "flow", WINDOW)
        assert runs.find_reasons(connection, 1, [run]) == {("flow", WINDOW): [("A-1", 1)]}
        assert runs.find_runs(connection, 2) == []
        assert runs.count_runs(connection, 1) == 1
        assert runs.find_last_runs(connection, 1, ["flow", "none"]) == {"flow": run}


def test_a_window_has_one_batch_of_what_landed_and_one_of_what_failed(db: Database) -> None:
    def add(connection: Connection, dataset_id: str, window: int, delta: RunDelta) -> batches.BatchIds:
        return batches.add_to_batch(connection, 1, dataset_id, "", window, delta)

    both = noted(WINDOW, 1, landed=2, failed=1, bytes_out=7)
    both.reasons = {"X-1": 1}
    with db.write() as connection:
        first = add(connection, "d1", WINDOW, both)
        again = add(connection, "d1", WINDOW, noted(WINDOW, 1, landed=3))
        later = add(connection, "d1", WINDOW + WINDOW_MS, noted(WINDOW + WINDOW_MS, 1, landed=1))
        other = add(connection, "d2", WINDOW, noted(WINDOW, 1, failed=4))
    assert again == (first.landed, None)
    assert later.failed is None
    assert first.failed is not None
    with db.read() as connection:
        landed = batches.find_batch(connection, 1, str(first.landed))
        assert landed is not None
        assert (landed.record_count, landed.failed_record_count, landed.size_bytes) == (5, 0, 7)
        assert batches.find_batch(connection, 2, str(first.landed)) is None
        last = batches.find_last_batches(connection, 1)
        assert last["d1"][False].id == later.landed
        assert last["d1"][True].id == first.failed
        assert last["d2"].keys() == {True}
        assert last["d2"][True].id == other.failed
        assert batches.find_last_batches(connection, 1, "d2") == {"d2": last["d2"]}
        assert batches.find_errors(connection, 1, [first.failed]) == {first.failed: [("X-1", 1)]}
        newest = batches.find_batches(connection, 1, limit=1)
        assert [batch.id for batch in newest] == [later.landed]
        assert len(batches.find_batches(connection, 1, start=1, limit=10)) == 3


def test_a_system_data_set_is_the_same_at_every_call(db: Database) -> None:
    catalog = CatalogService(db, ResourceStore(), lambda *_: SCHEMA)
    ids = set()
    for _ in range(2):
        with db.write() as connection:
            ids.add(catalog.ensure_system_data_set(connection, 1, "journey_step_events", SCHEMA.schema_id))
    with db.read() as connection:
        (dataset_id,) = ids
        found = catalog.table.current(connection).get(1, dataset_id)
        assert found is not None
        assert found.table_name == "journey_step_events"
        assert catalog.table.current(connection).get(2, dataset_id) is None
        assert catalog.is_schema_in_use(connection, 1, SCHEMA.schema_id)
        assert not catalog.is_schema_in_use(connection, 2, SCHEMA.schema_id)


def test_sandboxes_tokens_and_namespaces_work_on_every_database(db: Database) -> None:
    resources = ResourceStore()
    access = Access(db, resources, Settings(), SecretBox(b"k" * 32))
    access.add_org("ACME@AdobeOrg", "acme")
    access.add_client("ACME@AdobeOrg", "client", "secret")
    form = {"grant_type": "client_credentials", "client_id": "client", "client_secret": "secret"}
    token = access.issue_token(form)["access_token"]
    headers = {"authorization": f"Bearer {token}", "x-api-key": "client", "x-gw-ims-org-id": "ACME@AdobeOrg"}
    caller = access.admit({**headers, "x-sandbox-name": "dev"})
    namespaces = NamespaceService(db, resources)
    body = {"name": "Loyalty", "code": "LoyaltyId", "idType": "CROSS_DEVICE"}
    numbers = [namespaces.create(caller, {**body, "code": code}).id for code in ("LoyaltyId", "Other")]
    assert numbers == [10_000_000, 10_000_001]
    access.reset_sandbox("ACME@AdobeOrg", "dev")
    empty = access.admit({**headers, "x-sandbox-name": "dev"})
    assert empty.scope_id != caller.scope_id
    assert not [one for one in namespaces.namespaces(empty) if one.is_custom]
    for _ in range(2):
        access.revoke_token(token)
    assert access.read_token(f"Bearer {token}") is None


def test_a_name_with_a_nul_is_simply_not_there(db: Database) -> None:
    resources = ResourceStore()
    with db.read() as connection:
        assert resources.find(connection, 1, "flow", "a\0b") is None
        with pytest.raises(ResourceNotFound):
            resources.get_version(connection, 1, "flow", "a\0b", 0)
