"""Calls that journeys make, against a receiver that fails in every way, and the wall before private networks."""

import base64
import re
import socket
import time
from collections.abc import Callable
from typing import Any

import demo
import pytest
from answering import Arrived, Reply, ScriptedReceiver
from asking import JSON, ask
from definitions import JOURNEYS, define
from journey_tools import instances, publish, transitions
from running import RunningServer, wait_for

PASSWORD = "not shown again"  # the demo's action has it
KEY = re.compile(r"\S{16,}")

ANSWERS: dict[str, Callable[[int], Reply]] = {
    "well": lambda before: Reply(body={"status": "queued"}),
    "twice-500": lambda before: Reply(500 if before < 2 else 200),
    "always-500": lambda before: Reply(500),
    "always-400": lambda before: Reply(400, {"error": "no"}),
    "unauthorized": lambda before: Reply(401),
    "forbidden": lambda before: Reply(403),
    "missing": lambda before: Reply(404),
    "later": lambda before: Reply(429, headers=(("Retry-After", "2"),)) if before == 0 else Reply(),
    "slow": lambda before: Reply(delay_s=4.0),
    "no-json": lambda before: Reply(200, None),
    "redirected": lambda before: Reply(302, headers=(("Location", "http://[::1]:1/"),)),
}
"""By the part of the recipient's address before @: the answer to a call, given how often it came before."""


def answer(request: Arrived, before: int) -> Reply:
    return ANSWERS[request.body["to"].split("@")[0].split("+")[0]](before)


class World:
    """A server whose demo journey is stopped, so that every call is one of the journeys published here."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.receiver = ScriptedReceiver(answer)
        self.platform = server.platform()
        self.defined = define(self.platform, self.receiver.url, lambda _line: None)
        self.platform.post(f"{JOURNEYS}/journeyVersions/{self.defined.journey_version}/stop")
        (action,) = self.platform.get(f"{JOURNEYS}/actions")["results"]
        self.action_uid = action["uid"]

    def publish(self, name: str, edges: list[tuple[str, ...]], **more: Any) -> str:
        tenant = self.defined.tenant
        parameters = {
            "/to": f"@event{{OrderPlaced._{tenant}.person.emailAddress}}",
            "/template": f'"{name}"',
            "/firstName": '"Jo"',
            "/total": "@event{OrderPlaced.commerce.order.priceTotal}",
        }
        call = {
            "type": "customAction",
            "actionUid": self.action_uid,
            "parameters": [{"paramPath": path, "expression": text} for path, text in parameters.items()],
        }
        ends = {edge[1]: {"type": "end"} for edge in edges if edge[1] != "send"}
        return publish(self.platform, name, {"send": call, **ends}, [("order", "send"), *edges], **more)

    def send(self, email: str, event_id: str = "") -> None:
        message = demo.order(self.platform, self.defined, 1)
        entity = message["body"]["xdmEntity"]
        entity["_id"] = event_id or f"order of {email}"
        entity[f"_{self.defined.tenant}"]["person"]["emailAddress"] = email
        assert ask("POST", self.defined.event_inlet, message).status == 200

    def outcome(self, version: str, email: str, count: int = 1) -> dict[str, Any]:
        """The latest instance of a customer, once it has ended, with its call's step under `call`."""

        def is_over() -> bool:
            found = instances(self.platform, version, email)
            return len(found) == count and found[-1]["nodeId"] is None

        wait_for(is_over, what=f"the end of {email}")
        instance = instances(self.platform, version, email)[-1]
        (step,) = [step for step in instance["steps"] if step["nodeId"] == "send"]
        return {**instance, "call": step}


@pytest.fixture(scope="module")
def world(server: RunningServer) -> World:
    return World(server)


@pytest.fixture(scope="module")
def with_error_edge(world: World) -> str:
    return world.publish("With error edge", [("send", "sent"), ("send", "failed", "error")])


def test_a_call_carries_its_key_its_credentials_and_its_payload(world: World, with_error_edge: str) -> None:
    email = "well@example.com"
    world.send(email)
    found = world.outcome(with_error_edge, email)
    assert (found["status"], transitions(found)) == ("ended", ["order:default", "send:default"])
    (arrived,) = world.receiver.to(email)
    assert KEY.fullmatch(arrived.key)
    assert arrived.path == "/messages"
    assert arrived.headers["content-type"].startswith("application/json")
    assert arrived.headers["authorization"] == "Basic " + base64.b64encode(f"shop:{PASSWORD}".encode()).decode()
    assert arrived.headers["user-agent"].startswith("Parcours/")
    assert arrived.body == {"to": email, "template": "With error edge", "firstName": "Jo", "total": demo.total(1)}
    assert found["call"]["action"]["actionSchedulerCount"] == 1


def test_after_a_500_the_call_is_made_again_under_the_same_key_until_it_succeeds(
    world: World, with_error_edge: str
) -> None:
    email = "twice-500@example.com"
    world.send(email)
    found = world.outcome(with_error_edge, email)
    assert transitions(found)[-1] == "send:default"
    arrived = world.receiver.to(email)
    assert len(arrived) == 3
    assert len({one.key for one in arrived}) == 1
    assert arrived[1].at - arrived[0].at >= 0.14
    assert arrived[2].at - arrived[1].at >= 0.29
    assert found["call"]["action"]["actionSchedulerCount"] == 3


@pytest.mark.parametrize("kind", ["always-500", "always-400"])
def test_a_call_that_goes_on_failing_is_given_up_after_three_retries_and_takes_the_error_edge(
    world: World, with_error_edge: str, kind: str
) -> None:
    email = f"{kind}@example.com"
    world.send(email)
    found = world.outcome(with_error_edge, email)
    assert (found["status"], transitions(found)[-1]) == ("ended", "send:error")
    arrived = world.receiver.to(email)
    assert len(arrived) == 4
    assert len({one.key for one in arrived}) == 1
    assert found["call"]["stepStatus"] == "error"
    code = kind.rpartition("-")[2]
    assert found["call"]["detail"]["statusCode"] == f"http_{code}"


@pytest.mark.parametrize(("kind", "code"), [("unauthorized", 401), ("forbidden", 403), ("missing", 404)])
def test_401_403_and_404_are_not_tried_again(world: World, with_error_edge: str, kind: str, code: int) -> None:
    email = f"{kind}@example.com"
    world.send(email)
    found = world.outcome(with_error_edge, email)
    assert transitions(found)[-1] == "send:error"
    assert len(world.receiver.to(email)) == 1
    assert found["call"]["detail"]["statusCode"] == f"http_{code}"


def test_the_time_a_receiver_asks_for_is_waited(world: World, with_error_edge: str) -> None:
    email = "later@example.com"
    world.send(email)
    assert transitions(world.outcome(with_error_edge, email))[-1] == "send:default"
    first, second = world.receiver.to(email)
    assert second.at - first.at >= 1.95
    assert first.key == second.key


def test_each_customer_and_each_entrance_has_a_key_of_its_own(world: World, with_error_edge: str) -> None:
    first, second = "well+a@example.com", "well+b@example.com"
    world.send(first, "a1")
    world.outcome(with_error_edge, first)
    world.send(first, "a2")
    world.outcome(with_error_edge, first, 2)
    world.send(second, "b1")
    world.outcome(with_error_edge, second)
    keys = [one.key for email in (first, second) for one in world.receiver.to(email)]
    assert len(keys) == len(set(keys)) == 3


def test_a_redirect_to_where_nothing_listens_is_an_error_with_its_reason(world: World, with_error_edge: str) -> None:
    email = "redirected@example.com"
    world.send(email)
    found = world.outcome(with_error_edge, email)
    assert transitions(found)[-1] == "send:error"
    assert found["call"]["detail"]["statusCode"] == "internalError"
    assert "no connection" in found["call"]["detail"]["reason"]


def test_without_an_error_edge_the_journey_ends_in_error(world: World) -> None:
    version = world.publish("Without error edge", [("send", "sent")])
    email = "missing+2@example.com"
    world.send(email)
    found = world.outcome(version, email)
    assert found["status"] == "error"
    assert found["call"]["instanceEnded"]


def test_a_call_that_takes_too_long_is_a_timeout(world: World) -> None:
    version = world.publish(
        "Impatient", [("send", "sent"), ("send", "late", "error")], timeouts={"actionSeconds": 1, "globalDays": 1}
    )
    email = "slow@example.com"
    started = time.monotonic()
    world.send(email)
    found = world.outcome(version, email)
    assert transitions(found)[-1] == "send:error"
    assert found["call"]["stepStatus"] == "timedout"
    assert "no answer within 1 s" in found["call"]["detail"]["reason"]
    assert time.monotonic() - started < 20


STEP = "_experience.journeyOrchestration.stepEvents"


def test_queries_tell_how_endpoints_do(world: World) -> None:
    """Published queries for endpoints: throughput, response times, time in the queue."""
    version = world.publish("Timed", [("send", "sent"), ("send", "late", "error")])
    email, throttles = "twice-500+timed@example.com", f"{JOURNEYS}/throttlingConfigs"
    pattern = {"urlPattern": f"{world.receiver.url}/*", "methods": ["POST"], "maxThroughput": 200}
    throttle = world.platform.post(throttles, {"name": "Endpoint", **pattern})["uid"]
    world.platform.post(f"{throttles}/{throttle}/deploy")
    began = time.time()
    try:
        time.sleep(1)  # what delivery looks at may be that old
        world.send(email)
        call = world.outcome(version, email)["call"]["action"]
    finally:
        world.platform.post(f"{throttles}/{throttle}/undeploy")
    assert 0 <= call["actionExecutionOriginTime"] <= call["actionExecutionTime"] - 400
    told = (
        f"FROM journey_step_events WHERE {STEP}.actionType = 'customHttpAction' "
        f"AND {STEP}.journeyVersionID = '{version}'"
    )
    day = "(now() - interval '1' day)"
    (throughput,) = world.server.sql(
        f"SELECT {STEP}.actionOriginEndpoint AS endpoint, COUNT(1) AS calls {told} AND "
        f"({STEP}.actionExecutionOriginStartTime > {day} "
        f"OR ({STEP}.actionExecutionError = 'capped' AND timestamp > {day})) "
        "GROUP BY endpoint ORDER BY endpoint"
    )
    assert throughput == {"endpoint": f"{world.receiver.url}/messages", "calls": 1}
    (times,) = world.server.sql(
        f"SELECT ROUND(PERCENTILE_CONT(0.95) WITHIN GROUP (ORDER BY {STEP}.actionExecutionOriginTime), 0) AS p95, "
        f"max(epoch({STEP}.actionExecutionOriginStartTime)) AS began {told} "
        f"AND {STEP}.actionExecutionOriginTime IS NOT NULL"
    )
    assert times["p95"] == call["actionExecutionOriginTime"]
    assert began + 1.4 < times["began"] < time.time()
    (queued,) = world.server.sql(
        f"SELECT ROUND(PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY {STEP}.actionWaitTime), 0) AS p50 {told} "
        f"AND {STEP}.actionIsThrottled = 'true' AND {STEP}.actionWaitTime IS NOT NULL"
    )
    assert queued["p50"] == call["actionWaitTime"]


def test_a_secret_is_never_shown_and_never_stored_in_the_open(world: World) -> None:
    shown = world.platform.get(f"{JOURNEYS}/actions/{world.action_uid}")
    assert shown["authentication"] == {"type": "basic", "username": "shop", "password": "********"}
    stored = b"".join(
        path.read_bytes() for path in world.server.data_dir.rglob("*") if path.is_file() and path.name != "server.lock"
    )
    assert b"SendMessage" in stored
    for secret in (PASSWORD, base64.b64encode(f"shop:{PASSWORD}".encode()).decode()):
        assert secret.encode() not in stored
    assert PASSWORD not in world.server.log.read_text()


def test_an_action_names_the_journeys_that_use_it(world: World, with_error_edge: str) -> None:
    found = world.platform.get(f"{JOURNEYS}/actions/{world.action_uid}/journeys")["results"]
    (user,) = [journey for journey in found if journey["name"] == "With error edge"]
    assert [(one["uid"], one["status"]) for one in user["versions"]] == [(with_error_edge, "Deployed")]


def test_an_action_can_be_tried_with_values_typed_by_hand(world: World) -> None:
    url = f"{world.platform.url}{JOURNEYS}/actions/{world.action_uid}/test"
    values = {"/to": "well@example.com", "/template": "by hand", "/firstName": "Jo", "/total": 1.5}
    tried = ask("POST", url, {"parameters": values}, {**world.platform.headers, **JSON})
    assert tried.status == 200
    assert tried.body["response"]["status"] == 200
    assert PASSWORD not in str(tried.body)
    assert world.receiver.to("well@example.com")[-1].body["template"] == "by hand"


# --- the wall ---------------------------------------------------------------------------------------------------------


def action_body(name: str, url: str) -> dict[str, Any]:
    return {"name": name, "url": url, "method": "GET", "headers": [], "queryParameters": []}


PRIVATE_URLS = (
    "http://127.0.0.1/", "http://localhost/", "http://10.1.2.3/", "http://192.168.0.1/", "http://172.16.0.1/",
    "http://169.254.169.254/latest/meta-data/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://0.0.0.0/",
    "http://2130706433/", "http://0x7f.1/", "http://127.1/", "http://printer.local/", "http://db.internal/",
    "file:///etc/passwd", "gopher://127.0.0.1/", "http://user:pw@example.com/",
    "http://example.com:22/", "http://100.64.0.1/", "http://[fd00::1]/", "http://[fe80::1]/",
)  # fmt: skip


@pytest.fixture(scope="module")
def walled(world: World, with_error_edge: str) -> Any:
    """The same data directory, served again without leave to call private networks."""
    assert world.server.stop() == 0
    running = RunningServer(world.server.data_dir, world.server.port, PARCOURS_ALLOW_PRIVATE_NETWORKS="false").start()
    yield running
    assert running.stop() == 0
    world.server.start()


@pytest.mark.parametrize("url", PRIVATE_URLS)
def test_an_action_cannot_be_saved_with_a_private_address(world: World, walled: RunningServer, url: str) -> None:
    headers = {**world.platform.headers, **JSON}
    refused = ask("POST", f"{walled.url}{JOURNEYS}/actions", action_body("Private", url), headers)
    assert refused.status == 400, url
    assert refused.body["report"]["path"] == "$.url"
    assert refused.body["detail"]
    saved = f"{walled.url}{JOURNEYS}/actions/{world.action_uid}"
    document = ask("GET", saved, headers=headers).body
    changed = ask("PUT", saved, {**document, "url": url}, headers)
    assert 400 <= changed.status < 500
    assert ask("GET", saved, headers=headers).body["url"] == document["url"]


def test_an_action_saved_before_is_refused_when_it_connects(
    world: World, walled: RunningServer, with_error_edge: str
) -> None:
    email = "well+walled@example.com"
    world.send(email)
    found = world.outcome(with_error_edge, email)
    assert transitions(found)[-1] == "send:error"
    assert found["call"]["detail"]["statusCode"] == "internalError"
    assert "may not be called" in found["call"]["detail"]["reason"]
    assert found["call"]["action"]["actionSchedulerCount"] == 1
    assert world.receiver.to(email) == []


def test_a_name_that_leads_to_a_private_address_is_refused_when_it_connects(
    world: World, walled: RunningServer
) -> None:
    name = socket.gethostname()
    try:
        socket.gethostbyname(name)
    except OSError:
        pytest.skip("this machine's name has no address, so no name leads to a private one here")
    headers = {**world.platform.headers, **JSON}
    made = ask("POST", f"{walled.url}{JOURNEYS}/actions", action_body("ByName", f"http://{name}/"), headers)
    if made.status == 400:
        return  # a name that is seen to be local never comes that far
    tried = ask("POST", f"{walled.url}{JOURNEYS}/actions/{made.body['uid']}/test", {}, headers)
    assert tried.status == 200
    assert tried.body["response"] is None
    assert "may not be called" in tried.body["reason"]
