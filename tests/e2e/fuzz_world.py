"""A sandbox with one of everything, and valid calls of every kind: what fuzzing changes into bad input."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
from fastapi import FastAPI
from fastapi.testclient import TestClient
from jsonschema_rs import Draft202012Validator
from running import DEMO

from parcours.access.routing import Gate
from parcours.app import Platform, build_platform
from parcours.db import metadata
from parcours.edge import build_control_plane
from parcours.events.api import sending_router
from parcours.events.sending import EventSender
from parcours.kit.settings import Settings

sys.path.insert(0, str(DEMO))
from definitions import Defined, define

FOUNDATION = "/data/foundation"
REGISTRY = f"{FOUNDATION}/schemaregistry/tenant"
FLOWS = f"{FOUNDATION}/flowservice"
JOURNEYS = "/journey/orchestration"
UPS = "/data/core/ups"
XED = "application/vnd.adobe.xed+json"


@dataclass(frozen=True)
class Call:
    """A request that is accepted as it is."""

    method: str
    path: str
    body: Any

    def __repr__(self) -> str:
        return f"{self.method} {self.path}"


class World:
    """A platform in this process with the demo's definitions in sandbox `prod`, called by a signed-in client."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        form = {"grant_type": "client_credentials", "client_id": "client", "client_secret": "secret"}
        self.headers = {
            "Authorization": f"Bearer {platform.access.issue_token(form)['access_token']}",
            "x-api-key": "client",
            "x-gw-ims-org-id": "ACME@AdobeOrg",
            "x-sandbox-name": "prod",
            "Accept": XED,
        }
        sender = EventSender(platform.db, platform.resources, platform.catalog, platform.events, lambda record: None)
        self.app: FastAPI = build_control_plane(platform, [sending_router(Gate(platform.access), sender)])
        self.client = TestClient(self.app, headers={**self.headers, "If-Match": "*"})
        self.calls: list[Call] = []
        self.ids: list[str] = ["prod", "more"]
        self.defined: Defined = define(self, "https://receiver.example.com", lambda _line: None)  # type: ignore[arg-type]
        document = self.app.openapi()
        self.errors = Draft202012Validator({"$ref": "#/components/schemas/Error", "components": document["components"]})
        self._add_more()

    # --- what `define` asks of a client ---

    def get(self, path: str) -> Any:
        return self._call("GET", path)

    def post(self, path: str, body: Any = None) -> Any:
        return self._call("POST", path, body)

    def patch(self, path: str, body: Any) -> Any:
        return self._call("PATCH", path, body)

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.client.request(method, path, json=body)
        assert answer.status_code < 300, f"{method} {path} → {answer.status_code} {answer.text}"
        if body is not None:
            self.calls.append(Call(method, path, body))
        found = answer.json() if answer.content else None
        if isinstance(found, dict):
            self.ids += [str(found[key]) for key in ("id", "uid", "versionUid", "$id", "@id") if key in found]
        return found

    # --- asking ---

    def check(self, method: str, path: str, answer: Any) -> None:
        """Fail unless an answer is one that the API may give to anything at all."""
        where = f"{method} {path} → {answer.status_code} {answer.text[:400]}"
        assert answer.status_code < 500, where
        if answer.content:
            found = answer.headers["content-type"]
            content_type = found[0] if isinstance(found, list) else found
            assert content_type in ("application/json", "application/octet-stream"), where
            if content_type == "application/json":
                body = orjson.loads(answer.content)
                assert answer.status_code < 400 or self.errors.is_valid(body), where

    def send(self, call: Call, text: bytes) -> None:
        """Send a call with another body, check the answer, and when it was accepted look at what has become of it."""
        sent = {"Content-Type": "application/json"}
        answer = self.client.request(call.method, call.path, content=text, headers=sent)
        self.check(call.method, call.path, answer)
        if answer.status_code < 300 and answer.content:
            for path in self._views(call, answer.json()):
                self.look(path)

    def questions(self) -> list[tuple[str, list[str]]]:
        """The path of each operation that only reads, and the query parameters it has."""
        return [
            (path, [p["name"] for p in item["get"]["parameters"] if p["in"] == "query"])
            for path, item in self.app.openapi()["paths"].items()
            if "get" in item and not path.startswith("/metrics")
        ]

    def look(self, path: str, accept: str = XED) -> None:
        """Read, and check the answer."""
        self.check("GET", path, self.client.get(path, headers={"Accept": accept}))

    def _views(self, call: Call, body: Any) -> Iterator[str]:
        if call.path.startswith(REGISTRY) and isinstance(body, dict) and "$id" in body:
            encoded = quote(body["$id"], safe="")
            kind = call.path.removeprefix(REGISTRY).split("/")[1]
            for form in ("xed-full", "xed-notext", "xdm", "xed-full-desc", "xed-deprecatefield"):
                self.look(f"{REGISTRY}/{kind}/{encoded}", f"application/vnd.adobe.{form}+json; version=1")
            yield f"{FOUNDATION}/schemaregistry/rpc/export/{encoded}"
            yield f"{FOUNDATION}/schemaregistry/rpc/auditlog/{encoded}"
            if kind == "schemas":
                yield f"{FOUNDATION}/schemaregistry/rpc/sampledata/{encoded}"
            yield f"{REGISTRY}/{kind}?orderby=title&limit=3"
        elif "search" in call.path or not isinstance(body, dict | list):
            return
        elif call.method == "POST" and isinstance(body, dict):
            found = next((str(body[key]) for key in ("uid", "id", "@id") if body.get(key)), None)
            if found is not None:
                yield f"{call.path}/{quote(found, safe='')}"
                if call.path.endswith("/events"):
                    yield f"{call.path}/{found}/payload"
                    yield f"{call.path}/{found}/payload?values=examples"
                    yield f"{call.path}/{found}/requests"
            yield f"{call.path}?limit=2&orderby=name&property=name~x"
        elif call.method in ("PUT", "PATCH"):
            yield call.path

    # --- calls the demo doesn't make ---

    def _add_more(self) -> None:
        made = self.defined
        schema, event_schema = made.profile_schema, made.event_schema
        encoded = quote(schema, safe="")
        group = self._call("GET", f"{REGISTRY}/fieldgroups")["results"][0]["$id"]
        reference = {"id": schema, "contentType": "application/vnd.adobe.xed-full+json;version=1"}
        self._call(
            "PUT",
            f"{REGISTRY}/fieldgroups/{quote(group, safe='')}",
            {**self._body("POST", f"{REGISTRY}/fieldgroups"), "title": "Renamed"},
        )
        self._call("PATCH", f"{REGISTRY}/schemas/{encoded}", [{"op": "replace", "path": "/title", "value": "Members"}])
        details = {"title": "Detail", "type": "object", "definitions": {"a": {"properties": {"x": {"type": "string"}}}}}
        self.post(f"{REGISTRY}/datatypes", {**details, "allOf": [{"$ref": "#/definitions/a"}]})
        own_class = {
            "title": "Shop",
            "type": "object",
            "meta:extends": ["https://ns.adobe.com/xdm/data/record"],
            "definitions": {"shop": {"properties": {f"_{made.tenant}": {"type": "object", "properties": {}}}}},
            "allOf": [{"$ref": "https://ns.adobe.com/xdm/data/record"}, {"$ref": "#/definitions/shop"}],
        }
        self.post(f"{REGISTRY}/classes", own_class)
        friendly = {
            "@type": "xdm:alternateDisplayInfo",
            "xdm:sourceSchema": schema,
            "xdm:sourceVersion": 1,
            "xdm:sourceProperty": "/person/name",
            "xdm:title": {"en_us": "Name"},
            "xdm:description": {"en_us": "The name"},
        }
        descriptor = self.post(f"{REGISTRY}/descriptors", friendly)
        self._call("PUT", f"{REGISTRY}/descriptors/{descriptor['@id']}", friendly)
        exported = self.get(f"{FOUNDATION}/schemaregistry/rpc/export/{encoded}")
        elsewhere = [{**one, "title": f"{one.get('title')} 2", "$id": f"{one.get('$id')}2"} for one in exported]
        self.calls.append(Call("POST", f"{FOUNDATION}/schemaregistry/rpc/import", elsewhere))
        data_set = f"{FOUNDATION}/catalog/dataSets/{made.profile_dataset}"
        self.patch(data_set, {"description": "Changed", "tags": {"a": ["b"]}})
        self.patch(data_set, [{"op": "add", "path": "/description", "value": "Changed"}])
        self.patch(data_set.replace("/dataSets", "/v2/dataSets"), {"description": "Merged"})
        self._call("PUT", data_set, {"name": "Loyalty members", "schemaRef": reference})
        mappings = self._body("POST", f"{FOUNDATION}/mappingSets")
        own = self.post(f"{FOUNDATION}/conversion/mappingSets", mappings)
        where = f"{FOUNDATION}/conversion/mappingSets/{own['id']}"
        self._call("PUT", where, mappings)
        self.post(f"{FOUNDATION}/conversion/mappingSets/validate", mappings)
        record = {
            "firstName": "A",
            "lastName": "B",
            "contact": {"email": "a@example.com"},
            "points": "3",
            "l": [1, "2"],
        }
        self.post(f"{FOUNDATION}/conversion/mappingSets/preview", {"data": record, "mappingSet": mappings})
        where = f"{FOUNDATION}/mappingSets/{self.post(f'{FOUNDATION}/mappingSets', mappings)['id']}"
        row = {
            "sourceType": "EXPRESSION",
            "source": "coalesce(a.b, concat('x', l[0]))",
            "destination": "person.name.fullName",
        }
        added = self.post(f"{where}/mappings", row)
        self._call("PUT", f"{where}/mappings/{added['id']}", {"source": "lower(c)", "destination": "loyalty.tier"})
        self.post(
            f"{FOUNDATION}/conversion/languages/el/validate", {"expression": "upper(a)", "sampleData": '{"a": "b"}'}
        )
        for kind in ("connections", "sourceConnections", "targetConnections", "flows"):
            one = self.get(f"{FLOWS}/{kind}")["items"][0]["id"]
            self.patch(f"{FLOWS}/{kind}/{one}", [{"op": "replace", "path": "/name", "value": "Renamed"}])
            self.post(f"{FLOWS}/{kind}/search", {"queryString": "property=name==x", "limit": 3, "orderby": "-name"})
        self.post(f"{FLOWS}/connectionSpecs/search", {"queryString": "property=name==x"})
        event = self.get(f"{JOURNEYS}/events")["results"][0]
        rule = {
            "name": "BigOrder",
            "type": "unitary",
            "idType": "ruleBased",
            "schemaRef": {"id": event_schema, "contentType": reference["contentType"]},
            "fields": ["/commerce/order/priceTotal"],
            "idCondition": "@event{BigOrder.commerce.order.priceTotal} > 500",
        }
        rule_made = self.post(f"{JOURNEYS}/events", rule)
        self._call("PUT", f"{JOURNEYS}/events/{rule_made['uid']}", rule)
        self._call("PUT", f"{JOURNEYS}/events/{event['uid']}", self._body("POST", f"{JOURNEYS}/events"))
        self._add_business_event(reference["contentType"])
        person = {"profileIdentifier": "a@example.com"}
        sent = self.get(f"{JOURNEYS}/events/{event['uid']}/payload?values=examples")
        self.post(f"{JOURNEYS}/events/{event['uid']}/send", {"payload": sent})
        form = {"fields": {"/commerce/order/priceTotal": 501.5, "/eventType": None}, **person}
        self.post(f"{JOURNEYS}/events/{rule_made['uid']}/send", form)
        action = {**self._body("POST", f"{JOURNEYS}/actions"), "name": "Other", "headers": [
            {"name": "X-A", "kind": "constant", "value": "b"}, {"name": "X-B", "kind": "variable", "optional": True}],
            "queryParameters": [{"name": "q", "kind": "variable"}], "authentication": {
                "type": "apiKey", "location": "header", "name": "k", "value": "v"}}  # fmt: skip
        action_made = self.post(f"{JOURNEYS}/actions", action)
        self._call("PUT", f"{JOURNEYS}/actions/{action_made['uid']}", action)
        journey = self._body("POST", f"{JOURNEYS}/journeys")
        draft = self.post(f"{JOURNEYS}/journeys", {**journey, "name": "Draft"})
        self._call("PUT", f"{JOURNEYS}/journeyVersions/{draft['versionUid']}", journey)
        namespace = {"name": "Loyalty", "code": "Loyal", "idType": "CROSS_DEVICE", "description": "Members"}
        namespace_made = self.post("/data/core/idnamespace/identities", namespace)
        self._call("PUT", f"/data/core/idnamespace/identities/{namespace_made['id']}", namespace)
        asked = {"namespace": "Email", "id": "a@example.com"}
        self.post("/data/core/identity/v2/graph", {"composite_xids": [asked], "projection": "graph"})
        self.post("/data/core/identity/clusters/members", {"compositeXidsWithNamespace": [asked], "xids": ["A"]})
        self._ask_profiles()
        policies = f"{UPS}/config/mergePolicies"
        policy = {
            "name": "mine",
            "schema": {"name": "_xdm.context.profile"},
            "identityGraph": {"type": "pdg"},
            "attributeMerge": {"type": "dataSetPrecedence", "order": [made.profile_dataset]},
        }
        policy_made = self.post(policies, policy)
        self._call("PUT", f"{policies}/{policy_made['id']}", policy)
        self.patch(f"{policies}/{policy_made['id']}", [{"op": "add", "path": "/identityGraph.type", "value": "none"}])
        self.post(f"{policies}/bulk-get", {"ids": [{"id": policy_made["id"]}]})
        self.post(f"{UPS}/system/jobs", {"dataSetId": made.profile_dataset})
        self._add_audiences()
        sandboxes = f"{FOUNDATION}/sandbox-management/sandboxes"
        self.post(sandboxes, {"name": "more", "title": "More", "type": "development"})
        self.patch(f"{sandboxes}/more", {"title": "Even more"})
        self._call("PUT", f"{sandboxes}/more", {"action": "reset"})

    def _add_audiences(self) -> None:
        audiences = f"{UPS}/audiences"
        audience = {
            "name": "VIP",
            "description": "The best",
            "identityNamespace": "Email",
            "labels": ["core/C1"],
            "lifecycleState": "published",
            "audienceId": "crm-1",
        }
        made = self.post(audiences, audience)
        where = f"{audiences}/{made['id']}"
        self._call("PUT", where, audience)
        self.patch(where, [{"op": "replace", "path": "/description", "value": "Changed"}])
        self.post(f"{audiences}/bulk-get", {"ids": [{"id": made["id"]}]})
        options = {
            "mode": "add",
            "format": "jsonl",
            "identityColumn": "id",
            "delimiter": ";",
            "maxBadPercent": 5,
        }
        upload = self.post(f"{where}/uploads", options)
        self.calls.append(Call("POST", f"{where}/uploads/{upload['id']}/complete", {"parts": 1}))
        self.post(f"{where}/members?mode=add", [{"id": "a@example.com", "tier": "gold"}, "b@example.com"])
        lookup = f"/data/core/entity/lookup/dataSets/{self.defined.profile_dataset}"
        self.patch(f"{lookup}/enable", {"key": "workEmail.address"})
        self.look(f"{lookup}/rows?key=a@example.com&fields=person.name")

    def _add_business_event(self, content_type: str) -> None:
        """An event about no person, and one with a supplemental identifier and a maximum age."""
        context, tenant = "https://ns.adobe.com/xdm/context", f"_{self.defined.tenant}"
        booking = {"type": "array", "items": {"type": "object", "properties": {"number": {"type": "string"}}}}
        fields = {tenant: {"type": "object", "properties": {"bookings": booking, "left": {"type": "integer"}}}}
        group = self.post(
            f"{REGISTRY}/fieldgroups",
            {
                "title": "Stock fields",
                "type": "object",
                "meta:intendedToExtend": [f"{context}/experienceevent"],
                "definitions": {"own": {"properties": fields}},
                "allOf": [{"$ref": "#/definitions/own"}],
            },
        )
        parts = [f"{context}/experienceevent", f"{context}/identitymap", group["$id"]]
        schema = self.post(
            f"{REGISTRY}/schemas", {"title": "Stock", "type": "object", "allOf": [{"$ref": part} for part in parts]}
        )["$id"]
        self.post("/data/core/idnamespace/identities", {"name": "Booking", "code": "Booking", "idType": "NON_PEOPLE"})
        self.post(
            f"{REGISTRY}/descriptors",
            {
                "@type": "xdm:descriptorIdentity",
                "xdm:sourceSchema": schema,
                "xdm:sourceVersion": 1,
                "xdm:sourceProperty": f"/{tenant}/bookings/number",
                "xdm:namespace": "Booking",
                "xdm:property": "xdm:code",
                "xdm:isPrimary": False,
            },
        )
        common = {"schemaRef": {"id": schema, "contentType": content_type}, "fields": [f"/{tenant}/left"]}
        stock = {"name": "StockLow", "type": "business", "idCondition": f"@event{{StockLow.{tenant}.left}} < 5"}
        self.post(f"{JOURNEYS}/events", {**common, **stock})
        booked = {
            "name": "Booked",
            "idType": "ruleBased",
            "idCondition": "true",
            "namespace": "Email",
            "maxAgeSeconds": 60,
            "supplementalIdentifier": {"expression": f"@event{{Booked.{tenant}.bookings.number}}"},
        }
        made = self.post(f"{JOURNEYS}/events", {**common, **booked})
        self._call("PUT", f"{JOURNEYS}/events/{made['uid']}", {**common, **booked})

    def _ask_profiles(self) -> None:
        profile = {
            "schema": {"name": "_xdm.context.profile"},
            "fields": ["person.name", "loyalty"],
            "identities": [{"entityId": "a@example.com", "entityIdNS": {"code": "Email"}}],
        }
        events = {
            "schema": {"name": "_xdm.context.experienceevent"},
            "relatedSchema": {"name": "_xdm.context.profile"},
            "identities": [{"relatedEntityId": "a@example.com", "relatedEntityIdNS": {"code": "Email"}}],
            "fields": ["commerce"],
            "timeFilter": {"startTime": 1, "endTime": 2_000_000_000_000},
            "limit": 10,
            "orderby": "-timestamp",
        }
        self.calls += [Call("POST", f"{UPS}/access/entities", profile), Call("POST", f"{UPS}/access/entities", events)]

    def _body(self, method: str, path: str) -> Any:
        return next(call.body for call in self.calls if (call.method, call.path) == (method, path))


@contextmanager
def world(folder: Path, database_url: str = "") -> Iterator[World]:
    """A new world in a folder, on SQLite or another database."""
    settings = Settings(
        data_dir=folder,
        database_url=database_url,
        public_url="http://parcours.test",
        bootstrap_client_id="client",
        bootstrap_client_secret="secret",
        bootstrap_org_id="ACME@AdobeOrg",
        bootstrap_tenant="acme",
    )
    platform = build_platform(settings)
    metadata.create_all(platform.db.engine)
    platform.access.bootstrap()
    try:
        yield World(platform)
    finally:
        platform.close()
