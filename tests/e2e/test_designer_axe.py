"""axe looks at every page that has an address, and at every form of the inspector, in both themes and languages."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from browsing import Visitor, settle
from definitions import FOUNDATION, JOURNEYS
from playwright.sync_api import Browser, expect
from running import RunningServer, wait_for
from shop import VERSIONS, Shop

SOURCES = Path(__file__).parents[2] / "web/src"
ROUTE = re.compile(r'createRoute\(\{[^}]*?path: "([^"]*)"')
CUSTOMER = "customer001@example.com"

# Route of the router → the addresses under which it shows something of its own.
ADDRESSES: dict[str, list[str]] = {
    "/": ["/"],
    "sign-in": ["/sign-in?next=/journeys"],
    "setup": ["/setup#no-such-token"],
    "join": ["/join#no-such-token"],
    "account": ["/account"],
    "journeys": ["/journeys", "/journeys?q=nothing+like+it", "/journeys?create=template", "/journeys?create=import",
                 "/journeys?view=calendar&week=2026-01-05"],
    "fragments": ["/fragments", "/fragments?q=nothing+like+it"],
    "journeys/$uid": ["/journeys/{journey}"],
    "journeys/$uid/report/$versionUid": ["/journeys/{journey}/report/{version}"],
    "journeys/$uid/versions/$versionUid": ["/journeys/{journey}/versions/{version}"],
    "journeys/$uid/compare": ["/journeys/{journey}/compare?from={version}&to={draft}"],
    "events": ["/events"],
    "events/new": ["/events/new", "/events/new?from={event}"],
    "events/$uid": ["/events/{event}?tab=" + tab for tab in ("payload", "requests", "send", "journeys")],
    "events/$uid/edit": ["/events/{event}/edit"],
    "data-sources": ["/data-sources"],
    "data-sources/new": ["/data-sources/new"],
    "data-sources/$uid": ["/data-sources/{source}"],
    "actions": ["/actions"],
    "actions/new": ["/actions/new"],
    "actions/$uid": ["/actions/{action}?tab=" + tab for tab in ("definition", "test", "journeys")],
    "templates": ["/templates"],
    "templates/new": ["/templates/new"],
    "templates/$uid": ["/templates/{template}", "/templates/{template}?tab=versions"],
    "templates/channels": ["/templates/channels", "/templates/channels?tab=suppressions"],
    "templates/channels/$uid": ["/templates/channels/{configuration}", "/templates/channels/new"],
    "rules": ["/rules", "/rules?tab=sets"],
    "rules/decision/$uid": ["/rules/decision/new", "/rules/decision/{rule}"],
    "rules/sets/$uid": ["/rules/sets/new", "/rules/sets/{rule_set}"],
    "schemas": ["/schemas"],
    "schemas/$id": ["/schemas/{schema}?tab=" + tab for tab in ("fields", "identities", "sample", "json")],
    "datasets": ["/datasets"],
    "datasets/query": ["/datasets/query?sql=SHOW+TABLES"],
    "datasets/$id": ["/datasets/{dataset}?tab=" + tab for tab in ("rows", "columns", "batches")],
    "inlets": ["/inlets"],
    "inlets/new": ["/inlets/new"],
    "inlets/$id": ["/inlets/{inlet}"],
    "profiles": ["/profiles", "/profiles?namespace=Email&id={customer}"],
    "audiences": ["/audiences"],
    "audiences/$id": ["/audiences/{audience}"],
    "inbox": ["/inbox"],
    "inbox/$uid": ["/inbox/{message}?tab=" + tab for tab in ("shown", "text", "headers", "fate")],
    "operations": ["/operations", "/operations?tab=failed"],
    "approval-policies": ["/approval-policies", "/approval-policies?policy=new"],
    "usage-policies": [
        "/usage-policies", "/usage-policies?open=new", "/usage-policies?tab=labels",
        "/usage-policies?tab=labels&open=new", "/usage-policies?tab=marketingActions",
    ],
    "alerts": ["/alerts", "/alerts?tab=subscriptions", "/alerts?tab=subscriptions&subscription=new"],
    "audit": ["/audit"],
    "people": ["/people?tab=" + tab for tab in ("users", "credentials", "roles", "sandboxes", "roles&role=new")],
    "settings": ["/settings"],
}  # fmt: skip
# With every field that a rule may have.
RULE_SET: dict[str, Any] = {
    "name": "Promotions", "domain": "channel",
    "rules": [
        {"id": "cap", "name": "Often", "type": "frequencyCap", "limit": 3, "period": "week", "channels": ["email"]},
        {
            "id": "quiet", "name": "Nights", "type": "quietHours", "channels": ["sms"], "handling": "discard",
            "timeZone": "Europe/Paris",
            "periods": [{"days": ["monday"], "from": "21:00"}, {"firstDate": "2026-12-24", "lastDate": "2026-12-26"}],
        },
    ],
}  # fmt: skip
OPEN_TO_ALL = {"sign-in", "setup", "join"}

# One activity of each kind, as the palette makes it.
ACTIVITIES: dict[str, dict[str, Any]] = {
    "event": {"eventUid": ""}, "audienceQualification": {"audienceId": ""}, "businessEvent": {"eventUid": ""},
    "reaction": {"reactions": ["opened"]}, "readAudience": {"audienceId": ""},
    "condition": {"paths": [{"id": "path1", "expression": ""}], "otherPath": True},
    "wait": {"duration": {"value": 1, "unit": "days"}},
    "optimize": {"optimizeType": "experiment", "paths": [{"id": "a", "percentage": 50}, {"id": "b", "percentage": 50}]},
    "datasetLookup": {"dataSetId": "", "keys": ""}, "end": {},
    "message": {
        "channel": "email", "templateUid": "", "sendTimeOptimization": {"optimizeFor": "opens", "withinHours": 24},
    },
    "customAction": {"actionUid": ""}, "updateProfile": {"dataSetId": "", "updates": []},
    "jump": {"targetJourneyUid": ""},
}  # fmt: skip


@pytest.fixture(scope="module")
def shop(server: RunningServer) -> Shop:
    return Shop(server)


@pytest.fixture(scope="module")
def known(shop: Shop) -> dict[str, str]:
    """The ids of addresses: everything is there once, and a message was sent."""
    platform = shop.platform
    event = next(one for one in platform.get(f"{JOURNEYS}/events")["results"] if one["name"] == "OrderPlaced")
    template = platform.post(
        f"{JOURNEYS}/messageTemplates",
        {
            "name": "Thanks", "channel": "email", "category": "transactional",
            "content": {"subject": "Thank you", "html": "<h1>Thanks</h1><p>For your order.</p>"},
        },
    )["uid"]  # fmt: skip
    platform.post(f"{JOURNEYS}/messageTemplates/{template}/publish")
    made = platform.post(
        f"{JOURNEYS}/journeys",
        {
            "name": "Thank everybody",
            "entry": {"node": "order"},
            "nodes": {
                "order": {"type": "event", "eventUid": event["uid"]},
                "send": {"type": "message", "channel": "email", "templateUid": template},
                "call": shop.message("thanks"),
            },
            "edges": [{"from": "order", "to": "send"}, {"from": "send", "to": "call"}],
        },
    )
    platform.post(f"{VERSIONS}/{made['versionUid']}/publish")
    shop.send(shop.order(1, "axe-1"))
    wait_for(lambda: shop.sent("thanks"), what="the message")
    draft = platform.post(f"{JOURNEYS}/journeys/{made['uid']}/versions")["uid"]
    group = {"name": "tier", "dynamicValues": ["id"], "responsePayload": {"level": "x", "points": 1}}
    source = platform.post(
        f"{JOURNEYS}/dataSources", {"name": "Tiers", "url": "https://tiers.example/", "fieldGroups": [group]}
    )
    configuration = platform.post(
        f"{JOURNEYS}/channelConfigurations",
        {"name": "Built in", "channel": "email", "provider": {"kind": "inbox", "settings": {}}},
    )
    audience = platform.post("/data/core/ups/audiences", {"name": "Friends", "identityNamespace": "Email"})
    rule = platform.post(f"{JOURNEYS}/decisionRules", {"name": "Friends", "expression": "inAudience('Friends')"})
    rule_set = platform.post(f"{JOURNEYS}/ruleSets", RULE_SET)
    headers = {"Accept": "application/vnd.adobe.xed-id+json"}
    schemas = platform.get(FOUNDATION + "/schemaregistry/tenant/schemas", **headers)["results"]
    inlets = platform.get(FOUNDATION + "/flowservice/connections")["items"]
    wait_for(lambda: platform.get(f"{JOURNEYS}/inbox")["results"], what="the message in the inbox")
    return {
        "journey": made["uid"], "version": made["versionUid"], "draft": draft, "event": event["uid"],
        "source": source["uid"], "action": shop.action_uid, "template": template, "configuration": configuration["uid"],
        "schema": next(one["meta:altId"] for one in schemas if one["$id"] == shop.defined.event_schema),
        "dataset": shop.defined.event_dataset, "inlet": inlets[0]["id"], "customer": quote(CUSTOMER),
        "audience": audience["id"], "rule": rule["uid"], "rule_set": rule_set["uid"],
        "message": platform.get(f"{JOURNEYS}/inbox")["results"][0]["messageId"],
    }  # fmt: skip


@pytest.fixture(scope="module")
def visitors(browser: Browser, server: RunningServer, known: dict[str, str]) -> Iterator[list[Visitor]]:
    """One who reads English, and one who reads French."""
    first = Visitor(browser, server)
    first.create_administrator()
    second = Visitor(browser, server, locale="fr-FR", storage_state=first.context.storage_state())
    yield [first, second]
    for visitor in (first, second):
        assert visitor.errors == []
        visitor.close()


def complaints(visitor: Visitor, where: str) -> list[str]:
    """What axe says in either theme."""
    found = []
    for scheme in ("light", "dark"):
        visitor.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        expect(visitor.page.locator(f"[style*='color-scheme: {scheme}']").first).to_be_attached()
        found += [f"{where} ({scheme}) {one}" for one in visitor.complaints_of_axe()]
    return found


def test_every_route_has_an_address_here() -> None:
    found = {path for file in SOURCES.rglob("routes.ts") for path in ROUTE.findall(file.read_text())}
    assert found == set(ADDRESSES)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("area", sorted({route.split("/")[0] for route in ADDRESSES}))
def test_axe_finds_nothing_on_any_page(
    browser: Browser, visitors: list[Visitor], known: dict[str, str], area: str
) -> None:
    found = []
    for route, addresses in ADDRESSES.items():
        if route.split("/")[0] != area:
            continue
        for at, address in enumerate(addresses):
            visitor = visitors[(at + len(route)) % 2]
            if route in OPEN_TO_ALL:
                visitor = Visitor(browser, visitor.server, locale="fr-FR" if at else "en-US")
            settle(visitor.open(address.format(**known)))
            found += complaints(visitor, address)
            if route in OPEN_TO_ALL:
                visitor.close()
    assert found == []


@pytest.mark.timeout(900)
def test_axe_finds_nothing_on_any_form_of_the_inspector(visitors: list[Visitor], shop: Shop) -> None:
    """Each activity of a draft is opened in turn."""
    nodes = {kind: {"type": kind, **members} for kind, members in ACTIVITIES.items()}
    layout = {kind: {"x": 260 * (at % 4), "y": 160 * (at // 4)} for at, kind in enumerate(nodes)}
    body = {"name": "Every kind", "entry": {"node": "event"}, "nodes": nodes, "edges": [], "layout": layout}
    made = shop.platform.post(f"{JOURNEYS}/journeys", body)
    kinds = {path.parent.name for path in (SOURCES / "activities").glob("*/*Form.tsx")}
    assert kinds == set(ACTIVITIES)
    found = []
    for at, visitor in enumerate(visitors):
        page = visitor.open(f"/journeys/{made['uid']}/versions/{made['versionUid']}")
        settle(page)
        for kind in list(ACTIVITIES)[at::2]:
            node = page.locator(f".react-flow__node[data-id={kind}]")
            node.focus()
            page.keyboard.press("Enter")
            panel = page.get_by_role("complementary", name=re.compile(rf", {kind}$"))
            expect(panel).to_be_visible()
            settle(page)
            found += complaints(visitor, kind)
    assert found == []
