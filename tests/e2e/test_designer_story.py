"""One story in the designer, from an empty canvas to a second version: drawn, tested, published, watched, compared."""

import re
from collections.abc import Iterator

import pytest
from browsing import Visitor, started_browser
from definitions import JOURNEYS
from playwright.sync_api import Browser, Page, expect
from running import RunningServer
from shop import Shop
from test_designer import activity, connect, drag, expect_saved

CUSTOMERS = 100
BIG_ORDERS = 40
LIMIT = 100


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def shop(server: RunningServer) -> Shop:
    shop = Shop(server)
    template = {
        "name": "Thanks for much",
        "channel": "email",
        "content": {"subject": "Thank you, {{ profile.person.name.firstName | default: 'friend' }}", "text": "Bye"},
        "category": "transactional",
    }
    uid = shop.platform.post(f"{JOURNEYS}/messageTemplates", template)["uid"]
    shop.platform.post(f"{JOURNEYS}/messageTemplates/{uid}/publish")
    return shop


@pytest.fixture(scope="module")
def visitor(browser: Browser, server: RunningServer, shop: Shop) -> Iterator[Visitor]:
    visitor = Visitor(browser, server, viewport={"width": 1440, "height": 900})
    visitor.create_administrator()
    yield visitor
    assert visitor.errors == []
    visitor.close()


def choose(page: Page, label: str, name: str) -> None:
    """Pick an entry of a combo box in the inspector, by typing."""
    box = page.get_by_role("complementary").get_by_role("combobox", name=re.compile(f"^{label}"))
    box.fill(name)
    page.get_by_role("option", name=re.compile(name)).first.click()


def test_the_story(visitor: Visitor, shop: Shop) -> None:
    page = draw(visitor)
    publish(page)
    watch(page, shop)
    open_one_customer(page)
    version = page.url
    find_the_message(page)
    ask_in_sql(page)
    page.goto(version)
    compare(page)


def find_the_message(page: Page) -> None:
    """What was sent is in the inbox, as the receiver would see it."""
    page.goto("/inbox")
    page.get_by_role("searchbox", name="Recipient").fill("customer003@example.com")
    page.keyboard.press("Enter")
    page.wait_for_url("**address=customer003**")
    found = page.get_by_role("row", name=re.compile("customer003@example.com"))
    expect(found).to_have_count(1)
    found.get_by_role("link", name=re.compile("Thank you")).click()
    expect(page.get_by_role("heading", name=re.compile("Thank you"))).to_be_visible()
    expect(page.get_by_text("customer003@example.com").first).to_be_visible()


def ask_in_sql(page: Page) -> None:
    """The orders have landed, and are counted by the page's own box."""
    page.goto("/datasets/query")
    page.get_by_role("textbox", name=re.compile("SQL|Query", re.IGNORECASE)).click()
    question = (
        f"SELECT count(*) AS found FROM orders WHERE _id LIKE 'story-%' AND commerce.\"order\".priceTotal > {LIMIT}"
    )
    for _ in range(20):  # landing takes a few seconds
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(question)
        page.keyboard.press("Control+Enter")
        page.wait_for_timeout(1_500)
        if (
            page.get_by_role("cell", name=str(BIG_ORDERS), exact=True).count()
            or page.get_by_role("rowheader", name=str(BIG_ORDERS), exact=True).count()
        ):
            return
    raise AssertionError(f"the page did not show {BIG_ORDERS}: {page.get_by_role('main').inner_text()[:500]}")


def draw(visitor: Visitor) -> Page:
    """An event, a condition written with completion, a message; nothing is wrong with them."""
    page = visitor.open("/journeys")
    page.get_by_role("button", name="Create a journey").first.click()
    page.get_by_role("menuitem", name="Blank journey").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Thanks for much")
    page.get_by_role("button", name="Create and open").click()
    page.wait_for_url("**/versions/**")
    drag(page, "Event", 120, 150)
    choose(page, "Event", "OrderPlaced")
    drag(page, "Condition", 400, 150)
    drag(page, "Message", 700, 150)
    choose(page, "Template", "Thanks for much")
    page.get_by_role("button", name="Fit View").click()
    page.wait_for_timeout(500)
    connect(page, activity(page, "Event"), "default|", activity(page, "Condition"))
    connect(page, activity(page, "Condition"), "path|path1", activity(page, "Message"))
    activity(page, "Condition").click()
    write_condition(page)
    expect(page.get_by_role("button", name="Nothing wrong")).to_be_visible()
    expect_saved(page)
    return page


def write_condition(page: Page) -> None:
    """The field's name is completed from the event; the type is told as one writes."""
    inspector = page.get_by_role("complementary", name=re.compile("Settings of Condition"))
    inspector.get_by_role("radio", name="Advanced").click()
    text = inspector.get_by_role("textbox", name=re.compile("Condition|Expression")).last
    text.click()
    page.keyboard.type("priceTot", delay=30)
    page.keyboard.press("Control+Space")
    option = page.locator(".cm-tooltip-autocomplete li", has_text="priceTotal").first
    expect(option).to_be_visible()
    option.click()
    page.keyboard.type(f" > {LIMIT}", delay=10)


def publish(page: Page) -> None:
    page.get_by_role("button", name="Publish").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()


def watch(page: Page, shop: Shop) -> None:
    """The counters on the canvas move while a hundred events stream in."""
    expect(page.get_by_test_id("total-entered")).to_have_text(re.compile("^0 "))
    totals = [LIMIT + 1.0 if number < BIG_ORDERS else 10.0 for number in range(CUSTOMERS)]
    shop.send(*(shop.order(number, f"story-{number}", total=total) for number, total in enumerate(totals)))
    expect(page.get_by_test_id("total-entered")).to_have_text(f"{CUSTOMERS} entered")
    expect(page.get_by_test_id("total-completed")).to_have_text(f"{CUSTOMERS} completed")
    expect(activity(page, "Message")).to_contain_text(str(BIG_ORDERS))


def open_one_customer(page: Page) -> None:
    """Who is found by their address; what the condition saw is told."""
    activity(page, "Condition").click()
    people = page.get_by_role("complementary")
    people.get_by_role("button", name="Everyone").click()
    people.get_by_role("searchbox").fill("customer003@example.com")
    page.keyboard.press("Enter")
    people.get_by_role("button", name=re.compile("customer003@example.com")).click()
    way = page.get_by_role("complementary", name=re.compile("The way of customer003"))
    expect(way.get_by_role("listitem")).to_have_count(3)
    way.get_by_text("What it saw").first.click()
    expect(way).to_contain_text("priceTotal")
    expect(page.locator(".react-flow__node [data-highlighted]")).to_have_count(3)


def compare(page: Page) -> None:
    """A second version, with a wait; the comparison tells what came."""
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="New version").click()
    expect(page.get_by_text("Version 2.0")).to_be_visible()
    activity(page, "Message").click()
    page.get_by_role("button", name="Wait", exact=True).focus()
    page.keyboard.press("Enter")
    expect_saved(page)
    page.get_by_role("link", name="All journeys").click()
    page.get_by_role("row", name=re.compile("Thanks for much")).get_by_role("link", name="1.0").click()
    for version in ("1.0", "2.0"):
        page.get_by_role("checkbox", name=version).check(force=True)
    page.get_by_text("Compare the two chosen").click()
    page.wait_for_url("**/compare?**")
    expect(page.get_by_text("Added").first).to_be_visible()
    expect(activity(page, "Wait")).to_be_visible()
