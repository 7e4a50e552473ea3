"""What the designer says where something is not as it should be: metrics, lookups, tokens, scripts that are gone."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from answering import Arrived, Reply, ScriptedReceiver
from browsing import Visitor
from definitions import JOURNEYS
from hands import Mouse, activity, complete
from playwright.sync_api import Browser, Page, Route, expect
from running import RunningServer, wait_for
from shop import VERSIONS, Shop

END = {"type": "end"}
LOOKUPS = "/data/core/entity/lookup/dataSets"


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
    visitor = Visitor(browser, server)
    visitor.sign_in()
    yield visitor
    visitor.close()


def draft(shop: Shop, name: str, second: dict[str, Any], **members: Any) -> tuple[str, str]:
    """event → the second activity → end: its version, and the address of that."""
    document = {
        "name": name,
        "entry": {"node": "event"},
        "nodes": {"event": {"type": "event", "eventUid": shop.rule(name, name)}, "second": second, "end": END},
        "edges": [{"from": "event", "to": "second"}, {"from": "second", "to": "end"}],
        **members,
    }
    made = shop.platform.post(f"{JOURNEYS}/journeys", document)
    version = str(made["versionUid"])
    return version, f"/journeys/{made['uid']}/versions/{version}"


def test_enter_in_the_one_field_of_a_panel_leaves_the_page_where_it_is(visitor: Visitor, shop: Shop) -> None:
    wait = {"type": "wait", "duration": {"value": 1, "unit": "days"}}
    version, address = draft(shop, "Entered", wait)
    page = visitor.open(f"{address}?panel=node&node=second")
    panel = page.get_by_role("complementary", name=re.compile("^Settings of"))
    panel.get_by_label("Label").fill("Sleep on it")
    page.evaluate("window.isTheSame = true")
    page.keyboard.press("Enter")
    wait_for(
        lambda: shop.platform.get(f"{VERSIONS}/{version}")["document"]["nodes"]["second"].get("label") == "Sleep on it",
        what="the label to be saved",
    )
    expect(panel.get_by_label("Label")).to_have_value("Sleep on it")
    assert page.evaluate("window.isTheSame") is True


def test_expressions_of_a_metric_are_completed_and_checked(visitor: Visitor, shop: Shop) -> None:
    paid = shop.rule("PaidFor", "commerce.checkouts")
    metric = {"id": "paid", "label": "Paid", "type": "event", "eventUid": paid}
    wait = {"type": "wait", "duration": {"value": 1, "unit": "days"}}
    version, address = draft(shop, "Measured", wait, metrics=[metric])
    page = visitor.open(address)
    page.get_by_role("button", name="Properties").click()
    metrics = page.get_by_role("region", name="Success metrics")
    condition = metrics.get_by_role("group", name="Only when")
    condition.get_by_role("radio", name="Advanced").click()
    text = condition.get_by_role("textbox", name="Only when")
    text.click()
    complete(Mouse(page), "@event{PaidFor.commerce.order.pri", "priceTotal")
    expect(text).to_contain_text("priceTotal")
    expect(condition.get_by_text(re.compile("yes or no")).first).to_be_visible()
    page.keyboard.press("Control+End")
    page.keyboard.type(" > 10")
    value = metrics.get_by_role("textbox", name="Value to sum")
    value.click()
    page.keyboard.type("@event{PaidFor.eventType}")
    expect(metrics.get_by_text(re.compile("ERR_|expected|decimal", re.IGNORECASE)).first).to_be_visible()
    page.keyboard.press("Control+A")
    page.keyboard.type("@event{PaidFor.commerce.order.priceTotal}")

    def stored() -> Any:
        return shop.platform.get(f"{VERSIONS}/{version}")["document"]["metrics"][0]

    price = "@event{PaidFor.commerce.order.priceTotal}"
    wanted = {**metric, "expression": f"{price} > 10", "value": {"expression": price}}
    wait_for(lambda: stored() == wanted, what="the expressions to be saved")
    assert visitor.complaints_of_axe() == []
    assert shop.platform.post(f"{VERSIONS}/{version}/check")["valid"]


def test_a_data_set_that_is_there_but_not_enabled_is_enabled_from_the_activity(visitor: Visitor, shop: Shop) -> None:
    sets = shop.platform.get("/data/foundation/catalog/dataSets?limit=100")
    members = next(uid for uid, one in sets.items() if one["name"] == "Loyalty members")
    _, address = draft(shop, "Asks", {"type": "datasetLookup", "dataSetId": members, "keys": '"a@example.com"'})
    _, lost = draft(shop, "Lost", {"type": "datasetLookup", "dataSetId": "0" * 24, "keys": '"a"'})
    page = visitor.open(lost)
    activity(page, "Data set lookup").click()
    expect(page.get_by_text("was deleted", exact=False).first).to_be_visible()
    expect(page.get_by_role("button", name="Enable for lookup")).to_have_count(0)

    page = visitor.open(address)
    activity(page, "Data set lookup").click()
    expect(page.get_by_text("“Loyalty members” is there").first).to_be_visible()
    expect(page.get_by_text("was deleted", exact=False)).to_have_count(0)
    assert visitor.complaints_of_axe() == []
    page.get_by_role("button", name="Enable for lookup").click()
    expect(page.get_by_role("button", name="Enable for lookup")).to_have_count(0)
    expect(page.get_by_text("“Loyalty members” is there")).to_have_count(0)
    assert shop.platform.get(f"{LOOKUPS}/{members}")["enabled"] is True


def test_an_actions_token_call_is_made_alone(visitor: Visitor, shop: Shop) -> None:
    answers = [Reply(status=401, body={"error": "who are you"}), Reply(body={"access_token": "here"})]

    def answer(_request: Arrived, before: int) -> Reply:
        return answers[min(before, 1)]

    desk = ScriptedReceiver(answer)
    authentication = {
        "type": "customAuthorization", "endpoint": f"{desk.url}/token", "method": "POST",
        "body": {"bodyType": "json", "bodyParams": {"secret": "s3cret-word"}},
        "tokenInResponse": "json://access_token", "authorizationType": "bearer",
    }  # fmt: skip
    body = {"name": "Tokens", "url": f"{desk.url}/tell", "method": "POST", "authentication": authentication}
    uid = shop.platform.post(f"{JOURNEYS}/actions", body)["uid"]
    page = visitor.open(f"/actions/{uid}")
    said = page.get_by_role("region", name="Test the authentication")
    page.get_by_role("button", name="Test the authentication").click()
    expect(said).to_contain_text("No token came")
    expect(said).to_contain_text("401")
    expect(said).to_contain_text(re.compile(r"\d ms"))
    assert visitor.complaints_of_axe() == []
    page.get_by_role("button", name="Test the authentication").click()
    expect(said).to_contain_text("A token came")
    assert [one.path for one in desk.arrived] == ["/token", "/token"]
    assert "s3cret-word" not in page.content()
    basic = {**body, "name": "Plain", "authentication": {"type": "none"}}
    page = visitor.open(f"/actions/{shop.platform.post(f'{JOURNEYS}/actions', basic)['uid']}")
    expect(page.get_by_role("heading", level=1, name="Plain")).to_be_visible()
    expect(page.get_by_role("button", name="Test the authentication")).to_have_count(0)


def go(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Navigation").get_by_role("link", name=name, exact=True).click()


def test_a_page_whose_scripts_are_gone_loads_itself_anew_once(visitor: Visitor) -> None:
    page = visitor.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.resource_type == "document" else None)
    loads: list[str] = []
    page.on("domcontentloaded", lambda: loads.append(page.url))
    lost = re.compile("/(?!index-)[^/]*[.]js$")

    def gone(route: Route) -> None:
        if lost.search(route.request.url):
            route.fulfill(status=404)
        else:
            route.continue_()

    def gone_until_asked_again(route: Route) -> None:
        route.continue_() if asked else gone(route)

    page.route("**/assets/*.js", gone_until_asked_again)
    go(page, "Profiles")
    expect(page.get_by_role("heading", level=1, name="Profiles")).to_be_visible()
    assert len(loads) == 1

    page.unroute("**/assets/*.js")
    lost = re.compile("/AudiencesPage-")
    page.route("**/assets/*.js", gone)
    go(page, "Audiences")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    assert len(loads) <= 2, "not again and again: the fault is shown"

    lost = re.compile("/index-")
    page.goto("/journeys")
    late = page.get_by_text("The designer could not be loaded.")
    expect(late).to_be_visible()
    expect(late).to_be_in_viewport()
    page.unroute("**/assets/*.js")
    page.get_by_role("link", name="Load it again").click()
    expect(page.get_by_role("heading", level=1, name="Journeys")).to_be_visible()


def test_a_page_stays_while_the_server_is_away_and_is_loaded_anew_after_a_rebuild(visitor: Visitor) -> None:
    page, home = visitor.open("/journeys"), visitor.server.url + "/"
    loads: list[str] = []
    page.on("domcontentloaded", lambda: loads.append(page.url))
    lose_a_script = "window.dispatchEvent(new Event('vite:preloadError'))"
    page.route(home, lambda route: route.abort())
    with page.expect_event("requestfailed", lambda request: request.url == home):
        page.evaluate(lose_a_script)
    page.unroute(home)
    with page.expect_response(home):
        page.evaluate(lose_a_script)
    expect(page.get_by_role("heading", level=1, name="Journeys")).to_be_visible()
    assert loads == [], "neither while nobody answers nor where the designer is the same"
    rebuilt = '<!doctype html><script type="module" src="/assets/index-another.js"></script>'
    page.route(home, lambda route: route.fulfill(body=rebuilt))
    with page.expect_event("domcontentloaded"):
        page.evaluate(lose_a_script)
    assert len(loads) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_where_there_is_nothing_yet_the_picture_is_of_its_kind(
    browser: Browser, server: RunningServer, administrator: Visitor, scheme: str
) -> None:
    visitor = Visitor(browser, server, color_scheme=scheme)
    visitor.sign_in()
    for path, kind in (("/fragments", "fragments"), ("/audiences", "audiences"), ("/inbox", "inbox")):
        page = visitor.open(path)
        expect(page.locator(f"[data-kind={kind}] svg")).to_be_visible()
        assert visitor.complaints_of_axe() == []
    page = visitor.open("/audiences/none")
    expect(page.get_by_role("main").locator("svg").first).to_be_visible()
    expect(page.locator("[data-kind]")).to_have_count(0)
    visitor.close()
