"""Nothing of one sandbox or organisation is visible from another: three strangers look, ask by id, try to change."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import demo
import pytest
from asking import JSON, ask, query
from definitions import FOUNDATION, JOURNEYS, Defined, define
from platform_client import Platform
from receiver import Receiver
from running import RunningServer, wait_for

from parcours.access import Access
from parcours.access.tokens import TokenSigner
from parcours.db import Database
from parcours.db.migrate import migrate
from parcours.kit.secrets import SecretBox
from parcours.kit.settings import Settings
from parcours.resources.store import ResourceStore

OTHER_ORG = "0THER00000000000000000000@AdobeOrg"
OTHER_CLIENT = {"client_id": "other", "client_secret": "other secret", "org_id": OTHER_ORG, "sandbox": "prod"}
XED_IDS = "application/vnd.adobe.xed-id+json"


class World(NamedTuple):
    server: RunningServer
    prod: Platform
    defined: Defined
    strangers: dict[str, Platform]
    """`dev` of the same organisation; `prod` of another one with a tenant of its own, and `dev` of it."""
    instance_id: str
    failed_id: int


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A server with two organisations."""
    data_dir = tmp_path_factory.mktemp("walls") / "data"
    data_dir.mkdir()
    settings = Settings(data_dir=data_dir)
    db = Database(settings.state_url)
    migrate(db)
    access = Access(db, ResourceStore(), settings, SecretBox.open(data_dir, ""))
    access.bootstrap()
    access.add_org(OTHER_ORG, "other")
    access.add_client(OTHER_ORG, OTHER_CLIENT["client_id"], OTHER_CLIENT["client_secret"])
    db.close()
    running = RunningServer(data_dir).start()
    yield running
    assert running.stop() == 0


def in_sandbox(platform: Platform, name: str) -> Platform:
    return Platform(platform.url, platform.credentials, {**platform.headers, "x-sandbox-name": name})


@pytest.fixture(scope="module")
def world(server: RunningServer) -> World:
    prod = server.platform()
    receiver = Receiver()
    defined = define(prod, receiver.url, lambda _line: None)
    other = Platform(server.url, OTHER_CLIENT)
    other.sign_in()
    strangers = {"dev": in_sandbox(prod, "dev"), "other prod": other, "other dev": in_sandbox(other, "dev")}
    token = {**JSON, "Authorization": prod.headers["Authorization"], "x-adobe-flow-id": defined.raw_flow}
    assert ask("POST", defined.raw_inlet, demo.raw_member(1), token).status == 200
    assert ask("POST", defined.event_inlet, demo.order(prod, defined, 1)).status == 200
    broken = demo.order(prod, defined, 2)
    broken["body"]["xdmEntity"]["eventType"] = 5
    assert ask("POST", defined.event_inlet, broken).status == 200
    wait_for(lambda: len(receiver.messages) == 1, what="the message")
    wait_for(lambda: prod.get("/parcours/failedRecords")["items"], what="the failed record")
    (instance,) = prod.get(f"{JOURNEYS}/journeyVersions/{defined.journey_version}/instances")["results"]
    (failed,) = prod.get("/parcours/failedRecords")["items"]
    return World(server, prod, defined, strangers, instance["id"], failed["id"])


def ids_in(answer: Any) -> Any:
    """What a list answers, whatever it is called."""
    if isinstance(answer, dict):
        for key in ("results", "items", "data", "children"):
            if key in answer:
                return answer[key]
    return answer


LISTS: dict[str, tuple[str, dict[str, str]]] = {
    "schemas": (f"{FOUNDATION}/schemaregistry/tenant/schemas", {"Accept": XED_IDS}),
    "field groups": (f"{FOUNDATION}/schemaregistry/tenant/fieldgroups", {"Accept": XED_IDS}),
    "unions": (f"{FOUNDATION}/schemaregistry/tenant/unions", {"Accept": XED_IDS}),
    "data sets": (f"{FOUNDATION}/catalog/dataSets", {}),
    "batches": (f"{FOUNDATION}/catalog/batches", {}),
    "base connections": (f"{FOUNDATION}/flowservice/connections", {}),
    "source connections": (f"{FOUNDATION}/flowservice/sourceConnections", {}),
    "target connections": (f"{FOUNDATION}/flowservice/targetConnections", {}),
    "flows": (f"{FOUNDATION}/flowservice/flows", {}),
    "runs": (f"{FOUNDATION}/flowservice/runs", {}),
    "mapping sets": (f"{FOUNDATION}/mappingSets", {}),
    "events": (f"{JOURNEYS}/events", {}),
    "actions": (f"{JOURNEYS}/actions", {}),
    "journeys": (f"{JOURNEYS}/journeys", {}),
    "failed records": ("/parcours/failedRecords", {}),
}
STRANGERS = ("dev", "other prod", "other dev")


@pytest.mark.parametrize("what", LISTS)
def test_a_stranger_lists_nothing(world: World, what: str) -> None:
    path, headers = LISTS[what]
    own = ids_in(world.prod.get(path, **headers))
    assert own, "there is something to be seen"
    for name in STRANGERS:
        seen = ids_in(world.strangers[name].get(path, **headers))
        if what == "unions":  # the classes' unions are there for everyone, empty
            continue
        assert not seen, name


def things(world: World) -> dict[str, Callable[[], tuple[str, dict[str, str]]]]:
    """Name → (path, headers) of things that are in prod."""
    prod, defined = world.prod, world.defined
    xed = {"Accept": "application/vnd.adobe.xed+json;version=1"}

    def first(path: str, key: str) -> Callable[[], tuple[str, dict[str, str]]]:
        return lambda: (f"{path}/{ids_in(prod.get(path))[0][key]}", {})

    def fixed(path: str, headers: dict[str, str] | None = None) -> Callable[[], tuple[str, dict[str, str]]]:
        return lambda: (path, headers or {})

    def schema() -> tuple[str, dict[str, str]]:
        path = f"{FOUNDATION}/schemaregistry/tenant/schemas"
        listed = prod.get(path, Accept=XED_IDS)["results"]
        alt_id = next(one["meta:altId"] for one in listed if one["$id"] == defined.event_schema)
        return f"{path}/{alt_id}", xed

    def batch() -> tuple[str, dict[str, str]]:
        found = prod.get(f"{FOUNDATION}/catalog/batches")
        failed = next(batch_id for batch_id, one in found.items() if one["status"] == "failed")
        return f"{FOUNDATION}/export/batches/{failed}/failed", {}

    return {
        "schema": schema,
        "data set": fixed(f"{FOUNDATION}/catalog/dataSets/{defined.event_dataset}"),
        "failed batch": batch,
        "connection": first(f"{FOUNDATION}/flowservice/connections", "id"),
        "source connection": first(f"{FOUNDATION}/flowservice/sourceConnections", "id"),
        "target connection": first(f"{FOUNDATION}/flowservice/targetConnections", "id"),
        "flow": fixed(f"{FOUNDATION}/flowservice/flows/{defined.event_flow}"),
        "run": first(f"{FOUNDATION}/flowservice/runs", "id"),
        "mapping set": first(f"{FOUNDATION}/mappingSets", "id"),
        "event": first(f"{JOURNEYS}/events", "uid"),
        "action": first(f"{JOURNEYS}/actions", "uid"),
        "journey": first(f"{JOURNEYS}/journeys", "uid"),
        "journey version": fixed(f"{JOURNEYS}/journeyVersions/{defined.journey_version}"),
        "instance": fixed(f"{JOURNEYS}/instances/{world.instance_id}"),
        "failed record": fixed(f"/parcours/failedRecords/{world.failed_id}"),
        "profile": fixed(
            query(
                "/data/core/ups/access/entities",
                **{"schema.name": "_xdm.context.profile", "entityId": demo.email(1), "entityIdNS": "Email"},
            )
        ),
    }


THINGS = (
    "schema", "data set", "failed batch", "connection", "source connection", "target connection", "flow", "run",
    "mapping set", "event", "action", "journey", "journey version", "instance", "failed record", "profile",
)  # fmt: skip


@pytest.mark.parametrize("what", THINGS)
def test_a_stranger_finds_nothing_by_its_id_and_can_change_nothing(world: World, what: str) -> None:
    path, headers = things(world)[what]()
    url = world.server.url + path
    own = ask("GET", url, headers={**world.prod.headers, **headers})
    assert own.status == 200
    for name in STRANGERS:
        stranger = {**world.strangers[name].headers, **headers}
        answer = ask("GET", url, headers=stranger)
        assert answer.status == 404, (name, answer)
        # an identity is no id of ours: to delete what a sandbox knows of it is right, and touches that sandbox
        for method in ("PUT", "PATCH") if what == "profile" else ("DELETE", "PUT", "PATCH"):
            etag = {**stranger, **JSON, "If-Match": "*"}
            answer = ask(method, url, [{"op": "replace", "path": "/name", "value": "x"}], etag)
            assert 400 <= answer.status < 500, (name, method, answer)
    assert ask("GET", url, headers={**world.prod.headers, **headers}).body == own.body


def test_deleting_a_profile_next_door_leaves_this_one(world: World) -> None:
    path, _ = things(world)["profile"]()
    for name in STRANGERS:
        assert ask("DELETE", world.server.url + path, headers=world.strangers[name].headers).status == 202
    assert world.prod.get(path)


def test_a_strangers_trace_is_empty(world: World) -> None:
    queries: list[dict[str, Any]] = [{"identity": demo.email(1), "namespace": "Email"}, {"eventId": "order-1"}]
    for parameters in queries:
        path = query(f"{JOURNEYS}/trace", **parameters)
        own = world.prod.get(path)
        assert own["events"]
        assert own["instances"]
        for name in STRANGERS:
            seen = world.strangers[name].get(path)
            assert (seen["events"], seen["instances"]) == ([], []), name
    counts = f"{JOURNEYS}/journeyVersions/{world.defined.journey_version}/counts"
    instances = f"{JOURNEYS}/journeyVersions/{world.defined.journey_version}/instances"
    for name in STRANGERS:
        assert ask("GET", world.server.url + counts, headers=world.strangers[name].headers).status == 404, name
        assert ask("GET", world.server.url + instances, headers=world.strangers[name].headers).status == 404, name


def test_a_stranger_can_neither_publish_stop_retry_nor_give_up(world: World) -> None:
    version = f"{JOURNEYS}/journeyVersions/{world.defined.journey_version}"
    failed = f"/parcours/failedRecords/{world.failed_id}"
    for name in STRANGERS:
        headers = {**world.strangers[name].headers, **JSON}
        for method, path in (
            ("POST", f"{version}/publish"), ("POST", f"{version}/stop"), ("POST", f"{version}/close"),
            ("POST", f"{failed}/retry"), ("DELETE", failed),
        ):  # fmt: skip
            answer = ask(method, world.server.url + path, None, headers)
            assert answer.status == 404, (name, method, path, answer)
    assert world.prod.get(version)["status"] == "Deployed"
    assert world.prod.get(failed)["state"] == "failed"


def test_sql_in_another_sandbox_knows_no_table_of_this_one(world: World) -> None:
    assert world.server.sql("SELECT count(*) AS n FROM orders") == [{"n": 1}]
    for table in ("orders", "loyalty_members", "journey_step_events"):
        run = world.server.command("sql", f"SELECT * FROM {table}", "--sandbox", "dev")
        assert run.returncode == 1
        assert demo.email(1) not in run.stdout + run.stderr
        assert run.stderr.startswith("parcours: ")
    for query_text in (
        f"SELECT * FROM read_parquet('{world.server.data_dir}/lake/**/*.parquet')",
        f"SELECT * FROM '{world.server.data_dir}/state.db'",
        f"ATTACH '{world.server.data_dir}/state.db'",
        f"COPY (SELECT 1) TO '{world.server.data_dir}/out.csv'",
    ):
        run = world.server.command("sql", query_text)
        assert run.returncode == 1, query_text
        assert demo.email(1) not in run.stdout + run.stderr
    assert not (world.server.data_dir / "out.csv").exists()


def test_a_caller_cannot_name_another_organisation_or_its_client(world: World) -> None:
    prod, other = world.prod.headers, world.strangers["other prod"].headers
    url = f"{world.server.url}{FOUNDATION}/catalog/dataSets"
    key, org, token = "x-api-key", "x-gw-ims-org-id", "Authorization"
    for headers, status, code in (
        ({**other, org: prod[org]}, 403, "403025"),
        ({**other, key: prod[key]}, 403, "403003"),
        ({**prod, token: other[token]}, 403, "403003"),
        ({**other, key: prod[key], org: prod[org]}, 403, "403003"),
        ({**prod, "x-sandbox-name": "nowhere"}, 404, None),
    ):
        answer = ask("GET", url, headers=headers)
        assert answer.status == status
        assert code is None or answer.body["error_code"] == code


def test_a_token_of_another_organisation_opens_no_inlet_and_another_sandboxs_data_set_takes_nothing(
    world: World,
) -> None:
    flow = {"x-adobe-flow-id": world.defined.raw_flow}
    foreign = {**JSON, **flow, "Authorization": world.strangers["other prod"].headers["Authorization"]}
    assert ask("POST", world.defined.raw_inlet, demo.raw_member(2), foreign).status == 403
    forged = TokenSigner(b"guess" * 8).sign("c", world.prod.credentials["org_id"], "", int(time.time()) * 1000, 99)
    answer = ask("POST", world.defined.raw_inlet, demo.raw_member(2), {**foreign, "Authorization": f"Bearer {forged}"})
    assert answer.status == 401

    # an inlet of dev, and a message that names prod's data set and flow
    dev = world.strangers["dev"]
    made = dev.post(
        f"{FOUNDATION}/flowservice/connections",
        {
            "name": "In dev",
            "connectionSpec": {"id": "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb", "version": "1.0"},
            "auth": {"specName": "Streaming Connection", "params": {"dataType": "xdm"}},
        },
    )
    url = dev.get(f"{FOUNDATION}/flowservice/connections/{made['id']}")["items"][0]["auth"]["params"]["inletUrl"]
    for header in ({"datasetId": world.defined.event_dataset}, {"flowId": world.defined.event_flow}):
        message = demo.order(world.prod, world.defined, 3)
        message["header"] |= header
        answer = ask("POST", url, message)
        assert answer.status == 400
        assert "unknown" in answer.body["report"]["message"]


def test_the_same_definitions_can_be_made_next_door_and_stay_apart(world: World) -> None:
    receiver = Receiver()
    defined = define(world.strangers["other prod"], receiver.url, lambda _line: None)
    other = world.strangers["other prod"]
    message = demo.order(other, defined, 1)
    message["body"]["xdmEntity"]["_id"] = "order-next-door"
    assert ask("POST", defined.event_inlet, message).status == 200
    wait_for(lambda: len(receiver.messages) == 1, what="the message next door")
    found = other.get(query(f"{JOURNEYS}/trace", identity=demo.email(1), namespace="Email"))
    assert [event["eventId"] for event in found["events"]] == ["order-next-door"]
    own = world.prod.get(query(f"{JOURNEYS}/trace", identity=demo.email(1), namespace="Email"))
    assert [event["eventId"] for event in own["events"]] == ["order-1"]
    (instance,) = found["instances"]
    vip = "#{ExperiencePlatform.ProfileFieldGroup.loyalty.tier}"
    seen = [path for step in instance["steps"] for path in step.get("detail", {}).get("paths", ())]
    assert seen
    assert seen[0]["references"][vip] is None  # prod knows the tier of this address
