"""Journey fragments in a real browser: kept from the canvas, made active, put into other journeys."""

import re
from collections.abc import Iterator

import pytest
from browsing import Visitor
from definitions import JOURNEYS
from hands import activity
from playwright.sync_api import Browser, Page, expect
from running import RunningServer
from shop import Shop

DAY = {"type": "wait", "duration": {"value": 1, "unit": "days"}}


@pytest.fixture(scope="module")
def shop(server: RunningServer) -> Shop:
    return Shop(server)


@pytest.fixture(scope="module")
def administrator(browser: Browser, server: RunningServer, shop: Shop) -> Visitor:
    visitor = Visitor(browser, server)
    visitor.create_administrator()
    return visitor


@pytest.fixture
def visitor(browser: Browser, server: RunningServer, administrator: Visitor) -> Iterator[Visitor]:
    visitor = Visitor(browser, server, storage_state=administrator.context.storage_state())
    yield visitor
    assert visitor.errors == []
    visitor.close()


def new_draft(shop: Shop, name: str) -> str:
    """event → wait → wait; the address of its draft."""
    made = shop.platform.post(
        f"{JOURNEYS}/journeys",
        {
            "name": name,
            "entry": {"node": "event"},
            "nodes": {"event": {"type": "event", "eventUid": shop.rule(name, name)}, "one": DAY, "two": DAY},
            "edges": [{"from": "event", "to": "one"}, {"from": "one", "to": "two"}],
        },
    )
    return f"/journeys/{made['uid']}/versions/{made['versionUid']}"


def save_selection(page: Page, name: str, *, is_active: bool) -> None:
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Save as fragment").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Name").fill(name)
    dialog.get_by_role("textbox", name="Tags").fill("slow, slow, patient")
    if is_active:
        dialog.get_by_role("checkbox", name=re.compile("available")).click()
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(dialog).to_have_count(0)


def test_chosen_activities_become_a_fragment_and_go_into_another_journey(visitor: Visitor, shop: Shop) -> None:
    page = visitor.open(new_draft(shop, "Origin"))
    page.locator(".react-flow__node[data-id=one]").click()
    page.locator(".react-flow__node[data-id=two]").click(modifiers=["Shift"])
    save_selection(page, "Two days", is_active=True)
    page = visitor.open("/fragments")
    row = page.get_by_role("row").filter(has_text="Two days")
    expect(row).to_contain_text("Active")
    expect(row).to_contain_text("slow · patient")
    expect(row).to_contain_text("Wait")
    address = new_draft(shop, "Target")
    page = visitor.open(address)
    page.locator(".react-flow__node[data-id=two]").click()
    fragment = page.get_by_role("button", name="Two days", exact=True)
    fragment.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".react-flow__node")).to_have_count(5)
    expect(page.locator(".react-flow__edge")).to_have_count(4)
    fragment.drag_to(page.get_by_test_id("canvas"), target_position={"x": 300, "y": 500})
    expect(page.locator(".react-flow__node")).to_have_count(7)
    expect(page.get_by_test_id("save-state")).to_have_attribute("data-state", "saved")
    document = shop.platform.get(f"{JOURNEYS}/journeyVersions/{address.rsplit('/', 1)[1]}")["document"]
    assert {"from": "two", "to": "wait"} in document["edges"] or {"from": "two", "to": "wait2"} in document["edges"]
    assert sum(node == DAY for node in document["nodes"].values()) == 6
    page.keyboard.press("Control+z")
    expect(activity(page, "Wait")).to_have_count(4)


def test_activities_with_several_entries_are_no_fragment(visitor: Visitor, shop: Shop) -> None:
    address = new_draft(shop, "Apart")
    page = visitor.open(address)
    page.locator(".react-flow__node[data-id=event]").click()
    page.locator(".react-flow__node[data-id=two]").click(modifiers=["Shift"])
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Save as fragment").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("A fragment has one entry")).to_be_visible()
    expect(dialog.get_by_role("button", name="Save", exact=True)).to_be_disabled()


def test_a_draft_is_not_offered_until_it_is_made_active_and_can_be_replaced(visitor: Visitor, shop: Shop) -> None:
    address = new_draft(shop, "Drafty")
    page = visitor.open(address)
    page.locator(".react-flow__node[data-id=one]").click()
    save_selection(page, "One day", is_active=False)
    palette = page.get_by_role("complementary", name="Activities")
    expect(palette.get_by_role("button", name="One day")).to_have_count(0)
    page = visitor.open("/fragments?state=draft&tag=patient")
    page.get_by_role("button", name="Actions of One day").click()
    page.get_by_role("menuitem", name="Activate").click()
    expect(page.get_by_text("One day can be put into journeys now")).to_be_visible()
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    page = visitor.open("/fragments?q=one")
    page.get_by_role("button", name="Actions of One day").click()
    expect(page.get_by_role("menuitem", name="Delete")).to_have_count(0)
    page.get_by_role("menuitem", name="Archive").click()
    expect(page.get_by_text("One day was archived")).to_be_visible()
    page = visitor.open("/fragments?state=archived")
    expect(page.get_by_role("row").filter(has_text="One day")).to_contain_text("Archived")
    page.get_by_role("button", name="Actions of One day").click()
    page.get_by_role("menuitem", name="Take out of the archive").click()
    expect(page.get_by_text("One day is a draft again")).to_be_visible()
    page = visitor.open("/fragments?q=one")
    page.get_by_role("button", name="Actions of One day").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("One day was deleted")).to_be_visible()
