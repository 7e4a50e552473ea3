"""Send-time optimisation in the designer: switched on for a message, set, and gone with a channel that has none."""

import re
from typing import Any

import pytest
from browsing import Visitor, settle
from definitions import JOURNEYS
from hands import Mouse
from journey_tools import event_uid
from playwright.sync_api import Browser, expect
from running import RunningServer, wait_for
from shop import Shop
from test_channels import message, template


@pytest.mark.timeout(300)
def test_a_message_is_given_its_best_time(browser: Browser, server: RunningServer) -> None:
    shop = Shop(server)
    document = {
        "name": "At its best",
        "entry": {"node": "order"},
        "nodes": {
            "order": {"type": "event", "eventUid": event_uid(shop.platform)},
            "mail": message(template(shop, "Order state")),
        },
        "edges": [{"from": "order", "to": "mail"}],
    }
    made: Any = shop.platform.post(f"{JOURNEYS}/journeys", document)
    ada = Visitor(browser, server)
    ada.create_administrator()
    page = ada.open(f"/journeys/{made['uid']}/versions/{made['versionUid']}?panel=node&node=mail")
    settle(page)

    def is_saved(expected: Any) -> bool:
        found = shop.platform.get(f"{JOURNEYS}/journeyVersions/{made['versionUid']}")
        return bool(found["document"]["nodes"]["mail"].get("sendTimeOptimization") == expected)

    switch = page.get_by_role("switch", name="Send-time optimisation")
    switch.click()
    wait_for(lambda: is_saved({"optimizeFor": "opens", "withinHours": 24}), what="what is usual")
    page.get_by_role("radio", name="Clicks").click()
    hours = page.get_by_role("textbox", name="Send within the next")
    expect(hours).to_have_value("24 hours")
    hours.fill("400")
    hours.press("Tab")
    expect(hours).to_have_value("168 hours")  # a week at most
    wait_for(lambda: is_saved({"optimizeFor": "clicks", "withinHours": 168}), what="what was chosen")
    hours.scroll_into_view_if_needed()
    assert ada.complaints_of_axe() == []

    Mouse(page).choose(page.get_by_role("button", name=re.compile("Channel$")), "SMS")
    expect(switch).to_be_hidden()
    wait_for(lambda: is_saved(None), what="the message without a best time")
    assert ada.errors == []
    ada.close()
