"""The designer's lists in a real browser: journeys and reports, people and credentials, what runs and what failed."""

import re
from collections.abc import Iterator

import pytest
from asking import ask
from browsing import PASSWORD, Visitor
from definitions import JOURNEYS
from hands import Mouse
from platform_client import Platform
from playwright.sync_api import Browser, Page, expect
from running import RunningServer, wait_for
from shop import VERSIONS, Shop

ORDERS = 20
NOTE = {"id": "1", "text": "Ask Ben first", "author": "ada@example.com", "at": "2026-01-31T12:00:00Z", "x": 0, "y": 0}


@pytest.fixture(scope="module")
def shop(server: RunningServer) -> Shop:
    return Shop(server)


@pytest.fixture(scope="module")
def live(shop: Shop) -> tuple[str, str]:
    """A live journey that people went through, and an order that failed: (journey, version)."""
    made = shop.platform.post(
        f"{JOURNEYS}/journeys",
        {
            "name": "Thank everybody",
            "tags": ["orders"],
            "entry": {"node": "order", "reentrance": {"allowed": True, "waitSeconds": 0}},
            "nodes": {
                "order": {"type": "event", "eventUid": _order_placed(shop)},
                "send": {**shop.message("thanks"), "label": "Say thanks"},
            },
            "edges": [{"from": "order", "to": "send"}],
            "layout": {"#comments": [NOTE]},
        },
    )  # fmt: skip
    version = made["versionUid"]
    shop.platform.post(f"{VERSIONS}/{version}/publish")
    bad = shop.order(900, "bad")
    bad["body"]["xdmEntity"]["commerce"]["order"]["priceTotal"] = "much"
    shop.send(*[shop.order(number, f"o-{number}") for number in range(ORDERS)], bad)
    wait_for(lambda: shop.counts(version)["status"].get("ended") == ORDERS, what="everybody to leave the journey")
    wait_for(lambda: shop.platform.get("/parcours/failedRecords")["items"], what="the failed record")
    return str(made["uid"]), str(version)


def _order_placed(shop: Shop) -> str:
    events = shop.platform.get(f"{JOURNEYS}/events")["results"]
    return next(str(one["uid"]) for one in events if one["name"] == "OrderPlaced")


@pytest.fixture(scope="module")
def administrator(browser: Browser, server: RunningServer) -> Visitor:
    visitor = Visitor(browser, server)
    visitor.create_administrator()
    return visitor


@pytest.fixture
def visitor(browser: Browser, server: RunningServer, administrator: Visitor) -> Iterator[Visitor]:
    visitor = Visitor(browser, server, accept_downloads=True, storage_state=administrator.context.storage_state())
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield visitor
    assert visitor.errors == []
    visitor.close()


def choose(page: Page, name: str, action: str) -> None:
    """An action of a row's menu."""
    page.get_by_role("button", name=f"Actions of {name}", exact=True).first.click()
    page.get_by_role("menuitem", name=action, exact=True).click()


def confirm(page: Page, button: str) -> None:
    page.get_by_role("alertdialog").get_by_role("button", name=button, exact=True).click()


def test_a_journey_is_made_put_away_and_deleted_from_the_list(visitor: Visitor, live: tuple[str, str]) -> None:
    page = visitor.open("/journeys")
    page.get_by_role("button", name="Create a journey").click()
    page.get_by_role("menuitem", name="Blank journey").click()
    page.get_by_role("textbox", name="Name").fill("Short-lived")
    page.get_by_role("button", name="Create and open").click()
    page.wait_for_url("**/versions/*")
    page = visitor.open("/journeys?q=Short")
    choose(page, "Short-lived", "Archive")
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    page = visitor.open("/journeys?q=Short&archived=true")
    choose(page, "Short-lived", "Restore")
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    page = visitor.open("/journeys?q=Short")
    choose(page, "Short-lived", "Delete")
    confirm(page, "Delete")
    expect(page.get_by_text("Nothing matches")).to_be_visible()


def test_the_list_tells_entrances_in_words_and_narrows_by_address(visitor: Visitor, live: tuple[str, str]) -> None:
    page = visitor.open("/journeys?q=everybody&status=Deployed&type=unitary&tag=orders&created=day")
    expect(page.get_by_role("img", name=f"{ORDERS} entrances in the last 24 hours")).to_be_visible()
    page = visitor.open("/journeys?q=everybody&status=Draft")
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    page.get_by_role("button", name="Clear filters").last.click()
    expect(page.get_by_role("link", name="Thank everybody")).to_be_visible()


def test_the_list_is_narrowed_to_what_uses_an_event(visitor: Visitor, live: tuple[str, str]) -> None:
    page = visitor.open("/journeys?q=everybody&uses=Weather")
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    page = visitor.open("/journeys?q=everybody")
    page.get_by_role("button", name="More filters").click()
    hand = Mouse(page)
    hand.pick(page.get_by_role("combobox", name="Uses"), "OrderP")
    page.wait_for_url("**uses=*")
    hand.choose(page.get_by_role("button", name=re.compile("Published")), "Last 24 hours")
    page.wait_for_url("**published=day*")
    expect(page.get_by_role("link", name="Thank everybody")).to_be_visible()


def test_columns_of_ones_choice_are_there_the_next_time(visitor: Visitor, live: tuple[str, str]) -> None:
    page = visitor.open("/journeys?q=everybody")
    header = page.get_by_role("columnheader")
    expect(header.filter(has_text="Inside")).to_have_count(1)
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("menuitemcheckbox", name="Published").click()
    page.get_by_role("menuitemcheckbox", name="Inside").click()
    page.keyboard.press("Escape")
    for _ in range(2):
        expect(header.filter(has_text="Published")).to_have_count(1)
        expect(header.filter(has_text="Inside")).to_have_count(0)
        page = visitor.open("/journeys?q=everybody")


def test_a_week_shows_what_live_journeys_do(visitor: Visitor, live: tuple[str, str]) -> None:
    page = visitor.open("/journeys")
    page.get_by_role("radio", name="Calendar").click()
    page.wait_for_url("**view=calendar*")
    calendar = page.get_by_role("region", name="Calendar")
    expect(calendar.get_by_role("listitem").filter(has_text="Thank everybody").filter(has_text="starts")).to_have_count(
        1
    )
    assert visitor.complaints_of_axe() == []
    calendar.get_by_role("button", name="The week after").click()
    page.wait_for_url("**week=20*")
    expect(calendar.get_by_text("No live journey starts")).to_be_visible()
    page.reload()
    expect(calendar.get_by_text("No live journey starts")).to_be_visible()
    calendar.get_by_role("button", name="This week").click()
    calendar.get_by_role("link", name="Thank everybody").click()
    page.wait_for_url(f"**/versions/{live[1]}*")


def test_chosen_journeys_are_paused_and_resumed(visitor: Visitor, live: tuple[str, str]) -> None:
    page = visitor.open("/journeys?q=everybody")
    for button, done in (("Pause", "1 journey is paused"), ("Resume", "1 journey goes on")):
        page.get_by_role("checkbox", name=re.compile("^Select Thank everybody")).click()
        page.get_by_role("button", name=button, exact=True).click()
        expect(page.get_by_text(done)).to_be_visible()


def test_a_file_that_names_its_event_becomes_a_draft(visitor: Visitor, shop: Shop, live: tuple[str, str]) -> None:
    page = visitor.open("/journeys?create=import")
    text = page.get_by_role("textbox", name="Or paste its text")
    text.fill("just: text")
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("This is no journey")).to_be_visible()
    text.fill("name: Imported\nentry: {node: start}\nnodes:\n  start: {type: event, event: OrderPlaced}\n")
    page.get_by_role("button", name="Import", exact=True).click()
    page.wait_for_url("**/versions/*")
    document = shop.platform.get(f"{VERSIONS}/{page.url.rsplit('/', 1)[1]}")["document"]
    assert document["nodes"]["start"] == {"type": "event", "eventUid": _order_placed(shop)}


def test_a_report_is_a_chart_a_table_and_a_file(visitor: Visitor, live: tuple[str, str]) -> None:
    uid, version = live
    page = visitor.open(f"/journeys/{uid}/report/{version}")
    page.get_by_role("button", name="Show as a table: Entrances, completions, exits").click()
    table = page.get_by_role("table", name="Entrances, completions, exits")
    counted = [int(cell) for cell in table.locator("tbody td:nth-child(2)").all_inner_texts()]
    assert sum(counted) == ORDERS
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="Download CSV").click()
    lines = downloaded.value.path().read_text().splitlines()
    assert lines[0].startswith("Time,Entered,Completed")
    assert sum(int(line.split(",")[1]) for line in lines[1:]) == ORDERS
    page.get_by_role("tab", name="Action calls").click()
    expect(page.get_by_role("row", name=re.compile("^Say thanks"))).to_be_visible()


def test_versions_and_notes_of_a_journey(visitor: Visitor, shop: Shop, live: tuple[str, str]) -> None:
    uid, version = live
    page = visitor.open(f"/journeys/{uid}")
    expect(page.get_by_text("Ask Ben first")).to_be_visible()
    page.get_by_role("button", name="New version").click()
    page.wait_for_url("**/versions/*")
    draft = page.url.rsplit("/", 1)[1]
    document = shop.platform.get(f"{VERSIONS}/{draft}")["document"]
    metric = {"id": "done", "label": "Came to the end", "type": "completed"}
    changed = {**document, "tags": ["orders", "thanks"], "metrics": [metric]}
    headers = {**shop.platform.headers, "Content-Type": "application/json"}
    assert ask("PUT", f"{shop.platform.url}{VERSIONS}/{draft}", changed, headers).status == 200
    page = visitor.open(f"/journeys/{uid}")
    for one in ("1.0", "2.0"):
        page.get_by_role("checkbox", name=one).click()
    page.get_by_role("button", name="Compare the two chosen").click()
    page.wait_for_url(re.compile(f"/compare\\?from={version}&to={draft}"))
    differs = page.get_by_role("region", name="What differs")
    expect(differs.get_by_role("rowheader", name="metrics[done].label")).to_be_visible()
    expect(differs.get_by_role("cell", name="Came to the end")).to_be_visible()
    expect(differs.get_by_role("cell", name="orders, thanks")).to_be_visible()


def test_who_is_invited_joins_by_the_link_and_sees_what_the_role_allows(
    browser: Browser, visitor: Visitor, server: RunningServer
) -> None:
    page = visitor.open("/people")
    page.get_by_role("button", name="Invite somebody").click()
    page.get_by_role("textbox", name="E-mail address").fill("ben@example.com")
    page.get_by_role("textbox", name="Name").fill("Ben")
    page.get_by_role("checkbox", name="Limited Access User").click()
    page.get_by_role("button", name="Invite", exact=True).click()
    page.get_by_role("button", name="Copy").click()
    link = page.evaluate("navigator.clipboard.readText()")
    page.get_by_role("button", name="Close").click()
    ben = Visitor(browser, server)
    ben.open(link)
    ben.page.get_by_label("New password").fill(PASSWORD)
    ben.page.get_by_role("button", name="Go on").click()
    ben.page.wait_for_url("**/journeys**")
    expect(ben.page.get_by_role("button", name="Create a journey")).to_have_count(0)
    ben.open("/people")
    expect(ben.page.get_by_text("Your roles show none of this.")).to_be_visible()
    page = visitor.open("/people")
    choose(page, "Ben", "Disable")
    expect(page.get_by_text("Ben is disabled")).to_be_visible()
    ben.open("/journeys")
    ben.page.wait_for_url("**/sign-in**")
    ben.close()


def test_the_secret_that_is_shown_once_opens_the_apis(visitor: Visitor, server: RunningServer) -> None:
    page = visitor.open("/people?tab=credentials")
    page.get_by_role("button", name="Create a credential").click()
    page.get_by_role("textbox", name="Client id").fill("crm")
    page.get_by_role("checkbox", name="Administrators").click()
    page.get_by_role("button", name="Create", exact=True).click()
    shown = page.get_by_role("dialog").locator("code")
    expect(shown).to_have_count(3)
    client_id, secret, _ = shown.all_inner_texts()
    answer = ask(
        "POST",
        f"{server.url}/ims/token/v3?grant_type=client_credentials&client_id={client_id}&client_secret={secret}&scope=openid",
    )
    assert answer.status == 200
    page.get_by_role("button", name="I have kept it").click()
    choose(page, "crm", "Delete")
    confirm(page, "Delete")
    expect(page.get_by_text("crm was deleted")).to_be_visible()


def test_a_sandbox_is_deleted_by_writing_its_name(visitor: Visitor) -> None:
    page = visitor.open("/people?tab=sandboxes")
    page.get_by_role("button", name="Create a sandbox").click()
    page.get_by_role("textbox", name="Name in addresses").fill("trial")
    page.get_by_role("button", name="Create", exact=True).click()
    choose(page, "trial", "Delete")
    button = page.get_by_role("alertdialog").get_by_role("button", name="Delete")
    expect(button).to_be_disabled()
    page.get_by_role("textbox", name="Write trial to confirm").fill("trial")
    button.click()
    expect(page.get_by_text("trial was deleted")).to_be_visible()


def test_a_failed_record_tells_why_and_goes_through_its_flow_again(visitor: Visitor, live: tuple[str, str]) -> None:
    page = visitor.open("/operations?tab=failed")
    page.get_by_role("row", name=re.compile("priceTotal")).click()
    expect(page.get_by_role("dialog").get_by_text("expected type: Number, found: String")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("1 record goes through the flow once more")).to_be_visible()


def test_subscriptions_and_the_audit_log_know_who(visitor: Visitor, shop: Shop) -> None:
    page = visitor.open("/alerts?tab=subscriptions&subscription=new")
    page.get_by_role("textbox", name="Name").fill("On call")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The subscription is saved")).to_be_visible()
    platform: Platform = shop.platform
    assert [one["name"] for one in platform.get(f"{JOURNEYS}/alertSubscriptions")["results"]] == ["On call"]
    page = visitor.open("/audit?user=ada@example.com&asset=User")
    page.get_by_role("row", name=re.compile("ada@example.com")).first.click()
    expect(page.get_by_role("dialog").get_by_text("127.0.0.1")).to_be_visible()
