"""Records that were accepted, then lost a definition they were accepted for: what still lands, and what is said."""

import pytest
from fastapi.testclient import TestClient
from world_of_flows import World, make_world

from parcours.app import Platform
from parcours.dataflow.model import Failed, Valid

FOUNDATION = "/data/foundation"
ENTITY = {"person": {"name": {"firstName": "Jo"}}}


@pytest.fixture
def xdm(api: TestClient, platform: Platform) -> World:
    return make_world(api, platform, "xdm")


@pytest.fixture
def raw(api: TestClient, platform: Platform) -> World:
    return make_world(api, platform, "raw")


def test_a_record_lands_though_its_flow_and_its_inlet_are_deleted(xdm: World) -> None:
    xdm.delete(f"flowservice/flows/{xdm.flow}")
    assert isinstance(xdm.outcome(ENTITY), Valid)
    xdm.delete(f"flowservice/sourceConnections/{xdm.source}")
    xdm.delete(f"flowservice/connections/{xdm.connection}")
    assert isinstance(xdm.outcome(ENTITY), Valid)
    assert isinstance(xdm.outcome(ENTITY, flow=""), Valid)


def test_a_deleted_flow_takes_nothing_new(xdm: World) -> None:
    xdm.delete(f"flowservice/flows/{xdm.flow}")
    with xdm.platform.db.read() as connection:
        table = xdm.platform.flows.inlets.current(connection)
    inlet = table.get(xdm.inlet)
    assert inlet is not None
    assert not inlet.flows
    xdm.delete(f"flowservice/sourceConnections/{xdm.source}")
    xdm.delete(f"flowservice/connections/{xdm.connection}")
    with xdm.platform.db.read() as connection:
        assert xdm.platform.flows.inlets.current(connection).get(xdm.inlet) is None


def test_a_raw_record_of_a_deleted_flow_is_mapped_as_ever_even_without_the_mapping_set(raw: World) -> None:
    raw.delete_flow_and_inlet()
    raw.delete(f"conversion/mappingSets/{raw.mapping}")
    landed = raw.outcome({"first": "Jo"})
    assert isinstance(landed, Valid)
    assert landed.entity == ENTITY
    assert raw.api.get(f"{FOUNDATION}/conversion/mappingSets/{raw.mapping}").status_code == 404
    with raw.platform.db.read() as connection:
        assert raw.platform.mappings.target_schema(connection, raw.scope_id, raw.mapping, 0) is None


def test_nothing_is_remembered_beyond_the_data_set_and_the_reason_says_so(raw: World) -> None:
    raw.delete_flow_and_inlet()
    raw.delete(f"conversion/mappingSets/{raw.mapping}")
    raw.delete(f"catalog/dataSets/{raw.dataset}", 200)
    failed = raw.outcome({"first": "Jo"})
    assert isinstance(failed, Failed)
    assert (failed.code, failed.errors) == ("INGEST-1100-400", [{"message": "The data set is gone"}])
    with raw.platform.db.read() as connection:
        assert raw.inlet not in raw.platform.flows.inlets.current(connection).remembered
        assert raw.platform.mappings.table.current(connection).get(raw.scope_id, raw.mapping, 0) is None


def test_a_record_of_a_deleted_sandbox_fails_and_the_reason_says_so(api: TestClient, platform: Platform) -> None:
    world = make_world(api, platform, "xdm", "dev")
    world.delete(f"flowservice/flows/{world.flow}")
    platform.access.delete_sandbox("ACME@AdobeOrg", "dev")
    for flow in (None, ""):
        failed = world.outcome(ENTITY, flow)
        assert isinstance(failed, Failed)
        assert failed.errors == [{"message": "The sandbox is gone"}]


def test_a_mapping_set_that_a_flow_maps_with_is_not_deleted(raw: World) -> None:
    answer = raw.delete(f"conversion/mappingSets/{raw.mapping}", 409)
    assert "flow 'People in'" in answer["detail"]
    assert answer["type"] == "http://ns.adobe.com/aep/errors/MAPPER-1009-409"
    assert isinstance(raw.outcome({"first": "Jo"}), Valid)
