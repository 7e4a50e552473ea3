"""What pages show when they are full: templates, channels, an audience, alerts, made as the designer makes them."""

import json
from typing import Any

from playwright.sync_api import Page

ORCHESTRATION = "/journey/orchestration"
MJML = """<mjml><mj-head><mj-preview>Your order is {{ params.state }}</mj-preview></mj-head><mj-body>
  <mj-section background-color="#0d66d0"><mj-column>
    <mj-text font-size="24px" color="#ffffff">Hello {{ profile.person.name.firstName | default: "you" }}</mj-text>
  </mj-column></mj-section>
  <mj-section><mj-column>
    <mj-image alt="The shop" src="https://shop.example/shop.png"></mj-image>
    <mj-text>Your order is {{ params.state }}. We tell you as soon as it goes further.</mj-text>
    <mj-button href="https://shop.example/orders" background-color="#0d66d0">See the order</mj-button>
    <mj-text font-size="11px"><a href="{{ links.unsubscribe }}">Unsubscribe</a></mj-text>
  </mj-column></mj-section></mj-body></mjml>"""
SMTP = {"host": "smtp.shop.example", "port": 587, "security": "starttls", "username": "shop", "password": "not shown"}

_CALL = """async ([method, path, body, type]) => {
  const session = await (await fetch("/parcours/session")).json();
  const accept = "application/vnd.adobe.xed-id+json, application/json";
  const headers = { "x-csrf-token": session.csrfToken, "x-sandbox-name": "prod", "content-type": type, accept };
  const answer = await fetch(path, { method, headers, body: body === null ? undefined : body });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text === "" ? null : JSON.parse(text);
}"""


def call(page: Page, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
    """Ask the server as who is signed in on the page."""
    sent = body if body is None or isinstance(body, str) else json.dumps(body)
    return page.evaluate(_CALL, [method, path, sent, content_type])


def fill(page: Page) -> dict[str, str]:
    """Make all of it, once; ids to put into addresses."""
    _subscription(page)
    template = _template(page)
    configuration = call(
        page,
        "POST",
        f"{ORCHESTRATION}/channelConfigurations",
        {
            "name": "Shop mail",
            "channel": "email",
            "provider": {"kind": "smtp", "settings": SMTP},
            "sender": {"address": "orders@shop.example", "name": "The shop"},
        },
    )
    audience = call(page, "POST", "/data/core/ups/audiences", {"name": "Best customers", "identityNamespace": "Email"})
    rows = [f"customer{number:03}@example.com,{'gold' if number % 3 == 0 else 'silver'}" for number in range(120)]
    members = f"/data/core/ups/audiences/{audience['id']}/members"
    call(page, "POST", f"{members}?mode=replace", "\n".join(["email,tier", *rows]), "text/csv")
    call(page, "POST", f"{members}?mode=add", "email\n\nnobody\n", "text/csv")
    source = call(
        page,
        "POST",
        f"{ORCHESTRATION}/dataSources",
        {
            "name": "Weather",
            "description": "The weather where the customer is",
            "url": "https://weather.example/v1",
            "fieldGroups": [
                {
                    "name": "now",
                    "dynamicValues": ["city"],
                    "responsePayload": {"temperature": 18.5, "sky": "clear"},
                    "cacheDuration": {"duration": 300, "timeUnit": "seconds"},
                }
            ],
        },
    )
    call(page, "POST", f"{ORCHESTRATION}/suppressions", {"channel": "email", "address": "gone@example.com"})
    found = _found(page)
    return {
        "template": template,
        "configuration": configuration["uid"],
        "audience": audience["id"],
        "source": source["uid"],
        "usagePolicy": _usage_policy(page, found["schema"]),
        **found,
    }


def _usage_policy(page: Page, schema: str) -> str:
    """Two policies over labels, one of its own, and a labelled field of a schema; the id of one."""
    base = "/data/foundation/dulepolicy"
    label = {"friendlyName": "Of a partner", "description": "Bought, and for their offers only"}
    call(page, "PUT", f"{base}/labels/custom/partner", label)
    call(page, "PUT", f"{base}/marketingActions/custom/partnerOffers", {"description": "Offers of our partners"})
    body: dict[str, Any] = {
        "name": "No contact data for partners",
        "description": "Agreed with our customers",
        "status": "ENABLED",
        "marketingActionRefs": ["core/exportToThirdParty", "custom/partnerOffers"],
        "deny": {
            "operator": "AND",
            "operands": [{"label": "C2"}, {"operator": "OR", "operands": [{"label": "I1"}, {"label": "partner"}]}],
        },
    }
    made = call(page, "POST", f"{base}/policies/custom", body)
    draft = {"name": "Nothing sensitive in e-mails", "marketingActionRefs": ["core/emailTargeting"]}
    call(page, "POST", f"{base}/policies/custom", {**draft, "deny": {"label": "S1"}})
    registry = "/data/foundation/schemaregistry/tenant"
    whole = next(one for one in call(page, "GET", f"{registry}/schemas")["results"] if one["meta:altId"] == schema)
    for field, labels in (("/_parcours/person", ["partner"]), ("/_parcours/person/emailAddress", ["I1", "C2"])):
        descriptor = {"@type": "xdm:descriptorLabel", "xdm:sourceSchema": whole["$id"], "xdm:labels": labels}
        call(page, "POST", f"{registry}/descriptors", {**descriptor, "xdm:sourceProperty": field})
    return str(made["id"])


def _subscription(page: Page) -> None:
    """Made before anything is published, so that there are alerts."""
    kinds = ["customActionErrorRate", "journeyPublished", "journeyApprovalRequested"]
    call(page, "POST", f"{ORCHESTRATION}/alertSubscriptions", {"name": "Who runs the shop", "alerts": kinds})


def _template(page: Page) -> str:
    """A template with two versions and a draft that differs, and a few messages of it in the inbox."""
    path = f"{ORCHESTRATION}/messageTemplates"
    body: dict[str, Any] = {
        "name": "Order state",
        "channel": "email",
        "parameters": [{"name": "state", "label": "State"}],
        "content": {"subject": "Your order is {{ params.state }}", "mjml": MJML},
    }
    made = call(page, "POST", path, body)
    uid = str(made["uid"])
    call(page, "POST", f"{path}/{uid}/publish")
    addresses = [f"customer{number:03}@example.com" for number in range(6)]
    call(page, "POST", f"{path}/{uid}/proof", {"addresses": addresses, "params": {"state": "on its way"}})
    body["content"]["mjml"] = MJML.replace("as soon as it goes further", "when it has left us")
    call(page, "PUT", f"{path}/{uid}", body)
    sms = {"name": "Delivered", "channel": "sms", "content": {"body": "Your order has come. Thank you!"}}
    call(page, "POST", path, sms)
    return uid


def _delivered(page: Page) -> list[Any]:
    """The messages in the inbox, once the first of the proofs is there."""
    for _ in range(60):
        messages: list[Any] = call(page, "GET", f"{ORCHESTRATION}/inbox")["results"]
        if messages:
            return messages
        page.wait_for_timeout(500)
    raise SystemExit("none of the proofs came into the inbox")


def _found(page: Page) -> dict[str, str]:
    """Ids of what the demo made."""
    registry = "/data/foundation"
    datasets = call(page, "GET", f"{registry}/catalog/dataSets")
    schemas = call(page, "GET", f"{registry}/schemaregistry/tenant/schemas")["results"]
    inlets = call(page, "GET", f"{registry}/flowservice/connections")["items"]
    event = call(page, "GET", f"{ORCHESTRATION}/events")["results"][0]
    action = call(page, "GET", f"{ORCHESTRATION}/actions")["results"][0]
    messages = _delivered(page)
    return {
        "dataset": next(id for id, one in datasets.items() if one["name"] == "Orders"),
        "schema": next(one["meta:altId"] for one in schemas if one["title"] == "Order events"),
        "inlet": next(one["id"] for one in inlets if "Raw" in one["name"]),
        "event": event["uid"],
        "action": action["uid"],
        "message": str(messages[0]["messageId"]),
    }
