"""The example of docs/reference/actions.md whose answers are read later and that needs consent, on the real server."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import demo
import pytest
from answering import Arrived, Reply, ScriptedReceiver
from definitions import JOURNEYS
from journey_tools import instances, publish, transitions
from running import RunningServer, wait_for
from shop import Shop, stop
from test_channels import give_consents

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "actions.md"
(EXAMPLE,) = [
    one
    for one in map(json.loads, re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))
    if "answers" in one
]
GOOD, BAD = 935_001, 935_002
"""Numbers of those whose call is answered well and not."""
REFUSING = 935_003
"""Number of one who wants no offers."""


def answer(request: Arrived, _before: int) -> Reply:
    said = EXAMPLE["answers"][request.body["to"] == demo.email(BAD)]
    return Reply(said["status"], said["body"])


@pytest.fixture(scope="module")
def shop(server: RunningServer) -> Shop:
    return Shop(server)


@pytest.fixture(scope="module")
def receiver() -> ScriptedReceiver:
    return ScriptedReceiver(answer)


@pytest.fixture(scope="module")
def version(shop: Shop, receiver: ScriptedReceiver) -> Iterator[str]:
    """A journey that makes the page's call and then asks for all that the page says can be read."""
    action = {**EXAMPLE["action"], "url": receiver.url + "/offers"}
    uid = shop.platform.post(f"{JOURNEYS}/actions", action)["uid"]
    email = f"@event{{OrderPlaced._{shop.defined.tenant}.person.emailAddress}}"
    call = {"type": "customAction", "actionUid": uid, "parameters": [{"paramPath": "/to", "expression": email}]}

    def reading(said: dict[str, Any]) -> dict[str, Any]:
        text = " and ".join(f"{what} == {json.dumps(value)}" for what, value in said["read"].items())
        return {"type": "condition", "paths": [{"id": "told", "expression": text}], "otherPath": True}

    good, bad = map(reading, EXAMPLE["answers"])
    ends = {name: {"type": "end"} for name in ("a", "b", "c", "d")}
    edges = [
        ("order", "call"), ("call", "good"), ("call", "bad", "error"), ("good", "a", "path", "told"),
        ("good", "b", "other"), ("bad", "c", "path", "told"), ("bad", "d", "other"),
    ]  # fmt: skip
    found = publish(shop.platform, "Offer them", {"call": call, "good": good, "bad": bad, **ends}, edges)
    yield found
    stop(shop, found)


def instance_of(shop: Shop, version: str, number: int) -> dict[str, Any]:
    """The instance of one who orders now, once it has ended."""
    email = demo.email(number)
    shop.send(shop.order(number, f"offer-{number}"))
    wait_for(lambda: [one["status"] for one in instances(shop.platform, version, email)] == ["ended"], what="the end")
    (found,) = instances(shop.platform, version, email)
    return dict(found)


@pytest.mark.parametrize(("number", "path"), [(GOOD, "good"), (BAD, "bad")])
def test_answers_are_read_later_as_the_page_says(
    shop: Shop, version: str, receiver: ScriptedReceiver, number: int, path: str
) -> None:
    found = instance_of(shop, version, number)
    assert f"{path}:path:told" in transitions(found)
    (arrived, *_) = [one for one in receiver.arrived if one.body["to"] == demo.email(number)]
    sent = EXAMPLE["sent"]
    assert arrived.path == "/offers"
    assert arrived.headers["content-type"] == sent["headers"]["Content-Type"]
    assert arrived.body.keys() == sent["body"].keys()


def test_who_refuses_offers_is_not_called_for_and_goes_on(shop: Shop, version: str, receiver: ScriptedReceiver) -> None:
    email = demo.email(REFUSING)
    give_consents(shop, email, {"email": {"val": "n"}})
    found = instance_of(shop, version, REFUSING)
    (step,) = [one for one in found["steps"] if one["nodeId"] == "call"]
    assert (step["stepStatus"], step["detail"]["statusCode"]) == ("ended", "excluded"), step
    assert step["detail"]["reason"].startswith("noConsent")
    assert "good:other" in transitions(found)
    assert [one for one in receiver.arrived if one.body["to"] == email] == []
