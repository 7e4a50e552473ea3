"""Usage policies in the designer: a label on a field, a policy over it, and a journey that would violate it."""

import re
from typing import Any

import pytest
from browsing import Visitor, settle
from definitions import JOURNEYS
from hands import Mouse
from journey_tools import event_uid
from playwright.sync_api import Browser, Locator, Page, expect
from running import RunningServer, wait_for
from shop import Shop


def button(place: Page | Locator, name: str) -> Locator:
    return place.get_by_role("button", name=name, exact=True)


@pytest.fixture(scope="module")
def shop(server: RunningServer) -> Shop:
    return Shop(server)


@pytest.mark.timeout(600)
def test_a_field_is_labelled_a_policy_made_and_a_journey_kept_from_being_published(
    browser: Browser, server: RunningServer, shop: Shop
) -> None:
    ada = Visitor(browser, server)
    ada.create_administrator()

    page = ada.open("/usage-policies?tab=marketingActions")
    button(page, "New marketing action").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("partnerOffers")
    button(dialog, "Save").click()
    expect(page.get_by_role("row", name=re.compile("partnerOffers"))).to_contain_text("Own")

    page.get_by_role("tab", name="Policies").click()
    expect(page.get_by_text("All data may be used for anything")).to_be_visible()
    button(page, "New usage policy").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("No contact data for partners")
    hand = Mouse(page)
    hand.choose(dialog.get_by_role("button", name=re.compile("Status")), "Enabled")
    hand.choose(dialog.get_by_role("button", name=re.compile("Label 1")), re.compile("^I1"))
    expect(button(dialog, "Save")).to_be_disabled()  # it forbids nothing yet
    dialog.get_by_role("checkbox", name="partnerOffers").click()
    assert ada.complaints_of_axe() == []
    button(dialog, "Save").click()
    expect(dialog).to_be_hidden()
    row = page.get_by_role("row", name=re.compile("No contact data for partners"))
    expect(row).to_contain_text("I1")
    expect(row).to_contain_text("Enabled")

    page = ada.open(f"/schemas/{_alt_id(shop)}?q=emailAddress")
    button(page, f"Labels of _{shop.defined.tenant}.person.emailAddress").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("checkbox", name=re.compile("^I1")).click()
    assert ada.complaints_of_axe() == []
    button(dialog, "Save").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("row", name=re.compile("emailAddress")).get_by_text("I1", exact=True)).to_be_visible()

    document = {
        "name": "Offers",
        "entry": {"node": "order"},
        "nodes": {"order": {"type": "event", "eventUid": event_uid(shop.platform)}, "call": shop.message("offer")},
        "edges": [{"from": "order", "to": "call"}],
    }
    made: Any = shop.platform.post(f"{JOURNEYS}/journeys", document)
    page = ada.open(f"/journeys/{made['uid']}/versions/{made['versionUid']}?panel=node&node=call")
    settle(page)
    Mouse(page).pick(page.get_by_role("combobox", name="Additional marketing action"), "partnerOffers")
    expect(page.get_by_text(re.compile("forbids partnerOffers with data labelled I1")).first).to_be_visible()
    assert ada.complaints_of_axe() == []

    def faults() -> list[str]:
        found = shop.platform.post(f"{JOURNEYS}/journeyVersions/{made['versionUid']}/check")
        return [one["code"] for one in found["errors"]]

    wait_for(lambda: faults() == ["ERR_USAGE_POLICY"], what="the draft to be saved with its fault")
    assert ada.errors == []
    ada.close()


def _alt_id(shop: Shop) -> str:
    found = shop.platform.get(
        "/data/foundation/schemaregistry/tenant/schemas", Accept="application/vnd.adobe.xed-id+json"
    )
    return next(str(one["meta:altId"]) for one in found["results"] if one["$id"] == shop.defined.event_schema)
