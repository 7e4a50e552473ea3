"""A record that names nobody by a fault of its own says so."""

import pytest
from fastapi.testclient import TestClient
from world_of_flows import World, make_world

from parcours.app import Platform
from parcours.dataflow.model import Valid


@pytest.fixture
def xdm(api: TestClient, platform: Platform) -> World:
    return make_world(api, platform, "xdm")


def test_a_record_whose_only_identity_is_none_lands_with_a_warning(xdm: World) -> None:
    landed = xdm.outcome({"identityMap": {"ECID": [{"id": "123", "primary": True}]}})
    assert isinstance(landed, Valid)
    assert (landed.primary, landed.identities) == (None, [])
    assert landed.warnings == ("identityMap.ECID: an ECID has 38 digits",)
    landed = xdm.outcome({"identityMap": {"ECID": [{"id": "1" * 38, "primary": True}]}})
    assert isinstance(landed, Valid)
    assert landed.warnings == ()
