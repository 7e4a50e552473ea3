"""The list, the designer and a report in French: every word from the French catalogue, none from the English one."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import Visitor
from definitions import JOURNEYS
from playwright.sync_api import Browser, Page, expect
from running import RunningServer, wait_for
from shop import VERSIONS, Shop

CATALOGUES = Path(__file__).parents[2] / "web/src/i18n"


def catalogue(locale: str) -> dict[str, str]:
    """Text by its id."""
    files = (json.loads(file.read_text()) for file in (CATALOGUES / locale).glob("*.json"))
    return {key: text for area in files for key, text in area.items()}


FRENCH, ENGLISH = catalogue("fr"), catalogue("en")


@pytest.fixture(scope="module")
def shop(server: RunningServer) -> Shop:
    return Shop(server)


@pytest.fixture(scope="module")
def live(shop: Shop) -> tuple[str, str]:
    """(journey, version) of one through which somebody went; its name is no word of a catalogue."""
    events = shop.platform.get(f"{JOURNEYS}/events")["results"]
    order = next(str(one["uid"]) for one in events if one["name"] == "OrderPlaced")
    made = shop.platform.post(
        f"{JOURNEYS}/journeys",
        {
            "name": "Xyzzy",
            "entry": {"node": "order"},
            "nodes": {"order": {"type": "event", "eventUid": order}, "send": shop.message("plugh")},
            "edges": [{"from": "order", "to": "send"}],
        },
    )
    shop.platform.post(f"{VERSIONS}/{made['versionUid']}/publish")
    shop.send(shop.order(1, "french-1"))
    wait_for(lambda: shop.counts(made["versionUid"])["status"].get("ended") == 1, what="the end of the journey")
    return str(made["uid"]), str(made["versionUid"])


@pytest.fixture(scope="module")
def visitor(browser: Browser, server: RunningServer, live: tuple[str, str]) -> Iterator[Visitor]:
    english = Visitor(browser, server)
    english.create_administrator()
    visitor = Visitor(browser, server, locale="fr-FR", storage_state=english.context.storage_state())
    english.close()
    yield visitor
    assert visitor.errors == []
    visitor.close()


def texts_of(page: Page) -> set[str]:
    """Every text on the page and in the names of its elements, whole and without white space around it."""
    found: list[str] = page.evaluate(
        """() => {
            const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
            const texts = [];
            while (walker.nextNode()) {
                if (!walker.currentNode.parentElement.closest("script, style, code, pre, select")) {
                    texts.push(walker.currentNode.data);
                }
            }
            for (const one of document.querySelectorAll("[aria-label], [title], [placeholder]")) {
                for (const name of ["aria-label", "title", "placeholder"]) texts.push(one.getAttribute(name) ?? "");
            }
            return texts;
        }"""
    )
    return {text.strip() for text in found if text.strip()}


def pattern_of(message: str) -> re.Pattern[str] | None:
    """What a message with plain arguments may read like; None of one with choices, or of arguments alone."""
    if (
        "plural" in message
        or "select" in message
        or "'{" in message
        or not re.search(r"[a-zA-Z]{3}", re.sub(r"\{.*?\}", "", message))
    ):
        return None
    parts = re.split(r"\{[^}]*\}", message)
    return re.compile(".+".join(re.escape(part) for part in parts))


def expect_french(page: Page, *keys: str) -> None:
    """These texts of the French catalogue are seen, and none that is English alone."""
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    page.locator("h1").first.wait_for()
    expect(page.get_by_role("progressbar")).to_have_count(0)
    for key in keys:
        expect(page.locator("body")).to_contain_text(FRENCH[key])
    shown = texts_of(page)
    assert len(shown) > 20
    french = set(FRENCH.values())
    english = {}
    for key, text in ENGLISH.items():
        pattern = pattern_of(text) if text not in french else None
        if pattern is not None and any(pattern.fullmatch(one) and one not in french for one in shown):
            english[key] = text
    assert english == {}


def test_the_list_of_journeys(visitor: Visitor, live: tuple[str, str]) -> None:
    page = visitor.open("/journeys")
    expect_french(page, "journeys.title", "journeys.create", "journeys.column.status", "common.nav.settings")
    page.get_by_role("button", name=FRENCH["journeys.create"]).click()
    expect(page.get_by_role("menuitem", name=FRENCH["journeys.create.blank"])).to_be_visible()


def test_the_designer(visitor: Visitor, shop: Shop, live: tuple[str, str]) -> None:
    """Live, with its counters, and as a draft with a form open."""
    uid, version = live
    page = visitor.open(f"/journeys/{uid}/versions/{version}")
    expect_french(page, "designer.back", "journeys.status.Deployed", "live.completed")
    draft = shop.platform.post(f"{JOURNEYS}/journeys/{uid}/versions")["uid"]
    page = visitor.open(f"/journeys/{uid}/versions/{draft}")
    page.locator(".react-flow__node[data-id=order]").click()
    expect(page.get_by_role("combobox", name=FRENCH["activities.event.name"])).to_be_visible()
    keys = ("designer.palette.orchestration", "designer.do.publish", "designer.label", "activities.condition.name")
    expect_french(page, *keys)


def test_a_report(visitor: Visitor, live: tuple[str, str]) -> None:
    uid, version = live
    page = visitor.open(f"/journeys/{uid}/report/{version}")
    expect_french(page, "journeys.report.csv", "journeys.figure.entered", "journeys.chart.people", "journeys.tab.nodes")


def test_the_catalogues_tell_the_languages_apart() -> None:
    """What is looked for would be found: most English texts aren't French ones, and match themselves."""
    own = [text for text in ENGLISH.values() if text not in set(FRENCH.values())]
    assert len(own) > len(ENGLISH) / 2
    patterns = [(text, pattern_of(text)) for text in own if "{" not in text]
    assert all(pattern is None or pattern.fullmatch(text) for text, pattern in patterns)
