"""The simulator in the designer: customers who are given, and rows of data sets, go through a draft."""

import json
import re
from typing import Any

import pytest
from browsing import Visitor, settle
from definitions import JOURNEYS
from hands import Mouse
from playwright.sync_api import Browser, expect
from related_shop import Till
from running import RunningServer


def draft(till: Till) -> str:
    """The address of a journey that takes those to `dear` who order a dear thing."""
    event = till.event("Ordered", "ordered")["uid"]
    document = {
        "name": "Dear things",
        "entry": {"node": "start"},
        "nodes": {
            "start": {"type": "event", "eventUid": event},
            "price": {
                "type": "condition",
                "paths": [{"id": "dear", "expression": f"{till.price_of('Ordered')} > 100"}],
            },
            "dear": {"type": "end"},
        },
        "edges": [{"from": "start", "to": "price"}, {"from": "price", "to": "dear", "kind": "path", "path": "dear"}],
    }
    made: Any = till.platform.post(f"{JOURNEYS}/journeys", document)
    return f"/journeys/{made['uid']}/versions/{made['versionUid']}?panel=simulate"


@pytest.mark.timeout(300)
def test_rows_of_data_sets_are_given_beside_events_and_profiles(browser: Browser, server: RunningServer) -> None:
    till = Till(server)
    ada = Visitor(browser, server)
    ada.create_administrator()
    page = ada.open(draft(till))
    settle(page)
    panel = page.get_by_role("complementary", name="Simulate")
    expect(panel.get_by_label("Rows of data sets, as a JSON list")).to_be_hidden()  # of customers made up it needs none
    Mouse(page).choose(panel.get_by_role("button", name=re.compile("Who goes through it")), "Events and profiles given")
    events = [
        {
            "event": "Ordered",
            "at": "1h",
            "customer": f"{sku}@example.com",
            "payload": till.entity(sku, "ordered", "x", sku=sku),
        }
        for sku in ("lamp", "sofa", "ring")
    ]
    panel.get_by_label("Events, as a JSON list").fill(json.dumps(events))
    rows = panel.get_by_label("Rows of data sets, as a JSON list")
    run = panel.get_by_role("button", name="Run")
    rows.fill("{}")
    expect(panel.get_by_text("This is no list in JSON.")).to_be_visible()
    expect(run).to_be_disabled()

    rows.fill(json.dumps([{"dataSet": "Nowhere", "key": "sofa", "row": {}}]))
    run.click()
    expect(panel.get_by_text("no data set is called 'Nowhere'")).to_be_visible(timeout=60_000)

    def priced(sku: str, price: float) -> dict[str, Any]:
        return {"dataSet": till.products.dataset_id, "key": sku, "row": {till.field: {"sku": sku, "price": price}}}

    rows.fill(json.dumps([priced("lamp", 12.5), priced("sofa", 900), priced("ring", 2_500)]))
    run.click()
    totals = panel.get_by_test_id("trial-totals")
    expect(totals).to_contain_text("3 entered", timeout=60_000)
    customers = panel.get_by_role("list", name="Customers of the simulation")
    expect(customers.get_by_role("button")).to_have_count(3)
    customers.get_by_role("button", name=re.compile("sofa@example.com")).click()
    lit = page.locator('.react-flow__node[data-id="dear"] [data-highlighted]')
    expect(lit).to_be_visible()
    customers.get_by_role("button", name=re.compile("lamp@example.com")).click()
    expect(lit).to_be_hidden()
    assert ada.complaints_of_axe() == []
    assert ada.errors == []
    ada.close()
