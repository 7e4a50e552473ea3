"""Data sources under the clock for tests: their samples, and stubs in their place."""

from typing import Any

import pytest

from parcours.testing.clock import JourneyClock
from parcours.testing.errors import UnknownName

CONFIG: dict[str, Any] = {
    "events": [
        {
            "name": "Order", "schemaRef": {"id": "orders"}, "namespace": "Email",
            "profileIdentifier": "@event{Order.email}",
        }
    ],
    "actions": [
        {
            "name": "Mail", "url": "https://mail.example.com/",
            "request": {"sample": {"to": "x"}, "fields": [{"path": "/to", "type": "string", "kind": "variable"}]},
        }
    ],
    "dataSources": [
        {
            "name": "Loyalty", "url": "https://loyalty.example.com/",
            "fieldGroups": [
                {"name": "tier", "dynamicValues": "email", "responsePayload": {"level": "gold", "points": 5}},
                {"name": "other", "responsePayload": {"x": 1}},
            ],
        }
    ],
}  # fmt: skip
TEXT = '#{Loyalty.tier.level, params: {email: @event{Order.email}}} == "gold"'
JOURNEY: dict[str, Any] = {
    "name": "Reader",
    "entry": {"node": "order"},
    "nodes": {
        "order": {"type": "event", "event": "Order"},
        "c": {"type": "condition", "paths": [{"id": "gold", "expression": TEXT}], "otherPath": True},
        "mail": {
            "type": "customAction", "action": "Mail",
            "parameters": [{"paramPath": "/to", "expression": "@event{Order.email}"}],
        },
        "sorry": {"type": "wait", "duration": {"value": 1, "unit": "days"}},
        "e": {"type": "end"},
    },
    "edges": [
        {"from": "order", "to": "c"}, {"from": "c", "to": "mail", "kind": "path", "path": "gold"},
        {"from": "c", "to": "sorry", "kind": "error"}, {"from": "c", "to": "e", "kind": "other"},
    ],
}  # fmt: skip


@pytest.fixture
def clock() -> JourneyClock:
    loaded = JourneyClock()
    loaded.load(JOURNEY, config=CONFIG)
    return loaded


def send(clock: JourneyClock) -> None:
    clock.send("Order", {"email": "jane@example.com"})
    clock.advance("1m")


def test_without_a_stub_a_source_gives_its_sample(clock: JourneyClock) -> None:
    send(clock)
    clock.expect(called="Mail", times=1)


@pytest.mark.parametrize("name", ["Loyalty.tier", "Loyalty"])
def test_a_stub_answers_for_a_field_group_or_a_whole_source(clock: JourneyClock, name: str) -> None:
    clock.stub(name, {"body": {"level": "silver"}, "latency": "2s"})
    send(clock)
    clock.expect(called="Mail", times=0)


def test_a_source_that_is_stubbed_away_takes_the_alternative_path(clock: JourneyClock) -> None:
    clock.stub("Loyalty", "timeout")
    send(clock)
    clock.expect(at="sorry")


def test_rules_look_at_the_dynamic_values(clock: JourneyClock) -> None:
    rules = [
        {"parameters": {"email": "ann@example.com"}, "answer": {"body": {"level": "gold"}}},
        {"answer": 503},
    ]
    clock.stub("Loyalty.tier", {"rules": rules})
    send(clock)
    clock.expect(at="sorry")
    other = JourneyClock()
    other.load(JOURNEY, config=CONFIG)
    other.stub("Loyalty.tier", {"rules": rules})
    other.send("Order", {"email": "ann@example.com"})
    other.advance("1m")
    other.expect(called="Mail", times=1)


def test_a_stub_for_nothing_that_is_there_is_refused(clock: JourneyClock) -> None:
    with pytest.raises(UnknownName, match=r"no action or data source is called 'Loyalty.gone'"):
        clock.stub("Loyalty.gone", 200)
