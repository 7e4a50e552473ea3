"""The designer in a real browser: sign in, draw a journey by mouse and by keyboard, lose nothing."""

import re
from collections.abc import Iterator

import pytest
from browsing import PASSWORD, Visitor
from definitions import JOURNEYS
from hands import Keyboard, activity, connect, drag, drag_arrow
from playwright.sync_api import Browser, Page, expect
from running import RunningServer, wait_for
from shop import Shop

EXIT = "@event{Bought.commerce.order.priceTotal} > 100"


@pytest.fixture(scope="module")
def shop(server: RunningServer) -> Shop:
    return Shop(server)


@pytest.fixture(scope="module")
def administrator(browser: Browser, server: RunningServer, shop: Shop) -> Visitor:
    """The first person, made by the link that the start printed."""
    visitor = Visitor(browser, server)
    visitor.create_administrator()
    return visitor


@pytest.fixture
def visitor(browser: Browser, server: RunningServer, administrator: Visitor) -> Iterator[Visitor]:
    visitor = Visitor(browser, server, storage_state=administrator.context.storage_state())
    yield visitor
    assert visitor.errors == []
    visitor.close()


def new_draft(shop: Shop, name: str) -> str:
    """An empty journey; the address of its draft."""
    made = shop.platform.post(f"{JOURNEYS}/journeys", {"name": name, "entry": {"node": ""}, "nodes": {}})
    return f"/journeys/{made['uid']}/versions/{made['versionUid']}"


def document_of(shop: Shop, address: str) -> dict[str, object]:
    found: dict[str, object] = shop.platform.get(f"{JOURNEYS}/journeyVersions/{address.rsplit('/', 1)[1]}")["document"]
    return found


def expect_saved(page: Page) -> None:
    expect(page.get_by_test_id("save-state")).to_have_attribute("data-state", "saved")


def test_who_is_not_signed_in_is_led_to_the_sign_in_page_and_back(browser: Browser, administrator: Visitor) -> None:
    stranger = Visitor(browser, administrator.server)
    page = stranger.open("/journeys?sandbox=dev")
    page.wait_for_url("**/sign-in?*")
    page.get_by_label("E-mail address").fill("ada@example.com")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("don't belong together")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/journeys?sandbox=dev")
    expect(page.get_by_role("heading", name="Journeys")).to_be_visible()
    stranger.close()


def test_a_journey_is_drawn_by_mouse_and_saved_by_itself(visitor: Visitor, shop: Shop) -> None:
    address = new_draft(shop, "Drawn by mouse")
    page = visitor.open(address)
    drag(page, "Event", 120, 150)
    expect(activity(page, "Event")).to_be_visible()
    drag(page, "Wait", 400, 150)
    drag(page, "End", 680, 150)
    connect(page, activity(page, "Event"), "default|", activity(page, "Wait"))
    connect(page, activity(page, "Wait"), "default|", activity(page, "End"))
    expect(page.locator(".react-flow__edge")).to_have_count(2)
    expect_saved(page)
    document = document_of(shop, address)
    assert document["entry"] == {"node": "event"}
    assert document["edges"] == [{"from": "event", "to": "wait"}, {"from": "wait", "to": "end"}]


def test_an_arrow_back_is_refused_and_the_reason_told(visitor: Visitor, shop: Shop) -> None:
    made = shop.platform.post(
        f"{JOURNEYS}/journeys",
        {
            "name": "No way back",
            "entry": {"node": "e"},
            "nodes": {"e": {"type": "event", "eventUid": ""}, "w": {"type": "wait"}, "v": {"type": "wait"}},
            "edges": [{"from": "e", "to": "w"}, {"from": "w", "to": "v"}],
        },
    )
    page = visitor.open(f"/journeys/{made['uid']}/versions/{made['versionUid']}")
    nodes = page.locator(".react-flow__node")
    expect(nodes).to_have_count(3)
    drag_arrow(
        page, page.locator("[data-id=v].react-flow__node"), "default|", page.locator("[data-id=w].react-flow__node")
    )
    expect(page.get_by_text("would go round in circles")).to_be_visible()
    expect(page.locator(".react-flow__edge")).to_have_count(2)


def test_a_journey_is_drawn_by_keyboard_alone(visitor: Visitor, shop: Shop) -> None:
    address = new_draft(shop, "Drawn by keyboard")
    page = visitor.open(address)
    page.get_by_role("searchbox", name="Search activities").focus()
    for kind in ("Event", "Condition", "Wait"):
        page.get_by_role("button", name=kind, exact=True).focus()
        page.keyboard.press("Enter")
    expect(page.locator(".react-flow__node")).to_have_count(3)
    expect(page.locator(".react-flow__edge")).to_have_count(2)
    activity(page, "Wait").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page.get_by_role("complementary", name=re.compile("Settings of Condition"))).to_be_visible()
    page.locator(".react-flow__node[data-id=condition]").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Delete")
    expect(page.locator(".react-flow__node")).to_have_count(2)
    page.keyboard.press("Control+z")
    expect(page.locator(".react-flow__node")).to_have_count(3)
    expect_saved(page)
    nodes = document_of(shop, address)["nodes"]
    assert isinstance(nodes, dict)
    assert list(nodes) == ["event", "condition", "wait"]
    hand = Keyboard(page)
    hand.open_activity("Condition")
    settings = page.get_by_role("complementary", name=re.compile("Settings of Condition"))
    hand.choose(settings.get_by_role("button", name=re.compile("Others$")), "Wait, 1 day, wait")
    expect(page.locator(".react-flow__edge")).to_have_count(3)
    expect_saved(page)
    edges = document_of(shop, address)["edges"]
    assert isinstance(edges, list)
    assert {"from": "condition", "to": "wait", "kind": "other"} in edges


def test_two_people_on_one_draft_lose_nothing(
    browser: Browser, visitor: Visitor, shop: Shop, server: RunningServer
) -> None:
    address = new_draft(shop, "Shared")
    other = Visitor(browser, server)
    other.sign_in()
    one, two = visitor.open(address), other.open(address)
    expect(one.get_by_test_id("canvas")).to_be_visible()
    expect(two.get_by_test_id("canvas")).to_be_visible()
    drag(one, "Event", 120, 150)
    expect_saved(one)
    two.get_by_role("button", name="Properties of the journey").click()
    two.get_by_label("Name").fill("Shared by two")
    expect(activity(two, "Event")).to_be_visible()
    expect_saved(two)
    document = document_of(shop, address)
    assert document["name"] == "Shared by two"
    assert document["nodes"] == {"event": {"type": "event", "eventUid": ""}}
    assert other.errors == []
    other.close()


def test_what_was_drawn_while_the_server_was_down_is_there_when_it_is_back(
    visitor: Visitor, shop: Shop, server: RunningServer
) -> None:
    address = new_draft(shop, "Server killed")
    page = visitor.open(address)
    drag(page, "Event", 120, 150)
    expect_saved(page)
    server.kill()
    drag(page, "Wait", 400, 150)
    expect(page.get_by_role("button", name="Not saved")).to_be_visible()
    server.start()
    expect_saved(page)
    wait_for(lambda: "wait" in document_of(shop, address)["nodes"], what="the wait in the draft")  # type: ignore[operator]


def test_what_a_closed_page_had_not_saved_is_offered_on_return(
    visitor: Visitor, shop: Shop, server: RunningServer
) -> None:
    address = new_draft(shop, "Page closed")
    page = visitor.open(address)
    drag(page, "Event", 120, 150)
    expect_saved(page)
    visitor.context.route("**/journeyVersions/*", lambda route: route.abort())
    drag(page, "Wait", 400, 150)
    expect(page.get_by_role("button", name="Not saved")).to_be_visible()
    page.close(run_before_unload=False)
    visitor.context.unroute("**/journeyVersions/*")
    again = visitor.context.new_page()
    again.goto(address)
    again.get_by_role("button", name="Take them").click()
    expect(activity(again, "Wait")).to_be_visible()
    expect_saved(again)
    assert "wait" in document_of(shop, address)["nodes"]  # type: ignore[operator]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_the_designer(
    browser: Browser, server: RunningServer, administrator: Visitor, shop: Shop, scheme: str
) -> None:
    visitor = Visitor(browser, server, color_scheme=scheme)
    visitor.sign_in()
    page = visitor.open(new_draft(shop, f"Axe {scheme}"))
    for kind in ("Event", "Condition", "Message"):
        page.get_by_role("button", name=kind, exact=True).focus()
        page.keyboard.press("Enter")
    expect(page.get_by_role("complementary", name=re.compile("Settings of Message"))).to_be_visible()
    expect(page.get_by_role("button", name=re.compile(r"\d errors?"))).to_be_visible()
    assert visitor.complaints_of_axe() == []
    visitor.close()


def test_activities_are_copied_into_another_journey(visitor: Visitor, shop: Shop) -> None:
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visitor.open(new_draft(shop, "Copied from"))
    drag(page, "Event", 120, 150)
    drag(page, "Wait", 400, 150)
    connect(page, activity(page, "Event"), "default|", activity(page, "Wait"))
    expect_saved(page)
    activity(page, "Wait").click()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+c")
    address = new_draft(shop, "Pasted into")
    page = visitor.open(address)
    page.locator(".react-flow__pane").click()
    page.keyboard.press("Control+v")
    expect(page.locator(".react-flow__node")).to_have_count(2)
    expect(page.locator(".react-flow__edge")).to_have_count(1)
    expect_saved(page)
    assert document_of(shop, address)["edges"] == [{"from": "event", "to": "wait"}]


def test_what_holds_for_the_journey_is_set_beside_the_canvas(visitor: Visitor, shop: Shop) -> None:
    event_uid = shop.rule("Bought", "commerce.bought")
    address = new_draft(shop, "With an exit")
    page = visitor.open(f"{address}?panel=properties")
    panel = page.get_by_role("complementary", name="Properties of the journey")
    hand = Keyboard(page)
    panel.get_by_role("button", name="Add an exit criterion").click()
    hand.pick(panel.get_by_role("combobox", name=re.compile("^Event")), "Bought")
    panel.get_by_role("radio", name="Advanced").click()
    panel.get_by_role("textbox", name=re.compile("^Only when")).last.fill(EXIT)
    panel.get_by_role("textbox", name="Label").fill("Bought enough")
    panel.get_by_role("button", name="Add an exit criterion").click()
    hand.choose(panel.get_by_role("button", name=re.compile("Who leaves$")), "Whoever enters or leaves an audience")
    panel.get_by_role("button", name=re.compile("^Remove")).click()
    panel.get_by_role("textbox", name="Most messages on one way").fill("3")
    panel.get_by_role("textbox", name="Priority").fill("40")
    page.keyboard.press("Tab")
    expect_saved(page)
    document = document_of(shop, address)
    assert (document["priority"], document["maxMessagesPerPath"]) == (40, 3)
    assert document["exitCriteria"] == [
        {
            "id": "exit1",
            "eventUid": event_uid,
            "label": "Bought enough",
            "expression": EXIT,
        }
    ]
    expect(panel.get_by_text(re.compile(r"^0\.\d kB of 2,000 kB$"))).to_be_visible()


def test_a_target_of_jumps_says_where_people_come_from(visitor: Visitor, shop: Shop) -> None:
    entry = {"entry": {"node": "e"}, "nodes": {"e": {"type": "event", "eventUid": shop.rule("Arrived", "arrived")}}}
    target = shop.platform.post(f"{JOURNEYS}/journeys", {"name": "Jumped into", **entry})
    jump = {"type": "jump", "targetJourneyUid": target["uid"]}
    shop.platform.post(
        f"{JOURNEYS}/journeys",
        {"name": "Jumps", **entry, "nodes": {**entry["nodes"], "j": jump}, "edges": [{"from": "e", "to": "j"}]},
    )
    page = visitor.open(f"/journeys/{target['uid']}/versions/{target['versionUid']}")
    expect(activity(page, "Arrived").get_by_text("Jump entry: Jumps")).to_be_visible()
