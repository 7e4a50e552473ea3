"""A sandbox with a flow, over the control plane, and what the dataflow makes of records for it."""

from typing import Any, NamedTuple

import orjson
from fastapi.testclient import TestClient

from parcours.app import Platform
from parcours.dataflow.model import Outcome
from parcours.dataflow.transform import Definitions, transform
from parcours.log import Record

FOUNDATION = "/data/foundation"
FLOWS = f"{FOUNDATION}/flowservice"
HTTP_SPEC = {"id": "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb", "version": "1.0"}
LAKE_SPEC = {"id": "c604ff05-7f1a-43c0-8e18-33bf874cb11c", "version": "1.0"}
PLAIN, MAPPED = "d8a6f005-7eaf-4153-983e-e8574508b877", "c1a19761-d2c7-4702-b9fa-fe91f0613e81"


class World(NamedTuple):
    """A data set, and a flow into it with all that is behind it."""

    api: TestClient
    platform: Platform
    dataset: str
    schema: str
    mapping: str
    connection: str
    source: str
    flow: str
    inlet: str
    scope_id: int

    def outcome(self, message: Any, flow: str | None = None) -> Outcome:
        record = Record(
            self.inlet,
            self.flow if flow is None else flow,
            self.dataset,
            "x:1",
            1,
            orjson.dumps(message),
            scope_id=self.scope_id,
        )
        (found,) = self.outcomes(record)
        return found

    def outcomes(self, record: Record) -> list[Outcome]:
        """What the dataflow makes of a record, as the definitions are now."""
        return list(transform(record, self.definitions()))

    def definitions(self) -> Definitions:
        platform = self.platform
        with platform.db.read() as connection:
            return Definitions(
                platform.flows.inlets.current(connection),
                platform.catalog.table.current(connection),
                platform.schemas.table.current(connection),
                platform.mappings.table.current(connection),
            )

    def delete(self, path: str, status: int = 204) -> Any:
        answer = self.api.delete(f"{FOUNDATION}/{path}")
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def delete_flow_and_inlet(self) -> None:
        self.delete(f"flowservice/flows/{self.flow}")
        self.delete(f"flowservice/sourceConnections/{self.source}")
        self.delete(f"flowservice/connections/{self.connection}")


def make_world(api: TestClient, platform: Platform, data_type: str, sandbox: str = "prod") -> World:
    api.headers["x-sandbox-name"] = sandbox

    def post(path: str, body: Any, **headers: str) -> Any:
        answer = api.post(f"{FOUNDATION}/{path}", json=body, headers=headers)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    parts = [
        f"https://ns.adobe.com/xdm/context/{name}" for name in ("profile", "profile-person-details", "identitymap")
    ]
    schema = post(
        "schemaregistry/tenant/schemas",
        {"type": "object", "title": "People", "allOf": [{"$ref": part} for part in parts]},
        Accept="application/vnd.adobe.xed+json",
    )["$id"]
    reference = {"id": schema, "contentType": "application/vnd.adobe.xed-full+json;version=1"}
    dataset = post("catalog/dataSets", {"name": "People", "schemaRef": reference})[0].removeprefix("@/dataSets/")
    rows = [{"sourceType": "ATTRIBUTE", "source": "first", "destination": "person.name.firstName"}]
    mapping = post(
        "conversion/mappingSets", {"name": "People", "outputSchema": {"schemaRef": reference}, "mappings": rows}
    )["id"]
    auth = {"specName": "Streaming Connection", "params": {"dataType": data_type}}
    base = post("flowservice/connections", {"name": "In", "connectionSpec": HTTP_SPEC, "auth": auth})["id"]
    source = post(
        "flowservice/sourceConnections", {"name": "In", "baseConnectionId": base, "connectionSpec": HTTP_SPEC}
    )["id"]
    target = post(
        "flowservice/targetConnections", {"name": "Out", "params": {"dataSetId": dataset}, "connectionSpec": LAKE_SPEC}
    )["id"]
    step = [{"name": "Mapping", "params": {"mappingId": mapping, "mappingVersion": 0}}]
    flow = post(
        "flowservice/flows",
        {
            "name": "People in",
            "flowSpec": {"id": MAPPED if data_type == "raw" else PLAIN, "version": "1.0"},
            "sourceConnectionIds": [source],
            "targetConnectionIds": [target],
            **({"transformations": step} if data_type == "raw" else {}),
        },
    )["id"]
    (item,) = api.get(f"{FLOWS}/connections/{base}").json()["items"]
    scope_id = platform.access.sandbox("ACME@AdobeOrg", sandbox).scope_id
    inlet = item["auth"]["params"]["inletId"]
    return World(api, platform, dataset, schema, mapping, base, source, flow, inlet, scope_id)
