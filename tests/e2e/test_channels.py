"""Messages from a template to the inbox, on the real server: journey, rendering, consent, suppression, reactions."""

from datetime import UTC, datetime, timedelta
from typing import Any

import demo
import pytest
from asking import ask, query
from definitions import (
    FOUNDATION,
    JOURNEYS,
    XDM_FULL,
    enable_for_profile,
    make_connection,
    make_dataset,
    make_flow,
    make_identity,
)
from journey_tools import instances, publish, transitions
from running import RunningServer, wait_for
from shop import VERSIONS, Shop, stop
from test_bulk_loads import LOOKUPS
from test_bulk_loads import Shop as Products

from outcome_rows import counted

TEMPLATES = f"{JOURNEYS}/messageTemplates"
HTML = """<html><body><p>Hello {{ profile.person.name.firstName | default: "you" }},
your order of {{ event.commerce.order.priceTotal }} is {{ params.state }}.</p>
<a href="https://shop.example/offer?a=1&amp;b=2">Offer</a> <a href="{{ links.unsubscribe }}">Leave</a></body></html>"""


@pytest.fixture(scope="module")
def shop(server: RunningServer) -> Shop:
    return Shop(server)


def template(shop: Shop, name: str, **changes: Any) -> str:
    """A published template's uid."""
    body = {
        "name": name,
        "channel": "email",
        "parameters": [{"name": "state"}],
        "content": {"subject": "Order {{ params.state }}", "html": HTML},
        **changes,
    }
    uid: str = shop.platform.post(TEMPLATES, body)["uid"]
    assert shop.platform.post(f"{TEMPLATES}/{uid}/publish")["state"] == "published"
    return uid


def message(uid: str, channel: str = "email", **more: Any) -> dict[str, Any]:
    parameters = [{"paramPath": "state", "expression": '"on its way"'}]
    return {"type": "message", "channel": channel, "templateUid": uid, "parameters": parameters, **more}


def inbox(shop: Shop, address: str) -> list[dict[str, Any]]:
    """What the inbox has for an address, the latest first."""
    found: list[dict[str, Any]] = shop.platform.get(query(f"{JOURNEYS}/inbox", address=address))["results"]
    return found


def test_an_order_leads_to_an_email_in_the_inbox(shop: Shop) -> None:
    """The template reads event, parameter and profile; the individual goes on; what became of it is counted."""
    uid = template(shop, "Order state")
    edges = [("order", "mail"), ("mail", "after")]
    version = publish(shop.platform, "Mail an order", {"mail": message(uid), "after": {"type": "end"}}, edges)
    email = demo.email(900_001)
    shop.send(shop.order(900_001, "mail-1", total=12.5))
    wait_for(lambda: inbox(shop, email), what="the e-mail")
    (kept,) = inbox(shop, email)
    assert (kept["title"], kept["journeyVersionUid"], kept["nodeId"]) == ("Order on its way", version, "mail")
    whole = shop.platform.get(f"{JOURNEYS}/inbox/{kept['id']}")
    html, text = whole["content"]["html"], whole["content"]["text"]
    assert "Hello you" in html
    assert "12.5 is on its way" in text
    assert "https://shop.example" not in html  # the link is tracked
    wait_for(lambda: instances(shop.platform, version, email)[0]["status"] == "ended", what="the end")
    (instance,) = instances(shop.platform, version, email)
    assert transitions(instance) == ["order:default", "mail:default"]
    told = shop.platform.get(f"{JOURNEYS}/messages/{kept['messageId']}")
    assert (told["status"], told["provider"], told["identity"]) == ("delivered", "inbox", email)
    assert {one["status"] for one in told["events"]} == {"sent", "delivered"}
    report = shop.platform.get(f"{VERSIONS}/{version}/messages/report")
    assert report["nodes"]["mail"]["sent"] == {"messages": 1, "events": 1}
    stop(shop, version)


def test_a_message_shows_the_rows_of_a_lookup(shop: Shop) -> None:
    """As they were when the message was decided, in a loop and by their place."""
    products = Products(shop.platform)
    shop.platform.patch(f"{LOOKUPS}/{products.dataset_id}/enable", None)
    products.send(shop.server, {"lamp": 12.5, "rug": 80.0})
    wait_for(lambda: products.prices("lamp", "rug") == [12.5, 80.0], what="the rows")
    rows = "context.journey.datasetLookup.bought.entities"
    subject = f"{{{{ {rows}[1].{products.field}.sku }}}} and {{{{ {rows}.size }}}} in all"
    row = f"{{{{ row.{products.field}.sku }}}}={{{{ row.{products.field}.price }}}};"
    text = f"{{% for row in {rows} %}}{row}{{% endfor %}}"
    uid = template(shop, "Bought", parameters=[], content={"subject": subject, "html": f"<p>{text}</p>"})
    entity = {products.field: {"sku": "rug", "price": 1}}
    values = {"context": {"journey": {"datasetLookup": {"bought": {"entities": [entity, entity]}}}}}
    shown = shop.platform.post(f"{TEMPLATES}/{uid}/preview", values)
    assert shown["subject"] == "rug and 2 in all"
    lookup = {
        "type": "datasetLookup", "label": "bought", "dataSetId": products.dataset_id, "keys": 'list("lamp", "rug")',
    }  # fmt: skip
    mail = {"type": "message", "channel": "email", "templateUid": uid}
    version = publish(shop.platform, "Mail rows", {"look": lookup, "mail": mail}, [("order", "look"), ("look", "mail")])
    email = demo.email(900_010)
    shop.send(shop.order(900_010, "mail-10"))
    wait_for(lambda: inbox(shop, email), what="the e-mail")
    (kept,) = inbox(shop, email)
    assert kept["title"] == "rug and 2 in all"
    html = shop.platform.get(f"{JOURNEYS}/inbox/{kept['id']}")["content"]["html"]
    assert "lamp=12.5;rug=80.0;" in html
    stop(shop, version)


def test_a_suppressed_address_is_left_out_and_the_individual_goes_on(shop: Shop) -> None:
    uid = template(shop, "To a dead address")
    version = publish(
        shop.platform, "Mail nobody", {"mail": message(uid), "after": {"type": "end"}},
        [("order", "mail"), ("mail", "after")],
    )  # fmt: skip
    email = demo.email(900_002)
    body = {"channel": "email", "address": email.upper(), "reason": "hardBounce"}
    shop.platform.post(f"{JOURNEYS}/suppressions", body)
    with counted(shop.server.metrics, "email", "an address is suppressed"):
        shop.send(shop.order(900_002, "mail-2"))
        wait_for(lambda: [i["status"] for i in instances(shop.platform, version, email)] == ["ended"], what="the end")
    (instance,) = instances(shop.platform, version, email)
    (step,) = [s for s in instance["steps"] if s["nodeId"] == "mail" and s.get("transition")]
    assert step["detail"]["statusCode"] == "excluded"
    assert step["detail"]["reason"].startswith("hardBounce")
    assert inbox(shop, email) == []
    report = shop.platform.get(f"{VERSIONS}/{version}/messages/report")
    assert report["nodes"]["mail"] == {"excluded": {"messages": 1, "events": 1}}
    found = shop.platform.get(query(f"{JOURNEYS}/suppressions", channel="email", address=email))["results"]
    assert [one["reason"] for one in found] == ["hardBounce"]
    url = query(f"{shop.server.url}{JOURNEYS}/suppressions", channel="email", address=email)
    assert ask("DELETE", url, None, shop.platform.headers).status == 204
    shop.send(shop.order(900_002, "mail-2-again"))
    wait_for(lambda: inbox(shop, email), what="the e-mail once the address is taken off the list")
    stop(shop, version)


def test_a_missing_field_of_a_strict_template_takes_the_alternative_path(shop: Shop) -> None:
    uid = template(
        shop, "Strict", missing="strict", parameters=[],
        content={"subject": "Hello {{ profile.nobody.has.this }}", "text": "x"},
    )  # fmt: skip
    nodes = {
        "mail": {"type": "message", "channel": "email", "templateUid": uid},
        "good": {"type": "end"},
        "bad": {"type": "end"},
    }
    edges = [("order", "mail"), ("mail", "good"), ("mail", "bad", "error")]
    version = publish(shop.platform, "Mail strictly", nodes, edges)
    email = demo.email(900_003)
    with counted(shop.server.metrics, "email", "a template names a missing field"):
        shop.send(shop.order(900_003, "mail-3"))
        wait_for(lambda: [i["status"] for i in instances(shop.platform, version, email)] == ["ended"], what="the end")
    (instance,) = instances(shop.platform, version, email)
    assert transitions(instance) == ["order:default", "mail:error"]
    (step,) = [s for s in instance["steps"] if s["nodeId"] == "mail" and s.get("transition")]
    assert step["detail"]["statusCode"] == "templateMissingField"
    stop(shop, version)


@pytest.mark.parametrize(
    ("number", "html", "code"),
    [
        (900_004, "{% for a in (1..200) %}{% for b in (1..200) %}x{% endfor %}{% endfor %}", "templateTooLong"),
        (
            900_005,
            '{% assign s = "x" %}{% for a in (1..40) %}{% assign s = s | append: s %}{% endfor %}',
            "templateTooLarge",
        ),
    ],
)
def test_a_template_without_measure_sends_nothing(shop: Shop, number: int, html: str, code: str) -> None:
    uid = template(shop, code, parameters=[], content={"subject": "Hello", "html": html})
    nodes = {"mail": {"type": "message", "channel": "email", "templateUid": uid}, "bad": {"type": "end"}}
    edges = [("order", "mail"), ("mail", "bad", "error")]
    version = publish(shop.platform, f"Mail {code}", nodes, edges)
    email = demo.email(number)
    with counted(shop.server.metrics, "email", "a template loops without measure or grows too large"):
        shop.send(shop.order(number, f"mail-{code}"))
        wait_for(lambda: [i["status"] for i in instances(shop.platform, version, email)] == ["ended"], what="the end")
    (instance,) = instances(shop.platform, version, email)
    (step,) = [s for s in instance["steps"] if s["nodeId"] == "mail" and s.get("transition")]
    assert step["detail"]["statusCode"] == code
    assert inbox(shop, email) == []
    stop(shop, version)


@pytest.mark.parametrize(
    ("address", "code"),
    [('""', "addressMissing"), (f'"{"a" * 10_000}@example.com"', "addressInvalid"), ('"no address"', "addressInvalid")],
)
def test_what_is_no_address_is_an_error_of_the_activity(shop: Shop, address: str, code: str) -> None:
    uid = template(shop, f"No address {abs(hash(address))}")
    nodes = {"mail": message(uid, address=address), "good": {"type": "end"}}
    version = publish(shop.platform, "Mail badly", nodes, [("order", "mail"), ("mail", "good")])
    number = 900_010 + len(address)
    email = demo.email(number)
    with counted(shop.server.metrics, "email", "an address of 10 000 characters"):
        shop.send(shop.order(number, f"mail-bad-{len(address)}"))
        wait_for(lambda: [i["status"] for i in instances(shop.platform, version, email)] == ["error"], what="the error")
    (instance,) = instances(shop.platform, version, email)
    assert instance["steps"][-1]["detail"]["statusCode"] == code
    stop(shop, version)


def test_a_reaction_hears_that_the_message_was_sent(shop: Shop) -> None:
    uid = template(shop, "Sms", channel="sms", content={"body": "Your order is {{ params.state }}"})
    nodes = {
        "sms": message(uid, "sms", address='"+33 6 12 34 56 78"'),
        "left": {"type": "reaction", "actionNodeId": "sms", "reactions": ["sent"]},
        "after": {"type": "end"},
    }
    edges = [("order", "sms"), ("sms", "left"), ("left", "after")]
    version = publish(shop.platform, "Text and hear", nodes, edges)
    shop.send(shop.order(900_020, "sms-1"))
    email = demo.email(900_020)
    wait_for(lambda: [i["status"] for i in instances(shop.platform, version, email)] == ["ended"], what="the end")
    (instance,) = instances(shop.platform, version, email)
    assert transitions(instance)[:3] == ["order:default", "sms:default", "left:default"]
    assert [one["title"] for one in inbox(shop, "+33612345678")] == ["Your order is on its way"]
    stop(shop, version)


def test_the_inbox_is_read_on_the_command_line(shop: Shop) -> None:
    uid = template(shop, "Read on the command line")
    version = publish(
        shop.platform, "Mail for a terminal", {"mail": message(uid), "after": {"type": "end"}},
        [("order", "mail"), ("mail", "after")],
    )  # fmt: skip
    email = demo.email(900_030)
    shop.send(shop.order(900_030, "cli-1"))
    wait_for(lambda: inbox(shop, email), what="the e-mail")
    listed = shop.server.command("inbox", "--address", email)
    assert listed.returncode == 0, listed.stderr
    assert "Order on its way" in listed.stdout
    number = str(inbox(shop, email)[0]["id"])
    shown = shop.server.command("inbox", number)
    assert "your order of 10.0 is on its way" in shown.stdout
    source = shop.server.command("inbox", number, "--source")
    assert f"To: {email}" in source.stdout
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in source.stdout
    assert shop.server.command("inbox", "999999").returncode == 1
    stop(shop, version)


def give_consents(shop: Shop, email: str, marketing: dict[str, Any]) -> None:
    """Write a person's profile with consents, over a schema made for them."""
    base = "https://ns.adobe.com/xdm/"
    groups = ("context/profile", "mixins/profile-consents", "context/profile-person-details", "context/identitymap")
    parts = [{"$ref": base + group} for group in (*groups, "context/profile-personal-details")]
    body = {"type": "object", "title": f"People with consents: {email}", "allOf": parts}
    schema = shop.platform.post(f"{FOUNDATION}/schemaregistry/tenant/schemas", body)
    make_identity(shop.platform, schema["$id"], "/personalEmail/address")
    enable_for_profile(shop.platform, schema["meta:altId"])
    dataset = make_dataset(shop.platform, f"People with consents {email}", schema["$id"])
    connection, inlet = make_connection(shop.platform, f"Consents {email}", {"dataType": "xdm"})
    flow = make_flow(shop.platform, f"Consents {email}", connection, schema["$id"], dataset)
    reference = {"id": schema["$id"], "contentType": XDM_FULL}
    entity = {
        "_id": email, "personalEmail": {"address": email}, "person": {"name": {"firstName": "Jane"}},
        "consents": {"marketing": marketing},
    }  # fmt: skip
    header = {"schemaRef": reference, "flowId": flow, "datasetId": dataset}
    answer = ask("POST", inlet, {"header": header, "body": {"xdmMeta": {"schemaRef": reference}, "xdmEntity": entity}})
    assert answer.status == 200, answer.body
    path = "/data/core/ups/access/entities"
    asked = {"schema.name": "_xdm.context.profile", "entityId": email, "entityIdNS": "Email"}
    url = query(shop.server.url + path, **asked)
    wait_for(lambda: ask("GET", url, None, shop.platform.headers).status == 200, what="the profile")


def test_who_refuses_marketing_gets_none(shop: Shop) -> None:
    """Consent stands in the profile; a transactional message needs none."""
    email = demo.email(900_031)
    give_consents(shop, email, {"email": {"val": "n"}})
    marketing, invoice = template(shop, "Marketing"), template(shop, "Invoice", category="transactional")
    nodes = {"ad": message(marketing), "bill": message(invoice), "after": {"type": "end"}}
    version = publish(shop.platform, "Ads and bills", nodes, [("order", "ad"), ("ad", "bill"), ("bill", "after")])
    shop.send(shop.order(900_031, "consent-1"))
    wait_for(lambda: [i["status"] for i in instances(shop.platform, version, email)] == ["ended"], what="the end")
    (instance,) = instances(shop.platform, version, email)
    (step,) = [s for s in instance["steps"] if s["nodeId"] == "ad" and s.get("transition")]
    assert step["detail"]["reason"].startswith("noConsent")
    assert [one["nodeId"] for one in inbox(shop, email)] == ["bill"]
    stop(shop, version)


def test_an_unsubscription_withdraws_the_profiles_consent(shop: Shop) -> None:
    email = demo.email(900_032)
    give_consents(shop, email, {"email": {"val": "y"}})
    uid = template(shop, "Leave by the inbox")
    version = publish(
        shop.platform, "Ads to leave", {"mail": message(uid), "after": {"type": "end"}},
        [("order", "mail"), ("mail", "after")],
    )  # fmt: skip
    shop.send(shop.order(900_032, "withdraw-1"))
    wait_for(lambda: inbox(shop, email), what="the e-mail")
    whole = shop.platform.get(f"{JOURNEYS}/inbox/{inbox(shop, email)[0]['id']}")
    assert "Hello Jane" in whole["content"]["html"]
    url = next(one["value"] for one in whole["headers"] if one["name"] == "List-Unsubscribe").strip("<>")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert ask("POST", url, b"List-Unsubscribe=One-Click", form).status == 200
    asked = {"schema.name": "_xdm.context.profile", "entityId": email, "entityIdNS": "Email"}

    def choice() -> Any:
        (found,) = shop.platform.get(query("/data/core/ups/access/entities", **asked)).values()
        return found["entity"]["consents"]["marketing"]["email"]["val"]

    wait_for(lambda: choice() == "n", what="the consent's withdrawal")
    stop(shop, version)


def test_one_call_sends_one_message(shop: Shop) -> None:
    uid = template(shop, "Cart abandoned", channel="sms", content={"body": "{{ params.state }}, {{ event.state }}"})
    base = "/acme/campaign/mcacme/EVTCart abandoned".replace(" ", "%20")
    phone = "+33612340001"
    sent = shop.platform.post(base, {"mobilePhone": "0033612340001", "ctx": {"state": "ready"}})
    assert sent["mobilePhone"] == phone
    wait_for(lambda: shop.platform.get(f"{base}/{sent['PKey']}")["status"] == "sent", what="the message")
    assert [one["title"] for one in inbox(shop, phone)] == ["ready, ready"]
    later = shop.platform.post(
        f"/acme/campaign/mcacme/{uid}",
        {"mobilePhone": "+33612340002", "ctx": {"state": "x"}, "scheduled": soon()},
    )
    assert later["status"] == "scheduled"
    url = f"{shop.server.url}/acme/campaign/mcacme/{uid}/{later['PKey']}"
    assert ask("DELETE", url, None, shop.platform.headers).status == 204
    assert ask("DELETE", url, None, shop.platform.headers).status == 409
    assert shop.platform.get(f"/acme/campaign/mcacme/{uid}/{later['PKey']}")["status"] == "cancelled"
    for wrong in ({"email": "a@b.c"}, {"mobilePhone": "+33612340001"}, {"mobilePhone": "no", "ctx": {"state": "x"}}):
        answer = ask(
            "POST", shop.server.url + base, wrong, {**shop.platform.headers, "Content-Type": "application/json"}
        )
        assert answer.status == 400, answer.body
    nobody = ask("POST", shop.server.url + "/a/campaign/b/EVTnothing", {"email": "a@b.c"}, shop.platform.headers)
    assert nobody.status == 404
    assert inbox(shop, "+33612340002") == []


def soon() -> str:
    """An hour from now."""
    return (datetime.now(UTC) + timedelta(hours=1)).isoformat(sep=" ", timespec="milliseconds")


def test_a_proof_shows_the_draft_before_anything_is_published(shop: Shop) -> None:
    content = {"body": "Draft for {{ profile.name }}"}
    uid = shop.platform.post(TEMPLATES, {"name": "Only a draft", "channel": "sms", "content": content})["uid"]
    shown = shop.platform.post(f"{TEMPLATES}/{uid}/preview", {"profile": {}})
    assert (shown["body"], shown["missing"]) == ("Draft for ", ["profile.name"])
    body = {"addresses": ["+33612340009"], "profile": {"name": "Jane"}}
    (sent,) = shop.platform.post(f"{TEMPLATES}/{uid}/proof", body)["sent"]
    wait_for(lambda: inbox(shop, "+33612340009"), what="the proof")
    (kept,) = inbox(shop, "+33612340009")
    assert (kept["title"], kept["messageId"]) == ("Draft for Jane", sent["messageId"])
    url = f"{shop.server.url}{TEMPLATES}/{uid}/proof"
    for wrong in ({}, {"addresses": []}, {"addresses": ["no"]}, {"addresses": ["+33612340009"], "more": 1}):
        assert ask("POST", url, wrong, shop.platform.headers).status == 400
