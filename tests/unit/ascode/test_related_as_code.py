"""Events with fields of related schemas in files: their data set and relationship go along."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from code_world import JOURNEYS, Client, apply, export, plan, texts, told

from parcours.commands.scratch import Scratch, open_scratch

REGISTRY = "/data/foundation/schemaregistry/tenant"
RECORD = "https://ns.adobe.com/xdm/data/record"
EVENT = "https://ns.adobe.com/xdm/context/experienceevent"
FIELD = {"type": "string"}
LINE = {"type": "array", "items": {"type": "object", "properties": {"sku": FIELD}}}


def define_shop(client: Client) -> None:
    """Orders that name products by two fields, the rows of products, and an event that reads of both."""
    tenant = f"_{client.get('/data/foundation/schemaregistry/stats')['tenantId']}"

    def made(kind: str, title: str, base: str, **fields: object) -> str:
        own = {"properties": {tenant: {"type": "object", "properties": fields}}}
        body = {
            "type": "object", "title": f"{title} fields", "definitions": {"own": own},
            "allOf": [{"$ref": "#/definitions/own"}],
        }  # fmt: skip
        if kind == "classes":
            body["allOf"] = [{"$ref": base}, *body["allOf"]]
        else:
            body["meta:intendedToExtend"] = [base]
        part = client.post(f"{REGISTRY}/{kind}", body)["$id"]
        parts = [part] if kind == "classes" else [base, part]
        schema = {"type": "object", "title": title, "allOf": [{"$ref": one} for one in parts]}
        return str(client.post(f"{REGISTRY}/schemas", schema)["$id"])

    products = made("classes", "Products", RECORD, sku=FIELD, price={"type": "number"})
    orders = made("fieldgroups", "Orders", EVENT, sku=FIELD, lines=LINE, email=FIELD)
    for path in ("sku", "lines[*]/sku"):
        client.post(
            f"{REGISTRY}/descriptors",
            {
                "@type": "xdm:descriptorOneToOne",
                "xdm:sourceSchema": orders, "xdm:sourceVersion": 1, "xdm:sourceProperty": f"/{tenant}/{path}",
                "xdm:destinationSchema": products, "xdm:destinationVersion": 1,
                "xdm:destinationProperty": f"/{tenant}/sku",
            },
        )  # fmt: skip
    tags = {"adobe/lookup": ["enabled:true", f"key:{tenant}.sku"]}
    for name in ("Rows", "More rows"):
        body = {"name": name, "schemaRef": {"id": products}, "tags": tags}
        made_set = client.post("/data/foundation/catalog/dataSets", body)
    more = str(made_set[0]).removeprefix("@/dataSets/")
    client.post(
        f"{JOURNEYS}/events",
        {
            "name": "Ordered", "idType": "ruleBased", "idCondition": f'@event{{Ordered.{tenant}.sku}} != ""',
            "namespace": "Email", "profileIdentifier": f"@event{{Ordered.{tenant}.email}}",
            "schemaRef": {"id": orders},
            "fields": [f"/{tenant}/lines/sku_related/{tenant}/price", f"/{tenant}/sku_related/{tenant}/price"],
            "related": [{"property": f"/{tenant}/{one}", "datasetId": more} for one in ("sku", "lines/sku")],
        },
    )  # fmt: skip


@pytest.fixture
def server() -> Iterator[Scratch]:
    with open_scratch("parcours") as calls:
        define_shop(Client(calls))
        yield calls


def test_a_round_trip_is_byte_identical_and_names_the_data_set(empty: Scratch, folder: Path, tmp_path: Path) -> None:
    text = (folder / "events" / "ordered.yaml").read_text()
    assert text.count("datasetId: More rows\n") == 2
    apply(empty, folder)
    export(empty, tmp_path / "again")
    assert texts(tmp_path / "again") == texts(folder)
    assert told(plan(empty, folder)) == []


def test_a_plan_tells_of_other_rows_and_an_apply_reads_them(server: Scratch, folder: Path) -> None:
    path = folder / "events" / "ordered.yaml"
    path.write_text(path.read_text().replace("datasetId: More rows", "datasetId: Rows"))
    lines = told(plan(server, folder))
    assert lines[0] == "update event 'Ordered'"
    assert all("related" in line for line in lines[1:])
    apply(server, folder)
    assert told(plan(server, folder)) == []


def test_a_data_set_that_no_file_defines_is_refused_where_it_stands(server: Scratch, folder: Path) -> None:
    path = folder / "events" / "ordered.yaml"
    path.write_text(path.read_text().replace("datasetId: More rows", "datasetId: Lost rows", 1))
    faults = [str(fault) for fault in plan(server, folder).faults]
    assert len(faults) == 1
    assert "Lost rows" in faults[0]
    assert "ordered.yaml" in faults[0]
