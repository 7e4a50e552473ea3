"""Approval in the designer: a policy, a request, changes wanted, the approval; each by another person's browser."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from asking import ask
from browsing import PASSWORD, Visitor
from definitions import JOURNEYS
from journey_tools import event_uid
from playwright.sync_api import Browser, Locator, Page, expect
from running import RunningServer
from shop import Shop


@dataclass
class World:
    shop: Shop
    ada: Visitor
    """Administers."""
    dora: Visitor
    """Designs."""
    leo: Visitor
    """Approves where a policy names him."""

    def draft(self, name: str) -> tuple[str, str]:
        """(version uid, path of its page) of a journey by dora."""
        document = {
            "name": name,
            "entry": {"node": "order"},
            "nodes": {"order": {"type": "event", "eventUid": event_uid(self.shop.platform)}, "end": {"type": "end"}},
            "edges": [{"from": "order", "to": "end"}],
        }
        made = self.shop.platform.post(f"{JOURNEYS}/journeys", document)
        return made["versionUid"], f"/journeys/{made['uid']}/versions/{made['versionUid']}"


def join(browser: Browser, server: RunningServer, shop: Shop, name: str, locale: str = "en-US") -> Visitor:
    who = {"email": f"{name.lower()}@example.com", "name": name, "roles": ["standard-user"]}
    invited = shop.platform.post("/parcours/users", who)
    token = invited["invitationUrl"].partition("#")[2]
    assert ask("POST", f"{server.url}/parcours/join", {"token": token, "password": PASSWORD}).status == 201
    visitor = Visitor(browser, server, locale=locale)
    answer = visitor.context.request.post("/parcours/session", data={"email": who["email"], "password": PASSWORD})
    assert answer.ok, answer.text()
    return visitor


@pytest.fixture(scope="module")
def world(browser: Browser, server: RunningServer) -> Iterator[World]:
    shop = Shop(server)
    ada = Visitor(browser, server)
    ada.create_administrator()
    made = World(shop, ada, join(browser, server, shop, "Dora"), join(browser, server, shop, "Leo"))
    yield made
    for visitor in (made.ada, made.dora, made.leo):
        assert visitor.errors == []
        visitor.close()


def button(place: Page | Locator, name: str) -> Locator:
    return place.get_by_role("button", name=name, exact=True)


def decide(page: Page, verb: str, comment: str) -> None:
    """Press the button, write the comment in the dialog, send."""
    button(page, verb).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name=re.compile("^Comment")).fill(comment)
    button(dialog, verb).click()
    expect(dialog).to_be_hidden()


@pytest.mark.timeout(600)
def test_a_journey_is_requested_sent_back_and_approved_by_another_person(world: World) -> None:
    page = world.ada.open("/approval-policies")
    expect(page.get_by_text("Journeys need no approval")).to_be_visible()
    button(page, "New approval policy").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("Legal")
    expect(button(dialog, "Save")).to_be_disabled()  # nobody may approve yet
    dialog.get_by_role("group", name="Users", exact=True).get_by_role("checkbox", name=re.compile("^Leo")).click()
    assert world.ada.complaints_of_axe() == []
    button(dialog, "Save").click()
    expect(dialog).to_be_hidden()
    row = page.get_by_role("row", name=re.compile("Legal"))
    expect(row).to_contain_text("All journeys")
    expect(row).to_contain_text("Leo")

    uid, path = world.draft("Thanks")
    draws = world.dora.open(path)
    expect(button(draws, "Request approval")).to_be_visible()
    expect(button(draws, "Publish")).to_have_count(0)
    decide(draws, "Request approval", "for Monday")
    expect(draws.get_by_text("In review", exact=True)).to_be_visible()
    panel = draws.get_by_role("complementary", name="Approval")
    expect(panel).to_contain_text("somebody else approves")
    expect(button(draws, "Approve and publish")).to_have_count(0)
    expect(button(draws, "Undo")).to_have_count(0)
    assert world.dora.complaints_of_axe() == []

    reads = world.leo.open("/journeys")
    expect(reads.get_by_role("heading", name="One journey waits for your approval")).to_be_visible()
    assert world.leo.complaints_of_axe() == []
    reads.get_by_role("link", name="Thanks, version 1.0").click()
    expect(reads.get_by_role("complementary", name="Approval")).to_contain_text("for Monday")
    button(reads, "Request changes").click()
    dialog = reads.get_by_role("dialog")
    expect(button(dialog, "Request changes")).to_be_disabled()  # it says which
    assert world.leo.complaints_of_axe() == []
    dialog.get_by_role("textbox", name=re.compile("^Comment")).fill("thank them twice")
    button(dialog, "Request changes").click()
    expect(dialog).to_be_hidden()
    expect(reads.get_by_text("Draft", exact=True)).to_be_visible()

    draws.reload()
    button(draws, "More").click()
    draws.get_by_role("menuitem", name="Approval").click()
    expect(draws.get_by_role("complementary", name="Approval")).to_contain_text("thank them twice")
    decide(draws, "Request approval", "twice it is")

    reads.goto(path)
    decide(reads, "Approve and publish", "fine")
    expect(reads.get_by_text("Live", exact=True).first).to_be_visible()
    assert world.shop.platform.get(f"{JOURNEYS}/journeyVersions/{uid}")["status"] == "Deployed"
    found = world.shop.platform.get(f"{JOURNEYS}/journeyVersions/{uid}/approval")["requests"]
    assert [(one["state"], one["requestedBy"]) for one in found] == [
        ("approved", "dora@example.com"),
        ("changesRequested", "dora@example.com"),
    ]
    reads.goto("/journeys")
    expect(reads.get_by_role("heading", name="Journeys", exact=True)).to_be_visible()
    expect(reads.get_by_text("your approval")).to_have_count(0)


@pytest.mark.timeout(600)
def test_a_request_is_taken_back_in_french(world: World, browser: Browser, server: RunningServer) -> None:
    policy = {"name": "Juridique", "approvers": {"users": ["leo@example.com"]}}
    world.shop.platform.post(f"{JOURNEYS}/approvalPolicies", policy)
    uid, path = world.draft("Merci")
    visitor = join(browser, server, world.shop, "Zoe", "fr-FR")
    page = visitor.open(path)
    button(page, "Demander l’approbation").click()
    button(page.get_by_role("dialog"), "Demander l’approbation").click()
    expect(page.get_by_text("En révision", exact=True)).to_be_visible()
    listed = visitor.open("/journeys?status=%5B%22In+Review%22%5D")
    expect(listed.get_by_role("row", name=re.compile("Merci"))).to_contain_text("En révision")
    page = visitor.open(path)
    button(page, "Annuler la demande").click()
    button(page.get_by_role("dialog"), "Annuler la demande").click()
    expect(page.get_by_text("Brouillon", exact=True)).to_be_visible()
    assert world.shop.platform.get(f"{JOURNEYS}/journeyVersions/{uid}")["status"] == "Draft"
    assert visitor.errors == []
    visitor.close()
