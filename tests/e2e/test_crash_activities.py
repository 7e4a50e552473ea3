"""kill -9 of the server, the worker or the loader while every kind of activity is in use: all of it happens once."""

import json
import os
import random
import signal
import sqlite3
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import demo
import pytest
from asking import ask
from definitions import FOUNDATION, JOURNEYS, XDM_FULL, make_connection, make_flow
from journey_tools import publish
from running import RunningServer, wait_for
from shop import TOTAL, VERSIONS, Shop, journey_of
from test_bulk_loads import Shop as Products

from parcours.events.feedback import TRACKING_SCHEMA
from parcours.journeys.model import StepEvent
from parcours.journeys.steps import from_stored

KILLS = 12
CUSTOMERS = 800
CAP = 60
"""Who takes the first path of the profile cap."""
NEWCOMERS = 6_000
EVERYONE = 2_000
XDM = "https://ns.adobe.com/xdm/context/"
TIER = "#{ExperiencePlatform.ProfileFieldGroup.loyalty.tier}"
ORDERS, JUMPED, WELCOME, LATE = "Every activity", "Jumped to", "Newcomers", "The flight is late"


class World(NamedTuple):
    shop: Shop
    versions: Mapping[str, str]
    """Version uids by name of the journey."""
    newcomers: str
    """The audience that people come into while servers die."""
    flights: tuple[str, str, str]
    """(inlet, schema, tenant) of the business event."""
    feedback: str
    """Inlet of what becomes of messages."""

    def report(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.shop.platform.get(f"{VERSIONS}/{self.versions[name]}/report")["allTime"]
        return found


def post_until_taken(url: str, body: Any, headers: Mapping[str, str] | None = None) -> Any:
    """Send the same again and again until a server that is alive has acknowledged it."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            answer = ask("POST", url, body, None if headers is None else dict(headers))
        except OSError:
            time.sleep(0.05)
            continue
        if answer.status in (200, 202, 207):
            return answer.body
        assert answer.status >= 500, answer.body
    raise AssertionError(f"nobody took {url}")


class Load:
    """Posts the orders of customers, what they pay and cancel afterwards, until all are sent or it is told to stop."""

    def __init__(self, shop: Shop) -> None:
        self.acknowledged: set[str] = set()
        self._shop = shop
        self._url = shop.defined.event_inlet.replace("/collection/", "/collection/batch/")
        self._next = iter(range(CUSTOMERS))
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(2)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        later: list[Any] = []
        while not self._stop.is_set():
            with self._lock:
                numbers = [number for _, number in zip(range(4), self._next, strict=False)]
            if not numbers and not later:
                return
            shop = self._shop
            messages = [shop.order(n, f"order-{n}", total=20.0 + n) for n in numbers] + later
            later = [shop.order(n, f"paid-{n}", "crash.paid") for n in numbers if n % 3 == 0]
            later += [shop.order(n, f"cancelled-{n}", "crash.cancelled") for n in numbers if n % 7 == 1]
            try:
                answer = ask("POST", self._url, {"messages": messages})
            except OSError:
                time.sleep(0.3)  # killed, or not yet there again: these were not acknowledged
                continue
            if answer.status == 207:
                taken = zip(messages, answer.body["responses"], strict=True)
                self.acknowledged |= {m["body"]["xdmEntity"]["_id"] for m, one in taken if "statusCode" not in one}
            time.sleep(0.1)


class Openings:
    """Says of each message "done" that it was opened, as a provider of e-mail does; again until it is acknowledged."""

    def __init__(self, shop: Shop, inlet: str) -> None:
        self._shop, self._inlet = shop, inlet
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        told: set[str] = set()
        reference = {"id": TRACKING_SCHEMA, "contentType": XDM_FULL}
        while not self._stop.wait(0.1):
            messages = list(self._shop.receiver.messages)
            opened = {key: body["to"] for _, key, body in messages if body["template"] == "done" and key not in told}
            bodies = [self._opening(key, email) for key, email in opened.items()]
            for body in bodies:
                meta = {"schemaRef": reference}
                message = {"header": meta, "body": {"xdmMeta": meta, "xdmEntity": body}}
                post_until_taken(self._inlet, message)
            told |= set(opened)

    @staticmethod
    def _opening(key: str, email: str) -> dict[str, Any]:
        what = {"messageExecution": {"messageExecutionID": key}, "messageInteraction": {"interactionType": "open"}}
        return {
            "_id": f"opened-{key}", "timestamp": now(), "eventType": "message.tracking",
            "_experience": {"customerJourneyManagement": what},
            "identityMap": {"Email": [{"id": email, "primary": True}]},
        }  # fmt: skip


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def define_inlet(shop: Shop, name: str, schema_id: str) -> str:
    """A data set of a schema and the way into it."""
    body = {"name": name, "schemaRef": {"id": schema_id, "contentType": XDM_FULL}}
    data_set_id = str(shop.platform.post(f"{FOUNDATION}/catalog/dataSets", body)[0]).removeprefix("@/dataSets/")
    connection, inlet = make_connection(shop.platform, name, {"dataType": "xdm"})
    make_flow(shop.platform, name, connection, schema_id, data_set_id)
    return inlet


def define_flights(shop: Shop) -> tuple[str, str, str, str]:
    """(inlet, schema, tenant, event uid) of a business event."""
    tenant = f"_{shop.defined.tenant}"
    group = shop.platform.post(
        f"{FOUNDATION}/schemaregistry/tenant/fieldgroups",
        {
            "type": "object", "title": "Flight", "meta:intendedToExtend": [XDM + "experienceevent"],
            "allOf": [{"$ref": "#/definitions/own"}],
            "definitions": {
                "own": {"properties": {tenant: {"type": "object", "properties": {"minutes": {"type": "integer"}}}}}
            },
        },
    )  # fmt: skip
    body = {
        "type": "object", "title": "Flights", "allOf": [{"$ref": XDM + "experienceevent"}, {"$ref": group["$id"]}],
    }  # fmt: skip
    schema_id = str(shop.platform.post(f"{FOUNDATION}/schemaregistry/tenant/schemas", body)["$id"])
    inlet = define_inlet(shop, "Flights", schema_id)
    late = {
        "name": "FlightLate", "type": "business", "schemaRef": {"id": schema_id}, "fields": [f"/{tenant}/minutes"],
        "idCondition": f"@event{{FlightLate.{tenant}.minutes}} >= 30",
    }  # fmt: skip
    return inlet, schema_id, tenant, str(shop.platform.post(f"{JOURNEYS}/events", late)["uid"])


def split(first: int) -> dict[str, Any]:
    paths = [{"id": "a", "percentage": first}, {"id": "b", "percentage": 100 - first}]
    return {"type": "condition", "conditionType": "split", "paths": paths}


def publish_orders(shop: Shop, products: Products) -> tuple[str, str]:
    """(version of the journey with every activity in a row, version of the one it jumps to)."""
    target = publish(
        shop.platform, JUMPED, {"tell": shop.message("jumped", "${externalKey}")}, [("order", "tell")],
    )  # fmt: skip
    document = shop.platform.get(f"{VERSIONS}/{target}")["document"]
    shop.platform.post(f"{VERSIONS}/{target}/stop")
    follow_up = shop.rule("FollowUp", "crash.followUp")  # sent by nobody: only jumps lead here
    document["nodes"]["order"]["eventUid"] = follow_up
    target = str(shop.platform.post(f"{JOURNEYS}/journeys", {**document, "name": f"{JUMPED} by jumps"})["versionUid"])
    shop.platform.post(f"{VERSIONS}/{target}/publish")
    experiment = {
        "type": "optimize", "optimizeType": "experiment",
        "paths": [{"id": "a", "percentage": 50}, {"id": "b", "percentage": 50}],
    }  # fmt: skip
    cap = {"type": "condition", "conditionType": "profileCap", "limit": CAP, "paths": [{"id": "in"}, {"id": "out"}]}
    found = "listSize(@datasetLookup{price.entities}) == 1"
    update = {
        "type": "updateProfile", "dataSetId": shop.defined.profile_dataset,
        "updates": [{"path": "/loyalty/tier", "expression": '"gold"'}],
    }  # fmt: skip
    nodes: dict[str, Any] = {
        "big": {"type": "condition", "paths": [{"id": "yes", "expression": f"{TOTAL} > 120"}], "otherPath": True},
        "split": split(50),
        "experiment": experiment,
        "cap": cap,
        "capped": shop.message("within the cap"),
        "price": {"type": "datasetLookup", "dataSetId": products.dataset_id, "keys": '"s1"'},
        "known": {"type": "condition", "paths": [{"id": "yes", "expression": found}], "otherPath": True},
        "gold": update,
        "is-gold": {
            "type": "condition", "paths": [{"id": "yes", "expression": f'{TIER} == "gold"'}], "otherPath": True,
        },
        "paid": {"type": "event", "eventUid": shop.rule("Paid", "crash.paid")},
        "pause": {"type": "wait", "duration": {"value": 2, "unit": "seconds"}},
        "jump": {"type": "jump", "targetJourneyUid": journey_of(shop, target)},
        "done": shop.message("done"),
        "opened": {"type": "reaction", "actionNodeId": "done", "reactions": ["opened", "clicked"]},
        "thanked": {"type": "end"},
        "lost": {"type": "end", "label": "Nobody comes here"},
    }  # fmt: skip
    edges: list[tuple[str, ...]] = [
        ("order", "big"), ("big", "split", "path", "yes"), ("big", "experiment", "other"),
        ("split", "experiment", "path", "a"), ("split", "experiment", "path", "b"),
        ("experiment", "cap", "path", "a"), ("experiment", "cap", "path", "b"),
        ("cap", "capped", "path", "in"), ("cap", "price", "path", "out"), ("capped", "price"),
        ("price", "known"), ("price", "lost", "error"), ("known", "gold", "path", "yes"), ("known", "lost", "other"),
        ("gold", "is-gold"), ("gold", "lost", "error"), ("is-gold", "lost", "other"),
        ("is-gold", "paid", "path", "yes"), ("is-gold", "pause", "path", "yes"),
        ("paid", "jump"), ("pause", "jump"), ("jump", "done"), ("jump", "lost", "error"),
        ("done", "opened"), ("opened", "thanked"),
    ]  # fmt: skip
    criteria = [{"id": "cancelled", "label": "Cancelled", "eventUid": shop.rule("Cancelled", "crash.cancelled")}]
    return publish(shop.platform, ORDERS, nodes, edges, exitCriteria=criteria), target


def publish_audience(
    shop: Shop, name: str, first: Mapping[str, Any], *entry_edges: tuple[str, str], **entry: Any
) -> str:
    """A journey that begins with `first`, of which the first begins it; every tenth who enters is told."""
    pairs: list[tuple[str, ...]] = [
        *entry_edges,
        (list(first)[-1], "s"),
        ("s", "m", "path", "a"),
        ("s", "e", "path", "b"),
    ]
    document = {
        "name": name,
        "entry": {"node": next(iter(first)), "reentrance": {"allowed": True, "waitSeconds": 0}, **entry},
        "nodes": {**first, "s": split(10), "m": shop.message(name, "${externalKey}"), "e": {"type": "end"}},
        "edges": [dict(zip(("from", "to", "kind", "path"), pair, strict=False)) for pair in pairs],
    }
    uid: str = shop.platform.post(f"{JOURNEYS}/journeys", document)["versionUid"]
    shop.platform.post(f"{VERSIONS}/{uid}/publish")
    return uid


def define_world(server: RunningServer) -> World:
    shop = Shop(server)
    products = Products(shop.platform)
    products.send(server, {f"s{n}": float(n) for n in range(50)})
    wait_for(lambda: server.sql("SELECT count(*) AS n FROM products") == [{"n": 50}], what="the products")
    lookups = f"/data/core/entity/lookup/dataSets/{products.dataset_id}"
    shop.platform.patch(f"{lookups}/enable", None)
    wait_for(lambda: shop.platform.get(lookups)["state"] == "ready", what="the rows to look up")
    members = []
    for number in range(CUSTOMERS):
        member = demo.xdm_member(shop.platform, shop.defined)
        member["body"]["xdmEntity"] |= {
            "_id": f"m{number}", "workEmail": {"address": demo.email(number)}, "loyalty": {"tier": "bronze"},
        }  # fmt: skip
        members.append(member)
    batches = shop.defined.xdm_inlet.replace("/collection/", "/collection/batch/")
    for start in range(0, CUSTOMERS, 400):
        assert ask("POST", batches, {"messages": members[start : start + 400]}).status == 207
    orders, jumped = publish_orders(shop, products)
    newcomers = str(
        shop.platform.post("/data/core/ups/audiences", {"name": WELCOME, "identityNamespace": "Email"})["id"]
    )
    everyone = shop.audience("Everyone", *(f"p{n:05}@example.com" for n in range(EVERYONE)))
    inlet, schema_id, tenant, late = define_flights(shop)
    comes_in = {"in": {"type": "audienceQualification", "audienceId": newcomers, "verbs": ["enter"]}}
    read = {
        "late": {"type": "businessEvent", "eventUid": late},
        "all": {"type": "readAudience", "audienceId": everyone, "throttlingRate": 500},
    }
    versions = {
        ORDERS: orders,
        JUMPED: jumped,
        WELCOME: publish_audience(shop, WELCOME, comes_in),
        LATE: publish_audience(shop, LATE, read, ("late", "all"), multipleExecutions=True),
    }
    return World(shop, versions, newcomers, (inlet, schema_id, tenant), define_inlet(shop, "Feedback", TRACKING_SCHEMA))


def processes_of(server: RunningServer) -> list[int]:
    """Those below the one that answers: the worker, and what the worker has started, such as the loader."""
    assert server.process is not None
    found = [server.process.pid]
    for pid in found:
        for of_thread in Path(f"/proc/{pid}/task").glob("*/children"):
            with suppress(OSError):  # gone meanwhile
                found += [int(child) for child in of_thread.read_text().split()]
    return found[1:]


def upload(world: World, numbers: range) -> str:
    """Begin to add newcomers; where its progress is told."""
    url = f"{world.shop.server.url}/data/core/ups/audiences/{world.newcomers}"
    rows = "\n".join(["email", *(f"n{n:05}@example.com" for n in numbers)]).encode()
    headers = {**world.shop.platform.headers, "Content-Type": "text/csv"}
    made = post_until_taken(f"{url}/members?mode=add", rows, headers)
    return f"{url}/uploads/{made['id']}".removeprefix(world.shop.server.url)


def tell_of_flight(world: World, event_id: str) -> None:
    """The business event, until it is acknowledged: what came twice is a duplicate and begins no second run."""
    inlet, schema_id, tenant = world.flights
    reference = {"id": schema_id, "contentType": XDM_FULL}
    body = {
        "xdmMeta": {"schemaRef": reference},
        "xdmEntity": {"_id": event_id, "timestamp": now(), tenant: {"minutes": 45}},
    }
    post_until_taken(inlet, {"header": {"schemaRef": reference}, "body": body})


def kill_something(server: RunningServer, chance: random.Random, number: int) -> None:
    """The whole server, or one of its processes, which it then starts again by itself."""
    if number % 2:
        server.kill()
        server.start()
        return
    processes = processes_of(server)
    until = time.monotonic() + 3
    while number % 4 == 0 and time.monotonic() < until:  # the loader's turn: it runs when there is a list to load
        loaders = [pid for pid in processes_of(server) if is_loader(pid)]
        if loaders:
            processes = loaders
            break
        time.sleep(0.01)
    if processes:
        with suppress(ProcessLookupError):
            os.kill(chance.choice(processes), signal.SIGKILL)


def is_loader(pid: int) -> bool:
    try:
        return b"\0loader\0" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


class Found(NamedTuple):
    """What the databases hold at the end."""

    instances: dict[str, tuple[str, str, str]]
    """(version uid, key, status) by id."""
    steps: dict[str, list[StepEvent]]

    def of(self, version_uid: str) -> list[str]:
        return [one for one, (version, _, _) in self.instances.items() if version == version_uid]

    def keys(self, version_uid: str) -> Counter[str]:
        return Counter(self.instances[one][1] for one in self.of(version_uid))

    def left(self, version_uid: str) -> Counter[tuple[str, str | None]]:
        """How often each (node, transition) was taken."""
        made = (step for one in self.of(version_uid) for step in self.steps[one] if step.is_processed)
        return Counter((step.node_id, step.transition) for step in made)


def read_state(server: RunningServer) -> Found:
    state = sqlite3.connect(server.data_dir / "state.db")
    assert state.execute("SELECT count(*) FROM timer").fetchone()[0] == 0
    assert state.execute("SELECT count(*) FROM outbox").fetchone()[0] == 0
    found = Found({}, defaultdict(list))
    for one, version, key, status, node in state.execute(
        "SELECT id, version_uid, key, status, node_id FROM journey_instance"
    ):
        assert node is None
        found.instances[one] = (version, key, status)
    for one, text in state.execute("SELECT instance_id, steps FROM journey_step ORDER BY instance_id, seq"):
        found.steps[one].extend(from_stored(text))
    assert set(found.steps) == set(found.instances)
    for made in found.steps.values():
        assert [step.seq for step in made] == list(range(len(made)))
        assert [step.is_ended for step in made] == [False] * (len(made) - 1) + [True]
    log = sqlite3.connect(server.data_dir / "log.db")
    last = log.execute("SELECT max(last_position), sum(record_count) FROM record_group").fetchone()
    assert last[0] == last[1] == state.execute("SELECT position FROM consumer").fetchone()[0]
    return found


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_activity_happens_once_whatever_is_killed(tmp_path: Path) -> None:
    chance = random.Random(20_250_314)
    server = RunningServer(tmp_path / "data", PARCOURS_LAKE_COMMIT_MS="300").start()
    try:
        crash_and_count(server, chance)
        assert server.stop() == 0
    finally:
        server.kill()


def crash_and_count(server: RunningServer, chance: random.Random) -> None:
    world = define_world(server)
    shop = world.shop
    load, openings = Load(shop), Openings(shop, world.feedback)
    load.start()
    openings.start()
    uploads = [upload(world, range(NEWCOMERS // 2))]
    tell_of_flight(world, "flight-1")
    try:
        for number in range(KILLS):
            time.sleep(chance.uniform(0.05, 1.2))
            kill_something(server, chance, number)
            if number == KILLS // 2:
                uploads.append(upload(world, range(NEWCOMERS // 3, NEWCOMERS)))  # some are in already
                tell_of_flight(world, "flight-2")
    finally:
        load.stop()
    wait_for(lambda: is_ready(server), what="the server after the last kill")
    shop.platform.sign_in()
    runs_at = f"{VERSIONS}/{world.versions[LATE]}/audienceRuns"

    def is_settled() -> bool:
        at = shop.platform
        return (
            all(at.get(one)["status"] == "SUCCEEDED" for one in uploads)
            and [run["status"] for run in at.get(runs_at)["results"]] == ["finished", "finished"]
            and world.report(WELCOME)["entered"] >= NEWCOMERS
            and not any(world.report(name)["current"] for name in world.versions)
        )

    try:
        wait_for(is_settled, 240, what="the end of every journey")
    finally:
        openings.stop()
    landed = Counter({row["_id"]: row["n"] for row in server.sql("SELECT _id, count(*) AS n FROM orders GROUP BY 1")})
    assert load.acknowledged - set(landed) == set()
    assert set(landed.values()) == {1}
    found = read_state(server)
    check_orders(world, found, set(landed))
    # each newcomer enters once, although the loader was killed too; each who is read enters once in each run
    assert found.keys(world.versions[WELCOME]) == Counter({f"n{n:05}@example.com": 1 for n in range(NEWCOMERS)})
    assert found.keys(world.versions[LATE]) == Counter({f"p{n:05}@example.com": 2 for n in range(EVERYONE)})
    runs = shop.platform.get(runs_at)["results"]
    assert [(run["number"], run["readCount"], run["enteredCount"]) for run in runs] == [
        (2, EVERYONE, EVERYONE), (1, EVERYONE, EVERYONE),
    ]  # fmt: skip
    for name in world.versions:
        check_report(world, found, name)
    check_messages(world, found)
    of_steps = "FILTER (WHERE _experience.journeyOrchestration.stepEvents.instanceID IS NOT NULL)"
    of_runs = "FILTER (WHERE _experience.journeyOrchestration.serviceEvents.segmentExportJob.status IS NOT NULL)"
    recorded = server.sql(
        f"""SELECT count(*) AS n, count(DISTINCT _id) AS d, count(*) {of_steps} AS steps, count(*) {of_runs} AS runs
        FROM journey_step_events"""
    )[0]
    assert recorded["n"] == recorded["d"]
    assert recorded["steps"] == sum(len(made) for made in found.steps.values())
    assert recorded["runs"] == 3 * len(runs)  # queued, begun and finished, about nobody
    examined = server.command("doctor", "--json")
    assert (examined.returncode, json.loads(examined.stdout)["findings"]) == (0, [])


def is_ready(server: RunningServer) -> bool:
    try:
        return server.get("/health/ready")[0] == 200
    except OSError:
        return False


def check_orders(world: World, found: Found, landed: set[str]) -> None:
    """Every order that landed has gone all the way, except for who cancelled."""
    version = world.versions[ORDERS]
    ordered = {one for one in landed if one.startswith("order-")}
    numbers = {demo.email(int(one.removeprefix("order-"))) for one in ordered}
    cancelled = {demo.email(int(one.removeprefix("cancelled-"))) for one in landed if one.startswith("cancelled-")}
    assert found.keys(version) == Counter(dict.fromkeys(numbers, 1))
    exited = {found.instances[one][1] for one in found.of(version) if found.instances[one][2] == "exited"}
    assert exited <= cancelled
    assert {found.instances[one][2] for one in found.of(version)} == {"ended", "exited"}
    left = found.left(version)
    assert not [node for node, _ in left if node == "lost"]
    # the cap is exact
    taken = left["cap", "path:in"] + left["cap", "path:out"]
    assert taken > CAP
    assert left["cap", "path:in"] == CAP
    # each who was told in the end has opened it, once, whether they were at the reaction already or not
    ended = sum(found.instances[one][2] == "ended" for one in found.of(version))
    assert left["opened", "default"] == ended
    # both sides of the race have won, and one of them for each who came so far
    assert left["paid", "default"] > 0
    assert left["pause", "default"] > 0
    assert exited
    # who jumped is in the other journey, once
    jumps = [step for one in found.of(version) for step in found.steps[one] if step.node_id == "jump"]
    assert {step.detail["jump"] for step in jumps} == {"entered"}
    assert sorted(step.detail["instanceId"] for step in jumps) == sorted(found.of(world.versions[JUMPED]))
    assert len(jumps) == left["paid", "default"] + left["pause", "default"]
    assert set(found.keys(world.versions[JUMPED]).values()) == {1}


def check_report(world: World, found: Found, name: str) -> None:
    """The counters say what the steps say."""
    report, version = world.report(name), world.versions[name]
    ways = ("completed", "failed", "timedOut", "stopped", "exitedByCriteria", "discardedInPause")
    assert report["entered"] == len(found.of(version)) == sum(report[way] for way in ways)
    statuses = Counter(found.instances[one][2] for one in found.of(version))
    assert (report["completed"], report["exitedByCriteria"]) == (statuses["ended"], statuses["exited"])
    assert (report["current"], report["discarded"]) == (0, 0)
    left = found.left(version)
    assert [(one["from"], one["transition"], one["count"]) for one in report["paths"]] == [
        (one["from"], one["transition"], left[one["from"], one["transition"]]) for one in report["paths"]
    ]


def check_messages(world: World, found: Found) -> None:
    """Every call that was answered arrived, and nobody got a message under two keys."""
    answered: set[str] = set()
    wanted: set[str] = set()
    for one, made in found.steps.items():
        for step in made:
            if step.node_type == "action":
                key = f"{one}-{step.pass_no}"
                wanted.add(key)
                if step.action and "actionExecutionTime" in step.action:
                    answered.add(key)
    arrived = {key for _, key, _ in world.shop.receiver.messages}
    assert answered - arrived == set()
    assert arrived - wanted == set()
    keys: dict[tuple[str, str], set[str]] = {}
    for _, key, message in world.shop.receiver.messages:
        keys.setdefault((message["template"], message["to"]), set()).add(key)
    twice = {name: len(under) for name, under in keys.items() if len(under) > 1 and name[0] != LATE}
    assert twice == {}
    assert max(len(under) for name, under in keys.items() if name[0] == LATE) <= 2  # one in each run
    assert {template for template, _ in keys} == {"within the cap", "done", "jumped", WELCOME, LATE}
