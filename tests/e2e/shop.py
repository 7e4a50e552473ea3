"""The demo's definitions with journeys of one's own, and what is asked of them again and again."""

from typing import Any

import demo
from asking import ask
from definitions import JOURNEYS, XDM_FULL, Defined, define
from journey_tools import instances
from platform_client import Platform
from receiver import Receiver
from running import RunningServer, wait_for

VERSIONS = f"{JOURNEYS}/journeyVersions"
TOTAL = "@event{OrderPlaced.commerce.order.priceTotal}"


class Shop:
    """The demo's definitions with journeys of one's own."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.platform: Platform = server.platform()
        self.receiver = Receiver()
        self.defined: Defined = define(self.platform, self.receiver.url, lambda _line: None)
        self.platform.post(f"{VERSIONS}/{self.defined.journey_version}/stop")
        actions = self.platform.get(f"{JOURNEYS}/actions")["results"]
        self.action_uid: str = next(one["uid"] for one in actions if one["name"] == "SendMessage")
        self._event_configurations = 0

    def event(self, name: str, rule: str) -> str:
        """A rule-based event on the demo's schema about the same people; its uid."""
        body = {
            "name": name, "type": "unitary", "idType": "ruleBased", "idCondition": rule, "namespace": "Email",
            "schemaRef": {"id": self.defined.event_schema, "contentType": XDM_FULL},
            "fields": ["/commerce/order/priceTotal", f"/_{self.defined.tenant}/person/emailAddress"],
        }  # fmt: skip
        return str(self.platform.post(f"{JOURNEYS}/events", body)["uid"])

    def rule(self, name: str, event_type: str) -> str:
        return self.event(name, f'@event{{{name}.eventType}} == "{event_type}"')

    def message(self, template: str, email: str = "") -> dict[str, Any]:
        to = email or f"@event{{OrderPlaced._{self.defined.tenant}.person.emailAddress}}"
        values = {"to": to, "template": f'"{template}"', "firstName": '"Jane"', "total": "1.0"}
        return {
            "type": "customAction", "actionUid": self.action_uid,
            "parameters": [{"paramPath": f"/{name}", "expression": text} for name, text in values.items()],
        }  # fmt: skip

    def order(self, number: int, event_id: str, event_type: str = "commerce.purchases", total: float = 10.0) -> Any:
        made = demo.order(self.platform, self.defined, number)
        entity = made["body"]["xdmEntity"]
        entity |= {"_id": event_id, "eventType": event_type}
        entity["commerce"]["order"]["priceTotal"] = total
        if event_type != "commerce.purchases":
            del entity["_experience"]
        return made

    def send(self, *messages: Any) -> None:
        for start in range(0, len(messages), 500):
            url = self.defined.event_inlet.replace("/collection/", "/collection/batch/")
            answer = ask("POST", url, {"messages": messages[start : start + 500]})
            assert answer.status == 207
            assert not [one for one in answer.body["responses"] if "statusCode" in one]

    def audience(self, name: str, *emails: str) -> str:
        """An audience with members; its id, once they are in."""
        made = self.platform.post("/data/core/ups/audiences", {"name": name, "identityNamespace": "Email"})
        audience_id: str = made["id"]
        self.upload(audience_id, "replace", *emails)
        return audience_id

    def upload(self, audience_id: str, mode: str, *emails: str) -> None:
        """Replace, add or remove members, and wait until that is done."""
        self.upload_rows(audience_id, mode, "email", *emails)

    def upload_rows(self, audience_id: str, mode: str, *lines: str) -> None:
        """The same with a list of CSV, line by line."""
        url = f"{self.server.url}/data/core/ups/audiences/{audience_id}"
        headers = {**self.platform.headers, "Content-Type": "text/csv"}
        rows = "\n".join(lines).encode()
        answer = ask("POST", f"{url}/members?mode={mode}", rows, headers)
        assert answer.status == 202, answer.body
        upload = f"{url}/uploads/{answer.body['id']}"
        wait_for(lambda: ask("GET", upload, headers=headers).body["status"] == "SUCCEEDED", what="the upload")

    def sent(self, template: str) -> list[str]:
        """Recipients of the messages of one template."""
        return [body["to"] for _, _, body in list(self.receiver.messages) if body["template"] == template]

    def is_at(self, version: str, number: int, node: str) -> bool:
        return any(one["nodeId"] == node for one in instances(self.platform, version, demo.email(number)))

    def counts(self, version: str) -> dict[str, Any]:
        found: dict[str, Any] = self.platform.get(f"{VERSIONS}/{version}/counts")
        return found


def stop(shop: Shop, *versions: str) -> None:
    for version in versions:
        shop.platform.post(f"{VERSIONS}/{version}/stop")


def save(shop: Shop, version: str, document: dict[str, Any]) -> None:
    answer = ask("PUT", f"{shop.server.url}{VERSIONS}/{version}", document, shop.platform.headers)
    assert answer.status == 200, answer.body


def journey_of(shop: Shop, version: str) -> str:
    uid: str = shop.platform.get(f"{VERSIONS}/{version}")["journeyUid"]
    return uid
