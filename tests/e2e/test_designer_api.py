"""What the designer asks of a running server: checks, scopes, simulations, counters, lists, data, operations."""

import http.client
import json
from typing import Any, NamedTuple

import demo
import pytest
from answering import Reply, ScriptedReceiver
from asking import ask, query
from definitions import JOURNEYS, define
from journey_tools import event_uid, publish
from platform_client import Platform
from running import RunningServer, wait_for

TOTAL = "@event{OrderPlaced.commerce.order.priceTotal}"


class World(NamedTuple):
    server: RunningServer
    platform: Platform
    version: str
    document: dict[str, Any]
    defined: Any


@pytest.fixture(scope="module")
def world(server: RunningServer) -> World:
    platform = server.platform()
    receiver = ScriptedReceiver(lambda _request, _before: Reply(200))
    defined = define(platform, receiver.url, lambda _line: None)
    version = publish(
        platform,
        "Drawn",
        {"stay": {"type": "event", "eventUid": event_uid(platform)}, "end": {"type": "end"}},
        [("order", "stay"), ("stay", "end")],
        tags=["e2e"],
    )
    document = platform.get(f"{JOURNEYS}/journeyVersions/{version}")["document"]
    made = World(server, platform, version, document, defined)
    for number in range(3):
        message = demo.order(platform, defined, number)
        message["body"]["xdmEntity"]["_id"] = f"drawn-{number}"
        assert ask("POST", defined.event_inlet, message).status == 200
    wait_for(lambda: counters(made)["nodes"]["stay"]["current"] == 3, what="the orders")
    return made


def counters(world: World) -> Any:
    return world.platform.get(f"{JOURNEYS}/journeyVersions/{world.version}/counters")


def test_an_expression_is_typed_at_its_node_and_evaluated(world: World) -> None:
    scope = world.platform.post(f"{JOURNEYS}/expressions/scope", {"document": world.document, "nodeId": "stay"})
    fields = {one["expression"]: one for root in scope["roots"] for one in root["fields"]}
    assert fields[TOTAL]["type"] == "decimal"
    body = {"document": world.document, "nodeId": "stay", "expression": f"{TOTAL} > 10"}
    assert world.platform.post(f"{JOURNEYS}/expressions/check", {**body, "expects": "boolean"}) == {
        "type": "boolean",
        "faults": [],
    }
    entity = demo.order(world.platform, world.defined, 1)["body"]["xdmEntity"]
    found = world.platform.post(f"{JOURNEYS}/expressions/evaluate", {**body, "events": {"OrderPlaced": entity}})
    assert found == {"value": True, "type": "boolean"}


def test_a_document_is_checked_and_simulated_before_it_is_saved(world: World) -> None:
    wrong = {**world.document, "nodes": {**world.document["nodes"], "alone": {"type": "end"}}}
    checked = world.platform.post(f"{JOURNEYS}/journeys/check", wrong)
    assert {fault["nodeId"] for fault in checked["errors"] + checked["warnings"]} == {"alone"}
    events = [{"event": "OrderPlaced", "at": at, "customer": "eve@example.com"} for at in ("1h", "2h")]
    found = world.platform.post(
        f"{JOURNEYS}/journeys/simulate", {"document": world.document, "events": events, "customers": 20, "until": "5d"}
    )
    assert (found["entered"], found["customerCount"]) == (21, 21)
    assert found["counts"]["stay"] == {"in": 21, "waiting": 20, "out": 1, "errors": 0}
    assert world.platform.get(f"{JOURNEYS}/journeyVersions/{world.version}/counts")["entered"] == 3


def test_a_canvas_is_told_who_is_where(world: World) -> None:
    found = counters(world)
    assert found["nodes"]["order"]["arrived"] == 3
    assert [edge["passed"] for edge in found["edges"]] == [3, 0]
    url = f"{JOURNEYS}/journeyVersions/{world.version}/instances"
    first = world.platform.get(query(url, nodeId="stay", state="active", limit=2))
    second = world.platform.get(query(url, nodeId="stay", state="active", limit=2, start=first["next"]))
    keys = [one["key"] for one in first["results"] + second["results"]]
    assert sorted(keys) == sorted(demo.email(number) for number in range(3))
    assert second["next"] is None


def test_a_list_shows_the_last_day_and_what_is_archived_is_left_out(world: World) -> None:
    platform = world.platform
    (ours,) = platform.get(query(f"{JOURNEYS}/journeys", search="drawn E2E", status="live", limit=10))["results"]
    assert (ours["live"]["uid"], ours["entryType"], ours["traffic"]["entered"]) == (world.version, "unitary", 3)
    draft = platform.post(f"{JOURNEYS}/journeys", {**world.document, "name": "Drawn and left"})
    platform.post(f"{JOURNEYS}/journeys/{draft['uid']}/archive")
    names = [one["name"] for one in platform.get(query(f"{JOURNEYS}/journeys", search="drawn"))["results"]]
    assert names == ["Drawn"]
    answer = ask("POST", f"{platform.url}{JOURNEYS}/journeys/{ours['uid']}/archive", headers=platform.headers)
    assert answer.status == 409


def test_operators_are_told_how_the_server_is_doing(world: World) -> None:
    found = world.platform.get("/parcours/operations")
    assert (found["server"]["status"], found["server"]["checks"]["worker"]) == ("ok", "ok")
    assert found["records"]["lastDay"]["landed"] >= 3
    settings = {one["name"]: one for one in world.platform.get("/parcours/settings")["results"]}
    assert (settings["port"]["value"], settings["port"]["source"]) == (world.server.port, "option")
    connection = http.client.HTTPConnection("127.0.0.1", world.server.port, timeout=30)
    connection.request("GET", "/parcours/operations/live", headers=world.platform.headers)
    answer = connection.getresponse()
    lines = [answer.readline() for _ in range(5)]
    connection.close()
    assert b"event: operations\n" in lines
    data = next(line for line in lines if line.startswith(b"data: "))
    assert json.loads(data[6:])["server"]["status"] == "ok"


def test_data_sets_are_asked_with_sql_and_nothing_else_is_reached(world: World) -> None:
    def run(sql: str, **more: Any) -> Any:
        body = {"sql": sql, **more}
        return ask("POST", f"{world.platform.url}/parcours/query", body, world.platform.headers)

    wait_for(lambda: run("SELECT count(*) AS n FROM orders").body.get("rows") == [[3]], what="the orders in the lake")
    found = run("SELECT _id FROM orders ORDER BY _id", limit=2).body
    assert (found["rows"], found["truncated"]) == ([["drawn-0"], ["drawn-1"]], True)
    assert [one["name"] for one in found["columns"]] == ["_id"]
    for sql in (
        "SELECT * FROM nothing", "SELEC 1", "SELECT 1; SELECT 2", "CREATE TABLE x (a INT)", "SET memory_limit = '9GB'",
        "SELECT * FROM read_text('/etc/hostname')", "COPY (SELECT 1) TO '/tmp/out.csv'", "INSTALL httpfs",
        "SELECT * FROM read_csv('http://127.0.0.1:1/x.csv')",
    ):  # fmt: skip
        assert run(sql).status == 400, sql
    for body in ({}, {"sql": 1}, {"sql": "SELECT 1", "limit": 0}):
        answer = ask("POST", f"{world.platform.url}/parcours/query", body, world.platform.headers)
        assert answer.status == 400, body


def test_the_last_rows_of_a_data_set_come_in_pages(world: World) -> None:
    preview = f"/data/foundation/export/datasets/{world.defined.event_dataset}/preview"
    first = world.platform.get(query(preview, limit=2))
    assert [row["_id"] for row in first["data"]] == ["drawn-2", "drawn-1"]
    assert first["data"][0]["commerce"]["order"]["priceTotal"]
    assert first["_page"] == {"limit": 2, "count": 2, "totalCount": 3, "next": 1}
    second = ask("GET", first["_links"]["next"]["href"], None, world.platform.headers).body
    assert [row["_id"] for row in second["data"]] == ["drawn-0"]
    assert second["_page"]["next"] is None
    assert (
        ask("GET", f"{world.platform.url}{preview.replace('preview', 'x')}", None, world.platform.headers).status == 404
    )
    unknown = f"{world.platform.url}/data/foundation/export/datasets/{'0' * 24}/preview"
    assert ask("GET", unknown, None, world.platform.headers).status == 404
