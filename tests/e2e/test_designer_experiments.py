"""Success metrics in a real browser: chosen for a journey, named by its experiment, compared in its report, scaled."""

import re

import pytest
from browsing import Visitor
from definitions import JOURNEYS
from hands import Mouse
from journey_tools import event_uid
from playwright.sync_api import Browser, Page, expect
from running import RunningServer, wait_for
from shop import TOTAL, VERSIONS, Shop

CUSTOMERS = 240
END = {"type": "end"}


def document(shop: Shop, name: str) -> dict[str, object]:
    paid = shop.rule(f"Paid{len(name)}", "commerce.checkouts")
    return {
        "name": name,
        "entry": {"node": "order"},
        "metrics": [
            {
                "id": "paid", "label": "Has paid", "type": "event", "eventUid": paid,
                "value": {"expression": TOTAL.replace("OrderPlaced", f"Paid{len(name)}")},
            }
        ],
        "nodes": {
            "order": {"type": "event", "eventUid": event_uid(shop.platform)},
            "test": {
                "type": "optimize", "label": "Which way", "optimizeType": "experiment", "holdout": 10,
                "successMetric": "paid",
                "paths": [
                    {"id": "a", "label": "Short", "percentage": 45}, {"id": "b", "label": "Long", "percentage": 45},
                ],
            },
            "x": END, "y": END,
        },
        "edges": [
            {"from": "order", "to": "test"}, {"from": "test", "to": "x", "kind": "path", "path": "a"},
            {"from": "test", "to": "y", "kind": "path", "path": "b"},
        ],
        "layout": {
            "order": {"x": 0, "y": 0}, "test": {"x": 260, "y": 0}, "x": {"x": 560, "y": 0}, "y": {"x": 560, "y": 120},
        },
    }  # fmt: skip


@pytest.fixture(scope="module")
def shop(server: RunningServer) -> Shop:
    return Shop(server)


@pytest.fixture(scope="module")
def administrator(browser: Browser, server: RunningServer) -> Visitor:
    visitor = Visitor(browser, server)
    visitor.create_administrator()
    return visitor


@pytest.fixture
def page(administrator: Visitor) -> Page:
    return administrator.page


def test_a_draft_gets_a_metric_and_its_experiment_becomes_a_bandit(
    shop: Shop, administrator: Visitor, page: Page
) -> None:
    made = shop.platform.post(f"{JOURNEYS}/journeys", {**document(shop, "Draft"), "metrics": ["a word"]})
    version = str(made["versionUid"])

    def stored() -> dict[str, object]:
        found: dict[str, object] = shop.platform.get(f"{VERSIONS}/{version}")["document"]
        return found

    administrator.open(f"/journeys/{made['uid']}/versions/{version}")
    page.get_by_role("button", name="Properties").click()
    metrics = page.get_by_role("region", name="Success metrics")
    metrics.get_by_role("button", name="Add metric").click()
    metrics.get_by_label("Name").fill("Came to the end")
    assert administrator.complaints_of_axe() == []
    wait_for(
        lambda: stored()["metrics"] == [{"id": "metric1", "type": "completed", "label": "Came to the end"}, "a word"],
        what="the metric to be saved",
    )
    page.get_by_role("button", name="Close").first.click()
    page.locator('[data-id="test"]').click()
    hand = Mouse(page)
    hand.choose(page.get_by_role("button", name="Success metric"), "Came to the end")
    hand.choose(page.get_by_role("button", name="Percentages"), re.compile("^Move to the better path"))
    page.get_by_role("switch", name="Scale the winner by itself").click(force=True)
    wait_for(
        lambda: {
            name: stored()["nodes"]["test"].get(name)  # type: ignore[index]
            for name in ("successMetric", "experimentType", "scaleWinner")
        } == {"successMetric": "metric1", "experimentType": "bandit", "scaleWinner": {}},
        what="the bandit to be saved",
    )  # fmt: skip
    assert administrator.complaints_of_axe() == []
    assert shop.platform.post(f"{VERSIONS}/{version}/check")["valid"]


def test_the_report_compares_the_paths_and_scales_one(shop: Shop, administrator: Visitor, page: Page) -> None:
    made = shop.platform.post(f"{JOURNEYS}/journeys", document(shop, "Measured"))
    version = str(made["versionUid"])
    shop.platform.post(f"{VERSIONS}/{version}/publish")
    shop.send(*(shop.order(number, f"o{number}") for number in range(CUSTOMERS)))
    wait_for(lambda: shop.counts(version)["entered"] == CUSTOMERS, what="entrances")
    reached = range(0, CUSTOMERS, 4)
    shop.send(*(shop.order(number, f"c{number}", "commerce.checkouts", 20.0) for number in reached))

    def converted() -> int:
        report = shop.platform.get(f"{VERSIONS}/{version}/report")["allTime"]
        return int(report["metrics"][0]["converted"])

    wait_for(lambda: converted() == len(reached), what="conversions")
    administrator.open(f"/journeys/{made['uid']}/report/{version}")
    page.get_by_role("tab", name="Success").click()
    metrics = page.get_by_role("region", name="Success metrics")
    row = metrics.get_by_role("row", name="Has paid")
    expect(row).to_contain_text(f"{20 * len(reached):,}")
    variants = page.get_by_role("region", name="Which way by Has paid")
    expect(variants.get_by_role("row")).to_have_count(4)
    expect(variants.get_by_role("row", name="Short")).to_contain_text("baseline")
    expect(variants.get_by_role("row", name="Hold-out")).to_contain_text("10%")
    assert administrator.complaints_of_axe() == []
    variants.get_by_role("button", name="Scale Long").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Scale Long").click()
    expect(page.get_by_text("Everybody new has gone by Long since")).to_be_visible()
    expect(variants.get_by_role("row", name="Long")).to_contain_text("90%")
    assert shop.platform.get(f"{VERSIONS}/{version}")["experiments"]["test"]["winner"]["path"] == "b"
