"""Rule sets in a simulated world, as a test of journeys gives them."""

from typing import Any

import pytest

from parcours.journeys.bundle import BundleInvalid
from parcours.testing.clock import JourneyClock

CONFIG: dict[str, Any] = {
    "events": [{"name": "Order", "namespace": "Email", "idType": "systemGenerated", "eventID": "order"}],
    "actions": [{"name": "Mail", "url": "https://mail.example/", "marketing": {"channel": "Email"}}],
    "ruleSets": [
        {
            "name": "Two a day", "domain": "journey", "state": "active",
            "rules": [{"id": "r", "name": "Entries", "type": "entryCap", "limit": 2, "period": "day"}],
        },
        {
            "name": "One a week", "domain": "channel", "state": "active",
            "rules": [
                {
                    "id": "f", "name": "Often", "type": "frequencyCap", "limit": 1, "period": "week",
                    "channels": ["email"],
                },
                {
                    "id": "q", "name": "Nights", "type": "quietHours", "channels": ["email"], "handling": "queue",
                    "periods": [{"days": ["thursday"], "from": "21:00", "to": "08:00"}],
                },
            ],
        },
    ],
}  # fmt: skip


def journey(name: str, **members: Any) -> dict[str, Any]:
    return {
        "name": name,
        "entry": {"node": "order", "reentrance": {"waitSeconds": 0}},
        "nodes": {
            "order": {"type": "event", "event": "Order"},
            "mail": {"type": "customAction", "action": "Mail", "ruleSet": "One a week"},
            "end": {"type": "end"},
        },
        "edges": [{"from": "order", "to": "mail"}, {"from": "mail", "to": "end"}],
        "ruleSet": "Two a day",
        **members,
    }


def send(clock: JourneyClock) -> None:
    clock.send("Order", {"identityMap": {"Email": [{"id": "jane@example.com"}]}})


def outcomes(clock: JourneyClock) -> list[dict[str, str]]:
    return [
        {one["journey"]: one.get("reason", one["outcome"]) for one in event.journeys} for event in clock.world.received
    ]


def test_caps_priority_and_quiet_hours_hold_in_a_simulated_world() -> None:
    clock = JourneyClock("2026-01-01T22:00:00Z")  # a Thursday
    clock.load(journey("Low", priority=1), journey("High", priority=9), config=CONFIG)
    send(clock)
    assert outcomes(clock) == [{"High": "entered", "Low": "entered"}]
    assert clock.calls() == []
    assert clock.world.records[0].instance.waiting_for == "timer"
    clock.advance("10h")
    assert len(clock.calls("Mail")) == 1
    skipped = clock.instance(journey="Low")
    assert skipped.instance.status == "ended"
    send(clock)
    send(clock)
    assert outcomes(clock)[1:] == [
        {"High": "entered", "Low": "entered"}, {"High": "CAP_REACHED", "Low": "CAP_REACHED"},
    ]  # fmt: skip
    clock.advance("48h")
    send(clock)
    assert len(clock.calls("Mail")) == 2  # Sunday: another week


def test_of_one_place_the_higher_priority_takes_it() -> None:
    clock = JourneyClock("2026-01-01T12:00:00Z")
    one: dict[str, Any] = {**CONFIG["ruleSets"][0], "rules": [{**CONFIG["ruleSets"][0]["rules"][0], "limit": 1}]}
    config = {**CONFIG, "ruleSets": [one, CONFIG["ruleSets"][1]]}
    clock.load(journey("Low", priority=1), journey("High", priority=9), config=config)
    send(clock)
    assert outcomes(clock) == [{"High": "entered", "Low": "LOWER_PRIORITY"}]


def test_a_set_that_no_file_describes_has_no_rules() -> None:
    clock = JourneyClock("2026-01-01T12:00:00Z")
    clock.load(journey("Free"), config={**CONFIG, "ruleSets": []})
    for _ in range(3):
        send(clock)
    assert [one["Free"] for one in outcomes(clock)] == ["entered"] * 3


def test_a_faulty_set_is_told_with_its_place() -> None:
    bad = {"name": "Bad", "domain": "journey", "rules": [{"id": "r", "name": "R", "type": "entryCap", "limit": 0}]}
    with pytest.raises(BundleInvalid, match=r"rule set Bad: .*"):
        JourneyClock().load(journey("Free"), config={**CONFIG, "ruleSets": [bad]})
    with pytest.raises(BundleInvalid, match="rule set Two a day is there twice"):
        JourneyClock().load(journey("Free"), config={**CONFIG, "ruleSets": [CONFIG["ruleSets"][0]] * 2})


def test_quiet_hours_may_be_those_of_a_profile() -> None:
    quiet = {
        "id": "q", "name": "Nights", "type": "quietHours", "channels": ["email"], "handling": "queue",
        "useProfileTimeZone": True, "periods": [{"days": ["thursday"], "from": "21:00"}],
    }  # fmt: skip
    one: dict[str, Any] = {**CONFIG["ruleSets"][1], "rules": [quiet]}
    for zone, calls in (("Europe/Paris", 0), ("America/New_York", 1), (None, 1)):
        clock = JourneyClock("2026-01-01T20:30:00Z")  # a Thursday, half past nine in Paris
        clock.load(journey("J"), config={**CONFIG, "ruleSets": [CONFIG["ruleSets"][0], one]})
        if zone is not None:
            clock.profile("Email", "jane@example.com", {"timeZone": zone})
        send(clock)
        assert len(clock.calls("Mail")) == calls
        clock.finish()
        assert len(clock.calls("Mail")) == 1
