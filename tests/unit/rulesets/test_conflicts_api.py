"""The conflict viewer, and the rule sets that a reader of journeys may ask for."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from parcours.app import Platform

BASE = "/journey/orchestration"
AJO = "/ajo/journey"
SOON = {"type": "once", "startDate": "2099-01-01T10:00:00"}


class Desk:
    """Journeys that need no event configuration: they read audiences."""

    def __init__(self, api: TestClient) -> None:
        self.api = api
        made = api.post("/data/core/ups/audiences", json={"name": "VIP", "identityNamespace": "Email"})
        assert made.is_success, made.text
        self.audience_id = made.json()["id"]
        action = {"name": "Mail", "url": "https://example.com/", "marketing": {"channel": "Email"}}
        made = api.post(f"{BASE}/actions", json=action)
        assert made.is_success, made.text
        self.action_uid = made.json()["uid"]

    def rule_set(self, name: str, domain: str = "journey", **members: Any) -> str:
        rule: dict[str, Any] = {"id": "r", "name": "Rule", "limit": 1, "period": "day", "type": "entryCap"}
        if domain == "channel":
            rule |= {"type": "frequencyCap", "channels": ["email"]}
        body = {"name": name, "domain": domain, "state": "active", "rules": [rule], **members}
        made = self.api.post(f"{BASE}/ruleSets", json=body)
        assert made.is_success, made.text
        uid: str = made.json()["uid"]
        return uid

    def journey(self, name: str, *, mails: bool = False, publishes: bool = True, **members: Any) -> str:
        nodes: dict[str, Any] = {
            "read": {"type": "readAudience", "audienceId": self.audience_id, "schedule": SOON},
            "end": {"type": "end"},
        }
        edges = [{"from": "read", "to": "end"}]
        if mails:
            nodes["mail"] = {"type": "customAction", "actionUid": self.action_uid}
            edges = [{"from": "read", "to": "mail"}, {"from": "mail", "to": "end"}]
        document = {"name": name, "entry": {"node": "read"}, "nodes": nodes, "edges": edges, **members}
        uid: str = self.api.post(f"{BASE}/journeys", json=document).json()["versionUid"]
        if publishes:
            answer = self.api.post(f"{BASE}/journeyVersions/{uid}/publish")
            assert answer.is_success, answer.text
        return uid

    def conflicts(self, uid: str) -> list[dict[str, Any]]:
        answer = self.api.get(f"{BASE}/journeyVersions/{uid}/conflicts")
        assert answer.is_success, answer.text
        found: list[dict[str, Any]] = answer.json()["conflicts"]
        return found


@pytest.fixture
def desk(api: TestClient, platform: Platform) -> Desk:
    return Desk(api)


def test_journeys_that_may_meet_the_same_people_are_listed_by_priority(desk: Desk) -> None:
    rules = desk.rule_set("Journeys")
    desk.journey("Low", priority=5)
    high = desk.journey("High", priority=80, ruleSet=rules, mails=True)
    desk.journey("A draft", publishes=False, priority=99)
    desk.journey("Later", startDate="2098-01-01T00:00:00", priority=99)
    own = desk.journey("Own", publishes=False, mails=True, ruleSet=rules, endDate="2097-01-01T00:00:00")
    found = desk.conflicts(own)
    assert [(one["name"], one["priority"]) for one in found] == [("High", 80), ("Low", 5)]
    named = [{"uid": rules, "name": "Journeys", "domain": "journey", "state": "active"}]
    assert found[0]["shared"] == {
        "event": False, "audience": True, "sameAudiences": [desk.audience_id], "channels": ["email"], "ruleSets": named,
    }  # fmt: skip
    assert found[1]["shared"]["channels"] == []
    assert {one["name"] for one in desk.conflicts(high)} == {"Low", "Later"}


def test_a_version_that_is_no_more_than_a_name_has_no_conflicts(desk: Desk) -> None:
    desk.journey("Live")
    empty = desk.api.post(f"{BASE}/journeys", json={"name": "Begun", "nodes": [], "entry": 3, "ruleSet": 7}).json()
    assert desk.conflicts(empty["versionUid"]) == []
    assert desk.api.get(f"{BASE}/journeyVersions/nowhere/conflicts").status_code == 404


def test_a_global_set_is_shared_by_all(desk: Desk) -> None:
    desk.journey("Live")
    uid = desk.rule_set("Everything", isGlobal=True)
    begun = desk.api.post(f"{BASE}/journeys", json={"name": "Begun"}).json()
    (found,) = desk.conflicts(begun["versionUid"])
    assert [one["uid"] for one in found["shared"]["ruleSets"]] == [uid]


def test_a_reader_may_ask_for_the_rule_sets_that_apply(desk: Desk) -> None:
    named, everywhere = desk.rule_set("Journeys"), desk.rule_set("Mails", "channel", isGlobal=True)
    desk.rule_set("Other")
    uid = desk.journey("Own", ruleSet=named, priority=7)
    shown = desk.api.get(f"{AJO}/{uid}", params={"include": "rulesets"}).json()
    assert (shown["ruleset"], shown["priority"]) == (named, 7)
    assert {one["id"]: (one["name"], one["domain"], one["isGlobal"]) for one in shown["rulesets"]} == {
        named: ("Journeys", "journey", False), everywhere: ("Mails", "channel", True),
    }  # fmt: skip
    assert "rulesets" not in desk.api.get(f"{AJO}/{uid}").json()
