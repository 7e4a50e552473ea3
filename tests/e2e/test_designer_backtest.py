"""Backtests in a real browser: what a draft would have done, beside what the live version did, on the canvas."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import demo
import pytest
from asking import ask
from browsing import Visitor, started_browser
from definitions import JOURNEYS
from hands import Mouse
from journey_tools import publish
from playwright.sync_api import Browser, Page, expect
from running import RunningServer, wait_for
from shop import TOTAL, Shop

CUSTOMERS = 12
RICH = 4
"""So many of them ordered for 200, the others for 60."""


class World(NamedTuple):
    shop: Shop
    browser: Browser
    draft: str
    """The address of the second version, which asks for less."""


def wanted(shop: Shop, least: int) -> dict[str, Any]:
    return {
        "big": {"type": "condition", "paths": [{"id": "big", "expression": f"{TOTAL} > {least}"}], "otherPath": True},
        "thank": shop.message("thanks"),
        "rest": {"type": "end"},
    }


WAYS = [("order", "big"), ("big", "thank", "path", "big"), ("big", "rest", "other")]


@pytest.fixture(scope="module")
def world(server: RunningServer) -> Iterator[World]:
    shop = Shop(server)
    version = publish(shop.platform, "Thank the rich", wanted(shop, 100), WAYS)
    orders = [shop.order(n, f"o-{n}", total=200.0 if n < RICH else 60.0) for n in range(CUSTOMERS)]
    shop.send(*orders)
    counts = f"{JOURNEYS}/journeyVersions/{version}/counts"
    wait_for(lambda: shop.platform.get(counts)["status"].get("ended", 0) == CUSTOMERS, what="the end of everybody")
    journey = shop.platform.get(f"{JOURNEYS}/journeyVersions/{version}")["journeyUid"]
    draft = shop.platform.post(f"{JOURNEYS}/journeys/{journey}/versions")
    document = draft["document"]
    document["nodes"]["big"]["paths"][0]["expression"] = f"{TOTAL} > 50"
    where = f"{shop.platform.url}{JOURNEYS}/journeyVersions/{draft['uid']}"
    headers = {**shop.platform.headers, "Content-Type": "application/json"}
    assert ask("PUT", where, document, headers).status == 200
    with started_browser() as browser:
        Visitor(browser, server).create_administrator()
        yield World(shop, browser, f"/journeys/{journey}/versions/{draft['uid']}")


@pytest.fixture
def visitor(world: World) -> Iterator[Visitor]:
    visitor = Visitor(world.browser, world.shop.server)
    visitor.sign_in()
    yield visitor
    assert visitor.errors == []
    visitor.close()


def node(page: Page, node_id: str) -> Any:
    return page.locator(f".react-flow__node[data-id={node_id}]")


def run(page: Page) -> None:
    page.get_by_role("button", name="Run the backtest").click()
    expect(page.get_by_test_id("backtest-records")).to_contain_text(
        f"{CUSTOMERS} records, {CUSTOMERS} of them", timeout=120_000
    )


def test_a_draft_is_seen_beside_the_live_version(visitor: Visitor, world: World) -> None:
    page = visitor.open(world.draft)
    page.get_by_role("button", name="Backtest").click()
    panel = page.get_by_role("complementary", name="Backtest")
    expect(panel.get_by_role("checkbox", name="Orders")).to_be_checked()
    run(page)
    expect(node(page, "thank")).to_contain_text(f"{CUSTOMERS} · live {RICH}")
    expect(node(page, "rest")).to_contain_text(f"0 · live {CUSTOMERS - RICH}")
    expect(node(page, "order")).to_contain_text(f"{CUSTOMERS} · live {CUSTOMERS}")
    expect(page.get_by_text(f"{CUSTOMERS} · live {RICH}", exact=True)).to_have_count(2)  # the arrow there, too
    sent = panel.get_by_role("row").filter(has=page.get_by_text("Sent: SendMessage"))
    expect(sent.get_by_role("cell")).to_have_text([str(CUSTOMERS), str(RICH)])
    assert visitor.complaints_of_axe() == []


def test_one_customer_shows_the_way_and_the_calls_their_times(visitor: Visitor, world: World) -> None:
    page = visitor.open(f"{world.draft}?panel=backtest")
    run(page)
    people = page.get_by_role("list", name="Customers of the backtest")
    expect(people.get_by_role("button")).to_have_count(CUSTOMERS)
    poor = people.get_by_role("button", name=demo.email(RICH))
    expect(poor).to_contain_text("Other messages or times")
    poor.click()
    lit = "[data-highlighted]"
    expect(node(page, "thank").locator(lit)).to_be_visible()
    expect(node(page, "rest").locator(lit)).to_have_count(0)
    page.get_by_role("radio", name="The live version’s").click()
    expect(node(page, "rest").locator(lit)).to_be_visible()
    expect(node(page, "thank").locator(lit)).to_have_count(0)
    page.get_by_role("tab", name="Sent").click()
    calls = page.get_by_role("list", name="Sent")
    expect(calls.get_by_role("listitem")).to_have_count(CUSTOMERS)
    expect(calls).to_contain_text(demo.email(RICH))


def test_a_reload_shows_the_same_panel_activity_and_choices(visitor: Visitor, world: World) -> None:
    page = visitor.open(f"{world.draft}?panel=backtest")
    panel = page.get_by_role("complementary", name="Backtest")
    Mouse(page).choose(panel.get_by_role("button", name="Time"), "Last 30 days")
    expect(page).to_have_url(re.compile("period=30d"))
    page.reload()
    expect(panel.get_by_role("button", name="Time")).to_contain_text("Last 30 days")
    node(page, "big").click()
    expect(page.get_by_role("complementary", name=re.compile("Settings of"))).to_be_visible()
    expect(page).to_have_url(re.compile("panel=node.*node=big|node=big.*panel=node"))
    page.reload()
    expect(page.get_by_role("complementary", name=re.compile("Settings of"))).to_be_visible()
    expect(node(page, "big")).to_have_class(re.compile("selected"))
    page.get_by_role("button", name="Simulate").click()
    page.reload()
    expect(page.get_by_role("complementary", name="Simulate")).to_be_visible()
    expect(node(page, "big")).to_have_class(re.compile("selected"))


def test_it_goes_on_while_another_panel_is_open_and_is_ended_by_cancel(visitor: Visitor, world: World) -> None:
    page = visitor.open(f"{world.draft}?panel=backtest")
    visitor.context.route("**/backtest", lambda route: None)  # the answer never comes
    page.get_by_role("button", name="Run the backtest").click()
    expect(page.get_by_text("Getting ready")).to_be_visible()
    node(page, "big").click()
    page.get_by_role("button", name="Backtest").click()
    expect(page.get_by_text("Getting ready")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Getting ready")).to_have_count(0)
    expect(page.get_by_role("button", name="Run the backtest")).to_be_enabled()


def test_nothing_landed_and_faults_say_what_to_do(visitor: Visitor, world: World) -> None:
    page = visitor.open(f"{world.draft}?panel=backtest&period=2020-01-01..2020-01-02")
    page.get_by_role("button", name="Run the backtest").click()
    expect(page.get_by_text("Nothing landed in these data sets")).to_be_visible(timeout=120_000)
    empty = world.shop.platform.post(f"{JOURNEYS}/journeys", {"name": "Empty", "entry": {"node": ""}, "nodes": {}})
    page.goto(f"/journeys/{empty['uid']}/versions/{empty['versionUid']}?panel=backtest")
    expect(page.get_by_text("No data set holds the events of this journey yet")).to_be_visible()
    expect(page.get_by_role("button", name="Run the backtest")).to_be_disabled()
