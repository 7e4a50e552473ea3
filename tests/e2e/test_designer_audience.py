"""Audiences in the designer: fields of their lists, waves of a reading, and one test profile let in alone."""

from typing import Any

import pytest
from browsing import Visitor, settle
from definitions import JOURNEYS
from hands import Mouse
from playwright.sync_api import Browser, Page, expect
from running import RunningServer, wait_for
from shop import VERSIONS, Shop

AUDIENCES = "/data/core/ups/audiences"


def percent(page: Page, wave: int) -> Any:
    return page.get_by_role("textbox", name=f"Wave {wave}, %")


@pytest.mark.timeout(300)
def test_an_audience_is_read_as_its_fields_and_waves_say(browser: Browser, server: RunningServer) -> None:
    shop = Shop(server)
    audience = shop.audience("Regulars", "ann@example.com")
    document = {
        "name": "In waves",
        "entry": {"node": "all"},
        "nodes": {
            "all": {"type": "readAudience", "audienceId": audience},
            "tier": {"type": "condition", "paths": [{"id": "gold", "expression": "true"}]},
        },
        "edges": [{"from": "all", "to": "tier"}],
    }
    made: Any = shop.platform.post(f"{JOURNEYS}/journeys", document)
    ada = Visitor(browser, server)
    ada.create_administrator()
    mouse = Mouse(ada.page)

    page = ada.open(f"/audiences/{audience}")
    settle(page)
    page.get_by_role("button", name="Add a field").click()
    page.get_by_role("textbox", name="Name").fill("points")
    mouse.choose(page.get_by_role("button", name="Type"), "Whole number")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The fields are saved.")).to_be_visible()
    assert shop.platform.get(f"{AUDIENCES}/{audience}")["fields"] == [{"name": "points", "type": "integer"}]
    assert ada.complaints_of_axe() == []

    def is_saved(expected: Any) -> bool:
        found = shop.platform.get(f"{VERSIONS}/{made['versionUid']}")
        return bool(found["document"]["nodes"]["all"].get("waves") == expected)

    place = f"/journeys/{made['uid']}/versions/{made['versionUid']}"
    page = ada.open(f"{place}?panel=node&node=all")
    settle(page)
    page.get_by_role("switch", name="Let the audience enter in waves").click()
    wait_for(lambda: is_saved({"count": 2, "minutesApart": 60}), what="equal waves")
    mouse.choose(page.get_by_role("button", name="Size of each wave"), "Percentages of the audience")
    percent(page, 1).fill("20")
    percent(page, 1).press("Tab")
    expect(page.get_by_text("All percentages are 100 together, not 70.")).to_be_visible()
    percent(page, 2).fill("80")
    percent(page, 2).press("Tab")
    wait_for(lambda: is_saved({"count": 2, "minutesApart": 60, "percentages": [20, 80]}), what="percentages")
    mouse.choose(page.get_by_role("button", name="When they begin"), "Each at its date")
    expect(page.get_by_role("group", name="Wave 2 begins")).to_be_visible()
    assert ada.complaints_of_axe() == []
    mouse.choose(page.get_by_role("button", name="When they begin"), "At an interval")
    wait_for(lambda: is_saved({"count": 2, "minutesApart": 60, "percentages": [20, 80]}), what="an interval again")

    page = ada.open(f"{place}?panel=test")
    settle(page)
    page.get_by_role("button", name="Start test mode").click()
    profile = page.get_by_role("combobox", name="Test profile (Email)")
    profile.fill("nobody@example.com")
    profile.press("Tab")
    page.get_by_role("button", name="Let this profile enter").click()
    expect(page.get_by_text("is no test profile of namespace Email")).to_be_visible()
    assert ada.complaints_of_axe() == []
    assert ada.errors == []
    ada.close()
