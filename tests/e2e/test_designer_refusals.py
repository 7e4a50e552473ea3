"""Inlets, templates and test profiles by clicks, and what the pages say where the server refuses."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from asking import ask, query
from browsing import Visitor
from definitions import FOUNDATION, JOURNEYS, XDM_FULL, make_connection, make_dataset, make_flow, make_identity
from hands import Mouse
from playwright.sync_api import Browser, Locator, Page, expect
from running import RunningServer, wait_for
from shop import Shop

FLOWS = f"{FOUNDATION}/flowservice"
SERVER_MS = 120_000
"""Milliseconds for what the server does by itself."""


@pytest.fixture(scope="module")
def shop(server: RunningServer) -> Shop:
    return Shop(server)


@pytest.fixture(scope="module")
def administrator(browser: Browser, server: RunningServer, shop: Shop) -> Iterator[Visitor]:
    visitor = Visitor(browser, server)
    visitor.create_administrator()
    yield visitor
    assert visitor.errors == []
    visitor.close()


@pytest.fixture
def hand(administrator: Visitor) -> Mouse:
    return Mouse(administrator.page)


def button(within: Page | Locator, name: str) -> Locator:
    return within.get_by_role("button", name=name, exact=True)


def text_of(within: Page | Locator, name: str) -> Locator:
    return within.get_by_role("textbox", name=name, exact=True)


def told(page: Page, text: str) -> None:
    """Wait for a notice and put it away."""
    notice = page.get_by_role("alertdialog").filter(has_text=text)
    button(notice, "Close").click()
    expect(notice).to_have_count(0)


def agree(hand: Mouse, name: str) -> None:
    hand.press(button(hand.page.get_by_role("alertdialog"), name))


class Inlet:
    """An inlet of one's own for the shop's orders."""

    def __init__(self, shop: Shop, name: str) -> None:
        self.shop, self.name = shop, name
        self.id, self.url = make_connection(shop.platform, name, {"dataType": "xdm"})
        self.flow = make_flow(shop.platform, name, self.id, shop.defined.event_schema, shop.defined.event_dataset)

    def post(self, event_id: str) -> Any:
        return ask("POST", self.url, self.shop.order(1, event_id))

    def flow_of(self) -> dict[str, Any]:
        found: dict[str, Any] = self.shop.platform.get(f"{FLOWS}/flows/{self.flow}")["items"][0]
        return found


def test_a_disabled_inlet_refuses_events_and_a_deleted_one_is_gone(
    administrator: Visitor, hand: Mouse, shop: Shop
) -> None:
    inlet = Inlet(shop, "Kiosk")
    assert inlet.post("kiosk-1").status == 200
    page = administrator.open("/inlets")
    hand.press(page.get_by_role("link", name="Kiosk", exact=True))
    switch = page.get_by_role("switch")
    expect(switch).to_be_checked()
    hand.press(switch)
    agree(hand, "Disable")
    expect(switch).not_to_be_checked()
    wait_for(lambda: inlet.post("kiosk-2").status != 200, what="the inlet to refuse")
    answer = inlet.post("kiosk-3")
    assert (answer.status, "disabled" in json.dumps(answer.body)) == (400, True), answer
    hand.press(switch)
    expect(switch).to_be_checked()
    wait_for(lambda: inlet.post("kiosk-4").status == 200, what="the inlet to accept again")

    hand.press(button(page, "Delete"))
    agree(hand, "Delete")
    expect(page.get_by_role("heading", level=1, name="Inlets")).to_be_visible()
    expect(page.get_by_role("link", name="Kiosk", exact=True)).to_have_count(0)
    expect(page.get_by_role("rowheader").first).to_be_visible()
    wait_for(lambda: inlet.post("kiosk-5").status == 404, what="the inlet to be gone")
    administrator.open(f"/inlets/{inlet.id}")
    expect(page.get_by_role("heading", name="There is no such inlet")).to_be_visible()


def test_an_inlet_that_somebody_else_works_on_meanwhile(administrator: Visitor, hand: Mouse, shop: Shop) -> None:
    """A flow that was added is not deleted unseen; one that is gone can't be switched."""
    inlet, neighbour = Inlet(shop, "Terminal"), Inlet(shop, "Counter")
    page = administrator.open(f"/inlets/{inlet.id}")
    expect(page.get_by_role("switch")).to_be_checked()
    first, other = inlet.flow_of(), neighbour.flow_of()
    same = {name: first[name] for name in ("flowSpec", "sourceConnectionIds")}
    # Its target is that of another inlet's flow, which needs it still.
    body = {"name": "Second", **same, "targetConnectionIds": other["targetConnectionIds"]}
    second = shop.platform.post(f"{FLOWS}/flows", body)["id"]
    hand.press(button(page, "Delete"))
    agree(hand, "Delete")
    told(page, "It has a flow that was added meanwhile")
    expect(page.get_by_role("switch")).to_have_count(2)
    assert inlet.flow_of()["state"] == "enabled"

    assert ask("DELETE", f"{shop.server.url}{FLOWS}/flows/{inlet.flow}", headers=shop.platform.headers).status < 300
    hand.press(page.get_by_role("region", name="Terminal").get_by_role("switch"))
    agree(hand, "Disable")
    told(page, inlet.flow)
    page = administrator.open(f"/inlets/{inlet.id}")
    expect(page.get_by_role("switch")).to_have_count(1)
    hand.press(button(page, "Delete"))
    agree(hand, "Delete")
    expect(page.get_by_role("heading", level=1, name="Inlets")).to_be_visible()
    expect(page.get_by_role("link", name="Counter", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Terminal", exact=True)).to_have_count(0)
    gone = f"{shop.server.url}{FLOWS}/flows/{second}"
    assert ask("GET", gone, headers=shop.platform.headers).status == 404
    wait_for(lambda: neighbour.post("counter-1").status == 200, what="the other inlet to go on")


def test_a_template_is_duplicated_and_its_versions_compared(administrator: Visitor, hand: Mouse, shop: Shop) -> None:
    page = administrator.open("/templates")
    hand.press(button(page, "Create a template").first)
    hand.write(text_of(page, "Name"), "Welcome")
    hand.choose(page.get_by_role("button", name=re.compile(r"(^|\s)Category$")).first, "Transactional")
    hand.write(text_of(page, "Subject"), "Welcome to the shop")
    hand.press(page.get_by_role("radio", name="Text only"))
    hand.write(text_of(page, "Text only"), "Good to have you.")
    hand.press(button(page, "Save draft"))
    expect(page.get_by_role("heading", level=1, name="Welcome", exact=True)).to_be_visible()

    hand.press(button(page, "Duplicate"))
    name = text_of(page, "Name")
    expect(name).to_have_value("Copy of Welcome")
    expect(text_of(page, "Subject")).to_have_value("Welcome to the shop")
    hand.write(name, "Welcome")
    hand.press(button(page, "Save draft"))
    refused = page.get_by_role("main").get_by_role("alert").first
    expect(refused.get_by_role("heading", name="This name is taken")).to_be_visible()
    expect(refused).to_contain_text("Choose another name")
    assert len(named(shop, "Welcome")) == 1
    hand.write(name, "Welcome back")
    hand.press(button(page, "Save draft"))
    expect(page.get_by_role("heading", level=1, name="Welcome back")).to_be_visible()

    hand.write(text_of(page, "Subject"), "Welcome back to the shop")
    hand.press(button(page, "Save draft"))
    expect(button(page, "Save draft")).to_be_disabled()
    hand.press(page.get_by_role("tab", name="Versions"))
    compared = page.get_by_role("region", name="Compare")
    subject = compared.get_by_role("heading", name="Subject")
    expect(subject).to_be_visible()
    expect(compared).to_contain_text("Welcome to the shop")
    expect(compared).to_contain_text("Welcome back to the shop")
    later = compared.get_by_role("button", name=re.compile("Later version$")).inner_text()
    hand.choose(compared.get_by_role("button", name=re.compile("Earlier version$")), later)
    expect(compared.get_by_text("The two versions say the same.")).to_be_visible()
    expect(subject).to_have_count(0)
    assert len(named(shop, "Welcome")) == 1
    assert named(shop, "Welcome back")[0]["content"]["subject"] == "Welcome back to the shop"


def named(shop: Shop, name: str) -> list[dict[str, Any]]:
    """Templates of a name as they are stored."""
    found = shop.platform.get(f"{JOURNEYS}/messageTemplates")["results"]
    return [shop.platform.get(f"{JOURNEYS}/messageTemplates/{one['uid']}") for one in found if one["name"] == name]


@pytest.fixture(scope="module")
def testers(shop: Shop) -> list[str]:
    """E-mail addresses of test profiles, and others beside them."""
    base = "https://ns.adobe.com/xdm/context/"
    groups = ("profile", "profile-work-details", "profile-test-profile")
    registry = FOUNDATION + "/schemaregistry/tenant/schemas"
    schema = shop.platform.post(
        registry, {"type": "object", "title": "Testers", "allOf": [{"$ref": base + name} for name in groups]}
    )
    make_identity(shop.platform, schema["$id"], "/workEmail/address")
    union = [{"op": "add", "path": "/meta:immutableTags", "value": ["union"]}]
    shop.platform.patch(f"{registry}/{schema['meta:altId']}", union)
    connection, url = make_connection(shop.platform, "Testers", {"dataType": "xdm"})
    make_flow(
        shop.platform, "Testers", connection, schema["$id"], make_dataset(shop.platform, "Testers", schema["$id"])
    )
    reference = {"id": schema["$id"], "contentType": XDM_FULL}
    emails = [f"{name}@example.com" for name in ("anna", "bea", "carla", "dora")]
    for email in emails:
        entity = {"_id": email, "testProfile": email != "dora@example.com", "workEmail": {"address": email}}
        body = {"xdmMeta": {"schemaRef": reference}, "xdmEntity": entity}
        assert ask("POST", url, {"header": {"schemaRef": reference}, "body": body}).status == 200
    listed = query("/parcours/testProfiles", namespace="Email")
    wait_for(lambda: len(shop.platform.get(listed)["results"]) == 3, what="the test profiles")
    return emails


def test_a_test_profile_is_searched_picked_and_sent_an_event(
    administrator: Visitor, hand: Mouse, shop: Shop, testers: list[str]
) -> None:
    page = administrator.page
    panel = open_test_mode(administrator, hand, shop, "Tried")
    box = panel.get_by_role("combobox", name=re.compile("^Test profile"))
    hand.write(box, "CARL")
    options = page.get_by_role("option")
    expect(options).to_have_text(["carla@example.com"])
    hand.write(box, "a@example")
    expect(options).to_have_text(["anna@example.com", "bea@example.com", "carla@example.com"])
    options.filter(has_text="bea@").click()
    expect(box).to_have_value("bea@example.com")
    hand.press(button(panel, "Send"))
    told(page, "The event was sent")
    log = page.get_by_test_id("test-log")
    expect(log.get_by_role("button", name=re.compile("bea@example.com"))).to_be_visible(timeout=SERVER_MS)
    expect(log.get_by_role("button")).to_have_count(1)

    hand.write(box, "dora@example.com")
    expect(options.filter(has_text="example.com")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(box).to_have_value("dora@example.com")
    hand.press(button(panel, "Send"))
    told(page, "The event was sent")
    hand.pick(box, "anna@example.com")
    hand.press(button(panel, "Send"))
    expect(log.get_by_role("button", name=re.compile("anna@example.com"))).to_be_visible(timeout=SERVER_MS)
    expect(log.get_by_role("button", name=re.compile("dora@example.com"))).to_have_count(0)
    hand.press(button(panel, "End the test"))


def test_a_test_event_that_is_refused_says_why(
    administrator: Visitor, hand: Mouse, shop: Shop, testers: list[str]
) -> None:
    page = administrator.page
    panel = open_test_mode(administrator, hand, shop, "Refused")
    hand.pick(panel.get_by_role("combobox", name=re.compile("^Test profile")), "anna@example.com")
    flow = next(one for one in shop.platform.get(f"{FLOWS}/flows")["items"] if "test event" in one["name"].lower())
    switch(shop, flow["id"], "disable")
    hand.press(button(panel, "Send"))
    refused = panel.get_by_role("alert").first
    expect(refused.get_by_role("heading", name="This can’t be done in its present state")).to_be_visible()
    expect(refused).to_contain_text("disabled")
    switch(shop, flow["id"], "enable")
    hand.press(button(panel, "Send"))
    told(page, "The event was sent")
    expect(refused).to_have_count(0)
    expect(page.get_by_test_id("test-log").get_by_role("button")).to_have_count(1, timeout=SERVER_MS)
    hand.press(button(panel, "End the test"))


def open_test_mode(visitor: Visitor, hand: Mouse, shop: Shop, name: str) -> Locator:
    """Of a draft into which every order leads; the panel, its test begun."""
    events = shop.platform.get(f"{JOURNEYS}/events")["results"]
    event = next(one["uid"] for one in events if one["name"] == "OrderPlaced")
    made = shop.platform.post(
        f"{JOURNEYS}/journeys",
        {
            "name": name,
            "entry": {"node": "order", "reentrance": {"allowed": True, "waitSeconds": 0}},
            "nodes": {"order": {"type": "event", "eventUid": event}, "call": shop.message(name)},
            "edges": [{"from": "order", "to": "call"}],
        },
    )
    visitor.open(f"/journeys/{made['uid']}/versions/{made['versionUid']}")
    hand.press(button(hand.page, "Test mode"))
    panel = hand.page.get_by_role("complementary", name="Test mode")
    hand.press(button(panel, "Start test mode"))
    expect(button(panel, "Send")).to_be_visible()
    return panel


def switch(shop: Shop, flow: str, to: str) -> None:
    found = shop.platform.get(f"{FLOWS}/flows/{flow}")["items"][0]
    headers = {**shop.platform.headers, "If-Match": found["etag"]}
    assert ask("POST", f"{shop.server.url}{FLOWS}/flows/{flow}/action?op={to}", None, headers).status < 300
