"""Send-time optimisation on the real server: what became of earlier messages decides when the next one leaves."""

import json
import re
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import demo
import pytest
from asking import ask
from definitions import JOURNEYS
from journey_tools import instances, publish, transitions
from running import RunningServer, wait_for
from shop import Shop
from test_channels import inbox, message, template

PEOPLE = range(950_000, 950_012)
HOUR_US = 3_600_000_000
READER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    server = RunningServer(tmp_path / "data").start()
    yield Shop(server)
    server.kill()


def state(shop: Shop) -> sqlite3.Connection:
    """The state database beside the server."""
    return sqlite3.connect(shop.server.data_dir / "state.db", isolation_level=None, timeout=30)


def remember(shop: Shop, best_hour: int) -> None:
    """A week of everybody's messages; those of one hour of the week, counted from 1970, are opened."""
    with state(shop) as connection:
        (scope_id,) = connection.execute("SELECT DISTINCT scope_id FROM resource WHERE kind = 'template'")
        rows = [
            (*scope_id, "email", "", hour, 1_000, 800 if hour == best_hour - 168 else 50, 0, 0)
            for hour in range(best_hour - 170 - 160, best_hour - 168 + 1)
        ]
        connection.executemany("INSERT INTO send_hour VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)


def mailing(shop: Shop) -> str:
    node = {
        **message(template(shop, "Order state")),
        "sendTimeOptimization": {"optimizeFor": "opens", "withinHours": 5},
    }
    return publish(
        shop.platform, "At its best", {"mail": node, "after": {"type": "end"}}, [("order", "mail"), ("mail", "after")]
    )


def held(shop: Shop, version: str) -> dict[int, dict[str, Any]]:
    """By number of those who wait for their hour: what their step says of it."""
    found = {}
    for number in PEOPLE:
        for one in instances(shop.platform, version, demo.email(number)):
            if one["waitingFor"] == "sendTime":
                found[number] = one["steps"][-1]["detail"]
    return found


def test_a_message_waits_for_the_hour_in_which_most_are_opened_whatever_happens_meanwhile(shop: Shop) -> None:
    version = mailing(shop)
    now_hour = time.time_ns() // 1_000_000_000 // 3_600
    best_hour = now_hour + 3
    remember(shop, best_hour)
    shop.send(*(shop.order(number, f"best-{number}") for number in PEOPLE))

    def is_settled() -> bool:
        waiting = held(shop, version)
        return all(
            number in waiting
            or [i["status"] for i in instances(shop.platform, version, demo.email(number))] == ["ended"]
            for number in PEOPLE
        )

    wait_for(is_settled, what="everybody to wait for an hour")
    waiting = held(shop, version)
    best = {number for number, detail in waiting.items() if not detail["explored"]}
    assert best  # the few whose hour was drawn may go at any
    assert {waiting[number]["untilUs"] for number in best} == {best_hour * HOUR_US}
    for detail in waiting.values():
        assert detail["reason"] == "sendTimeOptimization"
        assert detail["score"] >= detail["scoreNow"] or detail["explored"]
        assert detail["untilUs"] % HOUR_US == 0
    one = min(best)
    assert inbox(shop, demo.email(one)) == []

    shop.server.kill()
    with state(shop) as connection:  # as a fault would: the timer of one is gone
        instance_id = connection.execute(
            "SELECT instance_id FROM timer WHERE kind = 'sendTime' AND due_at_us = ?", (best_hour * HOUR_US,)
        ).fetchone()[0]
        connection.execute("DELETE FROM timer WHERE kind = 'sendTime' AND instance_id = ?", (instance_id,))
    report = json.loads(shop.server.command("doctor", "--json").stdout)
    assert {one["code"]: one["count"] for one in report["findings"] if one["severity"] == "error"} == {
        "timerMissing": 1
    }
    assert shop.server.command("doctor", "--repair").returncode == 0
    with state(shop) as connection:
        timers = connection.execute(
            "SELECT kind, due_at_us FROM timer WHERE instance_id = ?", (instance_id,)
        ).fetchall()
        assert ("sendTime", best_hour * HOUR_US) in timers
        connection.execute("UPDATE timer SET due_at_us = ? WHERE kind = 'sendTime'", (time.time_ns() // 1_000,))
    shop.server.start()

    wait_for(lambda: all(len(inbox(shop, demo.email(number))) == 1 for number in PEOPLE), what="everybody's message")
    (instance,) = instances(shop.platform, version, demo.email(one))
    assert transitions(instance) == ["order:default", "mail:default"]
    assert not held(shop, version)
    wait_for(lambda: len(_told(shop)) == len(PEOPLE), what="what became of the messages in the data set")
    assert {row["optimized"] for row in _told(shop)} == {True}
    hours = {number: _own(shop, number) for number in PEOPLE}
    assert all(sum(counts[1] for counts in rows) == 1 for rows in hours.values())
    this_hour = int(datetime.now(UTC).timestamp()) // 3_600
    assert {counts[0] for rows in hours.values() for counts in rows} <= {now_hour, this_hour}


def _told(shop: Shop) -> list[dict[str, Any]]:
    member = "_experience.customerJourneyManagement"
    return shop.server.sql(
        f"SELECT {member}.messageProfile.isSendTimeOptimized AS optimized FROM ajo_message_feedback_event_dataset"
    )


def _own(shop: Shop, number: int) -> list[tuple[int, ...]]:
    with state(shop) as connection:
        return connection.execute(
            "SELECT hour, openable, opens, clickable, clicks FROM send_hour WHERE person LIKE ?",
            (f"%:{demo.email(number)}",),
        ).fetchall()


def test_where_nothing_is_known_messages_go_at_once_and_what_is_clicked_is_learnt(shop: Shop) -> None:
    version = mailing(shop)
    shop.send(*(shop.order(number, f"first-{number}") for number in PEOPLE))

    def sent() -> list[int]:
        return [number for number in PEOPLE if inbox(shop, demo.email(number))]

    wait_for(lambda: len(sent()) + len(held(shop, version)) == len(PEOPLE), what="everybody's message or hour")
    assert len(sent()) > len(PEOPLE) / 2
    assert all(detail["explored"] for detail in held(shop, version).values())
    one = sent()[0]
    (kept,) = inbox(shop, demo.email(one))
    html = shop.platform.get(f"{JOURNEYS}/inbox/{kept['id']}")["content"]["html"]
    (link,) = re.findall(r'href="([^"]*/m/c/[^"]*)"', html)
    wait_for(lambda: _own(shop, one) != [], what="the count of what was sent")
    assert [counts[1:] for counts in _own(shop, one)] == [(1, 0, 1, 0)]
    for _ in range(2):
        assert ask("GET", link, None, READER).status == 302
    wait_for(lambda: [counts[1:] for counts in _own(shop, one)] == [(1, 0, 1, 1)], what="the count of what was clicked")
