"""Rule sets through the API: what is refused, states, limits, who may, and what the audit log says."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

BASE = "/journey/orchestration"
SETS = f"{BASE}/ruleSets"
CAP = {"id": "weekly", "name": "Weekly", "type": "frequencyCap", "limit": 3, "period": "week", "channels": ["email"]}
ENTRY = {"id": "monthly", "name": "Monthly", "type": "entryCap", "limit": 5, "period": "month"}
QUIET = {
    "id": "nights", "name": "Nights", "type": "quietHours", "channels": ["email"], "handling": "queue",
    "periods": [{"days": ["monday"], "from": "21:00", "to": "09:00"}],
}  # fmt: skip


def body(name: str = "Promotions", *rules: Any, domain: str = "channel", **members: Any) -> dict[str, Any]:
    return {"name": name, "domain": domain, "rules": list(rules or [CAP]), **members}


def made(api: TestClient, document: dict[str, Any]) -> dict[str, Any]:
    answer = api.post(SETS, json=document)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_set_is_made_as_a_draft_activated_and_deactivated(api: TestClient) -> None:
    draft = made(api, body())
    assert (draft["state"], draft["isGlobal"], draft["usedIn"], draft["rules"][0]["state"]) == (
        "draft", False, 0, "active",
    )  # fmt: skip
    one = f"{SETS}/{draft['uid']}"
    assert api.post(f"{one}/deactivate").status_code == 409
    assert api.post(f"{one}/activate").json()["state"] == "active"
    assert [found["uid"] for found in api.get(SETS, params={"state": "active"}).json()["results"]] == [draft["uid"]]
    assert api.get(SETS, params={"domain": "journey"}).json()["results"] == []
    assert api.post(f"{one}/deactivate").json()["state"] == "inactive"
    assert api.put(one, json=body(state="draft")).status_code == 409
    assert api.put(one, json=body(state="active")).json()["state"] == "active"


def test_what_was_read_may_be_sent_back_and_a_stale_etag_is_refused(api: TestClient) -> None:
    draft = made(api, body())
    read = api.get(f"{SETS}/{draft['uid']}")
    assert api.put(f"{SETS}/{draft['uid']}", json=read.json(), headers={"If-Match": read.headers["ETag"]}).is_success
    again = api.put(f"{SETS}/{draft['uid']}", json=read.json(), headers={"If-Match": read.headers["ETag"]})
    assert again.status_code == 412


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (body("x", {**CAP, "every": 5}), "$.rules[0].every"),
        (body("x", {**CAP, "period": "hour", "every": 24}), "$.rules[0].every"),
        (body("x", {**CAP, "period": "month", "every": 4}), "$.rules[0].every"),
        (body("x", {**CAP, "limit": 0}), "$.rules[0].limit"),
        (body("x", CAP, CAP), "$.rules[1].id"),
        (body("x", ENTRY), "$.rules[0].type"),
        (body("x", CAP, domain="journey"), "$.rules[0].type"),
        (body("x", QUIET, isGlobal=True), "$.rules[0]"),
        (body("x", {**QUIET, "periods": [QUIET["periods"][0]] * 6}), "$.rules[0].periods"),  # type: ignore[index]
        (body("x", {**QUIET, "timeZone": "Mars/Olympus"}), "$.rules[0].timeZone"),
        (body("x", {**QUIET, "timeZone": "UTC", "useProfileTimeZone": True}), "$.rules[0].timeZone"),
        (body("x", {**QUIET, "periods": [{"days": ["monday"], "from": "09:00", "to": "09:00"}]}),
         "$.rules[0].periods[0].to"),
        (body("x", {**QUIET, "periods": [{"firstDate": "2026-02-30", "lastDate": "2026-03-01"}]}),
         "$.rules[0].periods[0].firstDate"),
        (body("x", {**QUIET, "periods": [{"firstDate": "2026-03-02", "lastDate": "2026-03-01"}]}),
         "$.rules[0].periods[0].lastDate"),
        ({"name": "x", "domain": "channel", "rules": [], "state": "active"}, "$.state"),
        (body("x", {**CAP, "state": "draft"}, state="active"), "$.state"),
        (body("x", {**CAP, "type": "sometimes"}), "$.rules[0].type"),
        ({"name": "x", "rules": []}, "$"),
    ],
)  # fmt: skip
def test_what_is_no_rule_set_is_refused_at_its_fault(api: TestClient, document: dict[str, Any], path: str) -> None:
    answer = api.post(SETS, json=document)
    assert answer.status_code == 400, answer.text
    assert path in answer.text


def test_a_domain_has_ten_active_sets_and_one_global_one_besides(api: TestClient) -> None:
    made(api, body("Everything", isGlobal=True, state="active"))
    assert api.post(SETS, json=body("Everything else", isGlobal=True)).status_code == 409
    made(api, body("Journeys", ENTRY, domain="journey", isGlobal=True, state="active"))
    for number in range(10):
        made(api, body(f"set {number}", state="active"))
    eleventh = made(api, body("set 10"))
    refused = api.post(f"{SETS}/{eleventh['uid']}/activate")
    assert refused.status_code == 409
    assert "deactivate one first" in refused.text
    made(api, body("other domain", ENTRY, domain="journey", state="active"))


def test_names_are_unique_and_the_domain_stays(api: TestClient) -> None:
    first = made(api, body())
    assert api.post(SETS, json=body()).status_code == 409
    assert api.post(SETS, json=body("new", state="inactive")).status_code == 409
    changed = api.put(f"{SETS}/{first['uid']}", json=body("Promotions", ENTRY, domain="journey"))
    assert changed.status_code == 409
    assert api.get(f"{SETS}/nowhere").status_code == 404


def test_a_set_that_a_journey_names_can_not_be_deleted(api: TestClient) -> None:
    named = made(api, body("Journeys", ENTRY, domain="journey"))
    journey = {"name": "Welcome", "entry": {"node": "a"}, "nodes": {"a": {"type": "end"}}, "ruleSet": named["uid"]}
    draft = api.post(f"{BASE}/journeys", json=journey).json()
    refused = api.delete(f"{SETS}/{named['uid']}")
    assert refused.status_code == 409
    assert "'Welcome'" in refused.text
    assert api.get(f"{SETS}/{named['uid']}").json()["usedIn"] == 1
    assert api.delete(f"{BASE}/journeys/{draft['uid']}").is_success
    assert api.delete(f"{SETS}/{named['uid']}").status_code == 204


def test_the_check_tells_of_sets_that_are_unknown_not_active_or_of_the_other_domain(api: TestClient) -> None:
    channel, draft = made(api, body()), made(api, body("Journeys", ENTRY, domain="journey"))
    journey = {"name": "Welcome", "entry": {"node": "a"}, "nodes": {"a": {"type": "end"}}}
    created = api.post(f"{BASE}/journeys", json=journey).json()
    version = f"{BASE}/journeyVersions/{created['versionUid']}"
    found = {}
    for uid in ("nowhere", channel["uid"], draft["uid"]):
        api.put(version, json={**journey, "ruleSet": uid})
        checked = api.post(f"{version}/check").json()
        found[uid] = {
            fault["code"]: (severity, fault["path"])
            for severity in ("errors", "warnings")
            for fault in checked[severity]
            if "RULE_SET" in fault["code"]
        }
    assert found == {
        "nowhere": {"ERR_RULE_SET_UNKNOWN": ("errors", "$.ruleSet")},
        channel["uid"]: {"ERR_RULE_SET_DOMAIN": ("errors", "$.ruleSet")},
        draft["uid"]: {"ERR_RULE_SET_INACTIVE": ("warnings", "$.ruleSet")},
    }


def test_changes_stand_in_the_audit_log_as_message_frequency_rules(api: TestClient) -> None:
    uid = made(api, body())["uid"]
    api.post(f"{SETS}/{uid}/activate")
    api.delete(f"{SETS}/{uid}")
    answer = api.get("/data/foundation/audit/events", params={"property": "assetType==Message frequency rule"})
    entries = answer.json()["_embedded"]["events"]
    assert sorted(entry["action"] for entry in entries) == ["Create", "Delete", "Enable"]
    assert {entry["assetId"] for entry in entries} == {uid}
