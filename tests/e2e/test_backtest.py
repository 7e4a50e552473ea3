"""Landed events replayed through a version, beside what the server did with them when they came."""

import json
import time
from collections import Counter
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import demo
import pytest
from asking import ask
from definitions import JOURNEYS, Defined, define
from journey_tools import publish
from platform_client import Platform
from receiver import Receiver
from running import RunningServer, wait_for

CUSTOMERS = 30
TOTAL = "@event{OrderPlaced.commerce.order.priceTotal}"
TIER = "#{ExperiencePlatform.ProfileFieldGroup.loyalty.tier}"
COUNT = "count(#{ExperiencePlatform.ExperienceEventFieldGroup.experienceevent.eventType})"


class World(NamedTuple):
    server: RunningServer
    platform: Platform
    defined: Defined
    version: str
    began: str
    receiver: Receiver

    def backtest(self, *arguments: str) -> dict[str, Any]:
        run = self.server.command(
            "backtest", "Split and tell", "--dataset", "Orders", "--from", self.began, "--json", *arguments
        )
        assert (run.returncode, run.stderr) == (0, ""), run.stderr
        found: dict[str, Any] = json.loads(run.stdout)
        return found


def message(platform: Platform, defined: Defined, template: str) -> dict[str, Any]:
    email = f"@event{{OrderPlaced._{defined.tenant}.person.emailAddress}}"
    action = next(a["uid"] for a in platform.get(f"{JOURNEYS}/actions")["results"] if a["name"] == "SendMessage")
    values = {"/to": email, "/template": f'"{template}"', "/firstName": '"x"', "/total": TOTAL}
    return {
        "type": "customAction",
        "actionUid": action,
        "parameters": [{"paramPath": path, "expression": text} for path, text in values.items()],
    }


@pytest.fixture(scope="module")
def world(server: RunningServer) -> World:
    platform = server.platform()
    receiver = Receiver()
    defined = define(platform, receiver.url, lambda _line: None)
    demo_version = defined.journey_version
    platform.post(f"{JOURNEYS}/journeyVersions/{demo_version}/stop")
    shares = [{"id": "a", "percentage": 40}, {"id": "b", "percentage": 60}]
    version = publish(
        platform,
        "Split and tell",
        {
            "split": {"type": "condition", "conditionType": "split", "paths": shares},
            "gold": {
                "type": "condition",
                "paths": [{"id": "gold", "expression": f'{TIER} == "gold" and {COUNT} == 1'}],
                "otherPath": True,
            },
            "pause": {"type": "wait", "duration": {"value": 1, "unit": "seconds"}},
            "vip": message(platform, defined, "vip"),
            "plain": message(platform, defined, "standard"),
        },
        [
            ("order", "split"),
            ("split", "gold", "path", "a"),
            ("split", "plain", "path", "b"),
            ("gold", "pause", "path", "gold"),
            ("pause", "vip"),
        ],
        entry={"node": "order", "reentrance": {"allowed": True, "waitSeconds": 300}},
    )
    began = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 5))
    for number in range(CUSTOMERS):
        member = demo.xdm_member(platform, defined)
        member["body"]["xdmEntity"] = {
            "_id": f"member-{number}",
            "workEmail": {"address": demo.email(number)},
            "loyalty": {"tier": "gold" if number % 2 else "blue"},
        }
        assert ask("POST", defined.xdm_inlet, member).status == 200
    wait_for(lambda: len(server.sql("SELECT 1 FROM loyalty_members")) >= CUSTOMERS, what="the profiles")
    for number in [*range(CUSTOMERS), 0]:
        order = demo.order(platform, defined, number)
        order["body"]["xdmEntity"]["_id"] = f"o-{number}-{time.time_ns()}"
        assert ask("POST", defined.event_inlet, order).status == 200
    counts = f"{JOURNEYS}/journeyVersions/{version}/counts"
    wait_for(lambda: platform.get(counts)["status"].get("ended", 0) == CUSTOMERS, what="the end of everybody")
    return World(server, platform, defined, version, began, receiver)


def test_the_live_version_over_its_own_events_makes_no_difference(world: World) -> None:
    found = world.backtest()
    assert found["summary"]["differences"] == {"same": CUSTOMERS, "calls": 0, "end": 0, "onlyDraft": 0, "onlyLive": 0}
    assert found["records"] == CUSTOMERS + 1
    assert found["refused"] == {"reentranceNotAllowed": 1}
    assert found["summary"]["draft"] == found["summary"]["live"]
    made = Counter(body["to"] for _, _, body in world.receiver.messages)
    told = Counter(c["parameters"]["/to"] for one in found["customers"] for c in one["draft"]["calls"])
    assert told == made
    paths = {tuple(one["draft"]["path"]) for one in found["customers"]}
    assert ("order", "split:path:b", "plain") in paths, "nobody went by one side of the split"
    assert ("order", "split:path:a", "gold:path:gold", "pause", "vip") in paths
    for one in found["customers"]:
        assert one["draft"]["path"] == one["live"]["path"]


def test_a_draft_is_told_apart_customer_by_customer(world: World, tmp_path: Path) -> None:
    found = world.backtest()
    called_live = {one["key"] for one in found["customers"] if one["live"]["calls"]}
    draft = {
        "name": "Split and tell",
        "entry": {"node": "order", "reentrance": {"allowed": True, "waitSeconds": 0}},
        "nodes": {"order": {"type": "event", "event": "OrderPlaced"}},
    }
    file = tmp_path / "draft.json"
    file.write_text(json.dumps(draft))
    silent = world.backtest("--file", str(file))
    kinds = {
        kind: {c["key"] for c in silent["customers"] if c["kind"] == kind} for kind in ("calls", "same", "onlyDraft")
    }
    assert kinds["calls"] | kinds["same"] == {demo.email(n) for n in range(CUSTOMERS)}
    assert kinds["calls"] == called_live
    assert kinds["onlyDraft"] == {demo.email(0)}
    assert silent["summary"]["draft"]["calls"] == {}
    assert silent["draft"] == {"file": str(file)}


def test_stubs_change_what_would_have_been_sent_and_the_table_says_so(world: World, tmp_path: Path) -> None:
    stubs = tmp_path / "stubs.yaml"
    stubs.write_text("SendMessage: 500\n")
    found = world.backtest("--stubs", str(stubs), "--version", "1.0")
    called = sum(bool(one["live"]["calls"]) for one in found["customers"])
    assert found["summary"]["differences"]["end"] == called > 0
    run = world.server.command(
        "backtest", "Split and tell", "--dataset", "Orders", "--from", "1h", "--stubs", str(stubs), "--limit", "3"
    )
    assert run.returncode == 0, run.stderr
    assert "the same calls, another end" in run.stdout
    assert f"… {called - 3} more" in run.stdout
    assert "profiles are read as they are now" in run.stdout


def test_nothing_landed_in_the_period_is_no_fault(world: World) -> None:
    found = world.backtest("--to", world.began.replace("Z", ".5Z"))
    assert (found["records"], found["customers"]) == (0, [])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("Nobody", "--dataset", "Orders", "--from", "1d"), "no journey 'Nobody' in sandbox 'prod'"),
        (("Split and tell", "--dataset", "Sales", "--from", "1d"), "no data set 'Sales'; there are: "),
        (("Split and tell", "--dataset", "Loyalty members", "--from", "1d"), "holds no events"),
        (("Split and tell", "--dataset", "Orders", "--from", "yesterday"), "'yesterday' is no duration"),
        (("Split and tell", "--dataset", "Orders", "--from", "1h", "--to", "2h"), "the period is empty"),
        (("Split and tell", "--dataset", "Orders", "--from", "1h", "--version", "9"), "there are: 1.0"),
    ],
)
def test_what_cant_be_replayed_is_said_in_a_line(world: World, arguments: tuple[str, ...], said: str) -> None:
    run = world.server.command("backtest", *arguments)
    assert run.returncode == 1
    assert said in run.stderr
    assert "Traceback" not in run.stderr


def test_a_file_that_names_what_isnt_there_is_told_with_its_place(world: World, tmp_path: Path) -> None:
    file = tmp_path / "draft.yaml"
    file.write_text("name: X\nentry: {node: a}\nnodes:\n  a: {type: event, event: Order}\n")
    run = world.server.command("backtest", "X", "--dataset", "Orders", "--from", "1h", "--file", str(file))
    assert run.returncode == 1
    assert f"{file}:4:20: no event is called 'Order'; there are: OrderPlaced" in run.stderr


def upload(world: World, audience_id: str, mode: str, *emails: str) -> None:
    url = f"{world.server.url}/data/core/ups/audiences/{audience_id}"
    headers = {**world.platform.headers, "Content-Type": "text/csv"}
    answer = ask("POST", f"{url}/members?mode={mode}", "\n".join(["email", *emails]).encode(), headers)
    assert answer.status == 202, answer.body
    job = f"{url}/uploads/{answer.body['id']}"
    wait_for(lambda: ask("GET", job, headers=headers).body["status"] == "SUCCEEDED", what="the upload")


def replay(world: World, name: str, began: str, *arguments: str) -> dict[str, Any]:
    run = world.server.command("backtest", name, "--from", began, "--json", *arguments)
    assert (run.returncode, run.stderr) == (0, ""), run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def test_recorded_changes_of_audiences_are_replayed_and_what_is_not_recorded_is_said(
    world: World, tmp_path: Path
) -> None:
    made = [
        world.platform.post("/data/core/ups/audiences", {"name": name, "identityNamespace": "Email"})["id"]
        for name in ("Gold", "Silent")
    ]
    gold, silent = made
    upload(world, silent, "replace", "a@x.test", "b@x.test")
    document = {
        "name": "Welcome to gold",
        "entry": {"node": "enter"},
        "nodes": {
            "enter": {"type": "audienceQualification", "audienceId": gold},
            "known": {
                "type": "condition",
                "paths": [{"id": "yes", "expression": 'inAudience("Silent")'}],
                "otherPath": True,
            },
            "stay": {"type": "wait", "duration": {"value": 1, "unit": "days"}},
        },
        "edges": [
            {"from": "enter", "to": "known"},
            {"from": "known", "to": "stay", "kind": "path", "path": "yes"},
        ],
        "exitCriteria": [{"id": "out", "audienceId": gold, "verbs": ["exit"]}],
    }
    version = world.platform.post(f"{JOURNEYS}/journeys", document)["versionUid"]
    world.platform.post(f"{JOURNEYS}/journeyVersions/{version}/publish")
    began = datetime.now(UTC).isoformat()
    upload(world, gold, "replace", "a@x.test", "b@x.test", "c@x.test")
    counts = f"{JOURNEYS}/journeyVersions/{version}/counts"
    wait_for(lambda: world.platform.get(counts)["entered"] == 3, what="three entrances")
    upload(world, gold, "remove", "a@x.test")
    wait_for(lambda: world.platform.get(counts)["status"].get("exited") == 1, what="one who left")

    found = replay(world, "Welcome to gold", began)
    assert found["summary"]["differences"] == {"same": 3, "calls": 0, "end": 0, "onlyDraft": 0, "onlyLive": 0}
    assert found["summary"]["draft"]["ended"] == {"exited": 1, "active": 1, "ended": 1}
    assert any(note.startswith("4 recorded changes of “Gold” were replayed") for note in found["notes"])

    # nobody listened to it: nothing of it was recorded, and the report says so
    other = {
        **document,
        "nodes": {**document["nodes"], "enter": {"type": "audienceQualification", "audience": "Silent"}},
    }
    file = tmp_path / "other.json"
    file.write_text(json.dumps({**other, "exitCriteria": []}))
    found = replay(world, "Welcome to gold", began, "--file", str(file))
    assert found["summary"]["draft"]["entered"] == 0
    assert any(note.startswith("no change of “Silent” is recorded in the period") for note in found["notes"])

    # members as they are now, read by the draft's own schedule; who came in later was not there yet
    reading = {
        "name": "Welcome to gold",
        "entry": {"node": "read"},
        "nodes": {"read": {"type": "readAudience", "audience": "Silent"}},
    }
    file.write_text(json.dumps(reading))
    found = replay(world, "Welcome to gold", began, "--file", str(file))
    assert {one["key"] for one in found["customers"] if one["kind"] != "onlyLive"} == {"a@x.test", "b@x.test"}
    file.write_text(json.dumps({**reading, "nodes": {"read": {"type": "readAudience", "audience": "Gold"}}}))
    assert replay(world, "Welcome to gold", began, "--file", str(file))["summary"]["draft"]["entered"] == 0

    run = world.server.command("backtest", "Split and tell", "--from", began)
    assert "--dataset" in run.stderr
    assert run.returncode == 1


def told_by_server(world: World, version: str, asked: dict[str, Any]) -> tuple[int, list[tuple[str, Any]]]:
    """(status, server-sent events) of a backtest over HTTP; an error is told as one event without a name."""
    address = urlsplit(world.server.url)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=120)
    headers = {**world.platform.headers, "Content-Type": "application/json"}
    connection.request("POST", f"{JOURNEYS}/journeyVersions/{version}/backtest", json.dumps(asked), headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    if not (answer.getheader("content-type") or "").startswith("text/event-stream"):
        return answer.status, [("", json.loads(text))]
    blocks = [block.split("\n") for block in text.split("\n\n") if block.startswith("event: ")]
    return answer.status, [
        (name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in blocks
    ]


def test_the_server_replays_a_version_and_tells_how_far_it_is(world: World) -> None:
    status, events = told_by_server(world, world.version, {"dataSets": ["Orders"], "from": world.began})
    assert status == 200
    *progress, (last, found) = events
    assert (last, {name for name, _ in progress}) == ("result", {"progress"})
    assert progress[0][1]["records"] == 0
    assert progress[-1][1] | {"at": ""} == {"records": CUSTOMERS + 1, "total": CUSTOMERS + 1, "at": ""}
    by_command = world.backtest("--to", found["to"])
    assert found["summary"] == by_command["summary"]
    assert found["counts"]["order"] == {"in": CUSTOMERS, "waiting": 0, "out": CUSTOMERS, "errors": 0}
    assert found["counts"] == found["live"]["counts"]
    assert found["paths"] == found["live"]["paths"]
    assert sum(one["passed"] for one in found["paths"] if one["from"] == "split") == CUSTOMERS
    assert found["customerCount"] == len(found["customers"]) == CUSTOMERS
    for one in found["customers"]:
        assert one["draft"]["nodeId"] is None
        ways = [[(s["nodeId"], s.get("transition")) for s in one[side]["steps"]] for side in ("draft", "live")]
        assert ways[0] == ways[1]
    made = Counter(body["to"] for _, _, body in world.receiver.messages)
    assert Counter(call["parameters"]["/to"] for call in found["calls"]) == made
    assert found["callCount"] == made.total()
    assert {call["nodeId"] for call in found["calls"]} == {"vip", "plain"}


def test_a_document_that_is_not_saved_stands_beside_what_happened(world: World) -> None:
    stored = world.platform.get(f"{JOURNEYS}/journeyVersions/{world.version}")["document"]
    nodes = {name: stored["nodes"][name] for name in ("order", "plain")}
    draft = {**stored, "nodes": nodes, "edges": [{"from": "order", "to": "plain"}]}
    asked = {"dataSets": ["Orders"], "from": world.began, "document": draft, "show": 3}
    status, events = told_by_server(world, world.version, asked)
    assert status == 200
    found = events[-1][1]
    assert found["counts"]["plain"]["in"] == CUSTOMERS
    assert 0 < found["live"]["counts"]["plain"]["in"] < CUSTOMERS
    assert found["paths"] == [{"from": "order", "transition": "default", "to": "plain", "passed": CUSTOMERS}]
    differing = found["summary"]["differences"]["calls"]  # those whom the split led to blue: in one run of 2 000 nobody
    assert differing > 0
    assert (len(found["customers"]), len(found["calls"]), found["callCount"]) == (3, 3, CUSTOMERS)
    kinds = [one["kind"] for one in found["customers"]]
    assert kinds == ["calls"] * min(3, differing) + ["same"] * max(0, 3 - differing)


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ({"dataSets": ["Orders"]}, 400, "from is an instant"),
        ({"dataSets": ["Sales"], "from": "1d"}, 400, "no data set 'Sales'"),
        ({"from": "1d"}, 400, "say which data sets"),
        ({"dataSets": ["Orders"], "from": "1h", "to": "2h"}, 400, "the period is empty"),
        ({"dataSets": ["Orders"], "from": "1h", "stubs": {"Nothing": 200}}, 400, "nothing that is called"),
        ({"dataSets": ["Orders"], "from": "1h", "document": {"name": "x"}}, 400, "ERR_"),
    ],
)
def test_what_the_server_can_not_replay_is_refused(world: World, asked: dict[str, Any], status: int, said: str) -> None:
    found = told_by_server(world, world.version, asked)
    assert found[0] == status
    assert said in json.dumps(found[1][0][1], ensure_ascii=False)
