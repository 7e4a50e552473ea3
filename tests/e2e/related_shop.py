"""A till whose orders name products: two schemas, the relationship between them, products looked up by their number."""

import time
from typing import Any

from asking import ask, query
from definitions import FOUNDATION, JOURNEYS, XDM_FULL, make_connection, make_flow
from platform_client import Platform
from running import RunningServer, wait_for
from test_bulk_loads import LOOKUPS
from test_bulk_loads import Shop as Products
from test_events_e2e import make_schema

REGISTRY = f"{FOUNDATION}/schemaregistry/tenant"
LINES = {
    "type": "array",
    "items": {"type": "object", "properties": {"sku": {"type": "string"}, "count": {"type": "integer"}}},
}


class Till:
    """Orders, about whom their identity map says, and products with their prices."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.platform: Platform = server.platform()
        self.products = Products(self.platform)
        self.field = self.products.field
        """Below which both schemas have their own."""
        self.platform.patch(f"{LOOKUPS}/{self.products.dataset_id}/enable", None)
        fields = {"sku": {"type": "string"}, "total": {"type": "number"}, "lines": LINES}
        self.orders = make_schema(self.platform, "Till orders", fields)
        self.descriptor = self._relate(f"/{self.field}/sku")
        self._relate(f"/{self.field}/lines[*]/sku")
        body = {"name": "Till orders", "schemaRef": {"id": self.orders, "contentType": XDM_FULL}}
        self.dataset_id = str(self.platform.post(f"{FOUNDATION}/catalog/dataSets", body)[0]).removeprefix("@/dataSets/")
        connection, self.inlet = make_connection(self.platform, "Till orders", {"dataType": "xdm"})
        make_flow(self.platform, "Till orders", connection, self.orders, self.dataset_id)

    def _relate(self, path: str) -> str:
        """Say that a field of an order names a product; the descriptor's id."""
        descriptor = {
            "@type": "xdm:descriptorOneToOne",
            "xdm:sourceSchema": self.orders, "xdm:sourceVersion": 1, "xdm:sourceProperty": path,
            "xdm:destinationSchema": self.products.schema_id, "xdm:destinationVersion": 1,
            "xdm:destinationProperty": f"/{self.field}/sku",
        }  # fmt: skip
        return str(self.platform.post(f"{REGISTRY}/descriptors", descriptor)["@id"])

    def event(self, name: str, event_type: str, *more: str) -> dict[str, Any]:
        """An event of the orders of a type, whose price and whose lines' prices journeys may read unless told which."""
        fields = more or ("sku_related/{0}/price", "lines/sku_related/{0}/price")
        return dict(
            self.platform.post(
                f"{JOURNEYS}/events",
                {
                    "name": name,
                    "idType": "ruleBased",
                    "idCondition": f'@event{{{name}.eventType}} == "{event_type}"',
                    "schemaRef": {"id": self.orders},
                    "fields": [f"/{self.field}/{one.format(self.field)}" for one in fields],
                    "namespace": "Email",
                },
            )
        )

    def price_of(self, name: str) -> str:
        """The price of the product that an event names, as expressions read it."""
        return f"@event{{{name}.{self.field}.sku_related.{self.field}.price}}"

    def price(self, **prices: float) -> None:
        """Send rows, by their number; they are not waited for."""
        self.products.send(self.server, prices)

    def entity(self, event_id: str, event_type: str, person: str, **order: Any) -> dict[str, Any]:
        return {
            "_id": event_id,
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "eventType": event_type,
            "identityMap": {"Email": [{"id": person, "primary": True}]},
            self.field: {"total": 1.0, **order},
        }

    def send(self, event_type: str, person: str, **order: Any) -> str:
        """Post an order; its `_id`."""
        event_id = f"{event_type}-{person}"
        reference = {"id": self.orders, "contentType": XDM_FULL}
        body = {"xdmMeta": {"schemaRef": reference}, "xdmEntity": self.entity(event_id, event_type, person, **order)}
        answer = ask("POST", self.inlet, {"header": {"schemaRef": reference}, "body": body})
        assert answer.status == 200, answer.body
        return event_id

    def wait_until_decided(self, event_id: str) -> None:
        trace = query(f"{JOURNEYS}/trace", eventId=event_id)
        wait_for(lambda: self.platform.get(trace)["events"], what=f"the decision about {event_id}")
