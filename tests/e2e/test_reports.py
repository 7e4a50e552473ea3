"""What a running server tells of its journeys: report and command, live counters, step events in SQL, alerts.

What sends further orders stands last: they count in the report, too.
"""

import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import demo
import pytest
from answering import Reply, ScriptedReceiver
from asking import ask
from definitions import JOURNEYS, define
from journey_tools import event_uid, publish
from platform_client import Platform
from running import RunningServer, wait_for

STEP = "_experience.journeyOrchestration.stepEvents"
SERVICE = "_experience.journeyOrchestration.serviceEvents"
PROFILE = "_experience.journeyOrchestration.profile"
VERSION = "_experience.journeyOrchestration.journey.versionID"
CUSTOMERS = 12
"""Every third is answered with an error, without a path for it."""


class World(NamedTuple):
    server: RunningServer
    platform: Platform
    receiver: ScriptedReceiver
    inlet: str
    version: str
    defined: Any

    def order(self, number: int, event_id: str) -> None:
        message = demo.order(self.platform, self.defined, number)
        message["body"]["xdmEntity"]["_id"] = event_id
        assert ask("POST", self.inlet, message).status == 200

    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = self.platform.get(f"{JOURNEYS}/journeyVersions/{self.version}/report")
        return found


@pytest.fixture(scope="module")
def world(server: RunningServer) -> World:
    platform = server.platform()

    def answer(request: Any, _before: int) -> Reply:
        number = int(str(request.body["to"])[8:11])
        return Reply(403 if number % 3 == 0 else 200)

    receiver = ScriptedReceiver(answer)
    defined = define(platform, receiver.url, lambda _line: None)
    uid = platform.get(f"{JOURNEYS}/actions")["results"][0]["uid"]
    tenant = platform.get("/data/foundation/schemaregistry/stats")["tenantId"]
    parameters = [
        {"paramPath": "/to", "expression": f"@event{{OrderPlaced._{tenant}.person.emailAddress}}"},
        {"paramPath": "/template", "expression": '"x"'},
        {"paramPath": "/firstName", "expression": '"y"'},
        {"paramPath": "/total", "expression": "1.5"},
    ]
    version = publish(
        platform,
        "Reported",
        {
            "tell": {"type": "customAction", "label": "Tell them", "actionUid": uid, "parameters": parameters},
            "stay": {"type": "event", "label": "Until they order again", "eventUid": event_uid(platform)},
            "end": {"type": "end", "label": "Thanked"},
        },
        [("order", "tell"), ("tell", "stay"), ("stay", "end")],
        description="Counts in this test",
        entry={"node": "order", "reentrance": {"allowed": False}},
    )
    made = World(server, platform, receiver, defined.event_inlet, version, defined)
    for number in range(CUSTOMERS):
        made.order(number, f"first-{number}")
    wait_for(lambda: made.report()["allTime"]["actions"][0]["executed"] == CUSTOMERS, what="the answers")
    for number in range(6):  # 0 and 3 failed: they may not enter again; the others are moved on
        made.order(number, f"second-{number}")
    wait_for(lambda: made.report()["allTime"]["completed"] == 4, what="the second orders")
    wait_for(lambda: made.report()["allTime"]["discarded"] == 2, what="the refusals")
    return made


def test_the_report_is_what_happened(world: World) -> None:
    found = world.report()
    for figures in (found["allTime"], found["live"]):
        assert (figures["entered"], figures["completed"], figures["failed"]) == (CUSTOMERS, 4, 4)
        assert figures["discards"] == {"reentranceNotAllowed": 2}
        (action,) = figures["actions"]
        assert (action["executed"], action["inError"], action["reasons"]) == (CUSTOMERS, 4, {"http 403": 4})
        assert action["p95Ms"] >= action["p50Ms"] >= 0
        assert figures["reasons"] == [{"nodeId": "tell", "nodeName": "Tell them", "reason": "http 403", "count": 4}]
        (event,) = figures["events"]
        assert (event["entered"], event["movedOn"]) == (CUSTOMERS, 4)
    every = found["allTime"]
    assert every["current"] == 4 == every["entered"] - every["completed"] - every["failed"]
    counts = world.platform.get(f"{JOURNEYS}/journeyVersions/{world.version}/counts")
    assert counts == {"entered": 12, "status": {"active": 4, "ended": 4, "error": 4}, "nodes": {"stay": 4}}
    overview = world.platform.get(f"{JOURNEYS}/overview")
    (ours,) = [journey for journey in overview["journeys"] if journey["versionUid"] == world.version]
    assert (ours["entered"], ours["failed"], ours["discarded"]) == (12, 4, 2)


def test_the_command_prints_it(world: World) -> None:
    run = world.server.command("report", "Reported")
    assert (run.returncode, run.stderr) == (0, "")
    lines = {line.strip(" │┃").split("  ")[0]: line for line in run.stdout.splitlines()}
    assert "Tell them (customAction)" in lines
    assert "default → Until they order again" in run.stdout
    assert "http 403: 4" in run.stdout
    assert "reentranceNotAllowed" in run.stdout
    as_json = world.server.command("report", world.version, "--json")
    assert json.loads(as_json.stdout)["allTime"] == world.report()["allTime"]
    assert world.server.command("report", "Reported", "--version", "1").returncode == 0
    for arguments in (("Nothing",), ("Reported", "--version", "7")):
        failed = world.server.command("report", *arguments)
        assert failed.returncode == 1
        assert failed.stderr.startswith("parcours: ")


def landed(world: World, query: str) -> list[dict[str, Any]]:
    return world.server.sql(query)


def test_every_query_of_the_specification_works(world: World) -> None:
    key = demo.email(3)
    of_version = f"{STEP}.journeyVersionID = '{world.version}'"
    # distinct errors of an action
    errors = landed(
        world,
        f"SELECT {STEP}.actionExecutionError, count(distinct _id) AS n FROM journey_step_events "
        f"WHERE {STEP}.nodeName = 'Tell them' AND {STEP}.actionExecutionError IS NOT NULL AND {of_version} GROUP BY 1",
    )
    assert errors == [{"actionExecutionError": "http", "n": 4}]
    # did a profile enter a journey; who was refused did not
    entered = f"SELECT count(distinct _id) AS n FROM journey_step_events WHERE {of_version} AND {STEP}.profileID = "
    assert landed(world, f"{entered}'{key}'") == [{"n": 2}]
    assert landed(world, f"{entered}'nobody@example.com'") == [{"n": 0}]
    # individuals having entered each node
    nodes = landed(
        world,
        f"SELECT {STEP}.nodeID, {STEP}.nodeName, count(1) AS n FROM journey_step_events "
        f"WHERE {STEP}.journeyVersionID IN ('{world.version}') AND {STEP}.journeyNodeProcessed = TRUE "
        f"AND {STEP}.eventID IS DISTINCT FROM 'createInstance' GROUP BY 1, 2",
    )
    report = {node["id"]: node for node in world.report()["allTime"]["nodes"]}
    assert {row["nodeID"]: row["n"] for row in nodes} == {"order": 12, "tell": 12, "stay": 4, "end": 4}
    assert {i: node["executed"] for i, node in report.items()} == {"order": 12, "tell": 12, "stay": 4, "end": 4}
    # journeys entered by a profile in the last 30 days
    journeys = landed(
        world,
        f"SELECT {STEP}.journeyVersionName, count(distinct _id) AS n FROM journey_step_events "
        f"WHERE {STEP}.nodeType = 'start' AND {STEP}.profileID = '{key}' "
        "AND timestamp > (now() - interval '30' day) GROUP BY 1",
    )
    assert {"journeyVersionName": "Reported", "n": 1} in journeys


PASSED = f"""
    WITH every AS (SELECT e.timestamp AS at, e.{STEP}.nodeName AS node, e.{STEP}.instanceID AS id
                   FROM journey_step_events AS e WHERE e.{STEP}.journeyVersionName = 'Reported'),
         here AS (SELECT one.at, one.id FROM every AS one
                  WHERE one.node = 'Tell them' AND one.at > (now() - interval '18 hour')),
         beyond AS (SELECT one.at, one.id FROM every AS one WHERE one.node IN ('Until they order again')),
         left_here AS (SELECT distinct one.id FROM here AS one EXCEPT SELECT distinct one.id FROM beyond AS one)"""
DAY = "DATE(timestamp) > (now() - interval '48' hour)"
BEGAN = f"{STEP}.actionExecutionOriginStartTime"
CALLS = f"""{STEP}.actionType = 'customHttpAction' AND {STEP}.actionOriginEndpoint IS NOT NULL AND
    ({BEGAN} > (now() - interval '1' day) OR {BEGAN} IS NULL AND timestamp > (now() - interval '1' day))"""
PERCENTILE = "ROUND(PERCENTILE_CONT({}) WITHIN GROUP (ORDER BY " + STEP + ".{}), 0) AS {}"
JOB = f"{SERVICE}.segmentExportJob"
PUBLISHED: dict[str, tuple[str, list[dict[str, Any]] | None]] = {
    "profiles that entered": (
        f"""SELECT count(distinct {STEP}.profileID) AS n FROM journey_step_events WHERE OF_VERSION AND
        {STEP}.nodeType = 'start' AND {STEP}.instanceType = 'unitary' AND {DAY};""",
        [{"n": 12}],
    ),
    "the rules that refused": (
        f"""SELECT {SERVICE}.dispatcher.eventType, {SERVICE}.dispatcher.eventCodeReason,
        {SERVICE}.dispatcher.rejectedRuleset.ID AS RULESET_ID,
        {SERVICE}.dispatcher.rejectedRuleset.rejectedRules.ID AS RULE_ID,
        {SERVICE}.dispatcher.rejectedRuleset.rejectedRules.name AS RULE_NAME FROM journey_step_events
        WHERE {SERVICE}.dispatcher.eventCode = 'discard' AND OF_VERSION AND timestamp >= to_date('2025-05-16')""",
        [],
    ),
    "errors of each node": (
        f"""SELECT {STEP}.nodeName, count(distinct {STEP}.profileID) AS n FROM journey_step_events WHERE OF_VERSION AND
        {DAY} AND ({STEP}.actionExecutionError is not NULL OR {STEP}.actionExecutionOriginCode is not NULL
        OR {STEP}.fetchErrorCode is not NULL) GROUP BY {STEP}.nodeName;""",
        [{"nodeName": "Tell them", "n": 4}],
    ),
    "events that were discarded": (
        f"""SELECT count(_id) AS n FROM journey_step_events WHERE ({JOB}.eventCode = 'error' OR
        {SERVICE}.dispatcher.eventCode = 'discard' OR {SERVICE}.stateMachine.eventCode = 'discard' OR
        {JOB}.eventCode is not null) AND OF_VERSION AND {DAY};""",
        [{"n": 0}],  # it asks for the state machine's type as its code: what it discards is not found so
    ),
    "discards by the state machine": (
        f"""SELECT {SERVICE}.stateMachine.eventCode, COUNT() FROM journey_step_events
        WHERE {SERVICE}.stateMachine.eventType = 'discard' AND OF_VERSION GROUP BY {SERVICE}.stateMachine.eventCode""",
        [{"eventCode": "reentranceNotAllowed", "count_star()": 2}],
    ),
    "what happened to somebody": (
        f"""SELECT timestamp, {STEP}.nodeName, _experience.journeyOrchestration.serviceType,
        to_json(_experience.journeyOrchestration.profile), to_json(_experience.journeyOrchestration.serviceEvents)
        FROM journey_step_events WHERE OF_VERSION AND {DAY} AND ({STEP}.profileID = 'nobody'
        OR _experience.journeyOrchestration.profile.ID = 'nobody') ORDER BY timestamp;""",
        [],
    ),
    "details of service events": (
        """SELECT _experience.journeyOrchestration.journey.versionID IS NOT NULL AS known,
        count(to_json(_experience.journeyOrchestration.serviceEvents)) AS n FROM journey_step_events
        WHERE _experience.journeyOrchestration.serviceType is not null AND
        _experience.journeyOrchestration.journey.versionID = 'VERSION' GROUP BY 1;""",
        [{"known": True, "n": 2}],
    ),
    "time between two nodes": (
        f"""WITH a AS (SELECT timestamp AS at, {STEP}.instanceID AS id FROM journey_step_events WHERE OF_VERSION AND
        {STEP}.nodeName = 'Order placed' AND {STEP}.journeyNodeProcessed = true),
        b AS (SELECT timestamp AS at, {STEP}.instanceID AS id FROM journey_step_events WHERE OF_VERSION AND
        {STEP}.nodeName = 'Tell them' AND {STEP}.journeyNodeProcessed = true)
        SELECT MIN(DATEDIFF(millisecond, T1.at, T2.at)) >= 0 AS sound, AVG(DATEDIFF(millisecond, T1.at, T2.at)) AS mean
        FROM a AS T1, b AS T2 WHERE T1.id = T2.id""",
        None,
    ),
    "export jobs": (
        f"""WITH dropped AS (SELECT {JOB}.ID AS id, count(distinct _experience.journeyOrchestration.profile.ID) AS n
        FROM journey_step_events WHERE {JOB}.eventCode IN ('ERROR_INSTANCE_INTERNAL') GROUP BY {JOB}.ID),
        done AS (SELECT {JOB}.ID AS id, sum({JOB}.exportCountTotal) AS n FROM journey_step_events
        WHERE {JOB}.eventType = 'segmenttrigger-orchestrator' GROUP BY {JOB}.ID)
        SELECT sum(T2.n) AS total, sum(T1.n) AS discarded FROM dropped AS T1, done AS T2 WHERE T1.id = T2.id""",
        [{"total": None, "discarded": None}],
    ),
    "journeys that engaged many": (
        f"""SELECT {STEP}.journeyVersionName AS JOURNEY_NAME, count(distinct {STEP}.profileID) AS ENGAGED
        FROM journey_step_events WHERE timestamp > (now() - interval '12' month) AND {STEP}.nodeType = 'start'
        AND OF_VERSION GROUP BY {STEP}.journeyVersionName, DATE(timestamp)
        HAVING count(distinct {STEP}.profileID) > 1 ORDER BY DATE(timestamp) DESC, ENGAGED DESC;""",
        None,
    ),
    "who is at a node": (
        f"""{PASSED} SELECT DATE_FORMAT(T1.at, 'yyyy/MM') AS DATETIME, count(T1.id) AS n
        FROM here AS T1, left_here AS T2 WHERE T1.id = T2.id GROUP BY DATETIME ORDER BY DATETIME DESC""",
        None,
    ),
    "exits by minute": (
        f"""SELECT DATE_FORMAT(e.timestamp, 'yyyy/MM/dd HH:mm') AS DATETIME, e.{STEP}.stepStatus AS EXIT_STATUS,
        count(e.{STEP}.instanceID) AS n FROM journey_step_events AS e WHERE e.{STEP}.journeyVersionName = 'Reported'
        AND e.{STEP}.stepStatus in ('endStep', 'error', 'timedOut', 'cappingError')
        AND e.timestamp > (now() - interval '22 hour') GROUP BY DATETIME, EXIT_STATUS ORDER BY DATETIME DESC""",
        None,
    ),
    "calls of an endpoint": (
        f"""SELECT {STEP}.actionOriginEndpoint IS NULL AS ENDPOINT, COUNT(1) AS TOTAL_CALLS,
        COUNT(CASE WHEN {STEP}.actionExecutionError = 'http' AND {STEP}.actionExecutionErrorCode LIKE '4%' THEN 1 END)
        AS "4xx_ERRORS", ROUND(COUNT({BEGAN}) / COUNT(DISTINCT DATE_TRUNC('second', {BEGAN})), 0) AS THROUGHPUT_RPS
        FROM journey_step_events WHERE {CALLS} AND OF_VERSION GROUP BY ENDPOINT ORDER BY ENDPOINT;""",
        None,
    ),
    "how long calls took, over time": (
        f"""SELECT {STEP}.actionOriginEndpoint AS ENDPOINT,
        DATE_FORMAT(COALESCE({BEGAN}, timestamp), 'yyyy/MM/dd HH:mm') AS SPAN,
        {PERCENTILE.format("0.50", "actionExecutionOriginTime", "P50")},
        {PERCENTILE.format("0.999", "actionExecutionOriginTime", "P999")}
        FROM journey_step_events WHERE {CALLS} GROUP BY ENDPOINT, SPAN ORDER BY ENDPOINT, SPAN;""",
        None,
    ),
    "how long calls waited": (
        f"""SELECT {STEP}.actionOriginEndpoint AS ENDPOINT, {PERCENTILE.format("0.95", "actionWaitTime", "P95")}
        FROM journey_step_events WHERE {CALLS} AND {STEP}.actionIsThrottled = 'true' AND
        {STEP}.actionWaitTime IS NOT NULL GROUP BY ENDPOINT ORDER BY ENDPOINT;""",
        [],
    ),
}  # fmt: skip
"""Each shape of query that the reference platform's pages publish, and what it finds here; None where that varies."""


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_shape_of_each_published_query_is_understood(world: World, name: str) -> None:
    query, found = PUBLISHED[name]
    query = query.replace("OF_VERSION", f"{STEP}.journeyVersionID = 'VERSION'").replace("VERSION'", f"{world.version}'")
    answer = world.platform.post("/parcours/query", {"sql": query})
    names = [column["name"] for column in answer["columns"]]
    rows = [dict(zip(names, row, strict=True)) for row in answer["rows"]]
    assert rows == found if found is not None else rows


def test_published_queries_may_use_other_words_for_statuses(world: World) -> None:
    counted = f"SELECT count(*) AS n FROM journey_step_events WHERE {STEP}.journeyVersionID = '{world.version}' "
    (ended,) = landed(world, f"{counted} AND {STEP}.stepStatus = 'ended'")
    assert ended["n"] > 0
    assert landed(world, f"{counted} AND {STEP}.stepStatus = 'endStep'") == [ended]
    (failed,) = landed(world, f"{counted} AND {STEP}.stepStatus NOT IN ('endStep', 'transitions')")
    assert failed == {"n": 4}
    assert landed(world, f"{counted} AND {STEP}.stepStatus IN ('timedOut', 'cappingError')") == [{"n": 0}]


def test_refusals_and_versions_land(world: World) -> None:
    refused = landed(
        world,
        f"SELECT {SERVICE}.stateMachine.eventCode AS why, {PROFILE}.ID AS who, {VERSION} AS version "
        f"FROM journey_step_events WHERE {SERVICE}.stateMachine.eventType = 'discard' "
        f"AND {SERVICE}.stateMachine.eventCode = 'reentranceNotAllowed' ORDER BY 2",
    )
    assert refused == [
        {"why": "reentranceNotAllowed", "who": demo.email(number), "version": world.version} for number in (0, 3)
    ]
    joined = landed(
        world,
        "SELECT j._experience.journeyOrchestration.journey.description AS about, count(*) AS n "
        f"FROM journey_step_events s JOIN journeys j ON j._id = s.{STEP}.journeyVersionID "
        f"WHERE s.{STEP}.entrance GROUP BY 1",
    )
    assert {"about": "Counts in this test", "n": CUSTOMERS} in joined


def test_the_published_queries_about_refused_events_find_them(world: World) -> None:
    events = {one["uid"]: one for one in world.platform.get(f"{JOURNEYS}/events")["results"]}
    order = events[event_uid(world.platform)]["eventID"]
    counted = landed(
        world,
        f"SELECT {SERVICE}.stateMachine.eventCode, COUNT(*) AS n FROM journey_step_events "
        f"WHERE {SERVICE}.stateMachine.eventType = 'discard' GROUP BY {SERVICE}.stateMachine.eventCode",
    )
    assert {"eventCode": "reentranceNotAllowed", "n": 2} in counted
    by_event = landed(
        world,
        f"SELECT count(*) AS n FROM journey_step_events WHERE {STEP}.eventID = '{order}' "
        f"AND {STEP}.journeyVersionID = '{world.version}' AND {STEP}.nodeType = 'start'",
    )
    assert by_event == [{"n": CUSTOMERS}]
    body = {
        "name": "Unwanted", "type": "unitary", "idType": "systemGenerated", "namespace": "Email",
        "schemaRef": events[event_uid(world.platform)]["schemaRef"], "fields": ["/commerce/order/priceTotal"],
    }  # fmt: skip
    unwanted = world.platform.post(f"{JOURNEYS}/events", body)["eventID"]
    message = demo.order(world.platform, world.defined, 7)
    message["body"]["xdmEntity"] |= {"_id": "unwanted"}
    message["body"]["xdmEntity"]["_experience"]["campaign"]["orchestration"]["eventID"] = unwanted
    assert ask("POST", world.inlet, message).status == 200
    query = (
        f"SELECT {PROFILE}.ID, DATE(timestamp) AS day FROM journey_step_events "
        f"WHERE {SERVICE}.dispatcher.eventID = '{unwanted}' AND {PROFILE}.ID = '{demo.email(7)}' "
        f"AND {SERVICE}.dispatcher.eventCode = 'discard' AND {SERVICE}.dispatcher.eventType = 'EVENT_WITH_NO_JOURNEY'"
    )
    wait_for(lambda: [row["ID"] for row in landed(world, query)] == [demo.email(7)], what="the record")


@contextmanager
def stream(world: World, version: str) -> Iterator[http.client.HTTPResponse]:
    connection = http.client.HTTPConnection("127.0.0.1", world.server.port, timeout=30)
    path = f"{JOURNEYS}/journeyVersions/{version}/report/live"
    connection.request("GET", path, headers=world.platform.headers)
    try:
        yield connection.getresponse()
    finally:
        connection.close()


def next_counters(answer: http.client.HTTPResponse) -> dict[str, Any]:
    """The data of the next event `counters`."""
    while True:
        line = answer.readline()
        assert line, "the stream ended"
        if line.startswith(b"data: "):
            found: dict[str, Any] = json.loads(line[6:])
            return found


def open_streams(server: RunningServer) -> float:
    lines = server.get("/metrics")[1].decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("parcours_report_streams "))


def test_live_counters_come_as_they_change_and_the_stream_is_let_go(world: World) -> None:
    version = publish(
        world.platform,
        "Watched",
        {"wait": {"type": "wait", "duration": {"value": 1, "unit": "hours"}}},
        [("order", "wait")],
    )
    with stream(world, version) as answer:
        assert answer.status == 200
        assert answer.getheader("content-type", "").startswith("text/event-stream")
        assert next_counters(answer)["entered"] == 0
        assert open_streams(world.server) == 1
        world.order(90, "watched-1")
        found = next_counters(answer)
        assert (found["entered"], found["nodes"]["wait"]["current"]) == (1, 1)
    wait_for(lambda: open_streams(world.server) == 0, what="the end of the stream")
    versions = f"{world.server.url}{JOURNEYS}/journeyVersions"
    head = ask("HEAD", f"{versions}/{version}/report/live", None, world.platform.headers)
    assert (head.status, head.body) == (200, "")
    wait_for(lambda: open_streams(world.server) == 0, what="the end of the HEAD")
    unknown = ask("GET", f"{versions}/x/report/live", None, world.platform.headers)
    assert unknown.status == 404


def test_a_stream_does_not_hold_up_the_end_of_the_server(world: World, tmp_path: Any) -> None:
    other = RunningServer(tmp_path / "data").start()
    platform = other.platform()
    made = platform.post(f"{JOURNEYS}/journeys", {"name": "Empty", "entry": {"node": "a"}, "nodes": {}})
    asked = world._replace(server=other, platform=platform)
    with stream(asked, made["versionUid"]) as answer:
        assert next_counters(answer)["entered"] == 0
        assert other.process is not None
        other.process.terminate()
        while answer.read1(1000):  # it ends, whole
            pass
    assert other.process.wait(timeout=25) == 0  # a stop waits 30 s for what does not end by itself


def test_an_alert_reaches_its_webhook_from_the_worker(world: World) -> None:
    hook = ScriptedReceiver(lambda _request, _before: Reply(204))
    journey_uid = world.report()["journeyUid"]
    made = world.platform.post(
        f"{JOURNEYS}/alertSubscriptions",
        {"journeyUid": journey_uid, "alerts": ["customActionErrorRate"], "webhook": {"url": hook.url, "secret": "k"}},
    )
    sent = 0

    def is_told() -> bool:
        nonlocal sent
        if not hook.arrived:  # five minutes may have passed since the orders of the fixture
            world.order(100 + 3 * sent + 2, f"alert-{sent}")
            sent += 1
            time.sleep(0.5)
        return bool(hook.arrived)

    wait_for(is_told, 60, what="the notice")
    notice = hook.arrived[0]
    assert notice.body["event"] == "opened"
    assert notice.body["alert"]["nodeId"] == "tell"
    signed = notice.headers["x-parcours-timestamp"].encode() + b"." + json.dumps(
        notice.body, separators=(",", ":"), ensure_ascii=False
    ).encode()  # fmt: skip
    digest = hmac.new(b"k", signed, hashlib.sha256).hexdigest()
    assert notice.headers["x-parcours-signature"] == f"sha256={digest}"
    (alert,) = world.platform.get(f"{JOURNEYS}/alerts?state=open")["results"]
    assert (alert["subscriptionUid"], alert["kind"]) == (made["uid"], "customActionErrorRate")

    def is_noted() -> bool:
        found = world.platform.get(f"{JOURNEYS}/alerts/{alert['uid']}")["notices"]
        return [one["state"] for one in found] == ["delivered"]

    wait_for(is_noted, what="the note of the delivery")
