"""No page of the designer scrolls sideways, nor a list on a phone: on both screens, in the longer language."""

from typing import Any

import pytest
from browsing import Visitor, settle
from definitions import JOURNEYS
from playwright.sync_api import Browser, expect
from running import RunningServer
from shop import Shop

ADDRESSES = [
    "/journeys", "/events", "/events/new", "/data-sources", "/data-sources/new", "/actions", "/actions/new",
    "/templates", "/templates/new", "/templates/channels", "/templates/channels/new",
    "/templates/channels?tab=suppressions", "/schemas", "/datasets", "/datasets/query", "/inlets", "/inlets/new",
    "/inlets/{inlet}", "/profiles", "/audiences", "/audiences/{audience}", "/inbox", "/operations",
    "/operations?tab=failed", "/alerts", "/alerts?tab=subscriptions", "/audit", "/people", "/people?tab=credentials",
    "/people?tab=roles", "/people?tab=sandboxes", "/settings", "/account", "/approval-policies",
    "/rules", "/rules?tab=sets", "/rules/decision/new", "/rules/decision/{rule}", "/rules/sets/new",
    "/rules/sets/{rule_set}",
    "/usage-policies", "/usage-policies?tab=labels", "/usage-policies?tab=marketingActions",
]  # fmt: skip
_WIDTHS = """[document.documentElement, document.querySelector("main")]
  .map((one) => [one.scrollWidth, one === document.documentElement ? innerWidth : one.clientWidth])"""

_LISTS = """[...document.querySelectorAll("[data-stacks]")].map((one) => [one.scrollWidth, one.clientWidth])"""


@pytest.fixture(scope="module")
def shop(server: RunningServer) -> Shop:
    return Shop(server)


@pytest.fixture(scope="module")
def state(browser: Browser, server: RunningServer) -> Any:
    """Of a browser in which the administrator is signed in."""
    visitor = Visitor(browser, server)
    visitor.create_administrator()
    found = visitor.context.storage_state()
    visitor.close()
    return found


def test_no_page_scrolls_sideways(browser: Browser, server: RunningServer, shop: Shop, state: Any) -> None:
    inlet = shop.platform.get("/data/foundation/flowservice/connections")["items"][0]["id"]
    audience = shop.audience("Everybody", "a.person.of.a.very.long.name.indeed@customers.of.the.shop.example.com")
    text = "isNotEmpty(#{ExperiencePlatform.ProfileFieldGroup.personID}) and ${journeyVersion} != '1.0'"
    rule = shop.platform.post(f"{JOURNEYS}/decisionRules", {"name": "Whom we know", "expression": text})["uid"]
    periods = [{"days": ["monday", "sunday"], "from": "21:00"}, {"firstDate": "2026-12-24", "lastDate": "2026-12-26"}]
    quiet = {"id": "q", "name": "Nights", "type": "quietHours", "channels": ["sms"], "handling": "discard"}
    body = {"name": "Quiet", "domain": "channel", "rules": [{**quiet, "periods": periods}]}
    rule_set = shop.platform.post(f"{JOURNEYS}/ruleSets", body)["uid"]
    too_wide = []
    for width, height in ((390, 844), (1280, 800)):
        reader = Visitor(
            browser, server, viewport={"width": width, "height": height}, locale="fr-FR", storage_state=state
        )
        for address in ADDRESSES:
            page = reader.open(address.format(inlet=inlet, audience=audience, rule=rule, rule_set=rule_set))
            settle(page)
            widths = page.evaluate(_WIDTHS) + (page.evaluate(_LISTS) if width == 390 else [])
            if any(content > room for content, room in widths):
                too_wide.append((width, address))
        assert reader.errors == []
        reader.close()
    assert too_wide == []


def test_a_phone_shows_a_draft_and_says_that_drawing_needs_more(
    browser: Browser, server: RunningServer, shop: Shop, state: Any
) -> None:
    address = f"/journeys/{_wide(shop)}"
    visitor = Visitor(browser, server, viewport={"width": 390, "height": 844}, storage_state=state)
    page = visitor.open(address)
    expect(page.get_by_text("Drawing needs a wider screen")).to_be_visible()
    expect(page.get_by_role("complementary", name="Activities")).to_be_hidden()
    page.locator(".react-flow__node[data-id=first]").click()
    panel = page.get_by_role("complementary", name="Settings of Wait").bounding_box()
    assert panel is not None
    assert panel["width"] == 390
    assert all(content <= room for content, room in page.evaluate(_WIDTHS))
    visitor.close()


def test_a_panel_does_not_hide_the_activity_that_it_is_about(
    browser: Browser, server: RunningServer, shop: Shop, state: Any
) -> None:
    address = f"/journeys/{_wide(shop)}"
    visitor = Visitor(browser, server, viewport={"width": 1280, "height": 800}, storage_state=state)
    page = visitor.open(address)
    last = page.locator(".react-flow__node[data-id=last]")
    last.click()
    canvas = page.get_by_test_id("canvas")
    expect(page.get_by_role("complementary", name="Settings of End")).to_be_visible()
    last.hover()  # it stands still
    here, room = last.bounding_box(), canvas.bounding_box()
    assert here is not None
    assert room is not None
    assert here["x"] + here["width"] <= room["x"] + room["width"]
    visitor.close()


def test_any_panel_leaves_the_selected_activity_in_sight_at_the_same_zoom(
    browser: Browser, server: RunningServer, shop: Shop, state: Any
) -> None:
    visitor = Visitor(browser, server, viewport={"width": 1280, "height": 800}, storage_state=state)
    page = visitor.open(f"/journeys/{_wide(shop)}?node=last")
    last = page.locator(".react-flow__node[data-id=last]")
    before = last.bounding_box()
    page.get_by_role("button", name="Properties").click()
    panel = page.get_by_role("complementary", name="Properties")
    expect(panel).to_be_visible()
    last.hover()  # it stands still
    here, room = last.bounding_box(), panel.bounding_box()
    assert before is not None
    assert here is not None
    assert room is not None
    assert here["x"] + here["width"] < room["x"] < before["x"] + before["width"]
    assert here["width"] == pytest.approx(before["width"], abs=1)
    visitor.close()


def test_an_activity_that_was_moved_out_of_sight_is_in_it_when_its_settings_open(
    browser: Browser, server: RunningServer, shop: Shop, state: Any
) -> None:
    visitor = Visitor(browser, server, viewport={"width": 1280, "height": 800}, storage_state=state)
    page = visitor.open(f"/journeys/{_wide(shop)}?node=first")
    first = page.locator(".react-flow__node[data-id=first]")
    first.hover()
    canvas = page.get_by_test_id("canvas").bounding_box()
    assert canvas is not None
    page.mouse.move(canvas["x"] + canvas["width"] / 2, canvas["y"] + 60)
    page.mouse.down()
    page.mouse.move(canvas["x"] + 10, canvas["y"] + 60, steps=5)
    page.mouse.up()
    page.mouse.click(canvas["x"] + canvas["width"] / 2, canvas["y"] + 60)
    expect(first).not_to_be_in_viewport(ratio=1)
    first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("complementary", name="Settings of Wait")).to_be_visible()
    first.hover()
    here = first.bounding_box()
    assert here is not None
    assert canvas["x"] < here["x"]
    visitor.close()


def test_a_journey_too_wide_to_be_read_begins_at_its_entry_or_at_the_selected_activity(
    browser: Browser, server: RunningServer, shop: Shop, state: Any
) -> None:
    visitor = Visitor(browser, server, viewport={"width": 1280, "height": 800}, storage_state=state)
    for question, seen, unseen in (("", "first", "last"), ("?node=last", "last", "first")):
        page = visitor.open(f"/journeys/{_wide(shop, 6_000)}{question}")
        expect(page.locator(f".react-flow__node[data-id={seen}]")).to_be_in_viewport(ratio=1)
        expect(page.locator(f".react-flow__node[data-id={unseen}]")).not_to_be_in_viewport()
        box = page.locator(f".react-flow__node[data-id={seen}]").bounding_box()
        assert box is not None
        assert box["width"] > 140  # 210 at the zoom that can be read
    visitor.close()


def _wide(shop: Shop, width: int = 700) -> str:
    """A draft as wide as a window, or as told: `<journey>/versions/<version>`."""
    document: dict[str, Any] = {
        "name": "Wide",
        "entry": {"node": "first"},
        "nodes": {
            "first": {"type": "wait", "duration": {"value": 1, "unit": "days"}},
            "last": {"type": "end"},
        },
        "edges": [{"from": "first", "to": "last"}],
        "layout": {"first": {"x": 0, "y": 0}, "last": {"x": width, "y": 0}},
    }
    made = shop.platform.post("/journey/orchestration/journeys", document)
    return f"{made['uid']}/versions/{made['versionUid']}"
