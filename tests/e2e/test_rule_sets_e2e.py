"""Rule sets on the real server: caps and priority over the whole way, skipped and queued messages, a kill between."""

import sqlite3
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import demo
import pytest
from asking import ask, query
from definitions import JOURNEYS
from journey_tools import instances, publish
from running import RunningServer, wait_for
from shop import Shop, stop

SETS = f"{JOURNEYS}/ruleSets"
STAY = {"type": "wait", "duration": {"value": 1, "unit": "hours"}}


@pytest.fixture
def shop(tmp_path: Path) -> Any:
    server = RunningServer(tmp_path / "data").start()
    shop = Shop(server)
    action = shop.platform.get(f"{JOURNEYS}/actions/{shop.action_uid}")
    url = f"{server.url}{JOURNEYS}/actions/{shop.action_uid}"
    answer = ask("PUT", url, {**action, "marketing": {"channel": "Email"}}, shop.platform.headers)
    assert answer.status == 200, answer.body
    yield shop
    server.stop()


def make(shop: Shop, name: str, domain: str, *rules: dict[str, Any], **members: Any) -> str:
    body = {"name": name, "domain": domain, "state": "active", "rules": list(rules), **members}
    return str(shop.platform.post(SETS, body)["uid"])


def entries(limit: int) -> dict[str, Any]:
    return {"id": "r", "name": "Entries", "type": "entryCap", "limit": limit, "period": "month"}


def told(shop: Shop, event_id: str) -> dict[str, Any]:
    """By journey, what became of an event."""
    trace = query(f"{JOURNEYS}/trace", eventId=event_id)
    wait_for(lambda: shop.platform.get(trace)["events"], what=f"the decision about {event_id}")
    (decision,) = shop.platform.get(trace)["events"][0]["decisions"]
    return {one["journey"]: one for one in decision["journeys"]}


def database(shop: Shop) -> sqlite3.Connection:
    return sqlite3.connect(shop.server.data_dir / "state.db")


def test_an_entry_cap_refuses_over_the_whole_way_survives_a_kill_and_ends_with_its_window(shop: Shop) -> None:
    rules = make(shop, "Journeys", "journey", entries(2))
    publish(shop.platform, "Capped", {"e": {"type": "end"}}, [("order", "e")], ruleSet=rules)
    shop.send(*[shop.order(1, f"cap-{number}") for number in range(2)])
    assert [told(shop, f"cap-{number}")["Capped"]["outcome"] for number in range(2)] == ["entered", "entered"]
    shop.server.kill()
    shop.server.start()
    shop.send(shop.order(1, "cap-2"), shop.order(2, "cap-other"))
    refused = told(shop, "cap-2")["Capped"]
    assert (refused["outcome"], refused["reason"]) == ("refused", "CAP_REACHED")
    assert refused["rejectedRuleset"]["rejectedRules"] == [{"ID": "r", "name": "Entries"}]
    assert told(shop, "cap-other")["Capped"]["outcome"] == "entered"
    shop.server.stop()
    month_us = 31 * 86_400_000_000
    with database(shop) as connection:
        assert sorted(n for (n,) in connection.execute("SELECT number FROM rule_count")) == [1, 2]
        connection.execute("UPDATE rule_count SET start_us = start_us - ?, end_us = end_us - ?", (month_us, month_us))
    shop.server.start()
    shop.send(shop.order(1, "cap-3"))
    assert told(shop, "cap-3")["Capped"]["outcome"] == "entered"


def test_of_two_journeys_of_one_event_the_higher_priority_lets_in(shop: Shop) -> None:
    inside = {"id": "r", "name": "One at a time", "type": "concurrencyCap", "limit": 1}
    rules = make(shop, "One", "journey", inside)
    nodes, edges = {"w": STAY}, [("order", "w")]
    publish(shop.platform, "Low", nodes, edges, ruleSet=rules, priority=10)
    high = publish(shop.platform, "High", nodes, edges, ruleSet=rules, priority=90)
    publish(shop.platform, "Free", nodes, edges)
    shop.send(shop.order(1, "both"))
    found = told(shop, "both")
    assert {name: one.get("reason", one["outcome"]) for name, one in found.items()} == {
        "High": "entered", "Low": "LOWER_PRIORITY", "Free": "entered",
    }  # fmt: skip
    shop.send(shop.order(1, "again"))
    assert told(shop, "again")["Low"]["reason"] == "CAP_REACHED"
    stop(shop, high)
    wait_for(lambda: not shop.counts(high)["nodes"], what="everybody out")
    shop.send(shop.order(1, "then"))
    assert told(shop, "then")["Low"]["outcome"] == "entered"


def test_a_message_above_the_cap_is_skipped_and_the_individual_goes_on(shop: Shop) -> None:
    cap = {"id": "often", "name": "Often", "type": "frequencyCap", "limit": 2, "period": "month", "channels": ["email"]}
    rules = make(shop, "Promotions", "channel", cap)
    mail = {**shop.message("capped"), "ruleSet": rules}
    version = publish(
        shop.platform, "Mails", {"m": mail, "n": {**mail}, "e": {"type": "end"}},
        [("order", "m"), ("m", "n"), ("n", "e")],
    )  # fmt: skip
    shop.send(shop.order(1, "mail-0"))
    wait_for(lambda: len(shop.sent("capped")) == 2, what="two messages")
    wait_for(lambda: not shop.counts(version)["nodes"], what="the end of the journey")
    shop.server.kill()
    shop.server.start()
    shop.send(shop.order(1, "mail-1"))
    told(shop, "mail-1")
    wait_for(lambda: len(instances(shop.platform, version, demo.email(1))) == 2, what="another instance")
    _, second = instances(shop.platform, version, demo.email(1))
    assert second["status"] == "ended"
    skipped = [step for step in second["steps"] if step["nodeId"] in ("m", "n")]
    assert [step["action"]["actionExecutionError"] for step in skipped] == ["businessRuleProfileDiscarded"] * 2
    assert skipped[0]["detail"]["rejectedRuleset"]["name"] == "Promotions"
    assert len(shop.sent("capped")) == 2


def test_a_message_in_quiet_hours_waits_over_a_kill_and_is_sent_once_they_are_over(shop: Shop) -> None:
    today = datetime.now(UTC)
    days = {"firstDate": f"{today - timedelta(days=1):%Y-%m-%d}", "lastDate": f"{today + timedelta(days=3):%Y-%m-%d}"}
    hush = {
        "id": "q", "name": "Quiet", "type": "quietHours", "channels": ["email"], "handling": "queue", "periods": [days],
    }  # fmt: skip
    rules = make(shop, "Quiet", "channel", hush)
    version = publish(shop.platform, "Held", {"m": {**shop.message("held"), "ruleSet": rules}}, [("order", "m")])
    shop.send(shop.order(1, "held"))
    wait_for(lambda: shop.counts(version)["nodes"] == {"m": 1}, what="a message that waits")
    shop.server.kill()
    shop.server.start()
    assert shop.server.command("doctor").returncode == 0
    with database(shop) as connection:
        kinds = sorted(kind for (kind,) in connection.execute("SELECT kind FROM timer"))
    assert kinds == ["globalTimeout", "quietHours"]
    assert shop.sent("held") == []
    # it is over: the rule is taken back, and the timer is due now
    shop.platform.post(f"{SETS}/{rules}/deactivate")
    shop.server.stop()
    with database(shop) as connection:
        connection.execute("UPDATE timer SET due_at_us = 1 WHERE kind = 'quietHours'")
    shop.server.start()
    wait_for(lambda: shop.sent("held") == [demo.email(1)], what="the message")
    wait_for(lambda: not shop.counts(version)["nodes"], what="the end of the journey")


def test_quiet_hours_that_discard_end_the_journey_without_a_message(shop: Shop) -> None:
    week = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    hush = {
        "id": "q", "name": "Quiet", "type": "quietHours", "channels": ["email"], "handling": "discard",
        "periods": [{"days": week}],
    }  # fmt: skip
    rules = make(shop, "Quiet", "channel", hush)
    version = publish(shop.platform, "Gone", {"m": {**shop.message("gone"), "ruleSet": rules}}, [("order", "m")])
    shop.send(shop.order(1, "gone"))
    told(shop, "gone")
    wait_for(lambda: instances(shop.platform, version, demo.email(1)), what="the instance")
    (instance,) = instances(shop.platform, version, demo.email(1))
    assert instance["status"] == "discarded"
    assert instance["steps"][-1]["detail"]["reason"] == "quietHours"
    assert shop.sent("gone") == []


def test_under_load_and_kills_no_count_is_lost_or_doubled(shop: Shop) -> None:
    """Every customer sends more events than the cap lets in, while the server is killed again and again."""
    customers, events, limit = range(20), range(6), 4
    cap = {"id": "often", "name": "Often", "type": "frequencyCap", "limit": 3, "period": "month", "channels": ["email"]}
    rules = make(shop, "Journeys", "journey", entries(limit))
    mails = make(shop, "Promotions", "channel", cap)
    publish(
        shop.platform, "Capped", {"m": {**shop.message("load"), "ruleSet": mails}, "e": {"type": "end"}},
        [("order", "m"), ("m", "e")], ruleSet=rules,
    )  # fmt: skip
    for number in events:
        wait_for(lambda n=number: done(shop, customers, n), what=f"the end of round {number}")
        shop.send(*[shop.order(customer, f"load-{customer}-{number}") for customer in customers])
        shop.server.kill()  # what was acknowledged is in the log, at whatever point the worker was
        shop.server.start()
    wait_for(lambda: done(shop, customers, len(events)), what="the end of the last round")
    entered = Counter(
        told(shop, f"load-{customer}-{number}")["Capped"]["outcome"] for customer in customers for number in events
    )
    assert entered == {"entered": len(customers) * limit, "refused": len(customers) * (len(events) - limit)}
    with database(shop) as connection:
        counted = Counter(connection.execute("SELECT rule, number FROM rule_count").fetchall())
    assert counted == {(f"{rules}/r", limit): len(customers), (f"{mails}/often", 3): len(customers)}
    # a kill between a call and its answer makes it again, with the same key
    sent = {key for _, key, body in list(shop.receiver.messages) if body["template"] == "load"}
    assert len(sent) == len(customers) * 3


def done(shop: Shop, customers: Any, rounds: int) -> bool:
    """Whether every event of so many rounds has been decided on, and nobody is under way."""
    with database(shop) as connection:
        (decided,) = connection.execute("SELECT count(*) FROM event_decision WHERE event_id LIKE 'load-%'").fetchone()
        (inside,) = connection.execute("SELECT count(*) FROM journey_instance WHERE node_id IS NOT NULL").fetchone()
    return bool(decided == len(customers) * rounds and not inside)
