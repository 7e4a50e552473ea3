"""Scheduled transactional messages: each falls due by itself and is sent once, whatever happens to the server."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asking import ask, query
from definitions import JOURNEYS
from platform_client import Platform
from running import RunningServer, wait_for

from outcome_rows import counted

TEMPLATES = f"{JOURNEYS}/messageTemplates"
BASE = "/acme/campaign/mcacme/EVTDue"
KILLS = 3
BATCH = 12


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """One that may be stopped and killed: for one test alone."""
    running = RunningServer(tmp_path / "data").start()
    yield running
    running.kill()


def signed_in(server: RunningServer) -> Platform:
    """A client, and the template it sends."""
    platform = server.platform()
    body = {
        "name": "Due", "channel": "sms", "category": "transactional", "content": {"body": "It is {{ params.state }}"},
        "parameters": [{"name": "state"}],
    }  # fmt: skip
    uid = platform.post(TEMPLATES, body)["uid"]
    assert platform.post(f"{TEMPLATES}/{uid}/publish")["state"] == "published"
    return platform


def moment(ahead_s: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=ahead_s)).isoformat(sep=" ", timespec="milliseconds")


def schedule(platform: Platform, number: int, ahead_s: float, **more: Any) -> dict[str, Any]:
    body = {"mobilePhone": phone(number), "ctx": {"state": f"{number}"}, "scheduled": moment(ahead_s), **more}
    made: dict[str, Any] = platform.post(BASE, body)
    return made


def phone(number: int) -> str:
    return f"+3361235{number:04}"


def status(platform: Platform, made: dict[str, Any]) -> str:
    told: str = platform.get(f"{BASE}/{made['PKey']}")["status"]
    return told


def kept(platform: Platform, number: int) -> list[dict[str, Any]]:
    """What the inbox has for one number."""
    found: list[dict[str, Any]] = platform.get(query(f"{JOURNEYS}/inbox", address=phone(number)))["results"]
    return found


def told_once(platform: Platform, made: dict[str, Any]) -> bool:
    """Whether the events of its message are one `sent` and one `delivered`."""
    events = platform.get(f"{JOURNEYS}/messages/{made['PKey']}")["events"]
    return Counter(one["status"] for one in events) == {"sent": 1, "delivered": 1}


def test_a_scheduled_message_falls_due_by_itself_and_not_before(server: RunningServer) -> None:
    platform = signed_in(server)
    first, second = schedule(platform, 1, 3), schedule(platform, 2, 3_600)
    assert (status(platform, first), status(platform, second)) == ("scheduled", "scheduled")
    assert kept(platform, 1) == []
    wait_for(lambda: status(platform, first) == "sent", what="the message that is due")
    (message,) = kept(platform, 1)
    assert (message["title"], message["messageId"]) == ("It is 1", first["PKey"])
    events = platform.get(f"{JOURNEYS}/messages/{first['PKey']}")["events"]
    due = datetime.fromisoformat(platform.get(f"{BASE}/{first['PKey']}")["scheduled"])
    assert all(datetime.fromisoformat(one["firstAt"]) >= due for one in events)
    assert told_once(platform, first)
    url = f"{server.url}{BASE}/{first['PKey']}"
    assert ask("DELETE", url, None, platform.headers).status == 409  # it is gone
    assert (status(platform, second), kept(platform, 2)) == ("scheduled", [])
    assert server.stop() == 0


def test_what_fell_due_while_the_server_was_stopped_is_sent_once_afterwards(server: RunningServer) -> None:
    """One is cancelled before, and one is of no use any more: neither is sent."""
    platform = signed_in(server)
    due = schedule(platform, 11, 2)
    late = schedule(platform, 12, 2, expiration=moment(3))
    taken = schedule(platform, 13, 2)
    assert ask("DELETE", f"{server.url}{BASE}/{taken['PKey']}", None, platform.headers).status == 204
    assert server.stop() == 0
    wait_for(lambda: datetime.now(UTC) > moment_of(late, 1.5), what="the expiration")
    server.start()
    platform.sign_in()
    wait_for(lambda: status(platform, due) == "sent", what="the message that fell due meanwhile")
    wait_for(lambda: status(platform, late) == "expired", what="the expiration to be seen")
    assert status(platform, taken) == "cancelled"
    assert [one["messageId"] for one in kept(platform, 11)] == [due["PKey"]]
    assert told_once(platform, due)
    assert server.stop() == 0
    server.start()  # and a start more sends nothing more
    platform.sign_in()
    barrier = schedule(platform, 14, 0)
    wait_for(lambda: status(platform, barrier) == "sent", what="a later message")
    assert [len(kept(platform, number)) for number in (11, 12, 13)] == [1, 0, 0]


def moment_of(made: dict[str, Any], more_s: float) -> datetime:
    return datetime.fromisoformat(made["scheduled"]) + timedelta(seconds=more_s)


def test_kills_around_the_due_time_send_each_message_once(server: RunningServer) -> None:
    """Each kill comes as a batch begins to fall due: some are still scheduled, some released, some being sent."""
    platform = signed_in(server)
    every: dict[int, dict[str, Any]] = {}
    among = 0
    for kill in range(KILLS):
        batch = {100 * (kill + 1) + n: schedule(platform, 100 * (kill + 1) + n, 1 + n / 10) for n in range(BATCH)}
        every |= batch
        first = next(iter(batch.values()))
        wait_for(lambda first=first: status(platform, first) != "scheduled", what="the first to fall due")
        among += status(platform, list(batch.values())[-1]) != "sent"
        server.kill()
        server.start()
        platform.sign_in()
    wait_for(lambda: status(platform, list(every.values())[-1]) == "sent", 120, what="the last message")
    barrier = schedule(platform, 99, 0)
    wait_for(lambda: status(platform, barrier) == "sent", 120, what="a later message")
    for number, made in every.items():
        wait_for(lambda made=made: status(platform, made) == "sent", 120, what="each message")
        assert [one["messageId"] for one in kept(platform, number)] == [made["PKey"]]
        assert told_once(platform, made)
    assert among >= 1
    with counted(server.metrics, "sms", "the server is killed around the time that a message is scheduled for"):
        last = schedule(platform, 98, 0)
        wait_for(lambda: status(platform, last) == "sent", what="the only message that is sent by now")
    assert server.stop() == 0
