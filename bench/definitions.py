"""The server under measurement, with one schema, one inlet and a journey event → condition → action."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.machine import free_port, pinned, python, wait_for_port

sys.path.insert(0, str(Path(__file__).parents[1] / "examples" / "demo"))

from definitions import XDM_FULL, make_connection, make_dataset, make_event_schema, make_flow, make_profile_schema
from platform_client import Platform

JOURNEYS = "/journey/orchestration"
ENVIRONMENT = {"PARCOURS_ALLOW_PRIVATE_NETWORKS": "true", "PARCOURS_LOG_LEVEL": "warning"}


class Bench:
    """A data directory, and `parcours serve` over it."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.inlet_url = self.batch_url = self.event_schema = self.event_id = self.tenant = self.org_id = ""
        self.event_uid = self.action_uid = ""

    @contextmanager
    def serving(self, *arguments: str, core: int | None = None) -> Iterator["subprocess.Popen[bytes]"]:
        """The server, on one core when one is named; stopped on leaving."""
        command = python(
            "-m", "parcours", "serve", "--data-dir", str(self.data_dir), "--port", str(self.port), *arguments
        )
        if core is not None:
            with pinned(command, core, **ENVIRONMENT) as process:
                wait_for_port(self.port)
                yield process
            return
        process = subprocess.Popen(command, env={**os.environ, **ENVIRONMENT})
        try:
            wait_for_port(self.port)
            yield process
        finally:
            process.terminate()
            process.wait(timeout=60)

    def platform(self) -> Platform:
        """A signed-in client."""
        platform = Platform(self.url, json.loads((self.data_dir / "credentials.json").read_text()))
        platform.sign_in()
        return platform

    def define(self, action_url: str = "http://127.0.0.1:9/", journeys: int = 1) -> None:
        """Everything an event needs: schema, data set, inlet, flow, event, action, and published journeys."""
        with self.serving():
            platform = self.platform()
            self.org_id = platform.credentials["org_id"]
            self.tenant = platform.get("/data/foundation/schemaregistry/stats")["tenantId"]
            make_profile_schema(platform)
            self.event_schema = make_event_schema(platform, self.tenant)
            dataset = make_dataset(platform, "Orders", self.event_schema)
            connection, self.inlet_url = make_connection(platform, "Shop", {"dataType": "xdm", "sourceId": "shop"})
            self.batch_url = self.inlet_url.replace("/collection/", "/collection/batch/")
            make_flow(platform, "Orders", connection, self.event_schema, dataset)
            event = self.define_event(platform, "OrderPlaced")
            self.event_id, self.event_uid = event["eventID"], event["uid"]
            action = platform.post(
                JOURNEYS + "/actions",
                {
                    "name": "Send",
                    "url": action_url,
                    "method": "POST",
                    "headers": [],
                    "queryParameters": [],
                    "authentication": {"type": "none"},
                    "request": {
                        "sample": {"to": "a", "sent": 1.5},
                        "fields": [
                            {"path": "/to", "type": "string", "kind": "variable", "label": "To"},
                            {"path": "/sent", "type": "decimal", "kind": "variable", "label": "Sent"},
                        ],
                    },
                },
            )
            self.action_uid = action["uid"]
            for number in range(journeys):
                self.publish(platform, self.journey(f"Speed {number}", event["uid"], action["uid"]))

    def define_event(self, platform: Platform, name: str, **members: Any) -> dict[str, Any]:
        """An event configuration of the event schema; system-generated, unless members say otherwise."""
        body = {
            "name": name,
            "type": "unitary",
            "idType": "systemGenerated",
            "schemaRef": {"id": self.event_schema, "contentType": XDM_FULL},
            "fields": ["/commerce/order/priceTotal", f"/_{self.tenant}/person/emailAddress"],
            "namespace": "Email",
            **members,
        }
        made: dict[str, Any] = platform.post(JOURNEYS + "/events", body)
        return made

    @staticmethod
    def publish(platform: Platform, document: dict[str, Any]) -> str:
        """A journey of the document, published; its version's uid."""
        uid: str = platform.post(JOURNEYS + "/journeys", document)["versionUid"]
        platform.post(f"{JOURNEYS}/journeyVersions/{uid}/publish")
        return uid

    def journey(self, name: str, event_uid: str, action_uid: str) -> dict[str, Any]:
        """event → condition that may read the profile → action."""
        total = "@event{OrderPlaced.commerce.order.priceTotal}"
        tier = "#{ExperiencePlatform.ProfileFieldGroup.loyalty.tier}"
        to = f"@event{{OrderPlaced._{self.tenant}.person.emailAddress}}"
        return {
            "name": name,
            "entry": {"node": "order", "reentrance": {"allowed": True, "waitSeconds": 0}},
            "nodes": {
                "order": {"type": "event", "eventUid": event_uid},
                "worth": {
                    "type": "condition",
                    "conditionType": "dataSource",
                    "paths": [{"id": "yes", "expression": f'{total} > 0 or {tier} == "gold"'}],
                    "otherPath": True,
                },
                "send": {
                    "type": "customAction",
                    "actionUid": action_uid,
                    "parameters": [
                        {"paramPath": "/to", "expression": to},
                        {"paramPath": "/sent", "expression": total},
                    ],
                },
            },
            "edges": [
                {"from": "order", "to": "worth", "kind": "default"},
                {"from": "worth", "to": "send", "kind": "path", "path": "yes"},
            ],
        }


def order(bench: Bench, number: int, total: float = 120.5) -> dict[str, Any]:
    """An order event of about 0.8 KB, in the envelope of the payload preview."""
    reference = {"id": bench.event_schema, "contentType": XDM_FULL}
    return {
        "header": {"schemaRef": reference, "imsOrgId": bench.org_id, "source": {"name": "Journeys"}},
        "body": {
            "xdmMeta": {"schemaRef": reference},
            "xdmEntity": {
                "_id": f"order-{number}",
                "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
                "eventType": "commerce.purchases",
                "commerce": {
                    "order": {"purchaseID": f"P{number}", "priceTotal": total, "currencyCode": "EUR"},
                    "purchases": {"value": 1},
                },
                f"_{bench.tenant}": {
                    "person": {"firstName": f"First{number}", "emailAddress": f"customer{number}@example.com"}
                },
                "_experience": {"campaign": {"orchestration": {"eventID": bench.event_id}}},
            },
        },
    }
