"""Orders that name products: two schemas, the relationship between them, and a data set of products."""

from typing import Any

from event_world import REGISTRY, create_schema, event_body
from fastapi.testclient import TestClient

DATA_SETS = "/data/foundation/catalog/dataSets"
LOOKUPS = "/data/core/entity/lookup/dataSets"
PRODUCT = {
    "sku": {"type": "string"},
    "name": {"type": "string"},
    "price": {"type": "number"},
    "tags": {"type": "array", "items": {"type": "string"}},
}
ORDER = {
    "sku": {"type": "string"},
    "lines": {
        "type": "array",
        "items": {"type": "object", "properties": {"sku": {"type": "string"}, "count": {"type": "integer"}}},
    },
}


def ok(answer: Any) -> Any:
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


def create_products(api: TestClient, title: str = "Products") -> str:
    """A schema of records with `_acme.sku`; its `$id`."""
    made = ok(api.post(f"{REGISTRY}/classes", json={
        "type": "object",
        "title": f"{title} class",
        "allOf": [{"$ref": "https://ns.adobe.com/xdm/data/record"}, {"$ref": "#/definitions/product"}],
        "definitions": {"product": {"properties": {"_acme": {"type": "object", "properties": PRODUCT}}}},
    }))  # fmt: skip
    body = {"type": "object", "title": title, "allOf": [{"$ref": made["$id"]}]}
    schema_id: str = ok(api.post(f"{REGISTRY}/schemas", json=body))["$id"]
    return schema_id


def relate(api: TestClient, source: str, path: str, destination: str) -> str:
    """Say that a field names a product; the descriptor's id."""
    descriptor = {
        "@type": "xdm:descriptorOneToOne",
        "xdm:sourceSchema": source,
        "xdm:sourceVersion": 1,
        "xdm:sourceProperty": path,
        "xdm:destinationSchema": destination,
        "xdm:destinationVersion": 1,
        "xdm:destinationProperty": "/_acme/sku",
    }
    made: str = ok(api.post(f"{REGISTRY}/descriptors", json=descriptor))["@id"]
    return made


def create_data_set(api: TestClient, schema_id: str, name: str = "Products", *, is_enabled: bool = True) -> str:
    """A data set whose rows are looked up by `_acme.sku`."""
    tags = {"adobe/lookup": ["enabled:true", "key:_acme.sku"]} if is_enabled else {}
    body = {"name": name, "schemaRef": {"id": schema_id}, "tags": tags}
    made: str = ok(api.post(DATA_SETS, json=body))[0]
    return made.removeprefix("@/dataSets/")


class Shop:
    """Everything there is, before an event."""

    def __init__(self, api: TestClient, *, is_enabled: bool = True) -> None:
        self.orders = create_schema(api, more_fields=ORDER)
        self.products = create_products(api)
        self.descriptor = relate(api, self.orders, "/_acme/sku", self.products)
        self.of_lines = relate(api, self.orders, "/_acme/lines[*]/sku", self.products)
        self.data_set = create_data_set(api, self.products, is_enabled=is_enabled)

    def event(self, *fields: str, **members: Any) -> dict[str, Any]:
        """An event that reads the price of a product."""
        chosen = fields or ("/_acme/sku_related/_acme/price",)
        return event_body(self.orders, fields=["/_acme/order/total", *chosen], **members)
