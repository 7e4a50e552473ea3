"""A data set's page in the browser: its last rows, newest first and in pages; nothing yet; and a damaged lake."""

import re
from collections.abc import Iterator

import pytest
from browsing import Visitor
from definitions import make_dataset
from hands import Mouse
from playwright.sync_api import Browser, expect
from running import RunningServer, wait_for
from shop import Shop

ORDERS = 120
BATCHES = "/data/foundation/catalog/batches?dataSet={}"


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server whose files may be damaged."""
    running = RunningServer(tmp_path_factory.mktemp("datasets") / "data").start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def shop(own_server: RunningServer) -> Shop:
    made = Shop(own_server)
    made.send(*[made.order(number, f"row-{number:03}") for number in range(ORDERS)])
    made.send(made.order(ORDERS, "newest"))
    path = BATCHES.format(made.defined.event_dataset)

    def came() -> int:
        return sum(one["recordCount"] for one in made.platform.get(path).values())

    wait_for(lambda: came() == ORDERS + 1, what="the orders")
    return made


@pytest.fixture(scope="module")
def visitor(browser: Browser, own_server: RunningServer) -> Iterator[Visitor]:
    visitor = Visitor(browser, own_server)
    visitor.create_administrator()
    yield visitor
    assert visitor.errors == []
    visitor.close()


def test_the_last_rows_come_first_and_the_others_by_pages(visitor: Visitor, shop: Shop) -> None:
    hand, page = Mouse(visitor.page), visitor.open(f"/datasets/{shop.defined.event_dataset}")
    rows = page.get_by_role("region", name="Rows").get_by_role("row")
    expect(rows).to_have_count(101)
    expect(rows.nth(1)).to_contain_text("newest")
    expect(page.get_by_text("Page 1 · 121 in all")).to_be_visible()
    hand.press(page.get_by_role("button", name="Next page"))
    expect(rows).to_have_count(22)
    expect(page.get_by_text("Page 2 · 121 in all")).to_be_visible()
    page.reload()
    expect(rows).to_have_count(22)
    hand.press(page.get_by_role("button", name="Page before"))
    expect(rows.nth(1)).to_contain_text("newest")
    hand.press(page.get_by_role("tab", name="Columns"))
    expect(page.get_by_role("rowheader", name="timestamp")).to_be_visible()
    hand.press(page.get_by_role("tab", name="Batches"))
    expect(page.get_by_role("cell", name="success").first).to_be_visible()


def test_a_long_value_is_a_few_lines_until_all_of_it_is_asked_for(visitor: Visitor, shop: Shop) -> None:
    page = visitor.open(f"/datasets/{shop.defined.event_dataset}")
    row = page.get_by_role("region", name="Rows").get_by_role("row").nth(1)
    more = row.get_by_role("button", name=re.compile("^Show all: ")).first
    expect(more).to_be_visible()
    before = row.bounding_box()
    more.press("Enter")
    less = row.get_by_role("button", name=re.compile("^Show less: ")).first
    expect(less).to_have_attribute("aria-expanded", "true")
    after = row.bounding_box()
    assert before is not None
    assert after is not None
    assert before["height"] < 110 < after["height"]
    less.press("Enter")
    expect(more).to_have_attribute("aria-expanded", "false")


def test_a_data_set_into_which_nothing_came_says_so(visitor: Visitor, shop: Shop) -> None:
    empty = make_dataset(shop.platform, "Nothing yet", shop.defined.event_schema)
    page = visitor.open(f"/datasets/{empty}")
    expect(page.get_by_role("heading", name="There is no row yet")).to_be_visible()
    page.get_by_role("tab", name="Batches").click()
    expect(page.get_by_role("heading", name="There is no batch yet")).to_be_visible()


def test_a_damaged_lake_is_told_and_asked_again(visitor: Visitor, shop: Shop) -> None:
    def lake_files() -> list[str]:
        return sorted(str(one) for one in (shop.server.data_dir / "lake").rglob("*.parquet"))

    wait_for(lake_files, what="the files of the lake")
    kept = {one: one.rename(one.with_suffix(".away")) for one in (shop.server.data_dir / "lake").rglob("*.parquet")}
    assert kept
    page = visitor.open(f"/datasets/{shop.defined.event_dataset}")
    fault = page.get_by_role("main").get_by_role("alert").first
    expect(fault).to_contain_text(re.compile("a file of the lake is missing"))
    for path, away in kept.items():
        away.rename(path)
    fault.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("Page 1 · 121 in all")).to_be_visible()
