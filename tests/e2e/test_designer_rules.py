"""Rules in a real browser: made on their page, chosen and saved in a journey, in use; rule sets with their limits."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from browsing import Visitor
from definitions import JOURNEYS
from hands import Mouse
from journey_tools import event_uid
from playwright.sync_api import Browser, Page, expect
from running import RunningServer, wait_for
from shop import VERSIONS, Shop

KNOWN = "isNotEmpty(#{ExperiencePlatform.ProfileFieldGroup.personID})"
END = {"type": "end"}


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


def write(page: Page, expression: str) -> None:
    """Into the editor of the only condition, as text."""
    page.get_by_role("radio", name="Advanced").click()
    editor = page.get_by_role("textbox", name=re.compile("^Condition"))
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(expression)


def test_a_rule_is_made_chosen_in_targeting_and_told_where_it_is_used(visitor: Visitor, shop: Shop) -> None:
    page = visitor.open("/rules")
    expect(page.get_by_text("No decision rule yet")).to_be_visible()
    page.get_by_role("button", name="Create a decision rule").first.click()
    page.get_by_role("textbox", name="Name").fill("People we know")
    page.get_by_role("textbox", name="Tags").fill("crm, crm")
    write(page, KNOWN)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="People we know")).to_be_visible()
    expect(page.get_by_text("No journey uses this rule yet")).to_be_visible()
    assert visitor.complaints_of_axe() == []

    paths = [{"id": "a", "expression": "true"}, {"id": "b", "expression": KNOWN, "label": "Known"}]
    made = shop.platform.post(
        f"{JOURNEYS}/journeys",
        {
            "name": "By rule",
            "entry": {"node": "order"},
            "nodes": {
                "order": {"type": "event", "eventUid": event_uid(shop.platform)},
                "who": {"type": "optimize", "optimizeType": "targeting", "paths": paths}, "x": END,
            },
            "edges": [
                {"from": "order", "to": "who"}, {"from": "who", "to": "x", "kind": "path", "path": "a"},
                {"from": "who", "to": "x", "kind": "path", "path": "b"},
            ],
            "layout": {"order": {"x": 0, "y": 0}, "who": {"x": 260, "y": 0}, "x": {"x": 560, "y": 0}},
        },
    )  # fmt: skip

    def stored() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = shop.platform.get(f"{VERSIONS}/{made['versionUid']}")["document"]["nodes"]["who"][
            "paths"
        ]
        return found

    page = visitor.open(f"/journeys/{made['uid']}/versions/{made['versionUid']}")
    page.locator('[data-id="who"]').click()
    hand = Mouse(page)
    hand.choose(page.get_by_role("button", name="Taken when"), "a decision rule holds")
    hand.pick(page.get_by_role("combobox", name="Decision rule"), "People we know")
    (rule,) = shop.platform.get(f"{JOURNEYS}/decisionRules")["results"]
    assert rule["tags"] == ["crm"]
    wait_for(lambda: stored()[0] == {"id": "a", "rule": rule["uid"]}, what="the rule to be saved")
    assert visitor.complaints_of_axe() == []

    page.get_by_role("row", name="Known").click()
    page.get_by_role("button", name="Save as a decision rule").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("textbox", name="Name")).to_have_value("Known")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(dialog).to_have_count(0)
    wait_for(lambda: "expression" not in stored()[1], what="the new rule to be referred to")
    rules = {one["name"]: one for one in shop.platform.get(f"{JOURNEYS}/decisionRules")["results"]}
    assert stored()[1] == {"id": "b", "label": "Known", "rule": rules["Known"]["uid"]}
    assert rules["Known"]["expression"] == KNOWN

    page = visitor.open("/rules?q=crm")
    row = page.get_by_role("row").filter(has_text="People we know")
    expect(row).to_contain_text("crm")
    expect(page.get_by_role("row")).to_have_count(2)
    row.get_by_role("link", name="People we know").click()
    expect(page.get_by_role("link", name="By rule")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog", name="People we know can’t be deleted")).to_contain_text("By rule")


def test_a_rule_set_gets_its_limits_is_activated_and_deleted(visitor: Visitor, shop: Shop) -> None:
    page = visitor.open("/rules?tab=sets")
    expect(page.get_by_text("No rule set yet")).to_be_visible()
    page.get_by_role("button", name="Create a rule set").first.click()
    page.get_by_role("textbox", name="Name", exact=True).fill("Promotions")
    Mouse(page).choose(page.get_by_role("button", name="Limits"), "Messages")
    for kind in ("Limit of messages", "Quiet hours"):
        page.get_by_role("button", name="Add a rule").click()
        page.get_by_role("menuitem", name=kind).click()
    often = page.get_by_role("group", name="Limit of messages")
    often.get_by_role("textbox", name="Messages at most").fill("2")
    often.get_by_role("checkbox", name="SMS").click()
    quiet = page.get_by_role("group", name="Quiet hours", exact=True)
    quiet.get_by_role("checkbox", name="Sunday").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Promotions")).to_be_visible()
    assert visitor.complaints_of_axe() == []
    (made,) = shop.platform.get(f"{JOURNEYS}/ruleSets")["results"]
    cap, nights = made["rules"]
    assert {name: cap[name] for name in ("limit", "period", "every", "channels")} == {
        "limit": 2, "period": "week", "every": 1, "channels": ["email", "sms"],
    }  # fmt: skip
    assert (nights["handling"], nights["useProfileTimeZone"]) == ("queue", True)
    (period,) = nights["periods"]
    assert (period["days"][-1], period["from"], period["to"]) == ("sunday", "21:00", "08:00")

    page = visitor.open("/rules?tab=sets")
    row = page.get_by_role("row").filter(has_text="Promotions")
    expect(row).to_contain_text("Draft")
    page.get_by_role("button", name="Actions of Promotions").click()
    page.get_by_role("menuitem", name="Activate").click()
    expect(row).to_contain_text("Active")
    page.get_by_role("button", name="Actions of Promotions").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No rule set yet")).to_be_visible()
