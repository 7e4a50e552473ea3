"""One story in the designer, told by mouse and by keyboard alone: from the first sign-in to a second version."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from asking import ask
from browsing import PASSWORD, Visitor
from definitions import FOUNDATION, XDM_FULL, make_connection, make_dataset, make_flow, make_identity
from hands import Hand, Keyboard, Mouse, activity, complete, write_as_text
from playwright.sync_api import Browser, Locator, Page, expect
from receiver import Receiver
from running import RunningServer

CUSTOMERS = 100
BIG_ORDERS = 40
LIMIT = 100
TESTER = "tester@example.com"
CUSTOMER = "customer003@example.com"
SERVER_MS = 120_000
"""Milliseconds for what the server does by itself: landing, matching, sending."""


@pytest.fixture
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server on which nobody has signed in yet."""
    running = RunningServer(tmp_path_factory.mktemp("story") / "data").start()
    yield running
    assert running.stop() == 0


@dataclass
class Story:
    """What is told, by whose hand, and what was learnt of the pages so far."""

    hand: Hand
    receiver: Receiver
    tenant: str
    inlet: str = ""
    event: dict[str, Any] = field(default_factory=dict)
    """The message of one event, as the event's page shows it."""

    @property
    def page(self) -> Page:
        return self.hand.page

    def button(self, name: str | re.Pattern[str], within: Locator | None = None) -> Locator:
        return (within or self.page).get_by_role("button", name=name, exact=True)

    def textbox(self, name: str | re.Pattern[str], within: Locator | None = None) -> Locator:
        return (within or self.page).get_by_role("textbox", name=name, exact=True)

    def picker(self, label: str, within: Locator | None = None) -> Locator:
        """The button that shows a choice; its name ends with the label."""
        return (within or self.page).get_by_role("button", name=re.compile(rf"(^|\s){re.escape(label)}(\s|$)")).first

    def nav(self, name: str) -> None:
        opener = self.button("Navigation")
        if opener.is_visible():  # the designer has it put away
            self.hand.press(opener)
        self.hand.press(self.page.get_by_role("navigation").get_by_role("link", name=name, exact=True))
        expect(self.page.get_by_role("heading", level=1, name=name)).to_be_visible()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", [Mouse, Keyboard])
def test_the_story(browser: Browser, own_server: RunningServer, kind: type[Mouse] | type[Keyboard]) -> None:
    tenant = prepare_test_profile(own_server)
    visitor = Visitor(browser, own_server, viewport={"width": 1440, "height": 900})
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    story = Story(kind(visitor.page), Receiver(), tenant)
    sign_in(story, visitor)
    for chapter in (
        create_a_schema, create_a_data_set, create_an_inlet, create_an_event, create_an_action, write_a_template,
        draw_the_journey, try_the_draft, publish, stream, open_one_customer, find_the_message, ask_in_sql, compare,
    ):  # fmt: skip
        chapter(story)
    assert visitor.errors == []
    visitor.close()


def prepare_test_profile(server: RunningServer) -> str:
    """Profiles are there already, and one of them is for tests; the tenant's name in paths."""
    platform = server.platform()
    base = "https://ns.adobe.com/xdm/context/"
    groups = ("profile", "profile-work-details", "profile-test-profile")
    body = {"type": "object", "title": "Customers", "allOf": [{"$ref": base + name} for name in groups]}
    schema = platform.post(FOUNDATION + "/schemaregistry/tenant/schemas", body)
    make_identity(platform, schema["$id"], "/workEmail/address")
    union = [{"op": "add", "path": "/meta:immutableTags", "value": ["union"]}]
    platform.patch(f"{FOUNDATION}/schemaregistry/tenant/schemas/{schema['meta:altId']}", union)
    connection, inlet = make_connection(platform, "Customers", {"dataType": "xdm"})
    make_flow(platform, "Customers", connection, schema["$id"], make_dataset(platform, "Customers", schema["$id"]))
    reference = {"id": schema["$id"], "contentType": XDM_FULL}
    entity = {"_id": "tester", "testProfile": True, "workEmail": {"address": TESTER}}
    message = {"header": {"schemaRef": reference}, "body": {"xdmMeta": {"schemaRef": reference}, "xdmEntity": entity}}
    assert ask("POST", inlet, message).status == 200
    tenant: str = platform.get(FOUNDATION + "/schemaregistry/stats")["tenantId"]
    return tenant


def sign_in(story: Story, visitor: Visitor) -> None:
    """By the link that the first start printed."""
    hand = story.hand
    (link,) = set(re.findall(r"/setup#\S+", visitor.server.log.read_text()))
    page = visitor.open(link)
    hand.write(page.get_by_label("Name", exact=True), "Ada Example")
    hand.write(page.get_by_label("E-mail address"), "ada@example.com")
    hand.write(page.get_by_label("New password"), PASSWORD)
    hand.press(story.button("Create and sign in"))
    page.wait_for_url("**/journeys**")


def create_a_schema(story: Story) -> None:
    """Of two field groups and a field of one's own, which says who the event is about."""
    hand, page = story.hand, story.page
    story.nav("Schemas")
    hand.press(story.button("Create a schema").first)
    dialog = page.get_by_role("dialog")
    hand.write(story.textbox("Name", dialog), "Shop orders")
    hand.choose(story.picker("Class", dialog), "XDM ExperienceEvent")
    groups = dialog.get_by_role("listbox", name="Field groups")
    for typed, name in (("commerce", "Commerce Details"), ("eventid", "Orchestration eventID")):
        hand.write(dialog.get_by_role("searchbox", name="Search field groups"), typed)
        hand.take(groups, name)
        expect(groups.get_by_role("option", name=name, exact=True)).to_have_attribute("aria-selected", "true")
    hand.press(story.button("Add a field", dialog))
    hand.write(story.textbox("Path", dialog), "customer.email")
    hand.write(story.textbox("Title", dialog), "Address of the customer")
    hand.press(story.button("Create", dialog))
    expect(page.get_by_role("heading", level=1, name="Shop orders")).to_be_visible()
    hand.press(page.get_by_role("tab", name="Identities"))
    hand.pick(page.get_by_role("combobox", name="Path"), f"_{story.tenant}.customer.email")
    hand.press(story.button("Add the identity"))
    expect(page.get_by_role("rowheader", name=f"_{story.tenant}.customer.email")).to_be_visible()
    hand.press(story.button("Enable for profiles"))
    hand.press(story.button("Enable for profiles", page.get_by_role("alertdialog")))
    expect(story.button("Enable for profiles")).to_have_count(0)


def create_a_data_set(story: Story) -> None:
    hand, page = story.hand, story.page
    story.nav("Data sets")
    hand.press(story.button("Create a data set").first)
    dialog = page.get_by_role("dialog")
    hand.write(story.textbox("Name", dialog), "Shop orders")
    hand.choose(story.picker("Schema", dialog), "Shop orders")
    hand.press(story.button("Create", dialog))
    expect(page.get_by_role("heading", level=1, name="Shop orders")).to_be_visible()


def create_an_inlet(story: Story) -> None:
    """Its address is copied from its page."""
    hand, page = story.hand, story.page
    story.nav("Inlets")
    hand.press(story.button("Create an inlet").first)
    hand.write(story.textbox("Name"), "Shop")
    hand.press(page.get_by_role("radio", name="XDM", exact=True))
    hand.choose(story.picker("Data set"), "Shop orders")
    hand.press(story.button("Create"))
    expect(page.get_by_role("heading", level=1, name="Shop")).to_be_visible()
    hand.press(story.button("Copy").first)
    expect(story.button("Copied").first).to_be_visible()
    story.inlet = page.evaluate("navigator.clipboard.readText()")
    assert "/collection/" in story.inlet


def create_an_event(story: Story) -> None:
    """What it looks like is read from its page."""
    hand, page = story.hand, story.page
    story.nav("Events")
    hand.press(story.button("Create an event").first)
    hand.write(story.textbox("Name"), "OrderPlaced")
    hand.pick(page.get_by_role("combobox", name="Schema"), "Shop orders")
    fields = page.get_by_role("searchbox", name="Search fields")
    for path, name in (("order.priceTotal", "priceTotal"), ("customer.email", "email")):
        hand.write(fields, path)
        box = page.get_by_role("checkbox", name=name, exact=True)
        hand.press(box)
        expect(box).to_be_checked()
    hand.press(story.button("Create"))
    expect(page.get_by_role("heading", level=1, name="OrderPlaced")).to_be_visible()
    hand.press(page.get_by_role("tab", name="Send a test event"))
    message = story.textbox("Message")
    expect(message).to_have_value(re.compile("xdmEntity"))
    story.event = json.loads(message.input_value())


def create_an_action(story: Story) -> None:
    """Made of a sample; its test request is answered by the receiver."""
    hand, page = story.hand, story.page
    story.nav("Actions")
    hand.press(story.button("Create an action").first)
    hand.write(story.textbox("Name"), "TellShop")
    hand.choose(story.picker("Method"), "POST")
    hand.write(story.textbox("URL"), f"{story.receiver.url}/tell")
    hand.write(story.textbox("Sample, as JSON").first, json.dumps({"to": "jane@example.com", "what": "thanks"}))
    hand.choose(page.get_by_role("button", name="How /to is filled"), "Variable")
    hand.write(story.textbox("Label of /to"), "Recipient")
    hand.press(story.button("Create"))
    expect(page.get_by_role("heading", level=1, name="TellShop")).to_be_visible()
    hand.press(page.get_by_role("tab", name="Test request"))
    hand.write(story.textbox(re.compile("^Recipient")), "jane@example.com")
    hand.press(story.button("Send test request"))
    expect(page.get_by_text("queued").first).to_be_visible()
    assert [body for _, _, body in story.receiver.messages] == [{"to": "jane@example.com", "what": "thanks"}]


def write_a_template(story: Story) -> None:
    hand, page = story.hand, story.page
    story.nav("Message templates")
    hand.press(story.button("Create a template").first)
    hand.write(story.textbox("Name"), "Thanks for much")
    hand.choose(story.picker("Category"), "Transactional")
    hand.write(story.textbox("Subject"), "Thank you, {{ profile.person.name.firstName | default: 'friend' }}")
    hand.press(page.get_by_role("radio", name="Text only"))
    hand.write(story.textbox("Text only"), "Thank you for so much.")
    hand.press(story.button("Save draft"))
    expect(page.get_by_role("heading", level=1, name="Thanks for much")).to_be_visible()
    hand.press(story.button("Publish"))
    expect(page.get_by_role("main").get_by_text("Published", exact=True)).to_be_visible()


def draw_the_journey(story: Story) -> None:
    """An event, a condition written with completion, a message and a call; nothing is wrong with them."""
    hand, page = story.hand, story.page
    story.nav("Journeys")
    hand.menu(story.button("Create a journey").first, "Blank journey")
    dialog = page.get_by_role("dialog")
    hand.write(story.textbox("Name", dialog), "Thanks for much")
    hand.press(story.button("Create and open", dialog))
    page.wait_for_url("**/versions/**")
    hand.add_activity("Event", 130, 120, after=None)
    hand.pick(in_inspector(page, "Event", "Event"), "OrderPlaced")
    hand.add_activity("Condition", 400, 120, after=("Event", "default|"))
    write_condition(story)
    hand.add_activity("Message", 680, 120, after=("Condition", "path|path1"))
    hand.pick(in_inspector(page, "Message", "Template"), "Thanks for much")
    hand.add_activity("Custom action", 330, 420, after=("Message", "default|"))
    hand.pick(in_inspector(page, "Custom action", "Action|Custom action"), "TellShop")
    inspector = page.get_by_role("complementary", name=re.compile("Settings of"))
    hand.go_to(story.textbox(re.compile("^Recipient"), inspector))
    complete(hand, "email", "email")
    expect(story.button("Nothing wrong")).to_be_visible()
    expect(page.get_by_test_id("save-state")).to_have_attribute("data-state", "saved")


def in_inspector(page: Page, kind: str, label: str) -> Locator:
    """A box of the form of an activity, once it is shown."""
    inspector = page.get_by_role("complementary", name=re.compile(f"Settings of .*{kind}"))
    return inspector.get_by_role("combobox", name=re.compile(f"^({label})"))


def write_condition(story: Story) -> None:
    """The field's name is completed from the event; the type is told as one writes."""
    hand, page = story.hand, story.page
    inspector = page.get_by_role("complementary", name=re.compile("Settings of Condition"))
    write_as_text(hand, inspector)
    hand.go_to(inspector.get_by_role("textbox", name=re.compile("Condition|Expression")).last)
    complete(hand, "priceTot", "priceTotal")
    page.keyboard.type(f" > {LIMIT}", delay=10)


def try_the_draft(story: Story) -> None:
    """A test profile goes through it: its way lights up, and the log tells it."""
    hand, page = story.hand, story.page
    hand.press(story.button("Test mode"))
    panel = page.get_by_role("complementary", name="Test mode")
    hand.press(story.button("Start test mode", panel))
    hand.pick(panel.get_by_role("combobox", name=re.compile("^Test profile")), TESTER)
    hand.write(panel.get_by_role("textbox", name=re.compile("Price|Total", re.IGNORECASE)).first, str(LIMIT + 1))
    hand.press(story.button("Send", panel))
    log = page.get_by_test_id("test-log")
    expect(log.get_by_role("button", name=re.compile(TESTER))).to_be_visible(timeout=SERVER_MS)
    expect(log.locator("ol > li")).to_have_count(4, timeout=SERVER_MS)
    expect(page.locator(".react-flow__node [data-highlighted]")).to_have_count(4)
    hand.press(story.button("End the test", panel))
    expect(story.button("Publish")).to_be_visible()


def publish(story: Story) -> None:
    hand, page = story.hand, story.page
    hand.press(story.button("Publish"))
    hand.press(story.button("Publish", page.get_by_role("alertdialog")))
    expect(page.get_by_text("Live", exact=True)).to_be_visible()


def stream(story: Story) -> None:
    """The counters on the canvas move while a hundred events stream in, to the address that was copied."""
    page = story.page
    expect(page.get_by_test_id("total-entered")).to_have_text(re.compile("^0 "))
    messages = [order(story, number) for number in range(CUSTOMERS)]
    answer = ask("POST", story.inlet.replace("/collection/", "/collection/batch/"), {"messages": messages})
    assert answer.status == 207
    assert not [one for one in answer.body["responses"] if "statusCode" in one]
    expect(page.get_by_test_id("total-entered")).to_have_text(f"{CUSTOMERS} entered", timeout=SERVER_MS)
    expect(page.get_by_test_id("total-completed")).to_have_text(f"{CUSTOMERS} completed", timeout=SERVER_MS)
    expect(activity(page, "Message")).to_contain_text(str(BIG_ORDERS))


def order(story: Story, number: int) -> dict[str, Any]:
    """One customer's order, in the form that the event's page showed."""
    message: dict[str, Any] = json.loads(json.dumps(story.event))
    entity = message["body"]["xdmEntity"]
    entity["_id"] = f"story-{number}"
    entity[f"_{story.tenant}"]["customer"]["email"] = f"customer{number:03}@example.com"
    entity["commerce"]["order"]["priceTotal"] = LIMIT + 1.0 if number < BIG_ORDERS else 10.0
    return message


def open_one_customer(story: Story) -> None:
    """Who is found by their address; what the condition saw is told."""
    hand, page = story.hand, story.page
    hand.open_activity("Condition")
    people = page.get_by_role("complementary")
    hand.press(story.button("Everyone", people))
    hand.write(people.get_by_role("searchbox"), CUSTOMER)
    page.keyboard.press("Enter")
    hand.press(people.get_by_role("button", name=re.compile(CUSTOMER)))
    way = page.get_by_role("complementary", name=re.compile("The way of customer003"))
    expect(way.get_by_role("listitem")).to_have_count(4)
    hand.press(way.get_by_text("What it saw").first)
    expect(way).to_contain_text("priceTotal")
    expect(page.locator(".react-flow__node [data-highlighted]")).to_have_count(4)


def find_the_message(story: Story) -> None:
    """What was sent is in the inbox, as the receiver would see it."""
    hand, page = story.hand, story.page
    story.nav("Message inbox")
    hand.write(page.get_by_role("searchbox", name="Recipient"), CUSTOMER)
    page.keyboard.press("Enter")
    page.wait_for_url("**address=customer003**")
    found = page.get_by_role("row", name=re.compile(CUSTOMER))
    expect(found).to_have_count(1)
    hand.press(found.get_by_role("link", name=re.compile("Thank you, friend")))
    expect(page.get_by_role("heading", name=re.compile("Thank you, friend"))).to_be_visible()
    expect(page.get_by_text(CUSTOMER).first).to_be_visible()


def ask_in_sql(story: Story) -> None:
    """The orders have landed, and are counted by the page's own box."""
    hand, page = story.hand, story.page
    story.nav("Data sets")
    hand.press(story.button("Query with SQL"))
    wanted = f"_id LIKE 'story-%' AND commerce.\"order\".priceTotal > {LIMIT}"
    hand.write(story.textbox("SQL query"), f"SELECT count(*) AS found FROM shop_orders WHERE {wanted}")
    answer = page.get_by_role("rowheader", name=re.compile(r"^\d+$"))
    page.keyboard.press("Control+Enter")
    expect(answer).to_be_visible()
    for _ in range(60):  # until what was posted has landed
        if answer.inner_text() == str(BIG_ORDERS):
            return
        with page.expect_response(re.compile("/query|/sql")):
            page.keyboard.press("Control+Enter")
        expect(story.button("Run")).to_be_enabled()
    raise AssertionError(f"the page did not show {BIG_ORDERS}: {page.get_by_role('main').inner_text()[:500]}")


def compare(story: Story) -> None:
    """A second version, with a wait; the comparison tells what came."""
    hand, page = story.hand, story.page
    story.nav("Journeys")
    hand.press(page.get_by_role("row", name=re.compile("Thanks for much")).get_by_role("link", name="1.0"))
    hand.press(page.get_by_role("link", name="Open version 1.0"))
    page.wait_for_url("**/versions/**")
    hand.menu(story.button("More"), "New version")
    expect(page.get_by_text("Version 2.0")).to_be_visible()
    hand.add_activity("End", 600, 420, after=("Custom action", "default|"))
    expect(page.get_by_test_id("save-state")).to_have_attribute("data-state", "saved")
    hand.press(page.get_by_role("link", name="All journeys"))
    hand.press(page.get_by_role("row", name=re.compile("Thanks for much")).get_by_role("link", name="1.0"))
    for version in ("1.0", "2.0"):
        box = page.get_by_role("checkbox", name=version)
        hand.press(box)
        expect(box).to_be_checked()
    hand.press(story.button("Compare the two chosen"))
    page.wait_for_url("**/compare?**")
    expect(page.get_by_text("Added").first).to_be_visible()
    expect(activity(page, "End")).to_be_visible()
