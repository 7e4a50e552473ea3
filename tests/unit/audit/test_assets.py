"""What the audit log calls a change: pure."""

from typing import Any

import pytest

from parcours.access.permissions import RESOURCES
from parcours.audit.assets import asset_of, name_of, permission_of, type_of, type_of_resource, verb_of, verb_of_path


def version(status: str) -> dict[str, Any]:
    return {"status": status, "document": {"name": "Welcome"}}


@pytest.mark.parametrize(
    ("before", "after", "verb"),
    [
        (None, "Draft", "Create"),
        ("Draft", None, "Delete"),
        ("Draft", "Draft", "Update"),
        ("Draft", "Deployed", "Publish"),
        ("Deployed", "Closed", "Close"),
        ("Deployed", "Stopped", "Stop"),
        ("Closed", "Stopped", "Stop"),
        ("Deployed", "Paused", "Pause"),
        ("Paused", "Deployed", "Resume"),
        ("Paused", "Stopped", "Stop"),
        ("Draft", "Testing", "Activate test"),
        ("Testing", "Draft", "Deactivate test"),
        ("Testing", "Deployed", "Publish"),
        ("Draft", "Dry Run", "Start dry run"),
        ("Dry Run", "Draft", "Stop dry run"),
        ("Closed", "Finished", "Finish"),
        ("Draft", "Something new", "Update"),
    ],
)
def test_the_status_of_a_journey_tells_the_verb(before: str | None, after: str | None, verb: str) -> None:
    """Source: journeys §3.3, §3.4."""
    old, new = (None if status is None else version(status) for status in (before, after))
    assert verb_of("journeyVersion", old, new) == verb


def test_a_flow_is_enabled_and_disabled() -> None:
    assert verb_of("flow", {"state": "enabled"}, {"state": "disabled"}) == "Disable"
    assert verb_of("flow", {"state": "draft"}, {"state": "enabled"}) == "Enable"
    assert verb_of("flow", {"state": "enabled"}, {"state": "enabled", "name": "x"}) == "Update"


@pytest.mark.parametrize(
    ("kind", "document", "asset_type", "name"),
    [
        ("journeyVersion", version("Draft"), "Journey", "Welcome"),
        ("event", {"name": "Order"}, "Journey event", "Order"),
        ("action", {"name": "SendMail"}, "Journey custom action", "SendMail"),
        ("dataSource", {"name": "Weather"}, "Journey datasource", "Weather"),
        ("xdm", {"meta:resourceType": "mixins", "title": "Loyalty"}, "Field group", "Loyalty"),
        ("xdm", {"meta:resourceType": "schemas", "title": "Orders"}, "Schema", "Orders"),
        ("xdm-descriptor", {"@type": "xdm:descriptorIdentity"}, "Descriptor", "xdm:descriptorIdentity"),
        ("someThing-new", {}, "Some thing new", ""),
        ("journeyVersion", {"document": None}, "Journey", ""),
    ],
)
def test_assets_have_the_platforms_names(kind: str, document: dict[str, Any], asset_type: str, name: str) -> None:
    assert (type_of(kind, document), name_of(kind, document)) == (asset_type, name)


def test_verbs_name_the_permission_they_need() -> None:
    found = {verb: permission_of(verb) for verb in ("Create", "Publish", "Pause", "Stop", "Delete", "Reset", "Read")}
    assert found == {
        "Create": "WRITE", "Publish": "PUBLISH", "Pause": "PUBLISH", "Stop": "WRITE", "Delete": "DELETE",
        "Reset": "RESET", "Read": "READ",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "verb"),
    [
        ("/journeyVersions/{uid}/publish", "Publish"),
        ("/journeyVersions/{uid}/dryRun", "Start dry run"),
        ("/journeyVersions/{uid}/endTest", "Deactivate test"),
        ("/list/journeyVersions/pause", "Pause"),
        ("/failedRecords/{record_id}/retry", "Retry"),
        ("/journeys/{uid}/sampleEvent", "Sample event"),
        ("/journeys", "Create"),
        ("/{container}/{kind}", "Create"),
        ("", "Create"),
    ],
)
def test_the_path_of_a_call_that_did_nothing_tells_its_verb(path: str, verb: str) -> None:
    assert verb_of_path(path) == verb


def test_every_permission_stands_for_an_asset() -> None:
    for resource in RESOURCES:
        assert type_of_resource(resource)
    assert type_of_resource("journeys_data_sources") == "Journey datasource"
    assert type_of_resource("sources") == "Source"
    assert asset_of("unheardOf").resource == "unheard_of"
