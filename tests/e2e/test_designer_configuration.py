"""Events, data sources and actions in the browser: made with each authentication, changed, deleted unless in use."""

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from answering import Arrived, Reply, ScriptedReceiver
from asking import ask
from browsing import Visitor
from definitions import JOURNEYS
from hands import Mouse, write_as_text
from playwright.sync_api import Browser, Locator, Page, expect
from running import RunningServer
from shop import Shop

AUTHENTICATIONS = ["none", "basic", "apiKey", "customAuthorization"]
KIND_NAMES = {"none": "None", "basic": "Basic", "apiKey": "API key", "customAuthorization": "Token call"}
MASK = "********"


class Desk:
    """A system with a door for tokens, which keeps what it was asked."""

    def __init__(self) -> None:
        self.receiver = ScriptedReceiver(self._answer)

    @staticmethod
    def _answer(request: Arrived, _before: int) -> Reply:
        if request.path.startswith("/token"):
            assert isinstance(request.body, dict)
            return Reply(body={"access_token": f"token of {request.body['secret']}"})
        return Reply(body={"level": "gold", "points": 7})

    @property
    def url(self) -> str:
        return self.receiver.url

    def proofs(self) -> list[dict[str, str]]:
        """What each call, but those for tokens, showed of its caller."""
        shown = ("authorization", "x-key")
        calls = [one for one in self.receiver.arrived if not one.path.startswith("/token")]
        return [{name: one.headers[name] for name in shown if name in one.headers} for one in calls]


def proof(kind: str, secret: str) -> dict[str, str]:
    """What a call shows of whoever has a secret."""
    basic = base64.b64encode(f"shop:{secret}".encode()).decode()
    return {
        "none": {},
        "basic": {"authorization": f"Basic {basic}"},
        "apiKey": {"x-key": secret},
        "customAuthorization": {"authorization": f"Bearer token of {secret}"},
    }[kind]


@pytest.fixture(scope="module")
def shop(server: RunningServer) -> Shop:
    return Shop(server)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture(scope="module")
def administrator(browser: Browser, server: RunningServer, shop: Shop) -> Iterator[Visitor]:
    visitor = Visitor(browser, server)
    visitor.create_administrator()
    yield visitor
    assert visitor.errors == []
    visitor.close()


@pytest.fixture
def hand(administrator: Visitor) -> Mouse:
    return Mouse(administrator.page)


def text_of(page: Page, name: str) -> Locator:
    return page.get_by_role("textbox", name=name, exact=True)


def button(page: Page | Locator, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def choose(hand: Mouse, label: str, option: str) -> None:
    hand.choose(hand.page.get_by_role("button", name=re.compile(rf"(^|\s){label}$")).first, option)


def fill_authentication(hand: Mouse, kind: str, secret: str, desk: Desk) -> None:
    page = hand.page
    choose(hand, "Kind", KIND_NAMES[kind])
    if kind == "basic":
        hand.write(text_of(page, "User name"), "shop")
        hand.write(text_of(page, "Password"), secret)
    elif kind == "apiKey":
        hand.write(text_of(page, "Name of the header or parameter"), "X-Key")
        hand.write(text_of(page, "Key"), secret)
    elif kind == "customAuthorization":
        hand.write(text_of(page, "URL of the token call"), f"{desk.url}/token")
        hand.press(button(page, "Add parameter"))
        body = page.get_by_role("group", name="Body of the token call")
        hand.write(text_of_within(body, "Name"), "secret")
        hand.write(text_of_within(body, "Value"), secret)
        choose(hand, "Body as", "JSON")


def text_of_within(part: Locator, name: str) -> Locator:
    return part.get_by_role("textbox", name=name, exact=True)


def replace_secret(hand: Mouse, kind: str, secret: str) -> None:
    """The stored one is shown as a mask, and kept until another is typed."""
    page = hand.page
    label = {"basic": "Password", "apiKey": "Key", "customAuthorization": "Value"}[kind]
    expect(text_of(page, label)).to_have_value(MASK)
    hand.press(button(page, f"Replace: {label}"))
    hand.write(text_of(page, label), secret)


def acknowledge(page: Page, notice: str) -> None:
    """Wait for a notice and put it away, so that the same words are of another one later."""
    found = page.get_by_role("alertdialog").filter(has_text=notice)
    button(found, "Close").click()
    expect(found).to_have_count(0)


def delete(hand: Mouse) -> None:
    hand.press(button(hand.page, "Delete"))
    hand.press(button(hand.page.get_by_role("alertdialog"), "Delete"))


def expect_refusal(hand: Mouse, title: str, journey: str) -> None:
    """What is in use is not deleted; the journeys that use it are named."""
    hand.press(button(hand.page, "Delete"))
    dialog = hand.page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name=title)).to_be_visible()
    expect(dialog.get_by_role("link", name=journey)).to_be_visible()
    hand.press(button(dialog, "Close"))
    expect(dialog).to_have_count(0)


def named(shop: Shop, collection: str, name: str) -> dict[str, Any]:
    """The stored document of that name."""
    found: dict[str, Any] = next(
        one for one in shop.platform.get(f"{JOURNEYS}/{collection}")["results"] if one["name"] == name
    )
    return found


def send_test_request(hand: Mouse) -> None:
    hand.press(hand.page.get_by_role("tab", name="Test request"))
    with hand.page.expect_response(lambda answer: answer.request.method == "POST"):
        hand.press(button(hand.page, "Send test request"))
    expect(hand.page.get_by_text("gold").first).to_be_visible()
    hand.press(hand.page.get_by_role("tab", name="Definition"))


@pytest.mark.parametrize("kind", AUTHENTICATIONS)
def test_an_action_with_its_authentication(
    administrator: Visitor, hand: Mouse, shop: Shop, desk: Desk, kind: str
) -> None:
    """Made, tried, its secret replaced, tried again, deleted."""
    page = administrator.open("/actions/new")
    name = f"Tell_{kind}"
    hand.write(text_of(page, "Name"), name)
    choose(hand, "Method", "POST")
    hand.write(text_of(page, "URL"), f"{desk.url}/tell")
    hand.write(text_of(page, "Sample, as JSON").first, json.dumps({"what": "thanks"}))
    fill_authentication(hand, kind, "first secret", desk)
    hand.press(button(page, "Create"))
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
    acknowledge(page, "The action is saved")
    stored = named(shop, "actions", name)["authentication"]
    assert stored["type"] == kind
    assert "first secret" not in json.dumps(stored)
    send_test_request(hand)
    assert desk.proofs() == [proof(kind, "first secret")]

    hand.write(text_of(page, "Description"), "Of the shop")
    if kind != "none":
        replace_secret(hand, kind, "second secret")
    hand.press(button(page, "Save"))
    acknowledge(page, "The action is saved")
    assert named(shop, "actions", name)["description"] == "Of the shop"
    send_test_request(hand)
    assert desk.proofs()[1:] == [proof(kind, "second secret")]

    delete(hand)
    expect(page.get_by_role("heading", level=1, name="Actions")).to_be_visible()
    expect(page.get_by_role("link", name="SendMessage")).to_be_visible()
    expect(page.get_by_role("link", name=name)).to_have_count(0)


@pytest.mark.parametrize("kind", AUTHENTICATIONS)
def test_a_data_source_with_its_authentication(
    administrator: Visitor, hand: Mouse, shop: Shop, desk: Desk, kind: str
) -> None:
    """Made with a field group, asked, its secret replaced, asked again, deleted."""
    page = administrator.open("/data-sources/new")
    name = f"Tiers_{kind}"
    hand.write(text_of(page, "Name").first, name)
    hand.write(text_of(page, "URL"), f"{desk.url}/tiers")
    fill_authentication(hand, kind, "first secret", desk)
    group = page.get_by_role("group", name="New field group")
    if group.count() == 0:
        hand.press(button(page, "Add a field group"))
    hand.write(text_of_within(group, "Name"), "tier")
    group = page.get_by_role("group", name="tier")
    hand.choose(group.get_by_role("button", name=re.compile(r"(^|\s)Method$")), "POST")
    hand.write(group.get_by_role("textbox", name="Sample of the answer (JSON)"), '{"level": "x", "points": 1}')
    hand.press(button(page, "Create"))
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
    acknowledge(page, "The data source is saved")
    stored = named(shop, "dataSources", name)
    assert (stored["authentication"]["type"], stored["fieldGroups"][0]["name"]) == (kind, "tier")
    assert "first secret" not in json.dumps(stored)
    ask_source(hand)
    assert desk.proofs()[-1] == proof(kind, "first secret")

    hand.write(text_of(page, "Description"), "Of the shop")
    if kind != "none":
        replace_secret(hand, kind, "second secret")
    hand.press(button(page, "Save"))
    acknowledge(page, "The data source is saved")
    asked = len(desk.proofs())
    ask_source(hand)
    assert desk.proofs()[asked:] == [proof(kind, "second secret")]

    delete(hand)
    expect(page.get_by_role("heading", level=1, name="Data sources")).to_be_visible()
    expect(page.get_by_role("link", name=name)).to_have_count(0)
    assert name not in [one["name"] for one in shop.platform.get(f"{JOURNEYS}/dataSources")["results"]]


def ask_source(hand: Mouse) -> None:
    with hand.page.expect_response(lambda answer: answer.request.method == "POST"):
        hand.press(button(hand.page, "Send test request"))
    expect(hand.page.get_by_text("gold").first).to_be_visible()


@pytest.mark.parametrize("by_rule", [False, True])
def test_an_event_made_changed_and_deleted(administrator: Visitor, hand: Mouse, shop: Shop, by_rule: bool) -> None:
    page = administrator.open("/events/new")
    name = "Ruled" if by_rule else "Generated"
    hand.write(text_of(page, "Name"), name)
    if by_rule:
        choose(hand, "Id", "Rule based")
    hand.pick(page.get_by_role("combobox", name="Schema"), "Order events")
    hand.write(page.get_by_role("searchbox", name="Search fields"), "order.priceTotal")
    hand.press(page.get_by_role("checkbox", name="priceTotal", exact=True))
    if by_rule:
        part = page.get_by_role("group", name="Condition")
        write_as_text(hand, part)
        hand.go_to(part.get_by_role("textbox").last)
        page.keyboard.insert_text(f'@event{{{name}.eventType}} == "commerce.purchases"')
    hand.press(button(page, "Create"))
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
    stored = named(shop, "events", name)
    assert stored["idType"] == ("ruleBased" if by_rule else "systemGenerated")
    assert "/commerce/order/priceTotal" in stored["fields"]

    hand.press(button(page, "Edit"))
    hand.write(text_of(page, "Description"), "When somebody pays")
    hand.press(button(page, "Save"))
    expect(button(page, "Edit")).to_be_visible()  # the form is left
    expect(page.get_by_text("When somebody pays")).to_be_visible()
    assert named(shop, "events", name)["description"] == "When somebody pays"

    delete(hand)
    expect(page.get_by_role("heading", level=1, name="Events")).to_be_visible()
    expect(page.get_by_role("link", name="OrderPlaced")).to_be_visible()
    expect(page.get_by_role("link", name=name)).to_have_count(0)


def test_what_a_journey_uses_is_not_deleted_and_the_journey_is_named(
    administrator: Visitor, hand: Mouse, shop: Shop, desk: Desk
) -> None:
    group = {"name": "tier", "responsePayload": {"level": "x"}}
    source = shop.platform.post(
        f"{JOURNEYS}/dataSources", {"name": "Tiers", "url": desk.url, "fieldGroups": [group]}
    )["uid"]  # fmt: skip
    event = named(shop, "events", "OrderPlaced")["uid"]
    condition = {"type": "condition", "paths": [{"id": "p", "expression": '#{Tiers.tier.level} == "gold"'}]}
    made = shop.platform.post(
        f"{JOURNEYS}/journeys",
        {
            "name": "Uses everything",
            "entry": {"node": "order"},
            "nodes": {"order": {"type": "event", "eventUid": event}, "gold": condition, "call": shop.message("x")},
            "edges": [{"from": "order", "to": "gold"}, {"from": "gold", "to": "call", "kind": "path", "path": "p"}],
        },
    )
    for address, name in (
        (f"/events/{event}", "OrderPlaced"), (f"/data-sources/{source}", "Tiers"),
        (f"/actions/{shop.action_uid}", "SendMessage"),
    ):  # fmt: skip
        administrator.open(address)
        expect_refusal(hand, f"{name} is in use", "Uses everything")
    answer = ask("DELETE", f"{shop.server.url}{JOURNEYS}/journeys/{made['uid']}", headers=shop.platform.headers)
    assert answer.status in (200, 204)
    administrator.open(f"/data-sources/{source}")
    delete(hand)
    expect(hand.page.get_by_role("heading", level=1, name="Data sources")).to_be_visible()
    assert source not in [one["uid"] for one in shop.platform.get(f"{JOURNEYS}/dataSources")["results"]]
