"""Fields of a related schema in a real browser: chosen in an event's form, with their data set; read in conditions."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from browsing import Visitor
from definitions import FOUNDATION, JOURNEYS
from hands import Hand, Keyboard, Mouse, complete, write_as_text
from playwright.sync_api import Browser, Locator, Page, expect
from related_shop import Till
from running import RunningServer
from shop import VERSIONS

# Whether the head of the table covers the box of a row that is scrolled below it.
_COVERED = """box => {
  const frame = box.closest("section"), head = frame.querySelector("thead th");
  const middle = one => { const at = one.getBoundingClientRect(); return at.top + at.height / 2; };
  frame.scrollTop += middle(box) - middle(head);
  const at = box.getBoundingClientRect();
  const found = document.elementFromPoint(at.left + at.width / 2, at.top + at.height / 2);
  return Math.abs(middle(box) - middle(head)) < 2 && found.closest("thead") !== null;
}"""


@pytest.fixture(scope="module")
def till(server: RunningServer) -> Till:
    return Till(server)


@pytest.fixture(scope="module")
def administrator(browser: Browser, server: RunningServer) -> Iterator[Visitor]:
    visitor = Visitor(browser, server)
    visitor.create_administrator()
    yield visitor
    assert visitor.errors == []
    visitor.close()


@pytest.fixture(params=[Mouse, Keyboard])
def hand(request: pytest.FixtureRequest, administrator: Visitor) -> Hand:
    made: Hand = request.param(administrator.page)
    return made


def button(part: Page | Locator, name: str | re.Pattern[str]) -> Locator:
    return part.get_by_role("button", name=name, exact=True)


def open_branch(hand: Hand, name: str, nth: int = 0) -> None:
    """Show the fields of a field of the tree."""
    branch = button(hand.page, f"Fields of {name}").nth(nth)
    hand.press(branch)
    expect(branch).to_have_attribute("aria-expanded", "true")


def choose_price(hand: Hand, till: Till) -> None:
    """The price of the product that the order names; nothing else of the tree is open."""
    open_branch(hand, till.field)
    expect(hand.page.get_by_text("Related: Products")).to_have_count(1)
    open_branch(hand, "sku_related")
    open_branch(hand, till.field, nth=1)
    price = hand.page.get_by_role("checkbox", name="price", exact=True)
    hand.press(price)
    expect(price).to_be_checked()


def left(part: Locator) -> float:
    """Where it begins, in pixels from the left."""
    at = part.bounding_box()
    assert at is not None
    return at["x"]


def stored(till: Till, name: str) -> dict[str, Any]:
    found = till.platform.get(f"{JOURNEYS}/events")["results"]
    return dict(next(one for one in found if one["name"] == name))


def complaints(visitor: Visitor) -> list[str]:
    """What axe says in either theme."""
    found = []
    for scheme in ("dark", "light"):
        visitor.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        expect(visitor.page.locator(f"[style*='color-scheme: {scheme}']").first).to_be_attached()
        found += visitor.complaints_of_axe()
    return found


def test_a_related_field_is_chosen_and_read_in_a_condition(administrator: Visitor, till: Till, hand: Hand) -> None:
    name = f"Told{type(hand).__name__}"
    event = till.event(name, name, "total")
    assert "related" not in event
    page = administrator.open(f"/events/{event['uid']}")
    hand.press(button(page, "Edit"))
    choose_price(hand, till)
    assert complaints(administrator) == []
    hand.press(button(page, "Save"))
    expect(button(page, "Edit")).to_be_visible()  # the form is left
    price = f"{till.field}/sku_related/{till.field}/price"
    expect(page.get_by_text(f"/{price}").first).to_be_visible()
    expect(page.get_by_role("link", name="Products", exact=True)).to_be_visible()
    message = page.get_by_role("tabpanel")
    expect(message).to_contain_text('"sku"')
    expect(message).not_to_contain_text("sku_related")
    assert complaints(administrator) == []
    now = stored(till, name)
    assert {f"/{price}", f"/{till.field}/sku", f"/{till.field}/total"} <= set(now["fields"])
    assert now["related"] == [{"property": f"/{till.field}/sku", "datasetId": till.products.dataset_id}]

    condition = {"type": "condition", "paths": [{"id": "path1", "expression": ""}], "otherPath": True}
    made = till.platform.post(
        f"{JOURNEYS}/journeys",
        {
            "name": f"Reads {name}",
            "entry": {"node": "order"},
            "nodes": {"order": {"type": "event", "eventUid": event["uid"]}, "dear": condition, "end": {"type": "end"}},
            "edges": [
                {"from": "order", "to": "dear"}, {"from": "dear", "to": "end", "kind": "path", "path": "path1"},
            ],
        },
    )  # fmt: skip
    administrator.open(f"/journeys/{made['uid']}/versions/{made['versionUid']}")
    hand.open_activity("Condition")
    inspector = page.get_by_role("complementary", name=re.compile("Settings of Condition"))
    write_as_text(hand, inspector)
    hand.go_to(inspector.get_by_role("textbox", name=re.compile("Condition|Expression")).last)
    complete(hand, "price", "price")
    page.keyboard.type(" > 100", delay=10)
    expect(button(page, "Nothing wrong")).to_be_visible()
    expect(page.get_by_test_id("save-state")).to_have_attribute("data-state", "saved")
    (path,) = till.platform.get(f"{VERSIONS}/{made['versionUid']}")["document"]["nodes"]["dear"]["paths"]
    assert path["expression"] == f"{till.price_of(name)} > 100"


def test_the_head_of_the_fields_covers_what_scrolls_below_it(administrator: Visitor, till: Till) -> None:
    hand, event = Mouse(administrator.page), till.event("Scrolled", "scrolled", "total")
    page = administrator.open(f"/events/{event['uid']}/edit")
    choose_price(hand, till)
    assert page.get_by_role("checkbox", name="eventType", exact=True).evaluate(_COVERED)


def test_the_document_does_not_scroll_and_with_it_a_choice_under_the_hand(administrator: Visitor, till: Till) -> None:
    event = till.event("Still", "still", "total")
    page = administrator.open(f"/events/{event['uid']}/edit")
    choose_price(Mouse(page), till)
    assert page.evaluate("document.scrollingElement.scrollHeight - innerHeight") == 0


@pytest.fixture(scope="module")
def outlet(till: Till) -> str:
    """Another data set of products."""
    tags = {"adobe/lookup": ["enabled:true", f"key:{till.field}.sku"]}
    body = {"name": "Outlet", "schemaRef": {"id": till.products.schema_id}, "tags": tags}
    return str(till.platform.post(f"{FOUNDATION}/catalog/dataSets", body)[0]).removeprefix("@/dataSets/")


def test_of_several_data_sets_one_is_chosen(administrator: Visitor, till: Till, outlet: str, hand: Hand) -> None:
    name = f"Several{type(hand).__name__}"
    page = administrator.open("/events/new")
    hand.write(page.get_by_role("textbox", name="Name", exact=True), name)
    hand.choose(button(page, re.compile(r"(^|\s)Id$")), "Rule based")
    hand.pick(page.get_by_role("combobox", name="Schema"), "Till orders")
    hand.choose(button(page, re.compile(r"(^|\s)Identity namespace$")), "Email (Email)")
    condition = page.get_by_role("group", name="Condition")
    write_as_text(hand, condition)
    hand.go_to(condition.get_by_role("textbox").last)
    page.keyboard.insert_text("true")
    picker = button(page, re.compile("Data set of Products"))
    expect(page.get_by_role("searchbox", name="Search fields")).to_be_visible()
    expect(picker).to_have_count(0)
    choose_price(hand, till)
    expect(picker).to_be_visible()
    hand.press(button(page, "Create"))
    refusal = page.get_by_role("alert").filter(has_text="The server refused this").last
    expect(refusal).to_contain_text("say which in related")
    expect(page.get_by_role("alert").filter(has_text=re.compile("^several data sets"))).to_be_visible()  # at its place
    request, title = refusal.get_by_text(re.compile("^Request ")), refusal.get_by_role("heading")
    assert left(request) == left(title), "on a line of its own"
    hand.choose(picker, "Outlet")
    assert complaints(administrator) == []
    hand.press(button(page, "Create"))
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
    assert stored(till, name)["related"] == [{"property": f"/{till.field}/sku", "datasetId": outlet}]
    hand.press(page.get_by_role("link", name="Outlet", exact=True))
    expect(page.get_by_role("heading", level=1, name="Outlet")).to_be_visible()
