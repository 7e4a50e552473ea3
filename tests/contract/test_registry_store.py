"""The registry over each database: what is stored is read back, writers wait for each other, tables keep what holds."""

import threading
from typing import Any

import pytest

from parcours.access.model import Caller, Sandbox
from parcours.db import Database
from parcours.resources.store import ResourceStore
from parcours.xdm import DescriptorService, XdmService
from parcours.xdm.errors import ChangeBreaking, TitleTaken, XdmInvalid, XdmNotFound
from parcours.xdm.views import RAW

PROFILE = "https://ns.adobe.com/xdm/context/profile"
CALLER = Caller(
    "client",
    "user",
    Sandbox(
        1, "6d9a0a2c-3c1c-4d0b-b0a5-6a0a1f5c5c11", "ACME@AdobeOrg", "acme", "prod", "Prod", "production", "active", 0
    ),
)


@pytest.fixture
def schemas(db: Database) -> XdmService:
    """A registry without anything in it."""
    return XdmService(db, ResourceStore())


def group(title: str, **fields: Any) -> dict[str, Any]:
    return {"title": title, "properties": {"_acme": {"type": "object", "properties": fields}}}


def schema(title: str, *parts: str) -> dict[str, Any]:
    return {"title": title, "allOf": [{"$ref": uri} for uri in (PROFILE, *parts)]}


TEXT = {"type": "string"}


def test_a_resource_lives_through_its_versions(schemas: XdmService) -> None:
    made = schemas.create(CALLER, "fieldgroups", group("G", a=TEXT))
    operation = {"op": "add", "path": "/properties/_acme/properties/b", "value": TEXT}
    assert schemas.patch(CALLER, "fieldgroups", made["$id"], [operation])["version"] == "1.1"
    shown = schemas.get(CALLER, "tenant", "mixins", made["meta:altId"], RAW)
    assert set(shown["properties"]["_acme"]["properties"]) == {"a", "b"}
    assert len(schemas.audit(CALLER, made["$id"])) == 2
    schemas.delete(CALLER, "fieldgroups", made["$id"])
    with pytest.raises(XdmNotFound):
        schemas.get(CALLER, "tenant", "mixins", made["$id"], RAW)


def test_a_title_is_taken_once_by_writers_at_the_same_time(schemas: XdmService) -> None:
    schemas.create(CALLER, "fieldgroups", group("First", a=TEXT))
    ready = threading.Barrier(6)
    made: list[str] = []
    refused: list[TitleTaken] = []

    def create() -> None:
        ready.wait()
        try:
            made.append(schemas.create(CALLER, "fieldgroups", group("Same", a=TEXT))["$id"])
        except TitleTaken as error:
            refused.append(error)

    threads = [threading.Thread(target=create) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert len(refused) == 5
    assert {error.resource_id for error in refused} == set(made)


def test_a_refused_change_leaves_nothing_behind(db: Database, schemas: XdmService) -> None:
    made = schemas.create(CALLER, "schemas", schema("S"))
    with pytest.raises(XdmInvalid):
        schemas.patch(CALLER, "schemas", made["$id"], [{"op": "replace", "path": "/allOf", "value": []}])
    assert schemas.get(CALLER, "tenant", "schemas", made["$id"], RAW)["version"] == "1.0"
    with db.read() as connection:
        assert schemas.registry(connection, 1).tenant[made["$id"]]["version"] == "1.0"


def test_a_schema_is_compiled_again_only_when_a_part_of_it_changes(db: Database, schemas: XdmService) -> None:
    descriptors = DescriptorService(db, ResourceStore(), schemas)
    part = schemas.create(CALLER, "fieldgroups", group("G", a=TEXT))
    made = schemas.create(CALLER, "schemas", schema("S", part["$id"]))

    def compiled() -> Any:
        with db.read() as connection:
            return schemas.table.current(connection).get(1, made["$id"])

    first = compiled()
    assert not first.is_valid({"_acme": {"b": "1"}})
    schemas.create(CALLER, "fieldgroups", group("Unrelated", a=TEXT))
    assert compiled() is first
    operation = {"op": "add", "path": "/properties/_acme/properties/b", "value": TEXT}
    schemas.patch(CALLER, "fieldgroups", part["$id"], [operation])
    second = compiled()
    assert second.is_valid({"_acme": {"b": "1"}})
    descriptors.create(
        CALLER,
        {
            "@type": "xdm:descriptorIdentity",
            "xdm:sourceSchema": made["$id"],
            "xdm:sourceProperty": "/_acme/a",
            "xdm:namespace": "Email",
            "xdm:property": "xdm:code",
            "xdm:isPrimary": True,
        },
    )
    third = compiled()
    assert second.primary_identity is None
    assert third.primary_identity is not None
    with db.read() as connection:
        own = schemas.compiled().current(connection)
        assert own.get(1, made["$id"]) is third
        assert own.get(2, made["$id"]) is None
    schemas.delete(CALLER, "schemas", made["$id"])
    assert compiled() is None


def test_what_a_data_set_uses_is_kept(schemas: XdmService) -> None:
    made = schemas.create(CALLER, "schemas", schema("S"))
    schemas.is_in_use = lambda connection, scope_id, schema_id: (scope_id, schema_id) == (1, made["$id"])
    with pytest.raises(ChangeBreaking):
        schemas.delete(CALLER, "schemas", made["$id"])
