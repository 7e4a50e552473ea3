"""The whole way out: an event, a loyalty service asked on the way, an e-mail, its link clicked, a push notification."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import demo
import pytest
from asking import ask, query
from definitions import JOURNEYS
from journey_tools import instances, publish, transitions
from running import RunningServer, wait_for
from shop import Shop, stop
from test_channels import inbox
from test_data_sources import Source
from test_simulate_commands import parcours

TEMPLATES = f"{JOURNEYS}/messageTemplates"
HTML = '<html><body><p>{{ params.level }} member</p><a href="https://shop.example/gold">Gold offer</a></body></html>'
SLOW_S = 0.3
CUSTOMERS = 6


@pytest.fixture(scope="module")
def shop(server: RunningServer) -> Shop:
    return Shop(server)


@pytest.fixture
def loyalty() -> Iterator[Source]:
    """Slow, and failing the first time it is asked."""
    source = Source(lambda mode, before: "500" if before == 0 else mode)
    source.delay_s = SLOW_S
    yield source
    source.close()


def published(shop: Shop, name: str, channel: str, content: dict[str, Any], *parameters: str) -> str:
    body = {
        "name": name, "channel": channel, "content": content, "parameters": [{"name": one} for one in parameters],
    }  # fmt: skip
    uid: str = shop.platform.post(TEMPLATES, body)["uid"]
    shop.platform.post(f"{TEMPLATES}/{uid}/publish")
    return uid


def story(shop: Shop, mail: str, push: str) -> tuple[dict[str, Any], list[tuple[str, ...]]]:
    level = '#{Loyalty.tier.level, params: {mode: "good"}}'
    nodes: dict[str, Any] = {
        "gold": {
            "type": "condition", "paths": [{"id": "gold", "expression": f'{level} == "gold"'}], "otherPath": True,
        },
        "mail": {
            "type": "message", "channel": "email", "templateUid": mail,
            "parameters": [{"paramPath": "level", "expression": level}],
        },
        "clicked": {
            "type": "reaction", "actionNodeId": "mail", "reactions": ["clicked"],
            "timeout": {"value": 2, "unit": "days", "path": True},
        },
        "push": {
            "type": "message", "channel": "push", "templateUid": push, "address": '"device-of-" + "jane"',
        },
        "thanked": {"type": "end"}, "silent": {"type": "end"}, "plain": {"type": "end"}, "unknown": {"type": "end"},
    }  # fmt: skip
    nodes["push"]["address"] = f"@event{{OrderPlaced._{shop.defined.tenant}.person.emailAddress}}"
    edges: list[tuple[str, ...]] = [
        ("order", "gold"), ("gold", "mail", "path", "gold"), ("gold", "plain", "other"), ("gold", "unknown", "error"),
        ("mail", "clicked"), ("clicked", "push"), ("clicked", "silent", "timeout"), ("push", "thanked"),
    ]  # fmt: skip
    return nodes, edges


def test_a_gold_member_clicks_and_is_pushed_to_and_every_step_is_told(
    shop: Shop, loyalty: Source, tmp_path: Path
) -> None:
    mail = published(shop, "Gold", "email", {"subject": "For {{ params.level }}", "html": HTML}, "level")
    push = published(shop, "Thanks", "push", {"title": "Thank you", "body": "It is yours"})
    group = {
        "name": "tier", "dynamicValues": ["mode"], "responsePayload": {"level": "x", "points": 1},
        "cacheDuration": {"duration": 10, "timeUnit": "minutes"},
    }  # fmt: skip
    shop.platform.post(f"{JOURNEYS}/dataSources", {"name": "Loyalty", "url": loyalty.url, "fieldGroups": [group]})
    nodes, edges = story(shop, mail, push)
    version = publish(shop.platform, "Loyalty story", nodes, edges)
    numbers = range(930_001, 930_001 + CUSTOMERS)
    started = time.monotonic()
    shop.send(*(shop.order(number, f"story-{number}") for number in numbers))
    wait_for(lambda: all(inbox(shop, demo.email(number)) for number in numbers), what="the e-mails")
    assert time.monotonic() - started >= SLOW_S  # the service was waited for
    assert loyalty.asked["good"] == 2, "once in vain, once for all of them: then it is known"

    first = demo.email(numbers[0])
    (kept,) = inbox(shop, first)
    assert kept["title"] == "For gold"
    html = shop.platform.get(f"{JOURNEYS}/inbox/{kept['id']}")["content"]["html"]
    link = re.search(r'href="([^"]+)"', html)
    assert link is not None
    assert link[1].startswith(shop.server.url)

    followed = ask("GET", link[1], None, {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"})
    assert (followed.status, followed.headers["location"]) == (302, "https://shop.example/gold")
    wait_for(lambda: len(inbox(shop, first)) == 2, what="the notification")
    pushed = next(one for one in inbox(shop, first) if one["channel"] == "push")
    assert pushed["title"] == "Thank you"
    wait_for(lambda: instances(shop.platform, version, first)[0]["status"] == "ended", what="the end")

    (instance,) = instances(shop.platform, version, first)
    assert transitions(instance) == [
        "order:default", "gold:path:gold", "mail:default", "clicked:default", "push:default",
    ]  # fmt: skip
    steps = {step["nodeId"]: step for step in instance["steps"] if step.get("transition")}
    assert steps["gold"]["action"]["fetchCount"] == 1
    (path,) = steps["gold"]["detail"]["paths"]
    assert "gold" in path["references"].values()
    told = shop.platform.get(query(f"{JOURNEYS}/trace", identity=first, namespace="Email"))
    assert [one["versionUid"] for one in told["instances"]] == [version]
    for number in numbers[1:]:  # who did not click still waits
        (waiting,) = instances(shop.platform, version, demo.email(number))
        assert (waiting["nodeId"], len(inbox(shop, demo.email(number)))) == ("clicked", 1)
    stop(shop, version)


def test_the_same_story_is_simulated_with_stubs(shop: Shop, tmp_path: Path) -> None:
    nodes, edges = story(shop, "Gold", "Thanks")
    nodes["order"] = {"type": "event", "event": "OrderPlaced"}
    document = {
        "name": "Loyalty story", "entry": {"node": "order"}, "nodes": nodes,
        "edges": [dict(zip(("from", "to", "kind", "path"), edge, strict=False)) for edge in edges],
    }  # fmt: skip
    address = f"_{shop.defined.tenant}"
    files = {
        "journey.json": document,
        "config.json": {
            "events": [{
                "name": "OrderPlaced", "type": "unitary", "idType": "ruleBased", "namespace": "Email",
                "idCondition": '@event{OrderPlaced.eventType} == "commerce.purchases"',
                "profileIdentifier": f"@event{{OrderPlaced.{address}.person.emailAddress}}",
            }],
            "dataSources": [{
                "name": "Loyalty", "url": "https://loyalty.example.com/v1",
                "fieldGroups": [{
                    "name": "tier", "dynamicValues": ["mode"], "responsePayload": {"level": "x", "points": 1},
                }],
            }],
        },
        "stubs.json": {
            "Loyalty": [{"outcome": "timeout"}, {"body": {"level": "gold", "points": 12}, "latency": "2s"}],
            "Gold": {"reactions": {"opened": "10m", "clicked": "1h"}},
        },
    }  # fmt: skip
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps(content))
    event = {
        "at": "2026-12-01T10:00:00Z", "event": "OrderPlaced",
        "payload": {"eventType": "commerce.purchases", address: {"person": {"emailAddress": "jane@example.com"}}},
    }  # fmt: skip
    later = {**event, "at": "2026-12-02T10:00:00Z"}  # the day before the service was too slow
    (tmp_path / "events.jsonl").write_text(f"{json.dumps(event)}\n{json.dumps(later)}\n")
    answer = parcours(
        tmp_path,
        "simulate", "journey.json", "--config", "config.json",
        "--events", "events.jsonl", "--stubs", "stubs.json", "--json",
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    first, second = json.loads(answer.stdout)["instances"]

    def way(customer: Any) -> list[str]:
        return [f"{step['nodeId']}:{step['transition']}" for step in customer["steps"] if step.get("transition")]

    assert way(first) == ["order:default", "gold:error"]
    assert way(second) == ["order:default", "gold:path:gold", "mail:default", "clicked:default", "push:default"]
    clicked = next(step for step in second["steps"] if step.get("transition") and step["nodeId"] == "clicked")
    assert clicked["atUs"] == 1_796_209_204_000_000, "an hour after the e-mail, which two fetches of 2 s came before"
