"""No page of the designer scrolls sideways: on a phone and on a small screen, in the longer language."""

from browsing import Visitor
from playwright.sync_api import Browser
from running import RunningServer
from shop import Shop

ADDRESSES = [
    "/journeys", "/events", "/events/new", "/data-sources", "/data-sources/new", "/actions", "/actions/new",
    "/templates", "/templates/new", "/templates/channels", "/templates/channels/new",
    "/templates/channels?tab=suppressions", "/schemas", "/datasets", "/datasets/query", "/inlets", "/inlets/new",
    "/inlets/{inlet}", "/profiles", "/audiences", "/audiences/{audience}", "/inbox", "/operations",
    "/operations?tab=failed", "/alerts", "/alerts?tab=subscriptions", "/audit", "/people", "/people?tab=credentials",
    "/people?tab=roles", "/people?tab=sandboxes", "/settings", "/account", "/approval-policies",
]  # fmt: skip
_WIDTHS = """[document.documentElement, document.querySelector("main")]
  .map((one) => [one.scrollWidth, one === document.documentElement ? innerWidth : one.clientWidth])"""


def test_no_page_scrolls_sideways(browser: Browser, server: RunningServer) -> None:
    shop = Shop(server)
    inlet = shop.platform.get("/data/foundation/flowservice/connections")["items"][0]["id"]
    audience = shop.audience("Everybody", "a.person.of.a.very.long.name.indeed@customers.of.the.shop.example.com")
    visitor = Visitor(browser, server)
    visitor.create_administrator()
    state = visitor.context.storage_state()
    visitor.close()
    too_wide = []
    for width, height in ((390, 844), (1280, 800)):
        reader = Visitor(
            browser, server, viewport={"width": width, "height": height}, locale="fr-FR", storage_state=state
        )
        for address in ADDRESSES:
            page = reader.open(address.format(inlet=inlet, audience=audience))
            page.locator("h1").wait_for()
            if not address.startswith("/operations"):  # which never falls silent
                page.wait_for_load_state("networkidle")
            if any(content > room for content, room in page.evaluate(_WIDTHS)):
                too_wide.append((width, address))
        assert reader.errors == []
        reader.close()
    assert too_wide == []
