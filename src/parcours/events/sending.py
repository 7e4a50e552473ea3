"""Sends test events: into the log, through an inlet, a flow and a data set of their own (journeys §10.2)."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from parcours.access.model import Caller
from parcours.catalog.service import SYSTEM_AUTHOR, CatalogService
from parcours.db import Database
from parcours.events.errors import TrialsDisabled
from parcours.events.service import EventService
from parcours.events.trial import SOURCE, build_entity
from parcours.flows.documents import FLOW
from parcours.flows.system import SystemFlow, ensure_system_flow, find_system_flow
from parcours.kit.clock import Clock, SystemClock, to_datetime
from parcours.kit.ids import new_uuid, new_xaction_id
from parcours.log import Record
from parcours.resources.store import ResourceStore

Append = Callable[[Record], None]
"""Makes a record durable before it returns. Raises LogUnavailable, then it was not kept."""


class EventSender:
    """The button "Send a test event"."""

    def __init__(
        self,
        db: Database,
        resources: ResourceStore,
        catalog: CatalogService,
        events: EventService,
        append: Append,
        clock: Clock | None = None,
    ) -> None:
        self._db = db
        self._resources = resources
        self._catalog = catalog
        self._events = events
        self._append = append
        self._clock = clock or SystemClock()

    def send(self, caller: Caller, uid: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Send one: {"xactionId", "receivedTimeMs", "_id"}. It is as real as any other and reaches every journey.

        Raises EventNotFound, EventInvalid when its schema is gone, TrialInvalid, TrialsDisabled, LogUnavailable.
        """
        document, configuration, schema = self._events.definition(caller, uid)
        now_ms = self._clock.now_us() // 1000
        timestamp = to_datetime(now_ms * 1000).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        entity = build_entity(body, document, configuration, schema, {"_id": new_uuid(), "timestamp": timestamp})
        dataset_id, flow = self._way(caller.scope_id, schema.schema_id, schema.title)
        if not flow.is_enabled:
            raise TrialsDisabled(flow.flow_id)
        xaction_id = new_xaction_id(now_ms)
        message = {
            "header": {
                "msgType": "xdmEntityCreate",
                "msgId": new_uuid(),
                "msgVersion": "1.0",
                "xactionId": xaction_id,
                "datasetId": dataset_id,
                "flowId": flow.flow_id,
                "imsOrgId": caller.org_id,
                "schemaRef": document["schemaRef"],
                "source": {"name": SOURCE},
            },
            "body": {"xdmMeta": {"schemaRef": document["schemaRef"]}, "xdmEntity": entity},
        }
        self._append(
            Record(
                flow.inlet_id, flow.flow_id, dataset_id, xaction_id, now_ms, orjson.dumps(message),
                scope_id=caller.scope_id,
            )
        )  # fmt: skip
        return {"xactionId": xaction_id, "receivedTimeMs": now_ms, "_id": entity["_id"]}

    def _way(self, scope_id: int, schema_id: str, schema_title: str) -> tuple[str, SystemFlow]:
        """(data set of the schema's test events, the flow into it), made when they are first needed."""
        dataset_id = self._catalog.system_data_set_id(scope_id, f"{SOURCE}\0{schema_id}")
        with self._db.read() as connection:
            flow = find_system_flow(self._resources, connection, scope_id, SOURCE, dataset_id)
        if flow is not None:
            return dataset_id, flow
        with self._db.write() as connection:
            self._resources.touch(connection, FLOW)  # its row lock makes two first senders wait for each other
            name = f"{SOURCE}: {schema_title[:100]}"
            self._catalog.ensure_system_data_set(connection, scope_id, name, schema_id, key=f"{SOURCE}\0{schema_id}")
            return dataset_id, ensure_system_flow(
                self._resources, connection, scope_id, SYSTEM_AUTHOR, SOURCE, dataset_id
            )
